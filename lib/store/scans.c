/*
 * scans.c -- iterators over rows and entries.
 *
 * A scan knows where it is without its cursor: the last key and id it returned. So before a write to its table the
 * cursor is closed (detached), with a copy of the key; the next step seeks. A savepoint detaches all scans.
 *
 * Ids of one key lie side by side in pages; a scan of postings takes them page by page and asks LMDB only between
 * pages. Two habits of LMDB 0.9 are minded here: at a key with a single id, GET_MULTIPLE gives the page of a key seen
 * before, so the count is asked first; and after MDB_LAST a cursor must be set again before the ids of its key are
 * walked.
 */
#include "store/store_impl.h"

#include <string.h>

typedef enum place {
    AT_START, /* nothing returned yet, and no restart asked for */
    AFTER,    /* behind (key, id): the cursor stands there, or is to be set there */
    AT_END
} place;

struct kx_store_scan {
    kx_store_txn *txn;           /* NULL when dead */
    kx_store_scan *next, **link; /* among the open ones of the transaction */
    kx_store_table table;
    MDB_dbi handle;
    bool descending;
    place place;
    MDB_cursor *cursor; /* NULL: detached */
    uint64_t from_id, to_id;
    size_t from_size, to_size;
    uint64_t id; /* last returned */
    MDB_val key; /* its key; in the table's page, or in `kept` */
    MDB_val row;
    const uint8_t *ids; /* page of the key's ids: `id` is number `at` of `count` */
    size_t at, count;
    bool more; /* the key may have other pages */
    kx_page page; /* of rows or unique entries, where the walk goes upward */
    uint8_t kept[KEY_MAX];
    uint8_t from[BOUND_MAX], to[BOUND_MAX];
};

static inline uint64_t get_id(const void *bytes)
{
    uint64_t id;
    memcpy(&id, bytes, sizeof(id));
    return id;
}

/* ---- life --------------------------------------------------------------------------- */

static void link_scan(kx_store_txn *txn, kx_store_scan *scan)
{
    scan->txn = txn;
    scan->next = txn->scans;
    scan->link = &txn->scans;
    if (scan->next)
        scan->next->link = &scan->next;
    txn->scans = scan;
}

static void unlink_scan(kx_store_scan *scan)
{
    *scan->link = scan->next;
    if (scan->next)
        scan->next->link = scan->link;
    scan->txn = NULL;
}

static void drop_cursor(kx_store_scan *scan)
{
    if (scan->cursor)
        kx_store__cursor_done(scan->txn, scan->table.number, scan->cursor);
    scan->cursor = NULL;
    scan->count = 0;
    kx_store__page_close(&scan->page);
}

static int new_scan(kx_store_txn *txn, kx_store_table table, bool descending, kx_store_scan **made)
{
    MDB_dbi handle = 0;
    *made = NULL;
    int rc = kx_store__usable(txn);
    if (rc == KX_OK)
        rc = kx_store__handle(txn, table.number, &handle);
    if (rc != KX_OK && rc != KX_NOTFOUND)
        return rc;
    kx_store_scan *scan = txn->spare_scan ? txn->spare_scan : kx_base__alloc(sizeof(*scan));
    if (!scan)
        return kx_base__nomem();
    txn->spare_scan = NULL;
    memset(scan, 0, offsetof(kx_store_scan, kept));
    scan->table = table;
    scan->handle = handle;
    scan->descending = descending;
    scan->place = rc == KX_OK ? AT_START : AT_END; /* a snapshot without tables has nothing to scan */
    link_scan(txn, scan);
    *made = scan;
    return KX_OK;
}

int kx_store__scan_rows(kx_store_txn *txn, uint32_t table, uint64_t from, uint64_t to, bool descending,
                        kx_store_scan **scan)
{
    int rc = new_scan(txn, (kx_store_table){table, KX_STORE_ROWS}, descending, scan);
    if (rc == KX_OK) {
        (*scan)->from_id = from;
        (*scan)->to_id = to;
    }
    return rc;
}

