/*
 * load_batch.c -- documents on their way into the store. See load.h.
 *
 * A call of the library gets many at a time, which lets it sort index entries. Without a transaction of its own a batch is
 * one transaction; it is whole in memory, so that the library may run it again.
 */
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "json_text.h"
#include "load.h"

enum { MANY = 50000 };
static const size_t much = (size_t)16 << 20, most = (size_t)64 << 20;

/* ---- what is wrong ------------------------------------------------------------------------ */

/*
 * The library counts lines and columns in the text that it was given: "line 1, column 42: what". Declarations are told by
 * their line: "schema line 3: what", and what may begin with its own line and column in turn. Returns what is left of the
 * text when such a place is taken off its front; *at moves there.
 */
static const char *take_place(const char *text, place *at)
{
    unsigned long long line, column;
    int                size = 0;

    if (sscanf(text, "schema line %llu: %n", &line, &size) == 1 && size > 0) {
        at->line += line - 1;
        at->column = 0;
        text += size;
    }
    size = 0;
    if (sscanf(text, "line %llu, column %llu: %n", &line, &column, &size) == 2 && size > 0) {
        at->column = line > 1 || at->column == 0 ? column : at->column + column - 1;
        at->line += line - 1;
        return text + size;
    }
    at->column = 0;
    return text;
}

static bool is_refusal(int rc)
{
    return rc == KX_INVALID || rc == KX_EXISTS || rc == KX_REQUIRED || rc == KX_DANGLING || rc == KX_RESTRICTED ||
           rc == KX_CONFLICT || rc == KX_LIMIT;
}

int load_fail(const load *all, int rc, const place *at)
{
    const char *text = kx_errmsg();
    const char *hint = rc == KX_TXN_FULL && all->options->batch == 0 ? "; --batch N commits every N documents" : "";
    place       where;

    if (at == NULL) {
        tool_say("%s: %s%s", all->options->store, text, hint);
    } else {
        where = *at;
        text = take_place(text, &where);
        input_say(all->in, where.line, where.column, "%s%s", text, hint);
    }
    return is_refusal(rc) ? TOOL_NO : TOOL_FAILED;
}

/* ---- one transaction a call, or the one transaction ----------------------------------------- */

static int run(load *all, int (*work)(kx_txn *txn, void *context), void *context)
{
    return all->txn != NULL ? work(all->txn, context) : kx_write(all->to.db, work, context);
}

static int declare(kx_txn *txn, void *context)
{
    return kx_declare_json(txn, context);
}

int load_declare(load *all, const char *text, const place *at)
{
    char *copy = tool_copy(text);
    int   rc = run(all, declare, copy);

    free(copy);
    if (rc == KX_MAP_FULL && all->txn != NULL)
        return LOAD_AGAIN;
    return rc == KX_OK ? TOOL_OK : load_fail(all, rc, at);
}

static int insert(kx_txn *txn, void *context)
{
    load  *all = context;
    batch *of = &all->batch;

    return kx_insert_many(txn, all->collection, of->records, of->count, &of->failed);
}

static void show_progress(load *all)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    if (!all->options->quiet && now.tv_sec - all->begun.tv_sec >= 1)
        tool_progress("%llu documents", (unsigned long long)all->loaded);
}

int load_flush(load *all)
{
    batch      *of = &all->batch;
    const char *text = of->text;
    int         rc;

    if (of->count == 0)
        return TOOL_OK;
    for (size_t i = 0; i < of->count; text += of->records[i++].size)
        of->records[i].data = text;
    of->failed = of->count;
    rc = run(all, insert, all);
    if (rc == KX_MAP_FULL && all->txn != NULL)
        return LOAD_AGAIN;
    if (rc != KX_OK)
        return load_fail(all, rc, of->failed < of->count ? &of->places[of->failed] : NULL);
    all->committed_line = of->places[of->count - 1].line;
    all->loaded += of->count;
    all->documents += of->count;
    of->count = of->used = 0;
    show_progress(all);
    return TOOL_OK;
}

/* ---- collections -------------------------------------------------------------------------------- */

