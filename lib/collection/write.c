/*
 * write.c -- the one function that every change to a document passes.
 *
 * It works out which index entries go and which come, checks what can be refused, tells whoever walks the collection, and only then
 * writes: the row, then its entries. What fails after the first write is the store's (map full, device): it leaves a transaction that
 * can only be aborted.
 */
#include <string.h>

#include "collection/collection_impl.h"

/* ---- entries of the write under way ------------------------------------------------ */

typedef struct pending_entry {
    const kx_cat_index *index;
    size_t at, size;
    bool has_null;
} pending_entry;

typedef struct kx_pending {
    kx_buf keys;
    pending_entry *items;
    size_t count, room, removes; /* the first `removes` go, the rest come */
} kx_pending;

void kx_collection__pending_free(kx_txn *top)
{
    if (top->pending == NULL)
        return;
    kx_buf__free(&top->pending->keys);
    kx_base__free(top->pending->items);
    kx_base__free(top->pending);
    top->pending = NULL;
}

static kx_pending *start_pending(kx_txn *top)
{
    if (top->pending == NULL)
        top->pending = kx_base__zalloc(sizeof *top->pending);
    if (top->pending != NULL) {
        kx_buf__clear(&top->pending->keys);
        top->pending->count = top->pending->removes = 0;
    }
    return top->pending;
}

static int note_key(void *context, const kx_cat_index *index, kx_key *key)
{
    kx_pending *pending = context;
    if (pending->count == pending->room) {
        size_t room = pending->room != 0 ? pending->room * 2 : 16;
        pending_entry *items = kx_base__realloc(pending->items, kx_base__times(room, sizeof *items));
        if (items == NULL)
            return kx_base__nomem();
        pending->items = items;
        pending->room = room;
    }
    pending->items[pending->count++] =
        (pending_entry){.index = index, .at = pending->keys.size, .size = key->size, .has_null = key->has_null};
    kx_buf__append(&pending->keys, key->data, key->size);
    return pending->keys.rc;
}

static kx_slice key_of(const kx_pending *pending, const pending_entry *entry)
{
    return kx_slice_of(pending->keys.data + entry->at, entry->size);
}

/* By index, then key: the order in which the entries of either version were noted. */
static int compare_entries(const kx_pending *pending, const pending_entry *left, const pending_entry *right)
{
    if (left->index != right->index)
        return left->index < right->index ? -1 : 1;
    int order = memcmp(pending->keys.data + left->at, pending->keys.data + right->at,
                       left->size < right->size ? left->size : right->size);
    return order != 0 ? order : (left->size > right->size) - (left->size < right->size);
}

/* Entries that both versions have stay: take them out of both lists. */
static void drop_common(kx_pending *pending)
{
    pending_entry *items = pending->items;
    size_t gone = 0, come = pending->removes, kept = 0, removes = pending->removes;
    while (gone < removes && come < pending->count) {
        int order = compare_entries(pending, &items[gone], &items[come]);
        if (order == 0)
            items[gone].index = items[come].index = NULL;
        gone += order <= 0;
        come += order >= 0;
    }
    for (size_t i = 0; i < pending->count; i++) {
        if (i == removes)
            pending->removes = kept;
        if (items[i].index != NULL)
            items[kept++] = items[i];
    }
    pending->count = kept;
}

/* A key is made of its parts' items and the id alone: where these have the same bytes, so has the key. In a partial index
   the rest of the document says whether there is one. */
static bool keeps_key(const kx_cat_index *index, const kx_write_op *op)
{
    if (index->multi || index->where != NULL || op->before.data == NULL || op->after.data == NULL)
        return false;
    for (size_t i = 0; i < index->count; i++) {
        kx_slice was = kx_collection__part_item(op->before, &index->parts[i]);
        kx_slice is = kx_collection__part_item(op->after, &index->parts[i]);
        if (was.size != is.size || (was.size > 0 && memcmp(was.data, is.data, was.size) != 0))
            return false;
    }
    return true;
}

