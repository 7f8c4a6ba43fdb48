#include <stdio.h>

#include "store_test.h"

static void fill(kx_store *store, uint64_t step, uint64_t count)
{
    kx_store_txn *txn = writing(store);
    for (uint64_t i = 1; i <= count; i++)
        ok(kx_store__row_put(txn, ROWS, i * step, text("head"), kx_slice_of(&i, sizeof(i)), true));
    ok(kx_store__commit(txn));
}

static void is_number(kx_slice row, uint64_t number)
{
    ck_assert_uint_eq(row.size, 12);
    ck_assert_mem_eq(row.data, "head", 4);
    ck_assert_mem_eq(row.data + 4, &number, 8);
}

START_TEST(what_was_put_is_got_replaced_and_deleted)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_store_txn *txn = writing(store);
    put_text(txn, ROWS, 7, "seven");
    put_text(txn, ROWS, 0, "");
    put_text(txn, ROWS, UINT64_MAX, "last");
    row_is(txn, ROWS, 7, "seven");
    put_text(txn, ROWS, 7, "seven again, and longer");
    row_is(txn, ROWS, 7, "seven again, and longer");
    ok(kx_store__row_delete(txn, ROWS, 0));
    expect(KX_NOTFOUND, kx_store__row_delete(txn, ROWS, 0));
    ok(kx_store__commit(txn));
    txn = reading(store);
    row_is(txn, ROWS, 7, "seven again, and longer");
    row_is(txn, ROWS, 0, NULL);
    row_is(txn, ROWS, UINT64_MAX, "last");
    kx_store__abort(txn);
    ok(kx_store__close(store));
}
END_TEST

START_TEST(head_and_body_are_joined_at_any_size)
{
    static uint8_t body[300000], want[300003];
    static const size_t sizes[] = {0, 1, 100, 2038, 2039, 4095, 4096, 100000, sizeof(body)};
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_store_txn *txn = writing(store);
    kx_slice row;
    for (size_t i = 0; i < sizeof(body); i++)
        body[i] = (uint8_t)(i * 31 >> 3);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
        ok(kx_store__row_put(txn, ROWS, i, text("abc"), kx_slice_of(body, sizes[i]), false));
    ok(kx_store__commit(txn));
    txn = reading(store);
    memcpy(want, "abc", 3);
    memcpy(want + 3, body, sizeof(body));
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        ok(kx_store__row_get(txn, ROWS, i, &row));
        ck_assert_uint_eq(row.size, sizes[i] + 3);
        ck_assert_mem_eq(row.data, want, row.size);
    }
    kx_store__abort(txn);
    ok(kx_store__close(store));
}
END_TEST

START_TEST(append_refuses_an_id_that_is_not_above_all)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_store_txn *txn = writing(store);
    ok(kx_store__row_put(txn, ROWS, 5, text(""), text("five"), true));
    expect(KX_EXISTS, kx_store__row_put(txn, ROWS, 5, text(""), text("again"), true));
    expect(KX_EXISTS, kx_store__row_put(txn, ROWS, 4, text(""), text("below"), true));
    ok(kx_store__row_put(txn, ROWS, 6, text(""), text("six"), true));
    ok(kx_store__commit(txn));
    txn = reading(store);
    row_is(txn, ROWS, 5, "five");
    row_is(txn, ROWS, 4, NULL);
    row_is(txn, ROWS, 6, "six");
    kx_store__abort(txn);
    ok(kx_store__close(store));
}
END_TEST

START_TEST(the_last_row_is_known)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_store_txn *txn = writing(store);
    uint64_t id;
    expect(KX_NOTFOUND, kx_store__row_last(txn, ROWS, &id));
    put_text(txn, ROWS, 300, "x");
    put_text(txn, ROWS, 70000, "x");
    put_text(txn, ROWS, 255, "x");
    ok(kx_store__row_last(txn, ROWS, &id));
    ck_assert_uint_eq(id, 70000);
    ok(kx_store__commit(txn));
    txn = reading(store);
    ok(kx_store__row_last(txn, ROWS, &id));
    ck_assert_uint_eq(id, 70000);
    kx_store__abort(txn);
    ok(kx_store__close(store));
}
END_TEST

START_TEST(ids_that_ascend_closely_cost_no_descent)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_slice row;
    fill(store, 3, 1000);
    kx_store_txn *txn = reading(store);
    for (uint64_t id = 1; id <= 3000; id++) {
        expect(id % 3 ? KX_NOTFOUND : KX_OK, kx_store__row_get(txn, ROWS, id, &row));
        if (id % 3 == 0)
            is_number(row, id / 3);
    }
    kx_store_stats *stats = kx_store__stats(txn);
    ck_assert_uint_eq(stats->rows, 1000);
    ck_assert_uint_eq(stats->bytes, 12000);
    ck_assert_uint_le(stats->descents, 4);
    ok(kx_store__row_get(txn, ROWS, 3, &row));
    ok(kx_store__row_get(txn, ROWS, 3, &row));
    is_number(row, 1);
    ck_assert_uint_le(stats->descents, 5);
    kx_store__abort(txn);
    ok(kx_store__close(store));
}
END_TEST

