/* aggregate.c -- numbers about many documents. The promises are in <lmdbkenobix/aggregate.h>. */
#include "api/api.h"

/* ---- one number --------------------------------------------------------------------------- */

static int fold_all(const char *function, kx_txn *txn, const char *collection, kx_query_fold fold, const char *path,
                    const kx_query *query, kx_value *result)
{
    const kx_cat_collection *found;
    if (result == NULL)
        return kx_base__done(kx_api__null(function, "result"));
    *result = kx_null();
    if (txn == NULL || path == NULL)
        return kx_base__done(kx_api__null(function, txn == NULL ? "txn" : "path"));
    int rc = kx_api__enter(txn, collection, &found);
    return kx_base__done(rc == KX_OK ? kx_query__aggregate(txn, found, fold, path, query, NULL, result) : rc);
}

int kx_sum(kx_txn *txn, const char *collection, const char *path, const kx_query *query, kx_value *result)
{
    return fold_all("kx_sum", txn, collection, FOLD_SUM, path, query, result);
}

int kx_min(kx_txn *txn, const char *collection, const char *path, const kx_query *query, kx_value *result)
{
    return fold_all("kx_min", txn, collection, FOLD_MIN, path, query, result);
}

int kx_max(kx_txn *txn, const char *collection, const char *path, const kx_query *query, kx_value *result)
{
    return fold_all("kx_max", txn, collection, FOLD_MAX, path, query, result);
}

int kx_avg(kx_txn *txn, const char *collection, const char *path, const kx_query *query, kx_value *result)
{
    return fold_all("kx_avg", txn, collection, FOLD_AVG, path, query, result);
}

static int fold_related(const char *function, kx_doc *doc, const char *relation, kx_query_fold fold, const char *path,
                        const kx_query *query, kx_value *result)
{
    kx_txn *acting;
    if (result == NULL)
        return kx_base__done(kx_api__null(function, "result"));
    *result = kx_null();
    if (doc == NULL || relation == NULL || path == NULL)
        return kx_base__done(kx_api__null(function, doc == NULL ? "doc" : relation == NULL ? "relation" : "path"));
    int rc = kx_collection__enter_doc(doc, &acting);
    return kx_base__done(rc == KX_OK ? kx_relation__fold(doc, relation, fold, path, query, result) : rc);
}

int kx_related_sum(kx_doc *doc, const char *relation, const char *path, const kx_query *query, kx_value *result)
{
    return fold_related("kx_related_sum", doc, relation, FOLD_SUM, path, query, result);
}

int kx_related_min(kx_doc *doc, const char *relation, const char *path, const kx_query *query, kx_value *result)
{
    return fold_related("kx_related_min", doc, relation, FOLD_MIN, path, query, result);
}

int kx_related_max(kx_doc *doc, const char *relation, const char *path, const kx_query *query, kx_value *result)
{
    return fold_related("kx_related_max", doc, relation, FOLD_MAX, path, query, result);
}

int kx_related_avg(kx_doc *doc, const char *relation, const char *path, const kx_query *query, kx_value *result)
{
    return fold_related("kx_related_avg", doc, relation, FOLD_AVG, path, query, result);
}

/* ---- groups ------------------------------------------------------------------------------------ */

static int group(const char *function, kx_txn *txn, const char *collection, const char *by, bool single, const char *of,
                 const kx_query *query, kx_groups **groups)
{
    const kx_cat_collection *found;
    if (groups == NULL)
        return kx_base__done(kx_api__null(function, "groups"));
    *groups = NULL;
    if (txn == NULL || by == NULL)
        return kx_base__done(kx_api__null(function, txn == NULL ? "txn" : single ? "path" : "by"));
    int rc = kx_api__enter(txn, collection, &found);
    return kx_base__done(rc == KX_OK ? kx_query__groups(txn, found, by, single, of, query, groups) : rc);
}

int kx_group(kx_txn *txn, const char *collection, const char *by, const char *of, const kx_query *query,
             kx_groups **groups)
{
    return group("kx_group", txn, collection, by, false, of, query, groups);
}

int kx_distinct(kx_txn *txn, const char *collection, const char *path, const kx_query *query, kx_groups **groups)
{
    return group("kx_distinct", txn, collection, path, true, NULL, query, groups);
}

int kx_groups_next(kx_groups *groups, kx_group_row *row)
{
    if (row != NULL)
        *row = (kx_group_row){0};
    if (groups == NULL || row == NULL)
        return kx_base__done(kx_api__null("kx_groups_next", groups == NULL ? "groups" : "row"));
    int rc = kx_collection__enter_top(kx_query__groups_txn(groups)->top);
    if (rc == KX_OK)
        rc = kx_query__groups_next(groups, row);
    if (rc != KX_NOTFOUND)
        return kx_base__done(rc);
    kx_base__done(KX_OK);
    return KX_NOTFOUND;
}

int kx_groups_close(kx_groups *groups)
{
    return kx_base__done(kx_query__groups_close(groups));
}
