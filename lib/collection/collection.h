/*
 * collection.h -- documents in collections: transactions with their catalog, instances, ids, indexes kept true, bulk loading.
 *
 * The structs of the public handles live here, for this room and the ones above it. Arguments have been checked by the api
 * room; names of collections are resolved by the caller (kx_catalog__named on txn->catalog).
 */
#ifndef KX_COLLECTION_COLLECTION_H
#define KX_COLLECTION_COLLECTION_H

#include <pthread.h>
#include <stdatomic.h>

#include <lmdbkenobix/db.h>
#include <lmdbkenobix/doc.h>
#include <lmdbkenobix/record.h>
#include <lmdbkenobix/txn.h>

#include "base/base.h"
#include "catalog/catalog.h"
#include "document/document.h"
#include "key/key.h"
#include "store/store.h"

/* ---- a room above that guards changes ---------------------------------------------- */

/*
 * Relations that are enforced, or act, see every change before it is written. One guard a handle, named when it is opened,
 * called in the thread of the transaction; NULL members are not called.
 */
struct kx_write_op;

typedef struct kx_guard {
    /* A change has passed every other check and nothing of it is written: refuse it with another code than KX_OK. For bulk
       loads it is called for each record before the first one is written. The op's slices live for the call. */
    int (*before)(kx_txn *txn, const kx_cat_collection *collection, const struct kx_write_op *op);
    /* A top write transaction is about to be committed. A failure keeps it live, as it was; kx_write() then aborts it. */
    int (*commit)(kx_txn *top);
    /* A child ended; `kept`: into its parent. Then top->guarded tells of the parent again. */
    void (*child_end)(kx_txn *child, bool kept);
    /* A top transaction ended: what hangs at top->guarded is to be freed. Called only where something hangs there. */
    void (*end)(kx_txn *top);
    /* KX_STEP_CHECK_RELATION: a relation of `next` is to be enforced over documents that are there. */
    int (*declared)(kx_txn *txn, const kx_catalog *next, const kx_cat_relation *relation);
    /* Which documents a partial index has. */
    kx_cat_make_predicate *predicate;
} kx_guard;

/* ---- the handle of an open store ------------------------------------------------ */

enum { KX_DB_SPARES = 16 };

struct kx_db {
    kx_store *store;
    kx_options options;        /* models, schema_json and reserve cleared */
    const kx_guard *guard;     /* NULL: nobody guards */
    unsigned fork_count;       /* kx_base__fork_count() at open */
    pthread_mutex_t lock;      /* of what follows */
    kx_catalog *catalog;       /* the newest one seen */
    kx_txn *txns;              /* every transaction object of this handle, live or spare */
    struct kx_layout *layouts; /* C structs by collection */
    _Atomic(kx_txn *) spares[KX_DB_SPARES];
};

/* ---- transactions ------------------------------------------------------------------ */

/*
 * Somebody who walks tables of a collection and must know before they are written: query's cursors.
 * `before_write` is called once before the first write to any table of the collection; it collects what is left and unlinks nothing.
 * `close` is called when the transaction that opened it ends; it must call kx_collection__forget_walker().
 */
typedef struct kx_walker {
    struct kx_walker *prev, *next;
    kx_txn *txn;         /* opened through it: a child's end closes it */
    uint32_t collection; /* number */
    bool told;           /* before_write was called */
    int (*before_write)(struct kx_walker *walker);
    void (*close)(struct kx_walker *walker);
} kx_walker;

struct kx_txn {
    kx_db *db;
    kx_store_txn *store;
    kx_txn *parent, *child, *top; /* top of a top transaction is itself */
    kx_catalog *catalog;          /* pinned */
    pthread_t owner;
    bool writes;
    struct kx_undo *undo;    /* what saves in this child did to instances */
    struct kx_retired *room; /* of a child in which something was declared, for its end */

