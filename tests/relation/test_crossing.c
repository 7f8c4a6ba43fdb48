/*
 * test_crossing.c -- conditions and orders beyond relations, held against an oracle that follows and searches one by one; what
 * they cost when the far end is the smaller one.
 */
#include "relation_test.h"

/* ---- countries <- users <- orders ------------------------------------------------------------------ */

static const kx_model countries = {.name = "countries", .indexes = INDEXES({.paths = "country_id", .primary = true})};

static const kx_model users = {
    .name = "users",
    .indexes = INDEXES({.paths = "user_id", .unique = true}),
    .relations = RELATIONS({.name = "country",
                            .kind = KX_FOREIGN_KEY,
                            .target = "countries",
                            .foreign_key = "country_id",
                            .reverse = "users",
                            .optional = true},
                           {.name = "boss",
                            .kind = KX_FOREIGN_KEY,
                            .target = "users",
                            .foreign_key = "boss_id",
                            .related_field = "user_id",
                            .reverse = "staff",
                            .optional = true}),
};

static const kx_model orders = {
    .name = "orders",
    .relations = RELATIONS({.name = "user",
                            .kind = KX_FOREIGN_KEY,
                            .target = "users",
                            .foreign_key = "user_id",
                            .reverse = "orders",
                            .optional = true}),
};

static const kx_model indexed_users = {.name = "users", .indexes = INDEXES({.paths = "rank"}, {.paths = "a.b"})};
static const kx_model indexed_orders = {.name = "orders", .indexes = INDEXES({.paths = "amount"})};

static const kx_model *const models[] = {&countries, &users, &orders, NULL};

static const char *key_or_null(uint64_t *state, uint64_t bound)
{
    uint64_t key = kxt_random_below(state, bound + 2);
    return key == 0 ? "null" : kxt_print("%llu", (unsigned long long)key);
}

/* Ranks and amounts from 0 to 9, null or missing; keys that lead somewhere, nowhere, or are null. */
static void fill(kx_txn *txn, uint64_t *state, uint64_t count)
{
    for (uint64_t i = 1; i <= 5; i++)
        rt_save(txn, "countries", kxt_print("{\"country_id\":%llu,\"rank\":%llu}", (unsigned long long)i,
                                            (unsigned long long)kxt_random_below(state, 3)));
    for (uint64_t i = 1; i <= count / 4; i++)
        rt_save(txn, "users",
                kxt_print("{\"user_id\":%llu,\"country_id\":%s,\"boss_id\":%s,\"rank\":%s,\"a\":{\"b\":%s}}",
                          (unsigned long long)i, key_or_null(state, 5), key_or_null(state, count / 4),
                          key_or_null(state, 8), key_or_null(state, 8)));
    for (uint64_t i = 1; i <= count; i++)
        rt_save(txn, "orders",
                kxt_random_below(state, 10) == 0
                    ? kxt_print("{\"user_id\":%s}", key_or_null(state, count / 4))
                    : kxt_print("{\"user_id\":%s,\"amount\":%s}", key_or_null(state, count / 4), key_or_null(state, 8)));
}

/* ---- the oracle ---------------------------------------------------------------------------------------- */

typedef struct reached {
    kx_value values[4096];
    size_t count;
    bool many;
} reached;

/* The values of `path`, each relation of it walked by a call of its own. */
static void reach(kx_doc *doc, const char *path, reached *out)
{
    static const char *const ones[] = {"country", "boss", "user"}, *const sets[] = {"orders", "users", "staff"};
    size_t size = strcspn(path, ".");
    for (size_t i = 0; i < 3; i++) {
        kx_doc *target;
        if (strlen(ones[i]) == size && memcmp(ones[i], path, size) == 0) {
            rt_ok(kx_doc_follow(doc, ones[i], &target));
            if (target != NULL && path[size] == '\0')
                out->values[out->count++] = kx_int(1);
            else if (target != NULL)
                reach(target, path + size + 1, out);
            return;
        }
        if (strlen(sets[i]) == size && memcmp(sets[i], path, size) == 0) {
            kx_cursor *cursor;
            rt_ok(kx_related_find(doc, sets[i], NULL, &cursor));
            while (kx_cursor_next(cursor, &target) == KX_OK) {
                if (path[size] == '\0')
                    out->values[out->count++] = kx_int(1);
                else
                    reach(target, path + size + 1, out);
            }
            rt_ok(kx_cursor_close(cursor));
            return;
        }
    }
    if (strcmp(path, "_id") == 0)
        out->values[out->count] = kx_int((int64_t)kx_doc_id(doc));
    else if (kx_doc_get(doc, path, &out->values[out->count]) != KX_OK)
        out->values[out->count] = kx_null();
    out->count++;
}

