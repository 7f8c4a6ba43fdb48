/*
 * query.h -- filter, planner, cursor, ordering: which documents, in which order, at which cost.
 *
 * Relations are crossed from the catalog alone; instances are the collection room's.
 */
#ifndef KX_QUERY_QUERY_H
#define KX_QUERY_QUERY_H

#include <lmdbkenobix/aggregate.h>
#include <lmdbkenobix/query.h>

#include "collection/collection.h"

/*
 * A set that a query is bound to, in addition to its own conditions; nothing in those can leave it. Either the documents
 * whose first `count` parts of `index` equal `values` (count 0: a document without a key, whose set is empty), or, with
 * `index` NULL, those of `ids`, which ascend. Everything is only read during the call. NULL: the whole collection.
 */
typedef struct kx_query_bound {
    const kx_cat_index *index;
    const kx_value *values; /* neither null nor "no value" */
    size_t count;
    const uint64_t *ids;
    size_t id_count;
} kx_query_bound;

int kx_query__find(kx_txn *txn, const kx_cat_collection *collection, const kx_query *query, const kx_query_bound *bound,
                   kx_cursor **cursor);
int kx_query__first(kx_txn *txn, const kx_cat_collection *collection, const kx_query *query,
                    const kx_query_bound *bound, kx_doc **doc);
int kx_query__all(kx_txn *txn, const kx_cat_collection *collection, const kx_query *query, const kx_query_bound *bound,
                  kx_doc ***docs, size_t *count);
int kx_query__count(kx_txn *txn, const kx_cat_collection *collection, const kx_query *query,
                    const kx_query_bound *bound, uint64_t *count);
int kx_query__explain(kx_txn *txn, const kx_cat_collection *collection, const kx_query *query,
                      const kx_query_bound *bound, kx_doc **doc);

int kx_query__filter_compile(const char *text, kx_filter **filter);
void kx_query__filter_free(kx_filter *filter);

/* One value made of the numbers at a path of all that match; it points nowhere. */
typedef enum kx_query_fold { FOLD_SUM, FOLD_MIN, FOLD_MAX, FOLD_AVG } kx_query_fold;
int kx_query__aggregate(kx_txn *txn, const kx_cat_collection *collection, kx_query_fold fold, const char *path,
                   const kx_query *query, const kx_query_bound *bound, kx_value *result);

int kx_query__get(kx_txn *txn, const kx_cat_collection *collection, const char *path, const kx_value *value,
                  kx_doc **doc);

/*
 * Documents in windows: up to `size` of them at a time are read ahead, shown to `loaded` (which may load what belongs to
 * them), then handed out one by one; `leave` is called when the cursor lets one go. In a write transaction one that was
 * written meanwhile is read and tested again. `context` is ended with the cursor. To be called before the first step.
 */
typedef struct kx_query_loader {
    int (*loaded)(void *context, kx_txn *acting, kx_doc *const *docs, size_t count);
    void (*leave)(kx_doc *doc);
    void (*end)(void *context);
    void *context;
} kx_query_loader;
int kx_query__in_windows(kx_cursor *cursor, const kx_query_loader *loader);

/* What a partial index's .where says, with the text of an error. KX_INVALID, KX_LIMIT, KX_NOMEM. */
kx_cat_make_predicate kx_query__predicate;

/* A query whose texts and values are the arena's; without its prefetches, or whole. KX_NOMEM. */
int kx_query__keep(kx_arena *arena, const kx_query *query, const kx_query **kept);
int kx_query__keep_whole(kx_arena *arena, const kx_query *query, const kx_query **kept);

/* A cursor over documents at hand, in a read transaction; each is held until it has been passed. */
int kx_query__of_docs(kx_txn *txn, const kx_cat_collection *collection, kx_doc *const *docs, size_t count,
                      kx_cursor **cursor);

/* Call `visit` with each id at a relation's other end, or, `back`, with those that lead to a document of its target. A
   result other than 0 ends it and is returned. Ids come in no order, and may come twice; one may be of no document. */
typedef int kx_query_visit(void *context, uint64_t id);
int kx_query__hop(kx_txn *txn, const kx_cat_relation *relation, bool back, kx_slice document, kx_query_visit *visit,
                  void *context);

/* Call `visit` with each id of a bound, ascending, as long as it gives 0; no store is written meanwhile. */
int kx_query__each(kx_txn *txn, const kx_cat_collection *collection, const kx_query_bound *bound, kx_query_visit *visit,
                   void *context);

/* Groups by value; `of` NULL: only counted; `single`: by one path. */
int kx_query__groups(kx_txn *txn, const kx_cat_collection *collection, const char *by, bool single, const char *of,
                     const kx_query *query, kx_groups **groups);
int kx_query__groups_next(kx_groups *groups, kx_group_row *row); /* KX_NOTFOUND at the end, without a text */
int kx_query__groups_close(kx_groups *groups);                   /* NULL is fine */
kx_txn *kx_query__groups_txn(const kx_groups *groups);           /* that opened them */
void kx_query__group_budget(size_t bytes); /* for tests: of groups at a time, opened from now on; 0: the usual */

int kx_query__next(kx_cursor *cursor, kx_doc **doc); /* KX_NOTFOUND at the end, without a text */
int kx_query__close(kx_cursor *cursor);              /* NULL is fine */
kx_txn *kx_query__txn(const kx_cursor *cursor);      /* that opened it */

/*
 * The token of the document handed out last: a query like this one with it in .after goes on behind that document. It lives
 * until the next call of it, and no longer than the cursor.
 *   KX_NOTFOUND  nothing was handed out yet          KX_INVALID  a set that was loaded as a whole has no pages
 */
int kx_query__token(kx_cursor *cursor, const char **token);

/*
 * What a cursor was opened with, and how far it has come: `query` is the cursor's own copy (limit, offset and after as of now),
 * `relation` and `owner` are NULL and 0 for a search in a collection.
 */
typedef struct kx_query_origin {
    const kx_cat_collection *collection;
    const kx_cat_relation *relation;
    uint64_t owner;
    kx_query query;
} kx_query_origin;

/* Note what a cursor was opened with, before its first step. `query` (may be NULL) is copied. KX_NOMEM. */
int kx_query__remember(kx_cursor *cursor, const kx_query *query);
void kx_query__remember_owner(kx_cursor *cursor, const kx_cat_relation *relation, uint64_t owner);

/* KX_NOTFOUND: the walk has ended, nothing is left. Otherwise as kx_query__token(). It lives as long as the cursor. */
int kx_query__origin(kx_cursor *cursor, const kx_query_origin **origin);

/* Up to `room` ids of matching documents, in order, without instances: for writes over a whole set. *count 0 at the end. */
int kx_query__ids(kx_cursor *cursor, uint64_t *ids, size_t room, size_t *count);

#endif
