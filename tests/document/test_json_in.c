/* test_json_in.c -- JSON to MessagePack: what is read as what, and where an error lies. */
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "samples.h"

static void reads_n(const char *text, size_t size, const char *expected)
{
    kx_buf out = {.size = 0};
    int rc = kx_document__from_json(text, size, true, &out);
    ck_assert_msg(rc == KX_OK, "%s: %s", text, text_of(rc));
    ck_bytes_eq(kx_buf__slice(&out), hex(expected));
    kx_buf__free(&out);
}

static void reads(const char *text, const char *expected)
{
    reads_n(text, strlen(text), expected);
}

START_TEST(plain_json_is_read)
{
    reads("null", "c0");
    reads(" [true, false]\n", "92 c3 c2");
    reads("30", "1e");
    reads("-1", "ff");
    reads("-0", "00");
    reads("9223372036854775807", "cf 7f ff ff ff ff ff ff ff");
    reads("-9223372036854775808", "d3 80 00 00 00 00 00 00 00");
    reads("30.0", "cb 40 3e 00 00 00 00 00 00");
    reads("-0.0", "cb 80 00 00 00 00 00 00 00");
    reads("1e2", "cb 40 59 00 00 00 00 00 00");
    reads("5e-324", "cb 00 00 00 00 00 00 00 01");
    reads("\"\"", "a0");
    reads("\"a\\u0000b\"", "a3 61 00 62");
    reads("\"\\ud800\\udf48\\u20ac\\n\\/\"", "a9 f0 90 8d 88 e2 82 ac 0a 2f");
    reads("{}", "80");
    reads("{\"b\":1,\"a\":{\"\":[]}}", "82 a1 62 01 a1 61 81 a0 90");
}
END_TEST

START_TEST(extended_json_is_read)
{
    reads("{\"$binary\":{\"base64\":\"AP8=\",\"subType\":\"00\"}}", "c4 02 00 ff");
    reads("{\"$binary\":{\"base64\":\"\",\"subType\":\"7F\"}}", "c4 00");
    reads("{\"$binary\":{\"base64\":\"AA==\"}}", "c4 01 00");
    reads("{\"$date\":\"1970-01-01T00:00:01Z\"}", "d6 ff 00 00 00 01");
    reads("{\"$date\":\"1970-01-01T00:00:01.000000001Z\"}", "d7 ff 00 00 00 04 00 00 00 01");
    reads("{\"$date\":{\"$numberLong\":\"1500\"}}", "d7 ff 77 35 94 00 00 00 00 01");
    reads("{\"$date\":{\"$numberLong\":\"-1\"}}", "c7 0c ff 3b 8b 87 c0 ff ff ff ff ff ff ff ff");
    reads("{\"$date\":{\"$numberLong\":\"-1000\"}}", "c7 0c ff 00 00 00 00 ff ff ff ff ff ff ff ff");
    reads("{\"$date\":{\"seconds\":\"-9223372036854775808\",\"nanoseconds\":5}}",
          "c7 0c ff 00 00 00 05 80 00 00 00 00 00 00 00");
    reads("{\"$date\":{\"seconds\":\"1\"}}", "d6 ff 00 00 00 01");
    reads("{\"$numberInt\":\"-5\"}", "fb");
    reads("{\"$numberLong\":\"9223372036854775807\"}", "cf 7f ff ff ff ff ff ff ff");
    reads("{\"$numberUnsigned\":\"18446744073709551615\"}", "cf ff ff ff ff ff ff ff ff");
    reads("{\"$numberUnsigned\":\"7\"}", "07");
    reads("{\"$numberDouble\":\"NaN\"}", "cb 7f f8 00 00 00 00 00 00");
    reads("{\"$numberDouble\":\"Infinity\"}", "cb 7f f0 00 00 00 00 00 00");
    reads("{\"$numberDouble\":\"-Infinity\"}", "cb ff f0 00 00 00 00 00 00");
    reads("{\"$numberDouble\":\"1.5e0\"}", "cb 3f f8 00 00 00 00 00 00");
    reads("{\"$numberDouble\":\"-0\"}", "cb 80 00 00 00 00 00 00 00");
    reads("{\"$ext\":{\"type\":5,\"base64\":\"AA==\"}}", "d4 05 00");
    reads("{\"$ext\":{\"base64\":\"\",\"type\":-128}}", "c7 00 80");
    reads("{\"a\":{\"$date\":\"1970-01-01T00:00:00Z\"},\"b\":1}", "82 a1 61 d6 ff 00 00 00 00 a1 62 01");
}
END_TEST

