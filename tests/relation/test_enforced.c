/*
 * test_enforced.c -- keys that must lead somewhere: when they are saved, at commit, over documents that are there; what follows
 * when a key changes; a look at everything declared.
 */
#include "relation_test.h"

#include "relation/relation.h"

static const kx_model users = {.name = "users", .indexes = INDEXES({.paths = "user_id", .unique = true})};

static const kx_model orders = {
    .name = "orders",
    .relations = RELATIONS({.name = "user",
                            .kind = KX_FOREIGN_KEY,
                            .target = "users",
                            .foreign_key = "user_id",
                            .enforced = true,
                            .optional = true}),
};

static const kx_model loose = {
    .name = "orders",
    .relations = RELATIONS(
        {.name = "user", .kind = KX_FOREIGN_KEY, .target = "users", .foreign_key = "user_id", .reverse = "orders"}),
};

static const kx_model nodes = {
    .name = "nodes",
    .relations = RELATIONS({.name = "parent",
                            .kind = KX_FOREIGN_KEY,
                            .target = "nodes",
                            .foreign_key = "parent_id",
                            .related_field = "id",
                            .enforced = true,
                            .on_delete = KX_CASCADE,
                            .on_update = KX_CASCADE}),
};

static const kx_model pairs = {
    .name = "pairs",
    .relations = RELATIONS({.name = "other",
                            .kind = KX_FOREIGN_KEY,
                            .target = "pairs",
                            .foreign_key = "other_id",
                            .related_field = "id",
                            .enforced = true,
                            .deferred = true,
                            .on_delete = KX_DO_NOTHING,
                            .on_update = KX_DO_NOTHING}),
};

static const char json_of_user[] = "{\"user_id\":1}";

#define DANGLES(id, key) \
    kxt_print("orders.user: document %d refers to users with user_id=%s, which is not there", id, key)

/* ---- when saved ---------------------------------------------------------------------------- */

START_TEST(a_key_without_a_target_is_not_saved_by_any_way)
{
    shop it = rt_start_with(MODELS(&users, &orders));
    uint64_t id;
    const char bad[] = "{\"user_id\":999}", nulls[] = "{\"user_id\":null}", good[] = "{\"user_id\":1}";
    rt_save(it.txn, "users", json_of_user);
    kx_doc *order = rt_make(it.txn, "orders", bad);
    rt_fails(kx_doc_save(order), KX_DANGLING, DANGLES(1, "999"));
    ck_assert(kx_doc_is_new(order));
    rt_fails(kx_insert(it.txn, "orders", bad, strlen(bad), &id), KX_DANGLING, DANGLES(1, "999"));
    rt_ok(kx_insert(it.txn, "orders", nulls, strlen(nulls), &id));
    rt_fails(kx_put(it.txn, "orders", 1, bad, strlen(bad)), KX_DANGLING, DANGLES(1, "999"));
    rt_fails(kx_patch(it.txn, "orders", 1, bad, strlen(bad)), KX_DANGLING, DANGLES(1, "999"));
    ck_assert_str_eq(kx_last_error()->collection, "orders");
    ck_assert_str_eq(kx_last_error()->path, "user");
    kx_record records[] = {{.data = good, .size = strlen(good)}, {.data = bad, .size = strlen(bad)}};
    size_t failed = 9;
    ck_assert_int_eq(kx_insert_many(it.txn, "orders", records, 2, &failed), KX_DANGLING);
    ck_assert_uint_eq(failed, 1);
    ck_assert_str_eq(rt_stored(it.txn, "orders", 2), "none");
    rt_ok(kx_insert_many(it.txn, "orders", records, 1, &failed));
    rt_ok(kx_doc_set(order, "user_id", kx_int(1)));
    rt_ok(kx_doc_save(order));
    rt_end(&it);
}
END_TEST

START_TEST(documents_of_one_batch_may_refer_to_each_other_and_to_themselves)
{
    shop it = rt_start_with(MODELS(&nodes));
    static const char *const texts[] = {"{\"id\":1,\"parent_id\":3}", "{\"id\":2,\"parent_id\":2}",
                                        "{\"id\":3,\"parent_id\":1}", "{\"id\":4,\"parent_id\":9}"};
    kx_record records[4];
    size_t failed;
    for (int i = 0; i < 4; i++)
        records[i] = (kx_record){.data = texts[i], .size = strlen(texts[i])};
    ck_assert_int_eq(kx_insert_many(it.txn, "nodes", records, 4, &failed), KX_DANGLING);
    ck_assert_uint_eq(failed, 3);
    ck_assert_str_eq(rt_stored(it.txn, "nodes", 1), "none");
    rt_ok(kx_insert_many(it.txn, "nodes", records, 3, &failed));
    rt_save(it.txn, "nodes", "{\"id\":5,\"parent_id\":5}");
    ck_assert_int_eq(kx_doc_save(rt_make(it.txn, "nodes", "{\"id\":6,\"parent_id\":7}")), KX_DANGLING);
    rt_end(&it);
}
END_TEST

