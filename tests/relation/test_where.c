/* test_where.c -- many documents in one call: update, delete, and insert or change by a key. */
#include "relation/relation_test.h"

/* ---- update ---------------------------------------------------------------------------- */

static const kx_model things = {.name = "things",
                                .indexes = INDEXES({.paths = "n"}, {.paths = "code", .unique = true},
                                                   {.paths = "tags", .multi = true})};

static void fill(kx_txn *txn, int count)
{
    for (int i = 1; i <= count; i++)
        rt_save(txn, "things", kxt_print("{\"n\":%d,\"code\":\"c%d\",\"tags\":[\"a\",%d]}", i, i, i % 3));
}

START_TEST(an_update_that_moves_documents_ahead_in_its_index_changes_each_once)
{
    shop s = rt_start_with(MODELS(&things));
    uint64_t changed, count;
    fill(s.txn, 300);
    rt_ok(kx_update_where(s.txn, "things", &(kx_query){.where = KX_WHERE({"n", KX_GE, kx_int(1)})},
                          KX_EDITS({"n", KX_EDIT_INCREMENT, kx_int(100)}), &changed));
    ck_assert_uint_eq(changed, 300);
    rt_ok(kx_count(s.txn, "things", &(kx_query){.where = KX_WHERE({"n", KX_GT, kx_int(100)}, {"n", KX_LE, kx_int(400)})},
                   &count));
    ck_assert_uint_eq(count, 300);
    rt_end(&s);
}
END_TEST

START_TEST(edits_are_applied_in_order_and_what_stays_as_it_was_is_not_written)
{
    shop s = rt_start_with(MODELS(&things));
    uint64_t changed;
    fill(s.txn, 3);
    rt_ok(kx_update_where(s.txn, "things", &(kx_query){.where = KX_WHERE({"n", KX_GE, kx_int(2)})},
                          KX_EDITS({"a.b", KX_EDIT_SET, kx_int(1)}, {"a.b", KX_EDIT_INCREMENT, kx_real(0.5)},
                                   {"tags", KX_EDIT_REMOVE, kx_text("a")}, {"tags", KX_EDIT_APPEND, kx_text("z")},
                                   {.path = "n", .kind = KX_EDIT_UNSET}),
                          &changed));
    ck_assert_uint_eq(changed, 2);
    ck_assert_str_eq(rt_stored(s.txn, "things", 1), "{\"n\":1,\"code\":\"c1\",\"tags\":[\"a\",1]}");
    ck_assert_str_eq(rt_stored(s.txn, "things", 2), "{\"code\":\"c2\",\"tags\":[2,\"z\"],\"a\":{\"b\":1.5}}");
    kx_stats before = rt_stats(s.txn);
    rt_fails(kx_update_where(s.txn, "things", NULL, KX_EDITS({"code", KX_EDIT_REMOVE, kx_null()}), NULL), KX_INVALID,
             "document 1: path 'code': 'code' is not an array");
    rt_ok(kx_update_where(s.txn, "things", NULL, KX_EDITS({.path = "n", .kind = KX_EDIT_UNSET}), &changed));
    ck_assert_uint_eq(changed, 1);
    rt_ok(kx_update_where(s.txn, "things", NULL, KX_EDITS({.path = "n", .kind = KX_EDIT_UNSET}), &changed));
    ck_assert_uint_eq(changed, 0);
    ck_assert_uint_le(rt_stats(s.txn).writes - before.writes, 4);
    rt_end(&s);
}
END_TEST

