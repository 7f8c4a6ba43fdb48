/* test_extended.c -- base64, moments and integers as text. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "document/extended.h"
#include "samples.h"

static bool decodes(const char *text, char *data, size_t *size)
{
    char *copy = malloc(strlen(text) + 1);
    size_t length = strlen(text);
    memcpy(copy, text, length);             /* without its NUL: nothing may read there */
    copy = realloc(copy, length > 0 ? length : 1);
    *size = kx_document__base64_size(copy, length);
    bool right = *size != SIZE_MAX && kx_document__from_base64(copy, length, (uint8_t *)data);
    free(copy);
    return right;
}

START_TEST(base64_is_that_of_rfc_4648)
{
    static const char *const rows[][2] = {
        {"", ""},                 {"f", "Zg=="},         {"fo", "Zm8="},          {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},     {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff\xbf", "+/+/"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        kx_buf out = {.size = 0};
        char data[16];
        size_t size;
        kx_document__to_base64((const uint8_t *)rows[i][0], strlen(rows[i][0]), &out);
        ck_assert_uint_eq(out.size, strlen(rows[i][1]));
        ck_assert_int_eq(strncmp((const char *)out.data, rows[i][1], out.size), 0);
        ck_assert(decodes(rows[i][1], data, &size));
        ck_assert_uint_eq(size, strlen(rows[i][0]));
        ck_assert_int_eq(memcmp(data, rows[i][0], size), 0);
        kx_buf__free(&out);
    }
}
END_TEST

START_TEST(base64_that_is_not_canonical_is_refused)
{
    static const char *const wrong[] = {"Z",    "Zg",       "Zg=",  "Zh==",    "Zm9=", "====", "Z===",
                                        "Zg==Zg==", "Zm 9", "Zm9v\n", "Zm-_", "=Zm9", "Z=m9"};
    char data[16];
    size_t size;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ck_assert_msg(!decodes(wrong[i], data, &size), "%s", wrong[i]);
}
END_TEST

START_TEST(moments_have_the_digits_they_need)
{
    static const struct { int64_t seconds; uint32_t ns; const char *text; } rows[] = {
        {0, 0, "1970-01-01T00:00:00Z"},
        {-1, 999999999, "1969-12-31T23:59:59.999999999Z"},
        {951782400, 500000000, "2000-02-29T00:00:00.500Z"},
        {4107542399, 1000, "2100-02-28T23:59:59.000001Z"},
        {4107542400, 1, "2100-03-01T00:00:00.000000001Z"},
        {INT64_C(-62167219200), 0, "0000-01-01T00:00:00Z"},
        {INT64_C(253402300799), 999000000, "9999-12-31T23:59:59.999Z"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[KX_DATE_SIZE];
        int64_t seconds;
        uint32_t ns;
        ck_assert(kx_document__to_date(rows[i].seconds, rows[i].ns, text));
        ck_assert_str_eq(text, rows[i].text);
        ck_assert(kx_document__from_date(text, strlen(text), &seconds, &ns));
        ck_assert_int_eq(seconds, rows[i].seconds);
        ck_assert_uint_eq(ns, rows[i].ns);
    }
    char text[KX_DATE_SIZE];
    ck_assert(!kx_document__to_date(INT64_C(-62167219201), 0, text));
    ck_assert(!kx_document__to_date(INT64_C(253402300800), 0, text));
    ck_assert(!kx_document__to_date(INT64_MIN, 0, text));
    ck_assert(!kx_document__to_date(INT64_MAX, 0, text));
}
END_TEST

START_TEST(every_day_of_ten_thousand_years_agrees_with_the_c_library)
{
    for (int64_t day = -719528; day <= 2932896; day++) {
        char text[KX_DATE_SIZE];
        struct tm tm;
        time_t seconds = (time_t)(day * 86400 + 43200);
        int64_t back;
        uint32_t ns;
        ck_assert(kx_document__to_date(seconds, 0, text));
        if (day % 29 == 0 || (day > 0 && day < 40000)) {
            ck_assert_ptr_nonnull(gmtime_r(&seconds, &tm));
            ck_assert_str_eq(text, kxt_print("%04d-%02d-%02dT12:00:00Z", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday));
        }
        if (!kx_document__from_date(text, strlen(text), &back, &ns) || back != seconds)
            ck_abort_msg("%s", text);
    }
}
END_TEST

START_TEST(moments_may_have_other_fractions_and_zones)
{
    int64_t seconds;
    uint32_t ns;
    ck_assert(kx_document__from_date("1970-01-01T00:00:00.5Z", 22, &seconds, &ns));
    ck_assert_uint_eq(ns, 500000000);
    ck_assert(kx_document__from_date("1970-01-01T01:30:00+01:30", 25, &seconds, &ns));
    ck_assert_int_eq(seconds, 0);
    ck_assert(kx_document__from_date("1969-12-31T23:00:00.25-01:00", 28, &seconds, &ns));
    ck_assert_int_eq(seconds, 0);
    ck_assert_uint_eq(ns, 250000000);
}
END_TEST

START_TEST(wrong_moments_are_refused)
{
    static const char *const wrong[] = {
        "", "1970", "1970-01-01", "1970-01-01T00:00:00", "1970-01-01T00:00:00.Z", "1970-01-01T00:00:00.1234567890Z",
        "1970-01-01 00:00:00Z", "1970-01-01T00:00:00z", "1970-13-01T00:00:00Z", "1970-00-01T00:00:00Z",
        "1970-01-00T00:00:00Z", "1970-01-32T00:00:00Z", "1970-02-29T00:00:00Z", "2100-02-29T00:00:00Z",
        "1970-04-31T00:00:00Z", "1970-01-01T24:00:00Z", "1970-01-01T00:60:00Z", "1970-01-01T00:00:60Z",
        "1970-01-01T00:00:00+24:00", "1970-01-01T00:00:00+0100", "1970-01-01T00:00:00ZZ", "1970-1-01T00:00:00Z",
        "-1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z ", "+970-01-01T00:00:00Z",
    };
    int64_t seconds;
    uint32_t ns;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ck_assert_msg(!kx_document__from_date(wrong[i], strlen(wrong[i]), &seconds, &ns), "%s", wrong[i]);
}
END_TEST

START_TEST(integers_are_read_to_their_last_digit)
{
    int64_t value;
    uint64_t bits;
    ck_assert(kx_document__to_signed("-9223372036854775808", 20, &value));
    ck_assert_int_eq(value, INT64_MIN);
    ck_assert(kx_document__to_signed("9223372036854775807", 19, &value));
    ck_assert_int_eq(value, INT64_MAX);
    ck_assert(kx_document__to_signed("-0", 2, &value));
    ck_assert(!kx_document__to_signed("9223372036854775808", 19, &value));
    ck_assert(!kx_document__to_signed("-9223372036854775809", 20, &value));
    ck_assert(kx_document__to_unsigned("18446744073709551615", 20, &bits));
    ck_assert_uint_eq(bits, UINT64_MAX);
    ck_assert(!kx_document__to_unsigned("18446744073709551616", 20, &bits));
    ck_assert(!kx_document__to_unsigned("99999999999999999999", 20, &bits));
    static const char *const wrong[] = {"", "-", "+1", "01", "-01", "1.0", " 1", "1 ", "0x1", "--1"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ck_assert_msg(!kx_document__to_signed(wrong[i], strlen(wrong[i]), &value), "'%s'", wrong[i]);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("document/extended");
    TCase *c = tcase_create("extended");
    tcase_add_test(c, base64_is_that_of_rfc_4648);
    tcase_add_test(c, base64_that_is_not_canonical_is_refused);
    tcase_add_test(c, moments_have_the_digits_they_need);
    tcase_add_test(c, every_day_of_ten_thousand_years_agrees_with_the_c_library);
    tcase_add_test(c, moments_may_have_other_fractions_and_zones);
    tcase_add_test(c, wrong_moments_are_refused);
    tcase_add_test(c, integers_are_read_to_their_last_digit);
    suite_add_tcase(s, c);
    return s;
}

int main(void)
{
    return kxt_run(suite());
}
