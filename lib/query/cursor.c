/*
 * cursor.c -- steps over what matches.
 *
 * In a write transaction a cursor is a walker of the collection room. Before the first write to its collection it
 * takes the ids that are left, in order; from then on it fetches each document as it is then, passes over those that
 * have gone, and tests all conditions. A child that was begun meanwhile has the same effect: what was opened in its
 * parent cannot be read while it lives. One that looks beyond relations takes its ids at once, since writes to other
 * collections could change what matches and in which order.
 */
#include "query/query_impl.h"

/* ---- life -------------------------------------------------------------------------------- */

static void init(kx_cursor *cursor, kx_txn *txn, const kx_cat_collection *collection, bool keeps)
{
    kx_query_compiled *query = &cursor->query;
    kx_query_source *source = &cursor->source;
    cursor->registered = cursor->walks = cursor->detached = cursor->lists = cursor->pages = cursor->scans = false;
    cursor->rc = KX_OK;
    cursor->doc = NULL;
    cursor->ahead = (kx_query_ahead){.size = KX_QUERY_FEW};
    cursor->window = NULL;
    cursor->token = (kx_buf){0};
    cursor->origin.relation = NULL;
    cursor->kept = (kx_arena){0};
    cursor->result = ++txn->top->results;
    query->txn = txn;
    query->collection = collection;
    query->tests = NULL;
    query->orders = NULL;
    query->test_count = query->order_count = 0;
    query->after = NULL;
    query->limit = UINT64_MAX;
    query->offset = 0;
    query->keeps = keeps;
    query->crosses = query->counts = false;
    query->trace = NULL;
    query->paths = NULL;
    query->scratch = (kx_buf){0};
    query->arg_count = query->hops = 0;
    query->now.type = KX_TYPE_NONE;
    query->any_order = query->any_ties = query->all_parts = false;
    kx_query__memory_init(&query->memory);
    source->mode = MODE_END;
    source->started = source->in_run = false;
    source->scan = source->dead_scan = NULL;
    source->legs = source->dead_legs = NULL;
    source->at = source->count = source->range = 0;
    source->run_bytes = NULL;
    source->last_key = (kx_buf){0};
    source->ids = (kx_query_ids){0};
    source->sorter = (kx_query_sorter){0};
}

/* Of a cursor that was begun. */
static int prepare(kx_cursor *cursor, const kx_query *query, const kx_query_bound *bound)
{
    int rc = kx_query__compile(&cursor->query, query, bound);
    if (rc == KX_OK && (cursor->query.counts || cursor->query.any_order) && cursor->query.after == NULL)
        cursor->query.order_count = 0;
    if (rc == KX_OK)
        rc = kx_query__plan(&cursor->query, &cursor->plan);
    if (rc == KX_OK && cursor->query.after != NULL)
        rc = kx_query__resume_plan(&cursor->query, &cursor->plan);
    if (rc != KX_OK) {
        kx_query__compiled_free(&cursor->query);
        return rc;
    }
    cursor->left = cursor->query.limit;
    cursor->skip = cursor->query.offset;
    cursor->tests = kx_query__needs_test(&cursor->query);
    cursor->reads = kx_query__needs_document(&cursor->query) || cursor->plan.loose;
    return KX_OK;
}

int kx_query__prepare(kx_cursor *cursor, kx_txn *txn, const kx_cat_collection *collection, const kx_query *query,
                      const kx_query_bound *bound, bool keeps, bool counts)
{
    init(cursor, txn, collection, keeps);
    cursor->query.counts = counts;
    return prepare(cursor, query, bound);
}

int kx_query__prepare_traced(kx_cursor *cursor, kx_txn *txn, const kx_cat_collection *collection, const kx_query *query,
                             const kx_query_bound *bound, kx_query_trace *trace)
{
    init(cursor, txn, collection, false);
    cursor->query.trace = trace;
    return prepare(cursor, query, bound);
}

int kx_query__prepare_totals(kx_cursor *cursor, kx_txn *txn, const kx_cat_collection *collection, const kx_query *query,
                             const kx_query_bound *bound, bool any_order, bool any_ties)
{
    init(cursor, txn, collection, false);
    cursor->query.any_order = any_order;
    cursor->query.any_ties = any_ties;
    return prepare(cursor, query, bound);
}

