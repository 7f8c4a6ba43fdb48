/*
 * set.c -- related sets: search, count, add, remove, clear, replace.
 *
 * Calls that write several documents run in a child transaction of their own, so that they happen whole or not at all.
 */
#include <stdlib.h>

#include "relation/relation_impl.h"

static int no_set(const kx_cat_relation *relation)
{
    return kx_base__fail_at(KX_INVALID, relation->owner->name, relation->declared.name, NULL, NULL,
                            "%s.%s is no set: follow it with kx_doc_follow", relation->owner->name,
                            relation->declared.name);
}

static bool is_link(const kx_cat_relation *relation)
{
    return relation->declared.kind == KX_MANY_TO_MANY;
}

static int find_set(kx_txn *txn, const kx_doc *doc, const char *name, const kx_cat_relation **relation)
{
    int rc = kx_relation__named(txn, doc, name, relation);
    if (rc == KX_OK && (*relation)->declared.kind != KX_RELATED_SET && !is_link(*relation))
        rc = no_set(*relation);
    return rc;
}

/* ---- reading ------------------------------------------------------------------------- */

/* Without a key the query is bound to nothing at all. `key` is filled for as long as the bound is used. */
static kx_query_bound bound_of(const kx_cat_relation *relation, const kx_doc *doc, kx_value *key)
{
    bool whole = kx_relation__values(doc->bytes, &relation->local, key);
    return (kx_query_bound){.index = relation->index, .values = key, .count = whole ? relation->local.count : 0};
}

int kx_relation__find(kx_doc *doc, const char *name, const kx_query *query, kx_cursor **cursor)
{
    kx_txn *txn = kx_collection__innermost(doc->txn);
    const kx_cat_relation *relation;
    kx_value key[KX_CATALOG_KEY_PARTS];
    const kx_loaded_set *loaded = query == NULL ? kx_relation__whole_set(doc, name) : NULL;
    *cursor = NULL;
    if (loaded != NULL)
        return kx_query__of_docs(txn, loaded->relation->target, loaded->docs, loaded->count, cursor);
    int rc = find_set(txn, doc, name, &relation);
    if (rc == KX_OK)
        rc = kx_relation__lazy_set(doc, relation);
    if (rc != KX_OK)
        return rc;
    if (is_link(relation)) {
        rc = kx_relation__links_find(txn, relation, doc, query, cursor);
    } else {
        kx_query_bound bound = bound_of(relation, doc, key);
        rc = kx_relation__open(txn, relation->target, query, &bound, cursor);
    }
    if (rc == KX_OK)
        kx_query__remember_owner(*cursor, relation, doc->id);
    return rc;
}

int kx_relation__search(kx_doc *doc, const kx_cat_relation *relation, const kx_query *query, kx_cursor **cursor)
{
    kx_txn *txn = kx_collection__innermost(doc->txn);
    kx_value key[KX_CATALOG_KEY_PARTS];
    if (is_link(relation))
        return kx_relation__links_search(txn, relation, doc, query, cursor);
    kx_query_bound bound = bound_of(relation, doc, key);
    return kx_query__find(txn, relation->target, query, &bound, cursor);
}

int kx_relation__count(kx_doc *doc, const char *name, const kx_query *query, uint64_t *count)
{
    kx_txn *txn = kx_collection__innermost(doc->txn);
    const kx_cat_relation *relation;
    kx_value key[KX_CATALOG_KEY_PARTS];
    *count = 0;
    int rc = find_set(txn, doc, name, &relation);
    if (rc != KX_OK)
        return rc;
    if (is_link(relation))
        return kx_relation__links_count(txn, relation, doc, query, count);
    kx_query_bound bound = bound_of(relation, doc, key);
    return kx_query__count(txn, relation->target, query, &bound, count);
}

int kx_relation__explain(kx_doc *doc, const char *name, const kx_query *query, kx_doc **plan)
{
    kx_txn *txn = kx_collection__innermost(doc->txn);
    const kx_cat_relation *relation;
    kx_value key[KX_CATALOG_KEY_PARTS];
    *plan = NULL;
    int rc = find_set(txn, doc, name, &relation);
    if (rc != KX_OK)
        return rc;
    if (is_link(relation))
        return kx_relation__links_explain(txn, relation, doc, query, plan);
    kx_query_bound bound = bound_of(relation, doc, key);
    return kx_query__explain(txn, relation->target, query, &bound, plan);
}

