/*
 * layout.c -- whole C structs in and out, by the members that a model's fields describe.
 *
 * Layouts are of the handle, not of the store: the catalog knows fields, a program knows where its structs keep them.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include <lmdbkenobix/schema.h>

#include "collection/collection_impl.h"

/* ---- keeping layouts ----------------------------------------------------------- */

void kx_collection__layout_release(kx_layout *layout)
{
    if (layout == NULL || atomic_fetch_sub_explicit(&layout->references, 1, memory_order_acq_rel) != 1)
        return;
    kx_arena__free(&layout->arena);
    kx_base__free(layout);
}

static bool has_size(kx_type type, size_t size)
{
    switch (type) {
    case KX_TYPE_BOOL: return size == sizeof(bool);
    case KX_TYPE_INT: return size == 1 || size == 2 || size == 4 || size == 8;
    case KX_TYPE_REAL: return size == sizeof(float) || size == sizeof(double);
    case KX_TYPE_TEXT:
    case KX_TYPE_BINARY: return size == sizeof(char *);
    case KX_TYPE_TIME: return size == sizeof(int64_t);
    default: return false;
    }
}

static int check_member(const kx_model *model, const kx_field *field)
{
    const char *type = kx_type_name(field->type);
    if (!has_size(field->type, field->size))
        return kx_base__fail_at(KX_INVALID, model->name, field->path, NULL, NULL,
                                "%s.%s: a struct member of %zu bytes cannot hold %s", model->name, field->path,
                                field->size, type != NULL ? type : "this type");
    if (field->type == KX_TYPE_BINARY && field->length == 0)
        return kx_base__fail_at(KX_INVALID, model->name, field->path, NULL, NULL,
                                "%s.%s: a binary member needs .length = KX_AT(…)", model->name, field->path);
    return KX_OK;
}

static size_t most(size_t a, size_t b)
{
    return a > b ? a : b;
}

static kx_layout *copy_layout(const kx_model *model, size_t count)
{
    kx_layout *layout = kx_base__zalloc(sizeof *layout);
    if (layout == NULL)
        return NULL;
    atomic_init(&layout->references, 1);
    layout->collection = kx_arena__text(&layout->arena, model->name, strlen(model->name));
    layout->members = kx_arena__alloc(&layout->arena, kx_base__times(count, sizeof *layout->members));
    bool whole = layout->collection != NULL && layout->members != NULL;
    for (const kx_field *field = model->fields; whole && field->path != NULL; field++) {
        if (field->size == 0)
            continue;
        kx_field *member = &layout->members[layout->count++];
        *member = *field;
        member->initial = NULL;
        member->path = kx_arena__text(&layout->arena, field->path, strlen(field->path));
        layout->size = most(layout->size, field->offset + field->size);
        layout->size = most(layout->size, field->present);
        layout->size = most(layout->size, field->length != 0 ? field->length - 1 + sizeof(size_t) : 0);
        whole = member->path != NULL;
    }
    if (whole)
        return layout;
    kx_collection__layout_release(layout);
    return NULL;
}

static bool same_member(const kx_field *left, const kx_field *right)
{
    return strcmp(left->path, right->path) == 0 && left->type == right->type && left->offset == right->offset &&
           left->size == right->size && left->is_unsigned == right->is_unsigned && left->present == right->present &&
           left->length == right->length;
}

static bool same_layout(const kx_layout *layout, const kx_model *model)
{
    size_t at = 0;
    for (const kx_field *field = model->fields; field->path != NULL; field++) {
        if (field->size == 0)
            continue;
        if (at == layout->count || !same_member(&layout->members[at], field))
            return false;
        at++;
    }
    return at == layout->count;
}

static kx_layout *find_layout(kx_layout *layout, const char *collection)
{
    while (layout != NULL && strcmp(layout->collection, collection) != 0)
        layout = layout->next;
    return layout;
}

