/*
 * head.c -- looks at a file before LMDB maps it, since LMDB believes whatever it finds there.
 *
 * An LMDB 0.9 file of a 64-bit machine begins with two meta pages. Commits write them in turn; the one with the higher
 * transaction number counts. All numbers are in the byte order of the machine; offsets are from the start of the page:
 *
 *     0  own number  8     16  magic BEEFC0DE  4     40  free list  48 (a table)      136  last page    8
 *    10  flags       2     20  version 1       4     88  main table 48 (a table)      144  transaction  8
 *
 *   a table:  0  page size (of the file; in the free list's record)  4     40  root page, all ones when empty  8
 *
 * A file may rightly end before its last page: pages that a transaction took at the end and gave back are never
 * written. They are then on the free list, so a short file is sound when all pages it lacks are found there. The free
 * list is a tree of pages whose leaves hold lists: a count, then so many page numbers, 8 bytes each.
 *
 *   page:  10 flags 2 (1 branch, 2 leaf, 4 overflow)   12 end of the offsets of its nodes 2   16 these offsets, 2 each
 *   node:   0 size or child, low half 4   4 flags, or child's high part 2   6 size of key 2   8 key, then data
 */
#include "store/store_impl.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    META_BYTES = 152,
    PAGE_HEAD = 16,
    PAGE_MIN = 512,
    PAGE_MAX = 65536,
    TRIES = 3,            /* a writer may replace what is being read */
    MISSING_MAX = 1 << 24 /* pages; LMDB holds at most 2^17 in one transaction's hands */
};
#define MAGIC         UINT32_C(0xBEEFC0DE)
#define MAGIC_SWAPPED UINT32_C(0xDEC0EFBE)
#define NO_PAGE       UINT64_MAX

typedef struct head {
    const char *path;
    int fd;
    uint64_t file_bytes;
    uint32_t page_bytes;
    uint64_t free_root, main_root, last_page, txn;
} head;

static uint16_t get16(const uint8_t *at)
{
    uint16_t n;
    memcpy(&n, at, sizeof(n));
    return n;
}
static uint32_t get32(const uint8_t *at)
{
    uint32_t n;
    memcpy(&n, at, sizeof(n));
    return n;
}
static uint64_t get64(const uint8_t *at)
{
    uint64_t n;
    memcpy(&n, at, sizeof(n));
    return n;
}

/* Read up to `size` bytes; *got falls short only at the end of the file. */
static int read_at(const head *h, uint64_t offset, void *bytes, size_t size, size_t *got)
{
    *got = 0;
    while (*got < size) {
        ssize_t n = pread(h->fd, (uint8_t *)bytes + *got, size - *got, (off_t)(offset + *got));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return kx_store__sys_error(h->path, errno, "read store");
        if (n == 0)
            break;
        *got += (size_t)n;
    }
    return KX_OK;
}

/* ---- meta pages ------------------------------------------------------------------ */

static int not_ours(const head *h, const uint8_t *page, size_t got)
{
    if (got >= 20 && get32(page + 16) == MAGIC_SWAPPED)
        return kx_base__fail(
            KX_FORMAT, "'%s' was written on a machine of the other byte order; dump it there, load it here", h->path);
    if (got >= 16 && get32(page + 12) == MAGIC)
        return kx_base__fail(KX_FORMAT, "'%s' was written by a 32-bit program; dump it there, load it here", h->path);
    return kx_base__fail(KX_FORMAT, "'%s' is not a store (no LMDB file)", h->path);
}

static int check_version(const head *h, uint32_t version)
{
    if (version == 1)
        return KX_OK;
    if (version == 2 || version == 3)
        return kx_base__fail(KX_FORMAT,
                             "'%s' was written by LMDB 1.0 (file format %u); %s reads format 1: dump it with a build "
                             "for LMDB 1.0, load it here",
                             h->path, version, kx_store__engine());
    return kx_base__fail(KX_FORMAT, "'%s' has LMDB file format %u; %s reads format 1", h->path, version,
                         kx_store__engine());
}

/* A second meta page at the usual place says that this was a store once. */
static bool second_is_meta(const head *h)
{
    uint8_t page[META_BYTES];
    size_t got;
    return read_at(h, 4096, page, sizeof(page), &got) == KX_OK && got == sizeof(page) && get32(page + 16) == MAGIC &&
           get16(page + 10) == 8;
}

