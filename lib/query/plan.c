/*
 * plan.c -- which way is the cheapest.
 *
 * Ways are: a list of ids, a range of ids, an index whose leading parts the tests bind, an index that has the order,
 * all rows. A way that uses every test that another one uses is never longer, so the other one is forgotten uncounted;
 * where one way is left, nothing is counted at all. Otherwise whole keys have a stored count, and the rest is counted
 * up to the best way so far, and never further than COUNT_MOST.
 *
 * The cost of a way is the number of documents it leads to: fewer where it has the order and a limit ends it early.
 */
#include "query/query_impl.h"

enum { COUNT_MOST = 10000, NEAR = 16, TESTS = 64 };

/* ---- tests on a part ---------------------------------------------------------------- */

int kx_query__test_on(const kx_query_compiled *compiled, const kx_cat_part *part, kx_query_op op)
{
    for (size_t i = 0; i < compiled->test_count && i < TESTS; i++) {
        if (compiled->tests[i].op == op && kx_query__is_part(&compiled->tests[i].subject, part))
            return (int)i;
    }
    return -1;
}

int kx_query__equality_on(const kx_query_compiled *compiled, const kx_cat_part *part)
{
    if (part->each)
        return kx_query__test_on(compiled, part, TEST_CONTAINS);
    for (size_t i = 0; i < compiled->test_count && i < TESTS; i++) {
        const kx_query_test *test = &compiled->tests[i];
        if ((test->op == TEST_EQ || test->op == TEST_NULL) && kx_query__is_part(&test->subject, part))
            return (int)i;
    }
    return -1;
}

bool kx_query__never_null(const kx_query_compiled *compiled, const kx_cat_part *part)
{
    for (size_t i = 0; i < compiled->test_count; i++) {
        const kx_query_test *test = &compiled->tests[i];
        if ((test->op == TEST_CONTAINS || !part->each) && kx_query__not_null(test) &&
            kx_query__is_part(&test->subject, part))
            return true;
    }
    return false;
}

/* ---- candidates --------------------------------------------------------------------------- */

/* What stands on the first part that is not bound to one value. */
static void find_tail(const kx_query_compiled *compiled, kx_query_candidate *found)
{
    const kx_cat_part *part = &found->index->parts[found->equal];
    int test = kx_query__test_on(compiled, part, TEST_IN);
    bool whole;
    found->tail = TAIL_IN;
    if (test < 0) {
        found->tail = TAIL_RANGE;
        for (size_t i = 0; i < compiled->test_count && i < TESTS; i++) {
            const kx_query_test *range = &compiled->tests[i];
            if (range->op >= TEST_LT && range->op <= TEST_GE && kx_query__is_part(&range->subject, part)) {
                test = (int)i;
                found->used |= UINT64_C(1) << i;
            }
        }
    }
    if (test < 0) {
        found->tail = TAIL_LIKE;
        test = kx_query__test_on(compiled, part, TEST_LIKE);
        if (test >= 0 && kx_query__like_prefix(compiled->tests[test].bytes, &whole).size == 0)
            test = -1;
    }
    if (test < 0) {
        found->tail = TAIL_NOT_NULL;
        test = kx_query__test_on(compiled, part, TEST_NOT_NULL);
    }
    if (test >= 0)
        found->used |= UINT64_C(1) << test;
    else
        found->tail = TAIL_NONE;
}

static bool binds_null(const kx_query_compiled *compiled, const kx_query_candidate *found)
{
    for (size_t i = 0; i < found->equal; i++) {
        if (compiled->tests[kx_query__equality_on(compiled, &found->index->parts[i])].op == TEST_NULL)
            return true;
    }
    return false;
}

/*
 * Does the index yield the order asked for, forward or backward? Keys with a null in a unique index end in the id,
 * which then descends on the way back: range.c walks them apart where they are one range, other cases are sorted.
 */
static bool has_order(const kx_query_compiled *compiled, kx_query_candidate *found)
{
    const kx_cat_index *index = found->index;
    size_t left = index->count - found->equal;
    if (compiled->order_count == 0)
        return left == 0;
    if (index->multi || left != compiled->order_count)
        return false;
    bool never_null = true;
    for (size_t i = 0; i < left; i++) {
        const kx_cat_part *part = &index->parts[found->equal + i];
        const kx_query_order *order = &compiled->orders[i];
        bool backward = order->descending != part->descending;
        if (!kx_query__is_part(&order->subject, part) || (i > 0 && backward != found->backward))
            return false;
        found->backward = backward;
        never_null = never_null && (index->sparse || kx_query__never_null(compiled, part));
    }
    if (!found->backward || !index->unique)
        return true;
    return (left == 1 || never_null) && !binds_null(compiled, found);
}