int kx_relation__fold(kx_doc *doc, const char *name, kx_query_fold fold, const char *path, const kx_query *query,
                      kx_value *result)
{
    kx_txn *txn = kx_collection__innermost(doc->txn);
    const kx_cat_relation *relation;
    kx_value key[KX_CATALOG_KEY_PARTS];
    int rc = find_set(txn, doc, name, &relation);
    if (rc != KX_OK)
        return rc;
    if (is_link(relation))
        return kx_relation__links_fold(txn, relation, doc, fold, path, query, result);
    kx_query_bound bound = bound_of(relation, doc, key);
    return kx_query__aggregate(txn, relation->target, fold, path, query, &bound, result);
}

/* ---- one member --------------------------------------------------------------------------- */

/* What a member's key held before it was given another one; a call that fails puts it back. */
typedef struct former_key {
    kx_held_key held;
    bool changed; /* the member had changes of its own */
} former_key;

static int note_former(const kx_cat_relation *relation, const kx_doc *member, former_key *former)
{
    former->changed = member->is_new || kx_collection__has_changes(member);
    return kx_relation__hold_key(member->bytes, &relation->remote, &former->held);
}

/* A member that had no changes has none again; the others show their former key beside their changes. */
static void put_back(const kx_cat_relation *relation, kx_doc *member, const former_key *former)
{
    if (former->changed || kx_collection__doc_reload(member) != KX_OK)
        kx_relation__restore_key(member, &relation->remote, &former->held);
}

/* Set or null the member's key and save it; where that fails the instance is as it was. */
static int give_key(const kx_cat_relation *relation, kx_doc *member, const kx_value *key)
{
    former_key former;
    int rc = note_former(relation, member, &former);
    if (rc == KX_OK)
        rc = kx_relation__set_key(member, &relation->remote, key);
    if (rc == KX_OK) {
        rc = kx_relation__save(member);
        if (rc != KX_OK)
            put_back(relation, member, &former);
    }
    kx_buf__free(&former.held.bytes);
    return rc;
}

int kx_relation__set_without_key(const kx_cat_relation *relation)
{
    return kx_base__fail_at(KX_REQUIRED, relation->owner->name, relation->declared.name, NULL, NULL,
                            "%s.%s: this document has no %s to be referred by", relation->owner->name,
                            relation->declared.name, relation->local.text);
}

/* The member's own foreign key now leads here, without a lookup. Where memory lacks for it there is one: the save stands. */
static void remember_reverse(kx_txn *txn, const kx_cat_relation *relation, kx_doc *doc, kx_doc *member)
{
    if (relation->reverse == NULL || doc->is_new || member == doc)
        return;
    kx_relation__remember(member, relation->reverse->declared.name, member->bytes, &relation->remote, doc,
                          kx_collection__writes_to(txn, doc->collection->number));
}

static bool is_member(const kx_cat_relation *relation, const kx_doc *member, const kx_value *key)
{
    return !member->is_new && !member->stale && !kx_collection__has_changes(member) &&
           kx_relation__has_key(member->bytes, &relation->remote, key);
}

static int add_member(kx_txn *txn, const kx_cat_relation *relation, kx_doc *doc, const kx_value *key, kx_doc *member)
{
    if (is_member(relation, member, key))
        return KX_OK;
    int rc = give_key(relation, member, key);
    if (rc == KX_OK)
        remember_reverse(txn, relation, doc, member);
    return rc;
}

/* The document's key, held, since saving moves what it points into. KX_REQUIRED: it has none. */
static int hold_own_key(const kx_cat_relation *relation, const kx_doc *doc, kx_held_key *held, kx_value *key)
{
    if (!kx_relation__values(doc->bytes, &relation->local, key))
        return kx_relation__set_without_key(relation);
    int rc = kx_relation__hold_key(doc->bytes, &relation->local, held);
    if (rc == KX_OK)
        kx_relation__held_values(held, key);
    return rc;
}

int kx_relation__add(kx_doc *doc, const char *name, kx_doc *member)
{
    kx_txn *txn = kx_collection__innermost(doc->txn);
    const kx_cat_relation *relation;
    kx_held_key held = {0};
    kx_value key[KX_CATALOG_KEY_PARTS];
    int rc = find_set(txn, doc, name, &relation);
    if (rc == KX_OK && is_link(relation))
        return kx_relation__links_add(txn, relation, doc, &member, 1);
    if (rc == KX_OK)
        rc = kx_collection__enter_write(txn, relation->target);
    if (rc == KX_OK)
        rc = kx_relation__check_target(relation, doc, member);
    if (rc == KX_OK)
        rc = hold_own_key(relation, doc, &held, key);
    if (rc == KX_OK)
        rc = add_member(txn, relation, doc, key, member);
    kx_buf__free(&held.bytes);
    return rc;
}

static bool can_be_null(const kx_cat_relation *relation)
{
    return relation->reverse == NULL || relation->reverse->declared.optional;
}

