/*
 * follow.c -- foreign keys: from a document to the one that it points at.
 *
 * What was found is remembered with the instance. It is used again while it cannot be stale: the key's bytes are the same, nobody wrote the
 * target's stored document, and, where several targets may have one key or none was found, nobody wrote the target's collection. A target that
 * was never saved is one that was linked: it is the target while it shows that key.
 */
#include <string.h>

#include "relation/relation_impl.h"

/* The one at the other end of a one-to-one need not be there. */
static bool may_be_missing(const kx_cat_relation *relation)
{
    return relation->declared.optional || relation->declared.kind == KX_RELATED_ONE;
}

static bool leads_to_one(const kx_cat_relation *relation)
{
    return relation->declared.kind != KX_RELATED_SET && relation->declared.kind != KX_MANY_TO_MANY;
}

static int null_key(const kx_cat_relation *relation)
{
    if (may_be_missing(relation))
        return KX_OK;
    return kx_base__fail_at(KX_REQUIRED, relation->owner->name, relation->declared.name, NULL, NULL,
                            "Foreign key '%s' is null. Declare the relation optional if this is valid.",
                            relation->local.text);
}

static int dangling(const kx_cat_relation *relation, const kx_doc *doc, const kx_value *key)
{
    kx_buf text = {0};
    if (may_be_missing(relation))
        return KX_OK;
    kx_relation__key_text(&relation->remote, key, &text);
    kx_buf__byte(&text, '\0');
    int rc = text.rc;
    if (rc == KX_OK)
        rc = kx_base__fail_at(KX_DANGLING, relation->owner->name, relation->declared.name,
                              doc->is_new ? NULL : &doc->id, relation->remote.count == 1 ? key : NULL,
                              "Related %s with %s not found", relation->target->name, (const char *)text.data);
    kx_buf__free(&text);
    return rc;
}

/* The instance that was remembered, refreshed in place, when the key still leads to it; else a new one. */
static int load_target(kx_txn *txn, const kx_cat_relation *relation, const kx_value *key, kx_doc *known,
                       kx_doc **target)
{
    uint64_t id;
    int rc = kx_collection__lookup_id(txn, relation->target, relation->index, key, &id);
    if (rc != KX_OK)
        return rc;
    if (known != NULL && !known->is_new && known->id == id) {
        rc = known->stale || known->deleted ? kx_collection__doc_refresh(known) : KX_OK;
        if (rc == KX_OK)
            *target = known;
        return rc;
    }
    return kx_collection__doc_get(txn, relation->target, id, target);
}

/* A target may have saved another key itself, which makes nobody's instance stale but those of others: what it shows counts. */
static bool is_fresh(const kx_doc *doc, const kx_cat_relation *relation, const kx_link *link, const kx_value *key)
{
    const kx_doc *target = link->target;
    if (!doc->txn->writes)
        return true;
    if (!kx_relation__is_remembered(link, doc->bytes, &relation->local))
        return false;
    bool unwritten = link->writes == kx_collection__writes_to(doc->txn, relation->target->number);
    if (target == NULL)
        return unwritten;
    if (target->is_new)
        return kx_relation__has_key(target->bytes, &relation->remote, key);
    if (target->stale || target->deleted)
        return false;
    return unwritten || ((relation->index->unique || relation->index->primary) &&
                         kx_relation__has_key(target->bytes, &relation->remote, key));
}

static int look_up(kx_txn *txn, kx_doc *doc, const kx_cat_relation *relation, const kx_value *key, kx_doc *known,
                   kx_doc **target)
{
    uint32_t writes = kx_collection__writes_to(txn, relation->target->number);
    int rc = load_target(txn, relation, key, known, target);
    if (rc == KX_NOTFOUND)
        rc = dangling(relation, doc, key);
    if (rc == KX_OK)
        rc = kx_relation__remember(doc, relation->declared.name, doc->bytes, &relation->local, *target, writes);
    if (rc != KX_OK)
        *target = NULL;
    else if (*target != NULL)
        (*target)->result = doc->result;
    return rc;
}

/* Nothing fresh was at hand. A lazy load may fetch for all peers, and then it is. */
static int load_lazily(kx_txn *txn, kx_doc *doc, const kx_cat_relation *relation, const kx_value *key, kx_doc **target)
{
    int rc = kx_relation__lazy(txn, doc, relation);
    if (rc != KX_OK)
        return rc;
    kx_link *link = kx_relation__link_of(doc, relation->declared.name);
    if (link == NULL || !is_fresh(doc, relation, link, key))
        return look_up(txn, doc, relation, key, link != NULL ? link->target : NULL, target);
    *target = link->target;
    return KX_OK;
}

