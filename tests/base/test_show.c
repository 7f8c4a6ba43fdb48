/*
 * test_show.c -- values in error messages.
 */
#include "base/base.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

static const char *show(kx_value value)
{
    static char text[128];
    return kx_base__show(&value, text, sizeof text);
}

static kx_value text_of(const char *text, size_t size)
{
    return (kx_value){.type = KX_TYPE_TEXT, .data = text, .size = size};
}

static kx_value real_of(double real)
{
    return (kx_value){.type = KX_TYPE_REAL, .real = real};
}

static kx_value int_of(int64_t integer)
{
    return (kx_value){.type = KX_TYPE_INT, .integer = integer};
}

START_TEST(scalars_look_like_json)
{
    ck_assert_str_eq(show((kx_value){0}), "nothing");
    ck_assert_str_eq(show((kx_value){.type = KX_TYPE_NULL}), "null");
    ck_assert_str_eq(show((kx_value){.type = KX_TYPE_BOOL, .integer = 1}), "true");
    ck_assert_str_eq(show((kx_value){.type = KX_TYPE_BOOL}), "false");
    ck_assert_str_eq(show(int_of(INT64_MIN)), "-9223372036854775808");
    ck_assert_str_eq(show((kx_value){.type = KX_TYPE_UINT, .integer = -1}), "18446744073709551615");
    ck_assert_str_eq(show((kx_value){.type = KX_TYPE_BINARY, .data = "abc", .size = 3}), "binary(3 bytes)");
    ck_assert_str_eq(show((kx_value){.type = KX_TYPE_EXT, .extra = -7, .data = "abc", .size = 3}), "ext(-7, 3 bytes)");
    ck_assert_str_eq(show((kx_value){.type = (kx_type)99}), "type 99");
}
END_TEST

START_TEST(a_real_is_told_from_an_integer)
{
    ck_assert_str_eq(show(int_of(30)), "30");
    ck_assert_str_eq(show(real_of(30)), "30.0");
    ck_assert_str_eq(show(real_of(-0.0)), "-0.0");
    ck_assert_str_eq(show(real_of(0.1)), "0.1");
    ck_assert_str_eq(show(real_of(0.1 + 0.2)), "0.30000000000000004");
    ck_assert_str_eq(show(real_of(1e300)), "1e+300");
    ck_assert_str_eq(show(real_of(NAN)), "NaN");
    ck_assert_str_eq(show(real_of(INFINITY)), "Infinity");
    ck_assert_str_eq(show(real_of(-INFINITY)), "-Infinity");
    ck_assert_double_eq(strtod(show(real_of(5e-324)), NULL), 5e-324);
}
END_TEST

START_TEST(the_locale_does_not_matter)
{
    if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL && setlocale(LC_ALL, "fr_FR.UTF-8") == NULL)
        return;
    ck_assert_str_eq(show(real_of(0.5)), "0.5");
    ck_assert_str_eq(show(real_of(30)), "30.0");
    setlocale(LC_ALL, "C");
}
END_TEST

START_TEST(texts_are_printable)
{
    ck_assert_str_eq(show(text_of("Bj\xc3\xb6rk", 6)), "\"Bj\xc3\xb6rk\"");
    ck_assert_str_eq(show(text_of("a\"b\\c\n\t", 7)), "\"a\\\"b\\\\c\\n\\t\"");
    ck_assert_str_eq(show(text_of("\0\x1b[31m\x7f", 7)), "\"\\u0000\\u001b[31m\\u007f\"");
    ck_assert_str_eq(show(text_of("\xc2\x85\xc2\xa0", 4)), "\"\\u0085\xc2\xa0\"");
    ck_assert_str_eq(show(text_of("\xff\xc3", 2)), "\"\\xff\\xc3\"");
    ck_assert_str_eq(show(text_of(NULL, 0)), "\"\"");
}
END_TEST

START_TEST(containers_are_brackets)
{
    ck_assert_str_eq(show((kx_value){.type = KX_TYPE_ARRAY, .data = "\x90", .size = 1}), "[\xe2\x80\xa6]");
    ck_assert_str_eq(show((kx_value){.type = KX_TYPE_MAP, .data = "\x80", .size = 1}), "{\xe2\x80\xa6}");
    kx_value inner = {.type = KX_TYPE_LIST};
    kx_value values[] = {int_of(1), text_of("a", 1), inner};
    ck_assert_str_eq(show((kx_value){.type = KX_TYPE_LIST, .data = values, .size = 3}), "[1, \"a\", [\xe2\x80\xa6]]");
    ck_assert_str_eq(show(inner), "[]");
}
END_TEST

START_TEST(times_are_dates_in_utc)
{
    static const struct { int64_t seconds; int32_t nanoseconds; const char *text; } times[] = {
        {0, 0, "1970-01-01T00:00:00Z"},
        {-1, 999999999, "1969-12-31T23:59:59.999999999Z"},
        {951782400, 0, "2000-02-29T00:00:00Z"},
        {951868800, 5, "2000-03-01T00:00:00.000000005Z"},
        {4107542400, 0, "2100-03-01T00:00:00Z"},
        {-62135596800, 0, "0001-01-01T00:00:00Z"},
        {-62167219200, 0, "0000-01-01T00:00:00Z"},
        {-62167219201, 0, "-001-12-31T23:59:59Z"},
        {253402300799, 0, "9999-12-31T23:59:59Z"},
        {INT64_MAX, 0, "292277026596-12-04T15:30:07Z"},
        {INT64_MIN, 0, "-292277022657-01-27T08:29:52Z"},
    };
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        kx_value value = {.type = KX_TYPE_TIME, .integer = times[i].seconds, .extra = times[i].nanoseconds};
        ck_assert_str_eq(show(value), times[i].text);
    }
}
END_TEST

/* Every size gives a terminated, well-formed text that stays in its room. */
START_TEST(whatever_the_room_it_fits)
{
    kx_value list[] = {int_of(12345), text_of("\xf0\x9f\x98\x80\xc3\xb6\n", 7), real_of(0.25)};
    kx_value values[] = {
        list[0], list[1], list[2], text_of("a long text of many characters", 30), {.type = KX_TYPE_MAP},
        {.type = KX_TYPE_LIST, .data = list, .size = 3}, {.type = KX_TYPE_TIME}, {.type = KX_TYPE_BINARY},
    };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        for (size_t size = 1; size <= 60; size++) {
            char *room = malloc(size);
            ck_assert_ptr_nonnull(room);
            ck_assert_ptr_eq(kx_base__show(&values[i], room, size), room);
            ck_assert(kx_base__utf8(room, strnlen(room, size)));
            ck_assert_uint_lt(strnlen(room, size), size);
            free(room);
        }
    }
    char text[12];
    ck_assert_str_eq(kx_base__show(&values[3], text, sizeof text), "\"a long\xe2\x80\xa6\"");
}
END_TEST

static Suite *show_suite(void)
{
    Suite *suite = suite_create("base/show");
    TCase *cases = tcase_create("show");
    tcase_add_test(cases, scalars_look_like_json);
    tcase_add_test(cases, a_real_is_told_from_an_integer);
    tcase_add_test(cases, the_locale_does_not_matter);
    tcase_add_test(cases, texts_are_printable);
    tcase_add_test(cases, containers_are_brackets);
    tcase_add_test(cases, times_are_dates_in_utc);
    tcase_add_test(cases, whatever_the_room_it_fits);
    suite_add_tcase(suite, cases);
    return suite;
}

int main(void)
{
    return kxt_run(show_suite());
}
