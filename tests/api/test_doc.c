/*
 * test_doc.c -- documents in hand: every getter against every type, paths, changes, walks, whole documents, copies.
 */
#include "api_test.h"

#define ALL_TYPES                                                                                                \
    "{\"null\":null,\"true\":true,\"int\":-5,\"zero\":0,\"big\":{\"$numberUnsigned\":\"18446744073709551615\"}," \
    "\"real\":2.5,\"whole\":3.0,\"text\":\"hi\",\"empty\":\"\",\"bytes\":{\"$binary\":{\"base64\":\"AAH/"        \
    "\",\"subType\":\"00\"}},"                                                                                   \
    "\"time\":{\"$date\":\"1970-01-01T00:00:01.5Z\"},\"list\":[1,\"two\",[3]],\"map\":{\"in\":{\"side\":7}},"    \
    "\"ext\":{\"$ext\":{\"type\":5,\"base64\":\"AQ==\"}},\"a.b\":1,\"exact\":9007199254740993}"

static const kx_model things = {.name = "things"};

static kx_doc *start(box *it)
{
    *it = at_start(MODELS(&things));
    return at_make(it->txn, "things", ALL_TYPES);
}

/* ---- getters ------------------------------------------------------------------------ */

enum { BOOL = 1, INT = 2, UINT = 4, REAL = 8, TEXT = 16, BINARY = 32, TIME = 64, COUNT = 128 };

static const struct { const char *path; int answered; const char *found; } answers[] = {
    {"null", 0, "null"},      {"true", BOOL, "bool"},   {"int", INT | REAL, "int"},  {"zero", INT | UINT | REAL, "int"},
    {"big", UINT, "int"},     {"real", REAL, "real"},   {"whole", REAL, "real"},     {"text", TEXT, "text"},
    {"empty", TEXT, "text"},  {"bytes", BINARY, "binary"}, {"time", TIME, "time"},   {"list", COUNT, "array"},
    {"map", COUNT, "map"},    {"ext", 0, "ext"},        {"exact", INT | UINT, "int"},
};

/* Ask with one getter; *zero tells whether what it gave is nothing. */
static int ask(const kx_doc *doc, int getter, const char *path, bool *zero)
{
    bool truth = true;
    int64_t integer = 7;
    uint64_t natural = 7;
    double real = 7;
    const char *text = "x";
    const void *data = "x";
    size_t size = 7;
    uint32_t nanoseconds = 7;
    int rc;
    switch (getter) {
    case BOOL: rc = kx_doc_get_bool(doc, path, &truth); *zero = !truth; return rc;
    case INT: rc = kx_doc_get_int(doc, path, &integer); *zero = integer == 0; return rc;
    case UINT: rc = kx_doc_get_uint(doc, path, &natural); *zero = natural == 0; return rc;
    case REAL: rc = kx_doc_get_real(doc, path, &real); *zero = !(real < 0 || real > 0); return rc;
    case TEXT: rc = kx_doc_get_text(doc, path, &text, &size); *zero = text == NULL && size == 0; return rc;
    case BINARY: rc = kx_doc_get_binary(doc, path, &data, &size); *zero = data == NULL && size == 0; return rc;
    case TIME:
        rc = kx_doc_get_time(doc, path, &integer, &nanoseconds);
        *zero = integer == 0 && nanoseconds == 0;
        return rc;
    default: rc = kx_doc_count(doc, path, &size); *zero = size == 0; return rc;
    }
}

