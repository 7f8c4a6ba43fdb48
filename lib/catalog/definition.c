/*
 * definition.c -- the members of fields, indexes and relations, each named in one list that reading, writing and
 * comparing share.
 */
#include "catalog/catalog_impl.h"

#include <stdio.h>
#include <string.h>

#define FIELD(member)    offsetof(kx_def_field, given.member)
#define INDEX(member)    offsetof(kx_def_index, given.member)
#define RELATION(member) offsetof(kx_def_relation, given.member)

/* Kinds whose documents hold the key, whose targets' do, and whose links a junction holds. */
enum {
    KEY = 1u << KX_FOREIGN_KEY | 1u << KX_ONE_TO_ONE,
    SET = 1u << KX_RELATED_SET | 1u << KX_RELATED_ONE,
    LINK = 1u << KX_MANY_TO_MANY,
    EVERY = KEY | SET | LINK
};

const kx_member kx_def__field_members[] = {
    {"path", KX_MEMBER_TEXT, FIELD(path), false, 0},
    {"type", KX_MEMBER_TYPE, FIELD(type), false, 0},
    {"optional", KX_MEMBER_FLAG, FIELD(optional), false, 0},
    {"initial", KX_MEMBER_TEXT, FIELD(initial), false, 0},
    {0},
};

const kx_member kx_def__index_members[] = {
    {"paths", KX_MEMBER_TEXT, INDEX(paths), false, 0},
    {"unique", KX_MEMBER_FLAG, INDEX(unique), false, 0},
    {"primary", KX_MEMBER_FLAG, INDEX(primary), false, 0},
    {"multi", KX_MEMBER_FLAG, INDEX(multi), false, 0},
    {"sparse", KX_MEMBER_FLAG, INDEX(sparse), false, 0},
    {"fold", KX_MEMBER_FLAG, INDEX(fold), false, 0},
    {"where", KX_MEMBER_TEXT, INDEX(where), false, 0},
    {"implied", KX_MEMBER_FLAG, offsetof(kx_def_index, implied), true, 0},
    {"table", KX_MEMBER_NUMBER, offsetof(kx_def_index, table), true, 0},
    {0},
};

const kx_member kx_def__relation_members[] = {
    {"name", KX_MEMBER_TEXT, RELATION(name), false, EVERY},
    {"kind", KX_MEMBER_KIND, RELATION(kind), false, EVERY},
    {"target", KX_MEMBER_TEXT, RELATION(target), false, EVERY},
    {"foreign_key", KX_MEMBER_TEXT, RELATION(foreign_key), false, KEY | SET},
    {"related_field", KX_MEMBER_TEXT, RELATION(related_field), false, KEY | LINK},
    {"local_field", KX_MEMBER_TEXT, RELATION(local_field), false, SET | LINK},
    {"reverse", KX_MEMBER_TEXT, RELATION(reverse), false, KEY | LINK},
    {"through", KX_MEMBER_TEXT, RELATION(through), false, LINK},
    {"through_local", KX_MEMBER_TEXT, RELATION(through_local), false, LINK},
    {"through_related", KX_MEMBER_TEXT, RELATION(through_related), false, LINK},
    {"optional", KX_MEMBER_FLAG, RELATION(optional), false, KEY},
    {"enforced", KX_MEMBER_FLAG, RELATION(enforced), false, KEY},
    {"deferred", KX_MEMBER_FLAG, RELATION(deferred), false, KEY},
    {"on_delete", KX_MEMBER_ACTION, RELATION(on_delete), false, KEY},
    {"on_update", KX_MEMBER_ACTION, RELATION(on_update), false, KEY},
    {"implied", KX_MEMBER_FLAG, offsetof(kx_def_relation, implied), true, 0},
    {0},
};

/* ---- one member --------------------------------------------------------------- */

static const char *text_of(const kx_member *member, const void *definition)
{
    return *(const char *const *)((const char *)definition + member->offset);
}

/* Anything but a text, as a number whose 0 is the default. */
static unsigned number_of(const kx_member *member, const void *definition)
{
    const char *at = (const char *)definition + member->offset;
    switch (member->kind) {
    case KX_MEMBER_FLAG: return *(const bool *)at;
    case KX_MEMBER_NUMBER: return *(const uint32_t *)at;
    case KX_MEMBER_TYPE: return (unsigned)*(const kx_type *)at;
    case KX_MEMBER_KIND: return (unsigned)*(const kx_relation_kind *)at;
    case KX_MEMBER_ACTION: return (unsigned)*(const kx_action *)at;
    default: return 0;
    }
}

static const char *name_of(const kx_member *member, const void *definition)
{
    unsigned number = number_of(member, definition);
    switch (member->kind) {
    case KX_MEMBER_TEXT: return text_of(member, definition);
    case KX_MEMBER_TYPE: return kx_type_name((kx_type)number);
    case KX_MEMBER_KIND: return kx_kind_name((kx_relation_kind)number);
    case KX_MEMBER_ACTION: return kx_action_name((kx_action)number);
    default: return NULL;
    }
}

bool kx_def__is_set(const kx_member *member, const void *definition)
{
    return member->kind == KX_MEMBER_TEXT ? text_of(member, definition) != NULL : number_of(member, definition) != 0;
}

