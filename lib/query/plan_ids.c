/* plan_ids.c -- what the tests on _id, or on a primary field, say of the ids that can match. */
#include <math.h>

#include "query/query_impl.h"

#define TWO_64 18446744073709551616.0

/* The smallest id that is not below a number: 1 when there is none, else 0. */
static int id_from(const kx_value *value, uint64_t *id)
{
    *id = (uint64_t)value->integer;
    if (value->type == KX_TYPE_INT && value->integer < 0)
        *id = 0;
    if (value->type == KX_TYPE_REAL) {
        if (value->real > TWO_64 - 2048)
            return 1;
        *id = value->real > 0 ? (uint64_t)ceil(value->real) : 0;
    }
    return 0;
}

static bool is_id(const kx_value *value, uint64_t *id)
{
    kx_value back;
    if (kx_key__class(value->type) != kx_key__class(KX_TYPE_INT) || id_from(value, id) != 0)
        return false;
    back = kx_query__id_value(*id);
    return kx_key__compare(&back, value) == 0;
}

/* Narrow low..high; false when nothing is left. */
static bool narrow(const kx_query_test *test, uint64_t *low, uint64_t *high)
{
    uint64_t at, exact;
    if (kx_key__class(test->value.type) != kx_key__class(KX_TYPE_INT))
        return false;
    bool above = id_from(&test->value, &at) != 0, equal = is_id(&test->value, &exact);
    if (test->op == TEST_GT || test->op == TEST_GE) {
        if (above || (test->op == TEST_GT && equal && at == UINT64_MAX))
            return false;
        at += test->op == TEST_GT && equal;
        *low = at > *low ? at : *low;
    } else if (!above) {
        if (at == 0 && !(test->op == TEST_LE && equal))
            return false;
        at -= !(test->op == TEST_LE && equal);
        *high = at < *high ? at : *high;
    }
    return *low <= *high;
}

static int list_ids(kx_query_compiled *compiled, const kx_query_test *test, kx_query_plan *plan)
{
    if (test->op == TEST_IDS) {
        plan->ids = test->ids;
        plan->id_count = test->id_count;
        return KX_OK;
    }
    const kx_value *values = test->op == TEST_IN ? test->value.data : &test->value;
    size_t count = test->op == TEST_IN ? test->value.size : 1;
    uint64_t *ids = kx_query__alloc(&compiled->memory, kx_base__times(count, sizeof *ids));
    if (ids == NULL)
        return KX_NOMEM;
    plan->ids = ids;
    plan->id_count = 0;
    for (size_t i = 0; i < count; i++)
        plan->id_count += is_id(&values[i], &ids[plan->id_count]);
    return KX_OK;
}

int kx_query__find_ids(kx_query_compiled *compiled, kx_query_plan *plan, kx_query_test **list)
{
    *list = NULL;
    plan->low = 0;
    plan->high = UINT64_MAX;
    plan->access = ACCESS_ROWS;
    for (size_t i = 0; i < compiled->test_count; i++) {
        kx_query_test *test = &compiled->tests[i];
        bool possible = test->op != TEST_NEVER;
        if (possible && test->subject.kind == SUBJECT_ID) {
            if (test->op == TEST_NULL || test->op == TEST_LIKE || test->op == TEST_CONTAINS)
                possible = false;
            else if (test->op >= TEST_LT && test->op <= TEST_GE)
                possible = narrow(test, &plan->low, &plan->high);
            else if (test->op == TEST_NOT_NULL)
                test->answered = true;
            else if (test->op == TEST_EQ || test->op == TEST_IDS || (test->op == TEST_IN && *list == NULL))
                *list = test;
        }
        if (!possible) {
            plan->access = ACCESS_NOTHING;
            return KX_OK;
        }
    }
    if (*list == NULL)
        return KX_OK;
    int rc = list_ids(compiled, *list, plan);
    if (rc == KX_OK && plan->id_count == 0)
        plan->access = ACCESS_NOTHING;
    return rc;
}
