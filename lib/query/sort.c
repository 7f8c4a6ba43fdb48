/*
 * sort.c -- ids and keys in order, in bounded memory. query_impl.h tells how.
 *
 * Of a limited order the best ones are kept: when twice as many are at hand, they are sorted and half of them go. What is
 * wanted whole is sorted in pieces, which go to a temporary file and come back merged (spill.c).
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "query/query_impl.h"

/* ---- ids -------------------------------------------------------------------------------- */

void kx_query__ids_begin(kx_query_ids *ids, uint64_t wanted)
{
    ids->limited = wanted <= KX_QUERY_WINDOW;
    ids->keep = ids->limited ? (size_t)wanted : KX_QUERY_WINDOW;
    ids->count = 0;
    ids->has_last = ids->more = false;
}

void kx_query__ids_after(kx_query_ids *ids, uint64_t id)
{
    ids->after = id;
    ids->has_after = true;
}

static int grow_ids(kx_query_ids *ids, size_t count)
{
    if (count <= ids->capacity)
        return KX_OK;
    size_t capacity = ids->capacity * 2 > count ? ids->capacity * 2 : count + 256;
    uint64_t *data = kx_base__realloc(ids->data, kx_base__times(capacity, sizeof *data));
    if (data == NULL)
        return kx_base__nomem();
    ids->data = data;
    ids->capacity = capacity;
    return KX_OK;
}

static void insertion_sort(uint64_t *data, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        uint64_t id = data[i];
        size_t j = i;
        for (; j > 0 && data[j - 1] > id; j--)
            data[j] = data[j - 1];
        data[j] = id;
    }
}

/* By one byte after the other, from the lowest; bytes that are the same in all are passed over. */
static int radix_sort(uint64_t *data, size_t count)
{
    uint64_t differ = 0, *spare = kx_base__alloc(kx_base__times(count, sizeof *spare)), *from = data, *to = spare;
    if (spare == NULL)
        return kx_base__nomem();
    for (size_t i = 1; i < count; i++)
        differ |= data[i] ^ data[0];
    for (unsigned shift = 0; shift < 64; shift += 8) {
        size_t starts[256] = {0}, sum = 0;
        if ((differ >> shift & 0xff) == 0)
            continue;
        for (size_t i = 0; i < count; i++)
            starts[from[i] >> shift & 0xff]++;
        for (size_t i = 0; i < 256; i++) {
            size_t here = starts[i];
            starts[i] = sum;
            sum += here;
        }
        for (size_t i = 0; i < count; i++)
            to[starts[from[i] >> shift & 0xff]++] = from[i];
        uint64_t *swap = from;
        from = to;
        to = swap;
    }
    if (from != data)
        memcpy(data, from, count * sizeof *data);
    kx_base__free(spare);
    return KX_OK;
}

static bool ascends(const uint64_t *data, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (data[i - 1] >= data[i])
            return false;
    }
    return true;
}

int kx_query__ids_sort(kx_query_ids *ids)
{
    int rc = KX_OK;
    if (ids->count == 0 || ascends(ids->data, ids->count))
        return KX_OK;
    if (ids->count <= 64)
        insertion_sort(ids->data, ids->count);
    else
        rc = radix_sort(ids->data, ids->count);
    size_t used = 1;
    for (size_t i = 1; i < ids->count; i++) {
        if (ids->data[i] != ids->data[used - 1])
            ids->data[used++] = ids->data[i];
    }
    ids->count = used;
    return rc;
}

static int spill_ids(kx_query_ids *ids)
{
    int rc = ids->spill == NULL ? kx_query__spill_new(&ids->spill) : KX_OK;
    for (size_t i = 0; i < ids->count && rc == KX_OK; i++)
        rc = kx_query__spill_add(ids->spill, (kx_slice){0}, ids->data[i]);
    ids->count = 0;
    return rc == KX_OK ? kx_query__spill_end_run(ids->spill) : rc;
}

/* Sort; keep what is wanted, or make room. */
static int cut_ids(kx_query_ids *ids)
{
    int rc = kx_query__ids_sort(ids);
    if (rc != KX_OK || ids->count <= ids->keep)
        return rc;
    if (!ids->limited)
        return spill_ids(ids);
    ids->count = ids->keep;
    ids->last = ids->data[ids->count - 1];
    ids->has_last = true;
    return KX_OK;
}

