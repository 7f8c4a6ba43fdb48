#include "store_test.h"

#include <pthread.h>
#include <stdatomic.h>

static kx_store_table rows_table(uint32_t number)
{
    return (kx_store_table){number, KX_STORE_ROWS};
}

static void make(kx_store *store, uint32_t number, const char *row)
{
    kx_store_txn *txn = writing(store);
    ok(kx_store__make_table(txn, rows_table(number)));
    put_text(txn, number, 1, row);
    ok(kx_store__commit(txn));
}

static void make_elsewhere(const char *path, uint32_t number)
{
    kx_store *store;
    kx_store_txn *txn;
    if (kx_store__open(path, NULL, &store) || kx_store__begin(store, KX_STORE_WRITE, 0, &txn) ||
        kx_store__make_table(txn, rows_table(number)) ||
        kx_store__row_put(txn, number, 1, text(""), text(kxt_print("table %u", number)), false) ||
        kx_store__commit(txn) || kx_store__close(store))
        leave(1);
}

static void make_10_and_11(const char *path)
{
    make_elsewhere(path, 10);
    make_elsewhere(path, 11);
    leave(0);
}

/* ---- making -------------------------------------------------------------------------- */

START_TEST(a_table_lives_and_dies_with_its_transaction)
{
    kx_store *store = open_store(kxt_path("a.kx"));
    kx_store_txn *txn = writing(store), *child;
    ok(kx_store__make_table(txn, rows_table(2)));
    ok(kx_store__make_table(txn, rows_table(2)));
    ck_assert(!kx_store__table_is_open(store, 2));
    ok(kx_store__child(txn, &child));
    ok(kx_store__make_table(child, rows_table(3)));
    put_text(child, 3, 1, "child");
    kx_store__abort(child);
    expect(KX_INVALID, kx_store__row_put(txn, 3, 1, text(""), text("x"), false));
    ok(kx_store__child(txn, &child));
    ok(kx_store__make_table(child, rows_table(4)));
    put_text(child, 4, 1, "kept");
    ok(kx_store__commit(child));
    put_text(txn, 2, 1, "two");
    row_is(txn, 4, 1, "kept");
    ok(kx_store__commit(txn));
    ck_assert(kx_store__table_is_open(store, 2));
    ck_assert(!kx_store__table_is_open(store, 3));
    ck_assert(kx_store__table_is_open(store, 4));
    ck_assert(!kx_store__table_is_open(store, UINT32_MAX));
    txn = writing(store);
    ok(kx_store__make_table(txn, rows_table(5)));
    kx_store__abort(txn);
    ck_assert(!kx_store__table_is_open(store, 5));
    txn = reading(store);
    row_is(txn, 2, 1, "two");
    row_is(txn, 4, 1, "kept");
    kx_slice row;
    expect(KX_INVALID, kx_store__row_get(txn, 5, 1, &row));
    said("table 5 is not open");
    kx_store__abort(txn);
    ok(kx_store__close(store));
}
END_TEST

START_TEST(numbers_end_at_4095)
{
    kx_store *store = open_store(kxt_path("a.kx"));
    kx_store_txn *txn = writing(store);
    kx_slice row;
    ok(kx_store__make_table(txn, rows_table(KX_STORE_TABLES - 1)));
    put_text(txn, KX_STORE_TABLES - 1, 1, "last");
    expect(KX_LIMIT, kx_store__make_table(txn, rows_table(KX_STORE_TABLES)));
    said("4096");
    expect(KX_LIMIT, kx_store__row_get(txn, KX_STORE_TABLES, 1, &row));
    expect(KX_LIMIT, kx_store__row_put(txn, UINT32_MAX, 1, text(""), text(""), false));
    expect(KX_LIMIT, kx_store__open_tables(store, &(kx_store_table){KX_STORE_TABLES, KX_STORE_ROWS}, 1));
    ok(kx_store__commit(txn));
    txn = reading(store);
    row_is(txn, KX_STORE_TABLES - 1, 1, "last");
    kx_store__abort(txn);
    ok(kx_store__close(store));
}
END_TEST

