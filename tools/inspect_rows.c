/*
 * inspect_rows.c -- documents in the format that was asked for. See inspect.h.
 *
 * A document is printed with its id in front, as the member `_id`. One document is held at a time; a table holds as many
 * as it fits its columns to.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "inspect.h"
#include "json_text.h"

enum { WINDOW = 100 };

struct rows {
    inspect *in;
    uint64_t count;            /* written */
    char   **columns;          /* of CSV */
    size_t   column_count;
    row      window[WINDOW];   /* of a table */
    size_t   held;
};

rows *rows_begin(inspect *in)
{
    rows *all = tool_alloc(sizeof(*all));

    memset(all, 0, sizeof(*all));
    all->in = in;
    if (in->format == FORMAT_JSON)
        putc('[', in->out);
    for (size_t i = 0; in->fields != NULL && in->fields[i] != NULL; i++) {
        all->columns = tool_realloc(all->columns, (i + 1) * sizeof(*all->columns));
        all->columns[all->column_count++] = tool_copy(in->fields[i]);
    }
    return all;
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static int put_fields(FILE *out, kx_doc *doc, char *const *fields)
{
    const char *json;
    const char *between = "";
    int         rc = KX_OK;

    putc('{', out);
    for (; rc == KX_OK && *fields != NULL; fields++) {
        bool is_id = strcmp(*fields, "_id") == 0;

        if (!is_id && (rc = kx_doc_get_json(doc, *fields, &json)) == KX_NOTFOUND) {
            rc = KX_OK;
            continue;
        }
        fputs(between, out);
        json_put(out, *fields, strlen(*fields));
        if (is_id)
            fprintf(out, ":%" PRIu64, kx_doc_id(doc));
        else if (rc == KX_OK)
            fprintf(out, ":%s", json);
        between = ",";
    }
    putc('}', out);
    return rc;
}

static int put_json(const inspect *in, kx_doc *doc)
{
    FILE       *out = in->out;
    const char *json;
    int         rc;

    if (in->fields != NULL)
        return put_fields(out, doc, in->fields);
    rc = kx_doc_to_json(doc, &json);
    if (rc == KX_OK && in->bare)
        fputs(json, out);
    else if (rc == KX_OK)
        fprintf(out, "{\"_id\":%" PRIu64 "%s%s", kx_doc_id(doc), json[1] == '}' ? "" : ",", json + 1);
    return rc;
}

/* ---- MessagePack --------------------------------------------------------------------------- */

static void put_big(FILE *out, int tag, uint64_t number, int bytes)
{
    putc(tag, out);
    for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8)
        putc((int)(number >> shift & 0xff), out);
}

static void put_map_head(FILE *out, size_t members)
{
    if (members < 16)
        putc(0x80 | (int)members, out);
    else if (members <= UINT16_MAX)
        put_big(out, 0xde, members, 2);
    else
        put_big(out, 0xdf, members, 4);
}

static void put_uint(FILE *out, uint64_t number)
{
    if (number < 128)
        putc((int)number, out);
    else if (number <= UINT8_MAX)
        put_big(out, 0xcc, number, 1);
    else if (number <= UINT16_MAX)
        put_big(out, 0xcd, number, 2);
    else if (number <= UINT32_MAX)
        put_big(out, 0xce, number, 4);
    else
        put_big(out, 0xcf, number, 8);
}

/* The document's map with one member more in front. */
static int put_msgpack(FILE *out, kx_doc *doc, bool bare)
{
    const void          *data;
    const unsigned char *bytes;
    size_t               size, members, head;
    int                  rc = kx_doc_msgpack(doc, &data, &size);

    if (rc == KX_OK)
        rc = kx_doc_count(doc, "", &members);
    if (rc != KX_OK)
        return rc;
    if (bare) {
        fwrite(data, 1, size, out);
        return KX_OK;
    }
    bytes = data;
    head = bytes[0] == 0xdf ? 5 : bytes[0] == 0xde ? 3 : 1;
    put_map_head(out, members + 1);
    fwrite("\xa3_id", 1, 4, out);
    put_uint(out, kx_doc_id(doc));
    fwrite(bytes + head, 1, size - head, out);
    return KX_OK;
}

/* ---- CSV -------------------------------------------------------------------------------------- */

bool rows_wants_learning(const rows *all)
{
    return (all->in->format == FORMAT_CSV || all->in->format == FORMAT_TSV) && all->in->fields == NULL;
}

