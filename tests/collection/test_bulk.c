/* test_bulk.c -- kx_insert_many is many kx_insert()s that all succeed or none. */
#include "random_docs.h"

static const kx_model users = {
    .name = "users",
    .indexes = INDEXES({.paths = "email", .unique = true}, {.paths = "age"}, {.paths = "tags", .multi = true}),
};
static const kx_model keyed = {.name = "keyed", .indexes = INDEXES({.paths = "key", .primary = true}, {.paths = "n"})};

static kx_record json(const char *text)
{
    return (kx_record){.data = text, .size = strlen(text)};
}

static kx_record json_as(uint64_t id, const char *text)
{
    kx_record record = json(text);
    record.id = id;
    record.has_id = 1;
    return record;
}

static void end_and_close(kx_txn *txn)
{
    kx_db *db = txn->db;
    ct_check(txn);
    ct_ok(kx_txn_commit(txn));
    ct_check_store(db);
    ct_ok(kx_close(db));
}

/* ---- the same as one by one -------------------------------------------------------- */

static const char *dump_of(const kx_model *model, kx_record *records, size_t count, bool at_once, const char *file)
{
    kx_db *db;
    ct_ok(kx_open(kxt_path(file), &(kx_options){.models = MODELS(model), .sync = KX_SYNC_LATER}, &db));
    kx_txn *txn = ct_begin(db, KX_WRITE);
    if (at_once)
        ct_ok(kx_insert_many(txn, model->name, records, count, NULL));
    for (size_t i = 0; i < count && !at_once; i++)
        ct_ok(kx_insert_many(txn, model->name, &records[i], 1, NULL));
    ct_check(txn);
    ct_ok(kx_txn_commit(txn));
    const char *dump = ct_dump_store(db);
    ct_ok(kx_close(db));
    return dump;
}

START_TEST(many_at_once_give_the_same_bytes_as_one_by_one)
{
    enum { COUNT = 3000 };
    static kx_record records[COUNT];
    for (int i = 0; i < COUNT; i++)
        records[i] = json(kxt_print("{\"email\":\"%d\",\"age\":%d,\"tags\":[%d,\"t\",%d]}", (i * 7919) % COUNT, i % 13,
                                    i % 5, i % 3));
    const char *one_by_one = dump_of(&users, records, COUNT, false, "a.kx");
    ck_assert_str_eq(dump_of(&users, records, COUNT, true, "b.kx"), one_by_one);
}
END_TEST

START_TEST(random_documents_at_once_give_the_same_bytes_as_one_by_one)
{
    enum { MOST = 60 };
    uint64_t random = kxt_seed();
    for (uint64_t round = 0; round < kxt_scaled(40); round++) {
        kx_buf bytes[MOST] = {{0}};
        kx_record records[MOST];
        size_t count = 0;
        for (int i = 0; i < MOST; i++) {
            random_document(&random, &bytes[count]);
            kx_slice document = kx_buf__slice(&bytes[count]);
            bool fits = document_fits(document) == KX_OK;
            for (size_t n = 0; n < count && fits; n++)
                fits = !documents_clash(document, kx_buf__slice(&bytes[n]));
            if (!fits)
                continue;
            records[count++] = (kx_record){
                .data = document.data, .size = document.size, .id = 1000 - (uint64_t)i * 7, .has_id = random % 3 == 0};
        }
        const char *one_by_one = dump_of(&random_model, records, count, false, kxt_print("a%" PRIu64 ".kx", round));
        ck_assert_str_eq(dump_of(&random_model, records, count, true, kxt_print("b%" PRIu64 ".kx", round)), one_by_one);
        for (int i = 0; i < MOST; i++)
            kx_buf__free(&bytes[i]);
    }
}
END_TEST

