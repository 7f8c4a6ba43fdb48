/*
 * handles.c -- table handles.
 *
 * LMDB numbers open tables in one array of the environment, but a transaction finds free numbers in its own copy. A
 * transaction that began earlier and opens a table takes a number that has been given out since: two tables, one
 * number, and writes land in the wrong one. Therefore
 *
 *   - tables that exist are opened in a read transaction begun for that, under the handle lock, committed at once;
 *   - a table that is made is opened in the write transaction that makes it, with the handle lock held to the end of
 *     the top transaction. Nobody can need another handle meanwhile: all committed tables were opened before the writer
 *     began, and no newer catalog can be committed while it holds the writer's lock;
 *   - handles are published when LMDB has ended the transaction, and those of an aborted one are forgotten;
 *   - handles are never closed.
 */
#include "store/store_impl.h"

#include <errno.h>
#include <stdio.h>

enum { HANDLES_NAP_US = 100 };

static const kx_store_table core[] = {{KX_STORE_META, KX_STORE_ROWS}, {KX_STORE_CATALOG, KX_STORE_ROWS}};

/* ---- names and shapes ------------------------------------------------------------ */

static void name_table(kx_store_table table, char name[16])
{
    if (table.number == KX_STORE_META)
        snprintf(name, 16, "kx/meta");
    else if (table.number == KX_STORE_CATALOG)
        snprintf(name, 16, "kx/catalog");
    else
        snprintf(name, 16, "%s/%u", table.shape == KX_STORE_ROWS ? "d" : "i", table.number);
}

static unsigned flags_of(kx_store_shape shape)
{
    switch (shape) {
    case KX_STORE_ROWS: return MDB_INTEGERKEY;
    case KX_STORE_POSTINGS: return MDB_DUPSORT | MDB_DUPFIXED | MDB_INTEGERDUP;
    default: return 0;
    }
}

static int check_shape(kx_store *store, MDB_txn *txn, MDB_dbi handle, kx_store_table table)
{
    unsigned flags = 0;
    char name[16];
    int mdb = mdb_dbi_flags(txn, handle, &flags);
    if (mdb != 0)
        return kx_store__error(store, mdb, "look at a table's shape");
    if (flags == flags_of(table.shape))
        return KX_OK;
    name_table(table, name);
    return kx_base__fail(KX_CORRUPT, "%s: table %s has flags 0x%x where 0x%x belong", store->path, name, flags,
                         flags_of(table.shape));
}

/* A table just opened or made: is it what the catalog says? Rows keep LMDB's order of integers. */
static int take_in(kx_store *store, MDB_txn *txn, MDB_dbi handle, kx_store_table table)
{
    int rc = check_shape(store, txn, handle, table);
    if (rc != KX_OK || table.shape == KX_STORE_ROWS)
        return rc;
    return kx_store__error(store, mdb_set_compare(txn, handle, kx_store__compare_keys), "set a table's order");
}

/* ---- the handle lock ---------------------------------------------------------------- *
 * Held for microseconds by those who open, and to a transaction's end by one who makes. No thread owns it. */

static bool try_handles(kx_store *store)
{
    return !atomic_exchange_explicit(&store->handles_locked, true, memory_order_acquire);
}

static void release_handles(kx_store *store)
{
    atomic_store_explicit(&store->handles_locked, false, memory_order_release);
}

static bool is_open(const kx_store *store, uint32_t number)
{
    return number < KX_STORE_TABLES && atomic_load_explicit(&store->handles[number], memory_order_acquire) != 0;
}

bool kx_store__table_is_open(const kx_store *store, uint32_t number)
{
    return is_open(store, number);
}

/* ---- opening what is there ------------------------------------------------------------ */

