/*
 * test_groups.c -- documents by value: the three ways give the same groups as an oracle that compares all with
 * all; what each way reads; shortened keys; bounded memory; writes on the way.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "query/query_test.h"

#include "key/key.h"
#include "query/query.h"

enum { PARTS = 2 };

typedef struct shop {
    kx_db *db;
    kx_txn *txn;
} shop;

#define INDEXES(...) ((const kx_index[]){__VA_ARGS__, {.paths = NULL}})

/* The same collection without an index, and with ones that begin with what is asked for, forward or back. */
static const kx_index *const indexes[] = {
    NULL,
    INDEXES({.paths = "a"}, {.paths = "a,b"}),
    INDEXES({.paths = "-a"}, {.paths = "-a,-b"}),
    INDEXES({.paths = "a,b,c"}),
    INDEXES({.paths = "a,n", .unique = true}, {.paths = "a,b,n", .unique = true}),
    INDEXES({.paths = "-a,-b,n", .unique = true}, {.paths = "a", .sparse = true}),
    INDEXES({.paths = "a", .fold = true}, {.paths = "a,b", .where = "n > 30"}, {.paths = "-a", .where = "n > 2"}),
};
enum { VARIANTS = sizeof indexes / sizeof *indexes };

static shop start(int variant)
{
    const kx_model model = {.name = "orders", .indexes = indexes[variant]};
    kx_db *db = qt_open((const kx_model *const[]){&model, NULL});
    return (shop){db, qt_begin(db, KX_WRITE)};
}

static void read_on(shop *it)
{
    qt_ok(kx_txn_commit(it->txn));
    it->txn = qt_begin(it->db, KX_READ);
}

static void end(const shop *it)
{
    kx_txn_abort(it->txn);
    qt_ok(kx_close(it->db));
}

static const char *show(const kx_value *value)
{
    switch (value->type) {
    case KX_TYPE_NULL: return "null";
    case KX_TYPE_BOOL: return value->integer != 0 ? "true" : "false";
    case KX_TYPE_INT: return kxt_print("%" PRId64, value->integer);
    case KX_TYPE_UINT: return kxt_print("%" PRIu64 "u", (uint64_t)value->integer);
    case KX_TYPE_REAL: return kxt_print("%#g", value->real);
    case KX_TYPE_TEXT:
        return value->size < 20 ? kxt_print("'%.*s'", (int)value->size, (const char *)value->data)
                                : kxt_print("'%.3s…'%zu", (const char *)value->data, value->size);
    case KX_TYPE_TIME: return kxt_print("@%" PRId64, value->integer);
    default: return kxt_print("type %d", (int)value->type);
    }
}

/* "null:1 30:2 'a','b':1", with sums "30:2 sum min max avg;"; "code: text" where it fails. */
static const char *groups_of(kx_txn *txn, const char *by, const char *of, const kx_query *query)
{
    kx_groups *groups;
    kx_group_row row;
    const char *text = "";
    int rc = kx_group(txn, "orders", by, of, query, &groups);
    if (rc != KX_OK) {
        ck_assert_ptr_null(groups);
        return kxt_print("%d: %s", rc, kx_errmsg());
    }
    while ((rc = kx_groups_next(groups, &row)) == KX_OK) {
        text = kxt_print("%s%s", text, text[0] != '\0' ? " " : "");
        for (size_t i = 0; i < row.value_count; i++)
            text = kxt_print("%s%s%s", text, i > 0 ? "," : "", show(&row.values[i]));
        text = kxt_print("%s:%" PRIu64, text, row.count);
        if (of != NULL)
            text = kxt_print("%s %s %s %s %s;", text, show(&row.sum), show(&row.min), show(&row.max), show(&row.avg));
    }
    ck_assert_int_eq(rc, KX_NOTFOUND);
    ck_assert_int_eq(kx_groups_next(groups, &row), KX_NOTFOUND);
    ck_assert_uint_eq(row.value_count, 0);
    qt_ok(kx_groups_close(groups));
    return text;
}

/* ---- by hand ---------------------------------------------------------------------------------- */

