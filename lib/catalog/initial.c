/*
 * initial.c -- the text of .initial as the value that it stands for.
 *
 *   text    as it is            bool int real array map any   JSON
 *   time    2026-11-22T03:00Z   binary                        base64      (or JSON: {"$date":…}, {"$binary":…})
 */
#include "catalog/catalog_impl.h"

#include <string.h>

static kx_value text_value(const char *text)
{
    return (kx_value){.type = KX_TYPE_TEXT, .data = text, .size = strlen(text)};
}

/* The inside of a JSON text that needs no escapes; anything else could not be a time or base64 anyway. */
static bool is_tame(const char *text)
{
    return text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-/=:.")] == '\0';
}

/* Append MessagePack of `text` read as JSON, or as the inside of `before`…`after` where it is no object itself. */
static int from_json(const char *text, const char *before, const char *after, kx_buf *out)
{
    if (before == NULL || text[0] == '{')
        return kx_document__from_json(text, strlen(text), true, out);
    if (!is_tame(text))
        return KX_INVALID;

    kx_buf json = {0};
    kx_buf__print(&json, "%s%s%s", before, text, after);
    int rc = json.rc;
    if (rc == KX_OK)
        rc = kx_document__from_json((const char *)json.data, json.size, true, out);
    kx_buf__free(&json);
    return rc;
}

static int build(const kx_value *value, kx_buf *out)
{
    kx_builder builder;
    kx_builder__init(&builder);
    kx_builder__value(&builder, value);
    kx_slice bytes;
    int rc = kx_builder__finish(&builder, &bytes);
    if (rc == KX_OK) {
        kx_buf__append(out, bytes.data, bytes.size);
        rc = out->rc;
    }
    kx_builder__free(&builder);
    return rc;
}

/* A real field accepts integers, but its initial is a real: 5 is written as 5.0. */
static int real_from_json(const char *text, kx_buf *out)
{
    int rc = from_json(text, NULL, NULL, out);
    kx_value value = {0};
    if (rc == KX_OK)
        rc = kx_document__value(kx_buf__slice(out), &value);
    if (rc != KX_OK || (value.type != KX_TYPE_INT && value.type != KX_TYPE_UINT))
        return rc;

    kx_value real = {.type = KX_TYPE_REAL,
                     .real = value.type == KX_TYPE_INT ? (double)value.integer : (double)(uint64_t)value.integer};
    kx_buf__clear(out);
    return build(&real, out);
}

static int parse(const kx_field *field, kx_buf *out)
{
    kx_value text = text_value(field->initial);
    switch (field->type) {
    case KX_TYPE_TEXT: return kx_base__utf8(text.data, text.size) ? build(&text, out) : KX_INVALID;
    case KX_TYPE_REAL: return real_from_json(field->initial, out);
    case KX_TYPE_TIME: return from_json(field->initial, "{\"$date\":\"", "\"}", out);
    case KX_TYPE_BINARY:
        return from_json(field->initial, "{\"$binary\":{\"base64\":\"", "\",\"subType\":\"00\"}}", out);
    default: return from_json(field->initial, NULL, NULL, out);
    }
}

int kx_catalog__initial(kx_arena *arena, const char *collection, const kx_field *field, kx_slice *item)
{
    kx_buf out = {0};
    int rc = parse(field, &out);
    kx_type type = rc == KX_OK ? kx_document__type(kx_buf__slice(&out)) : KX_TYPE_NONE;
    bool fits = field->type == KX_TYPE_NONE ? type != KX_TYPE_NULL : type == field->type;
    if (rc == KX_INVALID || (rc == KX_OK && !fits)) {
        kx_value value = text_value(field->initial);
        rc = kx_base__fail_at(KX_INVALID, collection, field->path, NULL, &value,
                              "%s.%s: initial '%s' is no value of type %s", collection, field->path, field->initial,
                              kx_type_name(field->type));
    }
    if (rc == KX_OK) {
        *item = kx_slice_of(kx_arena__copy(arena, out.data, out.size), out.size);
        if (item->data == NULL)
            rc = kx_base__nomem();
    }
    kx_buf__free(&out);
    return rc;
}