static bool holds(const kx_value *value, const kx_condition *condition)
{
    bool null = value->type == KX_TYPE_NULL;
    int64_t operand = condition->value.integer;
    switch (condition->op) {
    case KX_EQ: return !null && value->integer == operand;
    case KX_NE: return !null && value->integer != operand;
    case KX_LT: return !null && value->integer < operand;
    case KX_GE: return !null && value->integer >= operand;
    case KX_IN:
        for (const kx_value *item = condition->value.data; item->type != KX_TYPE_NONE; item++) {
            if (item->type == KX_TYPE_NULL ? null : !null && value->integer == item->integer)
                return true;
        }
        return false;
    default: return null == (condition->value.type == KX_TYPE_NONE);
    }
}

static bool is_bare(const char *path)
{
    return strchr(path, '.') == NULL && strcmp(path, "_id") != 0 && strcmp(path, "rank") != 0 &&
           strcmp(path, "amount") != 0;
}

static bool expected(kx_doc *doc, const kx_condition *condition)
{
    reached *out = calloc(1, sizeof *out);
    bool any = false;
    out->many = strstr(condition->path, "orders") != NULL || strstr(condition->path, "users") != NULL ||
                strstr(condition->path, "staff") != NULL;
    reach(doc, condition->path, out);
    for (size_t i = 0; i < out->count; i++)
        any |= holds(&out->values[i], condition);
    if (out->count == 0 && (!out->many || is_bare(condition->path)))
        any = holds(&(kx_value){.type = KX_TYPE_NULL}, condition);
    free(out);
    return any;
}

/* ---- random conditions ------------------------------------------------------------------------------------ */

static const char *const order_paths[] = {"user.rank",         "user.a.b",       "user.country.rank", "user.boss.rank",
                                          "user.boss.boss.rank", "user",         "user._id",          "user.orders.amount",
                                          "user.staff.rank",   "amount",         "user.country._id"};
static const char *const user_paths[] = {"orders.amount", "orders",       "country.rank", "boss.orders.amount", "staff.orders.amount",
                                         "country.users.rank", "boss.country.rank", "rank", "staff", "orders._id", "country"};

static kx_condition random_condition(uint64_t *state, bool of_orders)
{
    static const kx_op ops[] = {KX_EQ, KX_NE, KX_LT, KX_GE, KX_IN, KX_IS_NULL, KX_EQ, KX_EQ};
    kx_condition condition = {.path = of_orders ? order_paths[kxt_random_below(state, 11)]
                                                : user_paths[kxt_random_below(state, 11)],
                              .op = ops[kxt_random_below(state, 8)],
                              .value = kx_int((int64_t)kxt_random_below(state, 10))};
    if (is_bare(condition.path))
        condition.op = KX_IS_NULL;
    if (condition.op == KX_IS_NULL)
        condition.value = kxt_random_below(state, 2) == 0 ? (kx_value){0} : kx_bool(false);
    if (condition.op == KX_IN) {
        kx_value *list = calloc(4, sizeof *list);
        for (int i = 0; i < 3; i++)
            list[i] = kxt_random_below(state, 8) == 0 ? kx_null() : kx_int((int64_t)kxt_random_below(state, 10));
        condition.value = kx_list(list);
    }
    return condition;
}

static bool all_hold(kx_doc *doc, const void *context)
{
    bool matches = true;
    for (const kx_condition *condition = context; condition->path != NULL; condition++)
        matches = matches && expected(doc, condition);
    return matches;
}

START_TEST(answers_are_those_of_walking_one_by_one)
{
    uint64_t state = kxt_seed() + (uint64_t)_i;
    shop it = rt_start_with(models);
    fill(it.txn, &state, 60 + (uint64_t)_i * 20);
    if (_i % 2 == 1)
        rt_ok(kx_declare(it.txn, MODELS(&indexed_users, &indexed_orders)));
    if (_i % 4 < 2) {
        rt_ok(kx_txn_commit(it.txn));
        it.txn = rt_begin(it.db, KX_READ);
    }
    for (uint64_t round = kxt_scaled(400); round-- > 0;) {
        bool of_orders = kxt_random_below(&state, 2) == 0;
        kx_condition where[3] = {random_condition(&state, of_orders)};
        if (kxt_random_below(&state, 3) == 0)
            where[1] = random_condition(&state, of_orders);
        rt_compare(it.txn, of_orders ? "orders" : "users", &(kx_query){.where = where}, all_hold, where);
        for (int i = 0; i < 2; i++)
            if (where[i].op == KX_IN)
                free((void *)(uintptr_t)where[i].value.data);
    }
    rt_end(&it);
}
END_TEST

/* ---- order ------------------------------------------------------------------------------------------------- */

static int64_t rank_of(kx_doc *order)
{
    kx_doc *user;
    int64_t rank;
    rt_ok(kx_doc_follow(order, "user", &user));
    return user != NULL && kx_doc_get_int(user, "rank", &rank) == KX_OK ? rank : -1;
}

