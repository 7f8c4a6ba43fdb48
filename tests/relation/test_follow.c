/*
 * test_follow.c -- foreign keys: what following costs, what it says where nothing is, and that what is remembered is never stale.
 */
#include "relation_test.h"

#define NULL_KEY "Foreign key 'user_id' is null. Declare the relation optional if this is valid."
#define NO_999 "Related users with user_id=999 not found"

static const kx_model id_users = {.name = "users", .indexes = INDEXES({.paths = "user_id", .primary = true})};
static const kx_model loose_users = {.name = "users"};
static const kx_model orders_alone = {
    .name = "orders",
    .relations = RELATIONS({.name = "user", .kind = KX_FOREIGN_KEY, .target = "users", .foreign_key = "user_id"}),
};

/* ---- cost ------------------------------------------------------------------------- */

static void follow_once_then_free(kx_txn_mode mode)
{
    shop it = rt_start(mode);
    kx_doc *order = rt_get(it.txn, "orders", 1);
    kx_stats before = rt_stats(it.txn);
    kx_doc *ann = rt_follow(order, "user");
    kx_stats first = rt_stats(it.txn);
    ck_assert_str_eq(kx_doc_text(ann, "name"), "ann");
    ck_assert_uint_eq(first.lazy_loads, before.lazy_loads + 1);
    ck_assert_uint_eq(first.rows, before.rows + 1);
    ck_assert_uint_eq(first.descents, before.descents + 2);
    for (int i = 0; i < 100; i++)
        ck_assert_ptr_eq(rt_follow(order, "user"), ann);
    kx_stats later = rt_stats(it.txn);
    ck_assert(rt_same_cost(&first, &later));
    rt_end(&it);
}

START_TEST(following_costs_one_lookup_and_then_none)
{
    follow_once_then_free(_i == 0 ? KX_READ : KX_WRITE);
}
END_TEST

START_TEST(a_primary_key_is_one_descent)
{
    shop it = rt_start_with(MODELS(&id_users, &orders_alone));
    rt_save(it.txn, "users", "{\"user_id\": 7, \"name\": \"gil\"}");
    kx_doc *order = rt_save(it.txn, "orders", "{\"user_id\": 7}"),
           *other = rt_save(it.txn, "orders", "{\"user_id\": 7.0}");
    kx_doc *lost = rt_save(it.txn, "orders", "{\"user_id\": -1}"), *target;
    kx_stats before = rt_stats(it.txn);
    ck_assert_str_eq(kx_doc_text(rt_follow(order, "user"), "name"), "gil");
    kx_stats after = rt_stats(it.txn);
    ck_assert_uint_eq(after.descents, before.descents + 1);
    ck_assert_uint_eq(after.rows, before.rows + 1);
    ck_assert_uint_eq(kx_doc_id(rt_follow(other, "user")), 7);
    rt_fails(kx_doc_follow(lost, "user", &target), KX_DANGLING, "Related users with user_id=-1 not found");
    rt_end(&it);
}
END_TEST

START_TEST(the_target_index_is_implied_and_need_not_be_unique)
{
    shop it = rt_start_with(MODELS(&loose_users, &orders_alone));
    kx_index_info info;
    rt_ok(kx_index_at(it.txn, "users", 0, &info));
    ck_assert_str_eq(info.index.paths, "user_id");
    ck_assert(info.implied && !info.index.unique);
    kx_doc *second = rt_save(it.txn, "users", "{\"user_id\": 5, \"name\": \"low\"}");
    rt_save(it.txn, "users", "{\"user_id\": 5, \"name\": \"high\"}");
    kx_doc *order = rt_save(it.txn, "orders", "{\"user_id\": 5}");
    kx_doc *target = rt_follow(order, "user");
    ck_assert_str_eq(kx_doc_text(target, "name"), "low");
    rt_ok(kx_doc_delete(second));
    target = rt_follow(order, "user");
    ck_assert_str_eq(kx_doc_text(target, "name"), "high");
    kx_record lower = {.data = "{\"user_id\": 5, \"name\": \"lowest\"}", .size = 32, .id = 1, .has_id = 1};
    rt_ok(kx_insert_many(it.txn, "users", &lower, 1, NULL));
    ck_assert_str_eq(kx_doc_text(rt_follow(order, "user"), "name"), "lowest");
    rt_end(&it);
}
END_TEST

