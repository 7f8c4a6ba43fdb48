/*
 * drop.c -- forgetting by name, and what goes along: a key takes its implied reverse, a relation the implied indexes
 * that only it needed.
 */
#include "catalog/catalog_impl.h"

#include <string.h>

/* Start a change of one collection that has to be there. */
static int begin(const kx_catalog *from, const char *collection, kx_cat_plan *plan, kx_catalog **draft,
                 size_t *position)
{
    const kx_cat_collection *found;
    *plan = (kx_cat_plan){0};
    *draft = NULL;
    int rc = kx_catalog__named(from, collection, &found);
    if (rc == KX_OK)
        rc = kx_draft__clone(from, draft);
    if (rc == KX_OK)
        *position = found->position;
    return rc;
}

static int end(int rc, const kx_catalog *from, kx_catalog *draft, kx_cat_plan *plan)
{
    if (rc == KX_OK)
        rc = kx_draft__check(draft);
    if (rc == KX_OK)
        return kx_draft__plan(from, draft, plan);
    kx_catalog__release(draft);
    return rc;
}

static int none(const char *what, const char *name, const char *collection)
{
    return kx_base__fail_at(KX_INVALID, collection, name, NULL, NULL, "'%s' has no %s '%s'", collection, what,
                            name != NULL ? name : "");
}

/* What somebody's relation stands on: "the index x of 'a'", "collection 'a'". */
static int needed(const char *collection, const char *paths, const kx_cat_collection *owner,
                  const kx_cat_relation *relation)
{
    if (paths == NULL)
        return kx_base__fail_at(KX_CONFLICT, collection, NULL, NULL, NULL,
                                "relation %s.%s needs collection '%s'; drop it first", owner->name,
                                relation->declared.name, collection);
    return kx_base__fail_at(KX_CONFLICT, collection, paths, NULL, NULL,
                            "relation %s.%s needs index '%s' of '%s'; drop it first", owner->name,
                            relation->declared.name, paths, collection);
}

/* What a later version needs is not known here, so nothing that it could stand on may go. */
static int check_newer(const kx_catalog *draft, const char *collection, const char *what)
{
    const kx_cat_collection *newer = kx_draft__newer(draft);
    if (newer == NULL)
        return KX_OK;
    return kx_base__fail_at(KX_READONLY, collection, NULL, NULL, NULL,
                            "dropping %s of this store takes a newer version: collection '%s' bears a feature that "
                            "this one does not know, and may need it",
                            what, newer->name);
}

/* ---- an index ----------------------------------------------------------------------- */

/* Needed by a relation: only an index that could serve one is. */
static int remove_index(kx_catalog *draft, size_t position, const char *paths)
{
    kx_cat_collection *collection = &draft->collections[position];
    const kx_cat_index *index = paths != NULL ? kx_catalog__index(collection, paths) : NULL;
    if (index == NULL)
        return none("index", paths, collection->name);
    kx_demand demand = kx_draft__demand(draft, collection->name, index->paths);
    if (demand.relation != NULL)
        return needed(collection->name, index->paths, demand.owner, demand.relation);
    int rc = check_newer(draft, collection->name, "an index");
    if (rc == KX_OK)
        rc = kx_draft__give_table(draft, index->table);
    if (rc == KX_OK)
        kx_draft__remove_index(collection, (size_t)(index - collection->indexes));
    return rc;
}

int kx_catalog__drop_index(const kx_catalog *from, const char *collection, const char *paths, kx_cat_plan *plan)
{
    kx_catalog *draft;
    size_t position;
    int rc = begin(from, collection, plan, &draft, &position);
    if (rc == KX_OK)
        rc = remove_index(draft, position, paths);
    return end(rc, from, draft, plan);
}

/* ---- a relation ------------------------------------------------------------------------ */

/* A foreign key that says .reverse = this set; NULL: none. */
static const kx_cat_relation *key_of(const kx_catalog *draft, const char *collection, const char *set,
                                     const kx_cat_collection **owner)
{
    for (size_t i = 0; i < draft->count; i++) {
        *owner = &draft->collections[i];
        for (size_t r = 0; r < (*owner)->relation_count; r++) {
            const kx_cat_relation *relation = &(*owner)->relations[r];
            if (relation->declared.reverse != NULL && strcmp(relation->declared.reverse, set) == 0 &&
                strcmp(relation->declared.target, collection) == 0)
                return relation;
        }
    }
    return NULL;
}

static int remove_reverse(kx_catalog *draft, const char *collection, const char *set)
{
    const kx_cat_collection *owner;
    if (key_of(draft, collection, set, &owner) != NULL)
        return KX_OK;
    kx_cat_collection *target = &draft->collections[kx_draft__find(draft, collection)];
    const kx_cat_relation *found = kx_catalog__relation(target, set);
    if (found != NULL && found->implied)
        kx_draft__remove_relation(target, (size_t)(found - target->relations));
    return KX_OK;
}

