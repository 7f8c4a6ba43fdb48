/*
 * draft_add.c -- fields, indexes and relations into a draft, with what one definition alone can have wrong.
 */
#include "catalog/catalog_impl.h"

#include <string.h>

/* ---- fields ---------------------------------------------------------------------------- */

static int invalid(const char *collection, const char *path, const char *what)
{
    return kx_base__fail_at(KX_INVALID, collection, path, NULL, NULL, "%s.%s: %s", collection, path, what);
}

/* A path that names one place: no index step, no [] step. */
static int parse_place(kx_arena *arena, const char *collection, const char *text, kx_path *path, const char **canonical)
{
    int rc = kx_catalog__path(arena, text, strlen(text), path, canonical);
    if (rc != KX_OK)
        return kx_base__fail_in(rc, "path '%s' of '%s'", text, collection);
    for (uint32_t i = 0; i < path->count; i++) {
        if (path->steps[i].kind != KX_STEP_NAME)
            return invalid(collection, text, "it takes a path of names, and none into an array");
    }
    if (kx_catalog__starts_with(path, "_id"))
        return invalid(collection, text,
                       "_id is the id of every document, no field; a primary index makes a field the id");
    return KX_OK;
}

int kx_draft__add_field(kx_catalog *draft, size_t position, const kx_def_field *def)
{
    kx_cat_collection *collection = &draft->collections[position];
    kx_arena *arena = &draft->own->arena;
    kx_cat_field added = {.type = def->given.type, .optional = def->given.optional};
    int rc = parse_place(arena, collection->name, def->given.path, &added.path, &added.path_text);
    if (rc == KX_OK && !kx_catalog__is_field_type(added.type))
        rc = invalid(collection->name, def->given.path, "no field can be of this type");
    if (rc == KX_OK && def->given.initial != NULL)
        rc = kx_catalog__initial(arena, collection->name, &def->given, &added.initial_item);
    if (rc == KX_OK)
        rc = kx_draft__text(arena, def->given.initial, &added.initial);
    if (rc == KX_OK)
        rc = kx_draft__slice(arena, def->raw, &added.raw);
    if (rc != KX_OK)
        return rc;
    kx_cat_field *fields = kx_draft__room(arena, collection->fields, collection->field_count, sizeof added);
    if (fields == NULL)
        return KX_NOMEM;
    added.plain = kx_path__plain(added.path_text, &added.size);
    fields[collection->field_count++] = added;
    collection->fields = fields;
    collection->changed = true;
    return KX_OK;
}

/* ---- indexes -------------------------------------------------------------------------- */

static int index_fault(const char *collection, const char *paths, const char *what)
{
    return kx_base__fail_at(KX_INVALID, collection, paths, NULL, NULL, "index '%s' of '%s': %s", paths, collection,
                            what);
}

static int parse_parts(kx_arena *arena, const char *collection, const char *paths, kx_cat_part **parts, size_t *count)
{
    const char *rest = paths;
    kx_slice piece;
    *parts = NULL;
    *count = 0;
    while (kx_catalog__next_path(&rest, &piece)) {
        kx_cat_part *longer = kx_draft__room(arena, *parts, *count, sizeof **parts);
        if (longer == NULL)
            return KX_NOMEM;
        *parts = longer;
        int rc = kx_catalog__part(arena, (const char *)piece.data, piece.size, &longer[*count]);
        if (rc != KX_OK)
            return kx_base__fail_in(rc, "index '%s' of '%s'", paths, collection);
        ++*count;
    }
    return KX_OK;
}

/* The one spelling of a list of parts. */
static int join_parts(kx_arena *arena, const kx_cat_part *parts, size_t count, const char **paths)
{
    size_t room = 1;
    for (size_t i = 0; i < count; i++)
        room += parts[i].size + 2;
    char *text = kx_arena__alloc(arena, room), *at = text;
    if (text == NULL)
        return kx_base__nomem();
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            *at++ = ',';
        if (parts[i].descending)
            *at++ = '-';
        memcpy(at, parts[i].text, parts[i].size);
        at += parts[i].size;
    }
    *at = '\0';
    *paths = text;
    return KX_OK;
}

