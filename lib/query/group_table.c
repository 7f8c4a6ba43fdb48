/* group_table.c -- groups in bounded memory; groups.h says how. */
#include <stdlib.h>
#include <string.h>

#include "query/groups.h"

/* Everything that belongs to a group moves together when groups are sorted, so that only these do. */
typedef struct kx_query_slot {
    uint64_t head; /* first 8 bytes of the key: most comparisons end there */
    size_t key_at, key_size;
    size_t at; /* of its values and totals */
    uint64_t hash, count;
    uint64_t id; /* whose values they are: the lowest */
} slot;

enum { FEWEST = 64 };

/* ---- keys ----------------------------------------------------------------------------------- */

static kx_slice key_of(const kx_query_table *table, const slot *group)
{
    return kx_slice_of(table->bytes.data + group->key_at, group->key_size);
}

static int compare_groups(const void *left, const void *right, void *context)
{
    const slot *l = left, *r = right;
    if (l->head != r->head)
        return l->head < r->head ? -1 : 1;
    return kx_slice_compare(key_of(context, l), key_of(context, r));
}

static void sort_groups(kx_query_table *table)
{
    if (table->count > 1)
        qsort_r(table->groups, table->count, sizeof *table->groups, compare_groups, table);
}

static uint64_t head_of(kx_slice key)
{
    uint8_t head[8] = {0};
    uint64_t word = 0;
    memcpy(head, key.data, key.size < sizeof head ? key.size : sizeof head);
    for (size_t i = 0; i < sizeof head; i++)
        word = word << 8 | head[i];
    return word;
}

static int copy_key(kx_buf *to, kx_slice key)
{
    kx_buf__clear(to);
    kx_buf__append(to, key.data, key.size);
    return to->rc;
}

/* ---- places ------------------------------------------------------------------------------------- */

static uint32_t *place_of(const kx_query_table *table, kx_slice key, uint64_t hash)
{
    size_t mask = table->place_count - 1, i = (size_t)hash & mask;
    for (; table->places[i] != 0; i = (i + 1) & mask) {
        const slot *group = &table->groups[table->places[i] - 1];
        if (group->hash == hash && group->key_size == key.size && kx_slice_compare(key_of(table, group), key) == 0)
            break;
    }
    return &table->places[i];
}

static void place_all(kx_query_table *table)
{
    memset(table->places, 0, table->place_count * sizeof *table->places);
    for (size_t i = 0; i < table->count; i++)
        *place_of(table, key_of(table, &table->groups[i]), table->groups[i].hash) = (uint32_t)i + 1;
}

static size_t size_of_group(const kx_query_table *table)
{
    return sizeof(slot) + table->parts * sizeof(kx_value) + 2 * sizeof(uint32_t) +
           (table->sums ? sizeof(kx_query_totals) : 0);
}

/* Room for twice as many groups; places stay half empty. */
static int grow(kx_query_table *table)
{
    size_t room = table->room > 0 ? 2 * table->room : FEWEST;
    if (room > UINT32_MAX / 2)
        return kx_base__fail(KX_LIMIT, "more than %u groups at a time", UINT32_MAX / 4);
    slot *groups = kx_base__realloc(table->groups, kx_base__times(room, sizeof *groups));
    table->groups = groups != NULL ? groups : table->groups;
    kx_value *values = kx_base__realloc(table->values, kx_base__times(room * table->parts, sizeof *values));
    table->values = values != NULL ? values : table->values;
    kx_query_totals *totals = kx_base__realloc(table->totals, kx_base__times(table->sums ? room : 1, sizeof *totals));
    table->totals = totals != NULL ? totals : table->totals;
    uint32_t *places = kx_base__alloc(kx_base__times(2 * room, sizeof *places));
    if (groups == NULL || values == NULL || totals == NULL || places == NULL) {
        kx_base__free(places);
        return kx_base__nomem();
    }
    kx_base__free(table->places);
    table->places = places;
    table->place_count = 2 * room;
    table->room = room;
    place_all(table);
    return KX_OK;
}

/* ---- the half that stays ---------------------------------------------------------------------------- */

/* Values and totals are put in the order of their groups; those of dropped ones are written over. */
static int keep_first(kx_query_table *table, size_t keep)
{
    kx_value *values = kx_base__alloc(kx_base__times(table->room * table->parts, sizeof *values));
    kx_query_totals *totals = kx_base__alloc(kx_base__times(table->sums ? table->room : 1, sizeof *totals));
    kx_buf bytes = {0};
    for (size_t i = 0; values != NULL && totals != NULL && i < keep; i++) {
        slot *group = &table->groups[i];
        memcpy(values + i * table->parts, table->values + group->at * table->parts, table->parts * sizeof *values);
        if (table->sums)
            totals[i] = table->totals[group->at];
        kx_slice key = key_of(table, group);
        group->key_at = bytes.size;
        group->at = i;
        kx_buf__append(&bytes, key.data, key.size);
    }
    if (values == NULL || totals == NULL || bytes.rc != KX_OK) {
        kx_base__free(values);
        kx_base__free(totals);
        kx_buf__free(&bytes);
        return kx_base__nomem();
    }
    kx_base__free(table->values);
    kx_base__free(table->totals);
    kx_buf__free(&table->bytes);
    table->values = values;
    table->totals = totals;
    table->bytes = bytes;
    table->count = keep;
    place_all(table);
    return KX_OK;
}

