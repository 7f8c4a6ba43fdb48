/*
 * test_random.c -- the same answers with no index, each index and all of them, as an oracle that knows nothing of
 * indexes gives them: documents of all types, trees of conditions, as an array, as text and prepared.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "query/oracle.h"
#include "query/query_test.h"

/* ---- documents ---------------------------------------------------------------------------- */

enum { A, B, NC, ND, T, FIELDS }; /* T is an array, null or missing; any may be missing */
static const char *const fields[FIELDS] = {"a", "b", "n.c", "n.d", "t"};

typedef struct row {
    uint64_t id;
    value values[FIELDS];
} row;

static void set_value(kx_doc *doc, const char *path, const value *v)
{
    static const uint8_t empty[] = {0x90};
    if (!v->is_array) {
        if (v->kx.type != KX_TYPE_NONE)
            qt_ok(kx_doc_set(doc, path, v->kx));
        return;
    }
    qt_ok(kx_doc_set(doc, path, kx_msgpack(empty, 1)));
    for (size_t i = 0; i < v->count; i++)
        qt_ok(kx_doc_append(doc, path, v->elements[i]));
}

static void insert_row(kx_txn *txn, const char *collection, row *r)
{
    kx_doc *doc;
    qt_ok(kx_doc_new(txn, collection, &doc));
    for (size_t i = 0; i < FIELDS; i++)
        set_value(doc, fields[i], &r->values[i]);
    qt_ok(kx_doc_save(doc));
    r->id = kx_doc_id(doc);
    kx_doc_release(doc);
}

static void random_row(uint64_t *state, row *r)
{
    for (size_t f = 0; f < FIELDS; f++)
        r->values[f] = oracle_value(state, f == T);
}

/* ---- what a path reaches ------------------------------------------------------------------------ */

enum { FIRST = FIELDS, SECOND, WHOLE, EACH, NOWHERE, ID, PATHS };
static const char *const paths[PATHS] = {"a", "b", "n.c", "n.d", "t", "t[0]", "t[1]", "n", "t[]", "n.c.x", "_id"};

static value element(const value *array, size_t index)
{
    return array->is_array && index < array->count ? (value){.kx = array->elements[index]} : (value){0};
}

static value map_of(const row *r)
{
    size_t count = 0;
    for (size_t f = NC; f <= ND; f++)
        count += r->values[f].kx.type != KX_TYPE_NONE;
    return (value){.is_map = count > 0, .count = count};
}

static value reach(const row *r, int path)
{
    switch (path) {
    case FIRST: return element(&r->values[T], 0);
    case SECOND: return element(&r->values[T], 1);
    case WHOLE: return map_of(r);
    case EACH: return r->values[T].is_array ? r->values[T] : (value){0};
    case NOWHERE: return (value){0};
    case ID: return (value){.kx = kx_uint(r->id)};
    default: return r->values[path];
    }
}

/* ---- trees ------------------------------------------------------------------------------------------ */

typedef enum node_kind { CONDITION, ALL, ANY, NOT } node_kind;

enum { CHILDREN = 4, NODES = 128, LIST = 5 };

typedef struct node {
    node_kind kind;
    size_t count;
    struct node *children[CHILDREN];
    int path;
    function called;
    kx_op op;
    bool negated, bare;
    kx_value value, list[LIST + 1];
} node;

typedef struct asked {
    node nodes[NODES];
    size_t used;
    node *root; /* NULL: all */
    kx_condition where[CHILDREN + 1];
    char *text;
    size_t size;
    kx_value args[NODES * LIST + 1];
    size_t arg_count;
    size_t order_count;
    int order_path[3];
    bool descending[3];
    char order_by[64];
    kx_query query;
} asked;

enum { TEXT = 1 << 19 };

static bool holds(const row *r, const node *n)
{
    value reached, made;
    switch (n->kind) {
    case NOT: return !holds(r, n->children[0]);
    case ALL:
    case ANY:
        for (size_t i = 0; i < n->count; i++) {
            if (holds(r, n->children[i]) == (n->kind == ANY))
                return n->kind == ANY;
        }
        return n->kind == ALL;
    default:
        reached = reach(r, n->path);
        made = oracle_call(n->called, &reached);
        return oracle_matches(&made, n->op, n->negated, &n->value);
    }
}

/* ---- random conditions -------------------------------------------------------------------------------- */

