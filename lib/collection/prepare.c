/* prepare.c -- a document on its way in: canonical bytes, initial values, types and presence, the primary field. */
#include <string.h>

#include <lmdbkenobix/schema.h>

#include "collection/collection_impl.h"

enum { FEW = 16 };

static bool item_at(kx_slice document, const kx_cat_field *field, kx_slice *item)
{
    if (field->plain)
        return kx_document__find(document, field->path_text, field->size, NULL, item);
    return kx_document__at(document, &field->path, NULL, item);
}

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

int kx_collection__check_field(const kx_cat_collection *collection, const kx_cat_field *field, kx_slice document)
{
    kx_slice item = {0};
    kx_value value = {0};
    kx_type type = item_at(document, field, &item) ? kx_document__type(item) : KX_TYPE_NONE;
    if (type == KX_TYPE_NONE || type == KX_TYPE_NULL) {
        if (field->optional)
            return KX_OK;
        return kx_base__fail_at(KX_REQUIRED, collection->name, field->path_text, NULL, NULL, "%s.%s is required and is %s", collection->name,
                                field->path_text, type == KX_TYPE_NULL ? "null" : "missing");
    }
    if (type_fits(field->type, type))
        return KX_OK;
    kx_document__value(item, &value);
    return kx_base__fail_at(KX_INVALID, collection->name, field->path_text, NULL, &value, "%s.%s: expected %s, found %s", collection->name,
                            field->path_text, kx_type_name(field->type), found_name(type));
}

/* `_id` and the names of relations are no fields. */
static int check_names(const kx_cat_collection *collection, kx_slice document)
{
    kx_slice item;
    if (kx_document__find(document, "_id", 3, NULL, &item))
        return kx_base__fail_at(KX_INVALID, collection->name, "_id", NULL, NULL, "%s: a field may not be called _id", collection->name);
    for (size_t i = 0; i < collection->relation_count; i++) {
        const char *name = collection->relations[i].declared.name;
        if (kx_document__find(document, name, strlen(name), NULL, &item))
            return kx_base__fail_at(KX_INVALID, collection->name, name, NULL, NULL, "%s.%s is a relation: a field may not bear its name",
                                    collection->name, name);
    }
    return KX_OK;
}

int kx_collection__check_fields(const kx_cat_collection *collection, kx_slice document)
{
    int rc = check_names(collection, document);
    for (size_t i = 0; i < collection->field_count && rc == KX_OK && collection->has_checks; i++)
        rc = kx_collection__check_field(collection, &collection->fields[i], document);
    return rc;
}

/* ---- what is filled in at insert -------------------------------------------------- */

typedef struct fill_list {
    kx_change  few[FEW];
    kx_change *changes;
    size_t     count;
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

static void add_initials(const kx_cat_collection *collection, kx_slice document, fill_list *list)
{
    kx_slice item;
    for (size_t i = 0; i < collection->field_count; i++) {
        const kx_cat_field *field = &collection->fields[i];
        if (field->initial != NULL && !item_at(document, field, &item))
            list->changes[list->count++] = (kx_change){.kind = KX_CHANGE_SET, .path = field->path_text, .item = field->initial_item};
    }
}

static int bad_primary(const kx_cat_collection *collection, const kx_value *value)
{
    char text[128];
    const char *path = collection->primary->paths;
    return kx_base__fail_at(KX_INVALID, collection->name, path, NULL, value, "%s.%s = %s: a primary field is an integer from 0 to 2^63-1",
                            collection->name, path, kx_base__show(value, text, sizeof text));
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
static int fill_primary(const kx_cat_collection *collection, uint64_t id, kx_builder *builder, fill_list *list)
{
    kx_change change = {.kind = KX_CHANGE_SET, .path = collection->primary->paths};
    kx_value value = kx_int((int64_t)id);
    kx_builder__value(builder, &value);
    int rc = kx_builder__finish(builder, &change.item);
    list->changes[list->count++] = change;
    return rc;
}

static int choose_id(kx_txn *txn, const kx_cat_collection *collection, kx_slice document, const kx_record *how, const uint64_t *next,
                     kx_builder *builder, fill_list *list, kx_write_op *op)
{
    bool missing = true;
    bool asked = how != NULL && how->has_id;
    int rc = collection->primary != NULL ? primary_id(collection, document, &op->id, &missing) : KX_OK;
    if (rc != KX_OK)
        return rc;
    if (!missing)
        return asked && how->id != op->id ? other_id(collection, op->id, how->id) : KX_OK;
    if (asked && how->id > INT64_MAX)
        return kx_base__fail_at(KX_INVALID, collection->name, "_id", &how->id, NULL, "%s: an id is at most 2^63-1", collection->name);
    op->fresh = !asked;
    if (asked || next != NULL)
        op->id = asked ? how->id : *next;
    else
        rc = kx_collection__next_id(txn, collection, &op->id);
    return rc == KX_OK && collection->primary != NULL ? fill_primary(collection, op->id, builder, list) : rc;
}

int kx_collection__prepare(kx_txn *txn, const kx_cat_collection *collection, kx_slice bytes, const kx_record *how, const uint64_t *next,
                           kx_buf *scratch, kx_write_op *op)
{
    kx_buf canonical = {0};
    kx_builder builder;
    fill_list list;
    *op = (kx_write_op){0};
    kx_builder__init(&builder);
    int rc = start_list(&list, collection->field_count + 1);
    if (rc == KX_OK)
        rc = kx_document__canonical(bytes, &canonical, &op->after);
    if (rc == KX_OK && collection->has_checks && !(how != NULL && how->exact))
        add_initials(collection, op->after, &list);
    if (rc == KX_OK)
        rc = choose_id(txn, collection, op->after, how, next, &builder, &list, op);
    if (rc == KX_OK && list.count != 0) {
        kx_buf__clear(scratch);
        rc = kx_document__patch(op->after, list.changes, list.count, scratch, &op->after);
    } else if (rc == KX_OK && op->after.data == canonical.data) {
        kx_buf swap = *scratch;
        *scratch = canonical;
        canonical = swap;
    }
    if (rc == KX_OK)
        rc = kx_collection__check_fields(collection, op->after);
    end_list(&list);
    kx_builder__free(&builder);
    kx_buf__free(&canonical);
    return rc;
}
