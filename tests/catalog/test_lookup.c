/*
 * test_lookup.c -- finding by name, names of types, kinds and actions, tables, and counting.
 */
#include "catalog_support.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <lmdbkenobix/schema.h>

static void refused(const kx_catalog *catalog, const char *name, const char *text)
{
    const kx_cat_collection *found;
    int rc = kx_catalog__named(catalog, name, &found);
    ck_assert_int_eq(rc, KX_INVALID);
    ck_assert_ptr_null(found);
    ck_assert_str_eq(kxt_error(rc), text);
}

START_TEST(an_unknown_collection_names_the_nearest)
{
    const kx_catalog *catalog = kxt_declared(kxt_empty(), MODELS(MODEL("users"), MODEL("orders"), MODEL("a")));
    refused(catalog, "user", "no collection 'user'; did you mean 'users'?");
    refused(catalog, "Users", "no collection 'Users'; did you mean 'users'?");
    refused(catalog, "oders", "no collection 'oders'; did you mean 'orders'?");
    refused(catalog, "invoices", "no collection 'invoices'; there are users, orders, a");
    refused(catalog, "b", "no collection 'b'; there are users, orders, a");
    refused(catalog, "", "no collection ''; there are users, orders, a");
    refused(catalog, NULL, "no collection was named");
    refused(kxt_empty(), "x", "no collection 'x'; there are none yet");
    char longer[1000];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    const kx_cat_collection *found;
    ck_assert_int_eq(kx_catalog__named(catalog, longer, &found), KX_INVALID);
    catalog =
        kxt_declared(catalog, MODELS(MODEL("c4"), MODEL("c5"), MODEL("c6"), MODEL("c7"), MODEL("c8"), MODEL("c9")));
    refused(catalog, "invoices", "no collection 'invoices'; there are users, orders, a, c4, c5, c6, c7, c8, …");
}
END_TEST

START_TEST(every_collection_is_found_by_name_and_number)
{
    enum { COUNT = 1000 };
    static kx_model models[COUNT];
    static const kx_model *list[COUNT + 1];
    static char names[COUNT][12];
    for (size_t i = 0; i < COUNT; i++) {
        snprintf(names[i], sizeof names[i], "%zu", i * 7919);
        models[i].name = names[i];
        list[i] = &models[i];
    }
    const kx_catalog *catalog = kxt_declared(kxt_empty(), list);
    for (size_t i = 0; i < COUNT; i++) {
        const kx_cat_collection *found = kx_catalog__find(catalog, names[i]);
        ck_assert_str_eq(found->name, names[i]);
        ck_assert_ptr_eq(kx_catalog__numbered(catalog, found->number), found);
    }
    ck_assert_ptr_null(kx_catalog__find(catalog, "7918"));
    ck_assert_ptr_null(kx_catalog__find(catalog, NULL));
    ck_assert_ptr_null(kx_catalog__find(kxt_empty(), "0"));
    ck_assert_ptr_null(kx_catalog__numbered(catalog, 1));
    ck_assert_ptr_null(kx_catalog__numbered(catalog, COUNT + 2));
    ck_assert_str_eq(kxt_described(kxt_reloaded(catalog)), kxt_described(catalog));
}
END_TEST

START_TEST(definitions_are_found_by_name)
{
    const kx_catalog *catalog = kxt_declared(
        kxt_empty(), MODELS(MODEL("a", .fields = FIELDS({.path = "f", .type = KX_TYPE_INT}),
                                  .indexes = INDEXES({.paths = "x,-y"}, {.paths = "x"}),
                                  .relations = RELATIONS(
                                      {.name = "r", .kind = KX_FOREIGN_KEY, .target = "b", .foreign_key = "k"}))));
    const kx_cat_collection *a = kx_catalog__find(catalog, "a");
    ck_assert_ptr_eq(kx_catalog__index(a, "x,-y"), &a->indexes[0]);
    ck_assert_ptr_eq(kx_catalog__index(a, "x , -y"), &a->indexes[0]);
    ck_assert_ptr_eq(kx_catalog__index(a, "x"), &a->indexes[1]);
    ck_assert_ptr_null(kx_catalog__index(a, "x,y"));
    ck_assert_ptr_null(kx_catalog__index(a, "x,-y,"));
    ck_assert_ptr_null(kx_catalog__index(a, ""));
    ck_assert_ptr_null(kx_catalog__index(a, " "));
    ck_assert_ptr_null(kx_catalog__index(a, "x, -y, z"));
    ck_assert_ptr_eq(kx_catalog__relation(a, "r"), &a->relations[0]);
    ck_assert_ptr_null(kx_catalog__relation(a, "s"));
    ck_assert_ptr_eq(kx_catalog__field(a, "f"), &a->fields[0]);
    ck_assert_ptr_null(kx_catalog__field(a, "ff"));
}
END_TEST

