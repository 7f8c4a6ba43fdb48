/*
 * doc_save.c -- from an instance to the stored document and back.
 *
 * A save writes only what the instance changed: where the stored document is still the one it was loaded from, that is
 * what the instance shows; where somebody else wrote it, the changes are applied to what is stored now.
 */
#include <string.h>

#include "collection/collection_impl.h"

int kx_collection__current(const kx_txn *txn, const kx_cat_collection *then, const kx_cat_collection **now)
{
    if (then->position < txn->catalog->count && &txn->catalog->collections[then->position] == then) {
        *now = then;
        return KX_OK;
    }
    *now = kx_catalog__numbered(txn->catalog, then->number);
    if (*now == NULL)
        return kx_base__fail_at(KX_INVALID, then->name, NULL, NULL, NULL, "collection '%s' was dropped", then->name);
    return KX_OK;
}

static int vanished(const kx_doc *doc)
{
    const char *name = doc->collection->name;
    return kx_base__fail_at(KX_NOTFOUND, name, NULL, &doc->id, NULL, "%s: document %llu does not exist any more", name,
                            (unsigned long long)doc->id);
}

static int stored(kx_txn *txn, const kx_doc *doc, kx_slice *document)
{
    kx_slice row;
    int rc = kx_store__row_get(txn->store, doc->collection->number, doc->id, &row);
    return rc == KX_OK ? kx_collection__document_of(txn->db, doc->collection, doc->id, row, document) : rc;
}

/* ---- undo -------------------------------------------------------------------- */

static kx_undo *find_undo(const kx_txn *txn, const kx_doc *doc)
{
    kx_undo *undo = txn->undo;
    while (undo != NULL && undo->doc != doc)
        undo = undo->next;
    return undo;
}

static void free_undo(kx_undo *undo)
{
    kx_buf__free(&undo->bytes);
    kx_base__free(undo->changes);
    kx_arena__free(&undo->words);
    kx_base__free(undo);
}

static int copy_changes(kx_undo *undo, const kx_change *changes, size_t count)
{
    kx_change *all = kx_base__realloc(undo->changes, kx_base__times(undo->count + count, sizeof *all));
    if (all == NULL)
        return kx_base__nomem();
    undo->changes = all;
    for (size_t i = 0; i < count; i++) {
        kx_change copy = {.kind = changes[i].kind};
        copy.path = kx_arena__text(&undo->words, changes[i].path, strlen(changes[i].path));
        copy.item = kx_slice_of(kx_arena__copy(&undo->words, changes[i].item.data, changes[i].item.size), changes[i].item.size);
        if (copy.path == NULL || (copy.item.data == NULL && copy.item.size != 0))
            return kx_base__nomem();
        all[undo->count + i] = copy;
    }
    undo->count += count;
    return KX_OK;
}

int kx_collection__undo_note(kx_txn *txn, kx_doc *doc)
{
    if (txn->parent == NULL)
        return KX_OK;
    const kx_change *changes = doc->more != NULL ? doc->more->changes : NULL;
    size_t count = doc->more != NULL ? doc->more->change_count : 0;
    kx_undo *undo = find_undo(txn, doc);
    if (undo != NULL)
        return count != 0 ? copy_changes(undo, changes, count) : KX_OK;
    undo = kx_base__zalloc(sizeof *undo);
    if (undo == NULL)
        return kx_base__nomem();
    undo->doc = doc;
    undo->was_new = doc->is_new;
    undo->was_deleted = doc->deleted;
    kx_buf__append(&undo->bytes, doc->bytes.data, doc->bytes.size);
    int rc = undo->bytes.rc;
    if (rc == KX_OK && count != 0)
        rc = copy_changes(undo, changes, count);
    if (rc != KX_OK) {
        free_undo(undo);
        return rc;
    }
    kx_collection__hold(doc);
    undo->next = txn->undo;
    txn->undo = undo;
    return KX_OK;
}

/* Show again what was shown before the saves, with what was changed after them on top, all of it unsaved. */
static void take_back(kx_undo *undo)
{
    kx_doc *doc = undo->doc;
    kx_doc_more *more = kx_collection__more(doc);
    kx_slice shown = kx_buf__slice(&undo->bytes), result;
    if (more == NULL)
        return;
    kx_buf__clear(&more->spare);
    if (more->change_count != 0 &&
        kx_document__patch(shown, more->changes, more->change_count, &more->spare, &result) == KX_OK)
        shown = result;
    if (copy_changes(undo, more->changes, more->change_count) == KX_OK) {
        kx_base__free(more->changes);
        kx_arena__free(&more->words);
        more->changes = undo->changes;
        more->change_count = more->change_room = undo->count;
        more->words = undo->words;
        undo->changes = NULL;
        undo->words = (kx_arena){0};
    }
    kx_buf copy = {0};
    kx_buf__append(&copy, shown.data, shown.size);
    if (copy.rc == KX_OK) {
        kx_buf__free(&more->owned);
        more->owned = copy;
        doc->bytes = kx_buf__slice(&more->owned);
    }
    if (undo->was_new) {
        kx_collection__delist(doc);
        kx_collection__drop_changes(doc);
        doc->id = 0;
    }
    doc->is_new = undo->was_new;
    doc->deleted = undo->was_deleted;
}

void kx_collection__undo_take(kx_txn *txn)
{
    while (txn->undo != NULL) {
        kx_undo *undo = txn->undo;
        txn->undo = undo->next;
        take_back(undo);
        kx_collection__unhold(undo->doc);
        free_undo(undo);
    }
    kx_collection__mark_all_stale(txn->top);
}

