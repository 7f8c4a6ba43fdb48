/* model_store.c -- an operation of the oracle's, as calls of the public API; how it reads in a report. */
#include "model_store.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TRY(call)         \
    do {                  \
        int rc_ = (call); \
        if (rc_ != KX_OK) \
            return rc_;   \
    } while (0)

void ms_print(ms_text *text, const char *format, ...)
{
    va_list list;
    size_t room = sizeof text->at - text->size;
    va_start(list, format);
    int size = vsnprintf(text->at + text->size, room, format, list);
    va_end(list);
    text->size += size > 0 && (size_t)size < room ? (size_t)size : 0;
    text->at[text->size] = '\0';
}

/* ---- values ---------------------------------------------------------------------------------------- */

static kx_value value_of(mo_value value, char name[16])
{
    switch (value.type) {
    case KX_TYPE_NONE: return (kx_value){0};
    case KX_TYPE_NULL: return kx_null();
    case KX_TYPE_INT: return kx_int(value.number);
    case KX_TYPE_REAL: return kx_real(value.number);
    default: snprintf(name, 16, "t%d", value.number); return kx_text(name);
    }
}

static void print_value(ms_text *text, mo_value value)
{
    if (value.type == KX_TYPE_NULL)
        ms_print(text, "null");
    else if (value.type == KX_TYPE_INT)
        ms_print(text, "%d", value.number);
    else
        ms_print(text, value.type == KX_TYPE_REAL ? "%d.0" : "\"t%d\"", value.number);
}

/* As JSON, of the fields in `chosen`; missing ones are left out. */
static void print_fields(ms_text *text, const mo_value *fields, unsigned chosen)
{
    const char *comma = "";
    ms_print(text, "{");
    for (int i = 0; i < MO_FIELDS; i++) {
        if ((chosen & 1u << i) == 0 || fields[i].type == KX_TYPE_NONE)
            continue;
        ms_print(text, "%s\"%s\":", comma, mo_fields[i]);
        print_value(text, fields[i]);
        comma = ",";
    }
    ms_print(text, "}");
}

enum { ALL = (1u << MO_FIELDS) - 1 };

static const char *json_of(const mo_value *fields, unsigned chosen)
{
    static ms_text json;
    json.size = 0;
    print_fields(&json, fields, chosen);
    return json.at;
}

/* ---- one document ------------------------------------------------------------------------------------ */

static int set_fields(kx_doc *doc, const mo_value *fields, unsigned chosen)
{
    char name[16];
    for (int i = 0; i < MO_FIELDS; i++) {
        if ((chosen & 1u << i) == 0)
            continue;
        if (fields[i].type == KX_TYPE_NONE)
            TRY(kx_doc_unset(doc, mo_fields[i]));
        else
            TRY(kx_doc_set(doc, mo_fields[i], value_of(fields[i], name)));
    }
    return KX_OK;
}

/* The document of an operation: the one that is in hand already, or another instance. */
static int open_doc(kx_txn *txn, const char *collection, uint64_t id, kx_doc *held, kx_doc **doc)
{
    *doc = held;
    return held != NULL ? KX_OK : kx_get_by_id(txn, collection, id, doc);
}

static void close_doc(kx_doc *doc, const kx_doc *held)
{
    if (doc != held)
        kx_doc_release(doc);
}

static int save_and_release(int rc, kx_doc *doc)
{
    if (rc == KX_OK)
        rc = kx_doc_save(doc);
    kx_doc_release(doc);
    return rc;
}

static int insert(kx_txn *txn, const char *collection, const mo_op *op)
{
    kx_doc *doc;
    const char *json = json_of(op->fields, ALL);
    if (op->how == 0)
        return kx_insert(txn, collection, json, strlen(json), NULL);
    if (op->how == 1) {
        TRY(kx_doc_from_json(txn, collection, json, &doc));
        return save_and_release(KX_OK, doc);
    }
    TRY(kx_doc_new(txn, collection, &doc));
    return save_and_release(set_fields(doc, op->fields, ALL), doc);
}

static int insert_many(kx_txn *txn, const char *collection, const mo_op *op)
{
    kx_record records[MO_MEMBERS];
    char texts[MO_MEMBERS][128];
    size_t failed;
    for (size_t i = 0; i < op->count; i++) {
        int size = snprintf(texts[i], sizeof texts[i], "%s", json_of(op->members[i].fields, ALL));
        records[i] = (kx_record){.data = texts[i], .size = (size_t)size};
    }
    return kx_insert_many(txn, collection, records, op->count, &failed);
}

