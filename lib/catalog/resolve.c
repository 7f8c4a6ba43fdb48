/*
 * resolve.c -- what follows from what: reverses, and the links of a finished catalog.
 *
 *   orders.user   foreign key, .foreign_key = "user_id"   an index over orders.user_id   (who refers to this user?)
 *                                                         an index over users.user_id    (which user is it?)
 *                 .reverse = "orders"                     the set users.orders, which needs the same two
 */
#include "catalog/catalog_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const kx_cat_collection *kx_draft__newer(const kx_catalog *draft)
{
    for (size_t i = 0; i < draft->count; i++) {
        if (!draft->collections[i].writable)
            return &draft->collections[i];
    }
    return NULL;
}

/* ---- reverses ------------------------------------------------------------------------ */

static kx_relation_kind kind_of_reverse(kx_relation_kind kind)
{
    switch (kind) {
    case KX_FOREIGN_KEY: return KX_RELATED_SET;
    case KX_ONE_TO_ONE: return KX_RELATED_ONE;
    default: return kind;
    }
}

static kx_def_relation reverse_of(const kx_cat_collection *owner, const kx_relation *key)
{
    bool is_link = key->kind == KX_MANY_TO_MANY;
    kx_def_relation def = {
        .given = {.name = key->reverse,
                  .kind = kind_of_reverse(key->kind),
                  .target = owner->name,
                  .foreign_key = key->foreign_key,
                  .local_field = key->related_field,
                  .related_field = is_link ? key->local_field : NULL,
                  .through = key->through,
                  .through_local = key->through_related,
                  .through_related = key->through_local},
        .implied = true,
    };
    kx_def__fill_relation(&def.given);
    return def;
}

static int imply_reverse(kx_catalog *draft, size_t position, const kx_cat_relation *key)
{
    const kx_cat_collection *owner = &draft->collections[position];
    size_t target = kx_draft__find(draft, key->declared.target);
    kx_def_relation def = reverse_of(owner, &key->declared);
    const kx_cat_relation *held = kx_catalog__relation(&draft->collections[target], key->declared.reverse);
    if (held == NULL)
        return kx_draft__add_relation(draft, target, &def);

    kx_def_relation given = kx_def__of_relation(held);
    const kx_member *differing = kx_def__differ(kx_def__relation_members, &given, &def);
    if (differing == NULL)
        return KX_OK;
    char holder[2 * KX_CATALOG_NAME + 64];
    snprintf(holder, sizeof holder, "but as the reverse of %s.%s it is", owner->name, key->declared.name);
    return kx_draft__conflict(draft->collections[target].name, kx_def__relation_members, differing, &given, &def,
                              holder);
}

/* Adding may move the array of relations, when a key's target is its own collection: look each up anew. */
static int imply_reverses(kx_catalog *draft, size_t position)
{
    int rc = KX_OK;
    for (size_t r = 0; r < draft->collections[position].relation_count && rc == KX_OK; r++) {
        kx_cat_relation key = draft->collections[position].relations[r];
        if (key.declared.reverse != NULL)
            rc = imply_reverse(draft, position, &key);
    }
    return rc;
}

/* Only what has changed can name a reverse that is not there; one that is added changes its collection. */
int kx_draft__imply(kx_catalog *draft)
{
    int rc = KX_OK;
    for (size_t i = 0; i < draft->count && rc == KX_OK; i++) {
        if (draft->collections[i].changed)
            rc = imply_reverses(draft, i);
    }
    return rc == KX_OK ? kx_draft__imply_indexes(draft) : rc;
}

/* ---- linking ---------------------------------------------------------------------------- */

/* The same key, or the same junction, seen from both ends. */
static bool are_mirrors(const kx_cat_relation *one, const kx_cat_relation *other)
{
    const kx_relation *a = &one->declared, *b = &other->declared;
    if (one->owner != other->target || one->target != other->owner ||
        strcmp(one->local.text, other->remote.text) != 0 || strcmp(one->remote.text, other->local.text) != 0)
        return false;
    if (a->kind == KX_MANY_TO_MANY && b->kind == KX_MANY_TO_MANY)
        return strcmp(a->through, b->through) == 0 && strcmp(a->through_local, b->through_related) == 0 &&
               strcmp(a->through_related, b->through_local) == 0;
    return (kx_def__is_key(a->kind) && kind_of_reverse(a->kind) == b->kind) ||
           (kx_def__is_key(b->kind) && kind_of_reverse(b->kind) == a->kind);
}

static bool names(const kx_cat_relation *one, const kx_cat_relation *other)
{
    return one->declared.reverse != NULL && strcmp(one->declared.reverse, other->declared.name) == 0;
}

/* Of several that mirror a relation: the pair that was declared as one, else the first by name, whatever the order
   of declaration. */
