#include "damage.h"
#include "store_test.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int try_open(const char *path, kx_store_options options)
{
    kx_store *store;
    int rc = kx_store__open(path, &options, &store);
    if (rc == KX_OK)
        ok(kx_store__close(store));
    else
        ck_assert_ptr_null(store);
    return rc;
}

static int try_plainly(const char *path)
{
    return try_open(path, (kx_store_options){0});
}

/* ---- opening ---------------------------------------------------------------------- */

START_TEST(a_new_store_is_empty_private_and_stays)
{
    const char *path = kxt_path("a.kx");
    struct stat file;
    kx_store *store = open_store(path);
    kx_store_txn *txn = reading(store);
    kx_slice row;
    uint64_t count;
    ck_assert(kx_store__is_empty(txn));
    expect(KX_NOTFOUND, kx_store__row_get(txn, KX_STORE_META, 1, &row));
    ok(kx_store__table_count(txn, KX_STORE_CATALOG, &count));
    ck_assert_uint_eq(count, 0);
    kx_store__abort(txn);
    txn = writing(store);
    ck_assert(kx_store__is_empty(txn));
    put_text(txn, KX_STORE_META, 1, "version");
    ck_assert(!kx_store__is_empty(txn));
    ok(kx_store__commit(txn));
    ok(kx_store__close(store));
    ck_assert_int_eq(stat(path, &file), 0);
    ck_assert_uint_eq(file.st_mode & 0777, 0600);
    ck_assert_int_eq(stat(kxt_print("%s-lock", path), &file), 0);
    ck_assert_uint_eq(file.st_mode & 0777, 0600);
    store = open_store(path);
    txn = reading(store);
    ck_assert(!kx_store__is_empty(txn));
    row_is(txn, KX_STORE_META, 1, "version");
    kx_store__abort(txn);
    ck_assert_ptr_nonnull(strstr(kx_store__engine(), "LMDB"));
    ck_assert_str_eq(kx_store__path(store), path);
    ok(kx_store__close(store));
}
END_TEST

START_TEST(a_store_that_must_exist_is_not_made)
{
    expect(KX_NOTFOUND, try_open(kxt_path("none.kx"), (kx_store_options){.must_exist = true}));
    said("none.kx");
    expect(KX_NOTFOUND, try_open(kxt_path("none.kx"), (kx_store_options){.read_only = true}));
    ck_assert_int_ne(access(kxt_path("none.kx"), F_OK), 0);
    expect(KX_IO, try_plainly(kxt_path("no/such/folder.kx")));
    expect(KX_INVALID, try_plainly(""));
    expect(KX_INVALID, try_open(kxt_path("a.kx"), (kx_store_options){.sync = 2}));
    ok(try_open(kxt_path("a.kx"), (kx_store_options){.sync = 1, .mode = 0640}));
    ok(try_open(kxt_path("a.kx"), (kx_store_options){.must_exist = true}));
}
END_TEST

START_TEST(what_is_no_file_is_named)
{
    mkdir(kxt_path("folder"), 0700);
    expect(KX_INVALID, try_plainly(kxt_path("folder")));
    said("folder");
    ck_assert_int_eq(mkfifo(kxt_path("fifo"), 0600), 0);
    expect(KX_INVALID, try_plainly(kxt_path("fifo")));
    said("not a regular file");
    expect(KX_INVALID, try_open(kxt_path("fifo"), (kx_store_options){.read_only = true}));
    expect(KX_INVALID, try_open("/dev/null", (kx_store_options){.read_only = true}));
    ok(try_plainly(kxt_path("a.kx")));
    ck_assert_int_eq(link(kxt_path("a.kx"), kxt_path("b.kx")), 0);
    expect(KX_INVALID, try_plainly(kxt_path("a.kx")));
    said("2 hard links");
    ck_assert_int_eq(symlink("loop", kxt_path("loop")), 0);
    expect(KX_IO, try_plainly(kxt_path("loop")));
}
END_TEST

