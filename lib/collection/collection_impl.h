/* collection_impl.h -- what the files of this room share. */
#ifndef KX_COLLECTION_COLLECTION_IMPL_H
#define KX_COLLECTION_COLLECTION_IMPL_H

#include "collection/collection.h"

/* ---- records (collection.h) ---- */

void kx_collection__seal(uint64_t id, kx_slice document, uint8_t head[KX_RECORD_HEAD]);

/* ---- per collection, per top transaction -------------------------------------------- */

uint32_t *kx_collection__tally(kx_txn *txn, uint32_t number); /* writes so far; NULL: no memory */
void kx_collection__count_all(kx_txn *top); /* an aborted child may have changed any collection back */

typedef struct kx_retired {
    struct kx_retired *next;
    kx_catalog *catalog;
} kx_retired;

/* Memory for a change of catalogs: `room` for the change itself, and in each child around it for the child's end. KX_NOMEM. */
int kx_collection__room_to_retire(kx_txn *txn, kx_retired **room);
/* Make `next` (whose reference is taken over) the catalog of this level; the old one stays pinned to the end of the top. */
void kx_collection__set_catalog(kx_txn *txn, kx_retired *room, kx_catalog *next);
void kx_collection__retire(kx_txn *txn, kx_retired *room,
                           kx_catalog *catalog); /* pin a catalog (its reference is taken over) to the end of the top */
void kx_collection__free_txn(kx_txn *txn);

/* Bring txn->catalog to its snapshot. *again: handles or catalog changed, so end the store transaction and begin anew. */
int kx_collection__pin(kx_txn *txn, bool *again);
int kx_collection__open_pinned(kx_txn *txn); /* between that end and that begin */
void kx_collection__publish(kx_txn *txn);    /* committed: other transactions of the handle may use txn->catalog */

/* Write row 0 of kx/meta and the changed rows of kx/catalog. */
int kx_collection__write_catalog(kx_txn *txn, const kx_cat_plan *plan);
int kx_collection__read_meta(kx_store_txn *store, uint64_t row, kx_slice *document); /* KX_NOTFOUND, no text */
int kx_collection__put_document(kx_store_txn *store, uint32_t table, uint64_t id, kx_slice document, bool append);

/* ---- instances ------------------------------------------------------------------------- */

typedef struct kx_doc_more {
    kx_buf owned;       /* the bytes, where the instance owns them          */
    kx_buf spare;       /* where the next version is built, then swapped in */
    kx_change *changes; /* not saved yet: paths and items in `words`        */
    size_t change_count, change_room;
    kx_arena words; /* of the changes                                   */
    kx_arena texts; /* copies handed out as terminated text             */
    size_t text_used;
    bool lost;                /* changes were lost for lack of memory: it cannot be saved before a reload */
    char text_space[96];      /* the first of them                                */
    kx_catalog *catalog;      /* pinned by a free copy                            */
    struct kx_layout *layout; /* the same                                         */
} kx_doc_more;

kx_doc_more *kx_collection__more(kx_doc *doc); /* made when missing; NULL: no memory */
int kx_collection__doc_apply(kx_doc *doc, const kx_change *changes,
                             size_t count);              /* all or none; remembered for the save */
int kx_collection__doc_own(kx_doc *doc, kx_slice bytes); /* copy bytes into the instance */
void kx_collection__drop_changes(kx_doc *doc);
char *kx_collection__doc_space(const kx_doc *doc, size_t size); /* for a text that lives as long as the instance */
void kx_collection__free_docs(kx_txn *top);                     /* all of them, at the end */
void kx_collection__free_spares(kx_txn *top, size_t keep);

void kx_collection__enlist(kx_doc *doc); /* into the registry, by collection and id */
void kx_collection__delist(kx_doc *doc);
void kx_collection__mark_stale(kx_txn *top, uint32_t number, uint64_t id);
void kx_collection__mark_all_stale(kx_txn *top);
void kx_collection__registry_free(kx_txn *top);

/* What saving did to an instance inside a child, so that the child's abort can take it back (undo.c). */
typedef struct kx_undo kx_undo;

int kx_collection__undo_note(kx_txn *txn,
                             kx_doc *doc); /* before a save or delete; nothing to do in a top transaction */
void kx_collection__undo_forget(kx_txn *txn, kx_doc *doc); /* it failed: as if it had not been noted */
void kx_collection__undo_take(kx_txn *txn);                /* child aborted: take it back */
void kx_collection__undo_merge(kx_txn *child);             /* child committed: to its parent */
void kx_collection__undo_free(kx_txn *txn);                /* memory alone */

/* ---- C structs ---------------------------------------------------------------------------- */

typedef struct kx_layout {
    struct kx_layout *next;
    atomic_uint references;
    kx_arena arena;
    const char *collection;
    kx_field *members;
    size_t count, size; /* size: the end of the last member, rounded to its alignment by the caller's sizeof */
} kx_layout;

