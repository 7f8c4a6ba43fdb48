/*
 * validate.c -- are these bytes one MessagePack value that a document may hold? One pass, no recursion.
 *
 * Duplicate keys: the keys of all open maps lie in one stack; a map's own are its top, since a nested map is closed
 * before the next key comes. Maps of up to 16 pairs compare each new key with those before it; larger ones sort theirs
 * when they close, so that hostile keys cost n log n as well. The stack has room for 64 small maps inside each other;
 * only larger ones make it move to allocated memory, which grows with keys seen, never with counts claimed.
 */
#include "document/validate.h"

#include "document/bytes.h"
#include "document/document.h"

enum { SMALL_MAP = 16, KEYS_AT_HAND = KX_DOCUMENT_DEPTH * SMALL_MAP };

static const uint64_t canonical_nan = UINT64_C(0x7ff8000000000000);

typedef struct key_seen {
    uint32_t sign;              /* equal keys of one map have equal signs */
    uint32_t at, size;          /* the text, within the bytes */
} key_seen;

typedef struct level {
    uint32_t left;              /* pairs or elements to come */
    uint32_t first_key;
    bool     is_map, is_small;
} level;

typedef struct scan {
    const uint8_t *data;
    size_t      size, at;
    const char *part;
    bool        canonical;
    uint32_t    depth, depth_limit;
    uint32_t    key_count, key_capacity;
    uint32_t    member_count, member_room;      /* of the outermost map */
    kx_listed  *members;
    key_seen   *keys;                           /* `at_hand` or owned */
    level       levels[KX_DOCUMENT_DEPTH];
    key_seen    at_hand[KEYS_AT_HAND];          /* never cleared: it is large */
} scan;

static int refuse(const scan *s, const char *what)
{
    return kx_base__fail(KX_INVALID, "%s: %s at byte %zu", s->part, what, s->at);
}

/* ---- texts ------------------------------------------------------------------- */

#define EVERY_BYTE UINT64_C(0x0101010101010101)

/* High bits of the bytes beyond ASCII; with `nul`, of zero bytes too (and then perhaps of bytes above a zero). */
static inline uint64_t odd_bytes(uint64_t word, bool nul)
{
    return (nul ? (word - EVERY_BYTE) | word : word) & EVERY_BYTE << 7;
}

static inline uint64_t native64(const uint8_t *data)
{
    uint64_t word;
    memcpy(&word, data, sizeof word);
    return word;
}

static inline uint32_t native32(const uint8_t *data)
{
    uint32_t word;
    memcpy(&word, data, sizeof word);
    return word;
}

/* ASCII throughout, and with `nul` free of zero bytes: the usual text, told in eights. */
static inline bool is_plain(const uint8_t *text, size_t size, bool nul)
{
    uint64_t odd;
    if (size >= 8) {
        odd = odd_bytes(native64(text + size - 8), nul);
        for (size_t i = 0; i + 8 < size; i += 8)
            odd |= odd_bytes(native64(text + i), nul);
    } else if (size >= 4) {
        odd = odd_bytes((uint64_t)native32(text) << 32 | native32(text + size - 4), nul);
    } else {
        uint64_t word = EVERY_BYTE << 24;
        if (size > 0)
            odd = odd_bytes(word | text[0] | (uint64_t)text[size / 2] << 8 | (uint64_t)text[size - 1] << 16, nul);
        else
            odd = 0;
    }
    return odd == 0;
}

static int check_text(const scan *s, const uint8_t *text, size_t size)
{
    if (is_plain(text, size, false) || kx_base__utf8(text, size))
        return KX_OK;
    return refuse(s, "a text that is not UTF-8");
}

static const char *wrong_name(const uint8_t *name, size_t size)
{
    if (size > KX_KEY_NAME_SIZE)
        return "a key longer than 511 bytes";
    if (is_plain(name, size, true))
        return NULL;
    if (!kx_base__utf8(name, size))
        return "a key that is not UTF-8";
    return memchr(name, 0, size) != NULL ? "a key that holds a NUL" : NULL;
}

int kx_document__check_name(const char *name, size_t size)
{
    const char *wrong = wrong_name((const uint8_t *)name, size);
    return wrong == NULL ? KX_OK : kx_base__fail(KX_INVALID, "%s", wrong);
}

/* ---- keys ---------------------------------------------------------------------- */

