# kx-bench: the library beside hand-written LMDB and SQLite. Only bench/peer_lmdb* include <lmdb.h>; bench/peer_kx.c and
# bench/bench.c use the library, by its public headers alone. A peer whose library is missing is left out.
bin_PROGRAMS += bench/kx-bench
bench_kx_bench_SOURCES = \
	bench/bench.c bench/bench.h \
	bench/data.c \
	bench/harness.c \
	bench/lmdb_doc.h \
	bench/peer_kx.c \
	bench/peer_lmdb.c bench/peer_lmdb.h \
	bench/peer_lmdb_load.c \
	bench/peer_lmdb_read.c \
	bench/peers.c \
	bench/ratios.c \
	bench/report.c \
	bench/rows.c \
	bench/statistics.c
if HAVE_SQLITE
bench_kx_bench_SOURCES += bench/peer_sqlite.c
endif
bench_kx_bench_CPPFLAGS = -I$(top_srcdir)/include $(LMDB_CFLAGS) $(SQLITE_CFLAGS)
bench_kx_bench_LDADD = liblmdbkenobix.la $(LMDB_LIBS) $(SQLITE_LIBS) -lm

# The same program at a small size, for its answers and its edges; it asserts no time.
TESTS += bench/test-answers.sh
EXTRA_DIST += bench/test-answers.sh

if HAVE_CHECK
check_PROGRAMS += bench/test_bench
bench_test_bench_SOURCES = \
	bench/test_bench.c \
	bench/bench.h \
	bench/data.c \
	bench/harness.c \
	bench/lmdb_doc.h \
	bench/rows.c \
	bench/statistics.c
bench_test_bench_CPPFLAGS = $(AM_CPPFLAGS)
bench_test_bench_LDADD = $(kx_test_ldadd) -lm
endif
