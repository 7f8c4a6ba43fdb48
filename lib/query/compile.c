/*
 * compile.c -- the caller's conditions as tests: paths resolved, operands checked and made canonical.
 *
 * What an operator does not take is refused here, so that no test meets it later. Some operators are others in
 * disguise:
 *
 *   x == null, x is null        TEST_NULL          x in []                TEST_NEVER
 *   x != null, is null (false)  TEST_NOT_NULL      x in [5]               TEST_EQ
 *   x < NaN and its kin         TEST_NEVER         x like 'no marks'      TEST_EQ
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "query/query_impl.h"

static const char *const op_names[] = {"==", "!=", "<", "<=", ">", ">=", "in", "like", "is null", "contains"};

/* ---- subjects ------------------------------------------------------------------------- */

static bool is_name(const char *name, size_t size, const char *text, size_t text_size)
{
    return size == text_size && memcmp(name, text, size) == 0;
}

static int parse_path(kx_query_compiled *compiled, const char *text, kx_query_subject *subject)
{
    kx_path *path = kx_query__alloc(&compiled->memory, sizeof *path);
    if (path == NULL)
        return KX_NOMEM;
    int rc = kx_path__parse(text, path);
    if (rc != KX_OK)
        return rc;
    subject->path = path;
    subject->owns_path = true;
    compiled->owns_paths = true;
    const kx_step *first = &path->steps[0];
    subject->name = first->name;
    subject->size = first->size;
    subject->kind = SUBJECT_NAME;
    for (uint32_t i = 1; i < path->count && subject->kind != SUBJECT_SPREAD; i++)
        subject->kind = path->steps[i].kind == KX_STEP_EACH ? SUBJECT_SPREAD : SUBJECT_PATH;
    if (subject->kind != SUBJECT_NAME && is_name(first->name, first->size, "_id", 3))
        rc = kx_base__fail_at(KX_INVALID, compiled->collection->name, text, NULL, NULL, "'%s': an id has no members",
                              text);
    return rc;
}

int kx_query__subject_of(kx_query_compiled *compiled, const kx_cat_collection *collection, const char *text,
                         kx_query_subject *subject)
{
    size_t size;
    bool plain = kx_path__plain(text, &size);
    *subject = (kx_query_subject){.kind = SUBJECT_NAME, .name = text, .size = size, .text = text};
    if (compiled->keeps) {
        subject->name = subject->text = kx_query__copy(&compiled->memory, text, size + 1);
        if (subject->text == NULL)
            return KX_NOMEM;
    }
    if (!plain || !kx_base__utf8(text, size)) {
        int rc = parse_path(compiled, subject->text, subject);
        if (rc != KX_OK)
            return rc;
    }
    const kx_cat_index *primary = collection->primary;
    if (subject->kind == SUBJECT_NAME && is_name(subject->name, subject->size, "_id", 3))
        subject->kind = SUBJECT_ID;
    else if (primary != NULL && kx_query__is_part(subject, &primary->parts[0]))
        subject->kind = SUBJECT_ID;
    return KX_OK;
}

int kx_query__subject(kx_query_compiled *compiled, const char *text, kx_query_subject *subject)
{
    int rc = kx_query__subject_of(compiled, compiled->collection, text, subject);
    bool may_cross = rc == KX_OK && compiled->collection->relation_count > 0 && subject->kind != SUBJECT_ID;
    return may_cross ? kx_query__cross(compiled, subject) : rc;
}

static kx_query_subject subject_of_part(const kx_cat_part *part)
{
    kx_query_subject subject = {
        .kind = SUBJECT_NAME, .text = part->text, .name = part->text, .size = part->size, .path = &part->path};
    if (!part->plain)
        subject.kind = SUBJECT_PATH;
    return subject;
}

/* The steps of a subject, as a path has them. `only` is room for a plain name's. */
static const kx_step *steps_of(const kx_query_subject *subject, kx_step *only, uint32_t *count)
{
    if (subject->path != NULL) {
        *count = subject->path->count;
        return subject->path->steps;
    }
    *only = (kx_step){KX_STEP_NAME, 0, subject->name, subject->size};
    *count = 1;
    return only;
}

