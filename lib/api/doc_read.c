/* doc_read.c -- reading fields in place, walks, JSON. The promises are in <lmdbkenobix/doc.h>. */
#include <lmdbkenobix/schema.h>

#include "api/api.h"

static int check_get(const kx_doc *doc, const char *path, const void *out)
{
    if (doc != NULL && path != NULL && out != NULL)
        return KX_OK;
    return kx_api__null("kx_doc_get", doc == NULL ? "doc" : path == NULL ? "path" : "the result");
}

static int missing(const kx_doc *doc, const char *path)
{
    const char *name = doc->collection->name;
    return kx_base__fail_at(KX_NOTFOUND, name, path, doc->is_new ? NULL : &doc->id, NULL, "%s.%s is missing", name,
                            path);
}

static const char *type_name(kx_type type)
{
    const char *name = kx_type_name(type == KX_TYPE_UINT ? KX_TYPE_INT : type);
    return name != NULL ? name : type == KX_TYPE_NULL ? "null" : "ext";
}

static int other_type(const kx_doc *doc, const char *path, const kx_value *value, const char *expected)
{
    const char *name = doc->collection->name;
    return kx_base__fail_at(KX_INVALID, name, path, doc->is_new ? NULL : &doc->id, value,
                            "%s.%s: expected %s, found %s", name, path, expected, type_name(value->type));
}

static int out_of_range(const kx_doc *doc, const char *path, const kx_value *value, const char *expected)
{
    char text[64];
    const char *name = doc->collection->name;
    return kx_base__fail_at(KX_INVALID, name, path, doc->is_new ? NULL : &doc->id, value, "%s.%s = %s is %s", name,
                            path, kx_base__show(value, text, sizeof text), expected);
}

/* A field by its plain name, straight from the bytes; missing where the path is another one, or nothing stands there.
   The getters of the usual types try this first, and everything else, errors too, only where it does not do. */
static inline kx_slice plain_item(const kx_doc *doc, const char *path)
{
    kx_slice item = {0};
    return kx_document__find_plain(doc->bytes, path, &item) ? item : (kx_slice){0};
}

static int get_value(const kx_doc *doc, const char *path, kx_value *value)
{
    kx_slice item;
    int rc = kx_collection__doc_item(doc, path, &item);
    if (rc == KX_OK)
        rc = kx_document__value(item, value);
    if (rc == KX_OK && value->type == KX_TYPE_NONE)
        rc = missing(doc, path);
    return rc;
}

int kx_doc_get(const kx_doc *doc, const char *path, kx_value *value)
{
    int rc = check_get(doc, path, value);
    if (rc == KX_OK)
        rc = get_value(doc, path, value);
    if (rc != KX_OK && value != NULL)
        *value = (kx_value){0};
    return kx_base__done(rc);
}

/* A value of one type. */
static int get_typed(const kx_doc *doc, const char *path, const void *out, kx_type type, const char *expected,
                     kx_value *value)
{
    int rc = check_get(doc, path, out);
    if (rc == KX_OK)
        rc = get_value(doc, path, value);
    if (rc == KX_OK && value->type != type)
        rc = other_type(doc, path, value, expected);
    if (rc != KX_OK)
        *value = (kx_value){0};
    return rc;
}

int kx_doc_get_bool(const kx_doc *doc, const char *path, bool *out)
{
    kx_value value;
    int rc = get_typed(doc, path, out, KX_TYPE_BOOL, "bool", &value);
    if (out != NULL)
        *out = value.integer != 0;
    return kx_base__done(rc);
}

static bool is_integer(const kx_value *value)
{
    return value->type == KX_TYPE_INT || value->type == KX_TYPE_UINT;
}

static int get_number(const kx_doc *doc, const char *path, const void *out, kx_value *value)
{
    int rc = check_get(doc, path, out);
    if (rc == KX_OK)
        rc = get_value(doc, path, value);
    if (rc != KX_OK)
        *value = (kx_value){0};
    return rc;
}

