/*
 * kx_inspect.c -- kx-inspect: looks into a store and changes nothing.
 *
 * The store is opened by a child process: a file that is damaged so badly that reading it ends the process is then still
 * answered with a line and an exit status.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common.h"
#include "inspect.h"
#include "output.h"

static const char help[] =
    "usage: kx-inspect COMMAND STORE ...\n"
    "Look into a store; changes nothing.\n"
    "\n"
    "  info STORE                          size, collections, indexes, relations (also: kx-inspect STORE)\n"
    "  schema STORE [COLLECTION]           what is declared; as JSON lines it is what kx-load --schema reads\n"
    "  dump STORE [COLLECTION...]          everything, in the format that kx-load restores\n"
    "  find STORE COLLECTION [FILTER]      the documents that match\n"
    "  get STORE COLLECTION ID             one document; ID is a number or PATH=VALUE\n"
    "  count STORE COLLECTION [FILTER]     how many match\n"
    "  explain STORE COLLECTION [FILTER]   how that is answered: plan, documents fetched, what was rejected\n"
    "  sum|min|max|avg STORE COLLECTION PATH [FILTER]\n"
    "                                      one number made of those at PATH\n"
    "  group STORE COLLECTION PATH[,PATH] [FILTER]\n"
    "                                      how many for each value; --sum PATH adds those up\n"
    "  plan STORE COLLECTION FILTER        what deleting these would do, and what is in its way; nothing is deleted\n"
    "  tree STORE COLLECTION ID            a document and what it relates to, as a tree\n"
    "  graph STORE                         collections, keys and relations, for Graphviz or Mermaid\n"
    "\n"
    "      --format FORMAT    table, jsonl, json, csv, tsv, msgpack or dump; on a terminal table, elsewhere jsonl\n"
    "                         graph: dot or mermaid\n"
    "      --json             the same as --format jsonl\n"
    "      --order-by PATHS   \"status,-amount\"\n"
    "      --limit N, --offset N\n"
    "      --after TOKEN      go on behind a page: find --limit prints the token on stderr\n"
    "      --fields PATHS     find, get: only these, \"name,address.city\"\n"
    "      --prefetch PATHS   find, get: with related documents, \"user,orders.items\"\n"
    "      --sum PATH         group: the sum of these numbers, too\n"
    "      --depth N          tree: relations to go down, 2 unless said otherwise\n"
    "      --arg VALUE        a value for each ? of the filter, in order\n"
    "  -o, --output FILE      write FILE, whole or not at all\n"
    "  -f, --force            with -o: replace a file that may not be written\n"
    "  -e, --exit-status      exit with 1 when nothing matched\n"
    "  -q, --quiet            no remarks     -v, --verbose  more of them\n"
    "  -h, --help             this           -V, --version  the version\n"
    "\n"
    "A filter is \"amount >= 50 and (status == 'paid' or not deleted)\". kx-inspect(1) tells the rest.\n"
    "Exit status: 0 answered, 1 nothing matched (-e), 2 wrong usage, 3 a store or file that cannot be read or written.\n";

enum {
    OPT_HELP = 1 << 0, OPT_VERSION = 1 << 1, OPT_QUIET = 1 << 2, OPT_VERBOSE = 1 << 3, OPT_OUTPUT = 1 << 4,
    OPT_FORCE = 1 << 5, OPT_EXIT = 1 << 6, OPT_FORMAT = 1 << 7, OPT_JSON = 1 << 8, OPT_ORDER = 1 << 9,
    OPT_LIMIT = 1 << 10, OPT_OFFSET = 1 << 11, OPT_FIELDS = 1 << 12, OPT_ARG = 1 << 13, OPT_NO_PAGER = 1 << 14,
    OPT_COLOR = 1 << 15, OPT_SUM = 1 << 16, OPT_AFTER = 1 << 17, OPT_PREFETCH = 1 << 18, OPT_DEPTH = 1 << 19,
    OPT_ALL = OPT_HELP | OPT_VERSION | OPT_QUIET | OPT_VERBOSE | OPT_OUTPUT | OPT_FORCE | OPT_FORMAT | OPT_JSON |
              OPT_NO_PAGER | OPT_COLOR,
    OPT_WHICH = OPT_LIMIT | OPT_OFFSET | OPT_ARG | OPT_EXIT | OPT_ORDER | OPT_AFTER
};

static const tool_option options[] = {
    {"help", 'h', TOOL_NO_ARGUMENT, OPT_HELP},
    {"version", 'V', TOOL_NO_ARGUMENT, OPT_VERSION},
    {"quiet", 'q', TOOL_NO_ARGUMENT, OPT_QUIET},
    {"verbose", 'v', TOOL_NO_ARGUMENT, OPT_VERBOSE},
    {"output", 'o', TOOL_ARGUMENT, OPT_OUTPUT},
    {"force", 'f', TOOL_NO_ARGUMENT, OPT_FORCE},
    {"exit-status", 'e', TOOL_NO_ARGUMENT, OPT_EXIT},
    {"format", 0, TOOL_ARGUMENT, OPT_FORMAT},
    {"json", 0, TOOL_NO_ARGUMENT, OPT_JSON},
    {"order-by", 0, TOOL_ARGUMENT, OPT_ORDER},
    {"limit", 0, TOOL_ARGUMENT, OPT_LIMIT},
    {"offset", 0, TOOL_ARGUMENT, OPT_OFFSET},
    {"fields", 0, TOOL_ARGUMENT, OPT_FIELDS},
    {"arg", 0, TOOL_ARGUMENT, OPT_ARG},
    {"no-pager", 0, TOOL_NO_ARGUMENT, OPT_NO_PAGER},
    {"color", 0, TOOL_ARGUMENT, OPT_COLOR},
    {"after", 0, TOOL_ARGUMENT, OPT_AFTER},
    {"prefetch", 0, TOOL_ARGUMENT, OPT_PREFETCH},
    {"snapshot", 0, TOOL_LATER, 0},
    {"progress", 0, TOOL_LATER, 0},
    {"c", 0, TOOL_LATER, 0},
    {"sum", 0, TOOL_ARGUMENT, OPT_SUM},
    {"depth", 0, TOOL_ARGUMENT, OPT_DEPTH},
    {"with", 0, TOOL_LATER, 0},
    {"summary", 0, TOOL_LATER, 0},
    {"quick", 0, TOOL_LATER, 0},
    {"full", 0, TOOL_LATER, 0},
    {"strict", 0, TOOL_LATER, 0},
    {"dangling", 0, TOOL_LATER, 0},
    {NULL, 0, TOOL_NO_ARGUMENT, 0},
};

static const inspect_command commands[] = {
    {"info", 0, 0, OPT_ALL, "STORE", inspect_info},
    {"schema", 0, 1, OPT_ALL, "STORE [COLLECTION]", inspect_schema},
    {"dump", 0, 1000, OPT_ALL, "STORE [COLLECTION...]", inspect_dump},
    {"find", 1, 2, OPT_ALL | OPT_WHICH | OPT_FIELDS | OPT_PREFETCH, "STORE COLLECTION [FILTER]", inspect_find},
    {"get", 2, 2, OPT_ALL | OPT_EXIT | OPT_FIELDS | OPT_PREFETCH, "STORE COLLECTION ID", inspect_get},
    {"count", 1, 2, OPT_ALL | OPT_WHICH, "STORE COLLECTION [FILTER]", inspect_count},
    {"explain", 1, 2, OPT_ALL | OPT_WHICH, "STORE COLLECTION [FILTER]", inspect_explain},
    {"sum", 2, 3, OPT_ALL | OPT_WHICH, "STORE COLLECTION PATH [FILTER]", inspect_total},
    {"min", 2, 3, OPT_ALL | OPT_WHICH, "STORE COLLECTION PATH [FILTER]", inspect_total},
    {"max", 2, 3, OPT_ALL | OPT_WHICH, "STORE COLLECTION PATH [FILTER]", inspect_total},
    {"avg", 2, 3, OPT_ALL | OPT_WHICH, "STORE COLLECTION PATH [FILTER]", inspect_total},
    {"group", 2, 3, OPT_ALL | OPT_ARG | OPT_EXIT | OPT_SUM, "STORE COLLECTION PATH[,PATH] [FILTER]", inspect_group},
    {"plan", 2, 2, OPT_ALL | OPT_WHICH, "STORE COLLECTION FILTER", inspect_plan},
    {"tree", 2, 2, OPT_ALL | OPT_EXIT | OPT_LIMIT | OPT_DEPTH, "STORE COLLECTION ID", inspect_tree},
    {"graph", 0, 0, OPT_ALL, "STORE", inspect_graph},
    {NULL, 0, 0, 0, NULL, NULL},
};

/* Commands of later versions: refused by name, and suggested to nobody. */
static const char *const later[] = {"subset", "diff", "tail", "check", "repair", "readers", "du", "compact", "backup",
                                    NULL};