static void fill(kx_txn *txn)
{
    static const char *const saved[] = {"{\"a\":\"x\",\"b\":1,\"n\":1}",
                                        "{\"a\":30.0,\"b\":2,\"n\":2}",
                                        "{\"a\":\"x\",\"b\":1.0,\"n\":3}",
                                        "{\"a\":30,\"b\":5,\"n\":4}",
                                        "{\"b\":7,\"n\":5}",
                                        "{\"a\":null,\"b\":7,\"n\":6}",
                                        "{\"a\":true,\"n\":7}",
                                        "{\"a\":\"x\",\"b\":\"y\",\"n\":8}"};
    for (size_t i = 0; i < sizeof saved / sizeof *saved; i++)
        qt_insert(txn, "orders", 0, saved[i]);
}

START_TEST(equal_values_are_one_group_in_value_order)
{
    shop it = start(_i);
    fill(it.txn);
    for (int reads = 0; reads < 2; reads++) {
        ck_assert_str_eq(groups_of(it.txn, "a", NULL, NULL), "null:2 true:1 30.0000:2 'x':3");
        ck_assert_str_eq(groups_of(it.txn, "-a", NULL, NULL), "'x':3 30.0000:2 true:1 null:2");
        ck_assert_str_eq(groups_of(it.txn, "a, b", NULL, NULL),
                         "null,7:2 true,null:1 30.0000,2:1 30,5:1 'x',1:2 'x','y':1");
        ck_assert_str_eq(groups_of(it.txn, "-a,b", NULL, NULL),
                         "'x',1:2 'x','y':1 30.0000,2:1 30,5:1 true,null:1 null,7:2");
        ck_assert_str_eq(groups_of(it.txn, "a", "b", NULL),
                         "null:2 14 7 7 7.00000; true:1 0 null null null; 30.0000:2 7 2 5 3.50000; "
                         "'x':3 2.00000 1 1 1.00000;");
        ck_assert_str_eq(groups_of(it.txn, "a", "_id", &(kx_query){.where = KX_WHERE({"b", KX_GT, kx_int(1)})}),
                         "null:2 11 5 6 5.50000; 30.0000:2 6 2 4 3.00000;");
        ck_assert_str_eq(groups_of(it.txn, "b", NULL, &(kx_query){.filter = "a == 'x'"}), "1:2 'y':1");
        ck_assert_str_eq(groups_of(it.txn, "a", NULL, &(kx_query){.filter = "a == 'x'"}), "'x':3");
        ck_assert_str_eq(groups_of(it.txn, "a", NULL, &(kx_query){.filter = "a == 'z'"}), "");
        kx_filter *filter;
        qt_ok(kx_filter_compile("not (b <= 1) and (n < 3 or n >= 5)", &filter));
        ck_assert_str_eq(groups_of(it.txn, "a", NULL, &(kx_query){.prepared = filter}),
                         "null:2 true:1 30.0000:1 'x':1");
        kx_filter_free(filter);
        ck_assert_str_eq(groups_of(it.txn, "a", NULL, &(kx_query){.order_by = "-n", .limit = 3}),
                         "null:1 true:1 'x':1");
        ck_assert_str_eq(groups_of(it.txn, "a", NULL, &(kx_query){.order_by = "n", .offset = 6}), "true:1 'x':1");
        ck_assert_str_eq(groups_of(it.txn, "_id", NULL, &(kx_query){.filter = "_id <= 2"}), "1:1 2:1");
        ck_assert_str_eq(groups_of(it.txn, "a,-_id", NULL, &(kx_query){.filter = "n <= 3"}),
                         "30.0000,2:1 'x',3:1 'x',1:1");
        if (reads == 0)
            read_on(&it);
    }
    end(&it);
}
END_TEST