int kx_relation__remove(kx_doc *doc, const char *name, kx_doc *member)
{
    kx_txn *txn = kx_collection__innermost(doc->txn);
    const kx_cat_relation *relation;
    kx_value key[KX_CATALOG_KEY_PARTS];
    int rc = find_set(txn, doc, name, &relation);
    if (rc == KX_OK && is_link(relation))
        return kx_relation__links_remove(txn, relation, doc, member);
    if (rc == KX_OK)
        rc = kx_collection__enter_write(txn, relation->target);
    if (rc == KX_OK)
        rc = kx_relation__check_target(relation, doc, member);
    if (rc == KX_OK && member->stale)
        rc = kx_collection__doc_refresh(member);
    if (rc != KX_OK)
        return rc;
    if (member->is_new || !kx_relation__values(doc->bytes, &relation->local, key) ||
        !kx_relation__has_key(member->bytes, &relation->remote, key))
        return kx_base__fail_at(KX_NOTFOUND, relation->owner->name, name, member->is_new ? NULL : &member->id, NULL,
                                "the document of %s is no member of %s.%s", relation->target->name,
                                relation->owner->name, name);
    if (!can_be_null(relation))
        return kx_relation__not_optional(relation->reverse);
    return give_key(relation, member, NULL);
}

/* ---- whole sets ----------------------------------------------------------------------------- */

static int grow_list(kx_id_list *list, size_t more)
{
    if (list->room - list->count >= more)
        return KX_OK;
    size_t room = list->room * 2 + more;
    uint64_t *ids = kx_base__realloc(list->ids, kx_base__times(room, sizeof *ids));
    if (ids == NULL)
        return kx_base__nomem();
    list->ids = ids;
    list->room = room;
    return KX_OK;
}

