/*
 * cross.c -- subjects beyond a relation: "user.status", "orders.amount", "user.country.code".
 *
 *   orders ──user──> users ──country──> countries : code
 *   └───────── hops ──────────────────┘             leaf
 *
 * Through relations that lead to one document the subject is that document's field, missing where there is no such
 * document. Through a set it is the field of any member: a test passes when one of them passes it, and of none none does.
 * The name of a relation alone can be asked for null: is there nobody?
 */
#include <string.h>

#include "query/query_impl.h"

enum { MOST_HOPS = 16 };

/* ---- compiling -------------------------------------------------------------------------- */

static bool is_set(const kx_cat_relation *relation)
{
    return relation->declared.kind == KX_RELATED_SET || relation->declared.kind == KX_MANY_TO_MANY;
}

/* The relation that a path's first name is, and what stands behind that name; NULL: none. */
static const kx_cat_relation *first_relation(const kx_cat_collection *collection, const char *path, const char **rest)
{
    bool quoted = path[0] == '`';
    const char *name = path + quoted;
    size_t size = strcspn(name, quoted ? "`" : ".[");
    for (size_t i = 0; i < collection->relation_count; i++) {
        const kx_cat_relation *relation = &collection->relations[i];
        if (relation->size != size || memcmp(relation->declared.name, name, size) != 0)
            continue;
        *rest = name + size + (quoted && name[size] == '`');
        return relation;
    }
    return NULL;
}

static int bad_path(const kx_query_compiled *compiled, const char *text, const char *what)
{
    return kx_base__fail_at(KX_INVALID, compiled->collection->name, text, NULL, NULL, "'%s': %s", text, what);
}

static int add_hops(kx_query_compiled *compiled, const char *text, kx_query_cross *cross, const char **leaf)
{
    const kx_cat_collection *collection = compiled->collection;
    const char *at = text, *rest;
    for (const kx_cat_relation *hop; (hop = first_relation(collection, at, &rest)) != NULL; at = rest + 1) {
        if (compiled->hops + cross->count == MOST_HOPS)
            return kx_base__fail_at(KX_LIMIT, compiled->collection->name, text, NULL, NULL,
                                    "'%.80s…' crosses more than %d relations", text, MOST_HOPS);
        cross->hops[cross->count++] = hop;
        cross->many |= is_set(hop);
        collection = hop->target;
        if (*rest == '\0') {
            cross->bare = true;
            *leaf = "_id";
            return KX_OK;
        }
        if (*rest != '.')
            return bad_path(compiled, text, "a relation is followed by '.' and a field");
    }
    *leaf = at;
    return KX_OK;
}

int kx_query__cross(kx_query_compiled *compiled, kx_query_subject *subject)
{
    const char *rest, *leaf = subject->text;
    if (first_relation(compiled->collection, subject->text, &rest) == NULL)
        return KX_OK;
    kx_query_cross *cross = kx_query__alloc(&compiled->memory, sizeof *cross);
    const kx_cat_relation *hops[MOST_HOPS];
    if (cross == NULL)
        return KX_NOMEM;
    *cross = (kx_query_cross){.hops = hops};
    int rc = add_hops(compiled, subject->text, cross, &leaf);
    if (rc != KX_OK)
        return rc;
    cross->hops = kx_query__copy(&compiled->memory, hops, cross->count * sizeof *hops);
    if (cross->hops == NULL)
        return KX_NOMEM;
    compiled->crosses = true;
    subject->kind = SUBJECT_CROSS;
    subject->cross = cross;
    subject->target = hops[cross->count - 1]->target;
    return kx_query__subject_of(compiled, subject->target, leaf, &cross->leaf);
}

int kx_query__check_cross(const kx_query_compiled *compiled, const kx_query_test *test)
{
    const kx_query_cross *cross = test->subject.cross;
    if (cross->bare && test->op != TEST_NULL && test->op != TEST_NOT_NULL)
        return bad_path(compiled, test->subject.text, "a relation can only be asked for null; name a field behind it");
    return KX_OK;
}

/* ---- walking ------------------------------------------------------------------------------- */

typedef struct walk {
    kx_txn *txn;
    const kx_query_cross *cross;
    size_t depth;
    bool found; /* some document at this depth */
    kx_query_leaf *leaf;
    void *context;
} walk;

static int walk_from(const walk *at, uint64_t id, kx_slice document, bool *found);

/* An entry whose document is gone leads nowhere. */
static int visit(void *context, uint64_t id)
{
    walk *at = context;
    const kx_cat_collection *collection = at->cross->hops[at->depth - 1]->target;
    kx_slice row, document;
    bool found = false;
    int rc = kx_store__row_get(at->txn->store, collection->number, id, &row);
    if (rc == KX_OK)
        rc = kx_collection__document_of(at->txn->db, collection, id, row, &document);
    if (rc == KX_OK)
        rc = walk_from(at, id, document, &found);
    at->found |= found;
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

static int walk_from(const walk *at, uint64_t id, kx_slice document, bool *found)
{
    if (at->depth == at->cross->count) {
        *found = true;
        return at->leaf(at->context, id, document);
    }
    walk next = *at;
    next.depth++;
    next.found = false;
    int rc = kx_query__hop(at->txn, at->cross->hops[at->depth], false, document, visit, &next);
    *found = next.found;
    return rc;
}

int kx_query__cross_each(kx_txn *txn, const kx_query_cross *cross, kx_slice document, kx_query_leaf *leaf,
                         void *context, bool *found)
{
    walk start = {.txn = kx_collection__innermost(txn), .cross = cross, .leaf = leaf, .context = context};
    *found = false;
    return walk_from(&start, 0, document, found);
}

/* ---- one value, to sort by ---------------------------------------------------------------------- */

typedef struct one_value {
    const kx_query_subject *subject;
    kx_value value;
} one_value;

static int take_value(void *context, uint64_t id, kx_slice document)
{
    one_value *one = context;
    return kx_query__value_of(one->subject, id, document, &one->value);
}

int kx_query__cross_value(kx_txn *txn, const kx_query_cross *cross, kx_slice document, kx_value *value)
{
    one_value one = {.subject = &cross->leaf};
    bool found;
    int rc = kx_query__cross_each(txn, cross, document, take_value, &one, &found);
    *value = one.value;
    return rc;
}
