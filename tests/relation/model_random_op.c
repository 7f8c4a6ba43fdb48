/* model_random_op.c -- random operations on a world: mostly such as mean something there, some that must be refused. */
#include <string.h>

#include "model_random.h"
#include "support.h"

static bool chance(uint64_t *state, unsigned percent)
{
    return kxt_random_below(state, 100) < percent;
}

static size_t below(uint64_t *state, size_t bound)
{
    return (size_t)kxt_random_below(state, bound);
}

/* ---- values ---------------------------------------------------------------------------------------- */

static mo_value any_value(uint64_t *state, int field)
{
    static const uint8_t types[] = {KX_TYPE_NONE, KX_TYPE_NONE, KX_TYPE_NULL, KX_TYPE_REAL, KX_TYPE_TEXT};
    mo_value value = {KX_TYPE_INT, (int16_t)(1 + below(state, field == 0 ? 12 : 6))};
    size_t dice = below(state, 24);
    if (dice < sizeof types)
        value.type = types[dice];
    if (value.type == KX_TYPE_NONE || value.type == KX_TYPE_NULL)
        value.number = 0;
    return value;
}

/* The key of some document that a field of this table refers to. */
static bool key_value(uint64_t *state, const mo_schema *schema, const mo_world *world, int table, int field,
                      mo_value *value)
{
    size_t start = below(state, schema->reference_count + 1);
    for (size_t i = 0; i < schema->reference_count; i++) {
        const mo_reference *reference = &schema->references[(start + i) % schema->reference_count];
        const mo_table *to = &world->tables[reference->to];
        for (size_t p = 0; p < reference->keys.count && reference->from == table && to->count > 0; p++) {
            if (reference->keys.fields[p] != field)
                continue;
            *value = to->docs[below(state, to->count)].fields[reference->targets.fields[p]];
            return true;
        }
    }
    return false;
}

static mo_value value_of(uint64_t *state, const mo_schema *schema, const mo_world *world, int table, int field)
{
    const kx_field *declared = schema->declared[table][field];
    mo_value value;
    if (chance(state, 12) && declared != NULL)
        return (mo_value){chance(state, 50) ? KX_TYPE_NULL : KX_TYPE_NONE, 0};
    if (chance(state, 75) && key_value(state, schema, world, table, field, &value))
        return value;
    value = any_value(state, field);
    if (field == 0 && schema->primary[table] == 0 && chance(state, 60))
        value = (mo_value){KX_TYPE_NONE, 0};
    if (declared != NULL && declared->type == KX_TYPE_INT && chance(state, 90))
        value = (mo_value){KX_TYPE_INT, (int16_t)(1 + below(state, 12))};
    return value;
}

static void fill(uint64_t *state, const mo_schema *schema, const mo_world *world, int table, mo_value *fields)
{
    for (int i = 0; i < MO_FIELDS; i++)
        fields[i] = value_of(state, schema, world, table, i);
}

/* ---- which document ---------------------------------------------------------------------------------- */

static bool choose_doc(uint64_t *state, const mo_schema *schema, const mo_world *world, mo_op *op)
{
    for (size_t tries = 0; tries < 2 * schema->tables; tries++) {
        int table = (int)below(state, schema->tables);
        const mo_table *from = &world->tables[table];
        if (from->count == 0)
            continue;
        op->table = table;
        op->id = chance(state, 4) ? from->next_id + below(state, 3) : from->docs[below(state, from->count)].id;
        return true;
    }
    return false;
}

/* A relation of the document's collection. */
static bool choose_relation(uint64_t *state, const mo_schema *schema, mo_op *op)
{
    size_t start = below(state, schema->relation_count + 1);
    for (size_t i = 0; i < schema->relation_count; i++) {
        size_t at = (start + i) % schema->relation_count;
        if (schema->relations[at].owner != op->table)
            continue;
        op->relation = (int)at;
        return true;
    }
    return false;
}

static void choose_member(uint64_t *state, const mo_schema *schema, const mo_world *world, const mo_op *op, bool stored,
                          mo_member *member)
{
    const mo_relation *relation = &schema->relations[op->relation];
    const mo_table *target = &world->tables[relation->target];
    const mo_doc *doc = mo_find(world, op->table, op->id);
    uint64_t ids[MO_DOCS];
    size_t count = doc != NULL && mo_is_set(relation) ? mo_members(schema, world, relation, doc, ids) : 0;
    *member = (mo_member){.fresh = !stored && (target->count == 0 || chance(state, 20))};
    if (member->fresh)
        fill(state, schema, world, relation->target, member->fields);
    else if (count > 0 && chance(state, 50))
        member->id = ids[below(state, count)];
    else
        member->id = target->docs[below(state, target->count)].id;
    if (stored || member->fresh || !chance(state, 15))
        return;
    int field = (int)below(state, MO_FIELDS);
    member->changed = 1u << field;
    member->fields[field] = value_of(state, schema, world, relation->target, field);
}

static void choose_members(uint64_t *state, const mo_schema *schema, const mo_world *world, mo_op *op, size_t most)
{
    op->count = below(state, most + 1);
    for (size_t i = 0; i < op->count; i++)
        choose_member(state, schema, world, op, false, &op->members[i]);
}

/* ---- operations ------------------------------------------------------------------------------------------ */

