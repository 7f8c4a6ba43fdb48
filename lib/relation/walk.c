/*
 * walk.c -- along a relation of a collection to itself, level by level.
 *
 *   level   the ids of one depth, sorted; `at` is the next one to come
 *   next    ids of the depth below it, as they are found
 *   seen    every id that was found: none is found twice, so rings end
 *
 * A level is fetched in batches. Where the documents of a batch lead is looked up before the first of them is handed out; no
 * scan stays open between two steps. In a write transaction a document is fetched again when its turn comes.
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
    kx_doc *doc; /* shown last, held */
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

static int compare_ids(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
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
    qsort(walk->level.ids, walk->level.count, sizeof *walk->level.ids, compare_ids);
    return KX_OK;
}

/* Ids of entries whose document is gone lead nowhere. */
static int read_batch(kx_walk *walk, kx_txn *txn)
{
    const kx_cat_collection *collection = walk->relation->target;
    const uint64_t *ids = walk->level.ids + walk->at;
    size_t left = walk->level.count - walk->at, count = left < BATCH ? left : BATCH;
    int rc = kx_store__row_get_many(txn->store, collection->number, ids, count, walk->rows);
    bool last = walk->most != 0 && walk->depth == walk->most;
    for (size_t i = 0; i < count && rc == KX_OK && !last; i++) {
        kx_slice document;
        if (walk->rows[i].data == NULL)
            continue;
        rc = kx_collection__document_of(txn->db, collection, ids[i], walk->rows[i], &document);
        if (rc == KX_OK)
            rc = kx_query__hop(txn, walk->relation, false, document, find_id, walk);
    }
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
