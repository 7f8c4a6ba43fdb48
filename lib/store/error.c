/*
 * error.c -- where LMDB's numbers end, and the faults that tests ask for.
 *
 * Nothing beyond this file returns an MDB_ value or an errno. Two codes are plain signals and get no text, since only
 * the caller knows what they mean: KX_NOTFOUND and KX_EXISTS.
 */
#include "store/store_impl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

/* ---- codes ----------------------------------------------------------------- */

static int from_lmdb(int mdb)
{
    switch (mdb) {
    case MDB_SUCCESS: return KX_OK;
    case MDB_NOTFOUND: return KX_NOTFOUND;
    case MDB_KEYEXIST: return KX_EXISTS;
    case MDB_MAP_FULL: return KX_MAP_FULL;
    case MDB_TXN_FULL: return KX_TXN_FULL;
    case MDB_READERS_FULL: return KX_READERS;
    case MDB_DBS_FULL:
    case MDB_BAD_VALSIZE: return KX_LIMIT;
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH: return KX_FORMAT;
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_PAGE_FULL:
    case MDB_CURSOR_FULL:
    case MDB_INCOMPATIBLE: return KX_CORRUPT;
    case MDB_BAD_TXN:
    case MDB_BAD_DBI: return KX_INVALID;
    default: return KX_IO;
    }
}

static int from_errno(int error)
{
    switch (error) {
    case ENOMEM: return KX_NOMEM;
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return KX_FULL;
    case EROFS:
    case EACCES:
    case EPERM: return KX_READONLY;
    default: return KX_IO;
    }
}

/* What to do about it, behind the system's or LMDB's own words. */
static const char *advice(int code, int mdb)
{
    if (mdb == MDB_PANIC)
        return ". An earlier failure left it unusable: close and open it again";
    switch (code) {
    case KX_MAP_FULL: return ". The map must grow: run the transaction again";
    case KX_TXN_FULL: return ". Commit in smaller parts";
    case KX_READERS: return ". Too many read transactions live; open with a larger max_readers";
    case KX_FULL: return ". Nothing of the transaction was kept; make room and try again";
    default: return "";
    }
}

/* LMDB says EIO for a write that came out short, as one does on a device that has just filled up, or at a file's
   size limit. */
static bool device_is_full(const kx_store *store)
{
    struct statvfs fs;
    struct rlimit limit;
    struct stat file;
    if (!store || store->fd < 0 || fstatvfs(store->fd, &fs) != 0 || fstat(store->fd, &file) != 0)
        return false;
    uint64_t page = store->page_bytes ? store->page_bytes : 4096;
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
        (uint64_t)file.st_size + page > limit.rlim_cur)
        return true;
    return (uint64_t)fs.f_bavail * fs.f_frsize < 4 * page;
}

static const char *name_of(const kx_store *store)
{
    return !store ? "store" : store->temporary ? "temporary store" : store->path;
}

int kx_store__error(const kx_store *store, int mdb, const char *what)
{
    int code = mdb > 0 ? from_errno(mdb) : from_lmdb(mdb);
    if (mdb == EIO && device_is_full(store))
        code = KX_FULL;
    if (code == KX_OK || code == KX_NOTFOUND || code == KX_EXISTS)
        return code;
    if (code == KX_NOMEM)
        return kx_base__nomem();
    return kx_base__fail(code, "%s: %s: %s%s", name_of(store), what, mdb_strerror(mdb), advice(code, mdb));
}

static bool only_abort_is_left(int code)
{
    return code == KX_MAP_FULL || code == KX_TXN_FULL || code == KX_NOMEM || code == KX_FULL || code == KX_IO ||
           code == KX_CORRUPT;
}

int kx_store__txn_error(kx_store_txn *txn, int mdb, const char *what)
{
    if (mdb == EINVAL)
        return kx_base__fail(KX_INVALID, "%s: %s: the table was opened after this transaction began",
                             name_of(txn->store), what);
    int code = kx_store__error(txn->store, mdb, what);
    if (txn->writes && only_abort_is_left(code))
        txn->poison = code;
    return code;
}

int kx_store__sys_error(const char *path, int error, const char *what)
{
    int code = from_errno(error);
    if (code == KX_NOMEM)
        return kx_base__nomem();
    return kx_base__fail(code, "%s '%s': %s", what, path, strerror(error));
}

const char *kx_store__engine(void)
{
    return mdb_version(NULL, NULL, NULL);
}

/* ---- faults ------------------------------------------------------------------ */

atomic_bool kx_store__faults_armed;
static atomic_llong fault_countdown;
static atomic_int fault_code;

static unsigned sites_of(int code)
{
    switch (code) {
    case KX_READERS:
    case KX_PID:
    case KX_BUSY: return FAULT_BEGIN;
    case KX_MAP_FULL:
    case KX_TXN_FULL:
    case KX_FULL: return FAULT_WRITE | FAULT_COMMIT;
    case KX_CORRUPT: return FAULT_READ | FAULT_WRITE;
    default: return FAULT_BEGIN | FAULT_READ | FAULT_WRITE | FAULT_COMMIT;
    }
}

int kx_store__fault_strikes(kx_fault_site site)
{
    int code = atomic_load(&fault_code);
    if (!(sites_of(code) & (unsigned)site) || atomic_fetch_sub(&fault_countdown, 1) != 1)
        return KX_OK;
    atomic_store(&kx_store__faults_armed, false);
    return kx_base__fail(code, "fault asked for by a test");
}

int kx_store__txn_fault_strikes(kx_store_txn *txn, kx_fault_site site)
{
    int code = kx_store__fault_strikes(site);
    if (txn->writes && only_abort_is_left(code))
        txn->poison = code;
    return code;
}

void kx_store__fail_after(int64_t n, int code)
{
    atomic_store(&fault_code, code);
    atomic_store(&fault_countdown, n);
    atomic_store(&kx_store__faults_armed, n > 0);
}

bool kx_store__fault_is_armed(void)
{
    return atomic_load(&kx_store__faults_armed);
}
