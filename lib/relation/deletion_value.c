/*
 * deletion_value.c -- a plan as a value: free of its transaction, to be shown and confirmed, and applied later where it still
 * is what would happen. A digest of all that it touches tells.
 */
#include <stdlib.h>
#include <string.h>

#include <lmdbkenobix/schema.h>

#include "relation/deletion.h"

/* ---- the digest: independent of the order in which things were found ------------------------ *
 * Of what is done and what stands in the way. A key that is only looked at when the transaction is committed is neither.     */

static uint64_t mix(const void *data, size_t size, const char *name)
{
    return kx_base__hash64(data, size, kx_base__hash64(name, strlen(name), 0));
}

static uint64_t digest_of(const kx_delete_work *work)
{
    uint64_t digest = 0;
    for (size_t i = 0; i < work->gone_count; i++)
        digest += mix(&work->gone[i].id, sizeof work->gone[i].id,
                      work->txn->catalog->collections[work->gone[i].collection].name);
    for (size_t i = 0; i < work->touched_count; i++) {
        const kx_touched *touched = &work->touched[i];
        uint64_t both[2] = {touched->id, (uint64_t)touched->action};
        if (touched->action == KX_DO_NOTHING)
            continue;
        digest += mix(both, sizeof both, touched->reference->from->name) ^
                  mix("", 0, touched->reference->relation->declared.name);
    }
    return digest;
}

/* ---- steps ------------------------------------------------------------------------------------ */

static const char *relation_text(kx_deletion *plan, const kx_cat_reference *reference)
{
    kx_buf text = {0};
    if (reference == NULL)
        return NULL;
    kx_buf__print(&text, "%s.%s", reference->relation->owner->name, reference->relation->declared.name);
    const char *copy = text.rc == KX_OK ? kx_arena__text(&plan->arena, (const char *)text.data, text.size) : NULL;
    kx_buf__free(&text);
    return copy;
}

/* Steps are few: as many as references that acted. */
static int count_step(kx_deletion *plan, const kx_cat_reference **references, size_t room, const char *collection,
                      const kx_cat_reference *reference, kx_action action)
{
    size_t at = 0;
    while (at < plan->step_count && !(references[at] == reference && plan->steps[at].action == action))
        at++;
    if (at == room)
        return KX_OK;
    kx_deletion_step *step = &plan->steps[at];
    if (at == plan->step_count) {
        plan->step_count++;
        references[at] = reference;
        *step = (kx_deletion_step){.collection = kx_arena__text(&plan->arena, collection, strlen(collection)),
                                   .action = action,
                                   .relation = relation_text(plan, reference)};
        if (step->collection == NULL || (reference != NULL && step->relation == NULL))
            return kx_base__nomem();
    }
    step->documents++;
    return KX_OK;
}

static size_t most_steps(const kx_catalog *catalog)
{
    size_t most = 1;
    for (size_t i = 0; i < catalog->count; i++)
        most += 3 * catalog->collections[i].incoming_count;
    return most;
}

static int make_steps(kx_deletion *plan, const kx_delete_work *work)
{
    const kx_catalog *catalog = work->txn->catalog;
    size_t room = most_steps(catalog);
    const kx_cat_reference **references = kx_base__alloc(kx_base__times(room, sizeof *references));
    plan->steps = kx_arena__alloc(&plan->arena, kx_base__times(room, sizeof *plan->steps));
    int rc = references != NULL && plan->steps != NULL ? KX_OK : kx_base__nomem();
    for (size_t i = 0; i < work->gone_count && rc == KX_OK; i++)
        rc = count_step(plan, references, room, catalog->collections[work->gone[i].collection].name,
                        work->gone[i].reference, KX_CASCADE);
    for (size_t i = 0; i < work->touched_count && rc == KX_OK; i++) {
        const kx_touched *touched = &work->touched[i];
        if (touched->action == KX_SET_NULL || touched->action == KX_SET_DEFAULT)
            rc =
                count_step(plan, references, room, touched->reference->from->name, touched->reference, touched->action);
    }
    kx_base__free(references);
    return rc;
}

/* ---- blockers ------------------------------------------------------------------------------------ */

