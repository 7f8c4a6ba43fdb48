/* model_compare.c -- a store held against the oracle: documents, what they lead to, sets, plans, keys that lead
   nowhere. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model_store.h"

typedef unsigned long long number;

static bool differs(ms_text *why, const char *what)
{
    ms_print(why, "%s: %s\n", what, kx_errmsg());
    return false;
}

/* ---- documents ------------------------------------------------------------------------------------ */

/* "t12" is 12. */
static int16_t number_in(const char *text, size_t size)
{
    int result = 0;
    for (size_t i = 1; i < size; i++)
        result = 10 * result + (text[i] - '0');
    return (int16_t)result;
}

static mo_value value_in(const kx_doc *doc, int field)
{
    kx_value value;
    if (kx_doc_get(doc, mo_fields[field], &value) != KX_OK)
        return (mo_value){KX_TYPE_NONE, 0};
    mo_value shown = {(uint8_t)value.type, 0};
    if (value.type == KX_TYPE_INT)
        shown.number = (int16_t)value.integer;
    else if (value.type == KX_TYPE_REAL)
        shown.number = (int16_t)value.real;
    else if (value.type == KX_TYPE_TEXT)
        shown.number = number_in(value.data, value.size);
    return shown;
}

static bool same_document(const kx_doc *doc, const mo_doc *expected)
{
    size_t members = 0, count = 0;
    for (int i = 0; i < MO_FIELDS; i++) {
        mo_value shown = value_in(doc, i);
        if (shown.type != expected->fields[i].type || shown.number != expected->fields[i].number)
            return false;
        members += shown.type != KX_TYPE_NONE;
    }
    return kx_doc_id(doc) == expected->id && kx_doc_count(doc, "", &count) == KX_OK && count == members;
}

static void print_document(ms_text *why, const mo_doc *doc)
{
    ms_print(why, "%llu {", (number)doc->id);
    for (int i = 0; i < MO_FIELDS; i++) {
        mo_value value = doc->fields[i];
        if (value.type != KX_TYPE_NONE)
            ms_print(why, " %s:%s%d", mo_fields[i],
                     value.type == KX_TYPE_NULL   ? "null"
                     : value.type == KX_TYPE_TEXT ? "t"
                     : value.type == KX_TYPE_REAL ? "real "
                                                  : "",
                     value.number);
    }
    ms_print(why, " }");
}

static bool same_table(kx_txn *txn, const char *collection, const mo_table *expected, ms_text *why)
{
    kx_cursor *cursor;
    kx_doc *doc;
    size_t at = 0;
    bool same = true;
    if (kx_find(txn, collection, NULL, &cursor) != KX_OK)
        return differs(why, collection);
    while (same && kx_cursor_next(cursor, &doc) == KX_OK) {
        const char *json = "";
        same = at < expected->count && same_document(doc, &expected->docs[at]);
        if (!same && kx_doc_to_json(doc, &json) == KX_OK)
            ms_print(why, "%s %llu is %s; expected ", collection, (number)kx_doc_id(doc), json);
        if (!same && at < expected->count)
            print_document(why, &expected->docs[at]);
        at++;
    }
    if (same && at != expected->count) {
        ms_print(why, "%s: missing ", collection);
        print_document(why, &expected->docs[at]);
        same = false;
    }
    return kx_cursor_close(cursor) == KX_OK && same;
}

bool ms_same_documents(kx_txn *txn, const mo_schema *schema, const mo_world *world, ms_text *why)
{
    for (size_t t = 0; t < schema->tables; t++) {
        if (!same_table(txn, schema->models[t]->name, &world->tables[t], why))
            return false;
    }
    return true;
}

/* ---- everything, byte by byte ------------------------------------------------------------------------- */

static void dump_bytes(ms_text *dump, const kx_doc *doc)
{
    const void *data = NULL;
    size_t size = 0;
    kx_doc_msgpack(doc, &data, &size);
    ms_print(dump, "%llu ", (number)kx_doc_id(doc));
    for (size_t i = 0; i < size; i++)
        ms_print(dump, "%02x", ((const unsigned char *)data)[i]);
    ms_print(dump, "\n");
}

void ms_dump(kx_txn *txn, const mo_schema *schema, ms_text *dump)
{
    dump->size = 0;
    for (size_t t = 0; t < schema->tables; t++) {
        const char *json = NULL;
        kx_cursor *cursor = NULL;
        kx_doc *doc;
        kx_schema_json(txn, schema->models[t]->name, &json);
        ms_print(dump, "%s\n", json != NULL ? json : kx_errmsg());
        if (kx_find(txn, schema->models[t]->name, NULL, &cursor) != KX_OK)
            ms_print(dump, "%s\n", kx_errmsg());
        while (cursor != NULL && kx_cursor_next(cursor, &doc) == KX_OK)
            dump_bytes(dump, doc);
        kx_cursor_close(cursor);
    }
}

/* ---- what one document relates to ------------------------------------------------------------------------ */

