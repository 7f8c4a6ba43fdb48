/*
 * test_plans.c -- a table of queries with the plan that each gets, and the documents that it fetches: neither more nor
 * fewer.
 *
 * orders are 10,000, and four of their fields are the digits of their number i from 0: status = i % 5,
 * channel = i / 5 % 8, region = i / 40 % 25, week = i / 1000; amount is week * 100 + i % 100. So each value of status
 * leads to 2,000 orders, of channel to 1,250, of region to 400, and of several fields to exactly their part of each
 * other.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "query/query_test.h"

enum { ORDERS = 10000, USERS = 200, ITEMS = 1000 };

static const kx_model *const models[] = {
    &(kx_model){.name = "users",
                .indexes = (const kx_index[]){{.paths = "user_id", .unique = true},
                                              {.paths = "email", .unique = true},
                                              {.paths = "country,age"},
                                              {.paths = "rank"},
                                              {.paths = "nick"},
                                              {0}}},
    &(kx_model){.name = "orders",
                .indexes = (const kx_index[]){{.paths = "number", .unique = true},
                                              {.paths = "status"},
                                              {.paths = "channel"},
                                              {.paths = "region"},
                                              {.paths = "week,-amount"},
                                              {.paths = "amount"},
                                              {.paths = "tags", .multi = true},
                                              {.paths = "coupon", .sparse = true},
                                              {0}},
                .relations =
                    (const kx_relation[]){
                        {.name = "user", .kind = KX_FOREIGN_KEY, .target = "users", .foreign_key = "user_id",
                                               .reverse = "orders"}, {0}}},
    &(kx_model){.name = "items",
                .indexes = (const kx_index[]){{.paths = "item", .primary = true},
                                              {.paths = "sku,-price"},
                                              {.paths = "title"},
                                              {0}},
                .relations =
                    (const kx_relation[]){
                        {.name = "order", .kind = KX_FOREIGN_KEY, .target = "orders", .foreign_key = "number"}, {0}}},
    NULL};

static void fill(kx_txn *txn)
{
    for (unsigned i = 0; i < USERS; i++)
        qt_insert(txn, "users", 0,
                  kxt_print("{\"user_id\":%u,\"email\":\"u%03u@x.org\",\"country\":%u,\"age\":%u,\"rank\":\"%s\"%s}", i + 1,
                            i, i % 10, 20 + i / 10, i % 20 == 0 ? "gold" : "iron",
                            i % 2 ? ",\"nick\":\"n\"" : ""));
    for (unsigned i = 0; i < ORDERS; i++)
        qt_insert(txn, "orders", 0,
                  kxt_print("{\"number\":%u,\"user_id\":%u,\"status\":%u,\"channel\":%u,\"region\":%u,\"week\":%u,"
                            "\"amount\":%u,\"note\":%u,\"tags\":[%u,\"all\"]%s}",
                            i, i % USERS + 1, i % 5, i / 5 % 8, i / 40 % 25, i / 1000, i / 1000 * 100 + i % 100, i % 7, i / 5 % 2,
                            i % 1000 == 0 ? ",\"coupon\":true" : ""));
    for (unsigned i = 0; i < ITEMS; i++)
        qt_insert(txn, "items", 0,
                  kxt_print("{\"item\":%u,\"number\":%u,\"sku\":\"s%u\",\"price\":%u,\"title\":\"%s%u\"}", 3 * i, i * 10,
                            i % 4, i / 4, i % 2 ? "blue pen " : "red ink ", i));
}

typedef struct line {
    const char *collection, *filter, *order_by;
    uint64_t limit;
    const char *plan, *index, *order;
    uint64_t returned, examined; /* documents; a sort fetches what it gives again */
    uint64_t counting;           /* documents that kx_count() fetches */
} line;

