/*
 * inspect_find.c -- kx-inspect find, get, count and dump: documents.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "inspect.h"
#include "json_text.h"

/* How far a walk goes, and how far it came. */
typedef struct stretch {
    uint64_t limit;      /* documents to hand on; 0: what the query finds */
    uint64_t count;      /* documents handed on */
    char    *token;      /* of the last of them, where others follow; NULL: none do */
} stretch;

/* Behind the last document of a page. KX_NOTFOUND, the walk's end, unless looking fails. */
static int look_on(kx_cursor *cursor, stretch *to)
{
    const char *token;
    kx_doc     *doc;
    int         rc = kx_cursor_token(cursor, &token);

    if (rc != KX_OK)
        return rc;
    to->token = tool_copy(token);
    rc = kx_cursor_next(cursor, &doc);
    if (rc == KX_OK)
        return KX_NOTFOUND;
    free(to->token);
    to->token = NULL;
    return rc;
}

/* Hand each document that the query finds to `each`. Returns the library's code. */
static int walk(kx_txn *txn, const char *collection, const kx_query *query, int (*each)(rows *, kx_doc *), rows *all,
                stretch *to)
{
    kx_cursor *cursor = NULL;
    kx_doc    *doc;
    int        rc = kx_find(txn, collection, query, &cursor), ended;

    free(to->token);
    to->token = NULL;
    to->count = 0;
    while (rc == KX_OK && (rc = kx_cursor_next(cursor, &doc)) == KX_OK) {
        rc = each(all, doc);
        if (++to->count == to->limit && rc == KX_OK)
            rc = look_on(cursor, to);
    }
    ended = kx_cursor_close(cursor);
    return rc != KX_NOTFOUND ? rc : ended;
}

/* The same for each of several collections, twice where the writer wants to see all columns first. */
static int write_all(kx_txn *txn, inspect *in, const char *const *names, size_t count, const kx_query *query,
                     stretch *to)
{
    rows *all = rows_begin(in);
    int   rc = KX_OK;

    if (rows_wants_learning(all))
        for (size_t i = 0; rc == KX_OK && i < count; i++)
            rc = walk(txn, names[i], query, rows_learn, all, to);
    for (size_t i = 0; rc == KX_OK && i < count; i++) {
        rc = walk(txn, names[i], query, rows_add, all, to);
        in->matched += to->count;
    }
    if (rc == KX_OK)
        rc = rows_check(all);
    rows_end(all, rc == KX_OK);
    return rc == KX_OK ? TOOL_OK : inspect_fail(in, rc);
}

/* A page: one document more is looked for than is printed, so that the last page is known as such. */
int inspect_find(kx_txn *txn, inspect *in)
{
    kx_query query = in->query;
    stretch  page = {.limit = in->quiet || query.limit == UINT64_MAX ? 0 : query.limit};
    int      status;

    query.filter = in->operand_count > 1 ? in->operands[1] : NULL;
    query.limit += page.limit != 0;
    status = write_all(txn, in, in->operands, 1, &query, &page);
    if (status == TOOL_OK && page.token != NULL)
        tool_say("there are more; the next page: --after %s%s", page.token,
                 query.offset != 0 ? ", without --offset" : "");
    free(page.token);
    return status;
}

int inspect_count(kx_txn *txn, inspect *in)
{
    int rc;

    in->query.filter = in->operand_count > 1 ? in->operands[1] : NULL;
    rc = kx_count(txn, in->operands[0], &in->query, &in->matched);
    if (rc != KX_OK)
        return inspect_fail(in, rc);
    rc = inspect_put_number(in, kx_uint(in->matched));
    return rc == KX_OK ? TOOL_OK : inspect_fail(in, rc);
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

int inspect_which(const inspect *in, kx_condition *where, char *kept[2])
{
    const char *which = in->operands[1], *equals = equals_in(which);
    uint64_t    id;

    kept[0] = kept[1] = NULL;
    if (tool_number(which, &id)) {
        *where = (kx_condition){"_id", KX_EQ, kx_uint(id)};
        return TOOL_OK;
    }
    if (equals == NULL || equals == which)
        return tool_usage("%s takes a number or PATH=VALUE, not '%s'", in->command->name, which);
    kept[0] = tool_print("%.*s", (int)(equals - which), which);
    *where = (kx_condition){kept[0], KX_EQ, inspect_value(equals + 1, &kept[1])};
    return TOOL_OK;
}

void inspect_none(const inspect *in)
{
    if (!in->quiet)
        tool_say("%s: %s has no document %s", in->store, in->operands[0], in->operands[1]);
}

int inspect_get(kx_txn *txn, inspect *in)
{
    kx_condition where[2] = {{0}, {0}};
    kx_query     query = {.where = where, .limit = 1, .include = in->query.include};
    stretch      to = {.limit = 0};
    char        *kept[2];
    int          status = inspect_which(in, &where[0], kept);

    if (status == TOOL_OK)
        status = write_all(txn, in, in->operands, 1, &query, &to);
    if (status == TOOL_OK && in->matched == 0)
        inspect_none(in);
    free(kept[0]);
    free(kept[1]);
    return status;
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
    stretch     to = {.limit = 0};
    int         rc = put_header(txn, in, names, count);

    for (size_t i = 0; rc == KX_OK && i < count; i++) {
        rc = kx_schema_json(txn, names[i], &line);
        if (rc != KX_OK)
            break;
        fprintf(in->out, "%s\n", line);
        rc = walk(txn, names[i], NULL, rows_add, all, &to);
        in->matched += to.count;
    }
    rows_end(all, rc == KX_OK);
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
    stretch      to = {.limit = 0};
    int          rc = choose(txn, in, &names, &count), status;

    if (rc != KX_OK)
        status = inspect_fail(in, rc);
    else if (in->format == FORMAT_DUMP)
        status = write_dump(txn, in, names, count);
    else
        status = write_all(txn, in, names, count, NULL, &to);
    free(names);
    return status;
}
