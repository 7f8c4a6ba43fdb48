/*
 * key_encode.c -- values as bytes that sort.
 *
 * A part is one byte of type and what follows it; a key is its parts, one after the other.
 *
 *   null, missing   05
 *   false, true     10, 11
 *   NaN             20
 *   x <= -2^64      21 | complement of the IEEE 754 bits of -x, 8 bytes
 *   negative        22 to 2a | complement of what -x has behind its first byte           22 has 9 bytes, 2a has 1
 *   zero            2b
 *   positive        2c to 34 | s, 1 to 9 bytes | fraction, 8 bytes, when s is odd        2c has 1 byte, 34 has 9
 *   x >= 2^64       35 | IEEE 754 bits, 8 bytes
 *   text            40 | bytes, escaped | 00
 *   binary          50 | bytes, escaped | 00
 *   timestamp       60 | seconds + 2^63, 8 bytes | nanoseconds, 4 bytes
 *   other           70 | canonical MessagePack, escaped | 00
 *
 * All numbers are big-endian. A positive number below 2^64 is a whole part m and a fraction f, 0 <= f < 1, both exact:
 * s is 2m, or 2m + 1 when there is a fraction, in as few bytes as hold it (the first byte tells how many), and the
 * fraction is f's IEEE 754 bits. So integers and reals meet on one line, and 1 and 1.0 in one key:
 *
 *   1 = 2c 02     -1 = 2a fd     64 = 2c 80     128 = 2d 01 00     2^64-1 = 34 01 ff ff ff ff ff ff ff fe
 *   1.5 = 2c 03 | 3f e0 00 00 00 00 00 00       -0.5 = 2a fe | c0 1f ff ff ff ff ff ff
 *
 * Escaped: 00 becomes 01 01, and 01 becomes 01 02. Nothing below 01 is left but the 00 that ends it, so that a text
 * sorts before those that it begins: "a" = 40 61 00, "a\0" = 40 61 01 01 00, "ab" = 40 61 62 00.
 *
 * No part begins another one: fixed lengths follow from the first byte (and from s being odd), the others end in the
 * only 00. Hence keys of several parts sort part by part, and a part whose every byte is complemented sorts descending.
 *
 * tests/key/vectors.txt holds these and more.
 */
#include "key/key_impl.h"

#include <endian.h>
#include <math.h>
#include <string.h>

enum {
    NUMBER_ROOM = 24,        /* a number may write this far past what it counts; its longest is 17 bytes */
    PIECE = 64               /* bytes escaped at once, so that space is asked for in small steps         */
};

__attribute__((noinline, cold)) static uint8_t *grow(kx_key *key, size_t more)
{
    if (key->rc != KX_OK)
        return NULL;
    bool inside = key->data == key->space;
    size_t capacity = key->capacity <= SIZE_MAX / 2 ? key->capacity * 2 : SIZE_MAX;
    size_t wanted = more <= SIZE_MAX - key->size ? key->size + more : SIZE_MAX;
    capacity = capacity > wanted ? capacity : wanted;
    uint8_t *data = kx_base__realloc(inside ? NULL : key->data, capacity);
    if (data == NULL) {
        key->rc = kx_base__nomem();
        return NULL;
    }
    if (inside)
        memcpy(data, key->space, key->size);
    key->data = data;
    key->capacity = capacity;
    return data + key->size;
}

/* Where the next `more` bytes may be written; NULL after a failure. What is written is then added to size. */
static inline uint8_t *reserve(kx_key *key, size_t more)
{
    if (key->rc == KX_OK && more <= key->capacity - key->size)
        return key->data + key->size;
    return grow(key, more);
}

static inline void store_be64(uint8_t *out, uint64_t word)
{
    word = htobe64(word);
    memcpy(out, &word, sizeof word);
}

static inline uint64_t double_bits(double real)
{
    uint64_t bits;
    memcpy(&bits, &real, sizeof bits);
    return bits;
}

static void add_tag(kx_key *key, uint8_t tag, uint64_t flip)
{
    uint8_t *out = reserve(key, 1);
    if (out != NULL) {
        *out = tag ^ (uint8_t)flip;
        key->size += 1;
    }
}

/* A tag and 8 bytes: numbers of 2^64 and beyond. */
static void add_huge(kx_key *key, double real, uint64_t flip)
{
    uint8_t *out = reserve(key, NUMBER_ROOM);
    if (out == NULL)
        return;
    bool negative = real < 0;
    out[0] = (negative ? TAG_HUGE_NEGATIVE : TAG_HUGE) ^ (uint8_t)flip;
    store_be64(out + 1, double_bits(fabs(real)) ^ flip ^ (negative ? UINT64_MAX : 0));
    key->size += 9;
}

