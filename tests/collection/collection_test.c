#include "collection_test.h"

#include <sys/wait.h>
#include <unistd.h>

/* ---- stores ----------------------------------------------------------------- */

kx_db *ct_open_with(const kx_options *options)
{
    kx_db *db;
    ct_ok(kx_open(kxt_path("store.kx"), options, &db));
    return db;
}

kx_db *ct_open(const kx_model *const *models)
{
    return ct_open_with(&(kx_options){.models = models, .sync = KX_SYNC_LATER});
}

kx_txn *ct_begin(kx_db *db, kx_txn_mode mode)
{
    kx_txn *txn;
    ct_ok(kx_txn_begin(db, mode, &txn));
    return txn;
}

kx_txn *ct_child(kx_txn *txn)
{
    kx_txn *child;
    ct_ok(kx_txn_child(txn, &child));
    return child;
}

/* ---- documents ----------------------------------------------------------------- */

uint64_t ct_insert(kx_txn *txn, const char *collection, const char *json)
{
    uint64_t id;
    int rc = kx_insert(txn, collection, json, strlen(json), &id);
    ck_assert_msg(rc == KX_OK, "insert %s: %d %s", json, rc, kx_errmsg());
    return id;
}

uint64_t ct_insert_as(kx_txn *txn, const char *collection, uint64_t id, const char *json)
{
    kx_record record = {.data = json, .size = strlen(json), .id = id, .has_id = 1};
    int rc = kx_insert_many(txn, collection, &record, 1, NULL);
    ck_assert_msg(rc == KX_OK, "insert %s as %" PRIu64 ": %d %s", json, id, rc, kx_errmsg());
    return record.id;
}

int ct_try_insert(kx_txn *txn, const char *collection, const char *json)
{
    return kx_insert(txn, collection, json, strlen(json), NULL);
}

int ct_put(kx_txn *txn, const char *collection, uint64_t id, const char *json)
{
    return kx_put(txn, collection, id, json, strlen(json));
}

int ct_patch(kx_txn *txn, const char *collection, uint64_t id, const char *json)
{
    return kx_patch(txn, collection, id, json, strlen(json));
}

kx_doc *ct_get(kx_txn *txn, const char *collection, uint64_t id)
{
    kx_doc *doc;
    ct_ok(kx_get_by_id(txn, collection, id, &doc));
    return doc;
}

const char *ct_shows(const kx_doc *doc)
{
    const char *json;
    ct_ok(kx_doc_to_json(doc, &json));
    return kxt_print("%s", json);
}

const char *ct_json(kx_txn *txn, const char *collection, uint64_t id)
{
    kx_doc *doc;
    int rc = kx_get_by_id(txn, collection, id, &doc);
    if (rc == KX_NOTFOUND)
        return "none";
    ck_assert_msg(rc == KX_OK, "%d %s", rc, kx_errmsg());
    const char *json = ct_shows(doc);
    kx_doc_release(doc);
    return json;
}

uint64_t ct_count(kx_txn *txn, const char *collection)
{
    kx_collection_info info;
    ct_ok(kx_collection_named(txn, collection, &info));
    return info.documents;
}

uint64_t ct_entries(kx_txn *txn, const char *collection, const char *paths)
{
    kx_index_info info;
    for (size_t n = 0; kx_index_at(txn, collection, n, &info) == KX_OK; n++)
        if (strcmp(info.index.paths, paths) == 0)
            return info.entries;
    ck_abort_msg("%s has no index '%s'", collection, paths);
    return 0;
}

/* ---- the check ---------------------------------------------------------------------- */

static void keep_first(void *context, const char *collection, uint64_t id, const char *finding)
{
    char **first = context;
    if (*first == NULL)
        *first = kxt_print("%s, document %" PRIu64 ": %s", collection, id, finding);
}

void ct_check(kx_txn *txn)
{
    uint64_t findings;
    char *first = NULL;
    int rc = kx_collection__check(txn, keep_first, &first, &findings);
    ck_assert_msg(rc == KX_OK, "check: %d", rc);
    ck_assert_msg(findings == 0, "%" PRIu64 " findings, first: %s", findings, first);
}

void ct_check_store(kx_db *db)
{
    kx_txn *txn = ct_begin(db, KX_READ);
    ct_check(txn);
    kx_txn_abort(txn);
}

/* ---- dumps --------------------------------------------------------------------------------- */

static void add_hex(kx_buf *out, kx_slice bytes)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.size; i++) {
        kx_buf__byte(out, (uint8_t)digits[bytes.data[i] >> 4]);
        kx_buf__byte(out, (uint8_t)digits[bytes.data[i] & 15]);
    }
}

static void dump_table(kx_txn *txn, kx_store_table table, kx_buf *out)
{
    kx_store_scan *scan = NULL;
    kx_store_item item;
    int rc = table.shape == KX_STORE_ROWS
                 ? kx_store__scan_rows(txn->store, table.number, 0, UINT64_MAX, false, &scan)
                 : kx_store__scan_entries(txn->store, table, (kx_slice){0}, (kx_slice){0}, false, &scan);
    kx_buf__print(out, "table %u\n", table.number);
    while (rc == KX_OK && (rc = kx_store__scan_next(scan, &item)) == KX_OK) {
        kx_buf__print(out, "%" PRIu64 " ", item.id);
        add_hex(out, item.key);
        add_hex(out, item.row);
        kx_buf__byte(out, '\n');
    }
    kx_store__scan_close(scan);
    ck_assert_int_eq(rc, KX_NOTFOUND);
}

const char *ct_dump(kx_txn *txn)
{
    static const kx_store_table core[] = {{KX_STORE_META, KX_STORE_ROWS}, {KX_STORE_CATALOG, KX_STORE_ROWS}};
    kx_buf out = {0};
    kx_store_table *tables;
    size_t count;
    ck_assert_int_eq(kx_catalog__tables(txn->catalog, &tables, &count), KX_OK);
    for (size_t i = 0; i < 2; i++)
        dump_table(txn, core[i], &out);
    for (size_t i = 0; i < count; i++)
        dump_table(txn, tables[i], &out);
    ck_assert_int_eq(out.rc, KX_OK);
    const char *text = kxt_print("%.*s", (int)out.size, (const char *)out.data);
    kx_base__free(tables);
    kx_buf__free(&out);
    return text;
}

const char *ct_dump_store(kx_db *db)
{
    kx_txn *txn = ct_begin(db, KX_READ);
    const char *text = ct_dump(txn);
    kx_txn_abort(txn);
    return text;
}

/* ---- processes --------------------------------------------------------------------------------- */

void ct_join(pid_t pid)
{
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the other process ended with status 0x%x",
                  (unsigned)status);
}

void ct_in_process(void (*work)(void))
{
    (void)kxt_path("store.kx");
    fflush(NULL);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        work();
        execlp("true", "true",
               (char *)
                   NULL); /* what an inherited store holds of LMDB's cannot be given back: leave without a leak check */
        _exit(127);
    }
    ct_join(pid);
}
