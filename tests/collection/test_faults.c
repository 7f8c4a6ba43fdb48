/*
 * test_faults.c -- the n-th allocation or the n-th call of the store fails, for every n: no crash, no leak, the store is as before or as
 * after, and its indexes are true.
 */
#include "collection_test.h"

typedef struct person {
    int64_t     born;
    const char *name;
} person;

static const kx_field person_fields[] = {
    KX_INT(person, born, .optional = true), KX_TEXT(person, name, .optional = true), {.path = NULL}};
static const kx_model people = {
    .name = "people",
    .fields = person_fields,
    .indexes = INDEXES({.paths = "name", .unique = true}, {.paths = "tags", .multi = true}, {.paths = "city,-born"})};
static const kx_model notes = {
    .name = "notes",
    .fields = FIELDS({.path = "state", .type = KX_TYPE_TEXT, .initial = "new"}),
    .indexes = INDEXES({.paths = "topic"}),
};
static const kx_model more_people = {.name = "people",
                                     .fields = FIELDS({.path = "kind", .type = KX_TYPE_INT, .initial = "1"}),
                                     .indexes = INDEXES({.paths = "kind"}, {.paths = "text"})};

#define TRY(call) do { int rc_ = (call); if (rc_ != KX_OK) return rc_; } while (0)

/* ---- what is done ------------------------------------------------------------------- */

static int insert(kx_txn *txn, const char *collection, const char *json)
{
    return kx_insert(txn, collection, json, strlen(json), NULL);
}

static int use_a_child(kx_txn *txn, kx_doc *doc)
{
    kx_txn *child;
    kx_doc *made;
    TRY(kx_txn_child(txn, &child));
    const char *json = doc->id == 1 ? "{\"name\":\"child\",\"tags\":[7,8]}" : "{\"name\":\"other\"}";
    int rc = kx_doc_from_json(child, "people", json, &made);
    if (rc == KX_OK)
        rc = kx_doc_save(made);
    if (rc == KX_OK)
        rc = kx_doc_append(doc, "tags", kx_text("unsaved"));
    if (rc == KX_OK)
        rc = kx_doc_save(doc);
    if (rc == KX_OK)
        rc = kx_doc_set(doc, "extra", kx_real(0.5));
    if (rc == KX_OK)
        rc = kx_declare(child, MODELS(&notes));
    if (rc == KX_OK)
        rc = insert(child, "notes", "{\"topic\":1}");
    if (rc != KX_OK || doc->id % 2 == 0) {
        kx_txn_abort(child);
        return rc;
    }
    return kx_txn_commit(child);
}

static int walk(kx_txn *txn)
{
    kx_cursor *cursor;
    kx_doc *doc;
    TRY(kx_find(txn, "people", &(kx_query){.where = KX_WHERE({"tags", KX_CONTAINS, kx_int(1)})}, &cursor));
    int rc = KX_OK;
    while (rc == KX_OK && kx_cursor_next(cursor, &doc) == KX_OK) {
        rc = kx_doc_set(doc, "tags", kx_msgpack("\x91\x02", 2));
        if (rc == KX_OK)
            rc = kx_doc_save(doc);
    }
    int closed = kx_cursor_close(cursor);
    return rc == KX_OK ? closed : rc;
}

static int work(kx_txn *txn, void *context)
{
    (void)context;
    kx_doc *doc, *copy;
    person row = {.born = 1900, .name = "struct"};
    kx_record records[] = {{.data = "{\"name\":\"m1\",\"tags\":[1,2,3]}", .size = 28},
                           {.data = "{\"name\":\"m2\",\"city\":\"Ulm\"}", .size = 26}};
    const char *json, *long_json = kxt_print("{\"text\":\"%01500d\",\"tags\":[1]}", 3);
    TRY(insert(txn, "people", long_json));
    TRY(kx_insert_many(txn, "people", records, 2, NULL));
    TRY(kx_get(txn, "people", "name", kx_text("Ada"), &doc));
    TRY(kx_doc_set(doc, "address.city", kx_text("London")));
    TRY(kx_doc_append(doc, "tags", kx_int(9)));
    TRY(use_a_child(txn, doc));
    TRY(kx_doc_save(doc));
    TRY(kx_doc_copy(doc, &copy));
    kx_doc_release(copy);
    TRY(kx_doc_new(txn, "people", &doc));
    TRY(kx_doc_from_struct(doc, &row, sizeof row));
    TRY(kx_doc_save(doc));
    TRY(kx_doc_to_struct(doc, &row, sizeof row));
    TRY(kx_get_by_id(txn, "people", 2, &doc));
    TRY(use_a_child(txn, doc));
    TRY(kx_doc_save(doc));
    TRY(kx_doc_to_json(doc, &json));
    TRY(kx_patch(txn, "people", 3, "{\"born\":7,\"tags\":null}", 22));
    TRY(kx_put(txn, "people", 3, "{\"name\":\"put\"}", 14));
    TRY(walk(txn));
    TRY(kx_declare(txn, MODELS(&notes, &more_people)));
    TRY(insert(txn, "notes", "{\"topic\":2}"));
    TRY(kx_drop_index(txn, "people", "city,-born"));
    TRY(kx_get(txn, "people", "name", kx_text("m2"), &doc));
    return kx_doc_delete(doc);
}

