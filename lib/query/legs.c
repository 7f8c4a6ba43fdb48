/*
 * legs.c -- ids that several lists have, by leapfrog: each list in turn is asked for its first id that is not below the
 * one which the lists before it agree on; where it gives a greater one, the first list, the shortest, is asked again.
 *
 * Ids under a whole key ascend in the store and are sought in there, so that a list of millions costs no memory. What
 * does not ascend (a range, several keys) was counted by the planner, is short, and is collected and sorted first.
 */
#include "query/query_impl.h"

enum { BATCH = 256 };

typedef struct walk {
    kx_store_scan *scan; /* NULL: a list in hand */
    kx_query_ids ids;    /* owned: what was collected */
    const uint64_t *list;
    size_t at, count;
    uint64_t now; /* where it stands */
    bool stands;
} walk;

struct kx_query_legs {
    uint64_t from, high;
    bool ended;
    size_t count;
    walk walks[];
};

/* ---- opening -------------------------------------------------------------------------- */

static int add_ids(void *context, const uint64_t *ids, size_t count)
{
    return kx_query__ids_add(context, ids, count);
}

static int collect(walk *one, const kx_query_plan *part, kx_store_txn *store)
{
    kx_query__ids_begin(&one->ids, UINT64_MAX);
    one->ids.keep = SIZE_MAX / 2;
    int rc = kx_query__each_id(part, store, add_ids, &one->ids);
    if (rc == KX_OK)
        rc = kx_query__ids_end(&one->ids);
    one->list = one->ids.data;
    one->count = one->ids.count;
    return rc;
}

static int open_walk(walk *one, const kx_query_plan *part, kx_store_txn *store)
{
    if (part->access == ACCESS_INDEX && part->whole_key && part->range_count == 1)
        return kx_store__scan_entries(store, part->index->table, part->one.from, part->one.to, false, &one->scan);
    if (part->access != ACCESS_IDS)
        return collect(one, part, store);
    one->list = part->ids;
    one->count = part->id_count;
    return KX_OK;
}

int kx_query__legs_open(const kx_query_plan *plan, kx_store_txn *store, uint64_t from, kx_query_legs **result)
{
    kx_query_legs *legs = kx_base__zalloc(sizeof *legs + plan->part_count * sizeof *legs->walks);
    int rc = legs != NULL ? KX_OK : kx_base__nomem();
    *result = NULL;
    for (size_t i = 0; i < plan->part_count && rc == KX_OK; i++) {
        rc = open_walk(&legs->walks[i], plan->parts[i], store);
        legs->count = i + 1;
    }
    if (rc != KX_OK) {
        kx_query__legs_close(legs);
        return rc;
    }
    legs->from = from > plan->low ? from : plan->low;
    legs->high = plan->high;
    *result = legs;
    return KX_OK;
}

void kx_query__legs_close(kx_query_legs *legs)
{
    if (legs == NULL)
        return;
    for (size_t i = 0; i < legs->count; i++) {
        kx_store__scan_close(legs->walks[i].scan);
        kx_query__ids_free(&legs->walks[i].ids);
    }
    kx_base__free(legs);
}

/* ---- steps ------------------------------------------------------------------------------- */

/* In a list by steps that double, then by halves. */
static int seek_in_list(walk *one, uint64_t id)
{
    size_t low = one->at, high = low, step = 1;
    while (high < one->count && one->list[high] < id) {
        low = high + 1;
        high += step;
        step *= 2;
    }
    high = high < one->count ? high : one->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (one->list[middle] < id)
            low = middle + 1;
        else
            high = middle;
    }
    one->at = low;
    if (low == one->count)
        return KX_NOTFOUND;
    one->now = one->list[low];
    return KX_OK;
}

static int seek(walk *one, uint64_t id)
{
    if (one->stands && one->now >= id)
        return KX_OK;
    one->stands = true;
    return one->scan != NULL ? kx_store__scan_seek(one->scan, id, &one->now) : seek_in_list(one, id);
}

int kx_query__legs_next(kx_query_legs *legs, uint64_t *id)
{
    uint64_t want = legs->from;
    size_t agreed = 0;
    if (legs->ended || legs->count == 0)
        return KX_NOTFOUND;
    while (agreed < legs->count) {
        int rc = seek(&legs->walks[agreed], want);
        uint64_t now = legs->walks[agreed].now;
        legs->ended = rc != KX_OK || now > legs->high;
        if (legs->ended)
            return rc != KX_OK ? rc : KX_NOTFOUND;
        agreed = now == want || agreed == 0 ? agreed + 1 : 0;
        want = now;
    }
    legs->ended = want == UINT64_MAX;
    legs->from = want + 1;
    *id = want;
    return KX_OK;
}

