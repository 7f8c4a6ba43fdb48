/*
 * canonical.c -- one form for each value, so that equal documents are equal bytes.
 *
 *   integers     non-negative: 00..7f, cc, cd, ce, cf; negative: e0..ff, d0, d1, d2, d3; the shortest that holds it
 *   reals        cb and 8 bytes; every NaN is 7ff8000000000000; -0.0 stays what it is
 *   timestamps   d6 ff, d7 ff or c7 0c ff: the shortest that holds it
 *   the rest     the shortest length or count
 *
 * Maps keep their order, and nothing is longer than before but float32. Headers alone differ between two forms of a
 * value, so rewriting needs no notion of nesting: items follow each other to the end.
 */
#include "document/bytes.h"
#include "document/document.h"
#include "document/pack.h"

void kx_document__pack_real(kx_buf *out, double real)
{
    static const uint8_t canonical_nan[] = {0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0};
    msgpack_packer packer = kx_packer(out);
    if (real != real)
        kx_buf__append(out, canonical_nan, sizeof canonical_nan);
    else
        msgpack_pack_double(&packer, real);
}

uint32_t kx_document__pack_count(uint8_t *header, uint32_t count, bool is_map)
{
    uint32_t length = kx_container_head(count);
    if (length == 1) {
        *header = (uint8_t)((is_map ? 0x80 : 0x90) | count);
        return length;
    }
    *header = (uint8_t)((is_map ? 0xde : 0xdc) + (length == 5));
    for (uint32_t i = 1; i < length; i++)
        header[i] = (uint8_t)(count >> 8 * (length - 1 - i));
    return length;
}

void kx_document__pack_header(kx_buf *out, size_t at, uint32_t count, bool is_map)
{
    uint32_t more = kx_container_head(count) - 1;
    if (kx_buf__space(out, more) == NULL)
        return;
    uint8_t *header = out->data + at;
    if (more > 0)
        memmove(header + 1 + more, header + 1, out->size - at - 1 - more);
    kx_document__pack_count(header, count, is_map);
}

static void pack_integer(msgpack_packer *packer, const uint8_t *data)
{
    bool negative;
    uint64_t bits = kx_document__integer(data, &negative);
    if (negative)
        msgpack_pack_int64(packer, (int64_t)bits);
    else
        msgpack_pack_uint64(packer, bits);
}

static void pack_ext(msgpack_packer *packer, const uint8_t *payload, uint32_t size)
{
    int8_t type = (int8_t)payload[-1];
    int64_t seconds;
    uint32_t nanoseconds;
    if (type == KX_EXT_TIME && kx_document__time(payload, size, &seconds, &nanoseconds)) {
        msgpack_timestamp time = {seconds, nanoseconds};
        msgpack_pack_timestamp(packer, &time);
    } else {
        msgpack_pack_ext_with_body(packer, payload, size, type);
    }
}

/* One item; of a container only its header. Returns the bytes it had. */
static size_t pack_item(kx_buf *out, const uint8_t *data, size_t size)
{
    msgpack_packer packer = kx_packer(out);
    kx_head head = kx_document__head(data, size);
    const uint8_t *payload = data + head.head;
    switch (head.type) {
    case KX_TYPE_INT:
        pack_integer(&packer, data);
        break;
    case KX_TYPE_REAL:
        kx_document__pack_real(out, kx_load_real(payload, head.count));
        break;
    case KX_TYPE_TEXT:
        msgpack_pack_str_with_body(&packer, payload, head.count);
        break;
    case KX_TYPE_BINARY:
        msgpack_pack_bin_with_body(&packer, payload, head.count);
        break;
    case KX_TYPE_EXT:
        pack_ext(&packer, payload, head.count);
        break;
    case KX_TYPE_ARRAY:
        msgpack_pack_array(&packer, head.count);
        return head.head;
    case KX_TYPE_MAP:
        msgpack_pack_map(&packer, head.count);
        return head.head;
    default:
        kx_buf__byte(out, *data);
        break;
    }
    return head.head + head.count;
}

void kx_document__pack_canonical(kx_buf *out, kx_slice value)
{
    for (size_t at = 0; at < value.size;)
        at += pack_item(out, value.data + at, value.size - at);
}

int kx_document__canonical(kx_slice bytes, kx_buf *scratch, kx_slice *document)
{
    return kx_document__canonical_members(bytes, scratch, document, NULL, &(size_t){0});
}

int kx_document__canonical_members(kx_slice bytes, kx_buf *scratch, kx_slice *document, kx_listed *members, size_t *count)
{
    bool canonical;
    size_t room = *count;
    *document = kx_slice_of(NULL, 0);
    int rc = kx_document__check_members(bytes, members, count, &canonical);
    if (rc != KX_OK || canonical) {
        *document = rc == KX_OK ? bytes : *document;
        return rc;
    }
    kx_buf__clear(scratch);
    kx_document__pack_canonical(scratch, bytes);
    if (scratch->rc == KX_OK && scratch->size > KX_DOCUMENT_SIZE)
        scratch->rc = kx_base__fail(KX_LIMIT, "document: longer than %d bytes in canonical form", KX_DOCUMENT_SIZE);
    if (scratch->rc == KX_OK) {
        *document = kx_buf__slice(scratch);
        kx_document__list_members(*document, members, room);
    }
    return scratch->rc;
}

size_t kx_document__list_members(kx_slice document, kx_listed *members, size_t room)
{
    kx_members walk = kx_document__members(document);
    size_t count = 0;
    for (const uint8_t *at = walk.at; kx_document__next(&walk); at = walk.at, count++) {
        if (count < room)
            members[count] = (kx_listed){(uint32_t)(at - document.data), (uint32_t)(walk.key.data - document.data),
                                         (uint32_t)walk.key.size};
    }
    return count;
}