START_TEST(remote_file_systems_are_known_by_their_type)
{
    ck_assert(kx_store__is_remote(0x6969));
    ck_assert(kx_store__is_remote(0xFF534D42));
    ck_assert(kx_store__is_remote((uint64_t)(int64_t)(int32_t)0xFE534D42));
    ck_assert(kx_store__is_remote(0x517B));
    ck_assert(kx_store__is_remote(0x01021997));
    ck_assert(kx_store__is_remote(0x65735546));
    ck_assert(kx_store__is_remote(0x00C36400));
    ck_assert(kx_store__is_remote(0x5346414F));
    ck_assert(!kx_store__is_remote(0xEF53));
    ck_assert(!kx_store__is_remote(0x01021994));
    ck_assert(!kx_store__is_remote(0x58465342));
    ck_assert(!kx_store__is_remote(0x794c7630));
}
END_TEST

/* As somebody who may not: root may everything, so it becomes nobody in a process of its own. */
static void open_as_nobody(const char *path)
{
    kx_store *store;
    kx_store_options plain = {0}, reader = {.read_only = true};
    if (geteuid() == 0 && (setegid(65534) != 0 || seteuid(65534) != 0))
        leave(90);
    int rc = kx_store__open(path, &plain, &store);
    if (rc != KX_READONLY)
        leave(1);
    rc = kx_store__open(path, &reader, &store);
    kx_base__publish(rc);
    if (rc != KX_READONLY)
        leave(2);
    leave(strstr(kx_errmsg(), "-lock") ? 0 : 3);
}

START_TEST(a_reader_without_right_to_the_lock_file_is_told_so)
{
    const char *path = kxt_path("a.kx");
    ok(kx_store__close(open_tables(path)));
    chmod(path, 0444);
    chmod(kxt_print("%s-lock", path), 0444);
    chmod(kxt_path("."), 0755);
    for (char *folder = kxt_print("%s", path), *slash; (slash = strrchr(folder, '/')) != NULL && slash != folder;) {
        *slash = '\0';
        struct stat file;
        if (stat(folder, &file) == 0 && file.st_uid == geteuid())
            (void)chmod(folder, file.st_mode | 0111);
    }
    other o = other_process(open_as_nobody, path);
    ck_assert_int_eq(ended(&o), 0);
}
END_TEST

/* ---- the same file again ------------------------------------------------------------- */

START_TEST(every_path_of_a_file_gives_the_same_environment)
{
    const char *path = kxt_path("a.kx");
    kx_store *first = open_tables(path), *again;
    ck_assert_int_eq(symlink("a.kx", kxt_path("link.kx")), 0);
    ck_assert_int_eq(symlink(kxt_path("link.kx"), kxt_path("link2.kx")), 0);
    const char *names[] = {path, kxt_path("link.kx"), kxt_path("link2.kx"), "././a.kx", "a.kx"};
    ck_assert_int_eq(chdir(kxt_path(".")), 0);
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        ok(kx_store__open(names[i], NULL, &again));
        ck_assert_ptr_eq(again, first);
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        ok(kx_store__close(first));
    kx_store_txn *txn = reading(first);
    kx_store__abort(txn);
    ok(kx_store__close(first));
    ck_assert_int_ne(access("link.kx-lock", F_OK), 0);
}
END_TEST

START_TEST(a_link_to_nothing_makes_its_target)
{
    ck_assert_int_eq(mkdir(kxt_path("data"), 0700), 0);
    ck_assert_int_eq(symlink("data/b.kx", kxt_path("link.kx")), 0);
    ck_assert_int_eq(symlink("link.kx", kxt_path("link2.kx")), 0);
    kx_store *store = open_store(kxt_path("link2.kx"));
    ck_assert_str_eq(kx_store__path(store), kxt_path("data/b.kx"));
    ok(kx_store__close(store));
    ck_assert_int_eq(access(kxt_path("data/b.kx-lock"), F_OK), 0);
}
END_TEST

