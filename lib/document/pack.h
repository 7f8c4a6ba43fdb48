/*
 * pack.h -- msgpack-c's packer over growable bytes. It writes shortest forms, which is what canonical form asks for.
 * Sizes must be bounded before: the packer cuts lengths beyond 32 bits without a word. Private to this room.
 */
#ifndef KX_DOCUMENT_PACK_H
#define KX_DOCUMENT_PACK_H

#include <msgpack.h>

#include "document/validate.h"

static inline int kx_pack_write(void *out, const char *bytes, size_t size)
{
    kx_buf__append(out, bytes, size);
    return ((kx_buf *)out)->rc == KX_OK ? 0 : -1;
}

static inline msgpack_packer kx_packer(kx_buf *out)
{
    msgpack_packer packer;
    msgpack_packer_init(&packer, out, kx_pack_write);
    return packer;
}

/* Append a value that is no container and can be stored. */
void kx_document__pack_scalar(kx_buf *out, const kx_value *value);

/* NaNs are all written alike. */
void kx_document__pack_real(kx_buf *out, double real);

/* The header of a container with `count` members, at `header`, which has room for it: 5 bytes at most. Its length. */
uint32_t kx_document__pack_count(uint8_t *header, uint32_t count, bool is_map);

/* Make the one byte at `at` the header of `count` members; they lie behind it to the end, and move where they must. */
void kx_document__pack_header(kx_buf *out, size_t at, uint32_t count, bool is_map);

/* Append a value that passed kx_document__validate() in canonical form. */
void kx_document__pack_canonical(kx_buf *out, kx_slice value);

#endif
