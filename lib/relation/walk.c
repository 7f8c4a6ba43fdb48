/*
 * walk.c -- along a relation of a collection to itself, level by level.
 *
 *   level   the ids of one depth, sorted; `at` is the next one to come
 *   next    ids of the depth below it, as they are found
 *   seen    every id that was found: none is found twice, so rings end
 *
 * A level is fetched in batches. Where the documents of a batch lead is looked up before the first of them is
 * handed out; no scan stays open between two steps. In a write transaction a document is fetched again when its
 * turn comes.
 */
#include <stdlib.h>
#include <string.h>

#include "relation/relation_impl.h"

enum { BATCH = 256 };

/* ---- ids that were seen: open addressing, four fifths full at most ------------------------------- */

typedef struct id_set {
    uint64_t *slots; /* id + 1; 0: empty */
    size_t count, room;
} id_set;

/* Where the id is, or where it may be put. */
static size_t slot_of(const id_set *set, uint64_t id)
{
    unsigned __int128 wide = (unsigned __int128)(id * UINT64_C(0x9e3779b97f4a7c15)) * set->room;
    size_t i = (size_t)(wide >> 64);
    while (set->slots[i] != 0 && set->slots[i] != id + 1)
        i = i + 1 < set->room ? i + 1 : 0;
    return i;
}

static int grow_set(id_set *set)
{
    id_set larger = {.room = set->room + set->room / 2 + 64, .count = set->count};
    larger.slots = kx_base__zalloc(kx_base__times(larger.room, sizeof *larger.slots));
    if (larger.slots == NULL)
        return kx_base__nomem();
    for (size_t i = 0; i < set->room; i++) {
        if (set->slots[i] != 0)
            larger.slots[slot_of(&larger, set->slots[i] - 1)] = set->slots[i];
    }
    kx_base__free(set->slots);
    *set = larger;
    return KX_OK;
}

/* *added: it was not there. */
static int add_to_set(id_set *set, uint64_t id, bool *added)
{
    int rc = set->count >= set->room / 5 * 4 ? grow_set(set) : KX_OK;
    if (rc != KX_OK)
        return rc;
    size_t slot = slot_of(set, id);
    *added = set->slots[slot] == 0;
    set->slots[slot] = id + 1;
    set->count += *added;
    return KX_OK;
}

/* ---- life ------------------------------------------------------------------------------------------- */

struct kx_walk {
    kx_walker walker; /* first: the walk is found again from it */
    const kx_cat_relation *relation;
    id_set seen;
    kx_id_list level, next;
    size_t at;
    size_t batch_from, batch_count; /* which of the level are in `rows` */
    kx_slice rows[BATCH];
    kx_buf bytes; /* of the batch's keys */
    kx_doc *doc;  /* shown last, held */
    unsigned depth, most;
    uint32_t result; /* which result of the transaction its documents are of */
    int rc;
};

int kx_relation__walk_close(kx_walk *walk)
{
    if (walk == NULL)
        return KX_OK;
    int rc = walk->rc == KX_NOTFOUND ? KX_OK : walk->rc;
    kx_collection__forget_walker(&walk->walker);
    kx_collection__unhold(walk->doc);
    kx_base__free(walk->seen.slots);
    kx_base__free(walk->level.ids);
    kx_base__free(walk->next.ids);
    kx_buf__free(&walk->bytes);
    kx_base__free(walk);
    return rc;
}

static void close_walker(kx_walker *walker)
{
    kx_relation__walk_close((kx_walk *)walker);
}

/* ---- levels ------------------------------------------------------------------------------------------- */

static int find_id(void *context, uint64_t id)
{
    kx_walk *walk = context;
    bool added = false;
    int rc = add_to_set(&walk->seen, id, &added);
    return rc == KX_OK && added ? kx_relation__push_id(&walk->next, id) : rc;
}