    /* only in a top transaction */
    atomic_bool live;  /* false: a spare, to be begun again */
    bool declared;     /* the catalog changed in it or in a child of it */
    bool ending;       /* instances are being freed all together: holds do not matter any more */
    int failed;        /* a write failed half-way: the code, and only abort remains */
    uint64_t snapshot; /* of the store, for which `catalog` is known to be right; 0: none */
    uint64_t lazy_loads;
    void *guarded;              /* the guard's own */
    uint32_t results;           /* of queries, so far */
    struct kx_lazy_tally *lazy; /* of loads one by one, by relation; in `arena` */
    kx_doc *docs;               /* every live instance */
    kx_doc *free_docs;          /* instance memory to use again */
    kx_doc *leaving;            /* instances on their way there */
    kx_walker *walkers;
    kx_arena arena;               /* what lives to the end of the transaction */
    struct kx_registry *registry; /* instances by (collection, id), write transactions only */
    struct kx_pending *pending;   /* index entries of the write under way; memory is kept */
    uint32_t *tallies;            /* writes so far, by collection number */
    size_t tally_count;
    struct kx_retired *retired; /* catalogs that instances may still point into */
    uint32_t recent[4];         /* positions of collections asked for by name: tried first, always compared */
    kx_txn *next_of_db;
};

/* Loads one by one through one relation. `results`: of how many results the documents were that they began at. */
typedef struct kx_lazy_tally {
    struct kx_lazy_tally *next;
    const kx_cat_relation *relation;
    uint64_t loads, results;
    uint32_t last; /* result */
} kx_lazy_tally;

/* The transaction that instances of `txn`'s top act in now. */
kx_txn *kx_collection__innermost(kx_txn *txn);

/* Checks at the public edge: handle not from before a fork (KX_FORKED), writer's own thread (KX_THREAD), no live child (KX_BUSY), not failed. */
int kx_collection__enter(kx_txn *txn);
int kx_collection__enter_top(kx_txn *top); /* the same, where a live child is fine: it acts */
/* A snapshot, not from before a fork: all that kx_collection__enter_top() would find is well. */
static inline bool kx_collection__is_snapshot(const kx_txn *top)
{
    return !top->writes && top->db->fork_count == atomic_load_explicit(&kx_base__forks, memory_order_relaxed);
}

/* The same for calls through an instance or cursor, which act in the innermost transaction: *acting. KX_READONLY for a free copy. */
int kx_collection__enter_doc(const kx_doc *doc, kx_txn **acting);
/* KX_READONLY when the transaction is a read one, or the collection is not writable in this version. */
int kx_collection__enter_write(kx_txn *txn, const kx_cat_collection *collection);

int kx_collection__begin(kx_db *db, kx_txn_mode mode, kx_txn **txn);
int kx_collection__child(kx_txn *parent, kx_txn **child);
int kx_collection__commit(kx_txn *txn);
void kx_collection__abort(kx_txn *txn);
int kx_collection__run(kx_db *db, kx_txn_mode mode, int (*work)(kx_txn *, void *),
                       void *context); /* kx_write, kx_read */

void kx_collection__add_walker(kx_txn *txn, kx_walker *walker);
void kx_collection__forget_walker(kx_walker *walker);

/* Number of writes (insert, update, delete, by whatever way) to a collection in this transaction so far, aborted children included. */
uint32_t kx_collection__writes_to(const kx_txn *txn, uint32_t collection);

/* ---- opening, declaring ----------------------------------------------------------------- */

int kx_collection__open(const char *path, const kx_options *options, const kx_guard *guard,
                        kx_db **db); /* publishes its errors, as kx_collection__run */
int kx_collection__close(kx_db *db);
int kx_collection__declare(kx_txn *txn, const kx_model *const *models);
int kx_collection__declare_json(kx_txn *txn, const char *text);
int kx_collection__apply(kx_txn *txn, kx_cat_plan *plan); /* carry out a plan of the catalog; frees it */
int kx_collection__next_id(kx_txn *txn, const kx_cat_collection *collection, uint64_t *id);
int kx_collection__reserve_ids(kx_txn *txn, const kx_cat_collection *collection,
                               uint64_t next_id); /* ids below it are not given any more */

/* ---- instances ------------------------------------------------------------------------------ *
 * An instance is held by the user ("handed"), by relation slots of others and by cursors; it goes when nobody holds it.
 * In a read transaction `bytes` points into the map; in a write transaction the instance owns them. A member is also to be
 * reset where memory is used again: reset_doc().                                                                            */

