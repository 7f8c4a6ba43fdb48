/* relation.c -- from a document to what belongs to it. The promises are in <lmdbkenobix/relation.h>. */
#include "api/api.h"

static int enter(const char *function, const kx_doc *doc, const char *relation)
{
    kx_txn *acting;
    if (doc == NULL || relation == NULL)
        return kx_api__null(function, doc == NULL ? "doc" : "relation");
    if (doc->txn != NULL && kx_collection__is_snapshot(doc->txn))
        return KX_OK;
    return kx_collection__enter_doc(doc, &acting);
}

int kx_doc_follow(kx_doc *doc, const char *relation, kx_doc **target)
{
    if (target == NULL)
        return kx_base__done(kx_api__null("kx_doc_follow", "target"));
    *target = NULL;
    int rc = enter("kx_doc_follow", doc, relation);
    return kx_base__done(rc == KX_OK ? kx_relation__follow(doc, relation, target) : rc);
}

int kx_doc_link(kx_doc *doc, const char *relation, kx_doc *target)
{
    int rc = enter("kx_doc_link", doc, relation);
    return kx_base__done(rc == KX_OK ? kx_relation__link(doc, relation, target) : rc);
}

int kx_related_find(kx_doc *doc, const char *relation, const kx_query *query, kx_cursor **cursor)
{
    if (cursor == NULL)
        return kx_base__done(kx_api__null("kx_related_find", "cursor"));
    *cursor = NULL;
    int rc = enter("kx_related_find", doc, relation);
    return kx_base__done(rc == KX_OK ? kx_relation__find(doc, relation, query, cursor) : rc);
}

int kx_related_count(kx_doc *doc, const char *relation, const kx_query *query, uint64_t *count)
{
    if (count == NULL)
        return kx_base__done(kx_api__null("kx_related_count", "count"));
    *count = 0;
    int rc = enter("kx_related_count", doc, relation);
    return kx_base__done(rc == KX_OK ? kx_relation__count(doc, relation, query, count) : rc);
}

int kx_related_explain(kx_doc *doc, const char *relation, const kx_query *query, kx_doc **plan)
{
    if (plan == NULL)
        return kx_base__done(kx_api__null("kx_related_explain", "plan"));
    *plan = NULL;
    int rc = enter("kx_related_explain", doc, relation);
    return kx_base__done(rc == KX_OK ? kx_relation__explain(doc, relation, query, plan) : rc);
}

int kx_related_add(kx_doc *doc, const char *relation, kx_doc *member)
{
    int rc = member != NULL ? enter("kx_related_add", doc, relation) : kx_api__null("kx_related_add", "member");
    return kx_base__done(rc == KX_OK ? kx_relation__add(doc, relation, member) : rc);
}

int kx_related_remove(kx_doc *doc, const char *relation, kx_doc *member)
{
    int rc = member != NULL ? enter("kx_related_remove", doc, relation) : kx_api__null("kx_related_remove", "member");
    return kx_base__done(rc == KX_OK ? kx_relation__remove(doc, relation, member) : rc);
}

int kx_related_clear(kx_doc *doc, const char *relation)
{
    int rc = enter("kx_related_clear", doc, relation);
    return kx_base__done(rc == KX_OK ? kx_relation__clear(doc, relation) : rc);
}

int kx_related_replace(kx_doc *doc, const char *relation, kx_doc *const *members, size_t count)
{
    int rc = members != NULL || count == 0 ? enter("kx_related_replace", doc, relation)
                                           : kx_api__null("kx_related_replace", "members");
    return kx_base__done(rc == KX_OK ? kx_relation__replace(doc, relation, members, count) : rc);
}

int kx_related_add_many(kx_doc *doc, const char *relation, kx_doc *const *members, size_t count)
{
    int rc = members == NULL && count != 0 ? kx_api__null("kx_related_add_many", "members") : KX_OK;
    if (rc == KX_OK)
        rc = enter("kx_related_add_many", doc, relation);
    return kx_base__done(rc == KX_OK ? kx_relation__add_many(doc, relation, members, count) : rc);
}

/* ---- along a self relation: <lmdbkenobix/walk.h> ------------------------------------------ */

int kx_related_walk(kx_doc *doc, const char *relation, unsigned depth, kx_walk **walk)
{
    if (walk == NULL)
        return kx_base__done(kx_api__null("kx_related_walk", "walk"));
    *walk = NULL;
    int rc = enter("kx_related_walk", doc, relation);
    return kx_base__done(rc == KX_OK ? kx_relation__walk(doc, relation, depth, walk) : rc);
}

int kx_walk_next(kx_walk *walk, kx_doc **doc, unsigned *depth)
{
    unsigned unwanted;
    if (doc != NULL)
        *doc = NULL;
    if (walk == NULL || doc == NULL)
        return kx_base__done(kx_api__null("kx_walk_next", walk == NULL ? "walk" : "doc"));
    int rc = kx_collection__enter_top(kx_relation__walk_txn(walk)->top);
    if (rc == KX_OK)
        rc = kx_relation__walk_next(walk, doc, depth != NULL ? depth : &unwanted);
    if (rc != KX_NOTFOUND)
        return kx_base__done(rc);
    kx_base__done(KX_OK);
    return KX_NOTFOUND;
}

int kx_walk_close(kx_walk *walk)
{
    return kx_base__done(kx_relation__walk_close(walk));
}

/* ---- links ------------------------------------------------------------------------------ */

int kx_link_get(kx_doc *doc, const char *relation, kx_doc *member, kx_doc **link)
{
    if (link != NULL)
        *link = NULL;
    if (link == NULL || member == NULL)
        return kx_base__done(kx_api__null("kx_link_get", link == NULL ? "link" : "member"));
    int rc = enter("kx_link_get", doc, relation);
    return kx_base__done(rc == KX_OK ? kx_relation__link_get(doc, relation, member, link) : rc);
}

int kx_link_set(kx_doc *doc, const char *relation, kx_doc *member, const char *path, kx_value value)
{
    if (member == NULL || path == NULL)
        return kx_base__done(kx_api__null("kx_link_set", member == NULL ? "member" : "path"));
    int rc = enter("kx_link_set", doc, relation);
    return kx_base__done(rc == KX_OK ? kx_relation__link_set(doc, relation, member, path, &value) : rc);
}
