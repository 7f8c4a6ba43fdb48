/*
 * txn.c -- transactions: snapshots renewed from a pool, the one writer, savepoints in it.
 *
 * Beginning a read transaction in LMDB takes a mutex and a reader slot; renewing one that was reset takes neither. So
 * ended readers are kept, slot and cursors and all, in shards: a thread always comes back to its own.
 */
#include "store/store_impl.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

enum { BEGIN_TRIES = 16, CHECK_READERS_EVERY = 1000, FIRST_POINTS = 32 };

/* ---- the pool ------------------------------------------------------------------ */

static unsigned my_shard(const kx_store *store)
{
    static atomic_uint threads;
    static _Thread_local unsigned mine;
    if (mine == 0)
        mine = atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed) * 2 + 1;
    return (mine >> 1) & (store->shard_count - 1);
}

static void lock_shard(kx_shard *shard)
{
    while (atomic_exchange_explicit(&shard->locked, true, memory_order_acquire))
        sched_yield();
}

static void unlock_shard(kx_shard *shard)
{
    atomic_store_explicit(&shard->locked, false, memory_order_release);
}

static kx_store_txn *take_idle(kx_shard *shard)
{
    lock_shard(shard);
    kx_store_txn *txn = shard->idle_count > 0 ? shard->idle[--shard->idle_count] : NULL;
    unlock_shard(shard);
    return txn;
}

static bool keep_idle(kx_shard *shard, kx_store_txn *txn)
{
    lock_shard(shard);
    bool kept = shard->idle_count < SHARD_IDLE;
    if (kept)
        shard->idle[shard->idle_count++] = txn;
    unlock_shard(shard);
    return kept;
}

/* A read transaction that is not live, with all it kept. */
static void dispose(kx_store_txn *txn)
{
    for (size_t i = 0; i < txn->point_count; i++) {
        mdb_cursor_close(txn->points[i].cursor);
        mdb_cursor_close(txn->points[i].spare);
    }
    if (txn->mdb)
        mdb_txn_abort(txn->mdb);
    kx_store__free_scan(txn->spare_scan);
    kx_base__free(txn->points);
    kx_base__free(txn);
}

void kx_store__drain(kx_store *store)
{
    for (unsigned i = 0; i < store->shard_count; i++)
        for (kx_store_txn *txn; (txn = take_idle(&store->shards[i]));)
            dispose(txn);
}

/* ---- cursors that a read transaction keeps ----------------------------------------- */

int kx_store__room_for_points(kx_store_txn *txn, uint32_t table)
{
    size_t count = txn->point_count ? txn->point_count : FIRST_POINTS;
    while (count <= table)
        count *= 2;
    kx_point *points = kx_base__realloc(txn->points, count * sizeof(*points));
    if (!points)
        return kx_base__nomem();
    memset(points + txn->point_count, 0, (count - txn->point_count) * sizeof(*points));
    txn->points = points;
    txn->point_count = count;
    return KX_OK;
}

static int fresh_cursor(kx_store_txn *txn, MDB_dbi handle, MDB_cursor **cursor)
{
    int mdb = *cursor ? mdb_cursor_renew(txn->mdb, *cursor) : mdb_cursor_open(txn->mdb, handle, cursor);
    return mdb == 0 ? KX_OK : kx_store__txn_error(txn, mdb, "open a cursor");
}

int kx_store__point_cursor(kx_store_txn *txn, MDB_dbi handle, kx_point *point)
{
    if (point->renewed == txn->serial)
        return KX_OK;
    int rc = fresh_cursor(txn, handle, &point->cursor);
    if (rc == KX_OK)
        point->renewed = txn->serial;
    return rc;
}

int kx_store__cursor(kx_store_txn *txn, uint32_t table, MDB_dbi handle, MDB_cursor **cursor)
{
    *cursor = NULL;
    if (!txn->writes) {
        kx_point *point;
        int rc = kx_store__point(txn, table, &point);
        if (rc != KX_OK)
            return rc;
        *cursor = point->spare;
        point->spare = NULL;
    }
    int rc = fresh_cursor(txn, handle, cursor);
    if (rc != KX_OK) {
        mdb_cursor_close(*cursor);
        *cursor = NULL;
    }
    return rc;
}

void kx_store__cursor_done(kx_store_txn *txn, uint32_t table, MDB_cursor *cursor)
{
    if (!txn->writes && !txn->points[table].spare)
        txn->points[table].spare = cursor;
    else
        mdb_cursor_close(cursor);
}

/* ---- reading ------------------------------------------------------------------------- */

