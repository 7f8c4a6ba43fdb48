/* test_partial.c -- indexes that have some documents only, and such that fold case. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "collection/collection.h"
#include "query/query_test.h"

#define INDEXES(...) ((const kx_index[]){__VA_ARGS__, {0}})

static const kx_model things = {.name = "things",
                                .indexes = INDEXES({.paths = "n", .where = "status == 'open'"},
                                                   {.paths = "code", .unique = true, .where = "not gone"},
                                                   {.paths = "email", .fold = true, .unique = true},
                                                   {.paths = "-name,n", .fold = true})};
static const kx_model plain = {.name = "plain"};
static const kx_model *const models[] = {&things, &plain, NULL};

static void no_finding(void *context, const char *collection, uint64_t id, const char *finding)
{
    (void)context;
    ck_abort_msg("%s %" PRIu64 ": %s", collection, id, finding);
}

static void check_indexes(kx_txn *txn)
{
    uint64_t findings;
    qt_ok(kx_collection__check(txn, no_finding, NULL, &findings));
    ck_assert_uint_eq(findings, 0);
}

static void check_refused(const kx_index *indexes, const char *text)
{
    const kx_model model = {.name = "things", .indexes = indexes};
    const kx_model *const list[] = {&model, NULL};
    kx_db *db;
    int rc = kx_open(NULL, &(kx_options){.models = list}, &db);
    ck_assert_msg(rc == KX_INVALID && strstr(kx_errmsg(), text) != NULL, "%d %s instead of %s", rc, kx_errmsg(), text);
}

/* ---- declaring ------------------------------------------------------------------------- */

START_TEST(a_condition_that_is_not_of_the_document_alone_is_refused)
{
    check_refused(INDEXES({.paths = "n", .where = "status =="}), "index 'n' of 'things', where: filter:10: expected");
    check_refused(INDEXES({.paths = "n", .where = "status == ?"}), "where: filter:");
    check_refused(INDEXES({.paths = "n", .where = "at < now()"}), "where: an index's .where has no function and no now()");
    check_refused(INDEXES({.paths = "n", .where = "not (len(tags) > 1)"}), "has no function and no now()");
    check_refused(INDEXES({.paths = "n", .where = "_id > 5 or a"}), "an index's .where is about fields, and _id is none");
    check_refused(INDEXES({.paths = "tags", .fold = true, .multi = true}), "a folded index is not multi");
    check_refused(INDEXES({.paths = "n", .primary = true, .where = "a"}), "neither multi, sparse, folded nor partial");
}
END_TEST

static const kx_model other = {.name = "things", .indexes = INDEXES({.paths = "n", .where = "status == 'done'"})};
static const kx_model *const others[] = {&other, NULL};

START_TEST(the_catalog_keeps_both_and_another_condition_contradicts)
{
    kx_db *db = qt_open(models);
    kx_txn *txn = qt_begin(db, KX_WRITE);
    const char *json;
    qt_ok(kx_schema_json(txn, "things", &json));
    ck_assert_ptr_nonnull(strstr(json, "{\"paths\":\"n\",\"where\":\"status == 'open'\"}"));
    ck_assert_ptr_nonnull(strstr(json, "{\"paths\":\"email\",\"unique\":true,\"fold\":true}"));
    ck_assert_int_eq(kx_declare(txn, others), KX_CONFLICT);
    kx_index_info info;
    qt_ok(kx_index_at(txn, "things", 0, &info));
    ck_assert_str_eq(info.index.where, "status == 'open'");
    qt_ok(kx_drop_index(txn, "things", "n"));
    qt_ok(kx_declare(txn, others));
    kx_txn_abort(txn);
    qt_ok(kx_close(db));
}
END_TEST

/* ---- kept true ------------------------------------------------------------------------------ */

START_TEST(documents_come_and_go_with_the_condition)
{
    kx_db *db = qt_open(models);
    kx_txn *txn = qt_begin(db, KX_WRITE);
    kx_index_info info;
    uint64_t one = qt_insert(txn, "things", 0, "{\"n\":1,\"status\":\"open\"}");
    qt_insert(txn, "things", 0, "{\"n\":2,\"status\":\"done\"}");
    qt_insert(txn, "things", 0, "{\"n\":3}");
    qt_ok(kx_index_at(txn, "things", 0, &info));
    ck_assert_uint_eq(info.entries, 1);
    qt_ok(kx_patch(txn, "things", one, "{\"status\":\"done\"}", 17));
    qt_ok(kx_update_where(txn, "things", &(kx_query){.filter = "n >= 2"},
                          KX_EDITS({"status", KX_EDIT_SET, kx_text("open")}), NULL));
    qt_ok(kx_index_at(txn, "things", 0, &info));
    ck_assert_uint_eq(info.entries, 2);
    check_indexes(txn);
    qt_ok(kx_delete_where(txn, "things", NULL, NULL));
    qt_ok(kx_index_at(txn, "things", 0, &info));
    ck_assert_uint_eq(info.entries, 0);
    kx_txn_abort(txn);
    qt_ok(kx_close(db));
}
END_TEST

