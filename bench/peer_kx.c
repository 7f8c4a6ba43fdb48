/*
 * peer_kx.c -- the library, as a user writes it: the calls of the tour, names as strings, nothing prepared.
 *
 *   kx           unique indexes on user_id and order_id: two descents
 *   kx-primary   user_id and order_id are declared primary: one descent
 *
 * Fields are declared, so saving checks their types. Documents are given back in loops, as the header advises for many
 * gets.
 */
#include <stdlib.h>

#include <lmdbkenobix.h>

#include "bench.h"

typedef struct kx_store {
    const bench_data *data;
    kx_db     *db;
    kx_record *users, *orders;      /* what the load hands over */
    kx_txn    *txn;                 /* of the slice */
    kx_doc   **owners;              /* R3: the users whose orders are wanted, in hand before the clock starts */
} kx_store;

/* ---- models ------------------------------------------------------------------------------------ */

static const kx_field user_fields[] = {
    {.path = "user_id", .type = KX_TYPE_INT},
    {.path = "name", .type = KX_TYPE_TEXT},
    {.path = "email", .type = KX_TYPE_TEXT, .optional = true},
    {.path = "status", .type = KX_TYPE_TEXT},
    {0}
};

static const kx_field order_fields[] = {
    {.path = "order_id", .type = KX_TYPE_INT},
    {.path = "user_id", .type = KX_TYPE_INT},
    {.path = "amount", .type = KX_TYPE_REAL},
    {.path = "status", .type = KX_TYPE_TEXT},
    {.path = "note", .type = KX_TYPE_TEXT},
    {0}
};

/* The foreign key is indexed because the relation needs it; .reverse gives users the set "orders". */
static const kx_relation order_relations[] = {
    {.name = "user", .kind = KX_FOREIGN_KEY, .target = "users", .foreign_key = "user_id", .reverse = "orders"},
    {0}
};

static const kx_index unique_user[] = {{.paths = "user_id", .unique = true}, {.paths = "email"}, {0}};
static const kx_index unique_order[] = {{.paths = "order_id", .unique = true}, {0}};
static const kx_index primary_user[] = {{.paths = "user_id", .primary = true}, {.paths = "email"}, {0}};
static const kx_index primary_order[] = {{.paths = "order_id", .primary = true}, {0}};

static const kx_model users = {.name = "users", .fields = user_fields, .indexes = unique_user};
static const kx_model orders = {
    .name = "orders", .fields = order_fields, .indexes = unique_order, .relations = order_relations
};
static const kx_model users_primary = {.name = "users", .fields = user_fields, .indexes = primary_user};
static const kx_model orders_primary = {
    .name = "orders", .fields = order_fields, .indexes = primary_order, .relations = order_relations
};

static const kx_model *const two_descents[] = {&users, &orders, NULL};
static const kx_model *const primary[] = {&users_primary, &orders_primary, NULL};

/* ---- open and close ------------------------------------------------------------------------------ */

static int fail(const char *what, int rc)
{
    return bench_fail("kx: %s: %s: %s", what, kx_strerror(rc), kx_errmsg());
}

static kx_record *make_records(const bench_bytes *documents, size_t count)
{
    kx_record *records = calloc(count, sizeof *records);

    for (size_t i = 0; i < count && records != NULL; i++) {
        records[i].data = documents[i].data;
        records[i].size = documents[i].size;
    }
    return records;
}

static int close_store(void *context)
{
    kx_store *store = context;

    if (store == NULL)
        return 0;
    kx_txn_abort(store->txn);
    int rc = kx_close(store->db);
    free(store->users);
    free(store->orders);
    free(store->owners);
    free(store);
    return rc == KX_OK ? 0 : fail("close", rc);
}

static int open_store(const char *path, const bench_data *data, const kx_model *const *models, void **opened)
{
    *opened = NULL;
    kx_store *store = calloc(1, sizeof *store);
    if (store == NULL)
        return bench_fail("kx: no memory");
    store->data = data;
    store->users = make_records(data->user_docs, data->user_count);
    store->orders = make_records(data->order_docs, data->order_count);
    int rc = kx_open(path, &(kx_options){.models = models}, &store->db);
    if (rc != KX_OK)
        fail(path, rc);
    else if (store->users == NULL || store->orders == NULL)
        rc = bench_fail("kx: no memory");
    if (rc != KX_OK) {
        close_store(store);
        return BENCH_FAILED;
    }
    *opened = store;
    return 0;
}

static int open_two_descents(const char *path, const bench_data *data, void **store)
{
    return open_store(path, data, two_descents, store);
}

static int open_primary(const char *path, const bench_data *data, void **store)
{
    return open_store(path, data, primary, store);
}

/* ---- W1 ---------------------------------------------------------------------------------------------- */

static int insert_all(kx_txn *txn, void *context)
{
    kx_store *store = context;

    int rc = kx_insert_many(txn, "users", store->users, store->data->user_count, NULL);
    return rc != KX_OK ? rc : kx_insert_many(txn, "orders", store->orders, store->data->order_count, NULL);
}

