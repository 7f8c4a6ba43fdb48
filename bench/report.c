/* report.c -- what was measured: the machine, a table for people, lines of JSON for programs. */
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "bench.h"

/* ---- the machine ------------------------------------------------------------------------------ */

/* The first line of a file of the form "name : value" that begins with `name`; "unknown" when there is none. */
static void read_setting(const char *path, const char *name, char *value, size_t size)
{
    char line[512];
    FILE *file = fopen(path, "r");

    snprintf(value, size, "unknown");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        char *colon = strchr(line, ':');
        if (strncmp(line, name, strlen(name)) != 0 || colon == NULL)
            continue;
        colon += 1 + strspn(colon + 1, " \t");
        colon[strcspn(colon, "\n")] = '\0';
        snprintf(value, size, "%s", colon);
        break;
    }
    if (file != NULL)
        fclose(file);
}

static void report_settings(FILE *out, const bench_options *options)
{
    void (*before)(FILE *) = NULL;

    for (size_t p = 0; p < options->peer_count; p++) {
        const bench_peer *peer = options->peers[p];
        if (peer->describe == before)
            continue;               /* two forms of one engine stand side by side */
        before = peer->describe;
        fprintf(out, "%-9s ", peer->name);
        peer->describe(out);
        fputc('\n', out);
    }
}

void bench_report_machine(FILE *out, const bench_options *options)
{
    struct utsname system = {0};
    char cpu[256];
    double gib = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE) / (1 << 30);

    uname(&system);
    read_setting("/proc/cpuinfo", "model name", cpu, sizeof cpu);
    fprintf(out, "machine   %s, %ld cores, %.1f GiB, %s %s %s\n", cpu, sysconf(_SC_NPROCESSORS_ONLN), gib,
            system.sysname, system.release, system.machine);
    fprintf(out, "compiler  %s\n", __VERSION__);
    report_settings(out, options);
    fprintf(out, "data      %zu users, %zu orders, seed %llu; stores in %s\n", options->users, options->orders,
            (unsigned long long)options->seed, options->folder);
    fprintf(out, "runs      %zu, the peers in turn; ns an operation: the median and the spread of the runs,\n"
                 "          the best and the 99th percentile of their parts (%d a run, 4 of X3,\n"
            "          1 of W1, U1, U1q, U2, D1 and M2Mw)\n",
            options->runs, BENCH_SLICES);
}

/* ---- the table ------------------------------------------------------------------------------- */

/* A percentile of the timed parts of all runs; 0 is the best one, which other programs' work disturbed least. */
static double part(const bench_series *series, double percent)
{
    return bench_percentile(series->slices, series->slice_count, percent);
}

/* One line; what is 0 was not measured. */
static void report_sizes(FILE *out, const char *what, double unit, const bench_options *options, const uint64_t *bytes)
{
    bool any = false;

    for (size_t p = 0; p < options->peer_count; p++) {
        if (bytes[p] == 0)
            continue;
        if (!any)
            fprintf(out, "\n%s:", what);
        fprintf(out, "  %s %.1f", options->peers[p]->name, (double)bytes[p] / unit);
        any = true;
    }
    if (any)
        fputc('\n', out);
}

void bench_report_table(FILE *out, const bench_options *options, const bench_results *results)
{
    fprintf(out, "\n%-6s %-13s %10s %10s %10s %8s\n", "row", "peer", "median", "best", "p99", "spread");
    for (bench_row row = 0; row < ROW_COUNT; row++) {
        if (!options->rows[row])
            continue;
        fprintf(out, "%-6s %s\n", bench_rows[row].name, bench_rows[row].about);
        for (size_t p = 0; p < options->peer_count; p++) {
            const bench_series *series = &results->series[row][p];
            if (!series->done)
                continue;
            fprintf(out, "       %-13s %10.1f %10.1f %10.1f %7.1f%%\n", options->peers[p]->name,
                    bench_median(series->runs, options->runs), part(series, 0), part(series, 99),
                    bench_spread(series->runs, options->runs));
        }
    }
    report_sizes(out, "file after the load, MB", 1e6, options, results->file_bytes);
    report_sizes(out, "memory: anonymous, of a process that did R5f alone, MiB (to reach: <= 8 by kx)", 1 << 20,
                 options, results->reader_bytes);
}

/* ---- JSON: names are ours and need no escapes --------------------------------------------------- */

static void report_series(FILE *out, const bench_options *options, bench_row row, const bench_results *results,
                          size_t p)
{
    const bench_series *series = &results->series[row][p];

    fprintf(out, "{\"row\":\"%s\",\"peer\":\"%s\",\"ns_per_op\":%.3f,\"best\":%.3f,\"p99\":%.3f,",
            bench_rows[row].name, options->peers[p]->name, bench_median(series->runs, options->runs),
            part(series, 0), part(series, 99));
    fprintf(out, "\"spread_percent\":%.2f,\"runs\":[", bench_spread(series->runs, options->runs));
    for (size_t i = 0; i < options->runs; i++)
        fprintf(out, "%s%.3f", i == 0 ? "" : ",", series->runs[i]);
    fprintf(out, "],\"ops\":%zu,\"answer\":\"%016llx\",\"users\":%zu,\"orders\":%zu,", series->ops,
            (unsigned long long)series->answer, options->users, options->orders);
    fprintf(out, "\"seed\":%llu,\"file_bytes\":%llu,\"reader_bytes\":%llu}\n", (unsigned long long)options->seed,
            (unsigned long long)results->file_bytes[p], (unsigned long long)results->reader_bytes[p]);
}

void bench_report_json(FILE *out, const bench_options *options, const bench_results *results)
{
    for (bench_row row = 0; row < ROW_COUNT; row++)
        for (size_t p = 0; p < options->peer_count; p++)
            if (results->series[row][p].done)
                report_series(out, options, row, results, p);
}
