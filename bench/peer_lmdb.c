/* peer_lmdb.c -- the limit's store: opening, snapshots, and the two peers `lmdb` and `lmdb-primary`. */
#include <errno.h>
#include <stdlib.h>

#include "peer_lmdb.h"

int lmdb_fail(const char *what, int error)
{
    return bench_fail("lmdb: %s: %s", what, mdb_strerror(error));
}

enum { IN_SHOP = 1 << SET_SHOP, IN_GRAPH = 1 << SET_GRAPH, IN_BOTH = IN_SHOP | IN_GRAPH };
enum { INTS = MDB_INTEGERKEY, IDS = MDB_DUPSORT | MDB_DUPFIXED | MDB_INTEGERDUP, PAIRS = MDB_DUPSORT | MDB_DUPFIXED };

static const struct { const char *name; unsigned flags, sets; bool two_descents; } tables[LMDB_TABLES] = {
    [USERS]         = {"users", INTS, IN_BOTH, false},
    [ORDERS]        = {"orders", INTS, IN_BOTH, false},
    [EMAILS]        = {"emails", IDS, IN_SHOP, false},
    [ORDER_USERS]   = {"order_users", INTS | IDS, IN_BOTH, false},
    [USER_IDS]      = {"user_ids", INTS, IN_BOTH, true},
    [ORDER_IDS]     = {"order_ids", INTS, IN_BOTH, true},
    [USER_STATUS]   = {"user_status", IDS, IN_GRAPH, false},
    [ORDER_STATUS]  = {"order_status", IDS, IN_GRAPH, false},
    [USER_AMOUNTS]  = {"user_amounts", INTS | PAIRS, IN_GRAPH, false},
    [PRODUCTS]      = {"products", INTS, IN_GRAPH, false},
    [PRODUCT_IDS]   = {"product_ids", INTS, IN_GRAPH, true},
    [LINKS]         = {"links", INTS, IN_GRAPH, false},
    [ORDER_LINKS]   = {"order_links", INTS | PAIRS, IN_GRAPH, false},
    [PRODUCT_LINKS] = {"product_links", INTS | PAIRS, IN_GRAPH, false},
};

bool lmdb_has_table(const lmdb_store *store, lmdb_table table)
{
    return (tables[table].sets & 1u << store->set) != 0 && !(tables[table].two_descents && store->primary);
}

static int open_tables(lmdb_store *store)
{
    MDB_txn *txn;

    int rc = mdb_txn_begin(store->env, NULL, 0, &txn);
    if (rc != 0)
        return rc;
    for (lmdb_table i = 0; i < LMDB_TABLES && rc == 0; i++)
        if (lmdb_has_table(store, i))
            rc = mdb_dbi_open(txn, tables[i].name, tables[i].flags | MDB_CREATE, &store->dbi[i]);
    if (rc == 0)
        return mdb_txn_commit(txn);
    mdb_txn_abort(txn);
    return rc;
}

static int open_environment(lmdb_store *store, const char *path)
{
    const bench_data *data = store->data;
    size_t map = ((size_t)1 << 30) + 4096 * (data->user_count + 2 * data->order_count + data->link_count);

    int rc = mdb_env_create(&store->env);
    if (rc == 0)
        rc = mdb_env_set_maxdbs(store->env, LMDB_TABLES);
    if (rc == 0)
        rc = mdb_env_set_mapsize(store->env, map);
    if (rc == 0)
        rc = mdb_env_open(store->env, path, MDB_NOSUBDIR | MDB_NOTLS, 0600);
    return rc;
}

static void end_snapshot(lmdb_store *store)
{
    for (unsigned i = 0; i < LMDB_TABLES; i++)
        if (store->cursors[i] != NULL)
            mdb_cursor_close(store->cursors[i]);
    mdb_txn_abort(store->snapshot);
}

static int close_store(void *context)
{
    lmdb_store *store = context;

    if (store == NULL)
        return 0;
    for (unsigned i = 0; i < 2 && store->views != NULL; i++)
        end_snapshot(&store->views[i]);
    end_snapshot(store);
    mdb_env_close(store->env);
    free(store->views);
    free(store);
    return 0;
}

