/*
 * test_value.c -- the constructors of values.
 */
#include <lmdbkenobix/error.h>
#include <lmdbkenobix/value.h>

#include <string.h>

#include "support.h"

static bool holds(kx_value value, kx_type type, const void *data, size_t size)
{
    return value.type == type && value.size == size && value.data != NULL && memcmp(value.data, data, size) == 0;
}

START_TEST(scalars_keep_what_they_are_given)
{
    ck_assert_int_eq(kx_null().type, KX_TYPE_NULL);
    ck_assert(kx_bool(true).type == KX_TYPE_BOOL && kx_bool(true).integer == 1 && kx_bool(false).integer == 0);
    ck_assert(kx_int(INT64_MIN).type == KX_TYPE_INT && kx_int(INT64_MIN).integer == INT64_MIN);
    ck_assert(kx_real(0.5).type == KX_TYPE_REAL && kx_real(0.5).real == 0.5);
    kx_value time = kx_time(-5, 999999999);
    ck_assert(time.type == KX_TYPE_TIME && time.integer == -5 && time.extra == 999999999);
}
END_TEST

START_TEST(what_fits_a_signed_integer_is_one)
{
    ck_assert_int_eq(kx_uint(0).type, KX_TYPE_INT);
    ck_assert_int_eq(kx_uint(INT64_MAX).type, KX_TYPE_INT);
    ck_assert_int_eq(kx_uint((uint64_t)INT64_MAX + 1).type, KX_TYPE_UINT);
    ck_assert_uint_eq((uint64_t)kx_uint(UINT64_MAX).integer, UINT64_MAX);
}
END_TEST

START_TEST(bytes_are_pointed_at)
{
    static const char text[] = "a\0b";
    ck_assert(holds(kx_text(text), KX_TYPE_TEXT, "a", 1));
    ck_assert_ptr_eq(kx_text(text).data, text);
    ck_assert(holds(kx_text_n(text, 3), KX_TYPE_TEXT, "a\0b", 3));
    ck_assert(holds(kx_binary(text, 3), KX_TYPE_BINARY, "a\0b", 3));
    kx_value ext = kx_ext(-7, text, 3);
    ck_assert(holds(ext, KX_TYPE_EXT, "a\0b", 3) && ext.extra == -7);
}
END_TEST

START_TEST(no_bytes_and_no_pointer)
{
    ck_assert_int_eq(kx_text(NULL).type, KX_TYPE_NULL);
    ck_assert(holds(kx_text_n(NULL, 0), KX_TYPE_TEXT, "", 0));
    ck_assert(holds(kx_binary(NULL, 0), KX_TYPE_BINARY, "", 0));
    ck_assert(holds(kx_ext(1, NULL, 0), KX_TYPE_EXT, "", 0));
    ck_assert_int_eq(kx_text_n(NULL, 1).type, KX_TYPE_NONE);
    ck_assert_int_eq(kx_binary(NULL, 1).type, KX_TYPE_NONE);
    ck_assert_int_eq(kx_ext(1, NULL, 1).type, KX_TYPE_NONE);
    ck_assert_int_eq(kx_ext(-1, NULL, 4).type, KX_TYPE_NONE);
    ck_assert_int_eq(kx_msgpack(NULL, 1).type, KX_TYPE_NONE);
}
END_TEST

static bool is_time(kx_value value, int64_t seconds, int32_t nanoseconds)
{
    return value.type == KX_TYPE_TIME && value.integer == seconds && value.extra == nanoseconds;
}

START_TEST(the_timestamp_extension_is_a_time)
{
    ck_assert(is_time(kx_ext(-1, "\xff\xff\xff\xff", 4), UINT32_MAX, 0));
    ck_assert(is_time(kx_ext(-1, "\x00\x00\x00\x15\x00\x00\x00\x02", 8), (INT64_C(1) << 32) + 2, 5));
    ck_assert(is_time(kx_ext(-1, "\x00\x00\x00\x07\xff\xff\xff\xff\xff\xff\xff\xfe", 12), -2, 7));
    ck_assert_int_eq(kx_ext(-1, "\xff\xff\xff\xff\x00\x00\x00\x00", 8).type, KX_TYPE_EXT);
    ck_assert_int_eq(kx_ext(-1, "abc", 3).type, KX_TYPE_EXT);
}
END_TEST

START_TEST(messagepack_becomes_a_value)
{
    ck_assert(kx_msgpack("\x05", 1).type == KX_TYPE_INT && kx_msgpack("\x05", 1).integer == 5);
    ck_assert(holds(kx_msgpack("\xa1zrest", 6), KX_TYPE_TEXT, "z", 1));
    ck_assert(holds(kx_msgpack("\x92\x01\x02", 3), KX_TYPE_ARRAY, "\x92\x01\x02", 3));
    ck_assert(holds(kx_msgpack("\x81\xa1""a\xc0""more", 8), KX_TYPE_MAP, "\x81\xa1""a\xc0", 4));
    ck_assert_int_eq(kx_msgpack("", 0).type, KX_TYPE_NONE);
    ck_assert_int_eq(kx_msgpack("\xc1", 1).type, KX_TYPE_NONE);
    ck_assert_int_eq(kx_msgpack("\x92\x01", 2).type, KX_TYPE_NONE);
    ck_assert_int_eq(kx_msgpack("\xdb\xff\xff\xff\xff", 5).type, KX_TYPE_NONE);
    ck_assert_int_eq(kx_last_error()->code, KX_OK);
}
END_TEST

START_TEST(lists_end_at_no_value)
{
    kx_value list = kx_list(KX_ARGS(kx_int(1), kx_null(), kx_text("x")));
    ck_assert(list.type == KX_TYPE_LIST && list.size == 3);
    ck_assert_int_eq(((const kx_value *)list.data)[2].type, KX_TYPE_TEXT);
    ck_assert_uint_eq(kx_list(&(kx_value){0}).size, 0);
    ck_assert_uint_eq(kx_list(NULL).size, 0);
}
END_TEST

static Suite *value_suite(void)
{
    Suite *suite = suite_create("api/value");
    TCase *cases = tcase_create("value");
    tcase_add_test(cases, scalars_keep_what_they_are_given);
    tcase_add_test(cases, what_fits_a_signed_integer_is_one);
    tcase_add_test(cases, bytes_are_pointed_at);
    tcase_add_test(cases, no_bytes_and_no_pointer);
    tcase_add_test(cases, the_timestamp_extension_is_a_time);
    tcase_add_test(cases, messagepack_becomes_a_value);
    tcase_add_test(cases, lists_end_at_no_value);
    suite_add_tcase(suite, cases);
    return suite;
}

int main(void)
{
    return kxt_run(value_suite());
}
