/*
 * groups.c -- documents by value, in the order of their values.
 *
 *   FROM_KEYS    an index begins with the paths, and nothing else is asked: its keys are stepped over, group by group
 *   FROM_WALK    the plan has the order: documents are read, and a group ends where the next one's key begins
 *   FROM_TABLE   groups in bounded memory, found by their keys in one pass over what matches (group_table.c)
 *
 * Where the table is too small, the documents are walked in order after all, sorted by who walks them (sort.c); where that is not
 * possible, because the query has a limit and an order of its own, the table is filled again, pass after pass.
 * Keys that were shortened do not tell their values: where FROM_KEYS meets one, the table goes on behind the last group.
 * In a write transaction all is worked out at once and waits in the table.
 */
#include <string.h>

#include "query/groups.h"

enum { BUDGET = 16 << 20, HASH_SIZE = 16 };

typedef enum way { FROM_KEYS, FROM_WALK, FROM_TABLE } way;

struct kx_groups {
    kx_walker walker; /* first: the groups are found again from it */
    way way;
    int rc;
    kx_arena arena;
    const kx_query *query;   /* kept */
    const char *by;
    kx_query_compiled names; /* its orders are the paths */
    kx_query_subject of;
    bool sums;
    kx_value *values, *next_values; /* of the group at hand, and of the one behind it */

    const kx_cat_index *index; /* FROM_KEYS */
    bool backward, has_item;
    bool untold; /* some value of the group at hand is not in its key */
    kx_store_scan *scan;
    kx_store_item item; /* read, and not of the group before */
    kx_buf key, *texts; /* texts: one a path */

    kx_cursor cursor; /* FROM_WALK */
    bool is_open, has_next;
    uint64_t next_id, lowest; /* read ahead; of the group at hand */
    kx_slice next_document;
    kx_key keys[2];
    unsigned at_key; /* which of them is the next one's */

    kx_query_table table;
    bool passed; /* the table holds a pass */
    size_t at;
};

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

static int read_value(kx_groups *groups, size_t part, uint64_t id, kx_slice document, kx_value *value)
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
        rc = read_value(groups, i, id, document, &values[i]);
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
    int rc = kx_query__prepare(&groups->cursor, groups->names.txn, groups->names.collection, groups->query, NULL, false,
                               is_whole(groups->query));
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
    int rc = kx_query__prepare_groups(&groups->cursor, groups->names.txn, groups->names.collection, &ordered,
                                      !has_id(&groups->names));
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

/* ---- from keys ------------------------------------------------------------------------------------------------ */

/* Bytes of the parts that tell the group; 0: they are not whole, or not in order. */
static size_t prefix_size(const kx_groups *groups, kx_slice key)
{
    size_t ordered = (groups->index->unique ? KX_KEY_UNIQUE_LIMIT : KX_KEY_LIMIT) - HASH_SIZE, size = 0;
    key.size = key.size < ordered ? key.size : ordered;
    for (size_t i = 0; i < groups->names.order_count; i++) {
        size_t part = kx_key__part_size(kx_slice_of(key.data + size, key.size - size), groups->index->parts[i].descending);
        if (part == 0)
            return 0;
        size += part;
    }
    return size;
}

static bool has_prefix(kx_slice key, kx_slice prefix)
{
    return key.size >= prefix.size && memcmp(key.data, prefix.data, prefix.size) == 0;
}

static int open_keys(kx_groups *groups, kx_slice from, kx_slice to)
{
    kx_store__scan_close(groups->scan);
    return kx_store__scan_entries(groups->names.txn->store, groups->index->table, from, to, groups->backward,
                                  &groups->scan);
}

/* Step over the rest of a group: ones of a unique index one by one, the ids of one key by their stored number, several keys
   by a count between bounds, or, where its lowest id matters, by their ids. */