static int open_store(const char *path, const bench_data *data, bench_set set, bool primary, void **opened)
{
    *opened = NULL;
    lmdb_store *store = calloc(1, sizeof *store);
    if (store == NULL)
        return bench_fail("lmdb: no memory");
    store->data = data;
    store->set = set;
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

static int open_two_descents(const char *path, const bench_data *data, bench_set set, void **store)
{
    return open_store(path, data, set, false, store);
}

static int open_primary(const char *path, const bench_data *data, bench_set set, void **store)
{
    return open_store(path, data, set, true, store);
}

static int make_snapshot(lmdb_store *store)
{
    int rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &store->snapshot);
    for (lmdb_table i = 0; i < LMDB_TABLES && rc == 0; i++)
        if (lmdb_has_table(store, i))
            rc = mdb_cursor_open(store->snapshot, store->dbi[i], &store->cursors[i]);
    if (rc == 0)
        mdb_txn_reset(store->snapshot);
    return rc;
}

/* The snapshot and its cursors are made once, after the load. */
static int settle(void *context)
{
    int rc = make_snapshot(context);
    return rc == 0 ? 0 : lmdb_fail("snapshot", rc);
}

/* Readers of other threads have snapshots of their own, made once. */
static int make_views(lmdb_store *store)
{
    lmdb_store *views = calloc(2, sizeof *views);
    int rc = 0;

    if (views == NULL)
        return ENOMEM;
    store->views = views;
    for (unsigned i = 0; i < 2 && rc == 0; i++) {
        views[i].data = store->data;
        views[i].set = store->set;
        views[i].primary = store->primary;
        views[i].env = store->env;
        memcpy(views[i].dbi, store->dbi, sizeof views[i].dbi);
        rc = make_snapshot(&views[i]);
    }
    return rc;
}

/* Rows with snapshots of their own renew them themselves; every other row reads a slice in one. */
static int prepare(void *context, bench_row row, const bench_work *work)
{
    lmdb_store *store = context;
    int rc = 0;
    (void)work;

    if (row == ROW_C1W)
        return bench_busy_start(&store->writer, lmdb_keep_writing, store);
    if (row == ROW_C1 && store->views == NULL)
        rc = make_views(store);
    if (!bench_rows[row].own_snapshots)
        rc = mdb_txn_renew(store->snapshot);
    for (lmdb_table i = 0; i < LMDB_TABLES && rc == 0 && !bench_rows[row].own_snapshots; i++)
        if (lmdb_has_table(store, i))
            rc = mdb_cursor_renew(store->snapshot, store->cursors[i]);
    return rc == 0 ? 0 : lmdb_fail("snapshot", rc);
}

static int finish(void *context, bench_row row)
{
    lmdb_store *store = context;
    bench_busy *writer = store->writer;

    if (!bench_rows[row].own_snapshots)
        mdb_txn_reset(store->snapshot);
    store->writer = NULL;
    return bench_busy_stop(writer);
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
        .rows = {[ROW_R1] = lmdb_r1, [ROW_R1TXN] = lmdb_r1txn, [ROW_R2] = lmdb_r2, [ROW_R2TXN] = lmdb_r2txn, \
                 [ROW_R3] = lmdb_r3, [ROW_R3C] = lmdb_r3c, [ROW_R4N] = lmdb_r4n, [ROW_R4] = lmdb_r4,         \
                 [ROW_R5] = lmdb_r5, [ROW_R5F] = lmdb_r5f, [ROW_C1] = lmdb_c1, [ROW_C1W] = lmdb_r2txn,       \
                 [ROW_W2] = lmdb_w2, [ROW_U1] = lmdb_u1, [ROW_U1Q] = lmdb_u1q, [ROW_U2] = lmdb_u2,               \
                 [ROW_D1] = lmdb_d1,                                                                         \
                 [ROW_M2M] = lmdb_m2m, [ROW_X1] = lmdb_x1, [ROW_X2] = lmdb_x2, [ROW_X3] = lmdb_x3,           \
                 [ROW_X4] = lmdb_x4, [ROW_M2MW] = lmdb_m2mw}                                                 \
    }

const bench_peer bench_peer_lmdb = LMDB_PEER("lmdb", open_two_descents);
const bench_peer bench_peer_lmdb_primary = LMDB_PEER("lmdb-primary", open_primary);