static int update(kx_txn *txn, const char *collection, const mo_op *op, kx_doc *held)
{
    kx_doc *doc;
    const char *json = json_of(op->fields, op->changed);
    if (op->how == MO_PATCH)
        return kx_patch(txn, collection, op->id, json, strlen(json));
    if (op->how == MO_PUT)
        return kx_put(txn, collection, op->id, json, strlen(json));
    TRY(open_doc(txn, collection, op->id, held, &doc));
    int rc = set_fields(doc, op->fields, op->changed);
    if (rc == KX_OK)
        rc = kx_doc_save(doc);
    close_doc(doc, held);
    return rc;
}

static int delete_one(kx_txn *txn, const char *collection, const mo_op *op, kx_doc *held)
{
    kx_doc *doc;
    kx_deletion *plan;
    if (op->how == 0)
        return kx_remove(txn, collection, op->id);
    TRY(open_doc(txn, collection, op->id, held, &doc));
    int rc = op->how == 1 ? kx_doc_delete(doc) : kx_delete_plan(doc, &plan);
    close_doc(doc, held);
    if (op->how == 1 || rc != KX_OK)
        return rc;
    rc = kx_deletion_apply(txn, plan);
    kx_deletion_free(plan);
    return rc;
}

/* ---- what a query finds -------------------------------------------------------------------------------- */

static int field_in(unsigned chosen)
{
    int field = 0;
    while ((chosen & 1u << field) == 0)
        field++;
    return field;
}

static int change_some(kx_txn *txn, const char *collection, const mo_op *op)
{
    char texts[2][16];
    int asked = field_in(op->members[0].changed), set = field_in(op->changed);
    kx_value wanted = value_of(op->members[0].fields[asked], texts[0]), value = value_of(op->fields[set], texts[1]);
    const kx_query query = {.where = KX_WHERE({mo_fields[asked], KX_EQ, wanted})};
    kx_deletion *plan;
    if (op->kind == MO_UPDATE_SOME)
        return kx_update_where(
            txn, collection, &query,
            KX_EDITS({mo_fields[set], value.type == KX_TYPE_NONE ? KX_EDIT_UNSET : KX_EDIT_SET, value}), NULL);
    if (op->how == 0)
        return kx_delete_where(txn, collection, &query, NULL);
    TRY(kx_delete_plan_where(txn, collection, &query, &plan));
    int rc = kx_deletion_apply(txn, plan);
    kx_deletion_free(plan);
    return rc;
}

/* ---- what relates ---------------------------------------------------------------------------------------- */

/* The other end of a one-to-one is saved; to take it away one has to have it in hand. */
static int link_one(kx_doc *doc, const char *name, kx_doc *target)
{
    kx_doc *present;
    if (target != NULL) {
        TRY(kx_doc_link(doc, name, target));
        return kx_doc_save(target);
    }
    TRY(kx_doc_follow(doc, name, &present));
    TRY(kx_doc_link(doc, name, NULL));
    return present != NULL ? kx_doc_save(present) : KX_OK;
}

static int link_to(kx_txn *txn, const mo_schema *schema, kx_doc *doc, const mo_op *op)
{
    const mo_relation *relation = &schema->relations[op->relation];
    kx_doc *target = NULL;
    if (op->members[0].id == op->id && relation->target == op->table && op->how == 0)
        target = doc;
    else if (op->members[0].id != 0)
        TRY(kx_get_by_id(txn, schema->models[relation->target]->name, op->members[0].id, &target));
    int rc = KX_OK;
    if (relation->kind == KX_RELATED_ONE) {
        rc = link_one(doc, relation->name, target);
    } else {
        rc = kx_doc_link(doc, relation->name, target);
        if (rc == KX_OK)
            rc = kx_doc_save(doc);
    }
    close_doc(target, doc);
    return rc;
}

static int open_member(kx_txn *txn, const char *collection, const mo_member *given, kx_doc **member)
{
    if (!given->fresh) {
        TRY(kx_get_by_id(txn, collection, given->id, member));
        return set_fields(*member, given->fields, given->changed);
    }
    TRY(kx_doc_new(txn, collection, member));
    return set_fields(*member, given->fields, ALL);
}

static int with_members(const mo_schema *schema, kx_doc *doc, const mo_op *op, kx_doc **members)
{
    const char *name = schema->relations[op->relation].name;
    char text[16];
    int field;
    switch (op->kind) {
    case MO_ADD:
        if (op->count == 1 && op->how == 0)
            return kx_related_add(doc, name, members[0]);
        return kx_related_add_many(doc, name, members, op->count);
    case MO_REMOVE: return kx_related_remove(doc, name, members[0]);
    case MO_CLEAR: return kx_related_clear(doc, name);
    case MO_REPLACE: return kx_related_replace(doc, name, members, op->count);
    default:
        field = field_in(op->changed);
        return kx_link_set(doc, name, members[0], mo_fields[field], value_of(op->fields[field], text));
    }
}