static int open_one(kx_store *store, MDB_txn *txn, kx_store_table table, int code_missing, MDB_dbi *handle)
{
    char name[16];
    name_table(table, name);
    int mdb = mdb_dbi_open(txn, name, 0, handle);
    if (mdb == MDB_NOTFOUND)
        return kx_base__fail(code_missing,
                             code_missing == KX_FORMAT ? "%s: an LMDB file of another program (it has no table %s)"
                                                       : "%s: table %s is not there",
                             store->path, name);
    if (mdb == MDB_INCOMPATIBLE && code_missing == KX_FORMAT)
        return kx_base__fail(KX_FORMAT, "%s: an LMDB file of another program (%s is no table)", store->path, name);
    if (mdb != 0)
        return kx_store__error(store, mdb, "open a table");
    return take_in(store, txn, *handle, table);
}

static int begin_to_open(kx_store *store, MDB_txn **txn)
{
    MDB_env *env = atomic_load(&store->env);
    int mdb = mdb_txn_begin(env, NULL, MDB_RDONLY, txn);
    if (mdb == MDB_READERS_FULL) {
        kx_store__drain(store);
        (void)mdb_reader_check(env, NULL);
        mdb = mdb_txn_begin(env, NULL, MDB_RDONLY, txn);
    }
    return mdb;
}

bool kx_store__has_tables(MDB_txn *txn)
{
    MDB_stat shape;
    return mdb_stat(txn, MAIN_TABLE, &shape) == 0 && shape.ms_entries > 0;
}

/* With the handle lock and inside the gate. Nothing is missing in a snapshot that has no tables at all (*none). */
static int open_missing(kx_store *store, const kx_store_table *tables, size_t count, int code_missing, bool *moved,
                        bool *none)
{
    MDB_txn *txn = NULL;
    int rc = KX_OK, mdb = begin_to_open(store, &txn);
    *moved = mdb == MDB_MAP_RESIZED;
    if (mdb != 0)
        return *moved ? KX_OK : kx_store__error(store, mdb, "begin to open tables");
    *none = code_missing == KX_FORMAT && !kx_store__has_tables(txn);
    if (*none) {
        mdb_txn_abort(txn);
        return KX_OK;
    }
    MDB_dbi *opened = kx_base__zalloc(kx_base__times(count, sizeof(*opened)));
    if (!opened)
        rc = kx_base__nomem();
    for (size_t i = 0; rc == KX_OK && i < count; i++)
        if (!is_open(store, tables[i].number))
            rc = open_one(store, txn, tables[i], code_missing, &opened[i]);
    if (rc == KX_OK)
        rc = kx_store__error(store, mdb_txn_commit(txn), "open tables");
    else
        mdb_txn_abort(txn);
    for (size_t i = 0; rc == KX_OK && i < count; i++)
        if (opened[i] != 0)
            atomic_store_explicit(&store->handles[tables[i].number], opened[i], memory_order_release);
    if (rc == KX_OK)
        atomic_fetch_add(&store->handles_made, 1);
    kx_base__free(opened);
    return rc;
}

static bool all_open(const kx_store *store, const kx_store_table *tables, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!is_open(store, tables[i].number))
            return false;
    return true;
}

/* Never waits for a writer that holds the lock longer than the tables asked for are closed. */
static int open_all(kx_store *store, const kx_store_table *tables, size_t count, int code_missing)
{
    bool moved = false, none = false;
    while (!none && !all_open(store, tables, count)) {
        if (!try_handles(store)) {
            kx_store__nap(HANDLES_NAP_US);
            continue;
        }
        kx_store__gate_enter(store, 0);
        int rc = open_missing(store, tables, count, code_missing, &moved, &none);
        kx_store__gate_leave(store, 0);
        release_handles(store);
        if (rc == KX_OK && moved)
            rc = kx_store__follow_growth(store);
        if (rc != KX_OK)
            return rc;
    }
    return KX_OK;
}

