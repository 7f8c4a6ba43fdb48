/*
 * hop.c -- from a document through a relation to the ids at its other end, forwards or back, by index entries.
 *
 * Through a many-to-many only the junction's index is read. Its keys are two parts, the near end's and the far end's;
 * what stands behind the near part is, byte for byte, the key of the far end's own index. Only where a key was shortened
 * is the link's document read.
 */
#include <string.h>

#include "query/query_impl.h"

/* ---- one end's key -------------------------------------------------------------------- */

typedef struct end_values {
    kx_value values[KX_CATALOG_KEY_PARTS];
    size_t count; /* 0: some part is null, so it relates nothing */
} end_values;

static void read_key(const kx_cat_key *key, kx_slice document, end_values *end)
{
    end->count = 0;
    for (size_t i = 0; i < key->count; i++) {
        kx_collection__part_value(document, &key->parts[i], &end->values[i]);
        if (end->values[i].type == KX_TYPE_NONE || end->values[i].type == KX_TYPE_NULL)
            return;
    }
    end->count = key->count;
}

/* An index that begins with the key; NULL: none. */
static const kx_cat_index *index_over(const kx_cat_collection *collection, const kx_cat_key *key)
{
    for (size_t i = 0; i < collection->index_count; i++) {
        const kx_cat_index *index = &collection->indexes[i];
        size_t same = 0;
        while (same < key->count && same < index->count && !index->multi && !index->sparse && !index->fold && index->where == NULL &&
               !index->parts[same].descending && strcmp(index->parts[same].text, key->parts[same].text) == 0)
            same++;
        if (same == key->count)
            return index;
    }
    return NULL;
}

/* ---- ids under a key ------------------------------------------------------------------------ */