START_TEST(an_order_beyond_a_relation_sorts_by_the_related_field)
{
    uint64_t state = kxt_seed();
    shop it = rt_start_with(models);
    fill(it.txn, &state, 300);
    for (int descending = 0; descending < 2; descending++) {
        kx_doc **docs;
        size_t count;
        rt_ok(kx_all(it.txn, "orders", &(kx_query){.order_by = descending ? "-user.rank" : "user.rank", .limit = 200},
                     &docs, &count));
        ck_assert_uint_eq(count, 200);
        for (size_t i = 1; i < count; i++) {
            int64_t before = rank_of(docs[i - 1]), now = rank_of(docs[i]);
            ck_assert(descending ? before >= now : before <= now);
            ck_assert(before != now || kx_doc_id(docs[i - 1]) < kx_doc_id(docs[i]));
        }
    }
    rt_end(&it);
}
END_TEST

START_TEST(writes_to_the_far_end_inside_the_loop_do_no_harm)
{
    uint64_t state = kxt_seed();
    shop it = rt_start_with(models);
    fill(it.txn, &state, 200);
    kx_cursor *cursor;
    kx_doc *order, *user;
    uint64_t seen[201] = {0};
    rt_ok(kx_find(it.txn, "orders",
                  &(kx_query){.where = KX_WHERE({"user.rank", KX_GE, kx_int(2)}), .order_by = "user.rank"}, &cursor));
    while (kx_cursor_next(cursor, &order) == KX_OK) {
        ck_assert_uint_eq(seen[kx_doc_id(order)]++, 0);
        rt_ok(kx_doc_follow(order, "user", &user));
        int64_t rank;
        rt_ok(kx_doc_get_int(user, "rank", &rank));
        ck_assert_int_ge(rank, 2);
        rt_ok(kx_doc_set(user, "rank", kx_int(rank == 5 ? 0 : 9 - rank)));
        rt_ok(kx_doc_save(user));
    }
    rt_ok(kx_cursor_close(cursor));
    rt_end(&it);
}
END_TEST

/* ---- cost ---------------------------------------------------------------------------------------------------- */

START_TEST(a_search_begins_at_the_far_end_when_that_is_smaller)
{
    shop it = rt_start_with(MODELS(&countries, &users, &orders, &indexed_users));
    for (int i = 1; i <= 100; i++)
        rt_save(it.txn, "users", kxt_print("{\"user_id\":%d,\"rank\":%d}", i, i));
    for (int i = 0; i < 1000; i++)
        rt_save(it.txn, "orders", kxt_print("{\"user_id\":%d}", i % 100 + 1));
    rt_ok(kx_txn_commit(it.txn));
    it.txn = rt_begin(it.db, KX_READ);
    kx_stats before = rt_stats(it.txn);
    kx_doc **docs;
    size_t count;
    rt_ok(kx_all(it.txn, "orders", &(kx_query){.where = KX_WHERE({"user.rank", KX_EQ, kx_int(7)})}, &docs, &count));
    kx_stats after = rt_stats(it.txn);
    ck_assert_uint_eq(count, 10);
    ck_assert_uint_eq(after.rows - before.rows, 1 + 10);
    rt_end(&it);
}
END_TEST

/* Use n is of tag n mod 40, whose kind is that mod 5; the last tag is gone. */
static bool kind_holds(kx_doc *use, const void *context)
{
    const kx_condition *condition = context;
    int64_t n;
    rt_ok(kx_doc_get_int(use, "n", &n));
    int64_t kind = n % 40 % 5;
    bool same = kind == condition->value.integer, above = kind > condition->value.integer;
    return n % 40 != 39 && (same || (condition->op == KX_GE && above));
}

/* Keys that differ only far behind, one that begins another, short ones; half of the far end and more; an index of two parts. */
START_TEST(the_walk_back_finds_owners_by_any_key)
{
    enum { LONG = 700 };
    shop it = rt_start_with(
        MODELS(&(const kx_model){.name = "tags", .indexes = INDEXES({.paths = "name", .unique = true}, {.paths = "kind"})},
               &(const kx_model){.name = "uses",
                                 .indexes = INDEXES({.paths = _i == 0 ? "n" : "tag_name,-n"}),
                                 .relations = RELATIONS({.name = "tag", .kind = KX_FOREIGN_KEY, .target = "tags",
                                                         .foreign_key = "tag_name", .related_field = "name",
                                                         .optional = true})}));
    static char names[40][LONG + 8];
    for (int i = 0; i < 40; i++) {
        memset(names[i], 'x', LONG);
        snprintf(names[i] + (i % 4 == 0 ? LONG : i % 4 == 1 ? 250 : i % 4 == 2 ? 1 : i / 4), 8, "%d", i);
        rt_save(it.txn, "tags", kxt_print("{\"name\":\"%s\",\"kind\":%d}", names[i], i % 5));
    }
    for (int i = 0; i < 800; i++)
        rt_save(it.txn, "uses", kxt_print("{\"tag_name\":\"%s\",\"n\":%d}", names[i % 40], i));
    rt_ok(kx_remove(it.txn, "tags", 40));
    for (int kind = 0; kind < 5; kind++) {
        kx_condition one[] = {{"tag.kind", KX_EQ, kx_int(kind)}, {0}}, most[] = {{"tag.kind", KX_GE, kx_int(kind)}, {0}};
        rt_compare(it.txn, "uses", &(kx_query){.where = one}, kind_holds, one);
        rt_compare(it.txn, "uses", &(kx_query){.where = most}, kind_holds, most);
    }
    rt_end(&it);
}
END_TEST

