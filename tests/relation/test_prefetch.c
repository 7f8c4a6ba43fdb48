/*
 * test_prefetch.c -- loading what belongs to many documents at once: what it costs, that everybody shares, windows and writes in
 * between; load modes, the report of lazy loads, included documents as JSON.
 */
#include "relation_test.h"

#include "relation/relation.h"

/* ---- a shop with countries -------------------------------------------------------------------- */

static const kx_model countries = {.name = "countries", .indexes = INDEXES({.paths = "country_id", .primary = true})};

static const kx_model users = {
    .name = "users",
    .indexes = INDEXES({.paths = "user_id", .unique = true}),
    .relations = RELATIONS({.name = "country",
                            .kind = KX_FOREIGN_KEY,
                            .target = "countries",
                            .foreign_key = "country_id",
                            .reverse = "users",
                            .optional = true}),
};

static const kx_model orders = {
    .name = "orders",
    .indexes = INDEXES({.paths = "user_id,-amount"}),
    .relations = RELATIONS({.name = "user",
                            .kind = KX_FOREIGN_KEY,
                            .target = "users",
                            .foreign_key = "user_id",
                            .reverse = "orders",
                            .optional = true}),
};

static const kx_model *const models[] = {&countries, &users, &orders, NULL};

enum { USERS = 10, ORDERS = 100 };

/* users 1 to 10 of countries 1 and 2, the tenth of none; order n of user n % 10 + 1, the last one of nobody. */
static shop begin(kx_txn_mode mode)
{
    shop it = rt_start_with(models);
    rt_save(it.txn, "countries", "{\"country_id\":1,\"name\":\"no\"}");
    rt_save(it.txn, "countries", "{\"country_id\":2,\"name\":\"se\"}");
    for (int i = 1; i < USERS; i++)
        rt_save(it.txn, "users", kxt_print("{\"user_id\":%d,\"country_id\":%d}", i, i % 2 + 1));
    rt_save(it.txn, "users", kxt_print("{\"user_id\":%d,\"country_id\":null}", USERS));
    for (int i = 1; i < ORDERS; i++)
        rt_save(it.txn, "orders", kxt_print("{\"user_id\":%d,\"amount\":%d}", i % USERS + 1, i));
    rt_save(it.txn, "orders", "{\"user_id\":999,\"amount\":0}");
    rt_ok(kx_txn_commit(it.txn));
    it.txn = rt_begin(it.db, mode);
    return it;
}

static size_t instances(const kx_txn *txn)
{
    size_t count = 0;
    for (const kx_doc *doc = txn->docs; doc != NULL; doc = doc->next)
        count++;
    return count;
}

static kx_cursor *find(kx_txn *txn, const char *collection, kx_query query)
{
    kx_cursor *cursor;
    rt_ok(kx_find(txn, collection, &query, &cursor));
    return cursor;
}

/* ---- one document each --------------------------------------------------------------------------- */

START_TEST(a_page_reads_each_target_once_and_following_costs_nothing)
{
    shop it = begin(_i == 0 ? KX_READ : KX_WRITE);
    kx_doc **docs;
    size_t count;
    kx_stats before = rt_stats(it.txn);
    rt_ok(kx_all(it.txn, "orders", &(kx_query){.prefetch = "user"}, &docs, &count));
    kx_stats loaded = rt_stats(it.txn);
    ck_assert_uint_eq(count, ORDERS);
    ck_assert_uint_eq(loaded.rows - before.rows, ORDERS + USERS);
    for (size_t i = 0; i + 1 < count; i++)
        ck_assert_ptr_eq(rt_follow(docs[i], "user"), rt_follow(docs[i % USERS], "user"));
    kx_doc *nobody = docs[0];
    rt_ok(kx_doc_follow(docs[count - 1], "user", &nobody));
    ck_assert_ptr_null(nobody);
    kx_stats followed = rt_stats(it.txn);
    ck_assert(rt_same_cost(&loaded, &followed));
    rt_end(&it);
}
END_TEST