/* False when the index cannot serve: it lacks documents that may match, or has some more than once. */
static bool find_candidate(const kx_query_compiled *compiled, const kx_cat_index *index, kx_query_candidate *found)
{
    *found = (kx_query_candidate){.index = index, .tail = TAIL_NONE};
    if (index->primary)
        return false;
    for (; found->equal < index->count; found->equal++) {
        int test = kx_query__equality_on(compiled, &index->parts[found->equal]);
        if (test < 0)
            break;
        found->used |= UINT64_C(1) << test;
    }
    for (size_t i = 0; i < index->count; i++) {
        if (index->parts[i].each && i >= found->equal)
            return false;
        if (index->sparse && !kx_query__never_null(compiled, &index->parts[i]))
            return false;
    }
    if (found->equal < index->count)
        find_tail(compiled, found);
    found->fits = has_order(compiled, found);
    found->backward &= found->fits;
    return found->used != 0 || found->fits;
}

/* Is `left` never longer than `right`, and yields the order where that one does? Of equals the narrower index. */
static bool is_better(const kx_query_candidate *left, const kx_query_candidate *right)
{
    if ((left->used & right->used) != right->used || (right->fits && !left->fits))
        return false;
    if (left->used != right->used || left->fits != right->fits)
        return true;
    return left->index->count <= right->index->count;
}

typedef struct choices {
    kx_query_candidate *list;
    size_t count;
    kx_query_candidate by_order; /* yields the order and uses no test; its index is NULL where there is none */
    kx_query_candidate weak;     /* knows no more than what is not null */
    kx_query_candidate near[NEAR];
} choices;

static void add_candidate(choices *found, const kx_query_candidate *candidate)
{
    if (candidate->used == 0) {
        if (found->by_order.index == NULL)
            found->by_order = *candidate;
        return;
    }
    if (candidate->equal == 0 && candidate->tail == TAIL_NOT_NULL) {
        found->weak = *candidate;
        if (candidate->fits && found->by_order.index == NULL)
            found->by_order = *candidate;
        return;
    }
    size_t kept = 0;
    for (size_t i = 0; i < found->count; i++) {
        if (is_better(&found->list[i], candidate))
            return;
    }
    for (size_t i = 0; i < found->count; i++) {
        if (!is_better(candidate, &found->list[i]))
            found->list[kept++] = found->list[i];
    }
    found->list[kept++] = *candidate;
    found->count = kept;
}

static int find_candidates(kx_query_compiled *compiled, choices *found)
{
    const kx_cat_collection *collection = compiled->collection;
    kx_query_candidate candidate;
    found->list = found->near;
    found->count = 0;
    found->by_order.index = found->weak.index = NULL;
    if (compiled->test_count == 0 && compiled->order_count == 0)
        return KX_OK;
    if (collection->index_count > NEAR) {
        found->list = kx_query__alloc(&compiled->memory, kx_base__times(collection->index_count, sizeof candidate));
        if (found->list == NULL)
            return KX_NOMEM;
    }
    for (size_t i = 0; i < collection->index_count; i++) {
        if (find_candidate(compiled, &collection->indexes[i], &candidate))
            add_candidate(found, &candidate);
    }
    return KX_OK;
}

/* ---- counting ------------------------------------------------------------------------------- */

static int count_ranges(kx_query_compiled *compiled, const kx_query_plan *plan, uint64_t most, uint64_t *count)
{
    int rc = KX_OK;
    for (size_t i = 0; i < plan->range_count && rc == KX_OK && *count < most; i++) {
        kx_store_scan *scan = NULL;
        uint64_t more = 0;
        rc = kx_store__scan_entries(compiled->txn->store, plan->index->table, plan->ranges[i].from, plan->ranges[i].to,
                                    false, &scan);
        if (rc == KX_OK)
            rc = kx_store__scan_count(scan, most - *count, &more);
        kx_store__scan_close(scan);
        *count += more;
    }
    return rc;
}

