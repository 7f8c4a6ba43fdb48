/* oracle.c -- what oracle.h promises. */
#include "query/oracle.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- memory ---------------------------------------------------------------------------- */

typedef struct piece {
    struct piece *next;
    char bytes[];
} piece;
static piece *pieces;

char *oracle_bytes(size_t size)
{
    piece *made = malloc(sizeof *made + size);
    made->next = pieces;
    pieces = made;
    return made->bytes;
}

void oracle_forget(void)
{
    while (pieces != NULL) {
        piece *next = pieces->next;
        free(pieces);
        pieces = next;
    }
}

/* ---- random values ------------------------------------------------------------------------- */

static const uint8_t map_bytes[] = {0x81, 0xa1, 'k', 0x01};

/* Texts that share hundreds of bytes, so that keys of any index are shortened, and some just not. */
kx_value oracle_long_text(uint64_t *state)
{
    static const size_t sizes[] = {470, 480, 487, 488, 493, 494, 495, 496, 500,
                                   502, 503, 504, 509, 510, 511, 512, 600, 1500};
    size_t size = sizes[kxt_random_below(state, sizeof sizes / sizeof *sizes)];
    char *bytes = oracle_bytes(size);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)('a' + (i < size - 1 ? i : kxt_random_below(state, 3)) % 3);
    if (kxt_random_below(state, 2) == 0 && size > 497)
        bytes[497] = (char)('a' + kxt_random_below(state, 3));
    return kx_text_n(bytes, size);
}

kx_value oracle_number(uint64_t *state)
{
    static const double reals[] = {0.0,
                                   -0.0,
                                   1.0,
                                   1.5,
                                   -1.5,
                                   2.0,
                                   1e300,
                                   -1e300,
                                   9007199254740992.0,
                                   9223372036854775808.0,
                                   18446744073709551616.0};
    static const int64_t integers[] = {0, 1, -1, 2, 3, 255, 9007199254740992, 9007199254740993, INT64_MAX, INT64_MIN};
    switch (kxt_random_below(state, 8)) {
    case 0: return kx_real(reals[kxt_random_below(state, 11)]);
    case 1: return kx_int(integers[kxt_random_below(state, 10)]);
    case 2: return kx_uint(UINT64_MAX - kxt_random_below(state, 2));
    case 3: return kx_real(NAN);
    case 4: return kx_real(kxt_random_below(state, 2) ? INFINITY : -INFINITY);
    default: return kx_int((int64_t)kxt_random_below(state, 6));
    }
}

static kx_value short_text(uint64_t *state)
{
    static const char *const texts[] = {"",  "a", "A",  "ab",       "aB",         "abc",
                                        "b", "1", "a%", "\xc3\xa4", "a\xc3\xa4z", "Z\"\\"};
    return kx_text(texts[kxt_random_below(state, sizeof texts / sizeof *texts)]);
}

kx_value oracle_scalar(uint64_t *state)
{
    switch (kxt_random_below(state, 12)) {
    case 0: return kx_null();
    case 1: return kx_bool(kxt_random_below(state, 2) != 0);
    case 2:
    case 3:
    case 4: return oracle_number(state);
    case 5:
    case 6:
    case 7: return short_text(state);
    case 8: return oracle_long_text(state);
    case 9: return kx_binary("abc", kxt_random_below(state, 4));
    case 10: return kx_time((int64_t)kxt_random_below(state, 3) - 1, (uint32_t)kxt_random_below(state, 2) * 500000000);
    default:
        return kxt_random_below(state, 2) ? kx_ext(5, "xy", 1 + kxt_random_below(state, 2))
                                          : kx_msgpack(map_bytes, sizeof map_bytes);
    }
}

value oracle_value(uint64_t *state, bool array)
{
    value made = {.kx = kx_null()};
    uint64_t kind = kxt_random_below(state, 8);
    if (kind == 0)
        made.kx = (kx_value){0};
    else if (!array && kind > 1)
        made.kx = oracle_scalar(state);
    else if (array && kind > 1) {
        made.is_array = true;
        made.count = kxt_random_below(state, ELEMENTS + 1);
        for (size_t i = 0; i < made.count; i++)
            made.elements[i] = oracle_scalar(state);
    }
    return made;
}

