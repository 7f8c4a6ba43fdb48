/*
 * json_text.c -- see json_text.h.
 */
#include "json_text.h"

#include <stdlib.h>
#include <string.h>

#include "common.h"

const char *json_skip(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
        at++;
    return at;
}

/* Behind the string that begins at `at`; NULL when it does not end. */
static const char *skip_string(const char *at, const char *end)
{
    for (at++; at < end; at++) {
        if (*at == '\\')
            at++;
        else if (*at == '"')
            return at + 1;
    }
    return NULL;
}

/* Brackets are counted, not matched: which of them belong together is the library's to say. */
static const char *skip_container(const char *at, const char *end)
{
    size_t depth = 0;

    while (at != NULL && at < end) {
        if (*at == '"') {
            at = skip_string(at, end);
            continue;
        }
        if (*at == '{' || *at == '[')
            depth++;
        else if ((*at == '}' || *at == ']') && --depth == 0)
            return at + 1;
        at++;
    }
    return NULL;
}

static const char *skip_value(const char *at, const char *end)
{
    if (at == end)
        return NULL;
    if (*at == '"')
        return skip_string(at, end);
    if (*at == '{' || *at == '[')
        return skip_container(at, end);
    while (at < end && memchr(",]} \t\r\n", *at, 8) == NULL)
        at++;
    return at;
}

bool json_begin(json_walk *walk, const char *text, size_t size, char open)
{
    memset(walk, 0, sizeof(*walk));
    walk->end = text + size;
    walk->at = json_skip(text, walk->end);
    if (walk->at == walk->end || *walk->at != open)
        return false;
    walk->at++;
    walk->close = open == '{' ? '}' : ']';
    walk->first = true;
    return true;
}

static bool stop(json_walk *walk)
{
    walk->close = 0;
    return false;
}

static bool take_key(json_walk *walk)
{
    const char *behind;

    if (walk->at == walk->end || *walk->at != '"' || (behind = skip_string(walk->at, walk->end)) == NULL)
        return false;
    walk->key = (json_part){walk->at, (size_t)(behind - walk->at)};
    walk->at = json_skip(behind, walk->end);
    if (walk->at == walk->end || *walk->at != ':')
        return false;
    walk->at = json_skip(walk->at + 1, walk->end);
    return true;
}

bool json_next(json_walk *walk)
{
    const char *behind;

    if (walk->close == 0)
        return false;
    walk->at = json_skip(walk->at, walk->end);
    if (walk->at == walk->end || *walk->at == walk->close)
        return stop(walk);
    if (!walk->first) {
        if (*walk->at != ',')
            return stop(walk);
        walk->at = json_skip(walk->at + 1, walk->end);
    }
    walk->first = false;
    if (walk->close == '}' && !take_key(walk))
        return stop(walk);
    behind = skip_value(walk->at, walk->end);
    if (behind == NULL || behind == walk->at)
        return stop(walk);
    walk->value = (json_part){walk->at, (size_t)(behind - walk->at)};
    walk->at = behind;
    return true;
}

bool json_is(json_part key, const char *name)
{
    size_t size = strlen(name);

    return key.size == size + 2 && memcmp(key.text + 1, name, size) == 0;
}

bool json_member(const char *text, size_t size, const char *name, json_part *value)
{
    json_walk walk;

    if (json_begin(&walk, text, size, '{'))
        while (json_next(&walk))
            if (json_is(walk.key, name)) {
                *value = walk.value;
                return true;
            }
    return false;
}

bool json_count(json_part value, uint64_t *number)
{
    uint64_t sum = 0;

    if (value.size == 0 || value.size > 20)
        return false;
    for (size_t i = 0; i < value.size; i++) {
        unsigned digit = (unsigned char)value.text[i] - (unsigned)'0';
        if (digit > 9 || sum > (UINT64_MAX - digit) / 10)
            return false;
        sum = sum * 10 + digit;
    }
    *number = sum;
    return true;
}

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return at;
}

const char *json_number_end(const char *text, const char *end)
{
    const char *digits = text < end && *text == '-' ? text + 1 : text;
    const char *at = skip_digits(digits, end), *more;

    if (at == digits || (*digits == '0' && at > digits + 1))
        return text;
    if (at < end && *at == '.') {
        more = skip_digits(at + 1, end);
        if (more == at + 1)
            return text;
        at = more;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        const char *power = at + 1 < end && (at[1] == '+' || at[1] == '-') ? at + 2 : at + 1;
        more = skip_digits(power, end);
        if (more == power)
            return text;
        at = more;
    }
    return at;
}

/* ---- strings ------------------------------------------------------------------------ */

static bool take_hex(const char *at, const char *end, uint32_t *unit)
{
    *unit = 0;
    if (end - at < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        char c = at[i];
        uint32_t digit = c >= '0' && c <= '9' ? (uint32_t)(c - '0')
                       : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                       : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10) : 16;
        if (digit == 16)
            return false;
        *unit = *unit << 4 | digit;
    }
    return true;
}

static size_t put_utf8(char *out, uint32_t point)
{
    size_t length = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const unsigned char lead[5] = {0, 0, 0xc0, 0xe0, 0xf0};

    for (size_t i = length; i-- > 1; point >>= 6)
        out[i] = (char)(0x80 | (point & 0x3f));
    out[0] = (char)(lead[length] | point);
    return length;
}

/* Behind the escape \uXXXX (or the two of a pair) at `at`; NULL when it is none. */
static const char *take_unicode(const char *at, const char *end, uint32_t *point)
{
    uint32_t low;

    if (!take_hex(at + 2, end, point))
        return NULL;
    at += 6;
    if (*point < 0xd800 || *point > 0xdfff)
        return at;
    if (*point > 0xdbff || end - at < 6 || at[0] != '\\' || at[1] != 'u' || !take_hex(at + 2, end, &low) ||
        low < 0xdc00 || low > 0xdfff)
        return NULL;
    *point = 0x10000 + ((*point - 0xd800) << 10) + (low - 0xdc00);
    return at + 6;
}

static const char *take_escape(const char *at, const char *end, uint32_t *point)
{
    static const char names[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
    const char *name;

    if (end - at < 2)
        return NULL;
    if (at[1] == 'u')
        return take_unicode(at, end, point);
    name = memchr(names, at[1], sizeof(names) - 1);
    if (name == NULL)
        return NULL;
    *point = (unsigned char)means[name - names];
    return at + 2;
}

char *json_text(json_part string, size_t *size)
{
    const char *at = string.text + 1, *end = string.text + string.size - 1;
    uint32_t    point;
    size_t      used = 0;
    char       *out;

    if (string.size < 2 || string.text[0] != '"' || *end != '"')
        return NULL;
    out = tool_alloc(string.size);
    while (at != NULL && at < end) {
        if (*at != '\\') {
            out[used++] = *at++;
            continue;
        }
        at = take_escape(at, end, &point);
        if (at != NULL)
            used += put_utf8(out + used, point);
    }
    if (at == NULL) {
        free(out);
        return NULL;
    }
    out[used] = '\0';
    if (size != NULL)
        *size = used;
    return out;
}

void json_put(FILE *out, const char *text, size_t size)
{
    putc('"', out);
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c < 0x20)
            fprintf(out, "\\u%04x", c);
        else
            putc(c, out);
    }
    putc('"', out);
}
