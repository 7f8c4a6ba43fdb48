/*
 * window.c -- documents of a cursor, read ahead in windows so that what belongs to them can be loaded at once.
 *
 * A window grows from few documents to many: who takes the first one only does not pay for a thousand. Memory is bounded
 * by the largest window, however many documents there are.
 */
#include "query/query_impl.h"

enum { FIRST_WINDOW = 32, LARGEST_WINDOW = 1024 };

void kx_query__window_free(kx_query_window *window)
{
    if (window == NULL)
        return;
    for (size_t i = window->at; i < window->count; i++) {
        if (window->loader.leave != NULL)
            window->loader.leave(window->docs[i]);
        kx_collection__unhold(window->docs[i]);
    }
    if (window->loader.end != NULL)
        window->loader.end(window->loader.context);
    kx_base__free(window);
}

int kx_query__in_windows(kx_cursor *cursor, const kx_query_loader *loader)
{
    kx_query_window *window = kx_base__alloc(sizeof *window + LARGEST_WINDOW * sizeof *window->docs);
    if (window == NULL)
        return kx_base__nomem();
    *window = (kx_query_window){.loader = *loader, .size = FIRST_WINDOW / 2};
    cursor->window = window;
    return KX_OK;
}

/* The next match as an instance of its own. */
static int read_one(kx_cursor *cursor, kx_txn *acting, kx_doc **doc)
{
    uint64_t id;
    kx_slice row;
    int rc = kx_query__step(cursor, true, &id, &row);
    if (rc == KX_OK)
        rc = kx_collection__doc_of_row(acting, cursor->query.collection, id, row, doc);
    if (rc == KX_OK) {
        kx_collection__hold(*doc);
        (*doc)->result = cursor->result;
    }
    return rc;
}

/* The end comes after the documents of the last window; any other failure at once. */
static int fill(kx_cursor *cursor, kx_txn *acting)
{
    kx_query_window *window = cursor->window;
    window->at = window->count = 0;
    window->size = window->size < LARGEST_WINDOW ? 2 * window->size : (size_t)LARGEST_WINDOW;
    while (cursor->rc == KX_OK && window->count < window->size) {
        cursor->rc = read_one(cursor, acting, &window->docs[window->count]);
        window->count += cursor->rc == KX_OK;
    }
    if ((cursor->rc != KX_OK && cursor->rc != KX_NOTFOUND) || window->count == 0)
        return cursor->rc;
    int rc = window->loader.loaded(window->loader.context, acting, window->docs, window->count);
    if (rc != KX_OK)
        cursor->rc = rc;
    return rc;
}

/* 1: it is still there and matches; 0; or an error. */
static int still_matches(kx_cursor *cursor, kx_doc *doc)
{
    if (doc->deleted)
        return 0;
    if (!doc->stale)
        return 1;
    int rc = kx_collection__doc_refresh(doc);
    if (rc != KX_OK)
        return rc == KX_NOTFOUND ? 0 : rc;
    return kx_query__passes(&cursor->query, doc->id, doc->bytes, true);
}

static void let_go(kx_cursor *cursor)
{
    kx_doc *doc = cursor->doc;
    cursor->doc = NULL;
    if (doc != NULL && cursor->window->loader.leave != NULL)
        cursor->window->loader.leave(doc);
    kx_collection__unhold(doc);
}

int kx_query__window_next(kx_cursor *cursor, kx_doc **doc)
{
    kx_query_window *window = cursor->window;
    kx_txn *acting = kx_collection__innermost(cursor->query.txn);
    for (;;) {
        bool empty = window->at == window->count;
        int rc = empty && cursor->rc == KX_OK ? fill(cursor, acting) : cursor->rc;
        if (rc != KX_OK && (rc != KX_NOTFOUND || window->at == window->count))
            return rc;
        let_go(cursor);
        cursor->doc = window->docs[window->at++];
        int matches = still_matches(cursor, cursor->doc);
        if (matches < 0)
            return cursor->rc = matches;
        if (matches > 0)
            break;
    }
    *doc = cursor->doc;
    return KX_OK;
}
