check_PROGRAMS += \
	tests/query/test_bind \
	tests/query/test_filter \
	tests/query/test_intersect \
	tests/query/test_fold \
	tests/query/test_groups \
	tests/query/test_hostile \
	tests/query/test_plan \
	tests/query/test_plans \
	tests/query/test_random \
	tests/query/test_table \
	tests/query/test_walk

kx_query_test = tests/query/query_test.c tests/query/query_test.h
tests_query_test_filter_SOURCES = tests/query/test_filter.c $(kx_query_test)
tests_query_test_filter_LDADD = $(kx_test_ldadd)
tests_query_test_intersect_SOURCES = tests/query/test_intersect.c $(kx_query_test)
tests_query_test_intersect_LDADD = $(kx_test_ldadd)
tests_query_test_plan_SOURCES = tests/query/test_plan.c $(kx_query_test)
tests_query_test_plan_LDADD = $(kx_test_ldadd)
tests_query_test_plans_SOURCES = tests/query/test_plans.c $(kx_query_test)
tests_query_test_plans_LDADD = $(kx_test_ldadd)
tests_query_test_random_SOURCES = tests/query/test_random.c tests/query/oracle.c tests/query/oracle.h $(kx_query_test)
tests_query_test_random_LDADD = $(kx_test_ldadd)
tests_query_test_table_SOURCES = tests/query/test_table.c $(kx_query_test)
tests_query_test_table_LDADD = $(kx_test_ldadd)
tests_query_test_walk_SOURCES = tests/query/test_walk.c $(kx_query_test)
tests_query_test_walk_LDADD = $(kx_test_ldadd)

check_PROGRAMS += tests/query/test_pages
tests_query_test_pages_SOURCES = tests/query/test_pages.c $(kx_query_test)
tests_query_test_pages_LDADD = $(kx_test_ldadd)

check_PROGRAMS += tests/query/test_sort
tests_query_test_sort_SOURCES = tests/query/test_sort.c $(kx_query_test)
tests_query_test_sort_LDADD = $(kx_test_ldadd)

check_PROGRAMS += tests/query/test_partial
tests_query_test_partial_SOURCES = tests/query/test_partial.c $(kx_query_test)
tests_query_test_partial_LDADD = $(kx_test_ldadd)
tests_query_test_fold_SOURCES = tests/query/test_fold.c $(kx_query_test)
tests_query_test_fold_LDADD = $(kx_test_ldadd)
tests_query_test_groups_SOURCES = tests/query/test_groups.c $(kx_query_test)
tests_query_test_groups_LDADD = $(kx_test_ldadd)
tests_query_test_bind_SOURCES = tests/query/test_bind.c $(kx_query_test)
tests_query_test_bind_LDADD = $(kx_test_ldadd)
tests_query_test_hostile_SOURCES = tests/query/test_hostile.c $(kx_query_test)
tests_query_test_hostile_LDADD = $(kx_test_ldadd)
