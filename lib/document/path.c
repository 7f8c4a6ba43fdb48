/*
 * path.c -- where in a document: the text of a path, and the walk along it.
 *
 *   path   =  name  { "." name  |  "[" number "]"  |  "[]" }
 *   name   =  one character or more, but none of  . [ `
 *          |  "`" any characters, "`" doubled "`"
 *
 * A plain name, the usual path, is one step inside the kx_path and needs no memory. Other paths own one block: their
 * steps, and behind them the names whose doubled backquotes had to be undone.
 */
#include "document/document.h"

#include "document/bytes.h"
#include "document/validate.h"

static const kx_slice missing = {NULL, 0};

/* ---- parse --------------------------------------------------------------------- */

typedef struct reader {
    const char *text, *at;
    kx_step    *steps;
    uint32_t    count;
    char       *names;          /* where the next unquoted name goes */
} reader;

/* Columns count characters, from 1. */
static int wrong_at(const reader *r, const char *what)
{
    unsigned column = 1;
    for (const char *at = r->text; at < r->at; at++)
        column += ((uint8_t)*at & 0xc0) != 0x80;
    return kx_base__fail(KX_INVALID, "path '%s', column %u: %s", r->text, column, what);
}

static int add_step(reader *r, kx_step step)
{
    if (r->count == KX_PATH_STEPS)
        return kx_base__fail(KX_LIMIT, "path '%s': more than %d steps", r->text, KX_PATH_STEPS);
    r->steps[r->count++] = step;
    return KX_OK;
}

static int read_bare(reader *r)
{
    size_t size = strcspn(r->at, ".[`");
    if (size == 0 && r->at[0] != '`')
        return wrong_at(r, "a name is missing");
    if (r->at[size] == '`') {
        r->at += size;
        return wrong_at(r, "a name with a backquote must be in backquotes as a whole");
    }
    kx_step step = {KX_STEP_NAME, 0, r->at, size};
    r->at += size;
    return add_step(r, step);
}

static int read_quoted(reader *r)
{
    kx_step step = {KX_STEP_NAME, 0, r->names, 0};
    const char *at = r->at + 1;
    for (; at[0] != '`' || at[1] == '`'; at++) {
        if (at[0] == '\0')
            return wrong_at(r, "this backquote has no partner");
        *r->names++ = *at;
        at += at[0] == '`';
    }
    step.size = (size_t)(r->names - step.name);
    r->at = at + 1;
    return add_step(r, step);
}

static int read_name(reader *r)
{
    const char *start = r->at;
    int rc = *r->at == '`' ? read_quoted(r) : read_bare(r);
    if (rc != KX_OK)
        return rc;
    const kx_step *step = &r->steps[r->count - 1];
    if (kx_document__check_name(step->name, step->size) == KX_OK)
        return KX_OK;
    r->at = start;
    return wrong_at(r, step->size > KX_KEY_NAME_SIZE ? "a name longer than 511 bytes" : "a name that is not UTF-8");
}

static int read_brackets(reader *r)
{
    kx_step step = {KX_STEP_EACH, 0, NULL, 0};
    const char *at = r->at + 1;
    uint64_t index = 0;
    if (*at != ']') {
        step.kind = KX_STEP_INDEX;
        for (; *at >= '0' && *at <= '9' && index <= UINT32_MAX; at++)
            index = 10 * index + (uint64_t)(*at - '0');
        if (*at != ']' || index > UINT32_MAX)
            return wrong_at(r, "expected [] or [0] to [4294967295]");
        step.index = (uint32_t)index;
    }
    r->at = at + 1;
    return add_step(r, step);
}

static int read_steps(reader *r)
{
    int rc = read_name(r);
    while (rc == KX_OK && *r->at != '\0') {
        if (*r->at == '[') {
            rc = read_brackets(r);
        } else if (*r->at == '.') {
            r->at++;
            rc = read_name(r);
        } else {
            rc = wrong_at(r, "expected '.', '[' or the end");
        }
    }
    return rc;
}

const bool kx_path__ends_name[256] = {['\0'] = true, ['.'] = true, ['['] = true, ['`'] = true};

bool kx_path__plain(const char *text, size_t *size)
{
    const char *at = text;
    while (!kx_path__ends_name[(uint8_t)*at])
        at++;
    *size = (size_t)(at - text);
    if (text[*size] == '\0')
        return *size > 0;
    *size += strlen(text + *size);
    return false;
}

