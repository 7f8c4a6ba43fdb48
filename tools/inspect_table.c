/*
 * inspect_table.c -- documents as rows of cells; tables for people, cells of CSV. See inspect.h.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "inspect.h"
#include "json_text.h"

enum { GAP = 2, NARROW = 8 };       /* columns between cells; no column is squeezed below NARROW */

/* ---- cells ---------------------------------------------------------------------------------- */

/* {"$date":"2026-01-02T03:04:05Z"} is shown as its text. */
static bool is_time(json_part value, json_part *text)
{
    json_walk walk;

    if (value.size < 10 || value.text[0] != '{' || !json_begin(&walk, value.text, value.size, '{') || !json_next(&walk))
        return false;
    *text = walk.value;
    return json_is(walk.key, "$date") && walk.value.text[0] == '"' && !json_next(&walk);
}

/* A text without its quotes, everything else as JSON. */
static void fill(cell *one, char *name, json_part value)
{
    json_part time;

    one->name = name;
    one->is_missing = value.size == 4 && memcmp(value.text, "null", 4) == 0;
    one->is_number = json_number_end(value.text, value.text + value.size) == value.text + value.size;
    one->text = json_text(is_time(value, &time) ? time : value, &one->size);
    if (one->text == NULL) {
        one->text = tool_print("%.*s", (int)value.size, value.text);
        one->size = value.size;
    }
}

static cell *add(row *out)
{
    out->cells = tool_realloc(out->cells, (out->count + 1) * sizeof(*out->cells));
    memset(&out->cells[out->count], 0, sizeof(*out->cells));
    return &out->cells[out->count++];
}

static void add_id(row *out, uint64_t id)
{
    char text[24];
    int  size = snprintf(text, sizeof(text), "%" PRIu64, id);

    fill(add(out), tool_copy("_id"), (json_part){text, (size_t)size});
}

static int add_field(row *out, kx_doc *doc, const uint64_t *id, const char *path)
{
    const char *json;
    int         rc;

    if (id != NULL && strcmp(path, "_id") == 0) {
        add_id(out, *id);
        return KX_OK;
    }
    rc = kx_doc_get_json(doc, path, &json);
    if (rc == KX_NOTFOUND)
        json = "null";
    else if (rc != KX_OK)
        return rc;
    fill(add(out), tool_copy(path), (json_part){json, strlen(json)});
    return KX_OK;
}

static int add_members(row *out, kx_doc *doc, const uint64_t *id)
{
    const char *json;
    json_walk   walk;
    int         rc = kx_doc_to_json(doc, &json);

    if (id != NULL)
        add_id(out, *id);
    if (rc != KX_OK || !json_begin(&walk, json, strlen(json), '{'))
        return rc;
    while (json_next(&walk))
        fill(add(out), json_text(walk.key, NULL), walk.value);
    return KX_OK;
}

int row_of(kx_doc *doc, const uint64_t *id, char *const *fields, row *out)
{
    int rc = KX_OK;

    memset(out, 0, sizeof(*out));
    if (fields == NULL)
        rc = add_members(out, doc, id);
    else
        for (; rc == KX_OK && *fields != NULL; fields++)
            rc = add_field(out, doc, id, *fields);
    if (rc != KX_OK)
        row_free(out);
    return rc;
}

void row_free(row *out)
{
    for (size_t i = 0; i < out->count; i++) {
        free(out->cells[i].name);
        free(out->cells[i].text);
    }
    free(out->cells);
    memset(out, 0, sizeof(*out));
}

/* ---- a table ----------------------------------------------------------------------------------- */

typedef struct column {
    const char *name;
    size_t      width;
    bool        numbers;      /* nothing but numbers: they stand at the right */
} column;

typedef struct table {
    column *columns;
    size_t  count;
} table;

static column *column_named(table *all, const char *name)
{
    for (size_t i = 0; i < all->count; i++)
        if (strcmp(all->columns[i].name, name) == 0)
            return &all->columns[i];
    all->columns = tool_realloc(all->columns, (all->count + 1) * sizeof(*all->columns));
    all->columns[all->count] = (column){name, tool_columns(name, strlen(name)), true};
    return &all->columns[all->count++];
}

/* All columns of the rows, each as wide as its widest cell would like. */
static void measure(table *all, const row *rows_, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < rows_[i].count; k++) {
            const cell *one = &rows_[i].cells[k];
            column     *its = column_named(all, one->name);
            size_t      wanted = one->is_missing ? 0 : tool_columns(one->text, one->size);

            its->width = wanted > its->width ? wanted : its->width;
            its->numbers = its->numbers && (one->is_number || one->is_missing);
        }
}

static size_t total_width(const table *all)
{
    size_t width = all->count == 0 ? 0 : (all->count - 1) * GAP;

    for (size_t i = 0; i < all->count; i++)
        width += all->columns[i].width;
    return width;
}

