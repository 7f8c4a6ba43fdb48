kx_store_tests = \
	tests/store/test_append \
	tests/store/test_entries \
	tests/store/test_env \
	tests/store/test_error \
	tests/store/test_handles \
	tests/store/test_head \
	tests/store/test_map \
	tests/store/test_page \
	tests/store/test_rows \
	tests/store/test_scans \
	tests/store/test_txn \
	tests/store/test_writer
check_PROGRAMS += $(kx_store_tests)

# damage.c makes damage and foreign files, and includes <lmdb.h> for it.
check_LTLIBRARIES += tests/store/libstoretest.la
tests_store_libstoretest_la_SOURCES = \
	tests/store/store_test.c tests/store/store_test.h \
	tests/store/damage.c tests/store/damage.h tests/store/oracle.h
kx_store_test_ldadd = tests/store/libstoretest.la $(kx_test_ldadd)

tests_store_test_append_SOURCES = tests/store/test_append.c
tests_store_test_append_LDADD = $(kx_store_test_ldadd)
tests_store_test_entries_SOURCES = tests/store/test_entries.c
tests_store_test_entries_LDADD = $(kx_store_test_ldadd)
tests_store_test_env_SOURCES = tests/store/test_env.c
tests_store_test_env_LDADD = $(kx_store_test_ldadd)
tests_store_test_error_SOURCES = tests/store/test_error.c
tests_store_test_error_LDADD = $(kx_store_test_ldadd)
tests_store_test_handles_SOURCES = tests/store/test_handles.c
tests_store_test_handles_LDADD = $(kx_store_test_ldadd)
tests_store_test_head_SOURCES = tests/store/test_head.c
tests_store_test_head_LDADD = $(kx_store_test_ldadd)
tests_store_test_map_SOURCES = tests/store/test_map.c
tests_store_test_map_LDADD = $(kx_store_test_ldadd)
tests_store_test_page_SOURCES = tests/store/test_page.c
tests_store_test_page_LDADD = $(kx_store_test_ldadd)
tests_store_test_rows_SOURCES = tests/store/test_rows.c
tests_store_test_rows_LDADD = $(kx_store_test_ldadd)
tests_store_test_scans_SOURCES = tests/store/test_scans.c
tests_store_test_scans_LDADD = $(kx_store_test_ldadd)
tests_store_test_txn_SOURCES = tests/store/test_txn.c
tests_store_test_txn_LDADD = $(kx_store_test_ldadd)
tests_store_test_writer_SOURCES = tests/store/test_writer.c
tests_store_test_writer_LDADD = $(kx_store_test_ldadd)
