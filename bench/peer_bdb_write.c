/* peer_bdb_write.c -- Berkeley DB's load and writing rows. */
#include <errno.h>

#include "peer_bdb.h"

/* ---- transactions --------------------------------------------------------------------------------- */

typedef struct bdb_work { bdb_store *store; DB_TXN *txn; const bench_work *work; } bdb_work;
typedef int bdb_change(bdb_work *mine);

static int in_transaction(void *context, const bench_work *work, bdb_change *change, const char *what)
{
    bdb_work mine = {context, NULL, work};

    int rc = mine.store->env->txn_begin(mine.store->env, NULL, &mine.txn, 0);
    if (rc != 0)
        return bdb_fail(what, rc);
    rc = change(&mine);
    int ended = rc == 0 ? mine.txn->commit(mine.txn, 0) : mine.txn->abort(mine.txn);
    rc = rc != 0 ? rc : ended;
    return rc == 0 ? 0 : bdb_fail(what, rc);
}

static int put_document(bdb_work *mine, DB *table, int64_t number, bench_bytes document)
{
    uint64_t bits = htobe64((uint64_t)number);
    DBT key = bdb_bytes(&bits, sizeof bits), value = bdb_bytes(document.data, document.size);
    return table->put(table, mine->txn, &key, &value, DB_NOOVERWRITE);
}

static int put_all(bdb_work *mine)
{
    bdb_store *store = mine->store;
    const bench_data *data = store->data;
    int rc = 0;

    for (size_t i = 0; i < data->user_count && rc == 0; i++)
        rc = put_document(mine, store->users, data->users[i].user_id, data->user_docs[i]);
    for (size_t i = 0; i < data->order_count && rc == 0; i++)
        rc = put_document(mine, store->orders, data->orders[i].order_id, data->order_docs[i]);
    return rc;
}

int bdb_load(void *context)
{
    return in_transaction(context, NULL, put_all, "W1");
}

static int put_order(bdb_work *mine)
{
    int64_t order_id = mine->work->keys[0];
    const bench_bytes *document = &mine->store->data->order_docs[order_id - BENCH_FIRST_ORDER];
    return put_document(mine, mine->store->orders, order_id, *document);
}

int bdb_w2(void *context, const bench_work *work, uint64_t *answer)
{
    int rc = 0;
    (void)answer;

    for (size_t i = 0; i < work->count && rc == 0; i++)
        rc = in_transaction(context, &(bench_work){work->keys + i, 1, 0}, put_order, "W2");
    return rc;
}

/* ---- changes --------------------------------------------------------------------------------------------------- */

typedef struct row_copy { uint8_t bytes[512]; size_t size; uint8_t *field; } row_copy;

static int copy_order(const DBT *order, row_copy *row, const char *name, size_t length)
{
    if (order->size > sizeof row->bytes)
        return EINVAL;
    memcpy(row->bytes, order->data, order->size);
    row->size = order->size;
    doc_at field = doc_find(row->bytes, row->size, name, length);
    row->field = field.at == NULL ? NULL : row->bytes + (field.at - row->bytes);
    return field.at == NULL ? EINVAL : 0;
}

static int write_order(bdb_work *mine, int64_t order_id, const row_copy *row)
{
    uint64_t bits = htobe64((uint64_t)order_id);
    DBT key = bdb_bytes(&bits, sizeof bits), value = bdb_bytes(row->bytes, row->size);
    return mine->store->orders->put(mine->store->orders, mine->txn, &key, &value, 0);
}

static int read_order(bdb_work *mine, int64_t order_id, row_copy *row, const char *name, size_t length)
{
    DBT order;

    int rc = bdb_get(mine->store->orders, mine->txn, order_id, &order);
    return rc != 0 ? rc : copy_order(&order, row, name, length);
}

static void put_amount(row_copy *order, double amount)
{
    uint64_t bits;

    memcpy(&bits, &amount, sizeof bits);
    bits = htobe64(bits);
    memcpy(order->field + 1, &bits, sizeof bits);
}

static int set_amounts(bdb_work *mine)
{
    double amount = bench_new_amount(mine->work);
    row_copy order;
    int rc = 0;

    for (size_t i = 0; i < mine->work->count && rc == 0; i++) {
        rc = read_order(mine, mine->work->keys[i], &order, "amount", 6);
        if (rc != 0)
            break;
        put_amount(&order, amount);
        rc = write_order(mine, mine->work->keys[i], &order);
    }
    return rc;
}

int bdb_u1(void *context, const bench_work *work, uint64_t *answer)
{
    (void)answer;
    return in_transaction(context, work, set_amounts, "U1");
}

static int set_where_new(bdb_work *mine)
{
    double amount = bench_new_amount(mine->work);
    DBT key = {0}, value = {0};
    const char *status;
    row_copy order;
    size_t size;
    DBC *cursor;

    int rc = mine->store->orders->cursor(mine->store->orders, mine->txn, &cursor, 0);
    if (rc != 0)
        return rc;
    while ((rc = cursor->get(cursor, &key, &value, DB_NEXT)) == 0) {
        if (!doc_text(DOC_FIND(value.data, value.size, "status"), &status, &size))
            rc = EINVAL;
        else if (size == 3 && memcmp(status, "new", 3) == 0)
            rc = copy_order(&value, &order, "amount", 6);
        else
            continue;
        if (rc != 0)
            break;
        put_amount(&order, amount);
        DBT changed = bdb_bytes(order.bytes, order.size);
        rc = cursor->put(cursor, &key, &changed, DB_CURRENT);
        if (rc != 0)
            break;
    }
    int closed = cursor->close(cursor);
    return rc == DB_NOTFOUND ? closed : rc;
}

int bdb_u1q(void *context, const bench_work *work, uint64_t *answer)
{
    int rc = 0;
    (void)answer;

    for (size_t i = 0; i < work->count && rc == 0; i++)
        rc = in_transaction(context, work, set_where_new, "U1q");
    return rc;
}

/* Keys of users take 5 bytes in every document; the entry in order_users follows by itself. */
static int set_users(bdb_work *mine)
{
    row_copy order;
    int rc = 0;

    for (size_t i = 0; i < mine->work->count && rc == 0; i++) {
        int64_t order_id = mine->work->keys[i];
        uint32_t bits = htobe32((uint32_t)bench_new_user(mine->store->data, order_id));
        rc = read_order(mine, order_id, &order, "user_id", 7);
        if (rc != 0)
            break;
        memcpy(order.field + 1, &bits, sizeof bits);
        rc = write_order(mine, order_id, &order);
    }
    return rc;
}

int bdb_u2(void *context, const bench_work *work, uint64_t *answer)
{
    (void)answer;
    return in_transaction(context, work, set_users, "U2");
}

static int delete_users(bdb_work *mine)
{
    int rc = 0;

    for (size_t i = 0; i < mine->work->count && rc == 0; i++) {
        uint64_t bits = htobe64((uint64_t)mine->work->keys[i]);
        DBT key = bdb_bytes(&bits, sizeof bits);
        rc = mine->store->users->del(mine->store->users, mine->txn, &key, 0);
    }
    return rc;
}

int bdb_d1(void *context, const bench_work *work, uint64_t *answer)
{
    (void)answer;
    return in_transaction(context, work, delete_users, "D1");
}
