/*
 * declare.c -- what models ask of a store.
 *
 * Usually nothing: a program declares what its store has held for years, and that is found out without memory or
 * lock. Otherwise all models go into a copy of the catalog, kind by kind, so that their order cannot matter:
 * collections, fields, indexes, relations, then what relations imply.
 */
#include "catalog/catalog_impl.h"

#include <string.h>

typedef struct declaration {
    const kx_catalog *from;
    kx_catalog *draft;
} declaration;

static bool is_reserved_used(const uint64_t *reserved, size_t count)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < count; i++)
        bits |= reserved[i];
    return bits != 0;
}

/* ---- is it held already? ------------------------------------------------------------- */

static bool holds_fields(const kx_cat_collection *collection, const kx_field *field)
{
    for (; field != NULL && field->path != NULL; field++) {
        const kx_cat_field *found = kx_catalog__field(collection, field->path);
        if (found == NULL || is_reserved_used(field->reserved, 2))
            return false;
        kx_def_field held = kx_def__of_field(found), given = {.given = *field};
        if (kx_def__differ(kx_def__field_members, &given, &held) != NULL)
            return false;
    }
    return field == NULL || (field->type == KX_TYPE_NONE && !field->optional && field->initial == NULL);
}

/* An index without paths that was meant as one. */
static bool says_something(const kx_index *index)
{
    return index->unique || index->primary || index->multi || index->sparse || index->fold || index->where != NULL;
}

static bool holds_indexes(const kx_cat_collection *collection, const kx_index *index)
{
    for (; index != NULL && index->paths != NULL; index++) {
        const kx_cat_index *found = kx_catalog__index(collection, index->paths);
        if (found == NULL || found->implied || is_reserved_used(index->reserved, 3))
            return false;
        kx_def_index held = kx_def__of_index(found), given = {.given = *index};
        kx_def__fill_index(&given.given);
        if (kx_def__differ(kx_def__index_members, &given, &held) != NULL)
            return false;
    }
    return index == NULL || !says_something(index);
}

static bool holds_relations(const kx_cat_collection *collection, const kx_relation *relation)
{
    for (; relation != NULL && relation->name != NULL; relation++) {
        const kx_cat_relation *found = kx_catalog__relation(collection, relation->name);
        if (found == NULL || found->implied || is_reserved_used(relation->reserved, 4))
            return false;
        kx_def_relation held = kx_def__of_relation(found), given = {.given = *relation};
        kx_def__fill_relation(&given.given);
        if (kx_def__differ(kx_def__relation_members, &given, &held) != NULL)
            return false;
    }
    return relation == NULL || (relation->kind == 0 && relation->target == NULL && relation->foreign_key == NULL);
}

static bool holds(const kx_catalog *catalog, const kx_model *const *models)
{
    for (; *models != NULL; models++) {
        const kx_cat_collection *collection = kx_catalog__find(catalog, (*models)->name);
        if (collection == NULL || is_reserved_used((*models)->reserved, 4) ||
            !holds_fields(collection, (*models)->fields) || !holds_indexes(collection, (*models)->indexes) ||
            !holds_relations(collection, (*models)->relations))
            return false;
    }
    return true;
}

/* ---- collections ----------------------------------------------------------------------- */

static int need_collection(kx_catalog *draft, const char *name)
{
    size_t position;
    uint32_t number;
    int rc = kx_catalog__check_name(name);
    if (rc != KX_OK || kx_draft__find(draft, name) != SIZE_MAX)
        return rc;
    rc = kx_draft__take_table(draft, KX_STORE_ROWS, &number);
    return rc == KX_OK ? kx_draft__add_collection(draft, name, number, &position) : rc;
}

static int reserved_fault(const char *collection, const char *name)
{
    return kx_base__fail_at(KX_INVALID, collection, name, NULL, NULL, "%s.%s: reserved members must be zero",
                            collection, name);
}

static int declare_collection(declaration *d, const kx_model *model)
{
    int rc = need_collection(d->draft, model->name);
    if (rc == KX_OK && is_reserved_used(model->reserved, 4))
        rc = kx_base__fail_at(KX_INVALID, model->name, NULL, NULL, NULL, "model '%s': reserved members must be zero",
                              model->name);
    return rc;
}

static int declare_targets(declaration *d, const kx_model *model)
{
    int rc = KX_OK;
    for (const kx_relation *relation = model->relations; relation != NULL && relation->name != NULL && rc == KX_OK;
         relation++) {
        if (relation->target != NULL) {
            rc = need_collection(d->draft, relation->target);
            if (rc == KX_OK && relation->kind == KX_MANY_TO_MANY && relation->through != NULL)
                rc = need_collection(d->draft, relation->through);
        } else
            rc = kx_base__fail_at(KX_INVALID, model->name, relation->name, NULL, NULL, "%s.%s: it names no .target",
                                  model->name, relation->name);
    }
    return rc;
}

