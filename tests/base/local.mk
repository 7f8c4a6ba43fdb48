check_PROGRAMS += \
	tests/base/test_arena \
	tests/base/test_buf \
	tests/base/test_error \
	tests/base/test_fork \
	tests/base/test_hash \
	tests/base/test_memory \
	tests/base/test_show \
	tests/base/test_utf8

tests_base_test_arena_SOURCES = tests/base/test_arena.c
tests_base_test_arena_LDADD = $(kx_test_ldadd)
tests_base_test_buf_SOURCES = tests/base/test_buf.c
tests_base_test_buf_LDADD = $(kx_test_ldadd)
tests_base_test_error_SOURCES = tests/base/test_error.c
tests_base_test_error_LDADD = $(kx_test_ldadd)
tests_base_test_fork_SOURCES = tests/base/test_fork.c
tests_base_test_fork_LDADD = $(kx_test_ldadd)
tests_base_test_hash_SOURCES = tests/base/test_hash.c
tests_base_test_hash_LDADD = $(kx_test_ldadd)
tests_base_test_memory_SOURCES = tests/base/test_memory.c
tests_base_test_memory_LDADD = $(kx_test_ldadd)
tests_base_test_show_SOURCES = tests/base/test_show.c
tests_base_test_show_LDADD = $(kx_test_ldadd)
tests_base_test_utf8_SOURCES = tests/base/test_utf8.c
tests_base_test_utf8_LDADD = $(kx_test_ldadd)
