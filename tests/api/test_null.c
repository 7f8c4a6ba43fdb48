/*
 * test_null.c -- NULL in every place of every public function: KX_INVALID and never a crash, and results are set nevertheless.
 */
#include "api_test.h"

#define SOME ((void *)&some)      /* anything but NULL */
static long some;

/* ---- what a NULL argument gives ------------------------------------------------------- */

#define invalid(call) at_fails(call, KX_INVALID)

static int nothing(kx_txn *txn, void *context)
{
    (void)txn;
    (void)context;
    return KX_OK;
}

static box start(void)
{
    static const kx_model things = {.name = "things"};
    box it = at_start(MODELS(&things));
    at_insert(it.txn, "things", "{\"a\": 1}");
    return it;
}

START_TEST(stores_and_transactions)
{
    box it = start();
    kx_db *db = SOME;
    kx_txn *txn = SOME;
    kx_info info;
    kx_stats stats;
    invalid(kx_open("x", NULL, NULL));
    ck_assert_str_eq(kx_db_path(NULL), "");
    at_ok(kx_close(NULL));
    invalid(kx_db_info(NULL, &info));
    invalid(kx_db_info(it.txn, NULL));
    invalid(kx_write(NULL, nothing, NULL));
    invalid(kx_write(it.db, NULL, NULL));
    invalid(kx_read(NULL, nothing, NULL));
    invalid(kx_read(it.db, NULL, NULL));
    invalid(kx_txn_begin(it.db, KX_READ, NULL));
    invalid(kx_txn_begin(NULL, KX_READ, &txn));
    ck_assert_ptr_null(txn);
    txn = SOME;
    invalid(kx_txn_begin(it.db, (kx_txn_mode)7, &txn));
    ck_assert_ptr_null(txn);
    txn = SOME;
    invalid(kx_txn_child(NULL, &txn));
    ck_assert_ptr_null(txn);
    invalid(kx_txn_child(it.txn, NULL));
    invalid(kx_txn_commit(NULL));
    kx_txn_abort(NULL);
    invalid(kx_txn_stats(NULL, &stats));
    invalid(kx_txn_stats(it.txn, NULL));
    invalid(kx_open(kxt_path("other.kx"), &(kx_options){.sync = (kx_sync)9}, &db));
    ck_assert_ptr_null(db);
    at_end(&it);
}
END_TEST

START_TEST(declarations_and_schemas)
{
    box it = start();
    const char *json = SOME;
    kx_collection_info collection;
    kx_field field;
    kx_index_info index;
    kx_relation relation;
    invalid(kx_declare(NULL, MODELS(NULL)));
    invalid(kx_declare(it.txn, NULL));
    invalid(kx_declare(it.txn, MODELS(&(kx_model){.name = NULL})));
    invalid(kx_declare_json(NULL, "{}"));
    invalid(kx_declare_json(it.txn, NULL));
    invalid(kx_drop_index(NULL, "things", "a"));
    invalid(kx_drop_index(it.txn, NULL, "a"));
    invalid(kx_drop_index(it.txn, "things", NULL));
    invalid(kx_drop_relation(NULL, "things", "a"));
    invalid(kx_drop_relation(it.txn, NULL, "a"));
    invalid(kx_drop_relation(it.txn, "things", NULL));
    invalid(kx_drop_field(NULL, "things", "a"));
    invalid(kx_drop_field(it.txn, NULL, "a"));
    invalid(kx_drop_field(it.txn, "things", NULL));
    invalid(kx_drop_collection(NULL, "things"));
    invalid(kx_drop_collection(it.txn, NULL));
    invalid(kx_collection_at(NULL, 0, &collection));
    invalid(kx_collection_at(it.txn, 0, NULL));
    invalid(kx_collection_named(NULL, "things", &collection));
    invalid(kx_collection_named(it.txn, NULL, &collection));
    invalid(kx_collection_named(it.txn, "things", NULL));
    invalid(kx_field_at(NULL, "things", 0, &field));
    invalid(kx_field_at(it.txn, NULL, 0, &field));
    invalid(kx_field_at(it.txn, "things", 0, NULL));
    invalid(kx_index_at(NULL, "things", 0, &index));
    invalid(kx_index_at(it.txn, NULL, 0, &index));
    invalid(kx_index_at(it.txn, "things", 0, NULL));
    invalid(kx_relation_at(NULL, "things", 0, &relation));
    invalid(kx_relation_at(it.txn, NULL, 0, &relation));
    invalid(kx_relation_at(it.txn, "things", 0, NULL));
    invalid(kx_schema_json(NULL, "things", &json));
    ck_assert_ptr_null(json);
    invalid(kx_schema_json(it.txn, NULL, &json));
    invalid(kx_schema_json(it.txn, "things", NULL));
    ck_assert_ptr_null(kx_type_name((kx_type)99));
    ck_assert_ptr_null(kx_kind_name((kx_relation_kind)99));
    ck_assert_ptr_null(kx_action_name((kx_action)99));
    at_end(&it);
}
END_TEST

