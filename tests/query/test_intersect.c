/* test_intersect.c -- several indexes together, alternatives, tests on keys: the same answers as without any index. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "query/query_test.h"

static const kx_model *const models[] = {
    &(kx_model){.name = "bare"},
    &(kx_model){.name = "indexed",
                .indexes = (const kx_index[]){{.paths = "a"},
                                              {.paths = "b"},
                                              {.paths = "-c"},
                                              {.paths = "d,a"},
                                              {.paths = "tags", .multi = true},
                                              {.paths = "s", .sparse = true},
                                              {.paths = "text"},
                                              {.paths = "u", .unique = true},
                                              {.paths = "m", .fold = true},
                                              {.paths = "b,m", .fold = true},
                                              {.paths = "c,d", .where = "a == 1 and d != 3"},
                                              {0}}},
    NULL};

static const char *const both[] = {"bare", "indexed"};

/* ---- documents ---------------------------------------------------------------------------- */

/* Some fields go together, some are rare, some missing; texts are longer than what an index keeps. */
static const char *random_doc(uint64_t *seed, unsigned i)
{
    unsigned a = (unsigned)kxt_random_below(seed, 4), b = (unsigned)kxt_random_below(seed, 8);
    unsigned d = kxt_random_below(seed, 3) == 0 ? a : (unsigned)kxt_random_below(seed, 20);
    const char *s = kxt_random_below(seed, 4) == 0 ? kxt_print(",\"s\":%u", b % 3) : "";
    const char *c = kxt_random_below(seed, 9) == 0 ? "null" : kxt_print("%u", (unsigned)kxt_random_below(seed, 500));
    static const char *const mixed[] = {"\"Ab\"", "\"aB\"", "\"abc\"", "5", "null", "[1]"};
    const char *m = mixed[kxt_random_below(seed, 6)];
    char text[601];
    memset(text, 'x', 600);
    text[600] = '\0';
    text[599] = (char)('a' + kxt_random_below(seed, 3));
    return kxt_print("{\"m\":%s,\"a\":%u,\"b\":%u,\"c\":%s,\"d\":%u,\"tags\":[%u,%u],\"text\":\"%s\",\"u\":%u%s}", m, a, b, c, d, a,
                     10 + (unsigned)kxt_random_below(seed, 5), i % 10 == 0 ? text : kxt_print("t%u", b / 2), i, s);
}

static void fill(kx_txn *txn, uint64_t *seed, unsigned count)
{
    for (unsigned i = 1; i <= count; i++) {
        const char *doc = random_doc(seed, i);
        for (size_t n = 0; n < 2; n++)
            qt_insert(txn, both[n], i, doc);
    }
}

/* ---- queries -------------------------------------------------------------------------------- */

static const char *long_text(uint64_t *seed)
{
    char text[601];
    memset(text, 'x', 600);
    text[600] = '\0';
    text[599] = (char)('a' + kxt_random_below(seed, 3));
    return kxt_print("%s", text);
}

static const char *random_condition(uint64_t *seed, unsigned count)
{
    unsigned x = (unsigned)kxt_random_below(seed, 4), y = (unsigned)kxt_random_below(seed, 500);
    static const char *const folded[] = {"lower(m) != 'ab'", "lower(m) not in ['ab', 'x']", "m ilike 'A%'",
                                         "lower(m) in ['ab', 'abc']"};
    switch (kxt_random_below(seed, 20)) {
    case 18: return kxt_print("b == %u and %s", 2 * x, folded[y % 4]);
    case 19: return y % 2 ? folded[x] : kxt_print("a == 1 and d != 3 and c %s %u", y % 3 ? ">" : "!=", y);
    case 13: return kxt_print("d in [%u, %u] and a != %u", x, y % 20, x);
    case 14: return kxt_print("d > %u and a not in [%u, %u]", y % 20, x, y % 3);
    case 15: return kxt_print("c != %u", y);
    case 16: return kxt_print("text like '%%%c%%'", "tx12"[x]);
    case 17: return kxt_print("d <= %u and a in [%u, 2]", x, y % 3);
    case 0:
    case 1: return kxt_print("a == %u", x);
    case 2:
    case 3: return kxt_print("b == %u", 2 * x);
    case 4: return kxt_print("c >= %u", y);
    case 5: return kxt_print("c < %u", y);
    case 6: return kxt_print("d == %u", x);
    case 7: return kxt_print("tags contains %u", y % 2 ? x : 10 + x);
    case 8: return kxt_print("s == %u", x);
    case 9: return y % 2 ? kxt_print("text == 't%u'", x) : kxt_print("text == '%s'", long_text(seed));
    case 10: return kxt_print("b in [%u, %u, 77]", x, x + 3);
    case 11: return kxt_print("_id > %u", (unsigned)kxt_random_below(seed, count));
    default: return y % 2 ? kxt_print("u <= %u", (unsigned)kxt_random_below(seed, count)) : "text like 't%'";
    }
}