int kx_store__open_tables(kx_store *store, const kx_store_table *tables, size_t count)
{
    if (store->forks != kx_base__fork_count())
        return kx_base__fail(KX_FORKED, "'%s' was opened before a fork", store->path);
    for (size_t i = 0; i < count; i++)
        if (tables[i].number >= KX_STORE_TABLES)
            return kx_base__fail(KX_LIMIT, "%s: table number %u is beyond the limit of %d tables", store->path,
                                 tables[i].number, KX_STORE_TABLES);
    if (!atomic_load(&store->env))
        return kx_base__fail(KX_CORRUPT, "%s: its file is empty and has no tables", store->path);
    return open_all(store, tables, count, KX_CORRUPT);
}

int kx_store__open_core(kx_store *store)
{
    int rc = open_all(store, core, 2, KX_FORMAT);
    if (rc == KX_OK && all_open(store, core, 2))
        atomic_store(&store->core_open, true);
    return rc;
}

/* ---- making ------------------------------------------------------------------------------ */

static kx_made *find_made(const kx_store_txn *txn, uint32_t number)
{
    for (size_t i = 0; i < txn->top->made_count; i++)
        if (txn->top->made[i].number == number)
            return &txn->top->made[i];
    return NULL;
}

int kx_store__handle_slow(kx_store_txn *txn, uint32_t table, MDB_dbi *handle)
{
    if (table >= KX_STORE_TABLES)
        return kx_base__fail(KX_LIMIT, "%s: table number %u is beyond the limit of %d tables", txn->store->path, table,
                             KX_STORE_TABLES);
    if (txn->empty)
        return KX_NOTFOUND;
    const kx_made *made = txn->writes ? find_made(txn, table) : NULL;
    if (!made)
        return kx_base__fail(KX_INVALID, "%s: table %u is not open", txn->store->path, table);
    *handle = made->handle;
    return KX_OK;
}

static bool sees_all_handles(const kx_store_txn *txn)
{
    unsigned flags;
    for (uint32_t i = 0; i < KX_STORE_TABLES; i++) {
        MDB_dbi handle = atomic_load_explicit(&txn->store->handles[i], memory_order_acquire);
        if (handle != 0 && mdb_dbi_flags(txn->mdb, handle, &flags) != 0)
            return false;
    }
    return true;
}

/* The trap itself is checked for: handles that were given out after this transaction began. */
static int hold_handles(kx_store_txn *txn)
{
    kx_store_txn *top = txn->top;
    if (top->holds_handles)
        return KX_OK;
    while (!try_handles(txn->store))
        kx_store__nap(HANDLES_NAP_US);
    unsigned made = atomic_load(&txn->store->handles_made);
    if (made != top->handles_made && !sees_all_handles(txn)) {
        release_handles(txn->store);
        return kx_base__fail(KX_BUSY, "%s: tables were opened after this transaction began: run it again",
                             txn->store->path);
    }
    top->handles_made = made;
    top->holds_handles = true;
    return KX_OK;
}

static int room_for_made(kx_store_txn *top)
{
    if (top->made_count < top->made_room)
        return KX_OK;
    size_t room = top->made_room ? top->made_room * 2 : 8;
    kx_made *made = kx_base__realloc(top->made, room * sizeof(*made));
    if (!made)
        return kx_base__nomem();
    top->made = made;
    top->made_room = room;
    return KX_OK;
}

static int make_one(kx_store_txn *txn, kx_store_table table)
{
    kx_store_txn *top = txn->top;
    char name[16];
    MDB_dbi handle = 0;
    const kx_made *made = find_made(txn, table.number);
    if (made || is_open(txn->store, table.number))
        return check_shape(txn->store, txn->mdb, made ? made->handle : atomic_load(&txn->store->handles[table.number]),
                           table);
    int rc = hold_handles(txn);
    if (rc == KX_OK)
        rc = room_for_made(top);
    if (rc == KX_OK)
        rc = kx_store__txn_fault(txn, FAULT_WRITE);
    if (rc != KX_OK)
        return rc;
    name_table(table, name);
    int mdb = mdb_dbi_open(txn->mdb, name, MDB_CREATE | flags_of(table.shape), &handle);
    if (mdb != 0)
        return kx_store__txn_error(txn, mdb, "make a table");
    top->made[top->made_count++] = (kx_made){table.number, txn->depth, handle};
    top->wrote = true;
    txn->empty = false;
    return take_in(txn->store, txn->mdb, handle, table);
}

