/*
 * document.h -- MessagePack documents: validator, bounded view, paths, builder, patch, JSON in and out.
 *
 * A document is one MessagePack map with UTF-8 text keys of up to 511 bytes and without NUL, no duplicate keys at any
 * level, at most 64 levels deep and 64 MiB long, in canonical form: shortest integers and lengths, 64-bit reals, one
 * NaN, shortest timestamps; key order is the writer's and is kept. Bytes are checked whole, once, wherever they enter
 * (kx_document__canonical); readers still check every bound, because a file may be hostile. Nothing here allocates but
 * what says so.
 */
#ifndef KX_DOCUMENT_DOCUMENT_H
#define KX_DOCUMENT_DOCUMENT_H

#include "base/base.h"

enum {
    KX_DOCUMENT_DEPTH = 64,
    KX_DOCUMENT_SIZE  = 64 << 20
};

/* ---- validate ------------------------------------------------------------ */

/*
 * Check that `bytes` are exactly one document. *canonical (may be NULL) tells whether they are in canonical form.
 *
 *   KX_INVALID  with a text that says what is wrong and at which byte
 *   KX_LIMIT    deeper than KX_DOCUMENT_DEPTH or longer than KX_DOCUMENT_SIZE
 *   KX_NOMEM    a map of more than 16 keys needs scratch memory to find duplicates, and there was none
 */
int kx_document__check(kx_slice bytes, bool *canonical);

/* A member of a document's own map, by offsets into the document: of the key's tag, of its text, whose item follows. */
typedef struct kx_listed {
    uint32_t at, key, size;
} kx_listed;

/* The same, and lists the first *count members at hand. *count: how many the map has. */
int kx_document__check_members(kx_slice bytes, kx_listed *members, size_t *count, bool *canonical);

/* The same for one value of any type: containers inside containers count from 1 here too. */
int kx_document__check_value(kx_slice bytes, bool *canonical);

/*
 * Check `bytes` and give their canonical form: *document is `bytes` itself when they already are, else `scratch`'s
 * bytes (valid until scratch changes; `bytes` must not lie in it). Errors as above.
 */
int kx_document__canonical(kx_slice bytes, kx_buf *scratch, kx_slice *document);

/* The same, and lists the members of the canonical form, as kx_document__check_members() does. */
int kx_document__canonical_members(kx_slice bytes, kx_buf *scratch, kx_slice *document, kx_listed *members, size_t *count);

/* The members of a document that has been checked: the first `room` of them. How many there are. */
size_t kx_document__list_members(kx_slice document, kx_listed *members, size_t room);

/* The item of a listed member: the next one, or `end` where there is none, tells where it ends. */
static inline kx_slice kx_document__listed_item(kx_slice document, const kx_listed *member, size_t end)
{
    size_t start = (size_t)member->key + member->size;
    return kx_slice_of(document.data + start, end - start);
}

/* ---- read in place -------------------------------------------------------- *
 * An "item" is the bytes of one value inside a document; {NULL, 0} is "missing".                                */

/* Bytes of the value that starts at data[0], or 0 when it is malformed or does not end within `size`. Not recursive. */
size_t kx_document__length(const uint8_t *data, size_t size);

/* Decode an item in place: containers come as their bytes, missing as type 0. Malformed: KX_CORRUPT. */
int kx_document__value(kx_slice item, kx_value *value);

/* The usual values in place. False, and the result as it was: something else, missing, or (for the other calls to tell)
   an integer above 2^63-1, a text of more than 255 bytes. */
bool kx_document__real(kx_slice item, double *real);
bool kx_document__int(kx_slice item, int64_t *integer);
bool kx_document__text(kx_slice item, kx_slice *text);

/* The type alone; KX_TYPE_NONE for missing or malformed. */
kx_type kx_document__type(kx_slice item);

/* Number of elements of an array, pairs of a map; 0 for anything else. */
uint32_t kx_document__count(kx_slice item);

/*
 * Find `name` in a map. False, *item missing: not there, not a map, or malformed before it is found. The walk starts at the first
 * pair: where the name stood in another document proves nothing (view.c says more).
 */
bool kx_document__find(kx_slice map, const char *name, size_t size, kx_slice *item);

