/* test_write.c -- what indexes refuse, and that a refusal leaves every table as it was; ids. */
#include "collection_test.h"

#include <unistd.h>

static kx_db *the_db;

static kx_txn *open_with(const kx_model *model)
{
    the_db = ct_open(MODELS(model));
    return ct_begin(the_db, KX_WRITE);
}

static void end_and_close(kx_txn *txn)
{
    ct_check(txn);
    ct_ok(kx_txn_commit(txn));
    ct_check_store(the_db);
    ct_ok(kx_close(the_db));
}

/* ---- unique --------------------------------------------------------------------- */

static const kx_model accounts = {
    .name = "accounts",
    .indexes = INDEXES({.paths = "first"}, {.paths = "tags", .multi = true}, {.paths = "email", .unique = true},
                       {.paths = "a,-b", .unique = true}, {.paths = "last"}),
};

START_TEST(a_unique_violation_leaves_document_and_every_index_untouched)
{
    kx_txn *txn = open_with(&accounts);
    ct_insert(txn, "accounts", "{\"first\":1,\"email\":\"a\",\"a\":1,\"b\":2,\"tags\":[1,2],\"last\":\"x\"}");
    ct_insert(txn, "accounts", "{\"first\":1,\"email\":\"b\",\"a\":1,\"b\":3,\"tags\":[2,3],\"last\":\"y\"}");
    const char *before = ct_dump(txn);
    ct_fails(ct_try_insert(txn, "accounts", "{\"first\":9,\"email\":\"a\",\"tags\":[9]}"), KX_EXISTS);
    ck_assert_str_eq(kx_errmsg(), "accounts.email = \"a\" is taken by document 1");
    ct_fails(ct_try_insert(txn, "accounts", "{\"first\":9,\"a\":1.0,\"b\":3,\"tags\":[9]}"), KX_EXISTS);
    ck_assert_str_eq(kx_errmsg(), "accounts.a,-b = 1.0, 3 is taken by document 2");
    ct_fails(ct_put(txn, "accounts", 2, "{\"first\":9,\"email\":\"a\",\"last\":\"z\"}"), KX_EXISTS);
    ct_fails(ct_patch(txn, "accounts", 2, "{\"first\":9,\"tags\":[],\"b\":2}"), KX_EXISTS);
    ck_assert_str_eq(ct_dump(txn), before);
    kx_doc *doc = ct_get(txn, "accounts", 2);
    ct_ok(kx_doc_set(doc, "email", kx_text("a")));
    ct_ok(kx_doc_set(doc, "last", kx_text("w")));
    ct_fails(kx_doc_save(doc), KX_EXISTS);
    const kx_error *error = kx_last_error();
    ck_assert_str_eq(error->collection, "accounts");
    ck_assert_str_eq(error->path, "email");
    ck_assert(error->has_id && error->id == 2);
    ck_assert(error->value.type == KX_TYPE_TEXT && error->value.size == 1);
    ck_assert_str_eq(ct_dump(txn), before);
    ck_assert(kx_doc_is_changed(doc));
    ct_ok(kx_doc_set(doc, "email", kx_text("c")));
    ct_ok(kx_doc_save(doc));
    end_and_close(txn);
}
END_TEST

START_TEST(a_document_does_not_clash_with_itself)
{
    kx_txn *txn = open_with(&accounts);
    ct_insert(txn, "accounts", "{\"email\":\"a\",\"a\":1,\"b\":2}");
    ct_ok(ct_put(txn, "accounts", 1, "{\"b\":2,\"a\":1.0,\"email\":\"a\"}"));
    ct_ok(ct_patch(txn, "accounts", 1, "{\"email\":\"b\"}"));
    ct_ok(ct_patch(txn, "accounts", 1, "{\"email\":\"a\"}"));
    ck_assert_str_eq(ct_json(txn, "accounts", 1), "{\"b\":2,\"a\":1.0,\"email\":\"a\"}");
    end_and_close(txn);
}
END_TEST

