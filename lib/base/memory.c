/*
 * memory.c -- every allocation of the library, in one place, so that a test can make any of them fail.
 */
#include "base/base.h"

#include <stdlib.h>
#include <string.h>

/* Allocations that still succeed before one fails; negative when none is to fail. */
static _Atomic int64_t allocations_left = -1;

int64_t kx_base__fail_alloc_after(int64_t n)
{
    return atomic_exchange(&allocations_left, n < 0 ? -1 : n);
}

/* Compare and swap, not subtract: threads that race past the failing one must not count on below -1. */
static bool is_the_failing_one(void)
{
    int64_t left = atomic_load_explicit(&allocations_left, memory_order_relaxed);
    while (left >= 0) {
        if (atomic_compare_exchange_weak(&allocations_left, &left, left - 1))
            return left == 0;
    }
    return false;
}

/* No object is larger than PTRDIFF_MAX; a size beyond it comes of damaged data or an overflow. */
static inline bool refused(size_t size)
{
    if (size > PTRDIFF_MAX)
        return true;
    return atomic_load_explicit(&allocations_left, memory_order_relaxed) >= 0 && is_the_failing_one();
}

void *kx_base__alloc(size_t size)
{
    return refused(size) ? NULL : malloc(size > 0 ? size : 1);
}

void *kx_base__zalloc(size_t size)
{
    return refused(size) ? NULL : calloc(1, size > 0 ? size : 1);
}

void *kx_base__realloc(void *memory, size_t size)
{
    return refused(size) ? NULL : realloc(memory, size > 0 ? size : 1);
}

void kx_base__free(void *memory)
{
    free(memory);
}

char *kx_base__copy_text(const char *text)
{
    if (text == NULL)
        return NULL;
    size_t size = strlen(text) + 1;
    char *copy = kx_base__alloc(size);
    if (copy != NULL)
        memcpy(copy, text, size);
    return copy;
}

int kx_base__nomem(void)
{
    return kx_base__fail(KX_NOMEM, "%s", kx_strerror(KX_NOMEM));
}

size_t kx_base__times(size_t count, size_t size)
{
    return size != 0 && count > SIZE_MAX / size ? SIZE_MAX : count * size;
}
