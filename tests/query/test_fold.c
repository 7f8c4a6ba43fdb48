/* test_fold.c -- sum, min, max, avg of a collection: exact integers, compensated reals, what is passed over, what
   is read. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "query/query_test.h"

#include "base/base.h"

typedef int fold_call(kx_txn *, const char *, const char *, const kx_query *, kx_value *);

static const kx_model *const plain[] = {&(kx_model){.name = "orders"}, NULL};
static const kx_model *const indexed[] = {
    &(kx_model){.name = "orders",
                .indexes =
                    (const kx_index[]){{.paths = "amount"}, {.paths = "user_id,-amount"}, {.paths = "a.b"}, {0}}},
    NULL};

typedef struct shop {
    kx_db *db;
    kx_txn *txn;
} shop;

static shop start(const kx_model *const *models)
{
    kx_db *db = qt_open(models);
    return (shop){db, qt_begin(db, KX_WRITE)};
}

static void end(const shop *it)
{
    kx_txn_abort(it->txn);
    qt_ok(kx_close(it->db));
}

/* "int 5", "uint 18446744073709551615", "real 0.5", "null". */
static const char *show(const kx_value *value)
{
    ck_assert_ptr_null(value->data);
    switch (value->type) {
    case KX_TYPE_INT: return kxt_print("int %" PRId64, value->integer);
    case KX_TYPE_UINT: return kxt_print("uint %" PRIu64, (uint64_t)value->integer);
    case KX_TYPE_REAL: return kxt_print("real %.17g", value->real);
    case KX_TYPE_NULL: return "null";
    default: return kxt_print("type %d", (int)value->type);
    }
}

static const char *of(fold_call *call, kx_txn *txn, const char *path, const kx_query *query)
{
    kx_value result = kx_text("nothing");
    int rc = call(txn, "orders", path, query, &result);
    if (rc == KX_OK)
        return show(&result);
    ck_assert_int_eq(result.type, KX_TYPE_NULL);
    return kxt_print("%d: %s", rc, kx_errmsg());
}

/* The sum of amounts, given as JSON, in that order. */
static const char *sum_of(const char *const *amounts)
{
    shop it = start(plain);
    for (; *amounts != NULL; amounts++)
        qt_insert(it.txn, "orders", 0, kxt_print("{\"amount\":%s}", *amounts));
    const char *sum = of(kx_sum, it.txn, "amount", NULL);
    end(&it);
    return sum;
}

#define SUM(...) sum_of((const char *const[]){__VA_ARGS__, NULL})

/* ---- sums --------------------------------------------------------------------------------------- */

START_TEST(integers_add_up_exactly_and_turn_real_beyond_64_bits)
{
    ck_assert_str_eq(SUM("1", "2", "-7"), "int -4");
    ck_assert_str_eq(SUM("9223372036854775807"), "int 9223372036854775807");
    ck_assert_str_eq(SUM("9223372036854775807", "1"), "uint 9223372036854775808");
    ck_assert_str_eq(SUM("9223372036854775807", "9223372036854775807", "1"), "uint 18446744073709551615");
    ck_assert_str_eq(SUM("9223372036854775807", "9223372036854775807", "2"), "real 1.8446744073709552e+19");
    ck_assert_str_eq(SUM("{\"$numberUnsigned\":\"18446744073709551615\"}", "-9223372036854775808"),
                     "int 9223372036854775807");
    ck_assert_str_eq(SUM("-9223372036854775808", "-1"), "real -9.2233720368547758e+18");
    ck_assert_str_eq(SUM("-9223372036854775808", "-9223372036854775808", "9223372036854775807", "9223372036854775807"),
                     "int -2");
}
END_TEST

START_TEST(reals_lose_nothing_to_larger_ones_that_cancel)
{
    ck_assert_str_eq(SUM("1.0", "1e100", "1.0", "-1e100"), "real 2");
    ck_assert_str_eq(SUM("0.1", "0.1", "0.1", "0.1", "0.1", "0.1", "0.1", "0.1", "0.1", "0.1"), "real 1");
    ck_assert_str_eq(SUM("9007199254740993", "0.5", "-9007199254740992"), "real 1.5");
    ck_assert_str_eq(SUM("1e308", "1e308"), "real inf");
    ck_assert_str_eq(SUM("{\"$numberDouble\":\"-Infinity\"}", "1.5", "2"), "real -inf");
    ck_assert_str_eq(SUM("2", "0.0"), "real 2");
}
END_TEST

