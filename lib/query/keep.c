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

int kx_query__keep(kx_arena *arena, const kx_query *query, const kx_query **result)
{
    kx_query *kept = kx_arena__copy(arena, query, sizeof *query);
    *result = kept;
    if (kept == NULL)
        return kx_base__nomem();
    kept->prefetch = kept->include = NULL;
    if (kept->prepared != NULL)
        kept->filter = kept->prepared->text; /* the caller's filter may go before */
    kept->prepared = NULL;
    kept->sets = NULL;
    bool done = (kept->where == NULL || keep_where(arena, &kept->where)) &&
                (kept->args == NULL || keep_args(arena, &kept->args)) && keep_text(arena, &kept->filter) &&
                keep_text(arena, &kept->order_by) && keep_text(arena, &kept->after);
    return done ? KX_OK : kx_base__nomem();
}
