/* test_walk.c -- saving, deleting and inserting inside a find loop; children; the life of cursors. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collection/collection.h"
#include "query/query_test.h"

static const kx_model *const models[] = {
    &(kx_model){.name = "bare"},
    &(kx_model){.name = "indexed",
                .indexes =
                    (const kx_index[]){
                        {.paths = "n"}, {.paths = "kind"}, {.paths = "kind,-n"}, {.paths = "u", .unique = true}, {0}}},
    &(kx_model){.name = "other"}, NULL};

enum { COUNT = 200 };

static void fill(kx_txn *txn, const char *collection, unsigned count)
{
    for (unsigned i = 1; i <= count; i++)
        qt_insert(txn, collection, 0, kxt_print("{\"n\":%u,\"kind\":%u,\"u\":%u}", i, i % 2, i));
}

static kx_txn *open_filled(kx_db **db)
{
    *db = qt_open(models);
    kx_txn *txn = qt_begin(*db, KX_WRITE);
    fill(txn, "bare", COUNT);
    fill(txn, "indexed", COUNT);
    qt_ok(kx_txn_commit(txn));
    return qt_begin(*db, KX_WRITE);
}

static void end(kx_db *db, kx_txn *txn)
{
    kx_txn_abort(txn);
    qt_ok(kx_close(db));
}

static kx_cursor *find(kx_txn *txn, const char *collection, const kx_query *query)
{
    kx_cursor *cursor;
    qt_ok(kx_find(txn, collection, query, &cursor));
    return cursor;
}

static const char *const both[] = {"bare", "indexed"};

/* Every way of walking: rows, rows backward, one key, a range, an index in order, a sort. */
static const kx_query ways[] = {
    {0},
    {.order_by = "-_id"},
    {.where = (const kx_condition[]){{"kind", KX_EQ, {.type = KX_TYPE_INT, .integer = 1}}, {0}}},
    {.where = (const kx_condition[]){{"n", KX_GE, {.type = KX_TYPE_INT, .integer = 0}}, {0}}},
    {.order_by = "n"},
    {.order_by = "-n"},
    {.order_by = "kind,-n"},
    {.order_by = "u"},
    {.order_by = "missing,-n"},
    {.where = (const kx_condition[]){{"kind", KX_EQ, {.type = KX_TYPE_INT, .integer = 0}}, {0}},
     .order_by = "n",
     .offset = 3},
    {.where = (const kx_condition[]){{"_id", KX_GT, {.type = KX_TYPE_INT, .integer = 10}}, {0}}},
};
enum { WAYS = sizeof ways / sizeof *ways };

START_TEST(what_is_saved_in_a_loop_does_not_come_again)
{
    kx_db *db;
    kx_doc *doc;
    for (size_t w = 0; w < 2 * WAYS; w++) {
        kx_txn *txn = open_filled(&db);
        const char *name = both[w % 2], *before = qt_find(txn, name, &ways[w / 2]);
        bool seen[COUNT + 1] = {false};
        uint64_t count = 0, expected;
        qt_ok(kx_count(txn, name, &ways[w / 2], &expected));
        kx_cursor *cursor = find(txn, name, &ways[w / 2]);
        while (kx_cursor_next(cursor, &doc) == KX_OK) {
            int64_t n;
            ck_assert(kx_doc_id(doc) <= COUNT && !seen[kx_doc_id(doc)]);
            seen[kx_doc_id(doc)] = true;
            qt_ok(kx_doc_get_int(doc, "n", &n));
            qt_ok(kx_doc_set(doc, "n", kx_int(n + 1000)));
            qt_ok(kx_doc_set(doc, "u", kx_int(n + 1000)));
            qt_ok(kx_doc_save(doc));
            count++;
        }
        qt_ok(kx_cursor_close(cursor));
        ck_assert_msg(count == expected, "way %zu: %" PRIu64 " of %" PRIu64 ", %s", w / 2, count, expected, before);
        end(db, txn);
    }
}
END_TEST