START_TEST(documents)
{
    box it = start();
    kx_doc *doc = SOME, *thing = at_get(it.txn, "things", 1);
    const void *data = SOME;
    const char *json = SOME;
    size_t size = 7;
    invalid(kx_doc_new(NULL, "things", &doc));
    ck_assert_ptr_null(doc);
    invalid(kx_doc_new(it.txn, NULL, &doc));
    invalid(kx_doc_new(it.txn, "things", NULL));
    invalid(kx_doc_from_json(NULL, "things", "{}", &doc));
    invalid(kx_doc_from_json(it.txn, NULL, "{}", &doc));
    invalid(kx_doc_from_json(it.txn, "things", NULL, &doc));
    invalid(kx_doc_from_json(it.txn, "things", "{}", NULL));
    invalid(kx_doc_from_msgpack(NULL, "things", "\x80", 1, &doc));
    invalid(kx_doc_from_msgpack(it.txn, NULL, "\x80", 1, &doc));
    invalid(kx_doc_from_msgpack(it.txn, "things", NULL, 1, &doc));
    invalid(kx_doc_from_msgpack(it.txn, "things", "", 0, &doc));
    invalid(kx_doc_from_msgpack(it.txn, "things", "\x80", 1, NULL));
    ck_assert(kx_doc_id(NULL) == 0 && !kx_doc_is_new(NULL) && !kx_doc_is_changed(NULL));
    ck_assert_str_eq(kx_doc_collection(NULL), "");
    invalid(kx_doc_set(NULL, "a", kx_int(1)));
    invalid(kx_doc_set(thing, NULL, kx_int(1)));
    invalid(kx_doc_set(thing, "a", (kx_value){0}));
    invalid(kx_doc_set(thing, "a", kx_text_n(NULL, 1)));
    invalid(kx_doc_unset(NULL, "a"));
    invalid(kx_doc_unset(thing, NULL));
    invalid(kx_doc_append(NULL, "a", kx_int(1)));
    invalid(kx_doc_append(thing, NULL, kx_int(1)));
    invalid(kx_doc_save(NULL));
    invalid(kx_doc_delete(NULL));
    invalid(kx_doc_reload(NULL));
    invalid(kx_doc_keep(NULL));
    kx_doc_release(NULL);
    doc = SOME;
    invalid(kx_doc_copy(NULL, &doc));
    ck_assert_ptr_null(doc);
    invalid(kx_doc_copy(thing, NULL));
    invalid(kx_doc_msgpack(NULL, &data, &size));
    invalid(kx_doc_msgpack(thing, NULL, &size));
    invalid(kx_doc_msgpack(thing, &data, NULL));
    invalid(kx_doc_to_json(NULL, &json));
    ck_assert_ptr_null(json);
    invalid(kx_doc_to_json(thing, NULL));
    invalid(kx_doc_get_json(NULL, "a", &json));
    invalid(kx_doc_get_json(thing, NULL, &json));
    invalid(kx_doc_get_json(thing, "a", NULL));
    invalid(kx_doc_from_struct(NULL, SOME, sizeof some));
    invalid(kx_doc_from_struct(thing, NULL, sizeof some));
    invalid(kx_doc_from_struct(thing, SOME, sizeof some));
    invalid(kx_doc_to_struct(NULL, SOME, sizeof some));
    invalid(kx_doc_to_struct(thing, NULL, sizeof some));
    invalid(kx_doc_to_struct(thing, SOME, sizeof some));
    ck_assert_str_eq(at_shows(thing), "{\"a\":1}");
    at_end(&it);
}
END_TEST

