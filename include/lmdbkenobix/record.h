/**
 * record.h -- documents as bytes: for loaders and for bindings.
 *
 * The same rules, checks and indexes as for a kx_doc, without an instance. Bytes are MessagePack or JSON, which is told
 * by the first byte: '{' or white space begins JSON; the text of an error in it holds "line L, column C: what", counted from 1. The transaction is a write transaction of this thread; while it has a live
 * child these calls are KX_BUSY.
 */
#ifndef LMDBKENOBIX_RECORD_H
#define LMDBKENOBIX_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include <lmdbkenobix/db.h>
#include <lmdbkenobix/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One document's bytes, and the id it shall have or got. */
typedef struct kx_record {
    const void *data;       /**< MessagePack or JSON                                     */
    size_t      size;       /**< bytes                                                   */
    uint64_t    id;         /**< in: see kx_insert_many(); out: the id                   */
    int         has_id;     /**< in: 1 when `id` is to be used instead of the next one   */
    int         exact;      /**< in: 1 to store it as it stands, without initial values: restoring a dump */
} kx_record;

/**
 * Insert one document. *id (may be NULL) is the id it got.
 *   KX_EXISTS, KX_INVALID, KX_REQUIRED, KX_DANGLING, KX_LIMIT, KX_READONLY, KX_BUSY, KX_NOMEM, KX_MAP_FULL, KX_TXN_FULL, KX_IO: as kx_doc_save().
 * After an error the store is unchanged.
 */
KX_API int kx_insert(kx_txn *txn, const char *collection, const void *data, size_t size, uint64_t *id);

/**
 * Insert many at once; faster than one by one: the index entries of the call are sorted, and appended where keys ascend.
 *
 * Every record's `id` is set on success. With has_id the given id is used: KX_EXISTS when it is taken. Memory: about 40 bytes
 * plus its keys for each entry of the call.
 * Errors as kx_insert(): KX_EXISTS, KX_INVALID, … All or nothing: after an error the store is unchanged, and *failed (may be NULL) is
 * the number of the record that was at fault (count when none in particular was).
 */
KX_API int kx_insert_many(kx_txn *txn, const char *collection, kx_record *records, size_t count, size_t *failed);

/** Replace the document of that id whole. KX_NOTFOUND: there is none; otherwise as kx_doc_save(): KX_EXISTS, KX_INVALID, KX_RESTRICTED, …. After an error the store is unchanged. */
KX_API int kx_put(kx_txn *txn, const char *collection, uint64_t id, const void *data, size_t size);

/**
 * Change the fields that `data` names, each set to the value given there; others are untouched. Members are whole top-level fields.
 * KX_NOTFOUND, and as kx_doc_save(): KX_EXISTS, KX_INVALID, KX_RESTRICTED, …. After an error the store is unchanged.
 */
KX_API int kx_patch(kx_txn *txn, const char *collection, uint64_t id, const void *data, size_t size);

/** Delete the document of that id, as kx_doc_delete(): KX_NOTFOUND, KX_RESTRICTED, KX_INVALID (no such collection), KX_READONLY, KX_BUSY, KX_MAP_FULL, KX_IO. */
KX_API int kx_remove(kx_txn *txn, const char *collection, uint64_t id);

#ifdef __cplusplus
}
#endif

#endif
