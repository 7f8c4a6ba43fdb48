/*
 * harness.c -- runs the peers in turn and times them.
 *
 * A round is: every peer loads a fresh store (W1), then for each row every peer does the same operations, one peer
 * after the other; `runs` rounds make the runs. So what disturbs the machine for a while disturbs all peers. A run is
 * BENCH_SLICES timed slices, and one before them that is not timed and warms caches with keys of its own. The answers
 * of all slices are folded into one number a row and peer, and at the end all peers must have the same.
 */
#include <errno.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <signal.h>
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
    int64_t             *keys;          /* of one run: (1 + BENCH_SLICES) slices */
    size_t               run;
} round_state;

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

/* ---- sizes and keys --------------------------------------------------------------------- */

static int64_t range_width(const bench_options *options)
{
    size_t half = options->orders / 2;
    size_t width = half < BENCH_RANGE ? half : BENCH_RANGE;
    return width == 0 ? 1 : (int64_t)width;
}

/* Units that one operation stands for: the documents of a range or of a scan. */
static size_t units(const bench_options *options, bench_row row)
{
    if (row == ROW_W1)
        return options->users + options->orders;
    if (row == ROW_R5)
        return (size_t)range_width(options);
    return row == ROW_R5F ? options->orders : 1;
}

static size_t slice_operations(const bench_options *options, bench_row row)
{
    size_t ops = options->ops != 0 ? options->ops : bench_rows[row].ops;
    size_t count = ops / units(options, row) / BENCH_SLICES;
    return count == 0 ? 1 : count;
}

static size_t slice_count(bench_row row)
{
    return row == ROW_W1 ? 1 : BENCH_SLICES;
}

static size_t most_operations(const bench_options *options)
{
    size_t most = 1;

    for (bench_row row = ROW_R1; row < ROW_COUNT; row++)
        if (options->rows[row] && slice_operations(options, row) > most)
            most = slice_operations(options, row);
    return most;
}

static void make_keys(const round_state *state, bench_row row, int64_t *keys, size_t count)
{
    const bench_options *options = state->options;
    uint64_t random = options->seed + 1 + 1000 * state->run + row;
    uint64_t from = options->orders, first = (uint64_t)BENCH_FIRST_ORDER;

    if (bench_rows[row].key == KEY_NONE)
        return;
    if (bench_rows[row].key == KEY_USER) {
        from = options->users;
        first = (uint64_t)BENCH_FIRST_USER;
    } else if (bench_rows[row].key == KEY_RANGE) {
        from = options->orders - (uint64_t)range_width(options) + 1;
    }
    for (size_t i = 0; i < count; i++)
        keys[i] = (int64_t)(first + bench_random(&random) % from);
}

/* ---- one run of a row by a peer ------------------------------------------------------------ */

static uint64_t fold(uint64_t answers, uint64_t answer)
{
    return (answers ^ answer) * UINT64_C(0x9e3779b97f4a7c15) + 1;
}

static int run_slice(const round_state *state, size_t p, bench_row row, const bench_work *work, double *ns)
{
    const bench_peer *peer = state->options->peers[p];
    void *store = state->stores[p];
    uint64_t answer = 0;

    int rc = peer->prepare == NULL ? 0 : peer->prepare(store, row, work);
    if (rc != 0)
        return rc;
    double start = now();
    rc = peer->rows[row](store, work, &answer);
    *ns = now() - start;
    int ended = peer->finish == NULL ? 0 : peer->finish(store, row);
    bench_series *series = &state->results->series[row][p];
    series->answer = fold(series->answer, answer);
    return rc != 0 ? rc : ended;
}

static int run_row(const round_state *state, size_t p, bench_row row)
{
    bench_series *series = &state->results->series[row][p];
    size_t count = slice_operations(state->options, row), unit = units(state->options, row);
    double *slices = series->slices + state->run * BENCH_SLICES, total = 0, ns;

    for (size_t i = 0; i <= BENCH_SLICES; i++) {
        bench_work work = {state->keys + i * count, count, range_width(state->options)};
        if (interrupted)
            return BENCH_INTERRUPTED;
        int rc = run_slice(state, p, row, &work, &ns);
        if (rc != 0)
            return BENCH_FAILED;
        if (i == 0)
            continue;
        slices[i - 1] = ns / (double)(count * unit);
        total += ns;
    }
    series->runs[state->run] = total / (double)(count * unit * BENCH_SLICES);
    return 0;
}