/* An operand that may be met: mostly a value of some document. */
static kx_value random_operand(uint64_t *state, const row *rows, size_t count, const node *n)
{
    if (n->called == LEN || n->path == ID)
        return kxt_random_below(state, 4) == 0 ? oracle_number(state)
                                               : kx_int((int64_t)kxt_random_below(state, 100) % 7);
    if (count == 0 || kxt_random_below(state, 2) == 0)
        return oracle_scalar(state);
    value met = reach(&rows[kxt_random_below(state, count)], n->path);
    met = oracle_call(n->called, &met);
    if (met.is_array)
        return oracle_array(&met);
    return met.is_map || met.kx.type == KX_TYPE_NONE ? kx_null() : met.kx;
}

static kx_value random_bound(uint64_t *state, const row *rows, size_t count, const node *n)
{
    kx_value made = random_operand(state, rows, count, n);
    int class = oracle_class(made.type);
    return class == 0 || class == 6 ? oracle_number(state) : made;
}

static kx_value random_part(uint64_t *state, const row *rows, size_t count, const node *n)
{
    kx_value made = random_operand(state, rows, count, n);
    size_t left;
    if (made.type != KX_TYPE_TEXT)
        return oracle_pattern(state);
    left = kxt_random_below(state, made.size + 1);
    while (n->op == KX_PREFIX && left > 0 && left < made.size && (((const uint8_t *)made.data)[left] & 0xc0) == 0x80)
        left++;
    while (n->op == KX_SUFFIX && left > 0 && (((const uint8_t *)made.data)[made.size - left] & 0xc0) == 0x80)
        left--;
    return kx_text_n((const char *)made.data + (n->op == KX_SUFFIX ? made.size - left : 0), left);
}

static void random_list(uint64_t *state, const row *rows, size_t count, node *n, size_t size)
{
    for (size_t i = 0; i < size; i++)
        n->list[i] = n->op == KX_BETWEEN ? random_bound(state, rows, count, n) : random_operand(state, rows, count, n);
    n->list[size] = (kx_value){0};
    n->value = kx_list(n->list);
}

static void random_value_of(uint64_t *state, const row *rows, size_t count, node *n)
{
    switch (n->op) {
    case KX_LT:
    case KX_LE:
    case KX_GT:
    case KX_GE: n->value = random_bound(state, rows, count, n); break;
    case KX_BETWEEN: random_list(state, rows, count, n, 2); break;
    case KX_IN: random_list(state, rows, count, n, kxt_random_below(state, LIST)); break;
    case KX_LIKE:
    case KX_ILIKE: n->value = oracle_pattern(state); break;
    case KX_PREFIX:
    case KX_SUFFIX: n->value = random_part(state, rows, count, n); break;
    case KX_IS_NULL:
    case KX_PRESENT:
        n->value = kxt_random_below(state, 3) == 0 ? (kx_value){0} : kx_bool(kxt_random_below(state, 2) != 0);
        break;
    default: n->value = random_operand(state, rows, count, n);
    }
}

static node *new_node(asked *q, node_kind kind)
{
    node *made = &q->nodes[q->used++];
    ck_assert_uint_lt(q->used, NODES);
    memset(made, 0, sizeof *made);
    made->kind = kind;
    return made;
}

static node *random_condition(uint64_t *state, const row *rows, size_t count, asked *q)
{
    node *n = new_node(q, CONDITION);
    n->path = (int)kxt_random_below(state, kxt_random_below(state, 3) == 0 ? PATHS : FIRST);
    n->op = (kx_op)kxt_random_below(state, KX_BETWEEN + 1);
    if (n->path == EACH)
        n->op = KX_CONTAINS;
    else if (n->op != KX_PRESENT && kxt_random_below(state, 5) == 0)
        n->called = kxt_random_below(state, 2) == 0 ? LEN : LOWER;
    n->negated = n->op == KX_IN && kxt_random_below(state, 3) == 0;
    random_value_of(state, rows, count, n);
    if (n->path == EACH || kxt_random_below(state, 20) != 0)
        return n;
    n->op = KX_EQ;
    n->bare = true;
    n->value = kx_bool(true);
    return n;
}

static node *random_tree(uint64_t *state, const row *rows, size_t count, asked *q, int depth)
{
    uint64_t roll = kxt_random_below(state, 6);
    if (depth == 0 || roll < 2)
        return random_condition(state, rows, count, q);
    node *n = new_node(q, roll == 2 ? NOT : roll < 5 ? ANY : ALL);
    n->count = n->kind == NOT ? 1 : 2 + kxt_random_below(state, CHILDREN - 2);
    for (size_t i = 0; i < n->count; i++)
        n->children[i] = random_tree(state, rows, count, q, depth - 1);
    return n;
}

