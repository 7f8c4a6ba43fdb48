/* test_pages.c -- tokens, pages, and walks that leave their transaction. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "query/query_test.h"

/* ---- the store of random documents ---------------------------------------------------- */

static const kx_index indexes[] = {{.paths = "a"},
                                   {.paths = "a,-b"},
                                   {.paths = "u", .unique = true},
                                   {.paths = "-t"},
                                   {.paths = "c,t", .unique = true},
                                   {.paths = "b", .sparse = true},
                                   {.paths = "c,a,b"},
                                   {0}};
static const kx_model with_indexes = {.name = "things", .indexes = indexes};
static const kx_model without = {.name = "plain"};
static const kx_model *const models[] = {&with_indexes, &without, NULL};

static uint64_t state;

static uint64_t below(uint64_t bound)
{
    return kxt_random_below(&state, bound);
}

/* Few values, so that there are ties; texts beyond what an index keeps, that begin alike. */
static const char *number(void)
{
    static const char *const some[] = {"null", "1", "2", "2.5", "3", "-1", "9007199254740993", "true", "\"x\""};
    return some[below(sizeof some / sizeof *some)];
}

static const char *text(void)
{
    static char bytes[800];
    size_t size = below(3) == 0 ? 600 + below(2) : below(4);
    memset(bytes, 'a', size);
    bytes[size] = (char)('a' + below(3));
    bytes[size + 1] = '\0';
    return kxt_print("\"%s\"", bytes);
}

static uint64_t insert_one(kx_txn *txn, const char *unique)
{
    const char *json = kxt_print("{\"a\":%s,\"b\":%s,\"c\":%d,\"t\":%s,\"u\":%s,\"k\":%s}", number(), number(),
                                 (int)below(2), text(), unique, unique);
    uint64_t id = 0;
    kx_record record = {.data = json, .size = strlen(json)};
    int rc = kx_insert_many(txn, "things", &record, 1, NULL);
    if (rc == KX_EXISTS)
        return 0;
    ck_assert_msg(rc == KX_OK, "%s", kx_errmsg());
    id = record.id;
    record = (kx_record){.data = json, .size = strlen(json), .id = id, .has_id = true};
    qt_ok(kx_insert_many(txn, "plain", &record, 1, NULL));
    return id;
}

static void fill(kx_txn *txn, int count)
{
    for (int i = 0; i < count; i++)
        insert_one(txn, below(3) == 0 ? "null" : kxt_print("%d", i));
}

/* ---- random queries ----------------------------------------------------------------------- */

static const char *const orders[] = {NULL,   "a",   "-a",  "a,-b", "-a,b",  "a,b",    "u",  "-u",  "t",  "-t",
                                     "t,-a", "c,t", "b",   "-b",   "c,a,b", "-c,-a,-b", "_id", "-_id", "k", "-k,t"};

static kx_query random_query(kx_condition *where)
{
    static const kx_value some[] = {{.type = KX_TYPE_INT, .integer = 1},
                                    {.type = KX_TYPE_REAL, .real = 2.5},
                                    {.type = KX_TYPE_NULL},
                                    {.type = KX_TYPE_BOOL, .integer = 1},
                                    {.type = KX_TYPE_NONE}};
    size_t count = 0;
    if (below(2) == 0)
        where[count++] = (kx_condition){.path = "a", .op = (kx_op)below(6), .value = kx_int((int64_t)below(3))};
    if (below(3) == 0)
        where[count++] = (kx_condition){.path = "c", .op = KX_EQ, .value = kx_int((int64_t)below(2))};
    if (below(4) == 0)
        where[count++] = (kx_condition){.path = "a", .op = KX_IN, .value = kx_list(some)};
    if (below(5) == 0)
        where[count++] = (kx_condition){.path = "u", .op = KX_IS_NULL};
    where[count] = (kx_condition){0};
    return (kx_query){.where = where, .order_by = orders[below(sizeof orders / sizeof *orders)]};
}