static bool same_follow(kx_doc *doc, const mo_schema *schema, const mo_world *world, const mo_doc *shown,
                        const mo_relation *relation, ms_text *why)
{
    kx_doc *target;
    uint64_t expected;
    mo_codes codes = mo_follow(schema, world, relation, shown, &expected);
    int rc = kx_doc_follow(doc, relation->name, &target);
    uint64_t found = target != NULL ? kx_doc_id(target) : 0;
    bool same = (codes & MO(rc)) != 0 && found == expected;
    if (same && target != NULL)
        same = same_document(target, mo_find(world, relation->target, expected));
    if (!same)
        ms_print(why, "follow %s.%s of %llu: %d, %llu instead of %llu (codes %x) %s\n",
                 schema->models[relation->owner]->name, relation->name, (number)shown->id, rc, (number)found,
                 (number)expected, codes, kx_errmsg());
    return same;
}

/* A member of a many-to-many has a link, and that is the one which leads there. */
static bool same_link(kx_doc *doc, const mo_world *world, const mo_doc *shown, const mo_relation *relation,
                      kx_doc *member, const mo_doc *expected)
{
    kx_doc *link;
    if (relation->kind != KX_MANY_TO_MANY)
        return true;
    bool same = kx_link_get(doc, relation->name, member, &link) == KX_OK &&
                same_document(link, mo_link(world, relation, shown, expected));
    kx_doc_release(link);
    return same;
}

static bool same_set(kx_doc *doc, const mo_schema *schema, const mo_world *world, const mo_doc *shown,
                     const mo_relation *relation, ms_text *why)
{
    uint64_t ids[MO_DOCS], counted = 0;
    size_t count = mo_members(schema, world, relation, shown, ids), at = 0;
    kx_cursor *cursor;
    kx_doc *member;
    if (kx_related_find(doc, relation->name, NULL, &cursor) != KX_OK)
        return differs(why, relation->name);
    bool same = true;
    while (same && kx_cursor_next(cursor, &member) == KX_OK) {
        const mo_doc *expected = at < count ? mo_find(world, relation->target, ids[at]) : NULL;
        same = expected != NULL && same_document(member, expected) &&
               same_link(doc, world, shown, relation, member, expected);
        at++;
    }
    same = kx_cursor_close(cursor) == KX_OK && same && at == count;
    same = kx_related_count(doc, relation->name, NULL, &counted) == KX_OK && counted == count && same;
    same = kx_related_count(doc, relation->name, &(kx_query){0}, &counted) == KX_OK && counted == count && same;
    if (!same)
        ms_print(why, "set %s.%s of %llu: counted %llu of %zu, walked %zu\n", schema->models[relation->owner]->name,
                 relation->name, (number)shown->id, (number)counted, count, at);
    return same;
}

bool ms_same_relations(kx_doc *doc, const mo_schema *schema, const mo_world *world, int table, ms_text *why)
{
    const mo_doc *shown = mo_find(world, table, kx_doc_id(doc));
    bool same = true;
    for (size_t r = 0; r < schema->relation_count && same; r++) {
        const mo_relation *relation = &schema->relations[r];
        if (relation->owner == table)
            same = mo_is_set(relation) ? same_set(doc, schema, world, shown, relation, why)
                                       : same_follow(doc, schema, world, shown, relation, why);
    }
    return same;
}

bool ms_same_answers(kx_txn *txn, const mo_schema *schema, const mo_world *world, int table, uint64_t id, ms_text *why)
{
    kx_doc *doc;
    if (kx_get_by_id(txn, schema->models[table]->name, id, &doc) != KX_OK)
        return differs(why, schema->models[table]->name);
    bool same = ms_same_relations(doc, schema, world, table, why);
    kx_doc_release(doc);
    return same;
}

/* ---- plans ------------------------------------------------------------------------------------------------- */

static void name_reference(const mo_schema *schema, int reference, char name[32])
{
    const mo_relation *relation = schema->references[reference].relation;
    snprintf(name, 32, "%s.%s", schema->models[relation->owner]->name, relation->name);
}

/* Those who go are counted once, by whatever relation they were reached; the others once for each relation. */
static bool same_steps(const kx_deletion *plan, const mo_schema *schema, const mo_plan *expected, ms_text *why)
{
    uint64_t gone[MO_TABLES] = {0}, touched[2 * MO_RELATIONS] = {0};
    kx_deletion_step step;
    bool same = true;
    for (size_t n = 0; kx_deletion_step_at(plan, n, &step) == KX_OK; n++) {
        for (size_t t = 0; t < schema->tables; t++)
            gone[t] +=
                step.action == KX_CASCADE && strcmp(schema->models[t]->name, step.collection) == 0 ? step.documents : 0;
        for (size_t r = 0; r < schema->reference_count; r++) {
            char name[32];
            name_reference(schema, (int)r, name);
            touched[r] += step.action != KX_CASCADE && strcmp(name, step.relation) == 0 ? step.documents : 0;
        }
    }
    for (size_t i = 0; i < expected->gone_count; i++)
        gone[expected->gone[i].table]--;
    for (size_t i = 0; i < expected->touched_count; i++)
        touched[expected->touched[i].reference] -= !mo_blocks(schema, &expected->touched[i]);
    for (size_t t = 0; t < schema->tables; t++)
        same = same && gone[t] == 0;
    for (size_t r = 0; r < schema->reference_count; r++)
        same = same && touched[r] == 0;
    if (!same)
        ms_print(why, "steps are others: %s\n", kx_deletion_json(plan));
    return same;
}

