/*
 * path.c -- paths of definitions: split at commas, parsed, and rendered in the one spelling that the catalog keeps.
 *
 *   " status ,-`amount`"  ->  "status,-amount"
 *
 * A name keeps its backquotes only where it needs them, so that two spellings of a path are one index.
 */
#include "catalog/catalog_impl.h"

#include <stdio.h>
#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static kx_slice trimmed(const char *from, const char *to)
{
    while (from < to && is_blank(*from))
        from++;
    while (to > from && is_blank(to[-1]))
        to--;
    return kx_slice_of(from, (size_t)(to - from));
}

bool kx_catalog__next_path(const char **rest, kx_slice *piece)
{
    if (*rest == NULL)
        return false;
    const char *at = *rest;
    for (bool quoted = false; *at != '\0' && (quoted || *at != ','); at++)
        quoted ^= *at == '`';
    *piece = trimmed(*rest, at);
    *rest = *at == ',' ? at + 1 : NULL;
    return true;
}

bool kx_catalog__same_paths(const char *paths, size_t size, const char *given)
{
    const char *at = paths, *end = paths + size, *rest = given;
    kx_slice piece;
    while (kx_catalog__next_path(&rest, &piece)) {
        if ((size_t)(end - at) < piece.size || memcmp(at, piece.data, piece.size) != 0)
            return false;
        at += piece.size;
        if (rest != NULL && (at == end || *at++ != ','))
            return false;
    }
    return at == end;
}

bool kx_catalog__starts_with(const kx_path *path, const char *name)
{
    const kx_step *first = &path->steps[0];
    return path->count > 0 && first->kind == KX_STEP_NAME && first->size == strlen(name) &&
           memcmp(first->name, name, first->size) == 0;
}

/* ---- rendering ------------------------------------------------------------------ */

/* What a path's text would end, split or trim at. */
static bool needs_quotes(const kx_step *step, bool first)
{
    if (step->size == 0 || is_blank(step->name[0]) || is_blank(step->name[step->size - 1]))
        return true;
    if (first && step->name[0] == '-')
        return true;
    for (size_t i = 0; i < step->size; i++) {
        if (strchr(".,[]`", step->name[i]) != NULL)
            return true;
    }
    return false;
}

static char *render_name(char *out, const kx_step *step, bool first)
{
    if (!needs_quotes(step, first)) {
        memcpy(out, step->name, step->size);
        return out + step->size;
    }
    *out++ = '`';
    for (size_t i = 0; i < step->size; i++) {
        if (step->name[i] == '`')
            *out++ = '`';
        *out++ = step->name[i];
    }
    *out++ = '`';
    return out;
}

enum { INDEX_ROOM = 16 }; /* "[4294967295]" and its NUL */

static size_t render_room(const kx_path *path)
{
    size_t room = 1;
    for (uint32_t i = 0; i < path->count; i++)
        room += path->steps[i].kind == KX_STEP_NAME ? 2 * path->steps[i].size + 3 : (size_t)INDEX_ROOM;
    return room;
}

static void render(const kx_path *path, char *out)
{
    for (uint32_t i = 0; i < path->count; i++) {
        const kx_step *step = &path->steps[i];
        if (step->kind == KX_STEP_NAME) {
            if (i > 0)
                *out++ = '.';
            out = render_name(out, step, i == 0);
        } else if (step->kind == KX_STEP_INDEX) {
            out += snprintf(out, INDEX_ROOM, "[%u]", (unsigned)step->index);
        } else {
            *out++ = '[';
            *out++ = ']';
        }
    }
    *out = '\0';
}

/* ---- parsing -------------------------------------------------------------------- */

static bool copy_steps(kx_arena *arena, const kx_path *from, kx_path *to)
{
    *to = *from;
    to->steps = kx_arena__copy(arena, from->steps, from->count * sizeof *from->steps);
    bool ok = to->steps != NULL;
    for (uint32_t i = 0; i < from->count && ok; i++) {
        if (from->steps[i].kind != KX_STEP_NAME)
            continue;
        to->steps[i].name = kx_arena__text(arena, from->steps[i].name, from->steps[i].size);
        ok = to->steps[i].name != NULL;
    }
    return ok;
}

int kx_catalog__path(kx_arena *arena, const char *text, size_t size, kx_path *path, const char **canonical)
{
    *path = (kx_path){0};
    *canonical = NULL;
    char *copy = kx_arena__text(arena, text, size);
    if (copy == NULL)
        return kx_base__nomem();

    kx_path parsed;
    int rc = kx_path__parse(copy, &parsed);
    if (rc != KX_OK)
        return rc;
    char *spelled = kx_arena__alloc(arena, render_room(&parsed));
    if (spelled == NULL || !copy_steps(arena, &parsed, path)) {
        rc = kx_base__nomem();
    } else {
        render(path, spelled);
        *canonical = spelled;
    }
    kx_path__free(&parsed);
    return rc;
}

int kx_catalog__part(kx_arena *arena, const char *text, size_t size, kx_cat_part *part)
{
    *part = (kx_cat_part){0};
    if (size > 0 && text[0] == '-') {
        part->descending = true;
        text++;
        size--;
    }
    int rc = kx_catalog__path(arena, text, size, &part->path, &part->text);
    if (rc == KX_OK)
        part->plain = kx_path__plain(part->text, &part->size);
    return rc;
}
