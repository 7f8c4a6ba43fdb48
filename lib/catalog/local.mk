kx_sources += \
	lib/catalog/catalog.h \
	lib/catalog/catalog_impl.h \
	lib/catalog/catalog.c \
	lib/catalog/check.c \
	lib/catalog/declare.c \
	lib/catalog/decode.c \
	lib/catalog/definition.c \
	lib/catalog/draft.c \
	lib/catalog/draft_add.c \
	lib/catalog/drop.c \
	lib/catalog/encode.c \
	lib/catalog/initial.c \
	lib/catalog/names.c \
	lib/catalog/path.c \
	lib/catalog/need.c \
	lib/catalog/plan.c \
	lib/catalog/refer.c \
	lib/catalog/read.c \
	lib/catalog/resolve.c \
	lib/catalog/schema_json.c