void kx_collection__undo_merge(kx_txn *child)
{
    kx_txn *parent = child->parent;
    while (child->undo != NULL) {
        kx_undo *undo = child->undo;
        child->undo = undo->next;
        kx_undo *older = parent->parent != NULL ? find_undo(parent, undo->doc) : NULL;
        if (parent->parent != NULL && older == NULL) {
            undo->next = parent->undo;
            parent->undo = undo;
            continue;
        }
        if (older != NULL)
            copy_changes(older, undo->changes, undo->count);
        kx_collection__unhold(undo->doc);
        free_undo(undo);
    }
}

/* ---- save ---------------------------------------------------------------------- */

static int save_new(kx_txn *txn, const kx_cat_collection *collection, kx_doc *doc)
{
    kx_buf scratch = {0};
    kx_write_op op;
    int rc = kx_collection__prepare(txn, collection, doc->bytes, NULL, NULL, &scratch, &op);
    if (rc == KX_OK)
        rc = kx_collection__undo_note(txn, doc);
    if (rc == KX_OK)
        rc = kx_collection__write(txn, collection, &op);
    if (rc == KX_OK && op.after.data != doc->bytes.data) {
        kx_buf shown = doc->more->owned;
        doc->more->owned = scratch;
        doc->bytes = op.after;
        scratch = shown;
    }
    kx_buf__free(&scratch);
    if (rc != KX_OK)
        return rc;
    doc->id = op.id;
    doc->is_new = false;
    doc->stale = false;
    kx_collection__enlist(doc);
    return KX_OK;
}

/* What shall be stored: what is shown, or the changes on top of what somebody else has stored meanwhile. */
static int merge(kx_doc *doc, kx_slice before, kx_slice *after)
{
    kx_doc_more *more = doc->more;
    *after = doc->bytes;
    if (!doc->stale)
        return KX_OK;
    kx_buf__clear(&more->spare);
    return kx_document__patch(before, more->changes, more->change_count, &more->spare, after);
}

static int save_changes(kx_txn *txn, const kx_cat_collection *collection, kx_doc *doc)
{
    kx_slice before, after;
    int rc = doc->deleted ? KX_NOTFOUND : stored(txn, doc, &before);
    if (rc == KX_NOTFOUND)
        return vanished(doc);
    if (rc != KX_OK || doc->more == NULL || doc->more->change_count == 0)
        return rc;
    rc = merge(doc, before, &after);
    if (rc == KX_OK)
        rc = kx_collection__check_fields(collection, after);
    if (rc == KX_OK)
        rc = kx_collection__undo_note(txn, doc);
    if (rc == KX_OK)
        rc = kx_collection__write(txn, collection, &(kx_write_op){.id = doc->id, .before = before, .after = after});
    if (rc == KX_OK && after.data != doc->bytes.data)
        rc = kx_collection__doc_own(doc, after);
    if (rc != KX_OK)
        return rc;
    doc->stale = false;
    kx_collection__drop_changes(doc);
    return KX_OK;
}

int kx_collection__doc_save(kx_doc *doc)
{
    const kx_cat_collection *collection;
    kx_txn *txn = kx_collection__innermost(doc->txn);
    int rc = kx_collection__current(txn, doc->collection, &collection);
    if (rc == KX_OK)
        rc = kx_collection__enter_write(txn, collection);
    if (rc != KX_OK)
        return rc;
    return doc->is_new ? save_new(txn, collection, doc) : save_changes(txn, collection, doc);
}

int kx_collection__doc_delete(kx_doc *doc)
{
    const kx_cat_collection *collection;
    kx_txn *txn = kx_collection__innermost(doc->txn);
    int rc = kx_collection__current(txn, doc->collection, &collection);
    if (rc == KX_OK)
        rc = kx_collection__enter_write(txn, collection);
    if (rc == KX_OK && doc->is_new)
        rc = kx_base__fail_at(KX_NOTFOUND, collection->name, NULL, NULL, NULL, "%s: a document that was never saved cannot be deleted",
                              collection->name);
    if (rc == KX_OK)
        rc = kx_collection__undo_note(txn, doc);
    if (rc == KX_OK)
        rc = kx_collection__remove(txn, collection, doc->id);
    if (rc == KX_OK)
        doc->deleted = true;
    return rc;
}

/* ---- reload ----------------------------------------------------------------------- */

static int read_again(kx_doc *doc, bool keep_changes)
{
    kx_slice document;
    kx_txn *txn = kx_collection__innermost(doc->txn);
    if (doc->is_new)
        return kx_base__fail(KX_NOTFOUND, "%s: the document was never saved", doc->collection->name);
    int rc = stored(txn, doc, &document);
    if (rc == KX_NOTFOUND)
        return vanished(doc);
    if (rc != KX_OK)
        return rc;
    if (!keep_changes)
        kx_collection__drop_changes(doc);
    if (keep_changes && doc->more != NULL && doc->more->change_count != 0) {
        kx_slice result;
        kx_buf patched = {0};
        rc = kx_document__patch(document, doc->more->changes, doc->more->change_count, &patched, &result);
        if (rc == KX_OK)
            rc = kx_collection__doc_own(doc, result);
        kx_buf__free(&patched);
    } else if (doc->txn->writes) {
        rc = kx_collection__doc_own(doc, document);
    } else {
        doc->bytes = document;
    }
    if (rc == KX_OK)
        doc->stale = doc->deleted = false;
    return rc;
}

int kx_collection__doc_reload(kx_doc *doc)
{
    return read_again(doc, false);
}

int kx_collection__doc_refresh(kx_doc *doc)
{
    return read_again(doc, true);
}
