kx_sources += \
	lib/api/aggregate.c \
	lib/api/api.h \
	lib/api/change.c \
	lib/api/db.c \
	lib/api/delete.c \
	lib/api/doc.c \
	lib/api/doc_read.c \
	lib/api/integrity.c \
	lib/api/load.c \
	lib/api/query.c \
	lib/api/record.c \
	lib/api/relation.c \
	lib/api/schema.c \
	lib/api/txn.c \
	lib/api/value.c
