#include "store_test.h"

#include <pthread.h>
#include <unistd.h>

static int other_thread_says;

static void *try_to_write(void *context)
{
    kx_store_txn *txn;
    other_thread_says = kx_store__begin(context, KX_STORE_WRITE, 20, &txn);
    if (other_thread_says == KX_OK)
        kx_store__abort(txn);
    else
        kx_base__publish(other_thread_says);
    return (void *)(uintptr_t)kxt_print("%s", kx_errmsg());
}

START_TEST(a_thread_that_holds_the_writer_is_told_so)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_store_txn *txn = writing(store), *second;
    expect(KX_DEADLOCK, kx_store__begin(store, KX_STORE_WRITE, 0, &second));
    expect(KX_DEADLOCK, kx_store__begin(store, KX_STORE_WRITE, 10, &second));
    ck_assert_ptr_null(second);
    kx_store__abort(reading(store));
    ok(kx_store__commit(txn));
    kx_store__abort(writing(store));
    ok(kx_store__close(store));
}
END_TEST

START_TEST(another_thread_waits_as_long_as_it_said)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_store_txn *txn = writing(store);
    pthread_t thread;
    void *message;
    ck_assert_int_eq(pthread_create(&thread, NULL, try_to_write, store), 0);
    pthread_join(thread, &message);
    ck_assert_int_eq(other_thread_says, KX_BUSY);
    ck_assert_ptr_nonnull(strstr(message, "another thread of this process"));
    ck_assert_ptr_nonnull(strstr(message, kxt_print("%d", (int)getpid())));
    kx_store__abort(txn);
    ck_assert_int_eq(pthread_create(&thread, NULL, try_to_write, store), 0);
    pthread_join(thread, &message);
    ck_assert_int_eq(other_thread_says, KX_OK);
    ok(kx_store__close(store));
}
END_TEST

static void *ask_owner(void *txn)
{
    return kx_store__owned(txn) ? txn : NULL;
}

START_TEST(the_owner_of_a_write_transaction_is_known)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_store_txn *txn = writing(store), *child, *reader;
    pthread_t thread;
    void *says;
    ck_assert(kx_store__owned(txn));
    ok(kx_store__child(txn, &child));
    ck_assert(kx_store__owned(child));
    ck_assert_int_eq(pthread_create(&thread, NULL, ask_owner, child), 0);
    pthread_join(thread, &says);
    ck_assert_ptr_null(says);
    kx_store__abort(txn);
    reader = reading(store);
    ck_assert(!kx_store__owned(reader));
    kx_store__abort(reader);
    ok(kx_store__close(store));
}
END_TEST

static void *count_up(void *store)
{
    for (uint64_t i = 0; i < kxt_scaled(300); i++) {
        kx_store_txn *txn;
        kx_slice row;
        uint64_t sum = 0;
        if (kx_store__begin(store, KX_STORE_WRITE, i % 2 ? 0 : 60000, &txn) != KX_OK)
            return NULL;
        if (kx_store__row_get(txn, ROWS, 1, &row) == KX_OK)
            memcpy(&sum, row.data, sizeof(sum));
        sum++;
        if (kx_store__row_put(txn, ROWS, 1, text(""), kx_slice_of(&sum, sizeof(sum)), false) != KX_OK ||
            kx_store__commit(txn) != KX_OK)
            return NULL;
    }
    return store;
}

START_TEST(threads_take_turns)
{
    kx_store *store;
    kx_slice row;
    uint64_t sum;
    pthread_t threads[4];
    ok(kx_store__close(open_tables(kxt_path("a.kx"))));
    ok(kx_store__open(kxt_path("a.kx"), &(kx_store_options){.sync = 1}, &store));
    ok(kx_store__open_tables(store, &rows, 1));
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, count_up, store), 0);
    for (int i = 0; i < 4; i++) {
        void *result;
        pthread_join(threads[i], &result);
        ck_assert_ptr_nonnull(result);
    }
    kx_store_txn *txn = reading(store);
    ok(kx_store__row_get(txn, ROWS, 1, &row));
    memcpy(&sum, row.data, sizeof(sum));
    ck_assert_uint_eq(sum, 4 * kxt_scaled(300));
    kx_store__abort(txn);
    ok(kx_store__close(store));
}
END_TEST

static void hold_first(const char *path)
{
    kx_store *store;
    kx_store_txn *txn;
    if (kx_store__open(path, NULL, &store) || kx_store__begin(store, KX_STORE_WRITE, 0, &txn))
        leave(1);
    tell();
    pause_here();
    kx_store__abort(txn);
    leave(kx_store__close(store) ? 2 : 0);
}

START_TEST(a_writer_without_a_timeout_waits_for_another_process)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_store_txn *txn;
    other o = other_process(hold_first, kxt_path("a.kx"));
    await(&o);
    expect(KX_BUSY, kx_store__begin(store, KX_STORE_WRITE, 1, &txn));
    said("another process");
    go_on(&o);
    kx_store__abort(writing(store));
    ck_assert_int_eq(ended(&o), 0);
    ok(kx_store__close(store));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("store writer");
    TCase *t = tcase_create("writer");
    tcase_add_test(t, a_thread_that_holds_the_writer_is_told_so);
    tcase_add_test(t, another_thread_waits_as_long_as_it_said);
    tcase_add_test(t, the_owner_of_a_write_transaction_is_known);
    tcase_add_test(t, threads_take_turns);
    tcase_add_test(t, a_writer_without_a_timeout_waits_for_another_process);
    suite_add_tcase(s, t);
    return kxt_run(s);
}
