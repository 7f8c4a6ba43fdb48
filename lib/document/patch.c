/*
 * patch.c -- changes to a document's bytes; what they do not touch keeps bytes and order.
 *
 * Whatever its path, one change is one splice, and at most one count that goes up or down by one: that of the container
 * whose member comes or goes. The containers around it keep their counts, and nothing in MessagePack holds lengths of
 * containers in bytes.
 *
 *   set a.c = 2 in {"a": {"b": 1}}     81 a1 61 81 a1 62 01
 *                                      81 a1 61 82 a1 62 01 a1 63 02
 *                                               ^^          ^^^^^^^^   the count, the splice
 *
 * Changes of different plain names, the usual case, are made in one pass over the top level instead.
 */
#include "document/bytes.h"
#include "document/document.h"
#include "document/pack.h"

enum { PLAIN_CHANGES = 64 };

typedef struct edit {
    bool           nothing;         /* an unset that finds nothing */
    bool           counted;         /* the container at `container` gets `delta` members */
    int            delta;
    size_t         container;
    size_t         at, removed;     /* these bytes go, and in their place come: */
    const kx_step *names;           /*   nested maps of one pair each, by these names; */
    uint32_t       name_count;
    bool           joins;           /*   the first name joins an existing map; */
    bool           new_array;       /*   an array around the item; */
    kx_slice       item;            /*   the item, */
    kx_buf         made;            /*   which may be these bytes: owned */
} edit;

static int too_long(void)
{
    return kx_base__fail(KX_LIMIT, "document: longer than %d bytes", KX_DOCUMENT_SIZE);
}

static int damaged(void)
{
    return kx_base__fail(KX_CORRUPT, "document: damaged or cut short");
}

/* `around` containers hold the item: are those inside it still few enough? */
static int check_depth(const kx_change *change, uint32_t around)
{
    if (change->kind == KX_CHANGE_UNSET || change->kind == KX_CHANGE_REMOVE)
        return KX_OK;
    if (around > KX_DOCUMENT_DEPTH)
        return kx_base__fail(KX_LIMIT, "path '%s': deeper than %d levels", change->path, KX_DOCUMENT_DEPTH);
    kx_type type = kx_document__type(change->item);
    if (type != KX_TYPE_ARRAY && type != KX_TYPE_MAP)
        return KX_OK;
    return kx_document__validate(change->item, KX_DOCUMENT_DEPTH - around, change->path, NULL);
}

/* ---- one change: where ------------------------------------------------------------- */

typedef struct place {
    size_t container;       /* offset of the array or map that holds it */
    size_t member;          /* offset of its key, or of itself in an array */
    size_t at, size;        /* the item */
} place;

static int wrong_path(const kx_change *change, const kx_step *steps, uint32_t count, const char *what)
{
    for (uint32_t i = count; i > 0; i--) {
        if (steps[i - 1].kind == KX_STEP_NAME)
            return kx_base__fail(KX_INVALID, "path '%s': '%.*s' %s", change->path, (int)steps[i - 1].size,
                                 steps[i - 1].name, what);
    }
    return kx_base__fail(KX_INVALID, "path '%s': the document %s", change->path, what);
}

/* Move `here` to the member that `step` names. *found false: there is none. */
static int enter(kx_slice document, const kx_step *step, place *here, bool *found)
{
    kx_members members = kx_document__members(kx_slice_of(document.data + here->at, here->size));
    const uint8_t *start = members.at;
    uint32_t position = 0;
    for (*found = false; !*found && kx_document__next(&members); position++) {
        *found = step->kind == KX_STEP_INDEX ? position == step->index
                                             : members.key.size == step->size &&
                                                   memcmp(members.key.data, step->name, step->size) == 0;
        if (*found) {
            here->container = here->at;
            here->member = (size_t)(start - document.data);
            here->at = (size_t)(members.item.data - document.data);
            here->size = members.item.size;
        }
        start = members.at;
    }
    return members.malformed ? damaged() : KX_OK;
}

/* What comes when step `from` of the path and those behind it are to be made. */
static int make_rest(const kx_change *change, const kx_path *path, uint32_t from, edit *e)
{
    e->names = path->steps + from;
    e->name_count = path->count - from;
    e->new_array = change->kind == KX_CHANGE_APPEND;
    e->item = change->item;
    for (uint32_t i = from; i < path->count; i++) {
        if (path->steps[i].kind != KX_STEP_NAME)
            return wrong_path(change, path->steps, i, "is no array yet");
    }
    return KX_OK;
}

static void insert_last(edit *e, const place *container)
{
    e->counted = true;
    e->delta = 1;
    e->container = container->at;
    e->at = container->at + container->size;
}

