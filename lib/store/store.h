/*
 * store.h -- the only room that knows LMDB: environment, transactions, tables, the map's size, one table of error
 * codes.
 *
 * Its door speaks of rows and postings. Three shapes of tables, numbered by the catalog:
 *
 *   rows      d/<n>   id -> bytes                        integer keys, 8 bytes, native order
 *   unique    i/<n>   key -> id                          plain table
 *   postings  i/<n>   key -> ids, ascending              sorted fixed-size duplicates
 *
 * and two that always are there, of shape rows: kx/meta (KX_STORE_META) and kx/catalog (KX_STORE_CATALOG).
 *
 * What is known of LMDB and held here (doc/architecture.md gives the experiments): never delete through a cursor; no
 * cursor survives a write to its table; table handles are opened only in transactions begun for that; the same file is
 * one environment in a process; the map is never resized under a live transaction and never to 0.
 */
#ifndef KX_STORE_STORE_H
#define KX_STORE_STORE_H

#include "base/base.h"

typedef struct kx_store kx_store;           /* one environment; shared by every open of the same file in a process */
typedef struct kx_store_txn kx_store_txn;   /* one snapshot, or the one writer, or a savepoint in it */

typedef enum kx_store_shape { KX_STORE_ROWS = 1, KX_STORE_UNIQUE, KX_STORE_POSTINGS } kx_store_shape;

enum {
    KX_STORE_META = 0,            /* table number of kx/meta    */
    KX_STORE_CATALOG = 1,         /* table number of kx/catalog */
    KX_STORE_FIRST_TABLE = 2,     /* the first number the catalog may give */
    KX_STORE_TABLES = 4096        /* numbers run from 0 to KX_STORE_TABLES - 1 */
};

/* ---- environment -------------------------------------------------------------- */

typedef struct kx_store_options {
    int      sync;                /* KX_SYNC or KX_SYNC_LATER of the public header: 0 or 1 */
    bool     read_only;
    bool     must_exist;
    unsigned mode;                /* 0: 0600 */
    unsigned max_readers;         /* 0: 1024 */
    uint64_t map_limit_bytes;     /* 0: as much as the system grants, at most 1 TiB */
    uint64_t write_timeout_ms;    /* 0: wait for ever; belongs to the opening handle, see kx_store__begin */
} kx_store_options;

/*
 * Open or create; `path` NULL is a temporary store, gone at close. A 0-byte file is an empty store. The path is
 * resolved with realpath first. The same file opened again gives the same environment (counted); close each open once.
 *
 *   KX_NOTFOUND  must_exist or read_only, and it is not there
 *   KX_FORMAT    not an LMDB file of this version, word size and byte order, or one of another program
 *   KX_CORRUPT   an LMDB file cut short or damaged in its head
 *   KX_INVALID   a directory, a FIFO, more than one hard link
 *   KX_CONFLICT  open in this process with other options
 *   KX_REPLACED  the lock file belongs to another open store
 *   KX_READONLY  no right to write (and read_only not asked), or none to the lock file, which readers need, too
 *   KX_REMOTE    a network file system
 *   KX_NOMEM     no address space for the map
 *   KX_IO        any other failure of the system, named
 */
int  kx_store__open(const char *path, const kx_store_options *options, kx_store **store);

/* Release one open; the last one closes the environment. KX_BUSY, and nothing happens, while it is the last one and
   transactions live. */
int  kx_store__close(kx_store *store);

/* After a fork, in the child: free the handle's memory and touch neither file nor locks. */
void kx_store__abandon(kx_store *store);

const char *kx_store__path(const kx_store *store);   /* resolved; "" for a temporary one. Lives as long as the store */
const char *kx_store__engine(void);                  /* "LMDB 0.9.24: …" */

typedef struct kx_store_info {
    uint64_t file_bytes;          /* of the store file now */
    uint64_t used_bytes;          /* pages in use up to the last one */
    uint64_t free_bytes;          /* of these, on the free list as of the last commit */
    uint64_t map_bytes;           /* reserved address space */
    uint64_t last_txn;            /* number of the last commit */
    unsigned readers;             /* slots in use */
    unsigned max_readers;
    unsigned page_bytes;
    uint64_t commits;             /* durable commits that this process made through this environment */
} kx_store_info;
int kx_store__info(kx_store_txn *txn, kx_store_info *info);

/* ---- transactions --------------------------------------------------------------- */