/* ---- the command line -------------------------------------------------------------------- */

static int set_format(inspect *in, const char *name)
{
    static const char *const names[] = {"table", "jsonl", "json", "csv", "tsv", "msgpack", "dump", "dot", "mermaid",
                                        NULL};
    const char *near;

    for (size_t i = 0; names[i] != NULL; i++)
        if (strcmp(names[i], name) == 0) {
            in->format = (inspect_format)(i + 1);
            return TOOL_OK;
        }
    near = tool_nearest(name, names);
    if (near != NULL)
        return tool_usage("--format '%s' is not known; did you mean %s?", name, near);
    return tool_usage("--format '%s' is not known; there are table, jsonl, json, csv, tsv, msgpack and dump", name);
}

static int set_count(const tool_word *word, uint64_t *number)
{
    if (tool_number(word->text, number))
        return TOOL_OK;
    return tool_usage("--%s takes a number from 0 on, not '%s'", word->option->name, word->text);
}

static int set_color(const char *when)
{
    if (strcmp(when, "auto") == 0 || strcmp(when, "never") == 0)
        return TOOL_OK;
    if (strcmp(when, "always") == 0)
        return tool_usage("--color=always is not in this version");
    return tool_usage("--color takes auto, always or never, not '%s'", when);
}

static int set_fields(inspect *in, const char *text)
{
    in->fields = inspect_split(text);
    for (char **field = in->fields; *field != NULL; field++)
        if (**field == '\0')
            return tool_usage("--fields '%s': a path is missing", text);
    return TOOL_OK;
}

