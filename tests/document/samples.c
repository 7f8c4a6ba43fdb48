/* samples.c -- values are written byte by byte here, sharing no code with what they test. */
#include "samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const sample_shape sample_small = {4, 5, 12, false};
const sample_shape sample_usual = {6, 24, 300, false};

enum { MOST_BYTES = 100000 };       /* past these a sample only gets scalars */

typedef struct maker {
    sample      *made;
    uint64_t    *state;
    sample_shape shape;
} maker;

static uint64_t below(maker *m, uint64_t bound)
{
    return kxt_random_below(m->state, bound);
}

/* ---- numbers ---------------------------------------------------------------------- */

static void put_number(kx_buf *out, uint64_t bits, unsigned size)
{
    for (unsigned i = size; i > 0; i--)
        kx_buf__byte(out, (uint8_t)(bits >> 8 * (i - 1)));
}

static void put_tagged(kx_buf *out, unsigned tag, uint64_t bits, unsigned size)
{
    kx_buf__byte(out, (uint8_t)tag);
    put_number(out, bits, size);
}

static bool fits(uint64_t bits, unsigned size)
{
    return size >= 8 || bits >> 8 * size == 0;
}

static bool fits_signed(int64_t value, unsigned size)
{
    return size >= 8 || (value >= -((int64_t)1 << (8 * size - 1)) && value < (int64_t)1 << (8 * size - 1));
}

static void put_unsigned(maker *m, uint64_t value)
{
    unsigned sizes[] = {1, 2, 4, 8}, k = 0;
    while (!fits(value, sizes[k]))
        k++;
    if (value < 128)
        kx_buf__byte(&m->made->canonical, (uint8_t)value);
    else
        put_tagged(&m->made->canonical, 0xcc + k, value, sizes[k]);

    unsigned wild = k + (unsigned)below(m, 4 - k), is_signed = (unsigned)below(m, 2);
    if (value < 128 && below(m, 2) == 0)
        kx_buf__byte(&m->made->wild, (uint8_t)value);
    else if (is_signed && value <= INT64_MAX && fits_signed((int64_t)value, sizes[wild]))
        put_tagged(&m->made->wild, 0xd0 + wild, value, sizes[wild]);
    else
        put_tagged(&m->made->wild, 0xcc + wild, value, sizes[wild]);
}

static void put_negative(maker *m, int64_t value)
{
    unsigned sizes[] = {1, 2, 4, 8}, k = 0;
    while (!fits_signed(value, sizes[k]))
        k++;
    unsigned wild = k + (unsigned)below(m, 4 - k);
    if (value >= -32)
        kx_buf__byte(&m->made->canonical, (uint8_t)value);
    else
        put_tagged(&m->made->canonical, 0xd0 + k, (uint64_t)value, sizes[k]);
    put_tagged(&m->made->wild, 0xd0 + wild, (uint64_t)value, sizes[wild]);
}

static void put_integer(maker *m)
{
    uint64_t bits = kxt_random(m->state) >> below(m, 64);
    uint64_t edge = (uint64_t)1 << below(m, 64);
    if (below(m, 3) == 0)
        bits = edge - 1 + below(m, 3);
    if (below(m, 2) == 0 || bits == 0)
        put_unsigned(m, bits);
    else if (bits <= (uint64_t)INT64_MAX + 1)
        put_negative(m, (int64_t)(0 - bits));
    else
        put_negative(m, INT64_MIN);
}

