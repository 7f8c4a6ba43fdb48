/*
 * test_buf.c -- bytes that grow, and the error that sticks to them.
 */
#include "base/base.h"

#include <string.h>

#include "support.h"

START_TEST(what_is_appended_stands_in_order)
{
    kx_buf buf = {0};
    kx_buf__append(&buf, "ab\0", 3);
    kx_buf__byte(&buf, 'c');
    kx_buf__text(&buf, "def");
    kx_buf__print(&buf, "%d-%s", 42, "x");
    memcpy(kx_buf__space(&buf, 2), "yz", 2);
    ck_assert_int_eq(buf.rc, KX_OK);
    ck_assert_uint_eq(buf.size, 13);
    ck_assert_mem_eq(buf.data, "ab\0cdef42-xyz", 13);
    ck_assert_ptr_eq(kx_buf__slice(&buf).data, buf.data);
    ck_assert_uint_eq(kx_buf__slice(&buf).size, 13);
    kx_buf__free(&buf);
}
END_TEST

START_TEST(it_grows_to_any_size)
{
    kx_buf buf = {0};
    for (uint32_t i = 0; i < 100000; i++)
        kx_buf__append(&buf, &i, sizeof i);
    ck_assert_uint_eq(buf.size, 400000);
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < 100000; i++)
        wrong += memcmp(buf.data + 4 * i, &i, 4) != 0;
    ck_assert_uint_eq(wrong, 0);
    kx_buf__free(&buf);
}
END_TEST

START_TEST(nothing_may_be_appended)
{
    kx_buf buf = {0};
    kx_buf__append(&buf, NULL, 0);
    kx_buf__text(&buf, "");
    kx_buf__print(&buf, "%s", "");
    ck_assert_uint_eq(buf.size, 0);
    ck_assert_ptr_nonnull(kx_buf__space(&buf, 0));
    kx_buf__free(&buf);
    ck_assert_ptr_nonnull(kx_buf__space(&buf, 0));
    kx_buf__free(&buf);
}
END_TEST

START_TEST(prints_of_every_length_are_whole)
{
    char text[300];
    kx_buf buf = {0};
    for (size_t before = 0; before < 130; before++) {
        for (size_t length = 0; length < sizeof text; length += 7) {
            kx_buf__free(&buf);
            memset(kx_buf__space(&buf, before), '-', before);
            memset(text, 'p', length);
            text[length] = '\0';
            kx_buf__print(&buf, "%s", text);
            ck_assert_uint_eq(buf.size, before + length);
            ck_assert(length == 0 || memcmp(buf.data + before, text, length) == 0);
        }
    }
    kx_buf__free(&buf);
}
END_TEST

START_TEST(after_a_failure_nothing_is_appended)
{
    kx_buf buf = {0};
    kx_buf__text(&buf, "kept");
    kx_base__fail_alloc_after(0);
    kx_buf__append(&buf, "far more than fits into what is there, so that it has to grow ............", 75);
    ck_assert_int_eq(buf.rc, KX_NOMEM);
    kx_buf__byte(&buf, 'x');
    kx_buf__text(&buf, "x");
    kx_buf__print(&buf, "x");
    kx_buf__append(&buf, "x", 1);
    ck_assert_ptr_null(kx_buf__space(&buf, 1));
    ck_assert_uint_eq(buf.size, 4);
    ck_assert_mem_eq(buf.data, "kept", 4);
    kx_base__done(buf.rc);
    ck_assert_str_eq(kx_errmsg(), "out of memory");

    kx_buf__clear(&buf);
    ck_assert_int_eq(buf.rc, KX_OK);
    kx_buf__text(&buf, "again");
    ck_assert_mem_eq(buf.data, "again", 5);
    kx_buf__free(&buf);
}
END_TEST

START_TEST(clearing_keeps_the_memory)
{
    kx_buf buf = {0};
    kx_buf__space(&buf, 1000);
    uint8_t *data = buf.data;
    kx_buf__clear(&buf);
    ck_assert_uint_eq(buf.size, 0);
    ck_assert_ptr_eq(kx_buf__space(&buf, 1000), data);
    kx_buf__free(&buf);
    ck_assert_ptr_null(buf.data);
}
END_TEST

START_TEST(sizes_that_overflow_are_refused)
{
    kx_buf buf = {0};
    kx_buf__text(&buf, "some");
    ck_assert_ptr_null(kx_buf__space(&buf, SIZE_MAX));
    ck_assert_int_eq(buf.rc, KX_NOMEM);
    kx_buf__clear(&buf);
    ck_assert_ptr_null(kx_buf__space(&buf, SIZE_MAX / 2 + 1));
    kx_buf__free(&buf);
}
END_TEST

static Suite *buf_suite(void)
{
    Suite *suite = suite_create("base/buf");
    TCase *cases = tcase_create("buf");
    tcase_add_test(cases, what_is_appended_stands_in_order);
    tcase_add_test(cases, it_grows_to_any_size);
    tcase_add_test(cases, nothing_may_be_appended);
    tcase_add_test(cases, prints_of_every_length_are_whole);
    tcase_add_test(cases, after_a_failure_nothing_is_appended);
    tcase_add_test(cases, clearing_keeps_the_memory);
    tcase_add_test(cases, sizes_that_overflow_are_refused);
    suite_add_tcase(suite, cases);
    return suite;
}

int main(void)
{
    return kxt_run(buf_suite());
}
