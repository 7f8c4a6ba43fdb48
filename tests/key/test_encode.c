/*
 * test_encode.c -- keys byte by byte: the golden vectors of vectors.txt, and what must hold of every key.
 */
#include "key/key.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "key/samples.h"
#include "support.h"

/* ---- the vectors' language -------------------------------------------------- */

static bool take(const char **at, const char *word)
{
    if (strncmp(*at, word, strlen(word)) != 0)
        return false;
    *at += strlen(word);
    return true;
}

/* Pairs of hex digits, blanks between them, up to anything else. */
static size_t take_hex(const char **at, uint8_t *bytes)
{
    size_t size = 0;
    unsigned byte;
    for (;;) {
        while (**at == ' ')
            ++*at;
        if (!isxdigit((unsigned char)(*at)[0]) || sscanf(*at, "%2x", &byte) != 1)
            return size;
        bytes[size++] = (uint8_t)byte;
        *at += 2;
    }
}

static kx_value take_text(const char **at)
{
    char bytes[256];
    size_t size = 0;
    while (**at != '"') {
        unsigned byte = (unsigned char)**at;
        ck_assert_int_ne(byte, 0);
        if (take(at, "\\x")) {
            ck_assert_int_eq(sscanf(*at, "%2x", &byte), 1);
            ++*at;
        }
        bytes[size++] = (char)byte;
        ++*at;
    }
    ++*at;
    return sample_bytes(KX_TYPE_TEXT, bytes, size);
}

static kx_value take_number(const char **at)
{
    char *end;
    bool real = strcspn(*at, ".eIN") < strcspn(*at, " |");
    kx_value value = sample_real(real ? strtod(*at, &end) : 0);
    if (!real && **at == '-')
        value = sample_int(strtoll(*at, &end, 10));
    else if (!real)
        value = sample_uint(strtoull(*at, &end, 10));
    if (value.type == KX_TYPE_UINT && value.integer >= 0)
        value.type = KX_TYPE_INT;
    ck_assert_ptr_ne(end, *at);
    *at = end;
    return value;
}

static kx_value take_call(const char **at)
{
    uint8_t bytes[256];
    long long first;
    int second, length;
    kx_value value = {0};
    if (sscanf(*at, "time(%lld, %d%n", &first, &second, &length) == 2) {
        value = sample_time(first, second);
        *at += length;
    } else if (sscanf(*at, "ext(%lld,%n", &first, &length) == 1) {
        *at += length;
        value = sample_ext((int)first, bytes, take_hex(at, bytes));
    } else if (sscanf(*at, "repeat(\"%c\", %d%n", (char *)bytes, &second, &length) == 2) {
        bytes[1] = 0;
        value = sample_repeated(KX_TYPE_TEXT, (char *)bytes, (size_t)second);
        *at += length;
    } else if (take(at, "binary(")) {
        value = sample_bytes(KX_TYPE_BINARY, bytes, take_hex(at, bytes));
    } else if (take(at, "msgpack(")) {
        size_t size = take_hex(at, bytes);
        value = sample_bytes(bytes[0] >> 4 == 8 ? KX_TYPE_MAP : KX_TYPE_ARRAY, bytes, size);
    }
    ck_assert_msg(take(at, ")"), "not understood: %s", *at);
    return value;
}

static kx_value take_value(const char **at)
{
    if (take(at, "null"))
        return (kx_value){.type = KX_TYPE_NULL};
    if (take(at, "false"))
        return (kx_value){.type = KX_TYPE_BOOL};
    if (take(at, "true"))
        return (kx_value){.type = KX_TYPE_BOOL, .integer = 1};
    if (take(at, "\""))
        return take_text(at);
    if (isdigit((unsigned char)**at) || strchr("-NI", **at) != NULL)
        return take_number(at);
    return take_call(at);
}

static void encode_line(const char *text, kx_key *key)
{
    do {
        bool descending = take(&text, "desc ");
        kx_value value = take_value(&text);
        kx_key__add(key, &value, descending);
    } while (take(&text, " | "));
    ck_assert_msg(*text == '\0', "not understood: %s", text);
    ck_assert_int_eq(kx_key__finish(key, KX_KEY_LIMIT), KX_OK);
}

static const char *hex_of(kx_slice bytes)
{
    static char text[2 * KX_KEY_LIMIT + 1];
    for (size_t i = 0; i < bytes.size; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes.data[i]);
    text[2 * bytes.size] = '\0';
    return text;
}

