/* test_aggregate.c -- sum, min, max, avg across relations and over sets, held against following and searching one
   by one. */
#include "relation_test.h"

static const kx_model users = {.name = "users", .indexes = INDEXES({.paths = "user_id", .unique = true})};

static const kx_model orders = {
    .name = "orders",
    .indexes = INDEXES({.paths = "user_id,-amount"}),
    .relations = RELATIONS({.name = "user",
                            .kind = KX_FOREIGN_KEY,
                            .target = "users",
                            .foreign_key = "user_id",
                            .reverse = "orders",
                            .optional = true},
                           {.name = "products",
                            .kind = KX_MANY_TO_MANY,
                            .target = "products",
                            .through = "items",
                            .local_field = "order_id",
                            .related_field = "product_id",
                            .reverse = "orders"}),
};

static const kx_model products = {.name = "products", .indexes = INDEXES({.paths = "product_id", .primary = true})};

/* users 1 (30) and 2 (40); orders 5 of user 1, 7 of user 1, 9.5 of user 2, 100 of nobody; products 2, 3 and 10. */
static shop start(void)
{
    shop it = rt_start_with(MODELS(&users, &orders, &products));
    rt_save(it.txn, "users", "{\"user_id\":1,\"age\":30}");
    rt_save(it.txn, "users", "{\"user_id\":2,\"age\":40}");
    rt_save(it.txn, "users", "{\"user_id\":3}");
    static const char *const saved[] = {
        "{\"order_id\":1,\"user_id\":1,\"amount\":5}", "{\"order_id\":2,\"user_id\":1,\"amount\":7}",
        "{\"order_id\":3,\"user_id\":2,\"amount\":9.5}", "{\"order_id\":4,\"user_id\":null,\"amount\":100}"};
    kx_doc *order[4], *product[3];
    for (int i = 0; i < 4; i++)
        order[i] = rt_save(it.txn, "orders", saved[i]);
    for (int i = 0; i < 3; i++)
        product[i] =
            rt_save(it.txn, "products", kxt_print("{\"product_id\":%d,\"price\":%d}", i + 1, i == 2 ? 10 : i + 2));
    rt_ok(kx_related_add(order[0], "products", product[0]));
    rt_ok(kx_related_add(order[0], "products", product[2]));
    rt_ok(kx_related_add(order[2], "products", product[2]));
    return it;
}

static const char *show(int rc, const kx_value *value)
{
    if (rc != KX_OK)
        return kxt_print("%d: %s", rc, kx_errmsg());
    if (value->type == KX_TYPE_INT)
        return kxt_print("%lld", (long long)value->integer);
    return value->type == KX_TYPE_REAL ? kxt_print("%#g", value->real) : "null";
}

typedef int fold_call(kx_txn *, const char *, const char *, const kx_query *, kx_value *);
typedef int related_call(kx_doc *, const char *, const char *, const kx_query *, kx_value *);

static const char *of(fold_call *call, kx_txn *txn, const char *collection, const char *path, const kx_query *query)
{
    kx_value value;
    int rc = call(txn, collection, path, query, &value);
    return show(rc, &value);
}

static const char *related(related_call *call, kx_doc *doc, const char *relation, const char *path,
                           const kx_query *query)
{
    kx_value value;
    int rc = call(doc, relation, path, query, &value);
    return show(rc, &value);
}

/* ---- paths that cross ------------------------------------------------------------------------------ */

START_TEST(a_path_crosses_to_one_document_and_to_the_members_of_sets)
{
    shop it = start();
    ck_assert_str_eq(of(kx_sum, it.txn, "orders", "user.age", NULL), "100");
    ck_assert_str_eq(of(kx_avg, it.txn, "orders", "user.age", NULL), "33.3333");
    ck_assert_str_eq(of(kx_max, it.txn, "orders", "user.age", NULL), "40");
    ck_assert_str_eq(of(kx_sum, it.txn, "users", "orders.amount", NULL), "21.5000");
    ck_assert_str_eq(of(kx_min, it.txn, "users", "orders.amount", NULL), "5");
    ck_assert_str_eq(of(kx_sum, it.txn, "users", "orders.products.price", NULL), "22");
    ck_assert_str_eq(of(kx_sum, it.txn, "products", "orders.user.age", NULL), "100");
    ck_assert_str_eq(
        of(kx_sum, it.txn, "users", "orders.amount", &(kx_query){.where = KX_WHERE({"age", KX_LT, kx_int(40)})}), "12");
    ck_assert_str_eq(
        of(kx_sum, it.txn, "orders", "amount", &(kx_query){.where = KX_WHERE({"user.age", KX_LT, kx_int(40)})}), "12");
    rt_end(&it);
}
END_TEST