/* Many at a time, some of them long, some unchanged; what the document then is, is what a change by hand makes of it. */
START_TEST(many_documents_that_move_no_key_are_changed_as_one_by_one)
{
    enum { MANY = 2000, LONG = 20000 };
    shop s = rt_start_with(MODELS(&things));
    uint64_t seed = kxt_seed(), changed, was = 0;
    static char filler[LONG];
    memset(filler, 'x', LONG - 1);
    for (int i = 1; i <= MANY; i++) {
        int state = (int)(kxt_random(&seed) % 3), size = kxt_random(&seed) % 16 == 0 ? LONG - 1 : (int)(i % 50);
        rt_save(s.txn, "things", kxt_print("{\"n\":%d,\"code\":\"c%d\",\"tags\":[%d],\"a\":{\"b\":%d},\"f\":\"%.*s\"}",
                                           i, i, i % 7, state, size, filler));
    }
    rt_ok(kx_remove(s.txn, "things", 1000));
    rt_ok(kx_count(s.txn, "things", &(kx_query){.where = KX_WHERE({"a.b", KX_EQ, kx_int(1)})}, &was));
    uint64_t expected = MANY - 1 - was;
    kx_cursor *cursor;
    kx_doc *doc, *held = rt_get(s.txn, "things", 7);
    rt_ok(kx_find(s.txn, "things", NULL, &cursor));
    rt_ok(kx_cursor_next(cursor, &doc));
    rt_ok(kx_update_where(s.txn, "things", NULL, KX_EDITS({"a.b", KX_EDIT_SET, kx_int(1)}), &changed));
    ck_assert_uint_eq(changed, expected);
    uint64_t seen = 1;
    for (; kx_cursor_next(cursor, &doc) == KX_OK; seen++) {
        int64_t b;
        rt_ok(kx_doc_get_int(doc, "a.b", &b));
        ck_assert_int_eq(b, 1);
    }
    ck_assert_uint_eq(seen, MANY - 1);
    rt_ok(kx_cursor_close(cursor));
    rt_ok(kx_doc_set(held, "g", kx_int(1)));
    rt_ok(kx_doc_save(held));
    ck_assert_ptr_nonnull(strstr(rt_stored(s.txn, "things", 7), "\"a\":{\"b\":1}"));
    rt_ok(kx_count(s.txn, "things", &(kx_query){.where = KX_WHERE({"a.b", KX_EQ, kx_int(1)})}, &was));
    ck_assert_uint_eq(was, MANY - 1);
    rt_end(&s);
}
END_TEST

/* Names that begin alike, in quotes, above and below what an index reads: its entries follow (rt_end compares). */
START_TEST(an_edit_near_the_path_of_an_index_keeps_it_true)
{
    static const char *const paths[] = {"a", "a.b", "a.b.c", "`a`.b", "a.bc", "list", "list[0]", "list[0].k", "ab"};
    shop s = rt_start_with(
        MODELS(&(const kx_model){.name = "near", .indexes = INDEXES({.paths = "a.b"}, {.paths = "`a.b`", .sparse = true},
                                                                     {.paths = "list[].k", .multi = true},
                                                                     {.paths = "ab", .where = "flag == 1"})}));
    uint64_t changed;
    for (int i = 1; i <= 600; i++)
        rt_save(s.txn, "near", kxt_print("{\"a\":{\"b\":%d},\"a.b\":%d,\"list\":[{\"k\":%d},{\"k\":1}],\"flag\":%d}", i, i, i,
                                         i % 2));
    rt_ok(kx_update_where(s.txn, "near", &(kx_query){.limit = 300}, KX_EDITS({"flag", KX_EDIT_SET, kx_int(1)}), &changed));
    ck_assert_uint_eq(changed, 150);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        rt_ok(kx_update_where(s.txn, "near", &(kx_query){.limit = 500 - 40 * i},
                              KX_EDITS({.path = paths[i], .kind = KX_EDIT_UNSET}), &changed));
    }
    rt_end(&s);
}
END_TEST

START_TEST(an_update_that_finds_a_wrong_document_in_a_later_batch_changes_nothing)
{
    shop s = rt_start_with(MODELS(&things));
    uint64_t changed = 77;
    fill(s.txn, 1500);
    rt_patch(s.txn, "things", 1400, "{\"extra\":\"text\"}");
    rt_fails(kx_update_where(s.txn, "things", NULL, KX_EDITS({"extra", KX_EDIT_INCREMENT, kx_int(1)}), &changed),
             KX_INVALID, "document 1400: path 'extra': 'extra' is not a number");
    ck_assert_uint_eq(changed, 0);
    ck_assert_str_eq(rt_stored(s.txn, "things", 1), "{\"n\":1,\"code\":\"c1\",\"tags\":[\"a\",1]}");
    rt_ok(kx_remove(s.txn, "things", 1400));
    rt_ok(kx_update_where(s.txn, "things", NULL, KX_EDITS({"extra", KX_EDIT_INCREMENT, kx_int(1)}), &changed));
    ck_assert_uint_eq(changed, 1499);
    rt_end(&s);
}
END_TEST

