/* peer_lmdb_graph.c -- the limit's graph: what it loads beyond the shop, and its reading rows. */
#include <errno.h>
#include <stdlib.h>

#include "peer_lmdb.h"

/* ---- loading: not timed, so entries are sorted by the shortest means ----------------------------- */

typedef struct entry { uint64_t key; lmdb_pair pair; } entry;

static int append(MDB_cursor *cursor, const void *key, size_t key_size, const void *data, size_t size, unsigned flag)
{
    MDB_val name = {key_size, (void *)(uintptr_t)key}, value = {size, (void *)(uintptr_t)data};
    return mdb_cursor_put(cursor, &name, &value, flag);
}

static int compare_entries(const void *left, const void *right)
{
    const entry *a = left, *b = right;

    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return memcmp(&a->pair, &b->pair, sizeof a->pair);
}

static int append_entries(MDB_cursor *cursor, entry *entries, size_t count)
{
    int rc = 0;

    qsort(entries, count, sizeof *entries, compare_entries);
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = append(cursor, &entries[i].key, sizeof entries[i].key, &entries[i].pair, sizeof entries[i].pair,
                    MDB_APPENDDUP);
    return rc;
}

static uint64_t id_of(const lmdb_store *store, int64_t key, size_t number)
{
    return store->primary ? (uint64_t)key : number + 1;
}

static int load_amounts(const lmdb_store *store, MDB_cursor *cursor)
{
    const bench_data *data = store->data;
    entry *entries = malloc(data->order_count * sizeof *entries);

    if (entries == NULL)
        return ENOMEM;
    for (size_t i = 0; i < data->order_count; i++) {
        const bench_order *order = &data->orders[i];
        lmdb_pair pair = {lmdb_descending(order->amount), htobe64(id_of(store, order->order_id, i))};
        entries[i] = (entry){(uint64_t)order->user_id, pair};
    }
    int rc = append_entries(cursor, entries, data->order_count);
    free(entries);
    return rc;
}

/* One end of the links: from orders to products, or back. */
static int load_ends(const lmdb_store *store, MDB_cursor *cursor, bool back)
{
    const bench_data *data = store->data;
    entry *entries = malloc(data->link_count * sizeof *entries);

    if (entries == NULL)
        return ENOMEM;
    for (size_t i = 0; i < data->link_count; i++) {
        uint64_t order = (uint64_t)data->links[i].order_id, product = (uint64_t)data->links[i].product_id;
        entries[i] = (entry){back ? product : order, {htobe64(back ? order : product), htobe64(i + 1)}};
    }
    int rc = append_entries(cursor, entries, data->link_count);
    free(entries);
    return rc;
}

static int load_rows(MDB_cursor *cursor, const bench_bytes *documents, size_t count, uint64_t first)
{
    int rc = 0;

    for (size_t i = 0; i < count && rc == 0; i++) {
        uint64_t id = first + i;
        rc = append(cursor, &id, sizeof id, documents[i].data, documents[i].size, MDB_APPEND);
    }
    return rc;
}

static int load_product_ids(const lmdb_store *store, MDB_cursor *cursor)
{
    int rc = 0;

    for (size_t i = 0; i < store->data->product_count && rc == 0; i++) {
        uint64_t id = i + 1;
        const int64_t *key = &store->data->products[i].product_id;
        rc = append(cursor, key, sizeof *key, &id, sizeof id, MDB_APPEND);
    }
    return rc;
}

static int load_user_status(const lmdb_store *store, MDB_cursor *cursor)
{
    int rc = 0;

    for (size_t i = 0; i < store->data->user_count && rc == 0; i++) {
        const bench_user *user = &store->data->users[i];
        uint64_t id = id_of(store, user->user_id, i);
        rc = append(cursor, user->status, strlen(user->status), &id, sizeof id, 0);
    }
    return rc;
}

static int load_order_status(const lmdb_store *store, MDB_cursor *cursor)
{
    int rc = 0;

    for (size_t i = 0; i < store->data->order_count && rc == 0; i++) {
        const bench_order *order = &store->data->orders[i];
        uint64_t id = id_of(store, order->order_id, i);
        rc = append(cursor, order->status, strlen(order->status), &id, sizeof id, 0);
    }
    return rc;
}

static int load_table(const lmdb_store *store, lmdb_table table, MDB_cursor *cursor)
{
    const bench_data *data = store->data;

    switch (table) {
    case USER_STATUS:
        return load_user_status(store, cursor);
    case ORDER_STATUS:
        return load_order_status(store, cursor);
    case USER_AMOUNTS:
        return load_amounts(store, cursor);
    case PRODUCTS:
        return load_rows(cursor, data->product_docs, data->product_count, id_of(store, BENCH_FIRST_PRODUCT, 0));
    case PRODUCT_IDS:
        return load_product_ids(store, cursor);
    case LINKS:
        return load_rows(cursor, data->link_docs, data->link_count, 1);
    default:
        return load_ends(store, cursor, table == PRODUCT_LINKS);
    }
}

