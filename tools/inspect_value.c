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

/* ---- parts ------------------------------------------------------------------------------ */

char **inspect_split(const char *text)
{
    size_t count = 0, capacity = 2;
    bool   quoted = false;
    char **parts;

    for (const char *at = text; *at != '\0'; at++)
        capacity += *at == ',';
    parts = tool_alloc(capacity * sizeof(*parts));
    for (const char *begin = text, *at = text;; at++) {
        const char *end = at;

        if (*at == '`')
            quoted = !quoted;
        if (*at != '\0' && (*at != ',' || quoted))
            continue;
        while (*begin == ' ')
            begin++;
        while (end > begin && end[-1] == ' ')
            end--;
        parts[count++] = tool_print("%.*s", (int)(end - begin), begin);
        if (*at == '\0')
            break;
        begin = at + 1;
    }
    parts[count] = NULL;
    return parts;
}

/* ---- lists ------------------------------------------------------------------------------ */

/* A value of a list, its text moved to `*room`. False: it is a container, or nothing. */
static bool take_member(json_part part, char **room, kx_value *value)
{
    char *text = tool_print("%.*s", (int)part.size, part.text), *kept;
    bool  taken = part.size > 0 && strchr("[{", text[0]) == NULL;

    *value = inspect_value(text, &kept);
    taken = taken && (value->type != KX_TYPE_TEXT || kept != NULL);
    if (taken && kept != NULL) {
        memcpy(*room, kept, value->size);
        value->data = *room;
        *room += value->size;
    }
    free(text);
    free(kept);
    return taken;
}

/* The members, ended by "no value", and behind them their texts. NULL: it is no JSON array of single values. */
static kx_value *members_of(const char *text)
{
    size_t    size = strlen(text), most = 2, count = 0;
    kx_value *members;
    json_walk walk;
    char     *room;
    bool      whole;

    for (const char *at = text; *at != '\0'; at++)
        most += *at == ',';
    members = tool_alloc(most * sizeof(*members) + size);
    room = (char *)(members + most);
    whole = json_begin(&walk, text, size, '[');
    while (whole && json_next(&walk))
        whole = take_member(walk.value, &room, &members[count++]);
    if (!whole || walk.at == walk.end || *walk.at != ']' || json_skip(walk.at + 1, walk.end) != walk.end) {
        free(members);
        return NULL;
    }
    memset(&members[count], 0, sizeof(*members));
    return members;
}

kx_value inspect_argument(const char *text, char **kept)
{
    kx_value *members = members_of(text);

    if (members == NULL)
        return inspect_value(text, kept);
    *kept = (char *)members;
    return kx_list(members);
}

/* ---- relations ----------------------------------------------------------------------------- */

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
