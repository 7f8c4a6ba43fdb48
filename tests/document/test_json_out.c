/* test_json_out.c -- MessagePack to JSON, and that nothing is lost on the way there and back. */
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "samples.h"

static void writes(const char *bytes, const char *expected)
{
    kx_buf out = {.size = 0};
    ck_assert_int_eq(kx_document__to_json(hex(bytes), &out), KX_OK);
    kx_buf__byte(&out, 0);
    ck_assert_str_eq((const char *)out.data, expected);
    kx_buf__free(&out);
}

static void writes_real(double real, const char *expected)
{
    kx_slice bytes;
    kx_builder builder;
    kx_buf out = {.size = 0};
    kx_value value = {.type = KX_TYPE_REAL, .real = real};
    kx_builder__init(&builder);
    kx_builder__value(&builder, &value);
    ck_assert_int_eq(kx_builder__finish(&builder, &bytes), KX_OK);
    ck_assert_int_eq(kx_document__to_json(bytes, &out), KX_OK);
    kx_buf__byte(&out, 0);
    ck_assert_str_eq((const char *)out.data, expected);
    kx_buf__free(&out);
    kx_builder__free(&builder);
}

START_TEST(plain_values_are_written_compactly)
{
    writes("80", "{}");
    writes("90", "[]");
    writes("82 a1 61 01 a1 62 93 c0 c2 c3", "{\"a\":1,\"b\":[null,false,true]}");
    writes("92 81 a1 61 80 92 90 91 05", "[{\"a\":{}},[[],[5]]]");
    writes("93 d3 80 00 00 00 00 00 00 00 cf 7f ff ff ff ff ff ff ff 00",
           "[-9223372036854775808,9223372036854775807,0]");
    writes("a9 22 5c 2f 0a 08 1f 7f c3 a9", "\"\\\"\\\\/\\n\\b\\u001f\x7f\xc3\xa9\"");
    writes("a6 0c 0d 09 0b 00 61", "\"\\f\\r\\t\\u000b\\u0000a\"");
    writes("", "null");
}
END_TEST

START_TEST(what_json_lacks_is_extended_json)
{
    writes("cf 80 00 00 00 00 00 00 00", "{\"$numberUnsigned\":\"9223372036854775808\"}");
    writes("cb 7f f8 00 00 00 00 00 00", "{\"$numberDouble\":\"NaN\"}");
    writes("cb 7f f0 00 00 00 00 00 00", "{\"$numberDouble\":\"Infinity\"}");
    writes("cb ff f0 00 00 00 00 00 00", "{\"$numberDouble\":\"-Infinity\"}");
    writes("c4 02 00 ff", "{\"$binary\":{\"base64\":\"AP8=\",\"subType\":\"00\"}}");
    writes("d6 ff 00 00 00 00", "{\"$date\":\"1970-01-01T00:00:00Z\"}");
    writes("d7 ff 00 00 00 04 00 00 00 00", "{\"$date\":\"1970-01-01T00:00:00.000000001Z\"}");
    writes("c7 0c ff 00 00 00 05 80 00 00 00 00 00 00 00",
           "{\"$date\":{\"seconds\":\"-9223372036854775808\",\"nanoseconds\":5}}");
    writes("d4 80 ff", "{\"$ext\":{\"type\":-128,\"base64\":\"/w==\"}}");
    writes("83 a1 24 01 a2 24 78 02 a3 24 24 78 03", "{\"$$\":1,\"$$x\":2,\"$$$x\":3}");
    writes("a2 24 78", "\"$x\"");
}
END_TEST

START_TEST(reals_have_a_point_or_an_exponent_and_few_digits)
{
    writes_real(30, "30.0");
    writes_real(0, "0.0");
    writes_real(-0.0, "-0.0");
    writes_real(99.99, "99.99");
    writes_real(0.1, "0.1");
    writes_real(0.1 + 0.2, "0.30000000000000004");
    writes_real(1e22, "1e+22");
    writes_real(-1.5e300, "-1.5e+300");
    writes_real(123456789012345.0, "123456789012345.0");
    writes_real(9007199254740993.0, "9007199254740992.0");
    writes_real(1.7976931348623157e308, "1.7976931348623157e+308");
}
END_TEST

