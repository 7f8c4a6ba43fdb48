/*
 * test_error.c -- a text and its code belong together, whatever happened before.
 */
#include "base/base.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

START_TEST(every_code_has_its_own_text_and_number)
{
    static const struct { int code, number; const char *text; } listed[] = {
#define ROW(name, number, text) {name, number, text},
        KX_ERRORS(ROW)
#undef ROW
    };
    size_t count = sizeof listed / sizeof *listed;
    for (size_t i = 0; i < count; i++) {
        ck_assert_int_eq(listed[i].code, -(int)i);
        ck_assert_int_eq(listed[i].code, listed[i].number);
        ck_assert_str_eq(kx_strerror(listed[i].code), listed[i].text);
        for (size_t j = 0; j < i; j++)
            ck_assert_str_ne(listed[i].text, listed[j].text);
    }
    ck_assert_int_eq(KX_ERROR_LAST, -(int)count + 1);
    ck_assert_str_eq(kx_strerror(KX_ERROR_LAST - 1), "unknown error");
    ck_assert_str_eq(kx_strerror(7), "unknown error");
}
END_TEST

static void *read_fresh_thread(void *context)
{
    const kx_error *last = kx_last_error();
    *(bool *)context = last->code == KX_OK && last->collection == NULL && strcmp(last->message, "") == 0 &&
                       strcmp(kx_errmsg(), "") == 0;
    return NULL;
}

START_TEST(a_thread_where_nothing_failed_has_an_empty_text)
{
    bool empty = false;
    pthread_t thread;
    kx_base__publish(kx_base__fail(KX_IO, "here, not there"));
    ck_assert_int_eq(pthread_create(&thread, NULL, read_fresh_thread, &empty), 0);
    pthread_join(thread, NULL);
    ck_assert(empty);
    ck_assert_str_eq(kx_errmsg(), "here, not there");
}
END_TEST

START_TEST(what_was_recorded_is_published_with_its_own_code)
{
    ck_assert_int_eq(kx_base__fail(KX_EXISTS, "users.%s = %d is taken", "user_id", 7), KX_EXISTS);
    ck_assert_int_eq(kx_base__done(KX_EXISTS), KX_EXISTS);
    ck_assert_str_eq(kx_errmsg(), "users.user_id = 7 is taken");
    ck_assert_int_eq(kx_last_error()->code, KX_EXISTS);
    ck_assert_ptr_eq(kx_last_error()->message, kx_errmsg());
}
END_TEST

START_TEST(another_code_publishes_its_constant_text_alone)
{
    uint64_t id = 9;
    kx_base__fail_at(KX_IO, "users", "name", &id, NULL, "disk");
    kx_base__done(KX_NOTFOUND);
    ck_assert_int_eq(kx_last_error()->code, KX_NOTFOUND);
    ck_assert_str_eq(kx_errmsg(), "not found");
    ck_assert_ptr_null(kx_last_error()->collection);
    ck_assert_int_eq(kx_last_error()->has_id, 0);
}
END_TEST

START_TEST(nothing_recorded_outlives_its_call)
{
    kx_base__fail(KX_NOTFOUND, "handled on the way");
    ck_assert_int_eq(kx_base__done(KX_OK), KX_OK);
    kx_base__done(KX_NOTFOUND);
    ck_assert_str_eq(kx_errmsg(), "not found");

    kx_base__fail(KX_IO, "published and gone");
    kx_base__done(KX_IO);
    kx_base__done(KX_IO);
    ck_assert_str_eq(kx_errmsg(), "input/output error");

    kx_base__fail(KX_IO, "of a call that failed otherwise");
    kx_base__done(KX_NOTFOUND);
    kx_base__done(KX_IO);
    ck_assert_str_eq(kx_errmsg(), "input/output error");
    ck_assert_uint_eq(atomic_load(&kx_base__records), 0);
}
END_TEST

START_TEST(success_and_foreign_codes_leave_the_last_error_alone)
{
    kx_base__done(kx_base__fail(KX_BUSY, "held by %d", 42));
    ck_assert_int_eq(kx_base__done(KX_OK), KX_OK);
    ck_assert_int_eq(kx_base__done(17), 17);
    ck_assert_int_eq(kx_base__publish(17), 17);
    ck_assert_int_eq(kx_last_error()->code, KX_BUSY);
    ck_assert_str_eq(kx_errmsg(), "held by 42");
}
END_TEST

START_TEST(the_last_error_stays_while_the_next_call_is_at_work)
{
    kx_base__done(kx_base__fail_at(KX_EXISTS, "a", "b", NULL, NULL, "first"));
    const kx_error *last = kx_last_error();
    kx_base__fail_at(KX_IO, "c", "d", NULL, NULL, "second");
    ck_assert_str_eq(last->message, "first");
    ck_assert_str_eq(last->collection, "a");
    ck_assert_ptr_eq(kx_last_error(), last);
    kx_base__done(KX_IO);
    ck_assert_str_eq(kx_errmsg(), "second");
    ck_assert_str_eq(kx_last_error()->collection, "c");
}
END_TEST

