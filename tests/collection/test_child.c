/* test_child.c -- savepoints: what their end keeps, and what it does to instances and cursors. */
#include "collection_test.h"

static const kx_model items = {
    .name = "items",
    .indexes = INDEXES({.paths = "code", .unique = true}, {.paths = "tags", .multi = true}, {.paths = "n,-m"}),
};

typedef struct shop {
    kx_db  *db;
    kx_txn *txn;
} shop;

/* A store with one document, id 1, and a write transaction. */
static shop open_shop(void)
{
    shop s = {.db = ct_open(MODELS(&items))};
    kx_txn *txn = ct_begin(s.db, KX_WRITE);
    ct_insert(txn, "items", "{\"code\":\"a\",\"tags\":[\"x\"],\"n\":1}");
    ct_ok(kx_txn_commit(txn));
    s.txn = ct_begin(s.db, KX_WRITE);
    return s;
}

static void close_shop(shop s)
{
    ct_check(s.txn);
    ct_ok(kx_txn_commit(s.txn));
    ct_check_store(s.db);
    ct_ok(kx_close(s.db));
}

/* ---- the store ---------------------------------------------------------------- */

START_TEST(an_aborted_child_leaves_the_parent_as_it_was)
{
    shop s = open_shop();
    ct_insert(s.txn, "items", "{\"code\":\"b\"}");
    const char *before = ct_dump(s.txn);
    kx_txn *child = ct_child(s.txn);
    ct_insert(child, "items", "{\"code\":\"c\",\"tags\":[1,2]}");
    ct_ok(kx_remove(child, "items", 1));
    ct_ok(ct_patch(child, "items", 2, "{\"code\":\"a\"}"));
    ct_check(child);
    kx_txn_abort(child);
    ck_assert_str_eq(ct_dump(s.txn), before);
    ct_insert(s.txn, "items", "{\"code\":\"c\"}");
    close_shop(s);
}
END_TEST

START_TEST(a_committed_child_is_the_parents_to_keep_or_drop)
{
    shop s = open_shop();
    const char *before = ct_dump(s.txn);
    kx_txn *child = ct_child(s.txn);
    ct_insert(child, "items", "{\"code\":\"c\"}");
    ct_ok(kx_txn_commit(child));
    ck_assert_uint_eq(ct_count(s.txn, "items"), 2);
    kx_txn_abort(s.txn);
    ck_assert_str_eq(ct_dump_store(s.db), before);
    s.txn = ct_begin(s.db, KX_WRITE);
    child = ct_child(s.txn);
    ct_insert(child, "items", "{\"code\":\"c\"}");
    ct_ok(kx_txn_commit(child));
    ct_ok(kx_txn_commit(s.txn));
    s.txn = ct_begin(s.db, KX_WRITE);
    ck_assert_uint_eq(ct_count(s.txn, "items"), 2);
    close_shop(s);
}
END_TEST

START_TEST(three_levels_end_one_by_one)
{
    shop s = open_shop();
    kx_txn *one = ct_child(s.txn), *two, *three;
    ct_insert(one, "items", "{\"code\":\"1\"}");
    two = ct_child(one);
    ct_insert(two, "items", "{\"code\":\"2\"}");
    three = ct_child(two);
    ct_insert(three, "items", "{\"code\":\"3\"}");
    ct_fails(kx_txn_commit(two), KX_BUSY);
    kx_txn_abort(three);
    three = ct_child(two);
    ct_insert(three, "items", "{\"code\":\"3b\"}");
    ct_ok(kx_txn_commit(three));
    ct_ok(kx_txn_commit(two));
    ck_assert_uint_eq(ct_count(one, "items"), 4);
    kx_txn_abort(one);
    ck_assert_uint_eq(ct_count(s.txn, "items"), 1);
    close_shop(s);
}
END_TEST

START_TEST(aborting_a_parent_ends_its_living_children)
{
    shop s = open_shop();
    const char *before = ct_dump(s.txn);
    kx_txn *one = ct_child(s.txn), *two = ct_child(one), *three = ct_child(two);
    ct_insert(three, "items", "{\"code\":\"3\"}");
    kx_txn_abort(one);
    ck_assert_str_eq(ct_dump(s.txn), before);
    one = ct_child(s.txn);
    (void)ct_child(one);
    kx_txn_abort(s.txn);
    ck_assert_str_eq(ct_dump_store(s.db), before);
    ct_ok(kx_close(s.db));
}
END_TEST