int kx_store__scan_entries(kx_store_txn *txn, kx_store_table table, kx_slice from, kx_slice to, bool descending,
                           kx_store_scan **scan)
{
    *scan = NULL;
    if (from.size > BOUND_MAX || to.size > BOUND_MAX)
        return kx_base__fail(KX_LIMIT, "%s: a bound of more than %d bytes", txn->store->path, BOUND_MAX);
    int rc = new_scan(txn, table, descending, scan);
    if (rc != KX_OK)
        return rc;
    if (from.size > 0)
        memcpy((*scan)->from, from.data, (*scan)->from_size = from.size);
    if (to.size > 0)
        memcpy((*scan)->to, to.data, (*scan)->to_size = to.size);
    return KX_OK;
}

void kx_store__free_scan(kx_store_scan *scan)
{
    kx_base__free(scan);
}

void kx_store__scan_close(kx_store_scan *scan)
{
    if (!scan)
        return;
    kx_store_txn *txn = scan->txn;
    if (txn) {
        drop_cursor(scan);
        unlink_scan(scan);
        if (!txn->spare_scan) {
            txn->spare_scan = scan;
            return;
        }
    }
    kx_store__free_scan(scan);
}

/* What the key pointed at is about to move. */
static void detach(kx_store_scan *scan)
{
    if (!scan->cursor)
        return;
    if (scan->place == AFTER && scan->table.shape != KX_STORE_ROWS && scan->key.mv_data != scan->kept) {
        memcpy(scan->kept, scan->key.mv_data, scan->key.mv_size);
        scan->key.mv_data = scan->kept;
    }
    drop_cursor(scan);
}

void kx_store__detach_scans(kx_store_txn *txn, uint32_t table)
{
    for (kx_store_scan *scan = txn->scans; scan; scan = scan->next)
        if (table == KX_STORE_TABLES || scan->table.number == table)
            detach(scan);
}

void kx_store__kill_scans(kx_store_txn *txn)
{
    while (txn->scans) {
        kx_store_scan *scan = txn->scans;
        drop_cursor(scan);
        unlink_scan(scan);
    }
}

int kx_store__scan_after(kx_store_scan *scan, kx_slice key, uint64_t id)
{
    if (!scan->txn)
        return kx_base__fail(KX_INVALID, "the transaction of this scan has ended");
    if (key.size > KEY_MAX || (key.size == 0 && scan->table.shape != KX_STORE_ROWS))
        return kx_base__fail(KX_LIMIT, "%s: an index key of %zu bytes; 1 to %d are possible", scan->txn->store->path,
                             key.size, KEY_MAX);
    if (scan->txn->empty)
        return KX_OK;
    drop_cursor(scan);
    if (key.size > 0 && key.data != scan->kept)
        memmove(scan->kept, key.data, key.size);
    scan->key.mv_data = scan->kept;
    scan->key.mv_size = key.size;
    scan->id = id;
    scan->place = AFTER;
    return KX_OK;
}

/* ---- steps of rows -------------------------------------------------------------------- *
 * Each gives an LMDB code: 0, MDB_NOTFOUND past the last one.                               */

static inline int move_row(kx_store_scan *s, MDB_cursor_op op)
{
    MDB_val key;
    int mdb = mdb_cursor_get(s->cursor, &key, &s->row, op);
    if (mdb != 0 || key.mv_size != sizeof(s->id))
        return mdb != 0 ? mdb : MDB_CORRUPTED;
    s->id = get_id(key.mv_data);
    return 0;
}

/* The row after the last one given, whose id is its key. */
static inline int step_row(kx_store_scan *s)
{
    MDB_val key = {sizeof(s->id), &s->id};
    int mdb = kx_store__page_next(s->txn, s->cursor, &s->page, &key, &s->row);
    if (mdb != 0 || key.mv_size != sizeof(s->id))
        return mdb != 0 ? mdb : MDB_CORRUPTED;
    s->id = get_id(key.mv_data);
    return 0;
}

/* The first row at or above `id`; downward the first at or below. */
static int seek_row(kx_store_scan *s, uint64_t id)
{
    MDB_val key = {sizeof(id), &id};
    s->txn->top->stats.descents++;
    int mdb = mdb_cursor_get(s->cursor, &key, &s->row, MDB_SET_RANGE);
    if (mdb != 0 && (mdb != MDB_NOTFOUND || !s->descending))
        return mdb;
    if (mdb == MDB_NOTFOUND)
        return move_row(s, MDB_LAST);
    if (key.mv_size != sizeof(s->id))
        return MDB_CORRUPTED;
    s->id = get_id(key.mv_data);
    return s->descending && s->id > id ? move_row(s, MDB_PREV) : 0;
}