/* As in SQL: the document holds the key that it gives up, and follows it. */
START_TEST(a_document_that_refers_to_the_key_it_gives_up_follows_it)
{
    shop it = rt_start_with(MODELS(&nodes));
    const char swapped[] = "{\"id\":2,\"parent_id\":1}";
    rt_save(it.txn, "nodes", "{\"id\":1}");
    rt_ok(kx_put(it.txn, "nodes", 1, swapped, strlen(swapped)));
    ck_assert_str_eq(rt_stored(it.txn, "nodes", 1), "{\"id\":2,\"parent_id\":2}");
    rt_end(&it);
}
END_TEST

START_TEST(a_target_that_is_referred_to_cannot_go_nor_change_its_key)
{
    shop it = rt_start_with(MODELS(&users, &orders));
    kx_doc *user = rt_save(it.txn, "users", json_of_user);
    rt_save(it.txn, "orders", "{\"user_id\":1}");
    rt_fails(kx_doc_delete(user), KX_RESTRICTED, "orders.user (restrict) stands in the way: users 1 <- orders.user 1");
    rt_ok(kx_doc_set(user, "user_id", kx_int(2)));
    rt_fails(kx_doc_save(user), KX_RESTRICTED,
             "orders.user (restrict) stands in the way: document 1 of orders refers to user_id=1; 1 in all");
    ck_assert_str_eq(rt_stored(it.txn, "users", 1), "{\"user_id\":1}");
    rt_ok(kx_doc_set(user, "user_id", kx_int(1)));
    rt_ok(kx_doc_set(user, "name", kx_text("ann")));
    rt_ok(kx_doc_save(user));
    rt_end(&it);
}
END_TEST

/* ---- when keys change ------------------------------------------------------------------------- */

START_TEST(a_changed_key_is_followed_through_chains_and_cycles)
{
    shop it = rt_start_with(MODELS(&nodes));
    rt_save(it.txn, "nodes", "{\"id\":1,\"parent_id\":1}");
    for (int i = 2; i <= 5; i++)
        rt_save(it.txn, "nodes", kxt_print("{\"id\":%d,\"parent_id\":1}", i));
    kx_doc *root = rt_get(it.txn, "nodes", 1), *child = rt_get(it.txn, "nodes", 2);
    rt_ok(kx_doc_set(root, "id", kx_int(100)));
    rt_ok(kx_doc_save(root));
    ck_assert_str_eq(rt_stored(it.txn, "nodes", 1), "{\"id\":100,\"parent_id\":100}");
    ck_assert_str_eq(rt_stored(it.txn, "nodes", 5), "{\"id\":5,\"parent_id\":100}");
    rt_ok(kx_doc_reload(child));
    ck_assert_uint_eq(kx_doc_id(rt_follow(child, "parent")), kx_doc_id(root));
    const char put[] = "{\"id\":7,\"parent_id\":100}";
    rt_ok(kx_put(it.txn, "nodes", 1, put, strlen(put)));
    ck_assert_str_eq(rt_stored(it.txn, "nodes", 3), "{\"id\":3,\"parent_id\":7}");
    rt_patch(it.txn, "nodes", 1, "{\"id\":8}");
    ck_assert_str_eq(rt_stored(it.txn, "nodes", 4), "{\"id\":4,\"parent_id\":8}");
    rt_end(&it);
}
END_TEST

