/* test_validate.c -- what may be a document, and what a hostile one costs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document/validate.h"
#include "samples.h"

static bool is_canonical(const char *bytes)
{
    bool canonical;
    int rc = kx_document__check_value(hex(bytes), &canonical);
    ck_assert_msg(rc == KX_OK, "%s: %s", bytes, text_of(rc));
    return canonical;
}

static void refuses(const char *bytes, int code, const char *text)
{
    bool canonical = true;
    uint8_t *copy = exact_copy(hex(bytes));
    int rc = kx_document__check(kx_slice_of(copy, hex(bytes).size), &canonical);
    ck_assert_msg(rc == code, "%s: %d", bytes, rc);
    const char *told = text_of(rc);
    ck_assert_msg(strstr(told, text) != NULL, "%s: %s", bytes, told);
    ck_assert(!canonical);
    free(copy);
}

START_TEST(shortest_forms_are_canonical)
{
    static const char *const forms[] = {
        "00", "7f", "cc 80", "cc ff", "cd 01 00", "cd ff ff", "ce 00 01 00 00", "cf 00 00 00 01 00 00 00 00", "ff",
        "e0", "d0 df", "d0 80", "d1 ff 7f", "d1 80 00", "d2 ff ff 7f ff", "d3 ff ff ff ff 7f ff ff ff", "c0", "c2",
        "c3", "cb 80 00 00 00 00 00 00 00", "cb 7f f8 00 00 00 00 00 00", "a0", "c4 00", "90", "80", "d4 05 00",
        "d8 05 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00", "c7 00 05", "c7 03 05 00 00 00", "d6 ff 00 00 00 00",
        "d7 ff 00 00 00 04 00 00 00 00", "d7 ff 00 00 00 01 00 00 00 00",
        "c7 0c ff 00 00 00 00 ff ff ff ff ff ff ff ff", "c7 0c ff 00 00 00 00 00 00 00 04 00 00 00 00",
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        ck_assert_msg(is_canonical(forms[i]), "%s", forms[i]);
}
END_TEST

START_TEST(longer_forms_are_valid_but_not_canonical)
{
    static const char *const forms[] = {
        "cc 05", "cc 7f", "cd 00 ff", "ce 00 00 ff ff", "cf 00 00 00 00 ff ff ff ff", "d0 05", "d0 ff", "d0 e0",
        "d1 00 ff", "d1 01 00", "d1 ff 80", "d2 ff ff 80 00", "d3 ff ff ff ff 80 00 00 00",
        "d3 00 00 00 01 00 00 00 00", "ca 00 00 00 00", "cb 7f f8 00 00 00 00 00 01", "cb ff f8 00 00 00 00 00 00",
        "cb 7f f0 00 00 00 00 00 01", "d9 00", "da 00 00", "db 00 00 00 01 61", "c5 00 00", "c6 00 00 00 00",
        "dc 00 00", "dd 00 00 00 00", "de 00 00", "df 00 00 00 00", "c7 01 05 00", "c8 00 00 05", "c9 00 00 00 00 05",
        "81 d9 01 61 00", "c7 04 ff 00 00 00 00", "d7 ff 00 00 00 00 00 00 00 00",
        "c7 0c ff 00 00 00 00 00 00 00 00 00 00 00 00", "c7 0c ff 00 00 00 01 00 00 00 03 ff ff ff ff",
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        ck_assert_msg(!is_canonical(forms[i]), "%s", forms[i]);
}
END_TEST

START_TEST(what_is_no_document_is_refused_with_its_place)
{
    refuses("", KX_INVALID, "no bytes");
    refuses("c0", KX_INVALID, "not a map");
    refuses("91 01", KX_INVALID, "not a map");
    refuses("81 a1 61 c1", KX_INVALID, "at byte 3");
    refuses("81 a1 61", KX_INVALID, "missing at byte 3");
    refuses("82 a1 61 01", KX_INVALID, "cut short");
    refuses("82 a1 61 01 a1 62", KX_INVALID, "missing at byte 6");
    refuses("81 a1 61 01 00", KX_INVALID, "bytes after the end at byte 4");
    refuses("81 05 06", KX_INVALID, "not a text");
    refuses("81 c4 01 61 06", KX_INVALID, "not a text");
    refuses("df ff ff ff ff a0 00", KX_INVALID, "cut short");
    refuses("81 a1 61 dd ff ff ff ff", KX_INVALID, "cut short");
    refuses("82 a1 61 01 a1 61 02", KX_INVALID, "duplicate key 'a' at byte 5");
    refuses("82 a1 61 01 d9 01 61 02", KX_INVALID, "duplicate key 'a'");
    refuses("82 a0 01 a0 02", KX_INVALID, "duplicate key ''");
    refuses("81 a1 61 82 a1 62 01 a1 62 02", KX_INVALID, "duplicate key 'b'");
    refuses("81 a1 61 a1 ff", KX_INVALID, "not UTF-8 at byte 3");
    refuses("81 a2 c0 af 01", KX_INVALID, "not UTF-8");
    refuses("81 a1 61 a3 ed a0 80", KX_INVALID, "not UTF-8");
    refuses("81 a3 61 00 62 01", KX_INVALID, "NUL");
    refuses("81 a9 61 61 61 61 61 61 61 00 62 01", KX_INVALID, "NUL");
    refuses("81 a5 61 61 00 61 61 01", KX_INVALID, "NUL");
    refuses("81 a1 00 01", KX_INVALID, "NUL");
    refuses("81 a1 61 d5 ff 00 00", KX_INVALID, "timestamp");
    refuses("81 a1 61 d7 ff ff ff ff ff ff ff ff ff", KX_INVALID, "timestamp");
    refuses("81 a1 61 c7 0c ff 3b 9a ca 00 00 00 00 00 00 00 00 00", KX_INVALID, "timestamp");
}
END_TEST

START_TEST(the_same_key_may_stand_in_different_maps)
{
    ck_assert(is_canonical("82 a1 61 81 a1 61 01 a1 62 92 81 a1 61 01 81 a1 61 02"));
}
END_TEST

START_TEST(keys_up_to_511_bytes)
{
    kx_buf out = {.size = 0};
    bool canonical;
    add_hex(&out, "81 da 01 ff");
    memset(kx_buf__space(&out, 511), 'k', 511);
    kx_buf__byte(&out, 1);
    ck_assert_int_eq(kx_document__check(kx_buf__slice(&out), &canonical), KX_OK);
    ck_assert(canonical);
    kx_buf__clear(&out);
    add_hex(&out, "81 da 02 00");
    memset(kx_buf__space(&out, 512), 'k', 512);
    kx_buf__byte(&out, 1);
    int rc = kx_document__check(kx_buf__slice(&out), NULL);
    ck_assert_int_eq(rc, KX_INVALID);
    ck_assert_ptr_nonnull(strstr(text_of(rc), "longer than 511"));
    kx_buf__free(&out);
}
END_TEST

START_TEST(depth_64_is_the_last)
{
    for (int maps = 0; maps < 2; maps++) {
        kx_buf out = {.size = 0};
        sample_deep(&out, 64, maps);
        ck_assert_int_eq(kx_document__check(kx_buf__slice(&out), NULL), KX_OK);
        kx_buf__clear(&out);
        sample_deep(&out, 65, maps);
        int rc = kx_document__check(kx_buf__slice(&out), NULL);
        ck_assert_int_eq(rc, KX_LIMIT);
        ck_assert_ptr_nonnull(strstr(text_of(rc), "deeper than 64"));
        kx_buf__free(&out);
    }
}
END_TEST

START_TEST(size_64_mib_is_the_last)
{
    kx_buf out = {.size = 0};
    uint32_t size = KX_DOCUMENT_SIZE - 8;
    add_hex(&out, "81 a1 61 c6");
    for (unsigned i = 4; i > 0; i--)
        kx_buf__byte(&out, (uint8_t)(size >> 8 * (i - 1)));
    memset(kx_buf__space(&out, size), 0, size);
    ck_assert_uint_eq(out.size, KX_DOCUMENT_SIZE);
    ck_assert_int_eq(kx_document__check(kx_buf__slice(&out), NULL), KX_OK);
    kx_buf__byte(&out, 0);
    ck_assert_int_eq(kx_document__check(kx_buf__slice(&out), NULL), KX_LIMIT);
    kx_buf__free(&out);
}
END_TEST

/* A map of `count` keys of `prefix` and 4 bytes; the key at `twin`, if below count, is the first one again. */
static void wide_map(kx_buf *out, uint32_t count, const char *prefix, uint32_t twin)
{
    kx_buf__byte(out, 0xdf);
    for (unsigned i = 4; i > 0; i--)
        kx_buf__byte(out, (uint8_t)(count >> 8 * (i - 1)));
    for (uint32_t k = 0; k < count; k++) {
        uint32_t n = k == twin ? 0 : k;
        char key[16];
        int size = snprintf(key, sizeof key, "%s%04x", prefix, n);
        kx_buf__byte(out, (uint8_t)(0xa0 | size));
        kx_buf__append(out, key, (size_t)size);
        kx_buf__byte(out, 1);
    }
}

