/* extended.c -- base64, moments and numbers as text. Strict; only dates are read in more forms than are written. */
#include "document/extended.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- base64 ------------------------------------------------------------------ */

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void kx_document__to_base64(const uint8_t *data, size_t size, kx_buf *out)
{
    size_t groups = size / 3 + (size % 3 != 0);
    char *to = (char *)kx_buf__space(out, groups * 4);
    if (to == NULL)
        return;
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        uint32_t bits = (uint32_t)data[i] << 16;
        if (left > 1)
            bits |= (uint32_t)data[i + 1] << 8;
        if (left > 2)
            bits |= data[i + 2];
        *to++ = digits[bits >> 18];
        *to++ = digits[bits >> 12 & 63];
        *to++ = left > 1 ? digits[bits >> 6 & 63] : '=';
        *to++ = left > 2 ? digits[bits & 63] : '=';
    }
}

static int digit_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static size_t padding_of(const char *text, size_t size)
{
    if (size == 0 || text[size - 1] != '=')
        return 0;
    return text[size - 2] == '=' ? 2 : 1;
}

size_t kx_document__base64_size(const char *text, size_t size)
{
    return size % 4 == 0 ? size / 4 * 3 - padding_of(text, size) : SIZE_MAX;
}

bool kx_document__from_base64(const char *text, size_t size, uint8_t *data)
{
    size_t used = size - padding_of(text, size);
    uint32_t bits = 0, held = 0;
    for (size_t i = 0; i < used; i++) {
        int digit = digit_of(text[i]);
        if (digit < 0)
            return false;
        bits = bits << 6 | (uint32_t)digit;
        held += 6;
        if (held >= 8) {
            held -= 8;
            *data++ = (uint8_t)(bits >> held);
            bits &= ((uint32_t)1 << held) - 1;
        }
    }
    return bits == 0;
}

/* ---- moments ------------------------------------------------------------------- *
 * Days are counted from 0000-03-01: with February last, a leap day ends its year and months have a regular length.  */

enum { DAY = 86400, CYCLE_DAYS = 146097, EPOCH_DAYS = 719468 };

static const int64_t first_second = INT64_C(-62167219200);      /* 0000-01-01T00:00:00Z */
static const int64_t last_second = INT64_C(253402300799);       /* 9999-12-31T23:59:59Z */

/* Days before month `m`, March being 0. */
static int64_t month_days(int64_t m)
{
    return (153 * m + 2) / 5;
}

static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    int64_t shifted = year + 400 - (month < 3);         /* + 400: never below zero */
    int64_t m = month < 3 ? month + 9 : month - 3;
    int64_t leap_days = shifted / 4 - shifted / 100 + shifted / 400;
    return shifted * 365 + leap_days + month_days(m) + day - 1 - CYCLE_DAYS - EPOCH_DAYS;
}

static void date_of(int64_t days, int *year, int *month, int *day)
{
    int64_t left = days + EPOCH_DAYS + CYCLE_DAYS;
    int64_t cycle = left / CYCLE_DAYS;
    left %= CYCLE_DAYS;
    int64_t y = (left - left / 1460 + left / 36524 - left / 146096) / 365;
    left -= 365 * y + y / 4 - y / 100;
    int64_t m = (5 * left + 2) / 153;
    *day = (int)(left - month_days(m) + 1);
    *month = (int)(m < 10 ? m + 3 : m - 9);
    *year = (int)(y + 400 * cycle - 400 + (*month < 3));
}