START_TEST(getters)
{
    box it = start();
    kx_doc *thing = at_get(it.txn, "things", 1);
    kx_value value = kx_int(1);
    kx_iter iter;
    bool truth;
    int64_t integer;
    uint64_t natural;
    double real;
    const char *text;
    const void *data;
    size_t size;
    uint32_t nanoseconds;
    kx_doc *const docs[] = {NULL, thing, thing};
    const char *const paths[] = {"a", NULL, "a"};
    for (int i = 0; i < 3; i++) {
        kx_doc *doc = docs[i];
        const char *path = paths[i];
        bool out = i != 2;
        invalid(kx_doc_get(doc, path, out ? &value : NULL));
        invalid(kx_doc_get_bool(doc, path, out ? &truth : NULL));
        invalid(kx_doc_get_int(doc, path, out ? &integer : NULL));
        invalid(kx_doc_get_uint(doc, path, out ? &natural : NULL));
        invalid(kx_doc_get_real(doc, path, out ? &real : NULL));
        invalid(kx_doc_get_text(doc, path, out ? &text : NULL, &size));
        invalid(kx_doc_get_text(doc, path, &text, out ? &size : NULL));
        invalid(kx_doc_get_binary(doc, path, out ? &data : NULL, &size));
        invalid(kx_doc_get_binary(doc, path, &data, out ? &size : NULL));
        invalid(kx_doc_get_time(doc, path, out ? &integer : NULL, &nanoseconds));
        invalid(kx_doc_count(doc, path, out ? &size : NULL));
        invalid(kx_doc_iter(doc, path, out ? &iter : NULL));
        if (out) {
            ck_assert(value.type == KX_TYPE_NONE && integer == 0 && natural == 0 && size == 0 && !kx_iter_next(&iter));
            ck_assert_ptr_null(kx_doc_text(doc, path));
            ck_assert_ptr_null(kx_doc_slice(doc, path, &size));
            ck_assert_ptr_null(kx_doc_slice(doc, path, NULL));
        }
    }
    invalid(kx_value_iter(NULL, &iter));
    invalid(kx_value_iter(&value, NULL));
    invalid(kx_value_iter(&value, &iter));
    ck_assert(!kx_iter_next(NULL) && !kx_iter_next(&iter));
    value = (kx_value){.type = KX_TYPE_ARRAY};
    if (kx_value_iter(&value, &iter) == KX_OK)
        ck_assert(!kx_iter_next(&iter));
    at_end(&it);
}
END_TEST

