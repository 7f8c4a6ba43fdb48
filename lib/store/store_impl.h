/*
 * store_impl.h -- what the files of this room share; private to it.
 *
 *   compare.c the order of index keys
 *   error.c   codes and texts, faults for tests      handles.c  table handles and their protocol
 *   file.c    paths, kinds of files and systems      rows.c     rows by id
 *   head.c    the two pages every file begins with   entries.c  index entries
 *   env.c     registry, open, close                  scans.c    iterators
 *   map.c     size of the map, growing, facts        txn.c      transactions and the pool of readers
 *   writer.c  who may write, in and between processes
 *   page.c    walking a page where it lies
 *
 * Locks, in the order in which they are taken: registry, flock on the file | writer, record lock, LMDB's own,
 * handle lock. The gate (below) is no lock: it is entered before LMDB's and left after it.
 */
#ifndef KX_STORE_STORE_IMPL_H
#define KX_STORE_STORE_IMPL_H

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/types.h>

#include <lmdb.h>

#include "store/store.h"

enum {
    MAIN_TABLE = 1,               /* LMDB's own handle of the table that names the others */
    FREE_TABLE = 0,               /* and of the free list */
    KEY_MAX = 511,                /* bytes of a key; ours, whatever the LMDB linked would take */
    BOUND_MAX = 1024,             /* bytes of a scan's bound, which may be longer than any key */
    SHARDS = 16,
    SHARD_IDLE = 4
};

/*
 * A shard holds what a beginning reader touches: how many of its transactions live (the gate counts them) and a few
 * idle ones with their reader slots. Shards lie a cache line apart, wherever the array begins, so that readers on
 * different threads share no line they write.
 */
typedef struct kx_shard {
    atomic_uint   live;
    atomic_bool   locked;
    unsigned      idle_count;
    kx_store_txn *idle[SHARD_IDLE];
    uint8_t       apart[64];
} kx_shard;

struct kx_store {
    struct kx_store *next;                /* in the registry */
    unsigned         opens;
    unsigned         forks;               /* kx_base__fork_count() at open */
    kx_store_options options;             /* as asked, zeros replaced */
    bool             temporary;
    char            *path;
    char            *lock_path;
    int              fd;                  /* carries the flock and the writer's record lock; never closed between */
    dev_t            device, lock_device;
    ino_t            inode, lock_inode;

    _Atomic(MDB_env *) env;               /* NULL while a read-only file has 0 bytes */
    unsigned         page_bytes;
    bool             reads_pages;         /* they are of the format that page.c knows */
    uint64_t         map_cap;             /* as computed at open */
    atomic_ullong    map_bytes;
    atomic_int       broken;              /* a code: no more writes, or with KX_NOMEM nothing at all, until reopened */
    atomic_ullong    commits;

    atomic_bool      resizing;            /* the gate is shut */
    pthread_mutex_t  resize_lock;
    unsigned         shard_count;         /* a power of two */
    kx_shard         shards[SHARDS];

    atomic_bool      handles_locked;
    atomic_bool      core_open;           /* kx/meta and kx/catalog have handles */
    atomic_uint      handles_made;        /* how often handles were opened outside of a write transaction */
    _Atomic MDB_dbi  handles[KX_STORE_TABLES];    /* 0: not open */

    pthread_mutex_t  writer_lock;         /* guards the three below, not the transaction */
    pthread_cond_t   writer_free;
    bool             writing;
    pthread_t        writer;
};

/* A leaf page under a walk: `at` is the pair given last. No page is open where `count` is 0. */
typedef struct kx_page {
    const uint8_t *start;
    unsigned       bytes, at, count;
    bool           ahead;                 /* of LMDB's cursor, which still stands where the page was opened */
} kx_page;

/* What a read transaction keeps of a table: the row that was read last, a cursor for those ahead of it, and one for the
   next scan. */
