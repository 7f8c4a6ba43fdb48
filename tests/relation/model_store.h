/* model_store.h -- the oracle's operations carried out on a store through the public API, and the two compared. */
#ifndef KX_TESTS_MODEL_STORE_H
#define KX_TESTS_MODEL_STORE_H

#include "model_oracle.h"

/* Text that grows; what was put in first stays when it is full. */
typedef struct ms_text {
    size_t size;
    char at[128 * 1024];
} ms_text;

void ms_print(ms_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What the call returns. `plan` is what MO_APPLY applies; `held` (may be NULL) is an instance of the document to
   use for it. */
int ms_run(kx_txn *txn, const mo_schema *schema, const mo_op *op, const kx_deletion *plan, kx_doc *held);
void ms_describe(const mo_schema *schema, const mo_op *op, ms_text *text);

/* Everything: each collection's schema with its next id, each document's bytes. */
void ms_dump(kx_txn *txn, const mo_schema *schema, ms_text *dump);

/* Each says false and why. Documents; whatever one document relates to; a plan. */
bool ms_same_documents(kx_txn *txn, const mo_schema *schema, const mo_world *world, ms_text *why);
bool ms_same_answers(kx_txn *txn, const mo_schema *schema, const mo_world *world, int table, uint64_t id, ms_text *why);
bool ms_same_relations(kx_doc *doc, const mo_schema *schema, const mo_world *world, int table, ms_text *why);
bool ms_same_plan(const kx_deletion *plan, const mo_schema *schema, const mo_world *world, const mo_plan *expected,
                  ms_text *why);
bool ms_same_violations(kx_txn *txn, const mo_schema *schema, const mo_world *world, ms_text *why);

#endif