START_TEST(values_that_were_given_up_are_free_again)
{
    kx_txn *txn = open_with(&accounts);
    ct_insert(txn, "accounts", "{\"email\":\"a\"}");
    ct_ok(ct_patch(txn, "accounts", 1, "{\"email\":null}"));
    ct_insert(txn, "accounts", "{\"email\":\"a\"}");
    ct_ok(kx_remove(txn, "accounts", 2));
    ct_insert(txn, "accounts", "{\"email\":\"a\"}");
    end_and_close(txn);
}
END_TEST

START_TEST(nulls_and_missing_values_never_clash)
{
    kx_txn *txn = open_with(&accounts);
    for (int i = 0; i < 3; i++) {
        ct_insert(txn, "accounts", "{}");
        ct_insert(txn, "accounts", "{\"email\":null,\"a\":1}");
        ct_insert(txn, "accounts", "{\"a\":null,\"b\":2}");
    }
    ck_assert_uint_eq(ct_entries(txn, "accounts", "email"), 9);
    for (uint64_t id = 1; id <= 9; id++)
        ct_ok(ct_put(txn, "accounts", id, "{\"a\":5}"));
    end_and_close(txn);
}
END_TEST

/* ---- long keys ---------------------------------------------------------------------- */

static const char *long_text(const char *end)
{
    return kxt_print("%0600d%s", 7, end);
}

static const kx_model pages = {
    .name = "pages",
    .indexes = INDEXES({.paths = "url", .unique = true}, {.paths = "lang,title", .unique = true},
                       {.paths = "keys", .unique = true, .multi = true},
                       {.paths = "words,city", .unique = true, .multi = true}, {.paths = "text"}),
};

START_TEST(shortened_unique_keys_are_compared_whole)
{
    kx_txn *txn = open_with(&pages);
    ct_insert(txn, "pages", kxt_print("{\"url\":\"%s\"}", long_text("a")));
    ct_insert(txn, "pages", kxt_print("{\"url\":\"%s\"}", long_text("b")));
    ct_insert(txn, "pages", kxt_print("{\"lang\":\"en\",\"title\":\"%s\"}", long_text("a")));
    ct_insert(txn, "pages", kxt_print("{\"lang\":\"de\",\"title\":\"%s\"}", long_text("a")));
    const char *before = ct_dump(txn);
    ct_fails(ct_try_insert(txn, "pages", kxt_print("{\"url\":\"%s\"}", long_text("a"))), KX_EXISTS);
    ct_says("is taken by document 1");
    ct_fails(ct_patch(txn, "pages", 1, kxt_print("{\"url\":\"%s\"}", long_text("b"))), KX_EXISTS);
    ct_fails(ct_try_insert(txn, "pages", kxt_print("{\"lang\":\"de\",\"title\":\"%s\"}", long_text("a"))), KX_EXISTS);
    ct_says("is taken by document 4");
    ck_assert_str_eq(ct_dump(txn), before);
    ct_ok(ct_patch(txn, "pages", 1, kxt_print("{\"url\":\"%s\"}", long_text("c"))));
    ct_insert(txn, "pages", kxt_print("{\"url\":\"%s\"}", long_text("a")));
    kx_doc *doc;
    ct_ok(kx_get(txn, "pages", "url", kx_text(long_text("a")), &doc));
    ck_assert_uint_eq(kx_doc_id(doc), 5);
    end_and_close(txn);
}
END_TEST

START_TEST(a_null_part_beside_a_long_one_never_clashes)
{
    kx_txn *txn = open_with(&pages);
    const char *json = kxt_print("{\"title\":\"%s\"}", long_text("a"));
    kx_record records[3];
    for (int i = 0; i < 3; i++)
        records[i] = (kx_record){.data = json, .size = strlen(json)};
    ct_insert(txn, "pages", json);
    ct_ok(kx_insert_many(txn, "pages", records, 3, NULL));
    ct_insert(txn, "pages", json);
    ct_ok(kx_drop_index(txn, "pages", "lang,title"));
    ct_ok(kx_declare(txn, MODELS(&pages)));
    ck_assert_uint_eq(ct_entries(txn, "pages", "lang,title"), 5);
    end_and_close(txn);
}
END_TEST

