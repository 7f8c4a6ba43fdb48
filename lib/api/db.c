/* db.c -- open, close, declare, drop. The promises are in <lmdbkenobix/db.h>. */
#include <string.h>

#include "api/api.h"

#define KX_VERSION_TEXT PACKAGE_VERSION
#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "0.1.0"
#endif

int kx_api__null(const char *function, const char *argument)
{
    return kx_base__fail(KX_INVALID, "%s: %s is NULL", function, argument);
}

/* Programs ask for the same few names again and again, mostly as the same literals. */
static int find_collection(kx_txn *txn, const char *name, const kx_cat_collection **collection)
{
    const kx_catalog *catalog = txn->catalog;
    uint32_t *recent = &txn->top->recent[(uintptr_t)name >> 3 & 3];
    if (*recent < catalog->count && strcmp(catalog->collections[*recent].name, name) == 0) {
        *collection = &catalog->collections[*recent];
        return KX_OK;
    }
    int rc = kx_catalog__named(catalog, name, collection);
    if (rc == KX_OK)
        *recent = (uint32_t)(*collection)->position;
    return rc;
}

int kx_api__enter(kx_txn *txn, const char *name, const kx_cat_collection **collection)
{
    if (name == NULL)
        return kx_base__fail(KX_INVALID, "the name of the collection is NULL");
    int rc = kx_collection__is_snapshot(txn) ? KX_OK : kx_collection__enter(txn);
    return rc == KX_OK ? find_collection(txn, name, collection) : rc;
}

int kx_open(const char *path, const kx_options *options, kx_db **db)
{
    if (db == NULL)
        return kx_base__done(kx_api__null("kx_open", "db"));
    return kx_collection__open(path, options, &kx_relation__guard, db);
}

int kx_close(kx_db *db)
{
    return kx_base__done(kx_collection__close(db));
}

const char *kx_db_path(const kx_db *db)
{
    return db != NULL ? kx_store__path(db->store) : "";
}

const char *kx_version(void)
{
    return KX_VERSION_TEXT;
}

const char *kx_engine(void)
{
    return kx_store__engine();
}

static int measure(kx_txn *txn, kx_info *info)
{
    kx_store_info measured;
    int rc = kx_collection__enter(txn);
    if (rc == KX_OK)
        rc = kx_store__info(txn->store, &measured);
    if (rc != KX_OK)
        return rc;
    *info = (kx_info){
        .format = KX_CATALOG_FORMAT,
        .schema_version = txn->catalog->schema_version,
        .file_bytes = measured.file_bytes,
        .used_bytes = measured.used_bytes,
        .free_bytes = measured.free_bytes,
        .map_bytes = measured.map_bytes,
        .last_txn = measured.last_txn,
        .collections = (uint32_t)txn->catalog->count,
        .readers = measured.readers,
        .max_readers = measured.max_readers,
    };
    return KX_OK;
}

int kx_db_info(kx_txn *txn, kx_info *info)
{
    if (info != NULL)
        *info = (kx_info){0};
    if (txn == NULL || info == NULL)
        return kx_base__done(kx_api__null("kx_db_info", txn == NULL ? "txn" : "info"));
    return kx_base__done(measure(txn, info));
}

int kx_declare(kx_txn *txn, const kx_model *const *models)
{
    if (txn == NULL || models == NULL)
        return kx_base__done(kx_api__null("kx_declare", txn == NULL ? "txn" : "models"));
    int rc = kx_collection__enter(txn);
    return kx_base__done(rc == KX_OK ? kx_collection__declare(txn, models) : rc);
}

int kx_declare_json(kx_txn *txn, const char *text)
{
    if (txn == NULL || text == NULL)
        return kx_base__done(kx_api__null("kx_declare_json", txn == NULL ? "txn" : "text"));
    int rc = kx_collection__enter(txn);
    return kx_base__done(rc == KX_OK ? kx_collection__declare_json(txn, text) : rc);
}

/* ---- drop ------------------------------------------------------------------------ */

typedef int plan_drop(const kx_catalog *from, const char *collection, const char *name, kx_cat_plan *plan);

static int plan_drop_collection(const kx_catalog *from, const char *collection, const char *name, kx_cat_plan *plan)
{
    (void)name;
    return kx_catalog__drop_collection(from, collection, plan);
}

static int drop(kx_txn *txn, const char *collection, const char *name, plan_drop *plan_it)
{
    kx_cat_plan plan = {0};
    const kx_cat_collection *found;
    if (txn == NULL || name == NULL)
        return kx_base__done(kx_api__null("kx_drop", txn == NULL ? "txn" : "the name"));
    int rc = kx_api__enter(txn, collection, &found);
    if (rc == KX_OK)
        rc = kx_collection__enter_write(txn, found);
    if (rc == KX_OK)
        rc = plan_it(txn->catalog, collection, name, &plan);
    if (rc == KX_OK)
        rc = kx_collection__apply(txn, &plan);
    return kx_base__done(rc);
}

int kx_drop_index(kx_txn *txn, const char *collection, const char *paths)
{
    return drop(txn, collection, paths, kx_catalog__drop_index);
}

int kx_drop_relation(kx_txn *txn, const char *collection, const char *relation)
{
    return drop(txn, collection, relation, kx_catalog__drop_relation);
}

int kx_drop_field(kx_txn *txn, const char *collection, const char *path)
{
    return drop(txn, collection, path, kx_catalog__drop_field);
}

int kx_drop_collection(kx_txn *txn, const char *collection)
{
    return drop(txn, collection, "", plan_drop_collection);
}
