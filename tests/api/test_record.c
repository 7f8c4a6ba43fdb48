/*
 * test_record.c -- documents as bytes: insert, put, patch, remove, many at once, in JSON and in MessagePack.
 */
#include "api_test.h"

static const kx_model things = {.name = "things",
                                .fields = FIELDS({.path = "n", .type = KX_TYPE_INT, .optional = true},
                                                 {.path = "state", .type = KX_TYPE_TEXT, .initial = "new"}),
                                .indexes = INDEXES({.paths = "code", .unique = true})};

static int insert(box *it, const char *json)
{
    return kx_insert(it->txn, "things", json, strlen(json), NULL);
}

START_TEST(json_and_messagepack_are_told_by_their_first_byte)
{
    box it = at_start(MODELS(&things));
    uint64_t id;
    at_ok(kx_insert(it.txn, "things", "{\"n\":1}", 7, &id));
    ck_assert_uint_eq(id, 1);
    at_ok(kx_insert(it.txn, "things", " \n{\"n\":2}\n", 10, &id));
    at_ok(kx_insert(it.txn, "things", "\x81\xa1n\x03", 4, &id));
    ck_assert_uint_eq(id, 3);
    at_ok(kx_insert(it.txn, "things", "\x81\xa1n\xd3\x00\x00\x00\x00\x00\x00\x00\x04", 12, NULL));
    ck_assert_str_eq(at_stored(it.txn, "things", 2), "{\"n\":2,\"state\":\"new\"}");
    ck_assert_str_eq(at_stored(it.txn, "things", 4), "{\"n\":4,\"state\":\"new\"}");
    at_end(&it);
}
END_TEST

START_TEST(what_does_not_fit_is_refused_and_stores_nothing)
{
    box it = at_start(MODELS(&things));
    uint64_t id = 9;
    at_ok(insert(&it, "{\"code\":\"a\"}"));
    at_fails(kx_insert(it.txn, "things", "{\"n\": x}", 8, &id), KX_INVALID);
    at_says("line 1, column 7");
    ck_assert_uint_eq(id, 0);
    at_fails(insert(&it, "{\"n\":\"1\"}"), KX_INVALID);
    at_says("things.n");
    at_fails(insert(&it, "{\"n\":30.0}"), KX_INVALID);
    at_fails(insert(&it, "{\"state\":null}"), KX_REQUIRED);
    at_fails(insert(&it, "{\"code\":\"a\"}"), KX_EXISTS);
    at_text("things.code = \"a\" is taken by document 1");
    at_fails(insert(&it, "{\"_id\":7}"), KX_INVALID);
    at_fails(kx_insert(it.txn, "things", "\x81\xa1n", 3, NULL), KX_INVALID);
    at_fails(kx_insert(it.txn, "nothing", "{}", 2, NULL), KX_INVALID);
    ck_assert_uint_eq(at_count(it.txn, "things"), 1);
    at_renew(&it, KX_READ);
    at_fails(insert(&it, "{}"), KX_READONLY);
    at_fails(kx_put(it.txn, "things", 1, "{}", 2), KX_READONLY);
    at_fails(kx_patch(it.txn, "things", 1, "{}", 2), KX_READONLY);
    at_fails(kx_remove(it.txn, "things", 1), KX_READONLY);
    at_fails(kx_insert_many(it.txn, "things", &(kx_record){.data = "{}", .size = 2}, 1, NULL), KX_READONLY);
    at_end(&it);
}
END_TEST

START_TEST(put_replaces_whole_and_patch_names_fields)
{
    box it = at_start(MODELS(&things));
    at_ok(insert(&it, "{\"n\":1,\"code\":\"a\",\"more\":{\"x\":1,\"y\":2}}"));
    at_ok(insert(&it, "{\"code\":\"b\"}"));
    at_ok(kx_patch(it.txn, "things", 1, "{\"more\":{\"x\":5},\"n\":null}", 25));
    ck_assert_str_eq(at_stored(it.txn, "things", 1),
                     "{\"n\":null,\"code\":\"a\",\"more\":{\"x\":5},\"state\":\"new\"}");
    at_ok(kx_patch(it.txn, "things", 1, "\x81\xa1n\x07", 4));
    at_ok(kx_patch(it.txn, "things", 1, "{}", 2));
    at_fails(kx_patch(it.txn, "things", 1, "{\"code\":\"b\"}", 12), KX_EXISTS);
    at_fails(kx_patch(it.txn, "things", 1, "{\"n\":true}", 10), KX_INVALID);
    at_fails(kx_patch(it.txn, "things", 1, "{\"state\":null}", 14), KX_REQUIRED);
    at_fails(kx_patch(it.txn, "things", 3, "{}", 2), KX_NOTFOUND);
    ck_assert_str_eq(at_stored(it.txn, "things", 1), "{\"n\":7,\"code\":\"a\",\"more\":{\"x\":5},\"state\":\"new\"}");
    at_fails(kx_put(it.txn, "things", 1, "{\"state\":5}", 11), KX_INVALID);
    at_fails(kx_put(it.txn, "things", 1, "{\"code\":\"b\",\"state\":\"x\"}", 24), KX_EXISTS);
    at_fails(kx_put(it.txn, "things", 9, "{\"state\":\"x\"}", 13), KX_NOTFOUND);
    at_ok(kx_put(it.txn, "things", 1, "{\"state\":\"x\"}", 13));
    ck_assert_str_eq(at_stored(it.txn, "things", 1), "{\"state\":\"x\"}");
    at_ok(insert(&it, "{\"code\":\"a\"}"));
    at_end(&it);
}
END_TEST

