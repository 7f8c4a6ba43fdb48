/*
 * test_arena.c -- memory that is given back all at once.
 */
#include "base/base.h"

#include <stdalign.h>
#include <string.h>

#include "support.h"

START_TEST(pieces_are_aligned_and_apart)
{
    enum { PIECES = 3000 };
    static uint8_t *pieces[PIECES];
    static size_t sizes[PIECES];
    uint64_t random = kxt_seed();
    kx_arena arena = {0};
    for (size_t i = 0; i < PIECES; i++) {
        sizes[i] = (size_t)(i % 50 == 0 ? kxt_random_below(&random, 100000) : kxt_random_below(&random, 200));
        pieces[i] = kx_arena__alloc(&arena, sizes[i]);
        ck_assert_ptr_nonnull(pieces[i]);
        ck_assert_uint_eq((uintptr_t)pieces[i] % alignof(max_align_t), 0);
        memset(pieces[i], (int)(i & 0xff), sizes[i]);
    }
    size_t spoiled = 0;
    for (size_t i = 0; i < PIECES; i++) {
        for (size_t at = 0; at < sizes[i]; at++)
            spoiled += pieces[i][at] != (i & 0xff);
    }
    ck_assert_uint_eq(spoiled, 0);
    kx_arena__free(&arena);
}
END_TEST

START_TEST(no_bytes_have_a_place_of_their_own)
{
    kx_arena arena = {0};
    void *first = kx_arena__alloc(&arena, 0);
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_ne(kx_arena__alloc(&arena, 0), first);
    kx_arena__free(&arena);
}
END_TEST

START_TEST(copies_and_texts)
{
    kx_arena arena = {0};
    ck_assert_mem_eq(kx_arena__copy(&arena, "a\0b", 3), "a\0b", 3);
    ck_assert_ptr_nonnull(kx_arena__copy(&arena, NULL, 0));
    ck_assert_mem_eq(kx_arena__text(&arena, "abcdef", 3), "abc", 4);
    ck_assert_str_eq(kx_arena__text(&arena, NULL, 0), "");
    kx_arena__free(&arena);
}
END_TEST

START_TEST(a_freed_arena_is_empty_and_usable)
{
    kx_arena arena = {0};
    kx_arena__free(&arena);
    for (int round = 0; round < 3; round++) {
        ck_assert_str_eq(kx_arena__text(&arena, "again", 5), "again");
        ck_assert_ptr_nonnull(kx_arena__alloc(&arena, 1 << 20));
        kx_arena__free(&arena);
        ck_assert_ptr_null(arena.blocks);
        ck_assert_uint_eq(arena.left, 0);
    }
}
END_TEST

START_TEST(a_large_piece_leaves_the_block_in_use)
{
    kx_arena arena = {0};
    uint8_t *first = kx_arena__alloc(&arena, 16);
    kx_arena__alloc(&arena, 1 << 20);
    ck_assert_ptr_eq(kx_arena__alloc(&arena, 16), first + 16);
    kx_arena__free(&arena);
}
END_TEST

START_TEST(sizes_that_overflow_are_refused)
{
    kx_arena arena = {0};
    for (size_t less = 0; less < 64; less++) {
        ck_assert_ptr_null(kx_arena__alloc(&arena, SIZE_MAX - less));
        ck_assert_ptr_null(kx_arena__text(&arena, "", SIZE_MAX - less));
    }
    ck_assert_str_eq(kx_arena__text(&arena, "usable", 6), "usable");
    kx_arena__free(&arena);
}
END_TEST

START_TEST(without_memory_it_stays_as_it_was)
{
    static const size_t sizes[] = {100, 5000, 200, 900, 100000, 64};
    for (int64_t n = 0;; n++) {
        kx_arena arena = {0};
        unsigned failed = 0;
        kx_base__fail_alloc_after(n);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            while (kx_arena__alloc(&arena, sizes[i]) == NULL)
                failed++;
        }
        bool reached = kx_base__fail_alloc_after(-1) < 0;
        ck_assert_uint_eq(failed, reached ? 1 : 0);
        kx_arena__free(&arena);
        if (!reached)
            break;
    }
}
END_TEST

static Suite *arena_suite(void)
{
    Suite *suite = suite_create("base/arena");
    TCase *cases = tcase_create("arena");
    tcase_add_test(cases, pieces_are_aligned_and_apart);
    tcase_add_test(cases, no_bytes_have_a_place_of_their_own);
    tcase_add_test(cases, copies_and_texts);
    tcase_add_test(cases, a_freed_arena_is_empty_and_usable);
    tcase_add_test(cases, a_large_piece_leaves_the_block_in_use);
    tcase_add_test(cases, sizes_that_overflow_are_refused);
    tcase_add_test(cases, without_memory_it_stays_as_it_was);
    suite_add_tcase(suite, cases);
    return suite;
}

int main(void)
{
    return kxt_run(arena_suite());
}
