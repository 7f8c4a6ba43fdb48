/*
 * test_dump.c -- dump | load gives an equal store, and dump | load | dump the same bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/tools.h"

/* ---- stores to dump ------------------------------------------------------------------------ */

static int declare_people(kx_txn *txn, void *context)
{
    static const kx_field fields[] = {
        {.path = "user_id", .type = KX_TYPE_INT},
        {.path = "status", .type = KX_TYPE_TEXT, .optional = true, .initial = "new"},
        {0},
    };
    static const kx_index user_indexes[] = {{.paths = "user_id", .unique = true}, {.paths = "status,-score"}, {0}};
    static const kx_index order_indexes[] = {
        {.paths = "order_id", .primary = true}, {.paths = "tags", .multi = true}, {.paths = "note", .sparse = true}, {0}};
    static const kx_relation order_relations[] = {
        {.name = "user", .kind = KX_FOREIGN_KEY, .target = "users", .foreign_key = "user_id", .reverse = "orders", .optional = true},
        {.name = "parent", .kind = KX_FOREIGN_KEY, .target = "orders", .foreign_key = "parent_id", .related_field = "order_id", .optional = true},
        {0},
    };
    /* Orders come first and name users, which are declared later: relations must not change what the copy's order is. */
    static const kx_model orders = {.name = "orders", .indexes = order_indexes, .relations = order_relations};
    static const kx_model extra = {.name = "odd \"name\" \xc3\xa9"};
    static const kx_model users = {.name = "users", .fields = fields, .indexes = user_indexes};
    const kx_model *const first[] = {&orders, &extra, NULL}, *const second[] = {&users, NULL};
    int rc = kx_declare(txn, first);

    (void)context;
    return rc == KX_OK ? kx_declare(txn, second) : rc;
}

static kx_value random_value(uint64_t *state, char *text)
{
    static const double odd[] = {0.0, -0.0, 1.5, 1e300, -1e-300, 1.0, 9007199254740993.0};
    size_t size = kxt_random(state) % 20;

    for (size_t i = 0; i < size; i++)
        text[i] = "ab\"\\\n\x01$/\x7f{}[]:, z"[kxt_random(state) % 17];
    switch (kxt_random(state) % 10) {
    case 0:  return kx_null();
    case 1:  return kx_bool(kxt_random(state) % 2 != 0);
    case 2:  return kx_int((int64_t)kxt_random(state));
    case 3:  return kx_uint(UINT64_MAX - kxt_random(state) % 3);
    case 4:  return kx_real(odd[kxt_random(state) % 7]);
    case 5:  return kx_binary(text, size);
    case 6:  return kx_time((int64_t)(kxt_random(state) % 8000000000) - 4000000000, (uint32_t)(kxt_random(state) % 1000000000));
    case 7:  return kx_ext(7, text, size);
    default: return kx_text_n(text, size);
    }
}

static int fill(kx_txn *txn, void *context)
{
    uint64_t *state = context;
    uint64_t  count = kxt_scaled(2000);
    char      text[32], path[32];
    kx_doc   *doc;
    int       rc = declare_people(txn, NULL);

    for (uint64_t i = 0; rc == KX_OK && i < count; i++) {
        const char *where = i % 3 == 0 ? "users" : i % 3 == 1 ? "orders" : "odd \"name\" \xc3\xa9";

        rc = kx_doc_new(txn, where, &doc);
        if (rc == KX_OK && i % 3 == 0)
            rc = kx_doc_set(doc, "user_id", kx_int((int64_t)i));
        if (rc == KX_OK && i % 3 == 1)
            rc = kx_doc_set(doc, "order_id", kx_int((int64_t)i * 7));
        for (uint64_t k = kxt_random(state) % 6; rc == KX_OK && k > 0; k--) {
            snprintf(path, sizeof(path), "%s%d`", i % 2 == 0 ? "m.`$f" : "`f", (int)(kxt_random(state) % 8));
            rc = kx_doc_set(doc, path, random_value(state, text));
        }
        if (rc == KX_OK && i % 5 == 0)
            rc = kx_doc_append(doc, "tags", kx_int((int64_t)(i % 11)));
        if (rc == KX_OK)
            rc = kx_doc_save(doc);
        /* What has lost its initial value stays without it. */
        if (rc == KX_OK && i % 9 == 0 && (rc = kx_doc_unset(doc, "status")) == KX_OK)
            rc = kx_doc_save(doc);
        if (rc == KX_OK && i % 10 == 4)
            rc = kx_doc_delete(doc);
    }
    return rc;
}

/* The newest document goes, so that the next id is not the highest one plus 1. */
static int drop_last(kx_txn *txn, void *context)
{
    kx_doc *doc;
    int     rc = kx_first(txn, "users", &(kx_query){.order_by = "-_id"}, &doc);

    (void)context;
    return rc == KX_OK ? kx_doc_delete(doc) : rc;
}

static void make_store(const char *name)
{
    uint64_t   state = kxt_seed();
    kx_options how = {.schema_version = 3, .sync = KX_SYNC_LATER};
    kx_db     *db;

    ck_assert_int_eq(kx_open(kxt_path(name), &how, &db), KX_OK);
    ck_assert_msg(kx_write(db, fill, &state) == KX_OK, "%s", kx_errmsg());
    ck_assert_msg(kx_write(db, drop_last, NULL) == KX_OK, "%s", kx_errmsg());
    ck_assert_int_eq(kx_close(db), KX_OK);
}

