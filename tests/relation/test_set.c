/*
 * test_set.c -- related sets: searching and counting within them, adding, taking out, clearing, replacing by difference.
 */
#include "relation_test.h"

#include "base/base.h"

/* ---- reading ------------------------------------------------------------------------ */

START_TEST(every_member_of_a_query_holds_within_the_set)
{
    shop it = rt_start(_i == 0 ? KX_READ : KX_WRITE);
    kx_doc *ann = rt_get(it.txn, "users", 1);
    ck_assert_str_eq(rt_set(ann, "orders", NULL), "1 3");
    ck_assert_str_eq(rt_set(ann, "orders", &(kx_query){0}), "1 3");
    ck_assert_str_eq(rt_set(ann, "orders", &(kx_query){.where = KX_WHERE({"amount", KX_GT, kx_int(15)})}), "1");
    ck_assert_str_eq(rt_set(ann, "orders", &(kx_query){.order_by = "amount"}), "3 1");
    ck_assert_str_eq(rt_set(ann, "orders", &(kx_query){.order_by = "-amount"}), "1 3");
    ck_assert_str_eq(rt_set(ann, "orders", &(kx_query){.limit = 1}), "1");
    ck_assert_str_eq(rt_set(ann, "orders", &(kx_query){.offset = 1}), "3");
    ck_assert_str_eq(rt_set(ann, "orders", &(kx_query){.order_by = "amount", .limit = 1, .offset = 1}), "1");
    ck_assert_str_eq(rt_set(ann, "orders", &(kx_query){.offset = 2}), "");
    ck_assert_str_eq(rt_set(ann, "orders", &(kx_query){.filter = "amount < ?", .args = KX_ARGS(kx_int(15))}), "3");
    ck_assert_str_eq(rt_set(ann, "orders", &(kx_query){.where = KX_WHERE({"_id", KX_GE, kx_int(2)})}), "3");
    ck_assert_uint_eq(rt_count(ann, "orders", &(kx_query){.where = KX_WHERE({"amount", KX_GT, kx_int(5)}), .limit = 1}),
                      1);
    ck_assert_uint_eq(rt_count(ann, "orders", &(kx_query){.offset = 1}), 1);
    rt_end(&it);
}
END_TEST

START_TEST(no_condition_leads_out_of_the_set)
{
    shop it = rt_start(KX_READ);
    kx_doc *ann = rt_get(it.txn, "users", 1);
    ck_assert_str_eq(rt_set(ann, "orders", &(kx_query){.where = KX_WHERE({"user_id", KX_EQ, kx_int(2)})}), "");
    ck_assert_str_eq(rt_set(ann, "orders", &(kx_query){.where = KX_WHERE({"user_id", KX_GE, kx_int(0)})}), "1 3");
    ck_assert_str_eq(rt_set(ann, "orders", &(kx_query){.where = KX_WHERE({"user_id", KX_NE, kx_int(1)})}), "");
    kx_value both = kx_list(KX_ARGS(kx_int(1), kx_int(2)));
    ck_assert_str_eq(rt_set(ann, "orders", &(kx_query){.where = KX_WHERE({"user_id", KX_IN, both})}), "1 3");
    ck_assert_str_eq(rt_set(ann, "orders", &(kx_query){.where = KX_WHERE({"_id", KX_EQ, kx_int(2)})}), "");
    ck_assert_str_eq(rt_set(ann, "orders", &(kx_query){.order_by = "-user_id"}), "1 3");
    ck_assert_uint_eq(rt_count(ann, "orders", &(kx_query){.where = KX_WHERE({"user_id", KX_EQ, kx_int(2)})}), 0);
    ck_assert_uint_eq(rt_count(ann, "orders", &(kx_query){.where = KX_WHERE({"user_id", KX_IS_NULL, {0}})}), 0);
    rt_end(&it);
}
END_TEST

START_TEST(counting_a_set_reads_no_document)
{
    shop it = rt_start(KX_READ);
    kx_doc *ann = rt_get(it.txn, "users", 1);
    kx_stats before = rt_stats(it.txn);
    ck_assert_uint_eq(rt_count(ann, "orders", NULL), 2);
    ck_assert_uint_eq(rt_count(ann, "notes", NULL), 1);
    kx_stats after = rt_stats(it.txn);
    ck_assert_uint_eq(after.rows, before.rows);
    ck_assert_uint_eq(after.lazy_loads, before.lazy_loads);
    rt_end(&it);
}
END_TEST