START_TEST(what_is_deleted_in_a_loop_is_passed_over)
{
    kx_db *db;
    kx_doc *doc;
    for (size_t w = 0; w < 2 * WAYS; w++) {
        kx_txn *txn = open_filled(&db);
        const char *name = both[w % 2];
        bool gone[COUNT + 1] = {false};
        uint64_t count = 0, left;
        kx_cursor *cursor = find(txn, name, &ways[w / 2]);
        while (kx_cursor_next(cursor, &doc) == KX_OK) {
            uint64_t id = kx_doc_id(doc), partner = id > 100 ? id - 100 : id + 100;
            ck_assert(!gone[id]);
            gone[id] = true;
            qt_ok(kx_doc_delete(doc));
            if (!gone[partner])
                qt_ok(kx_remove(txn, name, partner));
            gone[partner] = true;
            count++;
        }
        qt_ok(kx_cursor_close(cursor));
        qt_ok(kx_count(txn, name, &ways[w / 2], &left));
        ck_assert_uint_eq(left, 0);
        ck_assert(count >= COUNT / 4);
        end(db, txn);
    }
}
END_TEST

START_TEST(what_no_longer_matches_is_passed_over)
{
    kx_db *db;
    kx_doc *doc;
    for (size_t c = 0; c < 2; c++) {
        kx_txn *txn = open_filled(&db);
        kx_cursor *cursor =
            find(txn, both[c], &(kx_query){.where = KX_WHERE({"kind", KX_EQ, kx_int(1)}, {"n", KX_LE, kx_int(150)})});
        uint64_t count = 0;
        while (kx_cursor_next(cursor, &doc) == KX_OK) {
            if (count++ == 0) {
                for (uint64_t id = 21; id <= 200; id += 2)
                    qt_ok(kx_patch(txn, both[c], id, "{\"kind\":7}", 10));
                qt_insert(txn, both[c], 0, "{\"kind\":1,\"n\":1}");
            }
        }
        qt_ok(kx_cursor_close(cursor));
        ck_assert_uint_eq(count, 10);
        end(db, txn);
    }
}
END_TEST

START_TEST(inserting_in_a_loop_ends)
{
    kx_db *db;
    kx_doc *doc;
    for (size_t w = 0; w < 2 * WAYS; w++) {
        kx_txn *txn = open_filled(&db);
        uint64_t count = 0, expected;
        qt_ok(kx_count(txn, both[w % 2], &ways[w / 2], &expected));
        kx_cursor *cursor = find(txn, both[w % 2], &ways[w / 2]);
        while (kx_cursor_next(cursor, &doc) == KX_OK) {
            count++;
            qt_insert(txn, both[w % 2], 0,
                      kxt_print("{\"n\":%" PRIu64 ",\"kind\":1,\"u\":%" PRIu64 "}", 500 + count, 500 + count));
            qt_insert(txn, "other", 0, "{}");
        }
        qt_ok(kx_cursor_close(cursor));
        ck_assert_uint_eq(count, expected);
        end(db, txn);
    }
}
END_TEST

/* Offset and limit count what comes, also when writes lie between. */
START_TEST(limit_and_offset_hold_through_writes)
{
    kx_db *db;
    kx_doc *doc;
    kx_txn *txn = open_filled(&db);
    kx_cursor *cursor = find(txn, "indexed", &(kx_query){.order_by = "-n", .offset = 5, .limit = 10});
    char text[256] = "";
    for (size_t used = 0; kx_cursor_next(cursor, &doc) == KX_OK; ) {
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%" PRIu64, used > 0 ? " " : "", kx_doc_id(doc));
        qt_ok(kx_doc_set(doc, "n", kx_int(9999)));
        qt_ok(kx_doc_save(doc));
    }
    qt_ok(kx_cursor_close(cursor));
    ck_assert_str_eq(text, "195 194 193 192 191 190 189 188 187 186");
    cursor = find(txn, "indexed", &(kx_query){.where = KX_WHERE({"kind", KX_EQ, kx_int(1)}), .offset = 95});
    qt_ok(kx_patch(txn, "indexed", 1, "{\"kind\":5}", 10));
    ck_assert_int_eq(kx_cursor_next(cursor, &doc), KX_OK);
    ck_assert_uint_eq(kx_doc_id(doc), 193);
    qt_ok(kx_cursor_close(cursor));
    end(db, txn);
}
END_TEST