START_TEST(saving_one_target_keeps_what_was_followed_for_others)
{
    shop it = rt_start(KX_WRITE);
    kx_doc *of_ann = rt_get(it.txn, "orders", 1), *of_bob = rt_get(it.txn, "orders", 2);
    kx_doc *ann = rt_follow(of_ann, "user"), *bob = rt_follow(of_bob, "user");
    rt_ok(kx_doc_set(ann, "name", kx_text("anna")));
    rt_ok(kx_doc_save(ann));
    rt_patch(it.txn, "users", 1, "{\"name\": \"anne\"}");
    kx_stats before = rt_stats(it.txn);
    ck_assert_ptr_eq(rt_follow(of_bob, "user"), bob);
    kx_stats after = rt_stats(it.txn);
    ck_assert(rt_same_cost(&before, &after));
    rt_end(&it);
}
END_TEST

/* ---- nothing there ------------------------------------------------------------------ */

START_TEST(a_null_key_is_nothing_or_an_error)
{
    shop it = rt_start(KX_WRITE);
    kx_doc *target = (kx_doc *)&it;
    rt_ok(kx_doc_follow(rt_get(it.txn, "notes", 2), "author", &target));
    ck_assert_ptr_null(target);
    rt_ok(kx_doc_follow(rt_save(it.txn, "notes", "{}"), "author", &target));
    ck_assert_ptr_null(target);
    const char *keyless[] = {"{}", "{\"user_id\": null}"};
    for (int i = 0; i < 2; i++) {
        target = (kx_doc *)&it;
        rt_fails(kx_doc_follow(rt_save(it.txn, "orders", keyless[i]), "user", &target), KX_REQUIRED, NULL_KEY);
        ck_assert_ptr_null(target);
        ck_assert_str_eq(kx_last_error()->collection, "orders");
        ck_assert_str_eq(kx_last_error()->path, "user");
    }
    rt_end(&it);
}
END_TEST

START_TEST(a_required_target_that_is_missing_is_named)
{
    shop it = rt_start(KX_WRITE);
    kx_doc *order = rt_save(it.txn, "orders", "{\"user_id\": 999}"), *target = order;
    rt_fails(kx_doc_follow(order, "user", &target), KX_DANGLING, NO_999);
    ck_assert_ptr_null(target);
    ck_assert(kx_last_error()->has_id && kx_last_error()->id == kx_doc_id(order));
    ck_assert_int_eq(kx_last_error()->value.integer, 999);
    rt_save(it.txn, "users", "{\"user_id\": 999}");
    rt_follow(order, "user");
    rt_fails(kx_doc_follow(rt_save(it.txn, "orders", "{\"user_id\": \"1\"}"), "user", &target), KX_DANGLING,
             "Related users with user_id=\"1\" not found");
    rt_end(&it);
}
END_TEST

START_TEST(an_optional_nothing_is_remembered_until_the_target_collection_is_written)
{
    shop it = rt_start(KX_WRITE);
    kx_doc *note = rt_get(it.txn, "notes", 3), *target;
    rt_ok(kx_doc_follow(note, "author", &target));
    ck_assert_ptr_null(target);
    kx_stats before = rt_stats(it.txn);
    rt_save(it.txn, "orders", "{\"user_id\": 999}");
    kx_stats between = rt_stats(it.txn);
    rt_ok(kx_doc_follow(note, "author", &target));
    ck_assert_ptr_null(target);
    kx_stats after = rt_stats(it.txn);
    ck_assert(rt_same_cost(&between, &after));
    ck_assert_uint_eq(before.lazy_loads, after.lazy_loads);
    ck_assert_int_eq(kx_insert(it.txn, "users", "{\"user_id\": 999}", 16, NULL), KX_OK);
    ck_assert_uint_eq(kx_doc_id(rt_follow(note, "author")), 3);
    rt_end(&it);
}
END_TEST

