/*
 * test_ordered.c -- the first few of each set, in an order that an index behind the foreign key has: by search and
 * by prefetch they cost as many steps as they are, however large the sets.
 */
#include "relation_test.h"

enum { USERS = 20, EACH = 300 };

static const kx_model users = {
    .name = "users",
    .indexes = INDEXES({.paths = "user_id", .unique = true}, {.paths = "tenant,number", .unique = true}),
};

static const kx_model orders = {
    .name = "orders",
    .indexes = INDEXES({.paths = "user_id,-amount"}, {.paths = "user_id,status,created"},
                       {.paths = "user_id,code", .unique = true}, {.paths = "tenant,number,-amount"}),
    .relations = RELATIONS({.name = "user",
                            .kind = KX_FOREIGN_KEY,
                            .target = "users",
                            .foreign_key = "user_id",
                            .reverse = "orders",
                            .optional = true},
                           {.name = "account",
                            .kind = KX_FOREIGN_KEY,
                            .target = "users",
                            .foreign_key = "tenant,number",
                            .related_field = "tenant,number",
                            .reverse = "entries",
                            .optional = true}),
};

static const kx_model plain_orders = {
    .name = "orders",
    .relations = RELATIONS({.name = "user",
                            .kind = KX_FOREIGN_KEY,
                            .target = "users",
                            .foreign_key = "user_id",
                            .reverse = "orders",
                            .optional = true},
                           {.name = "account",
                            .kind = KX_FOREIGN_KEY,
                            .target = "users",
                            .foreign_key = "tenant,number",
                            .related_field = "tenant,number",
                            .reverse = "entries",
                            .optional = true}),
};

/* Orders of one user stand apart from each other; amounts repeat. */
static shop start(const kx_model *order_model)
{
    shop it = rt_start_with(MODELS(&users, order_model));
    for (int i = 1; i <= USERS; i++)
        rt_save(it.txn, "users", kxt_print("{\"user_id\":%d,\"tenant\":%d,\"number\":%d}", i, i % 2, i));
    for (int n = 0; n < EACH; n++) {
        for (int i = 1; i <= USERS; i++)
            kx_doc_release(
                rt_save(it.txn, "orders",
                        kxt_print("{\"user_id\":%d,\"tenant\":%d,\"number\":%d,\"amount\":%d,\"status\":\"%s\","
                                  "\"created\":%d,\"code\":%d}",
                                  i, i % 2, i, n * 7 % 100, n % 3 == 0 ? "paid" : "new", EACH - n, n)));
    }
    rt_ok(kx_txn_commit(it.txn));
    it.txn = rt_begin(it.db, KX_READ);
    return it;
}

/* Of the two relations: those of one key, and of a key of two fields. */
static const char *const relations[] = {"orders", "entries"};

static const kx_query queries[] = {
    {.order_by = "-amount", .limit = 3},
    {.order_by = "amount", .limit = 3},
    {.order_by = "-amount", .limit = 2, .offset = 2},
    {.filter = "status == 'paid'", .order_by = "created", .limit = 4},
    {.filter = "status == 'paid'", .order_by = "-created", .limit = 4},
    {.order_by = "-code", .limit = 5},
    {.filter = "amount < 50", .order_by = "-amount", .limit = 3},
};
enum { QUERIES = sizeof queries / sizeof *queries };

static bool is_indexed(size_t relation, size_t query)
{
    return relation == 0 || query < 3 || query == 6;
}

/* Steps over entries: those passed over, those given, and one that tells that another one begins. */
static uint64_t steps_of(const kx_query *query)
{
    return query->limit + query->offset + 1;
}

