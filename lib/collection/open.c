/* open.c -- a handle's life: open, declare what the options say, close. */
#include <stdio.h>
#include <string.h>

#include "collection/collection_impl.h"

void kx_collection__log(const kx_db *db, const char *format, ...)
{
    char line[1024];
    va_list arguments;
    if (db->options.log == NULL)
        return;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    db->options.log(db->options.context, line);
}

static int new_db(const kx_options *options, const kx_guard *guard, kx_db **result)
{
    kx_db *db = kx_base__zalloc(sizeof *db);
    *result = db;
    if (db == NULL)
        return kx_base__nomem();
    db->guard = guard;
    db->options = *options;
    db->options.models = NULL;
    db->options.schema_json = NULL;
    db->fork_count = kx_base__fork_count();
    pthread_mutex_init(&db->lock, NULL);
    return KX_OK;
}

static void free_db(kx_db *db)
{
    while (db->txns != NULL) {
        kx_txn *next = db->txns->next_of_db;
        kx_collection__free_txn(db->txns);
        db->txns = next;
    }
    kx_collection__free_layouts(db->layouts);
    kx_catalog__release(db->catalog);
    pthread_mutex_destroy(&db->lock);
    kx_base__free(db);
}

/* ---- what the options declare --------------------------------------------------------- */

static int declare_options(kx_txn *txn, const kx_options *options)
{
    int rc = options->models != NULL ? kx_collection__declare(txn, options->models) : KX_OK;
    if (rc == KX_OK && options->schema_json != NULL)
        rc = kx_collection__declare_json(txn, options->schema_json);
    return rc;
}

static int version_conflict(uint32_t stored, uint32_t asked)
{
    return kx_base__fail(KX_CONFLICT, "the store has schema version %u, this program knows up to %u", stored, asked);
}

/* In the write transaction of the open: migrate, declare, store the number. */
static int upgrade(kx_txn *txn, void *context)
{
    const kx_options *options = context;
    uint32_t stored = txn->catalog->schema_version;
    int rc = KX_OK;
    if (options->schema_version != 0 && stored > options->schema_version)
        return kx_base__done(version_conflict(stored, options->schema_version));
    bool older = stored < options->schema_version;
    if (older && options->migrate != NULL)
        rc = options->migrate(txn, stored, options->schema_version);
    if (rc == KX_OK)
        rc = kx_base__done(declare_options(txn, options));
    if (rc == KX_OK && older) {
        kx_cat_plan plan = {0};
        rc = kx_catalog__set_schema_version(txn->catalog, options->schema_version, &plan);
        if (rc == KX_OK)
            rc = kx_collection__apply(txn, &plan);
        rc = kx_base__done(rc);
    }
    return rc;
}

/* Does the snapshot hold all of it already? Declaring in a read transaction answers KX_READONLY where something is to be written. */
static int look(kx_db *db, const kx_options *options, bool *needed)
{
    kx_txn *txn;
    int rc = kx_collection__begin(db, KX_READ, &txn);
    if (rc != KX_OK)
        return rc;
    uint32_t stored = txn->catalog->schema_version;
    *needed = stored < options->schema_version;
    if (options->schema_version != 0 && stored > options->schema_version)
        rc = version_conflict(stored, options->schema_version);
    else if (!*needed)
        rc = declare_options(txn, options);
    kx_collection__abort(txn);
    if (rc == KX_READONLY && !options->read_only) {
        *needed = true;
        return KX_OK;
    }
    if (rc == KX_READONLY)
        return kx_base__fail(rc, "the store does not hold all that is to be declared, and it was opened read only");
    return rc == KX_OK && *needed && options->read_only
               ? kx_base__fail(KX_READONLY, "the store's schema version is %u, below %u, and it was opened read only",
                               stored, options->schema_version)
               : rc;
}

static int check_options(const kx_options *options)
{
    if (options->sync != KX_SYNC && options->sync != KX_SYNC_LATER)
        return kx_base__fail(KX_INVALID, "there is no sync mode %d", (int)options->sync);
    if (options->migrate != NULL && options->schema_version == 0)
        return kx_base__fail(KX_INVALID, "a migration needs a schema_version");
    return KX_OK;
}

int kx_collection__open(const char *path, const kx_options *given, const kx_guard *guard, kx_db **result)
{
    kx_options options = given != NULL ? *given : (kx_options){0};
    kx_store_options store_options = {
        .sync = (int)options.sync,
        .read_only = options.read_only,
        .must_exist = options.must_exist,
        .mode = options.mode,
        .max_readers = options.max_readers,
        .map_limit_bytes = options.map_limit_bytes,
        .write_timeout_ms = options.write_timeout_ms,
    };
    kx_db *db = NULL;
    bool needed = false;
    *result = NULL;
    int rc = check_options(&options);
    if (rc == KX_OK)
        rc = new_db(&options, guard, &db);
    if (rc == KX_OK)
        rc = kx_store__open(path, &store_options, &db->store);
    if (rc == KX_OK)
        rc = look(db, &options, &needed);
    if (rc == KX_OK && needed)
        rc = kx_collection__run(db, KX_WRITE, upgrade, &options);
    else
        rc = kx_base__done(rc);
    if (rc == KX_OK) {
        *result = db;
        return KX_OK;
    }
    if (db != NULL && db->store != NULL)
        kx_store__close(db->store);
    if (db != NULL)
        free_db(db);
    return rc;
}

/* ---- close -------------------------------------------------------------------------------- */

static bool has_live_txns(kx_db *db)
{
    bool live = false;
    pthread_mutex_lock(&db->lock);
    for (const kx_txn *txn = db->txns; txn != NULL && !live; txn = txn->next_of_db)
        live = atomic_load_explicit(&txn->live, memory_order_acquire);
    pthread_mutex_unlock(&db->lock);
    return live;
}

int kx_collection__close(kx_db *db)
{
    if (db == NULL)
        return KX_OK;
    if (db->fork_count != kx_base__fork_count()) {
        kx_store__abandon(db->store);
        free_db(db);
        return KX_OK;
    }
    if (has_live_txns(db))
        return kx_base__fail(KX_BUSY, "transactions of this handle are still open");
    int rc = kx_store__close(db->store);
    if (rc == KX_OK)
        free_db(db);
    return rc;
}
