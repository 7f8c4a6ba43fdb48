/*
 * peer_bdb.h -- what the files of the peer `bdb` share.
 *
 *   users        user_id -> document; `emails` is associated with it
 *   orders       order_id -> document; `order_users` is associated with it, and by associate_foreign with users: a
 *                user's orders go with the user
 *
 * Keys are 8 bytes, big-endian.
 */
#ifndef KX_BENCH_PEER_BDB_H
#define KX_BENCH_PEER_BDB_H

#include <sys/types.h>                  /* before <db.h>, which needs u_int and u_long */

#include <db.h>
#include <endian.h>
#include <string.h>

#include "bench.h"
#include "lmdb_doc.h"

enum { BDB_BULK_BYTES = 1 << 20 };

typedef struct bdb_store {
    const bench_data *data;
    DB_ENV  *env;
    DB      *users, *orders, *emails, *order_users;
    uint8_t *bulk;                      /* BDB_BULK_BYTES, for ranges and scans */
} bdb_store;

/* One line on stderr; returns BENCH_FAILED. `rc` 0: something that cannot be was found. */
int bdb_fail(const char *what, int rc);

static inline DBT bdb_bytes(const void *data, size_t size)
{
    return (DBT){.data = (void *)(uintptr_t)data, .size = (u_int32_t)size};
}

/* The document under a key, until the next call with the same table. */
static inline int bdb_get(DB *table, DB_TXN *txn, int64_t number, DBT *document)
{
    uint64_t bits = htobe64((uint64_t)number);
    DBT key = bdb_bytes(&bits, sizeof bits);

    *document = (DBT){0};
    return table->get(table, txn, &key, document, 0);
}

int bdb_load(void *store);                                              /* peer_bdb_write.c */

bench_row_function bdb_r1, bdb_r2, bdb_r3, bdb_r3c, bdb_r4n, bdb_r4, bdb_r5, bdb_r5f;       /* peer_bdb_read.c */
bench_row_function bdb_w2, bdb_u1, bdb_u1q, bdb_u2, bdb_d1;                                 /* peer_bdb_write.c */

#endif
