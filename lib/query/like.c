/*
 * like.c -- patterns: % is any run of characters, _ is one, \ takes the next as it is.
 *
 * A compiled pattern is its literal bytes, with LIKE_RUN and LIKE_ONE for the marks: neither is a byte of UTF-8. Runs
 * split it into segments. The first is held against the start of the text, the last against its end, and each one
 * between is taken where it occurs first: what matches later would leave less for the rest. Nothing is ever tried
 * again, so the time is bounded by text times longest segment, and by the text alone where a segment has no LIKE_ONE.
 */
#include <string.h>

#include "query/query_impl.h"

int kx_query__like_compile(kx_slice pattern, uint8_t *out, size_t *size)
{
    size_t used = 0;
    for (size_t i = 0; i < pattern.size; i++) {
        uint8_t byte = pattern.data[i];
        if (byte == '%') {
            if (used == 0 || out[used - 1] != LIKE_RUN)
                out[used++] = LIKE_RUN;
        } else if (byte == '_') {
            out[used++] = LIKE_ONE;
        } else if (byte != '\\') {
            out[used++] = byte;
        } else if (++i < pattern.size) {
            out[used++] = pattern.data[i];
        } else {
            return KX_INVALID;
        }
    }
    *size = used;
    return KX_OK;
}

static size_t character_size(const uint8_t *at, const uint8_t *end)
{
    const uint8_t *next = at + 1;
    while (next < end && (*next & 0xc0) == 0x80)
        next++;
    return (size_t)(next - at);
}

/* Where a segment ends that starts at `at`; NULL when it does not match there. */
static const uint8_t *match_at(kx_slice segment, const uint8_t *at, const uint8_t *end)
{
    for (size_t i = 0; i < segment.size; i++) {
        if (at == end)
            return NULL;
        if (segment.data[i] == LIKE_ONE)
            at += character_size(at, end);
        else if (*at++ != segment.data[i])
            return NULL;
    }
    return at;
}

/* Where a segment ends that occurs first at `at` or behind it; NULL when there is none. */
static const uint8_t *match_first(kx_slice segment, const uint8_t *at, const uint8_t *end)
{
    while (segment.size > 0 && segment.data[0] == LIKE_ONE) {
        if (at == end)
            return NULL;
        at += character_size(at, end);
        segment = kx_slice_of(segment.data + 1, segment.size - 1);
    }
    const uint8_t *one = segment.size > 0 ? memchr(segment.data, LIKE_ONE, segment.size) : NULL;
    size_t literal = one != NULL ? (size_t)(one - segment.data) : segment.size;
    for (;; at++) {
        at = literal > 0 ? memmem(at, (size_t)(end - at), segment.data, literal) : at;
        if (at == NULL)
            return NULL;
        const uint8_t *stop = match_at(segment, at, end);
        if (stop != NULL || literal == 0)
            return stop;
    }
}

/* Does a segment match the end of the text, from `at` or behind it? Its characters tell where it would have to
   begin. */
static bool match_end(kx_slice segment, const uint8_t *at, const uint8_t *end)
{
    const uint8_t *start = end;
    for (size_t i = segment.size; i > 0; i--) {
        if (start == at)
            return false;
        start--;
        if (segment.data[i - 1] == LIKE_ONE)
            while (start > at && (*start & 0xc0) == 0x80)
                start--;
    }
    return match_at(segment, start, end) == end;
}

bool kx_query__like(kx_slice compiled, kx_slice text)
{
    const uint8_t *at = text.data, *end = text.data + text.size;
    const uint8_t *pattern = compiled.data, *stop = compiled.data + compiled.size;
    for (bool first = true;; first = false) {
        const uint8_t *run = memchr(pattern, LIKE_RUN, (size_t)(stop - pattern));
        kx_slice segment = kx_slice_of(pattern, (size_t)((run != NULL ? run : stop) - pattern));
        if (run == NULL)
            return first ? match_at(segment, at, end) == end : match_end(segment, at, end);
        at = first ? match_at(segment, at, end) : match_first(segment, at, end);
        if (at == NULL)
            return false;
        pattern = run + 1;
    }
}

kx_slice kx_query__like_prefix(kx_slice compiled, bool *whole)
{
    size_t size = 0;
    while (size < compiled.size && compiled.data[size] < LIKE_RUN)
        size++;
    *whole = size + 1 == compiled.size && compiled.data[size] == LIKE_RUN;
    return kx_slice_of(compiled.data, size);
}