static int load(void *context)
{
    kx_store *store = context;

    int rc = kx_write(store->db, insert_all, store);
    return rc == KX_OK ? 0 : fail("W1", rc);
}

/* ---- slices -------------------------------------------------------------------------------------------- */

static int get_owners(kx_store *store, const bench_work *work)
{
    kx_doc **owners = realloc(store->owners, work->count * sizeof *owners);
    int rc = KX_OK;

    if (owners == NULL)
        return bench_fail("kx: no memory");
    store->owners = owners;
    for (size_t i = 0; i < work->count && rc == KX_OK; i++)
        rc = kx_get(store->txn, "users", "user_id", kx_int(work->keys[i]), &owners[i]);
    return rc == KX_OK ? 0 : fail("users of R3", rc);
}

static int finish(void *context, bench_row row)
{
    kx_store *store = context;

    (void)row;
    kx_txn_abort(store->txn);       /* a snapshot just ends */
    store->txn = NULL;
    return 0;
}

/* R1txn begins a snapshot for each of its gets; every other row reads a slice in one. */
static int prepare(void *context, bench_row row, const bench_work *work)
{
    kx_store *store = context;

    if (row == ROW_R1TXN)
        return 0;
    int rc = kx_txn_begin(store->db, KX_READ, &store->txn);
    if (rc != KX_OK)
        return fail("snapshot", rc);
    if (row == ROW_R3 && get_owners(store, work) != 0) {
        finish(store, row);
        return BENCH_FAILED;
    }
    return 0;
}

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

static int get_orders(void *context, const bench_work *work, uint64_t *answer)
{
    kx_store *store = context;
    int rc = KX_OK;

    for (size_t i = 0; i < work->count && rc == KX_OK; i++)
        rc = read_two_fields(store->txn, work->keys[i], answer);
    return rc == KX_OK ? 0 : fail("R1", rc);
}

typedef struct one_get { int64_t order_id; uint64_t *answer; } one_get;

static int get_one(kx_txn *txn, void *context)
{
    const one_get *get = context;
    return read_two_fields(txn, get->order_id, get->answer);
}

static int get_in_snapshots(void *context, const bench_work *work, uint64_t *answer)
{
    kx_store *store = context;
    int rc = KX_OK;

    for (size_t i = 0; i < work->count && rc == KX_OK; i++)
        rc = kx_read(store->db, get_one, &(one_get){work->keys[i], answer});
    return rc == KX_OK ? 0 : fail("R1txn", rc);
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

static int follow_users(void *context, const bench_work *work, uint64_t *answer)
{
    kx_store *store = context;
    int rc = KX_OK;

    for (size_t i = 0; i < work->count && rc == KX_OK; i++)
        rc = read_user_name(store->txn, work->keys[i], answer);
    return rc == KX_OK ? 0 : fail("R2", rc);
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

static int sum_sets(void *context, const bench_work *work, uint64_t *answer)
{
    kx_store *store = context;
    kx_cursor *cursor;
    int rc = KX_OK;

    for (size_t i = 0; i < work->count && rc == KX_OK; i++) {
        rc = kx_related_find(store->owners[i], "orders", NULL, &cursor);
        if (rc == KX_OK)
            rc = sum_cursor(cursor, answer);
    }
    return rc == KX_OK ? 0 : fail("R3", rc);
}

static int count_sets(void *context, const bench_work *work, uint64_t *answer)
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
    return rc == KX_OK ? 0 : fail("R3c", rc);
}

static int sum_ranges(void *context, const bench_work *work, uint64_t *answer)
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
    return rc == KX_OK ? 0 : fail("R5", rc);
}

static int count_done(void *context, const bench_work *work, uint64_t *answer)
{
    kx_store *store = context;
    int rc = KX_OK;

    for (size_t i = 0; i < work->count && rc == KX_OK; i++) {
        uint64_t count = 0;
        rc = kx_count(store->txn, "orders", &(kx_query){.where = KX_WHERE({"status", KX_EQ, kx_text("done")})}, &count);
        *answer += count;
    }
    return rc == KX_OK ? 0 : fail("R5f", rc);
}

static void describe(FILE *out)
{
    fprintf(out, "lmdbkenobix %s on %s; durable commits; the calls of the tour, names as strings", kx_version(),
            kx_engine());
}

#define KX_PEER(label, opener)                                                                               \
    {                                                                                                        \
        .name = label, .open = opener, .close = close_store, .load = load, .prepare = prepare,               \
        .finish = finish, .describe = describe,                                                              \
        .rows = {[ROW_R1] = get_orders, [ROW_R1TXN] = get_in_snapshots, [ROW_R2] = follow_users,             \
                 [ROW_R3] = sum_sets, [ROW_R3C] = count_sets, [ROW_R5] = sum_ranges, [ROW_R5F] = count_done} \
    }

const bench_peer bench_peer_kx = KX_PEER("kx", open_two_descents);
const bench_peer bench_peer_kx_primary = KX_PEER("kx-primary", open_primary);