static int refuse(const kx_store *store)
{
    if (store->forks != kx_base__fork_count())
        return kx_base__fail(KX_FORKED, "'%s' was opened before a fork: open it again in the child", store->path);
    if (atomic_load_explicit(&store->broken, memory_order_relaxed) == KX_NOMEM)
        return kx_base__fail(KX_NOMEM, "'%s' has lost its map: close and open it again", store->path);
    return KX_OK;
}

static kx_store_txn *new_txn(kx_store *store)
{
    kx_store_txn *txn = kx_base__zalloc(sizeof(*txn));
    if (!txn) {
        kx_base__nomem();
        return NULL;
    }
    txn->store = store;
    txn->top = txn;
    return txn;
}

static int no_reader(const kx_store *store, int mdb)
{
    if (mdb == EAGAIN || mdb == EACCES)
        return kx_base__fail(KX_PID,
                             "'%s': a process of another container has the same process id; run both with one pid "
                             "namespace (--pid=host)",
                             store->path);
    return kx_store__error(store, mdb, "begin a read transaction");
}

/* LMDB's part. Slots of idle readers, and those of killed processes, are given back when none is left. */
static int begin_snapshot(kx_store *store, MDB_txn **mdb_txn)
{
    MDB_env *env = atomic_load_explicit(&store->env, memory_order_acquire);
    int mdb = *mdb_txn ? mdb_txn_renew(*mdb_txn) : mdb_txn_begin(env, NULL, MDB_RDONLY, mdb_txn);
    if (mdb == MDB_READERS_FULL) {
        kx_store__drain(store);
        (void)mdb_reader_check(env, NULL);
        mdb = mdb_txn_begin(env, NULL, MDB_RDONLY, mdb_txn);
    }
    return mdb;
}

static void end_read(kx_store_txn *txn)
{
    kx_store *store = txn->store;
    kx_shard *shard = &store->shards[txn->shard];
    unsigned number = txn->shard;
    if (txn->scans)
        kx_store__kill_scans(txn);
    if (txn->mdb)
        mdb_txn_reset(txn->mdb);
    if (!txn->mdb || !keep_idle(shard, txn))
        dispose(txn);
    kx_store__gate_leave(store, number);
}

/* One attempt. *again: the file had grown, or has tables that are not open yet; both have been seen to. */
static int try_read(kx_store *store, unsigned shard, kx_store_txn **begun, bool *again)
{
    bool core_open = atomic_load_explicit(&store->core_open, memory_order_acquire);
    bool has_env = atomic_load_explicit(&store->env, memory_order_acquire) != NULL;
    kx_store__gate_enter(store, shard);
    kx_store_txn *txn = take_idle(&store->shards[shard]);
    if (!txn && !(txn = new_txn(store))) {
        kx_store__gate_leave(store, shard);
        return KX_NOMEM;
    }
    txn->shard = shard;
    int mdb = has_env ? begin_snapshot(store, &txn->mdb) : 0;
    if (mdb != 0) {
        dispose(txn);
        kx_store__gate_leave(store, shard);
        *again = mdb == MDB_MAP_RESIZED;
        return *again ? kx_store__follow_growth(store) : no_reader(store, mdb);
    }
    txn->empty = !core_open && (!has_env || !kx_store__has_tables(txn->mdb));
    if (!core_open && !txn->empty) {
        end_read(txn);
        *again = true;
        return kx_store__open_core(store);
    }
    txn->serial++;
    memset(&txn->stats, 0, sizeof(txn->stats));
    atomic_store_explicit(&txn->interrupted, false, memory_order_relaxed);
    *begun = txn;
    return KX_OK;
}

static int begin_read(kx_store *store, kx_store_txn **txn)
{
    unsigned shard = my_shard(store);
    bool again = true;
    int rc = KX_OK;
    if (!atomic_load_explicit(&store->env, memory_order_acquire))
        rc = kx_store__open_env_late(store);
    for (int i = 0; rc == KX_OK && again; i++) {
        if (i == BEGIN_TRIES)
            return kx_base__fail(KX_BUSY, "%s: other processes grow it faster than it can be followed", store->path);
        again = false;
        rc = try_read(store, shard, txn, &again);
    }
    return rc;
}

/* ---- writing --------------------------------------------------------------------------- */

static int may_write(const kx_store *store)
{
    if (atomic_load(&store->broken))
        return kx_base__fail(
            KX_IO,
            "'%s': an earlier commit failed with an input/output error; close and open it again before "
            "writing",
            store->path);
    if (kx_store__was_replaced(store))
        return kx_base__fail(KX_REPLACED,
                             "'%s' (or its lock file) was moved, replaced or deleted since it was opened; writes would "
                             "be lost",
                             store->path);
    return KX_OK;
}