START_TEST(numbers_have_names)
{
    ck_assert_str_eq(kx_type_name(KX_TYPE_NONE), "any");
    ck_assert_str_eq(kx_type_name(KX_TYPE_INT), "int");
    ck_assert_str_eq(kx_type_name(KX_TYPE_LIST), "list");
    ck_assert_ptr_null(kx_type_name((kx_type)(KX_TYPE_LIST + 1)));
    ck_assert_ptr_null(kx_type_name((kx_type)-1));
    ck_assert_str_eq(kx_kind_name(KX_FOREIGN_KEY), "foreign_key");
    ck_assert_str_eq(kx_kind_name(KX_MANY_TO_MANY), "many_to_many");
    ck_assert_ptr_null(kx_kind_name((kx_relation_kind)0));
    ck_assert_ptr_null(kx_kind_name((kx_relation_kind)6));
    ck_assert_str_eq(kx_action_name(KX_DO_NOTHING), "do_nothing");
    ck_assert_str_eq(kx_action_name(KX_SET_DEFAULT), "set_default");
    ck_assert_ptr_null(kx_action_name((kx_action)7));
    for (int type = 0; type <= KX_TYPE_LIST; type++)
        ck_assert_ptr_nonnull(kx_type_name((kx_type)type));
}
END_TEST

START_TEST(tables_are_those_in_use_and_those_kept_for_later)
{
    kx_cat_plan plan;
    const kx_catalog *catalog = kxt_declared(
        kxt_empty(),
        MODELS(MODEL("a", .indexes = INDEXES({.paths = "id", .primary = true}, {.paths = "x", .unique = true})),
               MODEL("b", .indexes = INDEXES({.paths = "x"}))));
    catalog = kxt_taken(kx_catalog__drop_collection(catalog, "b", &plan), catalog, &plan);
    kx_store_table *tables;
    size_t count;
    ck_assert_int_eq(kx_catalog__tables(catalog, &tables, &count), KX_OK);
    ck_assert_uint_eq(count, 4);
    static const kx_store_table expected[] = {
        {2, KX_STORE_ROWS}, {4, KX_STORE_UNIQUE}, {3, KX_STORE_ROWS}, {5, KX_STORE_POSTINGS}};
    for (size_t i = 0; i < count; i++) {
        ck_assert_uint_eq(tables[i].number, expected[i].number);
        ck_assert_int_eq(tables[i].shape, expected[i].shape);
    }
    kx_base__free(tables);
}
END_TEST

static void *pin_and_unpin(void *catalog)
{
    for (int i = 0; i < 100000; i++)
        kx_catalog__release(kx_catalog__retain(catalog));
    kx_catalog__release(catalog);
    return NULL;
}

START_TEST(threads_may_pin_and_unpin_one_catalog)
{
    kx_catalog *catalog;
    ck_assert_int_eq(kx_catalog__empty(NULL, &catalog), KX_OK);
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, pin_and_unpin, kx_catalog__retain(catalog)), 0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    ck_assert_uint_eq(catalog->next_table, KX_STORE_FIRST_TABLE);
    kx_catalog__release(catalog);
    kx_catalog__release(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("catalog/lookup");
    TCase *lookup = tcase_create("lookup");
    tcase_add_test(lookup, an_unknown_collection_names_the_nearest);
    tcase_add_test(lookup, every_collection_is_found_by_name_and_number);
    tcase_add_test(lookup, definitions_are_found_by_name);
    tcase_add_test(lookup, numbers_have_names);
    tcase_add_test(lookup, tables_are_those_in_use_and_those_kept_for_later);
    tcase_add_test(lookup, threads_may_pin_and_unpin_one_catalog);
    suite_add_tcase(suite, lookup);
    return kxt_run(suite);
}