START_TEST(duplicates_are_found_in_maps_of_every_size)
{
    static const uint32_t counts[] = {2, 15, 16, 17, 18, 33, 100, 1023, 1024, 1025, 3000, 60000};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        kx_buf out = {.size = 0};
        wide_map(&out, counts[i], "key", UINT32_MAX);
        ck_assert_int_eq(kx_document__check(kx_buf__slice(&out), NULL), KX_OK);
        uint32_t twins[] = {1, counts[i] / 2, counts[i] - 1};
        for (size_t t = 0; t < 3; t++) {
            kx_buf__clear(&out);
            wide_map(&out, counts[i], "key", twins[t]);
            int rc = kx_document__check(kx_buf__slice(&out), NULL);
            if (twins[t] == 0)
                continue;
            ck_assert_int_eq(rc, KX_INVALID);
            const char *told = text_of(rc);
            ck_assert_ptr_nonnull(strstr(told, kxt_print("'key0000' at byte %u", 5 + twins[t] * 9 + 1)));
        }
        kx_buf__free(&out);
    }
}
END_TEST

START_TEST(large_maps_inside_each_other_keep_their_keys_apart)
{
    kx_buf out = {.size = 0};
    for (unsigned depth = 0; depth < 60; depth++) {
        wide_map(&out, 40, "n", UINT32_MAX);
        out.size--;                 /* the last value is the next map */
    }
    kx_buf__byte(&out, 1);
    ck_assert_int_eq(kx_document__check(kx_buf__slice(&out), NULL), KX_OK);
    kx_buf__free(&out);
}
END_TEST

