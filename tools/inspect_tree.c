/*
 * inspect_tree.c -- kx-inspect tree: a document and what it relates to, drawn as a tree. See inspect.h.
 *
 *   users 1  {"user_id":1,"age":30}
 *   └─ orders: 2 of orders
 *      ├─ orders 1  {"order_id":1,"user_id":1}
 *      │  └─ boss: users 1, above
 *      └─ orders 2  {"order_id":2,"user_id":1,"boss_id":2}
 *         └─ boss: users 2  {"user_id":2,"age":40}
 *
 * The key that a member is found by leads back to the document above it, and is left out: orders.user here.
 * One document of each level is held, and a cursor for the set that it is a member of.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "inspect.h"

enum { DEEPEST = 64, NARROWEST = 8, KEY = 40 };

/* A document whose relations are drawn. */
typedef struct branch {
    kx_doc     *doc;
    kx_relation by;                /* that led to it */
    size_t      next, left;        /* its relations: the next one, and how many are to be drawn */
    kx_cursor  *set;               /* the members of the one before `next`, or NULL */
    kx_relation drawing;           /* that one */
    uint64_t    members, drawn;    /* of it */
} branch;

typedef struct tree {
    kx_txn  *txn;
    FILE    *out;
    size_t   width, depth;
    uint64_t most;                     /* members of a set that are drawn; 0: all */
    branch   branches[DEEPEST + 1];
    size_t   count;
    bool     bars[2 * DEEPEST + 2];    /* for each column of the prefix: does a line run down it? */
    size_t   bar_count;
} tree;

/* ---- lines ----------------------------------------------------------------------------------- */

static void put_prefix(const tree *all, bool last)
{
    for (size_t i = 0; i < all->bar_count; i++)
        fputs(all->bars[i] ? "│  " : "   ", all->out);
    fputs(last ? "└─ " : "├─ ", all->out);
}

static size_t put_text(const tree *all, const char *text)
{
    return tool_show(all->out, text, strlen(text), SIZE_MAX);
}

static bool is_above(const tree *all, const kx_doc *doc)
{
    for (size_t i = 0; i < all->count; i++)
        if (kx_doc_id(all->branches[i].doc) == kx_doc_id(doc) &&
            strcmp(kx_doc_collection(all->branches[i].doc), kx_doc_collection(doc)) == 0)
            return true;
    return false;
}

/* "users 1  {...}", cut to what is left of the line behind `used` columns. */
static int put_document(const tree *all, kx_doc *doc, size_t used)
{
    const char *json;
    char        id[24];
    int         rc = kx_doc_to_json(doc, &json);

    if (rc != KX_OK)
        return rc;
    snprintf(id, sizeof(id), " %" PRIu64, kx_doc_id(doc));
    used += put_text(all, kx_doc_collection(doc)) + put_text(all, id) + 2;
    if (is_above(all, doc)) {
        fputs(", above\n", all->out);
        return KX_OK;
    }
    fputs("  ", all->out);
    tool_show(all->out, json, strlen(json), used + NARROWEST < all->width ? all->width - used : NARROWEST);
    putc('\n', all->out);
    return KX_OK;
}

/* ---- branches ---------------------------------------------------------------------------------- */

static branch *tip(tree *all)
{
    return &all->branches[all->count - 1];
}

static bool is_pointer(const kx_relation *relation)
{
    return relation->kind == KX_FOREIGN_KEY || relation->kind == KX_ONE_TO_ONE;
}

/* Does this relation of the document at `to` lead to the one above it, and to nothing else? */
static bool leads_back(const branch *to, const kx_relation *relation)
{
    const kx_relation *by = &to->by;
    bool               found = by->kind == KX_RELATED_SET || by->kind == KX_RELATED_ONE;

    if (by->name == NULL || strcmp(relation->target, kx_doc_collection(to[-1].doc)) != 0)
        return false;
    if (!(found && is_pointer(relation)) && !(by->kind == KX_ONE_TO_ONE && relation->kind == KX_RELATED_ONE))
        return false;
    return strcmp(relation->foreign_key, by->foreign_key) == 0;
}

/* Go down to the document, unless it is as deep as is asked for, or drawn above. `by` NULL: the root. */
static int descend(tree *all, kx_doc *doc, const kx_relation *by, bool last)
{
    kx_relation relation;
    branch     *to = &all->branches[all->count];
    int         rc;

    if (all->count >= all->depth || is_above(all, doc))
        return KX_OK;
    *to = (branch){.doc = doc};
    if (by != NULL)
        to->by = *by;
    for (size_t n = 0; (rc = kx_relation_at(all->txn, kx_doc_collection(doc), n, &relation)) == KX_OK; n++)
        to->left += !leads_back(to, &relation);
    if (rc != KX_NOTFOUND)
        return rc;
    if (all->count++ > 0)
        all->bars[all->bar_count++] = !last;
    return KX_OK;
}

static void ascend(tree *all)
{
    kx_cursor_close(tip(all)->set);
    all->count--;
    if (all->bar_count > 0)
        all->bar_count--;
}