static int make_blocker(kx_deletion *plan, const kx_delete_work *work, const kx_touched *touched)
{
    kx_blocker *blocker = &plan->blockers[plan->blocker_count++];
    const char *from = touched->reference->from->name;
    kx_buf path = {0};
    kx_relation__path_of(work, touched, &path);
    *blocker = (kx_blocker){.collection = kx_arena__text(&plan->arena, from, strlen(from)),
                            .id = touched->id,
                            .relation = relation_text(plan, touched->reference),
                            .action = touched->action};
    if (path.rc == KX_OK)
        blocker->path = kx_arena__text(&plan->arena, (const char *)path.data, path.size);
    kx_buf__free(&path);
    return blocker->collection != NULL && blocker->relation != NULL && blocker->path != NULL ? KX_OK : kx_base__nomem();
}

static int make_blockers(kx_deletion *plan, const kx_delete_work *work)
{
    size_t count = 0;
    for (size_t i = 0; i < work->touched_count; i++)
        count += kx_relation__blocks(&work->touched[i]);
    plan->blockers = kx_arena__alloc(&plan->arena, kx_base__times(count, sizeof *plan->blockers));
    int rc = plan->blockers != NULL ? KX_OK : kx_base__nomem();
    for (size_t i = 0; i < work->touched_count && rc == KX_OK; i++) {
        if (kx_relation__blocks(&work->touched[i]))
            rc = make_blocker(plan, work, &work->touched[i]);
    }
    return rc;
}

/* ---- JSON ------------------------------------------------------------------------------------------ */

static void text_member(kx_builder *out, const char *name, const char *text)
{
    kx_value value = kx_text(text);
    kx_builder__key(out, name);
    kx_builder__value(out, &value);
}

static void number_member(kx_builder *out, const char *name, uint64_t number)
{
    kx_value value = kx_uint(number);
    kx_builder__key(out, name);
    kx_builder__value(out, &value);
}

static void build(const kx_deletion *plan, kx_builder *out)
{
    kx_builder__map(out);
    text_member(out, "collection", plan->collection);
    if (plan->is_one)
        number_member(out, "id", plan->ids[0]);
    else
        number_member(out, "documents", plan->id_count);
    kx_builder__key(out, "steps");
    kx_builder__array(out);
    for (size_t i = 0; i < plan->step_count; i++) {
        kx_builder__map(out);
        text_member(out, "collection", plan->steps[i].collection);
        text_member(out, "action", kx_action_name(plan->steps[i].action));
        text_member(out, "relation", plan->steps[i].relation);
        number_member(out, "documents", plan->steps[i].documents);
        kx_builder__end(out);
    }
    kx_builder__end(out);
    kx_builder__key(out, "blockers");
    kx_builder__array(out);
    for (size_t i = 0; i < plan->blocker_count; i++) {
        kx_builder__map(out);
        text_member(out, "collection", plan->blockers[i].collection);
        number_member(out, "id", plan->blockers[i].id);
        text_member(out, "relation", plan->blockers[i].relation);
        text_member(out, "action", kx_action_name(plan->blockers[i].action));
        text_member(out, "path", plan->blockers[i].path);
        kx_builder__end(out);
    }
    kx_builder__end(out);
    kx_builder__end(out);
}

static int make_json(kx_deletion *plan)
{
    kx_builder builder;
    kx_slice document;
    kx_buf json = {0};
    kx_builder__init(&builder);
    build(plan, &builder);
    int rc = kx_builder__finish(&builder, &document);
    if (rc == KX_OK)
        rc = kx_document__to_json(document, &json);
    if (rc == KX_OK)
        rc = json.rc;
    if (rc == KX_OK)
        plan->json = kx_arena__text(&plan->arena, (const char *)json.data, json.size);
    kx_builder__free(&builder);
    kx_buf__free(&json);
    return rc == KX_OK && plan->json == NULL ? kx_base__nomem() : rc;
}

/* ---- the door --------------------------------------------------------------------------------------- */

static int gone_already(const kx_cat_collection *collection, uint64_t id)
{
    return kx_base__fail_at(KX_NOTFOUND, collection->name, NULL, &id, NULL, "%s: there is no document %llu",
                            collection->name, (unsigned long long)id);
}

