kx_sources += \
	lib/relation/relation.h \
	lib/relation/relation_impl.h \
	lib/relation/check.c \
	lib/relation/deletion.c \
	lib/relation/deletion.h \
	lib/relation/deletion_apply.c \
	lib/relation/deletion_value.c \
	lib/relation/guard.c \
	lib/relation/include.c \
	lib/relation/integrity.h \
	lib/relation/junction.c \
	lib/relation/key.c \
	lib/relation/load_plan.c \
	lib/relation/loads.c \
	lib/relation/one.c \
	lib/relation/prefetch.c \
	lib/relation/rename.c \
	lib/relation/follow.c \
	lib/relation/set.c \
	lib/relation/slot.c \
	lib/relation/suspend.c \
	lib/relation/where.c \
	lib/relation/walk.c
