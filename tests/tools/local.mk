# The programs are run as users run them; test_input looks at kx-load's reader from inside.
check_LTLIBRARIES += tests/tools/libtools.la
tests_tools_libtools_la_SOURCES = tests/tools/tools.c tests/tools/tools.h

kx_tools_ldadd = tests/tools/libtools.la $(kx_test_ldadd)

check_PROGRAMS += tests/tools/test_load tests/tools/test_dump tests/tools/test_inspect tests/tools/test_wrong_inputs \
	tests/tools/test_input tests/tools/test_find tests/tools/test_draw
tests_tools_test_load_SOURCES = tests/tools/test_load.c
tests_tools_test_load_LDADD = $(kx_tools_ldadd)
tests_tools_test_dump_SOURCES = tests/tools/test_dump.c
tests_tools_test_dump_LDADD = $(kx_tools_ldadd)
tests_tools_test_inspect_SOURCES = tests/tools/test_inspect.c
tests_tools_test_inspect_LDADD = $(kx_tools_ldadd)
tests_tools_test_wrong_inputs_SOURCES = tests/tools/test_wrong_inputs.c
tests_tools_test_wrong_inputs_LDADD = $(kx_tools_ldadd)
tests_tools_test_find_SOURCES = tests/tools/test_find.c
tests_tools_test_find_LDADD = $(kx_tools_ldadd)
tests_tools_test_draw_SOURCES = tests/tools/test_draw.c
tests_tools_test_draw_LDADD = $(kx_tools_ldadd)
tests_tools_test_input_SOURCES = tests/tools/test_input.c tools/common.c tools/json_text.c tools/load_input.c tools/load_split.c \
	tools/show.c
tests_tools_test_input_LDADD = $(kx_test_ldadd)

# Every example of the man pages, in their order.
TESTS += tests/tools/man-examples.sh
EXTRA_DIST += tests/tools/man-examples.sh
