/*
 * tree.c -- trees as tests: "not" is pushed down to the conditions, and what is joined alike becomes one list.
 *
 * Logic is two-valued, so De Morgan's rules are exact and a double negation vanishes. The query's own list is a
 * conjunction, which is what a plan looks at; lists below it are groups:
 *
 *   a and (b and c)                a, b, c
 *   a and (b or not (c and d))     a, {any, [b, {negated, [c]}, {negated, [d]}]}
 *   not (a is null or b != 5)      a is not null, b in [5, null]
 *
 * Recursion goes as deep as the parser let the tree become.
 */
#include "query/query_impl.h"

typedef struct list {
    kx_query_test *tests;
    size_t count;
    bool any;
    bool inside; /* a group */
} list;

static int add_node(kx_query_compiled *compiled, const kx_query_node *node, bool negated, list *out);

/* ---- groups ----------------------------------------------------------------------------- */

/* Tests that a node adds to a list, at most. */
static size_t count_in(const kx_query_node *node, bool negated, bool any)
{
    size_t count = 0;
    for (; node->kind == NODE_NOT; node = node->first)
        negated = !negated;
    if (node->kind == NODE_BIND)
        return 1;
    if (node->kind == NODE_CONDITION)
        return node->op == KX_BETWEEN ? 2 : 1;
    if (((node->kind == NODE_OR) != negated) != any)
        return 1;
    for (node = node->first; node != NULL; node = node->next)
        count += count_in(node, negated, any);
    return count;
}

/* A group with room for `room` tests, to be filled as a list. */
static kx_query_group *new_group(kx_query_compiled *compiled, size_t room, bool any, list *inside)
{
    kx_query_group *group = kx_query__alloc(&compiled->memory, sizeof *group);
    kx_query_test *tests = kx_query__alloc(&compiled->memory, kx_base__times(room, sizeof *tests));
    if (group == NULL || tests == NULL)
        return NULL;
    *group = (kx_query_group){.any = any, .tests = tests};
    *inside = (list){.tests = tests, .any = any, .inside = true};
    return group;
}

static kx_query_test test_of(kx_query_group *group, const char *text)
{
    return (kx_query_test){.op = TEST_GROUP, .group = group, .subject = {.kind = SUBJECT_NONE, .text = text}};
}

static int add_children(kx_query_compiled *compiled, const kx_query_node *node, bool negated, list *out)
{
    int rc = KX_OK;
    for (node = node->first; node != NULL && rc == KX_OK; node = node->next)
        rc = add_node(compiled, node, negated, out);
    return rc;
}

static int add_joined(kx_query_compiled *compiled, const kx_query_node *node, bool negated, list *out)
{
    bool any = (node->kind == NODE_OR) != negated;
    list inside;
    if (any == out->any)
        return add_children(compiled, node, negated, out);
    kx_query_group *group = new_group(compiled, count_in(node, negated, any), any, &inside);
    if (group == NULL)
        return KX_NOMEM;
    int rc = add_children(compiled, node, negated, &inside);
    group->count = inside.count;
    out->tests[out->count++] = test_of(group, NULL);
    return rc;
}

/* ---- errors --------------------------------------------------------------------------------- */

static bool is_fault(int rc)
{
    return rc == KX_INVALID || rc == KX_LIMIT;
}

static int in_filter(const kx_query_compiled *compiled, const kx_query_node *node, int rc)
{
    if (!is_fault(rc) || node->place == 0)
        return rc;
    return kx_base__fail_in(rc, "filter:%u", kx_query__column(compiled->filter, node->place));
}

static int bad_path(const kx_query_compiled *compiled, const kx_query_node *node, const char *what)
{
    return kx_base__fail_at(KX_INVALID, compiled->collection->name, node->path, NULL, NULL, "%s: %s", node->path, what);
}

/* ---- of one related document ------------------------------------------------------------------- */

