/* test_table.c -- the table of doc/query.md: every operator against null, missing, arrays and each type, with and
   without indexes. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "query/query_test.h"

/* The same documents, once without an index and once for each kind of index over v. w tells documents apart for the
   unique one. */
static const kx_model *const models[] = {
    &(kx_model){.name = "bare"},
    &(kx_model){.name = "plain", .indexes = (const kx_index[]){{.paths = "v"}, {0}}},
    &(kx_model){.name = "descending", .indexes = (const kx_index[]){{.paths = "-v"}, {0}}},
    &(kx_model){.name = "sparse", .indexes = (const kx_index[]){{.paths = "v", .sparse = true}, {0}}},
    &(kx_model){.name = "wide", .indexes = (const kx_index[]){{.paths = "v,w"}, {0}}},
    &(kx_model){.name = "second", .indexes = (const kx_index[]){{.paths = "one,-v"}, {0}}},
    &(kx_model){.name = "unique", .indexes = (const kx_index[]){{.paths = "v,w", .unique = true}, {0}}},
    &(kx_model){.name = "many",
                .indexes =
                    (const kx_index[]){{.paths = "v"}, {.paths = "-v", .sparse = true}, {.paths = "one,v"}, {0}}},
    NULL};

static const char *const values[] = {
    [1] = NULL,                                  /* missing */
    [2] = "null",
    [3] = "false",
    [4] = "true",
    [5] = "{\"$numberDouble\":\"NaN\"}",
    [6] = "-1",
    [7] = "1",
    [8] = "1.0",
    [9] = "1.5",
    [10] = "{\"$numberUnsigned\":\"18446744073709551615\"}",
    [11] = "\"\"",
    [12] = "\"1\"",
    [13] = "\"a%b\"",
    [14] = "\"abc\"",
    [15] = "{\"$binary\":{\"base64\":\"YWJj\",\"subType\":\"00\"}}",
    [16] = "{\"$date\":\"2026-01-31T00:00:00Z\"}",
    [17] = "[]",
    [18] = "[1,\"abc\",null]",
    [19] = "[[1],{\"$numberDouble\":\"NaN\"}]",
    [20] = "{\"a\":1}",
    [21] = "{\"$ext\":{\"type\":5,\"base64\":\"YWJj\"}}",
};
enum { COUNT = sizeof values / sizeof *values };

static void fill(kx_txn *txn)
{
    for (size_t i = 0; models[i] != NULL; i++) {
        for (unsigned v = 1; v < COUNT; v++) {
            const char *json = values[v] != NULL ? kxt_print("{\"one\":1,\"v\":%s,\"w\":%u}", values[v], v)
                                                 : kxt_print("{\"one\":1,\"w\":%u}", v);
            qt_insert(txn, models[i]->name, v, json);
        }
    }
}

typedef struct row {
    const char *name;
    kx_op       op;
    kx_value    value;
    const char *ids;
} row;

static const uint8_t array_one[] = {0x91, 0x01}, array_one_wide[] = {0x91, 0xd3, 0, 0, 0, 0, 0, 0, 0, 1},
                     array_real[] = {0x91, 0xcb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0};
static const uint8_t map_a[] = {0x81, 0xa1, 'a', 0x01}, array_empty[] = {0x90};

static kx_value bytes(const uint8_t *data, size_t size)
{
    return kx_msgpack(data, size);
}

#define LIST(...) kx_list(KX_ARGS(__VA_ARGS__))
#define ALL_VALUES "3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21"

static size_t count_ids(const char *ids)
{
    size_t count = ids[0] != '\0';
    for (; *ids != '\0'; ids++)
        count += *ids == ' ';
    return count;
}

/* ---- the same as text, and its complement ---------------------------------------------------- */

/* The condition with a ? for each operand; *args is its operands. */
static const char *text_of(const row *r, const kx_value **args)
{
    static const char *const texts[] = {
        [KX_EQ] = "v == ?",          [KX_NE] = "v != ?",          [KX_LT] = "v < ?",        [KX_LE] = "v <= ?",
        [KX_GT] = "v > ?",           [KX_GE] = "v >= ?",          [KX_IN] = "v in ?",       [KX_LIKE] = "v like ?",
        [KX_CONTAINS] = "v contains ?", [KX_ILIKE] = "v ilike ?", [KX_PREFIX] = "v starts with ?",
        [KX_SUFFIX] = "v ends with ?", [KX_BETWEEN] = "v between ? and ?"};
    static kx_value one[2];
    bool opposite = r->value.type == KX_TYPE_BOOL && r->value.integer == 0;
    one[0] = r->value;
    *args = r->op == KX_BETWEEN ? r->value.data : one;
    if (r->op != KX_IS_NULL && r->op != KX_PRESENT)
        return texts[r->op];
    *args = NULL;
    if (r->op == KX_IS_NULL)
        return opposite ? "v is not null" : "v is null";
    return opposite ? "not v exists" : "v exists";
}