static void fails(const char *bytes)
{
    kx_buf out = {.size = 0};
    uint8_t *copy = exact_copy(hex(bytes));
    ck_assert_int_eq(kx_document__to_json(kx_slice_of(copy, hex(bytes).size), &out), KX_CORRUPT);
    ck_assert_int_eq(out.rc, KX_CORRUPT);
    ck_assert_str_ne(text_of(KX_CORRUPT), kx_strerror(KX_CORRUPT));
    kx_buf__free(&out);
    free(copy);
}

START_TEST(damaged_bytes_are_corrupt)
{
    static const char *const damaged[] = {"c1",          "81 a1 61", "82 a1 61 01", "92 01",       "81 05 06", "a1 ff",
                                          "81 a1 ff 01", "01 02",    "80 00",       "d5 ff 00 00", "91 c1",
                                          "dd ff ff ff ff"};
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++)
        fails(damaged[i]);
    kx_buf deep = {.size = 0}, out = {.size = 0};
    sample_deep(&deep, 65, true);
    ck_assert_int_eq(kx_document__to_json(kx_buf__slice(&deep), &out), KX_CORRUPT);
    kx_buf__free(&deep);
    kx_buf__free(&out);
}
END_TEST

START_TEST(members_come_without_braces)
{
    kx_buf out = {.size = 0};
    kx_buf__text(&out, "{\"_id\":1,");
    ck_assert_int_eq(kx_document__members_to_json(hex("82 a1 61 81 a1 62 01 a1 63 90"), &out), KX_OK);
    kx_buf__text(&out, "}");
    kx_buf__byte(&out, 0);
    ck_assert_str_eq((const char *)out.data, "{\"_id\":1,\"a\":{\"b\":1},\"c\":[]}");
    kx_buf__clear(&out);
    ck_assert_int_eq(kx_document__members_to_json(hex("80"), &out), KX_OK);
    ck_assert_uint_eq(out.size, 0);
    ck_assert_int_eq(kx_document__members_to_json(hex("90"), &out), KX_CORRUPT);
    kx_buf__free(&out);
}
END_TEST

START_TEST(an_error_before_stays)
{
    kx_buf out = {.size = 0};
    out.rc = KX_NOMEM;
    ck_assert_int_eq(kx_document__to_json(hex("81 a1 61 cb 3f f8 00 00 00 00 00 00"), &out), KX_NOMEM);
    ck_assert_int_eq(kx_document__to_json(hex("c1"), &out), KX_NOMEM);
    ck_assert_uint_eq(out.size, 0);
}
END_TEST

static void round_trip(kx_slice bytes)
{
    kx_buf json = {.size = 0}, back = {.size = 0};
    ck_assert_int_eq(kx_document__to_json(bytes, &json), KX_OK);
    ck_assert(kx_base__utf8(json.data, json.size));
    int rc = kx_document__from_json((const char *)json.data, json.size, true, &back);
    ck_assert_msg(rc == KX_OK, "%.*s: %s", (int)json.size, (const char *)json.data, text_of(rc));
    ck_bytes_eq(kx_buf__slice(&back), bytes);
    kx_buf__free(&json);
    kx_buf__free(&back);
}

START_TEST(hard_values_come_back_byte_for_byte)
{
    static const char *const values[] = {
        "cf ff ff ff ff ff ff ff ff", "cf 80 00 00 00 00 00 00 00", "cf 7f ff ff ff ff ff ff ff",
        "d3 80 00 00 00 00 00 00 00", "cf 00 20 00 00 00 00 00 01", "cb 00 00 00 00 00 00 00 01",
        "cb 80 00 00 00 00 00 00 00", "cb 00 00 00 00 00 00 00 00", "cb 7f f8 00 00 00 00 00 00",
        "cb ff f0 00 00 00 00 00 00", "cb 7f ef ff ff ff ff ff ff", "cb 00 0f ff ff ff ff ff ff",
        "cb 43 40 00 00 00 00 00 00", "cb 44 b5 2d 02 c7 e1 4a f6", "a3 61 00 62", "a4 f4 8f bf bf", "a3 ed 9f bf",
        "c4 00", "c4 03 00 00 00", "d7 ff ee 6b 27 fc 00 00 00 00", "c7 0c ff 3b 9a c9 ff 7f ff ff ff ff ff ff ff",
        "c7 0c ff 00 00 00 00 ff ff ff f1 86 8b 84 00", "c7 0c ff 00 00 00 00 ff ff ff f1 86 8b 83 ff", "c7 00 00",
        "d8 7f 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00", "81 a1 24 81 a2 24 24 a1 24",
        "81 a5 24 64 61 74 65 01", "81 a0 a0",
    };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        bool canonical;
        ck_assert_int_eq(kx_document__check_value(hex(values[i]), &canonical), KX_OK);
        ck_assert_msg(canonical, "%s", values[i]);
        round_trip(hex(values[i]));
    }
    for (int maps = 0; maps < 2; maps++) {
        kx_buf deep = {.size = 0};
        sample_deep(&deep, 64, maps);
        round_trip(kx_buf__slice(&deep));
        kx_buf__free(&deep);
    }
}
END_TEST