static int bind_to(kx_query_compiled *compiled, const kx_query_node *node, kx_query_subject *subject)
{
    int rc = kx_query__subject(compiled, node->path, subject);
    if (rc == KX_OK && (subject->kind != SUBJECT_CROSS || !subject->cross->bare))
        rc = bad_path(compiled, node, "only a relation has documents that a '(…)' can ask");
    return in_filter(compiled, node, rc);
}

static int add_bind(kx_query_compiled *compiled, const kx_query_node *node, bool negated, list *out)
{
    const kx_cat_collection *outer = compiled->collection;
    kx_query_subject subject;
    list inside;
    int rc = bind_to(compiled, node, &subject);
    if (rc != KX_OK)
        return rc;
    kx_query_group *group = new_group(compiled, count_in(node->first, false, false), false, &inside);
    if (group == NULL)
        return KX_NOMEM;
    compiled->collection = subject.target;
    compiled->hops += subject.cross->count;
    rc = add_node(compiled, node->first, false, &inside);
    compiled->hops -= subject.cross->count;
    compiled->collection = outer;
    group->cross = subject.cross;
    group->negated = negated;
    group->count = inside.count;
    out->tests[out->count++] = test_of(group, subject.text);
    return rc;
}

/* ---- conditions ------------------------------------------------------------------------------------ */

/* Is it one value, missing or not? Of a set or of an array's elements there are many. */
static bool is_single(const kx_query_subject *subject)
{
    if (subject->kind == SUBJECT_CROSS)
        return subject->cross->bare || (!subject->cross->many && subject->cross->leaf.kind != SUBJECT_SPREAD);
    return subject->kind != SUBJECT_SPREAD;
}

static int negate_in_group(kx_query_compiled *compiled, kx_query_test *test)
{
    list inside;
    kx_query_group *group = new_group(compiled, 1, false, &inside);
    if (group == NULL)
        return KX_NOMEM;
    group->negated = true;
    group->count = 1;
    group->tests[0] = *test;
    *test = test_of(group, test->subject.text);
    return kx_query__prepare_equal(compiled, group->tests);
}

/* The exact complement: another operator where there is one, which an index may serve. */
static int negate(kx_query_compiled *compiled, kx_query_test *test)
{
    bool single = is_single(&test->subject);
    if (single && (test->op == TEST_NULL || test->op == TEST_NOT_NULL)) {
        test->op = test->op == TEST_NULL ? TEST_NOT_NULL : TEST_NULL;
        return KX_OK;
    }
    if (single && test->op == TEST_NE) {
        const void *value = kx_query__copy(&compiled->memory, &test->value, sizeof test->value);
        test->op = TEST_IN;
        test->with_null = true;
        test->value = (kx_value){.type = KX_TYPE_LIST, .data = value, .size = 1};
        return value != NULL ? KX_OK : KX_NOMEM;
    }
    if (single && (test->op == TEST_NOT_IN || (test->op == TEST_IN && test->with_null))) {
        test->op = test->op == TEST_IN ? TEST_NOT_IN : TEST_IN;
        test->with_null = true;
        return KX_OK;
    }
    return negate_in_group(compiled, test);
}

static int take_subject(kx_query_compiled *compiled, const kx_query_node *node, kx_query_subject *subject)
{
    kx_query_function function = node->function;
    int rc = kx_query__subject(compiled, node->path, subject);
    if (rc != KX_OK)
        return rc;
    const kx_query_subject *leaf = subject->kind == SUBJECT_CROSS ? &subject->cross->leaf : subject;
    if (leaf->kind == SUBJECT_SPREAD && (node->op != KX_CONTAINS || function != FUNCTION_NONE))
        return bad_path(compiled, node, "a path with [] is many values; only 'contains' asks for one of them");
    if (function != FUNCTION_NONE && node->op == KX_PRESENT)
        return bad_path(compiled, node, "'exists' asks for a path, not for what a function makes of it");
    if (function == FUNCTION_NONE && node->op == KX_ILIKE)
        function = FUNCTION_LOWER;
    if (function != FUNCTION_NONE && subject->kind == SUBJECT_CROSS && subject->cross->bare)
        return bad_path(compiled, node, "a relation can only be asked for null; name a field behind it");
    return function != FUNCTION_NONE ? kx_query__call(compiled, function, subject) : KX_OK;
}

