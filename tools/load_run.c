/*
 * load_run.c -- reads each input in its format. See load.h.
 */
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "json_text.h"
#include "load.h"

static int interrupted(const load *all)
{
    tool_say(all->options->batch != 0 ? "interrupted" : "interrupted; nothing was changed");
    return TOOL_INTERRUPTED;
}

/* ---- rows of documents ----------------------------------------------------------------------- */

/* "data/users.jsonl" goes into "users". */
static int choose_collection(load *all, const char *file)
{
    const char *slash = strrchr(file, '/'), *base = slash == NULL ? file : slash + 1;
    const char *dot = strrchr(base, '.');
    char       *name;
    int         status;

    if (all->options->into == NULL && strcmp(file, "-") == 0)
        return tool_usage("standard input has no name: say with --into which collection it goes into");
    name = tool_print("%.*s", dot == NULL || dot == base ? (int)strlen(base) : (int)(dot - base), base);
    status = load_into(all, all->options->into != NULL ? all->options->into : name);
    free(name);
    return status == TOOL_NO ? TOOL_USAGE : status;
}

static int read_documents(load *all, int (*next)(input *in, piece *one))
{
    piece one;
    int   status;

    while ((status = next(all->in, &one)) == TOOL_OK && !tool_interrupted() && one.text != NULL) {
        status = load_document(all, &one);
        if (status != TOOL_OK)
            return status;
    }
    if (tool_interrupted())
        return interrupted(all);
    return status == TOOL_OK ? load_flush(all) : status;
}

/* ---- dumps -------------------------------------------------------------------------------------- */

static int refuse_dump(const load *all, const piece *line, const char *what)
{
    input_say(all->in, line->line, 0, "%s", what);
    return TOOL_NO;
}

/* The collections are made at once in the dump's order, empty, so that relations to later ones do not change it. */
static int declare_names(load *all, json_part names)
{
    json_walk walk;
    int       status = TOOL_OK;

    if (!json_begin(&walk, names.text, names.size, '['))
        return TOOL_OK;
    while (status == TOOL_OK && json_next(&walk)) {
        char *name = json_text(walk.value, NULL);

        if (name != NULL)
            status = load_into(all, name);
        free(name);
    }
    return status;
}

static int read_header(load *all, const piece *line, json_part header)
{
    json_part value;
    uint64_t  format;

    if (!json_member(header.text, header.size, "format", &value) || !json_count(value, &format))
        return refuse_dump(all, line, "the dump's header names no format");
    if (format != 1) {
        input_say(all->in, line->line, 0, "the dump has format %llu; this version reads format 1",
                  (unsigned long long)format);
        return TOOL_FAILED;
    }
    all->promised = UINT64_MAX;
    all->documents = 0;
    if (json_member(header.text, header.size, "documents", &value) && !json_count(value, &all->promised))
        return refuse_dump(all, line, "\"documents\" in the dump's header is no count");
    if (json_member(header.text, header.size, "collections", &value))
        return declare_names(all, value);
    return TOOL_OK;
}

/* A collection line; documents of that collection follow. */
static int read_collection(load *all, const piece *line, json_part quoted)
{
    place at = {line->line, line->column};
    char *name = json_text(quoted, NULL);
    char *text = tool_print("%.*s", (int)line->size, line->text);
    int   status = name == NULL ? refuse_dump(all, line, "\"collection\" is no name") : load_flush(all);

    if (status == TOOL_OK)
        status = load_declare(all, text, &at);
    if (status == TOOL_OK)
        status = load_into(all, name);
    free(name);
    free(text);
    return status;
}

static int read_dump_line(load *all, piece *line)
{
    json_part value;

    if (json_member(line->text, line->size, "_id", &value)) {
        if (all->collection == NULL)
            return refuse_dump(all, line, "a document stands before the first collection line");
        return load_document(all, line);
    }
    if (json_member(line->text, line->size, "kenobix", &value))
        return read_header(all, line, value);
    if (json_member(line->text, line->size, "collection", &value))
        return read_collection(all, line, value);
    /* Malformed, or a document without an id: where it goes, the library says what is wrong with it. */
    if (all->collection == NULL)
        return refuse_dump(all, line, "neither a dump's header nor a collection line");
    return load_document(all, line);
}

static int read_dump(load *all)
{
    piece line;
    int   status = TOOL_OK;

    if (all->options->into != NULL)
        return tool_usage("%s is a dump, whose lines say where they go: leave --into away", all->in->name);
    all->promised = UINT64_MAX;
    while (status == TOOL_OK && (status = input_line(all->in, &line)) == TOOL_OK && !tool_interrupted() &&
           line.text != NULL)
        status = read_dump_line(all, &line);
    if (tool_interrupted())
        return interrupted(all);
    if (status == TOOL_OK)
        status = load_flush(all);
    if (status == TOOL_OK && all->promised != UINT64_MAX && all->documents < all->promised) {
        tool_say("%s: is cut short: %llu of the %llu documents that its first line announces", all->in->name,
                 (unsigned long long)all->documents, (unsigned long long)all->promised);
        return TOOL_NO;
    }
    return status;
}

/* ---- all of them ----------------------------------------------------------------------------------- */

static int read_input(load *all, const char *file)
{
    load_format format = all->options->format;
    int         status = input_guess(all->in, &format);

    if (status != TOOL_OK)
        return status;
    if (all->options->verbose)
        tool_say("%s: %s", all->in->name, format == LOAD_DUMP ? "dump" : format == LOAD_JSON ? "json" : "jsonl");
    all->committed_line = 0;
    all->exact = format == LOAD_DUMP;
    free(all->collection);
    all->collection = NULL;
    if (format == LOAD_DUMP)
        return read_dump(all);
    status = choose_collection(all, file);
    return status == TOOL_OK ? read_documents(all, format == LOAD_JSON ? input_object : input_line) : status;
}

int load_read_schema(load *all)
{
    size_t used = 0, lines = 0;
    piece  line;
    int    status = input_open(&all->schema, all->options->schema, false);

    all->schema_text = tool_copy("");
    while (status == TOOL_OK && (status = input_line(&all->schema, &line)) == TOOL_OK && line.text != NULL) {
        /* Blank lines are kept: the library counts lines. */
        size_t gap = (size_t)line.line - 1 - lines;

        all->schema_text = tool_realloc(all->schema_text, used + gap + line.size + 2);
        memset(all->schema_text + used, '\n', gap);
        memcpy(all->schema_text + used + gap, line.text, line.size);
        used += gap + line.size;
        all->schema_text[used++] = '\n';
        all->schema_text[used] = '\0';
        lines += gap + 1;
    }
    return status;
}

static int declare_schema(load *all)
{
    place begin = {1, 1};

    if (all->schema_text == NULL)
        return TOOL_OK;
    all->in = &all->schema;
    return load_declare(all, all->schema_text, &begin);
}

int load_inputs(load *all)
{
    int status = declare_schema(all);

    for (size_t i = 0; status == TOOL_OK && i < all->options->file_count; i++) {
        all->in = &all->inputs[i];
        status = read_input(all, all->options->files[i]);
    }
    return status;
}

void load_free(load *all)
{
    for (size_t i = 0; all->inputs != NULL && i < all->options->file_count; i++)
        input_close(&all->inputs[i]);
    if (all->schema_text != NULL)
        input_close(&all->schema);
    for (size_t i = 0; i < all->collection_count; i++)
        free(all->collections[i]);
    free(all->inputs);
    free(all->schema_text);
    free(all->collections);
    free(all->collection);
    free(all->batch.text);
    free(all->batch.records);
    free(all->batch.places);
}