/* A conjunction at the top, which is where indexes are looked for. */
static void random_root(uint64_t *state, const row *rows, size_t count, asked *q)
{
    bool flat = kxt_random_below(state, 3) == 0;
    size_t children = kxt_random_below(state, CHILDREN);
    q->used = 0;
    q->root = NULL;
    if (children == 0)
        return;
    q->root = new_node(q, ALL);
    q->root->count = children;
    for (size_t i = 0; i < children; i++)
        q->root->children[i] = random_tree(state, rows, count, q, flat || i == 0 ? 0 : 3);
}

/* ---- as text ----------------------------------------------------------------------------------------------- */

static void put(asked *q, const char *text)
{
    size_t size = strlen(text);
    ck_assert_uint_lt(q->size + size, TEXT);
    memcpy(q->text + q->size, text, size + 1);
    q->size += size;
}

/* A literal, or a ? and its argument. */
static void put_operand(uint64_t *state, asked *q, const kx_value *operand)
{
    if (kxt_random_below(state, 3) == 0) {
        put(q, "?");
        q->args[q->arg_count++] = *operand;
        return;
    }
    q->size += oracle_literal(operand, q->text + q->size, TEXT - q->size);
    q->text[q->size] = '\0';
}

static void put_list(uint64_t *state, asked *q, const node *n)
{
    if (kxt_random_below(state, 4) == 0) {
        put(q, "?");
        q->args[q->arg_count++] = n->value;
        return;
    }
    put(q, "[");
    for (size_t i = 0; i < n->value.size; i++) {
        put(q, i > 0 ? ", " : "");
        put_operand(state, q, &n->list[i]);
    }
    put(q, "]");
}

static void put_test(uint64_t *state, asked *q, const node *n)
{
    static const char *const ops[] = {[KX_EQ] = " == ",
                                      [KX_NE] = " != ",
                                      [KX_LT] = "<",
                                      [KX_LE] = " <= ",
                                      [KX_GT] = " > ",
                                      [KX_GE] = ">=",
                                      [KX_LIKE] = " like ",
                                      [KX_CONTAINS] = " contains ",
                                      [KX_ILIKE] = " ilike ",
                                      [KX_PREFIX] = " starts with ",
                                      [KX_SUFFIX] = " ends  with "};
    bool opposite = n->value.type == KX_TYPE_BOOL && n->value.integer == 0;
    switch (n->op) {
    case KX_IN:
        put(q, n->negated ? " not in " : " in ");
        put_list(state, q, n);
        break;
    case KX_IS_NULL: put(q, opposite ? " is not null" : " is null"); break;
    case KX_PRESENT: put(q, " exists"); break;
    case KX_BETWEEN:
        put(q, " between ");
        put_operand(state, q, &n->list[0]);
        put(q, " and ");
        put_operand(state, q, &n->list[1]);
        break;
    default: put(q, ops[n->op]); put_operand(state, q, &n->value);
    }
}

static void put_condition(uint64_t *state, asked *q, const node *n)
{
    static const char *const called[] = {"", "len(", "lower( "};
    if (n->op == KX_PRESENT && n->value.type == KX_TYPE_BOOL && n->value.integer == 0)
        put(q, "not ");
    put(q, called[n->called]);
    put(q, paths[n->path]);
    put(q, n->called != NO_FUNCTION ? ")" : "");
    if (!n->bare)
        put_test(state, q, n);
}

/* With the parentheses that it needs, and now and then with more. */
static void put_tree(uint64_t *state, asked *q, const node *n, node_kind above)
{
    bool needs = (n->kind == ANY && above != ANY) || (n->kind == ALL && above == NOT);
    if (above == CONDITION)
        needs = false;
    bool enclosed = needs || kxt_random_below(state, 8) == 0;
    put(q, enclosed ? "(" : "");
    if (n->kind == CONDITION)
        put_condition(state, q, n);
    if (n->kind == NOT)
        put(q, kxt_random_below(state, 10) == 0 ? "not not not " : "not ");
    for (size_t i = 0; i < n->count; i++) {
        if (i > 0)
            put(q, n->kind == ANY ? " or " : " and ");
        put_tree(state, q, n->children[i], n->kind);
    }
    put(q, enclosed ? ")" : "");
}

