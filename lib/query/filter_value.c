/*
 * filter_value.c -- the values of a filter text. See filter_reader.h.
 *
 *   value   =  JSON | 'text' | @time | "?" | "now()" { ( "+" | "-" ) duration }
 *   list    =  "[" [ value { "," value } ] "]" | "?"
 *
 * The literals of JSON are cut out and given to the document room, which knows what they mean.
 */
#include <string.h>

#include "query/filter_reader.h"

/* ---- literals -------------------------------------------------------------------------------------------- */

/* JSON of `size` bytes as a value whose bytes are the query's; `at` is where it stands in the filter. */
static int json_value(kx_query_reader *r, const char *at, const char *json, size_t size, kx_value *value)
{
    kx_buf bytes = {0};
    unsigned line, column;
    const char *what = NULL;
    int rc = kx_document__from_json_at(json, size, true, &bytes, &line, &column, &what);
    if (rc == KX_INVALID) {
        rc = kx_base__fail(KX_INVALID, "filter:%u: %s", kx_query__column(r->text, kx_query__place_of(r, at)),
                           what != NULL ? what : "expected a value");
    } else if (rc == KX_OK) {
        const void *copy = kx_query__copy(r->memory, bytes.data, bytes.size);
        rc = copy != NULL ? kx_document__value(kx_slice_of(copy, bytes.size), value) : KX_NOMEM;
    }
    kx_buf__free(&bytes);
    return rc;
}

/* A text from its opening to behind its closing quote; false when it does not end. */
static bool skip_text(kx_query_reader *r)
{
    char quote = *r->at++;
    while (r->at < r->end && *r->at != quote) {
        if (*r->at == '\\')
            r->at++;
        r->at += r->at < r->end;
    }
    if (r->at >= r->end)
        return false;
    r->at++;
    return true;
}

static int take_double(kx_query_reader *r, kx_value *value)
{
    const char *start = r->at;
    if (!skip_text(r))
        return kx_query__wrong(r, start, "a text without its closing quote");
    return json_value(r, start, start, (size_t)(r->at - start), value);
}

/* In single quotes " is a letter and \' a quote; the rest is as in double ones. */
static int take_single(kx_query_reader *r, kx_value *value)
{
    const char *start = r->at;
    if (!skip_text(r))
        return kx_query__wrong(r, start, "a text without its closing quote");
    kx_buf json = {0};
    kx_buf__byte(&json, '"');
    for (const char *at = start + 1; at < r->at - 1; at++) {
        if (*at == '"')
            kx_buf__byte(&json, '\\');
        else if (*at == '\\' && at[1] != '\'')
            kx_buf__byte(&json, (uint8_t)*at++);
        else if (*at == '\\')
            at++;
        kx_buf__byte(&json, (uint8_t)*at);
    }
    kx_buf__byte(&json, '"');
    int rc = json.rc != KX_OK ? json.rc : json_value(r, start, (const char *)json.data, json.size, value);
    kx_buf__free(&json);
    return rc;
}

static int take_number(kx_query_reader *r, kx_value *value)
{
    const char *start = r->at;
    while (r->at < r->end &&
           (kx_query__is_word_byte(*r->at) || *r->at == '.' ||
            ((*r->at == '-' || *r->at == '+') && (r->at == start || r->at[-1] == 'e' || r->at[-1] == 'E'))))
        r->at++;
    return json_value(r, start, start, (size_t)(r->at - start), value);
}

/* An array or object of JSON: to the bracket that ends it. The parser of JSON bounds its depth. */
static int take_container(kx_query_reader *r, kx_value *value)
{
    const char *start = r->at;
    size_t depth = 0;
    do {
        if (r->at == r->end)
            return kx_query__wrong(r, start, "a bracket without its partner");
        char byte = *r->at;
        if (byte == '"') {
            if (!skip_text(r))
                return kx_query__wrong(r, start, "a text without its closing quote");
            continue;
        }
        depth += byte == '[' || byte == '{';
        depth -= byte == ']' || byte == '}';
        r->at++;
    } while (depth > 0);
    return json_value(r, start, start, (size_t)(r->at - start), value);
}

static int take_time(kx_query_reader *r, kx_value *value)
{
    const char *start = r->at++;
    size_t size = kx_query__parse_time(r->at, (size_t)(r->end - r->at), value);
    if (size == 0)
        return kx_query__wrong(r, start, "expected a time as in @2026-01-31 or @2026-01-31T23:59:59Z");
    r->at += size;
    if (r->at < r->end && (kx_query__is_word_byte(*r->at) || *r->at == '+' || *r->at == '.' || *r->at == ':'))
        return kx_query__wrong(r, r->at, "expected the end of a time in UTC");
    return KX_OK;
}

static int take_argument(kx_query_reader *r, kx_value *value)
{
    *value = (kx_value){.type = (kx_type)OPERAND_ARGUMENT,
                        .integer = (int64_t)r->argument_count++,
                        .extra = (int32_t)kx_query__place_of(r, r->at)};
    r->at++;
    return KX_OK;
}

