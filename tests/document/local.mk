document_samples = tests/document/samples.c tests/document/samples.h

check_PROGRAMS += \
	tests/document/test_view \
	tests/document/test_validate \
	tests/document/test_canonical \
	tests/document/test_builder \
	tests/document/test_path \
	tests/document/test_patch \
	tests/document/test_extended \
	tests/document/test_json_in \
	tests/document/test_json_out

tests_document_test_view_SOURCES = tests/document/test_view.c $(document_samples)
tests_document_test_view_LDADD = $(kx_test_ldadd)
tests_document_test_validate_SOURCES = tests/document/test_validate.c $(document_samples)
tests_document_test_validate_LDADD = $(kx_test_ldadd)
tests_document_test_canonical_SOURCES = tests/document/test_canonical.c $(document_samples)
tests_document_test_canonical_LDADD = $(kx_test_ldadd)
tests_document_test_canonical_CFLAGS = $(AM_CFLAGS) $(MSGPACK_CFLAGS)
tests_document_test_builder_SOURCES = tests/document/test_builder.c $(document_samples)
tests_document_test_builder_LDADD = $(kx_test_ldadd)
tests_document_test_path_SOURCES = tests/document/test_path.c $(document_samples)
tests_document_test_path_LDADD = $(kx_test_ldadd)
tests_document_test_patch_SOURCES = tests/document/test_patch.c $(document_samples)
tests_document_test_patch_LDADD = $(kx_test_ldadd)
tests_document_test_extended_SOURCES = tests/document/test_extended.c $(document_samples)
tests_document_test_extended_LDADD = $(kx_test_ldadd)
tests_document_test_json_in_SOURCES = tests/document/test_json_in.c $(document_samples)
tests_document_test_json_in_LDADD = $(kx_test_ldadd)
tests_document_test_json_out_SOURCES = tests/document/test_json_out.c $(document_samples)
tests_document_test_json_out_LDADD = $(kx_test_ldadd)
