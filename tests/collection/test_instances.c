/* test_instances.c -- how long an instance lives, whose bytes it shows, and what saving it writes. */
#include "collection_test.h"

#include <pthread.h>

static const kx_model people = {.name = "people",
                                .indexes = INDEXES({.paths = "name"}, {.paths = "tags", .multi = true})};

static const kx_model nodes = {
    .name = "nodes",
    .indexes = INDEXES({.paths = "key", .primary = true}),
    .relations =
        (const kx_relation[]){
            {.name = "next",
             .kind = KX_FOREIGN_KEY,
             .target = "nodes",
             .foreign_key = "next_key",
             .related_field = "key",
             .optional = true},
            {.name = NULL},
        },
};

static const char ADA[] = "{\"name\":\"Ada\",\"born\":1815,\"tags\":[\"x\"],\"address\":{\"city\":\"London\"}}";

static kx_db *open_people(void)
{
    kx_db *db = ct_open(MODELS(&people));
    kx_txn *txn = ct_begin(db, KX_WRITE);
    ct_insert(txn, "people", ADA);
    ct_ok(kx_txn_commit(txn));
    return db;
}

static void end_and_close(kx_txn *txn)
{
    kx_db *db = txn->db;
    ct_check(txn);
    ct_ok(kx_txn_commit(txn));
    ct_check_store(db);
    ct_ok(kx_close(db));
}

/* ---- lifetimes ---------------------------------------------------------------- */

static size_t live_docs(const kx_txn *txn)
{
    size_t count = 0;
    for (const kx_doc *doc = txn->docs; doc != NULL; doc = doc->next)
        count++;
    return count;
}

static void get_and_release(kx_txn *txn)
{
    kx_doc *doc;
    ct_ok(kx_get_by_id(txn, "people", 1, &doc));
    ck_assert_str_eq(kx_doc_text(doc, "name"), "Ada");
    kx_doc_release(doc);
}

START_TEST(a_million_gets_and_releases_need_no_memory)
{
    kx_db *db = open_people();
    kx_txn *txn = ct_begin(db, KX_READ);
    get_and_release(txn);
    kx_base__fail_alloc_after(1000000);
    for (uint64_t i = 0; i < kxt_scaled(1000000); i++)
        get_and_release(txn);
    ck_assert_int_eq(kx_base__fail_alloc_after(-1), 1000000);
    ck_assert_uint_eq(live_docs(txn), 0);
    kx_txn_abort(txn);
    ct_ok(kx_close(db));
}
END_TEST

START_TEST(read_transactions_one_after_another_need_no_memory)
{
    kx_db *db = open_people();
    kx_doc *doc;
    for (int i = 0; i < 20; i++) {
        if (i == 10)
            kx_base__fail_alloc_after(1000000);
        kx_txn *txn = ct_begin(db, KX_READ);
        ct_ok(kx_get(txn, "people", "name", kx_text("Ada"), &doc));
        kx_txn_abort(txn);
    }
    ck_assert_int_eq(kx_base__fail_alloc_after(-1), 1000000);
    ct_ok(kx_close(db));
}
END_TEST

START_TEST(in_a_write_transaction_released_memory_is_used_again)
{
    kx_db *db = open_people();
    kx_txn *txn = ct_begin(db, KX_WRITE);
    for (int i = 0; i < 10; i++)
        kx_doc_release(ct_get(txn, "people", 1));
    kx_base__fail_alloc_after(1000000);
    for (int i = 0; i < 1000; i++)
        kx_doc_release(ct_get(txn, "people", 1));
    ck_assert_int_eq(kx_base__fail_alloc_after(-1), 1000000);
    ck_assert_uint_eq(live_docs(txn), 0);
    end_and_close(txn);
}
END_TEST

START_TEST(bytes_of_a_read_transaction_stay_where_they_are)
{
    kx_db *db = open_people();
    kx_txn *reader = ct_begin(db, KX_READ);
    kx_doc *doc = ct_get(reader, "people", 1);
    kx_value value;
    ct_ok(kx_doc_get(doc, "name", &value));
    for (int i = 0; i < 30; i++) {
        kx_txn *txn = ct_begin(db, KX_WRITE);
        ct_ok(ct_put(txn, "people", 1, kxt_print("{\"name\":\"%0500d\"}", i)));
        ct_ok(kx_txn_commit(txn));
    }
    ck_assert_mem_eq(value.data, "Ada", 3);
    kx_txn_abort(reader);
    ct_ok(kx_close(db));
}
END_TEST

