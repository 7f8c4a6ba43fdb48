/*
 * load_plan.c -- what is to be loaded with the documents of a query, as a tree.
 *
 *   .prefetch = "user.country, items"      orders ── user ── country
 *                                                 └─ items
 *
 * Names that several paths begin with are one node. A set may stand more than once: whole, and by queries.
 */
#include <string.h>

#include "relation/relation_impl.h"

enum { DEEPEST = 64 };

static int no_relation(const kx_cat_collection *collection, const char *path, size_t size)
{
    return kx_base__fail_at(KX_INVALID, collection->name, path, NULL, NULL, "prefetch '%s': %s has no relation '%.*s'",
                            path, collection->name, (int)(size < 255 ? size : 255), path);
}

static const kx_cat_relation *relation_named(const kx_cat_collection *collection, const char *name, size_t size)
{
    for (size_t i = 0; i < collection->relation_count; i++) {
        const kx_cat_relation *relation = &collection->relations[i];
        if (relation->size == size && memcmp(relation->declared.name, name, size) == 0)
            return relation;
    }
    return NULL;
}

static kx_load_node *node_of(kx_load_plan *plan, kx_load_node **list, const kx_cat_relation *relation,
                             const kx_query *query)
{
    for (; *list != NULL; list = &(*list)->next) {
        if ((*list)->relation == relation && (*list)->query == NULL && query == NULL)
            return *list;
    }
    kx_load_node *node = kx_arena__alloc(&plan->arena, sizeof *node);
    if (node != NULL)
        *node = (kx_load_node){.relation = relation, .query = query};
    return *list = node;
}

static int too_deep(const char *path)
{
    return kx_base__fail(KX_LIMIT, "prefetch '%.80s…': deeper than %d relations", path, DEEPEST);
}

static bool is_set(const kx_cat_relation *relation)
{
    return relation->declared.kind == KX_RELATED_SET || relation->declared.kind == KX_MANY_TO_MANY;
}

static int query_of_one(const kx_cat_relation *relation)
{
    return kx_base__fail_at(KX_INVALID, relation->owner->name, relation->declared.name, NULL, NULL,
                            "prefetch of %s.%s: a query is for a set, and this leads to one document",
                            relation->owner->name, relation->declared.name);
}

/* One path; `query` belongs to its last relation. */
static int add_path(kx_load_plan *plan, const kx_cat_collection *collection, const char *path, size_t size,
                    const kx_query *query, bool include)
{
    const char *name = path, *end = path + size;
    kx_load_node **list = &plan->nodes;
    for (int depth = 0; name <= end; depth++) {
        const char *dot = memchr(name, '.', (size_t)(end - name));
        const char *stop = dot != NULL ? dot : end;
        const kx_cat_relation *relation = relation_named(collection, name, (size_t)(stop - name));
        if (depth == DEEPEST)
            return too_deep(path);
        if (relation == NULL)
            return no_relation(collection, name, (size_t)(stop - name));
        if (stop == end && query != NULL && !is_set(relation))
            return query_of_one(relation);
        kx_load_node *node = node_of(plan, list, relation, stop == end ? query : NULL);
        if (node == NULL)
            return kx_base__nomem();
        node->include |= include;
        list = &node->children;
        collection = relation->target;
        name = stop + 1;
    }
    return KX_OK;
}

static int add_paths(kx_load_plan *plan, const kx_cat_collection *collection, const char *paths, bool include)
{
    int rc = KX_OK;
    while (rc == KX_OK && paths != NULL) {
        const char *comma = strchr(paths, ',');
        const char *end = comma != NULL ? comma : paths + strlen(paths);
        while (*paths == ' ')
            paths++;
        while (end > paths && end[-1] == ' ')
            end--;
        if (end == paths && comma == NULL && plan->nodes == NULL)
            return KX_OK;
        rc = add_path(plan, collection, paths, (size_t)(end - paths), NULL, include);
        paths = comma != NULL ? comma + 1 : NULL;
    }
    return rc;
}

static int add_sets(kx_load_plan *plan, const kx_cat_collection *collection, const kx_prefetch *sets)
{
    int rc = KX_OK;
    for (; sets != NULL && sets->relation != NULL && rc == KX_OK; sets++) {
        const kx_query *query = NULL;
        if (sets->query != NULL)
            rc = kx_query__keep(&plan->arena, sets->query, &query);
        if (rc == KX_OK)
            rc = add_path(plan, collection, sets->relation, strlen(sets->relation), query, false);
    }
    return rc;
}

