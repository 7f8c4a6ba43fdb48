/*
 * catalog.c -- a catalog as it is used: found by name, counted, given back.
 */
#include "catalog/catalog_impl.h"

#include <string.h>

/* ---- life --------------------------------------------------------------------- */

int kx_catalog__empty(kx_cat_make_predicate *make, kx_catalog **catalog)
{
    int rc = kx_draft__new(make, catalog);
    return rc == KX_OK ? kx_draft__finish(*catalog) : rc;
}

kx_catalog *kx_catalog__retain(kx_catalog *catalog)
{
    atomic_fetch_add_explicit(&catalog->own->references, 1, memory_order_relaxed);
    return catalog;
}

/* The struct and what is private are one block; everything else is the arena's. */
void kx_catalog__release(kx_catalog *catalog)
{
    if (catalog == NULL || atomic_fetch_sub_explicit(&catalog->own->references, 1, memory_order_acq_rel) != 1)
        return;
    for (kx_cat_predicate *next, *each = catalog->own->predicates; each != NULL; each = next) {
        next = each->next;
        each->free(each);
    }
    kx_arena__free(&catalog->own->arena);
    kx_base__free(catalog);
}

/* ---- by name -------------------------------------------------------------------- */

const kx_cat_collection *kx_catalog__find(const kx_catalog *catalog, const char *name)
{
    size_t place = name != NULL ? kx_draft__find(catalog, name) : SIZE_MAX;
    return place != SIZE_MAX ? &catalog->collections[place] : NULL;
}

const kx_cat_collection *kx_catalog__numbered(const kx_catalog *catalog, uint32_t number)
{
    size_t from = 0, to = catalog->count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (catalog->collections[middle].number < number)
            from = middle + 1;
        else
            to = middle;
    }
    return from < catalog->count && catalog->collections[from].number == number ? &catalog->collections[from] : NULL;
}

const kx_cat_index *kx_catalog__index(const kx_cat_collection *collection, const char *paths)
{
    size_t size = strlen(paths);
    for (size_t i = 0; i < collection->index_count; i++) {
        const kx_cat_index *index = &collection->indexes[i];
        if (index->size == size && memcmp(index->paths, paths, size) == 0)
            return index;
    }
    if (strpbrk(paths, " \t") == NULL)
        return NULL;
    for (size_t i = 0; i < collection->index_count; i++) {
        const kx_cat_index *index = &collection->indexes[i];
        if (kx_catalog__same_paths(index->paths, index->size, paths))
            return index;
    }
    return NULL;
}

const kx_cat_relation *kx_catalog__relation(const kx_cat_collection *collection, const char *name)
{
    for (size_t i = 0; i < collection->relation_count; i++) {
        const char *known = collection->relations[i].declared.name;
        if (known[0] == name[0] && strcmp(known, name) == 0)
            return &collection->relations[i];
    }
    return NULL;
}

const kx_cat_field *kx_catalog__field(const kx_cat_collection *collection, const char *path)
{
    size_t size = strlen(path);
    for (size_t i = 0; i < collection->field_count; i++) {
        const kx_cat_field *field = &collection->fields[i];
        if (field->size == size && memcmp(field->path_text, path, size) == 0)
            return field;
    }
    return NULL;
}

/* ---- the nearest name --------------------------------------------------------------- */

enum { NEAR = 2, NEAR_SIZE = 64, SHOWN = 8 };

static unsigned least(unsigned a, unsigned b, unsigned c)
{
    unsigned least_of_two = a < b ? a : b;
    return least_of_two < c ? least_of_two : c;
}

/* Letters to insert, remove or replace; NEAR + 1 where it is more, or the texts are longer than NEAR_SIZE. */
static unsigned distance(const char *one, size_t one_size, const char *other, size_t other_size)
{
    unsigned row[NEAR_SIZE + 1];
    if (one_size > NEAR_SIZE || other_size > NEAR_SIZE || one_size > other_size + NEAR || other_size > one_size + NEAR)
        return NEAR + 1;
    for (unsigned j = 0; j <= other_size; j++)
        row[j] = j;
    for (unsigned i = 1; i <= one_size; i++) {
        unsigned diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= other_size; j++) {
            unsigned above = row[j];
            row[j] = least(row[j - 1] + 1, above + 1, diagonal + (one[i - 1] != other[j - 1]));
            diagonal = above;
        }
    }
    return row[other_size] <= NEAR ? row[other_size] : NEAR + 1;
}

static const char *nearest(const kx_catalog *catalog, const char *name)
{
    const char *found = NULL;
    unsigned best = NEAR + 1;
    size_t size = strlen(name);
    for (size_t i = 0; i < catalog->count; i++) {
        const kx_cat_collection *collection = &catalog->collections[i];
        unsigned steps = distance(name, size, collection->name, collection->size);
        if (steps < best && steps < size) {
            best = steps;
            found = collection->name;
        }
    }
    return found;
}

int kx_catalog__named(const kx_catalog *catalog, const char *name, const kx_cat_collection **collection)
{
    *collection = kx_catalog__find(catalog, name);
    if (*collection != NULL)
        return KX_OK;
    if (name == NULL)
        return kx_base__fail(KX_INVALID, "no collection was named");
    const char *near = nearest(catalog, name);
    if (near != NULL)
        return kx_base__fail_at(KX_INVALID, name, NULL, NULL, NULL, "no collection '%s'; did you mean '%s'?", name,
                                near);
    if (catalog->count == 0)
        return kx_base__fail_at(KX_INVALID, name, NULL, NULL, NULL, "no collection '%s'; there are none yet", name);

    char list[SHOWN * (KX_CATALOG_NAME + 2) + 8] = "";
    size_t used = 0;
    for (size_t i = 0; i < catalog->count && i < SHOWN; i++) {
        if (i > 0)
            used += (size_t)(stpcpy(list + used, ", ") - (list + used));
        used += (size_t)(stpcpy(list + used, catalog->collections[i].name) - (list + used));
    }
    return kx_base__fail_at(KX_INVALID, name, NULL, NULL, NULL, "no collection '%s'; there are %s%s", name, list,
                            catalog->count > SHOWN ? ", …" : "");
}

/* ---- tables --------------------------------------------------------------------------- */

static size_t table_count(const kx_catalog *catalog)
{
    size_t count = catalog->count;
    for (size_t i = 0; i < catalog->count; i++)
        count += catalog->collections[i].index_count;
    for (size_t i = 0; i < 3; i++)
        count += catalog->own->free[i].count;
    return count;
}

static kx_store_table *add_collection_tables(const kx_cat_collection *collection, kx_store_table *at)
{
    *at++ = (kx_store_table){collection->number, KX_STORE_ROWS};
    for (size_t i = 0; i < collection->index_count; i++) {
        if (collection->indexes[i].table.number != 0)
            *at++ = collection->indexes[i].table;
    }
    return at;
}

int kx_catalog__tables(const kx_catalog *catalog, kx_store_table **tables, size_t *count)
{
    *count = 0;
    *tables = kx_base__alloc(kx_base__times(table_count(catalog), sizeof **tables));
    if (*tables == NULL)
        return kx_base__nomem();
    kx_store_table *at = *tables;
    for (size_t i = 0; i < catalog->count; i++)
        at = add_collection_tables(&catalog->collections[i], at);
    for (size_t i = 0; i < 3; i++) {
        for (size_t n = 0; n < catalog->own->free[i].count; n++)
            *at++ = (kx_store_table){catalog->own->free[i].at[n], (kx_store_shape)(i + KX_STORE_ROWS)};
    }
    *count = (size_t)(at - *tables);
    return KX_OK;
}