int kx_doc_get_int(const kx_doc *doc, const char *path, int64_t *out)
{
    kx_value value;
    if (doc != NULL && path != NULL && out != NULL && kx_document__int(plain_item(doc, path), out))
        return KX_OK;
    int rc = get_number(doc, path, out, &value);
    if (rc == KX_OK && !is_integer(&value))
        rc = other_type(doc, path, &value, "int");
    else if (rc == KX_OK && value.type == KX_TYPE_UINT)
        rc = out_of_range(doc, path, &value, "above 2^63-1; read it with kx_doc_get_uint");
    if (out != NULL)
        *out = rc == KX_OK ? value.integer : 0;
    return kx_base__done(rc);
}

int kx_doc_get_uint(const kx_doc *doc, const char *path, uint64_t *out)
{
    kx_value value;
    int rc = get_number(doc, path, out, &value);
    if (rc == KX_OK && !is_integer(&value))
        rc = other_type(doc, path, &value, "int");
    else if (rc == KX_OK && value.type == KX_TYPE_INT && value.integer < 0)
        rc = out_of_range(doc, path, &value, "negative");
    if (out != NULL)
        *out = rc == KX_OK ? (uint64_t)value.integer : 0;
    return kx_base__done(rc);
}

static __attribute__((noinline)) int get_real(const kx_doc *doc, const char *path, double *out)
{
    kx_value value;
    double real = 0;
    int rc = get_number(doc, path, out, &value);
    if (rc == KX_OK && value.type == KX_TYPE_REAL) {
        real = value.real;
    } else if (rc == KX_OK && is_integer(&value)) {
        real = value.type == KX_TYPE_INT ? (double)value.integer : (double)(uint64_t)value.integer;
        kx_value back = kx_real(real);
        if (kx_key__compare(&back, &value) != 0)
            rc = out_of_range(doc, path, &value, "no exact real number");
    } else if (rc == KX_OK) {
        rc = other_type(doc, path, &value, "real");
    }
    if (out != NULL)
        *out = rc == KX_OK ? real : 0;
    return kx_base__done(rc);
}

int kx_doc_get_real(const kx_doc *doc, const char *path, double *out)
{
    if (doc != NULL && path != NULL && out != NULL && kx_document__real(plain_item(doc, path), out))
        return KX_OK;
    return get_real(doc, path, out);
}

int kx_doc_get_text(const kx_doc *doc, const char *path, const char **text, size_t *size)
{
    kx_value value;
    int rc = get_typed(doc, path, text != NULL ? size : NULL, KX_TYPE_TEXT, "text", &value);
    if (text != NULL)
        *text = value.data;
    if (size != NULL)
        *size = value.size;
    return kx_base__done(rc);
}

int kx_doc_get_binary(const kx_doc *doc, const char *path, const void **data, size_t *size)
{
    kx_value value;
    int rc = get_typed(doc, path, data != NULL ? size : NULL, KX_TYPE_BINARY, "binary", &value);
    if (data != NULL)
        *data = value.data;
    if (size != NULL)
        *size = value.size;
    return kx_base__done(rc);
}

int kx_doc_get_time(const kx_doc *doc, const char *path, int64_t *seconds, uint32_t *nanoseconds)
{
    kx_value value;
    int rc = get_typed(doc, path, seconds, KX_TYPE_TIME, "time", &value);
    if (seconds != NULL)
        *seconds = value.integer;
    if (nanoseconds != NULL)
        *nanoseconds = (uint32_t)value.extra;
    return kx_base__done(rc);
}

const char *kx_doc_text(const kx_doc *doc, const char *path)
{
    const char *text = NULL;
    int rc = check_get(doc, path, &text);
    if (rc == KX_OK)
        rc = kx_collection__doc_text(doc, path, &text);
    kx_base__done(rc);
    return text;
}