/* A join of both would count each order once for every product. */
START_TEST(each_total_walks_its_own_relation)
{
    shop it = start();
    kx_doc *first = rt_get(it.txn, "orders", 1);
    ck_assert_str_eq(of(kx_sum, it.txn, "orders", "amount", NULL), "121.500");
    ck_assert_str_eq(of(kx_sum, it.txn, "orders", "products.price", NULL), "22");
    ck_assert_str_eq(related(kx_related_sum, first, "products", "price", NULL), "12");
    ck_assert_str_eq(related(kx_related_sum, first, "products", "orders.amount", NULL), "19.5000");
    rt_end(&it);
}
END_TEST

/* ---- sets -------------------------------------------------------------------------------------------- */

START_TEST(a_set_has_totals_of_its_members)
{
    shop it = start();
    kx_doc *ann = rt_get(it.txn, "users", 1), *third = rt_get(it.txn, "users", 3),
           *tool = rt_get(it.txn, "products", 3);
    ck_assert_str_eq(related(kx_related_sum, ann, "orders", "amount", NULL), "12");
    ck_assert_str_eq(related(kx_related_min, ann, "orders", "amount", NULL), "5");
    ck_assert_str_eq(related(kx_related_max, ann, "orders", "amount", NULL), "7");
    ck_assert_str_eq(related(kx_related_avg, ann, "orders", "amount", NULL), "6.00000");
    ck_assert_str_eq(related(kx_related_sum, ann, "orders", "products.price", NULL), "12");
    ck_assert_str_eq(related(kx_related_sum, ann, "orders", "amount", &(kx_query){.order_by = "-amount", .limit = 1}),
                     "7");
    ck_assert_str_eq(related(kx_related_sum, ann, "orders", "amount", &(kx_query){.filter = "user_id == 2"}), "0");
    ck_assert_str_eq(related(kx_related_avg, tool, "orders", "amount", NULL), "7.25000");
    ck_assert_str_eq(related(kx_related_sum, third, "orders", "amount", NULL), "0");
    ck_assert_str_eq(related(kx_related_min, third, "orders", "amount", NULL), "null");
    ck_assert_str_eq(related(kx_related_max, third, "orders", "amount", NULL), "null");
    ck_assert_str_eq(related(kx_related_avg, third, "orders", "amount", NULL), "null");
    rt_end(&it);
}
END_TEST

/* A document without a key has no members, even where other keys are null. */
START_TEST(no_key_has_no_members)
{
    shop it = start();
    kx_doc *nobody = rt_save(it.txn, "users", "{\"age\":1}");
    ck_assert_str_eq(related(kx_related_sum, nobody, "orders", "amount", NULL), "0");
    ck_assert_str_eq(related(kx_related_max, nobody, "orders", "amount", NULL), "null");
    rt_end(&it);
}
END_TEST

START_TEST(an_index_behind_the_key_gives_the_ends_of_a_set_for_one_document)
{
    shop it = start();
    for (int i = 1; i <= 200; i++)
        rt_save(it.txn, "orders", kxt_print("{\"order_id\":%d,\"user_id\":3,\"amount\":%d}", 10 + i, i));
    kx_doc *third = rt_get(it.txn, "users", 3);
    kx_stats before = rt_stats(it.txn);
    ck_assert_str_eq(related(kx_related_max, third, "orders", "amount", NULL), "200");
    ck_assert_str_eq(related(kx_related_min, third, "orders", "amount", NULL), "1");
    ck_assert_uint_eq(rt_stats(it.txn).rows - before.rows, 2);
    rt_end(&it);
}
END_TEST