START_TEST(a_later_record_replaces_an_earlier_one)
{
    uint64_t id = 5;
    kx_base__fail_at(KX_IO, "users", "name", &id, NULL, "first");
    kx_base__fail(KX_IO, "second");
    kx_base__done(KX_IO);
    ck_assert_str_eq(kx_errmsg(), "second");
    ck_assert_ptr_null(kx_last_error()->collection);
    ck_assert_int_eq(kx_last_error()->has_id, 0);
}
END_TEST

START_TEST(phrases_are_put_in_front)
{
    kx_base__fail_at(KX_INVALID, "people", NULL, NULL, NULL, "field path is empty");
    ck_assert_int_eq(kx_base__fail_in(KX_INVALID, "index '%s'", "by_age"), KX_INVALID);
    kx_base__fail_in(KX_INVALID, "model 'people'");
    kx_base__done(KX_INVALID);
    ck_assert_str_eq(kx_errmsg(), "model 'people': index 'by_age': field path is empty");
    ck_assert_str_eq(kx_last_error()->collection, "people");

    kx_base__fail(KX_IO, "of another code");
    kx_base__fail_in(KX_NOMEM, "loading");
    kx_base__done(KX_NOMEM);
    ck_assert_str_eq(kx_errmsg(), "loading");
    kx_base__fail_in(KX_NOMEM, "alone");
    kx_base__done(KX_NOMEM);
    ck_assert_str_eq(kx_errmsg(), "alone");
    ck_assert_uint_eq(atomic_load(&kx_base__records), 0);
}
END_TEST

START_TEST(what_a_failure_is_about_is_copied)
{
    char collection[] = "users", path[] = "address.city", text[] = "Oslo";
    uint64_t id = UINT64_MAX;
    kx_value value = {.type = KX_TYPE_TEXT, .data = text, .size = 4};
    kx_base__fail_at(KX_EXISTS, collection, path, &id, &value, "taken");
    memset(collection, 'x', 5);
    memset(path, 'x', 5);
    memset(text, 'x', 4);
    kx_base__done(KX_EXISTS);
    const kx_error *last = kx_last_error();
    ck_assert_str_eq(last->collection, "users");
    ck_assert_str_eq(last->path, "address.city");
    ck_assert_int_eq(last->has_id, 1);
    ck_assert_uint_eq(last->id, UINT64_MAX);
    ck_assert_int_eq(last->value.type, KX_TYPE_TEXT);
    ck_assert_uint_eq(last->value.size, 4);
    ck_assert_mem_eq(last->value.data, "Oslo", 5);
}
END_TEST

static kx_value published_value(kx_value value)
{
    kx_base__done(kx_base__fail_at(KX_INVALID, NULL, NULL, NULL, &value, "v"));
    return kx_last_error()->value;
}

START_TEST(values_are_cut_or_left_out)
{
    static char bytes[600];
    memset(bytes, 'a', sizeof bytes);
    ck_assert_uint_eq(published_value((kx_value){.type = KX_TYPE_TEXT, .data = bytes, .size = 600}).size, 255);
    ck_assert_uint_eq(published_value((kx_value){.type = KX_TYPE_BINARY, .data = bytes, .size = 600}).size, 255);
    ck_assert_int_eq(published_value((kx_value){.type = KX_TYPE_MAP, .data = bytes, .size = 600}).type, KX_TYPE_NONE);
    ck_assert_int_eq(published_value((kx_value){.type = KX_TYPE_EXT, .data = bytes, .size = 600}).type, KX_TYPE_NONE);
    ck_assert_uint_eq(published_value((kx_value){.type = KX_TYPE_MAP, .data = bytes, .size = 255}).size, 255);
    ck_assert_int_eq(published_value((kx_value){.type = KX_TYPE_LIST, .data = bytes, .size = 1}).type, KX_TYPE_NONE);
    ck_assert_int_eq(published_value((kx_value){.type = KX_TYPE_TEXT}).type, KX_TYPE_TEXT);
    kx_value time = published_value((kx_value){.type = KX_TYPE_TIME, .integer = -5, .extra = 7});
    ck_assert(time.integer == -5 && time.extra == 7);
    ck_assert(published_value((kx_value){.type = KX_TYPE_REAL, .real = 0.5}).real == 0.5);
}
END_TEST

/* A text of `size` bytes: "x" up to the last character, which is U+1F600, four bytes. */
static char *text_ending_in_a_wide_character(size_t size)
{
    char *text = malloc(size + 1);
    ck_assert_ptr_nonnull(text);
    memset(text, 'x', size - 4);
    memcpy(text + size - 4, "\xf0\x9f\x98\x80", 5);
    return text;
}

