/*
 * catalog_support.c -- see catalog_support.h.
 */
#include "catalog_support.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <lmdbkenobix/schema.h>

enum { MOST_CATALOGS = 4096 };

static kx_catalog *catalogs[MOST_CATALOGS];
static size_t catalog_count;

static kx_catalog *keep(kx_catalog *catalog)
{
    if (catalog_count == MOST_CATALOGS)
        ck_abort_msg("more than %d catalogs", MOST_CATALOGS);
    catalogs[catalog_count++] = catalog;
    return catalog;
}

void kxt_catalogs_free(kx_catalog *but)
{
    if (but != NULL)
        kx_catalog__retain(but);
    while (catalog_count > 0)
        kx_catalog__release(catalogs[--catalog_count]);
    if (but != NULL)
        keep(but);
}

const char *kxt_error(int rc)
{
    kx_base__publish(rc);
    ck_assert_int_eq(kx_last_error()->code, rc);
    return kx_errmsg();
}

kx_catalog *kxt_empty(void)
{
    kx_catalog *catalog;
    ck_assert_int_eq(kx_catalog__empty(NULL, &catalog), KX_OK);
    return keep(catalog);
}

/* ---- what holds for every plan ---------------------------------------------------- */

static bool is_changed(const kx_cat_plan *plan, uint32_t number)
{
    for (size_t i = 0; i < plan->changed_count; i++) {
        if (plan->changed[i] == number)
            return true;
    }
    return false;
}

/* Each ck_assert costs a write to the runner, so these look first and assert once. */
static void check_links(const kx_catalog *catalog)
{
    bool ok = true;
    for (size_t i = 0; i < catalog->count; i++) {
        const kx_cat_collection *collection = &catalog->collections[i];
        ok &= collection->position == i && kx_catalog__find(catalog, collection->name) == collection &&
              kx_catalog__numbered(catalog, collection->number) == collection;
        for (size_t r = 0; r < collection->relation_count; r++) {
            const kx_cat_relation *relation = &collection->relations[r];
            ok &= relation->owner == collection &&
                  relation->target == kx_catalog__find(catalog, relation->declared.target);
            ok &= relation->index->count == relation->remote.count &&
                  strcmp(relation->index->paths, relation->remote.text) == 0;
            ok &= !collection->writable || kx_catalog__index(collection, relation->local.text) != NULL;
        }
    }
    ck_assert_msg(ok, "a catalog does not hold together:\n%s", kxt_described(catalog));
}

static void get_shapes(const kx_catalog *catalog, uint8_t *shapes)
{
    kx_store_table *tables;
    size_t count;
    bool ok = true;
    ck_assert_int_eq(kx_catalog__tables(catalog, &tables, &count), KX_OK);
    for (size_t i = 0; i < count; i++) {
        ok &= tables[i].number >= KX_STORE_FIRST_TABLE && tables[i].number < catalog->next_table &&
              shapes[tables[i].number] == 0;
        shapes[tables[i].number] = (uint8_t)tables[i].shape;
    }
    kx_base__free(tables);
    ck_assert_msg(ok, "a table twice, or out of range");
}

/* No number is lost, none changes its shape; steps are about tables of the right sort. */
static void check_tables(const kx_catalog *from, const kx_cat_plan *plan)
{
    uint8_t before[KX_STORE_TABLES] = {0}, after[KX_STORE_TABLES] = {0};
    bool ok = true;
    get_shapes(from, before);
    get_shapes(plan->next, after);
    for (size_t i = 0; i < KX_STORE_TABLES; i++)
        ok &= before[i] == 0 || after[i] == before[i];
    ck_assert_msg(ok, "a table is lost, or has another shape");
    for (size_t i = 0; i < plan->count; i++) {
        const kx_cat_step *step = &plan->steps[i];
        bool makes = step->kind == KX_STEP_MAKE_COLLECTION || step->kind == KX_STEP_MAKE_INDEX;
        if (step->kind == KX_STEP_CHECK_FIELD || step->table.number == 0)
            continue;
        ok &= after[step->table.number] == (uint8_t)step->table.shape;
        ok &= (makes && before[step->table.number] == 0) == step->table_is_new;
        ok &= makes || before[step->table.number] != 0;
    }
    ck_assert_msg(ok, "a step is about a table that it cannot be about");
}

