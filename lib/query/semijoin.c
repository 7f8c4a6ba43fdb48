/*
 * semijoin.c -- a test beyond relations, answered from the far end.
 *
 *   orders where user.status == "premium"      the premium users by an index of theirs, then the orders of each
 *
 * The far end's matches are counted first, by stored counts where an index has them; the walk back stops as soon as it has
 * cost more than the plan that it would replace. What comes out is a list of ids, sorted, each once.
 */
#include <string.h>

#include "query/query_impl.h"

typedef struct id_list {
    uint64_t *ids; /* owned */
    size_t count, room;
    uint64_t most;
} id_list;

/* 1: more than are worth it. */
static int push(void *context, uint64_t id)
{
    id_list *list = context;
    if (list->count >= list->most)
        return 1;
    if (list->count == list->room) {
        size_t room = list->room > 0 ? 2 * list->room : 64;
        uint64_t *ids = kx_base__realloc(list->ids, kx_base__times(room, sizeof *ids));
        if (ids == NULL)
            return kx_base__nomem();
        list->ids = ids;
        list->room = room;
    }
    list->ids[list->count++] = id;
    return 0;
}

static int sort(id_list *list)
{
    kx_query_ids ids;
    kx_query__ids_begin(&ids, UINT64_MAX);
    ids.data = list->ids;
    ids.count = list->count;
    ids.capacity = list->room;
    int rc = kx_query__ids_sort(&ids);
    list->count = ids.count;
    return rc;
}

/* ---- the far end ---------------------------------------------------------------------------- */

