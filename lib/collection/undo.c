/*
 * undo.c -- what saving and deleting in a child did to instances, so that the child's abort can take it back.
 *
 * A note holds what an instance showed before its first save in the child, and every change that saves have flushed since. Taken back,
 * the instance shows all of its changes, those made after the saves too, and all of them are unsaved again.
 */
#include <string.h>

#include "collection/collection_impl.h"

struct kx_undo {
    kx_undo *next;  /* in txn->undo */
    kx_undo *outer; /* the same instance's in an outer child */
    kx_txn *txn;
    kx_doc *doc; /* held */
    bool was_new, was_deleted;
    bool fresh;         /* made by the last note */
    bool lost;          /* there was no memory for some change */
    kx_buf bytes;       /* as shown before the first save */
    kx_change *changes; /* that saves have flushed; texts and items in `words` */
    size_t count;
    size_t shown; /* so many of them are in `bytes` already */
    size_t noted; /* so many there were before the last note */
    kx_arena words;
};

static void free_undo(kx_undo *undo)
{
    kx_buf__free(&undo->bytes);
    kx_base__free(undo->changes);
    kx_arena__free(&undo->words);
    kx_base__free(undo);
}

static int add_changes(kx_undo *undo, const kx_change *changes, size_t count)
{
    if (count == 0)
        return KX_OK;
    kx_change *all = kx_base__realloc(undo->changes, kx_base__times(undo->count + count, sizeof *all));
    if (all == NULL)
        return kx_base__nomem();
    undo->changes = all;
    for (size_t i = 0; i < count; i++) {
        kx_change copy = {.kind = changes[i].kind};
        copy.path = kx_arena__text(&undo->words, changes[i].path, strlen(changes[i].path));
        copy.item =
            kx_slice_of(kx_arena__copy(&undo->words, changes[i].item.data, changes[i].item.size), changes[i].item.size);
        if (copy.path == NULL || (copy.item.data == NULL && copy.item.size != 0))
            return kx_base__nomem();
        all[undo->count + i] = copy;
    }
    undo->count += count;
    return KX_OK;
}

/* ---- noting -------------------------------------------------------------------- */

static kx_undo *new_undo(kx_txn *txn, kx_doc *doc)
{
    kx_undo *undo = kx_base__zalloc(sizeof *undo);
    if (undo == NULL)
        return NULL;
    undo->txn = txn;
    undo->doc = doc;
    undo->was_new = doc->is_new;
    undo->was_deleted = doc->deleted;
    undo->fresh = true;
    kx_buf__append(&undo->bytes, doc->bytes.data, doc->bytes.size);
    undo->shown = doc->more != NULL ? doc->more->change_count : 0;
    return undo;
}

int kx_collection__undo_note(kx_txn *txn, kx_doc *doc)
{
    if (txn->parent == NULL)
        return KX_OK;
    kx_undo *undo = doc->undo != NULL && doc->undo->txn == txn ? doc->undo : NULL;
    const kx_doc_more *more = doc->more;
    if (undo != NULL) {
        undo->fresh = false;
        undo->noted = undo->count;
        return more != NULL ? add_changes(undo, more->changes, more->change_count) : KX_OK;
    }
    undo = new_undo(txn, doc);
    if (undo == NULL)
        return kx_base__nomem();
    int rc = undo->bytes.rc;
    if (rc == KX_OK && more != NULL)
        rc = add_changes(undo, more->changes, more->change_count);
    if (rc != KX_OK) {
        free_undo(undo);
        return rc;
    }
    kx_collection__hold(doc);
    undo->outer = doc->undo;
    doc->undo = undo;
    undo->next = txn->undo;
    txn->undo = undo;
    return KX_OK;
}

void kx_collection__undo_forget(kx_txn *txn, kx_doc *doc)
{
    kx_undo *undo = doc->undo;
    if (undo == NULL || undo->txn != txn)
        return;
    if (!undo->fresh) {
        undo->count = undo->noted;
        return;
    }
    txn->undo = undo->next;
    doc->undo = undo->outer;
    kx_collection__unhold(doc);
    free_undo(undo);
}

/* ---- taking back ------------------------------------------------------------------ */

/* One that cannot be made was made to what others had stored meanwhile: it is shown when it can be saved. */
static int show_change(kx_buf *shown, const kx_change *change)
{
    kx_buf patched = {0};
    kx_slice result;
    int rc = kx_document__patch(kx_buf__slice(shown), change, 1, &patched, &result);
    if (rc == KX_OK) {
        kx_buf swap = *shown;
        *shown = patched;
        patched = swap;
    }
    kx_buf__free(&patched);
    return rc == KX_NOMEM ? rc : KX_OK;
}

/* All changes in one list, and `undo->bytes` with those on top that it lacks. */
static int join(kx_undo *undo, const kx_doc_more *more)
{
    int rc = add_changes(undo, more->changes, more->change_count);
    for (size_t i = undo->shown; i < undo->count && rc == KX_OK; i++)
        rc = show_change(&undo->bytes, &undo->changes[i]);
    return rc;
}

static void take_back(kx_undo *undo)
{
    kx_doc *doc = undo->doc;
    kx_doc_more *more = doc->more;
    if (join(undo, more) != KX_OK || undo->lost)
        more->lost = true;
    kx_base__free(more->changes);
    kx_arena__free(&more->words);
    kx_buf__free(&more->owned);
    more->changes = undo->changes;
    more->change_count = more->change_room = undo->count;
    more->words = undo->words;
    more->owned = undo->bytes;
    undo->changes = NULL;
    undo->words = (kx_arena){0};
    undo->bytes = (kx_buf){0};
    doc->bytes = kx_buf__slice(&more->owned);
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
        undo->doc->undo = undo->outer;
        take_back(undo);
        kx_collection__unhold(undo->doc);
        free_undo(undo);
    }
    kx_collection__mark_all_stale(txn->top);
}

/* ---- merging ------------------------------------------------------------------------ */

/* The parent's abort will take this back too. A top transaction's needs no notes: its instances end with it. */
static void hand_up(kx_undo *undo, kx_txn *parent)
{
    kx_undo *outer = undo->outer;
    if (parent->parent != NULL && (outer == NULL || outer->txn != parent)) {
        undo->txn = parent;
        undo->next = parent->undo;
        parent->undo = undo;
        return;
    }
    if (outer != NULL && (undo->lost || add_changes(outer, undo->changes, undo->count) != KX_OK))
        outer->lost = true;
    undo->doc->undo = outer;
    kx_collection__unhold(undo->doc);
    free_undo(undo);
}

void kx_collection__undo_merge(kx_txn *child)
{
    while (child->undo != NULL) {
        kx_undo *undo = child->undo;
        child->undo = undo->next;
        hand_up(undo, child->parent);
    }
}

void kx_collection__undo_free(kx_txn *txn)
{
    while (txn->undo != NULL) {
        kx_undo *undo = txn->undo;
        txn->undo = undo->next;
        free_undo(undo);
    }
}
