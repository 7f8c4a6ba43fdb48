/*
 * source.c -- ids in the order asked for.
 *
 * What needs sorting is read whole first (sort.c); the rest streams. Index order is value order, but for shortened
 * keys: beyond their first bytes these are ordered by a hash. Such keys that begin alike stand together, and go
 * through the sorter.
 */
#include <string.h>

#include "query/query_impl.h"

enum { HASH_SIZE = 16, BATCH = 256 };

static uint64_t wanted(const kx_query_compiled *query)
{
    return query->limit < UINT64_MAX - query->offset ? query->limit + query->offset : UINT64_MAX;
}

/* ---- what is sorted -------------------------------------------------------------------------- */

static void list_ids(kx_cursor *cursor)
{
    cursor->source.list = cursor->source.ids.data;
    cursor->source.count = cursor->source.ids.count;
    cursor->source.at = 0;
}

static int add_ids(void *ids, const uint64_t *batch, size_t count)
{
    return kx_query__ids_add(ids, batch, count);
}

static int sort_all_ids(kx_cursor *cursor, kx_store_txn *store)
{
    kx_query_ids *ids = &cursor->source.ids;
    kx_query__ids_begin(ids, cursor->tests ? UINT64_MAX : wanted(&cursor->query));
    if (cursor->query.after != NULL)
        kx_query__ids_after(ids, cursor->query.after->id);
    int rc = kx_query__each_id(&cursor->plan, store, add_ids, ids);
    if (rc == KX_OK)
        rc = kx_query__ids_end(ids);
    list_ids(cursor);
    return rc;
}

static int entry_without_row(const kx_cursor *cursor, uint64_t id)
{
    if (cursor->plan.index == NULL)
        return kx_query__lost_row(cursor, id);
    return kx_query__lost_entry(cursor->query.collection, cursor->plan.index, id);
}

/* Put a document among what is sorted, when it passes. Keys that are sorted in a run do not tell whether it does. */
static int sort_row(kx_cursor *cursor, uint64_t id, kx_slice row)
{
    kx_query_compiled *query = &cursor->query;
    bool all = cursor->source.in_run && cursor->plan.keys != NULL;
    kx_slice document;
    kx_key key;
    int rc = kx_collection__document_of(query->txn->db, query->collection, id, row, &document);
    if (rc != KX_OK)
        return rc;
    int passes = cursor->tests || all ? kx_query__passes(query, id, document, all) : 1;
    if (passes <= 0)
        return passes;
    kx_key__init(&key);
    rc = kx_query__sort_key(query, id, document, &key);
    if (rc == KX_OK)
        rc = kx_query__sorter_add(&cursor->source.sorter, kx_key__slice(&key), id);
    kx_key__free(&key);
    return rc;
}

static int sort_ids(kx_cursor *cursor, kx_store_txn *store, const uint64_t *ids, size_t count)
{
    int rc = KX_OK;
    for (size_t i = 0; i < count && rc == KX_OK; i++) {
        kx_slice row;
        rc = kx_store__row_get(store, cursor->query.collection->number, ids[i], &row);
        if (rc == KX_OK)
            rc = sort_row(cursor, ids[i], row);
        else if (rc == KX_NOTFOUND)
            rc = cursor->plan.loose ? KX_OK : entry_without_row(cursor, ids[i]);
    }
    return rc;
}

typedef struct sort_context {
    kx_cursor *cursor;
    kx_store_txn *store;
} sort_context;

static int sort_batch(void *context, const uint64_t *ids, size_t count)
{
    const sort_context *sort = context;
    return sort_ids(sort->cursor, sort->store, ids, count);
}

