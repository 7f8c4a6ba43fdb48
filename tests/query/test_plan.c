/* test_plan.c -- what a query reads: by the counts of kx_txn_stats. And order, limit, offset by hand. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "query/query_test.h"

static const kx_model *const models[] = {
    &(kx_model){.name = "orders",
                .indexes = (const kx_index[]){{.paths = "order_id", .unique = true},
                                              {.paths = "user_id"},
                                              {.paths = "status,-amount"},
                                              {.paths = "user_id,amount"},
                                              {.paths = "gift", .sparse = true},
                                              {.paths = "tags", .multi = true},
                                              {0}}},
    &(kx_model){.name = "keyed", .indexes = (const kx_index[]){{.paths = "n", .primary = true}, {0}}}, NULL};

enum { COUNT = 1000 };

static kx_txn *open_filled(kx_db **db)
{
    static const char *const status[] = {"new", "paid", "shipped", "done"};
    *db = qt_open(models);
    kx_txn *txn = qt_begin(*db, KX_WRITE);
    for (unsigned i = 1; i <= COUNT; i++) {
        const char *gift = i % 100 == 0 ? ",\"gift\":true" : "";
        qt_insert(txn, "orders", 0,
                  kxt_print("{\"order_id\":%u,\"user_id\":%u,\"status\":\"%s\",\"amount\":%u,\"note\":\"n%u\",\"tags\":"
                            "[%u,\"x\"]%s}",
                            1000 + i, i % 100, status[i % 4], i % 50, i % 7, i % 10, gift));
    }
    for (unsigned i = 0; i < 100; i++)
        qt_insert(txn, "keyed", 0, kxt_print("{\"n\":%u}", 3 * i));
    qt_ok(kx_txn_commit(txn));
    return qt_begin(*db, KX_READ);
}

static void end(kx_db *db, kx_txn *txn)
{
    kx_txn_abort(txn);
    qt_ok(kx_close(db));
}

/* Documents fetched by one query: by walking it, and by counting it. */
static void check_rows(kx_txn *txn, const char *collection, const kx_query *query, uint64_t found, uint64_t walk_rows,
                       uint64_t count_rows)
{
    uint64_t count, before = qt_stats(txn).rows;
    qt_ok(kx_count(txn, collection, query, &count));
    ck_assert_uint_eq(count, found);
    ck_assert_uint_eq(qt_stats(txn).rows - before, count_rows);
    before = qt_stats(txn).rows;
    const char *ids = qt_find(txn, collection, query);
    size_t walked = ids[0] != '\0';
    for (; *ids != '\0'; ids++)
        walked += *ids == ' ';
    ck_assert_uint_eq(walked, found);
    ck_assert_uint_eq(qt_stats(txn).rows - before, walk_rows);
}

