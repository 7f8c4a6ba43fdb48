/*
 * bytes.h -- MessagePack headers: what one tag byte says, and how far the item goes.
 *
 *   tag      item                          what follows the tag
 *   00..7f   integer 0 to 127              -
 *   80..8f   map of (tag & 15) pairs       the pairs
 *   90..9f   array of (tag & 15)           the elements
 *   a0..bf   text of (tag & 31) bytes      the bytes
 *   c0       null                          -
 *   c1       never used
 *   c2 c3    false, true                   -
 *   c4..c6   binary                        length in 1, 2, 4 bytes, the bytes
 *   c7..c9   extension                     length in 1, 2, 4 bytes, type, the bytes
 *   ca cb    real                          4, 8 bytes
 *   cc..cf   unsigned integer              1, 2, 4, 8 bytes
 *   d0..d3   signed integer                1, 2, 4, 8 bytes
 *   d4..d8   extension                     type, 1, 2, 4, 8, 16 bytes
 *   d9..db   text                          length in 1, 2, 4 bytes, the bytes
 *   dc dd    array                         count in 2, 4 bytes, the elements
 *   de df    map                           count in 2, 4 bytes, the pairs
 *   e0..ff   integer -32 to -1             -
 *
 * All numbers are big-endian and may lie at any address. Private to this room.
 */
#ifndef KX_DOCUMENT_BYTES_H
#define KX_DOCUMENT_BYTES_H

#include <string.h>

#include "base/base.h"

/* The whole length of an item whose tag alone says it; 0 for the other tags. */
extern const uint8_t kx_document__sizes[256];

/* Of a path: NUL, dot, bracket, backquote, which no plain name holds. */
extern const bool kx_path__ends_name[256];

/* One item, taken apart. `type` is KX_TYPE_NONE when the bytes hold no whole header, or not all of a scalar. */
typedef struct kx_head {
    kx_type  type;      /* integers are all KX_TYPE_INT, and the timestamp extension is KX_TYPE_EXT */
    uint32_t head;      /* bytes before the payload: tag, length, extension type */
    uint32_t count;     /* bytes of payload; of an array its elements, of a map its pairs */
} kx_head;

/* kx_document__head() of the tags c0 to df; size is 1 at least. */
kx_head kx_document__wide_head(const uint8_t *data, size_t size);

static inline kx_head kx_document__head(const uint8_t *data, size_t size)
{
    if (size == 0)
        return (kx_head){KX_TYPE_NONE, 0, 0};
    uint8_t tag = *data;
    if (tag < 0x80 || tag >= 0xe0)
        return (kx_head){KX_TYPE_INT, 1, 0};
    if (tag >= 0xc0)
        return kx_document__wide_head(data, size);
    if (tag < 0x90)
        return (kx_head){KX_TYPE_MAP, 1, tag & 15};
    if (tag < 0xa0)
        return (kx_head){KX_TYPE_ARRAY, 1, tag & 15};
    return (kx_head){(tag & 31u) < size ? KX_TYPE_TEXT : KX_TYPE_NONE, 1, tag & 31};
}

/* Of an integer item whose bytes are known to be there: its value. *negative tells which half of the bits' meaning. */
uint64_t kx_document__integer(const uint8_t *data, bool *negative);

/* Of a timestamp's payload (4, 8 or 12 bytes): false when it has another size or 10^9 nanoseconds and more. */
bool kx_document__time(const uint8_t *data, size_t size, int64_t *seconds, uint32_t *nanoseconds);

enum { KX_EXT_TIME = -1 };

/* Keys may be this long, in bytes. */
enum { KX_KEY_NAME_SIZE = 511 };

static inline uint16_t kx_load16(const uint8_t *data)
{
    return (uint16_t)((uint16_t)data[0] << 8 | data[1]);
}

static inline uint32_t kx_load32(const uint8_t *data)
{
    uint32_t bits;
    memcpy(&bits, data, sizeof bits);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    bits = __builtin_bswap32(bits);
#endif
    return bits;
}

static inline uint64_t kx_load64(const uint8_t *data)
{
    return (uint64_t)kx_load32(data) << 32 | kx_load32(data + 4);
}

static inline double kx_load_real(const uint8_t *data, size_t size)
{
    if (size == 4) {
        uint32_t bits = kx_load32(data);
        float real;
        memcpy(&real, &bits, sizeof real);
        return (double)real;
    }
    uint64_t bits = kx_load64(data);
    double real;
    memcpy(&real, &bits, sizeof real);
    return real;
}

/* ---- the shortest form, which is the canonical one ----------------------------- */

/* Bytes in front of a text, a binary, an extension's payload, the members of a container. */
static inline uint32_t kx_text_head(uint32_t size)
{
    return size < 32 ? 1 : size <= UINT8_MAX ? 2 : size <= UINT16_MAX ? 3 : 5;
}

static inline uint32_t kx_binary_head(uint32_t size)
{
    return size <= UINT8_MAX ? 2 : size <= UINT16_MAX ? 3 : 5;
}

static inline uint32_t kx_ext_head(uint32_t size)
{
    bool fixed = size == 1 || size == 2 || size == 4 || size == 8 || size == 16;
    return fixed ? 2 : kx_binary_head(size) + 1;
}

static inline uint32_t kx_container_head(uint32_t count)
{
    return count < 16 ? 1 : count <= UINT16_MAX ? 3 : 5;
}

/* A whole integer item. */
static inline uint32_t kx_integer_length(uint64_t bits, bool negative)
{
    if (!negative)
        return bits < 128 ? 1 : bits <= UINT8_MAX ? 2 : bits <= UINT16_MAX ? 3 : bits <= UINT32_MAX ? 5 : 9;
    int64_t value = (int64_t)bits;
    return value >= -32 ? 1 : value >= INT8_MIN ? 2 : value >= INT16_MIN ? 3 : value >= INT32_MIN ? 5 : 9;
}

/* A timestamp's payload. */
static inline uint32_t kx_time_size(int64_t seconds, uint32_t nanoseconds)
{
    if (seconds < 0 || seconds >= (int64_t)1 << 34)
        return 12;
    return nanoseconds == 0 && seconds <= UINT32_MAX ? 4 : 8;
}

#endif
