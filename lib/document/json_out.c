/*
 * json_out.c -- documents as JSON: compact, in one pass, without recursion.
 *
 * Integers have no point and reals have a point or an exponent, so that each is read back as what it was. A real is
 * written with the fewest of 15, 16 or 17 digits that give the same bits. extended.h shows the rest.
 */
#include "document/document.h"

#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "document/bytes.h"
#include "document/extended.h"

typedef struct writer {
    kx_buf    *out;
    locale_t   plain, users;        /* while reals are printed; plain is 0 before the first */
    uint32_t   depth;
    kx_members levels[KX_DOCUMENT_DEPTH];
} writer;

static void damaged(writer *w)
{
    if (w->out->rc == KX_OK)
        w->out->rc = kx_base__fail(KX_CORRUPT, "a value is damaged or cut short");
}

static void write_raw(writer *w, const char *text)
{
    kx_buf__append(w->out, text, strlen(text));
}

/* ---- scalars --------------------------------------------------------------------- */

static void write_escaped(writer *w, uint8_t c)
{
    static const char short_form[] = "btn.fr";          /* 08 to 0d; 0b has none */
    char text[8];
    if (c == '"' || c == '\\')
        snprintf(text, sizeof text, "\\%c", c);
    else if (c >= 0x08 && c <= 0x0d && c != 0x0b)
        snprintf(text, sizeof text, "\\%c", short_form[c - 0x08]);
    else
        snprintf(text, sizeof text, "\\u%04x", c);
    write_raw(w, text);
}

static void write_text(writer *w, const uint8_t *text, size_t size, const char *prefix)
{
    size_t from = 0;
    if (!kx_base__utf8(text, size)) {
        damaged(w);
        return;
    }
    write_raw(w, prefix);
    for (size_t i = 0; i < size; i++) {
        if (text[i] >= 0x20 && text[i] != '"' && text[i] != '\\')
            continue;
        kx_buf__append(w->out, text + from, i - from);
        write_escaped(w, text[i]);
        from = i + 1;
    }
    kx_buf__append(w->out, text + from, size - from);
    kx_buf__byte(w->out, '"');
}

