/*
 * doc.c -- instances: who holds them, which memory is theirs, and the registry that finds those of one stored document.
 *
 * An instance is freed when neither the user nor a relation slot nor a cursor holds it. Its memory stays with the
 * transaction object, buffers included, so that a loop over a million gets allocates nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "collection/collection_impl.h"

/* Buffers above this size are not kept with spare instances. */
enum { KEPT_BYTES = 16384 };

/* ---- the registry: write transactions only ------------------------------------ */

typedef struct kx_registry {
    size_t count, buckets; /* buckets: a power of two */
    kx_doc **heads;
} kx_registry;

static size_t bucket_of(const kx_registry *registry, uint32_t number, uint64_t id)
{
    uint64_t mixed = (id ^ (uint64_t)number << 40) * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(mixed >> 32) & (registry->buckets - 1);
}

static bool grow_registry(kx_registry *registry)
{
    size_t buckets = registry->buckets != 0 ? registry->buckets * 2 : 64;
    kx_doc **heads = kx_base__zalloc(kx_base__times(buckets, sizeof *heads));
    if (heads == NULL)
        return registry->buckets != 0;
    kx_registry old = *registry;
    registry->heads = heads;
    registry->buckets = buckets;
    for (size_t i = 0; i < old.buckets; i++) {
        kx_doc *next;
        for (kx_doc *doc = old.heads[i]; doc != NULL; doc = next) {
            next = doc->same;
            size_t at = bucket_of(registry, doc->collection->number, doc->id);
            doc->same = heads[at];
            heads[at] = doc;
        }
    }
    kx_base__free(old.heads);
    return true;
}

static int make_registry(kx_txn *top)
{
    if (top->registry != NULL)
        return KX_OK;
    kx_registry *registry = kx_base__zalloc(sizeof *registry);
    if (registry == NULL || !grow_registry(registry)) {
        kx_base__free(registry);
        return kx_base__nomem();
    }
    top->registry = registry;
    return KX_OK;
}

void kx_collection__enlist(kx_doc *doc)
{
    kx_registry *registry = doc->txn->registry;
    if (registry == NULL || doc->listed)
        return;
    if (registry->count >= registry->buckets)
        grow_registry(registry);
    size_t at = bucket_of(registry, doc->collection->number, doc->id);
    doc->same = registry->heads[at];
    registry->heads[at] = doc;
    registry->count++;
    doc->listed = true;
}

void kx_collection__delist(kx_doc *doc)
{
    if (!doc->listed)
        return;
    kx_registry *registry = doc->txn->registry;
    kx_doc **link = &registry->heads[bucket_of(registry, doc->collection->number, doc->id)];
    while (*link != doc)
        link = &(*link)->same;
    *link = doc->same;
    registry->count--;
    doc->listed = false;
}

void kx_collection__mark_stale(kx_txn *top, uint32_t number, uint64_t id)
{
    kx_registry *registry = top->registry;
    if (registry == NULL || registry->count == 0)
        return;
    for (kx_doc *doc = registry->heads[bucket_of(registry, number, id)]; doc != NULL; doc = doc->same)
        if (doc->id == id && doc->collection->number == number)
            doc->stale = true;
}

void kx_collection__mark_all_stale(kx_txn *top)
{
    for (kx_doc *doc = top->docs; doc != NULL; doc = doc->next)
        doc->stale = true;
}

void kx_collection__registry_free(kx_txn *top)
{
    if (top->registry == NULL)
        return;
    kx_base__free(top->registry->heads);
    kx_base__free(top->registry);
    top->registry = NULL;
}

/* ---- memory -------------------------------------------------------------------- */

kx_doc_more *kx_collection__more(kx_doc *doc)
{
    if (doc->more == NULL)
        doc->more = kx_base__zalloc(sizeof *doc->more);
    return doc->more;
}

