/*
 * ratios.c -- one peer's time over another's, and what it is to reach.
 *
 * Absolute times move from run to run; ratios within a round hardly do. So a ratio is taken in each round, and the
 * median of the rounds is what counts. For the limit itself the ratio to reach is the one that was measured when it was
 * first written by hand: a slower limit would flatter the library.
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
} target;

/* A row's goals for one form of the tables: against the limit, against SQLite, and the limit's own. */
#define GOALS(row, kx, lmdb, sqlite, most, kind, least, measured)                                            \
    {row, kx, lmdb, AT_MOST, most}, {row, sqlite, kx, kind, least}, {row, sqlite, lmdb, AS_MEASURED, measured}

#define TWO_DESCENTS "kx", "lmdb", "sqlite"
#define PRIMARY      "kx-primary", "lmdb-primary", "sqlite-rowid"
#define FORM(...)    GOALS(__VA_ARGS__)     /* expands the three names first */

static const target goals[] = {
    FORM(ROW_W1,    TWO_DESCENTS, 1.25, AT_LEAST, 1.5,  2.06),
    FORM(ROW_W1,    PRIMARY,      1.25, AT_LEAST, 1.5,  2.11),
    FORM(ROW_R1,    TWO_DESCENTS, 1.15, AT_LEAST, 1.3,  1.53),
    FORM(ROW_R1,    PRIMARY,      1.20, AT_LEAST, 1.3,  1.71),
    FORM(ROW_R1TXN, TWO_DESCENTS, 1.15, AT_LEAST, 6.0,  7.45),
    FORM(ROW_R1TXN, PRIMARY,      1.20, SHOWN,    0,    14.3),
    FORM(ROW_R2,    TWO_DESCENTS, 1.15, AT_LEAST, 1.35, 1.59),
    FORM(ROW_R2,    PRIMARY,      1.20, AT_LEAST, 1.3,  1.51),
    FORM(ROW_R3,    TWO_DESCENTS, 1.15, AT_LEAST, 1.15, 1.43),
    FORM(ROW_R3,    PRIMARY,      1.20, SHOWN,    0,    1.02),
    FORM(ROW_R3C,   TWO_DESCENTS, 1.3,  AT_LEAST, 3.0,  4.25),
    FORM(ROW_R3C,   PRIMARY,      1.3,  AT_LEAST, 3.0,  4.11),
    FORM(ROW_R5,    TWO_DESCENTS, 1.25, AT_LEAST, 2.5,  3.41),
    FORM(ROW_R5,    PRIMARY,      1.25, AT_LEAST, 2.5,  3.22),
    FORM(ROW_R5F,   TWO_DESCENTS, 1.25, AT_LEAST, 1.0,  1.35),
    FORM(ROW_R5F,   PRIMARY,      1.25, AT_LEAST, 1.0,  1.24),
};

static const bench_series *find_series(const bench_options *options, const bench_results *results, bench_row row,
                                       const char *name)
{
    for (size_t p = 0; p < options->peer_count; p++)
        if (strcmp(options->peers[p]->name, name) == 0 && results->series[row][p].done)
            return &results->series[row][p];
    return NULL;
}

static double median_ratio(const bench_series *top, const bench_series *bottom, size_t runs)
{
    double *ratios = malloc(runs * sizeof *ratios);

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

static void report_goal(FILE *out, const target *goal, double ratio)
{
    char name[64], wanted[32] = "";

    snprintf(name, sizeof name, "%s / %s", goal->top, goal->bottom);
    if (goal->kind == AT_MOST)
        snprintf(wanted, sizeof wanted, "<= %.2f", goal->ratio);
    else if (goal->kind == AT_LEAST)
        snprintf(wanted, sizeof wanted, ">= %.2f", goal->ratio);
    else if (goal->kind == AS_MEASURED)
        snprintf(wanted, sizeof wanted, "%.2f +- 15 %%", goal->ratio);
    fprintf(out, "%-6s %-27s %7.2f   %-15s %s\n", bench_rows[goal->row].name, name, ratio, wanted,
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

    fprintf(out, "\n%-6s %-27s %7s   %s\n", "row", "ratio of times", "median",
            judged ? "to reach" : "nothing to reach: that is set for 20000 users and 200000 orders");
    for (size_t i = 0; i < sizeof goals / sizeof goals[0]; i++) {
        target goal = goals[i];
        const bench_series *top = find_series(options, results, goal.row, goal.top);
        const bench_series *bottom = find_series(options, results, goal.row, goal.bottom);
        if (!judged)
            goal.kind = SHOWN;
        if (top != NULL && bottom != NULL)
            report_goal(out, &goal, median_ratio(top, bottom, options->runs));
    }
}
