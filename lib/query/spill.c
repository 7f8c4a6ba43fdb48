/*
 * spill.c -- external merge sort (Knuth, The Art of Computer Programming, volume 3, section 5.4).
 *
 *   run     =  { record }              ascending
 *   record  =  size of the key (4 bytes), id (8 bytes), key; of this machine, since the file never leaves it
 *
 * FAN_IN runs of one level are merged into one of the next, so that the last merge reads few runs and every record is
 * written once a level. A merge holds the first record of each run in a binary heap. Space of runs that were merged is
 * given back to the device where it can take it.
 */
#include "query/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FAN_IN = 16, LEVELS = 12, RUNS = FAN_IN * LEVELS, HEAD = 12, WRITE_BYTES = 64 * 1024, READ_BYTES = 16 * 1024 };

typedef struct run {
    uint64_t from, to; /* bytes of the file */
    unsigned level;
} run;

/* A run being read: `bytes` are the part of it that was read last, of which those before `at` are behind us. */
typedef struct reader {
    uint64_t next, to; /* of the file: what is to be read yet */
    kx_buf bytes;
    size_t at;
    kx_slice key; /* of the record at hand */
    uint64_t id;
} reader;

struct kx_query_spill {
    int fd;
    uint64_t size, begun; /* of the file; where the open run began */
    kx_buf pending;       /* written next */
    run runs[RUNS];
    size_t run_count;
    reader *readers; /* owned: of the merge */
    size_t reader_count;
    uint16_t heap[RUNS];
    size_t heap_size;
    bool stepped; /* the first of the heap was handed out */
};

/* ---- the file ---------------------------------------------------------------------------- */

static int file_error(const char *what)
{
    int code = errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? KX_FULL : errno == ENOMEM ? KX_NOMEM : KX_IO;
    return kx_base__fail(code, "%s a temporary file for sorting: %s", what, strerror(errno));
}

static int open_file(int *fd)
{
    const char *folder = getenv("TMPDIR");
    char path[PATH_MAX];
    if (folder == NULL || *folder != '/')
        folder = "/tmp";
    *fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (*fd >= 0)
        return KX_OK;
    if (snprintf(path, sizeof path, "%s/kx-sort-XXXXXX", folder) >= (int)sizeof path) {
        errno = ENAMETOOLONG;
        return file_error("make");
    }
    *fd = mkostemp(path, O_CLOEXEC);
    if (*fd < 0)
        return file_error("make");
    unlink(path);
    return KX_OK;
}

static int write_pending(kx_query_spill *spill)
{
    size_t done = 0;
    if (spill->pending.rc != KX_OK)
        return spill->pending.rc;
    while (done < spill->pending.size) {
        ssize_t written =
            pwrite(spill->fd, spill->pending.data + done, spill->pending.size - done, (off_t)(spill->size + done));
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return file_error("write");
        done += (size_t)written;
    }
    spill->size += done;
    kx_buf__clear(&spill->pending);
    return KX_OK;
}

