/*
 * bench.c -- kx-bench: the library beside hand-written LMDB, SQLite and Berkeley DB, on the same data in the same run.
 *
 * Exit status: 0 done and all peers agree, 1 their answers differ, 2 wrong usage, 3 a store or file cannot be read or
 * written, 130 interrupted.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <lmdbkenobix.h>

#include "bench.h"

static const char usage[] =
    "usage: kx-bench [OPTION]...\n"
    "Measure the library, hand-written LMDB (the limit), SQLite and Berkeley DB on the same data, and print ratios.\n"
    "\n"
    "  --rows R1,R2       rows to measure; default all\n"
    "  --peers kx,lmdb    peers to run; default all\n"
    "  --users N          users, default 20000\n"
    "  --orders N         orders, default 200000\n"
    "  --scale N          measure N times as many users and orders too, and print what that costs each row\n"
    "  --runs N           runs of every peer, in turn; default 5\n"
    "  --ops N            gets, users or documents a run, instead of each row's default\n"
    "  --seed N           of the data and the keys, default 1\n"
    "  --dir DIR          where the stores are made, default $TMPDIR or /tmp\n"
    "  --json             one JSON object a row and peer; the machine goes to standard error\n"
    "  --svg FILE         also draw the ratios of times to the limit's\n"
    "  -o, --output FILE  write there instead of standard output\n"
    "  -q, --quiet        no progress, and with --json no machine\n"
    "  -h, --help         this text, with the rows and peers\n"
    "  -V, --version      the versions\n";

enum {
    OPTION_ROWS = 256, OPTION_PEERS, OPTION_USERS, OPTION_ORDERS, OPTION_RUNS, OPTION_OPS, OPTION_SEED, OPTION_DIR,
    OPTION_JSON, OPTION_SCALE, OPTION_SVG, OPTION_READER
};

static const struct option long_options[] = {
    {"rows", required_argument, NULL, OPTION_ROWS},
    {"peers", required_argument, NULL, OPTION_PEERS},
    {"users", required_argument, NULL, OPTION_USERS},
    {"orders", required_argument, NULL, OPTION_ORDERS},
    {"runs", required_argument, NULL, OPTION_RUNS},
    {"ops", required_argument, NULL, OPTION_OPS},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"dir", required_argument, NULL, OPTION_DIR},
    {"json", no_argument, NULL, OPTION_JSON},
    {"scale", required_argument, NULL, OPTION_SCALE},
    {"svg", required_argument, NULL, OPTION_SVG},
    {"reader", required_argument, NULL, OPTION_READER},
    {"output", required_argument, NULL, 'o'},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {0}
};

/* ---- options -------------------------------------------------------------------------------- */

static int wrong_usage(const char *option, const char *value, const char *expected)
{
    bench_fail("--%s %s: expected %s; see kx-bench --help", option, value, expected);
    return BENCH_USAGE;
}

static int parse_number(const char *option, const char *text, uint64_t least, uint64_t most, uint64_t *number)
{
    char *end, expected[96];

    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno == 0 && *text >= '0' && *text <= '9' && *end == '\0' && value >= least && value <= most) {
        *number = value;
        return 0;
    }
    snprintf(expected, sizeof expected, "a number from %llu to %llu", (unsigned long long)least,
             (unsigned long long)most);
    return wrong_usage(option, text, expected);
}

static int parse_size(const char *option, const char *text, size_t most, size_t *size)
{
    uint64_t number = 0;

    int rc = parse_number(option, text, 1, most, &number);
    *size = (size_t)number;
    return rc;
}

typedef bool add_name(bench_options *options, const char *name, size_t size);

/* Call `add` with each name of a comma-separated list; false ends the walk. */
static bool each_name(const char *list, add_name *add, bench_options *options)
{
    for (;;) {
        size_t size = strcspn(list, ",");
        if (!add(options, list, size))
            return false;
        if (list[size] == '\0')
            return true;
        list += size + 1;
    }
}

static bool add_row(bench_options *options, const char *name, size_t size)
{
    for (bench_row row = 0; row < ROW_COUNT; row++) {
        if (strlen(bench_rows[row].name) == size && strncasecmp(bench_rows[row].name, name, size) == 0) {
            options->rows[row] = true;
            return true;
        }
    }
    return false;
}

