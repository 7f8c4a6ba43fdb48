/* test_bench.c -- the measuring: equal work for all peers, disagreement noticed, fields found by the limit's reader. */
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "lmdb_doc.h"
#include "support.h"

/* ---- two peers that do nothing but answer ------------------------------------------------- */

static uint64_t twist;              /* added by the second peer */
static bool second_fails;
static int open_stores;

static int opened[SET_COUNT];

static int fake_open(const char *path, const bench_data *data, bench_set set, void **store)
{
    FILE *file = fopen(path, "w");

    if (file != NULL)
        fclose(file);
    opened[set]++;
    *store = (void *)(uintptr_t)data;
    open_stores++;
    return file == NULL;
}

static int fake_close(void *store)
{
    (void)store;
    open_stores--;
    return 0;
}

static int fake_load(void *store)
{
    (void)store;
    return 0;
}

static int answer_first(void *store, const bench_work *work, uint64_t *answer)
{
    (void)store;
    for (size_t i = 0; i < work->count; i++)
        *answer = *answer * 31 + (uint64_t)work->keys[i];
    return 0;
}

static int answer_second(void *store, const bench_work *work, uint64_t *answer)
{
    int rc = answer_first(store, work, answer);
    *answer += twist;
    return second_fails ? 1 : rc;
}

/* Writes without a trace: what was written is only seen by the rows that check. */
static int write_nothing(void *store, const bench_work *work, uint64_t *answer)
{
    (void)store;
    (void)work;
    (void)answer;
    return 0;
}

static const bench_peer first = {
    .name = "first", .open = fake_open, .close = fake_close, .load = fake_load,
    .rows = {[ROW_R1] = answer_first, [ROW_R3] = answer_first, [ROW_R5] = answer_first, [ROW_U1] = write_nothing,
             [ROW_D1] = write_nothing, [ROW_M2M] = answer_first}
};
static const bench_peer second = {
    .name = "second", .open = fake_open, .close = fake_close, .load = fake_load,
    .rows = {[ROW_R1] = answer_second, [ROW_R3] = answer_second, [ROW_R5] = answer_first, [ROW_U1] = write_nothing}
};

/* A run of both, the second with `wrong` added to its answers, or failing. */
static int run_rows(const bool rows[ROW_COUNT], uint64_t wrong, bool fails, bench_results *results)
{
    bench_options options = {
        .peers = {&first, &second}, .peer_count = 2, .users = 10, .orders = 100, .runs = 3, .scale = 1, .ops = 200,
        .seed = 7, .folder = kxt_folder(), .quiet = true
    };
    bench_data data;

    memcpy(options.rows, rows, sizeof options.rows);
    memset(opened, 0, sizeof opened);
    twist = wrong;
    second_fails = fails;
    ck_assert_int_eq(bench_data_make(&data, options.users, options.orders, 0, options.seed), 0);
    int rc = bench_run(&options, &data, results);
    bench_data_free(&data);
    ck_assert_int_eq(rmdir(options.folder), 0);      /* nothing was left in it */
    ck_assert_int_eq(open_stores, 0);
    return rc;
}

static int run_both(uint64_t wrong, bool fails, bench_results *results)
{
    const bool rows[ROW_COUNT] = {[ROW_W1] = true, [ROW_R1] = true, [ROW_R2] = true};
    return run_rows(rows, wrong, fails, results);
}

START_TEST(peers_get_the_same_keys_and_agree)
{
    bench_results results = {0};

    ck_assert_int_eq(run_both(0, false, &results), BENCH_DONE);
    ck_assert(results.series[ROW_R1][0].answer == results.series[ROW_R1][1].answer);
    ck_assert_uint_eq(results.series[ROW_R1][0].ops, 200);
    ck_assert_uint_eq(results.series[ROW_R1][0].slice_count, 3 * BENCH_SLICES);
    ck_assert(results.series[ROW_W1][1].done);
    ck_assert(!results.series[ROW_R2][0].done);      /* neither has a function for it */
    bench_results_free(&results);
}
END_TEST

START_TEST(a_different_answer_is_noticed)
{
    bench_results results = {0};

    ck_assert_int_eq(run_both(1, false, &results), BENCH_DIFFERS);
    bench_results_free(&results);
}
END_TEST