START_TEST(elements_of_unique_arrays_clash_across_documents_only)
{
    kx_txn *txn = open_with(&pages);
    ct_insert(txn, "pages", "{\"keys\":[1,1,1.0,2,null,null]}");
    ck_assert_uint_eq(ct_entries(txn, "pages", "keys"), 3);
    ct_insert(txn, "pages", "{\"keys\":[null,3]}");
    const char *before = ct_dump(txn);
    ct_fails(ct_try_insert(txn, "pages", "{\"keys\":[5,2.0]}"), KX_EXISTS);
    ct_fails(ct_patch(txn, "pages", 2, "{\"keys\":[3,1]}"), KX_EXISTS);
    ck_assert_str_eq(ct_dump(txn), before);
    ct_ok(ct_patch(txn, "pages", 1, "{\"keys\":[2]}"));
    ct_ok(ct_patch(txn, "pages", 2, "{\"keys\":[3,1,3]}"));
    end_and_close(txn);
}
END_TEST

START_TEST(long_elements_of_unique_arrays_are_compared_whole)
{
    kx_txn *txn = open_with(&pages);
    ct_insert(txn, "pages",
              kxt_print("{\"keys\":[\"%s\",\"%s\",\"%s\"]}", long_text("a"), long_text("a"), long_text("b")));
    ck_assert_uint_eq(ct_entries(txn, "pages", "keys"), 2);
    ct_insert(txn, "pages", kxt_print("{\"keys\":[\"%s\"]}", long_text("c")));
    ct_fails(ct_try_insert(txn, "pages", kxt_print("{\"keys\":[1,\"%s\"]}", long_text("b"))), KX_EXISTS);
    ct_insert(txn, "pages", kxt_print("{\"words\":[1],\"city\":\"%s\"}", long_text("a")));
    ct_insert(txn, "pages", kxt_print("{\"words\":[2],\"city\":\"%s\"}", long_text("a")));
    ct_insert(txn, "pages", kxt_print("{\"words\":[1],\"city\":\"%s\"}", long_text("b")));
    ct_fails(ct_try_insert(txn, "pages", kxt_print("{\"words\":[3,1.0],\"city\":\"%s\"}", long_text("a"))), KX_EXISTS);
    ct_says("is taken by document 3");
    ct_insert(txn, "pages", kxt_print("{\"words\":[1,1.0],\"city\":\"%s\"}", long_text("c")));
    end_and_close(txn);
}
END_TEST

START_TEST(ten_megabytes_of_text_can_be_indexed)
{
    kx_txn *txn = open_with(&pages);
    size_t size = 10 << 20;
    char *json = malloc(size + 64);
    ck_assert_ptr_nonnull(json);
    int head = sprintf(json, "{\"text\":\"");
    memset(json + head, 'x', size);
    strcpy(json + head + size, "\"}");
    ct_insert(txn, "pages", json);
    ct_insert(txn, "pages", json);
    kx_doc *doc;
    ct_ok(kx_get(txn, "pages", "text", kx_text_n(json + head, size), &doc));
    ck_assert_uint_eq(kx_doc_id(doc), 1);
    ct_fails(kx_get(txn, "pages", "text", kx_text_n(json + head, size - 1), &doc), KX_NOTFOUND);
    ct_ok(kx_remove(txn, "pages", 1));
    free(json);
    end_and_close(txn);
}
END_TEST

/* ---- multi, sparse, nested ------------------------------------------------------------ */

static const kx_model carts = {
    .name = "carts",
    .indexes = INDEXES({.paths = "tags", .multi = true}, {.paths = "items[].sku", .multi = true},
                       {.paths = "-tags,owner.city", .multi = true}, {.paths = "coupon", .sparse = true},
                       {.paths = "owner.city,owner.zip", .sparse = true}, {.paths = "`a.b`"}),
};

