/* slot.c -- what an instance remembers of its foreign keys, and small questions that all of this room asks. */
#include <string.h>

#include "relation/relation_impl.h"

typedef struct kx_slot {
    struct kx_loads *loads; /* what it was loaded with; NULL: nothing */
    size_t count, room;
    kx_link links[];
} kx_slot;

static void let_go(kx_link *link)
{
    if (!link->weak)
        kx_collection__unhold(link->target);
    link->target = NULL;
    link->weak = false;
}

/* Whoever is let go may look at this document, and finds an empty slot. The memory stays for the next document. */
static void clear_slot(kx_doc *doc)
{
    kx_slot *slot = doc->relation;
    struct kx_loads *loads = slot->loads;
    size_t count = slot->count;
    slot->loads = NULL;
    slot->count = 0;
    doc->relation_clear = NULL;
    kx_relation__free_loads(doc, loads);
    for (size_t i = 0; i < count; i++) {
        let_go(&slot->links[i]);
        kx_buf__free(&slot->links[i].key);
    }
}

kx_link *kx_relation__find_link(const kx_doc *doc, const char *name)
{
    kx_slot *slot = doc->relation;
    for (size_t i = 0; slot != NULL && i < slot->count; i++)
        if (slot->links[i].name != NULL && strcmp(slot->links[i].name, name) == 0)
            return &slot->links[i];
    return NULL;
}

void kx_relation__forget(kx_link *link)
{
    let_go(link);
    link->name = NULL;
}

void kx_relation__weaken(kx_link *link)
{
    if (!link->weak)
        kx_collection__unhold(link->target);
    link->weak = true;
}

static kx_slot *grow_slot(kx_doc *doc)
{
    kx_slot *slot = doc->relation;
    size_t room = slot != NULL ? slot->room * 2 : 2;
    kx_slot *larger = kx_base__realloc(slot, sizeof *larger + room * sizeof *larger->links);
    if (larger == NULL)
        return NULL;
    if (slot == NULL)
        *larger = (kx_slot){0};
    larger->room = room;
    doc->relation = larger;
    return larger;
}

struct kx_loads *kx_relation__loads(const kx_doc *doc)
{
    const kx_slot *slot = doc->relation;
    return slot != NULL ? slot->loads : NULL;
}

int kx_relation__set_loads(kx_doc *doc, struct kx_loads *loads)
{
    kx_slot *slot = doc->relation != NULL ? doc->relation : grow_slot(doc);
    if (slot == NULL)
        return kx_base__nomem();
    slot->loads = loads;
    doc->relation_clear = clear_slot;
    return KX_OK;
}

void kx_relation__shed(kx_doc *doc)
{
    if (doc->relation_clear != NULL && !doc->handed)
        clear_slot(doc);
}

static kx_link *free_link(kx_doc *doc)
{
    kx_slot *slot = doc->relation;
    for (size_t i = 0; slot != NULL && i < slot->count; i++)
        if (slot->links[i].name == NULL)
            return &slot->links[i];
    if (slot == NULL || slot->count == slot->room)
        slot = grow_slot(doc);
    if (slot == NULL)
        return NULL;
    kx_link *link = &slot->links[slot->count++];
    *link = (kx_link){0};
    doc->relation_clear = clear_slot;
    return link;
}

bool kx_relation__is_remembered(const kx_link *link, kx_slice document, const kx_cat_key *key)
{
    kx_slice left = kx_buf__slice(&link->key);
    for (size_t i = 0; i < key->count; i++) {
        kx_slice item = kx_collection__part_item(document, &key->parts[i]);
        if (item.size > left.size || memcmp(left.data, item.data, item.size) != 0)
            return false;
        left = kx_slice_of(left.data + item.size, left.size - item.size);
    }
    return left.size == 0;
}

static int note_key(kx_link *link, kx_slice document, const kx_cat_key *key)
{
    kx_buf__clear(&link->key);
    for (size_t i = 0; i < key->count; i++) {
        kx_slice item = kx_collection__part_item(document, &key->parts[i]);
        kx_buf__append(&link->key, item.data, item.size);
    }
    return link->key.rc;
}

int kx_relation__remember(kx_doc *doc, const char *name, kx_slice document, const kx_cat_key *key, kx_doc *target,
                          uint32_t writes)
{
    kx_link *link = kx_relation__link_of(doc, name);
    if (link == NULL)
        link = free_link(doc);
    int rc = link == NULL ? kx_base__nomem() : doc->txn->writes ? note_key(link, document, key) : KX_OK;
    if (rc != KX_OK)
        return rc;
    if (target != NULL)
        kx_collection__hold(target);
    let_go(link);
    link->name = name;
    link->target = target;
    link->writes = writes;
    return KX_OK;
}

int kx_relation__named(kx_txn *txn, const kx_doc *doc, const char *name, const kx_cat_relation **relation)
{
    const kx_cat_collection *collection = doc->collection;
    int rc = txn->writes ? kx_collection__current(txn, doc->collection, &collection) : KX_OK;
    *relation = rc == KX_OK ? kx_catalog__relation(collection, name) : NULL;
    if (rc == KX_OK && *relation == NULL)
        rc = kx_base__fail_at(KX_INVALID, collection->name, name, NULL, NULL, "%s has no relation '%s'",
                              collection->name, name);
    return rc;
}

bool kx_relation__starts_path(const char *name, const char *path)
{
    size_t one = strlen(name), other = strlen(path), size = one < other ? one : other;
    const char *longer = one < other ? path : name;
    return strncmp(name, path, size) == 0 && (longer[size] == '\0' || longer[size] == '.' || longer[size] == '[');
}

int kx_relation__no_assign(const kx_cat_relation *relation)
{
    return kx_base__fail_at(KX_INVALID, relation->owner->name, relation->declared.name, NULL, NULL,
                            "Cannot directly assign to %s. Use add, remove or clear.", relation->declared.name);
}

int kx_relation__not_optional(const kx_cat_relation *relation)
{
    return kx_base__fail_at(KX_REQUIRED, relation->owner->name, relation->declared.name, NULL, NULL,
                            "Cannot set %s to null (not optional)", relation->declared.name);
}

int kx_relation__check_target(const kx_cat_relation *relation, const kx_doc *doc, const kx_doc *target)
{
    const char *name = relation->declared.name;
    if (target->txn != doc->txn)
        return kx_base__fail_at(KX_INVALID, relation->owner->name, name, NULL, NULL,
                                "%s.%s: the documents are of different transactions", relation->owner->name, name);
    if (target->collection->number != relation->target->number)
        return kx_base__fail_at(KX_INVALID, relation->owner->name, name, NULL, NULL, "%s.%s relates to %s, not to %s",
                                relation->owner->name, name, relation->target->name, target->collection->name);
    if (target->deleted)
        return kx_base__fail_at(KX_INVALID, relation->owner->name, name, NULL, NULL,
                                "%s.%s: the document of %s was deleted", relation->owner->name, name,
                                target->collection->name);
    return KX_OK;
}
