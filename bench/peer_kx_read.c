/* peer_kx_read.c -- the library's reading rows of the shop. */
#include "peer_kx.h"

/* ---- gets ------------------------------------------------------------------------------------------------ */

static int read_two_fields(kx_txn *txn, int64_t order_id, uint64_t *answer)
{
    kx_doc *order;
    int64_t user_id;
    size_t size;

    int rc = kx_get(txn, "orders", "order_id", kx_int(order_id), &order);
    if (rc != KX_OK)
        return rc;
    rc = kx_doc_get_int(order, "user_id", &user_id);
    if (rc == KX_OK) {
        const char *status = kx_doc_slice(order, "status", &size);
        *answer += (uint64_t)user_id + bench_text_answer(status, size);
    }
    kx_doc_release(order);
    return rc;
}

int peer_kx_r1(void *context, const bench_work *work, uint64_t *answer)
{
    kx_store *store = context;
    int rc = KX_OK;

    for (size_t i = 0; i < work->count && rc == KX_OK; i++)
        rc = read_two_fields(store->txn, work->keys[i], answer);
    return rc == KX_OK ? 0 : peer_kx_fail("R1", rc);
}

typedef struct one_get { int64_t order_id; uint64_t *answer; } one_get;

static int get_one(kx_txn *txn, void *context)
{
    const one_get *get = context;
    return read_two_fields(txn, get->order_id, get->answer);
}

int peer_kx_r1txn(void *context, const bench_work *work, uint64_t *answer)
{
    kx_store *store = context;
    int rc = KX_OK;

    for (size_t i = 0; i < work->count && rc == KX_OK; i++)
        rc = kx_read(store->db, get_one, &(one_get){work->keys[i], answer});
    return rc == KX_OK ? 0 : peer_kx_fail("R1txn", rc);
}

static int read_user_name(kx_txn *txn, int64_t order_id, uint64_t *answer)
{
    kx_doc *order, *user;
    size_t size;

    int rc = kx_get(txn, "orders", "order_id", kx_int(order_id), &order);
    if (rc != KX_OK)
        return rc;
    rc = kx_doc_follow(order, "user", &user);
    if (rc == KX_OK) {
        const char *name = kx_doc_slice(user, "name", &size);
        *answer += bench_text_answer(name, size);
        kx_doc_release(user);
    }
    kx_doc_release(order);
    return rc;
}

int peer_kx_r2(void *context, const bench_work *work, uint64_t *answer)
{
    kx_store *store = context;
    int rc = KX_OK;

    for (size_t i = 0; i < work->count && rc == KX_OK; i++)
        rc = read_user_name(store->txn, work->keys[i], answer);
    return rc == KX_OK ? 0 : peer_kx_fail("R2", rc);
}

static int follow_one(kx_txn *txn, void *context)
{
    const one_get *get = context;
    return read_user_name(txn, get->order_id, get->answer);
}

/* Of C1w too: the writer is prepare()'s business. */
int peer_kx_r2txn(void *context, const bench_work *work, uint64_t *answer)
{
    kx_store *store = context;
    int rc = KX_OK;

    for (size_t i = 0; i < work->count && rc == KX_OK; i++)
        rc = kx_read(store->db, follow_one, &(one_get){work->keys[i], answer});
    return rc == KX_OK ? 0 : peer_kx_fail("R2txn", rc);
}

typedef struct reader { kx_store *store; bench_work work; uint64_t answer; } reader;

static int run_reader(void *context)
{
    reader *mine = context;
    return peer_kx_r2txn(mine->store, &mine->work, &mine->answer);
}

int peer_kx_c1(void *context, const bench_work *work, uint64_t *answer)
{
    size_t half = work->count / 2;
    reader first = {context, {work->keys, half, 0}, 0};
    reader second = {context, {work->keys + half, work->count - half, 0}, 0};

    int rc = bench_two_threads(run_reader, &first, &second);
    *answer += first.answer + second.answer;
    return rc;
}

/* ---- from many documents to theirs ------------------------------------------------------------------------- */

static int add_name(kx_doc *order, uint64_t *answer)
{
    kx_doc *user;
    size_t size;

    int rc = kx_doc_follow(order, "user", &user);
    if (rc != KX_OK)
        return rc;
    const char *name = kx_doc_slice(user, "name", &size);
    *answer += bench_text_answer(name, size);
    return KX_OK;
}