START_TEST(paths_go_on_through_what_was_loaded)
{
    shop it = begin(KX_READ);
    kx_doc *order, *user, *country;
    kx_stats before = rt_stats(it.txn);
    kx_cursor *cursor = find(it.txn, "orders", (kx_query){.prefetch = " user.country , user", .limit = 20});
    for (int i = 0; i < 20; i++) {
        rt_ok(kx_cursor_next(cursor, &order));
        user = rt_follow(order, "user");
        rt_ok(kx_doc_follow(user, "country", &country));
        ck_assert((country == NULL) == (kx_doc_id(user) == USERS));
    }
    rt_ok(kx_cursor_close(cursor));
    kx_stats after = rt_stats(it.txn);
    ck_assert_uint_eq(after.rows - before.rows, 20 + USERS + 2);
    ck_assert_uint_eq(after.lazy_loads, 0);
    rt_end(&it);
}
END_TEST

START_TEST(the_first_of_a_query_has_its_relations_too)
{
    shop it = begin(KX_READ);
    kx_doc *order;
    rt_ok(kx_first(it.txn, "orders", &(kx_query){.prefetch = "user"}, &order));
    kx_stats before = rt_stats(it.txn);
    rt_follow(order, "user");
    kx_stats after = rt_stats(it.txn);
    ck_assert(rt_same_cost(&before, &after));
    ck_assert_int_eq(kx_first(it.txn, "orders", &(kx_query){.prefetch = "user", .offset = 1000}, &order), KX_NOTFOUND);
    rt_end(&it);
}
END_TEST

START_TEST(keys_too_long_to_be_stored_whole_lead_to_their_documents)
{
    const kx_model places = {.name = "places", .indexes = INDEXES({.paths = "key", .unique = true})};
    const kx_model visits = {
        .name = "visits",
        .relations = RELATIONS({.name = "place",
                                .kind = KX_FOREIGN_KEY,
                                .target = "places",
                                .foreign_key = "key",
                                .reverse = "visits"}),
    };
    shop it = rt_start_with(MODELS(&places, &visits));
    for (int i = 0; i < 6; i++) {
        rt_save(it.txn, "places", kxt_print("{\"key\":\"%0*d\"}", i < 3 ? 600 : 6, i));
        rt_save(it.txn, "visits", kxt_print("{\"key\":\"%0*d\"}", i < 3 ? 600 : 6, i));
    }
    kx_doc **docs;
    size_t count;
    rt_ok(kx_all(it.txn, "visits", &(kx_query){.prefetch = "place.visits"}, &docs, &count));
    for (size_t i = 0; i < count; i++)
        ck_assert_uint_eq(kx_doc_id(rt_follow(docs[i], "place")), kx_doc_id(docs[i]));
    rt_end(&it);
}
END_TEST

/* ---- sets -------------------------------------------------------------------------------------------- */

START_TEST(sets_are_in_hand_and_their_members_know_where_they_belong)
{
    shop it = begin(KX_READ);
    kx_doc *user, *order;
    kx_cursor *cursor = find(it.txn, "users", (kx_query){.prefetch = "orders"}), *orders_of;
    size_t seen = 0;
    while (kx_cursor_next(cursor, &user) == KX_OK) {
        kx_stats before = rt_stats(it.txn);
        uint64_t last = 0;
        rt_ok(kx_related_find(user, "orders", NULL, &orders_of));
        for (; kx_cursor_next(orders_of, &order) == KX_OK; seen++) {
            ck_assert_uint_gt(kx_doc_id(order), last);
            last = kx_doc_id(order);
            ck_assert_ptr_eq(rt_follow(order, "user"), user);
        }
        ck_assert_int_eq(kx_cursor_next(orders_of, &order), KX_NOTFOUND);
        rt_ok(kx_cursor_close(orders_of));
        kx_stats after = rt_stats(it.txn);
        ck_assert(rt_same_cost(&before, &after));
    }
    rt_ok(kx_cursor_close(cursor));
    ck_assert_uint_eq(seen, ORDERS - 1);
    ck_assert_uint_eq(instances(it.txn), 0);
    rt_end(&it);
}
END_TEST