/* One step of a blocker's path: does `holder`, in the collection that is named, refer to `held` by that relation? */
static bool leads_on(const mo_schema *schema, const mo_world *world, const mo_gone *held, const char *name,
                     const mo_gone *holder, bool last)
{
    const mo_doc *target = mo_find(world, held->table, held->id), *from = mo_find(world, holder->table, holder->id);
    for (size_t r = 0; r < schema->reference_count && target != NULL && from != NULL; r++) {
        const mo_reference *reference = &schema->references[r];
        mo_value values[MO_PARTS];
        if (reference->to == held->table && reference->from == holder->table &&
            (reference->on_delete == KX_CASCADE) != last &&
            (reference->link || strcmp(reference->relation->name, name) == 0) &&
            mo_key_of(target, &reference->targets, values) && mo_has_key(from, &reference->keys, values))
            return true;
    }
    return false;
}

static int table_named(const mo_schema *schema, const char *name)
{
    int table = 0;
    while (strcmp(schema->models[table]->name, name) != 0)
        table++;
    return table;
}

/* "t0 1 <- t1.r3 2 <- j4 7 <- t2.r5 1": from what is deleted, over what goes with it, to the blocker. */
static bool same_path(const mo_schema *schema, const mo_world *world, const mo_plan *plan, const kx_blocker *blocker)
{
    char path[1024], *save = NULL;
    mo_gone at = plan->root;
    snprintf(path, sizeof path, "%s", blocker->path);
    for (char *part = strtok_r(path, " ", &save); part != NULL; part = strtok_r(NULL, " ", &save)) {
        char *relation = strchr(part, '.'), *id = strtok_r(NULL, " ", &save), *arrow = strtok_r(NULL, " ", &save);
        if (relation != NULL)
            *relation++ = '\0';
        mo_gone next = {table_named(schema, part), strtoull(id, NULL, 10)};
        if (part == path ? next.table != at.table || next.id != at.id
                         : !leads_on(schema, world, &at, relation != NULL ? relation : "", &next, arrow == NULL))
            return false;
        at = next;
    }
    return at.id == blocker->id && strcmp(schema->models[at.table]->name, blocker->collection) == 0;
}

static bool is_expected(const mo_schema *schema, const mo_plan *plan, const kx_blocker *blocker)
{
    for (size_t i = 0; i < plan->touched_count; i++) {
        const mo_touch *touch = &plan->touched[i];
        char name[32];
        name_reference(schema, touch->reference, name);
        if (mo_blocks(schema, touch) && touch->id == blocker->id && strcmp(name, blocker->relation) == 0)
            return schema->references[touch->reference].on_delete == blocker->action;
    }
    return false;
}

static bool same_blockers(const kx_deletion *plan, const mo_schema *schema, const mo_world *world,
                          const mo_plan *expected, ms_text *why)
{
    size_t count = 0, n = 0;
    kx_blocker blocker;
    for (size_t i = 0; i < expected->touched_count; i++)
        count += mo_blocks(schema, &expected->touched[i]);
    for (; kx_deletion_blocker_at(plan, n, &blocker) == KX_OK; n++) {
        if (is_expected(schema, expected, &blocker) && same_path(schema, world, expected, &blocker))
            continue;
        ms_print(why, "no such blocker: %s\n", blocker.path);
        return false;
    }
    if (n != count)
        ms_print(why, "%zu blockers instead of %zu: %s\n", n, count, kx_deletion_json(plan));
    return n == count;
}

bool ms_same_plan(const kx_deletion *plan, const mo_schema *schema, const mo_world *world, const mo_plan *expected,
                  ms_text *why)
{
    return same_steps(plan, schema, expected, why) && same_blockers(plan, schema, world, expected, why);
}

/* ---- keys that lead nowhere ----------------------------------------------------------------------------------- */

/* The same documents of the same relations, each once, in any order. */
bool ms_same_violations(kx_txn *txn, const mo_schema *schema, const mo_world *world, ms_text *why)
{
    enum { ROOM = 512 };
    mo_touch expected[ROOM];
    size_t count = mo_dangling(schema, world, true, expected, ROOM), found = 0;
    kx_violation violation;
    for (; kx_violation_at(txn, found, &violation) == KX_OK; found++) {
        char name[32], full[32];
        size_t i = 0;
        for (; i < count && i < ROOM; i++) {
            name_reference(schema, expected[i].reference, name);
            snprintf(full, sizeof full, "%s.%s", violation.collection, violation.relation);
            if (expected[i].id == violation.id && strcmp(name, full) == 0)
                break;
        }
        if (i == count) {
            ms_print(why, "no violation: %s %llu (%s)\n", violation.collection, (number)violation.id, violation.key);
            return false;
        }
        expected[i].id = UINT64_MAX;
    }
    if (found != count)
        ms_print(why, "%zu violations instead of %zu\n", found, count);
    return found == count;
}
