/* test_filter.c -- the filter text: what it means, alone and prepared, and where it is wrong. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "query/query_impl.h"
#include "query/query_test.h"

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
        {"flag", "2"},
        {"not flag", "1 3 4"},
        {"not not flag", "2"},
        {"not (not flag)", "2"},
        {"amount == 50 or amount == 1000", "1 4"},
        {"amount == 50 or status == 'paid' and flag", "1 2"},
        {"(amount == 50 or status == 'paid') and flag", "2"},
        {"status == 'new' and (amount > 500 or tags contains 'gift' and name like 'A%')", "1 4"},
        {"not amount == 50 and not status == 'paid'", "3 4"},
        {"not (amount == 50 or status == 'paid')", "3 4"},
        {"not (status == 'new' and amount > 100)", "1 2 3"},
        {"not (status is null or status != 'new')", "1 4"},
        {"not status != 'new'", "1 3 4"},
        {"not status in ['new', null]", "2"},
        {"status not in ['new']", "2"},
        {"status not in ['new', 'paid']", ""},
        {"status not in ['new', null]", "2"},
        {"status not in []", "1 2 4"},
        {"not status not in ['new', 'x']", "1 3 4"},
        {"not status in []", "1 2 3 4"},
        {"amount between 50 and 99.5", "1 2"},
        {"amount between 50 and 99.5 and status == 'new'", "1"},
        {"amount between 99.5 and 50", ""},
        {"not amount between 50 and 99.5", "3 4"},
        {"amount between 50 and 99.5 or amount between 1000 and 1000", "1 2 4"},
        {"amount between 1 and 'z'", ""},
        {"not amount between 1 and 'z'", "1 2 3 4"},
        {"status exists", "1 2 3 4"},
        {"flag exists", "2 3"},
        {"not flag exists", "1 4"},
        {"`odd name`.`x.y` exists and not `odd name`.y exists", "2"},
        {"name ilike 'a\"B'", "1"},
        {"name ilike 'a%'", "1"},
        {"name starts with 'it'", "2"},
        {"name starts with '%'", "4"},
        {"name starts with 'I'", ""},
        {"name starts with ''", "1 2 3 4"},
        {"name ends with 's'", "2"},
        {"name ends with 'b' or name ends with '%'", "1 4"},
        {"not name ends with 's'", "1 3 4"},
        {"len(tags) == 2", "1"},
        {"len(tags) == 0", "2"},
        {"len(tags) is null", "3 4"},
        {"len(items) > 1", "4"},
        {"len(items[0]) == 1", "4"},
        {"len(name) between 3 and 4", "1 2"},
        {"len(name) == 1", "3 4"},
        {"not len(name) == 1", "1 2"},
        {"len(amount) is null", "1 2 3 4"},
        {"len(_id) is not null", ""},
        {"lower(name) == 'a\"b'", "1"},
        {"lower(name) in ['a\"b', '%']", "1 4"},
        {"lower(name) == 'A\"b'", ""},
        {"lower(amount) is null", "1 2 3 4"},
        {"lower ( name ) like 'a%'", "1"},
        {"at < now() and at < now() - 1s - 1m", "1"},
        {"at > now() - 9000w", "1"},
        {"at > now() + 1d", ""},
        {"at in [now(), @2026-01-31T10:00:00Z]", "1"},
        {"at between @2026-01-31 and now() + 52w", "1"},
        {"_id in [1, 3] or _id == 4", "1 3 4"},
        {"not _id == 1", "2 3 4"},
        {"not tags[] contains 'gift'", "2 3 4"},
        {"user is null", "1 2 3 4"},
        {"user exists or not user.name exists and not user.name == 5", "1 2 3 4"},
        {"not user(name is null)", "1 2 3 4"},
        {"((((((amount)))))) or (((flag)))", "2"},
    };
    kx_db *db;
    kx_txn *txn = qt_open_orders(&db);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *found = qt_filter(txn, "orders", cases[i].filter, NULL);
        ck_assert_msg(strcmp(found, cases[i].ids) == 0, "%s: %s instead of %s", cases[i].filter, found, cases[i].ids);
    }
    qt_end(db, txn);
}
END_TEST

START_TEST(arguments_fill_the_question_marks)
{
    kx_db *db;
    kx_txn *txn = qt_open_orders(&db);
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
    ck_assert_str_eq(qt_filter(txn, "orders", "amount between ? and ? and status == 'new'",
                               KX_ARGS(kx_int(40), kx_int(60))),
                     "1");
    ck_assert_str_eq(qt_filter(txn, "orders", "status not in [?, 'x'] or not (amount == ?)",
                               KX_ARGS(kx_text("new"), kx_int(50))),
                     "2 3 4");
    ck_assert_str_eq(qt_filter(txn, "orders", "status in [?]", KX_ARGS(kx_list(KX_ARGS(kx_text("paid"))))),
                     "-3: filter:12: a list inside a list");
    ck_assert_str_eq(qt_filter(txn, "orders", "amount between 1 and ?", KX_ARGS(kx_list(KX_ARGS(kx_int(1))))),
                     "-3: filter:22: a list inside a list");
    ck_assert_str_eq(qt_filter(txn, "orders", "status in ?", KX_ARGS(kx_int(1))),
                     "-3: filter:11: status: 'in' takes a list, not 1");
    const kx_condition where[] = {{"status", KX_EQ, kx_text("new")}, {0}};
    ck_assert_str_eq(qt_find(txn, "orders", &(kx_query){.where = where, .filter = "amount > 100"}), "4");
    ck_assert_str_eq(qt_find(txn, "orders", &(kx_query){.where = where, .filter = "amount > 500 or flag"}), "4");
    qt_end(db, txn);
}
END_TEST

/* ---- prepared filters ------------------------------------------------------------------------------ */