static int no_duplicate(scan *s, const key_seen *key)
{
    s->at = key->at;
    int shown = key->size > 100 ? 100 : (int)key->size;
    return kx_base__fail(KX_INVALID, "%s: duplicate key '%.*s' at byte %zu", s->part, shown,
                         (const char *)s->data + key->at, s->at);
}

static int grow_keys(scan *s)
{
    bool owned = s->keys != s->at_hand;
    size_t size = kx_base__times(s->key_capacity, 2 * sizeof(key_seen));
    key_seen *keys = kx_base__realloc(owned ? s->keys : NULL, size);
    if (keys == NULL)
        return kx_base__nomem();
    if (!owned)
        memcpy(keys, s->at_hand, sizeof s->at_hand);
    s->keys = keys;
    s->key_capacity *= 2;
    return KX_OK;
}

/* Order by sign, then size, then bytes: any order would do in which equal keys meet. */
static int compare_keys(const scan *s, const key_seen *a, const key_seen *b)
{
    if (a->sign != b->sign)
        return a->sign < b->sign ? -1 : 1;
    if (a->size != b->size)
        return a->size < b->size ? -1 : 1;
    return memcmp(s->data + a->at, s->data + b->at, a->size);
}

static void sift(const scan *s, key_seen *keys, uint32_t root, uint32_t count)
{
    key_seen moved = keys[root];
    for (uint32_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && compare_keys(s, &keys[child], &keys[child + 1]) < 0)
            child++;
        if (compare_keys(s, &moved, &keys[child]) >= 0)
            break;
        keys[root] = keys[child];
    }
    keys[root] = moved;
}

/* A heap sort: its worst case is its usual one, and it needs no memory. */
static void sort_keys(const scan *s, key_seen *keys, uint32_t count)
{
    for (uint32_t root = count / 2; root-- > 0;)
        sift(s, keys, root, count);
    for (uint32_t end = count; end-- > 1;) {
        key_seen largest = keys[0];
        keys[0] = keys[end];
        keys[end] = largest;
        sift(s, keys, 0, end);
    }
}

static int close_large_map(scan *s, uint32_t first)
{
    key_seen *keys = s->keys + first;
    uint32_t count = s->key_count - first;
    sort_keys(s, keys, count);
    for (uint32_t i = 1; i < count; i++) {
        if (compare_keys(s, &keys[i - 1], &keys[i]) == 0)
            return no_duplicate(s, keys[i - 1].at > keys[i].at ? &keys[i - 1] : &keys[i]);
    }
    return KX_OK;
}

/* A small map's sign is size, first and last byte: that tells nearly all keys apart, and costs nothing. */
static inline uint32_t small_sign(const uint8_t *text, uint32_t size)
{
    return size > 0 ? size | (uint32_t)text[0] << 16 | (uint32_t)text[size - 1] << 24 : 0;
}

static inline void note_member(scan *s, uint32_t at, uint32_t key, uint32_t size)
{
    if (s->depth > 1)
        return;
    if (s->member_count < s->member_room)
        s->members[s->member_count] = (kx_listed){at, key, size};
    s->member_count++;
}

static int add_key(scan *s, const level *map, key_seen key)
{
    const uint8_t *text = s->data + key.at;
    if (map->is_small) {
        key.sign = small_sign(text, key.size);
        for (const key_seen *seen = s->keys + map->first_key; seen < s->keys + s->key_count; seen++) {
            if (seen->sign == key.sign && memcmp(s->data + seen->at, text, key.size) == 0)
                return no_duplicate(s, &key);
        }
    } else {
        key.sign = (uint32_t)kx_base__hash64(text, key.size, 0);
    }
    if (s->key_count == s->key_capacity) {
        int rc = grow_keys(s);
        if (rc != KX_OK)
            return rc;
    }
    s->keys[s->key_count++] = key;
    return KX_OK;
}

static int scan_key(scan *s, const level *map)
{
    kx_head head = kx_document__head(s->data + s->at, s->size - s->at);
    if (head.type == KX_TYPE_NONE)
        return refuse(s, "a key that is damaged or cut short");
    if (head.type != KX_TYPE_TEXT)
        return refuse(s, "a key that is not a text");
    const char *wrong = wrong_name(s->data + s->at + head.head, head.count);
    if (wrong != NULL)
        return refuse(s, wrong);
    s->canonical &= head.head == kx_text_head(head.count);
    key_seen key = {0, (uint32_t)(s->at + head.head), head.count};
    int rc = add_key(s, map, key);
    if (rc == KX_OK) {
        note_member(s, (uint32_t)s->at, key.at, key.size);
        s->at += head.head + head.count;
    }
    return rc;
}

