#include "api_test.h"

box at_start(const kx_model *const *models)
{
    box it;
    at_ok(kx_open(kxt_path("box.kx"), &(kx_options){.models = models, .sync = KX_SYNC_LATER}, &it.db));
    at_ok(kx_txn_begin(it.db, KX_WRITE, &it.txn));
    return it;
}

void at_renew(box *it, kx_txn_mode mode)
{
    at_ok(kx_txn_commit(it->txn));
    at_ok(kx_txn_begin(it->db, mode, &it->txn));
}

void at_end(box *it)
{
    kx_txn_abort(it->txn);
    at_ok(kx_close(it->db));
}

kx_doc *at_make(kx_txn *txn, const char *collection, const char *json)
{
    kx_doc *doc;
    at_ok(kx_doc_from_json(txn, collection, json, &doc));
    return doc;
}

uint64_t at_insert(kx_txn *txn, const char *collection, const char *json)
{
    uint64_t id;
    at_ok(kx_insert(txn, collection, json, strlen(json), &id));
    return id;
}

kx_doc *at_get(kx_txn *txn, const char *collection, uint64_t id)
{
    kx_doc *doc;
    at_ok(kx_get_by_id(txn, collection, id, &doc));
    return doc;
}

const char *at_shows(const kx_doc *doc)
{
    const char *json;
    at_ok(kx_doc_to_json(doc, &json));
    return kxt_print("%s", json);
}

const char *at_stored(kx_txn *txn, const char *collection, uint64_t id)
{
    kx_doc *doc;
    int rc = kx_get_by_id(txn, collection, id, &doc);
    if (rc == KX_NOTFOUND)
        return "none";
    ck_assert_msg(rc == KX_OK, "%d %s", rc, kx_errmsg());
    const char *json = at_shows(doc);
    kx_doc_release(doc);
    return json;
}

uint64_t at_count(kx_txn *txn, const char *collection)
{
    uint64_t count;
    at_ok(kx_count(txn, collection, NULL, &count));
    return count;
}