START_TEST(the_set_of_a_document_without_a_key_is_empty)
{
    shop it = rt_start(KX_WRITE);
    const char *keyless[] = {"{\"name\": \"x\"}", "{\"user_id\": null}"};
    for (int i = 0; i < 2; i++) {
        kx_doc *nobody = rt_make(it.txn, "users", keyless[i]);
        kx_doc *note = rt_get(it.txn, "notes", 2);
        ck_assert_str_eq(rt_set(nobody, "notes", NULL), "");
        ck_assert_uint_eq(rt_count(nobody, "notes", NULL), 0);
        ck_assert_uint_eq(rt_count(nobody, "notes", &(kx_query){.where = KX_WHERE({"author_id", KX_IS_NULL, {0}})}), 0);
        rt_fails(kx_related_add(nobody, "notes", note), KX_REQUIRED,
                 "users.notes: this document has no user_id to be referred by");
        rt_fails(kx_related_replace(nobody, "notes", &note, 1), KX_REQUIRED,
                 "users.notes: this document has no user_id to be referred by");
        ck_assert_int_eq(kx_related_remove(nobody, "notes", note), KX_NOTFOUND);
        rt_ok(kx_related_clear(nobody, "notes"));
        rt_ok(kx_related_replace(nobody, "notes", NULL, 0));
        ck_assert_str_eq(rt_stored(it.txn, "notes", 2), "{\"author_id\":null}");
    }
    rt_end(&it);
}
END_TEST

START_TEST(the_key_is_the_one_that_the_document_shows)
{
    shop it = rt_start(KX_WRITE);
    kx_doc *ann = rt_get(it.txn, "users", 1);
    rt_ok(kx_doc_set(ann, "user_id", kx_real(2.0)));
    ck_assert_str_eq(rt_set(ann, "orders", NULL), "2");
    rt_ok(kx_doc_set(ann, "user_id", kx_text("2")));
    ck_assert_str_eq(rt_set(ann, "orders", NULL), "");
    rt_end(&it);
}
END_TEST

START_TEST(what_is_no_set_cannot_be_searched)
{
    shop it = rt_start(KX_WRITE);
    kx_doc *order = rt_get(it.txn, "orders", 1), *ann = rt_get(it.txn, "users", 1);
    uint64_t count = 7;
    ck_assert_str_eq(rt_set(order, "user", NULL), "-3: orders.user is no set: follow it with kx_doc_follow");
    ck_assert_str_eq(rt_set(order, "zzz", NULL), "-3: orders has no relation 'zzz'");
    ck_assert_int_eq(kx_related_count(order, "user", NULL, &count), KX_INVALID);
    ck_assert_uint_eq(count, 0);
    ck_assert_int_eq(kx_related_add(order, "user", ann), KX_INVALID);
    ck_assert_int_eq(kx_related_remove(order, "user", ann), KX_INVALID);
    ck_assert_int_eq(kx_related_clear(order, "user"), KX_INVALID);
    ck_assert_int_eq(kx_related_replace(order, "user", NULL, 0), KX_INVALID);
    rt_end(&it);
}
END_TEST

START_TEST(a_walk_of_a_set_may_change_it)
{
    shop it = rt_start(KX_WRITE);
    kx_doc *ann = rt_get(it.txn, "users", 1), *note;
    for (int i = 0; i < 10; i++)
        kx_doc_release(rt_save(it.txn, "notes", "{\"author_id\": 1}"));
    kx_cursor *cursor;
    int seen = 0;
    rt_ok(kx_related_find(ann, "notes", NULL, &cursor));
    while (kx_cursor_next(cursor, &note) == KX_OK) {
        seen++;
        rt_ok(kx_related_remove(ann, "notes", note));
    }
    rt_ok(kx_cursor_close(cursor));
    ck_assert_int_eq(seen, 11);
    ck_assert_uint_eq(rt_count(ann, "notes", NULL), 0);
    rt_end(&it);
}
END_TEST

/* ---- add ------------------------------------------------------------------------------ */

