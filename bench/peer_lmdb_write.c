/*
 * peer_lmdb_write.c -- the limit's writing rows.
 *
 * Changes are made one by one in the order in which they come, as all peers do; a query's are made in the order of ids,
 * while its cursor walks. Fields of a known size are changed in place. A user's orders are deleted in the order of ids.
 */
#include "peer_lmdb.h"

typedef struct lmdb_writer {
    const lmdb_store *store;
    MDB_txn    *txn;
    MDB_cursor *cursors[LMDB_TABLES];
} lmdb_writer;

typedef int change_keys(lmdb_writer *writer, const int64_t *keys, size_t count);

/* ---- a transaction ---------------------------------------------------------------------------- */

static int begin(lmdb_writer *writer)
{
    const lmdb_store *store = writer->store;

    int rc = mdb_txn_begin(store->env, NULL, 0, &writer->txn);
    if (rc != 0)
        return rc;
    for (lmdb_table i = 0; i < LMDB_TABLES && rc == 0; i++)
        if (lmdb_has_table(store, i))
            rc = mdb_cursor_open(writer->txn, store->dbi[i], &writer->cursors[i]);
    return rc;
}

static int end(lmdb_writer *writer, int rc)
{
    for (lmdb_table i = 0; i < LMDB_TABLES; i++)
        if (writer->cursors[i] != NULL)
            mdb_cursor_close(writer->cursors[i]);
    if (rc == 0)
        return mdb_txn_commit(writer->txn);
    mdb_txn_abort(writer->txn);
    return rc;
}

static int write_keys(const lmdb_store *store, const int64_t *keys, size_t count, change_keys *change)
{
    lmdb_writer writer = {.store = store};

    int rc = begin(&writer);
    if (rc == 0)
        rc = change(&writer, keys, count);
    return writer.txn == NULL ? rc : end(&writer, rc);
}

static int put(const lmdb_writer *writer, lmdb_table table, MDB_val key, const void *data, size_t size, unsigned flags)
{
    MDB_val value = {size, (void *)(uintptr_t)data};
    return mdb_cursor_put(writer->cursors[table], &key, &value, flags);
}

static int put_number(const lmdb_writer *writer, lmdb_table table, int64_t key, int64_t id, unsigned flags)
{
    return put(writer, table, lmdb_key(&key), &id, sizeof id, flags);
}

/* One id of a key, or, NULL, all of them. */
static int erase(const lmdb_writer *writer, lmdb_table table, MDB_val key, const void *data, size_t size)
{
    MDB_val value = {size, (void *)(uintptr_t)data};
    return mdb_del(writer->txn, writer->store->dbi[table], &key, data == NULL ? NULL : &value);
}

static int erase_number(const lmdb_writer *writer, lmdb_table table, int64_t key, const int64_t *id)
{
    return erase(writer, table, lmdb_key(&key), id, sizeof *id);
}

/* ---- W2 --------------------------------------------------------------------------------------------- */

static int insert_order(lmdb_writer *writer, const int64_t *keys, size_t count)
{
    const bench_bytes *document = &writer->store->data->order_docs[keys[0] - BENCH_FIRST_ORDER];
    MDB_val key, value;
    int64_t user_id, id = keys[0];
    (void)count;

    if (!doc_int(DOC_FIND(document->data, document->size, "user_id"), &user_id))
        return MDB_CORRUPTED;
    int rc = mdb_cursor_get(writer->cursors[ORDERS], &key, &value, MDB_LAST);
    if (rc != 0)
        return rc;
    if (!writer->store->primary)
        id = lmdb_id_at(key, 0) + 1;
    rc = put(writer, ORDERS, lmdb_key(&id), document->data, document->size, MDB_NOOVERWRITE);
    if (rc == 0 && !writer->store->primary)
        rc = put_number(writer, ORDER_IDS, keys[0], id, MDB_NOOVERWRITE);
    return rc != 0 ? rc : put_number(writer, ORDER_USERS, user_id, id, 0);
}

int lmdb_w2(void *context, const bench_work *work, uint64_t *answer)
{
    int rc = 0;
    (void)answer;

    for (size_t i = 0; i < work->count && rc == 0; i++)
        rc = write_keys(context, work->keys + i, 1, insert_order);
    return rc == 0 ? 0 : lmdb_fail("W2", rc);
}

/* ---- changes in place -------------------------------------------------------------------------------- */

/* A field of a stored order, copied out so that it can be changed and put back in its place. */
typedef struct row_copy { uint8_t bytes[512]; size_t size; uint8_t *field; } row_copy;