/* ---- what a relation leads to ------------------------------------------------------------------- */

/* An optional key, or one that was left dangling. */
static void put_none(const tree *all, kx_doc *doc, const kx_relation *relation)
{
    const char *key;

    fputs("none", all->out);
    if (relation->kind != KX_RELATED_ONE && kx_doc_get_json(doc, relation->foreign_key, &key) == KX_OK &&
        strcmp(key, "null") != 0) {
        fputs(", though ", all->out);
        put_text(all, relation->foreign_key);
        fputs(" is ", all->out);
        tool_show(all->out, key, strlen(key), KEY);
    }
    putc('\n', all->out);
}

static int draw_one(tree *all, const kx_relation *relation, bool last)
{
    branch *from = tip(all);
    kx_doc *target;
    size_t  used = 3 * (all->bar_count + 1) + 2;
    int     rc = kx_doc_follow(from->doc, relation->name, &target);

    put_prefix(all, last);
    used += put_text(all, relation->name);
    fputs(": ", all->out);
    if (rc == KX_DANGLING || rc == KX_REQUIRED || (rc == KX_OK && target == NULL)) {
        put_none(all, from->doc, relation);
        return KX_OK;
    }
    if (rc == KX_OK)
        rc = put_document(all, target, used);
    return rc == KX_OK ? descend(all, target, relation, last) : rc;
}

static int begin_set(tree *all, const kx_relation *relation, bool last)
{
    branch  *from = tip(all);
    kx_query query = {.limit = all->most};
    int      rc = kx_related_count(from->doc, relation->name, NULL, &from->members);

    if (rc != KX_OK)
        return rc;
    put_prefix(all, last);
    put_text(all, relation->name);
    fprintf(all->out, ": %" PRIu64 " of ", from->members);
    put_text(all, relation->target);
    putc('\n', all->out);
    from->drawn = 0;
    from->drawing = *relation;
    if (from->members == 0)
        return KX_OK;
    rc = kx_related_find(from->doc, relation->name, &query, &from->set);
    all->bars[all->bar_count++] = !last;
    return rc;
}

static int draw_member(tree *all)
{
    branch *from = tip(all);
    bool    last = from->drawn + 1 >= from->members;
    kx_doc *doc;
    int     rc = kx_cursor_next(from->set, &doc);

    if (rc == KX_OK) {
        from->drawn++;
        put_prefix(all, last);
        rc = put_document(all, doc, 3 * (all->bar_count + 1));
        return rc == KX_OK ? descend(all, doc, &from->drawing, last) : rc;
    }
    if (rc == KX_NOTFOUND && from->drawn < from->members) {
        put_prefix(all, true);
        fprintf(all->out, "… and %" PRIu64 " more\n", from->members - from->drawn);
    }
    all->bar_count--;
    rc = kx_cursor_close(from->set);
    from->set = NULL;
    return rc;
}

static bool is_set(const kx_relation *relation)
{
    return relation->kind == KX_RELATED_SET || relation->kind == KX_MANY_TO_MANY;
}

/* One line more, or a branch less. */
static int step(tree *all)
{
    branch     *from = tip(all);
    kx_relation relation;
    int         rc;
    bool        last;

    if (from->set != NULL)
        return draw_member(all);
    if (from->left == 0) {
        ascend(all);
        return KX_OK;
    }
    rc = kx_relation_at(all->txn, kx_doc_collection(from->doc), from->next++, &relation);
    if (rc != KX_OK || leads_back(from, &relation))
        return rc;
    last = --from->left == 0;
    return is_set(&relation) ? begin_set(all, &relation, last) : draw_one(all, &relation, last);
}

static int draw(kx_txn *txn, inspect *in, kx_doc *root)
{
    tree *all = tool_alloc(sizeof(*all));
    int   rc;

    memset(all, 0, sizeof(*all));
    all->txn = txn;
    all->out = in->out;
    all->width = tool_width();
    all->depth = (size_t)in->depth;
    all->most = in->query.limit;
    rc = put_document(all, root, 0);
    if (rc == KX_OK)
        rc = descend(all, root, NULL, true);
    while (rc == KX_OK && all->count > 0)
        rc = step(all);
    while (all->count > 0)
        ascend(all);
    free(all);
    return rc;
}

int inspect_tree(kx_txn *txn, inspect *in)
{
    kx_condition where[2] = {{0}, {0}};
    kx_query     query = {.where = where};
    char        *kept[2];
    kx_doc      *root;
    int          status = inspect_which(in, &where[0], kept), rc;

    if (status != TOOL_OK)
        return status;
    rc = in->depth > DEEPEST ? KX_OK : kx_first(txn, in->operands[0], &query, &root);
    if (in->depth > DEEPEST)
        status = tool_usage("--depth is %d at most", DEEPEST);
    else if (rc == KX_NOTFOUND)
        inspect_none(in);
    else if (rc != KX_OK || (rc = draw(txn, in, root)) != KX_OK)
        status = inspect_fail(in, rc);
    in->matched = rc == KX_OK;
    free(kept[0]);
    free(kept[1]);
    return status;
}