static bool is_better(const kx_cat_relation *relation, const kx_cat_relation *found, const kx_cat_relation *candidate)
{
    if (found == NULL)
        return true;
    bool found_paired = names(relation, found) || names(found, relation);
    bool paired = names(relation, candidate) || names(candidate, relation);
    return paired != found_paired ? paired : strcmp(candidate->declared.name, found->declared.name) < 0;
}

static const kx_cat_relation *find_reverse(const kx_cat_relation *relation)
{
    const kx_cat_relation *found = NULL;
    for (size_t i = 0; i < relation->target->relation_count; i++) {
        const kx_cat_relation *other = &relation->target->relations[i];
        if (are_mirrors(relation, other) && is_better(relation, found, other))
            found = other;
    }
    return found;
}

static int missing(const kx_cat_collection *collection, const kx_cat_relation *relation, const char *paths,
                   const char *where)
{
    const char *owner = collection->name, *name = relation->declared.name;
    if (paths == NULL)
        return kx_base__fail_at(KX_CORRUPT, owner, name, NULL, NULL,
                                "relation %s.%s: its %s collection '%s' is not in the catalog", owner, name,
                                relation->target == NULL ? "target" : "junction", where);
    return kx_base__fail_at(KX_CORRUPT, owner, name, NULL, NULL,
                            "relation %s.%s: its index over '%s' of '%s' is not in the catalog", owner, name, paths,
                            where);
}

static int link_junction(const kx_catalog *draft, const kx_cat_collection *owner, kx_cat_relation *relation)
{
    kx_cat_junction *junction = &relation->junction;
    if (relation->declared.kind != KX_MANY_TO_MANY)
        return KX_OK;
    junction->collection = kx_catalog__find(draft, relation->declared.through);
    if (junction->collection == NULL)
        return missing(owner, relation, NULL, relation->declared.through);
    junction->onward = kx_catalog__index(junction->collection, junction->onward_paths);
    junction->back = kx_catalog__index(junction->collection, junction->back_paths);
    if (junction->onward == NULL || junction->back == NULL)
        return missing(owner, relation, junction->onward == NULL ? junction->onward_paths : junction->back_paths,
                       junction->collection->name);
    return KX_OK;
}

static int link_ends(const kx_catalog *draft, kx_cat_collection *collection)
{
    int rc = KX_OK;
    for (size_t r = 0; r < collection->relation_count && rc == KX_OK; r++) {
        kx_cat_relation *relation = &collection->relations[r];
        relation->owner = collection;
        relation->target = kx_catalog__find(draft, relation->declared.target);
        if (relation->target == NULL)
            return missing(collection, relation, NULL, relation->declared.target);
        relation->index = kx_catalog__index(relation->target, relation->remote.text);
        if (relation->index == NULL || relation->index->multi)
            return missing(collection, relation, relation->remote.text, relation->target->name);
        if (collection->writable && kx_catalog__index(collection, relation->local.text) == NULL)
            return missing(collection, relation, relation->local.text, collection->name);
        rc = link_junction(draft, collection, relation);
    }
    return rc;
}

static void link_collection(kx_cat_collection *collection)
{
    collection->primary = NULL;
    for (size_t i = 0; i < collection->index_count; i++) {
        if (collection->indexes[i].primary)
            collection->primary = &collection->indexes[i];
    }
    collection->has_checks = false;
    for (size_t i = 0; i < collection->field_count; i++) {
        const kx_cat_field *field = &collection->fields[i];
        collection->has_checks |= field->type != KX_TYPE_NONE || !field->optional || field->initial != NULL;
    }
}

static int by_number(const void *left, const void *right)
{
    uint32_t a = ((const kx_cat_collection *)left)->number, b = ((const kx_cat_collection *)right)->number;
    return (a > b) - (a < b);
}

static int by_value(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static void sort(kx_catalog *draft)
{
    if (draft->count > 1)
        qsort(draft->collections, draft->count, sizeof *draft->collections, by_number);
    for (size_t i = 0; i < draft->count; i++)
        draft->collections[i].position = i;
    for (size_t shape = 0; shape < 3; shape++) {
        kx_numbers *numbers = &draft->own->free[shape];
        if (numbers->count > 1)
            qsort(numbers->at, numbers->count, sizeof *numbers->at, by_value);
        numbers->usable = numbers->count;
    }
    kx_draft__rehash(draft);
}

int kx_draft__finish(kx_catalog *draft)
{
    int rc = KX_OK;
    sort(draft);
    for (size_t i = 0; i < draft->count && rc == KX_OK; i++) {
        link_collection(&draft->collections[i]);
        rc = link_ends(draft, &draft->collections[i]);
    }
    for (size_t i = 0; i < draft->count && rc == KX_OK; i++) {
        for (size_t r = 0; r < draft->collections[i].relation_count; r++)
            draft->collections[i].relations[r].reverse = find_reverse(&draft->collections[i].relations[r]);
    }
    return rc == KX_OK ? kx_draft__refer(draft) : rc;
}