int kx_relation__compare_ids(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

int kx_relation__push_id(kx_id_list *list, uint64_t id)
{
    int rc = grow_list(list, 1);
    if (rc == KX_OK)
        list->ids[list->count++] = id;
    return rc;
}

int kx_relation__check_member(const kx_cat_relation *relation, const kx_doc *doc, kx_doc *const *members, size_t at)
{
    if (members[at] == NULL)
        return kx_base__fail(KX_INVALID, "member %zu is NULL", at);
    return kx_relation__check_target(relation, doc, members[at]);
}

/* The members' ids, ascending. */
static int list_members(kx_txn *txn, const kx_cat_relation *relation, const kx_doc *doc, kx_id_list *list)
{
    enum { RUN = 1024 };
    kx_cursor *cursor = NULL;
    size_t count = 0;
    kx_value key[KX_CATALOG_KEY_PARTS];
    kx_query_bound bound = bound_of(relation, doc, key);
    int rc = kx_query__find(txn, relation->target, NULL, &bound, &cursor);
    do {
        if (rc == KX_OK)
            rc = grow_list(list, RUN);
        if (rc == KX_OK)
            rc = kx_query__ids(cursor, list->ids + list->count, RUN, &count);
        list->count += rc == KX_OK ? count : 0;
    } while (rc == KX_OK && count != 0);
    kx_query__close(cursor);
    return rc;
}

/* Null the key of a stored member, without an instance; those that are in hand notice. */
static int null_key(kx_txn *txn, const kx_cat_relation *relation, uint64_t id)
{
    static const uint8_t nil[] = {0xc0};
    kx_change changes[KX_CATALOG_KEY_PARTS];
    for (size_t i = 0; i < relation->remote.count; i++)
        changes[i] =
            (kx_change){.kind = KX_CHANGE_SET, .path = relation->remote.parts[i].text, .item = {nil, sizeof nil}};
    return kx_relation__change_stored(txn, relation->target, id, changes, relation->remote.count);
}

static bool is_listed(const kx_id_list *list, uint64_t id)
{
    return list->count != 0 && bsearch(&id, list->ids, list->count, sizeof id, kx_relation__compare_ids) != NULL;
}

/* Which stored documents are to stay: the ids of `members`, ascending. */
static int list_wanted(const kx_cat_relation *relation, const kx_doc *doc, kx_doc *const *members, size_t count,
                       kx_id_list *wanted)
{
    int rc = grow_list(wanted, count + 1);
    for (size_t i = 0; i < count && rc == KX_OK; i++) {
        rc = kx_relation__check_member(relation, doc, members, i);
        if (rc == KX_OK && !members[i]->is_new)
            wanted->ids[wanted->count++] = members[i]->id;
    }
    qsort(wanted->ids, wanted->count, sizeof *wanted->ids, kx_relation__compare_ids);
    return rc;
}

/* A difference under way: what the members that were given a key had before, so far. */
typedef struct difference {
    const kx_id_list *now, *wanted;
    kx_doc *const *members;
    size_t count;
    former_key *formers; /* one a member */
    size_t noted;
} difference;

static int apply_difference(kx_txn *txn, const kx_cat_relation *relation, kx_doc *doc, const kx_value *key,
                            difference *change)
{
    int rc = KX_OK;
    for (size_t i = 0; i < change->now->count && rc == KX_OK; i++)
        if (!is_listed(change->wanted, change->now->ids[i]))
            rc = null_key(txn, relation, change->now->ids[i]);
    for (size_t i = 0; i < change->count && rc == KX_OK; i++) {
        rc = note_former(relation, change->members[i], &change->formers[i]);
        change->noted = i + 1;
        if (rc == KX_OK)
            rc = add_member(txn, relation, doc, key, change->members[i]);
    }
    return rc;
}

/* The last one first, since a document may be listed twice. The one that failed has put itself back, which does no harm. */
static void take_back(const kx_cat_relation *relation, const difference *change)
{
    for (size_t i = change->noted; i-- > 0;)
        if (change->formers[i].held.bytes.rc == KX_OK)
            put_back(relation, change->members[i], &change->formers[i]);
}

static bool removes_any(const kx_id_list *now, const kx_id_list *wanted)
{
    for (size_t i = 0; i < now->count; i++)
        if (!is_listed(wanted, now->ids[i]))
            return true;
    return false;
}

/* In a child of its own: all of it or nothing. */
static int write_difference(kx_txn *txn, const kx_cat_relation *relation, kx_doc *doc, const kx_value *key,
                            difference *change)
{
    kx_txn *inner;
    if (removes_any(change->now, change->wanted) && !can_be_null(relation))
        return kx_relation__not_optional(relation->reverse);
    change->formers = kx_base__zalloc(kx_base__times(change->count + 1, sizeof *change->formers));
    int rc = change->formers != NULL ? kx_collection__child(txn, &inner) : kx_base__nomem();
    if (rc != KX_OK)
        goto out;
    rc = apply_difference(inner, relation, doc, key, change);
    if (rc == KX_OK)
        rc = kx_collection__commit(inner);
    else
        kx_collection__abort(inner);
    if (rc != KX_OK)
        take_back(relation, change);
out:
    for (size_t i = 0; i < change->noted; i++)
        kx_buf__free(&change->formers[i].held.bytes);
    kx_base__free(change->formers);
    return rc;
}

int kx_relation__replace(kx_doc *doc, const char *name, kx_doc *const *members, size_t count)
{
    kx_txn *txn = kx_collection__innermost(doc->txn);
    const kx_cat_relation *relation;
    kx_held_key held = {0};
    kx_value key[KX_CATALOG_KEY_PARTS];
    kx_id_list now = {0}, wanted = {0};
    int rc = find_set(txn, doc, name, &relation);
    if (rc == KX_OK && is_link(relation))
        return kx_relation__links_replace(txn, relation, doc, members, count);
    if (rc == KX_OK)
        rc = kx_collection__enter_write(txn, relation->target);
    if (rc == KX_OK && (count != 0 || kx_relation__values(doc->bytes, &relation->local, key)))
        rc = hold_own_key(relation, doc, &held, key);
    if (rc == KX_OK)
        rc = list_wanted(relation, doc, members, count, &wanted);
    if (rc == KX_OK)
        rc = list_members(txn, relation, doc, &now);
    if (rc == KX_OK)
        rc = write_difference(txn, relation, doc, key,
                              &(difference){.now = &now, .wanted = &wanted, .members = members, .count = count});
    kx_base__free(now.ids);
    kx_base__free(wanted.ids);
    kx_buf__free(&held.bytes);
    return rc;
}

int kx_relation__clear(kx_doc *doc, const char *name)
{
    return kx_relation__replace(doc, name, NULL, 0);
}

/* A difference that takes nothing away. */
int kx_relation__add_many(kx_doc *doc, const char *name, kx_doc *const *members, size_t count)
{
    kx_txn *txn = kx_collection__innermost(doc->txn);
    const kx_cat_relation *relation;
    kx_held_key held = {0};
    kx_value key[KX_CATALOG_KEY_PARTS];
    kx_id_list none = {0};
    int rc = find_set(txn, doc, name, &relation);
    if (rc == KX_OK && is_link(relation))
        return kx_relation__links_add(txn, relation, doc, members, count);
    if (rc == KX_OK)
        rc = kx_collection__enter_write(txn, relation->target);
    for (size_t i = 0; i < count && rc == KX_OK; i++)
        rc = kx_relation__check_member(relation, doc, members, i);
    if (rc == KX_OK)
        rc = hold_own_key(relation, doc, &held, key);
    if (rc == KX_OK)
        rc = write_difference(txn, relation, doc, key,
                              &(difference){.now = &none, .wanted = &none, .members = members, .count = count});
    kx_buf__free(&held.bytes);
    return rc;
}
