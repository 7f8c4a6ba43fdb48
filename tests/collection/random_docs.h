/* random_docs.h -- documents of all types for randomized tests, and what their indexes should hold against each other. */
#ifndef KX_TESTS_RANDOM_DOCS_H
#define KX_TESTS_RANDOM_DOCS_H

#include "collection_test.h"

/* The model that they are made for: indexes of every kind over `a b u v tags keys n.x`. */
extern const kx_model random_model;

/* A value of any type; small domains, so that equal ones are frequent. Texts and so on live to the end of the process. */
kx_value random_value(uint64_t *random);

/* A value that fits the field, mostly; `name` is one of the model's. */
kx_value random_field(uint64_t *random, const char *name);

/* A document with some of the fields, as canonical MessagePack in `out`, which is cleared first. */
void random_document(uint64_t *random, kx_buf *out);

/* KX_OK, or why this document cannot be stored: KX_INVALID, something at a multi index that is no array. */
int document_fits(kx_slice document);

/* Do the two documents clash in a unique index? Found by comparing values, without keys. */
bool documents_clash(kx_slice left, kx_slice right);

#endif