typedef struct kx_point {
    MDB_cursor *cursor;
    MDB_cursor *spare;
    uint64_t    renewed;                  /* serial of the transaction that the cursor was renewed for */
    uint64_t    serial;                   /* of the one that read what follows; it means nothing to another */
    uint64_t    id;                       /* asked for last, or where the cursor stands */
    uint64_t    below;                    /* of the ids above this one up to `id`, only `id` has a row: `row` */
    MDB_val     row;
    kx_page     page;                     /* of the cursor */
    bool        stands;                   /* the cursor does, at `id` */
} kx_point;

/* A table made in the write transaction that lives; its handle is private until the top commit. */
typedef struct kx_made {
    uint32_t number;
    unsigned depth;                       /* of the transaction that made it: 0 is the top */
    MDB_dbi  handle;
} kx_made;

struct kx_store_txn {
    kx_store       *store;
    MDB_txn        *mdb;                  /* NULL: a snapshot of a 0-byte file */
    kx_store_txn   *top, *parent, *child;
    unsigned        depth;
    unsigned        shard;
    uint64_t        serial;               /* new with each use of this memory */
    bool            writes;
    bool            empty;                /* no tables in this snapshot */
    bool            wrote;                /* top: something was put or deleted */
    bool            holds_handles;        /* top: the handle lock is ours until the end */
    int             poison;               /* the code that every call answers from now on */
    atomic_bool     interrupted;          /* top: by any thread */
    unsigned        handles_made;         /* the store's count, read before this began */
    kx_point       *points;               /* readers: by table number */
    size_t          point_count;
    kx_store_scan  *scans;                /* open ones */
    kx_store_scan  *spare_scan;           /* a closed one, kept */
    kx_made        *made;                 /* top */
    size_t          made_count, made_room;
    uint32_t        append_table;         /* top: where the last appended entry went, and its key */
    size_t          append_size;
    uint8_t         append_key[KEY_MAX];
    kx_store_stats  stats;                /* top */
};

/* ---- compare.c ------------------------------------------------------------------ */

/* What LMDB calls for tables of unique keys and of postings: memcmp() order, a key before those that it begins. */
int kx_store__compare_keys(const MDB_val *a, const MDB_val *b);

/* ---- error.c -------------------------------------------------------------------- */

/* The one place where LMDB's codes end: gives ours, with a text of what was tried on which file. NOTFOUND and
   EXISTS have none. */
int kx_store__error(const kx_store *store, int mdb, const char *what);

/* The same inside a transaction, which it poisons where LMDB lets it only be aborted from here. */
int kx_store__txn_error(kx_store_txn *txn, int mdb, const char *what);

/* Failures of the system: errno values. */
int kx_store__sys_error(const char *path, int error, const char *what);

/* Where faults for tests strike: KX_OK, or the armed code when this is the call it is meant for. */
typedef enum kx_fault_site { FAULT_BEGIN = 1, FAULT_READ = 2, FAULT_WRITE = 4, FAULT_COMMIT = 8 } kx_fault_site;
extern atomic_bool kx_store__faults_armed;
int kx_store__fault_strikes(kx_fault_site site);
static inline int kx_store__fault(kx_fault_site site)
{
    return atomic_load_explicit(&kx_store__faults_armed, memory_order_relaxed) ? kx_store__fault_strikes(site) : KX_OK;
}

/* The same inside a transaction, which a fault poisons as the failure it stands for would. */
int kx_store__txn_fault_strikes(kx_store_txn *txn, kx_fault_site site);
static inline int kx_store__txn_fault(kx_store_txn *txn, kx_fault_site site)
{
    bool armed = atomic_load_explicit(&kx_store__faults_armed, memory_order_relaxed);
    return armed ? kx_store__txn_fault_strikes(txn, site) : KX_OK;
}

/* ---- file.c ----------------------------------------------------------------------- */