static void add_arg(inspect *in, const char *text)
{
    in->args = tool_realloc(in->args, (in->arg_count + 2) * sizeof(*in->args));
    in->texts = tool_realloc(in->texts, (in->arg_count + 1) * sizeof(*in->texts));
    in->args[in->arg_count] = inspect_argument(text, &in->texts[in->arg_count]);
    memset(&in->args[++in->arg_count], 0, sizeof(*in->args));
}

static int set_option(inspect *in, const tool_word *word)
{
    switch (word->option->bit) {
    case OPT_QUIET:   in->quiet = true; break;
    case OPT_VERBOSE: in->verbose = true; break;
    case OPT_OUTPUT:  in->file = word->text; break;
    case OPT_FORCE:   in->force = true; break;
    case OPT_EXIT:    in->exit_status = true; break;
    case OPT_FORMAT:  return set_format(in, word->text);
    case OPT_JSON:    in->format = FORMAT_JSONL; break;
    case OPT_ORDER:   in->query.order_by = word->text; break;
    case OPT_LIMIT:   return set_count(word, &in->query.limit);
    case OPT_OFFSET:  return set_count(word, &in->query.offset);
    case OPT_FIELDS:  return set_fields(in, word->text);
    case OPT_ARG:     add_arg(in, word->text); break;
    case OPT_SUM:     in->sum = word->text; break;
    case OPT_AFTER:   in->query.after = word->text; break;
    case OPT_PREFETCH: in->query.include = word->text; break;
    case OPT_DEPTH:   return set_count(word, &in->depth);
    case OPT_COLOR:   return set_color(word->text);
    default: break;
    }
    return TOOL_OK;
}

static const inspect_command *command_named(const char *name)
{
    for (const inspect_command *one = commands; one->name != NULL; one++)
        if (strcmp(one->name, name) == 0)
            return one;
    return NULL;
}

