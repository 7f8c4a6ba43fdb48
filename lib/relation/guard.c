/*
 * guard.c -- what relations say to changes before they are written, and to transactions before they are committed.
 *
 * A collection that has no enforced key, and that nothing refers to, pays two loads a write.
 */
#include "relation/integrity.h"

kx_guarded *kx_relation__guarded(kx_txn *txn)
{
    kx_txn *top = txn->top;
    if (top->guarded == NULL && (top->guarded = kx_base__zalloc(sizeof(kx_guarded))) == NULL)
        kx_base__nomem();
    return top->guarded;
}

/* ---- enforced keys -------------------------------------------------------------------- */

static int dangles(const kx_cat_reference *reference, uint64_t id, const kx_value *values)
{
    const kx_cat_relation *relation = reference->relation;
    kx_buf key = {0};
    kx_relation__key_text(reference->targets, values, &key);
    kx_buf__byte(&key, '\0');
    int rc = key.rc;
    if (rc == KX_OK)
        rc = kx_base__fail_at(KX_DANGLING, relation->owner->name, relation->declared.name, &id,
                              reference->targets->count == 1 ? values : NULL,
                              "%s.%s: document %llu refers to %s with %s, which is not there", relation->owner->name,
                              relation->declared.name, (unsigned long long)id, reference->to->name,
                              (const char *)key.data);
    kx_buf__free(&key);
    return rc;
}

static int check_key(kx_txn *txn, const kx_cat_collection *collection, const kx_cat_reference *reference,
                     const kx_write_op *op)
{
    kx_value values[KX_CATALOG_KEY_PARTS];
    const kx_guarded *guarded = txn->top->guarded;
    bool leads;
    if (!kx_relation__values(op->after, reference->keys, values))
        return KX_OK;
    if (op->before.data != NULL && kx_relation__has_key(op->before, reference->keys, values))
        return KX_OK;
    if (reference->deferred || (guarded != NULL && guarded->collects))
        return kx_relation__check_later(txn, reference, op->id);
    const kx_write_op *own = reference->to->number == collection->number ? op : NULL;
    int rc = kx_relation__leads(txn, reference, values, own, &leads);
    return rc == KX_OK && !leads ? dangles(reference, op->id, values) : rc;
}

/* The guard looks at keys that change, and a default may be the very key that has gone. */
int kx_relation__check_default(kx_txn *txn, const kx_cat_reference *reference, uint64_t id)
{
    kx_value values[KX_CATALOG_KEY_PARTS];
    kx_slice document;
    bool violated;
    if (!reference->enforced)
        return KX_OK;
    if (reference->deferred)
        return kx_relation__check_later(txn, reference, id);
    int rc = kx_relation__look_again(txn, reference, id, values, &document, &violated);
    return rc == KX_OK && violated ? dangles(reference, id, values) : rc;
}

static int before_write(kx_txn *txn, const kx_cat_collection *collection, const kx_write_op *op)
{
    int rc = KX_OK;
    for (size_t i = 0;
         i < collection->outgoing_count && collection->has_enforced && op->after.data != NULL && rc == KX_OK; i++) {
        if (collection->outgoing[i]->enforced)
            rc = check_key(txn, collection, collection->outgoing[i], op);
    }
    if (rc == KX_OK && collection->incoming_count > 0 && op->before.data != NULL && op->after.data != NULL)
        rc = kx_relation__note_renames(txn, collection, op);
    return rc;
}

/* ---- what is due at the end ---------------------------------------------------------------- */

int kx_relation__check_later(kx_txn *txn, const kx_cat_reference *reference, uint64_t id)
{
    kx_guarded *guarded = kx_relation__guarded(txn);
    if (guarded == NULL)
        return KX_NOMEM;
    if (guarded->due_count == guarded->due_room) {
        size_t room = guarded->due_room > 0 ? 2 * guarded->due_room : 16;
        kx_due *longer = kx_base__realloc(guarded->due, kx_base__times(room, sizeof *longer));
        if (longer == NULL)
            return kx_base__nomem();
        guarded->due = longer;
        guarded->due_room = room;
    }
    guarded->due[guarded->due_count++] = (kx_due){reference, id, kx_collection__innermost(txn)};
    return KX_OK;
}

/* Those of a child are the last ones. */
static void child_ended(kx_txn *child, bool kept)
{
    kx_guarded *guarded = child->top->guarded;
    for (size_t i = guarded->due_count; i-- > 0 && guarded->due[i].level == child;) {
        guarded->due[i].level = child->parent;
        guarded->due_count -= !kept;
    }
}

static void ended(kx_txn *top)
{
    kx_guarded *guarded = top->guarded;
    kx_base__free(guarded->due);
    kx_base__free(guarded->renamed);
    kx_base__free(guarded->violations);
    kx_arena__free(&guarded->arena);
    kx_arena__free(&guarded->texts);
    kx_base__free(guarded);
}

static int before_commit(kx_txn *top)
{
    const kx_guarded *guarded = top->guarded;
    return guarded != NULL && guarded->due_count > 0 ? kx_relation__check_deferred(top) : KX_OK;
}

const kx_guard kx_relation__guard = {
    .before = before_write,
    .commit = before_commit,
    .child_end = child_ended,
    .end = ended,
    .declared = kx_relation__check_declared,
    .predicate = kx_query__predicate,
};
