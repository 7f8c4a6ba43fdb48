/*
 * count.c -- how many documents a way leads to.
 *
 * Whole keys have a stored count: one descent each. Ranges are counted together, key by key, in rounds that grow, until
 * none of them can matter any more: a range that ends early spares the others the rest. None is counted beyond
 * KX_QUERY_COUNT_MOST. A range that is longer than the best way so far may still be a leg of an intersection, if it is
 * of few keys, or little longer: as long as walking its keys costs less than fetching what the others leave.
 */
#include "query/query_impl.h"

enum {
    FIRST_ROUND = 64,
    LEG_WORTH = 64, /* from so many documents on an intersection is thought of */
    LEG_KEYS = 2,   /* so many keys are counted, then walked, in half the time of a document */
    LEG_IDS = 8     /* and so many of their ids are collected and sorted */
};

/* A range being counted. */
typedef struct counter {
    kx_query_candidate *candidate;
    kx_store_scan *scan;
    size_t range;
    bool ended;
} counter;

/* Documents to fetch when there are `count`; a sort fetches them twice. */
static uint64_t cost_of(const kx_query_compiled *compiled, const kx_query_candidate *candidate, uint64_t count)
{
    uint64_t wanted = kx_query__wanted(compiled);
    if (compiled->order_count > 0 && !candidate->fits)
        return count < UINT64_MAX / 2 ? 2 * count : count;
    return kx_query__uses_all(compiled, candidate) && wanted < count ? wanted : count;
}

/* Beyond `best` a range is not taken alone, and beyond a multiple of what the others together leave it is no leg. */
static uint64_t most_of(uint64_t best, double left)
{
    double most = best < LEG_WORTH ? 0 : LEG_IDS * left;
    if (most > KX_QUERY_COUNT_MOST || best >= KX_QUERY_COUNT_MOST)
        return KX_QUERY_COUNT_MOST;
    return (uint64_t)most > best ? (uint64_t)most : best + 1;
}

/* ---- one range after the other ------------------------------------------------------ */

static int next_range(kx_query_compiled *compiled, counter *at)
{
    const kx_query_plan *plan = at->candidate->plan;
    kx_store__scan_close(at->scan);
    at->scan = NULL;
    at->ended = at->range == plan->range_count;
    if (at->ended)
        return KX_OK;
    const kx_query_range *range = &plan->ranges[at->range++];
    return kx_store__scan_entries(compiled->txn->store, plan->index->table, range->from, range->to, false, &at->scan);
}

/* On to `most` entries, or the end. */
static int count_on(kx_query_compiled *compiled, counter *at, uint64_t most)
{
    kx_query_candidate *candidate = at->candidate;
    const kx_store_stats *stats = kx_store__stats(compiled->txn->store);
    uint64_t before = stats->entries;
    int rc = at->scan == NULL ? next_range(compiled, at) : KX_OK;
    while (rc == KX_OK && !at->ended && candidate->count < most) {
        uint64_t more;
        rc = kx_store__scan_pass(at->scan, most - candidate->count, &more);
        candidate->count += more;
        if (rc == KX_OK && candidate->count < most)
            rc = next_range(compiled, at);
    }
    candidate->at_least = !at->ended;
    candidate->keys += stats->entries - before;
    return rc;
}

/* Ranges, and what is known at once: whole keys, and what is empty. */
static int begin(kx_query_compiled *compiled, kx_query_candidate *candidate, counter *at)
{
    *at = (counter){.candidate = candidate, .ended = true};
    if (candidate->index == NULL)
        return KX_OK;
    candidate->count = candidate->keys = 0;
    candidate->counted = true;
    candidate->at_least = false;
    candidate->plan = kx_query__alloc(&compiled->memory, sizeof *candidate->plan);
    if (candidate->plan == NULL)
        return KX_NOMEM;
    *candidate->plan = (kx_query_plan){.high = UINT64_MAX};
    int rc = kx_query__ranges(compiled, candidate, candidate->plan);
    const kx_query_plan *plan = candidate->plan;
    at->ended = rc != KX_OK || plan->access == ACCESS_NOTHING;
    if (!at->ended && plan->whole_key && plan->range_count == 1) {
        at->ended = true;
        rc = kx_store__entry_count(compiled->txn->store, plan->index->table, plan->one.from, &candidate->count);
    }
    return rc;
}

int kx_query__count_candidate(kx_query_compiled *compiled, kx_query_candidate *candidate, uint64_t most)
{
    counter at;
    int rc = begin(compiled, candidate, &at);
    if (rc == KX_OK && !at.ended)
        rc = count_on(compiled, &at, most);
    kx_store__scan_close(at.scan);
    candidate->cost = cost_of(compiled, candidate, candidate->count);
    return rc;
}

/* ---- all of them ------------------------------------------------------------------------ */