START_TEST(a_far_end_with_most_of_all_is_still_walked_back_from)
{
    shop it = rt_start_with(MODELS(&countries, &users, &orders, &indexed_users));
    for (int i = 1; i <= 100; i++)
        rt_save(it.txn, "users", kxt_print("{\"user_id\":%d,\"rank\":%d}", i, i % 10 < 7));
    for (int i = 0; i < 1000; i++)
        rt_save(it.txn, "orders", kxt_print("{\"user_id\":%d}", i % 100 + 1));
    rt_ok(kx_txn_commit(it.txn));
    it.txn = rt_begin(it.db, KX_READ);
    kx_stats before = rt_stats(it.txn);
    kx_doc **docs;
    size_t count;
    rt_ok(kx_all(it.txn, "orders", &(kx_query){.where = KX_WHERE({"user.rank", KX_EQ, kx_int(1)})}, &docs, &count));
    kx_stats after = rt_stats(it.txn);
    ck_assert_uint_eq(count, 700);
    ck_assert_uint_eq(after.rows - before.rows, 70 + 700);
    rt_end(&it);
}
END_TEST

/* ---- what is refused ------------------------------------------------------------------------------------------ */

START_TEST(what_makes_no_sense_is_named)
{
    shop it = rt_start_with(models);
    kx_cursor *cursor;
    char deep[200] = "boss";
    for (int i = 0; i < 16; i++)
        strcat(deep, ".boss");
    const struct {
        const char *collection;
        kx_query query;
        int code;
        const char *text;
    } cases[] = {
        {"orders", {.where = KX_WHERE({"user", KX_EQ, kx_int(1)})}, KX_INVALID,
         "user: 'user': a relation can only be asked for null; name a field behind it"},
        {"orders", {.where = KX_WHERE({"user[0]", KX_EQ, kx_int(1)})}, KX_INVALID,
         "'user[0]': a relation is followed by '.' and a field"},
        {"users", {.order_by = "orders.amount"}, KX_INVALID,
         "order_by 'orders.amount': a set has many members, which have no order"},
        {"orders", {.order_by = "user"}, KX_INVALID, "order_by 'user': a relation has no order; name a field behind it"},
        {"orders", {.order_by = "user.tags[]"}, KX_INVALID,
         "order_by 'user.tags[]': a path with [] is many values, which have no order"},
        {"orders", {.where = KX_WHERE({"user.tags[]", KX_EQ, kx_int(1)})}, KX_INVALID,
         "user.tags[]: a path with [] is many values; only 'contains' asks for one of them"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        rt_fails(kx_find(it.txn, cases[i].collection, &cases[i].query, &cursor), cases[i].code, cases[i].text);
    ck_assert_int_eq(kx_find(it.txn, "users", &(kx_query){.where = KX_WHERE({deep, KX_IS_NULL, {0}})}, &cursor),
                     KX_LIMIT);
    ck_assert_int_ne(kx_find(it.txn, "orders", &(kx_query){.where = KX_WHERE({"user.", KX_IS_NULL, {0}})}, &cursor),
                     KX_OK);
    rt_end(&it);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("crossing");
    TCase *t = tcase_create("crossing");
    tcase_add_loop_test(t, answers_are_those_of_walking_one_by_one, 0, 8);
    tcase_add_test(t, an_order_beyond_a_relation_sorts_by_the_related_field);
    tcase_add_test(t, writes_to_the_far_end_inside_the_loop_do_no_harm);
    tcase_add_test(t, a_search_begins_at_the_far_end_when_that_is_smaller);
    tcase_add_test(t, a_far_end_with_most_of_all_is_still_walked_back_from);
    tcase_add_loop_test(t, the_walk_back_finds_owners_by_any_key, 0, 2);
    tcase_add_test(t, what_makes_no_sense_is_named);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return kxt_run(suite());
}
