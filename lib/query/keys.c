/*
 * keys.c -- conditions on paths that the walked index holds, tested on its keys instead of on documents.
 *
 *   index "country,name":  country == 'no' and name like '%sen' and name != 'Olsen'
 *
 * The ranges answer the first condition; the others are asked of each key. Parts of a key compare as values do, so
 * operands are encoded once and bytes compared. A key that may have been shortened does not tell: its document is
 * fetched and tested as a whole. What a key does not hold (1 or 1.0, null or missing, other elements) is not asked.
 */
#include <stdlib.h>
#include <string.h>

#include "query/query_impl.h"

enum { HASH_SIZE = 16 };

typedef struct key_test {
    const kx_query_test *test;
    size_t part;
    kx_slice *operands; /* as parts of a key; of a list in the order of their bytes */
    size_t count;
    kx_slice from, to; /* of a range: the values of its class */
} key_test;

struct kx_query_keys {
    kx_query_compiled *compiled;
    const kx_cat_index *index;
    size_t sure;  /* shorter keys are whole */
    size_t parts; /* that are looked at */
    key_test *tests;
    size_t count;
};

int kx_query__lost_entry(const kx_cat_collection *collection, const kx_cat_index *index, uint64_t id)
{
    return kx_base__fail_at(KX_CORRUPT, collection->name, index->paths, &id, NULL,
                            "index '%s' of %s has an entry for document %llu, which is not there", index->paths,
                            collection->name, (unsigned long long)id);
}

/* ---- operands ---------------------------------------------------------------------------- */

static int compare_operands(const void *left, const void *right)
{
    return kx_slice_compare(*(const kx_slice *)left, *(const kx_slice *)right);
}

static int keep(kx_query_compiled *compiled, kx_key *key, kx_slice *bytes)
{
    const void *copy = key->rc == KX_OK ? kx_query__copy(&compiled->memory, key->data, key->size) : NULL;
    *bytes = kx_slice_of(copy, key->size);
    int rc = key->rc != KX_OK ? key->rc : copy != NULL ? KX_OK : KX_NOMEM;
    kx_key__free(key);
    return rc;
}

static int encode(kx_query_compiled *compiled, const kx_value *value, bool descending, kx_slice *bytes)
{
    kx_key key;
    kx_key__init(&key);
    kx_key__add(&key, value, descending);
    return keep(compiled, &key, bytes);
}

static int encode_bound(kx_query_compiled *compiled, kx_type type, kx_key_bound bound, bool descending, kx_slice *bytes)
{
    kx_key key;
    kx_key__init(&key);
    kx_key__add_bound(&key, type, bound, descending);
    return keep(compiled, &key, bytes);
}

static bool is_list(kx_query_op op)
{
    return op == TEST_IN || op == TEST_NOT_IN;
}

static bool is_range(kx_query_op op)
{
    return op >= TEST_LT && op <= TEST_GE;
}

static int encode_operands(kx_query_compiled *compiled, key_test *made, bool descending)
{
    const kx_query_test *test = made->test;
    const kx_value *values = is_list(test->op) ? test->value.data : &test->value;
    int rc = KX_OK;
    made->count = is_list(test->op) ? test->value.size : 1;
    made->operands = kx_query__alloc(&compiled->memory, kx_base__times(made->count, sizeof *made->operands));
    if (made->operands == NULL)
        return KX_NOMEM;
    for (size_t i = 0; i < made->count && rc == KX_OK; i++)
        rc = encode(compiled, &values[i], descending, &made->operands[i]);
    if (rc == KX_OK && made->count > 1)
        qsort(made->operands, made->count, sizeof *made->operands, compare_operands);
    if (rc == KX_OK && is_range(test->op))
        rc = encode_bound(compiled, test->value.type, KX_KEY_FROM, descending, &made->from);
    if (rc == KX_OK && is_range(test->op))
        rc = encode_bound(compiled, test->value.type, KX_KEY_TO, descending, &made->to);
    return rc;
}

/* ---- which ones ----------------------------------------------------------------------------- */

static bool is_told_by_keys(kx_query_op op)
{
    return op <= TEST_NOT_NULL || op == TEST_NOT_IN;
}

/* A folded part holds other values than texts too, of which lower() makes null. */
static bool tells(const kx_cat_part *part, const kx_query_test *test)
{
    bool excludes = test->op == TEST_NE || test->op == TEST_NOT_IN;
    return !part->each && !(part->fold && excludes) && kx_query__is_on(test, part);
}

/* The part of the index that a test is on; index->count: none. */
static size_t part_of(const kx_cat_index *index, const kx_query_test *test)
{
    size_t part = 0;
    if (test->answered || !is_told_by_keys(test->op))
        return index->count;
    while (part < index->count && !tells(&index->parts[part], test))
        part++;
    return part;
}

static size_t count_tests(const kx_query_compiled *compiled, const kx_cat_index *index)
{
    size_t count = 0;
    for (size_t i = 0; i < compiled->test_count; i++)
        count += part_of(index, &compiled->tests[i]) < index->count;
    return count;
}

