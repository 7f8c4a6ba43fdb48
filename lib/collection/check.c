/*
 * check.c -- is every index what the documents say? Both ways: each document's keys are among the entries, and there are no
 * others, since the numbers agree.
 */
#include <stdio.h>
#include <string.h>

#include "collection/collection_impl.h"

typedef struct checking {
    kx_txn *txn;
    const kx_cat_collection *collection;
    void (*report)(void *, const char *, uint64_t, const char *);
    void *context;
    uint64_t findings;
    uint64_t id;
    uint64_t *expected; /* entries by index */
} checking;

static void find_fault(checking *check, const char *what)
{
    check->findings++;
    if (check->report != NULL)
        check->report(check->context, check->collection->name, check->id, what);
}

static int expect_key(void *context, const kx_cat_index *index, kx_key *key)
{
    checking *check = context;
    kx_store_scan *scan = NULL;
    kx_store_item item;
    char text[256];
    kx_slice from = kx_key__slice(key);
    check->expected[index - check->collection->indexes]++;
    int rc = kx_store__scan_entries(check->txn->store, index->table, from, (kx_slice){0}, false, &scan);
    if (rc == KX_OK && check->id > 0)
        rc = kx_store__scan_after(scan, from, check->id - 1);
    if (rc == KX_OK)
        rc = kx_store__scan_next(scan, &item);
    bool there = rc == KX_OK && item.id == check->id && item.key.size == from.size &&
                 memcmp(item.key.data, from.data, from.size) == 0;
    kx_store__scan_close(scan);
    if (!there && (rc == KX_OK || rc == KX_NOTFOUND)) {
        snprintf(text, sizeof text, "index '%.200s' has no entry for the document", index->paths);
        find_fault(check, text);
    }
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

static int check_document(checking *check, kx_slice row)
{
    uint8_t head[KX_RECORD_HEAD];
    bool canonical = false;
    if (row.size <= KX_RECORD_HEAD) {
        find_fault(check, "the record is cut short");
        return KX_OK;
    }
    kx_slice document = kx_slice_of(row.data + KX_RECORD_HEAD, row.size - KX_RECORD_HEAD);
    kx_collection__seal(check->id, document, head);
    if (memcmp(head, row.data, sizeof head) != 0) {
        find_fault(check, "the document does not match its checksum");
        return KX_OK;
    }
    if (kx_document__check(document, &canonical) != KX_OK || !canonical) {
        find_fault(check, "the document is not valid in canonical form");
        return KX_OK;
    }
    int rc = KX_OK;
    for (size_t i = 0; i < check->collection->index_count && rc == KX_OK; i++) {
        rc = kx_collection__keys(check->collection, &check->collection->indexes[i], check->id, document, expect_key,
                                 check);
        if (rc == KX_INVALID) {
            find_fault(check, "a multi index meets something that is no array");
            rc = KX_OK;
        }
    }
    return rc;
}

static int check_counts(checking *check)
{
    char text[256];
    int rc = KX_OK;
    check->id = 0;
    for (size_t i = 0; i < check->collection->index_count && rc == KX_OK; i++) {
        const kx_cat_index *index = &check->collection->indexes[i];
        uint64_t entries = 0;
        if (index->primary)
            continue;
        rc = kx_store__table_count(check->txn->store, index->table.number, &entries);
        if (rc != KX_OK || entries == check->expected[i])
            continue;
        snprintf(text, sizeof text, "index '%.100s' has %llu entries, the documents ask for %llu", index->paths,
                 (unsigned long long)entries, (unsigned long long)check->expected[i]);
        find_fault(check, text);
    }
    return rc;
}

static int check_collection(checking *check)
{
    kx_store_scan *scan = NULL;
    kx_store_item item;
    check->expected = kx_base__zalloc(kx_base__times(check->collection->index_count + 1, sizeof *check->expected));
    if (check->expected == NULL)
        return kx_base__nomem();
    int rc = kx_store__scan_rows(check->txn->store, check->collection->number, 0, UINT64_MAX, false, &scan);
    while (rc == KX_OK && (rc = kx_store__scan_next(scan, &item)) == KX_OK) {
        check->id = item.id;
        rc = check_document(check, item.row);
    }
    kx_store__scan_close(scan);
    if (rc == KX_NOTFOUND)
        rc = check_counts(check);
    kx_base__free(check->expected);
    return rc;
}

int kx_collection__check(kx_txn *txn,
                         void (*report)(void *context, const char *collection, uint64_t id, const char *finding),
                         void *context, uint64_t *findings)
{
    checking check = {.txn = txn, .report = report, .context = context};
    int rc = KX_OK;
    for (size_t i = 0; i < txn->catalog->count && rc == KX_OK; i++) {
        check.collection = &txn->catalog->collections[i];
        rc = check_collection(&check);
    }
    *findings = check.findings;
    return rc;
}