static int refuse_command(const char *name)
{
    const char *names[sizeof(commands) / sizeof(*commands)];
    const char *near;
    size_t      count = 0;

    for (size_t i = 0; later[i] != NULL; i++)
        if (strcmp(later[i], name) == 0)
            return tool_usage("'%s' is not in this version", name);
    for (; commands[count].name != NULL; count++)
        names[count] = commands[count].name;
    names[count] = NULL;
    near = tool_nearest(name, names);
    if (near != NULL)
        return tool_usage("unknown command '%s'; did you mean '%s'?", name, near);
    return tool_usage("unknown command '%s'; there are info, schema, dump, find, get, count, explain, sum, min, max, "
                      "avg, group, plan, tree and graph",
                      name);
}

/* The command, the store and what stands behind it. A single operand that is a file is asked for its info. */
static int take_operands(inspect *in)
{
    const char *first = in->operand_count > 0 ? in->operands[0] : NULL;

    if (first == NULL)
        return tool_usage("a command and a store are missing");
    in->command = command_named(first);
    if (in->command == NULL && in->operand_count == 1 && (strpbrk(first, "/.") != NULL || access(first, F_OK) == 0)) {
        in->command = commands;
        in->store = first;
        in->operand_count = 0;
        return TOOL_OK;
    }
    if (in->command == NULL)
        return refuse_command(first);
    if (in->operand_count < 2)
        return tool_usage("%s: the store is missing: %s %s", first, first, in->command->shape);
    in->store = in->operands[1];
    in->operands += 2;
    in->operand_count -= 2;
    if (in->operand_count < in->command->least || in->operand_count > in->command->most)
        return tool_usage("%s takes %s", first, in->command->shape);
    return TOOL_OK;
}

/* A tree and a graph are no data: each has formats of its own. */
static int check_drawing(inspect *in)
{
    if (in->format == FORMAT_NONE)
        in->format = in->command->run == inspect_graph ? FORMAT_DOT : FORMAT_TABLE;
    if (in->command->run == inspect_graph && in->format < FORMAT_DOT)
        return tool_usage("graph is written as dot or mermaid");
    if (in->command->run == inspect_tree && in->format != FORMAT_TABLE)
        return tool_usage("tree is written as table; get --prefetch has related documents in every format");
    return TOOL_OK;
}

static int check_format(inspect *in)
{
    bool catalog = in->command->run == inspect_info || in->command->run == inspect_schema ||
                   in->command->run == inspect_explain || in->command->run == inspect_plan;

    if (in->command->run == inspect_tree || in->command->run == inspect_graph)
        return check_drawing(in);
    if (in->format > FORMAT_DUMP)
        return tool_usage("dot and mermaid are formats of graph");
    if (in->format == FORMAT_NONE && in->command->run == inspect_dump)
        in->format = FORMAT_DUMP;
    if (in->format == FORMAT_NONE)
        in->format = in->file == NULL && isatty(STDOUT_FILENO) ? FORMAT_TABLE : FORMAT_JSONL;
    if (in->format == FORMAT_DUMP && in->command->run != inspect_dump)
        return tool_usage("%s has no --format dump; kx-inspect dump writes one", in->command->name);
    if (catalog && in->format > FORMAT_JSON)
        return tool_usage("%s is written as table, jsonl or json", in->command->name);
    return TOOL_OK;
}

enum { DEPTH = 2, MEMBERS = 20 };       /* of a tree, unless something else is asked for */

/* Whether the words go with the command; then each of them. */
static int take_options(inspect *in, const tool_word *words)
{
    int status = TOOL_OK;

    in->depth = DEPTH;
    in->query.limit = in->command->run == inspect_tree ? MEMBERS : 0;
    for (; status == TOOL_OK && (words->option != NULL || words->text != NULL); words++) {
        if (words->option == NULL)
            continue;
        if ((words->option->bit & in->command->options) == 0)
            return tool_usage("--%s does not go with '%s'", words->option->name, in->command->name);
        status = set_option(in, words);
    }
    if (status == TOOL_OK && in->force && in->file == NULL)
        return tool_usage("--force goes with -o FILE");
    return status != TOOL_OK ? status : check_format(in);
}

