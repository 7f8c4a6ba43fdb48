/* snapshot.c -- the catalog that belongs to a snapshot: pinned at begin, written at a declaration. */
#include "collection/collection_impl.h"

void kx_collection__seal(uint64_t id, kx_slice document, uint8_t head[KX_RECORD_HEAD])
{
    uint64_t sum = kx_base__hash64(document.data, document.size, id);
    for (int i = 0; i < KX_RECORD_HEAD; i++)
        head[i] = (uint8_t)(sum >> (8 * i));
}

int kx_collection__put_document(kx_store_txn *store, uint32_t table, uint64_t id, kx_slice document, bool append)
{
    uint8_t head[KX_RECORD_HEAD];
    kx_collection__seal(id, document, head);
    return kx_store__row_put(store, table, id, kx_slice_of(head, sizeof head), document, append);
}

/* A record of kx/meta or kx/catalog, always verified: everything else hangs on it. */
static int open_record(uint64_t id, kx_slice row, kx_slice *document)
{
    uint8_t head[KX_RECORD_HEAD];
    if (row.size <= KX_RECORD_HEAD)
        return kx_base__fail(KX_CORRUPT, "catalog record %llu is too short", (unsigned long long)id);
    *document = kx_slice_of(row.data + KX_RECORD_HEAD, row.size - KX_RECORD_HEAD);
    kx_collection__seal(id, *document, head);
    for (int i = 0; i < KX_RECORD_HEAD; i++)
        if (head[i] != row.data[i])
            return kx_base__fail(KX_CORRUPT, "catalog record %llu does not match its checksum", (unsigned long long)id);
    return KX_OK;
}

int kx_collection__read_meta(kx_store_txn *store, uint64_t row, kx_slice *document)
{
    kx_slice bytes;
    if (kx_store__is_empty(store))
        return KX_NOTFOUND;
    int rc = kx_store__row_get(store, KX_STORE_META, row, &bytes);
    return rc == KX_OK ? open_record(row, bytes, document) : rc;
}

typedef struct catalog_rows {
    uint64_t *numbers;
    kx_slice *documents;
    size_t count, room;
} catalog_rows;

static int add_row(catalog_rows *rows, const kx_store_item *item)
{
    if (rows->count == rows->room) {
        size_t room = rows->room ? rows->room * 2 : 16;
        uint64_t *numbers = kx_base__realloc(rows->numbers, kx_base__times(room, sizeof *numbers));
        if (numbers != NULL)
            rows->numbers = numbers;
        kx_slice *documents = kx_base__realloc(rows->documents, kx_base__times(room, sizeof *documents));
        if (documents != NULL)
            rows->documents = documents;
        if (numbers == NULL || documents == NULL)
            return kx_base__nomem();
        rows->room = room;
    }
    rows->numbers[rows->count] = item->id;
    int rc = open_record(item->id, item->row, &rows->documents[rows->count]);
    rows->count += rc == KX_OK;
    return rc;
}

/* The catalog as this snapshot has it, decoded from its rows. */
static int load_catalog(kx_store_txn *store, kx_cat_make_predicate *make, kx_slice meta, kx_catalog **catalog)
{
    catalog_rows rows = {0};
    kx_store_scan *scan = NULL;
    kx_store_item item;
    int rc = kx_store__scan_rows(store, KX_STORE_CATALOG, 0, UINT64_MAX, false, &scan);
    while (rc == KX_OK && (rc = kx_store__scan_next(scan, &item)) == KX_OK)
        rc = add_row(&rows, &item);
    if (rc == KX_NOTFOUND)
        rc = kx_catalog__decode(make, meta, rows.numbers, rows.documents, rows.count, catalog);
    kx_store__scan_close(scan);
    kx_base__free(rows.numbers);
    kx_base__free(rows.documents);
    return rc;
}

/* The newest catalog that this handle has seen, when it is the one asked for. */
static kx_catalog *known_catalog(kx_db *db, uint64_t epoch)
{
    pthread_mutex_lock(&db->lock);
    kx_catalog *found = db->catalog != NULL && db->catalog->epoch == epoch ? kx_catalog__retain(db->catalog) : NULL;
    pthread_mutex_unlock(&db->lock);
    return found;
}