/* The step has no member to go to. */
static int plan_missing(kx_slice document, const kx_change *change, const kx_path *path, uint32_t step,
                        const place *here, edit *e)
{
    kx_slice item = kx_slice_of(document.data + here->at, here->size);
    bool by_name = path->steps[step].kind == KX_STEP_NAME;
    if (change->kind == KX_CHANGE_UNSET || change->kind == KX_CHANGE_REMOVE) {
        e->nothing = true;
        return KX_OK;
    }
    if (by_name && kx_document__type(item) == KX_TYPE_NULL) {
        e->at = here->at;
        e->removed = here->size;
        return make_rest(change, path, step, e);
    }
    insert_last(e, here);
    e->joins = by_name;
    if (!by_name && path->steps[step].index != kx_document__count(item))
        return wrong_path(change, path->steps, step, "has fewer elements");
    return make_rest(change, path, by_name ? step : step + 1, e);
}

/* ---- numbers and elements ------------------------------------------------------------- */

static bool is_integer(const kx_value *value)
{
    return value->type == KX_TYPE_INT || value->type == KX_TYPE_UINT;
}

static bool is_number(const kx_value *value)
{
    return is_integer(value) || value->type == KX_TYPE_REAL;
}

static __int128 integer_of(const kx_value *value)
{
    return value->type == KX_TYPE_UINT ? (__int128)(uint64_t)value->integer : value->integer;
}

static double real_of(const kx_value *value)
{
    return value->type == KX_TYPE_REAL ? value->real : (double)integer_of(value);
}

/* By value: an integer is a real where both are the same number, and 2^53+1 is none. */
static bool is_same(kx_slice left, kx_slice right)
{
    kx_value l, r;
    if (left.size == right.size && memcmp(left.data, right.data, left.size) == 0)
        return true;
    if (kx_document__value(left, &l) != KX_OK || kx_document__value(right, &r) != KX_OK || !is_number(&l) ||
        !is_number(&r))
        return false;
    if (l.type == r.type)
        return l.type == KX_TYPE_REAL && l.real == r.real;
    const kx_value *real = l.type == KX_TYPE_REAL ? &l : &r, *integer = l.type == KX_TYPE_REAL ? &r : &l;
    return is_integer(integer) && real->real >= -0x1p63 && real->real < 0x1p64 &&
           (__int128)real->real == integer_of(integer) && (double)(__int128)real->real == real->real;
}

static int no_number(const kx_change *change)
{
    return kx_base__fail(KX_INVALID, "path '%s': only a number can be added", change->path);
}

static int make_sum(const kx_change *change, const kx_path *path, kx_slice item, edit *e)
{
    kx_value was, more, sum = {.type = KX_TYPE_REAL};
    int rc = kx_document__value(item, &was);
    if (rc == KX_OK)
        rc = kx_document__value(change->item, &more);
    if (rc != KX_OK)
        return rc;
    if (!is_number(&was))
        return wrong_path(change, path->steps, path->count, "is not a number");
    if (is_integer(&was) && is_integer(&more)) {
        __int128 exact = integer_of(&was) + integer_of(&more);
        if (exact < INT64_MIN || exact > UINT64_MAX)
            return kx_base__fail(KX_LIMIT, "path '%s': the sum takes more than 64 bits", change->path);
        sum.type = exact > INT64_MAX ? KX_TYPE_UINT : KX_TYPE_INT;
        sum.integer = (int64_t)(uint64_t)exact;
    } else {
        sum.real = real_of(&was) + real_of(&more);
    }
    kx_document__pack_scalar(&e->made, &sum);
    e->item = kx_buf__slice(&e->made);
    return e->made.rc;
}

/* The array anew, without the elements that equal the item. */
static int make_shorter(const kx_change *change, const kx_path *path, kx_slice array, edit *e)
{
    kx_members members = kx_document__members(array);
    uint32_t left = 0;
    if (kx_document__type(array) != KX_TYPE_ARRAY)
        return wrong_path(change, path->steps, path->count, "is not an array");
    kx_buf__byte(&e->made, 0x90);
    while (kx_document__next(&members)) {
        if (is_same(members.item, change->item))
            continue;
        kx_buf__append(&e->made, members.item.data, members.item.size);
        left++;
    }
    if (members.malformed)
        return damaged();
    kx_document__pack_header(&e->made, 0, left, false);
    e->item = kx_buf__slice(&e->made);
    return e->made.rc;
}

