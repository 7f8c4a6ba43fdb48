/*
 * inspect_schema.c -- kx-inspect schema: what is declared of each collection.
 */
#include <inttypes.h>
#include <string.h>

#include "common.h"
#include "inspect.h"

static void put_text(FILE *out, const char *before, const char *text)
{
    fputs(before, out);
    tool_show(out, text, strlen(text), SIZE_MAX);
}

static int put_fields(kx_txn *txn, FILE *out, const char *collection)
{
    kx_field field;
    int      rc = KX_OK;

    for (size_t n = 0; (rc = kx_field_at(txn, collection, n, &field)) == KX_OK; n++) {
        put_text(out, n == 0 ? "  fields\n    " : "    ", field.path);
        put_text(out, ": ", field.type == KX_TYPE_NONE ? "any" : kx_type_name(field.type));
        fputs(field.optional ? ", optional" : "", out);
        if (field.initial != NULL)
            put_text(out, ", initially ", field.initial);
        putc('\n', out);
    }
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

static int put_indexes(kx_txn *txn, FILE *out, const char *collection)
{
    kx_index_info info;
    int           rc = KX_OK;

    for (size_t n = 0; (rc = kx_index_at(txn, collection, n, &info)) == KX_OK; n++) {
        put_text(out, n == 0 ? "  indexes\n    " : "    ", info.index.paths);
        tool_index_flags(out, &info.index);
        fprintf(out, "%s\n", info.implied ? ", made for a relation" : "");
    }
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

static int put_relations(kx_txn *txn, FILE *out, const char *collection)
{
    kx_relation relation;
    int         rc = KX_OK;

    for (size_t n = 0; (rc = kx_relation_at(txn, collection, n, &relation)) == KX_OK; n++) {
        put_text(out, n == 0 ? "  relations\n    " : "    ", relation.name);
        fputs(": ", out);
        inspect_put_relation(out, &relation);
        putc('\n', out);
    }
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

static int put_collection(kx_txn *txn, const inspect *in, const kx_collection_info *one)
{
    int rc;

    put_text(in->out, "", one->name);
    fprintf(in->out, ": %" PRIu64 " document%s, next id %" PRIu64 "\n", one->documents, one->documents == 1 ? "" : "s",
            one->next_id);
    rc = put_fields(txn, in->out, one->name);
    if (rc == KX_OK)
        rc = put_indexes(txn, in->out, one->name);
    return rc == KX_OK ? put_relations(txn, in->out, one->name) : rc;
}

static int put_one(kx_txn *txn, const inspect *in, const kx_collection_info *one, size_t n)
{
    const char *line;
    int         rc;

    if (in->format == FORMAT_TABLE) {
        fputs(n == 0 ? "" : "\n", in->out);
        return put_collection(txn, in, one);
    }
    rc = kx_schema_json(txn, one->name, &line);
    if (rc != KX_OK)
        return rc;
    if (in->format == FORMAT_JSON)
        fprintf(in->out, "%s%s", n == 0 ? "[" : ",\n ", line);
    else
        fprintf(in->out, "%s\n", line);
    return KX_OK;
}

int inspect_schema(kx_txn *txn, inspect *in)
{
    const char        *only = in->operand_count > 0 ? in->operands[0] : NULL;
    kx_collection_info one;
    size_t             n = 0;
    int                rc;

    if (only != NULL) {
        rc = kx_collection_named(txn, only, &one);
        if (rc == KX_OK)
            rc = put_one(txn, in, &one, n++);
    } else {
        while ((rc = kx_collection_at(txn, n, &one)) == KX_OK && (rc = put_one(txn, in, &one, n)) == KX_OK)
            n++;
        rc = rc == KX_NOTFOUND ? KX_OK : rc;
    }
    if (rc != KX_OK)
        return inspect_fail(in, rc);
    if (in->format == FORMAT_JSON)
        fputs(n == 0 ? "[]\n" : "]\n", in->out);
    return TOOL_OK;
}