/* Those of all documents that are not in `ids`, nor from 1 to `left_out`. */
static const char *others(const char *ids, unsigned left_out)
{
    char *text = kxt_print("%300s", ""), *out = text;
    for (unsigned v = 1 + left_out; v < COUNT; v++) {
        char *end;
        if (ids[0] != '\0' && strtoul(ids, &end, 10) == v)
            ids = end;
        else
            out += sprintf(out, "%s%u", out > text ? " " : "", v);
    }
    *out = '\0';
    return text;
}

static void check_text(kx_txn *txn, const char *collection, const char *text, const kx_value *args, const char *ids)
{
    const char *found = qt_filter(txn, collection, text, args);
    ck_assert_msg(strcmp(found, ids) == 0, "%s in %s: %s instead of %s", text, collection, found, ids);
}

/* Alone, beside another condition, on either side of an "or", and negated in all ways. */
static void check_texts(kx_txn *txn, const char *collection, const row *r)
{
    const kx_value *args;
    const char *text = text_of(r, &args), *none = others(r->ids, 0);
    check_text(txn, collection, text, args, r->ids);
    check_text(txn, collection, kxt_print("one == 1 and (%s)", text), args, r->ids);
    check_text(txn, collection, kxt_print("one == 2 or %s", text), args, r->ids);
    check_text(txn, collection, kxt_print("not not (%s) or one == 2", text), args, r->ids);
    check_text(txn, collection, kxt_print("not (%s)", text), args, none);
    check_text(txn, collection, kxt_print("one == 1 and not %s", text), args, none);
    check_text(txn, collection, kxt_print("not (one == 2 or %s)", text), args, none);
    check_text(txn, collection, kxt_print("not (one == 1 and %s)", text), args, none);
    if (r->op == KX_IN && strncmp(r->ids, "1 2", 3) == 0)
        none = others(r->ids, 0);
    else if (r->op == KX_IN)
        none = others(r->ids, 2);
    if (r->op != KX_IN)
        return;
    check_text(txn, collection, "v not in ?", args, none);
    check_text(txn, collection, "not v not in ?", args, others(none, 0));
}

static void check_row(kx_txn *txn, const row *r)
{
    for (size_t i = 0; models[i] != NULL; i++) {
        const kx_condition where[] = {{"v", r->op, r->value, }, {0}};
        const kx_condition both[] = {{"one", KX_EQ, kx_int(1)}, {"v", r->op, r->value}, {0}};
        const char *found = qt_where(txn, models[i]->name, where);
        ck_assert_msg(strcmp(found, r->ids) == 0, "%s in %s: %s instead of %s", r->name, models[i]->name, found,
                      r->ids);
        found = qt_where(txn, models[i]->name, both);
        ck_assert_msg(strcmp(found, r->ids) == 0, "%s and one in %s: %s instead of %s", r->name, models[i]->name, found,
                      r->ids);
        check_texts(txn, models[i]->name, r);
        uint64_t count;
        qt_ok(kx_count(txn, models[i]->name, &(kx_query){.where = where}, &count));
        ck_assert_uint_eq(count, count_ids(r->ids));
        kx_doc *doc;
        int rc = kx_first(txn, models[i]->name, &(kx_query){.where = where}, &doc);
        ck_assert(rc == (r->ids[0] == '\0' ? KX_NOTFOUND : KX_OK));
        if (rc == KX_OK)
            ck_assert_uint_eq(kx_doc_id(doc), strtoull(r->ids, NULL, 10));
    }
}

static void check_rows(const row *rows, size_t count)
{
    kx_db *db = qt_open(models);
    kx_txn *txn = qt_begin(db, KX_WRITE);
    fill(txn);
    for (size_t i = 0; i < count; i++)
        check_row(txn, &rows[i]);
    qt_ok(kx_txn_commit(txn));
    txn = qt_begin(db, KX_READ);
    for (size_t i = 0; i < count; i++)
        check_row(txn, &rows[i]);
    kx_txn_abort(txn);
    qt_ok(kx_close(db));
}

#define CHECK_ROWS(...)                                  \
    do {                                                 \
        const row rows_[] = {__VA_ARGS__};               \
        check_rows(rows_, sizeof rows_ / sizeof *rows_); \
    } while (0)

