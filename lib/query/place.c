/* place.c -- where a cursor stands: its token, and what it was opened with, for who goes on elsewhere. */
#include "query/query_impl.h"

/* Documents in hand are no query's. */
static int check_query(const kx_cursor *cursor)
{
    if (cursor->window != NULL && cursor->window->loader.loaded == NULL)
        return kx_base__fail(KX_INVALID, "a set that was loaded as a whole has no pages");
    return KX_OK;
}

int kx_query__token(kx_cursor *cursor, const char **token)
{
    const kx_doc *doc = cursor->doc;
    *token = NULL;
    int rc = check_query(cursor);
    if (rc != KX_OK)
        return rc;
    if (doc == NULL)
        return kx_base__fail(KX_NOTFOUND, "this cursor has handed out no document yet");
    kx_buf__clear(&cursor->token);
    rc = kx_query__write_token(&cursor->query, doc->id, doc->bytes, &cursor->token);
    if (rc == KX_OK)
        *token = (const char *)cursor->token.data;
    return rc;
}

int kx_query__remember(kx_cursor *cursor, const kx_query *query)
{
    const kx_query *kept;
    cursor->origin = (kx_query_origin){.collection = cursor->query.collection};
    int rc = query != NULL ? kx_query__keep_whole(&cursor->kept, query, &kept) : KX_OK;
    if (query != NULL && rc == KX_OK)
        cursor->origin.query = *kept;
    return rc;
}

void kx_query__remember_owner(kx_cursor *cursor, const kx_cat_relation *relation, uint64_t owner)
{
    cursor->origin.relation = relation;
    cursor->origin.owner = owner;
}

int kx_query__origin(kx_cursor *cursor, const kx_query_origin **origin)
{
    const char *token = NULL;
    const kx_query_window *window = cursor->window;
    uint64_t ahead = window != NULL ? window->count - window->at : 0, left = cursor->left;
    int rc = check_query(cursor);
    if (rc != KX_OK)
        return rc;
    if (ahead == 0 && (cursor->rc == KX_NOTFOUND || left == 0))
        return kx_base__fail(KX_NOTFOUND, "the walk has ended: there is nothing to go on with");
    if (cursor->rc != KX_OK && cursor->rc != KX_NOTFOUND)
        return cursor->rc;
    rc = cursor->doc != NULL ? kx_query__token(cursor, &token) : KX_OK;
    if (rc != KX_OK)
        return rc;
    kx_query *query = &cursor->origin.query;
    query->limit = cursor->query.limit == UINT64_MAX ? 0 : left + ahead;
    if (token != NULL) {
        query->after = token;
        query->offset = 0;
    }
    *origin = &cursor->origin;
    return KX_OK;
}

kx_txn *kx_query__txn(const kx_cursor *cursor)
{
    return cursor->query.txn;
}
