kx_sources += \
	lib/key/key.h \
	lib/key/key_compare.c \
	lib/key/key_encode.c \
	lib/key/key_impl.h \
	lib/key/key_range.c \
	lib/key/key_read.c
