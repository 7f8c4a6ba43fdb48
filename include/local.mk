include_HEADERS = include/lmdbkenobix.h
kx_includedir = $(includedir)/lmdbkenobix
kx_include_HEADERS = \
	include/lmdbkenobix/change.h \
	include/lmdbkenobix/aggregate.h \
	include/lmdbkenobix/db.h \
	include/lmdbkenobix/delete.h \
	include/lmdbkenobix/doc.h \
	include/lmdbkenobix/error.h \
	include/lmdbkenobix/export.h \
	include/lmdbkenobix/model.h \
	include/lmdbkenobix/integrity.h \
	include/lmdbkenobix/load.h \
	include/lmdbkenobix/query.h \
	include/lmdbkenobix/record.h \
	include/lmdbkenobix/relation.h \
	include/lmdbkenobix/schema.h \
	include/lmdbkenobix/txn.h \
	include/lmdbkenobix/value.h \
	include/lmdbkenobix/walk.h