START_TEST(a_set_with_a_query_holds_the_first_of_each)
{
    shop it = begin(_i == 0 ? KX_READ : KX_WRITE);
    static const kx_query dearest = {.order_by = "-amount", .limit = 2};
    kx_doc *const *found;
    kx_doc **docs;
    size_t count, users_count;
    rt_ok(kx_all(it.txn, "users", &(kx_query){.sets = KX_PREFETCH({"orders", &dearest, {0}})}, &docs, &users_count));
    for (size_t i = 0; i < users_count; i++) {
        int64_t amounts[2];
        rt_ok(kx_related_loaded(docs[i], "orders", &found, &count));
        ck_assert_uint_eq(count, 2);
        for (int n = 0; n < 2; n++)
            rt_ok(kx_doc_get_int(found[n], "amount", &amounts[n]));
        ck_assert_int_eq(amounts[0], amounts[1] + USERS);
        ck_assert_int_ge(amounts[0], ORDERS - USERS);
        ck_assert_uint_ge(rt_count(docs[i], "orders", NULL), 9);
        ck_assert_ptr_nonnull(strchr(rt_set(docs[i], "orders", NULL), ' '));
    }
    ck_assert_int_eq(kx_related_loaded(docs[0], "country", &found, &count), KX_NOTFOUND);
    ck_assert(found == NULL && count == 0);
    rt_end(&it);
}
END_TEST

START_TEST(the_queries_of_sets_outlive_the_call)
{
    shop it = begin(KX_READ);
    kx_doc *user;
    kx_doc *const *found;
    size_t count;
    char path[] = "amount", order[] = "-amount";
    kx_value list[] = {kx_int(3), kx_int(13), kx_int(23), {0}};
    kx_condition where[] = {{path, KX_IN, kx_list(list)}, {0}};
    kx_query query = {.where = where, .order_by = order};
    kx_cursor *cursor = find(it.txn, "users", (kx_query){.sets = KX_PREFETCH({"orders", &query, {0}}), .offset = 3});
    memset(path, 'x', 6);
    memset(order, 'x', 7);
    list[0] = list[1] = kx_null();
    query = (kx_query){.limit = 1};
    rt_ok(kx_cursor_next(cursor, &user));
    rt_ok(kx_related_loaded(user, "orders", &found, &count));
    ck_assert_uint_eq(count, 3);
    ck_assert_uint_eq(kx_doc_id(found[0]), 23);
    rt_ok(kx_cursor_close(cursor));
    rt_end(&it);
}
END_TEST

START_TEST(a_prepared_filter_of_a_set_may_go_before_its_cursor)
{
    shop it = begin(KX_READ);
    kx_doc *user;
    kx_doc *const *found;
    size_t count;
    kx_filter *filter;
    rt_ok(kx_filter_compile("amount in ? or amount == ?", &filter));
    kx_query query = {.prepared = filter,
                      .args = KX_ARGS(kx_list(KX_ARGS(kx_int(3), kx_int(13))), kx_int(23)),
                      .order_by = "-amount"};
    kx_cursor *cursor = find(it.txn, "users", (kx_query){.sets = KX_PREFETCH({"orders", &query, {0}}), .offset = 3});
    kx_filter_free(filter);
    rt_ok(kx_cursor_next(cursor, &user));
    rt_ok(kx_related_loaded(user, "orders", &found, &count));
    ck_assert_uint_eq(count, 3);
    ck_assert_uint_eq(kx_doc_id(found[0]), 23);
    rt_ok(kx_cursor_close(cursor));
    rt_end(&it);
}
END_TEST

