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

/* Each once. Ids that come from an index often ascend already. */
static size_t sort_ids(uint64_t *ids, size_t count)
{
    size_t kept = 0, ascending = 1;
    while (ascending < count && ids[ascending - 1] <= ids[ascending])
        ascending++;
    if (ascending < count)
        qsort(ids, count, sizeof *ids, kx_relation__compare_ids);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || ids[i] != ids[i - 1])
            ids[kept++] = ids[i];
    }
    return kept;
}

/* `hint` is where the last one was found: the next one is often the same one, or the one behind it. */
static kx_doc *target_of(const targets *found, uint64_t id, size_t *hint)
{
    for (size_t at = *hint; at < found->count && at <= *hint + 1; at++) {
        if (found->ids[at] == id)
            return found->docs[*hint = at];
    }
    const uint64_t *at = found->count > 0 ? bsearch(&id, found->ids, found->count, sizeof id, kx_relation__compare_ids) : NULL;
    if (at == NULL)
        return NULL;
    *hint = (size_t)(at - found->ids);
    return found->docs[*hint];
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

/* ---- keys: each once, in order ---------------------------------------------------------------- *
 * An entry's tag is the document's position; its id is the target's, UINT64_MAX while it is not known or where there is none. */

/* A primary key is the id. *id: UINT64_MAX where the value can be none. */
static int id_key(const kx_value *value, kx_key *key, uint64_t *id)
{
    if (!kx_collection__value_as_id(value, id))
        *id = UINT64_MAX;
    kx_key__add_id(key, *id);
    return key->rc;
}

/* A key that was shortened is looked up alone, and is no key of the pass: it has no bytes. */
static int entry_key(kx_txn *txn, const kx_cat_relation *relation, const kx_value *values, kx_key *key, uint64_t *id)
{
    bool exact;
    int rc = kx_collection__index_key(relation->index, values, key, &exact);
    if (rc != KX_OK || exact)
        return rc;
    kx_key__clear(key);
    rc = kx_collection__lookup(txn, relation->target, relation->index, values, id);
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

/* Nothing for a document without a key. */
static int add_key(kx_txn *txn, const kx_cat_relation *relation, const kx_doc *doc, size_t position, kx_entries *wanted)
{
    kx_value values[KX_CATALOG_KEY_PARTS];
    kx_key key;
    uint64_t id = UINT64_MAX;
    int rc;
    if (!kx_relation__values(doc->bytes, &relation->local, values))
        return KX_OK;
    kx_key__init(&key);
    if (relation->index->primary)
        rc = id_key(values, &key, &id);
    else
        rc = entry_key(txn, relation, values, &key, &id);
    if (rc == KX_OK)
        rc = kx_collection__entries_add(wanted, &key, id, position);
    kx_key__free(&key);
    return rc;
}

static bool is_key(const kx_entry *entry, kx_slice key)
{
    return entry->size == key.size && memcmp(entry->key, key.data, key.size) == 0;
}

/* The ids of all keys by one pass over the index. */
static int look_up_all(kx_txn *txn, const kx_cat_relation *relation, kx_arena *arena, kx_entries *wanted)
{
    kx_slice *keys = kx_arena__alloc(arena, kx_base__times(wanted->count, sizeof *keys));
    uint64_t *ids = kx_arena__alloc(arena, kx_base__times(wanted->count, sizeof *ids));
    size_t distinct = 0, at = 0;
    if (keys == NULL || ids == NULL)
        return kx_base__nomem();
    for (size_t i = 0; i < wanted->count; i++) {
        const kx_entry *entry = &wanted->items[i];
        if (entry->size > 0 && (distinct == 0 || !is_key(entry, keys[distinct - 1])))
            keys[distinct++] = kx_slice_of(entry->key, entry->size);
    }
    int rc = kx_store__entry_get_many(txn->store, relation->index->table, keys, distinct, ids);
    for (size_t i = 0; i < wanted->count && rc == KX_OK; i++) {
        kx_entry *entry = &wanted->items[i];
        if (entry->size == 0)
            continue;
        at += !is_key(entry, keys[at]);
        entry->id = ids[at];
    }
    return rc;
}

/* ---- one document each -------------------------------------------------------------------------- */

/* One that leads nowhere is remembered too, where that is no error. */
static int remember_all(kx_txn *txn, const kx_cat_relation *relation, kx_doc *const *docs, const kx_entries *wanted,
                        const targets *found)
{
    uint32_t writes = kx_collection__writes_to(txn, relation->target->number);
    bool optional = relation->declared.optional || relation->declared.kind == KX_RELATED_ONE;
    size_t hint = 0;
    int rc = KX_OK;
    for (size_t i = 0; i < wanted->count && rc == KX_OK; i++) {
        const kx_entry *entry = &wanted->items[i];
        kx_doc *doc = docs[entry->tag];
        kx_doc *target = entry->id != UINT64_MAX ? target_of(found, entry->id, &hint) : NULL;
        if (target != NULL || optional)
            rc = kx_relation__remember(doc, relation->declared.name, doc->bytes, &relation->local, target, writes);
    }
    return rc;
}

/* Of several documents with the same target one id is enough. */
static int read_wanted(kx_txn *txn, const kx_cat_relation *relation, kx_arena *arena, const kx_entries *wanted,
                       uint32_t result, targets *found)
{
    uint64_t *ids = kx_arena__alloc(arena, kx_base__times(wanted->count, sizeof *ids));
    size_t known = 0;
    if (ids == NULL)
        return kx_base__nomem();
    for (size_t i = 0; i < wanted->count; i++) {
        uint64_t id = wanted->items[i].id;
        if (id != UINT64_MAX && (known == 0 || ids[known - 1] != id))
            ids[known++] = id;
    }
    return read_targets(txn, relation->target, ids, known, result, found);
}

static int list_keys(kx_txn *txn, const kx_cat_relation *relation, kx_doc *const *docs, size_t count,
                     kx_entries *wanted)
{
    int rc = KX_OK;
    for (size_t i = 0; i < count && rc == KX_OK; i++)
        rc = add_key(txn, relation, docs[i], i, wanted);
    return rc == KX_OK ? kx_collection__entries_sort(wanted) : rc;
}

static int load_ones(kx_txn *txn, kx_load_plan *plan, const kx_load_node *node, kx_doc *const *docs, size_t count)
{
    const kx_cat_relation *relation = node->relation;
    kx_arena arena = {0};
    kx_entries wanted = {0};
    targets found = {0};
    int rc = list_keys(txn, relation, docs, count, &wanted);
    if (rc == KX_OK && wanted.count > 0 && !relation->index->primary)
        rc = look_up_all(txn, relation, &arena, &wanted);
    if (rc == KX_OK && wanted.count > 0)
        rc = read_wanted(txn, relation, &arena, &wanted, docs[0]->result, &found);
    if (rc == KX_OK)
        rc = remember_all(txn, relation, docs, &wanted, &found);
    if (rc == KX_OK)
        rc = go_on(txn, plan, node, &found);
    free_targets(&found);
    kx_collection__entries_free(&wanted);
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
    for (size_t i = 0, at = 0, hint = 0; i < count && rc == KX_OK; i++) {
        size_t size = 0;
        for (; at < list->ends[i] && rc == KX_OK; at++) {
            kx_doc *member = target_of(found, list->ids[at], &hint);
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