START_TEST(a_read_transaction_remembers_nothing_too)
{
    shop it = rt_start(KX_READ);
    kx_doc *note = rt_get(it.txn, "notes", 3), *target;
    rt_ok(kx_doc_follow(note, "author", &target));
    kx_stats before = rt_stats(it.txn);
    rt_ok(kx_doc_follow(note, "author", &target));
    ck_assert_ptr_null(target);
    kx_stats after = rt_stats(it.txn);
    ck_assert(rt_same_cost(&before, &after));
    rt_end(&it);
}
END_TEST

START_TEST(what_is_no_foreign_key_cannot_be_followed)
{
    shop it = rt_start(KX_WRITE);
    kx_doc *ann = rt_get(it.txn, "users", 1), *target = ann, *copy;
    rt_fails(kx_doc_follow(ann, "orders", &target), KX_INVALID,
             "users.orders is a set: search it with kx_related_find");
    ck_assert_ptr_null(target);
    rt_fails(kx_doc_follow(ann, "user_id", &target), KX_INVALID, "users has no relation 'user_id'");
    rt_ok(kx_doc_copy(rt_get(it.txn, "orders", 1), &copy));
    target = ann;
    rt_fails(kx_doc_follow(copy, "user", &target), KX_READONLY, "a copied document belongs to no transaction");
    ck_assert_ptr_null(target);
    ck_assert_int_eq(kx_doc_link(copy, "user", ann), KX_READONLY);
    kx_doc_release(copy);
    rt_end(&it);
}
END_TEST

/* ---- never stale ---------------------------------------------------------------------- */

START_TEST(a_key_set_by_hand_leads_elsewhere_at_once)
{
    shop it = rt_start(KX_WRITE);
    kx_doc *order = rt_get(it.txn, "orders", 1), *target;
    rt_follow(order, "user");
    rt_ok(kx_doc_set(order, "user_id", kx_int(2)));
    ck_assert_str_eq(kx_doc_text(rt_follow(order, "user"), "name"), "bob");
    rt_ok(kx_doc_set(order, "user_id", kx_null()));
    rt_fails(kx_doc_follow(order, "user", &target), KX_REQUIRED, NULL_KEY);
    rt_ok(kx_doc_unset(order, "user_id"));
    rt_fails(kx_doc_follow(order, "user", &target), KX_REQUIRED, NULL_KEY);
    rt_ok(kx_doc_set(order, "user_id", kx_int(999)));
    rt_fails(kx_doc_follow(order, "user", &target), KX_DANGLING, NO_999);
    rt_ok(kx_doc_reload(order));
    ck_assert_str_eq(kx_doc_text(rt_follow(order, "user"), "name"), "ann");
    rt_end(&it);
}
END_TEST

START_TEST(reloading_the_source_follows_its_new_key)
{
    shop it = rt_start(KX_WRITE);
    kx_doc *order = rt_get(it.txn, "orders", 1);
    kx_doc *ann = rt_follow(order, "user");
    rt_patch(it.txn, "orders", 1, "{\"user_id\": 2}");
    ck_assert_ptr_eq(rt_follow(order, "user"), ann);
    rt_ok(kx_doc_reload(order));
    ck_assert_str_eq(kx_doc_text(rt_follow(order, "user"), "name"), "bob");
    rt_end(&it);
}
END_TEST

START_TEST(a_target_written_elsewhere_is_refreshed_in_place_with_its_own_changes)
{
    shop it = rt_start(KX_WRITE);
    kx_doc *order = rt_get(it.txn, "orders", 1);
    kx_doc *ann = rt_follow(order, "user");
    rt_ok(kx_doc_set(ann, "mine", kx_int(1)));
    kx_doc *other = rt_get(it.txn, "users", 1);
    rt_ok(kx_doc_set(other, "name", kx_text("anna")));
    ck_assert_ptr_eq(rt_follow(order, "user"), ann);
    ck_assert_str_eq(kx_doc_text(ann, "name"), "ann");
    rt_ok(kx_doc_save(other));
    ck_assert_ptr_eq(rt_follow(order, "user"), ann);
    ck_assert_str_eq(rt_shows(ann), "{\"user_id\":1,\"name\":\"anna\",\"mine\":1}");
    rt_ok(kx_doc_save(ann));
    ck_assert_str_eq(rt_stored(it.txn, "users", 1), "{\"user_id\":1,\"name\":\"anna\",\"mine\":1}");
    rt_patch(it.txn, "users", 1, "{\"name\": \"anne\"}");
    ck_assert_ptr_eq(rt_follow(order, "user"), ann);
    ck_assert_str_eq(kx_doc_text(ann, "name"), "anne");
    rt_end(&it);
}
END_TEST