static int copy_order(const MDB_val *document, row_copy *row, const char *name, size_t length)
{
    if (document->mv_size > sizeof row->bytes)
        return MDB_BAD_VALSIZE;
    memcpy(row->bytes, document->mv_data, document->mv_size);
    row->size = document->mv_size;
    doc_at field = doc_find(row->bytes, row->size, name, length);
    row->field = field.at == NULL ? NULL : row->bytes + (field.at - row->bytes);
    return field.at == NULL ? MDB_CORRUPTED : 0;
}

static int read_order(const lmdb_writer *writer, int64_t order_id, int64_t *id, row_copy *row, const char *name,
                      size_t length)
{
    MDB_val document;

    int rc = lmdb_get_id(writer->cursors, writer->store->primary, ORDER_IDS, order_id, id);
    if (rc == 0)
        rc = lmdb_get_row(writer->cursors, ORDERS, *id, &document);
    return rc != 0 ? rc : copy_order(&document, row, name, length);
}

/* Where the rows' cursor stands. */
static int write_order(const lmdb_writer *writer, int64_t id, const row_copy *row)
{
    return put(writer, ORDERS, lmdb_key(&id), row->bytes, row->size, MDB_CURRENT);
}

/* ---- U1, U1q ------------------------------------------------------------------------------------------- */

static int write_amount(const lmdb_writer *writer, int64_t id, row_copy *order, double amount)
{
    uint64_t bits;

    if (*order->field != 0xcb)
        return MDB_CORRUPTED;
    memcpy(&bits, &amount, sizeof bits);
    bits = htobe64(bits);
    memcpy(order->field + 1, &bits, sizeof bits);
    return write_order(writer, id, order);
}

static int set_amounts(lmdb_writer *writer, const int64_t *keys, size_t count)
{
    double amount = bench_new_amount(&(bench_work){keys, count, 0});
    row_copy order;
    int rc = 0;

    for (size_t i = 0; i < count && rc == 0; i++) {
        int64_t id;
        rc = read_order(writer, keys[i], &id, &order, "amount", 6);
        if (rc == 0)
            rc = write_amount(writer, id, &order, amount);
    }
    return rc;
}

int lmdb_u1(void *context, const bench_work *work, uint64_t *answer)
{
    (void)answer;
    int rc = write_keys(context, work->keys, work->count, set_amounts);
    return rc == 0 ? 0 : lmdb_fail("U1", rc);
}

static int set_where_new(lmdb_writer *writer, const int64_t *keys, size_t count)
{
    double amount = bench_new_amount(&(bench_work){keys, count, 0});
    MDB_cursor *cursor = writer->cursors[ORDERS];
    MDB_val key, document;
    const char *status;
    row_copy order;
    size_t size;

    int rc = mdb_cursor_get(cursor, &key, &document, MDB_FIRST);
    while (rc == 0) {
        if (!doc_text(FIELD(document, "status"), &status, &size))
            return MDB_CORRUPTED;
        if (size == 3 && memcmp(status, "new", 3) == 0) {
            rc = copy_order(&document, &order, "amount", 6);
            if (rc == 0)
                rc = write_amount(writer, lmdb_id_at(key, 0), &order, amount);
        }
        if (rc == 0)
            rc = mdb_cursor_get(cursor, &key, &document, MDB_NEXT);
    }
    return rc == MDB_NOTFOUND ? 0 : rc;
}

int lmdb_u1q(void *context, const bench_work *work, uint64_t *answer)
{
    int rc = 0;
    (void)answer;

    for (size_t i = 0; i < work->count && rc == 0; i++)
        rc = write_keys(context, work->keys, 1, set_where_new);
    return rc == 0 ? 0 : lmdb_fail("U1q", rc);
}

/* ---- U2 --------------------------------------------------------------------------------------------------- */

/* Keys of users take 5 bytes in every document. */
static int set_user(const lmdb_writer *writer, int64_t order_id, int64_t new_user)
{
    uint32_t bits = htobe32((uint32_t)new_user);
    int64_t id, old_user;
    row_copy order;

    int rc = read_order(writer, order_id, &id, &order, "user_id", 7);
    if (rc != 0)
        return rc;
    if (*order.field != 0xce || !doc_int((doc_at){order.field, order.bytes + order.size}, &old_user))
        return MDB_CORRUPTED;
    if (old_user == new_user)
        return 0;
    memcpy(order.field + 1, &bits, sizeof bits);
    rc = write_order(writer, id, &order);
    if (rc == 0)
        rc = erase_number(writer, ORDER_USERS, old_user, &id);
    return rc != 0 ? rc : put_number(writer, ORDER_USERS, new_user, id, 0);
}

