/* model_oracle_sets.c -- following, sets, links; every operation, from what is asked to what must come of it. */
#include "model_oracle.h"

#include <string.h>

/* ---- questions --------------------------------------------------------------------------------- */

mo_codes mo_follow(const mo_schema *schema, const mo_world *world, const mo_relation *relation, const mo_doc *doc,
                   uint64_t *id)
{
    const mo_table *target = &world->tables[relation->target];
    bool may_miss = relation->optional || relation->kind == KX_RELATED_ONE;
    mo_value values[MO_PARTS];
    (void)schema;
    *id = 0;
    if (!mo_key_of(doc, &relation->local, values))
        return may_miss ? MO(KX_OK) : MO(KX_REQUIRED);
    for (size_t i = 0; i < target->count; i++) {
        if (!mo_has_key(&target->docs[i], &relation->remote, values))
            continue;
        *id = target->docs[i].id;
        return MO(KX_OK);
    }
    return may_miss ? MO(KX_OK) : MO(KX_DANGLING);
}

static mo_key one_field(int field)
{
    return (mo_key){1, {field, 0}};
}

const mo_doc *mo_link(const mo_world *world, const mo_relation *relation, const mo_doc *doc, const mo_doc *member)
{
    const mo_table *through = &world->tables[relation->through];
    for (size_t i = 0; i < through->count; i++) {
        const mo_doc *link = &through->docs[i];
        if (mo_equal(link->fields[relation->through_local], doc->fields[relation->local.fields[0]]) &&
            mo_equal(link->fields[relation->through_remote], member->fields[relation->remote.fields[0]]))
            return link;
    }
    return NULL;
}

static bool is_member(const mo_world *world, const mo_relation *relation, const mo_doc *doc, const mo_doc *member)
{
    mo_value values[MO_PARTS];
    if (relation->kind == KX_MANY_TO_MANY)
        return mo_link(world, relation, doc, member) != NULL;
    return mo_key_of(doc, &relation->local, values) && mo_has_key(member, &relation->remote, values);
}

size_t mo_members(const mo_schema *schema, const mo_world *world, const mo_relation *relation, const mo_doc *doc,
                  uint64_t *ids)
{
    const mo_table *target = &world->tables[relation->target];
    size_t count = 0;
    (void)schema;
    for (size_t i = 0; i < target->count; i++) {
        if (is_member(world, relation, doc, &target->docs[i]))
            ids[count++] = target->docs[i].id;
    }
    return count;
}

/* ---- one member, a key's or a junction's ------------------------------------------------------------ */

static mo_codes delete_one(const mo_schema *schema, mo_world *world, int table, uint64_t id, mo_fired *fired)
{
    static mo_plan plan;
    if (mo_find(world, table, id) == NULL)
        return MO(KX_NOTFOUND);
    return mo_plan_of(schema, world, table, &id, 1, &plan) ? mo_carry_out(schema, world, &plan, fired) : 0;
}

static bool can_be_null(const mo_schema *schema, const mo_relation *relation)
{
    const mo_relation *key = mo_set_key(schema, relation);
    return key == NULL || key->optional;
}

/* What a stored member has been set to. */
static void set_changed(mo_doc *doc, const mo_member *member)
{
    for (int i = 0; i < MO_FIELDS; i++)
        doc->fields[i] = (member->changed & 1u << i) != 0 ? member->fields[i] : doc->fields[i];
}

/* A stored document gets the key; one that is a member already is not written. */
static mo_codes give_key(const mo_schema *schema, mo_world *world, const mo_relation *relation, const mo_value *values,
                         const mo_member *member, mo_fired *fired)
{
    mo_doc after = {.id = member->id};
    uint64_t id;
    if (member->fresh) {
        memcpy(after.fields, member->fields, sizeof after.fields);
        mo_set_key_fields(&after, &relation->remote, values);
        return mo_insert(schema, world, relation->target, after.fields, true, &id);
    }
    const mo_doc *stored = mo_find(world, relation->target, member->id);
    if (stored == NULL)
        return MO(KX_NOTFOUND);
    after = *stored;
    if (mo_has_key(&after, &relation->remote, values) && member->changed == 0)
        return MO(KX_OK);
    set_changed(&after, member);
    mo_set_key_fields(&after, &relation->remote, values);
    return mo_update(schema, world, relation->target, &after, fired);
}

