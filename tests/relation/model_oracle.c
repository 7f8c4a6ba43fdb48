/* model_oracle.c -- the oracle's schema, and one document written: what is wrong with it, and what follows when
   its key changes. */
#include "model_oracle.h"

#include <stdlib.h>
#include <string.h>

const char *const mo_fields[MO_FIELDS] = {"k", "a", "b", "c", "d", "x"};

/* ---- values and keys ------------------------------------------------------------------------- */

static bool is_null(mo_value value)
{
    return value.type == KX_TYPE_NONE || value.type == KX_TYPE_NULL;
}

bool mo_equal(mo_value left, mo_value right)
{
    bool texts = left.type == KX_TYPE_TEXT;
    return !is_null(left) && !is_null(right) && texts == (right.type == KX_TYPE_TEXT) && left.number == right.number;
}

bool mo_key_of(const mo_doc *doc, const mo_key *key, mo_value *values)
{
    for (size_t i = 0; i < key->count; i++) {
        values[i] = doc->fields[key->fields[i]];
        if (is_null(values[i]))
            return false;
    }
    return true;
}

bool mo_has_key(const mo_doc *doc, const mo_key *key, const mo_value *values)
{
    for (size_t i = 0; i < key->count; i++) {
        if (!mo_equal(doc->fields[key->fields[i]], values[i]))
            return false;
    }
    return true;
}

bool mo_any_has(const mo_world *world, int table, const mo_key *key, const mo_value *values)
{
    for (size_t i = 0; i < world->tables[table].count; i++) {
        if (mo_has_key(&world->tables[table].docs[i], key, values))
            return true;
    }
    return false;
}

const mo_doc *mo_find(const mo_world *world, int table, uint64_t id)
{
    for (size_t i = 0; i < world->tables[table].count; i++) {
        if (world->tables[table].docs[i].id == id)
            return &world->tables[table].docs[i];
    }
    return NULL;
}

/* ---- schema ------------------------------------------------------------------------------------- */

int mo_field_named(const char *name)
{
    for (int i = 0; i < MO_FIELDS; i++) {
        if (strcmp(mo_fields[i], name) == 0)
            return i;
    }
    return MO_NONE;
}

/* "a" or "a,b" */
static mo_key key_named(const char *paths)
{
    mo_key key = {0};
    for (const char *at = paths; *at != '\0'; at += *at == ',') {
        char name[2] = {*at, '\0'};
        key.fields[key.count++] = mo_field_named(name);
        at++;
    }
    return key;
}

static int table_named(const kx_model *const *models, const char *name)
{
    for (int i = 0; models[i] != NULL; i++) {
        if (strcmp(models[i]->name, name) == 0)
            return i;
    }
    return MO_NONE;
}

static const char *or_else(const char *given, const char *otherwise)
{
    return given != NULL ? given : otherwise;
}

static kx_action action_of(kx_action given, bool enforced)
{
    if (given != KX_ACTION_DEFAULT)
        return given;
    return enforced ? KX_RESTRICT : KX_DO_NOTHING;
}

static mo_relation *add_relation(mo_schema *schema, int owner, const kx_relation *given)
{
    mo_relation *relation = &schema->relations[schema->relation_count++];
    bool is_key = given->kind == KX_FOREIGN_KEY || given->kind == KX_ONE_TO_ONE;
    *relation = (mo_relation){.name = given->name, .kind = given->kind, .owner = owner, .through = MO_NONE};
    relation->target = table_named(schema->models, given->target);
    relation->optional = given->optional;
    relation->enforced = given->enforced;
    relation->deferred = given->deferred;
    relation->on_delete = action_of(given->on_delete, given->enforced);
    relation->on_update = action_of(given->on_update, given->enforced);
    if (given->kind == KX_MANY_TO_MANY) {
        relation->local = key_named(given->local_field);
        relation->remote = key_named(given->related_field);
        relation->through = table_named(schema->models, given->through);
        relation->through_local = mo_field_named(or_else(given->through_local, given->local_field));
        relation->through_remote = mo_field_named(or_else(given->through_related, given->related_field));
    } else if (is_key) {
        relation->local = key_named(given->foreign_key);
        relation->remote = key_named(or_else(given->related_field, given->foreign_key));
    } else {
        relation->local = key_named(or_else(given->local_field, given->foreign_key));
        relation->remote = key_named(given->foreign_key);
    }
    return relation;
}

static void add_reverse(mo_schema *schema, const mo_relation *of, const char *name)
{
    mo_relation *relation = &schema->relations[schema->relation_count++];
    *relation = *of;
    relation->name = name;
    relation->owner = of->target;
    relation->target = of->owner;
    relation->local = of->remote;
    relation->remote = of->local;
    relation->through_local = of->through_remote;
    relation->through_remote = of->through_local;
    if (of->kind != KX_MANY_TO_MANY)
        relation->kind = of->kind == KX_FOREIGN_KEY ? KX_RELATED_SET : KX_RELATED_ONE;
}

static bool is_declared(const mo_schema *schema, int owner, const char *name)
{
    for (size_t i = 0; i < schema->relation_count; i++) {
        if (schema->relations[i].owner == owner && strcmp(schema->relations[i].name, name) == 0)
            return true;
    }
    return false;
}

