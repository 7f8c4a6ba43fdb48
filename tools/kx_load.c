/*
 * kx_load.c -- kx-load: brings documents into a store, all or nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "json_text.h"
#include "load.h"

static const char help[] =
    "usage: kx-load [OPTION...] STORE [FILE...]\n"
    "Load documents into a store, which is created when it is not there. No FILE, or -: standard input.\n"
    "\n"
    "      --schema FILE      declare these collections first (what kx-inspect schema --json prints)\n"
    "      --into COLLECTION  where documents go; without it users.jsonl goes into users\n"
    "      --format FORMAT    jsonl: an object a line; json: an array of objects, or objects one after the other;\n"
    "                         dump: what kx-inspect dump writes; auto: look (default)\n"
    "      --json             the same as --format jsonl\n"
    "      --batch N          commit every N documents, in place; without it all or nothing\n"
    "      --sync WHEN        sync: loaded is on the device (default); later: soon\n"
    "  -n, --dry-run          only check\n"
    "  -q, --quiet            no remarks     -v, --verbose  more of them\n"
    "  -h, --help             this           -V, --version  the version\n"
    "\n"
    "Exit status: 0 loaded, 1 a document or declaration was refused, 2 wrong usage, 3 a store or file cannot be read or\n"
    "written, 130 interrupted. kx-load(1) tells the rest.\n";

enum {
    OPT_HELP = 1, OPT_VERSION, OPT_QUIET, OPT_VERBOSE, OPT_DRY_RUN, OPT_SCHEMA, OPT_INTO, OPT_FORMAT, OPT_JSON, OPT_BATCH,
    OPT_SYNC
};

static const tool_option options[] = {
    {"help", 'h', TOOL_NO_ARGUMENT, OPT_HELP},
    {"version", 'V', TOOL_NO_ARGUMENT, OPT_VERSION},
    {"quiet", 'q', TOOL_NO_ARGUMENT, OPT_QUIET},
    {"verbose", 'v', TOOL_NO_ARGUMENT, OPT_VERBOSE},
    {"dry-run", 'n', TOOL_NO_ARGUMENT, OPT_DRY_RUN},
    {"schema", 0, TOOL_ARGUMENT, OPT_SCHEMA},
    {"into", 0, TOOL_ARGUMENT, OPT_INTO},
    {"format", 0, TOOL_ARGUMENT, OPT_FORMAT},
    {"json", 0, TOOL_NO_ARGUMENT, OPT_JSON},
    {"batch", 0, TOOL_ARGUMENT, OPT_BATCH},
    {"sync", 0, TOOL_ARGUMENT, OPT_SYNC},
    {"upsert", 0, TOOL_LATER, 0},
    {"on-conflict", 0, TOOL_LATER, 0},
    {"id-as", 0, TOOL_LATER, 0},
    {"types", 0, TOOL_LATER, 0},
    {"skip-errors", 0, TOOL_LATER, 0},
    {"start-line", 0, TOOL_LATER, 0},
    {"check", 0, TOOL_LATER, 0},
    {"apply", 0, TOOL_LATER, 0},
    {"progress", 0, TOOL_LATER, 0},
    {NULL, 0, TOOL_NO_ARGUMENT, 0},
};

/* ---- the command line --------------------------------------------------------------------- */

static int set_format(load_options *asked, const char *name)
{
    static const char *const names[] = {"auto", "dump", "jsonl", "json", NULL};
    static const char *const later[] = {"csv", "tsv", "msgpack", "kenobix", "sqlite", NULL};
    const char *near;

    for (size_t i = 0; names[i] != NULL; i++)
        if (strcmp(names[i], name) == 0) {
            asked->format = (load_format)i;
            return TOOL_OK;
        }
    for (size_t i = 0; later[i] != NULL; i++)
        if (strcmp(later[i], name) == 0)
            return tool_usage("--format %s is not in this version", name);
    near = tool_nearest(name, names);
    if (near != NULL)
        return tool_usage("--format '%s' is not known; did you mean %s?", name, near);
    return tool_usage("--format '%s' is not known; there are auto, dump, jsonl and json", name);
}