START_TEST(a_failing_peer_ends_the_run_and_leaves_nothing)
{
    bench_results results = {0};

    ck_assert_int_eq(run_both(0, true, &results), BENCH_FAILED);
    bench_results_free(&results);
}
END_TEST

START_TEST(a_wrong_write_is_noticed_by_what_is_read_after_it)
{
    const bool rows[ROW_COUNT] = {[ROW_U1] = true};
    bench_results results = {0};

    ck_assert_int_eq(run_rows(rows, 0, false, &results), BENCH_DONE);
    ck_assert(results.series[ROW_U1][1].done && results.series[ROW_U1][1].slice_count == 3);
    bench_results_free(&results);
    ck_assert_int_eq(run_rows(rows, 1, false, &results), BENCH_DIFFERS);
    bench_results_free(&results);
}
END_TEST

/* D1 is checked by R3c, which neither has. */
START_TEST(a_write_that_cannot_be_checked_is_not_done)
{
    const bool rows[ROW_COUNT] = {[ROW_R1] = true, [ROW_D1] = true};
    bench_results results = {0};

    ck_assert_int_eq(run_rows(rows, 0, false, &results), BENCH_DONE);
    ck_assert(results.series[ROW_R1][0].done);
    ck_assert(!results.series[ROW_D1][0].done);
    bench_results_free(&results);
}
END_TEST

START_TEST(only_the_sets_that_rows_need_are_loaded)
{
    const bool graph[ROW_COUNT] = {[ROW_M2M] = true}, shop[ROW_COUNT] = {[ROW_R1] = true};
    bench_results results = {0};

    ck_assert_int_eq(run_rows(graph, 0, false, &results), BENCH_DONE);
    ck_assert_int_eq(opened[SET_SHOP], 0);
    ck_assert_int_eq(opened[SET_GRAPH], 3);          /* the first peer, in each round */
    bench_results_free(&results);
    ck_assert_int_eq(run_rows(shop, 0, false, &results), BENCH_DONE);
    ck_assert_int_eq(opened[SET_SHOP], 6);
    ck_assert_int_eq(opened[SET_GRAPH], 0);
    bench_results_free(&results);
}
END_TEST

/* ---- keys ------------------------------------------------------------------------------------- */

static int compare_keys(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return a < b ? -1 : a > b;
}

START_TEST(keys_that_come_once_do_and_leave_the_population_nowhere)
{
    uint64_t random = kxt_seed();

    for (size_t orders = 1; orders < 60; orders++) {
        bench_options options = {.users = 1 + orders / 2, .orders = orders, .ops = 1000};
        size_t count = bench_slice_operations(&options, ROW_U1) * (1 + bench_rows[ROW_U1].slices);
        int64_t keys[64], spare[64];
        ck_assert_uint_le(count, orders);
        ck_assert(orders < 2 || count > 0);
        bench_make_keys(&options, KEY_ORDER_ONCE, bench_random(&random), keys, count, spare);
        qsort(keys, count, sizeof keys[0], compare_keys);
        for (size_t i = 0; i < count; i++) {
            ck_assert(keys[i] >= BENCH_FIRST_ORDER && keys[i] < BENCH_FIRST_ORDER + (int64_t)orders);
            ck_assert(i == 0 || keys[i - 1] < keys[i]);
        }
    }
}
END_TEST

START_TEST(new_orders_follow_the_last_and_are_made_for_all_slices)
{
    bench_options options = {.rows = {[ROW_W2] = true}, .users = 3, .orders = 50, .ops = 60};
    size_t count = bench_new_orders(&options);
    int64_t keys[100];
    bench_data data;

    ck_assert_uint_eq(count, 3 * (1 + BENCH_SLICES));
    bench_make_keys(&options, KEY_NEW_ORDER, 1, keys, count, NULL);
    ck_assert_int_eq(bench_data_make(&data, 3, 50, count, kxt_seed()), 0);
    for (size_t i = 0; i < count; i++)
        ck_assert(data.orders[keys[i] - BENCH_FIRST_ORDER].order_id == BENCH_FIRST_ORDER + 50 + (int64_t)i);
    bench_data_free(&data);
    options.ops = 100000;
    ck_assert_uint_eq(bench_slice_operations(&options, ROW_W2), bench_rows[ROW_W2].ops / BENCH_SLICES);
}
END_TEST