START_TEST(each_getter_answers_its_types_and_names_the_others)
{
    box it;
    kx_doc *doc = start(&it);
    bool zero;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        for (int getter = BOOL; getter <= COUNT; getter *= 2) {
            int rc = ask(doc, getter, answers[i].path, &zero);
            ck_assert_msg(rc == (answers[i].answered & getter ? KX_OK : KX_INVALID), "%s by %d: %d", answers[i].path,
                          getter, rc);
            if (rc != KX_OK) {
                ck_assert(zero);
                ck_assert_str_eq(kx_last_error()->path, answers[i].path);
                ck_assert_str_eq(kx_last_error()->collection, "things");
                ck_assert_msg(strstr(kx_errmsg(), kxt_print("found %s", answers[i].found)) ||
                                  strstr(kx_errmsg(), " is "),
                              "%s", kx_errmsg());
            }
        }
    }
    for (int getter = BOOL; getter <= COUNT; getter *= 2) {
        ck_assert_int_eq(ask(doc, getter, "missing", &zero), KX_NOTFOUND);
        at_text("things.missing is missing");
        ck_assert(zero);
        ck_assert_int_eq(ask(doc, getter, "list[]", &zero), KX_INVALID);
        ck_assert_int_eq(ask(doc, getter, "a..b", &zero), KX_INVALID);
        ck_assert(zero);
    }
    at_end(&it);
}
END_TEST

START_TEST(what_is_read_is_what_was_written)
{
    box it;
    kx_doc *doc = start(&it);
    kx_value value;
    int64_t integer;
    uint64_t natural;
    uint32_t nanoseconds;
    double real;
    const void *data;
    const char *text;
    size_t size;
    at_ok(kx_doc_get(doc, "null", &value));
    ck_assert_int_eq(value.type, KX_TYPE_NULL);
    at_ok(kx_doc_get_int(doc, "int", &integer));
    ck_assert_int_eq(integer, -5);
    at_ok(kx_doc_get_uint(doc, "big", &natural));
    ck_assert_uint_eq(natural, UINT64_MAX);
    at_ok(kx_doc_get_real(doc, "int", &real));
    ck_assert(real < -4.9 && real > -5.1);
    at_ok(kx_doc_get_time(doc, "time", &integer, &nanoseconds));
    ck_assert(integer == 1 && nanoseconds == 500000000);
    at_ok(kx_doc_get_time(doc, "time", &integer, NULL));
    at_ok(kx_doc_get_binary(doc, "bytes", &data, &size));
    ck_assert(size == 3 && memcmp(data, "\0\1\377", 3) == 0);
    at_ok(kx_doc_get_text(doc, "empty", &text, &size));
    ck_assert(text != NULL && size == 0);
    at_ok(kx_doc_get(doc, "ext", &value));
    ck_assert(value.type == KX_TYPE_EXT && value.extra == 5 && value.size == 1);
    at_fails(kx_doc_get_real(doc, "exact", &real), KX_INVALID);
    at_fails(kx_doc_get(doc, "nowhere", &value), KX_NOTFOUND);
    ck_assert_int_eq(value.type, KX_TYPE_NONE);
    at_end(&it);
}
END_TEST

START_TEST(paths_lead_into_maps_arrays_and_odd_names)
{
    box it;
    kx_doc *doc = start(&it);
    int64_t integer;
    at_ok(kx_doc_get_int(doc, "map.in.side", &integer));
    ck_assert_int_eq(integer, 7);
    at_ok(kx_doc_get_int(doc, "list[0]", &integer));
    at_ok(kx_doc_get_int(doc, "list[2][0]", &integer));
    ck_assert_int_eq(integer, 3);
    at_ok(kx_doc_get_int(doc, "`a.b`", &integer));
    at_fails(kx_doc_get_int(doc, "a.b", &integer), KX_NOTFOUND);
    at_fails(kx_doc_get_int(doc, "list[3]", &integer), KX_NOTFOUND);
    at_fails(kx_doc_get_int(doc, "text.x", &integer), KX_NOTFOUND);
    at_fails(kx_doc_get_int(doc, "list.x", &integer), KX_NOTFOUND);
    at_fails(kx_doc_get_int(doc, "", &integer), KX_INVALID);
    at_fails(kx_doc_get_int(doc, "`a", &integer), KX_INVALID);
    at_end(&it);
}
END_TEST

