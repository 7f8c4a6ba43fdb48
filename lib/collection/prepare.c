/* prepare.c -- a document on its way in: canonical bytes, initial values, types and presence, the primary field. */
#include <string.h>

#include <lmdbkenobix/schema.h>

#include "collection/collection_impl.h"

enum { FEW = 16 };

static bool type_fits(kx_type declared, kx_type found)
{
    if (declared == found || declared == KX_TYPE_NONE)
        return true;
    bool integer = found == KX_TYPE_INT || found == KX_TYPE_UINT;
    return integer && (declared == KX_TYPE_INT || declared == KX_TYPE_REAL);
}

static const char *found_name(kx_type type)
{
    return type == KX_TYPE_UINT ? "int" : kx_type_name(type);
}

static int check_item(const kx_cat_collection *collection, const kx_cat_field *field, kx_slice item)
{
    kx_value value = {0};
    kx_type type = kx_document__type(item);
    if (type == KX_TYPE_NONE || type == KX_TYPE_NULL) {
        if (field->optional)
            return KX_OK;
        return kx_base__fail_at(KX_REQUIRED, collection->name, field->path_text, NULL, NULL,
                                "%s.%s is required and is %s", collection->name, field->path_text,
                                type == KX_TYPE_NULL ? "null" : "missing");
    }
    if (type_fits(field->type, type))
        return KX_OK;
    kx_document__value(item, &value);
    return kx_base__fail_at(KX_INVALID, collection->name, field->path_text, NULL, &value,
                            "%s.%s: expected %s, found %s", collection->name, field->path_text,
                            kx_type_name(field->type), found_name(type));
}

int kx_collection__check_field(const kx_cat_collection *collection, const kx_cat_field *field, kx_slice document)
{
    kx_slice item = {0};
    if (field->plain)
        kx_document__find(document, field->path_text, field->size, &item);
    else
        kx_document__at(document, &field->path, &item);
    return check_item(collection, field, item);
}

/* ---- one look at a document ------------------------------------------------------ *
 * Where each declared field stands, found in one walk: members usually come in the order of the declaration, so
 * the next field is tried first.                                                                                  */

typedef struct field_items {
    kx_slice few[FEW];
    kx_slice *items;
} field_items;

static int start_survey(field_items *survey, size_t fields)
{
    survey->items = fields <= FEW ? survey->few : kx_base__alloc(kx_base__times(fields, sizeof *survey->items));
    return survey->items != NULL ? KX_OK : kx_base__nomem();
}

static void end_survey(field_items *survey)
{
    if (survey->items != survey->few)
        kx_base__free(survey->items);
}

static bool is_name(kx_slice key, const char *name, size_t size)
{
    return key.size == size && memcmp(key.data, name, size) == 0;
}

/* `_id` and the names of relations are no fields. */
static int check_name(const kx_cat_collection *collection, kx_slice key)
{
    if (is_name(key, "_id", 3))
        return kx_base__fail_at(KX_INVALID, collection->name, "_id", NULL, NULL, "%s: a field may not be called _id",
                                collection->name);
    for (size_t i = 0; i < collection->relation_count; i++) {
        const char *name = collection->relations[i].declared.name;
        if (is_name(key, name, collection->relations[i].size))
            return kx_base__fail_at(KX_INVALID, collection->name, name, NULL, NULL,
                                    "%s.%s is a relation: a field may not bear its name", collection->name, name);
    }
    return KX_OK;
}

static void place(const kx_cat_collection *collection, const kx_members *member, size_t *next, kx_slice *items)
{
    for (size_t tries = 0; tries < collection->field_count; tries++) {
        size_t at = *next + tries < collection->field_count ? *next + tries : *next + tries - collection->field_count;
        const kx_cat_field *field = &collection->fields[at];
        if (!field->plain || !is_name(member->key, field->path_text, field->size))
            continue;
        items[at] = member->item;
        *next = at + 1 < collection->field_count ? at + 1 : 0;
        return;
    }
}

static int look(const kx_cat_collection *collection, kx_slice document, kx_slice *items)
{
    kx_members members = kx_document__members(document);
    size_t next = 0;
    int rc = KX_OK;
    memset(items, 0, collection->field_count * sizeof *items);
    while (rc == KX_OK && kx_document__next(&members)) {
        rc = check_name(collection, members.key);
        place(collection, &members, &next, items);
    }
    for (size_t i = 0; i < collection->field_count; i++)
        if (!collection->fields[i].plain)
            kx_document__at(document, &collection->fields[i].path, &items[i]);
    return rc;
}

static int check_items(const kx_cat_collection *collection, const kx_slice *items)
{
    int rc = KX_OK;
    for (size_t i = 0; i < collection->field_count && rc == KX_OK && collection->has_checks; i++)
        rc = check_item(collection, &collection->fields[i], items[i]);
    return rc;
}

int kx_collection__check_fields(const kx_cat_collection *collection, kx_slice document)
{
    field_items survey;
    int rc = start_survey(&survey, collection->field_count);
    if (rc != KX_OK)
        return rc;
    rc = look(collection, document, survey.items);
    if (rc == KX_OK)
        rc = check_items(collection, survey.items);
    end_survey(&survey);
    return rc;
}

/* ---- what is filled in at insert -------------------------------------------------- */

typedef struct fill_list {
    kx_change few[FEW];
    kx_change *changes;
    size_t count;
    uint8_t id_item[9]; /* what is written into the primary field */
} fill_list;

