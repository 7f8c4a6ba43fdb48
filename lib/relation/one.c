/*
 * one.c -- the other end of a one-to-one: the document whose unique foreign key leads here. It is pointed at like a foreign
 * key, but the key that changes is the other document's, which is to be saved.
 */
#include "relation/relation_impl.h"

/* The one that is there loses its key, unsaved. */
static int take_key(const kx_cat_relation *relation, kx_doc *doc)
{
    kx_value null = kx_null();
    kx_doc *present;
    int rc = kx_relation__follow(doc, relation->declared.name, &present);
    if (rc != KX_OK || present == NULL)
        return rc;
    if (relation->reverse != NULL && !relation->reverse->declared.optional)
        return kx_relation__not_optional(relation->reverse);
    return kx_collection__doc_change(present, KX_CHANGE_SET, relation->remote.text, &null);
}

int kx_relation__link_one(kx_txn *txn, const kx_cat_relation *relation, kx_doc *doc, kx_doc *target)
{
    kx_value value;
    if (target == NULL)
        return take_key(relation, doc);
    int rc = kx_relation__check_target(relation, doc, target);
    if (rc != KX_OK)
        return rc;
    kx_slice key = kx_relation__key_item(doc, &relation->local.parts[0], &value);
    if (key.data == NULL)
        return kx_relation__set_without_key(relation);
    uint32_t writes = kx_collection__writes_to(txn, relation->target->number);
    rc = kx_relation__remember(doc, relation->declared.name, key, target, writes);
    return rc == KX_OK ? kx_collection__doc_change(target, KX_CHANGE_SET, relation->remote.text, &value) : rc;
}