START_TEST(unique_means_among_the_documents_that_it_has)
{
    kx_db *db = qt_open(models);
    kx_txn *txn = qt_begin(db, KX_WRITE);
    qt_insert(txn, "things", 0, "{\"code\":\"a\"}");
    qt_insert(txn, "things", 0, "{\"code\":\"a\",\"gone\":true}");
    qt_insert(txn, "things", 0, "{\"code\":\"a\",\"gone\":true}");
    ck_assert_int_eq(kx_insert(txn, "things", "{\"code\":\"a\",\"gone\":false}", 25, NULL), KX_EXISTS);
    ck_assert_int_eq(kx_patch(txn, "things", 2, "{\"gone\":null}", 13), KX_EXISTS);
    qt_ok(kx_patch(txn, "things", 1, "{\"gone\":true}", 13));
    qt_ok(kx_patch(txn, "things", 2, "{\"gone\":null}", 13));
    kx_doc *doc;
    qt_ok(kx_get(txn, "things", "code", kx_text("a"), &doc));
    ck_assert_uint_eq(kx_doc_id(doc), 1);
    check_indexes(txn);
    kx_txn_abort(txn);
    qt_ok(kx_close(db));
}
END_TEST

START_TEST(folded_and_unique_means_no_two_that_differ_in_case_alone)
{
    kx_db *db = qt_open(models);
    kx_txn *txn = qt_begin(db, KX_WRITE);
    qt_insert(txn, "things", 0, "{\"email\":\"Ann@Example.com\"}");
    ck_assert_int_eq(kx_insert(txn, "things", "{\"email\":\"ann@example.COM\"}", 27, NULL), KX_EXISTS);
    qt_insert(txn, "things", 0, "{\"email\":\"\xc3\x84nn@example.com\"}");
    qt_insert(txn, "things", 0, "{\"email\":\"\xc3\xa4nn@example.com\"}");
    char *text = kxt_print("{\"email\":\"%0600d%s\"}", 0, "X"), *same = kxt_print("{\"email\":\"%0600d%s\"}", 0, "x");
    qt_insert(txn, "things", 0, text);
    ck_assert_int_eq(kx_insert(txn, "things", same, strlen(same), NULL), KX_EXISTS);
    ck_assert_str_eq(qt_filter(txn, "things", "lower(email) == 'ann@example.com'", NULL), "1");
    ck_assert_str_eq(qt_filter(txn, "things", "email == 'ann@example.com'", NULL), "");
    check_indexes(txn);
    kx_txn_abort(txn);
    qt_ok(kx_close(db));
}
END_TEST

/* ---- used only where the query implies them ----------------------------------------------------- */

static char *plan_of(kx_txn *txn, const char *filter)
{
    kx_doc *plan;
    const char *json;
    qt_ok(kx_explain(txn, "things", &(kx_query){.filter = filter}, &plan));
    qt_ok(kx_doc_get_json(plan, "plan", &json));
    char *kind = kxt_print("%s", json);
    if (kx_doc_get_json(plan, "index", &json) != KX_OK)
        return kind;
    return kxt_print("%s %s", kind, json);
}

START_TEST(a_plan_uses_one_only_where_the_query_implies_it)
{
    static const struct {
        const char *filter, *plan;
    } cases[] = {
        {"n > 5 and status == 'open'", "\"range\" \"n\""},
        {"n == 5 and status in ['open']", "\"index\" \"n\""},
        {"status == 'open'", "\"index\" \"n\""},
        {"n > 5", "\"scan\" null"},
        {"n > 5 and status != 'done'", "\"scan\" null"},
        {"n > 5 and (status == 'open' or a)", "\"scan\" null"},
        {"lower(email) == 'e7@x'", "\"index\" \"email\""},
        {"email ilike 'E7@%'", "\"range\" \"email\""},
        {"email == 'e7@x'", "\"scan\" null"},
        {"lower(email) is null", "\"scan\" null"},
        {"lower(email) == 5", "\"scan\" null"},
    };
    kx_db *db = qt_open(models);
    kx_txn *txn = qt_begin(db, KX_WRITE);
    for (int i = 0; i < 200; i++)
        qt_insert(txn, "things", 0,
                  kxt_print("{\"n\":%d,\"status\":\"%s\",\"email\":\"E%d@x\"}", i, i % 10 == 0 ? "open" : "done", i));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *plan = plan_of(txn, cases[i].filter);
        ck_assert_msg(strcmp(plan, cases[i].plan) == 0, "%s: %s instead of %s", cases[i].filter, plan, cases[i].plan);
    }
    kx_txn_abort(txn);
    qt_ok(kx_close(db));
}
END_TEST