static int cut(kx_query_table *table)
{
    size_t keep = table->count / 2;
    sort_groups(table);
    int rc = copy_key(&table->last, key_of(table, &table->groups[keep - 1]));
    table->has_last = table->more = true;
    return rc == KX_OK ? keep_first(table, keep) : rc;
}

/* ---- adding ---------------------------------------------------------------------------------------------- */

/* Copied values stand behind the key; what they point to is found again when they are handed out. */
static void copy_values(kx_query_table *table, kx_value *values)
{
    for (size_t i = 0; table->copies && i < table->parts; i++) {
        if (values[i].data == NULL)
            continue;
        size_t at = table->bytes.size;
        kx_buf__append(&table->bytes, values[i].data, values[i].size);
        values[i].reserved = at;
    }
}

static int set_values(kx_query_table *table, slot *group, uint64_t id, const kx_value *values)
{
    kx_value *own = table->values + group->at * table->parts;
    group->id = id;
    memcpy(own, values, table->parts * sizeof *own);
    copy_values(table, own);
    return table->bytes.rc;
}

static int add_group(kx_query_table *table, kx_slice key, uint64_t hash, uint64_t id, const kx_value *values,
                     slot **made)
{
    int rc = table->count == table->room ? grow(table) : KX_OK;
    if (rc != KX_OK)
        return rc;
    slot *group = &table->groups[table->count];
    *group = (slot){
        .head = head_of(key), .key_at = table->bytes.size, .key_size = key.size, .at = table->count, .hash = hash};
    kx_buf__append(&table->bytes, key.data, key.size);
    rc = set_values(table, group, id, values);
    if (rc != KX_OK)
        return rc;
    if (table->sums)
        table->totals[table->count] = (kx_query_totals){0};
    *place_of(table, key, hash) = (uint32_t)++table->count;
    *made = group;
    return KX_OK;
}

static bool is_wanted(const kx_query_table *table, kx_slice key)
{
    return !(table->has_after && kx_slice_compare(key, kx_buf__slice(&table->after)) <= 0) &&
           !(table->has_last && kx_slice_compare(key, kx_buf__slice(&table->last)) > 0);
}

/* Would one more group take what the table may not have? Arrays double. */
static bool is_over(const kx_query_table *table)
{
    size_t room = table->count < table->room ? table->room : 2 * table->room;
    return table->count >= 2 && kx_base__times(room, size_of_group(table)) + table->bytes.capacity > table->budget &&
           (room > table->room || table->bytes.capacity > table->budget);
}

int kx_query__table_add(kx_query_table *table, kx_slice key, uint64_t id, const kx_value *values, uint64_t documents,
                        kx_query_totals **totals)
{
    uint64_t hash = kx_base__hash64(key.data, key.size, 0);
    slot *group = NULL;
    *totals = NULL;
    uint32_t place = table->count > 0 ? *place_of(table, key, hash) : 0;
    if (place != 0)
        group = &table->groups[place - 1];
    if (group == NULL && !is_wanted(table, key))
        return KX_OK;
    int rc = group == NULL && is_over(table) ? cut(table) : KX_OK;
    if (rc == KX_OK && group == NULL && is_wanted(table, key))
        rc = add_group(table, key, hash, id, values, &group);
    if (rc == KX_OK && group != NULL && id < group->id)
        rc = set_values(table, group, id, values);
    if (rc != KX_OK || group == NULL)
        return rc;
    group->count += documents;
    *totals = table->sums ? &table->totals[group->at] : NULL;
    return KX_OK;
}

/* ---- passes ------------------------------------------------------------------------------------------------- */

void kx_query__table_begin(kx_query_table *table)
{
    table->count = 0;
    table->has_last = table->more = false;
    kx_buf__clear(&table->bytes);
    if (table->places != NULL)
        place_all(table);
}

int kx_query__table_end(kx_query_table *table)
{
    sort_groups(table);
    if (!table->more)
        return KX_OK;
    table->has_after = true;
    return copy_key(&table->after, key_of(table, &table->groups[table->count - 1]));
}

void kx_query__table_group(const kx_query_table *table, size_t at, kx_value *values, kx_query_bucket *group)
{
    const slot *from = &table->groups[at];
    const kx_value *own = table->values + from->at * table->parts;
    for (size_t i = 0; i < table->parts; i++) {
        values[i] = own[i];
        values[i].reserved = 0;
        if (table->copies && own[i].data != NULL)
            values[i].data = table->bytes.data + own[i].reserved;
    }
    *group = (kx_query_bucket){.key = key_of(table, from), .values = values, .count = from->count};
    if (table->sums)
        group->totals = table->totals[from->at];
}

void kx_query__table_free(kx_query_table *table)
{
    kx_base__free(table->groups);
    kx_base__free(table->values);
    kx_base__free(table->totals);
    kx_base__free(table->places);
    kx_buf__free(&table->bytes);
    kx_buf__free(&table->after);
    kx_buf__free(&table->last);
    *table = (kx_query_table){0};
}