static int follow_range(kx_txn *txn, int64_t first, int64_t width, const char *prefetch, uint64_t *answer)
{
    kx_cursor *cursor;

    int rc = kx_find(txn, "orders", &(kx_query){
        .where = KX_WHERE({"order_id", KX_GE, kx_int(first)}, {"order_id", KX_LT, kx_int(first + width)}),
        .prefetch = prefetch
    }, &cursor);
    for (kx_doc *order; rc == KX_OK && kx_cursor_next(cursor, &order) == KX_OK;)
        rc = add_name(order, answer);
    int closed = kx_cursor_close(cursor);
    return rc != KX_OK ? rc : closed;
}

static int follow_ranges(kx_store *store, const bench_work *work, const char *prefetch, uint64_t *answer)
{
    int rc = KX_OK;

    for (size_t i = 0; i < work->count && rc == KX_OK; i++)
        rc = follow_range(store->txn, work->keys[i], work->width, prefetch, answer);
    return rc == KX_OK ? 0 : peer_kx_fail("users of a range", rc);
}

int peer_kx_r4n(void *context, const bench_work *work, uint64_t *answer)
{
    return follow_ranges(context, work, NULL, answer);
}

int peer_kx_r4(void *context, const bench_work *work, uint64_t *answer)
{
    return follow_ranges(context, work, "user", answer);
}

/* ---- sets, ranges, scans ------------------------------------------------------------------------------------ */

/* Add up the amounts that a cursor gives, and close it. */
static int sum_cursor(kx_cursor *cursor, uint64_t *answer)
{
    double sum = 0, amount;
    int rc = KX_OK;

    for (kx_doc *order; rc == KX_OK && kx_cursor_next(cursor, &order) == KX_OK; sum += amount)
        rc = kx_doc_get_real(order, "amount", &amount);
    int closed = kx_cursor_close(cursor);
    *answer += bench_sum_answer(sum);
    return rc != KX_OK ? rc : closed;
}

int peer_kx_r3(void *context, const bench_work *work, uint64_t *answer)
{
    kx_store *store = context;
    kx_cursor *cursor;
    int rc = KX_OK;

    for (size_t i = 0; i < work->count && rc == KX_OK; i++) {
        rc = kx_related_find(store->owners[i], "orders", NULL, &cursor);
        if (rc == KX_OK)
            rc = sum_cursor(cursor, answer);
    }
    return rc == KX_OK ? 0 : peer_kx_fail("R3", rc);
}

int peer_kx_r3c(void *context, const bench_work *work, uint64_t *answer)
{
    kx_store *store = context;
    int rc = KX_OK;

    for (size_t i = 0; i < work->count && rc == KX_OK; i++) {
        uint64_t count = 0;
        rc = kx_count(store->txn, "orders", &(kx_query){
            .where = KX_WHERE({"user_id", KX_EQ, kx_int(work->keys[i])})
        }, &count);
        *answer += count;
    }
    return rc == KX_OK ? 0 : peer_kx_fail("R3c", rc);
}

int peer_kx_r5(void *context, const bench_work *work, uint64_t *answer)
{
    kx_store *store = context;
    kx_cursor *cursor;
    int rc = KX_OK;

    for (size_t i = 0; i < work->count && rc == KX_OK; i++) {
        rc = kx_find(store->txn, "orders", &(kx_query){
            .where = KX_WHERE({"order_id", KX_GE, kx_int(work->keys[i])},
                              {"order_id", KX_LT, kx_int(work->keys[i] + work->width)})
        }, &cursor);
        if (rc == KX_OK)
            rc = sum_cursor(cursor, answer);
    }
    return rc == KX_OK ? 0 : peer_kx_fail("R5", rc);
}

int peer_kx_r5f(void *context, const bench_work *work, uint64_t *answer)
{
    kx_store *store = context;
    int rc = KX_OK;

    for (size_t i = 0; i < work->count && rc == KX_OK; i++) {
        uint64_t count = 0;
        rc = kx_count(store->txn, "orders", &(kx_query){.where = KX_WHERE({"status", KX_EQ, kx_text("done")})}, &count);
        *answer += count;
    }
    return rc == KX_OK ? 0 : peer_kx_fail("R5f", rc);
}
