/* filter_reader.c -- reading a filter text: errors, words, paths. See filter_reader.h. */
#include <string.h>

#include "query/filter_reader.h"

/* ---- errors ------------------------------------------------------------------------------ */

unsigned kx_query__column(kx_query_reader *r, const char *at)
{
    if (at < r->counted) {
        r->counted = r->text;
        r->column = 1;
    }
    for (; r->counted < at; r->counted++)
        r->column += ((uint8_t)*r->counted & 0xc0) != 0x80;
    return r->column;
}

int kx_query__wrong(kx_query_reader *r, const char *at, const char *what)
{
    return kx_base__fail(KX_INVALID, "filter:%u: %s", kx_query__column(r, at), what);
}

/* ---- words ---------------------------------------------------------------------------------- */

void kx_query__skip_blanks(kx_query_reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r'))
        r->at++;
}

/* Names inside a path go on behind '.' and '['. */
size_t kx_query__word_size(const kx_query_reader *r)
{
    size_t size = 0;
    while (r->at + size < r->end && kx_query__is_word_byte(r->at[size]))
        size++;
    return size;
}

bool kx_query__is_word(const kx_query_reader *r, const char *word)
{
    size_t size = strlen(word);
    return kx_query__word_size(r) == size && memcmp(r->at, word, size) == 0;
}

bool kx_query__take_word(kx_query_reader *r, const char *word)
{
    if (!kx_query__is_word(r, word))
        return false;
    r->at += strlen(word);
    kx_query__skip_blanks(r);
    return true;
}

bool kx_query__take_sign(kx_query_reader *r, const char *sign)
{
    size_t size = strlen(sign);
    if ((size_t)(r->end - r->at) < size || memcmp(r->at, sign, size) != 0)
        return false;
    r->at += size;
    kx_query__skip_blanks(r);
    return true;
}

/* ---- paths ------------------------------------------------------------------------------------ */

static bool is_reserved(const kx_query_reader *r)
{
    static const char *const reserved[] = {"and", "or", "not", "true", "false", "null"};
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++) {
        if (kx_query__is_word(r, reserved[i]))
            return true;
    }
    return false;
}

/* Past a name in backquotes, or one of word bytes; false where there is none. */
static bool skip_name(kx_query_reader *r)
{
    if (r->at < r->end && *r->at == '`') {
        const char *at = r->at + 1;
        while (at < r->end && (*at != '`' || (at + 1 < r->end && at[1] == '`')))
            at += *at == '`' ? 2 : 1;
        if (at >= r->end)
            return false;
        r->at = at + 1;
        return true;
    }
    size_t size = kx_query__word_size(r);
    r->at += size;
    return size > 0;
}

static int skip_path(kx_query_reader *r)
{
    if (!skip_name(r))
        return kx_query__wrong(r, r->at, *r->at == '`' ? "this backquote has no partner" : "expected a path");
    while (r->at < r->end && (*r->at == '.' || *r->at == '[')) {
        if (*r->at++ == '.') {
            if (!skip_name(r))
                return kx_query__wrong(r, r->at, "expected a name behind '.'");
            continue;
        }
        while (r->at < r->end && *r->at >= '0' && *r->at <= '9')
            r->at++;
        if (r->at == r->end || *r->at != ']')
            return kx_query__wrong(r, r->at, "expected ']'");
        r->at++;
    }
    return KX_OK;
}

int kx_query__take_path(kx_query_reader *r, const char **path)
{
    const char *start = r->at;
    bool named = kx_query__word_size(r) > 0 || (r->at < r->end && *r->at == '`');
    if (!named || is_reserved(r))
        return kx_query__wrong(r, r->at, "expected a path");
    int rc = skip_path(r);
    if (rc != KX_OK)
        return rc;
    size_t size = (size_t)(r->at - start);
    char *copy = kx_query__alloc(r->memory, size + 1);
    if (copy == NULL)
        return KX_NOMEM;
    memcpy(copy, start, size);
    copy[size] = '\0';
    *path = copy;
    kx_query__skip_blanks(r);
    return KX_OK;
}