START_TEST(in_a_write_transaction_an_instance_owns_its_bytes)
{
    kx_db *db = open_people();
    kx_txn *txn = ct_begin(db, KX_WRITE);
    kx_doc *doc = ct_get(txn, "people", 1);
    kx_value value;
    ct_ok(kx_doc_get(doc, "name", &value));
    for (int i = 0; i < 200; i++)
        ct_insert(txn, "people", kxt_print("{\"name\":\"%0500d\"}", i));
    ct_ok(kx_remove(txn, "people", 1));
    ck_assert_mem_eq(value.data, "Ada", 3);
    end_and_close(txn);
}
END_TEST

START_TEST(texts_are_copies_that_outlive_changes)
{
    kx_db *db = open_people();
    kx_txn *txn = ct_begin(db, KX_WRITE);
    kx_doc *doc = ct_get(txn, "people", 1);
    const char *name = kx_doc_text(doc, "name"), *city = kx_doc_text(doc, "address.city");
    char *long_text = kxt_print("%0300d", 1);
    ct_ok(kx_doc_set(doc, "name", kx_text(long_text)));
    const char *changed = kx_doc_text(doc, "name");
    ct_ok(kx_doc_save(doc));
    ct_ok(kx_doc_delete(doc));
    ck_assert_str_eq(name, "Ada");
    ck_assert_str_eq(city, "London");
    ck_assert_str_eq(changed, long_text);
    ck_assert_ptr_null(kx_doc_text(doc, "nothing"));
    ck_assert_int_eq(kx_last_error()->code, KX_NOTFOUND);
    ck_assert_ptr_null(kx_doc_text(doc, "born"));
    ck_assert_int_eq(kx_last_error()->code, KX_INVALID);
    end_and_close(txn);
}
END_TEST

START_TEST(a_kept_document_outlives_its_cursors_step)
{
    kx_db *db = open_people();
    kx_txn *txn = ct_begin(db, KX_WRITE);
    for (int i = 0; i < 3; i++)
        ct_insert(txn, "people", kxt_print("{\"name\":\"%d\"}", i));
    kx_cursor *cursor;
    kx_doc *kept, *doc;
    ct_ok(kx_find(txn, "people", NULL, &cursor));
    ct_ok(kx_cursor_next(cursor, &kept));
    ct_ok(kx_doc_keep(kept));
    while (kx_cursor_next(cursor, &doc) == KX_OK)
        ck_assert_ptr_ne(doc, kept);
    ct_ok(kx_cursor_close(cursor));
    ck_assert_str_eq(kx_doc_text(kept, "name"), "Ada");
    ck_assert_uint_eq(live_docs(txn), 1);
    kx_doc_release(kept);
    kx_doc_release(NULL);
    ck_assert_uint_eq(live_docs(txn), 0);
    end_and_close(txn);
}
END_TEST

/* Each holds the next: letting go of the first must not take a stack as deep as the chain is long. */
START_TEST(a_long_chain_of_followed_documents_is_released_without_a_deep_stack)
{
    kx_db *db = ct_open(MODELS(&nodes));
    kx_txn *txn = ct_begin(db, KX_WRITE);
    uint64_t count = kxt_scaled(200000);
    for (uint64_t i = 1; i <= count; i++)
        ct_insert(txn, "nodes", kxt_print("{\"key\":%" PRIu64 ",\"next_key\":%" PRIu64 "}", i, i + 1));
    ct_ok(kx_txn_commit(txn));
    txn = ct_begin(db, KX_READ);
    kx_doc *first = ct_get(txn, "nodes", 1), *doc = first;
    uint64_t length = 0;
    while (doc != NULL) {
        length++;
        ct_ok(kx_doc_follow(doc, "next", &doc));
    }
    ck_assert_uint_eq(length, count);
    kx_doc_release(first);
    ck_assert_uint_eq(live_docs(txn), 0);
    kx_txn_abort(txn);
    ct_ok(kx_close(db));
}
END_TEST

/* ---- copies ---------------------------------------------------------------------- */

static void *read_copy(void *context)
{
    ck_assert_str_eq(kx_doc_text(context, "address.city"), "London");
    ck_assert_str_eq(ct_shows(context), ADA);
    kx_doc *second;
    ct_ok(kx_doc_copy(context, &second));
    kx_doc_release(second);
    return NULL;
}

