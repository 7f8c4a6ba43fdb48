/* txn.c -- transactions. The promises are in <lmdbkenobix/txn.h>. */
#include "api/api.h"

static int run(kx_db *db, kx_txn_mode mode, int (*work)(kx_txn *txn, void *context), void *context)
{
    if (db == NULL || work == NULL)
        return kx_base__done(kx_api__null(mode == KX_WRITE ? "kx_write" : "kx_read", db == NULL ? "db" : "work"));
    return kx_collection__run(db, mode, work, context);
}

int kx_write(kx_db *db, int (*work)(kx_txn *txn, void *context), void *context)
{
    return run(db, KX_WRITE, work, context);
}

int kx_read(kx_db *db, int (*work)(kx_txn *txn, void *context), void *context)
{
    return run(db, KX_READ, work, context);
}

int kx_txn_begin(kx_db *db, kx_txn_mode mode, kx_txn **txn)
{
    if (txn == NULL)
        return kx_base__done(kx_api__null("kx_txn_begin", "txn"));
    *txn = NULL;
    if (db == NULL)
        return kx_base__done(kx_api__null("kx_txn_begin", "db"));
    if (mode != KX_READ && mode != KX_WRITE)
        return kx_base__done(
            kx_base__fail(KX_INVALID, "kx_txn_begin: the mode is KX_READ or KX_WRITE, not %d", (int)mode));
    return kx_base__done(kx_collection__begin(db, mode, txn));
}

int kx_txn_child(kx_txn *parent, kx_txn **child)
{
    if (child != NULL)
        *child = NULL;
    if (parent == NULL || child == NULL)
        return kx_base__done(kx_api__null("kx_txn_child", parent == NULL ? "parent" : "child"));
    int rc = kx_collection__enter(parent);
    if (rc == KX_OK && !parent->writes)
        rc = kx_base__fail(KX_INVALID, "a read transaction has no savepoints");
    return kx_base__done(rc == KX_OK ? kx_collection__child(parent, child) : rc);
}

int kx_txn_commit(kx_txn *txn)
{
    return kx_base__done(txn != NULL ? kx_collection__commit(txn) : kx_api__null("kx_txn_commit", "txn"));
}

void kx_txn_abort(kx_txn *txn)
{
    kx_collection__abort(txn);
    kx_base__done(KX_OK);
}

/* Another thread's call: nothing of this one is checked or published. */
void kx_interrupt(kx_txn *txn)
{
    if (txn != NULL)
        kx_store__interrupt(txn->top->store);
}

int kx_txn_stats(kx_txn *txn, kx_stats *stats)
{
    if (stats != NULL)
        *stats = (kx_stats){0};
    if (txn == NULL || stats == NULL)
        return kx_base__done(kx_api__null("kx_txn_stats", txn == NULL ? "txn" : "stats"));
    kx_txn *acting = kx_collection__innermost(txn);
    const kx_store_stats *counted = kx_store__stats(acting->store);
    *stats = (kx_stats){
        .descents = counted->descents,
        .rows = counted->rows,
        .bytes = counted->bytes,
        .entries = counted->entries,
        .writes = counted->writes,
        .lazy_loads = txn->top->lazy_loads,
    };
    return KX_OK;
}
