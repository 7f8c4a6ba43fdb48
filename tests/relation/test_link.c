/*
 * test_link.c -- pointing a foreign key at a document, and every way in which a relation's name is refused as a field.
 */
#include "relation_test.h"

#define NO_ASSIGN "Cannot directly assign to orders. Use add, remove or clear."
#define NOT_OPTIONAL "Cannot set user to null (not optional)"

/* ---- what it does ----------------------------------------------------------------- */

START_TEST(linking_sets_the_key_and_remembers_the_target)
{
    shop it = rt_start(KX_WRITE);
    kx_doc *order = rt_get(it.txn, "orders", 1), *bob = rt_get(it.txn, "users", 2);
    rt_follow(order, "user");
    kx_stats before = rt_stats(it.txn);
    rt_ok(kx_doc_link(order, "user", bob));
    ck_assert_ptr_eq(rt_follow(order, "user"), bob);
    kx_stats after = rt_stats(it.txn);
    ck_assert(rt_same_cost(&before, &after));
    ck_assert_uint_eq(after.writes, before.writes);
    ck_assert_str_eq(rt_shows(order), "{\"user_id\":2,\"amount\":30}");
    ck_assert_str_eq(rt_stored(it.txn, "orders", 1), "{\"user_id\":1,\"amount\":30}");
    ck_assert_str_eq(rt_set(bob, "orders", NULL), "2");
    rt_ok(kx_doc_save(order));
    ck_assert_str_eq(rt_stored(it.txn, "orders", 1), "{\"user_id\":2,\"amount\":30}");
    ck_assert_str_eq(rt_set(bob, "orders", NULL), "1 2");
    rt_end(&it);
}
END_TEST

START_TEST(reloading_takes_a_link_back)
{
    shop it = rt_start(KX_WRITE);
    kx_doc *order = rt_get(it.txn, "orders", 1);
    rt_ok(kx_doc_link(order, "user", rt_get(it.txn, "users", 2)));
    rt_ok(kx_doc_reload(order));
    ck_assert_str_eq(kx_doc_text(rt_follow(order, "user"), "name"), "ann");
    rt_end(&it);
}
END_TEST

START_TEST(a_link_survives_the_targets_own_save_and_the_release_of_our_hold)
{
    shop it = rt_start(KX_WRITE);
    kx_doc *order = rt_get(it.txn, "orders", 1), *bob = rt_get(it.txn, "users", 2);
    rt_ok(kx_doc_link(order, "user", bob));
    rt_ok(kx_doc_set(bob, "name", kx_text("rob")));
    rt_ok(kx_doc_save(bob));
    ck_assert_ptr_eq(rt_follow(order, "user"), bob);
    kx_doc_release(bob);
    ck_assert_str_eq(kx_doc_text(rt_follow(order, "user"), "name"), "rob");
    rt_end(&it);
}
END_TEST

START_TEST(linking_nothing_needs_an_optional_relation)
{
    shop it = rt_start(KX_WRITE);
    kx_doc *order = rt_get(it.txn, "orders", 1), *note = rt_get(it.txn, "notes", 1), *target;
    kx_doc *ann = rt_follow(order, "user");
    rt_fails(kx_doc_link(order, "user", NULL), KX_REQUIRED, NOT_OPTIONAL);
    ck_assert(!kx_doc_is_changed(order));
    ck_assert_ptr_eq(rt_follow(order, "user"), ann);
    rt_follow(note, "author");
    rt_ok(kx_doc_link(note, "author", NULL));
    rt_ok(kx_doc_follow(note, "author", &target));
    ck_assert_ptr_null(target);
    rt_ok(kx_doc_save(note));
    ck_assert_str_eq(rt_stored(it.txn, "notes", 1), "{\"author_id\":null}");
    rt_end(&it);
}
END_TEST

