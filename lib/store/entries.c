/*
 * entries.c -- index entries: a key and the id or the ids under it.
 *
 * Ids are kept as the machine keeps a 64-bit number, which lets LMDB compare them as numbers and store a key's ids side
 * by side. Written with mdb_put and mdb_del by key and id (in runs by append.c): deleting through a cursor loses
 * neighbours here.
 */
#include "store/store_impl.h"

#include <string.h>

static uint64_t id_of(const MDB_val *value)
{
    uint64_t id;
    memcpy(&id, value->mv_data, sizeof(id));
    return id;
}

static inline int check_key(const kx_store_txn *txn, kx_slice key)
{
    if (key.size >= 1 && key.size <= KEY_MAX)
        return KX_OK;
    return kx_base__fail(KX_LIMIT, "%s: an index key of %zu bytes; 1 to %d are possible", txn->store->path, key.size,
                         KEY_MAX);
}

/* What every read of entries begins with. */
static inline int prepare_read(kx_store_txn *txn, kx_store_table table, MDB_dbi *handle)
{
    int rc = kx_store__usable(txn);
    if (rc == KX_OK)
        rc = kx_store__handle(txn, table.number, handle);
    return rc == KX_OK ? kx_store__txn_fault(txn, FAULT_READ) : rc;
}

static int check_id(const kx_store_txn *txn, const MDB_val *value)
{
    if (value->mv_size == sizeof(uint64_t))
        return KX_OK;
    return kx_base__fail(KX_CORRUPT, "%s: an index entry holds %zu bytes instead of an id", txn->store->path,
                         value->mv_size);
}

/* A plain get: a kept cursor would first look for the key on the page where it stands, which costs more than it saves. */
int kx_store__entry_get(kx_store_txn *txn, kx_store_table table, kx_slice key, uint64_t *id)
{
    MDB_dbi handle = 0;
    MDB_val k = kx_store__val(key), value;
    *id = UINT64_MAX;
    int rc = prepare_read(txn, table, &handle);
    if (rc == KX_OK)
        rc = check_key(txn, key);
    if (rc != KX_OK)
        return rc;
    txn->top->stats.descents++;
    int mdb = mdb_get(txn->mdb, handle, &k, &value);
    if (mdb != 0)
        return mdb == MDB_NOTFOUND ? KX_NOTFOUND : kx_store__txn_error(txn, mdb, "look up a key");
    rc = check_id(txn, &value);
    if (rc == KX_OK)
        *id = id_of(&value);
    return rc;
}

int kx_store__entry_count(kx_store_txn *txn, kx_store_table table, kx_slice key, uint64_t *count)
{
    MDB_dbi handle = 0;
    MDB_cursor *cursor;
    MDB_val k = kx_store__val(key), value;
    size_t stored = 1;
    *count = 0;
    int rc = prepare_read(txn, table, &handle);
    if (rc == KX_OK)
        rc = check_key(txn, key);
    if (rc == KX_OK)
        rc = kx_store__cursor(txn, table.number, handle, &cursor);
    if (rc != KX_OK)
        return rc == KX_NOTFOUND ? KX_OK : rc;
    txn->top->stats.descents++;
    int mdb = mdb_cursor_get(cursor, &k, &value, MDB_SET);
    if (mdb == 0 && table.shape == KX_STORE_POSTINGS)
        mdb = mdb_cursor_count(cursor, &stored);
    kx_store__cursor_done(txn, table.number, cursor);
    if (mdb == 0)
        *count = stored;
    return mdb == 0 || mdb == MDB_NOTFOUND ? KX_OK : kx_store__txn_error(txn, mdb, "count a key");
}

/* ---- many keys in one pass ------------------------------------------------------------- */

typedef struct pass {
    MDB_cursor *cursor;
    MDB_val key, value; /* where the cursor stands */
    bool stands;
    bool prefixes;       /* keys that begin with what is wanted are wanted too */
    unsigned pause;      /* keys to search for before stepping is tried again, and how many it will be */
    unsigned next_pause; /* after the next step that was in vain */
} pass;

static int compare(const MDB_val *a, kx_slice b)
{
    int order = memcmp(a->mv_data, b.data, a->mv_size < b.size ? a->mv_size : b.size);
    return order != 0 ? order : (a->mv_size > b.size) - (a->mv_size < b.size);
}

enum { STEPS_AHEAD = 4, MOST_PAUSE = 64 };

