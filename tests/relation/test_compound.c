/* test_compound.c -- keys of several fields, through every call that goes by a key. */
#include "relation_test.h"

static const kx_model users = {
    .name = "users",
    .indexes = INDEXES({.paths = "tenant,code", .unique = true}),
};

static const kx_model orders = {
    .name = "orders",
    .relations = RELATIONS({.name = "user",
                            .kind = KX_FOREIGN_KEY,
                            .target = "users",
                            .foreign_key = "at.tenant,user_code",
                            .related_field = "tenant,code",
                            .reverse = "orders",
                            .optional = true,
                            .on_delete = KX_SET_NULL,
                            .on_update = KX_CASCADE}),
};

static const kx_model cards = {
    .name = "cards",
    .relations = RELATIONS({.name = "user",
                            .kind = KX_ONE_TO_ONE,
                            .target = "users",
                            .foreign_key = "tenant,code",
                            .reverse = "card",
                            .optional = true}),
};

/* users 1 is (1, a), 2 is (1, b), 3 is (2, a); orders 1 of user 1, 2 of user 2, 3 of user 1, 4 of half a key, 5 of nobody */
static shop begin(void)
{
    shop it = rt_start_with(MODELS(&users, &orders, &cards));
    rt_save(it.txn, "users", "{\"tenant\":1,\"code\":\"a\"}");
    rt_save(it.txn, "users", "{\"tenant\":1,\"code\":\"b\"}");
    rt_save(it.txn, "users", "{\"tenant\":2,\"code\":\"a\"}");
    rt_save(it.txn, "orders", "{\"at\":{\"tenant\":1},\"user_code\":\"a\"}");
    rt_save(it.txn, "orders", "{\"at\":{\"tenant\":1},\"user_code\":\"b\"}");
    rt_save(it.txn, "orders", "{\"at\":{\"tenant\":1.0},\"user_code\":\"a\"}");
    rt_save(it.txn, "orders", "{\"at\":{\"tenant\":1},\"user_code\":null}");
    rt_save(it.txn, "orders", "{\"at\":{\"tenant\":2},\"user_code\":\"b\"}");
    return it;
}

START_TEST(both_parts_lead_to_the_target)
{
    shop it = begin();
    kx_doc *nobody = NULL, *order = rt_get(it.txn, "orders", 2);
    ck_assert_uint_eq(kx_doc_id(rt_follow(rt_get(it.txn, "orders", 1), "user")), 1);
    ck_assert_uint_eq(kx_doc_id(rt_follow(order, "user")), 2);
    ck_assert_uint_eq(kx_doc_id(rt_follow(rt_get(it.txn, "orders", 3), "user")), 1);
    rt_ok(kx_doc_follow(rt_get(it.txn, "orders", 4), "user", &nobody));
    ck_assert_ptr_null(nobody);
    rt_ok(kx_doc_follow(rt_get(it.txn, "orders", 5), "user", &nobody));
    ck_assert_ptr_null(nobody);
    rt_ok(kx_doc_set(order, "at.tenant", kx_int(2)));
    rt_ok(kx_doc_follow(order, "user", &nobody));
    ck_assert_ptr_null(nobody);
    rt_ok(kx_doc_set(order, "user_code", kx_text("a")));
    ck_assert_uint_eq(kx_doc_id(rt_follow(order, "user")), 3);
    rt_end(&it);
}
END_TEST

START_TEST(a_required_key_that_leads_nowhere_names_both_parts)
{
    kx_relation strict[] = {orders.relations[0], {.name = NULL}};
    strict[0].optional = false;
    strict[0].on_delete = KX_CASCADE;
    kx_model model = {.name = "orders", .relations = strict};
    shop it = rt_start_with(MODELS(&users, &model));
    kx_doc *user, *lost = rt_save(it.txn, "orders", "{\"at\":{\"tenant\":1},\"user_code\":\"x\"}");
    rt_fails(kx_doc_follow(lost, "user", &user), KX_DANGLING, "Related users with tenant=1, code=\"x\" not found");
    rt_ok(kx_doc_unset(lost, "user_code"));
    rt_fails(kx_doc_follow(lost, "user", &user), KX_REQUIRED,
             "Foreign key 'at.tenant,user_code' is null. Declare the relation optional if this is valid.");
    rt_end(&it);
}
END_TEST