/* KX_NOTFOUND: there is none. */
static int begin_level(kx_walk *walk)
{
    kx_id_list done = walk->level;
    if (walk->next.count == 0)
        return KX_NOTFOUND;
    walk->level = walk->next;
    walk->next = done;
    walk->next.count = 0;
    walk->at = walk->batch_from = walk->batch_count = 0;
    walk->depth++;
    qsort(walk->level.ids, walk->level.count, sizeof *walk->level.ids, kx_relation__compare_ids);
    return KX_OK;
}

/* ---- where a batch leads ------------------------------------------------------------------------------- */

static int find_ids(void *context, size_t key, const uint64_t *ids, size_t count)
{
    int rc = KX_OK;
    (void)key;
    for (size_t i = 0; i < count && rc == KX_OK; i++)
        rc = find_id(context, ids[i]);
    return rc;
}

/* Sets are searched by keys of an index of their own, all of a batch in one pass; the rest, and keys that were
   shortened, go one by one. */
static bool goes_by_keys(const kx_cat_relation *relation)
{
    kx_relation_kind kind = relation->declared.kind;
    return (kind == KX_RELATED_SET || kind == KX_RELATED_ONE) && !relation->index->primary;
}

/* *size 0: the document leads nowhere, or was followed at once. Bytes of keys move until all are there. */
static int add_key(kx_walk *walk, kx_txn *txn, kx_slice document, size_t *size)
{
    const kx_cat_relation *relation = walk->relation;
    kx_value values[KX_CATALOG_KEY_PARTS];
    kx_key key;
    bool exact;
    *size = 0;
    if (!goes_by_keys(relation))
        return kx_query__hop(txn, relation, false, document, find_id, walk);
    if (!kx_relation__values(document, &relation->local, values))
        return KX_OK;
    int rc = kx_collection__index_key(relation->index, values, &key, &exact);
    if (rc == KX_OK && exact) {
        kx_buf__append(&walk->bytes, key.data, key.size);
        *size = key.size;
        rc = walk->bytes.rc;
    } else if (rc == KX_OK) {
        rc = kx_query__hop(txn, relation, false, document, find_id, walk);
    }
    kx_key__free(&key);
    return rc;
}

static int compare_keys(const void *a, const void *b)
{
    const kx_slice *left = a, *right = b;
    int order = memcmp(left->data, right->data, left->size < right->size ? left->size : right->size);
    return order != 0 ? order : (left->size > right->size) - (left->size < right->size);
}

/* Sorted, each once. */
static size_t sort_keys(kx_slice *keys, size_t count)
{
    size_t kept = 0;
    if (count > 1)
        qsort(keys, count, sizeof *keys, compare_keys);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || compare_keys(&keys[i], &keys[kept - 1]) != 0)
            keys[kept++] = keys[i];
    }
    return kept;
}

/* Ids of entries whose document is gone lead nowhere. */
static int expand(kx_walk *walk, kx_txn *txn, const uint64_t *ids, size_t count)
{
    kx_slice keys[BATCH], document;
    size_t found = 0, at = 0;
    int rc = KX_OK;
    kx_buf__clear(&walk->bytes);
    for (size_t i = 0; i < count && rc == KX_OK; i++) {
        if (walk->rows[i].data == NULL)
            continue;
        rc = kx_collection__document_of(txn->db, walk->relation->target, ids[i], walk->rows[i], &document);
        if (rc == KX_OK)
            rc = add_key(walk, txn, document, &keys[found].size);
        found += rc == KX_OK && keys[found].size > 0;
    }
    if (rc != KX_OK || found == 0)
        return rc;
    for (size_t i = 0; i < found; at += keys[i++].size)
        keys[i].data = walk->bytes.data + at;
    return kx_store__entry_ids_many(txn->store, walk->relation->index->table, keys, sort_keys(keys, found), find_ids,
                                    walk);
}

static int read_batch(kx_walk *walk, kx_txn *txn)
{
    const uint64_t *ids = walk->level.ids + walk->at;
    size_t left = walk->level.count - walk->at, count = left < BATCH ? left : BATCH;
    int rc = kx_store__row_get_many(txn->store, walk->relation->target->number, ids, count, walk->rows);
    if (rc == KX_OK && (walk->most == 0 || walk->depth < walk->most))
        rc = expand(walk, txn, ids, count);
    walk->batch_from = walk->at;
    walk->batch_count = rc == KX_OK ? count : 0;
    return rc;
}

