/*
 * catalog.h -- which collections, fields, indexes and relations exist; the format's version.
 *
 * A kx_catalog is immutable and counted: a transaction pins the one of its snapshot, a declaration makes the next one.
 * Nothing here touches a table: the collection room reads and writes the catalog's documents and carries out the steps.
 *
 * On disk, all of it documents with the record format of every other document (doc/format.md):
 *   kx/meta     row 0: {"format":1,"epoch":N,"schema_version":N,"next_table":N,
 *                       "free":{"rows":[…],"unique":[…],"postings":[…]}}
 *               row n: {"next_id":N}, only where the rows of collection n do not tell it any more
 *   kx/catalog  row n: the collection whose rows are table d/<n>: a dump's collection line plus "table" members
 * Members that this version does not know are kept when a definition is written again. A definition (of a collection,
 * field, index or relation) may carry "features": a bit mask; an unknown bit makes the collection read-only in this
 * version, and so do an unknown member that is true, an unknown type, kind or action, and what declaring refuses as
 * not done yet. A definition of that sort (except a collection's own) is not in the arrays below; what it says is
 * kept in the collection's `raw`, and declaring or dropping there is KX_READONLY.
 */
#ifndef KX_CATALOG_CATALOG_H
#define KX_CATALOG_CATALOG_H

#include <lmdbkenobix/model.h>

#include "base/base.h"
#include "document/document.h"
#include "key/key.h"
#include "store/store.h"

enum { KX_CATALOG_KEY_PARTS = 16 };  /* fields of a compound key at most */
enum { KX_CATALOG_FORMAT = 1 }; /* the newest major format that this version reads */

typedef struct kx_catalog kx_catalog;
typedef struct kx_cat_collection kx_cat_collection;

/* One path of an index or key. */
typedef struct kx_cat_part {
    const char *text; /* without the '-' */
    kx_path path;
    bool plain; /* a plain top-level name: `text`, `size` */
    size_t size;
    bool descending;
    bool each; /* the array of a multi index: an entry an element */
    bool fold; /* of a folded index: texts are in lower case      */
} kx_cat_part;

/* Which documents a partial index has: 1, 0, or KX_CORRUPT. Any thread. It is freed with its catalog. */
typedef struct kx_cat_predicate {
    int (*holds)(const struct kx_cat_predicate *predicate, uint64_t id, kx_slice document);
    void (*free)(struct kx_cat_predicate *predicate);
    struct kx_cat_predicate *next; /* the catalog's own */
} kx_cat_predicate;

/* Makes one of a filter text: lent to the catalog by a higher floor, where filters are at home. KX_INVALID, KX_NOMEM. */
typedef int kx_cat_make_predicate(const char *where, kx_cat_predicate **predicate);

typedef struct kx_cat_index {
    const char *paths;                            /* blanks and needless backquotes removed: "status,-amount" */
    size_t size;                                  /* of `paths`, in bytes */
    kx_store_table table;                         /* number 0 for a primary index, which has none */
    bool unique, primary, multi, sparse, implied; /* primary is unique too */
    bool fold;
    const char *where;                 /* NULL: every document has its entries */
    const kx_cat_predicate *predicate; /* of `where` */
    size_t count;
    kx_cat_part *parts;
    kx_slice raw; /* the definition as stored where it has unknown members, else {NULL, 0} */
} kx_cat_index;

typedef struct kx_cat_field {
    const char *path_text;
    kx_path path;
    bool plain;
    size_t size;  /* of `path_text`, in bytes */
    kx_type type; /* KX_TYPE_NONE: any */
    bool optional;
    const char *initial;   /* as declared; NULL: none */
    kx_slice initial_item; /* its MessagePack, canonical */
    kx_slice raw;
} kx_cat_field;

/* One end of a relation: the fields that hold its key, one or, of a compound key, several. */
typedef struct kx_cat_key {
    kx_cat_part *parts;
    size_t count;
    const char *text; /* "user_id", "tenant,user_id" */
} kx_cat_key;

