/*
 * test_schema.c -- what a store says of itself: collections, fields, indexes and relations in order, and as text both ways.
 */
#include "api_test.h"

static const kx_model users = {
    .name = "users",
    .fields = FIELDS({.path = "name", .type = KX_TYPE_TEXT}, {.path = "state", .type = KX_TYPE_TEXT, .initial = "new"},
                     {.path = "address.city", .type = KX_TYPE_NONE, .optional = true}),
    .indexes = INDEXES({.paths = "user_id", .primary = true}, {.paths = "state,-name"},
                       {.paths = "tags", .multi = true, .sparse = true}),
};

static const kx_model orders = {
    .name = "orders",
    .relations = RELATIONS({.name = "user",
                            .kind = KX_FOREIGN_KEY,
                            .target = "users",
                            .foreign_key = "user_id",
                            .reverse = "orders",
                            .optional = true}),
};

START_TEST(collections_are_told_in_order_with_their_sizes)
{
    box it = at_start(MODELS(&users, &orders));
    kx_collection_info info;
    at_insert(it.txn, "users", "{\"name\":\"ann\",\"tags\":[1,2,2]}");
    at_ok(kx_collection_at(it.txn, 0, &info));
    ck_assert_str_eq(info.name, "users");
    ck_assert(info.documents == 1 && info.next_id == 2 && info.fields == 3 && info.indexes == 3 &&
              info.relations == 1 && info.writable);
    ck_assert(info.bytes >= 4096);
    at_ok(kx_collection_at(it.txn, 1, &info));
    ck_assert_str_eq(info.name, "orders");
    ck_assert(info.documents == 0 && info.next_id == 1 && info.indexes == 1 && info.relations == 1);
    ck_assert_int_eq(kx_collection_at(it.txn, 2, &info), KX_NOTFOUND);
    at_ok(kx_collection_named(it.txn, "users", &info));
    ck_assert_uint_eq(info.documents, 1);
    at_fails(kx_collection_named(it.txn, "user", &info), KX_INVALID);
    at_says("user");
    at_end(&it);
}
END_TEST

START_TEST(fields_indexes_and_relations_come_with_every_default)
{
    box it = at_start(MODELS(&users, &orders));
    kx_field field;
    kx_index_info index;
    kx_relation relation;
    at_insert(it.txn, "users", "{\"name\":\"ann\",\"tags\":[1,2,2]}");
    at_ok(kx_field_at(it.txn, "users", 1, &field));
    ck_assert_str_eq(field.path, "state");
    ck_assert_str_eq(field.initial, "new");
    ck_assert(field.type == KX_TYPE_TEXT && !field.optional);
    at_ok(kx_field_at(it.txn, "users", 2, &field));
    ck_assert(field.type == KX_TYPE_NONE && field.optional && field.initial == NULL);
    ck_assert_str_eq(field.path, "address.city");
    ck_assert_int_eq(kx_field_at(it.txn, "users", 3, &field), KX_NOTFOUND);
    at_ok(kx_index_at(it.txn, "users", 0, &index));
    ck_assert(index.index.primary && index.index.unique && index.entries == 1 && !index.implied);
    at_ok(kx_index_at(it.txn, "users", 1, &index));
    ck_assert_str_eq(index.index.paths, "state,-name");
    at_ok(kx_index_at(it.txn, "users", 2, &index));
    ck_assert(index.index.multi && index.index.sparse && index.entries == 2);
    ck_assert_int_eq(kx_index_at(it.txn, "users", 3, &index), KX_NOTFOUND);
    at_ok(kx_index_at(it.txn, "orders", 0, &index));
    ck_assert(index.implied && !index.index.unique);
    at_ok(kx_relation_at(it.txn, "orders", 0, &relation));
    ck_assert_str_eq(relation.name, "user");
    ck_assert_str_eq(relation.related_field, "user_id");
    ck_assert_int_eq(relation.on_delete, KX_DO_NOTHING);
    at_ok(kx_relation_at(it.txn, "users", 0, &relation));
    ck_assert_str_eq(relation.name, "orders");
    ck_assert_str_eq(relation.local_field, "user_id");
    ck_assert_int_eq(relation.kind, KX_RELATED_SET);
    ck_assert_int_eq(kx_relation_at(it.txn, "users", 1, &relation), KX_NOTFOUND);
    at_fails(kx_field_at(it.txn, "zzz", 0, &field), KX_INVALID);
    at_fails(kx_index_at(it.txn, "zzz", 0, &index), KX_INVALID);
    at_fails(kx_relation_at(it.txn, "zzz", 0, &relation), KX_INVALID);
    at_end(&it);
}
END_TEST

