/* test_fields.c -- typed fields: what is refused, what is filled in, and what declaring them does to documents that are there. */
#include "collection_test.h"

static kx_db *the_db;

static kx_txn *open_with(const kx_model *model)
{
    the_db = ct_open(model != NULL ? MODELS(model) : NULL);
    return ct_begin(the_db, KX_WRITE);
}

static void end_and_close(kx_txn *txn)
{
    ct_check(txn);
    ct_ok(kx_txn_commit(txn));
    ct_check_store(the_db);
    ct_ok(kx_close(the_db));
}

/* ---- types ------------------------------------------------------------------ */

/* A value of each type as JSON, and the name of its type in texts. */
static const struct sample {
    const char *json, *name;
    kx_type     type;
} samples[] = {
    {"true", "bool", KX_TYPE_BOOL},
    {"30", "int", KX_TYPE_INT},
    {"{\"$numberUnsigned\":\"18446744073709551615\"}", "int", KX_TYPE_INT},
    {"30.0", "real", KX_TYPE_REAL},
    {"\"x\"", "text", KX_TYPE_TEXT},
    {"{\"$binary\":{\"base64\":\"AAE=\",\"subType\":\"00\"}}", "binary", KX_TYPE_BINARY},
    {"{\"$date\":\"2020-01-01T00:00:00Z\"}", "time", KX_TYPE_TIME},
    {"[1]", "array", KX_TYPE_ARRAY},
    {"{\"a\":1}", "map", KX_TYPE_MAP},
};
enum { SAMPLES = sizeof samples / sizeof *samples };

START_TEST(a_field_takes_its_own_type_and_names_any_other)
{
    static const kx_type types[] = {KX_TYPE_BOOL, KX_TYPE_INT,   KX_TYPE_REAL, KX_TYPE_TEXT, KX_TYPE_BINARY,
                                    KX_TYPE_TIME, KX_TYPE_ARRAY, KX_TYPE_MAP,  KX_TYPE_NONE};
    kx_txn *txn = open_with(NULL);
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        const char *name = kxt_print("c%zu", t);
        const kx_model model = {.name = name, .fields = FIELDS({.path = "f", .type = types[t]})};
        ct_ok(kx_declare(txn, MODELS(&model)));
        for (size_t s = 0; s < SAMPLES; s++) {
            bool fits = types[t] == samples[s].type || types[t] == KX_TYPE_NONE ||
                        (types[t] == KX_TYPE_REAL && samples[s].type == KX_TYPE_INT);
            int rc = ct_try_insert(txn, name, kxt_print("{\"f\":%s}", samples[s].json));
            ck_assert_msg(rc == (fits ? KX_OK : KX_INVALID), "%s into %s: %d", samples[s].json, kx_type_name(types[t]),
                          rc);
            if (!fits)
                ck_assert_str_eq(kx_errmsg(), kxt_print("%s.f: expected %s, found %s", name, kx_type_name(types[t]),
                                                        samples[s].name));
        }
    }
    end_and_close(txn);
}
END_TEST

static const kx_model people = {
    .name = "people",
    .fields = FIELDS({.path = "name", .type = KX_TYPE_TEXT}, {.path = "age", .type = KX_TYPE_INT, .optional = true},
                     {.path = "address.city", .type = KX_TYPE_TEXT, .optional = true},
                     {.path = "weight", .type = KX_TYPE_REAL, .optional = true}, {.path = "any"}),
    .indexes = INDEXES({.paths = "age"}),
};