/* Some steps: 0 on the key, MDB_NOTFOUND past it. *behind: still before it, so that it must be searched for. */
static int step(pass *p, kx_slice key, bool *behind)
{
    int mdb = 0, order = -1;
    for (int i = 0; i < STEPS_AHEAD && mdb == 0 && order < 0; i++) {
        mdb = mdb_cursor_get(p->cursor, &p->key, &p->value, MDB_NEXT_NODUP);
        order = mdb == 0 ? compare(&p->key, key) : 0;
    }
    p->stands = mdb == 0;
    *behind = order < 0;
    if (*behind) {
        p->pause = p->next_pause = p->next_pause < MOST_PAUSE ? p->next_pause * 2 + 1 : MOST_PAUSE;
        return 0;
    }
    p->next_pause = 0;
    return order > 0 ? MDB_NOTFOUND : mdb;
}

/* The next key of the table is often the next one wanted; else the cursor searches, from its page where it can. */
static int seek(kx_store_stats *stats, pass *p, kx_slice key)
{
    bool behind = true;
    int order = p->stands ? compare(&p->key, key) : -1;
    if (order >= 0)
        return order == 0 ? 0 : MDB_NOTFOUND;
    if (p->stands && p->pause == 0) {
        int mdb = step(p, key, &behind);
        if (!behind)
            return mdb;
    } else if (p->pause > 0) {
        p->pause--;
    }
    MDB_val k = kx_store__val(key);
    stats->descents++;
    int mdb = mdb_cursor_get(p->cursor, &k, &p->value, MDB_SET_RANGE);
    p->stands = mdb == 0;
    p->key = k;
    return mdb == 0 && compare(&k, key) != 0 ? MDB_NOTFOUND : mdb;
}

/* Call `take` with the cursor on each key that is there; a result other than 0 ends the pass. */
typedef int take_key(kx_store_txn *txn, pass *p, size_t key, void *context);

static bool begins(const MDB_val *key, kx_slice prefix)
{
    return key->mv_size >= prefix.size && memcmp(key->mv_data, prefix.data, prefix.size) == 0;
}

/* On the key, or, where it is a prefix, on the first one that begins with it. */
static int find(kx_store_txn *txn, pass *p, kx_slice key)
{
    int mdb = seek(&txn->top->stats, p, key);
    return mdb == MDB_NOTFOUND && p->prefixes && p->stands && begins(&p->key, key) ? 0 : mdb;
}

static int pass_over(kx_store_txn *txn, kx_store_table table, const kx_slice *keys, size_t count, bool prefixes,
                     take_key *take, void *context)
{
    MDB_dbi handle = 0;
    pass p = {.prefixes = prefixes};
    int rc = prepare_read(txn, table, &handle);
    if (rc == KX_NOTFOUND)
        return KX_OK;
    if (rc == KX_OK)
        rc = kx_store__cursor(txn, table.number, handle, &p.cursor);
    if (rc != KX_OK)
        return rc;
    for (size_t i = 0; rc == KX_OK && i < count; i++) {
        rc = kx_store__usable(txn);
        if (rc == KX_OK)
            rc = check_key(txn, keys[i]);
        int mdb = rc == KX_OK ? find(txn, &p, keys[i]) : MDB_NOTFOUND;
        if (mdb != 0 && mdb != MDB_NOTFOUND)
            rc = kx_store__txn_error(txn, mdb, "look up keys");
        if (mdb == 0)
            rc = check_id(txn, &p.value);
        if (mdb == 0 && rc == KX_OK)
            rc = take(txn, &p, i, context);
    }
    kx_store__cursor_done(txn, table.number, p.cursor);
    return rc;
}

static int take_first(kx_store_txn *txn, pass *p, size_t key, void *context)
{
    (void)txn;
    ((uint64_t *)context)[key] = id_of(&p->value);
    return KX_OK;
}

int kx_store__entry_get_many(kx_store_txn *txn, kx_store_table table, const kx_slice *keys, size_t count, uint64_t *ids)
{
    for (size_t i = 0; i < count; i++)
        ids[i] = UINT64_MAX;
    return pass_over(txn, table, keys, count, false, take_first, ids);
}

typedef struct visit_all {
    kx_store_visit_ids *visit;
    void *context;
    bool single; /* a key has one id */
} visit_all;

/* Ids in a page need not be aligned. */
static int visit_page(kx_store_txn *txn, const visit_all *all, size_t key, const MDB_val *page)
{
    enum { PIECE = 64 };
    uint64_t ids[PIECE];
    const uint8_t *at = page->mv_data;
    size_t left = page->mv_size / sizeof *ids;
    int rc = kx_store__usable(txn); /* somebody may interrupt a key with very many */
    txn->top->stats.entries += left;
    while (left > 0 && rc == KX_OK) {
        size_t count = left < PIECE ? left : PIECE;
        memcpy(ids, at, count * sizeof *ids);
        rc = all->visit(all->context, key, ids, count);
        at += count * sizeof *ids;
        left -= count;
    }
    return rc;
}

