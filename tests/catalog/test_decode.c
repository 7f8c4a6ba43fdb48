/*
 * test_decode.c -- the rows of kx/catalog and kx/meta: their form, what later versions may have put there, and damage.
 */
#include "catalog_support.h"

#include <stdlib.h>
#include <string.h>

static const kx_catalog *shop(void)
{
    return kxt_declared(
        kxt_empty(),
        MODELS(MODEL("users",
                     .fields = FIELDS({.path = "name", .type = KX_TYPE_TEXT},
                                      {.path = "plan", .type = KX_TYPE_TEXT, .optional = true, .initial = "free"}),
                     .indexes = INDEXES({.paths = "user_id", .primary = true},
                                        {.paths = "email", .unique = true, .sparse = true})),
               MODEL("orders", .indexes = INDEXES({.paths = "status,-amount"}, {.paths = "tags", .multi = true}),
                     .relations = RELATIONS({.name = "user",
                                             .kind = KX_FOREIGN_KEY,
                                             .target = "users",
                                             .foreign_key = "user_id",
                                             .reverse = "orders",
                                             .optional = true}))));
}

static kx_catalog *with_orders(const char *json)
{
    int rc;
    kx_catalog *catalog = kxt_with_row(shop(), 3, json, &rc);
    ck_assert_msg(rc == KX_OK, "%d: %s", rc, rc != KX_OK ? kxt_error(rc) : "");
    return catalog;
}

static void corrupt(const char *json, const char *text)
{
    int rc;
    ck_assert_ptr_null(kxt_with_row(shop(), 3, json, &rc));
    ck_assert_int_eq(rc, KX_CORRUPT);
    ck_assert_str_eq(kxt_error(rc), text);
}

static int decode_meta(const char *json)
{
    kx_buf meta = {0};
    kx_catalog *catalog;
    ck_assert_int_eq(kx_document__from_json(json, strlen(json), false, &meta), KX_OK);
    int rc = kx_catalog__decode(NULL, kx_buf__slice(&meta), NULL, NULL, 0, &catalog);
    if (rc != KX_OK)
        ck_assert_ptr_null(catalog);
    kx_catalog__release(catalog);
    kx_buf__free(&meta);
    return rc;
}

/* ---- form --------------------------------------------------------------------------- */

START_TEST(rows_are_documents_of_this_form)
{
    ck_assert_str_eq(kxt_row(shop(), "users"),
                     "{\"collection\":\"users\",\"fields\":[{\"path\":\"name\",\"type\":\"text\"},{\"path\":\"plan\","
                     "\"type\":\"text\",\"optional\":true,\"initial\":\"free\"}],"
                     "\"indexes\":[{\"paths\":\"user_id\",\"primary\":true},{\"paths\":\"email\",\"unique\":true,"
                     "\"sparse\":true,\"table\":4}],"
                     "\"relations\":[{\"name\":\"orders\",\"kind\":\"related_set\",\"target\":\"orders\",\"foreign_"
                     "key\":\"user_id\",\"implied\":true}]}");
    ck_assert_str_eq(kxt_row(shop(), "orders"),
                     "{\"collection\":\"orders\","
                     "\"indexes\":[{\"paths\":\"status,-amount\",\"table\":5},{\"paths\":\"tags\",\"multi\":true,"
                     "\"table\":6},{\"paths\":\"user_id\",\"implied\":true,\"table\":7}],"
                     "\"relations\":[{\"name\":\"user\",\"kind\":\"foreign_key\",\"target\":\"users\",\"foreign_key\":"
                     "\"user_id\",\"reverse\":\"orders\",\"optional\":true}]}");
    ck_assert_str_eq(kxt_meta(shop()), "{\"format\":1,\"epoch\":1,\"schema_version\":0,\"next_table\":8,\"free\":{}}");
    ck_assert_str_eq(kxt_meta(kxt_empty()),
                     "{\"format\":1,\"epoch\":0,\"schema_version\":0,\"next_table\":2,\"free\":{}}");
}
END_TEST

