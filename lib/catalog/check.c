/*
 * check.c -- what a declaration may not say: alone, beside the other definitions of its collection, against what is
 * held.
 */
#include "catalog/catalog_impl.h"

#include <stdio.h>
#include <string.h>

/* ---- one relation ----------------------------------------------------------------- */

static int relation_fault(const char *collection, const char *relation, const char *what)
{
    return kx_base__fail_at(KX_INVALID, collection, relation, NULL, NULL, "%s.%s: %s", collection, relation, what);
}

static const char *kind_in_words(kx_relation_kind kind)
{
    switch (kind) {
    case KX_FOREIGN_KEY: return "foreign key";
    case KX_RELATED_SET: return "related set";
    case KX_ONE_TO_ONE: return "one-to-one";
    case KX_RELATED_ONE: return "related one";
    default: return "many-to-many";
    }
}

static int check_members(const char *collection, const kx_relation *given)
{
    for (const kx_member *member = kx_def__relation_members; member->name != NULL; member++) {
        if (member->stored_only || (member->kinds & 1u << given->kind) != 0 ||
            !kx_def__is_set(member, &(kx_def_relation){.given = *given}))
            continue;
        return kx_base__fail_at(KX_INVALID, collection, given->name, NULL, NULL, "%s.%s: a %s takes no .%s", collection,
                                given->name, kind_in_words(given->kind), member->name);
    }
    return KX_OK;
}

static bool is_empty(const char *text)
{
    return text == NULL || text[0] == '\0';
}

/* What a relation of its kind cannot do without. */
static int check_given(const char *collection, const kx_relation *given)
{
    if (given->kind != KX_MANY_TO_MANY && is_empty(given->foreign_key))
        return relation_fault(collection, given->name, "it names no .foreign_key");
    if (given->kind == KX_MANY_TO_MANY && is_empty(given->through))
        return relation_fault(collection, given->name, "it names no .through, the collection of its links");
    if (given->kind == KX_MANY_TO_MANY && (is_empty(given->local_field) || is_empty(given->related_field)))
        return relation_fault(collection, given->name,
                              "it names no .local_field or no .related_field, the keys of its ends");
    return KX_OK;
}

static int check_action(const char *collection, const kx_relation *given, const char *member, kx_action action)
{
    if (action != KX_ACTION_DEFAULT && kx_action_name(action) == NULL)
        return kx_base__fail_at(KX_INVALID, collection, given->name, NULL, NULL, "%s.%s: no such action: .%s = %d",
                                collection, given->name, member, (int)action);
    if (action == KX_SET_NULL && !given->optional)
        return kx_base__fail_at(KX_INVALID, collection, given->name, NULL, NULL,
                                "%s.%s: .%s cannot set a required relation null", collection, given->name, member);
    if (action == KX_DO_NOTHING && given->enforced && !given->deferred)
        return kx_base__fail_at(KX_INVALID, collection, given->name, NULL, NULL,
                                "%s.%s: .%s cannot do nothing about a key that is enforced, unless it is .deferred",
                                collection, given->name, member);
    return KX_OK;
}

static int check_actions(const char *collection, const kx_relation *given)
{
    int rc = check_action(collection, given, "on_delete", given->on_delete);
    if (rc == KX_OK)
        rc = check_action(collection, given, "on_update", given->on_update);
    if (rc == KX_OK && given->on_update == KX_PROTECT)
        rc = relation_fault(collection, given->name, ".on_update cannot protect: that is about deleting");
    if (rc == KX_OK && given->deferred && !given->enforced)
        rc = relation_fault(collection, given->name, ".deferred is about .enforced, which is not set");
    return rc;
}

int kx_draft__check_relation(const kx_cat_collection *collection, const kx_relation *given)
{
    int rc = kx_catalog__check_relation_name(collection->name, given->name);
    if (rc == KX_OK && kx_kind_name(given->kind) == NULL)
        rc = kx_base__fail_at(KX_INVALID, collection->name, given->name, NULL, NULL,
                              "%s.%s: no such kind of relation: %d", collection->name, given->name, (int)given->kind);
    if (rc == KX_OK)
        rc = kx_catalog__check_name(given->target);
    if (rc == KX_OK)
        rc = check_given(collection->name, given);
    if (rc == KX_OK)
        rc = check_members(collection->name, given);
    if (rc == KX_OK)
        rc = check_actions(collection->name, given);
    if (rc == KX_OK && given->reverse != NULL)
        rc = kx_catalog__check_relation_name(given->target, given->reverse);
    return rc;
}

/* ---- actions and the fields of a key ------------------------------------------------ */

/* Can the action be carried out on this field of the key? `field` is NULL where none is declared. */
static int check_field_action(const kx_cat_relation *relation, const kx_cat_collection *owner,
                              const kx_cat_field *field, const char *path, const char *member, kx_action action)
{
    const char *name = relation->declared.name;
    if (action == KX_SET_NULL && field != NULL && !field->optional)
        return kx_base__fail_at(KX_INVALID, owner->name, name, NULL, NULL,
                                "%s.%s: .%s cannot set the required field '%s' null", owner->name, name, member, path);
    if (action == KX_SET_DEFAULT && (field == NULL || field->initial == NULL))
        return kx_base__fail_at(KX_INVALID, owner->name, name, NULL, NULL,
                                "%s.%s: .%s sets the default, but the field '%s' has no .initial", owner->name, name,
                                member, path);
    return KX_OK;
}