START_TEST(a_target_that_was_never_saved_can_be_linked_when_it_has_its_key)
{
    shop it = rt_start(KX_WRITE);
    kx_doc *order = rt_get(it.txn, "orders", 1), *target;
    kx_doc *cid = rt_make(it.txn, "users", "{\"user_id\": 3, \"name\": \"cid\"}");
    rt_ok(kx_doc_link(order, "user", cid));
    ck_assert_ptr_eq(rt_follow(order, "user"), cid);
    rt_ok(kx_doc_save(cid));
    ck_assert_ptr_eq(rt_follow(order, "user"), cid);
    rt_ok(kx_doc_save(order));
    ck_assert_str_eq(rt_set(cid, "orders", NULL), "1");
    kx_doc *keyless = rt_make(it.txn, "users", "{\"name\": \"dan\"}");
    rt_fails(kx_doc_link(order, "user", keyless), KX_REQUIRED,
             "orders.user: the document of users has no user_id; set it, or save the document first");
    ck_assert_ptr_eq(rt_follow(order, "user"), cid);
    kx_doc *moving = rt_make(it.txn, "users", "{\"user_id\": 4}");
    rt_ok(kx_doc_link(order, "user", moving));
    rt_ok(kx_doc_set(moving, "user_id", kx_int(5)));
    ck_assert_int_eq(kx_doc_follow(order, "user", &target), KX_DANGLING);
    rt_end(&it);
}
END_TEST

START_TEST(a_primary_key_is_given_at_the_save_and_not_before)
{
    const kx_model id_users = {.name = "users", .indexes = INDEXES({.paths = "user_id", .primary = true})};
    const kx_model alone = {
        .name = "orders",
        .relations = RELATIONS({.name = "user", .kind = KX_FOREIGN_KEY, .target = "users", .foreign_key = "user_id"})};
    shop it = rt_start_with(MODELS(&id_users, &alone));
    kx_doc *order = rt_make(it.txn, "orders", "{}"), *user = rt_make(it.txn, "users", "{}");
    ck_assert_int_eq(kx_doc_link(order, "user", user), KX_REQUIRED);
    ck_assert_str_eq(rt_shows(order), "{}");
    rt_ok(kx_doc_save(user));
    rt_ok(kx_doc_link(order, "user", user));
    rt_ok(kx_doc_save(order));
    ck_assert_str_eq(rt_stored(it.txn, "orders", 1), "{\"user_id\":1}");
    rt_end(&it);
}
END_TEST

/* ---- what is refused --------------------------------------------------------------------- */

START_TEST(targets_are_of_the_right_collection_and_this_transaction)
{
    shop it = rt_start(KX_WRITE);
    kx_doc *order = rt_get(it.txn, "orders", 1), *ann = rt_get(it.txn, "users", 1), *copy;
    kx_txn *read = rt_begin(it.db, KX_READ);
    kx_doc *there = rt_get(read, "users", 2);
    rt_fails(kx_doc_link(order, "user", order), KX_INVALID, "orders.user relates to users, not to orders");
    rt_fails(kx_doc_link(order, "user", there), KX_INVALID, "orders.user: the documents are of different transactions");
    rt_ok(kx_doc_copy(ann, &copy));
    ck_assert_int_eq(kx_doc_link(order, "user", copy), KX_INVALID);
    kx_doc_release(copy);
    rt_ok(kx_doc_delete(ann));
    rt_fails(kx_doc_link(order, "user", ann), KX_INVALID, "orders.user: the document of users was deleted");
    ck_assert(!kx_doc_is_changed(order));
    rt_fails(kx_doc_link(rt_get(read, "orders", 1), "user", there), KX_READONLY, "this is a read transaction");
    rt_fails(kx_doc_link(order, "nobody", there), KX_INVALID, "orders has no relation 'nobody'");
    kx_txn_abort(read);
    rt_end(&it);
}
END_TEST

