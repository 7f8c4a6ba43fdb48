# The command-line programs. They include public headers only and link the installed form of the library.
bin_PROGRAMS += tools/kx-load tools/kx-inspect

kx_tool_sources = tools/common.c tools/common.h tools/show.c tools/json_text.c tools/json_text.h

tools_kx_load_SOURCES = $(kx_tool_sources) tools/kx_load.c tools/load.h tools/load_batch.c tools/load_input.c \
	tools/load_run.c tools/load_split.c tools/load_store.c
tools_kx_load_CPPFLAGS = -I$(top_srcdir)/include
tools_kx_load_LDADD = liblmdbkenobix.la

tools_kx_inspect_SOURCES = $(kx_tool_sources) tools/kx_inspect.c tools/inspect.h tools/inspect_bench.c tools/inspect_explain.c tools/inspect_find.c tools/inspect_graph.c tools/inspect_info.c \
	tools/inspect_plan.c tools/inspect_rows.c tools/inspect_schema.c tools/inspect_table.c tools/inspect_total.c tools/inspect_tree.c tools/inspect_value.c tools/output.c tools/output.h
tools_kx_inspect_CPPFLAGS = -I$(top_srcdir)/include
tools_kx_inspect_LDADD = liblmdbkenobix.la

dist_man_MANS += doc/man/kx-load.1 doc/man/kx-inspect.1
