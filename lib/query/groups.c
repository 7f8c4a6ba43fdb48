/*
 * groups.c -- documents by value, in the order of their values.
 *
 *   FROM_KEYS    an index begins with the paths, and nothing else is asked: its keys are stepped over, group by group
 *   FROM_WALK    the plan has the order: documents are read, and a group ends where the next one's key begins
 *   FROM_TABLE   groups in bounded memory, found by their keys in one pass over what matches (group_table.c)
 *
 * Where the table is too small, the documents are walked in order after all, sorted by who walks them (sort.c);
 * where that is not possible, because the query has a limit and an order of its own, the table is filled again,
 * pass after pass. Keys that were shortened do not tell their values: where FROM_KEYS meets one, the table goes on
 * behind the last group. In a write transaction all is worked out at once and waits in the table.
 */
#include <string.h>

#include "query/groups.h"

enum { BUDGET = 16 << 20 };

static size_t budget_of_tests;

void kx_query__group_budget(size_t bytes)
{
    budget_of_tests = bytes;
}

/* ---- a document's values and key ------------------------------------------------------------------ */

static int take_value(void *context, const kx_value *value)
{
    *(kx_value *)context = *value;
    return KX_OK;
}

int kx_query__group_value(kx_groups *groups, size_t part, uint64_t id, kx_slice document, kx_value *value)
{
    const kx_query_subject *subject = &groups->names.orders[part].subject;
    *value = kx_null();
    int rc = kx_query__each_value(groups->names.txn, subject, id, document, take_value, value);
    if (value->type == KX_TYPE_NONE)
        *value = kx_null();
    return rc;
}

static int read_values(kx_groups *groups, uint64_t id, kx_slice document, kx_value *values, kx_key *key)
{
    int rc = KX_OK;
    kx_key__clear(key);
    for (size_t i = 0; i < groups->names.order_count && rc == KX_OK; i++) {
        rc = kx_query__group_value(groups, i, id, document, &values[i]);
        if (rc == KX_OK)
            kx_key__add(key, &values[i], groups->names.orders[i].descending);
    }
    return rc == KX_OK ? key->rc : rc;
}

static int add_totals(kx_groups *groups, uint64_t id, kx_slice document, kx_query_totals *totals)
{
    if (!groups->sums || totals == NULL)
        return KX_OK;
    totals->id = id;
    return kx_query__each_value(groups->names.txn, &groups->of, id, document, kx_query__add_number, totals);
}

static int step(kx_groups *groups, uint64_t *id, kx_slice *document)
{
    const kx_query_compiled *query = &groups->cursor.query;
    kx_slice row;
    int rc = kx_query__step(&groups->cursor, true, id, &row);
    return rc == KX_OK ? kx_collection__document_of(query->txn->db, query->collection, *id, row, document) : rc;
}

static void shut_cursor(kx_groups *groups)
{
    if (groups->is_open)
        kx_query__shut(&groups->cursor);
    groups->is_open = false;
}

/* ---- from the table ----------------------------------------------------------------------------------- */

static int add_to_table(kx_groups *groups, uint64_t id, kx_slice document)
{
    kx_query_totals *totals = NULL;
    kx_key *key = &groups->keys[0];
    int rc = read_values(groups, id, document, groups->next_values, key);
    if (rc == KX_OK)
        rc = kx_query__table_add(&groups->table, kx_key__slice(key), id, groups->next_values, 1, &totals);
    return rc == KX_OK ? add_totals(groups, id, document, totals) : rc;
}

static bool is_whole(const kx_query *query)
{
    return query == NULL || (query->limit == 0 && query->offset == 0 && query->after == NULL);
}

/* The documents in order instead; all of them: no group has been given yet. */
static bool may_walk(const kx_groups *groups)
{
    return is_whole(groups->query) && !groups->table.copies && !groups->table.has_after;
}

