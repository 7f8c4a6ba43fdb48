/*
 * catalog_impl.h -- the room's own: definitions as they are written down, and a catalog while it is being built.
 *
 *   model, JSON line, stored row  --read-->  definition  --add-->  draft  --finish-->  catalog
 *
 * A draft is a kx_catalog that nobody else sees yet: collections are named by their position, since the array moves
 * as it grows, and nothing points from one collection into another. kx_draft__finish() sorts, links, and from then on
 * it never changes.
 */
#ifndef KX_CATALOG_CATALOG_IMPL_H
#define KX_CATALOG_CATALOG_IMPL_H

#include "catalog/catalog.h"

#include <lmdbkenobix/schema.h>

/* ---- definitions ----------------------------------------------------------- */

/* What this version does for feature bits of definitions and of the store: none is defined yet. */
enum { KX_KNOWN_FEATURES = 0 };

typedef struct kx_def_field {
    kx_field given;
    kx_slice raw;
} kx_def_field;

typedef struct kx_def_index {
    kx_index given;
    uint32_t table;
    bool implied;
    kx_slice raw;
} kx_def_index;

typedef struct kx_def_relation {
    kx_relation given;
    bool implied;
    kx_slice raw;
} kx_def_relation;

/* A collection as it is written down: in kx/catalog, on a dump's line. */
typedef struct kx_def_collection {
    const char *name;
    uint64_t next_id; /* lines only; 0: none */
    kx_def_field *fields;
    kx_def_index *indexes;
    kx_def_relation *relations;
    size_t field_count, index_count, relation_count;
    bool newer;   /* something in it belongs to a later version, and was left out */
    kx_slice raw; /* where it has unknown members or is newer */
} kx_def_collection;

typedef enum kx_member_kind {
    KX_MEMBER_TEXT,
    KX_MEMBER_FLAG,
    KX_MEMBER_NUMBER,
    KX_MEMBER_TYPE,
    KX_MEMBER_KIND,
    KX_MEMBER_ACTION
} kx_member_kind;

/* A member of a definition. Lists end in {0}; the first one is the name that the definition goes by. */
typedef struct kx_member {
    const char *name;
    kx_member_kind kind;
    size_t offset;    /* in kx_def_field and so on */
    bool stored_only; /* no part of a declaration */
    unsigned kinds;   /* relations: bits 1 << kind of the kinds that take it */
} kx_member;

extern const kx_member kx_def__field_members[];
extern const kx_member kx_def__index_members[];
extern const kx_member kx_def__relation_members[];

/* The first member, after the name, in which two definitions differ; NULL: they are equal. Every default must be
   filled in. */
const kx_member *kx_def__differ(const kx_member *members, const void *one, const void *other);

/* Not at its default? */
bool kx_def__is_set(const kx_member *member, const void *definition);

/* "optional", "required", "not unique", "with target 'users'", "without initial": for error texts. Returns `text`. */
const char *kx_def__phrase(const kx_member *member, const void *definition, char *text, size_t size);

/* Does the owner hold the key (a foreign key, a one-to-one), or the target (a set, a related one)? */
bool kx_def__is_key(kx_relation_kind kind);
bool kx_def__is_set_of(kx_relation_kind kind);

/* The texts that name the fields of a relation's key: at its owner, at its target, and in its junction. */
typedef enum kx_end { KX_END_LOCAL, KX_END_REMOTE, KX_END_LINK_LOCAL, KX_END_LINK_REMOTE } kx_end;
enum { KX_ENDS = 4 };

/* The member that names an end, and the collection that the end is in. NULL where the kind has no such end. */
const char **kx_def__end(kx_relation *relation, kx_end end);
const char *kx_def__end_collection(const char *owner, const kx_relation *relation, kx_end end);

/* Fill defaults in, or take them out again. No memory. */
void kx_def__fill_index(kx_index *index);
void kx_def__fill_relation(kx_relation *relation);
void kx_def__strip_relation(kx_relation *relation);

/* What a catalog holds, as a definition with every default filled in. No memory. */
kx_def_field kx_def__of_field(const kx_cat_field *field);
kx_def_index kx_def__of_index(const kx_cat_index *index);
kx_def_relation kx_def__of_relation(const kx_cat_relation *relation);

