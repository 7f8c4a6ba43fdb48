/*
 * view.c -- documents read in place. Nothing is unpacked, nothing allocated, and no claimed length believed: every step
 * is held against the end of the bytes.
 */
#include "document/document.h"

#include "document/bytes.h"

const uint8_t kx_document__sizes[256] = {
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,                     /* 00: integers */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,                     /* 80: maps     */
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,                     /* 90: arrays   */
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,              /* a0: texts    */
    17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32,
    1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 5, 9, 2, 3, 5, 9,                     /* c0: null, false, true, reals, unsigned */
    2, 3, 5, 9, 3, 4, 6, 10, 18, 0, 0, 0, 0, 0, 0, 0,                   /* d0: signed, fixed extensions           */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,                     /* e0: negative integers                  */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1
};

/* Of the tags c0 to df: the type, the bytes that hold a length, and the payload's size where there are none. */
static const struct {
    uint8_t type, width, size;
} tags[32] = {
    {KX_TYPE_NULL, 0, 0},   {KX_TYPE_NONE, 0, 0},   {KX_TYPE_BOOL, 0, 0},  {KX_TYPE_BOOL, 0, 0},
    {KX_TYPE_BINARY, 1, 0}, {KX_TYPE_BINARY, 2, 0}, {KX_TYPE_BINARY, 4, 0},
    {KX_TYPE_EXT, 1, 0},    {KX_TYPE_EXT, 2, 0},    {KX_TYPE_EXT, 4, 0},
    {KX_TYPE_REAL, 0, 4},   {KX_TYPE_REAL, 0, 8},
    {KX_TYPE_INT, 0, 1},    {KX_TYPE_INT, 0, 2},    {KX_TYPE_INT, 0, 4},   {KX_TYPE_INT, 0, 8},
    {KX_TYPE_INT, 0, 1},    {KX_TYPE_INT, 0, 2},    {KX_TYPE_INT, 0, 4},   {KX_TYPE_INT, 0, 8},
    {KX_TYPE_EXT, 0, 1},    {KX_TYPE_EXT, 0, 2},    {KX_TYPE_EXT, 0, 4},   {KX_TYPE_EXT, 0, 8}, {KX_TYPE_EXT, 0, 16},
    {KX_TYPE_TEXT, 1, 0},   {KX_TYPE_TEXT, 2, 0},   {KX_TYPE_TEXT, 4, 0},
    {KX_TYPE_ARRAY, 2, 0},  {KX_TYPE_ARRAY, 4, 0},  {KX_TYPE_MAP, 2, 0},   {KX_TYPE_MAP, 4, 0}
};

static const kx_slice missing = {NULL, 0};

/* ---- headers --------------------------------------------------------------- */

kx_head kx_document__wide_head(const uint8_t *data, size_t size)
{
    uint8_t at = *data - 0xc0;
    kx_type type = tags[at].type;
    uint32_t width = tags[at].width;
    kx_head head = {type, 1 + width + (type == KX_TYPE_EXT), tags[at].size};
    if (head.head > size)
        return (kx_head){KX_TYPE_NONE, 0, 0};
    if (width == 1)
        head.count = data[1];
    else if (width == 2)
        head.count = kx_load16(data + 1);
    else if (width == 4)
        head.count = kx_load32(data + 1);
    if (type != KX_TYPE_ARRAY && type != KX_TYPE_MAP && head.count > size - head.head)
        head.type = KX_TYPE_NONE;
    return head;
}

uint64_t kx_document__integer(const uint8_t *data, bool *negative)
{
    uint8_t tag = *data++;
    int64_t bits;
    *negative = false;
    switch (tag) {
    case 0xcc: return data[0];
    case 0xcd: return kx_load16(data);
    case 0xce: return kx_load32(data);
    case 0xcf: return kx_load64(data);
    case 0xd0: bits = (int8_t)data[0]; break;
    case 0xd1: bits = (int16_t)kx_load16(data); break;
    case 0xd2: bits = (int32_t)kx_load32(data); break;
    case 0xd3: bits = (int64_t)kx_load64(data); break;
    default:   bits = (int8_t)tag; break;
    }
    *negative = bits < 0;
    return (uint64_t)bits;
}

