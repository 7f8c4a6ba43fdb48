/*
 * chart.c -- the ratios as a picture: for each row a bar a peer, as long as its time over the limit's, on a logarithmic
 * scale. A bar to the left of the line at 1 is faster than the limit, which is the first peer where `lmdb` was not run.
 */
#include <string.h>

#include "bench.h"

enum { LEFT = 64, WIDTH = 960, RIGHT = 60, TOP = 84, BAR = 9, GAP = 10 };

static const char *color_of(const char *peer)
{
    static const char *const colors[][2] = {
        {"kx", "#0b5fa5"}, {"kx-primary", "#6aaede"}, {"lmdb", "#3c3c3c"}, {"lmdb-primary", "#9a9a9a"},
        {"sqlite", "#d9721a"}, {"sqlite-rowid", "#f2b37a"}, {"sqlite-json", "#b4382c"}, {"bdb", "#6f8f2f"}
    };

    for (size_t i = 0; i < sizeof colors / sizeof colors[0]; i++)
        if (strcmp(colors[i][0], peer) == 0)
            return colors[i][1];
    return "#7a4fa0";
}

typedef struct picture {
    FILE                *out;
    const bench_options *options;
    const bench_results *results;
    double               least, most;       /* ratios at both ends of the scale */
} picture;

/* The peer whose time is 1; NULL: nobody did the row. */
static const bench_series *limit_of(const picture *chart, bench_row row)
{
    const bench_series *limit = bench_find_series(chart->options, chart->results, row, "lmdb");

    for (size_t p = 0; p < chart->options->peer_count && limit == NULL; p++)
        if (chart->results->series[row][p].done)
            limit = &chart->results->series[row][p];
    return limit;
}

static double ratio_of(const picture *chart, bench_row row, size_t p)
{
    const bench_series *series = &chart->results->series[row][p];
    return series->done ? bench_ratio(series, limit_of(chart, row), chart->options->runs) : 0;
}

/* Wide enough for all, with 1 inside. */
static void find_scale(picture *chart)
{
    chart->least = 0.5;
    chart->most = 2;
    for (bench_row row = 0; row < ROW_COUNT; row++) {
        for (size_t p = 0; p < chart->options->peer_count; p++) {
            double ratio = ratio_of(chart, row, p);
            while (ratio > 0 && ratio < chart->least)
                chart->least /= 2;
            while (ratio > chart->most)
                chart->most *= 2;
        }
    }
}

static double place(const picture *chart, double ratio)
{
    return LEFT + (WIDTH - LEFT - RIGHT) * log(ratio / chart->least) / log(chart->most / chart->least);
}

/* ---- drawing ---------------------------------------------------------------------------------- */

static void draw_legend(const picture *chart)
{
    double x = LEFT;

    for (size_t p = 0; p < chart->options->peer_count; p++) {
        const char *name = chart->options->peers[p]->name;
        fprintf(chart->out, "<rect x='%.0f' y='34' width='10' height='10' fill='%s'/>"
                "<text x='%.0f' y='43'>%s</text>\n", x, color_of(name), x + 14, name);
        x += 28 + 6.4 * (double)strlen(name);
    }
}

static void draw_scale(const picture *chart, int bottom)
{
    for (double ratio = chart->least; ratio < chart->most * 1.01; ratio *= 2) {
        bool one = ratio > 0.99 && ratio < 1.01;
        fprintf(chart->out, "<line x1='%.1f' x2='%.1f' y1='%d' y2='%d' stroke='%s'/>", place(chart, ratio),
                place(chart, ratio), TOP - 8, bottom, one ? "#000" : "#ddd");
        fprintf(chart->out, "<text x='%.1f' y='%d' text-anchor='middle'>%g</text>\n", place(chart, ratio), TOP - 14,
                ratio);
    }
}

static void draw_bar(const picture *chart, const char *peer, double ratio, int y)
{
    double one = place(chart, 1), end = place(chart, ratio);
    double from = end < one ? end : one, width = end < one ? one - end : end - one;

    fprintf(chart->out, "<rect x='%.1f' y='%d' width='%.1f' height='%d' fill='%s'><title>%s %.2f</title></rect>", from,
            y, width < 1 ? 1 : width, BAR - 1, color_of(peer), peer, ratio);
    fprintf(chart->out, "<text x='%.1f' y='%d' class='n' text-anchor='%s'>%.2f</text>\n", end < one ? end - 3 : end + 3,
            y + BAR - 2, end < one ? "end" : "start", ratio);
}

/* Returns where the next row begins. */
static int draw_row(const picture *chart, bench_row row, int y)
{
    if (limit_of(chart, row) == NULL)
        return y;
    fprintf(chart->out, "<text x='8' y='%d' class='r'>%s<title>%s</title></text>\n", y + 10, bench_rows[row].name,
            bench_rows[row].about);
    for (size_t p = 0; p < chart->options->peer_count; p++) {
        double ratio = ratio_of(chart, row, p);
        if (ratio <= 0)
            continue;
        draw_bar(chart, chart->options->peers[p]->name, ratio, y);
        y += BAR;
    }
    return y + GAP;
}

static int height(const picture *chart)
{
    int y = TOP;

    for (bench_row row = 0; row < ROW_COUNT; row++) {
        for (size_t p = 0; p < chart->options->peer_count; p++)
            y += chart->results->series[row][p].done ? BAR : 0;
        y += limit_of(chart, row) != NULL ? GAP : 0;
    }
    return y;
}

void bench_report_chart(FILE *out, const bench_options *options, const bench_results *results)
{
    picture chart = {.out = out, .options = options, .results = results};
    int bottom = height(&chart), y = TOP;

    find_scale(&chart);
    fprintf(out, "<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%d' font-family='sans-serif' "
            "font-size='11'>\n<style>.r{font-weight:bold;font-size:12px}.n{font-size:8px;fill:#444}</style>\n"
            "<rect width='100%%' height='100%%' fill='#fff'/>\n", WIDTH, bottom + 10);
    fprintf(out, "<text x='8' y='20' font-size='14'>kx-bench: time over the limit's, shorter is faster; %zu users, "
            "%zu orders, median of %zu</text>\n", options->users, options->orders, options->runs);
    draw_legend(&chart);
    draw_scale(&chart, bottom);
    for (bench_row row = 0; row < ROW_COUNT; row++)
        y = draw_row(&chart, row, y);
    fputs("</svg>\n", out);
}