int kx_draft__paths(kx_catalog *draft, const char *collection, const char *given, const char **paths)
{
    kx_cat_part *parts;
    size_t count;
    int rc = parse_parts(&draft->own->arena, collection, given, &parts, &count);
    return rc == KX_OK ? join_parts(&draft->own->arena, parts, count, paths) : rc;
}

/* The array of a multi index is its first path; no other may lead into arrays. */
static int check_arrays(const char *collection, kx_cat_index *index)
{
    for (size_t i = 0; i < index->count; i++) {
        if (!index->parts[i].path.multi)
            continue;
        if (!index->multi)
            return index_fault(collection, index->paths, "a path into every element of an array needs .multi");
        if (i > 0)
            return index_fault(collection, index->paths, "a multi index is over one array, and that path comes first");
    }
    if (index->multi) {
        index->parts[0].each = true;
        index->parts[0].path.multi = true;
    }
    return KX_OK;
}

static int check_parts(const char *collection, const kx_cat_index *index)
{
    for (size_t i = 0; i < index->count; i++) {
        const kx_cat_part *part = &index->parts[i];
        if (part->path.steps[0].kind != KX_STEP_NAME)
            return index_fault(collection, index->paths, "a path begins with a name");
        if (kx_catalog__starts_with(&part->path, "_id"))
            return index_fault(collection, index->paths, "_id is the id, which needs no index");
        for (size_t j = 0; j < i; j++) {
            if (strcmp(part->text, index->parts[j].text) == 0)
                return index_fault(collection, index->paths, "the same path twice");
        }
    }
    return KX_OK;
}

static int check_primary(const char *collection, const kx_cat_index *index)
{
    if (!index->primary)
        return KX_OK;
    if (index->count != 1 || !index->parts[0].plain || index->parts[0].descending)
        return index_fault(collection, index->paths, "a primary index is over one plain field, ascending");
    if (index->multi || index->sparse || index->fold || index->where != NULL)
        return index_fault(collection, index->paths, "a primary index is neither multi, sparse, folded nor partial");
    return KX_OK;
}

static int make_predicate(kx_catalog *draft, const char *collection, kx_cat_index *index)
{
    kx_cat_predicate *made;
    if (index->where == NULL)
        return KX_OK;
    if (draft->own->make == NULL)
        return index_fault(collection, index->paths, "nobody here can read its .where");
    int rc = draft->own->make(index->where, &made);
    if (rc != KX_OK)
        return kx_base__fail_in(rc, "index '%s' of '%s', where", index->paths, collection);
    made->next = draft->own->predicates;
    draft->own->predicates = made;
    index->predicate = made;
    return KX_OK;
}

static int check_fold(const char *collection, const kx_cat_index *index)
{
    if (index->fold && index->multi)
        return index_fault(collection, index->paths, "a folded index is not multi");
    for (size_t i = 0; i < index->count; i++)
        index->parts[i].fold = index->fold;
    return KX_OK;
}

static int prepare_index(kx_catalog *draft, const char *collection, const kx_def_index *def, kx_cat_index *added)
{
    kx_arena *arena = &draft->own->arena;
    int rc = parse_parts(arena, collection, def->given.paths, &added->parts, &added->count);
    if (rc == KX_OK)
        rc = join_parts(arena, added->parts, added->count, &added->paths);
    if (rc == KX_OK)
        rc = check_arrays(collection, added);
    if (rc == KX_OK)
        rc = check_parts(collection, added);
    if (rc == KX_OK)
        rc = check_primary(collection, added);
    if (rc == KX_OK)
        rc = check_fold(collection, added);
    if (rc == KX_OK && def->given.where != NULL)
        rc = kx_draft__text(arena, def->given.where, &added->where);
    if (rc == KX_OK)
        rc = make_predicate(draft, collection, added);
    if (rc == KX_OK)
        rc = kx_draft__slice(arena, def->raw, &added->raw);
    return rc;
}