static inline int next_row(kx_store_scan *s, bool attached)
{
    int mdb;
    if (attached && s->place == AFTER)
        mdb = s->descending ? move_row(s, MDB_PREV) : step_row(s);
    else if (s->place == AT_START)
        mdb = seek_row(s, s->descending ? s->to_id : s->from_id);
    else if (s->descending)
        mdb = s->id == 0 ? MDB_NOTFOUND : seek_row(s, s->id - 1 < s->to_id ? s->id - 1 : s->to_id);
    else
        mdb = s->id == UINT64_MAX ? MDB_NOTFOUND : seek_row(s, s->id + 1 > s->from_id ? s->id + 1 : s->from_id);
    if (mdb == 0 && (s->descending ? s->id < s->from_id : s->id > s->to_id))
        mdb = MDB_NOTFOUND;
    return mdb;
}

/* ---- steps of entries ------------------------------------------------------------------- */

static inline int compare(const MDB_val *key, const uint8_t *bound, size_t size)
{
    int order = memcmp(key->mv_data, bound, key->mv_size < size ? key->mv_size : size);
    return order != 0 ? order : (key->mv_size > size) - (key->mv_size < size);
}

static int take_ids(kx_store_scan *s, MDB_val page)
{
    if (page.mv_size < sizeof(uint64_t))
        return MDB_CORRUPTED;
    s->ids = page.mv_data;
    s->count = page.mv_size / sizeof(uint64_t);
    s->at = 0;
    s->id = get_id(s->ids);
    return 0;
}

/* The cursor stands on a key at its first id, `value`: that id and the others of its page. */
static inline int load_ids(kx_store_scan *s, MDB_val value)
{
    size_t stored = 1;
    if (s->key.mv_size > KEY_MAX)
        return MDB_CORRUPTED;
    if (s->table.shape == KX_STORE_UNIQUE) {
        s->id = value.mv_size == sizeof(uint64_t) ? get_id(value.mv_data) : 0;
        return value.mv_size == sizeof(uint64_t) ? 0 : MDB_CORRUPTED;
    }
    int mdb = mdb_cursor_count(s->cursor, &stored);
    if (mdb == 0 && stored > 1)
        mdb = mdb_cursor_get(s->cursor, &s->key, &value, MDB_GET_MULTIPLE);
    if (mdb == 0)
        mdb = take_ids(s, value);
    s->more = s->count < stored;
    return mdb;
}

static int move_key(kx_store_scan *s, MDB_cursor_op op)
{
    MDB_val value;
    int mdb = mdb_cursor_get(s->cursor, &s->key, &value, op);
    if (mdb == 0 && s->table.shape == KX_STORE_POSTINGS) {
        if (op == MDB_LAST)
            mdb = mdb_cursor_get(s->cursor, &s->key, &value, MDB_SET);
        else if (op == MDB_PREV_NODUP)
            mdb = mdb_cursor_get(s->cursor, &s->key, &value, MDB_FIRST_DUP);
    }
    return mdb == 0 ? load_ids(s, value) : mdb;
}

static int next_key(kx_store_scan *s)
{
    return move_key(s, s->descending ? MDB_PREV_NODUP : MDB_NEXT_NODUP);
}

/* The first key at or above; NULL,0 is the first of all. */
static int seek_key(kx_store_scan *s, const void *bytes, size_t size)
{
    MDB_val value, key = {size, (void *)(uintptr_t)bytes};
    s->txn->top->stats.descents++;
    if (size == 0)
        return move_key(s, MDB_FIRST);
    int mdb = mdb_cursor_get(s->cursor, &key, &value, MDB_SET_RANGE);
    if (mdb != 0)
        return mdb;
    s->key = key;
    return load_ids(s, value);
}

/* The last key below; NULL,0 is the last of all. */
static int seek_key_below(kx_store_scan *s, const void *bytes, size_t size)
{
    int mdb = size > 0 ? seek_key(s, bytes, size) : MDB_NOTFOUND;
    if (mdb == MDB_NOTFOUND)
        return move_key(s, MDB_LAST);
    return mdb == 0 ? move_key(s, MDB_PREV_NODUP) : mdb;
}

