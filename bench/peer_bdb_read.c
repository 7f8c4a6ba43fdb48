/* peer_bdb_read.c -- Berkeley DB's reading rows. Ranges and scans are read in bulk. */
#include <errno.h>
#include <stdlib.h>

#include "peer_bdb.h"

static int64_t number_of(const DBT *key)
{
    uint64_t bits;

    memcpy(&bits, key->data, sizeof bits);
    return (int64_t)be64toh(bits);
}

/* ---- gets ------------------------------------------------------------------------------------------- */

int bdb_r1(void *context, const bench_work *work, uint64_t *answer)
{
    bdb_store *store = context;
    const char *status;
    int64_t user_id;
    size_t size;
    DBT order;

    for (size_t i = 0; i < work->count; i++) {
        int rc = bdb_get(store->orders, NULL, work->keys[i], &order);
        if (rc != 0 || !doc_int(DOC_FIND(order.data, order.size, "user_id"), &user_id) ||
            !doc_text(DOC_FIND(order.data, order.size, "status"), &status, &size))
            return bdb_fail("R1", rc);
        *answer += (uint64_t)user_id + bench_text_answer(status, size);
    }
    return 0;
}

static int add_name(bdb_store *store, int64_t user_id, uint64_t *answer)
{
    const char *name;
    size_t size;
    DBT user;

    int rc = bdb_get(store->users, NULL, user_id, &user);
    if (rc != 0 || !doc_text(DOC_FIND(user.data, user.size, "name"), &name, &size))
        return bdb_fail("a user's name", rc);
    *answer += bench_text_answer(name, size);
    return 0;
}

int bdb_r2(void *context, const bench_work *work, uint64_t *answer)
{
    bdb_store *store = context;
    int64_t user_id;
    DBT order;

    for (size_t i = 0; i < work->count; i++) {
        int rc = bdb_get(store->orders, NULL, work->keys[i], &order);
        if (rc != 0 || !doc_int(DOC_FIND(order.data, order.size, "user_id"), &user_id))
            return bdb_fail("R2", rc);
        if (add_name(store, user_id, answer) != 0)
            return BENCH_FAILED;
    }
    return 0;
}

/* ---- sets --------------------------------------------------------------------------------------------- */

static int sum_user(DBC *cursor, int64_t user_id, double *sum)
{
    uint64_t bits = htobe64((uint64_t)user_id);
    DBT key = bdb_bytes(&bits, sizeof bits), order = {0};
    double amount;

    int rc = cursor->get(cursor, &key, &order, DB_SET);
    while (rc == 0) {
        if (!doc_real(DOC_FIND(order.data, order.size, "amount"), &amount))
            return EINVAL;
        *sum += amount;
        rc = cursor->get(cursor, &key, &order, DB_NEXT_DUP);
    }
    return rc == DB_NOTFOUND ? 0 : rc;
}

int bdb_r3(void *context, const bench_work *work, uint64_t *answer)
{
    bdb_store *store = context;
    DBC *cursor;

    int rc = store->order_users->cursor(store->order_users, NULL, &cursor, 0);
    if (rc != 0)
        return bdb_fail("R3", rc);
    for (size_t i = 0; i < work->count && rc == 0; i++) {
        double sum = 0;
        rc = sum_user(cursor, work->keys[i], &sum);
        *answer += bench_sum_answer(sum);
    }
    int closed = cursor->close(cursor);
    return rc == 0 && closed == 0 ? 0 : bdb_fail("R3", rc != 0 ? rc : closed);
}

/* No byte of the order that the cursor stands at is asked for. */
static int count_user(DBC *cursor, int64_t user_id, uint64_t *answer)
{
    uint64_t bits = htobe64((uint64_t)user_id);
    DBT key = bdb_bytes(&bits, sizeof bits), order = {.flags = DB_DBT_PARTIAL};
    db_recno_t count = 0;

    int rc = cursor->get(cursor, &key, &order, DB_SET);
    if (rc == 0)
        rc = cursor->count(cursor, &count, 0);
    *answer += count;
    return rc == DB_NOTFOUND ? 0 : rc;
}

int bdb_r3c(void *context, const bench_work *work, uint64_t *answer)
{
    bdb_store *store = context;
    DBC *cursor;

    int rc = store->order_users->cursor(store->order_users, NULL, &cursor, 0);
    if (rc != 0)
        return bdb_fail("R3c", rc);
    for (size_t i = 0; i < work->count && rc == 0; i++)
        rc = count_user(cursor, work->keys[i], answer);
    int closed = cursor->close(cursor);
    return rc == 0 && closed == 0 ? 0 : bdb_fail("R3c", rc != 0 ? rc : closed);
}

/* ---- ranges and scans, in bulk ---------------------------------------------------------------------------- */

typedef int bdb_visit(void *context, const uint8_t *document, size_t size);

