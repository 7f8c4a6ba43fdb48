/* peer_kx_graph.c -- the library's reading rows of the graph: many-to-many, and queries of more than one part. */
#include "peer_kx.h"

/* ---- M2M ------------------------------------------------------------------------------------ */

static int sum_prices(kx_doc *order, uint64_t *answer)
{
    double sum = 0, price;
    kx_cursor *cursor;

    int rc = kx_related_find(order, "products", NULL, &cursor);
    for (kx_doc *product; rc == KX_OK && kx_cursor_next(cursor, &product) == KX_OK; sum += price)
        rc = kx_doc_get_real(product, "price", &price);
    int closed = kx_cursor_close(cursor);
    *answer += bench_sum_answer(sum);
    return rc != KX_OK ? rc : closed;
}

int peer_kx_m2m(void *context, const bench_work *work, uint64_t *answer)
{
    kx_store *store = context;
    int rc = KX_OK;

    for (size_t i = 0; i < work->count && rc == KX_OK; i++)
        rc = sum_prices(store->owners[i], answer);
    return rc == KX_OK ? 0 : peer_kx_fail("M2M", rc);
}

/* ---- intersection, union, crossing ------------------------------------------------------------- */

static int read_both(const kx_doc *order, double *amount, uint64_t *answer)
{
    size_t size;

    const char *note = kx_doc_slice(order, "note", &size);
    *answer += bench_text_answer(note, size);
    return kx_doc_get_real(order, "amount", amount);
}

static int sum_query(kx_store *store, const kx_condition *where, uint64_t *answer)
{
    double sum = 0, amount;
    kx_cursor *cursor;

    int rc = kx_find(store->txn, "orders", &(kx_query){.where = where}, &cursor);
    for (kx_doc *order; rc == KX_OK && kx_cursor_next(cursor, &order) == KX_OK; sum += amount)
        rc = read_both(order, &amount, answer);
    int closed = kx_cursor_close(cursor);
    *answer += bench_sum_answer(sum);
    return rc != KX_OK ? rc : closed;
}

int peer_kx_x1(void *context, const bench_work *work, uint64_t *answer)
{
    int rc = KX_OK;

    for (size_t i = 0; i < work->count && rc == KX_OK; i++)
        rc = sum_query(context, KX_WHERE({"user_id", KX_EQ, kx_int(work->keys[i])},
                                         {"status", KX_EQ, kx_text(bench_status_of(work->keys[i]))}), answer);
    return rc == KX_OK ? 0 : peer_kx_fail("X1", rc);
}

int peer_kx_x2(void *context, const bench_work *work, uint64_t *answer)
{
    kx_store *store = context;
    int rc = KX_OK;

    for (size_t i = 0; i < work->count && rc == KX_OK; i++) {
        kx_value other = kx_int(bench_other_user(store->data, work->keys[i]));
        rc = sum_query(store, KX_WHERE({"user_id", KX_IN, kx_list(KX_ARGS(kx_int(work->keys[i]), other))}), answer);
    }
    return rc == KX_OK ? 0 : peer_kx_fail("X2", rc);
}

int peer_kx_x3(void *context, const bench_work *work, uint64_t *answer)
{
    int rc = KX_OK;

    for (size_t i = 0; i < work->count && rc == KX_OK; i++)
        rc = sum_query(context, KX_WHERE({"user.status", KX_EQ, kx_text("premium")}), answer);
    return rc == KX_OK ? 0 : peer_kx_fail("X3", rc);
}

/* ---- the first few of a set ----------------------------------------------------------------------- */

/* Each amount counts by its place, so that the order is compared too. */
static int add_dearest(kx_doc *user, uint64_t *answer)
{
    double sum = 0, amount;
    kx_cursor *cursor;
    int rc, place = 1;

    rc = kx_related_find(user, "orders", &(kx_query){.order_by = "-amount", .limit = BENCH_TOP}, &cursor);
    for (kx_doc *order; rc == KX_OK && kx_cursor_next(cursor, &order) == KX_OK; sum += place++ * amount)
        rc = read_both(order, &amount, answer);
    int closed = kx_cursor_close(cursor);
    *answer += bench_sum_answer(sum);
    return rc != KX_OK ? rc : closed;
}

int peer_kx_x4(void *context, const bench_work *work, uint64_t *answer)
{
    kx_store *store = context;
    int rc = KX_OK;

    for (size_t i = 0; i < work->count && rc == KX_OK; i++)
        rc = add_dearest(store->owners[i], answer);
    return rc == KX_OK ? 0 : peer_kx_fail("X4", rc);
}