static int set_users(lmdb_writer *writer, const int64_t *keys, size_t count)
{
    int rc = 0;

    for (size_t i = 0; i < count && rc == 0; i++)
        rc = set_user(writer, keys[i], bench_new_user(writer->store->data, keys[i]));
    return rc;
}

int lmdb_u2(void *context, const bench_work *work, uint64_t *answer)
{
    (void)answer;
    int rc = write_keys(context, work->keys, work->count, set_users);
    return rc == 0 ? 0 : lmdb_fail("U2", rc);
}

/* ---- D1 ------------------------------------------------------------------------------------------------------- */

static int delete_order(const lmdb_writer *writer, int64_t id)
{
    MDB_val document;
    int64_t order_id;

    if (writer->store->primary)
        return erase_number(writer, ORDERS, id, NULL);
    int rc = lmdb_get_row(writer->cursors, ORDERS, id, &document);
    if (rc != 0)
        return rc;
    if (!doc_int(FIELD(document, "order_id"), &order_id))
        return MDB_CORRUPTED;
    rc = erase_number(writer, ORDER_IDS, order_id, NULL);
    return rc != 0 ? rc : erase_number(writer, ORDERS, id, NULL);
}

static int delete_orders(const lmdb_writer *writer, int64_t user_id)
{
    MDB_cursor *cursor = writer->cursors[ORDER_USERS];
    MDB_val key = lmdb_key(&user_id), ids;

    int rc = mdb_cursor_get(cursor, &key, &ids, MDB_SET);
    if (rc == MDB_NOTFOUND)
        return 0;
    if (rc == 0)
        rc = mdb_cursor_get(cursor, &key, &ids, MDB_GET_MULTIPLE);
    while (rc == 0) {
        for (size_t i = 0; i < ids.mv_size / sizeof(int64_t) && rc == 0; i++)
            rc = delete_order(writer, lmdb_id_at(ids, i));
        if (rc == 0)
            rc = mdb_cursor_get(cursor, &key, &ids, MDB_NEXT_MULTIPLE);
    }
    return rc == MDB_NOTFOUND ? erase_number(writer, ORDER_USERS, user_id, NULL) : rc;
}

static int delete_user(const lmdb_writer *writer, int64_t user_id)
{
    MDB_val user, email;
    const char *text;
    int64_t id;

    int rc = lmdb_get_id(writer->cursors, writer->store->primary, USER_IDS, user_id, &id);
    if (rc == 0)
        rc = lmdb_get_row(writer->cursors, USERS, id, &user);
    if (rc == 0 && !doc_text(FIELD(user, "email"), &text, &email.mv_size))
        rc = MDB_CORRUPTED;
    if (rc != 0)
        return rc;
    email.mv_data = (void *)(uintptr_t)text;
    rc = erase(writer, EMAILS, email, &id, sizeof id);
    if (rc == 0 && !writer->store->primary)
        rc = erase_number(writer, USER_IDS, user_id, NULL);
    if (rc == 0)
        rc = erase_number(writer, USERS, id, NULL);
    return rc != 0 ? rc : delete_orders(writer, user_id);
}

static int delete_users(lmdb_writer *writer, const int64_t *keys, size_t count)
{
    int rc = 0;

    for (size_t i = 0; i < count && rc == 0; i++)
        rc = delete_user(writer, keys[i]);
    return rc;
}

int lmdb_d1(void *context, const bench_work *work, uint64_t *answer)
{
    (void)answer;
    int rc = write_keys(context, work->keys, work->count, delete_users);
    return rc == 0 ? 0 : lmdb_fail("D1", rc);
}

/* ---- M2Mw ------------------------------------------------------------------------------------------------------- */

/* The link's id and its place in order_links; MDB_NOTFOUND: they are not linked. */
static int find_link(const lmdb_writer *writer, int64_t order_id, int64_t product_id, lmdb_pair *pair)
{
    MDB_val key = lmdb_key(&order_id), value = {sizeof *pair, pair};

    *pair = (lmdb_pair){htobe64((uint64_t)product_id), 0};
    int rc = mdb_cursor_get(writer->cursors[ORDER_LINKS], &key, &value, MDB_GET_BOTH_RANGE);
    if (rc != 0)
        return rc;
    memcpy(pair, value.mv_data, sizeof *pair);
    return pair->first == htobe64((uint64_t)product_id) ? 0 : MDB_NOTFOUND;
}