/* ---- queries -------------------------------------------------------------------------------------------------- */

/* The whole of an array of conditions, if it can be said as one. */
static bool as_array(asked *q)
{
    size_t count = q->root != NULL ? q->root->count : 0;
    memset(q->where, 0, sizeof q->where);
    for (size_t i = 0; i < count; i++) {
        const node *n = q->root->children[i];
        if (n->kind != CONDITION || n->called != NO_FUNCTION || n->negated)
            return false;
        q->where[i] = (kx_condition){paths[n->path], n->op, n->value};
    }
    return true;
}

static void as_text(uint64_t *state, asked *q)
{
    q->size = q->arg_count = 0;
    q->text[0] = '\0';
    if (q->root != NULL)
        put_tree(state, q, q->root, CONDITION);
    q->args[q->arg_count] = (kx_value){0};
}

static void random_order(uint64_t *state, asked *q)
{
    static const int ordered[] = {A, B, NC, ND, ID};
    size_t used = 0;
    q->order_by[0] = '\0';
    q->order_count = kxt_random_below(state, 4);
    for (size_t i = 0; i < q->order_count; i++) {
        q->order_path[i] = ordered[kxt_random_below(state, 5)];
        q->descending[i] = kxt_random_below(state, 2) != 0;
        used += (size_t)snprintf(q->order_by + used, sizeof q->order_by - used, "%s%s%s", i > 0 ? "," : "",
                                 q->descending[i] ? "-" : "", paths[q->order_path[i]]);
    }
    q->query.order_by = q->order_count > 0 ? q->order_by : NULL;
}

static void random_query(uint64_t *state, const row *rows, size_t count, asked *q)
{
    q->query = (kx_query){0};
    random_root(state, rows, count, q);
    random_order(state, q);
    as_text(state, q);
    if (kxt_random_below(state, 2) == 0)
        q->query.limit = kxt_random_below(state, 12);
    if (kxt_random_below(state, 3) == 0)
        q->query.offset = kxt_random_below(state, 12);
}

static const asked *sorting;

static int compare_rows(const void *left, const void *right)
{
    const row *l = *(row *const *)left, *r = *(row *const *)right;
    for (size_t i = 0; i < sorting->order_count; i++) {
        value lv = reach(l, sorting->order_path[i]), rv = reach(r, sorting->order_path[i]);
        int order = oracle_compare(&lv.kx, &rv.kx);
        if (order != 0)
            return sorting->descending[i] ? -order : order;
    }
    return (l->id > r->id) - (l->id < r->id);
}

static size_t answer(const row *rows, size_t count, const asked *q, uint64_t *ids)
{
    const row **found = malloc((count + 1) * sizeof *found);
    size_t used = 0, out = 0;
    for (size_t i = 0; i < count; i++) {
        if (q->root == NULL || holds(&rows[i], q->root))
            found[used++] = &rows[i];
    }
    sorting = q;
    qsort(found, used, sizeof *found, compare_rows);
    for (size_t i = q->query.offset; i < used && (q->query.limit == 0 || out < q->query.limit); i++)
        ids[out++] = found[i]->id;
    free(found);
    return out;
}

/* ---- comparing --------------------------------------------------------------------------------------------------- */

typedef enum query_form { AS_ARRAY, AS_TEXT, AS_PREPARED } query_form;

static void take_form(asked *q, query_form form, const kx_filter *filter)
{
    bool all = q->root == NULL;
    q->query.where = form == AS_ARRAY ? q->where : NULL;
    q->query.filter = form == AS_TEXT && !all ? q->text : NULL;
    q->query.prepared = form == AS_PREPARED ? filter : NULL;
    q->query.args = form == AS_ARRAY || all ? NULL : q->args;
}

static void differs(const asked *q, const char *collection, query_form form, const char *what)
{
    static const char *const forms[] = {"array", "text", "prepared"};
    ck_abort_msg("%s of %s as %s: %.2000s, order_by %s, limit %llu, offset %llu: %s", what, collection, forms[form],
                 q->text, q->order_by, (unsigned long long)q->query.limit, (unsigned long long)q->query.offset,
                 kx_errmsg());
}

