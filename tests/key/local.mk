kx_key_samples = tests/key/samples.c tests/key/samples.h

check_PROGRAMS += \
	tests/key/test_encode \
	tests/key/test_order \
	tests/key/test_range \
	tests/key/test_read

tests_key_test_encode_SOURCES = tests/key/test_encode.c $(kx_key_samples)
tests_key_test_encode_LDADD = $(kx_test_ldadd)
tests_key_test_order_SOURCES = tests/key/test_order.c $(kx_key_samples)
tests_key_test_order_LDADD = $(kx_test_ldadd)
tests_key_test_range_SOURCES = tests/key/test_range.c $(kx_key_samples)
tests_key_test_range_LDADD = $(kx_test_ldadd)
tests_key_test_read_SOURCES = tests/key/test_read.c $(kx_key_samples)
tests_key_test_read_LDADD = $(kx_test_ldadd)

EXTRA_DIST += tests/key/vectors.txt