START_TEST(adding_sets_the_key_and_saves)
{
    shop it = rt_start(KX_WRITE);
    kx_doc *ann = rt_get(it.txn, "users", 1), *second = rt_get(it.txn, "orders", 2);
    kx_doc *fresh = rt_make(it.txn, "orders", "{\"amount\": 5}");
    rt_ok(kx_related_add(ann, "orders", fresh));
    ck_assert(!kx_doc_is_new(fresh) && !kx_doc_is_changed(fresh));
    ck_assert_str_eq(rt_stored(it.txn, "orders", kx_doc_id(fresh)), "{\"amount\":5,\"user_id\":1}");
    rt_ok(kx_doc_set(second, "amount", kx_int(21)));
    rt_ok(kx_related_add(ann, "orders", second));
    ck_assert_str_eq(rt_stored(it.txn, "orders", 2), "{\"user_id\":1,\"amount\":21}");
    ck_assert_str_eq(rt_set(ann, "orders", NULL), "1 2 3 4");
    kx_stats before = rt_stats(it.txn);
    ck_assert_ptr_eq(rt_follow(fresh, "user"), ann);
    ck_assert_ptr_eq(rt_follow(second, "user"), ann);
    kx_stats after = rt_stats(it.txn);
    ck_assert(rt_same_cost(&before, &after));
    rt_end(&it);
}
END_TEST

START_TEST(adding_a_member_again_changes_nothing)
{
    shop it = rt_start(KX_WRITE);
    kx_doc *ann = rt_get(it.txn, "users", 1), *first = rt_get(it.txn, "orders", 1);
    kx_stats before = rt_stats(it.txn);
    rt_ok(kx_related_add(ann, "orders", first));
    rt_ok(kx_related_add(ann, "orders", first));
    ck_assert_uint_eq(rt_stats(it.txn).writes, before.writes);
    ck_assert_uint_eq(rt_count(ann, "orders", NULL), 2);
    rt_patch(it.txn, "orders", 1, "{\"user_id\": 2}");
    rt_ok(kx_related_add(ann, "orders", first));
    ck_assert_str_eq(rt_set(ann, "orders", NULL), "1 3");
    rt_end(&it);
}
END_TEST

START_TEST(a_failed_add_leaves_all_as_it_was)
{
    shop it = rt_start(KX_WRITE);
    kx_doc *ann = rt_get(it.txn, "users", 1), *second = rt_get(it.txn, "orders", 2);
    kx_doc *fresh = rt_make(it.txn, "orders", "{\"code\": \"a\"}");
    kx_doc *null = rt_make(it.txn, "orders", "{\"user_id\": null, \"code\": \"a\"}");
    rt_save(it.txn, "orders", "{\"code\": \"a\"}");
    rt_fails(kx_related_add(ann, "orders", fresh), KX_EXISTS, "orders.code = \"a\" is taken by document 4");
    ck_assert_str_eq(rt_shows(fresh), "{\"code\":\"a\"}");
    ck_assert(kx_doc_is_new(fresh));
    ck_assert_int_eq(kx_related_add(ann, "orders", null), KX_EXISTS);
    ck_assert_str_eq(rt_shows(null), "{\"user_id\":null,\"code\":\"a\"}");
    rt_ok(kx_doc_set(second, "code", kx_text("a")));
    ck_assert_int_eq(kx_related_add(ann, "orders", second), KX_EXISTS);
    ck_assert_str_eq(rt_shows(second), "{\"user_id\":2,\"amount\":20,\"code\":\"a\"}");
    ck_assert(kx_doc_is_changed(second));
    ck_assert_str_eq(kx_doc_text(rt_follow(second, "user"), "name"), "bob");
    ck_assert_str_eq(rt_set(ann, "orders", NULL), "1 3");
    rt_end(&it);
}
END_TEST

/* A unique compound index makes giving a key fail without any other change. */
static const kx_model hosts = {.name = "hosts", .indexes = INDEXES({.paths = "host_id", .unique = true})};
static const kx_model ports = {
    .name = "ports",
    .indexes = INDEXES({.paths = "host_id,port", .unique = true}),
    .relations = RELATIONS({.name = "host",
                            .kind = KX_FOREIGN_KEY,
                            .target = "hosts",
                            .foreign_key = "host_id",
                            .reverse = "ports",
                            .optional = true}),
};

