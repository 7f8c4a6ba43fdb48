/*
 * samples.c -- see samples.h.
 */
#include "key/samples.h"

#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <msgpack.h>

#include "support.h"

/* ---- constructors --------------------------------------------------------- */

/* Kept in a list, so that nothing counts as lost. */
static void *keep(const void *data, size_t size)
{
    static struct kept { struct kept *next; uint8_t bytes[]; } *kept;
    struct kept *entry = malloc(sizeof *entry + size);
    if (entry == NULL)
        abort();
    if (size > 0)
        memcpy(entry->bytes, data, size);
    entry->next = kept;
    kept = entry;
    return entry->bytes;
}

kx_value sample_int(int64_t integer)
{
    return (kx_value){.type = KX_TYPE_INT, .integer = integer};
}

kx_value sample_uint(uint64_t integer)
{
    return (kx_value){.type = KX_TYPE_UINT, .integer = (int64_t)integer};
}

kx_value sample_real(double real)
{
    return (kx_value){.type = KX_TYPE_REAL, .real = real};
}

kx_value sample_bytes(kx_type type, const void *data, size_t size)
{
    return (kx_value){.type = type, .data = keep(data, size), .size = size};
}

kx_value sample_time(int64_t seconds, int32_t nanoseconds)
{
    return (kx_value){.type = KX_TYPE_TIME, .integer = seconds, .extra = nanoseconds};
}

kx_value sample_ext(int type, const void *data, size_t size)
{
    kx_value value = sample_bytes(KX_TYPE_EXT, data, size);
    value.extra = type;
    return value;
}

kx_value sample_repeated(kx_type type, const char *unit, size_t size)
{
    uint8_t *bytes = malloc(size + 1);
    if (bytes == NULL)
        abort();
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)unit[i % strlen(unit)];
    kx_value value = sample_bytes(type, bytes, size);
    free(bytes);
    return value;
}

/* ---- the table of boundaries ------------------------------------------------ */

enum { TABLE_SIZE = 6000 };

static kx_value table[TABLE_SIZE];
static size_t   table_size;

static void put(kx_value value)
{
    if (table_size == TABLE_SIZE)
        abort();
    table[table_size++] = value;
}

/* A real, both its neighbours, and all of them negative. */
static void put_reals_around(double real)
{
    double around[] = {real, nextafter(real, INFINITY), nextafter(real, -INFINITY), real + 1, real - 1};
    for (size_t i = 0; i < sizeof around / sizeof *around; i++) {
        put(sample_real(around[i]));
        put(sample_real(-around[i]));
    }
}

static void put_numbers(void)
{
    for (unsigned bit = 0; bit < 64; bit++) {
        for (uint64_t off = 0; off < 3; off++) {
            uint64_t number = (UINT64_C(1) << bit) + off - 1;
            if (number <= INT64_MAX) {
                put(sample_int((int64_t)number));
                put(sample_int(-(int64_t)number));
            } else {
                put(sample_uint(number));
            }
        }
    }
    put(sample_int(INT64_MIN));
    put(sample_uint(UINT64_MAX));
    put(sample_uint(UINT64_MAX - 1));
    put(sample_uint(UINT64_MAX - 1023));
    put(sample_uint(UINT64_MAX - 2047));
    for (int exponent = -1074; exponent < 1024; exponent += exponent < -3 || exponent > 66 ? 37 : 1)
        put_reals_around(ldexp(1, exponent));
    static const double reals[] = {0.0, -0.0, DBL_MIN, DBL_MAX, INFINITY, 0.1, 0.9, 1.5, 100.25, 127.5, 63.5,
                                   4503599627370495.5};
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++)
        put_reals_around(reals[i]);
    put(sample_real((double)NAN));
    put(sample_real(-(double)NAN));
    uint64_t payload = UINT64_C(0x7ff0000000000001);
    double signalling;
    memcpy(&signalling, &payload, sizeof signalling);
    put(sample_real(signalling));
}