const char *kx_doc_slice(const kx_doc *doc, const char *path, size_t *size)
{
    kx_value value;
    kx_slice text;
    if (doc != NULL && path != NULL && size != NULL && kx_document__text(plain_item(doc, path), &text)) {
        *size = text.size;
        return (const char *)text.data;
    }
    int rc = get_typed(doc, path, &value, KX_TYPE_TEXT, "text", &value);
    if (size != NULL)
        *size = value.size;
    kx_base__done(rc);
    return value.data;
}

/* ---- containers -------------------------------------------------------------------- */

static int container_at(const kx_doc *doc, const char *path, kx_slice *item)
{
    kx_value value;
    *item = doc->bytes;
    if (path[0] == '\0')
        return KX_OK;
    int rc = get_value(doc, path, &value);
    if (rc == KX_OK && value.type != KX_TYPE_ARRAY && value.type != KX_TYPE_MAP)
        rc = other_type(doc, path, &value, "array or map");
    *item = kx_slice_of(value.data, value.size);
    return rc;
}

int kx_doc_count(const kx_doc *doc, const char *path, size_t *count)
{
    kx_slice item;
    int rc = check_get(doc, path, count);
    if (rc == KX_OK)
        rc = container_at(doc, path, &item);
    if (count != NULL)
        *count = rc == KX_OK ? kx_document__count(item) : 0;
    return kx_base__done(rc);
}

static void start_walk(kx_slice container, kx_iter *iter)
{
    kx_members members = kx_document__members(container);
    *iter = (kx_iter){.at = members.at, .end = members.end, .left = members.left, .is_map = members.is_map};
}

int kx_doc_iter(const kx_doc *doc, const char *path, kx_iter *iter)
{
    kx_slice item;
    int rc = check_get(doc, path, iter);
    if (rc == KX_OK)
        rc = container_at(doc, path, &item);
    if (iter != NULL)
        *iter = (kx_iter){0};
    if (rc == KX_OK)
        start_walk(item, iter);
    return kx_base__done(rc);
}

int kx_value_iter(const kx_value *container, kx_iter *iter)
{
    if (container == NULL || iter == NULL)
        return kx_base__done(kx_api__null("kx_value_iter", container == NULL ? "container" : "iter"));
    *iter = (kx_iter){0};
    if (container->type != KX_TYPE_ARRAY && container->type != KX_TYPE_MAP)
        return kx_base__done(kx_base__fail(KX_INVALID, "kx_value_iter: neither an array nor a map"));
    start_walk(kx_slice_of(container->data, container->size), iter);
    return KX_OK;
}

bool kx_iter_next(kx_iter *iter)
{
    if (iter == NULL)
        return false;
    kx_members members = {.at = iter->at, .end = iter->end, .left = (uint32_t)iter->left, .is_map = iter->is_map != 0};
    bool more = kx_document__next(&members) && kx_document__value(members.item, &iter->value) == KX_OK;
    iter->at = members.at;
    iter->left = more ? members.left : 0;
    if (more && members.is_map)
        iter->key = kx_text_n((const char *)members.key.data, members.key.size);
    else if (!more)
        iter->key = iter->value = (kx_value){0};
    return more;
}

/* ---- whole documents ------------------------------------------------------------------- */

int kx_doc_msgpack(const kx_doc *doc, const void **data, size_t *size)
{
    if (doc == NULL || data == NULL || size == NULL)
        return kx_base__done(kx_api__null("kx_doc_msgpack", doc == NULL ? "doc" : "the result"));
    *data = doc->bytes.data;
    *size = doc->bytes.size;
    return KX_OK;
}

int kx_doc_get_json(const kx_doc *doc, const char *path, const char **json)
{
    int rc = check_get(doc, path, json);
    if (json != NULL)
        *json = NULL;
    return kx_base__done(rc == KX_OK ? kx_collection__doc_json(doc, path, json) : rc);
}

int kx_doc_to_json(const kx_doc *doc, const char **json)
{
    int rc = check_get(doc, "", json);
    if (json != NULL)
        *json = NULL;
    return kx_base__done(rc == KX_OK ? kx_relation__json(doc, json) : rc);
}
