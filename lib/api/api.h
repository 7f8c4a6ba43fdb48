/*
 * api.h -- the public edge: argument checks, handles, the last error. Everything is delegated.
 *
 * Each public call looks the same: refuse what is NULL, ask whether the handle may be used now, delegate, and pass the
 * result through kx_base__done(), which publishes code and text together.
 */
#ifndef KX_API_API_H
#define KX_API_API_H

#include "relation/relation.h"

/* KX_INVALID for a NULL argument of a public function. */
int kx_api__null(const char *function, const char *argument);

/* The transaction may be used now, and has a collection of that name. */
int kx_api__enter(kx_txn *txn, const char *name, const kx_cat_collection **collection);

#endif
