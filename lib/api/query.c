/* query.c -- finding documents. The promises are in <lmdbkenobix/query.h>. */
#include "api/api.h"

int kx_filter_compile(const char *text, kx_filter **filter)
{
    if (filter != NULL)
        *filter = NULL;
    if (text == NULL || filter == NULL)
        return kx_base__done(kx_api__null("kx_filter_compile", text == NULL ? "text" : "filter"));
    return kx_base__done(kx_query__filter_compile(text, filter));
}

void kx_filter_free(kx_filter *filter)
{
    kx_query__filter_free(filter);
}

static int enter(const char *function, kx_txn *txn, const char *collection, const void *out,
                 const kx_cat_collection **found)
{
    if (txn == NULL || out == NULL)
        return kx_api__null(function, txn == NULL ? "txn" : "the result");
    return kx_api__enter(txn, collection, found);
}

int kx_find(kx_txn *txn, const char *collection, const kx_query *query, kx_cursor **cursor)
{
    const kx_cat_collection *found;
    if (cursor != NULL)
        *cursor = NULL;
    int rc = enter("kx_find", txn, collection, cursor, &found);
    return kx_base__done(rc == KX_OK ? kx_relation__open(txn, found, query, NULL, cursor) : rc);
}

int kx_cursor_next(kx_cursor *cursor, kx_doc **doc)
{
    if (doc != NULL)
        *doc = NULL;
    if (cursor == NULL || doc == NULL)
        return kx_base__done(kx_api__null("kx_cursor_next", cursor == NULL ? "cursor" : "doc"));
    kx_txn *top = kx_query__txn(cursor)->top;
    int rc = kx_collection__is_snapshot(top) ? KX_OK : kx_collection__enter_top(top);
    if (rc == KX_OK)
        rc = kx_query__next(cursor, doc);
    if (rc != KX_NOTFOUND)
        return kx_base__done(rc);
    kx_base__done(KX_OK);
    return KX_NOTFOUND;
}

int kx_cursor_close(kx_cursor *cursor)
{
    return kx_base__done(kx_query__close(cursor));
}

/* A cursor acts in the innermost transaction of the one that opened it. */
static int enter_cursor(const char *function, const kx_cursor *cursor, const void *out)
{
    if (cursor == NULL || out == NULL)
        return kx_api__null(function, cursor == NULL ? "cursor" : "the result");
    return kx_collection__enter_top(kx_query__txn(cursor)->top);
}

int kx_cursor_token(kx_cursor *cursor, const char **token)
{
    if (token != NULL)
        *token = NULL;
    int rc = enter_cursor("kx_cursor_token", cursor, token);
    return kx_base__done(rc == KX_OK ? kx_query__token(cursor, token) : rc);
}

int kx_cursor_suspend(kx_cursor *cursor, kx_suspended **walk)
{
    if (walk != NULL)
        *walk = NULL;
    int rc = enter_cursor("kx_cursor_suspend", cursor, walk);
    return kx_base__done(rc == KX_OK ? kx_relation__suspend(cursor, walk) : rc);
}

int kx_cursor_resume(kx_txn *txn, const kx_suspended *walk, kx_cursor **cursor)
{
    const kx_cat_collection *found;
    if (cursor != NULL)
        *cursor = NULL;
    if (walk == NULL)
        return kx_base__done(kx_api__null("kx_cursor_resume", "walk"));
    int rc = enter("kx_cursor_resume", txn, walk->collection, cursor, &found);
    return kx_base__done(rc == KX_OK ? kx_relation__resume(txn, found, walk, cursor) : rc);
}

void kx_suspended_free(kx_suspended *walk)
{
    kx_relation__free_suspended(walk);
}

/* Where nothing matched, say what was looked for. */
static int none(int rc, const char *collection)
{
    if (rc != KX_NOTFOUND)
        return rc;
    return kx_base__fail_at(KX_NOTFOUND, collection, NULL, NULL, NULL, "%s: no document matches", collection);
}

int kx_first(kx_txn *txn, const char *collection, const kx_query *query, kx_doc **doc)
{
    const kx_cat_collection *found;
    if (doc != NULL)
        *doc = NULL;
    int rc = enter("kx_first", txn, collection, doc, &found);
    return kx_base__done(rc == KX_OK ? none(kx_relation__first(txn, found, query, doc), collection) : rc);
}

int kx_all(kx_txn *txn, const char *collection, const kx_query *query, kx_doc ***docs, size_t *count)
{
    const kx_cat_collection *found;
    if (docs != NULL)
        *docs = NULL;
    if (count != NULL)
        *count = 0;
    int rc = enter("kx_all", txn, collection, docs != NULL ? (void *)count : NULL, &found);
    return kx_base__done(rc == KX_OK ? kx_relation__all(txn, found, query, docs, count) : rc);
}

int kx_count(kx_txn *txn, const char *collection, const kx_query *query, uint64_t *count)
{
    const kx_cat_collection *found;
    if (count != NULL)
        *count = 0;
    int rc = enter("kx_count", txn, collection, count, &found);
    return kx_base__done(rc == KX_OK ? kx_query__count(txn, found, query, NULL, count) : rc);
}

int kx_explain(kx_txn *txn, const char *collection, const kx_query *query, kx_doc **plan)
{
    const kx_cat_collection *found;
    if (plan != NULL)
        *plan = NULL;
    int rc = enter("kx_explain", txn, collection, plan, &found);
    return kx_base__done(rc == KX_OK ? kx_query__explain(txn, found, query, NULL, plan) : rc);
}

int kx_get(kx_txn *txn, const char *collection, const char *path, kx_value value, kx_doc **doc)
{
    const kx_cat_collection *found;
    char text[256];
    if (doc != NULL)
        *doc = NULL;
    if (path == NULL)
        return kx_base__done(kx_api__null("kx_get", "path"));
    int rc = enter("kx_get", txn, collection, doc, &found);
    if (rc == KX_OK)
        rc = kx_query__get(txn, found, path, &value, doc);
    if (rc == KX_NOTFOUND)
        kx_base__fail_at(rc, collection, path, NULL, &value, "%s: there is no document with %s = %s", collection, path,
                         kx_base__show(&value, text, sizeof text));
    return kx_base__done(rc);
}

int kx_get_by_id(kx_txn *txn, const char *collection, uint64_t id, kx_doc **doc)
{
    const kx_cat_collection *found;
    if (doc != NULL)
        *doc = NULL;
    int rc = enter("kx_get_by_id", txn, collection, doc, &found);
    if (rc == KX_OK)
        rc = kx_collection__doc_get(txn, found, id, doc);
    if (rc == KX_OK)
        kx_collection__hand(*doc);
    else if (rc == KX_NOTFOUND)
        kx_base__fail_at(rc, collection, "_id", &id, NULL, "%s: there is no document %llu", collection,
                         (unsigned long long)id);
    return kx_base__done(rc);
}
