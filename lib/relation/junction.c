/*
 * junction.c -- many-to-many: sets whose members are linked by documents of a junction collection.
 *
 * Keys are of one field here. A link is an ordinary document with the keys of both ends, and whatever else its users keep there. Searching reads the
 * junction's index alone; the links themselves are read only where their fields are asked for, or where a set is replaced.
 */
#include <stdlib.h>

#include "relation/relation_impl.h"

/* ---- members --------------------------------------------------------------------------- */

static int push(void *context, uint64_t id)
{
    return kx_relation__push_id(context, id);
}

/* Ascending, each once. An id may be that of a document which is gone, where it is the target's primary key. */
static int list_members(kx_txn *txn, const kx_cat_relation *relation, const kx_doc *doc, kx_id_list *list)
{
    size_t kept = 0;
    int rc = kx_query__hop(txn, relation, false, doc->bytes, push, list);
    if (list->count > 1)
        qsort(list->ids, list->count, sizeof *list->ids, kx_relation__compare_ids);
    for (size_t i = 0; i < list->count; i++) {
        if (i == 0 || list->ids[i] != list->ids[i - 1])
            list->ids[kept++] = list->ids[i];
    }
    list->count = kept;
    return rc;
}

static int search(kx_txn *txn, const kx_cat_relation *relation, const kx_doc *doc, const kx_query *query, bool loads,
                  kx_cursor **cursor)
{
    kx_id_list list = {0};
    int rc = list_members(txn, relation, doc, &list);
    kx_query_bound bound = {.ids = list.ids, .id_count = list.count};
    if (rc == KX_OK && loads)
        rc = kx_relation__open(txn, relation->target, query, &bound, cursor);
    else if (rc == KX_OK)
        rc = kx_query__find(txn, relation->target, query, &bound, cursor);
    kx_base__free(list.ids);
    return rc;
}

int kx_relation__links_find(kx_txn *txn, const kx_cat_relation *relation, const kx_doc *doc, const kx_query *query,
                            kx_cursor **cursor)
{
    return search(txn, relation, doc, query, true, cursor);
}

int kx_relation__links_search(kx_txn *txn, const kx_cat_relation *relation, const kx_doc *doc, const kx_query *query,
                              kx_cursor **cursor)
{
    return search(txn, relation, doc, query, false, cursor);
}

int kx_relation__links_count(kx_txn *txn, const kx_cat_relation *relation, const kx_doc *doc, const kx_query *query,
                             uint64_t *count)
{
    kx_id_list list = {0};
    int rc = list_members(txn, relation, doc, &list);
    kx_query_bound bound = {.ids = list.ids, .id_count = list.count};
    *count = 0;
    if (rc == KX_OK && query == NULL && !relation->index->primary)
        *count = list.count;
    else if (rc == KX_OK)
        rc = kx_query__count(txn, relation->target, query, &bound, count);
    kx_base__free(list.ids);
    return rc;
}

int kx_relation__links_explain(kx_txn *txn, const kx_cat_relation *relation, const kx_doc *doc, const kx_query *query,
                               kx_doc **plan)
{
    kx_id_list list = {0};
    int rc = list_members(txn, relation, doc, &list);
    kx_query_bound bound = {.ids = list.ids, .id_count = list.count};
    *plan = NULL;
    if (rc == KX_OK)
        rc = kx_query__explain(txn, relation->target, query, &bound, plan);
    kx_base__free(list.ids);
    return rc;
}

int kx_relation__links_fold(kx_txn *txn, const kx_cat_relation *relation, const kx_doc *doc, kx_query_fold fold,
                            const char *path, const kx_query *query, kx_value *result)
{
    kx_id_list list = {0};
    int rc = list_members(txn, relation, doc, &list);
    kx_query_bound bound = {.ids = list.ids, .id_count = list.count};
    if (rc == KX_OK)
        rc = kx_query__aggregate(txn, relation->target, fold, path, query, &bound, result);
    kx_base__free(list.ids);
    return rc;
}

/* ---- one link ------------------------------------------------------------------------------ */

/* The keys of both ends; false: one has none. */
static bool both_keys(const kx_cat_relation *relation, const kx_doc *doc, const kx_doc *member, kx_value keys[2])
{
    return kx_relation__values(doc->bytes, &relation->local, &keys[0]) &&
           kx_relation__values(member->bytes, &relation->remote, &keys[1]);
}