START_TEST(a_search_of_a_set_prefetches_as_well)
{
    shop it = begin(KX_READ);
    kx_doc *no = rt_get(it.txn, "countries", 1), *user;
    kx_cursor *cursor;
    rt_ok(kx_related_find(no, "users", &(kx_query){.prefetch = "orders"}, &cursor));
    rt_ok(kx_cursor_next(cursor, &user));
    kx_stats before = rt_stats(it.txn);
    ck_assert_str_ne(rt_set(user, "orders", NULL), "");
    kx_stats after = rt_stats(it.txn);
    ck_assert(rt_same_cost(&before, &after));
    rt_ok(kx_cursor_close(cursor));
    rt_end(&it);
}
END_TEST

/* ---- windows --------------------------------------------------------------------------------------------- */

START_TEST(memory_is_bounded_however_many_documents_pass)
{
    shop it = rt_start_with(models);
    enum { WINDOW = 1024, MANY = 3 * WINDOW };
    for (int i = 1; i <= MANY; i++) {
        rt_save(it.txn, "users", kxt_print("{\"user_id\":%d}", i));
        kx_doc_release(rt_save(it.txn, "orders", kxt_print("{\"user_id\":%d}", i)));
    }
    rt_ok(kx_txn_commit(it.txn));
    it.txn = rt_begin(it.db, _i % 2 == 0 ? KX_READ : KX_WRITE);
    kx_doc *doc;
    size_t seen = 0, most = 0;
    kx_cursor *cursor = _i < 2 ? find(it.txn, "orders", (kx_query){.include = "user.orders", .load = KX_LOAD_PEERS})
                               : find(it.txn, "users", (kx_query){.prefetch = "orders.user"});
    for (; kx_cursor_next(cursor, &doc) == KX_OK; seen++) {
        size_t now = instances(it.txn);
        most = now > most ? now : most;
    }
    rt_ok(kx_cursor_close(cursor));
    ck_assert_uint_eq(seen, MANY);
    ck_assert_uint_le(most, 3 * WINDOW + 1);
    ck_assert_uint_eq(instances(it.txn), 0);
    rt_end(&it);
}
END_TEST

START_TEST(a_kept_document_keeps_what_it_was_loaded_with)
{
    shop it = begin(KX_READ);
    kx_doc *user, *kept = NULL;
    kx_cursor *cursor = find(it.txn, "users", (kx_query){.prefetch = "orders, country"});
    while (kx_cursor_next(cursor, &user) == KX_OK) {
        if (kx_doc_id(user) == 2)
            rt_ok(kx_doc_keep(kept = user));
    }
    rt_ok(kx_cursor_close(cursor));
    kx_stats before = rt_stats(it.txn);
    ck_assert_str_eq(rt_set(kept, "orders", NULL), "1 11 21 31 41 51 61 71 81 91");
    ck_assert_uint_eq(kx_doc_id(rt_follow(kept, "country")), 1);
    kx_stats after = rt_stats(it.txn);
    ck_assert(rt_same_cost(&before, &after));
    rt_end(&it);
}
END_TEST

START_TEST(writes_between_steps_are_seen)
{
    shop it = begin(KX_WRITE);
    kx_doc *order;
    size_t seen = 0;
    kx_cursor *cursor =
        find(it.txn, "orders",
             (kx_query){.where = KX_WHERE({"amount", KX_LT, kx_int(50)}), .order_by = "amount", .prefetch = "user"});
    for (; kx_cursor_next(cursor, &order) == KX_OK; seen++) {
        int64_t amount;
        rt_ok(kx_doc_get_int(order, "amount", &amount));
        ck_assert_int_lt(amount, 50);
        if (amount == 5) {
            rt_ok(kx_remove(it.txn, "orders", 6));
            rt_patch(it.txn, "orders", 7, "{\"amount\":70}");
            rt_patch(it.txn, "orders", 8, "{\"user_id\":1}");
            rt_patch(it.txn, "users", 3, "{\"name\":\"new\"}");
        }
        ck_assert(amount != 6 && amount != 7);
        if (amount == 8)
            ck_assert_uint_eq(kx_doc_id(rt_follow(order, "user")), 1);
        if (amount == 12)
            ck_assert_str_eq(kx_doc_text(rt_follow(order, "user"), "name"), "new");
    }
    rt_ok(kx_cursor_close(cursor));
    ck_assert_uint_eq(seen, 48);
    rt_end(&it);
}
END_TEST