int kx_relation__load_plan(const kx_cat_collection *collection, const kx_query *query, kx_load_plan **result)
{
    *result = NULL;
    if (query->load < KX_LOAD_ONE || query->load > KX_LOAD_NONE)
        return kx_base__fail(KX_INVALID, "there is no load mode %d", (int)query->load);
    kx_load_plan *plan = kx_base__zalloc(sizeof *plan);
    if (plan == NULL)
        return kx_base__nomem();
    plan->references = 1;
    plan->mode = query->load;
    int rc = add_paths(plan, collection, query->prefetch, false);
    if (rc == KX_OK)
        rc = add_paths(plan, collection, query->include, true);
    if (rc == KX_OK)
        rc = add_sets(plan, collection, query->sets);
    if (rc == KX_OK)
        *result = plan;
    else
        kx_relation__load_plan_release(plan);
    return rc;
}

void kx_relation__load_plan_release(kx_load_plan *plan)
{
    if (plan == NULL || --plan->references > 0)
        return;
    kx_arena__free(&plan->arena);
    kx_base__free(plan);
}

/* ---- queries that load ------------------------------------------------------------------------ */

static bool loads(const kx_query *query)
{
    return query != NULL &&
           (query->prefetch != NULL || query->include != NULL || query->sets != NULL || query->load != KX_LOAD_ONE);
}

static int load_window(void *context, kx_txn *acting, kx_doc *const *docs, size_t count)
{
    kx_load_plan *plan = context;
    return kx_relation__prefetch(acting, plan, plan->nodes, docs, count);
}

static void release_plan(void *context)
{
    kx_relation__load_plan_release(context);
}

/* A cursor that can be suspended. */
static int open_plain(kx_txn *txn, const kx_cat_collection *collection, const kx_query *query,
                      const kx_query_bound *bound, kx_cursor **cursor)
{
    int rc = kx_query__find(txn, collection, query, bound, cursor);
    if (rc == KX_OK)
        rc = kx_query__remember(*cursor, query);
    if (rc != KX_OK) {
        kx_query__close(*cursor);
        *cursor = NULL;
    }
    return rc;
}

int kx_relation__open(kx_txn *txn, const kx_cat_collection *collection, const kx_query *query,
                      const kx_query_bound *bound, kx_cursor **cursor)
{
    kx_load_plan *plan;
    if (!loads(query))
        return open_plain(txn, collection, query, bound, cursor);
    *cursor = NULL;
    int rc = kx_relation__load_plan(collection, query, &plan);
    if (rc != KX_OK)
        return rc;
    rc = open_plain(txn, collection, query, bound, cursor);
    if (rc == KX_OK)
        rc = kx_query__in_windows(*cursor, &(kx_query_loader){load_window, kx_relation__shed, release_plan, plan});
    if (rc == KX_OK)
        return KX_OK;
    kx_relation__load_plan_release(plan);
    kx_query__close(*cursor);
    *cursor = NULL;
    return rc;
}

int kx_relation__all(kx_txn *txn, const kx_cat_collection *collection, const kx_query *query, kx_doc ***docs,
                     size_t *count)
{
    kx_load_plan *plan = NULL;
    int rc = loads(query) ? kx_relation__load_plan(collection, query, &plan) : KX_OK;
    if (rc == KX_OK)
        rc = kx_query__all(txn, collection, query, NULL, docs, count);
    if (rc == KX_OK && plan != NULL && *count > 0)
        rc = kx_relation__prefetch(txn, plan, plan->nodes, *docs, *count);
    if (rc != KX_OK && *docs != NULL) {
        for (size_t i = 0; i < *count; i++)
            kx_collection__doc_release((*docs)[i]);
        *docs = NULL;
        *count = 0;
    }
    kx_relation__load_plan_release(plan);
    return rc;
}

int kx_relation__first(kx_txn *txn, const kx_cat_collection *collection, const kx_query *query, kx_doc **doc)
{
    kx_load_plan *plan = NULL;
    int rc = loads(query) ? kx_relation__load_plan(collection, query, &plan) : KX_OK;
    if (rc == KX_OK)
        rc = kx_query__first(txn, collection, query, NULL, doc);
    if (rc == KX_OK && plan != NULL)
        rc = kx_relation__prefetch(txn, plan, plan->nodes, doc, 1);
    if (rc != KX_OK && *doc != NULL) {
        kx_collection__doc_release(*doc);
        *doc = NULL;
    }
    kx_relation__load_plan_release(plan);
    return rc;
}