START_TEST(other_options_for_an_open_file_conflict_and_both_are_named)
{
    const char *path = kxt_path("a.kx");
    kx_store *store = open_store(path);
    expect(KX_CONFLICT, try_open(path, (kx_store_options){.sync = 1}));
    said("KX_SYNC,");
    said("KX_SYNC_LATER");
    expect(KX_CONFLICT, try_open(path, (kx_store_options){.read_only = true}));
    said("read only");
    said("read and write");
    expect(KX_CONFLICT, try_open(path, (kx_store_options){.mode = 0644}));
    said("0644");
    said("0600");
    expect(KX_CONFLICT, try_open(path, (kx_store_options){.map_limit_bytes = 1 << 20}));
    said("1048576");
    ok(try_open(path, (kx_store_options){.mode = 0600, .max_readers = 5, .write_timeout_ms = 3}));
    ok(kx_store__close(store));
    ok(try_open(path, (kx_store_options){.sync = 1}));
}
END_TEST

START_TEST(a_store_with_live_transactions_does_not_close)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_store_txn *txn = reading(store);
    expect(KX_BUSY, kx_store__close(store));
    said("1 transactions");
    kx_store__abort(txn);
    txn = writing(store);
    expect(KX_BUSY, kx_store__close(store));
    kx_store__abort(txn);
    ok(kx_store__close(store));
    ok(kx_store__close(NULL));
}
END_TEST

START_TEST(a_temporary_store_is_gone_at_close)
{
    ck_assert_int_eq(setenv("TMPDIR", kxt_folder(), 1), 0);
    kx_store *one = open_tables(NULL), *two = open_tables(NULL);
    ck_assert_ptr_ne(one, two);
    ck_assert_str_eq(kx_store__path(one), "");
    ck_assert_int_eq(rmdir(getenv("TMPDIR")), 0); /* nothing of it has a name */
    mkdir(getenv("TMPDIR"), 0700);
    kx_store_txn *a = writing(one), *b = writing(two);
    put_text(a, ROWS, 1, "one");
    row_is(b, ROWS, 1, NULL);
    ok(kx_store__commit(a));
    kx_store__abort(b);
    ok(kx_store__close(one));
    ok(kx_store__close(two));
    expect(KX_INVALID, try_open(NULL, (kx_store_options){.read_only = true}));
}
END_TEST

/* ---- files that were exchanged ---------------------------------------------------------- */

START_TEST(a_file_put_in_the_place_of_an_open_one_is_refused)
{
    const char *path = kxt_path("a.kx");
    kx_store_txn *txn;
    ok(kx_store__close(open_tables(kxt_path("new.kx"))));
    kx_store *store = open_tables(path);
    ck_assert_int_eq(rename(kxt_path("new.kx"), path), 0);
    expect(KX_REPLACED, try_plainly(path));
    expect(KX_REPLACED, kx_store__begin(store, KX_STORE_WRITE, 0, &txn));
    txn = reading(store);
    kx_store__abort(txn);
    ok(kx_store__close(store));
    ok(try_plainly(path));
}
END_TEST

START_TEST(a_moved_or_deleted_file_is_not_written)
{
    const char *path = kxt_path("a.kx");
    kx_store_txn *txn;
    kx_store *store = open_tables(path);
    ck_assert_int_eq(rename(path, kxt_path("b.kx")), 0);
    expect(KX_REPLACED, kx_store__begin(store, KX_STORE_WRITE, 0, &txn));
    expect(KX_REPLACED, try_plainly(path));
    ck_assert_int_eq(rename(kxt_path("b.kx"), path), 0);
    kx_store__abort(writing(store));
    ck_assert_int_eq(unlink(kxt_print("%s-lock", path)), 0);
    expect(KX_REPLACED, kx_store__begin(store, KX_STORE_WRITE, 0, &txn));
    said("lock file");
    ok(kx_store__close(store));
    ok(try_plainly(path));
}
END_TEST

