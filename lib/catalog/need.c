/*
 * need.c -- the indexes that relations stand on.
 *
 *   foreign key, set       an index over the key at both ends; of an enforced one the target's is unique
 *   one-to-one, its one    the same, unique where the foreign key is
 *   many-to-many           unique ones over the keys of both ends, and two of the junction: "local,remote" and back
 *
 * One that is declared over exactly the same paths serves, unless it is multi; where it is not unique and has to be, the
 * declaration is refused. What nobody declares is implied.
 */
#include "catalog/catalog_impl.h"

#include <string.h>

size_t kx_draft__needs_of(const kx_cat_collection *owner, const kx_cat_relation *relation, kx_need *needs)
{
    const kx_relation *declared = &relation->declared;
    const kx_cat_junction *junction = &relation->junction;
    bool is_link = declared->kind == KX_MANY_TO_MANY;
    needs[0] = (kx_need){owner->name, relation->local.text, is_link || declared->kind == KX_ONE_TO_ONE, false};
    needs[1] = (kx_need){declared->target, relation->remote.text,
                         is_link || declared->kind == KX_RELATED_ONE || declared->enforced, false};
    if (!is_link)
        return 2;
    needs[2] = (kx_need){declared->through, junction->onward_paths, true, true};
    needs[3] = (kx_need){declared->through, junction->back_paths, true, true};
    return 4;
}

static void add_demand(kx_demand *demand, const kx_cat_collection *owner, const kx_cat_relation *relation,
                       const kx_need *need)
{
    if (demand->relation == NULL || (need->unique && !demand->unique)) {
        demand->owner = owner;
        demand->relation = relation;
    }
    demand->unique |= need->unique;
    demand->whole |= need->whole;
}

kx_demand kx_draft__demand(const kx_catalog *draft, const char *collection, const char *paths)
{
    kx_demand demand = {0};
    for (size_t i = 0; i < draft->count; i++) {
        const kx_cat_collection *owner = &draft->collections[i];
        for (size_t r = 0; r < owner->relation_count; r++) {
            kx_need needs[KX_NEEDS];
            size_t count = kx_draft__needs_of(owner, &owner->relations[r], needs);
            for (size_t n = 0; n < count; n++) {
                if (strcmp(needs[n].collection, collection) == 0 && strcmp(needs[n].paths, paths) == 0)
                    add_demand(&demand, owner, &owner->relations[r], &needs[n]);
            }
        }
    }
    return demand;
}

int kx_draft__check_shape(const kx_cat_collection *collection, const kx_def_index *given, const kx_demand *demand)
{
    const char *shape = NULL;
    if (demand->relation == NULL)
        return KX_OK;
    if (given->given.multi)
        shape = "multi";
    else if (given->given.fold)
        shape = "folded";
    else if (given->given.where != NULL)
        shape = "partial";
    else if (demand->unique && !given->given.unique && !given->given.primary)
        shape = "not unique";
    else if (demand->whole && given->given.sparse)
        shape = "sparse";
    if (shape == NULL)
        return KX_OK;
    return kx_base__fail_at(KX_CONFLICT, collection->name, given->given.paths, NULL, NULL,
                            "index '%s' of '%s': declared %s, but relation %s.%s needs one that is%s",
                            given->given.paths, collection->name, shape, demand->owner->name,
                            demand->relation->declared.name, strcmp(shape, "not unique") == 0 ? "" : " not");
}

bool kx_draft__is_met(const kx_catalog *draft, const kx_need *need)
{
    size_t position = kx_draft__find(draft, need->collection);
    const kx_cat_index *index =
        position != SIZE_MAX ? kx_catalog__index(&draft->collections[position], need->paths) : NULL;
    return index != NULL && !index->multi && !index->fold && index->where == NULL && (index->unique || !need->unique);
}

/* ---- implying ------------------------------------------------------------------------- */

static int add_implied(kx_catalog *draft, size_t position, const char *paths, bool unique)
{
    kx_def_index def = {.given = {.paths = paths, .unique = unique}, .implied = true};
    int rc = kx_draft__take_table(draft, unique ? KX_STORE_UNIQUE : KX_STORE_POSTINGS, &def.table);
    return rc == KX_OK ? kx_draft__add_index(draft, position, &def) : rc;
}

static int remove_implied(kx_catalog *draft, size_t position, const kx_cat_index *index)
{
    kx_cat_collection *collection = &draft->collections[position];
    int rc = kx_draft__give_table(draft, index->table);
    if (rc == KX_OK)
        kx_draft__remove_index(collection, (size_t)(index - collection->indexes));
    return rc;
}

static int imply_index(kx_catalog *draft, const kx_need *need)
{
    size_t position = kx_draft__find(draft, need->collection);
    const kx_cat_collection *collection = &draft->collections[position];
    const kx_cat_index *found = kx_catalog__index(collection, need->paths);
    kx_demand demand = kx_draft__demand(draft, need->collection, need->paths);
    if (found == NULL)
        return add_implied(draft, position, need->paths, demand.unique);
    if (!found->implied) {
        kx_def_index held = kx_def__of_index(found);
        return kx_draft__check_shape(collection, &held, &demand);
    }
    if (found->unique == demand.unique)
        return KX_OK;
    int rc = remove_implied(draft, position, found);
    return rc == KX_OK ? add_implied(draft, position, need->paths, demand.unique) : rc;
}

/* Adding an index moves no collection and no relation. */
int kx_draft__imply_indexes(kx_catalog *draft)
{
    int rc = KX_OK;
    for (size_t i = 0; i < draft->count && rc == KX_OK; i++) {
        const kx_cat_collection *owner = &draft->collections[i];
        for (size_t r = 0; r < owner->relation_count && owner->changed && rc == KX_OK; r++) {
            kx_need needs[KX_NEEDS];
            size_t count = kx_draft__needs_of(owner, &owner->relations[r], needs);
            for (size_t n = 0; n < count && rc == KX_OK; n++)
                rc = imply_index(draft, &needs[n]);
        }
    }
    return rc;
}

/* Beside relations that only a later version understands, an index too many is better than one too few. */
int kx_draft__prune(kx_catalog *draft, size_t position)
{
    const kx_cat_collection *collection = &draft->collections[position];
    int rc = KX_OK;
    if (kx_draft__newer(draft) != NULL)
        return KX_OK;
    for (size_t i = collection->index_count; i-- > 0 && rc == KX_OK;) {
        const kx_cat_index *index = &collection->indexes[i];
        if (!index->implied)
            continue;
        kx_demand demand = kx_draft__demand(draft, collection->name, index->paths);
        if (demand.relation != NULL && demand.unique == index->unique)
            continue;
        const char *paths = index->paths;
        rc = remove_implied(draft, position, index);
        if (rc == KX_OK && demand.relation != NULL)
            rc = add_implied(draft, position, paths, demand.unique);
    }
    return rc;
}
