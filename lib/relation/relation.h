/*
 * relation.h -- what belongs to what: follow, link, related sets.
 */
#ifndef KX_RELATION_RELATION_H
#define KX_RELATION_RELATION_H

#include <lmdbkenobix/relation.h>

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
int kx_relation__add(kx_doc *doc, const char *name, kx_doc *member);
int kx_relation__remove(kx_doc *doc, const char *name, kx_doc *member);
int kx_relation__add_many(kx_doc *doc, const char *name, kx_doc *const *members, size_t count);
int kx_relation__link_get(kx_doc *doc, const char *name, kx_doc *member, kx_doc **link);
int kx_relation__link_set(kx_doc *doc, const char *name, kx_doc *member, const char *path, const kx_value *value);
int kx_relation__clear(kx_doc *doc, const char *name);
int kx_relation__replace(kx_doc *doc, const char *name, kx_doc *const *members, size_t count);

/* kx_doc_set and its kin pass here: a relation's name is refused with its text, a foreign key set by hand is noticed by follow. */
int kx_relation__change(kx_doc *doc, kx_change_kind kind, const char *path, const kx_value *value);

/* Saves and deletes of instances pass here, so that relations can act (deletes: DO_NOTHING is the only action yet). */
int kx_relation__save(kx_doc *doc);
int kx_relation__delete(kx_doc *doc);
int kx_relation__remove_id(kx_txn *txn, const kx_cat_collection *collection, uint64_t id);

#endif
