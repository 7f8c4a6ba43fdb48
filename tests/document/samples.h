/* samples.h -- random documents, and bytes where a sanitizer sees one step too far. */
#ifndef KX_TESTS_DOCUMENT_SAMPLES_H
#define KX_TESTS_DOCUMENT_SAMPLES_H

#include "document/document.h"
#include "support.h"

/* The same value twice: in canonical form, and with lengths, integers, reals and timestamps in any valid form. */
typedef struct sample {
    kx_buf canonical, wild;
} sample;

typedef struct sample_shape {
    unsigned depth;         /* containers around each other, at most */
    unsigned members;       /* of one container, at most */
    unsigned text;          /* bytes of one text, at most */
    bool     plain;         /* only what msgpack-c's objects can hold and compare: no NaN */
} sample_shape;

extern const sample_shape sample_small, sample_usual;

/* A random document (a map), or with `any` a random value. */
void sample_make(sample *made, uint64_t *state, sample_shape shape, bool any);
void sample_free(sample *made);

/* A document with `depth` arrays or maps inside each other, a number in the last. The outermost is a map. */
void sample_deep(kx_buf *out, unsigned depth, bool maps);

/* A copy in a block of exactly its size; free() it. Not NULL for size 0 either. */
uint8_t *exact_copy(kx_slice bytes);

/* Walk all of it through every reader, decoding all. False as soon as one calls it malformed. */
bool walk_all(kx_slice item);

/* Hex as text ("82 a1 61") to bytes appended. */
void add_hex(kx_buf *out, const char *hex);
kx_slice hex(const char *hex);          /* lives until the test program ends */

/* The text that a failing call left; "" when it left none. */
const char *text_of(int rc);

#define ck_bytes_eq(a, b)                                                                                        \
    do {                                                                                                         \
        kx_slice ck_a = (a), ck_b = (b);                                                                         \
        ck_assert_uint_eq(ck_a.size, ck_b.size);                                                                 \
        if (ck_b.size > 0)                                                                                       \
            ck_assert_mem_eq(ck_a.data, ck_b.data, ck_b.size);                                                   \
    } while (0)

#endif