/* Take from the widest columns until the table fits. False: they would get too narrow to read. */
static bool squeeze(table *all, size_t width)
{
    size_t total = total_width(all);

    while (total > width) {
        column *widest = &all->columns[0], *second = NULL;
        size_t  floor, cut;

        for (size_t i = 1; i < all->count; i++)
            if (all->columns[i].width > widest->width) {
                second = widest;
                widest = &all->columns[i];
            } else if (second == NULL || all->columns[i].width > second->width) {
                second = &all->columns[i];
            }
        if (widest->width <= NARROW || widest->numbers)
            return false;
        floor = second == NULL || second->width < NARROW ? NARROW : second->width;
        floor = floor == widest->width ? floor - 1 : floor;
        cut = widest->width - floor < total - width ? widest->width - floor : total - width;
        widest->width -= cut;
        total -= cut;
    }
    return true;
}

static void pad(FILE *out, size_t columns)
{
    for (; columns > 0; columns--)
        putc(' ', out);
}

/* `owed` are the blanks not yet written: none stand at the end of a line. */
static void put_cell(FILE *out, const column *its, const char *text, size_t size, size_t *owed)
{
    size_t used = tool_columns(text, size);
    size_t room = used < its->width ? its->width - used : 0;

    if (size > 0) {
        pad(out, *owed + (its->numbers ? room : 0));
        *owed = 0;
        used = tool_show(out, text, size, its->width);
        room = its->numbers || used >= its->width ? 0 : its->width - used;
        *owed = room + GAP;
    } else {
        *owed += its->width + GAP;
    }
}

static const cell *cell_of(const row *one, const char *name, size_t hint)
{
    if (hint < one->count && strcmp(one->cells[hint].name, name) == 0)
        return &one->cells[hint];
    for (size_t i = 0; i < one->count; i++)
        if (strcmp(one->cells[i].name, name) == 0)
            return &one->cells[i];
    return NULL;
}

static void put_line(FILE *out, const table *all, const row *one)
{
    size_t owed = 0;

    for (size_t i = 0; i < all->count; i++) {
        const column *its = &all->columns[i];
        const cell   *at = one == NULL ? NULL : cell_of(one, its->name, i);

        if (one == NULL)
            put_cell(out, its, its->name, strlen(its->name), &owed);
        else if (at == NULL || at->is_missing)
            put_cell(out, its, "", 0, &owed);
        else
            put_cell(out, its, at->text, at->size, &owed);
    }
    putc('\n', out);
}

/* A field a line, a blank line between documents. */
static void put_tall(FILE *out, const row *one, size_t width)
{
    size_t widest = 0;

    for (size_t i = 0; i < one->count; i++) {
        size_t columns = tool_columns(one->cells[i].name, strlen(one->cells[i].name));
        widest = columns > widest ? columns : widest;
    }
    widest = widest > width / 2 ? width / 2 : widest;
    for (size_t i = 0; i < one->count; i++) {
        const cell *its = &one->cells[i];
        size_t      used;

        if (its->is_missing)
            continue;
        used = tool_show(out, its->name, strlen(its->name), widest);
        pad(out, widest - used + GAP);
        tool_show(out, its->text, its->size, width - widest - GAP);
        putc('\n', out);
    }
}

void table_put(FILE *out, const row *rows_, size_t count, size_t width)
{
    table all = {NULL, 0};

    measure(&all, rows_, count);
    if (squeeze(&all, width)) {
        put_line(out, &all, NULL);
        for (size_t i = 0; i < count; i++)
            put_line(out, &all, &rows_[i]);
    } else {
        for (size_t i = 0; i < count; i++) {
            put_tall(out, &rows_[i], width);
            fputs(i + 1 < count ? "\n" : "", out);
        }
    }
    free(all.columns);
}

/* ---- CSV ----------------------------------------------------------------------------------------- */

/* RFC 4180: quoted where it must be, and an empty text is quoted so that it differs from nothing. TSV: \t \n \r \\. */
void csv_put(FILE *out, const char *text, size_t size, bool tabs)
{
    bool quoted = !tabs && size == 0;

    for (size_t i = 0; !tabs && i < size; i++)
        quoted = quoted || text[i] == '"' || text[i] == ',' || text[i] == '\n' || text[i] == '\r';
    if (quoted)
        putc('"', out);
    for (size_t i = 0; i < size; i++) {
        if (tabs && (text[i] == '\t' || text[i] == '\n' || text[i] == '\r' || text[i] == '\\'))
            fprintf(out, "\\%c", text[i] == '\t' ? 't' : text[i] == '\n' ? 'n' : text[i] == '\r' ? 'r' : '\\');
        else if (!tabs && text[i] == '"')
            fputs("\"\"", out);
        else
            putc(text[i], out);
    }
    if (quoted)
        putc('"', out);
}