START_TEST(a_removed_document_is_gone)
{
    box it = at_start(MODELS(&things));
    at_ok(insert(&it, "{\"code\":\"a\"}"));
    at_ok(kx_remove(it.txn, "things", 1));
    at_fails(kx_remove(it.txn, "things", 1), KX_NOTFOUND);
    at_fails(kx_remove(it.txn, "nothing", 1), KX_INVALID);
    at_ok(insert(&it, "{\"code\":\"a\"}"));
    ck_assert_str_eq(at_stored(it.txn, "things", 1), "none");
    ck_assert_str_eq(at_stored(it.txn, "things", 2), "{\"code\":\"a\",\"state\":\"new\"}");
    at_end(&it);
}
END_TEST

START_TEST(many_are_stored_together_or_not_at_all)
{
    box it = at_start(MODELS(&things));
    size_t failed = 99;
    kx_record records[] = {{.data = "{\"code\":\"a\"}", .size = 12},
                           {.data = "\x81\xa1n\x05", .size = 4},
                           {.data = "{\"code\":\"c\"}", .size = 12, .id = 10, .has_id = 1},
                           {.data = "{}", .size = 2, .exact = 0}};
    at_ok(kx_insert_many(it.txn, "things", records, 4, &failed));
    ck_assert(records[0].id == 1 && records[1].id == 2 && records[2].id == 10 && records[3].id == 11);
    ck_assert_str_eq(at_stored(it.txn, "things", 2), "{\"n\":5,\"state\":\"new\"}");
    kx_record more[] = {{.data = "{}", .size = 2}, {.data = "{\"code\":\"c\"}", .size = 12}};
    at_fails(kx_insert_many(it.txn, "things", more, 2, &failed), KX_EXISTS);
    ck_assert_uint_eq(failed, 1);
    more[1] = (kx_record){.data = "{}", .size = 2, .id = 10, .has_id = 1};
    at_fails(kx_insert_many(it.txn, "things", more, 2, &failed), KX_EXISTS);
    ck_assert_uint_eq(failed, 1);
    more[1] = (kx_record){.data = "{\"n\":\"x\"}", .size = 9};
    at_fails(kx_insert_many(it.txn, "things", more, 2, NULL), KX_INVALID);
    ck_assert_uint_eq(at_count(it.txn, "things"), 4);
    at_end(&it);
}
END_TEST

START_TEST(exact_records_get_no_initial_values)
{
    const kx_model loose = {.name = "loose", .fields = FIELDS({.path = "state", .type = KX_TYPE_TEXT, .optional = true,
                                                               .initial = "new"})};
    box it = at_start(MODELS(&loose));
    kx_record records[] = {{.data = "{}", .size = 2, .exact = 1}, {.data = "{}", .size = 2}};
    at_ok(kx_insert_many(it.txn, "loose", records, 2, NULL));
    ck_assert_str_eq(at_stored(it.txn, "loose", 1), "{}");
    ck_assert_str_eq(at_stored(it.txn, "loose", 2), "{\"state\":\"new\"}");
    at_end(&it);
}
END_TEST

static Suite *record_suite(void)
{
    Suite *suite = suite_create("api/record");
    TCase *cases = tcase_create("record");
    tcase_add_test(cases, json_and_messagepack_are_told_by_their_first_byte);
    tcase_add_test(cases, what_does_not_fit_is_refused_and_stores_nothing);
    tcase_add_test(cases, put_replaces_whole_and_patch_names_fields);
    tcase_add_test(cases, a_removed_document_is_gone);
    tcase_add_test(cases, many_are_stored_together_or_not_at_all);
    tcase_add_test(cases, exact_records_get_no_initial_values);
    suite_add_tcase(suite, cases);
    return suite;
}

int main(void)
{
    return kxt_run(record_suite());
}