START_TEST(a_prepared_filter_answers_like_its_text)
{
    kx_db *db;
    kx_filter *filter, *other;
    kx_txn *txn = qt_open_orders(&db);
    char *text = malloc(64);
    strcpy(text, "amount >= ? and (status == ? or flag)");
    qt_ok(kx_filter_compile(text, &filter));
    memset(text, 'x', 64);
    free(text);
    for (int i = 0; i < 3; i++) {
        kx_query query = {.prepared = filter, .args = KX_ARGS(kx_int(i < 2 ? 50 : 60), kx_text(i < 2 ? "new" : "old"))};
        ck_assert_str_eq(qt_find(txn, "orders", &query), i < 2 ? "1 2 4" : "2");
        ck_assert_str_eq(qt_find(txn, "users", &query), "");
    }
    ck_assert_str_eq(qt_find(txn, "orders", &(kx_query){.prepared = filter}),
                     "-3: filter:11: more ? than arguments, of which there are 0");
    kx_query wrong = {.prepared = filter, .args = KX_ARGS(kx_int(1), kx_int(2), kx_int(3))};
    ck_assert_str_eq(qt_find(txn, "orders", &wrong),
                     "-3: filter: 2 ? for 3 arguments");
    ck_assert_str_eq(qt_find(txn, "orders", &(kx_query){.prepared = filter, .filter = "flag"}),
                     "-3: a query has .filter or .prepared, not both");
    ck_assert_int_eq(kx_filter_compile("amount >= 5 and", &other), KX_INVALID);
    ck_assert_ptr_null(other);
    ck_assert_str_eq(kx_errmsg(), "filter:16: expected a path");
    kx_cursor *cursor;
    kx_doc *doc;
    kx_query right = {.prepared = filter, .args = KX_ARGS(kx_int(50), kx_text("new"))};
    qt_ok(kx_find(txn, "orders", &right, &cursor));
    kx_filter_free(filter);
    kx_filter_free(NULL);
    for (uint64_t id = 1; id <= 4; id += id == 2 ? 2 : 1) {
        qt_ok(kx_cursor_next(cursor, &doc));
        ck_assert_uint_eq(kx_doc_id(doc), id);
    }
    qt_ok(kx_cursor_close(cursor));
    qt_end(db, txn);
}
END_TEST

typedef struct shared {
    kx_db *db;
    const kx_filter *filter;
    uint64_t found;
} shared;

static void *count_often(void *context)
{
    shared *it = context;
    kx_txn *txn;
    uint64_t count;
    if (kx_txn_begin(it->db, KX_READ, &txn) != KX_OK)
        return NULL;
    for (int i = 0; i < 200; i++) {
        kx_query query = {.prepared = it->filter, .args = KX_ARGS(kx_int(i % 2 == 0 ? 0 : 500))};
        if (kx_count(txn, "orders", &query, &count) == KX_OK)
            it->found += count;
    }
    kx_txn_abort(txn);
    return NULL;
}

START_TEST(threads_share_a_prepared_filter)
{
    enum { THREADS = 4 };
    kx_db *db;
    kx_filter *filter;
    kx_txn *txn = qt_open_orders(&db);
    qt_ok(kx_txn_commit(txn));
    qt_ok(kx_filter_compile("amount > ? and not (flag or lower(name) == 'x')", &filter));
    shared all[THREADS];
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        all[i] = (shared){.db = db, .filter = filter};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, count_often, &all[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_uint_eq(all[i].found, 100 * 2 + 100 * 1);
    }
    kx_filter_free(filter);
    qt_ok(kx_close(db));
}
END_TEST