/* It is stored as it stands: *id. */
static mo_codes save_member(const mo_schema *schema, mo_world *world, const mo_relation *relation,
                            const mo_member *member, uint64_t *id, mo_fired *fired)
{
    *id = member->id;
    if (member->fresh)
        return mo_insert(schema, world, relation->target, member->fields, true, id);
    const mo_doc *stored = mo_find(world, relation->target, member->id);
    if (stored == NULL)
        return MO(KX_NOTFOUND);
    mo_doc after = *stored;
    set_changed(&after, member);
    return member->changed != 0 ? mo_update(schema, world, relation->target, &after, fired) : MO(KX_OK);
}

static mo_codes link_up(const mo_schema *schema, mo_world *world, const mo_relation *relation, const mo_doc *doc,
                        uint64_t id)
{
    uint64_t link;
    const mo_doc *member = mo_find(world, relation->target, id);
    mo_value fields[MO_FIELDS] = {{0}}, key[MO_PARTS];
    if (member == NULL)
        return MO(KX_NOTFOUND);
    if (!mo_key_of(member, &relation->remote, key))
        return MO(KX_REQUIRED);
    if (mo_link(world, relation, doc, member) != NULL)
        return MO(KX_OK);
    fields[relation->through_local] = doc->fields[relation->local.fields[0]];
    fields[relation->through_remote] = key[0];
    return mo_insert(schema, world, relation->through, fields, true, &link);
}

/* Without a key nothing can be added, not even nothing; a set can be replaced by nothing all the same. */
static mo_codes add_all(const mo_schema *schema, mo_world *world, const mo_relation *relation, const mo_doc *doc,
                        const mo_op *op, mo_fired *fired)
{
    mo_value values[MO_PARTS];
    mo_codes rc = MO(KX_OK);
    if (!mo_key_of(doc, &relation->local, values))
        return op->kind == MO_ADD || op->count > 0 ? MO(KX_REQUIRED) : MO(KX_OK);
    for (size_t i = 0; i < op->count && rc == MO(KX_OK); i++) {
        uint64_t id;
        if (relation->kind != KX_MANY_TO_MANY) {
            rc = give_key(schema, world, relation, values, &op->members[i], fired);
            continue;
        }
        rc = save_member(schema, world, relation, &op->members[i], &id, fired);
        if (rc == MO(KX_OK))
            rc = link_up(schema, world, relation, doc, id);
    }
    return rc;
}

/* ---- those that leave -------------------------------------------------------------------------------- */

static mo_codes take_key(const mo_schema *schema, mo_world *world, const mo_relation *relation, uint64_t id,
                         mo_fired *fired)
{
    mo_doc after = *mo_find(world, relation->target, id);
    mo_set_key_fields(&after, &relation->remote, NULL);
    return mo_update(schema, world, relation->target, &after, fired);
}

static mo_codes take_out(const mo_schema *schema, mo_world *world, const mo_relation *relation, const mo_doc *doc,
                         uint64_t member, mo_fired *fired)
{
    const mo_doc *target = mo_find(world, relation->target, member);
    if (!is_member(world, relation, doc, target))
        return MO(KX_NOTFOUND);
    if (relation->kind == KX_MANY_TO_MANY)
        return delete_one(schema, world, relation->through, mo_link(world, relation, doc, target)->id, fired);
    return can_be_null(schema, relation) ? take_key(schema, world, relation, member, fired) : MO(KX_REQUIRED);
}

static bool stays(const mo_op *op, uint64_t id)
{
    for (size_t i = 0; i < op->count; i++) {
        if (!op->members[i].fresh && op->members[i].id == id)
            return true;
    }
    return false;
}

/* Links whose far end is a key of those that stay. */
static bool link_stays(const mo_world *world, const mo_relation *relation, const uint64_t *members, size_t count,
                       const mo_doc *link)
{
    for (size_t i = 0; i < count; i++) {
        const mo_doc *member = mo_find(world, relation->target, members[i]);
        if (mo_equal(member->fields[relation->remote.fields[0]], link->fields[relation->through_remote]))
            return true;
    }
    return false;
}