static bool add_peer(bench_options *options, const char *name, size_t size)
{
    for (size_t i = 0; i < options->peer_count; i++)
        if (strlen(options->peers[i]->name) == size && strncmp(options->peers[i]->name, name, size) == 0)
            return true;
    for (size_t i = 0; bench_peers[i] != NULL && options->peer_count < BENCH_PEERS_MAX; i++) {
        if (strlen(bench_peers[i]->name) == size && strncmp(bench_peers[i]->name, name, size) == 0) {
            options->peers[options->peer_count++] = bench_peers[i];
            return true;
        }
    }
    return false;
}

static void list_rows(char *text, size_t size)
{
    snprintf(text, size, "rows among");
    for (bench_row row = 0; row < ROW_COUNT; row++)
        snprintf(text + strlen(text), size - strlen(text), " %s", bench_rows[row].name);
}

static void list_peers(char *text, size_t size)
{
    snprintf(text, size, "peers among");
    for (size_t i = 0; bench_peers[i] != NULL; i++)
        snprintf(text + strlen(text), size - strlen(text), " %s", bench_peers[i]->name);
}

static int parse_names(bench_options *options, const char *option, const char *list)
{
    char expected[512];
    bool rows = strcmp(option, "rows") == 0;

    if (each_name(list, rows ? add_row : add_peer, options))
        return 0;
    (rows ? list_rows : list_peers)(expected, sizeof expected);
    return wrong_usage(option, list, expected);
}

static int parse_option(bench_options *options, int option)
{
    switch (option) {
    case OPTION_ROWS:
        return parse_names(options, "rows", optarg);
    case OPTION_PEERS:
        return parse_names(options, "peers", optarg);
    case OPTION_USERS:
        return parse_size("users", optarg, 100000000, &options->users);
    case OPTION_ORDERS:
        return parse_size("orders", optarg, 1000000000, &options->orders);
    case OPTION_RUNS:
        return parse_size("runs", optarg, BENCH_RUNS_MAX, &options->runs);
    case OPTION_SCALE:
        return parse_size("scale", optarg, 1000, &options->scale);
    case OPTION_OPS:
        return parse_size("ops", optarg, 1000000000, &options->ops);
    case OPTION_SEED:
        return parse_number("seed", optarg, 0, UINT64_MAX, &options->seed);
    case OPTION_DIR:
        options->folder = optarg;
        return 0;
    case OPTION_JSON:
        options->json = true;
        return 0;
    case OPTION_SVG:
        options->chart = optarg;
        return 0;
    case 'o':
        options->output = optarg;
        return 0;
    case 'q':
        options->quiet = true;
        return 0;
    default:
        fputs("kx-bench: see kx-bench --help\n", stderr);
        return BENCH_USAGE;
    }
}

/* What was not asked for is asked for whole. */
static void fill_defaults(bench_options *options)
{
    const char *temporary = getenv("TMPDIR");
    bool any = false;

    for (bench_row row = 0; row < ROW_COUNT; row++)
        any = any || options->rows[row];
    for (bench_row row = 0; row < ROW_COUNT && !any; row++)
        options->rows[row] = true;
    for (size_t i = 0; options->peer_count == 0 && bench_peers[i] != NULL; i++)
        options->peers[i] = bench_peers[i];
    while (options->peer_count < BENCH_PEERS_MAX && options->peers[options->peer_count] != NULL)
        options->peer_count++;
    if (options->folder == NULL)
        options->folder = temporary == NULL || *temporary == '\0' ? "/tmp" : temporary;
}

/* ---- output ------------------------------------------------------------------------------------- */

/* What was measured, at one size or at two. */
typedef struct outcome {
    bench_options options, scaled_options;
    bench_results results, scaled;
} measured;

static bool is_scaled(const measured *outcome)
{
    return outcome->options.scale > 1;
}

static void report_json(FILE *out, const measured *outcome)
{
    if (!outcome->options.quiet)
        bench_report_machine(stderr, &outcome->options);
    bench_report_json(out, &outcome->options, &outcome->results);
    if (is_scaled(outcome))
        bench_report_json(out, &outcome->scaled_options, &outcome->scaled);
}

static void report(FILE *out, const measured *outcome)
{
    if (outcome->options.json) {
        report_json(out, outcome);
        return;
    }
    fprintf(out, "kx-bench %s\n", kx_version());
    bench_report_machine(out, &outcome->options);
    bench_report_table(out, &outcome->options, &outcome->results);
    bench_report_ratios(out, &outcome->options, &outcome->results);
    if (!is_scaled(outcome))
        return;
    fprintf(out, "\n%zu users, %zu orders\n", outcome->scaled_options.users, outcome->scaled_options.orders);
    bench_report_table(out, &outcome->scaled_options, &outcome->scaled);
    bench_report_growth(out, &outcome->options, &outcome->results, &outcome->scaled);
}

