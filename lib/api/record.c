/* record.c -- documents as bytes. The promises are in <lmdbkenobix/record.h>. */
#include "api/api.h"

static int enter(const char *function, kx_txn *txn, const char *collection, const void *data,
                 const kx_cat_collection **found)
{
    if (txn == NULL || data == NULL)
        return kx_api__null(function, txn == NULL ? "txn" : "data");
    return kx_api__enter(txn, collection, found);
}

int kx_insert(kx_txn *txn, const char *collection, const void *data, size_t size, uint64_t *id)
{
    const kx_cat_collection *found;
    uint64_t given = 0;
    int rc = enter("kx_insert", txn, collection, data, &found);
    if (rc == KX_OK)
        rc = kx_collection__insert(txn, found, kx_slice_of(data, size), &given);
    if (id != NULL)
        *id = rc == KX_OK ? given : 0;
    return kx_base__done(rc);
}

int kx_insert_many(kx_txn *txn, const char *collection, kx_record *records, size_t count, size_t *failed)
{
    const kx_cat_collection *found;
    size_t at = count;
    int rc = enter("kx_insert_many", txn, collection, count != 0 ? (const void *)records : "", &found);
    for (size_t i = 0; i < count && rc == KX_OK; i++) {
        if (records[i].data == NULL) {
            rc = kx_base__fail(KX_INVALID, "kx_insert_many: record %zu has no data", i);
            at = i;
        }
    }
    if (rc == KX_OK)
        rc = kx_relation__insert_many(txn, found, records, count, &at);
    if (failed != NULL)
        *failed = at;
    return kx_base__done(rc);
}

int kx_put(kx_txn *txn, const char *collection, uint64_t id, const void *data, size_t size)
{
    const kx_cat_collection *found;
    int rc = enter("kx_put", txn, collection, data, &found);
    return kx_base__done(rc == KX_OK ? kx_relation__put(txn, found, id, kx_slice_of(data, size)) : rc);
}

int kx_patch(kx_txn *txn, const char *collection, uint64_t id, const void *data, size_t size)
{
    const kx_cat_collection *found;
    int rc = enter("kx_patch", txn, collection, data, &found);
    return kx_base__done(rc == KX_OK ? kx_relation__patch(txn, found, id, kx_slice_of(data, size)) : rc);
}

int kx_remove(kx_txn *txn, const char *collection, uint64_t id)
{
    const kx_cat_collection *found;
    int rc = enter("kx_remove", txn, collection, "", &found);
    return kx_base__done(rc == KX_OK ? kx_relation__remove_id(txn, found, id) : rc);
}