/* Documents of the best way that is known by now; one whose count is not final may end up better. */
static uint64_t best_of(const kx_query_compiled *compiled, const counter *counters, size_t count, uint64_t best)
{
    for (size_t i = 0; i < count; i++) {
        const kx_query_candidate *candidate = counters[i].candidate;
        uint64_t cost = cost_of(compiled, candidate, counters[i].ended ? candidate->count : UINT64_MAX);
        best = cost < best ? cost : best;
    }
    return best;
}

/* Documents that all ways with a final count leave together, of `all`. */
static double left_of(const counter *counters, size_t count, uint64_t all)
{
    double left = (double)all;
    for (size_t i = 0; i < count; i++) {
        if (counters[i].ended && counters[i].candidate->count < all)
            left *= (double)counters[i].candidate->count / (double)all;
    }
    return left;
}

/* Documents or keys enough to say that it will not be taken. */
static bool is_out(const kx_query_candidate *candidate, uint64_t best, double left)
{
    return candidate->count >= most_of(best, left) ||
           (candidate->count > best && (double)candidate->keys > LEG_KEYS * left);
}

static int count_round(kx_query_compiled *compiled, counter *counters, size_t count, uint64_t most, uint64_t best,
                       uint64_t all, bool *more)
{
    int rc = KX_OK;
    *more = false;
    for (size_t i = 0; i < count && rc == KX_OK; i++) {
        uint64_t now = best_of(compiled, counters, count, best);
        double left = left_of(counters, count, all);
        uint64_t worth = most_of(now, left);
        if (counters[i].ended || is_out(counters[i].candidate, now, left))
            continue;
        rc = count_on(compiled, &counters[i], most < worth ? most : worth);
        *more |= !counters[i].ended && !is_out(counters[i].candidate, now, left);
    }
    return rc;
}

int kx_query__count_candidates(kx_query_compiled *compiled, kx_query_candidate *list, size_t count, uint64_t best)
{
    counter *counters = kx_query__alloc(&compiled->memory, kx_base__times(count, sizeof *counters));
    size_t begun = 0;
    uint64_t all;
    bool more = true;
    int rc = counters != NULL ? kx_store__table_count(compiled->txn->store, compiled->collection->number, &all)
                              : KX_NOMEM;
    for (; begun < count && rc == KX_OK; begun++)
        rc = begin(compiled, &list[begun], &counters[begun]);
    for (uint64_t most = FIRST_ROUND; more && rc == KX_OK; most *= 2)
        rc = count_round(compiled, counters, count, most, best, all, &more);
    for (size_t i = 0; i < begun; i++) {
        kx_store__scan_close(counters[i].scan);
        list[i].at_least |= !counters[i].ended;
        list[i].cost = cost_of(compiled, &list[i], list[i].count);
    }
    return rc;
}

/* Those of null: in an index of one path a single key, whose count is stored. *known is false where they are many. */
static int count_nulls(kx_query_compiled *compiled, const kx_query_candidate *candidate, uint64_t *count, bool *known)
{
    kx_query_plan others = {.high = UINT64_MAX};
    kx_store_scan *scan = NULL;
    uint64_t more = 0;
    int rc = kx_query__ranges(compiled, candidate, &others);
    *count = 0;
    *known = others.access == ACCESS_INDEX;
    if (rc != KX_OK || !*known)
        return rc;
    bool last = candidate->index->parts[0].descending;
    rc = kx_store__scan_entries(compiled->txn->store, candidate->index->table, last ? others.one.to : (kx_slice){0},
                                last ? (kx_slice){0} : others.one.from, false, &scan);
    if (rc == KX_OK)
        rc = kx_store__scan_pass(scan, KX_QUERY_COUNT_MOST, count);
    if (rc == KX_OK && *count >= KX_QUERY_COUNT_MOST)
        rc = kx_store__scan_pass(scan, 1, &more);
    *known = more == 0;
    kx_store__scan_close(scan);
    return rc;
}

int kx_query__count_not_null(kx_query_compiled *compiled, kx_query_candidate *candidate)
{
    uint64_t all, nulls;
    bool known;
    int rc = count_nulls(compiled, candidate, &nulls, &known);
    if (rc == KX_OK)
        rc = kx_store__table_count(compiled->txn->store, candidate->index->table.number, &all);
    if (rc != KX_OK || !known)
        return rc == KX_OK ? kx_query__count_candidate(compiled, candidate, KX_QUERY_COUNT_MOST) : rc;
    candidate->count = all - nulls;
    candidate->counted = true;
    return KX_OK;
}

int kx_query__count_rows(kx_query_compiled *compiled, uint64_t low, uint64_t high, uint64_t most, uint64_t *count)
{
    kx_store_scan *scan = NULL;
    *count = 0;
    int rc = kx_store__scan_rows(compiled->txn->store, compiled->collection->number, low, high, false, &scan);
    if (rc == KX_OK)
        rc = kx_store__scan_count(scan, most, count);
    kx_store__scan_close(scan);
    return rc;
}