static void free_more(kx_doc_more *more)
{
    if (more == NULL)
        return;
    kx_buf__free(&more->owned);
    kx_buf__free(&more->spare);
    kx_base__free(more->changes);
    kx_arena__free(&more->words);
    kx_arena__free(&more->texts);
    kx_collection__layout_release(more->layout);
    kx_catalog__release(more->catalog);
    kx_base__free(more);
}

static void free_doc(kx_doc *doc)
{
    free_more(doc->more);
    kx_base__free(doc->relation);
    kx_base__free(doc);
}

void kx_collection__drop_changes(kx_doc *doc)
{
    if (doc->more == NULL || doc->more->change_count == 0)
        return;
    doc->more->change_count = 0;
    kx_arena__free(&doc->more->words);
}

/* Ready for another document: what it showed, its changes, texts and relations go; buffers and the slot's memory stay. */
static void empty_doc(kx_doc *doc)
{
    kx_doc_more *more = doc->more;
    if (doc->relation_clear != NULL)
        doc->relation_clear(doc);
    if (more == NULL)
        return;
    kx_collection__drop_changes(doc);
    more->lost = false;
    more->text_used = 0;
    if (more->texts.blocks != NULL)
        kx_arena__free(&more->texts);
    if (more->owned.capacity > KEPT_BYTES)
        kx_buf__free(&more->owned);
    if (more->spare.capacity > KEPT_BYTES)
        kx_buf__free(&more->spare);
}

int kx_collection__doc_own(kx_doc *doc, kx_slice bytes)
{
    kx_doc_more *more = kx_collection__more(doc);
    if (more == NULL)
        return kx_base__nomem();
    if (bytes.data != more->spare.data) {
        kx_buf__clear(&more->spare);
        kx_buf__append(&more->spare, bytes.data, bytes.size);
    }
    if (more->spare.rc != KX_OK)
        return more->spare.rc;
    kx_buf swap = more->owned;
    more->owned = more->spare;
    more->spare = swap;
    doc->bytes = kx_buf__slice(&more->owned);
    return KX_OK;
}

char *kx_collection__doc_space(const kx_doc *doc, size_t size)
{
    kx_doc_more *more = kx_collection__more((kx_doc *)doc);
    if (more == NULL)
        return NULL;
    if (size <= sizeof more->text_space - more->text_used) {
        char *text = more->text_space + more->text_used;
        more->text_used += size;
        return text;
    }
    return kx_arena__alloc(&more->texts, size);
}

/* ---- making and freeing ---------------------------------------------------------- */

/* Everything but what stays with the memory. Member by member: for so few bytes, compilers call on an instruction that
   takes longer to begin than all of this. */
static void reset_doc(kx_doc *doc)
{
    doc->collection = NULL;
    doc->bytes = (kx_slice){0};
    doc->id = 0;
    doc->prev = doc->next = doc->same = NULL;
    doc->relation_clear = NULL;
    doc->undo = NULL;
    doc->holds = doc->result = 0;
    doc->handed = doc->is_new = doc->deleted = doc->listed = doc->stale = false;
}

static kx_doc *take_doc(kx_txn *top)
{
    kx_doc *doc = top->free_docs;
    if (doc != NULL) {
        top->free_docs = doc->next;
    } else if ((doc = kx_base__alloc(sizeof *doc)) != NULL) {
        doc->relation = NULL;
        doc->more = NULL;
    } else {
        return NULL;
    }
    reset_doc(doc);
    doc->txn = top;
    doc->next = top->docs;
    if (top->docs != NULL)
        top->docs->prev = doc;
    top->docs = doc;
    return doc;
}

static void unlink_doc(kx_doc *doc)
{
    if (doc->prev != NULL)
        doc->prev->next = doc->next;
    else
        doc->txn->docs = doc->next;
    if (doc->next != NULL)
        doc->next->prev = doc->prev;
}

