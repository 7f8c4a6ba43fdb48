/*
 * union.c -- alternatives that each have an index: their ids together, each once, instead of all rows.
 *
 *   status == 1 or region == 3 and amount > 900        [status], [region,amount]
 *   _id in [1, 2] or user.rank == 'gold'               ids, and ids found from the far end of the relation
 *
 * Each alternative is planned as a conjunction of its own, for which the query's tests are put aside. One that has no
 * index spoils the union: then all rows are read anyway. What comes out is a candidate like an index: it may be taken
 * alone, be a leg of an intersection, or lose. An alternative whose own tests are not all answered leaves the group to
 * be tested on the documents.
 */
#include "query/query_impl.h"

/* What of a query is put aside. */
typedef struct aside {
    kx_query_test *tests;
    size_t test_count, order_count;
    uint64_t limit, offset;
    struct kx_query_trace *trace;
} aside;

static aside put_aside(kx_query_compiled *compiled)
{
    return (aside){compiled->tests, compiled->test_count, compiled->order_count,
                   compiled->limit, compiled->offset,     compiled->trace};
}

static void take_back(kx_query_compiled *compiled, const aside *was)
{
    compiled->tests = was->tests;
    compiled->test_count = was->test_count;
    compiled->order_count = was->order_count;
    compiled->limit = was->limit;
    compiled->offset = was->offset;
    compiled->trace = was->trace;
}

/* ---- one alternative --------------------------------------------------------------------- */

static bool is_plain(const kx_query_test *test, bool any)
{
    const kx_query_group *group = test->op == TEST_GROUP ? test->group : NULL;
    return group != NULL && group->any == any && !group->negated && group->cross == NULL;
}

/* The tests that must hold together. */
static void open_up(kx_query_compiled *compiled, kx_query_test *alternative)
{
    bool several = is_plain(alternative, false);
    compiled->tests = several ? alternative->group->tests : alternative;
    compiled->test_count = several ? alternative->group->count : 1;
    for (size_t i = 0; i < compiled->test_count; i++)
        compiled->tests[i].answered = false;
    compiled->order_count = 0;
    compiled->limit = UINT64_MAX;
    compiled->offset = 0;
    compiled->trace = NULL;
}

static bool crosses(const kx_query_test *alternative)
{
    const kx_query_group *group = alternative->op == TEST_GROUP ? alternative->group : NULL;
    const kx_query_test *tests = group != NULL ? group->tests : alternative;
    for (size_t i = 0; i < (group != NULL ? group->count : 1); i++) {
        if (tests[i].subject.kind == SUBJECT_CROSS)
            return true;
    }
    return false;
}

/* Whole keys, lists and what was counted before are exact. */
static int count_part(kx_query_compiled *compiled, kx_query_plan *part, bool *at_least)
{
    kx_cursor probe = {.query = {.txn = compiled->txn, .collection = compiled->collection}, .plan = *part};
    part->count = part->access == ACCESS_IDS ? part->id_count : 0;
    if (part->access == ACCESS_IDS || part->access == ACCESS_NOTHING)
        return KX_OK;
    bool stored = part->access >= ACCESS_ALL || part->whole_key;
    int rc = kx_query__count_ways(&probe, stored ? UINT64_MAX : KX_QUERY_COUNT_MOST, &part->count);
    *at_least |= !stored && part->count >= KX_QUERY_COUNT_MOST;
    return rc;
}

/* *part NULL: it has no index. */
static int plan_alternative(kx_query_compiled *compiled, kx_query_test *alternative, kx_query_plan **part,
                            bool *at_least)
{
    aside was = put_aside(compiled);
    kx_query_plan *made = kx_query__alloc(&compiled->memory, sizeof *made);
    *part = NULL;
    if (made == NULL)
        return KX_NOMEM;
    open_up(compiled, alternative);
    int rc = kx_query__plan(compiled, made);
    if (rc == KX_OK && (made->access != ACCESS_ROWS || made->low > 0 || made->high < UINT64_MAX)) {
        made->exact = !kx_query__needs_test(compiled);
        rc = count_part(compiled, made, at_least);
        *part = made;
    }
    take_back(compiled, &was);
    return rc;
}