/* Tests of a caller that keeps what they point at; found without an order. */
int kx_query__prepare_tests(kx_cursor *cursor, kx_txn *txn, const kx_cat_collection *collection,
                            const kx_query_test *tests, size_t count)
{
    init(cursor, txn, collection, false);
    cursor->query.tests = kx_query__copy(&cursor->query.memory, tests, count * sizeof *tests);
    cursor->query.test_count = cursor->query.tests != NULL ? count : 0;
    int rc = cursor->query.tests != NULL ? kx_query__plan(&cursor->query, &cursor->plan) : KX_NOMEM;
    if (rc != KX_OK) {
        kx_query__compiled_free(&cursor->query);
        return rc;
    }
    cursor->left = UINT64_MAX;
    cursor->skip = 0;
    cursor->tests = kx_query__needs_test(&cursor->query);
    cursor->reads = kx_query__needs_document(&cursor->query) || cursor->plan.loose;
    return KX_OK;
}

/* What is sorted by keys has been tested on the way. */
int kx_query__open(kx_cursor *cursor)
{
    int rc = kx_query__source_open(cursor, cursor->query.txn->store);
    if (rc != KX_OK)
        kx_query__shut(cursor);
    else if (cursor->source.mode == MODE_SORTED)
        cursor->tests = cursor->reads = false;
    bool plain = !cursor->walks && !cursor->tests && !cursor->reads;
    cursor->lists = plain && cursor->source.mode == MODE_LIST;
    cursor->pages = plain && cursor->source.mode == MODE_PAGES;
    cursor->scans = cursor->source.mode == MODE_ROWS && !cursor->walks && !cursor->plan.descending;
    return rc;
}

void kx_query__shut(kx_cursor *cursor)
{
    if (cursor->registered)
        kx_collection__forget_walker(&cursor->walker);
    if (cursor->window != NULL && cursor->doc != NULL && cursor->window->loader.leave != NULL)
        cursor->window->loader.leave(cursor->doc);
    kx_collection__unhold(cursor->doc);
    kx_query__window_free(cursor->window);
    kx_base__free(cursor->ahead.memory);
    kx_buf__free(&cursor->token);
    if (cursor->kept.blocks != NULL)
        kx_arena__free(&cursor->kept);
    kx_query__source_close(&cursor->source);
    kx_query__compiled_free(&cursor->query);
}

/* ---- writes in between ----------------------------------------------------------------------- */

static int detach(kx_cursor *cursor, kx_store_txn *store)
{
    if (cursor->detached)
        return KX_OK;
    int rc = kx_query__source_collect(cursor, store);
    if (rc == KX_OK)
        cursor->detached = cursor->tests = cursor->reads = true;
    else
        cursor->rc = rc;
    return rc;
}

static int before_write(kx_walker *walker)
{
    kx_cursor *cursor = (kx_cursor *)walker;
    if (cursor->rc != KX_OK)
        return KX_OK;
    return detach(cursor, kx_collection__innermost(walker->txn)->store);
}

static void close_walker(kx_walker *walker)
{
    kx_query__close((kx_cursor *)walker);
}

/* ---- steps --------------------------------------------------------------------------------------- */

int kx_query__lost_row(const kx_cursor *cursor, uint64_t id)
{
    return kx_base__fail_at(KX_CORRUPT, cursor->query.collection->name, NULL, &id, NULL,
                            "an index of %s has an entry for document %llu, which is not there",
                            cursor->query.collection->name, (unsigned long long)id);
}

/* 1: the document passes; 0; or an error. */
static inline int test_row(kx_cursor *cursor, uint64_t id, kx_slice row)
{
    kx_query_compiled *query = &cursor->query;
    kx_slice document = {0};
    if (row.data != NULL) {
        int rc = kx_collection__document_of(query->txn->db, query->collection, id, row, &document);
        if (rc != KX_OK)
            return rc;
    }
    return kx_query__passes(query, id, document, cursor->detached);
}

/* The row of an id; KX_NOTFOUND where it need not be there any more. */
static int fetch_row(kx_cursor *cursor, kx_store_txn *store, uint64_t id, kx_slice *row)
{
    int rc = kx_store__row_get(store, cursor->query.collection->number, id, row);
    if (rc == KX_NOTFOUND && !cursor->detached && !cursor->plan.loose)
        return kx_query__lost_row(cursor, id);
    return rc;
}