/* More members and more declared fields than are looked at without memory of their own. */
START_TEST(wide_documents_at_once_give_the_same_bytes_as_one_by_one)
{
    enum { COUNT = 50, FIELDS = 40 };
    static kx_field fields[FIELDS + 1];
    static kx_record records[COUNT];
    for (int i = 0; i < FIELDS; i++)
        fields[i] = (kx_field){.path = kxt_print("field%d", i),
                               .type = KX_TYPE_INT,
                               .optional = i % 2,
                               .initial = i % 8 == 7 ? "7" : NULL};
    kx_model wide = {
        .name = "wide",
        .fields = fields,
        .indexes = INDEXES({.paths = "field38"}, {.paths = "extra39", .unique = true}, {.paths = "field7,-field0"}),
    };
    for (int i = 0; i < COUNT; i++) {
        const char *text = "{\"first\":[1,{\"field0\":2}]";
        for (int n = FIELDS - 1; n >= 0; n--)
            text = n % 8 == 7 ? kxt_print("%s,\"extra%d\":%d", text, n, i * 100 + n)
                              : kxt_print("%s,\"extra%d\":%d,\"field%d\":%d", text, n, i * 100 + n, n, i % 7 + n);
        records[i] = json(kxt_print("%s}", text));
    }
    const char *one_by_one = dump_of(&wide, records, COUNT, false, "a.kx");
    ck_assert_str_eq(dump_of(&wide, records, COUNT, true, "b.kx"), one_by_one);
}
END_TEST

START_TEST(json_and_messagepack_may_stand_side_by_side)
{
    static const uint8_t packed[] = {0x81, 0xa3, 'a', 'g', 'e', 5}, loose[] = {0x81, 0xd9, 3, 'a', 'g', 'e', 0xcc, 5};
    kx_txn *txn = ct_begin(ct_open(MODELS(&users)), KX_WRITE);
    kx_record records[] = {json("\n {\"age\": 5}"),
                           {.data = packed, .size = sizeof packed},
                           {.data = loose, .size = sizeof loose},
                           json("{\"age\":5}")};
    ct_ok(kx_insert_many(txn, "users", records, 4, NULL));
    for (uint64_t id = 1; id <= 4; id++) {
        ck_assert_uint_eq(records[id - 1].id, id);
        ck_assert_str_eq(ct_json(txn, "users", id), "{\"age\":5}");
    }
    end_and_close(txn);
}
END_TEST

START_TEST(a_hundred_thousand_documents_go_in_at_once)
{
    if (!kxt_plain())
        return;
    enum { COUNT = 100000, SIZE = 64 };
    kx_record *records = calloc(COUNT, sizeof *records);
    char *texts = malloc((size_t)COUNT * SIZE);
    ck_assert(records != NULL && texts != NULL);
    kx_txn *txn = ct_begin(ct_open(MODELS(&users)), KX_WRITE);
    for (int i = 0; i < COUNT; i++) {
        char *text = texts + (size_t)i * SIZE;
        snprintf(text, SIZE, "{\"email\":\"user%d\",\"age\":%d,\"tags\":[%d]}", (i * 7919) % COUNT, i % 90, i % 7);
        records[i] = json(text);
    }
    ct_ok(kx_insert_many(txn, "users", records, COUNT, NULL));
    ck_assert_uint_eq(records[COUNT - 1].id, COUNT);
    ck_assert_uint_eq(ct_entries(txn, "users", "email"), COUNT);
    ck_assert_uint_eq(ct_entries(txn, "users", "age"), COUNT);
    free(records);
    free(texts);
    end_and_close(txn);
}
END_TEST

START_TEST(none_at_all_is_fine)
{
    kx_txn *txn = ct_begin(ct_open(MODELS(&users)), KX_WRITE);
    size_t failed = 5;
    const char *before = ct_dump(txn);
    ct_ok(kx_insert_many(txn, "users", NULL, 0, &failed));
    ck_assert_uint_eq(failed, 0);
    ck_assert_str_eq(ct_dump(txn), before);
    end_and_close(txn);
}
END_TEST

/* ---- all or nothing -------------------------------------------------------------------- */

typedef struct refusal {
    kx_record records[3];
    int       code;
    size_t    failed;
} refusal;