static void put_real(maker *m)
{
    static const double edges[] = {0.0, -0.0, 1.0, -1.5, 5e-324, 1.7976931348623157e308, 0.1, 99.99, 1e22, 1e23,
                                   123456789012345.0};
    uint64_t bits = kxt_random(m->state);
    double real;
    memcpy(&real, &bits, sizeof real);
    uint64_t choice = below(m, 4);
    if (choice == 0)
        real = edges[below(m, sizeof edges / sizeof *edges)];
    else if (choice == 1)
        real = (double)(int64_t)below(m, 2000000) / 100 - 5000;
    else if (choice == 2)
        real = (double)(float)real;
    bool nan = real != real;
    if (nan && m->shape.plain)
        real = 7.0;
    memcpy(&bits, &real, sizeof bits);
    put_tagged(&m->made->canonical, 0xcb, real != real ? UINT64_C(0x7ff8000000000000) : bits, 8);
    float narrow = (float)real;
    uint32_t narrow_bits;
    memcpy(&narrow_bits, &narrow, sizeof narrow_bits);
    if ((double)narrow == real && below(m, 2) == 0)
        put_tagged(&m->made->wild, 0xca, narrow_bits, 4);
    else
        put_tagged(&m->made->wild, 0xcb, bits, 8);
}

/* ---- bytes -------------------------------------------------------------------------- */

/*
 * Tag and length: `tags` are those for lengths of 1, 2, 4 bytes, 0 where there is none; below `most` there is a form in
 * one byte. Of the forms that fit the one `skip` behind the shortest, or the last.
 */
static void put_length(kx_buf *out, const uint8_t tags[3], unsigned short_tag, uint64_t most, uint64_t size,
                       unsigned skip)
{
    static const unsigned widths[] = {1, 2, 4};
    unsigned tag[4], width[4], forms = 0;
    if (size < most) {
        tag[0] = short_tag | (unsigned)size;
        width[0] = 0;
        forms = 1;
    }
    for (unsigned k = 0; k < 3; k++) {
        if (tags[k] != 0 && fits(size, widths[k])) {
            tag[forms] = tags[k];
            width[forms++] = widths[k];
        }
    }
    unsigned form = skip < forms ? skip : forms - 1;
    put_tagged(out, tag[form], size, width[form]);
}

static void put_both_lengths(maker *m, const uint8_t tags[3], unsigned short_tag, uint64_t most, uint64_t size)
{
    unsigned skip = (unsigned)below(m, 4);
    put_length(&m->made->canonical, tags, short_tag, most, size, 0);
    put_length(&m->made->wild, tags, short_tag, most, size, skip);
}

static void put_both(maker *m, const void *data, size_t size)
{
    kx_buf__append(&m->made->canonical, data, size);
    kx_buf__append(&m->made->wild, data, size);
}

static size_t put_character(char *to, uint32_t c)
{
    if (c < 0x80) {
        to[0] = (char)c;
        return 1;
    }
    size_t size = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = size; i-- > 1; c >>= 6)
        to[i] = (char)(0x80 | (c & 0x3f));
    to[0] = (char)(lead[size] | c);
    return size;
}

static size_t random_text(maker *m, char *to, size_t most, bool key)
{
    static const uint32_t odd[] = {0,    1,     '\n', '\t',  0x1f,  '"',    '\\',   '/',    '$',    '.',    '[',   '`',
                                   0x7f, 0x80,  0xe9, 0x7ff, 0x800, 0x2028, 0x20ac, 0xd7ff, 0xe000, 0xfffe, 0xffff,
                                   0x10000, 0x10ffff};
    size_t size = 0, wanted = below(m, below(m, 4) == 0 ? most + 1 : most / 4 + 1);
    while (size + 4 <= wanted || (wanted < 4 && size < wanted)) {
        uint32_t c = 'a' + (uint32_t)below(m, 26);
        if (below(m, 8) == 0 && size + 4 <= wanted)
            c = odd[below(m, sizeof odd / sizeof *odd)];
        if (c == 0 && key)
            c = '$';
        size += put_character(to + size, c);
    }
    return size;
}

static void put_text(maker *m, const char *text, size_t size)
{
    static const uint8_t tags[] = {0xd9, 0xda, 0xdb};
    put_both_lengths(m, tags, 0xa0, 32, size);
    put_both(m, text, size);
}

