check_PROGRAMS += \
	tests/catalog/test_declare \
	tests/catalog/test_decode \
	tests/catalog/test_drop \
	tests/catalog/test_lookup \
	tests/catalog/test_random \
	tests/catalog/test_relations \
	tests/catalog/test_schema_json

kx_catalog_test = tests/catalog/catalog_support.c tests/catalog/catalog_support.h

tests_catalog_test_declare_SOURCES = tests/catalog/test_declare.c $(kx_catalog_test)
tests_catalog_test_declare_LDADD = $(kx_test_ldadd)
tests_catalog_test_decode_SOURCES = tests/catalog/test_decode.c $(kx_catalog_test)
tests_catalog_test_decode_LDADD = $(kx_test_ldadd)
tests_catalog_test_drop_SOURCES = tests/catalog/test_drop.c $(kx_catalog_test)
tests_catalog_test_drop_LDADD = $(kx_test_ldadd)
tests_catalog_test_lookup_SOURCES = tests/catalog/test_lookup.c $(kx_catalog_test)
tests_catalog_test_lookup_LDADD = $(kx_test_ldadd)
tests_catalog_test_random_SOURCES = tests/catalog/test_random.c $(kx_catalog_test)
tests_catalog_test_random_LDADD = $(kx_test_ldadd)
tests_catalog_test_relations_SOURCES = tests/catalog/test_relations.c $(kx_catalog_test)
tests_catalog_test_relations_LDADD = $(kx_test_ldadd)
tests_catalog_test_schema_json_SOURCES = tests/catalog/test_schema_json.c $(kx_catalog_test)
tests_catalog_test_schema_json_LDADD = $(kx_test_ldadd)