START_TEST(distinct_values_come_once_with_their_counts)
{
    shop it = start(_i);
    kx_groups *groups;
    kx_group_row row;
    const char *text = "";
    fill(it.txn);
    qt_ok(kx_distinct(it.txn, "orders", "b", NULL, &groups));
    while (kx_groups_next(groups, &row) == KX_OK) {
        ck_assert_uint_eq(row.value_count, 1);
        ck_assert_int_eq(row.sum.type, KX_TYPE_NULL);
        text = kxt_print("%s %s:%" PRIu64, text, show(row.values), row.count);
    }
    qt_ok(kx_groups_close(groups));
    ck_assert_str_eq(text, " null:1 1:2 2:1 5:1 7:2 'y':1");
    end(&it);
}
END_TEST

START_TEST(an_empty_collection_has_no_groups)
{
    shop it = start(_i);
    ck_assert_str_eq(groups_of(it.txn, "a", NULL, NULL), "");
    ck_assert_str_eq(groups_of(it.txn, "a,b", "n", NULL), "");
    read_on(&it);
    ck_assert_str_eq(groups_of(it.txn, "a", NULL, NULL), "");
    ck_assert_str_eq(groups_of(it.txn, "a,b", "n", NULL), "");
    end(&it);
}
END_TEST

START_TEST(wrong_calls_are_refused)
{
    shop it = start(0);
    kx_groups *groups;
    kx_group_row row;
    ck_assert_int_eq(kx_group(NULL, "orders", "a", NULL, NULL, &groups), KX_INVALID);
    ck_assert_int_eq(kx_group(it.txn, NULL, "a", NULL, NULL, &groups), KX_INVALID);
    ck_assert_int_eq(kx_group(it.txn, "orders", NULL, NULL, NULL, &groups), KX_INVALID);
    ck_assert_int_eq(kx_group(it.txn, "orders", "a", NULL, NULL, NULL), KX_INVALID);
    ck_assert_int_eq(kx_distinct(it.txn, "orders", NULL, NULL, &groups), KX_INVALID);
    ck_assert_int_eq(kx_distinct(it.txn, "orders", "a,b", NULL, &groups), KX_INVALID);
    ck_assert_str_eq(kx_errmsg(), "'a,b' is 2 paths; one is asked for");
    ck_assert_int_eq(kx_groups_next(NULL, &row), KX_INVALID);
    qt_ok(kx_groups_close(NULL));
    ck_assert_str_eq(
        groups_of(it.txn, "tags[]", NULL, NULL),
        kxt_print("%d: group by 'tags[]': a path with [] is many values, which have no order", KX_INVALID));
    ck_assert_str_eq(groups_of(it.txn, "a,,b", NULL, NULL),
                     kxt_print("%d: group by 'a,,b': path '', column 1: a name is missing", KX_INVALID));
    ck_assert_int_eq(kx_group(it.txn, "orders", "a", "b..c", NULL, &groups), KX_INVALID);
    ck_assert_int_eq(kx_group(it.txn, "orders", "a", NULL, &(kx_query){.filter = "a =="}, &groups), KX_INVALID);
    ck_assert_int_eq(kx_group(it.txn, "nothing", "a", NULL, NULL, &groups), KX_INVALID);
    qt_ok(kx_group(it.txn, "orders", "a", NULL, NULL, &groups));
    ck_assert_int_eq(kx_groups_next(groups, NULL), KX_INVALID);
    end(&it);
}
END_TEST

/* ---- what is read ------------------------------------------------------------------------------------ */

static const kx_model *const read_models[] = {
    &(kx_model){.name = "orders",
                .indexes = INDEXES({.paths = "status"}, {.paths = "year,-amount"}, {.paths = "user,place,-n"},
                                   {.paths = "code", .unique = true})},
    NULL};

static shop start_read(unsigned count)
{
    static const char *const status[] = {"new", "paid", "shipped", "done"};
    kx_db *db = qt_open(read_models);
    kx_txn *txn = qt_begin(db, KX_WRITE);
    for (unsigned i = 0; i < count; i++)
        qt_insert(txn, "orders", 0,
                  kxt_print("{\"status\":\"%s\",\"year\":%u,\"amount\":%u,\"user\":\"u%u\",\"place\":\"p%u\",\"n\":%u,"
                            "\"code\":\"c%05u\"}",
                            status[i % 4], 2000 + i % 5, i, i % 10, i % 3, i, i));
    qt_ok(kx_txn_commit(txn));
    return (shop){db, qt_begin(db, KX_READ)};
}

