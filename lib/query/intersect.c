/*
 * intersect.c -- when several indexes together are cheaper than the best of them.
 *
 * The model, in units of about 10 ns. Counts are those of count.c; conditions are taken to be independent, so that of n
 * documents, in a collection of N, a leg of c ids leaves n * c / N.
 *
 *   walk of the first leg, c ids                    c * WALK
 *   each further leg, asked for n ids               n * PROBE, and SEEK for each of its pages that is met
 *   a leg that is no whole key: c ids of k keys     c * COLLECT + k * KEY, at once, also where a limit ends it early
 *   each leg                                        OPEN
 *   a document that is left                         FETCH; twice where it is sorted; none where it is only counted and
 *                                                   every condition is answered
 *
 * With a limit, and no order to be made, a walk ends when it has found what is wanted: all but collecting is in
 * proportion.
 *
 * Conditions of real documents go together more often than not, and then a leg saves less than it should. So what is
 * saved must be TRUST times what is walked for it, unless nothing is fetched at all afterwards. The cheapest leg comes
 * first; the others follow as long as each pays for itself.
 */
#include <stdlib.h>

#include "query/query_impl.h"

enum { WALK = 1, COLLECT = 2, KEY = 5, PROBE = 3, SEEK = 20, FETCH = 40, OPEN = 30, PAGE = 500, TRUST = 2 };

typedef struct leg {
    const kx_query_candidate *candidate; /* NULL: the ids in hand */
    uint64_t used;
    double count;
    double collect; /* what that costs */
    bool streams;   /* its ids ascend in the store */
} leg;

typedef struct model {
    const kx_query_compiled *compiled;
    double all;      /* documents of the collection */
    double part;     /* of a walk, until a limit ends it */
    double wanted;
    uint64_t every; /* bits of all tests; 0: there are too many */
} model;

typedef struct price {
    double walk, fetch;
    double left; /* documents */
    uint64_t used;
} price;

/* ---- the model ------------------------------------------------------------------------ */

static double least(double left, double right)
{
    return left < right ? left : right;
}

/* What `count` documents cost that `used` tests have left. */
static double fetch_price(const model *m, double count, uint64_t used, bool sorts)
{
    if (m->compiled->counts && !sorts && m->every != 0 && used == m->every)
        return 0;
    return sorts ? FETCH * (count + least(count, m->wanted)) : FETCH * count * m->part;
}

static price first_price(const model *m, const leg *first)
{
    bool sorts = m->compiled->order_count > 0;
    price made = {.left = first->count, .used = first->used};
    made.walk = OPEN + (first->streams ? WALK * first->count * m->part : first->collect);
    made.fetch = fetch_price(m, made.left, made.used, sorts);
    return made;
}

static price with_leg(const model *m, const price *before, const leg *next)
{
    price made = *before;
    made.walk += OPEN + PROBE * before->left * m->part;
    made.walk += next->streams ? SEEK * least(before->left, next->count / PAGE) * m->part : next->collect;
    made.left *= next->count / m->all;
    made.used |= next->used;
    made.fetch = fetch_price(m, made.left, made.used, m->compiled->order_count > 0);
    return made;
}

static bool pays(const price *before, const price *after)
{
    double trust = after->fetch > 0 ? TRUST : 1;
    return before->fetch - after->fetch > trust * (after->walk - before->walk);
}

/* The way that would be taken alone. Entries of one index in order are walked; else they are sorted by id. */
static price single_price(const model *m, const kx_query_ways *ways)
{
    const kx_query_candidate *chosen = ways->chosen;
    bool fits = chosen != NULL && chosen->fits;
    double count = (double)(chosen != NULL ? chosen->count : ways->single);
    price made = {.left = count, .used = chosen != NULL ? chosen->used : 0};
    made.walk = fits ? WALK * count * m->part : chosen != NULL ? WALK * count : 0;
    made.fetch = fetch_price(m, count, made.used, m->compiled->order_count > 0 && !fits);
    return made;
}

/* ---- legs -------------------------------------------------------------------------------- */

static int compare_legs(const void *left, const void *right)
{
    double l = ((const leg *)left)->count, r = ((const leg *)right)->count;
    return (l > r) - (l < r);
}

static uint64_t bit_of(const kx_query_compiled *compiled, const kx_query_test *test)
{
    size_t number = (size_t)(test - compiled->tests);
    return number < KX_QUERY_TESTS ? UINT64_C(1) << number : 0;
}

static size_t find_legs(const kx_query_compiled *compiled, const kx_query_ways *ways, const kx_query_plan *plan,
                        leg *legs)
{
    size_t count = 0;
    for (size_t i = 0; i < ways->count; i++) {
        const kx_query_candidate *candidate = &ways->list[i];
        bool streams = candidate->plan->whole_key && candidate->plan->range_count == 1;
        if (candidate->at_least || candidate->count == 0 || (!streams && candidate->count > KX_QUERY_COUNT_MOST))
            continue;
        legs[count++] = (leg){.candidate = candidate,
                              .used = candidate->used,
                              .count = (double)candidate->count,
                              .collect = COLLECT * (double)candidate->count + KEY * (double)candidate->keys,
                              .streams = streams};
    }
    if (ways->ids != NULL)
        legs[count++] = (leg){
            .used = bit_of(compiled, ways->ids), .count = (double)plan->id_count, .streams = true};
    if (count > 1)
        qsort(legs, count, sizeof *legs, compare_legs);
    return count;
}

