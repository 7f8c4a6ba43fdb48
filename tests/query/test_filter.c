/* test_filter.c -- the filter text: what it means, where it is wrong, and what hostile ones do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "query/query_impl.h"
#include "query/query_test.h"

static const kx_model *const models[] = {
    &(kx_model){.name = "orders",
                .indexes = (const kx_index[]){{.paths = "amount"}, {.paths = "status"}, {0}},
                .relations =
                    (const kx_relation[]){
                        {.name = "user", .kind = KX_FOREIGN_KEY, .target = "users", .foreign_key = "user_id"}, {0}}},
    &(kx_model){.name = "users", .indexes = (const kx_index[]){{.paths = "user_id", .unique = true}, {0}}}, NULL};

static kx_txn *open_filled(kx_db **db)
{
    *db = qt_open(models);
    kx_txn *txn = qt_begin(*db, KX_WRITE);
    qt_insert(txn, "orders", 1,
              "{\"amount\":50,\"status\":\"new\",\"name\":\"A\\\"b\",\"tags\":[\"gift\",2],\"at\":{\"$date\":\"2026-01-"
              "31T10:00:00Z\"}}");
    qt_insert(
        txn, "orders", 2,
        "{\"amount\":99.5,\"status\":\"paid\",\"name\":\"it's\",\"tags\":[],\"odd name\":{\"x.y\":1},\"flag\":true}");
    qt_insert(txn, "orders", 3, "{\"amount\":-7,\"status\":null,\"name\":\"\\u00e4\",\"and\":5,\"flag\":false}");
    qt_insert(txn, "orders", 4,
              "{\"amount\":1e3,\"status\":\"new\",\"name\":\"%\",\"items\":[{\"sku\":\"s1\"},{\"sku\":\"s2\"}]}");
    return txn;
}

static void end(kx_db *db, kx_txn *txn)
{
    kx_txn_abort(txn);
    qt_ok(kx_close(db));
}

START_TEST(a_filter_means_its_conditions)
{
    static const struct { const char *filter, *ids; } cases[] = {
        {"amount >= 50", "1 2 4"},
        {"amount>=50 and status=='new'", "1 4"},
        {"  amount\t<\n100.0 and status = \"new\"  ", "1"},
        {"amount != 50", "2 3 4"},
        {"amount == -7", "3"},
        {"amount == -7.0e0", "3"},
        {"amount < {\"$numberUnsigned\":\"18446744073709551615\"}", "1 2 3 4"},
        {"status in ['new', \"paid\"]", "1 2 4"},
        {"status in ['paid' , null]", "2 3"},
        {"status in []", ""},
        {"amount in [50,1000]", "1 4"},
        {"status is null", "3"},
        {"status is not null and amount < 60", "1"},
        {"status == null", "3"},
        {"flag == true", "2"},
        {"flag == false", "3"},
        {"name like 'A%'", "1"},
        {"name like '\\\\%'", "4"},
        {"name == 'A\"b'", "1"},
        {"name == \"A\\\"b\"", "1"},
        {"name == 'it\\'s'", "2"},
        {"name == \"it's\"", "2"},
        {"name == '\\u00e4'", "3"},
        {"name == '\xc3\xa4'", "3"},
        {"tags contains 'gift'", "1"},
        {"tags contains 2.0", "1"},
        {"tags == [\"gift\", 2]", "1"},
        {"tags[0] == 'gift'", "1"},
        {"items[].sku contains 's2'", "4"},
        {"items[1].sku == 's2'", "4"},
        {"`odd name`.`x.y` == 1", "2"},
        {"`odd name` == {\"x.y\": 1}", "2"},
        {"`and` == 5", "3"},
        {"_id >= 3", "3 4"},
        {"at == @2026-01-31T10:00Z", "1"},
        {"at >= @2026-01-31 and at < @2026-02-01", "1"},
        {"at > @2026-01-31T10:00:00", ""},
        {"at > @2026-01-31T09:59:59.999999999Z", "1"},
        {"at == {\"$date\":\"2026-01-31T10:00:00Z\"}", "1"},
    };
    kx_db *db;
    kx_txn *txn = open_filled(&db);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *found = qt_filter(txn, "orders", cases[i].filter, NULL);
        ck_assert_msg(strcmp(found, cases[i].ids) == 0, "%s: %s instead of %s", cases[i].filter, found, cases[i].ids);
    }
    end(db, txn);
}
END_TEST

START_TEST(arguments_fill_the_question_marks)
{
    kx_db *db;
    kx_txn *txn = open_filled(&db);
    ck_assert_str_eq(qt_filter(txn, "orders", "amount >= ? and status == ?", KX_ARGS(kx_int(50), kx_text("new"))),
                     "1 4");
    ck_assert_str_eq(qt_filter(txn, "orders", "status in ?", KX_ARGS(kx_list(KX_ARGS(kx_text("paid"), kx_null())))),
                     "2 3");
    ck_assert_str_eq(qt_filter(txn, "orders", "status in [?, 'new']", KX_ARGS(kx_text("paid"))), "1 2 4");
    ck_assert_str_eq(qt_filter(txn, "orders", "status == ?", KX_ARGS(kx_null())), "3");
    ck_assert_str_eq(qt_filter(txn, "orders", "amount == ? and amount == ?", KX_ARGS(kx_int(50))),
                     "-3: filter:27: more ? than arguments, of which there are 1");
    ck_assert_str_eq(qt_filter(txn, "orders", "amount == ?", NULL),
                     "-3: filter:11: more ? than arguments, of which there are 0");
    ck_assert_str_eq(qt_filter(txn, "orders", "amount == ?", KX_ARGS(kx_int(1), kx_int(2))),
                     "-3: filter: 1 ? for 2 arguments");
    ck_assert_str_eq(qt_filter(txn, "orders", "amount == 1", KX_ARGS(kx_int(1))), "-3: filter: 0 ? for 1 arguments");
    const kx_condition where[] = {{"status", KX_EQ, kx_text("new")}, {0}};
    ck_assert_str_eq(qt_find(txn, "orders", &(kx_query){.where = where, .filter = "amount > 100"}), "4");
    end(db, txn);
}
END_TEST

START_TEST(an_error_names_the_column_and_what_was_expected)
{
    static const struct { const char *filter, *text;
    } cases[] = {
        {"", "filter:1: expected a path"},
        {"   ", "filter:4: expected a path"},
        {"amount", "filter:7: expected an operator"},
        {"amount >", "filter:9: expected a value"},
        {"amount > and", "filter:10: expected a value"},
        {"amount > 5 status", "filter:12: expected 'and' or the end"},
        {"amount > 5 and", "filter:15: expected a path"},
        {"amount > 5 or b == 1", "filter:12: 'or' is not answered by this version"},
        {"not deleted", "filter:1: 'not' is not answered by this version"},
        {"amount between 1 and 2", "filter:8: 'between' is not answered by this version"},
        {"amount not in [1]", "filter:8: 'not' is not answered by this version"},
        {"(amount > 5)", "filter:1: parentheses are not answered by this version"},
        {"len(tags) > 5", "filter:1: 'len(\u2026)' is not answered by this version"},
        {"email exists", "filter:7: 'exists' is not answered by this version"},
        {"at < now()", "filter:6: 'now' is not answered by this version"},
        {"true == 5", "filter:1: expected a path"},
        {"5 == amount", "filter:6: expected a value"},
        {"amount === 5", "filter:10: expected a value"},
        {"amount <> 5", "filter:9: expected a value"},
        {"amount ! 5", "filter:8: expected an operator"},
        {"amount == 5x", "filter:11:"},
        {"amount == 05", "filter:11:"},
        {"amount == 1.", "filter:11:"},
        {"amount == -", "filter:11:"},
        {"amount == 1e999", "filter:11:"},
        {"amount == 18446744073709551616", "filter:11:"},
        {"amount == foo", "filter:11: expected a value"},
        {"amount == nullx", "filter:11: expected a value"},
        {"name == 'abc", "filter:9: a text without its closing quote"},
        {"name == \"abc", "filter:9: a text without its closing quote"},
        {"name == \"abc\\", "filter:9: a text without its closing quote"},
        {"name == '\\q'", "filter:9:"},
        {"name == '\\ud800'", "filter:9:"},
        {"name == [1, 2", "filter:9: a bracket without its partner"},
        {"name == [1,, 2]", "filter:9:"},
        {"name == {1:2}", "filter:9:"},
        {"status in 5", "filter:11: expected '[' and the values of a list"},
        {"status in [1 2]", "filter:14: expected ',' or ']'"},
        {"status in [1,]", "filter:14: expected a value"},
        {"status in [1", "filter:13: expected ',' or ']'"},
        {"status is 5", "filter:11: expected 'null' or 'not null'"},
        {"status is not 5", "filter:15: expected 'null'"},
        {"a. == 5", "filter:3: expected a name behind '.'"},
        {"a[x] == 5", "filter:3: expected ']'"},
        {"`a == 5", "filter:1: this backquote has no partner"},
        {"a..b == 5", "filter:3: expected a name behind '.'"},
        {"at == @", "filter:7: expected a time"},
        {"at == @2026-02-30", "filter:7: expected a time"},
        {"at == @2026-01-31T25:00", "filter:7: expected a time"},
        {"at == @2026-01-31T10:00+01:00", "filter:24: expected the end of a time in UTC"},
        {"name == '\xc3\xa4' und", "filter:13: expected 'and' or the end"},
        {"amount like 5", "filter:13: amount: 'like' takes a text, not 5"},
        {"status == 'new' and amount < null",
         "filter:30: amount: '<' takes a bool, number, text, binary or time, not null"},
        {"name like 'a\\\\'", "filter:11: name: a pattern of 'like' that ends in a backslash"},
        {"user == 'x'", "filter:9: user: 'user': a relation can only be asked for null; name a field behind it"},
        {"items[].sku == 1", "filter:16:"},
        {"a \xff", "filter: not UTF-8"},
    };
    kx_db *db;
    kx_txn *txn = open_filled(&db);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *found = qt_filter(txn, "orders", cases[i].filter, NULL),
                   *wanted = kxt_print("%d: %s", KX_INVALID, cases[i].text);
        ck_assert_msg(strncmp(found, wanted, strlen(wanted)) == 0, "%s: %s instead of %s", cases[i].filter, found,
                      wanted);
    }
    end(db, txn);
}
END_TEST

static char *repeated(const char *head, const char *piece, size_t count, const char *tail)
{
    size_t size = strlen(piece);
    char *text = malloc(strlen(head) + size * count + strlen(tail) + 1), *at = text + sprintf(text, "%s", head);
    for (size_t i = 0; i < count; i++, at += size)
        memcpy(at, piece, size);
    strcpy(at, tail);
    return text;
}

/* Long, deep and many: an answer or one clear error, in time that grows with the length. */
START_TEST(hostile_filters_cost_no_more_than_their_length)
{
    kx_db *db;
    kx_txn *txn = open_filled(&db);
    size_t million = kxt_plain() ? 1000000 : 100000;
    char closing[101] = "";
    memset(closing, ']', 100);
    char *cases[] = {
        repeated("amount == ", "[", million, ""),
        repeated("amount == ", "[", 60, closing + 40),
        repeated("amount == ", "[", 100, closing),
        repeated("amount == ", "{\"a\":", million / 5, ""),
        repeated("amount == '", "\\", million, "'"),
        repeated("amount == 5", " and amount == 5", million / 16, ""),
        repeated("amount in [5", ",5", million / 2, "]"),
        repeated("", "a.", million / 2, "a == 5"),
        repeated("", "a[0]", 5, " == 5"),
        repeated("", "a", million, " == 5"),
        repeated("`", "``", million / 2, "` == 5"),
        repeated("name like '", "%_", million / 2, "'"),
        repeated("name contains '", "a", million, "'"),
        repeated("amount == ", "9", million, ""),
        repeated("", " ", million, ""),
        repeated("amount == 5 ", "or ", million / 3, ""),
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *found = qt_filter(txn, "orders", cases[i], NULL);
        ck_assert_msg(found[0] == '\0' || (found[0] >= '1' && found[0] <= '9') || strncmp(found, "-3: ", 4) == 0 ||
                          strncmp(found, "-14: ", 5) == 0,
                      "case %zu: %.100s", i, found);
        free(cases[i]);
    }
    char *longer = repeated("", " ", (1 << 20) + 1, "");
    ck_assert_str_eq(qt_filter(txn, "orders", longer, NULL), "-3: filter: longer than 1048576 bytes");
    free(longer);
    end(db, txn);
}
END_TEST