START_TEST(order_limit_and_offset_say_which_documents_are_changed)
{
    shop s = rt_start_with(MODELS(&things));
    uint64_t changed;
    fill(s.txn, 10);
    rt_ok(kx_update_where(s.txn, "things", &(kx_query){.order_by = "-n", .offset = 2, .limit = 3},
                          KX_EDITS({"picked", KX_EDIT_SET, kx_bool(true)}), &changed));
    ck_assert_uint_eq(changed, 3);
    kx_cursor *cursor;
    kx_doc *doc;
    uint64_t expected = 6;
    rt_ok(kx_find(s.txn, "things", &(kx_query){.where = KX_WHERE({"picked", KX_EQ, kx_bool(true)})}, &cursor));
    while (kx_cursor_next(cursor, &doc) == KX_OK)
        ck_assert_uint_eq(kx_doc_id(doc), expected++);
    rt_ok(kx_cursor_close(cursor));
    ck_assert_uint_eq(expected, 9);
    rt_end(&s);
}
END_TEST

START_TEST(an_update_that_fails_midway_changes_nothing)
{
    shop s = rt_start_with(MODELS(&things));
    uint64_t changed = 77;
    fill(s.txn, 5);
    rt_save(s.txn, "things", "{\"n\":\"text\",\"code\":\"c6\"}");
    kx_doc *third = rt_get(s.txn, "things", 3);
    rt_fails(kx_update_where(s.txn, "things", NULL, KX_EDITS({"n", KX_EDIT_INCREMENT, kx_int(1)}), &changed),
             KX_INVALID, "document 6: path 'n': 'n' is not a number");
    ck_assert_uint_eq(changed, 0);
    ck_assert_str_eq(rt_stored(s.txn, "things", 1), "{\"n\":1,\"code\":\"c1\",\"tags\":[\"a\",1]}");
    rt_fails(kx_update_where(s.txn, "things", NULL, KX_EDITS({"code", KX_EDIT_SET, kx_text("same")}), &changed),
             KX_EXISTS, "document 2: things.code = \"same\" is taken by document 1");
    ck_assert_str_eq(rt_shows(third), "{\"n\":3,\"code\":\"c3\",\"tags\":[\"a\",0]}");
    rt_ok(kx_doc_set(third, "n", kx_int(30)));
    rt_ok(kx_doc_save(third));
    ck_assert_str_eq(rt_stored(s.txn, "things", 3), "{\"n\":30,\"code\":\"c3\",\"tags\":[\"a\",0]}");
    rt_end(&s);
}
END_TEST

START_TEST(edits_that_mean_nothing_are_refused_before_anything_is_written)
{
    shop s = rt_start(KX_WRITE);
    uint64_t changed;
    rt_fails(kx_update_where(s.txn, "orders", NULL, KX_EDITS({"user", KX_EDIT_SET, kx_int(1)}), &changed), KX_INVALID,
             "orders.user is a relation: point it at a document with kx_doc_link, or set user_id");
    rt_fails(kx_update_where(s.txn, "orders", NULL, KX_EDITS({"_id", KX_EDIT_SET, kx_int(1)}), &changed), KX_INVALID,
             "orders._id: an id never changes");
    rt_fails(kx_update_where(s.txn, "orders", NULL, (const kx_edit[]){{0}}, &changed), KX_INVALID,
             "an update of orders without edits");
    rt_fails(kx_update_where(s.txn, "orders", NULL, KX_EDITS({"a", (kx_edit_kind)9, kx_int(1)}), &changed), KX_INVALID,
             "orders.a: no edit has that number");
    rt_fails(kx_update_where(s.txn, "orders", NULL, KX_EDITS({"a", KX_EDIT_SET, {0}}), &changed), KX_INVALID,
             "orders.a: builder: no value");
    rt_fails(kx_update_where(s.txn, "nothing", NULL, KX_EDITS({"a", KX_EDIT_SET, kx_int(1)}), &changed), KX_INVALID,
             "no collection 'nothing'; there are orders, notes, users");
    rt_end(&s);
}
END_TEST

static const kx_model users = {.name = "users", .indexes = INDEXES({.paths = "user_id", .unique = true})};
static const kx_model orders = {.name = "orders",
                                .relations = RELATIONS({.name = "user",
                                                        .kind = KX_FOREIGN_KEY,
                                                        .target = "users",
                                                        .foreign_key = "user_id",
                                                        .reverse = "orders",
                                                        .enforced = true,
                                                        .on_delete = KX_CASCADE,
                                                        .on_update = KX_CASCADE})};