enum { MARKED = 64 };

/* A bit for each of the first indexes whose keys stay. */
static uint64_t mark_kept(const kx_cat_collection *collection, const kx_write_op *op)
{
    uint64_t kept = 0;
    for (size_t i = 0; i < collection->index_count && i < MARKED; i++)
        kept |= (uint64_t)keeps_key(&collection->indexes[i], op) << i;
    return kept;
}

static int collect_keys(const kx_cat_collection *collection, uint64_t kept, uint64_t id, kx_slice document,
                        kx_pending *pending)
{
    int rc = KX_OK;
    for (size_t i = 0; i < collection->index_count && rc == KX_OK && document.data != NULL; i++) {
        if (i >= MARKED || (kept >> i & 1) == 0)
            rc = kx_collection__keys(collection, &collection->indexes[i], id, document, note_key, pending);
    }
    return rc;
}

static int collect(const kx_cat_collection *collection, const kx_write_op *op, kx_pending *pending)
{
    uint64_t kept = mark_kept(collection, op);
    int rc = collect_keys(collection, kept, op->id, op->before, pending);
    pending->removes = pending->count;
    if (rc == KX_OK)
        rc = collect_keys(collection, kept, op->id, op->after, pending);
    if (rc == KX_OK && pending->removes != 0 && pending->count != pending->removes)
        drop_common(pending);
    return rc;
}

/* ---- checks --------------------------------------------------------------------------- */

static int check_unique(kx_txn *txn, const kx_cat_collection *collection, const kx_write_op *op,
                        const kx_pending *pending)
{
    int rc = KX_OK;
    for (size_t i = pending->removes; i < pending->count && rc == KX_OK; i++) {
        const pending_entry *entry = &pending->items[i];
        if (entry->index->unique && !entry->has_null)
            rc = kx_collection__clash(txn, collection, entry->index, key_of(pending, entry), op->id, op->after);
    }
    return rc;
}

static int check_primary(kx_txn *txn, const kx_cat_collection *collection, const kx_write_op *op)
{
    kx_slice row;
    if (op->fresh)
        return KX_OK;
    if (op->before.data == NULL) {
        int rc = kx_store__row_get(txn->store, collection->number, op->id, &row);
        if (rc != KX_OK)
            return rc == KX_NOTFOUND ? KX_OK : rc;
        if (collection->primary != NULL)
            return kx_collection__taken(collection, collection->primary, op->after, op->id, op->id);
        return kx_base__fail_at(KX_EXISTS, collection->name, "_id", &op->id, NULL, "%s: id %llu is taken",
                                collection->name, (unsigned long long)op->id);
    }
    if (op->after.data == NULL || collection->primary == NULL)
        return KX_OK;
    kx_value value;
    uint64_t id;
    kx_collection__part_value(op->after, &collection->primary->parts[0], &value);
    if (value.type == KX_TYPE_INT && kx_collection__value_as_id(&value, &id) && id == op->id)
        return KX_OK;
    return kx_base__fail_at(KX_INVALID, collection->name, collection->primary->paths, &op->id, &value,
                            "%s.%s is the document's id and never changes", collection->name,
                            collection->primary->paths);
}

/* ---- telling -------------------------------------------------------------------------- */

int kx_collection__before_write(kx_txn *txn, uint32_t number, uint64_t id)
{
    uint32_t *writes = kx_collection__tally(txn, number);
    if (writes == NULL)
        return kx_base__nomem();
    ++*writes;
    kx_collection__mark_stale(txn->top, number, id);
    int rc = KX_OK;
    for (kx_walker *walker = txn->top->walkers; walker != NULL && rc == KX_OK; walker = walker->next) {
        if (walker->collection != number || walker->told)
            continue;
        walker->told = true;
        rc = walker->before_write(walker);
    }
    return rc;
}

/* ---- writing --------------------------------------------------------------------------- */