static int remove_relation(kx_catalog *draft, size_t position, const char *name)
{
    kx_cat_collection *collection = &draft->collections[position];
    const kx_cat_collection *owner;
    const kx_cat_relation *found = name != NULL ? kx_catalog__relation(collection, name) : NULL;
    if (found == NULL)
        return none("relation", name, collection->name);
    const kx_cat_relation *key = key_of(draft, collection->name, name, &owner);
    if (key != NULL)
        return kx_base__fail_at(KX_CONFLICT, collection->name, name, NULL, NULL,
                                "%s.%s is the reverse of %s.%s; drop that first", collection->name, name, owner->name,
                                key->declared.name);

    kx_relation gone = found->declared; /* its texts are the arena's and stay */
    kx_draft__remove_relation(collection, (size_t)(found - collection->relations));
    int rc = gone.reverse != NULL ? remove_reverse(draft, gone.target, gone.reverse) : KX_OK;
    if (rc == KX_OK)
        rc = kx_draft__prune(draft, position);
    if (rc == KX_OK)
        rc = kx_draft__prune(draft, kx_draft__find(draft, gone.target));
    if (rc == KX_OK && gone.kind == KX_MANY_TO_MANY)
        rc = kx_draft__prune(draft, kx_draft__find(draft, gone.through));
    return rc;
}

int kx_catalog__drop_relation(const kx_catalog *from, const char *collection, const char *relation, kx_cat_plan *plan)
{
    kx_catalog *draft;
    size_t position;
    int rc = begin(from, collection, plan, &draft, &position);
    if (rc == KX_OK)
        rc = remove_relation(draft, position, relation);
    return end(rc, from, draft, plan);
}

/* ---- a field ------------------------------------------------------------------------------ */

static int remove_field(kx_catalog *draft, size_t position, const char *path)
{
    kx_cat_collection *collection = &draft->collections[position];
    const kx_cat_field *found = path != NULL ? kx_catalog__field(collection, path) : NULL;
    if (found == NULL)
        return none("declared field", path, collection->name);
    kx_draft__remove_field(collection, (size_t)(found - collection->fields));
    return KX_OK;
}

int kx_catalog__drop_field(const kx_catalog *from, const char *collection, const char *path, kx_cat_plan *plan)
{
    kx_catalog *draft;
    size_t position;
    int rc = begin(from, collection, plan, &draft, &position);
    if (rc == KX_OK)
        rc = remove_field(draft, position, path);
    return end(rc, from, draft, plan);
}

/* ---- a collection --------------------------------------------------------------------------- */

/* Relations of other collections that target it: those that its own keys declared go with it, others stand in the
   way. */
static int remove_incoming(kx_catalog *draft, const char *name)
{
    const kx_cat_collection *owner;
    for (size_t i = 0; i < draft->count; i++) {
        kx_cat_collection *other = &draft->collections[i];
        for (size_t r = other->relation_count; r-- > 0 && strcmp(other->name, name) != 0;) {
            const kx_cat_relation *relation = &other->relations[r];
            bool is_through = relation->declared.through != NULL && strcmp(relation->declared.through, name) == 0;
            if (strcmp(relation->declared.target, name) != 0 && !is_through)
                continue;
            const kx_cat_relation *key =
                relation->implied && !is_through ? key_of(draft, other->name, relation->declared.name, &owner) : NULL;
            if (key == NULL)
                return needed(name, NULL, other, relation);
            kx_draft__remove_relation(other, r);
        }
    }
    return KX_OK;
}

static int give_tables(kx_catalog *draft, const kx_cat_collection *collection)
{
    int rc = kx_draft__give_table(draft, (kx_store_table){collection->number, KX_STORE_ROWS});
    for (size_t i = 0; i < collection->index_count && rc == KX_OK; i++)
        rc = kx_draft__give_table(draft, collection->indexes[i].table);
    return rc;
}

static int remove_collection(kx_catalog *draft, size_t position)
{
    kx_cat_collection *collection = &draft->collections[position];
    int rc = check_newer(draft, collection->name, "a collection");
    if (rc == KX_OK)
        rc = remove_incoming(draft, collection->name);
    if (rc == KX_OK)
        rc = give_tables(draft, collection);
    if (rc != KX_OK)
        return rc;
    kx_draft__remove_collection(draft, position);
    for (size_t i = 0; i < draft->count && rc == KX_OK; i++)
        rc = kx_draft__prune(draft, i);
    return rc;
}

int kx_catalog__drop_collection(const kx_catalog *from, const char *collection, kx_cat_plan *plan)
{
    kx_catalog *draft;
    size_t position;
    int rc = begin(from, collection, plan, &draft, &position);
    if (rc == KX_OK)
        rc = remove_collection(draft, position);
    return end(rc, from, draft, plan);
}

/* ---- the number of the schema ----------------------------------------------------------------- */

int kx_catalog__set_schema_version(const kx_catalog *from, uint32_t version, kx_cat_plan *plan)
{
    kx_catalog *draft;
    *plan = (kx_cat_plan){0};
    if (from->schema_version == version)
        return KX_OK;
    int rc = kx_draft__clone(from, &draft);
    if (rc == KX_OK)
        draft->schema_version = version;
    return rc == KX_OK ? kx_draft__plan(from, draft, plan) : rc;
}