START_TEST(a_set_cannot_be_assigned)
{
    shop it = rt_start(KX_WRITE);
    kx_doc *ann = rt_get(it.txn, "users", 1), *order = rt_get(it.txn, "orders", 2);
    rt_fails(kx_doc_link(ann, "orders", order), KX_INVALID, NO_ASSIGN);
    rt_fails(kx_doc_link(ann, "orders", NULL), KX_INVALID, NO_ASSIGN);
    rt_fails(kx_doc_set(ann, "orders", kx_int(1)), KX_INVALID, NO_ASSIGN);
    rt_fails(kx_doc_set(ann, "orders.x", kx_int(1)), KX_INVALID, NO_ASSIGN);
    rt_fails(kx_doc_set(ann, "`orders`", kx_int(1)), KX_INVALID, NO_ASSIGN);
    rt_fails(kx_doc_append(ann, "orders", kx_int(1)), KX_INVALID, NO_ASSIGN);
    rt_fails(kx_doc_unset(ann, "orders"), KX_INVALID, NO_ASSIGN);
    ck_assert_str_eq(kx_last_error()->collection, "users");
    ck_assert_str_eq(kx_last_error()->path, "orders");
    rt_ok(kx_doc_set(ann, "ordersx", kx_int(1)));
    rt_ok(kx_doc_set(ann, "x.orders", kx_int(1)));
    rt_ok(kx_doc_save(ann));
    rt_end(&it);
}
END_TEST

START_TEST(a_foreign_keys_name_is_no_field)
{
    static const char text[] = "orders.user is a relation: point it at a document with kx_doc_link, or set user_id";
    shop it = rt_start(KX_WRITE);
    kx_doc *order = rt_get(it.txn, "orders", 1);
    rt_fails(kx_doc_set(order, "user", kx_int(1)), KX_INVALID, text);
    rt_fails(kx_doc_set(order, "user.name", kx_text("x")), KX_INVALID, text);
    rt_fails(kx_doc_set(order, "user[0]", kx_text("x")), KX_INVALID, text);
    rt_fails(kx_doc_unset(order, "user"), KX_INVALID, text);
    ck_assert(!kx_doc_is_changed(order));
    rt_end(&it);
}
END_TEST

START_TEST(documents_that_come_whole_may_not_bear_a_relations_name)
{
    shop it = rt_start(KX_WRITE);
    kx_doc *doc = rt_make(it.txn, "orders", "{\"user_id\": 1, \"user\": 5}");
    ck_assert_int_eq(kx_doc_save(doc), KX_INVALID);
    ck_assert_ptr_nonnull(strstr(kx_errmsg(), "user"));
    doc = rt_make(it.txn, "users", "{\"user_id\": 5, \"orders\": []}");
    ck_assert_int_eq(kx_doc_save(doc), KX_INVALID);
    ck_assert_int_eq(kx_insert(it.txn, "users", "{\"orders\": 1}", 13, NULL), KX_INVALID);
    ck_assert_int_eq(kx_patch(it.txn, "users", 1, "{\"orders\": 1}", 13), KX_INVALID);
    ck_assert_int_eq(kx_put(it.txn, "users", 1, "{\"orders\": 1}", 13), KX_INVALID);
    ck_assert_str_eq(rt_stored(it.txn, "users", 1), "{\"user_id\":1,\"name\":\"ann\"}");
    rt_end(&it);
}
END_TEST

static Suite *link_suite(void)
{
    Suite *suite = suite_create("relation/link");
    TCase *cases = tcase_create("link");
    tcase_add_test(cases, linking_sets_the_key_and_remembers_the_target);
    tcase_add_test(cases, reloading_takes_a_link_back);
    tcase_add_test(cases, a_link_survives_the_targets_own_save_and_the_release_of_our_hold);
    tcase_add_test(cases, linking_nothing_needs_an_optional_relation);
    tcase_add_test(cases, a_target_that_was_never_saved_can_be_linked_when_it_has_its_key);
    tcase_add_test(cases, a_primary_key_is_given_at_the_save_and_not_before);
    tcase_add_test(cases, targets_are_of_the_right_collection_and_this_transaction);
    tcase_add_test(cases, a_set_cannot_be_assigned);
    tcase_add_test(cases, a_foreign_keys_name_is_no_field);
    tcase_add_test(cases, documents_that_come_whole_may_not_bear_a_relations_name);
    suite_add_tcase(suite, cases);
    return suite;
}

int main(void)
{
    return kxt_run(link_suite());
}
