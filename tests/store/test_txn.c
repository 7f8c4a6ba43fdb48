#include "store_test.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

/* ---- snapshots ------------------------------------------------------------------ */

START_TEST(a_snapshot_does_not_move)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_store_txn *before = reading(store), *txn = writing(store);
    put_text(txn, ROWS, 1, "one");
    row_is(txn, ROWS, 1, "one");
    row_is(before, ROWS, 1, NULL);
    ck_assert_uint_gt(kx_store__snapshot(txn), kx_store__snapshot(before));
    uint64_t number = kx_store__snapshot(txn);
    ok(kx_store__commit(txn));
    row_is(before, ROWS, 1, NULL);
    kx_store_txn *after = reading(store);
    row_is(after, ROWS, 1, "one");
    ck_assert_uint_eq(kx_store__snapshot(after), number);
    ck_assert(!kx_store__writes(after));
    kx_store__abort(after);
    ok(kx_store__commit(before));
    ok(kx_store__close(store));
}
END_TEST

START_TEST(an_aborted_transaction_leaves_nothing)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_store_txn *txn = writing(store);
    ck_assert(kx_store__writes(txn));
    put_text(txn, ROWS, 1, "one");
    ok(kx_store__entry_add(txn, unique, text("k"), 1, false));
    kx_store__abort(txn);
    kx_store__abort(NULL);
    txn = reading(store);
    row_is(txn, ROWS, 1, NULL);
    kx_store__abort(txn);
    ok(kx_store__close(store));
}
END_TEST

static void *read_in_another_thread(void *context)
{
    row_is(context, ROWS, 1, "one");
    kx_store__abort(context);
    return NULL;
}

START_TEST(a_read_transaction_may_change_threads_and_many_live_at_once)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_store_txn *txn = writing(store), *many[200];
    pthread_t thread;
    put_text(txn, ROWS, 1, "one");
    ok(kx_store__commit(txn));
    ck_assert_int_eq(pthread_create(&thread, NULL, read_in_another_thread, reading(store)), 0);
    pthread_join(thread, NULL);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 200; i++)
            many[i] = reading(store);
        for (int i = 0; i < 200; i++)
            row_is(many[i], ROWS, 1, "one");
        for (int i = 0; i < 200; i++)
            kx_store__abort(many[i]);
    }
    ok(kx_store__close(store));
}
END_TEST

START_TEST(counts_begin_anew_with_each_transaction_and_a_savepoint_shares_its_tops)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_store_txn *txn = writing(store), *child;
    put_text(txn, ROWS, 1, "one");
    ok(kx_store__child(txn, &child));
    put_text(child, ROWS, 2, "two");
    row_is(child, ROWS, 2, "two");
    ok(kx_store__commit(child));
    ck_assert_uint_eq(kx_store__stats(txn)->writes, 2);
    ck_assert_uint_eq(kx_store__stats(txn)->rows, 1);
    ok(kx_store__commit(txn));
    for (int i = 0; i < 3; i++) {
        txn = reading(store);
        ck_assert_uint_eq(kx_store__stats(txn)->rows, 0);
        row_is(txn, ROWS, 2, "two");
        ck_assert_uint_eq(kx_store__stats(txn)->rows, 1);
        ck_assert_uint_eq(kx_store__stats(txn)->bytes, 3);
        ck_assert_uint_eq(kx_store__stats(txn)->descents, 1);
        kx_store__abort(txn);
    }
    ok(kx_store__close(store));
}
END_TEST

/* ---- readers ----------------------------------------------------------------------- */

START_TEST(idle_readers_give_their_slots_back_when_none_is_left)
{
    kx_store_options few = {.max_readers = 8};
    kx_store *store;
    kx_store_txn *txn[9];
    ok(kx_store__open(kxt_path("a.kx"), &few, &store));
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 8; i++)
            txn[i] = reading(store);
        expect(KX_READERS, kx_store__begin(store, KX_STORE_READ, 0, &txn[8]));
        said("max_readers");
        ck_assert_ptr_null(txn[8]);
        kx_store__abort(txn[3]);
        txn[3] = reading(store);
        for (int i = 0; i < 8; i++)
            kx_store__abort(txn[i]);
    }
    ok(kx_store__close(store));
}
END_TEST

