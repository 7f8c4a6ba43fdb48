/*
 * load_input.c -- files and pipes, line by line. See load.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common.h"
#include "json_text.h"
#include "load.h"

/* The longest document, 64 MiB, takes less than seven times as many bytes in JSON, where one may become "\u0000". */
static const size_t longest = (size_t)448 << 20;

enum { CHUNK = 1 << 18 };

void input_say(const input *in, uint64_t line, uint64_t column, const char *format, ...)
{
    va_list args;
    char   *text;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        text = tool_copy(format);
    va_end(args);
    if (column != 0)
        tool_say("%s:%llu:%llu: %s", in->name, (unsigned long long)line, (unsigned long long)column, text);
    else
        tool_say("%s:%llu: %s", in->name, (unsigned long long)line, text);
    free(text);
}

static int fail(const input *in, const char *what)
{
    tool_say("%s: %s: %s", in->name, what, strerror(errno));
    return TOOL_FAILED;
}

/* A file without a name, gone with its descriptor. */
static int open_spool(void)
{
    const char *folder = getenv("TMPDIR");
    char       *path = tool_print("%s/kx-load-XXXXXX", folder != NULL && *folder != '\0' ? folder : "/tmp");
    int         fd = mkostemp(path, O_CLOEXEC);

    if (fd >= 0)
        unlink(path);
    free(path);
    return fd;
}

int input_open(input *in, const char *path, bool twice)
{
    bool        standard = strcmp(path, "-") == 0;
    struct stat status;

    memset(in, 0, sizeof(*in));
    in->name = standard ? "standard input" : path;
    in->spool = -1;
    in->line = in->column = 1;
    in->fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (in->fd < 0)
        return fail(in, "cannot be opened");
    if (fstat(in->fd, &status) != 0)
        return fail(in, "cannot be looked at");
    if (S_ISDIR(status.st_mode)) {
        tool_say("%s: is a folder; name a file", in->name);
        return TOOL_FAILED;
    }
    in->origin = S_ISREG(status.st_mode) ? (long long)lseek(in->fd, 0, SEEK_CUR) : 0;
    if (twice && !S_ISREG(status.st_mode) && (in->spool = open_spool()) < 0)
        return fail(in, "no temporary file can be made to read it twice (TMPDIR names another folder)");
    return TOOL_OK;
}

int input_rewind(input *in)
{
    if (lseek(in->spool >= 0 ? in->spool : in->fd, in->spool >= 0 ? 0 : (off_t)in->origin, SEEK_SET) < 0)
        return fail(in, "cannot be read from its begin again");
    in->replaying = in->spool >= 0;
    in->at_end = false;
    in->start = in->end = 0;
    in->line = in->column = 1;
    in->place = 0;
    return TOOL_OK;
}

void input_close(input *in)
{
    if (in->fd > STDIN_FILENO)
        close(in->fd);
    if (in->spool >= 0)
        close(in->spool);
    free(in->data);
    memset(in, 0, sizeof(*in));
    in->fd = in->spool = -1;
}

/* ---- the buffer -------------------------------------------------------------------------- */

static int make_room(input *in)
{
    if (in->start > 0 && (in->capacity - in->end < CHUNK)) {
        memmove(in->data, in->data + in->start, in->end - in->start);
        in->end -= in->start;
        in->start = 0;
    }
    if (in->capacity - in->end >= CHUNK)
        return TOOL_OK;
    if (in->end > longest) {
        input_say(in, in->line, 0, "is longer than %zu MiB", longest >> 20);
        return TOOL_FAILED;
    }
    in->capacity = in->capacity == 0 ? 2 * CHUNK : in->capacity * 2;
    in->data = tool_realloc(in->data, in->capacity);
    return TOOL_OK;
}

static ssize_t read_some(int fd, char *to, size_t size)
{
    ssize_t got;

    do
        got = read(fd, to, size);
    while (got < 0 && errno == EINTR && !tool_interrupted());
    return got;
}

/* Keep what a pipe gave. */
static bool spool(input *in, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t put = write(in->spool, data, size);
        if (put < 0 && errno != EINTR)
            return false;
        data += put > 0 ? put : 0;
        size -= put > 0 ? (size_t)put : 0;
    }
    return true;
}

