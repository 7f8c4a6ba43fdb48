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

/* The set and this document's key to it; type 0 when it has none, so that the set is empty. */
static int find_set(kx_txn *txn, const kx_doc *doc, const char *name, const kx_cat_relation **relation, kx_value *key)
{
    int rc = kx_relation__named(txn, doc, name, relation);
    if (rc != KX_OK)
        return rc;
    if ((*relation)->declared.kind != KX_RELATED_SET && !is_link(*relation))
        return no_set(*relation);
    kx_relation__key_item(doc, &(*relation)->local.parts[0], key);
    return KX_OK;
}

/* ---- reading ------------------------------------------------------------------------- */

/* A key of type 0 binds the query to nothing at all: the set of a document without a key. */
static kx_query_bound bound_of(const kx_cat_relation *relation, const kx_value *key)
{
    return (kx_query_bound){.index = relation->index, .values = key, .count = key->type != KX_TYPE_NONE};
}

int kx_relation__find(kx_doc *doc, const char *name, const kx_query *query, kx_cursor **cursor)
{
    kx_txn *txn = kx_collection__innermost(doc->txn);
    const kx_cat_relation *relation;
    kx_value key;
    const kx_loaded_set *loaded = query == NULL ? kx_relation__whole_set(doc, name) : NULL;
    *cursor = NULL;
    if (loaded != NULL)
        return kx_query__of_docs(txn, loaded->relation->target, loaded->docs, loaded->count, cursor);
    int rc = find_set(txn, doc, name, &relation, &key);
    if (rc == KX_OK)
        rc = kx_relation__lazy_set(doc, relation);
    if (rc != KX_OK)
        return rc;
    if (is_link(relation))
        return kx_relation__links_find(txn, relation, doc, query, cursor);
    kx_query_bound bound = bound_of(relation, &key);
    return kx_relation__open(txn, relation->target, query, &bound, cursor);
}

int kx_relation__search(kx_doc *doc, const kx_cat_relation *relation, const kx_query *query, kx_cursor **cursor)
{
    kx_txn *txn = kx_collection__innermost(doc->txn);
    kx_value key;
    if (is_link(relation))
        return kx_relation__links_search(txn, relation, doc, query, cursor);
    kx_relation__key_item(doc, &relation->local.parts[0], &key);
    kx_query_bound bound = bound_of(relation, &key);
    return kx_query__find(txn, relation->target, query, &bound, cursor);
}

int kx_relation__count(kx_doc *doc, const char *name, const kx_query *query, uint64_t *count)
{
    kx_txn *txn = kx_collection__innermost(doc->txn);
    const kx_cat_relation *relation;
    kx_value key;
    *count = 0;
    int rc = find_set(txn, doc, name, &relation, &key);
    if (rc != KX_OK)
        return rc;
    if (is_link(relation))
        return kx_relation__links_count(txn, relation, doc, query, count);
    kx_query_bound bound = bound_of(relation, &key);
    return kx_query__count(txn, relation->target, query, &bound, count);
}

/* ---- one member --------------------------------------------------------------------------- */

static bool has_key(const kx_doc *member, const kx_cat_relation *relation, const kx_value *key)
{
    kx_value found;
    kx_relation__key_item(member, &relation->remote.parts[0], &found);
    return found.type != KX_TYPE_NONE && kx_key__compare(&found, key) == 0;
}

/* What a member's key field held before it was given another key; a call that fails puts it back. */
typedef struct former_key {
    kx_buf item;  /* empty: it was missing */
    bool changed; /* the member had changes of its own */
} former_key;

static int note_former(const kx_cat_relation *relation, const kx_doc *member, former_key *former)
{
    kx_slice item = kx_collection__part_item(member->bytes, &relation->remote.parts[0]);
    *former = (former_key){.changed = member->is_new || kx_collection__has_changes(member)};
    kx_buf__append(&former->item, item.data, item.size);
    return former->item.rc;
}

/* A member that had no changes has none again; the others show their former key beside their changes. */
static void put_back(const kx_cat_relation *relation, kx_doc *member, const former_key *former)
{
    kx_value value;
    if (!former->changed && kx_collection__doc_reload(member) == KX_OK)
        return;
    if (kx_document__value(kx_buf__slice(&former->item), &value) == KX_OK)
        kx_collection__doc_change(member, value.type == KX_TYPE_NONE ? KX_CHANGE_UNSET : KX_CHANGE_SET,
                                  relation->remote.text, &value);
}

/* Set or null the member's key and save it; where that fails the instance is as it was. */
static int give_key(const kx_cat_relation *relation, kx_doc *member, const kx_value *key)
{
    former_key former;
    int rc = note_former(relation, member, &former);
    if (rc == KX_OK)
        rc = kx_collection__doc_change(member, KX_CHANGE_SET, relation->remote.text, key);
    if (rc == KX_OK) {
        rc = kx_relation__save(member);
        if (rc != KX_OK)
            put_back(relation, member, &former);
    }
    kx_buf__free(&former.item);
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
    kx_value value;
    if (relation->reverse == NULL || doc->is_new || member == doc)
        return;
    kx_slice key = kx_relation__key_item(member, &relation->remote.parts[0], &value);
    kx_relation__remember(member, relation->reverse->declared.name, key, doc,
                          kx_collection__writes_to(txn, doc->collection->number));
}

