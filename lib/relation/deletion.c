/*
 * deletion.c -- what goes, what changes and what stands in the way when a document is deleted.
 *
 * Holders of a document's key are found by index entries. A document is read only where something refers to its collection
 * by another key than the id; what nothing refers to is not looked at at all.
 */
#include <stdlib.h>
#include <string.h>

#include <lmdbkenobix/schema.h>

#include "relation/deletion.h"

/* ---- documents found so far ------------------------------------------------------------- */

static size_t hash_of(uint32_t collection, uint64_t id)
{
    uint64_t mixed = (id + 0x9e3779b97f4a7c15u * (collection + 1)) * 0xff51afd7ed558ccdu;
    return (size_t)(mixed ^ mixed >> 32);
}

static size_t slot_of(const kx_delete_work *work, uint32_t collection, uint64_t id)
{
    size_t mask = work->slot_count - 1, i = hash_of(collection, id) & mask;
    for (; work->slots[i] != 0; i = (i + 1) & mask) {
        const kx_gone *gone = &work->gone[work->slots[i] - 1];
        if (gone->id == id && gone->collection == collection)
            break;
    }
    return i;
}

bool kx_relation__is_gone(const kx_delete_work *work, const kx_cat_collection *collection, uint64_t id)
{
    return work->slots[slot_of(work, (uint32_t)collection->position, id)] != 0;
}

static int grow_slots(kx_delete_work *work)
{
    if (2 * (work->gone_count + 1) <= work->slot_count)
        return KX_OK;
    size_t count = work->slot_count > 0 ? 2 * work->slot_count : 64;
    uint32_t *slots = kx_base__zalloc(kx_base__times(count, sizeof *slots));
    if (slots == NULL)
        return kx_base__nomem();
    kx_base__free(work->slots);
    work->slots = slots;
    work->slot_count = count;
    for (size_t i = 0; i < work->gone_count; i++)
        slots[slot_of(work, work->gone[i].collection, work->gone[i].id)] = (uint32_t)i + 1;
    return KX_OK;
}

static int add_gone(kx_delete_work *work, const kx_cat_collection *collection, uint64_t id, uint32_t parent,
                    const kx_cat_reference *reference)
{
    int rc = grow_slots(work);
    if (rc != KX_OK)
        return rc;
    size_t slot = slot_of(work, (uint32_t)collection->position, id);
    if (work->slots[slot] != 0)
        return KX_OK;
    if (work->gone_count == UINT32_MAX - 1)
        return kx_base__fail(KX_LIMIT, "a delete of more than %u documents", UINT32_MAX - 1);
    if (work->gone_count == work->gone_room) {
        size_t room = work->gone_room > 0 ? 2 * work->gone_room : 16;
        kx_gone *longer = kx_base__realloc(work->gone, kx_base__times(room, sizeof *longer));
        if (longer == NULL)
            return kx_base__nomem();
        work->gone = longer;
        work->gone_room = room;
    }
    work->gone[work->gone_count++] = (kx_gone){id, (uint32_t)collection->position, parent, reference};
    work->slots[slot] = (uint32_t)work->gone_count;
    return KX_OK;
}

static int add_touched(kx_delete_work *work, const kx_touched *touched)
{
    if (work->touched_count == work->touched_room) {
        size_t room = work->touched_room > 0 ? 2 * work->touched_room : 16;
        kx_touched *longer = kx_base__realloc(work->touched, kx_base__times(room, sizeof *longer));
        if (longer == NULL)
            return kx_base__nomem();
        work->touched = longer;
        work->touched_room = room;
    }
    work->touched[work->touched_count++] = *touched;
    return KX_OK;
}

/* ---- one reference of one document ---------------------------------------------------------- */

typedef struct holder_walk {
    kx_delete_work *work;
    const kx_cat_reference *reference;
    uint32_t entry;
} holder_walk;

static int take_holder(void *context, uint64_t id)
{
    const holder_walk *walk = context;
    const kx_cat_reference *reference = walk->reference;
    if (reference->on_delete == KX_CASCADE)
        return add_gone(walk->work, reference->from, id, walk->entry, reference);
    return add_touched(walk->work, &(kx_touched){reference, id, walk->entry, reference->on_delete});
}

/* ---- keys that several documents have ---------------------------------------------------------- *
 * What hangs on such a key is looked at with the last of them, in the order of the list. To find out which one that is costs a walk over
 * all of them, so it is remembered until its turn comes.                                            */

/* Position in the list; SIZE_MAX: it stays. */
static size_t turn_of(const kx_delete_work *work, const kx_cat_reference *reference, uint64_t id)
{
    size_t slot = slot_of(work, (uint32_t)reference->to->position, id);
    return work->slots[slot] != 0 ? work->slots[slot] - 1 : SIZE_MAX;
}

enum { WITNESSES = 512 };

