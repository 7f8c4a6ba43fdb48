/* peer_lmdb_read.c -- the limit's reading rows. */
#include "peer_lmdb.h"

static inline int read_two_fields(const lmdb_store *store, int64_t order_id, uint64_t *answer)
{
    MDB_val document;
    int64_t user_id;
    const char *status;
    size_t size;

    int rc = lmdb_get_by_key(store, ORDER_IDS, ORDERS, order_id, &document);
    if (rc != 0)
        return rc;
    if (!doc_int(FIELD(document, "user_id"), &user_id) || !doc_text(FIELD(document, "status"), &status, &size))
        return MDB_CORRUPTED;
    *answer += (uint64_t)user_id + bench_text_answer(status, size);
    return 0;
}

/* ---- gets ---------------------------------------------------------------------------------- */

int lmdb_r1(void *context, const bench_work *work, uint64_t *answer)
{
    const lmdb_store *store = context;
    int rc = 0;

    for (size_t i = 0; i < work->count && rc == 0; i++)
        rc = read_two_fields(store, work->keys[i], answer);
    return rc == 0 ? 0 : lmdb_fail("R1", rc);
}

int lmdb_r1txn(void *context, const bench_work *work, uint64_t *answer)
{
    lmdb_store *store = context;
    int rc = 0;

    for (size_t i = 0; i < work->count && rc == 0; i++) {
        rc = mdb_txn_renew(store->snapshot);
        if (rc == 0)
            rc = read_two_fields(store, work->keys[i], answer);
        mdb_txn_reset(store->snapshot);
    }
    return rc == 0 ? 0 : lmdb_fail("R1txn", rc);
}

static inline int read_user_name(const lmdb_store *store, int64_t order_id, uint64_t *answer)
{
    MDB_val document;
    int64_t user_id;
    const char *name;
    size_t size;

    int rc = lmdb_get_by_key(store, ORDER_IDS, ORDERS, order_id, &document);
    if (rc == 0 && !doc_int(FIELD(document, "user_id"), &user_id))
        rc = MDB_CORRUPTED;
    if (rc == 0)
        rc = lmdb_get_by_key(store, USER_IDS, USERS, user_id, &document);
    if (rc == 0 && !doc_text(FIELD(document, "name"), &name, &size))
        rc = MDB_CORRUPTED;
    if (rc == 0)
        *answer += bench_text_answer(name, size);
    return rc;
}

int lmdb_r2(void *context, const bench_work *work, uint64_t *answer)
{
    const lmdb_store *store = context;
    int rc = 0;

    for (size_t i = 0; i < work->count && rc == 0; i++)
        rc = read_user_name(store, work->keys[i], answer);
    return rc == 0 ? 0 : lmdb_fail("R2", rc);
}

/* Of C1w too: the writer is prepare()'s business. */
int lmdb_r2txn(void *context, const bench_work *work, uint64_t *answer)
{
    lmdb_store *store = context;
    int rc = 0;

    for (size_t i = 0; i < work->count && rc == 0; i++) {
        rc = mdb_txn_renew(store->snapshot);
        if (rc == 0)
            rc = read_user_name(store, work->keys[i], answer);
        mdb_txn_reset(store->snapshot);
    }
    return rc == 0 ? 0 : lmdb_fail("R2txn", rc);
}

typedef struct reader { lmdb_store *view; bench_work work; uint64_t answer; } reader;

static int run_reader(void *context)
{
    reader *mine = context;
    return lmdb_r2txn(mine->view, &mine->work, &mine->answer);
}

int lmdb_c1(void *context, const bench_work *work, uint64_t *answer)
{
    lmdb_store *store = context;
    size_t half = work->count / 2;
    reader first = {&store->views[0], {work->keys, half, 0}, 0};
    reader second = {&store->views[1], {work->keys + half, work->count - half, 0}, 0};

    int rc = bench_two_threads(run_reader, &first, &second);
    *answer += first.answer + second.answer;
    return rc;
}

/* ---- sets ------------------------------------------------------------------------------------ */

static int sum_orders(const lmdb_store *store, MDB_val ids, double *sum)
{
    int rc = 0;

    for (size_t i = 0; i < ids.mv_size / sizeof(int64_t) && rc == 0; i++) {
        MDB_val document;
        rc = lmdb_get_row(store->cursors, ORDERS, lmdb_id_at(ids, i), &document);
        if (rc == 0)
            rc = lmdb_add_amount(&document, sum);
    }
    return rc;
}

