/* statistics.c -- medians, percentiles and spreads of what was measured. */
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static int compare_doubles(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

/* The value that `percent` of all do not pass, by linear interpolation; 0 of none. */
double bench_percentile(const double *values, size_t count, double percent)
{
    double *sorted = count == 0 ? NULL : malloc(count * sizeof *sorted);

    if (sorted == NULL)
        return 0;
    memcpy(sorted, values, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare_doubles);
    double at = percent / 100 * (double)(count - 1);
    size_t below = (size_t)at;
    size_t above = below + 1 < count ? below + 1 : below;
    double value = sorted[below] + (at - (double)below) * (sorted[above] - sorted[below]);
    free(sorted);
    return value;
}

double bench_median(const double *values, size_t count)
{
    return bench_percentile(values, count, 50);
}

/* From the lowest run to the highest, in percent of the median. */
double bench_spread(const double *values, size_t count)
{
    double median = bench_median(values, count);
    double width = bench_percentile(values, count, 100) - bench_percentile(values, count, 0);
    return median > 0 ? 100 * width / median : 0;
}