static int add_test(kx_query_compiled *compiled, kx_query_test *test, kx_query_keys *keys)
{
    key_test *made = &keys->tests[keys->count++];
    *made = (key_test){.test = test, .part = part_of(keys->index, test)};
    keys->parts = made->part + 1 > keys->parts ? made->part + 1 : keys->parts;
    bool unary = test->op == TEST_NULL || test->op == TEST_NOT_NULL || test->op == TEST_LIKE;
    test->answered = true;
    return unary ? KX_OK : encode_operands(compiled, made, keys->index->parts[made->part].descending);
}

int kx_query__test_keys(kx_query_compiled *compiled, kx_query_plan *plan)
{
    size_t count = plan->whole_key ? 0 : count_tests(compiled, plan->index);
    if (count == 0 || (compiled->order_count == 0 && plan->arrangement == ARRANGED))
        return KX_OK;
    kx_query_keys *keys = kx_query__alloc(&compiled->memory, sizeof *keys);
    key_test *tests = kx_query__alloc(&compiled->memory, kx_base__times(count, sizeof *tests));
    if (keys == NULL || tests == NULL)
        return KX_NOMEM;
    *keys = (kx_query_keys){.compiled = compiled, .index = plan->index, .tests = tests};
    keys->sure = (plan->index->unique ? KX_KEY_UNIQUE_LIMIT : KX_KEY_LIMIT) - HASH_SIZE;
    int rc = KX_OK;
    for (size_t i = 0; i < compiled->test_count && rc == KX_OK; i++) {
        if (part_of(plan->index, &compiled->tests[i]) < plan->index->count)
            rc = add_test(compiled, &compiled->tests[i], keys);
    }
    plan->keys = keys;
    return rc;
}

const kx_query_test *kx_query__key_test(const kx_query_keys *keys, size_t number)
{
    return keys != NULL && number < keys->count ? keys->tests[number].test : NULL;
}

/* ---- a key ------------------------------------------------------------------------------------- */

static bool in_list(const key_test *made, kx_slice part)
{
    return bsearch(&part, made->operands, made->count, sizeof part, compare_operands) != NULL;
}

static bool in_range(const key_test *made, kx_slice part, bool descending)
{
    if (kx_slice_compare(part, made->from) < 0 || kx_slice_compare(part, made->to) >= 0)
        return false;
    int order = kx_slice_compare(part, made->operands[0]);
    order = descending ? -order : order;
    switch (made->test->op) {
    case TEST_LT: return order < 0;
    case TEST_LE: return order <= 0;
    case TEST_GT: return order > 0;
    default: return order >= 0;
    }
}

static int is_like(const kx_query_keys *keys, const key_test *made, kx_slice part, bool descending)
{
    kx_value value;
    int rc = kx_key__read(part, descending, &keys->compiled->scratch, &value);
    if (rc != KX_OK || value.type != KX_TYPE_TEXT)
        return rc;
    return kx_query__like(made->test->bytes, kx_slice_of(value.data, value.size));
}

static bool is_null(kx_slice part, bool descending)
{
    uint8_t first = descending ? (uint8_t)~part.data[0] : part.data[0];
    return kx_key__is_null(kx_slice_of(&first, 1));
}

static int passes_part(const kx_query_keys *keys, const key_test *made, kx_slice part, bool descending)
{
    switch (made->test->op) {
    case TEST_EQ: return kx_slice_compare(part, made->operands[0]) == 0;
    case TEST_NE: return !is_null(part, descending) && kx_slice_compare(part, made->operands[0]) != 0;
    case TEST_IN: return is_null(part, descending) ? made->test->with_null : in_list(made, part);
    case TEST_NOT_IN: return !is_null(part, descending) && !in_list(made, part);
    case TEST_LIKE: return is_like(keys, made, part, descending);
    case TEST_NULL: return is_null(part, descending);
    case TEST_NOT_NULL: return !is_null(part, descending);
    default: return in_range(made, part, descending);
    }
}

static int passes_document(const kx_query_keys *keys, kx_store_txn *store, uint64_t id)
{
    kx_query_compiled *compiled = keys->compiled;
    kx_slice row, document;
    int rc = kx_store__row_get(store, compiled->collection->number, id, &row);
    if (rc == KX_NOTFOUND)
        return kx_query__lost_entry(compiled->collection, keys->index, id);
    if (rc == KX_OK)
        rc = kx_collection__document_of(compiled->txn->db, compiled->collection, id, row, &document);
    return rc == KX_OK ? kx_query__passes(compiled, id, document, true) : rc;
}

int kx_query__key_passes(const kx_query_keys *keys, kx_store_txn *store, kx_slice key, uint64_t id)
{
    if (key.size >= keys->sure)
        return passes_document(keys, store, id);
    for (size_t part = 0; part < keys->parts; part++) {
        bool descending = keys->index->parts[part].descending;
        size_t size = kx_key__part_size(key, descending);
        if (size == 0)
            return kx_base__fail_at(KX_CORRUPT, keys->compiled->collection->name, keys->index->paths, &id, NULL,
                                    "index '%s' of %s has a damaged key", keys->index->paths,
                                    keys->compiled->collection->name);
        for (size_t i = 0; i < keys->count; i++) {
            const key_test *made = &keys->tests[i];
            int passes = made->part == part ? passes_part(keys, made, kx_slice_of(key.data, size), descending) : 1;
            if (passes <= 0)
                return passes;
        }
        key = kx_slice_of(key.data + size, key.size - size);
    }
    return 1;
}
