/* test_one.c -- one-to-one, from both ends. */
#include "relation_test.h"

static const kx_model profiles = {
    .name = "profiles",
    .relations = RELATIONS({.name = "user",
                            .kind = KX_ONE_TO_ONE,
                            .target = "users",
                            .foreign_key = "user_id",
                            .reverse = "profile",
                            .optional = true}),
};

static const kx_model badges = {
    .name = "badges",
    .relations = RELATIONS(
        {.name = "user", .kind = KX_ONE_TO_ONE, .target = "users", .foreign_key = "user_id", .reverse = "badge"}),
};

static const kx_model users = {.name = "users", .indexes = INDEXES({.paths = "user_id", .unique = true})};

static shop begin(void)
{
    shop it = rt_start_with(MODELS(&profiles, &badges, &users));
    rt_save(it.txn, "users", "{\"user_id\":1}");
    rt_save(it.txn, "users", "{\"user_id\":2}");
    rt_save(it.txn, "profiles", "{\"user_id\":1}");
    rt_save(it.txn, "badges", "{\"user_id\":1}");
    return it;
}

START_TEST(both_ends_lead_to_the_other)
{
    shop it = begin();
    kx_doc *ann = rt_get(it.txn, "users", 1), *nobody;
    ck_assert_uint_eq(kx_doc_id(rt_follow(ann, "profile")), 1);
    ck_assert_ptr_eq(rt_follow(ann, "profile"), rt_follow(ann, "profile"));
    ck_assert_uint_eq(kx_doc_id(rt_follow(rt_get(it.txn, "profiles", 1), "user")), 1);
    rt_ok(kx_doc_follow(rt_get(it.txn, "users", 2), "profile", &nobody));
    ck_assert_ptr_null(nobody);
    rt_end(&it);
}
END_TEST

START_TEST(a_second_one_is_refused_and_nulls_are_many)
{
    shop it = begin();
    kx_doc *second = rt_make(it.txn, "profiles", "{\"user_id\":1}");
    rt_fails(kx_doc_save(second), KX_EXISTS, "profiles.user_id = 1 is taken by document 1");
    for (int i = 0; i < 20; i++)
        rt_save(it.txn, "profiles", i % 2 == 0 ? "{\"user_id\":null}" : "{}");
    rt_end(&it);
}
END_TEST

START_TEST(the_reverse_is_pointed_at_and_saved_with_the_other)
{
    shop it = begin();
    kx_doc *bob = rt_get(it.txn, "users", 2), *fresh = rt_make(it.txn, "profiles", "{\"color\":\"red\"}");
    rt_ok(kx_doc_link(bob, "profile", fresh));
    ck_assert_ptr_eq(rt_follow(bob, "profile"), fresh);
    rt_ok(kx_doc_save(fresh));
    ck_assert_str_eq(rt_stored(it.txn, "profiles", 2), "{\"color\":\"red\",\"user_id\":2}");
    rt_ok(kx_doc_link(bob, "profile", NULL));
    rt_ok(kx_doc_save(fresh));
    ck_assert_str_eq(rt_stored(it.txn, "profiles", 2), "{\"color\":\"red\",\"user_id\":null}");
    kx_doc *nobody;
    rt_ok(kx_doc_follow(bob, "profile", &nobody));
    ck_assert_ptr_null(nobody);
    rt_fails(kx_doc_link(rt_get(it.txn, "users", 1), "badge", NULL), KX_REQUIRED, "Cannot set user to null (not optional)");
    rt_fails(kx_doc_link(rt_save(it.txn, "users", "{}"), "profile", fresh), KX_REQUIRED,
             "users.profile: this document has no user_id to be referred by");
    rt_end(&it);
}
END_TEST

START_TEST(what_is_remembered_is_never_stale)
{
    shop it = begin();
    kx_doc *ann = rt_get(it.txn, "users", 1), *nobody;
    rt_follow(ann, "profile");
    rt_patch(it.txn, "profiles", 1, "{\"user_id\":2}");
    rt_ok(kx_doc_follow(ann, "profile", &nobody));
    ck_assert_ptr_null(nobody);
    ck_assert_uint_eq(kx_doc_id(rt_follow(rt_get(it.txn, "users", 2), "profile")), 1);
    rt_end(&it);
}
END_TEST

START_TEST(it_is_no_set)
{
    shop it = begin();
    kx_cursor *cursor;
    kx_doc *ann = rt_get(it.txn, "users", 1);
    rt_fails(kx_related_find(ann, "profile", NULL, &cursor), KX_INVALID,
             "users.profile is no set: follow it with kx_doc_follow");
    rt_fails(kx_doc_set(ann, "profile", kx_int(1)), KX_INVALID,
             "users.profile is a relation: point it at a document with kx_doc_link");
    rt_end(&it);
}
END_TEST

START_TEST(it_is_prefetched_and_included_from_both_ends)
{
    shop it = begin();
    kx_doc **docs;
    size_t count;
    rt_ok(kx_all(it.txn, "users", &(kx_query){.include = "profile.user"}, &docs, &count));
    ck_assert_str_eq(rt_shows(docs[0]), "{\"user_id\":1,\"profile\":{\"user_id\":1,\"user\":{\"user_id\":1}}}");
    ck_assert_str_eq(rt_shows(docs[1]), "{\"user_id\":2,\"profile\":null}");
    rt_end(&it);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("one");
    TCase *t = tcase_create("one");
    tcase_add_test(t, both_ends_lead_to_the_other);
    tcase_add_test(t, a_second_one_is_refused_and_nulls_are_many);
    tcase_add_test(t, the_reverse_is_pointed_at_and_saved_with_the_other);
    tcase_add_test(t, what_is_remembered_is_never_stale);
    tcase_add_test(t, it_is_no_set);
    tcase_add_test(t, it_is_prefetched_and_included_from_both_ends);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return kxt_run(suite());
}