START_TEST(equality_is_by_type_and_value)
{
    CHECK_ROWS(
        {"== null", KX_EQ, kx_null(), "1 2"},
        {"== false", KX_EQ, kx_bool(false), "3"},
        {"== true", KX_EQ, kx_bool(true), "4"},
        {"== NaN", KX_EQ, kx_real(NAN), "5"},
        {"== -1", KX_EQ, kx_int(-1), "6"},
        {"== 1", KX_EQ, kx_int(1), "7 8"},
        {"== 1.0", KX_EQ, kx_real(1), "7 8"},
        {"== 2", KX_EQ, kx_int(2), ""},
        {"== 2^64-1", KX_EQ, kx_uint(UINT64_MAX), "10"},
        {"== 2^64", KX_EQ, kx_real(18446744073709551616.0), ""},
        {"== ''", KX_EQ, kx_text(""), "11"},
        {"== '1'", KX_EQ, kx_text("1"), "12"},
        {"== 'abc'", KX_EQ, kx_text("abc"), "14"},
        {"== binary", KX_EQ, kx_binary("abc", 3), "15"},
        {"== time", KX_EQ, kx_time(1769817600, 0), "16"},
        {"== []", KX_EQ, bytes(array_empty, sizeof array_empty), "17"},
        {"== [1]", KX_EQ, bytes(array_one, sizeof array_one), ""},
        {"== {a:1}", KX_EQ, bytes(map_a, sizeof map_a), "20"},
        {"== ext", KX_EQ, kx_ext(5, "abc", 3), "21"},
        {"== other ext", KX_EQ, kx_ext(6, "abc", 3), ""});
}
END_TEST

START_TEST(inequality_skips_null_and_missing)
{
    CHECK_ROWS(
        {"!= null", KX_NE, kx_null(), ALL_VALUES},
        {"!= 1", KX_NE, kx_int(1), "3 4 5 6 9 10 11 12 13 14 15 16 17 18 19 20 21"},
        {"!= NaN", KX_NE, kx_real(NAN), "3 4 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21"},
        {"!= true", KX_NE, kx_bool(true), "3 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21"},
        {"!= 'abc'", KX_NE, kx_text("abc"), "3 4 5 6 7 8 9 10 11 12 13 15 16 17 18 19 20 21"},
        {"!= 'none'", KX_NE, kx_text("none"), ALL_VALUES},
        {"!= []", KX_NE, bytes(array_empty, sizeof array_empty), "3 4 5 6 7 8 9 10 11 12 13 14 15 16 18 19 20 21"});
}
END_TEST

START_TEST(ranges_stay_in_the_class_of_their_operand)
{
    CHECK_ROWS(
        {"< 1", KX_LT, kx_int(1), "6"},
        {"<= 1", KX_LE, kx_real(1), "6 7 8"},
        {"> 1", KX_GT, kx_int(1), "9 10"},
        {">= 1", KX_GE, kx_int(1), "7 8 9 10"},
        {"> -inf", KX_GT, kx_real(-INFINITY), "6 7 8 9 10"},
        {"< inf", KX_LT, kx_real(INFINITY), "6 7 8 9 10"},
        {"> 2^63", KX_GT, kx_real(9223372036854775808.0), "10"},
        {"< NaN", KX_LT, kx_real(NAN), ""},
        {">= NaN", KX_GE, kx_real(NAN), ""},
        {"< 'a'", KX_LT, kx_text("a"), "11 12"},
        {">= ''", KX_GE, kx_text(""), "11 12 13 14"},
        {"> 'a%b'", KX_GT, kx_text("a%b"), "14"},
        {"<= 'abc'", KX_LE, kx_text("abc"), "11 12 13 14"},
        {"< true", KX_LT, kx_bool(true), "3"},
        {">= false", KX_GE, kx_bool(false), "3 4"},
        {"> true", KX_GT, kx_bool(true), ""},
        {">= binary", KX_GE, kx_binary("a", 1), "15"},
        {"< binary", KX_LT, kx_binary("abc", 3), ""},
        {"<= time", KX_LE, kx_time(1769817600, 0), "16"},
        {"> time", KX_GT, kx_time(1769817599, 999999999), "16"});
}
END_TEST

START_TEST(membership_of_a_list_is_equality_with_one_of_it)
{
    CHECK_ROWS(
        {"in (1, 'abc')", KX_IN, LIST(kx_int(1), kx_text("abc")), "7 8 14"},
        {"in (1.0, 1, 1)", KX_IN, LIST(kx_real(1), kx_int(1), kx_int(1)), "7 8"},
        {"in (null, true)", KX_IN, LIST(kx_null(), kx_bool(true)), "1 2 4"},
        {"in (null)", KX_IN, LIST(kx_null()), "1 2"},
        {"in (NaN, 1.5)", KX_IN, LIST(kx_real(NAN), kx_real(1.5)), "5 9"},
        {"in ([], {a:1})", KX_IN, LIST(bytes(array_empty, 1), bytes(map_a, 4)), "17 20"},
        {"in (9, 8)", KX_IN, LIST(kx_int(9), kx_int(8)), ""},
        {"in ()", KX_IN, kx_list(NULL), ""});
}
END_TEST

START_TEST(like_matches_texts_only)
{
    CHECK_ROWS(
        {"like %", KX_LIKE, kx_text("%"), "11 12 13 14"},
        {"like a%", KX_LIKE, kx_text("a%"), "13 14"},
        {"like a\\%%", KX_LIKE, kx_text("a\\%%"), "13"},
        {"like abc", KX_LIKE, kx_text("abc"), "14"},
        {"like ABC", KX_LIKE, kx_text("ABC"), ""},
        {"like _", KX_LIKE, kx_text("_"), "12"},
        {"like a_c", KX_LIKE, kx_text("a_c"), "14"},
        {"like %b", KX_LIKE, kx_text("%b"), "13"},
        {"like ''", KX_LIKE, kx_text(""), "11"},
        {"like a%c", KX_LIKE, kx_text("a%c"), "14"});
}
END_TEST