static void add_unique(mo_schema *schema, int table, mo_key key)
{
    schema->uniques[schema->unique_count++] = (mo_unique){table, key};
}

static bool same_key(const mo_key *left, const mo_key *right)
{
    return left->count == right->count && memcmp(left->fields, right->fields, left->count * sizeof *left->fields) == 0;
}

/* A junction that several relations go through is one holder of keys. */
static void add_reference(mo_schema *schema, const mo_reference *reference)
{
    for (size_t i = 0; i < schema->reference_count && reference->link; i++) {
        const mo_reference *other = &schema->references[i];
        if (other->link && other->from == reference->from && other->to == reference->to &&
            same_key(&other->keys, &reference->keys) && same_key(&other->targets, &reference->targets))
            return;
    }
    schema->references[schema->reference_count++] = *reference;
}

static void add_link(mo_schema *schema, const mo_relation *relation)
{
    mo_reference link = {.relation = relation,
                         .from = relation->through,
                         .on_delete = KX_CASCADE,
                         .on_update = KX_CASCADE,
                         .link = true};
    mo_key pair = {2, {relation->through_local, relation->through_remote}};
    link.to = relation->owner;
    link.keys = (mo_key){1, {relation->through_local, 0}};
    link.targets = relation->local;
    add_reference(schema, &link);
    link.to = relation->target;
    link.keys = (mo_key){1, {relation->through_remote, 0}};
    link.targets = relation->remote;
    add_reference(schema, &link);
    add_unique(schema, relation->through, pair);
    add_unique(schema, relation->owner, relation->local);
    add_unique(schema, relation->target, relation->remote);
}

static void add_meaning(mo_schema *schema, const mo_relation *relation)
{
    bool is_key = relation->kind == KX_FOREIGN_KEY || relation->kind == KX_ONE_TO_ONE;
    if (relation->kind == KX_MANY_TO_MANY)
        add_link(schema, relation);
    if (!is_key)
        return;
    add_reference(schema, &(mo_reference){.relation = relation,
                                          .from = relation->owner,
                                          .to = relation->target,
                                          .keys = relation->local,
                                          .targets = relation->remote,
                                          .on_delete = relation->on_delete,
                                          .on_update = relation->on_update,
                                          .enforced = relation->enforced,
                                          .deferred = relation->deferred});
    if (relation->kind == KX_ONE_TO_ONE)
        add_unique(schema, relation->owner, relation->local);
    if (relation->enforced)
        add_unique(schema, relation->target, relation->remote);
}

static void add_table(mo_schema *schema, int table)
{
    const kx_model *model = schema->models[table];
    schema->primary[table] = MO_NONE;
    for (const kx_index *index = model->indexes; index != NULL && index->paths != NULL; index++) {
        if (index->unique)
            add_unique(schema, table, key_named(index->paths));
        if (index->primary)
            schema->primary[table] = mo_field_named(index->paths);
    }
    for (const kx_field *field = model->fields; field != NULL && field->path != NULL; field++)
        schema->declared[table][mo_field_named(field->path)] = field;
    for (const kx_relation *given = model->relations; given != NULL && given->name != NULL; given++)
        add_relation(schema, table, given);
    schema->tables++;
}

/* Relations of one collection stay together, those that it declares first: that is the order in which they act. */
static int by_owner(const void *a, const void *b)
{
    const mo_relation *left = a, *right = b;
    return (left->owner > right->owner) - (left->owner < right->owner);
}

static void sort_relations(mo_schema *schema)
{
    for (size_t i = 1; i < schema->relation_count; i++) {
        mo_relation moved = schema->relations[i];
        size_t at = i;
        for (; at > 0 && by_owner(&schema->relations[at - 1], &moved) > 0; at--)
            schema->relations[at] = schema->relations[at - 1];
        schema->relations[at] = moved;
    }
}

void mo_schema_of(const kx_model *const *models, mo_schema *schema)
{
    memset(schema, 0, sizeof *schema);
    schema->models = models;
    for (int i = 0; models[i] != NULL; i++)
        add_table(schema, i);
    for (size_t i = 0, declared = 0; models[i] != NULL; i++) {
        for (const kx_relation *given = models[i]->relations; given != NULL && given->name != NULL;
             given++, declared++) {
            mo_relation of = schema->relations[declared];
            if (given->reverse != NULL && !is_declared(schema, of.target, given->reverse))
                add_reverse(schema, &of, given->reverse);
        }
    }
    sort_relations(schema);
    for (size_t i = 0; i < schema->relation_count; i++)
        add_meaning(schema, &schema->relations[i]);
}

bool mo_is_set(const mo_relation *relation)
{
    return relation->kind == KX_RELATED_SET || relation->kind == KX_MANY_TO_MANY;
}

const mo_relation *mo_set_key(const mo_schema *schema, const mo_relation *set)
{
    for (size_t i = 0; i < schema->relation_count; i++) {
        const mo_relation *key = &schema->relations[i];
        bool is_key = key->kind == (set->kind == KX_RELATED_ONE ? KX_ONE_TO_ONE : KX_FOREIGN_KEY);
        if (is_key && key->owner == set->target && key->target == set->owner && same_key(&key->local, &set->remote) &&
            same_key(&key->remote, &set->local))
            return key;
    }
    return NULL;
}