static bool changes_any(const mo_op *op)
{
    for (size_t i = 0; i < op->count; i++) {
        if (op->members[i].changed != 0)
            return true;
    }
    return false;
}

/* A document may be a member of its own set, as the same instance; it then shows what the call did to it before. */
static int related(kx_txn *txn, const mo_schema *schema, kx_doc *doc, const mo_op *op)
{
    const char *target = schema->models[schema->relations[op->relation].target]->name;
    kx_doc *members[MO_MEMBERS + 1] = {NULL};
    size_t count = op->kind == MO_REMOVE || op->kind == MO_LINK_SET ? 1 : op->count;
    int rc = KX_OK;
    bool self = schema->relations[op->relation].target == op->table && op->how == 0 && !changes_any(op);
    for (size_t i = 0; i < count && rc == KX_OK; i++) {
        if (self && !op->members[i].fresh && op->members[i].id == op->id)
            members[i] = doc;
        else
            rc = open_member(txn, target, &op->members[i], &members[i]);
    }
    if (rc == KX_OK)
        rc = with_members(schema, doc, op, members);
    for (size_t i = 0; i < count; i++)
        close_doc(members[i], doc);
    return rc;
}

int ms_run(kx_txn *txn, const mo_schema *schema, const mo_op *op, const kx_deletion *plan, kx_doc *held)
{
    const char *collection = schema->models[op->table]->name;
    kx_doc *doc;
    switch (op->kind) {
    case MO_INSERT: return insert(txn, collection, op);
    case MO_INSERT_MANY: return insert_many(txn, collection, op);
    case MO_UPDATE: return update(txn, collection, op, held);
    case MO_DELETE: return delete_one(txn, collection, op, held);
    case MO_APPLY: return kx_deletion_apply(txn, plan);
    case MO_UPDATE_SOME:
    case MO_DELETE_SOME: return change_some(txn, collection, op);
    default: break;
    }
    TRY(open_doc(txn, collection, op->id, held, &doc));
    int rc = op->kind == MO_LINK ? link_to(txn, schema, doc, op) : related(txn, schema, doc, op);
    close_doc(doc, held);
    return rc;
}

/* ---- in words -------------------------------------------------------------------------------------------- */

static void describe_members(const mo_op *op, ms_text *text)
{
    size_t count = op->kind == MO_LINK || op->kind == MO_REMOVE || op->kind == MO_LINK_SET ? 1 : op->count;
    for (size_t i = 0; i < count; i++) {
        ms_print(text, " ");
        if (op->members[i].fresh)
            print_fields(text, op->members[i].fields, ALL);
        else
            ms_print(text, "%llu", (unsigned long long)op->members[i].id);
        if (op->members[i].changed != 0)
            print_fields(text, op->members[i].fields, op->members[i].changed);
    }
}

void ms_describe(const mo_schema *schema, const mo_op *op, ms_text *text)
{
    static const char *const names[] = {"insert", "insert_many",  "update",      "link",     "add",
                                        "remove", "clear",        "replace",     "link_set", "delete",
                                        "apply",  "update_where", "delete_where"};
    static const char *const updates[] = {"patch", "put", "save"};
    const mo_gone *root = op->kind == MO_APPLY ? &op->plan->root : &(mo_gone){op->table, op->id};
    ms_print(text, "%s %s", op->kind == MO_UPDATE ? updates[op->how] : names[op->kind],
             schema->models[root->table]->name);
    if (op->kind >= MO_UPDATE_SOME)
        print_fields(text, op->members[0].fields, op->members[0].changed);
    else if (op->kind != MO_INSERT && op->kind != MO_INSERT_MANY)
        ms_print(text, " %llu", (unsigned long long)root->id);
    if (op->kind >= MO_LINK && op->kind <= MO_LINK_SET)
        ms_print(text, " %s", schema->relations[op->relation].name);
    if (op->kind == MO_INSERT || op->kind == MO_UPDATE || op->kind == MO_LINK_SET || op->kind == MO_UPDATE_SOME) {
        ms_print(text, " ");
        print_fields(text, op->fields, op->kind == MO_INSERT ? (unsigned)ALL : op->changed);
    }
    describe_members(op, text);
    ms_print(text, " (way %d)", op->how);
}