static int remove_link(const lmdb_writer *writer, int64_t order_id, int64_t product_id)
{
    lmdb_pair onward;

    int rc = find_link(writer, order_id, product_id, &onward);
    if (rc != 0)
        return rc;
    lmdb_pair back = {htobe64((uint64_t)order_id), onward.second};
    rc = erase_number(writer, LINKS, (int64_t)be64toh(onward.second), NULL);
    if (rc == 0)
        rc = erase(writer, ORDER_LINKS, lmdb_key(&order_id), &onward, sizeof onward);
    return rc != 0 ? rc : erase(writer, PRODUCT_LINKS, lmdb_key(&product_id), &back, sizeof back);
}

/* {"order_id": …, "product_id": …}, both in 4 bytes. */
static size_t pack_link(uint8_t *bytes, int64_t order_id, int64_t product_id)
{
    uint32_t order_bits = htobe32((uint32_t)order_id), product_bits = htobe32((uint32_t)product_id);

    memcpy(bytes, "\x82\xa8" "order_id\xce", 11);
    memcpy(bytes + 11, &order_bits, 4);
    memcpy(bytes + 15, "\xaa" "product_id\xce", 12);
    memcpy(bytes + 27, &product_bits, 4);
    return 31;
}

static int add_link(const lmdb_writer *writer, int64_t order_id, int64_t product_id)
{
    MDB_val key, value;
    uint8_t bytes[32];
    lmdb_pair pair;

    int rc = find_link(writer, order_id, product_id, &pair);
    if (rc != MDB_NOTFOUND)
        return rc == 0 ? MDB_KEYEXIST : rc;
    rc = mdb_cursor_get(writer->cursors[LINKS], &key, &value, MDB_LAST);
    if (rc != 0)
        return rc;
    int64_t id = lmdb_id_at(key, 0) + 1;
    rc = put(writer, LINKS, lmdb_key(&id), bytes, pack_link(bytes, order_id, product_id), MDB_APPEND);
    pair = (lmdb_pair){htobe64((uint64_t)product_id), htobe64((uint64_t)id)};
    if (rc == 0)
        rc = put(writer, ORDER_LINKS, lmdb_key(&order_id), &pair, sizeof pair, 0);
    pair.first = htobe64((uint64_t)order_id);
    return rc != 0 ? rc : put(writer, PRODUCT_LINKS, lmdb_key(&product_id), &pair, sizeof pair, 0);
}

static int exchange_products(lmdb_writer *writer, const int64_t *keys, size_t count)
{
    const bench_data *data = writer->store->data;
    int rc = 0;

    for (size_t i = 0; i < count && rc == 0; i++) {
        rc = remove_link(writer, keys[i], bench_product_of(data, keys[i], 0));
        if (rc == 0)
            rc = add_link(writer, keys[i], bench_product_of(data, keys[i], BENCH_LINKS));
    }
    return rc;
}

int lmdb_m2mw(void *context, const bench_work *work, uint64_t *answer)
{
    (void)answer;
    int rc = write_keys(context, work->keys, work->count, exchange_products);
    return rc == 0 ? 0 : lmdb_fail("M2Mw", rc);
}

/* ---- the writer beside a reader ---------------------------------------------------------------------------------- */

static int set_note(const lmdb_writer *writer, int64_t order_id, const char *note)
{
    int64_t id;
    row_copy order;

    int rc = read_order(writer, order_id, &id, &order, "note", 4);
    if (rc != 0)
        return rc;
    memcpy(order.field + 2, note, 40);          /* a text of 40 bytes has a head of 2 */
    return write_order(writer, id, &order);
}

static int write_notes(lmdb_writer *writer, const int64_t *keys, size_t count)
{
    uint64_t random = (uint64_t)keys[0];
    char note[41];
    int rc = 0;

    for (size_t i = 0; i < count && rc == 0; i++) {
        int64_t order_id = bench_random_order(writer->store->data, &random);
        bench_random_note(note, &random);
        rc = set_note(writer, order_id, note);
    }
    return rc;
}

int lmdb_keep_writing(void *context)
{
    lmdb_store *store = context;
    int64_t seed = (int64_t)bench_random(&store->random);

    int rc = write_keys(store, &seed, BENCH_BUSY, write_notes);
    return rc == 0 ? 0 : lmdb_fail("the writer of C1w", rc);
}