static void put_random_text(maker *m)
{
    char *text = malloc(m->shape.text + 4);
    put_text(m, text, random_text(m, text, m->shape.text, false));
    free(text);
}

static void put_binary(maker *m)
{
    static const uint8_t tags[] = {0xc4, 0xc5, 0xc6};
    size_t size = below(m, m->shape.text + 1);
    put_both_lengths(m, tags, 0, 0, size);
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = (uint8_t)kxt_random(m->state);
        put_both(m, &byte, 1);
    }
}

static void put_ext_head(maker *m, unsigned size, int8_t type)
{
    static const uint8_t tags[] = {0xc7, 0xc8, 0xc9};
    unsigned fixed = size == 1 ? 0xd4 : size == 2 ? 0xd5 : size == 4 ? 0xd6 : size == 8 ? 0xd7 : size == 16 ? 0xd8 : 0;
    unsigned skip = (unsigned)below(m, 3);
    if (fixed != 0)
        kx_buf__byte(&m->made->canonical, (uint8_t)fixed);
    else
        put_length(&m->made->canonical, tags, 0, 0, size, 0);
    if (fixed != 0 && below(m, 2) == 0)
        kx_buf__byte(&m->made->wild, (uint8_t)fixed);
    else
        put_length(&m->made->wild, tags, 0, 0, size, skip);
    put_both(m, &type, 1);
}

static void put_ext(maker *m)
{
    unsigned size = (unsigned)below(m, 20);
    int8_t type = (int8_t)kxt_random(m->state);
    put_ext_head(m, size, type == -1 ? 5 : type);
    for (unsigned i = 0; i < size; i++) {
        uint8_t byte = (uint8_t)kxt_random(m->state);
        put_both(m, &byte, 1);
    }
}

static void put_timestamp(kx_buf *out, unsigned size, int64_t seconds, uint32_t ns)
{
    if (size == 12) {
        kx_buf__byte(out, 0xc7);
        kx_buf__byte(out, 12);
    } else {
        kx_buf__byte(out, size == 4 ? 0xd6 : 0xd7);
    }
    kx_buf__byte(out, 0xff);
    if (size == 4)
        put_number(out, (uint64_t)seconds, 4);
    if (size == 8)
        put_number(out, (uint64_t)ns << 34 | (uint64_t)seconds, 8);
    if (size == 12) {
        put_number(out, ns, 4);
        put_number(out, (uint64_t)seconds, 8);
    }
}

static void put_time(maker *m)
{
    static const uint32_t fractions[] = {0, 0, 1, 999999999, 500000000, 120000, 7000};
    uint32_t ns = fractions[below(m, sizeof fractions / sizeof *fractions)];
    int64_t seconds = (int64_t)kxt_random(m->state) >> below(m, 64);
    unsigned size = 12;
    if (seconds >= 0 && seconds < (int64_t)1 << 34)
        size = ns == 0 && seconds <= UINT32_MAX ? 4 : 8;
    put_timestamp(&m->made->canonical, size, seconds, ns);
    if (size < 12 && below(m, 2) == 0)
        size = size == 4 && below(m, 2) == 0 ? 8 : 12;
    put_timestamp(&m->made->wild, size, seconds, ns);
}

/* ---- values --------------------------------------------------------------------------- */

static void put_value(maker *m, unsigned depth);

static void put_container(maker *m, unsigned depth, bool is_map)
{
    static const uint8_t array_tags[] = {0, 0xdc, 0xdd}, map_tags[] = {0, 0xde, 0xdf};
    uint64_t count = below(m, below(m, 4) == 0 ? m->shape.members + 1 : m->shape.members / 4 + 1);
    if (m->made->wild.size > MOST_BYTES)
        count = 0;
    put_both_lengths(m, is_map ? map_tags : array_tags, is_map ? 0x80 : 0x90, 16, count);
    for (uint64_t i = 0; i < count; i++) {
        if (is_map) {           /* unlike each other by their first bytes, which may begin with '$' */
            char key[128];
            const char *start = below(m, 6) == 0 ? "$" : below(m, 6) == 0 ? "$$k" : "";
            int size = snprintf(key, sizeof key, "%s%x", start, (unsigned)i);
            key[size++] = '_';
            put_text(m, key, (size_t)size + random_text(m, key + size, 60, true));
        }
        put_value(m, depth - 1);
    }
}

