/*
 * predicate.c -- conditions of partial indexes: which documents they have, and which queries may use them.
 *
 * A predicate is a filter over fields of one document, compiled without a collection: no relation is crossed, nothing is
 * called, nothing is asked of the clock or of arguments, so that a document is in the index or not by its bytes alone.
 *
 * A query may use the index when each test of the predicate follows from one of the query's: that is held test by test, so a
 * use is never wrong, and some that would be right are missed (those by way of "or").
 */
#include <string.h>

#include "query/query_impl.h"

typedef struct predicate {
    kx_cat_predicate base; /* first: what the catalog knows of it */
    kx_cat_collection nowhere;
    kx_query_compiled compiled;
} predicate;

/* ---- making -------------------------------------------------------------------------------- */

static int holds(const kx_cat_predicate *base, uint64_t id, kx_slice document)
{
    const predicate *p = (const predicate *)base;
    return kx_query__passes((kx_query_compiled *)(uintptr_t)&p->compiled, id, document, true); /* only reads it */
}

static void free_predicate(kx_cat_predicate *base)
{
    predicate *p = (predicate *)base;
    kx_query__compiled_free(&p->compiled);
    kx_base__free(p);
}

/* Does a test look at something of this kind? As deep as filters are nested, which is bounded. */
static bool looks_at(const kx_query_test *tests, size_t count, kx_query_subject_kind kind)
{
    for (size_t i = 0; i < count; i++) {
        const kx_query_group *group = tests[i].group;
        if (tests[i].subject.kind == kind || (group != NULL && looks_at(group->tests, group->count, kind)))
            return true;
    }
    return false;
}

static int compile(predicate *p, const char *where)
{
    kx_query_compiled *compiled = &p->compiled;
    p->nowhere.name = "";
    compiled->collection = &p->nowhere;
    compiled->keeps = true;
    kx_query__memory_init(&compiled->memory);
    int rc = kx_query__compile(compiled, &(kx_query){.filter = where}, NULL);
    if (rc != KX_OK)
        return rc;
    if (compiled->now.type != KX_TYPE_NONE || looks_at(compiled->tests, compiled->test_count, SUBJECT_CALL))
        return kx_base__fail(KX_INVALID, "an index's .where has no function and no now()");
    if (looks_at(compiled->tests, compiled->test_count, SUBJECT_ID))
        return kx_base__fail(KX_INVALID, "an index's .where is about fields, and _id is none");
    return KX_OK;
}

int kx_query__predicate(const char *where, kx_cat_predicate **result)
{
    predicate *p = kx_base__zalloc(sizeof *p);
    *result = NULL;
    if (p == NULL)
        return kx_base__nomem();
    p->base = (kx_cat_predicate){.holds = holds, .free = free_predicate};
    int rc = compile(p, where);
    if (rc == KX_OK)
        *result = &p->base;
    else
        free_predicate(&p->base);
    return rc;
}

/* ---- what follows from what ------------------------------------------------------------------- */

static bool same_value(const kx_value *left, const kx_value *right)
{
    return kx_key__compare(left, right) == 0;
}

static bool is_member(const kx_value *list, const kx_value *value)
{
    const kx_value *members = list->data;
    for (size_t i = 0; i < list->size; i++) {
        if (same_value(&members[i], value))
            return true;
    }
    return false;
}

/* Does a range, an inequality, a list or a pattern hold of one value, which is not null? */
static bool holds_of(const kx_query_test *test, const kx_value *value)
{
    int order = kx_key__compare(value, &test->value);
    bool comparable = kx_key__class(value->type) == kx_key__class(test->value.type) &&
                      !(value->type == KX_TYPE_REAL && value->real != value->real);
    switch (test->op) {
    case TEST_EQ: return order == 0;
    case TEST_NE: return order != 0;
    case TEST_LT: return comparable && order < 0;
    case TEST_LE: return comparable && order <= 0;
    case TEST_GT: return comparable && order > 0;
    case TEST_GE: return comparable && order >= 0;
    case TEST_IN: return is_member(&test->value, value);
    case TEST_NOT_IN: return !is_member(&test->value, value);
    case TEST_LIKE:
        return value->type == KX_TYPE_TEXT && kx_query__like(test->bytes, kx_slice_of(value->data, value->size));
    case TEST_NOT_NULL:
    case TEST_EXISTS: return true;
    default: return false;
    }
}

static bool holds_of_all(const kx_query_test *test, const kx_value *list)
{
    const kx_value *members = list->data;
    for (size_t i = 0; i < list->size; i++) {
        if (!holds_of(test, &members[i]))
            return false;
    }
    return true;
}

static bool is_upper(kx_query_op op)
{
    return op == TEST_LT || op == TEST_LE;
}

static bool is_range(kx_query_op op)
{
    return op >= TEST_LT && op <= TEST_GE;
}

/* A range inside a range: the bound lies inside, or it is the same one and not wider. */
static bool is_inside(const kx_query_test *given, const kx_query_test *wanted)
{
    if (!is_range(given->op) || !is_range(wanted->op) || is_upper(given->op) != is_upper(wanted->op))
        return false;
    if (holds_of(wanted, &given->value))
        return true;
    bool open = given->op == TEST_LT || given->op == TEST_GT;
    return open && kx_key__class(given->value.type) == kx_key__class(wanted->value.type) &&
           same_value(&given->value, &wanted->value);
}

static bool same_test(const kx_query_test *given, const kx_query_test *wanted)
{
    if (given->op != wanted->op || given->with_null != wanted->with_null)
        return false;
    if (given->op == TEST_NULL)
        return true;
    if (given->op == TEST_IN || given->op == TEST_NOT_IN || given->op == TEST_GROUP || given->op == TEST_IDS ||
        given->op == TEST_NEVER)
        return false;
    return same_value(&given->value, &wanted->value);
}

/* Does `wanted` hold of every document of which `given` holds? */
static bool follows(const kx_query_test *given, const kx_query_test *wanted)
{
    if (given->op == TEST_GROUP || wanted->op == TEST_GROUP || given->op == TEST_IDS || given->op == TEST_NEVER ||
        !kx_query__same_subject(&given->subject, &wanted->subject))
        return false;
    if (same_test(given, wanted))
        return true;
    if (given->op == TEST_EQ)
        return holds_of(wanted, &given->value);
    if (given->op == TEST_IN && !given->with_null)
        return holds_of_all(wanted, &given->value);
    if (wanted->op == TEST_NOT_NULL || wanted->op == TEST_EXISTS)
        return kx_query__not_null(given);
    return is_inside(given, wanted);
}

static bool follows_from_any(const kx_query_test *given, size_t count, const kx_query_test *wanted)
{
    for (size_t i = 0; i < count; i++) {
        if (follows(&given[i], wanted))
            return true;
    }
    return false;
}

bool kx_query__implies(const kx_query_compiled *compiled, const kx_cat_predicate *base, uint64_t *used)
{
    const kx_query_compiled *wanted = &((const predicate *)base)->compiled;
    for (size_t i = 0; i < wanted->test_count; i++) {
        if (!follows_from_any(compiled->tests, compiled->test_count, &wanted->tests[i]))
            return false;
    }
    for (size_t i = 0; i < compiled->test_count && i < KX_QUERY_TESTS; i++) {
        if (follows_from_any(wanted->tests, wanted->test_count, &compiled->tests[i]))
            *used |= UINT64_C(1) << i;
    }
    return true;
}
