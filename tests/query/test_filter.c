/* test_filter.c -- the filter text: what it means, where it is wrong, and what hostile ones do. */
#include <malloc.h>
#include <pthread.h>
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
                        {.name = "user",
                         .kind = KX_FOREIGN_KEY,
                         .target = "users",
                         .foreign_key = "user_id",
                         .reverse = "orders",
                         .optional = true},
                        {0}}},
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
    end(db, txn);
}
END_TEST

/* ---- prepared filters ------------------------------------------------------------------------------ */

START_TEST(a_prepared_filter_answers_like_its_text)
{
    kx_db *db;
    kx_filter *filter, *other;
    kx_txn *txn = open_filled(&db);
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
    ck_assert_str_eq(qt_find(txn, "orders", &(kx_query){.prepared = filter, .args = KX_ARGS(kx_int(1), kx_int(2), kx_int(3))}),
                     "-3: filter: 2 ? for 3 arguments");
    ck_assert_str_eq(qt_find(txn, "orders", &(kx_query){.prepared = filter, .filter = "flag"}),
                     "-3: a query has .filter or .prepared, not both");
    ck_assert_int_eq(kx_filter_compile("amount >= 5 and", &other), KX_INVALID);
    ck_assert_ptr_null(other);
    ck_assert_str_eq(kx_errmsg(), "filter:16: expected a path");
    kx_cursor *cursor;
    kx_doc *doc;
    qt_ok(kx_find(txn, "orders", &(kx_query){.prepared = filter, .args = KX_ARGS(kx_int(50), kx_text("new"))}, &cursor));
    kx_filter_free(filter);
    kx_filter_free(NULL);
    for (uint64_t id = 1; id <= 4; id += id == 2 ? 2 : 1) {
        qt_ok(kx_cursor_next(cursor, &doc));
        ck_assert_uint_eq(kx_doc_id(doc), id);
    }
    qt_ok(kx_cursor_close(cursor));
    end(db, txn);
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
    kx_txn *txn = open_filled(&db);
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

/* ---- beyond relations --------------------------------------------------------------------------------- */

static kx_txn *open_shop(kx_db **db)
{
    *db = qt_open(models);
    kx_txn *txn = qt_begin(*db, KX_WRITE);
    qt_insert(txn, "users", 1, "{\"user_id\":1,\"plan\":\"premium\",\"name\":\"Ann\",\"tags\":[1,2]}");
    qt_insert(txn, "users", 2, "{\"user_id\":2,\"plan\":\"free\",\"name\":null}");
    qt_insert(txn, "users", 3, "{\"user_id\":3,\"plan\":\"premium\"}");
    qt_insert(txn, "orders", 1, "{\"user_id\":1,\"amount\":10,\"status\":\"paid\"}");
    qt_insert(txn, "orders", 2, "{\"user_id\":1,\"amount\":90,\"status\":\"new\",\"tags\":[\"x\"]}");
    qt_insert(txn, "orders", 3, "{\"user_id\":2,\"amount\":90,\"status\":\"paid\"}");
    qt_insert(txn, "orders", 4, "{\"user_id\":2,\"status\":null}");
    qt_insert(txn, "orders", 5, "{\"amount\":50,\"status\":\"paid\"}");
    qt_insert(txn, "orders", 6, "{\"user_id\":77,\"amount\":90}");
    return txn;
}

static void check_shop(kx_txn *txn)
{
    static const struct { const char *collection, *filter, *ids; } cases[] = {
        {"users", "orders.amount > 50 and orders.status == 'paid'", "1 2"},
        {"users", "orders(amount > 50 and status == 'paid')", "2"},
        {"users", "not orders(amount > 50 and status == 'paid')", "1 3"},
        {"users", "orders(not (amount > 50) and status == 'paid')", "1"},
        {"users", "orders(amount < 50 or status is null)", "1 2"},
        {"users", "not orders(amount < 50 or status is null)", "3"},
        {"users", "orders(amount is null)", "2"},
        {"users", "not orders(_id >= 0)", "3"},
        {"users", "orders exists", "1 2"},
        {"users", "not orders exists", "3"},
        {"users", "orders is null or orders.amount == 10", "1 3"},
        {"users", "not orders.amount == 90", "3"},
        {"users", "not orders.amount != 90", "2 3"},
        {"users", "not orders.status is null", "1 3"},
        {"users", "orders.status is not null", "1 2"},
        {"users", "orders.status not in ['paid']", "1"},
        {"users", "not orders.status not in ['paid']", "2 3"},
        {"users", "orders.amount between 20 and 80", ""},
        {"users", "orders.amount >= 20 and orders.amount <= 80", "1"},
        {"users", "orders.amount between 80 and 99", "1 2"},
        {"users", "not orders.amount between 80 and 99", "3"},
        {"users", "orders.amount between 20 and 80 or plan == 'free'", "2"},
        {"users", "not (orders.amount between 20 and 80 or plan == 'free')", "1 3"},
        {"users", "orders.tags contains 'x'", "1"},
        {"users", "len(orders.tags) == 1", "1"},
        {"users", "orders(len(tags) == 1 and status ilike 'N%')", "1"},
        {"users", "orders.status ilike 'P%'", "1 2"},
        {"users", "orders.status exists and not orders.tags exists", "2"},
        {"users", "orders(user.plan == 'premium')", "1"},
        {"users", "orders(user(plan == 'premium' and name is not null) and amount == 90)", "1"},
        {"users", "orders(user.orders(amount == 10))", "1"},
        {"users", "orders(user(orders(user(orders(amount is null)))))", "2"},
        {"orders", "user.plan == 'premium'", "1 2"},
        {"orders", "not user.plan == 'premium'", "3 4 5 6"},
        {"orders", "user.plan != 'premium'", "3 4"},
        {"orders", "not user.plan != 'premium'", "1 2 5 6"},
        {"orders", "user(plan == 'premium')", "1 2"},
        {"orders", "user(not plan == 'premium')", "3 4"},
        {"orders", "not user(plan == 'premium')", "3 4 5 6"},
        {"orders", "user(name is null)", "3 4"},
        {"orders", "user.name is null", "3 4 5 6"},
        {"orders", "user.name exists", "1 2 3 4"},
        {"orders", "user exists", "1 2 3 4"},
        {"orders", "user is null", "5 6"},
        {"orders", "not user is null", "1 2 3 4"},
        {"orders", "user._id between 1 and 1", "1 2"},
        {"orders", "not user._id between 1 and 1", "3 4 5 6"},
        {"orders", "lower(user.name) == 'ann' or len(user.tags) == 2", "1 2"},
        {"orders", "lower(user.name) is null", "3 4 5 6"},
        {"orders", "user.orders.amount == 10 and amount > 10", "2"},
        {"orders", "user.orders(amount == 10 or status is null)", "1 2 3 4"},
        {"orders", "user(orders(amount == 10) or orders(status is null))", "1 2 3 4"},
        {"orders", "user(orders(amount == 10) and orders(amount == 90))", "1 2"},
        {"orders", "user(orders(amount == 10 and amount == 90))", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *found = qt_filter(txn, cases[i].collection, cases[i].filter, NULL);
        ck_assert_msg(strcmp(found, cases[i].ids) == 0, "%s: %s instead of %s", cases[i].filter, found, cases[i].ids);
    }
}

START_TEST(parentheses_behind_a_relation_bind_one_document)
{
    kx_db *db;
    kx_txn *txn = open_shop(&db);
    check_shop(txn);
    qt_ok(kx_txn_commit(txn));
    txn = qt_begin(db, KX_READ);
    check_shop(txn);
    end(db, txn);
}
END_TEST

/* A hop is a walk in the stack: those of all parentheses count together. */
START_TEST(parentheses_do_not_lead_beyond_more_relations_than_a_path)
{
    kx_db *db;
    kx_txn *txn = open_shop(&db);
    char text[256] = "", closing[32] = "";
    for (int i = 0; i < 8; i++) {
        strcat(text, "orders(user(");
        strcat(closing, "))");
    }
    ck_assert_str_eq(qt_filter(txn, "users", kxt_print("%splan == 'premium'%s", text, closing), NULL), "1");
    ck_assert_str_eq(qt_filter(txn, "users", kxt_print("%sorders.amount == 90%s", text, closing), NULL),
                     kxt_print("%d: filter:114: 'orders.amount\u2026' crosses more than 16 relations", KX_LIMIT));
    ck_assert_str_eq(qt_filter(txn, "users", kxt_print("%sorders(amount == 90)%s", text, closing), NULL),
                     kxt_print("%d: filter:97: 'orders\u2026' crosses more than 16 relations", KX_LIMIT));
    end(db, txn);
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
        {"amount between null and 5", "filter:16: amount: 'between' takes two of bool, number, text, binary or time, not null"},
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
    end(db, txn);
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
    static const struct { const char *head, *piece, *tail; } shapes[] = {
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
    kx_txn *txn = open_filled(&db);
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
    end(db, txn);
}
END_TEST

START_TEST(a_hundred_parentheses_are_read_and_one_more_is_not)
{
    kx_db *db;
    kx_txn *txn = open_filled(&db);
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
    end(db, txn);
}
END_TEST

/* Every operator with every kind of literal, on every kind of value: an answer or a clear error. */
START_TEST(every_operator_meets_every_literal)
{
    static const char *const operators[] = {
        "==", "!=", "<", "<=", ">", ">=", "in", "not in", "like", "ilike", "starts with", "ends with",
        "contains", "between", "is", "is not", "exists", ""};
    static const char *const literals[] = {
        "null", "true", "-1", "1.5", "18446744073709551615", "'a'", "''", "'\\\\'", "[]", "[1, 'a', null]", "[[1]]", "{}",
        "{'a': 1}", "{\"a\": 1}", "{\"$numberDouble\":\"NaN\"}", "{\"$binary\":{\"base64\":\"YQ==\",\"subType\":\"00\"}}",
        "@2026-01-31", "now() - 1h", "?", "1 and 2", "'a' and 5", "null and 1", "now() and now() + 1d", ""};
    static const char *const lefts[] = {"amount", "status", "name", "tags", "tags[]", "tags[0]", "at", "flag", "nothing",
                                        "_id", "items[].sku", "`odd name`", "len(tags)", "lower(name)", "len(_id)", "user",
                                        "user.name", "user.orders.amount", "lower(user.name)", "user._id"};
    kx_db *db;
    kx_txn *txn = open_filled(&db);
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
    end(db, txn);
}
END_TEST

/* Memory that runs out ends a query or a filter with KX_NOMEM, and nothing is lost. */
START_TEST(a_failing_allocation_is_an_error_and_no_leak)
{
    static const char text[] = "not (amount between ? and now() - 1h or status not in ['a', ?]) and user(lower(name) like "
                               "'a%' or orders(len(tags) > 1)) and (a.b[0] == 1 or not (flag or items[].sku contains 's'))";
    kx_db *db;
    kx_txn *txn = open_filled(&db);
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
    end(db, txn);
}
END_TEST

/* Random texts made of the language's own words. */
START_TEST(random_filters_give_an_answer_or_an_error)
{
    static const char *const words[] = {
        "amount", "status", "and", "==",          "!=", "<", ">=",   "in",    "like",  "contains", "is",
        "null",   "not",    "[",   "]",           ",",  "5", "-1.5", "'new'", "\"x\"", "?",        "@2026-01-01",
        "`",      "(",      ".",   "items[].sku", "'",  "{", "}",    "true",  "\\",    "\xc3\xa4", "or",
        ")",      "between", "exists", "user(",  "len(", "lower(", "now()", "- 1h", "ilike", "starts with", "flag",
        "user.name", "(", ")", "not", "and", "or"};
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
    tcase_add_test(c, a_prepared_filter_answers_like_its_text);
    tcase_add_test(c, threads_share_a_prepared_filter);
    tcase_add_test(c, parentheses_behind_a_relation_bind_one_document);
    tcase_add_test(c, parentheses_do_not_lead_beyond_more_relations_than_a_path);
    tcase_add_test(c, an_error_names_the_column_and_what_was_expected);
    tcase_add_test(c, hostile_filters_cost_no_more_than_their_length);
    tcase_add_test(c, what_a_filter_costs_is_in_proportion_to_its_length);
    tcase_add_test(c, a_hundred_parentheses_are_read_and_one_more_is_not);
    tcase_add_test(c, every_operator_meets_every_literal);
    tcase_add_test(c, a_failing_allocation_is_an_error_and_no_leak);
    tcase_add_test(c, random_filters_give_an_answer_or_an_error);
    tcase_add_test(c, times_count_from_1970_in_utc);
    suite_add_tcase(suite, c);
    c = tcase_create("like");
    tcase_add_test(c, like_knows_runs_characters_and_escapes);
    tcase_add_test(c, like_does_not_try_again);
    suite_add_tcase(suite, c);
    return kxt_run(suite);
}
