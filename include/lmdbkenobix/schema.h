/**
 * schema.h -- what a store holds: collections, fields, indexes, relations, as the catalog knows them.
 *
 * The structs of model.h are filled in; their texts live as long as the transaction. Numbering is by order of declaration and holds
 * within one transaction as long as it declares and drops nothing.
 */
#ifndef LMDBKENOBIX_SCHEMA_H
#define LMDBKENOBIX_SCHEMA_H

#include <stddef.h>
#include <stdint.h>

#include <lmdbkenobix/db.h>
#include <lmdbkenobix/export.h>
#include <lmdbkenobix/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A collection and its sizes. */
typedef struct kx_collection_info {
    const char *name;
    uint64_t    documents;
    uint64_t    next_id;      /**< the id that the next document gets          */
    uint64_t    bytes;        /**< pages of its rows and indexes, in bytes     */
    size_t      fields, indexes, relations;
    bool        writable;     /**< false: it bears a feature of a newer version */
    uint64_t    reserved[4];
} kx_collection_info;

/** The n-th collection, from 0. KX_NOTFOUND: there are no more (the last error is left alone);  KX_INVALID, KX_IO. */
KX_API int kx_collection_at(kx_txn *txn, size_t n, kx_collection_info *info);

/** A collection by name. KX_INVALID: there is none;  KX_IO. */
KX_API int kx_collection_named(kx_txn *txn, const char *collection, kx_collection_info *info);

/** The n-th declared field. KX_NOTFOUND: no more;  KX_INVALID: no such collection. */
KX_API int kx_field_at(kx_txn *txn, const char *collection, size_t n, kx_field *field);

/** An index and how many entries it has. */
typedef struct kx_index_info {
    kx_index    index;
    bool        implied;      /**< made for a relation, not declared           */
    uint64_t    entries;
    uint64_t    bytes;
    uint64_t    reserved[2];
} kx_index_info;

/** The n-th index. KX_NOTFOUND: no more;  KX_INVALID: no such collection;  KX_IO. */
KX_API int kx_index_at(kx_txn *txn, const char *collection, size_t n, kx_index_info *info);

/** The n-th relation, with every default filled in. KX_NOTFOUND: no more;  KX_INVALID: no such collection. */
KX_API int kx_relation_at(kx_txn *txn, const char *collection, size_t n, kx_relation *relation);

/** Names as used in schemas and messages: "int", "foreign_key", "cascade"; NULL for numbers that mean nothing. Cannot fail; live for ever. */
KX_API const char *kx_type_name(kx_type type);
/** See kx_type_name(). Cannot fail. */
KX_API const char *kx_kind_name(kx_relation_kind kind);
/** See kx_type_name(). Cannot fail. */
KX_API const char *kx_action_name(kx_action action);

/**
 * A collection as one line of JSON with everything that is known of it: what a dump begins with and kx_declare_json() reads.
 * Lives as long as the transaction. KX_INVALID: no such collection;  KX_NOMEM. On error *json is NULL.
 */
KX_API int kx_schema_json(kx_txn *txn, const char *collection, const char **json);

#ifdef __cplusplus
}
#endif

#endif