/* Write the members that are not at their default, then those of `raw` that the list does not know, into the open
   map. */
void kx_def__write(const kx_member *members, const void *definition, kx_slice raw, bool stored, kx_builder *out);

/*
 * Read a whole collection. Texts and lists are `arena`'s; raws point into the document. Stored: what a later version
 * wrote is left out and `newer` set, other faults are KX_CORRUPT. A line: unknown members and names are KX_INVALID.
 * KX_NOMEM.
 */
int kx_def__read(kx_slice document, bool stored, kx_arena *arena, kx_def_collection *out);

/* Write one: the whole row, or the line without what is implied. Sets out->rc, appends nothing on failure. */
void kx_def__write_collection(const kx_cat_collection *collection, bool stored, uint64_t next_id, kx_buf *out);

/* ---- names ------------------------------------------------------------------- */

/* Type 0 and its name "any" included; only what a field can have. False: no such name. */
bool kx_catalog__type_named(kx_slice name, kx_type *type);
bool kx_catalog__kind_named(kx_slice name, kx_relation_kind *kind);
bool kx_catalog__action_named(kx_slice name, kx_action *action);
bool kx_catalog__is_field_type(kx_type type);

/* KX_INVALID, KX_LIMIT: this is no name for a collection, or for a relation of `collection`. */
int kx_catalog__check_name(const char *name);
int kx_catalog__check_relation_name(const char *collection, const char *name);

/* ---- paths ------------------------------------------------------------------- */

/* The same as a part: a leading '-' makes it descending. */
int kx_catalog__part(kx_arena *arena, const char *text, size_t size, kx_cat_part *part);

/* Does `given` say the same as canonical `paths`, blanks around commas apart? */
bool kx_catalog__same_paths(const char *paths, size_t size, const char *given);

/* Is this the path's first name? */
bool kx_catalog__starts_with(const kx_path *path, const char *name);

/* ---- initial values ------------------------------------------------------------ */

/* MessagePack of `.initial`, in `arena`. KX_INVALID, KX_LIMIT, KX_NOMEM. */
int kx_catalog__initial(kx_arena *arena, const char *collection, const kx_field *field, kx_slice *item);

/* ---- drafts -------------------------------------------------------------------- */

typedef struct kx_numbers {
    uint32_t *at;
    size_t count;
    size_t usable; /* the first of them; those behind were given back in this very change */
} kx_numbers;

typedef struct kx_slot {
    uint32_t hash;
    uint32_t place; /* position + 1; 0: empty */
} kx_slot;

struct kx_catalog_private {
    kx_arena arena;
    atomic_uint references;
    kx_slot *slots; /* by name; a power of two of them, at most half full */
    size_t slot_count;
    kx_numbers free[3]; /* emptied tables, by shape - 1 */
    kx_slice meta;      /* row 0 as stored; {NULL, 0} in a new store */
    kx_cat_make_predicate *make;
    kx_cat_predicate *predicates; /* owned */
};

int kx_draft__new(kx_cat_make_predicate *make, kx_catalog **draft);
int kx_draft__clone(const kx_catalog *from, kx_catalog **draft); /* nothing in it is `changed` */
int kx_draft__finish(kx_catalog *draft);

/* Derive who refers to whom, once all relations have their ends. KX_NOMEM. */
int kx_draft__refer(kx_catalog *draft);

/* After the collections were reordered. */
void kx_draft__rehash(kx_catalog *draft);

/* The position of a collection; SIZE_MAX: none. */
size_t kx_draft__find(const kx_catalog *draft, const char *name);

/* Add; what is `implied` included. They check what one definition alone can have wrong: KX_INVALID, KX_LIMIT. */
int kx_draft__add_collection(kx_catalog *draft, const char *name, uint32_t number, size_t *position);
int kx_draft__add_field(kx_catalog *draft, size_t position, const kx_def_field *def);
int kx_draft__add_index(kx_catalog *draft, size_t position, const kx_def_index *def);
int kx_draft__add_relation(kx_catalog *draft, size_t position, const kx_def_relation *def);
void kx_draft__remove_collection(kx_catalog *draft, size_t position);
void kx_draft__remove_field(kx_cat_collection *collection, size_t item);
void kx_draft__remove_index(kx_cat_collection *collection, size_t item);
void kx_draft__remove_relation(kx_cat_collection *collection, size_t item);