START_TEST(keys_that_are_keys_of_others_cascade_on)
{
    const kx_model a = {.name = "a"};
    const kx_model b = {.name = "b", .relations = RELATIONS({.name = "a", .kind = KX_FOREIGN_KEY, .target = "a",
                                                             .foreign_key = "k", .on_update = KX_CASCADE})};
    const kx_model c = {.name = "c", .relations = RELATIONS({.name = "b", .kind = KX_FOREIGN_KEY, .target = "b",
                                                             .foreign_key = "k", .optional = true,
                                                             .on_update = _i == 0 ? KX_CASCADE : KX_SET_NULL})};
    shop it = rt_start_with(MODELS(&a, &b, &c));
    rt_save(it.txn, "a", "{\"k\":1}");
    rt_save(it.txn, "b", "{\"k\":1}");
    rt_save(it.txn, "c", "{\"k\":1}");
    rt_patch(it.txn, "a", 1, "{\"k\":2}");
    ck_assert_str_eq(rt_stored(it.txn, "b", 1), "{\"k\":2}");
    ck_assert_str_eq(rt_stored(it.txn, "c", 1), _i == 0 ? "{\"k\":2}" : "{\"k\":null}");
    rt_save(it.txn, "a", "{\"k\":2}");
    rt_patch(it.txn, "a", 1, "{\"k\":3}");
    ck_assert_str_eq(rt_stored(it.txn, "b", 1), "{\"k\":2}");
    rt_end(&it);
}
END_TEST

START_TEST(links_follow_a_changed_key_of_either_end)
{
    const kx_model posts = {.name = "posts", .relations = RELATIONS({.name = "tags", .kind = KX_MANY_TO_MANY,
                                                                     .target = "tags", .through = "tagged",
                                                                     .local_field = "id", .related_field = "tag",
                                                                     .through_local = "post", .reverse = "posts"})};
    shop it = rt_start_with(MODELS(&posts));
    kx_doc *post = rt_save(it.txn, "posts", "{\"id\":1}"), *tag = rt_save(it.txn, "tags", "{\"tag\":\"x\"}");
    rt_ok(kx_related_add(post, "tags", tag));
    rt_ok(kx_doc_set(tag, "tag", kx_text("y")));
    rt_ok(kx_doc_save(tag));
    rt_patch(it.txn, "posts", 1, "{\"id\":5}");
    ck_assert_str_eq(rt_stored(it.txn, "tagged", 1), "{\"post\":5,\"tag\":\"y\"}");
    ck_assert_str_eq(rt_set(tag, "posts", NULL), "1");
    rt_end(&it);
}
END_TEST

/* ---- at commit ------------------------------------------------------------------------------------ */

START_TEST(deferred_keys_are_held_at_commit_and_all_are_listed)
{
    shop it = rt_start_with(MODELS(&pairs));
    kx_violation violation;
    rt_save(it.txn, "pairs", "{\"id\":1,\"other_id\":2}");
    rt_save(it.txn, "pairs", "{\"id\":2,\"other_id\":1}");
    for (int i = 3; i < 10; i++)
        rt_save(it.txn, "pairs", kxt_print("{\"id\":%d,\"other_id\":%d}", i, 100 + i));
    rt_fails(kx_txn_commit(it.txn), KX_DANGLING,
             "7 keys lead nowhere: pairs 3 (other: other_id=103), pairs 4 (other: other_id=104), "
             "pairs 5 (other: other_id=105), pairs 6 (other: other_id=106), pairs 7 (other: other_id=107), ...");
    rt_ok(kx_violation_at(it.txn, 6, &violation));
    ck_assert(violation.id == 9 && strcmp(violation.key, "other_id=109") == 0 && violation.enforced);
    ck_assert_int_eq(kx_violation_at(it.txn, 7, &violation), KX_NOTFOUND);
    for (int i = 3; i < 10; i++)
        rt_patch(it.txn, "pairs", (uint64_t)i, "{\"other_id\":null}");
    rt_ok(kx_check_deferred(it.txn));
    rt_ok(kx_txn_commit(it.txn));
    it.txn = rt_begin(it.db, KX_WRITE);
    ck_assert_str_eq(rt_stored(it.txn, "pairs", 9), "{\"id\":9,\"other_id\":null}");
    rt_end(&it);
}
END_TEST

START_TEST(what_an_aborted_child_noted_is_forgotten)
{
    shop it = rt_start_with(MODELS(&pairs));
    kx_txn *inner, *innermost;
    rt_save(it.txn, "pairs", "{\"id\":1,\"other_id\":1}");
    rt_ok(kx_txn_child(it.txn, &inner));
    rt_save(inner, "pairs", "{\"id\":2,\"other_id\":50}");
    kx_txn_abort(inner);
    rt_ok(kx_check_deferred(it.txn));
    rt_ok(kx_txn_child(it.txn, &inner));
    rt_ok(kx_txn_child(inner, &innermost));
    rt_save(innermost, "pairs", "{\"id\":3,\"other_id\":50}");
    rt_ok(kx_txn_commit(innermost));
    rt_ok(kx_txn_commit(inner));
    ck_assert_int_eq(kx_check_deferred(it.txn), KX_DANGLING);
    rt_end(&it);
}
END_TEST