kx_value oracle_pattern(uint64_t *state)
{
    static const char *const patterns[] = {"%", "a%",  "A%",  "%b",  "%B",   "_",       "a_",    "%a%",        "a\\%",
                                           "",  "_b%", "abc", "%_%", "ab%c", "abcabc%", "ABCA%", "%\xc3\xa4%", "%\\\\"};
    if (kxt_random_below(state, 4) > 0)
        return kx_text(patterns[kxt_random_below(state, sizeof patterns / sizeof *patterns)]);
    kx_value made = oracle_long_text(state);
    char *bytes = (char *)(uintptr_t)made.data;
    bytes[made.size - 1] = '%';
    return made;
}

/* ---- arrays as MessagePack ------------------------------------------------------------------------- *
 * In long forms: the library makes them canonical. In front of the bytes stands what they are of.          */

static char *put_number(char *out, uint64_t bits, int size)
{
    for (int i = size - 1; i >= 0; i--)
        *out++ = (char)(bits >> 8 * i);
    return out;
}

static char *put_tag(char *out, uint8_t tag)
{
    *out = (char)tag;
    return out + 1;
}

static char *put_bytes(char *out, const kx_value *v)
{
    memcpy(out, v->data, v->size);
    return out + v->size;
}

static char *put(char *out, const kx_value *v)
{
    uint64_t bits;
    switch (v->type) {
    case KX_TYPE_NULL: return put_tag(out, 0xc0);
    case KX_TYPE_BOOL: return put_tag(out, v->integer ? 0xc3 : 0xc2);
    case KX_TYPE_INT: return put_number(put_tag(out, 0xd3), (uint64_t)v->integer, 8);
    case KX_TYPE_UINT: return put_number(put_tag(out, 0xcf), (uint64_t)v->integer, 8);
    case KX_TYPE_REAL: memcpy(&bits, &v->real, 8); return put_number(put_tag(out, 0xcb), bits, 8);
    case KX_TYPE_TEXT: return put_bytes(put_number(put_tag(out, 0xda), v->size, 2), v);
    case KX_TYPE_BINARY: return put_bytes(put_number(put_tag(out, 0xc5), v->size, 2), v);
    case KX_TYPE_TIME:
        out = put_tag(put_tag(put_tag(out, 0xc7), 12), 0xff);
        return put_number(put_number(out, (uint32_t)v->extra, 4), (uint64_t)v->integer, 8);
    case KX_TYPE_EXT:
        out = put_tag(put_tag(out, v->size == 1 ? 0xd4 : 0xd5), (uint8_t)v->extra);
        return put_bytes(out, v);
    default: return put_bytes(out, v);
    }
}

kx_value oracle_array(const value *array)
{
    size_t room = 1;
    for (size_t i = 0; i < array->count; i++)
        room += 20 + array->elements[i].size;
    char *bytes = oracle_bytes(sizeof *array + room), *out = bytes + sizeof *array;
    memcpy(bytes, array, sizeof *array);
    *out++ = (char)(0x90 + array->count);
    for (size_t i = 0; i < array->count; i++)
        out = put(out, &array->elements[i]);
    out = bytes + sizeof *array;
    return kx_msgpack(out, room);
}

/* ---- order --------------------------------------------------------------------------------------------- */

int oracle_class(kx_type type)
{
    switch (type) {
    case KX_TYPE_NONE:
    case KX_TYPE_NULL: return 0;
    case KX_TYPE_BOOL: return 1;
    case KX_TYPE_INT:
    case KX_TYPE_UINT:
    case KX_TYPE_REAL: return 2;
    case KX_TYPE_TEXT: return 3;
    case KX_TYPE_BINARY: return 4;
    case KX_TYPE_TIME: return 5;
    default: return 6;
    }
}