/* ---- threads ------------------------------------------------------------------------------------ */

static int give(void *context)
{
    return *(int *)context;
}

static int count_up(void *context)
{
    atomic_int *count = context;
    return atomic_fetch_add(count, 1) == 5 ? 7 : 0;
}

START_TEST(two_threads_give_the_failure_of_either)
{
    ck_assert_int_eq(bench_two_threads(give, &(int){0}, &(int){0}), 0);
    ck_assert_int_eq(bench_two_threads(give, &(int){4}, &(int){0}), 4);
    ck_assert_int_eq(bench_two_threads(give, &(int){0}, &(int){5}), 5);
}
END_TEST

START_TEST(a_busy_thread_stops_when_told_or_when_its_work_fails)
{
    atomic_int count = 100;
    bench_busy *busy;

    ck_assert_int_eq(bench_busy_start(&busy, count_up, &count), 0);
    ck_assert_int_eq(bench_busy_stop(busy), 0);
    atomic_store(&count, 0);
    ck_assert_int_eq(bench_busy_start(&busy, count_up, &count), 0);
    while (atomic_load(&count) < 6)
        sched_yield();
    ck_assert_int_eq(bench_busy_stop(busy), 7);
    ck_assert_int_eq(atomic_load(&count), 6);
    ck_assert_int_eq(bench_busy_stop(NULL), 0);
}
END_TEST

/* ---- the data -------------------------------------------------------------------------------- */

START_TEST(packed_documents_hold_what_the_structs_hold)
{
    bench_data data;
    int64_t number;
    double amount;
    const char *text;
    size_t size;

    ck_assert_int_eq(bench_data_make(&data, 300, 1000, 0, kxt_seed()), 0);
    for (size_t i = 0; i < data.user_count; i++) {
        bench_bytes doc = data.user_docs[i];
        ck_assert(doc_int(DOC_FIND(doc.data, doc.size, "user_id"), &number));
        ck_assert_int_eq(number, data.users[i].user_id);
        ck_assert(doc_text(DOC_FIND(doc.data, doc.size, "email"), &text, &size));
        ck_assert_mem_eq(text, data.users[i].email, size);
        ck_assert_uint_eq(size, 24);
    }
    for (size_t i = 0; i < data.order_count; i++) {
        bench_bytes doc = data.order_docs[i];
        const bench_order *order = &data.orders[i];
        ck_assert(doc_int(DOC_FIND(doc.data, doc.size, "order_id"), &number));
        ck_assert_int_eq(number, BENCH_FIRST_ORDER + (int64_t)i);
        ck_assert(doc_int(DOC_FIND(doc.data, doc.size, "user_id"), &number));
        ck_assert(number == order->user_id && number >= BENCH_FIRST_USER && number < BENCH_FIRST_USER + 300);
        ck_assert(doc_real(DOC_FIND(doc.data, doc.size, "amount"), &amount));
        ck_assert(amount == order->amount);
        ck_assert(doc_text(DOC_FIND(doc.data, doc.size, "note"), &text, &size));
        ck_assert_uint_eq(size, 40);
        ck_assert(DOC_FIND(doc.data, doc.size, "missing").at == NULL);
    }
    bench_data_free(&data);
}
END_TEST

START_TEST(links_are_distinct_and_leave_a_product_free)
{
    bench_data data;
    int64_t number;

    ck_assert_int_eq(bench_data_make(&data, 3, 10 + 700 * (size_t)_i, 0, kxt_seed()), 0);
    for (size_t i = 0, at = 0; i < data.order_count; i++) {
        int64_t order_id = data.orders[i].order_id, spare = bench_product_of(&data, order_id, BENCH_LINKS);
        size_t start = at;
        for (; at < data.link_count && data.links[at].order_id == order_id; at++) {
            int64_t product = data.links[at].product_id;
            bench_bytes doc = data.link_docs[at];
            ck_assert(at == start || data.links[at - 1].product_id < product);
            ck_assert(product != spare && product >= BENCH_FIRST_PRODUCT);
            ck_assert(product < BENCH_FIRST_PRODUCT + (int64_t)data.product_count);
            ck_assert(doc_int(DOC_FIND(doc.data, doc.size, "product_id"), &number) && number == product);
            ck_assert(doc_int(DOC_FIND(doc.data, doc.size, "order_id"), &number) && number == order_id);
        }
        ck_assert(at > start && at - start <= BENCH_LINKS);
    }
    bench_data_free(&data);
}
END_TEST