static kx_stats cost_of(kx_txn *txn, const char *by, const char *of, const kx_query *query)
{
    kx_stats before = qt_stats(txn);
    groups_of(txn, by, of, query);
    kx_stats after = qt_stats(txn);
    return (kx_stats){.rows = after.rows - before.rows,
                      .entries = after.entries - before.entries,
                      .descents = after.descents - before.descents};
}

START_TEST(groups_without_conditions_are_read_from_keys)
{
    enum { COUNT = 3000 };
    shop it = start_read(COUNT);
    kx_stats cost = cost_of(it.txn, "status", NULL, NULL);
    ck_assert_uint_eq(cost.rows, 0);
    ck_assert_uint_le(cost.entries, 10);
    cost = cost_of(it.txn, "-status", NULL, NULL);
    ck_assert_uint_eq(cost.rows, 0);
    cost = cost_of(it.txn, "year", NULL, NULL);
    ck_assert_uint_eq(cost.rows, 5);
    cost = cost_of(it.txn, "user,place", NULL, NULL);
    ck_assert_uint_eq(cost.rows, 0);
    cost = cost_of(it.txn, "user", NULL, NULL);
    ck_assert_uint_eq(cost.rows, 0);
    cost = cost_of(it.txn, "code", NULL, NULL);
    ck_assert_uint_eq(cost.rows, 0);
    ck_assert_uint_le(cost.descents, 3);
    ck_assert_str_eq(groups_of(it.txn, "year", NULL, NULL), "2000:600 2001:600 2002:600 2003:600 2004:600");
    end(&it);
}
END_TEST

START_TEST(totals_and_conditions_read_each_document_once)
{
    enum { COUNT = 600 };
    shop it = start_read(COUNT);
    ck_assert_uint_eq(cost_of(it.txn, "year", "amount", NULL).rows, COUNT);
    ck_assert_uint_eq(cost_of(it.txn, "amount", "year", NULL).rows, COUNT);
    const kx_query query = {.where = KX_WHERE({"user", KX_EQ, kx_text("u3")})};
    ck_assert_uint_eq(cost_of(it.txn, "place", "amount", &query).rows, COUNT / 10);
    ck_assert_uint_eq(cost_of(it.txn, "year", "amount", &query).rows, COUNT / 10);
    end(&it);
}
END_TEST

/* ---- shortened keys ------------------------------------------------------------------------------------ */

static const char *long_text(unsigned size, char last)
{
    char *text = kxt_print("%0*d", (int)size, 0);
    text[size - 1] = last;
    return text;
}

START_TEST(texts_beyond_what_a_key_holds_are_told_apart)
{
    shop it = start(_i);
    static const unsigned sizes[] = {3, 470, 480, 490, 495, 500, 505, 520, 900};
    const char *before = "", *behind = "";
    unsigned n = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (char last = '1'; last <= '3'; last++) {
            for (int copy = 0; copy < 2; copy++)
                qt_insert(it.txn, "orders", 0,
                          kxt_print("{\"a\":\"%s\",\"b\":%u,\"n\":%u}", long_text(sizes[i], last), n % 2, n + 1)),
                    n++;
        }
    }
    qt_insert(it.txn, "orders", 0, "{\"a\":\"z\",\"n\":1000}");
    qt_insert(it.txn, "orders", 0, "{\"a\":5,\"n\":1001}");
    for (int reads = 0; reads < 2; reads++) {
        const char *seen = groups_of(it.txn, "a", NULL, NULL);
        shop other = start(0);
        for (unsigned i = 0; i < n; i++)
            qt_insert(other.txn, "orders", 0,
                      kxt_print("{\"a\":\"%s\"}", long_text(sizes[i / 6], (char)('1' + i / 2 % 3))));
        qt_insert(other.txn, "orders", 0, "{\"a\":\"z\"}");
        qt_insert(other.txn, "orders", 0, "{\"a\":5}");
        before = groups_of(other.txn, "a", NULL, NULL);
        behind = groups_of(other.txn, "-a", NULL, NULL);
        end(&other);
        ck_assert_str_eq(seen, before);
        ck_assert_str_eq(groups_of(it.txn, "-a", NULL, NULL), behind);
        if (reads == 0)
            read_on(&it);
    }
    end(&it);
}
END_TEST