START_TEST(a_multi_index_has_an_entry_for_each_distinct_element)
{
    kx_txn *txn = open_with(&carts);
    ct_insert(txn, "carts",
              "{\"tags\":[\"x\",\"y\",\"x\"],\"items\":[{\"sku\":1},{\"sku\":2},{\"sku\":1.0},{\"n\":1}],\"owner\":{"
              "\"city\":\"Ulm\"}}");
    ct_insert(txn, "carts", "{\"tags\":[],\"items\":[]}");
    ct_insert(txn, "carts", "{\"tags\":null,\"items\":null}");
    ct_insert(txn, "carts", "{}");
    ct_insert(txn, "carts", "{\"tags\":[[1],[1],{\"a\":1},null]}");
    ck_assert_uint_eq(ct_entries(txn, "carts", "tags"), 5);
    ck_assert_uint_eq(ct_entries(txn, "carts", "items[].sku"), 2);
    ck_assert_uint_eq(ct_entries(txn, "carts", "-tags,owner.city"), 5);
    kx_doc *doc;
    kx_query query = {.where = KX_WHERE({"tags", KX_CONTAINS, kx_text("y")})};
    ct_ok(kx_first(txn, "carts", &query, &doc));
    ck_assert_uint_eq(kx_doc_id(doc), 1);
    ct_ok(ct_patch(txn, "carts", 1, "{\"tags\":[\"z\"],\"items\":[{\"sku\":2}]}"));
    ck_assert_uint_eq(ct_entries(txn, "carts", "tags"), 4);
    end_and_close(txn);
}
END_TEST

START_TEST(anything_but_an_array_at_a_multi_index_is_invalid_and_named)
{
    kx_txn *txn = open_with(&carts);
    ct_insert(txn, "carts", "{\"tags\":[1]}");
    const char *before = ct_dump(txn);
    ct_fails(ct_try_insert(txn, "carts", "{\"tags\":\"x\"}"), KX_INVALID);
    ct_says("carts.tags is no array");
    ct_fails(ct_try_insert(txn, "carts", "{\"items\":{\"sku\":1}}"), KX_INVALID);
    ct_says("items[].sku");
    ct_fails(ct_patch(txn, "carts", 1, "{\"tags\":{}}"), KX_INVALID);
    ck_assert_str_eq(kx_last_error()->collection, "carts");
    ck_assert_str_eq(kx_last_error()->path, "tags");
    kx_record records[] = {{.data = "{}", .size = 2}, {.data = "{\"tags\":3}", .size = 10}};
    size_t failed;
    ct_fails(kx_insert_many(txn, "carts", records, 2, &failed), KX_INVALID);
    ck_assert_uint_eq(failed, 1);
    ck_assert_str_eq(ct_dump(txn), before);
    end_and_close(txn);
}
END_TEST

START_TEST(a_sparse_index_leaves_out_what_is_null)
{
    kx_txn *txn = open_with(&carts);
    ct_insert(txn, "carts", "{\"coupon\":\"c\",\"owner\":{\"city\":\"Ulm\",\"zip\":1}}");
    ct_insert(txn, "carts", "{\"coupon\":null,\"owner\":{\"city\":\"Ulm\"}}");
    ct_insert(txn, "carts", "{\"owner\":5,\"a.b\":1}");
    ck_assert_uint_eq(ct_entries(txn, "carts", "coupon"), 1);
    ck_assert_uint_eq(ct_entries(txn, "carts", "owner.city,owner.zip"), 1);
    ck_assert_uint_eq(ct_entries(txn, "carts", "`a.b`"), 3);
    ct_ok(ct_patch(txn, "carts", 1, "{\"coupon\":null}"));
    ct_ok(ct_patch(txn, "carts", 2, "{\"coupon\":\"d\"}"));
    ck_assert_uint_eq(ct_entries(txn, "carts", "coupon"), 1);
    end_and_close(txn);
}
END_TEST

START_TEST(a_large_array_is_replaced_by_another_in_one_pass)
{
    kx_txn *txn = open_with(&carts);
    int count = (int)kxt_scaled(50000);
    kx_builder builder;
    kx_slice bytes;
    for (int round = 0; round < 3; round++) {
        kx_builder__init(&builder);
        kx_builder__map(&builder);
        kx_builder__key(&builder, "tags");
        kx_builder__array(&builder);
        for (int i = 0; i < count; i++) {
            kx_value value = kx_int(round * count / 2 + i);
            kx_builder__value(&builder, &value);
        }
        kx_builder__end(&builder);
        kx_builder__end(&builder);
        ck_assert_int_eq(kx_builder__finish(&builder, &bytes), KX_OK);
        ct_ok(round == 0 ? kx_insert(txn, "carts", bytes.data, bytes.size, NULL)
                         : kx_put(txn, "carts", 1, bytes.data, bytes.size));
        kx_builder__free(&builder);
        ck_assert_uint_eq(ct_entries(txn, "carts", "tags"), (uint64_t)count);
    }
    end_and_close(txn);
}
END_TEST

