/*
 * builder.c -- documents made piece by piece.
 *
 * An open container is one byte, a guess that it has fewer than 16 members; end() corrects it, moving the members where
 * the guess was wrong. finish() puts the whole through the validator, so that what a builder yields is always a value
 * that a document may hold, whatever it was fed.
 */
#include "document/bytes.h"
#include "document/document.h"
#include "document/pack.h"

static void fail(kx_builder *builder, int code, const char *what)
{
    if (builder->out.rc == KX_OK)
        builder->out.rc = kx_base__fail(code, "builder: %s", what);
}

/* `count` of an open map counts keys and values: it is odd where a value is due. */
static const char *wrong_place(const kx_builder *builder)
{
    if (builder->depth == 0)
        return builder->out.size > 0 ? "a second value behind the first" : NULL;
    if (builder->open[builder->depth - 1].is_map && builder->open[builder->depth - 1].count % 2 == 0)
        return "a value without a key";
    return NULL;
}

static bool begin_value(kx_builder *builder)
{
    const char *wrong = wrong_place(builder);
    if (wrong != NULL)
        fail(builder, KX_INVALID, wrong);
    else if (builder->out.size > KX_DOCUMENT_SIZE)
        fail(builder, KX_LIMIT, "longer than 64 MiB");
    else if (builder->depth > 0)
        builder->open[builder->depth - 1].count++;
    return builder->out.rc == KX_OK;
}

static void open_container(kx_builder *builder, bool is_map)
{
    if (!begin_value(builder))
        return;
    if (builder->depth == KX_DOCUMENT_DEPTH) {
        fail(builder, KX_LIMIT, "deeper than 64 levels");
        return;
    }
    builder->open[builder->depth].at = builder->out.size;
    builder->open[builder->depth].count = 0;
    builder->open[builder->depth].is_map = is_map;
    builder->depth++;
    kx_buf__byte(&builder->out, is_map ? 0x80 : 0x90);
}

void kx_document__pack_scalar(kx_buf *out, const kx_value *value)
{
    msgpack_packer packer = kx_packer(out);
    msgpack_timestamp time = {value->integer, (uint32_t)value->extra};
    switch (value->type) {
    case KX_TYPE_NULL:
        msgpack_pack_nil(&packer);
        break;
    case KX_TYPE_BOOL:
        kx_buf__byte(out, value->integer != 0 ? 0xc3 : 0xc2);
        break;
    case KX_TYPE_INT:
        msgpack_pack_int64(&packer, value->integer);
        break;
    case KX_TYPE_UINT:
        msgpack_pack_uint64(&packer, (uint64_t)value->integer);
        break;
    case KX_TYPE_REAL:
        kx_document__pack_real(out, value->real);
        break;
    case KX_TYPE_TEXT:
        msgpack_pack_str_with_body(&packer, value->data, value->size);
        break;
    case KX_TYPE_BINARY:
        msgpack_pack_bin_with_body(&packer, value->data, value->size);
        break;
    case KX_TYPE_TIME:
        msgpack_pack_timestamp(&packer, &time);
        break;
    default:
        msgpack_pack_ext_with_body(&packer, value->data, value->size, (int8_t)value->extra);
        break;
    }
}

/* Why this scalar cannot be stored; NULL when it can. */
static const char *wrong_value(const kx_value *value)
{
    switch (value->type) {
    case KX_TYPE_NONE:
        return "no value";
    case KX_TYPE_LIST:
        return "a list of values is for operators, it cannot be stored";
    case KX_TYPE_TIME:
        return (uint32_t)value->extra < 1000000000 ? NULL : "nanoseconds beyond 999999999";
    case KX_TYPE_EXT:
        return value->extra >= INT8_MIN && value->extra <= INT8_MAX ? NULL : "an extension type beyond -128 to 127";
    default:
        return (unsigned)value->type <= KX_TYPE_LIST ? NULL : "an unknown type of value";
    }
}

static void add_container(kx_builder *builder, kx_slice bytes, kx_type type)
{
    bool canonical;
    int rc = kx_document__validate(bytes, KX_DOCUMENT_DEPTH - builder->depth, "value", &canonical);
    if (rc != KX_OK)
        builder->out.rc = rc;
    else if (kx_document__type(bytes) != type)
        fail(builder, KX_INVALID, "the bytes of a container are of another type");
    else if (canonical)
        kx_buf__append(&builder->out, bytes.data, bytes.size);
    else
        kx_document__pack_canonical(&builder->out, bytes);
}

void kx_builder__init(kx_builder *builder)
{
    builder->out = (kx_buf){0};
    builder->depth = 0;
}

void kx_builder__free(kx_builder *builder)
{
    kx_buf__free(&builder->out);
    builder->depth = 0;
}

void kx_builder__map(kx_builder *builder)
{
    open_container(builder, true);
}

void kx_builder__array(kx_builder *builder)
{
    open_container(builder, false);
}

void kx_builder__end(kx_builder *builder)
{
    if (builder->out.rc != KX_OK)
        return;
    if (builder->depth == 0) {
        fail(builder, KX_INVALID, "nothing is open");
        return;
    }
    builder->depth--;
    bool is_map = builder->open[builder->depth].is_map;
    uint32_t count = builder->open[builder->depth].count;
    if (is_map && count % 2 != 0)
        fail(builder, KX_INVALID, "a key without a value");
    else
        kx_document__pack_header(&builder->out, builder->open[builder->depth].at, is_map ? count / 2 : count, is_map);
}

void kx_builder__key(kx_builder *builder, const char *name)
{
    kx_builder__key_n(builder, name, strlen(name));
}

void kx_builder__key_n(kx_builder *builder, const char *name, size_t size)
{
    if (builder->out.rc != KX_OK)
        return;
    if (builder->depth == 0 || !builder->open[builder->depth - 1].is_map ||
        builder->open[builder->depth - 1].count % 2 != 0) {
        fail(builder, KX_INVALID, "a key where none may be");
        return;
    }
    if (size > KX_KEY_NAME_SIZE) {
        fail(builder, KX_INVALID, "a key longer than 511 bytes");
        return;
    }
    builder->open[builder->depth - 1].count++;
    msgpack_packer packer = kx_packer(&builder->out);
    msgpack_pack_str_with_body(&packer, name, size);
}

void kx_builder__value(kx_builder *builder, const kx_value *value)
{
    const char *wrong = wrong_value(value);
    if (!begin_value(builder))
        return;
    if (wrong != NULL)
        fail(builder, KX_INVALID, wrong);
    else if (value->size > KX_DOCUMENT_SIZE)
        fail(builder, KX_LIMIT, "longer than 64 MiB");
    else if (value->type == KX_TYPE_ARRAY || value->type == KX_TYPE_MAP)
        add_container(builder, kx_slice_of(value->data, value->size), value->type);
    else
        kx_document__pack_scalar(&builder->out, value);
}

void kx_builder__item(kx_builder *builder, kx_slice item)
{
    if (begin_value(builder))
        kx_buf__append(&builder->out, item.data, item.size);
}

int kx_builder__finish(kx_builder *builder, kx_slice *bytes)
{
    *bytes = kx_slice_of(NULL, 0);
    if (builder->depth > 0)
        fail(builder, KX_INVALID, "a map or an array is still open");
    if (builder->out.rc == KX_OK)
        builder->out.rc = kx_document__check_value(kx_buf__slice(&builder->out), NULL);
    if (builder->out.rc == KX_OK)
        *bytes = kx_buf__slice(&builder->out);
    return builder->out.rc;
}
