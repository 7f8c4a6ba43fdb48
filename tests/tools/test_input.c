/*
 * test_input.c -- the reader of kx-load: lines and objects, from files and pipes, once and again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../tools/common.h"
#include "../tools/json_text.h"
#include "../tools/load.h"
#include "support.h"

/* Descriptor 0 becomes a pipe that holds `text`. */
static void stdin_is(const char *text)
{
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(write(ends[1], text, strlen(text)), (int)strlen(text));
    close(ends[1]);
    dup2(ends[0], 0);
    close(ends[0]);
}

static void expect_line(input *in, const char *text, uint64_t line)
{
    piece next;

    ck_assert_int_eq(input_line(in, &next), TOOL_OK);
    ck_assert_ptr_nonnull(next.text);
    ck_assert_uint_eq(next.size, strlen(text));
    ck_assert_mem_eq(next.text, text, next.size);
    ck_assert_uint_eq(next.line, line);
}

static void expect_end(input *in)
{
    piece next;

    ck_assert_int_eq(input_line(in, &next), TOOL_OK);
    ck_assert_ptr_null(next.text);
}

START_TEST(a_pipe_can_be_read_twice_from_any_point)
{
    input in;

    stdin_is("one\n\n  \ntwo\nthree");
    ck_assert_int_eq(input_open(&in, "-", true), TOOL_OK);
    expect_line(&in, "one", 1);
    ck_assert_int_eq(input_rewind(&in), TOOL_OK);
    expect_line(&in, "one", 1);
    expect_line(&in, "two", 4);
    expect_line(&in, "three", 5);
    expect_end(&in);
    ck_assert_int_eq(input_rewind(&in), TOOL_OK);
    expect_line(&in, "one", 1);
    expect_line(&in, "two", 4);
    ck_assert_int_eq(input_rewind(&in), TOOL_OK);
    expect_line(&in, "one", 1);
    expect_line(&in, "two", 4);
    expect_line(&in, "three", 5);
    expect_end(&in);
    input_close(&in);
}
END_TEST

START_TEST(a_file_is_read_again_from_where_it_began)
{
    FILE *file;
    input in;

    kxt_write_file(kxt_path("x"), "zero\none\ntwo\n");
    file = fopen(kxt_path("x"), "r");
    ck_assert_ptr_nonnull(file);
    dup2(fileno(file), 0);
    ck_assert_int_eq(lseek(0, 5, SEEK_SET), 5);
    ck_assert_int_eq(input_open(&in, "-", true), TOOL_OK);
    expect_line(&in, "one", 1);
    ck_assert_int_eq(input_rewind(&in), TOOL_OK);
    expect_line(&in, "one", 1);
    expect_line(&in, "two", 2);
    expect_end(&in);
    input_close(&in);
    fclose(file);
}
END_TEST

/* Objects of any length come out whole, whatever the buffer's size. */
START_TEST(objects_are_split_at_their_ends)
{
    uint64_t state = kxt_seed(), count = kxt_scaled(300);
    FILE    *file = fopen(kxt_path("x"), "w");
    input    in;
    piece    next;

    ck_assert_ptr_nonnull(file);
    putc('[', file);
    for (uint64_t i = 0; i < count; i++) {
        size_t size = (size_t)(kxt_random(&state) % (i % 50 == 0 ? 600000 : 2000));

        fprintf(file, "%s{\"n\":%d,\"t\":\"", i == 0 ? "" : ",\n", (int)i);
        for (size_t k = 0; k < size; k += 4)
            fputs(k % 3 == 0 ? "]}[{" : "\\\"\\\\", file);
        fputs("\"}", file);
    }
    fputs("]\n", file);
    fclose(file);
    ck_assert_int_eq(input_open(&in, kxt_path("x"), false), TOOL_OK);
    for (uint64_t i = 0; i < count; i++) {
        json_part value;
        uint64_t  n;

        ck_assert_int_eq(input_object(&in, &next), TOOL_OK);
        ck_assert_uint_eq(next.line, i + 1);
        ck_assert_uint_eq(next.column, i == 0 ? 2 : 1);
        ck_assert(json_member(next.text, next.size, "n", &value) && json_count(value, &n) && n == i);
        ck_assert_int_eq(next.text[next.size - 1], '}');
    }
    ck_assert_int_eq(input_object(&in, &next), TOOL_OK);
    ck_assert_ptr_null(next.text);
    input_close(&in);
}
END_TEST