static int make_value(const kx_delete_work *work, const kx_cat_collection *collection, const uint64_t *ids,
                      size_t count, kx_deletion *plan)
{
    plan->collection = kx_arena__text(&plan->arena, collection->name, collection->size);
    plan->ids = kx_arena__copy(&plan->arena, ids, count * sizeof *ids);
    plan->id_count = count;
    plan->digest = digest_of(work);
    int rc = plan->collection != NULL && plan->ids != NULL ? make_steps(plan, work) : kx_base__nomem();
    if (rc == KX_OK)
        rc = make_blockers(plan, work);
    return rc == KX_OK ? make_json(plan) : rc;
}

static int make_plan(kx_txn *txn, const kx_cat_collection *collection, const uint64_t *ids, size_t count, bool is_one,
                     kx_deletion **result)
{
    kx_delete_work work = {0};
    kx_deletion *plan = kx_base__zalloc(sizeof *plan);
    int rc = plan != NULL ? kx_relation__plan_delete(&work, txn, collection, ids, count) : kx_base__nomem();
    if (plan != NULL)
        plan->is_one = is_one;
    if (rc == KX_OK)
        rc = make_value(&work, collection, ids, count, plan);
    kx_relation__free_delete(&work);
    if (rc == KX_OK)
        *result = plan;
    else
        kx_relation__free_deletion(plan);
    return rc;
}

int kx_relation__deletion_of(kx_txn *txn, const kx_cat_collection *collection, const uint64_t *ids, size_t count,
                             kx_deletion **plan)
{
    *plan = NULL;
    return make_plan(txn, collection, ids, count, false, plan);
}

int kx_relation__deletion(kx_doc *doc, kx_deletion **result)
{
    kx_txn *txn = kx_collection__innermost(doc->txn);
    const kx_cat_collection *collection;
    kx_slice row;
    *result = NULL;
    int rc = kx_collection__current(txn, doc->collection, &collection);
    if (rc == KX_OK)
        rc = doc->is_new || doc->deleted ? KX_NOTFOUND
                                         : kx_store__row_get(txn->store, collection->number, doc->id, &row);
    if (rc != KX_OK)
        return rc == KX_NOTFOUND ? gone_already(collection, doc->id) : rc;
    return make_plan(txn, collection, &doc->id, 1, true, result);
}

static int another_plan(const kx_cat_collection *collection, const kx_deletion *plan)
{
    if (!plan->is_one)
        return kx_base__fail_at(KX_CONFLICT, collection->name, NULL, NULL, NULL,
                                "the plan to delete %zu documents of %s is not what would happen now; make a new one",
                                plan->id_count, collection->name);
    return kx_base__fail_at(KX_CONFLICT, collection->name, NULL, &plan->ids[0], NULL,
                            "the plan to delete document %llu of %s is not what would happen now; make a new one",
                            (unsigned long long)plan->ids[0], collection->name);
}

/* All of what it is the delete of is there still. */
static int check_there(kx_txn *txn, const kx_cat_collection *collection, const kx_deletion *plan)
{
    kx_slice row;
    int rc = KX_OK;
    for (size_t i = 0; i < plan->id_count && rc == KX_OK; i++) {
        rc = kx_store__row_get(txn->store, collection->number, plan->ids[i], &row);
        if (rc == KX_NOTFOUND)
            rc = plan->is_one ? gone_already(collection, plan->ids[i]) : another_plan(collection, plan);
    }
    return rc;
}

int kx_relation__apply_deletion(kx_txn *txn, const kx_deletion *plan)
{
    const kx_cat_collection *collection;
    kx_delete_work work = {0};
    int rc = kx_catalog__named(txn->catalog, plan->collection, &collection);
    if (rc == KX_OK)
        rc = kx_collection__enter_write(txn, collection);
    if (rc == KX_OK)
        rc = check_there(txn, collection, plan);
    if (rc != KX_OK || plan->id_count == 0)
        return rc;
    rc = kx_relation__plan_delete(&work, txn, collection, plan->ids, plan->id_count);
    if (rc == KX_OK && digest_of(&work) != plan->digest)
        rc = another_plan(collection, plan);
    if (rc == KX_OK)
        rc = kx_relation__carry_out(&work, txn, NULL);
    kx_relation__free_delete(&work);
    return rc;
}

void kx_relation__free_deletion(kx_deletion *plan)
{
    if (plan == NULL)
        return;
    kx_arena__free(&plan->arena);
    kx_base__free(plan);
}