bool kx_document__to_date(int64_t seconds, uint32_t nanoseconds, char text[KX_DATE_SIZE])
{
    int year, month, day;
    if (seconds < first_second || seconds > last_second)
        return false;
    int64_t days = (seconds - first_second) / DAY + first_second / DAY;
    int second = (int)(seconds - days * DAY);
    date_of(days, &year, &month, &day);
    int length = snprintf(text, KX_DATE_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d", year, month, day, second / 3600,
                          second / 60 % 60, second % 60);
    size_t room = KX_DATE_SIZE - (size_t)length;
    if (nanoseconds == 0)
        snprintf(text + length, room, "Z");
    else if (nanoseconds % 1000000 == 0)
        snprintf(text + length, room, ".%03uZ", nanoseconds / 1000000);
    else if (nanoseconds % 1000 == 0)
        snprintf(text + length, room, ".%06uZ", nanoseconds / 1000);
    else
        snprintf(text + length, room, ".%09uZ", nanoseconds);
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* `pattern` at *text: 0 is a digit, any other character itself; the digits' runs go to numbers[], one each. */
static bool matches(const char **text, const char *end, const char *pattern, int64_t *numbers)
{
    bool inside = false;
    for (; *pattern != '\0'; pattern++, ++*text) {
        if (*text == end || (*pattern == '0' ? !is_digit(**text) : **text != *pattern))
            return false;
        if (*pattern != '0') {
            numbers += inside;
            inside = false;
            continue;
        }
        *numbers = (inside ? *numbers * 10 : 0) + (**text - '0');
        inside = true;
    }
    return true;
}

static bool read_fraction(const char **text, const char *end, uint32_t *nanoseconds)
{
    uint32_t unit = 1000000000;
    *nanoseconds = 0;
    if (*text == end || **text != '.')
        return true;
    ++*text;
    for (; *text < end && is_digit(**text) && unit > 1; ++*text) {
        unit /= 10;
        *nanoseconds += (uint32_t)(**text - '0') * unit;
    }
    return unit < 1000000000;
}

static bool read_zone(const char **text, const char *end, int64_t *offset)
{
    int64_t zone[2];
    *offset = 0;
    if (*text == end)
        return false;
    char sign = *(*text)++;
    if (sign == 'Z')
        return true;
    if ((sign != '+' && sign != '-') || !matches(text, end, "00:00", zone) || zone[0] > 23 || zone[1] > 59)
        return false;
    *offset = (zone[0] * 3600 + zone[1] * 60) * (sign == '+' ? 1 : -1);
    return true;
}

bool kx_document__from_date(const char *text, size_t size, int64_t *seconds, uint32_t *nanoseconds)
{
    const char *end = text + size;
    int64_t n[6], offset;
    int year, month, day;
    if (!matches(&text, end, "0000-00-00T00:00:00", n) || !read_fraction(&text, end, nanoseconds) ||
        !read_zone(&text, end, &offset) || text != end)
        return false;
    if (n[1] < 1 || n[1] > 12 || n[2] < 1 || n[2] > 31 || n[3] > 23 || n[4] > 59 || n[5] > 59)
        return false;
    int64_t days = days_of(n[0], n[1], n[2]);
    date_of(days, &year, &month, &day);
    *seconds = days * DAY + n[3] * 3600 + n[4] * 60 + n[5] - offset;
    return day == n[2];                                 /* else the month has no such day */
}

/* ---- numbers -------------------------------------------------------------------- */

bool kx_document__to_unsigned(const char *text, size_t size, uint64_t *value)
{
    *value = 0;
    if (size == 0 || (text[0] == '0' && size > 1))
        return false;
    for (size_t i = 0; i < size; i++) {
        if (!is_digit(text[i]) || *value > UINT64_MAX / 10)
            return false;
        uint64_t digit = (uint64_t)(text[i] - '0');
        if (*value * 10 > UINT64_MAX - digit)
            return false;
        *value = *value * 10 + digit;
    }
    return true;
}

bool kx_document__to_signed(const char *text, size_t size, int64_t *value)
{
    uint64_t bits;
    bool negative = size > 0 && text[0] == '-';
    *value = 0;
    if (!kx_document__to_unsigned(text + negative, size - negative, &bits) || bits > (uint64_t)INT64_MAX + negative)
        return false;
    *value = (int64_t)(negative ? 0 - bits : bits);
    return true;
}

/* A number of JSON's grammar, which strtod alone would not insist on. */
static bool is_number(const char *text, size_t size)
{
    static const char numerals[] = "0123456789";
    const char *at = text + (*text == '-');
    size_t whole = strspn(at, numerals);
    if (whole == 0 || (*at == '0' && whole > 1))
        return false;
    at += whole;
    if (*at == '.') {
        size_t fraction = strspn(at + 1, numerals);
        if (fraction == 0)
            return false;
        at += 1 + fraction;
    }
    if (*at == 'e' || *at == 'E') {
        at += 1 + (at[1] == '+' || at[1] == '-');
        size_t exponent = strspn(at, numerals);
        if (exponent == 0)
            return false;
        at += exponent;
    }
    return at == text + size;
}

bool kx_document__to_real(const char *text, size_t size, double *value)
{
    static const struct { const char *name; double value; } named[] = {
        {"NaN", NAN}, {"Infinity", INFINITY}, {"-Infinity", -INFINITY}
    };
    for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
        if (strcmp(named[i].name, text) == 0 && strlen(text) == size) {
            *value = named[i].value;
            return true;
        }
    }
    *value = 0;
    if (!is_number(text, size))
        return false;
    *value = strtod(text, NULL);
    return !isinf(*value);
}