static int count_candidate(kx_query_compiled *compiled, const kx_query_candidate *candidate, uint64_t most,
                           uint64_t *count)
{
    kx_query_plan plan = {0};
    *count = 0;
    int rc = kx_query__ranges(compiled, candidate, &plan);
    if (rc != KX_OK || plan.access == ACCESS_NOTHING)
        return rc;
    if (plan.whole_key && plan.range_count == 1)
        return kx_store__entry_count(compiled->txn->store, plan.index->table, plan.one.from, count);
    return count_ranges(compiled, &plan, most, count);
}

static int count_rows(kx_query_compiled *compiled, uint64_t low, uint64_t high, uint64_t most, uint64_t *count)
{
    kx_store_scan *scan = NULL;
    *count = 0;
    int rc = kx_store__scan_rows(compiled->txn->store, compiled->collection->number, low, high, false, &scan);
    if (rc == KX_OK)
        rc = kx_store__scan_count(scan, most, count);
    kx_store__scan_close(scan);
    return rc;
}

static uint64_t wanted(const kx_query_compiled *compiled)
{
    return compiled->limit < UINT64_MAX - compiled->offset ? compiled->limit + compiled->offset : UINT64_MAX;
}

/* Documents to fetch when there are `count`; a sort fetches them twice. */
static uint64_t cost_of(const kx_query_compiled *compiled, bool fits, bool all_used, uint64_t count)
{
    if (compiled->order_count > 0 && !fits)
        return 2 * count;
    return all_used && wanted(compiled) < count ? wanted(compiled) : count;
}

static bool uses_all(const kx_query_compiled *compiled, const kx_query_candidate *candidate)
{
    return compiled->test_count <= TESTS && (size_t)__builtin_popcountll(candidate->used) == compiled->test_count;
}

/* ---- taking a way --------------------------------------------------------------------------------- */

static void take_rows(kx_query_compiled *compiled, kx_query_plan *plan)
{
    plan->access = ACCESS_ROWS;
    for (size_t i = 0; i < compiled->test_count; i++) {
        kx_query_test *test = &compiled->tests[i];
        if (test->subject.kind == SUBJECT_ID && test->op >= TEST_LT && test->op <= TEST_GE)
            test->answered = true;
    }
    plan->descending = compiled->order_count == 1 && compiled->orders[0].subject.kind == SUBJECT_ID;
    plan->arrangement = compiled->order_count == 0 || plan->descending ? ARRANGED : BY_KEY;
}

static void take_ids(kx_query_compiled *compiled, kx_query_plan *plan, kx_query_test *list)
{
    plan->access = ACCESS_IDS;
    plan->arrangement = compiled->order_count == 0 || plan->id_count == 1 ? ARRANGED : BY_KEY;
    list->answered = true;
}

static int take_index(kx_query_compiled *compiled, const kx_query_candidate *candidate, kx_query_plan *plan)
{
    int rc = kx_query__ranges(compiled, candidate, plan);
    if (rc != KX_OK || plan->access == ACCESS_NOTHING)
        return rc;
    for (size_t i = 0; i < compiled->test_count && i < TESTS; i++) {
        kx_query_test *test = &compiled->tests[i];
        bool whole = true;
        if (test->op == TEST_LIKE)
            kx_query__like_prefix(test->bytes, &whole);
        if (candidate->used >> i & 1 && plan->exact && whole)
            test->answered = true;
    }
    plan->arrangement = candidate->fits ? ARRANGED : compiled->order_count == 0 ? BY_ID : BY_KEY;
    if (candidate->fits && !plan->exact && compiled->order_count == 0 && !plan->whole_key)
        plan->arrangement = BY_ID;
    if (candidate->backward && candidate->index->unique && candidate->tail == TAIL_NONE && !plan->exact)
        plan->arrangement = BY_KEY;
    return KX_OK;
}

/* The cheapest of several; `best` counts what `plan` already has (a list or a range of ids). */
static int count_all(kx_query_compiled *compiled, choices *found, uint64_t best, bool *ids_win,
                     kx_query_candidate **chosen)
{
    int rc = KX_OK;
    *ids_win = best != UINT64_MAX;
    for (size_t i = 0; i < found->count && rc == KX_OK; i++) {
        kx_query_candidate *candidate = &found->list[i];
        uint64_t most = best < COUNT_MOST ? best + 1 : COUNT_MOST, count;
        rc = count_candidate(compiled, candidate, most, &count);
        candidate->cost = cost_of(compiled, candidate->fits, uses_all(compiled, candidate), count);
        if (candidate->cost < best) {
            best = candidate->cost;
            *chosen = candidate;
            *ids_win = false;
        }
    }
    if (!*ids_win && *chosen == NULL && found->count > 0)
        *chosen = &found->list[0];
    return rc;
}

