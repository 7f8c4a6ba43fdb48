/*
 * key_compare.c -- the order of keys, without keys.
 *
 * Integers and reals are compared as the numbers they are: a double is never rounded to an integer or an integer to a
 * double, since 2^53 and 2^53 + 1 would then be one.
 */
#include "key/key_impl.h"

#include <math.h>
#include <string.h>

enum { CLASS_NULL, CLASS_BOOL, CLASS_NUMBER, CLASS_TEXT, CLASS_BINARY, CLASS_TIME, CLASS_OTHER };

int kx_key__class(kx_type type)
{
    switch (type) {
    case KX_TYPE_BOOL:   return CLASS_BOOL;
    case KX_TYPE_INT:
    case KX_TYPE_UINT:
    case KX_TYPE_REAL:   return CLASS_NUMBER;
    case KX_TYPE_TEXT:   return CLASS_TEXT;
    case KX_TYPE_BINARY: return CLASS_BINARY;
    case KX_TYPE_TIME:   return CLASS_TIME;
    case KX_TYPE_ARRAY:
    case KX_TYPE_MAP:
    case KX_TYPE_EXT:    return CLASS_OTHER;
    default:             return CLASS_NULL;
    }
}

#define ORDER(left, right) (((left) > (right)) - ((left) < (right)))

/* NaN is below all and equals itself. */
static int compare_reals(double left, double right)
{
    if (isnan(left) || isnan(right))
        return ORDER(!isnan(left), !isnan(right));
    return ORDER(left, right);
}

/* Both are magnitudes of the same sign; the real is below 2^64 and may have a fraction. */
static int compare_magnitudes(uint64_t integer, double real)
{
    uint64_t whole = (uint64_t)real;
    if (integer != whole)
        return ORDER(integer, whole);
    return real > (double)whole ? -1 : 0;
}

static int compare_integer_to_real(bool negative, uint64_t magnitude, double real)
{
    if (isnan(real) || real <= -KX_KEY_TWO_64)
        return 1;
    if (real >= KX_KEY_TWO_64)
        return -1;
    if (negative != (real < 0))
        return negative ? -1 : 1;
    return negative ? -compare_magnitudes(magnitude, -real) : compare_magnitudes(magnitude, real);
}

static int compare_numbers(const kx_value *left, const kx_value *right)
{
    if (left->type == KX_TYPE_REAL) {
        if (right->type == KX_TYPE_REAL)
            return compare_reals(left->real, right->real);
        return -compare_numbers(right, left);
    }
    bool negative = left->type == KX_TYPE_INT && left->integer < 0;
    uint64_t magnitude = negative ? -(uint64_t)left->integer : (uint64_t)left->integer;
    if (right->type == KX_TYPE_REAL)
        return compare_integer_to_real(negative, magnitude, right->real);
    bool right_negative = right->type == KX_TYPE_INT && right->integer < 0;
    if (negative != right_negative)
        return negative ? -1 : 1;
    return ORDER((uint64_t)left->integer, (uint64_t)right->integer);
}

static int compare_bytes(const void *left, size_t left_size, const void *right, size_t right_size)
{
    size_t size = left_size < right_size ? left_size : right_size;
    int order = size > 0 ? memcmp(left, right, size) : 0;
    return order != 0 ? ORDER(order, 0) : ORDER(left_size, right_size);
}

/* MessagePack in two pieces: an extension's header, which its value lacks, and the rest. */
typedef struct pieces {
    uint8_t        header[KX_KEY_EXT_HEADER];
    size_t         header_size;
    const uint8_t *data;
    size_t         size;
} pieces;

static void take_pieces(const kx_value *value, pieces *out)
{
    out->header_size = 0;
    if (value->type == KX_TYPE_EXT)
        out->header_size = kx_key__ext_header(value->extra, value->size, out->header);
    out->data = value->data;
    out->size = value->size;
}

/*
 * The first byte of a header is the first byte of nothing else, and headers with the same first byte have the same
 * size: so headers are compared whole, against each other or against the first byte of an array or map.
 */
static int compare_others(const kx_value *left, const kx_value *right)
{
    pieces l, r;
    take_pieces(left, &l);
    take_pieces(right, &r);
    if (l.header_size == 0 && r.header_size == 0)
        return compare_bytes(l.data, l.size, r.data, r.size);
    if (l.header_size == 0)
        return compare_bytes(l.data, l.size > 0, r.header, 1);
    if (r.header_size == 0)
        return compare_bytes(l.header, 1, r.data, r.size > 0);
    int order = compare_bytes(l.header, l.header_size, r.header, r.header_size);
    return order != 0 ? order : compare_bytes(l.data, l.size, r.data, r.size);
}

static int compare_times(const kx_value *left, const kx_value *right)
{
    if (left->integer != right->integer)
        return ORDER(left->integer, right->integer);
    return ORDER(left->extra, right->extra);
}

int kx_key__compare(const kx_value *left, const kx_value *right)
{
    if (left->type == KX_TYPE_INT && right->type == KX_TYPE_INT)
        return ORDER(left->integer, right->integer);
    int class = kx_key__class(left->type), other = kx_key__class(right->type);
    if (class != other)
        return ORDER(class, other);
    switch (class) {
    case CLASS_BOOL:   return ORDER(left->integer != 0, right->integer != 0);
    case CLASS_NUMBER: return compare_numbers(left, right);
    case CLASS_TEXT:
    case CLASS_BINARY: return compare_bytes(left->data, left->size, right->data, right->size);
    case CLASS_TIME:   return compare_times(left, right);
    case CLASS_OTHER:  return compare_others(left, right);
    default:           return 0;
    }
}