START_TEST(a_large_map_costs_n_log_n)
{
    kx_buf out = {.size = 0};
    uint32_t count = (uint32_t)kxt_scaled(1000000);
    count = count < 1000 ? 1000 : count;
    wide_map(&out, count, "hostile", UINT32_MAX);
    ck_assert_int_eq(kx_document__check(kx_buf__slice(&out), NULL), KX_OK);
    kx_buf__free(&out);
}
END_TEST

START_TEST(random_documents_pass_and_their_prefixes_do_not)
{
    uint64_t state = kxt_seed();
    for (uint64_t n = kxt_scaled(2000); n > 0; n--) {
        sample made;
        bool canonical;
        sample_make(&made, &state, n % 20 == 0 ? sample_usual : sample_small, false);
        int rc = kx_document__check(kx_buf__slice(&made.canonical), &canonical);
        ck_assert_msg(rc == KX_OK, "%s", text_of(rc));
        ck_assert(canonical);
        ck_assert_int_eq(kx_document__check(kx_buf__slice(&made.wild), &canonical), KX_OK);
        ck_assert_int_eq(canonical, made.wild.size == made.canonical.size &&
                                        memcmp(made.wild.data, made.canonical.data, made.wild.size) == 0);
        size_t step = 1 + made.wild.size / 400;
        for (size_t size = 0; size < made.wild.size; size += step) {
            uint8_t *cut = exact_copy(kx_slice_of(made.wild.data, size));
            ck_assert_int_eq(kx_document__check(kx_slice_of(cut, size), NULL), KX_INVALID);
            free(cut);
        }
        sample_free(&made);
    }
}
END_TEST

