/* model_oracle_write.c -- one document written: all that may be wrong with it, and what its holders do when its
   key changes. */
#include "model_oracle.h"

#include <stdlib.h>
#include <string.h>

enum { RENAMES = 4096 };

static bool is_null(mo_value value)
{
    return value.type == KX_TYPE_NONE || value.type == KX_TYPE_NULL;
}

/* ---- what is wrong ---------------------------------------------------------------------------- */

mo_codes mo_check_fields(const mo_schema *schema, int table, const mo_doc *doc)
{
    mo_codes wrong = 0;
    for (int i = 0; i < MO_FIELDS; i++) {
        const kx_field *field = schema->declared[table][i];
        if (field == NULL)
            continue;
        if (is_null(doc->fields[i]))
            wrong |= field->optional ? 0 : MO(KX_REQUIRED);
        else if (field->type == KX_TYPE_INT && doc->fields[i].type != KX_TYPE_INT)
            wrong |= MO(KX_INVALID);
    }
    return wrong;
}

static mo_codes check_uniques(const mo_schema *schema, const mo_world *world, int table, const mo_doc *doc)
{
    for (size_t u = 0; u < schema->unique_count; u++) {
        const mo_unique *unique = &schema->uniques[u];
        mo_value values[MO_PARTS];
        if (unique->table != table || !mo_key_of(doc, &unique->key, values))
            continue;
        for (size_t i = 0; i < world->tables[table].count; i++) {
            const mo_doc *other = &world->tables[table].docs[i];
            if (other->id != doc->id && mo_has_key(other, &unique->key, values))
                return MO(KX_EXISTS);
        }
    }
    return 0;
}

/*
 * Keys that this write sets and that must lead somewhere at once. The document itself counts as it will be; and as it
 * was, where .on_update then acts on it as on any holder of the key that it gives up. A key that was set to its default
 * counts as set, also where it was just that.
 */
static mo_codes check_enforced(const mo_schema *schema, const mo_world *world, int table, const mo_doc *before,
                               const mo_doc *after, const bool *defaulted)
{
    for (size_t r = 0; r < schema->reference_count; r++) {
        const mo_reference *reference = &schema->references[r];
        mo_value values[MO_PARTS];
        if (reference->from != table || !reference->enforced || reference->deferred ||
            !mo_key_of(after, &reference->keys, values))
            continue;
        if (before != NULL && mo_has_key(before, &reference->keys, values) && (defaulted == NULL || !defaulted[r]))
            continue;
        bool leads = reference->to == table && mo_has_key(after, &reference->targets, values);
        for (size_t i = 0; i < world->tables[reference->to].count && !leads; i++) {
            const mo_doc *target = &world->tables[reference->to].docs[i];
            leads = mo_has_key(target, &reference->targets, values);
        }
        if (!leads)
            return MO(KX_DANGLING);
    }
    return 0;
}

/* ---- insert and remove --------------------------------------------------------------------------- */

static mo_value initial_of(const kx_field *field)
{
    return (mo_value){KX_TYPE_INT, (int16_t)strtol(field->initial, NULL, 10)};
}

static void fill_in(const mo_schema *schema, int table, mo_doc *doc)
{
    for (int i = 0; i < MO_FIELDS; i++) {
        const kx_field *field = schema->declared[table][i];
        if (field != NULL && field->initial != NULL && doc->fields[i].type == KX_TYPE_NONE)
            doc->fields[i] = initial_of(field);
    }
}

/* A primary field is the id, and written where it is not set. */
static mo_codes choose_id(const mo_schema *schema, const mo_world *world, int table, mo_doc *doc)
{
    int primary = schema->primary[table];
    doc->id = world->tables[table].next_id;
    if (primary == MO_NONE)
        return 0;
    mo_value *value = &doc->fields[primary];
    if (is_null(*value))
        *value = (mo_value){KX_TYPE_INT, (int16_t)doc->id};
    else if (value->type != KX_TYPE_INT || value->number < 0)
        return MO(KX_INVALID);
    else
        doc->id = (uint64_t)value->number;
    return mo_find(world, table, doc->id) != NULL ? MO(KX_EXISTS) : 0;
}

static void put_in(mo_table *table, const mo_doc *doc)
{
    size_t at = table->count++;
    for (; at > 0 && table->docs[at - 1].id > doc->id; at--)
        table->docs[at] = table->docs[at - 1];
    table->docs[at] = *doc;
    if (doc->id >= table->next_id)
        table->next_id = doc->id + 1;
}

mo_codes mo_insert(const mo_schema *schema, mo_world *world, int table, const mo_value *fields, bool enforce,
                   uint64_t *id)
{
    mo_doc doc;
    if (world->tables[table].count == MO_DOCS)
        return 0;
    memcpy(doc.fields, fields, sizeof doc.fields);
    fill_in(schema, table, &doc);
    mo_codes wrong = choose_id(schema, world, table, &doc);
    *id = doc.id;
    if (wrong != 0)
        return wrong | mo_check_fields(schema, table, &doc);
    wrong = mo_check_fields(schema, table, &doc) | check_uniques(schema, world, table, &doc);
    if (enforce)
        wrong |= check_enforced(schema, world, table, NULL, &doc, NULL);
    if (wrong != 0)
        return wrong;
    put_in(&world->tables[table], &doc);
    return MO(KX_OK);
}