/* Equal keys have equal hashes, 1 and 1.0 too; others may. */
static uint64_t hash_value(const kx_value *value, uint64_t seed)
{
    double number = value->type == KX_TYPE_REAL ? value->real + 0.0 : (double)value->integer;
    if (value->type == KX_TYPE_UINT)
        number = (double)(uint64_t)value->integer;
    if (value->type == KX_TYPE_TEXT || value->type == KX_TYPE_BINARY)
        return kx_base__hash64(value->data, value->size, seed);
    return kx_base__hash64(&number, sizeof number, seed);
}

static kx_witness *witness_of(kx_delete_work *work, const kx_cat_reference *reference, const kx_value *values)
{
    uint64_t hash = kx_base__hash64(&reference, sizeof(void *), 0);
    for (size_t i = 0; i < reference->targets->count; i++)
        hash = hash_value(&values[i], hash);
    if (work->witnesses == NULL)
        work->witnesses = kx_base__zalloc(WITNESSES * sizeof *work->witnesses);
    return work->witnesses != NULL ? &work->witnesses[hash % WITNESSES] : NULL;
}

static bool is_known(const kx_delete_work *work, const kx_witness *witness, const kx_cat_reference *reference,
                     uint32_t entry, const kx_value *values)
{
    kx_value known[KX_CATALOG_KEY_PARTS];
    if (witness->reference != reference || turn_of(work, reference, witness->id) <= entry)
        return false;
    kx_relation__held_values(&witness->key, known);
    return kx_relation__same_values(known, values, witness->key.count);
}

typedef struct last_walk {
    const kx_delete_work *work;
    const kx_cat_reference *reference;
    size_t turn;
    uint64_t id;
} last_walk;

/* 1: it stays, which no other can outdo. */
static int see_turn(void *context, uint64_t id)
{
    last_walk *walk = context;
    size_t turn = turn_of(walk->work, walk->reference, id);
    if (turn >= walk->turn) {
        walk->turn = turn;
        walk->id = id;
    }
    return turn == SIZE_MAX ? 1 : 0;
}

/* Is this entry the last one that has its key? */
static int is_last(kx_delete_work *work, const kx_cat_reference *reference, uint32_t entry, kx_slice document,
                   const kx_value *values, bool *last)
{
    kx_query_bound bound = {.index = reference->target_index, .values = values, .count = reference->targets->count};
    last_walk walk = {.work = work, .reference = reference};
    kx_witness *witness = witness_of(work, reference, values);
    if (witness == NULL)
        return kx_base__nomem();
    *last = false;
    if (is_known(work, witness, reference, entry, values))
        return KX_OK;
    int rc = kx_query__each(work->txn, reference->to, &bound, see_turn, &walk);
    if (rc < 0)
        return rc;
    *last = walk.turn <= entry;
    kx_buf__free(&witness->key.bytes);
    witness->reference = reference;
    witness->id = walk.id;
    return kx_relation__hold_key(document, reference->targets, &witness->key);
}

static bool acts(const kx_cat_reference *reference)
{
    return reference->on_delete != KX_DO_NOTHING || reference->deferred;
}

/* When the last document with a key goes. */
static int take_holders(kx_delete_work *work, const kx_cat_reference *reference, uint32_t entry, kx_slice document,
                        const kx_value *values)
{
    holder_walk walk = {work, reference, entry};
    const kx_cat_index *target = reference->target_index;
    kx_query_bound bound = {.index = reference->index, .values = values, .count = reference->targets->count};
    bool last = true;
    int rc = KX_OK;
    if (!target->unique && !target->primary)
        rc = is_last(work, reference, entry, document, values, &last);
    if (rc != KX_OK || !last)
        return rc;
    return kx_query__each(work->txn, reference->from, &bound, take_holder, &walk);
}

static int read_document(kx_delete_work *work, const kx_cat_collection *collection, uint64_t id, kx_slice *document)
{
    kx_slice row;
    if (document->data != NULL)
        return KX_OK;
    int rc = kx_store__row_get(work->txn->store, collection->number, id, &row);
    return rc == KX_OK ? kx_collection__document_of(work->txn->db, collection, id, row, document) : rc;
}

/* The key of an entry; false in *has where a part is null. A primary key is the id. */
static int key_of(kx_delete_work *work, const kx_cat_reference *reference, uint64_t id, kx_slice *document,
                  kx_value *values, bool *has)
{
    const kx_cat_key *key = reference->targets;
    *has = true;
    if (reference->target_index->primary) {
        values[0] = id <= INT64_MAX ? kx_int((int64_t)id) : kx_uint(id);
        return KX_OK;
    }
    int rc = read_document(work, reference->to, id, document);
    for (size_t i = 0; i < key->count && rc == KX_OK && *has; i++) {
        kx_collection__part_value(*document, &key->parts[i], &values[i]);
        *has = values[i].type != KX_TYPE_NONE && values[i].type != KX_TYPE_NULL;
    }
    return rc;
}