int lmdb_load_graph(lmdb_store *store, MDB_txn *txn)
{
    int rc = 0;

    for (lmdb_table table = USER_STATUS; table < LMDB_TABLES && rc == 0; table++) {
        MDB_cursor *cursor;
        if (!lmdb_has_table(store, table))
            continue;
        rc = mdb_cursor_open(txn, store->dbi[table], &cursor);
        if (rc != 0)
            return rc;
        rc = load_table(store, table, cursor);
        mdb_cursor_close(cursor);
    }
    return rc;
}

/* ---- M2M ------------------------------------------------------------------------------------------ */

static int add_price(const lmdb_store *store, MDB_val pair, double *sum)
{
    uint64_t product_id;
    MDB_val product;
    double price;

    memcpy(&product_id, pair.mv_data, sizeof product_id);
    int rc = lmdb_get_by_key(store, PRODUCT_IDS, PRODUCTS, (int64_t)be64toh(product_id), &product);
    if (rc != 0)
        return rc;
    if (!doc_real(FIELD(product, "price"), &price))
        return MDB_CORRUPTED;
    *sum += price;
    return 0;
}

static int sum_prices(const lmdb_store *store, int64_t order_id, double *sum)
{
    MDB_cursor *cursor = store->cursors[ORDER_LINKS];
    MDB_val key = lmdb_key(&order_id), pair;

    int rc = mdb_cursor_get(cursor, &key, &pair, MDB_SET);
    while (rc == 0) {
        rc = add_price(store, pair, sum);
        if (rc == 0)
            rc = mdb_cursor_get(cursor, &key, &pair, MDB_NEXT_DUP);
    }
    return rc == MDB_NOTFOUND ? 0 : rc;
}

int lmdb_m2m(void *context, const bench_work *work, uint64_t *answer)
{
    int rc = 0;

    for (size_t i = 0; i < work->count && rc == 0; i++) {
        double sum = 0;
        rc = sum_prices(context, work->keys[i], &sum);
        *answer += bench_sum_answer(sum);
    }
    return rc == 0 ? 0 : lmdb_fail("M2M", rc);
}

/* ---- intersection and union: the user's orders are few, so they are read and looked at ----------------- */

/* The amount into the sum, the note into the answer. */
static int read_both(const MDB_val *order, double *sum, uint64_t *answer)
{
    const char *note;
    size_t size;

    if (!doc_text(FIELD(*order, "note"), &note, &size))
        return MDB_CORRUPTED;
    *answer += bench_text_answer(note, size);
    return lmdb_add_amount(order, sum);
}

/* `status` NULL: any. */
static int add_order(const lmdb_store *store, int64_t id, const char *status, double *sum, uint64_t *answer)
{
    MDB_val order;
    const char *text;
    size_t size;

    int rc = lmdb_get_row(store->cursors, ORDERS, id, &order);
    if (rc != 0)
        return rc;
    if (status == NULL)
        return read_both(&order, sum, answer);
    if (!doc_text(FIELD(order, "status"), &text, &size))
        return MDB_CORRUPTED;
    return size == strlen(status) && memcmp(text, status, size) == 0 ? read_both(&order, sum, answer) : 0;
}

