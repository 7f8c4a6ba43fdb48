/* deletion_apply.c -- a planned delete carried out: documents go in id order, then others lose their key or get its default. */
#include <stdlib.h>

#include "relation/deletion.h"

static int compare_gone(const void *a, const void *b)
{
    const kx_gone *left = a, *right = b;
    if (left->collection != right->collection)
        return left->collection < right->collection ? -1 : 1;
    return (left->id > right->id) - (left->id < right->id);
}

static int compare_documents(const kx_touched *left, const kx_touched *right)
{
    size_t one = left->reference->from->position, other = right->reference->from->position;
    if (one != other)
        return one < other ? -1 : 1;
    return (left->id > right->id) - (left->id < right->id);
}

/* By document, so that all changes of one are one write; in it by declaration, which is how references lie in the catalog. */
static int compare_touched(const void *a, const void *b)
{
    const kx_touched *left = a, *right = b;
    int order = compare_documents(left, right);
    return order != 0 ? order : (left->reference > right->reference) - (left->reference < right->reference);
}

enum { TOGETHER = 1024 }; /* documents that are removed in one step: what they take in memory is bounded */

static size_t position_of(const kx_delete_work *work, const kx_gone *root)
{
    size_t at = 0;
    while (at < work->gone_count && compare_gone(&work->gone[at], root) != 0)
        at++;
    return at;
}

/* Some of the list. The instance that the delete was asked of knows that it is deleted; others find out. */
static int delete_some(const kx_delete_work *work, size_t from, size_t count, kx_removal *removals, kx_txn *txn,
                       kx_doc *doc)
{
    for (size_t i = 0; i < count; i++) {
        const kx_gone *gone = &work->gone[from + i];
        removals[i] = (kx_removal){&txn->catalog->collections[gone->collection], gone->id};
    }
    return kx_collection__remove_many(txn, removals, count, doc);
}

static int delete_all(kx_delete_work *work, kx_txn *txn, kx_doc *doc)
{
    kx_gone first = work->gone[0];
    size_t room = work->gone_count < TOGETHER ? work->gone_count : TOGETHER;
    kx_removal *removals = kx_base__alloc(kx_base__times(room, sizeof *removals));
    if (removals == NULL)
        return kx_base__nomem();
    if (work->gone_count > 1)
        qsort(work->gone, work->gone_count, sizeof *work->gone, compare_gone);
    size_t root = doc != NULL ? position_of(work, &first) : SIZE_MAX;
    int rc = KX_OK;
    for (size_t from = 0, count; from < work->gone_count && rc == KX_OK; from += count) {
        count = work->gone_count - from < TOGETHER ? work->gone_count - from : TOGETHER;
        rc = delete_some(work, from, count, removals, txn, root >= from && root - from < count ? doc : NULL);
    }
    kx_base__free(removals);
    return rc;
}

/* ---- the others ---------------------------------------------------------------------------- */

static void add_changes(const kx_touched *touched, kx_change *changes, size_t *count)
{
    static const uint8_t nil[] = {0xc0};
    const kx_cat_key *keys = touched->reference->keys;
    for (size_t i = 0; i < keys->count && touched->action != KX_DO_NOTHING; i++) {
        kx_change change = {.kind = KX_CHANGE_SET, .path = keys->parts[i].text, .item = {nil, sizeof nil}};
        const kx_cat_field *field = kx_catalog__field(touched->reference->from, keys->parts[i].text);
        if (touched->action == KX_SET_DEFAULT && field != NULL)
            change.item = field->initial_item;
        changes[(*count)++] = change;
    }
}

/* What no write looks at: a key that stays, to be held at commit, and a default. */
static int check_touched(kx_txn *txn, const kx_touched *touched)
{
    if (touched->action == KX_DO_NOTHING)
        return kx_relation__check_later(txn, touched->reference, touched->id);
    return touched->action == KX_SET_DEFAULT ? kx_relation__check_default(txn, touched->reference, touched->id) : KX_OK;
}

/* All that is touched of one document, in one write. Two relations that share a key field: the last one's say counts. */
static int change_one(kx_txn *txn, const kx_touched *touched, size_t count)
{
    size_t parts = 0, used = 0;
    for (size_t i = 0; i < count; i++)
        parts += touched[i].reference->keys->count;
    kx_change *changes = kx_base__alloc(kx_base__times(parts, sizeof *changes));
    if (changes == NULL)
        return kx_base__nomem();
    for (size_t i = 0; i < count; i++)
        add_changes(&touched[i], changes, &used);
    int rc = KX_OK;
    if (used > 0)
        rc = kx_relation__change_stored(txn, touched->reference->from, touched->id, changes, used);
    kx_base__free(changes);
    for (size_t i = 0; i < count && rc == KX_OK; i++)
        rc = check_touched(txn, &touched[i]);
    return rc;
}