START_TEST(one_refusal_refuses_all_and_names_the_record)
{
    kx_db *db = ct_open(MODELS(&users));
    kx_txn *txn = ct_begin(db, KX_WRITE);
    ct_insert(txn, "users", "{\"email\":\"a\",\"age\":1}");
    refusal refusals[] = {
        {{json("{\"email\":\"b\"}"), json("{\"email\":\"a\"}"), json("{}")}, KX_EXISTS, 1},
        {{json("{\"email\":\"c\"}"), json("{\"email\":\"b\"}"), json("{\"email\":\"c\"}")}, KX_EXISTS, 2},
        {{json("{}"), json("{}"), json("{\"a\":")}, KX_INVALID, 2},
        {{json("{\"tags\":7}"), json("{}"), json("{}")}, KX_INVALID, 0},
        {{json("{}"), json("{\"_id\":7}"), json("{}")}, KX_INVALID, 1},
        {{json("{}"), json_as(1, "{}"), json("{}")}, KX_EXISTS, 1},
        {{json_as(9, "{}"), json_as(8, "{}"), json_as(9, "{}")}, KX_EXISTS, 2},
        {{json("{}"), json("{}"), json_as(2, "{}")}, KX_EXISTS, 2},
        {{json("{}"), json_as(UINT64_MAX, "{}"), json("{}")}, KX_INVALID, 1},
        {{json("{}"), {.data = NULL}, json("{}")}, KX_INVALID, 1},
    };
    const char *before = ct_dump(txn);
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        size_t failed = 77;
        int rc = kx_insert_many(txn, "users", refusals[i].records, 3, &failed);
        ck_assert_msg(rc == refusals[i].code && failed == refusals[i].failed, "%zu: %d at %zu: %s", i, rc, failed,
                      kx_errmsg());
        ck_assert_str_eq(ct_dump(txn), before);
    }
    size_t failed;
    ct_fails(kx_insert_many(txn, "nothing", refusals[0].records, 3, &failed), KX_INVALID);
    ck_assert_uint_eq(failed, 3);
    ck_assert_uint_eq(ct_insert(txn, "users", "{}"), 2);
    end_and_close(txn);
}
END_TEST

START_TEST(long_unique_texts_clash_inside_a_call_only_when_they_are_equal)
{
    kx_txn *txn = ct_begin(ct_open(MODELS(&users)), KX_WRITE);
    kx_record records[3];
    for (int i = 0; i < 3; i++)
        records[i] = json(kxt_print("{\"email\":\"%0600d%d\"}", 1, i));
    ct_ok(kx_insert_many(txn, "users", records, 3, NULL));
    const char *before = ct_dump(txn);
    size_t failed;
    for (int i = 0; i < 3; i++)
        records[i] = json(kxt_print("{\"email\":\"%0600d%d\"}", 1, 3 + i % 2));
    ct_fails(kx_insert_many(txn, "users", records, 3, &failed), KX_EXISTS);
    ck_assert_uint_eq(failed, 2);
    records[2] = json(kxt_print("{\"email\":\"%0600d%d\"}", 1, 1));
    ct_fails(kx_insert_many(txn, "users", records, 3, &failed), KX_EXISTS);
    ck_assert_uint_eq(failed, 2);
    ct_says("is taken by document 2");
    for (int i = 0; i < 3; i++) {
        records[0] = json(kxt_print("{\"email\":\"%0600d%d\"}", 1, i));
        ct_fails(kx_insert_many(txn, "users", records, 1, &failed), KX_EXISTS);
    }
    ck_assert_str_eq(ct_dump(txn), before);
    end_and_close(txn);
}
END_TEST

START_TEST(ids_may_come_in_any_order_beside_given_ones)
{
    kx_txn *txn = ct_begin(ct_open(MODELS(&users)), KX_WRITE);
    ct_insert_as(txn, "users", 50, "{}");
    kx_record records[] = {json_as(60, "{\"age\":1}"), json_as(10, "{\"age\":2}"), json("{\"age\":3}"),
                           json_as(0, "{\"age\":4}"),  json("{\"age\":5}"),        json_as(55, "{\"age\":6}")};
    ct_ok(kx_insert_many(txn, "users", records, 6, NULL));
    ck_assert_uint_eq(records[2].id, 61);
    ck_assert_uint_eq(records[4].id, 62);
    ck_assert_str_eq(ct_json(txn, "users", 0), "{\"age\":4}");
    ck_assert_str_eq(ct_json(txn, "users", 55), "{\"age\":6}");
    end_and_close(txn);
}
END_TEST