int kx_query__ids_add(kx_query_ids *ids, const uint64_t *from, size_t count)
{
    int rc = grow_ids(ids, ids->count + count);
    if (rc != KX_OK)
        return rc;
    if (!ids->has_after && !ids->has_last) {
        memcpy(ids->data + ids->count, from, count * sizeof *from);
        ids->count += count;
    } else {
        for (size_t i = 0; i < count; i++) {
            if (!(ids->has_after && from[i] <= ids->after) && !(ids->has_last && from[i] > ids->last))
                ids->data[ids->count++] = from[i];
        }
    }
    return ids->count >= 2 * ids->keep && ids->count >= 1024 ? cut_ids(ids) : KX_OK;
}

int kx_query__ids_end(kx_query_ids *ids)
{
    int rc = kx_query__ids_sort(ids);
    if (rc != KX_OK || ids->spill == NULL) {
        ids->count = ids->limited && ids->count > ids->keep ? ids->keep : ids->count;
        return rc;
    }
    rc = spill_ids(ids);
    if (rc == KX_OK)
        rc = kx_query__spill_merge(ids->spill);
    ids->more = rc == KX_OK;
    ids->has_last = false;
    return rc == KX_OK ? kx_query__ids_more(ids) : rc;
}

/* The same id may stand in several runs. */
int kx_query__ids_more(kx_query_ids *ids)
{
    kx_slice key;
    uint64_t id;
    ids->count = 0;
    while (ids->count < KX_QUERY_REFILL) {
        int rc = kx_query__spill_next(ids->spill, &key, &id);
        if (rc != KX_OK) {
            ids->more = false;
            return rc == KX_NOTFOUND ? KX_OK : rc;
        }
        if (!ids->has_last || id != ids->last)
            ids->data[ids->count++] = id;
        ids->last = id;
        ids->has_last = true;
    }
    return KX_OK;
}

int kx_query__ids_push(kx_query_ids *ids, uint64_t id)
{
    int rc = grow_ids(ids, ids->count + 1);
    if (rc == KX_OK)
        ids->data[ids->count++] = id;
    return rc;
}

void kx_query__ids_free(kx_query_ids *ids)
{
    kx_base__free(ids->data);
    kx_query__spill_free(ids->spill);
    *ids = (kx_query_ids){0};
}

/* ---- keys ---------------------------------------------------------------------------------- */

int kx_query__compare_records(kx_slice left, uint64_t left_id, kx_slice right, uint64_t right_id)
{
    int order = kx_slice_compare(left, right);
    return order != 0 ? order : (left_id > right_id) - (left_id < right_id);
}

static kx_slice key_of(const kx_query_sorter *sorter, const kx_query_entry *entry)
{
    return kx_slice_of(sorter->keys.data + entry->at, entry->size);
}

static int compare_entries(const void *left, const void *right, void *context)
{
    const kx_query_entry *l = left, *r = right;
    if (l->head != r->head)
        return l->head < r->head ? -1 : 1;
    return kx_query__compare_records(key_of(context, l), l->id, key_of(context, r), r->id);
}

static int copy_key(kx_buf *to, kx_slice key)
{
    kx_buf__clear(to);
    kx_buf__append(to, key.data, key.size);
    return to->rc;
}

void kx_query__sorter_begin(kx_query_sorter *sorter, uint64_t wanted)
{
    sorter->limited = wanted <= KX_QUERY_WINDOW;
    sorter->keep = sorter->limited ? (size_t)wanted : SIZE_MAX;
    if (sorter->budget == 0)
        sorter->budget = KX_QUERY_SORT_BYTES;
    sorter->count = sorter->at = 0;
    kx_buf__clear(&sorter->keys);
    sorter->has_last = false;
    kx_query__spill_free(sorter->spill);
    sorter->spill = NULL;
}

int kx_query__sorter_after(kx_query_sorter *sorter, kx_slice key, uint64_t id)
{
    sorter->after_id = id;
    sorter->has_after = true;
    return copy_key(&sorter->after, key);
}

/* Keys of dropped entries go: the others move to a new buffer. */
static int compact(kx_query_sorter *sorter)
{
    kx_buf keys = {0};
    for (size_t i = 0; i < sorter->count; i++) {
        kx_slice key = key_of(sorter, &sorter->entries[i]);
        sorter->entries[i].at = keys.size;
        kx_buf__append(&keys, key.data, key.size);
    }
    int rc = keys.rc;
    if (rc == KX_OK) {
        kx_buf__free(&sorter->keys);
        sorter->keys = keys;
    } else {
        kx_buf__free(&keys);
    }
    return rc;
}

