/**
 * walk.h -- along a relation of a collection to itself: all that stands above a document, or below it.
 *
 * A foreign key or one-to-one leads to ancestors ("parent"); a related set or many-to-many to descendants ("children").
 */
#ifndef LMDBKENOBIX_WALK_H
#define LMDBKENOBIX_WALK_H

#include <lmdbkenobix/doc.h>
#include <lmdbkenobix/export.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct kx_walk kx_walk;

/**
 * Begin to walk what a document leads to, directly or through others: nearest first, within one depth by id. Each document comes
 * once, by its shortest way, and the one that it began at never: rings end. `depth` is the number of steps at most, 0: any number.
 * A key that leads nowhere ends its way and is no error.
 *
 * A depth is read in batches. Memory grows with the number of documents met, by some 30 bytes each; the documents themselves are let go on the
 * way. Saving and deleting while walking is safe: a document is read when its turn comes, as it is then, and those deleted are passed
 * over; where it leads had been looked up before it came, so that its own deletion does not cut the way. New ones may be missed.
 *
 * Close the walk, or let the transaction do it. It begins at what `doc` shows, saved or not.
 *   KX_INVALID  no such relation, or one that leads to another collection, or the document's query refuses loads (KX_LOAD_NONE)
 *   KX_READONLY a copy (kx_doc_copy) leads nowhere;  KX_NOMEM, KX_CORRUPT, KX_IO
 * On error *walk is NULL.
 */
KX_API int kx_related_walk(kx_doc *doc, const char *relation, unsigned depth, kx_walk **walk);

/**
 * Step. *doc is the next document, valid until the next step (see kx_doc_keep); *depth, unless `depth` is NULL, is how many steps it is
 * away, from 1.
 *   KX_NOTFOUND: the end; the last error is left alone, *doc is NULL.   KX_CORRUPT, KX_NOMEM, KX_IO: also returned by kx_walk_close().
 */
KX_API int kx_walk_next(kx_walk *walk, kx_doc **doc, unsigned *depth);

/** Close; NULL is fine. Returns what ended the walk early: KX_OK at its end or in its midst, else the error of kx_walk_next() (KX_CORRUPT, …). */
KX_API int kx_walk_close(kx_walk *walk);

#ifdef __cplusplus
}
#endif

#endif
