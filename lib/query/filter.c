/*
 * filter.c -- the filter text as a tree.
 *
 *   filter     =  all { "or" all }
 *   all        =  one { "and" one }
 *   one        =  { "not" } ( "(" filter ")" | path "(" filter ")" | condition )
 *   condition  =  left [ ( "==" | "=" | "!=" | "<" | "<=" | ">" | ">=" ) value
 *              |         ( "like" | "ilike" | "starts" "with" | "ends" "with" | "contains" ) value
 *              |         [ "not" ] "in" list  |  "between" value "and" value
 *              |         "is" [ "not" ] "null"  |  "exists" ]
 *   left       =  path | ( "len" | "lower" ) "(" path ")"
 *   path       =  as everywhere; a name of other characters than letters, digits, _ and $ stands in backquotes
 *
 * The text's length and the parentheses around a place in it are bounded, so recursion is; what is joined without
 * parentheses is one level however long it is, and any number of "not" is one or none. A node is made only for what was
 * read, so memory is in proportion to the text.
 */
#include <string.h>

#include "query/filter_reader.h"

enum { FILTER_SIZE = 1 << 20 };

static int take_filter(kx_query_reader *r, kx_query_node **node);

static int new_node(kx_query_reader *r, kx_query_node_kind kind, kx_query_node **node)
{
    *node = kx_query__alloc(r->memory, sizeof **node);
    if (*node == NULL)
        return KX_NOMEM;
    **node = (kx_query_node){.kind = (uint8_t)kind};
    return KX_OK;
}

/* ---- conditions ---------------------------------------------------------------------------- */

static const struct {
    const char *sign;
    kx_op op;
} signs[] = {
    {"==", KX_EQ}, {"=", KX_EQ}, {"!=", KX_NE}, {"<=", KX_LE}, {">=", KX_GE}, {"<", KX_LT}, {">", KX_GT},
};

static const struct {
    const char *word;
    kx_op op;
    bool with;
} words[] = {
    {"like", KX_LIKE, false},    {"ilike", KX_ILIKE, false}, {"contains", KX_CONTAINS, false},
    {"starts", KX_PREFIX, true}, {"ends", KX_SUFFIX, true},
};

/* An operator with one value behind it. *taken is false where there is none. */
static int take_operator(kx_query_reader *r, kx_op *op, bool *taken)
{
    *taken = true;
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        *op = signs[i].op;
        if (kx_query__take_sign(r, signs[i].sign))
            return KX_OK;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        *op = words[i].op;
        if (!kx_query__take_word(r, words[i].word))
            continue;
        if (words[i].with && !kx_query__take_word(r, "with"))
            return kx_query__wrong(r, r->at, "expected 'with'");
        return KX_OK;
    }
    *taken = false;
    return KX_OK;
}

static int take_is_null(kx_query_reader *r, kx_query_node *node)
{
    bool negated = kx_query__take_word(r, "not");
    if (!kx_query__take_word(r, "null"))
        return kx_query__wrong(r, r->at, negated ? "expected 'null'" : "expected 'null' or 'not null'");
    node->op = KX_IS_NULL;
    node->value = (kx_value){.type = KX_TYPE_BOOL, .integer = !negated};
    return KX_OK;
}

static int take_in(kx_query_reader *r, kx_query_node *node)
{
    node->op = KX_IN;
    node->place = kx_query__place_of(r, r->at);
    return kx_query__take_list(r, node);
}

/* A path alone is exactly true. */
static int take_bare(kx_query_reader *r, kx_query_node *node)
{
    bool ends = r->at == r->end || *r->at == ')' || kx_query__is_word(r, "and") || kx_query__is_word(r, "or");
    if (!ends)
        return kx_query__wrong(r, r->at, "expected an operator");
    node->op = KX_EQ;
    node->value = (kx_value){.type = KX_TYPE_BOOL, .integer = 1};
    return KX_OK;
}

/* What stands behind the left side. */
static int take_test(kx_query_reader *r, kx_query_node *node)
{
    bool taken;
    if (kx_query__take_word(r, "is"))
        return take_is_null(r, node);
    if (kx_query__take_word(r, "in"))
        return take_in(r, node);
    if (kx_query__take_word(r, "not")) {
        node->negated = true;
        return kx_query__take_word(r, "in") ? take_in(r, node) : kx_query__wrong(r, r->at, "expected 'in'");
    }
    if (kx_query__take_word(r, "exists")) {
        node->op = KX_PRESENT;
        return KX_OK;
    }
    if (kx_query__take_word(r, "between")) {
        node->op = KX_BETWEEN;
        node->place = kx_query__place_of(r, r->at);
        return kx_query__take_pair(r, node);
    }
    int rc = take_operator(r, &node->op, &taken);
    if (rc != KX_OK || !taken)
        return rc != KX_OK ? rc : take_bare(r, node);
    node->place = kx_query__place_of(r, r->at);
    return kx_query__take_value(r, &node->value);
}

/* "len(": a function's name without a parenthesis behind it is a path's. */
static bool take_function(kx_query_reader *r, const char *name)
{
    const char *start = r->at;
    if (kx_query__take_word(r, name) && kx_query__take_sign(r, "("))
        return true;
    r->at = start;
    return false;
}