bool kx_document__time(const uint8_t *data, size_t size, int64_t *seconds, uint32_t *nanoseconds)
{
    *nanoseconds = 0;
    if (size == 4) {
        *seconds = kx_load32(data);
    } else if (size == 8) {
        uint64_t bits = kx_load64(data);
        *seconds = (int64_t)(bits & 0x3ffffffff);
        *nanoseconds = (uint32_t)(bits >> 34);
    } else if (size == 12) {
        *nanoseconds = kx_load32(data);
        *seconds = (int64_t)kx_load64(data + 4);
    } else {
        return false;
    }
    return *nanoseconds < 1000000000;
}

/* ---- how far it goes --------------------------------------------------------- */

/*
 * Items still to pass are one number, whatever the nesting: a container adds what it announces. Each of them takes a
 * byte at least, so the number is never allowed beyond the bytes left.
 */
static size_t wide_length(const uint8_t *data, size_t size)
{
    size_t at = 0;
    uint64_t pending = 1;
    while (pending > 0) {
        kx_head head = kx_document__head(data + at, size - at);
        if (head.type == KX_TYPE_NONE)
            return 0;
        pending--;
        at += head.head;
        if (head.type == KX_TYPE_ARRAY)
            pending += head.count;
        else if (head.type == KX_TYPE_MAP)
            pending += 2 * (uint64_t)head.count;
        else
            at += head.count;
        if (pending > size - at)
            return 0;
    }
    return at;
}

static inline size_t length_of(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    size_t length = kx_document__sizes[*data];
    if (length != 0)
        return length <= size ? length : 0;
    if (*data == 0xd9 && size >= 2)             /* a text of 32 bytes and more: common enough to be worth a line */
        return 2 + (size_t)data[1] <= size ? 2 + (size_t)data[1] : 0;
    return wide_length(data, size);
}

size_t kx_document__length(const uint8_t *data, size_t size)
{
    return length_of(data, size);
}

/* ---- one item ------------------------------------------------------------------ */

static void decode_ext(const uint8_t *data, kx_head head, kx_value *value)
{
    uint32_t nanoseconds;
    value->extra = (int8_t)data[head.head - 1];
    if (value->extra == KX_EXT_TIME && kx_document__time(data + head.head, head.count, &value->integer, &nanoseconds)) {
        value->type = KX_TYPE_TIME;
        value->extra = (int32_t)nanoseconds;
        return;
    }
    value->data = data + head.head;
    value->size = head.count;
}

static void decode_integer(const uint8_t *data, kx_value *value)
{
    bool negative;
    uint64_t bits = kx_document__integer(data, &negative);
    value->type = bits > INT64_MAX && !negative ? KX_TYPE_UINT : KX_TYPE_INT;
    value->integer = (int64_t)bits;
}

bool kx_document__real(kx_slice item, double *real)
{
    if (item.size < 9 || *item.data != 0xcb)
        return false;
    *real = kx_load_real(item.data + 1, 8);
    return true;
}

bool kx_document__int(kx_slice item, int64_t *integer)
{
    bool negative;
    if (item.size == 0)
        return false;
    uint8_t tag = *item.data;
    bool small = tag < 0x80 || tag >= 0xe0;
    if (!small && (tag < 0xcc || tag > 0xd3 || item.size < kx_document__sizes[tag]))
        return false;
    uint64_t bits = small ? (uint64_t)(int8_t)tag : kx_document__integer(item.data, &negative);
    if (tag == 0xcf && bits > INT64_MAX)
        return false;
    *integer = (int64_t)bits;
    return true;
}