/* What one removal takes along, another need not remove. */
static mo_codes remove_links(const mo_schema *schema, mo_world *world, const mo_relation *relation, const mo_doc *doc,
                             const uint64_t *members, size_t members_count, mo_fired *fired)
{
    const mo_table *through = &world->tables[relation->through];
    mo_key end = one_field(relation->through_local);
    uint64_t ids[MO_DOCS];
    size_t count = 0;
    mo_codes rc = MO(KX_OK);
    for (size_t i = 0; i < through->count; i++) {
        if (mo_has_key(&through->docs[i], &end, &doc->fields[relation->local.fields[0]]) &&
            !link_stays(world, relation, members, members_count, &through->docs[i]))
            ids[count++] = through->docs[i].id;
    }
    for (size_t i = 0; i < count && rc == MO(KX_OK); i++) {
        if (mo_find(world, relation->through, ids[i]) != NULL)
            rc = delete_one(schema, world, relation->through, ids[i], fired);
    }
    return rc;
}

static mo_codes remove_keys(const mo_schema *schema, mo_world *world, const mo_relation *relation, const mo_doc *doc,
                            const mo_op *op, mo_fired *fired)
{
    uint64_t ids[MO_DOCS];
    size_t count = mo_members(schema, world, relation, doc, ids), kept = 0;
    mo_codes rc = MO(KX_OK);
    for (size_t i = 0; i < count; i++) {
        if (!stays(op, ids[i]))
            ids[kept++] = ids[i];
    }
    if (kept > 0 && !can_be_null(schema, relation))
        return MO(KX_REQUIRED);
    for (size_t i = 0; i < kept && rc == MO(KX_OK); i++)
        rc = take_key(schema, world, relation, ids[i], fired);
    return rc;
}

/* Members are saved first: what they are then called counts. */
static mo_codes replace_links(const mo_schema *schema, mo_world *world, const mo_relation *relation, const mo_doc *doc,
                              const mo_op *op, mo_fired *fired)
{
    uint64_t ids[MO_MEMBERS];
    mo_codes rc = MO(KX_OK);
    for (size_t i = 0; i < op->count && rc == MO(KX_OK); i++)
        rc = save_member(schema, world, relation, &op->members[i], &ids[i], fired);
    if (rc == MO(KX_OK))
        rc = remove_links(schema, world, relation, doc, ids, op->count, fired);
    for (size_t i = 0; i < op->count && rc == MO(KX_OK); i++)
        rc = link_up(schema, world, relation, doc, ids[i]);
    return rc;
}

static mo_codes replace(const mo_schema *schema, mo_world *world, const mo_relation *relation, const mo_doc *doc,
                        const mo_op *op, mo_fired *fired)
{
    mo_value values[MO_PARTS];
    if (op->count > 0 && !mo_key_of(doc, &relation->local, values))
        return MO(KX_REQUIRED);
    if (relation->kind == KX_MANY_TO_MANY)
        return replace_links(schema, world, relation, doc, op, fired);
    mo_codes rc = remove_keys(schema, world, relation, doc, op, fired);
    return rc == MO(KX_OK) ? add_all(schema, world, relation, doc, op, fired) : rc;
}

/* ---- link ------------------------------------------------------------------------------------------------ */

/* The other end of a one-to-one: the key that changes is the target's. */
static mo_codes link_one(const mo_schema *schema, mo_world *world, const mo_relation *relation, const mo_doc *doc,
                         uint64_t target, mo_fired *fired)
{
    mo_value values[MO_PARTS];
    bool has = mo_key_of(doc, &relation->local, values);
    if (target == 0) {
        mo_follow(schema, world, relation, doc, &target);
        if (target == 0)
            return MO(KX_OK);
        return can_be_null(schema, relation) ? take_key(schema, world, relation, target, fired) : MO(KX_REQUIRED);
    }
    if (!has)
        return MO(KX_REQUIRED);
    mo_doc after = *mo_find(world, relation->target, target);
    mo_set_key_fields(&after, &relation->remote, values);
    return mo_update(schema, world, relation->target, &after, fired);
}

