# Shared by all test programs; tests link the library that hides nothing.
check_LTLIBRARIES += tests/libsupport.la
tests_libsupport_la_SOURCES = tests/support.c tests/support.h
tests_libsupport_la_CPPFLAGS = $(AM_CPPFLAGS) $(CHECK_CFLAGS) \
	-DKXT_SRCDIR='"$(abs_top_srcdir)"' -DKXT_BUILDDIR='"$(abs_top_builddir)"'

AM_CPPFLAGS += -I$(top_srcdir)/tests $(CHECK_CFLAGS)
kx_test_ldadd = tests/libsupport.la liblmdbkenobix-internal.la $(kx_libs) $(CHECK_LIBS)
TESTS += $(check_PROGRAMS)
