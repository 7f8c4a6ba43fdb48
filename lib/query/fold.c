/*
 * fold.c -- sum, min, max, avg: one value made of the numbers at a path.
 *
 * Integers are summed in 128 bits, which 2^63 documents cannot overflow. Reals are summed with what each addition
 * rounds away kept beside the sum: Arnold Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation
 * endlicher Summen", Zeitschrift für angewandte Mathematik und Mechanik 54 (1974).
 */
#include <math.h>
#include <string.h>

#include "query/query_impl.h"

/* ---- the values of a subject ----------------------------------------------------------------- */

typedef struct far_values {
    kx_txn *txn;
    const kx_query_subject *leaf;
    kx_query_value_visit *take;
    void *context;
} far_values;

static int take_far(void *context, uint64_t id, kx_slice document)
{
    const far_values *far = context;
    return kx_query__each_value(far->txn, far->leaf, id, document, far->take, far->context);
}

static int take_item(void *context, kx_slice item)
{
    const far_values *far = context;
    kx_value value;
    int rc = kx_document__value(item, &value);
    return rc == KX_OK ? far->take(far->context, &value) : rc;
}

/* One level deep: the field behind a relation crosses none. */
int kx_query__each_value(kx_txn *txn, const kx_query_subject *subject, uint64_t id, kx_slice document,
                         kx_query_value_visit *take, void *context)
{
    far_values far = {txn, subject->cross != NULL ? &subject->cross->leaf : NULL, take, context};
    kx_value value;
    bool found;
    if (subject->kind == SUBJECT_CROSS)
        return kx_query__cross_each(txn, subject->cross, document, take_far, &far, &found);
    if (subject->kind == SUBJECT_SPREAD)
        return kx_query__each_item(subject->path, document, take_item, &far);
    int rc = kx_query__value_of(subject, id, document, &value);
    return rc == KX_OK ? take(context, &value) : rc;
}

int kx_query__number_subject(kx_query_compiled *compiled, const char *path, kx_query_subject *subject)
{
    *subject = (kx_query_subject){0};
    int rc = kx_query__subject(compiled, path, subject);
    if (rc == KX_OK && subject->kind == SUBJECT_CROSS && subject->cross->bare)
        rc = kx_base__fail_at(KX_INVALID, compiled->collection->name, path, NULL, NULL,
                              "'%s': a relation is no number; name a field behind it", path);
    return rc;
}

/* ---- totals -------------------------------------------------------------------------------------- */

static void add_real(kx_query_totals *totals, double value)
{
    double sum = totals->real + value;
    if (fabs(totals->real) >= fabs(value))
        totals->lost += (totals->real - sum) + value;
    else
        totals->lost += (value - sum) + totals->real;
    totals->real = sum;
}

/* Whatever order they come in, of equals (1 and 1.0) the one of the lowest id counts, and of one document the first. */
static bool is_further(const kx_query_totals *totals, int order, uint64_t id)
{
    return order > 0 || (order == 0 && totals->id < id);
}

int kx_query__add_number(void *context, const kx_value *value)
{
    kx_query_totals *totals = context;
    switch (value->type) {
    case KX_TYPE_INT: totals->whole += value->integer; break;
    case KX_TYPE_UINT: totals->whole += (uint64_t)value->integer; break;
    case KX_TYPE_REAL:
        if (isnan(value->real))
            return KX_OK;
        totals->has_real = true;
        add_real(totals, value->real);
        break;
    default: return KX_OK;
    }
    if (totals->count == 0 || is_further(totals, kx_key__compare(&totals->least, value), totals->least_id)) {
        totals->least = *value;
        totals->least_id = totals->id;
    }
    if (totals->count == 0 || is_further(totals, kx_key__compare(value, &totals->most), totals->most_id)) {
        totals->most = *value;
        totals->most_id = totals->id;
    }
    totals->count++;
    return KX_OK;
}

/* What was rounded away means nothing beside an infinity. */
static double real_sum(const kx_query_totals *totals)
{
    kx_query_totals all = *totals;
    double whole = (double)all.whole;
    add_real(&all, whole);
    add_real(&all, (double)(all.whole - (kx_int128)whole));
    return isfinite(all.real) ? all.real + all.lost : all.real;
}

static kx_value integer_sum(kx_int128 whole)
{
    if (whole < INT64_MIN || whole > UINT64_MAX)
        return kx_real((double)whole);
    return whole > INT64_MAX ? kx_uint((uint64_t)whole) : kx_int((int64_t)whole);
}

/* The whole part and the rest apart, so that integers lose nothing before they are divided. */
static double average(const kx_query_totals *totals)
{
    if (totals->has_real)
        return real_sum(totals) / (double)totals->count;
    kx_int128 count = totals->count;
    return (double)(totals->whole / count) + (double)(totals->whole % count) / (double)count;
}