/* ---- the load ---------------------------------------------------------------------------------- */

/* Remove what a peer made: its file, and files beside it whose names begin with its. */
static void remove_store(const char *folder, const char *name)
{
    static const char *const endings[] = {"", "-lock", "-wal", "-shm", "-journal"};
    char path[4096];

    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        snprintf(path, sizeof path, "%s/%s%s", folder, name, endings[i]);
        unlink(path);
    }
}

static int close_stores(round_state *state)
{
    int rc = 0;

    for (size_t p = 0; p < state->options->peer_count; p++) {
        const bench_peer *peer = state->options->peers[p];
        if (state->stores[p] != NULL && peer->close(state->stores[p]) != 0)
            rc = BENCH_FAILED;
        state->stores[p] = NULL;
        remove_store(state->folder, peer->name);
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

static int load_peer(round_state *state, size_t p)
{
    const bench_peer *peer = state->options->peers[p];
    bench_series *series = &state->results->series[ROW_W1][p];
    char path[4096];
    struct stat file;

    snprintf(path, sizeof path, "%s/%s", state->folder, peer->name);
    if (interrupted)
        return BENCH_INTERRUPTED;
    if (peer->open(path, state->data, &state->stores[p]) != 0)
        return BENCH_FAILED;
    give_memory_back();
    double start = now();
    if (peer->load(state->stores[p]) != 0)
        return BENCH_FAILED;
    if (series->done) {
        series->runs[state->run] = (now() - start) / (double)units(state->options, ROW_W1);
        series->slices[state->run] = series->runs[state->run];
    }
    if (peer->settle != NULL && peer->settle(state->stores[p]) != 0)
        return BENCH_FAILED;
    if (stat(path, &file) == 0)
        state->results->file_bytes[p] = (uint64_t)file.st_size;
    return 0;
}

static int run_round(round_state *state)
{
    const bench_options *options = state->options;
    int rc = 0;

    for (size_t p = 0; p < options->peer_count && rc == 0; p++)
        rc = load_peer(state, p);
    for (bench_row row = ROW_R1; row < ROW_COUNT && rc == 0; row++) {
        if (!options->rows[row])
            continue;
        make_keys(state, row, state->keys, slice_operations(options, row) * (1 + BENCH_SLICES));
        for (size_t p = 0; p < options->peer_count && rc == 0; p++)
            if (state->results->series[row][p].done)
                rc = run_row(state, p, row);
    }
    int closed = close_stores(state);
    return rc != 0 ? rc : closed;
}

/* ---- everything ------------------------------------------------------------------------------------ */

static int make_series(const bench_options *options, bench_results *results)
{
    for (bench_row row = 0; row < ROW_COUNT; row++) {
        for (size_t p = 0; p < options->peer_count; p++) {
            bench_series *series = &results->series[row][p];
            series->done = options->rows[row] && (row == ROW_W1 || options->peers[p]->rows[row] != NULL);
            if (!series->done)
                continue;
            series->slice_count = options->runs * slice_count(row);
            series->ops = row == ROW_W1 ? units(options, row)
                                        : slice_operations(options, row) * units(options, row) * BENCH_SLICES;
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

/* A folder of our own below the one that was asked for. NULL after bench_fail(). */
static char *make_folder(const char *parent)
{
    size_t size = strlen(parent) + sizeof "/kx-bench-XXXXXX";
    char *folder = malloc(size);

    if (folder == NULL) {
        bench_fail("no memory");
        return NULL;
    }
    snprintf(folder, size, "%s/kx-bench-XXXXXX", parent);
    if (mkdtemp(folder) != NULL)
        return folder;
    bench_fail("%s: cannot make a folder there: %s", parent, strerror(errno));
    free(folder);
    return NULL;
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
    state.keys = calloc(most_operations(options) * (1 + BENCH_SLICES), sizeof *state.keys);
    state.folder = make_folder(options->folder);
    if (state.keys == NULL || state.folder == NULL)
        rc = BENCH_FAILED;
    else
        rc = run_rounds(&state);
    if (state.folder != NULL)
        rmdir(state.folder);
    free(state.folder);
    free(state.keys);
    return rc;
}