/* The whole path leads to `here`. */
static int plan_found(kx_slice document, const kx_change *change, const kx_path *path, const place *here, edit *e)
{
    kx_slice item = kx_slice_of(document.data + here->at, here->size);
    kx_type type = kx_document__type(item);
    e->at = here->at;
    e->removed = here->size;
    e->item = change->item;
    if (type != KX_TYPE_NULL && change->kind == KX_CHANGE_ADD)
        return make_sum(change, path, item, e);
    if (type != KX_TYPE_NULL && change->kind == KX_CHANGE_REMOVE)
        return make_shorter(change, path, item, e);
    e->nothing = change->kind == KX_CHANGE_REMOVE;
    if (change->kind == KX_CHANGE_UNSET) {
        e->counted = true;
        e->delta = -1;
        e->container = here->container;
        e->at = here->member;
        e->removed += here->at - here->member;
        e->item = kx_slice_of(NULL, 0);
    } else if (change->kind == KX_CHANGE_APPEND) {
        if (type != KX_TYPE_ARRAY && type != KX_TYPE_NULL)
            return wrong_path(change, path->steps, path->count, "is not an array");
        e->new_array = type == KX_TYPE_NULL;
        if (type == KX_TYPE_ARRAY) {
            insert_last(e, here);
            e->removed = 0;
        }
    }
    return KX_OK;
}

static int plan(kx_slice document, const kx_change *change, const kx_path *path, edit *e)
{
    place here = {0, 0, 0, document.size};
    *e = (edit){.nothing = false};
    for (uint32_t i = 0; i < path->count; i++) {
        const kx_step *step = &path->steps[i];
        kx_type type = kx_document__type(kx_slice_of(document.data + here.at, here.size));
        bool found = false;
        if (step->kind == KX_STEP_EACH)
            return wrong_path(change, path->steps, i, "cannot be changed through []");
        if (type == KX_TYPE_NONE)
            return damaged();
        if (type == (step->kind == KX_STEP_NAME ? KX_TYPE_MAP : KX_TYPE_ARRAY)) {
            int rc = enter(document, step, &here, &found);
            if (rc != KX_OK)
                return rc;
        } else if (type != KX_TYPE_NULL || (step->kind == KX_STEP_INDEX && change->kind != KX_CHANGE_UNSET &&
                                            change->kind != KX_CHANGE_REMOVE)) {
            return wrong_path(change, path->steps, i, step->kind == KX_STEP_NAME ? "is not a map" : "is not an array");
        }
        if (!found)
            return plan_missing(document, change, path, i, &here, e);
    }
    return plan_found(document, change, path, &here, e);
}

/* ---- one change: made ---------------------------------------------------------------- */

static size_t insertion_size(const edit *e)
{
    size_t size = e->item.size + e->new_array;
    for (uint32_t i = 0; i < e->name_count; i++)
        size += kx_text_head((uint32_t)e->names[i].size) + e->names[i].size + (i > 0 || !e->joins);
    return size;
}

static uint8_t *write_name(uint8_t *to, const kx_step *name)
{
    uint32_t head = kx_text_head((uint32_t)name->size);
    *to = (uint8_t)(head == 1 ? 0xa0 | name->size : head == 2 ? 0xd9 : 0xda);
    if (head == 3)
        to[1] = (uint8_t)(name->size >> 8);
    if (head > 1)
        to[head - 1] = (uint8_t)name->size;
    memcpy(to + head, name->name, name->size);
    return to + head + name->size;
}

static void write_insertion(const edit *e, uint8_t *to)
{
    for (uint32_t i = 0; i < e->name_count; i++) {
        if (i > 0 || !e->joins)
            *to++ = 0x81;
        to = write_name(to, &e->names[i]);
    }
    if (e->new_array)
        *to++ = 0x91;
    if (e->item.size > 0)
        memcpy(to, e->item.data, e->item.size);
}

/* Splice and count grow or shrink together, so that one order of the two moves is right for each case. */
static int apply(kx_buf *out, const edit *e)
{
    size_t inserted = insertion_size(e);
    size_t tail = out->size - e->at - e->removed;
    uint8_t header[5] = {0};
    uint32_t before = 0, after = 0;
    if (e->counted) {
        kx_head head = kx_document__head(out->data + e->container, out->size - e->container);
        before = head.head;
        after = kx_document__pack_count(header, head.count + (uint32_t)e->delta, head.type == KX_TYPE_MAP);
    }
    size_t size = out->size - e->removed + inserted + after - before;
    if (size > KX_DOCUMENT_SIZE)
        return too_long();
    if (size > out->size && kx_buf__space(out, size - out->size) == NULL)
        return out->rc;
    uint8_t *members = out->data + e->container + before, *splice = out->data + e->at;
    ptrdiff_t shift = (ptrdiff_t)after - (ptrdiff_t)before;
    if (shift < 0)
        memmove(members + shift, members, (size_t)(splice - members));
    memmove(splice + shift + inserted, splice + e->removed, tail);
    if (shift > 0)
        memmove(members + shift, members, (size_t)(splice - members));
    memcpy(out->data + e->container, header, after);
    write_insertion(e, splice + shift);
    out->size = size;
    return KX_OK;
}