/* Put a layout on `list` unless the handle, or the list, has it. */
static int make_layout(const kx_db *db, const kx_model *model, kx_layout **list)
{
    size_t count = 0;
    int rc = KX_OK;
    for (const kx_field *field = model->fields; field != NULL && field->path != NULL && rc == KX_OK; field++) {
        count += field->size != 0;
        rc = field->size != 0 ? check_member(model, field) : KX_OK;
    }
    if (rc != KX_OK || count == 0)
        return rc;
    const kx_layout *known = find_layout(db->layouts, model->name);
    if (known == NULL)
        known = find_layout(*list, model->name);
    if (known != NULL && same_layout(known, model))
        return KX_OK;
    if (known != NULL)
        return kx_base__fail_at(
            KX_CONFLICT, model->name, NULL, NULL, NULL,
            "%s: declared with another C struct than before (%zu members, now %zu, or at other places)", model->name,
            known->count, count);
    kx_layout *layout = copy_layout(model, count);
    if (layout == NULL)
        return kx_base__nomem();
    layout->next = *list;
    *list = layout;
    return KX_OK;
}

int kx_collection__make_layouts(kx_db *db, const kx_model *const *models, kx_layout **list)
{
    int rc = KX_OK;
    *list = NULL;
    pthread_mutex_lock(&db->lock);
    for (; *models != NULL && rc == KX_OK; models++)
        rc = make_layout(db, *models, list);
    pthread_mutex_unlock(&db->lock);
    return rc;
}

void kx_collection__keep_layouts(kx_db *db, kx_layout *list)
{
    pthread_mutex_lock(&db->lock);
    while (list != NULL) {
        kx_layout *layout = list;
        list = layout->next;
        if (find_layout(db->layouts, layout->collection) != NULL) { /* another thread was first */
            kx_collection__layout_release(layout);
            continue;
        }
        layout->next = db->layouts;
        db->layouts = layout;
    }
    pthread_mutex_unlock(&db->lock);
}

void kx_collection__free_layouts(kx_layout *list)
{
    while (list != NULL) {
        kx_layout *next = list->next;
        kx_collection__layout_release(list);
        list = next;
    }
}

kx_layout *kx_collection__layout(kx_db *db, const char *collection)
{
    pthread_mutex_lock(&db->lock);
    kx_layout *layout = find_layout(db->layouts, collection);
    pthread_mutex_unlock(&db->lock);
    return layout;
}

static int layout_of(const kx_doc *doc, size_t size, const kx_layout **found)
{
    const char *name = doc->collection->name;
    const kx_layout *layout = doc->txn != NULL ? kx_collection__layout(doc->txn->db, name) : doc->more->layout;
    *found = layout;
    if (layout == NULL)
        return kx_base__fail_at(KX_INVALID, name, NULL, NULL, NULL, "no C struct was declared for collection '%s'",
                                name);
    if (size < layout->size || size - layout->size >= 2 * sizeof(max_align_t))
        return kx_base__fail_at(KX_INVALID, name, NULL, NULL, NULL,
                                "%s: a struct of %zu bytes was given, the declared members end at %zu", name, size,
                                layout->size);
    return KX_OK;
}

/* ---- integers of any width ---------------------------------------------------------- */

static kx_value load_int(const uint8_t *at, const kx_field *member)
{
    uint64_t wide = 0;
    for (size_t i = 0; i < member->size; i++)
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        wide |= (uint64_t)at[i] << (8 * i);
#else
        wide = wide << 8 | at[i];
#endif
    unsigned shift = (unsigned)(64 - 8 * member->size);
    if (member->is_unsigned)
        return kx_uint(wide);
    return kx_int((int64_t)(wide << shift) >> shift);
}

static bool fits(const kx_value *value, const kx_field *member)
{
    unsigned bits = (unsigned)(8 * member->size);
    if (member->is_unsigned)
        return value->type == KX_TYPE_UINT
                   ? bits == 64
                   : value->integer >= 0 && (bits == 64 || (uint64_t)value->integer >> bits == 0);
    if (value->type == KX_TYPE_UINT)
        return false;
    return bits == 64 || (value->integer >= -(INT64_C(1) << (bits - 1)) && value->integer < INT64_C(1) << (bits - 1));
}

static void store_int(uint8_t *at, const kx_field *member, uint64_t wide)
{
    for (size_t i = 0; i < member->size; i++)
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        at[i] = (uint8_t)(wide >> (8 * i));
#else
        at[member->size - 1 - i] = (uint8_t)(wide >> (8 * i));
#endif
}

/* ---- in --------------------------------------------------------------------------------- */

