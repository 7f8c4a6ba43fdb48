/*
 * relation.h -- what belongs to what: follow, link, related sets.
 */
#ifndef KX_RELATION_RELATION_H
#define KX_RELATION_RELATION_H

#include <lmdbkenobix/change.h>
#include <lmdbkenobix/delete.h>
#include <lmdbkenobix/integrity.h>
#include <lmdbkenobix/relation.h>
#include <lmdbkenobix/walk.h>

#include "query/query.h"

/* What kx_collection__open() takes: enforced relations hold, and actions follow when keys change. */
extern const kx_guard kx_relation__guard;

/* All act in the innermost transaction of the document's (the api room has checked it with kx_collection__enter_doc). Errors and texts: the public header. */
int kx_relation__follow(kx_doc *doc, const char *name, kx_doc **target);
int kx_relation__link(kx_doc *doc, const char *name, kx_doc *target);

/* A query with what it asks to be loaded with its documents. `bound` may be NULL. As the query room's functions. */
int kx_relation__open(kx_txn *txn, const kx_cat_collection *collection, const kx_query *query,
                      const kx_query_bound *bound, kx_cursor **cursor);
int kx_relation__first(kx_txn *txn, const kx_cat_collection *collection, const kx_query *query, kx_doc **doc);
int kx_relation__all(kx_txn *txn, const kx_cat_collection *collection, const kx_query *query, kx_doc ***docs,
                     size_t *count);
int kx_relation__json(const kx_doc *doc, const char **json); /* with what was included */
int kx_relation__loaded(const kx_doc *doc, const char *name, kx_doc *const **docs, size_t *count);

int kx_relation__find(kx_doc *doc, const char *name, const kx_query *query, kx_cursor **cursor);
int kx_relation__count(kx_doc *doc, const char *name, const kx_query *query, uint64_t *count);
int kx_relation__explain(kx_doc *doc, const char *name, const kx_query *query, kx_doc **plan);
int kx_relation__fold(kx_doc *doc, const char *name, kx_query_fold fold, const char *path, const kx_query *query,
                      kx_value *result);
int kx_relation__add(kx_doc *doc, const char *name, kx_doc *member);
int kx_relation__remove(kx_doc *doc, const char *name, kx_doc *member);
int kx_relation__add_many(kx_doc *doc, const char *name, kx_doc *const *members, size_t count);
int kx_relation__link_get(kx_doc *doc, const char *name, kx_doc *member, kx_doc **link);
int kx_relation__link_set(kx_doc *doc, const char *name, kx_doc *member, const char *path, const kx_value *value);
int kx_relation__clear(kx_doc *doc, const char *name);
int kx_relation__replace(kx_doc *doc, const char *name, kx_doc *const *members, size_t count);

/* A walk that left its transaction. Texts and the query are the arena's. */
struct kx_suspended {
    kx_arena arena;
    const char *collection; /* that was searched, or that the relation is of */
    const char *relation;   /* NULL: the collection itself was searched      */
    uint64_t owner;
    const kx_query *query;
};
int kx_relation__suspend(kx_cursor *cursor, kx_suspended **walk); /* closes the cursor on KX_OK */
int kx_relation__resume(kx_txn *txn, const kx_cat_collection *collection, const kx_suspended *walk, kx_cursor **cursor);
void kx_relation__free_suspended(kx_suspended *walk); /* NULL is fine */

/* Along a self relation; the walk is closed with the transaction that acts. */
int kx_relation__walk(kx_doc *doc, const char *name, unsigned depth, kx_walk **walk);
int kx_relation__walk_next(kx_walk *walk, kx_doc **doc, unsigned *depth); /* KX_NOTFOUND at the end, without a text */
int kx_relation__walk_close(kx_walk *walk);                               /* NULL is fine */
kx_txn *kx_relation__walk_txn(const kx_walk *walk);                       /* that opened it */

/* kx_doc_set and its kin pass here: a relation's name is refused with its text, a foreign key set by hand is noticed by follow. */
int kx_relation__change(kx_doc *doc, kx_change_kind kind, const char *path, const kx_value *value);

/* Saves, deletes and changes of stored documents pass here, so that relations can act: whole or not at all. */
int kx_relation__save(kx_doc *doc);
int kx_relation__delete(kx_doc *doc);
int kx_relation__change_stored(kx_txn *txn, const kx_cat_collection *collection, uint64_t id, const kx_change *changes,
                               size_t count);

/* A planned delete, free of its transaction. Texts and arrays are the arena's. */
struct kx_deletion {
    kx_arena arena;
    const char *collection;
    const uint64_t *ids; /* of the documents that it is the delete of, ascending */
    size_t id_count;
    bool is_one;     /* of one document, not of what a query found */
    uint64_t digest; /* of all that it touches */
    kx_deletion_step *steps;
    size_t step_count;
    kx_blocker *blockers;
    size_t blocker_count;
    const char *json;
};
int kx_relation__deletion(kx_doc *doc, kx_deletion **plan);
int kx_relation__apply_deletion(kx_txn *txn, const kx_deletion *plan);
void kx_relation__free_deletion(kx_deletion *plan); /* NULL is fine */

/* What a query finds, changed or deleted as a whole; and one document by a key. Outputs are never NULL. */
int kx_relation__update_where(kx_txn *txn, const kx_cat_collection *collection, const kx_query *query,
                              const kx_edit *edits, uint64_t *changed);
int kx_relation__delete_where(kx_txn *txn, const kx_cat_collection *collection, const kx_query *query,
                              uint64_t *deleted);
int kx_relation__deletion_where(kx_txn *txn, const kx_cat_collection *collection, const kx_query *query,
                                kx_deletion **plan);
int kx_relation__upsert(kx_txn *txn, const kx_cat_collection *collection, const char *paths, kx_slice bytes,
                        kx_upsert_mode mode, uint64_t *id, bool *inserted);

/* Writes of documents as bytes: what kx_collection__… does, and what relations say to it. */
int kx_relation__insert_many(kx_txn *txn, const kx_cat_collection *collection, kx_record *records, size_t count,
                             size_t *failed);
int kx_relation__put(kx_txn *txn, const kx_cat_collection *collection, uint64_t id, kx_slice bytes);
int kx_relation__patch(kx_txn *txn, const kx_cat_collection *collection, uint64_t id, kx_slice bytes);

/* Deferred checks now; what they found, of the last time. KX_DANGLING; KX_NOTFOUND: no more. */
int kx_relation__check_deferred(kx_txn *txn);
int kx_relation__violation(const kx_txn *txn, size_t n, kx_violation *violation);

/* Every declared relation against every document. */
int kx_relation__check_all(kx_txn *txn, void (*report)(void *context, const kx_violation *violation), void *context,
                           uint64_t *count);
int kx_relation__remove_id(kx_txn *txn, const kx_cat_collection *collection, uint64_t id);

#endif
