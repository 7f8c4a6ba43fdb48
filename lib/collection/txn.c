/* txn.c -- transactions of a handle: begin, savepoint, commit, abort; who may use them, and who is told of their end. */
#include "collection/collection_impl.h"

/* Instances that a transaction object keeps for its next use. */
enum { KEPT_DOCS = 64 };

kx_txn *kx_collection__innermost(kx_txn *txn)
{
    txn = txn->top;
    while (txn->child != NULL)
        txn = txn->child;
    return txn;
}

static bool was_forked(const kx_txn *txn)
{
    return txn->db->fork_count != atomic_load_explicit(&kx_base__forks, memory_order_relaxed);
}

static bool is_anothers(const kx_txn *txn)
{
    return txn->writes && !pthread_equal(txn->owner, pthread_self());
}

static int check_user(const kx_txn *txn)
{
    if (was_forked(txn))
        return kx_base__fail(KX_FORKED, "this transaction was begun before a fork; open the store again in the child");
    if (is_anothers(txn))
        return kx_base__fail(KX_THREAD, "a write transaction is used by the thread that began it");
    return KX_OK;
}

static int check_child(const kx_txn *txn)
{
    if (txn->child != NULL)
        return kx_base__fail(KX_BUSY, "this transaction has a live child; use the child, or end it first");
    return KX_OK;
}

int kx_collection__enter_top(kx_txn *txn)
{
    int rc = check_user(txn);
    if (rc == KX_OK && txn->top->failed != KX_OK)
        rc = kx_base__fail(txn->top->failed, "an earlier write of this transaction failed half-way: abort it");
    return rc;
}

int kx_collection__enter(kx_txn *txn)
{
    int rc = kx_collection__enter_top(txn);
    return rc == KX_OK ? check_child(txn) : rc;
}

int kx_collection__enter_doc(const kx_doc *doc, kx_txn **acting)
{
    *acting = NULL;
    if (doc->txn == NULL)
        return kx_base__fail(KX_READONLY, "a copied document belongs to no transaction");
    int rc = kx_collection__enter_top(doc->txn);
    if (rc == KX_OK)
        *acting = kx_collection__innermost(doc->txn);
    return rc;
}

int kx_collection__enter_write(kx_txn *txn, const kx_cat_collection *collection)
{
    if (!txn->writes)
        return kx_base__fail(KX_READONLY, "this is a read transaction");
    if (collection != NULL && !collection->writable)
        return kx_base__fail_at(KX_READONLY, collection->name, NULL, NULL, NULL,
                                "collection '%s' has a feature that this version does not know: it can only be read",
                                collection->name);
    return KX_OK;
}

/* ---- transaction objects, used again --------------------------------------- */

static _Atomic(kx_txn *) *spare_of_thread(kx_db *db)
{
    uintptr_t self = (uintptr_t)pthread_self();
    return &db->spares[(self >> 12 ^ self >> 20) % KX_DB_SPARES];
}

static void free_retired(kx_txn *txn)
{
    while (txn->retired != NULL) {
        kx_retired *next = txn->retired->next;
        kx_catalog__release(txn->retired->catalog);
        kx_base__free(txn->retired);
        txn->retired = next;
    }
}

static kx_txn *new_txn(kx_db *db)
{
    kx_txn *txn = kx_base__zalloc(sizeof *txn);
    if (txn == NULL)
        return NULL;
    txn->db = db;
    txn->top = txn;
    pthread_mutex_lock(&db->lock);
    txn->next_of_db = db->txns;
    db->txns = txn;
    pthread_mutex_unlock(&db->lock);
    return txn;
}

/* Live ones are met in a child made by fork alone, where memory is freed and nothing else is touched. */
void kx_collection__free_txn(kx_txn *txn)
{
    while (txn->child != NULL) {
        kx_txn *child = txn->child;
        txn->child = child->child;
        kx_collection__undo_free(child);
        kx_catalog__release(child->catalog);
        kx_base__free(child->room);
        kx_base__free(child);
    }
    kx_collection__free_docs(txn);
    kx_collection__free_spares(txn, 0);
    kx_collection__registry_free(txn);
    kx_arena__free(&txn->arena);
    free_retired(txn);
    kx_catalog__release(txn->catalog);
    kx_collection__pending_free(txn);
    kx_base__free(txn->tallies);
    kx_base__free(txn);
}

static void drop_txn(kx_txn *txn)
{
    kx_db *db = txn->db;
    pthread_mutex_lock(&db->lock);
    kx_txn **link = &db->txns;
    while (*link != txn)
        link = &(*link)->next_of_db;
    *link = txn->next_of_db;
    pthread_mutex_unlock(&db->lock);
    kx_collection__free_txn(txn);
}

static kx_txn *take_txn(kx_db *db)
{
    kx_txn *txn = atomic_exchange_explicit(spare_of_thread(db), NULL, memory_order_acquire);
    return txn != NULL ? txn : new_txn(db);
}

