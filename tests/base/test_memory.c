/*
 * test_memory.c -- allocations, and the order to make one of them fail.
 */
#include "base/base.h"

#include <pthread.h>
#include <string.h>

#include "support.h"

START_TEST(no_bytes_are_memory_too)
{
    void *memory = kx_base__alloc(0);
    void *zeroed = kx_base__zalloc(0);
    ck_assert_ptr_nonnull(memory);
    ck_assert_ptr_nonnull(zeroed);
    memory = kx_base__realloc(memory, 0);
    ck_assert_ptr_nonnull(memory);
    kx_base__free(memory);
    kx_base__free(zeroed);
    kx_base__free(NULL);
}
END_TEST

START_TEST(zeroed_memory_is_zero)
{
    static const uint8_t zeros[1000];
    uint8_t *memory = kx_base__zalloc(sizeof zeros);
    ck_assert_mem_eq(memory, zeros, sizeof zeros);
    kx_base__free(memory);
}
END_TEST

START_TEST(what_no_machine_has_is_refused)
{
    ck_assert_ptr_null(kx_base__alloc(SIZE_MAX));
    ck_assert_ptr_null(kx_base__zalloc(kx_base__times(SIZE_MAX / 2, 3)));
    char *memory = kx_base__alloc(8);
    strcpy(memory, "kept");
    ck_assert_ptr_null(kx_base__realloc(memory, SIZE_MAX));
    ck_assert_str_eq(memory, "kept");
    kx_base__free(memory);
}
END_TEST

START_TEST(products_saturate)
{
    ck_assert_uint_eq(kx_base__times(3, 5), 15);
    ck_assert_uint_eq(kx_base__times(0, SIZE_MAX), 0);
    ck_assert_uint_eq(kx_base__times(SIZE_MAX, 0), 0);
    ck_assert_uint_eq(kx_base__times(SIZE_MAX, 1), SIZE_MAX);
    ck_assert_uint_eq(kx_base__times(SIZE_MAX / 2, 2), SIZE_MAX - 1);
    ck_assert_uint_eq(kx_base__times(SIZE_MAX / 2 + 1, 2), SIZE_MAX);
    ck_assert_uint_eq(kx_base__times((size_t)1 << 33, (size_t)1 << 33), SIZE_MAX);
}
END_TEST

START_TEST(texts_are_copied)
{
    char *copy = kx_base__copy_text("shop");
    ck_assert_str_eq(copy, "shop");
    kx_base__free(copy);
    ck_assert_ptr_null(kx_base__copy_text(NULL));
    kx_base__fail_alloc_after(0);
    ck_assert_ptr_null(kx_base__copy_text("shop"));
}
END_TEST

START_TEST(missing_memory_has_a_text)
{
    ck_assert_int_eq(kx_base__done(kx_base__nomem()), KX_NOMEM);
    ck_assert_str_eq(kx_errmsg(), "out of memory");
}
END_TEST

START_TEST(the_ordered_allocation_fails_once)
{
    void *memory[6] = {0};
    kx_base__fail_alloc_after(2);
    memory[0] = kx_base__alloc(1);
    memory[1] = kx_base__zalloc(1);
    ck_assert_ptr_null(kx_base__realloc(memory[0], 100));
    memory[2] = kx_base__alloc(1);
    memory[0] = kx_base__realloc(memory[0], 100);
    for (int i = 0; i < 3; i++) {
        ck_assert_ptr_nonnull(memory[i]);
        kx_base__free(memory[i]);
    }
    ck_assert_int_lt(kx_base__fail_alloc_after(-1), 0);
}
END_TEST

START_TEST(an_order_that_was_not_reached_is_known)
{
    kx_base__fail_alloc_after(3);
    kx_base__free(kx_base__alloc(1));
    ck_assert_int_eq(kx_base__fail_alloc_after(-5), 2);
    ck_assert_int_eq(kx_base__fail_alloc_after(-1), -1);
    void *memory = kx_base__alloc(1);
    ck_assert_ptr_nonnull(memory);
    kx_base__free(memory);
}
END_TEST

static void *allocate_often(void *context)
{
    unsigned *failures = context;
    for (int i = 0; i < 5000; i++) {
        void *memory = kx_base__alloc(16);
        *failures += memory == NULL;
        kx_base__free(memory);
    }
    return NULL;
}

START_TEST(among_threads_one_allocation_fails)
{
    pthread_t threads[4];
    unsigned failures[4] = {0}, sum = 0;
    kx_base__fail_alloc_after(9000);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, allocate_often, &failures[i]), 0);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        sum += failures[i];
    }
    ck_assert_uint_eq(sum, 1);
    ck_assert_int_eq(kx_base__fail_alloc_after(-1), -1);
}
END_TEST

static Suite *memory_suite(void)
{
    Suite *suite = suite_create("base/memory");
    TCase *cases = tcase_create("memory");
    tcase_add_test(cases, no_bytes_are_memory_too);
    tcase_add_test(cases, zeroed_memory_is_zero);
    tcase_add_test(cases, what_no_machine_has_is_refused);
    tcase_add_test(cases, products_saturate);
    tcase_add_test(cases, texts_are_copied);
    tcase_add_test(cases, missing_memory_has_a_text);
    tcase_add_test(cases, the_ordered_allocation_fails_once);
    tcase_add_test(cases, an_order_that_was_not_reached_is_known);
    tcase_add_test(cases, among_threads_one_allocation_fails);
    suite_add_tcase(suite, cases);
    return suite;
}

int main(void)
{
    return kxt_run(memory_suite());
}
