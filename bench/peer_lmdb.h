/*
 * peer_lmdb.h -- the limit: what an expert would write by hand for this data, and nothing more.
 *
 * It shares no code with the library. Tables:
 *
 *                 two descents                           primary key = id
 *   users         id -> document                         user_id -> document
 *   orders        id -> document                         order_id -> document
 *   user_ids      user_id -> id                          -
 *   order_ids     order_id -> id                         -
 *   emails        email -> ids                           the same, ids are user_ids
 *   order_users   user_id -> ids                         the same, ids are order_ids
 *
 * Ids and integer keys are 8 bytes in native order (INTEGERKEY); several ids of a key are sorted fixed-size duplicates.
 */
#ifndef KX_BENCH_PEER_LMDB_H
#define KX_BENCH_PEER_LMDB_H

#include <lmdb.h>

#include "bench.h"

typedef enum lmdb_table { USERS, ORDERS, EMAILS, ORDER_USERS, USER_IDS, ORDER_IDS, LMDB_TABLES } lmdb_table;

typedef struct lmdb_store {
    const bench_data *data;
    bool        primary;
    MDB_env    *env;
    MDB_dbi     dbi[LMDB_TABLES];
    MDB_txn    *snapshot;               /* reset between slices, renewed, never ended before the store closes */
    MDB_cursor *cursors[LMDB_TABLES];   /* of the snapshot */
} lmdb_store;

/* "lmdb: what: LMDB's text" on stderr; returns BENCH_FAILED. */
int lmdb_fail(const char *what, int error);

static inline unsigned lmdb_table_count(const lmdb_store *store)
{
    return store->primary ? USER_IDS : LMDB_TABLES;
}

int lmdb_load(void *store);                                     /* peer_lmdb_load.c */

bench_row_function lmdb_r1, lmdb_r1txn, lmdb_r2, lmdb_r3, lmdb_r3c, lmdb_r5, lmdb_r5f;      /* peer_lmdb_read.c */

#endif