START_TEST(queries)
{
    box it = start();
    kx_cursor *cursor = SOME;
    kx_doc *doc = SOME, **docs = SOME;
    size_t size = 7;
    uint64_t count = 7;
    invalid(kx_find(NULL, "things", NULL, &cursor));
    ck_assert_ptr_null(cursor);
    invalid(kx_find(it.txn, NULL, NULL, &cursor));
    invalid(kx_find(it.txn, "things", NULL, NULL));
    invalid(kx_cursor_next(NULL, &doc));
    ck_assert_ptr_null(doc);
    at_ok(kx_find(it.txn, "things", NULL, &cursor));
    invalid(kx_cursor_next(cursor, NULL));
    at_ok(kx_cursor_close(cursor));
    at_ok(kx_cursor_close(NULL));
    kx_filter *filter = SOME;
    invalid(kx_filter_compile(NULL, &filter));
    ck_assert_ptr_null(filter);
    invalid(kx_filter_compile("a", NULL));
    kx_filter_free(NULL);
    doc = SOME;
    invalid(kx_first(NULL, "things", NULL, &doc));
    ck_assert_ptr_null(doc);
    invalid(kx_first(it.txn, NULL, NULL, &doc));
    invalid(kx_first(it.txn, "things", NULL, NULL));
    invalid(kx_all(NULL, "things", NULL, &docs, &size));
    ck_assert(docs == NULL && size == 0);
    invalid(kx_all(it.txn, NULL, NULL, &docs, &size));
    invalid(kx_all(it.txn, "things", NULL, NULL, &size));
    invalid(kx_all(it.txn, "things", NULL, &docs, NULL));
    invalid(kx_explain(NULL, "things", NULL, &doc));
    invalid(kx_explain(it.txn, NULL, NULL, &doc));
    invalid(kx_explain(it.txn, "things", NULL, NULL));
    invalid(kx_count(NULL, "things", NULL, &count));
    ck_assert_uint_eq(count, 0);
    invalid(kx_count(it.txn, NULL, NULL, &count));
    invalid(kx_count(it.txn, "things", NULL, NULL));
    doc = SOME;
    invalid(kx_get(NULL, "things", "a", kx_int(1), &doc));
    ck_assert_ptr_null(doc);
    invalid(kx_get(it.txn, NULL, "a", kx_int(1), &doc));
    invalid(kx_get(it.txn, "things", NULL, kx_int(1), &doc));
    at_says("path");
    invalid(kx_get(it.txn, "things", "a", kx_int(1), NULL));
    invalid(kx_get(it.txn, "things", "a", (kx_value){0}, &doc));
    doc = SOME;
    invalid(kx_get_by_id(NULL, "things", 1, &doc));
    ck_assert_ptr_null(doc);
    invalid(kx_get_by_id(it.txn, NULL, 1, &doc));
    invalid(kx_get_by_id(it.txn, "things", 1, NULL));
    at_end(&it);
}
END_TEST

START_TEST(records)
{
    box it = start();
    uint64_t id = 7;
    size_t failed = 7;
    kx_record record = {.data = NULL, .size = 1};
    invalid(kx_insert(NULL, "things", "{}", 2, &id));
    ck_assert_uint_eq(id, 0);
    invalid(kx_insert(it.txn, NULL, "{}", 2, &id));
    invalid(kx_insert(it.txn, "things", NULL, 2, &id));
    invalid(kx_insert(it.txn, "things", "", 0, &id));
    invalid(kx_insert_many(NULL, "things", &record, 1, &failed));
    ck_assert_uint_eq(failed, 1);
    invalid(kx_insert_many(it.txn, NULL, &record, 1, &failed));
    invalid(kx_insert_many(it.txn, "things", NULL, 1, &failed));
    invalid(kx_insert_many(it.txn, "things", &record, 1, &failed));
    ck_assert_uint_eq(failed, 0);
    at_ok(kx_insert_many(it.txn, "things", NULL, 0, &failed));
    invalid(kx_put(NULL, "things", 1, "{}", 2));
    invalid(kx_put(it.txn, NULL, 1, "{}", 2));
    invalid(kx_put(it.txn, "things", 1, NULL, 2));
    invalid(kx_patch(NULL, "things", 1, "{}", 2));
    invalid(kx_patch(it.txn, NULL, 1, "{}", 2));
    invalid(kx_patch(it.txn, "things", 1, NULL, 2));
    invalid(kx_remove(NULL, "things", 1));
    invalid(kx_remove(it.txn, NULL, 1));
    ck_assert_str_eq(at_stored(it.txn, "things", 1), "{\"a\":1}");
    at_end(&it);
}
END_TEST

