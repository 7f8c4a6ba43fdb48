/**
 * model.h -- what a collection is declared to be: typed fields, indexes, relations. Plain constant data.
 *
 * Arrays end in {0}. Zero always means the default. Everything is copied when declared, so a model may live on the
 * stack. Members named `reserved` are zero.
 */
#ifndef LMDBKENOBIX_MODEL_H
#define LMDBKENOBIX_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lmdbkenobix/export.h>
#include <lmdbkenobix/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A typed field. Saving a document checks type and presence; undeclared fields are always allowed and kept.
 *
 * The members from `offset` on are about the C struct of kx_doc_to_struct() and kx_doc_from_struct(): `size` 0 means
 * that the field is in no struct. The macros KX_INT(…) and so on fill them in.
 */
typedef struct kx_field {
    const char *path;         /**< where it stands: "name", "address.city"                                        */
    kx_type     type;         /**< KX_TYPE_NONE: any                                                              */
    bool        optional;     /**< null and missing are fine                                                      */
    const char *initial;      /**< text, parsed by the type; written at insert when the field is not set; NULL: none */
    size_t      offset;       /**< bytes from the start of the struct                                             */
    size_t      size;         /**< bytes of the member                                                            */
    bool        is_unsigned;  /**< an unsigned integer member                                                     */
    size_t      present;      /**< 1 + offset of a bool member that tells whether an optional number is there; 0: none */
    size_t      length;       /**< 1 + offset of a size_t member with the bytes of a text or binary; 0: text ends at NUL */
    uint64_t    reserved[2];
} kx_field;

/** An index over one path or several: "email", "status,-amount", "address.city". A '-' stores that part descending. */
typedef struct kx_index {
    const char *paths;
    bool        unique;       /**< no two documents with equal values; nulls never clash                          */
    bool        primary;      /**< the one integer field (0 to 2^63-1) that is the document's id                  */
    bool        multi;        /**< one path is an array: an entry for each distinct element                       */
    bool        sparse;       /**< no entry when any part is null or missing                                      */
    bool        fold;         /**< texts as lower() gives them, A to Z as a to z: for lower(…), ilike, and, with .unique,
                                   for no two that differ in case alone                                           */
    const char *where;        /**< filter text: no entry where it does not hold; NULL: every document. Fields of the
                                   document only: no relation, no function, no now(), no ?                        */
    uint64_t    reserved[3];
} kx_index;

/** Kinds of relations. Numbers never change. */
typedef enum kx_relation_kind {
    KX_FOREIGN_KEY = 1,       /**< this document's .foreign_key equals the target's .related_field                */
    KX_RELATED_SET,           /**< the documents of .target whose .foreign_key equals this one's .local_field     */
    KX_ONE_TO_ONE,            /**< a foreign key that is unique                                                   */
    KX_RELATED_ONE,           /**< the reverse of a one-to-one                                                    */
    KX_MANY_TO_MANY           /**< through a junction collection                                                  */
} kx_relation_kind;

/**
 * What happens to documents that refer to one that is deleted, or whose key changes, when no other document has that key.
 * Numbers never change.
 *
 * KX_SET_NULL and KX_SET_DEFAULT set every field of the key. Relations act in the order of their declaration: collections
 * as they were made, in each its relations. Of two that share a field of one document, the later one's say counts. Changes
 * are made one document after the other, by id in each collection, and each of them must be allowed then.
 */
typedef enum kx_action {
    KX_ACTION_DEFAULT = 0,    /**< KX_DO_NOTHING, or KX_RESTRICT where enforced                                   */
    KX_DO_NOTHING,
    KX_RESTRICT,
    KX_PROTECT,
    KX_CASCADE,
    KX_SET_NULL,
    KX_SET_DEFAULT
} kx_action;

