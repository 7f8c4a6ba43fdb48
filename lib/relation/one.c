/*
 * one.c -- the other end of a one-to-one: the document whose unique foreign key leads here. It is pointed at like a foreign
 * key, but the key that changes is the other document's, which is to be saved.
 */
#include "relation/relation_impl.h"

/* The one that is there loses its key, unsaved. */
static int take_key(const kx_cat_relation *relation, kx_doc *doc)
{
    kx_doc *present;
    int rc = kx_relation__follow(doc, relation->declared.name, &present);
    if (rc != KX_OK || present == NULL)
        return rc;
    if (relation->reverse != NULL && !relation->reverse->declared.optional)
        return kx_relation__not_optional(relation->reverse);
    return kx_relation__set_key(present, &relation->remote, NULL);
}

int kx_relation__link_one(kx_txn *txn, const kx_cat_relation *relation, kx_doc *doc, kx_doc *target)
{
    kx_value key[KX_CATALOG_KEY_PARTS];
    if (target == NULL)
        return take_key(relation, doc);
    int rc = kx_relation__check_target(relation, doc, target);
    if (rc != KX_OK)
        return rc;
    if (!kx_relation__values(doc->bytes, &relation->local, key))
        return kx_relation__set_without_key(relation);
    uint32_t writes = kx_collection__writes_to(txn, relation->target->number);
    rc = kx_relation__remember(doc, relation->declared.name, doc->bytes, &relation->local, target, writes);
    return rc == KX_OK ? kx_relation__copy_key(target, &relation->remote, doc->bytes, &relation->local) : rc;
}