START_TEST(a_failed_add_leaves_an_unchanged_member_unchanged)
{
    shop it = rt_start_with(MODELS(&hosts, &ports));
    kx_doc *host = rt_save(it.txn, "hosts", "{\"host_id\": 1}");
    rt_save(it.txn, "ports", "{\"host_id\": 1, \"port\": 80}");
    kx_doc *port = rt_save(it.txn, "ports", "{\"host_id\": 2, \"port\": 80}"),
           *bare = rt_save(it.txn, "ports", "{\"port\": 80}");
    ck_assert_int_eq(kx_related_add(host, "ports", port), KX_EXISTS);
    ck_assert_str_eq(rt_shows(port), "{\"host_id\":2,\"port\":80}");
    ck_assert(!kx_doc_is_changed(port));
    ck_assert_int_eq(kx_related_add(host, "ports", bare), KX_EXISTS);
    ck_assert_str_eq(rt_shows(bare), "{\"port\":80}");
    ck_assert(!kx_doc_is_changed(bare));
    rt_end(&it);
}
END_TEST

START_TEST(members_are_of_the_right_collection_and_this_transaction)
{
    shop it = rt_start(KX_WRITE);
    kx_doc *ann = rt_get(it.txn, "users", 1), *first = rt_get(it.txn, "orders", 1), *copy;
    kx_txn *read = rt_begin(it.db, KX_READ);
    kx_doc *there = rt_get(read, "orders", 2), *ann_there = rt_get(read, "users", 1);
    rt_fails(kx_related_add(ann, "orders", ann), KX_INVALID, "users.orders relates to orders, not to users");
    rt_fails(kx_related_add(ann, "orders", there), KX_INVALID,
             "users.orders: the documents are of different transactions");
    rt_fails(kx_related_add(ann_there, "orders", there), KX_READONLY, "this is a read transaction");
    rt_fails(kx_related_remove(ann_there, "orders", there), KX_READONLY, "this is a read transaction");
    rt_fails(kx_related_clear(ann_there, "orders"), KX_READONLY, "this is a read transaction");
    ck_assert_str_eq(rt_set(ann_there, "orders", NULL), "1 3");
    kx_doc *mixed[] = {first, there};
    ck_assert_int_eq(kx_related_replace(ann, "orders", mixed, 2), KX_INVALID);
    mixed[1] = NULL;
    rt_fails(kx_related_replace(ann, "orders", mixed, 2), KX_INVALID, "member 1 is NULL");
    rt_ok(kx_doc_copy(first, &copy));
    ck_assert_int_eq(kx_related_add(ann, "orders", copy), KX_INVALID);
    ck_assert_int_eq(kx_related_add(copy, "orders", first), KX_READONLY);
    kx_doc_release(copy);
    rt_ok(kx_doc_delete(first));
    ck_assert_int_eq(kx_related_add(ann, "orders", first), KX_INVALID);
    kx_txn_abort(read);
    rt_end(&it);
}
END_TEST

/* ---- remove, clear ------------------------------------------------------------------------ */

START_TEST(taking_out_nulls_the_key_and_keeps_the_document)
{
    shop it = rt_start(KX_WRITE);
    kx_doc *ann = rt_get(it.txn, "users", 1), *note = rt_get(it.txn, "notes", 1), *target;
    rt_follow(note, "author");
    rt_ok(kx_related_remove(ann, "notes", note));
    ck_assert_str_eq(rt_stored(it.txn, "notes", 1), "{\"author_id\":null}");
    ck_assert_uint_eq(rt_count(ann, "notes", NULL), 0);
    rt_ok(kx_doc_follow(note, "author", &target));
    ck_assert_ptr_null(target);
    rt_fails(kx_related_remove(ann, "notes", note), KX_NOTFOUND, "the document of notes is no member of users.notes");
    ck_assert_int_eq(kx_related_remove(ann, "notes", rt_make(it.txn, "notes", "{\"author_id\": 1}")), KX_NOTFOUND);
    ck_assert_int_eq(kx_related_remove(ann, "notes", rt_get(it.txn, "notes", 3)), KX_NOTFOUND);
    rt_end(&it);
}
END_TEST

