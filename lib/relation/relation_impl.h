/* relation_impl.h -- what the files of this room share. */
#ifndef KX_RELATION_RELATION_IMPL_H
#define KX_RELATION_RELATION_IMPL_H

#include "relation/relation.h"

/* What an instance remembers of one foreign key that was followed or linked. */
typedef struct kx_link {
    const char *name; /* of the relation: the catalog's text, which lives as long as the instance */
    kx_doc *target;   /* held; NULL: looked for and not there */
    bool weak;        /* it is the target that holds this document, in a set: it will say when it goes */
    uint32_t writes;  /* to the target's collection, when it was looked up */
    kx_buf key;       /* its items then, one behind the other; nothing in a read transaction */
} kx_link;

kx_link *kx_relation__find_link(const kx_doc *doc, const char *name);
static inline kx_link *kx_relation__link_of(const kx_doc *doc, const char *name) /* NULL: nothing remembered */
{
    return doc->relation_clear != NULL ? kx_relation__find_link(doc, name) : NULL;
}
/* `key` is where `document` has the key that leads there. */
int kx_relation__remember(kx_doc *doc, const char *name, kx_slice document, const kx_cat_key *key, kx_doc *target,
                          uint32_t writes);
bool kx_relation__is_remembered(const kx_link *link, kx_slice document,
                                const kx_cat_key *key); /* the same key still? */
void kx_relation__weaken(kx_link *link);
void kx_relation__forget(kx_link *link); /* its target is let go; the entry stays, empty */

/* ---- keys ------------------------------------------------------------------------------- *
 * Arrays of values have room for KX_CATALOG_KEY_PARTS, one a part; what they point to is the document's.                    */

/* The key in a document; false: a part is null, so it relates nothing, and the values say nothing. */
bool kx_relation__values(kx_slice document, const kx_cat_key *key, kx_value *values);
bool kx_relation__same_values(const kx_value *left, const kx_value *right, size_t count);
bool kx_relation__has_key(kx_slice document, const kx_cat_key *key, const kx_value *values);

/* "user_id=999", "tenant=1, user_id=5"; appended. */
void kx_relation__key_text(const kx_cat_key *key, const kx_value *values, kx_buf *out);

/* A key, null and missing parts too, that does not move when its document is written. */
typedef struct kx_held_key {
    kx_buf bytes; /* owned */
    size_t count, sizes[KX_CATALOG_KEY_PARTS];
} kx_held_key;
int kx_relation__hold_key(kx_slice document, const kx_cat_key *key, kx_held_key *held); /* KX_NOMEM; free its bytes */
void kx_relation__held_values(const kx_held_key *held, kx_value *values);               /* type 0: missing */

/* Change an instance, unsaved: all parts or none. NULL values: null. Values may not point into the instance, documents may. */
int kx_relation__set_key(kx_doc *doc, const kx_cat_key *key, const kx_value *values);
int kx_relation__copy_key(kx_doc *doc, const kx_cat_key *key, kx_slice document, const kx_cat_key *from);
void kx_relation__restore_key(kx_doc *doc, const kx_cat_key *key,
                              const kx_held_key *former); /* as far as memory lasts */

/* ---- sets ----------------------------------------------------------------------------- */

typedef struct kx_id_list {
    uint64_t *ids; /* owned */
    size_t count, room;
} kx_id_list;

/* The other end of a one-to-one: sets the target's key, or, with NULL, takes it from the one that has it. */
int kx_relation__link_one(kx_txn *txn, const kx_cat_relation *relation, kx_doc *doc, kx_doc *target);

int kx_relation__push_id(kx_id_list *list, uint64_t id);  /* KX_NOMEM */
int kx_relation__compare_ids(const void *a, const void *b); /* for qsort() and bsearch() */

int kx_relation__set_without_key(const kx_cat_relation *relation); /* KX_REQUIRED */
/* One of several members: there, of the target's collection, of this transaction. KX_INVALID. */
int kx_relation__check_member(const kx_cat_relation *relation, const kx_doc *doc, kx_doc *const *members, size_t at);
bool kx_relation__starts_path(const char *name, const char *path); /* are the two paths one, or one inside the other? */

/* The same calls of a many-to-many. `txn` is the one that acts. */
int kx_relation__links_find(kx_txn *txn, const kx_cat_relation *relation, const kx_doc *doc, const kx_query *query,
                            kx_cursor **cursor);
int kx_relation__links_search(kx_txn *txn, const kx_cat_relation *relation, const kx_doc *doc, const kx_query *query,
                              kx_cursor **cursor);
int kx_relation__links_explain(kx_txn *txn, const kx_cat_relation *relation, const kx_doc *doc, const kx_query *query,
                               kx_doc **plan);
int kx_relation__links_count(kx_txn *txn, const kx_cat_relation *relation, const kx_doc *doc, const kx_query *query,
                             uint64_t *count);
int kx_relation__links_fold(kx_txn *txn, const kx_cat_relation *relation, const kx_doc *doc, kx_query_fold fold,
                            const char *path, const kx_query *query, kx_value *result);
int kx_relation__links_add(kx_txn *txn, const kx_cat_relation *relation, kx_doc *doc, kx_doc *const *members,
                           size_t count);
int kx_relation__links_remove(kx_txn *txn, const kx_cat_relation *relation, kx_doc *doc, kx_doc *member);
int kx_relation__links_replace(kx_txn *txn, const kx_cat_relation *relation, kx_doc *doc, kx_doc *const *members,
                               size_t count);

