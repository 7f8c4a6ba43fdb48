/*
 * plan.c -- the steps from one catalog to the next, found by comparing the two.
 *
 * Tables tell what stays and what is made: a number that both catalogs name in a collection is the same table, since
 * a number given back in a change serves again only from the next change on.
 */
#include "catalog/catalog_impl.h"

static bool has_table(const kx_cat_collection *collection, const kx_cat_index *index)
{
    for (size_t i = 0; i < collection->index_count; i++) {
        const kx_cat_index *other = &collection->indexes[i];
        if (index->primary ? other->primary : other->table.number == index->table.number)
            return true;
    }
    return false;
}

static kx_cat_step *add_step(kx_cat_plan *plan, kx_cat_step_kind kind, size_t collection, kx_store_table table)
{
    plan->steps[plan->count] = (kx_cat_step){.kind = kind, .collection = collection, .table = table};
    return &plan->steps[plan->count++];
}

/* ---- drops ------------------------------------------------------------------------- */

static void drop_indexes(kx_cat_plan *plan, const kx_cat_collection *before, const kx_cat_collection *after)
{
    for (size_t i = 0; i < before->index_count; i++) {
        const kx_cat_index *index = &before->indexes[i];
        if (!index->primary && (after == NULL || !has_table(after, index)))
            add_step(plan, KX_STEP_DROP_INDEX, after != NULL ? after->position : SIZE_MAX, index->table);
    }
}

static void add_drops(kx_cat_plan *plan, const kx_catalog *from)
{
    for (size_t i = 0; i < from->count; i++) {
        const kx_cat_collection *before = &from->collections[i];
        const kx_cat_collection *after = kx_catalog__numbered(plan->next, before->number);
        drop_indexes(plan, before, after);
        if (after == NULL)
            add_step(plan, KX_STEP_DROP_COLLECTION, SIZE_MAX, (kx_store_table){before->number, KX_STORE_ROWS});
    }
}

/* ---- what is new --------------------------------------------------------------------- */

static void add_collections(kx_cat_plan *plan, const kx_catalog *from)
{
    for (size_t i = 0; i < plan->next->count; i++) {
        const kx_cat_collection *collection = &plan->next->collections[i];
        if (kx_catalog__numbered(from, collection->number) != NULL)
            continue;
        kx_cat_step *step =
            add_step(plan, KX_STEP_MAKE_COLLECTION, i, (kx_store_table){collection->number, KX_STORE_ROWS});
        step->table_is_new = collection->number >= from->next_table;
    }
}

static bool demands(const kx_cat_field *field)
{
    return field->type != KX_TYPE_NONE || !field->optional || field->initial != NULL;
}

static void add_fields(kx_cat_plan *plan, const kx_catalog *from)
{
    for (size_t i = 0; i < plan->next->count; i++) {
        const kx_cat_collection *after = &plan->next->collections[i];
        const kx_cat_collection *before = kx_catalog__numbered(from, after->number);
        for (size_t f = 0; f < after->field_count; f++) {
            const kx_cat_field *field = &after->fields[f];
            if (demands(field) && (before == NULL || kx_catalog__field(before, field->path_text) == NULL))
                add_step(plan, KX_STEP_CHECK_FIELD, i, (kx_store_table){0})->item = f;
        }
    }
}

static void add_indexes(kx_cat_plan *plan, const kx_catalog *from)
{
    for (size_t i = 0; i < plan->next->count; i++) {
        const kx_cat_collection *after = &plan->next->collections[i];
        const kx_cat_collection *before = kx_catalog__numbered(from, after->number);
        for (size_t n = 0; n < after->index_count; n++) {
            const kx_cat_index *index = &after->indexes[n];
            if (before != NULL && has_table(before, index))
                continue;
            kx_cat_step *step = add_step(plan, KX_STEP_MAKE_INDEX, i, index->table);
            step->item = n;
            step->table_is_new = index->table.number >= from->next_table;
        }
    }
}

/* A collection that is new has no documents to check. */
static void add_checks(kx_cat_plan *plan, const kx_catalog *from)
{
    for (size_t i = 0; i < plan->next->count; i++) {
        const kx_cat_collection *after = &plan->next->collections[i];
        const kx_cat_collection *before = kx_catalog__numbered(from, after->number);
        for (size_t r = 0; r < after->relation_count && before != NULL; r++) {
            const kx_relation *declared = &after->relations[r].declared;
            const kx_cat_relation *found = kx_catalog__relation(before, declared->name);
            if (declared->enforced && (found == NULL || !found->declared.enforced))
                add_step(plan, KX_STEP_CHECK_RELATION, i, (kx_store_table){0})->item = r;
        }
    }
}

static void add_changed(kx_cat_plan *plan, const kx_catalog *from)
{
    for (size_t i = 0; i < plan->next->count; i++) {
        if (plan->next->collections[i].changed)
            plan->changed[plan->changed_count++] = plan->next->collections[i].number;
    }
    for (size_t i = 0; i < from->count; i++) {
        if (kx_catalog__numbered(plan->next, from->collections[i].number) == NULL)
            plan->changed[plan->changed_count++] = from->collections[i].number;
    }
}

/* ---- whole ------------------------------------------------------------------------------ */

static size_t most_steps(const kx_catalog *catalog)
{
    size_t most = catalog->count;
    for (size_t i = 0; i < catalog->count; i++)
        most += catalog->collections[i].field_count + catalog->collections[i].index_count +
                catalog->collections[i].relation_count;
    return most;
}

static bool is_unchanged(const kx_catalog *from, const kx_catalog *draft)
{
    bool same = draft->count == from->count && draft->schema_version == from->schema_version;
    for (size_t i = 0; i < draft->count && same; i++)
        same = !draft->collections[i].changed;
    return same;
}

static int allocate(const kx_catalog *from, kx_cat_plan *plan)
{
    size_t most = most_steps(from) + most_steps(plan->next), collections = from->count + plan->next->count;
    plan->steps = kx_base__alloc(kx_base__times(most, sizeof *plan->steps));
    plan->changed = kx_base__alloc(kx_base__times(collections, sizeof *plan->changed));
    return plan->steps != NULL && plan->changed != NULL ? KX_OK : kx_base__nomem();
}

int kx_draft__plan(const kx_catalog *from, kx_catalog *draft, kx_cat_plan *plan)
{
    *plan = (kx_cat_plan){0};
    if (is_unchanged(from, draft)) {
        kx_catalog__release(draft);
        return KX_OK;
    }
    plan->next = draft;
    draft->epoch++;
    int rc = kx_draft__finish(draft);
    if (rc == KX_OK)
        rc = allocate(from, plan);
    if (rc != KX_OK) {
        kx_catalog__plan_free(plan);
        return rc;
    }
    add_drops(plan, from);
    add_collections(plan, from);
    add_fields(plan, from);
    add_indexes(plan, from);
    add_checks(plan, from);
    add_changed(plan, from);
    return KX_OK;
}

void kx_catalog__plan_free(kx_cat_plan *plan)
{
    kx_catalog__release(plan->next);
    kx_base__free(plan->steps);
    kx_base__free(plan->changed);
    *plan = (kx_cat_plan){0};
}
