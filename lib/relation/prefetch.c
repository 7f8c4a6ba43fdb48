/*
 * prefetch.c -- what belongs to many documents, one ordered pass for each level.
 *
 * A level: the keys of all documents, sorted, each once, are looked up in one pass over the target's index; the ids that
 * come out, sorted, each once, are read in one pass over the target's rows. Documents that lead to the same target share
 * one instance. So a page of a thousand orders by ten users reads ten users.
 */
#include <stdlib.h>
#include <string.h>

#include "relation/relation_impl.h"

/* ---- targets: each id once, in order, as an instance -------------------------------------- */

typedef struct targets {
    uint64_t *ids;
    kx_slice *rows;
    kx_doc **docs; /* held; NULL: there is none of that id */
    size_t count;
} targets;

static int compare_ids(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

static size_t sort_ids(uint64_t *ids, size_t count)
{
    size_t kept = 0;
    qsort(ids, count, sizeof *ids, compare_ids);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || ids[i] != ids[i - 1])
            ids[kept++] = ids[i];
    }
    return kept;
}

static kx_doc *target_of(const targets *found, uint64_t id)
{
    const uint64_t *at = found->count > 0 ? bsearch(&id, found->ids, found->count, sizeof id, compare_ids) : NULL;
    return at != NULL ? found->docs[at - found->ids] : NULL;
}

static void free_targets(targets *found)
{
    for (size_t i = 0; found->docs != NULL && i < found->count; i++)
        kx_collection__unhold(found->docs[i]);
    kx_base__free(found->ids);
    kx_base__free(found->rows);
    kx_base__free(found->docs);
}

/* Of `ids`, which are sorted here. Where nothing stands under an id the document is NULL. */
static int read_targets(kx_txn *txn, const kx_cat_collection *collection, const uint64_t *ids, size_t count,
                        uint32_t result, targets *found)
{
    found->ids = kx_base__alloc(kx_base__times(count, sizeof *ids));
    found->rows = kx_base__alloc(kx_base__times(count, sizeof *found->rows));
    found->docs = kx_base__zalloc(kx_base__times(count + 1, sizeof *found->docs));
    if (found->ids == NULL || found->rows == NULL || found->docs == NULL)
        return kx_base__nomem();
    memcpy(found->ids, ids, count * sizeof *ids);
    found->count = sort_ids(found->ids, count);
    int rc = kx_store__row_get_many(txn->store, collection->number, found->ids, found->count, found->rows);
    for (size_t i = 0; i < found->count && rc == KX_OK; i++) {
        if (found->rows[i].data == NULL)
            continue;
        rc = kx_collection__doc_of_row(txn, collection, found->ids[i], found->rows[i], &found->docs[i]);
        if (rc == KX_OK) {
            kx_collection__hold(found->docs[i]);
            found->docs[i]->result = result;
        }
    }
    return rc;
}

/* The next level, and what its documents are to know of each other. */
static int go_on(kx_txn *txn, kx_load_plan *plan, const kx_load_node *node, targets *found)
{
    size_t count = 0;
    kx_doc **docs = kx_base__alloc(kx_base__times(found->count + 1, sizeof *docs));
    if (docs == NULL)
        return kx_base__nomem();
    for (size_t i = 0; i < found->count; i++) {
        if (found->docs[i] != NULL)
            docs[count++] = found->docs[i];
    }
    int rc = count > 0 ? kx_relation__prefetch(txn, plan, node->children, docs, count) : KX_OK;
    kx_base__free(docs);
    return rc;
}

/* ---- keys: each once, in order ---------------------------------------------------------------- */

typedef struct wanted_key {
    kx_slice key; /* as the target's index has it; missing: a primary id */
    uint64_t id;  /* of the target; UINT64_MAX: there is none */
    size_t doc;
} wanted_key;

static int compare_keys(const void *a, const void *b)
{
    const wanted_key *left = a, *right = b;
    size_t size = left->key.size < right->key.size ? left->key.size : right->key.size;
    int order = size > 0 ? memcmp(left->key.data, right->key.data, size) : 0;
    if (order == 0)
        order = (left->key.size > right->key.size) - (left->key.size < right->key.size);
    return order != 0 ? order : (left->id > right->id) - (left->id < right->id);
}

