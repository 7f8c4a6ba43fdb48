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
    bench    on;               /* where documents are put together, once that is needed */
};

/* A document as it is printed. */
typedef struct item {
    kx_doc         *doc;
    kx_doc         *made[2];   /* on the bench, for this */
    uint64_t        id;
    const uint64_t *shown;     /* &id, or NULL: it shows none */
} item;

rows *rows_begin(inspect *in)
{
    rows *all = tool_alloc(sizeof(*all));

    memset(all, 0, sizeof(*all));
    all->in = in;
    for (size_t i = 0; in->fields != NULL && in->fields[i] != NULL; i++) {
        all->columns = tool_realloc(all->columns, (i + 1) * sizeof(*all->columns));
        all->columns[all->column_count++] = tool_copy(in->fields[i]);
    }
    return all;
}

/* ---- what is printed of a document --------------------------------------------------------- */

static int bench_of(rows *all)
{
    return all->on.db == NULL ? bench_open(&all->on) : KX_OK;
}

/* Its next form, made from the one before. */
static int remake(rows *all, item *one, bool whole)
{
    kx_doc **made = &one->made[one->made[0] != NULL];
    int      rc = bench_of(all);

    if (rc == KX_OK)
        rc = whole ? bench_whole(&all->on, one->doc, made) : bench_cut(&all->on, one->doc, all->in->fields, made);
    if (rc == KX_OK)
        one->doc = *made;
    return rc;
}

/* Included documents are members only in its JSON; read back, paths lead to them, and MessagePack has them. */
static int item_begin(rows *all, kx_doc *doc, item *one)
{
    bool  cut = all->in->fields != NULL, binary = all->in->format == FORMAT_MSGPACK;
    char **field = all->in->fields;
    int   rc = KX_OK;

    *one = (item){.doc = doc, .id = kx_doc_id(doc)};
    while (cut && *field != NULL && strcmp(*field, "_id") != 0)
        field++;
    one->shown = all->in->bare || (cut && *field == NULL) ? NULL : &one->id;
    if (all->in->query.include != NULL && (cut || binary))
        rc = remake(all, one, true);
    return rc == KX_OK && cut && binary ? remake(all, one, false) : rc;
}

static void item_end(item *one)
{
    kx_doc_release(one->made[1]);
    kx_doc_release(one->made[0]);
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static int put_fields(FILE *out, const item *one, char *const *fields)
{
    const char *json;
    const char *between = "";
    int         rc = KX_OK;

    putc('{', out);
    for (; rc == KX_OK && *fields != NULL; fields++) {
        bool is_id = strcmp(*fields, "_id") == 0;

        if (!is_id && (rc = kx_doc_get_json(one->doc, *fields, &json)) == KX_NOTFOUND) {
            rc = KX_OK;
            continue;
        }
        fputs(between, out);
        json_put(out, *fields, strlen(*fields));
        if (is_id)
            fprintf(out, ":%" PRIu64, one->id);
        else if (rc == KX_OK)
            fprintf(out, ":%s", json);
        between = ",";
    }
    putc('}', out);
    return rc;
}

static int put_json(const inspect *in, const item *one)
{
    FILE       *out = in->out;
    const char *json;
    int         rc;

    if (in->fields != NULL)
        return put_fields(out, one, in->fields);
    rc = kx_doc_to_json(one->doc, &json);
    if (rc == KX_OK && one->shown == NULL)
        fputs(json, out);
    else if (rc == KX_OK)
        fprintf(out, "{\"_id\":%" PRIu64 "%s%s", one->id, json[1] == '}' ? "" : ",", json + 1);
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
static int put_msgpack(FILE *out, const item *one)
{
    const void          *data;
    const unsigned char *bytes;
    size_t               size, members, head;
    int                  rc = kx_doc_msgpack(one->doc, &data, &size);

    if (rc == KX_OK)
        rc = kx_doc_count(one->doc, "", &members);
    if (rc != KX_OK)
        return rc;
    if (one->shown == NULL) {
        fwrite(data, 1, size, out);
        return KX_OK;
    }
    bytes = data;
    head = bytes[0] == 0xdf ? 5 : bytes[0] == 0xde ? 3 : 1;
    put_map_head(out, members + 1);
    fwrite("\xa3_id", 1, 4, out);
    put_uint(out, one->id);
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
    uint64_t id = kx_doc_id(doc);
    row      one;
    int      rc = row_of(doc, all->in->bare ? NULL : &id, NULL, &one);

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

static int put_csv(rows *all, const item *shown)
{
    bool   tabs = all->in->format == FORMAT_TSV;
    FILE  *out = all->in->out;
    size_t next = 0;       /* members mostly stand in the order of the columns */
    row    one;
    int    rc = row_of(shown->doc, shown->shown, all->in->fields, &one);

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

static int hold(rows *all, const item *one)
{
    int rc;

    if (all->held == WINDOW)
        put_window(all);
    rc = row_of(one->doc, one->shown, all->in->fields, &all->window[all->held]);

    if (rc == KX_OK)
        all->held++;
    return rc;
}

/* What is no path shows before anything is written, also where there is nothing to write. */
static int check_fields(kx_doc *doc, char *const *fields)
{
    const char *json;
    int         rc = KX_OK;

    for (; fields != NULL && *fields != NULL && (rc == KX_OK || rc == KX_NOTFOUND); fields++)
        rc = strcmp(*fields, "_id") == 0 ? KX_OK : kx_doc_get_json(doc, *fields, &json);
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

int rows_check(rows *all)
{
    kx_doc *none;
    int     rc;

    if (all->in->fields == NULL || all->count > 0)
        return KX_OK;
    rc = bench_of(all);
    if (rc == KX_OK)
        rc = bench_doc(&all->on, &none);
    return rc == KX_OK ? check_fields(none, all->in->fields) : rc;
}

static int put_item(rows *all, const item *one)
{
    FILE *out = all->in->out;
    int   rc;

    switch (all->in->format) {
    case FORMAT_TABLE:
        return hold(all, one);
    case FORMAT_CSV:
    case FORMAT_TSV:
        return put_csv(all, one);
    case FORMAT_MSGPACK:
        return put_msgpack(out, one);
    case FORMAT_JSON:
        fputs(all->count == 0 ? "[" : ",\n ", out);
        return put_json(all->in, one);
    default:
        rc = put_json(all->in, one);
        putc('\n', out);
        return rc;
    }
}

int rows_add(rows *all, kx_doc *doc)
{
    int  rc = all->count == 0 ? check_fields(doc, all->in->fields) : KX_OK;
    item one = {.doc = NULL};

    if (rc == KX_OK)
        rc = item_begin(all, doc, &one);
    if (rc == KX_OK)
        rc = put_item(all, &one);
    item_end(&one);
    all->count++;
    return rc;
}

void rows_end(rows *all, bool whole)
{
    put_window(all);
    if (whole && all->in->format == FORMAT_JSON)
        fputs(all->count == 0 ? "[]\n" : "]\n", all->in->out);
    if (whole && all->count == 0 && all->column_count > 0 &&
        (all->in->format == FORMAT_CSV || all->in->format == FORMAT_TSV))
        put_header(all, all->in->format == FORMAT_TSV);
    for (size_t i = 0; i < all->column_count; i++)
        free(all->columns[i]);
    free(all->columns);
    bench_close(&all->on);
    free(all);
}
