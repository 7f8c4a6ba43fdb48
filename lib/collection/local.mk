kx_sources += \
	lib/collection/collection.h \
	lib/collection/collection_impl.h \
	lib/collection/bulk.c \
	lib/collection/check.c \
	lib/collection/declare.c \
	lib/collection/doc.c \
	lib/collection/doc_save.c \
	lib/collection/doc_view.c \
	lib/collection/index.c \
	lib/collection/layout.c \
	lib/collection/open.c \
	lib/collection/prepare.c \
	lib/collection/remove.c \
	lib/collection/snapshot.c \
	lib/collection/sort.c \
	lib/collection/txn.c \
	lib/collection/undo.c \
	lib/collection/update.c \
	lib/collection/write.c
