/**
 * txn.h -- transactions: one consistent snapshot, or the one writer.
 *
 * A transaction owns every document and cursor that it hands out; its end closes them. It is used by one thread at a
 * time; a write transaction only by the thread that began it (KX_THREAD). Readers never wait for writers.
 */
#ifndef LMDBKENOBIX_TXN_H
#define LMDBKENOBIX_TXN_H

#include <stdint.h>

#include <lmdbkenobix/db.h>
#include <lmdbkenobix/export.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum kx_txn_mode {
    KX_READ  = 1,    /**< a snapshot                 */
    KX_WRITE = 2     /**< the writer; others wait    */
} kx_txn_mode;

/**
 * Run `work` in a write transaction: commit when it returns KX_OK, else roll everything back.
 *
 * `work` may run again from the start when the address space had to grow (KX_MAP_FULL inside); it must therefore have
 * no lasting effect of its own. Returns what `work` returned, or why the transaction could not begin or commit:
 *
 *   KX_DEADLOCK  this thread already holds the write transaction
 *   KX_BUSY      another writer held on past write_timeout_ms; the text names its process
 *   KX_READONLY, KX_FORKED, KX_FULL, KX_MAP_FULL, KX_TXN_FULL, KX_NOMEM, KX_IO, KX_REPLACED, KX_CORRUPT
 * After any error the store is as it was before.
 */
KX_API int kx_write(kx_db *db, int (*work)(kx_txn *txn, void *context), void *context);

/**
 * Run `work` in a read transaction. Returns what `work` returned, or why it could not begin:
 *   KX_READERS  no reader slot is left;  KX_FORKED, KX_PID, KX_NOMEM, KX_IO, KX_CORRUPT
 */
KX_API int kx_read(kx_db *db, int (*work)(kx_txn *txn, void *context), void *context);

/**
 * Begin a transaction by hand; `mode` is KX_READ or KX_WRITE. End it with kx_txn_commit() or kx_txn_abort().
 * Errors as kx_write() and kx_read(): KX_DEADLOCK, KX_BUSY, KX_READONLY, KX_FORKED, KX_READERS, …; KX_INVALID: another mode. On error *txn is NULL.
 */
KX_API int kx_txn_begin(kx_db *db, kx_txn_mode mode, kx_txn **txn);

/**
 * Begin a savepoint inside a write transaction; one at a time. While it lives, documents and cursors act in it and
 * only calls that name the parent are refused.
 *
 *   KX_INVALID   the parent is a read transaction     KX_BUSY  the parent has a live child already
 *   KX_TXN_FULL, KX_MAP_FULL, KX_NOMEM, KX_THREAD
 */
KX_API int kx_txn_child(kx_txn *parent, kx_txn **child);

/**
 * Commit; a child commits into its parent, a read transaction just ends. The transaction is gone whatever is returned, and after
 * an error nothing of it was kept.
 *
 *   KX_BUSY    a child lives: nothing happened and the transaction goes on
 *   KX_DANGLING  a deferred relation does not hold: nothing happened and the transaction goes on, to be mended or aborted;
 *                kx_violation_at() lists what leads nowhere
 *   KX_THREAD  another thread began it: nothing happened
 *   KX_INTERRUPTED, KX_MAP_FULL, KX_TXN_FULL, KX_FULL, KX_NOMEM
 *   KX_IO      what is on disk is not known; the store refuses writes until it is opened again
 */
KX_API int kx_txn_commit(kx_txn *txn);

/** Roll back; a live child goes with it. NULL is fine. Never fails; from another thread than the writer's it does nothing. */
KX_API void kx_txn_abort(kx_txn *txn);

/**
 * Ask a transaction to stop, from any thread, while it lives: a search, a count, a delete with all that follows it, an index
 * being filled, a check of relations or a bulk insert ends with KX_INTERRUPTED within 1,000 documents or index entries, and has changed nothing
 * when the transaction is rolled back, which is all that can be done with it: every later call answers KX_INTERRUPTED, and so does
 * kx_txn_commit(), which rolls back. kx_write() and kx_read() do that by themselves. A child's asks its whole transaction. NULL is fine; cannot fail.
 *
 * The caller sees to it that the transaction has not ended meanwhile.
 */
KX_API void kx_interrupt(kx_txn *txn);

/** What a transaction has cost so far; a child's work counts in its parent. */
typedef struct kx_stats {
    uint64_t descents;      /**< searches of a B-tree from its root             */
    uint64_t rows;          /**< documents fetched                              */
    uint64_t bytes;         /**< bytes of those documents                       */
    uint64_t entries;       /**< index entries walked                           */
    uint64_t writes;        /**< documents and index entries put or removed     */
    uint64_t lazy_loads;    /**< related documents fetched one by one           */
    uint64_t reserved[4];
} kx_stats;

/** Read the counts since the transaction began. KX_INVALID: a NULL argument. The transaction's thread. */
KX_API int kx_txn_stats(kx_txn *txn, kx_stats *stats);

#ifdef __cplusplus
}
#endif

#endif