START_TEST(the_lock_file_of_an_open_store_is_never_opened)
{
    const char *path = kxt_path("a.kx");
    kx_store *store = open_tables(path);
    expect(KX_INVALID, try_plainly(kxt_print("%s-lock", path)));
    ok(kx_store__close(store));
    expect(KX_FORMAT, try_plainly(kxt_print("%s-lock", path)));
}
END_TEST

/* ---- 0 bytes ----------------------------------------------------------------------------- */

static void fill_elsewhere(const char *path)
{
    kx_store *store;
    kx_store_txn *txn;
    if (kx_store__open(path, NULL, &store) || kx_store__begin(store, KX_STORE_WRITE, 0, &txn) ||
        kx_store__row_put(txn, KX_STORE_META, 1, text(""), text("made"), false) || kx_store__commit(txn))
        leave(1);
    leave(kx_store__close(store) ? 2 : 0);
}

START_TEST(a_file_of_0_bytes_is_an_empty_store_and_looked_at_again)
{
    const char *path = kxt_path("a.kx");
    kx_store_options reader = {.read_only = true};
    kx_store *store;
    kx_store_txn *txn, *old;
    kx_store_scan *scan;
    kx_store_item item;
    kx_store_info info;
    uint64_t id, count;
    kxt_write_file(path, "");
    ok(kx_store__open(path, &reader, &store));
    old = reading(store);
    ck_assert(kx_store__is_empty(old));
    ck_assert_uint_eq(kx_store__snapshot(old), 0);
    expect(KX_NOTFOUND, kx_store__row_last(old, KX_STORE_META, &id));
    expect(KX_NOTFOUND, kx_store__entry_get(old, unique, text("k"), &id));
    ok(kx_store__entry_count(old, unique, text("k"), &count));
    ok(kx_store__scan_rows(old, KX_STORE_META, 0, 9, false, &scan));
    expect(KX_NOTFOUND, kx_store__scan_next(scan, &item));
    ok(kx_store__info(old, &info));
    ck_assert_uint_eq(info.file_bytes, 0);
    expect(KX_READONLY, kx_store__begin(store, KX_STORE_WRITE, 0, &txn));
    other o = other_process(fill_elsewhere, path);
    ck_assert_int_eq(ended(&o), 0);
    ck_assert(kx_store__is_empty(old));
    txn = reading(store);
    ck_assert(!kx_store__is_empty(txn));
    row_is(txn, KX_STORE_META, 1, "made");
    kx_store__abort(txn);
    kx_store__abort(old);
    kx_store__scan_close(scan);
    ok(kx_store__close(store));
    kxt_write_file(kxt_path("b.kx"), "");
    ok(kx_store__close(open_tables(kxt_path("b.kx"))));
}
END_TEST

/* ---- fork ---------------------------------------------------------------------------------- */

START_TEST(a_child_is_refused_and_may_open_anew)
{
    const char *path = kxt_path("a.kx");
    kx_store *store = open_tables(path), *own;
    kx_store_txn *txn, *held = reading(store);
    for (int i = 0; i < 50; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            int rc = kx_store__begin(store, KX_STORE_READ, 0, &txn);
            if (rc != KX_FORKED || kx_store__begin(store, KX_STORE_WRITE, 0, &txn) != KX_FORKED ||
                kx_store__close(store) != KX_FORKED || kx_store__open_tables(store, &rows, 1) != KX_FORKED)
                leave(1);
            kx_store__abandon(store);
            if (kx_store__open(path, NULL, &own) || kx_store__open_tables(own, &rows, 1) ||
                kx_store__begin(own, KX_STORE_WRITE, 0, &txn) ||
                kx_store__row_put(txn, ROWS, (uint64_t)i, text(""), text("child"), false) || kx_store__commit(txn) ||
                kx_store__close(own))
                leave(2);
            leave(0);
        }
        int status;
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert_int_eq(status, 0);
        txn = reading(store);
        row_is(txn, ROWS, (uint64_t)i, "child");
        kx_store__abort(txn);
        txn = writing(store);
        put_text(txn, ROWS, 1000 + (uint64_t)i, "parent");
        ok(kx_store__commit(txn));
    }
    row_is(held, ROWS, 0, NULL);
    kx_store__abort(held);
    ok(kx_store__close(store));
}
END_TEST