static void sort_entries(kx_query_sorter *sorter)
{
    if (sorter->count > 1)
        qsort_r(sorter->entries, sorter->count, sizeof *sorter->entries, compare_entries, sorter);
}

static size_t bytes_of(const kx_query_sorter *sorter)
{
    return sorter->keys.size + sorter->count * sizeof *sorter->entries;
}

static int spill_entries(kx_query_sorter *sorter)
{
    int rc = sorter->spill == NULL ? kx_query__spill_new(&sorter->spill) : KX_OK;
    for (size_t i = 0; i < sorter->count && rc == KX_OK; i++)
        rc = kx_query__spill_add(sorter->spill, key_of(sorter, &sorter->entries[i]), sorter->entries[i].id);
    sorter->count = 0;
    kx_buf__clear(&sorter->keys);
    return rc == KX_OK ? kx_query__spill_end_run(sorter->spill) : rc;
}

/* Keep what is wanted; where that is too much for memory, all goes to the file. */
static int cut_entries(kx_query_sorter *sorter)
{
    sort_entries(sorter);
    if (bytes_of(sorter) > sorter->budget && sorter->keep > sorter->count / 2)
        return spill_entries(sorter);
    if (sorter->keep >= sorter->count)
        return KX_OK;
    sorter->count = sorter->keep;
    const kx_query_entry *last = &sorter->entries[sorter->count - 1];
    sorter->last_id = last->id;
    sorter->has_last = true;
    int rc = copy_key(&sorter->last, key_of(sorter, last));
    return rc == KX_OK ? compact(sorter) : rc;
}

static int grow_entries(kx_query_sorter *sorter)
{
    if (sorter->count < sorter->capacity)
        return KX_OK;
    size_t capacity = sorter->capacity > 0 ? 2 * sorter->capacity : 32;
    kx_query_entry *entries = kx_base__realloc(sorter->entries, kx_base__times(capacity, sizeof *entries));
    if (entries == NULL)
        return kx_base__nomem();
    sorter->entries = entries;
    sorter->capacity = capacity;
    return KX_OK;
}

static uint64_t head_of(kx_slice key)
{
    uint64_t head = 0;
    memcpy(&head, key.data, key.size < sizeof head ? key.size : sizeof head);
    return be64toh(head);
}

int kx_query__sorter_add(kx_query_sorter *sorter, kx_slice key, uint64_t id)
{
    if (sorter->has_after && kx_query__compare_records(key, id, kx_buf__slice(&sorter->after), sorter->after_id) <= 0)
        return KX_OK;
    if (sorter->has_last && kx_query__compare_records(key, id, kx_buf__slice(&sorter->last), sorter->last_id) > 0)
        return KX_OK;
    int rc = grow_entries(sorter);
    if (rc != KX_OK)
        return rc;
    sorter->entries[sorter->count++] = (kx_query_entry){head_of(key), id, sorter->keys.size, key.size};
    kx_buf__append(&sorter->keys, key.data, key.size);
    if (sorter->keys.rc != KX_OK)
        return sorter->keys.rc;
    bool many = sorter->count >= 64 && sorter->count / 2 >= sorter->keep,
         large = sorter->count >= 2 && bytes_of(sorter) > sorter->budget;
    return many || large ? cut_entries(sorter) : KX_OK;
}

int kx_query__sorter_end(kx_query_sorter *sorter)
{
    sort_entries(sorter);
    if (sorter->spill == NULL) {
        sorter->count = sorter->count < sorter->keep ? sorter->count : sorter->keep;
        return KX_OK;
    }
    int rc = spill_entries(sorter);
    return rc == KX_OK ? kx_query__spill_merge(sorter->spill) : rc;
}

int kx_query__sorter_next(kx_query_sorter *sorter, uint64_t *id)
{
    kx_slice key;
    if (sorter->spill != NULL)
        return kx_query__spill_next(sorter->spill, &key, id);
    if (sorter->at == sorter->count)
        return KX_NOTFOUND;
    *id = sorter->entries[sorter->at++].id;
    return KX_OK;
}

void kx_query__sorter_free(kx_query_sorter *sorter)
{
    kx_base__free(sorter->entries);
    kx_buf__free(&sorter->keys);
    kx_buf__free(&sorter->after);
    kx_buf__free(&sorter->last);
    kx_query__spill_free(sorter->spill);
    *sorter = (kx_query_sorter){0};
}