START_TEST(ilike_is_like_without_case)
{
    CHECK_ROWS(
        {"ilike ABC", KX_ILIKE, kx_text("ABC"), "14"},
        {"ilike A%", KX_ILIKE, kx_text("A%"), "13 14"},
        {"ilike %B", KX_ILIKE, kx_text("%B"), "13"},
        {"ilike A_C", KX_ILIKE, kx_text("A_C"), "14"},
        {"ilike %", KX_ILIKE, kx_text("%"), "11 12 13 14"},
        {"ilike ''", KX_ILIKE, kx_text(""), "11"},
        {"ilike a[c", KX_ILIKE, kx_text("a[c"), ""});
}
END_TEST

START_TEST(starts_and_ends_are_of_texts)
{
    CHECK_ROWS(
        {"starts with ''", KX_PREFIX, kx_text(""), "11 12 13 14"},
        {"starts with a", KX_PREFIX, kx_text("a"), "13 14"},
        {"starts with a%", KX_PREFIX, kx_text("a%"), "13"},
        {"starts with abc", KX_PREFIX, kx_text("abc"), "14"},
        {"starts with abcd", KX_PREFIX, kx_text("abcd"), ""},
        {"starts with A", KX_PREFIX, kx_text("A"), ""},
        {"ends with ''", KX_SUFFIX, kx_text(""), "11 12 13 14"},
        {"ends with c", KX_SUFFIX, kx_text("c"), "14"},
        {"ends with %b", KX_SUFFIX, kx_text("%b"), "13"},
        {"ends with _", KX_SUFFIX, kx_text("_"), ""},
        {"ends with \\", KX_SUFFIX, kx_text("\\"), ""},
        {"ends with 1", KX_SUFFIX, kx_text("1"), "12"});
}
END_TEST

START_TEST(between_is_from_one_to_the_other)
{
    CHECK_ROWS(
        {"between 1 and 1.5", KX_BETWEEN, LIST(kx_int(1), kx_real(1.5)), "7 8 9"},
        {"between -inf and inf", KX_BETWEEN, LIST(kx_real(-INFINITY), kx_real(INFINITY)), "6 7 8 9 10"},
        {"between 1.5 and 1", KX_BETWEEN, LIST(kx_real(1.5), kx_int(1)), ""},
        {"between NaN and 5", KX_BETWEEN, LIST(kx_real(NAN), kx_int(5)), ""},
        {"between 0 and NaN", KX_BETWEEN, LIST(kx_int(0), kx_real(NAN)), ""},
        {"between 0 and 'z'", KX_BETWEEN, LIST(kx_int(0), kx_text("z")), ""},
        {"between '' and 'a%b'", KX_BETWEEN, LIST(kx_text(""), kx_text("a%b")), "11 12 13"},
        {"between false and true", KX_BETWEEN, LIST(kx_bool(false), kx_bool(true)), "3 4"},
        {"between binaries", KX_BETWEEN, LIST(kx_binary("a", 1), kx_binary("b", 1)), "15"},
        {"between times", KX_BETWEEN, LIST(kx_time(1769817600, 0), kx_time(1769817600, 1)), "16"});
}
END_TEST

START_TEST(null_exists_and_missing_does_not)
{
    CHECK_ROWS(
        {"exists", KX_PRESENT, {0}, "2 " ALL_VALUES},
        {"exists (true)", KX_PRESENT, kx_bool(true), "2 " ALL_VALUES},
        {"exists (false)", KX_PRESENT, kx_bool(false), "1"});
}
END_TEST