/* Between the two ends of a many-to-many: its documents are the links. Both indexes are compound and unique, so that a
   walk from either end finds the other end's key in the entries. */
typedef struct kx_cat_junction {
    const kx_cat_collection *collection;
    kx_cat_key local, remote;   /* its fields with the keys of the owner and of the target */
    const char *onward_paths, *back_paths; /* "local,remote", "remote,local" */
    const kx_cat_index *onward, *back;     /* over these; neither sparse nor multi */
} kx_cat_junction;

typedef struct kx_cat_relation {
    kx_relation declared; /* every default filled in, texts owned by the catalog */
    size_t size;          /* of its name, in bytes */
    bool implied;         /* the reverse of a relation that said .reverse */
    const kx_cat_collection *owner;
    const kx_cat_collection *target;
    kx_cat_key local;                      /* of the owner: the foreign key, or a set's local field */
    kx_cat_key remote;                     /* of the target: the related field, or a set's foreign key */
    const kx_cat_index *index;             /* of the target, over exactly `remote`: what following or searching uses */
    const struct kx_cat_relation *reverse; /* the other direction, where one is declared; else NULL. Of several, the one
                                              that .reverse pairs, else the one whose name sorts first */
    kx_cat_junction junction;              /* of a many-to-many; else zero */
    kx_slice raw;
} kx_cat_relation;

/*
 * Who holds keys of a collection's documents: every foreign key and one-to-one that targets it, and, for a many-to-many,
 * the junction from both of its ends (which cascades both ways). What deleting a document or changing its key asks for is
 * found here, without a look at relations by name. Derived when a catalog is finished; not stored.
 */
typedef struct kx_cat_reference {
    const kx_cat_relation *relation; /* that it comes from, for texts */
    const kx_cat_collection *from, *to;
    const kx_cat_key *keys;           /* in `from` */
    const kx_cat_key *targets;        /* in `to` */
    const kx_cat_index *index;        /* of `from`: its first parts are `keys`, ascending */
    const kx_cat_index *target_index; /* of `to`, over exactly `targets` */
    kx_action on_delete, on_update;   /* never KX_ACTION_DEFAULT */
    bool optional, enforced, deferred;
    bool link; /* `from` is a junction */
} kx_cat_reference;

struct kx_cat_collection {
    const char *name;
    size_t size;     /* of `name`, in bytes */
    uint32_t number; /* of its rows table */
    size_t position; /* in the catalog */
    bool writable;
    size_t field_count, index_count, relation_count;
    kx_cat_field *fields;
    kx_cat_index *indexes;
    kx_cat_relation *relations;
    const kx_cat_index *primary;             /* NULL: ids are given automatically */
    const kx_cat_reference *const *incoming; /* whose documents refer to ours */
    const kx_cat_reference *const
        *outgoing; /* whose targets ours refer to; a junction has two for each relation through it */
    size_t incoming_count, outgoing_count;
    bool has_enforced; /* one of `outgoing` is enforced */
    bool has_checks;   /* a field has a type, is required or has an initial */
    bool changed;      /* the room's own: differs from the catalog that a plan starts from */
    kx_slice raw;      /* as stored where it has unknown members or is not writable, else {NULL, 0} */
};

struct kx_catalog {
    uint64_t epoch; /* counts catalog changes; 0: an empty store */
    uint32_t schema_version;
    uint32_t next_table;
    size_t count;
    kx_cat_collection *collections; /* in order of declaration (by number) */
    /* the rest is private to the room */
    struct kx_catalog_private *own;
};

/* The catalog of an empty store. `make` (NULL: none) is for its partial indexes, and those of catalogs made from it. KX_NOMEM. */
int kx_catalog__empty(kx_cat_make_predicate *make, kx_catalog **catalog);

/* Longest name of a collection or relation, in bytes: error texts show it whole. */
enum { KX_CATALOG_NAME = 255 };

/* Decode. `numbers` and `documents` are the rows of kx/catalog without their checksums. KX_FORMAT: a newer major
   format, named; KX_CORRUPT; KX_NOMEM. */