/* A read transaction's memory is used again, with what it knew of the rows. */
START_TEST(what_one_snapshot_read_says_nothing_to_the_next)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_slice row;
    for (int round = 0; round < 4; round++) {
        char now[8];
        snprintf(now, sizeof now, "now %d", round);
        kx_store_txn *txn = writing(store);
        put_text(txn, ROWS, 20, now);
        if (round == 2)
            ok(kx_store__row_delete(txn, ROWS, 21));
        else
            put_text(txn, ROWS, 21, now);
        ok(kx_store__commit(txn));
        txn = reading(store);
        for (int again = 0; again < 2; again++) {
            row_is(txn, ROWS, 20, now);
            row_is(txn, ROWS, 21, round == 2 ? NULL : now);
            expect(KX_NOTFOUND, kx_store__row_get(txn, ROWS, 22, &row));
        }
        row_is(txn, ROWS, 20 + (uint64_t)(round % 2), now);
        kx_store__abort(txn);
    }
    ok(kx_store__close(store));
}
END_TEST

/* Every kind of jump, near and far, up and down, hit and miss, against what was put. */
START_TEST(random_gets_agree_with_what_was_put)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    uint64_t seed = kxt_seed(), id = 1;
    kx_slice row;
    fill(store, 2, 2000);
    for (int mode = KX_STORE_READ; mode <= KX_STORE_WRITE; mode++) {
        kx_store_txn *txn;
        ok(kx_store__begin(store, mode, 0, &txn));
        for (uint64_t i = 0; i < kxt_scaled(100000); i++) {
            uint64_t r = kxt_random(&seed);
            id = r % 3 == 0 ? r / 3 % 4100 : (id + r / 3 % 12 + 4097) % 4100;
            bool there = id % 2 == 0 && id >= 2 && id <= 4000;
            expect(there ? KX_OK : KX_NOTFOUND, kx_store__row_get(txn, ROWS, id, &row));
            if (there)
                is_number(row, id / 2);
            else
                ck_assert_ptr_null(row.data);
        }
        kx_store__abort(txn);
    }
    ok(kx_store__close(store));
}
END_TEST

START_TEST(many_rows_at_once_equal_single_gets)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    uint64_t seed = kxt_seed(), ids[500];
    kx_slice got[500];
    fill(store, 3, 2000);
    for (int mode = KX_STORE_READ; mode <= KX_STORE_WRITE; mode++)
        for (uint64_t round = 0; round < 50; round++) {
            kx_store_txn *txn;
            uint64_t id = 0;
            ok(kx_store__begin(store, mode, 0, &txn));
            for (size_t i = 0; i < 500; i++)
                ids[i] = id += kxt_random(&seed) % (round + 1);
            ok(kx_store__row_get_many(txn, ROWS, ids, 500, got));
            for (size_t i = 0; i < 500; i++) {
                bool there = ids[i] % 3 == 0 && ids[i] >= 3 && ids[i] <= 6000;
                ck_assert_int_eq(got[i].data != NULL, there);
                if (there)
                    is_number(got[i], ids[i] / 3);
            }
            kx_store__abort(txn);
        }
    ok(kx_store__close(store));
}
END_TEST

START_TEST(a_read_transaction_writes_nothing)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_store_txn *txn = reading(store);
    expect(KX_READONLY, kx_store__row_put(txn, ROWS, 1, text(""), text("x"), false));
    expect(KX_READONLY, kx_store__row_delete(txn, ROWS, 1));
    expect(KX_READONLY, kx_store__entry_add(txn, unique, text("k"), 1, false));
    expect(KX_READONLY, kx_store__make_table(txn, (kx_store_table){MORE, KX_STORE_ROWS}));
    expect(KX_READONLY, kx_store__empty_table(txn, ROWS));
    kx_store__abort(txn);
    ok(kx_store__close(store));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("store rows");
    TCase *t = tcase_create("rows");
    tcase_add_test(t, what_was_put_is_got_replaced_and_deleted);
    tcase_add_test(t, head_and_body_are_joined_at_any_size);
    tcase_add_test(t, append_refuses_an_id_that_is_not_above_all);
    tcase_add_test(t, the_last_row_is_known);
    tcase_add_test(t, ids_that_ascend_closely_cost_no_descent);
    tcase_add_test(t, what_one_snapshot_read_says_nothing_to_the_next);
    tcase_add_test(t, random_gets_agree_with_what_was_put);
    tcase_add_test(t, many_rows_at_once_equal_single_gets);
    tcase_add_test(t, a_read_transaction_writes_nothing);
    suite_add_tcase(s, t);
    return kxt_run(s);
}
