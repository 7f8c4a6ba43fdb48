/* memory.c -- what a query needs while it lives: its own space first, an arena behind it. */
#include <stdalign.h>
#include <string.h>

#include "query/query_impl.h"

void kx_query__memory_init(kx_query_memory *memory)
{
    memory->next = memory->space;
    memory->left = sizeof memory->space;
    memory->arena = (kx_arena){0};
}

void kx_query__memory_free(kx_query_memory *memory)
{
    if (memory->arena.blocks != NULL)
        kx_arena__free(&memory->arena);
}

void *kx_query__alloc(kx_query_memory *memory, size_t size)
{
    const size_t unit = alignof(max_align_t);
    if (size <= memory->left) {
        size_t taken = (size + unit - 1) / unit * unit;
        void *result = memory->next;
        taken = taken < memory->left ? taken : memory->left;
        memory->next += taken;
        memory->left -= taken;
        return result;
    }
    void *result = kx_arena__alloc(&memory->arena, size);
    if (result == NULL)
        kx_base__nomem();
    return result;
}

void *kx_query__copy(kx_query_memory *memory, const void *data, size_t size)
{
    void *copy = kx_query__alloc(memory, size);
    if (copy != NULL && size > 0)
        memcpy(copy, data, size);
    return copy;
}
