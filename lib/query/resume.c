/*
 * resume.c -- a walk that begins behind a place in its order: a page's token, or where a cursor was suspended.
 *
 * Whatever the plan, nothing before that place is walked: rows and lists begin behind the id, an index is sought, and
 * what is sorted is compared with the place before it is kept.
 */
#include <string.h>

#include "query/query_impl.h"

/* ---- ids ------------------------------------------------------------------------------------- */

static void resume_rows(const kx_query_after *after, kx_query_plan *plan)
{
    uint64_t id = after->id;
    bool none = id == (plan->descending ? 0 : UINT64_MAX);
    if (!none && plan->descending)
        plan->high = plan->high < id - 1 ? plan->high : id - 1;
    else if (!none)
        plan->low = plan->low > id + 1 ? plan->low : id + 1;
    if (none || plan->low > plan->high)
        plan->access = ACCESS_NOTHING;
}

static void resume_list(const kx_query_after *after, kx_query_plan *plan)
{
    size_t low = 0, high = plan->id_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (plan->ids[middle] <= after->id)
            low = middle + 1;
        else
            high = middle;
    }
    plan->ids += low;
    plan->id_count -= low;
    if (plan->id_count == 0)
        plan->access = ACCESS_NOTHING;
}

/* ---- keys --------------------------------------------------------------------------------------- */

static bool is_before_end(const kx_query_range *range, kx_slice key)
{
    return range->to.data == NULL || kx_slice_compare(key, range->to) < 0;
}

static bool holds(const kx_query_range *range, kx_slice key)
{
    return kx_slice_compare(key, range->from) >= 0 && is_before_end(range, key);
}

/*
 * What is left of a range when the walk goes on behind `place`. False: nothing. Nulls of a unique index are walked
 * forward, also on a way back.
 */
static bool cut_range(kx_query_range *range, bool backward, const kx_query_range *place)
{
    if (!backward && !is_before_end(range, place->from))
        return false;
    if (backward && place->to.data != NULL && kx_slice_compare(range->from, place->to) >= 0)
        return false;
    if (range->descending) {
        if (place->to.data != NULL && is_before_end(range, place->to))
            range->to = place->to;
    } else if (holds(range, place->from)) {
        range->from = place->from;
    }
    return true;
}

static int resume_keys(kx_query_compiled *compiled, kx_query_plan *plan)
{
    const kx_cat_index *index = plan->index;
    size_t equal = index->count - compiled->order_count, used = 0;
    bool backward = compiled->orders[0].descending != index->parts[equal].descending, cut;
    kx_query_range place;
    int rc = kx_query__place(compiled, index, equal, &place, &cut);
    if (rc != KX_OK)
        return rc;
    for (size_t i = 0; i < plan->range_count; i++) {
        kx_query_range range = plan->ranges[i];
        if (cut_range(&range, backward, &place))
            plan->ranges[used++] = range;
    }
    plan->range_count = used;
    plan->resume = cut ? (kx_slice){0} : place.from;
    if (used == 0)
        plan->access = ACCESS_NOTHING;
    return KX_OK;
}

int kx_query__resume_plan(kx_query_compiled *compiled, kx_query_plan *plan)
{
    if (plan->access == ACCESS_IDS && plan->arrangement == ARRANGED && compiled->order_count > 0)
        plan->arrangement = BY_KEY; /* one id, which may lie before the place */
    if (plan->access == ACCESS_INDEX && plan->whole_key && plan->index->unique)
        plan->arrangement = compiled->order_count > 0 ? BY_KEY : BY_ID;
    if (plan->access == ACCESS_NOTHING || plan->arrangement != ARRANGED)
        return KX_OK;
    if (plan->access == ACCESS_ROWS || plan->access == ACCESS_ALL)
        resume_rows(compiled->after, plan);
    else if (plan->access == ACCESS_IDS)
        resume_list(compiled->after, plan);
    else if (compiled->order_count > 0)
        return resume_keys(compiled, plan);
    return KX_OK;
}

/* ---- what is open ---------------------------------------------------------------------------------- */

/* Behind the place, in the first range: it holds the place, or lies behind it as a whole. */
static int scan_behind(kx_query_source *source, kx_slice key, uint64_t id)
{
    source->started = true;
    source->last_id = id;
    kx_buf__clear(&source->last_key);
    kx_buf__append(&source->last_key, key.data, key.size);
    return source->last_key.rc == KX_OK ? kx_store__scan_after(source->scan, key, id) : source->last_key.rc;
}

int kx_query__resume_scan(const kx_query_compiled *compiled, const kx_query_plan *plan, kx_query_source *source)
{
    const kx_query_after *after = compiled->after;
    kx_key key;
    if (after == NULL)
        return KX_OK;
    if (source->mode == MODE_KEYS)
        return plan->resume.data != NULL && holds(&source->now, plan->resume)
                   ? scan_behind(source, plan->resume, after->id)
                   : KX_OK;
    kx_key__init(&key);
    memcpy(key.data, source->now.from.data, key.size = source->now.from.size);
    if (!plan->whole_key)
        kx_key__add_id(&key, after->id);
    return scan_behind(source, kx_key__slice(&key), after->id);
}

int kx_query__resume_sort(const kx_query_compiled *compiled, kx_query_source *source)
{
    const kx_query_after *after = compiled->after;
    kx_key key;
    if (after == NULL)
        return KX_OK;
    kx_key__init(&key);
    for (size_t i = 0; i < after->count; i++)
        kx_key__add(&key, &after->values[i], compiled->orders[i].descending);
    int rc = key.rc != KX_OK ? key.rc : kx_query__sorter_after(&source->sorter, kx_key__slice(&key), after->id);
    kx_key__free(&key);
    return rc;
}