/* What is measured by default does not depend on rows that insert more. */
START_TEST(more_new_orders_leave_all_else_as_it_was)
{
    bench_data few, many;
    uint64_t seed = kxt_seed();

    ck_assert_int_eq(bench_data_make(&few, 20, 100, 0, seed), 0);
    ck_assert_int_eq(bench_data_make(&many, 20, 100, 50, seed), 0);
    ck_assert_mem_eq(few.users, many.users, 20 * sizeof *few.users);
    ck_assert_mem_eq(few.orders, many.orders, 100 * sizeof *few.orders);
    ck_assert_uint_eq(few.link_count, many.link_count);
    ck_assert_mem_eq(few.links, many.links, few.link_count * sizeof *few.links);
    bench_data_free(&few);
    bench_data_free(&many);
}
END_TEST

START_TEST(random_numbers_are_those_of_splitmix64)
{
    uint64_t state = 1234567;

    ck_assert(bench_random(&state) == UINT64_C(6457827717110365317));
    ck_assert(bench_random(&state) == UINT64_C(3203168211198807973));
}
END_TEST

/* ---- the limit's reader ------------------------------------------------------------------------- */

/* {"skip": value, "x": -5} with every kind of value to pass over. */
START_TEST(a_field_is_found_behind_every_kind_of_value)
{
    static const struct { const char *bytes; size_t size; } values[] = {
        {"\x7f", 1}, {"\xe0", 1}, {"\xc0", 1}, {"\xc3", 1}, {"\xcc\xff", 2}, {"\xcd\1\2", 3}, {"\xce\1\2\3\4", 5},
        {"\xcf\1\2\3\4\5\6\7\x8", 9}, {"\xd0\x80", 2}, {"\xd1\x80\0", 3}, {"\xd2\x80\0\0\0", 5},
        {"\xd3\x80\0\0\0\0\0\0\0", 9}, {"\xca\0\0\0\0", 5}, {"\xcb\0\0\0\0\0\0\0\0", 9}, {"\xa3" "abc", 4},
        {"\xd9\2ab", 4}, {"\xda\0\2ab", 5}, {"\xdb\0\0\0\2ab", 7}, {"\xc4\2ab", 4}, {"\xc5\0\2ab", 5},
        {"\xc6\0\0\0\2ab", 7}, {"\xd4\1a", 3}, {"\xd5\1ab", 4}, {"\xd6\1abcd", 6}, {"\xd7\1abcdefgh", 10},
        {"\xd8\1abcdefghabcdefgh", 18},
        {"\xc7\2\1ab", 5}, {"\xc8\0\2\1ab", 6}, {"\xc9\0\0\0\2\1ab", 8}, {"\x90", 1}, {"\x92\x91\1\x80", 4},
        {"\xdc\0\2\1\2", 5}, {"\xdd\0\0\0\1\xa1x", 7}, {"\x81\xa1x\1", 4}, {"\xde\0\1\xa1x\x91\2", 7},
        {"\xdf\0\0\0\1\xa1x\2", 8}
    };

    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        size_t size = 6 + values[i].size + 3;
        uint8_t *doc = malloc(size);            /* exactly as large: a byte too far is seen by the sanitizer */
        int64_t number = 0;
        ck_assert_ptr_nonnull(doc);
        memcpy(doc, "\x82\xa4skip", 6);
        memcpy(doc + 6, values[i].bytes, values[i].size);
        memcpy(doc + 6 + values[i].size, "\xa1x\xfb", 3);
        ck_assert_msg(doc_int(DOC_FIND(doc, size, "x"), &number), "behind value %zu", i);
        ck_assert_int_eq(number, -5);
        for (size_t cut = 0; cut < size; cut++) {
            uint8_t *part = malloc(cut == 0 ? 1 : cut);
            ck_assert_ptr_nonnull(part);
            memcpy(part, doc, cut);
            ck_assert(!doc_int(DOC_FIND(part, cut, "x"), &number));
            free(part);
        }
        free(doc);
    }
}
END_TEST