static bool is_nan(const kx_value *v)
{
    return v->type == KX_TYPE_REAL && isnan(v->real);
}

/* Exact as 80-bit reals: they hold every 64-bit integer and every double. */
static int compare_numbers(const kx_value *left, const kx_value *right)
{
    long double numbers[2];
    const kx_value *both[2] = {left, right};
    if (is_nan(left) || is_nan(right))
        return (is_nan(right) ? 1 : 0) - (is_nan(left) ? 1 : 0);
    for (int i = 0; i < 2; i++)
        numbers[i] = both[i]->type == KX_TYPE_REAL   ? (long double)both[i]->real
                     : both[i]->type == KX_TYPE_UINT ? (long double)(uint64_t)both[i]->integer
                                                     : (long double)both[i]->integer;
    return (numbers[0] > numbers[1]) - (numbers[0] < numbers[1]);
}

static int compare_bytes(const void *left, size_t left_size, const void *right, size_t right_size)
{
    int order = memcmp(left, right, left_size < right_size ? left_size : right_size);
    return order != 0 ? order : (left_size > right_size) - (left_size < right_size);
}

/* The canonical bytes of the few extensions and maps that are made here. */
static size_t other_bytes(const kx_value *v, uint8_t *out)
{
    size_t size = 0;
    if (v->type == KX_TYPE_EXT) {
        out[size++] = v->size == 1 ? 0xd4 : 0xd5;
        out[size++] = (uint8_t)v->extra;
    }
    memcpy(out + size, v->data, v->size);
    return size + v->size;
}

int oracle_compare(const kx_value *left, const kx_value *right)
{
    uint8_t l[64], r[64];
    int class = oracle_class(left->type), other = oracle_class(right->type);
    if (class != other)
        return class - other;
    switch (class) {
    case 0: return 0;
    case 1: return (int)left->integer - (int)right->integer;
    case 2: return compare_numbers(left, right);
    case 3:
    case 4: return compare_bytes(left->data, left->size, right->data, right->size);
    case 5:
        return left->integer != right->integer ? (left->integer > right->integer ? 1 : -1) : left->extra - right->extra;
    default: {
        size_t left_size = other_bytes(left, l), right_size = other_bytes(right, r);
        return compare_bytes(l, left_size, r, right_size);
    }
    }
}

/* ---- operators ------------------------------------------------------------------------------------------- */

/* Elements of equal arrays have equal bytes: 1 is not 1.0 here, nor 0 -0. */
static bool same_bytes(const kx_value *left, const kx_value *right)
{
    if (left->type != right->type || oracle_compare(left, right) != 0)
        return false;
    return left->type != KX_TYPE_REAL || is_nan(left) || memcmp(&left->real, &right->real, 8) == 0;
}

static bool equals_array(const value *v, const kx_value *operand)
{
    value of;
    memcpy(&of, (const char *)operand->data - sizeof of, sizeof of);
    if (!v->is_array || v->count != of.count)
        return false;
    for (size_t i = 0; i < of.count; i++) {
        if (!same_bytes(&v->elements[i], &of.elements[i]))
            return false;
    }
    return true;
}

static bool is_null(const value *v)
{
    return !v->is_array && !v->is_map && oracle_class(v->kx.type) == 0;
}

static bool equals(const value *v, const kx_value *operand)
{
    if (operand->type == KX_TYPE_ARRAY)
        return equals_array(v, operand);
    return !v->is_array && !v->is_map && oracle_compare(&v->kx, operand) == 0;
}

