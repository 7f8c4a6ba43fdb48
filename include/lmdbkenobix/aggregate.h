/**
 * aggregate.h -- numbers about many documents: sums and averages, of a collection or of a document's set; groups by value.
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

/** The least number, as it is stored; of equals (1 and 1.0) the one of the lowest id. One document is read where an index has them in order. Of nothing: null. Errors as kx_sum(): KX_INVALID, …. */
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

/* ---- groups --------------------------------------------------------------------------------- *
 * Documents with equal values at some paths are a group: 30 and 30.0 are equal, and the group shows the value of its document
 * with the lowest id; null and missing are equal, and show as null.                                                   */

typedef struct kx_groups kx_groups;

/** One group. What it points at is valid until the next step. */
typedef struct kx_group_row {
    const kx_value *values;      /**< one for each path, in their order                                            */
    size_t          value_count;
    uint64_t        count;       /**< documents                                                                    */
    kx_value        sum;         /**< of the numbers at `of`, as kx_sum() and its kin; null where none was asked for */
    kx_value        min;
    kx_value        max;
    kx_value        avg;
    uint64_t        reserved[4];
} kx_group_row;

/**
 * Begin to group the documents that match by the values at `by`: "status", "status,-year", "user.country". Groups come in the order
 * of these values, a '-' turns it. Paths are those of an order: no sets and no []. `of`, unless it is NULL, is a path as kx_sum() takes it, whose
 * numbers are added up for each group. `limit`, `offset` and `order_by` of the query choose which documents are grouped.
 *
 * Where an index begins with these paths, and the query's conditions allow it, groups stream in its order, one in memory at a time; without
 * conditions and `of` only its keys are read, and one document for a group whose value a key does not tell (numbers, arrays, maps).
 * Otherwise the documents are read once, and the groups kept in some 16 MiB of memory; where these do not hold them, the documents
 * are read twice, sorted in between as kx_find() sorts. With a limit, an offset or a page's token they are read again for each 16 MiB of groups instead.
 * In a write transaction the groups are all worked out here, so that writing on the way changes none: memory grows with their number.
 *
 * Close the groups, or let the transaction do it.
 *   KX_INVALID  no such collection, a path that means nothing or many values;  KX_LIMIT, KX_BUSY, KX_NOMEM, KX_CORRUPT, KX_IO as kx_find()
 * On error *groups is NULL.
 */
KX_API int kx_group(kx_txn *txn, const char *collection, const char *by, const char *of, const kx_query *query,
                    kx_groups **groups);

/** The values at one path, each once, in order, with their counts. As kx_group(): KX_INVALID, KX_NOMEM, …. */
KX_API int kx_distinct(kx_txn *txn, const char *collection, const char *path, const kx_query *query,
                       kx_groups **groups);

/**
 * Step: fill `row`.
 *   KX_NOTFOUND: the end; the last error is left alone.   KX_CORRUPT, KX_NOMEM, KX_IO: also returned by kx_groups_close().
 * In both cases *row is zero.
 */
KX_API int kx_groups_next(kx_groups *groups, kx_group_row *row);

/** Close; NULL is fine. Returns what ended the groups early: KX_OK at their end or in their midst, else the error of kx_groups_next() (KX_CORRUPT, …). */
KX_API int kx_groups_close(kx_groups *groups);

#ifdef __cplusplus
}
#endif

#endif
