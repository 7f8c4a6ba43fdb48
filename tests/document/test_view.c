/* test_view.c -- reading in place, for documents that are what they should be and for bytes that are not. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "samples.h"

static kx_value value_of(const char *text)
{
    kx_value value;
    ck_assert_int_eq(kx_document__value(hex(text), &value), KX_OK);
    ck_assert_int_eq(kx_document__type(hex(text)), value.type);
    return value;
}

START_TEST(every_form_of_an_integer_is_decoded)
{
    static const struct { const char *bytes; kx_type type; int64_t integer; } rows[] = {
        {"00", KX_TYPE_INT, 0},                 {"7f", KX_TYPE_INT, 127},
        {"ff", KX_TYPE_INT, -1},                {"e0", KX_TYPE_INT, -32},
        {"cc ff", KX_TYPE_INT, 255},            {"cd ff ff", KX_TYPE_INT, 65535},
        {"ce ff ff ff ff", KX_TYPE_INT, UINT32_MAX},
        {"cf 7f ff ff ff ff ff ff ff", KX_TYPE_INT, INT64_MAX},
        {"cf 80 00 00 00 00 00 00 00", KX_TYPE_UINT, INT64_MIN},
        {"cf ff ff ff ff ff ff ff ff", KX_TYPE_UINT, -1},
        {"d0 80", KX_TYPE_INT, -128},           {"d1 80 00", KX_TYPE_INT, -32768},
        {"d2 80 00 00 00", KX_TYPE_INT, INT32_MIN},
        {"d3 80 00 00 00 00 00 00 00", KX_TYPE_INT, INT64_MIN},
        {"d3 00 00 00 00 00 00 00 05", KX_TYPE_INT, 5},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        kx_value value = value_of(rows[i].bytes);
        ck_assert_int_eq(value.type, rows[i].type);
        ck_assert_int_eq(value.integer, rows[i].integer);
    }
}
END_TEST

START_TEST(every_other_scalar_is_decoded)
{
    ck_assert_int_eq(value_of("c0").type, KX_TYPE_NULL);
    ck_assert_int_eq(value_of("c2").integer, 0);
    ck_assert_int_eq(value_of("c3").integer, 1);
    ck_assert(value_of("ca 3f c0 00 00").real == 1.5);
    ck_assert(value_of("cb bf f8 00 00 00 00 00 00").real == -1.5);
    ck_assert(isnan(value_of("cb 7f f8 00 00 00 00 00 00").real));
    kx_value text = value_of("a3 61 00 62"), wide = value_of("db 00 00 00 01 78"), binary = value_of("c4 02 00 ff");
    ck_assert_int_eq(text.type, KX_TYPE_TEXT);
    ck_assert_mem_eq(text.data, "a\0b", 3);
    ck_assert_uint_eq(wide.size, 1);
    ck_assert_int_eq(binary.type, KX_TYPE_BINARY);
    ck_assert_mem_eq(binary.data, "\0\xff", 2);
    kx_value ext = value_of("d5 fe 01 02"), empty = value_of("c7 00 07");
    ck_assert_int_eq(ext.type, KX_TYPE_EXT);
    ck_assert_int_eq(ext.extra, -2);
    ck_assert_uint_eq(ext.size, 2);
    ck_assert_int_eq(empty.extra, 7);
    ck_assert_uint_eq(empty.size, 0);
}
END_TEST

/* Every tag in front of bytes of every number up to 40, whole items and cut ones. */
START_TEST(the_quick_readers_agree_with_the_one_for_all_types)
{
    uint8_t bytes[41];
    for (unsigned tag = 0; tag < 256; tag++) {
        for (size_t size = 0; size <= sizeof bytes; size++) {
            kx_slice item = kx_slice_of(bytes, size), text = {0};
            int64_t integer = 77;
            double real = 77;
            kx_value value;
            memset(bytes, tag % 2 ? 0x11 : 0x91, sizeof bytes);
            bytes[0] = (uint8_t)tag;
            if (tag == 0xd9)
                bytes[1] = (uint8_t)(size - 2);
            bool whole = kx_document__value(item, &value) == KX_OK;
            ck_assert_int_eq(kx_document__int(item, &integer), whole && value.type == KX_TYPE_INT);
            ck_assert_int_eq(integer, whole && value.type == KX_TYPE_INT ? value.integer : 77);
            if (kx_document__real(item, &real))
                ck_assert(whole && value.type == KX_TYPE_REAL && memcmp(&real, &value.real, sizeof real) == 0);
            bool small = whole && value.type == KX_TYPE_TEXT && tag < 0xda;
            ck_assert_int_eq(kx_document__text(item, &text), small);
            ck_assert(text.data == (small ? value.data : NULL) && text.size == (small ? value.size : 0));
        }
    }
}
END_TEST

