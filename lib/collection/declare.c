/*
 * declare.c -- carrying out what a declaration asks of the tables.
 *
 * All of it runs in a savepoint of the store, so that after an error nothing remains. New fields are checked and filled first, by
 * the indexes that were there; new indexes are then built from the documents as they have become.
 */
#include <string.h>

#include "collection/collection_impl.h"

/* Documents that lack an initial value are written in runs of this many, so that no scan is stepped across a write. */
enum { FILL_RUN = 1000 };

/* ---- new fields over old documents -------------------------------------------------- */

static bool lacks(const kx_cat_field *field, kx_slice document)
{
    kx_slice item;
    if (field->plain)
        return !kx_document__find(document, field->path_text, field->size, &item);
    return !kx_document__at(document, &field->path, &item);
}

/* Step until `run` is full: collect ids that lack the field, check the others. KX_NOTFOUND at the end of the rows. */
static int look_for_run(kx_txn *txn, const kx_cat_collection *collection, const kx_cat_field *field, uint64_t from,
                        uint64_t *run, size_t *count)
{
    kx_store_scan *scan = NULL;
    kx_store_item item;
    *count = 0;
    int rc = kx_store__scan_rows(txn->store, collection->number, from, UINT64_MAX, false, &scan);
    while (rc == KX_OK && *count < FILL_RUN && (rc = kx_store__scan_next(scan, &item)) == KX_OK) {
        kx_slice document;
        rc = kx_collection__document_of(txn->db, collection, item.id, item.row, &document);
        if (rc == KX_OK && field->initial != NULL && lacks(field, document))
            run[(*count)++] = item.id;
        else if (rc == KX_OK)
            rc = kx_collection__check_field(collection, field, document);
        if (rc == KX_INVALID || rc == KX_REQUIRED)
            kx_base__fail_in(rc, "document %llu", (unsigned long long)item.id);
    }
    kx_store__scan_close(scan);
    return rc;
}

/* By the collection as it was: its indexes are kept true, the new ones do not exist yet. */
static int fill_one(kx_txn *txn, const kx_cat_collection *was, const kx_cat_field *field, uint64_t id)
{
    kx_change change = {.kind = KX_CHANGE_SET, .path = field->path_text, .item = field->initial_item};
    return kx_collection__change_stored(txn, was, id, &change, 1);
}

