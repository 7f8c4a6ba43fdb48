/**
 * change.h -- many documents at once: change or delete what a query finds, insert or change by a key.
 *
 * A call happens whole or not at all, with everything that relations ask for. What the query finds is settled first; then each
 * document is changed once, in id order, as it is when its turn comes. The transaction is a write transaction of this
 * thread; while it has a live child these calls are KX_BUSY.
 */
#ifndef LMDBKENOBIX_CHANGE_H
#define LMDBKENOBIX_CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lmdbkenobix/delete.h>
#include <lmdbkenobix/export.h>
#include <lmdbkenobix/query.h>
#include <lmdbkenobix/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What an edit does; as the calls of doc.h. Numbers never change. */
typedef enum kx_edit_kind {
    KX_EDIT_SET = 0,    /**< kx_doc_set()                               */
    KX_EDIT_UNSET,      /**< kx_doc_unset(); takes no value             */
    KX_EDIT_APPEND,     /**< kx_doc_append()                            */
    KX_EDIT_INCREMENT,  /**< kx_doc_increment()                         */
    KX_EDIT_REMOVE      /**< kx_doc_remove_elements()                   */
} kx_edit_kind;

/** One change of one field. A list of them is applied in order, and ended by one without a path. */
typedef struct kx_edit {
    const char  *path;
    kx_edit_kind kind;
    kx_value     value;     /**< its own reserve lets an edit grow */
} kx_edit;

/** Edits as an array that ends itself. Lives as long as the enclosing block. */
#define KX_EDITS(...) ((const kx_edit[]){__VA_ARGS__, {0}})

/**
 * Change every document that the query finds (NULL: all of the collection). .limit, .offset, .order_by and .after say which ones;
 * what is loaded with them does not matter. Documents that a change leaves as they were are not written. *changed (may be NULL) is
 * the number of those that were.
 *
 *   KX_INVALID   no such collection, a query or an edit that means nothing, a value of another type than declared, an increment of
 *                what is no number, an append to or a removal from what is no array; the text names document and path
 *   KX_LIMIT     a sum beyond 64 bits, a document beyond 64 MiB or 64 levels
 *   KX_EXISTS, KX_REQUIRED, KX_DANGLING, KX_RESTRICTED   as kx_doc_save(), of the first document that is refused
 *   KX_READONLY, KX_BUSY, KX_NOMEM, KX_MAP_FULL, KX_TXN_FULL, KX_CORRUPT, KX_IO
 * After an error the store is unchanged and *changed is 0. Memory: 8 bytes for each document found.
 */
KX_API int kx_update_where(kx_txn *txn, const char *collection, const kx_query *query, const kx_edit *edits,
                           uint64_t *changed);

/**
 * Delete every document that the query finds (NULL: all of the collection), as one delete: what relations ask for follows, and one of
 * these documents does not restrict another. *deleted (may be NULL) is the number of documents that the query found; what went with
 * them is not counted.
 *
 *   KX_RESTRICTED  something stands in the way: the text names the first and says how many
 *   KX_INVALID, KX_DANGLING, KX_EXISTS, KX_READONLY, KX_BUSY, KX_NOMEM, KX_MAP_FULL, KX_TXN_FULL, KX_CORRUPT, KX_IO
 * After an error the store is unchanged and *deleted is 0. Memory: about 40 bytes for each document that goes, 8 where nothing refers to it.
 */
KX_API int kx_delete_where(kx_txn *txn, const char *collection, const kx_query *query, uint64_t *deleted);

/**
 * What kx_delete_where() would do, as a plan like that of kx_delete_plan(): to be shown, confirmed and applied later. Any transaction.
 *
 *   KX_INVALID, KX_BUSY, KX_NOMEM, KX_CORRUPT, KX_IO.  On error *plan is NULL. A query that finds nothing gives a plan without steps.
 */
KX_API int kx_delete_plan_where(kx_txn *txn, const char *collection, const kx_query *query, kx_deletion **plan);

/** What kx_upsert() does with the document that is there. Numbers never change. */
typedef enum kx_upsert_mode {
    KX_UPSERT_MERGE = 0,  /**< its fields get the values given, as kx_patch(); others stay */
    KX_UPSERT_REPLACE,    /**< it is replaced whole, as kx_put()                           */
    KX_UPSERT_SKIP        /**< it stays as it is                                           */
} kx_upsert_mode;

/**
 * Insert a document, or change the one that has the same values at `paths` ("email", "tenant,user_id"). `data` is JSON or MessagePack, as for
 * kx_insert(). *id and *inserted (each may be NULL) tell of which document, and whether it is new. Without an index on the paths it works
 * slowly; only a unique one keeps others from inserting the same.
 *
 *   KX_REQUIRED  the document has null or nothing at one of the paths
 *   KX_EXISTS    several documents have these values; or as kx_insert()
 *   KX_INVALID   no such collection, bad paths or bytes, no such mode;  otherwise as kx_insert(), kx_patch(), kx_put(): KX_DANGLING, KX_READONLY, …
 * After an error the store is unchanged, *id 0 and *inserted false.
 */
KX_API int kx_upsert(kx_txn *txn, const char *collection, const char *paths, const void *data, size_t size,
                     kx_upsert_mode mode, uint64_t *id, bool *inserted);

#ifdef __cplusplus
}
#endif

#endif