static int start_list(fill_list *list, size_t most)
{
    list->count = 0;
    list->changes = most <= FEW ? list->few : kx_base__alloc(kx_base__times(most, sizeof *list->changes));
    return list->changes != NULL ? KX_OK : kx_base__nomem();
}

static void end_list(fill_list *list)
{
    if (list->changes != list->few)
        kx_base__free(list->changes);
}

static void add_initials(const kx_cat_collection *collection, const kx_slice *items, fill_list *list)
{
    for (size_t i = 0; i < collection->field_count; i++) {
        const kx_cat_field *field = &collection->fields[i];
        if (field->initial != NULL && items[i].data == NULL)
            list->changes[list->count++] =
                (kx_change){.kind = KX_CHANGE_SET, .path = field->path_text, .item = field->initial_item};
    }
}

static int bad_primary(const kx_cat_collection *collection, const kx_value *value)
{
    char text[128];
    const char *path = collection->primary->paths;
    return kx_base__fail_at(KX_INVALID, collection->name, path, NULL, value,
                            "%s.%s = %s: a primary field is an integer from 0 to 2^63-1", collection->name, path,
                            kx_base__show(value, text, sizeof text));
}

/* The id from the primary field; *missing when there is none. */
static int primary_id(const kx_cat_collection *collection, kx_slice document, uint64_t *id, bool *missing)
{
    kx_value value;
    kx_collection__part_value(document, &collection->primary->parts[0], &value);
    *missing = value.type == KX_TYPE_NONE || value.type == KX_TYPE_NULL;
    if (*missing)
        return KX_OK;
    if (value.type != KX_TYPE_INT || value.integer < 0)
        return bad_primary(collection, &value);
    *id = (uint64_t)value.integer;
    return KX_OK;
}

static int other_id(const kx_cat_collection *collection, uint64_t id, uint64_t asked)
{
    return kx_base__fail_at(KX_INVALID, collection->name, collection->primary->paths, &id, NULL,
                            "%s.%s = %llu, but the id asked for is %llu: a primary field is the id", collection->name,
                            collection->primary->paths, (unsigned long long)id, (unsigned long long)asked);
}

/* Write the id into the primary field where that is missing. */
static int fill_primary(const kx_cat_collection *collection, uint64_t id, fill_list *list)
{
    kx_builder builder;
    kx_change change = {.kind = KX_CHANGE_SET, .path = collection->primary->paths};
    kx_value value = kx_int((int64_t)id);
    kx_builder__init(&builder);
    kx_builder__value(&builder, &value);
    int rc = kx_builder__finish(&builder, &change.item);
    if (rc == KX_OK) {
        memcpy(list->id_item, change.item.data, change.item.size);
        change.item.data = list->id_item;
        list->changes[list->count++] = change;
    }
    kx_builder__free(&builder);
    return rc;
}

static int choose_id(kx_txn *txn, const kx_cat_collection *collection, kx_slice document, const kx_record *how,
                     const uint64_t *next, fill_list *list, kx_write_op *op)
{
    bool missing = true;
    bool asked = how != NULL && how->has_id;
    int rc = collection->primary != NULL ? primary_id(collection, document, &op->id, &missing) : KX_OK;
    if (rc != KX_OK)
        return rc;
    if (!missing)
        return asked && how->id != op->id ? other_id(collection, op->id, how->id) : KX_OK;
    if (asked && how->id > INT64_MAX)
        return kx_base__fail_at(KX_INVALID, collection->name, "_id", &how->id, NULL, "%s: an id is at most 2^63-1",
                                collection->name);
    op->fresh = !asked;
    if (asked)
        op->id = how->id;
    else if (next == NULL)
        rc = kx_collection__next_id(txn, collection, &op->id);
    else if (*next <= INT64_MAX)
        op->id = *next;
    else
        rc = kx_collection__no_id_left(collection);
    return rc == KX_OK && collection->primary != NULL ? fill_primary(collection, op->id, list) : rc;
}

/* With what was missing filled in, the document is another one: look again. */
static int fill(const kx_cat_collection *collection, const fill_list *list, kx_buf *scratch, kx_write_op *op,
                kx_slice *items)
{
    kx_buf filled = {0};
    int rc = kx_document__patch(op->after, list->changes, list->count, &filled, &op->after);
    kx_buf__free(scratch);
    *scratch = filled;
    return rc == KX_OK ? look(collection, op->after, items) : rc;
}

int kx_collection__prepare(kx_txn *txn, const kx_cat_collection *collection, kx_slice bytes, const kx_record *how,
                           const uint64_t *next, kx_buf *scratch, kx_write_op *op)
{
    fill_list list;
    field_items survey;
    *op = (kx_write_op){0};
    kx_buf__clear(scratch);
    int rc = start_survey(&survey, collection->field_count);
    if (rc != KX_OK)
        return rc;
    rc = start_list(&list, collection->field_count + 1);
    if (rc == KX_OK)
        rc = kx_document__canonical(bytes, scratch, &op->after);
    if (rc == KX_OK)
        rc = look(collection, op->after, survey.items);
    if (rc == KX_OK && collection->has_checks && !(how != NULL && how->exact))
        add_initials(collection, survey.items, &list);
    if (rc == KX_OK)
        rc = choose_id(txn, collection, op->after, how, next, &list, op);
    if (rc == KX_OK && list.count != 0)
        rc = fill(collection, &list, scratch, op, survey.items);
    if (rc == KX_OK)
        rc = check_items(collection, survey.items);
    end_list(&list);
    end_survey(&survey);
    return rc;
}