START_TEST(short_texts_end_in_nul_and_slices_do_not)
{
    box it;
    kx_doc *doc = start(&it);
    size_t size = 7;
    const char *text = kx_doc_text(doc, "text"), *again = kx_doc_text(doc, "empty");
    ck_assert_str_eq(text, "hi");
    ck_assert_str_eq(again, "");
    ck_assert(memcmp(kx_doc_slice(doc, "text", &size), "hi", 2) == 0 && size == 2);
    ck_assert_ptr_nonnull(kx_doc_slice(doc, "text", NULL));
    ck_assert_ptr_null(kx_doc_slice(doc, "int", &size));
    ck_assert(size == 0 && kx_last_error()->code == KX_INVALID);
    ck_assert_ptr_null(kx_doc_text(doc, "int"));
    ck_assert_int_eq(kx_last_error()->code, KX_INVALID);
    ck_assert_ptr_null(kx_doc_text(doc, "missing"));
    ck_assert_int_eq(kx_last_error()->code, KX_NOTFOUND);
    at_ok(kx_doc_set(doc, "nul", kx_text_n("a\0b", 3)));
    ck_assert_ptr_null(kx_doc_text(doc, "nul"));
    ck_assert_int_eq(kx_last_error()->code, KX_INVALID);
    ck_assert(memcmp(kx_doc_slice(doc, "nul", &size), "a\0b", 3) == 0 && size == 3);
    at_ok(kx_doc_unset(doc, "text"));
    ck_assert_str_eq(text, "hi");
    at_end(&it);
}
END_TEST

/* ---- changes --------------------------------------------------------------------------- */

START_TEST(setting_makes_what_is_on_the_way)
{
    box it = at_start(MODELS(&things));
    kx_doc *doc;
    at_ok(kx_doc_new(it.txn, "things", &doc));
    ck_assert(kx_doc_is_new(doc) && kx_doc_is_changed(doc) && kx_doc_id(doc) == 0);
    ck_assert_str_eq(kx_doc_collection(doc), "things");
    at_ok(kx_doc_set(doc, "a.b.c", kx_int(1)));
    at_ok(kx_doc_set(doc, "a.b.d", kx_bool(true)));
    at_ok(kx_doc_append(doc, "tags", kx_text("x")));
    at_ok(kx_doc_append(doc, "tags", kx_null()));
    at_ok(kx_doc_set(doc, "tags[2]", kx_real(0.5)));
    at_ok(kx_doc_set(doc, "tags[0]", kx_text("y")));
    at_ok(kx_doc_set(doc, "`odd.name`", kx_int(2)));
    ck_assert_str_eq(at_shows(doc), "{\"a\":{\"b\":{\"c\":1,\"d\":true}},\"tags\":[\"y\",null,0.5],\"odd.name\":2}");
    at_ok(kx_doc_unset(doc, "a.b.c"));
    at_ok(kx_doc_unset(doc, "tags[1]"));
    at_ok(kx_doc_unset(doc, "nothing.there"));
    at_ok(kx_doc_unset(doc, "`odd.name`"));
    ck_assert_str_eq(at_shows(doc), "{\"a\":{\"b\":{\"d\":true}},\"tags\":[\"y\",0.5]}");
    at_ok(kx_doc_save(doc));
    ck_assert(!kx_doc_is_new(doc) && !kx_doc_is_changed(doc) && kx_doc_id(doc) == 1);
    at_ok(kx_doc_set(doc, "a", kx_null()));
    ck_assert(kx_doc_is_changed(doc));
    ck_assert_str_eq(at_stored(it.txn, "things", 1), "{\"a\":{\"b\":{\"d\":true}},\"tags\":[\"y\",0.5]}");
    at_ok(kx_doc_reload(doc));
    ck_assert(!kx_doc_is_changed(doc));
    at_end(&it);
}
END_TEST