START_TEST(a_required_foreign_key_lets_nobody_out)
{
    shop it = rt_start(KX_WRITE);
    kx_doc *ann = rt_get(it.txn, "users", 1), *first = rt_get(it.txn, "orders", 1),
           *second = rt_get(it.txn, "orders", 2);
    kx_stats before = rt_stats(it.txn);
    rt_fails(kx_related_remove(ann, "orders", first), KX_REQUIRED, "Cannot set user to null (not optional)");
    rt_fails(kx_related_clear(ann, "orders"), KX_REQUIRED, "Cannot set user to null (not optional)");
    rt_fails(kx_related_replace(ann, "orders", &second, 1), KX_REQUIRED, "Cannot set user to null (not optional)");
    ck_assert_uint_eq(rt_stats(it.txn).writes, before.writes);
    ck_assert(!kx_doc_is_changed(first) && !kx_doc_is_changed(second));
    ck_assert_str_eq(rt_set(ann, "orders", NULL), "1 3");
    kx_doc *cid = rt_save(it.txn, "users", "{\"user_id\": 3}");
    rt_ok(kx_related_clear(cid, "orders"));
    rt_ok(kx_related_replace(cid, "orders", &second, 1));
    ck_assert_str_eq(rt_set(cid, "orders", NULL), "2");
    rt_end(&it);
}
END_TEST

START_TEST(a_stale_member_is_judged_by_what_is_stored)
{
    shop it = rt_start(KX_WRITE);
    kx_doc *ann = rt_get(it.txn, "users", 1), *note = rt_get(it.txn, "notes", 1), *third = rt_get(it.txn, "notes", 3);
    rt_patch(it.txn, "notes", 1, "{\"author_id\": 2}");
    rt_patch(it.txn, "notes", 3, "{\"author_id\": 1}");
    ck_assert_int_eq(kx_related_remove(ann, "notes", note), KX_NOTFOUND);
    rt_ok(kx_related_remove(ann, "notes", third));
    ck_assert_str_eq(rt_stored(it.txn, "notes", 1), "{\"author_id\":2}");
    ck_assert_str_eq(rt_stored(it.txn, "notes", 3), "{\"author_id\":null}");
    rt_ok(kx_remove(it.txn, "notes", 1));
    ck_assert_int_eq(kx_related_remove(ann, "notes", note), KX_NOTFOUND);
    rt_end(&it);
}
END_TEST

START_TEST(clearing_takes_any_number_out_in_one_call)
{
    shop it = rt_start(KX_WRITE);
    uint64_t count = kxt_scaled(5000);
    for (uint64_t i = 0; i < count; i++)
        rt_ok(kx_insert(it.txn, "notes", "{\"author_id\": 2}", 16, NULL));
    kx_doc *bob = rt_get(it.txn, "users", 2), *one = rt_get(it.txn, "notes", 4), *target;
    rt_follow(one, "author");
    ck_assert_uint_eq(rt_count(bob, "notes", NULL), count);
    rt_ok(kx_related_clear(bob, "notes"));
    ck_assert_uint_eq(rt_count(bob, "notes", NULL), 0);
    rt_ok(kx_doc_reload(one));
    rt_ok(kx_doc_follow(one, "author", &target));
    ck_assert_ptr_null(target);
    uint64_t nulls;
    rt_ok(kx_count(it.txn, "notes", &(kx_query){.where = KX_WHERE({"author_id", KX_IS_NULL, {0}})}, &nulls));
    ck_assert_uint_eq(nulls, count + 1);
    ck_assert_uint_eq(rt_count(rt_get(it.txn, "users", 1), "notes", NULL), 1);
    rt_end(&it);
}
END_TEST

