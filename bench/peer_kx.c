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

#include "peer_kx.h"

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

/*
 * The foreign key is indexed because the relation needs it; .reverse gives users the set "orders", and deleting a user
 * deletes it.
 */
static const kx_relation order_relations[] = {
    {.name = "user", .kind = KX_FOREIGN_KEY, .target = "users", .foreign_key = "user_id", .reverse = "orders",
     .on_delete = KX_CASCADE},
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

/* The graph: the same documents with more indexes, and products behind a junction. */
static const kx_field product_fields[] = {
    {.path = "product_id", .type = KX_TYPE_INT},
    {.path = "name", .type = KX_TYPE_TEXT},
    {.path = "price", .type = KX_TYPE_REAL},
    {0}
};

static const kx_relation graph_relations[] = {
    {.name = "user", .kind = KX_FOREIGN_KEY, .target = "users", .foreign_key = "user_id", .reverse = "orders"},
    {.name = "products", .kind = KX_MANY_TO_MANY, .target = "products", .through = "order_items",
     .local_field = "order_id", .related_field = "product_id"},
    {0}
};

static const kx_index graph_unique_user[] = {{.paths = "user_id", .unique = true}, {.paths = "status"}, {0}};
static const kx_index graph_primary_user[] = {{.paths = "user_id", .primary = true}, {.paths = "status"}, {0}};
static const kx_index graph_unique_order[] = {
    {.paths = "order_id", .unique = true}, {.paths = "status"}, {.paths = "user_id,-amount"}, {0}
};
static const kx_index graph_primary_order[] = {
    {.paths = "order_id", .primary = true}, {.paths = "status"}, {.paths = "user_id,-amount"}, {0}
};
static const kx_index unique_product[] = {{.paths = "product_id", .unique = true}, {0}};
static const kx_index primary_product[] = {{.paths = "product_id", .primary = true}, {0}};

static const kx_model graph_users = {.name = "users", .fields = user_fields, .indexes = graph_unique_user};
static const kx_model graph_users_primary = {.name = "users", .fields = user_fields, .indexes = graph_primary_user};
static const kx_model graph_orders = {
    .name = "orders", .fields = order_fields, .indexes = graph_unique_order, .relations = graph_relations
};
static const kx_model graph_orders_primary = {
    .name = "orders", .fields = order_fields, .indexes = graph_primary_order, .relations = graph_relations
};
static const kx_model products = {.name = "products", .fields = product_fields, .indexes = unique_product};
static const kx_model products_primary = {.name = "products", .fields = product_fields, .indexes = primary_product};

static const kx_model *const two_descents[SET_COUNT][4] = {
    [SET_SHOP] = {&users, &orders}, [SET_GRAPH] = {&graph_users, &graph_orders, &products}
};
static const kx_model *const primary[SET_COUNT][4] = {
    [SET_SHOP] = {&users_primary, &orders_primary},
    [SET_GRAPH] = {&graph_users_primary, &graph_orders_primary, &products_primary}
};

/* ---- open and close ------------------------------------------------------------------------------ */

int peer_kx_fail(const char *what, int rc)
{
    return bench_fail("kx: %s: %s: %s", what, kx_strerror(rc), kx_errmsg());
}

/* NULL when there is no memory; also of no documents there is an array. */
static kx_record *make_records(const bench_bytes *documents, size_t count)
{
    kx_record *records = calloc(count + 1, sizeof *records);

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
    free(store->products);
    free(store->links);
    free(store->owners);
    free(store);
    return rc == KX_OK ? 0 : peer_kx_fail("close", rc);
}

static int fill_store(kx_store *store, const char *path, const kx_model *const *models)
{
    const bench_data *data = store->data;

    store->users = make_records(data->user_docs, data->user_count);
    store->orders = make_records(data->order_docs, data->order_count);
    store->products = make_records(data->product_docs, data->product_count);
    store->links = make_records(data->link_docs, data->link_count);
    if (store->users == NULL || store->orders == NULL || store->products == NULL || store->links == NULL)
        return bench_fail("kx: no memory");
    int rc = kx_open(path, &(kx_options){.models = models}, &store->db);
    return rc == KX_OK ? 0 : peer_kx_fail(path, rc);
}

static int open_store(const char *path, const bench_data *data, bench_set set, const kx_model *const *models,
                      void **opened)
{
    *opened = NULL;
    kx_store *store = calloc(1, sizeof *store);
    if (store == NULL)
        return bench_fail("kx: no memory");
    store->data = data;
    store->set = set;
    if (fill_store(store, path, models) != 0) {
        close_store(store);
        return BENCH_FAILED;
    }
    *opened = store;
    return 0;
}

static int open_two_descents(const char *path, const bench_data *data, bench_set set, void **store)
{
    return open_store(path, data, set, two_descents[set], store);
}

static int open_primary(const char *path, const bench_data *data, bench_set set, void **store)
{
    return open_store(path, data, set, primary[set], store);
}

/* ---- W1 ---------------------------------------------------------------------------------------------- */

static int insert_all(kx_txn *txn, void *context)
{
    kx_store *store = context;
    const bench_data *data = store->data;

    int rc = kx_insert_many(txn, "users", store->users, data->user_count, NULL);
    if (rc == KX_OK)
        rc = kx_insert_many(txn, "orders", store->orders, data->order_count, NULL);
    if (rc != KX_OK || store->set == SET_SHOP)
        return rc;
    rc = kx_insert_many(txn, "products", store->products, data->product_count, NULL);
    return rc != KX_OK ? rc : kx_insert_many(txn, "order_items", store->links, data->link_count, NULL);
}

static int load(void *context)
{
    kx_store *store = context;

    int rc = kx_write(store->db, insert_all, store);
    return rc == KX_OK ? 0 : peer_kx_fail("load", rc);
}

/* ---- slices -------------------------------------------------------------------------------------------- */

static int get_owners(kx_store *store, const bench_work *work, const char *collection, const char *key)
{
    kx_doc **owners = realloc(store->owners, (work->count + 1) * sizeof *owners);
    int rc = KX_OK;

    if (owners == NULL)
        return bench_fail("kx: no memory");
    store->owners = owners;
    for (size_t i = 0; i < work->count && rc == KX_OK; i++)
        rc = kx_get(store->txn, collection, key, kx_int(work->keys[i]), &owners[i]);
    return rc == KX_OK ? 0 : peer_kx_fail("documents in hand", rc);
}

static int finish(void *context, bench_row row)
{
    kx_store *store = context;

    (void)row;
    kx_txn_abort(store->txn);       /* a snapshot just ends */
    store->txn = NULL;
    bench_busy *writer = store->writer;
    store->writer = NULL;
    return bench_busy_stop(writer);
}

/* Sets start at documents in hand. */
static int prepare_owners(kx_store *store, bench_row row, const bench_work *work)
{
    if (row == ROW_R3 || row == ROW_X4)
        return get_owners(store, work, "users", "user_id");
    return row == ROW_M2M ? get_owners(store, work, "orders", "order_id") : 0;
}

static int prepare(void *context, bench_row row, const bench_work *work)
{
    kx_store *store = context;

    if (row == ROW_C1W)
        return bench_busy_start(&store->writer, peer_kx_keep_writing, store);
    if (bench_rows[row].own_snapshots)
        return 0;
    int rc = kx_txn_begin(store->db, KX_READ, &store->txn);
    if (rc != KX_OK)
        return peer_kx_fail("snapshot", rc);
    rc = prepare_owners(store, row, work);
    if (rc != 0)
        finish(store, row);
    return rc;
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
        .rows = {[ROW_R1] = peer_kx_r1, [ROW_R1TXN] = peer_kx_r1txn, [ROW_R2] = peer_kx_r2,                  \
                 [ROW_R2TXN] = peer_kx_r2txn, [ROW_R3] = peer_kx_r3, [ROW_R3C] = peer_kx_r3c,                \
                 [ROW_R4N] = peer_kx_r4n, [ROW_R4] = peer_kx_r4, [ROW_R5] = peer_kx_r5,                      \
                 [ROW_R5F] = peer_kx_r5f, [ROW_C1] = peer_kx_c1, [ROW_C1W] = peer_kx_r2txn,                  \
                 [ROW_W2] = peer_kx_w2, [ROW_U1] = peer_kx_u1, [ROW_U1Q] = peer_kx_u1q,                             \
                 [ROW_U2] = peer_kx_u2, [ROW_D1] = peer_kx_d1,                                               \
                 [ROW_M2M] = peer_kx_m2m, [ROW_X1] = peer_kx_x1, [ROW_X2] = peer_kx_x2,                      \
                 [ROW_X3] = peer_kx_x3, [ROW_X4] = peer_kx_x4, [ROW_M2MW] = peer_kx_m2mw}                    \
    }

const bench_peer bench_peer_kx = KX_PEER("kx", open_two_descents);
const bench_peer bench_peer_kx_primary = KX_PEER("kx-primary", open_primary);