/* The value of the member that a plain path names, in a map of few pairs with short values before it. False: not found at
   once, since the path is another one, or the map, or there is no such member. Then parse the path. */
bool kx_document__find_plain(kx_slice map, const char *path, kx_slice *item);

/* A name made ready for many finds; it points at the text given. */
typedef struct kx_needle {
    const char *name;
    size_t size;
    uint64_t word, mask; /* the first eight bytes, lowest first; mask has ff where they count */
    uint8_t tag;         /* of the short form; c1, which nothing matches, for long names */
} kx_needle;

kx_needle kx_document__needle(const char *name, size_t size);
bool kx_document__find_needle(kx_slice map, const kx_needle *wanted, kx_slice *item);

/* Walk an array or a map, in order. Owns nothing; `key` is the name's text, missing in arrays. Anything else has no
   members. */
typedef struct kx_members {
    kx_slice key, item;         /* set by kx_document__next() */
    const uint8_t *at, *end;
    uint32_t left;
    bool     is_map;
    bool     malformed;
} kx_members;

kx_members kx_document__members(kx_slice container);
bool kx_document__next(kx_members *members);

/* ---- paths: email, address.city, tags[0], items[].sku ---------------------- *
 * A name may be put in backquotes when it holds '.', '[', or is empty; a backquote inside is doubled.
 * Public calls take paths as text at every use, so a plain name must cost next to nothing.                        */

typedef enum kx_step_kind { KX_STEP_NAME, KX_STEP_INDEX, KX_STEP_EACH } kx_step_kind;

typedef struct kx_step {
    kx_step_kind kind;
    uint32_t     index;      /* KX_STEP_INDEX */
    const char  *name;       /* KX_STEP_NAME: not terminated; points into the path's own memory or its text */
    size_t       size;
} kx_step;

enum { KX_PATH_STEPS = KX_DOCUMENT_DEPTH };

typedef struct kx_path {
    uint32_t  count;
    bool      multi;         /* has an [] step, or was declared over an array */
    kx_step  *steps;         /* owned when not `first` */
    kx_step   first;         /* a plain name needs no memory */
} kx_path;

/*
 * Parse; `text` must outlive the path, and a kx_path may point into itself: pass it by address, never assign it.
 * On failure nothing is owned.
 *
 *   KX_INVALID  the text says at which column (characters, from 1) and what
 *   KX_LIMIT    more than KX_PATH_STEPS steps
 *   KX_NOMEM
 */
int  kx_path__parse(const char *text, kx_path *path);
void kx_path__free(kx_path *path);

/* True when `text` is a plain name (not empty, no '.', '[', '`'), the usual case; *size is its length either way. */
bool kx_path__plain(const char *text, size_t *size);

/* Follow a path without [] steps. Missing anywhere on the way: *item missing. Returns whether it is there. */
bool kx_document__at(kx_slice document, const kx_path *path, kx_slice *item);

/*
 * Call `visit` for every item that a path with [] steps reaches, in document order; stop at the first result that is
 * not KX_OK and return it. What is missing inside an element is not visited, null is. Where an [] step meets anything
 * but an array, null or missing: KX_INVALID. A path that names an array without a final [] ("tags") is walked over the
 * array's elements when `elements` is set. Damaged arrays: KX_CORRUPT.
 */
int kx_document__each(kx_slice document, const kx_path *path, bool elements,
                      int (*visit)(kx_slice item, void *context), void *context);

/* ---- build ------------------------------------------------------------------ *
 * Sticky errors: check the result of kx_builder__finish() only. Built on msgpack-c's packer. finish() wants one value,
 * of any type, with nothing open, and checks it whole: KX_INVALID, KX_LIMIT, KX_NOMEM.                              */

typedef struct kx_builder {
    kx_buf   out;
    uint32_t depth;
    struct { size_t at; uint32_t count; bool is_map; } open[KX_DOCUMENT_DEPTH];
} kx_builder;

void kx_builder__init(kx_builder *builder);
void kx_builder__free(kx_builder *builder);
void kx_builder__map(kx_builder *builder);                                /* open a map; count is filled in by end */
void kx_builder__array(kx_builder *builder);
void kx_builder__end(kx_builder *builder);
void kx_builder__key(kx_builder *builder, const char *name);
void kx_builder__key_n(kx_builder *builder, const char *name, size_t size);
void kx_builder__value(kx_builder *builder, const kx_value *value);       /* containers as their bytes; checked */
void kx_builder__item(kx_builder *builder, kx_slice item);                /* valid canonical bytes, verbatim */
int  kx_builder__finish(kx_builder *builder, kx_slice *bytes);            /* valid until init/free */

