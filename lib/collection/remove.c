/*
 * remove.c -- several documents removed together.
 *
 * Their rows go in id order. Their index entries are collected, sorted and removed in the order in which they stand, the entries
 * of one key in one step. Whatever can be refused is, before the first write.
 */
#include <stdlib.h>
#include <string.h>

#include "collection/collection_impl.h"

typedef struct leaving_entry {
    const kx_cat_index *index;
    const uint8_t *key;
    uint64_t id;
    size_t size;
} leaving_entry;

typedef struct removing {
    kx_txn *txn;
    uint64_t id; /* of the document whose keys are visited */
    kx_arena keys;
    leaving_entry *entries;
    size_t count, room;
    uint64_t *ids; /* of one key, while it is removed */
} removing;

/* ---- what goes ----------------------------------------------------------------------- */

static int note_entry(void *context, const kx_cat_index *index, kx_key *key)
{
    removing *all = context;
    if (all->count == all->room) {
        size_t room = all->room > 0 ? 2 * all->room : 64;
        leaving_entry *longer = kx_base__realloc(all->entries, kx_base__times(room, sizeof *longer));
        if (longer == NULL)
            return kx_base__nomem();
        all->entries = longer;
        all->room = room;
    }
    const uint8_t *copy = kx_arena__copy(&all->keys, key->data, key->size);
    if (copy == NULL)
        return kx_base__nomem();
    all->entries[all->count++] = (leaving_entry){index, copy, all->id, key->size};
    return KX_OK;
}

static int look_at(removing *all, const kx_removal *removal)
{
    const kx_cat_collection *collection = removal->collection;
    kx_write_op op = {.id = removal->id};
    int rc = kx_collection__enter_write(all->txn, collection);
    if (rc == KX_OK)
        rc = kx_collection__stored(all->txn, collection, op.id, &op.before);
    all->id = op.id;
    for (size_t i = 0; i < collection->index_count && rc == KX_OK; i++)
        rc = kx_collection__keys(collection, &collection->indexes[i], op.id, op.before, note_entry, all);
    return rc == KX_OK ? kx_collection__guard(all->txn, collection, &op) : rc;
}

static int compare_keys(const leaving_entry *left, const leaving_entry *right)
{
    if (left->index != right->index)
        return left->index < right->index ? -1 : 1;
    int order = memcmp(left->key, right->key, left->size < right->size ? left->size : right->size);
    return order != 0 ? order : (left->size > right->size) - (left->size < right->size);
}

static int compare_entries(const void *a, const void *b)
{
    const leaving_entry *left = a, *right = b;
    int order = compare_keys(left, right);
    return order != 0 ? order : (left->id > right->id) - (left->id < right->id);
}

static int look_at_all(removing *all, const kx_removal *removals, size_t count)
{
    int rc = KX_OK;
    for (size_t i = 0; i < count && rc == KX_OK; i++)
        rc = look_at(all, &removals[i]);
    if (rc == KX_OK && all->count > 1)
        qsort(all->entries, all->count, sizeof *all->entries, compare_entries);
    if (rc == KX_OK && all->count > 0 &&
        (all->ids = kx_base__alloc(kx_base__times(all->count, sizeof *all->ids))) == NULL)
        rc = kx_base__nomem();
    for (size_t i = 0; i < count && rc == KX_OK; i++)
        rc = kx_collection__before_write(all->txn, removals[i].collection->number, removals[i].id);
    return rc;
}

/* ---- writing --------------------------------------------------------------------------- */

/* Only the highest id of a collection may be the last one of all. */
static int remove_rows(kx_txn *txn, const kx_removal *removals, size_t count)
{
    int rc = KX_OK;
    for (size_t i = 0; i < count && rc == KX_OK; i++) {
        const kx_cat_collection *collection = removals[i].collection;
        if (i + 1 == count || removals[i + 1].collection != collection)
            rc = kx_collection__keep_ids(txn, collection, removals[i].id);
    }
    for (size_t i = 0; i < count && rc == KX_OK; i++)
        rc = kx_store__row_delete(txn->store, removals[i].collection->number, removals[i].id);
    return rc;
}

static int remove_key(const removing *all, const leaving_entry *first, size_t count)
{
    for (size_t i = 0; i < count; i++)
        all->ids[i] = first[i].id;
    kx_slice key = kx_slice_of(first->key, first->size);
    int rc = kx_store__entry_remove_ids(all->txn->store, first->index->table, key, all->ids, count);
    if (rc == KX_NOTFOUND)
        rc = kx_base__fail(KX_CORRUPT, "index '%s' does not agree with document %llu", first->index->paths,
                           (unsigned long long)first->id);
    return rc;
}

static int remove_entries(const removing *all)
{
    int rc = KX_OK;
    for (size_t i = 0, next; i < all->count && rc == KX_OK; i = next) {
        for (next = i + 1; next < all->count && compare_keys(&all->entries[i], &all->entries[next]) == 0;)
            next++;
        rc = remove_key(all, &all->entries[i], next - i);
    }
    return rc;
}

static int remove_all(removing *all, const kx_removal *removals, size_t count)
{
    int rc = look_at_all(all, removals, count);
    if (rc != KX_OK)
        return rc;
    rc = remove_rows(all->txn, removals, count);
    if (rc == KX_OK)
        rc = remove_entries(all);
    if (rc != KX_OK)
        all->txn->top->failed = rc;
    return rc;
}

int kx_collection__remove_many(kx_txn *txn, const kx_removal *removals, size_t count, kx_doc *doc)
{
    removing all = {.txn = txn};
    int rc = doc != NULL ? kx_collection__undo_note(txn, doc) : KX_OK;
    if (rc != KX_OK)
        return rc;
    rc = remove_all(&all, removals, count);
    if (doc != NULL && rc != KX_OK) {
        kx_collection__undo_forget(txn, doc);
    } else if (doc != NULL) {
        doc->deleted = true;
        kx_collection__drop_changes(doc);
    }
    kx_base__free(all.entries);
    kx_base__free(all.ids);
    kx_arena__free(&all.keys);
    return rc;
}