/* A limit may end a walk in order sooner than all that match can be sorted: if what matches is spread evenly. */
static int is_order_better(kx_query_compiled *compiled, const kx_query_candidate *chosen, bool *better)
{
    uint64_t count, all;
    *better = false;
    int rc = count_candidate(compiled, chosen, COUNT_MOST, &count);
    if (rc == KX_OK)
        rc = kx_store__table_count(compiled->txn->store, compiled->collection->number, &all);
    if (rc != KX_OK || count == 0)
        return rc;
    double walked = (double)wanted(compiled) * ((double)all / (double)count);
    *better = walked < (double)count;
    return rc;
}

/* Without a test that an index bounds. */
static int plan_without(kx_query_compiled *compiled, const choices *found, kx_query_plan *plan)
{
    if (found->by_order.index != NULL && (compiled->limit != UINT64_MAX || uses_all(compiled, &found->by_order)))
        return take_index(compiled, &found->by_order, plan);
    if (found->weak.index != NULL) {
        uint64_t all, count, most;
        int rc = kx_store__table_count(compiled->txn->store, compiled->collection->number, &all);
        most = all / 4 < COUNT_MOST ? all / 4 : COUNT_MOST;
        if (rc == KX_OK)
            rc = count_candidate(compiled, &found->weak, most, &count);
        if (rc != KX_OK || count < most)
            return rc != KX_OK ? rc : take_index(compiled, &found->weak, plan);
    }
    take_rows(compiled, plan);
    return KX_OK;
}

static int plan_ways(kx_query_compiled *compiled, kx_query_plan *plan, kx_query_test *list)
{
    choices found;
    kx_query_candidate *chosen = NULL;
    bool narrowed = plan->low > 0 || plan->high < UINT64_MAX, ids_win = false, better = false;
    int rc = find_candidates(compiled, &found);
    if (rc != KX_OK)
        return rc;
    if (found.count == 0 && list != NULL) {
        take_ids(compiled, plan, list);
        return KX_OK;
    }
    if (found.count == 0 && narrowed) {
        take_rows(compiled, plan);
        return KX_OK;
    }
    if (found.count == 0)
        return plan_without(compiled, &found, plan);
    uint64_t best = list != NULL ? plan->id_count : UINT64_MAX;
    if (list == NULL && narrowed)
        rc = count_rows(compiled, plan->low, plan->high, COUNT_MOST, &best);
    if (best != UINT64_MAX)
        best = cost_of(compiled, false, false, best);
    if (rc == KX_OK && (found.count > 1 || best != UINT64_MAX))
        rc = count_all(compiled, &found, best, &ids_win, &chosen);
    else
        chosen = &found.list[0];
    if (rc == KX_OK && ids_win) {
        if (list != NULL)
            take_ids(compiled, plan, list);
        else
            take_rows(compiled, plan);
        return KX_OK;
    }
    if (rc == KX_OK && found.by_order.index != NULL && !chosen->fits && compiled->order_count > 0 &&
        compiled->limit != UINT64_MAX)
        rc = is_order_better(compiled, chosen, &better);
    if (rc != KX_OK)
        return rc;
    return take_index(compiled, better ? &found.by_order : chosen, plan);
}

int kx_query__plan(kx_query_compiled *compiled, kx_query_plan *plan)
{
    kx_query_test *list;
    plan->arrangement = ARRANGED;
    plan->descending = false;
    plan->exact = true;
    plan->whole_key = false;
    int rc = kx_query__find_ids(compiled, plan, &list);
    if (rc != KX_OK || plan->access == ACCESS_NOTHING)
        return rc;
    if (list != NULL && plan->id_count == 1)
        take_ids(compiled, plan, list);
    else
        rc = plan_ways(compiled, plan, list);
    if (rc == KX_OK)
        rc = kx_query__plan_crosses(compiled, plan);
    if (rc == KX_OK && plan->access == ACCESS_ROWS && kx_query__needs_test(compiled))
        rc = kx_query__prepare_scan(compiled);
    return rc;
}