/* Read the fields of a key: paths of names, each once. Memory and text, in its one spelling, are `arena`'s. KX_INVALID. */
int kx_draft__key(kx_arena *arena, const char *collection, const char *text, kx_cat_key *key);

/* Canonical `paths` or path of a declaration, in the draft's memory. */
int kx_draft__paths(kx_catalog *draft, const char *collection, const char *given, const char **paths);

/* A number for a new table: one of the free list, else the next. KX_LIMIT, KX_NOMEM. And back to the list. */
int kx_draft__take_table(kx_catalog *draft, kx_store_shape shape, uint32_t *number);
int kx_draft__give_table(kx_catalog *draft, kx_store_table table);

/* Room for one more item in an array of the draft's: the array itself, or a longer copy. NULL: no memory (recorded). */
void *kx_draft__room(kx_arena *arena, void *items, size_t count, size_t size);

/* Copy a text; NULL stays NULL. */
int kx_draft__text(kx_arena *arena, const char *text, const char **copy);

/* Copy bytes; none stay {NULL, 0}. */
int kx_draft__slice(kx_arena *arena, kx_slice from, kx_slice *copy);

/* ---- what follows from what ---------------------------------------------------- */

/* An index that a relation stands on: which, and what it has to be. */
typedef struct kx_need {
    const char *collection, *paths;
    bool unique;
    bool whole; /* not sparse: documents with half a key count too */
} kx_need;

enum { KX_NEEDS = 4 };

/* The indexes that a relation needs; how many. Both ends', then, of a many-to-many, its junction's two. */
size_t kx_draft__needs_of(const kx_cat_collection *owner, const kx_cat_relation *relation, kx_need *needs);

/* What all relations together ask of the index of `collection` over `paths`. */
typedef struct kx_demand {
    const kx_cat_collection *owner; /* of a relation that asks for most */
    const kx_cat_relation *relation; /* NULL: none needs it */
    bool unique, whole;
} kx_demand;

kx_demand kx_draft__demand(const kx_catalog *draft, const char *collection, const char *paths);

/* Can an index that is needed be of this shape? KX_CONFLICT, naming both. */
int kx_draft__check_shape(const kx_cat_collection *collection, const kx_def_index *given, const kx_demand *demand);

/* Is there an index for this need? */
bool kx_draft__is_met(const kx_catalog *draft, const kx_need *need);

/* Add the indexes that relations lack. */
int kx_draft__imply_indexes(kx_catalog *draft);

/* Declare the reverses that relations of changed collections name, then the indexes that relations imply. */
int kx_draft__imply(kx_catalog *draft);

/* A collection that a later version has written in: what it needs elsewhere is not known here. NULL: none. */
const kx_cat_collection *kx_draft__newer(const kx_catalog *draft);

/* Take out implied indexes of a collection that nothing needs any more; one that need not be unique any more is made
   anew. */
int kx_draft__prune(kx_catalog *draft, size_t position);

/* Hold what several definitions of a changed collection must agree about. KX_INVALID; KX_READONLY where it is not
   writable. */
int kx_draft__check(const kx_catalog *draft);

/* Hold one relation of a declaration, defaults not yet filled in, against what its kind takes. KX_INVALID, KX_LIMIT. */
int kx_draft__check_relation(const kx_cat_collection *collection, const kx_relation *given);

/* Report a difference: "orders.user: declared optional, but the store has it required"; `holder` is "but the store
   has it". KX_CONFLICT. */
int kx_draft__conflict(const char *collection, const kx_member *members, const kx_member *differing, const void *given,
                       const void *held, const char *holder);

/* Finish a draft and derive the steps from `from` to it; the draft is the plan's, or released. An unchanged one
   gives an empty plan. */
int kx_draft__plan(const kx_catalog *from, kx_catalog *draft, kx_cat_plan *plan);

#endif
