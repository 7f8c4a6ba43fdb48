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
    if (then->number == KX_COLLECTION_NONE)
        return kx_base__fail(KX_INVALID, "a %s is no stored document", then->name);
    *now = kx_catalog__numbered(txn->catalog, then->number);
    if (*now == NULL || strcmp((*now)->name, then->name) != 0)
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

/* ---- save ---------------------------------------------------------------------- */

/* What the abort of a child has to take back is noted first, since after the write nothing may fail. */
static int write_noted(kx_txn *txn, const kx_cat_collection *collection, kx_doc *doc, const kx_write_op *op)
{
    int rc = kx_collection__undo_note(txn, doc);
    if (rc != KX_OK)
        return rc;
    rc = kx_collection__write(txn, collection, op);
    if (rc != KX_OK)
        kx_collection__undo_forget(txn, doc);
    return rc;
}

static int save_new(kx_txn *txn, const kx_cat_collection *collection, kx_doc *doc)
{
    kx_buf scratch = {0};
    kx_write_op op;
    int rc = kx_collection__prepare(txn, collection, doc->bytes, NULL, NULL, &scratch, &op);
    if (rc == KX_OK)
        rc = write_noted(txn, collection, doc, &op);
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
        rc = write_noted(txn, collection, doc, &(kx_write_op){.id = doc->id, .before = before, .after = after});
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
    if (rc == KX_OK && doc->more != NULL && doc->more->lost)
        rc = kx_base__fail_at(
            KX_NOMEM, collection->name, NULL, doc->is_new ? NULL : &doc->id, NULL,
            "%s: changes of this document were lost for lack of memory when a savepoint was rolled back",
            collection->name);
    if (rc != KX_OK)
        return rc;
    return doc->is_new ? save_new(txn, collection, doc) : save_changes(txn, collection, doc);
}

int kx_collection__doc_delete(kx_doc *doc)
{
    const kx_cat_collection *collection;
    kx_slice before;
    kx_txn *txn = kx_collection__innermost(doc->txn);
    int rc = kx_collection__current(txn, doc->collection, &collection);
    if (rc == KX_OK)
        rc = kx_collection__enter_write(txn, collection);
    if (rc == KX_OK && doc->is_new)
        rc = kx_base__fail_at(KX_NOTFOUND, collection->name, NULL, NULL, NULL,
                              "%s: a document that was never saved cannot be deleted", collection->name);
    if (rc == KX_OK)
        rc = doc->deleted ? KX_NOTFOUND : stored(txn, doc, &before);
    if (rc == KX_NOTFOUND && !doc->is_new)
        rc = vanished(doc);
    if (rc == KX_OK)
        rc = write_noted(txn, collection, doc, &(kx_write_op){.id = doc->id, .before = before});
    if (rc != KX_OK)
        return rc;
    doc->deleted = true;
    kx_collection__drop_changes(doc);
    return KX_OK;
}

/* ---- reload ----------------------------------------------------------------------- */

static int read_again(kx_doc *doc, bool keep_changes)
{
    const kx_cat_collection *collection;
    kx_slice document;
    kx_txn *txn = kx_collection__innermost(doc->txn);
    if (doc->is_new)
        return kx_base__fail(KX_NOTFOUND, "%s: the document was never saved", doc->collection->name);
    int rc = kx_collection__current(txn, doc->collection, &collection);
    if (rc != KX_OK)
        return rc;
    rc = stored(txn, doc, &document);
    if (rc != KX_OK)
        return rc == KX_NOTFOUND ? vanished(doc) : rc;
    if (!keep_changes) {
        kx_collection__drop_changes(doc);
        if (doc->more != NULL)
            doc->more->lost = false;
    }
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
