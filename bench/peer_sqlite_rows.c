/* peer_sqlite_rows.c -- SQLite's reading rows. */
#include "peer_sqlite.h"

/* ---- reading ------------------------------------------------------------------------------------ */

/* Run a statement for an integer to its first row, which can be read until sqlite3_reset(). NULL: there is none. */
static sqlite3_stmt *first_row(const sqlite_store *store, sqlite_statement which, int64_t number)
{
    sqlite3_stmt *query = store->statements[which];

    sqlite3_bind_int64(query, 1, number);
    if (sqlite3_step(query) == SQLITE_ROW)
        return query;
    sqlite3_reset(query);
    return NULL;
}

static uint64_t text_answer(sqlite3_stmt *query, int column)
{
    const void *text = sqlite3_column_text(query, column);
    return bench_text_answer(text, (size_t)sqlite3_column_bytes(query, column));
}

/* R1 and R1txn: which of the two it is depends on prepare() alone. */
int sqlite_r1(void *context, const bench_work *work, uint64_t *answer)
{
    const sqlite_store *store = context;

    for (size_t i = 0; i < work->count; i++) {
        sqlite3_stmt *query = first_row(store, ORDER_FIELDS, work->keys[i]);
        if (query == NULL)
            return sqlite_fail(store, "R1");
        *answer += (uint64_t)sqlite3_column_int64(query, 0) + text_answer(query, 1);
        sqlite3_reset(query);
    }
    return 0;
}

/* The name of a user into the answer. */
static int add_name(const sqlite_store *store, int64_t user_id, uint64_t *answer)
{
    sqlite3_stmt *query = first_row(store, USER_NAME, user_id);
    if (query == NULL)
        return sqlite_fail(store, "no such user");
    *answer += text_answer(query, 0);
    sqlite3_reset(query);
    return 0;
}

static int follow_order(const sqlite_store *store, int64_t order_id, uint64_t *answer)
{
    sqlite3_stmt *query = first_row(store, ORDER_USER, order_id);
    if (query == NULL)
        return sqlite_fail(store, "no such order");
    int64_t user_id = sqlite3_column_int64(query, 0);
    sqlite3_reset(query);
    return add_name(store, user_id, answer);
}

int sqlite_r2(void *context, const bench_work *work, uint64_t *answer)
{
    int rc = 0;

    for (size_t i = 0; i < work->count && rc == 0; i++)
        rc = follow_order(context, work->keys[i], answer);
    return rc;
}

/* Both statements of a read see one snapshot. Of C1w too: the writer is prepare()'s business. */
int sqlite_r2txn(void *context, const bench_work *work, uint64_t *answer)
{
    int rc = 0;

    for (size_t i = 0; i < work->count && rc == 0; i++) {
        rc = sqlite_step(context, BEGIN);
        if (rc == 0)
            rc = follow_order(context, work->keys[i], answer);
        if (rc == 0)
            rc = sqlite_step(context, COMMIT);
    }
    return rc;
}

typedef struct reader { sqlite_store *view; bench_work work; uint64_t answer; } reader;

static int run_reader(void *context)
{
    reader *mine = context;
    return sqlite_r2txn(mine->view, &mine->work, &mine->answer);
}

int sqlite_c1(void *context, const bench_work *work, uint64_t *answer)
{
    sqlite_store *store = context;
    size_t half = work->count / 2;
    reader first = {store->views[0], {work->keys, half, 0}, 0};
    reader second = {store->views[1], {work->keys + half, work->count - half, 0}, 0};

    int rc = bench_two_threads(run_reader, &first, &second);
    *answer += first.answer + second.answer;
    return rc;
}

/* ---- sets, ranges, scans ------------------------------------------------------------------------ */

/* What is left of a query after its first row: the first column, added up. */
static int sum_rows(const sqlite_store *store, sqlite_statement which, double *sum)
{
    sqlite3_stmt *query = store->statements[which];
    int rc;

    do
        *sum += sqlite3_column_double(query, 0);
    while ((rc = sqlite3_step(query)) == SQLITE_ROW);
    sqlite3_reset(query);
    return rc == SQLITE_DONE ? 0 : sqlite_fail(store, (*store->form->statements)[which]);
}

int sqlite_r3(void *context, const bench_work *work, uint64_t *answer)
{
    const sqlite_store *store = context;
    int rc = 0;

    for (size_t i = 0; i < work->count && rc == 0; i++) {
        double sum = 0;
        if (first_row(store, USER_AMOUNTS, work->keys[i]) != NULL)
            rc = sum_rows(store, USER_AMOUNTS, &sum);
        *answer += bench_sum_answer(sum);
    }
    return rc;
}

int sqlite_r3c(void *context, const bench_work *work, uint64_t *answer)
{
    const sqlite_store *store = context;

    for (size_t i = 0; i < work->count; i++) {
        sqlite3_stmt *query = first_row(store, USER_COUNT, work->keys[i]);
        if (query == NULL)
            return sqlite_fail(store, "R3c");
        *answer += (uint64_t)sqlite3_column_int64(query, 0);
        sqlite3_reset(query);
    }
    return 0;
}

static sqlite3_stmt *first_of_range(const sqlite_store *store, sqlite_statement which, int64_t first, int64_t width)
{
    sqlite3_bind_int64(store->statements[which], 2, first + width);
    return first_row(store, which, first);
}