/* ---- values -------------------------------------------------------------------- */

static int open_container(scan *s, kx_head head)
{
    bool is_map = head.type == KX_TYPE_MAP;
    size_t left = s->size - s->at - head.head;
    if (head.count > (is_map ? left / 2 : left))
        return refuse(s, is_map ? "a map that is cut short" : "an array that is cut short");
    if (s->depth == s->depth_limit)
        return kx_base__fail(KX_LIMIT, "%s: deeper than %d levels at byte %zu", s->part, KX_DOCUMENT_DEPTH, s->at);
    s->canonical &= head.head == kx_container_head(head.count);
    level opened = {head.count, s->key_count, is_map, head.count <= SMALL_MAP};
    s->levels[s->depth++] = opened;
    s->at += head.head;
    return KX_OK;
}

static bool integer_is_canonical(const uint8_t *data, size_t length)
{
    bool negative;
    uint64_t bits = kx_document__integer(data, &negative);
    return length == kx_integer_length(bits, negative) && (negative || *data < 0xd0 || length == 1);
}

static bool real_is_canonical(const uint8_t *data, size_t size)
{
    double real = kx_load_real(data, size);
    return size == 8 && (real == real || kx_load64(data) == canonical_nan);
}

static int scan_ext(scan *s, kx_head head)
{
    const uint8_t *payload = s->data + s->at + head.head;
    int64_t seconds;
    uint32_t nanoseconds;
    s->canonical &= head.head == kx_ext_head(head.count);
    if ((int8_t)payload[-1] != KX_EXT_TIME)
        return KX_OK;
    if (!kx_document__time(payload, head.count, &seconds, &nanoseconds))
        return refuse(s, "a malformed timestamp");
    s->canonical &= head.count == kx_time_size(seconds, nanoseconds);
    return KX_OK;
}

static int scan_value(scan *s)
{
    const uint8_t *data = s->data + s->at;
    kx_head head = kx_document__head(data, s->size - s->at);
    int rc = KX_OK;
    switch (head.type) {
    case KX_TYPE_INT:
        s->canonical &= head.count == 0 || integer_is_canonical(data, head.head + head.count);
        break;
    case KX_TYPE_TEXT:
        s->canonical &= head.head == kx_text_head(head.count);
        rc = check_text(s, data + head.head, head.count);
        break;
    case KX_TYPE_REAL:
        s->canonical &= real_is_canonical(data + 1, head.count);
        break;
    case KX_TYPE_MAP:
    case KX_TYPE_ARRAY:
        return open_container(s, head);
    case KX_TYPE_BINARY:
        s->canonical &= head.head == kx_binary_head(head.count);
        break;
    case KX_TYPE_EXT:
        rc = scan_ext(s, head);
        break;
    case KX_TYPE_NONE:
        return refuse(s, s->at < s->size ? "a value that is damaged or cut short" : "a value is missing");
    default:
        break;
    }
    s->at += head.head + head.count;
    return rc;
}

/* ---- the usual pair ------------------------------------------------------------- *
 * A short key of plain characters, and a scalar of a usual kind in its shortest form, told from the bytes with few looks.
 * Whatever is not certainly right is left, untouched, to the way above, which also knows what to say of it.            */

/* Length of such a value; 0: of another one. `left` bytes are there, at least one. */
static inline size_t usual_value(const uint8_t *data, size_t left)
{
    uint8_t tag = *data;
    size_t length = kx_document__sizes[tag];
    if (length > left)
        return 0;
    if ((tag & 0xe0) == 0xa0)
        return is_plain(data + 1, length - 1, false) ? length : 0;
    switch (tag) {
    case 0xce: return kx_load32(data + 1) > UINT16_MAX ? length : 0;
    case 0xcd: return kx_load16(data + 1) > UINT8_MAX ? length : 0;
    case 0xcb: return (kx_load16(data + 1) & 0x7ff0) != 0x7ff0 ? length : 0; /* infinite ones and NaN aside */
    case 0xd9:
        if (left < 2 || data[1] < 32 || data[1] > left - 2)
            return 0;
        return is_plain(data + 2, data[1], false) ? 2 + (size_t)data[1] : 0;
    default: return length == 1 ? length : 0;
    }
}