START_TEST(a_required_field_refuses_null_even_where_no_relation_asks)
{
    const kx_model boxes = {
        .name = "boxes",
        .relations =
            RELATIONS({.name = "things", .kind = KX_RELATED_SET, .target = "things", .foreign_key = "box_id"})};
    const kx_model things = {.name = "things", .fields = FIELDS({.path = "box_id", .type = KX_TYPE_INT})};
    shop it = rt_start_with(MODELS(&boxes, &things));
    kx_doc *box = rt_save(it.txn, "boxes", "{\"box_id\": 1}");
    kx_doc *thing = rt_save(it.txn, "things", "{\"box_id\": 1}");
    rt_save(it.txn, "things", "{\"box_id\": 1}");
    ck_assert_int_eq(kx_related_remove(box, "things", thing), KX_REQUIRED);
    ck_assert_str_eq(rt_shows(thing), "{\"box_id\":1}");
    ck_assert(!kx_doc_is_changed(thing));
    ck_assert_int_eq(kx_related_clear(box, "things"), KX_REQUIRED);
    ck_assert_str_eq(rt_set(box, "things", NULL), "1 2");
    rt_end(&it);
}
END_TEST

/* ---- replace --------------------------------------------------------------------------------- */

START_TEST(replacing_writes_the_difference_only)
{
    shop it = rt_start(KX_WRITE);
    kx_doc *bob = rt_get(it.txn, "users", 2), *notes[4];
    for (int i = 0; i < 3; i++)
        notes[i] = rt_save(it.txn, "notes", "{\"author_id\": 2}");
    notes[3] = rt_make(it.txn, "notes", "{\"text\": \"new\"}");
    kx_stats before = rt_stats(it.txn);
    rt_ok(kx_related_replace(bob, "notes", notes, 3));
    ck_assert_uint_eq(rt_stats(it.txn).writes, before.writes);
    rt_ok(kx_related_replace(bob, "notes", notes + 1, 3));
    ck_assert_str_eq(rt_set(bob, "notes", NULL), "5 6 7");
    ck_assert_uint_eq(rt_stats(it.txn).writes, before.writes + 5);
    ck_assert_str_eq(rt_stored(it.txn, "notes", 4), "{\"author_id\":null}");
    kx_doc *twice[] = {notes[1], notes[1], notes[0], notes[0]};
    rt_ok(kx_related_replace(bob, "notes", twice, 4));
    ck_assert_str_eq(rt_set(bob, "notes", NULL), "4 5");
    ck_assert_ptr_eq(rt_follow(notes[0], "author"), bob);
    rt_end(&it);
}
END_TEST

START_TEST(a_replace_that_fails_half_way_changes_nothing)
{
    shop it = rt_start_with(MODELS(&hosts, &ports));
    kx_doc *host = rt_save(it.txn, "hosts", "{\"host_id\": 1}"),
           *leaver = rt_save(it.txn, "ports", "{\"host_id\": 1, \"port\": 7}");
    kx_doc *members[4] = {
        rt_save(it.txn, "ports", "{\"host_id\": 2, \"port\": 80}"),
        rt_make(it.txn, "ports", "{\"port\": 81}"),
        rt_make(it.txn, "ports", "{\"host_id\": null, \"port\": 82}"),
        rt_save(it.txn, "ports", "{\"host_id\": 3, \"port\": 80}"),
    };
    kx_doc *changed = rt_save(it.txn, "ports", "{\"host_id\": 4, \"port\": 83}");
    rt_ok(kx_doc_set(changed, "more", kx_int(1)));
    kx_doc *all[] = {changed, members[0], members[1], members[2], members[3]};
    ck_assert_int_eq(kx_related_replace(host, "ports", all, 5), KX_EXISTS);
    ck_assert_ptr_nonnull(strstr(kx_errmsg(), "is taken by document 2"));
    ck_assert_str_eq(rt_set(host, "ports", NULL), "1");
    ck_assert_str_eq(rt_stored(it.txn, "ports", 2), "{\"host_id\":2,\"port\":80}");
    ck_assert_str_eq(rt_stored(it.txn, "ports", 5), "none");
    ck_assert_str_eq(rt_shows(members[0]), "{\"host_id\":2,\"port\":80}");
    ck_assert(!kx_doc_is_changed(members[0]) && !kx_doc_is_changed(members[3]) && !kx_doc_is_changed(leaver));
    ck_assert(kx_doc_is_new(members[1]) && kx_doc_is_new(members[2]));
    ck_assert_str_eq(rt_shows(members[1]), "{\"port\":81}");
    ck_assert_str_eq(rt_shows(members[2]), "{\"host_id\":null,\"port\":82}");
    ck_assert_str_eq(rt_shows(members[3]), "{\"host_id\":3,\"port\":80}");
    ck_assert_str_eq(rt_shows(changed), "{\"host_id\":4,\"port\":83,\"more\":1}");
    ck_assert(kx_doc_is_changed(changed));
    ck_assert_int_eq(kx_related_replace(host, "ports", all, 4), KX_OK);
    ck_assert_str_eq(rt_set(host, "ports", NULL), "2 4 5 6");
    ck_assert_str_eq(rt_stored(it.txn, "ports", 4), "{\"host_id\":1,\"port\":83,\"more\":1}");
    rt_end(&it);
}
END_TEST

