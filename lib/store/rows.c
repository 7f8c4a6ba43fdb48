/*
 * rows.c -- rows by id.
 *
 * A row is looked up with mdb_get(). A cursor would first ask whether the id is on the page where it stands, which costs
 * two cache misses to learn that it is not. Where ids ascend closely (a table read in order, a join in order) the second
 * of them takes the table's cursor there, and the next ones are reached by stepping (page.c), in a few nanoseconds each.
 * A write transaction descends each time, since no cursor survives a write.
 */
#include "store/store_impl.h"

#include <string.h>

enum { STEPS_AHEAD = 8 };

static inline kx_slice keep(kx_store_stats *stats, const MDB_val *row)
{
    stats->rows++;
    stats->bytes += row->mv_size;
    return kx_store__slice(*row);
}

/* Step ahead until the id is reached or passed: at most `id - p->id` steps, as ids are distinct. */
static int step_to(kx_store_txn *txn, kx_point *p, uint64_t id)
{
    while (p->id < id) {
        MDB_val key = {sizeof(p->id), &p->id};
        p->below = p->id;
        int mdb = kx_store__page_next(txn, p->cursor, &p->page, &key, &p->row);
        if (mdb == 0 && key.mv_size != sizeof(p->id))
            mdb = MDB_CORRUPTED;
        if (mdb != 0) {
            p->stands = false;
            return mdb;
        }
        memcpy(&p->id, key.mv_data, sizeof(p->id));
    }
    return p->id == id ? 0 : MDB_NOTFOUND;
}

static inline bool is_near(const kx_point *p, uint64_t id)
{
    return id > p->below && (id <= p->id || id - p->id <= STEPS_AHEAD);
}

/* By the cursor. p->row is the row when this gives 0, as below. */
static inline int find_row(kx_store_txn *txn, kx_point *p, uint64_t id)
{
    if (is_near(p, id) && (p->stands || id <= p->id))
        return id < p->id ? MDB_NOTFOUND : step_to(txn, p, id);
    MDB_val key = {sizeof(id), &id};
    txn->top->stats.descents++;
    kx_store__page_close(&p->page);
    int mdb = mdb_cursor_get(p->cursor, &key, &p->row, MDB_SET);
    p->stands = mdb == 0;
    p->id = id;
    p->below = mdb == 0 && id > 0 ? id - 1 : id;
    return mdb;
}

/* Just ahead of what was read last, or the same again. */
static int find_near(kx_store_txn *txn, MDB_dbi handle, kx_point *p, uint64_t id)
{
    int rc = id > p->id ? kx_store__point_cursor(txn, handle, p) : KX_OK;
    if (rc != KX_OK)
        return rc;
    int mdb = find_row(txn, p, id);
    return mdb == 0 ? KX_OK : mdb == MDB_NOTFOUND ? KX_NOTFOUND : kx_store__txn_error(txn, mdb, "get a row");
}

static inline int get_alone(kx_store_txn *txn, MDB_dbi handle, uint64_t id, MDB_val *row)
{
    MDB_val key = {sizeof(id), &id};
    txn->top->stats.descents++;
    int mdb = mdb_get(txn->mdb, handle, &key, row);
    if (mdb == 0)
        return KX_OK;
    return mdb == MDB_NOTFOUND ? KX_NOTFOUND : kx_store__txn_error(txn, mdb, "get a row");
}

static inline int find_alone(kx_store_txn *txn, uint32_t table, MDB_dbi handle, uint64_t id, MDB_val *row)
{
    kx_point *p;
    int rc = kx_store__point(txn, table, &p);
    if (rc != KX_OK)
        return rc;
    if (p->serial == txn->serial && is_near(p, id)) {
        rc = find_near(txn, handle, p, id);
        *row = p->row;
        return rc;
    }
    rc = get_alone(txn, handle, id, row);
    p->row = *row;
    p->stands = false;
    p->serial = txn->serial;
    p->id = id;
    p->below = rc == KX_OK && id > 0 ? id - 1 : id;
    return rc;
}

/* What a writer finds is not kept: its next write may move it. */
int kx_store__row_get(kx_store_txn *txn, uint32_t table, uint64_t id, kx_slice *row)
{
    MDB_dbi handle = 0;
    MDB_val found = {0, NULL};
    *row = (kx_slice){NULL, 0};
    int rc = kx_store__usable(txn);
    if (rc == KX_OK)
        rc = kx_store__handle(txn, table, &handle);
    if (rc == KX_OK)
        rc = kx_store__txn_fault(txn, FAULT_READ);
    if (rc != KX_OK)
        return rc;
    rc = txn->writes ? get_alone(txn, handle, id, &found) : find_alone(txn, table, handle, id, &found);
    if (rc == KX_OK)
        *row = keep(&txn->top->stats, &found);
    return rc;
}

/* The next rows of the page at hand, as long as they are the next ones wanted. */
static size_t take_near(kx_store_txn *txn, kx_point *p, const uint64_t *ids, size_t count, kx_slice *rows)
{
    kx_page page = p->page;
    MDB_val key, value;
    size_t taken = 0;
    for (; p->stands && taken < count; taken++) {
        page.at++;
        if (!kx_store__page_pair(&page, &key, &value) || key.mv_size != sizeof(*ids) ||
            memcmp(key.mv_data, &ids[taken], sizeof(*ids)) != 0)
            break;
        rows[taken] = keep(&txn->top->stats, &value);
    }
    if (taken == 0)
        return 0;
    p->below = taken > 1 ? ids[taken - 2] : p->id;
    p->id = ids[taken - 1];
    p->row = kx_store__val(rows[taken - 1]);
    p->page.at += (unsigned)taken;
    p->page.ahead = true;
    return taken;
}