/* ---- ids -------------------------------------------------------------------------------- */

static const kx_model plain = {.name = "plain"};
static const kx_model keyed = {
    .name = "keyed", .indexes = INDEXES({.paths = "key", .primary = true}, {.paths = "name", .unique = true})};

START_TEST(ids_are_never_given_again_once_committed)
{
    kx_txn *txn = open_with(&plain);
    for (uint64_t i = 1; i <= 5; i++)
        ck_assert_uint_eq(ct_insert(txn, "plain", "{}"), i);
    ct_ok(kx_txn_commit(txn));
    txn = ct_begin(the_db, KX_WRITE);
    ct_ok(kx_remove(txn, "plain", 4));
    ct_ok(kx_remove(txn, "plain", 5));
    ct_ok(kx_remove(txn, "plain", 3));
    ct_ok(kx_txn_commit(txn));
    ct_ok(kx_close(the_db));
    txn = open_with(&plain);
    ck_assert_uint_eq(ct_insert(txn, "plain", "{}"), 6);
    for (uint64_t id = 1; id <= 6; id++)
        ck_assert_int_eq(kx_remove(txn, "plain", id), id > 2 && id < 6 ? KX_NOTFOUND : KX_OK);
    ct_ok(kx_txn_commit(txn));
    txn = ct_begin(the_db, KX_WRITE);
    ck_assert_uint_eq(ct_insert(txn, "plain", "{}"), 7);
    kx_txn_abort(txn);
    txn = ct_begin(the_db, KX_WRITE);
    ck_assert_uint_eq(ct_insert(txn, "plain", "{}"), 7);
    end_and_close(txn);
}
END_TEST

START_TEST(a_rolled_back_id_is_given_again)
{
    kx_txn *txn = open_with(&plain), *child;
    ct_insert(txn, "plain", "{}");
    child = ct_child(txn);
    ck_assert_uint_eq(ct_insert(child, "plain", "{}"), 2);
    ct_ok(kx_remove(child, "plain", 2));
    ck_assert_uint_eq(ct_insert(child, "plain", "{}"), 3);
    kx_txn_abort(child);
    ck_assert_uint_eq(ct_insert(txn, "plain", "{}"), 2);
    end_and_close(txn);
}
END_TEST

START_TEST(an_id_that_was_asked_for_raises_the_next_one)
{
    kx_txn *txn = open_with(&plain);
    ct_insert_as(txn, "plain", 100, "{}");
    ct_insert_as(txn, "plain", 7, "{}");
    ct_insert_as(txn, "plain", 0, "{}");
    ck_assert_uint_eq(ct_insert(txn, "plain", "{}"), 101);
    kx_record taken = {.data = "{}", .size = 2, .id = 7, .has_id = 1};
    ct_fails(kx_insert_many(txn, "plain", &taken, 1, NULL), KX_EXISTS);
    ck_assert_str_eq(kx_errmsg(), "plain: id 7 is taken");
    taken.id = UINT64_C(1) << 63;
    ct_fails(kx_insert_many(txn, "plain", &taken, 1, NULL), KX_INVALID);
    ck_assert_str_eq(ct_json(txn, "plain", 0), "{}");
    end_and_close(txn);
}
END_TEST

