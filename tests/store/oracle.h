/*
 * oracle.h -- what a postings table should hold: for each of a few hundred keys, a sorted list of ids, in plain memory.
 */
#ifndef KX_TESTS_STORE_ORACLE_H
#define KX_TESTS_STORE_ORACLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ORACLE_KEYS = 300 };

typedef struct oracle_list { uint64_t *ids; size_t count, room; } oracle_list;
typedef struct oracle { oracle_list lists[ORACLE_KEYS]; uint64_t pairs; } oracle;

static inline size_t oracle_find(const oracle_list *list, uint64_t id)
{
    size_t low = 0, high = list->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (list->ids[middle] < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static inline bool oracle_add(oracle *o, unsigned key, uint64_t id)
{
    oracle_list *list = &o->lists[key];
    size_t at = oracle_find(list, id);
    if (at < list->count && list->ids[at] == id)
        return false;
    if (list->count == list->room) {
        list->room = list->room ? list->room * 2 : 4;
        list->ids = realloc(list->ids, list->room * sizeof(uint64_t));
    }
    memmove(list->ids + at + 1, list->ids + at, (list->count - at) * sizeof(uint64_t));
    list->ids[at] = id;
    list->count++;
    o->pairs++;
    return true;
}

static inline bool oracle_remove(oracle *o, unsigned key, uint64_t id)
{
    oracle_list *list = &o->lists[key];
    size_t at = oracle_find(list, id);
    if (at == list->count || list->ids[at] != id)
        return false;
    memmove(list->ids + at, list->ids + at + 1, (list->count - at - 1) * sizeof(uint64_t));
    list->count--;
    o->pairs--;
    return true;
}

static inline void oracle_clear(oracle *o)
{
    for (unsigned i = 0; i < ORACLE_KEYS; i++)
        free(o->lists[i].ids);
    memset(o, 0, sizeof(*o));
}

static inline void oracle_copy(oracle *to, const oracle *from)
{
    oracle_clear(to);
    to->pairs = from->pairs;
    for (unsigned i = 0; i < ORACLE_KEYS; i++) {
        const oracle_list *list = &from->lists[i];
        if (list->count == 0)
            continue;
        to->lists[i].ids = malloc(list->count * sizeof(uint64_t));
        to->lists[i].count = to->lists[i].room = list->count;
        memcpy(to->lists[i].ids, list->ids, list->count * sizeof(uint64_t));
    }
}

#endif