enum { KX_STORE_READ = 1, KX_STORE_WRITE = 2 };

/*
 * Begin a snapshot (any thread; renewed from a pool) or the one write transaction.
 *
 * A writer first takes the environment's own mutex, then the record lock on byte 2^62 of the file, both within
 * timeout_ms (0: for ever), then LMDB's.
 *   KX_DEADLOCK  this thread holds the write transaction       KX_READONLY  store opened read only
 *   KX_BUSY      timeout; the text names the holder's pid      KX_READERS   no reader slot left
 *   KX_IO        a commit failed before: reopen                KX_REPLACED  the path now names another file
 *   KX_PID       reader slot taken by the same pid of another container
 *
 * A read-only 0-byte store answers reads as empty (kx_store__is_empty) and is looked at again at each begin.
 */
int  kx_store__begin(kx_store *store, int mode, uint64_t timeout_ms, kx_store_txn **txn);

/* A savepoint in a write transaction. One at a time; the parent must not be used while it lives. */
int  kx_store__child(kx_store_txn *parent, kx_store_txn **child);

/* Commit or end. The txn is gone whatever is returned; after a failure nothing of it was kept. A child commits into its
   parent. KX_FULL: no room on the device; KX_MAP_FULL, KX_TXN_FULL; KX_IO: the store refuses writes until it is
   reopened; KX_BUSY: a child still lives. After KX_MAP_FULL, KX_TXN_FULL, KX_FULL, KX_NOMEM, KX_IO or KX_CORRUPT from
   any call of a writer, every later call of that txn answers the same code until it is ended; a parent goes on when its
   child is aborted. */
int  kx_store__commit(kx_store_txn *txn);
void kx_store__abort(kx_store_txn *txn);         /* NULL is fine; ends a live child first */

/* Any thread, while the txn lives: every later step of it, also of a call under way, answers KX_INTERRUPTED, and it
   cannot be committed. */
void kx_store__interrupt(kx_store_txn *txn);
bool kx_store__interrupted(const kx_store_txn *txn);     /* was it? Whoever gives out what was read before asks */

bool     kx_store__writes(const kx_store_txn *txn);
bool     kx_store__owned(const kx_store_txn *txn);        /* by this thread, which alone may use and end it */
bool     kx_store__is_empty(const kx_store_txn *txn);     /* a 0-byte or fresh file: no tables at all */
uint64_t kx_store__snapshot(const kx_store_txn *txn);     /* number of the commit that is read; a writer's: its own */

/* Grow the map after KX_MAP_FULL: needs no live transaction in this process. KX_BUSY when there is one, KX_MAP_FULL
   at the cap, KX_NOMEM. */
int  kx_store__grow(kx_store *store);

typedef struct kx_store_stats {
    uint64_t descents;            /* searches of a B-tree from its root */
    uint64_t rows;                /* rows read */
    uint64_t bytes;               /* bytes of those rows */
    uint64_t entries;             /* index entries stepped over */
    uint64_t writes;              /* rows and entries put or deleted */
} kx_store_stats;
kx_store_stats *kx_store__stats(kx_store_txn *txn);   /* since begin; a child shares its top's. Callers may add */

/* ---- tables ----------------------------------------------------------------------- */

typedef struct kx_store_table { uint32_t number; kx_store_shape shape; } kx_store_table;

/*
 * Open handles of tables that a committed catalog names, in a read transaction of its own under the handle lock. Cheap
 * when all are open. Call it when a begin shows a newer catalog, then begin again: a snapshot older than the handles
 * cannot use them (its calls give KX_INVALID). So compare with the catalog that was current BEFORE the begin, not after
 * it: another thread may have opened the tables in between. kx/meta and kx/catalog need no opening and no making.
 *   KX_CORRUPT  a table is not there or has another shape        KX_LIMIT, KX_IO, KX_NOMEM
 */
int  kx_store__open_tables(kx_store *store, const kx_store_table *tables, size_t count);
bool kx_store__table_is_open(const kx_store *store, uint32_t number);

/*
 * Make a table in a write transaction; the handle lock is held to the end of the top transaction. Gone with an abort.
 * One that is there already stays as it is.
 *   KX_LIMIT    no such number             KX_BUSY  handles were opened after this transaction began: run it again
 *   KX_CORRUPT  it has another shape
 */
int  kx_store__make_table(kx_store_txn *txn, kx_store_table table);