#define ALL NULL
static const line lines[] = {
    /* rows by id */
    {"orders", "_id == 17", NULL, 0, "primary", NULL, "index", 1, 1, 1},
    {"orders", "_id in [3, 5, 20000]", NULL, 0, "primary", NULL, "index", 2, 2, 2},
    {"orders", "_id > 9990", NULL, 0, "primary", NULL, "index", 10, 10, 0},
    {"orders", "_id <= 10", "-_id", 3, "primary", NULL, "index", 3, 3, 0},
    {"items", "item == 33", NULL, 0, "primary", NULL, "index", 1, 1, 1},
    {"items", "item == 34", NULL, 0, "primary", NULL, "index", 0, 0, 0},
    {"items", "item >= 1500 and item < 1530", NULL, 0, "primary", NULL, "index", 10, 10, 0},
    /* one index */
    {"users", "email == 'u007@x.org'", NULL, 0, "index", "email", "index", 1, 1, 0},
    {"orders", "number == 4711 and status == 1", NULL, 0, "index", "number", "index", 1, 1, 1},
    {"orders", "region == 3", NULL, 0, "index", "region", "index", 400, 400, 0},
    {"orders", "user_id == 3", NULL, 0, "index", "user_id", "index", 50, 50, 0},
    {"orders", "user_id == 3 and note == 2", NULL, 0, "index", "user_id", "index", 8, 50, 50},
    {"orders", "tags contains 1", NULL, 5, "index", "tags", "index", 5, 5, 0},
    {"orders", "coupon == true", NULL, 0, "index", "coupon", "index", 10, 10, 0},
    {"orders", "coupon is not null", NULL, 0, "index", "coupon", "sort", 10, 10, 0},
    {"users", "country == 4", NULL, 0, "index", "country,age", "sort", 20, 20, 0},
    {"users", "country == 4 and age == 30", NULL, 0, "index", "country,age", "index", 1, 1, 0},
    {"items", "sku == 's1'", "-price", 2, "index", "sku,-price", "index", 2, 2, 0},
    {"items", "sku == 's1'", "price", 2, "index", "sku,-price", "index", 2, 2, 0},
    /* ranges */
    {"orders", "amount >= 990", NULL, 0, "range", "amount", "sort", 100, 100, 0},
    {"orders", "amount >= 5 and amount < 8", "amount", 2, "range", "amount", "index", 2, 2, 0},
    {"orders", "week == 2 and amount > 250", NULL, 0, "range", "week,-amount", "sort", 490, 490, 0},
    {"users", "country == 4 and age > 30 and age <= 33", NULL, 0, "range", "country,age", "sort", 3, 3, 0},
    {"items", "title like 'red ink 9%'", NULL, 0, "range", "title", "sort", 55, 55, 0},
    {"items", "title like 'red%8'", NULL, 0, "range", "title", "sort", 100, 100, 0},
    {"users", "email < 'u010'", "-email", 3, "range", "email", "index", 3, 3, 0},
    /* several keys of one index */
    {"orders", "region in [1, 2, 99]", NULL, 0, "union", "region", "sort", 800, 800, 0},
    {"users", "country in [1, 2] and age > 38", NULL, 0, "union", "country,age", "sort", 2, 2, 0},
    {"users", "country in [1, 2] and age == 38", NULL, 0, "union", "country,age", "sort", 2, 2, 0},
    {"users", "country in [1, 2] and age in [38, 39]", "-country", 3, "union", "country,age", "heap", 3, 7, 0},
    {"items", "sku in ['s2', 's0'] and price > 247", "-sku,price", 3, "union", "sku,-price", "index", 3, 3, 0},
    /* conditions on other parts of the index, and others than ranges: asked of its keys */
    {"orders", "week == 2 and amount != 250", NULL, 0, "range", "week,-amount", "sort", 990, 990, 0},
    {"orders", "week > 7 and amount in [850, 950, 7]", NULL, 0, "union", "amount", "sort", 20, 30, 30},
    {"users", "country == 4 and age not in [30, 31]", NULL, 0, "range", "country,age", "sort", 18, 18, 0},
    {"items", "sku > 's1' and price == 7", "sku,-price", 0, "range", "sku,-price", "sort", 2, 4, 0},
    {"items", "sku == 's1' and price != 3", "price", 4, "range", "sku,-price", "index", 4, 4, 0},
    {"items", "title like 'red%' and title like '%ink 9_'", NULL, 0, "range", "title", "sort", 5, 5, 0},
    {"orders", "status != 1", NULL, 0, "scan", NULL, "index", 8000, 10000, 0},
    {"items", "title like '%ink 98_'", NULL, 0, "scan", NULL, "index", 5, 1000, 0},
    {"orders", "amount != 3 and week >= 9", NULL, 0, "range", "week,-amount", "sort", 1000, 1000, 0},
    /* null and missing */
    {"users", "rank is not null", NULL, 0, "scan", NULL, "index", 200, 200, 0},
    {"users", "nick is not null", NULL, 0, "index", "nick", "sort", 100, 100, 0},
    {"users", "nick is null", NULL, 0, "index", "nick", "index", 100, 100, 0},
    {"users", "nick is not null and age == 30", NULL, 0, "scan", NULL, "index", 5, 200, 200},
    {"users", "country == 4 and age is not null", NULL, 0, "range", "country,age", "sort", 20, 20, 0},
    /* several indexes */
    {"orders", "status == 1 and channel == 2", NULL, 0, "intersection", "channel", "index", 250, 250, 0},
    {"orders", "status == 1 and channel == 2", NULL, 3, "intersection", "channel", "index", 3, 3, 0},
    {"orders", "status == 1 and channel == 2 and region == 3", NULL, 0, "intersection", "region", "index", 10, 10, 0},
    {"orders", "status == 1 and channel == 2 and note == 3", NULL, 0, "intersection", "channel", "index", 36, 250, 250},
    {"orders", "status == 1 and region == 2", "note", 0, "intersection", "region", "sort", 80, 160, 0},
    {"orders", "status == 1 and region == 2", "note", 10, "intersection", "region", "heap", 10, 90, 0},
    {"orders", "region == 3 and amount >= 800", NULL, 0, "intersection", "region", "index", 80, 80, 0},
    {"orders", "tags contains 1 and region == 3 and _id > 5000", NULL, 0, "intersection", "region", "index", 100, 100, 0},
    /* alternatives */
    {"orders", "region == 3 or number < 100", NULL, 0, "union", "region", "sort", 500, 500, 0},
    {"orders", "region == 3 or region == 3 and status == 1 or number == 130", NULL, 0, "union", "region", "sort", 400, 400, 0},
    {"orders", "region == 3 or number == 7", "note", 2, "union", "region", "heap", 2, 403, 0},
    {"orders", "region == 3 and note == 2 or user_id == 7", NULL, 0, "union", "region", "sort", 108, 450, 450},
    {"orders", "region == 3 or status == 1 and channel == 2", NULL, 0, "union", "region", "sort", 640, 640, 0},
    {"orders", "(region == 3 or region == 4) and status == 1", NULL, 0, "intersection", "region", "index", 160, 160, 0},
    {"orders", "_id in [5, 50000] or coupon == true", NULL, 0, "union", NULL, "sort", 11, 11, 11},
    {"orders", "_id < 5 or coupon == true", NULL, 0, "union", NULL, "sort", 13, 13, 0},
    {"orders", "user.rank == 'gold' or region == 3", NULL, 0, "union", "region", "sort", 880, 890, 890},
    {"items", "item == 3 or sku == 's1' and price > 240", NULL, 0, "union", NULL, "sort", 10, 10, 10},
    {"orders", "region == 3 or note == 2", NULL, 0, "scan", NULL, "index", 1771, 10000, 10000},
    {"orders", "region == 3 or not (status == 2)", NULL, 0, "scan", NULL, "index", 8080, 10000, 10000},
    {"orders", "number >= 100 or status == 1", NULL, 0, "scan", NULL, "index", 9920, 10000, 10000},
    {"orders", "region == 3 or status == 1", NULL, 1, "scan", NULL, "index", 1, 2, 2},
    {"orders", "user_id == 3 and (region == 3 or note == 2)", NULL, 0, "index", "user_id", "index", 8, 50, 50},
    /* nothing to be gained by a second one */
    {"orders", "region == 3 and tags contains 'all'", NULL, 0, "index", "region", "index", 400, 400, 0},
    /* the order's index */
    {"orders", NULL, "-amount", 7, "index", "amount", "index", 7, 7, 0},
    {"orders", "status == 1", "amount", 5, "index", "amount", "index", 5, 15, 0},
    {"orders", "user_id == 3", "amount", 5, "index", "user_id", "heap", 5, 55, 0},
    {"orders", "status == 1 and channel == 2", "amount", 5, "index", "amount", "index", 5, 119, 0},
    /* all rows */
    {"orders", "note == 3", NULL, 0, "scan", NULL, "index", 1429, 10000, 10000},
    {"orders", NULL, NULL, 4, "scan", NULL, "index", 4, 4, 0},
    {"orders", "coupon is null", NULL, 3, "scan", NULL, "index", 3, 4, 4},
    {"orders", NULL, "note", 2, "scan", NULL, "heap", 2, 10002, 0},
    /* nothing */
    {"orders", "region in []", NULL, 0, "none", NULL, NULL, 0, 0, 0},
    {"orders", "region > 4 and region < 'a'", NULL, 0, "none", NULL, NULL, 0, 0, 0},
    /* beyond relations: from the far end, or from each document */
    {"orders", "user.rank == 'gold'", NULL, 0, "primary", NULL, "index", 500, 510, 510},
    {"orders", "user.rank == 'gold' and user_id == 21", NULL, 0, "index", "user_id", "index", 50, 101, 101},
    {"items", "order.user.email == 'u010@x.org'", NULL, 0, "primary", NULL, "index", 50, 101, 101},
};
enum { LINES = sizeof lines / sizeof *lines };