/* A page of ids at a time. Where a key has a single id, GET_MULTIPLE leaves `ids` as SET has filled it. */
static int sum_user(const lmdb_store *store, int64_t user_id, double *sum)
{
    MDB_cursor *cursor = store->cursors[ORDER_USERS];
    MDB_val key = lmdb_key(&user_id), ids;

    int rc = mdb_cursor_get(cursor, &key, &ids, MDB_SET);
    if (rc == MDB_NOTFOUND)
        return 0;
    if (rc == 0)
        rc = mdb_cursor_get(cursor, &key, &ids, MDB_GET_MULTIPLE);
    while (rc == 0) {
        rc = sum_orders(store, ids, sum);
        if (rc == 0)
            rc = mdb_cursor_get(cursor, &key, &ids, MDB_NEXT_MULTIPLE);
    }
    return rc == MDB_NOTFOUND ? 0 : rc;
}

int lmdb_r3(void *context, const bench_work *work, uint64_t *answer)
{
    const lmdb_store *store = context;
    int rc = 0;

    for (size_t i = 0; i < work->count && rc == 0; i++) {
        double sum = 0;
        rc = sum_user(store, work->keys[i], &sum);
        *answer += bench_sum_answer(sum);
    }
    return rc == 0 ? 0 : lmdb_fail("R3", rc);
}

int lmdb_r3c(void *context, const bench_work *work, uint64_t *answer)
{
    const lmdb_store *store = context;
    int rc = 0;

    for (size_t i = 0; i < work->count && rc == 0; i++) {
        MDB_val key = lmdb_key(&work->keys[i]);
        size_t count = 0;
        rc = mdb_cursor_get(store->cursors[ORDER_USERS], &key, NULL, MDB_SET);
        if (rc == 0)
            rc = mdb_cursor_count(store->cursors[ORDER_USERS], &count);
        else if (rc == MDB_NOTFOUND)
            rc = 0;
        *answer += count;
    }
    return rc == 0 ? 0 : lmdb_fail("R3c", rc);
}

/* ---- ranges and scans -------------------------------------------------------------------------- */

/* Rows in the order of their key: from `first`, `count` keys wide. */
static int sum_range_of_rows(const lmdb_store *store, int64_t first, int64_t width, double *sum)
{
    MDB_val key = lmdb_key(&first), document;
    int64_t last = first + width - 1, at;

    int rc = mdb_cursor_get(store->cursors[ORDERS], &key, &document, MDB_SET_RANGE);
    while (rc == 0) {
        memcpy(&at, key.mv_data, sizeof at);
        if (at > last)
            break;
        rc = lmdb_add_amount(&document, sum);
        if (rc == 0)
            rc = mdb_cursor_get(store->cursors[ORDERS], &key, &document, MDB_NEXT);
    }
    return rc == MDB_NOTFOUND ? 0 : rc;
}

static int sum_range_of_index(const lmdb_store *store, int64_t first, int64_t width, double *sum)
{
    MDB_val key = lmdb_key(&first), value, document;
    int64_t last = first + width - 1, order_id, id, at = INT64_MIN;

    int rc = mdb_cursor_get(store->cursors[ORDER_IDS], &key, &value, MDB_SET_RANGE);
    while (rc == 0) {
        memcpy(&order_id, key.mv_data, sizeof order_id);
        if (order_id > last)
            break;
        memcpy(&id, value.mv_data, sizeof id);
        rc = lmdb_get_near(store, id, &at, &document);
        if (rc == 0)
            rc = lmdb_add_amount(&document, sum);
        if (rc == 0)
            rc = mdb_cursor_get(store->cursors[ORDER_IDS], &key, &value, MDB_NEXT);
    }
    return rc == MDB_NOTFOUND ? 0 : rc;
}

int lmdb_r5(void *context, const bench_work *work, uint64_t *answer)
{
    const lmdb_store *store = context;
    int rc = 0;

    for (size_t i = 0; i < work->count && rc == 0; i++) {
        double sum = 0;
        rc = store->primary ? sum_range_of_rows(store, work->keys[i], work->width, &sum)
                            : sum_range_of_index(store, work->keys[i], work->width, &sum);
        *answer += bench_sum_answer(sum);
    }
    return rc == 0 ? 0 : lmdb_fail("R5", rc);
}

static int count_done(const lmdb_store *store, uint64_t *count)
{
    MDB_val key, document;
    const char *status;
    size_t size;

    int rc = mdb_cursor_get(store->cursors[ORDERS], &key, &document, MDB_FIRST);
    while (rc == 0) {
        if (!doc_text(FIELD(document, "status"), &status, &size))
            return MDB_CORRUPTED;
        *count += size == 4 && memcmp(status, "done", 4) == 0;
        rc = mdb_cursor_get(store->cursors[ORDERS], &key, &document, MDB_NEXT);
    }
    return rc == MDB_NOTFOUND ? 0 : rc;
}

int lmdb_r5f(void *context, const bench_work *work, uint64_t *answer)
{
    const lmdb_store *store = context;
    int rc = 0;

    for (size_t i = 0; i < work->count && rc == 0; i++)
        rc = count_done(store, answer);
    return rc == 0 ? 0 : lmdb_fail("R5f", rc);
}
