/* match.c -- does a document pass the tests? The table of operators against types is in doc/query.md. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "query/query_impl.h"

kx_value kx_query__id_value(uint64_t id)
{
    return (kx_value){.type = id <= INT64_MAX ? KX_TYPE_INT : KX_TYPE_UINT, .integer = (int64_t)id};
}

static bool is_null(kx_type type)
{
    return type == KX_TYPE_NONE || type == KX_TYPE_NULL;
}

static bool in_range(const kx_query_test *test, const kx_value *value)
{
    if (kx_key__class(value->type) != kx_key__class(test->value.type))
        return false;
    if (value->type == KX_TYPE_REAL && isnan(value->real))
        return false;
    int order = kx_key__compare(value, &test->value);
    switch (test->op) {
    case TEST_LT: return order < 0;
    case TEST_LE: return order <= 0;
    case TEST_GT: return order > 0;
    default: return order >= 0;
    }
}

static int compare_values(const void *left, const void *right)
{
    return kx_key__compare(left, right);
}

static bool in_list(const kx_query_test *test, const kx_value *value)
{
    if (is_null(value->type))
        return test->with_null;
    return bsearch(value, test->value.data, test->value.size, sizeof *value, compare_values) != NULL;
}

static int has_element(const kx_query_test *test, kx_slice array)
{
    kx_members members = kx_document__members(array);
    while (kx_document__next(&members)) {
        kx_value element;
        int rc = kx_document__value(members.item, &element);
        if (rc != KX_OK)
            return rc;
        if (kx_key__compare(&element, &test->value) == 0)
            return 1;
    }
    return members.malformed ? kx_base__fail(KX_CORRUPT, "an array is damaged or cut short") : 0;
}

static int contains(const kx_query_test *test, const kx_value *value)
{
    if (value->type == KX_TYPE_ARRAY)
        return has_element(test, kx_slice_of(value->data, value->size));
    if (value->type == KX_TYPE_TEXT && test->value.type == KX_TYPE_TEXT)
        return memmem(value->data, value->size, test->value.data, test->value.size) != NULL;
    return 0;
}

static int passes_value(const kx_query_test *test, const kx_value *value)
{
    switch (test->op) {
    case TEST_EQ: return kx_key__compare(value, &test->value) == 0;
    case TEST_NE: return !is_null(value->type) && kx_key__compare(value, &test->value) != 0;
    case TEST_LT:
    case TEST_LE:
    case TEST_GT:
    case TEST_GE: return in_range(test, value);
    case TEST_IN: return in_list(test, value);
    case TEST_LIKE:
        return value->type == KX_TYPE_TEXT && kx_query__like(test->bytes, kx_slice_of(value->data, value->size));
    case TEST_NULL: return is_null(value->type);
    case TEST_NOT_NULL: return !is_null(value->type);
    case TEST_CONTAINS: return contains(test, value);
    case TEST_NOT_IN: return !is_null(value->type) && !in_list(test, value);
    case TEST_EXISTS: return value->type != KX_TYPE_NONE;
    default: return 0;
    }
}

static bool is_number(kx_type type)
{
    return type == KX_TYPE_INT || type == KX_TYPE_UINT || type == KX_TYPE_REAL;
}

/* Most values that are not equal differ in size or in the first byte, which is a tag. */
static inline bool same_bytes(kx_slice item, kx_slice bytes)
{
    return item.size == bytes.size && *item.data == *bytes.data && memcmp(item.data, bytes.data, item.size) == 0;
}

/* Documents are canonical: what is equal has equal bytes, except that integers and reals meet. */
static inline int passes_item(const kx_query_test *test, kx_slice item)
{
    kx_value value;
    if (test->bytes.size > 0 && test->op <= TEST_NE) {
        bool same = same_bytes(item, test->bytes);
        if (same || (test->op == TEST_EQ && !is_number(test->value.type)))
            return same == (test->op == TEST_EQ);
    }
    if (test->op == TEST_NULL || test->op == TEST_NOT_NULL)
        return is_null(kx_document__type(item)) == (test->op == TEST_NULL);
    int rc = kx_document__value(item, &value);
    return rc == KX_OK ? passes_value(test, &value) : rc;
}

/* ---- paths with [] --------------------------------------------------------------------- */

typedef struct spread {
    kx_query_item *visit;
    void *context;
    const kx_path *path;
    uint32_t depth;
    struct {
        kx_members members;
        uint32_t step;
    } levels[KX_PATH_STEPS];
} spread;

/* From `item` on to the next [], where its elements wait, or to the end of the path. What is no array there has no
   elements. */