void mo_remove(mo_world *world, int table, uint64_t id)
{
    mo_table *of = &world->tables[table];
    for (size_t i = 0; i < of->count; i++) {
        if (of->docs[i].id != id)
            continue;
        memmove(&of->docs[i], &of->docs[i + 1], (of->count - i - 1) * sizeof *of->docs);
        of->count--;
        return;
    }
}

/* ---- keys set ---------------------------------------------------------------------------------------- */

void mo_set_key_fields(mo_doc *doc, const mo_key *key, const mo_value *values)
{
    for (size_t i = 0; i < key->count; i++)
        doc->fields[key->fields[i]] = values != NULL ? values[i] : (mo_value){KX_TYPE_NULL, 0};
}

void mo_set_default(const mo_schema *schema, int table, mo_doc *doc, const mo_key *key)
{
    for (size_t i = 0; i < key->count; i++)
        doc->fields[key->fields[i]] = initial_of(schema->declared[table][key->fields[i]]);
}

/* ---- a key that changes, and those who hold it ---------------------------------------------------------- */

typedef struct rename {
    const mo_reference *reference;
    mo_value was[MO_PARTS], now[MO_PARTS];
} rename;

typedef struct renames {
    size_t count;
    rename list[RENAMES];
} renames;

static bool note(const mo_schema *schema, int table, const mo_doc *before, const mo_doc *after, renames *all)
{
    for (size_t r = 0; r < schema->reference_count; r++) {
        const mo_reference *reference = &schema->references[r];
        rename changed = {.reference = reference};
        if (reference->to != table || !mo_key_of(before, &reference->targets, changed.was) ||
            mo_has_key(after, &reference->targets, changed.was))
            continue;
        if (all->count == RENAMES)
            return false;
        for (size_t i = 0; i < reference->targets.count; i++) {
            changed.now[i] = after->fields[reference->targets.fields[i]];
            if (changed.now[i].type == KX_TYPE_NONE)
                changed.now[i].type = KX_TYPE_NULL;
        }
        all->list[all->count++] = changed;
    }
    return true;
}

static mo_codes write(const mo_schema *schema, mo_world *world, int table, const mo_doc *after, const bool *defaulted,
                      renames *all)
{
    mo_doc *stored = (mo_doc *)mo_find(world, table, after->id);
    mo_doc before = *stored;
    mo_codes wrong = mo_check_fields(schema, table, after);
    int primary = schema->primary[table];
    if (primary != MO_NONE &&
        (after->fields[primary].type != KX_TYPE_INT || after->fields[primary].number != before.fields[primary].number))
        wrong |= MO(KX_INVALID);
    wrong |= check_uniques(schema, world, table, after);
    wrong |= check_enforced(schema, world, table, &before, after, defaulted);
    if (wrong != 0)
        return wrong;
    *stored = *after;
    return note(schema, table, &before, after, all) ? MO(KX_OK) : 0;
}

static mo_codes act_on(const mo_schema *schema, mo_world *world, const rename *changed, uint64_t id, renames *all)
{
    const mo_reference *reference = changed->reference;
    mo_doc holder = *mo_find(world, reference->from, id);
    bool defaulted[2 * MO_RELATIONS] = {false};
    defaulted[reference - schema->references] = reference->on_update == KX_SET_DEFAULT;
    if (reference->on_update == KX_CASCADE)
        mo_set_key_fields(&holder, &reference->keys, changed->now);
    else if (reference->on_update == KX_SET_NULL)
        mo_set_key_fields(&holder, &reference->keys, NULL);
    else
        mo_set_default(schema, reference->from, &holder, &reference->keys);
    return write(schema, world, reference->from, &holder, defaulted, all);
}

/* When the last document with the key has another one: all who hold it. */
static mo_codes act(const mo_schema *schema, mo_world *world, rename changed, renames *all, mo_fired *fired)
{
    const mo_reference *reference = changed.reference;
    const mo_table *from = &world->tables[reference->from];
    uint64_t ids[MO_DOCS];
    size_t count = 0;
    if (mo_any_has(world, reference->to, &reference->targets, changed.was))
        return MO(KX_OK);
    for (size_t i = 0; i < from->count; i++) {
        if (mo_has_key(&from->docs[i], &reference->keys, changed.was))
            ids[count++] = from->docs[i].id;
    }
    fired->on_update[reference->on_update] += count;
    if (reference->on_update == KX_RESTRICT && count > 0)
        return MO(KX_RESTRICTED);
    mo_codes rc = MO(KX_OK);
    for (size_t i = 0; i < count && rc == MO(KX_OK) && reference->on_update != KX_DO_NOTHING; i++)
        rc = act_on(schema, world, &changed, ids[i], all);
    return rc;
}

mo_codes mo_change(const mo_schema *schema, mo_world *world, int table, const mo_doc *after, const bool *defaulted,
                   mo_fired *fired)
{
    static renames all;
    all.count = 0;
    mo_codes rc = write(schema, world, table, after, defaulted, &all);
    for (size_t i = 0; i < all.count && rc == MO(KX_OK); i++)
        rc = act(schema, world, all.list[i], &all, fired);
    return rc;
}

mo_codes mo_update(const mo_schema *schema, mo_world *world, int table, const mo_doc *after, mo_fired *fired)
{
    return mo_change(schema, world, table, after, NULL, fired);
}
