#include "relation_test.h"

#include "relation/relation.h"

/* ---- the shop --------------------------------------------------------------------- */

static const kx_model users = {
    .name = "users",
    .indexes = (const kx_index[]){{.paths = "user_id", .unique = true}, {.paths = NULL}},
};

static const kx_model orders = {
    .name = "orders",
    .indexes = (const kx_index[]){{.paths = "code", .unique = true}, {.paths = NULL}},
    .relations =
        (const kx_relation[]){
            {.name = "user", .kind = KX_FOREIGN_KEY, .target = "users", .foreign_key = "user_id", .reverse = "orders"},
            {.name = NULL}},
};

static const kx_model notes = {
    .name = "notes",
    .relations = (const kx_relation[]){{.name = "author",
                                        .kind = KX_FOREIGN_KEY,
                                        .target = "users",
                                        .foreign_key = "author_id",
                                        .related_field = "user_id",
                                        .reverse = "notes",
                                        .optional = true},
                                       {.name = NULL}},
};

const kx_model *const rt_shop[] = {&orders, &notes, &users, NULL};

static void fill(kx_txn *txn)
{
    rt_save(txn, "users", "{\"user_id\": 1, \"name\": \"ann\"}");
    rt_save(txn, "users", "{\"user_id\": 2, \"name\": \"bob\"}");
    rt_save(txn, "orders", "{\"user_id\": 1, \"amount\": 30}");
    rt_save(txn, "orders", "{\"user_id\": 2, \"amount\": 20}");
    rt_save(txn, "orders", "{\"user_id\": 1, \"amount\": 10}");
    rt_save(txn, "notes", "{\"author_id\": 1}");
    rt_save(txn, "notes", "{\"author_id\": null}");
    rt_save(txn, "notes", "{\"author_id\": 999}");
}

/* ---- begin and end ------------------------------------------------------------------ */

kx_db *rt_open(const kx_model *const *models)
{
    kx_db *db;
    rt_ok(kx_open(kxt_path("shop.kx"), &(kx_options){.models = models, .sync = KX_SYNC_LATER}, &db));
    return db;
}

kx_txn *rt_begin(kx_db *db, kx_txn_mode mode)
{
    kx_txn *txn;
    rt_ok(kx_txn_begin(db, mode, &txn));
    return txn;
}

shop rt_start(kx_txn_mode mode)
{
    shop it = rt_start_with(rt_shop);
    fill(it.txn);
    rt_ok(kx_txn_commit(it.txn));
    it.txn = rt_begin(it.db, mode);
    return it;
}

shop rt_start_with(const kx_model *const *models)
{
    kx_db *db = rt_open(models);
    return (shop){.db = db, .txn = rt_begin(db, KX_WRITE)};
}

static void fail_with(void *context, const char *collection, uint64_t id, const char *finding)
{
    (void)context;
    ck_abort_msg("%s %llu: %s", collection, (unsigned long long)id, finding);
}

void rt_end(shop *it)
{
    uint64_t findings;
    rt_ok(kx_collection__check(it->txn, fail_with, NULL, &findings));
    kx_txn_abort(it->txn);
    rt_ok(kx_close(it->db));
}

/* ---- documents ------------------------------------------------------------------------ */

kx_doc *rt_make(kx_txn *txn, const char *collection, const char *json)
{
    kx_doc *doc;
    rt_ok(kx_doc_from_json(txn, collection, json, &doc));
    return doc;
}

kx_doc *rt_save(kx_txn *txn, const char *collection, const char *json)
{
    kx_doc *doc = rt_make(txn, collection, json);
    rt_ok(kx_doc_save(doc));
    return doc;
}

kx_doc *rt_get(kx_txn *txn, const char *collection, uint64_t id)
{
    kx_doc *doc;
    rt_ok(kx_get_by_id(txn, collection, id, &doc));
    return doc;
}

