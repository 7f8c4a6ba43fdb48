/*
 * inspect_total.c -- kx-inspect sum, min, max, avg and group: numbers about many documents. See inspect.h.
 *
 * What is printed is no document of the store: it is put together in a temporary one, so that every format has it.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "inspect.h"

/* ---- where rows are put together ----------------------------------------------------------- */

typedef struct bench {
    kx_db  *db;
    kx_txn *txn;
} bench;

static int bench_open(bench *on)
{
    static const kx_model        model = {.name = "rows"};
    static const kx_model *const models[] = {&model, NULL};
    int                          rc = kx_open(NULL, &(kx_options){.models = models}, &on->db);

    on->txn = NULL;
    return rc == KX_OK ? kx_txn_begin(on->db, KX_WRITE, &on->txn) : rc;
}

static void bench_close(bench *on)
{
    kx_txn_abort(on->txn);
    kx_close(on->db);
}

/* ---- one number --------------------------------------------------------------------------------- */

typedef int total_call(kx_txn *, const char *, const char *, const kx_query *, kx_value *);

static total_call *call_named(const char *name)
{
    return strcmp(name, "sum") == 0   ? kx_sum
           : strcmp(name, "min") == 0 ? kx_min
           : strcmp(name, "max") == 0 ? kx_max
                                      : kx_avg;
}

/* As JSON; an integer beyond 2^63 as its digits, since it is nothing but a number here. */
static int put_number(inspect *in, const kx_value *value)
{
    const char *shape = in->format == FORMAT_JSON ? "[%s]\n" : "%s\n", *json = NULL;
    kx_doc     *doc;
    bench       on = {NULL, NULL};
    char        digits[24];
    int         rc;

    snprintf(digits, sizeof(digits), "%" PRIu64, (uint64_t)value->integer);
    if (value->type == KX_TYPE_UINT) {
        fprintf(in->out, shape, digits);
        return KX_OK;
    }
    rc = bench_open(&on);
    if (rc == KX_OK)
        rc = kx_doc_new(on.txn, "rows", &doc);
    if (rc == KX_OK)
        rc = kx_doc_set(doc, "number", *value);
    if (rc == KX_OK)
        rc = kx_doc_get_json(doc, "number", &json);
    if (rc == KX_OK)
        fprintf(in->out, shape, json);
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
        rc = put_number(in, &result);
    return rc == KX_OK ? TOOL_OK : inspect_fail(in, rc);
}

/* ---- groups ------------------------------------------------------------------------------------------ */

enum { MOST_NAMES = 64 };

typedef struct group_names {
    char  *paths[MOST_NAMES];  /* as paths of a row: in backquotes */
    size_t count;
} group_names;

/* "a.b" of the store is the member "a.b" of a row. */
static char *quoted(const char *text, size_t size)
{
    char *path = tool_alloc(2 * size + 3), *at = path;

    *at++ = '`';
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '`')
            *at++ = '`';
        *at++ = text[i];
    }
    *at++ = '`';
    *at = '\0';
    return path;
}

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
    names->paths[names->count++] = quoted(text, size);
    return TOOL_OK;
}

/* A comma within backquotes belongs to a name. */
static int split_names(const char *text, group_names *names)
{
    const char *begin = text;
    bool        within = false;
    int         status = TOOL_OK;

    for (const char *at = text; status == TOOL_OK; at++) {
        if (*at == '`')
            within = !within;
        if (*at != '\0' && (*at != ',' || within))
            continue;
        status = add_name(names, begin, (size_t)(at - begin));
        if (*at == '\0')
            break;
        begin = at + 1;
    }
    return status;
}

static int put_group(rows *all, bench *on, const group_names *names, const kx_group_row *group, bool sums)
{
    kx_doc *doc;
    int     rc = kx_doc_new(on->txn, "rows", &doc);

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
    rows_end(all);
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
