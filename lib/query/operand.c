/*
 * operand.c -- operators and operands as tests: checked, made canonical, arguments and moments filled in.
 *
 * What an operator does not take is refused here, so that no test meets it later. Some operators are others in
 * disguise:
 *
 *   x == null, x is null        TEST_NULL          x in []                   TEST_NEVER
 *   x != null, is null (false)  TEST_NOT_NULL      x in [5], not in [5]      TEST_EQ, TEST_NE
 *   x < NaN and its kin         TEST_NEVER         x not in []               TEST_NOT_NULL
 *   x starts with 'a'           x like 'a%'        x like 'no marks'         TEST_EQ
 *   x ends with 'a'             x like '%a'        x ilike 'A%'              lower(x) like 'a%'
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "query/query_impl.h"

static const char *const op_names[] = {
    [KX_EQ] = "==",
    [KX_NE] = "!=",
    [KX_LT] = "<",
    [KX_LE] = "<=",
    [KX_GT] = ">",
    [KX_GE] = ">=",
    [KX_IN] = "in",
    [KX_LIKE] = "like",
    [KX_IS_NULL] = "is null",
    [KX_CONTAINS] = "contains",
    [KX_ILIKE] = "ilike",
    [KX_PREFIX] = "starts with",
    [KX_SUFFIX] = "ends with",
    [KX_PRESENT] = "exists",
    [KX_BETWEEN] = "between",
};

/* ---- one value ------------------------------------------------------------------------------- */

static int refuse(const kx_query_compiled *compiled, const kx_query_test *test, kx_op op, const kx_value *value,
                  const char *takes)
{
    char shown[128];
    return kx_base__fail_at(KX_INVALID, compiled->collection->name, test->subject.text, NULL, value,
                            "'%s' takes %s, not %s", op_names[op], takes, kx_base__show(value, shown, sizeof shown));
}

static int wrong_value(const kx_query_compiled *compiled, const kx_query_test *test, const kx_value *value,
                       const char *what)
{
    return kx_base__fail_at(KX_INVALID, compiled->collection->name, test->subject.text, NULL, value, "%s", what);
}

/* Containers and extensions pass through the builder, which checks them and makes them canonical. */
static int canonical_bytes(kx_query_compiled *compiled, kx_value *value)
{
    kx_builder builder;
    kx_slice item;
    kx_builder__init(&builder);
    kx_builder__value(&builder, value);
    int rc = kx_builder__finish(&builder, &item);
    if (rc == KX_OK) {
        const void *copy = kx_query__copy(&compiled->memory, item.data, item.size);
        rc = copy != NULL ? kx_document__value(kx_slice_of(copy, item.size), value) : KX_NOMEM;
    }
    kx_builder__free(&builder);
    return rc;
}

static int take_bytes(kx_query_compiled *compiled, const kx_query_test *test, kx_value *value)
{
    if (value->data == NULL && value->size > 0)
        return wrong_value(compiled, test, NULL, "a value without bytes");
    if (value->data == NULL)
        value->data = "";
    if (value->type == KX_TYPE_TEXT && !kx_base__utf8(value->data, value->size))
        return wrong_value(compiled, test, NULL, "a text that is not UTF-8");
    if (compiled->keeps) {
        value->data = kx_query__copy(&compiled->memory, value->data, value->size);
        if (value->data == NULL)
            return KX_NOMEM;
    }
    return KX_OK;
}

/* One scalar or container as an operand; never "no value" or a list. */
static int take_operand(kx_query_compiled *compiled, const kx_query_test *test, const kx_value *from, kx_value *value)
{
    *value = *from;
    switch (from->type) {
    case KX_TYPE_NULL:
    case KX_TYPE_BOOL:
    case KX_TYPE_INT:
    case KX_TYPE_REAL: return KX_OK;
    case KX_TYPE_UINT: value->type = from->integer < 0 ? KX_TYPE_UINT : KX_TYPE_INT; return KX_OK;
    case KX_TYPE_TEXT:
    case KX_TYPE_BINARY: return take_bytes(compiled, test, value);
    case KX_TYPE_TIME:
        if (from->extra < 0 || from->extra >= 1000000000)
            return wrong_value(compiled, test, NULL, "nanoseconds beyond 999999999");
        return KX_OK;
    case KX_TYPE_ARRAY:
    case KX_TYPE_MAP:
    case KX_TYPE_EXT: return canonical_bytes(compiled, value);
    default: return wrong_value(compiled, test, NULL, "no value");
    }
}

static bool is_nan(const kx_value *value)
{
    return value->type == KX_TYPE_REAL && isnan(value->real);
}

static int compare_values(const void *left, const void *right)
{
    return kx_key__compare(left, right);
}