/* ---- load modes ------------------------------------------------------------------------------------------- */

START_TEST(the_first_lazy_load_loads_for_all_peers)
{
    shop it = begin(_i == 0 ? KX_READ : KX_WRITE);
    kx_doc **docs, *country;
    size_t count;
    rt_ok(kx_all(it.txn, "orders", &(kx_query){.load = KX_LOAD_PEERS}, &docs, &count));
    kx_stats before = rt_stats(it.txn);
    kx_doc *user = rt_follow(docs[5], "user");
    kx_stats first = rt_stats(it.txn);
    ck_assert_uint_eq(first.rows - before.rows, USERS);
    for (size_t i = 0; i + 1 < count; i++)
        rt_follow(docs[i], "user");
    kx_stats later = rt_stats(it.txn);
    ck_assert(rt_same_cost(&first, &later));
    rt_follow(user, "country");
    kx_stats second = rt_stats(it.txn);
    ck_assert_uint_eq(second.rows - later.rows, 2);
    rt_ok(kx_doc_follow(rt_follow(docs[8], "user"), "country", &country));
    kx_stats last = rt_stats(it.txn);
    ck_assert(rt_same_cost(&second, &last));
    ck_assert_uint_eq(last.lazy_loads, 0);
    rt_end(&it);
}
END_TEST

START_TEST(a_peer_that_was_released_is_not_touched)
{
    shop it = begin(KX_READ);
    kx_doc **docs;
    size_t count;
    rt_ok(kx_all(it.txn, "orders", &(kx_query){.load = KX_LOAD_PEERS}, &docs, &count));
    for (size_t i = 1; i < count; i++)
        kx_doc_release(docs[i]);
    rt_follow(docs[0], "user");
    ck_assert_uint_eq(instances(it.txn), 2);
    rt_end(&it);
}
END_TEST

START_TEST(no_lazy_load_is_an_error_that_names_the_relation)
{
    shop it = begin(KX_READ);
    kx_doc *order, *country = NULL;
    kx_cursor *cursor = find(it.txn, "orders", (kx_query){.load = KX_LOAD_NONE, .prefetch = "user"}), *set;
    rt_ok(kx_cursor_next(cursor, &order));
    kx_doc *user = rt_follow(order, "user");
    rt_fails(kx_doc_follow(user, "country", &country), KX_INVALID,
             "users.country of document 2 was not loaded, and its query allows no lazy load: prefetch it");
    ck_assert_ptr_null(country);
    rt_fails(kx_related_find(user, "orders", NULL, &set), KX_INVALID,
             "users.orders of document 2 was not loaded, and its query allows no lazy load: prefetch it");
    rt_ok(kx_cursor_close(cursor));
    rt_end(&it);
}
END_TEST

START_TEST(loads_one_by_one_are_reported_with_what_batches_would_have_done)
{
    shop it = begin(KX_READ);
    kx_doc *order, *country;
    kx_lazy_loads loads;
    ck_assert_int_eq(kx_lazy_loads_at(it.txn, 0, &loads), KX_NOTFOUND);
    for (int round = 0; round < 2; round++) {
        kx_cursor *cursor = find(it.txn, "orders", (kx_query){.limit = 9});
        while (kx_cursor_next(cursor, &order) == KX_OK)
            rt_ok(kx_doc_follow(rt_follow(order, "user"), "country", &country));
        rt_ok(kx_cursor_close(cursor));
    }
    rt_ok(kx_lazy_loads_at(it.txn, 0, &loads));
    ck_assert_str_eq(loads.collection, "orders");
    ck_assert_str_eq(loads.relation, "user");
    ck_assert(loads.loads == 18 && loads.batches == 2);
    rt_ok(kx_lazy_loads_at(it.txn, 1, &loads));
    ck_assert_str_eq(loads.relation, "country");
    ck_assert(loads.batches == 2);
    ck_assert_int_eq(kx_lazy_loads_at(it.txn, 2, &loads), KX_NOTFOUND);
    rt_end(&it);
}
END_TEST