/* The layouts of these models that the handle does not have yet; kept when the declaration has succeeded. KX_INVALID, KX_CONFLICT, KX_NOMEM: free what *list has. */
int kx_collection__make_layouts(kx_db *db, const kx_model *const *models, kx_layout **list);
void kx_collection__keep_layouts(kx_db *db, kx_layout *list);
void kx_collection__free_layouts(kx_layout *list);
kx_layout *kx_collection__layout(kx_db *db, const char *collection); /* NULL: none; a reference of the handle's */
void kx_collection__layout_release(kx_layout *layout);

/* ---- index entries ---------------------------------------------------------------------------- */

/* Call `visit` with each key that `index` has for a document (none, one, or one an element), in no order, without repeats. */
typedef int kx_key_visit(void *context, const kx_cat_index *index, kx_key *key);
int kx_collection__keys(const kx_cat_collection *collection, const kx_cat_index *index, uint64_t id, kx_slice document,
                        kx_key_visit *visit, void *context);

/* Have the two documents a whole (unshortened) key of `index` in common, one without a null part? For shortened unique keys. */
int kx_collection__same_key(const kx_cat_index *index, kx_slice document, kx_slice other, bool *same);

/* KX_EXISTS with its text when another document than `id` has this key. For keys of unique indexes without a null part; one that was
   shortened ends in the id, and is the only one of KX_KEY_LIMIT bytes. */
int kx_collection__clash(kx_txn *txn, const kx_cat_collection *collection, const kx_cat_index *index, kx_slice key,
                         uint64_t id, kx_slice document);
int kx_collection__taken(const kx_cat_collection *collection, const kx_cat_index *index, kx_slice document, uint64_t id,
                         uint64_t by);

void kx_collection__pending_free(kx_txn *top);

int kx_collection__entries_check(kx_txn *txn, const kx_cat_collection *collection, const kx_cat_index *index,
                                 kx_entries *entries, kx_slice (*document_of)(void *context, size_t tag, uint64_t id),
                                 void *context, size_t *failed);
int kx_collection__entries_put(kx_txn *txn, const kx_cat_index *index, const kx_entries *entries);

/* ---- fields ------------------------------------------------------------------------------------ */

/* Types, presence and forbidden names of a document about to be stored. */
int kx_collection__check_fields(const kx_cat_collection *collection, kx_slice document);
int kx_collection__check_field(const kx_cat_collection *collection, const kx_cat_field *field, kx_slice document);

/* A document laid open: its members, and where its declared fields stand. Not to be moved. Begun once for many documents. */
enum { KX_SURVEY_MEMBERS = 32, KX_SURVEY_FIELDS = 16 };
typedef struct kx_survey {
    kx_slice document;
    kx_listed *members;
    size_t count, room;
    kx_slice *items; /* by field */
    kx_listed few_members[KX_SURVEY_MEMBERS];
    kx_slice few_items[KX_SURVEY_FIELDS];
} kx_survey;

int kx_collection__survey_begin(const kx_cat_collection *collection, kx_survey *survey); /* KX_NOMEM: end it, too */
void kx_collection__survey_end(kx_survey *survey);
/* kx_collection__prepare(); the survey shows op->after afterwards. */
int kx_collection__survey_prepare(kx_txn *txn, const kx_cat_collection *collection, kx_slice bytes,
                                  const kx_record *how, const uint64_t *next, kx_buf *scratch, kx_survey *survey,
                                  kx_write_op *op);
kx_slice kx_collection__survey_item(const kx_survey *survey, const kx_cat_part *part);
int kx_collection__survey_keys(const kx_cat_collection *collection, const kx_cat_index *index, uint64_t id,
                               const kx_survey *survey, kx_key_visit *visit, void *context);

/* A line for the handle's log, where it has one. */
void kx_collection__log(const kx_db *db, const char *format, ...) KX_PRINTF(2, 3);

/* Does the handle's guard let this change pass? */
int kx_collection__guard(kx_txn *txn, const kx_cat_collection *collection, const kx_write_op *op);

/* Tell walkers and instances that (collection, id) is about to be written, and count it. */
int kx_collection__before_write(kx_txn *txn, uint32_t number, uint64_t id);

/* The stored document of an id that is said to be there. KX_NOTFOUND with its text. */
int kx_collection__stored(kx_txn *txn, const kx_cat_collection *collection, uint64_t id, kx_slice *document);

int kx_collection__no_id_left(const kx_cat_collection *collection); /* KX_LIMIT */

/* Remember that ids below `id` + 1 are gone for good, where deleting `id` would let them be given again. */
int kx_collection__keep_ids(kx_txn *txn, const kx_cat_collection *collection, uint64_t id);

#endif
