/*
 * test_binding.c -- filters that bind one related document: random trees beyond relations, held against an oracle that
 * follows and searches one by one; what they cost when the far end is the smaller one.
 */
#include "relation_test.h"

/* ---- users <- orders, users <-> groups, users -> users ------------------------------------------- */

static const kx_model users = {
    .name = "users",
    .indexes = INDEXES({.paths = "user_id", .unique = true}),
    .relations = RELATIONS({.name = "boss",
                            .kind = KX_FOREIGN_KEY,
                            .target = "users",
                            .foreign_key = "boss_id",
                            .related_field = "user_id",
                            .reverse = "staff",
                            .optional = true},
                           {.name = "groups",
                            .kind = KX_MANY_TO_MANY,
                            .target = "groups",
                            .through = "members",
                            .local_field = "user_id",
                            .related_field = "group_id",
                            .reverse = "users"}),
};

static const kx_model groups = {.name = "groups", .indexes = INDEXES({.paths = "group_id", .unique = true})};

static const kx_model orders = {
    .name = "orders",
    .relations = RELATIONS({.name = "user",
                            .kind = KX_FOREIGN_KEY,
                            .target = "users",
                            .foreign_key = "user_id",
                            .reverse = "orders",
                            .optional = true}),
};

static const kx_model indexed[] = {{.name = "users", .indexes = INDEXES({.paths = "x"}, {.paths = "y,x"})},
                                   {.name = "orders", .indexes = INDEXES({.paths = "x,y"})},
                                   {.name = "groups", .indexes = INDEXES({.paths = "y"})}};

static const kx_model *const models[] = {&users, &groups, &orders, NULL};

typedef struct link {
    const char *from, *name, *to;
    bool many;
} link;

static const link links[] = {{"users", "boss", "users", false},   {"users", "staff", "users", true},
                             {"users", "orders", "orders", true}, {"users", "groups", "groups", true},
                             {"orders", "user", "users", false},  {"groups", "users", "users", true}};
enum { LINKS = sizeof links / sizeof *links };

static const char *number_or_null(uint64_t *state, uint64_t bound)
{
    uint64_t number = kxt_random_below(state, bound + 1);
    return number == bound ? "null" : kxt_print("%d", (int)number);
}

/* Numbers from 0 to 3, null or missing; keys that lead somewhere, nowhere, or are null. */
static const char *random_json(uint64_t *state, const char *keys)
{
    const char *x = kxt_print(",\"x\":%s", number_or_null(state, 4)), *y = kxt_print(",\"y\":%s", number_or_null(state, 4));
    return kxt_print("{%s%s%s}", keys, kxt_random_below(state, 6) == 0 ? "" : x,
                     kxt_random_below(state, 6) == 0 ? "" : y);
}

static void fill(kx_txn *txn, uint64_t *state, int count)
{
    kx_doc *group[4];
    for (int i = 0; i < 4; i++)
        group[i] = rt_save(txn, "groups", random_json(state, kxt_print("\"group_id\":%d", i)));
    for (int i = 0; i < count; i++) {
        kx_doc *user = rt_save(txn, "users",
                               random_json(state, kxt_print("\"user_id\":%d,\"boss_id\":%s", i,
                                                            number_or_null(state, (uint64_t)count + 2))));
        for (uint64_t n = kxt_random_below(state, 3); n > 0; n--)
            rt_ok(kx_related_add(user, "groups", group[kxt_random_below(state, 4)]));
    }
    for (int i = 0; i < 3 * count; i++)
        rt_save(txn, "orders",
                random_json(state, kxt_print("\"user_id\":%s", number_or_null(state, (uint64_t)count + 2))));
}

/* ---- trees ------------------------------------------------------------------------------------------ */

typedef enum node_kind { CONDITION, ALL, ANY, NOT, BIND } node_kind;

enum { STEPS = 2, CHILDREN = 3, NODES = 200 };

typedef struct node {
    node_kind kind;
    size_t count, steps;
    const link *path[STEPS];
    struct node *children[CHILDREN];
    const char *leaf;
    int op; /* of `ops` */
    int64_t low, high;
} node;

static const char *const ops[] = {"==", "!=", "<", "is null", "between", "in", "not in", "exists"};

typedef struct tree {
    node nodes[NODES];
    size_t used;
    char text[1 << 14];
    size_t size;
} tree;

