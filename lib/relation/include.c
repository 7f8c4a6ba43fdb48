/* include.c -- a document as JSON with those that were included in its query, each under its relation's name. */
#include <string.h>

#include "relation/relation_impl.h"

static int append(const kx_doc *doc, kx_buf *out);

static int append_name(kx_buf *out, const char *name)
{
    kx_builder builder;
    kx_slice text;
    kx_value value = kx_text(name);
    kx_builder__init(&builder);
    kx_builder__value(&builder, &value);
    int rc = kx_builder__finish(&builder, &text);
    if (rc == KX_OK)
        rc = kx_document__to_json(text, out);
    kx_builder__free(&builder);
    kx_buf__byte(out, ':');
    return rc;
}

static int append_set(const kx_doc *doc, const kx_load_node *node, kx_buf *out)
{
    const kx_loaded_set *set = kx_relation__loaded_set(doc, node->relation->declared.name);
    int rc = KX_OK;
    kx_buf__byte(out, '[');
    for (size_t i = 0; set != NULL && i < set->count && rc == KX_OK; i++) {
        if (i > 0)
            kx_buf__byte(out, ',');
        rc = append(set->docs[i], out);
    }
    kx_buf__byte(out, ']');
    return rc;
}

static int append_one(const kx_doc *doc, const kx_load_node *node, kx_buf *out)
{
    const kx_link *link = kx_relation__link_of(doc, node->relation->declared.name);
    if (link != NULL && link->target != NULL)
        return append(link->target, out);
    kx_buf__text(out, "null");
    return KX_OK;
}

static bool is_set(const kx_load_node *node)
{
    kx_relation_kind kind = node->relation->declared.kind;
    return kind == KX_RELATED_SET || kind == KX_MANY_TO_MANY;
}

/* In place of the last brace. */
static int append_member(const kx_doc *doc, const kx_load_node *node, kx_buf *out)
{
    if (out->rc != KX_OK)
        return out->rc;
    out->size--;
    if (out->data[out->size - 1] != '{')
        kx_buf__byte(out, ',');
    int rc = append_name(out, node->relation->declared.name);
    if (rc == KX_OK)
        rc = is_set(node) ? append_set(doc, node, out) : append_one(doc, node, out);
    kx_buf__byte(out, '}');
    return rc;
}

/* As deep as the paths of the query, which are bounded. */
static int append(const kx_doc *doc, kx_buf *out)
{
    const kx_loads *loads = kx_relation__loads(doc);
    int rc = kx_document__to_json(doc->bytes, out);
    for (const kx_load_node *node = loads != NULL ? loads->nodes : NULL; node != NULL && rc == KX_OK;
         node = node->next) {
        if (node->include)
            rc = append_member(doc, node, out);
    }
    return rc;
}

static bool includes(const kx_doc *doc)
{
    const kx_loads *loads = kx_relation__loads(doc);
    const kx_load_node *node = loads != NULL ? loads->nodes : NULL;
    while (node != NULL && !node->include)
        node = node->next;
    return node != NULL;
}

int kx_relation__json(const kx_doc *doc, const char **json)
{
    kx_buf out = {0};
    *json = NULL;
    if (!includes(doc))
        return kx_collection__doc_json(doc, "", json);
    int rc = append(doc, &out);
    return kx_collection__doc_lend(doc, rc, &out, json);
}
