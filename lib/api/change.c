/* change.c -- many documents at once. The promises are in <lmdbkenobix/change.h>. */
#include <lmdbkenobix/change.h>

#include "api/api.h"

static int enter(const char *function, kx_txn *txn, const char *collection, const kx_cat_collection **found)
{
    return txn != NULL ? kx_api__enter(txn, collection, found) : kx_api__null(function, "txn");
}

int kx_update_where(kx_txn *txn, const char *collection, const kx_query *query, const kx_edit *edits,
                    uint64_t *changed)
{
    const kx_cat_collection *found;
    uint64_t count = 0;
    if (changed != NULL)
        *changed = 0;
    if (edits == NULL)
        return kx_base__done(kx_api__null("kx_update_where", "edits"));
    int rc = enter("kx_update_where", txn, collection, &found);
    if (rc == KX_OK)
        rc = kx_relation__update_where(txn, found, query, edits, &count);
    if (changed != NULL)
        *changed = count;
    return kx_base__done(rc);
}

int kx_delete_where(kx_txn *txn, const char *collection, const kx_query *query, uint64_t *deleted)
{
    const kx_cat_collection *found;
    uint64_t count = 0;
    int rc = enter("kx_delete_where", txn, collection, &found);
    if (rc == KX_OK)
        rc = kx_relation__delete_where(txn, found, query, &count);
    if (deleted != NULL)
        *deleted = count;
    return kx_base__done(rc);
}

int kx_delete_plan_where(kx_txn *txn, const char *collection, const kx_query *query, kx_deletion **plan)
{
    const kx_cat_collection *found;
    if (plan == NULL)
        return kx_base__done(kx_api__null("kx_delete_plan_where", "plan"));
    *plan = NULL;
    int rc = enter("kx_delete_plan_where", txn, collection, &found);
    return kx_base__done(rc == KX_OK ? kx_relation__deletion_where(txn, found, query, plan) : rc);
}

int kx_upsert(kx_txn *txn, const char *collection, const char *paths, const void *data, size_t size,
              kx_upsert_mode mode, uint64_t *id, bool *inserted)
{
    const kx_cat_collection *found;
    uint64_t given = 0;
    bool is_new = false;
    int rc = paths == NULL || data == NULL ? kx_api__null("kx_upsert", paths == NULL ? "paths" : "data")
                                           : enter("kx_upsert", txn, collection, &found);
    if (rc == KX_OK)
        rc = kx_relation__upsert(txn, found, paths, kx_slice_of(data, size), mode, &given, &is_new);
    if (id != NULL)
        *id = given;
    if (inserted != NULL)
        *inserted = is_new;
    return kx_base__done(rc);
}
