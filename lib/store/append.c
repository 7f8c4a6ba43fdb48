/*
 * append.c -- rows or entries in a run, each above the last: pages are filled from left to right.
 *
 * The one place that writes through a cursor: LMDB then keeps its place at the table's end, and with it the page of the last key's ids,
 * where mdb_put would find both anew each time. The cursor lives inside one call, puts and does nothing else.
 */
#include "store/store_impl.h"

#include <string.h>

static int open_run(kx_store_txn *txn, uint32_t table, MDB_cursor **cursor)
{
    MDB_dbi handle;
    int rc = kx_store__prepare_write(txn, table, &handle);
    if (rc != KX_OK)
        return rc;
    txn->top->stats.writes--;       /* they are counted one by one */
    int mdb = mdb_cursor_open(txn->mdb, handle, cursor);
    return mdb == 0 ? KX_OK : kx_store__txn_error(txn, mdb, "open a cursor");
}

int kx_store__append_rows(kx_store_txn *txn, uint32_t table, kx_store_next_row *next, void *context)
{
    MDB_cursor *cursor;
    uint64_t id;
    kx_slice head, body;
    int rc = open_run(txn, table, &cursor), mdb = 0;
    if (rc != KX_OK)
        return rc;
    while (mdb == 0 && (rc = kx_store__usable(txn)) == KX_OK && next(context, &id, &head, &body)) {
        MDB_val key = {sizeof id, &id}, value = {head.size + body.size, NULL};
        mdb = mdb_cursor_put(cursor, &key, &value, MDB_RESERVE | MDB_APPEND);
        if (mdb != 0)
            break;
        if (head.size > 0)
            memcpy(value.mv_data, head.data, head.size);
        if (body.size > 0)
            memcpy((uint8_t *)value.mv_data + head.size, body.data, body.size);
        txn->top->stats.writes++;
    }
    mdb_cursor_close(cursor);
    return mdb == 0 ? rc : kx_store__txn_error(txn, mdb, "append a row");
}

enum { TOGETHER = 64 };

typedef struct run {
    kx_store_txn *txn;
    MDB_cursor *cursor;
    kx_store_next_entry *next;
    void *context;
    int rc;                     /* why nothing came, where something may be left */
    size_t key_size, count;
    uint64_t ids[TOGETHER];
    uint8_t key[KEY_MAX];       /* of these ids; what `next` gave may be gone */
} run;

static bool next_of(run *r, kx_slice *key, uint64_t *id)
{
    r->rc = kx_store__usable(r->txn);
    return r->rc == KX_OK && r->next(r->context, key, id);
}

/* Ids of one key at once: LMDB then looks for the key once. */
static int put_together(run *r)
{
    MDB_val key = {r->key_size, r->key}, ids[2] = {{sizeof r->ids[0], r->ids}, {r->count, NULL}};
    size_t count = r->count;
    r->count = 0;
    if (count == 0)
        return 0;
    int mdb = mdb_cursor_put(r->cursor, &key, ids, MDB_APPENDDUP | (count > 1 ? MDB_MULTIPLE : 0u));
    r->txn->top->stats.writes += mdb == 0 ? count : 0;
    return mdb;
}

static int append_postings(run *r)
{
    kx_slice key;
    uint64_t id;
    while (next_of(r, &key, &id)) {
        bool same = key.size == r->key_size && memcmp(key.data, r->key, key.size) == 0;
        int mdb = !same || r->count == TOGETHER ? put_together(r) : 0;
        if (mdb != 0 || key.size > KEY_MAX)
            return mdb != 0 ? mdb : MDB_BAD_VALSIZE;
        if (!same)
            memcpy(r->key, key.data, r->key_size = key.size);
        r->ids[r->count++] = id;
    }
    return put_together(r);
}

static int append_unique(run *r)
{
    kx_slice bytes;
    uint64_t id;
    int mdb = 0;
    while (mdb == 0 && next_of(r, &bytes, &id)) {
        MDB_val key = kx_store__val(bytes), value = {sizeof id, &id};
        mdb = mdb_cursor_put(r->cursor, &key, &value, MDB_APPEND);
        r->txn->top->stats.writes += mdb == 0;
    }
    return mdb;
}

int kx_store__append_entries(kx_store_txn *txn, kx_store_table table, kx_store_next_entry *next, void *context)
{
    run r;
    r.txn = txn;
    r.next = next;
    r.context = context;
    r.key_size = r.count = 0;
    int rc = open_run(txn, table.number, &r.cursor);
    if (rc != KX_OK)
        return rc;
    int mdb = table.shape == KX_STORE_POSTINGS ? append_postings(&r) : append_unique(&r);
    mdb_cursor_close(r.cursor);
    return mdb == 0 ? r.rc : kx_store__txn_error(txn, mdb, "append an entry");
}