static int collect(kx_cursor *cursor, id_list *list)
{
    kx_slice row;
    uint64_t id;
    int rc = kx_query__open(cursor);
    if (rc != KX_OK)
        return rc;
    while (rc == 0 && (rc = kx_query__step(cursor, false, &id, &row)) == KX_OK)
        rc = push(list, id);
    kx_query__shut(cursor);
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

/* Relations that the test is behind; for what stands in parentheses, that group's. */
static const kx_query_cross *cross_of(const kx_query_test *test)
{
    return test->op == TEST_GROUP ? test->group->cross : test->subject.cross;
}

/* The test as one of the far collection, or all that are bound to one of its documents. */
static int prepare_far(kx_query_compiled *compiled, const kx_query_test *test, kx_cursor *cursor)
{
    const kx_query_cross *cross = cross_of(test);
    const kx_cat_collection *far = cross->hops[cross->count - 1]->target;
    if (test->op == TEST_GROUP)
        return kx_query__prepare_tests(cursor, compiled->txn, far, test->group->tests, test->group->count);
    kx_query_test leaf = *test;
    leaf.subject = cross->leaf;
    leaf.answered = false;
    return kx_query__prepare_tests(cursor, compiled->txn, far, &leaf, 1);
}

static int find_far(kx_query_compiled *compiled, const kx_query_test *test, id_list *list)
{
    kx_cursor cursor;
    uint64_t count = 0;
    int rc = prepare_far(compiled, test, &cursor);
    if (rc != KX_OK || cursor.plan.access == ACCESS_NOTHING) {
        if (rc == KX_OK)
            kx_query__shut(&cursor);
        return rc;
    }
    if (cursor.plan.access != ACCESS_IDS)
        rc = kx_query__count_ways(&cursor, list->most + 1, &count);
    if (rc == KX_OK && count <= list->most)
        return collect(&cursor, list);
    kx_query__shut(&cursor);
    return rc != KX_OK ? rc : 1;
}

/* ---- back, a hop at a time ---------------------------------------------------------------------- */

/* Keys that lead back from some documents; those that have none that is whole are left at once. */
typedef struct back_way {
    kx_txn *txn;
    const kx_cat_relation *hop;
    const kx_cat_index *index; /* NULL: each document is left alone */
    kx_entries keys;
    id_list owners;
} back_way;

static int leave_alone(back_way *way, kx_slice document)
{
    return kx_query__hop(way->txn, way->hop, true, document, push, &way->owners);
}

static int take_document(back_way *way, uint64_t id, kx_slice row)
{
    kx_slice document;
    kx_key key;
    int rc = kx_collection__document_of(way->txn->db, way->hop->target, id, row, &document);
    if (rc != KX_OK || way->index == NULL)
        return rc == KX_OK ? leave_alone(way, document) : rc;
    kx_key__init(&key);
    if (!kx_query__back_key(way->hop, document, &key))
        rc = leave_alone(way, document);
    else if (key.size > 0)
        rc = kx_collection__entries_add(&way->keys, &key, 0, 0);
    kx_key__free(&key);
    return rc;
}

enum { BATCH = 512 };

/* At most BATCH. A document that is gone leads nowhere. */
static int take_documents(back_way *way, const uint64_t *ids, size_t count)
{
    kx_slice rows[BATCH];
    int rc = kx_store__row_get_many(way->txn->store, way->hop->target->number, ids, count, rows);
    for (size_t i = 0; i < count && rc == KX_OK; i++)
        rc = rows[i].data != NULL ? take_document(way, ids[i], rows[i]) : KX_OK;
    return rc;
}

static int push_owners(void *context, size_t key, const uint64_t *ids, size_t count)
{
    int rc = 0;
    (void)key;
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = push(context, ids[i]);
    return rc;
}

/* One pass over the index, for each key once. */
static int walk_keys(back_way *way)
{
    size_t distinct = 0;
    int rc = kx_collection__entries_sort(&way->keys);
    kx_slice *keys = rc == KX_OK ? kx_base__alloc(kx_base__times(way->keys.count, sizeof *keys)) : NULL;
    if (keys == NULL)
        return rc == KX_OK ? kx_base__nomem() : rc;
    for (size_t i = 0; i < way->keys.count; i++) {
        const kx_entry *entry = &way->keys.items[i];
        if (distinct == 0 || entry->size != keys[distinct - 1].size ||
            memcmp(entry->key, keys[distinct - 1].data, entry->size) != 0)
            keys[distinct++] = kx_slice_of(entry->key, entry->size);
    }
    rc = kx_store__entry_ids_below(way->txn->store, way->index->table, keys, distinct, push_owners, &way->owners);
    kx_base__free(keys);
    return rc;
}

/* In batches, each longer than the one before: too many owners are noticed before much has been read. */
static int go_back(kx_query_compiled *compiled, const kx_cat_relation *hop, id_list *list)
{
    back_way way = {
        .txn = compiled->txn, .hop = hop, .index = kx_query__back_index(hop), .owners = {.most = list->most}};
    int rc = sort(list);
    for (size_t from = 0, size = 1, count; from < list->count && rc == KX_OK; from += count) {
        count = list->count - from < size ? list->count - from : size;
        rc = take_documents(&way, list->ids + from, count);
        if (rc == KX_OK && way.keys.count > 0)
            rc = walk_keys(&way);
        kx_collection__entries_free(&way.keys);
        size = 4 * size < BATCH ? 4 * size : BATCH;
    }
    if (rc == KX_OK)
        rc = sort(&way.owners);
    kx_base__free(list->ids);
    *list = way.owners;
    return rc;
}

/* 0: `list` has the ids; 1: it would cost more than `most`; or an error. */
static int join(kx_query_compiled *compiled, const kx_query_test *test, id_list *list)
{
    const kx_query_cross *cross = cross_of(test);
    int rc = find_far(compiled, test, list);
    for (size_t i = cross->count; i-- > 0 && rc == 0;)
        rc = go_back(compiled, cross->hops[i], list);
    return rc;
}

/* ---- choosing ------------------------------------------------------------------------------------ */

/* What stands behind nobody is null, and is not found from the far end. */
static bool can_join(const kx_query_test *test)
{
    if (test->op == TEST_GROUP)
        return test->group->cross != NULL && !test->group->negated && !test->answered;
    return test->subject.kind == SUBJECT_CROSS && !test->answered && !test->subject.cross->bare &&
           kx_query__not_null(test) && test->op != TEST_NE && test->op != TEST_NOT_NULL && test->op != TEST_NEVER;
}

static int cost_of_plan(kx_query_compiled *compiled, const kx_query_plan *plan, uint64_t *cost)
{
    kx_cursor probe = {.query = {.txn = compiled->txn, .collection = compiled->collection}, .plan = *plan};
    if (plan->access == ACCESS_IDS || plan->access == ACCESS_NOTHING) {
        *cost = plan->access == ACCESS_IDS ? plan->id_count : 0;
        return KX_OK;
    }
    return kx_query__count_ways(&probe, UINT32_MAX, cost);
}

static int take_list(kx_query_compiled *compiled, kx_query_test *test, const id_list *list, kx_query_plan *plan)
{
    const uint64_t *ids = kx_query__copy(&compiled->memory, list->ids, list->count * sizeof *list->ids);
    if (ids == NULL && list->count > 0)
        return KX_NOMEM;
    for (size_t i = 0; i < compiled->test_count; i++)
        compiled->tests[i].answered = false;
    *plan = (kx_query_plan){.access = list->count > 0 ? ACCESS_IDS : ACCESS_NOTHING,
                            .arrangement = compiled->order_count == 0 ? ARRANGED : BY_KEY,
                            .exact = true,
                            .loose = true,
                            .ids = ids,
                            .id_count = list->count};
    test->answered = true;
    return KX_OK;
}

/* An id from the far end costs less than a document that is read and tested, which takes a hop. Where the plan has an index to begin
   with, or only some of its documents are wanted, the list must be worth more. */
static uint64_t worth(const kx_query_compiled *compiled, const kx_query_plan *plan, uint64_t cost)
{
    bool whole = plan->access == ACCESS_ROWS && kx_query__wanted(compiled) == UINT64_MAX;
    return whole ? cost : cost / 2;
}

int kx_query__plan_crosses(kx_query_compiled *compiled, kx_query_plan *plan)
{
    enum { WORTH = 16 };
    uint64_t cost = 0;
    bool counted = false;
    int rc = KX_OK;
    for (size_t i = 0; i < compiled->test_count && rc == KX_OK; i++) {
        kx_query_test *test = &compiled->tests[i];
        if (!can_join(test))
            continue;
        if (!counted)
            rc = cost_of_plan(compiled, plan, &cost);
        counted = true;
        if (rc != KX_OK || cost < WORTH)
            return rc;
        id_list list = {.most = worth(compiled, plan, cost)};
        rc = join(compiled, test, &list);
        if (rc == 0)
            rc = take_list(compiled, test, &list, plan);
        if (rc == 0) {
            cost = list.count;
            kx_query__note_crossing(compiled, test, list.count);
        }
        kx_base__free(list.ids);
        rc = rc == 1 ? KX_OK : rc;
    }
    return rc;
}
