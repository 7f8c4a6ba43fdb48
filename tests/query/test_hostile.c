/* test_hostile.c -- filter texts that mean harm: long, deep, senseless, out of memory. Costs are counted, not timed. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "query/query_impl.h"
#include "query/query_test.h"

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
    kx_txn *txn = qt_open_orders(&db);
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
        repeated("amount == 5", " or amount == 5", million / 15, ""),
        repeated("amount", " and b or b", million / 12, ""),
        repeated("", "not ", million / 4, "flag"),
        repeated("", "not ", million / 4, ""),
        repeated("", "(", million / 10, ""),
        repeated("", "not (", million / 10, ""),
        repeated("flag", ")", million / 10, ""),
        repeated("", "user(", million / 10, ""),
        repeated("", "len(", million / 10, ""),
        repeated("amount == 5 or ", "(flag and ", million / 10, ""),
        repeated("amount in ", "[", million, ""),
        repeated("amount not in [now()", ",now()", million / 6, "]"),
        repeated("at > now()", " - 1s", million / 5, ""),
        repeated("at > now() - ", "9", million, "s"),
        repeated("", "user.", million / 5, "name == 1"),
        repeated("amount == ", "?", million, ""),
        repeated("amount in [?", ",?", million / 2, "]"),
        repeated("name ilike '", "%_", million / 2, "'"),
        repeated("name starts with '", "a", million, "'"),
        repeated("amount between 1 and 2", " and amount between 1 and 2", million / 27, ""),
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
    qt_end(db, txn);
}
END_TEST

/* Allocations while a text is read and answered; memory that its filter holds. */
static int64_t allocations_of(kx_txn *txn, const char *text, int *rc)
{
    const int64_t many = INT64_C(1) << 40;
    kx_cursor *cursor;
    kx_base__fail_alloc_after(many);
    *rc = kx_find(txn, "orders", &(kx_query){.filter = text}, &cursor);
    kx_cursor_close(cursor);
    return many - kx_base__fail_alloc_after(-1);
}

static size_t memory_of(const char *text)
{
    kx_filter *filter;
    struct mallinfo2 before = mallinfo2();
    int rc = kx_filter_compile(text, &filter);
    struct mallinfo2 after = mallinfo2();
    kx_filter_free(filter);
    return rc == KX_OK ? after.uordblks + after.hblkhd - before.uordblks - before.hblkhd : 0;
}

/* Twice the text takes at most about twice the allocations, and a filter holds so many bytes for each of its text. */
START_TEST(what_a_filter_costs_is_in_proportion_to_its_length)
{
    static const struct {
        const char *head, *piece, *tail;
    } shapes[] = {
        {"a", " or a", ""},
        {"a", " and b or c", ""},
        {"a == 'x'", " or a == 'x'", ""},
        {"", "not ", "a"},
        {"a in [1", ",1", "]"},
        {"a", " or not (a and not b)", ""},
        {"a", " or user.b == 1", ""},
        {"a", " or user(b or c)", ""},
        {"a == '", "x", "'"},
        {"a", " or len(a) == 1", ""},
        {"a", " or a.b[0].c == 1", ""},
        {"a == ", "[", ""},
        {"", "(", ""},
        {"a", " and (a or a)", " or"},
    };
    enum { SHORT = 2000, LONG = 2 * SHORT, BYTES_EACH = 128 };
    kx_db *db;
    kx_txn *txn = qt_open_orders(&db);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        int rc, rc_long;
        char *shorter = repeated(shapes[i].head, shapes[i].piece, SHORT, shapes[i].tail),
             *longer = repeated(shapes[i].head, shapes[i].piece, LONG, shapes[i].tail);
        int64_t few = allocations_of(txn, shorter, &rc), many = allocations_of(txn, longer, &rc_long);
        ck_assert_int_eq(rc, rc_long);
        ck_assert_msg(many <= 2 * few + 64, "%s: %lld allocations, then %lld", shapes[i].piece, (long long)few,
                      (long long)many);
        if (kxt_plain())
            ck_assert_msg(memory_of(longer) <= BYTES_EACH * strlen(longer), "%s: %zu bytes for %zu", shapes[i].piece,
                          memory_of(longer), strlen(longer));
        free(shorter);
        free(longer);
    }
    qt_end(db, txn);
}
END_TEST