struct kx_doc {
    kx_txn *txn;                         /* the top transaction; NULL: a free copy */
    const kx_cat_collection *collection; /* of the catalog at load; see kx_collection__current */
    kx_slice bytes;                      /* what it shows: as stored when loaded or saved, with its own changes */
    uint64_t id;
    kx_doc *prev, *next; /* in txn->docs */
    kx_doc *same;        /* next instance in the registry's bucket */
    void (*relation_clear)(kx_doc *doc); /* NULL: nothing is in the slot */
    struct kx_undo *undo;     /* of the innermost child that has written it; NULL: none */
    uint32_t holds;           /* relation slots and cursors */
    uint32_t result;          /* of which query's result it is; 0: of none */
    bool handed, is_new, deleted;
    bool listed; /* in the registry */
    bool stale;  /* the stored document was written by somebody else since it was loaded or saved */
    /* stays with the instance's memory */
    void *relation;           /* the relation room's slot: one allocation */
    struct kx_doc_more *more; /* owned bytes, changes, texts; NULL while there are none */
};

/* A row is 4 bytes of checksum (XXH3-64 seeded with the id, its low half, little-endian), then the document. */
enum { KX_RECORD_HEAD = 4 };

int kx_collection__doc_new(kx_txn *txn, const kx_cat_collection *collection, kx_slice bytes,
                           kx_doc **doc); /* canonical bytes; handed */

/* Number of a collection that is none: of documents which tell something and are never stored. Its position is SIZE_MAX. */
enum { KX_COLLECTION_NONE = KX_STORE_TABLES };

/* An instance of a stored document. `row` is what the store returned (with its checksum); handed is false and holds 0: the caller
   sets what it is. KX_CORRUPT when `verify` is on and the checksum differs, or the row is too short. */
int kx_collection__doc_of_row(kx_txn *txn, const kx_cat_collection *collection, uint64_t id, kx_slice row,
                              kx_doc **doc);
int kx_collection__doc_get(kx_txn *txn, const kx_cat_collection *collection, uint64_t id,
                           kx_doc **doc); /* KX_NOTFOUND, no text */

/* For a walk over many rows: make an instance that nobody but the caller holds show another row. */
int kx_collection__doc_turn(kx_doc *doc, uint64_t id, kx_slice row);

/* The same where only fields of the instance were read, so that there is nothing else to change. False: nothing was done. */
static inline bool kx_collection__doc_shows(kx_doc *doc, uint64_t id, kx_slice row)
{
    if (doc->more != NULL || doc->relation_clear != NULL || doc->txn->writes || row.size <= KX_RECORD_HEAD ||
        doc->txn->db->options.verify)
        return false;
    doc->id = id;
    doc->bytes = kx_slice_of(row.data + KX_RECORD_HEAD, row.size - KX_RECORD_HEAD);
    return true;
}

void kx_collection__hand(kx_doc *doc); /* the user holds it from now on */
void kx_collection__hold(kx_doc *doc);
void kx_collection__unhold(kx_doc *doc);      /* frees it when nobody holds it any more. NULL is fine */
void kx_collection__doc_release(kx_doc *doc); /* the user's hold goes; free copies are freed */
int kx_collection__doc_copy(const kx_doc *doc, kx_doc **copy);

int kx_collection__cut_short(const kx_cat_collection *collection, uint64_t id);
int kx_collection__verify(const kx_cat_collection *collection, uint64_t id, kx_slice row, kx_slice document);

/* Unchecked documents of a row: the slice behind its checksum. KX_CORRUPT when shorter than that, or, with `verify`, when the checksum differs. */
static inline int kx_collection__document_of(const kx_db *db, const kx_cat_collection *collection, uint64_t id,
                                             kx_slice row, kx_slice *document)
{
    if (row.size <= KX_RECORD_HEAD)
        return kx_collection__cut_short(collection, id);
    *document = kx_slice_of(row.data + KX_RECORD_HEAD, row.size - KX_RECORD_HEAD);
    return db->options.verify ? kx_collection__verify(collection, id, row, *document) : KX_OK;
}

