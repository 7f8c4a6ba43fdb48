/*
 * compile.c -- a query as it is carried out: its paths resolved, its bound and conditions as one conjunction of tests.
 */
#include <string.h>

#include "query/query_impl.h"

/* A path with more steps than one. All of them are given back with the query. */
typedef struct kx_query_path {
    struct kx_query_path *next;
    kx_path path;
} kx_query_path;

/* ---- subjects ------------------------------------------------------------------------- */

static bool is_name(const char *name, size_t size, const char *text, size_t text_size)
{
    return size == text_size && memcmp(name, text, size) == 0;
}

static int parse_path(kx_query_compiled *compiled, const char *text, kx_query_subject *subject)
{
    kx_query_path *owned = kx_query__alloc(&compiled->memory, sizeof *owned);
    if (owned == NULL)
        return KX_NOMEM;
    kx_path *path = &owned->path;
    int rc = kx_path__parse(text, path);
    if (rc != KX_OK)
        return rc;
    owned->next = compiled->paths;
    compiled->paths = owned;
    subject->path = path;
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

/* A function of it, of whoever's field it is. */
int kx_query__call(kx_query_compiled *compiled, kx_query_function function, kx_query_subject *subject)
{
    kx_query_subject *of = subject->kind == SUBJECT_CROSS ? &subject->cross->leaf : subject;
    kx_query_call *call = kx_query__alloc(&compiled->memory, sizeof *call);
    if (call == NULL)
        return KX_NOMEM;
    *call = (kx_query_call){.function = function, .of = *of, .scratch = &compiled->scratch};
    *of = (kx_query_subject){.kind = SUBJECT_CALL, .text = subject->text, .call = call};
    return KX_OK;
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
    if (left->kind == SUBJECT_CALL || right->kind == SUBJECT_CALL)
        return false;
    if (left->kind == SUBJECT_NONE || right->kind == SUBJECT_NONE)
        return false;
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
    if (part->fold && subject->kind == SUBJECT_CALL && subject->call->function == FUNCTION_LOWER)
        subject = &subject->call->of;
    else if (part->fold)
        return false;
    if (subject->kind == SUBJECT_ID || subject->kind >= SUBJECT_CALL)
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

static bool all_texts(const kx_value *value)
{
    const kx_value *members = value->data;
    if (value->type != KX_TYPE_LIST)
        return value->type == KX_TYPE_TEXT;
    for (size_t i = 0; i < value->size; i++) {
        if (members[i].type != KX_TYPE_TEXT)
            return false;
    }
    return true;
}

bool kx_query__is_on(const kx_query_test *test, const kx_cat_part *part)
{
    return kx_query__is_part(&test->subject, part) &&
           (!part->fold || (test->op != TEST_NULL && test->op != TEST_NOT_NULL && !test->with_null &&
                            all_texts(&test->value)));
}

/* ---- conditions and bounds ------------------------------------------------------------------------- */

static int bind_value(kx_query_compiled *compiled, const kx_cat_index *index, size_t part, const kx_value *value)
{
    kx_query_test *test = &compiled->tests[compiled->test_count++];
    *test = (kx_query_test){.op = TEST_EQ, .subject = subject_of_part(&index->parts[part])};
    if (index->primary)
        test->subject.kind = SUBJECT_ID;
    return kx_query__equal(compiled, value, test);
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
    if (query->filter != NULL && query->prepared != NULL)
        return kx_base__fail(KX_INVALID, "a query has .filter or .prepared, not both");
    if (query->filter == NULL && query->prepared == NULL && query->args != NULL && query->args->type != KX_TYPE_NONE)
        return kx_base__fail(KX_INVALID, "a query has .args, but no .filter with a ? for them");
    return KX_OK;
}

/* The tree of a query's filter, and the arguments for it. */
static int take_filter(kx_query_compiled *compiled, const kx_query *query, const kx_query_node **root)
{
    size_t wanted = 0;
    int rc = KX_OK;
    *root = NULL;
    if (query->filter != NULL) {
        compiled->filter = query->filter;
        rc = kx_query__parse_filter(&compiled->memory, query->filter, root, &wanted);
    } else if (query->prepared != NULL) {
        compiled->filter = query->prepared->text;
        *root = query->prepared->root;
        wanted = query->prepared->argument_count;
    }
    compiled->args = query->args;
    while (query->args != NULL && query->args[compiled->arg_count].type != KX_TYPE_NONE)
        compiled->arg_count++;
    if (rc == KX_OK && compiled->arg_count > wanted)
        rc = kx_base__fail(KX_INVALID, "filter: %zu ? for %zu arguments", wanted, compiled->arg_count);
    return rc;
}

static kx_query_node node_of(const kx_condition *condition)
{
    return (kx_query_node){.path = condition->path, .op = condition->op, .value = condition->value};
}

/* Room for all tests; a few may stay free. */
static int make_room(kx_query_compiled *compiled, const kx_condition *where, const kx_query_node *root, size_t bound)
{
    size_t count = bound;
    for (; where != NULL && where->path != NULL; where++)
        count += where->op == KX_BETWEEN ? 2 : 1;
    if (root != NULL)
        count += kx_query__count_tests(root);
    if (count == 0)
        return KX_OK;
    compiled->tests = kx_query__alloc(&compiled->memory, kx_base__times(count, sizeof *compiled->tests));
    return compiled->tests != NULL ? KX_OK : KX_NOMEM;
}

static int compile_tests(kx_query_compiled *compiled, const kx_query *query, const kx_query_bound *bound)
{
    const kx_condition *where = query != NULL ? query->where : NULL;
    const kx_query_node *root = NULL;
    size_t binding = bound == NULL ? 0 : bound->index == NULL || bound->count == 0 ? 1 : bound->count;
    int rc = query != NULL ? take_filter(compiled, query, &root) : KX_OK;
    if (rc == KX_OK)
        rc = make_room(compiled, where, root, binding);
    if (rc == KX_OK && bound != NULL)
        rc = compile_bound(compiled, bound);
    for (; where != NULL && where->path != NULL && rc == KX_OK; where++) {
        kx_query_node node = node_of(where);
        rc = kx_query__add_tests(compiled, &node);
    }
    return rc == KX_OK && root != NULL ? kx_query__add_tests(compiled, root) : rc;
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

void kx_query__compiled_free(kx_query_compiled *compiled)
{
    for (kx_query_path *owned = compiled->paths; owned != NULL; owned = owned->next)
        kx_path__free(&owned->path);
    compiled->paths = NULL;
    if (compiled->scratch.data != NULL)
        kx_buf__free(&compiled->scratch);
    kx_query__memory_free(&compiled->memory);
}