typedef struct id_list {
    uint64_t ids[4096];
    size_t count;
} id_list;

/* One page; the token of its last document, "" where it has none. */
static void read_page(kx_txn *txn, const char *collection, const kx_query *query, id_list *list, char **token)
{
    kx_cursor *cursor;
    kx_doc *doc;
    const char *text;
    qt_ok(kx_find(txn, collection, query, &cursor));
    while (kx_cursor_next(cursor, &doc) == KX_OK)
        list->ids[list->count++] = kx_doc_id(doc);
    if (kx_cursor_token(cursor, &text) == KX_OK)
        *token = kxt_print("%s", text);
    else
        *token = NULL;
    qt_ok(kx_cursor_close(cursor));
}

static void assert_same(const id_list *want, const id_list *have, const kx_query *query, const char *what)
{
    ck_assert_msg(want->count == have->count && memcmp(want->ids, have->ids, want->count * sizeof *want->ids) == 0,
                  "%s, order %s: %zu ids instead of %zu", what, query->order_by ? query->order_by : "none",
                  have->count, want->count);
}

/* ---- claims ----------------------------------------------------------------------------------- */

START_TEST(pages_concatenate_to_the_whole_in_every_order_with_and_without_indexes)
{
    state = kxt_seed();
    kx_db *db = qt_open(models);
    kx_txn *txn = qt_begin(db, KX_WRITE);
    fill(txn, 300);
    qt_ok(kx_txn_commit(txn));
    txn = qt_begin(db, KX_READ);
    for (uint64_t round = kxt_scaled(2000); round > 0; round--) {
        kx_condition where[8];
        static id_list whole, pages;
        char *token;
        kx_query query = random_query(where);
        const char *collection = below(3) == 0 ? "plain" : "things";
        whole.count = pages.count = 0;
        read_page(txn, collection, &query, &whole, &token);
        query.limit = 1 + below(90);
        do {
            uint64_t left, before = pages.count;
            read_page(txn, collection, &query, &pages, &token);
            if (token == NULL)
                break;
            query.after = token;
            kx_query rest = query;
            rest.limit = 0;
            qt_ok(kx_count(txn, collection, &rest, &left));
            ck_assert_uint_eq(left, whole.count - pages.count);
            ck_assert_uint_le(pages.count - before, query.limit);
        } while (pages.count <= whole.count);
        assert_same(&whole, &pages, &query, collection);
    }
    kx_txn_abort(txn);
    qt_ok(kx_close(db));
}
END_TEST

static bool holds(const id_list *list, uint64_t id)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->ids[i] == id)
            return true;
    }
    return false;
}

START_TEST(what_stays_comes_exactly_once_while_others_come_and_go_between_pages)
{
    state = kxt_seed();
    kx_db *db = qt_open(models);
    kx_txn *txn = qt_begin(db, KX_WRITE);
    fill(txn, 300);
    for (uint64_t round = kxt_scaled(300); round > 0; round--) {
        kx_condition where[8];
        static id_list whole, pages, gone;
        char *token;
        kx_query query = random_query(where);
        whole.count = pages.count = gone.count = 0;
        read_page(txn, "things", &query, &whole, &token);
        query.limit = 1 + below(40);
        for (;;) {
            size_t before = pages.count;
            read_page(txn, "things", &query, &pages, &token);
            if (token == NULL)
                break;
            query.after = token;
            insert_one(txn, "null");
            uint64_t victim = below(2) == 0 ? pages.ids[pages.count - 1] : whole.ids[below(whole.count)];
            if (kx_remove(txn, "things", victim) == KX_OK)
                gone.ids[gone.count++] = victim;
            kx_remove(txn, "plain", victim);
            ck_assert_uint_gt(pages.count, before);
        }
        size_t at = 0;
        for (size_t i = 0; i < whole.count; i++) {
            if (holds(&gone, whole.ids[i]))
                continue;
            while (at < pages.count && pages.ids[at] != whole.ids[i])
                at++;
            ck_assert_msg(at < pages.count, "document %" PRIu64 " is missing or out of order", whole.ids[i]);
        }
        for (size_t i = 0; i < pages.count; i++) {
            for (size_t j = i + 1; j < pages.count; j++)
                ck_assert_uint_ne(pages.ids[i], pages.ids[j]);
        }
    }
    kx_txn_abort(txn);
    qt_ok(kx_close(db));
}
END_TEST

