/* find.c -- answers in one call: first, all, count, get. They begin and end while nobody writes. */
#include <stddef.h>
#include <string.h>

#include "query/query_impl.h"

/* ---- one value, one index --------------------------------------------------------------- *
 * The usual question needs neither plan nor cursor.                                          */

static bool is_simple(const kx_value *value)
{
    switch (value->type) {
    case KX_TYPE_BOOL:
    case KX_TYPE_INT:
    case KX_TYPE_REAL: return true;
    case KX_TYPE_TEXT: return value->data != NULL && kx_base__utf8(value->data, value->size);
    default: return false;
    }
}

/* An index of this path alone, the primary or a unique one before others; NULL: none. */
static const kx_cat_index *index_of(const kx_cat_collection *collection, const char *path)
{
    const kx_cat_index *found = NULL;
    for (size_t i = 0; i < collection->index_count; i++) {
        const kx_cat_index *index = &collection->indexes[i];
        const kx_cat_part *part = &index->parts[0];
        if (part->text[0] != path[0] || index->count != 1 || index->multi || index->fold || index->where != NULL ||
            !part->plain || strcmp(part->text, path) != 0)
            continue;
        if (index->unique || index->primary)
            return index;
        found = index;
    }
    return found;
}

int kx_query__get(kx_txn *txn, const kx_cat_collection *collection, const char *path, const kx_value *value,
                  kx_doc **doc)
{
    const kx_cat_index *index = is_simple(value) ? index_of(collection, path) : NULL;
    uint64_t id;
    *doc = NULL;
    if (index == NULL) {
        kx_condition where[2] = {{.path = path, .op = KX_EQ, .value = *value}, {0}};
        return kx_query__first(txn, collection, &(kx_query){.where = where}, NULL, doc);
    }
    int rc = kx_collection__lookup_id(txn, collection, index, value, &id);
    if (rc == KX_OK)
        rc = kx_collection__doc_get(txn, collection, id, doc);
    if (rc == KX_OK)
        kx_collection__hand(*doc);
    return rc;
}

/* ---- documents ------------------------------------------------------------------------------ */

static int next_doc(kx_cursor *cursor, kx_doc **doc)
{
    uint64_t id;
    kx_slice row;
    int rc = kx_query__step(cursor, true, &id, &row);
    if (rc == KX_OK)
        rc = kx_collection__doc_of_row(cursor->query.txn, cursor->query.collection, id, row, doc);
    if (rc == KX_OK) {
        kx_collection__hand(*doc);
        (*doc)->result = cursor->result;
    }
    return rc;
}

int kx_query__first(kx_txn *txn, const kx_cat_collection *collection, const kx_query *query,
                    const kx_query_bound *bound, kx_doc **doc)
{
    kx_cursor cursor;
    kx_query one = query != NULL ? *query : (kx_query){0};
    one.limit = 1;
    *doc = NULL;
    int rc = kx_query__prepare(&cursor, txn, collection, &one, bound, false, false);
    if (rc == KX_OK)
        rc = kx_query__open(&cursor);
    if (rc != KX_OK)
        return rc;
    rc = next_doc(&cursor, doc);
    kx_query__shut(&cursor);
    return rc;
}

typedef struct doc_list {
    kx_doc **docs;
    size_t count, capacity;
} doc_list;

static int add_doc(doc_list *list, kx_doc *doc)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity > 0 ? 2 * list->capacity : 16;
        kx_doc **docs = kx_base__realloc(list->docs, kx_base__times(capacity, sizeof *docs));
        if (docs == NULL) {
            kx_collection__doc_release(doc);
            return kx_base__nomem();
        }
        list->docs = docs;
        list->capacity = capacity;
    }
    list->docs[list->count++] = doc;
    return KX_OK;
}

/* The list moves to the transaction's own memory, or its documents are given back. */
static int finish_list(kx_txn *txn, doc_list *list, int rc, kx_doc ***docs, size_t *count)
{
    if (rc == KX_NOTFOUND) {
        *docs = kx_arena__copy(&txn->top->arena, list->docs, list->count * sizeof *list->docs);
        *count = list->count;
        rc = *docs != NULL ? KX_OK : kx_base__nomem();
    }
    if (rc != KX_OK) {
        *count = 0;
        for (size_t i = 0; i < list->count; i++)
            kx_collection__doc_release(list->docs[i]);
    }
    kx_base__free(list->docs);
    return rc;
}

int kx_query__all(kx_txn *txn, const kx_cat_collection *collection, const kx_query *query, const kx_query_bound *bound,
                  kx_doc ***docs, size_t *count)
{
    kx_cursor cursor;
    doc_list list = {0};
    *docs = NULL;
    *count = 0;
    int rc = kx_query__prepare(&cursor, txn, collection, query, bound, false, false);
    if (rc == KX_OK)
        rc = kx_query__open(&cursor);
    if (rc != KX_OK)
        return rc;
    while (rc == KX_OK) {
        kx_doc *doc = NULL;
        rc = next_doc(&cursor, &doc);
        if (rc == KX_OK)
            rc = add_doc(&list, doc);
    }
    kx_query__shut(&cursor);
    return finish_list(txn, &list, rc, docs, count);
}