/* ---- claims ----------------------------------------------------------------------------------- */

START_TEST(a_loaded_dump_is_an_equal_store)
{
    make_store("a.kx");
    expect(0, NULL, NULL, "kx-inspect dump a.kx | kx-load b.kx");
    expect_equal_stores(kxt_path("a.kx"), kxt_path("b.kx"));
    expect(0, "\"schema_version\":3", NULL, "kx-inspect info b.kx --json");
}
END_TEST

START_TEST(dump_and_load_is_a_fixed_point)
{
    make_store("a.kx");
    expect(0, NULL, NULL, "kx-inspect dump a.kx > one && kx-load b.kx one && kx-inspect dump b.kx | cmp - one");
    expect(0, NULL, NULL, "kx-load --batch 100 c.kx one && kx-inspect dump c.kx -o two && cmp one two");
    expect(0, NULL, NULL, "kx-load d.kx --schema /dev/null && kx-load d.kx one && kx-inspect dump d.kx | tail -n +2 > two");
    expect(0, NULL, NULL, "tail -n +2 one | cmp - two");
}
END_TEST

START_TEST(documents_printed_as_lines_load_as_the_same_documents)
{
    make_store("a.kx");
    expect(0, NULL, NULL, "kx-inspect find a.kx users > users.jsonl && kx-load b.kx users.jsonl");
    expect(0, NULL, NULL, "kx-inspect find b.kx users | cmp - users.jsonl");
    expect(0, NULL, NULL, "kx-inspect find a.kx users --format json > users.json && kx-load c.kx users.json");
    expect(0, NULL, NULL, "kx-inspect find c.kx users | cmp - users.jsonl");
}
END_TEST

/* Only a dump restores documents as they stood. */
START_TEST(lines_get_initial_values_and_a_dump_does_not)
{
    kxt_write_file(kxt_path("schema"), "{\"collection\":\"x\",\"fields\":[{\"path\":\"s\",\"type\":\"text\",\"optional\":true,\"initial\":\"new\"}]}\n");
    expect(0, NULL, NULL, "echo '{\"a\":1}' | kx-load s.kx --schema schema --into x");
    expect(0, "{\"_id\":1,\"a\":1,\"s\":\"new\"}\n", NULL, "kx-inspect find s.kx x");
    expect(0, NULL, NULL, "kx-inspect dump s.kx | sed 's/,\"s\":\"new\"//' | kx-load t.kx");
    expect(0, "{\"_id\":1,\"a\":1}\n", NULL, "kx-inspect find t.kx x");
}
END_TEST

START_TEST(a_dump_that_was_cut_short_is_refused)
{
    make_store("a.kx");
    expect(0, NULL, NULL, "kx-inspect dump a.kx > one; sed '$d' one > cut");
    expect(1, NULL, "is cut short", "kx-load b.kx cut");
    expect(0, NULL, NULL, "test ! -e b.kx");
    expect(1, NULL, "one:", "head -c $(($(wc -c < one) / 2)) one > x; mv x one; kx-load b.kx one");
}
END_TEST

START_TEST(a_dump_of_a_newer_format_is_refused)
{
    expect(3, NULL, "format 2", "echo '{\"kenobix\":{\"format\":2}}' | kx-load a.kx");
    ck_assert_uint_eq(files_here(), 0);
}
END_TEST

START_TEST(one_collection_of_a_store_can_be_dumped)
{
    make_store("a.kx");
    expect(0, "\"collections\":[\"users\"]", NULL, "kx-inspect dump a.kx users | tee one");
    expect(0, NULL, NULL, "kx-load b.kx one; kx-inspect find a.kx users > x; kx-inspect find b.kx users | cmp - x");
    expect(2, NULL, "no collection 'userz'", "kx-inspect dump a.kx users userz");
}
END_TEST

START_TEST(an_empty_store_dumps_and_loads)
{
    expect(0, NULL, NULL, "kx-load a.kx --schema /dev/null && kx-inspect dump a.kx > one && kx-load b.kx one");
    expect(0, NULL, NULL, "kx-inspect dump b.kx | cmp - one");
    expect_equal_stores(kxt_path("a.kx"), kxt_path("b.kx"));
    expect(0, NULL, NULL, ": > c.kx; kx-load c.kx one; kx-inspect dump c.kx | cmp - one");
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("dump");
    TCase *claims = tcase_create("dump");

    tcase_add_test(claims, a_loaded_dump_is_an_equal_store);
    tcase_add_test(claims, dump_and_load_is_a_fixed_point);
    tcase_add_test(claims, documents_printed_as_lines_load_as_the_same_documents);
    tcase_add_test(claims, lines_get_initial_values_and_a_dump_does_not);
    tcase_add_test(claims, a_dump_that_was_cut_short_is_refused);
    tcase_add_test(claims, a_dump_of_a_newer_format_is_refused);
    tcase_add_test(claims, one_collection_of_a_store_can_be_dumped);
    tcase_add_test(claims, an_empty_store_dumps_and_loads);
    suite_add_tcase(all, claims);
    return all;
}

int main(void)
{
    return kxt_run(suite());
}
