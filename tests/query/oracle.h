/*
 * oracle.h -- what the tables of doc/query.md say, written from them and from nothing else: random values, whether a
 * condition holds of one, in which order two stand, and both as filter text.
 */
#ifndef KX_TESTS_QUERY_ORACLE_H
#define KX_TESTS_QUERY_ORACLE_H

#include <lmdbkenobix.h>

#include "support.h"

enum { ELEMENTS = 3 };

/* A value of a document: one that stands alone, an array of such, or a map with so many members. Integers and reals are
   compared by hand, not as doubles. */
typedef struct value {
    kx_value kx; /* type 0: missing */
    bool is_array, is_map;
    size_t count;
    kx_value elements[ELEMENTS];
} value;

typedef enum function { NO_FUNCTION, LEN, LOWER } function;

/* Values that meet often; texts among them that are longer than a key. What they point at lives until the next
   oracle_forget(). */
kx_value oracle_number(uint64_t *state);
kx_value oracle_scalar(uint64_t *state);
kx_value oracle_long_text(uint64_t *state);
kx_value oracle_pattern(uint64_t *state);
value oracle_value(uint64_t *state, bool array);
kx_value oracle_array(const value *array); /* as MessagePack */
char *oracle_bytes(size_t size);
void oracle_forget(void);

/* 0: null and missing; then the types in their order. */
int oracle_class(kx_type type);
int oracle_compare(const kx_value *left, const kx_value *right);

/* Does "value op operand" hold? `negated`: "not in". */
bool oracle_matches(const value *v, kx_op op, bool negated, const kx_value *operand);
value oracle_call(function called, const value *v);

/* The literal of a value, into `out` of `room` bytes; returns its length. */
size_t oracle_literal(const kx_value *v, char *out, size_t room);

#endif
