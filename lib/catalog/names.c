/*
 * names.c -- the names of types, kinds and actions in schemas and messages, and what may be a name.
 */
#include "catalog/catalog_impl.h"

#include <string.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const char *const type_names[] = {
    [KX_TYPE_NONE] = "any",  [KX_TYPE_NULL] = "null",   [KX_TYPE_BOOL] = "bool", [KX_TYPE_INT] = "int",
    [KX_TYPE_UINT] = "uint", [KX_TYPE_REAL] = "real",   [KX_TYPE_TEXT] = "text", [KX_TYPE_BINARY] = "binary",
    [KX_TYPE_TIME] = "time", [KX_TYPE_ARRAY] = "array", [KX_TYPE_MAP] = "map",   [KX_TYPE_EXT] = "ext",
    [KX_TYPE_LIST] = "list",
};

static const char *const kind_names[] = {
    [KX_FOREIGN_KEY] = "foreign_key", [KX_RELATED_SET] = "related_set",   [KX_ONE_TO_ONE] = "one_to_one",
    [KX_RELATED_ONE] = "related_one", [KX_MANY_TO_MANY] = "many_to_many",
};

static const char *const action_names[] = {
    [KX_ACTION_DEFAULT] = "default",  [KX_DO_NOTHING] = "do_nothing", [KX_RESTRICT] = "restrict",
    [KX_PROTECT] = "protect",         [KX_CASCADE] = "cascade",       [KX_SET_NULL] = "set_null",
    [KX_SET_DEFAULT] = "set_default",
};

static const char *name_of(const char *const *names, size_t count, size_t number)
{
    return number < count ? names[number] : NULL;
}

const char *kx_type_name(kx_type type)
{
    return name_of(type_names, COUNT(type_names), (size_t)type);
}

const char *kx_kind_name(kx_relation_kind kind)
{
    return name_of(kind_names, COUNT(kind_names), (size_t)kind);
}

const char *kx_action_name(kx_action action)
{
    return name_of(action_names, COUNT(action_names), (size_t)action);
}

/* The number of a name; `count` when there is none. */
static size_t number_of(const char *const *names, size_t count, kx_slice name)
{
    size_t number = 0;
    while (number < count && (names[number] == NULL || strlen(names[number]) != name.size ||
                              memcmp(names[number], name.data, name.size) != 0))
        number++;
    return number;
}

bool kx_catalog__is_field_type(kx_type type)
{
    switch (type) {
    case KX_TYPE_NONE:
    case KX_TYPE_BOOL:
    case KX_TYPE_INT:
    case KX_TYPE_REAL:
    case KX_TYPE_TEXT:
    case KX_TYPE_BINARY:
    case KX_TYPE_TIME:
    case KX_TYPE_ARRAY:
    case KX_TYPE_MAP: return true;
    default: return false;
    }
}

bool kx_catalog__type_named(kx_slice name, kx_type *type)
{
    *type = (kx_type)number_of(type_names, COUNT(type_names), name);
    return kx_catalog__is_field_type(*type);
}

bool kx_catalog__kind_named(kx_slice name, kx_relation_kind *kind)
{
    size_t number = number_of(kind_names, COUNT(kind_names), name);
    *kind = (kx_relation_kind)number;
    return number < COUNT(kind_names);
}

bool kx_catalog__action_named(kx_slice name, kx_action *action)
{
    size_t number = number_of(action_names, COUNT(action_names), name);
    *action = (kx_action)number;
    return number < COUNT(action_names);
}

/* U+0000 to U+001F and U+007F to U+009F: they would spoil every list and message that shows the name. */
static bool has_control(const char *name)
{
    for (const unsigned char *at = (const unsigned char *)name; *at != '\0'; at++) {
        if (*at < 0x20 || *at == 0x7f || (*at == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f))
            return true;
    }
    return false;
}

/* What is wrong with a name of any sort; NULL: nothing. */
static const char *fault_of(const char *name)
{
    if (name == NULL || name[0] == '\0')
        return "is empty";
    if (!kx_base__utf8(name, strlen(name)))
        return "is no UTF-8";
    return has_control(name) ? "holds a control character" : NULL;
}

int kx_catalog__check_name(const char *name)
{
    const char *fault = fault_of(name);
    if (fault != NULL)
        return kx_base__fail(KX_INVALID, "the name of a collection %s", fault);
    if (strlen(name) > KX_CATALOG_NAME)
        return kx_base__fail(KX_LIMIT, "the name of a collection is longer than %d bytes: '%s'", KX_CATALOG_NAME, name);
    if (strncmp(name, "kx/", 3) == 0)
        return kx_base__fail_at(KX_INVALID, name, NULL, NULL, NULL,
                                "collection '%s': names that begin with kx/ are the store's own", name);
    return KX_OK;
}

/* A relation is named in paths ("user.country") and in lists of them, so it has to be a plain name there. */
int kx_catalog__check_relation_name(const char *collection, const char *name)
{
    const char *fault = fault_of(name);
    if (fault == NULL && strcmp(name, "_id") == 0)
        fault = "is _id, which is the id of every document";
    if (fault == NULL &&
        (strpbrk(name, ".,[]`") != NULL || name[0] == '-' || name[0] == ' ' || name[strlen(name) - 1] == ' '))
        fault = "cannot stand in a path: it holds one of . , [ ] `, begins with '-', or begins or ends with a blank";
    if (fault != NULL)
        return kx_base__fail_at(KX_INVALID, collection, name, NULL, NULL, "the name '%s' of a relation of '%s' %s",
                                name != NULL ? name : "", collection, fault);
    if (strlen(name) > KX_CATALOG_NAME)
        return kx_base__fail_at(KX_LIMIT, collection, name, NULL, NULL,
                                "the name of a relation of '%s' is longer than %d bytes: '%s'", collection,
                                KX_CATALOG_NAME, name);
    return KX_OK;
}