/* KX_NOTFOUND, without a text: they are not linked. */
static int find_link(kx_txn *txn, const kx_cat_relation *relation, const kx_doc *doc, const kx_doc *member,
                     uint64_t *link)
{
    kx_value keys[2];
    if (!both_keys(relation, doc, member, keys))
        return KX_NOTFOUND;
    return kx_collection__lookup(txn, relation->junction.collection, relation->junction.onward, keys, link);
}

/* Links are made and found by the key that a member has stored, whatever its instance was loaded with. KX_NOTFOUND: it is gone. */
static int see_member(kx_doc *member)
{
    return member->stale && !member->is_new ? kx_collection__doc_refresh(member) : KX_OK;
}

static int not_linked(const kx_cat_relation *relation, const kx_doc *member)
{
    return kx_base__fail_at(KX_NOTFOUND, relation->owner->name, relation->declared.name,
                            member->is_new ? NULL : &member->id, NULL, "the document of %s is no member of %s.%s",
                            relation->target->name, relation->owner->name, relation->declared.name);
}

static int member_without_key(const kx_cat_relation *relation)
{
    return kx_base__fail_at(KX_REQUIRED, relation->owner->name, relation->declared.name, NULL, NULL,
                            "%s.%s: the document of %s has no %s to be linked by", relation->owner->name,
                            relation->declared.name, relation->target->name, relation->remote.text);
}

static int make_link(kx_txn *txn, const kx_cat_relation *relation, const kx_value keys[2])
{
    static const uint8_t empty[] = {0x80};
    const kx_cat_junction *junction = &relation->junction;
    const kx_cat_collection *collection;
    kx_doc *link = NULL;
    int rc = kx_collection__current(txn, junction->collection, &collection);
    if (rc == KX_OK)
        rc = kx_collection__doc_new(txn, collection, kx_slice_of(empty, sizeof empty), &link);
    if (rc == KX_OK)
        rc = kx_collection__doc_change(link, KX_CHANGE_SET, junction->local.text, &keys[0]);
    if (rc == KX_OK)
        rc = kx_collection__doc_change(link, KX_CHANGE_SET, junction->remote.text, &keys[1]);
    if (rc == KX_OK)
        rc = kx_relation__save(link);
    kx_collection__doc_release(link);
    return rc;
}

/* In the transaction that acts; what it saves goes with it. */
static int link_up(kx_txn *txn, const kx_cat_relation *relation, const kx_doc *doc, kx_doc *member)
{
    kx_value keys[2];
    uint64_t link;
    int rc = see_member(member);
    if (rc == KX_OK && (member->is_new || kx_collection__has_changes(member)))
        rc = kx_relation__save(member);
    if (rc == KX_OK && !both_keys(relation, doc, member, keys))
        rc = member_without_key(relation);
    if (rc != KX_OK)
        return rc;
    rc = find_link(txn, relation, doc, member, &link);
    return rc == KX_NOTFOUND ? make_link(txn, relation, keys) : rc;
}

static int enter(kx_txn *txn, const kx_cat_relation *relation)
{
    int rc = kx_collection__enter_write(txn, relation->target);
    return rc == KX_OK ? kx_collection__enter_write(txn, relation->junction.collection) : rc;
}

static bool has_key(const kx_cat_relation *relation, const kx_doc *doc)
{
    kx_value key;
    return kx_relation__values(doc->bytes, &relation->local, &key);
}

int kx_relation__links_add(kx_txn *txn, const kx_cat_relation *relation, kx_doc *doc, kx_doc *const *members,
                           size_t count)
{
    kx_txn *inner;
    int rc = enter(txn, relation);
    for (size_t i = 0; i < count && rc == KX_OK; i++)
        rc = kx_relation__check_member(relation, doc, members, i);
    if (rc == KX_OK && !has_key(relation, doc))
        rc = kx_relation__set_without_key(relation);
    if (rc == KX_OK && count == 1 && !members[0]->is_new && !kx_collection__has_changes(members[0]))
        return link_up(txn, relation, doc, members[0]); /* one write */
    if (rc == KX_OK)
        rc = kx_collection__child(txn, &inner);
    if (rc != KX_OK)
        return rc;
    for (size_t i = 0; i < count && rc == KX_OK; i++)
        rc = link_up(inner, relation, doc, members[i]);
    if (rc == KX_OK)
        return kx_collection__commit(inner);
    kx_collection__abort(inner);
    return rc;
}