START_TEST(a_page_deep_in_an_index_is_sought_not_walked)
{
    kx_db *db = qt_open(models);
    kx_txn *txn = qt_begin(db, KX_WRITE);
    kx_cursor *cursor;
    kx_doc *doc;
    const char *token;
    for (int i = 0; i < 2000; i++)
        qt_insert(txn, "things", 0, kxt_print("{\"a\":%d,\"c\":1,\"t\":\"%d\",\"u\":%d}", i / 100, i, i));
    qt_ok(kx_txn_commit(txn));
    static const char *const all[] = {"a", "-a", "u", "-u", "_id", "-_id", "a,-b"};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        txn = qt_begin(db, KX_READ);
        kx_query query = {.order_by = all[i], .offset = 1500, .limit = 1};
        qt_ok(kx_find(txn, "things", &query, &cursor));
        qt_ok(kx_cursor_next(cursor, &doc));
        qt_ok(kx_cursor_token(cursor, &token));
        char *kept = kxt_print("%s", token);
        qt_ok(kx_cursor_close(cursor));
        kx_stats before = qt_stats(txn);
        query = (kx_query){.order_by = all[i], .after = kept, .limit = 3};
        qt_ok(kx_find(txn, "things", &query, &cursor));
        for (int n = 0; n < 3; n++)
            qt_ok(kx_cursor_next(cursor, &doc));
        qt_ok(kx_cursor_close(cursor));
        kx_stats after = qt_stats(txn);
        ck_assert_msg(after.rows - before.rows <= 3 && after.entries - before.entries <= 32,
                      "%s: %" PRIu64 " rows and %" PRIu64 " entries", all[i], after.rows - before.rows,
                      after.entries - before.entries);
        kx_txn_abort(txn);
    }
    qt_ok(kx_close(db));
}
END_TEST