static const char *name_of(const line *one)
{
    return kxt_print("%s: %s order by %s limit %" PRIu64, one->collection, one->filter != NULL ? one->filter : "all",
                     one->order_by != NULL ? one->order_by : "id", one->limit);
}

static const char *text_of(kx_doc *plan, const char *path)
{
    kx_value value;
    qt_ok(kx_doc_get(plan, path, &value));
    return value.type == KX_TYPE_NULL ? "-" : kx_doc_text(plan, path);
}

static uint64_t number_of(kx_doc *plan, const char *path)
{
    uint64_t number;
    qt_ok(kx_doc_get_uint(plan, path, &number));
    return number;
}

static kx_txn *open_filled(kx_db **db)
{
    *db = qt_open(models);
    kx_txn *txn = qt_begin(*db, KX_WRITE);
    fill(txn);
    qt_ok(kx_txn_commit(txn));
    return qt_begin(*db, KX_READ);
}

static void end(kx_db *db, kx_txn *txn)
{
    kx_txn_abort(txn);
    qt_ok(kx_close(db));
}

/* Documents that a cursor over the query fetches, and a count of it. */
static void measure(kx_txn *txn, const line *one, const kx_query *query, uint64_t *walked, uint64_t *counted)
{
    kx_cursor *cursor;
    kx_doc *doc;
    uint64_t count, before = qt_stats(txn).rows, n = 0;
    qt_ok(kx_find(txn, one->collection, query, &cursor));
    while (kx_cursor_next(cursor, &doc) == KX_OK)
        n++;
    qt_ok(kx_cursor_close(cursor));
    *walked = qt_stats(txn).rows - before;
    before = qt_stats(txn).rows;
    qt_ok(kx_count(txn, one->collection, query, &count));
    *counted = qt_stats(txn).rows - before;
    ck_assert_uint_eq(n, count);
}

