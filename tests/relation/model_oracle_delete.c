/* model_oracle_delete.c -- what goes, what changes and what stands in the way; keys that lead nowhere. */
#include "model_oracle.h"

#include <stdlib.h>
#include <string.h>

/* ---- plan: until nothing more goes --------------------------------------------------------------- */

static bool goes(const mo_plan *plan, int table, uint64_t id)
{
    for (size_t i = 0; i < plan->gone_count; i++) {
        if (plan->gone[i].table == table && plan->gone[i].id == id)
            return true;
    }
    return false;
}

/* Does a document's key go with this plan: one that has it goes, and none that has it stays? */
static bool loses_target(const mo_world *world, const mo_plan *plan, const mo_reference *reference,
                         const mo_doc *holder)
{
    const mo_table *to = &world->tables[reference->to];
    mo_value values[MO_PARTS];
    size_t gone = 0;
    if (!mo_key_of(holder, &reference->keys, values))
        return false;
    for (size_t i = 0; i < to->count; i++) {
        if (!mo_has_key(&to->docs[i], &reference->targets, values))
            continue;
        if (!goes(plan, reference->to, to->docs[i].id))
            return false;
        gone++;
    }
    return gone > 0;
}

static bool spread(const mo_schema *schema, const mo_world *world, mo_plan *plan)
{
    size_t before = plan->gone_count;
    for (size_t r = 0; r < schema->reference_count; r++) {
        const mo_reference *reference = &schema->references[r];
        const mo_table *from = &world->tables[reference->from];
        for (size_t i = 0; i < from->count && reference->on_delete == KX_CASCADE; i++) {
            if (!goes(plan, reference->from, from->docs[i].id) && loses_target(world, plan, reference, &from->docs[i]))
                plan->gone[plan->gone_count++] = (mo_gone){reference->from, from->docs[i].id};
        }
    }
    return plan->gone_count > before;
}

/* What goes itself is not changed and does not restrict, but it protects. */
static bool find_touched(const mo_schema *schema, const mo_world *world, mo_plan *plan)
{
    for (size_t r = 0; r < schema->reference_count; r++) {
        const mo_reference *reference = &schema->references[r];
        const mo_table *from = &world->tables[reference->from];
        if (reference->on_delete == KX_CASCADE || reference->on_delete == KX_DO_NOTHING)
            continue;
        for (size_t i = 0; i < from->count; i++) {
            uint64_t id = from->docs[i].id;
            if (!loses_target(world, plan, reference, &from->docs[i]) ||
                (reference->on_delete != KX_PROTECT && goes(plan, reference->from, id)))
                continue;
            if (plan->touched_count == MO_PLANNED)
                return false;
            plan->touched[plan->touched_count++] = (mo_touch){(int)r, id};
        }
    }
    return true;
}

static int by_table(const void *a, const void *b)
{
    const mo_gone *left = a, *right = b;
    if (left->table != right->table)
        return left->table < right->table ? -1 : 1;
    return (left->id > right->id) - (left->id < right->id);
}

bool mo_plan_of(const mo_schema *schema, const mo_world *world, int table, const uint64_t *ids, size_t count,
                mo_plan *plan)
{
    plan->root = (mo_gone){table, ids[0]};
    plan->gone_count = plan->touched_count = 0;
    for (size_t i = 0; i < count; i++)
        plan->gone[plan->gone_count++] = (mo_gone){table, ids[i]};
    while (spread(schema, world, plan)) {
    }
    qsort(plan->gone, plan->gone_count, sizeof *plan->gone, by_table);
    return find_touched(schema, world, plan);
}

bool mo_blocks(const mo_schema *schema, const mo_touch *touch)
{
    kx_action action = schema->references[touch->reference].on_delete;
    return action == KX_RESTRICT || action == KX_PROTECT;
}

/* ---- apply ------------------------------------------------------------------------------------------ */

static size_t count_blockers(const mo_schema *schema, const mo_plan *plan, mo_fired *fired)
{
    size_t blockers = 0;
    for (size_t i = 0; i < plan->touched_count; i++) {
        if (!mo_blocks(schema, &plan->touched[i]))
            continue;
        fired->on_delete[schema->references[plan->touched[i].reference].on_delete]++;
        blockers++;
    }
    return blockers;
}