/* The members of a list: sorted, each once, null apart. */
static int take_list(kx_query_compiled *compiled, const kx_query_test *test, const kx_value *list, kx_value **members,
                     size_t *count, bool *with_null)
{
    const kx_value *from = list->data;
    kx_value *values = kx_query__alloc(&compiled->memory, kx_base__times(list->size, sizeof *values));
    size_t used = 0;
    if (values == NULL)
        return KX_NOMEM;
    for (size_t i = 0; i < list->size; i++) {
        if (from[i].type == KX_TYPE_NONE || from[i].type == KX_TYPE_LIST)
            return refuse(compiled, test, KX_IN, &from[i], "a list of single values");
        int rc = take_operand(compiled, test, &from[i], &values[used]);
        if (rc != KX_OK)
            return rc;
        if (values[used].type == KX_TYPE_NULL)
            *with_null = true;
        else
            used++;
    }
    if (used > 1)
        qsort(values, used, sizeof *values, compare_values);
    *count = used > 0;
    for (size_t i = 1; i < used; i++) {
        if (kx_key__compare(&values[*count - 1], &values[i]) != 0)
            values[(*count)++] = values[i];
    }
    *members = values;
    return KX_OK;
}

/* "not in" is neither null nor a member, whether null is in the list or not. */
static int take_in(kx_query_compiled *compiled, bool negated, const kx_value *value, kx_query_test *test)
{
    kx_value *members = NULL;
    size_t count = 0;
    if (value->type != KX_TYPE_LIST)
        return refuse(compiled, test, KX_IN, value, "a list");
    int rc = take_list(compiled, test, value, &members, &count, &test->with_null);
    if (rc != KX_OK)
        return rc;
    bool with_null = test->with_null && !negated;
    test->op = negated ? TEST_NOT_IN : TEST_IN;
    test->value = (kx_value){.type = KX_TYPE_LIST, .data = members, .size = count};
    if (count == 0)
        test->op = negated ? TEST_NOT_NULL : with_null ? TEST_NULL : TEST_NEVER;
    if (count == 1 && !with_null) {
        test->op = negated ? TEST_NE : TEST_EQ;
        test->value = members[0];
    }
    return KX_OK;
}

/* ---- patterns ------------------------------------------------------------------------------------ */

/* A compiled pattern; one without a mark is the text that it is. */
static void set_pattern(kx_query_test *test, const uint8_t *bytes, size_t size)
{
    bool whole;
    test->op = TEST_LIKE;
    test->bytes = kx_slice_of(bytes, size);
    if (kx_query__like_prefix(test->bytes, &whole).size < size)
        return;
    test->op = TEST_EQ;
    test->value.data = bytes;
    test->value.size = size;
    test->bytes = (kx_slice){0};
}

static int take_like(kx_query_compiled *compiled, kx_op op, const kx_value *value, kx_query_test *test)
{
    size_t size = 0;
    if (value->type != KX_TYPE_TEXT)
        return refuse(compiled, test, op, value, "a text");
    int rc = take_operand(compiled, test, value, &test->value);
    if (rc != KX_OK)
        return rc;
    uint8_t *bytes = kx_query__alloc(&compiled->memory, test->value.size);
    if (bytes == NULL)
        return KX_NOMEM;
    if (kx_query__like_compile(kx_slice_of(test->value.data, test->value.size), bytes, &size) != KX_OK)
        return kx_base__fail_at(KX_INVALID, compiled->collection->name, test->subject.text, NULL, value,
                                "a pattern of '%s' that ends in a backslash", op_names[op]);
    if (op == KX_ILIKE)
        kx_query__fold(bytes, size);
    set_pattern(test, bytes, size);
    return KX_OK;
}

/* The text itself at one end of a pattern, any run at the other. */
static int take_affix(kx_query_compiled *compiled, kx_op op, const kx_value *value, kx_query_test *test)
{
    if (value->type != KX_TYPE_TEXT)
        return refuse(compiled, test, op, value, "a text");
    int rc = take_operand(compiled, test, value, &test->value);
    if (rc != KX_OK)
        return rc;
    size_t size = test->value.size, at = op == KX_SUFFIX;
    uint8_t *bytes = kx_query__alloc(&compiled->memory, size + 1);
    if (bytes == NULL)
        return KX_NOMEM;
    memcpy(bytes + at, test->value.data, size);
    bytes[at == 0 ? size : 0] = LIKE_RUN;
    set_pattern(test, bytes, size + 1);
    return KX_OK;
}

/* ---- the other operators --------------------------------------------------------------------------- */

/* A bool where none is needed: false is the opposite. */
static int take_nothing(kx_query_compiled *compiled, kx_op op, const kx_value *value, kx_query_test *test,
                        bool *opposite)
{
    if (value->type != KX_TYPE_NONE && value->type != KX_TYPE_BOOL)
        return refuse(compiled, test, op, value, "no value, or a bool");
    *opposite = value->type == KX_TYPE_BOOL && value->integer == 0;
    return KX_OK;
}

