/* model_random.c -- random models: every kind of relation, every action, keys of one field or two, junctions
   shared and not. */
#include "model_random.h"

#include <stdio.h>
#include <string.h>

#include "support.h"

static bool chance(uint64_t *state, unsigned percent)
{
    return kxt_random_below(state, 100) < percent;
}

static size_t below(uint64_t *state, size_t bound)
{
    return (size_t)kxt_random_below(state, bound);
}

/* A text that lives as long as the model: names of relations, "a,b". */
static const char *text(mr_model *model, const char *format, unsigned long long number)
{
    char *name = model->names[model->name_count++];
    snprintf(name, MR_NAME, format, number);
    return name;
}

/* ---- keys --------------------------------------------------------------------------------------- */

enum { FIRST = 1, FREE = 4 }; /* a, b, c, d hold keys of others; k is one's own; x is plain */

typedef struct fields {
    size_t count;
    int at[MO_PARTS];
} fields;

static const char *paths(mr_model *model, fields of)
{
    char *name = model->names[model->name_count++];
    snprintf(name, MR_NAME, of.count == 1 ? "%s" : "%s,%s", mo_fields[of.at[0]],
             of.count > 1 ? mo_fields[of.at[1]] : "");
    return name;
}

static fields local_fields(uint64_t *state)
{
    fields of = {chance(state, 15) ? 2 : 1, {0}};
    of.at[0] = FIRST + (int)below(state, FREE);
    of.at[1] = FIRST + (of.at[0] - FIRST + 1 + (int)below(state, FREE - 1)) % FREE;
    return of;
}

static fields target_fields(uint64_t *state, size_t count)
{
    fields of = {count, {chance(state, 75) ? 0 : FIRST + (int)below(state, FREE), 0}};
    of.at[1] = of.at[0] == 0 ? FIRST + (int)below(state, FREE) : 0;
    return of;
}

static unsigned bits(fields of)
{
    return 1u << of.at[0] | (of.count > 1 ? 1u << of.at[1] : 0);
}

/* ---- relations ------------------------------------------------------------------------------------ */

static kx_relation *add(mr_table *table, const kx_relation *relation)
{
    if (table->relation_count == MR_RELATIONS)
        return NULL;
    table->relations[table->relation_count] = *relation;
    return &table->relations[table->relation_count++];
}

static kx_action action(uint64_t *state, const kx_relation *relation, bool deleting)
{
    for (;;) {
        kx_action chosen = chance(state, 10) ? KX_SET_NULL : (kx_action)below(state, KX_SET_DEFAULT + 1);
        bool refused = (chosen == KX_DO_NOTHING && relation->enforced && !relation->deferred) ||
                       (chosen == KX_PROTECT && !deleting) || (chosen == KX_SET_NULL && !relation->optional);
        if (!refused)
            return chosen;
    }
}

static void note_action(mr_table *table, kx_action chosen, fields local)
{
    table->nulled |= chosen == KX_SET_NULL ? bits(local) : 0;
    table->defaulted |= chosen == KX_SET_DEFAULT ? bits(local) : 0;
}

static bool is_taken(const mr_table *table, const char *target, const char *local)
{
    for (size_t i = 0; i < table->relation_count; i++) {
        const kx_relation *other = &table->relations[i];
        if (other->foreign_key != NULL && strcmp(other->foreign_key, local) == 0 && strcmp(other->target, target) == 0)
            return true;
    }
    return false;
}

/* A set written by hand beside the key, or without one. */
static void add_set(mr_table *owner, const mr_table *target, const char *name, const kx_relation *key,
                    const char *local)
{
    add(owner, &(kx_relation){.name = name,
                              .kind = key->kind == KX_ONE_TO_ONE ? KX_RELATED_ONE : KX_RELATED_SET,
                              .target = target->name,
                              .foreign_key = key->foreign_key,
                              .local_field = local});
}

static void add_key(uint64_t *state, mr_model *model)
{
    mr_table *table = &model->made[below(state, model->tables)], *target = &model->made[below(state, model->tables)];
    unsigned long long number = model->name_count;
    fields local = local_fields(state), remote = target_fields(state, local.count);
    const char *keys = paths(model, local), *targets = paths(model, remote);
    kx_relation relation = {.name = text(model, "r%llu", number),
                            .kind = chance(state, 20) ? KX_ONE_TO_ONE : KX_FOREIGN_KEY,
                            .target = target->name,
                            .foreign_key = keys,
                            .related_field = strcmp(keys, targets) == 0 && chance(state, 70) ? NULL : targets,
                            .optional = chance(state, 60),
                            .enforced = chance(state, 40)};
    const char *reverse = text(model, "s%llu", number);
    if (is_taken(table, target->name, keys) || table->relation_count == MR_RELATIONS ||
        (table == target && strcmp(keys, targets) == 0))
        return;
    relation.deferred = relation.enforced && chance(state, 50);
    relation.on_delete = action(state, &relation, true);
    relation.on_update = action(state, &relation, false);
    relation.reverse = chance(state, 60) ? reverse : NULL;
    note_action(table, relation.on_delete, local);
    note_action(table, relation.on_update, local);
    add(table, &relation);
    if (chance(state, relation.reverse != NULL ? 20 : 40))
        add_set(target, table, reverse, &relation, targets);
}

