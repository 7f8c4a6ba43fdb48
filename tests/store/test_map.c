#include "store_test.h"

#include <pthread.h>
#include <stdatomic.h>

enum { ROW_BYTES = 1000 };
#define MIB (UINT64_C(1) << 20)
static uint8_t row_bytes[ROW_BYTES];

static kx_store *small_store(const char *path, uint64_t limit)
{
    kx_store_options options = {.sync = 1, .map_limit_bytes = limit};
    kx_store *store;
    kx_store__first_map(MIB);
    ok(kx_store__open(path, &options, &store));
    kx_store__first_map(0);
    kx_store_txn *txn = writing(store);
    ok(kx_store__make_table(txn, rows));
    ok(kx_store__commit(txn));
    return store;
}

static int put_rows(kx_store *store, uint64_t from, uint64_t count)
{
    kx_store_txn *txn = writing(store);
    int rc = KX_OK;
    for (uint64_t i = from; rc == KX_OK && i < from + count; i++)
        rc = kx_store__row_put(txn, ROWS, i, text(""), kx_slice_of(row_bytes, ROW_BYTES), false);
    if (rc == KX_OK)
        return kx_store__commit(txn);
    kx_store__abort(txn);
    return rc;
}

static uint64_t row_count(kx_store *store)
{
    kx_store_txn *txn = reading(store);
    uint64_t count;
    ok(kx_store__table_count(txn, ROWS, &count));
    kx_store__abort(txn);
    return count;
}

static uint64_t map_bytes(kx_store *store)
{
    kx_store_txn *txn = reading(store);
    kx_store_info info;
    ok(kx_store__info(txn, &info));
    kx_store__abort(txn);
    return info.map_bytes;
}

START_TEST(a_full_map_leaves_the_store_as_it_was_and_can_grow)
{
    kx_store *store = small_store(kxt_path("a.kx"), 0);
    uint64_t done = 0, grown = 0;
    ck_assert_uint_eq(map_bytes(store), MIB);
    while (done < 16000) {
        int rc = put_rows(store, done, 500);
        ck_assert_uint_eq(row_count(store), rc == KX_OK ? done + 500 : done);
        if (rc == KX_OK) {
            done += 500;
            continue;
        }
        expect(KX_MAP_FULL, rc);
        ok(kx_store__grow(store));
        grown++;
    }
    ck_assert_uint_ge(grown, 4);
    ck_assert_uint_ge(map_bytes(store), 16 * MIB);
    ok(kx_store__close(store));
}
END_TEST

START_TEST(a_poisoned_transaction_only_answers_why)
{
    kx_store *store = small_store(kxt_path("a.kx"), 0);
    kx_store_txn *txn = writing(store), *child;
    kx_slice row;
    kx_store_scan *scan;
    uint64_t id = 0, count;
    int rc;
    ok(kx_store__child(txn, &child));
    while ((rc = kx_store__row_put(child, ROWS, id, text(""), kx_slice_of(row_bytes, ROW_BYTES), false)) == KX_OK)
        id++;
    expect(KX_MAP_FULL, rc);
    expect(KX_MAP_FULL, kx_store__row_get(child, ROWS, 0, &row));
    expect(KX_MAP_FULL, kx_store__row_delete(child, ROWS, 0));
    expect(KX_MAP_FULL, kx_store__scan_rows(child, ROWS, 0, 9, false, &scan));
    expect(KX_MAP_FULL, kx_store__table_count(child, ROWS, &count));
    said("rolled back");
    expect(KX_MAP_FULL, kx_store__commit(child));
    row_is(txn, ROWS, 0, NULL); /* the parent is as it was, and goes on */
    put_text(txn, ROWS, 1, "one");
    ok(kx_store__commit(txn));
    txn = reading(store);
    row_is(txn, ROWS, 1, "one");
    kx_store__abort(txn);
    ok(kx_store__close(store));
}
END_TEST

START_TEST(a_limit_ends_the_growth)
{
    const char *path = kxt_path("a.kx");
    kx_store *store = small_store(path, 4 * MIB);
    uint64_t done = 0;
    int rc;
    do {
        rc = put_rows(store, done, 100);
        if (rc == KX_OK)
            done += 100;
        else
            rc = kx_store__grow(store);
    } while (rc == KX_OK);
    expect(KX_MAP_FULL, rc);
    said("4 MiB");
    ck_assert_uint_eq(map_bytes(store), 4 * MIB);
    ck_assert_uint_ge(done, 2000);
    ck_assert_uint_eq(row_count(store), done);
    ok(kx_store__close(store));
    ok(kx_store__open(path, &(kx_store_options){.map_limit_bytes = MIB}, &store)); /* what is there can be read */
    ok(kx_store__open_tables(store, &rows, 1));
    ck_assert_uint_eq(row_count(store), done);
    ok(kx_store__close(store));
}
END_TEST

