/* index.c -- the keys that an index has for a document, and looking documents up by them. */
#include <stdio.h>
#include <string.h>

#include "collection/collection_impl.h"

static size_t limit_of(const kx_cat_index *index)
{
    return index->unique ? KX_KEY_UNIQUE_LIMIT : KX_KEY_LIMIT;
}

/* ---- the keys of a document ---------------------------------------------------- */

/* In a unique index a key with a null part, or one that was shortened, ends in the id: nulls never clash, and
   texts that are equal only up to where they were cut are told apart by their documents. */
static int finish_key(const kx_cat_index *index, uint64_t id, kx_key *key)
{
    int rc = kx_key__finish(key, limit_of(index));
    if (rc == KX_OK && index->unique && (key->has_null || key->shortened))
        kx_key__add_id(key, id);
    return rc == KX_OK ? key->rc : rc;
}

static void add_part(const kx_cat_part *part, const kx_value *value, kx_key *key)
{
    size_t from = key->size;
    kx_key__add(key, value, part->descending);
    if (part->fold && value->type == KX_TYPE_TEXT)
        kx_key__fold(key, from, part->descending);
}

static void add_parts(const kx_cat_index *index, kx_slice document, kx_key *key)
{
    for (size_t i = 0; i < index->count; i++) {
        kx_value value;
        kx_collection__part_value(document, &index->parts[i], &value);
        add_part(&index->parts[i], &value, key);
    }
}

static void add_surveyed(const kx_cat_index *index, const kx_survey *survey, kx_key *key)
{
    for (size_t i = 0; i < index->count; i++) {
        kx_value value;
        if (kx_document__value(kx_collection__survey_item(survey, &index->parts[i]), &value) != KX_OK)
            value = (kx_value){0};
        add_part(&index->parts[i], &value, key);
    }
}

/* The values of the single parts of a multi index, which are the same for all elements; looked up once, since arrays can be long. */
static int read_parts(const kx_cat_index *index, kx_slice document, kx_arena *arena, kx_value **values)
{
    *values = kx_arena__alloc(arena, kx_base__times(index->count, sizeof **values));
    if (*values == NULL)
        return kx_base__nomem();
    for (size_t i = 0; i < index->count; i++)
        if (!index->parts[i].each)
            kx_collection__part_value(document, &index->parts[i], &(*values)[i]);
    return KX_OK;
}

static void add_values(const kx_cat_index *index, const kx_value *values, const kx_value *element, kx_key *key)
{
    for (size_t i = 0; i < index->count; i++)
        kx_key__add(key, index->parts[i].each ? element : &values[i], index->parts[i].descending);
}

/* The key is made: finish it and hand it out. */
static int visit_single(const kx_cat_index *index, uint64_t id, kx_key *key, kx_key_visit *visit, void *context)
{
    int rc = KX_OK;
    if (!(index->sparse && key->has_null)) {
        rc = finish_key(index, id, key);
        if (rc == KX_OK)
            rc = visit(context, index, key);
    }
    kx_key__free(key);
    return rc;
}

static int single_key(const kx_cat_index *index, uint64_t id, kx_slice document, kx_key_visit *visit, void *context)
{
    kx_key key;
    kx_key__init(&key);
    add_parts(index, document, &key);
    return visit_single(index, id, &key, visit, context);
}

/* Keys of a multi index, kept until all are known: equal elements give one entry. */
typedef struct multi_keys {
    const kx_cat_index *index;
    uint64_t id;
    kx_slice document;
    kx_value *values;
    kx_entries entries;
} multi_keys;

static int add_element(kx_slice item, void *context)
{
    multi_keys *keys = context;
    kx_value element;
    kx_key key;
    int rc = kx_document__value(item, &element);
    if (rc == KX_OK && keys->values == NULL)
        rc = read_parts(keys->index, keys->document, &keys->entries.keys, &keys->values);
    if (rc != KX_OK)
        return rc;
    kx_key__init(&key);
    add_values(keys->index, keys->values, &element, &key);
    if (!(keys->index->sparse && key.has_null)) {
        rc = finish_key(keys->index, keys->id, &key);
        if (rc == KX_OK)
            rc = kx_collection__entries_add(&keys->entries, &key, keys->id, 0);
    }
    kx_key__free(&key);
    return rc;
}

static const kx_cat_part *each_part(const kx_cat_index *index)
{
    for (size_t i = 0; i < index->count; i++)
        if (index->parts[i].each)
            return &index->parts[i];
    return &index->parts[0];
}

