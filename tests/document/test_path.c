/* test_path.c -- paths as text, and where they lead. */
#include <stdlib.h>
#include <string.h>

#include "samples.h"

/* A path as "name(a) index(0) each", to compare at a glance. */
static const char *shape_of(const char *text)
{
    static char shape[2048];
    kx_path path;
    size_t at = 0;
    int rc = kx_path__parse(text, &path);
    ck_assert_msg(rc == KX_OK, "%s", text_of(rc));
    shape[0] = '\0';
    for (uint32_t i = 0; i < path.count; i++) {
        const kx_step *step = &path.steps[i];
        const char *one = step->kind == KX_STEP_NAME    ? kxt_print(" %.*s", (int)step->size, step->name)
                          : step->kind == KX_STEP_INDEX ? kxt_print(" #%u", step->index)
                                                        : " *";
        ck_assert_uint_lt(at + strlen(one), sizeof shape);
        strcpy(shape + at, one);
        at += strlen(one);
    }
    ck_assert_int_eq(path.multi, strchr(shape, '*') != NULL);
    kx_path__free(&path);
    return shape;
}

START_TEST(paths_are_names_indexes_and_each)
{
    ck_assert_str_eq(shape_of("email"), " email");
    ck_assert_str_eq(shape_of("address.city"), " address city");
    ck_assert_str_eq(shape_of("tags[0]"), " tags #0");
    ck_assert_str_eq(shape_of("items[].sku"), " items * sku");
    ck_assert_str_eq(shape_of("m[0][1][]"), " m #0 #1 *");
    ck_assert_str_eq(shape_of("a[4294967295].b.c"), " a #4294967295 b c");
    ck_assert_str_eq(shape_of("a b-c]$"), " a b-c]$");
    ck_assert_str_eq(shape_of("\xc3\xa9t\xc3\xa9.x"), " \xc3\xa9t\xc3\xa9 x");
}
END_TEST

START_TEST(backquotes_hold_any_name)
{
    ck_assert_str_eq(shape_of("`a.b`"), " a.b");
    ck_assert_str_eq(shape_of("`a[0]`.`x``y`[]"), " a[0] x`y *");
    ck_assert_str_eq(shape_of("``"), " ");
    ck_assert_str_eq(shape_of("````"), " `");
    ck_assert_str_eq(shape_of("a.``.b"), " a  b");
    ck_assert_str_eq(shape_of("`plain`"), " plain");
}
END_TEST

static void refuses(const char *text, int code, const char *expected)
{
    kx_path path;
    int rc = kx_path__parse(text, &path);
    ck_assert_msg(rc == code, "%s: %d", text, rc);
    ck_assert_ptr_null(path.steps);
    const char *told = text_of(rc);
    ck_assert_msg(strstr(told, expected) != NULL, "%s: %s", text, told);
}

START_TEST(a_wrong_path_is_refused_at_its_column)
{
    refuses("", KX_INVALID, "column 1: a name is missing");
    refuses(".a", KX_INVALID, "column 1: a name is missing");
    refuses("a.", KX_INVALID, "column 3: a name is missing");
    refuses("a..b", KX_INVALID, "column 3: a name is missing");
    refuses("[0]", KX_INVALID, "column 1: a name is missing");
    refuses("a.[0]", KX_INVALID, "column 3");
    refuses("a[", KX_INVALID, "column 2: expected []");
    refuses("a[x]", KX_INVALID, "column 2");
    refuses("a[-1]", KX_INVALID, "column 2");
    refuses("a[1", KX_INVALID, "column 2");
    refuses("a[4294967296]", KX_INVALID, "column 2");
    refuses("a[99999999999999999999999]", KX_INVALID, "column 2");
    refuses("a[0]b", KX_INVALID, "column 5: expected '.'");
    refuses("a`b", KX_INVALID, "column 2: a name with a backquote");
    refuses("`a", KX_INVALID, "column 1: this backquote");
    refuses("`a``", KX_INVALID, "column 1: this backquote");
    refuses("`a`b", KX_INVALID, "column 4: expected '.'");
    refuses("\xc3\xa9\xc3\xa9..b", KX_INVALID, "column 4");
    refuses("a.\xff", KX_INVALID, "column 3: a name that is not UTF-8");
    refuses("\xff", KX_INVALID, "not UTF-8");
}
END_TEST