int kx_relation__follow(kx_doc *doc, const char *name, kx_doc **target)
{
    kx_txn *txn = kx_collection__innermost(doc->txn);
    kx_link *link = kx_relation__link_of(doc, name);
    const kx_cat_relation *relation;
    kx_value key[KX_CATALOG_KEY_PARTS];
    *target = NULL;
    if (link != NULL && !txn->writes) {
        *target = link->target;
        return KX_OK;
    }
    int rc = kx_relation__named(txn, doc, name, &relation);
    if (rc != KX_OK)
        return rc;
    if (!leads_to_one(relation))
        return kx_base__fail_at(KX_INVALID, relation->owner->name, name, NULL, NULL,
                                "%s.%s is a set: search it with kx_related_find", relation->owner->name, name);
    if (!kx_relation__values(doc->bytes, &relation->local, key))
        return null_key(relation);
    if (link == NULL || !is_fresh(doc, relation, link, key))
        return load_lazily(txn, doc, relation, key, target);
    *target = link->target;
    return KX_OK;
}

/* ---- link -------------------------------------------------------------------------- */

static int no_key(const kx_cat_relation *relation)
{
    return kx_base__fail_at(KX_REQUIRED, relation->owner->name, relation->declared.name, NULL, NULL,
                            "%s.%s: the document of %s has no %s; set it, or save the document first",
                            relation->owner->name, relation->declared.name, relation->target->name,
                            relation->remote.text);
}

static int unlink_key(kx_doc *doc, const kx_cat_relation *relation)
{
    if (!relation->declared.optional)
        return kx_relation__not_optional(relation);
    int rc = kx_relation__set_key(doc, &relation->local, NULL);
    kx_link *link = rc == KX_OK ? kx_relation__link_of(doc, relation->declared.name) : NULL;
    if (link != NULL)
        kx_relation__forget(link);
    return rc;
}

/* Remembered first: where the change then fails, the key is another than the one remembered, and the link is looked up again. */
int kx_relation__link(kx_doc *doc, const char *name, kx_doc *target)
{
    kx_txn *txn = kx_collection__innermost(doc->txn);
    const kx_cat_relation *relation;
    kx_value key[KX_CATALOG_KEY_PARTS];
    int rc = kx_relation__named(txn, doc, name, &relation);
    if (rc == KX_OK)
        rc = kx_collection__enter_write(txn, NULL);
    if (rc != KX_OK)
        return rc;
    if (!leads_to_one(relation))
        return kx_relation__no_assign(relation);
    if (relation->declared.kind == KX_RELATED_ONE)
        return kx_relation__link_one(txn, relation, doc, target);
    if (target == NULL)
        return unlink_key(doc, relation);
    rc = kx_relation__check_target(relation, doc, target);
    if (rc != KX_OK)
        return rc;
    if (!kx_relation__values(target->bytes, &relation->remote, key))
        return no_key(relation);
    if (target != doc)
        rc = kx_relation__remember(doc, relation->declared.name, target->bytes, &relation->remote, target,
                                   kx_collection__writes_to(txn, relation->target->number));
    return rc == KX_OK ? kx_relation__copy_key(doc, &relation->local, target->bytes, &relation->remote) : rc;
}

/* ---- what passes through ------------------------------------------------------------- */

/* The first name of a path, when a relation bears it. Names of relations have no odd characters, but may be quoted. */
static const kx_cat_relation *named_in(const kx_cat_collection *collection, const char *path)
{
    bool quoted = path[0] == '`';
    path += quoted;
    size_t size = strcspn(path, quoted ? "`" : ".[");
    for (size_t i = 0; i < collection->relation_count; i++) {
        const char *name = collection->relations[i].declared.name;
        if (strlen(name) == size && memcmp(name, path, size) == 0)
            return &collection->relations[i];
    }
    return NULL;
}

int kx_relation__check_change(const kx_cat_collection *collection, const char *path)
{
    const kx_cat_relation *relation = named_in(collection, path);
    if (relation == NULL)
        return KX_OK;
    if (!leads_to_one(relation))
        return kx_relation__no_assign(relation);
    if (relation->declared.kind == KX_RELATED_ONE)
        return kx_base__fail_at(KX_INVALID, collection->name, path, NULL, NULL,
                                "%s.%s is a relation: point it at a document with kx_doc_link", collection->name,
                                relation->declared.name);
    return kx_base__fail_at(KX_INVALID, collection->name, path, NULL, NULL,
                            "%s.%s is a relation: point it at a document with kx_doc_link, or set %s",
                            collection->name, relation->declared.name, relation->local.text);
}

int kx_relation__change(kx_doc *doc, kx_change_kind kind, const char *path, const kx_value *value)
{
    int rc = kx_relation__check_change(doc->collection, path);
    return rc == KX_OK ? kx_collection__doc_change(doc, kind, path, value) : rc;
}
