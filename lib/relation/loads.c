/*
 * loads.c -- what an instance was loaded with: its place in a plan of prefetches, its peers, sets in hand; and loads one by
 * one, which are counted, refused, or made for all peers.
 */
#include <string.h>

#include "relation/relation_impl.h"

/* ---- peers -------------------------------------------------------------------------- */

static void leave_peers(kx_loads *loads)
{
    kx_peers *peers = loads->peers;
    loads->peers = NULL;
    if (peers == NULL)
        return;
    peers->docs[loads->position] = NULL;
    if (--peers->references == 0)
        kx_base__free(peers);
}

/* A member that knows its owner without holding it forgets it. */
static void part(const kx_doc *owner, const kx_loaded_set *set, kx_doc *member)
{
    const kx_cat_relation *back = set->relation->reverse;
    kx_link *link = back != NULL ? kx_relation__link_of(member, back->declared.name) : NULL;
    if (link != NULL && link->weak && link->target == owner)
        kx_relation__forget(link);
    kx_collection__unhold(member);
}

static void free_sets(const kx_doc *owner, kx_loads *loads)
{
    while (loads->sets != NULL) {
        kx_loaded_set *set = loads->sets;
        loads->sets = set->next;
        for (size_t i = 0; i < set->count; i++)
            part(owner, set, set->docs[i]);
        kx_base__free(set);
    }
}

void kx_relation__free_loads(const kx_doc *doc, kx_loads *loads)
{
    if (loads == NULL)
        return;
    leave_peers(loads);
    free_sets(doc, loads);
    kx_relation__load_plan_release(loads->plan);
    kx_base__free(loads);
}

static kx_loads *make_loads(kx_doc *doc)
{
    kx_loads *loads = kx_relation__loads(doc);
    if (loads != NULL)
        return loads;
    loads = kx_base__zalloc(sizeof *loads);
    if (loads != NULL && kx_relation__set_loads(doc, loads) == KX_OK)
        return loads;
    kx_base__free(loads);
    return NULL;
}

static int join(kx_peers *peers, size_t position, kx_load_plan *plan, const kx_load_node *nodes)
{
    kx_loads *loads = make_loads(peers->docs[position]);
    if (loads == NULL) {
        peers->docs[position] = NULL;
        return kx_base__nomem();
    }
    leave_peers(loads);
    kx_relation__load_plan_release(loads->plan);
    loads->plan = plan;
    plan->references++;
    loads->nodes = nodes;
    loads->peers = peers;
    loads->position = position;
    peers->references++;
    return KX_OK;
}

/* Something that documents of this level must remember for later. */
static bool has_more(const kx_load_plan *plan, const kx_load_node *nodes)
{
    while (nodes != NULL && !nodes->include)
        nodes = nodes->next;
    return plan->mode != KX_LOAD_ONE || nodes != NULL;
}

int kx_relation__introduce(kx_load_plan *plan, const kx_load_node *nodes, kx_doc *const *docs, size_t count)
{
    if (!has_more(plan, nodes))
        return KX_OK;
    kx_peers *peers = kx_base__alloc(sizeof *peers + kx_base__times(count, sizeof *docs));
    if (peers == NULL)
        return kx_base__nomem();
    *peers = (kx_peers){.references = 1, .count = count};
    memcpy(peers->docs, docs, count * sizeof *docs);
    int rc = KX_OK;
    size_t joined = 0;
    while (rc == KX_OK && joined < count)
        rc = join(peers, joined++, plan, nodes);
    while (joined < count)
        peers->docs[joined++] = NULL;
    if (--peers->references == 0)
        kx_base__free(peers);
    return rc;
}

/* ---- sets in hand --------------------------------------------------------------------- */

int kx_relation__keep_set(kx_doc *doc, const kx_cat_relation *relation, bool whole, kx_doc *const *docs, size_t count)
{
    kx_loads *loads = make_loads(doc);
    kx_loaded_set *set = loads != NULL ? kx_base__alloc(sizeof *set + kx_base__times(count, sizeof *docs)) : NULL;
    if (set == NULL)
        return kx_base__nomem();
    *set = (kx_loaded_set){.next = loads->sets, .relation = relation, .whole = whole, .count = count};
    for (size_t i = 0; i < count; i++)
        kx_collection__hold(set->docs[i] = docs[i]);
    loads->sets = set;
    return KX_OK;
}