static void publish_catalog(kx_db *db, kx_catalog *catalog)
{
    kx_catalog *old = NULL;
    pthread_mutex_lock(&db->lock);
    if (db->catalog == NULL || db->catalog->epoch < catalog->epoch) {
        old = db->catalog;
        db->catalog = kx_catalog__retain(catalog);
    }
    pthread_mutex_unlock(&db->lock);
    kx_catalog__release(old);
}

static int open_tables(kx_db *db, const kx_catalog *catalog)
{
    kx_store_table *tables = NULL;
    size_t count = 0;
    int rc = kx_catalog__tables(catalog, &tables, &count);
    if (rc == KX_OK)
        rc = kx_store__open_tables(db->store, tables, count);
    kx_base__free(tables);
    return rc;
}

int kx_collection__pin(kx_txn *txn, bool *again)
{
    kx_slice meta = {0};
    uint64_t epoch = 0;
    *again = false;
    uint64_t snapshot = kx_store__snapshot(txn->store);
    if (txn->catalog != NULL && txn->snapshot == snapshot && snapshot != 0)
        return KX_OK;
    int rc = kx_collection__read_meta(txn->store, 0, &meta);
    if (rc == KX_OK)
        rc = kx_catalog__epoch(meta, &epoch);
    else if (rc == KX_NOTFOUND)
        rc = KX_OK;
    if (rc != KX_OK)
        return rc;
    txn->snapshot = snapshot;
    if (txn->catalog != NULL && txn->catalog->epoch == epoch)
        return KX_OK;
    kx_catalog *catalog = known_catalog(txn->db, epoch);
    kx_cat_make_predicate *make = txn->db->guard != NULL ? txn->db->guard->predicate : NULL;
    if (catalog == NULL)
        rc = epoch == 0 ? kx_catalog__empty(make, &catalog) : load_catalog(txn->store, make, meta, &catalog);
    if (rc != KX_OK)
        return rc;
    kx_catalog__release(txn->catalog);
    txn->catalog = catalog;
    *again = epoch != 0;
    return KX_OK;
}

/* Open the tables that a newly pinned catalog names. The store transaction has ended: a snapshot older than the handles could not use them. */
int kx_collection__open_pinned(kx_txn *txn)
{
    int rc = open_tables(txn->db, txn->catalog);
    if (rc == KX_OK)
        publish_catalog(txn->db, txn->catalog);
    return rc;
}

void kx_collection__publish(kx_txn *txn)
{
    publish_catalog(txn->db, txn->catalog);
}

int kx_collection__room_to_retire(kx_txn *txn, kx_retired **room)
{
    *room = kx_base__alloc(sizeof **room);
    bool whole = *room != NULL;
    for (; whole && txn->parent != NULL; txn = txn->parent) {
        if (txn->room == NULL)
            txn->room = kx_base__alloc(sizeof *txn->room);
        whole = txn->room != NULL;
    }
    if (whole)
        return KX_OK;
    kx_base__free(*room);
    *room = NULL;
    return kx_base__nomem();
}

void kx_collection__retire(kx_txn *txn, kx_retired *room, kx_catalog *catalog)
{
    *room = (kx_retired){.next = txn->top->retired, .catalog = catalog};
    txn->top->retired = room;
}

void kx_collection__set_catalog(kx_txn *txn, kx_retired *room, kx_catalog *next)
{
    kx_collection__retire(txn, room, txn->catalog);
    txn->top->declared = true;
    txn->catalog = next;
}

int kx_collection__write_catalog(kx_txn *txn, const kx_cat_plan *plan)
{
    kx_buf out = {0};
    int rc = KX_OK;
    for (size_t i = 0; i < plan->changed_count && rc == KX_OK; i++) {
        uint32_t number = plan->changed[i];
        const kx_cat_collection *collection = kx_catalog__numbered(plan->next, number);
        kx_buf__clear(&out);
        if (collection == NULL) {
            rc = kx_store__row_delete(txn->store, KX_STORE_CATALOG, number);
            continue;
        }
        kx_catalog__encode(collection, &out);
        rc = out.rc != KX_OK
                 ? out.rc
                 : kx_collection__put_document(txn->store, KX_STORE_CATALOG, number, kx_buf__slice(&out), false);
    }
    if (rc == KX_OK) {
        kx_buf__clear(&out);
        kx_catalog__encode_meta(plan->next, &out);
        rc = out.rc != KX_OK ? out.rc
                             : kx_collection__put_document(txn->store, KX_STORE_META, 0, kx_buf__slice(&out), false);
    }
    kx_buf__free(&out);
    return rc;
}