static int next_row(kx_walk *walk, kx_txn *txn, uint64_t *id, kx_slice *row)
{
    for (;;) {
        int rc = walk->at == walk->level.count ? begin_level(walk) : KX_OK;
        if (rc == KX_OK && walk->at - walk->batch_from >= walk->batch_count)
            rc = read_batch(walk, txn);
        if (rc != KX_OK)
            return rc;
        *row = walk->rows[walk->at - walk->batch_from];
        *id = walk->level.ids[walk->at++];
        if (row->data != NULL && txn->writes)
            rc = kx_store__row_get(txn->store, walk->relation->target->number, *id, row);
        if (row->data != NULL && rc != KX_NOTFOUND)
            return rc;
    }
}

/* ---- the door -------------------------------------------------------------------------------------------- */

/* The same instance shows the next document, unless somebody holds on to it. */
static int show(kx_walk *walk, kx_txn *txn, uint64_t id, kx_slice row)
{
    kx_doc *doc = walk->doc;
    if (doc != NULL && doc->holds == 1 && !doc->handed)
        return kx_collection__doc_turn(doc, id, row);
    kx_collection__unhold(doc);
    walk->doc = NULL;
    int rc = kx_collection__doc_of_row(txn, walk->relation->target, id, row, &doc);
    if (rc != KX_OK)
        return rc;
    kx_collection__hold(doc);
    doc->result = walk->result;
    walk->doc = doc;
    return KX_OK;
}

int kx_relation__walk_next(kx_walk *walk, kx_doc **doc, unsigned *depth)
{
    kx_txn *txn = kx_collection__innermost(walk->walker.txn);
    uint64_t id;
    kx_slice row;
    *doc = NULL;
    if (walk->rc == KX_OK)
        walk->rc = next_row(walk, txn, &id, &row);
    if (walk->rc == KX_OK)
        walk->rc = show(walk, txn, id, row);
    if (walk->rc != KX_OK) {
        kx_collection__unhold(walk->doc);
        walk->doc = NULL;
        return walk->rc;
    }
    *doc = walk->doc;
    *depth = walk->depth;
    return KX_OK;
}

kx_txn *kx_relation__walk_txn(const kx_walk *walk)
{
    return walk->walker.txn;
}

static int named_self(kx_txn *txn, const kx_doc *doc, const char *name, const kx_cat_relation **relation)
{
    int rc = kx_relation__named(txn, doc, name, relation);
    if (rc == KX_OK && (*relation)->target != (*relation)->owner)
        rc = kx_base__fail_at(KX_INVALID, (*relation)->owner->name, name, NULL, NULL,
                              "%s.%s leads to %s: only a relation to its own collection is walked",
                              (*relation)->owner->name, name, (*relation)->target->name);
    return rc == KX_OK ? kx_relation__lazy_set(doc, *relation) : rc;
}

int kx_relation__walk(kx_doc *doc, const char *name, unsigned depth, kx_walk **result)
{
    kx_txn *txn = kx_collection__innermost(doc->txn);
    const kx_cat_relation *relation;
    bool added;
    *result = NULL;
    int rc = named_self(txn, doc, name, &relation);
    if (rc != KX_OK)
        return rc;
    kx_walk *walk = kx_base__zalloc(sizeof *walk);
    if (walk == NULL)
        return kx_base__nomem();
    walk->relation = relation;
    walk->most = depth;
    walk->result = ++txn->top->results;
    walk->walker.collection = relation->target->number;
    walk->walker.told = true; /* writes need not be told: no scan is open between two steps */
    walk->walker.close = close_walker;
    kx_collection__add_walker(txn, &walk->walker);
    if (!doc->is_new)
        rc = add_to_set(&walk->seen, doc->id, &added);
    if (rc == KX_OK)
        rc = kx_query__hop(txn, relation, false, doc->bytes, find_id, walk);
    if (rc == KX_OK)
        *result = walk;
    else
        kx_relation__walk_close(walk);
    return rc;
}
