/*
 * inspect_bench.c -- what is printed and is no document of the store: it is put together in a temporary one, so that
 * every format has it. See inspect.h.
 */
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "inspect.h"

int bench_open(bench *on)
{
    static const kx_model        model = {.name = "rows"};
    static const kx_model *const models[] = {&model, NULL};
    int                          rc;

    memset(on, 0, sizeof(*on));
    rc = kx_open(NULL, &(kx_options){.models = models}, &on->db);
    return rc == KX_OK ? kx_txn_begin(on->db, KX_WRITE, &on->txn) : rc;
}

void bench_close(bench *on)
{
    kx_txn_abort(on->txn);
    kx_close(on->db);
}

int bench_doc(bench *on, kx_doc **doc)
{
    return kx_doc_new(on->txn, "rows", doc);
}

char *bench_path(const char *name, size_t size)
{
    char *path = tool_alloc(2 * size + 3), *at = path;

    *at++ = '`';
    for (size_t i = 0; i < size; i++) {
        if (name[i] == '`')
            *at++ = '`';
        *at++ = name[i];
    }
    *at++ = '`';
    *at = '\0';
    return path;
}

int bench_whole(bench *on, kx_doc *doc, kx_doc **whole)
{
    const char *json;
    int         rc = kx_doc_to_json(doc, &json);

    *whole = NULL;
    return rc == KX_OK ? kx_doc_from_json(on->txn, "rows", json, whole) : rc;
}

/* "a.b" of the document is the member "a.b" of the part; nothing where it has none. */
static int copy_field(kx_doc *doc, const char *field, kx_doc *part)
{
    kx_value value;
    char    *path;
    int      rc;

    if (strcmp(field, "_id") == 0)
        return KX_OK;
    rc = kx_doc_get(doc, field, &value);
    if (rc != KX_OK)
        return rc == KX_NOTFOUND ? KX_OK : rc;
    path = bench_path(field, strlen(field));
    rc = kx_doc_set(part, path, value);
    free(path);
    return rc;
}

int bench_cut(bench *on, kx_doc *doc, char *const *fields, kx_doc **part)
{
    int rc = bench_doc(on, part);

    for (; rc == KX_OK && *fields != NULL; fields++)
        rc = copy_field(doc, *fields, *part);
    if (rc != KX_OK) {
        kx_doc_release(*part);
        *part = NULL;
    }
    return rc;
}
