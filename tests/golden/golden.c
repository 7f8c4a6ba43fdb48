#include "golden.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static int dump_documents(kx_txn *txn, const char *collection, FILE *out)
{
    kx_cursor *cursor;
    kx_doc *doc;
    int rc = kx_find(txn, collection, &(kx_query){.order_by = "_id"}, &cursor);
    while (rc == KX_OK && (rc = kx_cursor_next(cursor, &doc)) == KX_OK) {
        const char *json;
        rc = kx_doc_to_json(doc, &json);
        if (rc == KX_OK)
            fprintf(out, "{\"_id\":%" PRIu64 "%s%s\n", kx_doc_id(doc), json[1] == '}' ? "" : ",", json + 1);
    }
    if (rc == KX_NOTFOUND)
        rc = kx_cursor_close(cursor);
    return rc;
}

static int dump_all(kx_txn *txn, FILE *out)
{
    kx_collection_info info;
    int rc = KX_OK;
    for (size_t n = 0; rc == KX_OK && (rc = kx_collection_at(txn, n, &info)) == KX_OK; n++) {
        const char *schema;
        rc = kx_schema_json(txn, info.name, &schema);
        if (rc == KX_OK)
            fprintf(out, "%s\n", schema);
        if (rc == KX_OK)
            rc = dump_documents(txn, info.name, out);
    }
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

char *golden_dump(kx_txn *txn)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL)
        return NULL;
    int rc = dump_all(txn, out);
    if (fclose(out) == 0 && rc == KX_OK)
        return text;
    fprintf(stderr, "golden_dump: %d %s\n", rc, kx_errmsg());
    free(text);
    return NULL;
}
