/*
 * test_format.c -- doc/format.md says what the bytes are, and this reads it.
 *
 * Lines of its blocks: "record ID JSON HEX", "item JSON HEX", "key JSON [| JSON] HEX", a part behind -desc being descending.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collection/collection_impl.h"
#include "support.h"

/* The hex at the end of a line, behind two blanks at least; the line is cut in front of it. */
static kx_buf take_hex(char *line)
{
    kx_buf bytes = {0};
    char *gap = NULL;
    for (char *at = strstr(line, "  "); at != NULL; at = strstr(at + 1, "  "))
        gap = at;
    ck_assert_msg(gap != NULL, "no hex: %s", line);
    *gap = '\0';
    for (const char *at = gap + 1; *at != '\0'; at++) {
        unsigned byte;
        if (isspace((unsigned char)*at))
            continue;
        ck_assert_int_eq(sscanf(at, "%2x", &byte), 1);
        kx_buf__byte(&bytes, (uint8_t)byte);
        at++;
    }
    return bytes;
}

static void expect_bytes(const char *what, kx_slice got, const kx_buf *want)
{
    ck_assert_msg(got.size == want->size && memcmp(got.data, want->data, got.size) == 0, "doc/format.md is wrong about %s", what);
}

static kx_buf parse(const char *json)
{
    kx_buf item = {0};
    ck_assert_int_eq(kx_document__from_json(json, strlen(json), true, &item), KX_OK);
    return item;
}

static void check_item(const char *json, const kx_buf *want)
{
    kx_buf item = parse(json);
    expect_bytes(json, kx_buf__slice(&item), want);
    kx_buf__free(&item);
}

static void check_record(char *text, const kx_buf *want)
{
    char *json;
    uint64_t id = strtoull(text, &json, 10);
    uint8_t head[KX_RECORD_HEAD];
    kx_buf document = parse(json), record = {0};
    kx_collection__seal(id, kx_buf__slice(&document), head);
    kx_buf__append(&record, head, sizeof head);
    kx_buf__append(&record, document.data, document.size);
    expect_bytes(text, kx_buf__slice(&record), want);
    kx_buf__free(&document);
    kx_buf__free(&record);
}

static void check_key(char *parts, const kx_buf *want)
{
    kx_key key;
    kx_key__init(&key);
    for (char *part = strtok(parts, "|"); part != NULL; part = strtok(NULL, "|")) {
        kx_value value;
        part += strspn(part, " ");
        bool descending = strncmp(part, "-desc ", 6) == 0;
        kx_buf item = parse(descending ? part + 6 : part);
        ck_assert_int_eq(kx_document__value(kx_buf__slice(&item), &value), KX_OK);
        kx_key__add(&key, &value, descending);
        kx_buf__free(&item);
    }
    expect_bytes(parts, kx_key__slice(&key), want);
    kx_key__free(&key);
}

START_TEST(every_hex_line_of_the_format_is_what_the_code_writes)
{
    char *text = kxt_read_file(kxt_source("doc/format.md"), NULL), *rest = text;
    unsigned records = 0, items = 0, keys = 0;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        bool record = strncmp(line, "record ", 7) == 0, item = strncmp(line, "item ", 5) == 0, key = strncmp(line, "key  ", 5) == 0;
        if (!record && !item && !key)
            continue;
        kx_buf want = take_hex(line);
        records += record;
        items += item;
        keys += key;
        if (record)
            check_record(line + 7, &want);
        else if (item)
            check_item(line + 5, &want);
        else
            check_key(line + 5, &want);
        kx_buf__free(&want);
    }
    ck_assert_uint_ge(records, 2);
    ck_assert_uint_ge(items, 5);
    ck_assert_uint_ge(keys, 20);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("format");
    TCase *tcase = tcase_create("doc/format.md");
    tcase_add_test(tcase, every_hex_line_of_the_format_is_what_the_code_writes);
    suite_add_tcase(suite, tcase);
    return kxt_run(suite);
}