int kx_catalog__decode(kx_cat_make_predicate *make, kx_slice meta, const uint64_t *numbers, const kx_slice *documents, size_t count,
                       kx_catalog **catalog);

/* The epoch of a meta document, without decoding the rest. KX_CORRUPT, KX_FORMAT. */
int kx_catalog__epoch(kx_slice meta, uint64_t *epoch);

kx_catalog *kx_catalog__retain(kx_catalog *catalog);
void kx_catalog__release(kx_catalog *catalog); /* NULL is fine; any thread */

/* By name, hashed; NULL and KX_INVALID's text recorded ("no collection 'x'; there are …" with the nearest name
   when one is near) by the _named form. */
const kx_cat_collection *kx_catalog__find(const kx_catalog *catalog, const char *name);
int kx_catalog__named(const kx_catalog *catalog, const char *name, const kx_cat_collection **collection);
const kx_cat_collection *kx_catalog__numbered(const kx_catalog *catalog, uint32_t number);
const kx_cat_index *kx_catalog__index(const kx_cat_collection *collection, const char *paths);      /* NULL: none */
const kx_cat_relation *kx_catalog__relation(const kx_cat_collection *collection, const char *name); /* NULL: none */
const kx_cat_field *kx_catalog__field(const kx_cat_collection *collection, const char *path);       /* NULL: none */

/* All tables that the catalog names, those of its free lists too (a declaration may use them again), for opening.
   *tables is malloc'ed (kx_base__free). KX_NOMEM. */
int kx_catalog__tables(const kx_catalog *catalog, kx_store_table **tables, size_t *count);

/* ---- changing: pure functions from one catalog to the next ---------------------------- */

typedef enum kx_cat_step_kind {
    KX_STEP_MAKE_COLLECTION, /* make its rows table */
    KX_STEP_MAKE_INDEX,      /* make (or reuse) its table and fill it from the documents, checking what it demands */
    KX_STEP_CHECK_FIELD,     /* check a new field over the documents there, and write its .initial where missing */
    KX_STEP_CHECK_RELATION,  /* hold a relation that is enforced from now on against the documents there */
    KX_STEP_DROP_INDEX,      /* empty the table */
    KX_STEP_DROP_COLLECTION  /* empty the rows table and forget its next id */
} kx_cat_step_kind;

typedef struct kx_cat_step {
    kx_cat_step_kind kind;
    size_t collection; /* position in the next catalog; SIZE_MAX for steps of a dropped collection */
    size_t item;       /* MAKE_INDEX and CHECK_…: position of the index, field or relation there; otherwise unused */
    kx_store_table table; /* the table to make or to empty; number 0 for a primary index: there is only its
                                      demand to check, that the collection is empty */
    bool table_is_new;    /* false: an emptied table of the same shape is used again */
} kx_cat_step;

typedef struct kx_cat_plan {
    kx_catalog *next;   /* NULL: nothing to do. Its epoch is one higher */
    kx_cat_step *steps; /* in the order to carry out: drops, collections, fields, indexes, relations */
    size_t count;
    uint32_t *changed; /* numbers of collections whose row of kx/catalog is to be written, or deleted
                                      when it is in `next` no more */
    size_t changed_count;
} kx_cat_plan;

