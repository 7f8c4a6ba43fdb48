#include "store_test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the n-th call fails ------------------------------------------------------------- */

enum { BEFORE = 6, STEP = 3 };

static void start(kx_store *store)
{
    kx_store_txn *txn = writing(store);
    for (uint64_t i = 0; i < BEFORE; i++) {
        put_text(txn, ROWS, i, "before");
        ok(kx_store__entry_add(txn, postings, text("before"), i, false));
        ok(kx_store__entry_add(txn, unique, kx_slice_of(&i, sizeof(i)), i, false));
    }
    ok(kx_store__commit(txn));
}

static int change_one(kx_store_txn *txn, uint64_t i)
{
    kx_slice row;
    uint64_t id;
    kx_store_scan *scan = NULL;
    kx_store_item item;
    int rc = kx_store__row_get(txn, ROWS, i, &row);
    if (rc == KX_OK)
        rc = kx_store__row_put(txn, ROWS, i, text(""), text("after"), false);
    if (rc == KX_OK)
        rc = kx_store__entry_get(txn, unique, kx_slice_of(&i, sizeof(i)), &id);
    if (rc == KX_OK)
        rc = kx_store__entry_remove(txn, postings, text("before"), i);
    if (rc == KX_OK)
        rc = kx_store__entry_add(txn, postings, text("later"), i, false);
    if (rc == KX_OK)
        rc = kx_store__scan_entries(txn, postings, text("later"), text(""), false, &scan);
    if (rc == KX_OK)
        rc = kx_store__scan_next(scan, &item);
    kx_store__scan_close(scan);
    return rc;
}

/* Every row is changed, half of them in a savepoint, and a table is made. */
static int scenario(kx_store *store)
{
    kx_store_txn *txn, *child = NULL;
    int rc = kx_store__begin(store, KX_STORE_WRITE, 0, &txn);
    if (rc != KX_OK)
        return rc;
    for (uint64_t i = 0; rc == KX_OK && i < BEFORE; i += STEP) {
        rc = kx_store__child(txn, &child);
        for (uint64_t k = i; rc == KX_OK && k < i + STEP; k++)
            rc = change_one(child, k);
        if (rc == KX_OK)
            rc = kx_store__commit(child);
        if (rc != KX_OK)
            break;
    }
    if (rc == KX_OK)
        rc = kx_store__make_table(txn, (kx_store_table){MORE, KX_STORE_ROWS});
    if (rc == KX_OK)
        rc = kx_store__row_put(txn, MORE, 1, text(""), text("after"), false);
    if (rc == KX_OK)
        return kx_store__commit(txn);
    kx_store__abort(txn);
    return rc;
}

static void content_is(kx_store *store, bool after)
{
    kx_store_txn *txn = reading(store);
    uint64_t count;
    for (uint64_t i = 0; i < BEFORE; i++)
        row_is(txn, ROWS, i, after ? "after" : "before");
    ok(kx_store__entry_count(txn, postings, text("before"), &count));
    ck_assert_uint_eq(count, after ? 0 : BEFORE);
    ok(kx_store__entry_count(txn, postings, text("later"), &count));
    ck_assert_uint_eq(count, after ? BEFORE : 0);
    ck_assert_int_eq(kx_store__table_is_open(store, MORE), after);
    kx_store__abort(txn);
}

START_TEST(after_any_failure_the_store_is_as_before)
{
    static const int codes[] = {KX_MAP_FULL, KX_TXN_FULL, KX_FULL, KX_IO, KX_NOMEM, KX_CORRUPT, KX_BUSY};
    const char *path = kxt_path("a.kx");
    int code = codes[_i], rc;
    for (int64_t n = 1;; n++) {
        unlink(path);
        kx_store *store = open_tables(path);
        start(store);
        kx_store__fail_after(n, code);
        rc = scenario(store);
        bool struck = !kx_store__fault_is_armed();
        kx_store__fail_after(0, KX_OK);
        expect(struck ? code : KX_OK, rc);
        content_is(store, rc == KX_OK);
        ok(kx_store__close(store));
        store = open_store(path);
        ok(kx_store__open_tables(store, (const kx_store_table[]){rows, unique, postings}, 3));
        if (struck) {
            content_is(store, false);
            ok(scenario(store));
            content_is(store, true);
        }
        ok(kx_store__close(store));
        if (!struck)
            break;
        ck_assert_int_lt(n, 1000);
    }
}
END_TEST