START_TEST(a_catalog_survives_its_documents)
{
    kx_catalog *again = kxt_reloaded(shop());
    ck_assert_str_eq(kxt_described(again), kxt_described(shop()));
    ck_assert_str_eq(kxt_row(again, "orders"), kxt_row(shop(), "orders"));
    ck_assert_str_eq(kxt_meta(again), kxt_meta(shop()));
    ck_assert_uint_eq(again->epoch, 1);
}
END_TEST

START_TEST(the_epoch_is_read_alone)
{
    kx_buf meta = {0};
    uint64_t epoch = 7;
    kx_catalog__encode_meta(shop(), &meta);
    ck_assert_int_eq(kx_catalog__epoch(kx_buf__slice(&meta), &epoch), KX_OK);
    ck_assert_uint_eq(epoch, 1);
    ck_assert_int_eq(kx_catalog__epoch(kx_slice_of("\x80", 1), &epoch), KX_CORRUPT);
    ck_assert_int_eq(kx_catalog__epoch(kx_slice_of(NULL, 0), &epoch), KX_CORRUPT);
    ck_assert_uint_eq(epoch, 0);
    kx_buf__free(&meta);
}
END_TEST

START_TEST(rows_may_come_in_any_order)
{
    const kx_catalog *catalog = shop();
    kx_buf meta = {0}, one = {0}, other = {0};
    kx_catalog__encode_meta(catalog, &meta);
    kx_catalog__encode(&catalog->collections[0], &one);
    kx_catalog__encode(&catalog->collections[1], &other);
    kx_slice rows[] = {kx_buf__slice(&other), kx_buf__slice(&one)};
    kx_catalog *decoded;
    ck_assert_int_eq(kx_catalog__decode(NULL, kx_buf__slice(&meta), (uint64_t[]){3, 2}, rows, 2, &decoded), KX_OK);
    ck_assert_str_eq(decoded->collections[0].name, "users");
    ck_assert_str_eq(kxt_described(decoded), kxt_described(catalog));
    kx_catalog__release(decoded);
    kx_buf__free(&meta);
    kx_buf__free(&one);
    kx_buf__free(&other);
}
END_TEST

/* ---- later versions ------------------------------------------------------------------- */

START_TEST(unknown_members_survive_being_written_again)
{
    const char *row = "{\"collection\":\"orders\",\"fields\":[{\"path\":\"n\",\"type\":\"int\",\"unit\":\"cm\"}],"
                      "\"indexes\":[{\"paths\":\"status,-amount\",\"table\":5,\"comment\":[1,2]},{\"paths\":\"user_"
                      "id\",\"implied\":true,\"table\":7}],"
                      "\"relations\":[{\"name\":\"user\",\"kind\":\"foreign_key\",\"target\":\"users\",\"foreign_key\":"
                      "\"user_id\",\"reverse\":\"orders\",\"optional\":true,\"weight\":1.5}],"
                      "\"features\":0,\"owner\":{\"team\":\"sales\"},\"hidden\":false}";
    kx_catalog *catalog = with_orders(row);
    ck_assert(kx_catalog__find(catalog, "orders")->writable);
    ck_assert_str_eq(kxt_row(catalog, "orders"), row);
    const kx_catalog *changed = kxt_declared(catalog, MODELS(MODEL("orders", .indexes = INDEXES({.paths = "x"}))));
    const char *now = kxt_row(changed, "orders");
    ck_assert_ptr_nonnull(strstr(now, "\"unit\":\"cm\""));
    ck_assert_ptr_nonnull(strstr(now, "\"comment\":[1,2]"));
    ck_assert_ptr_nonnull(strstr(now, "\"weight\":1.5"));
    ck_assert_ptr_nonnull(strstr(now, "\"owner\":{\"team\":\"sales\"}"));
    ck_assert_ptr_nonnull(strstr(now, "{\"paths\":\"x\",\"table\":8}"));
}
END_TEST

