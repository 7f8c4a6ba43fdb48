/* integrity.h -- keys against their targets, and what a transaction remembers of it: this room's own. */
#ifndef KX_RELATION_INTEGRITY_H
#define KX_RELATION_INTEGRITY_H

#include "relation/relation_impl.h"

/* A key whose check is due later. */
typedef struct kx_due {
    const kx_cat_reference *reference; /* of a catalog that lives to the transaction's end */
    uint64_t id;
    const kx_txn *level; /* an aborted child's are dropped */
} kx_due;

/* A referenced key that has changed; values point into the arena. */
typedef struct kx_renamed {
    const kx_cat_reference *reference;
    kx_value was[KX_CATALOG_KEY_PARTS];
    kx_slice now[KX_CATALOG_KEY_PARTS]; /* items; missing: null */
} kx_renamed;

/* What hangs at txn->top->guarded. */
typedef struct kx_guarded {
    kx_due *due;
    size_t due_count, due_room;
    bool collects; /* a bulk load: keys that are not deferred wait as well, for its end */
    bool renames;  /* what acts on changed keys is under way: note them */
    kx_renamed *renamed;
    size_t renamed_count, renamed_room;
    kx_arena arena; /* of renamed keys */
    kx_violation *violations;
    size_t violation_count, violation_room;
    kx_arena texts; /* of violations */
} kx_guarded;

enum { KX_RELATION_RENAMED = 1000 }; /* a key changes that something acts on: to be written again in a child */

kx_guarded *kx_relation__guarded(kx_txn *txn); /* made when missing; NULL: no memory */

/* Does a document of reference->to have this key? `own`: a write to one of them, which counts as done; NULL: none. */
int kx_relation__leads(kx_txn *txn, const kx_cat_reference *reference, const kx_value *values, const kx_write_op *own,
                       bool *leads);

/* Of a document as it is stored. *violated is false where it is gone. */
int kx_relation__look_again(kx_txn *txn, const kx_cat_reference *reference, uint64_t id, kx_value *values,
                            kx_slice *document, bool *violated);

/* Hold what is due, from a place in the list on: of deferred references, or of others. KX_DANGLING: guarded->violations. */
int kx_relation__check_due(kx_txn *txn, size_t from, bool deferred);
int kx_relation__check_declared(kx_txn *txn, const kx_catalog *next, const kx_cat_relation *relation);

/* Note keys of an update that are referred to and change. KX_RELATION_RENAMED where they may not be noted. */
int kx_relation__note_renames(kx_txn *txn, const kx_cat_collection *collection, const kx_write_op *op);

#endif
