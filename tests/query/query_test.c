/* query_test.c -- what query_test.h promises. */
#include "query/query_test.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

kx_db *qt_open(const kx_model *const *models)
{
    kx_db *db;
    qt_ok(kx_open(NULL, &(kx_options){.models = models, .sync = KX_SYNC_LATER}, &db));
    return db;
}

kx_txn *qt_begin(kx_db *db, kx_txn_mode mode)
{
    kx_txn *txn;
    qt_ok(kx_txn_begin(db, mode, &txn));
    return txn;
}

uint64_t qt_insert(kx_txn *txn, const char *collection, uint64_t id, const char *json)
{
    kx_record record = {.data = json, .size = strlen(json), .id = id, .has_id = id != 0};
    int rc = kx_insert_many(txn, collection, &record, 1, NULL);
    ck_assert_msg(rc == KX_OK, "insert %s: %d %s", json, rc, kx_errmsg());
    return record.id;
}

const char *qt_find(kx_txn *txn, const char *collection, const kx_query *query)
{
    kx_cursor *cursor;
    kx_doc *doc;
    static char text[1 << 16];
    size_t used = 0;
    text[0] = '\0';
    int rc = kx_find(txn, collection, query, &cursor);
    if (rc != KX_OK)
        return kxt_print("%d: %s", rc, kx_errmsg());
    while ((rc = kx_cursor_next(cursor, &doc)) == KX_OK && used < sizeof text - 32)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%" PRIu64, used > 0 ? " " : "", kx_doc_id(doc));
    if (rc == KX_NOTFOUND)
        rc = kx_cursor_close(cursor);
    return rc == KX_OK ? kxt_print("%s", text) : kxt_print("%d: %s", rc, kx_errmsg());
}

const char *qt_where(kx_txn *txn, const char *collection, const kx_condition *where)
{
    return qt_find(txn, collection, &(kx_query){.where = where});
}

const char *qt_filter(kx_txn *txn, const char *collection, const char *filter, const kx_value *args)
{
    return qt_find(txn, collection, &(kx_query){.filter = filter, .args = args});
}

kx_stats qt_stats(kx_txn *txn)
{
    kx_stats stats;
    qt_ok(kx_txn_stats(txn, &stats));
    return stats;
}

/* ---- a few orders ---------------------------------------------------------------------------- */

const kx_model *const qt_orders[] = {
    &(kx_model){.name = "orders",
                .indexes = (const kx_index[]){{.paths = "amount"}, {.paths = "status"}, {0}},
                .relations =
                    (const kx_relation[]){
                        {.name = "user",
                         .kind = KX_FOREIGN_KEY,
                         .target = "users",
                         .foreign_key = "user_id",
                         .reverse = "orders",
                         .optional = true},
                        {0}}},
    &(kx_model){.name = "users", .indexes = (const kx_index[]){{.paths = "user_id", .unique = true}, {0}}}, NULL};

kx_txn *qt_open_orders(kx_db **db)
{
    *db = qt_open(qt_orders);
    kx_txn *txn = qt_begin(*db, KX_WRITE);
    qt_insert(txn, "orders", 1,
              "{\"amount\":50,\"status\":\"new\",\"name\":\"A\\\"b\",\"tags\":[\"gift\",2],\"at\":{\"$date\":\"2026-01-"
              "31T10:00:00Z\"}}");
    qt_insert(
        txn, "orders", 2,
        "{\"amount\":99.5,\"status\":\"paid\",\"name\":\"it's\",\"tags\":[],\"odd name\":{\"x.y\":1},\"flag\":true}");
    qt_insert(txn, "orders", 3, "{\"amount\":-7,\"status\":null,\"name\":\"\\u00e4\",\"and\":5,\"flag\":false}");
    qt_insert(txn, "orders", 4,
              "{\"amount\":1e3,\"status\":\"new\",\"name\":\"%\",\"items\":[{\"sku\":\"s1\"},{\"sku\":\"s2\"}]}");
    return txn;
}

void qt_end(kx_db *db, kx_txn *txn)
{
    kx_txn_abort(txn);
    qt_ok(kx_close(db));
}