START_TEST(calls_that_name_a_parent_are_busy)
{
    shop s = open_shop();
    kx_txn *child = ct_child(s.txn), *second;
    kx_doc *doc, **docs;
    kx_cursor *cursor;
    kx_info info;
    kx_record record = {.data = "{}", .size = 2};
    size_t count;
    uint64_t number;
    const char *json;
    ct_fails(kx_txn_child(s.txn, &second), KX_BUSY);
    ct_fails(kx_txn_commit(s.txn), KX_BUSY);
    ct_fails(ct_try_insert(s.txn, "items", "{}"), KX_BUSY);
    ct_fails(kx_insert_many(s.txn, "items", &record, 1, NULL), KX_BUSY);
    ct_fails(ct_put(s.txn, "items", 1, "{}"), KX_BUSY);
    ct_fails(ct_patch(s.txn, "items", 1, "{}"), KX_BUSY);
    ct_fails(kx_remove(s.txn, "items", 1), KX_BUSY);
    ct_fails(kx_doc_new(s.txn, "items", &doc), KX_BUSY);
    ct_fails(kx_get_by_id(s.txn, "items", 1, &doc), KX_BUSY);
    ct_fails(kx_find(s.txn, "items", NULL, &cursor), KX_BUSY);
    ct_fails(kx_all(s.txn, "items", NULL, &docs, &count), KX_BUSY);
    ct_fails(kx_count(s.txn, "items", NULL, &number), KX_BUSY);
    ct_fails(kx_declare(s.txn, MODELS(&items)), KX_BUSY);
    ct_fails(kx_drop_collection(s.txn, "items"), KX_BUSY);
    ct_fails(kx_schema_json(s.txn, "items", &json), KX_BUSY);
    ct_fails(kx_db_info(s.txn, &info), KX_BUSY);
    kx_txn_abort(child);
    close_shop(s);
}
END_TEST

/* ---- instances ----------------------------------------------------------------------- */

START_TEST(instances_act_in_the_innermost_transaction)
{
    shop s = open_shop();
    kx_doc *doc = ct_get(s.txn, "items", 1), *made;
    ct_ok(kx_doc_new(s.txn, "items", &made));
    ct_ok(kx_doc_set(made, "code", kx_text("new")));
    kx_txn *child = ct_child(s.txn);
    ct_ok(kx_doc_set(doc, "n", kx_int(5)));
    ct_ok(kx_doc_save(doc));
    ct_ok(kx_doc_save(made));
    ck_assert_str_eq(ct_json(child, "items", 1), "{\"code\":\"a\",\"tags\":[\"x\"],\"n\":5}");
    ck_assert_str_eq(ct_json(child, "items", 2), "{\"code\":\"new\"}");
    kx_txn_abort(child);
    ck_assert_str_eq(ct_json(s.txn, "items", 1), "{\"code\":\"a\",\"tags\":[\"x\"],\"n\":1}");
    ck_assert_str_eq(ct_json(s.txn, "items", 2), "none");
    close_shop(s);
}
END_TEST

START_TEST(what_an_aborted_child_inserted_is_new_again_and_can_be_saved)
{
    shop s = open_shop();
    kx_doc *doc;
    kx_txn *child = ct_child(s.txn);
    ct_ok(kx_doc_from_json(child, "items", "{\"code\":\"new\"}", &doc));
    ct_ok(kx_doc_save(doc));
    ck_assert_uint_eq(kx_doc_id(doc), 2);
    ct_ok(kx_doc_set(doc, "n", kx_int(9)));
    ct_ok(kx_doc_append(doc, "tags", kx_int(1)));
    kx_txn_abort(child);
    ck_assert(kx_doc_is_new(doc));
    ck_assert_uint_eq(kx_doc_id(doc), 0);
    ck_assert_str_eq(ct_shows(doc), "{\"code\":\"new\",\"n\":9,\"tags\":[1]}");
    ct_fails(kx_doc_delete(doc), KX_NOTFOUND);
    ct_insert(s.txn, "items", "{\"code\":\"other\"}");
    ct_ok(kx_doc_save(doc));
    ck_assert_uint_eq(kx_doc_id(doc), 3);
    ck_assert_str_eq(ct_json(s.txn, "items", 3), "{\"code\":\"new\",\"n\":9,\"tags\":[1]}");
    close_shop(s);
}
END_TEST