START_TEST(a_relation_that_was_dropped_is_not_held_at_commit)
{
    shop it = rt_start_with(MODELS(&pairs));
    rt_save(it.txn, "pairs", "{\"id\":1,\"other_id\":50}");
    rt_ok(kx_drop_relation(it.txn, "pairs", "other"));
    rt_ok(kx_check_deferred(it.txn));
    rt_ok(kx_txn_commit(it.txn));
    it.txn = rt_begin(it.db, KX_WRITE);
    ck_assert_str_eq(rt_stored(it.txn, "pairs", 1), "{\"id\":1,\"other_id\":50}");
    rt_end(&it);
}
END_TEST

START_TEST(a_declaration_in_between_changes_no_check)
{
    const kx_model unique = {.name = "pairs", .indexes = INDEXES({.paths = "id", .unique = true}, {.paths = "x"})};
    shop it = rt_start_with(MODELS(&pairs));
    rt_save(it.txn, "pairs", "{\"id\":1,\"other_id\":50}");
    rt_ok(kx_declare(it.txn, MODELS(&users, &unique)));
    rt_patch(it.txn, "pairs", 1, "{\"other_id\":60}");
    rt_fails(kx_check_deferred(it.txn), KX_DANGLING, "1 key leads nowhere: pairs 1 (other: other_id=60)");
    rt_save(it.txn, "pairs", "{\"id\":60}");
    rt_ok(kx_check_deferred(it.txn));
    rt_end(&it);
}
END_TEST

static int break_it(kx_txn *txn, void *context)
{
    (void)context;
    rt_save(txn, "pairs", "{\"id\":5,\"other_id\":6}");
    return KX_OK;
}

START_TEST(kx_write_rolls_back_what_does_not_hold)
{
    shop it = rt_start_with(MODELS(&pairs));
    rt_ok(kx_txn_commit(it.txn));
    rt_fails(kx_write(it.db, break_it, NULL), KX_DANGLING, "1 key leads nowhere: pairs 1 (other: other_id=6)");
    it.txn = rt_begin(it.db, KX_WRITE);
    ck_assert_str_eq(rt_stored(it.txn, "pairs", 1), "none");
    rt_end(&it);
}
END_TEST

START_TEST(a_deferred_target_may_go_and_come_back)
{
    shop it = rt_start_with(MODELS(&pairs));
    rt_save(it.txn, "pairs", "{\"id\":1,\"other_id\":1}");
    rt_save(it.txn, "pairs", "{\"id\":2,\"other_id\":1}");
    rt_ok(kx_txn_commit(it.txn));
    it.txn = rt_begin(it.db, KX_WRITE);
    rt_ok(kx_remove(it.txn, "pairs", 1));
    rt_fails(kx_check_deferred(it.txn), KX_DANGLING, "1 key leads nowhere: pairs 2 (other: other_id=1)");
    rt_save(it.txn, "pairs", "{\"id\":1,\"other_id\":2}");
    rt_ok(kx_check_deferred(it.txn));
    rt_patch(it.txn, "pairs", 3, "{\"id\":9}");
    rt_fails(kx_check_deferred(it.txn), KX_DANGLING, "1 key leads nowhere: pairs 2 (other: other_id=1)");
    rt_end(&it);
}
END_TEST

/* ---- over what is there -------------------------------------------------------------------------------- */

START_TEST(enforcing_over_documents_that_do_not_fit_is_refused_with_a_list)
{
    const kx_model bare = {.name = "orders"};
    shop it = rt_start_with(MODELS(&users, &bare));
    rt_save(it.txn, "users", json_of_user);
    rt_save(it.txn, "orders", "{\"user_id\":1}");
    for (int i = 0; i < 9; i++)
        rt_save(it.txn, "orders", kxt_print("{\"user_id\":%d}", 50 + i));
    int rc = kx_declare(it.txn, MODELS(&orders));
    ck_assert_int_eq(rc, KX_DANGLING);
    ck_assert_msg(strstr(kx_errmsg(), "9 keys of orders.user lead nowhere") != NULL, "%s", kx_errmsg());
    ck_assert_msg(strstr(kx_errmsg(), "orders 2 (user: user_id=50)") != NULL, "%s", kx_errmsg());
    for (uint64_t i = 2; i <= 10; i++)
        rt_ok(kx_remove(it.txn, "orders", i));
    rt_ok(kx_declare(it.txn, MODELS(&orders)));
    ck_assert_int_eq(kx_doc_save(rt_make(it.txn, "orders", "{\"user_id\":2}")), KX_DANGLING);
    rt_end(&it);
}
END_TEST