/*
 * What declaring `models` (ended by NULL) asks of a store. All of one call resolve together; a missing target
 * collection is created empty; indexes that relations imply are added on both ends. Steps come without looking at
 * documents: a step on an empty collection costs nothing to carry out. What is held already is found out without
 * taking memory.
 *
 * An explicit index over exactly one path serves a relation unless it is multi; an implied one yields to it in either
 * order of declaring. A field, an index path and a key begin with no relation's name, since such a path crosses it.
 * The field of a primary index is of type int and has no .initial; it may be optional, since an id is given where it
 * is missing.
 *
 *   KX_CONFLICT  same name, other flags; same field, other type; a relation of the same name with other members; two
 *                different reverses; a multi index where a relation needs a plain one; two primary indexes.
 *                The text names both: "orders.user: declared optional, but the store has it required"
 *   KX_INVALID   a name that is empty, is no UTF-8, begins with "kx/" or holds control characters, a relation's that is
 *                no plain name of a path; no such type, kind or action; an index without paths; a bad path; .multi
 *                whose array is not its first path or is not the only one; .primary over more than one plain field; a field
 *                named _id or like a relation of the collection; a field inside one that is no map; an .initial that
 *                is no value of its type; members that its kind does not take; a foreign key that relates every document to
 *                itself; SET_NULL on a required field or relation; SET_DEFAULT without .initial; a reserved member that
 *                is not zero
 *   KX_LIMIT     more than KX_STORE_TABLES tables, a name over KX_CATALOG_NAME bytes;  KX_NOMEM
 *   KX_READONLY  a collection that it would change is not writable here
 * After an error nothing is owned; `plan` is empty.
 */
int kx_catalog__declare(const kx_catalog *from, const kx_model *const *models, kx_cat_plan *plan);

/*
 * What dropping asks. What a relation stands on is KX_CONFLICT, which names that relation: an index that a key or a
 * set is searched by, a set that is the reverse of a foreign key (drop that instead), a collection that a relation of
 * another one targets. With a relation go its implied reverse and the implied indexes that nothing else needs.
 *
 *   KX_INVALID   there is none of that name
 *   KX_CONFLICT  as above
 *   KX_READONLY  the collection is not writable here, or an index or collection is to go while another one is not: what
 *                that one needs is not known;  KX_NOMEM
 */
int kx_catalog__drop_index(const kx_catalog *from, const char *collection, const char *paths, kx_cat_plan *plan);
int kx_catalog__drop_relation(const kx_catalog *from, const char *collection, const char *relation, kx_cat_plan *plan);
int kx_catalog__drop_field(const kx_catalog *from, const char *collection, const char *path, kx_cat_plan *plan);
int kx_catalog__drop_collection(const kx_catalog *from, const char *collection, kx_cat_plan *plan);
int kx_catalog__set_schema_version(const kx_catalog *from, uint32_t version, kx_cat_plan *plan);
void kx_catalog__plan_free(kx_cat_plan *plan); /* releases `next` unless it was taken (set to NULL) */

/* Append the documents to write: a collection's row of kx/catalog, and row 0 of kx/meta. Set out->rc. */
void kx_catalog__encode(const kx_cat_collection *collection, kx_buf *out);
void kx_catalog__encode_meta(const kx_catalog *catalog, kx_buf *out);

/* ---- schema lines ------------------------------------------------------------------------ */

/* The dump's collection line (no newline): members at their default left out; implied indexes and implied reverses
   left out, since declaring brings them back. */
int kx_catalog__to_json(const kx_cat_collection *collection, uint64_t next_id, kx_buf *out);

/*
 * Read such a line into a model whose memory is `arena`'s. *next_id is 0 when the line has none. Unknown members are
 * KX_INVALID here (a schema that this version cannot honour), as is a line that is none; the text names line and
 * column, or the member.
 */
int kx_catalog__from_json(const char *line, size_t size, kx_arena *arena, kx_model *model, uint64_t *next_id);

/* The same from MessagePack already parsed (a loader that has read the line for itself). */
int kx_catalog__from_document(kx_slice document, kx_arena *arena, kx_model *model, uint64_t *next_id);

/* Is this document a dump's collection line ({"collection":…})? Its name, else NULL; texts point into the document. */
bool kx_catalog__is_line(kx_slice document, kx_slice *name);

/* ---- paths ------------------------------------------------------------------- */

/* Parse `size` bytes of text; the path and its canonical text are `arena`'s, never to be freed. Errors as
   kx_path__parse(). */
int kx_catalog__path(kx_arena *arena, const char *text, size_t size, kx_path *path, const char **canonical);

/* Split at commas that stand outside backquotes, blanks around trimmed. False at the end; *rest is moved on. ""
   gives one empty piece. */
bool kx_catalog__next_path(const char **rest, kx_slice *piece);

#endif