START_TEST(no_document_is_read_that_an_index_answers)
{
    kx_db *db;
    kx_txn *txn = open_filled(&db);
    check_rows(txn, "orders", NULL, 1000, 1000, 0);
    check_rows(txn, "orders", &(kx_query){.limit = 7, .offset = 990}, 7, 997, 0);
    check_rows(txn, "orders", &(kx_query){.where = KX_WHERE({"user_id", KX_EQ, kx_int(7)})}, 10, 10, 0);
    check_rows(txn, "orders", &(kx_query){.where = KX_WHERE({"order_id", KX_EQ, kx_int(1007)})}, 1, 1, 0);
    check_rows(txn, "orders", &(kx_query){.where = KX_WHERE({"order_id", KX_EQ, kx_int(7)})}, 0, 0, 0);
    check_rows(txn, "orders",
               &(kx_query){.where = KX_WHERE({"order_id", KX_GE, kx_int(1100)}, {"order_id", KX_LT, kx_int(1200)})},
               100, 100, 0);
    check_rows(
        txn, "orders",
        &(kx_query){.where = KX_WHERE({"order_id", KX_IN, kx_list(KX_ARGS(kx_int(1003), kx_int(1001), kx_int(5)))})}, 2,
        2, 0);
    check_rows(txn, "orders", &(kx_query){.where = KX_WHERE({"status", KX_LIKE, kx_text("pai%")})}, 250, 250, 0);
    check_rows(txn, "orders", &(kx_query){.where = KX_WHERE({"status", KX_LIKE, kx_text("pa_d")})}, 250, 250, 0);
    check_rows(txn, "orders",
               &(kx_query){.where = KX_WHERE({"status", KX_EQ, kx_text("done")}, {"amount", KX_GT, kx_int(40)})}, 50,
               50, 0);
    check_rows(txn, "orders",
               &(kx_query){.where = KX_WHERE({"user_id", KX_EQ, kx_int(7)}, {"amount", KX_EQ, kx_int(7)})}, 10, 10, 0);
    check_rows(txn, "orders", &(kx_query){.where = KX_WHERE({"tags", KX_CONTAINS, kx_int(3)})}, 100, 100, 0);
    check_rows(txn, "orders", &(kx_query){.where = KX_WHERE({"gift", KX_EQ, kx_bool(true)})}, 10, 10, 0);
    check_rows(txn, "orders", &(kx_query){.where = KX_WHERE({"gift", KX_IS_NULL, kx_bool(false)})}, 10, 10, 0);
    check_rows(txn, "orders", &(kx_query){.where = KX_WHERE({"_id", KX_GT, kx_int(990)})}, 10, 10, 0);
    check_rows(txn, "orders", &(kx_query){.where = KX_WHERE({"note", KX_EQ, kx_text("n3")})}, 143, 1000, 1000);
    check_rows(txn, "orders",
               &(kx_query){.where = KX_WHERE({"user_id", KX_EQ, kx_int(7)}, {"note", KX_EQ, kx_text("n3")})}, 1, 10,
               10);
    check_rows(txn, "orders", &(kx_query){.where = KX_WHERE({"user_id", KX_EQ, kx_int(7)}, {"_id", KX_NE, kx_int(7)})},
               9, 9, 0);
    check_rows(txn, "orders", &(kx_query){.where = KX_WHERE({"user_id", KX_IN, kx_list(NULL)})}, 0, 0, 0);
    check_rows(txn, "orders",
               &(kx_query){.where = KX_WHERE({"user_id", KX_GT, kx_int(5)}, {"user_id", KX_LT, kx_text("a")})}, 0, 0,
               0);
    check_rows(txn, "orders",
               &(kx_query){.where = KX_WHERE({"order_id", KX_GE, kx_int(1100)}), .limit = 3, .offset = 5}, 3, 3, 0);
    check_rows(txn, "keyed", &(kx_query){.where = KX_WHERE({"n", KX_EQ, kx_int(33)})}, 1, 1, 1);
    check_rows(txn, "keyed", &(kx_query){.where = KX_WHERE({"n", KX_GE, kx_int(150)})}, 50, 50, 0);
    check_rows(txn, "keyed", &(kx_query){.where = KX_WHERE({"n", KX_IN, kx_list(KX_ARGS(kx_int(3), kx_int(4)))})}, 1, 1,
               1);
    end(db, txn);
}
END_TEST

/* Other spellings of what an index answers, and what is pushed down to it. */
START_TEST(filters_find_their_index_however_they_are_written)
{
    static const struct { const char *filter; uint64_t found, walked, counted; } cases[] = {
        {"order_id between 1100 and 1199", 100, 100, 0},
        {"(((order_id >= 1100) and order_id < 1200))", 100, 100, 0},
        {"not (order_id is null or not order_id == 1007)", 1, 1, 1},
        {"not not order_id == 1007", 1, 1, 0},
        {"status starts with 'pai'", 250, 250, 0},
        {"status starts with 'paid' and amount between 45 and 49", 30, 30, 0},
        {"not status != 'done' and amount > 40", 50, 50, 0},
        {"not status not in ['done', 'x']", 250, 250, 0},
        {"not (gift is null)", 10, 10, 0},
        {"user_id == 7 and (note == 'n3' or note == 'n0')", 3, 10, 10},
        {"user_id == 7 and not note == 'n3'", 9, 10, 10},
        {"user_id == 7 and len(tags) == 2", 10, 10, 10},
        {"_id between 991 and 2000", 10, 10, 0},
        {"order_id between 5 and 'a'", 0, 0, 0},
        {"note ilike 'N3'", 143, 1000, 1000},
        {"not order_id == 1007", 999, 1000, 1000},
    };
    kx_db *db;
    kx_txn *txn = open_filled(&db);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_rows(txn, "orders", &(kx_query){.filter = cases[i].filter}, cases[i].found, cases[i].walked,
                   cases[i].counted);
    static const kx_value ends[] = {{.type = KX_TYPE_INT, .integer = 1100}, {.type = KX_TYPE_INT, .integer = 1199}, {0}};
    check_rows(txn, "orders", &(kx_query){.where = KX_WHERE({"order_id", KX_BETWEEN, kx_list(ends)})}, 100, 100, 0);
    check_rows(txn, "orders", &(kx_query){.where = KX_WHERE({"status", KX_PREFIX, kx_text("pai")})}, 250, 250, 0);
    end(db, txn);
}
END_TEST