START_TEST(every_type_goes_in_and_comes_out)
{
    box it = at_start(MODELS(&things));
    const kx_value values[] = {kx_null(),
                               kx_bool(false),
                               kx_int(INT64_MIN),
                               kx_uint(UINT64_MAX),
                               kx_real(-0.25),
                               kx_text("é"),
                               kx_binary("\0x", 2),
                               kx_time(-1, 999999999),
                               kx_ext(-7, "abc", 3),
                               kx_msgpack("\x92\x01\x02", 3),
                               kx_msgpack("\x81\xa1k\xc0", 4),
                               kx_text_n("", 0),
                               kx_binary(NULL, 0)};
    kx_doc *doc;
    kx_value back;
    at_ok(kx_doc_new(it.txn, "things", &doc));
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        at_ok(kx_doc_set(doc, kxt_print("v%zu", i), values[i]));
    at_ok(kx_doc_save(doc));
    at_renew(&it, KX_READ);
    doc = at_get(it.txn, "things", 1);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        at_ok(kx_doc_get(doc, kxt_print("v%zu", i), &back));
        ck_assert_int_eq(back.type, values[i].type);
        ck_assert(back.integer == values[i].integer && back.extra == values[i].extra && back.size == values[i].size);
        ck_assert(memcmp(&back.real, &values[i].real, sizeof back.real) == 0);
        if (back.size != 0)
            ck_assert_mem_eq(back.data, values[i].data, back.size);
    }
    at_end(&it);
}
END_TEST

START_TEST(a_change_that_is_refused_changes_nothing)
{
    box it;
    kx_doc *doc = start(&it);
    const char *before = at_shows(doc);
    at_fails(kx_doc_set(doc, "text.x", kx_int(1)), KX_INVALID);
    at_fails(kx_doc_set(doc, "a[", kx_int(1)), KX_INVALID);
    at_fails(kx_doc_set(doc, "", kx_int(1)), KX_INVALID);
    at_fails(kx_doc_set(doc, "list[]", kx_int(1)), KX_INVALID);
    at_fails(kx_doc_set(doc, "list[9]", kx_int(1)), KX_INVALID);
    at_fails(kx_doc_set(doc, "_id", kx_int(1)), KX_INVALID);
    at_fails(kx_doc_set(doc, "x", kx_text_n("\xff", 1)), KX_INVALID);
    at_fails(kx_doc_set(doc, "x", kx_list(KX_ARGS(kx_int(1)))), KX_INVALID);
    at_fails(kx_doc_set(doc, "x", kx_time(0, 1000000000)), KX_INVALID);
    at_fails(kx_doc_set(doc, "x", (kx_value){.type = (kx_type)99}), KX_INVALID);
    at_fails(kx_doc_set(doc, "x", (kx_value){.type = KX_TYPE_MAP, .data = "\x81\x01\x02", .size = 3}), KX_INVALID);
    at_fails(kx_doc_append(doc, "text", kx_int(1)), KX_INVALID);
    at_fails(kx_doc_append(doc, "map", kx_int(1)), KX_INVALID);
    at_fails(kx_doc_unset(doc, "list[]"), KX_INVALID);
    ck_assert_str_eq(at_shows(doc), before);
    at_ok(kx_doc_save(doc));
    at_renew(&it, KX_READ);
    doc = at_get(it.txn, "things", 1);
    at_fails(kx_doc_set(doc, "x", kx_int(1)), KX_READONLY);
    at_fails(kx_doc_unset(doc, "text"), KX_READONLY);
    at_fails(kx_doc_append(doc, "list", kx_int(1)), KX_READONLY);
    at_fails(kx_doc_save(doc), KX_READONLY);
    at_fails(kx_doc_delete(doc), KX_READONLY);
    kx_doc *fresh;
    at_fails(kx_doc_new(it.txn, "things", &fresh), KX_READONLY);
    ck_assert_ptr_null(fresh);
    at_end(&it);
}
END_TEST

START_TEST(a_deleted_document_can_be_read_and_not_saved)
{
    box it;
    kx_doc *doc = start(&it);
    at_fails(kx_doc_delete(doc), KX_NOTFOUND);
    at_fails(kx_doc_reload(doc), KX_NOTFOUND);
    at_ok(kx_doc_save(doc));
    at_ok(kx_doc_delete(doc));
    ck_assert_str_eq(kx_doc_text(doc, "text"), "hi");
    at_ok(kx_doc_set(doc, "text", kx_text("ho")));
    at_fails(kx_doc_save(doc), KX_NOTFOUND);
    at_fails(kx_doc_delete(doc), KX_NOTFOUND);
    at_fails(kx_doc_reload(doc), KX_NOTFOUND);
    ck_assert_str_eq(kx_doc_text(doc, "text"), "ho");
    at_end(&it);
}
END_TEST

