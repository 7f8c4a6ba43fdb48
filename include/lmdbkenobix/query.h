/**
 * query.h -- finding documents: one query object for find, first, all and count.
 *
 * Logic is two-valued. Comparison is by type and value: '1' is not 1, 1 is 1.0, true is not 1. KX_LT … KX_GE and KX_BETWEEN match
 * values of the operand's type only; KX_NE skips null and missing; KX_EQ with null is KX_IS_NULL; "not" in a filter text is the exact
 * complement. Answers are the same with and without an index.
 */
#ifndef LMDBKENOBIX_QUERY_H
#define LMDBKENOBIX_QUERY_H

#include <stddef.h>
#include <stdint.h>

#include <lmdbkenobix/doc.h>
#include <lmdbkenobix/export.h>
#include <lmdbkenobix/txn.h>
#include <lmdbkenobix/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Operators of a condition. Numbers never change. */
typedef enum kx_op {
    KX_EQ = 0,       /**< equal; on an array or map the whole value                              */
    KX_NE,           /**< not equal, and neither null nor missing                                */
    KX_LT,
    KX_LE,
    KX_GT,
    KX_GE,
    KX_IN,           /**< equal to one of kx_list(KX_ARGS(…))                                    */
    KX_LIKE,         /**< text with % (any run), _ (one code point), \ (takes the next as it is) */
    KX_IS_NULL,      /**< null or missing (takes no value, or kx_bool(false) for the opposite)   */
    KX_CONTAINS,     /**< an array with this element, a text with this part                      */
    KX_ILIKE,        /**< as KX_LIKE, with A to Z as a to z                                      */
    KX_PREFIX,       /**< a text that starts with this one                                       */
    KX_SUFFIX,       /**< a text that ends with this one                                         */
    KX_PRESENT,      /**< there, null or not (takes no value, or kx_bool(false) for the opposite) */
    KX_BETWEEN       /**< kx_list(KX_ARGS(low, high)): KX_GE and KX_LE; behind a set, of one document */
} kx_op;

/** One condition. A list of them, ended by one without a path, must hold together. `_id` is the id. */
typedef struct kx_condition {
    const char *path;
    kx_op       op;
    kx_value    value;     /**< its own reserve lets a condition grow */
} kx_condition;

/** Conditions as an array that ends itself. Lives as long as the enclosing block. */
#define KX_WHERE(...) ((const kx_condition[]){__VA_ARGS__, {0}})

/** What happens when a document of a result is followed to one that was not prefetched. Numbers never change. */
typedef enum kx_load {
    KX_LOAD_ONE = 0, /**< it is looked up, alone                                                        */
    KX_LOAD_PEERS,   /**< it is looked up together with those of all documents at hand: of a cursor's window, or of the list */
    KX_LOAD_NONE     /**< KX_INVALID, naming the relation: nothing is looked up behind the caller's back */
} kx_load;

/** A relation to load with the documents of a query, and, of a set, which of its members in which order. */
typedef struct kx_prefetch {
    const char            *relation;  /**< "orders", "orders.items": a path of relations                 */
    const struct kx_query *query;     /**< of each set: conditions, order, offset, limit; NULL: all of it */
    uint64_t               reserved[2];
} kx_prefetch;

/** Prefetches as an array that ends itself. Lives as long as the enclosing block. */
#define KX_PREFETCH(...) ((const kx_prefetch[]){__VA_ARGS__, {0}})

/** A filter text that was read once, of any collection. It never changes: any number of queries and threads may use it. */
typedef struct kx_filter kx_filter;

/**
 * Read a filter text (doc/query.md has the language), to be used as .prepared. The text need not outlive the call; free the
 * filter when no query that begins needs it any more. Each use takes its own .args, and its own moment as now().
 *
 *   KX_INVALID  the text says at which column (in characters, from 1) and what was expected: "filter:17: expected a value";
 *               longer than 1 MiB, more than 100 parentheses inside each other;  KX_NOMEM
 * On error *filter is NULL.
 */
KX_API int kx_filter_compile(const char *text, kx_filter **filter);