/* ---- an oracle -------------------------------------------------------------------------------------------- */

static const char *const samples[] = {"null",
                                      "1",
                                      "1.0",
                                      "2",
                                      "-3",
                                      "2.5",
                                      "\"\"", "\"A\"",
                                      "\"a\"",
                                      "\"b\"",
                                      "\"a\\u0000b\"",
                                      "true",
                                      "false",
                                      "[1]",
                                      "[1.0]",
                                      "{\"x\":1}",
                                      "9007199254740993",
                                      "9007199254740992.0",
                                      "{\"$date\":\"2026-01-01T00:00:00Z\"}",
                                      "{\"$binary\":{\"base64\":\"AAE=\",\"subType\":\"00\"}}"};
enum { SAMPLES = sizeof samples / sizeof *samples };

typedef struct expected {
    kx_value values[PARTS];
    uint64_t count;
    int64_t sum;
} expected;

typedef struct table {
    expected groups[4096];
    size_t count, parts;
    bool turned[PARTS];
} table;

static int compare(const table *oracle, const kx_value *left, const kx_value *right)
{
    int order = 0;
    for (size_t i = 0; i < oracle->parts && order == 0; i++) {
        order = kx_key__compare(&left[i], &right[i]);
        order = oracle->turned[i] ? -order : order;
    }
    return order;
}

/* By insertion, each document in turn. */
static void note(table *oracle, const kx_value *values, int64_t number)
{
    size_t at = 0;
    while (at < oracle->count && compare(oracle, oracle->groups[at].values, values) < 0)
        at++;
    if (at == oracle->count || compare(oracle, oracle->groups[at].values, values) != 0) {
        memmove(&oracle->groups[at + 1], &oracle->groups[at], (oracle->count - at) * sizeof *oracle->groups);
        oracle->groups[at] = (expected){0};
        memcpy(oracle->groups[at].values, values, oracle->parts * sizeof *values);
        oracle->count++;
    }
    oracle->groups[at].count++;
    oracle->groups[at].sum += number;
}

static void check_groups(kx_txn *txn, const table *oracle, const char *by, const char *of, const kx_query *query)
{
    kx_groups *groups;
    kx_group_row row;
    qt_ok(kx_group(txn, "orders", by, of, query, &groups));
    for (size_t i = 0; i < oracle->count; i++) {
        qt_ok(kx_groups_next(groups, &row));
        ck_assert_uint_eq(row.value_count, oracle->parts);
        ck_assert_msg(compare(oracle, row.values, oracle->groups[i].values) == 0, "%s: %s", by, show(row.values));
        for (size_t part = 0; part < oracle->parts; part++)
            ck_assert_int_eq(row.values[part].type, oracle->groups[i].values[part].type);
        ck_assert_uint_eq(row.count, oracle->groups[i].count);
        if (of != NULL)
            ck_assert_int_eq(row.sum.integer, oracle->groups[i].sum);
    }
    ck_assert_int_eq(kx_groups_next(groups, &row), KX_NOTFOUND);
    qt_ok(kx_groups_close(groups));
}

