#include "store_test.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

const kx_store_table rows = {ROWS, KX_STORE_ROWS}, unique = {UNIQUE, KX_STORE_UNIQUE},
                     postings = {POSTINGS, KX_STORE_POSTINGS};

/* ---- claims ------------------------------------------------------------------ */

void expect_at(int want, int got, const char *call, const char *file, int line)
{
    if (got != KX_OK)
        kx_base__publish(got);
    if (got == want)
        return;
    ck_abort_msg("%s:%d: %s gave %d (%s: %s), not %d (%s)", file, line, call, got, kx_strerror(got),
                 got ? kx_errmsg() : "", want, kx_strerror(want));
}

void said_at(const char *phrase, const char *file, int line)
{
    if (!strstr(kx_errmsg(), phrase))
        ck_abort_msg("%s:%d: \"%s\" is not in: %s", file, line, phrase, kx_errmsg());
}

/* ---- tables --------------------------------------------------------------------- */

kx_store *open_store(const char *path)
{
    kx_store_options options = {0};
    kx_store *store;
    ok(kx_store__open(path, &options, &store));
    return store;
}

kx_store *open_tables(const char *path)
{
    kx_store *store = open_store(path);
    kx_store_txn *txn = writing(store);
    ok(kx_store__make_table(txn, rows));
    ok(kx_store__make_table(txn, unique));
    ok(kx_store__make_table(txn, postings));
    ok(kx_store__commit(txn));
    return store;
}

/* Pointers that a forked child still has, so that a leak checker there finds nothing lost. */
kx_store_txn *begun_transactions[256];

static kx_store_txn *begin(kx_store *store, int mode)
{
    static atomic_uint count;
    kx_store_txn *txn;
    ok(kx_store__begin(store, mode, 0, &txn));
    begun_transactions[atomic_fetch_add(&count, 1) % 256] = txn;
    return txn;
}

kx_store_txn *reading(kx_store *store)
{
    return begin(store, KX_STORE_READ);
}

kx_store_txn *writing(kx_store *store)
{
    return begin(store, KX_STORE_WRITE);
}

kx_slice text(const char *bytes)
{
    return kx_slice_of(bytes, strlen(bytes));
}

kx_slice number_key(uint64_t number, uint8_t key[8])
{
    for (int i = 0; i < 8; i++)
        key[i] = (uint8_t)(number >> (56 - 8 * i));
    return kx_slice_of(key, 8);
}

void put_text(kx_store_txn *txn, uint32_t table, uint64_t id, const char *row)
{
    ok(kx_store__row_put(txn, table, id, text(""), text(row), false));
}

void row_is(kx_store_txn *txn, uint32_t table, uint64_t id, const char *row)
{
    kx_slice got;
    expect(row ? KX_OK : KX_NOTFOUND, kx_store__row_get(txn, table, id, &got));
    if (row) {
        ck_assert_uint_eq(got.size, strlen(row));
        ck_assert_mem_eq(got.data, row, got.size);
    }
}

/* ---- other processes --------------------------------------------------------------- */

static int my_in, my_out;

void tell(void)
{
    if (write(my_out, "t", 1) != 1)
        _exit(99);
}

void pause_here(void)
{
    char byte;
    if (read(my_in, &byte, 1) != 1)
        _exit(98);
}

void leave(int status)
{
    fflush(NULL);
    _exit(status);
}

other other_process(void (*run)(const char *path), const char *path)
{
    int to[2], from[2];
    ck_assert_int_eq(pipe(to), 0);
    ck_assert_int_eq(pipe(from), 0);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        close(to[1]);
        close(from[0]);
        my_in = to[0];
        my_out = from[1];
        run(path);
        leave(97);
    }
    close(to[0]);
    close(from[1]);
    return (other){pid, to[1], from[0]};
}

void await(const other *o)
{
    char byte;
    ck_assert_int_eq(read(o->from, &byte, 1), 1);
}

void go_on(const other *o)
{
    ck_assert_int_eq(write(o->to, "g", 1), 1);
}

int ended(other *o)
{
    int status;
    ck_assert_int_eq(waitpid(o->pid, &status, 0), o->pid);
    close(o->to);
    close(o->from);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void killed(other *o)
{
    kill(o->pid, SIGKILL);
    ck_assert_int_eq(ended(o), 128 + SIGKILL);
}