int kx_draft__add_index(kx_catalog *draft, size_t position, const kx_def_index *def)
{
    kx_cat_collection *collection = &draft->collections[position];
    kx_index given = def->given;
    kx_def__fill_index(&given);
    kx_cat_index added = {
        .table = {def->table, given.unique ? KX_STORE_UNIQUE : KX_STORE_POSTINGS},
        .unique = given.unique,
        .primary = given.primary,
        .multi = given.multi,
        .sparse = given.sparse,
        .fold = given.fold,
        .where = given.where,
        .implied = def->implied,
    };
    int rc = prepare_index(draft, collection->name, def, &added);
    if (rc != KX_OK)
        return rc;
    kx_cat_index *indexes =
        kx_draft__room(&draft->own->arena, collection->indexes, collection->index_count, sizeof added);
    if (indexes == NULL)
        return KX_NOMEM;
    added.size = strlen(added.paths);
    indexes[collection->index_count++] = added;
    collection->indexes = indexes;
    collection->changed = true;
    return KX_OK;
}

/* ---- relations -------------------------------------------------------------------------- */

int kx_draft__key(kx_arena *arena, const char *collection, const char *text, kx_cat_key *key)
{
    const char *rest = text;
    kx_slice piece;
    *key = (kx_cat_key){0};
    while (kx_catalog__next_path(&rest, &piece)) {
        if (key->count == KX_CATALOG_KEY_PARTS)
            return kx_base__fail_at(KX_LIMIT, collection, text, NULL, NULL, "%s: a key of more than %d fields: '%.80s'",
                                    collection, KX_CATALOG_KEY_PARTS, text);
        kx_cat_part *parts = kx_draft__room(arena, key->parts, key->count, sizeof *parts), added = {0};
        if (parts == NULL)
            return KX_NOMEM;
        key->parts = parts;
        const char *name = kx_arena__text(arena, (const char *)piece.data, piece.size);
        int rc = name != NULL ? parse_place(arena, collection, name, &added.path, &added.text) : kx_base__nomem();
        if (rc != KX_OK)
            return rc;
        for (size_t i = 0; i < key->count; i++) {
            if (strcmp(parts[i].text, added.text) == 0)
                return invalid(collection, text, "the same field twice in a key");
        }
        added.plain = kx_path__plain(added.text, &added.size);
        added.size = strlen(added.text);
        parts[key->count++] = added;
    }
    return join_parts(arena, key->parts, key->count, &key->text);
}

/* All ends; `declared` gets the one spelling of their texts. */
static int prepare_ends(kx_arena *arena, const char *owner, kx_cat_relation *added)
{
    kx_relation *declared = &added->declared;
    kx_cat_key *keys[KX_ENDS] = {&added->local, &added->remote, &added->junction.local, &added->junction.remote};
    for (kx_end end = KX_END_LOCAL; end <= KX_END_LINK_REMOTE; end++) {
        const char **text = kx_def__end(declared, end);
        if (text == NULL)
            continue;
        int rc = kx_draft__key(arena, kx_def__end_collection(owner, declared, end), *text, keys[end]);
        if (rc != KX_OK)
            return kx_base__fail_in(rc, "relation '%s' of '%s'", declared->name, owner);
        *text = keys[end]->text;
    }
    return KX_OK;
}

static int relation_fault(const char *collection, const kx_relation *relation, const char *what)
{
    return kx_base__fail_at(KX_INVALID, collection, relation->name, NULL, NULL, "%s.%s: %s", collection, relation->name,
                            what);
}