/* Over all that match, or as far as the table holds their groups. */
static int pass(kx_groups *groups)
{
    uint64_t id;
    kx_slice document;
    kx_query__table_begin(&groups->table);
    groups->at = 0;
    groups->passed = true;
    int rc = kx_query__prepare_totals(&groups->cursor, groups->names.txn, groups->names.collection, groups->query, NULL,
                                      is_whole(groups->query), false);
    if (rc == KX_OK)
        rc = kx_query__open(&groups->cursor);
    if (rc != KX_OK)
        return rc;
    groups->is_open = true;
    bool gives_up = false;
    while (rc == KX_OK && !gives_up && (rc = step(groups, &id, &document)) == KX_OK) {
        rc = add_to_table(groups, id, document);
        gives_up = groups->table.more && may_walk(groups);
    }
    shut_cursor(groups);
    if (rc == KX_OK && gives_up)
        groups->way = FROM_WALK;
    return rc == KX_NOTFOUND ? kx_query__table_end(&groups->table) : rc;
}

static bool has_id(const kx_query_compiled *names)
{
    for (size_t i = 0; i < names->order_count; i++) {
        if (names->orders[i].subject.kind == SUBJECT_ID)
            return true;
    }
    return false;
}

/* By an order that is at hand, or any that can be `made`. */
static int open_walk(kx_groups *groups, bool made)
{
    kx_query ordered = groups->query != NULL ? *groups->query : (kx_query){0};
    ordered.order_by = groups->by;
    int rc = kx_query__prepare_totals(&groups->cursor, groups->names.txn, groups->names.collection, &ordered, NULL,
                                      false, !has_id(&groups->names));
    if (rc != KX_OK)
        return rc;
    if (!made && groups->cursor.plan.arrangement != ARRANGED) {
        kx_query__compiled_free(&groups->cursor.query);
        return KX_OK;
    }
    rc = kx_query__open(&groups->cursor);
    groups->is_open = rc == KX_OK;
    groups->way = rc == KX_OK ? FROM_WALK : FROM_TABLE;
    return rc;
}

static int next_from_walk(kx_groups *groups, kx_query_bucket *group);

static int walk_instead(kx_groups *groups, kx_query_bucket *group)
{
    kx_query__table_free(&groups->table);
    int rc = open_walk(groups, true);
    return rc == KX_OK ? next_from_walk(groups, group) : rc;
}

static int next_from_table(kx_groups *groups, kx_query_bucket *group)
{
    while (!groups->passed || groups->at == groups->table.count) {
        if (groups->passed && !groups->table.more)
            return KX_NOTFOUND;
        int rc = pass(groups);
        if (rc != KX_OK)
            return rc;
        if (groups->way == FROM_WALK)
            return walk_instead(groups, group);
    }
    kx_query__table_group(&groups->table, groups->at++, groups->values, group);
    return KX_OK;
}

/* ---- from documents in order ------------------------------------------------------------------------------ */

static int read_next(kx_groups *groups, uint64_t *id, kx_slice *document)
{
    int rc = step(groups, id, document);
    if (rc == KX_OK)
        rc = read_values(groups, *id, *document, groups->next_values, &groups->keys[groups->at_key]);
    groups->has_next = rc == KX_OK;
    return rc;
}

static bool is_same_key(const kx_groups *groups)
{
    kx_slice left = kx_key__slice(&groups->keys[0]), right = kx_key__slice(&groups->keys[1]);
    return left.size == right.size && memcmp(left.data, right.data, left.size) == 0;
}

/* The document that was read ahead begins a group. */
static int begin_group(kx_groups *groups, uint64_t id, kx_slice document, kx_query_bucket *group)
{
    kx_value *values = groups->values;
    groups->values = groups->next_values;
    groups->next_values = values;
    groups->at_key ^= 1;
    *group = (kx_query_bucket){.values = groups->values, .count = 1};
    groups->lowest = id;
    return add_totals(groups, id, document, &group->totals);
}