START_TEST(required_means_there_and_not_null)
{
    kx_txn *txn = open_with(&people);
    ct_fails(ct_try_insert(txn, "people", "{\"any\":1}"), KX_REQUIRED);
    ck_assert_str_eq(kx_errmsg(), "people.name is required and is missing");
    ct_fails(ct_try_insert(txn, "people", "{\"name\":null,\"any\":1}"), KX_REQUIRED);
    ck_assert_str_eq(kx_errmsg(), "people.name is required and is null");
    ct_fails(ct_try_insert(txn, "people", "{\"name\":\"a\"}"), KX_REQUIRED);
    ct_insert(txn, "people", "{\"name\":\"a\",\"any\":[]}");
    ct_insert(txn, "people", "{\"name\":\"a\",\"age\":null,\"address\":null,\"any\":1,\"undeclared\":2}");
    ct_insert(txn, "people", "{\"name\":\"a\",\"address\":{},\"weight\":3,\"any\":1}");
    ct_fails(ct_try_insert(txn, "people", "{\"name\":\"a\",\"address\":{\"city\":5},\"any\":1}"), KX_INVALID);
    ck_assert_str_eq(kx_errmsg(), "people.address.city: expected text, found int");
    ck_assert_str_eq(ct_json(txn, "people", 3), "{\"name\":\"a\",\"address\":{},\"weight\":3,\"any\":1}");
    end_and_close(txn);
}
END_TEST

START_TEST(every_way_of_writing_is_checked)
{
    kx_txn *txn = open_with(&people);
    ct_insert(txn, "people", "{\"name\":\"a\",\"any\":1}");
    const char *before = ct_dump(txn);
    kx_doc *doc = ct_get(txn, "people", 1);
    kx_record record = {.data = "{\"name\":1}", .size = 10};
    ct_fails(kx_insert_many(txn, "people", &record, 1, NULL), KX_INVALID);
    ct_fails(ct_put(txn, "people", 1, "{\"name\":1,\"any\":1}"), KX_INVALID);
    ct_fails(ct_put(txn, "people", 1, "{}"), KX_REQUIRED);
    ct_fails(ct_patch(txn, "people", 1, "{\"age\":30.0}"), KX_INVALID);
    ck_assert_str_eq(kx_errmsg(), "people.age: expected int, found real");
    ct_fails(ct_patch(txn, "people", 1, "{\"name\":null}"), KX_REQUIRED);
    ct_ok(kx_doc_set(doc, "age", kx_text("30")));
    ct_fails(kx_doc_save(doc), KX_INVALID);
    ck_assert_str_eq(kx_last_error()->collection, "people");
    ck_assert_str_eq(kx_last_error()->path, "age");
    ct_ok(kx_doc_set(doc, "age", kx_int(3)));
    ct_ok(kx_doc_unset(doc, "name"));
    ct_fails(kx_doc_save(doc), KX_REQUIRED);
    ck_assert_str_eq(ct_dump(txn), before);
    ct_ok(kx_doc_set(doc, "name", kx_text("b")));
    ct_ok(kx_doc_save(doc));
    end_and_close(txn);
}
END_TEST

/* ---- initial values ----------------------------------------------------------------- */

static const kx_model orders = {
    .name = "orders",
    .fields = FIELDS({.path = "status", .type = KX_TYPE_TEXT, .initial = "new"},
                     {.path = "count", .type = KX_TYPE_INT, .initial = "1"},
                     {.path = "rate", .type = KX_TYPE_REAL, .initial = "0.5"},
                     {.path = "open", .type = KX_TYPE_BOOL, .initial = "true"},
                     {.path = "address.zip", .type = KX_TYPE_INT, .optional = true, .initial = "7"}),
    .indexes = INDEXES({.paths = "status,-count"}, {.paths = "address.zip"}),
};

START_TEST(initial_values_are_written_at_insert_where_nothing_is_set)
{
    kx_txn *txn = open_with(&orders);
    const char *filled = "{\"status\":\"new\",\"count\":1,\"rate\":0.5,\"open\":true,\"address\":{\"zip\":7}}";
    kx_doc *doc, *found;
    ct_insert(txn, "orders", "{}");
    ck_assert_str_eq(ct_json(txn, "orders", 1), filled);
    ct_ok(kx_doc_new(txn, "orders", &doc));
    ct_ok(kx_doc_save(doc));
    ck_assert_str_eq(ct_shows(doc), filled);
    ct_ok(kx_get(txn, "orders", "address.zip", kx_int(7), &found));
    ck_assert_uint_eq(kx_doc_id(found), 1);
    ct_insert(txn, "orders", "{\"count\":9,\"status\":\"old\",\"address\":{\"zip\":null,\"x\":1}}");
    ck_assert_str_eq(ct_json(txn, "orders", 3),
                     "{\"count\":9,\"status\":\"old\",\"address\":{\"zip\":null,\"x\":1},\"rate\":0.5,\"open\":true}");
    ct_fails(ct_try_insert(txn, "orders", "{\"status\":null}"), KX_REQUIRED);
    ct_fails(ct_try_insert(txn, "orders", "{\"address\":5}"), KX_INVALID);
    end_and_close(txn);
}
END_TEST