static int read_bytes(const kx_query_spill *spill, uint64_t from, uint8_t *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t got = pread(spill->fd, bytes + done, size - done, (off_t)(from + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return file_error("read");
        if (got == 0)
            return kx_base__fail(KX_IO, "a temporary file for sorting is shorter than what was written to it");
        done += (size_t)got;
    }
    return KX_OK;
}

/* ---- life ------------------------------------------------------------------------------------ */

int kx_query__spill_new(kx_query_spill **result)
{
    *result = NULL;
    kx_query_spill *spill = kx_base__zalloc(sizeof *spill);
    if (spill == NULL)
        return kx_base__nomem();
    int rc = open_file(&spill->fd);
    if (rc != KX_OK) {
        kx_base__free(spill);
        return rc;
    }
    *result = spill;
    return KX_OK;
}

static void close_readers(kx_query_spill *spill)
{
    for (size_t i = 0; i < spill->reader_count; i++)
        kx_buf__free(&spill->readers[i].bytes);
    kx_base__free(spill->readers);
    spill->readers = NULL;
    spill->reader_count = spill->heap_size = 0;
    spill->stepped = false;
}

void kx_query__spill_free(kx_query_spill *spill)
{
    if (spill == NULL)
        return;
    close_readers(spill);
    kx_buf__free(&spill->pending);
    close(spill->fd);
    kx_base__free(spill);
}

uint64_t kx_query__spill_bytes(const kx_query_spill *spill)
{
    return spill != NULL ? spill->size : 0;
}

/* ---- reading runs ------------------------------------------------------------------------------- */

/* See to it that `size` bytes are at hand from `at` on; false where the run ends before them. */
static int have(const kx_query_spill *spill, reader *r, size_t size, bool *there)
{
    size_t left = r->bytes.size - r->at;
    *there = left >= size || r->to - r->next >= size - left;
    if (left >= size || !*there)
        return KX_OK;
    if (left > 0)
        memmove(r->bytes.data, r->bytes.data + r->at, left);
    r->bytes.size = left;
    r->at = 0;
    size_t more = size - left > READ_BYTES ? size - left : READ_BYTES;
    more = more < r->to - r->next ? more : (size_t)(r->to - r->next);
    uint8_t *space = kx_buf__space(&r->bytes, more);
    if (space == NULL)
        return r->bytes.rc;
    int rc = read_bytes(spill, r->next, space, more);
    r->next += more;
    return rc;
}

static int read_record(const kx_query_spill *spill, reader *r, bool *there)
{
    uint32_t size;
    int rc = have(spill, r, HEAD, there);
    if (rc != KX_OK || !*there)
        return rc;
    memcpy(&size, r->bytes.data + r->at, sizeof size);
    rc = have(spill, r, HEAD + (size_t)size, there);
    if (rc != KX_OK)
        return rc;
    memcpy(&r->id, r->bytes.data + r->at + sizeof size, sizeof r->id);
    r->key = kx_slice_of(r->bytes.data + r->at + HEAD, size);
    r->at += HEAD + (size_t)size;
    return KX_OK;
}

/* ---- merging --------------------------------------------------------------------------------------- */

static bool is_before(const kx_query_spill *spill, uint16_t left, uint16_t right)
{
    const reader *l = &spill->readers[left], *r = &spill->readers[right];
    return kx_query__compare_records(l->key, l->id, r->key, r->id) < 0;
}

static void sift_down(kx_query_spill *spill, size_t at)
{
    uint16_t *heap = spill->heap;
    for (size_t child = 2 * at + 1; child < spill->heap_size; child = 2 * at + 1) {
        child += child + 1 < spill->heap_size && is_before(spill, heap[child + 1], heap[child]);
        if (!is_before(spill, heap[child], heap[at]))
            return;
        uint16_t swap = heap[at];
        heap[at] = heap[child];
        heap[child] = swap;
        at = child;
    }
}

/* Of the runs from number `first` on. */
static int begin_merge(kx_query_spill *spill, size_t first)
{
    size_t count = spill->run_count - first;
    spill->readers = kx_base__zalloc(kx_base__times(count, sizeof *spill->readers));
    if (spill->readers == NULL)
        return kx_base__nomem();
    spill->reader_count = count;
    for (size_t i = 0; i < count; i++) {
        bool there;
        spill->readers[i].next = spill->runs[first + i].from;
        spill->readers[i].to = spill->runs[first + i].to;
        int rc = read_record(spill, &spill->readers[i], &there);
        if (rc != KX_OK)
            return rc;
        if (there)
            spill->heap[spill->heap_size++] = (uint16_t)i;
    }
    for (size_t i = spill->heap_size / 2; i-- > 0;)
        sift_down(spill, i);
    return KX_OK;
}

int kx_query__spill_next(kx_query_spill *spill, kx_slice *key, uint64_t *id)
{
    if (spill->stepped) {
        bool there;
        int rc = read_record(spill, &spill->readers[spill->heap[0]], &there);
        if (rc != KX_OK)
            return rc;
        if (!there)
            spill->heap[0] = spill->heap[--spill->heap_size];
        sift_down(spill, 0);
    }
    spill->stepped = spill->heap_size > 0;
    if (!spill->stepped)
        return KX_NOTFOUND;
    *key = spill->readers[spill->heap[0]].key;
    *id = spill->readers[spill->heap[0]].id;
    return KX_OK;
}

/* ---- writing runs ------------------------------------------------------------------------------------ */

static int put_record(kx_query_spill *spill, kx_slice key, uint64_t id)
{
    uint32_t size = (uint32_t)key.size;
    if (key.size > UINT32_MAX)
        return kx_base__fail(KX_LIMIT, "a sort key of %zu bytes", key.size);
    kx_buf__append(&spill->pending, &size, sizeof size);
    kx_buf__append(&spill->pending, &id, sizeof id);
    kx_buf__append(&spill->pending, key.data, key.size);
    return spill->pending.size < WRITE_BYTES ? spill->pending.rc : write_pending(spill);
}

static int end_run(kx_query_spill *spill, unsigned level)
{
    int rc = write_pending(spill);
    if (rc != KX_OK || spill->size == spill->begun)
        return rc;
    if (spill->run_count == RUNS)
        return kx_base__fail(KX_LIMIT, "more to sort than %d levels of runs can hold", LEVELS);
    spill->runs[spill->run_count++] = (run){spill->begun, spill->size, level};
    spill->begun = spill->size;
    return KX_OK;
}

static bool is_level_full(const kx_query_spill *spill)
{
    size_t count = spill->run_count;
    return count >= FAN_IN && spill->runs[count - FAN_IN].level == spill->runs[count - 1].level;
}

static int merge_level(kx_query_spill *spill)
{
    size_t first = spill->run_count - FAN_IN;
    uint64_t from = spill->runs[first].from, to = spill->size, id;
    unsigned level = spill->runs[first].level + 1;
    kx_slice key;
    int rc = begin_merge(spill, first);
    while (rc == KX_OK && (rc = kx_query__spill_next(spill, &key, &id)) == KX_OK)
        rc = put_record(spill, key, id);
    close_readers(spill);
    if (rc != KX_NOTFOUND)
        return rc;
    spill->run_count = first;
    rc = end_run(spill, level);
    (void)fallocate(spill->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)from, (off_t)(to - from));
    return rc;
}

int kx_query__spill_add(kx_query_spill *spill, kx_slice key, uint64_t id)
{
    return put_record(spill, key, id);
}

int kx_query__spill_end_run(kx_query_spill *spill)
{
    int rc = end_run(spill, 0);
    while (rc == KX_OK && is_level_full(spill))
        rc = merge_level(spill);
    return rc;
}

int kx_query__spill_merge(kx_query_spill *spill)
{
    return begin_merge(spill, 0);
}
