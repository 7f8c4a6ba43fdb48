/*
 * common.c -- messages, memory, signals and the command line. See common.h.
 */
#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char           *program = "kx";
static volatile sig_atomic_t interrupted;
static bool                  progress_shown;

static void note_signal(int number)
{
    (void)number;
    interrupted = 1;
}

/* A store must not get the descriptor of a standard stream that is closed: what is printed would go into it. */
static void fill_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY);
}

void tool_begin(const char *name)
{
    struct sigaction quiet = {.sa_handler = SIG_DFL};
    struct sigaction noted = {.sa_handler = note_signal};

    program = name;
    fill_streams();
    /* Only the character set: numbers are written the same in every locale. Names and texts are UTF-8 whatever it is. */
    setlocale(LC_CTYPE, "");
    if (MB_CUR_MAX == 1)
        setlocale(LC_CTYPE, "C.UTF-8");
    sigaction(SIGPIPE, &quiet, NULL);
    sigaction(SIGINT, &noted, NULL);
    sigaction(SIGTERM, &noted, NULL);
}

bool tool_interrupted(void)
{
    return interrupted != 0;
}

/* ---- messages -------------------------------------------------------------------- */

static char *print_list(const char *format, va_list args)
{
    va_list again;
    char   *text;
    int     size;

    va_copy(again, args);
    size = vsnprintf(NULL, 0, format, again);
    va_end(again);
    text = tool_alloc(size < 0 ? 1 : (size_t)size + 1);
    text[0] = '\0';
    if (size > 0)
        vsnprintf(text, (size_t)size + 1, format, args);
    return text;
}

static void say_list(const char *format, va_list args, const char *more)
{
    char *text = print_list(format, args);

    tool_progress_end();
    fprintf(stderr, "%s: ", program);
    tool_show(stderr, text, strlen(text), SIZE_MAX);
    fprintf(stderr, "%s\n", more);
    free(text);
}

void tool_say(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say_list(format, args, "");
    va_end(args);
}

void tool_progress(const char *format, ...)
{
    va_list args;

    if (!isatty(STDERR_FILENO))
        return;
    va_start(args, format);
    putc('\r', stderr);
    vfprintf(stderr, format, args);
    va_end(args);
    progress_shown = true;
}

void tool_progress_end(void)
{
    if (progress_shown)
        fputs("\r\033[K", stderr);
    progress_shown = false;
}

int tool_usage(const char *format, ...)
{
    char    more[64];
    va_list args;

    snprintf(more, sizeof(more), " (%s --help tells more)", program);
    va_start(args, format);
    say_list(format, args, more);
    va_end(args);
    return TOOL_USAGE;
}

void tool_say_error(const char *name)
{
    const char *text = kx_errmsg();

    if (strstr(text, name) != NULL)
        tool_say("%s", text);
    else
        tool_say("%s: %s", name, text);
}

int tool_status(int rc)
{
    return rc == KX_OK ? TOOL_OK : TOOL_FAILED;
}

static int end_stdout(void)
{
    if (fflush(stdout) == 0 && fclose(stdout) == 0)
        return TOOL_OK;
    tool_say("standard output: %s", strerror(errno));
    return TOOL_FAILED;
}

int tool_version(void)
{
    printf("%s %s (%s)\n", program, kx_version(), kx_engine());
    return end_stdout();
}

int tool_help(const char *text)
{
    fputs(text, stdout);
    return end_stdout();
}

/* ---- memory ------------------------------------------------------------------------ */

void *tool_realloc(void *memory, size_t size)
{
    void *more = realloc(memory, size == 0 ? 1 : size);

    if (more == NULL) {
        fprintf(stderr, "%s: out of memory (%zu bytes were asked for)\n", program, size);
        exit(TOOL_FAILED);
    }
    return more;
}

void *tool_alloc(size_t size)
{
    return tool_realloc(NULL, size);
}

char *tool_copy(const char *text)
{
    size_t size = strlen(text) + 1;

    return memcpy(tool_alloc(size), text, size);
}

char *tool_print(const char *format, ...)
{
    va_list args;
    char   *text;

    va_start(args, format);
    text = print_list(format, args);
    va_end(args);
    return text;
}

/* ---- the command line ----------------------------------------------------------------- */

/* What getopt is told: '-' hands out operands in their place, ':' leaves the messages to us. */
static char *letters_of(const tool_option *options)
{
    size_t count = 0, at = 0;
    char  *letters;

    while (options[count].name != NULL)
        count++;
    letters = tool_alloc(count * 2 + 3);
    letters[at++] = '-';
    letters[at++] = ':';
    for (size_t i = 0; i < count; i++) {
        if (options[i].letter == 0)
            continue;
        letters[at++] = options[i].letter;
        if (options[i].argument == TOOL_ARGUMENT)
            letters[at++] = ':';
    }
    letters[at] = '\0';
    return letters;
}