START_TEST(unknown_members_of_meta_survive)
{
    kx_buf meta = {0}, again = {0}, json = {0};
    const char *text = "{\"format\":1,\"epoch\":5,\"schema_version\":3,\"next_table\":9,\"free\":{\"rows\":[4,7],"
                       "\"columns\":[3]},\"features\":0,\"made_by\":\"2.0\"}";
    kx_catalog *catalog;
    ck_assert_int_eq(kx_document__from_json(text, strlen(text), false, &meta), KX_OK);
    ck_assert_int_eq(kx_catalog__decode(NULL, kx_buf__slice(&meta), NULL, NULL, 0, &catalog), KX_OK);
    kx_catalog__encode_meta(catalog, &again);
    ck_assert_int_eq(kx_document__to_json(kx_buf__slice(&again), &json), KX_OK);
    ck_assert_str_eq(kxt_print("%.*s", (int)json.size, (const char *)json.data), text);
    ck_assert_str_eq(kxt_meta(kxt_declared(catalog, MODELS(MODEL("a")))),
                     "{\"format\":1,\"epoch\":6,\"schema_version\":3,\"next_table\":9,\"free\":{\"rows\":[7],"
                     "\"columns\":[3]},\"features\":0,\"made_by\":\"2.0\"}");
    kx_catalog__release(catalog);
    kx_buf__free(&meta);
    kx_buf__free(&again);
    kx_buf__free(&json);
}
END_TEST

START_TEST(what_this_version_cannot_keep_true_makes_a_collection_read_only)
{
    static const char *const rows[] = {
        "{\"collection\":\"orders\",\"features\":1}",
        "{\"collection\":\"orders\",\"compressed\":true}",
        "{\"collection\":\"orders\",\"fields\":[{\"path\":\"n\",\"type\":\"decimal\"}]}",
        "{\"collection\":\"orders\",\"fields\":[{\"path\":\"n\",\"features\":4}]}",
        "{\"collection\":\"orders\",\"indexes\":[{\"paths\":\"x\",\"table\":5,\"shard\":true}]}",
        "{\"collection\":\"orders\",\"indexes\":[{\"shape\":\"r-tree\",\"features\":2,\"table\":6}]}",
        "{\"collection\":\"orders\",\"relations\":[{\"name\":\"r\",\"kind\":\"hyperedge\"}]}",
        "{\"collection\":\"orders\",\"relations\":[{\"name\":\"r\",\"kind\":\"foreign_key\",\"target\":\"users\","
        "\"foreign_key\":\"user_id\",\"on_delete\":\"archive\"}]}",
    };
    const kx_catalog *users_only = kxt_declared(
        kxt_empty(), MODELS(MODEL("users", .indexes = INDEXES({.paths = "user_id", .primary = true})),
                            MODEL("orders", .indexes = INDEXES({.paths = "a"}, {.paths = "b"}, {.paths = "c"}))));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int rc;
        kx_catalog *catalog = kxt_with_row(users_only, 3, rows[i], &rc);
        ck_assert_msg(rc == KX_OK, "%s: %s", rows[i], rc != KX_OK ? kxt_error(rc) : "");
        const kx_cat_collection *orders = kx_catalog__find(catalog, "orders");
        ck_assert_msg(!orders->writable, "%s", rows[i]);
        ck_assert_uint_eq(orders->field_count + orders->index_count + orders->relation_count, 0);
        ck_assert(kx_catalog__find(catalog, "users")->writable);
        ck_assert_str_eq(kxt_row(catalog, "orders"), rows[i]);
        kxt_refused(catalog, MODELS(MODEL("orders", .indexes = INDEXES({.paths = "y"}))), KX_READONLY,
                    "collection 'orders' bears a feature of a newer version; this one only reads it");
        const kx_catalog *beside = kxt_declared(catalog, MODELS(MODEL("users", .indexes = INDEXES({.paths = "y"}))));
        ck_assert_str_eq(kxt_row(beside, "orders"), rows[i]);
        ck_assert_str_eq(kxt_row(kxt_reloaded(beside), "orders"), rows[i]);
    }
}
END_TEST