static void write_unsigned(writer *w, uint64_t value, const char *prefix)
{
    char text[24];
    size_t at = sizeof text;
    do {
        text[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    write_raw(w, prefix);
    kx_buf__append(w->out, text + at, sizeof text - at);
}

static void write_integer(writer *w, int64_t value)
{
    write_unsigned(w, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, value < 0 ? "-" : "");
}

/* printf and strtod follow the thread's locale, so reals are printed in the C one. */
static bool enter_plain_locale(writer *w)
{
    if (w->plain == (locale_t)0) {
        w->plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
        if (w->plain == (locale_t)0) {
            w->out->rc = w->out->rc != KX_OK ? w->out->rc : kx_base__nomem();
            return false;
        }
        w->users = uselocale(w->plain);
    }
    return true;
}

static void leave_plain_locale(writer *w)
{
    if (w->plain != (locale_t)0) {
        uselocale(w->users);
        freelocale(w->plain);
    }
}

static void write_finite(writer *w, double real)
{
    char text[40];
    bool same = false;
    if (!enter_plain_locale(w))
        return;
    for (int precision = 15; precision <= 17 && !same; precision++) {
        snprintf(text, sizeof text, "%.*g", precision, real);
        same = strtod(text, NULL) == real;
    }
    write_raw(w, text);
    if (strpbrk(text, ".e") == NULL)
        write_raw(w, ".0");
}

static void write_real(writer *w, double real)
{
    if (isnan(real))
        write_raw(w, "{\"$numberDouble\":\"NaN\"}");
    else if (isinf(real))
        write_raw(w, real > 0 ? "{\"$numberDouble\":\"Infinity\"}" : "{\"$numberDouble\":\"-Infinity\"}");
    else
        write_finite(w, real);
}

static void write_time(writer *w, int64_t seconds, uint32_t nanoseconds)
{
    char text[KX_DATE_SIZE];
    if (kx_document__to_date(seconds, nanoseconds, text)) {
        kx_buf__print(w->out, "{\"$date\":\"%s\"}", text);
        return;
    }
    write_raw(w, "{\"$date\":{\"seconds\":\"");
    write_integer(w, seconds);
    write_unsigned(w, nanoseconds, "\",\"nanoseconds\":");
    write_raw(w, "}}");
}

static void write_binary(writer *w, const kx_value *value)
{
    write_raw(w, "{\"$binary\":{\"base64\":\"");
    kx_document__to_base64(value->data, value->size, w->out);
    write_raw(w, "\",\"subType\":\"00\"}}");
}

static void write_ext(writer *w, const kx_value *value)
{
    if (value->extra == KX_EXT_TIME) {                  /* a timestamp that is none */
        damaged(w);
        return;
    }
    write_raw(w, "{\"$ext\":{\"type\":");
    write_integer(w, value->extra);
    write_raw(w, ",\"base64\":\"");
    kx_document__to_base64(value->data, value->size, w->out);
    write_raw(w, "\"}}");
}

/* ---- values ---------------------------------------------------------------------- */

static void open_container(writer *w, kx_slice item, bool is_map)
{
    if (w->depth == KX_DOCUMENT_DEPTH) {
        damaged(w);
        return;
    }
    kx_buf__byte(w->out, is_map ? '{' : '[');
    w->levels[w->depth++] = kx_document__members(item);
}

static void write_value(writer *w, kx_slice item)
{
    kx_value value;
    int rc = kx_document__value(item, &value);
    if (rc != KX_OK) {
        w->out->rc = w->out->rc != KX_OK ? w->out->rc : rc;
        return;
    }
    switch (value.type) {
    case KX_TYPE_BOOL:   write_raw(w, value.integer != 0 ? "true" : "false"); break;
    case KX_TYPE_INT:    write_integer(w, value.integer); break;
    case KX_TYPE_REAL:   write_real(w, value.real); break;
    case KX_TYPE_TEXT:   write_text(w, value.data, value.size, "\""); break;
    case KX_TYPE_BINARY: write_binary(w, &value); break;
    case KX_TYPE_TIME:   write_time(w, value.integer, (uint32_t)value.extra); break;
    case KX_TYPE_ARRAY:  open_container(w, item, false); break;
    case KX_TYPE_MAP:    open_container(w, item, true); break;
    case KX_TYPE_EXT:    write_ext(w, &value); break;
    case KX_TYPE_UINT:
        write_unsigned(w, (uint64_t)value.integer, "{\"$numberUnsigned\":\"");
        write_raw(w, "\"}");
        break;
    default:             write_raw(w, "null"); break;
    }
}

static void write_member(writer *w, const kx_members *members, bool is_first)
{
    if (!is_first)
        kx_buf__byte(w->out, ',');
    if (members->is_map) {
        bool escaped = members->key.size > 0 && members->key.data[0] == '$';
        write_text(w, members->key.data, members->key.size, escaped ? "\"$" : "\"");
        kx_buf__byte(w->out, ':');
    }
    write_value(w, members->item);
}

/* Until all levels above `base` are written; the brackets of those at or below `bare` are left out. */
static void write_levels(writer *w, uint32_t bare)
{
    bool is_first = true;
    while (w->depth > 0 && w->out->rc == KX_OK) {
        kx_members *top = &w->levels[w->depth - 1];
        if (kx_document__next(top)) {
            uint32_t depth = w->depth;
            write_member(w, top, is_first);
            is_first = w->depth > depth;
            continue;
        }
        if (top->malformed)
            damaged(w);
        if (w->depth > bare)
            kx_buf__byte(w->out, top->is_map ? '}' : ']');
        w->depth--;
        is_first = false;
    }
}

/* The levels are not cleared: they are large, and `depth` says how many there are. */
static void begin(writer *w, kx_buf *out)
{
    w->out = out;
    w->plain = w->users = (locale_t)0;
    w->depth = 0;
}

int kx_document__to_json(kx_slice item, kx_buf *out)
{
    writer w;
    begin(&w, out);
    if (item.size > 0 && kx_document__length(item.data, item.size) != item.size)
        damaged(&w);
    else
        write_value(&w, item);
    write_levels(&w, 0);
    leave_plain_locale(&w);
    return out->rc;
}

int kx_document__members_to_json(kx_slice map, kx_buf *out)
{
    writer w;
    begin(&w, out);
    if (kx_document__type(map) != KX_TYPE_MAP || kx_document__length(map.data, map.size) != map.size)
        damaged(&w);
    else
        w.levels[w.depth++] = kx_document__members(map);
    write_levels(&w, 1);
    leave_plain_locale(&w);
    return out->rc;
}