static int look_at(kx_delete_work *work, uint32_t entry)
{
    const kx_cat_collection *collection = &work->txn->catalog->collections[work->gone[entry].collection];
    uint64_t id = work->gone[entry].id;
    kx_slice document = {0};
    int rc = KX_OK;
    for (size_t i = 0; i < collection->incoming_count && rc == KX_OK; i++) {
        kx_value values[KX_CATALOG_KEY_PARTS];
        bool has;
        if (!acts(collection->incoming[i]))
            continue;
        rc = key_of(work, collection->incoming[i], id, &document, values, &has);
        if (rc == KX_OK && has)
            rc = take_holders(work, collection->incoming[i], entry, document, values);
    }
    return rc;
}

/* ---- the whole ----------------------------------------------------------------------------------- */

bool kx_relation__blocks(const kx_touched *touched)
{
    return touched->action == KX_RESTRICT || touched->action == KX_PROTECT;
}

/* What is deleted need not be changed, and does not restrict; it protects all the same. */
static void leave_out_gone(kx_delete_work *work)
{
    size_t kept = 0;
    for (size_t i = 0; i < work->touched_count; i++) {
        const kx_touched *touched = &work->touched[i];
        if (touched->action == KX_PROTECT || !kx_relation__is_gone(work, touched->reference->from, touched->id))
            work->touched[kept++] = *touched;
    }
    work->touched_count = kept;
}

int kx_relation__plan_delete(kx_delete_work *work, kx_txn *txn, const kx_cat_collection *collection,
                             const uint64_t *ids, size_t count)
{
    *work = (kx_delete_work){.txn = txn};
    int rc = KX_OK;
    for (size_t i = 0; i < count && rc == KX_OK; i++)
        rc = add_gone(work, collection, ids[i], 0, NULL);
    for (size_t entry = 0; entry < work->gone_count && rc == KX_OK; entry++)
        rc = look_at(work, (uint32_t)entry);
    if (rc == KX_OK)
        leave_out_gone(work);
    return rc;
}

void kx_relation__free_delete(kx_delete_work *work)
{
    kx_base__free(work->gone);
    kx_base__free(work->slots);
    kx_base__free(work->touched);
    for (size_t i = 0; i < WITNESSES && work->witnesses != NULL; i++)
        kx_buf__free(&work->witnesses[i].key.bytes);
    kx_base__free(work->witnesses);
}

/* ---- in words ----------------------------------------------------------------------------------------- */

enum { SHOWN = 32, FARTHEST = 4096 };

static void append_entry(const kx_delete_work *work, const kx_gone *gone, kx_buf *out)
{
    const kx_cat_reference *reference = gone->reference;
    if (reference == NULL)
        kx_buf__print(out, "%s %llu", work->txn->catalog->collections[gone->collection].name,
                      (unsigned long long)gone->id);
    else if (reference->link)
        kx_buf__print(out, " <- %s %llu", reference->from->name, (unsigned long long)gone->id);
    else
        kx_buf__print(out, " <- %s.%s %llu", reference->from->name, reference->relation->declared.name,
                      (unsigned long long)gone->id);
}

/* The last SHOWN steps of a long way, and its beginning where that is not too far to be looked for. */
void kx_relation__path_of(const kx_delete_work *work, const kx_touched *touched, kx_buf *out)
{
    uint32_t way[SHOWN];
    size_t count = 0;
    uint32_t at = touched->parent;
    size_t steps = 0;
    for (; work->gone[at].reference != NULL && steps < FARTHEST; at = work->gone[at].parent, steps++) {
        if (count < SHOWN)
            way[count++] = at;
    }
    if (work->gone[at].reference == NULL)
        append_entry(work, &work->gone[at], out);
    if (steps > SHOWN)
        kx_buf__text(out, work->gone[at].reference == NULL ? " <- ..." : "...");
    while (count-- > 0)
        append_entry(work, &work->gone[way[count]], out);
    append_entry(work, &(kx_gone){.id = touched->id, .reference = touched->reference}, out);
}

int kx_relation__restricted(const kx_delete_work *work, size_t blockers, const kx_touched *first)
{
    const kx_cat_collection *root = &work->txn->catalog->collections[work->gone[0].collection];
    const kx_cat_relation *relation = first->reference->relation;
    kx_buf path = {0};
    kx_relation__path_of(work, first, &path);
    kx_buf__byte(&path, '\0');
    int rc = path.rc;
    if (rc == KX_OK && blockers == 1)
        rc = kx_base__fail_at(KX_RESTRICTED, root->name, relation->declared.name, &work->gone[0].id, NULL,
                              "%s.%s (%s) stands in the way: %s", relation->owner->name, relation->declared.name,
                              kx_action_name(first->action), (const char *)path.data);
    else if (rc == KX_OK)
        rc =
            kx_base__fail_at(KX_RESTRICTED, root->name, relation->declared.name, &work->gone[0].id, NULL,
                             "%s.%s (%s) stands in the way: %s; %zu documents in all", relation->owner->name,
                             relation->declared.name, kx_action_name(first->action), (const char *)path.data, blockers);
    kx_buf__free(&path);
    return rc;
}