static void put_texts(kx_type type)
{
    static const char *const starts[] = {"", "a", "b", "abcdefg", "abcdefgh", "abcdefghi"};
    static const struct { const char *bytes; size_t size; } ends[] = {
        {"", 0}, {"\0", 1}, {"\1", 1}, {"\2", 1}, {"\0\0", 2}, {"\0\1", 2}, {"\0\2", 2}, {"\1\0", 2}, {"\1\1", 2},
        {"\1\2", 2}, {"\2\0", 2}, {"\0a", 2}, {"\1a", 2}, {"\x7f", 1}, {"\xc3\xb6", 2}, {"\xf4\x8f\xbf\xbf", 4},
        {"\0\0\0\0\0\0\0\0", 8}, {"\xff", 1}, {"\xff\xff", 2}, {"\xfe", 1}, {"\x80", 1},
    };
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        for (size_t j = 0; j < sizeof ends / sizeof *ends; j++) {
            char bytes[32];
            size_t size = strlen(starts[i]);
            memcpy(bytes, starts[i], size);
            memcpy(bytes + size, ends[j].bytes, ends[j].size);
            if (type == KX_TYPE_BINARY || kx_base__utf8(bytes, size + ends[j].size))
                put(sample_bytes(type, bytes, size + ends[j].size));
        }
    }
    for (size_t size = 60; size <= 70; size++)
        put(sample_repeated(type, "x", size));
    put(sample_repeated(type, "abcdefg\1", 200));
    put(sample_repeated(type, "abcdefg\1", 199));
    put(sample_repeated(type, "\1\2\3", 300));
}

static void put_others(void)
{
    static const struct { kx_type type; const char *bytes; size_t size; } others[] = {
        {KX_TYPE_ARRAY, "\x90", 1}, {KX_TYPE_ARRAY, "\x91\x01", 2}, {KX_TYPE_ARRAY, "\x91\x00", 2},
        {KX_TYPE_ARRAY, "\x92\x01\x02", 3}, {KX_TYPE_ARRAY, "\x91\xa1z", 3},
        {KX_TYPE_ARRAY, "\x91\xcb\x3f\xf0\0\0\0\0\0\0", 10},
        {KX_TYPE_MAP, "\x80", 1}, {KX_TYPE_MAP, "\x81\xa1""a\x01", 4}, {KX_TYPE_MAP, "\x81\xa1""a\x00", 4},
        {KX_TYPE_MAP, "\x82\xa1""a\x01\xa1""b\xc0", 7}, {KX_TYPE_MAP, "\x81\xa0\xa0", 3},
    };
    static const size_t sizes[] = {0, 1, 2, 3, 4, 5, 8, 12, 15, 16, 17, 31, 255, 256};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        put(sample_bytes(others[i].type, others[i].bytes, others[i].size));
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (int type = -128; type <= 127; type += 51) {
            kx_value value = sample_repeated(KX_TYPE_EXT, "\1\1\2", sizes[i]);
            value.extra = type;
            put(value);
        }
    }
    put(sample_ext(5, "\0", 1));
    put(sample_ext(5, "\377", 1));
    put(sample_repeated(KX_TYPE_EXT, "e", 65535));
    put(sample_repeated(KX_TYPE_EXT, "e", 65536));
}

static void put_times(void)
{
    static const int64_t seconds[] = {0, 1, -1, 255, 256, -256, INT64_MAX, INT64_MIN, INT64_C(1) << 34, 1700000000};
    static const int32_t nanoseconds[] = {0, 1, 256, 999999999};
    for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++) {
        for (size_t j = 0; j < sizeof nanoseconds / sizeof *nanoseconds; j++)
            put(sample_time(seconds[i], nanoseconds[j]));
    }
}

size_t sample_table(const kx_value **values)
{
    if (table_size == 0) {
        put((kx_value){0});
        put((kx_value){.type = KX_TYPE_NULL});
        put((kx_value){.type = KX_TYPE_BOOL, .integer = 0});
        put((kx_value){.type = KX_TYPE_BOOL, .integer = 1});
        put_numbers();
        put_texts(KX_TYPE_TEXT);
        put_texts(KX_TYPE_BINARY);
        put_times();
        put_others();
        put(sample_bytes(KX_TYPE_TEXT, NULL, 0));
        put((kx_value){.type = KX_TYPE_TEXT});
    }
    *values = table;
    return table_size;
}

/* ---- random values ----------------------------------------------------------- *
 * Short random texts share one room that is used in turn: a pair at a time is compared, not more than four values.   */

static kx_value random_text(uint64_t *random, kx_type type)
{
    static uint8_t rooms[8][256];
    static unsigned turn;
    static const uint8_t letters[] = {0, 1, 2, 'a', 'b', 0x7f};
    uint8_t *room = rooms[turn++ % 8];
    size_t size = (size_t)kxt_random_below(random, kxt_random_below(random, 8) == 0 ? 200 : 12);
    for (size_t i = 0; i < size; i++) {
        uint64_t letter = kxt_random_below(random, sizeof letters);
        room[i] = type == KX_TYPE_BINARY ? (uint8_t)kxt_random(random) : letters[letter];
    }
    return (kx_value){.type = type, .data = room, .size = size};
}

