/** lmdbkenobix.h -- an embedded document store with first-class relationships: everything, by subject. */
#ifndef LMDBKENOBIX_H
#define LMDBKENOBIX_H

#include <lmdbkenobix/export.h>
#include <lmdbkenobix/value.h>
#include <lmdbkenobix/error.h>
#include <lmdbkenobix/model.h>
#include <lmdbkenobix/db.h>
#include <lmdbkenobix/txn.h>
#include <lmdbkenobix/delete.h>
#include <lmdbkenobix/doc.h>
#include <lmdbkenobix/record.h>
#include <lmdbkenobix/integrity.h>
#include <lmdbkenobix/load.h>
#include <lmdbkenobix/query.h>
#include <lmdbkenobix/change.h>
#include <lmdbkenobix/relation.h>
#include <lmdbkenobix/aggregate.h>
#include <lmdbkenobix/schema.h>
#include <lmdbkenobix/walk.h>

#endif
