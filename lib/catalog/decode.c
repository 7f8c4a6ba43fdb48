/*
 * decode.c -- a catalog out of kx/meta and kx/catalog.
 *
 * The bytes may be anybody's. What cannot be a catalog is KX_CORRUPT: no table may be named twice, every relation
 * must find its target and its index. What a later version wrote is no damage; see read.c.
 */
#include "catalog/catalog_impl.h"

#include <inttypes.h>
#include <string.h>

/* ---- kx/meta ----------------------------------------------------------------------- */

static int corrupt_meta(const char *member)
{
    return kx_base__fail(KX_CORRUPT, "kx/meta: '%s' is missing or no number that it can be", member);
}

static int get_number(kx_slice map, const char *member, uint64_t most, uint64_t *number)
{
    kx_slice item;
    kx_value value = {0};
    *number = 0;
    if (!kx_document__find(map, member, strlen(member), &item) || kx_document__value(item, &value) != KX_OK)
        return corrupt_meta(member);
    bool fits = (value.type == KX_TYPE_INT && value.integer >= 0) || value.type == KX_TYPE_UINT;
    if (!fits || (uint64_t)value.integer > most)
        return corrupt_meta(member);
    *number = (uint64_t)value.integer;
    return KX_OK;
}

static int check_features(kx_slice meta)
{
    kx_slice item;
    kx_value value = {0};
    if (!kx_document__find(meta, "features", strlen("features"), &item))
        return KX_OK;
    if (kx_document__value(item, &value) != KX_OK || (value.type != KX_TYPE_INT && value.type != KX_TYPE_UINT))
        return corrupt_meta("features");
    uint64_t unknown = (uint64_t)value.integer & ~(uint64_t)KX_KNOWN_FEATURES;
    if (unknown != 0)
        return kx_base__fail(KX_FORMAT,
                             "the store needs features 0x%" PRIx64
                             " that this version of liblmdbkenobix does not have; a newer one reads it",
                             unknown);
    return KX_OK;
}

static int check_format(kx_slice meta)
{
    uint64_t format;
    if (kx_document__type(meta) != KX_TYPE_MAP)
        return kx_base__fail(KX_CORRUPT, "kx/meta: row 0 is no document");
    int rc = get_number(meta, "format", UINT64_MAX, &format);
    if (rc != KX_OK)
        return rc;
    if (format == 0)
        return corrupt_meta("format");
    if (format > KX_CATALOG_FORMAT)
        return kx_base__fail(KX_FORMAT,
                             "the store has format %" PRIu64
                             ", this version of liblmdbkenobix reads formats up to %d; a newer one reads it",
                             format, KX_CATALOG_FORMAT);
    return check_features(meta);
}

int kx_catalog__epoch(kx_slice meta, uint64_t *epoch)
{
    *epoch = 0;
    int rc = check_format(meta);
    return rc == KX_OK ? get_number(meta, "epoch", INT64_MAX, epoch) : rc;
}

/* ---- table numbers -------------------------------------------------------------------- */

/* Each number is somebody's once. */
typedef struct claims {
    uint32_t next_table;
    uint8_t taken[KX_STORE_TABLES / 8];
} claims;

static bool claim(claims *all, uint64_t number)
{
    if (number < KX_STORE_FIRST_TABLE || number >= all->next_table)
        return false;
    uint8_t bit = (uint8_t)(1u << (number & 7));
    bool first = (all->taken[number / 8] & bit) == 0;
    all->taken[number / 8] |= bit;
    return first;
}

static int read_free_list(kx_catalog *draft, kx_slice list, kx_store_shape shape, claims *all)
{
    kx_members walk = kx_document__members(list);
    while (kx_document__next(&walk)) {
        kx_value value = {0};
        int rc = kx_document__value(walk.item, &value);
        if (rc != KX_OK || value.type != KX_TYPE_INT || !claim(all, (uint64_t)value.integer))
            return corrupt_meta("free");
        rc = kx_draft__give_table(draft, (kx_store_table){(uint32_t)value.integer, shape});
        if (rc != KX_OK)
            return rc;
    }
    return walk.malformed ? corrupt_meta("free") : KX_OK;
}

