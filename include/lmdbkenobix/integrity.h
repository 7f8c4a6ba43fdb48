/**
 * integrity.h -- keys that lead nowhere: enforced relations, deferred checks, and a look at everything declared.
 *
 * A relation that is .enforced refuses a key without a target when the document is saved (KX_DANGLING). One that is .deferred
 * as well is held at kx_txn_commit(): documents may refer to each other, and be stored in any order. Checks that a child
 * transaction noted are forgotten when it is aborted, and those of a relation when it is dropped.
 */
#ifndef LMDBKENOBIX_INTEGRITY_H
#define LMDBKENOBIX_INTEGRITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lmdbkenobix/export.h>
#include <lmdbkenobix/txn.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A key that leads nowhere. Texts live as long as the transaction, or as the call of a report. */
typedef struct kx_violation {
    const char *collection;  /**< whose document has the key                       */
    const char *relation;    /**< "user"                                           */
    uint64_t    id;          /**< of that document                                 */
    const char *key;         /**< "user_id=999"                                    */
    bool        enforced;
    uint64_t    reserved[3];
} kx_violation;

/**
 * Make the deferred checks of a write transaction now; kx_txn_commit() makes them in the end. What was mended since is fine.
 *
 *   KX_DANGLING  keys lead nowhere: the text names the first ones and says how many; kx_violation_at() lists them all
 *   KX_INVALID   `txn` is NULL;  KX_READONLY, KX_BUSY (a child lives), KX_THREAD, KX_NOMEM, KX_CORRUPT, KX_IO
 * The transaction goes on either way.
 */
KX_API int kx_check_deferred(kx_txn *txn);

/**
 * The n-th violation, from 0, that the last kx_check_deferred() or refused kx_txn_commit() of this transaction found.
 *   KX_NOTFOUND  there are no more (the last error is left alone);  KX_INVALID  an argument is NULL
 */
KX_API int kx_violation_at(kx_txn *txn, size_t n, kx_violation *violation);

/**
 * Hold every document against every foreign key, one-to-one and many-to-many that is declared, enforced or not: `report`
 * (may be NULL) is called for each key that leads nowhere, null keys aside. *count is their number.
 *   KX_INVALID  `txn` or `count` is NULL;  KX_BUSY, KX_THREAD, KX_NOMEM, KX_CORRUPT, KX_IO.  Findings are no error.
 */
KX_API int kx_check_relations(kx_txn *txn, void (*report)(void *context, const kx_violation *violation), void *context,
                              uint64_t *count);

#ifdef __cplusplus
}
#endif

#endif
