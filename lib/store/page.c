/*
 * page.c -- the rest of the page on which a cursor of a snapshot stands.
 *
 * A step of LMDB's cursor costs more than most of what is done with the pair it gives. The pairs of a leaf page lie
 * side by side in the map, and nobody writes a page that a snapshot can see, so a walk reads them where they are and
 * asks LMDB only from page to page. head.c draws the page and its nodes.
 *
 * Only pages of the format that this was written for are read: LMDB 0.9, and pages that LMDB maps at multiples of their
 * size. Each page is told from a pair that LMDB gave itself, which must be found on it at the same place; and each pair
 * must lie inside its page. Where any of that is not so, the cursor is stepped.
 */
#include "store/store_impl.h"

#include <string.h>
#include <unistd.h>

enum { LEAF = 2 };

bool kx_store__page_format(unsigned page_bytes)
{
    int major = 0, minor = 0;
    mdb_version(&major, &minor, NULL);
    long mapped = sysconf(_SC_PAGESIZE);
    return major == 0 && minor == 9 && sizeof(size_t) == 8 && mapped > 0 && page_bytes <= (unsigned long)mapped;
}

/* Number of the node that begins at `offset`; `count` when none does. */
static unsigned find_node(const kx_page *page, size_t offset)
{
    unsigned at = 0;
    while (at < page->count && kx_store__page_word(page, KX_PAGE_HEAD + 2 * at) != offset)
        at++;
    return at;
}

/* The page of a pair that LMDB gave, at that pair; none where it is not as it should be. */
static void open_page(const kx_store *store, const MDB_val *key, const MDB_val *value, kx_page *page)
{
    size_t offset = (uintptr_t)key->mv_data & (store->page_bytes - 1);
    MDB_val found_key, found_value;
    page->count = 0;
    page->ahead = false;
    if (!store->reads_pages || offset < KX_PAGE_HEAD + KX_PAGE_NODE)
        return;
    page->start = (const uint8_t *)key->mv_data - offset;
    page->bytes = store->page_bytes;
    size_t end = kx_store__page_word(page, 12);
    if (kx_store__page_word(page, 10) != LEAF || end < KX_PAGE_HEAD || end > store->page_bytes)
        return;
    page->count = (unsigned)(end - KX_PAGE_HEAD) / 2;
    page->at = find_node(page, offset - KX_PAGE_NODE);
    bool whole = kx_store__page_pair(page, &found_key, &found_value);
    if (!whole || found_key.mv_data != key->mv_data || found_key.mv_size != key->mv_size ||
        found_value.mv_data != value->mv_data || found_value.mv_size != value->mv_size)
        page->count = 0;
}

int kx_store__page_turn(kx_store_txn *txn, MDB_cursor *cursor, kx_page *page, MDB_val *key, MDB_val *value)
{
    int mdb = 0;
    if (page->ahead) {
        MDB_val stood = *key;
        mdb = mdb_cursor_get(cursor, &stood, value, MDB_SET);
        mdb = mdb == MDB_NOTFOUND ? MDB_CORRUPTED : mdb;
    }
    kx_store__page_close(page);
    if (mdb == 0)
        mdb = mdb_cursor_get(cursor, key, value, MDB_NEXT);
    if (mdb == 0 && !txn->writes)
        open_page(txn->store, key, value, page);
    return mdb;
}