static const char *random_conjunction(uint64_t *seed, unsigned count)
{
    const char *filter = random_condition(seed, count);
    for (uint64_t n = 1 + kxt_random_below(seed, 3); n > 0; n--)
        filter = kxt_print("%s and %s", filter, random_condition(seed, count));
    return filter;
}

static const char *random_union(uint64_t *seed, unsigned count)
{
    const char *filter = random_condition(seed, count);
    for (uint64_t n = 1 + kxt_random_below(seed, 2); n > 0; n--)
        filter = kxt_print("%s or %s", filter,
                           kxt_random_below(seed, 2) ? random_condition(seed, count) : random_conjunction(seed, count));
    switch (kxt_random_below(seed, 4)) {
    case 0: return kxt_print("(%s) and %s", filter, random_condition(seed, count));
    case 1: return kxt_print("(%s) and not (%s)", filter, random_condition(seed, count));
    default: return filter;
    }
}

static const char *random_filter(uint64_t *seed, unsigned count)
{
    return kxt_random_below(seed, 2) ? random_conjunction(seed, count) : random_union(seed, count);
}

static bool is_plan(kx_txn *txn, const char *collection, const kx_query *query, const char *name)
{
    kx_doc *plan;
    qt_ok(kx_explain(txn, collection, query, &plan));
    bool same = strcmp(kx_doc_text(plan, "plan"), name) == 0;
    kx_doc_release(plan);
    return same;
}

/* The same ids as qt_find(), a page at a time. */
static const char *find_in_pages(kx_txn *txn, const char *collection, const kx_query *query, uint64_t size)
{
    const char *ids = "", *page;
    kx_query next = *query;
    next.limit = size;
    do {
        kx_cursor *cursor;
        kx_doc *doc;
        uint64_t n = 0;
        page = "";
        qt_ok(kx_find(txn, collection, &next, &cursor));
        for (; kx_cursor_next(cursor, &doc) == KX_OK; n++)
            page = kxt_print("%s%s%" PRIu64, page, n > 0 ? " " : "", kx_doc_id(doc));
        if (n > 0)
            qt_ok(kx_cursor_token(cursor, &next.after));
        next.after = n == size ? kxt_print("%s", next.after) : NULL;
        qt_ok(kx_cursor_close(cursor));
        ids = kxt_print("%s%s%s", ids, n > 0 && ids[0] != '\0' ? " " : "", page);
    } while (next.after != NULL);
    return ids;
}

START_TEST(pages_go_on_where_the_last_one_ended)
{
    static const char *const orders[] = {NULL, NULL, "c", "-c,a", "-a", "text,-u", "-d"};
    unsigned count = (unsigned)kxt_scaled(1500) + 500;
    uint64_t seed = kxt_seed(), queries = kxt_scaled(150);
    kx_db *db = qt_open(models);
    kx_txn *txn = qt_begin(db, KX_WRITE);
    fill(txn, &seed, count);
    for (uint64_t i = 0; i < queries; i++) {
        kx_query query = {.filter = random_filter(&seed, count), .order_by = orders[kxt_random_below(&seed, 7)]};
        const char *expected = qt_find(txn, both[0], &query);
        if (strlen(expected) > 2000)
            continue;
        const char *found = find_in_pages(txn, both[1], &query, 1 + kxt_random_below(&seed, 40));
        ck_assert_msg(strcmp(expected, found) == 0, "%.300s order by %s: %.300s, not %.300s", query.filter,
                      query.order_by, found, expected);
    }
    kx_txn_abort(txn);
    qt_ok(kx_close(db));
}
END_TEST