START_TEST(after_the_last_id_there_is_a_limit_even_when_it_is_deleted)
{
    kx_txn *txn = open_with(&plain);
    kx_collection_info info;
    ct_insert_as(txn, "plain", INT64_MAX, "{\"a\":1}");
    ct_fails(ct_try_insert(txn, "plain", "{}"), KX_LIMIT);
    kx_record records[] = {{.data = "{}", .size = 2, .id = 5, .has_id = 1}, {.data = "{}", .size = 2}};
    size_t failed;
    ct_fails(kx_insert_many(txn, "plain", records, 2, &failed), KX_LIMIT);
    ck_assert_uint_eq(failed, 1);
    ct_ok(kx_remove(txn, "plain", INT64_MAX));
    ct_fails(ct_try_insert(txn, "plain", "{}"), KX_LIMIT);
    ct_ok(kx_collection_named(txn, "plain", &info));
    ck_assert_uint_eq(info.next_id, UINT64_C(1) << 63);
    const char *schema;
    ct_ok(kx_schema_json(txn, "plain", &schema));
    ct_ok(kx_declare_json(txn, schema));
    ct_insert_as(txn, "plain", 3, "{}");
    records[0] = (kx_record){.data = "{}", .size = 2, .id = INT64_MAX, .has_id = 1};
    ct_fails(kx_insert_many(txn, "plain", records, 2, NULL), KX_LIMIT);
    ct_ok(kx_insert_many(txn, "plain", records, 1, NULL));
    end_and_close(txn);
}
END_TEST

START_TEST(the_last_id_can_be_given_inside_one_call_and_no_further)
{
    kx_txn *txn = open_with(&plain);
    kx_record records[] = {{.data = "{}", .size = 2, .id = INT64_MAX, .has_id = 1}, {.data = "{}", .size = 2}};
    size_t failed;
    ct_fails(kx_insert_many(txn, "plain", records, 2, &failed), KX_LIMIT);
    ck_assert_uint_eq(failed, 1);
    ck_assert_uint_eq(ct_count(txn, "plain"), 0);
    end_and_close(txn);
}
END_TEST

START_TEST(a_primary_field_is_the_id)
{
    kx_txn *txn = open_with(&keyed);
    ck_assert_uint_eq(ct_insert(txn, "keyed", "{\"key\":40,\"name\":\"a\"}"), 40);
    ck_assert_uint_eq(ct_insert(txn, "keyed", "{\"name\":\"b\"}"), 41);
    ck_assert_str_eq(ct_json(txn, "keyed", 41), "{\"name\":\"b\",\"key\":41}");
    ck_assert_uint_eq(ct_insert(txn, "keyed", "{\"key\":null}"), 42);
    ck_assert_str_eq(ct_json(txn, "keyed", 42), "{\"key\":42}");
    ck_assert_uint_eq(ct_insert(txn, "keyed", "{\"key\":0}"), 0);
    kx_doc *doc;
    ct_ok(kx_doc_from_json(txn, "keyed", "{\"name\":\"c\"}", &doc));
    ct_ok(kx_doc_save(doc));
    ck_assert_str_eq(ct_shows(doc), "{\"name\":\"c\",\"key\":43}");
    ct_ok(kx_get(txn, "keyed", "key", kx_real(43), &doc));
    ck_assert_uint_eq(kx_doc_id(doc), 43);
    ct_insert(txn, "keyed", "{\"key\":9223372036854775807}");
    ct_fails(ct_try_insert(txn, "keyed", "{}"), KX_LIMIT);
    end_and_close(txn);
}
END_TEST

START_TEST(what_is_no_id_is_refused_as_a_primary_field)
{
    kx_txn *txn = open_with(&keyed);
    static const char *const wrong[] = {
        "7.0", "-1", "9223372036854775808", "{\"$numberUnsigned\":\"9223372036854775808\"}", "\"7\"", "true",
        "[1]", "{}"};
    const char *before = ct_dump(txn);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        int rc = ct_try_insert(txn, "keyed", kxt_print("{\"key\":%s}", wrong[i]));
        ck_assert_msg(rc == KX_INVALID, "%s: %d", wrong[i], rc);
    }
    ct_fails(ct_try_insert(txn, "keyed", "{\"key\":7.0}"), KX_INVALID);
    ck_assert_str_eq(kx_errmsg(), "keyed.key = 7.0: a primary field is an integer from 0 to 2^63-1");
    kx_record record = {.data = "{\"key\":5}", .size = 9, .id = 6, .has_id = 1};
    ct_fails(kx_insert_many(txn, "keyed", &record, 1, NULL), KX_INVALID);
    ck_assert_str_eq(ct_dump(txn), before);
    record.id = 5;
    ct_ok(kx_insert_many(txn, "keyed", &record, 1, NULL));
    ct_fails(ct_try_insert(txn, "keyed", "{\"key\":5}"), KX_EXISTS);
    ck_assert_str_eq(kx_errmsg(), "keyed.key = 5 is taken by document 5");
    record = (kx_record){.data = "{}", .size = 2, .id = 9, .has_id = 1};
    ct_ok(kx_insert_many(txn, "keyed", &record, 1, NULL));
    ck_assert_str_eq(ct_json(txn, "keyed", 9), "{\"key\":9}");
    end_and_close(txn);
}
END_TEST

