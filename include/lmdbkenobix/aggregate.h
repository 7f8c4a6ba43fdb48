/**
 * aggregate.h -- numbers about many documents: sums and averages, of a collection or of a document's set.
 *
 * A path is a field ("amount"), the elements of an array ("items[].price"), or a field of related documents ("user.age",
 * "orders.amount"): of one, or of each member of a set. kx_count() and kx_related_count() count.
 */
#ifndef LMDBKENOBIX_AGGREGATE_H
#define LMDBKENOBIX_AGGREGATE_H

#include <stddef.h>
#include <stdint.h>

#include <lmdbkenobix/doc.h>
#include <lmdbkenobix/export.h>
#include <lmdbkenobix/query.h>
#include <lmdbkenobix/txn.h>
#include <lmdbkenobix/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- one number ------------------------------------------------------------------------- *
 * Of all documents that match; every member of the query applies (NULL: all), but nothing is loaded for it. Nulls, missing
 * fields, whatever is no number, and NaN are passed over. A result is a number or null: it points at nothing.            */

/**
 * The sum. Integers are added exactly: an integer up to 64 bits, a real beyond. With reals it is a real, and what rounding
 * takes away is carried along. Of nothing: the integer 0.
 *
 *   KX_INVALID  no such collection, a path that means nothing, a relation without a field behind it; as kx_find()
 *   KX_BUSY, KX_NOMEM, KX_CORRUPT, KX_IO as kx_find()
 * On error *result is null.
 */
KX_API int kx_sum(kx_txn *txn, const char *collection, const char *path, const kx_query *query, kx_value *result);

/** The least number, as it is stored; of equals (1 and 1.0) the one met first. One document is read where an index has them in order. Of nothing: null. Errors as kx_sum(): KX_INVALID, …. */
KX_API int kx_min(kx_txn *txn, const char *collection, const char *path, const kx_query *query, kx_value *result);

/** The greatest number; as kx_min(). Errors as kx_sum(): KX_INVALID, …. */
KX_API int kx_max(kx_txn *txn, const char *collection, const char *path, const kx_query *query, kx_value *result);

/** The average: always a real. Of nothing: null. Errors as kx_sum(): KX_INVALID, …. */
KX_API int kx_avg(kx_txn *txn, const char *collection, const char *path, const kx_query *query, kx_value *result);

/**
 * The same over the members of a document's set: the path is a member's.
 *   KX_INVALID  no such relation, or it is no set; otherwise as kx_sum()
 *   KX_READONLY a copy (kx_doc_copy) has no members
 * On error *result is null.
 */
KX_API int kx_related_sum(kx_doc *doc, const char *relation, const char *path, const kx_query *query, kx_value *result);

/** As kx_min(), over a set. Errors as kx_related_sum(): KX_INVALID, …. */
KX_API int kx_related_min(kx_doc *doc, const char *relation, const char *path, const kx_query *query, kx_value *result);

/** As kx_max(), over a set. Errors as kx_related_sum(): KX_INVALID, …. */
KX_API int kx_related_max(kx_doc *doc, const char *relation, const char *path, const kx_query *query, kx_value *result);

/** As kx_avg(), over a set. Errors as kx_related_sum(): KX_INVALID, …. */
KX_API int kx_related_avg(kx_doc *doc, const char *relation, const char *path, const kx_query *query, kx_value *result);

#ifdef __cplusplus
}
#endif

#endif