START_TEST(timestamps_of_all_three_sizes_are_times)
{
    kx_value small = value_of("d6 ff ff ff ff ff");
    kx_value middle = value_of("d7 ff ee 6b 27 ff ff ff ff ff");
    kx_value large = value_of("c7 0c ff 00 00 00 01 ff ff ff ff ff ff ff fe");
    ck_assert_int_eq(small.type, KX_TYPE_TIME);
    ck_assert_int_eq(small.integer, UINT32_MAX);
    ck_assert_int_eq(middle.integer, ((int64_t)1 << 34) - 1);
    ck_assert_int_eq(middle.extra, 999999999);
    ck_assert_int_eq(large.integer, -2);
    ck_assert_int_eq(large.extra, 1);
    ck_assert_int_eq(value_of("d7 ff ff ff ff ff ff ff ff ff").type, KX_TYPE_EXT);      /* too many nanoseconds */
    ck_assert_int_eq(value_of("d5 ff 00 00").type, KX_TYPE_EXT);
}
END_TEST

START_TEST(missing_is_no_value_and_damage_is_corrupt)
{
    kx_value value;
    kx_slice missing = {NULL, 0};
    ck_assert_int_eq(kx_document__value(missing, &value), KX_OK);
    ck_assert_int_eq(value.type, KX_TYPE_NONE);
    ck_assert_int_eq(kx_document__type(missing), KX_TYPE_NONE);
    ck_assert_uint_eq(kx_document__count(missing), 0);
    static const char *const damaged[] = {"c1", "cc", "cd 00", "cb 00", "a2 61", "d9", "d9 01", "db 00 00 00", "c4 01",
                                          "d4", "d4 01", "c7 01 05", "d8 01 00", "dc 00", "df 00 00 00"};
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        ck_assert_int_eq(kx_document__value(hex(damaged[i]), &value), KX_CORRUPT);
        ck_assert_int_eq(kx_document__type(hex(damaged[i])), KX_TYPE_NONE);
        ck_assert_uint_eq(kx_document__length(hex(damaged[i]).data, hex(damaged[i]).size), 0);
    }
}
END_TEST

START_TEST(length_believes_no_count)
{
    static const char *const liars[] = {"dd ff ff ff ff", "df ff ff ff ff 00", "df 80 00 00 00 00 00", "9f 00",
                                        "dd 00 00 00 02 dd ff ff ff ff 00 00", "91 91 91 91", "81 a1 61"};
    for (size_t i = 0; i < sizeof liars / sizeof *liars; i++)
        ck_assert_uint_eq(kx_document__length(hex(liars[i]).data, hex(liars[i]).size), 0);
    kx_slice right = hex("82 a1 61 92 01 81 a0 c0 a1 62 c4 01 00 ff ff");
    ck_assert_uint_eq(kx_document__length(right.data, right.size), right.size - 2);
}
END_TEST

START_TEST(length_needs_no_stack_for_depth)
{
    size_t depth = 1000000;
    uint8_t *nested = malloc(depth);
    memset(nested, 0x91, depth);
    nested[depth - 1] = 0xc0;
    ck_assert_uint_eq(kx_document__length(nested, depth), depth);
    ck_assert_uint_eq(kx_document__length(nested, depth - 1), 0);
    free(nested);
}
END_TEST