/* What stands in the second table, as it stands there. */
START_TEST(not_is_the_complement)
{
    static const struct { const char *filter, *ids; } cases[] = {
        {"not v == 1", "1 2 3 4 5 6 9 10 11 12 13 14 15 16 17 18 19 20 21"},
        {"not v == null", ALL_VALUES},
        {"not v != 1", "1 2 7 8"},
        {"not v != null", "1 2"},
        {"not v < 1", "1 2 3 4 5 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21"},
        {"not v between 1 and 1.5", "1 2 3 4 5 6 10 11 12 13 14 15 16 17 18 19 20 21"},
        {"not v in [1, 'abc']", "1 2 3 4 5 6 9 10 11 12 13 15 16 17 18 19 20 21"},
        {"not v in [1, null]", "3 4 5 6 9 10 11 12 13 14 15 16 17 18 19 20 21"},
        {"not v not in [1]", "1 2 7 8"},
        {"not v like 'a%'", "1 2 3 4 5 6 7 8 9 10 11 12 15 16 17 18 19 20 21"},
        {"not v starts with 'a'", "1 2 3 4 5 6 7 8 9 10 11 12 15 16 17 18 19 20 21"},
        {"not v is null", ALL_VALUES},
        {"not v is not null", "1 2"},
        {"not v exists", "1"},
        {"not v contains 1", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 19 20 21"},
        {"v", "4"},
        {"not v", "1 2 3 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21"},
    };
    kx_db *db = qt_open(models);
    kx_txn *txn = qt_begin(db, KX_WRITE);
    fill(txn);
    for (size_t i = 0; models[i] != NULL; i++)
        for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
            check_text(txn, models[i]->name, cases[c].filter, NULL, cases[c].ids);
    kx_txn_abort(txn);
    qt_ok(kx_close(db));
}
END_TEST

START_TEST(functions_make_null_of_what_they_are_not_for)
{
    static const struct { const char *filter, *ids; } cases[] = {
        {"len(v) is null", "1 2 3 4 5 6 7 8 9 10 16 21"},
        {"len(v) == 0", "11 17"},
        {"len(v) == 1", "12 20"},
        {"len(v) == 2", "19"},
        {"len(v) == 3", "13 14 15 18"},
        {"len(v) between 1 and 2", "12 19 20"},
        {"len(v) in [0, null]", "1 2 3 4 5 6 7 8 9 10 11 16 17 21"},
        {"not len(v) >= 2", "1 2 3 4 5 6 7 8 9 10 11 12 16 17 20 21"},
        {"len(v) != 3", "11 12 17 19 20"},
        {"len(v) == '3'", ""},
        {"len(v) like '%'", ""},
        {"len(v)", ""},
        {"lower(v) is null", "1 2 3 4 5 6 7 8 9 10 15 16 17 18 19 20 21"},
        {"lower(v) == 'abc'", "14"},
        {"lower(v) > '1'", "13 14"},
        {"lower(v) contains 'b'", "13 14"},
        {"lower(v) ilike 'A%'", "13 14"},
        {"lower(v) like 'A%'", ""},
        {"lower(v) != 'abc'", "11 12 13"},
        {"not lower(v) == 'abc'", "1 2 3 4 5 6 7 8 9 10 11 12 13 15 16 17 18 19 20 21"},
    };
    kx_db *db = qt_open(models);
    kx_txn *txn = qt_begin(db, KX_WRITE);
    fill(txn);
    for (size_t i = 0; models[i] != NULL; i++)
        for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
            check_text(txn, models[i]->name, cases[c].filter, NULL, cases[c].ids);
    qt_insert(txn, "bare", 30, "{\"v\":\"\u00c4A\u00dfZ[@`{\"}");
    check_text(txn, "bare", "len(v) == 8", NULL, "30");
    check_text(txn, "bare", "lower(v) == '\u00c4a\u00dfz[@`{'", NULL, "30");
    check_text(txn, "bare", "v ilike '\u00c4a_z[@`{'", NULL, "30");
    check_text(txn, "bare", "v ilike '\u00e4%'", NULL, "");
    kx_txn_abort(txn);
    qt_ok(kx_close(db));
}
END_TEST

START_TEST(is_null_is_null_or_missing)
{
    CHECK_ROWS(
        {"is null", KX_IS_NULL, {0}, "1 2"},
        {"is null (true)", KX_IS_NULL, kx_bool(true), "1 2"},
        {"is not null", KX_IS_NULL, kx_bool(false), ALL_VALUES});
}
END_TEST

START_TEST(contains_is_an_element_or_a_part_of_a_text)
{
    CHECK_ROWS(
        {"contains 1", KX_CONTAINS, kx_int(1), "18"},
        {"contains 1.0", KX_CONTAINS, kx_real(1), "18"},
        {"contains '1'", KX_CONTAINS, kx_text("1"), "12"},
        {"contains 'b'", KX_CONTAINS, kx_text("b"), "13 14"},
        {"contains 'abc'", KX_CONTAINS, kx_text("abc"), "14 18"},
        {"contains ''", KX_CONTAINS, kx_text(""), "11 12 13 14"},
        {"contains null", KX_CONTAINS, kx_null(), "18"},
        {"contains NaN", KX_CONTAINS, kx_real(NAN), "19"},
        {"contains [1]", KX_CONTAINS, bytes(array_one, sizeof array_one), "19"},
        {"contains [1] in long form", KX_CONTAINS, bytes(array_one_wide, sizeof array_one_wide), "19"},
        {"contains [1.0]", KX_CONTAINS, bytes(array_real, sizeof array_real), ""},
        {"contains binary", KX_CONTAINS, kx_binary("abc", 3), ""});
}
END_TEST

START_TEST(operands_that_an_operator_does_not_take_are_refused)
{
    static const struct { kx_op op; int what; const char *text;
    } cases[] = {
        {KX_EQ, 0, "v: '==' takes one value, not"},
        {KX_EQ, 1, "v: '==' takes one value, not"},
        {KX_NE, 1, "v: '!=' takes one value, not"},
        {KX_LT, 0, "v: '<' takes a bool"},
        {KX_LT, 2, "v: '<' takes a bool"},
        {KX_GE, 3, "v: '>=' takes a bool"},
        {KX_GT, 1, "v: '>' takes a bool"},
        {KX_IN, 4, "v: 'in' takes a list, not 7"},
        {KX_IN, 2, "v: 'in' takes a list, not null"},
        {KX_IN, 0, "v: 'in' takes a list"},
        {KX_LIKE, 4, "v: 'like' takes a text, not 7"},
        {KX_LIKE, 0, "v: 'like' takes a text"},
        {KX_LIKE, 5, "v: a pattern of 'like' that ends in a backslash"},
        {KX_IS_NULL, 4, "v: 'is null' takes no value, or a bool, not 7"},
        {KX_CONTAINS, 0, "v: 'contains' takes one value"},
        {KX_CONTAINS, 1, "v: 'contains' takes one value"},
        {KX_EQ, 6, "v: a text that is not UTF-8"},
        {KX_EQ, 7, "v: nanoseconds beyond 999999999"},
        {(kx_op)99, 4, "v: no operator has the number 99"},
        {KX_IN, 8, "v: 'in' takes a list of single values"},
        {KX_ILIKE, 4, "v: 'ilike' takes a text, not 7"},
        {KX_ILIKE, 5, "v: a pattern of 'ilike' that ends in a backslash"},
        {KX_PREFIX, 2, "v: 'starts with' takes a text, not null"},
        {KX_SUFFIX, 0, "v: 'ends with' takes a text"},
        {KX_SUFFIX, 6, "v: a text that is not UTF-8"},
        {KX_PRESENT, 4, "v: 'exists' takes no value, or a bool, not 7"},
        {KX_BETWEEN, 4, "v: 'between' takes a list of two values, not 7"},
        {KX_BETWEEN, 0, "v: 'between' takes a list of two values"},
        {KX_BETWEEN, 1, "v: 'between' takes a list of two values"},
        {KX_BETWEEN, 9, "v: 'between' takes a list of two values"},
        {KX_BETWEEN, 10, "v: 'between' takes two of bool, number, text, binary or time, not null"},
        {KX_BETWEEN, 11, "v: 'between' takes two of bool, number, text, binary or time, not ["},
    };
    const kx_value nested[] = {{.type = KX_TYPE_LIST}};
    const kx_value operands[] = {{0},
                                 kx_list(NULL),
                                 kx_null(),
                                 bytes(array_one, sizeof array_one),
                                 kx_int(7),
                                 kx_text("a\\"),
                                 kx_text("\xff"),
                                 kx_time(0, 1000000000),
                                 {.type = KX_TYPE_LIST, .data = nested, .size = 1},
                                 LIST(kx_int(1), kx_int(2), kx_int(3)),
                                 LIST(kx_null(), kx_int(2)),
                                 LIST(kx_int(2), bytes(array_one, sizeof array_one))};
    kx_db *db = qt_open(models);
    kx_txn *txn = qt_begin(db, KX_READ);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const kx_condition where[] = {{"v", cases[i].op, operands[cases[i].what]}, {0}};
        const char *found = qt_where(txn, "plain", where);
        const char *wanted = kxt_print("%d: %s", KX_INVALID, cases[i].text);
        ck_assert_msg(strncmp(found, wanted, strlen(wanted)) == 0, "%s instead of %s", found, wanted);
        ck_assert_str_eq(kx_last_error()->path, "v");
    }
    kx_txn_abort(txn);
    qt_ok(kx_close(db));
}
END_TEST

