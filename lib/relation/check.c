/* check.c -- keys against their targets: one, those that are due, those of a relation or of all. */
#include <stdlib.h>
#include <string.h>

#include "relation/integrity.h"

/* ---- one key -------------------------------------------------------------------------- */

/* A document that refers to the key which it gives up is a holder of that key like any other: .on_update, which always acts
   on a key that is held at once, finds it. */
int kx_relation__leads(kx_txn *txn, const kx_cat_reference *reference, const kx_value *values, const kx_write_op *own,
                       bool *leads)
{
    uint64_t id;
    *leads = true;
    if (own != NULL && kx_relation__has_key(own->after, reference->targets, values))
        return KX_OK;
    int rc = kx_collection__lookup(txn, reference->to, reference->target_index, values, &id);
    *leads = rc == KX_OK;
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

int kx_relation__look_again(kx_txn *txn, const kx_cat_reference *reference, uint64_t id, kx_value *values,
                            kx_slice *document, bool *violated)
{
    kx_slice row;
    bool leads = true;
    *violated = false;
    int rc = kx_store__row_get(txn->store, reference->from->number, id, &row);
    if (rc == KX_OK)
        rc = kx_collection__document_of(txn->db, reference->from, id, row, document);
    if (rc == KX_OK && kx_relation__values(*document, reference->keys, values))
        rc = kx_relation__leads(txn, reference, values, NULL, &leads);
    *violated = rc == KX_OK && !leads;
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

/* ---- violations, listed ------------------------------------------------------------------- */

static int describe(const kx_cat_reference *reference, uint64_t id, const kx_value *values, kx_buf *key,
                    kx_violation *violation)
{
    kx_buf__clear(key);
    kx_relation__key_text(reference->keys, values, key);
    kx_buf__byte(key, '\0');
    *violation = (kx_violation){.collection = reference->from->name,
                                .relation = reference->relation->declared.name,
                                .id = id,
                                .key = (const char *)key->data,
                                .enforced = reference->enforced};
    return key->rc;
}

static int add_violation(kx_guarded *guarded, const kx_violation *violation)
{
    if (guarded->violation_count == guarded->violation_room) {
        size_t room = guarded->violation_room > 0 ? 2 * guarded->violation_room : 16;
        kx_violation *longer = kx_base__realloc(guarded->violations, kx_base__times(room, sizeof *longer));
        if (longer == NULL)
            return kx_base__nomem();
        guarded->violations = longer;
        guarded->violation_room = room;
    }
    kx_violation *added = &guarded->violations[guarded->violation_count];
    *added = *violation;
    added->key = kx_arena__text(&guarded->texts, violation->key, strlen(violation->key));
    guarded->violation_count += added->key != NULL;
    return added->key != NULL ? KX_OK : kx_base__nomem();
}

/* "3 keys lead nowhere: orders 5 (user: user_id=999), …" */
static int lead_nowhere(const kx_violation *violations, size_t count)
{
    enum { SHOWN = 5 };
    kx_buf text = {0};
    for (size_t i = 0; i < count && i < SHOWN; i++)
        kx_buf__print(&text, "%s%s %llu (%s: %s)", i > 0 ? ", " : "", violations[i].collection,
                      (unsigned long long)violations[i].id, violations[i].relation, violations[i].key);
    kx_buf__text(&text, count > SHOWN ? ", ..." : "");
    kx_buf__byte(&text, '\0');
    int rc = text.rc;
    if (rc == KX_OK)
        rc = kx_base__fail_at(KX_DANGLING, violations[0].collection, violations[0].relation, &violations[0].id, NULL,
                              "%zu %s nowhere: %s", count, count == 1 ? "key leads" : "keys lead",
                              (const char *)text.data);
    kx_buf__free(&text);
    return rc;
}

static void forget_violations(kx_guarded *guarded)
{
    guarded->violation_count = 0;
    kx_arena__free(&guarded->texts);
}

/* ---- what is due --------------------------------------------------------------------------- */

static int compare_due(const void *a, const void *b)
{
    const kx_due *left = a, *right = b;
    if (left->reference != right->reference)
        return left->reference < right->reference ? -1 : 1;
    return (left->id > right->id) - (left->id < right->id);
}

/* Each document of a relation once. The order in which they were noted stays, since children end by it. */
static int check_due(kx_txn *txn, kx_guarded *guarded, const kx_due *due, size_t count)
{
    kx_buf key = {0};
    int rc = KX_OK;
    for (size_t i = 0; i < count && rc == KX_OK; i++) {
        kx_value values[KX_CATALOG_KEY_PARTS];
        kx_violation violation;
        kx_slice document;
        bool violated;
        if (i > 0 && compare_due(&due[i], &due[i - 1]) == 0)
            continue;
        rc = kx_relation__look_again(txn, due[i].reference, due[i].id, values, &document, &violated);
        if (rc == KX_OK && violated)
            rc = describe(due[i].reference, due[i].id, values, &key, &violation);
        if (rc == KX_OK && violated)
            rc = add_violation(guarded, &violation);
    }
    kx_buf__free(&key);
    return rc;
}

/* As the catalog has it now, which a declaration may have replaced since; NULL: the relation was dropped. */
static const kx_cat_reference *now(const kx_txn *txn, const kx_cat_reference *then)
{
    const kx_cat_collection *collection = kx_catalog__numbered(txn->catalog, then->from->number);
    if (collection == NULL || collection == then->from)
        return collection != NULL ? then : NULL;
    if (strcmp(collection->name, then->from->name) != 0)
        return NULL;
    for (size_t i = 0; i < collection->outgoing_count; i++) {
        const kx_cat_reference *reference = collection->outgoing[i];
        if (reference->deferred && strcmp(reference->relation->declared.name, then->relation->declared.name) == 0)
            return reference;
    }
    return NULL;
}

int kx_relation__check_due(kx_txn *txn, size_t from, bool deferred)
{
    kx_guarded *guarded = txn->top->guarded;
    if (guarded == NULL)
        return KX_OK;
    forget_violations(guarded);
    kx_due *sorted = kx_base__alloc(kx_base__times(guarded->due_count + 1, sizeof *sorted));
    if (sorted == NULL)
        return kx_base__nomem();
    size_t count = 0;
    for (size_t i = from; i < guarded->due_count; i++) {
        sorted[count] = guarded->due[i];
        if (sorted[count].reference->deferred != deferred)
            continue;
        sorted[count].reference = now(txn, sorted[count].reference);
        count += sorted[count].reference != NULL;
    }
    if (count > 1)
        qsort(sorted, count, sizeof *sorted, compare_due);
    int rc = check_due(txn, guarded, sorted, count);
    kx_base__free(sorted);
    if (rc != KX_OK || guarded->violation_count == 0)
        return rc;
    return lead_nowhere(guarded->violations, guarded->violation_count);
}

int kx_relation__check_deferred(kx_txn *txn)
{
    return kx_relation__check_due(txn, 0, true);
}

int kx_relation__violation(const kx_txn *txn, size_t n, kx_violation *violation)
{
    const kx_guarded *guarded = txn->top->guarded;
    bool there = guarded != NULL && n < guarded->violation_count;
    *violation = there ? guarded->violations[n] : (kx_violation){0};
    return there ? KX_OK : KX_NOTFOUND;
}

/* ---- all documents ---------------------------------------------------------------------------- */

typedef struct survey {
    void (*report)(void *context, const kx_violation *violation);
    void *context;
    uint64_t count;
    kx_buf key;
} survey;

static int survey_document(kx_txn *txn, const kx_cat_reference *reference, uint64_t id, kx_slice document, survey *all)
{
    kx_value values[KX_CATALOG_KEY_PARTS];
    kx_violation violation;
    bool leads;
    if (!kx_relation__values(document, reference->keys, values))
        return KX_OK;
    int rc = kx_relation__leads(txn, reference, values, NULL, &leads);
    if (rc != KX_OK || leads)
        return rc;
    all->count++;
    rc = describe(reference, id, values, &all->key, &violation);
    if (rc == KX_OK && all->report != NULL)
        all->report(all->context, &violation);
    return rc;
}

/* Each document is read once for all of its collection's keys, or for one alone. */
static int survey_collection(kx_txn *txn, const kx_cat_collection *collection, const kx_cat_reference *only,
                             survey *all)
{
    kx_store_scan *scan = NULL;
    kx_store_item item;
    int rc = kx_store__scan_rows(txn->store, collection->number, 0, UINT64_MAX, false, &scan);
    while (rc == KX_OK && (rc = kx_store__scan_next(scan, &item)) == KX_OK) {
        kx_slice document;
        rc = kx_collection__document_of(txn->db, collection, item.id, item.row, &document);
        for (size_t i = 0; i < collection->outgoing_count && rc == KX_OK; i++) {
            if (only == NULL || only == collection->outgoing[i])
                rc = survey_document(txn, collection->outgoing[i], item.id, document, all);
        }
    }
    kx_store__scan_close(scan);
    return rc == KX_NOTFOUND ? KX_OK : rc;
}

int kx_relation__check_all(kx_txn *txn, void (*report)(void *context, const kx_violation *violation), void *context,
                           uint64_t *count)
{
    survey all = {.report = report, .context = context};
    int rc = KX_OK;
    for (size_t i = 0; i < txn->catalog->count && rc == KX_OK; i++) {
        if (txn->catalog->collections[i].outgoing_count > 0)
            rc = survey_collection(txn, &txn->catalog->collections[i], NULL, &all);
    }
    kx_buf__free(&all.key);
    *count = all.count;
    return rc;
}

/* ---- a relation that is enforced from now on ------------------------------------------------------ */

static void keep_first(void *context, const kx_violation *violation)
{
    kx_guarded *list = context;
    if (list->violation_count < 6)
        add_violation(list, violation);
}

int kx_relation__check_declared(kx_txn *txn, const kx_catalog *next, const kx_cat_relation *relation)
{
    kx_guarded list = {0};
    survey all = {.report = keep_first, .context = &list};
    const kx_cat_collection *owner = relation->owner;
    int rc = KX_OK;
    (void)next;
    for (size_t i = 0; i < owner->outgoing_count && rc == KX_OK; i++) {
        if (owner->outgoing[i]->relation == relation)
            rc = survey_collection(txn, owner, owner->outgoing[i], &all);
    }
    if (rc == KX_OK && all.count > 0 && list.violation_count > 0)
        rc = lead_nowhere(list.violations, list.violation_count);
    if (rc == KX_DANGLING && all.count > list.violation_count)
        rc = kx_base__fail_in(rc, "%llu keys of %s.%s lead nowhere, among them", (unsigned long long)all.count,
                              owner->name, relation->declared.name);
    kx_base__free(list.violations);
    kx_arena__free(&list.texts);
    kx_buf__free(&all.key);
    return rc;
}
