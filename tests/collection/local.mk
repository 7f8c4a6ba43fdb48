check_PROGRAMS += \
	tests/collection/test_bulk \
	tests/collection/test_child \
	tests/collection/test_declare \
	tests/collection/test_faults \
	tests/collection/test_fields \
	tests/collection/test_format \
	tests/collection/test_golden \
	tests/collection/test_instances \
	tests/collection/test_layout \
	tests/collection/test_random \
	tests/collection/test_sort \
	tests/collection/test_txn \
	tests/collection/test_write

kx_collection_test = tests/collection/collection_test.c tests/collection/collection_test.h
kx_random_docs = tests/collection/random_docs.c tests/collection/random_docs.h

tests_collection_test_bulk_SOURCES = tests/collection/test_bulk.c $(kx_collection_test) $(kx_random_docs)
tests_collection_test_bulk_LDADD = $(kx_test_ldadd)
tests_collection_test_child_SOURCES = tests/collection/test_child.c $(kx_collection_test)
tests_collection_test_child_LDADD = $(kx_test_ldadd)
tests_collection_test_declare_SOURCES = tests/collection/test_declare.c $(kx_collection_test)
tests_collection_test_declare_LDADD = $(kx_test_ldadd)
tests_collection_test_faults_SOURCES = tests/collection/test_faults.c $(kx_collection_test)
tests_collection_test_faults_LDADD = $(kx_test_ldadd)
tests_collection_test_fields_SOURCES = tests/collection/test_fields.c $(kx_collection_test)
tests_collection_test_fields_LDADD = $(kx_test_ldadd)
tests_collection_test_format_SOURCES = tests/collection/test_format.c
tests_collection_test_format_LDADD = $(kx_test_ldadd)
tests_collection_test_golden_SOURCES = tests/collection/test_golden.c tests/golden/golden.c tests/golden/golden.h $(kx_collection_test)
tests_collection_test_golden_LDADD = $(kx_test_ldadd)
tests_collection_test_instances_SOURCES = tests/collection/test_instances.c $(kx_collection_test)
tests_collection_test_instances_LDADD = $(kx_test_ldadd)
tests_collection_test_layout_SOURCES = tests/collection/test_layout.c $(kx_collection_test)
tests_collection_test_layout_LDADD = $(kx_test_ldadd)
tests_collection_test_random_SOURCES = tests/collection/test_random.c $(kx_collection_test) $(kx_random_docs)
tests_collection_test_random_LDADD = $(kx_test_ldadd)
tests_collection_test_sort_SOURCES = tests/collection/test_sort.c $(kx_collection_test)
tests_collection_test_sort_LDADD = $(kx_test_ldadd)
tests_collection_test_txn_SOURCES = tests/collection/test_txn.c $(kx_collection_test)
tests_collection_test_txn_LDADD = $(kx_test_ldadd)
tests_collection_test_write_SOURCES = tests/collection/test_write.c $(kx_collection_test)
tests_collection_test_write_LDADD = $(kx_test_ldadd)

# Stores of released formats. What made them is kept and built by name only: make tests/golden/make_golden
EXTRA_DIST += tests/golden/format1.kx tests/golden/format1.jsonl
EXTRA_PROGRAMS = tests/golden/make_golden
tests_golden_make_golden_SOURCES = tests/golden/make_golden.c tests/golden/golden.c tests/golden/golden.h
tests_golden_make_golden_LDADD = liblmdbkenobix.la