static int count_ones(kx_groups *groups, kx_slice prefix, uint64_t *count)
{
    int rc;
    *count = 1;
    while ((rc = kx_store__scan_next(groups->scan, &groups->item)) == KX_OK && has_prefix(groups->item.key, prefix)) {
        groups->lowest = groups->item.id < groups->lowest ? groups->item.id : groups->lowest;
        ++*count;
    }
    groups->has_item = rc == KX_OK;
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

static int count_key(kx_groups *groups, kx_slice key, uint64_t *count)
{
    int rc = kx_store__entry_count(groups->names.txn->store, groups->index->table, key, count);
    return rc == KX_OK ? kx_store__scan_after(groups->scan, key, UINT64_MAX) : rc;
}

static int count_ids(kx_groups *groups, kx_store_scan *scan, uint64_t *count)
{
    uint64_t ids[256];
    size_t found = 1;
    int rc = KX_OK;
    while (found > 0 && (rc = kx_store__scan_ids(scan, ids, sizeof ids / sizeof *ids, &found)) == KX_OK) {
        *count += found;
        for (size_t i = 0; i < found; i++)
            groups->lowest = ids[i] < groups->lowest ? ids[i] : groups->lowest;
    }
    return rc;
}

static int count_between(kx_groups *groups, kx_slice prefix, uint64_t *count)
{
    kx_store_scan *scan = NULL;
    kx_key end;
    kx_key__init(&end);
    memcpy(end.data, prefix.data, prefix.size);
    end.size = prefix.size;
    kx_slice to = kx_key__successor(&end) ? kx_key__slice(&end) : (kx_slice){0};
    int rc = kx_store__scan_entries(groups->names.txn->store, groups->index->table, prefix, to, false, &scan);
    if (rc == KX_OK)
        rc = groups->untold ? count_ids(groups, scan, count) : kx_store__scan_count(scan, UINT64_MAX, count);
    kx_store__scan_close(scan);
    if (rc == KX_OK)
        rc = groups->backward ? open_keys(groups, (kx_slice){0}, prefix) : open_keys(groups, to, (kx_slice){0});
    kx_key__free(&end);
    return rc;
}

static int count_group(kx_groups *groups, kx_slice prefix, uint64_t *count)
{
    if (groups->index->unique)
        return count_ones(groups, prefix, count);
    if (groups->index->count == groups->names.order_count)
        return count_key(groups, prefix, count);
    return count_between(groups, prefix, count);
}

/* What the key tells. */
static int read_key(kx_groups *groups, kx_slice prefix)
{
    int rc = KX_OK;
    groups->untold = false;
    for (size_t i = 0, at = 0; i < groups->names.order_count && rc == KX_OK; i++) {
        bool descending = groups->index->parts[i].descending;
        kx_slice part = kx_slice_of(prefix.data + at, prefix.size - at);
        part.size = kx_key__part_size(part, descending);
        at += part.size;
        rc = kx_key__read(part, descending, &groups->texts[i], &groups->values[i]);
        groups->untold |= groups->values[i].type == KX_TYPE_NONE;
    }
    return rc;
}

/* What it does not tell, from the group's first document. */
static int read_untold(kx_groups *groups)
{
    const kx_query_compiled *names = &groups->names;
    uint64_t id = groups->lowest;
    kx_slice row, document;
    int rc = kx_store__row_get(names->txn->store, names->collection->number, id, &row);
    if (rc == KX_NOTFOUND)
        return kx_base__fail_at(KX_CORRUPT, names->collection->name, groups->index->paths, &id, NULL,
                                "index '%s' of %s has an entry for document %llu, which is not there",
                                groups->index->paths, names->collection->name, (unsigned long long)id);
    if (rc == KX_OK)
        rc = kx_collection__document_of(names->txn->db, names->collection, id, row, &document);
    for (size_t i = 0; i < names->order_count && rc == KX_OK; i++) {
        if (groups->values[i].type == KX_TYPE_NONE)
            rc = read_value(groups, i, id, document, &groups->values[i]);
    }
    return rc;
}

/* The table goes on behind the group that was given last; where all are worked out at once, it begins again. */
static int leave_keys(kx_groups *groups, kx_query_bucket *group)
{
    kx_store__scan_close(groups->scan);
    groups->scan = NULL;
    groups->way = FROM_TABLE;
    groups->table.has_after = groups->key.size > 0 && !groups->table.copies;
    kx_buf__append(&groups->table.after, groups->key.data, groups->key.size);
    return groups->table.after.rc == KX_OK ? next_from_table(groups, group) : groups->table.after.rc;
}

static int next_from_keys(kx_groups *groups, kx_query_bucket *group)
{
    int rc = groups->has_item ? KX_OK : kx_store__scan_next(groups->scan, &groups->item);
    groups->has_item = false;
    if (rc != KX_OK)
        return rc;
    uint64_t count = 0;
    size_t size = prefix_size(groups, groups->item.key);
    if (size == 0)
        return leave_keys(groups, group);
    kx_buf__clear(&groups->key);
    kx_buf__append(&groups->key, groups->item.key.data, size);
    if (groups->key.rc != KX_OK)
        return groups->key.rc;
    groups->lowest = groups->item.id;
    rc = read_key(groups, kx_buf__slice(&groups->key));
    if (rc == KX_OK)
        rc = count_group(groups, kx_buf__slice(&groups->key), &count);
    if (rc == KX_OK && groups->untold)
        rc = read_untold(groups);
    for (size_t i = 0; i < size && groups->backward; i++)
        groups->key.data[i] ^= 0xff;
    *group = (kx_query_bucket){.key = kx_buf__slice(&groups->key), .values = groups->values, .count = count};
    return rc;
}

/* All parts as the paths go, or all the other way. */
static bool begins_with(const kx_cat_index *index, const kx_query_compiled *names, bool *backward)
{
    if (index->multi || index->sparse || index->primary || index->count < names->order_count)
        return false;
    *backward = index->parts[0].descending != names->orders[0].descending;
    for (size_t i = 0; i < names->order_count; i++) {
        const kx_query_order *order = &names->orders[i];
        if (!kx_query__is_part(&order->subject, &index->parts[i]) ||
            (index->parts[i].descending != order->descending) != *backward)
            return false;
    }
    return true;
}

/* The narrowest. */
static const kx_cat_index *find_index(kx_groups *groups)
{
    const kx_cat_collection *collection = groups->names.collection;
    const kx_cat_index *found = NULL;
    bool backward;
    for (size_t i = 0; i < collection->index_count; i++) {
        const kx_cat_index *index = &collection->indexes[i];
        if (!begins_with(index, &groups->names, &backward) || (found != NULL && found->count <= index->count))
            continue;
        found = index;
        groups->backward = backward;
    }
    return found;
}

/* ---- choosing --------------------------------------------------------------------------------------------------------- */

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
    int rc = KX_OK;
    kx_query__table_begin(&groups->table);
    while (groups->way == FROM_KEYS && (rc = next_from_keys(groups, &group)) == KX_OK && groups->way == FROM_KEYS)
        rc = kx_query__table_add(&groups->table, group.key, groups->lowest, group.values, group.count, &totals);
    groups->at = 0;
    if (rc != KX_NOTFOUND)
        return rc;
    groups->way = FROM_TABLE;
    groups->passed = true;
    return kx_query__table_end(&groups->table);
}

static int choose(kx_groups *groups)
{
    bool writes = groups->names.txn->writes;
    int rc = KX_OK;
    groups->way = FROM_TABLE;
    groups->index = !groups->sums && is_bare(groups->query) ? find_index(groups) : NULL;
    if (groups->index != NULL) {
        rc = open_keys(groups, (kx_slice){0}, (kx_slice){0});
        groups->way = rc == KX_OK ? FROM_KEYS : FROM_TABLE;
    } else if (!writes && is_whole(groups->query)) {
        rc = open_walk(groups, false);
    }
    if (rc == KX_OK && writes)
        rc = groups->way == FROM_KEYS ? keep_all(groups) : pass(groups);
    return rc;
}

/* ---- the door ----------------------------------------------------------------------------------------------------------- */

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
        rc = kx_base__fail_at(KX_INVALID, names->collection->name, by, NULL, NULL, "'%s' is %zu paths; one is asked for",
                              by, names->order_count);
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
    switch (groups->way) {
    case FROM_KEYS: return next_from_keys(groups, group);
    case FROM_WALK: return next_from_walk(groups, group);
    default: return next_from_table(groups, group);
    }
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