static bool same_steps(const kx_step *left, uint32_t left_count, const kx_step *right, uint32_t right_count)
{
    if (left_count != right_count)
        return false;
    for (uint32_t i = 0; i < left_count; i++) {
        if (left[i].kind != right[i].kind)
            return false;
        if (left[i].kind == KX_STEP_INDEX && left[i].index != right[i].index)
            return false;
        if (left[i].kind == KX_STEP_NAME && !is_name(left[i].name, left[i].size, right[i].name, right[i].size))
            return false;
    }
    return true;
}

bool kx_query__same_subject(const kx_query_subject *left, const kx_query_subject *right)
{
    kx_step left_only, right_only;
    uint32_t left_count, right_count;
    if (left->kind == SUBJECT_ID || right->kind == SUBJECT_ID)
        return left->kind == right->kind;
    if (left->kind == SUBJECT_CROSS || right->kind == SUBJECT_CROSS)
        return left->kind == right->kind && !left->cross->many && strcmp(left->text, right->text) == 0;
    const kx_step *left_steps = steps_of(left, &left_only, &left_count);
    const kx_step *right_steps = steps_of(right, &right_only, &right_count);
    return same_steps(left_steps, left_count, right_steps, right_count);
}

/* The elements of an array: "tags" and "tags[]" are the same ones. */
bool kx_query__is_part(const kx_query_subject *subject, const kx_cat_part *part)
{
    kx_step only;
    uint32_t count, part_count = part->path.count;
    if (subject->kind == SUBJECT_ID || subject->kind == SUBJECT_CROSS)
        return false;
    if (part->plain && subject->path == NULL)
        return is_name(subject->name, subject->size, part->text, part->size);
    const kx_step *steps = steps_of(subject, &only, &count);
    if (part->each) {
        count -= steps[count - 1].kind == KX_STEP_EACH;
        part_count -= part->path.steps[part_count - 1].kind == KX_STEP_EACH;
    }
    return same_steps(steps, count, part->path.steps, part_count);
}

/* ---- operands -------------------------------------------------------------------------------- */

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

static int take_in(kx_query_compiled *compiled, const kx_value *value, kx_query_test *test)
{
    kx_value *members = NULL;
    size_t count = 0;
    if (value->type != KX_TYPE_LIST)
        return refuse(compiled, test, KX_IN, value, "a list");
    int rc = take_list(compiled, test, value, &members, &count, &test->with_null);
    if (rc != KX_OK)
        return rc;
    test->op = TEST_IN;
    test->value = (kx_value){.type = KX_TYPE_LIST, .data = members, .size = count};
    if (count == 0)
        test->op = test->with_null ? TEST_NULL : TEST_NEVER;
    if (count == 1 && !test->with_null) {
        test->op = TEST_EQ;
        test->value = members[0];
    }
    return KX_OK;
}

static int take_like(kx_query_compiled *compiled, const kx_value *value, kx_query_test *test)
{
    size_t size = 0;
    if (value->type != KX_TYPE_TEXT)
        return refuse(compiled, test, KX_LIKE, value, "a text");
    int rc = take_operand(compiled, test, value, &test->value);
    if (rc != KX_OK)
        return rc;
    uint8_t *bytes = kx_query__alloc(&compiled->memory, test->value.size);
    if (bytes == NULL)
        return KX_NOMEM;
    if (kx_query__like_compile(kx_slice_of(test->value.data, test->value.size), bytes, &size) != KX_OK)
        return kx_base__fail_at(KX_INVALID, compiled->collection->name, test->subject.text, NULL, value,
                                "a pattern of 'like' that ends in a backslash");
    bool whole;
    test->op = TEST_LIKE;
    test->bytes = kx_slice_of(bytes, size);
    if (kx_query__like_prefix(test->bytes, &whole).size == size) {
        test->op = TEST_EQ;
        test->value.data = bytes;
        test->value.size = size;
        test->bytes = (kx_slice){0};
    }
    return KX_OK;
}