/* Tests that ask for the id alone, and an offset that follows no test, come before the row. */
static int find_next(kx_cursor *cursor, kx_store_txn *store, bool wants_row, uint64_t *id, kx_slice *row)
{
    for (;;) {
        *row = (kx_slice){0};
        int rc = kx_query__source_next(cursor, id, row);
        if (rc != KX_OK)
            return rc;
        int passes = cursor->tests && !cursor->reads ? test_row(cursor, *id, *row) : 1;
        if (passes > 0 && row->data == NULL && (cursor->reads || (wants_row && cursor->skip == 0))) {
            rc = fetch_row(cursor, store, *id, row);
            if (rc == KX_NOTFOUND)
                continue;
            if (rc != KX_OK)
                return rc;
        }
        if (cursor->reads && cursor->tests)
            passes = test_row(cursor, *id, *row);
        if (passes < 0)
            return passes;
        if (passes > 0 && cursor->skip == 0)
            return KX_OK;
        cursor->skip -= passes > 0;
    }
}

/* ---- reading ahead --------------------------------------------------------------------------------- */

static int make_room(kx_query_ahead *ahead)
{
    if (ahead->memory == NULL)
        ahead->memory = kx_base__alloc(KX_QUERY_BATCH * (sizeof *ahead->rows + sizeof *ahead->ids));
    ahead->rows = ahead->memory;
    ahead->at = ahead->count = 0;
    return ahead->memory != NULL ? KX_OK : kx_base__nomem();
}

static int next_ahead(kx_cursor *cursor, uint64_t *id, kx_slice *row)
{
    kx_query_ahead *ahead = &cursor->ahead;
    *id = ahead->ids[ahead->at];
    *row = ahead->rows[ahead->at++];
    cursor->left--;
    return row->data != NULL ? KX_OK : kx_query__lost_row(cursor, *id);
}

/* The next row of a list that needs no test; those of a long list are fetched ahead. */
static int next_listed(kx_cursor *cursor, uint64_t *id, kx_slice *row)
{
    kx_query_source *source = &cursor->source;
    kx_query_ahead *ahead = &cursor->ahead;
    kx_store_txn *store = cursor->query.txn->store;
    uint32_t table = cursor->query.collection->number;
    size_t at = source->at, count = source->count - at;
    count = count < cursor->left ? count : (size_t)cursor->left;
    if (at < KX_QUERY_ALONE || count < KX_QUERY_ALONE) {
        source->at++;
        cursor->left--;
        *id = source->list[at];
        int rc = kx_store__row_get(store, table, *id, row);
        return rc == KX_NOTFOUND ? kx_query__lost_row(cursor, *id) : rc;
    }
    count = count < KX_QUERY_BATCH ? count : KX_QUERY_BATCH;
    int rc = make_room(ahead);
    if (rc == KX_OK)
        rc = kx_store__row_get_many(store, table, source->list + at, count, ahead->rows);
    if (rc != KX_OK)
        return rc;
    ahead->ids = source->list + at;
    ahead->count = count;
    source->at += count;
    return next_ahead(cursor, id, row);
}

/* Of what was read, keep what passes, as much as is wanted, up to a row whose test fails: that is said when its turn
   comes. What was not even looked at does not count as read. */
static size_t keep_passing(kx_cursor *cursor, uint64_t *ids, kx_slice *rows, size_t count)
{
    kx_query_ahead *ahead = &cursor->ahead;
    kx_store_stats *stats = kx_store__stats(cursor->query.txn->store);
    size_t kept = 0, i;
    for (i = 0; i < count && kept < cursor->left && !ahead->failed; i++) {
        int passes = test_row(cursor, ids[i], rows[i]);
        ids[kept] = ids[i];
        rows[kept] = rows[i];
        kept += passes > 0;
        if (passes < 0) {
            ahead->failed = true;
            ahead->failed_id = ids[i];
            ahead->failed_row = rows[i];
        }
    }
    for (stats->rows -= count - i; i < count; i++)
        stats->bytes -= rows[i].size;
    return kept;
}

/* Read on until something passes. */
static int read_ahead(kx_cursor *cursor)
{
    kx_query_ahead *ahead = &cursor->ahead;
    int rc = make_room(ahead);
    while (rc == KX_OK && ahead->count == 0 && !ahead->failed) {
        uint64_t *ids = (uint64_t *)(ahead->rows + KX_QUERY_BATCH);
        size_t room = cursor->tests || ahead->size < cursor->left ? ahead->size : (size_t)cursor->left, count;
        rc = kx_store__scan_ahead(cursor->source.scan, ids, ahead->rows, room, &count);
        ahead->ids = ids;
        ahead->count = cursor->tests ? keep_passing(cursor, ids, ahead->rows, count) : count;
        ahead->size = ahead->size < KX_QUERY_BATCH ? 2 * ahead->size : (size_t)KX_QUERY_BATCH;
        if (rc == KX_OK && count == 0)
            rc = KX_NOTFOUND;
    }
    return rc;
}

