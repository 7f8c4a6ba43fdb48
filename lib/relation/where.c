/*
 * where.c -- many documents in one call: change or delete what a query finds, insert or change by a key.
 *
 * The ids come first, all of them, so that a change may move documents in the very index that found them. Then they are
 * worked on in id order, where neighbours share pages, in one child transaction.
 */
#include <stdlib.h>
#include <string.h>

#include "relation/deletion.h"

/* ---- what the query finds ------------------------------------------------------------------ */

static int push_all(kx_cursor *cursor, kx_id_list *list)
{
    enum { RUN = 1024 };
    uint64_t run[RUN];
    size_t count = 0;
    int rc;
    do {
        rc = kx_query__ids(cursor, run, RUN, &count);
        for (size_t i = 0; i < count && rc == KX_OK; i++)
            rc = kx_relation__push_id(list, run[i]);
    } while (rc == KX_OK && count > 0);
    return rc;
}

/* Ascending. What would be loaded with the documents is not. */
static int list_found(kx_txn *txn, const kx_cat_collection *collection, const kx_query *query, kx_id_list *list)
{
    kx_query plain = query != NULL ? *query : (kx_query){0};
    kx_cursor *cursor;
    plain.prefetch = plain.include = NULL;
    plain.sets = NULL;
    int rc = kx_query__find(txn, collection, &plain, NULL, &cursor);
    if (rc != KX_OK)
        return rc;
    rc = push_all(cursor, list);
    kx_query__close(cursor);
    if (plain.order_by != NULL && list->count > 1)
        qsort(list->ids, list->count, sizeof *list->ids, kx_relation__compare_ids);
    return rc;
}

/* ---- update ------------------------------------------------------------------------------------ */

typedef struct edit_list {
    kx_arena arena; /* of the items */
    kx_change *changes;
    size_t count;
} edit_list;

static int no_edit(const kx_cat_collection *collection, const kx_edit *edit, const char *why)
{
    return kx_base__fail_at(KX_INVALID, collection->name, edit->path, NULL, &edit->value, "%s.%s: %s",
                            collection->name, edit->path, why);
}

static int take_value(const kx_cat_collection *collection, const kx_edit *edit, kx_arena *arena, kx_slice *item)
{
    kx_builder builder;
    kx_slice bytes;
    kx_builder__init(&builder);
    kx_builder__value(&builder, &edit->value);
    int rc = kx_builder__finish(&builder, &bytes);
    if (rc == KX_OK) {
        *item = kx_slice_of(kx_arena__copy(arena, bytes.data, bytes.size), bytes.size);
        rc = item->data != NULL ? KX_OK : kx_base__nomem();
    } else {
        rc = kx_base__fail_in(rc, "%s.%s", collection->name, edit->path);
    }
    kx_builder__free(&builder);
    return rc;
}

static int take_edit(const kx_cat_collection *collection, const kx_edit *edit, kx_arena *arena, kx_change *change)
{
    static const kx_change_kind kinds[] = {KX_CHANGE_SET, KX_CHANGE_UNSET, KX_CHANGE_APPEND, KX_CHANGE_ADD,
                                           KX_CHANGE_REMOVE};
    if ((unsigned)edit->kind >= sizeof kinds / sizeof *kinds)
        return no_edit(collection, edit, "no edit has that number");
    *change = (kx_change){.kind = kinds[edit->kind], .path = edit->path};
    int rc = kx_relation__check_change(collection, edit->path);
    if (rc == KX_OK && strcmp(edit->path, "_id") == 0)
        rc = no_edit(collection, edit, "an id never changes");
    if (rc != KX_OK || edit->kind == KX_EDIT_UNSET)
        return rc;
    return take_value(collection, edit, arena, &change->item);
}

static int take_edits(const kx_cat_collection *collection, const kx_edit *edits, edit_list *list)
{
    size_t count = 0;
    while (edits[count].path != NULL)
        count++;
    if (count == 0)
        return kx_base__fail(KX_INVALID, "an update of %s without edits", collection->name);
    list->changes = kx_arena__alloc(&list->arena, kx_base__times(count, sizeof *list->changes));
    if (list->changes == NULL)
        return kx_base__nomem();
    int rc = KX_OK;
    for (; list->count < count && rc == KX_OK; list->count += rc == KX_OK)
        rc = take_edit(collection, &edits[list->count], &list->arena, &list->changes[list->count]);
    return rc;
}

