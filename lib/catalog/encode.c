/*
 * encode.c -- definitions into documents: the rows of kx/catalog, row 0 of kx/meta, and the lines of dumps and schemas.
 *
 * A row and a line differ in three things: the line has the next id, and it lacks table numbers and what is implied,
 * which declaring brings back. What a version did not know when it read a definition stands behind what it knows.
 */
#include "catalog/catalog_impl.h"

#include <string.h>

static kx_value number_value(uint64_t number)
{
    return (kx_value){.type = number <= INT64_MAX ? KX_TYPE_INT : KX_TYPE_UINT, .integer = (int64_t)number};
}

static void put_number(kx_builder *out, const char *key, uint64_t number)
{
    kx_value value = number_value(number);
    kx_builder__key(out, key);
    kx_builder__value(out, &value);
}

static void put_text(kx_builder *out, const char *key, const char *text)
{
    kx_value value = {.type = KX_TYPE_TEXT, .data = text, .size = strlen(text)};
    kx_builder__key(out, key);
    kx_builder__value(out, &value);
}

/* ---- one definition --------------------------------------------------------------- */

static void put_member(kx_builder *out, const kx_member *member, const void *definition)
{
    const char *at = (const char *)definition + member->offset;
    switch (member->kind) {
    case KX_MEMBER_TEXT: put_text(out, member->name, *(const char *const *)at); break;
    case KX_MEMBER_FLAG: {
        kx_value yes = {.type = KX_TYPE_BOOL, .integer = 1};
        kx_builder__key(out, member->name);
        kx_builder__value(out, &yes);
        break;
    }
    case KX_MEMBER_NUMBER: put_number(out, member->name, *(const uint32_t *)at); break;
    case KX_MEMBER_TYPE: put_text(out, member->name, kx_type_name(*(const kx_type *)at)); break;
    case KX_MEMBER_KIND: put_text(out, member->name, kx_kind_name(*(const kx_relation_kind *)at)); break;
    case KX_MEMBER_ACTION: put_text(out, member->name, kx_action_name(*(const kx_action *)at)); break;
    }
}

static bool key_is(kx_slice key, const char *name)
{
    return key.size == strlen(name) && memcmp(key.data, name, key.size) == 0;
}

static bool is_known(const kx_member *members, kx_slice key)
{
    const kx_member *member = members;
    while (member->name != NULL && !key_is(key, member->name))
        member++;
    return member->name != NULL;
}

static void put_pair(kx_builder *out, const kx_members *pair)
{
    kx_builder__key_n(out, (const char *)pair->key.data, pair->key.size);
    kx_builder__item(out, pair->item);
}

void kx_def__write(const kx_member *members, const void *definition, kx_slice raw, bool stored, kx_builder *out)
{
    for (const kx_member *member = members; member->name != NULL; member++) {
        if (kx_def__is_set(member, definition) && (stored || !member->stored_only))
            put_member(out, member, definition);
    }
    kx_members walk = kx_document__members(raw);
    while (kx_document__next(&walk)) {
        if (!is_known(members, walk.key))
            put_pair(out, &walk);
    }
}

/* ---- the lists of a collection ------------------------------------------------------- */

static void put_fields(const kx_cat_collection *collection, bool stored, kx_builder *out)
{
    if (collection->field_count == 0)
        return;
    kx_builder__key(out, "fields");
    kx_builder__array(out);
    for (size_t i = 0; i < collection->field_count; i++) {
        kx_def_field def = kx_def__of_field(&collection->fields[i]);
        kx_builder__map(out);
        kx_def__write(kx_def__field_members, &def, def.raw, stored, out);
        kx_builder__end(out);
    }
    kx_builder__end(out);
}

static void put_indexes(const kx_cat_collection *collection, bool stored, kx_builder *out)
{
    bool opened = false;
    for (size_t i = 0; i < collection->index_count; i++) {
        kx_def_index def = kx_def__of_index(&collection->indexes[i]);
        if (def.implied && !stored)
            continue;
        if (!opened) {
            kx_builder__key(out, "indexes");
            kx_builder__array(out);
            opened = true;
        }
        if (def.given.primary)
            def.given.unique = false; /* it goes without saying */
        kx_builder__map(out);
        kx_def__write(kx_def__index_members, &def, def.raw, stored, out);
        kx_builder__end(out);
    }
    if (opened)
        kx_builder__end(out);
}

static void put_relations(const kx_cat_collection *collection, bool stored, kx_builder *out)
{
    bool opened = false;
    for (size_t i = 0; i < collection->relation_count; i++) {
        kx_def_relation def = kx_def__of_relation(&collection->relations[i]);
        if (def.implied && !stored)
            continue;
        if (!opened) {
            kx_builder__key(out, "relations");
            kx_builder__array(out);
            opened = true;
        }
        kx_def__strip_relation(&def.given);
        kx_builder__map(out);
        kx_def__write(kx_def__relation_members, &def, def.raw, stored, out);
        kx_builder__end(out);
    }
    if (opened)
        kx_builder__end(out);
}

/* ---- a collection ------------------------------------------------------------------------ */

