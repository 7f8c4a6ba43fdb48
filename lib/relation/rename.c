/*
 * rename.c -- keys that are referred to and change: what their holders do (on_update).
 *
 * Usually no key changes, and a write is a write. Where the guard sees one change it refuses with a code of this room's; the
 * write is then made again in a child, followed by what the changed keys ask for, which may change further keys.
 */
#include "relation/integrity.h"

/* ---- noting ------------------------------------------------------------------------------- */

static bool acts(const kx_cat_reference *reference)
{
    return reference->on_update != KX_DO_NOTHING || reference->deferred;
}

static bool has_changed(const kx_cat_reference *reference, const kx_write_op *op)
{
    kx_value was[KX_CATALOG_KEY_PARTS];
    return kx_relation__values(op->before, reference->targets, was) &&
           !kx_relation__has_key(op->after, reference->targets, was);
}

static kx_slice keep(kx_arena *arena, kx_slice item)
{
    return kx_slice_of(item.size > 0 ? kx_arena__copy(arena, item.data, item.size) : NULL, item.size);
}

static int note(kx_guarded *guarded, const kx_cat_reference *reference, const kx_write_op *op)
{
    if (guarded->renamed_count == guarded->renamed_room) {
        size_t room = guarded->renamed_room > 0 ? 2 * guarded->renamed_room : 4;
        kx_renamed *longer = kx_base__realloc(guarded->renamed, kx_base__times(room, sizeof *longer));
        if (longer == NULL)
            return kx_base__nomem();
        guarded->renamed = longer;
        guarded->renamed_room = room;
    }
    kx_renamed *renamed = &guarded->renamed[guarded->renamed_count];
    renamed->reference = reference;
    for (size_t i = 0; i < reference->targets->count; i++) {
        const kx_cat_part *part = &reference->targets->parts[i];
        kx_slice was = keep(&guarded->arena, kx_collection__part_item(op->before, part));
        kx_slice after = kx_collection__part_item(op->after, part);
        renamed->now[i] = keep(&guarded->arena, after);
        if (was.data == NULL || (after.size > 0 && renamed->now[i].data == NULL))
            return kx_base__nomem();
        kx_document__value(was, &renamed->was[i]);
    }
    guarded->renamed_count++;
    return KX_OK;
}

int kx_relation__note_renames(kx_txn *txn, const kx_cat_collection *collection, const kx_write_op *op)
{
    int rc = KX_OK;
    for (size_t i = 0; i < collection->incoming_count && rc == KX_OK; i++) {
        const kx_cat_reference *reference = collection->incoming[i];
        if (!acts(reference) || !has_changed(reference, op))
            continue;
        kx_guarded *guarded = txn->top->guarded;
        rc = guarded != NULL && guarded->renames ? note(guarded, reference, op) : KX_RELATION_RENAMED;
    }
    return rc;
}

/* ---- acting ---------------------------------------------------------------------------------- */

static int push(void *context, uint64_t id)
{
    return kx_relation__push_id(context, id);
}

static int stop(void *context, uint64_t id)
{
    (void)context;
    (void)id;
    return 1;
}

static int restricted(const kx_renamed *renamed, const kx_id_list *holders)
{
    const kx_cat_reference *reference = renamed->reference;
    const kx_cat_relation *relation = reference->relation;
    kx_buf key = {0};
    kx_relation__key_text(reference->targets, renamed->was, &key);
    kx_buf__byte(&key, '\0');
    int rc = key.rc;
    if (rc == KX_OK)
        rc = kx_base__fail_at(KX_RESTRICTED, reference->to->name, relation->declared.name, NULL, NULL,
                              "%s.%s (restrict) stands in the way: document %llu of %s refers to %s; %zu in all",
                              relation->owner->name, relation->declared.name, (unsigned long long)holders->ids[0],
                              reference->from->name, (const char *)key.data, holders->count);
    kx_buf__free(&key);
    return rc;
}

static int change_holder(kx_txn *txn, const kx_renamed *renamed, uint64_t id)
{
    static const uint8_t nil[] = {0xc0};
    const kx_cat_reference *reference = renamed->reference;
    kx_change changes[KX_CATALOG_KEY_PARTS];
    for (size_t i = 0; i < reference->keys->count; i++) {
        const char *path = reference->keys->parts[i].text;
        const kx_cat_field *field = kx_catalog__field(reference->from, path);
        changes[i] = (kx_change){.kind = KX_CHANGE_SET, .path = path, .item = {nil, sizeof nil}};
        if (reference->on_update == KX_CASCADE && renamed->now[i].size > 0)
            changes[i].item = renamed->now[i];
        else if (reference->on_update == KX_SET_DEFAULT && field != NULL)
            changes[i].item = field->initial_item;
    }
    return kx_collection__change_stored(txn, reference->from, id, changes, reference->keys->count);
}

static int act_on(kx_txn *txn, const kx_renamed *renamed, const kx_id_list *holders)
{
    int rc = KX_OK;
    if (renamed->reference->on_update == KX_RESTRICT && holders->count > 0)
        return restricted(renamed, holders);
    for (size_t i = 0; i < holders->count && rc == KX_OK; i++) {
        if (renamed->reference->on_update == KX_DO_NOTHING)
            rc = kx_relation__check_later(txn, renamed->reference, holders->ids[i]);
        else
            rc = change_holder(txn, renamed, holders->ids[i]);
        if (rc == KX_OK && renamed->reference->on_update == KX_SET_DEFAULT)
            rc = kx_relation__check_default(txn, renamed->reference, holders->ids[i]);
    }
    return rc;
}