static int add_user(const lmdb_store *store, int64_t user_id, const char *status, uint64_t *answer)
{
    MDB_cursor *cursor = store->cursors[ORDER_USERS];
    MDB_val key = lmdb_key(&user_id), ids;
    double sum = 0;

    int rc = mdb_cursor_get(cursor, &key, &ids, MDB_SET);
    if (rc == 0)
        rc = mdb_cursor_get(cursor, &key, &ids, MDB_GET_MULTIPLE);
    while (rc == 0) {
        for (size_t i = 0; i < ids.mv_size / sizeof(int64_t) && rc == 0; i++)
            rc = add_order(store, lmdb_id_at(ids, i), status, &sum, answer);
        if (rc == 0)
            rc = mdb_cursor_get(cursor, &key, &ids, MDB_NEXT_MULTIPLE);
    }
    *answer += bench_sum_answer(sum);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

int lmdb_x1(void *context, const bench_work *work, uint64_t *answer)
{
    int rc = 0;

    for (size_t i = 0; i < work->count && rc == 0; i++)
        rc = add_user(context, work->keys[i], bench_status_of(work->keys[i]), answer);
    return rc == 0 ? 0 : lmdb_fail("X1", rc);
}

int lmdb_x2(void *context, const bench_work *work, uint64_t *answer)
{
    const lmdb_store *store = context;
    int rc = 0;

    for (size_t i = 0; i < work->count && rc == 0; i++) {
        int64_t other = bench_other_user(store->data, work->keys[i]);
        rc = add_user(store, work->keys[i], NULL, answer);
        if (rc == 0 && other != work->keys[i])
            rc = add_user(store, other, NULL, answer);
    }
    return rc == 0 ? 0 : lmdb_fail("X2", rc);
}

/* ---- crossing: half of all users match, so their keys become a set of bits and the orders are read in a row ---- */

typedef struct key_set { int64_t first; uint64_t count; uint64_t *bits; } key_set;

static bool in_set(const key_set *set, int64_t key)
{
    uint64_t at = (uint64_t)(key - set->first);
    return at < set->count && (set->bits[at / 64] >> at % 64 & 1) != 0;
}

static int user_key(const lmdb_store *store, int64_t id, int64_t *user_id)
{
    MDB_val user;

    *user_id = id;
    if (store->primary)
        return 0;
    int rc = lmdb_get_row(store->cursors, USERS, id, &user);
    return rc != 0 ? rc : doc_int(FIELD(user, "user_id"), user_id) ? 0 : MDB_CORRUPTED;
}

static int add_keys(const lmdb_store *store, MDB_val ids, key_set *set)
{
    int rc = 0;

    for (size_t i = 0; i < ids.mv_size / sizeof(int64_t) && rc == 0; i++) {
        int64_t user_id = 0;
        rc = user_key(store, lmdb_id_at(ids, i), &user_id);
        uint64_t at = (uint64_t)(user_id - set->first);
        if (rc == 0 && at < set->count)
            set->bits[at / 64] |= UINT64_C(1) << at % 64;
    }
    return rc;
}

/* Users of a status; keys stand between those of the first and the last user. */
static int find_users(const lmdb_store *store, const char *status, key_set *set)
{
    MDB_val key = {strlen(status), (void *)(uintptr_t)status}, ids;
    MDB_cursor *cursor = store->cursors[USER_STATUS];

    *set = (key_set){BENCH_FIRST_USER, store->data->user_count, NULL};
    set->bits = calloc(set->count / 64 + 1, sizeof *set->bits);
    int rc = set->bits == NULL ? ENOMEM : mdb_cursor_get(cursor, &key, &ids, MDB_SET);
    if (rc == 0)
        rc = mdb_cursor_get(cursor, &key, &ids, MDB_GET_MULTIPLE);
    while (rc == 0) {
        rc = add_keys(store, ids, set);
        if (rc == 0)
            rc = mdb_cursor_get(cursor, &key, &ids, MDB_NEXT_MULTIPLE);
    }
    return rc == MDB_NOTFOUND ? 0 : rc;
}

static int add_orders_of(const lmdb_store *store, const key_set *set, uint64_t *answer)
{
    MDB_val key, order;
    int64_t user_id;
    double sum = 0;

    int rc = mdb_cursor_get(store->cursors[ORDERS], &key, &order, MDB_FIRST);
    while (rc == 0) {
        if (!doc_int(FIELD(order, "user_id"), &user_id))
            return MDB_CORRUPTED;
        if (in_set(set, user_id))
            rc = read_both(&order, &sum, answer);
        if (rc == 0)
            rc = mdb_cursor_get(store->cursors[ORDERS], &key, &order, MDB_NEXT);
    }
    *answer += bench_sum_answer(sum);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

int lmdb_x3(void *context, const bench_work *work, uint64_t *answer)
{
    int rc = 0;

    for (size_t i = 0; i < work->count && rc == 0; i++) {
        key_set set;
        rc = find_users(context, "premium", &set);
        if (rc == 0)
            rc = add_orders_of(context, &set, answer);
        free(set.bits);
    }
    return rc == 0 ? 0 : lmdb_fail("X3", rc);
}

/* ---- the first few of a set ---------------------------------------------------------------------------- */

/* Each amount counts by its place, so that the order is compared too. */
static int add_dearest(const lmdb_store *store, int64_t user_id, uint64_t *answer)
{
    MDB_cursor *cursor = store->cursors[USER_AMOUNTS];
    MDB_val key = lmdb_key(&user_id), value, order;
    double sum = 0;

    int rc = mdb_cursor_get(cursor, &key, &value, MDB_SET);
    for (int place = 1; place <= BENCH_TOP && rc == 0; place++) {
        double amount = 0;
        lmdb_pair pair;
        memcpy(&pair, value.mv_data, sizeof pair);
        rc = lmdb_get_row(store->cursors, ORDERS, (int64_t)be64toh(pair.second), &order);
        if (rc == 0)
            rc = read_both(&order, &amount, answer);
        sum += place * amount;
        if (rc == 0 && place < BENCH_TOP)
            rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT_DUP);
    }
    *answer += bench_sum_answer(sum);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

int lmdb_x4(void *context, const bench_work *work, uint64_t *answer)
{
    int rc = 0;

    for (size_t i = 0; i < work->count && rc == 0; i++)
        rc = add_dearest(context, work->keys[i], answer);
    return rc == 0 ? 0 : lmdb_fail("X4", rc);
}