/* *wanted stays as it is for a document without a key. One whose key was shortened is looked up alone. */
static int add_key(kx_txn *txn, kx_arena *arena, const kx_cat_relation *relation, const kx_doc *doc, wanted_key *wanted,
                   size_t *count)
{
    kx_value values[KX_CATALOG_KEY_PARTS];
    kx_key key;
    bool exact;
    wanted_key *next = &wanted[*count];
    if (!kx_relation__values(doc->bytes, &relation->local, values))
        return KX_OK;
    *next = (wanted_key){.id = UINT64_MAX, .doc = next->doc};
    ++*count;
    if (relation->index->primary) {
        if (!kx_collection__value_as_id(values, &next->id))
            next->id = UINT64_MAX;
        return KX_OK;
    }
    int rc = kx_collection__index_key(relation->index, values, &key, &exact);
    if (rc == KX_OK && exact) {
        next->key = kx_slice_of(kx_arena__copy(arena, key.data, key.size), key.size);
        rc = next->key.data != NULL ? KX_OK : kx_base__nomem();
    } else if (rc == KX_OK) {
        rc = kx_collection__lookup(txn, relation->target, relation->index, values, &next->id);
        rc = rc == KX_NOTFOUND ? KX_OK : rc;
    }
    kx_key__free(&key);
    return rc;
}

static bool is_same(kx_slice left, kx_slice right)
{
    return left.size == right.size && memcmp(left.data, right.data, left.size) == 0;
}

/* The ids of all keys by one pass over the index. */
static int look_up_all(kx_txn *txn, const kx_cat_relation *relation, kx_arena *arena, wanted_key *wanted, size_t count)
{
    kx_slice *keys = kx_arena__alloc(arena, kx_base__times(count, sizeof *keys));
    uint64_t *ids = kx_arena__alloc(arena, kx_base__times(count, sizeof *ids));
    size_t distinct = 0;
    if (keys == NULL || ids == NULL)
        return kx_base__nomem();
    for (size_t i = 0; i < count; i++) {
        if (wanted[i].key.data != NULL && (distinct == 0 || !is_same(wanted[i].key, keys[distinct - 1])))
            keys[distinct++] = wanted[i].key;
    }
    int rc = kx_store__entry_get_many(txn->store, relation->index->table, keys, distinct, ids);
    size_t at = 0;
    for (size_t i = 0; i < count && rc == KX_OK; i++) {
        if (wanted[i].key.data == NULL)
            continue;
        at += !is_same(wanted[i].key, keys[at]);
        wanted[i].id = ids[at];
    }
    return rc;
}

/* ---- one document each -------------------------------------------------------------------------- */

/* One that leads nowhere is remembered too, where that is no error. */
static int remember_all(kx_txn *txn, const kx_cat_relation *relation, kx_doc *const *docs, const wanted_key *wanted,
                        size_t count, const targets *found)
{
    uint32_t writes = kx_collection__writes_to(txn, relation->target->number);
    bool optional = relation->declared.optional || relation->declared.kind == KX_RELATED_ONE;
    int rc = KX_OK;
    for (size_t i = 0; i < count && rc == KX_OK; i++) {
        kx_doc *doc = docs[wanted[i].doc];
        kx_doc *target = wanted[i].id != UINT64_MAX ? target_of(found, wanted[i].id) : NULL;
        if (target != NULL || optional)
            rc = kx_relation__remember(doc, relation->declared.name, doc->bytes, &relation->local, target, writes);
    }
    return rc;
}

static int load_ones(kx_txn *txn, kx_load_plan *plan, const kx_load_node *node, kx_doc *const *docs, size_t count)
{
    const kx_cat_relation *relation = node->relation;
    kx_arena arena = {0};
    targets found = {0};
    size_t keys = 0, known = 0;
    wanted_key *wanted = kx_arena__alloc(&arena, kx_base__times(count, sizeof *wanted));
    uint64_t *ids = kx_arena__alloc(&arena, kx_base__times(count, sizeof *ids));
    int rc = wanted != NULL && ids != NULL ? KX_OK : kx_base__nomem();
    for (size_t i = 0; i < count && rc == KX_OK; i++) {
        wanted[keys].doc = i;
        rc = add_key(txn, &arena, relation, docs[i], wanted, &keys);
    }
    if (rc == KX_OK && keys > 0) {
        qsort(wanted, keys, sizeof *wanted, compare_keys);
        rc = relation->index->primary ? KX_OK : look_up_all(txn, relation, &arena, wanted, keys);
    }
    for (size_t i = 0; i < keys && rc == KX_OK; i++) {
        if (wanted[i].id != UINT64_MAX)
            ids[known++] = wanted[i].id;
    }
    if (rc == KX_OK)
        rc = read_targets(txn, relation->target, ids, known, count > 0 ? docs[0]->result : 0, &found);
    if (rc == KX_OK)
        rc = remember_all(txn, relation, docs, wanted, keys, &found);
    if (rc == KX_OK)
        rc = go_on(txn, plan, node, &found);
    free_targets(&found);
    kx_arena__free(&arena);
    return rc;
}

/* ---- sets ------------------------------------------------------------------------------------------ */

