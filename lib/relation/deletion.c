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

/* 1: somebody else has the key too, and stays, or will be looked at later. */
static int comes_before(void *context, uint64_t id)
{
    const holder_walk *walk = context;
    size_t slot = slot_of(walk->work, (uint32_t)walk->reference->to->position, id);
    return walk->work->slots[slot] != 0 && walk->work->slots[slot] - 1 <= walk->entry ? 0 : 1;
}

static bool acts(const kx_cat_reference *reference)
{
    return reference->on_delete != KX_DO_NOTHING || reference->deferred;
}

/* When the last document with a key goes: the last one to be looked at, and no other, finds all others gone before it. */
static int take_holders(kx_delete_work *work, const kx_cat_reference *reference, uint32_t entry, const kx_value *values)
{
    holder_walk walk = {work, reference, entry};
    const kx_cat_index *target = reference->target_index;
    kx_query_bound bound = {.index = target, .values = values, .count = reference->targets->count};
    bool shared = !target->unique && !target->primary;
    int rc = shared ? kx_query__each(work->txn, reference->to, &bound, comes_before, &walk) : 0;
    if (rc != 0)
        return rc < 0 ? rc : KX_OK;
    bound.index = reference->index;
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
            rc = take_holders(work, collection->incoming[i], entry, values);
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