/* ---- random writes against a model ---------------------------------------------------------- */

START_TEST(each_document_comes_at_most_once_and_as_it_is)
{
    uint64_t state = kxt_seed(), rounds = kxt_scaled(60);
    for (uint64_t round = 0; round < rounds; round++) {
        kx_db *db = qt_open(models);
        kx_txn *txn = qt_begin(db, KX_WRITE);
        const char *name = both[round % 2];
        int64_t values[400];
        bool seen[400] = {false}, fresh[400] = {false};
        unsigned count = 20 + (unsigned)kxt_random_below(&state, 100), last = count;
        for (unsigned i = 1; i <= count; i++) {
            values[i] = (int64_t)kxt_random_below(&state, 50);
            qt_insert(txn, name, i, kxt_print("{\"n\":%d}", (int)values[i]));
        }
        int64_t low = (int64_t)kxt_random_below(&state, 40);
        const kx_condition where[] = {{"n", KX_GE, kx_int(low)}, {0}};
        static const char *const orders[] = {NULL, "n", "-n", "-_id", "missing"};
        kx_cursor *cursor =
            find(txn, name, &(kx_query){.where = where, .order_by = orders[kxt_random_below(&state, 5)]});
        bool touched[400] = {false};
        kx_doc *doc;
        while (kx_cursor_next(cursor, &doc) == KX_OK) {
            uint64_t id = kx_doc_id(doc);
            int64_t n;
            qt_ok(kx_doc_get_int(doc, "n", &n));
            ck_assert_msg(id < 400 && !seen[id] && values[id] == n && n >= low, "document %" PRIu64, id);
            seen[id] = true;
            for (uint64_t writes = kxt_random_below(&state, 3); writes > 0; writes--) {
                unsigned other = 1 + (unsigned)kxt_random_below(&state, last);
                uint64_t what = kxt_random_below(&state, 4);
                touched[other] = true;
                if (what == 0 && last < 399) {
                    values[++last] = (int64_t)kxt_random_below(&state, 50);
                    fresh[last] = true;
                    qt_insert(txn, name, last, kxt_print("{\"n\":%d}", (int)values[last]));
                } else if (what == 1 && values[other] >= 0) {
                    qt_ok(kx_remove(txn, name, other));
                    values[other] = -1;
                } else if (values[other] >= 0) {
                    values[other] = (int64_t)kxt_random_below(&state, 50);
                    const char *json = kxt_print("{\"n\":%d}", (int)values[other]);
                    qt_ok(kx_patch(txn, name, other, json, strlen(json)));
                }
            }
        }
        qt_ok(kx_cursor_close(cursor));
        for (unsigned i = 1; i <= count; i++)
            ck_assert_msg(seen[i] || touched[i] || fresh[i] || values[i] < low, "document %u was lost", i);
        kx_txn_abort(txn);
        qt_ok(kx_close(db));
    }
}
END_TEST

/* ---- children ----------------------------------------------------------------------------------- */

