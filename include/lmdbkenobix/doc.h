/**
 * doc.h -- a document in hand: read fields in place, change them, save.
 *
 * A kx_doc belongs to the transaction that handed it out and is gone with it; a document from a cursor is gone at the
 * cursor's next step unless kept (kx_doc_keep). It shows the document as loaded or last saved, plus its own changes.
 * Paths are `email`, `address.city`, `tags[0]`; a name with odd characters stands in backquotes. The id is not a field: kx_doc_id().
 *
 * Every call here takes the document's own thread (see txn.h); an argument that is NULL where it must not be is KX_INVALID.
 */
#ifndef LMDBKENOBIX_DOC_H
#define LMDBKENOBIX_DOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lmdbkenobix/db.h>
#include <lmdbkenobix/export.h>
#include <lmdbkenobix/value.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct kx_doc kx_doc;

/* ---- new documents ---------------------------------------------------- */

/**
 * A new, empty document; it is stored, and gets its id, at kx_doc_save(). The transaction must be a write transaction.
 *   KX_INVALID: no such collection;  KX_READONLY, KX_BUSY (the transaction has a live child), KX_NOMEM.  On error *doc is NULL.
 */
KX_API int kx_doc_new(kx_txn *txn, const char *collection, kx_doc **doc);

/**
 * A new document from one JSON object; `_id` in it is refused.
 *   KX_INVALID: the text names line and column;  KX_LIMIT: too deep or too long;  KX_READONLY, KX_BUSY, KX_NOMEM
 */
KX_API int kx_doc_from_json(kx_txn *txn, const char *collection, const char *json, kx_doc **doc);

/** A new document from `size` bytes of MessagePack, copied. Errors as kx_doc_from_json(): KX_INVALID names the byte. */
KX_API int kx_doc_from_msgpack(kx_txn *txn, const char *collection, const void *data, size_t size, kx_doc **doc);

/* ---- what it is --------------------------------------------------------- */

/** The id; 0 for a document that was never saved (with a primary field 0 can be a real id: see kx_doc_is_new). Cannot fail. */
KX_API uint64_t kx_doc_id(const kx_doc *doc);

/** True until the document has been saved for the first time. Cannot fail. */
KX_API bool kx_doc_is_new(const kx_doc *doc);

/** The collection's name; lives as long as the document. Cannot fail. */
KX_API const char *kx_doc_collection(const kx_doc *doc);

/** True when there are changes that were not saved. Cannot fail. */
KX_API bool kx_doc_is_changed(const kx_doc *doc);

/* ---- read fields ---------------------------------------------------------- */

/**
 * Read a field of any type in place. Texts, binaries, arrays and maps point into the document: in a read transaction
 * until it ends, otherwise until the document is changed, saved, reloaded or gone.
 *
 *   KX_NOTFOUND  nothing stands there (null is a value)
 *   KX_INVALID   no path, or one with []
 * On error *value is {0}.
 */
KX_API int kx_doc_get(const kx_doc *doc, const char *path, kx_value *value);

/**
 * Read a field of one type. KX_NOTFOUND: missing;  KX_INVALID: another type (null is another type) or no path; the text names what was found.
 * On error *value is zero. Integers: KX_INVALID when out of range. Reals: an integer is converted when that is exact, else KX_INVALID.
 */
KX_API int kx_doc_get_bool(const kx_doc *doc, const char *path, bool *value);
/** See kx_doc_get_bool(): KX_NOTFOUND, KX_INVALID. Above 2^63-1 it is KX_INVALID. */
KX_API int kx_doc_get_int(const kx_doc *doc, const char *path, int64_t *value);
/** See kx_doc_get_bool(): KX_NOTFOUND, KX_INVALID. A negative number is KX_INVALID. */
KX_API int kx_doc_get_uint(const kx_doc *doc, const char *path, uint64_t *value);
/** See kx_doc_get_bool(): KX_NOTFOUND, KX_INVALID. */
KX_API int kx_doc_get_real(const kx_doc *doc, const char *path, double *value);
/** A text in place: `size` bytes, not terminated, may hold NUL; lifetime as kx_doc_get(). KX_NOTFOUND, KX_INVALID. */
KX_API int kx_doc_get_text(const kx_doc *doc, const char *path, const char **text, size_t *size);
/** Bytes in place; lifetime as kx_doc_get(). KX_NOTFOUND, KX_INVALID. */
KX_API int kx_doc_get_binary(const kx_doc *doc, const char *path, const void **data, size_t *size);
/** Seconds since 1970 UTC and nanoseconds; `nanoseconds` may be NULL. KX_NOTFOUND, KX_INVALID. */
KX_API int kx_doc_get_time(const kx_doc *doc, const char *path, int64_t *seconds, uint32_t *nanoseconds);

