/* keep.c -- a query that outlives the call which it was given to. */
#include <string.h>

#include "query/query_impl.h"

static bool keep_text(kx_arena *arena, const char **text)
{
    if (*text == NULL)
        return true;
    *text = kx_arena__text(arena, *text, strlen(*text));
    return *text != NULL;
}

static bool keep_bytes(kx_arena *arena, kx_value *value)
{
    if (value->data != NULL && value->type != KX_TYPE_LIST)
        value->data = kx_arena__copy(arena, value->data, value->size);
    return value->data != NULL || value->size == 0;
}

/* Lists hold no lists. */
static bool keep_value(kx_arena *arena, kx_value *value)
{
    if (value->type != KX_TYPE_LIST || value->data == NULL)
        return keep_bytes(arena, value);
    kx_value *items = kx_arena__copy(arena, value->data, (value->size + 1) * sizeof *items);
    value->data = items;
    for (size_t i = 0; items != NULL && i < value->size; i++) {
        if (!keep_bytes(arena, &items[i]))
            return false;
    }
    return items != NULL;
}

static bool keep_where(kx_arena *arena, const kx_condition **where)
{
    size_t count = 0;
    while ((*where)[count].path != NULL)
        count++;
    kx_condition *kept = kx_arena__copy(arena, *where, (count + 1) * sizeof *kept);
    *where = kept;
    for (size_t i = 0; kept != NULL && i < count; i++) {
        if (!keep_text(arena, &kept[i].path) || !keep_value(arena, &kept[i].value))
            return false;
    }
    return kept != NULL;
}

static bool keep_args(kx_arena *arena, const kx_value **args)
{
    size_t count = 0;
    while ((*args)[count].type != KX_TYPE_NONE)
        count++;
    kx_value *kept = kx_arena__copy(arena, *args, (count + 1) * sizeof *kept);
    *args = kept;
    for (size_t i = 0; kept != NULL && i < count; i++) {
        if (!keep_value(arena, &kept[i]))
            return false;
    }
    return kept != NULL;
}

static bool keep_conditions(kx_arena *arena, kx_query *kept)
{
    return (kept->where == NULL || keep_where(arena, &kept->where)) &&
           (kept->args == NULL || keep_args(arena, &kept->args)) && keep_text(arena, &kept->filter) &&
           keep_text(arena, &kept->order_by) && keep_text(arena, &kept->after);
}

/* The queries of sets have no prefetches of their own. */
static bool keep_sets(kx_arena *arena, const kx_prefetch **sets)
{
    size_t count = 0;
    while ((*sets)[count].relation != NULL)
        count++;
    kx_prefetch *kept = kx_arena__copy(arena, *sets, (count + 1) * sizeof *kept);
    *sets = kept;
    for (size_t i = 0; kept != NULL && i < count; i++) {
        if (!keep_text(arena, &kept[i].relation))
            return false;
        if (kept[i].query != NULL && kx_query__keep(arena, kept[i].query, &kept[i].query) != KX_OK)
            return false;
    }
    return kept != NULL;
}

/* The caller's filter may go before. */
static void forget_prepared(kx_query *kept)
{
    if (kept->prepared != NULL)
        kept->filter = kept->prepared->text;
    kept->prepared = NULL;
}

int kx_query__keep(kx_arena *arena, const kx_query *query, const kx_query **result)
{
    kx_query *kept = kx_arena__copy(arena, query, sizeof *query);
    *result = kept;
    if (kept == NULL)
        return kx_base__nomem();
    kept->prefetch = kept->include = NULL;
    forget_prepared(kept);
    kept->sets = NULL;
    return keep_conditions(arena, kept) ? KX_OK : kx_base__nomem();
}

int kx_query__keep_whole(kx_arena *arena, const kx_query *query, const kx_query **result)
{
    kx_query *kept = kx_arena__copy(arena, query, sizeof *query);
    *result = kept;
    if (kept != NULL)
        forget_prepared(kept);
    bool done = kept != NULL && keep_conditions(arena, kept) && keep_text(arena, &kept->prefetch) &&
                keep_text(arena, &kept->include) && (kept->sets == NULL || keep_sets(arena, &kept->sets));
    return done ? KX_OK : kx_base__nomem();
}