START_TEST(a_link_sets_all_parts_or_none)
{
    shop it = begin();
    kx_doc *order = rt_make(it.txn, "orders", "{\"n\":1}"), *odd = rt_make(it.txn, "orders", "{\"at\":7}");
    rt_ok(kx_doc_link(order, "user", rt_get(it.txn, "users", 3)));
    ck_assert_str_eq(rt_shows(order), "{\"n\":1,\"at\":{\"tenant\":2},\"user_code\":\"a\"}");
    rt_ok(kx_doc_save(order));
    ck_assert_uint_eq(kx_doc_id(rt_follow(order, "user")), 3);
    rt_ok(kx_doc_link(order, "user", NULL));
    ck_assert_str_eq(rt_shows(order), "{\"n\":1,\"at\":{\"tenant\":null},\"user_code\":null}");
    ck_assert_int_eq(kx_doc_link(odd, "user", rt_get(it.txn, "users", 3)), KX_INVALID);
    ck_assert_str_eq(rt_shows(odd), "{\"at\":7}");
    ck_assert_int_eq(kx_doc_link(order, "user", rt_save(it.txn, "users", "{\"tenant\":5}")), KX_REQUIRED);
    rt_end(&it);
}
END_TEST

START_TEST(sets_hold_those_with_the_whole_key)
{
    shop it = begin();
    kx_doc *user = rt_get(it.txn, "users", 1), *other = rt_get(it.txn, "users", 3), *half;
    ck_assert_str_eq(rt_set(user, "orders", NULL), "1 3");
    ck_assert_uint_eq(rt_count(user, "orders", NULL), 2);
    ck_assert_str_eq(rt_set(other, "orders", NULL), "");
    rt_ok(kx_related_add(other, "orders", rt_get(it.txn, "orders", 3)));
    ck_assert_str_eq(rt_stored(it.txn, "orders", 3), "{\"at\":{\"tenant\":2},\"user_code\":\"a\"}");
    ck_assert_str_eq(rt_set(other, "orders", NULL), "3");
    rt_ok(kx_related_remove(other, "orders", rt_get(it.txn, "orders", 3)));
    ck_assert_str_eq(rt_stored(it.txn, "orders", 3), "{\"at\":{\"tenant\":null},\"user_code\":null}");
    ck_assert_int_eq(kx_related_remove(other, "orders", rt_get(it.txn, "orders", 2)), KX_NOTFOUND);
    kx_doc *members[] = {rt_get(it.txn, "orders", 2), rt_get(it.txn, "orders", 5)};
    rt_ok(kx_related_replace(user, "orders", members, 2));
    ck_assert_str_eq(rt_set(user, "orders", NULL), "2 5");
    ck_assert_str_eq(rt_stored(it.txn, "orders", 1), "{\"at\":{\"tenant\":null},\"user_code\":null}");
    rt_ok(kx_related_clear(user, "orders"));
    ck_assert_uint_eq(rt_count(user, "orders", NULL), 0);
    half = rt_save(it.txn, "users", "{\"tenant\":1}");
    ck_assert_str_eq(rt_set(half, "orders", NULL), "");
    rt_fails(kx_related_add(half, "orders", members[0]), KX_REQUIRED,
             "users.orders: this document has no tenant,code to be referred by");
    rt_end(&it);
}
END_TEST

START_TEST(a_prefetch_answers_what_follows)
{
    shop it = begin();
    kx_cursor *cursor;
    kx_stats before, after;
    const uint64_t users_of[] = {1, 2, 1, 0, 0};
    rt_ok(kx_find(it.txn, "orders", &(kx_query){.prefetch = "user"}, &cursor));
    for (int i = 0; i < 5; i++) {
        kx_doc *order, *user;
        rt_ok(kx_cursor_next(cursor, &order));
        before = rt_stats(it.txn);
        rt_ok(kx_doc_follow(order, "user", &user));
        after = rt_stats(it.txn);
        ck_assert(rt_same_cost(&before, &after));
        ck_assert_uint_eq(user != NULL ? kx_doc_id(user) : 0, users_of[i]);
    }
    rt_ok(kx_cursor_close(cursor));
    rt_end(&it);
}
END_TEST

