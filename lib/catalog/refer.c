/* refer.c -- who refers to whom: the references of a finished catalog, in both directions. */
#include "catalog/catalog_impl.h"

#include <string.h>

typedef struct references {
    kx_cat_reference *list;
    size_t count;
} references;

/* A junction that several relations go through is one holder of keys. */
static bool is_listed(const references *all, const kx_cat_reference *reference)
{
    for (size_t i = 0; i < all->count && reference->link; i++) {
        const kx_cat_reference *other = &all->list[i];
        if (other->link && other->from == reference->from && other->to == reference->to &&
            strcmp(other->keys->text, reference->keys->text) == 0 &&
            strcmp(other->targets->text, reference->targets->text) == 0)
            return true;
    }
    return false;
}

/* A collection that a later version has written may lack its index here: it is only read. */
static void add(references *all, const kx_cat_reference *reference)
{
    if (reference->index != NULL && !is_listed(all, reference))
        all->list[all->count++] = *reference;
}

static void add_key(references *all, const kx_cat_relation *relation)
{
    const kx_relation *declared = &relation->declared;
    add(all, &(kx_cat_reference){
                 .relation = relation,
                 .from = relation->owner,
                 .to = relation->target,
                 .keys = &relation->local,
                 .targets = &relation->remote,
                 .index = kx_catalog__index(relation->owner, relation->local.text),
                 .target_index = relation->index,
                 .on_delete = declared->on_delete,
                 .on_update = declared->on_update,
                 .optional = declared->optional,
                 .enforced = declared->enforced,
                 .deferred = declared->deferred,
             });
}

static void add_links(references *all, const kx_cat_relation *relation)
{
    const kx_cat_junction *junction = &relation->junction;
    kx_cat_reference link = {.relation = relation,
                             .from = junction->collection,
                             .on_delete = KX_CASCADE,
                             .on_update = KX_CASCADE,
                             .link = true};
    link.to = relation->owner;
    link.keys = &junction->local;
    link.targets = &relation->local;
    link.index = junction->onward;
    link.target_index = kx_catalog__index(relation->owner, relation->local.text);
    add(all, &link);
    link.to = relation->target;
    link.keys = &junction->remote;
    link.targets = &relation->remote;
    link.index = junction->back;
    link.target_index = relation->index;
    add(all, &link);
}

static void collect(const kx_catalog *draft, references *all)
{
    for (size_t i = 0; i < draft->count; i++) {
        const kx_cat_collection *collection = &draft->collections[i];
        for (size_t r = 0; r < collection->relation_count; r++) {
            const kx_cat_relation *relation = &collection->relations[r];
            if (kx_def__is_key(relation->declared.kind))
                add_key(all, relation);
            else if (relation->declared.kind == KX_MANY_TO_MANY)
                add_links(all, relation);
        }
    }
}

static int give(kx_catalog *draft, const references *all, kx_cat_collection *collection)
{
    kx_arena *arena = &draft->own->arena;
    const kx_cat_reference **in = kx_arena__alloc(arena, all->count * sizeof *in);
    const kx_cat_reference **out = kx_arena__alloc(arena, all->count * sizeof *out);
    if (in == NULL || out == NULL)
        return kx_base__nomem();
    collection->incoming = in;
    collection->outgoing = out;
    collection->incoming_count = collection->outgoing_count = 0;
    collection->has_enforced = false;
    for (size_t i = 0; i < all->count; i++) {
        const kx_cat_reference *reference = &all->list[i];
        if (reference->to == collection)
            in[collection->incoming_count++] = reference;
        if (reference->from == collection)
            out[collection->outgoing_count++] = reference;
        collection->has_enforced |= reference->from == collection && reference->enforced;
    }
    return KX_OK;
}

int kx_draft__refer(kx_catalog *draft)
{
    size_t most = 0;
    references all = {0};
    for (size_t i = 0; i < draft->count; i++)
        most += 2 * draft->collections[i].relation_count;
    all.list = kx_arena__alloc(&draft->own->arena, kx_base__times(most, sizeof *all.list));
    if (all.list == NULL)
        return kx_base__nomem();
    collect(draft, &all);
    int rc = KX_OK;
    for (size_t i = 0; i < draft->count && rc == KX_OK; i++)
        rc = give(draft, &all, &draft->collections[i]);
    return rc;
}
