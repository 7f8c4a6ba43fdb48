/*
 * writer.c -- who may write: one thread in a process, one process on a machine.
 *
 * LMDB's own lock can neither time out nor say who holds it, and hangs a thread that takes it twice. So a writer first
 * takes a place in this process (which knows its thread) and then a record lock on one byte far beyond the end of the
 * file, where the kernel knows the holder. The lock goes with its process, killed or not.
 */
#include "store/store_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { NAP_FIRST_US = 1000, NAP_LONGEST_US = 20000 };
#define LOCK_BYTE ((off_t)1 << 62)
#define FOR_EVER  UINT64_MAX

uint64_t kx_store__clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void kx_store__nap(unsigned microseconds)
{
    struct timespec time = {0, (long)microseconds * 1000};
    (void)nanosleep(&time, NULL);
}

static int busy(const kx_store *store, uint64_t timeout_ms, const char *holder, long pid)
{
    return kx_base__fail(KX_BUSY, "%s: %s (process %ld) has held the write transaction for all of %llu ms",
                         store->temporary ? "temporary store" : store->path, holder, pid,
                         (unsigned long long)timeout_ms);
}

/* ---- in this process ---------------------------------------------------------- */

static int take_here(kx_store *store, uint64_t deadline, uint64_t timeout_ms)
{
    struct timespec until = {(time_t)(deadline / 1000), (long)(deadline % 1000) * 1000000};
    int error = 0, rc = KX_OK;
    pthread_mutex_lock(&store->writer_lock);
    if (store->writing && pthread_equal(store->writer, pthread_self()))
        rc = kx_base__fail(KX_DEADLOCK, "%s: this thread already holds the write transaction", store->path);
    while (rc == KX_OK && store->writing && error != ETIMEDOUT)
        error = deadline == FOR_EVER ? pthread_cond_wait(&store->writer_free, &store->writer_lock)
                                     : pthread_cond_timedwait(&store->writer_free, &store->writer_lock, &until);
    if (rc == KX_OK && store->writing)
        rc = busy(store, timeout_ms, "another thread of this process", (long)getpid());
    if (rc == KX_OK) {
        store->writing = true;
        store->writer = pthread_self();
    }
    pthread_mutex_unlock(&store->writer_lock);
    return rc;
}

static void give_here(kx_store *store)
{
    pthread_mutex_lock(&store->writer_lock);
    store->writing = false;
    pthread_cond_signal(&store->writer_free);
    pthread_mutex_unlock(&store->writer_lock);
}

bool kx_store__owned(const kx_store_txn *txn)
{
    kx_store *store = txn->store;
    pthread_mutex_lock(&store->writer_lock);
    bool owned = txn->writes && store->writing && pthread_equal(store->writer, pthread_self());
    pthread_mutex_unlock(&store->writer_lock);
    return owned;
}

/* ---- between processes ---------------------------------------------------------- */

static int record_lock(const kx_store *store, int command, short type, struct flock *lock)
{
    memset(lock, 0, sizeof(*lock));
    lock->l_type = type;
    lock->l_whence = SEEK_SET;
    lock->l_start = LOCK_BYTE;
    lock->l_len = 1;
    return fcntl(store->fd, command, lock) == 0 ? 0 : errno;
}

static int busy_elsewhere(const kx_store *store, uint64_t timeout_ms)
{
    struct flock lock;
    bool known = record_lock(store, F_GETLK, F_WRLCK, &lock) == 0 && lock.l_type != F_UNLCK;
    return busy(store, timeout_ms, known ? "another process" : "a process that has just ended",
                known ? (long)lock.l_pid : 0L);
}

/* EDEADLK is the kernel's guess from whole processes, wrong where threads are concerned: then it is polled instead. */
static int take_file(const kx_store *store, uint64_t deadline, uint64_t timeout_ms)
{
    struct flock lock;
    unsigned nap = NAP_FIRST_US;
    int error = record_lock(store, F_SETLK, F_WRLCK, &lock);
    while ((error == EAGAIN || error == EACCES || error == EINTR) && deadline == FOR_EVER)
        error = record_lock(store, F_SETLKW, F_WRLCK, &lock);
    while (error == EAGAIN || error == EACCES || error == EINTR || error == EDEADLK) {
        if (kx_store__clock_ms() >= deadline)
            return busy_elsewhere(store, timeout_ms);
        kx_store__nap(nap);
        nap = nap * 2 < NAP_LONGEST_US ? nap * 2 : NAP_LONGEST_US;
        error = record_lock(store, F_SETLK, F_WRLCK, &lock);
    }
    return error == 0 ? KX_OK : kx_store__sys_error(store->path, error, "lock for writing");
}

int kx_store__writer_take(kx_store *store, uint64_t timeout_ms)
{
    uint64_t now = kx_store__clock_ms();
    uint64_t deadline = timeout_ms == 0 || timeout_ms > INT64_MAX - now ? FOR_EVER : now + timeout_ms;
    int rc = take_here(store, deadline, timeout_ms);
    if (rc != KX_OK)
        return rc;
    rc = take_file(store, deadline, timeout_ms);
    if (rc != KX_OK)
        give_here(store);
    return rc;
}

void kx_store__writer_give(kx_store *store)
{
    struct flock lock;
    (void)record_lock(store, F_SETLK, F_UNLCK, &lock);
    give_here(store);
}