/* The canonical path of a store that is there or would be made; follows links, also those whose target is missing. */
int kx_store__resolve(const char *path, bool may_create, char **resolved, bool *exists);
int kx_store__check_kind(const char *path, bool exists); /* KX_INVALID, KX_REMOTE */
int kx_store__check_system(const char *path, bool read_only);
int kx_store__sync_folder(const char *path);
char *kx_store__temporary_path(void);
int kx_store__lock_file(const kx_store *store);      /* flock: orders processes that open and close */
void kx_store__unlock_file(const kx_store *store);

/* ---- head.c -------------------------------------------------------------------------- */

/* Both meta pages, before LMDB maps anything. *bytes: what the file's pages need; 0 for an empty file. */
int kx_store__check_head(int fd, const char *path, uint64_t *bytes);

/* ---- env.c ----------------------------------------------------------------------------- */

/* Open LMDB's environment on a checked file; flock must be held. */
int kx_store__open_env(kx_store *store);

/* A read-only store that had 0 bytes: look again. KX_OK also when it still has none (env stays NULL). */
int kx_store__open_env_late(kx_store *store);
uint64_t kx_store__maps_total(void);              /* of all stores of this process */
bool kx_store__was_replaced(const kx_store *store);

/* ---- map.c ------------------------------------------------------------------------------- */

uint64_t kx_store__map_cap(const kx_store *store, uint64_t others);
uint64_t kx_store__map_first(const kx_store *store, uint64_t need, uint64_t others);

/* Follow another process that has grown the file over our map. */
int kx_store__follow_growth(kx_store *store);

/* The gate: a transaction enters before it begins and leaves after its end; the map moves only while nobody is
   inside. */
void kx_store__gate_enter(kx_store *store, unsigned shard);
void kx_store__gate_leave(kx_store *store, unsigned shard);
bool kx_store__gate_shut(kx_store *store);        /* false, and open, when a transaction lives */
void kx_store__gate_open(kx_store *store);
unsigned kx_store__live(const kx_store *store);

/* ---- writer.c ---------------------------------------------------------------------------- */

int  kx_store__writer_take(kx_store *store, uint64_t timeout_ms);
void kx_store__writer_give(kx_store *store);
uint64_t kx_store__clock_ms(void);
void kx_store__nap(unsigned microseconds);

/* ---- txn.c -------------------------------------------------------------------------------- */

/* Close every idle reader: at close, and to give their slots back when none is left. */
void kx_store__drain(kx_store *store);

/* A call through `txn` may go on: not poisoned, no live child. */
int kx_store__usable_slow(const kx_store_txn *txn);
static inline bool kx_store__is_interrupted(const kx_store_txn *txn)
{
    return atomic_load_explicit(&txn->top->interrupted, memory_order_relaxed);
}
static inline int kx_store__usable(const kx_store_txn *txn)
{
    return txn->poison != KX_OK || txn->child || kx_store__is_interrupted(txn) ? kx_store__usable_slow(txn) : KX_OK;
}

/* Ahead of every put and delete: may this write, and no cursor survives it. */
int kx_store__prepare_write(kx_store_txn *txn, uint32_t table, MDB_dbi *handle);

/* What a read transaction keeps of a table; and its cursor there, ready for use. */
int kx_store__room_for_points(kx_store_txn *txn, uint32_t table);
static inline int kx_store__point(kx_store_txn *txn, uint32_t table, kx_point **point)
{
    int rc = table < txn->point_count ? KX_OK : kx_store__room_for_points(txn, table);
    *point = rc == KX_OK ? &txn->points[table] : NULL;
    return rc;
}
int kx_store__point_cursor(kx_store_txn *txn, MDB_dbi handle, kx_point *point);

/* ---- handles.c ------------------------------------------------------------------------------ */