START_TEST(messages_are_cut_between_characters)
{
    for (size_t size = 1016; size <= 1040; size++) {
        char *text = text_ending_in_a_wide_character(size);
        kx_base__done(kx_base__fail(KX_INVALID, "%s", text));
        size_t kept = size <= 1023 ? size : size - 4 < 1023 ? size - 4 : 1023;
        ck_assert_uint_eq(strlen(kx_errmsg()), kept);
        ck_assert_mem_eq(kx_errmsg(), text, kept);

        kx_base__fail(KX_INVALID, "%s", text + 4);
        kx_base__done(kx_base__fail_in(KX_INVALID, "%s", "ab"));
        ck_assert_uint_eq(strlen(kx_errmsg()), kept);
        ck_assert(kx_base__utf8(kx_errmsg(), kept));
        free(text);
    }
}
END_TEST

START_TEST(names_are_cut_between_characters)
{
    for (size_t size = 250; size <= 262; size++) {
        char *text = text_ending_in_a_wide_character(size);
        kx_value value = {.type = KX_TYPE_TEXT, .data = text, .size = size};
        size_t kept = size <= 255 ? size : size - 4 < 255 ? size - 4 : 255;
        kx_base__done(kx_base__fail_at(KX_INVALID, text, text, NULL, &value, "v"));
        ck_assert_uint_eq(strlen(kx_last_error()->collection), kept);
        ck_assert_uint_eq(strlen(kx_last_error()->path), kept);
        ck_assert_uint_eq(kx_last_error()->value.size, kept);
        free(text);
    }
}
END_TEST

START_TEST(huge_texts_are_cut)
{
    size_t size = 10u << 20;
    char *text = text_ending_in_a_wide_character(size);
    kx_base__done(kx_base__fail(KX_INVALID, "%s", text));
    ck_assert_uint_eq(strlen(kx_errmsg()), 1023);
    kx_base__fail(KX_INVALID, "cause");
    kx_base__done(kx_base__fail_in(KX_INVALID, "%s", text));
    ck_assert_uint_eq(strlen(kx_errmsg()), 1023);
    free(text);
}
END_TEST

START_TEST(arguments_may_be_the_recorded_texts)
{
    kx_base__done(kx_base__fail(KX_IO, "cause"));
    kx_base__done(kx_base__fail(KX_INVALID, "%s", kx_errmsg()));
    ck_assert_str_eq(kx_errmsg(), "cause");
    kx_base__done(kx_base__fail(KX_INVALID, "again: %s", kx_errmsg()));
    ck_assert_str_eq(kx_errmsg(), "again: cause");

    kx_value value = {.type = KX_TYPE_TEXT, .data = "v", .size = 1};
    kx_base__done(kx_base__fail_at(KX_IO, "users", "name", NULL, &value, "cause"));
    for (int i = 0; i < 3; i++) {
        const kx_error *last = kx_last_error();
        kx_base__done(kx_base__fail_at(KX_IO, last->collection, last->path, NULL, &last->value, "%s", last->message));
    }
    ck_assert_str_eq(kx_last_error()->collection, "users");
    ck_assert_str_eq(kx_last_error()->path, "name");
    ck_assert_str_eq(kx_last_error()->value.data, "v");
    ck_assert_str_eq(kx_errmsg(), "cause");
}
END_TEST

START_TEST(recording_asks_for_no_memory)
{
    kx_value value = {.type = KX_TYPE_TEXT, .data = "v", .size = 1};
    kx_base__fail_alloc_after(0);
    kx_base__done(kx_base__fail_at(KX_NOMEM, "users", "name", NULL, &value, "%d", 1));
    kx_base__done(kx_base__fail_in(KX_NOMEM, "loading"));
    kx_base__done(kx_base__nomem());
    ck_assert_int_eq(kx_base__fail_alloc_after(-1), 0);
    ck_assert_str_eq(kx_errmsg(), "out of memory");
}
END_TEST

static Suite *error_suite(void)
{
    Suite *suite = suite_create("base/error");
    TCase *cases = tcase_create("error");
    tcase_add_test(cases, every_code_has_its_own_text_and_number);
    tcase_add_test(cases, a_thread_where_nothing_failed_has_an_empty_text);
    tcase_add_test(cases, what_was_recorded_is_published_with_its_own_code);
    tcase_add_test(cases, another_code_publishes_its_constant_text_alone);
    tcase_add_test(cases, nothing_recorded_outlives_its_call);
    tcase_add_test(cases, success_and_foreign_codes_leave_the_last_error_alone);
    tcase_add_test(cases, the_last_error_stays_while_the_next_call_is_at_work);
    tcase_add_test(cases, a_later_record_replaces_an_earlier_one);
    tcase_add_test(cases, phrases_are_put_in_front);
    tcase_add_test(cases, what_a_failure_is_about_is_copied);
    tcase_add_test(cases, values_are_cut_or_left_out);
    tcase_add_test(cases, messages_are_cut_between_characters);
    tcase_add_test(cases, names_are_cut_between_characters);
    tcase_add_test(cases, huge_texts_are_cut);
    tcase_add_test(cases, arguments_may_be_the_recorded_texts);
    tcase_add_test(cases, recording_asks_for_no_memory);
    suite_add_tcase(suite, cases);
    return suite;
}

int main(void)
{
    return kxt_run(error_suite());
}
