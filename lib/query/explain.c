/*
 * explain.c -- a query, run, and what it did: which way the planner took, which it left and why, and what that cost.
 *
 * The plan is a document of no collection: it can be read as any other and saved nowhere.
 */
#include "query/query_impl.h"

/* ---- notes of the planner --------------------------------------------------------------- */

void kx_query__reject_slowly(kx_query_compiled *compiled, const kx_query_way *way)
{
    kx_query_trace *trace = compiled->trace;
    kx_query_way *kept = kx_query__copy(&compiled->memory, way, sizeof *way);
    if (kept == NULL)
        return;
    kept->next = NULL;
    *trace->last_way = kept;
    trace->last_way = &kept->next;
}

static const char *index_name(bool several, size_t equal, kx_query_tail tail)
{
    if (several)
        return "union";
    return tail == TAIL_NONE || (tail == TAIL_NOT_NULL && equal == 0) ? "index" : "range";
}

void kx_query__reject_candidate(kx_query_compiled *compiled, const kx_query_candidate *candidate, const char *reason)
{
    bool several = candidate->index == NULL || candidate->several;
    const char *name = index_name(several, candidate->equal, candidate->tail);
    kx_query__reject(compiled, &(kx_query_way){.plan = name,
                                               .index = candidate->index,
                                               .count = candidate->count,
                                               .counted = candidate->counted,
                                               .at_least = candidate->at_least,
                                               .reason = reason});
}

void kx_query__note_crossing(kx_query_compiled *compiled, const kx_query_test *test, uint64_t count)
{
    kx_query_trace *trace = compiled->trace;
    kx_query_crossing *kept = trace != NULL ? kx_query__alloc(&compiled->memory, sizeof *kept) : NULL;
    if (kept == NULL)
        return;
    *kept = (kx_query_crossing){.test = test, .count = count, .next = trace->crossings};
    trace->crossings = kept;
}

const char *kx_query__plan_name(const kx_query_plan *plan)
{
    switch (plan->access) {
    case ACCESS_NOTHING: return "none";
    case ACCESS_ROWS: return plan->low == 0 && plan->high == UINT64_MAX ? "scan" : "primary";
    case ACCESS_IDS: return "primary";
    case ACCESS_INDEX: return index_name(plan->several, plan->equal, plan->tail);
    case ACCESS_ALL: return "intersection";
    default: return "union";
    }
}

/* ---- members ------------------------------------------------------------------------------- */

static void put(kx_builder *out, const char *name, kx_value value)
{
    kx_builder__key(out, name);
    kx_builder__value(out, &value);
}

static void put_text(kx_builder *out, const char *name, const char *text)
{
    put(out, name, text != NULL ? kx_text(text) : kx_null());
}

static void put_number(kx_builder *out, const char *name, uint64_t number)
{
    put(out, name, kx_uint(number));
}

static const char *paths_of(const kx_cat_index *index)
{
    return index != NULL ? index->paths : NULL;
}

/* The index that is walked, or walked first. */
static const kx_cat_index *index_of(const kx_query_plan *plan)
{
    while (plan->part_count > 0)
        plan = plan->parts[0];
    return plan->access == ACCESS_INDEX ? plan->index : NULL;
}

static const char *order_name(const kx_query_compiled *query, const kx_query_plan *plan)
{
    if (plan->access == ACCESS_NOTHING)
        return NULL;
    if (plan->arrangement == ARRANGED)
        return "index";
    return plan->arrangement == BY_KEY && kx_query__wanted(query) <= KX_QUERY_WINDOW ? "heap" : "sort";
}

static void put_way(kx_builder *out, const kx_query_way *way)
{
    kx_builder__map(out);
    put_text(out, "plan", way->plan);
    put_text(out, "index", paths_of(way->index));
    put(out, "count", way->counted ? kx_uint(way->count) : kx_null());
    if (way->counted && way->at_least)
        put(out, "at_least", kx_bool(true));
    put_text(out, "reason", way->reason);
    kx_builder__end(out);
}

static void put_rejected(kx_builder *out, const kx_cursor *cursor, uint64_t documents)
{
    const kx_query_trace *trace = cursor->query.trace;
    const kx_query_way scan = {
        .plan = "scan", .count = documents, .counted = true, .reason = "reads every document"};
    kx_builder__key(out, "rejected");
    kx_builder__array(out);
    for (const kx_query_way *way = trace->ways; way != NULL; way = way->next)
        put_way(out, way);
    if (cursor->plan.access != ACCESS_ROWS && cursor->plan.access != ACCESS_NOTHING)
        put_way(out, &scan);
    kx_builder__end(out);
}

static void put_legs(kx_builder *out, const kx_query_plan *plan)
{
    kx_builder__key(out, "legs");
    kx_builder__array(out);
    for (size_t i = 0; i < plan->part_count; i++) {
        const kx_query_plan *part = plan->parts[i];
        kx_builder__map(out);
        put_text(out, "plan", kx_query__plan_name(part));
        put_text(out, "index", paths_of(index_of(part)));
        put_number(out, "count", part->count);
        kx_builder__end(out);
    }
    kx_builder__end(out);
}

/* "a", "(a or b)", "orders(a and b)", "not (a)": as deep as the filter's parentheses. */
static void write_test(const kx_query_test *test, kx_buf *text)
{
    const kx_query_group *group = test->op == TEST_GROUP ? test->group : NULL;
    if (group == NULL) {
        kx_buf__text(text, test->subject.text);
        return;
    }
    kx_buf__text(text, group->negated ? "not " : "");
    kx_buf__text(text, group->cross != NULL && test->subject.text != NULL ? test->subject.text : "");
    kx_buf__text(text, "(");
    for (size_t i = 0; i < group->count; i++) {
        kx_buf__text(text, i == 0 ? "" : group->any ? " or " : " and ");
        write_test(&group->tests[i], text);
    }
    kx_buf__text(text, ")");
}