static bool is_list(kx_slice key)
{
    return key_is(key, "fields") || key_is(key, "indexes") || key_is(key, "relations");
}

static void put_unknown(kx_slice raw, kx_builder *out)
{
    kx_members walk = kx_document__members(raw);
    while (kx_document__next(&walk)) {
        if (!is_list(walk.key) && !key_is(walk.key, "collection") && !key_is(walk.key, "next_id"))
            put_pair(out, &walk);
    }
}

/* A list as it is stored, without what belongs to the store or is implied. */
static void put_foreign_list(const kx_members *pair, kx_builder *out)
{
    kx_slice implied;
    kx_builder__key_n(out, (const char *)pair->key.data, pair->key.size);
    kx_builder__array(out);
    kx_members list = kx_document__members(pair->item);
    while (kx_document__next(&list)) {
        if (kx_document__find(list.item, "implied", strlen("implied"), &implied))
            continue;
        kx_builder__map(out);
        kx_members walk = kx_document__members(list.item);
        while (kx_document__next(&walk)) {
            if (!key_is(walk.key, "table"))
                put_pair(out, &walk);
        }
        kx_builder__end(out);
    }
    kx_builder__end(out);
}

/* Of a collection that a later version wrote, everything that it says goes on the line. */
static void put_foreign(const kx_cat_collection *collection, kx_builder *out)
{
    kx_members walk = kx_document__members(collection->raw);
    while (kx_document__next(&walk)) {
        if (is_list(walk.key))
            put_foreign_list(&walk, out);
    }
    put_unknown(collection->raw, out);
}

static void finish(kx_builder *builder, kx_buf *out)
{
    kx_slice bytes;
    int rc = kx_builder__finish(builder, &bytes);
    if (rc == KX_OK)
        kx_buf__append(out, bytes.data, bytes.size);
    else if (out->rc == KX_OK)
        out->rc = rc;
    kx_builder__free(builder);
}

void kx_def__write_collection(const kx_cat_collection *collection, bool stored, uint64_t next_id, kx_buf *out)
{
    kx_builder builder;
    kx_builder__init(&builder);
    kx_builder__map(&builder);
    put_text(&builder, "collection", collection->name);
    if (next_id != 0)
        put_number(&builder, "next_id", next_id);
    if (!collection->writable && !stored) {
        put_foreign(collection, &builder);
    } else {
        put_fields(collection, stored, &builder);
        put_indexes(collection, stored, &builder);
        put_relations(collection, stored, &builder);
        put_unknown(collection->raw, &builder);
    }
    kx_builder__end(&builder);
    finish(&builder, out);
}

/* What is not writable is kept to the byte. */
void kx_catalog__encode(const kx_cat_collection *collection, kx_buf *out)
{
    if (collection->writable)
        kx_def__write_collection(collection, true, 0, out);
    else
        kx_buf__append(out, collection->raw.data, collection->raw.size);
}

/* ---- kx/meta -------------------------------------------------------------------------------- */

static void put_unknown_shapes(kx_slice meta, const char *const *shapes, kx_builder *out)
{
    kx_slice lists;
    if (!kx_document__find(meta, "free", strlen("free"), &lists))
        return;
    kx_members walk = kx_document__members(lists);
    while (kx_document__next(&walk)) {
        if (!key_is(walk.key, shapes[0]) && !key_is(walk.key, shapes[1]) && !key_is(walk.key, shapes[2]))
            put_pair(out, &walk);
    }
}

static void put_free(const kx_catalog *catalog, kx_builder *out)
{
    static const char *const shapes[] = {"rows", "unique", "postings"};
    kx_builder__key(out, "free");
    kx_builder__map(out);
    for (size_t i = 0; i < 3; i++) {
        const kx_numbers *numbers = &catalog->own->free[i];
        if (numbers->count == 0)
            continue;
        kx_builder__key(out, shapes[i]);
        kx_builder__array(out);
        for (size_t n = 0; n < numbers->count; n++) {
            kx_value value = number_value(numbers->at[n]);
            kx_builder__value(out, &value);
        }
        kx_builder__end(out);
    }
    put_unknown_shapes(catalog->own->meta, shapes, out);
    kx_builder__end(out);
}

void kx_catalog__encode_meta(const kx_catalog *catalog, kx_buf *out)
{
    static const char *const known[] = {"format", "epoch", "schema_version", "next_table", "free"};
    kx_builder builder;
    kx_builder__init(&builder);
    kx_builder__map(&builder);
    put_number(&builder, "format", KX_CATALOG_FORMAT);
    put_number(&builder, "epoch", catalog->epoch);
    put_number(&builder, "schema_version", catalog->schema_version);
    put_number(&builder, "next_table", catalog->next_table);
    put_free(catalog, &builder);

    kx_members walk = kx_document__members(catalog->own->meta);
    while (kx_document__next(&walk)) {
        bool is_known_one = false;
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
            is_known_one |= key_is(walk.key, known[i]);
        if (!is_known_one)
            put_pair(&builder, &walk);
    }
    kx_builder__end(&builder);
    finish(&builder, out);
}