/**
 * The short form for text: a copy that ends in NUL and lives as long as the document.
 * NULL when the field is missing, is no text or contains NUL, or there is no memory; kx_errmsg() tells which.
 */
KX_API const char *kx_doc_text(const kx_doc *doc, const char *path);

/**
 * The short form without a copy: the text's bytes, not terminated; *size (may be NULL) is their number. Lifetime as kx_doc_get().
 * NULL, and *size 0, when the field is missing or no text; kx_errmsg() tells which.
 */
KX_API const char *kx_doc_slice(const kx_doc *doc, const char *path, size_t *size);

/** Number of elements of an array or members of a map; path "" is the document. KX_NOTFOUND: missing;  KX_INVALID: neither. */
KX_API int kx_doc_count(const kx_doc *doc, const char *path, size_t *count);

/** A walk over an array's elements or a map's members. Owns nothing. The first two members are for reading; leave the others alone. */
typedef struct kx_iter {
    kx_value    key;       /**< the member's name as text; type 0 in an array */
    kx_value    value;
    const void *at, *end;
    size_t      left;
    int         is_map;
    int         reserved;
} kx_iter;

/**
 * Begin a walk; path "" is the document. Step with kx_iter_next(). Bytes live as for kx_doc_get().
 * KX_NOTFOUND: missing;  KX_INVALID: neither array nor map. On error the walk is empty.
 */
KX_API int kx_doc_iter(const kx_doc *doc, const char *path, kx_iter *iter);

/** Begin a walk over an array or map in hand, as kx_doc_get() or another walk gave it. KX_INVALID: neither. */
KX_API int kx_value_iter(const kx_value *container, kx_iter *iter);

/** Step: true, and key and value are set; false at the end. Cannot fail on a document's own bytes. */
KX_API bool kx_iter_next(kx_iter *iter);

/* ---- change fields -------------------------------------------------------- */

/**
 * Set a field; the value is copied. Setting `a.b` makes `a`; setting one past the end of an array appends. Nothing is stored until kx_doc_save().
 *
 *   KX_INVALID   no path, a path through a scalar, a value that is no value (bad UTF-8, a list), a relation's name:
 *                "Cannot directly assign to orders. Use add, remove or clear."
 *   KX_READONLY  the document is of a read transaction (copy it: kx_doc_copy)
 *   KX_LIMIT     deeper than 64 levels or longer than 64 MiB;  KX_NOMEM
 * After an error the document is as before.
 */
KX_API int kx_doc_set(kx_doc *doc, const char *path, kx_value value);

/** Remove a field; removing what is not there is fine. KX_INVALID, KX_READONLY, KX_NOMEM. */
KX_API int kx_doc_unset(kx_doc *doc, const char *path);

/** Append to an array, which is made when missing. Errors as kx_doc_set(): KX_INVALID where it is no array. */
KX_API int kx_doc_append(kx_doc *doc, const char *path, kx_value value);

/**
 * Add to a number; where nothing or null stands the value is set. Integers stay exact, and are refused beyond 64 bits (KX_LIMIT); with a real
 * the sum is a real. kx_doc_save() adds to what is stored then, so that two instances of one document do not lose each other's
 * increments. Errors as kx_doc_set(): KX_INVALID where the field or the value is no number.
 */
KX_API int kx_doc_increment(kx_doc *doc, const char *path, kx_value value);

/**
 * Remove every element that equals the value (1 equals 1.0) from an array; none is fine, and so is a missing array.
 * Errors as kx_doc_set(): KX_INVALID where the field is no array.
 */
KX_API int kx_doc_remove_elements(kx_doc *doc, const char *path, kx_value value);

/* ---- save, delete, reload ---------------------------------------------------- */

