/*
 * ratios.c -- one peer's time over another's, and what it is to reach.
 *
 * Absolute times move from run to run; ratios within a round hardly do. So a ratio is taken in each round, and the
 * median of the rounds is what counts. For the limit itself the ratio to reach is the one that was measured when it was
 * first written by hand: a slower limit would flatter the library. Beside the median stands the ratio of the best timed
 * parts, which other programs disturb least.
 */
#include <stdlib.h>
#include <string.h>

#include "bench.h"

typedef enum goal_kind {
    SHOWN,              /* nothing to reach                            */
    AT_MOST,            /* top may take this many times bottom's time  */
    AT_LEAST,           /* top must take this many times bottom's time */
    AS_MEASURED         /* within 15 % of it                           */
} goal_kind;

typedef struct target {
    bench_row   row;
    const char *top, *bottom;
    goal_kind   kind;
    double      ratio;
    bench_row   under;          /* bottom's row where it is another one; ROW_W1: the same */
} target;

/* A row's goals for one form of the tables: against the limit, against SQLite, and the limit's own. */
#define GOALS(row, kx, lmdb, sqlite, kind_kx, most, kind, least, kind_limit, measured)                       \
    {row, kx, lmdb, kind_kx, most, ROW_W1}, {row, sqlite, kx, kind, least, ROW_W1},                          \
    {row, sqlite, lmdb, kind_limit, measured, ROW_W1}

#define TWO_DESCENTS "kx", "lmdb", "sqlite"
#define PRIMARY      "kx-primary", "lmdb-primary", "sqlite-rowid"
#define FORM(...)    GOALS(__VA_ARGS__)     /* expands the three names first */
#define NO_GOALS(row)                                                                                        \
    FORM(row, TWO_DESCENTS, SHOWN, 0, SHOWN, 0, SHOWN, 0), FORM(row, PRIMARY, SHOWN, 0, SHOWN, 0, SHOWN, 0)