/* ---- paths ---------------------------------------------------------------------------------- */

static const kx_model *const nested_models[] = {
    &(kx_model){.name = "bare"},
    &(kx_model){.name = "indexed",
                .indexes = (const kx_index[]){{.paths = "a.b"}, {.paths = "tags[0]"}, {.paths = "`a.b`"}, {0}}},
    NULL};

START_TEST(paths_lead_into_maps_and_arrays)
{
    kx_db *db = qt_open(nested_models);
    kx_txn *txn = qt_begin(db, KX_WRITE);
    for (size_t i = 0; nested_models[i] != NULL; i++) {
        const char *name = nested_models[i]->name;
        qt_insert(txn, name, 1, "{\"a\":{\"b\":5},\"tags\":[\"x\",\"y\"],\"a.b\":7}");
        qt_insert(txn, name, 2, "{\"a\":5,\"tags\":\"x\",\"items\":[{\"sku\":1},{\"sku\":2},{\"no\":0}]}");
        qt_insert(txn, name, 3, "{\"a\":{\"b\":null},\"tags\":[],\"items\":{\"sku\":1}}");
        qt_insert(txn, name, 4, "{\"items\":[5,{\"sku\":[1]},{\"sku\":2}],\"m\":[{\"t\":5},{\"t\":[\"x\"]}]}");
        ck_assert_str_eq(qt_where(txn, name, KX_WHERE({"a.b", KX_EQ, kx_int(5)})), "1");
        ck_assert_str_eq(qt_where(txn, name, KX_WHERE({"`a.b`", KX_EQ, kx_int(7)})), "1");
        ck_assert_str_eq(qt_where(txn, name, KX_WHERE({"`a`.`b`", KX_GE, kx_int(1)})), "1");
        ck_assert_str_eq(qt_where(txn, name, KX_WHERE({.path = "a.b", .op = KX_IS_NULL})), "2 3 4");
        ck_assert_str_eq(qt_where(txn, name, KX_WHERE({"tags[0]", KX_EQ, kx_text("x")})), "1");
        ck_assert_str_eq(qt_where(txn, name, KX_WHERE({"tags[1]", KX_IS_NULL, kx_bool(false)})), "1");
        ck_assert_str_eq(qt_where(txn, name, KX_WHERE({"tags", KX_CONTAINS, kx_text("x")})), "1 2");
        ck_assert_str_eq(qt_where(txn, name, KX_WHERE({"tags[]", KX_CONTAINS, kx_text("x")})), "1");
        ck_assert_str_eq(qt_where(txn, name, KX_WHERE({"items[].sku", KX_CONTAINS, kx_int(2)})), "2 4");
        ck_assert_str_eq(qt_where(txn, name, KX_WHERE({"items[].sku", KX_CONTAINS, kx_int(1)})), "2");
        ck_assert_str_eq(qt_where(txn, name, KX_WHERE({"items[].sku[]", KX_CONTAINS, kx_int(1)})), "4");
        ck_assert_str_eq(qt_where(txn, name, KX_WHERE({"items[].sku", KX_CONTAINS, bytes(array_one, 2)})), "4");
        ck_assert_str_eq(qt_where(txn, name, KX_WHERE({"items[].sku", KX_CONTAINS, kx_null()})), "");
        ck_assert_str_eq(qt_where(txn, name, KX_WHERE({"m[].t[]", KX_CONTAINS, kx_text("x")})), "4");
    }
    kx_txn_abort(txn);
    qt_ok(kx_close(db));
}
END_TEST

