/*
 * bench.h -- what the parts of kx-bench share: the options, the data, the rows, and a peer as a table of functions.
 *
 * A peer is one way to keep the same data. The harness runs every peer on the same documents and the same sequences of
 * keys, in turn, compares their answers and measures their time. A new peer is one file and one line in peers.c; a
 * new row is one line in rows.c and a function in each peer that can do it.
 */
#ifndef KX_BENCH_BENCH_H
#define KX_BENCH_BENCH_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Exit statuses. */
enum { BENCH_DONE = 0, BENCH_DIFFERS = 1, BENCH_USAGE = 2, BENCH_FAILED = 3, BENCH_INTERRUPTED = 130 };

enum {
    BENCH_RUNS_MAX = 1000,
    BENCH_SLICES = 20,              /* timed parts of a run, at most; see bench_row_info */
    BENCH_RANGE = 10000,            /* documents of a range, at most half of all orders */
    BENCH_LINKS = 3,                /* products of an order, at most; at least 1 */
    BENCH_TOP = 3,                  /* orders of a user that X4 asks for */
    BENCH_BUSY = 100                /* orders that C1w's writer changes in one transaction */
};

/* ---- data (data.c) ------------------------------------------------------------ */

typedef struct bench_user {
    int64_t user_id;                /* from BENCH_FIRST_USER, ascending */
    char    name[13];
    char    email[25];
    char    status[8];
} bench_user;

typedef struct bench_order {
    int64_t order_id;               /* from BENCH_FIRST_ORDER, ascending */
    int64_t user_id;
    double  amount;                 /* two decimals */
    char    status[8];
    char    note[41];
} bench_order;

typedef struct bench_product {
    int64_t product_id;             /* from BENCH_FIRST_PRODUCT, ascending */
    char    name[13];
    double  price;                  /* two decimals */
} bench_product;

/* An order's product, once at most; by ascending order_id, then product_id. */
typedef struct bench_link { int64_t order_id, product_id; } bench_link;

#define BENCH_FIRST_USER    INT64_C(100001)
#define BENCH_FIRST_ORDER   INT64_C(1000001)
#define BENCH_FIRST_PRODUCT INT64_C(10001)

typedef struct bench_bytes { const uint8_t *data; size_t size; } bench_bytes;

/*
 * The same documents twice: as structs, for peers that bind columns, and packed, for those that take MessagePack.
 * Behind the last order stand `new_count` more, which no load stores: W2 inserts them.
 */
typedef struct bench_data {
    size_t         user_count, order_count, new_count, product_count, link_count;
    bench_user    *users;
    bench_order   *orders;
    bench_product *products;
    bench_link    *links;
    bench_bytes   *user_docs, *order_docs, *product_docs, *link_docs;
    uint8_t       *bytes;           /* of all packed documents */
} bench_data;

/* Fill `data` from the seed. Returns 0, or BENCH_FAILED when memory is short. Free it in both cases. */
int  bench_data_make(bench_data *data, size_t users, size_t orders, size_t new_orders, uint64_t seed);
void bench_data_free(bench_data *data);

uint64_t bench_random(uint64_t *state);                    /* splitmix64 */

/* ---- rows (rows.c) -------------------------------------------------------------- */

/*
 * What a peer loads before its rows; each set has a store of its own. `shop` is users and orders, with the indexes that
 * perf figures are known for. `graph` is the same and more: products, links between orders and products, indexes on
 * status and on (user_id, descending amount).
 */
typedef enum bench_set { SET_SHOP, SET_GRAPH, SET_COUNT } bench_set;

/* In the order in which they run: those that write come after those that only read. */
typedef enum bench_row {
    ROW_W1, ROW_R1, ROW_R1TXN, ROW_R2, ROW_R2TXN, ROW_R3, ROW_R3C, ROW_R4N, ROW_R4, ROW_R5, ROW_R5F, ROW_C1, ROW_C1W,
    ROW_W2, ROW_U1, ROW_U1Q, ROW_U2, ROW_D1,
    ROW_M2M, ROW_X1, ROW_X2, ROW_X3, ROW_X4, ROW_M2MW,
    ROW_COUNT
} bench_row;

/* What the keys of a row's operations are; `once`: none comes twice in a run. */
typedef enum bench_key {
    KEY_NONE, KEY_ORDER, KEY_USER, KEY_RANGE, KEY_ORDER_ONCE, KEY_USER_ONCE, KEY_NEW_ORDER
} bench_key;