static void note_collection(load *all, const char *name)
{
    for (size_t i = 0; i < all->collection_count; i++)
        if (strcmp(all->collections[i], name) == 0)
            return;
    all->collections = tool_realloc(all->collections, (all->collection_count + 1) * sizeof(*all->collections));
    all->collections[all->collection_count++] = tool_copy(name);
}

/* {"collection":"name"} declares that it is there, and nothing else. */
static int make_sure(load *all, const char *name)
{
    char  *line = NULL;
    size_t size;
    FILE  *out = open_memstream(&line, &size);
    int    status;

    if (out == NULL)
        tool_alloc(SIZE_MAX);
    fputs("{\"collection\":", out);
    json_put(out, name, strlen(name));
    putc('}', out);
    fclose(out);
    status = load_declare(all, line, NULL);
    free(line);
    return status;
}

int load_into(load *all, const char *name)
{
    int status = load_flush(all);

    if (status == TOOL_OK)
        status = make_sure(all, name);
    if (status != TOOL_OK)
        return status;
    free(all->collection);
    all->collection = tool_copy(name);
    note_collection(all, name);
    return TOOL_OK;
}

/* ---- documents ------------------------------------------------------------------------------------ */

/* Overwrite the member with blanks, and one comma beside it, so that what is left keeps its columns. */
static void blank(char *from, char *to, char *comma, const char *end)
{
    char *behind = (char *)(uintptr_t)json_skip(to, end);

    memset(from, ' ', (size_t)(to - from));
    if (behind < end && *behind == ',')
        *behind = ' ';
    else if (comma != NULL)
        *comma = ' ';
}

static int refuse_id(const load *all, const piece *one, const char *value)
{
    uint64_t line = one->line, column = one->column;

    for (const char *at = one->text; at < value; at++) {
        line += *at == '\n';
        column = *at == '\n' ? 1 : column + (((unsigned char)*at & 0xc0) != 0x80);
    }
    input_say(all->in, line, column,
              "_id is no integer from 0 on: give the member another name (--id-as is not in this version)");
    return TOOL_NO;
}

/* The member `_id` out of the text, which becomes the record's id. */
static int take_id(const load *all, piece *one, kx_record *record)
{
    json_walk   walk;
    const char *before = NULL;

    if (!json_begin(&walk, one->text, one->size, '{'))
        return TOOL_OK;
    while (json_next(&walk)) {
        if (!json_is(walk.key, "_id")) {
            before = walk.at;
            continue;
        }
        if (!json_count(walk.value, &record->id))
            return refuse_id(all, one, walk.value.text);
        record->has_id = 1;
        before = before == NULL ? NULL : json_skip(before, walk.key.text);
        blank((char *)(uintptr_t)walk.key.text, (char *)(uintptr_t)walk.at, (char *)(uintptr_t)before,
              one->text + one->size);
        break;
    }
    return TOOL_OK;
}

static void make_room(batch *of, size_t size)
{
    if (of->count == of->room) {
        of->room = of->room == 0 ? 1024 : of->room * 2;
        of->records = tool_realloc(of->records, of->room * sizeof(*of->records));
        of->places = tool_realloc(of->places, of->room * sizeof(*of->places));
    }
    if (of->capacity - of->used < size) {
        of->capacity = of->capacity * 2 > of->used + size ? of->capacity * 2 : of->used + size;
        of->text = tool_realloc(of->text, of->capacity);
    }
}

static bool is_full(const load *all)
{
    const batch *of = &all->batch;

    if (all->options->batch != 0)
        return of->count >= all->options->batch || of->used >= most;
    return of->count >= MANY || of->used >= much;
}

int load_document(load *all, piece *one)
{
    batch    *of = &all->batch;
    kx_record record = {.size = one->size, .exact = all->exact};
    int       status = take_id(all, one, &record);

    if (status != TOOL_OK)
        return status;
    make_room(of, one->size);
    memcpy(of->text + of->used, one->text, one->size);
    of->used += one->size;
    of->places[of->count] = (place){one->line, one->column};
    of->records[of->count++] = record;
    return is_full(all) ? load_flush(all) : TOOL_OK;
}