/* One buffer of orders. DB_NOTFOUND: one was reached that lies beyond `last`. */
static int visit_bulk(const DBT *bulk, int64_t last, bdb_visit *visit, void *context)
{
    void *at, *key, *document;
    size_t key_size, size;
    int rc = 0;

    DB_MULTIPLE_INIT(at, bulk);
    while (rc == 0) {
        DB_MULTIPLE_KEY_NEXT(at, bulk, key, key_size, document, size);
        if (at == NULL)
            break;
        DBT name = bdb_bytes(key, key_size);
        rc = number_of(&name) > last ? DB_NOTFOUND : visit(context, document, size);
    }
    return rc;
}

static int visit_orders(bdb_store *store, int64_t first, int64_t last, bdb_visit *visit, void *context)
{
    uint64_t bits = htobe64((uint64_t)first);
    DBT key = bdb_bytes(&bits, sizeof bits);
    DBT bulk = {.data = store->bulk, .ulen = BDB_BULK_BYTES, .flags = DB_DBT_USERMEM};
    DBC *cursor;

    int rc = store->orders->cursor(store->orders, NULL, &cursor, DB_CURSOR_BULK);
    if (rc != 0)
        return bdb_fail("cursor", rc);
    for (u_int32_t step = DB_SET_RANGE; rc == 0; step = DB_NEXT) {
        rc = cursor->get(cursor, &key, &bulk, step | DB_MULTIPLE_KEY);
        if (rc == 0)
            rc = visit_bulk(&bulk, last, visit, context);
    }
    int closed = cursor->close(cursor);
    rc = rc == DB_NOTFOUND ? closed : rc;
    return rc == 0 ? 0 : bdb_fail("range", rc);
}

static int add_amount(void *context, const uint8_t *document, size_t size)
{
    double amount, *sum = context;

    if (!doc_real(DOC_FIND(document, size, "amount"), &amount))
        return EINVAL;
    *sum += amount;
    return 0;
}

int bdb_r5(void *context, const bench_work *work, uint64_t *answer)
{
    int rc = 0;

    for (size_t i = 0; i < work->count && rc == 0; i++) {
        double sum = 0;
        rc = visit_orders(context, work->keys[i], work->keys[i] + work->width - 1, add_amount, &sum);
        *answer += bench_sum_answer(sum);
    }
    return rc;
}

static int add_done(void *context, const uint8_t *document, size_t size)
{
    uint64_t *count = context;
    const char *status;
    size_t length;

    if (!doc_text(DOC_FIND(document, size, "status"), &status, &length))
        return EINVAL;
    *count += length == 4 && memcmp(status, "done", 4) == 0;
    return 0;
}

int bdb_r5f(void *context, const bench_work *work, uint64_t *answer)
{
    int rc = 0;

    for (size_t i = 0; i < work->count && rc == 0; i++)
        rc = visit_orders(context, 0, INT64_MAX, add_done, answer);
    return rc;
}

/* ---- from a range to its users ------------------------------------------------------------------------------ */

typedef struct followed { bdb_store *store; uint64_t *answer; int64_t *keys; size_t count; } followed;

static int follow(void *context, const uint8_t *document, size_t size)
{
    followed *mine = context;
    int64_t user_id;

    if (!doc_int(DOC_FIND(document, size, "user_id"), &user_id))
        return EINVAL;
    return add_name(mine->store, user_id, mine->answer) == 0 ? 0 : EINVAL;
}

int bdb_r4n(void *context, const bench_work *work, uint64_t *answer)
{
    followed mine = {.store = context, .answer = answer};
    int rc = 0;

    for (size_t i = 0; i < work->count && rc == 0; i++)
        rc = visit_orders(context, work->keys[i], work->keys[i] + work->width - 1, follow, &mine);
    return rc;
}

static int collect(void *context, const uint8_t *document, size_t size)
{
    followed *mine = context;
    return doc_int(DOC_FIND(document, size, "user_id"), &mine->keys[mine->count++]) ? 0 : EINVAL;
}

static int compare_keys(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return a < b ? -1 : a > b;
}

/* The keys sorted, so that neighbours meet on a page. */
static int follow_batch(followed *mine, int64_t first, int64_t width)
{
    mine->count = 0;
    int rc = visit_orders(mine->store, first, first + width - 1, collect, mine);
    qsort(mine->keys, mine->count, sizeof *mine->keys, compare_keys);
    for (size_t i = 0; i < mine->count && rc == 0; i++)
        rc = add_name(mine->store, mine->keys[i], mine->answer);
    return rc;
}

int bdb_r4(void *context, const bench_work *work, uint64_t *answer)
{
    followed mine = {context, answer, malloc((size_t)work->width * sizeof(int64_t)), 0};
    int rc = mine.keys == NULL ? bdb_fail("R4", ENOMEM) : 0;

    for (size_t i = 0; i < work->count && rc == 0; i++)
        rc = follow_batch(&mine, work->keys[i], work->width);
    free(mine.keys);
    return rc;
}
