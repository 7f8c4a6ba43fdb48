kx_sources += \
	lib/query/query.h \
	lib/query/compile.c \
	lib/query/cross.c \
	lib/query/cursor.c \
	lib/query/window.c \
	lib/query/filter.c \
	lib/query/filter_reader.c \
	lib/query/filter_reader.h \
	lib/query/filter_time.c \
	lib/query/filter_value.c \
	lib/query/find.c \
	lib/query/function.c \
	lib/query/keep.c \
	lib/query/hop.c \
	lib/query/like.c \
	lib/query/match.c \
	lib/query/memory.c \
	lib/query/operand.c \
	lib/query/order.c \
	lib/query/plan.c \
	lib/query/plan_ids.c \
	lib/query/query_impl.h \
	lib/query/range.c \
	lib/query/semijoin.c \
	lib/query/sort.c \
	lib/query/source.c \
	lib/query/tree.c