static int get_many(kx_store_txn *txn, kx_point *p, const uint64_t *ids, size_t count, kx_slice *rows)
{
    for (size_t i = 0; i < count; i++) {
        i += take_near(txn, p, ids + i, count - i, rows + i);
        int interrupted = kx_store__usable(txn);
        if (interrupted != KX_OK)
            return interrupted;
        int mdb = i < count ? find_row(txn, p, ids[i]) : MDB_NOTFOUND;
        if (mdb == 0)
            rows[i] = keep(&txn->top->stats, &p->row);
        else if (mdb != MDB_NOTFOUND)
            return kx_store__txn_error(txn, mdb, "get rows");
    }
    return KX_OK;
}

int kx_store__row_get_many(kx_store_txn *txn, uint32_t table, const uint64_t *ids, size_t count, kx_slice *rows)
{
    MDB_dbi handle = 0;
    kx_point pass = {0};
    memset(rows, 0, count * sizeof(*rows));
    int rc = kx_store__usable(txn);
    if (rc == KX_OK)
        rc = kx_store__handle(txn, table, &handle);
    if (rc == KX_NOTFOUND)
        return KX_OK;
    if (rc == KX_OK)
        rc = kx_store__txn_fault(txn, FAULT_READ);
    if (rc == KX_OK)
        rc = kx_store__cursor(txn, table, handle, &pass.cursor);
    if (rc != KX_OK)
        return rc;
    rc = get_many(txn, &pass, ids, count, rows);
    kx_store__cursor_done(txn, table, pass.cursor);
    return rc;
}

/* LMDB makes the room, the two parts are copied into it: no joined copy first. */
static void fill(const MDB_val *value, kx_slice head, kx_slice body)
{
    if (head.size > 0)
        memcpy(value->mv_data, head.data, head.size);
    if (body.size > 0)
        memcpy((uint8_t *)value->mv_data + head.size, body.data, body.size);
}

int kx_store__row_put(kx_store_txn *txn, uint32_t table, uint64_t id, kx_slice head, kx_slice body, bool append)
{
    MDB_dbi handle;
    int rc = kx_store__prepare_write(txn, table, &handle);
    if (rc != KX_OK)
        return rc;
    MDB_val key = {sizeof(id), &id}, value = {head.size + body.size, NULL};
    int mdb = mdb_put(txn->mdb, handle, &key, &value, MDB_RESERVE | (append ? MDB_APPEND : 0u));
    if (mdb != 0)
        return kx_store__txn_error(txn, mdb, "put a row");
    fill(&value, head, body);
    return KX_OK;
}

/* The cursor stands on the page of the row before, which is dirty already: most rows need no descent. */
static int put_next(kx_store_txn *txn, uint32_t table, MDB_cursor *cursor, const kx_store_put *put)
{
    MDB_dbi handle;
    uint64_t id = put->id;
    int rc = kx_store__prepare_write(txn, table, &handle);
    if (rc != KX_OK)
        return rc;
    MDB_val key = {sizeof(id), &id}, value = {put->head.size + put->body.size, NULL};
    int mdb = mdb_cursor_put(cursor, &key, &value, MDB_RESERVE);
    if (mdb != 0)
        return kx_store__txn_error(txn, mdb, "put a row");
    fill(&value, put->head, put->body);
    return KX_OK;
}

int kx_store__row_put_many(kx_store_txn *txn, uint32_t table, const kx_store_put *puts, size_t count)
{
    MDB_dbi handle;
    MDB_cursor *cursor;
    int rc = kx_store__prepare_write(txn, table, &handle);
    if (rc == KX_OK)
        rc = kx_store__cursor(txn, table, handle, &cursor);
    if (rc != KX_OK)
        return rc;
    for (size_t i = 0; i < count && rc == KX_OK; i++)
        rc = put_next(txn, table, cursor, &puts[i]);
    kx_store__cursor_done(txn, table, cursor);
    return rc;
}

int kx_store__row_delete(kx_store_txn *txn, uint32_t table, uint64_t id)
{
    MDB_dbi handle;
    MDB_val key = {sizeof(id), &id};
    int rc = kx_store__prepare_write(txn, table, &handle);
    if (rc != KX_OK)
        return rc;
    int mdb = mdb_del(txn->mdb, handle, &key, NULL);
    return mdb == 0 ? KX_OK : kx_store__txn_error(txn, mdb, "delete a row");
}

int kx_store__row_last(kx_store_txn *txn, uint32_t table, uint64_t *id)
{
    MDB_dbi handle = 0;
    MDB_cursor *cursor;
    MDB_val key, value;
    *id = 0;
    int rc = kx_store__usable(txn);
    if (rc == KX_OK)
        rc = kx_store__handle(txn, table, &handle);
    if (rc == KX_OK)
        rc = kx_store__txn_fault(txn, FAULT_READ);
    if (rc == KX_OK)
        rc = kx_store__cursor(txn, table, handle, &cursor);
    if (rc != KX_OK)
        return rc;
    txn->top->stats.descents++;
    int mdb = mdb_cursor_get(cursor, &key, &value, MDB_LAST);
    if (mdb == 0 && key.mv_size != sizeof(*id))
        mdb = MDB_CORRUPTED;
    if (mdb == 0)
        memcpy(id, key.mv_data, sizeof(*id));
    kx_store__cursor_done(txn, table, cursor);
    return mdb == 0 ? KX_OK : kx_store__txn_error(txn, mdb, "find the last row");
}
