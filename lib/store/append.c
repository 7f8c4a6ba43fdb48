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

int kx_store__append_entries(kx_store_txn *txn, kx_store_table table, kx_store_next_entry *next, void *context)
{
    MDB_cursor *cursor;
    uint64_t id;
    kx_slice bytes;
    unsigned flags = table.shape == KX_STORE_POSTINGS ? MDB_APPENDDUP : MDB_APPEND;
    int rc = open_run(txn, table.number, &cursor), mdb = 0;
    if (rc != KX_OK)
        return rc;
    while (mdb == 0 && (rc = kx_store__usable(txn)) == KX_OK && next(context, &bytes, &id)) {
        MDB_val key = kx_store__val(bytes), value = {sizeof id, &id};
        mdb = mdb_cursor_put(cursor, &key, &value, flags);
        txn->top->stats.writes += mdb == 0;
    }
    mdb_cursor_close(cursor);
    return mdb == 0 ? rc : kx_store__txn_error(txn, mdb, "append an entry");
}