/* Of `tags` the elements, of `items[].sku` what stands there in each. */
static int each_element(const kx_cat_index *index, kx_slice document, int (*visit)(kx_slice item, void *context),
                        void *context)
{
    const kx_path *path = &each_part(index)->path;
    bool is_array = true;
    for (uint32_t i = 0; i < path->count; i++)
        is_array = is_array && path->steps[i].kind != KX_STEP_EACH;
    return kx_document__each(document, path, is_array, visit, context);
}

static bool same_entry(const kx_entry *left, const kx_entry *right)
{
    return left->size == right->size && memcmp(left->key, right->key, left->size) == 0;
}

static int visit_distinct(multi_keys *keys, kx_key_visit *visit, void *context)
{
    int rc = kx_collection__entries_sort(&keys->entries);
    for (size_t i = 0; i < keys->entries.count && rc == KX_OK; i++) {
        const kx_entry *entry = &keys->entries.items[i];
        if (i > 0 && same_entry(entry, entry - 1))
            continue;
        kx_key key;
        kx_key__init(&key);
        memcpy(key.data, entry->key, entry->size);
        key.size = entry->size;
        key.shortened = entry->size == KX_KEY_LIMIT;
        key.has_null = entry->has_null;
        rc = visit(context, keys->index, &key);
    }
    return rc;
}

static int multi_key(const kx_cat_collection *collection, const kx_cat_index *index, uint64_t id, kx_slice document,
                     kx_key_visit *visit, void *context)
{
    multi_keys keys = {.index = index, .id = id, .document = document};
    const kx_cat_part *part = each_part(index);
    int rc = each_element(index, document, add_element, &keys);
    if (rc == KX_OK)
        rc = visit_distinct(&keys, visit, context);
    else if (rc == KX_INVALID)
        kx_base__fail_at(KX_INVALID, collection->name, part->text, &id, NULL,
                         "%s.%s is no array, but index '%s' wants one of each element", collection->name, part->text,
                         index->paths);
    kx_collection__entries_free(&keys.entries);
    return rc;
}

int kx_collection__keys(const kx_cat_collection *collection, const kx_cat_index *index, uint64_t id, kx_slice document,
                        kx_key_visit *visit, void *context)
{
    if (index->primary)
        return KX_OK;
    if (index->where != NULL) {
        int holds = index->predicate->holds(index->predicate, id, document);
        if (holds <= 0)
            return holds;
    }
    if (index->multi)
        return multi_key(collection, index, id, document, visit, context);
    return single_key(index, id, document, visit, context);
}

int kx_collection__survey_keys(const kx_cat_collection *collection, const kx_cat_index *index, uint64_t id,
                               const kx_survey *survey, kx_key_visit *visit, void *context)
{
    kx_key key;
    if (index->primary || index->multi || index->where != NULL)
        return kx_collection__keys(collection, index, id, survey->document, visit, context);
    kx_key__init(&key);
    add_surveyed(index, survey, &key);
    return visit_single(index, id, &key, visit, context);
}

/* ---- unique keys that were shortened ------------------------------------------------ */

/* Two documents whose whole, never shortened keys are compared, in a multi index each element with each. Keys that need it are rare. */
typedef struct key_match {
    const kx_cat_index *index;
    kx_slice other;
    kx_value *left_values, *right_values;
    kx_key left, right;
    bool same;
} key_match;

static int element_key(const kx_cat_index *index, const kx_value *values, kx_slice item, kx_key *key)
{
    kx_value element;
    int rc = kx_document__value(item, &element);
    if (rc != KX_OK)
        return rc;
    kx_key__clear(key);
    add_values(index, values, &element, key);
    return key->rc;
}

static void compare(key_match *match)
{
    if (!match->left.has_null && match->left.size == match->right.size &&
        memcmp(match->left.data, match->right.data, match->left.size) == 0)
        match->same = true;
}

static int compare_right(kx_slice item, void *context)
{
    key_match *match = context;
    int rc = element_key(match->index, match->right_values, item, &match->right);
    if (rc == KX_OK)
        compare(match);
    return rc;
}

static int compare_left(kx_slice item, void *context)
{
    key_match *match = context;
    int rc = element_key(match->index, match->left_values, item, &match->left);
    return rc == KX_OK ? each_element(match->index, match->other, compare_right, match) : rc;
}

static int match_elements(key_match *match, kx_slice document)
{
    kx_arena arena = {0};
    int rc = read_parts(match->index, document, &arena, &match->left_values);
    if (rc == KX_OK)
        rc = read_parts(match->index, match->other, &arena, &match->right_values);
    if (rc == KX_OK)
        rc = each_element(match->index, document, compare_left, match);
    kx_arena__free(&arena);
    return rc;
}

