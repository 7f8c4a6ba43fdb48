/**
 * relation.h -- from a document to what belongs to it.
 *
 * A foreign key is followed; a related set is searched, counted, added to and removed from. What was followed is kept with the
 * document; it is never stale: when the key or the target changes, it is read again.
 *
 * A key that is null or missing relates nothing. Every call takes the document's own thread (see txn.h).
 */
#ifndef LMDBKENOBIX_RELATION_H
#define LMDBKENOBIX_RELATION_H

#include <stddef.h>
#include <stdint.h>

#include <lmdbkenobix/doc.h>
#include <lmdbkenobix/export.h>
#include <lmdbkenobix/query.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The document that a foreign key points at: one index lookup the first time, none later. It lives as long as the transaction,
 * or as the cursor's document that it was reached from.
 *
 *   KX_REQUIRED  the key is null: "Foreign key 'user_id' is null. Declare the relation optional if this is valid."
 *   KX_DANGLING  no such document: "Related users with user_id=999 not found"
 *   KX_INVALID   no such relation, or it is a set
 *   KX_READONLY  a copy (kx_doc_copy) follows nothing;  KX_NOMEM, KX_CORRUPT
 * An optional relation gives KX_OK and NULL in the first two cases. Several targets with that key: the lowest id. On error *target is NULL.
 */
KX_API int kx_doc_follow(kx_doc *doc, const char *relation, kx_doc **target);

/**
 * Point a foreign key at a document: sets the key field and remembers the target; stored by kx_doc_save().
 * NULL unsets it, where the relation is optional. Where several documents have that key, this document leads to the linked one until
 * the target's collection is written; after that, and for everybody else, to the lowest id.
 *
 *   KX_REQUIRED  "Cannot set user to null (not optional)"; or the target has no key
 *   KX_INVALID   no such relation, a document of another collection or transaction, or a set: "Cannot directly assign to orders. Use add,
 *                remove or clear."
 *   KX_READONLY, KX_NOMEM
 * After an error nothing has changed.
 */
KX_API int kx_doc_link(kx_doc *doc, const char *relation, kx_doc *target);

/**
 * Walk the documents of a set; every member of a query applies, and a condition on the key itself cannot leave the set.
 * `query` NULL: all, by id.  KX_INVALID: no such relation, or it is no set; otherwise as kx_find().
 */
KX_API int kx_related_find(kx_doc *doc, const char *relation, const kx_query *query, kx_cursor **cursor);

/** How many there are; without a condition a stored number, no document is read. Errors as kx_related_find(): KX_INVALID, …. */
KX_API int kx_related_count(kx_doc *doc, const char *relation, const kx_query *query, uint64_t *count);

/**
 * Run a query over a set and tell what it did: see kx_explain(). The walk over a many-to-many's links, which gives the ids that
 * the plan begins with, comes before it and is not counted. Errors as kx_related_find(): KX_INVALID, …. On error *plan is NULL.
 */
KX_API int kx_related_explain(kx_doc *doc, const char *relation, const kx_query *query, kx_doc **plan);

/**
 * Add a document to a set: its key is set and it is saved; a new one is inserted. Adding a member again changes nothing.
 * In a many-to-many the member is saved as it is, and linked by the key that it then has.
 *
 *   KX_REQUIRED  this document has no key; or, in a many-to-many, the member has none
 *   KX_NOTFOUND  the member has been deleted meanwhile
 *   KX_INVALID   no such set, or a document of another collection or transaction
 *   KX_EXISTS, KX_READONLY, … as kx_doc_save()
 * After an error the store is unchanged.
 */
KX_API int kx_related_add(kx_doc *doc, const char *relation, kx_doc *member);

/** The same for `count` documents, all or none of them; also of none KX_REQUIRED where this document has no key. Errors as kx_related_add(): KX_REQUIRED, KX_INVALID, KX_EXISTS, …. */
KX_API int kx_related_add_many(kx_doc *doc, const char *relation, kx_doc *const *members, size_t count);

/**
 * Take a document out of a set: its key becomes null; the document stays.
 *   KX_NOTFOUND  it is no member;  KX_REQUIRED  the foreign key is required: nothing changes
 *   KX_INVALID, KX_READONLY, … as kx_related_add()
 */
KX_API int kx_related_remove(kx_doc *doc, const char *relation, kx_doc *member);

/** Take all out, any number, in one call. KX_REQUIRED when the foreign key is required and the set is not empty. All or nothing. Errors as kx_related_remove(): KX_INVALID, …. */
KX_API int kx_related_clear(kx_doc *doc, const char *relation);

/**
 * Make the set exactly these documents, by difference: members that stay are not written, and keep their links. `members` holds `count`
 * documents; new and changed ones are saved. All or nothing. Errors as kx_related_add() and kx_related_remove(): KX_REQUIRED, KX_INVALID, ….
 */
KX_API int kx_related_replace(kx_doc *doc, const char *relation, kx_doc *const *members, size_t count);

/* ---- links of a many-to-many ------------------------------------------------------------ *
 * A link is a document of the junction collection: the keys of both ends, and whatever fields you give it.             */

/**
 * The link between a document and a member of its many-to-many, as a document like any other: read it, change it, save it;
 * also while a cursor of kx_related_find() is open. It lives to the end of the transaction or its release.
 *
 *   KX_NOTFOUND  they are not linked
 *   KX_INVALID   no such relation, or not a many-to-many; a document of another collection or transaction
 *   KX_READONLY, KX_NOMEM, KX_CORRUPT as kx_doc_follow()
 * On error *link is NULL.
 */
KX_API int kx_link_get(kx_doc *doc, const char *relation, kx_doc *member, kx_doc **link);

/**
 * Set one field of a link, stored at once.
 *   KX_INVALID  the field holds the key of one end, or kx_doc_set() would refuse it;  KX_NOTFOUND, … as kx_link_get()
 *   KX_READONLY, KX_EXISTS, … as kx_doc_save().  After an error the link is unchanged.
 */
KX_API int kx_link_set(kx_doc *doc, const char *relation, kx_doc *member, const char *path, kx_value value);

#ifdef __cplusplus
}
#endif

#endif