static void put_scalar(maker *m)
{
    static const uint8_t simple[] = {0xc0, 0xc2, 0xc3};
    switch (below(m, 8)) {
    case 0: put_both(m, &simple[below(m, 3)], 1); break;
    case 1:
    case 2: put_integer(m); break;
    case 3: put_real(m); break;
    case 4: put_binary(m); break;
    case 5: put_time(m); break;
    case 6: put_ext(m); break;
    default: put_random_text(m); break;
    }
}

static void put_value(maker *m, unsigned depth)
{
    if (depth > 0 && below(m, 4) == 0)
        put_container(m, depth, below(m, 2) == 0);
    else
        put_scalar(m);
}

void sample_make(sample *made, uint64_t *state, sample_shape shape, bool any)
{
    maker m = {made, state, shape};
    *made = (sample){.canonical = {.size = 0}};
    if (any)
        put_value(&m, shape.depth);
    else
        put_container(&m, shape.depth, true);
    ck_assert_int_eq(made->canonical.rc, KX_OK);
    ck_assert_int_eq(made->wild.rc, KX_OK);
}

void sample_free(sample *made)
{
    kx_buf__free(&made->canonical);
    kx_buf__free(&made->wild);
}

void sample_deep(kx_buf *out, unsigned depth, bool maps)
{
    add_hex(out, depth > 0 ? "81 a1 61" : "");
    for (unsigned i = 1; i < depth; i++)
        add_hex(out, maps ? "81 a1 61" : "91");
    kx_buf__byte(out, 5);
}

/* ---- help -------------------------------------------------------------------------------- */

uint8_t *exact_copy(kx_slice bytes)
{
    uint8_t *copy = malloc(bytes.size > 0 ? bytes.size : 1);
    ck_assert_ptr_nonnull(copy);
    if (bytes.size > 0)
        memcpy(copy, bytes.data, bytes.size);
    return copy;
}

static bool walk_one(kx_slice item, kx_members *into)
{
    kx_value value;
    if (kx_document__length(item.data, item.size) != item.size || kx_document__value(item, &value) != KX_OK)
        return false;
    if (value.type != kx_document__type(item) || value.type == KX_TYPE_NONE)
        return false;
    *into = kx_document__members(item);
    return into->left == kx_document__count(item);
}

bool walk_all(kx_slice item)
{
    kx_members levels[KX_DOCUMENT_DEPTH + 1];
    unsigned depth = 0;
    kx_slice found;
    if (!walk_one(item, &levels[depth++]))
        return false;
    while (depth > 0) {
        kx_members *top = &levels[depth - 1];
        if (!kx_document__next(top)) {
            if (top->malformed)
                return false;
            depth--;
        } else if (depth > KX_DOCUMENT_DEPTH || !walk_one(top->item, &levels[depth++])) {
            return false;
        }
    }
    kx_document__find(item, "absent", 6, &found);
    return true;
}

void add_hex(kx_buf *out, const char *text)
{
    for (unsigned value; *text != '\0'; text += *text == ' ') {
        ck_assert_int_eq(sscanf(text, "%2x", &value), 1);
        kx_buf__byte(out, (uint8_t)value);
        text += 2;
    }
}

kx_slice hex(const char *text)
{
    static kx_buf kept[4096];
    static unsigned next;
    kx_buf *out = &kept[next++ % 4096];
    kx_buf__clear(out);
    add_hex(out, text);
    return kx_buf__slice(out);
}

const char *text_of(int rc)
{
    kx_base__publish(rc);
    return kx_errmsg();
}