static void must_find(const char *map, const char *name, const char *expected)
{
    kx_slice item;
    ck_assert(kx_document__find(hex(map), name, strlen(name), &item));
    ck_bytes_eq(item, hex(expected));
}

static void must_miss(const char *map, const char *name)
{
    kx_slice item = {(const uint8_t *)"x", 1};
    uint8_t *copy = exact_copy(hex(map));
    ck_assert(!kx_document__find(kx_slice_of(copy, hex(map).size), name, strlen(name), &item));
    ck_assert_ptr_null(item.data);
    ck_assert_uint_eq(item.size, 0);
    free(copy);
}

START_TEST(find_gives_the_value_of_that_name_only)
{
    const char *map = "84 a1 61 01 a2 61 62 92 02 03 a0 c3 a3 61 62 63 a1 61";
    must_find(map, "a", "01");
    must_find(map, "ab", "92 02 03");
    must_find(map, "", "c3");
    must_find(map, "abc", "a1 61");
    must_miss(map, "b");
    must_miss(map, "abcd");
    must_miss("01", "a");
    must_miss("93 a1 61 01 02", "a");
    must_miss("", "a");
}
END_TEST

START_TEST(find_compares_whole_names_of_every_length)
{
    kx_builder builder;
    kx_slice map, item;
    char name[601];
    memset(name, 'n', sizeof name);
    kx_builder__init(&builder);
    kx_builder__map(&builder);
    for (size_t size = 0; size <= 511; size++) {
        kx_value value = {.type = KX_TYPE_INT, .integer = (int64_t)size};
        kx_builder__key_n(&builder, name, size);
        kx_builder__value(&builder, &value);
    }
    kx_builder__end(&builder);
    ck_assert_int_eq(kx_builder__finish(&builder, &map), KX_OK);
    for (size_t size = 0; size <= 511; size++) {
        kx_value value;
        ck_assert(kx_document__find(map, name, size, &item));
        ck_assert_int_eq(kx_document__value(item, &value), KX_OK);
        ck_assert_int_eq(value.integer, (int64_t)size);
        if (size > 0) {
            name[size - 1] = 'm';
            ck_assert(!kx_document__find(map, name, size, &item));
            name[size - 1] = 'n';
        }
    }
    ck_assert(!kx_document__find(map, name, 600, &item));
    kx_builder__free(&builder);
}
END_TEST

START_TEST(find_is_not_misled_by_bytes_that_look_like_a_key)
{
    /* a1 62 07 stands in a text, a binary, a real, a nested map and behind the end of the map */
    const char *map = "86 a1 61 a5 61 a1 62 07 61 a1 63 c4 03 a1 62 07 a1 64 cb a1 62 07 a1 62 07 a1 62"
                      "a1 65 81 a1 62 07 a1 62 08 a1 66 93 a1 62 07 a1 62 09";
    kx_slice item;
    ck_assert(kx_document__find(hex(map), "b", 1, &item));
    ck_bytes_eq(item, hex("08"));
}
END_TEST

/* A copy of exactly these bytes, so that a tool sees a read beyond them. */
static kx_slice alone(kx_slice bytes)
{
    uint8_t *copy = malloc(bytes.size);
    return kx_slice_of(memcpy(copy, bytes.data, bytes.size), bytes.size);
}

static bool find_by_members(kx_slice map, const char *name, kx_slice *item)
{
    kx_members members = kx_document__members(map);
    while (members.is_map && kx_document__next(&members))
        if (members.key.size == strlen(name) && memcmp(members.key.data, name, members.key.size) == 0) {
            *item = members.item;
            return true;
        }
    *item = (kx_slice){0};
    return false;
}