/* What is planned inside of what is planned: twice as deep is twice the work. */
START_TEST(depth_costs_no_more_than_length)
{
    static const char *const pieces[] = {"(amount == 50 or status == 'new' and ",
                                         "not (amount != 50 and status != 'new' or ", "(amount == 50 or flag and ",
                                         "(amount in [1,50] or user.name == 'x' and "};
    kx_db *db;
    kx_txn *txn = qt_open_orders(&db);
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        int64_t counts[2];
        int rc;
        for (size_t twice = 0; twice < 2; twice++) {
            char *open = repeated("", pieces[i], 48 << twice, "flag"), *closed = repeated("", ")", 48 << twice, "");
            counts[twice] = allocations_of(txn, kxt_print("%s%s", open, closed), &rc);
            ck_assert_int_eq(rc, KX_OK);
            free(open);
            free(closed);
        }
        ck_assert_msg(counts[1] <= 3 * counts[0] + 64, "%s: %lld allocations, then %lld", pieces[i],
                      (long long)counts[0], (long long)counts[1]);
    }
    qt_end(db, txn);
}
END_TEST

START_TEST(a_hundred_parentheses_are_read_and_one_more_is_not)
{
    kx_db *db;
    kx_txn *txn = qt_open_orders(&db);
    for (size_t i = 0; i < 2; i++) {
        char *closed = repeated("", ")", 100 + i, ""), *text = repeated("", i == 0 ? "(" : "not(", 100 + i, "flag"),
             *either = repeated("", "(flag or amount == 50 and ", 100 + i, "flag");
        const char *answers[] = {"2", "-3: filter:404: more than 100 parentheses inside each other"};
        ck_assert_str_eq(qt_filter(txn, "orders", kxt_print("%s%s", text, closed), NULL), answers[i]);
        answers[1] = "-3: filter:2601: more than 100 parentheses inside each other";
        ck_assert_str_eq(qt_filter(txn, "orders", kxt_print("%s%s", either, closed), NULL), answers[i]);
        free(closed);
        free(text);
        free(either);
    }
    qt_end(db, txn);
}
END_TEST

/* Every operator with every kind of literal, on every kind of value: an answer or a clear error. */
START_TEST(every_operator_meets_every_literal)
{
    static const char *const operators[] = {
        "==",    "!=",          "<",         "<=",       ">",       ">=", "in",     "not in", "like",
        "ilike", "starts with", "ends with", "contains", "between", "is", "is not", "exists", ""};
    static const char *const literals[] = {"null",
                                           "true",
                                           "-1",
                                           "1.5",
                                           "18446744073709551615",
                                           "'a'",
                                           "''",
                                           "'\\\\'",
                                           "[]",
                                           "[1, 'a', null]",
                                           "[[1]]",
                                           "{}",
                                           "{'a': 1}",
                                           "{\"a\": 1}",
                                           "{\"$numberDouble\":\"NaN\"}",
                                           "{\"$binary\":{\"base64\":\"YQ==\",\"subType\":\"00\"}}",
                                           "@2026-01-31",
                                           "now() - 1h",
                                           "?",
                                           "1 and 2",
                                           "'a' and 5",
                                           "null and 1",
                                           "now() and now() + 1d",
                                           ""};
    static const char *const lefts[] = {"amount",
                                        "status",
                                        "name",
                                        "tags",
                                        "tags[]",
                                        "tags[0]",
                                        "at",
                                        "flag",
                                        "nothing",
                                        "_id",
                                        "items[].sku",
                                        "`odd name`",
                                        "len(tags)",
                                        "lower(name)",
                                        "len(_id)",
                                        "user",
                                        "user.name",
                                        "user.orders.amount",
                                        "lower(user.name)",
                                        "user._id"};
    kx_db *db;
    kx_txn *txn = qt_open_orders(&db);
    for (size_t l = 0; l < sizeof lefts / sizeof *lefts; l++)
        for (size_t o = 0; o < sizeof operators / sizeof *operators; o++)
            for (size_t v = 0; v < sizeof literals / sizeof *literals; v++) {
                char text[200], both[420];
                uint64_t some, none;
                const kx_value *args = strchr(literals[v], '?') != NULL ? KX_ARGS(kx_list(KX_ARGS(kx_int(1)))) : NULL;
                snprintf(text, sizeof text, "%s %s %s", lefts[l], operators[o], literals[v]);
                int rc = kx_count(txn, "orders", &(kx_query){.filter = text, .args = args}, &some);
                ck_assert_msg(rc == KX_OK || (rc == KX_INVALID && strncmp(kx_errmsg(), "filter:", 7) == 0), "%s: %d %s",
                              text, rc, kx_errmsg());
                if (rc != KX_OK || args != NULL)
                    continue;
                snprintf(both, sizeof both, "not (%s)", text);
                qt_ok(kx_count(txn, "orders", &(kx_query){.filter = both}, &none));
                ck_assert_msg(some + none == 4, "%s: %d and %d", text, (int)some, (int)none);
                snprintf(both, sizeof both, "(%s) or not (%s)", text, text);
                qt_ok(kx_count(txn, "orders", &(kx_query){.filter = both}, &none));
                ck_assert_uint_eq(none, 4);
            }
    qt_end(db, txn);
}
END_TEST

