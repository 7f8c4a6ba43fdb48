/* peer_sqlite_write.c -- SQLite's writing rows. */
#include "peer_sqlite.h"

typedef int change_key(const sqlite_store *store, const bench_work *work, int64_t key);

/* One transaction for all keys. */
static int write_slice(const sqlite_store *store, const bench_work *work, change_key *change)
{
    int rc = sqlite_run(store, "BEGIN IMMEDIATE");

    for (size_t i = 0; i < work->count && rc == 0; i++)
        rc = change(store, work, work->keys[i]);
    return rc != 0 ? rc : sqlite_run(store, "COMMIT");
}

/* Without a transaction each statement is one, durable when it returns. */
int sqlite_w2(void *context, const bench_work *work, uint64_t *answer)
{
    int rc = 0;
    (void)answer;

    for (size_t i = 0; i < work->count && rc == 0; i++)
        rc = sqlite_insert_order(context, (size_t)(work->keys[i] - BENCH_FIRST_ORDER));
    return rc;
}

/* ---- changes ------------------------------------------------------------------------------- */

static int set_amount(const sqlite_store *store, const bench_work *work, int64_t key)
{
    sqlite3_bind_int64(store->statements[SET_AMOUNT], 1, key);
    sqlite3_bind_double(store->statements[SET_AMOUNT], 2, bench_new_amount(work));
    return sqlite_step(store, SET_AMOUNT);
}

int sqlite_u1(void *context, const bench_work *work, uint64_t *answer)
{
    (void)answer;
    return write_slice(context, work, set_amount);
}

/* A statement by itself is a transaction. */
int sqlite_u1q(void *context, const bench_work *work, uint64_t *answer)
{
    const sqlite_store *store = context;
    int rc = 0;
    (void)answer;

    sqlite3_bind_double(store->statements[SET_WHERE_NEW], 1, bench_new_amount(work));
    for (size_t i = 0; i < work->count && rc == 0; i++)
        rc = sqlite_step(store, SET_WHERE_NEW);
    return rc;
}

static int set_user(const sqlite_store *store, const bench_work *work, int64_t key)
{
    (void)work;
    sqlite3_bind_int64(store->statements[SET_USER], 1, key);
    sqlite3_bind_int64(store->statements[SET_USER], 2, bench_new_user(store->data, key));
    return sqlite_step(store, SET_USER);
}

int sqlite_u2(void *context, const bench_work *work, uint64_t *answer)
{
    (void)answer;
    return write_slice(context, work, set_user);
}

/* ---- deletes --------------------------------------------------------------------------------- */

/* The orders go by ON DELETE CASCADE, or, where their key is no column of its own, by a statement. */
static int delete_user(const sqlite_store *store, const bench_work *work, int64_t key)
{
    int rc = 0;
    (void)work;

    if (store->statements[DELETE_ORDERS] != NULL) {
        sqlite3_bind_int64(store->statements[DELETE_ORDERS], 1, key);
        rc = sqlite_step(store, DELETE_ORDERS);
    }
    sqlite3_bind_int64(store->statements[DELETE_USER], 1, key);
    return rc != 0 ? rc : sqlite_step(store, DELETE_USER);
}

int sqlite_d1(void *context, const bench_work *work, uint64_t *answer)
{
    (void)answer;
    return write_slice(context, work, delete_user);
}

/* ---- links -------------------------------------------------------------------------------------- */

static int change_link(const sqlite_store *store, sqlite_statement which, int64_t order_id, int64_t product_id)
{
    sqlite3_bind_int64(store->statements[which], 1, order_id);
    sqlite3_bind_int64(store->statements[which], 2, product_id);
    int rc = sqlite_step(store, which);
    return rc != 0 || sqlite3_changes(store->db) == 1 ? rc : sqlite_fail(store, "no such link");
}

static int exchange_product(const sqlite_store *store, const bench_work *work, int64_t key)
{
    (void)work;
    int rc = change_link(store, DELETE_LINK, key, bench_product_of(store->data, key, 0));
    return rc != 0 ? rc : change_link(store, INSERT_LINK, key, bench_product_of(store->data, key, BENCH_LINKS));
}

int sqlite_m2mw(void *context, const bench_work *work, uint64_t *answer)
{
    (void)answer;
    return write_slice(context, work, exchange_product);
}

/* ---- the writer beside a reader ---------------------------------------------------------------------- */

int sqlite_keep_writing(void *context)
{
    sqlite_store *store = context;
    sqlite3_stmt *update = store->statements[SET_NOTE];
    char note[41];

    int rc = sqlite_run(store, "BEGIN IMMEDIATE");
    for (size_t i = 0; i < BENCH_BUSY && rc == 0; i++) {
        sqlite3_bind_int64(update, 1, bench_random_order(store->data, &store->random));
        bench_random_note(note, &store->random);
        sqlite3_bind_text(update, 2, note, -1, SQLITE_STATIC);
        rc = sqlite_step(store, SET_NOTE);
    }
    return rc != 0 ? rc : sqlite_run(store, "COMMIT");
}