static mo_codes link_to(const mo_schema *schema, mo_world *world, const mo_relation *relation, const mo_doc *doc,
                        uint64_t target, mo_fired *fired)
{
    mo_value values[MO_PARTS];
    mo_doc after = *doc;
    if (mo_is_set(relation))
        return MO(KX_INVALID);
    if (relation->kind == KX_RELATED_ONE)
        return link_one(schema, world, relation, doc, target, fired);
    if (target == 0 && !relation->optional)
        return MO(KX_REQUIRED);
    if (target != 0 && !mo_key_of(mo_find(world, relation->target, target), &relation->remote, values))
        return MO(KX_REQUIRED);
    mo_set_key_fields(&after, &relation->local, target != 0 ? values : NULL);
    return mo_update(schema, world, relation->owner, &after, fired);
}

static mo_codes set_link(const mo_schema *schema, mo_world *world, const mo_relation *relation, const mo_doc *doc,
                         const mo_op *op, mo_fired *fired)
{
    mo_codes wrong = 0;
    const mo_doc *member = mo_find(world, relation->target, op->members[0].id);
    if (relation->kind != KX_MANY_TO_MANY)
        return MO(KX_INVALID);
    const mo_doc *link = mo_link(world, relation, doc, member);
    if (link == NULL)
        wrong |= MO(KX_NOTFOUND);
    for (int i = 0; i < MO_FIELDS; i++) {
        if ((op->changed & 1u << i) != 0 && (i == relation->through_local || i == relation->through_remote))
            wrong |= MO(KX_INVALID);
    }
    if (wrong != 0)
        return wrong;
    mo_doc after = *link;
    for (int i = 0; i < MO_FIELDS; i++)
        after.fields[i] = (op->changed & 1u << i) != 0 ? op->fields[i] : after.fields[i];
    return mo_update(schema, world, relation->through, &after, fired);
}

/* ---- any operation ------------------------------------------------------------------------------------------ */

/* Documents of one call may refer to each other. */
static mo_codes insert_many(const mo_schema *schema, mo_world *world, const mo_op *op)
{
    mo_codes wrong = 0;
    uint64_t ids[MO_MEMBERS];
    for (size_t i = 0; i < op->count; i++) {
        mo_codes rc = mo_insert(schema, world, op->table, op->members[i].fields, false, &ids[i]);
        if (rc == 0)
            return 0;
        wrong |= rc & ~MO(KX_OK);
    }
    mo_touch dangling[MO_MEMBERS * 16];
    size_t count = mo_dangling(schema, world, false, dangling, MO_MEMBERS * 16);
    for (size_t i = 0; i < count && i < MO_MEMBERS * 16; i++) {
        const mo_reference *reference = &schema->references[dangling[i].reference];
        for (size_t m = 0; m < op->count; m++) {
            if (reference->from == op->table && reference->enforced && !reference->deferred && dangling[i].id == ids[m])
                wrong |= MO(KX_DANGLING);
        }
    }
    return wrong != 0 ? wrong : MO(KX_OK);
}

static mo_codes update(const mo_schema *schema, mo_world *world, const mo_doc *doc, const mo_op *op, mo_fired *fired)
{
    mo_doc after = *doc;
    for (int i = 0; i < MO_FIELDS; i++)
        after.fields[i] = (op->changed & 1u << i) != 0 ? op->fields[i] : after.fields[i];
    return mo_update(schema, world, op->table, &after, fired);
}

static mo_codes apply(const mo_schema *schema, mo_world *world, const mo_op *op, mo_fired *fired)
{
    static mo_plan now;
    const mo_plan *plan = op->plan;
    if (mo_find(world, plan->root.table, plan->root.id) == NULL)
        return MO(KX_NOTFOUND);
    if (!mo_plan_of(schema, world, plan->root.table, &plan->root.id, 1, &now))
        return 0;
    if (now.gone_count != plan->gone_count || now.touched_count != plan->touched_count ||
        memcmp(now.gone, plan->gone, now.gone_count * sizeof *now.gone) != 0 ||
        memcmp(now.touched, plan->touched, now.touched_count * sizeof *now.touched) != 0)
        return MO(KX_CONFLICT);
    return mo_carry_out(schema, world, &now, fired);
}