START_TEST(sets_change_within_a_savepoint_and_go_back_with_it)
{
    shop it = rt_start(KX_WRITE);
    kx_txn *child;
    kx_doc *ann = rt_get(it.txn, "users", 1), *fresh = rt_make(it.txn, "notes", "{}"), *target;
    rt_ok(kx_txn_child(it.txn, &child));
    rt_ok(kx_related_replace(ann, "notes", &fresh, 1));
    ck_assert_str_eq(rt_set(ann, "notes", NULL), "4");
    kx_txn_abort(child);
    ck_assert_str_eq(rt_set(ann, "notes", NULL), "1");
    ck_assert(kx_doc_is_new(fresh));
    rt_ok(kx_txn_child(it.txn, &child));
    rt_ok(kx_related_clear(ann, "notes"));
    rt_ok(kx_txn_commit(child));
    ck_assert_str_eq(rt_set(ann, "notes", NULL), "");
    rt_ok(kx_doc_follow(rt_get(it.txn, "notes", 1), "author", &target));
    ck_assert_ptr_null(target);
    rt_end(&it);
}
END_TEST

/* ---- no memory ------------------------------------------------------------------------- */

static int change_relations(kx_doc *ann, kx_doc *note, kx_doc *fresh)
{
    kx_doc *members[] = {note, fresh}, *target;
    int rc = kx_doc_follow(note, "author", &target);
    if (rc == KX_OK)
        rc = kx_doc_link(note, "author", ann);
    return rc == KX_OK ? kx_related_replace(ann, "notes", members, 2) : rc;
}

START_TEST(without_memory_the_store_is_as_it_was)
{
    shop it = rt_start(KX_WRITE);
    const char *before = rt_set(rt_get(it.txn, "users", 1), "notes", NULL);
    bool hit = true;
    for (long n = 0; hit; n++) {
        kx_txn *child;
        rt_ok(kx_txn_child(it.txn, &child));
        kx_doc *ann = rt_get(child, "users", 1), *note = rt_get(child, "notes", 3),
               *fresh = rt_make(child, "notes", "{\"n\": 1}");
        kx_base__fail_alloc_after(n);
        int rc = change_relations(ann, note, fresh);
        hit = kx_base__fail_alloc_after(-1) < 0;
        ck_assert_msg(rc == KX_NOMEM || rc == KX_OK, "%d %s", rc, kx_errmsg());
        ck_assert(hit || rc == KX_OK);
        ck_assert_str_eq(rt_set(ann, "notes", NULL), rc == KX_OK ? "3 4" : before);
        kx_txn_abort(child);
        ck_assert_str_eq(rt_stored(it.txn, "notes", 3), "{\"author_id\":999}");
        kx_doc_release(ann);
        kx_doc_release(note);
        kx_doc_release(fresh);
    }
    rt_end(&it);
}
END_TEST

/* ---- declarations ------------------------------------------------------------------------------ */

START_TEST(a_pair_may_be_written_by_hand_with_differing_fields)
{
    const kx_model clubs = {.name = "clubs",
                            .relations = RELATIONS({.name = "members",
                                                    .kind = KX_RELATED_SET,
                                                    .target = "players",
                                                    .foreign_key = "club_code",
                                                    .local_field = "code"})};
    const kx_model players = {.name = "players",
                              .relations = RELATIONS({.name = "club",
                                                      .kind = KX_FOREIGN_KEY,
                                                      .target = "clubs",
                                                      .foreign_key = "club_code",
                                                      .related_field = "code",
                                                      .reverse = "members",
                                                      .optional = true})};
    shop it = rt_start_with(_i == 0 ? MODELS(&clubs, &players) : MODELS(&players, &clubs));
    kx_doc *club = rt_save(it.txn, "clubs", "{\"code\": \"fc\"}"), *player = rt_make(it.txn, "players", "{}");
    rt_ok(kx_related_add(club, "members", player));
    ck_assert_str_eq(rt_shows(player), "{\"club_code\":\"fc\"}");
    ck_assert_ptr_eq(rt_follow(player, "club"), club);
    ck_assert_str_eq(rt_set(club, "members", NULL), "1");
    rt_ok(kx_related_remove(club, "members", player));
    ck_assert_uint_eq(rt_count(club, "members", NULL), 0);
    rt_end(&it);
}
END_TEST

