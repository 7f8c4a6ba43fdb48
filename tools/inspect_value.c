/*
 * inspect_value.c -- values from the command line, relations in words. See inspect.h.
 */
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "inspect.h"
#include "json_text.h"

static bool is_integer(const char *text)
{
    return text[strspn(text, "-0123456789")] == '\0';
}

/* A number as JSON has it. False: it is none. */
static bool number_of(const char *text, kx_value *value)
{
    uint64_t size = strlen(text), count;

    if (json_number_end(text, text + size) != text + size || size == 0)
        return false;
    if (!is_integer(text)) {
        *value = kx_real(strtod(text, NULL));
        return true;
    }
    if (json_count((json_part){text, size}, &count))
        *value = kx_uint(count);
    else if (text[0] == '-' && json_count((json_part){text + 1, size - 1}, &count) && count <= (uint64_t)1 << 63)
        *value = kx_int(count == (uint64_t)1 << 63 ? INT64_MIN : -(int64_t)count);
    else
        *value = kx_real(strtod(text, NULL));
    return true;
}

kx_value inspect_value(const char *text, char **kept)
{
    json_part whole = {text, strlen(text)};
    kx_value  value;
    size_t    size;

    *kept = json_text(whole, &size);
    if (*kept != NULL)
        return kx_text_n(*kept, size);
    if (strcmp(text, "null") == 0)
        return kx_null();
    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
        return kx_bool(text[0] == 't');
    return number_of(text, &value) ? value : kx_text(text);
}

static void put_action(FILE *out, const char *when, kx_action action)
{
    if (action != KX_ACTION_DEFAULT && action != KX_DO_NOTHING)
        fprintf(out, ", on %s %s", when, kx_action_name(action));
}

static void put_name(FILE *out, const char *before, const char *name)
{
    if (name == NULL)
        return;
    fputs(before, out);
    tool_show(out, name, strlen(name), SIZE_MAX);
}

void inspect_put_relation(FILE *out, const kx_relation *relation)
{
    bool set = relation->kind == KX_RELATED_SET || relation->kind == KX_RELATED_ONE;

    put_name(out, "", kx_kind_name(relation->kind));
    if (set) {
        put_name(out, " of ", relation->target);
        put_name(out, " whose ", relation->foreign_key);
        put_name(out, " is this ", relation->local_field);
    } else {
        put_name(out, " ", relation->foreign_key);
        put_name(out, " to ", relation->target);
        put_name(out, ".", relation->related_field);
    }
    put_name(out, " through ", relation->through);
    put_name(out, ", reverse ", relation->reverse);
    fputs(relation->optional ? ", optional" : "", out);
    fputs(relation->enforced ? relation->deferred ? ", enforced at commit" : ", enforced" : "", out);
    put_action(out, "delete", relation->on_delete);
    put_action(out, "update", relation->on_update);
}