static int check_key_actions(const kx_cat_collection *collection)
{
    int rc = KX_OK;
    for (size_t r = 0; r < collection->relation_count; r++) {
        const kx_cat_relation *relation = &collection->relations[r];
        for (size_t p = 0; p < relation->local.count && rc == KX_OK; p++) {
            const char *path = relation->local.parts[p].text;
            const kx_cat_field *field = kx_catalog__field(collection, path);
            rc = check_field_action(relation, collection, field, path, "on_delete", relation->declared.on_delete);
            if (rc == KX_OK)
                rc = check_field_action(relation, collection, field, path, "on_update", relation->declared.on_update);
        }
    }
    return rc;
}

/* ---- definitions beside each other --------------------------------------------------- */

/* A path that begins with a relation's name crosses it, so nothing else may begin so. */
static int check_relation_names(const kx_cat_collection *collection)
{
    for (size_t r = 0; r < collection->relation_count; r++) {
        const char *name = collection->relations[r].declared.name;
        for (size_t i = 0; i < collection->field_count; i++) {
            if (kx_catalog__starts_with(&collection->fields[i].path, name))
                return kx_base__fail_at(KX_INVALID, collection->name, name, NULL, NULL,
                                        "%s.%s is a relation, so no field can be called '%s'", collection->name, name,
                                        collection->fields[i].path_text);
        }
        for (size_t i = 0; i < collection->index_count; i++) {
            const kx_cat_index *index = &collection->indexes[i];
            for (size_t p = 0; p < index->count; p++) {
                if (kx_catalog__starts_with(&index->parts[p].path, name))
                    return kx_base__fail_at(KX_INVALID, collection->name, name, NULL, NULL,
                                            "%s.%s is a relation, so no %s can be over '%s'", collection->name, name,
                                            index->implied ? "key" : "index", index->parts[p].text);
            }
        }
    }
    return KX_OK;
}

static int check_primary(const kx_cat_collection *collection)
{
    const kx_cat_index *primary = NULL;
    for (size_t i = 0; i < collection->index_count; i++) {
        if (!collection->indexes[i].primary)
            continue;
        if (primary != NULL)
            return kx_base__fail_at(KX_CONFLICT, collection->name, collection->indexes[i].paths, NULL, NULL,
                                    "'%s' has two primary indexes: '%s' and '%s'", collection->name, primary->paths,
                                    collection->indexes[i].paths);
        primary = &collection->indexes[i];
    }
    const kx_cat_field *field = primary != NULL ? kx_catalog__field(collection, primary->paths) : NULL;
    if (field != NULL && field->type != KX_TYPE_INT)
        return kx_base__fail_at(KX_INVALID, collection->name, field->path_text, NULL, NULL,
                                "%s.%s: the field of a primary index is of type int, not %s", collection->name,
                                field->path_text, kx_type_name(field->type));
    if (field != NULL && field->initial != NULL)
        return kx_base__fail_at(
            KX_INVALID, collection->name, field->path_text, NULL, NULL,
            "%s.%s: the field of a primary index takes no .initial, since every document has its own", collection->name,
            field->path_text);
    return KX_OK;
}

static bool leads_into(const kx_path *outer, const kx_path *inner)
{
    if (outer->count >= inner->count)
        return false;
    for (uint32_t i = 0; i < outer->count; i++) {
        const kx_step *one = &outer->steps[i], *other = &inner->steps[i];
        if (one->size != other->size || memcmp(one->name, other->name, one->size) != 0)
            return false;
    }
    return true;
}

/* A field with fields inside is a map. */
static int check_nesting(const kx_cat_collection *collection)
{
    for (size_t i = 0; i < collection->field_count; i++) {
        const kx_cat_field *outer = &collection->fields[i];
        if (outer->type == KX_TYPE_NONE || outer->type == KX_TYPE_MAP)
            continue;
        for (size_t j = 0; j < collection->field_count; j++) {
            if (leads_into(&outer->path, &collection->fields[j].path))
                return kx_base__fail_at(KX_INVALID, collection->name, collection->fields[j].path_text, NULL, NULL,
                                        "%s.%s cannot be: '%s' is of type %s, no map", collection->name,
                                        collection->fields[j].path_text, outer->path_text, kx_type_name(outer->type));
        }
    }
    return KX_OK;
}

int kx_draft__check(const kx_catalog *draft)
{
    int rc = KX_OK;
    for (size_t i = 0; i < draft->count && rc == KX_OK; i++) {
        const kx_cat_collection *collection = &draft->collections[i];
        if (!collection->changed)
            continue;
        if (!collection->writable)
            return kx_base__fail_at(KX_READONLY, collection->name, NULL, NULL, NULL,
                                    "collection '%s' bears a feature of a newer version; this one only reads it",
                                    collection->name);
        rc = check_relation_names(collection);
        if (rc == KX_OK)
            rc = check_key_actions(collection);
        if (rc == KX_OK)
            rc = check_primary(collection);
        if (rc == KX_OK)
            rc = check_nesting(collection);
    }
    return rc;
}

/* ---- against what is held ---------------------------------------------------------------- */

int kx_draft__conflict(const char *collection, const kx_member *members, const kx_member *differing, const void *given,
                       const void *held, const char *holder)
{
    enum { PHRASE = KX_CATALOG_NAME + 32 };
    char declared[PHRASE], there[PHRASE];
    const char *name = *(const char *const *)((const char *)given + members->offset);
    bool is_index = members == kx_def__index_members;
    kx_def__phrase(differing, given, declared, sizeof declared);
    kx_def__phrase(differing, held, there, sizeof there);
    if (is_index)
        return kx_base__fail_at(KX_CONFLICT, collection, name, NULL, NULL, "index '%s' of '%s': declared %s, %s %s",
                                name, collection, declared, holder, there);
    return kx_base__fail_at(KX_CONFLICT, collection, name, NULL, NULL, "%s.%s: declared %s, %s %s", collection, name,
                            declared, holder, there);
}