START_TEST(order_comes_from_an_index_where_one_fits)
{
    kx_db *db;
    kx_txn *txn = open_filled(&db);
    check_rows(txn, "orders", &(kx_query){.order_by = "order_id", .limit = 5}, 5, 5, 0);
    check_rows(txn, "orders", &(kx_query){.order_by = "-order_id", .limit = 5, .offset = 2}, 5, 5, 0);
    check_rows(txn, "orders", &(kx_query){.order_by = "status,-amount", .limit = 5}, 5, 5, 0);
    check_rows(txn, "orders", &(kx_query){.order_by = "-status,amount", .limit = 5}, 5, 5, 0);
    check_rows(txn, "orders", &(kx_query){.order_by = "-_id", .limit = 5}, 5, 5, 0);
    check_rows(txn, "orders",
               &(kx_query){.where = KX_WHERE({"status", KX_EQ, kx_text("done")}), .order_by = "amount", .limit = 5}, 5,
               5, 0);
    check_rows(txn, "orders", &(kx_query){.where = KX_WHERE({"user_id", KX_EQ, kx_int(7)}), .order_by = "-amount"}, 10,
               10, 0);
    check_rows(txn, "orders", &(kx_query){.where = KX_WHERE({"user_id", KX_EQ, kx_int(7)}), .order_by = "user_id"}, 10,
               10, 0);
    check_rows(
        txn, "orders",
        &(kx_query){.where = KX_WHERE({"status", KX_EQ, kx_text("done")}), .order_by = "status,amount", .limit = 5}, 5,
        5, 0);
    /* a sort reads all that match, and those that it gives again */
    check_rows(txn, "orders",
               &(kx_query){.where = KX_WHERE({"user_id", KX_EQ, kx_int(7)}), .order_by = "note", .limit = 3}, 3, 13, 0);
    check_rows(txn, "orders", &(kx_query){.order_by = "note", .limit = 3}, 3, 1003, 0);
    /* few match: they are sorted; many match: the order's index soon meets some */
    check_rows(txn, "orders",
               &(kx_query){.where = KX_WHERE({"user_id", KX_EQ, kx_int(7)}), .order_by = "order_id", .limit = 3}, 3, 13,
               0);
    ck_assert_str_eq(
        qt_find(
            txn, "orders",
            &(kx_query){.where = KX_WHERE({"tags", KX_CONTAINS, kx_text("x")}), .order_by = "-order_id", .limit = 3}),
        "1000 999 998");
    end(db, txn);
}
END_TEST

START_TEST(one_document_of_many_costs_one)
{
    kx_db *db;
    kx_doc *doc;
    kx_txn *txn = open_filled(&db);
    uint64_t before = qt_stats(txn).rows;
    qt_ok(kx_get(txn, "orders", "order_id", kx_int(1500), &doc));
    qt_ok(kx_first(txn, "orders", &(kx_query){.where = KX_WHERE({"status", KX_EQ, kx_text("new")})}, &doc));
    qt_ok(kx_first(txn, "orders", &(kx_query){.order_by = "-order_id"}, &doc));
    qt_ok(kx_first(txn, "orders", NULL, &doc));
    qt_ok(kx_get(txn, "keyed", "n", kx_int(99), &doc));
    ck_assert_uint_eq(qt_stats(txn).rows - before, 5);
    end(db, txn);
}
END_TEST

/* The narrow one of two indexes, by stored counts. */
START_TEST(the_index_with_fewer_entries_is_taken)
{
    kx_db *db;
    kx_txn *txn = open_filled(&db);
    check_rows(txn, "orders",
               &(kx_query){.where = KX_WHERE({"status", KX_EQ, kx_text("new")}, {"user_id", KX_EQ, kx_int(8)})}, 10, 10,
               10);
    check_rows(txn, "orders",
               &(kx_query){.where = KX_WHERE({"tags", KX_CONTAINS, kx_text("x")}, {"order_id", KX_LT, kx_int(1005)})},
               4, 4, 0);
    check_rows(txn, "orders", &(kx_query){.where = KX_WHERE({"order_id", KX_GT, kx_int(0)}, {"_id", KX_LE, kx_int(4)})},
               4, 4, 4);
    check_rows(txn, "orders",
               &(kx_query){.where = KX_WHERE({"order_id", KX_GT, kx_int(0)},
                                             {"_id", KX_IN, kx_list(KX_ARGS(kx_int(4), kx_int(9)))})},
               2, 2, 2);
    end(db, txn);
}
END_TEST

