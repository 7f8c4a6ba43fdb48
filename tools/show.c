/*
 * show.c -- text on a terminal: what it shows, and how wide that is. See common.h.
 *
 * A store may hold anything, also what makes a terminal do things. Shown as they are: printable characters. Everything else
 * becomes an escape: \n \t \r, \x1b for other control characters, \u202e for characters that change the direction of
 * writing or take no room at all, \xff for bytes that are no UTF-8.
 */
#include "common.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

static const char ellipsis[] = "\xe2\x80\xa6";

/* Bytes of the UTF-8 character at text[0], and which it is; 0 where there is none. */
static size_t decode(const unsigned char *text, size_t size, uint32_t *point)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = text[0] < 0x80 ? 1 : text[0] < 0xc2 ? 0 : text[0] < 0xe0 ? 2
                  : text[0] < 0xf0 ? 3 : text[0] < 0xf5 ? 4 : 0;

    if (length == 0 || length > size)
        return 0;
    *point = length == 1 ? text[0] : text[0] & (0x7fU >> length);
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        *point = *point << 6 | (text[i] & 0x3f);
    }
    if (*point < least[length] || *point > 0x10ffff || (*point >= 0xd800 && *point < 0xe000))
        return 0;
    return length;
}

static bool is_hidden(uint32_t point)
{
    return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x061c || (point >= 0x200e && point <= 0x200f) ||
           (point >= 0x2028 && point <= 0x202e) || (point >= 0x2060 && point <= 0x206f) || point == 0xfeff;
}

/* One character as it is shown. */
typedef struct shown {
    char   text[16];
    size_t size, columns;
} shown;

static void escape(shown *out, const char *format, unsigned value)
{
    int size = value == '\n' ? snprintf(out->text, sizeof(out->text), "\\n")
             : value == '\r' ? snprintf(out->text, sizeof(out->text), "\\r")
             : value == '\t' ? snprintf(out->text, sizeof(out->text), "\\t")
                             : snprintf(out->text, sizeof(out->text), format, value);

    out->size = out->columns = (size_t)size;
}

/* Returns the bytes taken from the text. */
static size_t show_next(const unsigned char *text, size_t size, shown *out)
{
    uint32_t point;
    size_t   length = decode(text, size, &point);
    int      width;

    if (length == 0) {
        escape(out, "\\x%02x", text[0]);
        return 1;
    }
    width = wcwidth((wchar_t)point);
    if (is_hidden(point) || width < 0) {
        escape(out, point < 0x100 ? "\\x%02x" : "\\u%04x", point);
        return length;
    }
    memcpy(out->text, text, length);
    out->size = length;
    out->columns = (size_t)width;
    return length;
}

size_t tool_columns(const char *text, size_t size)
{
    size_t columns = 0;
    shown  next;

    for (size_t at = 0; at < size;) {
        at += show_next((const unsigned char *)text + at, size - at, &next);
        columns += next.columns;
    }
    return columns;
}

/* Does what follows fit into `columns`? Looks no further than needed. */
static bool fits(const unsigned char *text, size_t size, size_t columns)
{
    shown next;

    for (size_t at = 0, used = 0; at < size;) {
        at += show_next(text + at, size - at, &next);
        used += next.columns;
        if (used > columns)
            return false;
    }
    return true;
}

size_t tool_show(FILE *out, const char *text, size_t size, size_t columns)
{
    const unsigned char *bytes = (const unsigned char *)text;
    bool   whole = columns == SIZE_MAX || fits(bytes, size, columns);
    size_t used = 0;
    shown  next;

    for (size_t at = 0; at < size;) {
        at += show_next(bytes + at, size - at, &next);
        if (!whole && used + next.columns + 1 > columns) {
            fputs(ellipsis, out);
            return used + 1;
        }
        fwrite(next.text, 1, next.size, out);
        used += next.columns;
    }
    return used;
}

size_t tool_width(void)
{
    const char    *given = getenv("COLUMNS");
    struct winsize window;
    uint64_t       number;

    if (given != NULL && tool_number(given, &number) && number >= 20 && number <= 10000)
        return (size_t)number;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col >= 20)
        return window.ws_col;
    return 80;
}