/* Emptying one lets go of those that its relations held, which may go too: they queue up, since chains of them can be long. */
static void give_doc(kx_doc *doc)
{
    kx_txn *top = doc->txn;
    bool busy = top->leaving != NULL;
    kx_collection__delist(doc);
    unlink_doc(doc);
    doc->next = top->leaving;
    doc->prev = NULL;
    top->leaving = doc;
    while (!busy && (doc = top->leaving) != NULL) {
        empty_doc(doc);
        if (top->leaving != doc)
            continue;
        top->leaving = doc->next;
        doc->next = top->free_docs;
        top->free_docs = doc;
    }
}

void kx_collection__free_docs(kx_txn *top)
{
    top->ending = true;
    kx_doc *next;
    for (kx_doc *doc = top->docs; doc != NULL; doc = next) {
        next = doc->next;
        empty_doc(doc);
        doc->next = top->free_docs;
        top->free_docs = doc;
    }
    top->docs = NULL;
    top->ending = false;
}

void kx_collection__free_spares(kx_txn *top, size_t keep)
{
    kx_doc **link = &top->free_docs;
    while (*link != NULL && keep-- > 0)
        link = &(*link)->next;
    kx_doc *doc = *link;
    *link = NULL;
    while (doc != NULL) {
        kx_doc *next = doc->next;
        free_doc(doc);
        doc = next;
    }
}

/* Show `document`: in place in a read transaction, copied in a write transaction, where pages move. */
static int show(kx_doc *doc, kx_slice document)
{
    if (doc->txn->writes)
        return kx_collection__doc_own(doc, document);
    doc->bytes = document;
    return KX_OK;
}

int kx_collection__doc_new(kx_txn *txn, const kx_cat_collection *collection, kx_slice bytes, kx_doc **result)
{
    *result = NULL;
    kx_doc *doc = take_doc(txn->top);
    if (doc == NULL)
        return kx_base__nomem();
    doc->collection = collection;
    doc->is_new = true;
    int rc = make_registry(txn->top);
    if (rc == KX_OK)
        rc = kx_collection__doc_own(doc, bytes);
    if (rc != KX_OK) {
        give_doc(doc);
        return rc;
    }
    doc->handed = true;
    *result = doc;
    return KX_OK;
}

int kx_collection__cut_short(const kx_cat_collection *collection, uint64_t id)
{
    return kx_base__fail_at(KX_CORRUPT, collection->name, NULL, &id, NULL, "%s: document %llu is cut short",
                            collection->name, (unsigned long long)id);
}

int kx_collection__verify(const kx_cat_collection *collection, uint64_t id, kx_slice row, kx_slice document)
{
    uint8_t head[KX_RECORD_HEAD];
    kx_collection__seal(id, document, head);
    if (memcmp(head, row.data, sizeof head) != 0)
        return kx_base__fail_at(KX_CORRUPT, collection->name, NULL, &id, NULL,
                                "%s: document %llu does not match its checksum", collection->name,
                                (unsigned long long)id);
    return KX_OK;
}

/* In a write transaction the instance owns its bytes and is known to those who write the same document. */
static int enter_written(kx_doc *doc, kx_slice document)
{
    int rc = make_registry(doc->txn);
    if (rc == KX_OK)
        rc = kx_collection__doc_own(doc, document);
    if (rc == KX_OK)
        kx_collection__enlist(doc);
    else
        give_doc(doc);
    return rc;
}

static inline int doc_of_row(kx_txn *txn, const kx_cat_collection *collection, uint64_t id, kx_slice row,
                             kx_doc **result)
{
    kx_slice document;
    *result = NULL;
    int rc = kx_collection__document_of(txn->db, collection, id, row, &document);
    if (rc != KX_OK)
        return rc;
    kx_doc *doc = take_doc(txn->top);
    if (doc == NULL)
        return kx_base__nomem();
    doc->collection = collection;
    doc->id = id;
    doc->bytes = document;
    if (txn->writes)
        rc = enter_written(doc, document);
    *result = rc == KX_OK ? doc : NULL;
    return rc;
}

