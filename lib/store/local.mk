kx_sources += \
	lib/store/store.h \
	lib/store/store_impl.h \
	lib/store/append.c \
	lib/store/compare.c \
	lib/store/entries.c \
	lib/store/env.c \
	lib/store/error.c \
	lib/store/file.c \
	lib/store/handles.c \
	lib/store/head.c \
	lib/store/map.c \
	lib/store/page.c \
	lib/store/rows.c \
	lib/store/scans.c \
	lib/store/txn.c \
	lib/store/writer.c