START_TEST(a_cursor_walks_on_in_a_child_and_after_it)
{
    kx_db *db;
    kx_doc *doc;
    for (size_t w = 0; w < 2 * WAYS; w++) {
        kx_txn *txn = open_filled(&db), *child;
        const char *name = both[w % 2], *expected = qt_find(txn, name, &ways[w / 2]);
        char found[4096] = "";
        size_t used = 0, steps = 0;
        kx_cursor *cursor = find(txn, name, &ways[w / 2]);
        while (kx_cursor_next(cursor, &doc) == KX_OK) {
            used +=
                (size_t)snprintf(found + used, sizeof found - used, "%s%" PRIu64, used > 0 ? " " : "", kx_doc_id(doc));
            if (++steps == 7)
                qt_ok(kx_txn_child(txn, &child));
            if (steps == 11)
                kx_txn_abort(child);
            if (steps == 13)
                qt_ok(kx_txn_child(txn, &child));
            if (steps == 15) {
                qt_insert(child, name, 0, "{\"n\":17}");
                qt_ok(kx_txn_commit(child));
            }
        }
        qt_ok(kx_cursor_close(cursor));
        ck_assert_msg(strcmp(found, expected) == 0, "way %zu: %s instead of %s", w / 2, found, expected);
        end(db, txn);
    }
}
END_TEST

START_TEST(a_write_in_a_child_is_seen_by_a_cursor_of_its_parent)
{
    kx_db *db;
    kx_doc *doc;
    kx_txn *txn = open_filled(&db), *child;
    kx_cursor *cursor = find(txn, "indexed", &(kx_query){.order_by = "n"});
    qt_ok(kx_cursor_next(cursor, &doc));
    qt_ok(kx_txn_child(txn, &child));
    qt_ok(kx_remove(child, "indexed", 2));
    qt_ok(kx_cursor_next(cursor, &doc));
    ck_assert_uint_eq(kx_doc_id(doc), 3);
    kx_txn_abort(child);
    qt_ok(kx_cursor_next(cursor, &doc));
    ck_assert_uint_eq(kx_doc_id(doc), 4);
    qt_ok(kx_cursor_close(cursor));
    end(db, txn);
}
END_TEST

START_TEST(the_end_of_a_transaction_closes_its_cursors)
{
    kx_db *db;
    kx_doc *doc;
    kx_txn *txn = open_filled(&db), *child;
    kx_cursor *of_top = find(txn, "indexed", NULL), *of_child;
    qt_ok(kx_cursor_next(of_top, &doc));
    qt_ok(kx_txn_child(txn, &child));
    of_child = find(child, "bare", &(kx_query){.order_by = "-n"});
    qt_ok(kx_cursor_next(of_child, &doc));
    qt_ok(kx_txn_commit(child));
    qt_ok(kx_txn_child(txn, &child));
    of_child = find(child, "bare", NULL);
    kx_txn_abort(child);
    qt_ok(kx_cursor_next(of_top, &doc));
    ck_assert_uint_eq(kx_doc_id(doc), 2);
    qt_ok(kx_txn_commit(txn));
    txn = qt_begin(db, KX_READ);
    of_top = find(txn, "indexed", &(kx_query){.where = KX_WHERE({"n", KX_GT, kx_int(3)})});
    qt_ok(kx_cursor_next(of_top, &doc));
    kx_txn_abort(txn);
    qt_ok(kx_close(db));
}
END_TEST

START_TEST(a_kept_document_stays_when_the_cursor_goes_on)
{
    kx_db *db;
    kx_doc *first, *second, *third;
    kx_txn *txn = open_filled(&db);
    kx_cursor *cursor = find(txn, "indexed", NULL);
    qt_ok(kx_cursor_next(cursor, &first));
    qt_ok(kx_doc_keep(first));
    qt_ok(kx_cursor_next(cursor, &second));
    ck_assert_ptr_ne(first, second);
    qt_ok(kx_cursor_next(cursor, &third));
    ck_assert_uint_eq(kx_doc_id(first), 1);
    ck_assert_uint_eq(kx_doc_id(third), 3);
    qt_ok(kx_cursor_close(cursor));
    ck_assert_uint_eq(kx_doc_id(first), 1);
    kx_doc_release(first);
    end(db, txn);
}
END_TEST

