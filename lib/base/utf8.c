/*
 * utf8.c -- is this well-formed UTF-8 (RFC 3629)?
 *
 *   first    second  third   fourth      characters
 *   00..7f                               U+0000   to U+007F
 *   c2..df   80..bf                      U+0080   to U+07FF
 *   e0       a0..bf  80..bf              U+0800   to U+0FFF      80..9f would be overlong
 *   e1..ef   80..bf  80..bf              U+1000   to U+FFFF      after ed only 80..9f: no surrogates
 *   f0       90..bf  80..bf  80..bf      U+10000  to U+3FFFF     80..8f would be overlong
 *   f1..f3   80..bf  80..bf  80..bf      U+40000  to U+FFFFF
 *   f4       80..8f  80..bf  80..bf      U+100000 to U+10FFFF
 */
#include "base/base.h"

#include <string.h>

#define HIGH_BITS UINT64_C(0x8080808080808080)

static inline bool continues(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

static inline bool within(uint8_t byte, uint8_t least, uint8_t most)
{
    return byte >= least && byte <= most;
}

size_t kx_base__utf8_length(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    uint8_t first = data[0];
    if (first < 0x80)
        return 1;
    if (first < 0xe0)
        return first >= 0xc2 && size >= 2 && continues(data[1]) ? 2 : 0;
    if (first < 0xf0) {
        if (size < 3 || !within(data[1], first == 0xe0 ? 0xa0 : 0x80, first == 0xed ? 0x9f : 0xbf))
            return 0;
        return continues(data[2]) ? 3 : 0;
    }
    if (first > 0xf4 || size < 4 || !within(data[1], first == 0xf0 ? 0x90 : 0x80, first == 0xf4 ? 0x8f : 0xbf))
        return 0;
    return continues(data[2]) && continues(data[3]) ? 4 : 0;
}

bool kx_base__utf8(const void *data, size_t size)
{
    const uint8_t *at = data;
    while (size >= 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        size_t length = 8;
        if ((word & HIGH_BITS) != 0 && (length = kx_base__utf8_length(at, size)) == 0)
            return false;
        at += length;
        size -= length;
    }
    while (size > 0) {
        size_t length = kx_base__utf8_length(at, size);
        if (length == 0)
            return false;
        at += length;
        size -= length;
    }
    return true;
}

/* A character has at most three continuing bytes; more of them are no UTF-8 and may be cut anywhere. */
size_t kx_base__utf8_cut(const char *text, size_t size, size_t limit)
{
    if (size <= limit)
        return size;
    for (size_t back = 0; back < 4 && back <= limit; back++) {
        if (!continues((uint8_t)text[limit - back]))
            return limit - back;
    }
    return limit;
}