static void check_walk(kx_txn *txn, const char *collection, const asked *q, query_form form, const uint64_t *ids,
                       size_t count)
{
    kx_cursor *cursor;
    kx_doc *doc;
    size_t at = 0;
    int rc = kx_find(txn, collection, &q->query, &cursor);
    if (rc != KX_OK)
        differs(q, collection, form, "find");
    while ((rc = kx_cursor_next(cursor, &doc)) == KX_OK) {
        if (at >= count || kx_doc_id(doc) != ids[at])
            differs(q, collection, form,
                    kxt_print("number %zu of %zu is %llu instead of %llu", at, count,
                              (unsigned long long)kx_doc_id(doc), at < count ? (unsigned long long)ids[at] : 0));
        at++;
    }
    if (rc != KX_NOTFOUND || at != count)
        differs(q, collection, form, kxt_print("%zu documents instead of %zu", at, count));
    qt_ok(kx_cursor_close(cursor));
}

static void check_answer(kx_txn *txn, const char *collection, const asked *q, query_form form, const uint64_t *ids,
                         size_t count, uint64_t *state)
{
    kx_doc *doc, **docs;
    size_t all;
    uint64_t counted;
    check_walk(txn, collection, q, form, ids, count);
    if (kx_count(txn, collection, &q->query, &counted) != KX_OK || counted != count)
        differs(q, collection, form, kxt_print("count %llu instead of %zu", (unsigned long long)counted, count));
    if (kxt_random_below(state, 8) != 0)
        return;
    int rc = kx_first(txn, collection, &q->query, &doc);
    ck_assert(count > 0 ? rc == KX_OK && kx_doc_id(doc) == ids[0] : rc == KX_NOTFOUND);
    kx_doc_release(doc);
    qt_ok(kx_all(txn, collection, &q->query, &docs, &all));
    ck_assert_uint_eq(all, count);
    for (size_t i = 0; i < all; i++) {
        ck_assert_uint_eq(kx_doc_id(docs[i]), ids[i]);
        kx_doc_release(docs[i]);
    }
}

/* Each collection in one form, so that any two forms meet over all of them. */
static void check_query(kx_txn *txn, const char *const *collections, asked *q, const uint64_t *ids, size_t count,
                        uint64_t *state)
{
    bool array = as_array(q);
    kx_filter *filter = NULL;
    if (q->root != NULL)
        qt_ok(kx_filter_compile(q->text, &filter));
    for (size_t c = 0; collections[c] != NULL; c++) {
        query_form form = (query_form)kxt_random_below(state, 3);
        form = form == AS_ARRAY && !array ? AS_PREPARED : form;
        take_form(q, form, filter);
        check_answer(txn, collections[c], q, form, ids, count, state);
    }
    kx_filter_free(filter);
}

static void check_queries(kx_db *db, const char *const *collections, const row *rows, size_t count, uint64_t *state,
                          uint64_t queries, kx_txn_mode mode)
{
    kx_txn *txn = qt_begin(db, mode);
    uint64_t *ids = malloc((count + 1) * sizeof *ids);
    asked *q = malloc(sizeof *q);
    q->text = malloc(TEXT);
    for (uint64_t i = 0; i < queries; i++) {
        random_query(state, rows, count, q);
        size_t found = answer(rows, count, q, ids);
        check_query(txn, collections, q, ids, found, state);
    }
    free(q->text);
    free(q);
    free(ids);
    kx_txn_abort(txn);
}

#define INDEXES(...) ((const kx_index[]){__VA_ARGS__, {0}})

static const kx_model *const models[] = {
    &(kx_model){.name = "bare"},
    &(kx_model){.name = "a", .indexes = INDEXES({.paths = "a"})},
    &(kx_model){.name = "-a", .indexes = INDEXES({.paths = "-a"})},
    &(kx_model){.name = "sparse", .indexes = INDEXES({.paths = "a", .sparse = true})},
    &(kx_model){.name = "b,a sparse", .indexes = INDEXES({.paths = "b,a", .sparse = true})},
    &(kx_model){.name = "b,-a", .indexes = INDEXES({.paths = "b,-a"})},
    &(kx_model){.name = "folded", .indexes = INDEXES({.paths = "a", .fold = true}, {.paths = "b,n.c", .fold = true})},
    &(kx_model){.name = "partial", .indexes = INDEXES({.paths = "a", .where = "b is not null"})},
    &(kx_model){.name = "n.c", .indexes = INDEXES({.paths = "n.c"})},
    &(kx_model){.name = "n.d,n.c,a", .indexes = INDEXES({.paths = "-n.d,n.c,a"})},
    &(kx_model){.name = "t", .indexes = INDEXES({.paths = "t", .multi = true})},
    &(kx_model){.name = "t,b", .indexes = INDEXES({.paths = "t,b", .multi = true, .sparse = true})},
    &(kx_model){.name = "all",
                .indexes = INDEXES({.paths = "a"}, {.paths = "-a,b"}, {.paths = "b"}, {.paths = "n.c,-a,b"},
                                   {.paths = "n.d"}, {.paths = "t", .multi = true}, {.paths = "-b,n.c", .sparse = true},
                                   {.paths = "t,-a", .multi = true})},
    NULL};