/** Free a filter; NULL is fine. Cursors that are open do not need it. */
KX_API void kx_filter_free(kx_filter *filter);

/** A query; {0} and NULL are every document in id order. Only read during the call that takes it. */
typedef struct kx_query {
    const kx_condition *where;      /**< NULL: all                                                    */
    const char         *filter;     /**< the same as text: "amount >= ? or status == 'new'"; holds with .where */
    const kx_filter    *prepared;   /**< instead of .filter: its text, read before                    */
    const kx_value     *args;       /**< one for each ? of .filter or .prepared: KX_ARGS(…)           */
    const char         *order_by;   /**< "status,-amount"; NULL: by id. Ties ascend by id             */
    uint64_t            limit;      /**< documents at most; 0: all of them                            */
    uint64_t            offset;     /**< documents to pass over first                                 */
    const char         *prefetch;   /**< relations to load in batches: "user, products"               */
    const char         *after;      /**< begin behind this token of kx_cursor_token(); NULL: from the beginning */
    const char         *include;    /**< as .prefetch, and kx_doc_to_json() writes them under their names */
    const kx_prefetch  *sets;       /**< as .prefetch, with a query for each set; NULL: none          */
    kx_load             load;       /**< of what is not prefetched; 0: one by one                     */
    uint64_t            reserved[4];
} kx_query;

typedef struct kx_cursor kx_cursor;

/**
 * Begin to walk the documents that match, in order. Close the cursor, or let the transaction do it.
 *
 * Saving and deleting while walking is safe: each document comes at most once, as it is then; those deleted or no longer
 * matching are passed over; new ones may be missed.
 *
 *   KX_INVALID  no such collection, a path or filter that means nothing (the text names the column), an operator with a value it does
 *               not take, a token of another query
 *   KX_BUSY     the transaction has a live child;  KX_NOMEM, KX_CORRUPT, KX_IO
 * On error *cursor is NULL.
 */
KX_API int kx_find(kx_txn *txn, const char *collection, const kx_query *query, kx_cursor **cursor);

/**
 * Step. *doc is the next document, valid until the next step (see kx_doc_keep).
 *   KX_NOTFOUND: the end; the last error is left alone, *doc is NULL.   KX_CORRUPT, KX_NOMEM, KX_IO: also returned by kx_cursor_close().
 */
KX_API int kx_cursor_next(kx_cursor *cursor, kx_doc **doc);

/**
 * A token of the document handed out last, also when the walk has ended: a query that is the same but for .after, .limit,
 * .offset and what it loads goes on behind that document when the token is its .after, in any transaction, process or week, also when the
 * document has been deleted since or an index was added. Pages that are read so never give a document twice unless its
 * place in the order changed, and miss none that was there all the time and kept its place.
 *
 * It is text of letters, digits, '-' and '_', about as long as the values that the document is ordered by, and lives until the
 * next call of this for the cursor, or its end. Order and conditions are part of it: another query's token is KX_INVALID.
 * A document that was changed since it was handed out stands where its changed values put it.
 *
 *   KX_NOTFOUND  no document was handed out yet
 *   KX_INVALID   an argument is NULL, or the cursor walks a set that was prefetched as a whole
 *   KX_CORRUPT, KX_NOMEM, KX_THREAD, KX_FORKED.  On error *token is NULL.
 */
KX_API int kx_cursor_token(kx_cursor *cursor, const char **token);

/** A walk that has left its transaction. It is never changed: any thread may resume it, several times. */
typedef struct kx_suspended kx_suspended;

/**
 * Take a walk out of its transaction, so that a long one need not hold old pages of the store: close the cursor, end the transaction,
 * and go on in another one with kx_cursor_resume(), behind the document handed out last. What the later transaction shows
 * is what comes. On KX_OK the cursor is closed; free *walk with kx_suspended_free().
 *
 *   KX_NOTFOUND  the walk has ended: nothing is left
 *   KX_INVALID   an argument is NULL, or the cursor walks a set that was prefetched as a whole
 *   KX_CORRUPT, KX_NOMEM, KX_IO, KX_THREAD, KX_FORKED.  On error *walk is NULL and the cursor is as it was.
 */
