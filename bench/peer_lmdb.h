/*
 * peer_lmdb.h -- the limit: what an expert would write by hand for this data, and nothing more.
 *
 * It shares no code with the library. Tables of the shop:
 *
 *                 two descents                           primary key = id
 *   users         id -> document                         user_id -> document
 *   orders        id -> document                         order_id -> document
 *   user_ids      user_id -> id                          -
 *   order_ids     order_id -> id                         -
 *   emails        email -> ids                           the same, ids are user_ids
 *   order_users   user_id -> ids                         the same, ids are order_ids
 *
 * Of the graph: the same without emails, and
 *
 *   user_status   status -> ids                          the same, ids are user_ids
 *   order_status  status -> ids                          the same, ids are order_ids
 *   user_amounts  user_id -> (descending amount, id)     the same, ids are order_ids
 *   products      id -> document                         product_id -> document
 *   product_ids   product_id -> id                       -
 *   links         id -> document                         the same
 *   order_links   order_id -> (product_id, link's id)    the same
 *   product_links product_id -> (order_id, link's id)    the same
 *
 * Ids and integer keys are 8 bytes in native order (INTEGERKEY); several ids of a key are sorted fixed-size duplicates.
 * Pairs are 16 bytes, big-endian, so that they sort as bytes.
 */
#ifndef KX_BENCH_PEER_LMDB_H
#define KX_BENCH_PEER_LMDB_H

#include <endian.h>
#include <lmdb.h>
#include <string.h>

#include "bench.h"
#include "lmdb_doc.h"

typedef enum lmdb_table {
    USERS, ORDERS, EMAILS, ORDER_USERS, USER_IDS, ORDER_IDS,
    USER_STATUS, ORDER_STATUS, USER_AMOUNTS, PRODUCTS, PRODUCT_IDS, LINKS, ORDER_LINKS, PRODUCT_LINKS, LMDB_TABLES
} lmdb_table;

typedef struct lmdb_store {
    const bench_data *data;
    bench_set   set;
    bool        primary;
    MDB_env    *env;
    MDB_dbi     dbi[LMDB_TABLES];
    MDB_txn    *snapshot;               /* reset between slices, renewed, never ended before the store closes */
    MDB_cursor *cursors[LMDB_TABLES];   /* of the snapshot */
    struct lmdb_store *views;           /* C1: two more snapshots with cursors, one a thread */
    bench_busy *writer;                 /* C1w: beside the reader */
    uint64_t    random;                 /* the writer's */
} lmdb_store;

typedef struct lmdb_pair { uint64_t first, second; } lmdb_pair;     /* both big-endian */

typedef struct int_entry { uint64_t key, id; } int_entry;

/* "lmdb: what: LMDB's text" on stderr; returns BENCH_FAILED. */
int lmdb_fail(const char *what, int error);

bool lmdb_has_table(const lmdb_store *store, lmdb_table table);

/* Sort by key, using `spare` of the same size; returns the one of the two that holds the result. (peer_lmdb_load.c) */
int_entry *lmdb_sort(int_entry *entries, int_entry *spare, size_t count);

int lmdb_load(void *store);                                     /* peer_lmdb_load.c */
int lmdb_load_graph(lmdb_store *store, MDB_txn *txn);           /* peer_lmdb_graph.c: what the shop has not */

/* peer_lmdb_read.c, peer_lmdb_batch.c */
bench_row_function lmdb_r1, lmdb_r1txn, lmdb_r2, lmdb_r2txn, lmdb_r3, lmdb_r3c, lmdb_r4n, lmdb_r4, lmdb_r5, lmdb_r5f;
bench_row_function lmdb_c1;
/* peer_lmdb_write.c */
bench_row_function lmdb_w2, lmdb_u1, lmdb_u1q, lmdb_u2, lmdb_d1, lmdb_m2mw;
int lmdb_keep_writing(void *store);         /* C1w: one transaction of the writer */
/* peer_lmdb_graph.c */
bench_row_function lmdb_m2m, lmdb_x1, lmdb_x2, lmdb_x3, lmdb_x4;

/* ---- steps that the rows are made of ------------------------------------------------------ */

#define FIELD(document, name) DOC_FIND((document).mv_data, (document).mv_size, name)

static inline MDB_val lmdb_key(const int64_t *number)
{
    return (MDB_val){sizeof *number, (void *)(uintptr_t)number};
}

static inline int lmdb_get_row(MDB_cursor *const *cursors, lmdb_table table, int64_t id, MDB_val *document)
{
    MDB_val key = lmdb_key(&id);
    return mdb_cursor_get(cursors[table], &key, document, MDB_SET);
}

/* The id under a unique key: the key itself where it is primary, else what the index has. */
static inline int lmdb_get_id(MDB_cursor *const *cursors, bool primary, lmdb_table index, int64_t number, int64_t *id)
{
    MDB_val key = lmdb_key(&number), value;

    *id = number;
    if (primary)
        return 0;
    int rc = mdb_cursor_get(cursors[index], &key, &value, MDB_SET);
    if (rc == 0)
        memcpy(id, value.mv_data, sizeof *id);
    return rc;
}

/* Keys that come in no order: mdb_get() does not look first whether its cursor stands on the right page, which it never does. */
static inline int lmdb_get_by_key(const lmdb_store *store, lmdb_table index, lmdb_table table, int64_t number,
                                  MDB_val *document)
{
    MDB_val value, key = lmdb_key(&number);
    int64_t id = number;
    int rc = store->primary ? 0 : mdb_get(store->snapshot, store->dbi[index], &key, &value);

    if (rc == 0 && !store->primary)
        memcpy(&id, value.mv_data, sizeof id);
    key = lmdb_key(&id);
    return rc != 0 ? rc : mdb_get(store->snapshot, store->dbi[table], &key, document);
}

static inline int lmdb_add_amount(const MDB_val *document, double *sum)
{
    double amount;

    if (!doc_real(FIELD(*document, "amount"), &amount))
        return MDB_CORRUPTED;
    *sum += amount;
    return 0;
}

static inline int64_t lmdb_id_at(MDB_val ids, size_t number)
{
    int64_t id;

    memcpy(&id, (const uint8_t *)ids.mv_data + number * sizeof id, sizeof id);
    return id;
}

/* Ids that follow each other are read by stepping; a descent only where they jump. `at` begins at INT64_MIN. */
static inline int lmdb_get_near(const lmdb_store *store, int64_t id, int64_t *at, MDB_val *document)
{
    if (id == *at + 1) {
        MDB_val key;
        int rc = mdb_cursor_get(store->cursors[ORDERS], &key, document, MDB_NEXT);
        if (rc != 0)
            return rc;
        *at = lmdb_id_at(key, 0);
        if (*at == id)
            return 0;
    }
    *at = id;
    return lmdb_get_row(store->cursors, ORDERS, id, document);
}

/* Larger amounts get smaller keys; amounts are positive here, so their bits ascend as they do. */
static inline uint64_t lmdb_descending(double amount)
{
    uint64_t bits;

    memcpy(&bits, &amount, sizeof bits);
    return htobe64(~bits);
}

#endif