/* ---- order ---------------------------------------------------------------------------------------- */

static const kx_model *const order_models[] = {
    &(kx_model){.name = "bare"},
    &(kx_model){.name = "indexed",
                .indexes = (const kx_index[]){{.paths = "a,b"}, {.paths = "b,-a"}, {.paths = "`odd,name`"}, {0}}},
    NULL};

START_TEST(ties_ascend_by_id_in_both_directions)
{
    kx_db *db = qt_open(order_models);
    kx_txn *txn = qt_begin(db, KX_WRITE);
    for (size_t i = 0; order_models[i] != NULL; i++) {
        const char *name = order_models[i]->name;
        qt_insert(txn, name, 1, "{\"a\":1,\"b\":\"x\",\"odd,name\":2}");
        qt_insert(txn, name, 2, "{\"a\":1,\"b\":\"y\",\"odd,name\":1}");
        qt_insert(txn, name, 3, "{\"a\":1.0,\"b\":\"x\"}");
        qt_insert(txn, name, 4, "{\"b\":\"x\"}");
        qt_insert(txn, name, 5, "{\"a\":null,\"b\":\"x\"}");
        qt_insert(txn, name, 6, "{\"a\":\"1\",\"b\":\"x\"}");
        ck_assert_str_eq(qt_find(txn, name, &(kx_query){.order_by = "a,b"}), "4 5 1 3 2 6");
        ck_assert_str_eq(qt_find(txn, name, &(kx_query){.order_by = "-a,-b"}), "6 2 1 3 4 5");
        ck_assert_str_eq(qt_find(txn, name, &(kx_query){.order_by = " -a , b "}), "6 1 3 2 4 5");
        ck_assert_str_eq(qt_find(txn, name, &(kx_query){.order_by = "-b,a"}), "2 4 5 1 3 6");
        ck_assert_str_eq(qt_find(txn, name, &(kx_query){.order_by = "b,-a,-_id,a"}), "6 3 1 5 4 2");
        ck_assert_str_eq(qt_find(txn, name, &(kx_query){.order_by = "a,a,-a"}), "4 5 1 2 3 6");
        ck_assert_str_eq(qt_find(txn, name, &(kx_query){.order_by = "`odd,name`,-b"}), "3 4 5 6 2 1");
        ck_assert_str_eq(qt_find(txn, name, &(kx_query){.order_by = "a", .limit = 2, .offset = 3}), "2 3");
        ck_assert_str_eq(qt_find(txn, name, &(kx_query){.order_by = "a", .limit = 2, .offset = 30}), "");
    }
    kx_txn_abort(txn);
    qt_ok(kx_close(db));
}
END_TEST

static void check_refused(kx_txn *txn, const kx_query *query, const char *text)
{
    const char *found = qt_find(txn, "orders", query), *wanted = kxt_print("%d: ", KX_INVALID);
    uint64_t count;
    ck_assert_msg(strncmp(found, wanted, strlen(wanted)) == 0 && strstr(found, text) != NULL, "%s instead of %s", found,
                  text);
    ck_assert_int_eq(kx_count(txn, "orders", query, &count), KX_INVALID);
}

static const kx_model *const related_models[] = {
    &(kx_model){.name = "users", .indexes = (const kx_index[]){{.paths = "user_id", .unique = true}, {0}}},
    &(kx_model){.name = "orders",
                .relations =
                    (const kx_relation[]){
                        {.name = "user", .kind = KX_FOREIGN_KEY, .target = "users", .foreign_key = "user_id"}, {0}}},
    NULL};