START_TEST(doubled_dollars_are_keys_with_one_less)
{
    reads("{\"$$x\":1}", "81 a2 24 78 01");
    reads("{\"$$$x\":1}", "81 a3 24 24 78 01");
    reads("{\"$$\":1,\"a$\":2}", "82 a1 24 01 a2 61 24 02");
    reads("{\"$$date\":\"x\"}", "81 a5 24 64 61 74 65 a1 78");
}
END_TEST

typedef struct row {
    const char *text;
    unsigned    line, column;
    const char *what;
} row;

static void refuses(const row *r, bool any)
{
    kx_buf out = {.size = 0};
    unsigned line = 99, column = 99;
    const char *what;
    kx_buf__text(&out, "kept");
    int rc = kx_document__from_json_at(r->text, strlen(r->text), any, &out, &line, &column, &what);
    const char *told = text_of(rc);
    ck_assert_msg(rc == KX_INVALID, "%s: %d %s", r->text, rc, told);
    ck_assert_msg(strstr(what, r->what) != NULL, "%s: %s", r->text, what);
    ck_assert_msg(line == r->line && column == r->column, "%s: line %u, column %u: %s", r->text, line, column, what);
    ck_assert_str_eq(told, kxt_print("line %u, column %u: %s", line, column, what));
    ck_assert_uint_eq(out.size, 4);
    ck_assert_int_eq(out.rc, KX_OK);
    kx_buf__free(&out);
}

