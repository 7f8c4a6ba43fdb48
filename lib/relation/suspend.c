/* suspend.c -- walks that go on in another transaction, from where they stood: a query, and a place in its order. */
#include <string.h>

#include "relation/relation_impl.h"

static int keep(kx_suspended *walk, const kx_query_origin *origin)
{
    const kx_cat_collection *collection = origin->relation != NULL ? origin->relation->owner : origin->collection;
    const char *name = collection->name, *relation = origin->relation != NULL ? origin->relation->declared.name : NULL;
    walk->owner = origin->owner;
    walk->collection = kx_arena__text(&walk->arena, name, strlen(name));
    if (relation != NULL)
        walk->relation = kx_arena__text(&walk->arena, relation, strlen(relation));
    if (walk->collection == NULL || (relation != NULL && walk->relation == NULL))
        return kx_base__nomem();
    return kx_query__keep_whole(&walk->arena, &origin->query, &walk->query);
}

int kx_relation__suspend(kx_cursor *cursor, kx_suspended **result)
{
    const kx_query_origin *origin;
    *result = NULL;
    int rc = kx_query__origin(cursor, &origin);
    if (rc != KX_OK)
        return rc;
    kx_suspended *walk = kx_base__zalloc(sizeof *walk);
    if (walk == NULL)
        return kx_base__nomem();
    rc = keep(walk, origin);
    if (rc != KX_OK) {
        kx_relation__free_suspended(walk);
        return rc;
    }
    kx_query__close(cursor);
    *result = walk;
    return KX_OK;
}

/* The owner is the user's until the transaction ends, as if it had been asked for by its id. */
static int resume_set(kx_txn *txn, const kx_cat_collection *collection, const kx_suspended *walk, kx_cursor **cursor)
{
    kx_doc *owner;
    int rc = kx_collection__doc_get(txn, collection, walk->owner, &owner);
    if (rc == KX_NOTFOUND)
        return kx_base__fail_at(rc, collection->name, walk->relation, &walk->owner, NULL,
                                "document %llu of %s, whose %s were walked, is gone", (unsigned long long)walk->owner,
                                collection->name, walk->relation);
    if (rc != KX_OK)
        return rc;
    kx_collection__hand(owner);
    return kx_relation__find(owner, walk->relation, walk->query, cursor);
}

int kx_relation__resume(kx_txn *txn, const kx_cat_collection *collection, const kx_suspended *walk, kx_cursor **cursor)
{
    if (walk->relation != NULL)
        return resume_set(txn, collection, walk, cursor);
    return kx_relation__open(txn, collection, walk->query, NULL, cursor);
}

void kx_relation__free_suspended(kx_suspended *walk)
{
    if (walk == NULL)
        return;
    kx_arena__free(&walk->arena);
    kx_base__free(walk);
}
