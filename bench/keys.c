/* keys.c -- how many operations a slice has, and the keys that they take: the same for every peer. */
#include "bench.h"

int64_t bench_range_width(const bench_options *options)
{
    size_t half = options->orders / 2;
    size_t width = half < BENCH_RANGE ? half : BENCH_RANGE;
    return width == 0 ? 1 : (int64_t)width;
}

/* Units that one operation stands for: the documents of a range, of a scan, of a load. */
size_t bench_unit_size(const bench_options *options, bench_row row)
{
    switch (bench_rows[row].unit) {
    case UNIT_RANGE:
        return (size_t)bench_range_width(options);
    case UNIT_ORDERS:
        return options->orders;
    case UNIT_STATUS:
        return options->orders < 4 ? 1 : options->orders / 4;     /* statuses are even, so this is near enough */
    case UNIT_ALL:
        return options->users + options->orders;
    default:
        return 1;
    }
}

static size_t population(const bench_options *options, bench_key kind)
{
    return kind == KEY_USER || kind == KEY_USER_ONCE ? options->users : options->orders;
}

static bool comes_once(bench_key kind)
{
    return kind == KEY_ORDER_ONCE || kind == KEY_USER_ONCE;
}

/*
 * Where a key comes once in a run there are no more operations than keys. A durable insert is a thousand times as slow
 * as a get: of those no more are done than by default, whatever was asked.
 */
size_t bench_slice_operations(const bench_options *options, bench_row row)
{
    const bench_row_info *info = &bench_rows[row];
    size_t ops = options->ops != 0 ? options->ops : info->ops;

    if (info->key == KEY_NEW_ORDER && ops > info->ops)
        ops = info->ops;
    size_t count = ops / bench_unit_size(options, row) / info->slices;
    if (comes_once(info->key) && count > population(options, info->key) / (1 + info->slices))
        count = population(options, info->key) / (1 + info->slices);
    return count == 0 && !comes_once(info->key) ? 1 : count;
}

size_t bench_new_orders(const bench_options *options)
{
    return options->rows[ROW_W2] ? bench_slice_operations(options, ROW_W2) * (1 + bench_rows[ROW_W2].slices) : 0;
}

/* The first `count` places of a shuffle of all. */
static void shuffle(int64_t first, size_t all, uint64_t random, int64_t *keys, size_t count, int64_t *spare)
{
    for (size_t i = 0; i < all; i++)
        spare[i] = first + (int64_t)i;
    for (size_t i = 0; i < count; i++) {
        size_t other = i + bench_random(&random) % (all - i);
        keys[i] = spare[other];
        spare[other] = spare[i];
    }
}

void bench_make_keys(const bench_options *options, bench_key kind, uint64_t random, int64_t *keys, size_t count,
                     int64_t *spare)
{
    size_t all = population(options, kind);
    int64_t first = kind == KEY_USER || kind == KEY_USER_ONCE ? BENCH_FIRST_USER : BENCH_FIRST_ORDER;

    if (comes_once(kind)) {
        shuffle(first, all, random, keys, count, spare);
        return;
    }
    if (kind == KEY_RANGE)
        all -= (size_t)bench_range_width(options) - 1;
    for (size_t i = 0; i < count; i++) {
        if (kind == KEY_NEW_ORDER)
            keys[i] = BENCH_FIRST_ORDER + (int64_t)(all + i);
        else
            keys[i] = first + (int64_t)(bench_random(&random) % all);
    }
}
