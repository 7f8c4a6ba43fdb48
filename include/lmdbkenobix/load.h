/**
 * load.h -- what was loaded with a query's documents, and what was not.
 *
 * A query's .prefetch, .include and .sets (query.h) load related documents in batches: one ordered pass for each level,
 * and one instance of each document. Afterwards kx_doc_follow() needs no lookup, and kx_related_find() without a query
 * needs none in a read transaction. Whatever is still looked up one by one is counted here: a loop that asks for the user
 * of each of a thousand orders shows as a thousand loads where one batch would have done.
 */
#ifndef LMDBKENOBIX_LOAD_H
#define LMDBKENOBIX_LOAD_H

#include <stddef.h>
#include <stdint.h>

#include <lmdbkenobix/doc.h>
#include <lmdbkenobix/export.h>
#include <lmdbkenobix/query.h>
#include <lmdbkenobix/txn.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The members of a set that were loaded with a document, in the order of the query that loaded them: *docs is an array of
 * *count documents that lives as long as the document (its members too, unless kept). Of several loads of one set, the
 * last one. What was written since does not show.
 *
 *   KX_NOTFOUND  nothing was loaded under that name;  KX_INVALID  an argument is NULL;  KX_THREAD, KX_FORKED
 * On error *docs is NULL and *count 0.
 */
KX_API int kx_related_loaded(kx_doc *doc, const char *relation, kx_doc *const **docs, size_t *count);

/** Loads of related documents one by one, in one transaction. */
typedef struct kx_lazy_loads {
    const char *collection;    /**< that the relation is declared on; texts live as long as the transaction */
    const char *relation;
    uint64_t    loads;         /**< documents looked up alone                                               */
    uint64_t    batches;       /**< prefetches that would have loaded the same: one for each query's result */
    uint64_t    reserved[4];
} kx_lazy_loads;

/**
 * The n-th relation, from 0, through which this transaction has loaded documents one by one, in the order of their first
 * load. What the library does for itself is not counted.
 *   KX_NOTFOUND  there are no more (the last error is left alone);  KX_INVALID  an argument is NULL
 */
KX_API int kx_lazy_loads_at(kx_txn *txn, size_t n, kx_lazy_loads *loads);

#ifdef __cplusplus
}
#endif

#endif