/* A key with one id has no page: LMDB would give that of a key visited before. */
static int take_all(kx_store_txn *txn, pass *p, size_t key, void *context)
{
    const visit_all *all = context;
    MDB_val none, page = p->value;
    size_t stored = 1;
    int mdb = all->single ? 0 : mdb_cursor_count(p->cursor, &stored);
    if (mdb == 0 && stored == 1)
        return visit_page(txn, all, key, &page);
    if (mdb == 0)
        mdb = mdb_cursor_get(p->cursor, &none, &page, MDB_GET_MULTIPLE);
    while (mdb == 0) {
        int rc = visit_page(txn, all, key, &page);
        if (rc != KX_OK)
            return rc;
        mdb = mdb_cursor_get(p->cursor, &none, &page, MDB_NEXT_MULTIPLE);
    }
    return mdb == MDB_NOTFOUND ? KX_OK : kx_store__txn_error(txn, mdb, "read the ids of keys");
}

int kx_store__entry_ids_many(kx_store_txn *txn, kx_store_table table, const kx_slice *keys, size_t count,
                             kx_store_visit_ids *visit, void *context)
{
    visit_all all = {visit, context, table.shape == KX_STORE_UNIQUE};
    return pass_over(txn, table, keys, count, false, take_all, &all);
}

typedef struct visit_below {
    const kx_slice *prefixes;
    kx_store_visit_ids *visit;
    void *context;
} visit_below;

static int take_below(kx_store_txn *txn, pass *p, size_t prefix, void *context)
{
    const visit_below *below = context;
    int mdb = 0, rc = KX_OK;
    while (mdb == 0 && rc == KX_OK && begins(&p->key, below->prefixes[prefix])) {
        rc = check_id(txn, &p->value);
        uint64_t id = rc == KX_OK ? id_of(&p->value) : 0;
        txn->top->stats.entries++;
        if (rc == KX_OK)
            rc = below->visit(below->context, prefix, &id, 1);
        if (rc == KX_OK)
            rc = kx_store__usable(txn);
        if (rc == KX_OK)
            mdb = mdb_cursor_get(p->cursor, &p->key, &p->value, MDB_NEXT);
    }
    p->stands = mdb == 0;
    return mdb == 0 || mdb == MDB_NOTFOUND ? rc : kx_store__txn_error(txn, mdb, "read the ids of keys");
}

int kx_store__entry_ids_below(kx_store_txn *txn, kx_store_table table, const kx_slice *prefixes, size_t count,
                              kx_store_visit_ids *visit, void *context)
{
    visit_below below = {prefixes, visit, context};
    return pass_over(txn, table, prefixes, count, true, take_below, &below);
}

/* ---- adding ------------------------------------------------------------------------------ */

static bool is_append_key(const kx_store_txn *top, uint32_t table, kx_slice key)
{
    return top->append_table == table && top->append_size == key.size &&
           memcmp(top->append_key, key.data, key.size) == 0;
}

/* Appended entries need no search. A pair that is not above the others after all is put where it belongs. */
static int append_entry(kx_store_txn *txn, kx_store_table table, MDB_dbi handle, kx_slice key, MDB_val *k,
                        MDB_val *value)
{
    kx_store_txn *top = txn->top;
    if (table.shape == KX_STORE_POSTINGS && is_append_key(top, table.number, key))
        return mdb_put(txn->mdb, handle, k, value, MDB_APPENDDUP | MDB_NODUPDATA);
    int mdb = mdb_put(txn->mdb, handle, k, value, MDB_APPEND);
    if (mdb == 0) {
        top->append_table = table.number;
        top->append_size = key.size;
        memcpy(top->append_key, key.data, key.size);
    }
    return mdb;
}

static int add_unique(kx_store_txn *txn, MDB_dbi handle, MDB_val *k, uint64_t id)
{
    MDB_val value = {sizeof(id), &id};
    int mdb = mdb_put(txn->mdb, handle, k, &value, MDB_NOOVERWRITE);
    if (mdb == MDB_KEYEXIST) /* LMDB has pointed `value` at what is there */
        return value.mv_size == sizeof(id) && id_of(&value) == id ? KX_OK : KX_EXISTS;
    return mdb == 0 ? KX_OK : kx_store__txn_error(txn, mdb, "add an index entry");
}

