/*
 * sort.c -- index entries in key order, and a list of them on its way into a table.
 *
 * Most keys fit into their first 8 bytes or differ there, so the sort is least-significant-digit radix passes over that prefix (only over the
 * bytes that differ), which are stable; where whole prefixes tie, the keys themselves are compared. Entries that come in
 * order, as ids do, cost one look.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "collection/collection_impl.h"

enum { KEY_BLOCK = 64 << 10 };

static int compare_entries(const void *a, const void *b)
{
    const kx_entry *left = a, *right = b;
    if (left->prefix != right->prefix)
        return left->prefix < right->prefix ? -1 : 1;
    size_t size = left->size < right->size ? left->size : right->size;
    int order = memcmp(left->key, right->key, size);
    if (order != 0)
        return order;
    if (left->size != right->size)
        return left->size < right->size ? -1 : 1;
    return left->id < right->id ? -1 : left->id > right->id;
}

static bool is_sorted(const kx_entry *entries, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (compare_entries(&entries[i - 1], &entries[i]) > 0)
            return false;
    return true;
}

/* One stable pass by the byte at `shift`. */
static void radix_pass(const kx_entry *from, kx_entry *to, size_t count, int shift)
{
    size_t starts[256] = {0}, at = 0;
    for (size_t i = 0; i < count; i++)
        starts[from[i].prefix >> shift & 255]++;
    for (int digit = 0; digit < 256; digit++) {
        size_t size = starts[digit];
        starts[digit] = at;
        at += size;
    }
    for (size_t i = 0; i < count; i++)
        to[starts[from[i].prefix >> shift & 255]++] = from[i];
}

static void sort_ties(kx_entry *entries, size_t count)
{
    size_t end;
    for (size_t i = 0; i < count; i = end) {
        for (end = i + 1; end < count && entries[end].prefix == entries[i].prefix;)
            end++;
        if (end - i > 1 && !is_sorted(entries + i, end - i))
            qsort(entries + i, end - i, sizeof *entries, compare_entries);
    }
}

void kx_collection__sort(kx_entry *entries, kx_entry *scratch, size_t count)
{
    uint64_t differ = 0;
    if (is_sorted(entries, count))
        return;
    for (size_t i = 1; i < count; i++)
        differ |= entries[i].prefix ^ entries[0].prefix;
    kx_entry *from = entries, *to = scratch;
    for (int shift = 0; shift < 64; shift += 8) {
        if ((differ >> shift & 255) == 0)
            continue;
        radix_pass(from, to, count, shift);
        kx_entry *swap = from;
        from = to;
        to = swap;
    }
    if (from != entries)
        memcpy(entries, from, count * sizeof *entries);
    sort_ties(entries, count);
}

/* ---- lists ---------------------------------------------------------------------- */

/* A key has room for eight bytes at least, also where it has fewer. */
static uint64_t prefix_of(const kx_key *key)
{
    uint64_t prefix;
    memcpy(&prefix, key->data, sizeof prefix);
    prefix = be64toh(prefix);
    if (key->size >= 8)
        return prefix;
    return key->size > 0 ? prefix & ~(uint64_t)0 << 8 * (8 - key->size) : 0;
}

/* An empty key has a place too. */
static uint8_t *keep_key(kx_entries *entries, const kx_key *key)
{
    if (entries->block == NULL || entries->left < key->size) {
        size_t size = entries->count < 64 ? 2048 : KEY_BLOCK;
        entries->block = kx_arena__alloc(&entries->keys, size);
        entries->left = entries->block != NULL ? size : 0;
    }
    if (entries->block == NULL)
        return NULL;
    uint8_t *kept = memcpy(entries->block, key->data, key->size);
    entries->block += key->size;
    entries->left -= key->size;
    return kept;
}

int kx_collection__entries_add(kx_entries *entries, const kx_key *key, uint64_t id, size_t tag)
{
    if (entries->count == entries->room) {
        size_t room = entries->room != 0 ? entries->room * 2 : 16;
        kx_entry *items = kx_base__realloc(entries->items, kx_base__times(room, sizeof *items));
        if (items == NULL)
            return kx_base__nomem();
        entries->items = items;
        entries->room = room;
    }
    const uint8_t *kept = keep_key(entries, key);
    if (kept == NULL)
        return kx_base__nomem();
    entries->items[entries->count++] = (kx_entry){.prefix = prefix_of(key),
                                                  .id = id,
                                                  .key = kept,
                                                  .size = (uint16_t)key->size,
                                                  .has_null = key->has_null,
                                                  .tag = (uint32_t)tag};
    return KX_OK;
}

int kx_collection__entries_sort(kx_entries *entries)
{
    if (entries->count < 2 || is_sorted(entries->items, entries->count))
        return KX_OK;
    kx_entry *scratch = kx_base__alloc(kx_base__times(entries->count, sizeof *scratch));
    if (scratch == NULL)
        return kx_base__nomem();
    kx_collection__sort(entries->items, scratch, entries->count);
    kx_base__free(scratch);
    return KX_OK;
}

void kx_collection__entries_free(kx_entries *entries)
{
    kx_base__free(entries->items);
    kx_arena__free(&entries->keys);
    *entries = (kx_entries){0};
}