static void give_txn(kx_txn *txn)
{
    kx_txn *none = NULL;
    atomic_store_explicit(&txn->live, false, memory_order_release);
    if (!atomic_compare_exchange_strong_explicit(spare_of_thread(txn->db), &none, txn, memory_order_release,
                                                 memory_order_relaxed))
        drop_txn(txn);
}

/* ---- begin ---------------------------------------------------------------- */

/* A snapshot with its catalog: where the catalog is newer than the open handles, open them and begin anew. */
static int begin_store(kx_txn *txn, kx_txn_mode mode)
{
    int store_mode = mode == KX_WRITE ? KX_STORE_WRITE : KX_STORE_READ;
    for (;;) {
        bool again = false;
        int rc = kx_store__begin(txn->db->store, store_mode, txn->db->options.write_timeout_ms, &txn->store);
        if (rc != KX_OK)
            return rc;
        rc = kx_collection__pin(txn, &again);
        if (rc == KX_OK && !again) {
            *kx_store__stats(txn->store) = (kx_store_stats){0};
            return KX_OK;
        }
        kx_store__abort(txn->store);
        txn->store = NULL;
        if (rc == KX_OK)
            rc = kx_collection__open_pinned(txn);
        if (rc != KX_OK) {
            kx_catalog__release(txn->catalog);
            txn->catalog = NULL;
            return rc;
        }
    }
}

int kx_collection__begin(kx_db *db, kx_txn_mode mode, kx_txn **result)
{
    *result = NULL;
    if (db->fork_count != kx_base__fork_count())
        return kx_base__fail(KX_FORKED, "this store was opened before a fork; open it again in the child");
    kx_txn *txn = take_txn(db);
    if (txn == NULL)
        return kx_base__nomem();
    atomic_store_explicit(&txn->live, true, memory_order_relaxed);
    int rc = begin_store(txn, mode);
    if (rc != KX_OK) {
        give_txn(txn);
        return rc;
    }
    txn->writes = mode == KX_WRITE;
    txn->owner = pthread_self();
    txn->failed = KX_OK;
    txn->declared = false;
    txn->lazy_loads = 0;
    *result = txn;
    return KX_OK;
}

int kx_collection__child(kx_txn *parent, kx_txn **result)
{
    *result = NULL;
    kx_txn *child = kx_base__zalloc(sizeof *child);
    if (child == NULL)
        return kx_base__nomem();
    int rc = kx_store__child(parent->store, &child->store);
    if (rc != KX_OK) {
        kx_base__free(child);
        return rc;
    }
    child->db = parent->db;
    child->parent = parent;
    child->top = parent->top;
    child->writes = true;
    child->owner = parent->owner;
    child->catalog = kx_catalog__retain(parent->catalog);
    parent->child = child;
    *result = child;
    return KX_OK;
}

/* ---- end --------------------------------------------------------------------- */

void kx_collection__add_walker(kx_txn *txn, kx_walker *walker)
{
    kx_walker **first = &txn->top->walkers;
    walker->txn = txn;
    walker->prev = NULL;
    walker->next = *first;
    if (*first != NULL)
        (*first)->prev = walker;
    *first = walker;
}

void kx_collection__forget_walker(kx_walker *walker)
{
    if (walker->prev != NULL)
        walker->prev->next = walker->next;
    else
        walker->txn->top->walkers = walker->next;
    if (walker->next != NULL)
        walker->next->prev = walker->prev;
    walker->prev = walker->next = NULL;
}

static void close_walkers(kx_txn *txn)
{
    kx_walker *next;
    for (kx_walker *walker = txn->top->walkers; walker != NULL; walker = next) {
        next = walker->next;
        if (walker->txn == txn)
            walker->close(walker);
    }
}

/* Everything that a top transaction handed out goes; the object is ready for its next use. */
static void clear_top(kx_txn *txn)
{
    if (txn->guarded != NULL)
        txn->db->guard->end(txn);
    txn->guarded = NULL;
    close_walkers(txn);
    kx_collection__free_docs(txn);
    kx_collection__free_spares(txn, KEPT_DOCS);
    kx_collection__registry_free(txn);
    if (txn->arena.blocks != NULL)
        kx_arena__free(&txn->arena);
    txn->lazy = NULL;
    free_retired(txn);
    if (txn->writes) {
        kx_base__free(txn->tallies);
        txn->tallies = NULL;
        txn->tally_count = 0;
        txn->snapshot = 0;
    }
}

static int commit_top(kx_txn *txn)
{
    bool declared = txn->declared;
    int rc = txn->failed;
    close_walkers(txn);
    if (rc == KX_OK) {
        rc = kx_store__commit(txn->store);
    } else {
        kx_base__fail(rc, "an earlier write of this transaction failed half-way: nothing was committed");
        kx_store__abort(txn->store);
    }
    txn->store = NULL;
    if (rc == KX_OK && declared)
        kx_collection__publish(txn);
    clear_top(txn);
    if (rc != KX_OK && declared) {
        kx_catalog__release(txn->catalog);
        txn->catalog = NULL;
    }
    give_txn(txn);
    return rc;
}