/* ---- one definition ------------------------------------------------------------------------ */

static const char *holder(bool in_store)
{
    return in_store ? "but the store has it" : "but another model has it";
}

static int declare_field(declaration *d, size_t position, const kx_field *given)
{
    const kx_cat_collection *collection = &d->draft->collections[position];
    kx_def_field def = {.given = *given};
    kx_path path;
    if (is_reserved_used(given->reserved, 2))
        return reserved_fault(collection->name, given->path);
    int rc = kx_catalog__path(&d->draft->own->arena, given->path, strlen(given->path), &path, &def.given.path);
    if (rc != KX_OK)
        return kx_base__fail_in(rc, "field '%s' of '%s'", given->path, collection->name);

    const kx_cat_field *found = kx_catalog__field(collection, def.given.path);
    if (found == NULL)
        return kx_draft__add_field(d->draft, position, &def);
    kx_def_field held = kx_def__of_field(found);
    const kx_member *differing = kx_def__differ(kx_def__field_members, &def, &held);
    if (differing == NULL)
        return KX_OK;
    const kx_cat_collection *stored = kx_catalog__find(d->from, collection->name);
    return kx_draft__conflict(collection->name, kx_def__field_members, differing, &def, &held,
                              holder(stored != NULL && kx_catalog__field(stored, def.given.path) != NULL));
}

/* An explicit index takes an implied one's place; one of the same shape just loses the mark. */
static int replace_implied(declaration *d, size_t position, size_t item, const kx_def_index *def)
{
    kx_cat_collection *collection = &d->draft->collections[position];
    kx_cat_index *index = &collection->indexes[item];
    kx_demand demand = kx_draft__demand(d->draft, collection->name, index->paths);
    int rc = kx_draft__check_shape(collection, def, &demand);
    if (rc == KX_OK)
        rc = kx_draft__give_table(d->draft, index->table);
    if (rc == KX_OK)
        kx_draft__remove_index(collection, item);
    return rc;
}

static int add_index(declaration *d, size_t position, kx_def_index *def)
{
    int rc = KX_OK;
    if (!def->given.primary)
        rc = kx_draft__take_table(d->draft, def->given.unique ? KX_STORE_UNIQUE : KX_STORE_POSTINGS, &def->table);
    return rc == KX_OK ? kx_draft__add_index(d->draft, position, def) : rc;
}

static int declare_index(declaration *d, size_t position, const kx_index *given)
{
    kx_cat_collection *collection = &d->draft->collections[position];
    kx_def_index def = {.given = *given};
    kx_def__fill_index(&def.given);
    if (given->paths[0] == '\0')
        return kx_base__fail_at(KX_INVALID, collection->name, NULL, NULL, NULL, "an index of '%s' has no paths",
                                collection->name);
    if (is_reserved_used(given->reserved, 3))
        return reserved_fault(collection->name, given->paths);
    int rc = kx_draft__paths(d->draft, collection->name, given->paths, &def.given.paths);
    if (rc != KX_OK)
        return rc;

    const kx_cat_index *found = kx_catalog__index(collection, def.given.paths);
    if (found == NULL)
        return add_index(d, position, &def);
    kx_def_index held = kx_def__of_index(found);
    const kx_member *differing = kx_def__differ(kx_def__index_members, &def, &held);
    if (differing == NULL) {
        collection->changed |= found->implied;
        collection->indexes[found - collection->indexes].implied = false;
        return KX_OK;
    }
    if (found->implied) {
        rc = replace_implied(d, position, (size_t)(found - collection->indexes), &def);
        return rc == KX_OK ? add_index(d, position, &def) : rc;
    }
    const kx_cat_collection *stored = kx_catalog__find(d->from, collection->name);
    const kx_cat_index *before = stored != NULL ? kx_catalog__index(stored, def.given.paths) : NULL;
    return kx_draft__conflict(collection->name, kx_def__index_members, differing, &def, &held,
                              holder(before != NULL && !before->implied));
}