START_TEST(a_store_holds_4096_tables)
{
    const char *path = kxt_path("a.kx");
    kx_store *store = open_store(path);
    kx_store_table *all = calloc(KX_STORE_TABLES, sizeof(*all));
    kx_store_txn *txn = writing(store);
    for (uint32_t i = 0; i < KX_STORE_TABLES; i++) {
        all[i] = (kx_store_table){i, i < 2 || i % 3 == 0 ? KX_STORE_ROWS
                                     : i % 3 == 1        ? KX_STORE_UNIQUE
                                                         : KX_STORE_POSTINGS};
        ok(kx_store__make_table(txn, all[i]));
    }
    ok(kx_store__commit(txn));
    ok(kx_store__close(store));
    store = open_store(path);
    ok(kx_store__open_tables(store, all, KX_STORE_TABLES));
    txn = reading(store);
    for (uint32_t i = 2; i < KX_STORE_TABLES; i++) {
        kx_slice row;
        uint64_t id;
        if (all[i].shape == KX_STORE_ROWS)
            expect(KX_NOTFOUND, kx_store__row_get(txn, i, 1, &row));
        else
            expect(KX_NOTFOUND, kx_store__entry_get(txn, all[i], text("k"), &id));
    }
    kx_store__abort(txn);
    ok(kx_store__close(store));
    free(all);
}
END_TEST

START_TEST(another_shape_for_a_number_is_corrupt)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_store_txn *txn = writing(store);
    expect(KX_CORRUPT, kx_store__make_table(txn, (kx_store_table){POSTINGS, KX_STORE_UNIQUE}));
    kx_store__abort(txn);
    ok(kx_store__close(store));
}
END_TEST

START_TEST(an_emptied_table_serves_again)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    uint64_t count, bytes, before;
    uint8_t key[8];
    for (int round = 0; round < 3; round++) {
        kx_store_txn *txn = writing(store);
        for (uint64_t i = 0; i < 2000; i++) {
            put_text(txn, ROWS, i, "a row");
            ok(kx_store__entry_add(txn, postings, number_key(i % 7, key), i, false));
        }
        ok(kx_store__table_bytes(txn, ROWS, &before));
        ok(kx_store__empty_table(txn, ROWS));
        ok(kx_store__empty_table(txn, POSTINGS));
        ok(kx_store__table_count(txn, POSTINGS, &count));
        ok(kx_store__table_bytes(txn, ROWS, &bytes));
        ck_assert_uint_eq(count, 0);
        ck_assert_uint_eq(bytes, 0);
        ck_assert_uint_gt(before, 2000 * 5);
        ok(kx_store__commit(txn));
    }
    ok(kx_store__close(store));
}
END_TEST

/* ---- opening --------------------------------------------------------------------------- */

START_TEST(tables_that_another_process_made_are_opened_in_between)
{
    const char *path = kxt_path("a.kx");
    kx_store *store = open_tables(path);
    kx_store_txn *old = reading(store), *txn;
    kx_slice row;
    other o = other_process(make_10_and_11, path);
    ck_assert_int_eq(ended(&o), 0);
    ok(kx_store__open_tables(store, (const kx_store_table[]){{10, KX_STORE_ROWS}, {11, KX_STORE_ROWS}}, 2));
    ok(kx_store__open_tables(store, &rows, 1));
    expect(KX_INVALID, kx_store__row_get(old, 10, 1, &row));
    said("after this transaction began");
    txn = reading(store);
    row_is(txn, 10, 1, "table 10");
    row_is(txn, 11, 1, "table 11");
    kx_store__abort(txn);
    kx_store__abort(old);
    ok(kx_store__close(store));
}
END_TEST

/* The trap: an old reader, a table made since, and a third one that is opened while the old reader lives. */
START_TEST(an_old_reader_never_leads_a_write_astray)
{
    const char *path = kxt_path("a.kx");
    kx_store *store = open_tables(path);
    kx_slice row;
    other o = other_process(make_10_and_11, path);
    ck_assert_int_eq(ended(&o), 0);
    kx_store_txn *old = reading(store);
    make(store, 20, "made since");
    ok(kx_store__open_tables(store, &(kx_store_table){10, KX_STORE_ROWS}, 1));
    expect(KX_INVALID, kx_store__row_get(old, 10, 1, &row));
    expect(KX_INVALID, kx_store__row_get(old, 20, 1, &row));
    kx_store_txn *txn = writing(store);
    put_text(txn, 10, 2, "to ten");
    put_text(txn, 20, 2, "to twenty");
    ok(kx_store__commit(txn));
    ok(kx_store__open_tables(store, &(kx_store_table){11, KX_STORE_ROWS}, 1));
    row_is(old, ROWS, 1, NULL);
    kx_store__abort(old);
    txn = reading(store);
    row_is(txn, 10, 1, "table 10");
    row_is(txn, 10, 2, "to ten");
    row_is(txn, 11, 1, "table 11");
    row_is(txn, 11, 2, NULL);
    row_is(txn, 20, 1, "made since");
    row_is(txn, 20, 2, "to twenty");
    kx_store__abort(txn);
    ok(kx_store__close(store));
}
END_TEST