static int match_single(key_match *match, kx_slice document)
{
    add_parts(match->index, document, &match->left);
    add_parts(match->index, match->other, &match->right);
    int rc = match->left.rc != KX_OK ? match->left.rc : match->right.rc;
    if (rc == KX_OK)
        compare(match);
    return rc;
}

int kx_collection__same_key(const kx_cat_index *index, kx_slice document, kx_slice other, bool *same)
{
    key_match match = {.index = index, .other = other};
    kx_key__init(&match.left);
    kx_key__init(&match.right);
    int rc = index->multi ? match_elements(&match, document) : match_single(&match, document);
    *same = match.same;
    kx_key__free(&match.left);
    kx_key__free(&match.right);
    return rc;
}

/* ---- clashes --------------------------------------------------------------------------- */

int kx_collection__taken(const kx_cat_collection *collection, const kx_cat_index *index, kx_slice document, uint64_t id,
                         uint64_t by)
{
    char text[256], one[128];
    size_t used = 0;
    kx_value value = {0};
    text[0] = '\0';
    for (size_t i = 0; i < index->count && used < sizeof text; i++) {
        kx_collection__part_value(document, &index->parts[i], &value);
        if (index->parts[i].each)
            snprintf(one, sizeof one, "an element");
        else
            kx_base__show(&value, one, sizeof one);
        int n = snprintf(text + used, sizeof text - used, "%s%s", i > 0 ? ", " : "", one);
        used += n > 0 ? (size_t)n : 0;
    }
    return kx_base__fail_at(KX_EXISTS, collection->name, index->paths, &id, index->count == 1 ? &value : NULL,
                            "%s.%s = %s is taken by document %llu", collection->name, index->paths, text,
                            (unsigned long long)by);
}

