/*
 * map.c -- the size of the map: how much address space is asked for, how it grows, and what is known of the file.
 *
 * The map is address space, not memory, so a store takes 1 TiB where it can and hardly ever grows it. Where it cannot
 * (limits, checkers, many stores), growing needs every transaction of this process drained, since LMDB unmaps under
 * their feet. That is what the gate counts.
 */
#include "store/store_impl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define MIB        (UINT64_C(1) << 20)
#define MAP_MOST   (UINT64_C(1) << 40)
#define MAPS_TOTAL (UINT64_C(16) << 40)
#define MAP_GRAIN  UINT64_C(65536)

enum { FOLLOW_TRIES = 1000, FOLLOW_NAP_US = 1000, GATE_NAP_US = 20 };

static atomic_ullong first_map; /* for tests: 0 is the usual */

void kx_store__first_map(uint64_t bytes)
{
    atomic_store(&first_map, bytes);
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}
static uint64_t most(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* ---- how much ------------------------------------------------------------------- */

/* `others`: maps of this process's other stores. A cap below what the file needs is no cap: LMDB takes what it
   needs. */
uint64_t kx_store__map_cap(const kx_store *store, uint64_t others)
{
    struct rlimit limit;
    uint64_t cap = store->options.map_limit_bytes ? least(store->options.map_limit_bytes, MAP_MOST) : MAP_MOST;
    cap = least(cap, others < MAPS_TOTAL ? MAPS_TOTAL - others : 0);
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        cap = least(cap, limit.rlim_cur / 4);
    return cap / MAP_GRAIN * MAP_GRAIN;
}

uint64_t kx_store__map_first(const kx_store *store, uint64_t need, uint64_t others)
{
    uint64_t cap = most(kx_store__map_cap(store, others), need), asked = atomic_load(&first_map);
    return most(asked ? least(asked, cap) : cap, MAP_GRAIN);
}

/* ---- the gate ---------------------------------------------------------------------- *
 * Entering counts first and looks at the flag then; shutting raises the flag first and counts then. Both are
 * sequentially consistent, so one of the two sees the other. */

void kx_store__gate_enter(kx_store *store, unsigned shard)
{
    atomic_fetch_add(&store->shards[shard].live, 1);
    while (atomic_load(&store->resizing)) {
        atomic_fetch_sub(&store->shards[shard].live, 1);
        kx_store__nap(GATE_NAP_US);
        atomic_fetch_add(&store->shards[shard].live, 1);
    }
}

void kx_store__gate_leave(kx_store *store, unsigned shard)
{
    atomic_fetch_sub(&store->shards[shard].live, 1);
}

unsigned kx_store__live(const kx_store *store)
{
    unsigned live = 0;
    for (unsigned i = 0; i < store->shard_count; i++)
        live += atomic_load(&store->shards[i].live);
    return live;
}

bool kx_store__gate_shut(kx_store *store)
{
    pthread_mutex_lock(&store->resize_lock);
    atomic_store(&store->resizing, true);
    if (kx_store__live(store) == 0)
        return true;
    kx_store__gate_open(store);
    return false;
}

void kx_store__gate_open(kx_store *store)
{
    atomic_store(&store->resizing, false);
    pthread_mutex_unlock(&store->resize_lock);
}

/* ---- growing ------------------------------------------------------------------------ */

/* LMDB drops the old map before it asks for the new one, and has none when that fails; so ask first. */
static bool system_grants(uint64_t bytes)
{
    void *map = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (map == MAP_FAILED)
        return false;
    munmap(map, bytes);
    return true;
}

/* With the gate shut. Never 0: LMDB would take over what another process has reserved. */
static int resize(kx_store *store, uint64_t bytes)
{
    if (!system_grants(bytes))
        return kx_base__fail(KX_NOMEM, "%s: no address space for a map of %llu MiB", store->path,
                             (unsigned long long)(bytes / MIB));
    int mdb = mdb_env_set_mapsize(atomic_load(&store->env), bytes);
    if (mdb != 0) {
        atomic_store(&store->broken, KX_NOMEM);
        return kx_base__fail(KX_NOMEM, "%s: the map is lost (%s): close and open it again", store->path,
                             mdb_strerror(mdb));
    }
    atomic_store(&store->map_bytes, bytes);
    return KX_OK;
}

static uint64_t used_bytes(kx_store *store)
{
    MDB_envinfo info;
    mdb_env_info(atomic_load(&store->env), &info);
    return ((uint64_t)info.me_last_pgno + 1) * store->page_bytes;
}

int kx_store__grow(kx_store *store)
{
    uint64_t now = atomic_load(&store->map_bytes);
    uint64_t cap = kx_store__map_cap(store, kx_store__maps_total() - now);
    if (now >= cap)
        return kx_base__fail(KX_MAP_FULL, "%s: the map is at its limit of %llu MiB", store->path,
                             (unsigned long long)(now / MIB));
    if (!kx_store__gate_shut(store))
        return kx_base__fail(KX_BUSY, "%s: the map cannot grow while transactions of this process live", store->path);
    int rc = atomic_load(&store->map_bytes) > now ? KX_OK : resize(store, least(most(now * 2, MIB), cap));
    kx_store__gate_open(store);
    return rc;
}

/* Also called while a store is being opened: takes no lock of the registry, so the cap is the one of then. */
int kx_store__follow_growth(kx_store *store)
{
    for (int i = 0; i < FOLLOW_TRIES; i++) {
        if (kx_store__gate_shut(store)) {
            uint64_t used = used_bytes(store), cap = most(store->map_cap, used);
            uint64_t bytes = least((used * 2 + MAP_GRAIN) / MAP_GRAIN * MAP_GRAIN, most(cap, MAP_GRAIN));
            int rc = bytes > atomic_load(&store->map_bytes) ? resize(store, bytes) : KX_OK;
            kx_store__gate_open(store);
            return rc;
        }
        kx_store__nap(FOLLOW_NAP_US);
    }
    return kx_base__fail(KX_BUSY,
                         "%s: another process has grown it; it can be read again once the transactions of this process "
                         "have ended",
                         store->path);
}

/* ---- facts --------------------------------------------------------------------------- */

static int count_reader(const char *line, void *context)
{
    unsigned *readers = context;
    *readers += strstr(line, "pid") == NULL && line[0] != '(';
    return 0;
}

/* Sum of the lists on the free list. It can be read in a read transaction only, so a writer sees the last commit's. */
static int free_pages(kx_store *store, uint64_t *pages)
{
    MDB_txn *txn = NULL;
    MDB_cursor *cursor = NULL;
    MDB_val key, list;
    size_t count;
    int mdb = mdb_txn_begin(atomic_load(&store->env), NULL, MDB_RDONLY, &txn);
    *pages = 0;
    if (mdb == 0)
        mdb = mdb_cursor_open(txn, FREE_TABLE, &cursor);
    while (mdb == 0 && (mdb = mdb_cursor_get(cursor, &key, &list, MDB_NEXT)) == 0)
        if (list.mv_size >= sizeof(count)) {
            memcpy(&count, list.mv_data, sizeof(count));
            *pages += count;
        }
    if (cursor)
        mdb_cursor_close(cursor);
    mdb_txn_abort(txn);
    return mdb == MDB_NOTFOUND ? KX_OK : kx_store__error(store, mdb, "read the free list");
}

int kx_store__info(kx_store_txn *txn, kx_store_info *info)
{
    kx_store *store = txn->store;
    MDB_env *env = atomic_load(&store->env);
    MDB_envinfo facts;
    struct stat file;
    uint64_t pages;
    memset(info, 0, sizeof(*info));
    if (fstat(store->fd, &file) != 0)
        return kx_store__sys_error(store->path, errno, "read store");
    info->file_bytes = (uint64_t)file.st_size;
    info->commits = atomic_load(&store->commits);
    if (!env)
        return KX_OK;
    mdb_env_info(env, &facts);
    int rc = free_pages(store, &pages);
    if (rc != KX_OK)
        return rc;
    info->used_bytes = ((uint64_t)facts.me_last_pgno + 1) * store->page_bytes;
    info->free_bytes = pages * store->page_bytes;
    info->map_bytes = atomic_load(&store->map_bytes);
    info->last_txn = facts.me_last_txnid;
    info->max_readers = facts.me_maxreaders;
    info->page_bytes = store->page_bytes;
    (void)mdb_reader_list(env, count_reader, &info->readers);
    return KX_OK;
}