int kx_relation__links_remove(kx_txn *txn, const kx_cat_relation *relation, kx_doc *doc, kx_doc *member)
{
    uint64_t link;
    int rc = enter(txn, relation);
    if (rc == KX_OK)
        rc = kx_relation__check_target(relation, doc, member);
    if (rc == KX_OK)
        rc = see_member(member);
    if (rc == KX_OK)
        rc = find_link(txn, relation, doc, member, &link);
    if (rc == KX_OK)
        return kx_relation__remove_id(txn, relation->junction.collection, link);
    return rc == KX_NOTFOUND ? not_linked(relation, member) : rc;
}

/* ---- whole sets -------------------------------------------------------------------------------- */

static int compare_values(const void *a, const void *b)
{
    return kx_key__compare(a, b);
}

/* The keys of those that are to stay, sorted; they point into the documents. */
static size_t list_keys(const kx_cat_relation *relation, kx_doc *const *members, size_t count, kx_value *keys)
{
    size_t known = 0;
    for (size_t i = 0; i < count; i++)
        known += kx_relation__values(members[i]->bytes, &relation->remote, &keys[known]);
    if (known > 1)
        qsort(keys, known, sizeof *keys, compare_values);
    return known;
}

/* Of a link: is its far end among the keys? */
static int is_kept(kx_txn *txn, const kx_cat_relation *relation, uint64_t link, const kx_value *keys, size_t count,
                   bool *kept)
{
    const kx_cat_collection *collection = relation->junction.collection;
    kx_slice row, document;
    kx_value far;
    *kept = false;
    int rc = count > 0 ? kx_store__row_get(txn->store, collection->number, link, &row) : KX_NOTFOUND;
    if (rc == KX_OK)
        rc = kx_collection__document_of(txn->db, collection, link, row, &document);
    if (rc != KX_OK)
        return rc == KX_NOTFOUND ? KX_OK : rc;
    *kept = kx_relation__values(document, &relation->junction.remote, &far) &&
            bsearch(&far, keys, count, sizeof *keys, compare_values) != NULL;
    return KX_OK;
}

/* The links that are to go. */
static int list_links(kx_txn *txn, const kx_cat_relation *relation, const kx_doc *doc, const kx_value *keys,
                      size_t count, kx_id_list *gone)
{
    kx_value near;
    kx_cursor *cursor = NULL;
    uint64_t link;
    size_t found = 1;
    if (!kx_relation__values(doc->bytes, &relation->local, &near))
        return KX_OK;
    kx_query_bound bound = {.index = relation->junction.onward, .values = &near, .count = 1};
    int rc = kx_query__find(txn, relation->junction.collection, NULL, &bound, &cursor);
    while (rc == KX_OK && found > 0) {
        bool kept = true;
        rc = kx_query__ids(cursor, &link, 1, &found);
        if (rc == KX_OK && found > 0)
            rc = is_kept(txn, relation, link, keys, count, &kept);
        if (rc == KX_OK && !kept)
            rc = kx_relation__push_id(gone, link);
    }
    kx_query__close(cursor);
    return rc;
}

/* One that refers to another may have gone with it. */
static int remove_link(kx_txn *txn, const kx_cat_relation *relation, uint64_t link)
{
    kx_slice row;
    int rc = kx_store__row_get(txn->store, relation->junction.collection->number, link, &row);
    if (rc != KX_OK)
        return rc == KX_NOTFOUND ? KX_OK : rc;
    return kx_relation__remove_id(txn, relation->junction.collection, link);
}

/* Saved first, so that a member whose key changes keeps its link, which follows that key. */
static int save_members(kx_doc *const *members, size_t count)
{
    int rc = KX_OK;
    for (size_t i = 0; i < count && rc == KX_OK; i++) {
        rc = see_member(members[i]);
        if (rc == KX_OK && (members[i]->is_new || kx_collection__has_changes(members[i])))
            rc = kx_relation__save(members[i]);
    }
    return rc;
}

static int list_gone(kx_txn *txn, const kx_cat_relation *relation, const kx_doc *doc, kx_doc *const *members,
                     size_t count, kx_id_list *gone)
{
    kx_value *keys = kx_base__alloc(kx_base__times(count + 1, sizeof *keys));
    if (keys == NULL)
        return kx_base__nomem();
    int rc = list_links(txn, relation, doc, keys, list_keys(relation, members, count, keys), gone);
    kx_base__free(keys);
    return rc;
}