static int read_free(kx_catalog *draft, kx_slice meta, claims *all)
{
    static const struct {
        const char *name;
        kx_store_shape shape;
    } shapes[] = {
        {"rows", KX_STORE_ROWS},
        {"unique", KX_STORE_UNIQUE},
        {"postings", KX_STORE_POSTINGS},
    };
    kx_slice lists, list;
    if (!kx_document__find(meta, "free", strlen("free"), &lists))
        return KX_OK;
    int rc = KX_OK;
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0] && rc == KX_OK; i++) {
        if (kx_document__find(lists, shapes[i].name, strlen(shapes[i].name), &list))
            rc = read_free_list(draft, list, shapes[i].shape, all);
    }
    return rc;
}

static int read_meta(kx_catalog *draft, kx_slice meta, claims *all)
{
    uint64_t schema_version = 0, next_table = 0;
    int rc = kx_catalog__epoch(meta, &draft->epoch);
    if (rc == KX_OK)
        rc = get_number(meta, "schema_version", UINT32_MAX, &schema_version);
    if (rc == KX_OK)
        rc = get_number(meta, "next_table", KX_STORE_TABLES, &next_table);
    if (rc == KX_OK && next_table < KX_STORE_FIRST_TABLE)
        rc = corrupt_meta("next_table");
    if (rc != KX_OK)
        return rc;
    draft->schema_version = (uint32_t)schema_version;
    draft->next_table = (uint32_t)next_table;
    all->next_table = (uint32_t)next_table;
    rc = read_free(draft, meta, all);
    if (rc == KX_OK) {
        draft->own->meta = kx_slice_of(kx_arena__copy(&draft->own->arena, meta.data, meta.size), meta.size);
        rc = draft->own->meta.data != NULL ? KX_OK : kx_base__nomem();
    }
    return rc;
}

/* ---- kx/catalog --------------------------------------------------------------------------- */

static int corrupt_row(const char *collection, const char *what, const char *name)
{
    return kx_base__fail_at(KX_CORRUPT, collection, name, NULL, NULL,
                            "kx/catalog: %s '%s' of collection '%s' is damaged", what, name != NULL ? name : "",
                            collection);
}

/* What add_… calls invalid was valid once: no user's mistake. */
static int verdict(int rc, const char *collection, const char *what, const char *name)
{
    return rc == KX_INVALID || rc == KX_LIMIT ? corrupt_row(collection, what, name) : rc;
}

static int add_fields(kx_catalog *draft, size_t position, const kx_def_collection *def)
{
    int rc = KX_OK;
    for (size_t i = 0; i < def->field_count && rc == KX_OK; i++) {
        const char *path = def->fields[i].given.path;
        if (kx_catalog__field(&draft->collections[position], path) != NULL)
            return corrupt_row(def->name, "field", path);
        rc = verdict(kx_draft__add_field(draft, position, &def->fields[i]), def->name, "field", path);
    }
    return rc;
}

static int add_indexes(kx_catalog *draft, size_t position, const kx_def_collection *def, claims *all)
{
    int rc = KX_OK;
    bool primary = false;
    for (size_t i = 0; i < def->index_count && rc == KX_OK; i++) {
        const kx_def_index *index = &def->indexes[i];
        bool has_table = index->given.primary ? index->table == 0 && !primary : claim(all, index->table);
        primary |= index->given.primary;
        if (!has_table || kx_catalog__index(&draft->collections[position], index->given.paths) != NULL)
            return corrupt_row(def->name, "index", index->given.paths);
        rc = verdict(kx_draft__add_index(draft, position, index), def->name, "index", index->given.paths);
    }
    return rc;
}

static bool has_ends(const kx_relation *relation)
{
    bool has_key = relation->kind == KX_MANY_TO_MANY
                       ? relation->through != NULL && relation->local_field != NULL && relation->related_field != NULL
                       : relation->foreign_key != NULL;
    return relation->target != NULL && has_key && kx_kind_name(relation->kind) != NULL;
}

static int add_relations(kx_catalog *draft, size_t position, const kx_def_collection *def)
{
    int rc = KX_OK;
    for (size_t i = 0; i < def->relation_count && rc == KX_OK; i++) {
        const kx_relation *given = &def->relations[i].given;
        if (!has_ends(given) || kx_catalog__relation(&draft->collections[position], given->name) != NULL)
            return corrupt_row(def->name, "relation", given->name);
        rc = verdict(kx_draft__add_relation(draft, position, &def->relations[i]), def->name, "relation", given->name);
    }
    return rc;
}