/* To the first id above `id` in the key the cursor stands on; MDB_NOTFOUND when there is none. */
static int skip_to_above(kx_store_scan *s, uint64_t id)
{
    MDB_val key = s->key, value = {sizeof(id), &id};
    if (s->id > id)
        return 0;
    if (s->table.shape == KX_STORE_UNIQUE || id == UINT64_MAX)
        return MDB_NOTFOUND;
    id++;
    int mdb = mdb_cursor_get(s->cursor, &key, &value, MDB_GET_BOTH_RANGE);
    if (mdb != 0)
        return mdb;
    uint64_t found = get_id(value.mv_data);
    mdb = load_ids(s, value);
    if (mdb != 0)
        return mdb;
    size_t low = 0, high = s->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (get_id(s->ids + middle * sizeof(uint64_t)) < found)
            low = middle + 1;
        else
            high = middle;
    }
    s->at = low;
    s->id = found;
    return low < s->count ? 0 : MDB_CORRUPTED;
}

/* In the page at hand, by steps that double: what is sought is mostly near. False: it lies behind the page. */
static bool seek_in_page(kx_store_scan *s, uint64_t id)
{
    size_t low = s->at + 1, step = 1, high = low;
    if (low >= s->count || get_id(s->ids + (s->count - 1) * sizeof(uint64_t)) < id)
        return false;
    while (high < s->count && get_id(s->ids + high * sizeof(uint64_t)) < id) {
        low = high + 1;
        high += step;
        step *= 2;
    }
    high = high < s->count ? high : s->count - 1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (get_id(s->ids + middle * sizeof(uint64_t)) < id)
            low = middle + 1;
        else
            high = middle;
    }
    s->at = low;
    s->id = get_id(s->ids + low * sizeof(uint64_t));
    return true;
}

/* Behind (key, id), the key itself maybe gone meanwhile. */
static int seek_after(kx_store_scan *s)
{
    uint64_t id = s->id;
    uint8_t wanted[KEY_MAX];
    size_t size = s->key.mv_size;
    memcpy(wanted, s->key.mv_data, size);
    int mdb = seek_key(s, wanted, size);
    bool same = mdb == 0 && compare(&s->key, wanted, size) == 0;
    if (same) {
        mdb = skip_to_above(s, id);
        return mdb == MDB_NOTFOUND ? next_key(s) : mdb;
    }
    if (!s->descending)
        return mdb;
    return mdb == MDB_NOTFOUND ? move_key(s, MDB_LAST) : mdb == 0 ? move_key(s, MDB_PREV_NODUP) : mdb;
}

static int next_page(kx_store_scan *s)
{
    MDB_val value;
    int mdb = s->more ? mdb_cursor_get(s->cursor, &s->key, &value, MDB_NEXT_MULTIPLE) : MDB_NOTFOUND;
    if (mdb != 0)
        return mdb == MDB_NOTFOUND ? next_key(s) : mdb;
    return take_ids(s, value);
}

static inline bool out_of_bounds(const kx_store_scan *s)
{
    if (s->descending)
        return s->from_size > 0 && compare(&s->key, s->from, s->from_size) < 0;
    return s->to_size > 0 && compare(&s->key, s->to, s->to_size) >= 0;
}

/* A restart may lie before the scan's own start. */
static bool short_of_bounds(const kx_store_scan *s)
{
    if (s->descending)
        return s->to_size > 0 && compare(&s->key, s->to, s->to_size) >= 0;
    return s->from_size > 0 && compare(&s->key, s->from, s->from_size) < 0;
}

static int seek_start(kx_store_scan *s)
{
    return s->descending ? seek_key_below(s, s->to, s->to_size) : seek_key(s, s->from, s->from_size);
}

/* A table of unique keys is plain: a step is one call. */
static inline int step_unique(kx_store_scan *s)
{
    MDB_val value;
    int mdb = s->descending ? mdb_cursor_get(s->cursor, &s->key, &value, MDB_PREV)
                            : kx_store__page_next(s->txn, s->cursor, &s->page, &s->key, &value);
    if (mdb != 0)
        return mdb;
    if (s->key.mv_size > KEY_MAX || value.mv_size != sizeof(uint64_t))
        return MDB_CORRUPTED;
    s->id = get_id(value.mv_data);
    return 0;
}

