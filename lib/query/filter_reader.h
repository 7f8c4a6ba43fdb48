/* filter_reader.h -- a filter text read from left to right: words, signs, paths, literals, and where it is wrong. */
#ifndef KX_QUERY_FILTER_READER_H
#define KX_QUERY_FILTER_READER_H

#include <string.h>

#include "query/query_impl.h"

typedef struct kx_query_reader {
    kx_query_memory *memory;
    const char *text, *at, *end;
    size_t argument_count; /* each ? so far */
    size_t depth;          /* parentheses around what is read */
    const char *word;      /* where a word was measured last */
    size_t word_size;
} kx_query_reader;

static inline uint32_t kx_query__place_of(const kx_query_reader *reader, const char *at)
{
    return (uint32_t)(at - reader->text) + 1;
}

int kx_query__wrong(const kx_query_reader *reader, const char *at, const char *what);

static inline bool kx_query__is_word_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           byte == '_' || byte == '$' || (uint8_t)byte >= 0x80;
}

/* What stands at the reader's place. What is taken goes, with the blanks behind it. A word is measured once, however often
   it is compared. */
void kx_query__measure_word(kx_query_reader *reader);

static inline void kx_query__skip_blanks(kx_query_reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r'))
        r->at++;
}

static inline bool kx_query__is_word(kx_query_reader *r, const char *word)
{
    size_t size = strlen(word);
    if (r->word != r->at)
        kx_query__measure_word(r);
    return r->word_size == size && memcmp(r->at, word, size) == 0;
}

static inline bool kx_query__take_word(kx_query_reader *r, const char *word)
{
    if (!kx_query__is_word(r, word))
        return false;
    r->at += r->word_size;
    kx_query__skip_blanks(r);
    return true;
}

static inline bool kx_query__take_sign(kx_query_reader *r, const char *sign)
{
    size_t size = strlen(sign);
    if ((size_t)(r->end - r->at) < size || memcmp(r->at, sign, size) != 0)
        return false;
    r->at += size;
    kx_query__skip_blanks(r);
    return true;
}

int kx_query__take_path(kx_query_reader *reader, const char **path);

/* A literal, ? or now(); several as the operand of a node: "[1, ?]" or "?"; "1 and ?". */
int kx_query__take_value(kx_query_reader *reader, kx_value *value);
int kx_query__take_list(kx_query_reader *reader, kx_query_node *node);
int kx_query__take_pair(kx_query_reader *reader, kx_query_node *node);

#endif