/*
 * A number of magnitude whole + fraction below 2^64. `flip` is all ones for a descending part. Eight bytes are stored
 * whatever their number, the first at the top of the word: those past the end are written over by what comes next.
 */
static inline void add_number(kx_key *key, bool negative, uint64_t whole, double fraction, uint64_t flip)
{
    uint8_t *out = reserve(key, NUMBER_ROOM);
    if (out == NULL)
        return;
    uint64_t shifted = whole << 1 | (fraction > 0);
    uint64_t payload_flip = flip ^ (negative ? UINT64_MAX : 0);
    unsigned size = 0;
    if (whole >> 63 != 0) {
        size = 9;
        out[1] = 1 ^ (uint8_t)payload_flip;
        store_be64(out + 2, shifted ^ payload_flip);
    } else if (shifted != 0) {
        size = (71 - (unsigned)__builtin_clzll(shifted)) / 8;
        store_be64(out + 1, shifted << (64 - 8 * size) ^ payload_flip);
    }
    out[0] = (uint8_t)(negative ? TAG_ZERO - size : TAG_ZERO + size) ^ (uint8_t)flip;
    key->size += 1 + size;
    if (fraction > 0) {
        store_be64(out + 1 + size, double_bits(fraction) ^ payload_flip);
        key->size += 8;
    }
}

static void add_real(kx_key *key, double real, uint64_t flip)
{
    if (isnan(real)) {
        add_tag(key, TAG_NAN, flip);
        return;
    }
    double magnitude = fabs(real);
    if (magnitude >= KX_KEY_TWO_64) {
        add_huge(key, real, flip);
        return;
    }
    uint64_t whole = (uint64_t)magnitude;
    add_number(key, real < 0, whole, magnitude - (double)whole, flip);
}

static void add_time(kx_key *key, int64_t seconds, int32_t nanoseconds, uint64_t flip)
{
    uint8_t *out = reserve(key, NUMBER_ROOM);
    if (out == NULL)
        return;
    out[0] = TAG_TIME ^ (uint8_t)flip;
    store_be64(out + 1, (uint64_t)seconds ^ UINT64_C(1) << 63 ^ flip);
    store_be64(out + 9, (uint64_t)(uint32_t)nanoseconds << 32 ^ flip);
    key->size += 13;
}

/* True when a byte of `word` is 00 or 01. */
static inline bool needs_escape(uint64_t word)
{
    return ((word - UINT64_C(0x0202020202020202)) & ~word & UINT64_C(0x8080808080808080)) != 0;
}

/* Escape `size` bytes to `out`, which has room for twice as many; returns where they end. */
static inline uint8_t *escape(uint8_t *out, const uint8_t *data, size_t size, uint64_t flip)
{
    while (size > 0) {
        size_t step = size < 8 ? size : 8;
        size -= step;
        if (step == 8) {
            uint64_t word;
            memcpy(&word, data, 8);
            if (!needs_escape(word)) {
                word ^= flip;
                memcpy(out, &word, 8);
                out += 8;
                data += 8;
                continue;
            }
        }
        for (; step > 0; step--) {
            uint8_t byte = *data++;
            if (byte <= 1) {
                *out++ = 1 ^ (uint8_t)flip;
                byte++;
            }
            *out++ = byte ^ (uint8_t)flip;
        }
    }
    return out;
}

static void add_escaped(kx_key *key, const uint8_t *data, size_t size, uint64_t flip)
{
    while (size > 0) {
        size_t piece = size < PIECE ? size : PIECE;
        uint8_t *out = reserve(key, 2 * piece);
        if (out == NULL)
            return;
        key->size += (size_t)(escape(out, data, piece, flip) - out);
        data += piece;
        size -= piece;
    }
}

/* A tag, the bytes and the end; short ones, nearly all, ask for space once. */
static void add_bytes(kx_key *key, uint8_t tag, const kx_value *value, uint64_t flip)
{
    if (value->size > PIECE) {
        add_tag(key, tag, flip);
        add_escaped(key, value->data, value->size, flip);
        add_tag(key, 0, flip);
        return;
    }
    uint8_t *out = reserve(key, 2 * PIECE + 2);
    if (out == NULL)
        return;
    out[0] = tag ^ (uint8_t)flip;
    uint8_t *end = escape(out + 1, value->data, value->size, flip);
    *end++ = (uint8_t)flip;
    key->size += (size_t)(end - out);
}

