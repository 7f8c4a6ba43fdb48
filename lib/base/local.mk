kx_sources += \
	lib/base/base.h \
	lib/base/arena.c \
	lib/base/buf.c \
	lib/base/error.c \
	lib/base/fork.c \
	lib/base/hash.c \
	lib/base/memory.c \
	lib/base/show.c \
	lib/base/utf8.c