bool kx_document__text(kx_slice item, kx_slice *text)
{
    if (item.size > 0 && (*item.data & 0xe0) == 0xa0 && (*item.data & 31u) < item.size)
        *text = kx_slice_of(item.data + 1, *item.data & 31);
    else if (item.size > 1 && *item.data == 0xd9 && item.data[1] <= item.size - 2)
        *text = kx_slice_of(item.data + 2, item.data[1]);
    else
        return false;
    return true;
}

int kx_document__value(kx_slice item, kx_value *value)
{
    memset(value, 0, sizeof *value);
    if (item.size == 0)
        return KX_OK;
    if (*item.data == 0xcb && item.size >= 9) {         /* prices and measures: not taken apart first */
        value->type = KX_TYPE_REAL;
        value->real = kx_load_real(item.data + 1, 8);
        return KX_OK;
    }
    if (*item.data == 0xce && item.size >= 5) {         /* keys and counts */
        value->type = KX_TYPE_INT;
        value->integer = kx_load32(item.data + 1);
        return KX_OK;
    }
    kx_head head = kx_document__head(item.data, item.size);
    value->type = head.type;
    switch (head.type) {
    case KX_TYPE_NONE:
        return kx_base__fail(KX_CORRUPT, "a value is damaged or cut short");
    case KX_TYPE_BOOL:
        value->integer = *item.data & 1;
        break;
    case KX_TYPE_INT:
        decode_integer(item.data, value);
        break;
    case KX_TYPE_REAL:
        value->real = kx_load_real(item.data + 1, head.count);
        break;
    case KX_TYPE_EXT:
        decode_ext(item.data, head, value);
        break;
    case KX_TYPE_ARRAY:
    case KX_TYPE_MAP:
        value->data = item.data;
        value->size = item.size;
        break;
    case KX_TYPE_TEXT:
    case KX_TYPE_BINARY:
        value->data = item.data + head.head;
        value->size = head.count;
        break;
    default:
        break;
    }
    return KX_OK;
}

kx_type kx_document__type(kx_slice item)
{
    if (item.size > 0) {                         /* the tags of nearly all values say it alone */
        uint8_t tag = *item.data;
        if (tag < 0x80 || tag >= 0xe0)
            return KX_TYPE_INT;
        if ((tag == 0xcb && item.size >= 9) || (tag == 0xce && item.size >= 5))
            return tag == 0xcb ? KX_TYPE_REAL : KX_TYPE_INT;
        if ((tag & 0xe0) == 0xa0 && (tag & 31u) < item.size)
            return KX_TYPE_TEXT;
    }
    kx_head head = kx_document__head(item.data, item.size);
    kx_value value = {.type = head.type};
    if (head.type == KX_TYPE_INT)
        decode_integer(item.data, &value);
    else if (head.type == KX_TYPE_EXT)
        decode_ext(item.data, head, &value);
    return value.type;
}

uint32_t kx_document__count(kx_slice item)
{
    kx_head head = kx_document__head(item.data, item.size);
    return head.type == KX_TYPE_ARRAY || head.type == KX_TYPE_MAP ? head.count : 0;
}

/* ---- members -------------------------------------------------------------------- */

kx_members kx_document__members(kx_slice container)
{
    kx_members members = {.left = 0};
    kx_head head = kx_document__head(container.data, container.size);
    if (head.type != KX_TYPE_ARRAY && head.type != KX_TYPE_MAP)
        return members;
    members.at = container.data + head.head;
    members.end = container.data + container.size;
    members.left = head.count;
    members.is_map = head.type == KX_TYPE_MAP;
    return members;
}

static bool end_members(kx_members *members)
{
    members->malformed = true;
    members->left = 0;
    members->key = members->item = missing;
    return false;
}