static char *schema_of(kx_txn *txn)
{
    kx_collection_info info;
    const char *json;
    char *text = kxt_print("%s", "");
    for (size_t n = 0; kx_collection_at(txn, n, &info) == KX_OK; n++) {
        at_ok(kx_schema_json(txn, info.name, &json));
        ck_assert_ptr_null(strchr(json, '\n'));
        text = kxt_print("%s%s\n", text, json);
    }
    return text;
}

START_TEST(a_schema_as_text_declares_the_same_elsewhere)
{
    box it = at_start(MODELS(&users, &orders));
    kx_db *other;
    kx_txn *txn;
    char *text = schema_of(it.txn);
    at_ok(kx_open(kxt_path("other.kx"), &(kx_options){.schema_json = text}, &other));
    at_ok(kx_txn_begin(other, KX_WRITE, &txn));
    ck_assert_str_eq(schema_of(txn), text);
    at_ok(kx_declare_json(txn, text));
    at_ok(kx_declare(txn, MODELS(&users, &orders)));
    ck_assert_str_eq(schema_of(txn), text);
    at_ok(kx_drop_relation(txn, "orders", "user"));
    at_ok(kx_declare_json(txn, text));
    kx_txn_abort(txn);
    at_ok(kx_close(other));
    at_end(&it);
}
END_TEST

START_TEST(a_declaration_that_fails_leaves_nothing)
{
    box it = at_start(MODELS(&users, &orders));
    char *before = schema_of(it.txn);
    const kx_model clash = {.name = "users", .fields = FIELDS({.path = "name", .type = KX_TYPE_INT})};
    const kx_model fresh = {.name = "fresh"};
    at_fails(kx_declare(it.txn, MODELS(&fresh, &clash)), KX_CONFLICT);
    at_says("name");
    at_fails(kx_declare_json(it.txn, kxt_print("%snonsense\n", before)), KX_INVALID);
    at_fails(kx_declare_json(it.txn, "{\"collection\": 5}"), KX_INVALID);
    at_fails(kx_drop_collection(it.txn, "users"), KX_CONFLICT);
    at_fails(kx_drop_index(it.txn, "users", "user_id"), KX_CONFLICT);
    ck_assert_str_eq(schema_of(it.txn), before);
    at_renew(&it, KX_READ);
    at_fails(kx_declare(it.txn, MODELS(&fresh)), KX_READONLY);
    at_fails(kx_drop_field(it.txn, "users", "name"), KX_READONLY);
    at_ok(kx_declare(it.txn, MODELS(&users, &orders)));
    at_end(&it);
}
END_TEST

START_TEST(dropping_goes_step_by_step)
{
    box it = at_start(MODELS(&users, &orders));
    kx_collection_info info;
    at_ok(kx_drop_relation(it.txn, "orders", "user"));
    at_ok(kx_collection_named(it.txn, "orders", &info));
    ck_assert(info.relations == 0 && info.indexes == 0);
    at_ok(kx_drop_index(it.txn, "users", "state,-name"));
    at_ok(kx_drop_field(it.txn, "users", "name"));
    at_insert(it.txn, "users", "{\"name\":5}");
    at_ok(kx_drop_collection(it.txn, "users"));
    at_fails(kx_collection_named(it.txn, "users", &info), KX_INVALID);
    at_ok(kx_declare(it.txn, MODELS(&users)));
    at_ok(kx_collection_named(it.txn, "users", &info));
    ck_assert_uint_eq(info.documents, 0);
    at_end(&it);
}
END_TEST

static Suite *schema_suite(void)
{
    Suite *suite = suite_create("api/schema");
    TCase *cases = tcase_create("schema");
    tcase_add_test(cases, collections_are_told_in_order_with_their_sizes);
    tcase_add_test(cases, fields_indexes_and_relations_come_with_every_default);
    tcase_add_test(cases, a_schema_as_text_declares_the_same_elsewhere);
    tcase_add_test(cases, a_declaration_that_fails_leaves_nothing);
    tcase_add_test(cases, dropping_goes_step_by_step);
    suite_add_tcase(suite, cases);
    return suite;
}

int main(void)
{
    return kxt_run(schema_suite());
}