static const kx_model *const id_models[] = {
    &(kx_model){.name = "auto"},
    &(kx_model){.name = "keyed", .indexes = (const kx_index[]){{.paths = "n", .primary = true}, {0}}},
    NULL
};

START_TEST(the_id_is_a_path)
{
    static const uint64_t ids[] = {1, 2, 5, 1000, UINT64_C(1) << 62};
    kx_db *db = qt_open(id_models);
    kx_txn *txn = qt_begin(db, KX_WRITE);
    for (size_t i = 0; i < 5; i++) {
        qt_insert(txn, "auto", ids[i], "{\"x\":1}");
        qt_insert(txn, "keyed", 0, kxt_print("{\"n\":%llu,\"x\":1}", (unsigned long long)ids[i]));
    }
    static const struct { kx_op op; int what; const char *found;
    } cases[] = {
        {KX_EQ, 0, "5"},
        {KX_EQ, 1, "5"},
        {KX_EQ, 2, ""},
        {KX_EQ, 3, ""},
        {KX_EQ, 4, ""},
        {KX_NE, 0, "1 2 1000 4611686018427387904"},
        {KX_LT, 0, "1 2"},
        {KX_LE, 0, "1 2 5"},
        {KX_GT, 0, "1000 4611686018427387904"},
        {KX_GE, 1, "5 1000 4611686018427387904"},
        {KX_LT, 2, "1 2 5"},
        {KX_GT, 2, "1000 4611686018427387904"},
        {KX_GE, 5, "1 2 5 1000 4611686018427387904"},
        {KX_LT, 5, ""},
        {KX_LE, 5, ""},
        {KX_GT, 6, ""},
        {KX_LT, 6, "1 2 5 1000 4611686018427387904"},
        {KX_LT, 3, ""},
        {KX_LIKE, 3, ""},
        {KX_CONTAINS, 0, ""},
        {KX_IN, 7, "2 1000"},
        {KX_EQ, 8, ""},
        {KX_NE, 8, "1 2 5 1000 4611686018427387904"},
        {KX_GE, 9, ""},
    };
    const kx_value operands[] = {
        kx_int(5),         kx_real(5),
        kx_real(5.5),      kx_text("5"),
        kx_int(-5),        kx_real(-0.5),
        kx_real(INFINITY), LIST(kx_int(1000), kx_text("2"), kx_real(2), kx_int(3), kx_real(0.5)),
        kx_null(),         kx_real(NAN)};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const kx_value value = operands[cases[i].what];
        ck_assert_str_eq(qt_where(txn, "auto", KX_WHERE({"_id", cases[i].op, value})), cases[i].found);
        ck_assert_str_eq(qt_where(txn, "keyed", KX_WHERE({"_id", cases[i].op, value})), cases[i].found);
        ck_assert_str_eq(qt_where(txn, "keyed", KX_WHERE({"n", cases[i].op, value})), cases[i].found);
        ck_assert_str_eq(qt_where(txn, "keyed", KX_WHERE({"n", cases[i].op, value}, {"x", KX_EQ, kx_int(1)})),
                         cases[i].found);
    }
    ck_assert_str_eq(qt_find(txn, "keyed", &(kx_query){.order_by = "-n", .limit = 2}), "4611686018427387904 1000");
    ck_assert_str_eq(qt_find(txn, "auto", &(kx_query){.order_by = "-_id", .offset = 3}), "2 1");
    ck_assert_str_eq(
        qt_find(txn, "auto", &(kx_query){.order_by = "x,-_id", .where = KX_WHERE({"_id", KX_LE, kx_int(5)})}), "5 2 1");
    kx_txn_abort(txn);
    qt_ok(kx_close(db));
}
END_TEST

