/*
 * test_drop.c -- what goes with what is dropped, what stands in the way, and tables that serve again.
 */
#include "catalog_support.h"

#include <string.h>

#define ORDERS                                              \
    MODEL("orders", .indexes = INDEXES({.paths = "at"}),    \
          .relations = RELATIONS({.name = "user",           \
                                  .kind = KX_FOREIGN_KEY,   \
                                  .target = "users",        \
                                  .foreign_key = "user_id", \
                                  .reverse = "orders"}))

static const kx_catalog *shop(void)
{
    return kxt_declared(kxt_empty(), MODELS(ORDERS));
}

static void refused(int rc, int code, const char *text)
{
    ck_assert_int_eq(rc, code);
    ck_assert_str_eq(kxt_error(rc), text);
}

START_TEST(an_index_goes_and_its_table_serves_the_same_shape_again)
{
    kx_cat_plan plan;
    const kx_catalog *store = shop();
    uint32_t number = kx_catalog__index(kx_catalog__find(store, "orders"), "at")->table.number;
    ck_assert_int_eq(kx_catalog__drop_index(store, "orders", " at ", &plan), KX_OK);
    ck_assert_uint_eq(plan.count, 1);
    ck_assert_int_eq(plan.steps[0].kind, KX_STEP_DROP_INDEX);
    ck_assert_uint_eq(plan.steps[0].table.number, number);
    store = kxt_taken(KX_OK, store, &plan);
    ck_assert_ptr_nonnull(strstr(kxt_meta(store), kxt_print("\"free\":{\"postings\":[%u]}", number)));
    store = kxt_reloaded(store);

    const kx_catalog *unique =
        kxt_declared(store, MODELS(MODEL("orders", .indexes = INDEXES({.paths = "n", .unique = true}))));
    ck_assert_uint_eq(kx_catalog__index(kx_catalog__find(unique, "orders"), "n")->table.number, store->next_table);
    const kx_catalog *plain = kxt_declared(store, MODELS(MODEL("orders", .indexes = INDEXES({.paths = "n"}))));
    ck_assert_uint_eq(kx_catalog__index(kx_catalog__find(plain, "orders"), "n")->table.number, number);
    ck_assert_uint_eq(plain->next_table, store->next_table);
    ck_assert_ptr_null(strstr(kxt_meta(plain), "postings"));
}
END_TEST

START_TEST(an_index_that_a_relation_needs_stays)
{
    kx_cat_plan plan;
    const kx_catalog *store = kxt_declared(
        shop(),
        MODELS(MODEL("users", .indexes = INDEXES({.paths = "user_id", .unique = true}, {.paths = "-user_id"}))));
    refused(kx_catalog__drop_index(store, "users", "user_id", &plan), KX_CONFLICT,
            "relation orders.user needs index 'user_id' of 'users'; drop it first");
    refused(kx_catalog__drop_index(store, "orders", "user_id", &plan), KX_CONFLICT,
            "relation orders.user needs index 'user_id' of 'orders'; drop it first");
    store = kxt_taken(kx_catalog__drop_index(store, "users", "-user_id", &plan), store, &plan);
    ck_assert_str_eq(kxt_indexes(store, "users"), "user_id");
}
END_TEST

START_TEST(a_relation_takes_its_reverse_and_the_indexes_that_only_it_needed)
{
    kx_cat_plan plan;
    const kx_catalog *store =
        kxt_declared(shop(), MODELS(MODEL("users", .indexes = INDEXES({.paths = "user_id", .unique = true}))));
    int rc = kx_catalog__drop_relation(store, "orders", "user", &plan);
    ck_assert_uint_eq(plan.count, 1);
    ck_assert_uint_eq(plan.changed_count, 2);
    store = kxt_taken(rc, store, &plan);
    ck_assert_str_eq(kxt_indexes(store, "orders"), "at");
    ck_assert_str_eq(kxt_indexes(store, "users"), "user_id");
    ck_assert_uint_eq(kx_catalog__find(store, "users")->relation_count, 0);
    ck_assert_uint_eq(kx_catalog__find(store, "orders")->relation_count, 0);
}
END_TEST