/* What an operation is counted as: one, the documents of its range, all orders, those of one status, or everything. */
typedef enum bench_unit { UNIT_ONE, UNIT_RANGE, UNIT_ORDERS, UNIT_STATUS, UNIT_ALL } bench_unit;

typedef struct bench_row_info {
    const char *name;
    const char *about;
    bench_set   set;
    bench_key   key;
    bench_unit  unit;
    size_t      ops;                /* units a run, by default */
    size_t      slices;             /* timed parts of a run */
    bool        own_snapshots;      /* its functions begin and end transactions themselves */
    bench_row   checks[4];          /* rows that read afterwards, not timed, what it wrote; ends in ROW_W1 */
} bench_row_info;

extern const bench_row_info bench_rows[ROW_COUNT];

/* The operations of one slice: the same for every peer. */
typedef struct bench_work {
    const int64_t *keys;            /* order_id, user_id, or the first order_id of a range */
    size_t         count;
    int64_t        width;           /* of a range, in orders */
} bench_work;

/* What rows write; the same for every peer, and for each document whatever the order of the keys. */
double      bench_new_amount(const bench_work *work);                        /* U1, U1q: one for a whole slice */
int64_t     bench_new_user(const bench_data *data, int64_t order_id);        /* U2 */
int64_t     bench_product_of(const bench_data *data, int64_t order_id, size_t n);    /* n below BENCH_LINKS: linked,
                                                       if it has so many; M2Mw puts BENCH_LINKS in the place of 0 */
const char *bench_status_of(int64_t user_id);                                /* X1: the status that is asked for */
int64_t     bench_random_order(const bench_data *data, uint64_t *random);    /* C1w: one that the writer changes */
void        bench_random_note(char note[41], uint64_t *random);              /* and its new note */
int64_t     bench_other_user(const bench_data *data, int64_t user_id);       /* X2: the second of the two */

/* ---- answers: what the peers must agree on --------------------------------------- */

static inline uint64_t bench_text_answer(const void *text, size_t size)
{
    const uint8_t *bytes = text;
    return size == 0 ? 1 : size + 257u * bytes[0] + 65537u * bytes[size - 1];
}

/* A sum of amounts in cents: exact whatever the order of the additions. */
static inline uint64_t bench_sum_answer(double sum)
{
    return (uint64_t)llround(sum * 100);
}

/* ---- peers (peers.c, peer_*.c) --------------------------------------------------- */

typedef int bench_row_function(void *store, const bench_work *work, uint64_t *answer);

/*
 * Every function returns 0, or non-zero after bench_fail(). `load` of the shop is the row W1 and must end durable; what
 * a peer does in `open`, `settle` (after the load: checkpoints, statistics), `prepare` and `finish` is not timed.
 *
 * `open` makes a store for the set, or opens the one that is there. It is also called by a process that only reads,
 * with data of no documents, without a load.
 */
typedef struct bench_peer {
    const char *name;
    int  (*open)(const char *path, const bench_data *data, bench_set set, void **store);    /* NULL on failure */
    int  (*close)(void *store);                                             /* NULL is fine */
    int  (*load)(void *store);                                              /* all of the set */
    int  (*settle)(void *store);                                            /* may be NULL */
    int  (*prepare)(void *store, bench_row row, const bench_work *work);    /* before a slice; may be NULL */
    int  (*finish)(void *store, bench_row row);                             /* after it; may be NULL */
    void (*describe)(FILE *out);                                            /* version and settings, one line */
    bench_row_function *rows[ROW_COUNT];                                    /* ROW_W1 is `load`; NULL: not done */
} bench_peer;

extern const bench_peer *const bench_peers[];              /* ends in NULL */
extern const bench_peer bench_peer_kx, bench_peer_kx_primary, bench_peer_lmdb, bench_peer_lmdb_primary;
extern const bench_peer bench_peer_sqlite, bench_peer_sqlite_rowid, bench_peer_sqlite_json, bench_peer_bdb;

enum { BENCH_PEERS_MAX = 16 };

/* ---- options and results ------------------------------------------------------------------- */

