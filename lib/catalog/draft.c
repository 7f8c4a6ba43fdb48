/*
 * draft.c -- a catalog while it is being built: its memory, collections and table numbers; and the copy that a change
 * starts from.
 *
 * Everything lives in the draft's arena. Arrays grow by doubling and leave their old copies behind there, which is a
 * bounded waste: the next catalog is a clean copy.
 */
#include "catalog/catalog_impl.h"

#include <string.h>

enum { FIRST_ROOM = 4, FIRST_SLOTS = 8 };

/* ---- memory -------------------------------------------------------------------- */

/* What an array has room for follows from its count: FIRST_ROOM, then the next power of two. Removing leaves more
   than that. */
void *kx_draft__room(kx_arena *arena, void *items, size_t count, size_t size)
{
    bool full = count == 0 || (count >= FIRST_ROOM && (count & (count - 1)) == 0);
    if (!full)
        return items;
    size_t room = count == 0 ? (size_t)FIRST_ROOM : kx_base__times(count, 2);
    void *longer = kx_arena__alloc(arena, kx_base__times(room, size));
    if (longer == NULL)
        kx_base__nomem();
    else if (count > 0)
        memcpy(longer, items, count * size);
    return longer;
}

int kx_draft__text(kx_arena *arena, const char *text, const char **copy)
{
    *copy = text != NULL ? kx_arena__text(arena, text, strlen(text)) : NULL;
    return text != NULL && *copy == NULL ? kx_base__nomem() : KX_OK;
}

int kx_draft__slice(kx_arena *arena, kx_slice from, kx_slice *to)
{
    *to = (kx_slice){0};
    if (from.size == 0)
        return KX_OK;
    *to = kx_slice_of(kx_arena__copy(arena, from.data, from.size), from.size);
    return to->data != NULL ? KX_OK : kx_base__nomem();
}

/* ---- names ----------------------------------------------------------------------- */

static uint32_t hash_of(const char *name, size_t size)
{
    return (uint32_t)kx_base__hash64(name, size, 0);
}

size_t kx_draft__find(const kx_catalog *draft, const char *name)
{
    const struct kx_catalog_private *own = draft->own;
    if (own->slot_count == 0)
        return SIZE_MAX;
    size_t size = strlen(name), mask = own->slot_count - 1;
    uint32_t hash = hash_of(name, size);
    for (size_t i = hash & mask; own->slots[i].place != 0; i = (i + 1) & mask) {
        const kx_cat_collection *collection = &draft->collections[own->slots[i].place - 1];
        if (own->slots[i].hash == hash && collection->size == size && memcmp(collection->name, name, size) == 0)
            return own->slots[i].place - 1;
    }
    return SIZE_MAX;
}

static void put_slot(kx_catalog *draft, size_t position)
{
    struct kx_catalog_private *own = draft->own;
    size_t mask = own->slot_count - 1;
    uint32_t hash = hash_of(draft->collections[position].name, draft->collections[position].size);
    size_t i = hash & mask;
    while (own->slots[i].place != 0)
        i = (i + 1) & mask;
    own->slots[i] = (kx_slot){hash, (uint32_t)position + 1};
}

void kx_draft__rehash(kx_catalog *draft)
{
    if (draft->own->slot_count > 0)
        memset(draft->own->slots, 0, draft->own->slot_count * sizeof *draft->own->slots);
    for (size_t i = 0; i < draft->count; i++)
        put_slot(draft, i);
}

/* Slots for one more name. */
static int make_slots(kx_catalog *draft)
{
    struct kx_catalog_private *own = draft->own;
    if (2 * (draft->count + 1) <= own->slot_count)
        return KX_OK;
    size_t count = own->slot_count == 0 ? (size_t)FIRST_SLOTS : 2 * own->slot_count;
    kx_slot *slots = kx_arena__alloc(&own->arena, count * sizeof *slots);
    if (slots == NULL)
        return kx_base__nomem();
    own->slots = slots;
    own->slot_count = count;
    kx_draft__rehash(draft);
    return KX_OK;
}

/* ---- collections ------------------------------------------------------------------- */

int kx_draft__new(kx_cat_make_predicate *make, kx_catalog **draft)
{
    struct whole {
        kx_catalog catalog;
        struct kx_catalog_private own;
    };
    struct whole *whole = kx_base__zalloc(sizeof *whole);
    *draft = NULL;
    if (whole == NULL)
        return kx_base__nomem();
    whole->catalog.own = &whole->own;
    whole->own.make = make;
    whole->catalog.next_table = KX_STORE_FIRST_TABLE;
    atomic_init(&whole->own.references, 1);
    *draft = &whole->catalog;
    return KX_OK;
}

int kx_draft__add_collection(kx_catalog *draft, const char *name, uint32_t number, size_t *position)
{
    kx_cat_collection added = {.number = number, .writable = true, .changed = true};
    int rc = kx_catalog__check_name(name);
    if (rc == KX_OK)
        rc = kx_draft__text(&draft->own->arena, name, &added.name);
    if (rc == KX_OK)
        rc = make_slots(draft);
    if (rc != KX_OK)
        return rc;
    kx_cat_collection *collections = kx_draft__room(&draft->own->arena, draft->collections, draft->count, sizeof added);
    if (collections == NULL)
        return KX_NOMEM;
    added.size = strlen(name);
    collections[draft->count] = added;
    draft->collections = collections;
    *position = draft->count;
    put_slot(draft, draft->count++);
    return KX_OK;
}

