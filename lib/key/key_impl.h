/*
 * key_impl.h -- what the files of this room share: the first byte of a part, and the bytes of an extension.
 */
#ifndef KX_KEY_KEY_IMPL_H
#define KX_KEY_KEY_IMPL_H

#include "key/key.h"

/* First bytes of parts: the file format, never to change. Gaps leave room for types to come. */
enum {
    TAG_NULL          = 0x05,
    TAG_FALSE         = 0x10,
    TAG_TRUE          = 0x11,
    TAG_NAN           = 0x20,
    TAG_HUGE_NEGATIVE = 0x21,        /* -2^64 and below                                       */
    TAG_ZERO          = 0x2b,        /* +-n: a positive or negative number of n bytes, 1 to 9 */
    TAG_HUGE          = 0x35,        /* 2^64 and above                                        */
    TAG_TEXT          = 0x40,
    TAG_BINARY        = 0x50,
    TAG_TIME          = 0x60,
    TAG_OTHER         = 0x70
};

enum { KX_KEY_HASH_SIZE = 16, KX_KEY_EXT_HEADER = 6 };

#define KX_KEY_TWO_64 18446744073709551616.0

/* The MessagePack header of an extension in canonical form; returns its size. Documents hold the same bytes. */
size_t kx_key__ext_header(int32_t type, size_t size, uint8_t header[KX_KEY_EXT_HEADER]);

/* Append one byte as it is. */
void kx_key__add_byte(kx_key *key, uint8_t byte);

#endif