/* As an operand of `op`, which may be KX_BETWEEN, for the test `as`. */
static int take_range(kx_query_compiled *compiled, kx_op op, kx_query_op as, const kx_value *value, kx_query_test *test)
{
    switch (value->type) {
    case KX_TYPE_BOOL:
    case KX_TYPE_INT:
    case KX_TYPE_UINT:
    case KX_TYPE_REAL:
    case KX_TYPE_TEXT:
    case KX_TYPE_BINARY:
    case KX_TYPE_TIME: break;
    default:
        return refuse(compiled, test, op, value,
                      op == KX_BETWEEN ? "two of bool, number, text, binary or time"
                                       : "a bool, number, text, binary or time");
    }
    test->op = is_nan(value) ? TEST_NEVER : as;
    return take_operand(compiled, test, value, &test->value);
}

static int take_equal(kx_query_compiled *compiled, kx_op op, const kx_value *value, kx_query_test *test)
{
    if (value->type == KX_TYPE_NONE || value->type == KX_TYPE_LIST)
        return refuse(compiled, test, op, value, "one value");
    test->op = op == KX_EQ ? TEST_EQ : op == KX_NE ? TEST_NE : TEST_CONTAINS;
    if (value->type == KX_TYPE_NULL && op != KX_CONTAINS)
        test->op = op == KX_EQ ? TEST_NULL : TEST_NOT_NULL;
    return take_operand(compiled, test, value, &test->value);
}

int kx_query__equal(kx_query_compiled *compiled, const kx_value *value, kx_query_test *test)
{
    return take_equal(compiled, KX_EQ, value, test);
}

/* From the first to the second. NaN is no bound: then neither test passes anything. */
int kx_query__between(kx_query_compiled *compiled, const kx_value *value, kx_query_test *test)
{
    const kx_value *bounds = value->data;
    if (value->type != KX_TYPE_LIST)
        return refuse(compiled, test, KX_BETWEEN, value, "a list of two values");
    if (value->size != 2)
        return wrong_value(compiled, test, NULL, "'between' takes a list of two values");
    test[1] = test[0];
    int rc = take_range(compiled, KX_BETWEEN, TEST_GE, &bounds[0], &test[0]);
    return rc == KX_OK ? take_range(compiled, KX_BETWEEN, TEST_LE, &bounds[1], &test[1]) : rc;
}

int kx_query__operand(kx_query_compiled *compiled, const kx_query_node *node, const kx_value *value,
                      kx_query_test *test)
{
    bool opposite = false;
    int rc;
    switch (node->op) {
    case KX_EQ:
    case KX_NE:
    case KX_CONTAINS: return take_equal(compiled, node->op, value, test);
    case KX_LT:
    case KX_LE:
    case KX_GT:
    case KX_GE: return take_range(compiled, node->op, (kx_query_op)node->op, value, test);
    case KX_IN: return take_in(compiled, node->negated, value, test);
    case KX_LIKE:
    case KX_ILIKE: return take_like(compiled, node->op, value, test);
    case KX_PREFIX:
    case KX_SUFFIX: return take_affix(compiled, node->op, value, test);
    case KX_IS_NULL:
    case KX_PRESENT:
        rc = take_nothing(compiled, node->op, value, test, &opposite);
        test->op = node->op == KX_PRESENT ? TEST_EXISTS : opposite ? TEST_NOT_NULL : TEST_NULL;
        return rc;
    default:
        return kx_base__fail_at(KX_INVALID, compiled->collection->name, node->path, NULL, NULL,
                                "no operator has the number %d", (int)node->op);
    }
}

/* ---- placeholders ------------------------------------------------------------------------------------- */

/* Every now() of a query is the same moment. */
static void take_now(kx_query_compiled *compiled)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    compiled->now = (kx_value){.type = KX_TYPE_TIME, .integer = now.tv_sec, .extra = (int32_t)now.tv_nsec};
}

static int resolve_one(kx_query_compiled *compiled, const kx_value *from, kx_value *value)
{
    *value = *from;
    if ((int)from->type == OPERAND_ARGUMENT) {
        if ((size_t)from->integer >= compiled->arg_count)
            return kx_base__fail(KX_INVALID, "filter:%u: more ? than arguments, of which there are %zu",
                                 kx_query__column(compiled->filter, (size_t)from->extra), compiled->arg_count);
        *value = compiled->args[from->integer];
    } else if ((int)from->type == OPERAND_NOW) {
        if (compiled->now.type == KX_TYPE_NONE)
            take_now(compiled);
        *value = compiled->now;
        value->integer += from->integer;
    }
    return KX_OK;
}

int kx_query__resolve(kx_query_compiled *compiled, const kx_query_node *node, kx_value *value)
{
    const kx_value *from = node->value.data;
    if (!node->open)
        return resolve_one(compiled, &node->value, value);
    *value = node->value;
    kx_value *members = kx_query__alloc(&compiled->memory, kx_base__times(value->size, sizeof *members));
    if (members == NULL)
        return KX_NOMEM;
    value->data = members;
    for (size_t i = 0; i < value->size; i++) {
        int rc = resolve_one(compiled, &from[i], &members[i]);
        if (rc != KX_OK)
            return rc;
        if (members[i].type == KX_TYPE_LIST)
            return kx_base__fail(KX_INVALID, "filter:%u: a list inside a list",
                                 kx_query__column(compiled->filter, (size_t)from[i].extra));
    }
    return KX_OK;
}