static bool are_equal(const kx_member *member, const void *one, const void *other)
{
    if (member->kind != KX_MEMBER_TEXT)
        return number_of(member, one) == number_of(member, other);
    const char *left = text_of(member, one), *right = text_of(member, other);
    return left == right || (left != NULL && right != NULL && strcmp(left, right) == 0);
}

const kx_member *kx_def__differ(const kx_member *members, const void *one, const void *other)
{
    for (const kx_member *member = members + 1; member->name != NULL; member++) {
        if (!member->stored_only && !are_equal(member, one, other))
            return member;
    }
    return NULL;
}

const char *kx_def__phrase(const kx_member *member, const void *definition, char *text, size_t size)
{
    const char *name = name_of(member, definition);
    bool set = kx_def__is_set(member, definition);
    if (member->kind == KX_MEMBER_FLAG && !set && strcmp(member->name, "optional") == 0)
        snprintf(text, size, "required");
    else if (member->kind == KX_MEMBER_FLAG)
        snprintf(text, size, "%s%s", set ? "" : "not ", member->name);
    else if (member->kind == KX_MEMBER_TEXT && !set)
        snprintf(text, size, "without %s", member->name);
    else
        snprintf(text, size, "with %s '%s'", member->name, name != NULL ? name : "?");
    return text;
}

/* ---- kinds and their ends ---------------------------------------------------------- */

bool kx_def__is_key(kx_relation_kind kind)
{
    return kind == KX_FOREIGN_KEY || kind == KX_ONE_TO_ONE;
}

bool kx_def__is_set_of(kx_relation_kind kind)
{
    return kind == KX_RELATED_SET || kind == KX_RELATED_ONE;
}

const char **kx_def__end(kx_relation *relation, kx_end end)
{
    bool is_key = kx_def__is_key(relation->kind), is_link = relation->kind == KX_MANY_TO_MANY;
    switch (end) {
    case KX_END_LOCAL: return is_key ? &relation->foreign_key : &relation->local_field;
    case KX_END_REMOTE: return is_key || is_link ? &relation->related_field : &relation->foreign_key;
    case KX_END_LINK_LOCAL: return is_link ? &relation->through_local : NULL;
    case KX_END_LINK_REMOTE: return is_link ? &relation->through_related : NULL;
    }
    return NULL;
}

const char *kx_def__end_collection(const char *owner, const kx_relation *relation, kx_end end)
{
    if (end == KX_END_LOCAL)
        return owner;
    return end == KX_END_REMOTE ? relation->target : relation->through;
}

/* ---- defaults ------------------------------------------------------------------ */

void kx_def__fill_index(kx_index *index)
{
    index->unique |= index->primary;
}

static kx_action default_action(const kx_relation *relation)
{
    return relation->enforced ? KX_RESTRICT : KX_DO_NOTHING;
}

void kx_def__fill_relation(kx_relation *relation)
{
    if (kx_def__is_key(relation->kind) && relation->related_field == NULL)
        relation->related_field = relation->foreign_key;
    if (kx_def__is_set_of(relation->kind) && relation->local_field == NULL)
        relation->local_field = relation->foreign_key;
    if (relation->kind == KX_MANY_TO_MANY && relation->through_local == NULL)
        relation->through_local = relation->local_field;
    if (relation->kind == KX_MANY_TO_MANY && relation->through_related == NULL)
        relation->through_related = relation->related_field;
    if (relation->on_delete == KX_ACTION_DEFAULT)
        relation->on_delete = default_action(relation);
    if (relation->on_update == KX_ACTION_DEFAULT)
        relation->on_update = default_action(relation);
}

static void strip_text(const char **text, const char *otherwise)
{
    if (*text != NULL && otherwise != NULL && strcmp(*text, otherwise) == 0)
        *text = NULL;
}

void kx_def__strip_relation(kx_relation *relation)
{
    strip_text(&relation->through_local, relation->local_field);
    strip_text(&relation->through_related, relation->related_field);
    strip_text(&relation->related_field, relation->foreign_key);
    strip_text(&relation->local_field, relation->foreign_key);
    if (relation->on_delete == default_action(relation))
        relation->on_delete = KX_ACTION_DEFAULT;
    if (relation->on_update == default_action(relation))
        relation->on_update = KX_ACTION_DEFAULT;
}

/* ---- from a catalog -------------------------------------------------------------- */

kx_def_field kx_def__of_field(const kx_cat_field *field)
{
    return (kx_def_field){
        .given = {.path = field->path_text,
                  .type = field->type,
                  .optional = field->optional,
                  .initial = field->initial},
        .raw = field->raw,
    };
}

kx_def_index kx_def__of_index(const kx_cat_index *index)
{
    return (kx_def_index){
        .given = {.paths = index->paths,
                  .unique = index->unique,
                  .primary = index->primary,
                  .multi = index->multi,
                  .sparse = index->sparse,
                  .fold = index->fold,
                  .where = index->where},
        .table = index->table.number,
        .implied = index->implied,
        .raw = index->raw,
    };
}

kx_def_relation kx_def__of_relation(const kx_cat_relation *relation)
{
    return (kx_def_relation){.given = relation->declared, .implied = relation->implied, .raw = relation->raw};
}
