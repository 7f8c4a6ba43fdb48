/*
 * read.c -- definitions out of documents: rows of kx/catalog, and the collection lines of dumps and schemas.
 *
 * The two differ in what they do with the unknown. A line is somebody's wish: what this version cannot honour is
 * refused. A row is what a store is: what a later version has put there is kept, left out of the definitions, and
 * makes the collection read-only.
 */
#include "catalog/catalog_impl.h"

#include <inttypes.h>
#include <string.h>

typedef struct reader {
    kx_arena *arena;
    bool stored;
    const char *collection; /* "" until it is known */
} reader;

static int fault(const reader *r, const char *what, kx_slice name)
{
    int size = name.size <= KX_CATALOG_NAME ? (int)name.size : KX_CATALOG_NAME;
    return kx_base__fail_at(r->stored ? KX_CORRUPT : KX_INVALID, r->collection[0] != '\0' ? r->collection : NULL, NULL,
                            NULL, NULL, "definition of collection '%s': %s '%.*s'", r->collection, what, size,
                            (const char *)name.data);
}

static kx_slice text_slice(const char *text)
{
    return kx_slice_of(text, strlen(text));
}

static bool slice_is(kx_slice slice, const char *text)
{
    return slice.size == strlen(text) && memcmp(slice.data, text, slice.size) == 0;
}

/* ---- one member ------------------------------------------------------------------- */

static int read_text(const reader *r, const kx_member *member, const kx_value *value, void *at)
{
    if (value->type != KX_TYPE_TEXT)
        return fault(r, "no text in", text_slice(member->name));
    if (value->size > 0 && memchr(value->data, '\0', value->size) != NULL)
        return fault(r, "a NUL in", text_slice(member->name));
    char *copy = kx_arena__text(r->arena, value->data, value->size);
    if (copy == NULL)
        return kx_base__nomem();
    *(const char **)at = copy;
    return KX_OK;
}

/* A name of a list that later versions may have made longer. */
static int read_name(const reader *r, const kx_member *member, const kx_value *value, void *at, bool *newer)
{
    if (value->type != KX_TYPE_TEXT)
        return fault(r, "no text in", text_slice(member->name));
    kx_slice name = kx_slice_of(value->data, value->size);
    bool known = false;
    if (member->kind == KX_MEMBER_TYPE)
        known = kx_catalog__type_named(name, at);
    else if (member->kind == KX_MEMBER_KIND)
        known = kx_catalog__kind_named(name, at);
    else if (member->kind == KX_MEMBER_ACTION)
        known = kx_catalog__action_named(name, at);
    if (!known && !r->stored)
        return fault(r,
                     member->kind == KX_MEMBER_TYPE   ? "no such type"
                     : member->kind == KX_MEMBER_KIND ? "no such kind"
                                                      : "no such action",
                     name);
    *newer |= !known;
    return KX_OK;
}

static int read_member(const reader *r, const kx_member *member, kx_slice item, void *definition, bool *newer)
{
    void *at = (char *)definition + member->offset;
    kx_value value;
    int rc = kx_document__value(item, &value);
    if (rc != KX_OK || value.type == KX_TYPE_NULL)
        return rc;
    switch (member->kind) {
    case KX_MEMBER_TEXT: return read_text(r, member, &value, at);
    case KX_MEMBER_FLAG:
        if (value.type != KX_TYPE_BOOL)
            return fault(r, "neither true nor false in", text_slice(member->name));
        *(bool *)at = value.integer != 0;
        return KX_OK;
    case KX_MEMBER_NUMBER:
        if (value.type != KX_TYPE_INT || value.integer < 0 || value.integer >= KX_STORE_TABLES)
            return fault(r, "no table number in", text_slice(member->name));
        *(uint32_t *)at = (uint32_t)value.integer;
        return KX_OK;
    default: return read_name(r, member, &value, at, newer);
    }
}

/* ---- what is not known ------------------------------------------------------------- */

/* Does an unknown member demand something of who reads the definition? */
static bool binds_readers(kx_slice name, kx_slice item)
{
    kx_value value;
    if (kx_document__value(item, &value) != KX_OK)
        return true;
    if (slice_is(name, "features"))
        return value.type != KX_TYPE_INT || (value.integer & ~(int64_t)KX_KNOWN_FEATURES) != 0;
    return value.type == KX_TYPE_BOOL && value.integer != 0;
}

static int read_unknown(const reader *r, kx_slice name, kx_slice item, bool *unknown, bool *newer)
{
    if (!r->stored)
        return fault(r, "unknown member", name);
    *unknown = true;
    *newer |= binds_readers(name, item);
    return KX_OK;
}

/* ---- one definition ------------------------------------------------------------------ */

static const kx_member *member_named(const kx_member *members, kx_slice name, bool stored)
{
    for (const kx_member *member = members; member->name != NULL; member++) {
        if (slice_is(name, member->name))
            return member->stored_only && !stored ? NULL : member;
    }
    return NULL;
}

/* `raw` is set where there is something to keep. */
static int read_definition(const reader *r, const kx_member *members, kx_slice map, void *definition, kx_slice *raw,
                           bool *newer)
{
    if (kx_document__type(map) != KX_TYPE_MAP)
        return fault(r, "no map in the list of",
                     text_slice(members == kx_def__field_members   ? "fields"
                                : members == kx_def__index_members ? "indexes"
                                                                   : "relations"));
    bool unknown = false;
    int rc = KX_OK;
    kx_members walk = kx_document__members(map);
    while (rc == KX_OK && kx_document__next(&walk)) {
        const kx_member *member = member_named(members, walk.key, r->stored);
        rc = member != NULL ? read_member(r, member, walk.item, definition, newer)
                            : read_unknown(r, walk.key, walk.item, &unknown, newer);
    }
    if (rc == KX_OK && walk.malformed)
        rc = fault(r, "malformed bytes in", text_slice("a definition"));
    if (rc == KX_OK && !*newer && !kx_def__is_set(members, definition))
        rc = fault(r, "a definition lacks", text_slice(members->name));
    if (unknown)
        *raw = map;
    return rc;
}