/* What the plan does not write must be in the store already. */
static void check_changed(const kx_catalog *from, const kx_cat_plan *plan)
{
    bool ok = true;
    for (size_t i = 0; i < plan->next->count; i++) {
        const kx_cat_collection *after = &plan->next->collections[i];
        const kx_cat_collection *before = kx_catalog__numbered(from, after->number);
        kx_buf one = {0}, other = {0};
        kx_catalog__encode(after, &one);
        if (before != NULL)
            kx_catalog__encode(before, &other);
        bool same = one.size == other.size && memcmp(one.data, other.data, one.size) == 0;
        ok &= is_changed(plan, after->number) == !same;
        kx_buf__free(&one);
        kx_buf__free(&other);
    }
    for (size_t i = 0; i < from->count; i++) {
        uint32_t number = from->collections[i].number;
        ok &= kx_catalog__numbered(plan->next, number) != NULL || is_changed(plan, number);
    }
    ck_assert_msg(ok, "a plan writes too many rows or too few");
}

kx_catalog *kxt_taken(int rc, const kx_catalog *from, kx_cat_plan *plan)
{
    ck_assert_msg(rc == KX_OK, "%d: %s", rc, rc != KX_OK ? kxt_error(rc) : "");
    if (plan->next == NULL) {
        ck_assert_uint_eq(plan->count, 0);
        ck_assert_uint_eq(plan->changed_count, 0);
        return keep(kx_catalog__retain((kx_catalog *)(uintptr_t)from));
    }
    ck_assert_uint_eq(plan->next->epoch, from->epoch + 1);
    check_links(plan->next);
    check_tables(from, plan);
    check_changed(from, plan);
    kx_catalog *next = keep(plan->next);
    plan->next = NULL;
    kx_catalog__plan_free(plan);
    return next;
}

kx_catalog *kxt_declared(const kx_catalog *from, const kx_model *const *models)
{
    kx_cat_plan plan;
    int rc = kx_catalog__declare(from, models, &plan);
    return kxt_taken(rc, from, &plan);
}

void kxt_refused(const kx_catalog *from, const kx_model *const *models, int code, const char *text)
{
    kx_cat_plan plan;
    int rc = kx_catalog__declare(from, models, &plan);
    ck_assert_msg(rc == code, "%d instead of %d: %s", rc, code, rc != KX_OK ? kxt_error(rc) : "");
    ck_assert_str_eq(kxt_error(rc), text);
    ck_assert_ptr_null(plan.next);
    ck_assert_ptr_null(plan.steps);
    ck_assert_ptr_null(plan.changed);
}

/* ---- as text -------------------------------------------------------------------------- */