START_TEST(beside_what_is_not_understood_nothing_is_dropped_that_it_may_need)
{
    int rc;
    kx_cat_plan plan;
    const kx_catalog *store = kxt_declared(
        shop(),
        MODELS(MODEL("lines",
                     .relations = RELATIONS(
                         {.name = "order", .kind = KX_FOREIGN_KEY, .target = "orders", .foreign_key = "order_id"}))));
    kx_catalog *catalog = kxt_with_row(
        store, 2, "{\"collection\":\"users\",\"indexes\":[{\"paths\":\"user_id\",\"primary\":true}],\"features\":1}",
        &rc);
    ck_assert_int_eq(rc, KX_OK);
    rc = kx_catalog__drop_index(catalog, "orders", "tags", &plan);
    ck_assert_int_eq(rc, KX_READONLY);
    ck_assert_str_eq(kxt_error(rc), "dropping an index of this store takes a newer version: collection 'users' bears a "
                                    "feature that this one does not know, and may need it");
    ck_assert_int_eq(kx_catalog__drop_collection(catalog, "orders", &plan), KX_READONLY);
    ck_assert_int_eq(kx_catalog__drop_collection(catalog, "users", &plan), KX_READONLY);
    catalog = kxt_taken(kx_catalog__drop_relation(catalog, "lines", "order", &plan), catalog, &plan);
    ck_assert_str_eq(kxt_indexes(catalog, "lines"), "order_id*");
}
END_TEST

START_TEST(a_relation_over_an_index_of_a_later_version_is_left_out_with_it)
{
    int rc;
    kx_catalog *catalog = kxt_with_row(
        shop(), 2,
        "{\"collection\":\"users\",\"indexes\":[{\"paths\":\"user_id\",\"primary\":true,\"sharded\":true}],"
        "\"relations\":[{\"name\":\"orders\",\"kind\":\"related_set\",\"target\":\"orders\",\"foreign_key\":\"user_"
        "id\",\"implied\":true}]}",
        &rc);
    ck_assert_msg(rc == KX_OK, "%s", rc != KX_OK ? kxt_error(rc) : "");
    const kx_cat_collection *orders = kx_catalog__find(catalog, "orders");
    ck_assert(!orders->writable);
    ck_assert_uint_eq(orders->relation_count, 0);
    ck_assert_uint_eq(kx_catalog__find(catalog, "users")->relation_count, 1);
    ck_assert_str_eq(kxt_row(catalog, "orders"), kxt_row(shop(), "orders"));
}
END_TEST

START_TEST(a_newer_format_says_what_reads_it)
{
    int rc = decode_meta("{\"format\":2}");
    ck_assert_int_eq(rc, KX_FORMAT);
    ck_assert_str_eq(
        kxt_error(rc),
        "the store has format 2, this version of liblmdbkenobix reads formats up to 1; a newer one reads it");
    rc = decode_meta("{\"format\":1,\"epoch\":1,\"schema_version\":0,\"next_table\":2,\"features\":5}");
    ck_assert_int_eq(rc, KX_FORMAT);
    ck_assert_str_eq(
        kxt_error(rc),
        "the store needs features 0x5 that this version of liblmdbkenobix does not have; a newer one reads it");
}
END_TEST

/* ---- damage ------------------------------------------------------------------------------ */

START_TEST(damaged_meta_is_corrupt)
{
    static const char *const metas[] = {
        "{}",
        "{\"format\":0}",
        "{\"format\":\"1\"}",
        "{\"format\":1}",
        "{\"format\":1,\"epoch\":-1,\"schema_version\":0,\"next_table\":2}",
        "{\"format\":1,\"epoch\":1,\"schema_version\":4294967296,\"next_table\":2}",
        "{\"format\":1,\"epoch\":1,\"schema_version\":0,\"next_table\":1}",
        "{\"format\":1,\"epoch\":1,\"schema_version\":0,\"next_table\":4097}",
        "{\"format\":1,\"epoch\":1,\"schema_version\":0,\"next_table\":5,\"free\":{\"rows\":[5]}}",
        "{\"format\":1,\"epoch\":1,\"schema_version\":0,\"next_table\":5,\"free\":{\"rows\":[3],\"unique\":[3]}}",
        "{\"format\":1,\"epoch\":1,\"schema_version\":0,\"next_table\":5,\"free\":{\"rows\":[-3]}}",
        "{\"format\":1,\"epoch\":1,\"schema_version\":0,\"next_table\":5,\"free\":{\"rows\":[1]}}",
        "{\"format\":1,\"epoch\":1,\"schema_version\":0,\"next_table\":2,\"features\":\"x\"}",
    };
    for (size_t i = 0; i < sizeof metas / sizeof metas[0]; i++)
        ck_assert_msg(decode_meta(metas[i]) == KX_CORRUPT, "%s", metas[i]);
    ck_assert_int_eq(decode_meta("{\"format\":1,\"epoch\":1,\"schema_version\":0,\"next_table\":4096}"), KX_OK);
}
END_TEST