START_TEST(in_a_primary_collection_the_fields_are_the_ids)
{
    kx_txn *txn = ct_begin(ct_open(MODELS(&keyed)), KX_WRITE);
    kx_record records[] = {json("{\"key\":30}"), json("{\"key\":10}"),     json("{\"n\":1}"),
                           json("{\"key\":20}"), json_as(40, "{\"n\":2}"), json("{\"n\":3,\"key\":null}")};
    ct_ok(kx_insert_many(txn, "keyed", records, 6, NULL));
    static const uint64_t ids[] = {30, 10, 31, 20, 40, 41};
    for (int i = 0; i < 6; i++)
        ck_assert_uint_eq(records[i].id, ids[i]);
    ck_assert_str_eq(ct_json(txn, "keyed", 31), "{\"n\":1,\"key\":31}");
    ck_assert_str_eq(ct_json(txn, "keyed", 41), "{\"n\":3,\"key\":41}");
    kx_record twice[] = {json("{\"key\":70}"), json("{\"key\":70}")},
              taken[] = {json("{\"key\":71}"), json("{\"key\":20}")};
    ct_fails(kx_insert_many(txn, "keyed", twice, 2, NULL), KX_EXISTS);
    ct_fails(kx_insert_many(txn, "keyed", taken, 2, NULL), KX_EXISTS);
    ck_assert_str_eq(kx_errmsg(), "keyed.key = 20 is taken by document 20");
    ck_assert_uint_eq(ct_count(txn, "keyed"), 6);
    end_and_close(txn);
}
END_TEST

START_TEST(a_restored_document_gets_no_initial_values)
{
    const kx_model filled = {.name = "filled",
                             .fields =
                                 FIELDS({.path = "state", .type = KX_TYPE_TEXT, .optional = true, .initial = "new"})};
    kx_txn *txn = ct_begin(ct_open(MODELS(&filled)), KX_WRITE);
    kx_record records[] = {json("{}"), json_as(9, "{\"a\":1}")};
    records[1].exact = 1;
    ct_ok(kx_insert_many(txn, "filled", records, 2, NULL));
    ck_assert_str_eq(ct_json(txn, "filled", 1), "{\"state\":\"new\"}");
    ck_assert_str_eq(ct_json(txn, "filled", 9), "{\"a\":1}");
    end_and_close(txn);
}
END_TEST

START_TEST(instances_notice_that_a_call_has_stored_their_document_again)
{
    kx_txn *txn = ct_begin(ct_open(MODELS(&users)), KX_WRITE);
    ct_insert_as(txn, "users", 5, "{\"age\":1}");
    kx_doc *doc = ct_get(txn, "users", 5);
    ct_ok(kx_remove(txn, "users", 5));
    kx_record again = json_as(5, "{\"other\":1}");
    ct_ok(kx_insert_many(txn, "users", &again, 1, NULL));
    ct_ok(kx_doc_set(doc, "age", kx_int(2)));
    ct_ok(kx_doc_save(doc));
    ck_assert_str_eq(ct_json(txn, "users", 5), "{\"other\":1,\"age\":2}");
    end_and_close(txn);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("collection/bulk");
    TCase *tests = tcase_create("bulk");
    tcase_add_test(tests, many_at_once_give_the_same_bytes_as_one_by_one);
    tcase_add_test(tests, random_documents_at_once_give_the_same_bytes_as_one_by_one);
    tcase_add_test(tests, wide_documents_at_once_give_the_same_bytes_as_one_by_one);
    tcase_add_test(tests, json_and_messagepack_may_stand_side_by_side);
    tcase_add_test(tests, a_hundred_thousand_documents_go_in_at_once);
    tcase_add_test(tests, none_at_all_is_fine);
    tcase_add_test(tests, one_refusal_refuses_all_and_names_the_record);
    tcase_add_test(tests, long_unique_texts_clash_inside_a_call_only_when_they_are_equal);
    tcase_add_test(tests, ids_may_come_in_any_order_beside_given_ones);
    tcase_add_test(tests, in_a_primary_collection_the_fields_are_the_ids);
    tcase_add_test(tests, a_restored_document_gets_no_initial_values);
    tcase_add_test(tests, instances_notice_that_a_call_has_stored_their_document_again);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return kxt_run(suite());
}
