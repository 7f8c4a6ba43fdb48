/*
 * test_hash.c -- the hashes are part of the file format: these values never change.
 */
#include "base/base.h"

#include <stdio.h>
#include <string.h>

#include "support.h"

static const char *hash128_of(const void *data, size_t size)
{
    static char text[33];
    uint8_t hash[16];
    kx_base__hash128(data, size, hash);
    for (int i = 0; i < 16; i++)
        snprintf(text + 2 * i, 3, "%02x", hash[i]);
    return text;
}

/* XXH3's published results for empty inputs, and what `xxhsum -H2` prints for the others. */
START_TEST(results_are_those_of_xxh3)
{
    ck_assert_uint_eq(kx_base__hash64("", 0, 0), UINT64_C(0x2d06800538d394c2));
    ck_assert_str_eq(hash128_of("", 0), "99aa06d3014798d86001c324468d497f");
    ck_assert_str_eq(hash128_of("abc", 3), "06b05ab6733a618578af5f94892f3950");
}
END_TEST

START_TEST(seed_and_every_byte_count)
{
    uint8_t bytes[300] = {0};
    uint64_t plain = kx_base__hash64(bytes, sizeof bytes, 1);
    ck_assert_uint_ne(kx_base__hash64(bytes, sizeof bytes, 2), plain);
    ck_assert_uint_ne(kx_base__hash64(bytes, sizeof bytes - 1, 1), plain);
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = 1;
        ck_assert_uint_ne(kx_base__hash64(bytes, sizeof bytes, 1), plain);
        bytes[i] = 0;
    }
}
END_TEST

START_TEST(alignment_does_not_count)
{
    uint8_t bytes[128], moved[136], one[16], other[16];
    memset(bytes, 0x5a, sizeof bytes);
    for (size_t shift = 0; shift < 8; shift++) {
        memcpy(moved + shift, bytes, sizeof bytes);
        kx_base__hash128(bytes, sizeof bytes, one);
        kx_base__hash128(moved + shift, sizeof bytes, other);
        ck_assert_mem_eq(one, other, 16);
        ck_assert_uint_eq(kx_base__hash64(bytes, 128, 7), kx_base__hash64(moved + shift, 128, 7));
    }
}
END_TEST

static Suite *hash_suite(void)
{
    Suite *suite = suite_create("base/hash");
    TCase *cases = tcase_create("hash");
    tcase_add_test(cases, results_are_those_of_xxh3);
    tcase_add_test(cases, seed_and_every_byte_count);
    tcase_add_test(cases, alignment_does_not_count);
    suite_add_tcase(suite, cases);
    return suite;
}

int main(void)
{
    return kxt_run(hash_suite());
}
