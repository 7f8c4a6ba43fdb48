/*
 * inspect_find.c -- kx-inspect find, get, count and dump: documents.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "inspect.h"
#include "json_text.h"

/* Hand each document that the query finds to `each`. Returns the library's code. */
static int walk(kx_txn *txn, const char *collection, const kx_query *query, int (*each)(rows *, kx_doc *), rows *all,
                uint64_t *count)
{
    kx_cursor *cursor = NULL;
    kx_doc    *doc;
    int        rc = kx_find(txn, collection, query, &cursor), ended;

    *count = 0;
    while (rc == KX_OK && (rc = kx_cursor_next(cursor, &doc)) == KX_OK) {
        rc = each(all, doc);
        ++*count;
    }
    ended = kx_cursor_close(cursor);
    return rc != KX_NOTFOUND ? rc : ended;
}

/* The same for each of several collections, twice where the writer wants to see all columns first. */
static int write_all(kx_txn *txn, inspect *in, const char *const *names, size_t count, const kx_query *query)
{
    rows    *all = rows_begin(in);
    uint64_t found;
    int      rc = KX_OK;

    if (rows_wants_learning(all))
        for (size_t i = 0; rc == KX_OK && i < count; i++)
            rc = walk(txn, names[i], query, rows_learn, all, &found);
    for (size_t i = 0; rc == KX_OK && i < count; i++) {
        rc = walk(txn, names[i], query, rows_add, all, &found);
        in->matched += found;
    }
    rows_end(all);
    return rc == KX_OK ? TOOL_OK : inspect_fail(in, rc);
}

int inspect_find(kx_txn *txn, inspect *in)
{
    in->query.filter = in->operand_count > 1 ? in->operands[1] : NULL;
    return write_all(txn, in, in->operands, 1, &in->query);
}

int inspect_count(kx_txn *txn, inspect *in)
{
    int rc;

    in->query.filter = in->operand_count > 1 ? in->operands[1] : NULL;
    rc = kx_count(txn, in->operands[0], &in->query, &in->matched);
    if (rc != KX_OK)
        return inspect_fail(in, rc);
    fprintf(in->out, in->format == FORMAT_JSON ? "[%" PRIu64 "]\n" : "%" PRIu64 "\n", in->matched);
    return TOOL_OK;
}

/* ---- get -------------------------------------------------------------------------------- */

/* The '=' between path and value; one within backquotes belongs to the path. */
static const char *equals_in(const char *text)
{
    bool quoted = false;

    for (; *text != '\0'; text++) {
        if (*text == '`')
            quoted = !quoted;
        if (*text == '=' && !quoted)
            return text;
    }
    return NULL;
}

static int get_by_value(kx_txn *txn, const char *collection, const char *which, const char *equals, kx_doc **doc)
{
    char *path = tool_print("%.*s", (int)(equals - which), which);
    char *kept;
    int   rc = kx_get(txn, collection, path, inspect_value(equals + 1, &kept), doc);

    free(path);
    free(kept);
    return rc;
}

int inspect_get(kx_txn *txn, inspect *in)
{
    const char *which = in->operands[1], *equals = equals_in(which);
    kx_doc     *doc = NULL;
    uint64_t    id;
    rows       *all;
    int         rc;

    if (tool_number(which, &id))
        rc = kx_get_by_id(txn, in->operands[0], id, &doc);
    else if (equals != NULL && equals > which)
        rc = get_by_value(txn, in->operands[0], which, equals, &doc);
    else
        return tool_usage("get takes a number or PATH=VALUE, not '%s'", which);
    if (rc == KX_NOTFOUND) {
        if (!in->quiet)
            tool_say("%s: %s has no document %s", in->store, in->operands[0], which);
        rc = KX_OK;
    }
    if (rc != KX_OK)
        return inspect_fail(in, rc);
    all = rows_begin(in);
    if (doc != NULL && rows_wants_learning(all))
        rc = rows_learn(all, doc);
    if (doc != NULL && rc == KX_OK)
        rc = rows_add(all, doc);
    in->matched = doc != NULL;
    rows_end(all);
    return rc == KX_OK ? TOOL_OK : inspect_fail(in, rc);
}

/* ---- dump --------------------------------------------------------------------------------- */

/*
 * {"kenobix":{"format":1,"collections":["users","orders"],"documents":4}}
 * The names come first so that a loader can make the collections in this order whatever relations say, and the count so
 * that it notices a dump that was cut short.
 */
static int put_header(kx_txn *txn, inspect *in, const char *const *names, size_t count)
{
    kx_collection_info one;
    kx_info            info;
    uint64_t           documents = 0;
    int                rc = kx_db_info(txn, &info);

    fputs("{\"kenobix\":{\"format\":1", in->out);
    if (rc == KX_OK && info.schema_version != 0)
        fprintf(in->out, ",\"schema_version\":%" PRIu32, info.schema_version);
    fputs(",\"collections\":[", in->out);
    for (size_t i = 0; rc == KX_OK && i < count; i++) {
        rc = kx_collection_named(txn, names[i], &one);
        documents += rc == KX_OK ? one.documents : 0;
        fputs(i == 0 ? "" : ",", in->out);
        json_put(in->out, names[i], strlen(names[i]));
    }
    fprintf(in->out, "],\"documents\":%" PRIu64 "}}\n", documents);
    return rc;
}

static int write_dump(kx_txn *txn, inspect *in, const char *const *names, size_t count)
{
    rows       *all = rows_begin(in);
    const char *line;
    uint64_t    found;
    int         rc = put_header(txn, in, names, count);

    for (size_t i = 0; rc == KX_OK && i < count; i++) {
        rc = kx_schema_json(txn, names[i], &line);
        if (rc != KX_OK)
            break;
        fprintf(in->out, "%s\n", line);
        rc = walk(txn, names[i], NULL, rows_add, all, &found);
        in->matched += found;
    }
    rows_end(all);
    return rc == KX_OK ? TOOL_OK : inspect_fail(in, rc);
}

/* Those that were named, in the store's order and each once; none named: all. One that is not there is the library's error. */
static int choose(kx_txn *txn, inspect *in, const char ***names, size_t *count)
{
    kx_collection_info one;
    size_t             n = 0;
    int                rc = KX_OK;

    *names = tool_alloc(sizeof(**names));
    *count = 0;
    for (size_t i = 0; rc == KX_OK && i < in->operand_count; i++)
        rc = kx_collection_named(txn, in->operands[i], &one);
    for (; rc == KX_OK && (rc = kx_collection_at(txn, n, &one)) == KX_OK; n++) {
        bool wanted = in->operand_count == 0;

        for (size_t i = 0; i < in->operand_count; i++)
            wanted = wanted || strcmp(in->operands[i], one.name) == 0;
        if (!wanted)
            continue;
        *names = tool_realloc(*names, (*count + 1) * sizeof(**names));
        (*names)[(*count)++] = one.name;
    }
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

int inspect_dump(kx_txn *txn, inspect *in)
{
    const char **names = NULL;
    size_t       count;
    int          rc = choose(txn, in, &names, &count), status;

    if (rc != KX_OK)
        status = inspect_fail(in, rc);
    else if (in->format == FORMAT_DUMP)
        status = write_dump(txn, in, names, count);
    else
        status = write_all(txn, in, names, count, NULL);
    free(names);
    return status;
}