START_TEST(what_an_aborted_child_saved_is_unsaved_again)
{
    shop s = open_shop();
    kx_doc *doc = ct_get(s.txn, "items", 1);
    ct_ok(kx_doc_set(doc, "code", kx_text("b")));
    kx_txn *child = ct_child(s.txn);
    ct_ok(kx_doc_save(doc));
    ck_assert(!kx_doc_is_changed(doc));
    ct_ok(kx_doc_set(doc, "m", kx_int(7)));
    ct_ok(kx_doc_append(doc, "tags", kx_text("y")));
    kx_txn_abort(child);
    ck_assert(kx_doc_is_changed(doc));
    ck_assert_str_eq(ct_shows(doc), "{\"code\":\"b\",\"tags\":[\"x\",\"y\"],\"n\":1,\"m\":7}");
    ck_assert_str_eq(ct_json(s.txn, "items", 1), "{\"code\":\"a\",\"tags\":[\"x\"],\"n\":1}");
    ct_ok(kx_doc_save(doc));
    ck_assert_str_eq(ct_json(s.txn, "items", 1), "{\"code\":\"b\",\"tags\":[\"x\",\"y\"],\"n\":1,\"m\":7}");
    close_shop(s);
}
END_TEST

START_TEST(several_saves_in_one_child_are_all_taken_back)
{
    shop s = open_shop();
    kx_doc *doc = ct_get(s.txn, "items", 1);
    ct_ok(kx_doc_append(doc, "tags", kx_int(1)));
    kx_txn *child = ct_child(s.txn);
    for (int i = 2; i < 5; i++) {
        ct_ok(kx_doc_save(doc));
        ct_ok(kx_doc_append(doc, "tags", kx_int(i)));
    }
    kx_txn_abort(child);
    ck_assert_str_eq(ct_shows(doc), "{\"code\":\"a\",\"tags\":[\"x\",1,2,3,4],\"n\":1}");
    ct_ok(kx_doc_save(doc));
    ck_assert_str_eq(ct_json(s.txn, "items", 1), "{\"code\":\"a\",\"tags\":[\"x\",1,2,3,4],\"n\":1}");
    close_shop(s);
}
END_TEST

START_TEST(saves_of_nested_children_are_taken_back_together)
{
    shop s = open_shop();
    kx_doc *doc = ct_get(s.txn, "items", 1);
    kx_txn *one = ct_child(s.txn);
    ct_ok(kx_doc_append(doc, "tags", kx_int(1)));
    ct_ok(kx_doc_save(doc));
    ct_ok(kx_doc_append(doc, "tags", kx_int(2)));
    kx_txn *two = ct_child(one);
    ct_ok(kx_doc_save(doc));
    ct_ok(kx_doc_append(doc, "tags", kx_int(3)));
    ct_ok(kx_txn_commit(two));
    kx_txn *three = ct_child(one);
    ct_ok(kx_doc_save(doc));
    kx_txn_abort(three);
    ck_assert_str_eq(ct_shows(doc), "{\"code\":\"a\",\"tags\":[\"x\",1,2,3],\"n\":1}");
    ck_assert_str_eq(ct_json(one, "items", 1), "{\"code\":\"a\",\"tags\":[\"x\",1,2],\"n\":1}");
    kx_txn_abort(one);
    ck_assert_str_eq(ct_shows(doc), "{\"code\":\"a\",\"tags\":[\"x\",1,2,3],\"n\":1}");
    ct_ok(kx_doc_save(doc));
    ck_assert_str_eq(ct_json(s.txn, "items", 1), "{\"code\":\"a\",\"tags\":[\"x\",1,2,3],\"n\":1}");
    close_shop(s);
}
END_TEST

START_TEST(a_save_that_failed_in_a_child_is_not_taken_back_twice)
{
    shop s = open_shop();
    ct_insert(s.txn, "items", "{\"code\":\"taken\"}");
    kx_doc *doc = ct_get(s.txn, "items", 1), *made;
    kx_txn *child = ct_child(s.txn);
    ct_ok(kx_doc_append(doc, "tags", kx_int(1)));
    ct_ok(kx_doc_set(doc, "code", kx_text("taken")));
    ct_fails(kx_doc_save(doc), KX_EXISTS);
    ct_ok(kx_doc_from_json(child, "items", "{\"code\":\"taken\"}", &made));
    ct_fails(kx_doc_save(made), KX_EXISTS);
    ct_ok(kx_doc_set(made, "code", kx_text("free")));
    kx_txn_abort(child);
    ck_assert_str_eq(ct_shows(made), "{\"code\":\"free\"}");
    ck_assert_str_eq(ct_shows(doc), "{\"code\":\"taken\",\"tags\":[\"x\",1],\"n\":1}");
    ct_ok(kx_doc_set(doc, "code", kx_text("z")));
    ct_ok(kx_doc_save(doc));
    ct_ok(kx_doc_save(made));
    ck_assert_str_eq(ct_json(s.txn, "items", 1), "{\"code\":\"z\",\"tags\":[\"x\",1],\"n\":1}");
    close_shop(s);
}
END_TEST