/* ---- JSON as text ---------------------------------------------------------------------------- */

START_TEST(a_walk_stays_within_whatever_it_is_given)
{
    static const char letters[] = "{}[]\",:\\ 1atru_id\n";
    uint64_t  state = kxt_seed(), count = kxt_scaled(200000);

    for (uint64_t i = 0; i < count; i++) {
        size_t    size = (size_t)(kxt_random(&state) % 24);
        char     *text = malloc(size + 1);       /* exactly as long as it is, for tools that watch the ends */
        json_walk walk;
        size_t    used;

        ck_assert_ptr_nonnull(text);
        text = realloc(text, size > 0 ? size : 1);
        for (size_t k = 0; k < size; k++)
            text[k] = letters[kxt_random(&state) % (sizeof(letters) - 1)];
        if (size > 0)
            text[0] = i % 2 == 0 ? '{' : '[';
        if (json_begin(&walk, text, size, i % 2 == 0 ? '{' : '['))
            while (json_next(&walk)) {
                ck_assert(walk.value.text >= text && walk.value.text + walk.value.size <= text + size);
                free(json_text(walk.value, &used));
            }
        (void)json_number_end(text, text + size);
        free(text);
    }
}
END_TEST

START_TEST(escapes_of_a_string_are_resolved)
{
    static const char text[] = "\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u6f22\\ud83d\\ude00\\u0000z\"";
    size_t size;
    char  *plain = json_text((json_part){text, sizeof(text) - 1}, &size);

    ck_assert_uint_eq(size, 9 + 2 + 3 + 4 + 2);
    ck_assert_mem_eq(plain, "a\"\\/\b\f\n\r\t\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80\0z", size);
    free(plain);
    ck_assert_ptr_null(json_text((json_part){"\"\\ud83d\"", 8}, NULL));
    ck_assert_ptr_null(json_text((json_part){"\"\\x\"", 4}, NULL));
    ck_assert_ptr_null(json_text((json_part){"\"", 1}, NULL));
    ck_assert_ptr_null(json_text((json_part){"12", 2}, NULL));
}
END_TEST

START_TEST(numbers_end_where_json_says)
{
    static const struct { const char *text; size_t size; } cases[] = {
        {"0", 1}, {"-0", 2}, {"12x", 2}, {"1.5e+3", 6}, {"1e5,", 3}, {"01", 0}, {"-", 0}, {"1.", 0}, {".5", 0}, {"1e", 0}, {"+1", 0}, {"", 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        ck_assert_uint_eq((size_t)(json_number_end(cases[i].text, cases[i].text + strlen(cases[i].text)) - cases[i].text),
                          cases[i].size);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("input");
    TCase *reads = tcase_create("reads"), *json = tcase_create("json");

    tcase_add_test(reads, a_pipe_can_be_read_twice_from_any_point);
    tcase_add_test(reads, a_file_is_read_again_from_where_it_began);
    tcase_add_test(reads, objects_are_split_at_their_ends);
    suite_add_tcase(all, reads);
    tcase_add_test(json, a_walk_stays_within_whatever_it_is_given);
    tcase_add_test(json, escapes_of_a_string_are_resolved);
    tcase_add_test(json, numbers_end_where_json_says);
    suite_add_tcase(all, json);
    return all;
}

int main(void)
{
    return kxt_run(suite());
}