/* Ids first, in order: so each comes once, and rows that lie together are read together. */
static int sort_by_ids(kx_cursor *cursor, kx_store_txn *store)
{
    kx_query_ids ids = {0};
    kx_query__ids_begin(&ids, UINT64_MAX);
    int rc = kx_query__each_id(&cursor->plan, store, add_ids, &ids);
    if (rc == KX_OK)
        rc = kx_query__ids_end(&ids);
    if (rc == KX_OK)
        rc = sort_ids(cursor, store, ids.data, ids.count);
    while (rc == KX_OK && ids.more) {
        rc = kx_query__ids_more(&ids);
        if (rc == KX_OK)
            rc = sort_ids(cursor, store, ids.data, ids.count);
    }
    kx_query__ids_free(&ids);
    return rc;
}

static int sort_range(kx_cursor *cursor, kx_store_txn *store, const kx_query_range *range)
{
    uint64_t batch[BATCH];
    kx_store_scan *scan = NULL;
    size_t count = 1;
    int rc = kx_store__scan_entries(store, cursor->plan.index->table, range->from, range->to, false, &scan);
    while (rc == KX_OK && count > 0) {
        rc = kx_store__scan_ids(scan, batch, BATCH, &count);
        if (rc == KX_OK)
            rc = sort_ids(cursor, store, batch, count);
    }
    kx_store__scan_close(scan);
    return rc;
}