START_TEST(a_deleted_target_is_gone)
{
    shop it = rt_start(KX_WRITE);
    kx_doc *target, *order = rt_get(it.txn, "orders", 1), *of_bob = rt_get(it.txn, "orders", 2),
                    *note = rt_get(it.txn, "notes", 1);
    rt_follow(order, "user");
    rt_follow(note, "author");
    kx_doc *bob = rt_follow(of_bob, "user");
    rt_ok(kx_remove(it.txn, "users", 1));
    rt_fails(kx_doc_follow(order, "user", &target), KX_DANGLING, "Related users with user_id=1 not found");
    rt_ok(kx_doc_follow(note, "author", &target));
    ck_assert_ptr_null(target);
    rt_ok(kx_doc_delete(bob));
    ck_assert_str_eq(kx_doc_text(bob, "name"), "bob");
    rt_fails(kx_doc_follow(of_bob, "user", &target), KX_DANGLING, "Related users with user_id=2 not found");
    rt_save(it.txn, "users", "{\"user_id\": 1, \"name\": \"new\"}");
    ck_assert_str_eq(kx_doc_text(rt_follow(order, "user"), "name"), "new");
    ck_assert_str_eq(kx_doc_text(rt_follow(note, "author"), "name"), "new");
    rt_end(&it);
}
END_TEST

START_TEST(a_target_whose_key_changes_is_not_the_target_any_more)
{
    shop it = rt_start(KX_WRITE);
    kx_doc *order = rt_get(it.txn, "orders", 1), *of_bob = rt_get(it.txn, "orders", 2), *target;
    rt_follow(order, "user");
    rt_patch(it.txn, "users", 1, "{\"user_id\": 11}");
    rt_fails(kx_doc_follow(order, "user", &target), KX_DANGLING, "Related users with user_id=1 not found");
    kx_doc *bob = rt_follow(of_bob, "user");
    rt_ok(kx_doc_set(bob, "user_id", kx_int(1)));
    ck_assert_ptr_eq(rt_follow(of_bob, "user"), bob);
    rt_ok(kx_doc_save(bob));
    rt_fails(kx_doc_follow(of_bob, "user", &target), KX_DANGLING, "Related users with user_id=2 not found");
    ck_assert_str_eq(kx_doc_text(rt_follow(order, "user"), "name"), "bob");
    rt_end(&it);
}
END_TEST

START_TEST(a_target_saved_by_its_own_instance_stays_without_a_lookup)
{
    shop it = rt_start(KX_WRITE);
    kx_doc *order = rt_get(it.txn, "orders", 1);
    kx_doc *ann = rt_follow(order, "user");
    rt_ok(kx_doc_set(ann, "name", kx_text("anna")));
    rt_ok(kx_doc_save(ann));
    kx_stats before = rt_stats(it.txn);
    ck_assert_ptr_eq(rt_follow(order, "user"), ann);
    kx_stats after = rt_stats(it.txn);
    ck_assert(rt_same_cost(&before, &after));
    rt_end(&it);
}
END_TEST

/* ---- savepoints -------------------------------------------------------------------------- */

START_TEST(after_a_savepoints_abort_targets_are_as_before_it)
{
    shop it = rt_start(KX_WRITE);
    kx_txn *child;
    kx_doc *order = rt_get(it.txn, "orders", 1), *note = rt_get(it.txn, "notes", 3), *target;
    kx_doc *ann = rt_follow(order, "user");
    rt_ok(kx_txn_child(it.txn, &child));
    rt_patch(child, "users", 1, "{\"name\": \"inner\"}");
    rt_save(child, "users", "{\"user_id\": 999}");
    ck_assert_ptr_eq(rt_follow(order, "user"), ann);
    ck_assert_str_eq(kx_doc_text(ann, "name"), "inner");
    rt_follow(note, "author");
    kx_txn_abort(child);
    ck_assert_ptr_eq(rt_follow(order, "user"), ann);
    ck_assert_str_eq(kx_doc_text(ann, "name"), "ann");
    rt_ok(kx_doc_follow(note, "author", &target));
    ck_assert_ptr_null(target);
    rt_ok(kx_txn_child(it.txn, &child));
    rt_ok(kx_remove(child, "users", 1));
    ck_assert_int_eq(kx_doc_follow(order, "user", &target), KX_DANGLING);
    kx_txn_abort(child);
    ck_assert_str_eq(kx_doc_text(rt_follow(order, "user"), "name"), "ann");
    rt_end(&it);
}
END_TEST