START_TEST(an_implied_index_stays_while_another_relation_needs_it)
{
    kx_cat_plan plan;
    const kx_catalog *store = kxt_declared(
        shop(),
        MODELS(MODEL("returns",
                     .relations = RELATIONS(
                         {.name = "user", .kind = KX_FOREIGN_KEY, .target = "users", .foreign_key = "user_id"}))));
    store = kxt_taken(kx_catalog__drop_relation(store, "orders", "user", &plan), store, &plan);
    ck_assert_str_eq(kxt_indexes(store, "users"), "user_id*");
    store = kxt_taken(kx_catalog__drop_relation(store, "returns", "user", &plan), store, &plan);
    ck_assert_str_eq(kxt_indexes(store, "users"), "");
    ck_assert_str_eq(kxt_indexes(store, "returns"), "");
}
END_TEST

START_TEST(a_reverse_goes_with_its_key_only)
{
    kx_cat_plan plan;
    const kx_catalog *store = shop();
    refused(kx_catalog__drop_relation(store, "users", "orders", &plan), KX_CONFLICT,
            "users.orders is the reverse of orders.user; drop that first");
    store = kxt_declared(
        store,
        MODELS(MODEL("users",
                     .relations = RELATIONS(
                         {.name = "orders", .kind = KX_RELATED_SET, .target = "orders", .foreign_key = "user_id"}))));
    refused(kx_catalog__drop_relation(store, "users", "orders", &plan), KX_CONFLICT,
            "users.orders is the reverse of orders.user; drop that first");
    store = kxt_taken(kx_catalog__drop_relation(store, "orders", "user", &plan), store, &plan);
    ck_assert_uint_eq(kx_catalog__find(store, "users")->relation_count, 1);
    ck_assert_str_eq(kxt_indexes(store, "users"), "user_id*");
    store = kxt_taken(kx_catalog__drop_relation(store, "users", "orders", &plan), store, &plan);
    ck_assert_str_eq(kxt_indexes(store, "users"), "");
    ck_assert_str_eq(kxt_indexes(store, "orders"), "at");
}
END_TEST

START_TEST(a_self_relation_can_go)
{
    kx_cat_plan plan;
    const kx_model *parts = MODEL("parts", .relations = RELATIONS({.name = "parent",
                                                                   .kind = KX_FOREIGN_KEY,
                                                                   .target = "parts",
                                                                   .foreign_key = "parent_code",
                                                                   .related_field = "code",
                                                                   .reverse = "children"}));
    const kx_catalog *store = kxt_declared(kxt_empty(), MODELS(parts));
    const kx_catalog *without = kxt_taken(kx_catalog__drop_relation(store, "parts", "parent", &plan), store, &plan);
    ck_assert_uint_eq(without->collections[0].relation_count, 0);
    ck_assert_uint_eq(without->collections[0].index_count, 0);
    store = kxt_taken(kx_catalog__drop_collection(store, "parts", &plan), store, &plan);
    ck_assert_uint_eq(store->count, 0);
}
END_TEST

START_TEST(a_field_is_forgotten)
{
    kx_cat_plan plan;
    const kx_catalog *store = kxt_declared(
        kxt_empty(),
        MODELS(MODEL("a", .fields = FIELDS({.path = "x", .type = KX_TYPE_INT}, {.path = "y", .optional = true}))));
    ck_assert_int_eq(kx_catalog__drop_field(store, "a", "x", &plan), KX_OK);
    ck_assert_uint_eq(plan.count, 0);
    ck_assert_uint_eq(plan.changed_count, 1);
    store = kxt_taken(KX_OK, store, &plan);
    ck_assert_uint_eq(store->collections[0].field_count, 1);
    ck_assert(!store->collections[0].has_checks);
    kxt_declared(store, MODELS(MODEL("a", .fields = FIELDS({.path = "x", .type = KX_TYPE_TEXT}))));
}
END_TEST

START_TEST(a_collection_goes_with_its_tables_and_what_it_implied_elsewhere)
{
    kx_cat_plan plan;
    const kx_catalog *store = shop();
    uint32_t number = kx_catalog__find(store, "orders")->number;
    ck_assert_int_eq(kx_catalog__drop_collection(store, "orders", &plan), KX_OK);
    ck_assert_uint_eq(plan.count, 4);
    ck_assert_uint_eq(plan.changed_count, 2);
    ck_assert_uint_eq(plan.changed[1], number);
    for (size_t i = 0; i < plan.count; i++)
        ck_assert(plan.steps[i].kind == KX_STEP_DROP_INDEX || plan.steps[i].kind == KX_STEP_DROP_COLLECTION);
    store = kxt_taken(KX_OK, store, &plan);
    ck_assert_ptr_null(kx_catalog__find(store, "orders"));
    ck_assert_str_eq(kxt_indexes(store, "users"), "");
    store = kxt_declared(kxt_reloaded(store), MODELS(ORDERS));
    ck_assert_uint_eq(kx_catalog__find(store, "orders")->number, number);
    ck_assert_str_eq(kxt_described(store), kxt_described(shop()));
}
END_TEST

