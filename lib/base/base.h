/*
 * base.h -- the ground floor: errors, memory, slices, growable bytes, hashes.
 *
 * Nothing here knows LMDB, MessagePack or a store. Tagged values are the public kx_value.
 */
#ifndef KX_BASE_BASE_H
#define KX_BASE_BASE_H

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <lmdbkenobix/error.h>
#include <lmdbkenobix/value.h>

/* ---- slices: bytes that somebody else owns ------------------------------ */

typedef struct kx_slice {
    const uint8_t *data;
    size_t         size;
} kx_slice;

static inline kx_slice kx_slice_of(const void *data, size_t size)
{
    kx_slice slice = {(const uint8_t *)data, size};
    return slice;
}

/* By bytes, and what is the start of the other comes first: the order of keys. */
static inline int kx_slice_compare(kx_slice left, kx_slice right)
{
    size_t size = left.size < right.size ? left.size : right.size;
    int order = size > 0 ? memcmp(left.data, right.data, size) : 0;
    return order != 0 ? order : (left.size > right.size) - (left.size < right.size);
}

/* ---- errors ------------------------------------------------------------- *
 * A failing internal function returns a code and leaves its text here, once, where the cause is known. The api
 * room publishes the pair at the edge of the failing public call (kx_base__done). Return a code without a text only
 * where the caller decides what it means: the plain "is it there?" KX_NOTFOUND.                                   */

/* Record `code` (below 0) with a text and return `code`; replaces what was recorded before. No allocation; texts are
   cut at 1,023 bytes on a UTF-8 boundary. Arguments may point into the recorded texts. */
int kx_base__fail(int code, const char *format, ...) KX_PRINTF(2, 3);

/* The same, naming what it is about; `collection`, `path`, `id`, `value` may be NULL and are copied: names and a
   value's text or bytes are cut at 255 bytes; a longer array, map or extension, which a cut spoils, is left out. */
int kx_base__fail_at(int code, const char *collection, const char *path, const uint64_t *id, const kx_value *value,
                     const char *format, ...) KX_PRINTF(6, 7);

/* Put "phrase: " in front of the text recorded for `code`, or record it alone where there is none. Returns code. */
int kx_base__fail_in(int code, const char *format, ...) KX_PRINTF(2, 3);

/*
 * Make what was recorded for `code` this thread's last error (its constant text where nothing was) and forget the
 * record. Returns code. Codes from 0 up belong to success and to the caller's own functions: they publish nothing, and
 * what was recorded on the way is forgotten, so that no text can meet a later failure with the same code.
 */
int kx_base__publish(int code);

/* Number of threads that hold a record: 0 but for a moment, so that a call that went well costs one load. */
extern atomic_uint kx_base__records;

/*
 * The end of every public call that can fail: return kx_base__done(rc). A call that hands on the code of a caller's
 * function (kx_write) returns it bare: what the function's own calls have published must stand.
 */
static inline int kx_base__done(int rc)
{
    if (rc < 0 || atomic_load_explicit(&kx_base__records, memory_order_relaxed) != 0)
        return kx_base__publish(rc);
    return rc;
}

/* A value as text for an error message: JSON-like, printable, cut to fit with "…", always terminated; the locale does
   not matter. A container is shown by its brackets. Returns `text`; `size` is at least 1. */
const char *kx_base__show(const kx_value *value, char *text, size_t size);

/* ---- memory: every allocation of the library goes through these three --- */

void *kx_base__alloc(size_t size);                  /* NULL when there is none; size 0 gives a pointer too */
void *kx_base__zalloc(size_t size);                 /* zeroed */
void *kx_base__realloc(void *memory, size_t size);  /* keeps `memory` on failure */
void  kx_base__free(void *memory);                  /* NULL is fine */
char *kx_base__copy_text(const char *text);         /* NULL for NULL and when there is no memory */
int   kx_base__nomem(void);                         /* records and returns KX_NOMEM */

/*
 * Fault injection, for tests: `n` more allocations succeed and the next one fails, once, in whichever thread makes it.
 * Negative: none fails. Returns what was left of the former order: negative when its failure has happened.
 */
int64_t kx_base__fail_alloc_after(int64_t n);

/* count * size, or SIZE_MAX when that overflows (which no allocation grants). */
size_t kx_base__times(size_t count, size_t size);

/* ---- arena: memory that is given back all at once ------------------------ *
 * A zeroed kx_arena is an empty one. After a failure (no memory; nothing is recorded) it is as before.             */

typedef struct kx_arena {
    struct kx_arena_block *blocks;
    uint8_t *next;
    size_t   left;
} kx_arena;

void *kx_arena__alloc(kx_arena *arena, size_t size);                       /* aligned for anything; NULL: no memory */
void *kx_arena__copy(kx_arena *arena, const void *data, size_t size);
char *kx_arena__text(kx_arena *arena, const char *text, size_t size);      /* copies `size` bytes and a NUL */
void  kx_arena__free(kx_arena *arena);                                     /* leaves it empty and usable */

/* ---- growable bytes, with a sticky error -------------------------------- *
 * After a failed append every later one does nothing; ask `rc` once, at the end. A zeroed kx_buf is an empty one.
 * What is appended must not point into the buffer itself. rc is KX_OK or KX_NOMEM (recorded).                  */

typedef struct kx_buf {
    uint8_t *data;
    size_t   size;
    size_t   capacity;
    int      rc;
} kx_buf;

void     kx_buf__append(kx_buf *buf, const void *data, size_t size);
void     kx_buf__byte(kx_buf *buf, uint8_t byte);
void     kx_buf__text(kx_buf *buf, const char *text);
void     kx_buf__print(kx_buf *buf, const char *format, ...) KX_PRINTF(2, 3);
uint8_t *kx_buf__space(kx_buf *buf, size_t size);   /* `size` more bytes to fill, already counted; NULL: rc is set */
void     kx_buf__clear(kx_buf *buf);                /* empty and without error; keeps the memory */
void     kx_buf__free(kx_buf *buf);
static inline kx_slice kx_buf__slice(const kx_buf *buf) { return kx_slice_of(buf->data, buf->size); }

/* ---- hashes: a checksum or a filter, never identity ---------------------- */

uint64_t kx_base__hash64(const void *data, size_t size, uint64_t seed);    /* XXH3-64 */
void     kx_base__hash128(const void *data, size_t size, uint8_t out[16]); /* XXH3-128, canonical (big-endian) */

/* ---- UTF-8 ------------------------------------------------------------------ */

/* True when `size` bytes are well-formed UTF-8: no overlong forms, no surrogates, at most U+10FFFF. */
bool kx_base__utf8(const void *data, size_t size);

/* Bytes of the well-formed character that starts at data[0]: 1 to 4, or 0 where there is none within `size`. */
size_t kx_base__utf8_length(const uint8_t *data, size_t size);

/* The longest start of `size` bytes, at most `limit`, that does not end inside a character. */
size_t kx_base__utf8_cut(const char *text, size_t size, size_t limit);

/* ---- the process ---------------------------------------------------------- */

/* Changes in a child made by fork(): compare with what was kept at open. The first call registers a handler: make it
   before the fork that is to be seen. Later ones are two loads. */
unsigned kx_base__fork_count(void);
extern atomic_uint kx_base__forks;          /* the number itself, for who has called it before */

#endif