START_TEST(a_copy_is_free_of_transaction_and_thread)
{
    kx_db *db = open_people();
    kx_txn *txn = ct_begin(db, KX_WRITE);
    kx_doc *doc = ct_get(txn, "people", 1), *copy, *changed;
    ct_ok(kx_doc_copy(doc, &copy));
    ct_ok(kx_doc_set(doc, "born", kx_int(2)));
    ct_ok(kx_doc_copy(doc, &changed));
    const kx_model more = {.name = "more"};
    ct_ok(kx_declare(txn, MODELS(&more)));
    kx_txn_abort(txn);
    ct_ok(kx_close(db));
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, read_copy, copy), 0);
    pthread_join(thread, NULL);
    ck_assert_uint_eq(kx_doc_id(copy), 1);
    ck_assert_str_eq(kx_doc_collection(copy), "people");
    int64_t born;
    ct_ok(kx_doc_get_int(changed, "born", &born));
    ck_assert_int_eq(born, 2);
    ct_fails(kx_doc_set(copy, "a", kx_int(1)), KX_READONLY);
    ct_fails(kx_doc_save(copy), KX_READONLY);
    ct_fails(kx_doc_delete(copy), KX_READONLY);
    ct_fails(kx_doc_reload(copy), KX_READONLY);
    ct_fails(kx_doc_follow(copy, "friend", &doc), KX_READONLY);
    kx_doc_release(copy);
    kx_doc_release(changed);
}
END_TEST

START_TEST(a_copy_from_a_rolled_back_declaration_keeps_its_names)
{
    kx_db *db = open_people();
    kx_txn *txn = ct_begin(db, KX_WRITE), *child = ct_child(txn);
    const kx_model more = {.name = "more"};
    ct_ok(kx_declare(child, MODELS(&more)));
    ct_insert(child, "more", "{\"a\":1}");
    kx_doc *copy, *later, *doc = ct_get(child, "more", 1);
    ct_ok(kx_doc_copy(doc, &copy));
    kx_txn_abort(child);
    ct_ok(kx_doc_copy(doc, &later));
    ct_fails(kx_doc_save(doc), KX_INVALID);
    kx_txn_abort(txn);
    ct_ok(kx_close(db));
    ck_assert_str_eq(kx_doc_collection(copy), "more");
    ck_assert_str_eq(kx_doc_collection(later), "more");
    kx_doc_release(copy);
    kx_doc_release(later);
}
END_TEST

/* ---- saving ------------------------------------------------------------------------- */

START_TEST(two_instances_of_a_document_keep_each_others_fields)
{
    kx_db *db = open_people();
    kx_txn *txn = ct_begin(db, KX_WRITE);
    kx_doc *one = ct_get(txn, "people", 1), *two = ct_get(txn, "people", 1);
    ct_ok(kx_doc_set(one, "born", kx_int(1)));
    ct_ok(kx_doc_append(one, "tags", kx_text("one")));
    ct_ok(kx_doc_set(two, "address.city", kx_text("Ulm")));
    ct_ok(kx_doc_append(two, "tags", kx_text("two")));
    ct_ok(kx_doc_unset(two, "name"));
    ct_ok(kx_doc_save(one));
    ct_ok(kx_doc_save(two));
    const char *both = "{\"born\":1,\"tags\":[\"x\",\"one\",\"two\"],\"address\":{\"city\":\"Ulm\"}}";
    ck_assert_str_eq(ct_json(txn, "people", 1), both);
    ck_assert_str_eq(ct_shows(two), both);
    ct_ok(kx_doc_set(one, "x", kx_int(3)));
    ct_ok(kx_doc_save(one));
    ck_assert_str_eq(ct_json(txn, "people", 1),
                     "{\"born\":1,\"tags\":[\"x\",\"one\",\"two\"],\"address\":{\"city\":\"Ulm\"},\"x\":3}");
    end_and_close(txn);
}
END_TEST

START_TEST(saving_writes_over_what_a_put_has_stored_meanwhile)
{
    kx_db *db = open_people();
    kx_txn *txn = ct_begin(db, KX_WRITE);
    kx_doc *doc = ct_get(txn, "people", 1);
    ct_ok(kx_doc_set(doc, "born", kx_int(5)));
    ct_ok(ct_put(txn, "people", 1, "{\"other\":true}"));
    ct_ok(kx_doc_save(doc));
    ck_assert_str_eq(ct_json(txn, "people", 1), "{\"other\":true,\"born\":5}");
    ck_assert_str_eq(ct_shows(doc), "{\"other\":true,\"born\":5}");
    end_and_close(txn);
}
END_TEST