START_TEST(after_an_io_error_at_commit_nothing_is_written_until_reopened)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_store_txn *txn = writing(store);
    put_text(txn, ROWS, 1, "lost");
    kx_store__fail_after(1, KX_IO);
    expect(KX_IO, kx_store__commit(txn));
    expect(KX_IO, kx_store__begin(store, KX_STORE_WRITE, 0, &txn));
    said("open it again");
    txn = reading(store);
    row_is(txn, ROWS, 1, NULL);
    kx_store__abort(txn);
    ok(kx_store__close(store));
    store = open_store(kxt_path("a.kx"));
    kx_store__abort(writing(store));
    ok(kx_store__close(store));
}
END_TEST

START_TEST(a_failing_read_ends_no_read_transaction)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_slice row;
    start(store);
    kx_store_txn *txn = reading(store);
    kx_store__fail_after(1, KX_IO);
    expect(KX_IO, kx_store__row_get(txn, ROWS, 1, &row));
    said("fault");
    row_is(txn, ROWS, 1, "before");
    kx_store__abort(txn);
    ok(kx_store__close(store));
}
END_TEST

/* ---- real devices that are full ---------------------------------------------------------- */

static int fill(kx_store *store, uint64_t *done)
{
    static uint8_t bytes[3000];
    for (;;) {
        kx_store_txn *txn = writing(store);
        int rc = KX_OK;
        for (uint64_t i = 0; rc == KX_OK && i < 50; i++)
            rc = kx_store__row_put(txn, ROWS, *done + i, text(""), kx_slice_of(bytes, sizeof(bytes)), false);
        if (rc == KX_OK)
            rc = kx_store__commit(txn);
        else
            kx_store__abort(txn);
        if (rc != KX_OK)
            return rc;
        *done += 50;
    }
}

static void full_store_goes_on(kx_store *store, uint64_t done)
{
    kx_store_txn *txn = reading(store);
    uint64_t count;
    ok(kx_store__table_count(txn, ROWS, &count));
    ck_assert_uint_eq(count, done);
    kx_store__abort(txn);
    txn = writing(store);
    for (uint64_t i = 0; i < 10; i++)
        ok(kx_store__row_delete(txn, ROWS, i));
    (void)kx_store__commit(txn);
}

START_TEST(a_file_size_limit_is_a_full_device)
{
    struct rlimit limit = {2 << 20, 2 << 20};
    uint64_t done = 0;
    kx_store *store = open_tables(kxt_path("a.kx"));
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    expect(KX_FULL, fill(store, &done));
    ck_assert_uint_gt(done, 100);
    full_store_goes_on(store, done);
    ok(kx_store__close(store));
}
END_TEST

START_TEST(a_full_file_system_leaves_the_store_as_it_was)
{
    uint64_t done = 0;
    const char *folder = kxt_folder();
    if (mount("none", folder, "tmpfs", 0, "size=2m") != 0)
        return; /* no right to mount: the limit above tells as much */
    kx_store *store = open_tables(kxt_print("%s/a.kx", folder));
    int rc = fill(store, &done);
    kx_store_txn *txn = reading(store);
    kx_store__abort(txn);
    full_store_goes_on(store, done);
    ok(kx_store__close(store));
    umount(folder);
    expect(KX_FULL, rc);
}
END_TEST

START_TEST(a_read_only_file_system_is_refused_by_name)
{
    const char *folder = kxt_folder(), *path = kxt_print("%s/a.kx", folder);
    kx_store *store;
    if (mount("none", folder, "tmpfs", 0, "size=2m") != 0)
        return;
    ok(kx_store__close(open_tables(path)));
    ck_assert_int_eq(mount(NULL, folder, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
    int writer = kx_store__open(path, NULL, &store);
    int reader = kx_store__open(path, &(kx_store_options){.read_only = true}, &store);
    umount(folder);
    ck_assert_int_eq(writer, KX_READONLY);
    expect(KX_READONLY, reader);
    said("lock file");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("store errors");
    TCase *t = tcase_create("faults");
    tcase_add_loop_test(t, after_any_failure_the_store_is_as_before, 0, 7);
    tcase_add_test(t, after_an_io_error_at_commit_nothing_is_written_until_reopened);
    tcase_add_test(t, a_failing_read_ends_no_read_transaction);
    suite_add_tcase(s, t);
    t = tcase_create("devices");
    tcase_add_test(t, a_file_size_limit_is_a_full_device);
    tcase_add_test(t, a_full_file_system_leaves_the_store_as_it_was);
    tcase_add_test(t, a_read_only_file_system_is_refused_by_name);
    suite_add_tcase(s, t);
    return kxt_run(s);
}