START_TEST(random_documents_come_back_byte_for_byte)
{
    uint64_t state = kxt_seed();
    for (uint64_t n = kxt_scaled(5000); n > 0; n--) {
        sample made;
        sample_make(&made, &state, n % 20 == 0 ? sample_usual : sample_small, n % 3 == 0);
        round_trip(kx_buf__slice(&made.canonical));
        sample_free(&made);
    }
}
END_TEST

START_TEST(random_reals_come_back_bit_for_bit)
{
    uint64_t state = kxt_seed();
    for (uint64_t n = kxt_scaled(20000); n > 0; n--) {
        uint64_t bits = kxt_random(&state);
        double real;
        memcpy(&real, &bits, sizeof real);
        uint8_t bytes[9] = {0xcb};
        for (unsigned i = 0; i < 8; i++)
            bytes[1 + i] = (uint8_t)(bits >> 8 * (7 - i));
        if (!isnan(real))
            round_trip(kx_slice_of(bytes, sizeof bytes));
    }
}
END_TEST

/* A locale whose decimal point is a comma, made from Debian's sources where no such locale is installed. */
static bool enter_comma_locale(void)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "de_DE", "fr_FR.UTF-8", "pl_PL.UTF-8"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (setlocale(LC_ALL, names[i]) != NULL && strcmp(localeconv()->decimal_point, ",") == 0)
            return true;
    }
    char *folder = kxt_folder();
    char *command = kxt_print("localedef --no-archive -i de_DE -f UTF-8 '%s/de_DE.UTF-8' >/dev/null 2>&1", folder);
    if (kxt_shell(command, NULL, NULL, NULL) > 1 || setenv("LOCPATH", folder, 1) != 0)
        return false;
    return setlocale(LC_ALL, "de_DE.UTF-8") != NULL && strcmp(localeconv()->decimal_point, ",") == 0;
}

START_TEST(the_locale_does_not_matter)
{
    if (!enter_comma_locale()) {
        printf("skipped: no locale with a decimal comma here\n");
        return;
    }
    ck_assert_str_eq(kxt_print("%.1f", 1.5), "1,5");
    writes_real(1.5, "1.5");
    writes_real(1e300, "1e+300");
    round_trip(hex("92 cb 3f f8 00 00 00 00 00 00 cb 3f b9 99 99 99 99 99 9a"));
    kx_buf out = {.size = 0};
    ck_assert_int_eq(kx_document__from_json("{\"$numberDouble\":\"1.5\"}", 23, true, &out), KX_OK);
    ck_bytes_eq(kx_buf__slice(&out), hex("cb 3f f8 00 00 00 00 00 00"));
    ck_assert_str_eq(kxt_print("%.1f", 1.5), "1,5");        /* and is left as it was */
    kx_buf__free(&out);
    setlocale(LC_ALL, "C");
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("document/json_out");
    TCase *c = tcase_create("json_out");
    tcase_add_test(c, plain_values_are_written_compactly);
    tcase_add_test(c, what_json_lacks_is_extended_json);
    tcase_add_test(c, reals_have_a_point_or_an_exponent_and_few_digits);
    tcase_add_test(c, damaged_bytes_are_corrupt);
    tcase_add_test(c, members_come_without_braces);
    tcase_add_test(c, an_error_before_stays);
    tcase_add_test(c, hard_values_come_back_byte_for_byte);
    tcase_add_test(c, random_documents_come_back_byte_for_byte);
    tcase_add_test(c, random_reals_come_back_bit_for_bit);
    tcase_add_test(c, the_locale_does_not_matter);
    suite_add_tcase(s, c);
    return s;
}

int main(void)
{
    return kxt_run(suite());
}