START_TEST(a_primary_field_never_changes)
{
    kx_txn *txn = open_with(&keyed);
    ct_insert(txn, "keyed", "{\"key\":5,\"name\":\"a\"}");
    const char *before = ct_dump(txn);
    ct_fails(ct_put(txn, "keyed", 5, "{\"key\":6}"), KX_INVALID);
    ct_fails(ct_put(txn, "keyed", 5, "{}"), KX_INVALID);
    ct_fails(ct_patch(txn, "keyed", 5, "{\"key\":5.0}"), KX_INVALID);
    ct_fails(ct_patch(txn, "keyed", 5, "{\"key\":null}"), KX_INVALID);
    kx_doc *doc = ct_get(txn, "keyed", 5);
    ct_ok(kx_doc_set(doc, "key", kx_int(8)));
    ct_fails(kx_doc_save(doc), KX_INVALID);
    ck_assert_str_eq(kx_errmsg(), "keyed.key is the document's id and never changes");
    ct_ok(kx_doc_unset(doc, "key"));
    ct_fails(kx_doc_save(doc), KX_INVALID);
    ck_assert_str_eq(ct_dump(txn), before);
    ct_ok(ct_put(txn, "keyed", 5, "{\"name\":\"b\",\"key\":5}"));
    end_and_close(txn);
}
END_TEST

/* ---- bytes in ------------------------------------------------------------------------------ */

START_TEST(bytes_that_are_no_document_are_refused_and_change_nothing)
{
    static const char *const wrong[] = {
        "{\"a\":1", "{\"a\":1}x",       "[1]",          "{\"a\":1,\"a\":2}", "{\"_id\":1}",     "", "{\"a\":\"\xff\"}",
        "\x81\xa1", "\x93\x01\x02\x03", "\x81\x01\x02", "{\"a\":NaN}",       "\x81\xa1\x61\xc1"};
    kx_txn *txn = open_with(&plain);
    ct_insert(txn, "plain", "{\"k\":1}");
    const char *before = ct_dump(txn);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        kx_record record = {.data = wrong[i], .size = strlen(wrong[i])};
        kx_doc *doc;
        ck_assert_msg(ct_try_insert(txn, "plain", wrong[i]) == KX_INVALID, "insert '%s'", wrong[i]);
        ck_assert_msg(ct_put(txn, "plain", 1, wrong[i]) == KX_INVALID, "put '%s'", wrong[i]);
        ck_assert_msg(ct_patch(txn, "plain", 1, wrong[i]) == KX_INVALID, "patch '%s'", wrong[i]);
        ck_assert_msg(kx_insert_many(txn, "plain", &record, 1, NULL) == KX_INVALID, "insert_many '%s'", wrong[i]);
        ck_assert_msg(kx_doc_from_msgpack(txn, "plain", wrong[i], strlen(wrong[i]), &doc) == KX_INVALID,
                      "from_msgpack '%s'", wrong[i]);
        ck_assert_ptr_null(doc);
    }
    ct_fails(ct_put(txn, "plain", 2, "{}"), KX_NOTFOUND);
    ct_fails(ct_patch(txn, "plain", 2, "{}"), KX_NOTFOUND);
    ct_fails(kx_remove(txn, "plain", 2), KX_NOTFOUND);
    ct_fails(ct_try_insert(txn, "plane", "{}"), KX_INVALID);
    ck_assert_str_eq(ct_dump(txn), before);
    end_and_close(txn);
}
END_TEST