bool kx_document__next(kx_members *members)
{
    if (members->left == 0)
        return false;
    if (members->is_map) {
        kx_head key = kx_document__head(members->at, (size_t)(members->end - members->at));
        if (key.type != KX_TYPE_TEXT)
            return end_members(members);
        members->key = kx_slice_of(members->at + key.head, key.count);
        members->at += key.head + key.count;
    }
    size_t length = length_of(members->at, (size_t)(members->end - members->at));
    if (length == 0)
        return end_members(members);
    members->item = kx_slice_of(members->at, length);
    members->at += length;
    members->left--;
    return true;
}

/*
 * ---- find: the hot loop -------------------------------------------------------------
 * A short key's tag says its length, so nearly every key that is another one is told by one byte, and one that may be
 * the wanted one by its first eight. The walk always starts at the first pair: an offset remembered from another
 * document proves nothing, since bytes inside a text or a number can look like a key, and a walk over the usual few
 * pairs costs less than any proof would.
 */

static inline uint64_t first_bytes(const void *text)
{
    uint64_t word;
    memcpy(&word, text, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* Up to seven bytes as a word, lowest first, by loads that overlap. */
static inline uint64_t short_word(const char *name, size_t size)
{
    uint32_t low = 0, high = 0;
    if (size >= 4) {
        memcpy(&low, name, 4);
        memcpy(&high, name + size - 4, 4);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        low = __builtin_bswap32(low);
        high = __builtin_bswap32(high);
#endif
        return low | (uint64_t)high << 8 * (size - 4);
    }
    for (size_t i = size; i > 0; i--)
        low = low << 8 | (uint8_t)name[i - 1];
    return low;
}

static inline kx_needle needle_of(const char *name, size_t size)
{
    kx_needle wanted = {name, size, 0, UINT64_MAX, size < 32 ? (uint8_t)(0xa0 | size) : 0xc1};
    if (size >= 8) {
        wanted.word = first_bytes(name);
        return wanted;
    }
    wanted.word = short_word(name, size);
    wanted.mask = ((uint64_t)1 << 8 * size) - 1;
    return wanted;
}

/* `text` is wanted->size bytes and known to be there, `room` bytes from its start to the end of the document. */
static inline bool same_text(const uint8_t *text, size_t room, const kx_needle *wanted)
{
    if (room < 8)
        return memcmp(text, wanted->name, wanted->size) == 0;
    if (((first_bytes(text) ^ wanted->word) & wanted->mask) != 0)
        return false;
    return wanted->size <= 8 || memcmp(text + 8, wanted->name + 8, wanted->size - 8) == 0;
}

static bool same_long_key(const uint8_t *key, size_t size, const kx_needle *wanted)
{
    kx_head head = kx_document__head(key, size);
    return head.type == KX_TYPE_TEXT && head.count == wanted->size &&
           memcmp(key + head.head, wanted->name, wanted->size) == 0;
}

static inline bool is_short(uint8_t tag)
{
    return (tag & 0xe0) == 0xa0;
}

/* Length of the key at `at`, or 0; *same tells whether it is the wanted one. */
static size_t match_key(const uint8_t *at, size_t left, const kx_needle *wanted, bool *same)
{
    if (left > 0 && is_short(*at)) {
        size_t length = 1 + (size_t)(*at & 31);
        if (length > left)
            return 0;
        *same = *at == wanted->tag && same_text(at + 1, left - 1, wanted);
        return length;
    }
    *same = same_long_key(at, left, wanted);
    return length_of(at, left);
}

/* The value that stands at `at`, when it is whole. */
static inline bool take_value(kx_slice map, size_t at, kx_slice *item)
{
    size_t length = length_of(map.data + at, map.size - at);
    if (length == 0)
        return false;
    *item = kx_slice_of(map.data + at, length);
    return true;
}

/* From pair `at` on, any map and any name. A step that leads past the end is noticed by the next one, before anything is
   read. */
static __attribute__((noinline)) bool find_on(kx_slice map, const kx_needle *wanted, size_t at, uint32_t pairs,
                                              kx_slice *item)
{
    *item = missing;
    for (; pairs > 0 && at < map.size; pairs--) {
        bool same = false;
        size_t length = match_key(map.data + at, map.size - at, wanted, &same);
        if (length == 0 || length >= map.size - at)
            return false;
        at += length;
        if (same)
            return take_value(map, at, item);
        length = length_of(map.data + at, map.size - at);
        if (length == 0)
            return false;
        at += length;
    }
    return false;
}

static __attribute__((noinline)) bool find_anywhere(kx_slice map, const kx_needle *wanted, kx_slice *item)
{
    kx_head head = kx_document__head(map.data, map.size);
    return find_on(map, wanted, head.head, head.type == KX_TYPE_MAP ? head.count : 0, item);
}

/*
 * The usual map, of up to 15 pairs with short names and short values before the wanted one. Whatever is not that simple,
 * at the pair where it is met, is find_on()'s; so this loop calls nothing and keeps all in registers.
 */
static inline __attribute__((always_inline)) bool find(kx_slice map, const kx_needle *wanted, kx_slice *item)
{
    const uint8_t *data = map.data;
    size_t at = 1, end = map.size;
    if (end == 0 || (*data & 0xf0) != 0x80)
        return find_anywhere(map, wanted, item);
    for (uint32_t pairs = *data & 15u; pairs > 0 && at < end; pairs--) {
        size_t tag = data[at], value = at + tag - 0x9f;
        if (!is_short((uint8_t)tag) || value >= end)
            return find_on(map, wanted, at, pairs, item);
        size_t length = kx_document__sizes[data[value]];
        if (tag == wanted->tag) {
            if (end - at <= 8 || wanted->size > 8 || length == 0 || length > end - value)
                return find_on(map, wanted, at, pairs, item);
            if (((first_bytes(data + at + 1) ^ wanted->word) & wanted->mask) == 0) {
                *item = kx_slice_of(data + value, length);
                return true;
            }
        }
        if (length == 0 && data[value] == 0xd9 && end - value > 1)
            length = 2 + (size_t)data[value + 1];
        if (length == 0)
            return find_on(map, wanted, at, pairs, item);
        at = value + length;
    }
    *item = missing;
    return false;
}

bool kx_document__find(kx_slice map, const char *name, size_t size, kx_slice *item)
{
    const kx_needle wanted = needle_of(name, size);
    return find(map, &wanted, item);
}

kx_needle kx_document__needle(const char *name, size_t size)
{
    return needle_of(name, size);
}

bool kx_document__find_needle(kx_slice map, const kx_needle *wanted, kx_slice *item)
{
    return find(map, wanted, item);
}

/* Is this key the whole path, which ends in NUL, and a plain name? `size` bytes of the key are known to be there. */
static inline bool is_path(const uint8_t *key, size_t size, const char *path)
{
    size_t at = 0;
    while (at < size && (uint8_t)path[at] == key[at] && !kx_path__ends_name[key[at]])
        at++;
    return at == size && path[at] == '\0' && size > 0;
}

/* The path is compared where it stands, so its length need not be known: first bytes tell nearly all keys apart. */
bool kx_document__find_plain(kx_slice map, const char *path, kx_slice *item)
{
    const uint8_t *data = map.data;
    size_t at = 1, end = map.size;
    if (end == 0 || (*data & 0xf0) != 0x80)
        return false;
    for (uint32_t pairs = *data & 15u; pairs > 0 && at < end; pairs--) {
        size_t size = (size_t)data[at] - 0xa0, value = at + 1 + size;
        if (size > 31 || value >= end)
            return false;
        size_t length = kx_document__sizes[data[value]];
        if (length == 0 && data[value] == 0xd9 && end - value > 1)
            length = 2 + (size_t)data[value + 1];
        if (length == 0)
            return false;
        if (data[at + 1] == (uint8_t)*path && is_path(data + at + 1, size, path)) {
            *item = kx_slice_of(data + value, length);
            return length <= end - value;
        }
        at = value + length;
    }
    return false;
}