int kx_collection__doc_of_row(kx_txn *txn, const kx_cat_collection *collection, uint64_t id, kx_slice row,
                              kx_doc **result)
{
    return doc_of_row(txn, collection, id, row, result);
}

int kx_collection__doc_get(kx_txn *txn, const kx_cat_collection *collection, uint64_t id, kx_doc **doc)
{
    kx_slice row;
    *doc = NULL;
    int rc = kx_store__row_get(txn->store, collection->number, id, &row);
    return rc == KX_OK ? doc_of_row(txn, collection, id, row, doc) : rc;
}

int kx_collection__doc_turn(kx_doc *doc, uint64_t id, kx_slice row)
{
    kx_slice document;
    if (kx_collection__doc_shows(doc, id, row))
        return KX_OK;
    int rc = kx_collection__document_of(doc->txn->db, doc->collection, id, row, &document);
    if (rc != KX_OK)
        return rc;
    kx_collection__delist(doc);
    empty_doc(doc);
    doc->id = id;
    doc->is_new = doc->deleted = doc->stale = false;
    rc = show(doc, document);
    if (rc == KX_OK && doc->txn->writes)
        kx_collection__enlist(doc);
    return rc;
}

/* ---- holding ------------------------------------------------------------------------ */

void kx_collection__hand(kx_doc *doc)
{
    doc->handed = true;
}

void kx_collection__hold(kx_doc *doc)
{
    doc->holds++;
}

void kx_collection__unhold(kx_doc *doc)
{
    if (doc == NULL || doc->txn->ending)
        return;
    doc->holds--;
    if (doc->holds == 0 && !doc->handed)
        give_doc(doc);
}

void kx_collection__doc_release(kx_doc *doc)
{
    if (doc == NULL)
        return;
    if (doc->txn == NULL) {
        free_doc(doc);
        return;
    }
    doc->handed = false;
    if (doc->holds == 0)
        give_doc(doc);
}

static bool has_collection(const kx_catalog *catalog, const kx_cat_collection *collection)
{
    return catalog != NULL && collection->position < catalog->count &&
           &catalog->collections[collection->position] == collection;
}

/* The catalog that an instance's collection is of: one in use, or one that was replaced in this transaction. NULL for one that
   belongs to no collection. */
static kx_catalog *catalog_of(const kx_doc *doc)
{
    if (doc->txn == NULL)
        return doc->more->catalog;
    for (const kx_txn *txn = doc->txn; txn != NULL; txn = txn->child)
        if (has_collection(txn->catalog, doc->collection))
            return txn->catalog;
    const kx_retired *retired = doc->txn->retired;
    while (retired != NULL && !has_collection(retired->catalog, doc->collection))
        retired = retired->next;
    return retired != NULL ? retired->catalog : NULL;
}

int kx_collection__doc_copy(const kx_doc *doc, kx_doc **result)
{
    *result = NULL;
    kx_doc *copy = kx_base__zalloc(sizeof *copy);
    if (copy == NULL)
        return kx_base__nomem();
    copy->collection = doc->collection;
    copy->id = doc->id;
    copy->is_new = doc->is_new;
    int rc = kx_collection__doc_own(copy, doc->bytes);
    if (rc != KX_OK) {
        kx_collection__doc_release(copy);
        return rc;
    }
    kx_layout *layout =
        doc->txn != NULL ? kx_collection__layout(doc->txn->db, doc->collection->name) : doc->more->layout;
    kx_catalog *catalog = catalog_of(doc);
    copy->more->catalog = catalog != NULL ? kx_catalog__retain(catalog) : NULL;
    copy->more->layout = layout;
    if (layout != NULL)
        atomic_fetch_add_explicit(&layout->references, 1, memory_order_relaxed);
    *result = copy;
    return KX_OK;
}