static void build_map(kx_builder *builder, const char *const *names, size_t count, uint64_t *seed)
{
    static const char text[] = "a1 b2 c3 and so on, longer than any short form of a text";
    kx_builder__map(builder);
    for (size_t i = kxt_random_below(seed, 3); i < count; i += 1 + kxt_random_below(seed, 3)) {
        kx_value value = kx_int((int64_t)(kxt_random(seed) >> kxt_random_below(seed, 64)));
        uint64_t kind = kxt_random_below(seed, 5);
        if (kind == 1)
            value = kx_real((double)value.integer);
        else if (kind == 2)
            value = kx_text_n(text, kxt_random_below(seed, sizeof text));
        else if (kind == 3)
            value = kx_binary(text, kxt_random_below(seed, sizeof text));
        kx_builder__key(builder, names[i]);
        if (kind == 4)
            kx_builder__array(builder);
        kx_builder__value(builder, &value);
        if (kind == 4)
            kx_builder__end(builder);
    }
    kx_builder__end(builder);
}

/* Of maps whole, cut short and damaged; damaged keys are the find's own affair, as long as all its ways agree. */
START_TEST(every_way_to_find_agrees_with_a_walk_over_the_members)
{
    static const char *const names[] = {
        "order", "orders", "o", "a.b", "amount", "x[1]", "abcdefgh", "abcdefghi", "abcdefgz", "q`q", "a", "b",
        "thirty-one bytes is the longest", "thirty-two bytes are a long name", "note", "n", "no", "status", "statue", "z"};
    enum { NAMES = sizeof names / sizeof *names };
    uint64_t seed = kxt_seed();
    for (uint64_t round = 0; round < kxt_scaled(4000); round++) {
        kx_builder builder;
        kx_slice map, item, wanted, plain;
        size_t size;
        kx_builder__init(&builder);
        build_map(&builder, names, NAMES, &seed);
        ck_assert_int_eq(kx_builder__finish(&builder, &map), KX_OK);
        map.size -= round % 3 == 1 ? kxt_random_below(&seed, map.size) : 0;
        map = alone(map);
        if (round % 3 == 2)
            ((uint8_t *)(uintptr_t)map.data)[kxt_random_below(&seed, map.size)] = (uint8_t)kxt_random(&seed);
        for (size_t i = 0; i < NAMES; i++) {
            bool there = round % 3 == 2 ? kx_document__find(map, names[i], strlen(names[i]), &wanted)
                                        : find_by_members(map, names[i], &wanted);
            kx_needle needle = kx_document__needle(names[i], strlen(names[i]));
            ck_assert_int_eq(kx_document__find(map, names[i], strlen(names[i]), &item), there);
            ck_assert(item.data == wanted.data && item.size == wanted.size);
            ck_assert_int_eq(kx_document__find_needle(map, &needle, &item), there);
            ck_assert(item.data == wanted.data && item.size == wanted.size);
            if (!kx_document__find_plain(map, names[i], &plain))
                continue;
            ck_assert(there && plain.data == wanted.data && plain.size == wanted.size);
            ck_assert(kx_path__plain(names[i], &size));
        }
        free((void *)(uintptr_t)map.data);
        kx_builder__free(&builder);
    }
}
END_TEST

START_TEST(a_plain_path_is_found_at_once_in_a_usual_map)
{
    const char *map = "83 a1 61 cd 01 02 a5 6f 72 64 65 72 d9 02 68 69 a3 61 2e 62 07";
    kx_slice item;
    ck_assert(kx_document__find_plain(hex(map), "a", &item));
    ck_bytes_eq(item, hex("cd 01 02"));
    ck_assert(kx_document__find_plain(hex(map), "order", &item));
    ck_bytes_eq(item, hex("d9 02 68 69"));
    ck_assert(!kx_document__find_plain(hex(map), "a.b", &item));
    ck_assert(!kx_document__find_plain(hex(map), "orde", &item));
    ck_assert(!kx_document__find_plain(hex(map), "orders", &item));
    ck_assert(!kx_document__find_plain(hex(map), "", &item));
    ck_assert(!kx_document__find_plain((kx_slice){0}, "a", &item));
    ck_assert(!kx_document__find_plain(hex("82 a0 01 a1 00 02"), "", &item));
    ck_assert(!kx_document__find_plain(hex("82 a1 00 01 a3 61 00 62 02"), "a", &item));
}
END_TEST