/* Holders of keys that go, which nothing is done about. */
static void count_left(const mo_schema *schema, const mo_world *world, const mo_plan *plan, mo_fired *fired)
{
    for (size_t r = 0; r < schema->reference_count; r++) {
        const mo_reference *reference = &schema->references[r];
        const mo_table *from = &world->tables[reference->from];
        for (size_t i = 0; i < from->count && reference->on_delete == KX_DO_NOTHING; i++)
            fired->on_delete[KX_DO_NOTHING] +=
                loses_target(world, plan, reference, &from->docs[i]) && !goes(plan, reference->from, from->docs[i].id);
    }
}

/* All that the plan changes of one document is one write; where two relations share a field, the later one's say
   counts. */
static mo_codes change(const mo_schema *schema, mo_world *world, const mo_plan *plan, int table, uint64_t id,
                       mo_fired *fired)
{
    mo_doc doc = *mo_find(world, table, id);
    bool defaulted[2 * MO_RELATIONS] = {false};
    for (size_t i = 0; i < plan->touched_count; i++) {
        const mo_reference *reference = &schema->references[plan->touched[i].reference];
        if (reference->from != table || plan->touched[i].id != id)
            continue;
        fired->on_delete[reference->on_delete]++;
        defaulted[plan->touched[i].reference] = reference->on_delete == KX_SET_DEFAULT;
        if (reference->on_delete == KX_SET_NULL)
            mo_set_key_fields(&doc, &reference->keys, NULL);
        else
            mo_set_default(schema, table, &doc, &reference->keys);
    }
    return mo_change(schema, world, table, &doc, defaulted, fired);
}

static bool is_touched(const mo_schema *schema, const mo_plan *plan, int table, uint64_t id)
{
    for (size_t i = 0; i < plan->touched_count; i++) {
        if (schema->references[plan->touched[i].reference].from == table && plan->touched[i].id == id)
            return true;
    }
    return false;
}

mo_codes mo_carry_out(const mo_schema *schema, mo_world *world, const mo_plan *plan, mo_fired *fired)
{
    mo_codes rc = MO(KX_OK);
    if (count_blockers(schema, plan, fired) > 0)
        return MO(KX_RESTRICTED);
    count_left(schema, world, plan, fired);
    fired->on_delete[KX_CASCADE] += plan->gone_count - 1;
    for (size_t i = 0; i < plan->gone_count; i++)
        mo_remove(world, plan->gone[i].table, plan->gone[i].id);
    for (int table = 0; table < (int)schema->tables; table++) {
        for (size_t i = 0; i < world->tables[table].count && rc == MO(KX_OK); i++) {
            if (is_touched(schema, plan, table, world->tables[table].docs[i].id))
                rc = change(schema, world, plan, table, world->tables[table].docs[i].id, fired);
        }
    }
    return rc;
}

/* ---- keys that lead nowhere ---------------------------------------------------------------------------- */

size_t mo_dangling(const mo_schema *schema, const mo_world *world, bool deferred_only, mo_touch *list, size_t room)
{
    size_t count = 0;
    for (size_t r = 0; r < schema->reference_count; r++) {
        const mo_reference *reference = &schema->references[r];
        const mo_table *from = &world->tables[reference->from];
        for (size_t i = 0; i < from->count && (reference->deferred || !deferred_only); i++) {
            mo_value values[MO_PARTS];
            if (!mo_key_of(&from->docs[i], &reference->keys, values) ||
                mo_any_has(world, reference->to, &reference->targets, values))
                continue;
            if (list != NULL && count < room)
                list[count] = (mo_touch){(int)r, from->docs[i].id};
            count++;
        }
    }
    return count;
}

bool mo_is_whole(const mo_schema *schema, const mo_world *world)
{
    enum { ROOM = 512 };
    mo_touch dangling[ROOM];
    size_t count = mo_dangling(schema, world, false, dangling, ROOM);
    for (size_t i = 0; i < count && i < ROOM; i++) {
        const mo_reference *reference = &schema->references[dangling[i].reference];
        if (reference->enforced && !reference->deferred)
            return false;
    }
    return true;
}