/* Behind a set it must hold for one and the same document. */
static int add_between(kx_query_compiled *compiled, kx_query_test *tests, bool negated, list *out)
{
    kx_query_group *group;
    list inside;
    if (is_single(&tests->subject) && !negated && !out->any) {
        out->count += 2;
        return KX_OK;
    }
    group = new_group(compiled, 2, false, &inside);
    if (group == NULL)
        return KX_NOMEM;
    group->negated = negated;
    group->count = 2;
    for (size_t i = 0; i < 2; i++) {
        group->tests[i] = tests[i];
        if (!is_single(&tests[i].subject))
            group->tests[i].subject = tests[i].subject.cross->leaf;
    }
    if (!is_single(&tests->subject))
        group->cross = tests->subject.cross;
    tests[0] = test_of(group, tests->subject.text);
    out->count++;
    return KX_OK;
}

/* Whether there is somebody is whether a relation exists. */
static int check_cross(kx_query_compiled *compiled, kx_query_test *test)
{
    if (test->op == TEST_EXISTS && test->subject.cross->bare)
        test->op = TEST_NOT_NULL;
    return kx_query__check_cross(compiled, test);
}

static int take_test(kx_query_compiled *compiled, const kx_query_node *node, const kx_value *value, kx_query_test *test)
{
    *test = (kx_query_test){0};
    int rc = take_subject(compiled, node, &test->subject);
    if (rc != KX_OK)
        return rc;
    if (node->op == KX_BETWEEN)
        rc = kx_query__between(compiled, value, test);
    else
        rc = kx_query__operand(compiled, node, value, test);
    if (rc == KX_OK && test->subject.kind == SUBJECT_CROSS)
        rc = check_cross(compiled, test);
    return is_fault(rc) ? kx_base__fail_in(rc, "%s", node->path) : rc;
}

static int add_condition(kx_query_compiled *compiled, const kx_query_node *node, bool negated, list *out)
{
    kx_query_test *test = &out->tests[out->count];
    const kx_value *value = &node->value;
    kx_value resolved;
    if (node->place != 0) {
        int rc = kx_query__resolve(compiled, node, &resolved);
        if (rc != KX_OK)
            return rc;
        value = &resolved;
    }
    int rc = take_test(compiled, node, value, test);
    if (rc != KX_OK)
        return in_filter(compiled, node, rc);
    if (node->op == KX_BETWEEN)
        return add_between(compiled, test, negated, out);
    out->count++;
    if (node->op == KX_PRESENT && value->type == KX_TYPE_BOOL && value->integer == 0)
        negated = !negated;
    if (negated)
        return negate(compiled, test);
    return out->inside ? kx_query__prepare_equal(compiled, test) : KX_OK;
}

/* ---- trees ------------------------------------------------------------------------------------------- */

static int add_node(kx_query_compiled *compiled, const kx_query_node *node, bool negated, list *out)
{
    for (; node->kind == NODE_NOT; node = node->first)
        negated = !negated;
    if (node->kind == NODE_CONDITION)
        return add_condition(compiled, node, negated, out);
    if (node->kind == NODE_BIND)
        return add_bind(compiled, node, negated, out);
    return add_joined(compiled, node, negated, out);
}

size_t kx_query__count_tests(const kx_query_node *node)
{
    return count_in(node, false, false);
}

int kx_query__add_tests(kx_query_compiled *compiled, const kx_query_node *node)
{
    list all = {.tests = compiled->tests, .count = compiled->test_count};
    int rc = add_node(compiled, node, false, &all);
    compiled->test_count = all.count;
    return rc;
}