static int take_line(inspect *in, int argc, char **argv)
{
    tool_word *words = NULL;
    uint32_t   asked = 0;
    int        status = tool_parse(argc, argv, options, &words);

    in->words = in->operands = tool_alloc((size_t)argc * sizeof(*in->words) + sizeof(*in->words));
    for (size_t i = 0; status == TOOL_OK && (words[i].option != NULL || words[i].text != NULL); i++) {
        if (words[i].option != NULL)
            asked |= words[i].option->bit;
        else
            in->words[in->operand_count++] = words[i].text;
    }
    if (status == TOOL_OK && (asked & (OPT_HELP | OPT_VERSION)) != 0)
        exit((asked & OPT_HELP) != 0 ? tool_help(help) : tool_version());
    if (status == TOOL_OK)
        status = take_operands(in);
    if (status == TOOL_OK)
        status = take_options(in, words);
    free(words);
    return status;
}

/* ---- the work --------------------------------------------------------------------------------- */

int inspect_fail(const inspect *in, int rc)
{
    tool_say_error(in->store);
    return rc == KX_INVALID || rc == KX_LIMIT ? TOOL_USAGE : tool_status(rc);
}

static int work(kx_txn *txn, void *context)
{
    inspect *in = context;

    return in->command->run(txn, in);
}

/* In the child: everything that touches the store. */
static int run_command(inspect *in, output *out)
{
    kx_options how = {.read_only = true, .must_exist = true};
    kx_db     *db = NULL;
    int        status, ended;

    if (kx_open(in->store, &how, &db) != KX_OK) {
        tool_say_error(in->store);
        output_drop(out);
        return TOOL_FAILED;
    }
    in->out = out->file;
    in->path = kx_db_path(db);
    status = kx_read(db, work, in);
    if (status < 0) {
        tool_say_error(in->store);
        status = TOOL_FAILED;
    }
    kx_close(db);
    if (status != TOOL_OK && out->path != NULL)
        output_drop(out);
    else if ((ended = output_end(out)) != TOOL_OK)
        status = ended;
    if (status == TOOL_OK && in->exit_status && in->matched == 0)
        status = TOOL_NO;
    return status;
}

/* What the child's end means for us. */
static int status_of(const inspect *in, int ended)
{
    if (WIFEXITED(ended))
        return WEXITSTATUS(ended);
    if (WTERMSIG(ended) == SIGPIPE) {
        signal(SIGPIPE, SIG_DFL);
        raise(SIGPIPE);
    }
    if (tool_interrupted() || WTERMSIG(ended) == SIGINT || WTERMSIG(ended) == SIGTERM) {
        tool_say("interrupted");
        return TOOL_INTERRUPTED;
    }
    tool_say("%s: is damaged: reading it ended with \"%s\"", in->store, strsignal(WTERMSIG(ended)));
    return TOOL_FAILED;
}

static int run_guarded(inspect *in, output *out)
{
    pid_t parent = getpid();
    pid_t child = fork();
    int   ended;

    if (child == 0) {
        signal(SIGINT, SIG_DFL);
        signal(SIGTERM, SIG_DFL);
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != parent)
            _exit(TOOL_INTERRUPTED);
        exit(run_command(in, out));
    }
    if (child < 0) {
        tool_say("no process can be made: %s", strerror(errno));
        return TOOL_FAILED;
    }
    while (waitpid(child, &ended, 0) < 0) {
        if (errno != EINTR) {
            tool_say("the process that reads is lost: %s", strerror(errno));
            return TOOL_FAILED;
        }
        if (tool_interrupted())
            kill(child, SIGTERM);
    }
    return status_of(in, ended);
}

static void forget(inspect *in)
{
    for (size_t i = 0; i < in->arg_count; i++)
        free(in->texts[i]);
    for (size_t i = 0; in->fields != NULL && in->fields[i] != NULL; i++)
        free(in->fields[i]);
    free(in->texts);
    free(in->args);
    free(in->fields);
    free(in->words);
}

int main(int argc, char **argv)
{
    inspect in = {0};
    output  out = {0};
    int     status;

    tool_begin("kx-inspect");
    status = take_line(&in, argc, argv);
    in.query.args = in.args;
    if (status == TOOL_OK)
        status = output_begin(&out, in.file, in.store, in.force);
    if (status == TOOL_OK) {
        status = run_guarded(&in, &out);
        output_drop(&out);       /* the child has renamed or removed a temporary file, unless it crashed */
    }
    forget(&in);
    return status;
}