static void draw(FILE *out, const measured *outcome)
{
    bench_report_chart(out, &outcome->options, &outcome->results);
}

/* Written beside and renamed, so that a file is never half a report. */
static int write_file(const char *name, void (*write)(FILE *out, const measured *outcome), const measured *outcome)
{
    char path[4096];

    if ((size_t)snprintf(path, sizeof path, "%s.part", name) >= sizeof path)
        return bench_fail("%s: name too long", name);
    FILE *out = fopen(path, "w");
    if (out == NULL)
        return bench_fail("%s: %s", path, strerror(errno));
    write(out, outcome);
    bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed || rename(path, name) != 0) {
        int error = errno;
        remove(path);
        return bench_fail("%s: %s", name, strerror(error));
    }
    return 0;
}

static int finish_output(void)
{
    if (fflush(stdout) != 0 || ferror(stdout))
        return bench_fail("standard output: %s", strerror(errno));
    return 0;
}

static int print_help(void)
{
    char names[512];

    fputs(usage, stdout);
    puts("\nrows:");
    for (bench_row row = 0; row < ROW_COUNT; row++)
        printf("  %-5s %s\n", bench_rows[row].name, bench_rows[row].about);
    list_peers(names, sizeof names);
    printf("%s\n", names);
    return finish_output();
}

static int print_version(void)
{
    printf("kx-bench %s\n", kx_version());
    for (size_t i = 0; bench_peers[i] != NULL; i++) {
        printf("%-13s ", bench_peers[i]->name);
        bench_peers[i]->describe(stdout);
        putchar('\n');
    }
    return finish_output();
}

/* ---- main ------------------------------------------------------------------------------------------ */

static int measure_size(const bench_options *options, bench_results *results)
{
    bench_data data;

    int rc = bench_data_make(&data, options->users, options->orders, bench_new_orders(options), options->seed);
    if (rc == 0)
        rc = bench_run(options, &data, results);
    bench_data_free(&data);
    return rc;
}

static int write_outcome(const measured *outcome)
{
    int rc = 0;

    if (outcome->options.output != NULL)
        rc = write_file(outcome->options.output, report, outcome);
    else
        report(stdout, outcome);
    if (rc == 0 && outcome->options.chart != NULL)
        rc = write_file(outcome->options.chart, draw, outcome);
    return rc == 0 ? finish_output() : rc;
}

static int measure(measured *outcome)
{
    int rc = measure_size(&outcome->options, &outcome->results);

    outcome->scaled_options = outcome->options;
    outcome->scaled_options.users *= outcome->options.scale;
    outcome->scaled_options.orders *= outcome->options.scale;
    if (is_scaled(outcome) && rc == BENCH_DONE)
        rc = measure_size(&outcome->scaled_options, &outcome->scaled);
    if (rc == BENCH_INTERRUPTED)
        fputs("kx-bench: interrupted\n", stderr);
    if (rc == BENCH_DONE || rc == BENCH_DIFFERS) {
        int written = write_outcome(outcome);
        rc = written != 0 ? written : rc;
    }
    bench_results_free(&outcome->results);
    bench_results_free(&outcome->scaled);
    return rc;
}

/* The other side of bench_measure_reader(): `--reader PEER PATH`, not for people. */
static int run_reader(const char *name, int argc, char **argv)
{
    bench_options options = {0};

    if (optind + 1 != argc || !add_peer(&options, name, strlen(name)))
        return BENCH_USAGE;
    return bench_reader(options.peers[0], argv[optind]);
}

int main(int argc, char **argv)
{
    static measured outcome = {
        .options = {.users = 20000, .orders = 200000, .runs = 5, .scale = 1, .seed = 1}
    };
    int option;

    while ((option = getopt_long(argc, argv, "o:qhV", long_options, NULL)) != -1) {
        if (option == 'h')
            return print_help();
        if (option == 'V')
            return print_version();
        if (option == OPTION_READER)
            return run_reader(optarg, argc, argv);
        int rc = parse_option(&outcome.options, option);
        if (rc != 0)
            return rc;
    }
    if (optind < argc) {
        bench_fail("%s: no operand is expected; see kx-bench --help", argv[optind]);
        return BENCH_USAGE;
    }
    fill_defaults(&outcome.options);
    return measure(&outcome);
}
