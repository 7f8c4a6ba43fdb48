/* filter_reader.c -- reading a filter text: errors, words, paths. See filter_reader.h. */
#include <string.h>

#include "query/filter_reader.h"

/* ---- errors ------------------------------------------------------------------------------ */

unsigned kx_query__column(const char *text, size_t place)
{
    unsigned column = 1;
    for (size_t i = 0; i + 1 < place; i++)
        column += ((uint8_t)text[i] & 0xc0) != 0x80;
    return column;
}

int kx_query__wrong(const kx_query_reader *r, const char *at, const char *what)
{
    return kx_base__fail(KX_INVALID, "filter:%u: %s", kx_query__column(r->text, kx_query__place_of(r, at)), what);
}

/* ---- words ---------------------------------------------------------------------------------- */

/* Names inside a path go on behind '.' and '['. */
void kx_query__measure_word(kx_query_reader *r)
{
    const char *end = r->at;
    while (end < r->end && kx_query__is_word_byte(*end))
        end++;
    r->word = r->at;
    r->word_size = (size_t)(end - r->at);
}

/* ---- paths ------------------------------------------------------------------------------------ */

static bool is_reserved(kx_query_reader *r)
{
    return kx_query__is_word(r, "and") || kx_query__is_word(r, "or") || kx_query__is_word(r, "not") ||
           kx_query__is_word(r, "true") || kx_query__is_word(r, "false") || kx_query__is_word(r, "null");
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
    kx_query__measure_word(r);
    r->at += r->word_size;
    return r->word_size > 0;
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
    bool quoted = r->at < r->end && *r->at == '`';
    if (is_reserved(r) || (r->word_size == 0 && !quoted))
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