static char folded(char byte, bool fold)
{
    return fold && byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

static bool like(const char *pattern, size_t pattern_size, const char *text, size_t size, bool fold)
{
    if (pattern_size == 0)
        return size == 0;
    if (*pattern == '%') {
        for (size_t i = 0; i <= size; i++) {
            if (like(pattern + 1, pattern_size - 1, text + i, size - i, fold))
                return true;
        }
        return false;
    }
    if (size == 0)
        return false;
    if (*pattern == '_') {
        size_t step = 1;
        while (step < size && ((uint8_t)text[step] & 0xc0) == 0x80)
            step++;
        return like(pattern + 1, pattern_size - 1, text + step, size - step, fold);
    }
    size_t escape = *pattern == '\\';
    return folded(pattern[escape], fold) == folded(*text, fold) &&
           like(pattern + 1 + escape, pattern_size - 1 - escape, text + 1, size - 1, fold);
}

static bool has_part(const kx_value *text, const kx_value *part)
{
    for (size_t i = 0; i + part->size <= text->size; i++) {
        if (memcmp((const char *)text->data + i, part->data, part->size) == 0)
            return true;
    }
    return false;
}

static bool in_order(kx_op op, const kx_value *v, const kx_value *operand)
{
    int order = oracle_compare(v, operand);
    if (oracle_class(v->type) != oracle_class(operand->type) || is_nan(v) || is_nan(operand))
        return false;
    return op == KX_LT ? order < 0 : op == KX_LE ? order <= 0 : op == KX_GT ? order > 0 : order >= 0;
}

static bool in_list(const value *v, const kx_value *list)
{
    const kx_value *items = list->data;
    for (size_t i = 0; i < list->size; i++) {
        if (equals(v, &items[i]))
            return true;
    }
    return false;
}

static bool contains(const value *v, const kx_value *operand)
{
    for (size_t i = 0; v->is_array && i < v->count; i++) {
        if (operand->type != KX_TYPE_ARRAY && oracle_compare(&v->elements[i], operand) == 0)
            return true;
    }
    return v->kx.type == KX_TYPE_TEXT && operand->type == KX_TYPE_TEXT && has_part(&v->kx, operand);
}

static bool matches_text(const char *text, size_t size, kx_op op, const kx_value *operand)
{
    size_t part = operand->size;
    switch (op) {
    case KX_LIKE:
    case KX_ILIKE: return like(operand->data, part, text, size, op == KX_ILIKE);
    case KX_PREFIX: return part <= size && memcmp(text, operand->data, part) == 0;
    default: return part <= size && memcmp(text + size - part, operand->data, part) == 0;
    }
}

bool oracle_matches(const value *v, kx_op op, bool negated, const kx_value *operand)
{
    bool alone = !v->is_array && !v->is_map, yes = operand->type == KX_TYPE_NONE || operand->integer != 0;
    const kx_value *bounds = operand->data;
    switch (op) {
    case KX_EQ: return equals(v, operand);
    case KX_NE: return !is_null(v) && !equals(v, operand);
    case KX_LT:
    case KX_LE:
    case KX_GT:
    case KX_GE: return alone && in_order(op, &v->kx, operand);
    case KX_BETWEEN: return alone && in_order(KX_GE, &v->kx, &bounds[0]) && in_order(KX_LE, &v->kx, &bounds[1]);
    case KX_IN: return negated ? !is_null(v) && !in_list(v, operand) : in_list(v, operand);
    case KX_LIKE:
    case KX_ILIKE:
    case KX_PREFIX:
    case KX_SUFFIX: return alone && v->kx.type == KX_TYPE_TEXT && matches_text(v->kx.data, v->kx.size, op, operand);
    case KX_IS_NULL: return is_null(v) == yes;
    case KX_PRESENT: return (!alone || v->kx.type != KX_TYPE_NONE) == yes;
    default: return contains(v, operand);
    }
}

/* ---- functions ---------------------------------------------------------------------------------------------- */

static value lower(const value *v)
{
    value made = {.kx = kx_null()};
    if (v->kx.type != KX_TYPE_TEXT)
        return made;
    char *bytes = oracle_bytes(v->kx.size);
    for (size_t i = 0; i < v->kx.size; i++)
        bytes[i] = folded(((const char *)v->kx.data)[i], true);
    made.kx = kx_text_n(bytes, v->kx.size);
    return made;
}

static int64_t code_points(const kx_value *text)
{
    int64_t count = 0;
    for (size_t i = 0; i < text->size; i++)
        count += (((const uint8_t *)text->data)[i] & 0xc0) != 0x80;
    return count;
}

value oracle_call(function called, const value *v)
{
    value made = {.kx = kx_null()};
    if (called == NO_FUNCTION)
        return *v;
    if (called == LOWER)
        return lower(v);
    if (v->is_array || v->is_map)
        made.kx = kx_int((int64_t)v->count);
    else if (v->kx.type == KX_TYPE_TEXT)
        made.kx = kx_int(code_points(&v->kx));
    else if (v->kx.type == KX_TYPE_BINARY)
        made.kx = kx_int((int64_t)v->kx.size);
    else if (v->kx.type == KX_TYPE_MAP)
        made.kx = kx_int(1);
    return made;
}

/* ---- literals --------------------------------------------------------------------------------------------------- */

static size_t text_literal(const kx_value *v, char *out)
{
    char *at = out;
    *at++ = '"';
    for (size_t i = 0; i < v->size; i++) {
        char byte = ((const char *)v->data)[i];
        if (byte == '"' || byte == '\\')
            *at++ = '\\';
        *at++ = byte;
    }
    *at++ = '"';
    return (size_t)(at - out);
}

static size_t real_literal(double real, char *out, size_t room)
{
    int size;
    if (isnan(real) || isinf(real))
        return (size_t)snprintf(out, room, "{\"$numberDouble\":\"%s\"}",
                                isnan(real) ? "NaN"
                                : real > 0  ? "Infinity"
                                            : "-Infinity");
    size = snprintf(out, room, "%.17g", real);
    if (strpbrk(out, ".e") == NULL)
        size += snprintf(out + size, room - (size_t)size, ".0");
    return (size_t)size;
}

static size_t array_literal(const kx_value *v, char *out, size_t room)
{
    value of;
    size_t used = 0;
    memcpy(&of, (const char *)v->data - sizeof of, sizeof of);
    out[used++] = '[';
    for (size_t i = 0; i < of.count; i++) {
        if (i > 0)
            out[used++] = ',';
        used += oracle_literal(&of.elements[i], out + used, room - used - 2);
    }
    out[used++] = ']';
    return used;
}

size_t oracle_literal(const kx_value *v, char *out, size_t room)
{
    static const char *const times[] = {"1969-12-31T23:59:59", "1970-01-01T00:00:00", "1970-01-01T00:00:01"};
    static const char *const base64[] = {"", "YQ==", "YWI=", "YWJj"};
    ck_assert(room > 100 && v->size < room / 2 - 100);
    switch (v->type) {
    case KX_TYPE_BOOL: return (size_t)snprintf(out, room, "%s", v->integer ? "true" : "false");
    case KX_TYPE_INT: return (size_t)snprintf(out, room, "%" PRId64, v->integer);
    case KX_TYPE_UINT:
        return (size_t)snprintf(out, room, "{\"$numberUnsigned\":\"%" PRIu64 "\"}", (uint64_t)v->integer);
    case KX_TYPE_REAL: return real_literal(v->real, out, room);
    case KX_TYPE_TEXT: return text_literal(v, out);
    case KX_TYPE_BINARY:
        return (size_t)snprintf(out, room, "{\"$binary\":{\"base64\":\"%s\",\"subType\":\"00\"}}", base64[v->size]);
    case KX_TYPE_TIME:
        return (size_t)snprintf(out, room, "{\"$date\":\"%s%sZ\"}", times[v->integer + 1], v->extra != 0 ? ".500" : "");
    case KX_TYPE_ARRAY: return array_literal(v, out, room);
    case KX_TYPE_MAP: return (size_t)snprintf(out, room, "{\"k\":1}");
    case KX_TYPE_EXT:
        return (size_t)snprintf(out, room, "{\"$ext\":{\"type\":5,\"base64\":\"%s\"}}", v->size == 1 ? "eA==" : "eHk=");
    default: return (size_t)snprintf(out, room, "null");
    }
}