START_TEST(malformed_json_is_refused_at_its_line_and_column)
{
    static const row rows[] = {
        {"", 1, 1, "end of file"},
        {"{", 1, 1, "end of file"},
        {"{\"a\":1,\n \"b\":}", 2, 6, "unexpected token"},
        {"{\"a\":1,\n\n  \"a\":2}", 3, 5, "duplicate object key"},
        {"[1] x", 1, 5, "end of file expected"},
        {"[1,]", 1, 4, "unexpected token"},
        {"[01]", 1, 2, "invalid token"},
        {"[1.]", 1, 3, "invalid token"},
        {"[NaN]", 1, 4, "invalid token"},
        {"[\n\n\"a\tb\"]", 3, 2, "control character"},
        {"[\"\\ud800\"]", 1, 9, "Unicode"},
        {"[\"\xff\"]", 1, 2, "decode byte"},
        {"[\"\xed\xa0\x80\"]", 1, 2, "decode byte"},
        {"[\"\xc0\xaf\"]", 1, 2, "decode byte"},
        {"{\"a\\u0000b\":1}", 1, 11, "NUL"},
        {"\xef\xbb\xbf{}", 1, 1, "invalid token"},
        {"{'a':1}", 1, 2, "string or '}' expected"},
        {"[1e400]", 1, 6, "out of range"},
        {"{\"n\":9223372036854775808}", 1, 24, "$numberUnsigned"},
        {"[-9223372036854775809]", 1, 21, "out of range"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        refuses(&rows[i], true);
        refuses(&rows[i], false);
    }
}
END_TEST

START_TEST(what_only_the_values_show_is_refused_at_its_place_too)
{
    static const row rows[] = {
        {"{\"$oid\":\"x\"}", 1, 2, "unknown '$oid'; a key that begins with '$' is written '$$oid'"},
        {"{\"a\":[1,\"x,y\",{\"b\":2}],\n \"c\":{\"$foo\":1}}", 2, 7, "unknown '$foo'"},
        {"{\"\xc3\xa9\":{\"$foo\":1}}", 1, 7, "unknown '$foo'"},
        {"{\"q\\\"\":\"\\\\\",\"c\":{\"$foo\":1}}", 1, 18, "unknown '$foo'"},
        {"{\"d\":{\"$date\":{\"$numberLong\":\"1\"}},\n"
         "\"b\":{\"$binary\":{\"base64\":\"AA==\",\"subType\":\"00\"}},\n"
         "\"e\":{\"$ext\":{\"type\":1,\"base64\":\"\"}},\"n\":{\"$numberInt\":\"1\"},\"f\":{\"$g\":1}}",
         3, 65, "unknown '$g'"},
        {"{\"a\":1,\"$x\":{\"a\":2}}", 1, 1, "'$x' must be alone"},
        {"[0,{\"$date\":\"1970-01-01T00:00:00Z\",\"a\":1}]", 1, 5, "'$date' must be alone"},
        {"{\"$binary\":\"AA==\"}", 1, 2, "$binary takes"},
        {"{\"$binary\":{\"base64\":\"AA\"}}", 1, 2, "base64"},
        {"{\"$binary\":{\"base64\":\"AB==\"}}", 1, 2, "base64"},
        {"{\"$binary\":{\"base64\":\"AA==\",\"subType\":\"xx\"}}", 1, 2, "$binary takes"},
        {"{\"$binary\":{\"base64\":\"AA==\",\"sub\":\"00\"}}", 1, 2, "$binary takes"},
        {"{\"$date\":\"1970-02-30T00:00:00Z\"}", 1, 2, "$date takes"},
        {"{\"$date\":5}", 1, 2, "$date takes"},
        {"{\"$date\":{\"seconds\":\"1\",\"nanoseconds\":1000000000}}", 1, 2, "$date takes"},
        {"{\"$date\":{\"seconds\":\"1\",\"x\":1}}", 1, 2, "$date takes"},
        {"{\"$date\":{\"$numberLong\":\"1\",\"nanoseconds\":1}}", 1, 2, "$date takes"},
        {"{\"$numberInt\":\"2147483648\"}", 1, 2, "$numberInt"},
        {"{\"$numberInt\":5}", 1, 2, "$numberInt"},
        {"{\"$numberLong\":\"9223372036854775808\"}", 1, 2, "$numberLong"},
        {"{\"$numberUnsigned\":\"-1\"}", 1, 2, "$numberUnsigned"},
        {"{\"$numberDouble\":\"nan\"}", 1, 2, "$numberDouble"},
        {"{\"$numberDouble\":\"1e999\"}", 1, 2, "$numberDouble"},
        {"{\"$numberDouble\":\"0x1p3\"}", 1, 2, "$numberDouble"},
        {"{\"$numberDouble\":\"1.\"}", 1, 2, "$numberDouble"},
        {"{\"$numberDouble\":\"1\\u0000\"}", 1, 2, "$numberDouble"},
        {"{\"$numberDouble\":\"\"}", 1, 2, "$numberDouble"},
        {"{\"$ext\":{\"type\":128,\"base64\":\"\"}}", 1, 2, "-128 to 127"},
        {"{\"$ext\":{\"type\":-1,\"base64\":\"AAAAAA==\"}}", 1, 2, "timestamp"},
        {"{\"$ext\":{\"type\":1}}", 1, 2, "$ext takes"},
        {"{\"$\":1}", 1, 2, "unknown '$'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        refuses(&rows[i], true);
}
END_TEST

START_TEST(a_document_is_an_object)
{
    static const row rows[] = {
        {"[1]", 1, 1, "must be a JSON object"},
        {"\n  5", 2, 3, "must be a JSON object"},
        {"{\"$numberInt\":\"5\"}", 1, 1, "must be a JSON object"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        refuses(&rows[i], false);
}
END_TEST

START_TEST(long_keys_are_refused)
{
    char *text = kxt_print("{\"a\":0,\n\"%0511d\":1}", 0);
    kx_buf out = {.size = 0};
    ck_assert_int_eq(kx_document__from_json(text, strlen(text), false, &out), KX_OK);
    row r = {kxt_print("{\"a\":0,\n\"%0512d\":1}", 0), 2, 1, "longer than 511"};
    refuses(&r, false);
    kx_buf__free(&out);
}
END_TEST

static int nested(unsigned depth, const char *inner)
{
    kx_buf text = {.size = 0}, out = {.size = 0};
    for (unsigned i = 0; i < depth; i++)
        kx_buf__byte(&text, '[');
    kx_buf__text(&text, inner);
    for (unsigned i = 0; i < depth; i++)
        kx_buf__byte(&text, ']');
    int rc = kx_document__from_json((const char *)text.data, text.size, true, &out);
    kx_buf__free(&text);
    kx_buf__free(&out);
    return rc;
}

START_TEST(depth_64_is_the_last_and_extended_objects_do_not_count)
{
    ck_assert_int_eq(nested(64, "{\"$date\":{\"$numberLong\":\"5\"}}"), KX_OK);
    ck_assert_int_eq(nested(65, "5"), KX_LIMIT);
    ck_assert_int_eq(nested(100000, "5"), KX_LIMIT);
}
END_TEST

START_TEST(size_64_mib_is_the_last)
{
    kx_buf text = {.size = 0}, out = {.size = 0};
    size_t size = KX_DOCUMENT_SIZE / 2;
    kx_buf__byte(&text, '[');
    for (int i = 0; i < 3; i++) {
        kx_buf__text(&text, i > 0 ? ",\"" : "\"");
        memset(kx_buf__space(&text, size), 'x', size);
        kx_buf__byte(&text, '"');
    }
    kx_buf__byte(&text, ']');
    ck_assert_int_eq(kx_document__from_json((const char *)text.data, text.size, true, &out), KX_LIMIT);
    ck_assert_uint_eq(out.size, 0);
    kx_buf__free(&text);
    kx_buf__free(&out);
}
END_TEST

START_TEST(what_is_read_is_appended)
{
    kx_buf out = {.size = 0};
    ck_assert_int_eq(kx_document__from_json("{}", 2, false, &out), KX_OK);
    ck_assert_int_eq(kx_document__from_json("[1]", 3, true, &out), KX_OK);
    ck_bytes_eq(kx_buf__slice(&out), hex("80 91 01"));
    kx_buf__free(&out);
}
END_TEST

START_TEST(random_text_is_refused_or_read_safely)
{
    static const char alphabet[] = "{}[]\":,0123456789.eE+-$aubnrtflse\\ \n\xc3\xa9";
    static const char seed[] = "{\"a\":[1,2.5,\"x\\n\",{\"$date\":\"1970-01-01T00:00:00Z\"}],"
                               "\"$$b\":{\"$binary\":{\"base64\":\"AA==\"}}}";
    uint64_t state = kxt_seed();
    for (uint64_t n = kxt_scaled(50000); n > 0; n--) {
        size_t size = sizeof seed - 1;
        char *text = malloc(size);
        kx_buf out = {.size = 0};
        memcpy(text, seed, size);
        for (uint64_t k = kxt_random_below(&state, 4); k > 0; k--)
            text[kxt_random_below(&state, size)] = alphabet[kxt_random_below(&state, sizeof alphabet - 1)];
        unsigned line, column;
        const char *what;
        int rc = kx_document__from_json_at(text, size, n % 2 == 0, &out, &line, &column, &what);
        if (rc == KX_OK) {
            bool canonical;
            ck_assert_int_eq(kx_document__check_value(kx_buf__slice(&out), &canonical), KX_OK);
            ck_assert(canonical);
        } else {
            ck_assert_int_eq(rc, KX_INVALID);
            ck_assert_uint_ge(line, 1);
            ck_assert_uint_ge(column, 1);
            ck_assert_uint_le(column, size + 1);
            ck_assert(kx_base__utf8(what, strlen(what)));
        }
        kx_buf__free(&out);
        free(text);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("document/json_in");
    TCase *c = tcase_create("json_in");
    tcase_add_test(c, plain_json_is_read);
    tcase_add_test(c, extended_json_is_read);
    tcase_add_test(c, doubled_dollars_are_keys_with_one_less);
    tcase_add_test(c, malformed_json_is_refused_at_its_line_and_column);
    tcase_add_test(c, what_only_the_values_show_is_refused_at_its_place_too);
    tcase_add_test(c, a_document_is_an_object);
    tcase_add_test(c, long_keys_are_refused);
    tcase_add_test(c, depth_64_is_the_last_and_extended_objects_do_not_count);
    tcase_add_test(c, size_64_mib_is_the_last);
    tcase_add_test(c, what_is_read_is_appended);
    tcase_add_test(c, random_text_is_refused_or_read_safely);
    suite_add_tcase(s, c);
    return s;
}

int main(void)
{
    return kxt_run(suite());
}