typedef struct bench_options {
    const bench_peer *peers[BENCH_PEERS_MAX];
    size_t      peer_count;
    bool        rows[ROW_COUNT];
    size_t      users, orders, runs;
    size_t      scale;              /* measure this many times the data too; 1: no */
    size_t      ops;                /* 0: each row's default */
    uint64_t    seed;
    const char *folder;             /* where the stores are made */
    const char *output;             /* NULL: standard output */
    const char *chart;              /* NULL: none */
    bool        json, quiet;
} bench_options;

typedef struct bench_series {
    bool      done;                 /* the peer does this row, and it was asked for */
    size_t    ops;                  /* units a run: documents, gets, users, … */
    size_t    slice_count;          /* in all runs */
    uint64_t  answer;               /* of all runs, folded */
    double   *runs;                 /* ns an operation, one a run, in the order they ran */
    double   *slices;               /* the same for each timed slice of all runs */
} bench_series;

typedef struct bench_results {
    bench_series series[ROW_COUNT][BENCH_PEERS_MAX];
    uint64_t     file_bytes[BENCH_PEERS_MAX];             /* of the shop, after the load */
    uint64_t     reader_bytes[BENCH_PEERS_MAX];           /* anonymous memory of a reader after R5f; 0: not known */
} bench_results;

/* keys.c: sizes, and the keys of a run's slices, of which the first is not timed. */
int64_t bench_range_width(const bench_options *options);
size_t  bench_unit_size(const bench_options *options, bench_row row);
size_t  bench_slice_operations(const bench_options *options, bench_row row);
size_t  bench_new_orders(const bench_options *options);                       /* that the rows asked for will insert */

/* Make `count` keys of a run, into room for them. `spare` has room for every user or order where a key comes once. */
void    bench_make_keys(const bench_options *options, bench_key kind, uint64_t random, int64_t *keys, size_t count,
                        int64_t *spare);

/* harness.c: 0, BENCH_DIFFERS, BENCH_FAILED or BENCH_INTERRUPTED; the reason is on stderr. Free in any case. */
int  bench_run(const bench_options *options, const bench_data *data, bench_results *results);
void bench_results_free(bench_results *results);

/* files.c: a folder of our own below the one that was asked for, to be freed (NULL after bench_fail()). In it, remove
 * what a peer made: its file, and what lies beside it under its name and an ending, a folder with files too. */
char *bench_make_folder(const char *parent);
void  bench_remove_store(const char *folder, const char *peer);

/* memory.c: a process of its own opens the store and does R5f; *bytes is its anonymous memory then, 0 where the system
 * does not tell. The other side is bench_reader(), which main() calls for `--reader PEER`. */
int  bench_measure_reader(const bench_peer *peer, const char *path, uint64_t *bytes);
int  bench_reader(const bench_peer *peer, const char *path);

/* threads.c: run `work` in two threads, each with its context; 0 when both gave 0. */
int  bench_two_threads(int (*work)(void *context), void *first, void *second);

/* A thread that calls `work` until it is told to stop, or `work` fails. */
typedef struct bench_busy bench_busy;
int  bench_busy_start(bench_busy **busy, int (*work)(void *context), void *context);
int  bench_busy_stop(bench_busy *busy);        /* what `work` gave last; NULL is fine */

/* statistics.c */
double bench_median(const double *values, size_t count);
double bench_percentile(const double *values, size_t count, double percent);
double bench_spread(const double *values, size_t count);        /* highest less lowest, in percent of the median */

/* ratios.c: the median of the ratios of each round; 0 when one of the two was not done. */
double bench_ratio(const bench_series *top, const bench_series *bottom, size_t runs);
const bench_series *bench_find_series(const bench_options *options, const bench_results *results, bench_row row,
                                      const char *peer);       /* NULL: not done */
void bench_report_ratios(FILE *out, const bench_options *options, const bench_results *results);
void bench_report_growth(FILE *out, const bench_options *options, const bench_results *results,
                         const bench_results *scaled);             /* what options->scale times the data cost */

/* report.c, chart.c */
void bench_report_machine(FILE *out, const bench_options *options);
void bench_report_table(FILE *out, const bench_options *options, const bench_results *results);
void bench_report_json(FILE *out, const bench_options *options, const bench_results *results);
void bench_report_chart(FILE *out, const bench_options *options, const bench_results *results);       /* SVG */

/* One line on stderr, "kx-bench: …". Returns BENCH_FAILED. */
int  bench_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