START_TEST(a_target_that_a_savepoint_inserted_is_new_again_and_not_found)
{
    shop it = rt_start(KX_WRITE);
    kx_txn *child;
    kx_doc *target, *order = rt_save(it.txn, "orders", "{}");
    rt_ok(kx_txn_child(it.txn, &child));
    kx_doc *cid = rt_save(child, "users", "{\"user_id\": 3}");
    rt_ok(kx_doc_link(order, "user", cid));
    rt_ok(kx_doc_save(order));
    ck_assert_ptr_eq(rt_follow(order, "user"), cid);
    kx_txn_abort(child);
    ck_assert(kx_doc_is_new(cid));
    ck_assert(kx_doc_is_changed(order));
    ck_assert_ptr_eq(rt_follow(order, "user"), cid);
    rt_ok(kx_doc_reload(order));
    rt_fails(kx_doc_follow(order, "user", &target), KX_REQUIRED, NULL_KEY);
    rt_end(&it);
}
END_TEST

START_TEST(a_relation_declared_in_an_aborted_savepoint_is_forgotten)
{
    shop it = rt_start(KX_WRITE);
    kx_txn *child;
    kx_doc *target, *note = rt_get(it.txn, "notes", 1);
    const kx_model more = {.name = "notes",
                           .relations = RELATIONS({.name = "same",
                                                   .kind = KX_FOREIGN_KEY,
                                                   .target = "users",
                                                   .foreign_key = "author_id",
                                                   .related_field = "user_id"})};
    rt_ok(kx_txn_child(it.txn, &child));
    rt_ok(kx_declare(child, MODELS(&more)));
    rt_follow(note, "same");
    kx_doc *ann = rt_follow(note, "author");
    kx_txn_abort(child);
    rt_fails(kx_doc_follow(note, "same", &target), KX_INVALID, "notes has no relation 'same'");
    ck_assert_uint_eq(kx_doc_id(rt_follow(note, "author")), kx_doc_id(ann));
    rt_ok(kx_txn_child(it.txn, &child));
    rt_ok(kx_declare(child, MODELS(&more)));
    rt_ok(kx_txn_commit(child));
    ck_assert_str_eq(kx_doc_text(rt_follow(note, "same"), "name"), "ann");
    rt_end(&it);
}
END_TEST

START_TEST(a_relation_declared_after_the_document_was_loaded_is_known)
{
    shop it = rt_start(KX_WRITE);
    kx_doc *order = rt_get(it.txn, "orders", 1), *ann = rt_get(it.txn, "users", 1), *target;
    const kx_model more = {.name = "orders",
                           .relations = RELATIONS({.name = "buyer",
                                                   .kind = KX_FOREIGN_KEY,
                                                   .target = "users",
                                                   .foreign_key = "user_id",
                                                   .reverse = "bought"})};
    rt_follow(order, "user");
    rt_ok(kx_declare(it.txn, MODELS(&more)));
    ck_assert_str_eq(kx_doc_text(rt_follow(order, "buyer"), "name"), "ann");
    ck_assert_str_eq(rt_set(ann, "bought", NULL), "1 3");
    ck_assert_str_eq(kx_doc_text(rt_follow(order, "user"), "name"), "ann");
    rt_ok(kx_drop_relation(it.txn, "orders", "buyer"));
    rt_fails(kx_doc_follow(order, "buyer", &target), KX_INVALID, "orders has no relation 'buyer'");
    rt_end(&it);
}
END_TEST

/* ---- shapes --------------------------------------------------------------------------------- */