static int spread_from(spread *walk, kx_slice item, uint32_t step)
{
    const kx_step *steps = walk->path->steps;
    uint32_t stop = step;
    while (stop < walk->path->count && steps[stop].kind != KX_STEP_EACH)
        stop++;
    kx_path part = {.count = stop - step, .steps = walk->path->steps + step};
    if (part.count > 0) {
        kx_slice within = item;
        if (!kx_document__at(within, &part, &item))
            return 0;
    }
    if (stop == walk->path->count)
        return walk->visit(walk->context, item);
    if (kx_document__type(item) == KX_TYPE_ARRAY) {
        walk->levels[walk->depth].members = kx_document__members(item);
        walk->levels[walk->depth++].step = stop + 1;
    }
    return 0;
}

int kx_query__each_item(const kx_path *path, kx_slice document, kx_query_item *visit, void *context)
{
    spread walk;
    walk.visit = visit;
    walk.context = context;
    walk.path = path;
    walk.depth = 0;
    int rc = spread_from(&walk, document, 0);
    while (rc == 0 && walk.depth > 0) {
        kx_members *members = &walk.levels[walk.depth - 1].members;
        if (kx_document__next(members))
            rc = spread_from(&walk, members->item, walk.levels[walk.depth - 1].step);
        else if (members->malformed)
            rc = kx_base__fail(KX_CORRUPT, "an array is damaged or cut short");
        else
            walk.depth--;
    }
    return rc;
}

static int equals_item(void *context, kx_slice item)
{
    const kx_query_test *test = context;
    kx_value value;
    int rc = kx_document__value(item, &value);
    return rc == KX_OK ? kx_key__compare(&value, &test->value) == 0 : rc;
}

/* ---- a document ---------------------------------------------------------------------------- */

