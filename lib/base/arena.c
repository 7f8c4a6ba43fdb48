/*
 * arena.c -- memory that is given back all at once.
 *
 * Blocks grow from 1 to 64 KiB, so that a small arena is cheap and a large one needs few calls. What takes more than a
 * quarter of a block gets one of its own, behind the first: the space left in the first stays in use.
 */
#include "base/base.h"

#include <stdalign.h>
#include <string.h>

enum { FIRST_BLOCK = 1024, LARGEST_BLOCK = 64 * 1024 };

struct kx_arena_block {
    struct kx_arena_block *next;
    size_t size;                                   /* of `memory`, in bytes */
    alignas(max_align_t) uint8_t memory[];
};

static struct kx_arena_block *make_block(size_t size)
{
    if (size > SIZE_MAX - sizeof(struct kx_arena_block))
        return NULL;
    struct kx_arena_block *block = kx_base__alloc(sizeof *block + size);
    if (block != NULL)
        block->size = size;
    return block;
}

static void *alloc_large(kx_arena *arena, size_t size)
{
    struct kx_arena_block *block = make_block(size);
    if (block == NULL)
        return NULL;
    if (arena->blocks == NULL) {
        block->next = NULL;
        arena->blocks = block;
    } else {
        block->next = arena->blocks->next;
        arena->blocks->next = block;
    }
    return block->memory;
}

static void *alloc_block(kx_arena *arena, size_t size)
{
    size_t room = arena->blocks == NULL ? FIRST_BLOCK : arena->blocks->size * 2;
    room = room < LARGEST_BLOCK ? room : LARGEST_BLOCK;
    if (size > room / 4)
        return alloc_large(arena, size);

    struct kx_arena_block *block = make_block(room);
    if (block == NULL)
        return NULL;
    block->next = arena->blocks;
    arena->blocks = block;
    arena->next = block->memory + size;
    arena->left = room - size;
    return block->memory;
}

void *kx_arena__alloc(kx_arena *arena, size_t size)
{
    const size_t unit = alignof(max_align_t);
    if (size > SIZE_MAX - unit)
        return NULL;
    size = size == 0 ? unit : (size + unit - 1) / unit * unit;
    if (size > arena->left)
        return alloc_block(arena, size);
    void *memory = arena->next;
    arena->next += size;
    arena->left -= size;
    return memory;
}

void *kx_arena__copy(kx_arena *arena, const void *data, size_t size)
{
    void *copy = kx_arena__alloc(arena, size);
    if (copy != NULL && size > 0)
        memcpy(copy, data, size);
    return copy;
}

char *kx_arena__text(kx_arena *arena, const char *text, size_t size)
{
    if (size == SIZE_MAX)
        return NULL;
    char *copy = kx_arena__alloc(arena, size + 1);
    if (copy == NULL)
        return NULL;
    if (size > 0)
        memcpy(copy, text, size);
    copy[size] = '\0';
    return copy;
}

void kx_arena__free(kx_arena *arena)
{
    struct kx_arena_block *block = arena->blocks;
    while (block != NULL) {
        struct kx_arena_block *next = block->next;
        kx_base__free(block);
        block = next;
    }
    *arena = (kx_arena){0};
}
