kx_sources += \
	lib/relation/relation.h \
	lib/relation/relation_impl.h \
	lib/relation/guard.c \
	lib/relation/follow.c \
	lib/relation/set.c \
	lib/relation/slot.c
