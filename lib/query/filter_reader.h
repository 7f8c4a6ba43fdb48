/* filter_reader.h -- a filter text read from left to right: words, signs, paths, literals, and where it is wrong. */
#ifndef KX_QUERY_FILTER_READER_H
#define KX_QUERY_FILTER_READER_H

#include "query/query_impl.h"

typedef struct kx_query_reader {
    kx_query_memory *memory;
    const char *text, *at, *end;
    size_t argument_count; /* each ? so far */
    size_t depth;          /* parentheses around what is read */
    const char *counted;   /* up to here, where `column` is */
    unsigned column;
} kx_query_reader;

/* Columns count characters, from 1. Asked for in order, they cost one pass over the text in all. */
unsigned kx_query__column(kx_query_reader *reader, const char *at);
int kx_query__wrong(kx_query_reader *reader, const char *at, const char *what);

static inline bool kx_query__is_word_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           byte == '_' || byte == '$' || (uint8_t)byte >= 0x80;
}

/* What stands at the reader's place. What is taken goes, with the blanks behind it. */
void kx_query__skip_blanks(kx_query_reader *reader);
size_t kx_query__word_size(const kx_query_reader *reader); /* 0: no word */
bool kx_query__is_word(const kx_query_reader *reader, const char *word);
bool kx_query__take_word(kx_query_reader *reader, const char *word);
bool kx_query__take_sign(kx_query_reader *reader, const char *sign);
int kx_query__take_path(kx_query_reader *reader, const char **path);

/* A literal, ? or now(); several as the operand of a node: "[1, ?]" or "?"; "1 and ?". */
int kx_query__take_value(kx_query_reader *reader, kx_value *value);
int kx_query__take_list(kx_query_reader *reader, kx_query_node *node);
int kx_query__take_pair(kx_query_reader *reader, kx_query_node *node);

#endif