/* "- 1h", "+ 30m", behind now(). */
static int take_offset(kx_query_reader *r, int64_t *offset)
{
    int64_t seconds;
    bool back = *r->at++ == '-';
    kx_query__skip_blanks(r);
    size_t size = kx_query__parse_duration(r->at, (size_t)(r->end - r->at), &seconds);
    if (size == 0 || (r->at + size < r->end && kx_query__is_word_byte(r->at[size])))
        return kx_query__wrong(r, r->at, "expected a duration as in 90s, 15m, 1h, 7d or 2w");
    r->at += size;
    *offset += back ? -seconds : seconds;
    kx_query__skip_blanks(r);
    return KX_OK;
}

static int take_now(kx_query_reader *r, kx_value *value)
{
    *value = (kx_value){.type = (kx_type)OPERAND_NOW, .extra = (int32_t)kx_query__place_of(r, r->at)};
    kx_query__take_word(r, "now");
    if (!kx_query__take_sign(r, "("))
        return kx_query__wrong(r, r->at, "expected '(' behind 'now'");
    if (!kx_query__take_sign(r, ")"))
        return kx_query__wrong(r, r->at, "expected ')'");
    int rc = KX_OK;
    while (rc == KX_OK && r->at < r->end && (*r->at == '-' || *r->at == '+'))
        rc = take_offset(r, &value->integer);
    return rc;
}

static int take_literal(kx_query_reader *r, kx_value *value)
{
    char byte = r->at < r->end ? *r->at : '\0';
    if (byte == '"')
        return take_double(r, value);
    if (byte == '\'')
        return take_single(r, value);
    if (byte == '@')
        return take_time(r, value);
    if (byte == '?')
        return take_argument(r, value);
    if (byte == '[' || byte == '{')
        return take_container(r, value);
    if (kx_query__is_word(r, "now"))
        return take_now(r, value);
    if (byte == '-' || (byte >= '0' && byte <= '9') || kx_query__is_word(r, "true") || kx_query__is_word(r, "false") ||
        kx_query__is_word(r, "null"))
        return take_number(r, value);
    return kx_query__wrong(r, r->at, "expected a value");
}

int kx_query__take_value(kx_query_reader *r, kx_value *value)
{
    *value = (kx_value){0};
    int rc = take_literal(r, value);
    kx_query__skip_blanks(r);
    return rc;
}

/* ---- lists ------------------------------------------------------------------------------------------------- */

static bool is_placeholder(const kx_value *value)
{
    return (int)value->type == OPERAND_ARGUMENT || (int)value->type == OPERAND_NOW;
}

/* Members are gathered in a buffer that grows, then copied to the query. */
static int take_members(kx_query_reader *r, kx_buf *members, bool *open)
{
    if (kx_query__take_sign(r, "]"))
        return KX_OK;
    for (;;) {
        kx_value value;
        int rc = kx_query__take_value(r, &value);
        if (rc != KX_OK)
            return rc;
        *open |= is_placeholder(&value);
        kx_buf__append(members, &value, sizeof value);
        if (members->rc != KX_OK || kx_query__take_sign(r, "]"))
            return members->rc;
        if (!kx_query__take_sign(r, ","))
            return kx_query__wrong(r, r->at, "expected ',' or ']'");
    }
}

/* The members of a list as the operand of a node. */
static int set_list(kx_query_reader *r, const void *members, size_t count, kx_value *value)
{
    const void *copy = kx_query__copy(r->memory, members, count * sizeof(kx_value));
    *value = (kx_value){.type = KX_TYPE_LIST, .data = copy, .size = count};
    return copy != NULL ? KX_OK : KX_NOMEM;
}

int kx_query__take_list(kx_query_reader *r, kx_query_node *node)
{
    if (r->at < r->end && *r->at == '?')
        return kx_query__take_value(r, &node->value);
    if (!kx_query__take_sign(r, "["))
        return kx_query__wrong(r, r->at, "expected '[' and the values of a list");
    kx_buf members = {0};
    int rc = take_members(r, &members, &node->open);
    if (rc == KX_OK)
        rc = set_list(r, members.data, members.size / sizeof(kx_value), &node->value);
    kx_buf__free(&members);
    return rc;
}

int kx_query__take_pair(kx_query_reader *r, kx_query_node *node)
{
    kx_value pair[2];
    int rc = kx_query__take_value(r, &pair[0]);
    if (rc == KX_OK && !kx_query__take_word(r, "and"))
        return kx_query__wrong(r, r->at, "expected 'and' and the other bound");
    if (rc == KX_OK)
        rc = kx_query__take_value(r, &pair[1]);
    node->open = rc == KX_OK && (is_placeholder(&pair[0]) || is_placeholder(&pair[1]));
    return rc == KX_OK ? set_list(r, pair, 2, &node->value) : rc;
}