START_TEST(golden_vectors)
{
    FILE *file = fopen(kxt_source("tests/key/vectors.txt"), "r");
    ck_assert_ptr_nonnull(file);
    char line[4096];
    unsigned count = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '#')
            continue;
        char *value = strchr(line, '\t'), *hex = value != NULL ? strchr(value + 1, '\t') : NULL;
        ck_assert_msg(hex != NULL, "no two tabs: %s", line);
        *value++ = *hex++ = '\0';
        kx_key key;
        kx_key__init(&key);
        encode_line(value, &key);
        const char *got = hex_of(kx_key__slice(&key));
        ck_assert_msg(strcmp(got, hex) == 0, "%s is %s, not %s", line, got, hex);
        kx_key__free(&key);
        count++;
    }
    fclose(file);
    ck_assert_uint_ge(count, 65);
}
END_TEST

/* ---- what holds of every key --------------------------------------------------- */

static size_t size_of(kx_value value)
{
    kx_key key;
    kx_key__init(&key);
    kx_key__add(&key, &value, false);
    size_t size = key.size;
    kx_key__free(&key);
    return size;
}

START_TEST(small_numbers_have_small_keys)
{
    ck_assert_uint_eq(size_of(sample_int(0)), 1);
    for (int64_t n = 1; n < INT64_C(1) << 23; n = n * 3 + 1) {
        size_t expected = n < 128 ? 2 : n < 32768 ? 3 : 4;
        ck_assert_uint_eq(size_of(sample_int(n)), expected);
        ck_assert_uint_eq(size_of(sample_int(-n)), expected);
        ck_assert_uint_eq(size_of(sample_real((double)n)), expected);
    }
    ck_assert_uint_eq(size_of(sample_int(INT64_MAX)), 9);
    ck_assert_uint_eq(size_of(sample_int(INT64_MIN)), 10);
    ck_assert_uint_eq(size_of(sample_uint(UINT64_MAX)), 10);
    ck_assert_uint_eq(size_of(sample_real(0.1)), 10);
    ck_assert_uint_eq(size_of(sample_real(nextafter(4503599627370496.0, 0))), 16);
    ck_assert_uint_eq(size_of(sample_real(1e300)), 9);
}
END_TEST

START_TEST(nulls_are_noticed)
{
    kx_key key;
    kx_value null = {.type = KX_TYPE_NULL}, missing = {0}, one = sample_int(1);
    kx_key__init(&key);
    kx_key__add(&key, &one, false);
    ck_assert(!key.has_null);
    kx_key__add(&key, &missing, true);
    ck_assert(key.has_null);
    kx_key__clear(&key);
    ck_assert(!key.has_null);
    ck_assert_uint_eq(key.size, 0);
    kx_key__add(&key, &null, false);
    ck_assert(key.has_null);
    kx_key__free(&key);
}
END_TEST

/* Escaped again here, byte by byte, in sizes around every step of the encoder. */
START_TEST(texts_of_every_length_are_escaped_whole)
{
    uint64_t random = kxt_seed();
    uint8_t text[600], expected[1202];
    for (size_t size = 0; size <= sizeof text; size++) {
        size_t at = 0;
        expected[at++] = 0x40;
        for (size_t i = 0; i < size; i++) {
            text[i] = (uint8_t)kxt_random_below(&random, size % 3 == 0 ? 3 : size % 3 == 1 ? 60 : 256);
            if (text[i] < 2)
                expected[at++] = 1;
            expected[at++] = (uint8_t)(text[i] + (text[i] < 2));
        }
        kx_key key;
        kx_key__init(&key);
        kx_value value = {.type = KX_TYPE_TEXT, .data = text, .size = size};
        kx_key__add_prefix(&key, kx_slice_of(text, size), false);
        ck_assert_uint_eq(key.size, at);
        ck_assert_mem_eq(key.data, expected, at);
        expected[at++] = 0;
        kx_key__clear(&key);
        kx_key__add(&key, &value, false);
        ck_assert_uint_eq(key.size, at);
        ck_assert_mem_eq(key.data, expected, at);
        kx_key__free(&key);
    }
}
END_TEST