/* Memory that runs out ends a query or a filter with KX_NOMEM, and nothing is lost. */
START_TEST(a_failing_allocation_is_an_error_and_no_leak)
{
    static const char text[] =
        "not (amount between ? and now() - 1h or status not in ['a', ?]) and user(lower(name) like "
        "'a%' or orders(len(tags) > 1)) and (a.b[0] == 1 or not (flag or items[].sku contains 's'))";
    kx_db *db;
    kx_txn *txn = qt_open_orders(&db);
    const kx_value *args = KX_ARGS(kx_int(5), kx_text("x"));
    int rc = KX_NOMEM;
    for (int64_t n = 0; rc == KX_NOMEM; n++) {
        uint64_t count;
        kx_filter *filter;
        kx_base__fail_alloc_after(n);
        rc = kx_filter_compile(text, &filter);
        if (rc == KX_OK) {
            rc = kx_count(txn, "orders", &(kx_query){.prepared = filter, .args = args}, &count);
            kx_filter_free(filter);
        }
        kx_base__fail_alloc_after(-1);
        ck_assert_msg(rc == KX_OK || rc == KX_NOMEM, "%d %s", rc, kx_errmsg());
    }
    qt_end(db, txn);
}
END_TEST

/* Random texts made of the language's own words. */
START_TEST(random_filters_give_an_answer_or_an_error)
{
    static const char *const words[] = {
        "amount",   "status", "and",    "==",          "!=",       "<",     ">=",          "in",          "like",
        "contains", "is",     "null",   "not",         "[",        "]",     ",",           "5",           "-1.5",
        "'new'",    "\"x\"",  "?",      "@2026-01-01", "`",        "(",     ".",           "items[].sku", "'",
        "{",        "}",      "true",   "\\",          "\xc3\xa4", "or",    ")",           "between",     "exists",
        "user(",    "len(",   "lower(", "now()",       "- 1h",     "ilike", "starts with", "flag",        "user.name",
        "(",        ")",      "not",    "and",         "or"};
    kx_db *db;
    kx_txn *txn = qt_open_orders(&db);
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
    qt_end(db, txn);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("query/hostile");
    TCase *c = tcase_create("filters");
    tcase_add_test(c, hostile_filters_cost_no_more_than_their_length);
    tcase_add_test(c, what_a_filter_costs_is_in_proportion_to_its_length);
    tcase_add_test(c, depth_costs_no_more_than_length);
    tcase_add_test(c, a_hundred_parentheses_are_read_and_one_more_is_not);
    tcase_add_test(c, every_operator_meets_every_literal);
    tcase_add_test(c, a_failing_allocation_is_an_error_and_no_leak);
    tcase_add_test(c, random_filters_give_an_answer_or_an_error);
    suite_add_tcase(suite, c);
    return kxt_run(suite);
}