static int read_meta(head *h, unsigned number)
{
    uint8_t page[META_BYTES];
    size_t got;
    int rc = read_at(h, (uint64_t)number * h->page_bytes, page, sizeof(page), &got);
    if (rc != KX_OK)
        return rc;
    bool is_meta = got >= 20 && get32(page + 16) == MAGIC;
    if (!is_meta && number == 0 && !second_is_meta(h))
        return not_ours(h, page, got);
    if (!is_meta || got < sizeof(page) || get16(page + 10) != 8)
        return kx_base__fail(KX_CORRUPT, "'%s' is damaged: meta page %u is not whole", h->path, number);
    rc = check_version(h, get32(page + 20));
    if (rc != KX_OK)
        return rc;
    uint32_t size = get32(page + 40);
    if (size < PAGE_MIN || size > PAGE_MAX || (size & (size - 1)) != 0 || (number == 1 && size != h->page_bytes))
        return kx_base__fail(KX_CORRUPT, "'%s' is damaged: meta page %u gives a page size of %u bytes", h->path, number,
                             size);
    h->page_bytes = size;
    if (number == 0 || get64(page + 144) > h->txn) {
        h->free_root = get64(page + 80);
        h->main_root = get64(page + 128);
        h->last_page = get64(page + 136);
        h->txn = get64(page + 144);
    }
    return KX_OK;
}

/* ---- pages beyond the end of a short file ------------------------------------------- */

typedef struct hunt {
    head *h;
    uint64_t first, missing, found; /* pages first .. first + missing - 1 are not in the file */
    uint64_t visits;                /* pages read so far: never more than there are */
    uint8_t *seen;                  /* a bit for each missing page */
    uint8_t *page;
    kx_buf todo; /* page numbers, 8 bytes each */
} hunt;

static int damaged_list(const hunt *s)
{
    return kx_base__fail(KX_CORRUPT,
                         "'%s' is cut short: %llu pages are missing and its free list does not explain them",
                         s->h->path, (unsigned long long)s->missing);
}

static void strike_out(hunt *s, uint64_t number)
{
    uint64_t i = number - s->first;
    if (number < s->first || i >= s->missing || (s->seen[i / 8] >> (i % 8) & 1))
        return;
    s->seen[i / 8] = (uint8_t)(s->seen[i / 8] | 1u << (i % 8));
    s->found++;
}

/* One list, whole in memory. */
static bool strike_out_list(hunt *s, const uint8_t *list, uint64_t size)
{
    if (size < 8 || get64(list) > (size - 8) / 8)
        return false;
    for (uint64_t i = 1; i <= get64(list); i++)
        strike_out(s, get64(list + 8 * i));
    return true;
}

/* One list, on pages of its own from `number`. */
static bool strike_out_pages(hunt *s, uint64_t number, uint64_t size)
{
    uint64_t at = number * s->h->page_bytes + PAGE_HEAD, left;
    uint8_t bytes[512];
    size_t got;
    if (number >= s->first || size < 8 || size > (s->first - number) * s->h->page_bytes - PAGE_HEAD)
        return false;
    if (read_at(s->h, at, bytes, 8, &got) != KX_OK || got != 8 || get64(bytes) > (size - 8) / 8)
        return false;
    at += 8;
    for (left = get64(bytes); left > 0; left -= got / 8) {
        size_t want = left < sizeof(bytes) / 8 ? (size_t)left * 8 : sizeof(bytes);
        if (read_at(s->h, at, bytes, want, &got) != KX_OK || got != want)
            return false;
        at += got;
        for (size_t i = 0; i < got; i += 8)
            strike_out(s, get64(bytes + i));
    }
    return true;
}

