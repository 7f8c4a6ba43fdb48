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
    BENCH_SLICES = 20,              /* timed parts of a run */
    BENCH_RANGE = 10000             /* documents of a range in R5, at most half of all orders */
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

#define BENCH_FIRST_USER  INT64_C(100001)
#define BENCH_FIRST_ORDER INT64_C(1000001)

typedef struct bench_bytes { const uint8_t *data; size_t size; } bench_bytes;

/* The same documents twice: as structs, for peers that bind columns, and packed, for those that take MessagePack. */
typedef struct bench_data {
    size_t       user_count, order_count;
    bench_user  *users;
    bench_order *orders;
    bench_bytes *user_docs, *order_docs;
    uint8_t     *user_bytes, *order_bytes;
} bench_data;

/* Fill `data` from the seed. Returns 0, or BENCH_FAILED when memory is short. Free it in both cases. */
int  bench_data_make(bench_data *data, size_t users, size_t orders, uint64_t seed);
void bench_data_free(bench_data *data);

uint64_t bench_random(uint64_t *state);                    /* splitmix64 */

/* ---- rows (rows.c) -------------------------------------------------------------- */

typedef enum bench_row {
    ROW_W1, ROW_R1, ROW_R1TXN, ROW_R2, ROW_R3, ROW_R3C, ROW_R5, ROW_R5F, ROW_COUNT
} bench_row;

typedef enum bench_key { KEY_NONE, KEY_ORDER, KEY_USER, KEY_RANGE } bench_key;

typedef struct bench_row_info {
    const char *name;
    const char *about;
    bench_key   key;                /* what the keys of its operations are */
    size_t      ops;                /* units a run, by default */
} bench_row_info;

extern const bench_row_info bench_rows[ROW_COUNT];

/* The operations of one slice: the same for every peer. */
typedef struct bench_work {
    const int64_t *keys;            /* order_id, user_id, or the first order_id of a range */
    size_t         count;
    int64_t        width;           /* of a range, in orders */
} bench_work;

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
 * Every function returns 0, or non-zero after bench_fail(). `load` is the row W1 and must end durable; what a peer
 * does in `open`, `settle` (after the load: checkpoints, statistics), `prepare` and `finish` is not timed.
 */
typedef struct bench_peer {
    const char *name;
    int  (*open)(const char *path, const bench_data *data, void **store);   /* a fresh, empty store; NULL on failure */
    int  (*close)(void *store);                                             /* NULL is fine */
    int  (*load)(void *store);
    int  (*settle)(void *store);                                            /* may be NULL */
    int  (*prepare)(void *store, bench_row row, const bench_work *work);    /* before a slice; may be NULL */
    int  (*finish)(void *store, bench_row row);                             /* after it; may be NULL */
    void (*describe)(FILE *out);                                            /* version and settings, one line */
    bench_row_function *rows[ROW_COUNT];                                    /* ROW_W1 is `load`; NULL: not done */
} bench_peer;

extern const bench_peer *const bench_peers[];              /* ends in NULL */
extern const bench_peer bench_peer_kx, bench_peer_kx_primary, bench_peer_lmdb, bench_peer_lmdb_primary;
extern const bench_peer bench_peer_sqlite, bench_peer_sqlite_rowid;

enum { BENCH_PEERS_MAX = 16 };

/* ---- options and results (bench.c, harness.c, statistics.c, report.c, ratios.c) --------------------------- */

typedef struct bench_options {
    const bench_peer *peers[BENCH_PEERS_MAX];
    size_t      peer_count;
    bool        rows[ROW_COUNT];
    size_t      users, orders, runs;
    size_t      ops;                /* 0: each row's default */
    uint64_t    seed;
    const char *folder;             /* where the stores are made */
    const char *output;             /* NULL: standard output */
    bool        json, quiet;
} bench_options;

typedef struct bench_series {
    bool      done;                 /* the peer does this row, and it was asked for */
    size_t    ops;                  /* units a run: documents, gets, users, … */
    size_t    slice_count;
    uint64_t  answer;               /* of all runs, folded */
    double   *runs;                 /* ns an operation, one a run, in the order they ran */
    double   *slices;               /* the same for each timed slice of all runs */
} bench_series;

typedef struct bench_results {
    bench_series series[ROW_COUNT][BENCH_PEERS_MAX];
    uint64_t     file_bytes[BENCH_PEERS_MAX];             /* after the load */
} bench_results;

/* Run everything. 0, BENCH_DIFFERS, BENCH_FAILED or BENCH_INTERRUPTED; the reason is on stderr. Free in any case. */
int  bench_run(const bench_options *options, const bench_data *data, bench_results *results);
void bench_results_free(bench_results *results);

double bench_median(const double *values, size_t count);
double bench_percentile(const double *values, size_t count, double percent);
double bench_spread(const double *values, size_t count);        /* highest less lowest, in percent of the median */

void bench_report_machine(FILE *out, const bench_options *options);
void bench_report_table(FILE *out, const bench_options *options, const bench_results *results);
void bench_report_ratios(FILE *out, const bench_options *options, const bench_results *results);
void bench_report_json(FILE *out, const bench_options *options, const bench_results *results);

/* One line on stderr, "kx-bench: …". Returns BENCH_FAILED. */
int  bench_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