static int set_sync(load_options *asked, const char *when)
{
    if (strcmp(when, "never") == 0)
        return tool_usage("--sync never is not in this version");
    if (strcmp(when, "sync") != 0 && strcmp(when, "later") != 0)
        return tool_usage("--sync takes sync or later, not '%s'", when);
    asked->sync = strcmp(when, "sync") == 0 ? KX_SYNC : KX_SYNC_LATER;
    return TOOL_OK;
}

static int set_batch(load_options *asked, const char *text)
{
    if (tool_number(text, &asked->batch) && asked->batch > 0)
        return TOOL_OK;
    return tool_usage("--batch takes a number of documents from 1 on, not '%s'", text);
}

static int set_option(load_options *asked, const tool_word *word)
{
    switch (word->option->bit) {
    case OPT_HELP:    exit(tool_help(help));
    case OPT_VERSION: exit(tool_version());
    case OPT_QUIET:   asked->quiet = true; break;
    case OPT_VERBOSE: asked->verbose = true; break;
    case OPT_DRY_RUN: asked->dry_run = true; break;
    case OPT_SCHEMA:  asked->schema = word->text; break;
    case OPT_INTO:    asked->into = word->text; break;
    case OPT_FORMAT:  return set_format(asked, word->text);
    case OPT_JSON:    asked->format = LOAD_JSONL; break;
    case OPT_BATCH:   return set_batch(asked, word->text);
    default:          return set_sync(asked, word->text);
    }
    return TOOL_OK;
}

/* What goes together. Standard input is read when no file is named, but not behind a schema alone. */
static int check_line(load_options *asked)
{
    size_t standard = asked->schema != NULL && strcmp(asked->schema, "-") == 0;

    if (asked->store == NULL)
        return tool_usage("the store is missing");
    if (asked->dry_run && asked->batch != 0)
        return tool_usage("--dry-run commits nothing, so --batch does not go with it");
    if (asked->into != NULL && asked->format == LOAD_DUMP)
        return tool_usage("a dump's lines say where they go, so --into does not go with --format dump");
    if (asked->file_count == 0 && (asked->schema == NULL || asked->into != NULL || asked->format != LOAD_AUTO))
        asked->files[asked->file_count++] = "-";
    for (size_t i = 0; i < asked->file_count; i++)
        standard += strcmp(asked->files[i], "-") == 0;
    if (standard > 1)
        return tool_usage("standard input can be read only once");
    return TOOL_OK;
}

static int take_line(load_options *asked, int argc, char **argv)
{
    tool_word *words = NULL;
    int        status = tool_parse(argc, argv, options, &words);

    asked->files = tool_alloc(((size_t)argc + 1) * sizeof(*asked->files));
    for (size_t i = 0; status == TOOL_OK && (words[i].option != NULL || words[i].text != NULL); i++) {
        if (words[i].option != NULL)
            status = set_option(asked, &words[i]);
        else if (asked->store == NULL)
            asked->store = words[i].text;
        else
            asked->files[asked->file_count++] = words[i].text;
    }
    free(words);
    return status == TOOL_OK ? check_line(asked) : status;
}

/* ---- the work -------------------------------------------------------------------------------- */

/* The number that a dump's header carries for a store that it makes. */
static uint32_t schema_version_of(load *all)
{
    const char *text;
    size_t      size;
    json_part   header, value;
    uint64_t    version;

    if (all->options->file_count == 0 || !input_first_line(&all->inputs[0], &text, &size))
        return 0;
    if (json_member(text, size, "kenobix", &header) && json_member(header.text, header.size, "schema_version", &value) &&
        json_count(value, &version) && version <= UINT32_MAX)
        return (uint32_t)version;
    return 0;
}