/* The item at a path; missing when there is none. KX_INVALID: no path. Plain names take no parsing. */
int kx_collection__doc_item(const kx_doc *doc, const char *path, kx_slice *item);
/* The item at a part of an index or relation, missing when there is none, and its value. */
kx_slice kx_collection__part_item(kx_slice document, const kx_cat_part *part);
void kx_collection__part_value(kx_slice document, const kx_cat_part *part, kx_value *value);

int kx_collection__doc_change(kx_doc *doc, kx_change_kind kind, const char *path,
                              const kx_value *value); /* set, unset, append; no relation rules */
bool kx_collection__has_changes(const kx_doc *doc);
int kx_collection__doc_save(kx_doc *doc);
int kx_collection__doc_delete(kx_doc *doc);  /* the document alone, no relation actions */
int kx_collection__doc_reload(kx_doc *doc);  /* drops changes */
int kx_collection__doc_refresh(kx_doc *doc); /* keeps changes; KX_NOTFOUND: gone, the instance is as it was */
/* A text that was made for a document, where `rc` says that it was: lives as long as the instance. Frees `made`. */
int kx_collection__doc_lend(const kx_doc *doc, int rc, kx_buf *made, const char **text);
int kx_collection__doc_json(const kx_doc *doc, const char *path, const char **json); /* path "": the whole document */
int kx_collection__doc_text(const kx_doc *doc, const char *path, const char **text);
int kx_collection__doc_from_struct(kx_doc *doc, const void *row, size_t size);
int kx_collection__doc_to_struct(const kx_doc *doc, void *row, size_t size);

/* The collection as the transaction's catalog has it now: what to write by. KX_INVALID: dropped meanwhile. */
int kx_collection__current(const kx_txn *txn, const kx_cat_collection *then, const kx_cat_collection **now);

/* ---- writing ---------------------------------------------------------------------------------- *
 * Every change to a document passes kx_collection__write. It validates first, then writes; a failure after the first
 * write (map full, device) leaves a transaction that can only be aborted.                                                      */

typedef struct kx_write_op {
    uint64_t id;
    kx_slice before; /* the stored document; missing: insert */
    kx_slice after;  /* canonical, checked against the fields; missing: delete */
    bool fresh;      /* insert: the id is above every other, so nothing can be there */
} kx_write_op;

int kx_collection__write(kx_txn *txn, const kx_cat_collection *collection, const kx_write_op *op);

/* Canonical bytes in, the declared fields' initial values filled in, types and presence checked, the primary field filled or read.
   `how` (may be NULL) asks for an id and for no initial values; `next` is the id to give when none is asked for (NULL: looked up). The op is ready to be written; its bytes are `bytes` or `scratch`'s. */
int kx_collection__prepare(kx_txn *txn, const kx_cat_collection *collection, kx_slice bytes, const kx_record *how,
                           const uint64_t *next, kx_buf *scratch, kx_write_op *op);

int kx_collection__insert(kx_txn *txn, const kx_cat_collection *collection, kx_slice bytes, uint64_t *id);
int kx_collection__insert_many(kx_txn *txn, const kx_cat_collection *collection, kx_record *records, size_t count,
                               size_t *failed);
int kx_collection__put(kx_txn *txn, const kx_cat_collection *collection, uint64_t id, kx_slice bytes);
int kx_collection__patch(kx_txn *txn, const kx_cat_collection *collection, uint64_t id, kx_slice bytes);
/* JSON or MessagePack, told by the first byte, as MessagePack: `bytes` themselves or `scratch`'s. */
int kx_collection__bytes_in(kx_slice bytes, kx_buf *scratch, kx_slice *msgpack);

/* Apply changes to a stored document; checked and indexed like any other, and not written where they leave it as it was.
   KX_NOTFOUND: there is none. */
int kx_collection__change_stored(kx_txn *txn, const kx_cat_collection *collection, uint64_t id,
                                 const kx_change *changes, size_t count);

/* May these changes alter a key of some index, the primary one too? No: each begins with another name than every part, and no
   index is partial. */