/* ---- walks ---------------------------------------------------------------------------------- */

START_TEST(walks_show_members_in_order)
{
    box it = at_start(MODELS(&things));
    kx_doc *doc = at_make(it.txn, "things", "{\"list\":[1,\"two\",[3]],\"map\":{\"k\":true},\"none\":[]}");
    kx_iter iter, inner;
    size_t count;
    const char *names = "";
    at_ok(kx_doc_iter(doc, "", &iter));
    while (kx_iter_next(&iter))
        names = kxt_print("%s %.*s:%d", names, (int)iter.key.size, (const char *)iter.key.data, (int)iter.value.type);
    ck_assert_str_eq(names, kxt_print(" list:%d map:%d none:%d", KX_TYPE_ARRAY, KX_TYPE_MAP, KX_TYPE_ARRAY));
    ck_assert(iter.key.type == KX_TYPE_NONE && iter.value.type == KX_TYPE_NONE);
    ck_assert(!kx_iter_next(&iter));
    at_ok(kx_doc_iter(doc, "list", &iter));
    for (int i = 0; kx_iter_next(&iter); i++) {
        ck_assert_int_eq(iter.key.type, KX_TYPE_NONE);
        ck_assert_int_eq(iter.value.type, i == 0 ? KX_TYPE_INT : i == 1 ? KX_TYPE_TEXT : KX_TYPE_ARRAY);
        if (i == 2) {
            at_ok(kx_value_iter(&iter.value, &inner));
            ck_assert(kx_iter_next(&inner) && inner.value.integer == 3 && !kx_iter_next(&inner));
        }
    }
    at_ok(kx_doc_iter(doc, "none", &iter));
    ck_assert(!kx_iter_next(&iter));
    at_fails(kx_doc_iter(doc, "list[0]", &iter), KX_INVALID);
    at_fails(kx_doc_iter(doc, "nowhere", &iter), KX_NOTFOUND);
    ck_assert(!kx_iter_next(&iter));
    at_ok(kx_doc_count(doc, "", &count));
    ck_assert_uint_eq(count, 3);
    at_ok(kx_doc_count(doc, "list", &count));
    ck_assert_uint_eq(count, 3);
    at_ok(kx_doc_count(doc, "none", &count));
    ck_assert_uint_eq(count, 0);
    at_end(&it);
}
END_TEST

/* ---- whole ------------------------------------------------------------------------------------ */

START_TEST(json_and_messagepack_go_both_ways)
{
    box it;
    kx_doc *doc = start(&it), *back;
    const void *data;
    const char *json;
    size_t size;
    at_ok(kx_doc_msgpack(doc, &data, &size));
    at_ok(kx_doc_from_msgpack(it.txn, "things", data, size, &back));
    ck_assert_str_eq(at_shows(back), at_shows(doc));
    back = at_make(it.txn, "things", at_shows(doc));
    ck_assert_str_eq(at_shows(back), at_shows(doc));
    at_ok(kx_doc_get_json(doc, "map", &json));
    ck_assert_str_eq(json, "{\"in\":{\"side\":7}}");
    at_fails(kx_doc_get_json(doc, "nowhere", &json), KX_NOTFOUND);
    ck_assert_ptr_null(json);
    at_end(&it);
}
END_TEST