static int sort_rows(kx_cursor *cursor, kx_store_txn *store)
{
    kx_store_scan *scan = NULL;
    kx_store_item item;
    int rc =
        kx_store__scan_rows(store, cursor->query.collection->number, cursor->plan.low, cursor->plan.high, false, &scan);
    while (rc == KX_OK) {
        rc = kx_store__scan_next(scan, &item);
        if (rc == KX_OK)
            rc = sort_row(cursor, item.id, item.row);
    }
    kx_store__scan_close(scan);
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

static int sort_keys(kx_cursor *cursor, kx_store_txn *store)
{
    kx_query_source *source = &cursor->source;
    const kx_query_plan *plan = &cursor->plan;
    kx_query__sorter_begin(&source->sorter, wanted(&cursor->query));
    int rc = kx_query__resume_sort(&cursor->query, source);
    if (rc != KX_OK)
        return rc;
    if (source->in_run)
        rc = sort_range(cursor, store, &source->run);
    else if (plan->access == ACCESS_ROWS)
        rc = sort_rows(cursor, store);
    else if (plan->access == ACCESS_ANY || (plan->access == ACCESS_INDEX && !plan->whole_key))
        rc = sort_by_ids(cursor, store);
    else
        rc = kx_query__each_id(plan, store, sort_batch, &(sort_context){cursor, store});
    return rc == KX_OK ? kx_query__sorter_end(&source->sorter) : rc;
}

/* ---- open ---------------------------------------------------------------------------------- */

/* The one id of a whole key of a unique index. */
static int open_unique(kx_cursor *cursor, kx_store_txn *store)
{
    kx_query_source *source = &cursor->source;
    int rc = kx_store__entry_get(store, cursor->plan.index->table, cursor->plan.one.from, &source->page[0]);
    source->mode = rc == KX_OK ? MODE_LIST : MODE_END;
    source->list = source->page;
    source->count = 1;
    source->at = 0;
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

static int open_index(kx_cursor *cursor, kx_store_txn *store)
{
    kx_query_source *source = &cursor->source;
    const kx_query_plan *plan = &cursor->plan;
    if (plan->arrangement == BY_ID) {
        source->mode = MODE_LIST;
        return sort_all_ids(cursor, store);
    }
    if (plan->whole_key && plan->index->unique)
        return open_unique(cursor, store);
    source->mode = cursor->query.order_count == 0 ? MODE_PAGES : MODE_KEYS;
    source->now = plan->ranges[0];
    int rc = kx_store__scan_entries(store, plan->index->table, source->now.from, source->now.to, source->now.descending,
                                    &source->scan);
    return rc == KX_OK ? kx_query__resume_scan(&cursor->query, plan, source) : rc;
}

int kx_query__source_open(kx_cursor *cursor, kx_store_txn *store)
{
    kx_query_source *source = &cursor->source;
    const kx_query_plan *plan = &cursor->plan;
    source->store = store;
    if (plan->access == ACCESS_NOTHING)
        return KX_OK;
    if (plan->arrangement == BY_KEY) {
        source->mode = MODE_SORTED;
        return sort_keys(cursor, store);
    }
    if (plan->access == ACCESS_INDEX)
        return open_index(cursor, store);
    if (plan->access == ACCESS_ALL) {
        source->mode = MODE_LEGS;
        return kx_query__legs_open(plan, store, 0, &source->legs);
    }
    if (plan->access == ACCESS_ANY) {
        source->mode = MODE_LIST;
        return sort_all_ids(cursor, store);
    }
    if (plan->access == ACCESS_IDS) {
        source->mode = MODE_LIST;
        source->list = plan->ids;
        source->count = plan->id_count;
        return KX_OK;
    }
    source->mode = MODE_ROWS;
    return kx_store__scan_rows(store, cursor->query.collection->number, plan->low, plan->high, plan->descending,
                               &source->scan);
}

/* ---- next: rows, pages, lists ------------------------------------------------------------------ */

static int next_row(kx_query_source *source, uint64_t *id, kx_slice *row)
{
    kx_store_item item;
    int rc = kx_store__scan_next(source->scan, &item);
    if (rc != KX_OK)
        return rc;
    *id = source->last_id = item.id;
    *row = item.row;
    source->started = true;
    return KX_OK;
}

/* Ids ascend; those up to the last one come again only after the scan was opened anew. */
static int next_in_page(kx_query_source *source, uint64_t *id)
{
    while (source->at == source->count) {
        bool again = source->started;
        uint64_t last = source->last_id;
        int rc = kx_store__scan_ids(source->scan, source->page, KX_QUERY_PAGE, &source->count);
        source->at = 0;
        if (rc != KX_OK || source->count == 0) {
            source->count = 0;
            return rc != KX_OK ? rc : KX_NOTFOUND;
        }
        while (again && source->at < source->count && source->page[source->at] <= last)
            source->at++;
        source->last_id = source->page[source->count - 1];
        source->last_id = again && source->last_id < last ? last : source->last_id;
        source->started = true;
    }
    *id = source->page[source->at++];
    return KX_OK;
}

static int next_common(kx_query_source *source, uint64_t *id)
{
    int rc = kx_query__legs_next(source->legs, id);
    if (rc == KX_OK) {
        source->last_id = *id;
        source->started = true;
    }
    return rc;
}

static int next_in_list(kx_cursor *cursor, uint64_t *id)
{
    kx_query_source *source = &cursor->source;
    while (source->at == source->count) {
        int rc = source->ids.more ? kx_query__ids_more(&source->ids) : KX_NOTFOUND;
        if (rc != KX_OK)
            return rc;
        list_ids(cursor);
    }
    *id = source->list[source->at++];
    return KX_OK;
}

/* ---- next: keys -------------------------------------------------------------------------------------- */

static size_t ordered_size(const kx_cat_index *index)
{
    return (index->unique ? KX_KEY_UNIQUE_LIMIT : KX_KEY_LIMIT) - HASH_SIZE;
}

static int open_keys(kx_cursor *cursor)
{
    kx_query_source *source = &cursor->source;
    source->started = false;
    return kx_store__scan_entries(source->store, cursor->plan.index->table, source->now.from, source->now.to,
                                  source->now.descending, &source->scan);
}

/*
 * Sort all keys that begin like this one, as far as the range goes; afterwards the walk goes on behind them. What was
 * left of the range by an earlier run is never narrower than this run.
 */
static int begin_run(kx_cursor *cursor, kx_slice key)
{
    kx_query_source *source = &cursor->source;
    size_t size = ordered_size(cursor->plan.index);
    kx_query_range whole = source->now;
    kx_key end;
    if (source->run_bytes == NULL && (source->run_bytes = kx_base__alloc(2 * KX_KEY_LIMIT)) == NULL)
        return kx_base__nomem();
    kx_key__init(&end);
    memcpy(end.data, key.data, size);
    end.size = size;
    bool bounded = kx_key__successor(&end);
    bool from_whole = kx_slice_compare(whole.from, kx_slice_of(key.data, size)) > 0;
    bool to_whole = whole.to.data != NULL && (!bounded || kx_slice_compare(whole.to, kx_key__slice(&end)) < 0);
    if (!from_whole)
        memcpy(source->run_bytes, key.data, size);
    if (!to_whole)
        memcpy(source->run_bytes + KX_KEY_LIMIT, end.data, end.size);
    source->run.from = from_whole ? whole.from : kx_slice_of(source->run_bytes, size);
    source->run.to = to_whole  ? whole.to
                     : bounded ? kx_slice_of(source->run_bytes + KX_KEY_LIMIT, end.size)
                               : (kx_slice){0};
    if (whole.descending)
        source->now.to = source->run.from;
    else
        source->now.from = source->run.to;
    kx_store__scan_close(source->scan);
    source->scan = NULL;
    source->in_run = true;
    return sort_keys(cursor, source->store);
}

/* Behind a run, or at a range's end. KX_NOTFOUND: there is no more. */
static int go_on(kx_cursor *cursor)
{
    kx_query_source *source = &cursor->source;
    bool behind_run = source->in_run;
    source->in_run = false;
    if (behind_run && !(source->now.from.data == NULL && !source->now.descending))
        return open_keys(cursor);
    kx_store__scan_close(source->scan);
    source->scan = NULL;
    if (source->range + 1 >= cursor->plan.range_count)
        return KX_NOTFOUND;
    source->now = cursor->plan.ranges[++source->range];
    return open_keys(cursor);
}

static int remember(kx_cursor *cursor, const kx_store_item *item)
{
    kx_query_source *source = &cursor->source;
    source->last_id = item->id;
    source->started = true;
    if (!cursor->walks)
        return KX_OK;
    kx_buf__clear(&source->last_key);
    kx_buf__append(&source->last_key, item->key.data, item->key.size);
    return source->last_key.rc;
}

static int next_by_key(kx_cursor *cursor, uint64_t *id)
{
    kx_query_source *source = &cursor->source;
    const kx_query_keys *keys = cursor->plan.keys;
    for (;;) {
        kx_store_item item;
        int rc = source->in_run ? kx_query__sorter_next(&source->sorter, id) : KX_NOTFOUND;
        if (rc != KX_NOTFOUND)
            return rc;
        rc = source->in_run || source->scan == NULL ? KX_NOTFOUND : kx_store__scan_next(source->scan, &item);
        if (rc == KX_OK && item.key.size < ordered_size(cursor->plan.index)) {
            *id = item.id;
            rc = remember(cursor, &item);
            int passes = rc == KX_OK && keys != NULL ? kx_query__key_passes(keys, source->store, item.key, item.id) : 1;
            if (rc != KX_OK || passes != 0)
                return rc != KX_OK || passes > 0 ? rc : passes;
            continue;
        }
        rc = rc == KX_OK ? begin_run(cursor, item.key) : rc == KX_NOTFOUND ? go_on(cursor) : rc;
        if (rc != KX_OK)
            return rc;
    }
}

int kx_query__source_next(kx_cursor *cursor, uint64_t *id, kx_slice *row)
{
    switch (cursor->source.mode) {
    case MODE_ROWS: return next_row(&cursor->source, id, row);
    case MODE_PAGES: return next_in_page(&cursor->source, id);
    case MODE_KEYS: return next_by_key(cursor, id);
    case MODE_LIST: return next_in_list(cursor, id);
    case MODE_LEGS: return next_common(&cursor->source, id);
    case MODE_SORTED: return kx_query__sorter_next(&cursor->source.sorter, id);
    default: return KX_NOTFOUND;
    }
}

/* ---- collect --------------------------------------------------------------------------------------------- */

/* Open again in a child what a parent had opened, where it stood. */
static int reopen(kx_cursor *cursor, kx_store_txn *store)
{
    kx_query_source *source = &cursor->source;
    const kx_query_plan *plan = &cursor->plan;
    uint64_t low = plan->low, high = plan->high;
    source->store = store;
    source->dead_scan = source->scan;
    source->scan = NULL;
    if (source->mode == MODE_ROWS) {
        if (source->started && source->last_id == (plan->descending ? 0 : UINT64_MAX)) {
            source->mode = MODE_END;
            return KX_OK;
        }
        if (source->started && plan->descending)
            high = source->last_id - 1;
        else if (source->started)
            low = source->last_id + 1;
        return kx_store__scan_rows(store, cursor->query.collection->number, low, high, plan->descending, &source->scan);
    }
    if (source->mode == MODE_LEGS) {
        source->dead_legs = source->legs;
        source->legs = NULL;
        if (source->started && source->last_id == UINT64_MAX)
            source->mode = MODE_END;
        else
            return kx_query__legs_open(plan, store, source->started ? source->last_id + 1 : 0, &source->legs);
    }
    if (source->mode == MODE_PAGES)
        return kx_store__scan_entries(store, plan->index->table, source->now.from, source->now.to, false,
                                      &source->scan);
    if (source->mode != MODE_KEYS || source->in_run || source->dead_scan == NULL)
        return KX_OK;
    bool started = source->started;
    int rc = open_keys(cursor);
    if (rc == KX_OK && started)
        rc = kx_store__scan_after(source->scan, kx_buf__slice(&source->last_key), source->last_id);
    return rc;
}

/* Rows are not looked at: only their ids are taken. */
static int collect_rows(kx_query_source *source, kx_query_ids *ids)
{
    uint64_t batch[BATCH];
    size_t count = 1;
    int rc = KX_OK;
    while (rc == KX_OK && count > 0) {
        rc = kx_store__scan_ids(source->scan, batch, BATCH, &count);
        for (size_t i = 0; i < count && rc == KX_OK; i++)
            rc = kx_query__ids_push(ids, batch[i]);
    }
    return rc;
}

int kx_query__source_collect(kx_cursor *cursor, kx_store_txn *store)
{
    kx_query_source *source = &cursor->source;
    kx_query_ids ids = {0};
    uint64_t id;
    kx_slice row;
    int rc = store != source->store ? reopen(cursor, store) : KX_OK;
    if (rc == KX_OK && source->mode == MODE_ROWS)
        rc = collect_rows(source, &ids);
    while (rc == KX_OK && source->mode != MODE_ROWS) {
        rc = kx_query__source_next(cursor, &id, &row);
        if (rc == KX_OK)
            rc = kx_query__ids_push(&ids, id);
    }
    if (rc != KX_OK && rc != KX_NOTFOUND) {
        kx_query__ids_free(&ids);
        return rc;
    }
    kx_query__ids_free(&source->ids);
    kx_query__sorter_free(&source->sorter);
    kx_query__legs_close(source->legs);
    kx_store__scan_close(source->scan);
    source->legs = NULL;
    source->scan = NULL;
    source->ids = ids;
    source->list = ids.data;
    source->count = ids.count;
    source->at = 0;
    source->mode = MODE_LIST;
    return KX_OK;
}

void kx_query__source_close(kx_query_source *source)
{
    kx_store__scan_close(source->scan);
    kx_store__scan_close(source->dead_scan);
    kx_query__legs_close(source->legs);
    kx_query__legs_close(source->dead_legs);
    kx_buf__free(&source->last_key);
    kx_base__free(source->run_bytes);
    kx_query__ids_free(&source->ids);
    kx_query__sorter_free(&source->sorter);
}