/* ---- several documents ---------------------------------------------------------------------------------------- */

static size_t find_some(const mo_world *world, const mo_op *op, uint64_t *ids)
{
    const mo_table *table = &world->tables[op->table];
    size_t count = 0;
    for (size_t i = 0; i < table->count; i++) {
        bool matches = true;
        for (int f = 0; f < MO_FIELDS; f++) {
            if ((op->members[0].changed & 1u << f) != 0)
                matches = matches && mo_equal(table->docs[i].fields[f], op->members[0].fields[f]);
        }
        if (matches)
            ids[count++] = table->docs[i].id;
    }
    return count;
}

/* Settled first; then each as it is when its turn comes. */
static mo_codes update_some(const mo_schema *schema, mo_world *world, const mo_op *op, mo_fired *fired)
{
    uint64_t ids[MO_DOCS];
    size_t count = find_some(world, op, ids);
    mo_codes rc = MO(KX_OK);
    for (size_t i = 0; i < count && rc == MO(KX_OK); i++) {
        mo_doc doc = *mo_find(world, op->table, ids[i]);
        rc = update(schema, world, &doc, op, fired);
    }
    return rc;
}

static mo_codes delete_some(const mo_schema *schema, mo_world *world, const mo_op *op, mo_fired *fired)
{
    static mo_plan plan;
    uint64_t ids[MO_DOCS];
    size_t count = find_some(world, op, ids);
    if (count == 0)
        return MO(KX_OK);
    return mo_plan_of(schema, world, op->table, ids, count, &plan) ? mo_carry_out(schema, world, &plan, fired) : 0;
}

/* Of a document that is not there; one that is put whole may be wrong as well. */
static mo_codes missing(const mo_schema *schema, const mo_op *op)
{
    mo_doc given = {.id = op->id};
    memcpy(given.fields, op->fields, sizeof given.fields);
    bool whole = op->kind == MO_UPDATE && op->how == MO_PUT;
    return MO(KX_NOTFOUND) | (whole ? mo_check_fields(schema, op->table, &given) : 0);
}

mo_codes mo_do(const mo_schema *schema, mo_world *world, const mo_op *op, mo_fired *fired)
{
    const mo_relation *relation =
        op->kind >= MO_LINK && op->kind <= MO_LINK_SET ? &schema->relations[op->relation] : NULL;
    const mo_doc *found = op->kind == MO_APPLY ? NULL : mo_find(world, op->table, op->id);
    uint64_t id;
    if (op->kind == MO_INSERT)
        return mo_insert(schema, world, op->table, op->fields, true, &id);
    if (op->kind == MO_INSERT_MANY)
        return insert_many(schema, world, op);
    if (op->kind == MO_APPLY)
        return apply(schema, world, op, fired);
    if (op->kind == MO_UPDATE_SOME)
        return update_some(schema, world, op, fired);
    if (op->kind == MO_DELETE_SOME)
        return delete_some(schema, world, op, fired);
    if (found == NULL)
        return missing(schema, op);
    mo_doc doc = *found;
    if (relation != NULL)
        fired->kinds[relation->kind]++;
    if (relation != NULL && op->kind >= MO_ADD && op->kind <= MO_REPLACE && !mo_is_set(relation))
        return MO(KX_INVALID);
    switch (op->kind) {
    case MO_UPDATE: return update(schema, world, &doc, op, fired);
    case MO_LINK: return link_to(schema, world, relation, &doc, op->members[0].id, fired);
    case MO_ADD: return add_all(schema, world, relation, &doc, op, fired);
    case MO_REMOVE: return take_out(schema, world, relation, &doc, op->members[0].id, fired);
    case MO_LINK_SET: return set_link(schema, world, relation, &doc, op, fired);
    case MO_DELETE: return delete_one(schema, world, op->table, op->id, fired);
    default: return replace(schema, world, relation, &doc, op, fired);
    }
}
