/*
 * candidate.c -- which indexes can serve a query, and how far its tests reach into them.
 *
 * Leading parts are bound to one value each, one of them perhaps to each of a list; on the next part there may be a
 * range, or less. An index that has no part which a test binds may still have the order.
 */
#include "query/query_impl.h"

enum { TESTS = KX_QUERY_TESTS };

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

/* What stands on a part: the first test of each sort; -1: none. */
typedef struct part_tests {
    uint64_t ranges;
    int like;  /* has a fixed beginning, if it is the first */
    int value; /* null does not pass it: whether a value does is asked of each key */
} part_tests;

static part_tests tests_on(const kx_query_compiled *compiled, const kx_cat_part *part)
{
    part_tests found = {.like = -1, .value = -1};
    for (size_t i = 0; i < compiled->test_count && i < TESTS; i++) {
        const kx_query_test *test = &compiled->tests[i];
        bool range = test->op >= TEST_LT && test->op <= TEST_GE, like = test->op == TEST_LIKE,
             value = like || test->op == TEST_NOT_NULL || test->op == TEST_NE || test->op == TEST_NOT_IN;
        if ((!range && !value) || !kx_query__is_on(test, part))
            continue;
        if (range)
            found.ranges |= UINT64_C(1) << i;
        if (like && found.like < 0)
            found.like = (int)i;
        if (value && (found.value < 0 || test->op == TEST_NOT_NULL))
            found.value = (int)i;
    }
    return found;
}

/* What stands on the first part that is not bound. */
static void find_tail(const kx_query_compiled *compiled, kx_query_candidate *found)
{
    part_tests on = tests_on(compiled, &found->index->parts[found->equal]);
    bool whole;
    if (on.like >= 0 && kx_query__like_prefix(compiled->tests[on.like].bytes, &whole).size == 0)
        on.like = -1;
    if (on.ranges != 0) {
        found->tail = TAIL_RANGE;
        found->used |= on.ranges;
    } else if (on.like >= 0) {
        found->tail = TAIL_LIKE;
        found->used |= UINT64_C(1) << on.like;
    } else if (on.value >= 0) {
        found->tail = TAIL_NOT_NULL;
        found->used |= UINT64_C(1) << on.value;
        if (compiled->tests[on.value].op != TEST_NOT_NULL)
            found->open = UINT64_C(1) << on.value;
    }
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
 * which then descends on the way back: range.c walks them apart where they are one range, other cases are sorted. Of
 * several values there is a range each, and these stand in order.
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

static void add_candidate(kx_query_compiled *compiled, kx_query_choices *found, const kx_query_candidate *candidate)
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

int kx_query__find_candidates(kx_query_compiled *compiled, kx_query_choices *found)
{
    const kx_cat_collection *collection = compiled->collection;
    kx_query_candidate candidate;
    found->list = found->near;
    found->count = 0;
    found->by_order.index = found->weak.index = NULL;
    if (compiled->test_count == 0 && compiled->order_count == 0)
        return KX_OK;
    if (collection->index_count > KX_QUERY_NEAR) {
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