static kx_value random_integer(uint64_t *random)
{
    uint64_t bits = kxt_random(random) >> kxt_random_below(random, 64);
    if (bits > INT64_MAX)
        return kxt_random_below(random, 2) ? sample_uint(bits) : sample_int((int64_t)bits);
    return sample_int(kxt_random_below(random, 2) ? (int64_t)bits : -(int64_t)bits);
}

static kx_value random_real(uint64_t *random)
{
    uint64_t bits = kxt_random(random);
    double real;
    if (kxt_random_below(random, 2)) {
        memcpy(&real, &bits, sizeof real);
        return sample_real(real);
    }
    return sample_real(ldexp((double)(int64_t)bits, (int)kxt_random_below(random, 140) - 128));
}

static kx_value random_other(uint64_t *random)
{
    static const char *const containers[] = {"\x90", "\x91\x01", "\x92\x01\x02",
                                             "\x80", "\x81\xa1""a\x01", "\x81\xa1""a\x02"};
    uint64_t pick = kxt_random_below(random, 8);
    if (pick < 6) {
        kx_type type = pick < 3 ? KX_TYPE_ARRAY : KX_TYPE_MAP;
        return (kx_value){.type = type, .data = containers[pick], .size = strlen(containers[pick])};
    }
    kx_value value = random_text(random, KX_TYPE_BINARY);
    value.type = KX_TYPE_EXT;
    value.extra = (int32_t)kxt_random_below(random, 256) - 128;
    return value;
}

kx_value sample_random(uint64_t *random)
{
    uint64_t kind = kxt_random_below(random, 16);
    if (kind < 4)
        return random_integer(random);
    if (kind < 8)
        return random_real(random);
    if (kind < 11)
        return random_text(random, KX_TYPE_TEXT);
    if (kind == 11)
        return random_text(random, KX_TYPE_BINARY);
    if (kind == 12)
        return sample_time((int64_t)kxt_random(random) >> kxt_random_below(random, 64),
                           (int32_t)kxt_random_below(random, 1000000000));
    if (kind == 13)
        return random_other(random);
    if (kind == 14)
        return (kx_value){.type = kxt_random_below(random, 2) ? KX_TYPE_NULL : KX_TYPE_NONE};
    return (kx_value){.type = KX_TYPE_BOOL, .integer = (int64_t)kxt_random_below(random, 2)};
}

static kx_value number_near(uint64_t *random, const kx_value *value)
{
    double real = value->type == KX_TYPE_REAL ? value->real
                : value->type == KX_TYPE_INT ? (double)value->integer : (double)(uint64_t)value->integer;
    switch (kxt_random_below(random, 5)) {
    case 0:  return sample_real(real);
    case 1:  return sample_real(nextafter(real, kxt_random_below(random, 2) ? INFINITY : -INFINITY));
    case 2:  return sample_real(-real);
    case 3:
        if (fabs(real) < 9e18)
            return sample_int((int64_t)real + (int64_t)kxt_random_below(random, 3) - 1);
        if (real > 0 && real < 18446744073709551616.0)
            return sample_uint((uint64_t)real + kxt_random_below(random, 2));
        return sample_real(real * 2);
    default:
        if (value->type == KX_TYPE_INT)
            return sample_int((int64_t)((uint64_t)value->integer + 1));
        return sample_real(trunc(real));
    }
}

kx_value sample_neighbour(uint64_t *random, const kx_value *value)
{
    kx_value near = *value;
    switch (value->type) {
    case KX_TYPE_INT: case KX_TYPE_UINT: case KX_TYPE_REAL:
        return number_near(random, value);
    case KX_TYPE_TEXT: case KX_TYPE_BINARY:
        near.size = (size_t)kxt_random_below(random, near.size + 1);
        if (kxt_random_below(random, 8) == 0)
            near.type = KX_TYPE_TEXT + KX_TYPE_BINARY - near.type;
        return near;
    case KX_TYPE_EXT:
        near.extra = (int32_t)kxt_random_below(random, 256) - 128;
        return near;
    case KX_TYPE_TIME:
        return sample_time(value->integer, (int32_t)kxt_random_below(random, 1000000000));
    default:
        return near;
    }
}

/* ---- the order, told otherwise -------------------------------------------------- */

enum rank { RANK_NULL, RANK_FALSE, RANK_TRUE, RANK_NAN, RANK_NUMBER, RANK_TEXT, RANK_BINARY, RANK_TIME, RANK_OTHER };

/* |number| = mantissa * 2^exponent, the mantissa's highest bit set; 0 has the mantissa 0. */
typedef struct number {
    bool     negative;
    int      exponent;
    uint64_t mantissa;
} number;