/* What failed for lack of memory may not fail again, but the walk has gone on meanwhile: it ends all the same. */
static int next_scanned(kx_cursor *cursor, uint64_t *id, kx_slice *row)
{
    kx_query_ahead *ahead = &cursor->ahead;
    int rc = ahead->failed ? KX_OK : read_ahead(cursor);
    if (rc == KX_OK && ahead->at == ahead->count) {
        rc = test_row(cursor, ahead->failed_id, ahead->failed_row);
        rc = rc < 0 ? rc : kx_base__nomem();
    }
    return rc == KX_OK ? next_ahead(cursor, id, row) : rc;
}

/* The same of ids that come in pages: a related set, mostly. */
static int next_paged(kx_cursor *cursor, uint64_t *id, kx_slice *row)
{
    kx_query_source *source = &cursor->source;
    int rc = KX_OK;
    if (source->at < source->count)
        *id = source->page[source->at++];
    else
        rc = kx_query__source_next(cursor, id, row);
    if (rc != KX_OK)
        return rc;
    cursor->left--;
    rc = kx_store__row_get(cursor->query.txn->store, cursor->query.collection->number, *id, row);
    return rc == KX_NOTFOUND ? kx_query__lost_row(cursor, *id) : rc;
}

/* All rows, for the few that pass. */
static int scan_on(kx_cursor *cursor, uint64_t *id, kx_slice *row)
{
    kx_query_compiled *query = &cursor->query;
    kx_query_source *source = &cursor->source;
    for (;;) {
        kx_store_item item;
        kx_slice document;
        int rc = kx_store__scan_next(source->scan, &item);
        if (rc == KX_OK)
            rc = kx_collection__document_of(query->txn->db, query->collection, item.id, item.row, &document);
        if (rc != KX_OK)
            return rc;
        int passes = kx_query__passes(query, item.id, document, false);
        if (passes == 0)
            continue;
        source->last_id = *id = item.id;
        source->started = true;
        *row = item.row;
        return passes < 0 ? passes : KX_OK;
    }
}

int kx_query__step(kx_cursor *cursor, bool wants_row, uint64_t *id, kx_slice *row)
{
    kx_store_txn *store = cursor->query.txn->store;
    if (cursor->left == 0)
        return KX_NOTFOUND;
    if (cursor->ahead.at < cursor->ahead.count && !kx_store__interrupted(store))
        return next_ahead(cursor, id, row);
    if (cursor->scans && cursor->skip == 0)
        return next_scanned(cursor, id, row);
    if (cursor->lists && wants_row && cursor->skip == 0 && cursor->source.at < cursor->source.count)
        return next_listed(cursor, id, row);
    if (cursor->pages && wants_row && cursor->skip == 0)
        return next_paged(cursor, id, row);
    if (cursor->walks) {
        store = kx_collection__innermost(cursor->query.txn)->store;
        int rc = store != cursor->source.store ? detach(cursor, store) : KX_OK;
        if (rc != KX_OK)
            return rc;
    }
    bool filters = cursor->source.mode == MODE_ROWS && cursor->tests && cursor->skip == 0;
    int rc = filters ? scan_on(cursor, id, row) : find_next(cursor, store, wants_row, id, row);
    cursor->left -= rc == KX_OK;
    return rc;
}

/* ---- the door ---------------------------------------------------------------------------------------- */

int kx_query__find(kx_txn *txn, const kx_cat_collection *collection, const kx_query *query, const kx_query_bound *bound,
                   kx_cursor **result)
{
    *result = NULL;
    kx_cursor *cursor = kx_base__alloc(sizeof *cursor);
    if (cursor == NULL)
        return kx_base__nomem();
    int rc = kx_query__prepare(cursor, txn, collection, query, bound, true, false);
    if (rc == KX_OK) {
        cursor->walks = txn->writes;
        cursor->registered = true;
        cursor->walker.collection = collection->number;
        cursor->walker.told = false;
        cursor->walker.before_write = before_write;
        cursor->walker.close = close_walker;
        kx_collection__add_walker(txn, &cursor->walker);
        rc = kx_query__open(cursor);
    }
    if (rc != KX_OK) {
        kx_base__free(cursor);
        return rc;
    }
    if (cursor->walks && cursor->query.crosses)
        rc = detach(cursor, txn->store);
    if (rc != KX_OK)
        return kx_query__close(cursor);
    *result = cursor;
    return KX_OK;
}