/* One attempt, with the writer's locks. */
static int try_write(kx_store *store, kx_store_txn *txn, bool *again)
{
    bool core_open = atomic_load_explicit(&store->core_open, memory_order_acquire);
    kx_store__gate_enter(store, txn->shard);
    txn->handles_made = atomic_load(&store->handles_made);
    int mdb = mdb_txn_begin(atomic_load(&store->env), NULL, 0, &txn->mdb);
    if (mdb == 0) {
        txn->empty = !core_open && !kx_store__has_tables(txn->mdb);
        if (core_open || txn->empty)
            return KX_OK;
        mdb_txn_abort(txn->mdb);
    }
    txn->mdb = NULL;
    kx_store__gate_leave(store, txn->shard);
    *again = mdb == 0 || mdb == MDB_MAP_RESIZED;
    if (!*again)
        return kx_store__error(store, mdb, "begin a write transaction");
    return mdb == 0 ? kx_store__open_core(store) : kx_store__follow_growth(store);
}

static int begin_write(kx_store *store, uint64_t timeout_ms, kx_store_txn **begun)
{
    bool again = true;
    if (store->options.read_only)
        return kx_base__fail(KX_READONLY, "'%s' is open read only", store->path);
    int rc = kx_store__writer_take(store, timeout_ms);
    if (rc != KX_OK)
        return rc;
    kx_store_txn *txn = new_txn(store);
    rc = txn ? may_write(store) : KX_NOMEM;
    if (txn) {
        txn->writes = true;
        txn->shard = my_shard(store);
    }
    for (int i = 0; rc == KX_OK && again; i++) {
        again = false;
        rc = i < BEGIN_TRIES
                 ? try_write(store, txn, &again)
                 : kx_base__fail(KX_BUSY, "%s: other processes grow it faster than it can be followed", store->path);
    }
    if (rc != KX_OK) {
        kx_base__free(txn);
        kx_store__writer_give(store);
        return rc;
    }
    *begun = txn;
    return KX_OK;
}

int kx_store__begin(kx_store *store, int mode, uint64_t timeout_ms, kx_store_txn **txn)
{
    *txn = NULL;
    int rc = refuse(store);
    if (rc == KX_OK)
        rc = kx_store__fault(FAULT_BEGIN);
    if (rc != KX_OK)
        return rc;
    return mode == KX_STORE_WRITE ? begin_write(store, timeout_ms, txn) : begin_read(store, txn);
}

int kx_store__child(kx_store_txn *parent, kx_store_txn **begun)
{
    *begun = NULL;
    if (!parent->writes)
        return kx_base__fail(KX_READONLY, "%s: a read transaction has no savepoints", parent->store->path);
    int rc = kx_store__usable(parent);
    if (rc == KX_OK)
        rc = kx_store__fault(FAULT_BEGIN);
    kx_store_txn *txn = rc == KX_OK ? new_txn(parent->store) : NULL;
    if (!txn)
        return rc == KX_OK ? KX_NOMEM : rc;
    kx_store__detach_scans(parent, KX_STORE_TABLES);
    int mdb = mdb_txn_begin(mdb_txn_env(parent->mdb), parent->mdb, 0, &txn->mdb);
    if (mdb != 0) {
        kx_base__free(txn);
        return kx_store__error(parent->store, mdb, "begin a savepoint");
    }
    txn->top = parent->top;
    txn->parent = parent;
    txn->depth = parent->depth + 1;
    txn->writes = true;
    txn->empty = parent->empty;
    parent->child = txn;
    *begun = txn;
    return KX_OK;
}

/* ---- ending ------------------------------------------------------------------------------- */

static void free_writer(kx_store_txn *txn)
{
    kx_store__free_scan(txn->spare_scan);
    kx_base__free(txn->made);
    kx_base__free(txn);
}

/* After LMDB's end. Readers that begin from here on see the new tables, so their handles go first. */
static void finish_top(kx_store_txn *txn, bool kept)
{
    kx_store *store = txn->store;
    unsigned shard = txn->shard;
    kx_store__handles_end(txn, kept);
    free_writer(txn);
    kx_store__gate_leave(store, shard);
    kx_store__writer_give(store);
}

static void finish_child(kx_store_txn *txn, bool kept)
{
    kx_store__handles_end(txn, kept);
    txn->parent->child = NULL;
    if (kept)
        txn->parent->empty = txn->empty;
    free_writer(txn);
}