/* Remove everything from a table. The table itself stays (its number may serve the same shape again). */
int  kx_store__empty_table(kx_store_txn *txn, uint32_t table);

/* Number of rows of a rows table, of entries of an index. */
int  kx_store__table_count(kx_store_txn *txn, uint32_t table, uint64_t *count);

/* Pages of a table times the page size; pages of keys with very many ids (trees of their own) are not counted by
   LMDB 0.9. */
int  kx_store__table_bytes(kx_store_txn *txn, uint32_t table, uint64_t *bytes);

/* ---- rows ---------------------------------------------------------------------------- *
 * What is read lives in the map: in a read transaction until its end, in a write transaction until the next write.   */

/* KX_NOTFOUND (without a text). Rows whose ids ascend closely are found without a descent. */
int  kx_store__row_get(kx_store_txn *txn, uint32_t table, uint64_t id, kx_slice *row);

/* Many at once, `ids` ascending; rows[i] is {NULL,0} where there is none. One pass over the table. */
int  kx_store__row_get_many(kx_store_txn *txn, uint32_t table, const uint64_t *ids, size_t count, kx_slice *rows);

/* Put a row of head and body, new or replacing. `append` promises that id is above every id in the table (else
   KX_EXISTS). Neither part may point at what was read in this transaction: making room moves it. */
int  kx_store__row_put(kx_store_txn *txn, uint32_t table, uint64_t id, kx_slice head, kx_slice body, bool append);
/* Several rows by ascending ids, each id once, in one pass over the table: a cursor goes from one to the next. After an
   error some are put. */
typedef struct kx_store_put {
    uint64_t id;
    kx_slice head, body;
} kx_store_put;
int  kx_store__row_put_many(kx_store_txn *txn, uint32_t table, const kx_store_put *puts, size_t count);
int  kx_store__row_delete(kx_store_txn *txn, uint32_t table, uint64_t id);            /* KX_NOTFOUND */
int  kx_store__row_last(kx_store_txn *txn, uint32_t table, uint64_t *id);       /* highest id; KX_NOTFOUND when empty */

/* ---- index entries --------------------------------------------------------------------- */

/* The lowest id of a key; KX_NOTFOUND. And the number of its ids, which is stored; 0 when there are none. */
int  kx_store__entry_get(kx_store_txn *txn, kx_store_table table, kx_slice key, uint64_t *id);
int  kx_store__entry_count(kx_store_txn *txn, kx_store_table table, kx_slice key, uint64_t *count);

/* Keys have 1 to 511 bytes (KX_LIMIT). Unique: KX_EXISTS when the key has another id. What is there is left
   alone. `append`: the pair is above every other; where it is not, it is put in its place all the same, only slower. */
int  kx_store__entry_add(kx_store_txn *txn, kx_store_table table, kx_slice key, uint64_t id, bool append);
int  kx_store__entry_remove(kx_store_txn *txn, kx_store_table table, kx_slice key, uint64_t id);   /* KX_NOTFOUND */

/* Several ids of one key, ascending, no two the same: where the key has no others, all go in one step. KX_NOTFOUND: one
   of them is not there, and those before it may be gone. */
int  kx_store__entry_remove_ids(kx_store_txn *txn, kx_store_table table, kx_slice key, const uint64_t *ids,
                                size_t count);

/* The first ids of many sorted keys in one ordered pass over a table; ids[i] is UINT64_MAX where there is none. */
int  kx_store__entry_get_many(kx_store_txn *txn, kx_store_table table, const kx_slice *keys, size_t count,
                              uint64_t *ids);

/* All ids of many sorted keys, each key once, in one such pass: `visit` gets the position of a key and its ids, ascending, some at a
   time. Another result than 0 ends the pass and is returned. `visit` must not write. */
typedef int kx_store_visit_ids(void *context, size_t key, const uint64_t *ids, size_t count);
int  kx_store__entry_ids_many(kx_store_txn *txn, kx_store_table table, const kx_slice *keys, size_t count,
                              kx_store_visit_ids *visit, void *context);

/* The same for all keys that begin with one of the prefixes, which are sorted, none of them beginning another: id by id, by key. */
int  kx_store__entry_ids_below(kx_store_txn *txn, kx_store_table table, const kx_slice *prefixes, size_t count,
                               kx_store_visit_ids *visit, void *context);

