# Rules of this project that a machine can hold. They read the sources (and check-exports.sh the library).
TEST_EXTENSIONS = .sh
SH_LOG_COMPILER = $(SHELL)
AM_TESTS_ENVIRONMENT = \
	KX_SRCDIR='$(abs_top_srcdir)'; export KX_SRCDIR; \
	KX_BUILDDIR='$(abs_top_builddir)'; export KX_BUILDDIR; \
	KX_CPPFLAGS='$(LMDB_CFLAGS) $(MSGPACK_CFLAGS) $(XXHASH_CFLAGS) $(JANSSON_CFLAGS)'; export KX_CPPFLAGS; \
	CC='$(CC)'; export CC; CXX='$(CXX)'; export CXX; NM='$(NM)'; export NM; \
	KX_SANITIZE='$(KX_SANITIZE)'; export KX_SANITIZE;

kx_rules = \
	tests/rules/check-layers.sh \
	tests/rules/check-exports.sh \
	tests/rules/check-headers.sh \
	tests/rules/check-docs.sh \
	tests/rules/check-forbidden.sh \
	tests/rules/test-rules.sh
TESTS += $(kx_rules)
EXTRA_DIST += $(kx_rules)