/* Random texts made of the language's own words. */
START_TEST(random_filters_give_an_answer_or_an_error)
{
    static const char *const words[] = {
        "amount", "status", "and", "==",          "!=", "<", ">=",   "in",    "like",  "contains", "is",
        "null",   "not",    "[",   "]",           ",",  "5", "-1.5", "'new'", "\"x\"", "?",        "@2026-01-01",
        "`",      "(",      ".",   "items[].sku", "'",  "{", "}",    "true",  "\\",    "\xc3\xa4"};
    kx_db *db;
    kx_txn *txn = open_filled(&db);
    uint64_t state = kxt_seed();
    for (uint64_t i = kxt_scaled(20000); i > 0; i--) {
        char text[512];
        size_t used = 0;
        for (uint64_t count = kxt_random_below(&state, 12); count > 0; count--)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s",
                                     words[kxt_random_below(&state, sizeof words / sizeof *words)],
                                     kxt_random_below(&state, 3) != 0 ? " " : "");
        text[used] = '\0';
        kx_cursor *cursor;
        int rc = kx_find(txn, "orders", &(kx_query){.filter = text, .args = KX_ARGS(kx_int(5))}, &cursor);
        ck_assert_msg(rc == KX_OK || (rc == KX_INVALID && strncmp(kx_errmsg(), "filter:", 7) == 0), "%s: %d %s", text,
                      rc, kx_errmsg());
        qt_ok(kx_cursor_close(cursor));
    }
    end(db, txn);
}
END_TEST