START_TEST(a_token_of_another_query_or_no_token_is_refused)
{
    kx_db *db = qt_open(models);
    kx_txn *txn = qt_begin(db, KX_WRITE);
    kx_cursor *cursor;
    kx_doc *doc;
    const char *token;
    qt_insert(txn, "things", 0, "{\"a\":1}");
    kx_query query = {.where = KX_WHERE({"a", KX_EQ, kx_int(1)}), .order_by = "a"};
    qt_ok(kx_find(txn, "things", &query, &cursor));
    ck_assert_int_eq(kx_cursor_token(cursor, &token), KX_NOTFOUND);
    qt_ok(kx_cursor_next(cursor, &doc));
    qt_ok(kx_cursor_token(cursor, &token));
    ck_assert_uint_eq(strspn(token, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"), strlen(token));
    char *kept = kxt_print("%s", token);
    qt_ok(kx_cursor_close(cursor));

    const char *other = "-3: a query's .after is the token of another query";
    const char *none = "-3: a query's .after is no token of this library";
    query.after = kept;
    ck_assert_str_eq(qt_find(txn, "things", &query), "");
    query.order_by = "-b";
    ck_assert_str_eq(qt_find(txn, "things", &query), other);
    query = (kx_query){.where = KX_WHERE({"a", KX_EQ, kx_int(2)}), .order_by = "a", .after = kept};
    ck_assert_str_eq(qt_find(txn, "things", &query), other);
    query = (kx_query){.where = KX_WHERE({"a", KX_EQ, kx_int(1)}), .order_by = "a", .after = kept};
    ck_assert_str_eq(qt_find(txn, "plain", &query), other);
    static const char *const wrong[] = {"", "x", "!!!!", "AAAA", "kgE", "====", "gA"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        query.after = wrong[i];
        ck_assert_str_eq(qt_find(txn, "things", &query), none);
    }
    for (size_t cut = 1; cut < strlen(kept); cut++) {
        query.after = kxt_print("%.*s", (int)cut, kept);
        ck_assert_int_eq(kx_find(txn, "things", &query, &cursor), KX_INVALID);
    }
    kx_txn_abort(txn);
    qt_ok(kx_close(db));
}
END_TEST

/* ---- sets and suspended walks ------------------------------------------------------------------ */

static const kx_model users = {.name = "users", .indexes = (const kx_index[]){{.paths = "user_id", .unique = true}, {0}}};
static const kx_model sales = {
    .name = "orders",
    .relations = (const kx_relation[]){{.name = "user",
                                        .kind = KX_FOREIGN_KEY,
                                        .target = "users",
                                        .foreign_key = "user_id",
                                        .reverse = "orders"},
                                       {0}}};
static const kx_model *const shop[] = {&users, &sales, NULL};

static void fill_shop(kx_txn *txn)
{
    for (int i = 1; i <= 3; i++)
        qt_insert(txn, "users", 0, kxt_print("{\"user_id\":%d}", i));
    for (int i = 1; i <= 90; i++)
        qt_insert(txn, "orders", 0, kxt_print("{\"user_id\":%d,\"amount\":%d}", 1 + i % 3, i * 7 % 20));
}

START_TEST(a_set_is_paged_and_its_token_is_of_that_owner_alone)
{
    kx_db *db = qt_open(shop);
    kx_txn *txn = qt_begin(db, KX_WRITE);
    kx_doc *first, *second, *doc;
    kx_cursor *cursor;
    const char *token;
    uint64_t seen = 0, all, last_amount = 0;
    fill_shop(txn);
    qt_ok(kx_get(txn, "users", "user_id", kx_int(1), &first));
    qt_ok(kx_get(txn, "users", "user_id", kx_int(2), &second));
    qt_ok(kx_related_count(first, "orders", NULL, &all));
    kx_query query = {.order_by = "amount", .limit = 7};
    for (;;) {
        qt_ok(kx_related_find(first, "orders", &query, &cursor));
        uint64_t before = seen;
        while (kx_cursor_next(cursor, &doc) == KX_OK) {
            uint64_t amount;
            qt_ok(kx_doc_get_uint(doc, "amount", &amount));
            ck_assert_uint_ge(amount, last_amount);
            last_amount = amount;
            seen++;
        }
        if (seen == before)
            break;
        qt_ok(kx_cursor_token(cursor, &token));
        query.after = kxt_print("%s", token);
        qt_ok(kx_cursor_close(cursor));
    }
    qt_ok(kx_cursor_close(cursor));
    ck_assert_uint_eq(seen, all);
    ck_assert_int_eq(kx_related_find(second, "orders", &query, &cursor), KX_INVALID);
    kx_txn_abort(txn);
    qt_ok(kx_close(db));
}
END_TEST

/* Steps through a suspended walk, `run` documents a transaction; gives the ids. */
static void walk_on(kx_db *db, kx_cursor *cursor, kx_txn *txn, size_t run, id_list *list)
{
    for (;;) {
        kx_doc *doc;
        kx_suspended *walk;
        for (size_t i = 0; i < run && kx_cursor_next(cursor, &doc) == KX_OK; i++)
            list->ids[list->count++] = kx_doc_id(doc);
        int rc = kx_cursor_suspend(cursor, &walk);
        if (rc != KX_OK) {
            ck_assert_int_eq(rc, KX_NOTFOUND);
            qt_ok(kx_cursor_close(cursor));
            kx_txn_abort(txn);
            return;
        }
        kx_txn_abort(txn);
        txn = qt_begin(db, KX_WRITE);
        insert_one(txn, "null");
        qt_ok(kx_txn_commit(txn));
        txn = qt_begin(db, KX_READ);
        qt_ok(kx_cursor_resume(txn, walk, &cursor));
        kx_suspended_free(walk);
    }
}

START_TEST(a_suspended_walk_goes_on_in_later_transactions)
{
    state = kxt_seed();
    kx_db *db = qt_open(models);
    kx_txn *txn = qt_begin(db, KX_WRITE);
    fill(txn, 200);
    qt_ok(kx_txn_commit(txn));
    for (int round = 0; round < 20; round++) {
        static id_list whole, parts;
        char *token;
        whole.count = parts.count = 0;
        kx_query query = {.filter = "k is not null and k < ?",
                          .args = KX_ARGS(kx_int(150)),
                          .order_by = orders[below(sizeof orders / sizeof *orders)],
                          .limit = below(2) * 60,
                          .offset = below(2) * 5};
        txn = qt_begin(db, KX_READ);
        read_page(txn, "things", &query, &whole, &token);
        kx_cursor *cursor;
        qt_ok(kx_find(txn, "things", &query, &cursor));
        walk_on(db, cursor, txn, 1 + below(30), &parts);
        assert_same(&whole, &parts, &query, "suspended");
    }
    qt_ok(kx_close(db));
}
END_TEST

START_TEST(a_suspended_set_with_prefetches_goes_on_and_ends_with_its_owner)
{
    kx_db *db = qt_open(shop);
    kx_txn *txn = qt_begin(db, KX_WRITE);
    kx_doc *user, *doc;
    kx_cursor *cursor;
    kx_suspended *walk;
    fill_shop(txn);
    qt_ok(kx_txn_commit(txn));
    txn = qt_begin(db, KX_READ);
    qt_ok(kx_get(txn, "users", "user_id", kx_int(2), &user));
    qt_ok(kx_related_find(user, "orders", &(kx_query){.prefetch = "user", .limit = 10}, &cursor));
    for (int i = 0; i < 4; i++)
        qt_ok(kx_cursor_next(cursor, &doc));
    uint64_t last = kx_doc_id(doc);
    qt_ok(kx_cursor_suspend(cursor, &walk));
    kx_txn_abort(txn);

    txn = qt_begin(db, KX_READ);
    qt_ok(kx_cursor_resume(txn, walk, &cursor));
    int left = 0;
    while (kx_cursor_next(cursor, &doc) == KX_OK) {
        ck_assert_uint_gt(kx_doc_id(doc), last);
        qt_ok(kx_doc_follow(doc, "user", &user));
        left++;
    }
    ck_assert_int_eq(left, 6);
    ck_assert_uint_eq(qt_stats(txn).lazy_loads, 0);
    kx_txn_abort(txn);

    txn = qt_begin(db, KX_WRITE);
    qt_ok(kx_remove(txn, "users", 2));
    ck_assert_int_eq(kx_cursor_resume(txn, walk, &cursor), KX_NOTFOUND);
    ck_assert_str_eq(kx_errmsg(), "document 2 of users, whose orders were walked, is gone");
    kx_txn_abort(txn);
    kx_suspended_free(walk);
    qt_ok(kx_close(db));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pages");
    TCase *pages = tcase_create("pages");
    tcase_add_test(pages, pages_concatenate_to_the_whole_in_every_order_with_and_without_indexes);
    tcase_add_test(pages, what_stays_comes_exactly_once_while_others_come_and_go_between_pages);
    tcase_add_test(pages, a_page_deep_in_an_index_is_sought_not_walked);
    tcase_add_test(pages, a_token_of_another_query_or_no_token_is_refused);
    tcase_add_test(pages, a_set_is_paged_and_its_token_is_of_that_owner_alone);
    suite_add_tcase(suite, pages);
    TCase *suspended = tcase_create("suspended");
    tcase_add_test(suspended, a_suspended_walk_goes_on_in_later_transactions);
    tcase_add_test(suspended, a_suspended_set_with_prefetches_goes_on_and_ends_with_its_owner);
    suite_add_tcase(suite, suspended);
    return kxt_run(suite);
}
