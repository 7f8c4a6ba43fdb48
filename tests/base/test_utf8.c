/*
 * test_utf8.c -- well-formed UTF-8 and what only looks like it.
 */
#include "base/base.h"

#include <stdlib.h>
#include <string.h>

#include "support.h"

typedef struct sample {
    const char *bytes;
    size_t      size;
    bool        good;
} sample;

#define GOOD(text) {text, sizeof text - 1, true}
#define BAD(text) {text, sizeof text - 1, false}

static const sample samples[] = {
    GOOD(""), GOOD("a"), GOOD("\0"), GOOD("\x7f"), GOOD("\xc2\x80"), GOOD("\xdf\xbf"), GOOD("\xe0\xa0\x80"),
    GOOD("\xed\x9f\xbf"), GOOD("\xee\x80\x80"), GOOD("\xef\xbf\xbd"), GOOD("\xef\xbf\xbf"), GOOD("\xef\xbb\xbf"),
    GOOD("\xf0\x90\x80\x80"), GOOD("\xf4\x8f\xbf\xbf"), GOOD("\xf0\x9f\x98\x80"),
    BAD("\x80"), BAD("\xbf"), BAD("\xfe"), BAD("\xff"), BAD("\xc0\x80"), BAD("\xc1\xbf"), BAD("\xc2"), BAD("\xc2\x41"),
    BAD("\xc2\xc2\x80"), BAD("\xe0\x80\x80"), BAD("\xe0\x9f\xbf"), BAD("\xe1\x80"), BAD("\xe1\x80\x41"), BAD("\xe1"),
    BAD("\xed\xa0\x80"), BAD("\xed\xbf\xbf"), BAD("\xed\xa0\xbd\xed\xb8\x80"), BAD("\xf0\x80\x80\x80"),
    BAD("\xf0\x8f\xbf\xbf"), BAD("\xf0\x9f\x98"), BAD("\xf0\x9f"), BAD("\xf0"), BAD("\xf4\x90\x80\x80"),
    BAD("\xf5\x80\x80\x80"), BAD("\xf8\x88\x80\x80\x80"), BAD("\xfc\x84\x80\x80\x80\x80"), BAD("\xe2\x82\xac\x80"),
    BAD("\xf0\x90\x80\x41"), BAD("\xf0\x90\x41\x80"), BAD("\xf4\x41\x80\x80"),
};

/* Each sample at each place among ASCII, in memory that ends where it ends. */
START_TEST(every_sample_is_judged_wherever_it_stands)
{
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        for (size_t before = 0; before < 20; before++) {
            for (size_t after = 0; after < 20; after++) {
                size_t size = before + samples[i].size + after;
                char *text = malloc(size + (size == 0));
                ck_assert_ptr_nonnull(text);
                memset(text, 'a', size);
                memcpy(text + before, samples[i].bytes, samples[i].size);
                ck_assert_msg(kx_base__utf8(text, size) == samples[i].good, "sample %zu after %zu", i, before);
                free(text);
            }
        }
    }
    ck_assert(kx_base__utf8(NULL, 0));
}
END_TEST

/* Encoded here by arithmetic, independently of the tables in utf8.c. */
static size_t encode(uint32_t point, uint8_t out[4])
{
    if (point < 0x80) {
        out[0] = (uint8_t)point;
        return 1;
    }
    size_t size = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t i = size - 1; i > 0; i--) {
        out[i] = (uint8_t)(0x80 | (point & 0x3f));
        point >>= 6;
    }
    out[0] = (uint8_t)((0xf00u >> size) | point);
    return size;
}

START_TEST(every_code_point_but_surrogates_is_good)
{
    unsigned wrong = 0;
    for (uint32_t point = 0; point < 0x130000; point++) {
        uint8_t bytes[4];
        size_t size = encode(point, bytes);
        bool good = point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
        wrong += kx_base__utf8_length(bytes, size) != (good ? size : 0);
        wrong += kx_base__utf8(bytes, size) != good;
        for (size_t cut = 0; cut < size; cut++)
            wrong += kx_base__utf8_length(bytes, cut) != 0;
    }
    ck_assert_uint_eq(wrong, 0);
}
END_TEST

/* Of all sequences of two and three bytes, exactly those are good that some characters encode to. */
START_TEST(all_short_sequences_are_counted)
{
    unsigned good = 0;
    for (uint32_t word = 0; word < 1u << 24; word++) {
        uint8_t bytes[3] = {(uint8_t)(word >> 16), (uint8_t)(word >> 8), (uint8_t)word};
        good += kx_base__utf8(bytes, 3);
    }
    unsigned one = 128, two = 0x800 - 0x80, three = 0x10000 - 0x800 - 0x800;
    ck_assert_uint_eq(good, one * one * one + 2 * one * two + three);
}
END_TEST

START_TEST(cuts_fall_between_characters)
{
    const char *text = "a\xc3\xb6\xe2\x82\xac\xf0\x9f\x98\x80z";
    static const size_t cuts[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
    for (size_t limit = 0; limit < sizeof cuts / sizeof *cuts; limit++)
        ck_assert_uint_eq(kx_base__utf8_cut(text, 11, limit), cuts[limit]);
    ck_assert_uint_eq(kx_base__utf8_cut("\x80\x80\x80\x80\x80\x80", 6, 5), 5);
    ck_assert_uint_eq(kx_base__utf8_cut("\x80\x80\x80", 3, 1), 1);
    ck_assert_uint_eq(kx_base__utf8_cut("", 0, 0), 0);
}
END_TEST

static Suite *utf8_suite(void)
{
    Suite *suite = suite_create("base/utf8");
    TCase *cases = tcase_create("utf8");
    tcase_add_test(cases, every_sample_is_judged_wherever_it_stands);
    tcase_add_test(cases, every_code_point_but_surrogates_is_good);
    tcase_add_test(cases, all_short_sequences_are_counted);
    tcase_add_test(cases, cuts_fall_between_characters);
    suite_add_tcase(suite, cases);
    return suite;
}

int main(void)
{
    return kxt_run(utf8_suite());
}