static bool look_at_node(hunt *s, bool leaf, uint32_t offset)
{
    uint32_t page_bytes = s->h->page_bytes;
    const uint8_t *node = s->page + offset;
    if (offset < PAGE_HEAD || offset > page_bytes - 8)
        return false;
    if (!leaf) {
        uint64_t child = get32(node) | (uint64_t)get16(node + 4) << 32;
        kx_buf__append(&s->todo, &child, sizeof(child));
        return true;
    }
    uint64_t size = get32(node);
    uint32_t data = offset + 8 + get16(node + 6);
    bool elsewhere = get16(node + 4) & 1;
    if (data > page_bytes || (elsewhere ? 8 : size) > page_bytes - data)
        return false;
    return elsewhere ? strike_out_pages(s, get64(s->page + data), size) : strike_out_list(s, s->page + data, size);
}

static bool look_at_page(hunt *s, uint64_t number)
{
    size_t got;
    if (number < 2 || number >= s->first || ++s->visits > s->first)
        return false;
    if (read_at(s->h, number * s->h->page_bytes, s->page, s->h->page_bytes, &got) != KX_OK || got != s->h->page_bytes)
        return false;
    uint16_t flags = get16(s->page + 10) & 0x0f, end = get16(s->page + 12);
    if ((flags != 1 && flags != 2) || end < PAGE_HEAD || end > s->h->page_bytes)
        return false;
    for (uint32_t at = PAGE_HEAD; at + 2 <= end; at += 2)
        if (!look_at_node(s, flags == 2, get16(s->page + at)))
            return false;
    return s->todo.rc == KX_OK;
}

static int explain_short_file(head *h, uint64_t pages)
{
    hunt s = {.h = h, .first = pages, .missing = h->last_page + 1 - pages};
    int rc = KX_OK;
    if (s.missing > MISSING_MAX || h->free_root == NO_PAGE)
        return damaged_list(&s);
    s.seen = kx_base__zalloc((size_t)s.missing / 8 + 1);
    s.page = kx_base__alloc(h->page_bytes);
    if (!s.seen || !s.page) {
        rc = kx_base__nomem();
        goto out;
    }
    kx_buf__append(&s.todo, &h->free_root, sizeof(h->free_root));
    while (rc == KX_OK && s.todo.size > 0) {
        s.todo.size -= 8;
        if (!look_at_page(&s, get64(s.todo.data + s.todo.size)))
            rc = damaged_list(&s);
    }
    if (rc == KX_OK && s.found != s.missing)
        rc = damaged_list(&s);
out:
    kx_buf__free(&s.todo);
    kx_base__free(s.page);
    kx_base__free(s.seen);
    return rc;
}

/* ---- the whole -------------------------------------------------------------------------- */

static bool root_is_sane(const head *h, uint64_t root)
{
    return root == NO_PAGE || (root >= 2 && root <= h->last_page && root < h->file_bytes / h->page_bytes);
}

static int check_once(head *h)
{
    struct stat file;
    int rc = read_meta(h, 0);
    if (rc == KX_OK)
        rc = read_meta(h, 1);
    if (rc != KX_OK)
        return rc;
    if (fstat(h->fd, &file) != 0)
        return kx_store__sys_error(h->path, errno, "read store");
    h->file_bytes = (uint64_t)file.st_size;
    uint64_t pages = h->file_bytes / h->page_bytes;
    if (pages < 2)
        return kx_base__fail(KX_CORRUPT, "'%s' is cut short: %llu bytes", h->path, (unsigned long long)h->file_bytes);
    if (h->last_page < 1 || h->last_page >= UINT64_C(1) << 47 || !root_is_sane(h, h->free_root) ||
        !root_is_sane(h, h->main_root))
        return kx_base__fail(KX_CORRUPT, "'%s' is damaged or cut short: its roots are not in its %llu pages", h->path,
                             (unsigned long long)pages);
    return pages > h->last_page ? KX_OK : explain_short_file(h, pages);
}

int kx_store__check_head(int fd, const char *path, uint64_t *bytes)
{
    struct stat file;
    int rc = KX_OK;
    *bytes = 0;
    if (fstat(fd, &file) != 0)
        return kx_store__sys_error(path, errno, "read store");
    if (file.st_size == 0)
        return KX_OK;
    for (int i = 0; i < TRIES; i++) {
        head h = {.path = path, .fd = fd};
        rc = check_once(&h);
        if (rc == KX_OK)
            *bytes = (h.last_page + 1) * h.page_bytes;
        if (rc != KX_CORRUPT)
            break;
    }
    return rc;
}