/* ---- patch -------------------------------------------------------------------- */

typedef enum kx_change_kind {
    KX_CHANGE_SET,
    KX_CHANGE_UNSET,
    KX_CHANGE_APPEND,
    KX_CHANGE_ADD,   /* to a number                          */
    KX_CHANGE_REMOVE /* every equal element out of an array  */
} kx_change_kind;

/*
 * One change to one path, which is text as above. SET and APPEND make the maps on the way, also in place of null; an
 * index one past the end appends; APPEND makes the array, also in place of null. UNSET removes a pair or an element,
 * and does nothing where there is none. ADD is SET where nothing or null stands; integers stay exact, and with a real
 * the sum is one. REMOVE takes out the elements that equal `item` (numbers by value: 1 is 1.0), and does nothing where
 * there is no array. `item` is valid canonical bytes.
 */
typedef struct kx_change {
    kx_change_kind kind;
    const char    *path;
    kx_slice       item;
} kx_change;

/*
 * Apply changes, in order, to a canonical document ({NULL, 0}: to an empty one); *result is scratch's bytes, canonical
 * and within the limits. Untouched members keep bytes and order; new ones go to the end. Neither the document nor an
 * item may lie in scratch. On failure *result is missing, and what scratch holds means nothing.
 *
 *   KX_INVALID  a path that cannot be: through a scalar, an index past the end, an [] step, an append to no array; an ADD
 *               of or to what is no number, a REMOVE from what is no array
 *   KX_LIMIT    the result would be too deep or too long, or a sum of integers beyond -2^63 or 2^64-1
 *   KX_CORRUPT  the document's bytes are damaged
 *   KX_NOMEM
 */
int kx_document__patch(kx_slice document, const kx_change *changes, size_t count, kx_buf *scratch, kx_slice *result);

/* ---- JSON ----------------------------------------------------------------------- *
 * RFC 8259, strict; what JSON lacks travels as MongoDB Extended JSON v2 and our own $numberUnsigned and $ext, both
 * ways; "$$x" is a user's key "$x". load(dump(x)) = x, byte for byte. jansson parses.                              */

/*
 * Parse one JSON object (or, with `any`, one value) of `size` bytes into canonical MessagePack appended to `out`, which
 * is as before on failure.
 *
 *   KX_INVALID  syntax, duplicate key, bad UTF-8, NaN, trailing text: the text says "line L, column C: what"
 *   KX_LIMIT    too deep or too long
 *   KX_NOMEM
 */
int kx_document__from_json(const char *text, size_t size, bool any, kx_buf *out);

/*
 * As kx_document__from_json(); on failure gives the place, both counted from 1 (0 where unknown), and what is wrong
 * without the place: "" where that is all in the code, valid until this thread's next failing call of it.
 */
int kx_document__from_json_at(const char *text, size_t size, bool any, kx_buf *out, unsigned *line, unsigned *column,
                              const char **what);

/* Append an item as JSON on one line, compactly: {"a":1}. Missing is null. Returns and sets out->rc: malformed bytes,
   or text that is not UTF-8, are KX_CORRUPT. The locale does not matter. */
int kx_document__to_json(kx_slice item, kx_buf *out);

/* The same from a member list on: writes `"key":value` pairs without the braces (for "_id" in front of a document). */
int kx_document__members_to_json(kx_slice map, kx_buf *out);

/* ---- base64 ------------------------------------------------------------------------ */

/* Append `size` bytes as base64 (RFC 4648, with padding). */
void kx_document__to_base64(const uint8_t *data, size_t size, kx_buf *out);

/* How many bytes a base64 text of this length and end stands for; SIZE_MAX when its length or padding is wrong. */
size_t kx_document__base64_size(const char *text, size_t size);

/* Decode into base64_size() bytes. False for anything but canonical base64. */
bool kx_document__from_base64(const char *text, size_t size, uint8_t *data);

#endif