START_TEST(two_foreign_keys_lead_to_one_collection)
{
    const kx_model trips = {.name = "trips",
                            .relations = RELATIONS({.name = "driver",
                                                    .kind = KX_FOREIGN_KEY,
                                                    .target = "users",
                                                    .foreign_key = "driver_id",
                                                    .related_field = "user_id",
                                                    .reverse = "driven"},
                                                   {.name = "owner",
                                                    .kind = KX_FOREIGN_KEY,
                                                    .target = "users",
                                                    .foreign_key = "owner_id",
                                                    .related_field = "user_id",
                                                    .reverse = "owned"})};
    shop it = rt_start_with(MODELS(&trips, &loose_users));
    kx_doc *ann = rt_save(it.txn, "users", "{\"user_id\": 1}"), *bob = rt_save(it.txn, "users", "{\"user_id\": 2}");
    kx_doc *trip = rt_save(it.txn, "trips", "{\"driver_id\": 1, \"owner_id\": 2}");
    ck_assert_uint_eq(kx_doc_id(rt_follow(trip, "driver")), kx_doc_id(ann));
    ck_assert_uint_eq(kx_doc_id(rt_follow(trip, "owner")), kx_doc_id(bob));
    ck_assert_str_eq(rt_set(ann, "driven", NULL), "1");
    ck_assert_str_eq(rt_set(ann, "owned", NULL), "");
    ck_assert_str_eq(rt_set(bob, "owned", NULL), "1");
    rt_end(&it);
}
END_TEST

static const kx_model staff = {.name = "staff", .relations = RELATIONS(
    {.name = "boss", .kind = KX_FOREIGN_KEY, .target = "staff", .foreign_key = "boss_id", .related_field = "staff_id",
     .reverse = "reports", .optional = true})};

START_TEST(a_collection_may_refer_to_itself)
{
    shop it = rt_start_with(MODELS(&staff));
    kx_doc *top = rt_save(it.txn, "staff", "{\"staff_id\": 1}"), *target;
    kx_doc *low = rt_save(it.txn, "staff", "{\"staff_id\": 2, \"boss_id\": 1}");
    kx_doc *own = rt_save(it.txn, "staff", "{\"staff_id\": 3, \"boss_id\": 3}");
    ck_assert_uint_eq(kx_doc_id(rt_follow(low, "boss")), 1);
    rt_ok(kx_doc_follow(top, "boss", &target));
    ck_assert_ptr_null(target);
    ck_assert_str_eq(rt_set(top, "reports", NULL), "2");
    ck_assert_uint_eq(kx_doc_id(rt_follow(own, "boss")), 3);
    rt_ok(kx_doc_link(top, "boss", top));
    rt_ok(kx_doc_save(top));
    ck_assert_uint_eq(kx_doc_id(rt_follow(top, "boss")), 1);
    ck_assert_str_eq(rt_set(top, "reports", NULL), "1 2");
    rt_ok(kx_related_add(own, "reports", own));
    ck_assert_str_eq(rt_set(own, "reports", NULL), "3");
    rt_ok(kx_doc_delete(own));
    rt_end(&it);
}
END_TEST

START_TEST(a_chain_of_followed_documents_is_let_go_however_long)
{
    shop it = rt_start_with(MODELS(&staff));
    uint64_t count = kxt_scaled(20000);
    for (uint64_t i = 1; i <= count; i++)
        kx_doc_release(rt_save(it.txn, "staff", kxt_print("{\"staff_id\": %d, \"boss_id\": %d}", (int)i, (int)i - 1)));
    kx_doc *last = rt_get(it.txn, "staff", count), *at = last;
    for (uint64_t i = count; i > 1; i--)
        at = rt_follow(at, "boss");
    ck_assert_uint_eq(kx_doc_id(at), 1);
    kx_doc_release(last);
    rt_end(&it);
}
END_TEST