static int by_text(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static const char *or_none(const char *text)
{
    return text != NULL ? text : "-";
}

static char *relation_line(const kx_cat_collection *collection, const kx_cat_relation *relation)
{
    const kx_relation *d = &relation->declared;
    return kxt_print("%s relation %s %s %s %s %s %s %s %d %s %s %d via %s reverse %s\n", collection->name, d->name,
                     kx_kind_name(d->kind), d->target, d->foreign_key, or_none(d->related_field),
                     or_none(d->local_field), or_none(d->reverse), d->optional, kx_action_name(d->on_delete),
                     kx_action_name(d->on_update), relation->implied, relation->index->paths,
                     relation->reverse != NULL ? relation->reverse->declared.name : "-");
}

static size_t collection_lines(const kx_cat_collection *collection, char **lines)
{
    size_t count = 0;
    lines[count++] = kxt_print("%s collection %d %d %s\n", collection->name, collection->writable,
                               collection->has_checks, collection->primary != NULL ? collection->primary->paths : "-");
    for (size_t i = 0; i < collection->field_count; i++) {
        const kx_cat_field *field = &collection->fields[i];
        lines[count++] = kxt_print("%s field %s %s %d %s\n", collection->name, field->path_text,
                                   kx_type_name(field->type), field->optional, or_none(field->initial));
    }
    for (size_t i = 0; i < collection->index_count; i++) {
        const kx_cat_index *index = &collection->indexes[i];
        lines[count++] = kxt_print("%s index %s unique %d primary %d multi %d sparse %d implied %d shape %d\n",
                                   collection->name, index->paths, index->unique, index->primary, index->multi,
                                   index->sparse, index->implied, index->primary ? 0 : (int)index->table.shape);
    }
    for (size_t i = 0; i < collection->relation_count; i++)
        lines[count++] = relation_line(collection, &collection->relations[i]);
    return count;
}

char *kxt_described(const kx_catalog *catalog)
{
    size_t most = 1, count = 0;
    for (size_t i = 0; i < catalog->count; i++) {
        const kx_cat_collection *collection = &catalog->collections[i];
        most += 1 + collection->field_count + collection->index_count + collection->relation_count;
    }
    char **lines = calloc(most, sizeof *lines);
    for (size_t i = 0; i < catalog->count; i++)
        count += collection_lines(&catalog->collections[i], lines + count);
    qsort(lines, count, sizeof *lines, by_text);
    kx_buf text = {0};
    for (size_t i = 0; i < count; i++)
        kx_buf__text(&text, lines[i]);
    kx_buf__byte(&text, '\0');
    char *described = kxt_print("%s", (const char *)text.data);
    kx_buf__free(&text);
    free(lines);
    return described;
}

char *kxt_indexes(const kx_catalog *catalog, const char *collection)
{
    const kx_cat_collection *found = kx_catalog__find(catalog, collection);
    char *text = kxt_print("%s", "");
    for (size_t i = 0; i < found->index_count; i++)
        text = kxt_print("%s%s%s%s", text, i > 0 ? " " : "", found->indexes[i].paths,
                         found->indexes[i].implied ? "*" : "");
    return text;
}

static char *as_json(const kx_buf *document)
{
    kx_buf json = {0};
    ck_assert_int_eq(document->rc, KX_OK);
    ck_assert_int_eq(kx_document__check(kx_buf__slice(document), NULL), KX_OK);
    ck_assert_int_eq(kx_document__to_json(kx_buf__slice(document), &json), KX_OK);
    char *text = kxt_print("%.*s", (int)json.size, (const char *)json.data);
    kx_buf__free(&json);
    return text;
}

char *kxt_row(const kx_catalog *catalog, const char *collection)
{
    kx_buf document = {0};
    kx_catalog__encode(kx_catalog__find(catalog, collection), &document);
    char *text = as_json(&document);
    kx_buf__free(&document);
    return text;
}

char *kxt_meta(const kx_catalog *catalog)
{
    kx_buf document = {0};
    kx_catalog__encode_meta(catalog, &document);
    char *text = as_json(&document);
    kx_buf__free(&document);
    return text;
}

/* ---- through documents ------------------------------------------------------------------- */

kx_catalog *kxt_with_row(const kx_catalog *catalog, uint32_t number, const char *json, int *rc)
{
    kx_buf meta = {0}, *rows = calloc(catalog->count + 1, sizeof *rows);
    uint64_t *numbers = calloc(catalog->count + 1, sizeof *numbers);
    kx_slice *documents = calloc(catalog->count + 1, sizeof *documents);
    size_t count = 0;
    bool placed = json == NULL;
    for (size_t i = 0; i < catalog->count; i++, count++) {
        const kx_cat_collection *collection = &catalog->collections[i];
        numbers[count] = collection->number;
        if (json != NULL && collection->number == number)
            ck_assert_int_eq(kx_document__from_json(json, strlen(json), false, &rows[count]), KX_OK);
        else
            kx_catalog__encode(collection, &rows[count]);
        placed |= collection->number == number;
        documents[count] = kx_buf__slice(&rows[count]);
    }
    if (!placed) {
        numbers[count] = number;
        ck_assert_int_eq(kx_document__from_json(json, strlen(json), false, &rows[count]), KX_OK);
        documents[count] = kx_buf__slice(&rows[count]);
        count++;
    }
    kx_catalog__encode_meta(catalog, &meta);
    kx_catalog *decoded;
    *rc = kx_catalog__decode(NULL, kx_buf__slice(&meta), numbers, documents, count, &decoded);
    for (size_t i = 0; i < count; i++)
        kx_buf__free(&rows[i]);
    kx_buf__free(&meta);
    free(rows);
    free(numbers);
    free(documents);
    if (*rc != KX_OK) {
        ck_assert_ptr_null(decoded);
        return NULL;
    }
    check_links(decoded);
    return keep(decoded);
}

kx_catalog *kxt_reloaded(const kx_catalog *catalog)
{
    int rc;
    kx_catalog *decoded = kxt_with_row(catalog, 0, NULL, &rc);
    ck_assert_msg(rc == KX_OK, "%d: %s", rc, rc != KX_OK ? kxt_error(rc) : "");
    return decoded;
}
