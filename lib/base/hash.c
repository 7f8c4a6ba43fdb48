/*
 * hash.c -- XXH3, compiled in: no symbol of xxHash is called or exported.
 *
 * Collisions can be made at will: a hash is a checksum or a filter here, and what it finds is compared in full.
 */
#include "base/base.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t kx_base__hash64(const void *data, size_t size, uint64_t seed)
{
    return XXH3_64bits_withSeed(data, size, seed);
}

void kx_base__hash128(const void *data, size_t size, uint8_t out[16])
{
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(data, size));
    memcpy(out, canonical.digest, 16);
}