static const target goals[] = {
    FORM(ROW_W1,    TWO_DESCENTS, AT_MOST, 1.25, AT_LEAST, 1.5,  AS_MEASURED, 2.06),
    FORM(ROW_W1,    PRIMARY,      AT_MOST, 1.25, AT_LEAST, 1.5,  AS_MEASURED, 2.11),
    FORM(ROW_R1,    TWO_DESCENTS, AT_MOST, 1.15, AT_LEAST, 1.3,  AS_MEASURED, 1.53),
    FORM(ROW_R1,    PRIMARY,      AT_MOST, 1.20, AT_LEAST, 1.3,  AS_MEASURED, 1.71),
    FORM(ROW_R1TXN, TWO_DESCENTS, AT_MOST, 1.15, AT_LEAST, 6.0,  AS_MEASURED, 7.45),
    FORM(ROW_R1TXN, PRIMARY,      AT_MOST, 1.20, SHOWN,    0,    AS_MEASURED, 14.3),
    FORM(ROW_R2,    TWO_DESCENTS, AT_MOST, 1.15, AT_LEAST, 1.35, AS_MEASURED, 1.59),
    FORM(ROW_R2,    PRIMARY,      AT_MOST, 1.20, AT_LEAST, 1.3,  AS_MEASURED, 1.51),
    FORM(ROW_R2TXN, TWO_DESCENTS, SHOWN,   0,    SHOWN,    0,    SHOWN,       0),
    FORM(ROW_R2TXN, PRIMARY,      SHOWN,   0,    SHOWN,    0,    SHOWN,       0),
    FORM(ROW_R3,    TWO_DESCENTS, AT_MOST, 1.15, AT_LEAST, 1.15, AS_MEASURED, 1.43),
    FORM(ROW_R3,    PRIMARY,      AT_MOST, 1.20, SHOWN,    0,    AS_MEASURED, 1.02),
    FORM(ROW_R3C,   TWO_DESCENTS, AT_MOST, 1.3,  AT_LEAST, 3.0,  AS_MEASURED, 4.25),
    FORM(ROW_R3C,   PRIMARY,      AT_MOST, 1.3,  AT_LEAST, 3.0,  AS_MEASURED, 4.11),
    FORM(ROW_R4N,   TWO_DESCENTS, AT_MOST, 1.25, SHOWN,    0,    AS_MEASURED, 1.62),
    FORM(ROW_R4N,   PRIMARY,      AT_MOST, 1.25, SHOWN,    0,    AS_MEASURED, 1.78),
    FORM(ROW_R4,    TWO_DESCENTS, AT_MOST, 1.25, AT_LEAST, 2.2,  AS_MEASURED, 2.84),
    FORM(ROW_R4,    PRIMARY,      AT_MOST, 1.25, AT_LEAST, 2.2,  AS_MEASURED, 3.47),
    FORM(ROW_R5,    TWO_DESCENTS, AT_MOST, 1.25, AT_LEAST, 2.5,  AS_MEASURED, 3.41),
    FORM(ROW_R5,    PRIMARY,      AT_MOST, 1.25, AT_LEAST, 2.5,  AS_MEASURED, 3.22),
    FORM(ROW_R5F,   TWO_DESCENTS, AT_MOST, 1.25, AT_LEAST, 1.0,  AS_MEASURED, 1.35),
    FORM(ROW_R5F,   PRIMARY,      AT_MOST, 1.25, AT_LEAST, 1.0,  AS_MEASURED, 1.24),
    {ROW_R5F, "sqlite-json", "kx", AT_LEAST, 8.0, ROW_W1},
    FORM(ROW_C1,    TWO_DESCENTS, AT_MOST, 1.15, AT_LEAST, 5.0,  AS_MEASURED, 6.29),
    FORM(ROW_C1,    PRIMARY,      SHOWN,   0,    SHOWN,    0,    SHOWN,       0),
    {ROW_R2TXN, "kx", "kx", AT_LEAST, 1.9, ROW_C1},
    {ROW_R2TXN, "lmdb", "lmdb", SHOWN, 0, ROW_C1},
    FORM(ROW_C1W,   TWO_DESCENTS, SHOWN,   0,    AT_LEAST, 5.0,  AS_MEASURED, 6.71),
    FORM(ROW_C1W,   PRIMARY,      SHOWN,   0,    SHOWN,    0,    SHOWN,       0),
    FORM(ROW_W2,    TWO_DESCENTS, SHOWN,   0,    SHOWN,    0,    AS_MEASURED, 0.44),
    FORM(ROW_W2,    PRIMARY,      SHOWN,   0,    SHOWN,    0,    AS_MEASURED, 0.48),
    FORM(ROW_U1,    TWO_DESCENTS, SHOWN,   0,    SHOWN,    0,    AS_MEASURED, 0.82),
    FORM(ROW_U1,    PRIMARY,      SHOWN,   0,    SHOWN,    0,    AS_MEASURED, 0.66),
    FORM(ROW_U1Q,   TWO_DESCENTS, AT_MOST, 1.15, AT_LEAST, 1.0,  SHOWN,       0),
    FORM(ROW_U1Q,   PRIMARY,      AT_MOST, 1.15, AT_LEAST, 1.0,  SHOWN,       0),
    FORM(ROW_U2,    TWO_DESCENTS, AT_MOST, 1.15, AT_LEAST, 1.3,  AS_MEASURED, 1.91),
    FORM(ROW_U2,    PRIMARY,      AT_MOST, 1.15, AT_LEAST, 1.3,  AS_MEASURED, 1.70),
    FORM(ROW_D1,    TWO_DESCENTS, AT_MOST, 1.15, AT_LEAST, 1.0,  AS_MEASURED, 1.17),
    FORM(ROW_D1,    PRIMARY,      AT_MOST, 1.15, AT_LEAST, 1.7,  AS_MEASURED, 2.09),
    NO_GOALS(ROW_M2M), NO_GOALS(ROW_X1), NO_GOALS(ROW_X2), NO_GOALS(ROW_X3), NO_GOALS(ROW_X4), NO_GOALS(ROW_M2MW),
};

const bench_series *bench_find_series(const bench_options *options, const bench_results *results, bench_row row,
                                      const char *peer)
{
    for (size_t p = 0; p < options->peer_count; p++)
        if (strcmp(options->peers[p]->name, peer) == 0 && results->series[row][p].done)
            return &results->series[row][p];
    return NULL;
}

double bench_ratio(const bench_series *top, const bench_series *bottom, size_t runs)
{
    double *ratios = top == NULL || bottom == NULL ? NULL : malloc(runs * sizeof *ratios);

    if (ratios == NULL)
        return 0;
    for (size_t i = 0; i < runs; i++)
        ratios[i] = bottom->runs[i] > 0 ? top->runs[i] / bottom->runs[i] : 0;
    double median = bench_median(ratios, runs);
    free(ratios);
    return median;
}

