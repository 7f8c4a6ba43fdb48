/* peer_kx.h -- what the files of the peers `kx` and `kx-primary` share. */
#ifndef KX_BENCH_PEER_KX_H
#define KX_BENCH_PEER_KX_H

#include <lmdbkenobix.h>

#include "bench.h"

typedef struct kx_store {
    const bench_data *data;
    bench_set   set;
    kx_db      *db;
    kx_record  *users, *orders, *products, *links;      /* what the load hands over */
    kx_txn     *txn;                /* of the slice */
    kx_doc    **owners;             /* documents in hand before the clock starts */
    bench_busy *writer;             /* C1w: beside the reader */
    uint64_t    random;             /* the writer's */
} kx_store;

/* "kx: what: the error's text" on stderr; returns BENCH_FAILED. */
int peer_kx_fail(const char *what, int rc);

/* peer_kx_read.c */
bench_row_function peer_kx_r1, peer_kx_r1txn, peer_kx_r2, peer_kx_r2txn, peer_kx_r3, peer_kx_r3c, peer_kx_r4n;
bench_row_function peer_kx_r4, peer_kx_r5, peer_kx_r5f, peer_kx_c1;

/* peer_kx_write.c */
bench_row_function peer_kx_w2, peer_kx_u1, peer_kx_u1q, peer_kx_u2, peer_kx_d1, peer_kx_m2mw;
int peer_kx_keep_writing(void *store);      /* C1w: one transaction of the writer */

/* peer_kx_graph.c */
bench_row_function peer_kx_m2m, peer_kx_x1, peer_kx_x2, peer_kx_x3, peer_kx_x4;

#endif