static int keep_raw(kx_catalog *draft, size_t position, const kx_def_collection *def)
{
    kx_cat_collection *collection = &draft->collections[position];
    collection->changed = false;
    collection->writable = !def->newer;
    if (def->raw.size == 0)
        return KX_OK;
    collection->raw = kx_slice_of(kx_arena__copy(&draft->own->arena, def->raw.data, def->raw.size), def->raw.size);
    return collection->raw.data != NULL ? KX_OK : kx_base__nomem();
}

static int add_row(kx_catalog *draft, uint64_t number, kx_slice document, kx_arena *scratch, claims *all)
{
    kx_def_collection def;
    size_t position = 0;
    int rc = kx_def__read(document, true, scratch, &def);
    if (rc != KX_OK)
        return kx_base__fail_in(rc, "kx/catalog, row %" PRIu64, number);
    if (!claim(all, number) || kx_draft__find(draft, def.name) != SIZE_MAX)
        return corrupt_row(def.name, "row or name", def.name);
    rc = verdict(kx_draft__add_collection(draft, def.name, (uint32_t)number, &position), def.name, "name", def.name);
    if (rc == KX_OK)
        rc = add_fields(draft, position, &def);
    if (rc == KX_OK)
        rc = add_indexes(draft, position, &def, all);
    if (rc == KX_OK)
        rc = add_relations(draft, position, &def);
    return rc == KX_OK ? keep_raw(draft, position, &def) : rc;
}

static bool stands_on_unreadable(const kx_catalog *draft, const kx_cat_collection *owner,
                                 const kx_cat_relation *relation)
{
    kx_need needs[KX_NEEDS];
    size_t count = kx_draft__needs_of(owner, relation, needs);
    for (size_t n = 1; n < count; n++) { /* its own collection's may be missing: that is only read, too */
        size_t position = kx_draft__find(draft, needs[n].collection);
        if (position != SIZE_MAX && !draft->collections[position].writable && !kx_draft__is_met(draft, &needs[n]))
            return true;
    }
    return false;
}

/*
 * A relation may stand on an index that only a later version can read. It is left out like what is itself of a later
 * version; for that, `documents` has to be at hand, because the row must be kept whole from now on.
 */
static int drop_unreadable(kx_catalog *draft, const uint64_t *numbers, const kx_slice *documents, size_t count)
{
    for (size_t i = 0; i < draft->count; i++) {
        kx_cat_collection *collection = &draft->collections[i];
        for (size_t r = collection->relation_count; r-- > 0;) {
            if (!stands_on_unreadable(draft, collection, &collection->relations[r]))
                continue;
            kx_draft__remove_relation(collection, r);
            collection->writable = false;
        }
        collection->changed = false;
        for (size_t d = 0; d < count && !collection->writable && collection->raw.size == 0; d++) {
            if (numbers[d] == collection->number)
                collection->raw = kx_slice_of(kx_arena__copy(&draft->own->arena, documents[d].data, documents[d].size),
                                              documents[d].size);
        }
        if (!collection->writable && collection->raw.data == NULL)
            return kx_base__nomem();
    }
    return KX_OK;
}

int kx_catalog__decode(kx_cat_make_predicate *make, kx_slice meta, const uint64_t *numbers, const kx_slice *documents,
                       size_t count, kx_catalog **catalog)
{
    kx_catalog *draft = NULL;
    kx_arena scratch = {0};
    claims all = {0};
    *catalog = NULL;
    int rc = kx_draft__new(make, &draft);
    if (rc == KX_OK)
        rc = read_meta(draft, meta, &all);
    for (size_t i = 0; i < count && rc == KX_OK; i++)
        rc = add_row(draft, numbers[i], documents[i], &scratch, &all);
    if (rc == KX_OK)
        rc = drop_unreadable(draft, numbers, documents, count);
    if (rc == KX_OK)
        rc = kx_draft__finish(draft);
    if (rc == KX_OK)
        *catalog = draft;
    else
        kx_catalog__release(draft);
    kx_arena__free(&scratch);
    return rc;
}
