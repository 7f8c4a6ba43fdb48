/*
 * make_golden.c -- made tests/golden/format1.kx and format1.jsonl, once. A file of a released format is never made again: a new format
 * gets a new file beside it.
 *
 *   make_golden format1.kx format1.jsonl
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "golden.h"

#define TRY(call) do { int rc_ = (call); if (rc_ != KX_OK) return rc_; } while (0)

/* ---- models: every kind of index, field and relation of the format ------------------------ */

static const kx_field user_fields[] = {
    {.path = "user_id", .type = KX_TYPE_INT},
    {.path = "name", .type = KX_TYPE_TEXT},
    {.path = "email", .type = KX_TYPE_TEXT, .optional = true},
    {.path = "score", .type = KX_TYPE_REAL, .optional = true, .initial = "0.5"},
    {.path = "active", .type = KX_TYPE_BOOL, .initial = "true"},
    {.path = "seen", .type = KX_TYPE_TIME, .optional = true},
    {.path = "photo", .type = KX_TYPE_BINARY, .optional = true},
    {.path = "tags", .type = KX_TYPE_ARRAY, .optional = true},
    {.path = "address", .type = KX_TYPE_MAP, .optional = true},
    {.path = "address.city", .optional = true},
    {.path = NULL},
};

static const kx_index user_indexes[] = {
    {.paths = "user_id", .primary = true},
    {.paths = "email", .unique = true},
    {.paths = "tags", .multi = true},
    {.paths = "address.city,-name"},
    {.paths = "seen", .sparse = true},
    {.paths = "keys,name", .unique = true, .multi = true, .sparse = true},
    {.paths = NULL},
};

static const kx_model users = {.name = "users", .fields = user_fields, .indexes = user_indexes};

static const kx_model orders = {
    .name = "orders",
    .indexes = (const kx_index[]){{.paths = "code,-amount", .unique = true},
                                  {.paths = "lines[].sku", .multi = true},
                                  {.paths = "gone"},
                                  {.paths = NULL}},
    .relations =
        (const kx_relation[]){
            {.name = "user", .kind = KX_FOREIGN_KEY, .target = "users", .foreign_key = "user_id", .reverse = "orders"},
            {.name = "parent",
             .kind = KX_FOREIGN_KEY,
             .target = "orders",
             .foreign_key = "parent_code",
             .related_field = "code",
             .optional = true},
            {.name = NULL},
        },
};

static const kx_model values = {
    .name = "values",
    .indexes = (const kx_index[]){{.paths = "v"}, {.paths = "-v"}, {.paths = "v,n"}, {.paths = NULL}},
    .relations = (const kx_relation[]){
        {.name = "readers", .kind = KX_RELATED_SET, .target = "users", .foreign_key = "reads", .local_field = "n"},
        {.name = NULL},
    },
};

static const kx_model dropped = {
    .name = "dropped", .indexes = (const kx_index[]){{.paths = "a"}, {.paths = "b", .unique = true}, {.paths = NULL}}};

/* ---- documents ------------------------------------------------------------------------------- */

static int insert(kx_txn *txn, const char *collection, const char *json)
{
    return kx_insert(txn, collection, json, strlen(json), NULL);
}

static int fill_users(kx_txn *txn)
{
    TRY(insert(txn, "users",
               "{\"user_id\":7,\"name\":\"Ada\",\"email\":\"ada@example.com\",\"tags\":[\"x\",1,1.0,null,[1]],"
               "\"address\":{\"city\":\"London\",\"zip\":\"W1\"},"
               "\"seen\":{\"$date\":\"1815-12-10T00:00:00Z\"},\"photo\":{\"$binary\":{\"base64\":\"AAH/"
               "\",\"subType\":\"00\"}},\"reads\":3}"));
    TRY(insert(txn, "users", "{\"name\":\"Grace\",\"email\":null,\"score\":3,\"keys\":[1,2,null],\"reads\":3.0}"));
    TRY(insert(txn, "users",
               "{\"user_id\":0,\"name\":\"Zero\",\"active\":false,\"keys\":[3],\"undeclared\":{\"a.b\":[{\"\":{}}]}}"));
    TRY(insert(txn, "users", "{\"user_id\":100,\"name\":\"deleted\"}"));
    return kx_remove(txn, "users", 100);
}

