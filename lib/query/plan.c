/*
 * plan.c -- which way is the cheapest.
 *
 * Ways are: a list of ids, a range of ids, an index whose leading parts the tests bind, an index that has the order, several
 * indexes together, all rows. A way that uses every test that another one uses is never longer, so the other one is
 * forgotten uncounted; where one way is left, nothing is counted at all. Otherwise count.c counts them.
 *
 * The cost of a way is the number of documents it leads to: fewer where it has the order and a limit ends it early. Whether
 * several indexes together cost less than the cheapest way is intersect.c's to say.
 */
#include <string.h>

#include "query/query_impl.h"

enum { COUNT_MOST = KX_QUERY_COUNT_MOST, NEAR = 16, UNIONS = 4, TESTS = KX_QUERY_TESTS };

/* ---- tests on a part ---------------------------------------------------------------- */

int kx_query__test_on(const kx_query_compiled *compiled, const kx_cat_part *part, kx_query_op op)
{
    for (size_t i = 0; i < compiled->test_count && i < TESTS; i++) {
        if (compiled->tests[i].op == op && kx_query__is_on(&compiled->tests[i], part))
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
        if ((test->op == TEST_EQ || test->op == TEST_NULL) && kx_query__is_on(test, part))
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

/* Leading parts that are bound: to one value each, and one of them perhaps to several. */
static void find_bound(const kx_query_compiled *compiled, kx_query_candidate *found)
{
    for (; found->equal < found->index->count; found->equal++) {
        const kx_cat_part *part = &found->index->parts[found->equal];
        int test = kx_query__equality_on(compiled, part);
        if (test < 0 && !found->several && !part->each) {
            test = kx_query__test_on(compiled, part, TEST_IN);
            found->several = test >= 0;
            found->in_part = found->equal;
        }
        if (test < 0)
            return;
        found->used |= UINT64_C(1) << test;
    }
}

/* A test that null does not pass. Whether a value does, is asked of each key. */
static int test_of_values(const kx_query_compiled *compiled, const kx_cat_part *part)
{
    static const kx_query_op ops[] = {TEST_NOT_NULL, TEST_NE, TEST_NOT_IN, TEST_LIKE};
    int test = -1;
    for (size_t i = 0; i < sizeof ops / sizeof *ops && test < 0; i++)
        test = kx_query__test_on(compiled, part, ops[i]);
    return test;
}

/* What stands on the first part that is not bound. */
static void find_tail(const kx_query_compiled *compiled, kx_query_candidate *found)
{
    const kx_cat_part *part = &found->index->parts[found->equal];
    int test = -1;
    bool whole;
    found->tail = TAIL_RANGE;
    for (size_t i = 0; i < compiled->test_count && i < TESTS; i++) {
        const kx_query_test *range = &compiled->tests[i];
        if (range->op >= TEST_LT && range->op <= TEST_GE && kx_query__is_on(range, part)) {
            test = (int)i;
            found->used |= UINT64_C(1) << i;
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
        test = test_of_values(compiled, part);
    }
    if (test < 0)
        found->tail = TAIL_NONE;
    else
        found->used |= UINT64_C(1) << test;
    if (found->tail == TAIL_NOT_NULL && compiled->tests[test].op != TEST_NOT_NULL)
        found->open = UINT64_C(1) << test;
}

static bool is_several(const kx_query_candidate *found, size_t part)
{
    return found->several && part == found->in_part;
}

static bool binds_null(const kx_query_compiled *compiled, const kx_query_candidate *found)
{
    for (size_t i = 0; i < found->equal; i++) {
        if (!is_several(found, i) &&
            compiled->tests[kx_query__equality_on(compiled, &found->index->parts[i])].op == TEST_NULL)
            return true;
    }
    return false;
}

/*
 * Does the index yield the order asked for, forward or backward? Keys with a null in a unique index end in the id,
 * which then descends on the way back: range.c walks them apart where they are one range, other cases are sorted. Of several
 * values there is a range each, and these stand in order.
 */
static bool has_order(const kx_query_compiled *compiled, kx_query_candidate *found)
{
    const kx_cat_index *index = found->index;
    size_t first = found->several ? found->in_part : found->equal, left = index->count - first;
    if (compiled->order_count == 0)
        return left == 0;
    if (index->multi || left < compiled->order_count || (left > compiled->order_count && !compiled->any_ties) ||
        (found->several && found->equal > first + 1))
        return false;
    bool never_null = true;
    for (size_t i = 0; i < compiled->order_count; i++) {
        const kx_cat_part *part = &index->parts[first + i];
        const kx_query_order *order = &compiled->orders[i];
        bool backward = order->descending != part->descending;
        if (!kx_query__is_part(&order->subject, part) || (i > 0 && backward != found->backward))
            return false;
        found->backward = backward;
        never_null = never_null && (index->sparse || kx_query__never_null(compiled, part));
    }
    if (!found->backward || !index->unique || compiled->any_ties)
        return true;
    return (left == 1 || never_null) && !binds_null(compiled, found);
}

/* False when the index cannot serve: it lacks documents that may match, or has some more than once. */
static bool find_candidate(kx_query_compiled *compiled, const kx_cat_index *index, kx_query_candidate *found)
{
    *found = (kx_query_candidate){.index = index, .tail = TAIL_NONE};
    if (index->primary)
        return false;
    uint64_t implied = 0;
    find_bound(compiled, found);
    if (index->where != NULL && !kx_query__implies(compiled, index->predicate, &implied)) {
        if (found->used != 0)
            kx_query__reject_candidate(compiled, found, "partial: the conditions do not imply its .where");
        return false;
    }
    found->used |= implied;
    for (size_t i = 0; i < index->count; i++) {
        if (index->parts[i].each && i >= found->equal)
            return false;
        if (index->sparse && !kx_query__never_null(compiled, &index->parts[i])) {
            if (found->used != 0)
                kx_query__reject_candidate(compiled, found, "sparse: it lacks documents that may match");
            return false;
        }
    }
    if (found->equal < index->count)
        find_tail(compiled, found);
    found->open &= ~implied;
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

static void add_candidate(kx_query_compiled *compiled, choices *found, const kx_query_candidate *candidate)
{
    static const char no_more[] = "answers no more than another index";
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
        if (is_better(&found->list[i], candidate)) {
            kx_query__reject_candidate(compiled, candidate, no_more);
            return;
        }
    }
    for (size_t i = 0; i < found->count; i++) {
        if (!is_better(candidate, &found->list[i]))
            found->list[kept++] = found->list[i];
        else
            kx_query__reject_candidate(compiled, &found->list[i], no_more);
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
            add_candidate(compiled, found, &candidate);
    }
    return KX_OK;
}

/* Groups of alternatives, each with an index of its own. One may be all that there is. */
static int add_unions(kx_query_compiled *compiled, choices *found)
{
    bool groups = false;
    size_t count = 0;
    for (size_t i = 0; i < compiled->test_count && !groups; i++)
        groups = compiled->tests[i].op == TEST_GROUP;
    if (!groups)
        return KX_OK;
    kx_query_candidate *list =
        kx_query__alloc(&compiled->memory, kx_base__times(found->count + UNIONS, sizeof *list));
    if (list == NULL)
        return KX_NOMEM;
    int rc = kx_query__unions(compiled, list + found->count, UNIONS, &count);
    if (found->count > 0)
        memcpy(list, found->list, found->count * sizeof *list);
    found->list = list;
    found->count += count;
    return rc;
}

uint64_t kx_query__wanted(const kx_query_compiled *compiled)
{
    return compiled->limit < UINT64_MAX - compiled->offset ? compiled->limit + compiled->offset : UINT64_MAX;
}

bool kx_query__uses_all(const kx_query_compiled *compiled, const kx_query_candidate *candidate)
{
    return compiled->test_count <= TESTS && (size_t)__builtin_popcountll(candidate->used) == compiled->test_count;
}

/* ---- taking a way --------------------------------------------------------------------------------- */

void kx_query__mark_id_range(kx_query_compiled *compiled)
{
    for (size_t i = 0; i < compiled->test_count; i++) {
        kx_query_test *test = &compiled->tests[i];
        if (test->subject.kind == SUBJECT_ID && test->op >= TEST_LT && test->op <= TEST_GE)
            test->answered = true;
    }
}

static void take_rows(kx_query_compiled *compiled, kx_query_plan *plan)
{
    plan->access = ACCESS_ROWS;
    plan->table = compiled->collection->number;
    kx_query__mark_id_range(compiled);
    plan->descending = compiled->order_count == 1 && compiled->orders[0].subject.kind == SUBJECT_ID;
    plan->arrangement = compiled->order_count == 0 || plan->descending ? ARRANGED : BY_KEY;
}

static void take_ids(kx_query_compiled *compiled, kx_query_plan *plan, kx_query_test *list)
{
    plan->access = ACCESS_IDS;
    plan->loose = true;
    plan->arrangement = compiled->order_count == 0 || plan->id_count == 1 ? ARRANGED : BY_KEY;
    list->answered = true;
}

void kx_query__mark_answered(kx_query_compiled *compiled, uint64_t used, const kx_query_plan *plan)
{
    for (size_t i = 0; i < compiled->test_count && i < TESTS; i++) {
        kx_query_test *test = &compiled->tests[i];
        bool whole = true;
        if (test->op == TEST_LIKE)
            kx_query__like_prefix(test->bytes, &whole);
        if (used >> i & 1 && plan->exact && whole)
            test->answered = true;
    }
}

static int take_union(kx_query_compiled *compiled, const kx_query_candidate *candidate, kx_query_plan *plan)
{
    *plan = *candidate->plan;
    plan->arrangement = compiled->order_count == 0 ? BY_ID : BY_KEY;
    kx_query__mark_answered(compiled, candidate->used, plan);
    return KX_OK;
}

static int take_index(kx_query_compiled *compiled, const kx_query_candidate *candidate, kx_query_plan *plan)
{
    if (candidate->index == NULL)
        return take_union(compiled, candidate, plan);
    int rc = kx_query__ranges(compiled, candidate, plan);
    if (rc != KX_OK || plan->access == ACCESS_NOTHING)
        return rc;
    kx_query__mark_answered(compiled, candidate->used & ~candidate->open, plan);
    plan->arrangement = candidate->fits ? ARRANGED : compiled->order_count == 0 ? BY_ID : BY_KEY;
    if (candidate->fits && !plan->exact && compiled->order_count == 0 && !plan->whole_key)
        plan->arrangement = BY_ID;
    if (candidate->backward && candidate->index->unique && candidate->tail == TAIL_NONE && !plan->exact)
        plan->arrangement = BY_KEY;
    return kx_query__test_keys(compiled, plan);
}

/* The cheapest of the candidates, where it is cheaper than `best` documents by an id; else NULL. */
static kx_query_candidate *cheapest(choices *found, uint64_t best)
{
    kx_query_candidate *chosen = NULL;
    for (size_t i = 0; i < found->count; i++) {
        if (found->list[i].cost < best) {
            chosen = &found->list[i];
            best = chosen->cost;
        }
    }
    return chosen;
}

/* A limit may end a walk in order sooner than all that match can be sorted: if what matches is spread evenly. */
static int is_order_better(kx_query_compiled *compiled, const choices *found, kx_query_candidate *chosen, bool *better)
{
    uint64_t all;
    *better = false;
    if (found->by_order.index == NULL || chosen->fits || compiled->order_count == 0 || compiled->limit == UINT64_MAX)
        return KX_OK;
    int rc = chosen->counted && !chosen->at_least ? KX_OK : kx_query__count_candidate(compiled, chosen, COUNT_MOST);
    if (rc == KX_OK)
        rc = kx_store__table_count(compiled->txn->store, compiled->collection->number, &all);
    if (rc != KX_OK || chosen->count == 0)
        return rc;
    double walked = (double)kx_query__wanted(compiled) * ((double)all / (double)chosen->count);
    *better = walked < (double)chosen->count;
    kx_query__reject_candidate(compiled, *better ? chosen : &found->by_order,
                               *better ? "a walk in the order asked for ends sooner" : "sorting what matches ends sooner");
    return rc;
}

/* What is not null is often nearly all: rows are then read faster in one go, unless their number is all that is asked for. */
static int is_weak_better(kx_query_compiled *compiled, kx_query_candidate *weak, bool *better)
{
    uint64_t all;
    bool whole = kx_query__uses_all(compiled, weak);
    int rc = kx_query__count_not_null(compiled, weak);
    if (rc == KX_OK)
        rc = kx_store__table_count(compiled->txn->store, compiled->collection->number, &all);
    if (rc != KX_OK)
        return rc;
    uint64_t most = whole ? all / 4 * 3 : all / 4;
    *better = (whole && compiled->counts) || (!weak->at_least && weak->count < most);
    if (!*better)
        kx_query__reject_candidate(compiled, weak, "most documents have a value there");
    return KX_OK;
}

/* Without a test that an index bounds. */
static int plan_without(kx_query_compiled *compiled, choices *found, kx_query_plan *plan)
{
    if (found->by_order.index != NULL &&
        (compiled->limit != UINT64_MAX || kx_query__uses_all(compiled, &found->by_order)))
        return take_index(compiled, &found->by_order, plan);
    if (found->by_order.index != NULL)
        kx_query__reject_candidate(compiled, &found->by_order, "all documents are read: sorting them is cheaper");
    bool better = false;
    int rc = found->weak.index != NULL ? is_weak_better(compiled, &found->weak, &better) : KX_OK;
    if (rc != KX_OK || better)
        return rc != KX_OK ? rc : take_index(compiled, &found->weak, plan);
    take_rows(compiled, plan);
    return KX_OK;
}

static void take_by_id(kx_query_compiled *compiled, kx_query_plan *plan, kx_query_test *list)
{
    if (list != NULL)
        take_ids(compiled, plan, list);
    else
        take_rows(compiled, plan);
}

/* `single`: how many documents the ids lead to; UINT64_MAX: they say nothing. */
static int choose(kx_query_compiled *compiled, choices *found, kx_query_test *list, uint64_t single,
                  kx_query_plan *plan)
{
    uint64_t by_id = compiled->order_count == 0 || single == UINT64_MAX ? single : 2 * single;
    bool taken = false, better = false;
    int rc = kx_query__count_candidates(compiled, found->list, found->count, by_id);
    kx_query_candidate *chosen = cheapest(found, by_id);
    kx_query_ways ways = {.list = found->list, .count = found->count, .chosen = chosen, .ids = list, .single = single};
    ways.by_order = found->by_order.index != NULL ? &found->by_order : NULL;
    if (rc == KX_OK)
        rc = kx_query__intersect(compiled, &ways, plan, &taken);
    for (size_t i = 0; i < found->count && rc == KX_OK && !taken; i++) {
        if (&found->list[i] != chosen)
            kx_query__reject_candidate(compiled, &found->list[i], "leads to more documents");
    }
    if (rc == KX_OK && !taken && chosen != NULL)
        rc = is_order_better(compiled, found, chosen, &better);
    if (rc != KX_OK || taken)
        return rc;
    if (chosen != NULL)
        return take_index(compiled, better ? &found->by_order : chosen, plan);
    take_by_id(compiled, plan, list);
    return KX_OK;
}

static int plan_ways(kx_query_compiled *compiled, kx_query_plan *plan, kx_query_test *list)
{
    choices found;
    bool narrowed = plan->low > 0 || plan->high < UINT64_MAX, better = false;
    uint64_t single = list != NULL ? plan->id_count : UINT64_MAX;
    int rc = find_candidates(compiled, &found);
    if (rc == KX_OK)
        rc = add_unions(compiled, &found);
    if (rc != KX_OK)
        return rc;
    if (found.count == 0 && (list != NULL || narrowed)) {
        take_by_id(compiled, plan, list);
        return KX_OK;
    }
    if (found.count == 0)
        return plan_without(compiled, &found, plan);
    if (list == NULL && narrowed)
        rc = kx_query__count_rows(compiled, plan->low, plan->high, COUNT_MOST, &single);
    if (rc == KX_OK && (found.count > 1 || single != UINT64_MAX))
        return choose(compiled, &found, list, single, plan);
    if (rc == KX_OK)
        rc = is_order_better(compiled, &found, &found.list[0], &better);
    return rc == KX_OK ? take_index(compiled, better ? &found.by_order : &found.list[0], plan) : rc;
}

int kx_query__plan(kx_query_compiled *compiled, kx_query_plan *plan)
{
    kx_query_test *list;
    plan->arrangement = ARRANGED;
    plan->descending = false;
    plan->exact = true;
    plan->loose = plan->whole_key = false;
    plan->index = NULL;
    plan->keys = NULL;
    plan->parts = NULL;
    plan->part_count = 0;
    plan->estimate = plan->count = 0;
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