static node *new_node(tree *t, node_kind kind)
{
    ck_assert_uint_lt(t->used, NODES);
    t->nodes[t->used] = (node){.kind = kind};
    return &t->nodes[t->used++];
}

/* Up to `most` relations, from `collection` on; returns where they lead. */
static const char *random_path(uint64_t *state, const char *collection, node *n, size_t least, size_t most)
{
    size_t wanted = least + kxt_random_below(state, most - least + 1);
    while (n->steps < wanted) {
        const link *step = &links[kxt_random_below(state, LINKS)];
        if (strcmp(step->from, collection) != 0)
            continue;
        n->path[n->steps++] = step;
        collection = step->to;
    }
    return collection;
}

static node *random_tree(uint64_t *state, tree *t, const char *collection, int depth)
{
    node_kind kind = depth == 0 ? CONDITION : (node_kind)kxt_random_below(state, BIND + 1);
    node *n = new_node(t, kind);
    if (kind == CONDITION) {
        random_path(state, collection, n, 0, STEPS);
        n->leaf = kxt_random_below(state, 2) == 0 ? "x" : "y";
        n->op = (int)kxt_random_below(state, sizeof ops / sizeof *ops);
        n->low = (int64_t)kxt_random_below(state, 4);
        n->high = n->low + (int64_t)kxt_random_below(state, 2);
        return n;
    }
    if (kind == BIND)
        collection = random_path(state, collection, n, 1, STEPS);
    n->count = kind == NOT || kind == BIND ? 1 : 2;
    for (size_t i = 0; i < n->count; i++)
        n->children[i] = random_tree(state, t, collection, depth - 1);
    return n;
}

/* ---- as text -------------------------------------------------------------------------------------------- */

static void put(tree *t, const char *text)
{
    t->size += (size_t)snprintf(t->text + t->size, sizeof t->text - t->size, "%s", text);
    ck_assert_uint_lt(t->size, sizeof t->text);
}

static void put_path(tree *t, const node *n)
{
    for (size_t i = 0; i < n->steps; i++)
        put(t, kxt_print("%s%s", i > 0 ? "." : "", n->path[i]->name));
}

static void put_operand(tree *t, const node *n)
{
    put(t, kxt_print(" %s", ops[n->op]));
    if (n->op < 3)
        put(t, kxt_print(" %d", (int)n->low));
    else if (n->op == 4)
        put(t, kxt_print(" %d and %d", (int)n->low, (int)n->high));
    else if (n->op == 5 || n->op == 6)
        put(t, kxt_print(" [%d, null, %d]", (int)n->low, (int)n->high));
}

static void put_tree(tree *t, const node *n)
{
    put_path(t, n);
    if (n->kind == CONDITION) {
        put(t, kxt_print("%s%s", n->steps > 0 ? "." : "", n->leaf));
        put_operand(t, n);
        return;
    }
    put(t, n->kind == NOT ? "not (" : "(");
    for (size_t i = 0; i < n->count; i++) {
        put(t, i == 0 ? "" : n->kind == ANY ? " or " : " and ");
        put_tree(t, n->children[i]);
    }
    put(t, ")");
}

/* ---- the oracle -------------------------------------------------------------------------------------------- */

static bool holds(kx_doc *doc, const node *n);

static bool passes(kx_doc *doc, const node *n)
{
    kx_value value = {0};
    if (doc != NULL && kx_doc_get(doc, n->leaf, &value) != KX_OK)
        value = (kx_value){0};
    bool null = value.type == KX_TYPE_NONE || value.type == KX_TYPE_NULL;
    bool listed = !null && (value.integer == n->low || value.integer == n->high);
    switch (n->op) {
    case 0: return !null && value.integer == n->low;
    case 1: return !null && value.integer != n->low;
    case 2: return !null && value.integer < n->low;
    case 3: return null;
    case 4: return !null && value.integer >= n->low && value.integer <= n->high;
    case 5: return null || listed;
    case 6: return !null && !listed;
    default: return value.type != KX_TYPE_NONE;
    }
}