static const kx_model notes = {.name = "notes",
                               .relations = RELATIONS({.name = "order",
                                                       .kind = KX_FOREIGN_KEY,
                                                       .target = "orders",
                                                       .foreign_key = "order_id",
                                                       .related_field = "order_id",
                                                       .on_delete = KX_RESTRICT,
                                                       .optional = true},
                                                      {.name = "writer",
                                                       .kind = KX_FOREIGN_KEY,
                                                       .target = "users",
                                                       .foreign_key = "user_id",
                                                       .on_delete = KX_CASCADE,
                                                       .optional = true})};

/* Users 1 to 3; orders 1 to 6, two of each; nothing refers to an order yet. */
static shop related(void)
{
    shop s = rt_start_with(MODELS(&users, &orders, &notes));
    for (int i = 1; i <= 3; i++)
        rt_save(s.txn, "users", kxt_print("{\"user_id\":%d}", i));
    for (int i = 1; i <= 6; i++)
        rt_save(s.txn, "orders", kxt_print("{\"order_id\":%d,\"user_id\":%d}", i, (i + 1) / 2));
    return s;
}

START_TEST(keys_that_change_take_their_holders_along)
{
    shop s = related();
    uint64_t changed;
    rt_ok(kx_update_where(s.txn, "users", NULL, KX_EDITS({"user_id", KX_EDIT_INCREMENT, kx_int(10)}), &changed));
    ck_assert_uint_eq(changed, 3);
    ck_assert_str_eq(rt_stored(s.txn, "orders", 6), "{\"order_id\":6,\"user_id\":13}");
    rt_fails(kx_update_where(s.txn, "orders", NULL, KX_EDITS({"user_id", KX_EDIT_INCREMENT, kx_int(1)}), &changed),
             KX_DANGLING, "document 5: orders.user: document 5 refers to users with user_id=14, which is not there");
    ck_assert_str_eq(rt_stored(s.txn, "orders", 1), "{\"order_id\":1,\"user_id\":11}");
    rt_end(&s);
}
END_TEST

/* ---- delete ------------------------------------------------------------------------------------ */

START_TEST(a_delete_of_many_is_one_delete_with_all_that_relations_ask_for)
{
    shop s = related();
    uint64_t deleted, count;
    rt_save(s.txn, "notes", "{\"order_id\":1,\"user_id\":3}");
    rt_fails(kx_delete_where(s.txn, "users", &(kx_query){.where = KX_WHERE({"user_id", KX_LE, kx_int(2)})}, &deleted),
             KX_RESTRICTED, "notes.order (restrict) stands in the way: users 1 <- orders.user 1 <- notes.order 1");
    ck_assert_uint_eq(deleted, 0);
    rt_ok(kx_count(s.txn, "orders", NULL, &count));
    ck_assert_uint_eq(count, 6);
    rt_ok(kx_delete_where(s.txn, "users", &(kx_query){.where = KX_WHERE({"user_id", KX_NE, kx_int(2)})}, &deleted));
    ck_assert_uint_eq(deleted, 2);
    rt_ok(kx_count(s.txn, "orders", NULL, &count));
    ck_assert_uint_eq(count, 2);
    rt_ok(kx_count(s.txn, "notes", NULL, &count));
    ck_assert_uint_eq(count, 0);
    rt_end(&s);
}
END_TEST

START_TEST(a_blocker_is_named_with_the_document_that_it_holds)
{
    shop s = related();
    uint64_t deleted;
    rt_save(s.txn, "notes", "{\"order_id\":4}");
    rt_save(s.txn, "notes", "{\"order_id\":6}");
    rt_fails(kx_delete_where(s.txn, "orders", NULL, &deleted), KX_RESTRICTED,
             "notes.order (restrict) stands in the way: orders 4 <- notes.order 1; 2 documents in all");
    rt_ok(kx_delete_where(s.txn, "notes", NULL, NULL));
    rt_ok(kx_delete_where(s.txn, "orders", &(kx_query){.order_by = "-order_id", .limit = 2}, &deleted));
    ck_assert_uint_eq(deleted, 2);
    ck_assert_str_eq(rt_stored(s.txn, "orders", 5), "none");
    ck_assert_str_ne(rt_stored(s.txn, "orders", 4), "none");
    rt_ok(kx_delete_where(s.txn, "orders", &(kx_query){.where = KX_WHERE({"order_id", KX_EQ, kx_int(99)})}, &deleted));
    ck_assert_uint_eq(deleted, 0);
    rt_end(&s);
}
END_TEST