START_TEST(names_have_511_bytes_and_paths_64_steps_at_most)
{
    char name[513], deep[256] = "a";
    kx_path path;
    memset(name, 'n', 512);
    name[512] = '\0';
    refuses(name, KX_INVALID, "longer than 511");
    name[511] = '\0';
    ck_assert_int_eq(kx_path__parse(name, &path), KX_OK);
    kx_path__free(&path);
    for (int i = 1; i < 64; i++)
        strcat(deep, ".a");
    ck_assert_int_eq(kx_path__parse(deep, &path), KX_OK);
    ck_assert_uint_eq(path.count, 64);
    kx_path__free(&path);
    refuses(strcat(deep, "[]"), KX_LIMIT, "more than 64 steps");
}
END_TEST

START_TEST(plain_names_are_told_at_once)
{
    size_t size;
    ck_assert(kx_path__plain("name", &size));
    ck_assert_uint_eq(size, 4);
    ck_assert(!kx_path__plain("a.b", &size));
    ck_assert_uint_eq(size, 3);
    ck_assert(!kx_path__plain("a[0]", &size));
    ck_assert(!kx_path__plain("`a`", &size));
    ck_assert(!kx_path__plain("", &size));
    ck_assert_uint_eq(size, 0);
}
END_TEST

/* {"a": {"b": [10, {"c": 11}, [12, 13]]}, "n": null, "": 1} */
#define DOCUMENT "83 a1 61 81 a1 62 93 0a 81 a1 63 0b 92 0c 0d a1 6e c0 a0 01"

static void leads_to(const char *text, const char *expected)
{
    kx_path path;
    kx_slice item;
    ck_assert_int_eq(kx_path__parse(text, &path), KX_OK);
    ck_assert_int_eq(kx_document__at(hex(DOCUMENT), &path, &item), expected != NULL);
    ck_bytes_eq(item, expected != NULL ? hex(expected) : kx_slice_of(NULL, 0));
    kx_path__free(&path);
}

START_TEST(a_path_leads_to_one_item_or_to_none)
{
    leads_to("a.b[0]", "0a");
    leads_to("a.b[1].c", "0b");
    leads_to("a.b[2][1]", "0d");
    leads_to("a.b", "93 0a 81 a1 63 0b 92 0c 0d");
    leads_to("n", "c0");
    leads_to("``", "01");
    leads_to("a.b[3]", NULL);
    leads_to("a.x", NULL);
    leads_to("n.x", NULL);
    leads_to("a.b.c", NULL);
    leads_to("a[0]", NULL);
    leads_to("a.b[0].x", NULL);
    leads_to("a.b[]", NULL);
}
END_TEST

static int collect(kx_slice item, void *context)
{
    kx_buf__append(context, item.data, item.size);
    return KX_OK;
}

static int each(const char *document, const char *text, bool elements, kx_buf *found)
{
    kx_path path;
    kx_buf__clear(found);
    ck_assert_int_eq(kx_path__parse(text, &path), KX_OK);
    int rc = kx_document__each(hex(document), &path, elements, collect, found);
    kx_path__free(&path);
    return rc;
}

static void visits(const char *document, const char *text, bool elements, const char *expected)
{
    kx_buf found = {.size = 0};
    int rc = each(document, text, elements, &found);
    ck_assert_msg(rc == KX_OK, "%s", text_of(rc));
    ck_bytes_eq(kx_buf__slice(&found), hex(expected));
    kx_buf__free(&found);
}

START_TEST(each_visits_in_order)
{
    visits("81 a1 74 93 01 02 03", "t[]", false, "01 02 03");
    visits("81 a1 74 93 01 02 03", "t", true, "01 02 03");
    visits("81 a1 74 93 01 02 03", "t", false, "93 01 02 03");
    visits("81 a1 74 93 01 02 03", "t[]", true, "01 02 03");
    visits("81 a1 74 93 01 02 03", "t[1]", false, "02");
    visits("81 a1 69 93 81 a1 73 01 80 81 a1 73 02", "i[].s", false, "01 02");
    visits("81 a1 6d 92 92 01 02 91 03", "m[][]", false, "01 02 03");
    visits("81 a1 6d 92 92 01 02 91 03", "m[]", true, "92 01 02 91 03");
    visits("81 a1 6d 92 92 01 02 91 03", "m[][0]", false, "01 03");
    visits("81 a1 61 81 a1 62 91 81 a1 63 92 07 08", "a.b[].c", true, "07 08");
}
END_TEST