static int is_listed(const kx_query_test *test, uint64_t id)
{
    size_t low = 0, high = test->id_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (test->ids[middle] < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < test->id_count && test->ids[low] == id;
}

__attribute__((noinline)) static int passes_call(const kx_query_test *test, const kx_query_call *called, uint64_t id,
                                                 kx_slice document)
{
    kx_value value;
    int rc = kx_query__call_value(called, id, document, &value);
    return rc == KX_OK ? passes_value(test, &value) : rc;
}

static inline int passes_subject(const kx_query_test *test, const kx_query_subject *subject, uint64_t id,
                                 kx_slice document)
{
    kx_slice item;
    kx_value value;
    switch (subject->kind) {
    case SUBJECT_NAME:
        kx_document__find(document, subject->name, subject->size, &item);
        return passes_item(test, item);
    case SUBJECT_PATH:
        if (!kx_document__at(document, subject->path, &item))
            item = (kx_slice){0};
        return passes_item(test, item);
    case SUBJECT_SPREAD:
        return kx_query__each_item(subject->path, document, equals_item, (void *)(uintptr_t)test);
    case SUBJECT_CALL: return passes_call(test, subject->call, id, document);
    default:
        value = kx_query__id_value(id);
        return test->op == TEST_IDS ? is_listed(test, id) : passes_value(test, &value);
    }
}

static int passes_leaf(void *context, uint64_t id, kx_slice document)
{
    const kx_query_test *test = context;
    return passes_subject(test, &test->subject.cross->leaf, id, document);
}

/* Of nobody: a field that is missing, unless it would be any member's; and the name alone is null. */
static int passes_cross(const kx_query_compiled *compiled, kx_query_test *test, kx_slice document)
{
    const kx_query_cross *cross = test->subject.cross;
    kx_value missing = {0};
    bool found;
    int rc = kx_query__cross_each(compiled->txn, cross, document, passes_leaf, test, &found);
    if (rc != 0 || found)
        return rc;
    return cross->many && !cross->bare ? 0 : passes_value(test, &missing);
}

static int passes_group(const kx_query_compiled *compiled, const kx_query_group *group, uint64_t id, kx_slice document);

__attribute__((noinline)) static int passes_far(const kx_query_compiled *compiled, kx_query_test *test, uint64_t id,
                                                kx_slice document)
{
    if (test->subject.kind == SUBJECT_CROSS)
        return passes_cross(compiled, test, document);
    return passes_group(compiled, test->group, id, document);
}

static inline int passes_test(const kx_query_compiled *compiled, kx_query_test *test, uint64_t id, kx_slice document)
{
    if (test->subject.kind >= SUBJECT_CROSS)
        return passes_far(compiled, test, id, document);
    return passes_subject(test, &test->subject, id, document);
}

/* ---- groups --------------------------------------------------------------------------------- *
 * Not deeper than the filter's parentheses, nor beyond more relations than one path may cross.     */

static int passes_tests(const kx_query_compiled *compiled, const kx_query_group *group, uint64_t id, kx_slice document)
{
    for (size_t i = 0; i < group->count; i++) {
        int rc = passes_test(compiled, &group->tests[i], id, document);
        if (rc < 0 || (rc != 0) == group->any)
            return rc;
    }
    return !group->any;
}

typedef struct bound_group {
    const kx_query_compiled *compiled;
    const kx_query_group *group;
} bound_group;

static int passes_bound(void *context, uint64_t id, kx_slice document)
{
    const bound_group *bound = context;
    return passes_tests(bound->compiled, bound->group, id, document);
}

static int passes_group(const kx_query_compiled *compiled, const kx_query_group *group, uint64_t id, kx_slice document)
{
    bound_group bound = {compiled, group};
    bool found;
    int rc = group->cross == NULL
                 ? passes_tests(compiled, group, id, document)
                 : kx_query__cross_each(compiled->txn, group->cross, document, passes_bound, &bound, &found);
    return rc < 0 ? rc : rc != group->negated;
}

/* ---- all tests -------------------------------------------------------------------------------- */

static int spoilt(const kx_query_compiled *compiled, const kx_query_test *test, uint64_t id, int rc)
{
    if (rc != KX_CORRUPT)
        return rc;
    return kx_base__fail_at(rc, compiled->collection->name, test->subject.text, &id, NULL,
                            "document %llu of %s is damaged", (unsigned long long)id, compiled->collection->name);
}

static __attribute__((noinline)) int passes_any(const kx_query_compiled *compiled, kx_query_test *test, uint64_t id,
                                                kx_slice document)
{
    int rc = passes_test(compiled, test, id, document);
    return rc < 0 ? spoilt(compiled, test, id, rc) : rc;
}

/* The usual test of a scan, a name that equals a text, is made at once. */
int kx_query__passes(kx_query_compiled *compiled, uint64_t id, kx_slice document, bool all)
{
    int rc = 1;
    for (size_t i = 0; i < compiled->test_count && rc > 0; i++) {
        kx_query_test *test = &compiled->tests[i];
        kx_slice item;
        if (test->answered && !all)
            continue;
        if (test->needle != NULL)
            rc = kx_document__find_needle(document, test->needle, &item) && same_bytes(item, test->bytes);
        else
            rc = passes_any(compiled, test, id, document);
    }
    return rc;
}

bool kx_query__needs_test(const kx_query_compiled *compiled)
{
    for (size_t i = 0; i < compiled->test_count; i++) {
        if (!compiled->tests[i].answered)
            return true;
    }
    return false;
}

bool kx_query__needs_document(const kx_query_compiled *compiled)
{
    for (size_t i = 0; i < compiled->test_count; i++) {
        if (!compiled->tests[i].answered && compiled->tests[i].subject.kind != SUBJECT_ID)
            return true;
    }
    return false;
}

bool kx_query__not_null(const kx_query_test *test)
{
    switch (test->op) {
    case TEST_NULL:
    case TEST_EXISTS:
    case TEST_GROUP: return false;
    case TEST_IN: return !test->with_null;
    case TEST_CONTAINS: return test->value.type != KX_TYPE_NULL;
    default: return true;
    }
}

/* ---- what a scan compares with --------------------------------------------------------------- */

static int prepare_bytes(kx_query_compiled *compiled, kx_query_test *test)
{
    if (test->value.type == KX_TYPE_ARRAY || test->value.type == KX_TYPE_MAP) {
        test->bytes = kx_slice_of(test->value.data, test->value.size);
        return KX_OK;
    }
    kx_builder builder;
    kx_slice item;
    kx_builder__init(&builder);
    kx_builder__value(&builder, &test->value);
    int rc = kx_builder__finish(&builder, &item);
    if (rc == KX_OK) {
        const void *copy = kx_query__copy(&compiled->memory, item.data, item.size);
        rc = copy != NULL ? KX_OK : KX_NOMEM;
        if (copy != NULL)
            test->bytes = kx_slice_of(copy, item.size);
    }
    kx_builder__free(&builder);
    return rc;
}

static int prepare_needle(kx_query_compiled *compiled, kx_query_test *test)
{
    if (test->subject.kind != SUBJECT_NAME)
        return KX_OK;
    kx_needle needle = kx_document__needle(test->subject.name, test->subject.size);
    test->needle = kx_query__copy(&compiled->memory, &needle, sizeof needle);
    return test->needle != NULL ? KX_OK : KX_NOMEM;
}

int kx_query__prepare_equal(kx_query_compiled *compiled, kx_query_test *test)
{
    bool equal = test->op == TEST_EQ || test->op == TEST_NE;
    if (!equal || test->subject.kind == SUBJECT_ID || test->bytes.size > 0)
        return KX_OK;
    return prepare_bytes(compiled, test);
}

int kx_query__prepare_scan(kx_query_compiled *compiled)
{
    int rc = KX_OK;
    for (size_t i = 0; i < compiled->test_count && rc == KX_OK; i++) {
        kx_query_test *test = &compiled->tests[i];
        if (!test->answered)
            rc = kx_query__prepare_equal(compiled, test);
        if (rc == KX_OK && test->bytes.size > 0 && test->op == TEST_EQ && !is_number(test->value.type))
            rc = prepare_needle(compiled, test);
    }
    return rc;
}