START_TEST(what_is_no_set_is_refused)
{
    shop it = start();
    kx_doc *order = rt_get(it.txn, "orders", 1), *user = rt_get(it.txn, "users", 1), *copy;
    kx_value value;
    ck_assert_str_eq(of(kx_sum, it.txn, "orders", "user", NULL),
                     kxt_print("%d: 'user': a relation is no number; name a field behind it", KX_INVALID));
    rt_fails(kx_related_sum(order, "user", "age", NULL, &value), KX_INVALID,
             "orders.user is no set: follow it with kx_doc_follow");
    ck_assert_int_eq(kx_related_avg(user, "nothing", "age", NULL, &value), KX_INVALID);
    ck_assert_int_eq(kx_related_min(NULL, "orders", "age", NULL, &value), KX_INVALID);
    ck_assert_int_eq(kx_related_min(user, NULL, "age", NULL, &value), KX_INVALID);
    ck_assert_int_eq(kx_related_min(user, "orders", NULL, NULL, &value), KX_INVALID);
    ck_assert_int_eq(kx_related_min(user, "orders", "age", NULL, NULL), KX_INVALID);
    rt_ok(kx_doc_copy(user, &copy));
    ck_assert_int_eq(kx_related_max(copy, "orders", "amount", NULL, &value), KX_READONLY);
    ck_assert_int_eq(value.type, KX_TYPE_NULL);
    kx_doc_release(copy);
    rt_end(&it);
}
END_TEST

/* ---- an oracle ---------------------------------------------------------------------------------------- */

START_TEST(random_shops_agree_with_walking_one_by_one)
{
    uint64_t seed = kxt_seed();
    shop it = start();
    for (uint64_t i = 0; i < kxt_scaled(300); i++) {
        unsigned user = (unsigned)kxt_random_below(&seed, 5), product = 1 + (unsigned)kxt_random_below(&seed, 3);
        kx_doc *order = rt_save(it.txn, "orders",
                                kxt_print("{\"order_id\":%u,\"user_id\":%u,\"amount\":%u}", 100 + (unsigned)i, user,
                                          (unsigned)kxt_random_below(&seed, 1000)));
        if (kxt_random_below(&seed, 2) == 0)
            rt_ok(kx_related_add(order, "products", rt_get(it.txn, "products", product)));
    }
    int64_t far = 0, near = 0;
    kx_cursor *cursor;
    kx_doc *doc, *user;
    rt_ok(kx_find(it.txn, "orders", &(kx_query){.where = KX_WHERE({"amount", KX_GT, kx_int(200)})}, &cursor));
    while (kx_cursor_next(cursor, &doc) == KX_OK) {
        int64_t age;
        rt_ok(kx_doc_follow(doc, "user", &user));
        if (user != NULL && kx_doc_get_int(user, "age", &age) == KX_OK)
            far += age;
        kx_value prices;
        rt_ok(kx_related_sum(doc, "products", "price", NULL, &prices));
        near += prices.integer;
    }
    rt_ok(kx_cursor_close(cursor));
    const kx_query query = {.where = KX_WHERE({"amount", KX_GT, kx_int(200)})};
    ck_assert_str_eq(of(kx_sum, it.txn, "orders", "user.age", &query), kxt_print("%lld", (long long)far));
    ck_assert_str_eq(of(kx_sum, it.txn, "orders", "products.price", &query), kxt_print("%lld", (long long)near));
    rt_end(&it);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("aggregate");
    TCase *c = tcase_create("aggregate");
    tcase_add_test(c, a_path_crosses_to_one_document_and_to_the_members_of_sets);
    tcase_add_test(c, each_total_walks_its_own_relation);
    tcase_add_test(c, a_set_has_totals_of_its_members);
    tcase_add_test(c, no_key_has_no_members);
    tcase_add_test(c, an_index_behind_the_key_gives_the_ends_of_a_set_for_one_document);
    tcase_add_test(c, what_is_no_set_is_refused);
    tcase_add_test(c, random_shops_agree_with_walking_one_by_one);
    suite_add_tcase(suite, c);
    return suite;
}

int main(void)
{
    return kxt_run(suite());
}