static bool is_member(const kx_cat_relation *relation, const kx_doc *member, const kx_value *key)
{
    return !member->is_new && !member->stale && !kx_collection__has_changes(member) && has_key(member, relation, key);
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

int kx_relation__add(kx_doc *doc, const char *name, kx_doc *member)
{
    kx_txn *txn = kx_collection__innermost(doc->txn);
    const kx_cat_relation *relation;
    kx_value key;
    int rc = find_set(txn, doc, name, &relation, &key);
    if (rc == KX_OK && is_link(relation))
        return kx_relation__links_add(txn, relation, doc, &member, 1);
    if (rc == KX_OK)
        rc = kx_collection__enter_write(txn, relation->target);
    if (rc == KX_OK)
        rc = kx_relation__check_target(relation, doc, member);
    if (rc == KX_OK && key.type == KX_TYPE_NONE)
        rc = kx_relation__set_without_key(relation);
    return rc == KX_OK ? add_member(txn, relation, doc, &key, member) : rc;
}

static bool can_be_null(const kx_cat_relation *relation)
{
    return relation->reverse == NULL || relation->reverse->declared.optional;
}

int kx_relation__remove(kx_doc *doc, const char *name, kx_doc *member)
{
    kx_txn *txn = kx_collection__innermost(doc->txn);
    const kx_cat_relation *relation;
    kx_value key, null = kx_null();
    int rc = find_set(txn, doc, name, &relation, &key);
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
    if (member->is_new || key.type == KX_TYPE_NONE || !has_key(member, relation, &key))
        return kx_base__fail_at(KX_NOTFOUND, relation->owner->name, name, member->is_new ? NULL : &member->id, NULL,
                                "the document of %s is no member of %s.%s", relation->target->name,
                                relation->owner->name, name);
    if (!can_be_null(relation))
        return kx_relation__not_optional(relation->reverse);
    return give_key(relation, member, &null);
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
static int list_members(kx_txn *txn, const kx_cat_relation *relation, const kx_value *key, kx_id_list *list)
{
    enum { RUN = 1024 };
    kx_cursor *cursor = NULL;
    size_t count = 0;
    kx_query_bound bound = bound_of(relation, key);
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
    kx_change change = {.kind = KX_CHANGE_SET, .path = relation->remote.text, .item = {nil, sizeof nil}};
    return kx_relation__change_stored(txn, relation->target, id, &change, 1);
}

static int compare_ids(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

static bool is_listed(const kx_id_list *list, uint64_t id)
{
    return list->count != 0 && bsearch(&id, list->ids, list->count, sizeof id, compare_ids) != NULL;
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
    qsort(wanted->ids, wanted->count, sizeof *wanted->ids, compare_ids);
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
        if (change->formers[i].item.rc == KX_OK)
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
        kx_buf__free(&change->formers[i].item);
    kx_base__free(change->formers);
    return rc;
}

int kx_relation__replace(kx_doc *doc, const char *name, kx_doc *const *members, size_t count)
{
    kx_txn *txn = kx_collection__innermost(doc->txn);
    const kx_cat_relation *relation;
    kx_value shown, key;
    kx_buf copy = {0};
    kx_id_list now = {0}, wanted = {0};
    int rc = find_set(txn, doc, name, &relation, &shown);
    if (rc == KX_OK && is_link(relation))
        return kx_relation__links_replace(txn, relation, doc, members, count);
    if (rc == KX_OK)
        rc = kx_collection__enter_write(txn, relation->target);
    if (rc == KX_OK && shown.type == KX_TYPE_NONE && count != 0)
        rc = kx_relation__set_without_key(relation);
    if (rc == KX_OK)
        rc = list_wanted(relation, doc, members, count, &wanted);
    kx_slice item = rc == KX_OK ? kx_relation__key_item(doc, &relation->local.parts[0], &shown) : (kx_slice){0};
    kx_buf__append(&copy, item.data, item.size);
    if (rc == KX_OK)
        rc = copy.rc;
    if (rc == KX_OK)
        rc = kx_document__value(kx_slice_of(copy.data, copy.size), &key);
    if (rc == KX_OK)
        rc = list_members(txn, relation, &key, &now);
    if (rc == KX_OK)
        rc = write_difference(txn, relation, doc, &key,
                              &(difference){.now = &now, .wanted = &wanted, .members = members, .count = count});
    kx_base__free(now.ids);
    kx_base__free(wanted.ids);
    kx_buf__free(&copy);
    return rc;
}

int kx_relation__clear(kx_doc *doc, const char *name)
{
    return kx_relation__replace(doc, name, NULL, 0);
}

/* A difference that takes nothing away. The key is copied, since saving moves what it points into. */
int kx_relation__add_many(kx_doc *doc, const char *name, kx_doc *const *members, size_t count)
{
    kx_txn *txn = kx_collection__innermost(doc->txn);
    const kx_cat_relation *relation;
    kx_value shown, key;
    kx_buf copy = {0};
    kx_id_list none = {0};
    int rc = find_set(txn, doc, name, &relation, &shown);
    if (rc == KX_OK && is_link(relation))
        return kx_relation__links_add(txn, relation, doc, members, count);
    if (rc == KX_OK)
        rc = kx_collection__enter_write(txn, relation->target);
    for (size_t i = 0; i < count && rc == KX_OK; i++)
        rc = kx_relation__check_member(relation, doc, members, i);
    if (rc == KX_OK && shown.type == KX_TYPE_NONE)
        rc = kx_relation__set_without_key(relation);
    kx_slice item = rc == KX_OK ? kx_relation__key_item(doc, &relation->local.parts[0], &shown) : (kx_slice){0};
    kx_buf__append(&copy, item.data, item.size);
    if (rc == KX_OK)
        rc = copy.rc != KX_OK ? copy.rc : kx_document__value(kx_buf__slice(&copy), &key);
    if (rc == KX_OK)
        rc = write_difference(txn, relation, doc, &key,
                              &(difference){.now = &none, .wanted = &none, .members = members, .count = count});
    kx_buf__free(&copy);
    return rc;
}