static kx_value load_bytes(const uint8_t *row, const kx_field *member)
{
    const char *data;
    size_t length;
    memcpy(&data, row + member->offset, sizeof data);
    if (data == NULL)
        return (kx_value){0};
    if (member->length == 0)
        return kx_text(data);
    memcpy(&length, row + member->length - 1, sizeof length);
    return member->type == KX_TYPE_TEXT ? kx_text_n(data, length) : kx_binary(data, length);
}

/* Type 0 where the member says that there is none. */
static kx_value load_member(const uint8_t *row, const kx_field *member)
{
    const uint8_t *at = row + member->offset;
    double real;
    float single;
    int64_t seconds;
    if (member->present != 0 && row[member->present - 1] == 0)
        return (kx_value){0};
    switch (member->type) {
    case KX_TYPE_BOOL: return kx_bool(*at != 0);
    case KX_TYPE_INT: return load_int(at, member);
    case KX_TYPE_REAL:
        if (member->size == sizeof single) {
            memcpy(&single, at, sizeof single);
            return kx_real((double)single);
        }
        memcpy(&real, at, sizeof real);
        return kx_real(real);
    case KX_TYPE_TIME: memcpy(&seconds, at, sizeof seconds); return kx_time(seconds, 0);
    default: return load_bytes(row, member);
    }
}

/* The values were checked all together: say which member it was. Only a text can be no value. */
static int name_member(int rc, const kx_layout *layout, const uint8_t *row)
{
    for (size_t i = 0; i < layout->count; i++) {
        kx_value value = load_member(row, &layout->members[i]);
        if (value.type == KX_TYPE_TEXT && !kx_base__utf8(value.data, value.size))
            return kx_base__fail_at(rc, layout->collection, layout->members[i].path, NULL, &value,
                                    "%s.%s: the text is not UTF-8", layout->collection, layout->members[i].path);
    }
    return kx_base__fail_in(rc, "%s", layout->collection);
}

/* The struct's values as one array in `builder`, and a change for each; those to set get their items from it. */
static int load_changes(const kx_layout *layout, const uint8_t *row, kx_builder *builder, kx_change *changes)
{
    kx_slice array;
    kx_builder__array(builder);
    for (size_t i = 0; i < layout->count; i++) {
        kx_value value = load_member(row, &layout->members[i]);
        changes[i] = (kx_change){.kind = value.type == KX_TYPE_NONE ? KX_CHANGE_UNSET : KX_CHANGE_SET,
                                 .path = layout->members[i].path};
        if (value.type != KX_TYPE_NONE)
            kx_builder__value(builder, &value);
    }
    kx_builder__end(builder);
    int rc = kx_builder__finish(builder, &array);
    kx_members items = kx_document__members(array);
    for (size_t i = 0; i < layout->count && rc == KX_OK; i++)
        if (changes[i].kind == KX_CHANGE_SET && kx_document__next(&items))
            changes[i].item = items.item;
    return rc == KX_OK ? rc : name_member(rc, layout, row);
}

int kx_collection__doc_from_struct(kx_doc *doc, const void *row, size_t size)
{
    const kx_layout *layout;
    kx_builder builder;
    int rc = layout_of(doc, size, &layout);
    if (rc != KX_OK)
        return rc;
    kx_change *changes = kx_base__alloc(kx_base__times(layout->count, sizeof *changes));
    if (changes == NULL)
        return kx_base__nomem();
    kx_builder__init(&builder);
    rc = load_changes(layout, row, &builder, changes);
    if (rc == KX_OK)
        rc = kx_collection__doc_apply(doc, changes, layout->count);
    kx_builder__free(&builder);
    kx_base__free(changes);
    return rc;
}

/* ---- out --------------------------------------------------------------------------------- */

static int wrong(const kx_doc *doc, const kx_field *member, const kx_value *value, const char *what)
{
    char text[128];
    const char *name = doc->collection->name;
    return kx_base__fail_at(KX_INVALID, name, member->path, doc->is_new ? NULL : &doc->id, value, "%s.%s = %s %s", name,
                            member->path, kx_base__show(value, text, sizeof text), what);
}