START_TEST(what_an_aborted_child_deleted_is_there_again)
{
    shop s = open_shop();
    kx_doc *doc = ct_get(s.txn, "items", 1);
    ct_ok(kx_doc_append(doc, "tags", kx_int(1)));
    kx_txn *child = ct_child(s.txn);
    ct_ok(kx_doc_delete(doc));
    ct_fails(kx_doc_save(doc), KX_NOTFOUND);
    ck_assert_str_eq(ct_json(child, "items", 1), "none");
    kx_txn_abort(child);
    ck_assert_str_eq(ct_shows(doc), "{\"code\":\"a\",\"tags\":[\"x\",1],\"n\":1}");
    ct_ok(kx_doc_save(doc));
    ck_assert_str_eq(ct_json(s.txn, "items", 1), "{\"code\":\"a\",\"tags\":[\"x\",1],\"n\":1}");
    close_shop(s);
}
END_TEST

START_TEST(a_new_document_saved_changed_and_deleted_in_children_is_new_again)
{
    shop s = open_shop();
    kx_doc *doc;
    ct_ok(kx_doc_from_json(s.txn, "items", "{\"code\":\"new\"}", &doc));
    kx_txn *one = ct_child(s.txn), *two;
    ct_ok(kx_doc_save(doc));
    two = ct_child(one);
    ct_ok(kx_doc_set(doc, "n", kx_int(2)));
    ct_ok(kx_doc_save(doc));
    ct_ok(kx_txn_commit(two));
    two = ct_child(one);
    ct_ok(kx_doc_delete(doc));
    ct_ok(kx_txn_commit(two));
    ct_fails(kx_doc_save(doc), KX_NOTFOUND);
    kx_txn_abort(one);
    ck_assert(kx_doc_is_new(doc));
    ck_assert_str_eq(ct_shows(doc), "{\"code\":\"new\",\"n\":2}");
    ct_ok(kx_doc_save(doc));
    ck_assert_uint_eq(kx_doc_id(doc), 2);
    close_shop(s);
}
END_TEST

START_TEST(a_released_instance_survives_until_its_child_ends)
{
    shop s = open_shop();
    for (int round = 0; round < 2; round++) {
        kx_txn *child = ct_child(s.txn);
        for (int i = 0; i < 20; i++) {
            kx_doc *doc;
            ct_ok(kx_doc_from_json(child, "items", kxt_print("{\"code\":%d}", i), &doc));
            ct_ok(kx_doc_save(doc));
            kx_doc_release(doc);
        }
        if (round == 0)
            kx_txn_abort(child);
        else
            ct_ok(kx_txn_commit(child));
        ck_assert_ptr_null(s.txn->docs);
    }
    ck_assert_uint_eq(ct_count(s.txn, "items"), 21);
    close_shop(s);
}
END_TEST

START_TEST(an_instance_loaded_in_an_aborted_child_lives_on_and_merges)
{
    shop s = open_shop();
    kx_txn *child = ct_child(s.txn);
    ct_ok(ct_patch(child, "items", 1, "{\"n\":77}"));
    uint64_t id = ct_insert(child, "items", "{\"code\":\"gone\"}");
    kx_doc *doc = ct_get(child, "items", 1), *gone = ct_get(child, "items", id);
    kx_txn_abort(child);
    ct_ok(kx_doc_set(doc, "m", kx_int(3)));
    ct_ok(kx_doc_save(doc));
    ck_assert_str_eq(ct_json(s.txn, "items", 1), "{\"code\":\"a\",\"tags\":[\"x\"],\"n\":1,\"m\":3}");
    ck_assert_str_eq(ct_shows(doc), "{\"code\":\"a\",\"tags\":[\"x\"],\"n\":1,\"m\":3}");
    ct_ok(kx_doc_set(gone, "m", kx_int(3)));
    ct_fails(kx_doc_save(gone), KX_NOTFOUND);
    ct_fails(kx_doc_reload(gone), KX_NOTFOUND);
    close_shop(s);
}
END_TEST