START_TEST(what_is_no_document_is_refused)
{
    static const char *const bad_json[] = {
        "", "[]", "5", "{\"a\":1", "{\"a\":1}{}", "{\"a\":1,\"a\":2}", "{\"_id\":1}", "{\"a\":NaN}"};
    box it = at_start(MODELS(&things));
    kx_doc *doc;
    for (size_t i = 0; i < sizeof bad_json / sizeof *bad_json; i++) {
        at_fails(kx_doc_from_json(it.txn, "things", bad_json[i], &doc), KX_INVALID);
        ck_assert_ptr_null(doc);
    }
    static const struct { const char *bytes; size_t size;
    } bad_bytes[] = {{"\x90", 1},
                     {"\x81\xa1"
                      "a",
                      3},
                     {"\x80\x80", 2},
                     {"\xc1", 1},
                     {"\x81\x01\x01", 3},
                     {"\x82\xa1"
                      "a\x01\xa1"
                      "a\x02",
                      7},
                     {"\xdf\xff\xff\xff\xff", 5},
                     {"\x81\xa3_id\x01", 6},
                     {"\x81\xa1\xff\x01", 4}};
    for (size_t i = 0; i < sizeof bad_bytes / sizeof *bad_bytes; i++) {
        at_fails(kx_doc_from_msgpack(it.txn, "things", bad_bytes[i].bytes, bad_bytes[i].size, &doc), KX_INVALID);
        ck_assert_ptr_null(doc);
    }
    at_fails(kx_doc_new(it.txn, "nothing", &doc), KX_INVALID);
    at_says("nothing");
    at_end(&it);
}
END_TEST

START_TEST(a_copy_outlives_transaction_and_store)
{
    box it;
    kx_doc *doc = start(&it), *copy, *second, *target;
    const char *shown = at_shows(doc);
    at_ok(kx_doc_save(doc));
    at_ok(kx_doc_copy(doc, &copy));
    at_end(&it);
    ck_assert_str_eq(at_shows(copy), shown);
    ck_assert_str_eq(kx_doc_text(copy, "text"), "hi");
    ck_assert_str_eq(kx_doc_collection(copy), "things");
    ck_assert(kx_doc_id(copy) == 1 && !kx_doc_is_new(copy) && !kx_doc_is_changed(copy));
    at_ok(kx_doc_copy(copy, &second));
    kx_doc_release(copy);
    ck_assert_str_eq(at_shows(second), shown);
    at_fails(kx_doc_set(second, "a", kx_int(1)), KX_READONLY);
    at_fails(kx_doc_unset(second, "a"), KX_READONLY);
    at_fails(kx_doc_append(second, "a", kx_int(1)), KX_READONLY);
    at_fails(kx_doc_save(second), KX_READONLY);
    at_fails(kx_doc_delete(second), KX_READONLY);
    at_fails(kx_doc_reload(second), KX_READONLY);
    at_fails(kx_doc_follow(second, "x", &target), KX_READONLY);
    kx_doc_release(second);
}
END_TEST

static void add_changes(Suite *suite)
{
    TCase *cases = tcase_create("change");
    tcase_add_test(cases, setting_makes_what_is_on_the_way);
    tcase_add_test(cases, every_type_goes_in_and_comes_out);
    tcase_add_test(cases, a_change_that_is_refused_changes_nothing);
    tcase_add_test(cases, a_deleted_document_can_be_read_and_not_saved);
    tcase_add_test(cases, json_and_messagepack_go_both_ways);
    tcase_add_test(cases, what_is_no_document_is_refused);
    tcase_add_test(cases, a_copy_outlives_transaction_and_store);
    suite_add_tcase(suite, cases);
}

static Suite *doc_suite(void)
{
    Suite *suite = suite_create("api/doc");
    TCase *cases = tcase_create("read");
    tcase_add_test(cases, each_getter_answers_its_types_and_names_the_others);
    tcase_add_test(cases, what_is_read_is_what_was_written);
    tcase_add_test(cases, paths_lead_into_maps_arrays_and_odd_names);
    tcase_add_test(cases, short_texts_end_in_nul_and_slices_do_not);
    tcase_add_test(cases, walks_show_members_in_order);
    suite_add_tcase(suite, cases);
    add_changes(suite);
    return suite;
}

int main(void)
{
    return kxt_run(doc_suite());
}
