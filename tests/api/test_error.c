/*
 * test_error.c -- code and text belong together: after each failing call, within callbacks, at the end of a walk.
 */
#include "api_test.h"

#include <pthread.h>

static const kx_model users = {.name = "users",
                               .fields = FIELDS({.path = "age", .type = KX_TYPE_INT, .optional = true}),
                               .indexes = INDEXES({.paths = "email", .unique = true})};

START_TEST(a_new_thread_knows_of_no_failure)
{
    ck_assert_str_eq(kx_errmsg(), "");
    ck_assert_int_eq(kx_last_error()->code, KX_OK);
    ck_assert_str_eq(kx_last_error()->message, "");
    ck_assert_str_eq(kx_strerror(0), "ok");
    ck_assert_str_eq(kx_strerror(77), "unknown error");
    for (int code = KX_ERROR_LAST; code < 0; code++)
        ck_assert_str_ne(kx_strerror(code), "unknown error");
}
END_TEST

START_TEST(the_last_error_tells_where_and_what)
{
    box it = at_start(MODELS(&users));
    const kx_error *error;
    kx_doc *doc;
    at_insert(it.txn, "users", "{\"email\":\"a\"}");
    doc = at_make(it.txn, "users", "{\"email\":\"a\"}");
    at_fails(kx_doc_save(doc), KX_EXISTS);
    error = kx_last_error();
    ck_assert_str_eq(error->message, "users.email = \"a\" is taken by document 1");
    ck_assert_str_eq(error->collection, "users");
    ck_assert_str_eq(error->path, "email");
    ck_assert(error->value.type == KX_TYPE_TEXT && error->value.size == 1 && memcmp(error->value.data, "a", 1) == 0);
    at_ok(kx_doc_set(doc, "email", kx_text("b")));
    at_ok(kx_doc_set(doc, "age", kx_text("old")));
    ck_assert_int_eq(kx_last_error()->code, KX_EXISTS);
    at_fails(kx_doc_save(doc), KX_INVALID);
    ck_assert_str_eq(kx_last_error()->path, "age");
    at_fails(kx_get_by_id(it.txn, "users", 99, &doc), KX_NOTFOUND);
    ck_assert(kx_last_error()->has_id && kx_last_error()->id == 99);
    at_text("users: there is no document 99");
    at_fails(kx_get(it.txn, "users", "email", kx_text("z"), &doc), KX_NOTFOUND);
    at_text("users: there is no document with email = \"z\"");
    at_fails(kx_first(it.txn, "users", &(kx_query){.where = KX_WHERE({"age", KX_EQ, kx_int(1)})}, &doc), KX_NOTFOUND);
    at_text("users: no document matches");
    at_fails(kx_find(it.txn, "user", NULL, &(kx_cursor *){NULL}), KX_INVALID);
    ck_assert_ptr_null(kx_last_error()->path);
    at_fails(kx_drop_index(it.txn, "users", "nope"), KX_INVALID);
    at_fails(kx_drop_field(it.txn, "users", "nope"), KX_INVALID);
    at_fails(kx_drop_relation(it.txn, "users", "nope"), KX_INVALID);
    at_fails(kx_drop_collection(it.txn, "nope"), KX_INVALID);
    at_fails(kx_declare_json(it.txn, "nonsense"), KX_INVALID);
    at_fails(kx_txn_begin(it.db, KX_WRITE, &(kx_txn *){NULL}), KX_DEADLOCK);
    at_fails(kx_close(it.db), KX_BUSY);
    at_end(&it);
}
END_TEST

START_TEST(the_end_of_a_walk_leaves_the_last_error_alone)
{
    box it = at_start(MODELS(&users));
    kx_cursor *cursor;
    kx_doc *doc = NULL;
    kx_collection_info info;
    at_insert(it.txn, "users", "{}");
    at_fails(kx_get_by_id(it.txn, "users", 99, &doc), KX_NOTFOUND);
    at_ok(kx_find(it.txn, "users", NULL, &cursor));
    at_ok(kx_cursor_next(cursor, &doc));
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(kx_cursor_next(cursor, &doc), KX_NOTFOUND);
        ck_assert_ptr_null(doc);
        at_text("users: there is no document 99");
    }
    at_ok(kx_cursor_close(cursor));
    ck_assert_int_eq(kx_collection_at(it.txn, 5, &info), KX_NOTFOUND);
    at_text("users: there is no document 99");
    at_end(&it);
}
END_TEST

/* ---- callbacks ------------------------------------------------------------------------- */

static int own_code(kx_txn *txn, void *context)
{
    kx_doc *doc;
    at_insert(txn, "users", "{}");
    ck_assert_int_eq(kx_get_by_id(txn, "users", 77, &doc), KX_NOTFOUND);
    return *(int *)context;
}