/* What an earlier one's relations have deleted meanwhile is passed over. */
static int update_one(kx_txn *txn, const kx_cat_collection *collection, uint64_t id, const edit_list *edits,
                      uint64_t *changed)
{
    uint32_t writes = kx_collection__writes_to(txn, collection->number);
    kx_slice row;
    int rc = kx_store__row_get(txn->store, collection->number, id, &row);
    if (rc != KX_OK)
        return rc == KX_NOTFOUND ? KX_OK : rc;
    rc = kx_relation__change_stored(txn, collection, id, edits->changes, edits->count);
    *changed += rc == KX_OK && kx_collection__writes_to(txn, collection->number) != writes;
    return rc == KX_OK ? KX_OK : kx_base__fail_in(rc, "document %llu", (unsigned long long)id);
}

/* Where no key can change, no relation has anything to do either. */
static int update_all(kx_txn *txn, const kx_cat_collection *collection, const kx_id_list *list, const edit_list *edits,
                      uint64_t *changed)
{
    int rc = KX_OK;
    if (!kx_collection__moves_keys(collection, edits->changes, edits->count))
        return kx_collection__change_many(txn, collection, list->ids, list->count, edits->changes, edits->count,
                                          changed);
    for (size_t i = 0; i < list->count && rc == KX_OK; i++)
        rc = update_one(txn, collection, list->ids[i], edits, changed);
    return rc;
}

static int end_child(kx_txn *child, int rc)
{
    if (rc == KX_OK)
        return kx_collection__commit(child);
    kx_collection__abort(child);
    return rc;
}

int kx_relation__update_where(kx_txn *txn, const kx_cat_collection *collection, const kx_query *query,
                              const kx_edit *edits, uint64_t *changed)
{
    kx_id_list list = {0};
    edit_list changes = {0};
    kx_txn *child;
    *changed = 0;
    int rc = kx_collection__enter_write(txn, collection);
    if (rc == KX_OK)
        rc = take_edits(collection, edits, &changes);
    if (rc == KX_OK)
        rc = list_found(txn, collection, query, &list);
    if (rc == KX_OK && list.count > 0 && (rc = kx_collection__child(txn, &child)) == KX_OK)
        rc = end_child(child, update_all(child, collection, &list, &changes, changed));
    if (rc != KX_OK)
        *changed = 0;
    kx_base__free(list.ids);
    kx_arena__free(&changes.arena);
    return rc;
}

/* ---- delete ------------------------------------------------------------------------------------- */

static int remove_all(kx_txn *txn, const kx_cat_collection *collection, const kx_id_list *list)
{
    int rc = KX_OK;
    for (size_t i = 0; i < list->count && rc == KX_OK; i++)
        rc = kx_collection__remove(txn, collection, list->ids[i]);
    return rc;
}

static int delete_all(kx_txn *txn, const kx_cat_collection *collection, const kx_id_list *list)
{
    kx_txn *child;
    if (kx_relation__has_acting(collection))
        return kx_relation__delete_many(txn, collection, list->ids, list->count);
    int rc = kx_collection__child(txn, &child);
    return rc == KX_OK ? end_child(child, remove_all(child, collection, list)) : rc;
}

int kx_relation__delete_where(kx_txn *txn, const kx_cat_collection *collection, const kx_query *query,
                              uint64_t *deleted)
{
    kx_id_list list = {0};
    *deleted = 0;
    int rc = kx_collection__enter_write(txn, collection);
    if (rc == KX_OK)
        rc = list_found(txn, collection, query, &list);
    if (rc == KX_OK && list.count > 0)
        rc = delete_all(txn, collection, &list);
    *deleted = rc == KX_OK ? list.count : 0;
    kx_base__free(list.ids);
    return rc;
}

int kx_relation__deletion_where(kx_txn *txn, const kx_cat_collection *collection, const kx_query *query,
                                kx_deletion **plan)
{
    kx_id_list list = {0};
    *plan = NULL;
    int rc = list_found(txn, collection, query, &list);
    if (rc == KX_OK)
        rc = kx_relation__deletion_of(txn, collection, list.ids, list.count, plan);
    kx_base__free(list.ids);
    return rc;
}

/* ---- insert or change --------------------------------------------------------------------------------- */

typedef struct upsert {
    kx_arena arena;
    kx_buf parsed, canonical; /* owned */
    kx_slice document;
    kx_condition *where;
} upsert;

static int no_value(const kx_cat_collection *collection, const char *path)
{
    return kx_base__fail_at(KX_REQUIRED, collection->name, path, NULL, NULL,
                            "%s.%s is what the document is to be found by, and has no value", collection->name, path);
}

