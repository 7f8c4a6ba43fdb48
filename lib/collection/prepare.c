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

static __attribute__((noinline)) int check_other(const kx_cat_collection *collection, const kx_cat_field *field,
                                                 kx_slice item, kx_type type)
{
    kx_value value = {0};
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

static inline int check_item(const kx_cat_collection *collection, const kx_cat_field *field, kx_slice item)
{
    kx_type type = kx_document__type(item);
    return type == field->type && type != KX_TYPE_NONE ? KX_OK : check_other(collection, field, item, type);
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
 * Its members are listed by whoever checks its bytes. Where each declared field stands is found in one walk over them:
 * members usually come in the order of the declaration, so the next field is tried first.                              */

int kx_collection__survey_begin(const kx_cat_collection *collection, kx_survey *survey)
{
    size_t fields = collection->field_count;
    survey->members = survey->few_members;
    survey->room = KX_SURVEY_MEMBERS;
    survey->count = 0;
    survey->document = (kx_slice){0};
    survey->items = survey->few_items;
    if (fields > KX_SURVEY_FIELDS)
        survey->items = kx_base__alloc(kx_base__times(fields, sizeof *survey->items));
    return survey->items != NULL ? KX_OK : kx_base__nomem();
}

void kx_collection__survey_end(kx_survey *survey)
{
    if (survey->items != survey->few_items)
        kx_base__free(survey->items);
    if (survey->members != survey->few_members)
        kx_base__free(survey->members);
}

/* A document with `count` members, listed as far as there was room. */
static int show_members(kx_survey *survey, kx_slice document, size_t count)
{
    survey->document = document;
    survey->count = count;
    if (count <= survey->room)
        return KX_OK;
    kx_listed *old = survey->members != survey->few_members ? survey->members : NULL;
    kx_listed *members = kx_base__realloc(old, kx_base__times(count, sizeof *members));
    if (members == NULL)
        return kx_base__nomem();
    survey->members = members;
    survey->room = count;
    kx_document__list_members(document, members, count);
    return KX_OK;
}

static int list_members(kx_survey *survey, kx_slice document)
{
    return show_members(survey, document, kx_document__list_members(document, survey->members, survey->room));
}

static inline kx_slice item_of(const kx_survey *survey, size_t at)
{
    size_t end = at + 1 < survey->count ? survey->members[at + 1].at : survey->document.size;
    return kx_document__listed_item(survey->document, &survey->members[at], end);
}

static inline bool same_eight(const void *left, const void *right)
{
    uint64_t a, b;
    memcpy(&a, left, sizeof a);
    memcpy(&b, right, sizeof b);
    return a == b;
}

static inline bool same_four(const void *left, const void *right)
{
    uint32_t a, b;
    memcpy(&a, left, sizeof a);
    memcpy(&b, right, sizeof b);
    return a == b;
}

/* What memcmp() says, for names of fields, which are short: a call would cost more than they do. */
static inline bool same_text(const uint8_t *left, const char *right, size_t size)
{
    if (size >= 4 && size < 8)
        return same_four(left, right) && same_four(left + size - 4, right + size - 4);
    if (size >= 8 && size <= 16)
        return same_eight(left, right) && same_eight(left + size - 8, right + size - 8);
    return memcmp(left, right, size) == 0;
}

kx_slice kx_collection__survey_item(const kx_survey *survey, const kx_cat_part *part)
{
    kx_slice item = {0};
    if (!part->plain) {
        kx_document__at(survey->document, &part->path, &item);
        return item;
    }
    for (size_t i = 0; i < survey->count; i++) {
        const kx_listed *member = &survey->members[i];
        if (member->size == part->size && same_text(survey->document.data + member->key, part->text, part->size))
            return item_of(survey, i);
    }
    return item;
}

static inline bool is_name(kx_slice key, const char *name, size_t size)
{
    return key.size == size && same_text(key.data, name, size);
}

/* `_id` and the names of relations are no fields. */
static inline int check_name(const kx_cat_collection *collection, kx_slice key)
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

static inline bool is_field(const kx_cat_field *field, kx_slice key)
{
    return field->size == key.size && field->plain && same_text(key.data, field->path_text, key.size);
}

/* The declared field of this name; NULL: none. */
static const kx_cat_field *field_named(const kx_cat_collection *collection, kx_slice key)
{
    const kx_cat_field *end = collection->fields + collection->field_count;
    for (const kx_cat_field *field = collection->fields; field < end; field++)
        if (is_field(field, key))
            return field;
    return NULL;
}

static int look(const kx_cat_collection *collection, kx_survey *survey)
{
    const kx_cat_field *fields = collection->fields, *end = fields + collection->field_count, *next = fields;
    int rc = KX_OK;
    for (size_t i = 0; i < collection->field_count; i++)
        survey->items[i] = (kx_slice){0};
    for (size_t i = 0; i < survey->count && rc == KX_OK; i++) {
        kx_slice key = kx_slice_of(survey->document.data + survey->members[i].key, survey->members[i].size);
        const kx_cat_field *field = next < end && is_field(next, key) ? next : field_named(collection, key);
        if (field != NULL) {
            survey->items[field - fields] = item_of(survey, i);
            next = field + 1;
        }
        rc = check_name(collection, key);
    }
    for (const kx_cat_field *field = fields; field < end; field++)
        if (!field->plain)
            kx_document__at(survey->document, &field->path, &survey->items[field - fields]);
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
    kx_survey survey;
    int rc = kx_collection__survey_begin(collection, &survey);
    if (rc == KX_OK)
        rc = list_members(&survey, document);
    if (rc == KX_OK)
        rc = look(collection, &survey);
    if (rc == KX_OK)
        rc = check_items(collection, survey.items);
    kx_collection__survey_end(&survey);
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
                kx_survey *survey)
{
    kx_buf filled = {0};
    int rc = kx_document__patch(op->after, list->changes, list->count, &filled, &op->after);
    kx_buf__free(scratch);
    *scratch = filled;
    if (rc == KX_OK)
        rc = list_members(survey, op->after);
    return rc == KX_OK ? look(collection, survey) : rc;
}

static int prepare(kx_txn *txn, const kx_cat_collection *collection, const kx_record *how, const uint64_t *next,
                   kx_buf *scratch, kx_survey *survey, kx_write_op *op)
{
    fill_list list;
    int rc = start_list(&list, collection->field_count + 1);
    if (rc == KX_OK)
        rc = look(collection, survey);
    if (rc == KX_OK && collection->has_checks && !(how != NULL && how->exact))
        add_initials(collection, survey->items, &list);
    if (rc == KX_OK)
        rc = choose_id(txn, collection, op->after, how, next, &list, op);
    if (rc == KX_OK && list.count != 0)
        rc = fill(collection, &list, scratch, op, survey);
    if (rc == KX_OK)
        rc = check_items(collection, survey->items);
    end_list(&list);
    return rc;
}

int kx_collection__survey_prepare(kx_txn *txn, const kx_cat_collection *collection, kx_slice bytes,
                                  const kx_record *how, const uint64_t *next, kx_buf *scratch, kx_survey *survey,
                                  kx_write_op *op)
{
    size_t count = survey->room;
    *op = (kx_write_op){0};
    kx_buf__clear(scratch);
    int rc = kx_document__canonical_members(bytes, scratch, &op->after, survey->members, &count);
    if (rc == KX_OK)
        rc = show_members(survey, op->after, count);
    return rc == KX_OK ? prepare(txn, collection, how, next, scratch, survey, op) : rc;
}

int kx_collection__prepare(kx_txn *txn, const kx_cat_collection *collection, kx_slice bytes, const kx_record *how,
                           const uint64_t *next, kx_buf *scratch, kx_write_op *op)
{
    kx_survey survey;
    *op = (kx_write_op){0};
    int rc = kx_collection__survey_begin(collection, &survey);
    if (rc == KX_OK)
        rc = kx_collection__survey_prepare(txn, collection, bytes, how, next, scratch, &survey, op);
    kx_collection__survey_end(&survey);
    return rc;
}