int kx_store__make_core(kx_store_txn *txn)
{
    int rc = make_one(txn, core[0]);
    return rc == KX_OK ? make_one(txn, core[1]) : rc;
}

int kx_store__make_table(kx_store_txn *txn, kx_store_table table)
{
    if (!txn->writes)
        return kx_base__fail(KX_READONLY, "%s: a table cannot be made in a read transaction", txn->store->path);
    if (table.number >= KX_STORE_TABLES)
        return kx_base__fail(KX_LIMIT, "%s: a store holds at most %d tables", txn->store->path, KX_STORE_TABLES);
    int rc = kx_store__usable(txn);
    if (rc == KX_OK && txn->empty)
        rc = kx_store__make_core(txn);
    return rc == KX_OK ? make_one(txn, table) : rc;
}

/* Of a child: its tables become its parent's, or are forgotten. Of a top: published, or forgotten; then the lock
   goes. */
void kx_store__handles_end(kx_store_txn *txn, bool kept)
{
    kx_store_txn *top = txn->top;
    size_t left = 0;
    for (size_t i = 0; i < top->made_count; i++) {
        kx_made *made = &top->made[i];
        if (made->depth >= txn->depth && !kept)
            continue;
        if (made->depth >= txn->depth && txn->depth > 0)
            made->depth = txn->depth - 1;
        top->made[left++] = *made;
    }
    top->made_count = left;
    if (txn != top)
        return;
    for (size_t i = 0; i < left; i++)
        atomic_store_explicit(&top->store->handles[top->made[i].number], top->made[i].handle, memory_order_release);
    if (left > 0 && is_open(top->store, KX_STORE_META) && is_open(top->store, KX_STORE_CATALOG))
        atomic_store(&top->store->core_open, true);
    if (top->holds_handles)
        release_handles(top->store);
    top->holds_handles = false;
    top->made_count = 0;
}

/* ---- facts about a table, emptying it --------------------------------------------------------- */

static int table_facts(kx_store_txn *txn, uint32_t table, MDB_stat *facts)
{
    MDB_dbi handle;
    int rc = kx_store__usable(txn);
    if (rc == KX_OK)
        rc = kx_store__handle(txn, table, &handle);
    if (rc == KX_NOTFOUND) {
        *facts = (MDB_stat){0};
        return KX_OK;
    }
    if (rc == KX_OK)
        rc = kx_store__txn_fault(txn, FAULT_READ);
    if (rc != KX_OK)
        return rc;
    int mdb = mdb_stat(txn->mdb, handle, facts);
    return mdb == 0 ? KX_OK : kx_store__txn_error(txn, mdb, "look at a table");
}

int kx_store__table_count(kx_store_txn *txn, uint32_t table, uint64_t *count)
{
    MDB_stat facts = {0};
    int rc = table_facts(txn, table, &facts);
    *count = facts.ms_entries;
    return rc;
}

int kx_store__table_bytes(kx_store_txn *txn, uint32_t table, uint64_t *bytes)
{
    MDB_stat facts = {0};
    int rc = table_facts(txn, table, &facts);
    *bytes = ((uint64_t)facts.ms_branch_pages + facts.ms_leaf_pages + facts.ms_overflow_pages) * facts.ms_psize;
    return rc;
}

int kx_store__empty_table(kx_store_txn *txn, uint32_t table)
{
    MDB_dbi handle;
    int rc = kx_store__prepare_write(txn, table, &handle);
    if (rc != KX_OK)
        return rc;
    int mdb = mdb_drop(txn->mdb, handle, 0);
    return mdb == 0 ? KX_OK : kx_store__txn_error(txn, mdb, "empty a table");
}