/* Keep the legs that pay, at the front; or, where nothing but a number is asked for, all of them if that is cheaper. */
static price choose_legs(const model *m, leg *legs, size_t *count)
{
    price best = first_price(m, &legs[0]), all = best;
    size_t kept = 1, together = *count;
    leg *chosen = legs;
    for (size_t i = 1; i < together; i++) {
        price more = with_leg(m, &best, &legs[i]);
        all = with_leg(m, &all, &legs[i]);
        if ((legs[i].used & ~best.used) == 0 || !pays(&best, &more))
            continue;
        best = more;
        leg swap = chosen[kept];
        chosen[kept++] = legs[i];
        legs[i] = swap;
    }
    *count = kept;
    if (kept < together && pays(&best, &all)) {
        qsort(legs, together, sizeof *legs, compare_legs);
        *count = together;
        return all;
    }
    return best;
}

static void set_model(const kx_query_compiled *compiled, const leg *legs, size_t count, uint64_t all, model *m)
{
    double left = (double)all;
    *m = (model){.compiled = compiled, .all = (double)(all > 0 ? all : 1), .part = 1};
    m->wanted = (double)kx_query__wanted(compiled);
    m->every = compiled->test_count < KX_QUERY_TESTS ? (UINT64_C(1) << compiled->test_count) - 1 : 0;
    for (size_t i = 0; i < count; i++)
        left *= least(legs[i].count / m->all, 1);
    if (left > m->wanted && compiled->order_count == 0)
        m->part = m->wanted / left;
}

/* ---- taking it ------------------------------------------------------------------------------ */

/* The ways that are no leg of it. */
static void reject_others(kx_query_compiled *compiled, const kx_query_ways *ways, const kx_query_plan *plan)
{
    for (size_t i = 0; i < ways->count; i++) {
        size_t part = 0;
        while (part < plan->part_count && plan->parts[part] != ways->list[i].plan)
            part++;
        if (part == plan->part_count)
            kx_query__reject_candidate(compiled, &ways->list[i], "asking it costs more than it saves");
    }
}

static kx_query_plan *ids_part(kx_query_compiled *compiled, const kx_query_plan *plan)
{
    kx_query_plan *part = kx_query__alloc(&compiled->memory, sizeof *part);
    if (part != NULL)
        *part = (kx_query_plan){
            .access = ACCESS_IDS, .exact = true, .loose = true, .ids = plan->ids, .id_count = plan->id_count};
    return part;
}

static int take(kx_query_compiled *compiled, const kx_query_ways *ways, const leg *legs, size_t count, double left,
                kx_query_plan *plan)
{
    kx_query_plan made = {.access = ACCESS_ALL, .exact = true, .loose = true, .low = plan->low, .high = plan->high};
    made.parts = kx_query__alloc(&compiled->memory, count * sizeof *made.parts);
    if (made.parts == NULL)
        return KX_NOMEM;
    for (; made.part_count < count; made.part_count++) {
        const leg *one = &legs[made.part_count];
        kx_query_plan *part = one->candidate != NULL ? one->candidate->plan : ids_part(compiled, plan);
        if (part == NULL)
            return KX_NOMEM;
        if (one->candidate != NULL)
            kx_query__mark_answered(compiled, one->used & ~one->candidate->open, part);
        else
            ways->ids->answered = true;
        part->count = (uint64_t)one->count;
        made.loose &= part->loose;
        made.parts[made.part_count] = part;
    }
    kx_query__mark_id_range(compiled);
    reject_others(compiled, ways, &made);
    made.arrangement = compiled->order_count == 0 ? ARRANGED : BY_KEY;
    made.estimate = (uint64_t)(left + 0.5);
    *plan = made;
    return KX_OK;
}

/* Would a walk in the order's index meet enough of them sooner? */
static bool is_order_better(const model *m, const kx_query_ways *ways, const price *together)
{
    if (ways->by_order == NULL || m->compiled->order_count == 0 || m->compiled->limit == UINT64_MAX)
        return false;
    double walked = together->left > 0 ? least(m->all, m->wanted * m->all / together->left) : m->all;
    return FETCH * walked < together->walk + together->fetch;
}

int kx_query__intersect(kx_query_compiled *compiled, const kx_query_ways *ways, kx_query_plan *plan, bool *taken)
{
    model m;
    uint64_t all;
    *taken = false;
    if (ways->count + (ways->ids != NULL) < 2)
        return KX_OK;
    leg *legs = kx_query__alloc(&compiled->memory, kx_base__times(ways->count + 1, sizeof *legs));
    if (legs == NULL)
        return KX_NOMEM;
    size_t count = find_legs(compiled, ways, plan, legs);
    int rc = count > 1 ? kx_store__table_count(compiled->txn->store, compiled->collection->number, &all) : KX_OK;
    if (rc != KX_OK || count < 2)
        return rc;
    set_model(compiled, legs, count, all, &m);
    price alone = single_price(&m, ways), together = choose_legs(&m, legs, &count);
    bool better = count > 1 && pays(&alone, &together);
    if (better && !is_order_better(&m, ways, &together)) {
        *taken = true;
        return take(compiled, ways, legs, count, together.left, plan);
    }
    kx_query__reject(compiled, &(kx_query_way){.plan = "intersection",
                                               .counted = count > 1,
                                               .count = (uint64_t)(together.left + 0.5),
                                               .reason = better ? "the order's index ends sooner"
                                                                : "walking the lists costs more than it saves"});
    return KX_OK;
}
