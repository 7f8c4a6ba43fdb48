/*
 * update.c -- the same changes to many documents, where no index can notice.
 *
 * Documents are read, changed and checked in batches, by one pass over the table; then those of the batch are written by another
 * one. Neither descends from the root for each document, as single writes do.
 */
#include <string.h>

#include "collection/collection_impl.h"

enum { BATCH = 256, BATCH_BYTES = 256 << 10 };

/* ---- which keys a change can move --------------------------------------------------------- */

/* What a change does stays below the first name of its path, and what a part reads does too. */
static bool same_root(const kx_path *path, const kx_path *part)
{
    const kx_step *left = &path->steps[0], *right = &part->steps[0];
    if (path->count == 0 || part->count == 0 || left->kind != KX_STEP_NAME || right->kind != KX_STEP_NAME)
        return true;
    return left->size == right->size && memcmp(left->name, right->name, left->size) == 0;
}

/* What a partial index reads to tell which documents it has may be anything. */
static bool reads(const kx_cat_index *index, const kx_path *path)
{
    if (index->where != NULL)
        return true;
    for (size_t i = 0; i < index->count; i++) {
        if (same_root(path, &index->parts[i].path))
            return true;
    }
    return false;
}

/* A path that cannot be read is told of where it is used. */
static bool moves_key(const kx_cat_collection *collection, const kx_change *change)
{
    kx_path path;
    bool moves = false;
    if (kx_path__parse(change->path, &path) != KX_OK)
        return true;
    for (size_t i = 0; i < collection->index_count && !moves; i++)
        moves = reads(&collection->indexes[i], &path);
    kx_path__free(&path);
    return moves;
}

bool kx_collection__moves_keys(const kx_cat_collection *collection, const kx_change *changes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (moves_key(collection, &changes[i]))
            return true;
    }
    return false;
}

/* ---- a batch ---------------------------------------------------------------------------------- */

typedef struct changed_row {
    uint64_t id;
    size_t at, size; /* in `bytes` */
    uint8_t head[KX_RECORD_HEAD];
} changed_row;

typedef struct updating {
    kx_txn *txn;
    const kx_cat_collection *collection;
    const kx_change *changes;
    size_t change_count;
    kx_buf patched, bytes; /* one document, and all that are to be written */
    kx_slice rows[BATCH];
    changed_row changed[BATCH];
    kx_store_put puts[BATCH];
    size_t count; /* of changed ones */
} updating;

static int change_row(updating *all, uint64_t id, kx_slice row)
{
    kx_write_op op = {.id = id};
    int rc = kx_collection__document_of(all->txn->db, all->collection, id, row, &op.before);
    if (rc == KX_OK)
        rc = kx_document__patch(op.before, all->changes, all->change_count, &all->patched, &op.after);
    if (rc != KX_OK ||
        (op.before.size == op.after.size && memcmp(op.before.data, op.after.data, op.after.size) == 0))
        return rc;
    rc = kx_collection__check_fields(all->collection, op.after);
    if (rc == KX_OK)
        rc = kx_collection__guard(all->txn, all->collection, &op);
    if (rc != KX_OK)
        return rc;
    changed_row *changed = &all->changed[all->count++];
    *changed = (changed_row){.id = id, .at = all->bytes.size, .size = op.after.size};
    kx_collection__seal(id, op.after, changed->head);
    kx_buf__append(&all->bytes, op.after.data, op.after.size);
    return all->bytes.rc;
}

/* So many as fit; *taken is their number. */
static int change_rows(updating *all, const uint64_t *ids, size_t count, size_t *taken)
{
    int rc = kx_store__row_get_many(all->txn->store, all->collection->number, ids, count, all->rows);
    for (*taken = 0; *taken < count && rc == KX_OK && all->bytes.size < BATCH_BYTES; ++*taken) {
        uint64_t id = ids[*taken];
        rc = all->rows[*taken].data != NULL ? change_row(all, id, all->rows[*taken]) : KX_OK;
        if (rc != KX_OK)
            rc = kx_base__fail_in(rc, "document %llu", (unsigned long long)id);
    }
    return rc;
}

static int write_rows(updating *all)
{
    int rc = KX_OK;
    for (size_t i = 0; i < all->count && rc == KX_OK; i++) {
        const changed_row *changed = &all->changed[i];
        all->puts[i] = (kx_store_put){.id = changed->id,
                                      .head = kx_slice_of(changed->head, sizeof changed->head),
                                      .body = kx_slice_of(all->bytes.data + changed->at, changed->size)};
        rc = kx_collection__before_write(all->txn, all->collection->number, changed->id);
    }
    if (rc != KX_OK || all->count == 0)
        return rc;
    rc = kx_store__row_put_many(all->txn->store, all->collection->number, all->puts, all->count);
    if (rc != KX_OK)
        all->txn->top->failed = rc;
    return rc;
}

int kx_collection__change_many(kx_txn *txn, const kx_cat_collection *collection, const uint64_t *ids, size_t count,
                               const kx_change *changes, size_t change_count, uint64_t *changed)
{
    *changed = 0;
    updating *all = kx_base__alloc(sizeof *all);
    if (all == NULL)
        return kx_base__nomem();
    all->txn = txn;
    all->collection = collection;
    all->changes = changes;
    all->change_count = change_count;
    all->patched = all->bytes = (kx_buf){0};
    int rc = KX_OK;
    for (size_t from = 0, taken; from < count && rc == KX_OK; from += taken) {
        all->count = 0;
        kx_buf__clear(&all->bytes);
        rc = change_rows(all, ids + from, count - from < BATCH ? count - from : BATCH, &taken);
        if (rc == KX_OK)
            rc = write_rows(all);
        *changed += rc == KX_OK ? all->count : 0;
    }
    kx_buf__free(&all->patched);
    kx_buf__free(&all->bytes);
    kx_base__free(all);
    return rc;
}
