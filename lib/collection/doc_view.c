/* doc_view.c -- what an instance shows, and its unsaved changes. */
#include <string.h>

#include "collection/collection_impl.h"

/* ---- reading --------------------------------------------------------------- */

int kx_collection__doc_item(const kx_doc *doc, const char *path, kx_slice *item)
{
    size_t size;
    *item = (kx_slice){0};
    if (kx_path__plain(path, &size)) {
        kx_document__find(doc->bytes, path, size, item);
        return KX_OK;
    }
    kx_path parsed;
    int rc = kx_path__parse(path, &parsed);
    if (rc != KX_OK)
        return rc;
    if (parsed.multi)
        rc = kx_base__fail(KX_INVALID, "%s: a path with [] names many values", path);
    else
        kx_document__at(doc->bytes, &parsed, item);
    kx_path__free(&parsed);
    return rc;
}

kx_slice kx_collection__part_item(kx_slice document, const kx_cat_part *part)
{
    kx_slice item = {0};
    if (part->plain)
        kx_document__find(document, part->text, part->size, &item);
    else
        kx_document__at(document, &part->path, &item);
    return item;
}

void kx_collection__part_value(kx_slice document, const kx_cat_part *part, kx_value *value)
{
    if (kx_document__value(kx_collection__part_item(document, part), value) != KX_OK)
        *value = (kx_value){0};
}

static int no_text(const kx_doc *doc, const char *path, const char *what, int code)
{
    const char *name = doc->collection->name;
    return kx_base__fail_at(code, name, path, doc->is_new ? NULL : &doc->id, NULL, "%s.%s %s", name, path, what);
}

int kx_collection__doc_text(const kx_doc *doc, const char *path, const char **text)
{
    kx_slice item;
    kx_value value;
    *text = NULL;
    int rc = kx_collection__doc_item(doc, path, &item);
    if (rc == KX_OK)
        rc = kx_document__value(item, &value);
    if (rc != KX_OK)
        return rc;
    if (value.type == KX_TYPE_NONE)
        return no_text(doc, path, "is missing", KX_NOTFOUND);
    if (value.type != KX_TYPE_TEXT)
        return no_text(doc, path, "is no text", KX_INVALID);
    if (memchr(value.data, 0, value.size) != NULL)
        return no_text(doc, path, "contains NUL; read it with its length", KX_INVALID);
    char *copy = kx_collection__doc_space(doc, value.size + 1);
    if (copy == NULL)
        return kx_base__nomem();
    memcpy(copy, value.data, value.size);
    copy[value.size] = '\0';
    *text = copy;
    return KX_OK;
}

int kx_collection__doc_lend(const kx_doc *doc, int rc, kx_buf *made, const char **text)
{
    kx_buf__byte(made, '\0');
    if (rc == KX_OK)
        rc = made->rc;
    char *copy = rc == KX_OK ? kx_collection__doc_space(doc, made->size) : NULL;
    if (copy != NULL)
        *text = memcpy(copy, made->data, made->size);
    else if (rc == KX_OK)
        rc = kx_base__nomem();
    kx_buf__free(made);
    return rc;
}

int kx_collection__doc_json(const kx_doc *doc, const char *path, const char **json)
{
    kx_buf out = {0};
    kx_slice item = doc->bytes;
    *json = NULL;
    int rc = path[0] == '\0' ? KX_OK : kx_collection__doc_item(doc, path, &item);
    if (rc == KX_OK && item.data == NULL)
        rc = no_text(doc, path, "is missing", KX_NOTFOUND);
    if (rc == KX_OK)
        rc = kx_document__to_json(item, &out);
    return kx_collection__doc_lend(doc, rc, &out, json);
}

bool kx_collection__has_changes(const kx_doc *doc)
{
    return doc->more != NULL && doc->more->change_count != 0;
}

/* ---- changing ----------------------------------------------------------------- */

/* `more->spare` holds the next version: swap it in. */
static void turn_over(kx_doc *doc)
{
    kx_doc_more *more = doc->more;
    kx_buf swap = more->owned;
    more->owned = more->spare;
    more->spare = swap;
    doc->bytes = kx_buf__slice(&more->owned);
}

static int room_for_change(kx_doc_more *more)
{
    if (more->change_count < more->change_room)
        return KX_OK;
    size_t room = more->change_room != 0 ? more->change_room * 2 : 8;
    kx_change *changes = kx_base__realloc(more->changes, kx_base__times(room, sizeof *changes));
    if (changes == NULL)
        return kx_base__nomem();
    more->changes = changes;
    more->change_room = room;
    return KX_OK;
}

/* Remember a change for the save. A new document is stored whole and needs none. */
static int note_change(kx_doc *doc, const kx_change *change)
{
    kx_doc_more *more = doc->more;
    if (doc->is_new)
        return KX_OK;
    int rc = room_for_change(more);
    if (rc != KX_OK)
        return rc;
    kx_change kept = {.kind = change->kind};
    kept.path = kx_arena__text(&more->words, change->path, strlen(change->path));
    kept.item = kx_slice_of(kx_arena__copy(&more->words, change->item.data, change->item.size), change->item.size);
    if (kept.path == NULL || (kept.item.data == NULL && change->item.size != 0))
        return kx_base__nomem();
    more->changes[more->change_count++] = kept;
    return KX_OK;
}

static int check_changeable(const kx_doc *doc)
{
    if (doc->txn == NULL || !doc->txn->writes)
        return kx_base__fail(KX_READONLY,
                             doc->txn == NULL ? "a copied document cannot be changed" : "this is a read transaction");
    return KX_OK;
}

int kx_collection__doc_apply(kx_doc *doc, const kx_change *changes, size_t count)
{
    kx_slice result;
    int rc = check_changeable(doc);
    if (rc != KX_OK)
        return rc;
    kx_doc_more *more = kx_collection__more(doc);
    if (more == NULL)
        return kx_base__nomem();
    size_t noted = more->change_count;
    kx_buf__clear(&more->spare);
    rc = kx_document__patch(doc->bytes, changes, count, &more->spare, &result);
    for (size_t i = 0; i < count && rc == KX_OK; i++)
        rc = note_change(doc, &changes[i]);
    if (rc == KX_OK) {
        turn_over(doc);
        return KX_OK;
    }
    more->change_count = noted;
    return kx_base__fail_in(rc, "%s", doc->collection->name);
}

int kx_collection__doc_change(kx_doc *doc, kx_change_kind kind, const char *path, const kx_value *value)
{
    kx_change change = {.kind = kind, .path = path};
    int rc = check_changeable(doc);
    if (rc != KX_OK)
        return rc;
    if (strcmp(path, "_id") == 0)
        return kx_base__fail_at(KX_INVALID, doc->collection->name, path, NULL, value,
                                "%s: a field may not be called _id", doc->collection->name);
    if (kind == KX_CHANGE_UNSET)
        return kx_collection__doc_apply(doc, &change, 1);
    kx_builder builder;
    kx_builder__init(&builder);
    kx_builder__value(&builder, value);
    rc = kx_builder__finish(&builder, &change.item);
    rc = rc == KX_OK ? kx_collection__doc_apply(doc, &change, 1)
                     : kx_base__fail_in(rc, "%s.%s", doc->collection->name, path);
    kx_builder__free(&builder);
    return rc;
}
