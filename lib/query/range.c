/*
 * range.c -- a candidate's tests as ranges of index keys.
 *
 * A key begins with the parts that are bound to one value; what stands on the next part bounds the range:
 *
 *   tail           ascending part                            descending part
 *   none           [P, successor P)                          the same
 *   range  > a     [successor P+a, P + end of class)         [P + start of class, P+a)
 *          <= b    [P + start of class, successor P+b)       [P+b, P + end of class)
 *   like 'ab%'     [P+"ab", successor)                       the same
 *   not null       [successor P+null, successor P)           [P, P+null)
 *
 * Where one of the bound parts is bound to several values there is such a range for each, sorted by their bytes.
 *
 * A whole key is [key, key 00), or, where an id follows in a unique index (a null part, a shortened key), all that
 * begins with it. Beyond what a shortened key keeps in order, a bound is cut, includes all that begins with the rest,
 * and is no longer exact.
 */
#include <stdlib.h>
#include <string.h>

#include "query/query_impl.h"

enum { HASH_SIZE = 16 };

static size_t limit_of(const kx_cat_index *index)
{
    return index->unique ? KX_KEY_UNIQUE_LIMIT : KX_KEY_LIMIT;
}

/* Copy a key as a bound. An empty one is "from the start" or "to the end". */
static int keep_bound(kx_query_compiled *compiled, const kx_key *key, kx_slice *bound)
{
    if (key->rc != KX_OK)
        return key->rc;
    const void *copy = kx_query__copy(&compiled->memory, key->data, key->size);
    *bound = kx_slice_of(copy, key->size);
    return copy != NULL ? KX_OK : KX_NOMEM;
}

static int keep_end(kx_query_compiled *compiled, kx_key *key, kx_slice *bound)
{
    *bound = (kx_slice){0};
    if (key->rc != KX_OK)
        return key->rc;
    return kx_key__successor(key) ? keep_bound(compiled, key, bound) : KX_OK;
}

/* Everything that begins with the key. */
static int prefix_range(kx_query_compiled *compiled, kx_key *key, kx_query_range *range)
{
    int rc = keep_bound(compiled, key, &range->from);
    return rc == KX_OK ? keep_end(compiled, key, &range->to) : rc;
}

/* The key alone: a longer one that begins with it may be a shortened one, whose hash looks like its end. */
static int one_key_range(kx_query_compiled *compiled, const kx_key *key, kx_query_range *range)
{
    uint8_t *copy = kx_query__alloc(&compiled->memory, key->size + 1);
    if (copy == NULL)
        return KX_NOMEM;
    memcpy(copy, key->data, key->size);
    copy[key->size] = 0;
    range->from = kx_slice_of(copy, key->size);
    range->to = kx_slice_of(copy, key->size + 1);
    return KX_OK;
}

static void add_test(const kx_query_compiled *compiled, const kx_cat_part *part, int number, kx_key *key)
{
    const kx_query_test *test = &compiled->tests[number];
    kx_value null = {.type = KX_TYPE_NULL};
    kx_key__add(key, test->op == TEST_NULL ? &null : &test->value, part->descending);
}

void kx_query__add_equal(const kx_query_compiled *compiled, const kx_cat_index *index, size_t equal, kx_key *key)
{
    for (size_t i = 0; i < equal; i++)
        add_test(compiled, &index->parts[i], kx_query__equality_on(compiled, &index->parts[i]), key);
}

static void add_equal(const kx_query_compiled *compiled, const kx_query_candidate *candidate, kx_key *key)
{
    for (size_t i = 0; i < candidate->equal; i++) {
        const kx_cat_part *part = &candidate->index->parts[i];
        if (candidate->several && i == candidate->in_part)
            kx_key__add(key, candidate->in_value, part->descending);
        else
            add_test(compiled, part, kx_query__equality_on(compiled, part), key);
    }
}

/* ---- whole keys and prefixes ------------------------------------------------------------ */

/* Finish a key whose `parts` first parts are set. */
static int equal_range(kx_query_compiled *compiled, const kx_cat_index *index, size_t parts, kx_key *key,
                       kx_query_plan *plan, kx_query_range *range)
{
    size_t limit = limit_of(index);
    if (parts < index->count) {
        plan->exact &= !kx_key__cut(key, limit);
        return prefix_range(compiled, key, range);
    }
    int rc = kx_key__finish(key, limit);
    if (rc != KX_OK)
        return rc;
    bool has_id = index->unique && (key->has_null || key->shortened);
    plan->exact &= !key->shortened && !(has_id && key->size > limit - HASH_SIZE);
    plan->whole_key = !has_id;
    return has_id || key->shortened ? prefix_range(compiled, key, range) : one_key_range(compiled, key, range);
}

