/*
 * test_schema_json.c -- collection lines: out, in, and what is refused.
 */
#include "catalog_support.h"

#include <string.h>

static const kx_model *shop[] = {
    &(const kx_model){
        .name = "orders",
        .fields = (const kx_field[]){{.path = "order_id", .type = KX_TYPE_INT},
                                     {.path = "status", .type = KX_TYPE_TEXT, .initial = "n\xc3\xa9w \"x\""},
                                     {.path = "any"},
                                     {0}},
        .indexes = (const kx_index[]){{.paths = "order_id", .unique = true},
                                      {.paths = "status,-amount"},
                                      {.paths = "tags", .multi = true},
                                      {0}},
        .relations =
            (const kx_relation[]){
                {.name = "user",
                 .kind = KX_FOREIGN_KEY,
                 .target = "users",
                 .foreign_key = "user_id",
                 .reverse = "orders",
                 .optional = true},
                {.name = "parent",
                 .kind = KX_FOREIGN_KEY,
                 .target = "orders",
                 .foreign_key = "parent_id",
                 .related_field = "order_id"},
                {.name = "lines", .kind = KX_RELATED_SET, .target = "lines", .foreign_key = "order_id"},
                {0}}},
    &(const kx_model){
        .name = "users",
        .indexes = (const kx_index[]){{.paths = "user_id", .primary = true}, {.paths = "email", .sparse = true}, {0}}},
    NULL,
};

static char *line_of(const kx_catalog *catalog, const char *collection, uint64_t next_id)
{
    kx_buf json = {0};
    ck_assert_int_eq(kx_catalog__to_json(kx_catalog__find(catalog, collection), next_id, &json), KX_OK);
    char *line = kxt_print("%.*s", (int)json.size, (const char *)json.data);
    kx_buf__free(&json);
    return line;
}

static void refused(const char *line, const char *text)
{
    kx_arena arena = {0};
    kx_model model;
    uint64_t next_id = 5;
    int rc = kx_catalog__from_json(line, strlen(line), &arena, &model, &next_id);
    ck_assert_msg(rc == KX_INVALID, "%s: %d", line, rc);
    const char *found = kxt_error(rc);
    ck_assert_msg(strstr(found, text) != NULL, "%s: %s", line, found);
    ck_assert_ptr_null(model.name);
    ck_assert_uint_eq(next_id, 0);
    kx_arena__free(&arena);
}

START_TEST(a_line_says_what_was_declared_and_no_more)
{
    const kx_catalog *catalog = kxt_declared(kxt_empty(), shop);
    ck_assert_str_eq(
        line_of(catalog, "orders", 4),
        "{\"collection\":\"orders\",\"next_id\":4,\"fields\":[{\"path\":\"order_id\",\"type\":\"int\"},"
        "{\"path\":\"status\",\"type\":\"text\",\"initial\":\"n\xc3\xa9w \\\"x\\\"\"},{\"path\":\"any\"}],"
        "\"indexes\":[{\"paths\":\"order_id\",\"unique\":true},{\"paths\":\"status,-amount\"},{\"paths\":\"tags\","
        "\"multi\":true}],"
        "\"relations\":[{\"name\":\"user\",\"kind\":\"foreign_key\",\"target\":\"users\",\"foreign_key\":\"user_id\","
        "\"reverse\":\"orders\",\"optional\":true},"
        "{\"name\":\"parent\",\"kind\":\"foreign_key\",\"target\":\"orders\",\"foreign_key\":\"parent_id\",\"related_"
        "field\":\"order_id\"},"
        "{\"name\":\"lines\",\"kind\":\"related_set\",\"target\":\"lines\",\"foreign_key\":\"order_id\"}]}");
    ck_assert_str_eq(line_of(catalog, "users", 0), "{\"collection\":\"users\",\"indexes\":[{\"paths\":\"user_id\","
                                                   "\"primary\":true},{\"paths\":\"email\",\"sparse\":true}]}");
    ck_assert_str_eq(line_of(catalog, "lines", UINT64_MAX),
                     "{\"collection\":\"lines\",\"next_id\":{\"$numberUnsigned\":\"18446744073709551615\"}}");
}
END_TEST