static size_t column_of(const rows *all, const char *name)
{
    size_t n = 0;

    while (n < all->column_count && strcmp(all->columns[n], name) != 0)
        n++;
    return n;
}

int rows_learn(rows *all, kx_doc *doc)
{
    row one;
    int rc = row_of(doc, NULL, all->in->bare, &one);

    for (size_t i = 0; rc == KX_OK && i < one.count; i++)
        if (column_of(all, one.cells[i].name) == all->column_count) {
            all->columns = tool_realloc(all->columns, (all->column_count + 1) * sizeof(*all->columns));
            all->columns[all->column_count++] = tool_copy(one.cells[i].name);
        }
    if (rc == KX_OK)
        row_free(&one);
    return rc;
}

static void put_header(rows *all, bool tabs)
{
    for (size_t i = 0; i < all->column_count; i++) {
        if (i > 0)
            putc(tabs ? '\t' : ',', all->in->out);
        csv_put(all->in->out, all->columns[i], strlen(all->columns[i]), tabs);
    }
    fputs(tabs ? "\n" : "\r\n", all->in->out);
}

static int put_csv(rows *all, kx_doc *doc)
{
    bool   tabs = all->in->format == FORMAT_TSV;
    FILE  *out = all->in->out;
    size_t next = 0;       /* members mostly stand in the order of the columns */
    row    one;
    int    rc = row_of(doc, all->in->fields, all->in->bare, &one);

    if (rc != KX_OK)
        return rc;
    if (all->count == 0)
        put_header(all, tabs);
    for (size_t i = 0; i < all->column_count; i++) {
        size_t n = next < one.count && strcmp(one.cells[next].name, all->columns[i]) == 0 ? next : 0;

        if (i > 0)
            putc(tabs ? '\t' : ',', out);
        while (n < one.count && strcmp(one.cells[n].name, all->columns[i]) != 0)
            n++;
        if (n == one.count)
            continue;
        if (!one.cells[n].is_missing)
            csv_put(out, one.cells[n].text, one.cells[n].size, tabs);
        next = n + 1;
    }
    fputs(tabs ? "\n" : "\r\n", out);
    row_free(&one);
    return KX_OK;
}

/* ---- all of them --------------------------------------------------------------------------------- */

static void put_window(rows *all)
{
    if (all->held == 0)
        return;
    fputs(all->count > all->held ? "\n" : "", all->in->out);
    table_put(all->in->out, all->window, all->held, tool_width());
    for (size_t i = 0; i < all->held; i++)
        row_free(&all->window[i]);
    all->held = 0;
}

static int hold(rows *all, kx_doc *doc)
{
    int rc;

    if (all->held == WINDOW)
        put_window(all);
    rc = row_of(doc, all->in->fields, all->in->bare, &all->window[all->held]);

    if (rc == KX_OK)
        all->held++;
    return rc;
}

/* What is no path shows before anything is written. */
static int check_fields(kx_doc *doc, char *const *fields)
{
    const char *json;
    int         rc = KX_OK;

    for (; fields != NULL && *fields != NULL && (rc == KX_OK || rc == KX_NOTFOUND); fields++)
        rc = strcmp(*fields, "_id") == 0 ? KX_OK : kx_doc_get_json(doc, *fields, &json);
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

int rows_add(rows *all, kx_doc *doc)
{
    FILE *out = all->in->out;
    int   rc = all->count == 0 ? check_fields(doc, all->in->fields) : KX_OK;

    if (rc != KX_OK)
        return rc;
    switch (all->in->format) {
    case FORMAT_TABLE:
        rc = hold(all, doc);
        break;
    case FORMAT_CSV:
    case FORMAT_TSV:
        rc = put_csv(all, doc);
        break;
    case FORMAT_MSGPACK:
        rc = put_msgpack(out, doc, all->in->bare);
        break;
    case FORMAT_JSON:
        fputs(all->count == 0 ? "" : ",\n ", out);
        rc = put_json(all->in, doc);
        break;
    default:
        rc = put_json(all->in, doc);
        putc('\n', out);
    }
    all->count++;
    return rc;
}

void rows_end(rows *all)
{
    put_window(all);
    if (all->in->format == FORMAT_JSON)
        fputs("]\n", all->in->out);
    if (all->count == 0 && all->column_count > 0 && (all->in->format == FORMAT_CSV || all->in->format == FORMAT_TSV))
        put_header(all, all->in->format == FORMAT_TSV);
    for (size_t i = 0; i < all->column_count; i++)
        free(all->columns[i]);
    free(all->columns);
    free(all);
}