static inline int next_entry(kx_store_scan *s, bool attached)
{
    int mdb;
    if (!attached || s->place != AFTER)
        mdb = s->place == AT_START || short_of_bounds(s) ? seek_start(s) : seek_after(s);
    else if (s->table.shape == KX_STORE_UNIQUE)
        mdb = step_unique(s);
    else if (s->at + 1 >= s->count)
        mdb = next_page(s);
    else {
        s->id = get_id(s->ids + ++s->at * sizeof(uint64_t));
        return 0;
    }
    return mdb == 0 && out_of_bounds(s) ? MDB_NOTFOUND : mdb;
}

/* The first id from `id` on under the key of the last step, which may be gone meanwhile. */
static int seek_id(kx_store_scan *s, bool attached, uint64_t id)
{
    uint8_t wanted[KEY_MAX];
    size_t size = s->key.mv_size;
    if (attached && seek_in_page(s, id))
        return 0;
    if (attached && !s->more)
        return MDB_NOTFOUND;
    if (!attached) {
        memcpy(wanted, s->key.mv_data, size);
        int mdb = seek_key(s, wanted, size);
        if (mdb != 0 || compare(&s->key, wanted, size) != 0)
            return mdb != 0 ? mdb : MDB_NOTFOUND;
    }
    s->txn->top->stats.descents++;
    return id > 0 ? skip_to_above(s, id - 1) : 0;
}

static int seek_first_id(kx_store_scan *s, uint64_t id)
{
    int mdb = seek_start(s);
    if (mdb == 0 && out_of_bounds(s))
        mdb = MDB_NOTFOUND;
    if (mdb != 0 || s->id >= id)
        return mdb;
    return s->count > 0 && seek_in_page(s, id) ? 0 : skip_to_above(s, id - 1);
}

/* ---- the door ------------------------------------------------------------------------------ */

/* A cursor, if the scan has none now; *attached tells whether it had one that stands where it stopped. */
static int attach(kx_store_scan *scan, bool *attached)
{
    kx_store_txn *txn = scan->txn;
    if (!txn)
        return kx_base__fail(KX_INVALID, "the transaction of this scan has ended");
    int rc = kx_store__usable(txn);
    if (rc == KX_OK)
        rc = kx_store__txn_fault(txn, FAULT_READ);
    if (rc == KX_OK && scan->place == AT_END)
        rc = KX_NOTFOUND;
    if (rc != KX_OK)
        return rc;
    *attached = scan->cursor != NULL;
    return *attached ? KX_OK : kx_store__cursor(txn, scan->table.number, scan->handle, &scan->cursor);
}

/* Nothing speaks against a plain step of the cursor. */
static inline bool goes_on(const kx_store_scan *scan)
{
    return scan->cursor && scan->place == AFTER && scan->txn->poison == KX_OK && !scan->txn->child &&
           !kx_store__is_interrupted(scan->txn) &&
           !atomic_load_explicit(&kx_store__faults_armed, memory_order_relaxed);
}

static inline int advance(kx_store_scan *scan)
{
    bool attached = true;
    int rc = goes_on(scan) ? KX_OK : attach(scan, &attached);
    if (rc != KX_OK)
        return rc;
    int mdb = scan->table.shape == KX_STORE_ROWS ? next_row(scan, attached) : next_entry(scan, attached);
    scan->place = mdb == 0 ? AFTER : AT_END;
    if (mdb == 0)
        return KX_OK;
    drop_cursor(scan);
    return mdb == MDB_NOTFOUND ? KX_NOTFOUND : kx_store__txn_error(scan->txn, mdb, "step through a table");
}

int kx_store__scan_next(kx_store_scan *scan, kx_store_item *item)
{
    *item = (kx_store_item){{NULL, 0}, 0, {NULL, 0}};
    int rc = advance(scan);
    if (rc != KX_OK)
        return rc;
    kx_store_stats *stats = &scan->txn->top->stats;
    item->id = scan->id;
    if (scan->table.shape == KX_STORE_ROWS) {
        item->row = kx_store__slice(scan->row);
        stats->rows++;
        stats->bytes += scan->row.mv_size;
    } else {
        item->key = kx_store__slice(scan->key);
        stats->entries++;
    }
    return KX_OK;
}

