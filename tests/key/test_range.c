/*
 * test_range.c -- the ends of keys and of ranges: what a range of values holds is in the range of keys.
 */
#include "key/key.h"

#include <string.h>

#include "key/samples.h"
#include "support.h"

enum { HASH_SIZE = 16 };

static const size_t limits[] = {KX_KEY_LIMIT, KX_KEY_UNIQUE_LIMIT};

static void encode(kx_key *key, const kx_value *value, bool descending)
{
    kx_key__clear(key);
    kx_key__add(key, value, descending);
}

static int order_of(const kx_key *left, const kx_key *right)
{
    return sample_key_order(kx_key__slice(left), kx_key__slice(right));
}

static bool is_nan(const kx_value *value)
{
    return value->type == KX_TYPE_REAL && value->real != value->real;
}

START_TEST(bounds_hold_their_class_and_nothing_else)
{
    const kx_value *values;
    size_t count = sample_table(&values);
    kx_key from, to, key;
    kx_key__init(&from);
    kx_key__init(&to);
    kx_key__init(&key);
    for (int type = KX_TYPE_NONE; type <= KX_TYPE_EXT; type++) {
        for (int descending = 0; descending < 2; descending++) {
            kx_key__clear(&from);
            kx_key__clear(&to);
            kx_key__add_bound(&from, (kx_type)type, KX_KEY_FROM, descending);
            kx_key__add_bound(&to, (kx_type)type, KX_KEY_TO, descending);
            for (size_t i = 0; i < count; i++) {
                encode(&key, &values[i], descending);
                bool inside = order_of(&from, &key) <= 0 && order_of(&key, &to) < 0;
                bool member = kx_key__class(values[i].type) == kx_key__class((kx_type)type) && !is_nan(&values[i]);
                ck_assert_msg(inside == member, "type %d, %s", type, sample_text(&values[i]));
            }
        }
    }
    kx_key__free(&from);
    kx_key__free(&to);
    kx_key__free(&key);
}
END_TEST

START_TEST(bounds_stand_behind_the_equal_parts)
{
    kx_key key;
    kx_value part = sample_int(1);
    kx_key__init(&key);
    kx_key__add(&key, &part, false);
    kx_key__add_bound(&key, KX_TYPE_TEXT, KX_KEY_FROM, false);
    ck_assert_uint_eq(key.size, 3);
    ck_assert_mem_eq(key.data, "\x2c\x02\x40", 3);
    kx_key__free(&key);
}
END_TEST

START_TEST(a_successor_is_above_what_starts_with_the_key)
{
    static const struct { const char *key; size_t size; const char *next; size_t next_size; } cases[] = {
        {"a", 1, "b", 1}, {"a\xff", 2, "b", 1}, {"a\xff\xff", 3, "b", 1}, {"a\xfe\xff", 3, "a\xff", 2},
        {"\0", 1, "\1", 1}, {"\xff", 1, NULL, 0}, {"\xff\xff\xff", 3, NULL, 0}, {"", 0, NULL, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        kx_key key;
        kx_key__init(&key);
        memcpy(key.data, cases[i].key, cases[i].size);
        key.size = cases[i].size;
        ck_assert(kx_key__successor(&key) == (cases[i].next != NULL));
        size_t size = cases[i].next != NULL ? cases[i].next_size : cases[i].size;
        ck_assert_uint_eq(key.size, size);
        ck_assert(memcmp(key.data, cases[i].next != NULL ? cases[i].next : cases[i].key, size) == 0);
        kx_key__free(&key);
    }
}
END_TEST

START_TEST(a_prefix_holds_the_texts_that_start_with_it)
{
    const kx_value *values;
    size_t count = sample_table(&values);
    kx_key from, to, key;
    kx_key__init(&from);
    kx_key__init(&to);
    kx_key__init(&key);
    for (size_t p = 0; p < count; p++) {
        if (values[p].type != KX_TYPE_TEXT)
            continue;
        for (size_t i = 0; i < count; i++) {
            bool descending = (i + p) % 2 != 0;
            kx_slice prefix = kx_slice_of(values[p].data, values[p].size);
            kx_key__clear(&from);
            kx_key__clear(&to);
            kx_key__add_prefix(&from, prefix, descending);
            kx_key__add_prefix(&to, prefix, descending);
            ck_assert(kx_key__successor(&to));
            encode(&key, &values[i], descending);
            bool inside = order_of(&from, &key) <= 0 && order_of(&key, &to) < 0;
            bool starts = values[i].type == KX_TYPE_TEXT && values[i].size >= prefix.size &&
                          (prefix.size == 0 || memcmp(values[i].data, prefix.data, prefix.size) == 0);
            ck_assert_msg(inside == starts, "%s under %s", sample_text(&values[i]), sample_text(&values[p]));
        }
    }
    kx_key__free(&from);
    kx_key__free(&to);
    kx_key__free(&key);
}
END_TEST

/* ---- shortened keys ---------------------------------------------------------- */

START_TEST(keys_shorten_at_the_limit_and_not_below)
{
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        for (size_t size = limits[i] - 20; size < limits[i] + 20; size++) {
            kx_value text = sample_repeated(KX_TYPE_TEXT, "abc", size - 2);
            kx_key key, whole;
            kx_key__init(&key);
            kx_key__init(&whole);
            kx_key__add(&key, &text, false);
            kx_key__add(&whole, &text, false);
            ck_assert_uint_eq(key.size, size);
            ck_assert_int_eq(kx_key__finish(&key, limits[i]), KX_OK);
            ck_assert(key.shortened == (size >= limits[i]));
            ck_assert_uint_eq(key.size, size >= limits[i] ? limits[i] : size);
            size_t kept = key.shortened ? limits[i] - HASH_SIZE : size;
            ck_assert_mem_eq(key.data, whole.data, kept);
            if (key.shortened) {
                uint8_t hash[HASH_SIZE];
                kx_base__hash128(whole.data, whole.size, hash);
                ck_assert_mem_eq(key.data + kept, hash, HASH_SIZE);
            }
            kx_key__free(&key);
            kx_key__free(&whole);
        }
    }
}
END_TEST