START_TEST(damaged_rows_are_corrupt_and_name_the_collection)
{
    corrupt("{}", "kx/catalog, row 3: definition of collection '': it lacks 'collection'");
    corrupt("{\"collection\":5}", "kx/catalog, row 3: definition of collection '': no text in 'collection'");
    corrupt("{\"collection\":\"users\"}", "kx/catalog: row or name 'users' of collection 'users' is damaged");
    corrupt("{\"collection\":\"\"}", "kx/catalog: name '' of collection '' is damaged");
    corrupt("{\"collection\":\"o\",\"fields\":{}}",
            "kx/catalog, row 3: definition of collection 'o': no list in 'fields'");
    corrupt("{\"collection\":\"o\",\"fields\":[7]}",
            "kx/catalog, row 3: definition of collection 'o': no map in the list of 'fields'");
    corrupt("{\"collection\":\"o\",\"fields\":[{\"type\":\"int\"}]}",
            "kx/catalog, row 3: definition of collection 'o': a definition lacks 'path'");
    corrupt("{\"collection\":\"o\",\"fields\":[{\"path\":\"x\",\"optional\":1}]}",
            "kx/catalog, row 3: definition of collection 'o': neither true nor false in 'optional'");
    corrupt("{\"collection\":\"o\",\"fields\":[{\"path\":\"x[\"}]}",
            "kx/catalog: field 'x[' of collection 'o' is damaged");
    corrupt("{\"collection\":\"o\",\"fields\":[{\"path\":\"x\"},{\"path\":\"x\"}]}",
            "kx/catalog: field 'x' of collection 'o' is damaged");
    corrupt("{\"collection\":\"o\",\"fields\":[{\"path\":\"x\",\"type\":\"int\",\"initial\":\"?\"}]}",
            "kx/catalog: field 'x' of collection 'o' is damaged");
    corrupt("{\"collection\":\"o\",\"indexes\":[{\"paths\":\"x\"}]}",
            "kx/catalog: index 'x' of collection 'o' is damaged");
    corrupt("{\"collection\":\"o\",\"indexes\":[{\"paths\":\"x\",\"table\":4}]}",
            "kx/catalog: index 'x' of collection 'o' is damaged");
    corrupt("{\"collection\":\"o\",\"indexes\":[{\"paths\":\"x\",\"table\":8}]}",
            "kx/catalog: index 'x' of collection 'o' is damaged");
    corrupt("{\"collection\":\"o\",\"indexes\":[{\"paths\":\"x\",\"table\":-1}]}",
            "kx/catalog, row 3: definition of collection 'o': no table number in 'table'");
    corrupt("{\"collection\":\"o\",\"indexes\":[{\"paths\":\"x\",\"table\":6},{\"paths\":\"x\",\"table\":7}]}",
            "kx/catalog: index 'x' of collection 'o' is damaged");
    corrupt("{\"collection\":\"o\",\"relations\":[{\"name\":\"r\",\"kind\":\"foreign_key\",\"foreign_key\":\"x\"}]}",
            "kx/catalog: relation 'r' of collection 'o' is damaged");
    corrupt("{\"collection\":\"orders\",\"indexes\":[{\"paths\":\"user_id\",\"table\":7}],"
            "\"relations\":[{\"name\":\"r\",\"kind\":\"foreign_key\",\"target\":\"nowhere\",\"foreign_key\":\"x\"}]}",
            "relation orders.r: its target collection 'nowhere' is not in the catalog");
    corrupt("{\"collection\":\"orders\",\"relations\":[{\"name\":\"r\",\"kind\":\"foreign_key\",\"target\":\"users\","
            "\"foreign_key\":\"x\"}]}",
            "relation users.orders: its index over 'user_id' of 'orders' is not in the catalog");
}
END_TEST