static void add_loose_set(uint64_t *state, mr_model *model)
{
    mr_table *owner = &model->made[below(state, model->tables)], *target = &model->made[below(state, model->tables)];
    fields local = local_fields(state), remote = target_fields(state, local.count);
    kx_relation key = {.kind = KX_FOREIGN_KEY, .foreign_key = paths(model, local)};
    const char *locals = paths(model, remote);
    if (owner != target || strcmp(key.foreign_key, locals) != 0)
        add_set(owner, target, text(model, "u%llu", model->name_count), &key, locals);
}

static kx_relation turned(const kx_relation *link, const char *name, const char *target)
{
    return (kx_relation){.name = name,
                         .kind = KX_MANY_TO_MANY,
                         .target = target,
                         .through = link->through,
                         .local_field = link->related_field,
                         .related_field = link->local_field,
                         .through_local = link->through_related,
                         .through_related = link->through_local};
}

static void add_many_to_many(uint64_t *state, mr_model *model)
{
    size_t plain = model->tables - model->junctions;
    mr_table *owner = &model->made[below(state, plain)], *target = &model->made[below(state, plain)];
    mr_table *through = &model->made[plain + below(state, model->junctions)];
    unsigned long long number = model->name_count;
    fields ends = local_fields(state);
    ends.at[1] = ends.at[1] == 0 ? FIRST + (ends.at[0] - FIRST + 1) % FREE : ends.at[1];
    kx_relation link = {.name = text(model, "m%llu", number),
                        .kind = KX_MANY_TO_MANY,
                        .target = target->name,
                        .through = through->name,
                        .local_field = chance(state, 85) ? "k" : "d",
                        .related_field = chance(state, 85) ? "k" : "d",
                        .through_local = mo_fields[ends.at[0]],
                        .through_related = mo_fields[ends.at[1]]};
    const char *reverse = text(model, "n%llu", number);
    if (owner->relation_count == MR_RELATIONS)
        return;
    if (chance(state, 55))
        link.reverse = reverse;
    add(owner, &link);
    kx_relation back = turned(&link, reverse, owner->name);
    if (chance(state, link.reverse != NULL ? 25 : 50))
        add(target, &back);
}

/* ---- fields and indexes ------------------------------------------------------------------------------ */

/* What an action sets null is optional, what it sets to a default has one. A primary field is an int, or not
   declared. */
static void add_fields(uint64_t *state, mr_model *model, mr_table *table)
{
    size_t count = 0;
    for (int i = 0; i < MO_FIELDS; i++) {
        bool nulled = (table->nulled & 1u << i) != 0, defaulted = (table->defaulted & 1u << i) != 0;
        if (!defaulted && !chance(state, 15))
            continue;
        bool required = !nulled && chance(state, defaulted ? 40 : 20);
        bool initial = defaulted || (chance(state, 20) && !(i == 0 && table->primary));
        table->fields[count++] = (kx_field){.path = mo_fields[i],
                                            .type = i == 0 || chance(state, 80) || initial ? KX_TYPE_INT : KX_TYPE_NONE,
                                            .optional = !required,
                                            .initial = initial ? text(model, "%llu", 1 + below(state, 6)) : NULL};
    }
}

static void add_index(mr_table *table, const kx_index *index)
{
    table->indexes[table->index_count++] = *index;
}

static void begin_table(uint64_t *state, mr_table *table, const char *kind, size_t number)
{
    size_t dice = below(state, 100);
    snprintf(table->name, sizeof table->name, "%s%zu", kind, number);
    table->primary = dice < 25;
    if (dice < 60)
        add_index(table, &(kx_index){.paths = "k", .primary = table->primary, .unique = !table->primary});
    if (chance(state, 15))
        add_index(table, &(kx_index){.paths = "x"});
    if (chance(state, 12))
        add_index(table, &(kx_index){.paths = chance(state, 50) ? "c,d" : "x,a", .unique = true});
}

static void finish_table(uint64_t *state, mr_model *model, size_t at)
{
    mr_table *table = &model->made[at];
    add_fields(state, model, table);
    model->models[at] = (kx_model){
        .name = table->name, .fields = table->fields, .indexes = table->indexes, .relations = table->relations};
    model->list[at] = &model->models[at];
}

void mr_model_make(uint64_t *state, mr_model *model)
{
    memset(model, 0, sizeof *model);
    size_t plain = 2 + below(state, 5);
    model->junctions = below(state, 4);
    model->tables = plain + model->junctions;
    for (size_t i = 0; i < model->tables; i++)
        begin_table(state, &model->made[i], i < plain ? "t" : "j", i);
    for (size_t i = 2 + below(state, plain + 2); i-- > 0;) {
        size_t dice = below(state, 100);
        if (dice < 25 && model->junctions > 0)
            add_many_to_many(state, model);
        else if (dice < 32)
            add_loose_set(state, model);
        else
            add_key(state, model);
    }
    for (size_t i = 0; i < model->tables; i++)
        finish_table(state, model, i);
}