static int apply_difference(kx_txn *txn, const kx_cat_relation *relation, kx_doc *doc, kx_doc *const *members,
                            size_t count)
{
    kx_id_list gone = {0};
    int rc = save_members(members, count);
    if (rc == KX_OK)
        rc = list_gone(txn, relation, doc, members, count, &gone);
    for (size_t i = 0; i < gone.count && rc == KX_OK; i++)
        rc = remove_link(txn, relation, gone.ids[i]);
    for (size_t i = 0; i < count && rc == KX_OK; i++)
        rc = link_up(txn, relation, doc, members[i]);
    kx_base__free(gone.ids);
    return rc;
}

int kx_relation__links_replace(kx_txn *txn, const kx_cat_relation *relation, kx_doc *doc, kx_doc *const *members,
                               size_t count)
{
    kx_txn *inner;
    int rc = enter(txn, relation);
    for (size_t i = 0; i < count && rc == KX_OK; i++)
        rc = kx_relation__check_member(relation, doc, members, i);
    if (rc == KX_OK && count > 0 && !has_key(relation, doc))
        rc = kx_relation__set_without_key(relation);
    if (rc == KX_OK)
        rc = kx_collection__child(txn, &inner);
    if (rc != KX_OK)
        return rc;
    rc = apply_difference(inner, relation, doc, members, count);
    if (rc == KX_OK)
        return kx_collection__commit(inner);
    kx_collection__abort(inner);
    return rc;
}

/* ---- a link's own fields -------------------------------------------------------------------------- */

static int named_link(kx_txn *txn, const kx_doc *doc, const char *name, const kx_doc *member,
                      const kx_cat_relation **relation)
{
    int rc = kx_relation__named(txn, doc, name, relation);
    if (rc == KX_OK && (*relation)->declared.kind != KX_MANY_TO_MANY)
        rc = kx_base__fail_at(KX_INVALID, (*relation)->owner->name, name, NULL, NULL,
                              "%s.%s has no links: it is no many-to-many", (*relation)->owner->name, name);
    return rc == KX_OK ? kx_relation__check_target(*relation, doc, member) : rc;
}

int kx_relation__link_get(kx_doc *doc, const char *name, kx_doc *member, kx_doc **link)
{
    kx_txn *txn = kx_collection__innermost(doc->txn);
    const kx_cat_relation *relation;
    uint64_t id;
    *link = NULL;
    int rc = named_link(txn, doc, name, member, &relation);
    if (rc == KX_OK)
        rc = see_member(member);
    if (rc != KX_OK)
        return rc;
    rc = find_link(txn, relation, doc, member, &id);
    if (rc == KX_OK)
        rc = kx_collection__doc_get(txn, relation->junction.collection, id, link);
    if (rc == KX_OK)
        kx_collection__hand(*link);
    return rc == KX_NOTFOUND ? not_linked(relation, member) : rc;
}

static bool is_end(const kx_cat_relation *relation, const char *path)
{
    return kx_relation__starts_path(relation->junction.local.text, path) ||
           kx_relation__starts_path(relation->junction.remote.text, path);
}

int kx_relation__link_set(kx_doc *doc, const char *name, kx_doc *member, const char *path, const kx_value *value)
{
    kx_txn *txn = kx_collection__innermost(doc->txn);
    const kx_cat_relation *relation;
    kx_doc *link = NULL;
    int rc = named_link(txn, doc, name, member, &relation);
    if (rc == KX_OK)
        rc = kx_collection__enter_write(txn, relation->junction.collection);
    if (rc == KX_OK && is_end(relation, path))
        rc = kx_base__fail_at(KX_INVALID, relation->owner->name, name, NULL, NULL,
                              "%s.%s: '%s' holds the key of one end; remove the link and add another",
                              relation->owner->name, name, path);
    if (rc == KX_OK)
        rc = kx_relation__link_get(doc, name, member, &link);
    if (rc == KX_OK)
        rc = kx_relation__change(link, KX_CHANGE_SET, path, value);
    if (rc == KX_OK)
        rc = kx_relation__save(link);
    kx_collection__doc_release(link);
    return rc;
}