/**
 * Store a new document, or write the changed fields of a loaded one into the stored document: fields that
 * this instance did not change are left as they are stored now, whoever wrote them.
 *
 *   KX_NOTFOUND  the document has been deleted meanwhile
 *   KX_EXISTS    a unique index has the value: "users.user_id = 1 is taken by document 1"
 *   KX_INVALID   a field is not of its declared type; the text names collection, path, expected and found
 *   KX_REQUIRED  a required field is missing or null
 *   KX_DANGLING  a key of an enforced relation leads nowhere, once this document is as it will be
 *   KX_RESTRICTED  a key changes that others refer to (kx_relation.on_update). What they do instead may fail as well, with any of these.
 *   KX_READONLY, KX_LIMIT, KX_NOMEM, KX_MAP_FULL, KX_TXN_FULL, KX_IO
 * Where several things are wrong it is one of them. After an error the store is unchanged and the instance keeps its changes.
 */
KX_API int kx_doc_save(kx_doc *doc);

/**
 * Delete the stored document, with what its relations ask for. Its fields can still be read; saving it is KX_NOTFOUND.
 *   KX_NOTFOUND: already gone, or never saved;  KX_RESTRICTED, KX_DANGLING, KX_EXISTS, … as kx_deletion_apply();
 *   KX_READONLY, KX_NOMEM, KX_MAP_FULL, KX_TXN_FULL, KX_IO.  After an error the store is unchanged, as kx_deletion_apply() says.
 */
KX_API int kx_doc_delete(kx_doc *doc);

/** Read the document again and drop unsaved changes. KX_NOTFOUND: it is gone (the instance stays as it was);  KX_CORRUPT, KX_NOMEM. */
KX_API int kx_doc_reload(kx_doc *doc);

/* ---- lifetime ----------------------------------------------------------------- */

/** Keep a cursor's document (and what was reached from it) beyond the next step: to the end of the transaction. KX_NOMEM. */
KX_API int kx_doc_keep(kx_doc *doc);

/** Give a document back before the transaction ends, so that a million gets need no memory. NULL is fine. What was
 * reached from it goes with it unless kept or reached from elsewhere; a document that another one's relation still holds stays until that one goes. Cannot fail. */
KX_API void kx_doc_release(kx_doc *doc);

/**
 * A copy that belongs to no transaction and no thread: readable anywhere, until kx_doc_release(). It cannot be saved (KX_READONLY)
 * nor followed. KX_NOMEM. On error *copy is NULL.
 */
KX_API int kx_doc_copy(const kx_doc *doc, kx_doc **copy);

/* ---- whole documents ------------------------------------------------------------ */

/** The document's bytes, MessagePack; lifetime as kx_doc_get(). KX_INVALID: a NULL argument. */
KX_API int kx_doc_msgpack(const kx_doc *doc, const void **data, size_t *size);

/**
 * The document as one line of JSON, ended by NUL; lives as long as the document. What JSON lacks is written as Extended JSON.
 * KX_NOMEM, KX_CORRUPT. On error *json is NULL.
 */
KX_API int kx_doc_to_json(const kx_doc *doc, const char **json);

/** One field as one line of JSON; lives as long as the document. KX_NOTFOUND: nothing stands there;  KX_INVALID: no path;  KX_NOMEM. On error *json is NULL. */
KX_API int kx_doc_get_json(const kx_doc *doc, const char *path, const char **json);

/**
 * Move a whole C struct in, by the fields that the collection's model declares with KX_INT(…) and so on. `size` is sizeof the
 * struct and is checked. A NULL text and a number that is not present are left unset.
 *
 *   KX_INVALID  no struct was declared, or another size;  otherwise as kx_doc_set(): KX_READONLY, KX_LIMIT, KX_NOMEM
 */
KX_API int kx_doc_from_struct(kx_doc *doc, const void *row, size_t size);

/**
 * Move it out. Texts point at copies that live as long as the document. An optional field that is missing gives NULL, or 0 with its
 * presence flag false.
 *
 *   KX_INVALID   no struct or another size was declared, a value of another type, or a number out of the member's range
 *   KX_REQUIRED  a required field is missing or null;  KX_NOMEM
 * After an error the struct's content is not defined.
 */
KX_API int kx_doc_to_struct(const kx_doc *doc, void *row, size_t size);

#ifdef __cplusplus
}
#endif

#endif
