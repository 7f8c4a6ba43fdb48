/* test_golden.c -- stores of every released format open, say what they said, and can be written. */
#include "collection_test.h"
#include "golden/golden.h"

static kx_db *open_golden(const char *name)
{
    size_t size;
    char *bytes = kxt_read_file(kxt_source(kxt_print("tests/golden/%s.kx", name)), &size);
    kxt_write_bytes(kxt_path("store.kx"), bytes, size);
    return ct_open(NULL);
}

START_TEST(format_1_reads_as_it_was_written)
{
    kx_db *db = open_golden("format1");
    kx_txn *txn = ct_begin(db, KX_READ);
    char *dump = golden_dump(txn);
    kx_info info;
    ck_assert_ptr_nonnull(dump);
    ck_assert_str_eq(dump, kxt_read_file(kxt_source("tests/golden/format1.jsonl"), NULL));
    free(dump);
    ct_check(txn);
    ct_ok(kx_db_info(txn, &info));
    ck_assert_uint_eq(info.format, 1);
    ck_assert_uint_eq(info.schema_version, 3);
    kx_txn_abort(txn);
    ct_ok(kx_close(db));
}
END_TEST

START_TEST(format_1_is_found_by_its_indexes_and_relations)
{
    kx_db *db = open_golden("format1");
    kx_txn *txn = ct_begin(db, KX_READ);
    kx_doc *doc, *user;
    uint64_t count;
    ct_ok(kx_get(txn, "users", "email", kx_text("ada@example.com"), &user));
    ck_assert_uint_eq(kx_doc_id(user), 7);
    ct_ok(kx_count(txn, "users", &(kx_query){.where = KX_WHERE({"tags", KX_CONTAINS, kx_int(1)})}, &count));
    ck_assert_uint_eq(count, 1);
    ct_ok(kx_related_count(user, "orders", NULL, &count));
    ck_assert_uint_eq(count, 2);
    ct_ok(kx_get_by_id(txn, "orders", 2, &doc));
    ct_ok(kx_doc_follow(doc, "parent", &doc));
    ck_assert_uint_eq(kx_doc_id(doc), 1);
    ct_ok(kx_get(txn, "values", "n", kx_int(3), &doc));
    ct_ok(kx_related_count(doc, "readers", NULL, &count));
    ck_assert_uint_eq(count, 2);
    ct_ok(kx_get(txn, "values", "v", kx_text(kxt_print("%0600d2", 7)), &doc));
    ct_ok(kx_count(txn, "values", &(kx_query){.where = KX_WHERE({"v", KX_EQ, kx_text(kxt_print("%0600d0", 7))})},
                   &count));
    ck_assert_uint_eq(count, 2);
    kx_txn_abort(txn);
    ct_ok(kx_close(db));
}
END_TEST

START_TEST(format_1_can_be_written_on)
{
    kx_db *db = open_golden("format1");
    kx_txn *txn = ct_begin(db, KX_WRITE);
    ck_assert_uint_eq(ct_insert(txn, "users", "{\"name\":\"New\"}"), 101);
    ck_assert_uint_eq(ct_insert(txn, "orders", "{\"user_id\":101,\"lines\":[{\"sku\":5}]}"), 5000000001);
    ct_fails(ct_try_insert(txn, "users", "{\"name\":\"b\",\"email\":\"ada@example.com\"}"), KX_EXISTS);
    ct_fails(ct_try_insert(txn, "users", "{\"name\":5}"), KX_INVALID);
    for (uint64_t id = 1; id <= 40; id += 3)
        ct_ok(kx_remove(txn, "values", id));
    const kx_model added = {.name = "added", .indexes = INDEXES({.paths = "a", .unique = true}, {.paths = "b"})};
    ct_ok(kx_declare(txn, MODELS(&added)));
    ct_insert(txn, "added", "{\"a\":1,\"b\":2}");
    ct_check(txn);
    ct_ok(kx_txn_commit(txn));
    ct_check_store(db);
    ct_ok(kx_close(db));
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("collection/golden");
    TCase *tests = tcase_create("golden");
    tcase_add_test(tests, format_1_reads_as_it_was_written);
    tcase_add_test(tests, format_1_is_found_by_its_indexes_and_relations);
    tcase_add_test(tests, format_1_can_be_written_on);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return kxt_run(suite());
}
