/*
 * key.h -- values as bytes that sort: one encoder for writing and for querying.
 *
 * memcmp() order of keys is value order, and equal values have equal keys:
 *
 *   null (missing is null) < false < true < numbers < text < binary < timestamp < other
 *
 * Integers and reals share one number line (1 and 1.0 are one key; 2^53 and 2^53+1, 2^63-1 and 2^64-1 stay distinct;
 * -0 is 0; NaN sorts first among numbers and equals itself). Text orders by its UTF-8 bytes. "Other" (arrays, maps,
 * extensions) orders by its canonical MessagePack. Each part is prefix-free, so compound keys are concatenations and a
 * descending part is the complement of the ascending one. key_encode.c draws the bytes.
 */
#ifndef KX_KEY_KEY_H
#define KX_KEY_KEY_H

#include "base/base.h"

/*
 * A key never passes these sizes: part of the format, never to change. A key whose encoding has `limit` bytes or more
 * keeps limit-16 of them and ends in XXH3-128 of the whole encoding: it has exactly `limit` bytes and is "shortened";
 * every key that is not shortened has fewer. A unique index shortens earlier, so that an 8-byte id still fits behind.
 */
enum {
    KX_KEY_LIMIT = 511,
    KX_KEY_UNIQUE_LIMIT = 503
};

/*
 * A key under construction. Small keys (nearly all) live inside it, so that it must not be copied or moved; longer ones
 * own memory until kx_key__free(). Sticky error: rc is KX_NOMEM after a failure, and appending then does nothing.
 */
typedef struct kx_key {
    uint8_t *data;
    size_t   size;
    size_t   capacity;
    int      rc;
    bool     shortened;     /* set by kx_key__finish() */
    bool     has_null;      /* a part was null or missing */
    uint8_t  space[520];    /* not initialised */
} kx_key;

/* Empty; keeps the memory that it has. */
static inline void kx_key__clear(kx_key *key)
{
    key->size = 0;
    key->rc = KX_OK;
    key->shortened = false;
    key->has_null = false;
}

/* Writes only the members before `space`: a get makes a key or two, and zeroing them would cost more than encoding. */
static inline void kx_key__init(kx_key *key)
{
    key->data = key->space;
    key->capacity = sizeof key->space;
    kx_key__clear(key);
}

/* Afterwards the key is empty, and may be used again. */
static inline void kx_key__free(kx_key *key)
{
    if (key->data != key->space)
        kx_base__free(key->data);
    kx_key__init(key);
}

/* Append one part. Type 0 (missing) encodes as null. Values must be valid (UTF-8, nanoseconds in range). */
void kx_key__add(kx_key *key, const kx_value *value, bool descending);

/* Make the text part that was appended at `from` lower case: A to Z as a to z, other characters as they are. */
void kx_key__fold(kx_key *key, size_t from, bool descending);

/* Append the first bytes of every text that starts with `text`: for prefix scans. */
void kx_key__add_prefix(kx_key *key, kx_slice text, bool descending);

/* Shorten when the encoding has `limit` bytes or more. Call once, after the last part. Returns rc. */
int kx_key__shorten(kx_key *key, size_t limit);
static inline int kx_key__finish(kx_key *key, size_t limit)
{
    return key->size < limit ? key->rc : kx_key__shorten(key, limit);
}

/* Append an id, big-endian: the end of a unique key with a null part or that was shortened. After finish. */
void kx_key__add_id(kx_key *key, uint64_t id);

/* The part that begins here, of an ascending key that was not shortened: is it null; is it a whole number from 0 up, and
   which? */
bool kx_key__is_null(kx_slice part);
bool kx_key__read_id(kx_slice part, uint64_t *id);

/* Bytes of the first part of a key; 0: the key ends within it, as one that was shortened may. */
size_t kx_key__part_size(kx_slice key, bool descending);

/*
 * The value of a whole part; a text or binary is `bytes`' (cleared first). Type 0: the part does not tell it. A number has one key whatever
 * its type, and arrays, maps and extensions are left to their documents. KX_NOMEM.
 */
int kx_key__read(kx_slice part, bool descending, kx_buf *bytes, kx_value *value);

static inline kx_slice kx_key__slice(const kx_key *key) { return kx_slice_of(key->data, key->size); }

/*
 * Cut a key that is to bound a range, or to begin what it looks for, in an index whose keys are shortened at `limit`:
 * a shortened entry has only its first limit - 16 bytes in order, so a longer bound keeps no more than these. True when
 * something was cut: then let the range include every key that starts with the rest (kx_key__successor() for its end)
 * and compare what comes with the document. Instead of kx_key__finish(), before kx_key__successor().
 */
bool kx_key__cut(kx_key *key, size_t limit);

/*
 * Bounds of the class of `type`, as one part of a range, appended to what stands before it (the equal parts of a
 * compound key). All values of the class, and no other, are in [FROM, TO) in key order, for ascending and descending
 * parts alike. All numbers are one class, here without NaN (NaN matches only equality).
 *
 *   amount < 5, ascending     from: bound FROM         to: add(5)
 *   amount < 5, descending    from: add(5), successor  to: bound TO
 */
typedef enum kx_key_bound { KX_KEY_FROM, KX_KEY_TO } kx_key_bound;
void kx_key__add_bound(kx_key *key, kx_type type, kx_key_bound bound, bool descending);

/*
 * Turn the key into the smallest one above every key that starts with it (increment with carry; trailing 0xff bytes
 * fall off). False, and the key unchanged, when there is none (all bytes 0xff): then nothing bounds the range.
 */
bool kx_key__successor(kx_key *key);

/*
 * Value order without encoding: <0, 0, >0. Agrees with memcmp() of the keys for every pair of valid values; type 0
 * counts as null. This is what conditions and sorts compare with.
 */
int kx_key__compare(const kx_value *left, const kx_value *right);

/* The class that range conditions compare within: all numbers are one class, false and true are one class. */
int kx_key__class(kx_type type);

#endif
