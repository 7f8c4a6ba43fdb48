/*
 * bulk.c -- many documents in one call: everything is checked first, then rows are written in id order, then each index's
 * entries in key order, so that pages are filled from left to right and visited once.
 */
#include <string.h>

#include "collection/collection_impl.h"

/* ---- checking and putting sorted entries --------------------------------------------- */

static kx_slice slice_of(const kx_entry *entry)
{
    return kx_slice_of(entry->key, entry->size);
}

/* A unique key that was shortened ends in the id; one with a null part, which does so too, is never asked about. */
static bool ends_in_id(const kx_cat_index *index, const kx_entry *entry)
{
    return index->unique && entry->size == KX_KEY_LIMIT;
}

/* Neighbours of one call with the same unique key. Those that were shortened share all but the id and are compared through their documents. */
static int clash_inside(const kx_cat_collection *collection, const kx_cat_index *index, const kx_entries *entries,
                        size_t at, kx_slice (*document_of)(void *, size_t, uint64_t), void *context)
{
    const kx_entry *entry = &entries->items[at];
    bool shortened = ends_in_id(index, entry);
    size_t compared = shortened ? KX_KEY_UNIQUE_LIMIT : entry->size;
    for (size_t before = at; before-- > 0;) {
        const kx_entry *other = &entries->items[before];
        bool same = true;
        if (other->size != entry->size || memcmp(other->key, entry->key, compared) != 0)
            break;
        if (other->id == entry->id)
            continue;
        kx_slice document = document_of(context, entry->tag, entry->id);
        if (shortened) {
            int rc = kx_collection__same_key(index, document, document_of(context, other->tag, other->id), &same);
            if (rc != KX_OK)
                return rc;
        }
        if (same)
            return kx_collection__taken(collection, index, document, entry->id, other->id);
    }
    return KX_OK;
}