static const char *describe(const char *plan, const char *index, const char *order, uint64_t returned, uint64_t examined,
                            uint64_t walked, uint64_t counting)
{
    return kxt_print("%s %s %s: %" PRIu64 " of %" PRIu64 ", walked %" PRIu64 ", counting %" PRIu64, plan,
                     index != NULL ? index : "-", order != NULL ? order : "-", returned, examined, walked, counting);
}

START_TEST(every_query_gets_its_plan_and_fetches_what_it_must)
{
    kx_db *db;
    kx_doc *plan;
    kx_txn *txn = open_filled(&db);
    unsigned wrong = 0;
    for (const line *one = lines; one < lines + LINES; one++) {
        kx_query query = {.filter = one->filter, .order_by = one->order_by, .limit = one->limit};
        uint64_t walked, counted, before = qt_stats(txn).rows;
        qt_ok(kx_explain(txn, one->collection, &query, &plan));
        ck_assert_uint_eq(number_of(plan, "examined"), qt_stats(txn).rows - before);
        measure(txn, one, &query, &walked, &counted);
        const char *expected = describe(one->plan, one->index, one->order, one->returned, one->examined, one->examined,
                                        one->counting);
        const char *found = describe(text_of(plan, "plan"), text_of(plan, "index"), text_of(plan, "order"),
                                     number_of(plan, "returned"), number_of(plan, "examined"), walked, counted);
        if (strcmp(expected, found) != 0) {
            const char *json = "";
            kx_doc_to_json(plan, &json);
            printf("%s\n  expected %s\n  found    %s\n  %s\n", name_of(one), expected, found, json);
            fflush(stdout);
            wrong++;
        }
        kx_doc_release(plan);
    }
    ck_assert_uint_eq(wrong, 0);
    end(db, txn);
}
END_TEST

/* ---- what explain tells ------------------------------------------------------------------ */

static kx_doc *explain(kx_txn *txn, const char *collection, const kx_query *query)
{
    kx_doc *plan;
    qt_ok(kx_explain(txn, collection, query, &plan));
    return plan;
}