int input_more(input *in)
{
    ssize_t got = 0;

    if (in->at_end)
        return 0;
    if (make_room(in) != TOOL_OK)
        return -1;
    if (in->replaying) {
        got = read_some(in->spool, in->data + in->end, CHUNK);
        in->replaying = got != 0;
    }
    if (got == 0) {
        got = read_some(in->fd, in->data + in->end, CHUNK);
        if (got > 0 && in->spool >= 0 && !spool(in, in->data + in->end, (size_t)got))
            return fail(in, "cannot be kept in a temporary file (TMPDIR names another folder)"), -1;
    }
    if (got < 0 && !tool_interrupted())
        return fail(in, "cannot be read"), -1;
    in->at_end = got <= 0;
    in->end += got > 0 ? (size_t)got : 0;
    return in->at_end ? 0 : 1;
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* Bytes up to the end of the line that begins at data[start]: *size, without its '\n'. -1: reading failed. */
static int find_end(input *in, size_t *size, bool *terminated)
{
    size_t looked = 0;
    int    more = 1;

    for (;;) {
        char *at = in->end == 0 ? NULL : memchr(in->data + in->start + looked, '\n', in->end - in->start - looked);

        *terminated = at != NULL;
        *size = at != NULL ? (size_t)(at - in->data) - in->start : in->end - in->start;
        if (at != NULL || more == 0)
            return 0;
        looked = *size;
        more = input_more(in);
        if (more < 0)
            return -1;
    }
}

/* The mark that some editors put in front of UTF-8. */
static void skip_mark(input *in)
{
    while (in->end - in->start < 3 && input_more(in) > 0)
        ;
    if (in->line == 1 && in->column == 1 && in->end - in->start >= 3 && memcmp(in->data + in->start, "\xef\xbb\xbf", 3) == 0)
        in->start += 3;
}

int input_line(input *in, piece *next)
{
    size_t size;
    bool   terminated, blank;

    if (in->line == 1)
        skip_mark(in);
    do {
        if (find_end(in, &size, &terminated) != 0)
            return TOOL_FAILED;
        *next = (piece){in->data + in->start, size, in->line, 1};
        blank = json_skip(next->text, next->text + size) == next->text + size;
        in->start += size + terminated;
        in->line += terminated;
    } while (blank && terminated);
    if (blank)
        *next = (piece){NULL, 0, in->line, 1};
    return TOOL_OK;
}

/* ---- what it is --------------------------------------------------------------------------------- */

bool input_first_line(input *in, const char **text, size_t *size)
{
    bool terminated;

    skip_mark(in);
    for (;;) {
        const char *at;

        if (find_end(in, size, &terminated) != 0)
            return false;
        *text = in->data + in->start;
        at = json_skip(*text, *text + *size);
        if (at < *text + *size || !terminated)
            return true;
        in->start += *size + 1;
        in->line++;
    }
}

static bool begins(const char *text, size_t size, const char *with)
{
    return size >= strlen(with) && memcmp(text, with, strlen(with)) == 0;
}

static int refuse_packed(const input *in, const char *how, const char *with)
{
    tool_say("%s: is compressed with %s, which this version does not read; try: %s FILE | kx-load STORE --into COLLECTION -",
             in->name, how, with);
    return TOOL_FAILED;
}

int input_guess(input *in, load_format *format)
{
    const char *text, *end;
    size_t      size;
    json_part   header;

    if (!input_first_line(in, &text, &size))
        return TOOL_FAILED;
    if (begins(text, size, "\x1f\x8b"))
        return refuse_packed(in, "gzip", "zcat");
    if (begins(text, size, "\x28\xb5\x2f\xfd"))
        return refuse_packed(in, "zstd", "zstdcat");
    if (*format != LOAD_AUTO)
        return TOOL_OK;
    end = text + size;
    text = json_skip(text, end);
    while (end > text && memchr(" \t\r", end[-1], 3) != NULL)
        end--;
    size = (size_t)(end - text);
    /* A '{' alone begins an object of many lines, as programs that indent write them. */
    if (size > 0 && (text[0] == '[' || (size == 1 && text[0] == '{')))
        *format = LOAD_JSON;
    else
        *format = json_member(text, size, "kenobix", &header) ? LOAD_DUMP : LOAD_JSONL;
    return TOOL_OK;
}