START_TEST(initial_values_are_not_written_at_an_update)
{
    kx_txn *txn = open_with(&orders);
    ct_insert(txn, "orders", "{}");
    ct_fails(ct_put(txn, "orders", 1, "{\"status\":\"x\"}"), KX_REQUIRED);
    ct_ok(ct_put(txn, "orders", 1, "{\"status\":\"x\",\"count\":1,\"rate\":1,\"open\":false}"));
    ck_assert_str_eq(ct_json(txn, "orders", 1), "{\"status\":\"x\",\"count\":1,\"rate\":1,\"open\":false}");
    kx_doc *doc = ct_get(txn, "orders", 1);
    ct_ok(kx_doc_unset(doc, "count"));
    ct_fails(kx_doc_save(doc), KX_REQUIRED);
    end_and_close(txn);
}
END_TEST

/* ---- fields over documents that are there ------------------------------------------------ */

/* `count` documents, each third of which has a status already. */
static kx_txn *open_filled(uint64_t count)
{
    const kx_model bare = {.name = "orders", .indexes = INDEXES({.paths = "n"}, {.paths = "status"})};
    kx_txn *txn = open_with(&bare);
    for (uint64_t i = 1; i <= count; i++)
        ct_insert(txn, "orders",
                  i % 3 == 0 ? kxt_print("{\"n\":%" PRIu64 ",\"status\":\"done\"}", i)
                             : kxt_print("{\"n\":%" PRIu64 "}", i));
    ct_ok(kx_txn_commit(txn));
    return ct_begin(the_db, KX_WRITE);
}

START_TEST(declaring_an_initial_value_fills_older_documents_and_their_indexes)
{
    enum { COUNT = 3500 };
    const kx_model model = {
        .name = "orders",
        .fields = FIELDS({.path = "status", .type = KX_TYPE_TEXT, .initial = "new"},
                         {.path = "address.zip", .type = KX_TYPE_INT, .initial = "5"}),
        .indexes = INDEXES({.paths = "address.zip"}),
    };
    kx_txn *txn = open_filled(COUNT);
    kx_doc *doc = ct_get(txn, "orders", 1);
    ct_ok(kx_doc_set(doc, "mine", kx_int(1)));
    ct_ok(kx_declare(txn, MODELS(&model)));
    ck_assert_str_eq(ct_json(txn, "orders", 1), "{\"n\":1,\"status\":\"new\",\"address\":{\"zip\":5}}");
    ck_assert_str_eq(ct_json(txn, "orders", COUNT - COUNT % 3),
                     kxt_print("{\"n\":%d,\"status\":\"done\",\"address\":{\"zip\":5}}", COUNT - COUNT % 3));
    uint64_t count;
    ct_ok(kx_count(txn, "orders", &(kx_query){.where = KX_WHERE({"status", KX_EQ, kx_text("new")})}, &count));
    ck_assert_uint_eq(count, COUNT - COUNT / 3);
    ct_ok(kx_count(txn, "orders", &(kx_query){.where = KX_WHERE({"address.zip", KX_EQ, kx_int(5)})}, &count));
    ck_assert_uint_eq(count, COUNT);
    ct_ok(kx_doc_save(doc));
    ck_assert_str_eq(ct_json(txn, "orders", 1), "{\"n\":1,\"status\":\"new\",\"address\":{\"zip\":5},\"mine\":1}");
    end_and_close(txn);
}
END_TEST