START_TEST(answers_are_those_of_a_scan)
{
    static const char *const orders[] = {NULL, NULL, NULL, "c", "-a,b", "u", "-_id"};
    unsigned count = (unsigned)kxt_scaled(3000) + 500, together = 0, either = 0;
    uint64_t seed = kxt_seed(), counted[2], queries = kxt_scaled(600);
    kx_db *db = qt_open(models);
    kx_txn *txn = qt_begin(db, KX_WRITE);
    fill(txn, &seed, count);
    for (uint64_t i = 0; i < queries; i++) {
        kx_query query = {.filter = random_filter(&seed, count), .order_by = orders[kxt_random_below(&seed, 7)]};
        if (kxt_random_below(&seed, 3) == 0) {
            query.limit = 1 + kxt_random_below(&seed, 40);
            query.offset = kxt_random_below(&seed, 20);
        }
        const char *expected = qt_find(txn, both[0], &query), *found = qt_find(txn, both[1], &query);
        ck_assert_msg(strcmp(expected, found) == 0,
                      "%.300s order by %s limit %" PRIu64 " offset %" PRIu64 ": %.300s, not %.300s", query.filter,
                      query.order_by, query.limit, query.offset, found, expected);
        for (size_t n = 0; n < 2; n++)
            qt_ok(kx_count(txn, both[n], &query, &counted[n]));
        ck_assert_msg(counted[0] == counted[1], "%s: %" PRIu64 ", not %" PRIu64, query.filter, counted[1], counted[0]);
        together += is_plan(txn, both[1], &query, "intersection");
        either += is_plan(txn, both[1], &query, "union");
    }
    ck_assert_msg(together >= queries / 20 && either >= queries / 20,
                  "only %u of %" PRIu64 " were intersections, %u unions", together, queries, either);
    kx_txn_abort(txn);
    qt_ok(kx_close(db));
}
END_TEST

/* ---- while documents are written ---------------------------------------------------------------- */

static const kx_query together = {.filter = "a == 1 and b == 2"};

static kx_txn *open_filled(kx_db **db, unsigned count)
{
    uint64_t seed = kxt_seed();
    *db = qt_open(models);
    kx_txn *txn = qt_begin(*db, KX_WRITE);
    fill(txn, &seed, count);
    qt_ok(kx_txn_commit(txn));
    txn = qt_begin(*db, KX_WRITE);
    ck_assert(is_plan(txn, "indexed", &together, "intersection"));
    return txn;
}

/* Each comes once although it moves in one of the lists; what no longer matches when its turn comes is passed over. */
START_TEST(saving_and_deleting_in_a_loop_is_safe)
{
    kx_db *db;
    kx_doc *doc;
    kx_cursor *cursor;
    uint64_t count, n = 0, last = 0;
    kx_txn *txn = open_filled(&db, 4000);
    qt_ok(kx_count(txn, "indexed", &together, &count));
    qt_ok(kx_find(txn, "indexed", &together, &cursor));
    while (kx_cursor_next(cursor, &doc) == KX_OK) {
        ck_assert_uint_gt(kx_doc_id(doc), last);
        last = kx_doc_id(doc);
        if (n++ % 2 == 0) {
            qt_ok(kx_doc_set(doc, "b", kx_int(3)));
            qt_ok(kx_doc_save(doc));
        } else {
            qt_ok(kx_doc_delete(doc));
        }
        if (n == 10) {
            kx_query after = {.filter = kxt_print("a == 1 and b == 2 and _id > %" PRIu64, last), .limit = 5};
            kx_doc **docs;
            size_t some;
            qt_ok(kx_all(txn, "indexed", &after, &docs, &some));
            ck_assert_uint_eq(some, 5);
            for (size_t i = 0; i < some; i++)
                qt_ok(kx_patch(txn, "indexed", kx_doc_id(docs[i]), "{\"a\":3}", 7));
            count -= 5;
        }
    }
    qt_ok(kx_cursor_close(cursor));
    ck_assert_uint_eq(n, count);
    qt_ok(kx_count(txn, "indexed", &together, &count));
    ck_assert_uint_eq(count, 0);
    kx_txn_abort(txn);
    qt_ok(kx_close(db));
}
END_TEST