START_TEST(lines_declared_on_an_empty_store_give_an_equal_catalog)
{
    const kx_catalog *catalog = kxt_declared(kxt_empty(), shop), *again = kxt_empty();
    kx_arena arena = {0};
    for (size_t i = catalog->count; i-- > 0;) {
        kx_model model;
        uint64_t next_id;
        char *line = line_of(catalog, catalog->collections[i].name, 17 + i);
        ck_assert_int_eq(kx_catalog__from_json(line, strlen(line), &arena, &model, &next_id), KX_OK);
        ck_assert_uint_eq(next_id, 17 + i);
        again = kxt_declared(again, MODELS(&model));
    }
    kx_arena__free(&arena);
    ck_assert_str_eq(kxt_described(again), kxt_described(catalog));
}
END_TEST

START_TEST(a_line_may_say_the_defaults_too)
{
    const char *line = "{\"collection\":\"orders\",\"next_id\":4,\"fields\":[{\"path\":\"order_id\",\"type\":\"int\","
                       "\"optional\":false,\"initial\":null}],"
                       "\"indexes\":[{\"paths\":\"order_id\",\"unique\":true,\"primary\":false}],\"relations\":[{"
                       "\"name\":\"user\",\"kind\":\"foreign_key\",\"target\":\"users\","
                       "\"foreign_key\":\"user_id\",\"related_field\":\"user_id\",\"reverse\":\"orders\",\"optional\":"
                       "true,\"enforced\":false,\"deferred\":false,"
                       "\"on_delete\":\"default\",\"on_update\":\"do_nothing\"}]}";
    kx_arena arena = {0};
    kx_model model;
    uint64_t next_id;
    ck_assert_int_eq(kx_catalog__from_json(line, strlen(line), &arena, &model, &next_id), KX_OK);
    const kx_catalog *catalog = kxt_declared(kxt_empty(), MODELS(&model));
    ck_assert_ptr_eq(kxt_declared(catalog, MODELS(MODEL("orders", .relations = RELATIONS({.name = "user",
                                                                                          .kind = KX_FOREIGN_KEY,
                                                                                          .target = "users",
                                                                                          .foreign_key = "user_id",
                                                                                          .reverse = "orders",
                                                                                          .optional = true})))),
                     catalog);
    kx_arena__free(&arena);
}
END_TEST

START_TEST(what_this_version_cannot_honour_is_refused)
{
    refused("{\"collection\":\"a\",\"sharded\":false}", "definition of collection 'a': unknown member 'sharded'");
    refused("{\"collection\":\"a\",\"features\":0}", "unknown member 'features'");
    refused("{\"collection\":\"a\",\"indexes\":[{\"paths\":\"x\",\"shard\":true}]}", "unknown member 'shard'");
    refused("{\"collection\":\"a\",\"indexes\":[{\"paths\":\"x\",\"table\":5}]}", "unknown member 'table'");
    refused("{\"collection\":\"a\",\"fields\":[{\"path\":\"x\",\"type\":\"decimal\"}]}", "no such type 'decimal'");
    refused("{\"collection\":\"a\",\"fields\":[{\"path\":\"x\",\"type\":\"list\"}]}", "no such type 'list'");
    refused("{\"collection\":\"a\",\"relations\":[{\"name\":\"x\",\"kind\":\"friend\"}]}", "no such kind 'friend'");
    refused("{\"collection\":\"a\",\"relations\":[{\"name\":\"x\",\"on_delete\":\"shrug\"}]}",
            "no such action 'shrug'");
}
END_TEST

