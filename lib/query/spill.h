/*
 * spill.h -- sorted runs in a temporary file, merged back in one pass: what sorting does with more than memory should hold.
 * Private to this room.
 */
#ifndef KX_QUERY_SPILL_H
#define KX_QUERY_SPILL_H

#include "base/base.h"

/* A file in $TMPDIR (else /tmp) that has no name any more and is gone with its descriptor. */
typedef struct kx_query_spill kx_query_spill;

/* KX_NOMEM; KX_FULL: the device of the folder is; KX_IO. */
int kx_query__spill_new(kx_query_spill **spill);
void kx_query__spill_free(kx_query_spill *spill); /* NULL is fine */

/* A run: records that ascend by (key, id). Errors as above. */
int kx_query__spill_add(kx_query_spill *spill, kx_slice key, uint64_t id);
int kx_query__spill_end_run(kx_query_spill *spill);

/* All runs as one: KX_NOTFOUND, without a text, at the end. The key is the spill's until the next step. */
int kx_query__spill_merge(kx_query_spill *spill);
int kx_query__spill_next(kx_query_spill *spill, kx_slice *key, uint64_t *id);

uint64_t kx_query__spill_bytes(const kx_query_spill *spill); /* written so far; 0 for NULL */

/* By bytes, then by length, then by id. */
int kx_query__compare_records(kx_slice left, uint64_t left_id, kx_slice right, uint64_t right_id);

#endif