static int write_row(kx_txn *txn, const kx_cat_collection *collection, const kx_write_op *op)
{
    if (op->after.data == NULL)
        return kx_store__row_delete(txn->store, collection->number, op->id);
    return kx_collection__put_document(txn->store, collection->number, op->id, op->after, op->fresh);
}

static int write_entries(kx_txn *txn, const kx_write_op *op, const kx_pending *pending)
{
    int rc = KX_OK;
    for (size_t i = 0; i < pending->count && rc == KX_OK; i++) {
        const pending_entry *entry = &pending->items[i];
        kx_slice key = key_of(pending, entry);
        if (i < pending->removes)
            rc = kx_store__entry_remove(txn->store, entry->index->table, key, op->id);
        else
            rc = kx_store__entry_add(txn->store, entry->index->table, key, op->id, false);
        if (rc == KX_NOTFOUND || rc == KX_EXISTS)
            rc = kx_base__fail(KX_CORRUPT, "index '%s' does not agree with document %llu", entry->index->paths,
                               (unsigned long long)op->id);
    }
    return rc;
}

int kx_collection__guard(kx_txn *txn, const kx_cat_collection *collection, const kx_write_op *op)
{
    const kx_guard *guard = txn->db->guard;
    return guard != NULL && guard->before != NULL ? guard->before(txn, collection, op) : KX_OK;
}

int kx_collection__write(kx_txn *txn, const kx_cat_collection *collection, const kx_write_op *op)
{
    kx_pending *pending = start_pending(txn->top);
    if (pending == NULL)
        return kx_base__nomem();
    int rc = collect(collection, op, pending);
    if (rc == KX_OK)
        rc = check_primary(txn, collection, op);
    if (rc == KX_OK)
        rc = check_unique(txn, collection, op, pending);
    if (rc == KX_OK)
        rc = kx_collection__guard(txn, collection, op);
    if (rc == KX_OK)
        rc = kx_collection__before_write(txn, collection->number, op->id);
    if (rc == KX_OK && op->after.data == NULL)
        rc = kx_collection__keep_ids(txn, collection, op->id);
    if (rc != KX_OK)
        return rc;
    rc = write_row(txn, collection, op);
    if (rc == KX_OK)
        rc = write_entries(txn, op, pending);
    if (rc != KX_OK)
        txn->top->failed = rc;
    return rc;
}

/* ---- ids ---------------------------------------------------------------------------------- */

/* 1 to 2^63, which is stored when the last id of all is used up. */
static bool is_floor(const kx_value *value)
{
    return (value->type == KX_TYPE_INT && value->integer >= 1) ||
           (value->type == KX_TYPE_UINT && (uint64_t)value->integer == UINT64_C(1) << 63);
}

/* Ids below this are not given: what was committed and deleted, or reserved. */
static int id_floor(kx_txn *txn, const kx_cat_collection *collection, uint64_t *floor)
{
    kx_slice document, item;
    kx_value value = {0};
    *floor = 1;
    int rc = kx_collection__read_meta(txn->store, collection->number, &document);
    if (rc != KX_OK)
        return rc == KX_NOTFOUND ? KX_OK : rc;
    if (!kx_document__find(document, "next_id", 7, &item) || kx_document__value(item, &value) != KX_OK ||
        !is_floor(&value))
        return kx_base__fail(KX_CORRUPT, "%s: the record of its next id is damaged", collection->name);
    *floor = (uint64_t)value.integer;
    return KX_OK;
}