START_TEST(relations)
{
    box it = start();
    kx_doc *thing = at_get(it.txn, "things", 1), *target = SOME;
    kx_cursor *cursor = SOME;
    uint64_t count = 7;
    invalid(kx_doc_follow(NULL, "r", &target));
    ck_assert_ptr_null(target);
    invalid(kx_doc_follow(thing, NULL, &target));
    invalid(kx_doc_follow(thing, "r", NULL));
    invalid(kx_doc_link(NULL, "r", thing));
    invalid(kx_doc_link(thing, NULL, thing));
    invalid(kx_related_find(NULL, "r", NULL, &cursor));
    ck_assert_ptr_null(cursor);
    invalid(kx_related_find(thing, NULL, NULL, &cursor));
    invalid(kx_related_find(thing, "r", NULL, NULL));
    invalid(kx_related_explain(NULL, "r", NULL, &target));
    ck_assert_ptr_null(target);
    invalid(kx_related_explain(thing, NULL, NULL, &target));
    invalid(kx_related_explain(thing, "r", NULL, NULL));
    invalid(kx_related_count(NULL, "r", NULL, &count));
    ck_assert_uint_eq(count, 0);
    invalid(kx_related_count(thing, NULL, NULL, &count));
    invalid(kx_related_count(thing, "r", NULL, NULL));
    invalid(kx_related_add(NULL, "r", thing));
    invalid(kx_related_add(thing, NULL, thing));
    invalid(kx_related_add(thing, "r", NULL));
    invalid(kx_related_remove(NULL, "r", thing));
    invalid(kx_related_remove(thing, NULL, thing));
    invalid(kx_related_remove(thing, "r", NULL));
    invalid(kx_related_clear(NULL, "r"));
    invalid(kx_related_clear(thing, NULL));
    invalid(kx_related_replace(NULL, "r", &thing, 1));
    invalid(kx_related_replace(thing, NULL, &thing, 1));
    invalid(kx_related_replace(thing, "r", NULL, 1));
    at_end(&it);
}
END_TEST

START_TEST(what_is_measured_is_zero_after_an_error)
{
    kx_info info = {.format = 9};
    kx_stats stats = {.rows = 9};
    kx_collection_info collection = {.documents = 9};
    box it = start();
    invalid(kx_db_info(NULL, &info));
    ck_assert_uint_eq(info.format, 0);
    invalid(kx_txn_stats(NULL, &stats));
    ck_assert_uint_eq(stats.rows, 0);
    invalid(kx_collection_named(it.txn, "nothing", &collection));
    ck_assert_uint_eq(collection.documents, 0);
    collection.documents = 9;
    ck_assert_int_eq(kx_collection_at(it.txn, 9, &collection), KX_NOTFOUND);
    ck_assert_uint_eq(collection.documents, 0);
    kx_field field = {.path = "x"};
    kx_index_info index = {.entries = 9};
    kx_relation relation = {.name = "x"};
    ck_assert_int_eq(kx_field_at(it.txn, "things", 9, &field), KX_NOTFOUND);
    ck_assert_int_eq(kx_index_at(it.txn, "things", 9, &index), KX_NOTFOUND);
    ck_assert_int_eq(kx_relation_at(it.txn, "things", 9, &relation), KX_NOTFOUND);
    ck_assert(field.path == NULL && index.entries == 0 && relation.name == NULL);
    at_end(&it);
}
END_TEST

static Suite *null_suite(void)
{
    Suite *suite = suite_create("api/null");
    TCase *cases = tcase_create("null");
    tcase_add_test(cases, stores_and_transactions);
    tcase_add_test(cases, declarations_and_schemas);
    tcase_add_test(cases, documents);
    tcase_add_test(cases, getters);
    tcase_add_test(cases, queries);
    tcase_add_test(cases, records);
    tcase_add_test(cases, relations);
    tcase_add_test(cases, what_is_measured_is_zero_after_an_error);
    suite_add_tcase(suite, cases);
    return suite;
}

int main(void)
{
    return kxt_run(null_suite());
}
