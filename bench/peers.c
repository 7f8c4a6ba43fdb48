/* peers.c -- the peers that were compiled in, in the order in which they run. */
#include "bench.h"

const bench_peer *const bench_peers[] = {
    &bench_peer_kx,
    &bench_peer_kx_primary,
    &bench_peer_lmdb,
    &bench_peer_lmdb_primary,
#ifdef HAVE_SQLITE
    &bench_peer_sqlite,
    &bench_peer_sqlite_rowid,
    &bench_peer_sqlite_json,
#endif
#ifdef HAVE_BDB
    &bench_peer_bdb,
#endif
    NULL
};
