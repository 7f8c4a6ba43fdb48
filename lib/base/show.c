/*
 * show.c -- a value as a short text, for error messages only: what a person can read on one line of a terminal, so
 * that hostile bytes in a document never reach it raw.
 */
#include "base/base.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CUT "\xe2\x80\xa6"        /* U+2026, an ellipsis */

typedef struct output {
    char  *at;
    size_t left;                  /* without the last NUL's byte */
} output;

static bool put(output *out, const char *text, size_t size)
{
    if (size > out->left)
        return false;
    memcpy(out->at, text, size);
    out->at += size;
    out->left -= size;
    return true;
}

/* Put a text whole, or as much of it as fits before an ellipsis. */
static bool put_cut(output *out, const char *text)
{
    size_t size = strlen(text);
    if (put(out, text, size))
        return true;
    if (out->left >= strlen(CUT)) {
        size = kx_base__utf8_cut(text, size, out->left - strlen(CUT));
        put(out, text, size);
        put(out, CUT, strlen(CUT));
    }
    return false;
}

/* One character of a text as JSON would write it; *size is what it takes of the source. Malformed bytes are \xNN. */
static size_t escape(const uint8_t *data, size_t left, char form[8], size_t *size)
{
    uint8_t byte = data[0];
    *size = kx_base__utf8_length(data, left);
    if (*size == 0) {
        *size = 1;
        return (size_t)snprintf(form, 8, "\\x%02x", byte);
    }
    if (byte == '"' || byte == '\\')
        return (size_t)snprintf(form, 8, "\\%c", byte);
    if (byte == '\n' || byte == '\t')
        return (size_t)snprintf(form, 8, "\\%c", byte == '\n' ? 'n' : 't');
    if (byte < 0x20 || byte == 0x7f || (byte == 0xc2 && data[1] < 0xa0))
        return (size_t)snprintf(form, 8, "\\u%04x", *size == 2 ? (unsigned)data[1] : (unsigned)byte);
    memcpy(form, data, *size);
    return *size;
}

static void put_text(output *out, const uint8_t *data, size_t size)
{
    size_t tail = strlen(CUT "\"");
    if (!put(out, "\"", 1))
        return;
    while (size > 0) {
        char form[8];
        size_t taken, length = escape(data, size, form, &taken);
        bool last = taken == size;
        if (length + (last ? 1 : tail) > out->left) {
            if (out->left >= tail)
                put(out, CUT, strlen(CUT));
            break;
        }
        put(out, form, length);
        data += taken;
        size -= taken;
    }
    put(out, "\"", 1);
}

/* Shortest of 15 to 17 digits that reads back equal; the locale's decimal separator becomes a point. */
static void put_real(output *out, double real)
{
    char raw[48], text[48];
    size_t size = 0;
    bool whole = true;
    if (!isfinite(real)) {
        put_cut(out, isnan(real) ? "NaN" : real > 0 ? "Infinity" : "-Infinity");
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(raw, sizeof raw, "%.*g", digits, real);
        if (strtod(raw, NULL) == real)
            break;
    }
    for (const char *from = raw; *from != '\0'; from++) {
        bool known = strchr("0123456789+-e", *from) != NULL;
        if (!known || *from == 'e')
            whole = false;
        if (known)
            text[size++] = *from;
        else if (size > 0 && text[size - 1] != '.')
            text[size++] = '.';
    }
    memcpy(text + size, ".0", 3);
    text[whole ? size + 2 : size] = '\0';
    put_cut(out, text);
}

/* Seconds since 1970 as a Gregorian date. Days are counted from 1 March of year 0, in spans of 400 years. */
static void put_time(output *out, int64_t seconds, int32_t nanoseconds)
{
    int64_t days = seconds / 86400, rest = seconds % 86400;
    if (rest < 0) {
        rest += 86400;
        days -= 1;
    }
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day = days - era * 146097;
    int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    int64_t of_year = day - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153;
    int64_t of_month = of_year - (153 * month + 2) / 5 + 1;
    char text[96], fraction[16] = "";
    if (nanoseconds != 0)
        snprintf(fraction, sizeof fraction, ".%09" PRId32, nanoseconds);
    month += month < 10 ? 3 : -9;
    year += era * 400 + (month <= 2);
    snprintf(text, sizeof text, "%04" PRId64 "-%02d-%02dT%02d:%02d:%02d%sZ", year, (int)month, (int)of_month,
             (int)(rest / 3600), (int)(rest / 60 % 60), (int)(rest % 60), fraction);
    put_cut(out, text);
}

static void put_scalar(output *out, const kx_value *value)
{
    char text[64];
    switch (value->type) {
    case KX_TYPE_NONE:   put_cut(out, "nothing"); return;
    case KX_TYPE_NULL:   put_cut(out, "null"); return;
    case KX_TYPE_BOOL:   put_cut(out, value->integer != 0 ? "true" : "false"); return;
    case KX_TYPE_REAL:   put_real(out, value->real); return;
    case KX_TYPE_TEXT:   put_text(out, value->data, value->size); return;
    case KX_TYPE_TIME:   put_time(out, value->integer, value->extra); return;
    case KX_TYPE_ARRAY:
    case KX_TYPE_LIST:   put_cut(out, "[" CUT "]"); return;
    case KX_TYPE_MAP:    put_cut(out, "{" CUT "}"); return;
    case KX_TYPE_INT:    snprintf(text, sizeof text, "%" PRId64, value->integer); break;
    case KX_TYPE_UINT:   snprintf(text, sizeof text, "%" PRIu64, (uint64_t)value->integer); break;
    case KX_TYPE_BINARY: snprintf(text, sizeof text, "binary(%zu bytes)", value->size); break;
    case KX_TYPE_EXT:    snprintf(text, sizeof text, "ext(%" PRId32 ", %zu bytes)", value->extra, value->size); break;
    default:             snprintf(text, sizeof text, "type %d", (int)value->type); break;
    }
    put_cut(out, text);
}

static void put_list(output *out, const kx_value *values, size_t count)
{
    put_cut(out, "[");
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && !put_cut(out, ", "))
            return;
        put_scalar(out, &values[i]);
    }
    put_cut(out, "]");
}

const char *kx_base__show(const kx_value *value, char *text, size_t size)
{
    output out = {text, size - 1};
    if (value->type == KX_TYPE_LIST)
        put_list(&out, value->data, value->size);
    else
        put_scalar(&out, value);
    *out.at = '\0';
    return text;
}