static void list_one(void *context, const kx_violation *violation)
{
    char **text = context;
    *text = kxt_print("%s%s.%s %llu %s%s; ", *text, violation->collection, violation->relation,
                      (unsigned long long)violation->id, violation->key, violation->enforced ? "!" : "");
}

START_TEST(a_look_at_everything_finds_every_key_that_leads_nowhere)
{
    const kx_model posts = {.name = "posts", .relations = RELATIONS({.name = "tags", .kind = KX_MANY_TO_MANY,
                                                                     .target = "tags", .through = "tagged",
                                                                     .local_field = "id", .related_field = "tag",
                                                                     .through_local = "post"})};
    shop it = rt_start_with(MODELS(&users, &loose, &posts));
    char *text = kxt_print("%s", "");
    uint64_t count;
    rt_save(it.txn, "users", json_of_user);
    rt_save(it.txn, "orders", "{\"user_id\":1}");
    rt_save(it.txn, "orders", "{\"user_id\":2}");
    rt_save(it.txn, "orders", "{\"user_id\":null}");
    rt_save(it.txn, "tagged", "{\"post\":1,\"tag\":2}");
    rt_ok(kx_check_relations(it.txn, list_one, &text, &count));
    ck_assert_uint_eq(count, 3);
    ck_assert_str_eq(text, "orders.user 2 user_id=2; tagged.tags 1 post=1; tagged.tags 1 tag=2; ");
    rt_end(&it);
}
END_TEST

START_TEST(a_save_that_fails_half_way_has_done_nothing)
{
    shop it = rt_start_with(MODELS(&nodes));
    rt_save(it.txn, "nodes", "{\"id\":1,\"parent_id\":1}");
    for (int i = 2; i <= 4; i++)
        rt_save(it.txn, "nodes", kxt_print("{\"id\":%d,\"parent_id\":1}", i));
    for (int64_t n = 1;; n++) {
        kx_txn *inner;
        rt_ok(kx_txn_child(it.txn, &inner));
        kx_store__fail_after(n, KX_MAP_FULL);
        const char put[] = "{\"id\":7,\"parent_id\":1}";
        int rc = kx_put(inner, "nodes", 1, put, strlen(put));
        bool armed = kx_store__fault_is_armed();
        kx_store__fail_after(0, 0);
        ck_assert(armed == (rc == KX_OK));
        kx_txn_abort(inner);
        ck_assert_str_eq(rt_stored(it.txn, "nodes", 1), "{\"id\":1,\"parent_id\":1}");
        ck_assert_str_eq(rt_stored(it.txn, "nodes", 4), "{\"id\":4,\"parent_id\":1}");
        if (armed)
            break;
    }
    rt_end(&it);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("enforced");
    TCase *t = tcase_create("enforced");
    tcase_add_test(t, a_key_without_a_target_is_not_saved_by_any_way);
    tcase_add_test(t, documents_of_one_batch_may_refer_to_each_other_and_to_themselves);
    tcase_add_test(t, a_document_that_refers_to_the_key_it_gives_up_follows_it);
    tcase_add_test(t, a_target_that_is_referred_to_cannot_go_nor_change_its_key);
    tcase_add_test(t, a_changed_key_is_followed_through_chains_and_cycles);
    tcase_add_loop_test(t, keys_that_are_keys_of_others_cascade_on, 0, 2);
    tcase_add_test(t, links_follow_a_changed_key_of_either_end);
    tcase_add_test(t, deferred_keys_are_held_at_commit_and_all_are_listed);
    tcase_add_test(t, what_an_aborted_child_noted_is_forgotten);
    tcase_add_test(t, a_relation_that_was_dropped_is_not_held_at_commit);
    tcase_add_test(t, a_declaration_in_between_changes_no_check);
    tcase_add_test(t, kx_write_rolls_back_what_does_not_hold);
    tcase_add_test(t, a_deferred_target_may_go_and_come_back);
    tcase_add_test(t, enforcing_over_documents_that_do_not_fit_is_refused_with_a_list);
    tcase_add_test(t, a_look_at_everything_finds_every_key_that_leads_nowhere);
    tcase_add_test(t, a_save_that_fails_half_way_has_done_nothing);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return kxt_run(suite());
}
