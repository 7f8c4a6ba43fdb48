/*
 * inspect_graph.c -- kx-inspect graph: collections, their keys and relations, as text that Graphviz or Mermaid draws.
 *
 * A relation and its reverse are one line, drawn from the end that has the key. See inspect.h.
 */
#include <string.h>

#include "common.h"
#include "inspect.h"

typedef struct graph {
    kx_txn *txn;
    FILE   *out;
    bool    mermaid;
} graph;

/* ---- text ---------------------------------------------------------------------------------------- */

/* Within double quotes: what would end them is escaped or replaced; control characters are shown. */
static void put_text(const graph *all, const char *text)
{
    while (*text != '\0') {
        size_t plain = strcspn(text, "\"\\");

        tool_show(all->out, text, plain, SIZE_MAX);
        text += plain;
        if (*text != '\0')
            fputs(*text++ == '\\' ? "\\\\" : all->mermaid ? "'" : "\\\"", all->out);
    }
}

static void put_name(const graph *all, const char *before, const char *name, const char *behind)
{
    fprintf(all->out, "%s\"", before);
    put_text(all, name);
    fprintf(all->out, "\"%s", behind);
}

/* A word as Mermaid's attributes have it: letters, digits and '_', and no digit in front. */
static void put_word(FILE *out, const char *text)
{
    if (*text >= '0' && *text <= '9')
        putc('_', out);
    for (; *text != '\0'; text++) {
        bool plain = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') || (*text >= '0' && *text <= '9');
        putc(plain ? *text : '_', out);
    }
}

/* ---- keys ------------------------------------------------------------------------------------------- */

static bool is_pointer(const kx_relation *relation)
{
    return relation->kind == KX_FOREIGN_KEY || relation->kind == KX_ONE_TO_ONE;
}

/* Is the path a key of a relation of this collection? */
static bool is_foreign(const graph *all, const char *collection, const char *path)
{
    kx_relation relation;

    for (size_t n = 0; kx_relation_at(all->txn, collection, n, &relation) == KX_OK; n++)
        if (is_pointer(&relation) && strcmp(relation.foreign_key, path) == 0)
            return true;
    return false;
}

static const char *type_of(const graph *all, const char *collection, const char *path)
{
    kx_field field;

    for (size_t n = 0; kx_field_at(all->txn, collection, n, &field) == KX_OK; n++)
        if (strcmp(field.path, path) == 0 && field.type != KX_TYPE_NONE)
            return kx_type_name(field.type);
    return "any";
}

/* How an index makes its paths a key: "PK", "UK", or NULL. */
static const char *mark_of(const kx_index *index)
{
    return index->primary ? "PK" : index->unique ? "UK" : NULL;
}

static void put_key(const graph *all, const char *collection, const char *path, const char *mark, bool foreign)
{
    const char *type = type_of(all, collection, path), *between = *mark != '\0' && foreign ? ", " : "";

    if (all->mermaid) {
        fprintf(all->out, "        %s ", type);
        put_word(all->out, path);
        fprintf(all->out, " %s%s%s", mark, between, foreign ? "FK" : "");
        put_name(all, " ", path, "\n");
    } else {
        put_text(all, path);
        fprintf(all->out, ": %s %s%s%s\\l", type, mark, between, foreign ? "FK" : "");
    }
}

static bool is_marked(const graph *all, const char *collection, const char *path)
{
    kx_index_info info;

    for (size_t n = 0; kx_index_at(all->txn, collection, n, &info) == KX_OK; n++)
        if (mark_of(&info.index) != NULL && strcmp(info.index.paths, path) == 0)
            return true;
    return false;
}

/* The key that several relations have in common stands with the first of them. */
static bool is_first(const graph *all, const char *collection, size_t n, const char *path)
{
    kx_relation relation;

    for (size_t i = 0; i < n && kx_relation_at(all->txn, collection, i, &relation) == KX_OK; i++)
        if (is_pointer(&relation) && strcmp(relation.foreign_key, path) == 0)
            return false;
    return true;
}