/*
 * The keys that a place in the order may have: one, or all that begin like it where it is too long. With the id where
 * keys of the index have it.
 */
int kx_query__place(kx_query_compiled *compiled, const kx_cat_index *index, size_t equal, kx_query_range *place,
                    bool *cut)
{
    const kx_query_after *after = compiled->after;
    kx_key key;
    kx_key__init(&key);
    kx_query__add_equal(compiled, index, equal, &key);
    for (size_t i = 0; i < after->count; i++)
        kx_key__add(&key, &after->values[i], index->parts[equal + i].descending);
    *cut = kx_key__cut(&key, limit_of(index));
    if (!*cut && index->unique && key.has_null)
        kx_key__add_id(&key, after->id);
    int rc = *cut ? prefix_range(compiled, &key, place) : key.rc;
    if (rc == KX_OK && !*cut)
        rc = one_key_range(compiled, &key, place);
    kx_key__free(&key);
    return rc;
}

/* ---- from one value to another --------------------------------------------------------------- */

typedef struct limits {
    const kx_value *low, *high;
    bool low_open, high_open;
    bool empty;
} limits;

static void tighten(limits *found, const kx_query_test *test)
{
    const kx_value *value = &test->value;
    if (test->op == TEST_GT || test->op == TEST_GE) {
        int order = found->low != NULL ? kx_key__compare(value, found->low) : 1;
        if (order > 0)
            found->low_open = false;
        if (order >= 0) {
            found->low_open |= test->op == TEST_GT;
            found->low = value;
        }
    } else {
        int order = found->high != NULL ? kx_key__compare(value, found->high) : -1;
        if (order < 0)
            found->high_open = false;
        if (order <= 0) {
            found->high_open |= test->op == TEST_LT;
            found->high = value;
        }
    }
}

static bool is_range(kx_query_op op)
{
    return op >= TEST_LT && op <= TEST_GE;
}

/* The tightest limits on a part. No value is of two classes. */
static limits limits_on(const kx_query_compiled *compiled, const kx_cat_part *part, uint64_t used)
{
    limits found = {0};
    int class = -1;
    for (size_t i = 0; i < compiled->test_count && i < 64; i++) {
        const kx_query_test *test = &compiled->tests[i];
        if (!is_range(test->op) || !(used >> i & 1) || !kx_query__is_on(test, part))
            continue;
        int other = kx_key__class(test->value.type);
        found.empty |= class >= 0 && class != other;
        class = other;
        if (!found.empty)
            tighten(&found, test);
    }
    return found;
}

/* One end of a range, behind the equal parts. `past`: what equals or begins with the value lies before the bound. */
static int put_bound(kx_query_compiled *compiled, const kx_query_candidate *candidate, kx_query_plan *plan,
                     const kx_value *value, kx_type class_of, kx_key_bound end, bool past, kx_slice *bound)
{
    bool descending = candidate->index->parts[candidate->equal].descending;
    kx_key key;
    kx_key__init(&key);
    add_equal(compiled, candidate, &key);
    if (value != NULL)
        kx_key__add(&key, value, descending);
    else
        kx_key__add_bound(&key, class_of, end, descending);
    bool cut = kx_key__cut(&key, limit_of(candidate->index));
    if (cut) {
        plan->exact = false;
        past = end == KX_KEY_TO;
    }
    int rc = past ? keep_end(compiled, &key, bound) : keep_bound(compiled, &key, bound);
    kx_key__free(&key);
    return rc;
}

static int range_between(kx_query_compiled *compiled, const kx_query_candidate *candidate, kx_query_plan *plan)
{
    const kx_cat_part *part = &candidate->index->parts[candidate->equal];
    limits found = limits_on(compiled, part, candidate->used);
    if (found.empty) {
        plan->access = ACCESS_NOTHING;
        return KX_OK;
    }
    kx_type class_of = found.low != NULL ? found.low->type : found.high->type;
    const kx_value *first = part->descending ? found.high : found.low,
                   *last = part->descending ? found.low : found.high;
    bool first_open = part->descending ? found.high_open : found.low_open,
         last_open = part->descending ? found.low_open : found.high_open;
    int rc = put_bound(compiled, candidate, plan, first, class_of, KX_KEY_FROM, first != NULL && first_open,
                       &plan->one.from);
    if (rc == KX_OK)
        rc = put_bound(compiled, candidate, plan, last, class_of, KX_KEY_TO, last != NULL && !last_open, &plan->one.to);
    return rc;
}