static void check_all(kx_txn *txn, const char *by, bool filtered)
{
    static table told;
    kx_doc **docs;
    size_t count;
    const kx_query query = {.where = filtered ? KX_WHERE({"n", KX_GT, kx_int(30)}) : NULL};
    memset(&told, 0, sizeof told);
    told.turned[0] = by[0] == '-';
    told.parts = strchr(by, ',') != NULL ? 2 : 1;
    told.turned[1] = told.parts == 2 && strchr(by, ',')[1] == '-';
    qt_ok(kx_all(txn, "orders", &query, &docs, &count));
    for (size_t i = 0; i < count; i++) {
        kx_value values[PARTS] = {{0}};
        int64_t number;
        if (kx_doc_get(docs[i], "a", &values[0]) != KX_OK)
            values[0] = kx_null();
        if (kx_doc_get(docs[i], "b", &values[1]) != KX_OK)
            values[1] = kx_null();
        qt_ok(kx_doc_get_int(docs[i], "n", &number));
        note(&told, values, number);
    }
    check_groups(txn, &told, by, NULL, &query);
    check_groups(txn, &told, by, "n", &query);
}

START_TEST(random_documents_are_grouped_as_an_oracle_does)
{
    static const char *const bys[] = {"a", "-a", "a,b", "-a,-b", "a,-b"};
    uint64_t seed = kxt_seed();
    for (uint64_t trial = 0; trial < kxt_scaled(6); trial++) {
        shop it = start(_i);
        for (int i = 1; i <= 150; i++) {
            const char *b = samples[kxt_random_below(&seed, 4 + trial * 3 % SAMPLES)];
            const char *fields = kxt_print("\"b\":%s,\"n\":%d", b, i);
            if (kxt_random_below(&seed, 8) > 0)
                fields = kxt_print("\"a\":%s,%s", samples[kxt_random_below(&seed, SAMPLES)], fields);
            qt_insert(it.txn, "orders", 0, kxt_print("{%s}", fields));
        }
        for (int reads = 0; reads < 2; reads++) {
            kx_query__group_budget(reads == 1 && trial % 2 == 0 ? 1500 : 0);
            for (size_t i = 0; i < sizeof bys / sizeof *bys; i++) {
                check_all(it.txn, bys[i], false);
                check_all(it.txn, bys[i], true);
            }
            if (reads == 0)
                read_on(&it);
        }
        kx_query__group_budget(0);
        end(&it);
    }
}
END_TEST

/* What the table does not hold is sorted, whatever way it is chosen by. */
START_TEST(little_memory_takes_a_sort_and_gives_the_same)
{
    shop it = start(0);
    for (int i = 1; i <= 2000; i++)
        qt_insert(it.txn, "orders", 0, kxt_print("{\"a\":%d,\"b\":%d}", i * 7 % 500, i));
    read_on(&it);
    const char *all = groups_of(it.txn, "a", "b", NULL);
    uint64_t before = qt_stats(it.txn).rows;
    kx_query__group_budget(30000);
    ck_assert_str_eq(groups_of(it.txn, "a", "b", NULL), all);
    uint64_t rows = qt_stats(it.txn).rows - before;
    ck_assert(rows > 2 * 2000 && rows <= 3 * 2000);
    kx_query__group_budget(1);
    ck_assert_str_eq(groups_of(it.txn, "a", "b", &(kx_query){.filter = "a < 20"}),
                     kxt_print("%.*s", (int)(strstr(all, " 20:4") - all), all));
    kx_query__group_budget(0);
    end(&it);
}
END_TEST

/* A query with an order of its own cannot be sorted otherwise: pass after pass, each group whole. */
START_TEST(little_memory_takes_more_passes_and_gives_the_same)
{
    shop it = start(_i);
    for (int i = 1; i <= 2000; i++)
        qt_insert(it.txn, "orders", 0, kxt_print("{\"a\":%d,\"b\":%d,\"n\":%d}", i * 7 % 500, i, i));
    read_on(&it);
    const kx_query query = {.order_by = "-b", .limit = 1500};
    const char *all = groups_of(it.txn, "a", "b", &query);
    uint64_t before = qt_stats(it.txn).rows;
    kx_query__group_budget(30000);
    ck_assert_str_eq(groups_of(it.txn, "a", "b", &query), all);
    ck_assert_uint_gt(qt_stats(it.txn).rows - before, 4 * 1500);
    kx_query__group_budget(0);
    end(&it);
}
END_TEST

/* ---- writes on the way, life ------------------------------------------------------------------------------------ */