static void read_until_killed(const char *path)
{
    kx_store_options few = {.max_readers = 8};
    kx_store *store;
    kx_store_txn *txn[7];
    if (kx_store__open(path, &few, &store))
        leave(1);
    for (int i = 0; i < 7; i++)
        if (kx_store__begin(store, KX_STORE_READ, 0, &txn[i]))
            leave(2);
    tell();
    pause_here();
}

START_TEST(slots_of_killed_readers_are_found_again)
{
    kx_store_options few = {.max_readers = 8};
    kx_store *store;
    ok(kx_store__open(kxt_path("a.kx"), &few, &store));
    other o = other_process(read_until_killed, kxt_path("a.kx"));
    await(&o);
    kx_store_txn *first = reading(store), *second;
    expect(KX_READERS, kx_store__begin(store, KX_STORE_READ, 0, &second));
    killed(&o);
    second = reading(store);
    kx_store__abort(first);
    kx_store__abort(second);
    ok(kx_store__close(store));
}
END_TEST

/* ---- savepoints ---------------------------------------------------------------------- */

START_TEST(a_savepoint_is_kept_or_undone_alone)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_store_txn *txn = writing(store), *child, *grandchild;
    put_text(txn, ROWS, 1, "one");
    ok(kx_store__child(txn, &child));
    put_text(child, ROWS, 1, "changed");
    ok(kx_store__child(child, &grandchild));
    put_text(grandchild, ROWS, 2, "two");
    ok(kx_store__commit(grandchild));
    row_is(child, ROWS, 2, "two");
    kx_store__abort(child);
    row_is(txn, ROWS, 1, "one");
    row_is(txn, ROWS, 2, NULL);
    ok(kx_store__child(txn, &child));
    put_text(child, ROWS, 3, "three");
    ok(kx_store__commit(child));
    ok(kx_store__commit(txn));
    txn = reading(store);
    row_is(txn, ROWS, 1, "one");
    row_is(txn, ROWS, 3, "three");
    expect(KX_READONLY, kx_store__child(txn, &child));
    kx_store__abort(txn);
    ok(kx_store__close(store));
}
END_TEST

START_TEST(a_parent_waits_for_its_savepoint)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_store_txn *txn = writing(store), *child, *grandchild;
    kx_store_scan *scan;
    kx_store_item item;
    kx_slice row;
    put_text(txn, ROWS, 1, "one");
    ok(kx_store__scan_rows(txn, ROWS, 0, 9, false, &scan));
    ok(kx_store__child(txn, &child));
    expect(KX_BUSY, kx_store__row_get(txn, ROWS, 1, &row));
    expect(KX_BUSY, kx_store__row_put(txn, ROWS, 1, text(""), text("x"), false));
    expect(KX_BUSY, kx_store__scan_next(scan, &item));
    expect(KX_BUSY, kx_store__child(txn, &grandchild));
    ok(kx_store__child(child, &grandchild));
    put_text(grandchild, ROWS, 2, "two");
    expect(KX_BUSY, kx_store__commit(txn)); /* ends all three, keeps nothing */
    expect(KX_INVALID, kx_store__scan_next(scan, &item));
    kx_store__scan_close(scan);
    txn = writing(store);
    row_is(txn, ROWS, 1, NULL);
    ok(kx_store__child(txn, &child));
    ok(kx_store__child(child, &grandchild));
    kx_store__abort(txn);
    kx_store__abort(writing(store));
    ok(kx_store__close(store));
}
END_TEST

/* ---- two processes ---------------------------------------------------------------------- */

static void die_while_writing(const char *path)
{
    kx_store *store;
    kx_store_txn *txn;
    if (kx_store__open(path, NULL, &store) || kx_store__open_tables(store, &rows, 1) ||
        kx_store__begin(store, KX_STORE_WRITE, 0, &txn) ||
        kx_store__row_put(txn, ROWS, 1, text(""), text("half"), false))
        leave(1);
    tell();
    pause_here();
}

START_TEST(a_killed_writer_leaves_a_whole_store_and_a_free_lock)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    for (int i = 0; i < 5; i++) {
        other o = other_process(die_while_writing, kxt_path("a.kx"));
        await(&o);
        killed(&o);
        kx_store_txn *txn = writing(store);
        row_is(txn, ROWS, 1, NULL);
        put_text(txn, ROWS, 2, "after");
        ok(kx_store__commit(txn));
    }
    ok(kx_store__close(store));
}
END_TEST