/* ---- the other tails ----------------------------------------------------------------------------- */

static int like_range(kx_query_compiled *compiled, const kx_query_candidate *candidate, kx_query_plan *plan)
{
    const kx_cat_part *part = &candidate->index->parts[candidate->equal];
    const kx_query_test *test = &compiled->tests[kx_query__test_on(compiled, part, TEST_LIKE)];
    bool whole;
    kx_key key;
    kx_key__init(&key);
    add_equal(compiled, candidate, &key);
    kx_key__add_prefix(&key, kx_query__like_prefix(test->bytes, &whole), part->descending);
    plan->exact &= !kx_key__cut(&key, limit_of(candidate->index));
    int rc = prefix_range(compiled, &key, &plan->one);
    kx_key__free(&key);
    return rc;
}

/* Nulls are the first values of a part, or the last ones of a descending one. Not exact: they could not be split,
   `others` is all. */
static int split_at_null(kx_query_compiled *compiled, const kx_query_candidate *candidate, kx_query_plan *plan,
                         kx_query_range *nulls, kx_query_range *others)
{
    const kx_cat_part *part = &candidate->index->parts[candidate->equal];
    kx_value null = {.type = KX_TYPE_NULL};
    kx_key key;
    kx_key__init(&key);
    add_equal(compiled, candidate, &key);
    bool cut = kx_key__cut(&key, limit_of(candidate->index) - 1);
    int rc = prefix_range(compiled, &key, others);
    kx_key__clear(&key);
    add_equal(compiled, candidate, &key);
    kx_key__add(&key, &null, part->descending);
    plan->exact &= !cut;
    if (rc == KX_OK && !cut) {
        rc = prefix_range(compiled, &key, nulls);
        if (part->descending)
            others->to = nulls->from;
        else
            others->from = nulls->to;
    }
    kx_key__free(&key);
    return rc;
}

static int prefix_only(kx_query_compiled *compiled, const kx_query_candidate *candidate, kx_query_plan *plan)
{
    kx_key key;
    kx_key__init(&key);
    add_equal(compiled, candidate, &key);
    int rc = equal_range(compiled, candidate->index, candidate->equal, &key, plan, &plan->one);
    kx_key__free(&key);
    return rc;
}

/*
 * Walked backward, a unique index would yield its nulls with descending ids. Where one part is left, they are a range
 * of their own, walked forward; the planner does not ask for other cases.
 */
static int backward_with_nulls(kx_query_compiled *compiled, const kx_query_candidate *candidate, kx_query_plan *plan)
{
    plan->ranges = kx_query__alloc(&compiled->memory, 2 * sizeof *plan->ranges);
    if (plan->ranges == NULL)
        return KX_NOMEM;
    int rc = split_at_null(compiled, candidate, plan, &plan->ranges[0], &plan->ranges[1]);
    plan->ranges[0].descending = false;
    plan->ranges[1].descending = true;
    if (!plan->exact) {
        plan->one = plan->ranges[1];
        plan->ranges = &plan->one;
        return rc;
    }
    plan->range_count = 2;
    if (candidate->index->parts[candidate->equal].descending) {
        kx_query_range nulls = plan->ranges[0];
        plan->ranges[0] = plan->ranges[1];
        plan->ranges[1] = nulls;
    }
    return rc;
}

/* ---- one way ----------------------------------------------------------------------------------------- */

static bool nulls_apart(const kx_query_compiled *compiled, const kx_query_candidate *candidate)
{
    const kx_cat_index *index = candidate->index;
    return candidate->backward && !candidate->several && !compiled->any_ties && candidate->tail == TAIL_NONE &&
           index->unique && !index->sparse && candidate->equal < index->count &&
           !kx_query__never_null(compiled, &index->parts[candidate->equal]);
}

static bool is_empty(const kx_query_range *range)
{
    if (range->to.data == NULL)
        return false;
    size_t size = range->from.size < range->to.size ? range->from.size : range->to.size;
    int order = size > 0 ? memcmp(range->from.data, range->to.data, size) : 0;
    return order > 0 || (order == 0 && range->from.size >= range->to.size);
}