/* Anything may be in a damaged file: decoding says so or gives a catalog that holds together. */
START_TEST(random_damage_never_does_harm)
{
    uint64_t random = kxt_seed();
    const kx_catalog *catalog = shop();
    kx_buf meta = {0}, rows[2] = {{0}, {0}};
    kx_catalog__encode_meta(catalog, &meta);
    kx_catalog__encode(&catalog->collections[0], &rows[0]);
    kx_catalog__encode(&catalog->collections[1], &rows[1]);
    kx_buf *parts[] = {&meta, &rows[0], &rows[1]};
    uint64_t ok = 0, trials = kxt_scaled(200000);
    for (uint64_t trial = 0; trial < trials; trial++) {
        kx_buf *part = parts[kxt_random_below(&random, 3)];
        size_t size = part->size, count = 1 + (size_t)kxt_random_below(&random, 3), at[3];
        uint8_t kept[3];
        for (size_t i = 0; i < count; i++) {
            at[i] = (size_t)kxt_random_below(&random, size);
            kept[i] = part->data[at[i]];
            part->data[at[i]] = (uint8_t)kxt_random(&random);
        }
        if (kxt_random_below(&random, 4) == 0)
            part->size = (size_t)kxt_random_below(&random, size + 1);
        kx_slice documents[] = {kx_buf__slice(&rows[0]), kx_buf__slice(&rows[1])};
        kx_catalog *decoded;
        int rc = kx_catalog__decode(NULL, kx_buf__slice(&meta), (uint64_t[]){2, 3}, documents, 2, &decoded);
        if (rc != KX_OK && rc != KX_CORRUPT && rc != KX_FORMAT)
            ck_abort_msg("%d: %s", rc, kxt_error(rc));
        ok += rc == KX_OK;
        if (rc == KX_OK) {
            kx_cat_plan plan;
            rc = kx_catalog__declare(decoded, MODELS(MODEL("new", .indexes = INDEXES({.paths = "x"}))), &plan);
            if (rc != KX_OK && rc != KX_LIMIT)
                ck_abort_msg("%d: %s", rc, kxt_error(rc));
            kx_catalog__plan_free(&plan);
        }
        kx_catalog__release(decoded);
        part->size = size;
        for (size_t i = count; i-- > 0;)
            part->data[at[i]] = kept[i];
    }
    ck_assert_uint_gt(ok, 0);
    kx_buf__free(&meta);
    kx_buf__free(&rows[0]);
    kx_buf__free(&rows[1]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("catalog/decode");
    TCase *form = tcase_create("form");
    tcase_add_test(form, rows_are_documents_of_this_form);
    tcase_add_test(form, a_catalog_survives_its_documents);
    tcase_add_test(form, the_epoch_is_read_alone);
    tcase_add_test(form, rows_may_come_in_any_order);
    suite_add_tcase(suite, form);

    TCase *later = tcase_create("later");
    tcase_add_test(later, unknown_members_survive_being_written_again);
    tcase_add_test(later, unknown_members_of_meta_survive);
    tcase_add_test(later, what_this_version_cannot_keep_true_makes_a_collection_read_only);
    tcase_add_test(later, beside_what_is_not_understood_nothing_is_dropped_that_it_may_need);
    tcase_add_test(later, a_relation_over_an_index_of_a_later_version_is_left_out_with_it);
    tcase_add_test(later, a_newer_format_says_what_reads_it);
    suite_add_tcase(suite, later);

    TCase *damage = tcase_create("damage");
    tcase_add_test(damage, damaged_meta_is_corrupt);
    tcase_add_test(damage, damaged_rows_are_corrupt_and_name_the_collection);
    tcase_add_test(damage, random_damage_never_does_harm);
    suite_add_tcase(suite, damage);
    return kxt_run(suite);
}