static int change_one(kx_buf *out, const kx_change *change)
{
    kx_path path;
    kx_value operand;
    edit e = {.nothing = false};
    if (change->kind == KX_CHANGE_ADD && (kx_document__value(change->item, &operand) != KX_OK || !is_number(&operand)))
        return no_number(change);
    int rc = kx_path__parse(change->path, &path);
    if (rc != KX_OK)
        return rc;
    rc = check_depth(change, path.count + (change->kind == KX_CHANGE_APPEND));
    if (rc == KX_OK)
        rc = plan(kx_buf__slice(out), change, &path, &e);
    if (rc == KX_OK && !e.nothing)
        rc = apply(out, &e);
    kx_buf__free(&e.made);
    kx_path__free(&path);
    return rc;
}

/* ---- different plain names: one pass -------------------------------------------------- */

typedef struct plain {
    const kx_change *change;
    kx_step name;
    bool    done;
} plain;

/* False when there are others than SET and UNSET of different plain names, or too many. */
static bool all_plain(const kx_change *changes, size_t count, plain *plains)
{
    if (count > PLAIN_CHANGES)
        return false;
    for (size_t i = 0; i < count; i++) {
        plain p = {&changes[i], {KX_STEP_NAME, 0, changes[i].path, 0}, false};
        if (changes[i].kind > KX_CHANGE_UNSET || !kx_path__plain(p.name.name, &p.name.size))
            return false;
        for (size_t j = 0; j < i; j++) {
            if (plains[j].name.size == p.name.size && memcmp(plains[j].name.name, p.name.name, p.name.size) == 0)
                return false;
        }
        plains[i] = p;
    }
    return true;
}

static plain *plain_of(plain *plains, size_t count, kx_slice key)
{
    for (size_t i = 0; i < count; i++) {
        if (plains[i].name.size == key.size && memcmp(plains[i].name.name, key.data, key.size) == 0)
            return &plains[i];
    }
    return NULL;
}

static int check_plains(const plain *plains, size_t count)
{
    int rc = KX_OK;
    for (size_t i = 0; i < count && rc == KX_OK; i++) {
        rc = kx_document__check_name(plains[i].name.name, plains[i].name.size);
        if (rc == KX_OK)
            rc = check_depth(plains[i].change, 1);
    }
    return rc;
}

static uint32_t add_new(kx_buf *out, const plain *plains, size_t count)
{
    uint32_t added = 0;
    for (size_t i = 0; i < count; i++) {
        if (plains[i].done || plains[i].change->kind == KX_CHANGE_UNSET)
            continue;
        edit e = {.names = &plains[i].name, .name_count = 1, .joins = true, .item = plains[i].change->item};
        uint8_t *to = kx_buf__space(out, insertion_size(&e));
        if (to != NULL)
            write_insertion(&e, to);
        added++;
    }
    return added;
}

static int change_plain(kx_slice document, plain *plains, size_t count, kx_buf *out)
{
    int rc = check_plains(plains, count);
    if (rc != KX_OK)
        return rc;
    kx_members members = kx_document__members(document);
    uint32_t pairs = members.left;
    const uint8_t *kept = members.at;       /* from here on nothing is written yet */
    kx_buf__byte(out, 0x80);
    for (const uint8_t *pair = members.at; kx_document__next(&members); pair = members.at) {
        plain *p = plain_of(plains, count, members.key);
        if (p == NULL)
            continue;
        bool unset = p->change->kind == KX_CHANGE_UNSET;
        kx_buf__append(out, kept, (size_t)((unset ? pair : members.item.data) - kept));
        if (!unset)
            kx_buf__append(out, p->change->item.data, p->change->item.size);
        kept = members.at;
        pairs -= unset;
        p->done = true;
    }
    if (members.malformed || !members.is_map || members.at != members.end)
        return damaged();
    kx_buf__append(out, kept, (size_t)(members.end - kept));
    pairs += add_new(out, plains, count);
    kx_document__pack_header(out, 0, pairs, true);
    if (out->rc == KX_OK && out->size > KX_DOCUMENT_SIZE)
        return too_long();
    return out->rc;
}

int kx_document__patch(kx_slice document, const kx_change *changes, size_t count, kx_buf *scratch, kx_slice *result)
{
    static const uint8_t empty_map = 0x80;
    plain plains[PLAIN_CHANGES];
    int rc = KX_OK;
    *result = kx_slice_of(NULL, 0);
    if (document.size == 0)
        document = kx_slice_of(&empty_map, 1);
    kx_buf__clear(scratch);
    if (all_plain(changes, count, plains)) {
        rc = change_plain(document, plains, count, scratch);
    } else {
        kx_buf__append(scratch, document.data, document.size);
        rc = scratch->rc;
        for (size_t i = 0; i < count && rc == KX_OK; i++)
            rc = change_one(scratch, &changes[i]);
    }
    if (rc == KX_OK)
        *result = kx_buf__slice(scratch);
    return rc;
}