enum { FIRST_LONG = 256 };

static struct option *longs_of(const tool_option *options)
{
    size_t         count = 0;
    struct option *longs;

    while (options[count].name != NULL)
        count++;
    longs = tool_alloc((count + 1) * sizeof(*longs));
    memset(longs, 0, (count + 1) * sizeof(*longs));
    for (size_t i = 0; i < count; i++) {
        longs[i].name = options[i].name;
        longs[i].val = FIRST_LONG + (int)i;
        longs[i].has_arg = options[i].argument == TOOL_ARGUMENT ? required_argument
                         : options[i].argument == TOOL_LATER    ? optional_argument : no_argument;
    }
    return longs;
}

static const tool_option *option_of(const tool_option *options, int found)
{
    if (found >= FIRST_LONG)
        return &options[found - FIRST_LONG];
    for (; options->name != NULL; options++)
        if (options->letter != 0 && options->letter == found)
            return options;
    return NULL;
}

/* Why getopt stumbled over argv[at]. */
static int refuse_word(const tool_option *options, int found, const char *word)
{
    const char *names[64];
    char       *name = tool_copy(word + strspn(word, "-"));
    const char *near;
    size_t      count = 0;

    name[strcspn(name, "=")] = '\0';
    for (; options[count].name != NULL && count < 63; count++)
        names[count] = options[count].name;
    names[count] = NULL;
    near = tool_nearest(name, names);
    free(name);
    if (found == ':')
        return tool_usage("%s needs an argument", word);
    if (strncmp(word, "--", 2) != 0)
        return tool_usage("unknown option -%c", optopt);
    if (optopt >= FIRST_LONG)
        return tool_usage("--%s takes no argument", options[optopt - FIRST_LONG].name);
    if (near != NULL)
        return tool_usage("unknown option %s; did you mean --%s?", word, near);
    return tool_usage("unknown option %s", word);
}

int tool_parse(int argc, char **argv, const tool_option *options, tool_word **words)
{
    char          *letters = letters_of(options);
    struct option *longs = longs_of(options);
    size_t         count = 0;
    int            status = TOOL_OK, found;

    *words = tool_alloc(((size_t)argc + 1) * sizeof(**words));
    opterr = 0;
    while (status == TOOL_OK && (found = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
        const tool_option *option = found == 1 ? NULL : option_of(options, found);

        if (found == '?' || found == ':' || (found != 1 && option == NULL))
            status = refuse_word(options, found, argv[optind - 1]);
        else if (option != NULL && option->argument == TOOL_LATER)
            status = tool_usage("--%s is not in this version", option->name);
        else
            (*words)[count++] = (tool_word){option, optarg};
    }
    for (; status == TOOL_OK && optind < argc; optind++)
        (*words)[count++] = (tool_word){NULL, argv[optind]};
    (*words)[count] = (tool_word){NULL, NULL};
    free(letters);
    free(longs);
    return status;
}

bool tool_number(const char *text, uint64_t *number)
{
    char *end;

    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    *number = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0';
}

/* Letters to insert, remove, replace or swap with a neighbour to get from one name to the other. */
static size_t distance(const char *a, const char *b)
{
    enum { LONGEST = 32 };
    size_t d[LONGEST + 1][LONGEST + 1];
    size_t m = strlen(a), n = strlen(b);

    if (m > LONGEST || n > LONGEST)
        return LONGEST;
    for (size_t i = 0; i <= m; i++)
        for (size_t j = 0; j <= n; j++) {
            size_t best = i == 0 ? j : j == 0 ? i : d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);

            if (i > 0 && j > 0 && d[i - 1][j] + 1 < best)
                best = d[i - 1][j] + 1;
            if (i > 0 && j > 0 && d[i][j - 1] + 1 < best)
                best = d[i][j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && d[i - 2][j - 2] + 1 < best)
                best = d[i - 2][j - 2] + 1;
            d[i][j] = best;
        }
    return d[m][n];
}

const char *tool_nearest(const char *name, const char *const *names)
{
    const char *near = NULL;
    size_t      least = strlen(name) <= 3 ? 2 : 3;      /* fewer edits than this */

    for (; *names != NULL; names++) {
        size_t edits = distance(name, *names);
        if (edits < least) {
            least = edits;
            near = *names;
        }
    }
    return near;
}