static int open_inputs(load *all, bool twice)
{
    int status = TOOL_OK;

    all->inputs = tool_alloc((all->options->file_count + 1) * sizeof(*all->inputs));
    for (size_t i = 0; i < all->options->file_count; i++)
        all->inputs[i] = (input){.fd = -1, .spool = -1};
    for (size_t i = 0; status == TOOL_OK && i < all->options->file_count; i++)
        status = input_open(&all->inputs[i], all->options->files[i], twice);
    return status;
}

/* Begin from nothing, as often as the store has to grow. */
static int start_anew(load *all)
{
    int status = TOOL_OK;

    for (size_t i = 0; status == TOOL_OK && i < all->options->file_count; i++)
        status = input_rewind(&all->inputs[i]);
    for (size_t i = 0; i < all->collection_count; i++)
        free(all->collections[i]);
    all->collection_count = 0;
    all->batch.count = all->batch.used = 0;
    all->loaded = 0;
    return status;
}

typedef struct attempt {
    load *all;
    int   status, count;
} attempt;

/* Everything in one transaction; a status that is not 0 rolls it back. */
static int load_whole(kx_txn *txn, void *context)
{
    attempt *this = context;

    this->status = this->count++ == 0 ? TOOL_OK : start_anew(this->all);
    this->all->txn = txn;
    if (this->status == TOOL_OK)
        this->status = load_inputs(this->all);
    this->all->txn = NULL;
    if (this->status == LOAD_AGAIN)
        return KX_MAP_FULL;
    return this->status != TOOL_OK || this->all->options->dry_run ? 1 : KX_OK;
}

static int load_in_place(load *all)
{
    attempt one = {all, TOOL_OK, 0};
    int     rc = kx_write(all->to.db, load_whole, &one);

    if (rc < 0)
        return load_fail(all, rc, NULL);
    return one.status;
}

static void say_end(const load *all)
{
    struct timespec now;
    double          seconds;

    if (all->options->quiet)
        return;
    clock_gettime(CLOCK_MONOTONIC, &now);
    seconds = (double)(now.tv_sec - all->begun.tv_sec) + (double)(now.tv_nsec - all->begun.tv_nsec) / 1e9;
    tool_say("%s %llu document%s into %zu collection%s in %.2f s", all->options->dry_run ? "would have loaded" : "loaded",
             (unsigned long long)all->loaded, all->loaded == 1 ? "" : "s", all->collection_count,
             all->collection_count == 1 ? "" : "s", seconds);
}

static int run(load *all)
{
    const load_options *asked = all->options;
    int                 status;

    clock_gettime(CLOCK_MONOTONIC, &all->begun);
    status = target_find(&all->to, asked);
    if (status == TOOL_OK && asked->schema != NULL)
        status = load_read_schema(all);
    if (status == TOOL_OK)
        status = open_inputs(all, asked->batch == 0 && !all->to.fresh);
    if (status == TOOL_OK)
        status = target_open(&all->to, asked, schema_version_of(all));
    if (status == TOOL_OK)
        status = asked->batch != 0 || all->to.fresh ? load_inputs(all) : load_in_place(all);
    if (status != TOOL_OK && asked->batch != 0 && all->to.db != NULL)
        tool_say("%s: committed through line %llu", all->in != NULL ? all->in->name : asked->store,
                 (unsigned long long)all->committed_line);
    if (status == TOOL_OK && !asked->dry_run)
        status = target_commit(&all->to, asked);
    else
        target_drop(&all->to);
    if (status == TOOL_OK)
        say_end(all);
    return status;
}

int main(int argc, char **argv)
{
    load_options asked = {0};
    load         all = {.options = &asked, .promised = UINT64_MAX};
    int          status;

    tool_begin("kx-load");
    status = take_line(&asked, argc, argv);
    if (status == TOOL_OK)
        status = run(&all);
    load_free(&all);
    free(asked.files);
    return status;
}