START_TEST(a_collection_that_others_point_at_stays)
{
    kx_cat_plan plan;
    const kx_catalog *store = shop();
    refused(kx_catalog__drop_collection(store, "users", &plan), KX_CONFLICT,
            "relation orders.user needs collection 'users'; drop it first");
    store = kxt_declared(
        store,
        MODELS(MODEL("users",
                     .relations = RELATIONS(
                         {.name = "orders", .kind = KX_RELATED_SET, .target = "orders", .foreign_key = "user_id"}))));
    refused(kx_catalog__drop_collection(store, "orders", &plan), KX_CONFLICT,
            "relation users.orders needs collection 'orders'; drop it first");
}
END_TEST

START_TEST(what_is_not_there_cannot_go)
{
    kx_cat_plan plan;
    const kx_catalog *store = shop();
    refused(kx_catalog__drop_index(store, "orders", "x", &plan), KX_INVALID, "'orders' has no index 'x'");
    refused(kx_catalog__drop_relation(store, "orders", "x", &plan), KX_INVALID, "'orders' has no relation 'x'");
    refused(kx_catalog__drop_field(store, "orders", "x", &plan), KX_INVALID, "'orders' has no declared field 'x'");
    refused(kx_catalog__drop_field(store, "orders", NULL, &plan), KX_INVALID, "'orders' has no declared field ''");
    refused(kx_catalog__drop_collection(store, "order", &plan), KX_INVALID,
            "no collection 'order'; did you mean 'orders'?");
    ck_assert_ptr_null(plan.next);
}
END_TEST

START_TEST(the_schema_number_is_a_change_of_its_own)
{
    kx_cat_plan plan;
    const kx_catalog *store = shop();
    ck_assert_int_eq(kx_catalog__set_schema_version(store, 0, &plan), KX_OK);
    ck_assert_ptr_null(plan.next);
    ck_assert_int_eq(kx_catalog__set_schema_version(store, 4294967295u, &plan), KX_OK);
    ck_assert_uint_eq(plan.count, 0);
    ck_assert_uint_eq(plan.changed_count, 0);
    store = kxt_reloaded(kxt_taken(KX_OK, store, &plan));
    ck_assert_uint_eq(store->schema_version, 4294967295u);
}
END_TEST

START_TEST(a_primary_index_goes_without_a_step)
{
    kx_cat_plan plan;
    const kx_catalog *store =
        kxt_declared(kxt_empty(), MODELS(MODEL("a", .indexes = INDEXES({.paths = "id", .primary = true}))));
    ck_assert_int_eq(kx_catalog__drop_index(store, "a", "id", &plan), KX_OK);
    ck_assert_uint_eq(plan.count, 0);
    store = kxt_taken(KX_OK, store, &plan);
    ck_assert_ptr_null(store->collections[0].primary);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("catalog/drop");
    TCase *drops = tcase_create("drop");
    tcase_add_test(drops, an_index_goes_and_its_table_serves_the_same_shape_again);
    tcase_add_test(drops, an_index_that_a_relation_needs_stays);
    tcase_add_test(drops, a_relation_takes_its_reverse_and_the_indexes_that_only_it_needed);
    tcase_add_test(drops, an_implied_index_stays_while_another_relation_needs_it);
    tcase_add_test(drops, a_reverse_goes_with_its_key_only);
    tcase_add_test(drops, a_self_relation_can_go);
    tcase_add_test(drops, a_field_is_forgotten);
    tcase_add_test(drops, a_collection_goes_with_its_tables_and_what_it_implied_elsewhere);
    tcase_add_test(drops, a_collection_that_others_point_at_stays);
    tcase_add_test(drops, what_is_not_there_cannot_go);
    tcase_add_test(drops, the_schema_number_is_a_change_of_its_own);
    tcase_add_test(drops, a_primary_index_goes_without_a_step);
    suite_add_tcase(suite, drops);
    return kxt_run(suite);
}
