/*
 * plan.c -- which way is the cheapest.
 *
 * Ways are: a list of ids, a range of ids, an index whose leading parts the tests bind, an index that has the order,
 * several indexes together, all rows. A way that uses every test that another one uses is never longer, so the other
 * one is forgotten uncounted; where one way is left, nothing is counted at all. Otherwise count.c counts them.
 *
 * The cost of a way is the number of documents it leads to: fewer where it has the order and a limit ends it early.
 * Whether several indexes together cost less than the cheapest way is intersect.c's to say.
 */
#include <string.h>

#include "query/query_impl.h"

enum { COUNT_MOST = KX_QUERY_COUNT_MOST, UNIONS = 4, TESTS = KX_QUERY_TESTS };

/* Groups of alternatives, each with an index of its own. One may be all that there is. */
static int add_unions(kx_query_compiled *compiled, kx_query_choices *found)
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
static kx_query_candidate *cheapest(kx_query_choices *found, uint64_t best)
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
static int is_order_better(kx_query_compiled *compiled, const kx_query_choices *found, kx_query_candidate *chosen, bool *better)
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
    if (*better)
        kx_query__reject_candidate(compiled, chosen, "a walk in the order asked for ends sooner");
    else
        kx_query__reject_candidate(compiled, &found->by_order, "sorting what matches ends sooner");
    return rc;
}

/* What is not null is often nearly all: rows are then read faster in one go, unless only their number is asked for. */
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
static int plan_without(kx_query_compiled *compiled, kx_query_choices *found, kx_query_plan *plan)
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
static int choose(kx_query_compiled *compiled, kx_query_choices *found, kx_query_test *list, uint64_t single,
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
    kx_query_choices found;
    bool narrowed = plan->low > 0 || plan->high < UINT64_MAX, better = false;
    uint64_t single = list != NULL ? plan->id_count : UINT64_MAX;
    int rc = kx_query__find_candidates(compiled, &found);
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
