/* integrity.c -- keys that lead nowhere. The promises are in <lmdbkenobix/integrity.h>. */
#include "api/api.h"

int kx_check_deferred(kx_txn *txn)
{
    if (txn == NULL)
        return kx_base__done(kx_api__null("kx_check_deferred", "txn"));
    int rc = kx_collection__enter(txn);
    if (rc == KX_OK)
        rc = kx_collection__enter_write(txn, NULL);
    return kx_base__done(rc == KX_OK ? kx_relation__check_deferred(txn) : rc);
}

int kx_violation_at(kx_txn *txn, size_t n, kx_violation *violation)
{
    if (txn == NULL || violation == NULL)
        return kx_base__done(kx_api__null("kx_violation_at", txn == NULL ? "txn" : "violation"));
    return kx_relation__violation(txn, n, violation);
}

int kx_check_relations(kx_txn *txn, void (*report)(void *context, const kx_violation *violation), void *context,
                       uint64_t *count)
{
    if (count != NULL)
        *count = 0;
    if (txn == NULL || count == NULL)
        return kx_base__done(kx_api__null("kx_check_relations", txn == NULL ? "txn" : "count"));
    int rc = kx_collection__enter(txn);
    return kx_base__done(rc == KX_OK ? kx_relation__check_all(txn, report, context, count) : rc);
}