/* Every end in its one spelling, and the defaults. */
static int spell_relation(declaration *d, const char *collection, kx_relation *given)
{
    kx_def__fill_relation(given);
    for (kx_end end = KX_END_LOCAL; end <= KX_END_LINK_REMOTE; end++) {
        const char **text = kx_def__end(given, end);
        kx_cat_key key;
        if (text == NULL)
            continue;
        int rc = kx_draft__key(&d->draft->own->arena, kx_def__end_collection(collection, given, end), *text, &key);
        if (rc != KX_OK)
            return kx_base__fail_in(rc, "relation '%s' of '%s'", given->name, collection);
        *text = key.text;
    }
    return KX_OK;
}

static int declare_relation(declaration *d, size_t position, const kx_relation *given)
{
    kx_cat_collection *collection = &d->draft->collections[position];
    kx_def_relation def = {.given = *given};
    if (is_reserved_used(given->reserved, 4))
        return reserved_fault(collection->name, given->name);
    int rc = kx_draft__check_relation(collection, given);
    if (rc == KX_OK)
        rc = spell_relation(d, collection->name, &def.given);
    if (rc != KX_OK)
        return rc;

    const kx_cat_relation *found = kx_catalog__relation(collection, given->name);
    if (found == NULL)
        return kx_draft__add_relation(d->draft, position, &def);
    kx_def_relation held = kx_def__of_relation(found);
    const kx_member *differing = kx_def__differ(kx_def__relation_members, &def, &held);
    if (differing == NULL) {
        collection->changed |= found->implied;
        collection->relations[found - collection->relations].implied = false;
        return KX_OK;
    }
    const kx_cat_collection *stored = kx_catalog__find(d->from, collection->name);
    return kx_draft__conflict(collection->name, kx_def__relation_members, differing, &def, &held,
                              holder(stored != NULL && kx_catalog__relation(stored, given->name) != NULL));
}

/* ---- lists -------------------------------------------------------------------------------- *
 * A list ends where the name is missing. What still says something there was meant as a definition.
 * */

static int nameless(const kx_model *model, const char *what)
{
    return kx_base__fail_at(KX_INVALID, model->name, NULL, NULL, NULL, "model '%s': %s", model->name, what);
}

static int declare_fields(declaration *d, const kx_model *model)
{
    const kx_field *field = model->fields;
    size_t position = kx_draft__find(d->draft, model->name);
    int rc = KX_OK;
    for (; field != NULL && field->path != NULL && rc == KX_OK; field++)
        rc = declare_field(d, position, field);
    if (rc == KX_OK && field != NULL && (field->type != KX_TYPE_NONE || field->optional || field->initial != NULL))
        rc = nameless(model, "a field without a path");
    return rc;
}

static int declare_indexes(declaration *d, const kx_model *model)
{
    const kx_index *index = model->indexes;
    size_t position = kx_draft__find(d->draft, model->name);
    int rc = KX_OK;
    for (; index != NULL && index->paths != NULL && rc == KX_OK; index++)
        rc = declare_index(d, position, index);
    if (rc == KX_OK && index != NULL && says_something(index))
        rc = nameless(model, "an index without paths");
    return rc;
}

static int declare_relations(declaration *d, const kx_model *model)
{
    const kx_relation *relation = model->relations;
    size_t position = kx_draft__find(d->draft, model->name);
    int rc = KX_OK;
    for (; relation != NULL && relation->name != NULL && rc == KX_OK; relation++)
        rc = declare_relation(d, position, relation);
    if (rc == KX_OK && relation != NULL &&
        (relation->kind != 0 || relation->target != NULL || relation->foreign_key != NULL))
        rc = nameless(model, "a relation without a name");
    return rc;
}

static int declare_all(declaration *d, const kx_model *const *models)
{
    static int (*const phases[])(declaration *, const kx_model *) = {
        declare_collection, declare_targets, declare_fields, declare_indexes, declare_relations,
    };
    int rc = KX_OK;
    for (size_t phase = 0; phase < sizeof phases / sizeof phases[0]; phase++) {
        for (const kx_model *const *model = models; *model != NULL && rc == KX_OK; model++)
            rc = phases[phase](d, *model);
    }
    if (rc == KX_OK)
        rc = kx_draft__imply(d->draft);
    return rc == KX_OK ? kx_draft__check(d->draft) : rc;
}

int kx_catalog__declare(const kx_catalog *from, const kx_model *const *models, kx_cat_plan *plan)
{
    *plan = (kx_cat_plan){0};
    if (models == NULL || holds(from, models))
        return KX_OK;
    declaration d = {.from = from};
    int rc = kx_draft__clone(from, &d.draft);
    if (rc == KX_OK)
        rc = declare_all(&d, models);
    if (rc == KX_OK)
        return kx_draft__plan(from, d.draft, plan);
    kx_catalog__release(d.draft);
    return rc;
}
