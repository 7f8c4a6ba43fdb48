/*
 * deletion.h -- a delete while it is planned and applied: this room's own.
 *
 * Documents to go are entries of one list, in the order in which they were found; a hash of positions in it finds them by
 * collection and id. The list is also the work that is left: entries are looked at one by one, so that neither depth nor
 * width of what refers to what needs stack.
 */
#ifndef KX_RELATION_DELETION_H
#define KX_RELATION_DELETION_H

#include "relation/relation_impl.h"

typedef struct kx_gone {
    uint64_t id;
    uint32_t collection;               /* position in the catalog */
    uint32_t parent;                   /* entry that it was reached from */
    const kx_cat_reference *reference; /* by which; NULL: a root         */
} kx_gone;

/* A document that refers to an entry and is not deleted for it. */
typedef struct kx_touched {
    const kx_cat_reference *reference;
    uint64_t id;      /* in reference->from */
    uint32_t parent;  /* entry */
    kx_action action; /* SET_NULL, SET_DEFAULT, RESTRICT, PROTECT; DO_NOTHING: to be checked at commit */
} kx_touched;

/* Why what hangs on a key that several documents have is not looked at yet: this one of them stays, or comes later. */
typedef struct kx_witness {
    const kx_cat_reference *reference;
    kx_held_key key; /* owned */
    uint64_t id;     /* in reference->to */
} kx_witness;

typedef struct kx_delete_work {
    kx_txn *txn;
    kx_gone *gone;
    size_t gone_count, gone_room;
    uint32_t *slots; /* position in `gone` + 1 */
    size_t slot_count;
    kx_touched *touched;
    size_t touched_count, touched_room;
    kx_witness *witnesses; /* places by a hash of reference and key; a later one takes the place of an earlier; NULL: none yet */
} kx_delete_work;

/* Plan: fill `work`. What is touched and deleted as well is left out of `touched` in the end. To be freed either way. */
int kx_relation__plan_delete(kx_delete_work *work, kx_txn *txn, const kx_cat_collection *collection,
                             const uint64_t *ids, size_t count);
void kx_relation__free_delete(kx_delete_work *work);
bool kx_relation__is_gone(const kx_delete_work *work, const kx_cat_collection *collection, uint64_t id);
bool kx_relation__blocks(const kx_touched *touched);

/* "users 1 <- orders.user 7", and behind it the referring document. Appends to `out`. */
void kx_relation__path_of(const kx_delete_work *work, const kx_touched *touched, kx_buf *out);

/* Carry it out in `txn`, a child that is aborted when this fails, unless nothing can be refused half-way. `doc` (may be
   NULL) is the only root's instance. */
int kx_relation__apply_delete(kx_delete_work *work, kx_txn *txn, kx_doc *doc);
int kx_relation__restricted(const kx_delete_work *work, size_t blockers, const kx_touched *first);

#endif
