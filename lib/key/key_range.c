/*
 * key_range.c -- the ends of keys and of ranges of keys.
 *
 *   shortened:  | first limit - 16 bytes of the encoding | XXH3-128 of the whole encoding, 16 bytes, big-endian |
 */
#include "key/key_impl.h"

#include <string.h>

int kx_key__shorten(kx_key *key, size_t limit)
{
    if (key->rc == KX_OK) {
        uint8_t hash[KX_KEY_HASH_SIZE];
        kx_base__hash128(key->data, key->size, hash);
        memcpy(key->data + limit - KX_KEY_HASH_SIZE, hash, KX_KEY_HASH_SIZE);
        key->size = limit;
        key->shortened = true;
    }
    return key->rc;
}

bool kx_key__cut(kx_key *key, size_t limit)
{
    if (key->size <= limit - KX_KEY_HASH_SIZE)
        return false;
    key->size = limit - KX_KEY_HASH_SIZE;
    return true;
}

/* First bytes of the parts of each class, by kx_key__class(). */
static const struct { uint8_t first, last; } class_tags[] = {
    {TAG_NULL, TAG_NULL},   {TAG_FALSE, TAG_TRUE}, {TAG_HUGE_NEGATIVE, TAG_HUGE}, {TAG_TEXT, TAG_TEXT},
    {TAG_BINARY, TAG_BINARY}, {TAG_TIME, TAG_TIME}, {TAG_OTHER, TAG_OTHER},
};

/* Complementing turns first and last around. No tag is 00 or ff, so that one more is always a byte. */
void kx_key__add_bound(kx_key *key, kx_type type, kx_key_bound bound, bool descending)
{
    int class = kx_key__class(type);
    uint8_t first = class_tags[class].first, last = class_tags[class].last;
    if (descending) {
        first = (uint8_t)~class_tags[class].last;
        last = (uint8_t)~class_tags[class].first;
    }
    kx_key__add_byte(key, (uint8_t)(bound == KX_KEY_FROM ? first : last + 1));
}

bool kx_key__successor(kx_key *key)
{
    size_t size = key->size;
    while (size > 0 && key->data[size - 1] == 0xff)
        size--;
    if (size == 0)
        return false;
    key->data[size - 1]++;
    key->size = size;
    return true;
}