START_TEST(a_search_costs_as_many_steps_as_it_gives)
{
    shop it = start(&orders);
    for (size_t relation = 0; relation < 2; relation++) {
        for (size_t i = 0; i < QUERIES; i++) {
            kx_doc *user = rt_get(it.txn, "users", 1 + i);
            kx_stats before = rt_stats(it.txn);
            rt_set(user, relations[relation], &queries[i]);
            kx_stats after = rt_stats(it.txn);
            if (!is_indexed(relation, i))
                continue;
            ck_assert_msg(after.rows - before.rows == queries[i].limit, "%s %zu: %d rows", relations[relation], i,
                          (int)(after.rows - before.rows));
            ck_assert_msg(after.entries - before.entries <= steps_of(&queries[i]), "%s %zu: %d entries",
                          relations[relation], i, (int)(after.entries - before.entries));
        }
    }
    rt_end(&it);
}
END_TEST

START_TEST(a_prefetch_costs_as_many_steps_for_each_parent)
{
    shop it = start(&orders);
    for (size_t relation = 0; relation < 2; relation++) {
        for (size_t i = 0; i < QUERIES; i++) {
            kx_doc **docs;
            size_t count;
            if (!is_indexed(relation, i))
                continue;
            kx_stats before = rt_stats(it.txn);
            rt_ok(kx_all(it.txn, "users", &(kx_query){.sets = KX_PREFETCH({relations[relation], &queries[i], {0}})},
                         &docs, &count));
            kx_stats after = rt_stats(it.txn);
            ck_assert_uint_eq(count, USERS);
            ck_assert_uint_eq(after.rows - before.rows, USERS + USERS * queries[i].limit);
            ck_assert_msg(after.entries - before.entries <= USERS * steps_of(&queries[i]), "%s %zu: %d entries",
                          relations[relation], i, (int)(after.entries - before.entries));
        }
    }
    rt_end(&it);
}
END_TEST

static const char *loaded(kx_doc *user, const char *relation)
{
    kx_doc *const *docs;
    size_t count;
    const char *ids = "";
    rt_ok(kx_related_loaded(user, relation, &docs, &count));
    for (size_t i = 0; i < count; i++)
        ids = kxt_print("%s%s%llu", ids, i > 0 ? " " : "", (unsigned long long)kx_doc_id(docs[i]));
    return ids;
}

/* The same ids without such an index, where each set is sorted. */
START_TEST(searches_prefetches_and_sorts_agree)
{
    shop it = start(&orders);
    static const char *found[2][QUERIES][USERS];
    for (size_t relation = 0; relation < 2; relation++) {
        for (size_t i = 0; i < QUERIES; i++) {
            kx_doc **docs;
            size_t count;
            rt_ok(kx_all(it.txn, "users", &(kx_query){.sets = KX_PREFETCH({relations[relation], &queries[i], {0}})},
                         &docs, &count));
            for (size_t user = 0; user < count; user++) {
                found[relation][i][user] = loaded(docs[user], relations[relation]);
                ck_assert_str_eq(rt_set(docs[user], relations[relation], &queries[i]), found[relation][i][user]);
                kx_doc_release(docs[user]);
            }
        }
    }
    kx_txn_abort(it.txn);
    rt_ok(kx_close(it.db));
    ck_assert_int_eq(remove(kxt_path("shop.kx")), 0);
    it = start(&plain_orders);
    for (size_t relation = 0; relation < 2; relation++) {
        for (size_t i = 0; i < QUERIES; i++) {
            for (size_t user = 0; user < USERS; user++)
                ck_assert_str_eq(rt_set(rt_get(it.txn, "users", user + 1), relations[relation], &queries[i]),
                                 found[relation][i][user]);
        }
    }
    rt_end(&it);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("ordered");
    TCase *c = tcase_create("ordered");
    tcase_add_test(c, a_search_costs_as_many_steps_as_it_gives);
    tcase_add_test(c, a_prefetch_costs_as_many_steps_for_each_parent);
    tcase_add_test(c, searches_prefetches_and_sorts_agree);
    suite_add_tcase(suite, c);
    return suite;
}

int main(void)
{
    return kxt_run(suite());
}