/* ---- runs ---------------------------------------------------------------------------------- *
 * For bulk loads: everything that `next` gives, until it gives false, each above the one before and above all that the
 * table holds. KX_EXISTS where that is not so, and what came before stands. `next` must not use the store.          */

typedef bool kx_store_next_row(void *context, uint64_t *id, kx_slice *head, kx_slice *body);
typedef bool kx_store_next_entry(void *context, kx_slice *key, uint64_t *id);
int  kx_store__append_rows(kx_store_txn *txn, uint32_t table, kx_store_next_row *next, void *context);
int  kx_store__append_entries(kx_store_txn *txn, kx_store_table table, kx_store_next_entry *next, void *context);

/* ---- scans -------------------------------------------------------------------------------- *
 * One iterator for rows, entries and the ids of one key. It owns a cursor of the transaction until closed. In a write
 * transaction it notices that its table was written since its last step and seeks again by itself, so that a step never
 * uses a cursor across a write; what it returned before is then stale (see rows). Closing NULL is fine. Scans still
 * open when the transaction ends are dead: only close them (their memory is theirs). */

typedef struct kx_store_scan kx_store_scan;

/* All rows with from <= id <= to; ascending, or descending from `to`. */
int  kx_store__scan_rows(kx_store_txn *txn, uint32_t table, uint64_t from, uint64_t to, bool descending,
                         kx_store_scan **scan);

/*
 * All entries with from <= key < to; `to` {NULL,0} is the end of the table. Bounds are copied; up to 1,024 bytes.
 * Ascending by (key, id), or, descending, by (key descending, id ascending): ties ascend in both directions.
 */
int  kx_store__scan_entries(kx_store_txn *txn, kx_store_table table, kx_slice from, kx_slice to, bool descending,
                            kx_store_scan **scan);

/* Restart after (key, id) or, for rows, after id: for resuming where a scan ended. */
int  kx_store__scan_after(kx_store_scan *scan, kx_slice key, uint64_t id);

/* Step. KX_NOTFOUND at the end (without a text, again and again). `row` is missing for entries, `key` for rows. */
typedef struct kx_store_item { kx_slice key; uint64_t id; kx_slice row; } kx_store_item;
int  kx_store__scan_next(kx_store_scan *scan, kx_store_item *item);

/* Up to `room` rows at once, of an ascending scan of rows; *count 0 at the end. They live as row_get's do. */
int  kx_store__scan_ahead(kx_store_scan *scan, uint64_t *ids, kx_slice *rows, size_t room, size_t *count);

/* Up to `room` ids at once, of keys in order (page by page where the shape allows); *count 0 at the end. */
int  kx_store__scan_ids(kx_store_scan *scan, uint64_t *ids, size_t room, size_t *count);

/*
 * Among the ids of one key: the first at or above `id`, and above what the scan gave last; the scan then stands on it. The key is
 * that of the last step, or the first one within the bounds. Ascending scans of entries only. Within the page at hand
 * nothing is searched from the root. KX_NOTFOUND: the key has none; the scan is at its end.
 */
int  kx_store__scan_seek(kx_store_scan *scan, uint64_t id, uint64_t *found);

/* Pass over entries, whole keys by their stored counts, until there were `least` of them or more: *count, which is below `least`
   only at the end. Goes on where it stopped; a scan that has passed over entries only does so again. */
int  kx_store__scan_pass(kx_store_scan *scan, uint64_t least, uint64_t *count);

/* Number of entries between the scan's bounds (wherever it stands, and it stays there), counted up to `most`: exact
   below it. By stored counts of whole keys. */
int  kx_store__scan_count(kx_store_scan *scan, uint64_t most, uint64_t *count);
void kx_store__scan_close(kx_store_scan *scan);

/* ---- for tests --------------------------------------------------------------------------------- */

/*
 * The n-th call from now on that may fail with `code` does so, once, and leaves the transaction as the real failure
 * would; 0 disarms. Begins, reads, puts and deletes, and commits count, each where the code can come from. For the
 * whole process.
 */
void kx_store__fail_after(int64_t n, int code);
bool kx_store__fault_is_armed(void);                      /* false when it has struck */

/* Ask for a first map of so many bytes instead of 1 TiB, in stores opened from now on; 0: the usual. */
void kx_store__first_map(uint64_t bytes);

/* What statfs(2) calls such a file system cannot hold a store: KX_REMOTE. */
bool kx_store__is_remote(uint64_t type);

#endif