int kx_store__entry_add(kx_store_txn *txn, kx_store_table table, kx_slice key, uint64_t id, bool append)
{
    MDB_dbi handle;
    MDB_val k = kx_store__val(key), value = {sizeof(id), &id};
    int rc = check_key(txn, key);
    if (rc == KX_OK)
        rc = kx_store__prepare_write(txn, table.number, &handle);
    if (rc != KX_OK)
        return rc;
    int mdb = append ? append_entry(txn, table, handle, key, &k, &value) : MDB_KEYEXIST;
    if (mdb == MDB_KEYEXIST && table.shape == KX_STORE_UNIQUE)
        return add_unique(txn, handle, &k, id);
    if (mdb == MDB_KEYEXIST)
        mdb = mdb_put(txn->mdb, handle, &k, &value, MDB_NODUPDATA);
    return mdb == 0 || mdb == MDB_KEYEXIST ? KX_OK : kx_store__txn_error(txn, mdb, "add an index entry");
}

/* ---- removing ------------------------------------------------------------------------------ */

int kx_store__entry_remove(kx_store_txn *txn, kx_store_table table, kx_slice key, uint64_t id)
{
    MDB_dbi handle;
    MDB_val k = kx_store__val(key), value = {sizeof(id), &id};
    int mdb = 0, rc = check_key(txn, key);
    if (rc == KX_OK)
        rc = kx_store__prepare_write(txn, table.number, &handle);
    if (rc != KX_OK)
        return rc;
    if (table.shape == KX_STORE_UNIQUE) {
        MDB_val stored;
        mdb = mdb_get(txn->mdb, handle, &k, &stored);
        if (mdb == 0 && (stored.mv_size != sizeof(id) || id_of(&stored) != id))
            return KX_NOTFOUND;
    }
    if (mdb == 0)
        mdb = mdb_del(txn->mdb, handle, &k, &value);
    return mdb == 0 ? KX_OK : kx_store__txn_error(txn, mdb, "remove an index entry");
}

/* Behind `value`, the first run of a key's ids: are they these? */
static int compare_runs(MDB_cursor *cursor, const uint64_t *ids, size_t count, bool *same)
{
    MDB_val key, run;
    size_t at = 0;
    int mdb = mdb_cursor_get(cursor, &key, &run, MDB_GET_MULTIPLE);
    *same = true;
    while (mdb == 0 && *same) {
        size_t size = run.mv_size;
        *same = size <= (count - at) * sizeof(*ids) && memcmp(run.mv_data, ids + at, size) == 0;
        at += size / sizeof(*ids);
        if (*same)
            mdb = mdb_cursor_get(cursor, &key, &run, MDB_NEXT_MULTIPLE);
    }
    *same = *same && at == count;
    return mdb == MDB_NOTFOUND ? 0 : mdb;
}

/* Does the key have these ids and no others? Of several ids. */
static int has_only(kx_store_txn *txn, kx_store_table table, MDB_dbi handle, kx_slice key, const uint64_t *ids,
                    size_t count, bool *only)
{
    MDB_cursor *cursor;
    MDB_val k = kx_store__val(key), value;
    size_t stored = 0;
    *only = false;
    int rc = kx_store__cursor(txn, table.number, handle, &cursor);
    if (rc != KX_OK)
        return rc;
    txn->top->stats.descents++;
    int mdb = mdb_cursor_get(cursor, &k, &value, MDB_SET);
    if (mdb == 0)
        mdb = mdb_cursor_count(cursor, &stored);
    if (mdb == 0 && stored == count)
        mdb = compare_runs(cursor, ids, count, only);
    kx_store__cursor_done(txn, table.number, cursor);
    return mdb == 0 || mdb == MDB_NOTFOUND ? KX_OK : kx_store__txn_error(txn, mdb, "look up a key");
}

static int remove_key(kx_store_txn *txn, kx_store_table table, MDB_dbi handle, kx_slice key)
{
    MDB_val k = kx_store__val(key);
    int rc = kx_store__prepare_write(txn, table.number, &handle);
    if (rc != KX_OK)
        return rc;
    int mdb = mdb_del(txn->mdb, handle, &k, NULL);
    return mdb == 0 ? KX_OK : kx_store__txn_error(txn, mdb, "remove an index key");
}

int kx_store__entry_remove_ids(kx_store_txn *txn, kx_store_table table, kx_slice key, const uint64_t *ids, size_t count)
{
    MDB_dbi handle = 0;
    bool only = false;
    int rc = KX_OK;
    if (table.shape == KX_STORE_POSTINGS && count > 1) {
        rc = prepare_read(txn, table, &handle);
        if (rc == KX_OK)
            rc = check_key(txn, key);
        if (rc == KX_OK)
            rc = has_only(txn, table, handle, key, ids, count, &only);
    }
    if (rc == KX_OK && only)
        return remove_key(txn, table, handle, key);
    for (size_t i = 0; i < count && rc == KX_OK; i++)
        rc = kx_store__entry_remove(txn, table, key, ids[i]);
    return rc;
}