static int open_and_work(const char *path)
{
    kx_db *db;
    TRY(kx_open(path, &(kx_options){.models = MODELS(&people), .sync = KX_SYNC_LATER}, &db));
    int rc = kx_write(db, work, NULL);
    int closed = kx_close(db);
    ck_assert_msg(closed == KX_OK || closed == KX_NOMEM, "close: %d %s", closed, kx_errmsg());
    if (closed != KX_OK)
        ct_ok(kx_close(db));
    return rc;
}

/* ---- before and after ------------------------------------------------------------------- */

static const char *dump_file(const char *path)
{
    kx_db *db;
    ct_ok(kx_open(path, &(kx_options){.sync = KX_SYNC_LATER}, &db));
    const char *dump = ct_dump_store(db);
    ct_check_store(db);
    ct_ok(kx_close(db));
    return dump;
}

static const char *make_store(void)
{
    kx_db *db = ct_open(MODELS(&people));
    kx_txn *txn = ct_begin(db, KX_WRITE);
    ct_insert(txn, "people", "{\"name\":\"Ada\",\"tags\":[1,\"x\"],\"city\":\"London\",\"born\":1815}");
    ct_insert(txn, "people", "{\"name\":\"Bob\",\"tags\":[1]}");
    ct_insert(txn, "people", "{\"name\":\"Cid\",\"tags\":[1,5]}");
    for (int i = 0; i < 30; i++)
        ct_insert(txn, "people", kxt_print("{\"name\":\"p%d\"}", i));
    ct_ok(kx_txn_commit(txn));
    ct_ok(kx_close(db));
    size_t size;
    char *bytes = kxt_read_file(kxt_path("store.kx"), &size);
    kxt_write_bytes(kxt_path("first.kx"), bytes, size);
    return bytes;
}

static void restore(void)
{
    size_t size;
    char *bytes = kxt_read_file(kxt_path("first.kx"), &size);
    kxt_write_bytes(kxt_path("store.kx"), bytes, size);
}

typedef struct outcome {
    const char *before, *after;
} outcome;

static outcome both_ends(void)
{
    outcome out;
    make_store();
    out.before = dump_file(kxt_path("store.kx"));
    ct_ok(open_and_work(kxt_path("store.kx")));
    out.after = dump_file(kxt_path("store.kx"));
    ck_assert_str_ne(out.before, out.after);
    restore();
    return out;
}

static bool is_one_of(outcome out, int rc, const char *dump)
{
    return strcmp(dump, rc == KX_OK ? out.after : out.before) == 0;
}

START_TEST(any_allocation_may_fail)
{
    outcome out = both_ends();
    uint64_t step = kxt_plain() ? 1 : 7;
    bool struck = true;
    for (uint64_t n = 0; struck; n += step) {
        kx_base__fail_alloc_after((int64_t)n);
        int rc = open_and_work(kxt_path("store.kx"));
        struck = kx_base__fail_alloc_after(-1) < 0;
        ck_assert_msg(rc == KX_OK || rc == KX_NOMEM, "allocation %" PRIu64 ": %d %s", n, rc, kx_errmsg());
        ck_assert_msg(is_one_of(out, rc, dump_file(kxt_path("store.kx"))),
                      "allocation %" PRIu64 ": %d, and something else is stored", n, rc);
        if (rc == KX_OK)
            restore();
    }
}
END_TEST

static void fail_the_store(int code)
{
    outcome out = both_ends();
    bool struck = true;
    uint64_t step = kxt_plain() ? 1 : 5;
    for (uint64_t n = 1; struck; n += step) {
        kx_store__fail_after((int64_t)n, code);
        int rc = open_and_work(kxt_path("store.kx"));
        struck = !kx_store__fault_is_armed();
        kx_store__fail_after(0, 0);
        bool again = code == KX_MAP_FULL && rc == KX_OK;      /* kx_write ran once more */
        ck_assert_msg(rc == code || again || !struck || rc == KX_OK, "call %" PRIu64 ": %d %s", n, rc, kx_errmsg());
        ck_assert_msg(is_one_of(out, rc, dump_file(kxt_path("store.kx"))),
                      "call %" PRIu64 ": %d, and something else is stored", n, rc);
        if (rc == KX_OK)
            restore();
    }
}

START_TEST(any_call_of_the_store_may_find_the_map_full)
{
    fail_the_store(KX_MAP_FULL);
}
END_TEST

START_TEST(any_call_of_the_store_may_find_a_transaction_too_large)
{
    fail_the_store(KX_TXN_FULL);
}
END_TEST

START_TEST(any_call_of_the_store_may_find_the_disk_full)
{
    fail_the_store(KX_FULL);
}
END_TEST

START_TEST(any_call_of_the_store_may_find_an_input_output_error)
{
    fail_the_store(KX_IO);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("collection/faults");
    TCase *tests = tcase_create("faults");
    tcase_add_test(tests, any_allocation_may_fail);
    tcase_add_test(tests, any_call_of_the_store_may_find_the_map_full);
    tcase_add_test(tests, any_call_of_the_store_may_find_a_transaction_too_large);
    tcase_add_test(tests, any_call_of_the_store_may_find_the_disk_full);
    tcase_add_test(tests, any_call_of_the_store_may_find_an_input_output_error);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return kxt_run(suite());
}
