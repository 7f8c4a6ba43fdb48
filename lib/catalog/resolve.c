/*
 * resolve.c -- what follows from what: reverses, implied indexes, and the links of a finished catalog.
 *
 *   orders.user   foreign key, .foreign_key = "user_id"   an index over orders.user_id   (who refers to this user?)
 *                                                         an index over users.user_id    (which user is it?)
 *                 .reverse = "orders"                     the set users.orders, which needs the same two
 *
 * An explicit index over exactly the same single path serves, unless it is multi. Implied ones are made last and are
 * plain.
 */
#include "catalog/catalog_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- indexes that relations need ------------------------------------------------- */

static bool is_over(const kx_cat_index *index, const char *path)
{
    return index->count == 1 && !index->parts[0].descending && strcmp(index->parts[0].text, path) == 0;
}

size_t kx_draft__serving(const kx_cat_collection *collection, const char *path)
{
    for (size_t i = 0; i < collection->index_count; i++) {
        if (!collection->indexes[i].multi && is_over(&collection->indexes[i], path))
            return i;
    }
    return SIZE_MAX;
}

static bool stands_on(const kx_cat_collection *owner, const kx_cat_relation *relation, const char *collection,
                      const char *path)
{
    return (strcmp(owner->name, collection) == 0 && strcmp(relation->local.text, path) == 0) ||
           (strcmp(relation->declared.target, collection) == 0 && strcmp(relation->remote.text, path) == 0);
}

const kx_cat_relation *kx_draft__needs(const kx_catalog *draft, const char *collection, const char *path,
                                       const kx_cat_collection **owner)
{
    for (size_t i = 0; i < draft->count; i++) {
        *owner = &draft->collections[i];
        for (size_t r = 0; r < (*owner)->relation_count; r++) {
            if (stands_on(*owner, &(*owner)->relations[r], collection, path))
                return &(*owner)->relations[r];
        }
    }
    *owner = NULL;
    return NULL;
}

static int imply_index(kx_catalog *draft, size_t position, const char *path, const kx_cat_collection *owner,
                       const kx_cat_relation *relation)
{
    const kx_cat_collection *collection = &draft->collections[position];
    if (kx_draft__serving(collection, path) != SIZE_MAX)
        return KX_OK;
    if (kx_catalog__index(collection, path) != NULL)
        return kx_base__fail_at(KX_CONFLICT, collection->name, path, NULL, NULL,
                                "relation %s.%s needs an index over '%s' of '%s', but the one declared there is multi",
                                owner->name, relation->declared.name, path, collection->name);
    kx_def_index def = {.given = {.paths = path}, .implied = true};
    int rc = kx_draft__take_table(draft, KX_STORE_POSTINGS, &def.table);
    return rc == KX_OK ? kx_draft__add_index(draft, position, &def) : rc;
}

/* `owner` and `relation` stay where they are: adding an index moves neither. */
static int imply_indexes(kx_catalog *draft, size_t position)
{
    const kx_cat_collection *owner = &draft->collections[position];
    int rc = KX_OK;
    for (size_t r = 0; r < owner->relation_count && rc == KX_OK; r++) {
        const kx_cat_relation *relation = &owner->relations[r];
        rc = imply_index(draft, position, relation->local.text, owner, relation);
        if (rc == KX_OK)
            rc = imply_index(draft, kx_draft__find(draft, relation->declared.target), relation->remote.text, owner,
                             relation);
    }
    return rc;
}

const kx_cat_collection *kx_draft__newer(const kx_catalog *draft)
{
    for (size_t i = 0; i < draft->count; i++) {
        if (!draft->collections[i].writable)
            return &draft->collections[i];
    }
    return NULL;
}

/* Beside relations that only a later version understands, an index too many is better than one too few. */
int kx_draft__prune(kx_catalog *draft, size_t position)
{
    kx_cat_collection *collection = &draft->collections[position];
    const kx_cat_collection *owner;
    if (kx_draft__newer(draft) != NULL)
        return KX_OK;
    for (size_t i = collection->index_count; i-- > 0;) {
        const kx_cat_index *index = &collection->indexes[i];
        if (!index->implied || kx_draft__needs(draft, collection->name, index->paths, &owner) != NULL)
            continue;
        int rc = kx_draft__give_table(draft, index->table);
        if (rc != KX_OK)
            return rc;
        kx_draft__remove_index(collection, i);
    }
    return KX_OK;
}