START_TEST(integers_of_every_width_are_read)
{
    static const struct { const char *bytes; size_t size; int64_t number; } integers[] = {
        {"\x00", 1, 0}, {"\x7f", 1, 127}, {"\xff", 1, -1}, {"\xcc\xff", 2, 255}, {"\xcd\xff\xff", 3, 65535},
        {"\xce\xff\xff\xff\xff", 5, INT64_C(4294967295)}, {"\xcf\x7f\xff\xff\xff\xff\xff\xff\xff", 9, INT64_MAX},
        {"\xd0\x80", 2, -128}, {"\xd0\x7f", 2, 127}, {"\xd1\x80\0", 3, -32768}, {"\xd2\x80\0\0\0", 5, INT32_MIN},
        {"\xd3\x80\0\0\0\0\0\0\0", 9, INT64_MIN}
    };
    int64_t number;

    for (size_t i = 0; i < sizeof integers / sizeof integers[0]; i++) {
        const uint8_t *at = (const uint8_t *)integers[i].bytes;
        ck_assert(doc_int((doc_at){at, at + integers[i].size}, &number));
        ck_assert_int_eq(number, integers[i].number);
        ck_assert(!doc_int((doc_at){at, at + integers[i].size - 1}, &number));
    }
}
END_TEST

/* ---- statistics ------------------------------------------------------------------------------------ */

START_TEST(medians_and_percentiles_are_of_the_sorted_values)
{
    const double values[] = {50, 10, 40, 20, 30};

    ck_assert(bench_median(values, 5) == 30);
    ck_assert(bench_median(values, 4) == 30);
    ck_assert(bench_percentile(values, 5, 0) == 10);
    ck_assert(bench_percentile(values, 5, 100) == 50);
    ck_assert(bench_percentile(values, 5, 99) > 49 && bench_percentile(values, 5, 99) < 50);
    ck_assert(bench_median(values, 1) == 50);
    ck_assert(bench_median(values, 0) == 0);
    ck_assert(fabs(bench_spread(values, 5) - 400.0 / 3) < 1e-9);
}
END_TEST

static Suite *suite(void)
{
    Suite *bench = suite_create("bench");
    TCase *all = tcase_create("all");

    tcase_add_test(all, peers_get_the_same_keys_and_agree);
    tcase_add_test(all, a_different_answer_is_noticed);
    tcase_add_test(all, a_failing_peer_ends_the_run_and_leaves_nothing);
    tcase_add_test(all, a_wrong_write_is_noticed_by_what_is_read_after_it);
    tcase_add_test(all, a_write_that_cannot_be_checked_is_not_done);
    tcase_add_test(all, only_the_sets_that_rows_need_are_loaded);
    tcase_add_test(all, keys_that_come_once_do_and_leave_the_population_nowhere);
    tcase_add_test(all, new_orders_follow_the_last_and_are_made_for_all_slices);
    tcase_add_test(all, two_threads_give_the_failure_of_either);
    tcase_add_test(all, a_busy_thread_stops_when_told_or_when_its_work_fails);
    tcase_add_loop_test(all, links_are_distinct_and_leave_a_product_free, 0, 3);
    tcase_add_test(all, more_new_orders_leave_all_else_as_it_was);
    tcase_add_test(all, packed_documents_hold_what_the_structs_hold);
    tcase_add_test(all, random_numbers_are_those_of_splitmix64);
    tcase_add_test(all, a_field_is_found_behind_every_kind_of_value);
    tcase_add_test(all, integers_of_every_width_are_read);
    tcase_add_test(all, medians_and_percentiles_are_of_the_sorted_values);
    suite_add_tcase(bench, all);
    return bench;
}

int main(void)
{
    return kxt_run(suite());
}