kx_doc *rt_follow(kx_doc *doc, const char *relation)
{
    kx_doc *target;
    rt_ok(kx_doc_follow(doc, relation, &target));
    ck_assert_ptr_nonnull(target);
    return target;
}

void rt_patch(kx_txn *txn, const char *collection, uint64_t id, const char *json)
{
    rt_ok(kx_patch(txn, collection, id, json, strlen(json)));
}

const char *rt_shows(const kx_doc *doc)
{
    const char *json;
    rt_ok(kx_doc_to_json(doc, &json));
    return kxt_print("%s", json);
}

const char *rt_stored(kx_txn *txn, const char *collection, uint64_t id)
{
    kx_doc *doc;
    int rc = kx_get_by_id(txn, collection, id, &doc);
    if (rc == KX_NOTFOUND)
        return "none";
    ck_assert_msg(rc == KX_OK, "%d %s", rc, kx_errmsg());
    const char *json = rt_shows(doc);
    kx_doc_release(doc);
    return json;
}

/* ---- sets ------------------------------------------------------------------------------- */

const char *rt_set(kx_doc *doc, const char *relation, const kx_query *query)
{
    kx_cursor *cursor;
    kx_doc *member;
    const char *ids = "";
    int rc = kx_related_find(doc, relation, query, &cursor);
    if (rc != KX_OK) {
        ck_assert_ptr_null(cursor);
        return kxt_print("%d: %s", rc, kx_errmsg());
    }
    while ((rc = kx_cursor_next(cursor, &member)) == KX_OK)
        ids = kxt_print("%s%s%llu", ids, ids[0] != '\0' ? " " : "", (unsigned long long)kx_doc_id(member));
    ck_assert_int_eq(rc, KX_NOTFOUND);
    rt_ok(kx_cursor_close(cursor));
    return ids;
}

uint64_t rt_count(kx_doc *doc, const char *relation, const kx_query *query)
{
    uint64_t count;
    rt_ok(kx_related_count(doc, relation, query, &count));
    return count;
}

/* ---- costs ------------------------------------------------------------------------------- */

kx_stats rt_stats(kx_txn *txn)
{
    kx_stats stats;
    rt_ok(kx_txn_stats(txn, &stats));
    return stats;
}

bool rt_same_cost(const kx_stats *before, const kx_stats *after)
{
    return before->descents == after->descents && before->rows == after->rows && before->entries == after->entries &&
           before->lazy_loads == after->lazy_loads;
}

void rt_compare(kx_txn *txn, const char *collection, const kx_query *query, bool (*holds)(kx_doc *doc, const void *context),
                const void *context)
{
    const char *what = query->filter != NULL ? query->filter : query->where->path;
    kx_doc **docs, *doc;
    size_t count;
    kx_cursor *cursor;
    uint64_t counted, seen = 0;
    rt_ok(kx_all(txn, collection, NULL, &docs, &count));
    int rc = kx_find(txn, collection, query, &cursor);
    ck_assert_msg(rc == KX_OK, "%s where %s: %s", collection, what, kx_errmsg());
    for (size_t i = 0; i < count; i++) {
        if (!holds(docs[i], context))
            continue;
        seen++;
        rc = kx_cursor_next(cursor, &doc);
        ck_assert_msg(rc == KX_OK && kx_doc_id(doc) == kx_doc_id(docs[i]), "%s where %s: %d, %d instead of %d",
                      collection, what, rc, rc == KX_OK ? (int)kx_doc_id(doc) : 0, (int)kx_doc_id(docs[i]));
    }
    ck_assert_msg(kx_cursor_next(cursor, &doc) == KX_NOTFOUND, "%s where %s: too many", collection, what);
    rt_ok(kx_cursor_close(cursor));
    rt_ok(kx_count(txn, collection, query, &counted));
    ck_assert_uint_eq(counted, seen);
    for (size_t i = 0; i < count; i++)
        kx_doc_release(docs[i]);
}