START_TEST(what_is_no_line_is_refused)
{
    refused("{}", "definition of collection '': it lacks 'collection'");
    refused("{\"collection\":null}", "no text in 'collection'");
    refused("{\"collection\":\"a\",\"next_id\":-1}", "no id in 'next_id'");
    refused("{\"collection\":\"a\",\"next_id\":\"4\"}", "no id in 'next_id'");
    refused("{\"collection\":\"a\",\"indexes\":[{\"unique\":true}]}", "a definition lacks 'paths'");
    refused("{\"collection\":\"a\",\"indexes\":[{\"paths\":\"a\\u0000b\"}]}", "a NUL in 'paths'");
    refused("{\"collection\":\"a\",\"indexes\":\"x\"}", "no list in 'indexes'");
    refused("{\"collection\":\"a\",", "line 1, column ");
    refused("[]", "");
}
END_TEST

START_TEST(a_collection_of_a_later_version_is_dumped_as_it_is)
{
    int rc;
    kx_catalog *catalog = kxt_with_row(kxt_declared(kxt_empty(), shop), 3,
                                       "{\"collection\":\"users\",\"fields\":[{\"path\":\"n\",\"type\":\"decimal\"}],"
                                       "\"indexes\":[{\"paths\":\"user_id\",\"primary\":true},{\"paths\":\"x\","
                                       "\"implied\":true,\"table\":8},{\"paths\":\"x\",\"table\":7,\"shard\":true}],"
                                       "\"relations\":[{\"name\":\"orders\",\"kind\":\"related_set\",\"target\":"
                                       "\"orders\",\"foreign_key\":\"user_id\",\"implied\":true}],\"features\":9}",
                                       &rc);
    ck_assert_msg(rc == KX_OK, "%s", rc != KX_OK ? kxt_error(rc) : "");
    ck_assert_str_eq(line_of(catalog, "users", 3),
                     "{\"collection\":\"users\",\"next_id\":3,\"fields\":[{\"path\":\"n\",\"type\":\"decimal\"}],"
                     "\"indexes\":[{\"paths\":\"user_id\",\"primary\":true},{\"paths\":\"x\",\"shard\":true}],"
                     "\"relations\":[],\"features\":9}");
}
END_TEST

START_TEST(lines_are_told_from_documents)
{
    static const struct {
        const char *json, *name;
    } cases[] = {
        {"{\"collection\":\"users\"}", "users"},
        {"{\"_id\":1,\"collection\":\"stamps\"}", NULL},
        {"{\"collection\":7}", NULL},
        {"{\"name\":\"x\"}", NULL},
        {"{}", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        kx_buf document = {0};
        kx_slice name;
        ck_assert_int_eq(kx_document__from_json(cases[i].json, strlen(cases[i].json), false, &document), KX_OK);
        bool is_line = kx_catalog__is_line(kx_buf__slice(&document), &name);
        ck_assert_int_eq(is_line, cases[i].name != NULL);
        if (is_line)
            ck_assert_mem_eq(name.data, cases[i].name, name.size);
        kx_buf__free(&document);
    }
    kx_slice name;
    ck_assert(!kx_catalog__is_line(kx_slice_of("\x05", 1), &name));
    ck_assert(!kx_catalog__is_line(kx_slice_of(NULL, 0), &name));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("catalog/schema_json");
    TCase *lines = tcase_create("lines");
    tcase_add_test(lines, a_line_says_what_was_declared_and_no_more);
    tcase_add_test(lines, lines_declared_on_an_empty_store_give_an_equal_catalog);
    tcase_add_test(lines, a_line_may_say_the_defaults_too);
    tcase_add_test(lines, what_this_version_cannot_honour_is_refused);
    tcase_add_test(lines, what_is_no_line_is_refused);
    tcase_add_test(lines, a_collection_of_a_later_version_is_dumped_as_it_is);
    tcase_add_test(lines, lines_are_told_from_documents);
    suite_add_tcase(suite, lines);
    return kxt_run(suite);
}