static int take_path(const kx_cat_collection *collection, upsert *u, kx_slice piece, kx_condition *condition)
{
    kx_path path;
    kx_slice item;
    int rc = kx_catalog__path(&u->arena, (const char *)piece.data, piece.size, &path, &condition->path);
    if (rc != KX_OK)
        return kx_base__fail_in(rc, "%s", collection->name);
    kx_document__at(u->document, &path, &item);
    rc = kx_document__value(item, &condition->value);
    if (rc == KX_OK && (condition->value.type == KX_TYPE_NONE || condition->value.type == KX_TYPE_NULL))
        rc = no_value(collection, condition->path);
    return rc;
}

/* The condition that finds the document. */
static int take_paths(const kx_cat_collection *collection, upsert *u, const char *paths)
{
    size_t room = 2, count = 0;
    kx_slice piece;
    for (const char *at = paths; *at != '\0'; at++)
        room += *at == ',';
    u->where = kx_arena__alloc(&u->arena, kx_base__times(room, sizeof *u->where));
    if (u->where == NULL)
        return kx_base__nomem();
    memset(u->where, 0, room * sizeof *u->where);
    int rc = KX_OK;
    for (const char *rest = paths; rc == KX_OK && kx_catalog__next_path(&rest, &piece); count++)
        rc = take_path(collection, u, piece, &u->where[count]);
    return rc;
}

/* The one that is there; *count is 0, 1, or 2 for several. */
static int find_existing(kx_txn *txn, const kx_cat_collection *collection, const upsert *u, uint64_t *id, size_t *count)
{
    uint64_t ids[2];
    kx_cursor *cursor;
    int rc = kx_query__find(txn, collection, &(kx_query){.where = u->where, .limit = 2}, NULL, &cursor);
    if (rc != KX_OK)
        return rc;
    rc = kx_query__ids(cursor, ids, 2, count);
    kx_query__close(cursor);
    *id = *count > 0 ? ids[0] : 0;
    return rc;
}

static int change_existing(kx_txn *txn, const kx_cat_collection *collection, const upsert *u, kx_upsert_mode mode,
                           uint64_t id)
{
    switch (mode) {
    case KX_UPSERT_MERGE: return kx_relation__patch(txn, collection, id, u->document);
    case KX_UPSERT_REPLACE: return kx_relation__put(txn, collection, id, u->document);
    default: return KX_OK;
    }
}

static int insert_or_change(kx_txn *txn, const kx_cat_collection *collection, const upsert *u, const char *paths,
                            kx_upsert_mode mode, uint64_t *id, bool *inserted)
{
    size_t count;
    uint64_t found;
    int rc = find_existing(txn, collection, u, &found, &count);
    if (rc == KX_OK && count > 1)
        rc = kx_base__fail_at(KX_EXISTS, collection->name, paths, &found, &u->where[0].value,
                              "several documents of %s have the same %s, document %llu among them", collection->name,
                              paths, (unsigned long long)found);
    else if (rc == KX_OK && count == 1)
        rc = change_existing(txn, collection, u, mode, found);
    else if (rc == KX_OK)
        rc = kx_collection__insert(txn, collection, u->document, &found);
    *id = rc == KX_OK ? found : 0;
    *inserted = rc == KX_OK && count == 0;
    return rc;
}

int kx_relation__upsert(kx_txn *txn, const kx_cat_collection *collection, const char *paths, kx_slice bytes,
                        kx_upsert_mode mode, uint64_t *id, bool *inserted)
{
    upsert u = {0};
    kx_slice msgpack;
    *id = 0;
    *inserted = false;
    if (mode < KX_UPSERT_MERGE || mode > KX_UPSERT_SKIP)
        return kx_base__fail(KX_INVALID, "no mode of upsert has the number %d", (int)mode);
    int rc = kx_collection__enter_write(txn, collection);
    if (rc == KX_OK)
        rc = kx_collection__bytes_in(bytes, &u.parsed, &msgpack);
    if (rc == KX_OK)
        rc = kx_document__canonical(msgpack, &u.canonical, &u.document);
    if (rc == KX_OK)
        rc = take_paths(collection, &u, paths);
    if (rc == KX_OK)
        rc = insert_or_change(txn, collection, &u, paths, mode, id, inserted);
    kx_buf__free(&u.parsed);
    kx_buf__free(&u.canonical);
    kx_arena__free(&u.arena);
    return rc;
}
