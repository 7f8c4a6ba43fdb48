/*
 * key_read.c -- from a key back to its parts, and from a part to its value where that is all there.
 *
 * A descending part is the complement of the ascending one, byte by byte: `flip` undoes it.
 */
#include "key/key_impl.h"

#include <endian.h>
#include <string.h>

static uint64_t load_be64(const uint8_t *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return be64toh(word);
}

/* ---- sizes ------------------------------------------------------------------------------ */

/* The last byte of the whole part tells by its lowest bit whether a fraction follows. */
static size_t number_size(kx_slice part, uint8_t first, uint8_t flip)
{
    bool negative = first < TAG_ZERO;
    size_t whole = 1 + (size_t)(negative ? TAG_ZERO - first : first - TAG_ZERO);
    if (whole > part.size)
        return 0;
    uint8_t last = part.data[whole - 1] ^ flip ^ (negative ? 0xff : 0);
    return whole + (whole > 1 && (last & 1) != 0 ? 8 : 0);
}

static size_t text_size(kx_slice part, uint8_t flip)
{
    const uint8_t *end = part.size > 1 ? memchr(part.data + 1, flip, part.size - 1) : NULL;
    return end != NULL ? (size_t)(end - part.data) + 1 : 0;
}

size_t kx_key__part_size(kx_slice key, bool descending)
{
    uint8_t flip = descending ? 0xff : 0;
    if (key.size == 0)
        return 0;
    uint8_t first = key.data[0] ^ flip;
    size_t size = 1;
    if (first > TAG_HUGE_NEGATIVE && first < TAG_HUGE)
        size = number_size(key, first, flip);
    else if (first == TAG_HUGE_NEGATIVE || first == TAG_HUGE)
        size = 9;
    else if (first == TAG_TIME)
        size = 13;
    else if (first == TAG_TEXT || first == TAG_BINARY || first == TAG_OTHER)
        size = text_size(key, flip);
    return size <= key.size ? size : 0;
}

/* ---- values --------------------------------------------------------------------------------- */

/* Behind the tag and before the end; an escape is 01 and one more than the byte. */
static int read_bytes(kx_slice part, uint8_t flip, kx_buf *bytes)
{
    kx_buf__clear(bytes);
    for (size_t i = 1; i + 1 < part.size; i++) {
        uint8_t byte = part.data[i] ^ flip;
        if (byte == 1 && i + 2 < part.size)
            byte = (uint8_t)((part.data[++i] ^ flip) - 1);
        kx_buf__byte(bytes, byte);
    }
    return bytes->rc;
}

static kx_value read_time(kx_slice part, uint8_t flip)
{
    uint8_t plain[13];
    for (size_t i = 0; i < sizeof plain; i++)
        plain[i] = part.data[i] ^ flip;
    kx_value value = {.type = KX_TYPE_TIME};
    value.integer = (int64_t)(load_be64(plain + 1) ^ UINT64_C(1) << 63);
    value.extra =
        (int32_t)((uint32_t)plain[9] << 24 | (uint32_t)plain[10] << 16 | (uint32_t)plain[11] << 8 | plain[12]);
    return value;
}

int kx_key__read(kx_slice part, bool descending, kx_buf *bytes, kx_value *value)
{
    uint8_t flip = descending ? 0xff : 0, first = part.size > 0 ? part.data[0] ^ flip : 0;
    int rc = KX_OK;
    *value = (kx_value){0};
    if (first == TAG_NULL)
        value->type = KX_TYPE_NULL;
    if (first == TAG_TRUE || first == TAG_FALSE)
        *value = (kx_value){.type = KX_TYPE_BOOL, .integer = first == TAG_TRUE};
    if (first == TAG_TIME && part.size == 13)
        *value = read_time(part, flip);
    if (first != TAG_TEXT && first != TAG_BINARY)
        return KX_OK;
    rc = read_bytes(part, flip, bytes);
    *value = (kx_value){.type = first == TAG_TEXT ? KX_TYPE_TEXT : KX_TYPE_BINARY,
                        .data = bytes->data != NULL ? (const void *)bytes->data : "",
                        .size = bytes->size};
    return rc;
}