START_TEST(the_end_stays_the_end)
{
    kx_db *db;
    kx_doc *doc;
    kx_txn *txn = open_filled(&db);
    ck_assert_int_eq(kx_get(txn, "bare", "n", kx_int(-1), &doc), KX_NOTFOUND);
    const char *text = kx_errmsg();
    kx_cursor *cursor = find(txn, "bare", &(kx_query){.limit = 1});
    qt_ok(kx_cursor_next(cursor, &doc));
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(kx_cursor_next(cursor, &doc), KX_NOTFOUND);
        ck_assert_ptr_null(doc);
        ck_assert_str_eq(kx_errmsg(), text);
    }
    qt_ok(kx_cursor_close(cursor));
    qt_ok(kx_cursor_close(NULL));
    end(db, txn);
}
END_TEST

/* Rows are read ahead: what is wrong with one is said when its turn comes, not before and not without its text. */
START_TEST(a_damaged_document_comes_after_those_before_it)
{
    static const kx_query queries[] = {{0}, {.filter = "n >= 1"}, {.filter = "kind == 1"}, {.filter = "kind in [0, 1]"}};
    kx_db *db;
    kx_doc *doc;
    kx_txn *txn = open_filled(&db);
    const kx_cat_collection *bare;
    qt_ok(kx_catalog__named(txn->catalog, "bare", &bare));
    qt_ok(kx_store__row_put(txn->store, bare->number, 101, (kx_slice){0}, kx_slice_of("cut", 3), false));
    qt_ok(kx_txn_commit(txn));
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++)
        for (kx_txn_mode mode = KX_READ; mode <= KX_WRITE; mode++) {
            uint64_t step = i == 2 ? 2 : 1, id = 1;
            txn = qt_begin(db, mode);
            kx_cursor *cursor = find(txn, "bare", &queries[i]);
            for (; id < 101; id += step) {
                qt_ok(kx_cursor_next(cursor, &doc));
                ck_assert_uint_eq(kx_doc_id(doc), id);
            }
            for (int again = 0; again < 2; again++) {
                ck_assert_int_eq(kx_cursor_next(cursor, &doc), KX_CORRUPT);
                ck_assert_ptr_null(doc);
                ck_assert(again > 0 || strstr(kx_errmsg(), "document 101 is cut short") != NULL);
            }
            ck_assert_int_eq(kx_cursor_close(cursor), KX_CORRUPT);
            kx_query some = queries[i];
            some.limit = 100 / step;
            uint64_t count;
            ck_assert_int_eq(kx_count(txn, "bare", &some, &count), KX_OK);
            ck_assert_uint_eq(count, 100 / step);
            kx_txn_abort(txn);
        }
    qt_ok(kx_close(db));
}
END_TEST

/* What first, all and get hand out lives on its own; a list of nothing is a list. */
START_TEST(first_all_and_get_hand_documents_out)
{
    kx_db *db;
    kx_doc *doc, **docs;
    size_t count;
    kx_txn *txn = open_filled(&db);
    qt_ok(kx_first(txn, "indexed", &(kx_query){.order_by = "-n", .offset = 2}, &doc));
    ck_assert_uint_eq(kx_doc_id(doc), 198);
    qt_ok(kx_get(txn, "indexed", "u", kx_int(7), &doc));
    ck_assert_uint_eq(kx_doc_id(doc), 7);
    qt_ok(kx_get(txn, "indexed", "kind", kx_real(1), &doc));
    ck_assert_uint_eq(kx_doc_id(doc), 1);
    qt_ok(kx_get(txn, "bare", "n", kx_int(7), &doc));
    ck_assert_uint_eq(kx_doc_id(doc), 7);
    qt_ok(kx_get(txn, "bare", "none", kx_null(), &doc));
    ck_assert_uint_eq(kx_doc_id(doc), 1);
    ck_assert_int_eq(kx_get(txn, "bare", "kind", kx_list(NULL), &doc), KX_INVALID);
    qt_ok(kx_all(txn, "indexed", &(kx_query){.where = KX_WHERE({"n", KX_GT, kx_int(190)}), .limit = 4}, &docs, &count));
    ck_assert_uint_eq(count, 4);
    ck_assert_uint_eq(kx_doc_id(docs[0]), 191);
    ck_assert_uint_eq(kx_doc_id(docs[3]), 194);
    qt_ok(kx_all(txn, "indexed", &(kx_query){.where = KX_WHERE({"n", KX_GT, kx_int(1900)})}, &docs, &count));
    ck_assert(docs != NULL && count == 0);
    end(db, txn);
}
END_TEST