kx_value kx_query__total(const kx_query_totals *totals, kx_query_fold fold)
{
    if (fold == FOLD_SUM)
        return totals->has_real ? kx_real(real_sum(totals)) : integer_sum(totals->whole);
    if (totals->count == 0)
        return kx_null();
    if (fold == FOLD_AVG)
        return kx_real(average(totals));
    return fold == FOLD_MIN ? totals->least : totals->most;
}

/* ---- all that match ---------------------------------------------------------------------------------- */

/* Opens the cursor and shuts it. */
static int add_all(kx_cursor *cursor, const kx_query_subject *subject, kx_query_totals *totals)
{
    kx_txn *txn = cursor->query.txn;
    kx_slice row, document;
    uint64_t id;
    int rc = kx_query__open(cursor);
    if (rc != KX_OK)
        return rc;
    while (rc == KX_OK && (rc = kx_query__step(cursor, true, &id, &row)) == KX_OK) {
        rc = kx_collection__document_of(txn->db, cursor->query.collection, id, row, &document);
        totals->id = id;
        if (rc == KX_OK)
            rc = kx_query__each_value(txn, subject, id, document, kx_query__add_number, totals);
    }
    kx_query__shut(cursor);
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

/* ---- the least or the most, by an index ------------------------------------------------------------------ */

/* All that match count, in whatever order. */
static bool is_whole(const kx_query *query)
{
    return query == NULL || (query->limit == 0 && query->offset == 0 && query->after == NULL);
}

/* May the path stand in an order as it is, and is its one value what it orders by? */
static bool can_order(const kx_query *query, const kx_query_subject *subject, const char *path)
{
    bool single = subject->kind == SUBJECT_NAME || subject->kind == SUBJECT_PATH || subject->kind == SUBJECT_ID;
    return single && strpbrk(path, "-, \t\r\n") == NULL && is_whole(query);
}

static size_t count_conditions(const kx_condition *where)
{
    size_t count = 0;
    while (where != NULL && where[count].path != NULL)
        count++;
    return count;
}

/* One more condition, which every number passes and nothing else: the first document in that order has the answer. */
static int end_query(const kx_query *query, const char *path, bool most, kx_arena *arena, kx_query *result)
{
    *result = query != NULL ? *query : (kx_query){0};
    size_t count = count_conditions(result->where), size = strlen(path);
    kx_condition *where = kx_arena__alloc(arena, kx_base__times(count + 2, sizeof *where));
    char *order = kx_arena__alloc(arena, size + 2);
    if (where == NULL || order == NULL)
        return kx_base__nomem();
    memset(where, 0, (count + 2) * sizeof *where);
    if (count > 0)
        memcpy(where, result->where, count * sizeof *where);
    where[count].path = path;
    where[count].op = most ? KX_LE : KX_GE;
    where[count].value = kx_real(most ? HUGE_VAL : -HUGE_VAL);
    order[0] = '-';
    memcpy(order + 1, path, size + 1);
    result->where = where;
    result->order_by = most ? order : order + 1;
    result->limit = 1;
    return KX_OK;
}

/* *done: an index had the order, and the totals are of the one document that matters. */
static int find_end(kx_txn *txn, const kx_cat_collection *collection, const kx_query *query,
                    const kx_query_bound *bound, const char *path, bool most, const kx_query_subject *subject,
                    kx_query_totals *totals, bool *done)
{
    kx_arena arena = {0};
    kx_cursor cursor;
    kx_query ordered;
    *done = false;
    int rc = end_query(query, path, most, &arena, &ordered);
    if (rc == KX_OK)
        rc = kx_query__prepare(&cursor, txn, collection, &ordered, bound, false, false);
    if (rc == KX_OK) {
        *done = cursor.plan.arrangement == ARRANGED;
        if (*done)
            rc = add_all(&cursor, subject, totals);
        else
            kx_query__compiled_free(&cursor.query);
    }
    kx_arena__free(&arena);
    return rc;
}

/* ---- the door ------------------------------------------------------------------------------------------------ */

int kx_query__aggregate(kx_txn *txn, const kx_cat_collection *collection, kx_query_fold fold, const char *path,
                        const kx_query *query, const kx_query_bound *bound, kx_value *result)
{
    kx_query_compiled names = {.txn = txn, .collection = collection};
    kx_query_subject subject;
    kx_query_totals totals = {0};
    kx_cursor cursor;
    bool done = false;
    *result = kx_null();
    kx_query__memory_init(&names.memory);
    int rc = kx_query__number_subject(&names, path, &subject);
    if (rc == KX_OK && (fold == FOLD_MIN || fold == FOLD_MAX) && can_order(query, &subject, path))
        rc = find_end(txn, collection, query, bound, path, fold == FOLD_MAX, &subject, &totals, &done);
    if (rc == KX_OK && !done)
        rc = kx_query__prepare_totals(&cursor, txn, collection, query, bound, is_whole(query), false);
    if (rc == KX_OK && !done)
        rc = add_all(&cursor, &subject, &totals);
    kx_query__compiled_free(&names);
    if (rc == KX_OK)
        *result = kx_query__total(&totals, fold);
    return rc;
}