/* ---- times -------------------------------------------------------------------------------------- */

START_TEST(times_count_from_1970_in_utc)
{
    static const struct { const char *text; size_t taken; int64_t seconds; int32_t nanoseconds; } cases[] = {
        {"1970-01-01", 10, 0, 0},
        {"1970-01-01T00:00:00Z", 20, 0, 0},
        {"1969-12-31T23:59:59.5", 21, -1, 500000000},
        {"2000-02-29T12:00", 16, 951825600, 0},
        {"2026-11-22T03:00Z", 17, 1795316400, 0},
        {"0000-01-01", 10, -62167219200, 0},
        {"9999-12-31T23:59:59.999999999Z", 30, 253402300799, 999999999},
        {"1900-02-29", 0, 0, 0},
        {"2026-13-01", 0, 0, 0},
        {"2026-1-01", 0, 0, 0},
        {"2026-01-01T00:00:00.", 0, 0, 0},
        {"2026-01-01T00:00:00.1234567891", 0, 0, 0},
        {"2026-01-01T", 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        kx_value value = {0};
        size_t taken = kx_query__parse_time(cases[i].text, strlen(cases[i].text), &value);
        ck_assert_msg(taken == cases[i].taken, "%s: %zu", cases[i].text, taken);
        ck_assert_int_eq(value.integer, cases[i].seconds);
        ck_assert_int_eq(value.extra, cases[i].nanoseconds);
    }
}
END_TEST

/* ---- like ------------------------------------------------------------------------------------------ */

static bool like(const char *pattern, const char *text)
{
    uint8_t compiled[256];
    size_t size;
    ck_assert_int_eq(kx_query__like_compile(kx_slice_of(pattern, strlen(pattern)), compiled, &size), KX_OK);
    return kx_query__like(kx_slice_of(compiled, size), kx_slice_of(text, strlen(text)));
}

START_TEST(like_knows_runs_characters_and_escapes)
{
    ck_assert(like("", "") && !like("", "a") && like("%", "") && like("%", "abc") && like("%%", "abc"));
    ck_assert(like("a%", "abc") && !like("a%", "bac") && like("%c", "abc") && !like("%b", "abc") && like("%b%", "abc"));
    ck_assert(like("a%c", "ac") && like("a%c", "abbc") && !like("a%c", "acb") && !like("abc", "ab") &&
              !like("ab", "abc"));
    ck_assert(like("_", "a") && like("_", "\xc3\xa4") && like("_", "\xf0\x9f\x98\x80") && !like("_", "ab") &&
              !like("_", ""));
    ck_assert(like("_%_", "ab") && !like("_%_", "a") && like("%_", "\xc3\xa4") &&
              like("\xc3\xa4_", "\xc3\xa4\xc3\xb6"));
    ck_assert(like("%a_c%", "xxabcxx") && like("%a_c", "aacabc") && !like("%a_c", "abcd") && like("%_b%", "ab") &&
              !like("%_b%", "b"));
    ck_assert(like("\\%", "%") && !like("\\%", "a") && like("\\_", "_") && !like("\\_", "a") && like("\\\\", "\\") &&
              like("\\a", "a"));
    ck_assert(like("%ab%ab%", "abab") && !like("%ab%ab%", "aba") && like("a%a", "aa") && !like("a%a", "a"));
    ck_assert(like("%aab", "aaab") && like("%a%b%c%", "xaybzc") && !like("%a%b%c%", "xbyazc") && like("__%", "ab"));
    uint8_t compiled[8];
    size_t size;
    ck_assert_int_eq(kx_query__like_compile(kx_slice_of("a\\", 2), compiled, &size), KX_INVALID);
}
END_TEST

/* A pattern that makes a backtracking matcher try 2^n ways. */
START_TEST(like_does_not_try_again)
{
    char pattern[256] = "", *text = repeated("", "a", 1000000, "b");
    for (int i = 0; i < 40; i++)
        strcat(pattern, "%a_a");
    strcat(pattern, "%c");
    ck_assert(!like(pattern, text));
    pattern[strlen(pattern) - 1] = 'b';
    ck_assert(like(pattern, text));
    free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("query/filter");
    TCase *c = tcase_create("text");
    tcase_add_test(c, a_filter_means_its_conditions);
    tcase_add_test(c, arguments_fill_the_question_marks);
    tcase_add_test(c, an_error_names_the_column_and_what_was_expected);
    tcase_add_test(c, hostile_filters_cost_no_more_than_their_length);
    tcase_add_test(c, random_filters_give_an_answer_or_an_error);
    tcase_add_test(c, times_count_from_1970_in_utc);
    suite_add_tcase(suite, c);
    c = tcase_create("like");
    tcase_add_test(c, like_knows_runs_characters_and_escapes);
    tcase_add_test(c, like_does_not_try_again);
    suite_add_tcase(suite, c);
    return kxt_run(suite);
}