START_TEST(a_one_to_one_is_one_of_the_whole_key)
{
    shop it = begin();
    kx_doc *user = rt_get(it.txn, "users", 1), *card = rt_make(it.txn, "cards", "{}");
    rt_ok(kx_doc_link(user, "card", card));
    ck_assert_str_eq(rt_shows(card), "{\"tenant\":1,\"code\":\"a\"}");
    rt_ok(kx_doc_save(card));
    rt_save(it.txn, "cards", "{\"tenant\":1,\"code\":\"b\"}");
    rt_save(it.txn, "cards", "{\"tenant\":1}");
    rt_save(it.txn, "cards", "{\"tenant\":1}");
    ck_assert_int_eq(kx_doc_save(rt_make(it.txn, "cards", "{\"tenant\":1,\"code\":\"a\"}")), KX_EXISTS);
    ck_assert_ptr_eq(rt_follow(user, "card"), card);
    ck_assert_uint_eq(kx_doc_id(rt_follow(rt_get(it.txn, "users", 2), "card")), 2);
    rt_end(&it);
}
END_TEST

START_TEST(actions_change_all_parts)
{
    shop it = begin();
    kx_doc *user = rt_get(it.txn, "users", 1);
    rt_ok(kx_doc_set(user, "tenant", kx_int(9)));
    rt_ok(kx_doc_save(user));
    ck_assert_str_eq(rt_set(user, "orders", NULL), "1 3");
    ck_assert_str_eq(rt_stored(it.txn, "orders", 1), "{\"at\":{\"tenant\":9},\"user_code\":\"a\"}");
    rt_ok(kx_doc_delete(user));
    ck_assert_str_eq(rt_stored(it.txn, "orders", 1), "{\"at\":{\"tenant\":null},\"user_code\":null}");
    ck_assert_str_eq(rt_stored(it.txn, "orders", 2), "{\"at\":{\"tenant\":1},\"user_code\":\"b\"}");
    rt_end(&it);
}
END_TEST

/* The index keeps a prefix of such keys, and a hash. */
START_TEST(long_keys_are_compared_by_their_documents)
{
    shop it = rt_start_with(MODELS(&users, &orders, &cards));
    char code[701], json[800];
    for (int i = 0; i < 3; i++) {
        memset(code, 'x', sizeof code - 1);
        code[sizeof code - 1] = '\0';
        code[i == 2 ? 0 : 699] = (char)('a' + i);
        snprintf(json, sizeof json, "{\"tenant\":1,\"code\":\"%s\"}", code);
        rt_save(it.txn, "users", json);
        snprintf(json, sizeof json, "{\"at\":{\"tenant\":1},\"user_code\":\"%s\"}", code);
        rt_save(it.txn, "orders", json);
    }
    for (uint64_t id = 1; id <= 3; id++) {
        char wanted[2] = {(char)('0' + id), '\0'};
        ck_assert_uint_eq(kx_doc_id(rt_follow(rt_get(it.txn, "orders", id), "user")), id);
        ck_assert_str_eq(rt_set(rt_get(it.txn, "users", id), "orders", NULL), wanted);
        ck_assert_uint_eq(rt_count(rt_get(it.txn, "users", id), "orders", NULL), 1);
    }
    rt_end(&it);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("compound");
    TCase *keys = tcase_create("keys");
    tcase_add_test(keys, both_parts_lead_to_the_target);
    tcase_add_test(keys, a_required_key_that_leads_nowhere_names_both_parts);
    tcase_add_test(keys, a_link_sets_all_parts_or_none);
    tcase_add_test(keys, sets_hold_those_with_the_whole_key);
    tcase_add_test(keys, a_prefetch_answers_what_follows);
    tcase_add_test(keys, a_one_to_one_is_one_of_the_whole_key);
    tcase_add_test(keys, actions_change_all_parts);
    tcase_add_test(keys, long_keys_are_compared_by_their_documents);
    suite_add_tcase(s, keys);
    return s;
}

int main(void)
{
    return kxt_run(suite());
}
