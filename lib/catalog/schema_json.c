/*
 * schema_json.c -- a collection as one line of JSON, and such a line as a model.
 */
#include "catalog/catalog_impl.h"

#include <string.h>

int kx_catalog__to_json(const kx_cat_collection *collection, uint64_t next_id, kx_buf *out)
{
    kx_buf document = {0};
    kx_def__write_collection(collection, false, next_id, &document);
    int rc = document.rc;
    if (rc == KX_OK)
        rc = kx_document__to_json(kx_buf__slice(&document), out);
    kx_buf__free(&document);
    return rc;
}

/* ---- definitions as a model: lists that end in {0} ------------------------------------ */

static int fields_of(const kx_def_collection *def, kx_arena *arena, kx_model *model)
{
    kx_field *fields = kx_arena__alloc(arena, kx_base__times(def->field_count + 1, sizeof *fields));
    if (fields == NULL)
        return kx_base__nomem();
    for (size_t i = 0; i < def->field_count; i++)
        fields[i] = def->fields[i].given;
    fields[def->field_count] = (kx_field){0};
    model->fields = fields;
    return KX_OK;
}

static int indexes_of(const kx_def_collection *def, kx_arena *arena, kx_model *model)
{
    kx_index *indexes = kx_arena__alloc(arena, kx_base__times(def->index_count + 1, sizeof *indexes));
    if (indexes == NULL)
        return kx_base__nomem();
    for (size_t i = 0; i < def->index_count; i++)
        indexes[i] = def->indexes[i].given;
    indexes[def->index_count] = (kx_index){0};
    model->indexes = indexes;
    return KX_OK;
}

static int relations_of(const kx_def_collection *def, kx_arena *arena, kx_model *model)
{
    kx_relation *relations = kx_arena__alloc(arena, kx_base__times(def->relation_count + 1, sizeof *relations));
    if (relations == NULL)
        return kx_base__nomem();
    for (size_t i = 0; i < def->relation_count; i++)
        relations[i] = def->relations[i].given;
    relations[def->relation_count] = (kx_relation){0};
    model->relations = relations;
    return KX_OK;
}

int kx_catalog__from_document(kx_slice document, kx_arena *arena, kx_model *model, uint64_t *next_id)
{
    kx_def_collection def;
    *model = (kx_model){0};
    *next_id = 0;
    int rc = kx_def__read(document, false, arena, &def);
    if (rc != KX_OK)
        return rc;
    kx_model read = {.name = def.name};
    rc = fields_of(&def, arena, &read);
    if (rc == KX_OK)
        rc = indexes_of(&def, arena, &read);
    if (rc == KX_OK)
        rc = relations_of(&def, arena, &read);
    if (rc == KX_OK) {
        *model = read;
        *next_id = def.next_id;
    }
    return rc;
}

/* Texts are copied, so the parsed document may go. */
int kx_catalog__from_json(const char *line, size_t size, kx_arena *arena, kx_model *model, uint64_t *next_id)
{
    kx_buf document = {0};
    *model = (kx_model){0};
    *next_id = 0;
    int rc = kx_document__from_json(line, size, false, &document);
    if (rc == KX_OK)
        rc = kx_catalog__from_document(kx_buf__slice(&document), arena, model, next_id);
    kx_buf__free(&document);
    return rc;
}

/* A document of a dump begins with its _id, which no collection line has. */
bool kx_catalog__is_line(kx_slice document, kx_slice *name)
{
    kx_slice item, id;
    kx_value value;
    *name = (kx_slice){0};
    if (kx_document__find(document, "_id", strlen("_id"), &id) ||
        !kx_document__find(document, "collection", strlen("collection"), &item) ||
        kx_document__value(item, &value) != KX_OK || value.type != KX_TYPE_TEXT)
        return false;
    *name = kx_slice_of(value.data, value.size);
    return true;
}
