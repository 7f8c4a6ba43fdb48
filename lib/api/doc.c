/* doc.c -- documents: new, changed, saved, deleted, moved as a whole. The promises are in <lmdbkenobix/doc.h>. */
#include <string.h>

#include "api/api.h"

/* ---- new ----------------------------------------------------------------------- */

static int new_from(kx_txn *txn, const char *collection, kx_slice bytes, kx_doc **doc)
{
    const kx_cat_collection *found;
    kx_buf scratch = {0};
    kx_slice document;
    int rc = kx_api__enter(txn, collection, &found);
    if (rc == KX_OK)
        rc = kx_collection__enter_write(txn, found);
    if (rc == KX_OK)
        rc = kx_document__canonical(bytes, &scratch, &document);
    if (rc == KX_OK && kx_document__find(document, "_id", 3, &(kx_slice){0}))
        rc = kx_base__fail_at(KX_INVALID, collection, "_id", NULL, NULL, "%s: a field may not be called _id",
                              collection);
    if (rc == KX_OK)
        rc = kx_collection__doc_new(txn, found, document, doc);
    kx_buf__free(&scratch);
    return rc;
}

static int check_new(const char *function, const kx_txn *txn, const void *bytes, kx_doc **doc)
{
    if (doc == NULL)
        return kx_api__null(function, "doc");
    *doc = NULL;
    if (txn == NULL)
        return kx_api__null(function, "txn");
    return bytes != NULL ? KX_OK : kx_api__null(function, "the document");
}

int kx_doc_new(kx_txn *txn, const char *collection, kx_doc **doc)
{
    static const uint8_t empty_map[] = {0x80};
    int rc = check_new("kx_doc_new", txn, empty_map, doc);
    return kx_base__done(rc == KX_OK ? new_from(txn, collection, kx_slice_of(empty_map, sizeof empty_map), doc) : rc);
}

int kx_doc_from_json(kx_txn *txn, const char *collection, const char *json, kx_doc **doc)
{
    kx_buf parsed = {0};
    int rc = check_new("kx_doc_from_json", txn, json, doc);
    if (rc == KX_OK)
        rc = kx_document__from_json(json, strlen(json), false, &parsed);
    if (rc == KX_OK)
        rc = new_from(txn, collection, kx_buf__slice(&parsed), doc);
    kx_buf__free(&parsed);
    return kx_base__done(rc);
}

int kx_doc_from_msgpack(kx_txn *txn, const char *collection, const void *data, size_t size, kx_doc **doc)
{
    int rc = check_new("kx_doc_from_msgpack", txn, data, doc);
    return kx_base__done(rc == KX_OK ? new_from(txn, collection, kx_slice_of(data, size), doc) : rc);
}

/* ---- what it is ------------------------------------------------------------------- */

uint64_t kx_doc_id(const kx_doc *doc)
{
    return doc != NULL ? doc->id : 0;
}

bool kx_doc_is_new(const kx_doc *doc)
{
    return doc != NULL && doc->is_new;
}

const char *kx_doc_collection(const kx_doc *doc)
{
    return doc != NULL ? doc->collection->name : "";
}

bool kx_doc_is_changed(const kx_doc *doc)
{
    return doc != NULL && (doc->is_new || kx_collection__has_changes(doc));
}

/* ---- change ------------------------------------------------------------------------- */

static int change(kx_doc *doc, kx_change_kind kind, const char *path, const kx_value *value)
{
    kx_txn *acting;
    if (doc == NULL || path == NULL)
        return kx_api__null("kx_doc_set", doc == NULL ? "doc" : "path");
    int rc = kx_collection__enter_doc(doc, &acting);
    return rc == KX_OK ? kx_relation__change(doc, kind, path, value) : rc;
}

int kx_doc_set(kx_doc *doc, const char *path, kx_value value)
{
    return kx_base__done(change(doc, KX_CHANGE_SET, path, &value));
}

int kx_doc_unset(kx_doc *doc, const char *path)
{
    return kx_base__done(change(doc, KX_CHANGE_UNSET, path, NULL));
}

int kx_doc_append(kx_doc *doc, const char *path, kx_value value)
{
    return kx_base__done(change(doc, KX_CHANGE_APPEND, path, &value));
}

int kx_doc_increment(kx_doc *doc, const char *path, kx_value value)
{
    return kx_base__done(change(doc, KX_CHANGE_ADD, path, &value));
}

int kx_doc_remove_elements(kx_doc *doc, const char *path, kx_value value)
{
    return kx_base__done(change(doc, KX_CHANGE_REMOVE, path, &value));
}

/* ---- save, delete, reload ----------------------------------------------------------------- */

static int with_doc(kx_doc *doc, const char *function, int (*act)(kx_doc *doc))
{
    kx_txn *acting;
    if (doc == NULL)
        return kx_base__done(kx_api__null(function, "doc"));
    int rc = kx_collection__enter_doc(doc, &acting);
    return kx_base__done(rc == KX_OK ? act(doc) : rc);
}

int kx_doc_save(kx_doc *doc)
{
    return with_doc(doc, "kx_doc_save", kx_relation__save);
}

int kx_doc_delete(kx_doc *doc)
{
    return with_doc(doc, "kx_doc_delete", kx_relation__delete);
}

int kx_doc_reload(kx_doc *doc)
{
    return with_doc(doc, "kx_doc_reload", kx_collection__doc_reload);
}

/* ---- lifetime --------------------------------------------------------------------------------- */

static int keep(kx_doc *doc)
{
    kx_collection__hand(doc);
    return KX_OK;
}

int kx_doc_keep(kx_doc *doc)
{
    return with_doc(doc, "kx_doc_keep", keep);
}

void kx_doc_release(kx_doc *doc)
{
    kx_collection__doc_release(doc);
}

int kx_doc_copy(const kx_doc *doc, kx_doc **copy)
{
    if (copy != NULL)
        *copy = NULL;
    if (doc == NULL || copy == NULL)
        return kx_base__done(kx_api__null("kx_doc_copy", doc == NULL ? "doc" : "copy"));
    return kx_base__done(kx_collection__doc_copy(doc, copy));
}

/* ---- whole documents ------------------------------------------------------------------------------ */

int kx_doc_from_struct(kx_doc *doc, const void *row, size_t size)
{
    kx_txn *acting;
    if (doc == NULL || row == NULL)
        return kx_base__done(kx_api__null("kx_doc_from_struct", doc == NULL ? "doc" : "row"));
    int rc = kx_collection__enter_doc(doc, &acting);
    return kx_base__done(rc == KX_OK ? kx_collection__doc_from_struct(doc, row, size) : rc);
}

int kx_doc_to_struct(const kx_doc *doc, void *row, size_t size)
{
    if (doc == NULL || row == NULL)
        return kx_base__done(kx_api__null("kx_doc_to_struct", doc == NULL ? "doc" : "row"));
    return kx_base__done(kx_collection__doc_to_struct(doc, row, size));
}
