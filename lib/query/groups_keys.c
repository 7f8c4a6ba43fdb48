/*
 * groups_keys.c -- groups from the keys of an index that begins with their paths: group by group, each by a few steps.
 *
 *   user,place,-n    "u1" "p1" | -7        a group by user,place is a prefix of keys: its value is read
 *                    "u1" "p1" | -3        back from them, its documents are counted by stored numbers
 *                    "u1" "p2" | -9
 */
#include <string.h>

#include "query/groups.h"

enum { HASH_SIZE = 16 };

/* Bytes of the parts that tell the group; 0: they are not whole, or not in order. */
static size_t prefix_size(const kx_groups *groups, kx_slice key)
{
    size_t ordered = (groups->index->unique ? KX_KEY_UNIQUE_LIMIT : KX_KEY_LIMIT) - HASH_SIZE, size = 0;
    key.size = key.size < ordered ? key.size : ordered;
    for (size_t i = 0; i < groups->names.order_count; i++) {
        size_t part =
            kx_key__part_size(kx_slice_of(key.data + size, key.size - size), groups->index->parts[i].descending);
        if (part == 0)
            return 0;
        size += part;
    }
    return size;
}

static bool has_prefix(kx_slice key, kx_slice prefix)
{
    return key.size >= prefix.size && memcmp(key.data, prefix.data, prefix.size) == 0;
}

static int open_keys(kx_groups *groups, kx_slice from, kx_slice to)
{
    kx_store__scan_close(groups->scan);
    return kx_store__scan_entries(groups->names.txn->store, groups->index->table, from, to, groups->backward,
                                  &groups->scan);
}

/* Step over the rest of a group: ones of a unique index one by one, the ids of one key by their stored number,
   several keys by a count between bounds, or, where its lowest id matters, by their ids. */