static const char *json_at(kx_doc *plan, const char *path)
{
    const char *json;
    qt_ok(kx_doc_get_json(plan, path, &json));
    return json;
}

START_TEST(legs_and_rejected_ways_are_told_with_their_counts)
{
    kx_db *db;
    kx_txn *txn = open_filled(&db);
    kx_doc *plan = explain(
        txn, "orders", &(kx_query){.filter = "status == 1 and region == 3 and number >= 5000 and note == 1"});
    ck_assert_str_eq(json_at(plan, "legs"), "[{\"plan\":\"index\",\"index\":\"region\",\"count\":400},"
                                            "{\"plan\":\"index\",\"index\":\"status\",\"count\":2000}]");
    ck_assert_str_eq(json_at(plan, "checked"), "[\"number\",\"note\"]");
    ck_assert_str_eq(json_at(plan, "rejected[0]"), "{\"plan\":\"range\",\"index\":\"number\",\"count\":512,"
                                                   "\"at_least\":true,\"reason\":\"asking it costs more than it saves\"}");
    ck_assert_str_eq(json_at(plan, "rejected[1]"), "{\"plan\":\"scan\",\"index\":null,\"count\":10000,"
                                                   "\"reason\":\"reads every document\"}");
    plan = explain(txn, "orders", &(kx_query){.filter = "number == 17 and amount >= 0 and coupon is null"});
    ck_assert_str_eq(text_of(plan, "index"), "number");
    ck_assert_str_eq(json_at(plan, "rejected[0]"),
                     "{\"plan\":\"index\",\"index\":\"coupon\",\"count\":null,"
                     "\"reason\":\"sparse: it lacks documents that may match\"}");
    ck_assert_str_eq(json_at(plan, "rejected[1].plan"), "\"range\"");
    ck_assert_str_eq(json_at(plan, "rejected[1].at_least"), "true");
    ck_assert_str_eq(json_at(plan, "rejected[1].reason"), "\"leads to more documents\"");
    plan = explain(txn, "users", &(kx_query){.filter = "country == 1", .order_by = "rank", .limit = 190});
    ck_assert_str_eq(json_at(plan, "rejected[0].reason"), "\"sorting what matches ends sooner\"");
    end(db, txn);
}
END_TEST

START_TEST(crossings_are_told_with_their_direction)
{
    kx_db *db;
    kx_txn *txn = open_filled(&db);
    kx_doc *plan = explain(txn, "orders", &(kx_query){.filter = "user.rank == 'gold' and status == 0"});
    ck_assert_str_eq(json_at(plan, "crossings"),
                     "[{\"path\":\"user.rank\",\"direction\":\"back\",\"count\":500}]");
    ck_assert_str_eq(json_at(plan, "checked"), "[\"status\"]");
    plan = explain(txn, "orders", &(kx_query){.filter = "number == 20 and user.rank == 'gold'"});
    ck_assert_str_eq(json_at(plan, "crossings"), "[{\"path\":\"user.rank\",\"direction\":\"forward\"}]");
    ck_assert_uint_eq(number_of(plan, "examined"), 2);
    plan = explain(txn, "users", &(kx_query){.filter = "user_id == 3 and orders(note == 2 and channel == 3)"});
    ck_assert_str_eq(json_at(plan, "crossings"), "[{\"path\":\"orders\",\"direction\":\"forward\"}]");
    ck_assert_str_eq(json_at(plan, "checked"), "[\"orders(note and channel)\"]");
    end(db, txn);
}
END_TEST

START_TEST(a_plan_is_a_document_that_cannot_be_saved)
{
    kx_db *db;
    kx_doc *plan, *copy;
    const char *json, *again;
    kx_txn *txn = open_filled(&db);
    kx_txn_abort(txn);
    txn = qt_begin(db, KX_WRITE);
    plan = explain(txn, "orders", NULL);
    ck_assert_str_eq(kx_doc_collection(plan), "plan");
    ck_assert_uint_eq(number_of(plan, "returned"), ORDERS);
    ck_assert_int_eq(kx_doc_save(plan), KX_INVALID);
    ck_assert_int_eq(kx_doc_delete(plan), KX_INVALID);
    qt_ok(kx_doc_copy(plan, &copy));
    qt_ok(kx_doc_to_json(plan, &json));
    qt_ok(kx_doc_to_json(copy, &again));
    ck_assert_str_eq(json, again);
    kx_doc_release(copy);
    kx_doc_release(plan);
    ck_assert_int_eq(kx_explain(txn, "nowhere", NULL, &plan), KX_INVALID);
    ck_assert_ptr_null(plan);
    ck_assert_int_eq(kx_explain(txn, "orders", &(kx_query){.filter = "a =="}, &plan), KX_INVALID);
    ck_assert_int_eq(kx_explain(txn, "orders", NULL, NULL), KX_INVALID);
    ck_assert_int_eq(kx_explain(NULL, "orders", NULL, &plan), KX_INVALID);
    end(db, txn);
}
END_TEST