START_TEST(writing_on_the_way_changes_no_group)
{
    shop it = start(_i);
    kx_groups *groups;
    kx_group_row row;
    fill(it.txn);
    qt_ok(kx_group(it.txn, "orders", "a", "b", NULL, &groups));
    qt_ok(kx_groups_next(groups, &row));
    for (uint64_t id = 1; id <= 8; id++)
        qt_ok(kx_remove(it.txn, "orders", id));
    ck_assert_str_eq(show(row.values), "null");
    qt_ok(kx_groups_next(groups, &row));
    qt_insert(it.txn, "orders", 0, "{\"a\":\"x\",\"b\":1,\"n\":100}");
    qt_ok(kx_groups_next(groups, &row));
    qt_ok(kx_groups_next(groups, &row));
    ck_assert_str_eq(kxt_print("%s:%d", show(row.values), (int)row.count), "'x':3");
    ck_assert_int_eq(kx_groups_next(groups, &row), KX_NOTFOUND);
    end(&it);
}
END_TEST

START_TEST(the_end_of_a_transaction_closes_its_groups)
{
    shop it = start(_i);
    kx_groups *groups;
    kx_group_row row;
    kx_txn *child;
    fill(it.txn);
    qt_ok(kx_txn_child(it.txn, &child));
    qt_ok(kx_group(child, "orders", "a", NULL, NULL, &groups));
    qt_ok(kx_groups_next(groups, &row));
    kx_txn_abort(child);
    read_on(&it);
    qt_ok(kx_group(it.txn, "orders", "a", "b", NULL, &groups));
    qt_ok(kx_group(it.txn, "orders", "a", NULL, NULL, &groups));
    qt_ok(kx_groups_next(groups, &row));
    end(&it);
}
END_TEST

START_TEST(no_memory_at_any_place_leaves_groups_that_close)
{
    shop it = start(_i);
    fill(it.txn);
    read_on(&it);
    int rc = KX_NOMEM;
    for (int64_t n = 0; rc == KX_NOMEM; n++) {
        kx_groups *groups;
        kx_group_row row;
        kx_base__fail_alloc_after(n);
        rc = kx_group(it.txn, "orders", "a,b", _i % 2 == 0 ? NULL : "n",
                      &(kx_query){.filter = n % 2 == 0 ? NULL : "n > 0"}, &groups);
        while (rc == KX_OK)
            rc = kx_groups_next(groups, &row);
        kx_base__fail_alloc_after(-1);
        ck_assert_msg(rc == KX_NOMEM || rc == KX_NOTFOUND, "%d %s", rc, kx_errmsg());
        kx_groups_close(groups);
    }
    end(&it);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("groups");
    TCase *c = tcase_create("groups");
    tcase_add_loop_test(c, equal_values_are_one_group_in_value_order, 0, VARIANTS);
    tcase_add_loop_test(c, distinct_values_come_once_with_their_counts, 0, VARIANTS);
    tcase_add_loop_test(c, an_empty_collection_has_no_groups, 0, VARIANTS);
    tcase_add_test(c, wrong_calls_are_refused);
    tcase_add_test(c, groups_without_conditions_are_read_from_keys);
    tcase_add_test(c, totals_and_conditions_read_each_document_once);
    tcase_add_loop_test(c, texts_beyond_what_a_key_holds_are_told_apart, 0, VARIANTS);
    tcase_add_loop_test(c, random_documents_are_grouped_as_an_oracle_does, 0, VARIANTS);
    tcase_add_test(c, little_memory_takes_a_sort_and_gives_the_same);
    tcase_add_loop_test(c, little_memory_takes_more_passes_and_gives_the_same, 0, VARIANTS);
    tcase_add_loop_test(c, writing_on_the_way_changes_no_group, 0, VARIANTS);
    tcase_add_loop_test(c, the_end_of_a_transaction_closes_its_groups, 0, VARIANTS);
    tcase_add_loop_test(c, no_memory_at_any_place_leaves_groups_that_close, 0, VARIANTS);
    suite_add_tcase(suite, c);
    return suite;
}

int main(void)
{
    return kxt_run(suite());
}