START_TEST(what_is_no_number_is_passed_over)
{
    shop it = start(_i == 0 ? plain : indexed);
    static const char *const others[] = {"null",
                                         "\"7\"",
                                         "true",
                                         "[5]",
                                         "{\"x\":5}",
                                         "{\"$numberDouble\":\"NaN\"}",
                                         "{\"$date\":\"2026-01-01T00:00:00Z\"}"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        qt_insert(it.txn, "orders", 0, kxt_print("{\"amount\":%s}", others[i]));
    qt_insert(it.txn, "orders", 0, "{}");
    ck_assert_str_eq(of(kx_sum, it.txn, "amount", NULL), "int 0");
    ck_assert_str_eq(of(kx_min, it.txn, "amount", NULL), "null");
    ck_assert_str_eq(of(kx_max, it.txn, "amount", NULL), "null");
    ck_assert_str_eq(of(kx_avg, it.txn, "amount", NULL), "null");
    qt_insert(it.txn, "orders", 0, "{\"amount\":4}");
    qt_insert(it.txn, "orders", 0, "{\"amount\":7}");
    ck_assert_str_eq(of(kx_sum, it.txn, "amount", NULL), "int 11");
    ck_assert_str_eq(of(kx_min, it.txn, "amount", NULL), "int 4");
    ck_assert_str_eq(of(kx_max, it.txn, "amount", NULL), "int 7");
    ck_assert_str_eq(of(kx_avg, it.txn, "amount", NULL), "real 5.5");
    end(&it);
}
END_TEST

/* ---- ends ------------------------------------------------------------------------------------------ */

START_TEST(ends_are_those_of_the_number_line_and_of_equals_the_first)
{
    shop it = start(_i == 0 ? plain : indexed);
    qt_insert(it.txn, "orders", 0, "{\"amount\":1.0}");
    qt_insert(it.txn, "orders", 0, "{\"amount\":1}");
    qt_insert(it.txn, "orders", 0, "{\"amount\":9007199254740992.0}");
    qt_insert(it.txn, "orders", 0, "{\"amount\":9007199254740993}");
    ck_assert_str_eq(of(kx_min, it.txn, "amount", NULL), "real 1");
    ck_assert_str_eq(of(kx_max, it.txn, "amount", NULL), "int 9007199254740993");
    qt_insert(it.txn, "orders", 0, "{\"amount\":9223372036854775807}");
    qt_insert(it.txn, "orders", 0, "{\"amount\":{\"$numberUnsigned\":\"9223372036854775808\"}}");
    qt_insert(it.txn, "orders", 0, "{\"amount\":9223372036854775808.0}");
    ck_assert_str_eq(of(kx_max, it.txn, "amount", NULL), "uint 9223372036854775808");
    qt_insert(it.txn, "orders", 0, "{\"amount\":{\"$numberDouble\":\"-Infinity\"}}");
    qt_insert(it.txn, "orders", 0, "{\"amount\":{\"$numberDouble\":\"Infinity\"}}");
    ck_assert_str_eq(of(kx_min, it.txn, "amount", NULL), "real -inf");
    ck_assert_str_eq(of(kx_max, it.txn, "amount", NULL), "real inf");
    end(&it);
}
END_TEST

START_TEST(an_index_gives_an_end_for_one_document)
{
    shop it = start(indexed);
    for (int i = 1; i <= 500; i++)
        qt_insert(it.txn, "orders", 0,
                  kxt_print("{\"user_id\":%d,\"amount\":%d,\"a\":{\"b\":%d}}", i % 5, i, 1000 - i));
    qt_insert(it.txn, "orders", 0, "{\"user_id\":3,\"amount\":\"zz\"}");
    qt_insert(it.txn, "orders", 0, "{\"user_id\":3,\"amount\":{\"$numberDouble\":\"NaN\"}}");
    const kx_query third = {.where = KX_WHERE({"user_id", KX_EQ, kx_int(3)})};
    uint64_t before = qt_stats(it.txn).rows;
    ck_assert_str_eq(of(kx_min, it.txn, "amount", NULL), "int 1");
    ck_assert_str_eq(of(kx_max, it.txn, "amount", NULL), "int 500");
    ck_assert_str_eq(of(kx_min, it.txn, "a.b", NULL), "int 500");
    ck_assert_str_eq(of(kx_min, it.txn, "amount", &third), "int 3");
    ck_assert_str_eq(of(kx_max, it.txn, "amount", &third), "int 498");
    ck_assert_uint_eq(qt_stats(it.txn).rows - before, 5);
    ck_assert_str_eq(of(kx_max, it.txn, "_id", NULL), "int 502");
    ck_assert_str_eq(of(kx_min, it.txn, "_id", NULL), "int 1");
    ck_assert_uint_le(qt_stats(it.txn).rows - before, 7);
    end(&it);
}
END_TEST

/* ---- queries, paths -------------------------------------------------------------------------------------- */

START_TEST(every_member_of_a_query_applies)
{
    shop it = start(_i == 0 ? plain : indexed);
    for (int i = 1; i <= 10; i++)
        qt_insert(it.txn, "orders", 0, kxt_print("{\"user_id\":%d,\"amount\":%d}", i % 2, i));
    ck_assert_str_eq(of(kx_sum, it.txn, "amount", &(kx_query){.where = KX_WHERE({"amount", KX_GT, kx_int(7)})}),
                     "int 27");
    ck_assert_str_eq(of(kx_sum, it.txn, "amount", &(kx_query){.filter = "user_id == ?", .args = KX_ARGS(kx_int(1))}),
                     "int 25");
    ck_assert_str_eq(of(kx_sum, it.txn, "amount", &(kx_query){.order_by = "-amount", .limit = 2}), "int 19");
    ck_assert_str_eq(of(kx_sum, it.txn, "amount", &(kx_query){.order_by = "-amount", .limit = 2, .offset = 1}),
                     "int 17");
    ck_assert_str_eq(of(kx_min, it.txn, "amount", &(kx_query){.order_by = "-amount", .limit = 3}), "int 8");
    ck_assert_str_eq(of(kx_max, it.txn, "amount", &(kx_query){.offset = 4, .order_by = "-amount"}), "int 6");
    ck_assert_str_eq(of(kx_avg, it.txn, "amount", &(kx_query){.where = KX_WHERE({"amount", KX_GT, kx_int(70)})}),
                     "null");
    end(&it);
}
END_TEST

/* What stands behind the third greatest: 7 down to 1. */
START_TEST(a_page_behind_a_token_is_added_up)
{
    shop it = start(_i == 0 ? plain : indexed);
    kx_query query = {.order_by = "-amount", .limit = 3};
    kx_cursor *cursor;
    kx_doc *doc;
    const char *token = NULL;
    for (int i = 1; i <= 10; i++)
        qt_insert(it.txn, "orders", 0, kxt_print("{\"amount\":%d}", i));
    qt_ok(kx_find(it.txn, "orders", &query, &cursor));
    for (int i = 0; i < 3; i++)
        qt_ok(kx_cursor_next(cursor, &doc));
    qt_ok(kx_cursor_token(cursor, &token));
    query.after = kxt_print("%s", token);
    qt_ok(kx_cursor_close(cursor));
    ck_assert_str_eq(of(kx_sum, it.txn, "amount", &query), "int 18");
    ck_assert_str_eq(of(kx_max, it.txn, "amount", &query), "int 7");
    query.limit = 0;
    ck_assert_str_eq(of(kx_sum, it.txn, "amount", &query), "int 28");
    ck_assert_str_eq(of(kx_max, it.txn, "amount", &query), "int 7");
    kx_groups *groups;
    kx_group_row row;
    qt_ok(kx_distinct(it.txn, "orders", "amount", &query, &groups));
    for (int i = 1; i <= 7; i++) {
        qt_ok(kx_groups_next(groups, &row));
        ck_assert_int_eq(row.values[0].integer, i);
    }
    ck_assert_int_eq(kx_groups_next(groups, &row), KX_NOTFOUND);
    end(&it);
}
END_TEST

START_TEST(a_path_may_lead_into_maps_and_over_arrays)
{
    shop it = start(indexed);
    qt_insert(it.txn, "orders", 0,
              "{\"a\":{\"b\":2},\"items\":[{\"price\":1},{\"price\":2.5},{},{\"price\":null}],\"n\":[1,2]}");
    qt_insert(it.txn, "orders", 0, "{\"a\":{\"b\":3},\"items\":[],\"n\":[[7]]}");
    qt_insert(it.txn, "orders", 0, "{\"a\":5,\"items\":\"none\",\"n\":3}");
    ck_assert_str_eq(of(kx_sum, it.txn, "a.b", NULL), "int 5");
    ck_assert_str_eq(of(kx_sum, it.txn, "items[].price", NULL), "real 3.5");
    ck_assert_str_eq(of(kx_max, it.txn, "items[].price", NULL), "real 2.5");
    ck_assert_str_eq(of(kx_sum, it.txn, "n[]", NULL), "int 3");
    ck_assert_str_eq(of(kx_sum, it.txn, "n[0]", NULL), "int 1");
    ck_assert_str_eq(of(kx_sum, it.txn, "n", NULL), "int 3");
    ck_assert_str_eq(of(kx_sum, it.txn, "_id", NULL), "int 6");
    end(&it);
}
END_TEST

START_TEST(odd_names_are_names_and_no_orders)
{
    shop it = start(plain);
    qt_insert(it.txn, "orders", 0, "{\"-x\":4,\"a,b\":5,\" c\":6}");
    qt_insert(it.txn, "orders", 0, "{\"-x\":1,\"a,b\":2,\" c\":3,\"x\":100}");
    ck_assert_str_eq(of(kx_min, it.txn, "-x", NULL), "int 1");
    ck_assert_str_eq(of(kx_max, it.txn, "a,b", NULL), "int 5");
    ck_assert_str_eq(of(kx_min, it.txn, " c", NULL), "int 3");
    end(&it);
}
END_TEST

START_TEST(wrong_calls_are_refused)
{
    shop it = start(plain);
    kx_value result;
    fold_call *const calls[] = {kx_sum, kx_min, kx_max, kx_avg};
    for (size_t i = 0; i < 4; i++) {
        ck_assert_int_eq(calls[i](NULL, "orders", "amount", NULL, &result), KX_INVALID);
        ck_assert_int_eq(calls[i](it.txn, NULL, "amount", NULL, &result), KX_INVALID);
        ck_assert_int_eq(calls[i](it.txn, "orders", NULL, NULL, &result), KX_INVALID);
        ck_assert_int_eq(calls[i](it.txn, "orders", "amount", NULL, NULL), KX_INVALID);
        ck_assert_int_eq(calls[i](it.txn, "nothing", "amount", NULL, &result), KX_INVALID);
        ck_assert_int_eq(result.type, KX_TYPE_NULL);
        ck_assert_int_eq(calls[i](it.txn, "orders", "a..b", NULL, &result), KX_INVALID);
        ck_assert_int_eq(calls[i](it.txn, "orders", "a", &(kx_query){.filter = "a =="}, &result), KX_INVALID);
        ck_assert_int_eq(calls[i](it.txn, "orders", "_id.x", NULL, &result), KX_INVALID);
    }
    end(&it);
}
END_TEST

/* ---- an oracle --------------------------------------------------------------------------------------------- */

START_TEST(random_numbers_agree_with_plain_arithmetic)
{
    uint64_t seed = kxt_seed();
    for (uint64_t trial = 0; trial < kxt_scaled(30); trial++) {
        shop it = start(trial % 2 == 0 ? plain : indexed);
        int64_t sums[3] = {0}, least[3] = {INT64_MAX, INT64_MAX, INT64_MAX},
                most[3] = {INT64_MIN, INT64_MIN, INT64_MIN};
        unsigned counts[3] = {0};
        for (int i = 0; i < 60; i++) {
            unsigned user = (unsigned)kxt_random_below(&seed, 3);
            int64_t amount = (int64_t)(kxt_random(&seed) >> kxt_random_below(&seed, 40) >> 8) - 1000;
            bool real = kxt_random_below(&seed, 2) == 0 && llabs(amount) < INT64_C(1) << 40;
            qt_insert(it.txn, "orders", 0,
                      kxt_print("{\"user_id\":%u,\"amount\":%" PRId64 "%s}", user, amount, real ? ".0" : ""));
            sums[user] += amount;
            least[user] = amount < least[user] ? amount : least[user];
            most[user] = amount > most[user] ? amount : most[user];
            counts[user]++;
        }
        for (int64_t user = 0; user < 3; user++) {
            const kx_query query = {.where = KX_WHERE({"user_id", KX_EQ, kx_int(user)})};
            kx_value value;
            if (counts[user] == 0)
                continue;
            qt_ok(kx_sum(it.txn, "orders", "amount", &query, &value));
            ck_assert(value.type == KX_TYPE_INT ? value.integer == sums[user] : value.real == (double)sums[user]);
            qt_ok(kx_min(it.txn, "orders", "amount", &query, &value));
            ck_assert(value.type == KX_TYPE_INT ? value.integer == least[user] : value.real == (double)least[user]);
            qt_ok(kx_max(it.txn, "orders", "amount", &query, &value));
            ck_assert(value.type == KX_TYPE_INT ? value.integer == most[user] : value.real == (double)most[user]);
            qt_ok(kx_avg(it.txn, "orders", "amount", &query, &value));
            double exact = (double)((long double)sums[user] / counts[user]);
            ck_assert_msg(fabs(value.real - exact) <= fabs(exact) * 0x1p-51, "%.17g %.17g", value.real, exact);
        }
        end(&it);
    }
}
END_TEST

START_TEST(no_memory_at_any_place_is_an_error_and_no_more)
{
    shop it = start(indexed);
    for (int i = 0; i < 20; i++)
        qt_insert(it.txn, "orders", 0, kxt_print("{\"amount\":%d,\"items\":[{\"price\":%d}]}", i, i));
    static const char *const paths[] = {"amount", "items[].price"};
    int rc = KX_NOMEM;
    for (int64_t n = 0; rc == KX_NOMEM; n++) {
        kx_value result;
        kx_base__fail_alloc_after(n);
        rc = kx_max(it.txn, "orders", paths[_i], &(kx_query){.where = KX_WHERE({"amount", KX_GE, kx_int(0)})}, &result);
        kx_base__fail_alloc_after(-1);
        ck_assert_int_eq(result.type, rc == KX_OK ? KX_TYPE_INT : KX_TYPE_NULL);
    }
    qt_ok(rc);
    end(&it);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("fold");
    TCase *c = tcase_create("fold");
    tcase_add_test(c, integers_add_up_exactly_and_turn_real_beyond_64_bits);
    tcase_add_test(c, reals_lose_nothing_to_larger_ones_that_cancel);
    tcase_add_loop_test(c, what_is_no_number_is_passed_over, 0, 2);
    tcase_add_loop_test(c, ends_are_those_of_the_number_line_and_of_equals_the_first, 0, 2);
    tcase_add_test(c, an_index_gives_an_end_for_one_document);
    tcase_add_loop_test(c, every_member_of_a_query_applies, 0, 2);
    tcase_add_loop_test(c, a_page_behind_a_token_is_added_up, 0, 2);
    tcase_add_test(c, a_path_may_lead_into_maps_and_over_arrays);
    tcase_add_test(c, odd_names_are_names_and_no_orders);
    tcase_add_test(c, wrong_calls_are_refused);
    tcase_add_test(c, random_numbers_agree_with_plain_arithmetic);
    tcase_add_loop_test(c, no_memory_at_any_place_is_an_error_and_no_more, 0, 2);
    suite_add_tcase(suite, c);
    return suite;
}

int main(void)
{
    return kxt_run(suite());
}
