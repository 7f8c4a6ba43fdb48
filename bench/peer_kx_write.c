/*
 * peer_kx_write.c -- the library's writing rows: get by key, change, save, in one transaction a slice.
 *
 * A transaction may run twice (see kx_write), so its work begins with the slice's first key each time.
 */
#include "peer_kx.h"

typedef struct slice { const kx_store *store; const bench_work *work; } slice;

static int write_slice(void *context, const bench_work *work, int (*change)(kx_txn *, void *), const char *what)
{
    kx_store *store = context;

    int rc = kx_write(store->db, change, &(slice){store, work});
    return rc == KX_OK ? 0 : peer_kx_fail(what, rc);
}

/* ---- W2 ------------------------------------------------------------------------------------ */

static int insert_one(kx_txn *txn, void *context)
{
    const bench_bytes *document = context;
    return kx_insert(txn, "orders", document->data, document->size, NULL);
}

int peer_kx_w2(void *context, const bench_work *work, uint64_t *answer)
{
    kx_store *store = context;
    int rc = KX_OK;

    (void)answer;
    for (size_t i = 0; i < work->count && rc == KX_OK; i++)
        rc = kx_write(store->db, insert_one, &store->data->order_docs[work->keys[i] - BENCH_FIRST_ORDER]);
    return rc == KX_OK ? 0 : peer_kx_fail("W2", rc);
}

/* ---- changes ---------------------------------------------------------------------------------- */

static int set_field(kx_txn *txn, int64_t order_id, const char *path, kx_value value)
{
    kx_doc *order;

    int rc = kx_get(txn, "orders", "order_id", kx_int(order_id), &order);
    if (rc != KX_OK)
        return rc;
    rc = kx_doc_set(order, path, value);
    if (rc == KX_OK)
        rc = kx_doc_save(order);
    kx_doc_release(order);
    return rc;
}

static int set_amounts(kx_txn *txn, void *context)
{
    const bench_work *work = ((const slice *)context)->work;
    double amount = bench_new_amount(work);
    int rc = KX_OK;

    for (size_t i = 0; i < work->count && rc == KX_OK; i++)
        rc = set_field(txn, work->keys[i], "amount", kx_real(amount));
    return rc;
}

static int set_where_new(kx_txn *txn, void *context)
{
    double amount = bench_new_amount(((const slice *)context)->work);

    return kx_update_where(txn, "orders", &(kx_query){.where = KX_WHERE({"status", KX_EQ, kx_text("new")})},
                           KX_EDITS({"amount", KX_EDIT_SET, kx_real(amount)}), NULL);
}

static int set_users(kx_txn *txn, void *context)
{
    const slice *mine = context;
    int rc = KX_OK;

    for (size_t i = 0; i < mine->work->count && rc == KX_OK; i++) {
        int64_t order_id = mine->work->keys[i];
        rc = set_field(txn, order_id, "user_id", kx_int(bench_new_user(mine->store->data, order_id)));
    }
    return rc;
}

int peer_kx_u1(void *context, const bench_work *work, uint64_t *answer)
{
    (void)answer;
    return write_slice(context, work, set_amounts, "U1");
}

int peer_kx_u1q(void *context, const bench_work *work, uint64_t *answer)
{
    int rc = 0;
    (void)answer;

    for (size_t i = 0; i < work->count && rc == 0; i++)
        rc = write_slice(context, work, set_where_new, "U1q");
    return rc;
}

int peer_kx_u2(void *context, const bench_work *work, uint64_t *answer)
{
    (void)answer;
    return write_slice(context, work, set_users, "U2");
}

/* ---- D1 ------------------------------------------------------------------------------------------ */

static int delete_user(kx_txn *txn, int64_t user_id)
{
    kx_doc *user;

    int rc = kx_get(txn, "users", "user_id", kx_int(user_id), &user);
    if (rc != KX_OK)
        return rc;
    rc = kx_doc_delete(user);
    kx_doc_release(user);
    return rc;
}

static int delete_users(kx_txn *txn, void *context)
{
    const bench_work *work = ((const slice *)context)->work;
    int rc = KX_OK;

    for (size_t i = 0; i < work->count && rc == KX_OK; i++)
        rc = delete_user(txn, work->keys[i]);
    return rc;
}

int peer_kx_d1(void *context, const bench_work *work, uint64_t *answer)
{
    (void)answer;
    return write_slice(context, work, delete_users, "D1");
}

/* ---- M2Mw ------------------------------------------------------------------------------------------ */

static int exchange(kx_doc *order, kx_doc *old_product, kx_doc *new_product)
{
    int rc = kx_related_remove(order, "products", old_product);
    return rc != KX_OK ? rc : kx_related_add(order, "products", new_product);
}

static int exchange_product(kx_txn *txn, const bench_data *data, int64_t order_id)
{
    int64_t from = bench_product_of(data, order_id, 0), to = bench_product_of(data, order_id, BENCH_LINKS);
    kx_doc *order = NULL, *old_product = NULL, *new_product = NULL;

    int rc = kx_get(txn, "orders", "order_id", kx_int(order_id), &order);
    if (rc == KX_OK)
        rc = kx_get(txn, "products", "product_id", kx_int(from), &old_product);
    if (rc == KX_OK)
        rc = kx_get(txn, "products", "product_id", kx_int(to), &new_product);
    if (rc == KX_OK)
        rc = exchange(order, old_product, new_product);
    kx_doc_release(new_product);
    kx_doc_release(old_product);
    kx_doc_release(order);
    return rc;
}

static int exchange_products(kx_txn *txn, void *context)
{
    const slice *mine = context;
    int rc = KX_OK;

    for (size_t i = 0; i < mine->work->count && rc == KX_OK; i++)
        rc = exchange_product(txn, mine->store->data, mine->work->keys[i]);
    return rc;
}

int peer_kx_m2mw(void *context, const bench_work *work, uint64_t *answer)
{
    (void)answer;
    return write_slice(context, work, exchange_products, "M2Mw");
}

/* ---- the writer beside a reader ----------------------------------------------------------------------- */

/* New notes for some orders: what no row reads. */
static int write_notes(kx_txn *txn, void *context)
{
    const kx_store *store = context;
    uint64_t random = store->random;
    char note[41];
    int rc = KX_OK;

    for (size_t i = 0; i < BENCH_BUSY && rc == KX_OK; i++) {
        int64_t order_id = bench_random_order(store->data, &random);
        bench_random_note(note, &random);
        rc = set_field(txn, order_id, "note", kx_text(note));
    }
    return rc;
}

int peer_kx_keep_writing(void *context)
{
    kx_store *store = context;

    int rc = kx_write(store->db, write_notes, store);
    bench_random(&store->random);
    return rc == KX_OK ? 0 : peer_kx_fail("the writer of C1w", rc);
}