/* ---- reverses ------------------------------------------------------------------------ */

static kx_def_relation reverse_of(const kx_cat_collection *owner, const kx_relation *key)
{
    kx_def_relation def = {
        .given = {.name = key->reverse,
                  .kind = KX_RELATED_SET,
                  .target = owner->name,
                  .foreign_key = key->foreign_key,
                  .local_field = key->related_field},
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

/* Only what has changed can lack anything; a reverse that is added changes its collection, and needs what its key
   needs. */
int kx_draft__imply(kx_catalog *draft)
{
    int rc = KX_OK;
    for (size_t i = 0; i < draft->count && rc == KX_OK; i++) {
        if (draft->collections[i].changed)
            rc = imply_reverses(draft, i);
    }
    for (size_t i = 0; i < draft->count && rc == KX_OK; i++) {
        if (draft->collections[i].changed)
            rc = imply_indexes(draft, i);
    }
    return rc;
}

/* ---- linking ---------------------------------------------------------------------------- */

static bool are_mirrors(const kx_cat_relation *key, const kx_cat_relation *set)
{
    return key->declared.kind == KX_FOREIGN_KEY && set->declared.kind == KX_RELATED_SET && key->owner == set->target &&
           key->target == set->owner && strcmp(key->local.text, set->remote.text) == 0 &&
           strcmp(key->remote.text, set->local.text) == 0;
}

static bool are_paired(const kx_cat_relation *key, const kx_cat_relation *set)
{
    return key->declared.reverse != NULL && strcmp(key->declared.reverse, set->declared.name) == 0;
}

/* Of several that mirror a relation: the pair that was declared as one, else the first by name, whatever the order
   of declaration. */
static bool is_better(const kx_cat_relation *relation, const kx_cat_relation *found, const kx_cat_relation *candidate)
{
    if (found == NULL)
        return true;
    bool is_key = relation->declared.kind == KX_FOREIGN_KEY;
    bool found_paired = is_key ? are_paired(relation, found) : are_paired(found, relation);
    bool paired = is_key ? are_paired(relation, candidate) : are_paired(candidate, relation);
    return paired != found_paired ? paired : strcmp(candidate->declared.name, found->declared.name) < 0;
}

static const kx_cat_relation *find_reverse(const kx_cat_relation *relation)
{
    const kx_cat_relation *found = NULL;
    for (size_t i = 0; i < relation->target->relation_count; i++) {
        const kx_cat_relation *other = &relation->target->relations[i];
        if ((are_mirrors(relation, other) || are_mirrors(other, relation)) && is_better(relation, found, other))
            found = other;
    }
    return found;
}

static int link_ends(kx_catalog *draft, kx_cat_collection *collection)
{
    for (size_t r = 0; r < collection->relation_count; r++) {
        kx_cat_relation *relation = &collection->relations[r];
        relation->owner = collection;
        relation->target = kx_catalog__find(draft, relation->declared.target);
        if (relation->target == NULL)
            return kx_base__fail_at(KX_CORRUPT, collection->name, relation->declared.name, NULL, NULL,
                                    "relation %s.%s: its target collection '%s' is not in the catalog",
                                    collection->name, relation->declared.name, relation->declared.target);
        size_t index = kx_draft__serving(relation->target, relation->remote.text);
        if (index == SIZE_MAX)
            return kx_base__fail_at(KX_CORRUPT, collection->name, relation->declared.name, NULL, NULL,
                                    "relation %s.%s: its index over '%s' of '%s' is not in the catalog",
                                    collection->name, relation->declared.name, relation->remote.text,
                                    relation->target->name);
        relation->index = &relation->target->indexes[index];
    }
    return KX_OK;
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
    return rc;
}