static int fill_orders(kx_txn *txn)
{
    TRY(insert(txn, "orders",
               "{\"code\":\"A\",\"amount\":99.99,\"user_id\":7,\"lines\":[{\"sku\":\"s1\"},{\"sku\":\"s2\"},{\"sku\":"
               "\"s1\"}],\"gone\":1}"));
    TRY(insert(txn, "orders", "{\"code\":\"B\",\"amount\":1,\"user_id\":7,\"parent_code\":\"A\",\"lines\":[]}"));
    TRY(insert(txn, "orders", "{\"code\":\"A\",\"amount\":null,\"user_id\":8,\"parent_code\":\"nowhere\"}"));
    TRY(insert(txn, "orders", "{\"code\":\"A\",\"user_id\":999,\"lines\":null}"));
    kx_record far = {.data = "{\"code\":\"far\",\"user_id\":0}", .size = 26, .id = 5000000000, .has_id = 1};
    TRY(kx_insert_many(txn, "orders", &far, 1, NULL));
    return kx_drop_index(txn, "orders", "gone");
}

/* One document a value, from the least to the greatest key, and texts that are longer than a key can be. */
static int fill_values(kx_txn *txn)
{
    static const char *const all[] = {
        "null",
        "false",
        "true",
        "{\"$numberDouble\":\"NaN\"}",
        "{\"$numberDouble\":\"-Infinity\"}",
        "-1.5e300",
        "-9223372036854775808",
        "-129",
        "-1",
        "-0.0",
        "0",
        "0.000123",
        "0.1",
        "1",
        "1.0",
        "127",
        "255",
        "65536",
        "9007199254740992",
        "9007199254740993",
        "9223372036854775807",
        "{\"$numberUnsigned\":\"9223372036854775808\"}",
        "{\"$numberUnsigned\":\"18446744073709551615\"}",
        "{\"$numberDouble\":\"Infinity\"}",
        "\"\"",
        "\"a\"",
        "\"a\\u0000b\"",
        "\"\\u00e4\\u4e2d\\ud83d\\ude00\"",
        "{\"$binary\":{\"base64\":\"\",\"subType\":\"00\"}}",
        "{\"$binary\":{\"base64\":\"/w==\",\"subType\":\"00\"}}",
        "{\"$date\":\"1969-12-31T23:59:59.999999999Z\"}",
        "{\"$date\":\"2024-02-29T12:00:00Z\"}",
        "[]",
        "[1,[2,{\"x\":null}]]",
        "{}",
        "{\"b\":1,\"a\":2}",
        "{\"$ext\":{\"type\":-5,\"base64\":\"AQ==\"}}",
        "{\"$ext\":{\"type\":100,\"base64\":\"AQIDBA==\"}}",
    };
    char json[2048];
    size_t count = sizeof all / sizeof *all;
    for (size_t i = 0; i < count; i++) {
        snprintf(json, sizeof json, "{\"v\":%s,\"n\":%zu}", all[i], i);
        TRY(insert(txn, "values", json));
    }
    for (int i = 0; i < 4; i++) {
        snprintf(json, sizeof json, "{\"v\":\"%0600d%d\",\"n\":%zu}", 7, i % 3, count + (size_t)i);
        TRY(insert(txn, "values", json));
    }
    return insert(txn, "values", "{\"n\":\"no v\"}");
}

static int fill(kx_txn *txn, void *context)
{
    (void)context;
    TRY(insert(txn, "dropped", "{\"a\":1,\"b\":2}"));
    TRY(kx_drop_collection(txn, "dropped"));
    TRY(fill_users(txn));
    TRY(fill_orders(txn));
    return fill_values(txn);
}

static int no_migration(kx_txn *txn, uint32_t from, uint32_t to)
{
    (void)txn;
    (void)from;
    (void)to;
    return KX_OK;
}

static int write_dump(kx_txn *txn, void *path)
{
    char *dump = golden_dump(txn);
    FILE *out = dump != NULL ? fopen(path, "w") : NULL;
    bool whole = out != NULL && fputs(dump, out) >= 0;
    if (out != NULL)
        whole = fclose(out) == 0 && whole;
    free(dump);
    return whole ? KX_OK : KX_IO;
}

int main(int argc, char **argv)
{
    static const kx_model *const models[] = {&dropped, &users, &orders, &values, NULL};
    kx_db *db;
    if (argc != 3) {
        fprintf(stderr, "usage: make_golden STORE LINES\n");
        return 2;
    }
    int rc = kx_open(argv[1], &(kx_options){.models = models, .schema_version = 3, .migrate = no_migration}, &db);
    if (rc == KX_OK)
        rc = kx_write(db, fill, NULL);
    if (rc == KX_OK)
        rc = kx_read(db, write_dump, argv[2]);
    if (rc != KX_OK)
        fprintf(stderr, "make_golden: %d %s\n", rc, kx_errmsg());
    return kx_close(db) == KX_OK && rc == KX_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
