/* peer_lmdb.c -- the limit's store: opening, snapshots, and the two peers `lmdb` and `lmdb-primary`. */
#include <stdlib.h>

#include "peer_lmdb.h"

int lmdb_fail(const char *what, int error)
{
    return bench_fail("lmdb: %s: %s", what, mdb_strerror(error));
}

static int open_tables(lmdb_store *store)
{
    static const struct { const char *name; unsigned flags; } tables[LMDB_TABLES] = {
        [USERS]       = {"users", MDB_INTEGERKEY},
        [ORDERS]      = {"orders", MDB_INTEGERKEY},
        [EMAILS]      = {"emails", MDB_DUPSORT | MDB_DUPFIXED | MDB_INTEGERDUP},
        [ORDER_USERS] = {"order_users", MDB_INTEGERKEY | MDB_DUPSORT | MDB_DUPFIXED | MDB_INTEGERDUP},
        [USER_IDS]    = {"user_ids", MDB_INTEGERKEY},
        [ORDER_IDS]   = {"order_ids", MDB_INTEGERKEY},
    };
    MDB_txn *txn;

    int rc = mdb_txn_begin(store->env, NULL, 0, &txn);
    if (rc != 0)
        return rc;
    for (unsigned i = 0; i < lmdb_table_count(store) && rc == 0; i++)
        rc = mdb_dbi_open(txn, tables[i].name, tables[i].flags | MDB_CREATE, &store->dbi[i]);
    if (rc == 0)
        return mdb_txn_commit(txn);
    mdb_txn_abort(txn);
    return rc;
}

static int open_environment(lmdb_store *store, const char *path)
{
    size_t map = ((size_t)1 << 30) + 4096 * (store->data->user_count + store->data->order_count);

    int rc = mdb_env_create(&store->env);
    if (rc == 0)
        rc = mdb_env_set_maxdbs(store->env, LMDB_TABLES);
    if (rc == 0)
        rc = mdb_env_set_mapsize(store->env, map);
    if (rc == 0)
        rc = mdb_env_open(store->env, path, MDB_NOSUBDIR | MDB_NOTLS, 0600);
    return rc;
}

static int close_store(void *context)
{
    lmdb_store *store = context;

    if (store == NULL)
        return 0;
    for (unsigned i = 0; i < LMDB_TABLES; i++)
        if (store->cursors[i] != NULL)
            mdb_cursor_close(store->cursors[i]);
    mdb_txn_abort(store->snapshot);
    mdb_env_close(store->env);
    free(store);
    return 0;
}

static int open_store(const char *path, const bench_data *data, bool primary, void **opened)
{
    *opened = NULL;
    lmdb_store *store = calloc(1, sizeof *store);
    if (store == NULL)
        return bench_fail("lmdb: no memory");
    store->data = data;
    store->primary = primary;
    int rc = open_environment(store, path);
    if (rc == 0)
        rc = open_tables(store);
    if (rc != 0) {
        close_store(store);
        return lmdb_fail(path, rc);
    }
    *opened = store;
    return 0;
}

static int open_two_descents(const char *path, const bench_data *data, void **store)
{
    return open_store(path, data, false, store);
}

static int open_primary(const char *path, const bench_data *data, void **store)
{
    return open_store(path, data, true, store);
}

/* The snapshot and its cursors are made once, after the load. */
static int settle(void *context)
{
    lmdb_store *store = context;

    int rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &store->snapshot);
    for (unsigned i = 0; i < lmdb_table_count(store) && rc == 0; i++)
        rc = mdb_cursor_open(store->snapshot, store->dbi[i], &store->cursors[i]);
    if (rc != 0)
        return lmdb_fail("snapshot", rc);
    mdb_txn_reset(store->snapshot);
    return 0;
}

/* R1txn renews for each of its gets; every other row reads a slice in one snapshot. */
static int prepare(void *context, bench_row row, const bench_work *work)
{
    lmdb_store *store = context;
    (void)work;

    if (row == ROW_R1TXN)
        return 0;
    int rc = mdb_txn_renew(store->snapshot);
    for (unsigned i = 0; i < lmdb_table_count(store) && rc == 0; i++)
        rc = mdb_cursor_renew(store->snapshot, store->cursors[i]);
    return rc == 0 ? 0 : lmdb_fail("snapshot", rc);
}

static int finish(void *context, bench_row row)
{
    lmdb_store *store = context;

    if (row != ROW_R1TXN)
        mdb_txn_reset(store->snapshot);
    return 0;
}

static void describe(FILE *out)
{
    fprintf(out, "%s; NOSUBDIR, NOTLS; durable commits; cursors reused, snapshots renewed",
            mdb_version(NULL, NULL, NULL));
}

#define LMDB_PEER(label, opener)                                                                             \
    {                                                                                                        \
        .name = label, .open = opener, .close = close_store, .load = lmdb_load, .settle = settle,            \
        .prepare = prepare, .finish = finish, .describe = describe,                                          \
        .rows = {[ROW_R1] = lmdb_r1, [ROW_R1TXN] = lmdb_r1txn, [ROW_R2] = lmdb_r2, [ROW_R3] = lmdb_r3,       \
                 [ROW_R3C] = lmdb_r3c, [ROW_R5] = lmdb_r5, [ROW_R5F] = lmdb_r5f}                             \
    }

const bench_peer bench_peer_lmdb = LMDB_PEER("lmdb", open_two_descents);
const bench_peer bench_peer_lmdb_primary = LMDB_PEER("lmdb-primary", open_primary);