START_TEST(the_map_stays_while_a_transaction_lives)
{
    kx_store *store = small_store(kxt_path("a.kx"), 0);
    kx_store_txn *txn = reading(store);
    expect(KX_BUSY, kx_store__grow(store));
    ck_assert_uint_eq(map_bytes(store), MIB);
    kx_store__abort(txn);
    txn = writing(store);
    expect(KX_BUSY, kx_store__grow(store));
    kx_store__abort(txn);
    ok(kx_store__grow(store));
    ck_assert_uint_eq(map_bytes(store), 2 * MIB);
    ok(kx_store__close(store));
}
END_TEST

/* ---- readers beside a growing map ----------------------------------------------------- */

static atomic_bool stop;
static atomic_int wrong;

static void *read_on(void *store)
{
    while (!atomic_load(&stop)) {
        kx_store_txn *txn;
        kx_store_scan *scan;
        kx_store_item item;
        if (kx_store__begin(store, KX_STORE_READ, 0, &txn) != KX_OK ||
            kx_store__scan_rows(txn, ROWS, 0, UINT64_MAX, false, &scan)) {
            atomic_fetch_add(&wrong, 1);
            break;
        }
        for (uint64_t id = 0; id < 200 && kx_store__scan_next(scan, &item) == KX_OK; id++)
            if (item.id != id || item.row.size != ROW_BYTES || item.row.data[ROW_BYTES - 1] != 0)
                atomic_fetch_add(&wrong, 1);
        kx_store__scan_close(scan);
        kx_store__abort(txn);
    }
    return NULL;
}

START_TEST(the_map_grows_between_the_transactions_of_readers)
{
    kx_store *store = small_store(kxt_path("a.kx"), 0);
    pthread_t threads[4];
    uint64_t done = 0, grown = 0;
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, read_on, store), 0);
    while (done < 8000) {
        int rc = put_rows(store, done, 200);
        if (rc == KX_OK) {
            done += 200;
            continue;
        }
        expect(KX_MAP_FULL, rc);
        while ((rc = kx_store__grow(store)) == KX_BUSY)
            ;
        ok(rc);
        grown++;
    }
    atomic_store(&stop, true);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_eq(atomic_load(&wrong), 0);
    ck_assert_uint_ge(grown, 3);
    ok(kx_store__close(store));
}
END_TEST

static void outgrow(const char *path)
{
    kx_store *store;
    if (kx_store__open(path, &(kx_store_options){.sync = 1}, &store) || kx_store__open_tables(store, &rows, 1))
        leave(1);
    for (uint64_t round = 0; round < 6; round++) {
        pause_here();
        if (put_rows(store, round * 4000, 4000) != KX_OK)
            leave(2);
        tell();
    }
    leave(kx_store__close(store) ? 3 : 0);
}

START_TEST(growth_by_another_process_is_followed)
{
    const char *path = kxt_path("a.kx");
    other o = {0};
    uint64_t round = 0;
    kx_store__first_map(MIB);
    ok(kx_store__close(small_store(path, 0)));
    o = other_process(outgrow, path);
    kx_store *store = small_store(path, 0);
    for (; round < 5; round++) {
        go_on(&o);
        await(&o);
        ck_assert_uint_eq(row_count(store), (round + 1) * 4000);
        kx_store_txn *txn = writing(store);
        put_text(txn, ROWS, UINT64_MAX - round, "x");
        ok(kx_store__row_delete(txn, ROWS, UINT64_MAX - round));
        ok(kx_store__commit(txn));
    }
    /* while a transaction lives here the map cannot follow: an answer, no crash */
    kx_store_txn *held = reading(store), *txn;
    kx_store_info info;
    kx_slice row;
    uint64_t before = map_bytes(store);
    go_on(&o);
    await(&o);
    ok(kx_store__info(held, &info));
    if (info.used_bytes > before)
        expect(KX_BUSY, kx_store__begin(store, KX_STORE_READ, 0, &txn));
    ok(kx_store__row_get(held, ROWS, 19999, &row));
    kx_store__abort(held);
    ck_assert_uint_eq(row_count(store), 24000);
    ck_assert_int_eq(ended(&o), 0);
    ok(kx_store__close(store));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("store map");
    TCase *t = tcase_create("map");
    tcase_add_test(t, a_full_map_leaves_the_store_as_it_was_and_can_grow);
    tcase_add_test(t, a_poisoned_transaction_only_answers_why);
    tcase_add_test(t, a_limit_ends_the_growth);
    tcase_add_test(t, the_map_stays_while_a_transaction_lives);
    tcase_add_test(t, the_map_grows_between_the_transactions_of_readers);
    tcase_add_test(t, growth_by_another_process_is_followed);
    suite_add_tcase(s, t);
    return kxt_run(s);
}