static int check_junction(const char *owner, const kx_cat_relation *added)
{
    const kx_relation *d = &added->declared;
    if (added->local.count + added->remote.count + added->junction.local.count + added->junction.remote.count > KX_ENDS)
        return relation_fault(owner, d, "the keys of a many-to-many are of one field each");
    if (strcmp(d->through, owner) == 0 || strcmp(d->through, d->target) == 0)
        return relation_fault(owner, d, "its junction is a collection of its own, and neither of its ends");
    if (strcmp(d->through_local, d->through_related) == 0)
        return kx_base__fail_at(KX_INVALID, owner, d->name, NULL, NULL,
                                "%s.%s: one field '%s' of '%s' cannot hold both keys; .through_local and "
                                ".through_related name two",
                                owner, d->name, d->through_local, d->through);
    return KX_OK;
}

/* Whether the ends fit each other. */
static int check_ends(const char *owner, const kx_cat_relation *added)
{
    const kx_relation *d = &added->declared;
    if (d->kind == KX_MANY_TO_MANY)
        return check_junction(owner, added);
    if (added->local.count != added->remote.count)
        return kx_base__fail_at(KX_INVALID, owner, d->name, NULL, NULL,
                                "%s.%s: '%s' of '%s' and '%s' of '%s' are keys of different numbers of fields", owner,
                                d->name, added->local.text, owner, added->remote.text, d->target);
    if (kx_def__is_key(d->kind) && strcmp(d->target, owner) == 0 && strcmp(added->local.text, added->remote.text) == 0)
        return relation_fault(owner, d,
                              "it relates every document to itself; .related_field names the field that the key "
                              "equals");
    return KX_OK;
}

static int pair_of(kx_arena *arena, const kx_cat_key *first, const kx_cat_key *second, const char **paths)
{
    kx_cat_part parts[2] = {first->parts[0], second->parts[0]};
    return join_parts(arena, parts, 2, paths);
}

static int prepare_junction(kx_arena *arena, kx_cat_relation *added)
{
    kx_cat_junction *junction = &added->junction;
    if (added->declared.kind != KX_MANY_TO_MANY)
        return KX_OK;
    int rc = pair_of(arena, &junction->local, &junction->remote, &junction->onward_paths);
    return rc == KX_OK ? pair_of(arena, &junction->remote, &junction->local, &junction->back_paths) : rc;
}

static int copy_texts(kx_arena *arena, kx_relation *declared)
{
    const char **texts[] = {&declared->name, &declared->target, &declared->reverse, &declared->through};
    int rc = KX_OK;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0] && rc == KX_OK; i++)
        rc = kx_draft__text(arena, *texts[i], texts[i]);
    return rc;
}

int kx_draft__add_relation(kx_catalog *draft, size_t position, const kx_def_relation *def)
{
    kx_cat_collection *collection = &draft->collections[position];
    kx_arena *arena = &draft->own->arena;
    kx_cat_relation added = {.declared = def->given, .implied = def->implied};
    kx_def__fill_relation(&added.declared);
    int rc = kx_catalog__check_relation_name(collection->name, def->given.name);
    if (rc == KX_OK)
        rc = prepare_ends(arena, collection->name, &added);
    if (rc == KX_OK)
        rc = check_ends(collection->name, &added);
    if (rc == KX_OK)
        rc = prepare_junction(arena, &added);
    if (rc == KX_OK)
        rc = copy_texts(arena, &added.declared);
    if (rc == KX_OK)
        rc = kx_draft__slice(arena, def->raw, &added.raw);
    if (rc != KX_OK)
        return rc;
    kx_cat_relation *relations = kx_draft__room(arena, collection->relations, collection->relation_count, sizeof added);
    if (relations == NULL)
        return KX_NOMEM;
    added.size = strlen(added.declared.name);
    relations[collection->relation_count++] = added;
    collection->relations = relations;
    collection->changed = true;
    return KX_OK;
}
