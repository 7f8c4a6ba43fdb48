# kx-bench: the library beside hand-written LMDB, SQLite and Berkeley DB. Only bench/peer_lmdb* include <lmdb.h>; bench/peer_kx.c and
# bench/bench.c use the library, by its public headers alone. A peer whose library is missing is left out.
bin_PROGRAMS += bench/kx-bench
dist_man_MANS += doc/man/kx-bench.1
bench_kx_bench_SOURCES = \
	bench/bench.c bench/bench.h \
	bench/chart.c \
	bench/data.c \
	bench/files.c \
	bench/harness.c \
	bench/keys.c \
	bench/lmdb_doc.h \
	bench/memory.c \
	bench/peer_kx.c bench/peer_kx.h \
	bench/peer_kx_graph.c \
	bench/peer_kx_read.c \
	bench/peer_kx_write.c \
	bench/peer_lmdb.c bench/peer_lmdb.h \
	bench/peer_lmdb_batch.c \
	bench/peer_lmdb_graph.c \
	bench/peer_lmdb_load.c \
	bench/peer_lmdb_read.c \
	bench/peer_lmdb_write.c \
	bench/peers.c \
	bench/ratios.c \
	bench/report.c \
	bench/rows.c \
	bench/statistics.c \
	bench/threads.c
if HAVE_SQLITE
bench_kx_bench_SOURCES += \
	bench/peer_sqlite.c bench/peer_sqlite.h \
	bench/peer_sqlite_load.c \
	bench/peer_sqlite_rows.c \
	bench/peer_sqlite_write.c
endif
if HAVE_BDB
bench_kx_bench_SOURCES += \
	bench/peer_bdb.c bench/peer_bdb.h \
	bench/peer_bdb_read.c \
	bench/peer_bdb_write.c
endif
bench_kx_bench_CPPFLAGS = -I$(top_srcdir)/include $(LMDB_CFLAGS) $(SQLITE_CFLAGS)
bench_kx_bench_CFLAGS = $(AM_CFLAGS) -pthread
bench_kx_bench_LDADD = liblmdbkenobix.la $(LMDB_LIBS) $(SQLITE_LIBS) $(BDB_LIBS) -lm

# The same program at a small size, for its answers and its edges; it asserts no time.
TESTS += bench/test-answers.sh
EXTRA_DIST += bench/test-answers.sh

if HAVE_CHECK
check_PROGRAMS += bench/test_bench
bench_test_bench_SOURCES = \
	bench/test_bench.c \
	bench/bench.h \
	bench/data.c \
	bench/files.c \
	bench/harness.c \
	bench/keys.c \
	bench/lmdb_doc.h \
	bench/memory.c \
	bench/rows.c \
	bench/statistics.c \
	bench/threads.c
bench_test_bench_CPPFLAGS = $(AM_CPPFLAGS)
bench_test_bench_CFLAGS = $(AM_CFLAGS) -pthread
bench_test_bench_LDADD = $(kx_test_ldadd) -lm
endif
