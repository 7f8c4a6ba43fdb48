/*
 * peer_bdb.c -- Berkeley DB: the nearest to relations that a key-value store has of itself.
 *
 * One environment with a log and transactions; a cache that holds everything; no locks, as one thread alone uses it, so
 * the rows for several threads are not done, nor those that need a snapshot.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "peer_bdb.h"

enum { CACHE_BYTES = 512 << 20 };

int bdb_fail(const char *what, int rc)
{
    return bench_fail("bdb: %s: %s", what, rc == 0 ? "unexpected" : db_strerror(rc));
}

/* ---- open and close ----------------------------------------------------------------------------- */

static int email_of(DB *emails, const DBT *key, const DBT *document, DBT *email)
{
    const char *text;
    size_t size;
    (void)emails;
    (void)key;

    if (!doc_text(DOC_FIND(document->data, document->size, "email"), &text, &size))
        return DB_DONOTINDEX;
    *email = bdb_bytes(text, size);
    return 0;
}

static int user_of(DB *order_users, const DBT *key, const DBT *document, DBT *user)
{
    int64_t user_id;
    (void)order_users;
    (void)key;

    if (!doc_int(DOC_FIND(document->data, document->size, "user_id"), &user_id))
        return DB_DONOTINDEX;
    uint64_t *bits = malloc(sizeof *bits);
    if (bits == NULL)
        return ENOMEM;
    *bits = htobe64((uint64_t)user_id);
    *user = bdb_bytes(bits, sizeof *bits);
    user->flags = DB_DBT_APPMALLOC;
    return 0;
}

static int open_table(bdb_store *store, DB **table, const char *path, const char *name, u_int32_t flags)
{
    int rc = db_create(table, store->env, 0);

    if (rc == 0 && flags != 0)
        rc = (*table)->set_flags(*table, flags);
    return rc != 0 ? rc : (*table)->open(*table, NULL, path, name, DB_BTREE, DB_CREATE | DB_AUTO_COMMIT, 0600);
}

static int open_tables(bdb_store *store, const char *path)
{
    int rc = open_table(store, &store->users, path, "users", 0);
    if (rc == 0)
        rc = open_table(store, &store->orders, path, "orders", 0);
    if (rc == 0)
        rc = open_table(store, &store->emails, path, "emails", DB_DUPSORT);
    if (rc == 0)
        rc = open_table(store, &store->order_users, path, "order_users", DB_DUPSORT);
    if (rc == 0)
        rc = store->users->associate(store->users, NULL, store->emails, email_of, DB_AUTO_COMMIT);
    if (rc == 0)
        rc = store->orders->associate(store->orders, NULL, store->order_users, user_of, DB_AUTO_COMMIT);
    return rc != 0 ? rc : store->users->associate_foreign(store->users, store->order_users, NULL, DB_FOREIGN_CASCADE);
}

/* The log has a folder of its own beside the file. */
static int open_environment(bdb_store *store, const char *path)
{
    u_int32_t flags = DB_CREATE | DB_PRIVATE | DB_INIT_MPOOL | DB_INIT_LOG | DB_INIT_TXN;
    char home[4096];

    snprintf(home, sizeof home, "%s.env", path);
    if (mkdir(home, 0700) != 0 && errno != EEXIST)
        return errno;
    int rc = db_env_create(&store->env, 0);
    if (rc == 0)
        rc = store->env->set_cachesize(store->env, 0, CACHE_BYTES, 1);
    if (rc == 0)
        rc = store->env->set_lg_bsize(store->env, 8 << 20);
    if (rc == 0)
        rc = store->env->set_lg_max(store->env, 128 << 20);
    if (rc == 0)
        rc = store->env->log_set_config(store->env, DB_LOG_AUTO_REMOVE, 1);
    return rc != 0 ? rc : store->env->open(store->env, home, flags, 0600);
}

static int close_table(DB *table)
{
    return table == NULL ? 0 : table->close(table, 0);
}

/* Secondaries before their primaries, and a table that is referred to before the one that refers: otherwise it leaks. */
static int close_store(void *context)
{
    bdb_store *store = context;

    if (store == NULL)
        return 0;
    int rc = close_table(store->emails), closed = close_table(store->users);
    rc = rc != 0 ? rc : closed;
    closed = close_table(store->order_users);
    rc = rc != 0 ? rc : closed;
    closed = close_table(store->orders);
    rc = rc != 0 ? rc : closed;
    closed = store->env == NULL ? 0 : store->env->close(store->env, 0);
    rc = rc != 0 ? rc : closed;
    free(store->bulk);
    free(store);
    return rc == 0 ? 0 : bdb_fail("close", rc);
}

static int open_store(const char *path, const bench_data *data, bench_set set, void **opened)
{
    (void)set;
    *opened = NULL;
    bdb_store *store = calloc(1, sizeof *store);
    if (store == NULL)
        return bench_fail("bdb: no memory");
    store->data = data;
    store->bulk = malloc(BDB_BULK_BYTES);
    int rc = store->bulk == NULL ? ENOMEM : open_environment(store, path);
    if (rc == 0)
        rc = open_tables(store, path);
    if (rc != 0) {
        close_store(store);
        return bdb_fail(path, rc);
    }
    *opened = store;
    return 0;
}

static int settle(void *context)
{
    bdb_store *store = context;

    int rc = store->env->txn_checkpoint(store->env, 0, 0, DB_FORCE);
    return rc == 0 ? 0 : bdb_fail("checkpoint", rc);
}

static void describe(FILE *out)
{
    fprintf(out, "%s; log and transactions, no locks; a cache of %d MiB; associate, associate_foreign",
            db_version(NULL, NULL, NULL), CACHE_BYTES >> 20);
}

const bench_peer bench_peer_bdb = {
    .name = "bdb", .open = open_store, .close = close_store, .load = bdb_load, .settle = settle, .describe = describe,
    .rows = {[ROW_R1] = bdb_r1, [ROW_R2] = bdb_r2, [ROW_R3] = bdb_r3, [ROW_R3C] = bdb_r3c, [ROW_R4N] = bdb_r4n,
             [ROW_R4] = bdb_r4, [ROW_R5] = bdb_r5, [ROW_R5F] = bdb_r5f, [ROW_W2] = bdb_w2, [ROW_U1] = bdb_u1,
             [ROW_U1Q] = bdb_u1q, [ROW_U2] = bdb_u2, [ROW_D1] = bdb_d1}
};