/* ---- no memory --------------------------------------------------------------------------------- */

static int walk_all(kx_txn *txn, const kx_query *query)
{
    kx_cursor *cursor;
    kx_doc *doc, **docs;
    uint64_t counted;
    size_t count;
    int rc = kx_find(txn, "indexed", query, &cursor);
    if (rc != KX_OK)
        return rc;
    while ((rc = kx_cursor_next(cursor, &doc)) == KX_OK)
        ;
    int closed = kx_cursor_close(cursor);
    if (rc != KX_NOTFOUND)
        return closed == rc ? rc : KX_CORRUPT;
    rc = kx_count(txn, "indexed", query, &counted);
    if (rc == KX_OK)
        rc = kx_all(txn, "indexed", query, &docs, &count);
    for (size_t i = 0; rc == KX_OK && i < count; i++)
        kx_doc_release(docs[i]);
    return rc;
}

START_TEST(any_allocation_may_fail)
{
    static const kx_query more[] = {
        {.filter = "n in [1, 2, 3, null, 'a'] and u >= 0 and kind like '%' and `n` < 5.5", .order_by = "`u`,-n"},
        {.filter = "kind == [1, {\"a\": 2}] and n == 'text'"},
        {.filter = "n > 3 and n is not null and u != 'x'", .order_by = "-n,kind", .limit = 20},
    };
    kx_db *db;
    kx_txn *txn = open_filled(&db);
    kx_txn_abort(txn);
    for (size_t w = 0; w < WAYS + 3; w++) {
        const kx_query *query = w < WAYS ? &ways[w] : &more[w - WAYS];
        for (int64_t n = 0;; n++) {
            txn = qt_begin(db, w % 2 ? KX_READ : KX_WRITE);
            kx_base__fail_alloc_after(n);
            int rc = walk_all(txn, query);
            int64_t left = kx_base__fail_alloc_after(-1);
            ck_assert_msg(rc == KX_NOMEM || rc == KX_OK || rc == KX_INVALID, "way %zu, %d: %d %s", w, (int)n, rc,
                          kx_errmsg());
            kx_txn_abort(txn);
            if (left >= 0)
                break;
            ck_assert_int_ne(rc, KX_INVALID);
        }
    }
    qt_ok(kx_close(db));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("query/walk");
    TCase *c = tcase_create("writes");
    tcase_add_test(c, what_is_saved_in_a_loop_does_not_come_again);
    tcase_add_test(c, what_is_deleted_in_a_loop_is_passed_over);
    tcase_add_test(c, what_no_longer_matches_is_passed_over);
    tcase_add_test(c, inserting_in_a_loop_ends);
    tcase_add_test(c, limit_and_offset_hold_through_writes);
    tcase_add_test(c, each_document_comes_at_most_once_and_as_it_is);
    suite_add_tcase(suite, c);
    c = tcase_create("life");
    tcase_add_test(c, a_cursor_walks_on_in_a_child_and_after_it);
    tcase_add_test(c, a_write_in_a_child_is_seen_by_a_cursor_of_its_parent);
    tcase_add_test(c, the_end_of_a_transaction_closes_its_cursors);
    tcase_add_test(c, a_kept_document_stays_when_the_cursor_goes_on);
    tcase_add_test(c, the_end_stays_the_end);
    tcase_add_test(c, a_damaged_document_comes_after_those_before_it);
    tcase_add_test(c, first_all_and_get_hand_documents_out);
    tcase_add_test(c, any_allocation_may_fail);
    suite_add_tcase(suite, c);
    return kxt_run(suite);
}