typedef struct members {
    uint64_t *ids; /* of all sets, one behind the other */
    size_t count, room;
    size_t *ends; /* of each document's */
} members;

/* The ids of one set, in its order, behind the others. */
static int list_set(const kx_load_node *node, kx_doc *doc, members *list)
{
    enum { RUN = 256 };
    kx_cursor *cursor = NULL;
    size_t count = 0;
    int rc = kx_relation__search(doc, node->relation, node->query, &cursor);
    do {
        if (rc == KX_OK && list->count + RUN > list->room) {
            size_t room = 2 * list->room + 2 * RUN;
            uint64_t *longer = kx_base__realloc(list->ids, kx_base__times(room, sizeof *longer));
            rc = longer != NULL ? KX_OK : kx_base__nomem();
            list->ids = longer != NULL ? longer : list->ids;
            list->room = longer != NULL ? room : list->room;
        }
        if (rc == KX_OK)
            rc = kx_query__ids(cursor, list->ids + list->count, RUN, &count);
        list->count += rc == KX_OK ? count : 0;
    } while (rc == KX_OK && count > 0);
    kx_query__close(cursor);
    return rc;
}

/* The members' own foreign key leads back, without a lookup. */
static int remember_owner(kx_txn *txn, const kx_cat_relation *relation, kx_doc *owner, kx_doc *member)
{
    kx_value values[KX_CATALOG_KEY_PARTS];
    if (relation->reverse == NULL || relation->declared.kind != KX_RELATED_SET || member == owner ||
        !kx_relation__values(member->bytes, &relation->remote, values))
        return KX_OK;
    const char *name = relation->reverse->declared.name;
    int rc = kx_relation__remember(member, name, member->bytes, &relation->remote, owner,
                                   kx_collection__writes_to(txn, owner->collection->number));
    if (rc == KX_OK)
        kx_relation__weaken(kx_relation__link_of(member, name));
    return rc;
}

static int give_sets(kx_txn *txn, const kx_load_node *node, kx_doc *const *docs, size_t count, const members *list,
                     const targets *found)
{
    kx_doc **set = kx_base__alloc(kx_base__times(list->count + 1, sizeof *set));
    int rc = set != NULL ? KX_OK : kx_base__nomem();
    for (size_t i = 0, at = 0; i < count && rc == KX_OK; i++) {
        size_t size = 0;
        for (; at < list->ends[i] && rc == KX_OK; at++) {
            kx_doc *member = target_of(found, list->ids[at]);
            if (member == NULL)
                continue;
            set[size++] = member;
            rc = remember_owner(txn, node->relation, docs[i], member);
        }
        if (rc == KX_OK)
            rc = kx_relation__keep_set(docs[i], node->relation, node->query == NULL, set, size);
    }
    kx_base__free(set);
    return rc;
}

static int load_sets(kx_txn *txn, kx_load_plan *plan, const kx_load_node *node, kx_doc *const *docs, size_t count)
{
    members list = {.ends = kx_base__alloc(kx_base__times(count, sizeof *list.ends))};
    targets found = {0};
    int rc = list.ends != NULL ? KX_OK : kx_base__nomem();
    for (size_t i = 0; i < count && rc == KX_OK; i++) {
        rc = list_set(node, docs[i], &list);
        list.ends[i] = list.count;
    }
    if (rc == KX_OK)
        rc = read_targets(txn, node->relation->target, list.ids, list.count, docs[0]->result, &found);
    if (rc == KX_OK)
        rc = give_sets(txn, node, docs, count, &list, &found);
    if (rc == KX_OK)
        rc = go_on(txn, plan, node, &found);
    free_targets(&found);
    kx_base__free(list.ids);
    kx_base__free(list.ends);
    return rc;
}

/* ---- all of it ----------------------------------------------------------------------------------------- *
 * Recursion goes as deep as the paths of the query, which are bounded.                                         */

int kx_relation__load(kx_txn *txn, kx_load_plan *plan, const kx_load_node *nodes, kx_doc *const *docs, size_t count)
{
    int rc = KX_OK;
    for (const kx_load_node *node = nodes; node != NULL && rc == KX_OK; node = node->next) {
        kx_relation_kind kind = node->relation->declared.kind;
        if (kind == KX_RELATED_SET || kind == KX_MANY_TO_MANY)
            rc = load_sets(txn, plan, node, docs, count);
        else
            rc = load_ones(txn, plan, node, docs, count);
    }
    return rc;
}

int kx_relation__prefetch(kx_txn *txn, kx_load_plan *plan, const kx_load_node *nodes, kx_doc *const *docs, size_t count)
{
    int rc = kx_relation__introduce(plan, nodes, docs, count);
    return rc == KX_OK ? kx_relation__load(txn, plan, nodes, docs, count) : rc;
}
