/*
 * inspect_total.c -- kx-inspect sum, min, max, avg and group: numbers about many documents. See inspect.h.
 *
 * What is printed is no document of the store: see inspect_bench.c.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "inspect.h"

/* ---- one number --------------------------------------------------------------------------------- */

typedef int total_call(kx_txn *, const char *, const char *, const kx_query *, kx_value *);

static total_call *call_named(const char *name)
{
    return strcmp(name, "sum") == 0   ? kx_sum
           : strcmp(name, "min") == 0 ? kx_min
           : strcmp(name, "max") == 0 ? kx_max
                                      : kx_avg;
}

static int put_text(inspect *in, const char *json)
{
    bool none = strcmp(json, "null") == 0;

    switch (in->format) {
    case FORMAT_CSV:
        fprintf(in->out, "%s\r\n%s\r\n", in->command->name, none ? "" : json);
        break;
    case FORMAT_TSV:
        fprintf(in->out, "%s\n%s\n", in->command->name, none ? "" : json);
        break;
    default:
        fprintf(in->out, in->format == FORMAT_JSON ? "[%s]\n" : "%s\n", json);
    }
    return KX_OK;
}

static int put_made(bench *on, inspect *in, const kx_value *value)
{
    const void *data;
    const char *json;
    kx_doc     *doc;
    size_t      size;
    int         rc = bench_doc(on, &doc);

    if (rc == KX_OK)
        rc = kx_doc_set(doc, in->command->name, *value);
    if (rc == KX_OK && in->format == FORMAT_MSGPACK) {
        rc = kx_doc_msgpack(doc, &data, &size);
        if (rc == KX_OK)
            fwrite(data, 1, size, in->out);
        return rc;
    }
    if (rc == KX_OK)
        rc = kx_doc_get_json(doc, in->command->name, &json);
    return rc == KX_OK ? put_text(in, json) : rc;
}

/* JSON has it alone, an integer beyond 2^63 as its digits, since it is nothing but a number here. */
int inspect_put_number(inspect *in, kx_value value)
{
    bench on = {NULL, NULL};
    char  digits[24];
    int   rc;

    if (value.type == KX_TYPE_UINT && in->format != FORMAT_MSGPACK) {
        snprintf(digits, sizeof(digits), "%" PRIu64, (uint64_t)value.integer);
        return put_text(in, digits);
    }
    rc = bench_open(&on);
    if (rc == KX_OK)
        rc = put_made(&on, in, &value);
    bench_close(&on);
    return rc;
}

int inspect_total(kx_txn *txn, inspect *in)
{
    kx_value result;
    int      rc;

    in->query.filter = in->operand_count > 2 ? in->operands[2] : NULL;
    rc = call_named(in->command->name)(txn, in->operands[0], in->operands[1], &in->query, &result);
    if (rc == KX_OK && in->exit_status)
        rc = kx_count(txn, in->operands[0], &in->query, &in->matched);
    if (rc == KX_OK)
        rc = inspect_put_number(in, result);
    return rc == KX_OK ? TOOL_OK : inspect_fail(in, rc);
}

/* ---- groups ------------------------------------------------------------------------------------------ */

enum { MOST_NAMES = 64 };

typedef struct group_names {
    char  *paths[MOST_NAMES];  /* as paths of a row: in backquotes */
    size_t count;
} group_names;

static int add_name(group_names *names, const char *text, size_t size)
{
    while (size > 0 && text[0] == ' ')
        text++, size--;
    while (size > 0 && text[size - 1] == ' ')
        size--;
    if (size > 0 && text[0] == '-')
        text++, size--;
    if ((size == 5 && memcmp(text, "count", 5) == 0) || (size == 3 && memcmp(text, "sum", 3) == 0))
        return tool_usage("group: a field '%.*s' cannot be told from the number of that name", (int)size, text);
    if (names->count == MOST_NAMES)
        return tool_usage("group takes %d paths at most", MOST_NAMES);
    names->paths[names->count++] = bench_path(text, size);
    return TOOL_OK;
}

static int split_names(const char *text, group_names *names)
{
    char **parts = inspect_split(text);
    int    status = TOOL_OK;

    for (size_t i = 0; parts[i] != NULL; i++) {
        if (status == TOOL_OK)
            status = add_name(names, parts[i], strlen(parts[i]));
        free(parts[i]);
    }
    free(parts);
    return status;
}

static int put_group(rows *all, bench *on, const group_names *names, const kx_group_row *group, bool sums)
{
    kx_doc *doc;
    int     rc = bench_doc(on, &doc);

    for (size_t i = 0; rc == KX_OK && i < group->value_count; i++)
        rc = kx_doc_set(doc, names->paths[i], group->values[i]);
    if (rc == KX_OK)
        rc = kx_doc_set(doc, "count", kx_uint(group->count));
    if (rc == KX_OK && sums)
        rc = kx_doc_set(doc, "sum", group->sum);
    if (rc == KX_OK && rows_wants_learning(all))
        rc = rows_learn(all, doc);
    if (rc == KX_OK)
        rc = rows_add(all, doc);
    kx_doc_release(doc);
    return rc;
}

static int put_groups(kx_txn *txn, inspect *in, const group_names *names, bench *on)
{
    kx_groups   *groups = NULL;
    kx_group_row group;
    rows        *all;
    int          rc = kx_group(txn, in->operands[0], in->operands[1], in->sum, &in->query, &groups), ended;

    if (rc != KX_OK)
        return rc;
    all = rows_begin(in);
    while (rc == KX_OK && (rc = kx_groups_next(groups, &group)) == KX_OK) {
        rc = put_group(all, on, names, &group, in->sum != NULL);
        in->matched += group.count;
    }
    rows_end(all, rc == KX_NOTFOUND);
    ended = kx_groups_close(groups);
    return rc != KX_NOTFOUND ? rc : ended;
}

int inspect_group(kx_txn *txn, inspect *in)
{
    group_names names = {.count = 0};
    bench       on = {NULL, NULL};
    int         status = split_names(in->operands[1], &names), rc;

    in->query.filter = in->operand_count > 2 ? in->operands[2] : NULL;
    in->bare = true;
    if (status == TOOL_OK) {
        rc = bench_open(&on);
        if (rc == KX_OK)
            rc = put_groups(txn, in, &names, &on);
        status = rc == KX_OK ? TOOL_OK : inspect_fail(in, rc);
        bench_close(&on);
    }
    for (size_t i = 0; i < names.count; i++)
        free(names.paths[i]);
    return status;
}