/* The id after the highest one, or the floor. INT64_MAX + 1 when none is left. */
static int first_free_id(kx_txn *txn, const kx_cat_collection *collection, uint64_t *id)
{
    uint64_t last;
    int rc = id_floor(txn, collection, id);
    if (rc != KX_OK)
        return rc;
    rc = kx_store__row_last(txn->store, collection->number, &last);
    if (rc == KX_OK && last >= *id)
        *id = last + 1;
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

int kx_collection__no_id_left(const kx_cat_collection *collection)
{
    return kx_base__fail_at(KX_LIMIT, collection->name, "_id", NULL, NULL, "%s: every id up to 2^63-1 is used",
                            collection->name);
}

int kx_collection__next_id(kx_txn *txn, const kx_cat_collection *collection, uint64_t *id)
{
    int rc = first_free_id(txn, collection, id);
    return rc == KX_OK && *id > INT64_MAX ? kx_collection__no_id_left(collection) : rc;
}

static int put_floor(kx_txn *txn, const kx_cat_collection *collection, uint64_t next_id)
{
    kx_builder builder;
    kx_slice document;
    kx_value value = kx_uint(next_id);
    kx_builder__init(&builder);
    kx_builder__map(&builder);
    kx_builder__key(&builder, "next_id");
    kx_builder__value(&builder, &value);
    kx_builder__end(&builder);
    int rc = kx_builder__finish(&builder, &document);
    if (rc == KX_OK)
        rc = kx_collection__put_document(txn->store, KX_STORE_META, collection->number, document, false);
    kx_builder__free(&builder);
    return rc;
}

int kx_collection__reserve_ids(kx_txn *txn, const kx_cat_collection *collection, uint64_t next_id)
{
    uint64_t now;
    int rc = first_free_id(txn, collection, &now);
    return rc == KX_OK && now < next_id ? put_floor(txn, collection, next_id) : rc;
}

int kx_collection__keep_ids(kx_txn *txn, const kx_cat_collection *collection, uint64_t id)
{
    uint64_t last, floor;
    int rc = kx_store__row_last(txn->store, collection->number, &last);
    if (rc != KX_OK || last != id)
        return rc == KX_NOTFOUND ? KX_OK : rc;
    rc = id_floor(txn, collection, &floor);
    return rc == KX_OK && floor <= id ? put_floor(txn, collection, id + 1) : rc;
}

/* ---- documents as bytes ------------------------------------------------------------------ */

static bool looks_like_json(kx_slice bytes)
{
    return bytes.size != 0 &&
           (bytes.data[0] == '{' || bytes.data[0] == ' ' || (bytes.data[0] >= '\t' && bytes.data[0] <= '\r'));
}

int kx_collection__bytes_in(kx_slice bytes, kx_buf *scratch, kx_slice *msgpack)
{
    *msgpack = bytes;
    if (!looks_like_json(bytes))
        return KX_OK;
    kx_buf__clear(scratch);
    int rc = kx_document__from_json((const char *)bytes.data, bytes.size, false, scratch);
    *msgpack = kx_buf__slice(scratch);
    return rc;
}

int kx_collection__insert(kx_txn *txn, const kx_cat_collection *collection, kx_slice bytes, uint64_t *id)
{
    kx_buf parsed = {0}, scratch = {0};
    kx_slice msgpack;
    kx_write_op op = {0};
    int rc = kx_collection__enter_write(txn, collection);
    if (rc == KX_OK)
        rc = kx_collection__bytes_in(bytes, &parsed, &msgpack);
    if (rc == KX_OK)
        rc = kx_collection__prepare(txn, collection, msgpack, NULL, NULL, &scratch, &op);
    if (rc == KX_OK)
        rc = kx_collection__write(txn, collection, &op);
    *id = op.id;
    kx_buf__free(&parsed);
    kx_buf__free(&scratch);
    return rc;
}

int kx_collection__stored(kx_txn *txn, const kx_cat_collection *collection, uint64_t id, kx_slice *document)
{
    kx_slice row;
    int rc = kx_store__row_get(txn->store, collection->number, id, &row);
    if (rc == KX_NOTFOUND)
        return kx_base__fail_at(KX_NOTFOUND, collection->name, NULL, &id, NULL, "%s: there is no document %llu",
                                collection->name, (unsigned long long)id);
    return rc == KX_OK ? kx_collection__document_of(txn->db, collection, id, row, document) : rc;
}

int kx_collection__put(kx_txn *txn, const kx_cat_collection *collection, uint64_t id, kx_slice bytes)
{
    kx_buf parsed = {0}, scratch = {0};
    kx_slice msgpack, before, after;
    int rc = kx_collection__enter_write(txn, collection);
    if (rc == KX_OK)
        rc = kx_collection__bytes_in(bytes, &parsed, &msgpack);
    if (rc == KX_OK)
        rc = kx_document__canonical(msgpack, &scratch, &after);
    if (rc == KX_OK)
        rc = kx_collection__check_fields(collection, after);
    if (rc == KX_OK)
        rc = kx_collection__stored(txn, collection, id, &before);
    if (rc == KX_OK)
        rc = kx_collection__write(txn, collection, &(kx_write_op){.id = id, .before = before, .after = after});
    kx_buf__free(&parsed);
    kx_buf__free(&scratch);
    return rc;
}

/* A member's name as a path: in backquotes, doubled inside, which any name can stand in. */
static char *quoted(kx_arena *arena, kx_slice name)
{
    char *path = kx_arena__alloc(arena, 2 * name.size + 3), *to = path;
    if (path == NULL)
        return NULL;
    *to++ = '`';
    for (size_t i = 0; i < name.size; i++) {
        *to++ = (char)name.data[i];
        if (name.data[i] == '`')
            *to++ = '`';
    }
    *to++ = '`';
    *to = '\0';
    return path;
}

static int changes_of(kx_slice document, kx_arena *arena, kx_change **changes, size_t *count)
{
    kx_members members = kx_document__members(document);
    *count = 0;
    *changes = kx_arena__alloc(arena, kx_base__times((size_t)members.left + 1, sizeof **changes));
    if (*changes == NULL)
        return kx_base__nomem();
    while (kx_document__next(&members)) {
        char *path = quoted(arena, members.key);
        if (path == NULL)
            return kx_base__nomem();
        (*changes)[(*count)++] = (kx_change){.kind = KX_CHANGE_SET, .path = path, .item = members.item};
    }
    return KX_OK;
}

int kx_collection__change_stored(kx_txn *txn, const kx_cat_collection *collection, uint64_t id,
                                 const kx_change *changes, size_t count)
{
    kx_buf patched = {0};
    kx_slice before, after;
    int rc = kx_collection__stored(txn, collection, id, &before);
    if (rc == KX_OK)
        rc = kx_document__patch(before, changes, count, &patched, &after);
    bool same = rc == KX_OK && before.size == after.size && memcmp(before.data, after.data, after.size) == 0;
    if (rc == KX_OK && !same)
        rc = kx_collection__check_fields(collection, after);
    if (rc == KX_OK && !same)
        rc = kx_collection__write(txn, collection, &(kx_write_op){.id = id, .before = before, .after = after});
    kx_buf__free(&patched);
    return rc;
}

int kx_collection__patch(kx_txn *txn, const kx_cat_collection *collection, uint64_t id, kx_slice bytes)
{
    kx_buf parsed = {0}, canonical = {0};
    kx_arena arena = {0};
    kx_change *changes = NULL;
    kx_slice msgpack, members;
    size_t count = 0;
    int rc = kx_collection__enter_write(txn, collection);
    if (rc == KX_OK)
        rc = kx_collection__bytes_in(bytes, &parsed, &msgpack);
    if (rc == KX_OK)
        rc = kx_document__canonical(msgpack, &canonical, &members);
    if (rc == KX_OK)
        rc = changes_of(members, &arena, &changes, &count);
    if (rc == KX_OK)
        rc = kx_collection__change_stored(txn, collection, id, changes, count);
    kx_arena__free(&arena);
    kx_buf__free(&parsed);
    kx_buf__free(&canonical);
    return rc;
}

int kx_collection__remove(kx_txn *txn, const kx_cat_collection *collection, uint64_t id)
{
    kx_slice before;
    int rc = kx_collection__enter_write(txn, collection);
    if (rc == KX_OK)
        rc = kx_collection__stored(txn, collection, id, &before);
    if (rc == KX_OK)
        rc = kx_collection__write(txn, collection, &(kx_write_op){.id = id, .before = before});
    return rc;
}