static int take_is_null(kx_query_compiled *compiled, const kx_value *value, kx_query_test *test)
{
    if (value->type != KX_TYPE_NONE && value->type != KX_TYPE_BOOL)
        return refuse(compiled, test, KX_IS_NULL, value, "no value, or a bool");
    test->op = value->type == KX_TYPE_BOOL && value->integer == 0 ? TEST_NOT_NULL : TEST_NULL;
    return KX_OK;
}

static int take_range(kx_query_compiled *compiled, kx_op op, const kx_value *value, kx_query_test *test)
{
    switch (value->type) {
    case KX_TYPE_BOOL:
    case KX_TYPE_INT:
    case KX_TYPE_UINT:
    case KX_TYPE_REAL:
    case KX_TYPE_TEXT:
    case KX_TYPE_BINARY:
    case KX_TYPE_TIME: break;
    default: return refuse(compiled, test, op, value, "a bool, number, text, binary or time");
    }
    test->op = is_nan(value) ? TEST_NEVER : (kx_query_op)op;
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

static int take_value(kx_query_compiled *compiled, const kx_condition *condition, kx_query_test *test)
{
    const kx_value *value = &condition->value;
    switch (condition->op) {
    case KX_EQ:
    case KX_NE:
    case KX_CONTAINS: return take_equal(compiled, condition->op, value, test);
    case KX_LT:
    case KX_LE:
    case KX_GT:
    case KX_GE: return take_range(compiled, condition->op, value, test);
    case KX_IN: return take_in(compiled, value, test);
    case KX_LIKE: return take_like(compiled, value, test);
    case KX_IS_NULL: return take_is_null(compiled, value, test);
    default:
        return kx_base__fail_at(KX_INVALID, compiled->collection->name, condition->path, NULL, NULL,
                                "no operator has the number %d", (int)condition->op);
    }
}

/* ---- conditions ---------------------------------------------------------------------------------- */

static int compile_condition(kx_query_compiled *compiled, const kx_condition *condition)
{
    kx_query_test *test = &compiled->tests[compiled->test_count++];
    *test = (kx_query_test){0};
    int rc = kx_query__subject(compiled, condition->path, &test->subject);
    if (rc != KX_OK)
        return rc;
    const kx_query_subject *leaf = test->subject.kind == SUBJECT_CROSS ? &test->subject.cross->leaf : &test->subject;
    if (leaf->kind == SUBJECT_SPREAD && condition->op != KX_CONTAINS)
        return kx_base__fail_at(KX_INVALID, compiled->collection->name, condition->path, NULL, NULL,
                                "%s: a path with [] is many values; only 'contains' asks for one of them",
                                condition->path);
    rc = take_value(compiled, condition, test);
    if (rc == KX_OK && test->subject.kind == SUBJECT_CROSS)
        rc = kx_query__check_cross(compiled, test);
    return rc == KX_INVALID || rc == KX_LIMIT ? kx_base__fail_in(rc, "%s", condition->path) : rc;
}

static size_t count_conditions(const kx_condition *where)
{
    size_t count = 0;
    while (where != NULL && where[count].path != NULL)
        count++;
    return count;
}

static int bind_value(kx_query_compiled *compiled, const kx_cat_index *index, size_t part, const kx_value *value)
{
    kx_query_test *test = &compiled->tests[compiled->test_count++];
    *test = (kx_query_test){.op = TEST_EQ, .subject = subject_of_part(&index->parts[part])};
    if (index->primary)
        test->subject.kind = SUBJECT_ID;
    return take_operand(compiled, test, value, &test->value);
}

static int bind_ids(kx_query_compiled *compiled, const uint64_t *ids, size_t count)
{
    kx_query_test *test = &compiled->tests[compiled->test_count++];
    *test = (kx_query_test){.op = count > 0 ? TEST_IDS : TEST_NEVER, .ids = ids, .id_count = count};
    test->subject = (kx_query_subject){.kind = SUBJECT_ID, .text = "_id", .name = "_id", .size = 3};
    if (compiled->keeps)
        test->ids = kx_query__copy(&compiled->memory, ids, count * sizeof *ids);
    return test->ids != NULL || count == 0 ? KX_OK : KX_NOMEM;
}

static int compile_bound(kx_query_compiled *compiled, const kx_query_bound *bound)
{
    if (bound->index == NULL || bound->count == 0)
        return bind_ids(compiled, bound->ids, bound->index == NULL ? bound->id_count : 0);
    int rc = KX_OK;
    for (size_t i = 0; i < bound->count && rc == KX_OK; i++)
        rc = bind_value(compiled, bound->index, i, &bound->values[i]);
    return rc;
}

static int check_members(const kx_query *query)
{
    for (size_t i = 0; i < sizeof query->reserved / sizeof *query->reserved; i++) {
        if (query->reserved[i] != 0)
            return kx_base__fail(KX_INVALID, "a query's reserved members are zero");
    }
    if (query->filter == NULL && query->args != NULL && query->args->type != KX_TYPE_NONE)
        return kx_base__fail(KX_INVALID, "a query has .args, but no .filter with a ? for them");
    return KX_OK;
}

static int compile_tests(kx_query_compiled *compiled, const kx_query *query, const kx_query_bound *bound)
{
    kx_query_filter filter = {0};
    size_t count = query != NULL ? count_conditions(query->where) : 0;
    int rc = KX_OK;
    if (query != NULL && query->filter != NULL)
        rc = kx_query__parse_filter(&compiled->memory, query->filter, query->args, &filter);
    size_t binding = bound == NULL ? 0 : bound->index == NULL || bound->count == 0 ? 1 : bound->count;
    if (rc != KX_OK || count + filter.count + binding == 0)
        return rc;
    compiled->tests =
        kx_query__alloc(&compiled->memory, kx_base__times(count + filter.count + binding, sizeof *compiled->tests));
    if (compiled->tests == NULL)
        return KX_NOMEM;
    if (bound != NULL)
        rc = compile_bound(compiled, bound);
    for (size_t i = 0; i < count && rc == KX_OK; i++)
        rc = compile_condition(compiled, &query->where[i]);
    for (size_t i = 0; i < filter.count && rc == KX_OK; i++) {
        rc = compile_condition(compiled, &filter.conditions[i]);
        if (rc == KX_INVALID)
            kx_base__fail_in(rc, "filter:%u", filter.columns[i]);
    }
    return rc;
}

int kx_query__compile(kx_query_compiled *compiled, const kx_query *query, const kx_query_bound *bound)
{
    int rc = query != NULL ? check_members(query) : KX_OK;
    if (rc == KX_OK)
        rc = compile_tests(compiled, query, bound);
    if (query == NULL)
        return rc;
    compiled->limit = query->limit != 0 ? query->limit : UINT64_MAX;
    compiled->offset = query->offset;
    if (rc == KX_OK && query->order_by != NULL)
        rc = kx_query__order(compiled, query->order_by);
    if (rc == KX_OK && query->after != NULL)
        rc = kx_query__read_token(compiled, query->after);
    return rc;
}

void kx_query__free_subject(const kx_query_subject *subject)
{
    if (subject->owns_path)
        kx_path__free((kx_path *)(uintptr_t)subject->path);
    if (subject->cross != NULL)
        kx_query__free_subject(&subject->cross->leaf);
}

void kx_query__forget_order(kx_query_compiled *compiled)
{
    for (size_t i = 0; i < compiled->order_count; i++)
        kx_query__free_subject(&compiled->orders[i].subject);
    compiled->order_count = 0;
}

void kx_query__compiled_free(kx_query_compiled *compiled)
{
    if (compiled->owns_paths) {
        for (size_t i = 0; i < compiled->test_count; i++)
            kx_query__free_subject(&compiled->tests[i].subject);
        kx_query__forget_order(compiled);
    }
    kx_query__memory_free(&compiled->memory);
}