static number number_of(const kx_value *value)
{
    number result = {.mantissa = (uint64_t)value->integer};
    if (value->type == KX_TYPE_REAL) {
        double fraction = frexp(fabs(value->real), &result.exponent);
        if (isinf(value->real))
            return (number){value->real < 0, INT_MAX, UINT64_MAX};
        result.negative = value->real < 0;
        result.mantissa = (uint64_t)ldexp(fraction, 53);
        result.exponent -= 53;
    } else if (value->type == KX_TYPE_INT && value->integer < 0) {
        result.negative = true;
        result.mantissa = -result.mantissa;
    }
    while (result.mantissa != 0 && result.mantissa >> 63 == 0) {
        result.mantissa <<= 1;
        result.exponent--;
    }
    return result;
}

static int order_of_numbers(number left, number right)
{
    if (left.mantissa == 0 || right.mantissa == 0 || left.negative != right.negative) {
        int l = left.mantissa == 0 ? 0 : left.negative ? -1 : 1;
        int r = right.mantissa == 0 ? 0 : right.negative ? -1 : 1;
        return l < r ? -1 : l > r;
    }
    int order = left.exponent < right.exponent ? -1 : left.exponent > right.exponent;
    if (order == 0)
        order = left.mantissa < right.mantissa ? -1 : left.mantissa > right.mantissa;
    return left.negative ? -order : order;
}

static enum rank rank_of(const kx_value *value)
{
    static const enum rank ranks[] = {
        [KX_TYPE_NONE] = RANK_NULL,   [KX_TYPE_NULL] = RANK_NULL,     [KX_TYPE_BOOL] = RANK_FALSE,
        [KX_TYPE_INT] = RANK_NUMBER,  [KX_TYPE_UINT] = RANK_NUMBER,   [KX_TYPE_REAL] = RANK_NUMBER,
        [KX_TYPE_TEXT] = RANK_TEXT,   [KX_TYPE_BINARY] = RANK_BINARY, [KX_TYPE_TIME] = RANK_TIME,
        [KX_TYPE_ARRAY] = RANK_OTHER, [KX_TYPE_MAP] = RANK_OTHER,     [KX_TYPE_EXT] = RANK_OTHER,
    };
    if (value->type == KX_TYPE_BOOL && value->integer != 0)
        return RANK_TRUE;
    if (value->type == KX_TYPE_REAL && value->real != value->real)
        return RANK_NAN;
    return ranks[value->type];
}

static int order_of_bytes(const char *left, size_t left_size, const char *right, size_t right_size)
{
    for (size_t i = 0; i < left_size && i < right_size; i++) {
        if (left[i] != right[i])
            return (unsigned char)left[i] < (unsigned char)right[i] ? -1 : 1;
    }
    return left_size < right_size ? -1 : left_size > right_size;
}

static void pack(const kx_value *value, msgpack_sbuffer *out)
{
    msgpack_packer packer;
    msgpack_sbuffer_init(out);
    msgpack_packer_init(&packer, out, msgpack_sbuffer_write);
    if (value->type == KX_TYPE_EXT) {
        msgpack_pack_ext(&packer, value->size, (int8_t)value->extra);
        msgpack_pack_ext_body(&packer, value->data, value->size);
    } else {
        msgpack_sbuffer_write(out, value->data, value->size);
    }
}

static int order_of_others(const kx_value *left, const kx_value *right)
{
    msgpack_sbuffer l, r;
    pack(left, &l);
    pack(right, &r);
    int order = order_of_bytes(l.data, l.size, r.data, r.size);
    msgpack_sbuffer_destroy(&l);
    msgpack_sbuffer_destroy(&r);
    return order;
}

int sample_order(const kx_value *left, const kx_value *right)
{
    enum rank l = rank_of(left), r = rank_of(right);
    if (l != r)
        return l < r ? -1 : 1;
    if (l == RANK_NUMBER)
        return order_of_numbers(number_of(left), number_of(right));
    if (l == RANK_TEXT || l == RANK_BINARY)
        return order_of_bytes(left->data, left->size, right->data, right->size);
    if (l == RANK_OTHER)
        return order_of_others(left, right);
    if (l == RANK_TIME && left->integer != right->integer)
        return left->integer < right->integer ? -1 : 1;
    if (l == RANK_TIME)
        return left->extra < right->extra ? -1 : left->extra > right->extra;
    return 0;
}

int sample_key_order(kx_slice left, kx_slice right)
{
    size_t size = left.size < right.size ? left.size : right.size;
    int order = memcmp(left.data, right.data, size);
    return order != 0 ? sample_sign(order) : left.size < right.size ? -1 : left.size > right.size;
}

const char *sample_text(const kx_value *value)
{
    static char texts[2][160];
    static unsigned turn;
    return kx_base__show(value, texts[turn++ % 2], sizeof texts[0]);
}