START_TEST(a_stopped_writer_hinders_neither_opening_nor_reading)
{
    const char *path = kxt_path("a.kx");
    kx_store *store = open_tables(path);
    kx_store_txn *txn = writing(store);
    put_text(txn, ROWS, 7, "committed");
    ok(kx_store__commit(txn));
    ok(kx_store__close(store));
    other o = other_process(die_while_writing, path);
    await(&o);
    kill(o.pid, SIGSTOP);
    for (int i = 0; i < 3; i++) {
        store = open_store(path);
        ok(kx_store__open_tables(store, (const kx_store_table[]){rows, unique, postings}, 3));
        txn = reading(store);
        row_is(txn, ROWS, 7, "committed");
        row_is(txn, ROWS, 1, NULL);
        kx_store__abort(txn);
        expect(KX_BUSY, kx_store__begin(store, KX_STORE_WRITE, 30, &txn));
        said(kxt_print("process %d", (int)o.pid));
        ok(kx_store__close(store));
    }
    killed(&o);
    store = open_store(path);
    kx_store__abort(writing(store));
    ok(kx_store__close(store));
}
END_TEST

/* Counters that both sides add to: none may be lost, whoever writes. */
static void add_up(const char *path)
{
    kx_store *store;
    kx_store_txn *txn;
    if (kx_store__open(path, &(kx_store_options){.sync = 1}, &store) || kx_store__open_tables(store, &rows, 1))
        leave(1);
    for (uint64_t i = 0; i < kxt_scaled(300); i++) {
        kx_slice row;
        uint64_t sum = 0;
        if (kx_store__begin(store, KX_STORE_WRITE, i % 2 ? 0 : 60000, &txn))
            leave(2);
        if (kx_store__row_get(txn, ROWS, 1, &row) == KX_OK)
            memcpy(&sum, row.data, sizeof(sum));
        sum++;
        if (kx_store__row_put(txn, ROWS, 1, text(""), kx_slice_of(&sum, sizeof(sum)), false) || kx_store__commit(txn))
            leave(3);
    }
    leave(kx_store__close(store) ? 4 : 0);
}

START_TEST(writers_of_several_processes_take_turns)
{
    const char *path = kxt_path("a.kx");
    uint64_t sum;
    kx_slice row;
    other o[3];
    ok(kx_store__close(open_tables(path)));
    for (int i = 0; i < 3; i++)
        o[i] = other_process(add_up, path);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(ended(&o[i]), 0);
    kx_store *store = open_store(path);
    ok(kx_store__open_tables(store, &rows, 1));
    kx_store_txn *txn = reading(store);
    ok(kx_store__row_get(txn, ROWS, 1, &row));
    memcpy(&sum, row.data, sizeof(sum));
    ck_assert_uint_eq(sum, 3 * kxt_scaled(300));
    kx_store__abort(txn);
    ok(kx_store__close(store));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("store transactions");
    TCase *t = tcase_create("snapshots");
    tcase_add_test(t, a_snapshot_does_not_move);
    tcase_add_test(t, an_aborted_transaction_leaves_nothing);
    tcase_add_test(t, a_read_transaction_may_change_threads_and_many_live_at_once);
    tcase_add_test(t, counts_begin_anew_with_each_transaction_and_a_savepoint_shares_its_tops);
    tcase_add_test(t, idle_readers_give_their_slots_back_when_none_is_left);
    tcase_add_test(t, slots_of_killed_readers_are_found_again);
    suite_add_tcase(s, t);
    t = tcase_create("savepoints");
    tcase_add_test(t, a_savepoint_is_kept_or_undone_alone);
    tcase_add_test(t, a_parent_waits_for_its_savepoint);
    suite_add_tcase(s, t);
    t = tcase_create("processes");
    tcase_add_test(t, a_killed_writer_leaves_a_whole_store_and_a_free_lock);
    tcase_add_test(t, a_stopped_writer_hinders_neither_opening_nor_reading);
    tcase_add_test(t, writers_of_several_processes_take_turns);
    suite_add_tcase(s, t);
    return kxt_run(s);
}