START_TEST(ids_stand_at_the_end_big_endian)
{
    kx_key key;
    kx_value text = sample_repeated(KX_TYPE_TEXT, "abc", 600);
    kx_key__init(&key);
    kx_key__add(&key, &text, false);
    ck_assert_int_eq(kx_key__finish(&key, KX_KEY_UNIQUE_LIMIT), KX_OK);
    kx_key__add_id(&key, UINT64_C(0x0102030405060708));
    ck_assert_uint_eq(key.size, KX_KEY_LIMIT);
    ck_assert_mem_eq(key.data + KX_KEY_UNIQUE_LIMIT, "\1\2\3\4\5\6\7\10", 8);
    kx_key__free(&key);
}
END_TEST

/* Texts around the limit, mostly alike at the start: long ones often differ only beyond what a key keeps. */
static kx_value random_long_text(uint64_t *random)
{
    static char rooms[4][560];
    static unsigned turn;
    char *room = rooms[turn++ % 4];
    size_t size = 470 + (size_t)kxt_random_below(random, 80);
    memset(room, 'm', sizeof rooms[0]);
    for (uint64_t changes = kxt_random_below(random, 3); changes > 0; changes--) {
        size_t at = (size_t)kxt_random_below(random, size);
        if (kxt_random_below(random, 4))
            at = size - 1 - (size_t)kxt_random_below(random, 60);
        room[at] = (char)(kxt_random_below(random, 3) + (kxt_random_below(random, 2) ? 'l' : 0));
    }
    return (kx_value){.type = KX_TYPE_TEXT, .data = room, .size = size};
}

START_TEST(shortened_keys_order_by_their_start_and_tell_values_apart)
{
    uint64_t random = kxt_seed();
    kx_key one, other, whole, another;
    kx_key__init(&one);
    kx_key__init(&other);
    kx_key__init(&whole);
    kx_key__init(&another);
    for (uint64_t n = kxt_scaled(200000); n > 0; n--) {
        size_t limit = limits[n % 2], kept = limit - HASH_SIZE;
        bool descending = kxt_random_below(&random, 2) != 0;
        kx_value left = random_long_text(&random), right = random_long_text(&random);
        encode(&one, &left, descending);
        encode(&other, &right, descending);
        encode(&whole, &left, descending);
        encode(&another, &right, descending);
        ck_assert_int_eq(kx_key__finish(&one, limit), KX_OK);
        ck_assert_int_eq(kx_key__finish(&other, limit), KX_OK);
        int order = descending ? -sample_order(&left, &right) : sample_order(&left, &right);
        int keys = order_of(&one, &other);
        bool apart = whole.size < kept || another.size < kept || memcmp(whole.data, another.data, kept) != 0;
        ck_assert_int_eq(keys == 0, order == 0);
        ck_assert(keys == order || (!apart && (one.shortened || other.shortened)));
    }
    kx_key__free(&one);
    kx_key__free(&other);
    kx_key__free(&whole);
    kx_key__free(&another);
}
END_TEST

/* A range from a cut key to a cut key's successor misses no entry that a value of the range has. */
START_TEST(cut_bounds_miss_nothing)
{
    uint64_t random = kxt_seed();
    kx_key from, to, entry;
    kx_key__init(&from);
    kx_key__init(&to);
    kx_key__init(&entry);
    for (uint64_t n = kxt_scaled(200000); n > 0; n--) {
        size_t limit = limits[n % 2];
        bool descending = kxt_random_below(&random, 2) != 0;
        kx_value bound = random_long_text(&random), value = random_long_text(&random);
        encode(&from, &bound, descending);
        encode(&to, &bound, descending);
        encode(&entry, &value, descending);
        ck_assert(kx_key__cut(&from, limit) == (to.size > limit - HASH_SIZE));
        kx_key__cut(&to, limit);
        ck_assert_uint_le(to.size, limit - HASH_SIZE);
        ck_assert(kx_key__successor(&to));
        ck_assert_int_eq(kx_key__finish(&entry, limit), KX_OK);
        int order = descending ? -sample_order(&value, &bound) : sample_order(&value, &bound);
        ck_assert(order < 0 || order_of(&from, &entry) <= 0);
        ck_assert(order > 0 || order_of(&entry, &to) < 0);
    }
    kx_key__free(&from);
    kx_key__free(&to);
    kx_key__free(&entry);
}
END_TEST

static Suite *range_suite(void)
{
    Suite *suite = suite_create("key/range");
    TCase *cases = tcase_create("range");
    tcase_add_test(cases, bounds_hold_their_class_and_nothing_else);
    tcase_add_test(cases, bounds_stand_behind_the_equal_parts);
    tcase_add_test(cases, a_successor_is_above_what_starts_with_the_key);
    tcase_add_test(cases, a_prefix_holds_the_texts_that_start_with_it);
    tcase_add_test(cases, keys_shorten_at_the_limit_and_not_below);
    tcase_add_test(cases, ids_stand_at_the_end_big_endian);
    tcase_add_test(cases, shortened_keys_order_by_their_start_and_tell_values_apart);
    tcase_add_test(cases, cut_bounds_miss_nothing);
    suite_add_tcase(suite, cases);
    return suite;
}

int main(void)
{
    return kxt_run(range_suite());
}