/* A child's catalog becomes its parent's, or stays pinned to the end for the instances that point into it. */
static void end_child(kx_txn *child, bool keep)
{
    kx_txn *parent = child->parent;
    const kx_guard *guard = child->db->guard;
    if (guard != NULL && guard->child_end != NULL && child->top->guarded != NULL)
        guard->child_end(child, keep);
    if (child->catalog == parent->catalog) {
        kx_catalog__release(child->catalog);
        kx_base__free(child->room);
    } else if (keep) {
        kx_collection__set_catalog(parent, child->room, child->catalog);
    } else {
        kx_collection__retire(parent, child->room, child->catalog);
    }
    parent->child = NULL;
    kx_base__free(child);
}

/* What failed half-way was written in this child, since nobody acts in its parent meanwhile: it goes with it. */
static void abort_child(kx_txn *child)
{
    close_walkers(child);
    kx_store__abort(child->store);
    child->store = NULL;
    child->top->failed = KX_OK;
    kx_collection__undo_take(child);
    kx_collection__count_all(child->top);
    end_child(child, false);
}

static int commit_child(kx_txn *child)
{
    kx_txn *top = child->top;
    int rc = top->failed;
    if (rc != KX_OK) {
        abort_child(child);
        return kx_base__fail(rc, "an earlier write of this transaction failed half-way: nothing of it was kept");
    }
    close_walkers(child);
    rc = kx_store__commit(child->store);
    child->store = NULL;
    if (rc == KX_OK) {
        kx_collection__undo_merge(child);
    } else {
        kx_collection__undo_take(child);
        kx_collection__count_all(top);
        top->failed = rc;
    }
    end_child(child, rc == KX_OK);
    return rc;
}

/* What must hold at the end of a top transaction. After a failure it goes on. */
static int check_end(kx_txn *txn)
{
    const kx_guard *guard = txn->db->guard;
    bool asks = txn->parent == NULL && txn->writes && txn->failed == KX_OK && guard != NULL && guard->commit != NULL;
    return asks ? guard->commit(txn) : KX_OK;
}

int kx_collection__commit(kx_txn *txn)
{
    int rc = check_user(txn);
    if (rc == KX_OK)
        rc = check_child(txn);
    if (rc == KX_OK)
        rc = check_end(txn);
    if (rc != KX_OK)
        return rc;
    return txn->parent != NULL ? commit_child(txn) : commit_top(txn);
}

void kx_collection__abort(kx_txn *txn)
{
    if (txn == NULL || was_forked(txn) || is_anothers(txn))
        return;
    for (kx_txn *inner; (inner = kx_collection__innermost(txn)) != txn && txn->child != NULL;)
        abort_child(inner);
    if (txn->parent != NULL) {
        abort_child(txn);
        return;
    }
    bool declared = txn->declared;
    close_walkers(txn);
    kx_store__abort(txn->store);
    txn->store = NULL;
    clear_top(txn);
    if (declared) {
        kx_catalog__release(txn->catalog);
        txn->catalog = NULL;
    }
    give_txn(txn);
}

/* ---- kx_write and kx_read -------------------------------------------------------- */

int kx_collection__run(kx_db *db, kx_txn_mode mode, int (*work)(kx_txn *, void *), void *context)
{
    for (;;) {
        kx_txn *txn;
        int rc = kx_collection__begin(db, mode, &txn);
        if (rc != KX_OK)
            return kx_base__done(rc);
        rc = work(txn, context);
        if (rc == KX_OK && txn->child != NULL)
            rc = kx_base__done(kx_base__fail(KX_BUSY, "a child transaction was left open: nothing was committed"));
        if (rc == KX_OK)
            rc = kx_base__done(check_end(txn));
        if (rc != KX_OK || mode == KX_READ)
            kx_collection__abort(txn);
        else
            rc = kx_base__done(commit_top(txn));
        if (rc != KX_MAP_FULL || mode == KX_READ)
            return rc;
        if (kx_store__grow(db->store) != KX_OK) {
            kx_base__done(KX_OK); /* the text stands that tells where it was full */
            return rc;
        }
        kx_collection__log(db, "%s: the map was full and has grown; the transaction runs again",
                           kx_store__path(db->store));
    }
}

/* ---- tallies ------------------------------------------------------------------------ */

uint32_t *kx_collection__tally(kx_txn *txn, uint32_t number)
{
    kx_txn *top = txn->top;
    if (number >= top->tally_count) {
        size_t count = (size_t)number + 16;
        uint32_t *tallies = kx_base__realloc(top->tallies, kx_base__times(count, sizeof *tallies));
        if (tallies == NULL)
            return NULL;
        for (size_t i = top->tally_count; i < count; i++)
            tallies[i] = 0;
        top->tallies = tallies;
        top->tally_count = count;
    }
    return &top->tallies[number];
}

void kx_collection__count_all(kx_txn *top)
{
    for (size_t i = 0; i < top->tally_count; i++)
        top->tallies[i]++;
}

uint32_t kx_collection__writes_to(const kx_txn *txn, uint32_t collection)
{
    const kx_txn *top = txn->top;
    return collection < top->tally_count ? top->tallies[collection] : 0;
}
