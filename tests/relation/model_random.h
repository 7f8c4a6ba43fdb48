/* model_random.h -- random models, documents and operations for the oracle and the store. */
#ifndef KX_TESTS_MODEL_RANDOM_H
#define KX_TESTS_MODEL_RANDOM_H

#include "model_oracle.h"

enum { MR_RELATIONS = 8, MR_INDEXES = 4, MR_NAME = 8 };

/* One table while it is made up: its model, and what its fields have to be able to do. */
typedef struct mr_table {
    char name[MR_NAME];
    kx_field fields[MO_FIELDS + 1];
    kx_index indexes[MR_INDEXES + 1];
    kx_relation relations[MR_RELATIONS + 1];
    size_t relation_count, index_count;
    bool primary;
    unsigned nulled, defaulted; /* fields that an action sets null, or to a default */
} mr_table;

typedef struct mr_model {
    size_t tables, junctions; /* junctions are the last of the tables */
    mr_table made[MO_TABLES];
    kx_model models[MO_TABLES];
    const kx_model *list[MO_TABLES + 1];
    char names[4 * MO_RELATIONS][MR_NAME];
    size_t name_count;
} mr_model;

void mr_model_make(uint64_t *state, mr_model *model);

/* false: nothing of that kind can be done now. */
bool mr_op(uint64_t *state, const mo_schema *schema, const mo_world *world, mo_op *op);
void mr_insert(uint64_t *state, const mo_schema *schema, const mo_world *world, mo_op *op);

#endif