/* A writer that began before handles were given out must not make a table under one of their numbers. */
START_TEST(a_writer_with_old_handles_makes_no_table)
{
    const char *path = kxt_path("a.kx");
    kx_store *store = open_tables(path);
    other o = other_process(make_10_and_11, path);
    ck_assert_int_eq(ended(&o), 0);
    kx_store_txn *txn = writing(store);
    ok(kx_store__open_tables(store, &(kx_store_table){10, KX_STORE_ROWS}, 1));
    expect(KX_BUSY, kx_store__make_table(txn, rows_table(30)));
    said("run it again");
    kx_store__abort(txn);
    make(store, 30, "thirty");
    txn = reading(store);
    row_is(txn, 10, 1, "table 10");
    row_is(txn, 30, 1, "thirty");
    kx_store__abort(txn);
    ok(kx_store__close(store));
}
END_TEST

static atomic_bool stop;
static atomic_int wrong;
static atomic_uint newest;

/* Every table that is open holds its own number at id 1, and nothing else. */
static void *read_all_tables(void *store)
{
    while (!atomic_load(&stop)) {
        unsigned last = atomic_load(&newest);
        kx_store_txn *txn;
        if (kx_store__begin(store, KX_STORE_READ, 0, &txn) != KX_OK) {
            atomic_fetch_add(&wrong, 1);
            break;
        }
        for (uint32_t i = 10; i <= last; i++) {
            kx_slice row;
            uint32_t number = 0;
            int rc = kx_store__row_get(txn, i, 1, &row);
            if (rc == KX_OK)
                memcpy(&number, row.data, sizeof(number));
            if (rc != KX_OK || number != i || kx_store__row_get(txn, i, 2, &row) != KX_NOTFOUND)
                atomic_fetch_add(&wrong, 1);
        }
        kx_store__abort(txn);
        if (kx_store__open_tables(store, &rows, 1) != KX_OK)
            atomic_fetch_add(&wrong, 1);
    }
    return NULL;
}

static void make_numbered(kx_store_txn *txn, uint32_t number)
{
    ok(kx_store__make_table(txn, rows_table(number)));
    ok(kx_store__row_put(txn, number, 1, text(""), kx_slice_of(&number, sizeof(number)), false));
}

START_TEST(a_thousand_table_making_transactions_beside_three_readers)
{
    kx_store *store;
    pthread_t threads[3];
    uint32_t rounds = (uint32_t)kxt_scaled(1000);
    ok(kx_store__close(open_tables(kxt_path("a.kx"))));
    ok(kx_store__open(kxt_path("a.kx"), &(kx_store_options){.sync = 1}, &store));
    ok(kx_store__open_tables(store, &rows, 1));
    atomic_store(&newest, 9);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, read_all_tables, store), 0);
    for (uint32_t i = 10; i < 10 + rounds; i++) {
        kx_store_txn *txn = writing(store), *child;
        ok(kx_store__child(txn, &child));
        make_numbered(child, i + 2000);
        kx_store__abort(child);
        make_numbered(txn, i);
        ok(kx_store__child(txn, &child));
        make_numbered(child, i + 2001);
        ok(kx_store__row_put(child, i, 2, text(""), text("undone"), false));
        kx_store__abort(child);
        if (i % 5 == 4) {
            kx_store__abort(txn);
            txn = writing(store);
            make_numbered(txn, i);
        }
        ok(kx_store__commit(txn));
        atomic_store(&newest, i);
    }
    atomic_store(&stop, true);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_eq(atomic_load(&wrong), 0);
    ok(kx_store__close(store));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("store handles");
    TCase *t = tcase_create("making");
    tcase_add_test(t, a_table_lives_and_dies_with_its_transaction);
    tcase_add_test(t, numbers_end_at_4095);
    tcase_add_test(t, a_store_holds_4096_tables);
    tcase_add_test(t, another_shape_for_a_number_is_corrupt);
    tcase_add_test(t, an_emptied_table_serves_again);
    suite_add_tcase(s, t);
    t = tcase_create("opening");
    tcase_add_test(t, tables_that_another_process_made_are_opened_in_between);
    tcase_add_test(t, an_old_reader_never_leads_a_write_astray);
    tcase_add_test(t, a_writer_with_old_handles_makes_no_table);
    tcase_add_test(t, a_thousand_table_making_transactions_beside_three_readers);
    suite_add_tcase(s, t);
    return kxt_run(s);
}