START_TEST(find_stops_at_damage)
{
    must_miss("82 a1 61 01", "b");
    must_miss("82 a1 61", "a");
    must_miss("81 a1 61 cc", "a");
    must_miss("82 a5 61", "b");
    must_miss("82 c1 01 a1 62 02", "b");
    must_miss("df ff ff ff ff", "a");
    must_miss("82 a1 61 dd ff ff ff ff a1 62 01", "b");
    must_find("82 05 01 a1 62 02", "b", "02");              /* a key that is no text is another key */
}
END_TEST

START_TEST(members_come_in_order)
{
    kx_members map = kx_document__members(hex("82 a1 62 01 a1 61 90"));
    ck_assert(kx_document__next(&map));
    ck_assert_mem_eq(map.key.data, "b", 1);
    ck_bytes_eq(map.item, hex("01"));
    ck_assert(kx_document__next(&map));
    ck_assert_mem_eq(map.key.data, "a", 1);
    ck_bytes_eq(map.item, hex("90"));
    ck_assert(!kx_document__next(&map));
    ck_assert(!map.malformed);

    kx_members array = kx_document__members(hex("92 c0 a1 78"));
    ck_assert(kx_document__next(&array));
    ck_assert_ptr_null(array.key.data);
    ck_bytes_eq(array.item, hex("c0"));
    ck_assert(kx_document__next(&array));
    ck_bytes_eq(array.item, hex("a1 78"));
    ck_assert(!kx_document__next(&array));

    kx_members none = kx_document__members(hex("a1 78"));
    ck_assert(!kx_document__next(&none));
    ck_assert(!none.malformed);
}
END_TEST

START_TEST(members_that_are_damaged_say_so)
{
    static const char *const damaged[] = {"81 05 06", "82 a1 61 01", "92 01", "91 dd ff ff ff ff", "81 a5 61 62"};
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        kx_members members = kx_document__members(hex(damaged[i]));
        while (kx_document__next(&members))
            ck_assert_uint_gt(members.item.size, 0);
        ck_assert(members.malformed);
        ck_assert(!kx_document__next(&members));
    }
}
END_TEST

START_TEST(a_prefix_of_a_document_is_never_whole)
{
    uint64_t state = kxt_seed();
    for (uint64_t n = kxt_scaled(300); n > 0; n--) {
        sample made;
        sample_make(&made, &state, sample_small, false);
        for (size_t size = 0; size < made.wild.size; size++) {
            uint8_t *cut = exact_copy(kx_slice_of(made.wild.data, size));
            ck_assert_uint_eq(kx_document__length(cut, size), 0);
            ck_assert(!walk_all(kx_slice_of(cut, size)));
            free(cut);
        }
        ck_assert(walk_all(kx_buf__slice(&made.wild)));
        sample_free(&made);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("document/view");
    TCase *c = tcase_create("view");
    tcase_add_test(c, every_form_of_an_integer_is_decoded);
    tcase_add_test(c, every_other_scalar_is_decoded);
    tcase_add_test(c, the_quick_readers_agree_with_the_one_for_all_types);
    tcase_add_test(c, timestamps_of_all_three_sizes_are_times);
    tcase_add_test(c, missing_is_no_value_and_damage_is_corrupt);
    tcase_add_test(c, length_believes_no_count);
    tcase_add_test(c, length_needs_no_stack_for_depth);
    tcase_add_test(c, find_gives_the_value_of_that_name_only);
    tcase_add_test(c, find_compares_whole_names_of_every_length);
    tcase_add_test(c, find_is_not_misled_by_bytes_that_look_like_a_key);
    tcase_add_test(c, every_way_to_find_agrees_with_a_walk_over_the_members);
    tcase_add_test(c, a_plain_path_is_found_at_once_in_a_usual_map);
    tcase_add_test(c, find_stops_at_damage);
    tcase_add_test(c, members_come_in_order);
    tcase_add_test(c, members_that_are_damaged_say_so);
    tcase_add_test(c, a_prefix_of_a_document_is_never_whole);
    suite_add_tcase(s, c);
    return s;
}

int main(void)
{
    return kxt_run(suite());
}
