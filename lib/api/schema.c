/* schema.c -- what a store holds. The promises are in <lmdbkenobix/schema.h>. */
#include <lmdbkenobix/schema.h>

#include "api/api.h"

static int table_bytes(kx_txn *txn, const kx_cat_collection *collection, uint64_t *bytes)
{
    int rc = kx_store__table_bytes(txn->store, collection->number, bytes);
    for (size_t i = 0; i < collection->index_count && rc == KX_OK; i++) {
        uint64_t more = 0;
        if (!collection->indexes[i].primary)
            rc = kx_store__table_bytes(txn->store, collection->indexes[i].table.number, &more);
        *bytes += more;
    }
    return rc;
}

static int describe(kx_txn *txn, const kx_cat_collection *collection, kx_collection_info *info)
{
    *info = (kx_collection_info){
        .name = collection->name,
        .fields = collection->field_count,
        .indexes = collection->index_count,
        .relations = collection->relation_count,
        .writable = collection->writable,
    };
    int rc = kx_store__table_count(txn->store, collection->number, &info->documents);
    if (rc == KX_OK)
        rc = kx_collection__next_id(txn, collection, &info->next_id);
    if (rc == KX_LIMIT)
        rc = KX_OK;
    return rc == KX_OK ? table_bytes(txn, collection, &info->bytes) : rc;
}

int kx_collection_at(kx_txn *txn, size_t n, kx_collection_info *info)
{
    if (info != NULL)
        *info = (kx_collection_info){0};
    if (txn == NULL || info == NULL)
        return kx_base__done(kx_api__null("kx_collection_at", txn == NULL ? "txn" : "info"));
    int rc = kx_collection__enter(txn);
    if (rc == KX_OK && n >= txn->catalog->count)
        return KX_NOTFOUND;
    return kx_base__done(rc == KX_OK ? describe(txn, &txn->catalog->collections[n], info) : rc);
}

int kx_collection_named(kx_txn *txn, const char *collection, kx_collection_info *info)
{
    const kx_cat_collection *found;
    if (info != NULL)
        *info = (kx_collection_info){0};
    if (txn == NULL || info == NULL)
        return kx_base__done(kx_api__null("kx_collection_named", txn == NULL ? "txn" : "info"));
    int rc = kx_api__enter(txn, collection, &found);
    return kx_base__done(rc == KX_OK ? describe(txn, found, info) : rc);
}

static int enter(kx_txn *txn, const char *name, const void *out, const kx_cat_collection **found)
{
    if (txn == NULL || out == NULL)
        return kx_api__null("a schema call", txn == NULL ? "txn" : "the result");
    return kx_api__enter(txn, name, found);
}

int kx_field_at(kx_txn *txn, const char *collection, size_t n, kx_field *field)
{
    const kx_cat_collection *found;
    if (field != NULL)
        *field = (kx_field){0};
    int rc = enter(txn, collection, field, &found);
    if (rc != KX_OK)
        return kx_base__done(rc);
    if (n >= found->field_count)
        return KX_NOTFOUND;
    const kx_cat_field *known = &found->fields[n];
    *field = (kx_field){
        .path = known->path_text, .type = known->type, .optional = known->optional, .initial = known->initial};
    return KX_OK;
}

static int describe_index(kx_txn *txn, const kx_cat_collection *collection, const kx_cat_index *index,
                          kx_index_info *info)
{
    uint32_t table = index->primary ? collection->number : index->table.number;
    *info = (kx_index_info){
        .index = {.paths = index->paths,
                  .unique = index->unique,
                  .primary = index->primary,
                  .multi = index->multi,
                  .sparse = index->sparse,
                  .fold = index->fold,
                  .where = index->where},
        .implied = index->implied,
    };
    int rc = kx_store__table_count(txn->store, table, &info->entries);
    return rc == KX_OK && !index->primary ? kx_store__table_bytes(txn->store, table, &info->bytes) : rc;
}

int kx_index_at(kx_txn *txn, const char *collection, size_t n, kx_index_info *info)
{
    const kx_cat_collection *found;
    if (info != NULL)
        *info = (kx_index_info){0};
    int rc = enter(txn, collection, info, &found);
    if (rc != KX_OK)
        return kx_base__done(rc);
    if (n >= found->index_count)
        return KX_NOTFOUND;
    return kx_base__done(describe_index(txn, found, &found->indexes[n], info));
}

int kx_relation_at(kx_txn *txn, const char *collection, size_t n, kx_relation *relation)
{
    const kx_cat_collection *found;
    if (relation != NULL)
        *relation = (kx_relation){0};
    int rc = enter(txn, collection, relation, &found);
    if (rc != KX_OK)
        return kx_base__done(rc);
    if (n >= found->relation_count)
        return KX_NOTFOUND;
    *relation = found->relations[n].declared;
    return KX_OK;
}

static int to_json(kx_txn *txn, const kx_cat_collection *collection, const char **json)
{
    kx_buf out = {0};
    uint64_t next_id;
    int rc = kx_collection__next_id(txn, collection, &next_id);
    if (rc == KX_OK || rc == KX_LIMIT)
        rc = kx_catalog__to_json(collection, next_id, &out);
    if (rc == KX_OK)
        rc = out.rc;
    if (rc == KX_OK)
        *json = kx_arena__text(&txn->top->arena, (const char *)out.data, out.size);
    if (rc == KX_OK && *json == NULL)
        rc = kx_base__nomem();
    kx_buf__free(&out);
    return rc;
}

int kx_schema_json(kx_txn *txn, const char *collection, const char **json)
{
    const kx_cat_collection *found;
    if (json != NULL)
        *json = NULL;
    int rc = enter(txn, collection, json, &found);
    return kx_base__done(rc == KX_OK ? to_json(txn, found, json) : rc);
}