static const char *const collections[] = {"bare", "folded", "partial",   "a", "-a",  "sparse", "b,a sparse",
                                          "b,-a", "n.c",    "n.d,n.c,a", "t", "t,b", "all",    NULL};

static void fill(kx_txn *txn, row *rows, size_t count, uint64_t *state)
{
    for (size_t i = 0; i < count; i++) {
        random_row(state, &rows[i]);
        for (size_t c = 0; collections[c] != NULL; c++)
            insert_row(txn, collections[c], &rows[i]);
    }
}

enum { QUERIES = 50000, ROUND = 500 };

START_TEST(indexes_change_no_answer)
{
    uint64_t state = kxt_seed();
    uint64_t rounds = (kxt_scaled(QUERIES) + ROUND - 1) / ROUND;
    row *rows = malloc(400 * sizeof *rows);
    for (uint64_t i = 0; i < rounds; i++) {
        size_t count = i == 0 ? 0 : 1 + kxt_random_below(&state, i % 8 == 1 ? 300 : 50);
        kx_db *db = qt_open(models);
        kx_txn *txn = qt_begin(db, KX_WRITE);
        fill(txn, rows, count, &state);
        qt_ok(kx_txn_commit(txn));
        check_queries(db, collections, rows, count, &state, ROUND, i % 3 == 0 ? KX_WRITE : KX_READ);
        qt_ok(kx_close(db));
        oracle_forget();
    }
    free(rows);
}
END_TEST

/* ---- unique indexes: values that are all different, or null ---------------------------------------------- */

static const kx_model *const unique_models[] = {
    &(kx_model){.name = "bare"}, &(kx_model){.name = "a", .indexes = INDEXES({.paths = "a", .unique = true})},
    &(kx_model){.name = "-a", .indexes = INDEXES({.paths = "-a", .unique = true})},
    &(kx_model){.name = "a,b", .indexes = INDEXES({.paths = "a,b", .unique = true}, {.paths = "b,-a", .unique = true})},
    NULL};

static const char *const unique_collections[] = {"bare", "a", "-a", "a,b", NULL};

static bool is_taken(const row *rows, size_t count, const value *v)
{
    for (size_t i = 0; i < count; i++) {
        if (oracle_class(v->kx.type) != 0 && oracle_compare(&rows[i].values[A].kx, &v->kx) == 0)
            return true;
    }
    return false;
}

static void random_unique_row(uint64_t *state, row *rows, size_t at)
{
    row *r = &rows[at];
    random_row(state, r);
    if (is_taken(rows, at, &r->values[A]))
        r->values[A] = (value){.kx = kxt_random_below(state, 2) ? oracle_long_text(state) : kx_int(1000 + (int64_t)at)};
    if (is_taken(rows, at, &r->values[A]))
        r->values[A] = (value){.kx = kx_null()};
}

START_TEST(unique_indexes_neither)
{
    uint64_t state = kxt_seed() + 1;
    uint64_t rounds = kxt_scaled(20);
    row *rows = malloc(200 * sizeof *rows);
    for (uint64_t i = 0; i < rounds; i++) {
        size_t count = 1 + kxt_random_below(&state, 80);
        kx_db *db = qt_open(unique_models);
        kx_txn *txn = qt_begin(db, KX_WRITE);
        for (size_t r = 0; r < count; r++) {
            random_unique_row(&state, rows, r);
            for (size_t c = 0; unique_collections[c] != NULL; c++)
                insert_row(txn, unique_collections[c], &rows[r]);
        }
        qt_ok(kx_txn_commit(txn));
        check_queries(db, unique_collections, rows, count, &state, 300, KX_READ);
        qt_ok(kx_close(db));
        oracle_forget();
    }
    free(rows);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("query/random");
    TCase *c = tcase_create("indexes");
    tcase_add_test(c, indexes_change_no_answer);
    tcase_add_test(c, unique_indexes_neither);
    suite_add_tcase(suite, c);
    return kxt_run(suite);
}
