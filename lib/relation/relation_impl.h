/* relation_impl.h -- what the files of this room share. */
#ifndef KX_RELATION_RELATION_IMPL_H
#define KX_RELATION_RELATION_IMPL_H

#include "relation/relation.h"

/* What an instance remembers of one foreign key that was followed or linked. */
typedef struct kx_link {
    const char *name; /* of the relation: the catalog's text, which lives as long as the instance */
    kx_doc *target;   /* held; NULL: looked for and not there */
    uint32_t writes;  /* to the target's collection, when it was looked up */
    kx_buf key;       /* the bytes of the key field then */
} kx_link;

kx_link *kx_relation__link_of(const kx_doc *doc, const char *name); /* NULL: nothing remembered */
int kx_relation__remember(kx_doc *doc, const char *name, kx_slice key, kx_doc *target, uint32_t writes);
void kx_relation__forget(kx_link *link); /* its target is let go; the entry stays, empty */

/* The relation of that name on the document's collection, as the catalog has it now. KX_INVALID names what there is. */
int kx_relation__named(kx_txn *txn, const kx_doc *doc, const char *name, const kx_cat_relation **relation);

/* The bytes of a key that a document shows, and its value; missing when null. */
kx_slice kx_relation__key_item(const kx_doc *doc, const kx_cat_part *part, kx_value *value);

int kx_relation__no_assign(const kx_cat_relation *relation);    /* KX_INVALID: "Cannot directly assign to …" */
int kx_relation__not_optional(const kx_cat_relation *relation); /* KX_REQUIRED: "Cannot set … to null (not optional)" */
int kx_relation__check_target(const kx_cat_relation *relation, const kx_doc *doc, const kx_doc *target);

#endif