/* ---- included --------------------------------------------------------------------------------------------- */

START_TEST(included_documents_stand_under_their_relations_names)
{
    shop it = begin(_i == 0 ? KX_READ : KX_WRITE);
    kx_doc **docs;
    size_t count;
    rt_ok(kx_all(it.txn, "orders", &(kx_query){.include = "user, user.country", .limit = 9}, &docs, &count));
    ck_assert_str_eq(rt_shows(docs[0]), "{\"user_id\":2,\"amount\":1,\"user\":{\"user_id\":2,\"country_id\":1,"
                                        "\"country\":{\"country_id\":1,\"name\":\"no\"}}}");
    ck_assert_str_eq(rt_shows(docs[8]), "{\"user_id\":10,\"amount\":9,\"user\":{\"user_id\":10,\"country_id\":null,"
                                        "\"country\":null}}");
    rt_end(&it);
}
END_TEST

START_TEST(an_included_set_is_an_array)
{
    shop it = begin(KX_READ);
    kx_doc *country;
    rt_ok(kx_first(it.txn, "countries", &(kx_query){.include = "users", .order_by = "-country_id"}, &country));
    const char *json = rt_shows(country);
    const char start[] = "{\"country_id\":2,\"name\":\"se\",\"users\":[{\"user_id\":1,\"country_id\":2},";
    ck_assert_msg(strncmp(json, start, sizeof start - 1) == 0, "%s", json);
    ck_assert_str_eq(json + strlen(json) - 3, "}]}");
    rt_end(&it);
}
END_TEST

START_TEST(a_document_without_fields_of_its_own_shows_what_was_included)
{
    const kx_model loners = {
        .name = "loners",
        .relations = RELATIONS({.name = "a \"friend\"", .kind = KX_FOREIGN_KEY, .target = "loners", .foreign_key = "x",
                                .related_field = "y", .reverse = "back", .optional = true}),
    };
    shop it = rt_start_with(MODELS(&loners));
    rt_save(it.txn, "loners", "{}");
    kx_doc *loner;
    rt_ok(kx_first(it.txn, "loners", &(kx_query){.include = "a \"friend\", back"}, &loner));
    ck_assert_str_eq(rt_shows(loner), "{\"a \\\"friend\\\"\":null,\"back\":[]}");
    rt_end(&it);
}
END_TEST

/* ---- what is wrong ------------------------------------------------------------------------------------------ */