/* Is every key of the list above every key of the table? Then there is nothing to meet, and entries can be appended. */
static int above_all(kx_txn *txn, const kx_cat_index *index, const kx_entries *entries, bool *above)
{
    kx_store_scan *scan = NULL;
    kx_store_item last;
    *above = true;
    if (entries->count == 0)
        return KX_OK;
    kx_slice first = slice_of(&entries->items[0]);
    int rc = kx_store__scan_entries(txn->store, index->table, (kx_slice){0}, (kx_slice){0}, true, &scan);
    if (rc == KX_OK)
        rc = kx_store__scan_next(scan, &last);
    if (rc == KX_OK) {
        size_t limit =
            index->unique ? KX_KEY_UNIQUE_LIMIT : KX_KEY_LIMIT; /* a greater id behind a shortened key proves nothing */
        size_t left = last.key.size < limit ? last.key.size : limit, right = first.size < limit ? first.size : limit;
        int order = memcmp(last.key.data, first.data, left < right ? left : right);
        *above = order < 0 || (order == 0 && left < right);
    }
    kx_store__scan_close(scan);
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

int kx_collection__entries_check(kx_txn *txn, const kx_cat_collection *collection, const kx_cat_index *index,
                                 kx_entries *entries, kx_slice (*document_of)(void *, size_t, uint64_t), void *context,
                                 size_t *failed)
{
    bool above = true;
    int rc = kx_collection__entries_sort(entries);
    if (rc == KX_OK && index->unique)
        rc = above_all(txn, index, entries, &above);
    for (size_t i = 0; i < entries->count && rc == KX_OK && index->unique; i++) {
        if (entries->items[i].has_null)
            continue;
        const kx_entry *entry = &entries->items[i];
        rc = i > 0 ? clash_inside(collection, index, entries, i, document_of, context) : KX_OK;
        if (rc == KX_OK && !above)
            rc = kx_collection__clash(txn, collection, index, slice_of(entry), entry->id,
                                      document_of(context, entry->tag, entry->id));
        if (rc != KX_OK)
            *failed = entry->tag;
    }
    return rc;
}

typedef struct entry_run {
    const kx_entry *next, *end;
} entry_run;

static bool next_entry(void *context, kx_slice *key, uint64_t *id)
{
    entry_run *run = context;
    if (run->next == run->end)
        return false;
    *key = slice_of(run->next);
    *id = run->next->id;
    run->next++;
    return true;
}

int kx_collection__entries_put(kx_txn *txn, const kx_cat_index *index, const kx_entries *entries)
{
    bool above;
    int rc = above_all(txn, index, entries, &above);
    if (rc == KX_OK && above && entries->count != 0) {
        entry_run run = {entries->items, entries->items + entries->count};
        return kx_store__append_entries(txn->store, index->table, next_entry, &run);
    }
    for (size_t i = 0; i < entries->count && rc == KX_OK; i++)
        rc = kx_store__entry_add(txn->store, index->table, slice_of(&entries->items[i]), entries->items[i].id, false);
    return rc;
}

/* ---- a call under way -------------------------------------------------------------------- */

typedef struct bulk_item {
    uint64_t id;
    size_t at, size; /* in `kept`; `own`: the caller's bytes as they are */
    bool own;
} bulk_item;

typedef struct bulk_call {
    kx_txn *txn;
    const kx_cat_collection *collection;
    kx_record *records;
    bulk_item *items;
    size_t count;
    kx_entries *entries; /* one list an index */
    kx_buf kept;         /* documents that had to be made: parsed, canonical, filled in */
    uint64_t next_id, last_id;
    bool any_last, ordered;
    size_t current;
} bulk_call;

static kx_slice item_document(const bulk_call *bulk, size_t at)
{
    const bulk_item *item = &bulk->items[at];
    const uint8_t *base = item->own ? bulk->records[at].data : bulk->kept.data + item->at;
    return kx_slice_of(base, item->size);
}

static kx_slice document_of(void *context, size_t tag, uint64_t id)
{
    (void)id;
    return item_document(context, tag);
}

static int start(bulk_call *bulk)
{
    uint64_t last;
    bulk->items = kx_base__alloc(kx_base__times(bulk->count, sizeof *bulk->items));
    bulk->entries = kx_base__zalloc(kx_base__times(bulk->collection->index_count + 1, sizeof *bulk->entries));
    if (bulk->items == NULL || bulk->entries == NULL)
        return kx_base__nomem();
    int rc = kx_collection__next_id(bulk->txn, bulk->collection, &bulk->next_id);
    if (rc != KX_OK && rc != KX_LIMIT)
        return rc;
    rc = kx_store__row_last(bulk->txn->store, bulk->collection->number, &last);
    bulk->any_last = rc == KX_OK;
    bulk->last_id = rc == KX_OK ? last : 0;
    bulk->ordered = true;
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

static int keep_entry(void *context, const kx_cat_index *index, kx_key *key)
{
    bulk_call *bulk = context;
    size_t at = (size_t)(index - bulk->collection->indexes);
    return kx_collection__entries_add(&bulk->entries[at], key, bulk->items[bulk->current].id, bulk->current);
}

static int prepare_one(bulk_call *bulk, size_t at, kx_buf *parsed, kx_buf *scratch, kx_survey *survey)
{
    kx_record *record = &bulk->records[at];
    kx_slice msgpack;
    kx_write_op op;
    int rc = kx_collection__bytes_in(kx_slice_of(record->data, record->size), parsed, &msgpack);
    if (rc == KX_OK)
        rc = kx_collection__survey_prepare(bulk->txn, bulk->collection, msgpack, record, &bulk->next_id, scratch,
                                           survey, &op);
    if (rc == KX_OK)
        rc = kx_collection__guard(bulk->txn, bulk->collection, &op);
    if (rc != KX_OK)
        return rc;
    bulk_item *item = &bulk->items[at];
    *item =
        (bulk_item){.id = op.id, .size = op.after.size, .own = op.after.data == record->data, .at = bulk->kept.size};
    if (!item->own)
        kx_buf__append(&bulk->kept, op.after.data, op.after.size);
    if (bulk->any_last && op.id <= bulk->last_id)
        bulk->ordered = false;
    bulk->any_last = true;
    bulk->last_id = op.id > bulk->last_id ? op.id : bulk->last_id;
    if (op.id >= bulk->next_id)
        bulk->next_id = op.id + 1;
    return bulk->kept.rc;
}

static int prepare_all(bulk_call *bulk, size_t *failed)
{
    kx_buf parsed = {0}, scratch = {0};
    kx_survey survey;
    int rc = kx_collection__survey_begin(bulk->collection, &survey);
    for (size_t i = 0; i < bulk->count && rc == KX_OK; i++) {
        rc = prepare_one(bulk, i, &parsed, &scratch, &survey);
        bulk->current = i;
        for (size_t n = 0; n < bulk->collection->index_count && rc == KX_OK; n++)
            rc = kx_collection__survey_keys(bulk->collection, &bulk->collection->indexes[n], bulk->items[i].id,
                                            &survey, keep_entry, bulk);
        if (rc != KX_OK)
            *failed = i;
    }
    kx_collection__survey_end(&survey);
    kx_buf__free(&parsed);
    kx_buf__free(&scratch);
    return rc;
}

/* ---- ids that the caller chose --------------------------------------------------------------- */

static int id_taken(const bulk_call *bulk, size_t at)
{
    uint64_t id = bulk->items[at].id;
    if (bulk->collection->primary != NULL)
        return kx_collection__taken(bulk->collection, bulk->collection->primary, item_document(bulk, at), id, id);
    return kx_base__fail_at(KX_EXISTS, bulk->collection->name, "_id", &id, NULL, "%s: id %llu is taken",
                            bulk->collection->name, (unsigned long long)id);
}

/* The records in id order, as entries whose tag is the record. */
static int order_by_id(const bulk_call *bulk, kx_entries *order)
{
    kx_key key;
    int rc = KX_OK;
    for (size_t i = 0; i < bulk->count && rc == KX_OK; i++) {
        kx_key__init(&key);
        kx_key__add_id(&key, bulk->items[i].id);
        rc = kx_collection__entries_add(order, &key, bulk->items[i].id, i);
    }
    return rc == KX_OK ? kx_collection__entries_sort(order) : rc;
}

static int check_ids(const bulk_call *bulk, const kx_entries *order, size_t *failed)
{
    kx_slice row;
    for (size_t i = 0; i < order->count; i++) {
        size_t at = order->items[i].tag;
        int rc = i > 0 && order->items[i].id == order->items[i - 1].id ? KX_OK : KX_NOTFOUND;
        if (rc == KX_NOTFOUND)
            rc = kx_store__row_get(bulk->txn->store, bulk->collection->number, order->items[i].id, &row);
        if (rc == KX_NOTFOUND)
            continue;
        *failed = at;
        return rc == KX_OK ? id_taken(bulk, at) : rc;
    }
    return KX_OK;
}

/* ---- writing ---------------------------------------------------------------------------------- */

typedef struct row_run {
    const bulk_call *bulk;
    size_t at;
    uint8_t head[KX_RECORD_HEAD];
} row_run;

static bool next_row(void *context, uint64_t *id, kx_slice *head, kx_slice *body)
{
    row_run *run = context;
    if (run->at == run->bulk->count)
        return false;
    *id = run->bulk->items[run->at].id;
    *body = item_document(run->bulk, run->at++);
    kx_collection__seal(*id, *body, run->head);
    *head = kx_slice_of(run->head, sizeof run->head);
    return true;
}

static int write_rows(const bulk_call *bulk, const kx_entries *order)
{
    row_run run = {.bulk = bulk};
    if (bulk->ordered)
        return kx_store__append_rows(bulk->txn->store, bulk->collection->number, next_row, &run);
    int rc = KX_OK;
    for (size_t i = 0; i < bulk->count && rc == KX_OK; i++) {
        size_t at = order->items[i].tag;
        rc = kx_collection__put_document(bulk->txn->store, bulk->collection->number, bulk->items[at].id,
                                         item_document(bulk, at), false);
    }
    return rc;
}

static int write_all(const bulk_call *bulk, const kx_entries *order)
{
    int rc = write_rows(bulk, order);
    for (size_t i = 0; i < bulk->collection->index_count && rc == KX_OK; i++)
        rc = kx_collection__entries_put(bulk->txn, &bulk->collection->indexes[i], &bulk->entries[i]);
    if (rc != KX_OK)
        bulk->txn->top->failed = rc;
    return rc;
}

static int check_all(bulk_call *bulk, kx_entries *order, size_t *failed)
{
    int rc = bulk->ordered ? KX_OK : order_by_id(bulk, order);
    if (rc == KX_OK && !bulk->ordered)
        rc = check_ids(bulk, order, failed);
    for (size_t i = 0; i < bulk->collection->index_count && rc == KX_OK; i++)
        rc = kx_collection__entries_check(bulk->txn, bulk->collection, &bulk->collection->indexes[i], &bulk->entries[i],
                                          document_of, bulk, failed);
    return rc;
}

static void finish(bulk_call *bulk)
{
    for (size_t i = 0; bulk->entries != NULL && i < bulk->collection->index_count; i++)
        kx_collection__entries_free(&bulk->entries[i]);
    kx_base__free(bulk->entries);
    kx_base__free(bulk->items);
    kx_buf__free(&bulk->kept);
}

int kx_collection__insert_many(kx_txn *txn, const kx_cat_collection *collection, kx_record *records, size_t count,
                               size_t *failed)
{
    bulk_call bulk = {.txn = txn, .collection = collection, .records = records, .count = count};
    kx_entries order = {0};
    *failed = count;
    int rc = kx_collection__enter_write(txn, collection);
    if (rc == KX_OK && count > UINT32_MAX)
        rc = kx_base__fail(KX_LIMIT, "%zu documents in one call; at most %u", count, UINT32_MAX);
    if (rc == KX_OK)
        rc = start(&bulk);
    if (rc == KX_OK)
        rc = prepare_all(&bulk, failed);
    if (rc == KX_OK)
        rc = check_all(&bulk, &order, failed);
    if (rc == KX_OK && count != 0)
        rc = kx_collection__before_write(txn, collection->number, UINT64_MAX);
    for (size_t i = 0; i < count && rc == KX_OK; i++)
        kx_collection__mark_stale(txn->top, collection->number, bulk.items[i].id);
    if (rc == KX_OK)
        rc = write_all(&bulk, &order);
    for (size_t i = 0; i < count && rc == KX_OK; i++)
        records[i].id = bulk.items[i].id;
    kx_collection__entries_free(&order);
    finish(&bulk);
    return rc;
}
