/* test_sort.c -- entries come out by key and then id, whatever they came in as. */
#include "collection_test.h"

enum { MOST_KEY = 40 };

typedef struct sample {
    kx_entry *entries, *scratch, *oracle;
    uint8_t  *keys;
    size_t    count;
} sample;

static int in_order(const void *a, const void *b)
{
    const kx_entry *left = a, *right = b;
    size_t size = left->size < right->size ? left->size : right->size;
    int order = memcmp(left->key, right->key, size);
    if (order == 0)
        order = (left->size > right->size) - (left->size < right->size);
    return order != 0 ? order : (left->id > right->id) - (left->id < right->id);
}

/* `common` bytes are the same in all keys, then come `letters` different ones. */
static sample make_sample(uint64_t *random, size_t count, size_t common, unsigned letters)
{
    sample s = {.count = count};
    s.entries = calloc(count + 1, sizeof *s.entries);
    s.scratch = calloc(count + 1, sizeof *s.scratch);
    s.oracle = calloc(count + 1, sizeof *s.oracle);
    s.keys = malloc(count * MOST_KEY + 1);
    ck_assert(s.entries != NULL && s.scratch != NULL && s.oracle != NULL && s.keys != NULL);
    for (size_t i = 0; i < count; i++) {
        uint8_t *key = s.keys + i * MOST_KEY;
        size_t size = common + kxt_random_below(random, MOST_KEY - common) + (common == 0);
        memset(key, 7, common);
        for (size_t at = common; at < size; at++)
            key[at] = (uint8_t)kxt_random_below(random, letters);
        s.entries[i] =
            (kx_entry){.id = kxt_random_below(random, 50), .key = key, .size = (uint16_t)size, .tag = (uint32_t)i};
        for (size_t at = 0; at < 8; at++)
            s.entries[i].prefix = s.entries[i].prefix << 8 | (at < size ? key[at] : 0);
    }
    memcpy(s.oracle, s.entries, count * sizeof *s.oracle);
    qsort(s.oracle, count, sizeof *s.oracle, in_order);
    return s;
}

static void sort_and_compare(sample *s)
{
    kx_collection__sort(s->entries, s->scratch, s->count);
    for (size_t i = 0; i < s->count; i++)
        ck_assert_msg(in_order(&s->entries[i], &s->oracle[i]) == 0, "entry %zu of %zu is out of order", i, s->count);
}

static void free_sample(sample *s)
{
    free(s->entries);
    free(s->scratch);
    free(s->oracle);
    free(s->keys);
}

START_TEST(the_sort_agrees_with_qsort)
{
    static const size_t commons[] = {0, 1, 5, 7, 8, 9, 20};
    static const unsigned letters[] = {1, 2, 3, 256};
    uint64_t random = kxt_seed();
    for (uint64_t round = 0; round < kxt_scaled(500); round++) {
        size_t count = (size_t)kxt_random_below(&random, 400);
        sample s =
            make_sample(&random, count, commons[kxt_random_below(&random, 7)], letters[kxt_random_below(&random, 4)]);
        sort_and_compare(&s);
        free_sample(&s);
    }
}
END_TEST

START_TEST(many_entries_are_sorted_and_keep_their_tags)
{
    uint64_t random = kxt_seed();
    sample s = make_sample(&random, (size_t)kxt_scaled(200000), 3, 256);
    sort_and_compare(&s);
    for (size_t i = 0; i < s.count; i++)
        ck_assert_ptr_eq(s.entries[i].key, s.keys + (size_t)s.entries[i].tag * MOST_KEY);
    free_sample(&s);
}
END_TEST

START_TEST(sorting_what_is_sorted_changes_nothing)
{
    uint64_t random = kxt_seed();
    sample s = make_sample(&random, 300, 2, 3);
    sort_and_compare(&s);
    memcpy(s.oracle, s.entries, s.count * sizeof *s.oracle);
    kx_collection__sort(s.entries, s.scratch, s.count);
    ck_assert_mem_eq(s.entries, s.oracle, s.count * sizeof *s.oracle);
    free_sample(&s);
}
END_TEST

START_TEST(none_and_one_are_sorted)
{
    kx_entry one = {.id = 5, .key = (const uint8_t *)"a", .size = 1}, scratch;
    kx_collection__sort(&one, &scratch, 0);
    kx_collection__sort(&one, &scratch, 1);
    ck_assert_uint_eq(one.id, 5);
}
END_TEST

START_TEST(a_list_keeps_its_keys_and_sorts_them)
{
    kx_entries list = {0};
    uint64_t random = kxt_seed();
    for (uint32_t i = 0; i < 2000; i++) {
        kx_key key;
        kx_value value = kx_text_n("ksjdhfgkjsdhfgksjdhfgkjshdfgkjsdhfg", (size_t)kxt_random_below(&random, 35));
        kx_key__init(&key);
        kx_key__add(&key, &value, i % 2 == 0);
        ck_assert_int_eq(kx_collection__entries_add(&list, &key, i, i), KX_OK);
        kx_key__free(&key);
    }
    ck_assert_int_eq(kx_collection__entries_sort(&list), KX_OK);
    ck_assert_uint_eq(list.count, 2000);
    for (size_t i = 1; i < list.count; i++)
        ck_assert_int_lt(in_order(&list.items[i - 1], &list.items[i]), 0);
    kx_collection__entries_free(&list);
    ck_assert_uint_eq(list.count, 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("collection/sort");
    TCase *tests = tcase_create("sort");
    tcase_add_test(tests, the_sort_agrees_with_qsort);
    tcase_add_test(tests, many_entries_are_sorted_and_keep_their_tags);
    tcase_add_test(tests, sorting_what_is_sorted_changes_nothing);
    tcase_add_test(tests, none_and_one_are_sorted);
    tcase_add_test(tests, a_list_keeps_its_keys_and_sorts_them);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return kxt_run(suite());
}
