/*
 * samples.h -- values to make keys of, and their order told in another way than the library's.
 */
#ifndef KX_TESTS_KEY_SAMPLES_H
#define KX_TESTS_KEY_SAMPLES_H

#include "key/key.h"

/* Constructors; what they point at lives as long as the process. */
kx_value sample_int(int64_t integer);
kx_value sample_uint(uint64_t integer);
kx_value sample_real(double real);
kx_value sample_bytes(kx_type type, const void *data, size_t size);
kx_value sample_time(int64_t seconds, int32_t nanoseconds);
kx_value sample_ext(int type, const void *data, size_t size);
kx_value sample_repeated(kx_type type, const char *unit, size_t size);

/* All boundaries: of every type, of every length of a number, of escapes, of types against each other. */
size_t sample_table(const kx_value **values);

/* A random value; and one that is close to `value`, or equal to it in another type. */
kx_value sample_random(uint64_t *random);
kx_value sample_neighbour(uint64_t *random, const kx_value *value);

/*
 * The order of values, -1, 0 or 1: numbers by exponent and mantissa of 64 bits, which every integer and every double
 * has; extensions packed by msgpack-c.
 */
int sample_order(const kx_value *left, const kx_value *right);

/* What a value is, for the message of a failed test; one of two buffers in turn. */
const char *sample_text(const kx_value *value);

/* -1, 0 or 1. */
static inline int sample_sign(int order) { return (order > 0) - (order < 0); }

/* Order of keys as LMDB has it: bytes, then length. */
int sample_key_order(kx_slice left, kx_slice right);

#endif