static int fail_inside(kx_txn *txn, void *context)
{
    (void)context;
    at_insert(txn, "users", "{\"email\":\"a\"}");
    return kx_insert(txn, "users", "{\"email\":\"a\"}", 13, NULL);
}

static int leave_child(kx_txn *txn, void *context)
{
    return kx_txn_child(txn, context);
}

static int nest(kx_txn *txn, void *db)
{
    (void)txn;
    return kx_write(db, own_code, db);
}

static int count_users(kx_txn *txn, void *count)
{
    return kx_count(txn, "users", NULL, count);
}

START_TEST(codes_of_a_callbacks_own_pass_through)
{
    kx_db *db;
    kx_txn *child;
    uint64_t count;
    at_ok(kx_open(kxt_path("e.kx"), &(kx_options){.models = MODELS(&users)}, &db));
    for (int code = 1; code < 1000; code += 499) {
        ck_assert_int_eq(kx_write(db, own_code, &code), code);
        at_text("users: there is no document 77");
        ck_assert_int_eq(kx_last_error()->code, KX_NOTFOUND);
    }
    ck_assert_int_eq(kx_write(db, fail_inside, NULL), KX_EXISTS);
    at_text("users.email = \"a\" is taken by document 1");
    at_fails(kx_write(db, leave_child, &child), KX_BUSY);
    at_fails(kx_write(db, nest, db), KX_DEADLOCK);
    at_ok(kx_read(db, count_users, &count));
    ck_assert_uint_eq(count, 0);
    int none = 0;
    at_ok(kx_write(db, own_code, &none));
    at_ok(kx_read(db, count_users, &count));
    ck_assert_uint_eq(count, 1);
    at_ok(kx_close(db));
}
END_TEST

/* ---- threads --------------------------------------------------------------------------- */

static void *look_around(void *txn)
{
    kx_doc *doc;
    bool clean = kx_last_error()->code == KX_OK && kx_errmsg()[0] == '\0';
    int rc = kx_get_by_id(txn, "users", 1, &doc);
    return clean && rc == KX_THREAD && kx_last_error()->code == KX_THREAD ? txn : NULL;
}

START_TEST(each_thread_has_its_own_last_error)
{
    box it = at_start(MODELS(&users));
    kx_doc *doc;
    pthread_t thread;
    void *result;
    at_fails(kx_get_by_id(it.txn, "users", 5, &doc), KX_NOTFOUND);
    ck_assert_int_eq(pthread_create(&thread, NULL, look_around, it.txn), 0);
    pthread_join(thread, &result);
    ck_assert_ptr_eq(result, it.txn);
    at_text("users: there is no document 5");
    at_end(&it);
}
END_TEST

START_TEST(a_parent_with_a_live_child_is_busy)
{
    box it = at_start(MODELS(&users));
    kx_txn *child, *second = it.txn;
    kx_doc *doc;
    kx_cursor *cursor;
    kx_stats stats;
    at_insert(it.txn, "users", "{}");
    doc = at_get(it.txn, "users", 1);
    at_ok(kx_txn_child(it.txn, &child));
    at_fails(kx_txn_child(it.txn, &second), KX_BUSY);
    ck_assert_ptr_null(second);
    at_fails(kx_insert(it.txn, "users", "{}", 2, NULL), KX_BUSY);
    at_fails(kx_find(it.txn, "users", NULL, &cursor), KX_BUSY);
    at_fails(kx_doc_new(it.txn, "users", &(kx_doc *){NULL}), KX_BUSY);
    at_fails(kx_txn_commit(it.txn), KX_BUSY);
    at_ok(kx_txn_stats(it.txn, &stats));
    at_ok(kx_doc_set(doc, "age", kx_int(1)));
    at_ok(kx_doc_save(doc));
    at_ok(kx_txn_commit(child));
    ck_assert_str_eq(at_stored(it.txn, "users", 1), "{\"age\":1}");
    at_renew(&it, KX_READ);
    at_fails(kx_txn_child(it.txn, &child), KX_INVALID);
    at_end(&it);
}
END_TEST

static Suite *error_suite(void)
{
    Suite *suite = suite_create("api/error");
    TCase *cases = tcase_create("error");
    tcase_add_test(cases, a_new_thread_knows_of_no_failure);
    tcase_add_test(cases, the_last_error_tells_where_and_what);
    tcase_add_test(cases, the_end_of_a_walk_leaves_the_last_error_alone);
    tcase_add_test(cases, codes_of_a_callbacks_own_pass_through);
    tcase_add_test(cases, each_thread_has_its_own_last_error);
    tcase_add_test(cases, a_parent_with_a_live_child_is_busy);
    suite_add_tcase(suite, cases);
    return suite;
}

int main(void)
{
    return kxt_run(error_suite());
}