/* ---- descriptors, locks, limits --------------------------------------------------------------- */

START_TEST(no_descriptor_goes_through_exec)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_store_txn *txn = reading(store);
    for (int fd = 3; fd < 256; fd++) {
        char name[64], target[512];
        snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
        ssize_t size = readlink(name, target, sizeof(target) - 1);
        target[size < 0 ? 0 : size] = '\0';
        if (strstr(target, "a.kx"))
            ck_assert_msg(fcntl(fd, F_GETFD) & FD_CLOEXEC, "%s stays open", target);
    }
    kx_store__abort(txn);
    ok(kx_store__close(store));
}
END_TEST

/* LMDB's lock on the first byte of the lock file says that somebody is there; losing it would let others start anew. */
static void want_exclusive(const char *path)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
    int fd = open(kxt_print("%s-lock", path), O_RDWR);
    leave(fd >= 0 && fcntl(fd, F_SETLK, &lock) != 0 ? 0 : 1);
}

START_TEST(no_call_drops_the_lock_on_the_lock_file)
{
    const char *path = kxt_path("a.kx");
    kx_store_info info;
    kx_store *store = open_tables(path), *again;
    kx_store_txn *txn = reading(store);
    ok(kx_store__info(txn, &info));
    kx_store__abort(txn);
    ok(kx_store__open(path, NULL, &again));
    ok(kx_store__close(again));
    expect(KX_CONFLICT, try_open(path, (kx_store_options){.read_only = true}));
    expect(KX_INVALID, try_plainly(kxt_print("%s-lock", path)));
    txn = writing(store);
    put_text(txn, ROWS, 1, "x");
    ok(kx_store__commit(txn));
    other o = other_process(want_exclusive, path);
    ck_assert_int_eq(ended(&o), 0);
    ok(kx_store__close(store));
}
END_TEST

START_TEST(an_address_space_limit_gives_a_smaller_map)
{
    struct rlimit limit = {UINT64_C(2) << 30, UINT64_C(2) << 30};
    kx_store_info info;
    if (!kxt_plain() || setrlimit(RLIMIT_AS, &limit) != 0)
        return;
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_store_txn *txn = reading(store);
    ok(kx_store__info(txn, &info));
    ck_assert_uint_le(info.map_bytes, limit.rlim_cur / 4);
    kx_store__abort(txn);
    ok(kx_store__close(store));
}
END_TEST

START_TEST(info_says_what_is_there)
{
    kx_store_info info;
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_store_txn *txn = writing(store);
    for (uint64_t i = 0; i < 1000; i++)
        put_text(txn, ROWS, i, "some bytes for a row, about as long as this");
    ok(kx_store__commit(txn));
    txn = writing(store);
    ok(kx_store__empty_table(txn, ROWS));
    ok(kx_store__commit(txn));
    kx_store__abort(writing(store));
    ok(kx_store__commit(writing(store)));
    txn = writing(store);
    ok(kx_store__info(txn, &info));
    ck_assert_uint_eq(info.commits, 3);
    ck_assert_uint_eq(info.page_bytes, 4096);
    ck_assert_uint_eq(info.max_readers, 1024);
    ck_assert_uint_ge(info.used_bytes, 60000);
    ck_assert_uint_ge(info.free_bytes, 40000);
    ck_assert_uint_lt(info.free_bytes, info.used_bytes);
    ck_assert_uint_ge(info.map_bytes, info.used_bytes);
    ck_assert_uint_gt(info.file_bytes, 0);
    ck_assert_uint_eq(info.last_txn + 1, kx_store__snapshot(txn));
    kx_store__abort(txn);
    kx_store_txn *a = reading(store), *b = reading(store);
    ok(kx_store__info(a, &info));
    ck_assert_uint_ge(info.readers, 2);
    ck_assert_uint_eq(kx_store__snapshot(a), info.last_txn);
    kx_store__abort(a);
    kx_store__abort(b);
    ok(kx_store__close(store));
}
END_TEST

