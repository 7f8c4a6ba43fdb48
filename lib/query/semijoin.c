/*
 * semijoin.c -- a test beyond relations, answered from the far end.
 *
 *   orders where user.status == "premium"      the premium users by an index of theirs, then the orders of each
 *
 * The far end's matches are counted first, by stored counts where an index has them; the walk back stops as soon as it has
 * cost more than the plan that it would replace. What comes out is a list of ids, sorted, each once.
 */
#include <stdlib.h>

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

static int compare_ids(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

static void sort(id_list *list)
{
    size_t kept = 0;
    if (list->count > 1)
        qsort(list->ids, list->count, sizeof *list->ids, compare_ids);
    for (size_t i = 0; i < list->count; i++) {
        if (i == 0 || list->ids[i] != list->ids[i - 1])
            list->ids[kept++] = list->ids[i];
    }
    list->count = kept;
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

static int go_back(kx_query_compiled *compiled, const kx_cat_relation *hop, id_list *list)
{
    kx_txn *txn = compiled->txn;
    id_list owners = {.most = list->most};
    int rc = 0;
    for (size_t i = 0; i < list->count && rc == 0; i++) {
        kx_slice row, document;
        rc = kx_store__row_get(txn->store, hop->target->number, list->ids[i], &row);
        if (rc == KX_OK)
            rc = kx_collection__document_of(txn->db, hop->target, list->ids[i], row, &document);
        if (rc == KX_OK)
            rc = kx_query__hop(txn, hop, true, document, push, &owners);
        rc = rc == KX_NOTFOUND ? KX_OK : rc;
    }
    sort(&owners);
    kx_base__free(list->ids);
    *list = owners;
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
        id_list list = {.most = cost / 2};
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
