kx_api_test = tests/api/api_test.c tests/api/api_test.h

check_PROGRAMS += \
	tests/api/test_value \
	tests/api/test_doc \
	tests/api/test_null \
	tests/api/test_record \
	tests/api/test_error \
	tests/api/test_schema \
	tests/api/test_open

tests_api_test_value_SOURCES = tests/api/test_value.c
tests_api_test_value_LDADD = $(kx_test_ldadd)
tests_api_test_doc_SOURCES = tests/api/test_doc.c $(kx_api_test)
tests_api_test_doc_LDADD = $(kx_test_ldadd)
tests_api_test_null_SOURCES = tests/api/test_null.c $(kx_api_test)
tests_api_test_null_LDADD = $(kx_test_ldadd)
tests_api_test_record_SOURCES = tests/api/test_record.c $(kx_api_test)
tests_api_test_record_LDADD = $(kx_test_ldadd)
tests_api_test_error_SOURCES = tests/api/test_error.c $(kx_api_test)
tests_api_test_error_LDADD = $(kx_test_ldadd)
tests_api_test_schema_SOURCES = tests/api/test_schema.c $(kx_api_test)
tests_api_test_schema_LDADD = $(kx_test_ldadd)
tests_api_test_open_SOURCES = tests/api/test_open.c $(kx_api_test)
tests_api_test_open_LDADD = $(kx_test_ldadd)

check_PROGRAMS += tests/api/test_interrupt
tests_api_test_interrupt_SOURCES = tests/api/test_interrupt.c $(kx_api_test)
tests_api_test_interrupt_LDADD = $(kx_test_ldadd)