static inline bool is_new_key(const scan *s, const level *map, uint32_t sign)
{
    const key_seen *end = s->keys + s->key_count;
    for (const key_seen *seen = s->keys + map->first_key; seen < end; seen++) {
        if (seen->sign == sign)
            return false;
    }
    return true;
}

static inline bool pass_usual_pair(scan *s, const level *map)
{
    const uint8_t *key = s->data + s->at;
    size_t left = s->size - s->at, size = left > 0 ? (size_t)*key - 0xa0 : 32;
    if (size > 31 || size + 1 >= left || s->key_count == s->key_capacity || !is_plain(key + 1, size, true))
        return false;
    uint32_t sign = small_sign(key + 1, (uint32_t)size);
    size_t length = usual_value(key + 1 + size, left - 1 - size);
    if (length == 0 || !is_new_key(s, map, sign))
        return false;
    uint32_t at = (uint32_t)s->at;
    s->keys[s->key_count++] = (key_seen){sign, at + 1, (uint32_t)size};
    note_member(s, at, at + 1, (uint32_t)size);
    s->at += 1 + size + length;
    return true;
}

static int close_level(scan *s)
{
    const level *top = &s->levels[--s->depth];
    int rc = top->is_map && !top->is_small ? close_large_map(s, top->first_key) : KX_OK;
    s->key_count = top->first_key;
    return rc;
}

static int scan_all(scan *s)
{
    int rc = scan_value(s);
    while (rc == KX_OK && s->depth > 0) {
        level *top = &s->levels[s->depth - 1];
        while (top->is_small && top->is_map && top->left > 0 && pass_usual_pair(s, top))
            top->left--;
        if (top->left == 0) {
            rc = close_level(s);
            continue;
        }
        top->left--;
        if (top->is_map)
            rc = scan_key(s, top);
        if (rc == KX_OK)
            rc = scan_value(s);
    }
    if (rc == KX_OK && s->at != s->size)
        rc = refuse(s, "bytes after the end");
    return rc;
}

static int validate(kx_slice bytes, uint32_t depth, const char *part, kx_listed *members, size_t *member_count,
                    bool *canonical)
{
    scan s;
    if (canonical != NULL)
        *canonical = false;
    if (bytes.size > KX_DOCUMENT_SIZE)
        return kx_base__fail(KX_LIMIT, "%s: longer than %d bytes", part, KX_DOCUMENT_SIZE);
    s.data = bytes.data;
    s.size = bytes.size;
    s.at = 0;
    s.part = part;
    s.canonical = true;
    s.depth = 0;
    s.depth_limit = depth;
    s.key_count = 0;
    s.key_capacity = KEYS_AT_HAND;
    s.keys = s.at_hand;
    s.members = members;
    s.member_room = (uint32_t)*member_count;
    s.member_count = 0;
    int rc = scan_all(&s);
    if (s.keys != s.at_hand)
        kx_base__free(s.keys);
    *member_count = s.member_count;
    if (canonical != NULL)
        *canonical = rc == KX_OK && s.canonical;
    return rc;
}

int kx_document__validate(kx_slice bytes, uint32_t depth, const char *part, bool *canonical)
{
    return validate(bytes, depth, part, NULL, &(size_t){0}, canonical);
}

int kx_document__check(kx_slice bytes, bool *canonical)
{
    return kx_document__check_members(bytes, NULL, &(size_t){0}, canonical);
}

int kx_document__check_members(kx_slice bytes, kx_listed *members, size_t *count, bool *canonical)
{
    if (canonical != NULL)
        *canonical = false;
    if (bytes.size == 0)
        return kx_base__fail(KX_INVALID, "document: no bytes");
    if (kx_document__head(bytes.data, bytes.size).type != KX_TYPE_MAP)
        return kx_base__fail(KX_INVALID, "document: not a map");
    return validate(bytes, KX_DOCUMENT_DEPTH, "document", members, count, canonical);
}

int kx_document__check_value(kx_slice bytes, bool *canonical)
{
    return kx_document__validate(bytes, KX_DOCUMENT_DEPTH, "value", canonical);
}