/* Documents that share a shortened unique key: the one whose whole key is the same clashes. */
static int clash_shortened(kx_txn *txn, const kx_cat_collection *collection, const kx_cat_index *index, kx_slice bare,
                           uint64_t id, kx_slice document)
{
    kx_key end;
    kx_store_scan *scan = NULL;
    kx_store_item item;
    kx_key__init(&end);
    memcpy(end.data, bare.data, bare.size);
    end.size = bare.size;
    kx_slice to = kx_key__successor(&end) ? kx_key__slice(&end) : (kx_slice){0};
    int rc = kx_store__scan_entries(txn->store, index->table, bare, to, false, &scan);
    while (rc == KX_OK && (rc = kx_store__scan_next(scan, &item)) == KX_OK) {
        kx_slice row, other;
        bool same = false;
        if (item.id == id)
            continue;
        rc = kx_store__row_get(txn->store, collection->number, item.id, &row);
        if (rc == KX_OK)
            rc = kx_collection__document_of(txn->db, collection, item.id, row, &other);
        if (rc == KX_OK)
            rc = kx_collection__same_key(index, document, other, &same);
        if (rc == KX_OK && same)
            rc = kx_collection__taken(collection, index, document, id, item.id);
    }
    kx_store__scan_close(scan);
    kx_key__free(&end);
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

int kx_collection__clash(kx_txn *txn, const kx_cat_collection *collection, const kx_cat_index *index, kx_slice key,
                         uint64_t id, kx_slice document)
{
    uint64_t other;
    if (key.size == KX_KEY_LIMIT)
        return clash_shortened(txn, collection, index, kx_slice_of(key.data, KX_KEY_UNIQUE_LIMIT), id, document);
    int rc = kx_store__entry_get(txn->store, index->table, key, &other);
    if (rc == KX_NOTFOUND || (rc == KX_OK && other == id))
        return KX_OK;
    return rc == KX_OK ? kx_collection__taken(collection, index, document, id, other) : rc;
}

/* ---- lookup -------------------------------------------------------------------------------- */

bool kx_collection__value_as_id(const kx_value *value, uint64_t *id)
{
    if (value->type == KX_TYPE_INT && value->integer >= 0) {
        *id = (uint64_t)value->integer;
        return true;
    }
    if (value->type == KX_TYPE_REAL && value->real >= 0 && value->real < 9223372036854775808.0 &&
        value->real == (double)(uint64_t)value->real) {
        *id = (uint64_t)value->real;
        return true;
    }
    return false;
}

static inline int index_key(const kx_cat_index *index, const kx_value *values, kx_key *key, bool *exact)
{
    kx_key__init(key);
    for (size_t i = 0; i < index->count; i++)
        kx_key__add(key, &values[i], index->parts[i].descending);
    int rc = kx_key__finish(key, limit_of(index));
    *exact = !key->shortened;
    return rc;
}

int kx_collection__index_key(const kx_cat_index *index, const kx_value *values, kx_key *key, bool *exact)
{
    return index_key(index, values, key, exact);
}

static bool shows(const kx_cat_index *index, kx_slice document, const kx_value *values)
{
    for (size_t i = 0; i < index->count; i++) {
        kx_value found;
        kx_collection__part_value(document, &index->parts[i], &found);
        if (kx_key__compare(&found, &values[i]) != 0)
            return false;
    }
    return true;
}

/* Does the document of `id` have these values at the index's paths? For keys that were shortened. */
static int has_values(kx_txn *txn, const kx_cat_collection *collection, const kx_cat_index *index, uint64_t id,
                      const kx_value *values, bool *has)
{
    kx_slice row, document;
    *has = false;
    int rc = kx_store__row_get(txn->store, collection->number, id, &row);
    if (rc == KX_OK)
        rc = kx_collection__document_of(txn->db, collection, id, row, &document);
    if (rc != KX_OK)
        return rc == KX_NOTFOUND ? KX_OK : rc;
    *has = shows(index, document, values);
    return KX_OK;
}

/* Walk the entries that begin with `key`: unique ones with an id behind it, and those that a shortened key stands for. */
static int walk_key(kx_txn *txn, const kx_cat_collection *collection, const kx_cat_index *index, const kx_key *key,
                    const kx_value *values, bool first_only, uint64_t *id, uint64_t *count)
{
    kx_key end;
    kx_store_scan *scan = NULL;
    kx_store_item item;
    kx_key__init(&end);
    memcpy(end.data, key->data, key->size);
    end.size = key->size;
    kx_slice to = kx_key__successor(&end) ? kx_key__slice(&end) : (kx_slice){0};
    *count = 0;
    int rc = kx_store__scan_entries(txn->store, index->table, kx_key__slice(key), to, false, &scan);
    while (rc == KX_OK && !(first_only && *count > 0) && (rc = kx_store__scan_next(scan, &item)) == KX_OK) {
        bool has = true;
        if (key->shortened)
            rc = has_values(txn, collection, index, item.id, values, &has);
        if (has && (*count)++ == 0)
            *id = item.id;
    }
    kx_store__scan_close(scan);
    kx_key__free(&end);
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

static int row_exists(kx_txn *txn, const kx_cat_collection *collection, const kx_value *values, uint64_t *id)
{
    kx_slice row;
    if (!kx_collection__value_as_id(values, id))
        return KX_NOTFOUND;
    return kx_store__row_get(txn->store, collection->number, *id, &row);
}

static inline int lookup_key(kx_txn *txn, const kx_cat_collection *collection, const kx_cat_index *index,
                             const kx_value *values, uint64_t *id)
{
    kx_key key;
    bool exact;
    uint64_t count;
    int rc = index_key(index, values, &key, &exact);
    if (rc == KX_OK && exact && !(index->unique && key.has_null)) {
        rc = kx_store__entry_get(txn->store, index->table, kx_key__slice(&key), id);
    } else if (rc == KX_OK) {
        rc = walk_key(txn, collection, index, &key, values, true, id, &count);
        if (rc == KX_OK && count == 0)
            rc = KX_NOTFOUND;
    }
    kx_key__free(&key);
    return rc;
}

int kx_collection__lookup(kx_txn *txn, const kx_cat_collection *collection, const kx_cat_index *index,
                          const kx_value *values, uint64_t *id)
{
    return index->primary ? row_exists(txn, collection, values, id) : lookup_key(txn, collection, index, values, id);
}

int kx_collection__lookup_id(kx_txn *txn, const kx_cat_collection *collection, const kx_cat_index *index,
                             const kx_value *values, uint64_t *id)
{
    if (!index->primary)
        return lookup_key(txn, collection, index, values, id);
    return kx_collection__value_as_id(values, id) ? KX_OK : KX_NOTFOUND;
}

int kx_collection__lookup_count(kx_txn *txn, const kx_cat_collection *collection, const kx_cat_index *index,
                                const kx_value *values, uint64_t *count)
{
    kx_key key;
    bool exact;
    uint64_t id;
    *count = 0;
    if (index->primary) {
        int found = row_exists(txn, collection, values, &id);
        *count = found == KX_OK;
        return found == KX_NOTFOUND ? KX_OK : found;
    }
    int rc = index_key(index, values, &key, &exact);
    if (rc == KX_OK && exact && !(index->unique && key.has_null))
        rc = kx_store__entry_count(txn->store, index->table, kx_key__slice(&key), count);
    else if (rc == KX_OK)
        rc = walk_key(txn, collection, index, &key, values, false, &id, count);
    kx_key__free(&key);
    return rc;
}