START_TEST(a_patch_sets_whole_top_level_members_whatever_their_names)
{
    kx_txn *txn = open_with(&plain);
    ct_insert(txn, "plain", "{\"a.b\":1,\"a\":{\"b\":2,\"c\":3},\"`\":4,\"\":5,\"x[0]\":6}");
    ct_ok(ct_patch(txn, "plain", 1, "{\"a.b\":10,\"a\":{\"b\":20},\"`\":40,\"\":50,\"x[0]\":60,\"new\":[]}"));
    ck_assert_str_eq(ct_json(txn, "plain", 1), "{\"a.b\":10,\"a\":{\"b\":20},\"`\":40,\"\":50,\"x[0]\":60,\"new\":[]}");
    ct_ok(ct_patch(txn, "plain", 1, "{}"));
    end_and_close(txn);
}
END_TEST

START_TEST(all_forms_of_a_document_are_stored_as_the_same_bytes)
{
    kx_txn *txn = open_with(&plain);
    static const uint8_t longer[] = {0xde, 0, 2, 0xd9, 1,    'a', 0xd3, 0,    0, 0, 0,
                                     0,    0, 0, 5,    0xa1, 'b', 0xca, 0x3f, 0, 0, 0};
    kx_doc *doc;
    ct_ok(kx_insert(txn, "plain", longer, sizeof longer, NULL));
    ct_insert(txn, "plain", " {\"a\": 5, \"b\": 0.5}");
    ct_ok(kx_doc_new(txn, "plain", &doc));
    ct_ok(kx_doc_set(doc, "a", kx_int(5)));
    ct_ok(kx_doc_set(doc, "b", kx_real(0.5)));
    ct_ok(kx_doc_save(doc));
    const void *first, *other;
    size_t size, other_size;
    ct_ok(kx_doc_msgpack(ct_get(txn, "plain", 1), &first, &size));
    for (uint64_t id = 2; id <= 3; id++) {
        ct_ok(kx_doc_msgpack(ct_get(txn, "plain", id), &other, &other_size));
        ck_assert_uint_eq(other_size, size);
        ck_assert_mem_eq(other, first, size);
    }
    end_and_close(txn);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("collection/write");
    TCase *tests = tcase_create("write");
    tcase_add_test(tests, a_unique_violation_leaves_document_and_every_index_untouched);
    tcase_add_test(tests, a_document_does_not_clash_with_itself);
    tcase_add_test(tests, values_that_were_given_up_are_free_again);
    tcase_add_test(tests, nulls_and_missing_values_never_clash);
    tcase_add_test(tests, shortened_unique_keys_are_compared_whole);
    tcase_add_test(tests, a_null_part_beside_a_long_one_never_clashes);
    tcase_add_test(tests, elements_of_unique_arrays_clash_across_documents_only);
    tcase_add_test(tests, long_elements_of_unique_arrays_are_compared_whole);
    tcase_add_test(tests, ten_megabytes_of_text_can_be_indexed);
    tcase_add_test(tests, a_multi_index_has_an_entry_for_each_distinct_element);
    tcase_add_test(tests, anything_but_an_array_at_a_multi_index_is_invalid_and_named);
    tcase_add_test(tests, a_sparse_index_leaves_out_what_is_null);
    tcase_add_test(tests, a_large_array_is_replaced_by_another_in_one_pass);
    tcase_add_test(tests, ids_are_never_given_again_once_committed);
    tcase_add_test(tests, a_rolled_back_id_is_given_again);
    tcase_add_test(tests, an_id_that_was_asked_for_raises_the_next_one);
    tcase_add_test(tests, after_the_last_id_there_is_a_limit_even_when_it_is_deleted);
    tcase_add_test(tests, the_last_id_can_be_given_inside_one_call_and_no_further);
    tcase_add_test(tests, a_primary_field_is_the_id);
    tcase_add_test(tests, what_is_no_id_is_refused_as_a_primary_field);
    tcase_add_test(tests, a_primary_field_never_changes);
    tcase_add_test(tests, bytes_that_are_no_document_are_refused_and_change_nothing);
    tcase_add_test(tests, a_patch_sets_whole_top_level_members_whatever_their_names);
    tcase_add_test(tests, all_forms_of_a_document_are_stored_as_the_same_bytes);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return kxt_run(suite());
}