/* ---- removing ----------------------------------------------------------------------------- */

static void close_gap(void *items, size_t *count, size_t item, size_t size)
{
    char *at = (char *)items + item * size;
    memmove(at, at + size, (*count - item - 1) * size);
    --*count;
}

void kx_draft__remove_collection(kx_catalog *draft, size_t position)
{
    close_gap(draft->collections, &draft->count, position, sizeof *draft->collections);
    kx_draft__rehash(draft);
}

void kx_draft__remove_field(kx_cat_collection *collection, size_t item)
{
    close_gap(collection->fields, &collection->field_count, item, sizeof *collection->fields);
    collection->changed = true;
}

void kx_draft__remove_index(kx_cat_collection *collection, size_t item)
{
    close_gap(collection->indexes, &collection->index_count, item, sizeof *collection->indexes);
    collection->changed = true;
}

void kx_draft__remove_relation(kx_cat_collection *collection, size_t item)
{
    close_gap(collection->relations, &collection->relation_count, item, sizeof *collection->relations);
    collection->changed = true;
}

/* ---- table numbers --------------------------------------------------------------------------- */

int kx_draft__take_table(kx_catalog *draft, kx_store_shape shape, uint32_t *number)
{
    kx_numbers *numbers = &draft->own->free[shape - KX_STORE_ROWS];
    if (numbers->usable > 0) {
        *number = numbers->at[0];
        close_gap(numbers->at, &numbers->count, 0, sizeof *numbers->at);
        numbers->usable--;
        return KX_OK;
    }
    if (draft->next_table >= KX_STORE_TABLES)
        return kx_base__fail(KX_LIMIT, "a store holds at most %d tables: one a collection and one an index",
                             KX_STORE_TABLES);
    *number = draft->next_table++;
    return KX_OK;
}

/* A table that this change empties serves others only from the next change on, so that steps never depend on each
   other. */
int kx_draft__give_table(kx_catalog *draft, kx_store_table table)
{
    if (table.number == 0)
        return KX_OK;
    kx_numbers *numbers = &draft->own->free[table.shape - KX_STORE_ROWS];
    uint32_t *at = kx_draft__room(&draft->own->arena, numbers->at, numbers->count, sizeof *at);
    if (at == NULL)
        return KX_NOMEM;
    at[numbers->count++] = table.number;
    numbers->at = at;
    return KX_OK;
}

/* ---- copying ------------------------------------------------------------------------------------ */

static int copy_definitions(kx_catalog *draft, size_t position, const kx_cat_collection *from)
{
    int rc = KX_OK;
    for (size_t i = 0; i < from->field_count && rc == KX_OK; i++) {
        kx_def_field def = kx_def__of_field(&from->fields[i]);
        rc = kx_draft__add_field(draft, position, &def);
    }
    for (size_t i = 0; i < from->index_count && rc == KX_OK; i++) {
        kx_def_index def = kx_def__of_index(&from->indexes[i]);
        rc = kx_draft__add_index(draft, position, &def);
    }
    for (size_t i = 0; i < from->relation_count && rc == KX_OK; i++) {
        kx_def_relation def = kx_def__of_relation(&from->relations[i]);
        rc = kx_draft__add_relation(draft, position, &def);
    }
    return rc;
}

static int copy_collection(kx_catalog *draft, const kx_cat_collection *from)
{
    size_t position;
    int rc = kx_draft__add_collection(draft, from->name, from->number, &position);
    if (rc == KX_OK)
        rc = copy_definitions(draft, position, from);
    if (rc == KX_OK)
        rc = kx_draft__slice(&draft->own->arena, from->raw, &draft->collections[position].raw);
    if (rc == KX_OK) {
        draft->collections[position].writable = from->writable;
        draft->collections[position].changed = false;
    }
    return rc;
}

static int copy_numbers(kx_catalog *draft, const kx_catalog *from)
{
    int rc = KX_OK;
    for (unsigned shape = 0; shape < 3; shape++) {
        const kx_numbers *numbers = &from->own->free[shape];
        for (size_t i = 0; i < numbers->count && rc == KX_OK; i++)
            rc = kx_draft__give_table(draft, (kx_store_table){numbers->at[i], (kx_store_shape)(shape + KX_STORE_ROWS)});
        draft->own->free[shape].usable = draft->own->free[shape].count;
    }
    return rc;
}

int kx_draft__clone(const kx_catalog *from, kx_catalog **draft)
{
    int rc = kx_draft__new(from->own->make, draft);
    if (rc != KX_OK)
        return rc;
    (*draft)->epoch = from->epoch;
    (*draft)->schema_version = from->schema_version;
    (*draft)->next_table = from->next_table;
    rc = kx_draft__slice(&(*draft)->own->arena, from->own->meta, &(*draft)->own->meta);
    if (rc == KX_OK)
        rc = copy_numbers(*draft, from);
    for (size_t i = 0; i < from->count && rc == KX_OK; i++)
        rc = copy_collection(*draft, &from->collections[i]);
    if (rc != KX_OK) {
        kx_catalog__release(*draft);
        *draft = NULL;
    }
    return rc;
}