static void mutate(uint8_t *bytes, size_t size, uint64_t *state)
{
    for (uint64_t n = 1 + kxt_random_below(state, 4); n > 0; n--) {
        uint8_t *at = bytes + kxt_random_below(state, size);
        switch (kxt_random_below(state, 4)) {
        case 0:  *at ^= (uint8_t)(1 << kxt_random_below(state, 8)); break;
        case 1:  *at = (uint8_t)kxt_random(state); break;
        case 2:  *at = (uint8_t)(0xc0 + kxt_random_below(state, 32)); break;
        default: *at = bytes[kxt_random_below(state, size)]; break;
        }
    }
}

START_TEST(mutated_documents_are_refused_or_walk_safely)
{
    uint64_t state = kxt_seed();
    unsigned passed = 0;
    for (uint64_t n = kxt_scaled(20000); n > 0; n--) {
        sample made;
        kx_buf json = {.size = 0};
        sample_make(&made, &state, sample_small, false);
        size_t size = made.wild.size;
        uint8_t *bytes = exact_copy(kx_buf__slice(&made.wild));
        mutate(bytes, size, &state);
        kx_slice item = kx_slice_of(bytes, size);
        bool walks = walk_all(item);
        int json_rc = kx_document__to_json(item, &json);
        if (kx_document__check(item, NULL) == KX_OK) {
            ck_assert(walks);
            ck_assert_int_eq(json_rc, KX_OK);
            passed++;
        }
        kx_buf__free(&json);
        free(bytes);
        sample_free(&made);
    }
    ck_assert_uint_gt(passed, 0);
}
END_TEST

START_TEST(random_bytes_are_read_safely)
{
    uint64_t state = kxt_seed();
    for (uint64_t n = kxt_scaled(100000); n > 0; n--) {
        uint8_t *bytes = malloc(32);
        size_t size = 1 + kxt_random_below(&state, 31);
        bytes = realloc(bytes, size);
        for (size_t i = 0; i < size; i++)
            bytes[i] = (uint8_t)kxt_random(&state);
        kx_slice item = kx_slice_of(bytes, size);
        bool walks = walk_all(item);
        if (kx_document__check_value(item, NULL) == KX_OK)
            ck_assert(walks);
        free(bytes);
    }
}
END_TEST

START_TEST(names_are_checked_alone_too)
{
    ck_assert_int_eq(kx_document__check_name("name", 4), KX_OK);
    ck_assert_int_eq(kx_document__check_name("", 0), KX_OK);
    ck_assert_int_eq(kx_document__check_name("\xc3\xa9", 2), KX_OK);
    ck_assert_int_eq(kx_document__check_name("\xc3", 1), KX_INVALID);
    ck_assert_int_eq(kx_document__check_name("a\0b", 3), KX_INVALID);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("document/validate");
    TCase *c = tcase_create("validate");
    tcase_add_test(c, shortest_forms_are_canonical);
    tcase_add_test(c, longer_forms_are_valid_but_not_canonical);
    tcase_add_test(c, what_is_no_document_is_refused_with_its_place);
    tcase_add_test(c, the_same_key_may_stand_in_different_maps);
    tcase_add_test(c, keys_up_to_511_bytes);
    tcase_add_test(c, depth_64_is_the_last);
    tcase_add_test(c, size_64_mib_is_the_last);
    tcase_add_test(c, duplicates_are_found_in_maps_of_every_size);
    tcase_add_test(c, large_maps_inside_each_other_keep_their_keys_apart);
    tcase_add_test(c, a_large_map_costs_n_log_n);
    tcase_add_test(c, random_documents_pass_and_their_prefixes_do_not);
    tcase_add_test(c, mutated_documents_are_refused_or_walk_safely);
    tcase_add_test(c, random_bytes_are_read_safely);
    tcase_add_test(c, names_are_checked_alone_too);
    suite_add_tcase(s, c);
    return s;
}

int main(void)
{
    return kxt_run(suite());
}