START_TEST(one_that_the_query_implies_leaves_nothing_to_be_read_for_a_count)
{
    kx_db *db = qt_open(models);
    kx_txn *txn = qt_begin(db, KX_WRITE);
    uint64_t count;
    for (int i = 0; i < 100; i++)
        qt_insert(txn, "things", 0, kxt_print("{\"n\":%d,\"status\":\"%s\"}", i, i % 2 == 0 ? "open" : "done"));
    kx_stats before = qt_stats(txn);
    qt_ok(kx_count(txn, "things", &(kx_query){.filter = "n < 50 and status == 'open'"}, &count));
    ck_assert_uint_eq(count, 25);
    ck_assert_uint_eq(qt_stats(txn).rows, before.rows);
    kx_txn_abort(txn);
    qt_ok(kx_close(db));
}
END_TEST

/* ---- random ---------------------------------------------------------------------------------------- */

static uint64_t state;

static const char *pick(const char *const *from, size_t count)
{
    return from[kxt_random_below(&state, count)];
}
#define PICK(...) pick((const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static const char *random_condition(void)
{
    switch (kxt_random_below(&state, 9)) {
    case 0: return PICK("status == 'open'", "status in ['open','done']", "status in ['open']", "status like 'op%'");
    case 1: return PICK("status is not null", "status exists", "status != 'done'", "not status == 'done'");
    case 2: return PICK("n > 5", "n >= 5", "n == 7", "n in [1,2,3]", "n between 2 and 9", "n < 3", "n is null");
    case 3: return PICK("lower(name) == 'bob'", "lower(name) == 'Bob'", "name ilike 'B%'", "name ilike 'bob'");
    case 4: return PICK("lower(name) > 'b'", "lower(name) <= 'bob'", "lower(name) is null", "lower(name) is not null");
    case 5: return PICK("lower(name) in ['bob','al']", "lower(name) in ['bob', null]", "lower(name) == 5", "name == 'bob'");
    case 6: return PICK("not gone", "gone", "gone is null", "code == 'c1'", "code > 'c2'");
    case 7: return PICK("lower(name) == 5", "lower(name) < 7", "lower(name) != 'bob'", "lower(name) not in ['bob']");
    default: return PICK("name starts with 'B'", "name like 'b%'", "lower(name) like '%b'", "n > 1 or name == 'Bob'");
    }
}

static void insert_both(kx_txn *txn)
{
    const char *json = kxt_print("{\"n\":%s,\"status\":%s,\"name\":%s,\"gone\":%s,\"code\":\"c%" PRIu64 "\"}",
                                 PICK("1", "2", "5", "7", "9", "null", "\"x\"", "5.5"),
                                 PICK("\"open\"", "\"open\"", "\"done\"", "null", "\"opal\"", "1"),
                                 PICK("\"Bob\"", "\"bob\"", "\"BOB\"", "\"Al\"", "5", "null", "[\"bob\"]", "\"\""),
                                 PICK("true", "false", "null", "1"), kxt_random_below(&state, 1000000));
    kx_record record = {.data = json, .size = strlen(json)};
    if (kx_insert_many(txn, "things", &record, 1, NULL) == KX_OK)
        qt_insert(txn, "plain", record.id, json);
}

START_TEST(answers_are_the_same_as_without_them)
{
    state = kxt_seed();
    kx_db *db = qt_open(models);
    kx_txn *txn = qt_begin(db, KX_WRITE);
    for (int i = 0; i < 200; i++)
        insert_both(txn);
    for (uint64_t round = kxt_scaled(3000); round > 0; round--) {
        const char *filter = random_condition();
        for (uint64_t more = kxt_random_below(&state, 3); more > 0; more--)
            filter = kxt_print("%s and (%s)", filter, random_condition());
        const char *order = PICK("_id", "n", "-name", "-name,n");
        kx_query query = {.filter = filter, .order_by = order};
        const char *with = qt_find(txn, "things", &query), *without = qt_find(txn, "plain", &query);
        ck_assert_msg(strcmp(with, without) == 0, "%s order %s: %s instead of %s", filter, order, with, without);
    }
    check_indexes(txn);
    kx_txn_abort(txn);
    qt_ok(kx_close(db));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("partial");
    TCase *c = tcase_create("declare");
    tcase_add_test(c, a_condition_that_is_not_of_the_document_alone_is_refused);
    tcase_add_test(c, the_catalog_keeps_both_and_another_condition_contradicts);
    suite_add_tcase(suite, c);
    c = tcase_create("write");
    tcase_add_test(c, documents_come_and_go_with_the_condition);
    tcase_add_test(c, unique_means_among_the_documents_that_it_has);
    tcase_add_test(c, folded_and_unique_means_no_two_that_differ_in_case_alone);
    suite_add_tcase(suite, c);
    c = tcase_create("plan");
    tcase_add_test(c, a_plan_uses_one_only_where_the_query_implies_it);
    tcase_add_test(c, one_that_the_query_implies_leaves_nothing_to_be_read_for_a_count);
    tcase_add_test(c, answers_are_the_same_as_without_them);
    suite_add_tcase(suite, c);
    return kxt_run(suite);
}