const kx_loaded_set *kx_relation__loaded_set(const kx_doc *doc, const char *name)
{
    const kx_loads *loads = kx_relation__loads(doc);
    const kx_loaded_set *set = loads != NULL ? loads->sets : NULL;
    while (set != NULL && strcmp(set->relation->declared.name, name) != 0)
        set = set->next;
    return set;
}

const kx_loaded_set *kx_relation__whole_set(const kx_doc *doc, const char *name)
{
    const kx_loads *loads = kx_relation__loads(doc);
    const kx_loaded_set *set = loads != NULL && !doc->txn->writes ? loads->sets : NULL;
    while (set != NULL && !(set->whole && strcmp(set->relation->declared.name, name) == 0))
        set = set->next;
    return set;
}

/* ---- one by one ----------------------------------------------------------------------- */

static int refuse(const kx_doc *doc, const kx_cat_relation *relation)
{
    return kx_base__fail_at(KX_INVALID, relation->owner->name, relation->declared.name, &doc->id, NULL,
                            "%s.%s of document %llu was not loaded, and its query allows no lazy load: prefetch it",
                            relation->owner->name, relation->declared.name, (unsigned long long)doc->id);
}

static kx_lazy_tally *tally_of(kx_txn *top, const kx_cat_relation *relation)
{
    kx_lazy_tally **link = &top->lazy;
    while (*link != NULL && (*link)->relation != relation)
        link = &(*link)->next;
    if (*link == NULL) {
        kx_lazy_tally *tally = kx_arena__alloc(&top->arena, sizeof *tally);
        if (tally == NULL)
            return NULL;
        *tally = (kx_lazy_tally){.relation = relation};
        *link = tally;
    }
    return *link;
}

/* A document of no result, got by its key, is a result of its own. */
static int count_load(const kx_doc *doc, const kx_cat_relation *relation)
{
    kx_txn *top = doc->txn;
    kx_lazy_tally *tally = tally_of(top, relation);
    if (tally == NULL)
        return kx_base__nomem();
    tally->results += tally->loads == 0 || doc->result == 0 || doc->result != tally->last;
    tally->last = doc->result;
    tally->loads++;
    top->lazy_loads++;
    return KX_OK;
}

/* What is loaded so has the same mode, and peers of its own. */
static int load_for_peers(kx_txn *txn, const kx_loads *loads, const kx_cat_relation *relation)
{
    kx_load_node node = {.relation = relation};
    const kx_peers *peers = loads->peers;
    kx_doc **docs = kx_base__alloc(peers->count * sizeof *docs);
    size_t count = 0;
    if (docs == NULL)
        return kx_base__nomem();
    for (size_t i = 0; i < peers->count; i++) {
        if (peers->docs[i] != NULL)
            docs[count++] = peers->docs[i];
    }
    int rc = kx_relation__load(txn, loads->plan, &node, docs, count);
    kx_base__free(docs);
    return rc;
}

static kx_load mode_of(const kx_loads *loads)
{
    return loads != NULL && loads->plan != NULL ? loads->plan->mode : KX_LOAD_ONE;
}

int kx_relation__lazy_set(const kx_doc *doc, const kx_cat_relation *relation)
{
    return mode_of(kx_relation__loads(doc)) == KX_LOAD_NONE ? refuse(doc, relation) : KX_OK;
}

int kx_relation__lazy(kx_txn *txn, kx_doc *doc, const kx_cat_relation *relation)
{
    const kx_loads *loads = kx_relation__loads(doc);
    kx_load mode = mode_of(loads);
    if (mode == KX_LOAD_NONE)
        return refuse(doc, relation);
    if (mode == KX_LOAD_ONE || loads->peers == NULL)
        return count_load(doc, relation);
    return load_for_peers(txn, loads, relation);
}

int kx_relation__loaded(const kx_doc *doc, const char *name, kx_doc *const **docs, size_t *count)
{
    const kx_loaded_set *set = kx_relation__loaded_set(doc, name);
    if (set == NULL)
        return kx_base__fail_at(KX_NOTFOUND, doc->collection->name, name, NULL, NULL,
                                "%s.%s was not loaded with this document", doc->collection->name, name);
    *docs = set->docs;
    *count = set->count;
    return KX_OK;
}