START_TEST(a_plan_of_many_is_shown_applied_and_refused_when_it_is_another_one)
{
    shop s = related();
    kx_deletion *plan;
    uint64_t count;
    rt_ok(kx_delete_plan_where(s.txn, "users", &(kx_query){.where = KX_WHERE({"user_id", KX_GE, kx_int(2)})}, &plan));
    ck_assert_str_eq(kx_deletion_json(plan),
                     "{\"collection\":\"users\",\"documents\":2,\"steps\":["
                     "{\"collection\":\"users\",\"action\":\"cascade\",\"relation\":null,\"documents\":2},"
                     "{\"collection\":\"orders\",\"action\":\"cascade\",\"relation\":\"orders.user\",\"documents\":4}],"
                     "\"blockers\":[]}");
    kx_doc *more = rt_save(s.txn, "orders", "{\"order_id\":7,\"user_id\":2}");
    rt_fails(kx_deletion_apply(s.txn, plan), KX_CONFLICT,
             "the plan to delete 2 documents of users is not what would happen now; make a new one");
    rt_ok(kx_doc_delete(more));
    rt_ok(kx_deletion_apply(s.txn, plan));
    rt_ok(kx_count(s.txn, "orders", NULL, &count));
    ck_assert_uint_eq(count, 2);
    rt_fails(kx_deletion_apply(s.txn, plan), KX_CONFLICT,
             "the plan to delete 2 documents of users is not what would happen now; make a new one");
    kx_deletion_free(plan);
    rt_ok(kx_delete_plan_where(s.txn, "users", &(kx_query){.where = KX_WHERE({"user_id", KX_EQ, kx_int(9)})}, &plan));
    ck_assert_str_eq(kx_deletion_json(plan), "{\"collection\":\"users\",\"documents\":0,\"steps\":[],\"blockers\":[]}");
    rt_ok(kx_deletion_apply(s.txn, plan));
    kx_deletion_free(plan);
    rt_end(&s);
}
END_TEST

/* ---- insert or change --------------------------------------------------------------------------------- */

static int upsert(kx_txn *txn, const char *paths, const char *json, kx_upsert_mode mode, uint64_t *id, bool *inserted)
{
    return kx_upsert(txn, "things", paths, json, strlen(json), mode, id, inserted);
}

START_TEST(an_upsert_inserts_merges_replaces_or_skips)
{
    shop s = rt_start_with(MODELS(&things));
    uint64_t id;
    bool inserted;
    rt_ok(upsert(s.txn, "code", "{\"code\":\"x\",\"n\":1}", KX_UPSERT_MERGE, &id, &inserted));
    ck_assert(inserted && id == 1);
    rt_ok(upsert(s.txn, "code", "{\"code\":\"x\",\"b\":2}", KX_UPSERT_MERGE, &id, &inserted));
    ck_assert(!inserted && id == 1);
    ck_assert_str_eq(rt_stored(s.txn, "things", 1), "{\"code\":\"x\",\"n\":1,\"b\":2}");
    rt_ok(upsert(s.txn, "code", "{\"code\":\"x\",\"c\":3}", KX_UPSERT_REPLACE, &id, &inserted));
    ck_assert_str_eq(rt_stored(s.txn, "things", 1), "{\"code\":\"x\",\"c\":3}");
    rt_ok(upsert(s.txn, "code", "{\"code\":\"x\",\"c\":4}", KX_UPSERT_SKIP, &id, &inserted));
    ck_assert(!inserted && id == 1);
    ck_assert_str_eq(rt_stored(s.txn, "things", 1), "{\"code\":\"x\",\"c\":3}");
    rt_ok(upsert(s.txn, "code, c", "{\"code\":\"y\",\"c\":3.0}", KX_UPSERT_MERGE, &id, &inserted));
    ck_assert(inserted && id == 2);
    rt_ok(upsert(s.txn, "code,c", "{\"code\":\"y\",\"c\":3,\"n\":5}", KX_UPSERT_MERGE, NULL, NULL));
    ck_assert_str_eq(rt_stored(s.txn, "things", 2), "{\"code\":\"y\",\"c\":3,\"n\":5}");
    rt_end(&s);
}
END_TEST