START_TEST(an_error_names_the_column_and_what_was_expected)
{
    static const struct { const char *filter, *text;
    } cases[] = {
        {"", "filter:1: expected a path"},
        {"   ", "filter:4: expected a path"},
        {"amount 5", "filter:8: expected an operator"},
        {"amount not", "filter:11: expected 'in'"},
        {"amount not like 'a'", "filter:12: expected 'in'"},
        {"amount >", "filter:9: expected a value"},
        {"amount > and", "filter:10: expected a value"},
        {"amount > 5 status", "filter:12: expected 'and', 'or' or the end"},
        {"amount > 5 and", "filter:15: expected a path"},
        {"amount > 5 or", "filter:14: expected a path"},
        {"amount > 5 or or b == 1", "filter:15: expected a path"},
        {"not", "filter:4: expected a path"},
        {"not not", "filter:8: expected a path"},
        {"amount between 1", "filter:17: expected 'and' and the other bound"},
        {"amount between 1 or 2", "filter:18: expected 'and' and the other bound"},
        {"amount between 1 and", "filter:21: expected a value"},
        {"amount between and 2", "filter:16: expected a value"},
        {"amount not in 5", "filter:15: expected '[' and the values of a list"},
        {"(amount > 5", "filter:12: expected 'and', 'or' or ')'"},
        {"(amount > 5 b", "filter:13: expected 'and', 'or' or ')'"},
        {"()", "filter:2: expected a path"},
        {"amount > 5)", "filter:11: expected 'and', 'or' or the end"},
        {"len(tags > 5", "filter:10: expected ')'"},
        {"len() > 5", "filter:5: expected a path"},
        {"len(tags)(x == 1)", "filter:10: expected an operator"},
        {"lower(lower(name)) == 'a'", "filter:12: expected ')'"},
        {"name starts 'a'", "filter:13: expected 'with'"},
        {"name ends 'a'", "filter:11: expected 'with'"},
        {"at < now", "filter:9: expected '(' behind 'now'"},
        {"at < now(", "filter:10: expected ')'"},
        {"at < now() -", "filter:13: expected a duration"},
        {"at < now() - h", "filter:14: expected a duration"},
        {"at < now() - 1y", "filter:14: expected a duration"},
        {"at < now() - 1hour", "filter:14: expected a duration"},
        {"at < now() - 99999999999999999999s", "filter:14: expected a duration"},
        {"at < now() + 9999999999w", "filter:14: expected a duration"},
        {"at < now() 1h", "filter:12: expected 'and', 'or' or the end"},
        {"user(", "filter:6: expected a path"},
        {"user()", "filter:6: expected a path"},
        {"user(name == 'x'", "filter:17: expected 'and', 'or' or ')'"},
        {"amount(x == 1)", "filter:1: amount: only a relation has documents that a '(\u2026)' can ask"},
        {"user.name(x == 1)", "filter:1: user.name: only a relation has documents"},
        {"amount between 1 and 'a' or user", "filter:29: user: 'user': a relation can only be asked for null"},
        {"amount between null and 5",
         "filter:16: amount: 'between' takes two of bool, number, text, binary or time, not null"},
        {"amount between [1] and 5", "filter:16: amount: 'between' takes two of"},
        {"name ilike 5", "filter:12: name: 'ilike' takes a text, not 5"},
        {"name starts with 5", "filter:18: name: 'starts with' takes a text, not 5"},
        {"name ends with null", "filter:16: name: 'ends with' takes a text, not null"},
        {"name ilike 'a\\\\'", "filter:12: name: a pattern of 'ilike' that ends in a backslash"},
        {"len(tags) exists", "filter:1: tags: 'exists' asks for a path"},
        {"len(items[].sku) > 1", "filter:20: items[].sku: a path with []"},
        {"len(user) > 1", "filter:13: user: a relation can only be asked for null"},
        {"user(len(orders) > 1)", "filter:20: orders: a relation can only be asked for null"},
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
        {"name == '\xc3\xa4' und", "filter:13: expected 'and', 'or' or the end"},
        {"amount like 5", "filter:13: amount: 'like' takes a text, not 5"},
        {"status == 'new' and amount < null",
         "filter:30: amount: '<' takes a bool, number, text, binary or time, not null"},
        {"name like 'a\\\\'", "filter:11: name: a pattern of 'like' that ends in a backslash"},
        {"user == 'x'", "filter:9: user: 'user': a relation can only be asked for null; name a field behind it"},
        {"items[].sku == 1", "filter:16:"},
        {"a \xff", "filter: not UTF-8"},
    };
    kx_db *db;
    kx_txn *txn = qt_open_orders(&db);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *found = qt_filter(txn, "orders", cases[i].filter, NULL),
                   *wanted = kxt_print("%d: %s", KX_INVALID, cases[i].text);
        ck_assert_msg(strncmp(found, wanted, strlen(wanted)) == 0, "%s: %s instead of %s", cases[i].filter, found,
                      wanted);
    }
    qt_end(db, txn);
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
    enum { SIZE = 1000000 };
    char pattern[256] = "", *text = malloc(SIZE + 2);
    memset(text, 'a', SIZE);
    memcpy(text + SIZE, "b", 2);
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
    tcase_add_test(c, a_prepared_filter_answers_like_its_text);
    tcase_add_test(c, threads_share_a_prepared_filter);
    tcase_add_test(c, an_error_names_the_column_and_what_was_expected);
    tcase_add_test(c, times_count_from_1970_in_utc);
    suite_add_tcase(suite, c);
    c = tcase_create("like");
    tcase_add_test(c, like_knows_runs_characters_and_escapes);
    tcase_add_test(c, like_does_not_try_again);
    suite_add_tcase(suite, c);
    return kxt_run(suite);
}