static int parse_steps(const char *text, size_t size, kx_path *path)
{
    size_t most = 1;
    for (const char *at = text; *at != '\0'; at++)
        most += *at == '.' || *at == '[';
    most = most < KX_PATH_STEPS ? most : KX_PATH_STEPS;
    kx_step *steps = kx_base__alloc(most * sizeof *steps + size);
    if (steps == NULL)
        return kx_base__nomem();
    reader r = {text, text, steps, 0, (char *)(steps + most)};
    int rc = read_steps(&r);
    if (rc != KX_OK) {
        kx_base__free(steps);
        return rc;
    }
    path->steps = steps;
    path->count = r.count;
    for (uint32_t i = 0; i < r.count; i++)
        path->multi |= steps[i].kind == KX_STEP_EACH;
    return KX_OK;
}

int kx_path__parse(const char *text, kx_path *path)
{
    size_t size;
    *path = (kx_path){0};
    if (!kx_path__plain(text, &size))
        return parse_steps(text, size, path);
    reader r = {text, text, &path->first, 0, NULL};
    int rc = read_name(&r);
    if (rc == KX_OK) {
        path->steps = &path->first;
        path->count = 1;
    }
    return rc;
}

void kx_path__free(kx_path *path)
{
    if (path->steps != &path->first)
        kx_base__free(path->steps);
    *path = (kx_path){0};
}

/* ---- follow ---------------------------------------------------------------------- */

static bool element_at(kx_slice array, uint32_t index, kx_slice *item)
{
    kx_members members = kx_document__members(array);
    *item = missing;
    if (members.is_map || index >= members.left)
        return false;
    for (uint32_t i = 0; i <= index; i++) {
        if (!kx_document__next(&members))
            return false;
    }
    *item = members.item;
    return true;
}

static bool follow(kx_slice item, const kx_step *step, kx_slice *next)
{
    if (step->kind == KX_STEP_NAME)
        return kx_document__find(item, step->name, step->size, next);
    if (step->kind == KX_STEP_INDEX)
        return element_at(item, step->index, next);
    *next = missing;
    return false;
}

bool kx_document__at(kx_slice document, const kx_path *path, kx_slice *item)
{
    *item = document;
    for (uint32_t i = 0; i < path->count; i++) {
        kx_slice within = *item;
        if (!follow(within, &path->steps[i], item))
            return false;
    }
    return path->count > 0;
}

/* ---- each --------------------------------------------------------------------------- */

typedef struct fan {
    kx_members members;
    uint32_t   step;            /* where each of them goes on; beyond the count: it is visited as it is */
} fan;

typedef struct walk {
    const kx_path *path;
    bool     elements;          /* what the whole path reaches is an array to walk over */
    int    (*visit)(kx_slice item, void *context);
    void    *context;
    uint32_t depth;
    fan      fans[KX_PATH_STEPS + 1];
} walk;

static int not_an_array(const walk *w, uint32_t step)
{
    const kx_step *name = &w->path->steps[0];
    for (uint32_t i = 0; i < step && i < w->path->count; i++) {
        if (w->path->steps[i].kind == KX_STEP_NAME)
            name = &w->path->steps[i];
    }
    return kx_base__fail(KX_INVALID, "'%.*s' must be an array", (int)name->size, name->name);
}

static int fan_out(walk *w, kx_slice item, uint32_t step)
{
    kx_type type = kx_document__type(item);
    if (item.size == 0 || type == KX_TYPE_NULL)
        return KX_OK;
    if (type == KX_TYPE_NONE)
        return kx_base__fail(KX_CORRUPT, "an array is damaged or cut short");
    if (type != KX_TYPE_ARRAY)
        return not_an_array(w, step);
    fan *top = &w->fans[w->depth++];
    top->members = kx_document__members(item);
    top->step = step + 1;
    return KX_OK;
}

/* From `item` on to the next [] step, which fans out, or to the end of the path, where the item is visited. */
static int go_on(walk *w, kx_slice item, uint32_t step)
{
    const kx_path *path = w->path;
    for (; step < path->count && path->steps[step].kind != KX_STEP_EACH; step++) {
        kx_slice within = item;
        if (!follow(within, &path->steps[step], &item))
            return KX_OK;
    }
    if (step < path->count || (step == path->count && w->elements))
        return fan_out(w, item, step);
    return w->visit(item, w->context);
}

int kx_document__each(kx_slice document, const kx_path *path, bool elements,
                      int (*visit)(kx_slice item, void *context), void *context)
{
    walk w;
    w.path = path;
    w.elements = elements && path->count > 0 && path->steps[path->count - 1].kind != KX_STEP_EACH;
    w.visit = visit;
    w.context = context;
    w.depth = 0;
    int rc = path->count > 0 ? go_on(&w, document, 0) : KX_OK;
    while (rc == KX_OK && w.depth > 0) {
        fan *top = &w.fans[w.depth - 1];
        if (kx_document__next(&top->members))
            rc = go_on(&w, top->members.item, top->step);
        else if (top->members.malformed)
            rc = kx_base__fail(KX_CORRUPT, "an array is damaged or cut short");
        else
            w.depth--;
    }
    return rc;
}