/* Where another document still has the old key, nothing happens. The list of what was renamed may grow and move meanwhile. */
static int act(kx_txn *txn, kx_renamed renamed)
{
    const kx_cat_reference *reference = renamed.reference;
    kx_id_list holders = {0};
    kx_query_bound bound = {
        .index = reference->target_index, .values = renamed.was, .count = reference->targets->count};
    int rc = kx_query__each(txn, reference->to, &bound, stop, NULL);
    if (rc != 0)
        return rc < 0 ? rc : KX_OK;
    bound.index = reference->index;
    rc = kx_query__each(txn, reference->from, &bound, push, &holders);
    if (rc == KX_OK)
        rc = act_on(txn, &renamed, &holders);
    kx_base__free(holders.ids);
    return rc;
}

/* ---- a write, and what follows from it ------------------------------------------------------------ */

typedef int write_call(kx_txn *txn, void *context);

static int write_and_act(kx_txn *txn, kx_guarded *guarded, write_call *write, void *context)
{
    guarded->renames = true;
    int rc = write(txn, context);
    for (size_t i = 0; i < guarded->renamed_count && rc == KX_OK; i++)
        rc = act(txn, guarded->renamed[i]);
    guarded->renames = false;
    guarded->renamed_count = 0;
    kx_arena__free(&guarded->arena);
    return rc;
}

static int write_through(kx_txn *txn, write_call *write, void *context)
{
    kx_txn *inner;
    int rc = write(txn, context);
    if (rc != KX_RELATION_RENAMED)
        return rc;
    kx_guarded *guarded = kx_relation__guarded(txn);
    rc = guarded != NULL ? kx_collection__child(txn, &inner) : KX_NOMEM;
    if (rc != KX_OK)
        return rc;
    rc = write_and_act(inner, guarded, write, context);
    if (rc == KX_OK)
        return kx_collection__commit(inner);
    kx_collection__abort(inner);
    return rc;
}

typedef struct call {
    const kx_cat_collection *collection;
    kx_doc *doc;
    uint64_t id;
    kx_slice bytes;
    const kx_change *changes;
    size_t count;
} call;

static int save(kx_txn *txn, void *context)
{
    (void)txn;
    return kx_collection__doc_save(((call *)context)->doc);
}

static int put(kx_txn *txn, void *context)
{
    const call *it = context;
    return kx_collection__put(txn, it->collection, it->id, it->bytes);
}

static int patch(kx_txn *txn, void *context)
{
    const call *it = context;
    return kx_collection__patch(txn, it->collection, it->id, it->bytes);
}

static int change(kx_txn *txn, void *context)
{
    const call *it = context;
    return kx_collection__change_stored(txn, it->collection, it->id, it->changes, it->count);
}

int kx_relation__save(kx_doc *doc)
{
    return write_through(kx_collection__innermost(doc->txn), save, &(call){.doc = doc});
}

int kx_relation__put(kx_txn *txn, const kx_cat_collection *collection, uint64_t id, kx_slice bytes)
{
    return write_through(txn, put, &(call){.collection = collection, .id = id, .bytes = bytes});
}

int kx_relation__patch(kx_txn *txn, const kx_cat_collection *collection, uint64_t id, kx_slice bytes)
{
    return write_through(txn, patch, &(call){.collection = collection, .id = id, .bytes = bytes});
}

int kx_relation__change_stored(kx_txn *txn, const kx_cat_collection *collection, uint64_t id, const kx_change *changes,
                               size_t count)
{
    return write_through(txn, change, &(call){.collection = collection, .id = id, .changes = changes, .count = count});
}

/* ---- many documents ---------------------------------------------------------------------------------- */

/* The record that the first violation is of. */
static size_t record_of(const kx_record *records, size_t count, uint64_t id)
{
    size_t at = 0;
    while (at < count && records[at].id != id)
        at++;
    return at;
}

/* Keys that are not deferred are checked when all documents are in, so that these may refer to each other. */
static int insert_checked(kx_txn *txn, const kx_cat_collection *collection, kx_record *records, size_t count,
                          size_t *failed)
{
    kx_guarded *guarded = kx_relation__guarded(txn);
    if (guarded == NULL)
        return KX_NOMEM;
    size_t from = guarded->due_count, kept = from;
    guarded->collects = true;
    int rc = kx_collection__insert_many(txn, collection, records, count, failed);
    guarded->collects = false;
    if (rc != KX_OK)
        return rc;
    rc = kx_relation__check_due(txn, from, false);
    if (rc == KX_DANGLING)
        *failed = record_of(records, count, guarded->violations[0].id);
    for (size_t i = from; i < guarded->due_count; i++) {
        if (guarded->due[i].reference->deferred)
            guarded->due[kept++] = guarded->due[i];
    }
    guarded->due_count = kept;
    return rc;
}

int kx_relation__insert_many(kx_txn *txn, const kx_cat_collection *collection, kx_record *records, size_t count,
                             size_t *failed)
{
    kx_txn *inner;
    if (!collection->has_enforced)
        return kx_collection__insert_many(txn, collection, records, count, failed);
    int rc = kx_collection__enter_write(txn, collection);
    if (rc == KX_OK)
        rc = kx_collection__child(txn, &inner);
    if (rc != KX_OK)
        return rc;
    rc = insert_checked(inner, collection, records, count, failed);
    if (rc == KX_OK)
        return kx_collection__commit(inner);
    kx_collection__abort(inner);
    return rc;
}