START_TEST(a_set_is_explained_with_what_binds_it)
{
    kx_db *db;
    kx_doc *user, *plan;
    kx_txn *txn = open_filled(&db);
    qt_ok(kx_get(txn, "users", "user_id", kx_int(3), &user));
    qt_ok(kx_related_explain(user, "orders", &(kx_query){.filter = "note == 2"}, &plan));
    ck_assert_str_eq(text_of(plan, "index"), "user_id");
    ck_assert_uint_eq(number_of(plan, "examined"), 50);
    ck_assert_uint_eq(number_of(plan, "returned"), 8);
    ck_assert_int_eq(kx_related_explain(user, "nobody", NULL, &plan), KX_INVALID);
    ck_assert_int_eq(kx_related_explain(user, "orders", NULL, NULL), KX_INVALID);
    end(db, txn);
}
END_TEST

/* ---- the cost of planning ------------------------------------------------------------------- */

static uint64_t planning(kx_txn *txn, const char *filter)
{
    kx_doc *plan = explain(txn, "wide", &(kx_query){.filter = filter, .limit = 1});
    ck_assert_uint_eq(number_of(plan, "planning.examined"), 0);
    return number_of(plan, "planning.entries");
}

static const kx_model *const wide_models[] = {
    &(kx_model){.name = "wide",
                .indexes =
                    (const kx_index[]){{.paths = "a"}, {.paths = "b"}, {.paths = "c"}, {.paths = "few"}, {0}}},
    NULL};

/* Keys are all distinct here, so that stored counts do not help. */
START_TEST(large_ranges_are_counted_no_further_than_can_matter)
{
    enum { WIDE = 30000 };
    kx_db *db = qt_open(wide_models);
    kx_txn *txn = qt_begin(db, KX_WRITE);
    for (unsigned i = 0; i < WIDE; i++)
        qt_insert(txn, "wide", 0,
                  kxt_print("{\"a\":%u,\"b\":%u,\"c\":%u,\"few\":%u}", i, (i * 7919) % WIDE, (i * 104729) % WIDE,
                            i / 1000));
    /* one way is left: nothing to choose */
    ck_assert_uint_eq(planning(txn, "a >= 10"), 0);
    /* the bound, for each */
    ck_assert_uint_le(planning(txn, "a >= 10 and few >= 0"), 10000 + 31);
    ck_assert_uint_le(planning(txn, "a >= 10 and b >= 10"), 2 * 10000);
    /* a short one spares the long ones */
    ck_assert_uint_le(planning(txn, "a >= 10 and b < 40"), 200);
    ck_assert_uint_le(planning(txn, "a >= 10 and b >= 20 and c < 900"), 900 + 2 * 8 * 900 + 30);
    /* a stored count needs no walk, and bounds the others */
    ck_assert_uint_le(planning(txn, "a >= 10 and b == 5"), 2);
    ck_assert_uint_le(planning(txn, "_id == 7 and a >= 10 and b >= 10"), 0);
    ck_assert_uint_le(planning(txn, "_id in [7, 8] and a >= 10 and b >= 10"), 6);
    kx_txn_abort(txn);
    qt_ok(kx_close(db));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("query/plans");
    TCase *c = tcase_create("plans");
    tcase_add_test(c, every_query_gets_its_plan_and_fetches_what_it_must);
    tcase_add_test(c, legs_and_rejected_ways_are_told_with_their_counts);
    tcase_add_test(c, crossings_are_told_with_their_direction);
    tcase_add_test(c, a_plan_is_a_document_that_cannot_be_saved);
    tcase_add_test(c, a_set_is_explained_with_what_binds_it);
    tcase_add_test(c, large_ranges_are_counted_no_further_than_can_matter);
    suite_add_tcase(suite, c);
    return kxt_run(suite);
}
