/**
 * delete.h -- what a delete does beyond its document: a plan that can be shown, confirmed and applied.
 *
 * Relations say what happens to documents that refer to one that is deleted (kx_relation.on_delete): they go too, lose the
 * key, get its default, or stand in the way. Actions happen when the last document with a key goes. kx_doc_delete() and
 * kx_remove() plan and apply in one, whole or not at all.
 *
 * RESTRICT does not block where the referring document is itself deleted by another path of the same delete; PROTECT does.
 */
#ifndef LMDBKENOBIX_DELETE_H
#define LMDBKENOBIX_DELETE_H

#include <stddef.h>
#include <stdint.h>

#include <lmdbkenobix/doc.h>
#include <lmdbkenobix/export.h>
#include <lmdbkenobix/model.h>
#include <lmdbkenobix/txn.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A plan. It belongs to no transaction, and is not changed once made: any thread may read it. */
typedef struct kx_deletion kx_deletion;

/**
 * What deleting a stored document would do; nothing is written. Computed from index entries: a document is read only where
 * something refers to its collection by another key than the id.
 *
 *   KX_NOTFOUND  the document is new, deleted, or gone
 *   KX_INVALID   an argument is NULL;  KX_READONLY (a copy), KX_BUSY, KX_NOMEM, KX_CORRUPT, KX_IO
 * On error *plan is NULL. Blockers are no error here: see kx_deletion_blocker_at(). Free it with kx_deletion_free().
 */
KX_API int kx_delete_plan(kx_doc *doc, kx_deletion **plan);

/** One kind of consequence: the documents of one collection that one relation reached. Texts live as long as the plan. */
typedef struct kx_deletion_step {
    const char *collection;
    kx_action   action;      /**< KX_CASCADE: deleted; KX_SET_NULL, KX_SET_DEFAULT: changed                */
    const char *relation;    /**< "orders.user", through which they were reached first; NULL: the document itself */
    uint64_t    documents;
    uint64_t    reserved[2];
} kx_deletion_step;

/** The n-th step, from 0; the first is the document itself. KX_NOTFOUND: no more;  KX_INVALID: an argument is NULL. */
KX_API int kx_deletion_step_at(const kx_deletion *plan, size_t n, kx_deletion_step *step);

/** A document that stands in the way. Texts live as long as the plan. */
typedef struct kx_blocker {
    const char *collection;
    uint64_t    id;
    const char *relation;    /**< "orders.user"                                                             */
    kx_action   action;      /**< KX_RESTRICT or KX_PROTECT                                                 */
    const char *path;        /**< how it was reached: "users 1 <- orders.user 7 <- items.order 12"         */
    uint64_t    reserved[2];
} kx_blocker;

/** The n-th blocker, from 0; all are listed. KX_NOTFOUND: no more;  KX_INVALID: an argument is NULL. */
KX_API int kx_deletion_blocker_at(const kx_deletion *plan, size_t n, kx_blocker *blocker);

/** The plan as one line of JSON, which lives as long as the plan. Cannot fail; "" for NULL. */
KX_API const char *kx_deletion_json(const kx_deletion *plan);

/**
 * Carry a plan out, in any later write transaction of the same store. It is computed again first: where it would now delete or change
 * other documents, or others stand in the way, nothing happens. Keys that are left to the commit (.deferred) are no part of it.
 *
 *   KX_CONFLICT    the store has changed so that the plan is another one
 *   KX_RESTRICTED  something stands in the way; the text names the first blocker and says how many there are
 *   KX_NOTFOUND    the document is gone;  KX_INVALID: an argument is NULL, or there is no such collection
 *   KX_DANGLING    a default leads nowhere, or to what goes, and the relation is enforced;  KX_EXISTS: it is unique, and taken
 *   KX_READONLY, KX_BUSY, KX_MAP_FULL, KX_TXN_FULL, KX_NOMEM, KX_CORRUPT, KX_IO
 * After an error the store is as it was; after KX_MAP_FULL, KX_TXN_FULL, KX_NOMEM, KX_IO and KX_FULL when the transaction has been rolled back, which
 * may then be all that can be done with it.
 */
KX_API int kx_deletion_apply(kx_txn *txn, const kx_deletion *plan);

/** Free a plan. NULL is fine. */
KX_API void kx_deletion_free(kx_deletion *plan);

#ifdef __cplusplus
}
#endif

#endif