bool kx_collection__moves_keys(const kx_cat_collection *collection, const kx_change *changes, size_t count);

/*
 * The same changes to many documents, ids ascending, that move no key (see above). What is not there is passed over. *changed is
 * the number of documents that are other ones now. An error of a document names it; then some others may be changed, so the caller
 * aborts. Memory: some 256 KiB, and the largest document.
 */
int kx_collection__change_many(kx_txn *txn, const kx_cat_collection *collection, const uint64_t *ids, size_t count,
                               const kx_change *changes, size_t change_count, uint64_t *changed);
int kx_collection__remove(kx_txn *txn, const kx_cat_collection *collection, uint64_t id);

/*
 * Remove several documents, sorted by collection and id, no two the same; for one of them there may be an instance (or NULL), which
 * then is a deleted one. All is read and asked before anything is written, so that an error leaves the transaction as it was; what
 * fails later is the store's, or memory for the tables' records, and only abort remains, as after kx_collection__write. Memory: 24
 * bytes and the key for each index entry.
 */
typedef struct kx_removal {
    const kx_cat_collection *collection;
    uint64_t id;
} kx_removal;

int kx_collection__remove_many(kx_txn *txn, const kx_removal *removals, size_t count, kx_doc *doc);

/* ---- lists of keys ------------------------------------------------------------------------------ */

/* One key in a list that is sorted: an index entry to be put, or a key to be looked up. */
typedef struct kx_entry {
    uint64_t prefix; /* the key's first 8 bytes, big-endian, padded with zeros */
    uint64_t id;
    const uint8_t *key;
    uint16_t size;
    bool has_null; /* a part was null: in a unique index it clashes with none */
    uint32_t tag;  /* number of the record it comes from */
} kx_entry;

/* By key, then id. `scratch` has room for `count` too. Stable radix passes over the prefix; longer keys are compared where prefixes tie. */
void kx_collection__sort(kx_entry *entries, kx_entry *scratch, size_t count);

typedef struct kx_entries {
    kx_entry *items;
    size_t count, room;
    kx_arena keys;
    uint8_t *block; /* keys are carved from blocks */
    size_t left;
} kx_entries;

int kx_collection__entries_add(kx_entries *entries, const kx_key *key, uint64_t id, size_t tag); /* KX_NOMEM */
int kx_collection__entries_sort(kx_entries *entries);                                            /* KX_NOMEM */
void kx_collection__entries_free(kx_entries *entries);

/* ---- index lookups, shared by query and relation ------------------------------------------------- */

/*
 * `values` are one a part of an index that is not multi. The key as the index stores it: directions and limits included. It is
 * initialised here; free it. *exact is false when the key was shortened: then compare documents.
 */
int kx_collection__index_key(const kx_cat_index *index, const kx_value *values, kx_key *key, bool *exact);

/* Lowest id of a document that has these values; compares documents where the key was shortened. KX_NOTFOUND (no text). Primary: the row itself decides. */
int kx_collection__lookup(kx_txn *txn, const kx_cat_collection *collection, const kx_cat_index *index,
                          const kx_value *values, uint64_t *id);

/* The same for who reads the document next: a primary key is taken at its word, since the row itself tells whether there is one. */
int kx_collection__lookup_id(kx_txn *txn, const kx_cat_collection *collection, const kx_cat_index *index,
                             const kx_value *values, uint64_t *id);

/* How many documents have them: a stored number unless the key was shortened. */
int kx_collection__lookup_count(kx_txn *txn, const kx_cat_collection *collection, const kx_cat_index *index,
                                const kx_value *values, uint64_t *count);

/* The id that a value means for a primary index: an INT >= 0, or a REAL that equals one. False: it can match no document. */
bool kx_collection__value_as_id(const kx_value *value, uint64_t *id);

/*
 * Every index against every document of a store, both ways: what tests call after everything, and `check` later.
 * `report` gets one finding a call (collection, id, text). Returns KX_OK also with findings; *findings counts them.
 */
int kx_collection__check(kx_txn *txn,
                         void (*report)(void *context, const char *collection, uint64_t id, const char *finding),
                         void *context, uint64_t *findings);

#endif