static void open_and_close(const char *path)
{
    int rc = KX_OK;
    for (uint64_t i = 0; rc == KX_OK && i < 1 + kxt_scaled(200); i++) {
        kx_store *store;
        kx_store_txn *txn;
        rc = kx_store__open(path, NULL, &store);
        if (rc != KX_OK)
            break;
        rc = kx_store__begin(store, KX_STORE_WRITE, 0, &txn);
        if (rc == KX_OK)
            rc = kx_store__row_put(txn, KX_STORE_META, i, text(""), text("x"), false);
        if (rc == KX_OK)
            rc = kx_store__commit(txn);
        if (rc == KX_OK)
            rc = kx_store__begin(store, KX_STORE_READ, 0, &txn);
        if (rc != KX_OK)
            break;
        kx_store__abort(txn);
        rc = kx_store__close(store);
    }
    if (rc != KX_OK) {
        kx_base__publish(rc);
        fprintf(stderr, "%s\n", kx_errmsg());
    }
    leave(rc == KX_OK ? 0 : 1);
}

START_TEST(processes_that_open_and_close_together_never_fail)
{
    other o[4];
    for (int i = 0; i < 4; i++)
        o[i] = other_process(open_and_close, kxt_path("a.kx"));
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(ended(&o[i]), 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("store env");
    TCase *t = tcase_create("open");
    tcase_add_test(t, a_new_store_is_empty_private_and_stays);
    tcase_add_test(t, a_store_that_must_exist_is_not_made);
    tcase_add_test(t, what_is_no_file_is_named);
    tcase_add_test(t, remote_file_systems_are_known_by_their_type);
    tcase_add_test(t, a_reader_without_right_to_the_lock_file_is_told_so);
    tcase_add_test(t, a_file_of_0_bytes_is_an_empty_store_and_looked_at_again);
    tcase_add_test(t, a_temporary_store_is_gone_at_close);
    suite_add_tcase(s, t);
    t = tcase_create("registry");
    tcase_add_test(t, every_path_of_a_file_gives_the_same_environment);
    tcase_add_test(t, a_link_to_nothing_makes_its_target);
    tcase_add_test(t, other_options_for_an_open_file_conflict_and_both_are_named);
    tcase_add_test(t, a_store_with_live_transactions_does_not_close);
    tcase_add_test(t, a_file_put_in_the_place_of_an_open_one_is_refused);
    tcase_add_test(t, a_moved_or_deleted_file_is_not_written);
    tcase_add_test(t, the_lock_file_of_an_open_store_is_never_opened);
    tcase_add_test(t, a_child_is_refused_and_may_open_anew);
    suite_add_tcase(s, t);
    t = tcase_create("system");
    tcase_add_test(t, no_descriptor_goes_through_exec);
    tcase_add_test(t, no_call_drops_the_lock_on_the_lock_file);
    tcase_add_test(t, an_address_space_limit_gives_a_smaller_map);
    tcase_add_test(t, info_says_what_is_there);
    tcase_add_test(t, processes_that_open_and_close_together_never_fail);
    suite_add_tcase(s, t);
    return kxt_run(s);
}