/* Indexes that make a field a key, then keys of relations that have no such index. */
static int put_keys(const graph *all, const char *collection)
{
    kx_index_info info;
    kx_relation   relation;
    int           rc;

    for (size_t n = 0; (rc = kx_index_at(all->txn, collection, n, &info)) == KX_OK; n++)
        if (mark_of(&info.index) != NULL)
            put_key(all, collection, info.index.paths, mark_of(&info.index),
                    is_foreign(all, collection, info.index.paths));
    if (rc != KX_NOTFOUND)
        return rc;
    for (size_t n = 0; (rc = kx_relation_at(all->txn, collection, n, &relation)) == KX_OK; n++)
        if (is_pointer(&relation) && !is_marked(all, collection, relation.foreign_key) &&
            is_first(all, collection, n, relation.foreign_key))
            put_key(all, collection, relation.foreign_key, "", true);
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

static int put_collection(const graph *all, const char *name)
{
    int rc;

    if (all->mermaid) {
        put_name(all, "    ", name, " {\n");
        rc = put_keys(all, name);
        fputs("    }\n", all->out);
        return rc;
    }
    put_name(all, "    ", name, " [label=\"");
    put_text(all, name);
    fputs("\\n", all->out);
    rc = put_keys(all, name);
    fputs("\"];\n", all->out);
    return rc;
}

/* ---- relations ------------------------------------------------------------------------------------------ */

static bool is_same(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* Do two relations that lead to each other's collection tell the same? */
static bool are_ends(const kx_relation *one, const kx_relation *far)
{
    if (one->kind == KX_MANY_TO_MANY)
        return far->kind == KX_MANY_TO_MANY && is_same(far->through, one->through);
    return is_pointer(far) && is_same(far->foreign_key, one->foreign_key);
}

/* Is this line drawn from its other end? A many-to-many of two collections is drawn from the first by name. */
static bool is_other_end(const graph *all, const char *collection, const kx_relation *relation)
{
    bool        first = relation->kind == KX_MANY_TO_MANY && strcmp(collection, relation->target) <= 0;
    kx_relation far;

    if (is_pointer(relation) || first)
        return false;
    for (size_t n = 0; kx_relation_at(all->txn, relation->target, n, &far) == KX_OK; n++)
        if (is_same(far.target, collection) && are_ends(relation, &far))
            return true;
    return false;
}

/* How many of this collection, and how many of the target. */
static const char *cardinality(const graph *all, const kx_relation *relation)
{
    switch (relation->kind) {
    case KX_FOREIGN_KEY:
        return relation->optional ? all->mermaid ? "}o--o|" : "n : 0..1" : all->mermaid ? "}o--||" : "n : 1";
    case KX_ONE_TO_ONE:
        return relation->optional ? all->mermaid ? "|o--o|" : "0..1 : 0..1" : all->mermaid ? "|o--||" : "0..1 : 1";
    case KX_RELATED_SET:
        return all->mermaid ? "||--o{" : "1 : n";
    case KX_RELATED_ONE:
        return all->mermaid ? "||--o|" : "1 : 0..1";
    default:
        return all->mermaid ? "}o--o{" : "n : n";
    }
}

static void put_more(const graph *all, const kx_relation *relation)
{
    if (relation->through != NULL) {
        fputs(" through ", all->out);
        put_text(all, relation->through);
    }
    if (relation->on_delete != KX_DO_NOTHING)
        fprintf(all->out, ", on delete %s", kx_action_name(relation->on_delete));
}

static void put_relation(const graph *all, const char *collection, const kx_relation *relation)
{
    const char *how = cardinality(all, relation);

    put_name(all, "    ", collection, all->mermaid ? " " : " -> ");
    fputs(all->mermaid ? how : "", all->out);
    put_name(all, all->mermaid ? " " : "", relation->target, all->mermaid ? " : \"" : " [label=\"");
    put_text(all, relation->name);
    if (!all->mermaid)
        fprintf(all->out, "\\n%s", how);
    put_more(all, relation);
    fputs(all->mermaid ? "\"\n" : "\"];\n", all->out);
}

static int put_relations(const graph *all, const char *collection)
{
    kx_relation relation;
    int         rc;

    for (size_t n = 0; (rc = kx_relation_at(all->txn, collection, n, &relation)) == KX_OK; n++)
        if (!is_other_end(all, collection, &relation))
            put_relation(all, collection, &relation);
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

static int each_collection(const graph *all, int (*put)(const graph *, const char *))
{
    kx_collection_info one;
    int                rc = KX_OK;

    for (size_t n = 0; rc == KX_OK && (rc = kx_collection_at(all->txn, n, &one)) == KX_OK; n++)
        rc = put(all, one.name);
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

int inspect_graph(kx_txn *txn, inspect *in)
{
    graph all = {txn, in->out, in->format == FORMAT_MERMAID};
    int   rc;

    fputs(all.mermaid ? "erDiagram\n" : "digraph store {\n    node [shape=box];\n", in->out);
    rc = each_collection(&all, put_collection);
    if (rc == KX_OK)
        rc = each_collection(&all, put_relations);
    fputs(all.mermaid ? "" : "}\n", in->out);
    return rc == KX_OK ? TOOL_OK : inspect_fail(in, rc);
}