static void add_ext(kx_key *key, const kx_value *value, uint64_t flip)
{
    uint8_t header[KX_KEY_EXT_HEADER];
    add_tag(key, TAG_OTHER, flip);
    add_escaped(key, header, kx_key__ext_header(value->extra, value->size, header), flip);
    add_escaped(key, value->data, value->size, flip);
    add_tag(key, 0, flip);
}

static void add_null(kx_key *key, uint64_t flip)
{
    key->has_null = true;
    add_tag(key, TAG_NULL, flip);
}

/* Kept out of line: what the rare types need would slow down integers and texts. */
__attribute__((noinline)) static void add_rare(kx_key *key, const kx_value *value, uint64_t flip)
{
    switch (value->type) {
    case KX_TYPE_UINT:   add_number(key, false, (uint64_t)value->integer, 0, flip); break;
    case KX_TYPE_REAL:   add_real(key, value->real, flip); break;
    case KX_TYPE_BINARY: add_bytes(key, TAG_BINARY, value, flip); break;
    case KX_TYPE_BOOL:   add_tag(key, value->integer != 0 ? TAG_TRUE : TAG_FALSE, flip); break;
    case KX_TYPE_TIME:   add_time(key, value->integer, value->extra, flip); break;
    case KX_TYPE_ARRAY:
    case KX_TYPE_MAP:    add_bytes(key, TAG_OTHER, value, flip); break;
    case KX_TYPE_EXT:    add_ext(key, value, flip); break;
    default:             add_null(key, flip); break;
    }
}

void kx_key__add(kx_key *key, const kx_value *value, bool descending)
{
    uint64_t flip = descending ? UINT64_MAX : 0;
    if (value->type == KX_TYPE_INT) {
        bool negative = value->integer < 0;
        uint64_t integer = (uint64_t)value->integer;
        add_number(key, negative, negative ? -integer : integer, 0, flip);
    } else if (value->type == KX_TYPE_TEXT) {
        add_bytes(key, TAG_TEXT, value, flip);
    } else {
        add_rare(key, value, flip);
    }
}

/* The tag and the escapes are no letters: only what stands for a letter is one. */
void kx_key__fold(kx_key *key, size_t from, bool descending)
{
    uint8_t flip = descending ? 0xff : 0;
    for (size_t i = from + 1; i < key->size && key->rc == KX_OK; i++) {
        uint8_t byte = key->data[i] ^ flip;
        if (byte >= 'A' && byte <= 'Z')
            key->data[i] = (uint8_t)((byte + ('a' - 'A')) ^ flip);
    }
}

void kx_key__add_prefix(kx_key *key, kx_slice text, bool descending)
{
    uint64_t flip = descending ? UINT64_MAX : 0;
    add_tag(key, TAG_TEXT, flip);
    add_escaped(key, text.data, text.size, flip);
}

void kx_key__add_id(kx_key *key, uint64_t id)
{
    uint8_t *out = reserve(key, sizeof id);
    if (out != NULL) {
        store_be64(out, id);
        key->size += sizeof id;
    }
}

void kx_key__add_byte(kx_key *key, uint8_t byte)
{
    add_tag(key, byte, 0);
}

size_t kx_key__ext_header(int32_t type, size_t size, uint8_t header[KX_KEY_EXT_HEADER])
{
    uint32_t length = htobe32((uint32_t)size);
    size_t at = 0;
    switch (size) {
    case 1:  header[at++] = 0xd4; break;
    case 2:  header[at++] = 0xd5; break;
    case 4:  header[at++] = 0xd6; break;
    case 8:  header[at++] = 0xd7; break;
    case 16: header[at++] = 0xd8; break;
    default: {
        size_t width = size <= UINT8_MAX ? 1 : size <= UINT16_MAX ? 2 : 4;
        header[at++] = width == 1 ? 0xc7 : width == 2 ? 0xc8 : 0xc9;
        memcpy(header + at, (const uint8_t *)&length + 4 - width, width);
        at += width;
        break;
    }
    }
    header[at++] = (uint8_t)type;
    return at;
}

/* ---- reading ---------------------------------------------------------------------------- */

bool kx_key__is_null(kx_slice part)
{
    return part.size > 0 && part.data[0] == TAG_NULL;
}

bool kx_key__read_id(kx_slice part, uint64_t *id)
{
    *id = 0;
    if (part.size == 0 || part.data[0] < TAG_ZERO || part.data[0] > TAG_ZERO + 9)
        return false;
    size_t size = (size_t)(part.data[0] - TAG_ZERO);
    if (part.size < 1 + size)
        return false;
    for (size_t i = 1; i <= size; i++)
        *id = *id << 8 | part.data[i];
    bool whole = (*id & 1) == 0;
    *id >>= 1;
    if (size == 9)
        *id |= UINT64_C(1) << 63;
    return whole;
}