START_TEST(models_may_refer_to_each_other)
{
    const kx_model people = {.name = "people",
                             .relations = RELATIONS({.name = "home",
                                                     .kind = KX_FOREIGN_KEY,
                                                     .target = "houses",
                                                     .foreign_key = "house_id",
                                                     .reverse = "inhabitants",
                                                     .optional = true})};
    const kx_model houses = {.name = "houses",
                             .relations = RELATIONS({.name = "owner",
                                                     .kind = KX_FOREIGN_KEY,
                                                     .target = "people",
                                                     .foreign_key = "person_id",
                                                     .reverse = "houses",
                                                     .optional = true})};
    shop it = rt_start_with(MODELS(&people, &houses));
    kx_doc *person = rt_save(it.txn, "people", "{\"person_id\": 1, \"house_id\": 1}");
    kx_doc *house = rt_save(it.txn, "houses", "{\"house_id\": 1, \"person_id\": 1}");
    kx_doc *at = person;
    for (int i = 0; i < 10; i++)
        at = rt_follow(rt_follow(at, "home"), "owner");
    ck_assert_uint_eq(kx_doc_id(at), kx_doc_id(person));
    rt_ok(kx_doc_link(person, "home", house));
    rt_ok(kx_doc_link(house, "owner", person));
    ck_assert_ptr_eq(rt_follow(rt_follow(person, "home"), "owner"), person);
    kx_doc_release(person);
    kx_doc_release(house);
    ck_assert_str_eq(rt_set(rt_get(it.txn, "houses", 1), "inhabitants", NULL), "1");
    rt_end(&it);
}
END_TEST

START_TEST(keys_may_stand_at_nested_paths_on_both_ends)
{
    const kx_model deep = {.name = "deep",
                           .relations = RELATIONS({.name = "user",
                                                   .kind = KX_FOREIGN_KEY,
                                                   .target = "users",
                                                   .foreign_key = "ref.`the user`",
                                                   .related_field = "ids.main",
                                                   .reverse = "deep",
                                                   .optional = true})};
    shop it = rt_start_with(MODELS(&deep, &loose_users));
    kx_doc *ann = rt_save(it.txn, "users", "{\"ids\": {\"main\": \"a\"}}"), *target;
    kx_doc *doc = rt_save(it.txn, "deep", "{\"ref\": {\"the user\": \"a\"}}");
    ck_assert_uint_eq(kx_doc_id(rt_follow(doc, "user")), 1);
    ck_assert_str_eq(rt_set(ann, "deep", NULL), "1");
    rt_ok(kx_doc_set(doc, "ref.`the user`", kx_text("b")));
    rt_ok(kx_doc_follow(doc, "user", &target));
    ck_assert_ptr_null(target);
    rt_ok(kx_doc_set(doc, "ref", kx_int(1)));
    rt_ok(kx_doc_follow(doc, "user", &target));
    ck_assert_ptr_null(target);
    kx_doc *fresh = rt_make(it.txn, "deep", "{}");
    rt_ok(kx_doc_link(fresh, "user", ann));
    ck_assert_str_eq(rt_shows(fresh), "{\"ref\":{\"the user\":\"a\"}}");
    rt_ok(kx_related_add(ann, "deep", fresh));
    ck_assert_str_eq(rt_set(ann, "deep", NULL), "1 2");
    rt_end(&it);
}
END_TEST

/* ---- cursors ---------------------------------------------------------------------------------- */

START_TEST(what_a_cursors_document_led_to_lives_until_the_next_step_unless_kept)
{
    shop it = rt_start(_i == 0 ? KX_READ : KX_WRITE);
    kx_cursor *cursor;
    kx_doc *order, *kept, *ann;
    rt_ok(kx_find(it.txn, "orders", NULL, &cursor));
    rt_ok(kx_cursor_next(cursor, &order));
    kept = order;
    ann = rt_follow(order, "user");
    rt_ok(kx_doc_keep(order));
    rt_ok(kx_cursor_next(cursor, &order));
    kx_doc *bob = rt_follow(order, "user");
    rt_ok(kx_doc_keep(bob));
    ck_assert_str_eq(kx_doc_text(bob, "name"), "bob");
    rt_ok(kx_cursor_next(cursor, &order));
    ck_assert_uint_eq(kx_doc_id(order), 3);
    ck_assert_str_eq(kx_doc_text(rt_follow(order, "user"), "name"), "ann");
    ck_assert_int_eq(kx_cursor_next(cursor, &order), KX_NOTFOUND);
    rt_ok(kx_cursor_close(cursor));
    ck_assert_str_eq(kx_doc_text(bob, "name"), "bob");
    ck_assert_uint_eq(kx_doc_id(kept), 1);
    ck_assert_ptr_eq(rt_follow(kept, "user"), ann);
    ck_assert_str_eq(kx_doc_text(ann, "name"), "ann");
    rt_end(&it);
}
END_TEST