START_TEST(an_upsert_without_a_key_or_with_several_matches_is_refused)
{
    shop s = rt_start_with(MODELS(&things));
    uint64_t id = 9;
    bool inserted = true;
    rt_fails(upsert(s.txn, "code", "{\"n\":1}", KX_UPSERT_MERGE, &id, &inserted), KX_REQUIRED,
             "things.code is what the document is to be found by, and has no value");
    ck_assert(id == 0 && !inserted);
    rt_save(s.txn, "things", "{\"n\":1}");
    rt_save(s.txn, "things", "{\"n\":1.0}");
    rt_fails(upsert(s.txn, "n", "{\"n\":1}", KX_UPSERT_MERGE, &id, &inserted), KX_EXISTS,
             "several documents of things have the same n, document 1 among them");
    rt_save(s.txn, "things", "{\"code\":\"x\",\"n\":2}");
    rt_fails(upsert(s.txn, "n", "{\"n\":3,\"code\":\"x\"}", KX_UPSERT_MERGE, &id, &inserted), KX_EXISTS,
             "things.code = \"x\" is taken by document 3");
    rt_fails(upsert(s.txn, "n", "{\"n\":3", KX_UPSERT_MERGE, &id, &inserted), KX_INVALID,
             "line 1, column 6: '}' expected near end of file");
    rt_fails(upsert(s.txn, "n", "{\"n\":3}", (kx_upsert_mode)7, &id, &inserted), KX_INVALID,
             "no mode of upsert has the number 7");
    rt_end(&s);
}
END_TEST

/* ---- instances --------------------------------------------------------------------------------------- */

START_TEST(increments_of_two_instances_both_count)
{
    shop s = rt_start_with(MODELS(&things));
    fill(s.txn, 1);
    kx_doc *one = rt_get(s.txn, "things", 1), *other = rt_get(s.txn, "things", 1);
    rt_ok(kx_doc_increment(one, "n", kx_int(5)));
    rt_ok(kx_doc_increment(other, "n", kx_int(7)));
    rt_ok(kx_doc_remove_elements(other, "tags", kx_text("a")));
    ck_assert_str_eq(rt_shows(other), "{\"n\":8,\"code\":\"c1\",\"tags\":[1]}");
    rt_ok(kx_doc_save(one));
    rt_ok(kx_doc_save(other));
    ck_assert_str_eq(rt_stored(s.txn, "things", 1), "{\"n\":13,\"code\":\"c1\",\"tags\":[1]}");
    rt_fails(kx_doc_increment(one, "code", kx_int(1)), KX_INVALID, "things: path 'code': 'code' is not a number");
    rt_fails(kx_doc_remove_elements(one, "n", kx_int(1)), KX_INVALID, "things: path 'n': 'n' is not an array");
    rt_end(&s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("where");
    TCase *c = tcase_create("update");
    tcase_add_test(c, an_update_that_moves_documents_ahead_in_its_index_changes_each_once);
    tcase_add_test(c, edits_are_applied_in_order_and_what_stays_as_it_was_is_not_written);
    tcase_add_test(c, many_documents_that_move_no_key_are_changed_as_one_by_one);
    tcase_add_test(c, an_edit_near_the_path_of_an_index_keeps_it_true);
    tcase_add_test(c, an_update_that_finds_a_wrong_document_in_a_later_batch_changes_nothing);
    tcase_add_test(c, order_limit_and_offset_say_which_documents_are_changed);
    tcase_add_test(c, an_update_that_fails_midway_changes_nothing);
    tcase_add_test(c, edits_that_mean_nothing_are_refused_before_anything_is_written);
    tcase_add_test(c, keys_that_change_take_their_holders_along);
    tcase_add_test(c, increments_of_two_instances_both_count);
    suite_add_tcase(suite, c);
    c = tcase_create("delete");
    tcase_add_test(c, a_delete_of_many_is_one_delete_with_all_that_relations_ask_for);
    tcase_add_test(c, a_blocker_is_named_with_the_document_that_it_holds);
    tcase_add_test(c, a_plan_of_many_is_shown_applied_and_refused_when_it_is_another_one);
    suite_add_tcase(suite, c);
    c = tcase_create("upsert");
    tcase_add_test(c, an_upsert_inserts_merges_replaces_or_skips);
    tcase_add_test(c, an_upsert_without_a_key_or_with_several_matches_is_refused);
    suite_add_tcase(suite, c);
    return kxt_run(suite);
}