START_TEST(a_new_required_field_without_an_initial_value_is_refused)
{
    const kx_model model = {.name = "orders", .fields = FIELDS({.path = "status", .type = KX_TYPE_TEXT})};
    kx_txn *txn = open_filled(5);
    const char *before = ct_dump(txn);
    ct_fails(kx_declare(txn, MODELS(&model)), KX_REQUIRED);
    ck_assert_str_eq(kx_errmsg(), "document 1: orders.status is required and is missing");
    ck_assert_str_eq(ct_dump(txn), before);
    kx_field field;
    ck_assert_int_eq(kx_field_at(txn, "orders", 0, &field), KX_NOTFOUND);
    ct_insert(txn, "orders", "{}");
    end_and_close(txn);
}
END_TEST

START_TEST(documents_that_do_not_fit_refuse_a_field_after_others_were_filled)
{
    const kx_model model = {
        .name = "orders",
        .fields = FIELDS({.path = "kind", .type = KX_TYPE_INT, .initial = "1"},
                         {.path = "status", .type = KX_TYPE_INT, .optional = true}),
        .indexes = INDEXES({.paths = "kind"}),
    };
    kx_txn *txn = open_filled(1200);
    kx_doc *doc = ct_get(txn, "orders", 1);
    ct_ok(kx_doc_set(doc, "mine", kx_int(1)));
    const char *before = ct_dump(txn);
    ct_fails(kx_declare(txn, MODELS(&model)), KX_INVALID);
    ck_assert_str_eq(kx_errmsg(), "document 3: orders.status: expected int, found text");
    ck_assert_str_eq(ct_dump(txn), before);
    ct_ok(kx_doc_save(doc));
    ck_assert_str_eq(ct_json(txn, "orders", 1), "{\"n\":1,\"mine\":1}");
    end_and_close(txn);
}
END_TEST

START_TEST(a_dropped_field_is_not_checked_any_more)
{
    kx_txn *txn = open_with(&people);
    ct_ok(kx_drop_field(txn, "people", "name"));
    ct_ok(kx_drop_field(txn, "people", "any"));
    ct_insert(txn, "people", "{\"name\":5}");
    ct_fails(kx_drop_field(txn, "people", "name"), KX_INVALID);
    ct_fails(kx_declare(txn, MODELS(&people)), KX_INVALID);
    ct_ok(kx_remove(txn, "people", 1));
    ct_ok(kx_declare(txn, MODELS(&people)));
    ct_fails(ct_try_insert(txn, "people", "{\"name\":5,\"any\":1}"), KX_INVALID);
    end_and_close(txn);
}
END_TEST

START_TEST(a_field_of_another_type_contradicts)
{
    const kx_model other = {.name = "people", .fields = FIELDS({.path = "name", .type = KX_TYPE_INT})};
    kx_txn *txn = open_with(&people);
    ct_fails(kx_declare(txn, MODELS(&other)), KX_CONFLICT);
    end_and_close(txn);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("collection/fields");
    TCase *tests = tcase_create("fields");
    tcase_add_test(tests, a_field_takes_its_own_type_and_names_any_other);
    tcase_add_test(tests, required_means_there_and_not_null);
    tcase_add_test(tests, every_way_of_writing_is_checked);
    tcase_add_test(tests, initial_values_are_written_at_insert_where_nothing_is_set);
    tcase_add_test(tests, initial_values_are_not_written_at_an_update);
    tcase_add_test(tests, declaring_an_initial_value_fills_older_documents_and_their_indexes);
    tcase_add_test(tests, a_new_required_field_without_an_initial_value_is_refused);
    tcase_add_test(tests, documents_that_do_not_fit_refuse_a_field_after_others_were_filled);
    tcase_add_test(tests, a_dropped_field_is_not_checked_any_more);
    tcase_add_test(tests, a_field_of_another_type_contradicts);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return kxt_run(suite());
}