/* KX_NOTFOUND, without a text, in a snapshot that has no tables. */
int  kx_store__handle_slow(kx_store_txn *txn, uint32_t table, MDB_dbi *handle);
static inline int kx_store__handle(kx_store_txn *txn, uint32_t table, MDB_dbi *handle)
{
    if (table < KX_STORE_TABLES && !txn->empty) {
        *handle = atomic_load_explicit(&txn->store->handles[table], memory_order_acquire);
        if (*handle != 0)
            return KX_OK;
    }
    return kx_store__handle_slow(txn, table, handle);
}
int  kx_store__open_core(kx_store *store);                /* kx/meta and kx/catalog, if the file has tables by now */
bool kx_store__has_tables(MDB_txn *txn);                  /* in this snapshot */
int  kx_store__make_core(kx_store_txn *txn);
void kx_store__handles_end(kx_store_txn *txn, bool kept); /* of a child or a top, after LMDB's end */

/* ---- page.c ---- rows and unique entries: pairs whose values lie beside their keys ------------ */

enum { KX_PAGE_HEAD = 16, KX_PAGE_NODE = 8 };

bool kx_store__page_format(unsigned page_bytes);          /* is it one that is read here? */

static inline unsigned kx_store__page_word(const kx_page *page, size_t at)
{
    uint16_t word;
    memcpy(&word, page->start + at, sizeof word);
    return word;
}

/* Pair `at`. False: behind the last one, or one that only the cursor can give, since its value lies elsewhere. */
static inline bool kx_store__page_pair(const kx_page *page, MDB_val *key, MDB_val *value)
{
    if (page->at >= page->count)
        return false;
    size_t node = kx_store__page_word(page, KX_PAGE_HEAD + 2 * page->at);
    uint32_t size;
    uint16_t words[2];                                    /* flags, size of the key */
    if (node > page->bytes - KX_PAGE_NODE)
        return false;
    memcpy(&size, page->start + node, sizeof size);
    memcpy(words, page->start + node + sizeof size, sizeof words);
    size_t data = node + KX_PAGE_NODE + words[1];
    if (words[0] != 0 || data > page->bytes || size > page->bytes - data)
        return false;
    key->mv_size = words[1];
    key->mv_data = (void *)(uintptr_t)(page->start + node + KX_PAGE_NODE);
    value->mv_size = size;
    value->mv_data = (void *)(uintptr_t)(page->start + data);
    return true;
}

static inline void kx_store__page_close(kx_page *page)
{
    page->count = page->at = 0;
    page->ahead = false;
}

/* The pair after `key`, the one given last, as mdb_cursor_get(MDB_NEXT) would give it. */
int kx_store__page_turn(kx_store_txn *txn, MDB_cursor *cursor, kx_page *page, MDB_val *key, MDB_val *value);
static inline int kx_store__page_next(kx_store_txn *txn, MDB_cursor *cursor, kx_page *page, MDB_val *key, MDB_val *value)
{
    page->at++;
    if (!kx_store__page_pair(page, key, value))
        return kx_store__page_turn(txn, cursor, page, key, value);
    page->ahead = true;
    return 0;
}

/* ---- scans.c -------------------------------------------------------------------------------- */

void kx_store__detach_scans(kx_store_txn *txn, uint32_t table);    /* KX_STORE_TABLES: of all tables */
void kx_store__kill_scans(kx_store_txn *txn);
void kx_store__free_scan(kx_store_scan *scan);

/* ---- cursors that live for one call in a write transaction, and are kept in a read transaction ---- */

int  kx_store__cursor(kx_store_txn *txn, uint32_t table, MDB_dbi handle, MDB_cursor **cursor);
void kx_store__cursor_done(kx_store_txn *txn, uint32_t table, MDB_cursor *cursor);

static inline MDB_val kx_store__val(kx_slice slice)
{
    MDB_val value = {slice.size, (void *)(uintptr_t)slice.data};
    return value;
}

static inline kx_slice kx_store__slice(MDB_val value)
{
    return kx_slice_of(value.mv_data, value.mv_size);
}

#endif
