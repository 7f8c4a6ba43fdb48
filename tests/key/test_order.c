/*
 * test_order.c -- memcmp() of keys is the order of values, and equal values have equal keys.
 *
 * The order that keys are held against is samples.c's own.
 */
#include "key/key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "key/samples.h"
#include "support.h"

typedef struct encoded {
    uint8_t *bytes;
    size_t   size;
} encoded;

static encoded encode(const kx_value *value, bool descending)
{
    kx_key key;
    kx_key__init(&key);
    kx_key__add(&key, value, descending);
    ck_assert_int_eq(key.rc, KX_OK);
    encoded copy = {malloc(key.size), key.size};
    ck_assert_ptr_nonnull(copy.bytes);
    memcpy(copy.bytes, key.data, key.size);
    kx_key__free(&key);
    return copy;
}

static encoded *encode_all(const kx_value *values, size_t count, bool descending)
{
    encoded *keys = malloc(count * sizeof *keys);
    ck_assert_ptr_nonnull(keys);
    for (size_t i = 0; i < count; i++)
        keys[i] = encode(&values[i], descending);
    return keys;
}

static void free_all(encoded *keys, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(keys[i].bytes);
    free(keys);
}

static int order_of(const encoded *left, const encoded *right)
{
    return sample_key_order(kx_slice_of(left->bytes, left->size), kx_slice_of(right->bytes, right->size));
}

static bool begins(const encoded *left, const encoded *right)
{
    return left->size < right->size && memcmp(left->bytes, right->bytes, left->size) == 0;
}

#define ck_assert_agree(condition, left, right) \
    do { if (!(condition)) ck_abort_msg("%s: %s and %s", #condition, sample_text(left), sample_text(right)); } while (0)

/* Every boundary against every other one, in both directions. */
START_TEST(all_boundaries_agree)
{
    const kx_value *values;
    size_t count = sample_table(&values), pairs = 0;
    encoded *up = encode_all(values, count, false), *down = encode_all(values, count, true);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++, pairs++) {
            int order = sample_order(&values[i], &values[j]);
            ck_assert_agree(order_of(&up[i], &up[j]) == order, &values[i], &values[j]);
            ck_assert_agree(order_of(&down[i], &down[j]) == -order, &values[i], &values[j]);
            ck_assert_agree(sample_sign(kx_key__compare(&values[i], &values[j])) == order, &values[i], &values[j]);
            ck_assert_agree(!begins(&up[i], &up[j]) && !begins(&down[i], &down[j]), &values[i], &values[j]);
        }
    }
    printf("%zu values, %zu pairs\n", count, pairs);
    free_all(up, count);
    free_all(down, count);
}
END_TEST

START_TEST(a_descending_part_is_the_complement)
{
    const kx_value *values;
    size_t count = sample_table(&values), wrong = 0;
    for (size_t i = 0; i < count; i++) {
        encoded up = encode(&values[i], false), down = encode(&values[i], true);
        ck_assert_uint_eq(up.size, down.size);
        for (size_t at = 0; at < up.size; at++)
            wrong += (up.bytes[at] ^ down.bytes[at]) != 0xff;
        free(up.bytes);
        free(down.bytes);
    }
    ck_assert_uint_eq(wrong, 0);
}
END_TEST

START_TEST(random_pairs_agree)
{
    uint64_t random = kxt_seed();
    kx_key left, right;
    kx_key__init(&left);
    kx_key__init(&right);
    for (uint64_t n = kxt_scaled(1000000); n > 0; n--) {
        kx_value one = sample_random(&random);
        kx_value other = kxt_random_below(&random, 2) ? sample_neighbour(&random, &one) : sample_random(&random);
        bool descending = kxt_random_below(&random, 4) == 0;
        int order = sample_order(&one, &other);
        kx_key__clear(&left);
        kx_key__clear(&right);
        kx_key__add(&left, &one, descending);
        kx_key__add(&right, &other, descending);
        int keys = sample_key_order(kx_key__slice(&left), kx_key__slice(&right));
        ck_assert_agree(keys == (descending ? -order : order), &one, &other);
        ck_assert_agree(sample_sign(kx_key__compare(&one, &other)) == order, &one, &other);
        ck_assert_agree(sample_sign(kx_key__compare(&other, &one)) == -order, &other, &one);
    }
    kx_key__free(&left);
    kx_key__free(&right);
}
END_TEST

/* Two tuples of up to three parts, with ties in the first parts more often than not. */
START_TEST(compound_keys_order_like_tuples)
{
    uint64_t random = kxt_seed();
    const kx_value *values;
    size_t count = sample_table(&values);
    kx_key left, right;
    kx_key__init(&left);
    kx_key__init(&right);
    for (uint64_t n = kxt_scaled(500000); n > 0; n--) {
        size_t parts = 2 + (size_t)kxt_random_below(&random, 2);
        int order = 0;
        kx_key__clear(&left);
        kx_key__clear(&right);
        for (size_t part = 0; part < parts; part++) {
            const kx_value *one = &values[kxt_random_below(&random, count)];
            const kx_value *other = kxt_random_below(&random, 3) ? one : &values[kxt_random_below(&random, count)];
            bool descending = kxt_random_below(&random, 2) != 0;
            kx_key__add(&left, one, descending);
            kx_key__add(&right, other, descending);
            if (order == 0)
                order = descending ? -sample_order(one, other) : sample_order(one, other);
        }
        ck_assert_int_eq(sample_key_order(kx_key__slice(&left), kx_key__slice(&right)), order);
    }
    kx_key__free(&left);
    kx_key__free(&right);
}
END_TEST

START_TEST(numbers_of_all_types_are_one_class)
{
    ck_assert_int_eq(kx_key__class(KX_TYPE_INT), kx_key__class(KX_TYPE_REAL));
    ck_assert_int_eq(kx_key__class(KX_TYPE_INT), kx_key__class(KX_TYPE_UINT));
    ck_assert_int_eq(kx_key__class(KX_TYPE_NONE), kx_key__class(KX_TYPE_NULL));
    ck_assert_int_eq(kx_key__class(KX_TYPE_ARRAY), kx_key__class(KX_TYPE_EXT));
    ck_assert_int_eq(kx_key__class(KX_TYPE_ARRAY), kx_key__class(KX_TYPE_MAP));
    static const kx_type ascending[] = {KX_TYPE_NULL,   KX_TYPE_BOOL, KX_TYPE_INT, KX_TYPE_TEXT,
                                        KX_TYPE_BINARY, KX_TYPE_TIME, KX_TYPE_MAP};
    for (size_t i = 1; i < sizeof ascending / sizeof *ascending; i++)
        ck_assert_int_lt(kx_key__class(ascending[i - 1]), kx_key__class(ascending[i]));
}
END_TEST

static Suite *order_suite(void)
{
    Suite *suite = suite_create("key/order");
    TCase *cases = tcase_create("order");
    tcase_add_test(cases, all_boundaries_agree);
    tcase_add_test(cases, a_descending_part_is_the_complement);
    tcase_add_test(cases, random_pairs_agree);
    tcase_add_test(cases, compound_keys_order_like_tuples);
    tcase_add_test(cases, numbers_of_all_types_are_one_class);
    suite_add_tcase(suite, cases);
    return suite;
}

int main(void)
{
    return kxt_run(order_suite());
}