/* ---- the group ---------------------------------------------------------------------------- */

/* Those beyond relations come last: finding them is work, and in vain where another one has no index. *all: each has. */
static int plan_parts(kx_query_compiled *compiled, const kx_query_group *group, kx_query_plan *whole, bool *at_least,
                      bool *all)
{
    int rc = KX_OK;
    *all = true;
    for (int beyond = 0; beyond < 2; beyond++) {
        for (size_t i = 0; i < group->count && rc == KX_OK && *all; i++) {
            kx_query_plan *part;
            if (crosses(&group->tests[i]) != (beyond != 0))
                continue;
            rc = plan_alternative(compiled, &group->tests[i], &part, at_least);
            *all = rc != KX_OK || part != NULL;
            if (rc == KX_OK && part != NULL && part->access != ACCESS_NOTHING)
                whole->parts[whole->part_count++] = part;
        }
    }
    return rc;
}

static void sum_up(kx_query_plan *whole)
{
    for (size_t i = 0; i < whole->part_count; i++) {
        const kx_query_plan *part = whole->parts[i];
        whole->estimate += part->count < UINT64_MAX - whole->estimate ? part->count : 0;
        whole->exact &= part->exact;
        whole->loose |= part->loose;
    }
    if (whole->part_count == 0)
        whole->access = ACCESS_NOTHING;
}

/* A scan reads rows in one go, and ends early where few are wanted of many. */
static bool is_scan_better(const kx_query_compiled *compiled, const kx_query_plan *whole, uint64_t all)
{
    double wanted = (double)kx_query__wanted(compiled), count = (double)whole->estimate;
    if (count > (double)all / 2)
        return true;
    return compiled->order_count == 0 && wanted < count && wanted * (double)all / count < count / 16;
}

static int plan_group(kx_query_compiled *compiled, const kx_query_group *group, kx_query_candidate *found, bool *taken)
{
    kx_query_plan *whole = kx_query__alloc(&compiled->memory, sizeof *whole);
    kx_query_plan **parts = kx_query__alloc(&compiled->memory, kx_base__times(group->count, sizeof *parts));
    bool all;
    uint64_t documents;
    if (whole == NULL || parts == NULL)
        return KX_NOMEM;
    *whole = (kx_query_plan){.access = ACCESS_ANY, .exact = true, .high = UINT64_MAX, .parts = parts};
    int rc = plan_parts(compiled, group, whole, &found->at_least, &all);
    if (rc == KX_OK)
        rc = kx_store__table_count(compiled->txn->store, compiled->collection->number, &documents);
    if (rc != KX_OK)
        return rc;
    sum_up(whole);
    found->plan = whole;
    found->counted = true;
    found->count = found->keys = whole->estimate;
    *taken = all && !is_scan_better(compiled, whole, documents);
    if (!*taken)
        kx_query__reject_candidate(compiled, found, all ? "a scan is cheaper" : "an alternative has no index");
    return KX_OK;
}

int kx_query__unions(kx_query_compiled *compiled, kx_query_candidate *found, size_t room, size_t *count)
{
    int rc = KX_OK;
    *count = 0;
    for (size_t i = 0; i < compiled->test_count && i < KX_QUERY_TESTS && *count < room && rc == KX_OK; i++) {
        const kx_query_test *test = &compiled->tests[i];
        bool taken = false;
        if (!is_plain(test, true))
            continue;
        found[*count] = (kx_query_candidate){.used = UINT64_C(1) << i};
        rc = plan_group(compiled, test->group, &found[*count], &taken);
        *count += taken;
    }
    return rc;
}