/* ---- integrity ------------------------------------------------------------------------- */

/* A document's key is to be held against its target when the transaction is committed. KX_NOMEM. */
int kx_relation__check_later(kx_txn *txn, const kx_cat_reference *reference, uint64_t id);

/* A document whose key was set to its default: KX_DANGLING where that leads nowhere; noted where it is deferred. */
int kx_relation__check_default(kx_txn *txn, const kx_cat_reference *reference, uint64_t id);

struct kx_delete_work;
int kx_relation__carry_out(struct kx_delete_work *work, kx_txn *txn, kx_doc *doc);
bool kx_relation__has_acting(const kx_cat_collection *collection); /* does deleting in it mean more than that? */

/* Several documents, which are there, as one delete: now, or as a plan. */
int kx_relation__delete_many(kx_txn *txn, const kx_cat_collection *collection, const uint64_t *ids, size_t count);
int kx_relation__deletion_of(kx_txn *txn, const kx_cat_collection *collection, const uint64_t *ids, size_t count,
                             kx_deletion **plan);

/* May this path be changed by hand? KX_INVALID: it begins with a relation's name. */
int kx_relation__check_change(const kx_cat_collection *collection, const char *path);

/* ---- loading ----------------------------------------------------------------------- */

/* What a query's prefetches and includes ask for, as a tree; counted, since documents that were loaded by it may outlive
   the cursor. */
typedef struct kx_load_node {
    struct kx_load_node *next, *children;
    const kx_cat_relation *relation;
    const kx_query *query; /* of each set; NULL: all of it */
    bool include;          /* kx_doc_to_json() writes it, or something below it */
} kx_load_node;

typedef struct kx_load_plan {
    kx_arena arena;
    kx_load_node *nodes;
    kx_load mode;
    size_t references;
} kx_load_plan;

int kx_relation__load_plan(const kx_cat_collection *collection, const kx_query *query, kx_load_plan **plan);
void kx_relation__load_plan_release(kx_load_plan *plan);

/* Documents that were loaded together; one that is freed leaves a NULL. */
typedef struct kx_peers {
    size_t references, count;
    kx_doc *docs[];
} kx_peers;

/* A set that was loaded whole, or by a query. */
typedef struct kx_loaded_set {
    struct kx_loaded_set *next;
    const kx_cat_relation *relation;
    bool whole;
    size_t count;
    kx_doc *docs[]; /* held */
} kx_loaded_set;

/* What an instance was loaded with. */
typedef struct kx_loads {
    kx_load_plan *plan;        /* retained; NULL where nothing more follows */
    const kx_load_node *nodes; /* of the plan, for this document */
    kx_peers *peers;           /* NULL: alone */
    size_t position;           /* among them */
    kx_loaded_set *sets;
} kx_loads;

kx_loads *kx_relation__loads(const kx_doc *doc);          /* NULL: none */
int kx_relation__set_loads(kx_doc *doc, kx_loads *loads); /* takes them over unless it fails */
void kx_relation__free_loads(const kx_doc *doc, kx_loads *loads);
void kx_relation__shed(kx_doc *doc); /* it leaves its cursor: forget all, unless the user keeps it */

/* Load what `nodes` say for documents of one collection, level by level; the first also makes the documents peers. */
int kx_relation__prefetch(kx_txn *txn, kx_load_plan *plan, const kx_load_node *nodes, kx_doc *const *docs,
                          size_t count);
int kx_relation__load(kx_txn *txn, kx_load_plan *plan, const kx_load_node *nodes, kx_doc *const *docs, size_t count);
int kx_relation__introduce(kx_load_plan *plan, const kx_load_node *nodes, kx_doc *const *docs, size_t count);
int kx_relation__keep_set(kx_doc *doc, const kx_cat_relation *relation, bool whole, kx_doc *const *docs, size_t count);

/* A document is about to be followed alone: counted; or refused; or loaded for its peers, where the slot then has it. */
int kx_relation__lazy(kx_txn *txn, kx_doc *doc, const kx_cat_relation *relation);

/* A set is about to be searched alone: refused where the document's query says so. */
int kx_relation__lazy_set(const kx_doc *doc, const kx_cat_relation *relation);

/* The set that was loaded last under that name; one that is all of it, in a read transaction; NULL: none. */
const kx_loaded_set *kx_relation__loaded_set(const kx_doc *doc, const char *name);
const kx_loaded_set *kx_relation__whole_set(const kx_doc *doc, const char *name);

/* The cursor of a set's search, whatever was loaded. */
int kx_relation__search(kx_doc *doc, const kx_cat_relation *relation, const kx_query *query, kx_cursor **cursor);

/* The relation of that name on the document's collection, as the catalog has it now. KX_INVALID names what there is. */
int kx_relation__named(kx_txn *txn, const kx_doc *doc, const char *name, const kx_cat_relation **relation);

int kx_relation__no_assign(const kx_cat_relation *relation);    /* KX_INVALID: "Cannot directly assign to …" */
int kx_relation__not_optional(const kx_cat_relation *relation); /* KX_REQUIRED: "Cannot set … to null (not optional)" */
int kx_relation__check_target(const kx_cat_relation *relation, const kx_doc *doc, const kx_doc *target);

#endif