START_TEST(many_saves_in_a_child_cost_no_search_each)
{
    shop s = open_shop();
    kx_txn *child = ct_child(s.txn);
    uint64_t count = kxt_scaled(30000);
    for (uint64_t i = 0; i < count; i++) {
        kx_doc *doc;
        ct_ok(kx_doc_new(child, "items", &doc));
        ct_ok(kx_doc_set(doc, "n", kx_int((int64_t)i)));
        ct_ok(kx_doc_save(doc));
    }
    ct_ok(kx_txn_commit(child));
    ck_assert_uint_eq(ct_count(s.txn, "items"), count + 1);
    close_shop(s);
}
END_TEST

/* ---- cursors ----------------------------------------------------------------------------- */

START_TEST(a_childs_end_closes_its_cursors_and_no_others)
{
    shop s = open_shop();
    for (int i = 0; i < 5; i++)
        ct_insert(s.txn, "items", kxt_print("{\"code\":%d}", i));
    for (int commits = 0; commits < 2; commits++) {
        kx_cursor *outer, *inner;
        kx_doc *doc;
        int seen = 0;
        ct_ok(kx_find(s.txn, "items", &(kx_query){.order_by = "_id"}, &outer));
        ct_ok(kx_cursor_next(outer, &doc));
        kx_txn *child = ct_child(s.txn);
        ct_ok(kx_find(child, "items", NULL, &inner));
        ct_ok(kx_cursor_next(inner, &doc));
        ct_ok(kx_cursor_next(outer, &doc));
        ck_assert_uint_eq(kx_doc_id(doc), 2);
        ct_ok(ct_patch(child, "items", 3, "{\"n\":1000}"));
        if (commits)
            ct_ok(kx_txn_commit(child));
        else
            kx_txn_abort(child);
        while (kx_cursor_next(outer, &doc) == KX_OK)
            seen++;
        ck_assert_int_eq(seen, 4);
        ct_ok(kx_cursor_close(outer));
    }
    ck_assert_ptr_null(s.txn->walkers);
    close_shop(s);
}
END_TEST

START_TEST(a_document_kept_from_a_childs_cursor_outlives_the_child)
{
    shop s = open_shop();
    kx_txn *child = ct_child(s.txn);
    kx_cursor *cursor;
    kx_doc *doc;
    ct_ok(kx_find(child, "items", NULL, &cursor));
    ct_ok(kx_cursor_next(cursor, &doc));
    ct_ok(kx_doc_keep(doc));
    ct_ok(kx_txn_commit(child));
    ck_assert_str_eq(ct_shows(doc), "{\"code\":\"a\",\"tags\":[\"x\"],\"n\":1}");
    ct_ok(kx_doc_set(doc, "n", kx_int(2)));
    ct_ok(kx_doc_save(doc));
    close_shop(s);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("collection/child");
    TCase *tests = tcase_create("child");
    tcase_add_test(tests, an_aborted_child_leaves_the_parent_as_it_was);
    tcase_add_test(tests, a_committed_child_is_the_parents_to_keep_or_drop);
    tcase_add_test(tests, three_levels_end_one_by_one);
    tcase_add_test(tests, aborting_a_parent_ends_its_living_children);
    tcase_add_test(tests, calls_that_name_a_parent_are_busy);
    tcase_add_test(tests, instances_act_in_the_innermost_transaction);
    tcase_add_test(tests, what_an_aborted_child_inserted_is_new_again_and_can_be_saved);
    tcase_add_test(tests, what_an_aborted_child_saved_is_unsaved_again);
    tcase_add_test(tests, several_saves_in_one_child_are_all_taken_back);
    tcase_add_test(tests, saves_of_nested_children_are_taken_back_together);
    tcase_add_test(tests, a_save_that_failed_in_a_child_is_not_taken_back_twice);
    tcase_add_test(tests, what_an_aborted_child_deleted_is_there_again);
    tcase_add_test(tests, a_new_document_saved_changed_and_deleted_in_children_is_new_again);
    tcase_add_test(tests, a_released_instance_survives_until_its_child_ends);
    tcase_add_test(tests, an_instance_loaded_in_an_aborted_child_lives_on_and_merges);
    tcase_add_test(tests, many_saves_in_a_child_cost_no_search_each);
    tcase_add_test(tests, a_childs_end_closes_its_cursors_and_no_others);
    tcase_add_test(tests, a_document_kept_from_a_childs_cursor_outlives_the_child);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return kxt_run(suite());
}
