/* test_builder.c -- documents made piece by piece: the bytes, and every way to misuse a builder. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "samples.h"

static kx_builder builder;

static void setup(void)
{
    kx_builder__init(&builder);
}

static void teardown(void)
{
    kx_builder__free(&builder);
}

static void add(kx_value value)
{
    kx_builder__value(&builder, &value);
}

static void add_int(int64_t integer)
{
    add((kx_value){.type = KX_TYPE_INT, .integer = integer});
}

static kx_value bytes_of(kx_type type, const void *data, size_t size)
{
    return (kx_value){.type = type, .data = data, .size = size};
}

static void yields(const char *expected)
{
    kx_slice bytes;
    int rc = kx_builder__finish(&builder, &bytes);
    ck_assert_msg(rc == KX_OK, "%s", text_of(rc));
    ck_bytes_eq(bytes, hex(expected));
}

static void fails(int code, const char *text)
{
    kx_slice bytes;
    int rc = kx_builder__finish(&builder, &bytes);
    ck_assert_int_eq(rc, code);
    ck_assert_ptr_null(bytes.data);
    const char *told = text_of(rc);
    ck_assert_msg(strstr(told, text) != NULL, "%s", told);
}

START_TEST(maps_and_arrays_nest)
{
    kx_builder__map(&builder);
    kx_builder__key(&builder, "a");
    kx_builder__array(&builder);
    add_int(1);
    kx_builder__map(&builder);
    kx_builder__end(&builder);
    kx_builder__end(&builder);
    kx_builder__key_n(&builder, "bc", 1);
    kx_builder__item(&builder, hex("c3"));
    kx_builder__end(&builder);
    yields("82 a1 61 92 01 80 a1 62 c3");
}
END_TEST

START_TEST(every_type_is_written_in_its_shortest_form)
{
    kx_builder__array(&builder);
    add((kx_value){.type = KX_TYPE_NULL});
    add((kx_value){.type = KX_TYPE_BOOL, .integer = 1});
    add((kx_value){.type = KX_TYPE_BOOL});
    add_int(200);
    add_int(-33);
    add((kx_value){.type = KX_TYPE_UINT, .integer = -1});
    add((kx_value){.type = KX_TYPE_UINT, .integer = 5});
    add((kx_value){.type = KX_TYPE_REAL, .real = 1});
    add((kx_value){.type = KX_TYPE_REAL, .real = -NAN});
    add(bytes_of(KX_TYPE_TEXT, "x\0", 2));
    add(bytes_of(KX_TYPE_TEXT, NULL, 0));
    add(bytes_of(KX_TYPE_BINARY, "\xff", 1));
    add((kx_value){.type = KX_TYPE_TIME, .integer = 1, .extra = 1});
    kx_value ext = bytes_of(KX_TYPE_EXT, "\1\2\3", 3);
    ext.extra = -5;
    add(ext);
    add(bytes_of(KX_TYPE_ARRAY, "\xdc\0\1\xcc\5", 5));
    add(bytes_of(KX_TYPE_MAP, "\x80", 1));
    kx_builder__end(&builder);
    yields("dc 00 10 c0 c3 c2 cc c8 d0 df cf ff ff ff ff ff ff ff ff 05 cb 3f f0 00 00 00 00 00 00"
           "cb 7f f8 00 00 00 00 00 00 a2 78 00 a0 c4 01 ff d7 ff 00 00 00 04 00 00 00 01 c7 03 fb 01 02 03 91 05 80");
}
END_TEST

START_TEST(counts_get_the_header_they_need)
{
    static const uint32_t counts[] = {0, 1, 15, 16, 17, 65535, 65536, 70000};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        kx_slice bytes;
        bool canonical;
        kx_builder__free(&builder);
        kx_builder__init(&builder);
        kx_builder__map(&builder);
        kx_builder__key(&builder, "list");
        kx_builder__array(&builder);
        for (uint32_t n = 0; n < counts[i]; n++)
            add_int(n);
        kx_builder__end(&builder);
        for (uint32_t n = 1; n < counts[i]; n++) {
            kx_builder__key(&builder, kxt_print("%u", n));
            add_int(n);
            if (n == 20000)
                break;
        }
        kx_builder__end(&builder);
        ck_assert_int_eq(kx_builder__finish(&builder, &bytes), KX_OK);
        ck_assert_int_eq(kx_document__check(bytes, &canonical), KX_OK);
        ck_assert(canonical);
        kx_slice list, element = {NULL, 0};
        ck_assert(kx_document__find(bytes, "list", 4, &list));
        ck_assert_uint_eq(kx_document__count(list), counts[i]);
        kx_members members = kx_document__members(list);
        while (kx_document__next(&members))
            element = members.item;
        kx_value last;
        kx_document__value(element, &last);
        ck_assert_int_eq(last.integer, counts[i] > 0 ? (int64_t)counts[i] - 1 : 0);
    }
}
END_TEST

START_TEST(one_value_of_any_type_is_a_whole)
{
    add_int(5);
    yields("05");
}
END_TEST

START_TEST(misuse_is_an_error_that_sticks)
{
    add_int(1);
    add_int(2);
    add_int(3);
    fails(KX_INVALID, "second value");
}
END_TEST

START_TEST(a_value_needs_a_key_in_a_map)
{
    kx_builder__map(&builder);
    add_int(1);
    fails(KX_INVALID, "without a key");
}
END_TEST

START_TEST(a_key_needs_a_value)
{
    kx_builder__map(&builder);
    kx_builder__key(&builder, "a");
    kx_builder__end(&builder);
    fails(KX_INVALID, "without a value");
}
END_TEST

START_TEST(two_keys_cannot_follow_each_other)
{
    kx_builder__map(&builder);
    kx_builder__key(&builder, "a");
    kx_builder__key(&builder, "b");
    fails(KX_INVALID, "where none may be");
}
END_TEST

START_TEST(an_array_has_no_keys)
{
    kx_builder__array(&builder);
    kx_builder__key(&builder, "a");
    fails(KX_INVALID, "where none may be");
}
END_TEST

START_TEST(what_is_open_must_end)
{
    kx_builder__map(&builder);
    fails(KX_INVALID, "still open");
}
END_TEST

START_TEST(what_is_not_open_cannot_end)
{
    kx_builder__end(&builder);
    fails(KX_INVALID, "nothing is open");
}
END_TEST

START_TEST(nothing_is_no_value)
{
    fails(KX_INVALID, "missing");
}
END_TEST

START_TEST(duplicate_keys_are_refused)
{
    kx_builder__map(&builder);
    for (int i = 0; i < 2; i++) {
        kx_builder__key(&builder, "a");
        add_int(i);
    }
    kx_builder__end(&builder);
    fails(KX_INVALID, "duplicate key 'a'");
}
END_TEST

START_TEST(values_that_cannot_be_stored_are_refused)
{
    static const kx_value wrong[] = {
        {.type = KX_TYPE_NONE},
        {.type = KX_TYPE_LIST},
        {.type = (kx_type)99},
        {.type = KX_TYPE_TIME, .extra = 1000000000},
        {.type = KX_TYPE_TIME, .extra = -1},
        {.type = KX_TYPE_EXT, .extra = 128, .data = "x", .size = 1},
        {.type = KX_TYPE_EXT, .extra = -1, .data = "x", .size = 1},
        {.type = KX_TYPE_TEXT, .data = "\xff", .size = 1},
        {.type = KX_TYPE_MAP, .data = "\x81", .size = 1},
        {.type = KX_TYPE_MAP, .data = "\x90", .size = 1},
        {.type = KX_TYPE_ARRAY, .data = "\x90\x01", .size = 2},
        {.type = KX_TYPE_ARRAY, .data = "", .size = 0},
        {.type = KX_TYPE_MAP, .data = "\x82\xa1\x61\x01\xa1\x61\x02", .size = 7},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        kx_slice bytes;
        kx_builder__free(&builder);
        kx_builder__init(&builder);
        add(wrong[i]);
        ck_assert_msg(kx_builder__finish(&builder, &bytes) == KX_INVALID, "row %zu", i);
    }
}
END_TEST

START_TEST(depth_64_is_the_last)
{
    kx_buf deep = {.size = 0};
    sample_deep(&deep, 63, true);
    kx_builder__array(&builder);
    add(bytes_of(KX_TYPE_MAP, deep.data, deep.size));
    kx_builder__end(&builder);
    kx_slice bytes;
    ck_assert_int_eq(kx_builder__finish(&builder, &bytes), KX_OK);

    kx_builder__free(&builder);
    kx_builder__init(&builder);
    kx_builder__array(&builder);
    kx_builder__array(&builder);
    add(bytes_of(KX_TYPE_MAP, deep.data, deep.size));
    fails(KX_LIMIT, "deeper");

    kx_builder__free(&builder);
    kx_builder__init(&builder);
    for (int i = 0; i < 65; i++)
        kx_builder__array(&builder);
    fails(KX_LIMIT, "deeper");
    kx_buf__free(&deep);
}
END_TEST

START_TEST(size_64_mib_is_the_last)
{
    size_t size = KX_DOCUMENT_SIZE / 2;
    char *text = calloc(1, size);
    kx_builder__array(&builder);
    for (int i = 0; i < 3; i++)
        add(bytes_of(KX_TYPE_TEXT, text, size));
    fails(KX_LIMIT, "64 MiB");
    kx_builder__free(&builder);
    kx_builder__init(&builder);
    add(bytes_of(KX_TYPE_TEXT, text, (size_t)1 << 33));
    fails(KX_LIMIT, "64 MiB");
    free(text);
}
END_TEST

static void rebuild(kx_slice item)
{
    kx_value value;
    kx_document__value(item, &value);
    if (value.type != KX_TYPE_ARRAY && value.type != KX_TYPE_MAP) {
        add(value);
        return;
    }
    if (value.type == KX_TYPE_MAP)
        kx_builder__map(&builder);
    else
        kx_builder__array(&builder);
    kx_members members = kx_document__members(item);
    while (kx_document__next(&members)) {
        if (members.is_map)
            kx_builder__key_n(&builder, (const char *)members.key.data, members.key.size);
        rebuild(members.item);
    }
    kx_builder__end(&builder);
}

START_TEST(a_document_taken_apart_and_built_again_is_the_same)
{
    uint64_t state = kxt_seed();
    for (uint64_t n = kxt_scaled(2000); n > 0; n--) {
        sample made;
        kx_slice bytes;
        sample_make(&made, &state, n % 20 == 0 ? sample_usual : sample_small, false);
        rebuild(kx_buf__slice(&made.wild));
        int rc = kx_builder__finish(&builder, &bytes);
        ck_assert_msg(rc == KX_OK, "%s", text_of(rc));
        ck_bytes_eq(bytes, kx_buf__slice(&made.canonical));
        kx_builder__free(&builder);
        kx_builder__init(&builder);
        sample_free(&made);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("document/builder");
    TCase *c = tcase_create("builder");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, maps_and_arrays_nest);
    tcase_add_test(c, every_type_is_written_in_its_shortest_form);
    tcase_add_test(c, counts_get_the_header_they_need);
    tcase_add_test(c, one_value_of_any_type_is_a_whole);
    tcase_add_test(c, misuse_is_an_error_that_sticks);
    tcase_add_test(c, a_value_needs_a_key_in_a_map);
    tcase_add_test(c, a_key_needs_a_value);
    tcase_add_test(c, two_keys_cannot_follow_each_other);
    tcase_add_test(c, an_array_has_no_keys);
    tcase_add_test(c, what_is_open_must_end);
    tcase_add_test(c, what_is_not_open_cannot_end);
    tcase_add_test(c, nothing_is_no_value);
    tcase_add_test(c, duplicate_keys_are_refused);
    tcase_add_test(c, values_that_cannot_be_stored_are_refused);
    tcase_add_test(c, depth_64_is_the_last);
    tcase_add_test(c, size_64_mib_is_the_last);
    tcase_add_test(c, a_document_taken_apart_and_built_again_is_the_same);
    suite_add_tcase(s, c);
    return s;
}

int main(void)
{
    return kxt_run(suite());
}