static int commit_child(kx_store_txn *txn)
{
    int mdb = mdb_txn_commit(txn->mdb), rc = KX_OK;
    if (mdb != 0) /* LMDB may have merged half of it: the parent must not go on */
        txn->parent->poison = rc = kx_store__error(txn->store, mdb, "commit a savepoint");
    finish_child(txn, rc == KX_OK);
    return rc;
}

static int commit_top(kx_store_txn *txn)
{
    kx_store *store = txn->store;
    MDB_env *env = atomic_load(&store->env);
    bool wrote = txn->wrote;
    int rc = kx_store__error(store, mdb_txn_commit(txn->mdb), "commit");
    if (rc == KX_IO)
        atomic_store(&store->broken, KX_IO);
    if (rc == KX_OK && wrote && (atomic_fetch_add(&store->commits, 1) + 1) % CHECK_READERS_EVERY == 0)
        (void)mdb_reader_check(env, NULL);
    finish_top(txn, rc == KX_OK);
    return rc;
}

int kx_store__commit(kx_store_txn *txn)
{
    if (!txn->writes) {
        end_read(txn);
        return KX_OK;
    }
    int rc = kx_store__usable(txn);
    if (rc == KX_OK)
        rc = kx_store__fault(FAULT_COMMIT);
    if (rc != KX_OK) {
        if (rc == KX_IO && !txn->parent)
            atomic_store(&txn->store->broken, KX_IO);
        kx_store__abort(txn);
        return rc;
    }
    kx_store__kill_scans(txn);
    return txn->parent ? commit_child(txn) : commit_top(txn);
}

static void abort_one(kx_store_txn *txn)
{
    kx_store__kill_scans(txn);
    mdb_txn_abort(txn->mdb);
    if (txn->parent)
        finish_child(txn, false);
    else
        finish_top(txn, false);
}

void kx_store__abort(kx_store_txn *txn)
{
    if (!txn)
        return;
    if (!txn->writes) {
        end_read(txn);
        return;
    }
    while (txn->child) {
        kx_store_txn *last = txn->child;
        while (last->child)
            last = last->child;
        abort_one(last);
    }
    abort_one(txn);
}

bool kx_store__interrupted(const kx_store_txn *txn)
{
    return kx_store__is_interrupted(txn);
}

void kx_store__interrupt(kx_store_txn *txn)
{
    atomic_store_explicit(&txn->top->interrupted, true, memory_order_relaxed);
}

/* ---- what is asked of a transaction ----------------------------------------------------------- */

int kx_store__usable_slow(const kx_store_txn *txn)
{
    if (kx_store__is_interrupted(txn))
        return kx_base__fail(KX_INTERRUPTED, "%s: kx_interrupt() was called: this transaction can only be rolled back",
                             txn->store->path);
    if (txn->child)
        return kx_base__fail(KX_BUSY, "%s: a savepoint of this transaction is open; end it first", txn->store->path);
    return kx_base__fail(txn->poison, "%s: an earlier call of this transaction failed (%s): it can only be rolled back",
                         txn->store->path, kx_strerror(txn->poison));
}

int kx_store__prepare_write(kx_store_txn *txn, uint32_t table, MDB_dbi *handle)
{
    if (!txn->writes)
        return kx_base__fail(KX_READONLY, "%s: a read transaction cannot write", txn->store->path);
    int rc = kx_store__usable(txn);
    if (rc == KX_OK && txn->empty && table < KX_STORE_FIRST_TABLE)
        rc = kx_store__make_core(txn);
    if (rc == KX_OK)
        rc = kx_store__handle(txn, table, handle);
    if (rc == KX_NOTFOUND)
        rc = kx_base__fail(KX_INVALID, "%s: table %u was not made", txn->store->path, table);
    if (rc == KX_OK)
        rc = kx_store__txn_fault(txn, FAULT_WRITE);
    if (rc != KX_OK)
        return rc;
    if (txn->scans)
        kx_store__detach_scans(txn, table);
    txn->top->wrote = true;
    txn->top->stats.writes++;
    return KX_OK;
}

bool kx_store__writes(const kx_store_txn *txn)
{
    return txn->writes;
}

bool kx_store__is_empty(const kx_store_txn *txn)
{
    return txn->empty;
}

uint64_t kx_store__snapshot(const kx_store_txn *txn)
{
    return txn->mdb ? mdb_txn_id(txn->mdb) : 0;
}

kx_store_stats *kx_store__stats(kx_store_txn *txn)
{
    return &txn->top->stats;
}