START_TEST(wrong_paths_are_named)
{
    shop it = begin(KX_READ);
    kx_cursor *cursor;
    char deep[70 * 14] = "user";
    for (int i = 0; i < 33; i++)
        strcat(deep, ".orders.user");
    const struct {
        kx_query query;
        int code;
        const char *text;
    } cases[] = {
        {{.prefetch = "usr"}, KX_INVALID, "prefetch 'usr': orders has no relation 'usr'"},
        {{.prefetch = "user.usr"}, KX_INVALID, "prefetch 'usr': users has no relation 'usr'"},
        {{.prefetch = "user,"}, KX_INVALID, "prefetch '': orders has no relation ''"},
        {{.prefetch = ","}, KX_INVALID, "prefetch ',': orders has no relation ''"},
        {{.include = "user_id"}, KX_INVALID, "prefetch 'user_id': orders has no relation 'user_id'"},
        {{.load = (kx_load)9}, KX_INVALID, "there is no load mode 9"},
        {{.sets = KX_PREFETCH({"user", &(kx_query){.limit = 1}, {0}})}, KX_INVALID,
         "prefetch of orders.user: a query is for a set, and this leads to one document"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rt_fails(kx_find(it.txn, "orders", &cases[i].query, &cursor), cases[i].code, cases[i].text);
        ck_assert_ptr_null(cursor);
    }
    ck_assert_int_eq(kx_find(it.txn, "orders", &(kx_query){.prefetch = deep}, &cursor), KX_LIMIT);
    rt_ok(kx_find(it.txn, "orders", &(kx_query){.prefetch = ""}, &cursor));
    rt_ok(kx_cursor_close(cursor));
    ck_assert_int_eq(kx_find(it.txn, "users",
                             &(kx_query){.sets = KX_PREFETCH({"orders", &(kx_query){.order_by = "a..b"}, {0}})},
                             &cursor), KX_OK);
    kx_doc *user;
    ck_assert_int_eq(kx_cursor_next(cursor, &user), KX_INVALID);
    ck_assert_int_eq(kx_cursor_next(cursor, &user), KX_INVALID);
    ck_assert_int_eq(kx_cursor_close(cursor), KX_INVALID);
    rt_end(&it);
}
END_TEST

START_TEST(without_memory_nothing_is_left_behind)
{
    shop it = begin(_i == 0 ? KX_READ : KX_WRITE);
    const kx_query two = {.where = KX_WHERE({"amount", KX_GT, {.type = KX_TYPE_INT}}), .limit = 2};
    for (int64_t n = 0;; n++) {
        kx_cursor *cursor = NULL;
        kx_doc *doc;
        kx_base__fail_alloc_after(n);
        int rc = kx_find(it.txn, "users",
                         &(kx_query){.include = "orders.user.country", .sets = KX_PREFETCH({"orders", &two, {0}}),
                                     .load = KX_LOAD_PEERS},
                         &cursor);
        if (rc == KX_OK)
            rc = kx_cursor_next(cursor, &doc);
        bool struck = kx_base__fail_alloc_after(-1) < 0;
        ck_assert(struck ? rc == KX_NOMEM : rc == KX_OK);
        kx_cursor_close(cursor);
        ck_assert_uint_eq(instances(it.txn), 0);
        if (!struck)
            break;
    }
    rt_end(&it);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("prefetch");
    TCase *t = tcase_create("prefetch");
    tcase_add_loop_test(t, a_page_reads_each_target_once_and_following_costs_nothing, 0, 2);
    tcase_add_test(t, paths_go_on_through_what_was_loaded);
    tcase_add_test(t, the_first_of_a_query_has_its_relations_too);
    tcase_add_test(t, keys_too_long_to_be_stored_whole_lead_to_their_documents);
    tcase_add_test(t, sets_are_in_hand_and_their_members_know_where_they_belong);
    tcase_add_loop_test(t, a_set_with_a_query_holds_the_first_of_each, 0, 2);
    tcase_add_test(t, the_queries_of_sets_outlive_the_call);
    tcase_add_test(t, a_prepared_filter_of_a_set_may_go_before_its_cursor);
    tcase_add_test(t, a_search_of_a_set_prefetches_as_well);
    tcase_add_loop_test(t, memory_is_bounded_however_many_documents_pass, 0, 4);
    tcase_add_test(t, a_kept_document_keeps_what_it_was_loaded_with);
    tcase_add_test(t, writes_between_steps_are_seen);
    tcase_add_loop_test(t, the_first_lazy_load_loads_for_all_peers, 0, 2);
    tcase_add_test(t, a_peer_that_was_released_is_not_touched);
    tcase_add_test(t, no_lazy_load_is_an_error_that_names_the_relation);
    tcase_add_test(t, loads_one_by_one_are_reported_with_what_batches_would_have_done);
    tcase_add_loop_test(t, included_documents_stand_under_their_relations_names, 0, 2);
    tcase_add_test(t, an_included_set_is_an_array);
    tcase_add_test(t, a_document_without_fields_of_its_own_shows_what_was_included);
    tcase_add_test(t, wrong_paths_are_named);
    tcase_add_loop_test(t, without_memory_nothing_is_left_behind, 0, 2);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return kxt_run(suite());
}
