kx_sources += \
	lib/relation/relation.h \
	lib/relation/relation_impl.h \
	lib/relation/guard.c \
	lib/relation/include.c \
	lib/relation/junction.c \
	lib/relation/load_plan.c \
	lib/relation/loads.c \
	lib/relation/one.c \
	lib/relation/prefetch.c \
	lib/relation/follow.c \
	lib/relation/set.c \
	lib/relation/slot.c