static int read_field(const reader *r, kx_slice item, kx_def_collection *out)
{
    kx_def_field def = {0};
    bool newer = false;
    int rc = read_definition(r, kx_def__field_members, item, &def, &def.raw, &newer);
    out->newer |= newer;
    if (rc != KX_OK || newer)
        return rc;
    kx_def_field *fields = kx_draft__room(r->arena, out->fields, out->field_count, sizeof def);
    if (fields == NULL)
        return KX_NOMEM;
    fields[out->field_count++] = def;
    out->fields = fields;
    return KX_OK;
}

static int read_index(const reader *r, kx_slice item, kx_def_collection *out)
{
    kx_def_index def = {0};
    bool newer = false;
    int rc = read_definition(r, kx_def__index_members, item, &def, &def.raw, &newer);
    out->newer |= newer;
    if (rc != KX_OK || newer)
        return rc;
    kx_def_index *indexes = kx_draft__room(r->arena, out->indexes, out->index_count, sizeof def);
    if (indexes == NULL)
        return KX_NOMEM;
    indexes[out->index_count++] = def;
    out->indexes = indexes;
    return KX_OK;
}

static int read_relation(const reader *r, kx_slice item, kx_def_collection *out)
{
    kx_def_relation def = {0};
    bool newer = false;
    int rc = read_definition(r, kx_def__relation_members, item, &def, &def.raw, &newer);
    out->newer |= newer;
    if (rc != KX_OK || newer)
        return rc;
    kx_def_relation *relations = kx_draft__room(r->arena, out->relations, out->relation_count, sizeof def);
    if (relations == NULL)
        return KX_NOMEM;
    relations[out->relation_count++] = def;
    out->relations = relations;
    return KX_OK;
}

/* ---- a collection ---------------------------------------------------------------------- */

static int read_list(const reader *r, const char *name, kx_slice list,
                     int (*read)(const reader *, kx_slice, kx_def_collection *), kx_def_collection *out)
{
    if (kx_document__type(list) == KX_TYPE_NULL)
        return KX_OK;
    if (kx_document__type(list) != KX_TYPE_ARRAY)
        return fault(r, "no list in", text_slice(name));
    int rc = KX_OK;
    kx_members walk = kx_document__members(list);
    while (rc == KX_OK && kx_document__next(&walk))
        rc = read(r, walk.item, out);
    return rc == KX_OK && walk.malformed ? fault(r, "malformed bytes in", text_slice(name)) : rc;
}

static int read_next_id(const reader *r, kx_slice item, uint64_t *next_id)
{
    kx_value value;
    int rc = kx_document__value(item, &value);
    if (rc == KX_OK &&
        ((value.type != KX_TYPE_INT && value.type != KX_TYPE_UINT) || (value.type == KX_TYPE_INT && value.integer < 0)))
        rc = fault(r, "no id in", text_slice("next_id"));
    if (rc == KX_OK)
        *next_id = (uint64_t)value.integer;
    return rc;
}

static int read_collection_member(const reader *r, kx_slice name, kx_slice item, kx_def_collection *out, bool *unknown)
{
    if (slice_is(name, "collection"))
        return KX_OK;
    if (slice_is(name, "fields"))
        return read_list(r, "fields", item, read_field, out);
    if (slice_is(name, "indexes"))
        return read_list(r, "indexes", item, read_index, out);
    if (slice_is(name, "relations"))
        return read_list(r, "relations", item, read_relation, out);
    if (!r->stored && slice_is(name, "next_id"))
        return read_next_id(r, item, &out->next_id);
    return read_unknown(r, name, item, unknown, &out->newer);
}

static int read_name_of(reader *r, kx_slice document, kx_def_collection *out)
{
    kx_slice item;
    if (kx_document__type(document) != KX_TYPE_MAP ||
        !kx_document__find(document, "collection", strlen("collection"), &item))
        return fault(r, "it lacks", text_slice("collection"));
    static const kx_member name = {"collection", KX_MEMBER_TEXT, offsetof(kx_def_collection, name), false, 0};
    bool newer = false;
    int rc = read_member(r, &name, item, out, &newer);
    if (rc == KX_OK && out->name == NULL)
        rc = fault(r, "no text in", text_slice(name.name));
    if (rc == KX_OK)
        r->collection = out->name;
    return rc;
}

int kx_def__read(kx_slice document, bool stored, kx_arena *arena, kx_def_collection *out)
{
    *out = (kx_def_collection){0};
    reader r = {.arena = arena, .stored = stored, .collection = ""};
    int rc = read_name_of(&r, document, out);
    bool unknown = false;
    kx_members walk = kx_document__members(document);
    while (rc == KX_OK && kx_document__next(&walk))
        rc = read_collection_member(&r, walk.key, walk.item, out, &unknown);
    if (rc == KX_OK && walk.malformed)
        rc = fault(&r, "malformed bytes in", text_slice("it"));
    if (unknown || out->newer)
        out->raw = document;
    return rc;
}
