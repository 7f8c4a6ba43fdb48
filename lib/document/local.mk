kx_sources += \
	lib/document/document.h \
	lib/document/bytes.h \
	lib/document/validate.h \
	lib/document/pack.h \
	lib/document/extended.h \
	lib/document/view.c \
	lib/document/validate.c \
	lib/document/canonical.c \
	lib/document/builder.c \
	lib/document/path.c \
	lib/document/patch.c \
	lib/document/extended.c \
	lib/document/json_in.c \
	lib/document/json_out.c