/* A document that is saved leaves one alternative for the other: it does not come again. */
START_TEST(a_walk_over_alternatives_meets_each_document_once)
{
    kx_db *db;
    kx_doc *doc;
    kx_cursor *cursor;
    uint64_t count, n = 0, last = 0;
    const kx_query either = {.filter = "b == 2 or b == 4 and a == 1 or u == 5"};
    kx_txn *txn = open_filled(&db, 2000);
    ck_assert(is_plan(txn, "indexed", &either, "union"));
    qt_ok(kx_count(txn, "indexed", &either, &count));
    qt_ok(kx_find(txn, "indexed", &either, &cursor));
    while (kx_cursor_next(cursor, &doc) == KX_OK) {
        int64_t b;
        ck_assert_uint_gt(kx_doc_id(doc), last);
        last = kx_doc_id(doc);
        qt_ok(kx_doc_get_int(doc, "b", &b));
        qt_ok(kx_doc_set(doc, "b", kx_int(b == 2 ? 4 : 2)));
        qt_ok(kx_doc_set(doc, "a", kx_int(1)));
        qt_ok(kx_doc_save(doc));
        n++;
    }
    qt_ok(kx_cursor_close(cursor));
    ck_assert_uint_eq(n, count);
    kx_txn_abort(txn);
    qt_ok(kx_close(db));
}
END_TEST

/* A savepoint that begins between two steps, before anything or after some; it may be kept or given up. */
START_TEST(a_walk_goes_on_in_a_child)
{
    for (unsigned first = 0; first < 4; first++) {
        kx_db *db;
        kx_doc *doc;
        kx_cursor *cursor;
        uint64_t count, n = 0;
        kx_txn *inner, *txn = open_filled(&db, 3000);
        qt_ok(kx_count(txn, "indexed", &together, &count));
        qt_ok(kx_find(txn, "indexed", &together, &cursor));
        for (; n < 2 * first; n++)
            qt_ok(kx_cursor_next(cursor, &doc));
        qt_ok(kx_txn_child(txn, &inner));
        for (; n < 2 * first + 3; n++)
            qt_ok(kx_cursor_next(cursor, &doc));
        qt_ok(kx_remove(inner, "indexed", kx_doc_id(doc)));
        if (first % 2)
            kx_txn_abort(inner);
        else
            qt_ok(kx_txn_commit(inner));
        while (kx_cursor_next(cursor, &doc) == KX_OK)
            n++;
        qt_ok(kx_cursor_close(cursor));
        ck_assert_uint_eq(n, count);
        kx_txn_abort(txn);
        qt_ok(kx_close(db));
    }
}
END_TEST

/* Memory of a walk does not grow with the lists: only the ids of the index pages are looked at. */
START_TEST(lists_of_whole_keys_are_sought_in_not_read)
{
    kx_db *db;
    kx_doc *plan;
    uint64_t entries, returned;
    kx_txn *txn = open_filled(&db, 4000);
    for (unsigned i = 0; i < 20; i++)
        qt_insert(txn, "indexed", 0, kxt_print("{\"a\":7,\"b\":%u,\"u\":%u}", i % 8, 100000 + i));
    for (unsigned i = 0; i < 4000; i++)
        qt_insert(txn, "indexed", 0, kxt_print("{\"a\":7,\"b\":9,\"u\":%u}", 200000 + i));
    qt_ok(kx_explain(txn, "indexed", &(kx_query){.filter = "a == 7 and b == 2"}, &plan));
    qt_ok(kx_doc_get_uint(plan, "entries", &entries));
    qt_ok(kx_doc_get_uint(plan, "returned", &returned));
    ck_assert_str_eq(kx_doc_text(plan, "plan"), "intersection");
    ck_assert_uint_eq(returned, 3);
    ck_assert_uint_lt(entries, 50);
    kx_txn_abort(txn);
    qt_ok(kx_close(db));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("query/intersect");
    TCase *c = tcase_create("intersect");
    tcase_add_test(c, answers_are_those_of_a_scan);
    tcase_add_test(c, pages_go_on_where_the_last_one_ended);
    tcase_add_test(c, saving_and_deleting_in_a_loop_is_safe);
    tcase_add_test(c, a_walk_over_alternatives_meets_each_document_once);
    tcase_add_test(c, a_walk_goes_on_in_a_child);
    tcase_add_test(c, lists_of_whole_keys_are_sought_in_not_read);
    suite_add_tcase(suite, c);
    return kxt_run(suite);
}