/* Does any document behind the steps from `step` on pass? *found: there is one. */
static bool any_behind(kx_doc *doc, const node *n, size_t step, bool *found)
{
    kx_doc *target;
    kx_cursor *cursor;
    bool any = false;
    if (step == n->steps) {
        *found = true;
        return n->kind == BIND ? holds(doc, n->children[0]) : passes(doc, n);
    }
    if (!n->path[step]->many) {
        rt_ok(kx_doc_follow(doc, n->path[step]->name, &target));
        return target != NULL && any_behind(target, n, step + 1, found);
    }
    rt_ok(kx_related_find(doc, n->path[step]->name, NULL, &cursor));
    while (!any && kx_cursor_next(cursor, &target) == KX_OK)
        any = any_behind(target, n, step + 1, found);
    rt_ok(kx_cursor_close(cursor));
    return any;
}

static bool holds(kx_doc *doc, const node *n)
{
    bool found = false, many = false;
    switch (n->kind) {
    case NOT: return !holds(doc, n->children[0]);
    case ALL: return holds(doc, n->children[0]) && holds(doc, n->children[1]);
    case ANY: return holds(doc, n->children[0]) || holds(doc, n->children[1]);
    default: break;
    }
    for (size_t i = 0; i < n->steps; i++)
        many = many || n->path[i]->many;
    if (any_behind(doc, n, 0, &found))
        return true;
    return n->kind == CONDITION && !found && !many && passes(NULL, n);
}

static bool tree_holds(kx_doc *doc, const void *context)
{
    return holds(doc, ((const tree *)context)->nodes);
}

START_TEST(answers_are_those_of_walking_one_by_one)
{
    static const char *const collections[] = {"users", "orders", "groups"};
    uint64_t state = kxt_seed() + (uint64_t)_i;
    tree *t = malloc(sizeof *t);
    shop it = rt_start_with(models);
    fill(it.txn, &state, 20 + 10 * _i);
    if (_i % 2 == 1)
        rt_ok(kx_declare(it.txn, MODELS(&indexed[0], &indexed[1], &indexed[2])));
    if (_i % 4 < 2) {
        rt_ok(kx_txn_commit(it.txn));
        it.txn = rt_begin(it.db, KX_READ);
    }
    for (uint64_t round = kxt_scaled(250); round-- > 0;) {
        const char *collection = collections[kxt_random_below(&state, 3)];
        t->used = t->size = 0;
        random_tree(&state, t, collection, 1 + (int)kxt_random_below(&state, 3));
        put_tree(t, t->nodes);
        rt_compare(it.txn, collection, &(kx_query){.filter = t->text}, tree_holds, t);
    }
    free(t);
    rt_end(&it);
}
END_TEST

/* ---- cost ------------------------------------------------------------------------------------------------------ */

static uint64_t rows_of(kx_txn *txn, const char *collection, const char *filter, size_t wanted)
{
    kx_doc **docs;
    size_t count;
    kx_stats before = rt_stats(txn);
    rt_ok(kx_all(txn, collection, &(kx_query){.filter = filter}, &docs, &count));
    ck_assert_uint_eq(count, wanted);
    return rt_stats(txn).rows - before.rows;
}

START_TEST(bound_documents_are_looked_for_at_their_end_when_that_is_smaller)
{
    shop it = rt_start_with(MODELS(&users, &groups, &orders, &indexed[1]));
    for (int i = 0; i < 100; i++)
        rt_save(it.txn, "users", kxt_print("{\"user_id\":%d}", i));
    for (int i = 0; i < 1000; i++)
        rt_save(it.txn, "orders", kxt_print("{\"user_id\":%d,\"x\":%d,\"y\":%d}", i % 100, i / 10, i % 10));
    rt_ok(kx_txn_commit(it.txn));
    it.txn = rt_begin(it.db, KX_READ);
    ck_assert_uint_le(rows_of(it.txn, "users", "orders(x == 7 and y < 3)", 3), 3 * 2 + 3);
    ck_assert_uint_le(rows_of(it.txn, "users", "orders.x between 7 and 7", 10), 3 * 10);
    ck_assert_uint_le(rows_of(it.txn, "users", "orders(x == 7 and user(user_id == 75))", 1), 3 * 10 + 10);
    rt_end(&it);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("relation/binding");
    TCase *t = tcase_create("binding");
    tcase_add_loop_test(t, answers_are_those_of_walking_one_by_one, 0, 4);
    tcase_add_test(t, bound_documents_are_looked_for_at_their_end_when_that_is_smaller);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return kxt_run(suite());
}