static int add_to_group(kx_groups *groups, uint64_t id, kx_slice document, kx_query_bucket *group)
{
    group->count++;
    if (id < groups->lowest) {
        groups->lowest = id;
        memcpy(groups->values, groups->next_values, groups->names.order_count * sizeof *groups->values);
    }
    return add_totals(groups, id, document, &group->totals);
}

/* To the first document of another group, which is kept. */
static int next_from_walk(kx_groups *groups, kx_query_bucket *group)
{
    uint64_t id = groups->next_id;
    kx_slice document = groups->next_document;
    int rc = groups->has_next ? KX_OK : read_next(groups, &id, &document);
    if (rc == KX_OK)
        rc = begin_group(groups, id, document, group);
    if (rc != KX_OK)
        return rc;
    while ((rc = read_next(groups, &id, &document)) == KX_OK && is_same_key(groups)) {
        rc = add_to_group(groups, id, document, group);
        if (rc != KX_OK)
            return rc;
    }
    groups->next_id = id;
    groups->next_document = document;
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

/* ---- choosing ---------- */

static bool is_bare(const kx_query *query)
{
    bool any = query == NULL || query->where == NULL || query->where->path == NULL;
    return any && is_whole(query) && (query == NULL || (query->filter == NULL && query->prepared == NULL));
}

/* Move what the keys give to the table. */
static int keep_all(kx_groups *groups)
{
    kx_query_bucket group;
    kx_query_totals *totals;
    int rc;
    kx_query__table_begin(&groups->table);
    while ((rc = kx_query__next_by_keys(groups, &group)) == KX_OK && groups->way == FROM_KEYS) {
        rc = kx_query__table_add(&groups->table, group.key, groups->lowest, group.values, group.count, &totals);
        if (rc != KX_OK)
            return rc;
    }
    if (rc == KX_OK)
        return pass(groups);
    if (rc != KX_NOTFOUND)
        return rc;
    groups->way = FROM_TABLE;
    groups->passed = true;
    return kx_query__table_end(&groups->table);
}

static int choose(kx_groups *groups)
{
    bool writes = groups->names.txn->writes;
    groups->way = FROM_TABLE;
    int rc = !groups->sums && is_bare(groups->query) ? kx_query__open_keys(groups) : KX_OK;
    if (rc == KX_OK && groups->way == FROM_TABLE && !writes && is_whole(groups->query))
        rc = open_walk(groups, false);
    if (rc == KX_OK && writes)
        rc = groups->way == FROM_KEYS ? keep_all(groups) : pass(groups);
    return rc;
}

/* ---- the door ---------- */

int kx_query__groups_close(kx_groups *groups)
{
    if (groups == NULL)
        return KX_OK;
    int rc = groups->rc == KX_NOTFOUND ? KX_OK : groups->rc;
    kx_collection__forget_walker(&groups->walker);
    shut_cursor(groups);
    kx_store__scan_close(groups->scan);
    for (size_t i = 0; groups->texts != NULL && i < groups->names.order_count; i++)
        kx_buf__free(&groups->texts[i]);
    kx_query__compiled_free(&groups->names);
    kx_query__table_free(&groups->table);
    kx_buf__free(&groups->key);
    kx_key__free(&groups->keys[0]);
    kx_key__free(&groups->keys[1]);
    kx_arena__free(&groups->arena);
    kx_base__free(groups);
    return rc;
}

static void close_walker(kx_walker *walker)
{
    kx_query__groups_close((kx_groups *)walker);
}

static kx_groups *make_groups(kx_txn *txn, const kx_cat_collection *collection)
{
    kx_groups *groups = kx_base__zalloc(sizeof *groups);
    if (groups == NULL)
        return NULL;
    groups->names.txn = txn;
    groups->names.collection = collection;
    groups->names.keeps = groups->names.all_parts = true;
    kx_query__memory_init(&groups->names.memory);
    kx_key__init(&groups->keys[0]);
    kx_key__init(&groups->keys[1]);
    groups->table.budget = txn->writes ? SIZE_MAX : budget_of_tests != 0 ? budget_of_tests : BUDGET;
    groups->table.copies = txn->writes;
    groups->walker.collection = collection->number;
    groups->walker.told = true; /* nothing is open between two steps that a write could move */
    groups->walker.close = close_walker;
    kx_collection__add_walker(txn, &groups->walker);
    return groups;
}

static int name_paths(kx_groups *groups, const char *by, bool single, const char *of)
{
    kx_query_compiled *names = &groups->names;
    int rc = kx_query__order(names, by);
    if (rc == KX_OK && single && names->order_count != 1)
        rc = kx_base__fail_at(KX_INVALID, names->collection->name, by, NULL, NULL,
                              "'%s' is %zu paths; one is asked for", by, names->order_count);
    if (rc == KX_OK && of != NULL)
        rc = kx_query__number_subject(names, of, &groups->of);
    groups->sums = groups->table.sums = of != NULL;
    groups->table.parts = names->order_count;
    return rc;
}

static int make_room(kx_groups *groups, const char *by, const kx_query *query)
{
    size_t parts = groups->names.order_count;
    groups->values = kx_arena__alloc(&groups->arena, parts * sizeof *groups->values);
    groups->next_values = kx_arena__alloc(&groups->arena, parts * sizeof *groups->values);
    kx_buf *texts = kx_arena__alloc(&groups->arena, parts * sizeof *texts);
    groups->by = kx_arena__text(&groups->arena, by, strlen(by));
    if (groups->values == NULL || groups->next_values == NULL || texts == NULL || groups->by == NULL)
        return kx_base__nomem();
    memset(texts, 0, parts * sizeof *texts);
    groups->texts = texts;
    return query != NULL ? kx_query__keep(&groups->arena, query, &groups->query) : KX_OK;
}

int kx_query__groups(kx_txn *txn, const kx_cat_collection *collection, const char *by, bool single, const char *of,
                     const kx_query *query, kx_groups **result)
{
    *result = NULL;
    kx_groups *groups = make_groups(txn, collection);
    if (groups == NULL)
        return kx_base__nomem();
    int rc = name_paths(groups, by, single, of);
    if (rc == KX_OK)
        rc = make_room(groups, by, query);
    if (rc == KX_OK)
        rc = choose(groups);
    if (rc == KX_OK)
        *result = groups;
    else
        kx_query__groups_close(groups);
    return rc;
}

static int next_group(kx_groups *groups, kx_query_bucket *group)
{
    int rc = groups->way == FROM_KEYS ? kx_query__next_by_keys(groups, group) : KX_NOTFOUND;
    if (groups->way == FROM_KEYS || (rc != KX_OK && rc != KX_NOTFOUND))
        return rc;
    return groups->way == FROM_WALK ? next_from_walk(groups, group) : next_from_table(groups, group);
}

int kx_query__groups_next(kx_groups *groups, kx_group_row *row)
{
    kx_query_bucket group;
    *row = (kx_group_row){0};
    if (groups->rc == KX_OK)
        groups->rc = next_group(groups, &group);
    if (groups->rc != KX_OK)
        return groups->rc;
    row->values = group.values;
    row->value_count = groups->names.order_count;
    row->count = group.count;
    row->sum = groups->sums ? kx_query__total(&group.totals, FOLD_SUM) : kx_null();
    row->min = groups->sums ? kx_query__total(&group.totals, FOLD_MIN) : kx_null();
    row->max = groups->sums ? kx_query__total(&group.totals, FOLD_MAX) : kx_null();
    row->avg = groups->sums ? kx_query__total(&group.totals, FOLD_AVG) : kx_null();
    return KX_OK;
}

kx_txn *kx_query__groups_txn(const kx_groups *groups)
{
    return groups->walker.txn;
}