static int check_field(kx_txn *txn, const kx_cat_collection *collection, const kx_cat_field *field)
{
    const kx_cat_collection *was = kx_catalog__numbered(txn->catalog, collection->number);
    if (was == NULL)
        return KX_OK;
    uint64_t *run = kx_base__alloc(FILL_RUN * sizeof *run);
    if (run == NULL)
        return kx_base__nomem();
    uint64_t from = 0, filled = 0;
    size_t count = 0;
    int rc;
    do {
        rc = look_for_run(txn, collection, field, from, run, &count);
        int written = KX_OK;
        for (size_t i = 0; i < count && (rc == KX_OK || rc == KX_NOTFOUND) && written == KX_OK; i++)
            written = fill_one(txn, was, field, run[i]);
        if (count != 0)
            from = run[count - 1] + 1;
        filled += count;
        if (written != KX_OK)
            rc = written;
    } while (rc == KX_OK);
    if (rc == KX_NOTFOUND && filled > 0)
        kx_collection__log(txn->db, "field '%s' of '%s': its initial value written to %llu documents", field->path_text,
                           collection->name, (unsigned long long)filled);
    kx_base__free(run);
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

/* ---- new indexes ----------------------------------------------------------------------- */

typedef struct index_build {
    kx_txn *txn;
    const kx_cat_collection *collection;
    kx_entries entries;
    uint64_t id;
} index_build;

static int add_key(void *context, const kx_cat_index *index, kx_key *key)
{
    index_build *build = context;
    (void)index;
    return kx_collection__entries_add(&build->entries, key, build->id, 0);
}

static kx_slice stored_document(void *context, size_t tag, uint64_t id)
{
    index_build *build = context;
    kx_slice row, document = {0};
    (void)tag;
    if (kx_store__row_get(build->txn->store, build->collection->number, id, &row) == KX_OK)
        kx_collection__document_of(build->txn->db, build->collection, id, row, &document);
    return document;
}

static void report_progress(const kx_db *db, const char *what, uint64_t done, uint64_t total)
{
    if (db->options.progress != NULL)
        db->options.progress(db->options.context, what, done, total);
}

static int collect_keys(index_build *build, const kx_cat_index *index)
{
    kx_store_scan *scan = NULL;
    kx_store_item item;
    uint64_t done = 0, total = 0;
    int rc = kx_store__table_count(build->txn->store, build->collection->number, &total);
    if (rc == KX_OK)
        rc = kx_store__scan_rows(build->txn->store, build->collection->number, 0, UINT64_MAX, false, &scan);
    while (rc == KX_OK && (rc = kx_store__scan_next(scan, &item)) == KX_OK) {
        kx_slice document;
        build->id = item.id;
        rc = kx_collection__document_of(build->txn->db, build->collection, item.id, item.row, &document);
        if (rc == KX_OK)
            rc = kx_collection__keys(build->collection, index, item.id, document, add_key, build);
        if (++done % 100000 == 0)
            report_progress(build->txn->db, "building index", done, total);
    }
    kx_store__scan_close(scan);
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

static int refuse_primary(kx_txn *txn, const kx_cat_collection *collection, const kx_cat_index *index)
{
    uint64_t last;
    int rc = kx_store__row_last(txn->store, collection->number, &last);
    if (rc == KX_OK)
        rc = kx_base__fail_at(KX_INVALID, collection->name, index->paths, NULL, NULL,
                              "%s.%s: a primary index cannot be declared on a collection that has documents",
                              collection->name, index->paths);
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

static int fill_index(kx_txn *txn, const kx_cat_collection *collection, const kx_cat_index *index)
{
    index_build build = {.txn = txn, .collection = collection};
    size_t failed;
    if (index->primary)
        return refuse_primary(txn, collection, index);
    int rc = collect_keys(&build, index);
    if (rc == KX_OK)
        rc = kx_collection__entries_check(txn, collection, index, &build.entries, stored_document, &build, &failed);
    if (rc == KX_OK)
        rc = kx_collection__entries_put(txn, index, &build.entries);
    if (rc == KX_OK && build.entries.count > 0)
        kx_collection__log(txn->db, "index '%s' of '%s': built, %zu entries", index->paths, collection->name,
                           build.entries.count);
    kx_collection__entries_free(&build.entries);
    return rc;
}

/* ---- steps ---------------------------------------------------------------------------------- */

static int make_index(kx_txn *txn, const kx_cat_collection *collection, const kx_cat_step *step)
{
    const kx_cat_index *index = &collection->indexes[step->item];
    int rc = !index->primary && step->table_is_new ? kx_store__make_table(txn->store, step->table) : KX_OK;
    return rc == KX_OK ? fill_index(txn, collection, index) : rc;
}

static int drop_collection(kx_txn *txn, const kx_cat_step *step)
{
    int rc = kx_collection__before_write(txn, step->table.number, UINT64_MAX);
    if (rc == KX_OK)
        rc = kx_store__empty_table(txn->store, step->table.number);
    if (rc == KX_OK)
        rc = kx_store__row_delete(txn->store, KX_STORE_META, step->table.number);
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

static int check_relation(kx_txn *txn, const kx_catalog *next, const kx_cat_relation *relation)
{
    const kx_guard *guard = txn->db->guard;
    return guard != NULL && guard->declared != NULL ? guard->declared(txn, next, relation) : KX_OK;
}

static int carry_out(kx_txn *txn, const kx_catalog *next, const kx_cat_step *step)
{
    switch (step->kind) {
    case KX_STEP_MAKE_COLLECTION: return step->table_is_new ? kx_store__make_table(txn->store, step->table) : KX_OK;
    case KX_STEP_MAKE_INDEX: return make_index(txn, &next->collections[step->collection], step);
    case KX_STEP_CHECK_FIELD:
        return check_field(txn, &next->collections[step->collection],
                           &next->collections[step->collection].fields[step->item]);
    case KX_STEP_CHECK_RELATION:
        return check_relation(txn, next, &next->collections[step->collection].relations[step->item]);
    case KX_STEP_DROP_INDEX: return kx_store__empty_table(txn->store, step->table.number);
    case KX_STEP_DROP_COLLECTION: return drop_collection(txn, step);
    }
    return KX_OK;
}

static int tell_walkers(kx_txn *txn)
{
    int rc = KX_OK;
    for (size_t i = 0; i < txn->catalog->count && rc == KX_OK; i++)
        rc = kx_collection__before_write(txn, txn->catalog->collections[i].number, UINT64_MAX);
    return rc;
}

/* All steps in a savepoint of the store. What fails half-way in it goes with it. */
static int carry_out_all(kx_txn *txn, const kx_cat_plan *plan)
{
    kx_store_txn *outer = txn->store, *inner = NULL;
    int rc = kx_store__child(outer, &inner);
    if (rc != KX_OK)
        return rc;
    txn->store = inner;
    for (size_t i = 0; i < plan->count && rc == KX_OK; i++)
        rc = carry_out(txn, plan->next, &plan->steps[i]);
    if (rc == KX_OK)
        rc = kx_collection__write_catalog(txn, plan);
    txn->store = outer;
    if (rc == KX_OK)
        return kx_store__commit(inner);
    kx_store__abort(inner);
    if (txn->top->failed != KX_OK)
        kx_collection__mark_all_stale(txn->top);
    txn->top->failed = KX_OK;
    return rc;
}

int kx_collection__apply(kx_txn *txn, kx_cat_plan *plan)
{
    kx_retired *room = NULL;
    int rc = plan->next == NULL ? KX_OK : kx_collection__enter_write(txn, NULL);
    if (rc == KX_OK && plan->next != NULL) {
        rc = tell_walkers(txn);
        if (rc == KX_OK)
            rc = kx_collection__room_to_retire(txn, &room);
        if (rc == KX_OK)
            rc = carry_out_all(txn, plan);
        if (rc == KX_OK) {
            kx_collection__set_catalog(txn, room, plan->next);
            room = NULL;
            plan->next = NULL;
        }
        kx_base__free(room);
    }
    kx_catalog__plan_free(plan);
    return rc;
}

/* ---- declaring ---------------------------------------------------------------------------------- */

int kx_collection__declare(kx_txn *txn, const kx_model *const *models)
{
    kx_cat_plan plan = {0};
    kx_layout *layouts = NULL;
    int rc = kx_catalog__declare(txn->catalog, models, &plan);
    if (rc == KX_OK)
        rc = kx_collection__make_layouts(txn->db, models, &layouts);
    if (rc == KX_OK)
        rc = kx_collection__apply(txn, &plan);
    else
        kx_catalog__plan_free(&plan);
    if (rc == KX_OK)
        kx_collection__keep_layouts(txn->db, layouts);
    else
        kx_collection__free_layouts(layouts);
    return rc;
}

/* The lines of a schema as models; lines that are blank, or a dump's first line, say nothing. */
typedef struct schema_lines {
    kx_arena arena;
    kx_model *models;
    const kx_model **list;
    uint64_t *next_ids;
    size_t count;
} schema_lines;

static size_t count_lines(const char *text)
{
    size_t lines = 1;
    for (; *text != '\0'; text++)
        lines += *text == '\n';
    return lines;
}

static bool is_blank(const char *line, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (strchr(" \t\r", line[i]) == NULL)
            return false;
    return true;
}

static int read_line(schema_lines *lines, const char *line, size_t size, size_t number)
{
    size_t at = lines->count;
    int rc = kx_catalog__from_json(line, size, &lines->arena, &lines->models[at], &lines->next_ids[at]);
    if (rc == KX_OK && lines->next_ids[at] > UINT64_C(1) << 63)
        rc = kx_base__fail_at(KX_INVALID, lines->models[at].name, "next_id", NULL, NULL, "next_id is at most 2^63");
    if (rc != KX_OK)
        return kx_base__fail_in(rc, "schema line %zu", number);
    lines->list[at] = &lines->models[at];
    lines->count++;
    return KX_OK;
}

static int read_lines(schema_lines *lines, const char *text)
{
    size_t room = count_lines(text), number = 0;
    lines->models = kx_arena__alloc(&lines->arena, kx_base__times(room, sizeof *lines->models));
    lines->list = kx_arena__alloc(&lines->arena, kx_base__times(room + 1, sizeof *lines->list));
    lines->next_ids = kx_arena__alloc(&lines->arena, kx_base__times(room, sizeof *lines->next_ids));
    if (lines->models == NULL || lines->list == NULL || lines->next_ids == NULL)
        return kx_base__nomem();
    int rc = KX_OK;
    while (rc == KX_OK && *text != '\0') {
        size_t size = strcspn(text, "\n");
        number++;
        if (!is_blank(text, size))
            rc = read_line(lines, text, size, number);
        text += size + (text[size] == '\n');
    }
    lines->list[lines->count] = NULL;
    return rc;
}

static int reserve_all(kx_txn *txn, const schema_lines *lines)
{
    int rc = KX_OK;
    for (size_t i = 0; i < lines->count && rc == KX_OK; i++) {
        const kx_cat_collection *collection = kx_catalog__find(txn->catalog, lines->models[i].name);
        if (lines->next_ids[i] > 1 && collection != NULL && txn->writes)
            rc = kx_collection__reserve_ids(txn, collection, lines->next_ids[i]);
    }
    return rc;
}

int kx_collection__declare_json(kx_txn *txn, const char *text)
{
    schema_lines lines = {0};
    int rc = read_lines(&lines, text);
    if (rc == KX_OK)
        rc = kx_collection__declare(txn, lines.list);
    if (rc == KX_OK)
        rc = reserve_all(txn, &lines);
    kx_arena__free(&lines.arena);
    return rc;
}