/* ---- multi indexes --------------------------------------------------------------------------------- */

static const kx_model *const tag_models[] = {
    &(kx_model){.name = "bare"},
    &(kx_model){.name = "multi", .indexes = (const kx_index[]){{.paths = "tags", .multi = true}, {0}}},
    &(kx_model){.name = "sparse", .indexes = (const kx_index[]){{.paths = "tags", .multi = true, .sparse = true}, {0}}},
    &(kx_model){.name = "compound", .indexes = (const kx_index[]){{.paths = "tags,kind", .multi = true}, {0}}},
    NULL
};

START_TEST(a_multi_index_answers_contains_and_nothing_else)
{
    kx_db *db = qt_open(tag_models);
    kx_txn *txn = qt_begin(db, KX_WRITE);
    for (size_t i = 0; tag_models[i] != NULL; i++) {
        const char *name = tag_models[i]->name;
        qt_insert(txn, name, 1, "{\"tags\":[\"a\",\"b\",\"a\"],\"kind\":1}");
        qt_insert(txn, name, 2, "{\"tags\":[],\"kind\":1}");
        qt_insert(txn, name, 3, "{\"tags\":null,\"kind\":2}");
        qt_insert(txn, name, 4, "{\"kind\":2}");
        qt_insert(txn, name, 5, "{\"tags\":[null,1,\"b\"],\"kind\":2}");
        ck_assert_str_eq(qt_where(txn, name, KX_WHERE({"tags", KX_CONTAINS, kx_text("b")})), "1 5");
        ck_assert_str_eq(qt_where(txn, name, KX_WHERE({"tags[]", KX_CONTAINS, kx_text("a")})), "1");
        ck_assert_str_eq(qt_where(txn, name, KX_WHERE({"tags", KX_CONTAINS, kx_null()})), "5");
        ck_assert_str_eq(qt_where(txn, name, KX_WHERE({"tags", KX_CONTAINS, kx_text("b")}, {"kind", KX_GT, kx_int(1)})),
                         "5");
        ck_assert_str_eq(
            qt_where(txn, name, KX_WHERE({"tags", KX_CONTAINS, kx_text("b")}, {"tags", KX_CONTAINS, kx_int(1)})), "5");
        ck_assert_str_eq(qt_where(txn, name, KX_WHERE({.path = "tags", .op = KX_IS_NULL})), "3 4");
        ck_assert_str_eq(qt_where(txn, name, KX_WHERE({"tags", KX_EQ, bytes(array_empty, 1)})), "2");
        ck_assert_str_eq(qt_where(txn, name, KX_WHERE({"tags", KX_IS_NULL, kx_bool(false)})), "1 2 5");
        ck_assert_str_eq(qt_find(txn, name, &(kx_query){.order_by = "tags,kind"}), "3 4 2 1 5");
    }
    kx_txn_abort(txn);
    qt_ok(kx_close(db));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("query/table");
    TCase *c = tcase_create("operators");
    tcase_add_test(c, equality_is_by_type_and_value);
    tcase_add_test(c, inequality_skips_null_and_missing);
    tcase_add_test(c, ranges_stay_in_the_class_of_their_operand);
    tcase_add_test(c, membership_of_a_list_is_equality_with_one_of_it);
    tcase_add_test(c, like_matches_texts_only);
    tcase_add_test(c, ilike_is_like_without_case);
    tcase_add_test(c, starts_and_ends_are_of_texts);
    tcase_add_test(c, between_is_from_one_to_the_other);
    tcase_add_test(c, null_exists_and_missing_does_not);
    tcase_add_test(c, not_is_the_complement);
    tcase_add_test(c, functions_make_null_of_what_they_are_not_for);
    tcase_add_test(c, is_null_is_null_or_missing);
    tcase_add_test(c, contains_is_an_element_or_a_part_of_a_text);
    tcase_add_test(c, operands_that_an_operator_does_not_take_are_refused);
    suite_add_tcase(suite, c);
    c = tcase_create("paths");
    tcase_add_test(c, paths_lead_into_maps_and_arrays);
    tcase_add_test(c, the_id_is_a_path);
    tcase_add_test(c, a_multi_index_answers_contains_and_nothing_else);
    suite_add_tcase(suite, c);
    return kxt_run(suite);
}