int kx_query__each(kx_txn *txn, const kx_cat_collection *collection, const kx_query_bound *bound, kx_query_visit *visit,
                   void *context)
{
    kx_cursor cursor;
    kx_slice row;
    uint64_t id;
    int rc = kx_query__prepare(&cursor, txn, collection, NULL, bound, false, false);
    if (rc == KX_OK)
        rc = kx_query__open(&cursor);
    if (rc != KX_OK)
        return rc;
    while (rc == KX_OK && (rc = kx_query__step(&cursor, false, &id, &row)) == KX_OK)
        rc = visit(context, id);
    kx_query__shut(&cursor);
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

/* The usual case, one whole key that leads to one document, needs no plan. */
static int visit_one(kx_txn *txn, const kx_cat_collection *collection, const kx_cat_index *index, const kx_value *value,
                     kx_query_visit *visit, void *context)
{
    uint64_t id;
    int rc = kx_collection__lookup_id(txn, collection, index, value, &id);
    if (rc == KX_OK)
        return visit(context, id);
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

/* ---- links ------------------------------------------------------------------------------------- */

typedef struct far_end {
    const kx_cat_collection *collection, *junction;
    const kx_cat_index *index;
    const kx_cat_part *near_field, *far_field; /* of the junction */
    const kx_value *near_value;
} far_end;

/* By the link's document, where its entry does not hold both keys. */
static int visit_document(kx_txn *txn, const far_end *far, uint64_t link, kx_query_visit *visit, void *context)
{
    kx_slice row, document;
    kx_value value;
    int rc = kx_store__row_get(txn->store, far->junction->number, link, &row);
    if (rc == KX_OK)
        rc = kx_collection__document_of(txn->db, far->junction, link, row, &document);
    if (rc != KX_OK)
        return rc == KX_NOTFOUND ? KX_OK : rc;
    kx_collection__part_value(document, far->near_field, &value);
    if (kx_key__compare(&value, far->near_value) != 0)
        return KX_OK;
    kx_collection__part_value(document, far->far_field, &value);
    if (value.type == KX_TYPE_NONE || value.type == KX_TYPE_NULL)
        return KX_OK;
    return visit_one(txn, far->collection, far->index, &value, visit, context);
}

/* A key that leads nowhere is a link whose end is gone. */
static int visit_far(kx_txn *txn, const far_end *far, kx_slice key, kx_query_visit *visit, void *context)
{
    uint64_t id;
    if (kx_key__is_null(key))
        return KX_OK;
    if (far->index->primary)
        return kx_key__read_id(key, &id) ? visit(context, id) : KX_OK;
    int rc = kx_store__entry_get(txn->store, far->index->table, key, &id);
    if (rc == KX_OK)
        return visit(context, id);
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

static int visit_links(kx_txn *txn, const far_end *far, const kx_cat_index *links, kx_query_visit *visit, void *context)
{
    kx_key key, end;
    kx_store_scan *scan = NULL;
    kx_store_item item;
    kx_key__init(&key);
    kx_key__init(&end);
    kx_key__add(&key, far->near_value, false);
    kx_key__add(&end, far->near_value, false);
    bool cut = kx_key__cut(&key, KX_KEY_UNIQUE_LIMIT);
    kx_key__cut(&end, KX_KEY_UNIQUE_LIMIT);
    kx_slice to = kx_key__successor(&end) ? kx_key__slice(&end) : (kx_slice){0};
    int rc = key.rc != KX_OK ? key.rc : end.rc;
    if (rc == KX_OK)
        rc = kx_store__scan_entries(txn->store, links->table, kx_key__slice(&key), to, false, &scan);
    while (rc == KX_OK && (rc = kx_store__scan_next(scan, &item)) == KX_OK) {
        if (cut || item.key.size >= KX_KEY_UNIQUE_LIMIT)
            rc = visit_document(txn, far, item.id, visit, context);
        else
            rc = visit_far(txn, far, kx_slice_of(item.key.data + key.size, item.key.size - key.size), visit, context);
    }
    kx_store__scan_close(scan);
    kx_key__free(&key);
    kx_key__free(&end);
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

static int hop_links(kx_txn *txn, const kx_cat_relation *relation, bool back, const end_values *near,
                     kx_query_visit *visit, void *context)
{
    const kx_cat_junction *junction = &relation->junction;
    far_end far = {
        .collection = back ? relation->owner : relation->target,
        .junction = junction->collection,
        .index = back ? index_over(relation->owner, &relation->local) : relation->index,
        .near_field = back ? &junction->remote.parts[0] : &junction->local.parts[0],
        .far_field = back ? &junction->local.parts[0] : &junction->remote.parts[0],
        .near_value = &near->values[0],
    };
    return visit_links(txn, &far, back ? junction->back : junction->onward, visit, context);
}

/* ---- the door --------------------------------------------------------------------------------------- */

static bool leads_to_one(const kx_cat_relation *relation)
{
    return relation->declared.kind != KX_RELATED_SET && relation->declared.kind != KX_MANY_TO_MANY;
}

int kx_query__hop(kx_txn *txn, const kx_cat_relation *relation, bool back, kx_slice document, kx_query_visit *visit,
                  void *context)
{
    end_values near;
    read_key(back ? &relation->remote : &relation->local, document, &near);
    if (near.count == 0)
        return KX_OK;
    if (relation->declared.kind == KX_MANY_TO_MANY)
        return hop_links(txn, relation, back, &near, visit, context);
    const kx_cat_collection *collection = back ? relation->owner : relation->target;
    const kx_cat_index *index = back ? index_over(collection, &relation->local) : relation->index;
    if (!back && near.count == 1 && leads_to_one(relation))
        return visit_one(txn, collection, index, near.values, visit, context);
    kx_query_bound bound = {.index = index, .values = near.values, .count = near.count};
    return kx_query__each(txn, collection, &bound, visit, context);
}

/* ---- back from many --------------------------------------------------------------------------------- */

enum { WHOLE = 256 }; /* keys up to this are never shortened, whatever comes behind them */

const kx_cat_index *kx_query__back_index(const kx_cat_relation *relation)
{
    if (relation->declared.kind == KX_MANY_TO_MANY)
        return NULL;
    const kx_cat_index *index = index_over(relation->owner, &relation->local);
    return index == NULL || index->primary ? NULL : index;
}

bool kx_query__back_key(const kx_cat_relation *relation, kx_slice document, kx_key *key)
{
    end_values near;
    read_key(&relation->remote, document, &near);
    for (size_t i = 0; i < near.count; i++)
        kx_key__add(key, &near.values[i], false);
    return near.count == 0 || (key->rc == KX_OK && key->size <= WHOLE);
}