/* Ranges are made in ascending order; a backward walk takes them from the last one on. */
static void reverse_ranges(kx_query_plan *plan)
{
    for (size_t i = 0, j = plan->range_count - 1; i < j; i++, j--) {
        kx_query_range range = plan->ranges[i];
        plan->ranges[i] = plan->ranges[j];
        plan->ranges[j] = range;
    }
}

static int one_range(kx_query_compiled *compiled, const kx_query_candidate *candidate, kx_query_plan *plan)
{
    kx_query_range unused;
    plan->one = (kx_query_range){.descending = candidate->backward};
    switch (candidate->tail) {
    case TAIL_RANGE: return range_between(compiled, candidate, plan);
    case TAIL_LIKE: return like_range(compiled, candidate, plan);
    case TAIL_NOT_NULL: return split_at_null(compiled, candidate, plan, &unused, &plan->one);
    default: return prefix_only(compiled, candidate, plan);
    }
}

/* ---- of several values ----------------------------------------------------------------------------------- */

static int compare_ranges(const void *left, const void *right)
{
    return kx_slice_compare(((const kx_query_range *)left)->from, ((const kx_query_range *)right)->from);
}

/* Values that were cut to the same bytes are one range. */
static void merge_ranges(kx_query_plan *plan)
{
    size_t used = 1;
    for (size_t i = 1; i < plan->range_count; i++) {
        if (compare_ranges(&plan->ranges[used - 1], &plan->ranges[i]) != 0)
            plan->ranges[used++] = plan->ranges[i];
    }
    plan->range_count = used;
}

/* Nulls have ascending ids behind them in a unique index, so theirs goes forward. */
static int several_ranges(kx_query_compiled *compiled, kx_query_candidate *candidate, kx_query_plan *plan)
{
    const kx_cat_part *part = &candidate->index->parts[candidate->in_part];
    const kx_query_test *test = &compiled->tests[kx_query__test_on(compiled, part, TEST_IN)];
    const kx_value *values = test->value.data, null = {.type = KX_TYPE_NULL};
    size_t count = test->value.size + test->with_null;
    kx_query_range *ranges = kx_query__alloc(&compiled->memory, kx_base__times(count, sizeof *ranges));
    int rc = ranges != NULL ? KX_OK : KX_NOMEM;
    for (size_t i = 0; i < count && rc == KX_OK && plan->access != ACCESS_NOTHING; i++) {
        candidate->in_value = i < test->value.size ? &values[i] : &null;
        rc = one_range(compiled, candidate, plan);
        ranges[i] = plan->one;
        ranges[i].descending =
            candidate->backward && (compiled->any_ties || !(candidate->index->unique && candidate->in_value == &null));
    }
    candidate->in_value = NULL;
    if (rc != KX_OK || plan->access == ACCESS_NOTHING)
        return rc;
    plan->ranges = ranges;
    plan->range_count = count;
    plan->whole_key = false;
    qsort(ranges, count, sizeof *ranges, compare_ranges);
    merge_ranges(plan);
    return KX_OK;
}

/* ---- all of them -------------------------------------------------------------------------------------- */

int kx_query__ranges(kx_query_compiled *compiled, const kx_query_candidate *candidate, kx_query_plan *plan)
{
    kx_query_candidate at_hand = *candidate;
    int rc;
    plan->access = ACCESS_INDEX;
    plan->index = candidate->index;
    plan->equal = candidate->equal;
    plan->several = candidate->several;
    plan->tail = candidate->tail;
    plan->exact = true;
    plan->whole_key = false;
    plan->resume = (kx_slice){0};
    plan->keys = NULL;
    plan->ranges = &plan->one;
    plan->range_count = 1;
    if (candidate->several)
        rc = several_ranges(compiled, &at_hand, plan);
    else if (nulls_apart(compiled, candidate))
        rc = backward_with_nulls(compiled, candidate, plan);
    else
        rc = one_range(compiled, candidate, plan);
    if (rc == KX_OK && plan->range_count == 1 && plan->access == ACCESS_INDEX && is_empty(&plan->ranges[0]))
        plan->access = ACCESS_NOTHING;
    if (rc == KX_OK && candidate->backward)
        reverse_ranges(plan);
    return rc;
}