int kx_store__scan_seek(kx_store_scan *scan, uint64_t id, uint64_t *found)
{
    bool attached = true;
    *found = 0;
    int rc = goes_on(scan) ? KX_OK : attach(scan, &attached);
    if (rc != KX_OK)
        return rc;
    int mdb = MDB_NOTFOUND;
    if (scan->place == AT_START)
        mdb = seek_first_id(scan, id);
    else if (scan->id < UINT64_MAX)
        mdb = seek_id(scan, attached, id > scan->id ? id : scan->id + 1);
    scan->place = mdb == 0 ? AFTER : AT_END;
    if (mdb != 0) {
        drop_cursor(scan);
        return mdb == MDB_NOTFOUND ? KX_NOTFOUND : kx_store__txn_error(scan->txn, mdb, "seek among the ids of a key");
    }
    scan->txn->top->stats.entries++;
    *found = scan->id;
    return KX_OK;
}

/* Rows behind the last one, as far as they lie on its page. */
static size_t take_rows(kx_store_scan *s, uint64_t *ids, kx_slice *rows, size_t room)
{
    kx_page page = s->page;
    MDB_val key, value;
    uint64_t bytes = 0;
    size_t count = 0;
    for (; count < room; count++) {
        page.at++;
        if (!kx_store__page_pair(&page, &key, &value) || key.mv_size != sizeof(*ids))
            break;
        ids[count] = get_id(key.mv_data);
        rows[count] = kx_store__slice(value);
        bytes += value.mv_size;
        if (ids[count] > s->to_id)
            break;
    }
    if (count == 0)
        return 0;
    s->id = ids[count - 1];
    s->page.at += (unsigned)count;
    s->page.ahead = true;
    s->txn->top->stats.rows += count;
    s->txn->top->stats.bytes += bytes;
    return count;
}