START_TEST(a_change_that_does_not_fit_what_is_stored_now_is_invalid_and_kept)
{
    kx_db *db = open_people();
    kx_txn *txn = ct_begin(db, KX_WRITE);
    kx_doc *doc = ct_get(txn, "people", 1);
    ct_ok(kx_doc_set(doc, "address.zip", kx_int(5)));
    ct_ok(ct_patch(txn, "people", 1, "{\"address\":\"none\"}"));
    const char *before = ct_dump(txn);
    ct_fails(kx_doc_save(doc), KX_INVALID);
    ck_assert_str_eq(ct_dump(txn), before);
    ck_assert(kx_doc_is_changed(doc));
    ct_ok(ct_patch(txn, "people", 1, "{\"address\":{}}"));
    ct_ok(kx_doc_save(doc));
    ck_assert_str_eq(ct_json(txn, "people", 1),
                     "{\"name\":\"Ada\",\"born\":1815,\"tags\":[\"x\"],\"address\":{\"zip\":5}}");
    end_and_close(txn);
}
END_TEST

START_TEST(saving_what_has_vanished_is_not_found)
{
    kx_db *db = open_people();
    kx_txn *txn = ct_begin(db, KX_WRITE);
    kx_doc *doc = ct_get(txn, "people", 1);
    ct_ok(kx_doc_set(doc, "born", kx_int(1)));
    ct_ok(kx_remove(txn, "people", 1));
    ct_fails(kx_doc_save(doc), KX_NOTFOUND);
    ct_fails(kx_doc_reload(doc), KX_NOTFOUND);
    ct_fails(kx_doc_delete(doc), KX_NOTFOUND);
    ck_assert(kx_doc_is_changed(doc));
    ck_assert_str_eq(kx_doc_text(doc, "name"), "Ada");
    ck_assert_uint_eq(ct_count(txn, "people"), 0);
    end_and_close(txn);
}
END_TEST

START_TEST(after_a_delete_the_fields_can_be_read_and_no_more)
{
    kx_db *db = open_people();
    kx_txn *txn = ct_begin(db, KX_WRITE);
    kx_doc *doc = ct_get(txn, "people", 1), *unsaved;
    ct_ok(kx_doc_set(doc, "born", kx_int(1)));
    ct_ok(kx_doc_delete(doc));
    ck_assert_str_eq(kx_doc_text(doc, "name"), "Ada");
    ct_fails(kx_doc_save(doc), KX_NOTFOUND);
    ct_fails(kx_doc_delete(doc), KX_NOTFOUND);
    ct_fails(kx_doc_reload(doc), KX_NOTFOUND);
    ct_ok(kx_doc_new(txn, "people", &unsaved));
    ct_fails(kx_doc_delete(unsaved), KX_NOTFOUND);
    ct_fails(kx_doc_reload(unsaved), KX_NOTFOUND);
    end_and_close(txn);
}
END_TEST

START_TEST(reload_drops_changes_and_shows_what_is_stored)
{
    kx_db *db = open_people();
    kx_txn *txn = ct_begin(db, KX_WRITE);
    kx_doc *doc = ct_get(txn, "people", 1);
    ct_ok(kx_doc_set(doc, "born", kx_int(1)));
    ct_ok(kx_doc_reload(doc));
    ck_assert(!kx_doc_is_changed(doc));
    ck_assert_str_eq(ct_shows(doc), ADA);
    ct_ok(ct_put(txn, "people", 1, "{\"a\":1}"));
    ck_assert_str_eq(ct_shows(doc), ADA);
    ct_ok(kx_doc_reload(doc));
    ck_assert_str_eq(ct_shows(doc), "{\"a\":1}");
    kx_doc *reader_doc;
    kx_txn *reader = ct_begin(db, KX_READ);
    reader_doc = ct_get(reader, "people", 1);
    ct_ok(kx_doc_reload(reader_doc));
    ck_assert_str_eq(ct_shows(reader_doc), ADA);
    kx_txn_abort(reader);
    end_and_close(txn);
}
END_TEST