START_TEST(long_keys_do_not_mix)
{
    const kx_model clubs = {
        .name = "clubs",
        .relations =
            RELATIONS({.name = "members", .kind = KX_RELATED_SET, .target = "players", .foreign_key = "code"})};
    shop it = rt_start_with(MODELS(&clubs, &(kx_model){.name = "players"}));
    char *stem = kxt_print("%0900d", 0);
    kx_doc *one = rt_save(it.txn, "clubs", kxt_print("{\"code\": \"%s1\"}", stem));
    kx_doc *two = rt_save(it.txn, "clubs", kxt_print("{\"code\": \"%s2\"}", stem));
    rt_ok(kx_related_add(one, "members", rt_make(it.txn, "players", "{}")));
    rt_ok(kx_related_add(two, "members", rt_make(it.txn, "players", "{}")));
    rt_ok(kx_related_add(two, "members", rt_make(it.txn, "players", "{}")));
    ck_assert_str_eq(rt_set(one, "members", NULL), "1");
    ck_assert_str_eq(rt_set(two, "members", NULL), "2 3");
    ck_assert_uint_eq(rt_count(one, "members", NULL), 1);
    rt_ok(kx_related_clear(two, "members"));
    ck_assert_str_eq(rt_set(one, "members", NULL), "1");
    rt_end(&it);
}
END_TEST

static void add_changes(Suite *suite)
{
    TCase *cases = tcase_create("change");
    tcase_add_test(cases, adding_sets_the_key_and_saves);
    tcase_add_test(cases, adding_a_member_again_changes_nothing);
    tcase_add_test(cases, a_failed_add_leaves_all_as_it_was);
    tcase_add_test(cases, a_failed_add_leaves_an_unchanged_member_unchanged);
    tcase_add_test(cases, members_are_of_the_right_collection_and_this_transaction);
    tcase_add_test(cases, taking_out_nulls_the_key_and_keeps_the_document);
    tcase_add_test(cases, a_required_foreign_key_lets_nobody_out);
    tcase_add_test(cases, a_stale_member_is_judged_by_what_is_stored);
    tcase_add_test(cases, clearing_takes_any_number_out_in_one_call);
    tcase_add_test(cases, a_required_field_refuses_null_even_where_no_relation_asks);
    tcase_add_test(cases, replacing_writes_the_difference_only);
    tcase_add_test(cases, a_replace_that_fails_half_way_changes_nothing);
    tcase_add_test(cases, sets_change_within_a_savepoint_and_go_back_with_it);
    tcase_add_loop_test(cases, a_pair_may_be_written_by_hand_with_differing_fields, 0, 2);
    tcase_add_test(cases, long_keys_do_not_mix);
    tcase_add_test(cases, without_memory_the_store_is_as_it_was);
    suite_add_tcase(suite, cases);
}

static Suite *set_suite(void)
{
    Suite *suite = suite_create("relation/set");
    TCase *cases = tcase_create("read");
    tcase_add_loop_test(cases, every_member_of_a_query_holds_within_the_set, 0, 2);
    tcase_add_test(cases, no_condition_leads_out_of_the_set);
    tcase_add_test(cases, counting_a_set_reads_no_document);
    tcase_add_test(cases, the_set_of_a_document_without_a_key_is_empty);
    tcase_add_test(cases, the_key_is_the_one_that_the_document_shows);
    tcase_add_test(cases, what_is_no_set_cannot_be_searched);
    tcase_add_test(cases, a_walk_of_a_set_may_change_it);
    suite_add_tcase(suite, cases);
    add_changes(suite);
    return suite;
}

int main(void)
{
    return kxt_run(set_suite());
}