int kx_store__scan_ahead(kx_store_scan *scan, uint64_t *ids, kx_slice *rows, size_t room, size_t *count)
{
    int rc = KX_OK;
    *count = 0;
    while (*count < room) {
        kx_store_item item;
        rc = kx_store__scan_next(scan, &item);
        if (rc != KX_OK)
            break;
        ids[*count] = item.id;
        rows[(*count)++] = item.row;
        *count += take_rows(scan, ids + *count, rows + *count, room - *count);
    }
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

/* Does the page end before the bound? Its last key tells. */
static bool page_is_within(const kx_store_scan *s)
{
    kx_page last = s->page;
    MDB_val key, value;
    last.at = last.count > 0 ? last.count - 1 : 0;
    return s->to_size == 0 || (kx_store__page_pair(&last, &key, &value) && compare(&key, s->to, s->to_size) < 0);
}

/* Ids of unique keys behind the last one, as far as they lie on its page. */
static size_t take_unique(kx_store_scan *s, uint64_t *ids, size_t room)
{
    kx_page page = s->page;
    MDB_val value, key = s->key;
    bool within = page_is_within(s);
    size_t count = 0;
    for (; count < room; count++) {
        page.at++;
        if (!kx_store__page_pair(&page, &s->key, &value) || value.mv_size != sizeof(*ids) || s->key.mv_size > KEY_MAX ||
            (!within && out_of_bounds(s)))
            break;
        key = s->key;
        ids[count] = get_id(value.mv_data);
    }
    s->key = key;
    if (count == 0)
        return 0;
    s->id = ids[count - 1];
    s->page.at += (unsigned)count;
    s->page.ahead = true;
    return count;
}

/* The rest of the page at once: it is what an array of ids looks like in memory. */
static size_t take_page(kx_store_scan *s, uint64_t *ids, size_t room)
{
    if (s->table.shape == KX_STORE_UNIQUE && !s->descending)
        return take_unique(s, ids, room);
    size_t left = s->table.shape == KX_STORE_ROWS || s->count == 0 ? 0 : s->count - s->at - 1;
    if (left > room)
        left = room;
    if (left == 0)
        return 0;
    memcpy(ids, s->ids + (s->at + 1) * sizeof(uint64_t), left * sizeof(uint64_t));
    s->at += left;
    s->id = ids[left - 1];
    return left;
}

int kx_store__scan_ids(kx_store_scan *scan, uint64_t *ids, size_t room, size_t *count)
{
    int rc = KX_OK;
    *count = 0;
    while (*count < room) {
        rc = advance(scan);
        if (rc != KX_OK)
            break;
        ids[(*count)++] = scan->id;
        *count += take_page(scan, ids + *count, room - *count);
    }
    if (scan->txn)
        scan->txn->top->stats.entries += *count;
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

/* ---- counting --------------------------------------------------------------------------------- */

static int count_rows(kx_store_scan *pass, uint64_t limit, uint64_t *count)
{
    int rc = KX_OK;
    while (*count < limit && (rc = advance(pass)) == KX_OK) {
        ++*count;
        pass->txn->top->stats.entries++;
    }
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

/* Key by key, each with the number of ids that is stored for it. */
static int count_keys(kx_store_scan *pass, uint64_t limit, uint64_t *count)
{
    size_t stored;
    bool attached;
    int rc = attach(pass, &attached);
    if (rc != KX_OK)
        return rc == KX_NOTFOUND ? KX_OK : rc;
    int mdb = seek_start(pass);
    while (mdb == 0 && !out_of_bounds(pass) && (rc = kx_store__usable(pass->txn)) == KX_OK) {
        mdb = mdb_cursor_count(pass->cursor, &stored);
        if (mdb != 0)
            break;
        pass->txn->top->stats.entries++;
        *count += stored;
        if (*count >= limit)
            break;
        mdb = next_key(pass);
    }
    return mdb == 0 || mdb == MDB_NOTFOUND ? rc : kx_store__txn_error(pass->txn, mdb, "count entries");
}

/* Stand behind the last id of the key. */
static int pass_key(kx_store_scan *s, uint64_t *count)
{
    size_t stored = 1;
    int mdb = s->table.shape == KX_STORE_POSTINGS ? mdb_cursor_count(s->cursor, &stored) : 0;
    if (mdb != 0)
        return kx_store__txn_error(s->txn, mdb, "count entries");
    if (stored > 1) {
        s->at = s->count;
        s->id = UINT64_MAX;
        s->more = false;
    }
    *count += stored;
    return KX_OK;
}

int kx_store__scan_pass(kx_store_scan *scan, uint64_t least, uint64_t *count)
{
    int rc = KX_OK;
    *count = 0;
    while (*count < least && (rc = advance(scan)) == KX_OK) {
        scan->txn->top->stats.entries++;
        rc = scan->table.shape == KX_STORE_ROWS ? ++*count, KX_OK : pass_key(scan, count);
        if (rc != KX_OK)
            break;
    }
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

static bool is_whole_table(const kx_store_scan *s)
{
    return s->table.shape == KX_STORE_ROWS ? s->from_id == 0 && s->to_id == UINT64_MAX
                                           : s->from_size == 0 && s->to_size == 0;
}

/* In a pass of its own, so that the scan stays where it is. */
int kx_store__scan_count(kx_store_scan *scan, uint64_t limit, uint64_t *count)
{
    kx_store_scan *pass;
    *count = 0;
    if (!scan->txn)
        return kx_base__fail(KX_INVALID, "the transaction of this scan has ended");
    int rc = KX_OK;
    if (is_whole_table(scan)) {
        rc = kx_store__table_count(scan->txn, scan->table.number, count);
    } else {
        rc = new_scan(scan->txn, scan->table, false, &pass);
        if (rc != KX_OK)
            return rc;
        pass->from_id = scan->from_id;
        pass->to_id = scan->to_id;
        memcpy(pass->from, scan->from, pass->from_size = scan->from_size);
        memcpy(pass->to, scan->to, pass->to_size = scan->to_size);
        rc = scan->table.shape == KX_STORE_POSTINGS ? count_keys(pass, limit, count) : count_rows(pass, limit, count);
        kx_store__scan_close(pass);
    }
    if (*count > limit)
        *count = limit;
    return rc;
}