/* ---- count -------------------------------------------------------------------------------------- */

/* Nothing but conditions. */
static bool is_bare(const kx_query *query)
{
    static const kx_query none;
    size_t start = offsetof(kx_query, filter);
    return query == NULL || memcmp(&query->filter, &none.filter, sizeof none - start) == 0;
}

/* One bound or one equality, and nothing else: a stored number. *done is false where it is not that simple. */
static int count_simple(kx_txn *txn, const kx_cat_collection *collection, const kx_query *query,
                        const kx_query_bound *bound, uint64_t *count, bool *done)
{
    const kx_condition *where = query != NULL ? query->where : NULL;
    bool has_where = where != NULL && where->path != NULL;
    *done = is_bare(query);
    if (*done && bound == NULL && !has_where)
        return kx_store__table_count(txn->store, collection->number, count);
    if (has_where && (bound != NULL || where[1].path != NULL || where->op != KX_EQ))
        *done = false;
    if (!*done)
        return KX_OK;
    const kx_value *values = has_where ? &where->value : bound->values;
    const kx_cat_index *index = has_where ? index_of(collection, where->path) : bound->index;
    *done = index != NULL && index->count == (has_where ? 1 : bound->count) && !index->multi;
    for (size_t i = 0; *done && i < index->count; i++)
        *done = is_simple(&values[i]);
    return *done ? kx_collection__lookup_count(txn, collection, index, values, count) : KX_OK;
}

/* Entries of the ranges, or rows, as far as they are wanted; of several ways together an estimate. */
int kx_query__count_ways(kx_cursor *cursor, uint64_t most, uint64_t *count)
{
    const kx_query_plan *plan = &cursor->plan;
    kx_store_txn *store = cursor->query.txn->store;
    uint32_t rows = cursor->query.collection->number;
    int rc = KX_OK;
    *count = 0;
    if (plan->access == ACCESS_ALL || plan->access == ACCESS_ANY) {
        *count = plan->estimate < most ? plan->estimate : most;
        return KX_OK;
    }
    if (plan->access == ACCESS_INDEX && plan->whole_key)
        return kx_store__entry_count(store, plan->index->table, plan->one.from, count);
    if (plan->access == ACCESS_ROWS && plan->low == 0 && plan->high == UINT64_MAX)
        return kx_store__table_count(store, rows, count);
    size_t ways = plan->access == ACCESS_ROWS ? 1 : plan->range_count;
    for (size_t i = 0; i < ways && rc == KX_OK && *count < most; i++) {
        kx_store_scan *scan = NULL;
        uint64_t more = 0;
        if (plan->access == ACCESS_ROWS)
            rc = kx_store__scan_rows(store, rows, plan->low, plan->high, false, &scan);
        else
            rc = kx_store__scan_entries(store, plan->index->table, plan->ranges[i].from, plan->ranges[i].to, false,
                                        &scan);
        if (rc == KX_OK)
            rc = kx_store__scan_count(scan, most - *count, &more);
        kx_store__scan_close(scan);
        *count += more;
    }
    return rc;
}

static int count_steps(kx_cursor *cursor, uint64_t *count)
{
    uint64_t id;
    kx_slice row;
    int rc;
    *count = 0;
    while ((rc = kx_query__step(cursor, false, &id, &row)) == KX_OK)
        (*count)++;
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

int kx_query__count(kx_txn *txn, const kx_cat_collection *collection, const kx_query *query,
                    const kx_query_bound *bound, uint64_t *count)
{
    kx_cursor cursor;
    bool done;
    *count = 0;
    int rc = count_simple(txn, collection, query, bound, count, &done);
    if (rc != KX_OK || done)
        return rc;
    rc = kx_query__prepare(&cursor, txn, collection, query, bound, false, true);
    if (rc != KX_OK)
        return rc;
    uint64_t limit = cursor.query.limit, offset = cursor.query.offset;
    if (cursor.plan.access == ACCESS_NOTHING) {
        kx_query__shut(&cursor);
    } else if (!cursor.tests && !cursor.reads && cursor.query.after == NULL && cursor.plan.access < ACCESS_ALL &&
               cursor.plan.keys == NULL) {
        rc = kx_query__count_ways(&cursor, limit < UINT64_MAX - offset ? limit + offset : UINT64_MAX, count);
        *count = *count > offset ? *count - offset : 0;
        *count = *count < limit ? *count : limit;
        kx_query__shut(&cursor);
    } else {
        rc = kx_query__open(&cursor);
        if (rc != KX_OK)
            return rc;
        rc = count_steps(&cursor, count);
        kx_query__shut(&cursor);
    }
    if (rc != KX_OK)
        *count = 0;
    return rc;
}
