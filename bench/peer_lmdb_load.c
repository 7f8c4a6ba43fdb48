/*
 * peer_lmdb_load.c -- the limit's row W1: packed documents in, index keys taken from them in place.
 *
 * One write transaction. Rows are appended; index entries are collected, sorted where they do not ascend by themselves,
 * and appended table by table, so that every table is filled from left to right.
 */
#include <errno.h>
#include <stdlib.h>

#include "peer_lmdb.h"

typedef struct text_entry { const char *key; size_t size; uint64_t id; } text_entry;

typedef struct lmdb_bulk {
    lmdb_store *store;
    MDB_txn    *txn;
    int_entry  *unique, *foreign, *spare;       /* of the orders; `unique` serves the users too */
    text_entry *emails;
} lmdb_bulk;

/* ---- sorting ------------------------------------------------------------------------------- */

static bool ascends(const int_entry *entries, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (entries[i - 1].key >= entries[i].key)
            return false;
    return true;
}

/* One pass of a radix sort, 11 bits at `shift`; stable, so ids that ascended still do within a key. */
static void sort_pass(const int_entry *from, int_entry *to, size_t count, unsigned shift)
{
    size_t starts[2048] = {0}, start = 0;

    for (size_t i = 0; i < count; i++)
        starts[from[i].key >> shift & 2047]++;
    for (size_t i = 0; i < 2048; i++) {
        size_t here = starts[i];
        starts[i] = start;
        start += here;
    }
    for (size_t i = 0; i < count; i++)
        to[starts[from[i].key >> shift & 2047]++] = from[i];
}

int_entry *lmdb_sort(int_entry *entries, int_entry *spare, size_t count)
{
    uint64_t differ = 0;

    for (size_t i = 1; i < count; i++)
        differ |= entries[i].key ^ entries[0].key;
    for (unsigned shift = 0; shift < 64 && differ >> shift != 0; shift += 11) {
        if ((differ >> shift & 2047) == 0)
            continue;
        sort_pass(entries, spare, count, shift);
        int_entry *sorted = spare;
        spare = entries;
        entries = sorted;
    }
    return entries;
}

static int compare_texts(const void *left, const void *right)
{
    const text_entry *a = left, *b = right;
    int order = memcmp(a->key, b->key, a->size < b->size ? a->size : b->size);

    if (order != 0)
        return order;
    if (a->size != b->size)
        return a->size < b->size ? -1 : 1;
    return a->id < b->id ? -1 : a->id > b->id;
}

/* ---- tables ----------------------------------------------------------------------------------- */

static int append_row(MDB_cursor *rows, uint64_t id, bench_bytes document)
{
    MDB_val key = {sizeof id, &id};
    MDB_val value = {document.size, (void *)(uintptr_t)document.data};
    return mdb_cursor_put(rows, &key, &value, MDB_APPEND);
}

/* Unique keys; `put` is MDB_APPEND or MDB_APPENDDUP. */
static int put_entries(lmdb_bulk *load, lmdb_table table, int_entry *entries, size_t count, unsigned put)
{
    MDB_cursor *cursor;

    int rc = mdb_cursor_open(load->txn, load->store->dbi[table], &cursor);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < count && rc == 0; i++) {
        MDB_val key = {sizeof entries[i].key, &entries[i].key}, id = {sizeof entries[i].id, &entries[i].id};
        rc = mdb_cursor_put(cursor, &key, &id, put);
    }
    mdb_cursor_close(cursor);
    return rc;
}

static int put_unique(lmdb_bulk *load, lmdb_table table, size_t count)
{
    if (load->store->primary)
        return 0;
    int_entry *sorted = load->unique;
    if (!ascends(sorted, count))
        sorted = lmdb_sort(sorted, load->spare, count);
    return put_entries(load, table, sorted, count, MDB_APPEND);
}

static int put_emails(lmdb_bulk *load, size_t count)
{
    MDB_cursor *cursor;

    qsort(load->emails, count, sizeof *load->emails, compare_texts);
    int rc = mdb_cursor_open(load->txn, load->store->dbi[EMAILS], &cursor);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < count && rc == 0; i++) {
        text_entry *entry = &load->emails[i];
        MDB_val key = {entry->size, (void *)(uintptr_t)entry->key}, id = {sizeof entry->id, &entry->id};
        rc = mdb_cursor_put(cursor, &key, &id, MDB_APPENDDUP);
    }
    mdb_cursor_close(cursor);
    return rc;
}