void mr_insert(uint64_t *state, const mo_schema *schema, const mo_world *world, mo_op *op)
{
    memset(op, 0, sizeof *op);
    op->table = (int)below(state, schema->tables);
    op->how = (int)below(state, 3);
    op->kind = chance(state, 15) ? MO_INSERT_MANY : MO_INSERT;
    fill(state, schema, world, op->table, op->fields);
    op->count = op->kind == MO_INSERT_MANY ? 1 + below(state, MO_MEMBERS) : 0;
    for (size_t i = 0; i < op->count; i++) {
        op->members[i].fresh = true;
        fill(state, schema, world, op->table, op->members[i].fields);
    }
}

/* A field by which others refer to this document, where there is one: k often, but not always. */
static int referred_field(uint64_t *state, const mo_schema *schema, int table)
{
    size_t start = below(state, schema->reference_count + 1);
    for (size_t i = 0; i < schema->reference_count; i++) {
        const mo_reference *reference = &schema->references[(start + i) % schema->reference_count];
        if (reference->to == table)
            return reference->targets.fields[below(state, reference->targets.count)];
    }
    return (int)below(state, MO_FIELDS);
}

static void make_update(uint64_t *state, const mo_schema *schema, const mo_world *world, mo_op *op)
{
    const mo_doc *doc = mo_find(world, op->table, op->id);
    op->how = (int)below(state, 3);
    int field = chance(state, 40) ? referred_field(state, schema, op->table) : (int)below(state, MO_FIELDS);
    op->changed = 1u << field | (chance(state, 30) ? 1u << below(state, MO_FIELDS) : 0);
    for (int i = 0; i < MO_FIELDS; i++) {
        op->fields[i] = value_of(state, schema, world, op->table, i);
        if (op->how == MO_PUT && doc != NULL && (op->changed & 1u << i) == 0)
            op->fields[i] = doc->fields[i];
        else if (op->how == MO_PATCH && op->fields[i].type == KX_TYPE_NONE)
            op->fields[i].type = KX_TYPE_NULL;
    }
    if (op->how == MO_PUT)
        op->changed = (1u << MO_FIELDS) - 1;
}

static void make_link_set(uint64_t *state, const mo_schema *schema, const mo_world *world, mo_op *op)
{
    int through = schema->relations[op->relation].through, field = (int)below(state, MO_FIELDS);
    choose_member(state, schema, world, op, true, &op->members[0]);
    op->changed = 1u << field;
    if (through == MO_NONE)
        return;
    op->fields[field] = value_of(state, schema, world, through, field);
    if (op->fields[field].type == KX_TYPE_NONE)
        op->fields[field].type = KX_TYPE_NULL;
}

static bool make_related(uint64_t *state, const mo_schema *schema, const mo_world *world, mo_op *op)
{
    static const mo_kind kinds[] = {MO_LINK,   MO_LINK,  MO_ADD,     MO_ADD,     MO_ADD,
                                    MO_REMOVE, MO_CLEAR, MO_REPLACE, MO_LINK_SET};
    if (!choose_relation(state, schema, op))
        return false;
    const mo_relation *relation = &schema->relations[op->relation];
    bool empty = world->tables[relation->target].count == 0;
    op->kind = kinds[below(state, sizeof kinds / sizeof *kinds)];
    if (op->kind == MO_LINK && mo_is_set(relation) && chance(state, 90))
        op->kind = MO_ADD;
    else if (op->kind >= MO_ADD && !mo_is_set(relation) && chance(state, 90))
        op->kind = MO_LINK;
    if (empty && (op->kind == MO_LINK || op->kind == MO_REMOVE || op->kind == MO_LINK_SET))
        return false;
    if (op->kind == MO_LINK || op->kind == MO_REMOVE)
        choose_member(state, schema, world, op, true, &op->members[0]);
    if (op->kind == MO_LINK && chance(state, 20))
        op->members[0].id = 0;
    if (op->kind == MO_LINK_SET)
        make_link_set(state, schema, world, op);
    if (op->kind == MO_ADD || op->kind == MO_REPLACE)
        choose_members(state, schema, world, op, MO_MEMBERS);
    op->how = (int)below(state, 2);
    return true;
}

/* Those that have a value of some document's. */
static bool make_some(uint64_t *state, const mo_schema *schema, const mo_world *world, mo_op *op)
{
    int field = (int)below(state, MO_FIELDS), changed = (int)below(state, MO_FIELDS);
    const mo_table *table = &world->tables[op->table];
    mo_value value = table->docs[below(state, table->count)].fields[field];
    op->kind = chance(state, 60) ? MO_UPDATE_SOME : MO_DELETE_SOME;
    op->members[0] = (mo_member){.changed = 1u << field};
    op->members[0].fields[field] = value;
    op->changed = 1u << changed;
    op->fields[changed] = value_of(state, schema, world, op->table, changed);
    op->how = (int)below(state, 2);
    return value.type == KX_TYPE_INT || value.type == KX_TYPE_REAL || value.type == KX_TYPE_TEXT;
}

bool mr_op(uint64_t *state, const mo_schema *schema, const mo_world *world, mo_op *op)
{
    size_t dice = below(state, 100);
    memset(op, 0, sizeof *op);
    if (dice < 22) {
        mr_insert(state, schema, world, op);
        return true;
    }
    if (!choose_doc(state, schema, world, op))
        return false;
    if (dice < 48) {
        op->kind = MO_UPDATE;
        make_update(state, schema, world, op);
        return true;
    }
    if (dice < 80)
        return make_related(state, schema, world, op);
    if (dice < 86)
        return make_some(state, schema, world, op);
    op->kind = MO_DELETE;
    op->how = (int)below(state, 3);
    return true;
}
