/*
 * lmdb_doc.h -- the hand-written limit's MessagePack: find a field in a packed map and read it, in place.
 *
 * Only for the peers `lmdb` and `lmdb-primary`; in a header so that names and lengths of fields are constants where
 * they are compared. Every read is bounded by the document's end; nothing recurses.
 */
#ifndef KX_BENCH_LMDB_DOC_H
#define KX_BENCH_LMDB_DOC_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef struct doc_at { const uint8_t *at, *end; } doc_at;      /* at NULL: not there, or not to be read */

/* A number of 1, 2, 4 or 8 bytes, the highest first. */
static inline uint64_t doc_big_endian(const uint8_t *at, size_t bytes)
{
    uint16_t two;
    uint32_t four;
    uint64_t eight;

    switch (bytes) {
    case 1:
        return *at;
    case 2:
        memcpy(&two, at, sizeof two);
        return be16toh(two);
    case 4:
        memcpy(&four, at, sizeof four);
        return be32toh(four);
    default:
        memcpy(&eight, at, sizeof eight);
        return be64toh(eight);
    }
}

/*
 * How far the value at `at` reaches by itself, without what a container holds; that many more values are added to
 * *values. 0: it passes the end, or is no MessagePack.
 */
static inline size_t doc_own_size(const uint8_t *at, size_t left, uint64_t *values)
{
    static const uint8_t fixed[32] = {          /* whole size, where it is known from c0..df alone */
        [0x00] = 1, [0x02] = 1, [0x03] = 1, [0x0a] = 5, [0x0b] = 9, [0x0c] = 2, [0x0d] = 3, [0x0e] = 5, [0x0f] = 9,
        [0x10] = 2, [0x11] = 3, [0x12] = 5, [0x13] = 9, [0x14] = 3, [0x15] = 4, [0x16] = 6, [0x17] = 10, [0x18] = 18
    };
    static const uint8_t widths[32] = {         /* of the length or count that follows, for the others */
        [0x04] = 1, [0x05] = 2, [0x06] = 4, [0x07] = 1, [0x08] = 2, [0x09] = 4,
        [0x19] = 1, [0x1a] = 2, [0x1b] = 4, [0x1c] = 2, [0x1d] = 4, [0x1e] = 2, [0x1f] = 4
    };
    uint8_t tag = *at;

    if (tag <= 0x7f || tag >= 0xe0)
        return 1;
    if (tag < 0xa0) {
        *values += tag < 0x90 ? 2u * (tag & 15u) : tag & 15u;
        return 1;
    }
    if (tag < 0xc0)
        return 1 + (tag & 31u);
    if (fixed[tag - 0xc0] != 0)
        return fixed[tag - 0xc0];
    size_t width = widths[tag - 0xc0];
    if (width == 0 || left <= width)
        return 0;
    uint64_t length = doc_big_endian(at + 1, width);
    if (tag >= 0xdc) {
        *values += tag >= 0xde ? 2 * length : length;
        return 1 + width;
    }
    length += tag >= 0xc7 && tag <= 0xc9;
    return length > left - 1 - width ? 0 : 1 + width + (size_t)length;
}

/* Any value, containers too; `size` when it does not end before. */
__attribute__((noinline, unused))
static size_t doc_skip_any(const uint8_t *bytes, size_t at, size_t size)
{
    for (uint64_t values = 1; values > 0; values--) {
        size_t own = at < size ? doc_own_size(bytes + at, size - at, &values) : 0;
        if (own == 0)
            return size;
        at += own;
    }
    return at;
}

/*
 * Where the next value begins: at `size` or beyond it when there is none. Short texts and common numbers need no table
 * and no loop, so that a processor that foresees the branches runs ahead of the bytes.
 */
static inline size_t doc_skip(const uint8_t *bytes, size_t at, size_t size)
{
    if (at >= size)
        return size;
    uint8_t tag = bytes[at];
    if ((tag & 0xe0) == 0xa0)
        return at + 1 + (tag & 31u);
    if (tag == 0xce)
        return at + 5;
    if (tag == 0xcb)
        return at + 9;
    return doc_skip_any(bytes, at, size);
}

/*
 * The value of a field of at most 31 bytes of name, in a map of at most 15 fields. Inlined, so that a name is compared
 * as a number.
 */
__attribute__((always_inline))
static inline doc_at doc_find(const void *document, size_t size, const char *name, size_t length)
{
    const uint8_t *bytes = document;

    if (size == 0 || (*bytes & 0xf0) != 0x80)
        return (doc_at){NULL, NULL};
    size_t at = 1;
    for (unsigned left = *bytes & 15u; left > 0 && at < size; left--) {
        if (bytes[at] == (0xa0 | length) && size - at > length && memcmp(bytes + at + 1, name, length) == 0)
            return (doc_at){bytes + at + 1 + length, bytes + size};
        at = doc_skip(bytes, at, size);
        at = doc_skip(bytes, at, size);
    }
    return (doc_at){NULL, NULL};
}

#define DOC_FIND(document, size, name) doc_find(document, size, "" name, sizeof name - 1)

static inline bool doc_int(doc_at value, int64_t *number)
{
    if (value.at == NULL || value.at >= value.end)
        return false;
    uint8_t tag = *value.at++;
    size_t left = (size_t)(value.end - value.at);
    if (tag == 0xce && left >= 4) {             /* the size of nearly all keys */
        *number = (int64_t)doc_big_endian(value.at, 4);
        return true;
    }
    if (tag <= 0x7f || tag >= 0xe0) {
        *number = (int8_t)tag;
        return true;
    }
    size_t bytes = (size_t)1 << (tag & 3);
    if (tag < 0xcc || tag > 0xd3 || left < bytes)
        return false;
    uint64_t bits = doc_big_endian(value.at, bytes);
    if (tag >= 0xd0 && bytes < 8 && bits >> (8 * bytes - 1) != 0)
        bits |= ~UINT64_C(0) << (8 * bytes);
    *number = (int64_t)bits;
    return true;
}

static inline bool doc_real(doc_at value, double *number)
{
    if (value.at == NULL || value.end - value.at < 9 || *value.at != 0xcb)
        return false;
    uint64_t bits = doc_big_endian(value.at + 1, 8);
    memcpy(number, &bits, sizeof bits);
    return true;
}

/* A text of at most 255 bytes. */
static inline bool doc_text(doc_at value, const char **text, size_t *size)
{
    if (value.at == NULL || value.at >= value.end)
        return false;
    uint8_t tag = *value.at++;
    if ((tag & 0xe0) == 0xa0)
        *size = tag & 31u;
    else if (tag == 0xd9 && value.at < value.end)
        *size = *value.at++;
    else
        return false;
    *text = (const char *)value.at;
    return (size_t)(value.end - value.at) >= *size;
}

#endif