int kx_query__of_docs(kx_txn *txn, const kx_cat_collection *collection, kx_doc *const *docs, size_t count,
                      kx_cursor **result)
{
    *result = NULL;
    kx_cursor *cursor = kx_base__alloc(sizeof *cursor);
    kx_query_window *window = kx_base__alloc(sizeof *window + count * sizeof *docs);
    if (cursor == NULL || window == NULL) {
        kx_base__free(cursor);
        kx_base__free(window);
        return kx_base__nomem();
    }
    init(cursor, txn, collection, true);
    *window = (kx_query_window){.count = count, .size = count};
    for (size_t i = 0; i < count; i++)
        kx_collection__hold(window->docs[i] = docs[i]);
    cursor->window = window;
    cursor->rc = KX_NOTFOUND;
    cursor->registered = true;
    cursor->walker.collection = collection->number;
    cursor->walker.told = true;
    cursor->walker.before_write = before_write;
    cursor->walker.close = close_walker;
    kx_collection__add_walker(txn, &cursor->walker);
    *result = cursor;
    return KX_OK;
}

/* The same instance shows the next document, unless somebody holds on to it. */
static inline int show(kx_cursor *cursor, uint64_t id, kx_slice row)
{
    kx_doc *doc = cursor->doc;
    if (doc != NULL && doc->holds == 1 && !doc->handed)
        return kx_collection__doc_turn(doc, id, row);
    kx_collection__unhold(doc);
    cursor->doc = NULL;
    kx_txn *acting = cursor->walks ? kx_collection__innermost(cursor->query.txn) : cursor->query.txn;
    int rc = kx_collection__doc_of_row(acting, cursor->query.collection, id, row, &doc);
    if (rc != KX_OK)
        return rc;
    kx_collection__hold(doc);
    doc->result = cursor->result;
    cursor->doc = doc;
    return KX_OK;
}

/* The last document stays, for a token. */
static int end_walk(kx_cursor *cursor, int rc, kx_doc **doc)
{
    *doc = NULL;
    cursor->rc = rc;
    cursor->ahead.at = cursor->ahead.count = 0;
    return rc;
}

static __attribute__((noinline)) int next_doc(kx_cursor *cursor, kx_doc **doc)
{
    uint64_t id;
    kx_slice row;
    *doc = NULL;
    if (cursor->window != NULL)
        return kx_query__window_next(cursor, doc);
    if (cursor->rc != KX_OK)
        return cursor->rc;
    int rc = kx_query__step(cursor, true, &id, &row);
    if (rc == KX_OK)
        rc = show(cursor, id, row);
    if (rc != KX_OK)
        return end_walk(cursor, rc, doc);
    *doc = cursor->doc;
    return KX_OK;
}

/* In the middle of a walk nearly always the next row is at hand, and the instance needs no more than to show it. */
int kx_query__next(kx_cursor *cursor, kx_doc **doc)
{
    kx_query_ahead *ahead = &cursor->ahead;
    if (ahead->at < ahead->count && cursor->doc != NULL && !cursor->doc->handed && cursor->doc->holds == 1 &&
        !kx_store__interrupted(cursor->query.txn->store) &&
        kx_collection__doc_shows(cursor->doc, ahead->ids[ahead->at], ahead->rows[ahead->at])) {
        ahead->at++;
        cursor->left--;
        *doc = cursor->doc;
        return KX_OK;
    }
    return next_doc(cursor, doc);
}

int kx_query__ids(kx_cursor *cursor, uint64_t *ids, size_t room, size_t *count)
{
    kx_slice row;
    *count = 0;
    while (cursor->rc == KX_OK && *count < room) {
        cursor->rc = kx_query__step(cursor, false, &ids[*count], &row);
        *count += cursor->rc == KX_OK;
    }
    return cursor->rc == KX_NOTFOUND ? KX_OK : cursor->rc;
}

int kx_query__close(kx_cursor *cursor)
{
    if (cursor == NULL)
        return KX_OK;
    int rc = cursor->rc == KX_NOTFOUND ? KX_OK : cursor->rc;
    kx_query__shut(cursor);
    kx_base__free(cursor);
    return rc;
}