/** A relation: a name on a collection for documents elsewhere. Which members it takes depends on its kind. */
typedef struct kx_relation {
    const char      *name;
    kx_relation_kind kind;
    const char      *target;          /**< collection                                                             */
    const char      *foreign_key;     /**< field (of the target, for a set) that holds the key                    */
    const char      *related_field;   /**< foreign key: the target's field; NULL: the same name as .foreign_key   */
    const char      *local_field;     /**< set: this collection's field; NULL: the same name as .foreign_key      */
    const char      *reverse;         /**< foreign key: name of the set to declare on the target; NULL: none      */
    const char      *through;         /**< many-to-many: the junction collection                                  */
    const char      *through_local;   /**< many-to-many: the junction's field for this end; NULL: as .local_field */
    const char      *through_related; /**< many-to-many: its field for the other end; NULL: as .related_field     */
    bool             optional;        /**< the key may be null or point nowhere                                   */
    bool             enforced;        /**< a key without a target cannot be saved                                 */
    bool             deferred;        /**< enforced at commit                                                     */
    kx_action        on_delete;
    kx_action        on_update;
    uint64_t         reserved[4];
} kx_relation;

/** A collection with all that is declared of it. NULL arrays are empty. */
typedef struct kx_model {
    const char        *name;
    const kx_field    *fields;
    const kx_index    *indexes;
    const kx_relation *relations;
    uint64_t           reserved[4];
} kx_model;

/*
 * Fields of a C struct: KX_INT(user, user_id), KX_TEXT(user, email, .optional = true). What follows the member are
 * further members of kx_field. KX_INT takes integers of any width; KX_REAL float and double; KX_TEXT and KX_BINARY
 * a const char pointer (binary needs .length = KX_AT(user, photo_bytes)); KX_BOOL a bool; KX_TIME an int64_t of seconds.
 */
#define KX_BOOL(structure, ...)   KX_FIELD_(KX_TYPE_BOOL, structure, __VA_ARGS__, .reserved = {0})
#define KX_INT(structure, ...)    KX_FIELD_(KX_TYPE_INT, structure, __VA_ARGS__, .reserved = {0})
#define KX_REAL(structure, ...)   KX_FIELD_(KX_TYPE_REAL, structure, __VA_ARGS__, .reserved = {0})
#define KX_TEXT(structure, ...)   KX_FIELD_(KX_TYPE_TEXT, structure, __VA_ARGS__, .reserved = {0})
#define KX_BINARY(structure, ...) KX_FIELD_(KX_TYPE_BINARY, structure, __VA_ARGS__, .reserved = {0})
#define KX_TIME(structure, ...)   KX_FIELD_(KX_TYPE_TIME, structure, __VA_ARGS__, .reserved = {0})

/** For .present and .length: where a member stands, plus 1. */
#define KX_AT(structure, member) (offsetof(structure, member) + 1)

#define KX_FIELD_(kind, structure, member, ...)                                                   \
    {.path = #member, .type = kind, .offset = offsetof(structure, member),                        \
     .size = sizeof(((structure *)0)->member), .is_unsigned = KX_UNSIGNED_(structure, member), __VA_ARGS__}

#ifdef __cplusplus
}
template <typename T> constexpr bool kx_is_unsigned_() { return false; }
template <> constexpr bool kx_is_unsigned_<unsigned char>() { return true; }
template <> constexpr bool kx_is_unsigned_<unsigned short>() { return true; }
template <> constexpr bool kx_is_unsigned_<unsigned int>() { return true; }
template <> constexpr bool kx_is_unsigned_<unsigned long>() { return true; }
template <> constexpr bool kx_is_unsigned_<unsigned long long>() { return true; }
#define KX_UNSIGNED_(structure, member) kx_is_unsigned_<decltype(((structure *)0)->member)>()
#else
#define KX_UNSIGNED_(structure, member)                                                           \
    _Generic(((structure *)0)->member, unsigned char: true, unsigned short: true, unsigned int: true, \
             unsigned long: true, unsigned long long: true, default: false)
#endif

#endif