START_TEST(what_means_nothing_is_refused)
{
    kx_db *db = qt_open(related_models);
    kx_txn *txn = qt_begin(db, KX_READ);
    check_refused(txn, &(kx_query){.order_by = ""}, "order_by ''");
    check_refused(txn, &(kx_query){.order_by = "a,,b"}, "order_by 'a,,b'");
    check_refused(txn, &(kx_query){.order_by = "a[].b"}, "many values, which have no order");
    check_refused(txn, &(kx_query){.order_by = "a..b"}, "column 3");
    check_refused(txn, &(kx_query){.where = KX_WHERE({"user", KX_EQ, kx_int(1)})}, "can only be asked for null");
    check_refused(txn, &(kx_query){.where = KX_WHERE({"", KX_EQ, kx_int(1)})}, "path ''");
    check_refused(txn, &(kx_query){.where = KX_WHERE({"a[", KX_EQ, kx_int(1)})}, "column");
    check_refused(txn, &(kx_query){.where = KX_WHERE({"a[]", KX_EQ, kx_int(1)})},
                  "only 'contains' asks for one of them");
    check_refused(txn, &(kx_query){.where = KX_WHERE({"_id.x", KX_EQ, kx_int(1)})}, "an id has no members");
    check_refused(txn, &(kx_query){.after = "x"}, ".after is no token of this library");
    check_refused(txn, &(kx_query){.args = KX_ARGS(kx_int(1))}, ".args, but no .filter");
    check_refused(txn, &(kx_query){.reserved = {0, 1}}, "reserved");
    kx_txn_abort(txn);
    qt_ok(kx_close(db));
}
END_TEST

/* ---- sizes --------------------------------------------------------------------------------------------- */

static const kx_model *const large_models[] = {
    &(kx_model){.name = "rows",
                .indexes = (const kx_index[]){{.paths = "mixed"}, {.paths = "mixed,text"}, {.paths = "text"}, {0}}},
    NULL};

/* More than a window of ids, and more keys than the sort keeps: several passes each. */
START_TEST(passes_give_what_one_would)
{
    uint64_t count = kxt_scaled(700000), n = 0;
    kx_db *db = qt_open(large_models);
    kx_txn *txn = qt_begin(db, KX_WRITE);
    enum { CHUNK = 10000 };
    kx_record *records = calloc(CHUNK, sizeof *records);
    char *text = malloc(CHUNK * 64);
    for (uint64_t i = 1; i <= count; ) {
        size_t used = 0, batch = 0;
        for (; batch < CHUNK && i <= count; batch++, i++) {
            records[batch] = (kx_record){.data = text + used};
            records[batch].size = (size_t)sprintf(text + used, "{\"mixed\":%u,\"text\":%u}",
                                                  (unsigned)(i * 2654435761u % 1000003), (unsigned)(i % 5));
            used += records[batch].size;
        }
        qt_ok(kx_insert_many(txn, "rows", records, batch, NULL));
    }
    kx_cursor *cursor;
    kx_doc *doc;
    uint64_t last = 0;
    qt_ok(kx_find(txn, "rows", &(kx_query){.where = KX_WHERE({"mixed", KX_GE, kx_int(0)})}, &cursor));
    while (kx_cursor_next(cursor, &doc) == KX_OK) {
        ck_assert_uint_gt(kx_doc_id(doc), last);
        last = kx_doc_id(doc);
        n++;
    }
    qt_ok(kx_cursor_close(cursor));
    ck_assert_uint_eq(n, count);
    int64_t value = -1, next, part = 5, next_part;
    n = 0;
    qt_ok(kx_find(txn, "rows", &(kx_query){.order_by = "-text,mixed"}, &cursor));
    while (kx_cursor_next(cursor, &doc) == KX_OK) {
        qt_ok(kx_doc_get_int(doc, "mixed", &next));
        qt_ok(kx_doc_get_int(doc, "text", &next_part));
        ck_assert(next_part < part ||
                  (next_part == part && (next > value || (next == value && kx_doc_id(doc) > last))));
        value = next;
        part = next_part;
        last = kx_doc_id(doc);
        n++;
    }
    qt_ok(kx_cursor_close(cursor));
    ck_assert_uint_eq(n, count);
    free(records);
    free(text);
    kx_txn_abort(txn);
    qt_ok(kx_close(db));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("query/plan");
    TCase *c = tcase_create("reads");
    tcase_add_test(c, no_document_is_read_that_an_index_answers);
    tcase_add_test(c, filters_find_their_index_however_they_are_written);
    tcase_add_test(c, order_comes_from_an_index_where_one_fits);
    tcase_add_test(c, one_document_of_many_costs_one);
    tcase_add_test(c, the_index_with_fewer_entries_is_taken);
    suite_add_tcase(suite, c);
    c = tcase_create("order");
    tcase_add_test(c, ties_ascend_by_id_in_both_directions);
    tcase_add_test(c, what_means_nothing_is_refused);
    tcase_add_test(c, passes_give_what_one_would);
    suite_add_tcase(suite, c);
    return kxt_run(suite);
}