START_TEST(a_walk_does_not_mix_up_what_its_documents_led_to)
{
    shop it = rt_start(KX_WRITE);
    kx_cursor *cursor;
    kx_doc *note, *target;
    const char *seen = "";
    rt_ok(kx_find(it.txn, "notes", NULL, &cursor));
    while (kx_cursor_next(cursor, &note) == KX_OK) {
        rt_ok(kx_doc_follow(note, "author", &target));
        seen = kxt_print("%s %s", seen, target != NULL ? kx_doc_text(target, "name") : "-");
    }
    rt_ok(kx_cursor_close(cursor));
    ck_assert_str_eq(seen, " ann - -");
    rt_end(&it);
}
END_TEST

START_TEST(a_released_source_lets_its_target_go_but_not_one_in_hand)
{
    shop it = rt_start(_i == 0 ? KX_READ : KX_WRITE);
    kx_doc *order = rt_get(it.txn, "orders", 1), *other = rt_get(it.txn, "orders", 2);
    kx_doc *ann = rt_follow(order, "user");
    rt_ok(kx_doc_keep(ann));
    rt_follow(other, "user");
    kx_doc_release(order);
    kx_doc_release(other);
    ck_assert_str_eq(kx_doc_text(ann, "name"), "ann");
    kx_doc_release(ann);
    rt_end(&it);
}
END_TEST

static void add_shapes(Suite *suite)
{
    TCase *cases = tcase_create("shapes");
    tcase_add_test(cases, two_foreign_keys_lead_to_one_collection);
    tcase_add_test(cases, a_collection_may_refer_to_itself);
    tcase_add_test(cases, a_chain_of_followed_documents_is_let_go_however_long);
    tcase_add_test(cases, models_may_refer_to_each_other);
    tcase_add_test(cases, keys_may_stand_at_nested_paths_on_both_ends);
    tcase_add_loop_test(cases, what_a_cursors_document_led_to_lives_until_the_next_step_unless_kept, 0, 2);
    tcase_add_test(cases, a_walk_does_not_mix_up_what_its_documents_led_to);
    tcase_add_loop_test(cases, a_released_source_lets_its_target_go_but_not_one_in_hand, 0, 2);
    suite_add_tcase(suite, cases);
}

static Suite *follow_suite(void)
{
    Suite *suite = suite_create("relation/follow");
    TCase *cases = tcase_create("follow");
    tcase_add_loop_test(cases, following_costs_one_lookup_and_then_none, 0, 2);
    tcase_add_test(cases, a_primary_key_is_one_descent);
    tcase_add_test(cases, the_target_index_is_implied_and_need_not_be_unique);
    tcase_add_test(cases, saving_one_target_keeps_what_was_followed_for_others);
    tcase_add_test(cases, a_null_key_is_nothing_or_an_error);
    tcase_add_test(cases, a_required_target_that_is_missing_is_named);
    tcase_add_test(cases, an_optional_nothing_is_remembered_until_the_target_collection_is_written);
    tcase_add_test(cases, a_read_transaction_remembers_nothing_too);
    tcase_add_test(cases, what_is_no_foreign_key_cannot_be_followed);
    tcase_add_test(cases, a_key_set_by_hand_leads_elsewhere_at_once);
    tcase_add_test(cases, reloading_the_source_follows_its_new_key);
    tcase_add_test(cases, a_target_written_elsewhere_is_refreshed_in_place_with_its_own_changes);
    tcase_add_test(cases, a_deleted_target_is_gone);
    tcase_add_test(cases, a_target_whose_key_changes_is_not_the_target_any_more);
    tcase_add_test(cases, a_target_saved_by_its_own_instance_stays_without_a_lookup);
    tcase_add_test(cases, after_a_savepoints_abort_targets_are_as_before_it);
    tcase_add_test(cases, a_target_that_a_savepoint_inserted_is_new_again_and_not_found);
    tcase_add_test(cases, a_relation_declared_in_an_aborted_savepoint_is_forgotten);
    tcase_add_test(cases, a_relation_declared_after_the_document_was_loaded_is_known);
    suite_add_tcase(suite, cases);
    add_shapes(suite);
    return suite;
}

int main(void)
{
    return kxt_run(follow_suite());
}