static int store_real(const kx_doc *doc, const kx_field *member, const kx_value *value, uint8_t *at)
{
    double real = value->real;
    if (value->type == KX_TYPE_INT || value->type == KX_TYPE_UINT) {
        real = value->type == KX_TYPE_INT ? (double)value->integer : (double)(uint64_t)value->integer;
        kx_value back = kx_real(real);
        if (kx_key__compare(&back, value) != 0)
            return wrong(doc, member, value, "is no exact real number");
    } else if (value->type != KX_TYPE_REAL) {
        return wrong(doc, member, value, "is no number");
    }
    if (member->size == sizeof real) {
        memcpy(at, &real, sizeof real);
        return KX_OK;
    }
    if (isfinite(real) && fabs(real) > (double)FLT_MAX)
        return wrong(doc, member, value, "is out of the struct member's range");
    float single = (float)real;
    if (value->type != KX_TYPE_REAL && (double)single != real)
        return wrong(doc, member, value, "is no exact real number of the struct member's size");
    memcpy(at, &single, sizeof single);
    return KX_OK;
}

static int store_bytes(const kx_doc *doc, const kx_field *member, const kx_value *value, uint8_t *row)
{
    if (value->type != member->type)
        return wrong(doc, member, value, member->type == KX_TYPE_TEXT ? "is no text" : "is no binary");
    if (member->length == 0 && memchr(value->data, 0, value->size) != NULL)
        return wrong(doc, member, value, "contains NUL, and its struct member has no .length");
    char *copy = kx_collection__doc_space(doc, value->size + 1);
    if (copy == NULL)
        return kx_base__nomem();
    memcpy(copy, value->data, value->size);
    copy[value->size] = '\0';
    memcpy(row + member->offset, &copy, sizeof copy);
    if (member->length != 0)
        memcpy(row + member->length - 1, &value->size, sizeof value->size);
    return KX_OK;
}

static int store_member(const kx_doc *doc, const kx_field *member, const kx_value *value, uint8_t *row)
{
    uint8_t *at = row + member->offset;
    switch (member->type) {
    case KX_TYPE_BOOL:
        if (value->type != KX_TYPE_BOOL)
            return wrong(doc, member, value, "is no boolean");
        *at = value->integer != 0;
        return KX_OK;
    case KX_TYPE_INT:
        if (value->type != KX_TYPE_INT && value->type != KX_TYPE_UINT)
            return wrong(doc, member, value, "is no integer");
        if (!fits(value, member))
            return wrong(doc, member, value, "is out of the struct member's range");
        store_int(at, member, (uint64_t)value->integer);
        return KX_OK;
    case KX_TYPE_TIME:
        if (value->type != KX_TYPE_TIME)
            return wrong(doc, member, value, "is no time");
        memcpy(at, &value->integer, sizeof value->integer);
        return KX_OK;
    case KX_TYPE_REAL: return store_real(doc, member, value, at);
    default: return store_bytes(doc, member, value, row);
    }
}

static int store_nothing(const kx_doc *doc, const kx_field *member, uint8_t *row)
{
    const char *name = doc->collection->name;
    if (!member->optional)
        return kx_base__fail_at(KX_REQUIRED, name, member->path, doc->is_new ? NULL : &doc->id, NULL,
                                "%s.%s is required and is missing or null", name, member->path);
    memset(row + member->offset, 0, member->size);
    if (member->length != 0)
        memset(row + member->length - 1, 0, sizeof(size_t));
    return KX_OK;
}

int kx_collection__doc_to_struct(const kx_doc *doc, void *row, size_t size)
{
    const kx_layout *layout;
    int rc = layout_of(doc, size, &layout);
    for (size_t i = 0; i < (rc == KX_OK ? layout->count : 0) && rc == KX_OK; i++) {
        const kx_field *member = &layout->members[i];
        kx_slice item;
        kx_value value;
        rc = kx_collection__doc_item(doc, member->path, &item);
        if (rc == KX_OK)
            rc = kx_document__value(item, &value);
        if (rc != KX_OK)
            return rc;
        bool there = value.type != KX_TYPE_NONE && value.type != KX_TYPE_NULL;
        if (member->present != 0)
            ((uint8_t *)row)[member->present - 1] = there;
        rc = there ? store_member(doc, member, &value, row) : store_nothing(doc, member, row);
    }
    return rc;
}