static int change_all(kx_delete_work *work, kx_txn *txn)
{
    int rc = KX_OK;
    if (work->touched_count > 1)
        qsort(work->touched, work->touched_count, sizeof *work->touched, compare_touched);
    for (size_t i = 0, next; i < work->touched_count && rc == KX_OK; i = next) {
        const kx_touched *touched = &work->touched[i];
        for (next = i + 1; next < work->touched_count && compare_documents(touched, &work->touched[next]) == 0;)
            next++;
        rc = change_one(txn, touched, next - i);
    }
    return rc;
}

int kx_relation__apply_delete(kx_delete_work *work, kx_txn *txn, kx_doc *doc)
{
    int rc = delete_all(work, txn, doc);
    return rc == KX_OK ? change_all(work, txn) : rc;
}

/* ---- plan and apply in one --------------------------------------------------------------------- */

bool kx_relation__has_acting(const kx_cat_collection *collection)
{
    for (size_t i = 0; i < collection->incoming_count; i++) {
        if (collection->incoming[i]->on_delete != KX_DO_NOTHING || collection->incoming[i]->deferred)
            return true;
    }
    return false;
}

/* A removal of not too many documents is refused before it is begun, if at all: it needs no child to be taken back by. */
int kx_relation__carry_out(kx_delete_work *work, kx_txn *txn, kx_doc *doc)
{
    const kx_touched *first = NULL;
    size_t blockers = 0;
    kx_txn *inner;
    for (size_t i = 0; i < work->touched_count; i++) {
        if (!kx_relation__blocks(&work->touched[i]))
            continue;
        first = first == NULL ? &work->touched[i] : first;
        blockers++;
    }
    if (first != NULL)
        return kx_relation__restricted(work, blockers, first);
    if (work->gone_count <= TOGETHER && work->touched_count == 0)
        return kx_relation__apply_delete(work, txn, doc);
    int rc = kx_collection__child(txn, &inner);
    if (rc != KX_OK)
        return rc;
    rc = kx_relation__apply_delete(work, inner, doc);
    if (rc == KX_OK)
        return kx_collection__commit(inner);
    kx_collection__abort(inner);
    return rc;
}

static int plan_and_apply(kx_txn *txn, const kx_cat_collection *collection, const uint64_t *ids, size_t count,
                          kx_doc *doc)
{
    kx_delete_work work;
    int rc = kx_relation__plan_delete(&work, txn, collection, ids, count);
    if (rc == KX_OK)
        rc = kx_relation__carry_out(&work, txn, doc);
    kx_relation__free_delete(&work);
    return rc;
}

int kx_relation__delete_many(kx_txn *txn, const kx_cat_collection *collection, const uint64_t *ids, size_t count)
{
    return plan_and_apply(txn, collection, ids, count, NULL);
}

/* One that is not there has the collection room's own error. */
static bool is_there(kx_txn *txn, const kx_cat_collection *collection, uint64_t id)
{
    kx_slice row;
    return kx_store__row_get(txn->store, collection->number, id, &row) == KX_OK;
}

int kx_relation__delete(kx_doc *doc)
{
    kx_txn *txn = kx_collection__innermost(doc->txn);
    const kx_cat_collection *collection;
    int rc = kx_collection__current(txn, doc->collection, &collection);
    if (rc != KX_OK)
        return rc;
    if (!kx_relation__has_acting(collection) || doc->is_new || doc->deleted || !is_there(txn, collection, doc->id))
        return kx_collection__doc_delete(doc);
    rc = kx_collection__enter_write(txn, collection);
    return rc == KX_OK ? plan_and_apply(txn, collection, &doc->id, 1, doc) : rc;
}

int kx_relation__remove_id(kx_txn *txn, const kx_cat_collection *collection, uint64_t id)
{
    const kx_cat_collection *current;
    int rc = kx_collection__current(txn, collection, &current);
    if (rc == KX_OK)
        rc = kx_collection__enter_write(txn, current);
    if (rc != KX_OK)
        return rc;
    if (!kx_relation__has_acting(current) || !is_there(txn, current, id))
        return kx_collection__remove(txn, current, id);
    return plan_and_apply(txn, current, &id, 1, NULL);
}