/* ---- collections --------------------------------------------------------------------------------- */

static int load_user(lmdb_bulk *load, MDB_cursor *rows, bench_bytes document, size_t number)
{
    int64_t user_id;
    text_entry *email = &load->emails[number];

    if (!doc_int(DOC_FIND(document.data, document.size, "user_id"), &user_id) ||
        !doc_text(DOC_FIND(document.data, document.size, "email"), &email->key, &email->size))
        return EINVAL;
    uint64_t id = load->store->primary ? (uint64_t)user_id : number + 1;
    load->unique[number] = (int_entry){(uint64_t)user_id, id};
    email->id = id;
    return append_row(rows, id, document);
}

static int load_users(lmdb_bulk *load)
{
    const bench_data *data = load->store->data;
    MDB_cursor *rows;

    int rc = mdb_cursor_open(load->txn, load->store->dbi[USERS], &rows);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < data->user_count && rc == 0; i++)
        rc = load_user(load, rows, data->user_docs[i], i);
    mdb_cursor_close(rows);
    if (rc == 0)
        rc = put_unique(load, USER_IDS, data->user_count);
    return rc == 0 && load->store->set == SET_SHOP ? put_emails(load, data->user_count) : rc;
}

static int load_order(lmdb_bulk *load, MDB_cursor *rows, bench_bytes document, size_t number)
{
    int64_t order_id, user_id;

    if (!doc_int(DOC_FIND(document.data, document.size, "order_id"), &order_id) ||
        !doc_int(DOC_FIND(document.data, document.size, "user_id"), &user_id))
        return EINVAL;
    uint64_t id = load->store->primary ? (uint64_t)order_id : number + 1;
    load->unique[number] = (int_entry){(uint64_t)order_id, id};
    load->foreign[number] = (int_entry){(uint64_t)user_id, id};
    return append_row(rows, id, document);
}

static int load_orders(lmdb_bulk *load)
{
    const bench_data *data = load->store->data;
    MDB_cursor *rows;

    int rc = mdb_cursor_open(load->txn, load->store->dbi[ORDERS], &rows);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < data->order_count && rc == 0; i++)
        rc = load_order(load, rows, data->order_docs[i], i);
    mdb_cursor_close(rows);
    if (rc == 0)
        rc = put_unique(load, ORDER_IDS, data->order_count);
    if (rc != 0)
        return rc;
    int_entry *sorted = lmdb_sort(load->foreign, load->spare, data->order_count);
    return put_entries(load, ORDER_USERS, sorted, data->order_count, MDB_APPENDDUP);
}

static int load_all(lmdb_bulk *load)
{
    int rc = mdb_txn_begin(load->store->env, NULL, 0, &load->txn);
    if (rc != 0)
        return rc;
    rc = load_users(load);
    if (rc == 0)
        rc = load_orders(load);
    if (rc == 0 && load->store->set == SET_GRAPH)
        rc = lmdb_load_graph(load->store, load->txn);
    if (rc == 0)
        return mdb_txn_commit(load->txn);
    mdb_txn_abort(load->txn);
    return rc;
}

int lmdb_load(void *context)
{
    lmdb_bulk load = {.store = context};
    const bench_data *data = load.store->data;
    size_t most = data->user_count > data->order_count ? data->user_count : data->order_count;
    int rc = ENOMEM;

    load.unique = malloc(most * sizeof *load.unique);
    load.foreign = malloc(most * sizeof *load.foreign);
    load.spare = malloc(most * sizeof *load.spare);
    load.emails = malloc(data->user_count * sizeof *load.emails);
    if (load.unique != NULL && load.foreign != NULL && load.spare != NULL && load.emails != NULL)
        rc = load_all(&load);
    free(load.unique);
    free(load.foreign);
    free(load.spare);
    free(load.emails);
    return rc == 0 ? 0 : lmdb_fail("W1", rc);
}