/* ---- all ids of a plan ------------------------------------------------------------------------ */

/* Those whose key passes. */
static int take_tested(const kx_query_plan *plan, kx_store_txn *store, kx_store_scan *scan, kx_query_take *take,
                       void *context)
{
    uint64_t batch[BATCH];
    kx_store_item item;
    size_t count = 0;
    int rc = KX_OK, end = KX_OK;
    while (rc == KX_OK && (end = kx_store__scan_next(scan, &item)) == KX_OK) {
        int passes = kx_query__key_passes(plan->keys, store, item.key, item.id);
        if (passes > 0)
            batch[count++] = item.id;
        if (passes < 0)
            rc = passes;
        else if (count == BATCH) {
            rc = take(context, batch, count);
            count = 0;
        }
    }
    if (rc == KX_OK && end == KX_NOTFOUND && count > 0)
        rc = take(context, batch, count);
    return rc == KX_OK && end != KX_NOTFOUND ? end : rc;
}

static int take_ranges(const kx_query_plan *plan, kx_store_txn *store, kx_query_take *take, void *context)
{
    uint64_t batch[BATCH];
    int rc = KX_OK;
    for (size_t i = 0; i < plan->range_count && rc == KX_OK; i++) {
        kx_store_scan *scan = NULL;
        size_t count = 1;
        rc = kx_store__scan_entries(store, plan->index->table, plan->ranges[i].from, plan->ranges[i].to, false, &scan);
        if (rc == KX_OK && plan->keys != NULL)
            rc = take_tested(plan, store, scan, take, context);
        while (rc == KX_OK && plan->keys == NULL && count > 0) {
            rc = kx_store__scan_ids(scan, batch, BATCH, &count);
            if (rc == KX_OK && count > 0)
                rc = take(context, batch, count);
        }
        kx_store__scan_close(scan);
    }
    return rc;
}

/* Rows are not looked at. */
static int take_rows(const kx_query_plan *plan, kx_store_txn *store, kx_query_take *take, void *context)
{
    uint64_t batch[BATCH];
    kx_store_scan *scan = NULL;
    size_t count = 1;
    int rc = kx_store__scan_rows(store, plan->table, plan->low, plan->high, false, &scan);
    while (rc == KX_OK && count > 0) {
        rc = kx_store__scan_ids(scan, batch, BATCH, &count);
        if (rc == KX_OK && count > 0)
            rc = take(context, batch, count);
    }
    kx_store__scan_close(scan);
    return rc;
}

static int take_common(const kx_query_plan *plan, kx_store_txn *store, kx_query_take *take, void *context)
{
    uint64_t batch[BATCH];
    kx_query_legs *legs;
    size_t count = 0;
    int rc = kx_query__legs_open(plan, store, 0, &legs), end = rc;
    while (rc == KX_OK && end == KX_OK) {
        end = kx_query__legs_next(legs, &batch[count]);
        count += end == KX_OK;
        if (count > 0 && (count == BATCH || end == KX_NOTFOUND)) {
            rc = take(context, batch, count);
            count = 0;
        }
    }
    kx_query__legs_close(legs);
    return rc != KX_OK || end == KX_NOTFOUND ? rc : end;
}

/* Nested as deep as groups of conditions are, which is bounded. */
int kx_query__each_id(const kx_query_plan *plan, kx_store_txn *store, kx_query_take *take, void *context)
{
    int rc = KX_OK;
    switch (plan->access) {
    case ACCESS_IDS: return plan->id_count > 0 ? take(context, plan->ids, plan->id_count) : KX_OK;
    case ACCESS_ROWS: return take_rows(plan, store, take, context);
    case ACCESS_INDEX: return take_ranges(plan, store, take, context);
    case ACCESS_ALL: return take_common(plan, store, take, context);
    case ACCESS_ANY:
        for (size_t i = 0; i < plan->part_count && rc == KX_OK; i++)
            rc = kx_query__each_id(plan->parts[i], store, take, context);
        return rc;
    default: return KX_OK;
    }
}