START_TEST(saving_without_changes_writes_nothing)
{
    kx_db *db = open_people();
    kx_txn *txn = ct_begin(db, KX_WRITE);
    kx_doc *doc = ct_get(txn, "people", 1);
    kx_stats before, after;
    ct_ok(kx_txn_stats(txn, &before));
    ct_ok(kx_doc_save(doc));
    ct_ok(kx_txn_stats(txn, &after));
    ck_assert_uint_eq(after.writes, before.writes);
    ct_ok(kx_doc_set(doc, "born", kx_int(1)));
    ct_ok(kx_doc_save(doc));
    ct_ok(kx_txn_stats(txn, &after));
    ck_assert_uint_eq(after.writes, before.writes + 1);
    end_and_close(txn);
}
END_TEST

START_TEST(an_instance_can_be_set_from_its_own_bytes)
{
    kx_db *db = open_people();
    kx_txn *txn = ct_begin(db, KX_WRITE);
    kx_doc *doc = ct_get(txn, "people", 1);
    for (int i = 0; i < 5; i++) {
        kx_value value;
        ct_ok(kx_doc_get(doc, "tags", &value));
        ct_ok(kx_doc_set(doc, "copy", value));
        ct_ok(kx_doc_get(doc, "copy", &value));
        ct_ok(kx_doc_append(doc, "tags", value));
    }
    ct_ok(kx_doc_save(doc));
    ck_assert_str_eq(ct_json(txn, "people", 1), ct_shows(doc));
    end_and_close(txn);
}
END_TEST

START_TEST(the_instance_of_a_dropped_collection_cannot_be_saved_into_another)
{
    kx_db *db = open_people();
    kx_txn *txn = ct_begin(db, KX_WRITE);
    kx_doc *doc = ct_get(txn, "people", 1), *made;
    ct_ok(kx_doc_new(txn, "people", &made));
    ct_ok(kx_doc_set(doc, "born", kx_int(1)));
    ct_ok(kx_drop_collection(txn, "people"));
    ct_fails(kx_doc_save(doc), KX_INVALID);
    const kx_model others = {.name = "others"};
    ct_ok(kx_declare(txn, MODELS(&others)));
    ct_insert(txn, "others", "{\"a\":1}");
    const char *before = ct_dump(txn);
    ct_fails(kx_doc_save(doc), KX_INVALID);
    ct_fails(kx_doc_save(made), KX_INVALID);
    ct_fails(kx_doc_delete(doc), KX_INVALID);
    ct_fails(kx_doc_reload(doc), KX_INVALID);
    ck_assert_str_eq(ct_dump(txn), before);
    ck_assert_str_eq(kx_doc_text(doc, "name"), "Ada");
    end_and_close(txn);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("collection/instances");
    TCase *tests = tcase_create("instances");
    tcase_add_test(tests, a_million_gets_and_releases_need_no_memory);
    tcase_add_test(tests, read_transactions_one_after_another_need_no_memory);
    tcase_add_test(tests, in_a_write_transaction_released_memory_is_used_again);
    tcase_add_test(tests, bytes_of_a_read_transaction_stay_where_they_are);
    tcase_add_test(tests, in_a_write_transaction_an_instance_owns_its_bytes);
    tcase_add_test(tests, texts_are_copies_that_outlive_changes);
    tcase_add_test(tests, a_kept_document_outlives_its_cursors_step);
    tcase_add_test(tests, a_long_chain_of_followed_documents_is_released_without_a_deep_stack);
    tcase_add_test(tests, a_copy_is_free_of_transaction_and_thread);
    tcase_add_test(tests, a_copy_from_a_rolled_back_declaration_keeps_its_names);
    tcase_add_test(tests, two_instances_of_a_document_keep_each_others_fields);
    tcase_add_test(tests, saving_writes_over_what_a_put_has_stored_meanwhile);
    tcase_add_test(tests, a_change_that_does_not_fit_what_is_stored_now_is_invalid_and_kept);
    tcase_add_test(tests, saving_what_has_vanished_is_not_found);
    tcase_add_test(tests, after_a_delete_the_fields_can_be_read_and_no_more);
    tcase_add_test(tests, reload_drops_changes_and_shows_what_is_stored);
    tcase_add_test(tests, saving_without_changes_writes_nothing);
    tcase_add_test(tests, an_instance_can_be_set_from_its_own_bytes);
    tcase_add_test(tests, the_instance_of_a_dropped_collection_cannot_be_saved_into_another);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return kxt_run(suite());
}