static const char *verdict(const target *goal, double ratio)
{
    switch (goal->kind) {
    case AT_MOST:
        return ratio <= goal->ratio ? "met" : "MISSED";
    case AT_LEAST:
        return ratio >= goal->ratio ? "met" : "MISSED";
    case AS_MEASURED:
        if (ratio > goal->ratio * 1.15)
            return "above: the limit is faster than it was";
        return ratio >= goal->ratio * 0.85 ? "met" : "BELOW: the limit is slower than it was";
    default:
        return "";
    }
}

static double best_ratio(const bench_series *top, const bench_series *bottom)
{
    double best = bench_percentile(bottom->slices, bottom->slice_count, 0);
    return best > 0 ? bench_percentile(top->slices, top->slice_count, 0) / best : 0;
}

static void report_goal(FILE *out, const target *goal, double ratio, double best)
{
    char name[64], wanted[32] = "";

    if (goal->under == ROW_W1)
        snprintf(name, sizeof name, "%s / %s", goal->top, goal->bottom);
    else
        snprintf(name, sizeof name, "%s / %s of %s", goal->top, goal->bottom, bench_rows[goal->under].name);
    if (goal->kind == AT_MOST)
        snprintf(wanted, sizeof wanted, "<= %.2f", goal->ratio);
    else if (goal->kind == AT_LEAST)
        snprintf(wanted, sizeof wanted, ">= %.2f", goal->ratio);
    else if (goal->kind == AS_MEASURED)
        snprintf(wanted, sizeof wanted, "%.2f +- 15 %%", goal->ratio);
    fprintf(out, "%-6s %-27s %7.2f %7.2f   %-15s %s\n", bench_rows[goal->row].name, name, ratio, best, wanted,
            verdict(goal, ratio));
}

/* The goals were set for this much data: with less of it caches answer, with more of it memory. */
static bool is_goals_size(const bench_options *options)
{
    return options->users == 20000 && options->orders == 200000;
}

void bench_report_ratios(FILE *out, const bench_options *options, const bench_results *results)
{
    bool judged = is_goals_size(options);

    fprintf(out, "\n%-6s %-27s %7s %7s   %s\n", "row", "ratio of times", "median", "best",
            judged ? "to reach" : "nothing to reach: that is set for 20000 users and 200000 orders");
    for (size_t i = 0; i < sizeof goals / sizeof goals[0]; i++) {
        target goal = goals[i];
        bench_row under = goal.under == ROW_W1 ? goal.row : goal.under;
        const bench_series *top = bench_find_series(options, results, goal.row, goal.top);
        const bench_series *bottom = bench_find_series(options, results, under, goal.bottom);
        if (!judged)
            goal.kind = SHOWN;
        if (top != NULL && bottom != NULL)
            report_goal(out, &goal, bench_ratio(top, bottom, options->runs), best_ratio(top, bottom));
    }
}

/* ---- growth: more data may cost the depth of a tree, and no more --------------------------------------- */

static void report_growth_of(FILE *out, const bench_options *options, const bench_series *small,
                             const bench_series *large, bench_row row, const char *peer)
{
    double before = bench_median(small->runs, options->runs), after = bench_median(large->runs, options->runs);
    bool ours = strncmp(peer, "kx", 2) == 0 && options->scale == 10 && is_goals_size(options);
    target goal = {row, peer, NULL, ours ? AT_MOST : SHOWN, row == ROW_W1 ? 1.3 : 1.6, ROW_W1};
    char wanted[32] = "";
    double ratio = before > 0 ? after / before : 0;

    if (ours)
        snprintf(wanted, sizeof wanted, "<= %.2f", goal.ratio);
    fprintf(out, "%-6s %-27s %7.2f   %-15s %s\n", bench_rows[row].name, peer, ratio, wanted, verdict(&goal, ratio));
}

void bench_report_growth(FILE *out, const bench_options *options, const bench_results *results,
                         const bench_results *scaled)
{
    fprintf(out, "\n%-6s %-27s %7s   at %zu times the data, over the time above\n", "row", "growth", "ratio",
            options->scale);
    for (bench_row row = 0; row < ROW_COUNT; row++) {
        for (size_t p = 0; p < options->peer_count; p++) {
            const bench_series *small = &results->series[row][p], *large = &scaled->series[row][p];
            if (small->done && large->done)
                report_growth_of(out, options, small, large, row, options->peers[p]->name);
        }
    }
}
