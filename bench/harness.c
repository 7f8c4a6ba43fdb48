/*
 * harness.c -- runs the peers in turn and times them.
 *
 * A round is: for each set of data every peer loads a fresh store (that of the shop is W1), then for each row every
 * peer does the same operations, one peer after the other; `runs` rounds make the runs. So what disturbs the machine
 * for a while disturbs all peers. A run is some timed slices, and one before them that is not timed and warms caches
 * with keys of its own. The answers of all slices are folded into one number a row and peer, and at the end all peers
 * must have the same. A row that writes is followed by rows that read what it wrote: their answers count as its own.
 */
#include <signal.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

typedef struct round_state {
    const bench_options *options;
    const bench_data    *data;
    bench_results       *results;
    char                *folder;
    void                *stores[BENCH_PEERS_MAX];
    int64_t             *keys;          /* of one run: a slice to warm up and the timed ones */
    int64_t             *spare;         /* room for the key of every user or order */
    bench_set            set;           /* whose stores are open */
    size_t               run;
} round_state;

enum { CHECKS = 1000 };                 /* operations of a row that reads what another one wrote */

static volatile sig_atomic_t interrupted;

static void interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

int bench_fail(const char *format, ...)
{
    va_list arguments;

    fputs("kx-bench: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    return BENCH_FAILED;
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* ---- one run of a row by a peer ------------------------------------------------------------ */

static uint64_t fold(uint64_t answers, uint64_t answer)
{
    return (answers ^ answer) * UINT64_C(0x9e3779b97f4a7c15) + 1;
}

static uint64_t randomness(const round_state *state, bench_row row)
{
    return state->options->seed + 1 + 1000 * state->run + row;
}

/* Not timed where `ns` is NULL. The answer is folded into that of the row `into`. */
static int run_slice(const round_state *state, size_t p, bench_row row, bench_row into, const bench_work *work,
                     double *ns)
{
    const bench_peer *peer = state->options->peers[p];
    void *store = state->stores[p];
    uint64_t answer = 0;

    int rc = peer->prepare == NULL ? 0 : peer->prepare(store, row, work);
    if (rc != 0)
        return rc;
    double start = now();
    rc = peer->rows[row](store, work, &answer);
    if (ns != NULL)
        *ns = now() - start;
    int ended = peer->finish == NULL ? 0 : peer->finish(store, row);
    bench_series *series = &state->results->series[into][p];
    series->answer = fold(series->answer, answer);
    return rc != 0 ? rc : ended;
}

static bool takes_orders(bench_key kind)
{
    return kind == KEY_ORDER || kind == KEY_ORDER_ONCE || kind == KEY_NEW_ORDER;
}

static bool takes_users(bench_key kind)
{
    return kind == KEY_USER || kind == KEY_USER_ONCE;
}

/* Read with the row's own keys where they fit, else with others: what was written must show, and nothing else. */
static int run_check(const round_state *state, size_t p, bench_row row, bench_row check)
{
    const bench_options *options = state->options;
    bench_key wrote = bench_rows[row].key, reads = bench_rows[check].key;
    size_t count = bench_slice_operations(options, row), unit = bench_unit_size(options, check);
    int64_t keys[CHECKS];
    bench_work work = {state->keys + count, count, bench_range_width(options)};

    if ((takes_orders(wrote) && takes_orders(reads)) || (takes_users(wrote) && takes_users(reads)))
        return run_slice(state, p, check, row, &work, NULL);
    work.keys = keys;
    work.count = unit < CHECKS ? CHECKS / unit : 1;
    bench_make_keys(options, reads, randomness(state, row) + ROW_COUNT, keys, work.count, state->spare);
    return run_slice(state, p, check, row, &work, NULL);
}

static int run_checks(const round_state *state, size_t p, bench_row row)
{
    const bench_row *checks = bench_rows[row].checks;
    int rc = 0;

    for (size_t i = 0; i < sizeof bench_rows[row].checks / sizeof *checks && checks[i] != ROW_W1 && rc == 0; i++)
        rc = run_check(state, p, row, checks[i]);
    return rc == 0 ? 0 : BENCH_FAILED;
}

static int run_row(const round_state *state, size_t p, bench_row row)
{
    bench_series *series = &state->results->series[row][p];
    size_t count = bench_slice_operations(state->options, row), unit = bench_unit_size(state->options, row);
    size_t timed = bench_rows[row].slices;
    double *slices = series->slices + state->run * timed, total = 0, ns;

    for (size_t i = 0; i <= timed; i++) {
        bench_work work = {state->keys + i * count, count, bench_range_width(state->options)};
        if (interrupted)
            return BENCH_INTERRUPTED;
        if (run_slice(state, p, row, row, &work, &ns) != 0)
            return BENCH_FAILED;
        if (i == 0)
            continue;
        slices[i - 1] = ns / (double)(count * unit);
        total += ns;
    }
    series->runs[state->run] = total / (double)(count * unit * timed);
    return run_checks(state, p, row);
}

/* ---- the load ---------------------------------------------------------------------------------- */

static void store_path(const round_state *state, size_t p, char *path, size_t size)
{
    snprintf(path, size, "%s/%s", state->folder, state->options->peers[p]->name);
}

static int close_store(round_state *state, size_t p)
{
    void *store = state->stores[p];

    state->stores[p] = NULL;
    return store == NULL || state->options->peers[p]->close(store) == 0 ? 0 : BENCH_FAILED;
}

/* After the last run of the shop a reader is measured, alone with the store. */
static int close_stores(round_state *state, bool measure)
{
    const bench_options *options = state->options;
    char path[4096];
    int rc = 0;

    for (size_t p = 0; p < options->peer_count; p++) {
        bool reads = measure && state->stores[p] != NULL && state->results->series[ROW_R5F][p].done;
        int closed = close_store(state, p);
        store_path(state, p, path, sizeof path);
        if (closed == 0 && reads)
            closed = bench_measure_reader(options->peers[p], path, &state->results->reader_bytes[p]);
        if (closed != 0)
            rc = BENCH_FAILED;
        bench_remove_store(state->folder, options->peers[p]->name);
    }
    return rc;
}

/* A load is to find memory as a fresh process does, not warm from the load before: page faults are half of its time. */
static void give_memory_back(void)
{
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

/* In the set whose turn it is there is something for the peer to do. */
static bool has_work(const round_state *state, size_t p)
{
    for (bench_row row = 0; row < ROW_COUNT; row++)
        if (bench_rows[row].set == state->set && state->results->series[row][p].done)
            return true;
    return false;
}

static int load_peer(round_state *state, size_t p)
{
    const bench_peer *peer = state->options->peers[p];
    bench_series *series = &state->results->series[ROW_W1][p];
    char path[4096];
    struct stat file;

    store_path(state, p, path, sizeof path);
    if (interrupted)
        return BENCH_INTERRUPTED;
    if (peer->open(path, state->data, state->set, &state->stores[p]) != 0)
        return BENCH_FAILED;
    give_memory_back();
    double start = now();
    if (peer->load(state->stores[p]) != 0)
        return BENCH_FAILED;
    if (series->done && state->set == SET_SHOP) {
        series->runs[state->run] = (now() - start) / (double)bench_unit_size(state->options, ROW_W1);
        series->slices[state->run] = series->runs[state->run];
    }
    if (peer->settle != NULL && peer->settle(state->stores[p]) != 0)
        return BENCH_FAILED;
    if (state->set == SET_SHOP && stat(path, &file) == 0)
        state->results->file_bytes[p] = (uint64_t)file.st_size;
    return 0;
}

static int run_rows(round_state *state)
{
    const bench_options *options = state->options;
    int rc = 0;

    for (bench_row row = ROW_R1; row < ROW_COUNT && rc == 0; row++) {
        if (!options->rows[row] || bench_rows[row].set != state->set)
            continue;
        bench_make_keys(options, bench_rows[row].key, randomness(state, row), state->keys,
                        bench_slice_operations(options, row) * (1 + bench_rows[row].slices), state->spare);
        for (size_t p = 0; p < options->peer_count && rc == 0; p++)
            if (state->results->series[row][p].done)
                rc = run_row(state, p, row);
    }
    return rc;
}

static int run_set(round_state *state, bench_set set)
{
    const bench_options *options = state->options;
    bool last = set == SET_SHOP && state->run + 1 == options->runs;
    int rc = 0;

    state->set = set;
    for (size_t p = 0; p < options->peer_count && rc == 0; p++)
        if (has_work(state, p))
            rc = load_peer(state, p);
    if (rc == 0)
        rc = run_rows(state);
    int closed = close_stores(state, last && rc == 0);
    return rc != 0 ? rc : closed;
}

static int run_round(round_state *state)
{
    int rc = 0;

    for (bench_set set = 0; set < SET_COUNT && rc == 0; set++)
        rc = run_set(state, set);
    return rc;
}

/* ---- everything ------------------------------------------------------------------------------------ */

/* The peer has the row's function, and those that check what it wrote. */
static bool can_do(const bench_peer *peer, bench_row row)
{
    if (row == ROW_W1)
        return true;
    for (size_t i = 0; i < sizeof bench_rows[row].checks / sizeof bench_rows[row].checks[0]; i++)
        if (bench_rows[row].checks[i] != ROW_W1 && peer->rows[bench_rows[row].checks[i]] == NULL)
            return false;
    return peer->rows[row] != NULL;
}

static int make_series(const bench_options *options, bench_results *results)
{
    for (bench_row row = 0; row < ROW_COUNT; row++) {
        size_t count = row == ROW_W1 ? 1 : bench_slice_operations(options, row);
        for (size_t p = 0; p < options->peer_count; p++) {
            bench_series *series = &results->series[row][p];
            series->done = options->rows[row] && count > 0 && can_do(options->peers[p], row);
            if (!series->done)
                continue;
            series->slice_count = options->runs * bench_rows[row].slices;
            series->ops = count * bench_unit_size(options, row) * bench_rows[row].slices;
            series->runs = calloc(options->runs, sizeof *series->runs);
            series->slices = calloc(series->slice_count, sizeof *series->slices);
            if (series->runs == NULL || series->slices == NULL)
                return bench_fail("no memory");
        }
    }
    return 0;
}

void bench_results_free(bench_results *results)
{
    for (bench_row row = 0; row < ROW_COUNT; row++) {
        for (size_t p = 0; p < BENCH_PEERS_MAX; p++) {
            free(results->series[row][p].runs);
            free(results->series[row][p].slices);
        }
    }
    *results = (bench_results){0};
}

/* Each peer against the first that did the row. */
static int compare_answers(const bench_options *options, const bench_results *results)
{
    int rc = BENCH_DONE;

    for (bench_row row = ROW_R1; row < ROW_COUNT; row++) {
        size_t first = options->peer_count;
        for (size_t p = 0; p < options->peer_count; p++) {
            if (!results->series[row][p].done)
                continue;
            if (first == options->peer_count)
                first = p;
            if (results->series[row][p].answer == results->series[row][first].answer)
                continue;
            bench_fail("%s: answers differ: %s has %016llx, %s has %016llx", bench_rows[row].name,
                       options->peers[first]->name, (unsigned long long)results->series[row][first].answer,
                       options->peers[p]->name, (unsigned long long)results->series[row][p].answer);
            rc = BENCH_DIFFERS;
        }
    }
    return rc;
}

static int run_rounds(round_state *state)
{
    const bench_options *options = state->options;
    bool progress = !options->quiet && isatty(STDERR_FILENO);
    int rc = 0;

    for (state->run = 0; state->run < options->runs && rc == 0; state->run++) {
        if (progress)
            fprintf(stderr, "\rround %zu of %zu ", state->run + 1, options->runs);
        rc = run_round(state);
    }
    if (progress)
        fputs("\r                              \r", stderr);
    return rc != 0 ? rc : compare_answers(options, state->results);
}

static size_t most_keys(const bench_options *options)
{
    size_t most = 1;

    for (bench_row row = ROW_R1; row < ROW_COUNT; row++) {
        size_t count = bench_slice_operations(options, row) * (1 + bench_rows[row].slices);
        if (options->rows[row] && count > most)
            most = count;
    }
    return most;
}

int bench_run(const bench_options *options, const bench_data *data, bench_results *results)
{
    round_state state = {.options = options, .data = data, .results = results};
    struct sigaction action = {.sa_handler = interrupt};

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    int rc = make_series(options, results);
    if (rc != 0)
        return rc;
    state.keys = calloc(most_keys(options), sizeof *state.keys);
    state.spare = calloc(options->users > options->orders ? options->users : options->orders, sizeof *state.spare);
    state.folder = bench_make_folder(options->folder);
    if (state.keys == NULL || state.spare == NULL)
        rc = bench_fail("no memory");
    else if (state.folder == NULL)
        rc = BENCH_FAILED;
    else
        rc = run_rounds(&state);
    if (state.folder != NULL)
        rmdir(state.folder);
    free(state.folder);
    free(state.keys);
    free(state.spare);
    return rc;
}