START_TEST(each_finds_nothing_in_missing_null_and_empty)
{
    visits("80", "t[]", false, "");
    visits("80", "t", true, "");
    visits("81 a1 74 c0", "t[]", false, "");
    visits("81 a1 74 c0", "t", true, "");
    visits("81 a1 74 90", "t[]", false, "");
    visits("81 a1 74 92 c0 05", "t[]", false, "c0 05");
    visits("81 a1 74 92 c0 91 05", "t[][]", false, "05");
    visits("81 a1 74 05", "t.x[]", false, "");
}
END_TEST

START_TEST(each_refuses_what_is_no_array)
{
    static const char *const paths[] = {"t[]", "t"};
    kx_buf found = {.size = 0};
    for (int i = 0; i < 2; i++) {
        int rc = each("81 a1 74 05", paths[i], true, &found);
        ck_assert_int_eq(rc, KX_INVALID);
        ck_assert_str_eq(text_of(rc), "'t' must be an array");
    }
    ck_assert_int_eq(each("81 a1 74 91 81 a1 73 a1 78", "t[].s[]", false, &found), KX_INVALID);
    ck_assert_int_eq(each("81 a1 74 80", "t[]", false, &found), KX_INVALID);
    ck_assert_int_eq(each("81 a1 74 dc 00", "t[]", false, &found), KX_OK);     /* damage on the way reads as missing */
    kx_buf__free(&found);
}
END_TEST

static int stop_at_second(kx_slice item, void *context)
{
    (void)item;
    return ++*(int *)context == 2 ? 77 : KX_OK;
}

START_TEST(each_stops_where_the_visitor_says_so)
{
    kx_path path;
    int calls = 0;
    ck_assert_int_eq(kx_path__parse("m[][]", &path), KX_OK);
    ck_assert_int_eq(kx_document__each(hex("81 a1 6d 92 92 01 02 91 03"), &path, false, stop_at_second, &calls), 77);
    ck_assert_int_eq(calls, 2);
    kx_path__free(&path);
}
END_TEST

START_TEST(each_uses_no_stack_for_64_steps)
{
    char text[256] = "a";
    kx_buf document = {.size = 0}, found = {.size = 0};
    for (int i = 1; i < 64; i++)
        strcat(text, "[]");
    sample_deep(&document, 64, false);
    kx_path path;
    ck_assert_int_eq(kx_path__parse(text, &path), KX_OK);
    ck_assert_int_eq(kx_document__each(kx_buf__slice(&document), &path, false, collect, &found), KX_OK);
    ck_bytes_eq(kx_buf__slice(&found), hex("05"));
    kx_path__free(&path);
    kx_buf__free(&document);
    kx_buf__free(&found);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("document/path");
    TCase *c = tcase_create("path");
    tcase_add_test(c, paths_are_names_indexes_and_each);
    tcase_add_test(c, backquotes_hold_any_name);
    tcase_add_test(c, a_wrong_path_is_refused_at_its_column);
    tcase_add_test(c, names_have_511_bytes_and_paths_64_steps_at_most);
    tcase_add_test(c, plain_names_are_told_at_once);
    tcase_add_test(c, a_path_leads_to_one_item_or_to_none);
    tcase_add_test(c, each_visits_in_order);
    tcase_add_test(c, each_finds_nothing_in_missing_null_and_empty);
    tcase_add_test(c, each_refuses_what_is_no_array);
    tcase_add_test(c, each_stops_where_the_visitor_says_so);
    tcase_add_test(c, each_uses_no_stack_for_64_steps);
    suite_add_tcase(s, c);
    return s;
}

int main(void)
{
    return kxt_run(suite());
}
