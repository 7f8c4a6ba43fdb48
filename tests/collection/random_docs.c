#include "random_docs.h"

#include <math.h>

const kx_model random_model = {
    .name = "things",
    .indexes =
        INDEXES({.paths = "a"}, {.paths = "-a,b"}, {.paths = "u", .unique = true}, {.paths = "v,-b", .unique = true},
                {.paths = "tags", .multi = true}, {.paths = "keys", .unique = true, .multi = true},
                {.paths = "-tags,a", .multi = true}, {.paths = "keys,v", .unique = true, .multi = true, .sparse = true},
                {.paths = "n.x", .sparse = true}, {.paths = "items[].sku", .multi = true}),
};

static const char *const names[] = {"a", "b", "u", "v", "tags", "keys", "n", "items", "other"};
enum { NAMES = sizeof names / sizeof *names };

/* ---- values --------------------------------------------------------------- */

/* Texts that are equal up to 600 bytes and differ, or do not, behind them. */
static kx_value long_text(uint64_t *random)
{
    return kx_text(kxt_print("%0600d%d", (int)kxt_random_below(random, 2), (int)kxt_random_below(random, 4)));
}

static kx_value number(uint64_t *random)
{
    static const double reals[] = {0.0, -0.0, 1.0, 2.5, -3.0, 9007199254740992.0, 1e300};
    static const int64_t integers[] = {INT64_MIN, -1, 9007199254740993, INT64_MAX};
    switch (kxt_random_below(random, 6)) {
    case 0:
        return kx_real(reals[kxt_random_below(random, sizeof reals / sizeof *reals)]);
    case 1:
        return kx_int(integers[kxt_random_below(random, 4)]);
    case 2:
        return kxt_random_below(random, 2) ? kx_uint(UINT64_MAX) : kx_real(NAN);
    default:
        return kx_int((int64_t)kxt_random_below(random, 20));
    }
}

static kx_value container(uint64_t *random)
{
    static const uint8_t arrays[][3] = {{0x90}, {0x91, 1}, {0x92, 1, 2}};
    static const uint8_t maps[][4] = {{0x80}, {0x81, 0xa1, 'x', 1}};
    size_t which = (size_t)kxt_random_below(random, 5);
    return which < 3 ? kx_msgpack(arrays[which], which + 1) : kx_msgpack(maps[which - 3], which == 3 ? 1 : 4);
}

kx_value random_value(uint64_t *random)
{
    static const char bytes[] = "abcdef";
    size_t few = (size_t)kxt_random_below(random, 3);
    switch (kxt_random_below(random, 10)) {
    case 0:
        return kx_null();
    case 1:
        return kx_bool(few == 0);
    case 2:
        return long_text(random);
    case 3:
        return kx_binary(bytes, few);
    case 4:
        return kx_time((int64_t)few - 1, (uint32_t)few * 1000);
    case 5:
        return kx_ext(7, bytes, few);
    case 6:
        return container(random);
    case 7:
        return kx_text_n(bytes, few);
    default:
        return number(random);
    }
}

static kx_value array_of(uint64_t *random, bool of_maps)
{
    kx_builder builder;
    kx_slice made;
    kx_builder__init(&builder);
    kx_builder__array(&builder);
    for (uint64_t n = kxt_random_below(random, 5); n > 0; n--) {
        kx_value value = random_value(random);
        if (of_maps) {
            kx_builder__map(&builder);
            kx_builder__key(&builder, "sku");
        }
        kx_builder__value(&builder, &value);
        if (of_maps)
            kx_builder__end(&builder);
    }
    kx_builder__end(&builder);
    ck_assert_int_eq(kx_builder__finish(&builder, &made), KX_OK);
    char *kept = kxt_print("%*s", (int)made.size, "");
    memcpy(kept, made.data, made.size);
    kx_builder__free(&builder);
    return kx_msgpack(kept, made.size);
}

static kx_value map_of_x(uint64_t *random)
{
    static uint8_t maps[4][4] = {{0x81, 0xa1, 'x', 0}, {0x81, 0xa1, 'x', 1}, {0x81, 0xa1, 'x', 0xc0}, {0x80}};
    size_t which = (size_t)kxt_random_below(random, 4);
    return kx_msgpack(maps[which], which < 3 ? 4 : 1);
}

kx_value random_field(uint64_t *random, const char *name)
{
    bool wild = kxt_random_below(random, 25) == 0;
    if (!wild && (strcmp(name, "tags") == 0 || strcmp(name, "keys") == 0 || strcmp(name, "items") == 0))
        return kxt_random_below(random, 8) == 0 ? kx_null() : array_of(random, name[0] == 'i');
    if (!wild && strcmp(name, "n") == 0)
        return map_of_x(random);
    if (!wild && name[0] == 'b')
        return kx_int((int64_t)kxt_random_below(random, 3));
    return random_value(random);
}

void random_document(uint64_t *random, kx_buf *out)
{
    kx_builder builder;
    kx_slice made;
    kx_builder__init(&builder);
    kx_builder__map(&builder);
    for (size_t i = 0; i < NAMES; i++) {
        if (kxt_random_below(random, 3) == 0)
            continue;
        kx_value value = random_field(random, names[i]);
        kx_builder__key(&builder, names[i]);
        kx_builder__value(&builder, &value);
    }
    kx_builder__end(&builder);
    ck_assert_int_eq(kx_builder__finish(&builder, &made), KX_OK);
    kx_buf__clear(out);
    kx_buf__append(out, made.data, made.size);
    kx_builder__free(&builder);
}

/* ---- what may be stored -------------------------------------------------------- */

static kx_value field(kx_slice document, const char *name)
{
    kx_slice item;
    kx_value value = {0};
    if (kx_document__find(document, name, strlen(name), &item))
        ck_assert_int_eq(kx_document__value(item, &value), KX_OK);
    return value;
}

static bool is_null(const kx_value *value)
{
    return value->type == KX_TYPE_NONE || value->type == KX_TYPE_NULL;
}

int document_fits(kx_slice document)
{
    static const char *const arrays[] = {"tags", "keys", "items"};
    for (size_t i = 0; i < 3; i++) {
        kx_value value = field(document, arrays[i]);
        if (!is_null(&value) && value.type != KX_TYPE_ARRAY)
            return KX_INVALID;
    }
    return KX_OK;
}

static bool equal(const kx_value *left, const kx_value *right)
{
    return !is_null(left) && !is_null(right) && kx_key__compare(left, right) == 0;
}

static bool share_an_element(const kx_value *left, const kx_value *right)
{
    kx_members ours = kx_document__members(kx_slice_of(left->data, left->size));
    while (left->type == KX_TYPE_ARRAY && right->type == KX_TYPE_ARRAY && kx_document__next(&ours)) {
        kx_members theirs = kx_document__members(kx_slice_of(right->data, right->size));
        kx_value one, other;
        ck_assert_int_eq(kx_document__value(ours.item, &one), KX_OK);
        while (kx_document__next(&theirs)) {
            ck_assert_int_eq(kx_document__value(theirs.item, &other), KX_OK);
            if (equal(&one, &other))
                return true;
        }
    }
    return false;
}

bool documents_clash(kx_slice left, kx_slice right)
{
    kx_value u = field(left, "u"), other_u = field(right, "u"), v = field(left, "v"), other_v = field(right, "v");
    kx_value b = field(left, "b"), other_b = field(right, "b"), keys = field(left, "keys"),
             other_keys = field(right, "keys");
    return equal(&u, &other_u) || (equal(&v, &other_v) && equal(&b, &other_b)) || share_an_element(&keys, &other_keys);
}