KX_API int kx_cursor_suspend(kx_cursor *cursor, kx_suspended **walk);

/**
 * Go on with a walk, in a transaction of the same store. Close the cursor as any other.
 *   KX_NOTFOUND  the document whose set was walked is gone;  otherwise as kx_find(): KX_INVALID, KX_BUSY, ….  On error *cursor is NULL.
 */
KX_API int kx_cursor_resume(kx_txn *txn, const kx_suspended *walk, kx_cursor **cursor);

/** Free a suspended walk. NULL is fine. Cannot fail; no thread may use it meanwhile. */
KX_API void kx_suspended_free(kx_suspended *walk);

/** Close; NULL is fine. Returns what ended the walk early: KX_OK at its end or in its midst, else the error of kx_cursor_next() (KX_CORRUPT, …). */
KX_API int kx_cursor_close(kx_cursor *cursor);

/** The first document that matches. KX_NOTFOUND: none; *doc is NULL. Otherwise as kx_find(): KX_INVALID, KX_BUSY, …. The document lives to the end of the transaction or its release. */
KX_API int kx_first(kx_txn *txn, const char *collection, const kx_query *query, kx_doc **doc);

/**
 * All of them, as an array of *count documents that lives, like them, as long as the transaction. None: KX_OK, *count 0.
 * Errors as kx_find(): KX_INVALID, KX_BUSY, KX_NOMEM, …. On error *docs is NULL.
 */
KX_API int kx_all(kx_txn *txn, const char *collection, const kx_query *query, kx_doc ***docs, size_t *count);

/** How many match; limit and offset are honoured. Reads no document that an index already answers. Errors as kx_find(): KX_INVALID, KX_BUSY, …. */
KX_API int kx_count(kx_txn *txn, const char *collection, const kx_query *query, uint64_t *count);

/** The document whose field equals the value; several: the lowest id. KX_NOTFOUND: none; *doc is NULL. KX_INVALID: no such collection or no path. Works without an index, slowly. */
KX_API int kx_get(kx_txn *txn, const char *collection, const char *path, kx_value value, kx_doc **doc);

/** The document of that id. KX_NOTFOUND: none; *doc is NULL. KX_INVALID: no such collection;  KX_BUSY, KX_NOMEM, KX_CORRUPT. */
KX_API int kx_get_by_id(kx_txn *txn, const char *collection, uint64_t id, kx_doc **doc);

/**
 * Run a query and tell what it did, as a document: read it with kx_doc_get() and its kin or kx_doc_to_json(). It belongs to no
 * collection and cannot be saved; it lives to the end of the transaction or its release. Nothing is loaded: .prefetch,
 * .include, .sets and .load are passed over. doc/query.md tells how to read it. Members may be added, none is renamed:
 *
 *   plan       text    "primary" (rows by id), "index", "range", "intersection", "union", "scan"; "none": nothing can match
 *   index      text    its paths; of several indexes the one that is walked first; null: none
 *   order      text    "index": documents come in the order asked for; "heap": the best few are kept; "sort"; null
 *   examined   number  documents fetched, those beyond relations and of a sort's second look included
 *   returned   number  documents that it gives
 *   entries    number  index entries walked or counted           descents   number  searches from a root
 *   documents  number  of the collection
 *   legs       array   of an intersection or union: {plan, index, count}
 *   checked    array   paths whose conditions were tested on documents, since no index answers them
 *   filtered   array   paths whose conditions were tested on the keys of the index that was walked
 *   crossings  array   conditions beyond relations: {path, direction: "forward" from each document, "back" from the far end, count}
 *   rejected   array   {plan, index, count, reason}; count null: not counted; at_least true: not counted to its end
 *   planning   map     {examined, entries, descents}: the part of the above that was spent on choosing
 *
 * Errors as kx_find(): KX_INVALID, KX_BUSY, KX_NOMEM, KX_CORRUPT, KX_IO. On error *plan is NULL.
 */
KX_API int kx_explain(kx_txn *txn, const char *collection, const kx_query *query, kx_doc **plan);

#ifdef __cplusplus
}
#endif

#endif