/* Paths of the tests that were made on documents. */
static int put_checked(kx_builder *out, const kx_query_compiled *query)
{
    kx_buf text = {0};
    kx_builder__key(out, "checked");
    kx_builder__array(out);
    for (size_t i = 0; i < query->test_count && text.rc == KX_OK; i++) {
        kx_buf__clear(&text);
        write_test(&query->tests[i], &text);
        kx_value value = kx_text_n((const char *)text.data, text.size);
        if (!query->tests[i].answered && text.rc == KX_OK)
            kx_builder__value(out, &value);
    }
    kx_builder__end(out);
    int rc = text.rc;
    kx_buf__free(&text);
    return rc;
}

/* Paths of the tests that were made on index keys. */
static void put_filtered(kx_builder *out, const kx_query_plan *plan)
{
    const kx_query_test *test;
    kx_builder__key(out, "filtered");
    kx_builder__array(out);
    for (size_t i = 0; (test = kx_query__key_test(plan->keys, i)) != NULL; i++) {
        kx_value path = kx_text(test->subject.text);
        kx_builder__value(out, &path);
    }
    kx_builder__end(out);
}

static bool looks_beyond(const kx_query_test *test)
{
    return test->subject.kind == SUBJECT_CROSS || (test->op == TEST_GROUP && test->group->cross != NULL);
}

static void put_crossings(kx_builder *out, const kx_query_compiled *query)
{
    kx_builder__key(out, "crossings");
    kx_builder__array(out);
    for (size_t i = 0; i < query->test_count; i++) {
        const kx_query_test *test = &query->tests[i];
        const kx_query_crossing *back = query->trace->crossings;
        if (!looks_beyond(test))
            continue;
        while (back != NULL && back->test != test)
            back = back->next;
        kx_builder__map(out);
        put_text(out, "path", test->subject.text);
        put_text(out, "direction", back != NULL && test->answered ? "back" : "forward");
        if (back != NULL)
            put_number(out, "count", back->count);
        kx_builder__end(out);
    }
    kx_builder__end(out);
}

/* ---- the document ------------------------------------------------------------------------------ */

typedef struct costs {
    kx_store_stats before, planned, after;
    uint64_t returned, documents;
} costs;

static void put_costs(kx_builder *out, const costs *spent)
{
    put_number(out, "examined", spent->after.rows - spent->before.rows);
    put_number(out, "returned", spent->returned);
    put_number(out, "entries", spent->after.entries - spent->before.entries);
    put_number(out, "descents", spent->after.descents - spent->before.descents);
    put_number(out, "documents", spent->documents);
}

static void put_planning(kx_builder *out, const costs *spent)
{
    kx_builder__key(out, "planning");
    kx_builder__map(out);
    put_number(out, "examined", spent->planned.rows - spent->before.rows);
    put_number(out, "entries", spent->planned.entries - spent->before.entries);
    put_number(out, "descents", spent->planned.descents - spent->before.descents);
    kx_builder__end(out);
}

static int make_document(const kx_cursor *cursor, const costs *spent, kx_doc **doc)
{
    static const kx_cat_collection none = {
        .name = "plan", .size = 4, .number = KX_COLLECTION_NONE, .position = SIZE_MAX};
    kx_builder out;
    kx_slice bytes;
    kx_builder__init(&out);
    kx_builder__map(&out);
    put_text(&out, "collection", cursor->query.collection->name);
    put_text(&out, "plan", kx_query__plan_name(&cursor->plan));
    put_text(&out, "index", paths_of(index_of(&cursor->plan)));
    put_text(&out, "order", order_name(&cursor->query, &cursor->plan));
    put_costs(&out, spent);
    put_legs(&out, &cursor->plan);
    int rc = put_checked(&out, &cursor->query);
    put_filtered(&out, &cursor->plan);
    put_crossings(&out, &cursor->query);
    put_rejected(&out, cursor, spent->documents);
    put_planning(&out, spent);
    kx_builder__end(&out);
    if (rc == KX_OK)
        rc = kx_builder__finish(&out, &bytes);
    if (rc == KX_OK)
        rc = kx_collection__doc_new(cursor->query.txn, &none, bytes, doc);
    kx_builder__free(&out);
    return rc;
}

/* ---- running it ---------------------------------------------------------------------------------- */

static int run(kx_cursor *cursor, costs *spent)
{
    kx_store_txn *store = cursor->query.txn->store;
    uint64_t id;
    kx_slice row;
    int rc;
    while ((rc = kx_query__step(cursor, true, &id, &row)) == KX_OK)
        spent->returned++;
    spent->after = *kx_store__stats(store);
    return rc == KX_NOTFOUND ? kx_store__table_count(store, cursor->query.collection->number, &spent->documents) : rc;
}

int kx_query__explain(kx_txn *txn, const kx_cat_collection *collection, const kx_query *query,
                      const kx_query_bound *bound, kx_doc **doc)
{
    kx_query_trace trace = {.last_way = &trace.ways};
    kx_cursor cursor;
    costs spent = {.before = *kx_store__stats(txn->store)};
    *doc = NULL;
    int rc = kx_query__prepare_traced(&cursor, txn, collection, query, bound, &trace);
    spent.planned = *kx_store__stats(txn->store);
    if (rc == KX_OK)
        rc = kx_query__open(&cursor);
    if (rc != KX_OK)
        return rc;
    rc = run(&cursor, &spent);
    if (rc == KX_OK)
        rc = make_document(&cursor, &spent, doc);
    kx_query__shut(&cursor);
    return rc;
}