static int take_left(kx_query_reader *r, kx_query_node *node)
{
    if (take_function(r, "len"))
        node->function = FUNCTION_LEN;
    else if (take_function(r, "lower"))
        node->function = FUNCTION_LOWER;
    int rc = kx_query__take_path(r, &node->path);
    if (rc == KX_OK && node->function != FUNCTION_NONE && !kx_query__take_sign(r, ")"))
        return kx_query__wrong(r, r->at, "expected ')'");
    return rc;
}

/* ---- trees ---------------------------------------------------------------------------------------- */

/* From behind the opening parenthesis to behind the closing one. */
static int take_inside(kx_query_reader *r, const char *opened, kx_query_node **node)
{
    if (r->depth == KX_QUERY_FILTER_DEPTH)
        return kx_base__fail(KX_INVALID, "filter:%u: more than %d parentheses inside each other",
                             kx_query__column(r->text, kx_query__place_of(r, opened)), KX_QUERY_FILTER_DEPTH);
    r->depth++;
    int rc = take_filter(r, node);
    if (rc == KX_OK && !kx_query__take_sign(r, ")"))
        return kx_query__wrong(r, r->at, "expected 'and', 'or' or ')'");
    r->depth--;
    return rc;
}

static int take_condition(kx_query_reader *r, kx_query_node **node)
{
    const char *start = r->at;
    int rc = new_node(r, NODE_CONDITION, node);
    if (rc != KX_OK)
        return rc;
    (*node)->place = kx_query__place_of(r, start);
    rc = take_left(r, *node);
    const char *opened = r->at;
    if (rc != KX_OK || (*node)->function != FUNCTION_NONE || !kx_query__take_sign(r, "("))
        return rc == KX_OK ? take_test(r, *node) : rc;
    (*node)->kind = NODE_BIND;
    return take_inside(r, opened, &(*node)->first);
}

static int take_one(kx_query_reader *r, kx_query_node **node)
{
    const char *start = r->at;
    kx_query_node *inner = NULL;
    bool negated = false;
    for (; kx_query__take_word(r, "not"); start = r->at)
        negated = !negated;
    int rc = kx_query__take_sign(r, "(") ? take_inside(r, start, &inner) : take_condition(r, &inner);
    *node = inner;
    if (rc != KX_OK || !negated)
        return rc;
    rc = new_node(r, NODE_NOT, node);
    if (rc == KX_OK)
        (*node)->first = inner;
    return rc;
}

/* Parts with a word between them: one node above them, or the only part itself. */
static int take_joined(kx_query_reader *r, kx_query_node_kind kind, const char *word,
                       int (*take_part)(kx_query_reader *r, kx_query_node **node), kx_query_node **node)
{
    kx_query_node *joined = NULL, *last;
    int rc = take_part(r, node);
    for (last = *node; rc == KX_OK && kx_query__take_word(r, word); last = last->next) {
        if (joined == NULL) {
            rc = new_node(r, kind, &joined);
            if (rc != KX_OK)
                return rc;
            joined->first = *node;
            *node = joined;
        }
        rc = take_part(r, &last->next);
    }
    return rc;
}

static int take_all(kx_query_reader *r, kx_query_node **node)
{
    return take_joined(r, NODE_AND, "and", take_one, node);
}

static int take_filter(kx_query_reader *r, kx_query_node **node)
{
    return take_joined(r, NODE_OR, "or", take_all, node);
}

int kx_query__parse_filter(kx_query_memory *memory, const char *text, const kx_query_node **root,
                           size_t *argument_count)
{
    size_t size = strnlen(text, FILTER_SIZE + 1);
    kx_query_node *node = NULL;
    if (size > FILTER_SIZE)
        return kx_base__fail(KX_INVALID, "filter: longer than %d bytes", FILTER_SIZE);
    if (!kx_base__utf8(text, size))
        return kx_base__fail(KX_INVALID, "filter: not UTF-8");
    kx_query_reader r = {.memory = memory, .text = text, .at = text, .end = text + size};
    kx_query__skip_blanks(&r);
    int rc = take_filter(&r, &node);
    if (rc == KX_OK && r.at < r.end)
        rc = kx_query__wrong(&r, r.at, "expected 'and', 'or' or the end");
    *root = node;
    *argument_count = r.argument_count;
    return rc;
}

/* ---- prepared filters --------------------------------------------------------------------------------- */

int kx_query__filter_compile(const char *text, kx_filter **result)
{
    *result = NULL;
    kx_filter *filter = kx_base__alloc(sizeof *filter);
    if (filter == NULL)
        return kx_base__nomem();
    kx_query__memory_init(&filter->memory);
    filter->text = kx_query__copy(&filter->memory, text, strnlen(text, FILTER_SIZE + 1) + 1);
    int rc = filter->text != NULL ? KX_OK : KX_NOMEM;
    if (rc == KX_OK)
        rc = kx_query__parse_filter(&filter->memory, text, &filter->root, &filter->argument_count);
    if (rc != KX_OK)
        kx_query__filter_free(filter);
    else
        *result = filter;
    return rc;
}

void kx_query__filter_free(kx_filter *filter)
{
    if (filter == NULL)
        return;
    kx_query__memory_free(&filter->memory);
    kx_base__free(filter);
}