static int name_range(const sqlite_store *store, int64_t first, int64_t width, uint64_t *answer)
{
    sqlite3_stmt *orders = first_of_range(store, RANGE_USERS, first, width);
    int rc = 0, step = SQLITE_ROW;

    for (; orders != NULL && step == SQLITE_ROW && rc == 0; step = sqlite3_step(orders))
        rc = add_name(store, sqlite3_column_int64(orders, 0), answer);
    sqlite3_reset(orders);
    return rc;
}

int sqlite_r4n(void *context, const bench_work *work, uint64_t *answer)
{
    int rc = 0;

    for (size_t i = 0; i < work->count && rc == 0; i++)
        rc = name_range(context, work->keys[i], work->width, answer);
    return rc;
}

int sqlite_r4(void *context, const bench_work *work, uint64_t *answer)
{
    for (size_t i = 0; i < work->count; i++) {
        sqlite3_stmt *names = first_of_range(context, RANGE_NAMES, work->keys[i], work->width);
        for (int step = SQLITE_ROW; names != NULL && step == SQLITE_ROW; step = sqlite3_step(names))
            *answer += text_answer(names, 0);
        if (sqlite3_reset(names) != SQLITE_OK)
            return sqlite_fail(context, "R4");
    }
    return 0;
}

int sqlite_r5(void *context, const bench_work *work, uint64_t *answer)
{
    const sqlite_store *store = context;
    int rc = 0;

    for (size_t i = 0; i < work->count && rc == 0; i++) {
        double sum = 0;
        if (first_of_range(store, RANGE_AMOUNTS, work->keys[i], work->width) != NULL)
            rc = sum_rows(store, RANGE_AMOUNTS, &sum);
        *answer += bench_sum_answer(sum);
    }
    return rc;
}

int sqlite_r5f(void *context, const bench_work *work, uint64_t *answer)
{
    const sqlite_store *store = context;
    sqlite3_stmt *query = store->statements[COUNT_DONE];

    for (size_t i = 0; i < work->count; i++) {
        if (sqlite3_step(query) != SQLITE_ROW)
            return sqlite_fail(store, "R5f");
        *answer += (uint64_t)sqlite3_column_int64(query, 0);
        sqlite3_reset(query);
    }
    return 0;
}

/* ---- the graph --------------------------------------------------------------------------------- */

int sqlite_m2m(void *context, const bench_work *work, uint64_t *answer)
{
    const sqlite_store *store = context;
    int rc = 0;

    for (size_t i = 0; i < work->count && rc == 0; i++) {
        double sum = 0;
        if (first_row(store, ORDER_PRICES, work->keys[i]) != NULL)
            rc = sum_rows(store, ORDER_PRICES, &sum);
        *answer += bench_sum_answer(sum);
    }
    return rc;
}

/* A bound query's amounts and notes; `placed`: each amount counts by its place. */
static int add_both(const sqlite_store *store, sqlite_statement which, bool placed, uint64_t *answer)
{
    sqlite3_stmt *query = store->statements[which];
    double sum = 0;
    int rc, place = 1;

    for (; (rc = sqlite3_step(query)) == SQLITE_ROW; place++) {
        sum += (placed ? place : 1) * sqlite3_column_double(query, 0);
        *answer += text_answer(query, 1);
    }
    *answer += bench_sum_answer(sum);
    sqlite3_reset(query);
    return rc == SQLITE_DONE ? 0 : sqlite_fail(store, (*store->form->statements)[which]);
}

int sqlite_x1(void *context, const bench_work *work, uint64_t *answer)
{
    const sqlite_store *store = context;
    int rc = 0;

    for (size_t i = 0; i < work->count && rc == 0; i++) {
        sqlite3_bind_int64(store->statements[USER_STATUS], 1, work->keys[i]);
        sqlite3_bind_text(store->statements[USER_STATUS], 2, bench_status_of(work->keys[i]), -1, SQLITE_STATIC);
        rc = add_both(store, USER_STATUS, false, answer);
    }
    return rc;
}

int sqlite_x2(void *context, const bench_work *work, uint64_t *answer)
{
    const sqlite_store *store = context;
    int rc = 0;

    for (size_t i = 0; i < work->count && rc == 0; i++) {
        sqlite3_bind_int64(store->statements[TWO_USERS], 1, work->keys[i]);
        sqlite3_bind_int64(store->statements[TWO_USERS], 2, bench_other_user(store->data, work->keys[i]));
        rc = add_both(store, TWO_USERS, false, answer);
    }
    return rc;
}

int sqlite_x3(void *context, const bench_work *work, uint64_t *answer)
{
    int rc = 0;

    for (size_t i = 0; i < work->count && rc == 0; i++)
        rc = add_both(context, PREMIUM_USERS, false, answer);
    return rc;
}

int sqlite_x4(void *context, const bench_work *work, uint64_t *answer)
{
    const sqlite_store *store = context;
    int rc = 0;

    sqlite3_bind_int64(store->statements[DEAREST], 2, BENCH_TOP);
    for (size_t i = 0; i < work->count && rc == 0; i++) {
        sqlite3_bind_int64(store->statements[DEAREST], 1, work->keys[i]);
        rc = add_both(store, DEAREST, true, answer);
    }
    return rc;
}