static int count_ones(kx_groups *groups, kx_slice prefix, uint64_t *count)
{
    int rc;
    *count = 1;
    while ((rc = kx_store__scan_next(groups->scan, &groups->item)) == KX_OK && has_prefix(groups->item.key, prefix)) {
        groups->lowest = groups->item.id < groups->lowest ? groups->item.id : groups->lowest;
        ++*count;
    }
    groups->has_item = rc == KX_OK;
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

static int count_key(kx_groups *groups, kx_slice key, uint64_t *count)
{
    int rc = kx_store__entry_count(groups->names.txn->store, groups->index->table, key, count);
    return rc == KX_OK ? kx_store__scan_after(groups->scan, key, UINT64_MAX) : rc;
}

static int count_ids(kx_groups *groups, kx_store_scan *scan, uint64_t *count)
{
    uint64_t ids[256];
    size_t found = 1;
    int rc = KX_OK;
    while (found > 0 && (rc = kx_store__scan_ids(scan, ids, sizeof ids / sizeof *ids, &found)) == KX_OK) {
        *count += found;
        for (size_t i = 0; i < found; i++)
            groups->lowest = ids[i] < groups->lowest ? ids[i] : groups->lowest;
    }
    return rc;
}

static int count_between(kx_groups *groups, kx_slice prefix, uint64_t *count)
{
    kx_store_scan *scan = NULL;
    kx_key end;
    kx_key__init(&end);
    memcpy(end.data, prefix.data, prefix.size);
    end.size = prefix.size;
    kx_slice to = kx_key__successor(&end) ? kx_key__slice(&end) : (kx_slice){0};
    int rc = kx_store__scan_entries(groups->names.txn->store, groups->index->table, prefix, to, false, &scan);
    if (rc == KX_OK)
        rc = groups->untold ? count_ids(groups, scan, count) : kx_store__scan_count(scan, UINT64_MAX, count);
    kx_store__scan_close(scan);
    if (rc == KX_OK)
        rc = groups->backward ? open_keys(groups, (kx_slice){0}, prefix) : open_keys(groups, to, (kx_slice){0});
    kx_key__free(&end);
    return rc;
}

static int count_group(kx_groups *groups, kx_slice prefix, uint64_t *count)
{
    if (groups->index->unique)
        return count_ones(groups, prefix, count);
    if (groups->index->count == groups->names.order_count)
        return count_key(groups, prefix, count);
    return count_between(groups, prefix, count);
}

/* What the key tells. */
static int read_key(kx_groups *groups, kx_slice prefix)
{
    int rc = KX_OK;
    groups->untold = false;
    for (size_t i = 0, at = 0; i < groups->names.order_count && rc == KX_OK; i++) {
        bool descending = groups->index->parts[i].descending;
        kx_slice part = kx_slice_of(prefix.data + at, prefix.size - at);
        part.size = kx_key__part_size(part, descending);
        at += part.size;
        rc = kx_key__read(part, descending, &groups->texts[i], &groups->values[i]);
        groups->untold |= groups->values[i].type == KX_TYPE_NONE;
    }
    return rc;
}

/* What it does not tell, from the group's first document. */
static int read_untold(kx_groups *groups)
{
    const kx_query_compiled *names = &groups->names;
    uint64_t id = groups->lowest;
    kx_slice row, document;
    int rc = kx_store__row_get(names->txn->store, names->collection->number, id, &row);
    if (rc == KX_NOTFOUND)
        return kx_base__fail_at(KX_CORRUPT, names->collection->name, groups->index->paths, &id, NULL,
                                "index '%s' of %s has an entry for document %llu, which is not there",
                                groups->index->paths, names->collection->name, (unsigned long long)id);
    if (rc == KX_OK)
        rc = kx_collection__document_of(names->txn->db, names->collection, id, row, &document);
    for (size_t i = 0; i < names->order_count && rc == KX_OK; i++) {
        if (groups->values[i].type == KX_TYPE_NONE)
            rc = kx_query__group_value(groups, i, id, document, &groups->values[i]);
    }
    return rc;
}

/* The table goes on behind the group that was given last; where all are worked out at once, it begins again. */
static int leave_keys(kx_groups *groups)
{
    kx_store__scan_close(groups->scan);
    groups->scan = NULL;
    groups->way = FROM_TABLE;
    groups->table.has_after = groups->key.size > 0 && !groups->table.copies;
    kx_buf__append(&groups->table.after, groups->key.data, groups->key.size);
    return groups->table.after.rc;
}

int kx_query__next_by_keys(kx_groups *groups, kx_query_bucket *group)
{
    int rc = groups->has_item ? KX_OK : kx_store__scan_next(groups->scan, &groups->item);
    groups->has_item = false;
    if (rc != KX_OK)
        return rc;
    uint64_t count = 0;
    size_t size = prefix_size(groups, groups->item.key);
    if (size == 0)
        return leave_keys(groups);
    kx_buf__clear(&groups->key);
    kx_buf__append(&groups->key, groups->item.key.data, size);
    if (groups->key.rc != KX_OK)
        return groups->key.rc;
    groups->lowest = groups->item.id;
    rc = read_key(groups, kx_buf__slice(&groups->key));
    if (rc == KX_OK)
        rc = count_group(groups, kx_buf__slice(&groups->key), &count);
    if (rc == KX_OK && groups->untold)
        rc = read_untold(groups);
    for (size_t i = 0; i < size && groups->backward; i++)
        groups->key.data[i] ^= 0xff;
    *group = (kx_query_bucket){.key = kx_buf__slice(&groups->key), .values = groups->values, .count = count};
    return rc;
}

/* All parts as the paths go, or all the other way. */
static bool begins_with(const kx_cat_index *index, const kx_query_compiled *names, bool *backward)
{
    if (index->multi || index->sparse || index->fold || index->where != NULL || index->primary ||
        index->count < names->order_count)
        return false;
    *backward = index->parts[0].descending != names->orders[0].descending;
    for (size_t i = 0; i < names->order_count; i++) {
        const kx_query_order *order = &names->orders[i];
        if (!kx_query__is_part(&order->subject, &index->parts[i]) ||
            (index->parts[i].descending != order->descending) != *backward)
            return false;
    }
    return true;
}

/* The narrowest. */
static const kx_cat_index *find_index(kx_groups *groups)
{
    const kx_cat_collection *collection = groups->names.collection;
    const kx_cat_index *found = NULL;
    bool backward;
    for (size_t i = 0; i < collection->index_count; i++) {
        const kx_cat_index *index = &collection->indexes[i];
        if (!begins_with(index, &groups->names, &backward) || (found != NULL && found->count <= index->count))
            continue;
        found = index;
        groups->backward = backward;
    }
    return found;
}

int kx_query__open_keys(kx_groups *groups)
{
    groups->index = find_index(groups);
    if (groups->index == NULL)
        return KX_OK;
    groups->way = FROM_KEYS;
    return open_keys(groups, (kx_slice){0}, (kx_slice){0});
}
