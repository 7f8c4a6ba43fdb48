kx_relation_test = tests/relation/relation_test.c tests/relation/relation_test.h
kx_model_test = \
	tests/relation/model_compare.c \
	tests/relation/model_oracle.c \
	tests/relation/model_oracle.h \
	tests/relation/model_oracle_delete.c \
	tests/relation/model_oracle_sets.c \
	tests/relation/model_oracle_write.c \
	tests/relation/model_random.c \
	tests/relation/model_random.h \
	tests/relation/model_random_op.c \
	tests/relation/model_seen.c \
	tests/relation/model_seen.h \
	tests/relation/model_store.c \
	tests/relation/model_store.h

check_PROGRAMS += \
	tests/relation/test_follow \
	tests/relation/test_link \
	tests/relation/test_compound \
	tests/relation/test_binding \
	tests/relation/test_crossing \
	tests/relation/test_junction \
	tests/relation/test_one \
	tests/relation/test_delete \
	tests/relation/test_enforced \
	tests/relation/test_model \
	tests/relation/test_prefetch \
	tests/relation/test_sqlite \
	tests/relation/test_set \
	tests/relation/test_walk \
	tests/relation/test_aggregate

tests_relation_test_follow_SOURCES = tests/relation/test_follow.c $(kx_relation_test)
tests_relation_test_follow_LDADD = $(kx_test_ldadd)
tests_relation_test_link_SOURCES = tests/relation/test_link.c $(kx_relation_test)
tests_relation_test_link_LDADD = $(kx_test_ldadd)
tests_relation_test_set_SOURCES = tests/relation/test_set.c $(kx_relation_test)
tests_relation_test_set_LDADD = $(kx_test_ldadd)
tests_relation_test_prefetch_SOURCES = tests/relation/test_prefetch.c $(kx_relation_test)
tests_relation_test_prefetch_LDADD = $(kx_test_ldadd)
tests_relation_test_crossing_SOURCES = tests/relation/test_crossing.c $(kx_relation_test)
tests_relation_test_crossing_LDADD = $(kx_test_ldadd)
tests_relation_test_binding_SOURCES = tests/relation/test_binding.c $(kx_relation_test)
tests_relation_test_binding_LDADD = $(kx_test_ldadd)
tests_relation_test_junction_SOURCES = tests/relation/test_junction.c $(kx_relation_test)
tests_relation_test_junction_LDADD = $(kx_test_ldadd)
tests_relation_test_one_SOURCES = tests/relation/test_one.c $(kx_relation_test)
tests_relation_test_one_LDADD = $(kx_test_ldadd)
tests_relation_test_delete_SOURCES = tests/relation/test_delete.c $(kx_relation_test)
tests_relation_test_delete_LDADD = $(kx_test_ldadd)
tests_relation_test_enforced_SOURCES = tests/relation/test_enforced.c $(kx_relation_test)
tests_relation_test_enforced_LDADD = $(kx_test_ldadd)
tests_relation_test_compound_SOURCES = tests/relation/test_compound.c $(kx_relation_test)
tests_relation_test_compound_LDADD = $(kx_test_ldadd)

check_PROGRAMS += tests/relation/test_where
tests_relation_test_where_SOURCES = tests/relation/test_where.c $(kx_relation_test)
tests_relation_test_where_LDADD = $(kx_test_ldadd)
tests_relation_test_sqlite_SOURCES = tests/relation/test_sqlite.c $(kx_relation_test)
tests_relation_test_sqlite_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS)
tests_relation_test_sqlite_LDADD = $(kx_test_ldadd) $(SQLITE_LIBS)

tests_relation_test_model_SOURCES = tests/relation/test_model.c $(kx_model_test)
tests_relation_test_model_LDADD = $(kx_test_ldadd)
tests_relation_test_walk_SOURCES = tests/relation/test_walk.c $(kx_relation_test)
tests_relation_test_walk_LDADD = $(kx_test_ldadd)
tests_relation_test_aggregate_SOURCES = tests/relation/test_aggregate.c $(kx_relation_test)
tests_relation_test_aggregate_LDADD = $(kx_test_ldadd)

check_PROGRAMS += tests/relation/test_ordered
tests_relation_test_ordered_SOURCES = tests/relation/test_ordered.c $(kx_relation_test)
tests_relation_test_ordered_LDADD = $(kx_test_ldadd)

check_PROGRAMS += tests/relation/test_big
tests_relation_test_big_SOURCES = tests/relation/test_big.c $(kx_relation_test)
tests_relation_test_big_LDADD = $(kx_test_ldadd)