START_TEST(ten_megabytes_become_a_key)
{
    size_t size = 10u << 20;
    char *text = malloc(size);
    ck_assert_ptr_nonnull(text);
    memset(text, 'x', size);
    uint8_t first[KX_KEY_LIMIT];
    for (int round = 0; round < 3; round++) {
        kx_key key;
        kx_key__init(&key);
        kx_value value = {.type = KX_TYPE_TEXT, .data = text, .size = size};
        kx_key__add(&key, &value, false);
        ck_assert_uint_eq(key.size, size + 2);
        ck_assert_int_eq(kx_key__finish(&key, KX_KEY_LIMIT), KX_OK);
        ck_assert(key.shortened);
        ck_assert_uint_eq(key.size, KX_KEY_LIMIT);
        if (round == 0)
            memcpy(first, key.data, sizeof first);
        ck_assert_int_eq(memcmp(first, key.data, sizeof first) == 0, round < 2);
        text[size - 1] = round == 0 ? 'x' : 'y';
        kx_key__free(&key);
    }
    free(text);
}
END_TEST

START_TEST(without_memory_a_key_stays_failed)
{
    kx_key key;
    kx_value text = sample_repeated(KX_TYPE_TEXT, "x", 5000), one = sample_int(1);
    for (int64_t n = 0;; n++) {
        kx_key__init(&key);
        kx_base__fail_alloc_after(n);
        kx_key__add(&key, &text, false);
        kx_key__add(&key, &one, false);
        bool reached = kx_base__fail_alloc_after(-1) < 0;
        ck_assert_int_eq(key.rc, reached ? KX_NOMEM : KX_OK);
        size_t size = key.size;
        kx_key__add(&key, &one, false);
        kx_key__add_id(&key, 5);
        ck_assert(!reached || key.size == size);
        ck_assert_int_eq(kx_key__finish(&key, KX_KEY_LIMIT), reached ? KX_NOMEM : KX_OK);
        ck_assert(key.shortened != reached);
        kx_key__clear(&key);
        kx_key__add(&key, &one, false);
        ck_assert_int_eq(key.rc, KX_OK);
        ck_assert_mem_eq(key.data, "\x2c\x02", 2);
        kx_key__free(&key);
        if (!reached)
            break;
    }
}
END_TEST

START_TEST(a_freed_key_may_be_used_again)
{
    kx_key key;
    kx_value text = sample_repeated(KX_TYPE_TEXT, "x", 5000);
    kx_key__init(&key);
    for (int round = 0; round < 3; round++) {
        kx_key__add(&key, &text, false);
        ck_assert_uint_eq(key.size, 5002);
        kx_key__free(&key);
        ck_assert_uint_eq(key.size, 0);
    }
}
END_TEST

START_TEST(ids_are_read_back_and_nothing_else_is_one)
{
    uint64_t state = kxt_seed(), id;
    const kx_value others[] = {kx_null(), kx_int(-1), kx_real(1.5), kx_real(1e300), kx_text("1"), kx_bool(true)};
    for (uint64_t i = kxt_scaled(100000); i-- > 0;) {
        uint64_t given = kxt_random(&state) >> kxt_random_below(&state, 64);
        kx_value value = kx_uint(given);
        kx_key key;
        kx_key__init(&key);
        kx_key__add(&key, &value, false);
        ck_assert(!kx_key__is_null(kx_key__slice(&key)));
        ck_assert(kx_key__read_id(kx_key__slice(&key), &id) && id == given);
        ck_assert(key.size == 1 || !kx_key__read_id(kx_slice_of(key.data, key.size - 1), &id));
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        kx_key key;
        kx_key__init(&key);
        kx_key__add(&key, &others[i], false);
        ck_assert(!kx_key__read_id(kx_key__slice(&key), &id));
        ck_assert(kx_key__is_null(kx_key__slice(&key)) == (i == 0));
    }
}
END_TEST

static Suite *encode_suite(void)
{
    Suite *suite = suite_create("key/encode");
    TCase *cases = tcase_create("encode");
    tcase_add_test(cases, golden_vectors);
    tcase_add_test(cases, small_numbers_have_small_keys);
    tcase_add_test(cases, nulls_are_noticed);
    tcase_add_test(cases, ids_are_read_back_and_nothing_else_is_one);
    tcase_add_test(cases, texts_of_every_length_are_escaped_whole);
    tcase_add_test(cases, ten_megabytes_become_a_key);
    tcase_add_test(cases, without_memory_a_key_stays_failed);
    tcase_add_test(cases, a_freed_key_may_be_used_again);
    suite_add_tcase(suite, cases);
    return suite;
}

int main(void)
{
    return kxt_run(encode_suite());
}
