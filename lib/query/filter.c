/*
 * filter.c -- the filter text as conditions.
 *
 *   filter     =  condition { "and" condition }
 *   condition  =  path ( "==" | "=" | "!=" | "<" | "<=" | ">" | ">=" | "like" | "contains" ) value
 *              |  path "in" ( "[" [ value { "," value } ] "]" | "?" )
 *              |  path "is" [ "not" ] "null"
 *   path       =  as everywhere; a name of other characters than letters, digits, _ and $ stands in backquotes
 *   value      =  JSON | 'text' | @time | "?"
 *
 * It reads from left to right and keeps no stack, so that no text can be too deep for it; its length is bounded. The
 * literals of JSON are cut out and given to the document room, which knows what they mean.
 */
#include <string.h>

#include "query/query_impl.h"

enum { FILTER_SIZE = 1 << 20 };

typedef struct reader {
    kx_query_memory *memory;
    const char *text, *at, *end;
    const kx_value *args;
    size_t arg_count, args_used;
    kx_query_filter *out;
    size_t room;
    const char *counted; /* up to here, where `column` is */
    unsigned column;
} reader;

/* ---- errors ------------------------------------------------------------------------------ */

/* Columns count characters, from 1. Asked for in order, they cost one pass over the text in all. */
static unsigned column_of(reader *r, const char *at)
{
    if (at < r->counted) {
        r->counted = r->text;
        r->column = 1;
    }
    for (; r->counted < at; r->counted++)
        r->column += ((uint8_t)*r->counted & 0xc0) != 0x80;
    return r->column;
}

static int wrong(reader *r, const char *at, const char *what)
{
    return kx_base__fail(KX_INVALID, "filter:%u: %s", column_of(r, at), what);
}

/* ---- words ---------------------------------------------------------------------------------- */

static bool is_word_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           byte == '_' || byte == '$' || (uint8_t)byte >= 0x80;
}

static void skip_blanks(reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r'))
        r->at++;
}

/* A word at the reader's place: its size, 0 where there is none. Names inside a path go on behind '.' and '['. */
static size_t word_size(const reader *r)
{
    size_t size = 0;
    while (r->at + size < r->end && is_word_byte(r->at[size]))
        size++;
    return size;
}

static bool is_word(const reader *r, const char *word)
{
    size_t size = strlen(word);
    return word_size(r) == size && memcmp(r->at, word, size) == 0;
}

static bool take_word(reader *r, const char *word)
{
    if (!is_word(r, word))
        return false;
    r->at += strlen(word);
    skip_blanks(r);
    return true;
}

static bool take_sign(reader *r, const char *sign)
{
    size_t size = strlen(sign);
    if ((size_t)(r->end - r->at) < size || memcmp(r->at, sign, size) != 0)
        return false;
    r->at += size;
    skip_blanks(r);
    return true;
}

/* ---- what later versions answer ---------------------------------------------------------------- */

static const char *const later_words[] = {"or",   "not",    "between", "ilike", "starts",
                                          "ends", "exists", "len",     "lower", "now"};

static int wrong_word(reader *r, const char *expected)
{
    size_t size = word_size(r);
    for (size_t i = 0; i < sizeof later_words / sizeof *later_words; i++) {
        if (is_word(r, later_words[i]))
            return kx_base__fail(KX_INVALID, "filter:%u: '%.*s' is not answered by this version", column_of(r, r->at),
                                 (int)size, r->at);
    }
    if (r->at < r->end && (*r->at == '(' || *r->at == ')'))
        return wrong(r, r->at, "parentheses are not answered by this version");
    return wrong(r, r->at, expected);
}

/* ---- paths ------------------------------------------------------------------------------------------ */

static bool is_reserved(const reader *r)
{
    return is_word(r, "and") || is_word(r, "or") || is_word(r, "not") || is_word(r, "true") || is_word(r, "false") ||
           is_word(r, "null");
}

/* Past a name in backquotes, or one of word bytes; false where there is none. */
static bool skip_name(reader *r)
{
    if (r->at < r->end && *r->at == '`') {
        const char *at = r->at + 1;
        while (at < r->end && (*at != '`' || (at + 1 < r->end && at[1] == '`')))
            at += *at == '`' ? 2 : 1;
        if (at >= r->end)
            return false;
        r->at = at + 1;
        return true;
    }
    size_t size = word_size(r);
    r->at += size;
    return size > 0;
}

static int skip_path(reader *r)
{
    if (!skip_name(r))
        return wrong(r, r->at, *r->at == '`' ? "this backquote has no partner" : "expected a path");
    while (r->at < r->end && (*r->at == '.' || *r->at == '[')) {
        if (*r->at++ == '.') {
            if (!skip_name(r))
                return wrong(r, r->at, "expected a name behind '.'");
            continue;
        }
        while (r->at < r->end && *r->at >= '0' && *r->at <= '9')
            r->at++;
        if (r->at == r->end || *r->at != ']')
            return wrong(r, r->at, "expected ']'");
        r->at++;
    }
    return KX_OK;
}

static int take_path(reader *r, const char **path)
{
    const char *start = r->at;
    if (word_size(r) == 0 && (r->at == r->end || *r->at != '`'))
        return wrong_word(r, "expected a path");
    if (is_reserved(r))
        return wrong_word(r, "expected a path");
    int rc = skip_path(r);
    if (rc != KX_OK)
        return rc;
    if (r->at < r->end && *r->at == '(')
        return kx_base__fail(KX_INVALID, "filter:%u: '%.*s(…)' is not answered by this version", column_of(r, start),
                             (int)(r->at - start), start);
    size_t size = (size_t)(r->at - start);
    char *copy = kx_query__alloc(r->memory, size + 1);
    if (copy == NULL)
        return KX_NOMEM;
    memcpy(copy, start, size);
    copy[size] = '\0';
    *path = copy;
    skip_blanks(r);
    return KX_OK;
}

/* ---- literals -------------------------------------------------------------------------------------------- */

/* JSON of `size` bytes as a value whose bytes are the query's; `at` is where it stands in the filter. */
static int json_value(reader *r, const char *at, const char *json, size_t size, kx_value *value)
{
    kx_buf bytes = {0};
    unsigned line, column;
    const char *what = NULL;
    int rc = kx_document__from_json_at(json, size, true, &bytes, &line, &column, &what);
    if (rc == KX_INVALID) {
        rc = kx_base__fail(KX_INVALID, "filter:%u: %s", column_of(r, at), what != NULL ? what : "expected a value");
    } else if (rc == KX_OK) {
        const void *copy = kx_query__copy(r->memory, bytes.data, bytes.size);
        rc = copy != NULL ? kx_document__value(kx_slice_of(copy, bytes.size), value) : KX_NOMEM;
    }
    kx_buf__free(&bytes);
    return rc;
}

/* A text from its opening to behind its closing quote; false when it does not end. */
static bool skip_text(reader *r)
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

static int take_double(reader *r, kx_value *value)
{
    const char *start = r->at;
    if (!skip_text(r))
        return wrong(r, start, "a text without its closing quote");
    return json_value(r, start, start, (size_t)(r->at - start), value);
}

/* In single quotes " is a letter and \' a quote; the rest is as in double ones. */
static int take_single(reader *r, kx_value *value)
{
    const char *start = r->at;
    if (!skip_text(r))
        return wrong(r, start, "a text without its closing quote");
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

static int take_number(reader *r, kx_value *value)
{
    const char *start = r->at;
    while (r->at < r->end &&
           (is_word_byte(*r->at) || *r->at == '.' ||
            ((*r->at == '-' || *r->at == '+') && (r->at == start || r->at[-1] == 'e' || r->at[-1] == 'E'))))
        r->at++;
    return json_value(r, start, start, (size_t)(r->at - start), value);
}

/* An array or object of JSON: to the bracket that ends it. The parser of JSON bounds its depth. */
static int take_container(reader *r, kx_value *value)
{
    const char *start = r->at;
    size_t depth = 0;
    do {
        if (r->at == r->end)
            return wrong(r, start, "a bracket without its partner");
        char byte = *r->at;
        if (byte == '"') {
            if (!skip_text(r))
                return wrong(r, start, "a text without its closing quote");
            continue;
        }
        depth += byte == '[' || byte == '{';
        depth -= byte == ']' || byte == '}';
        r->at++;
    } while (depth > 0);
    return json_value(r, start, start, (size_t)(r->at - start), value);
}

static int take_time(reader *r, kx_value *value)
{
    const char *start = r->at++;
    size_t size = kx_query__parse_time(r->at, (size_t)(r->end - r->at), value);
    if (size == 0)
        return wrong(r, start, "expected a time as in @2026-01-31 or @2026-01-31T23:59:59Z");
    r->at += size;
    if (r->at < r->end && (is_word_byte(*r->at) || *r->at == '+' || *r->at == '.' || *r->at == ':'))
        return wrong(r, r->at, "expected the end of a time in UTC");
    return KX_OK;
}

static int take_argument(reader *r, kx_value *value)
{
    if (r->args_used == r->arg_count)
        return kx_base__fail(KX_INVALID, "filter:%u: more ? than arguments, of which there are %zu",
                             column_of(r, r->at), r->arg_count);
    *value = r->args[r->args_used++];
    r->at++;
    return KX_OK;
}

static int take_literal(reader *r, kx_value *value)
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
    if (byte == '-' || (byte >= '0' && byte <= '9') || is_word(r, "true") || is_word(r, "false") || is_word(r, "null"))
        return take_number(r, value);
    return wrong_word(r, "expected a value");
}

static int take_value(reader *r, kx_value *value)
{
    *value = (kx_value){0};
    int rc = take_literal(r, value);
    skip_blanks(r);
    return rc;
}

/* ---- lists ------------------------------------------------------------------------------------------------- */

/* Members are gathered in a buffer that grows, then copied to the query. */
static int take_members(reader *r, kx_buf *members)
{
    if (take_sign(r, "]"))
        return KX_OK;
    for (;;) {
        kx_value value;
        const char *start = r->at;
        int rc = take_value(r, &value);
        if (rc != KX_OK)
            return rc;
        if (value.type == KX_TYPE_LIST)
            return wrong(r, start, "a list inside a list");
        kx_buf__append(members, &value, sizeof value);
        if (members->rc != KX_OK || take_sign(r, "]"))
            return members->rc;
        if (!take_sign(r, ","))
            return wrong(r, r->at, "expected ',' or ']'");
    }
}

static int take_list(reader *r, kx_value *list)
{
    if (r->at < r->end && *r->at == '?')
        return take_value(r, list);
    if (!take_sign(r, "["))
        return wrong(r, r->at, "expected '[' and the values of a list");
    kx_buf members = {0};
    int rc = take_members(r, &members);
    if (rc == KX_OK) {
        const void *copy = kx_query__copy(r->memory, members.data, members.size);
        *list = (kx_value){.type = KX_TYPE_LIST, .data = copy, .size = members.size / sizeof(kx_value)};
        rc = copy != NULL ? KX_OK : KX_NOMEM;
    }
    kx_buf__free(&members);
    return rc;
}

/* ---- conditions ---------------------------------------------------------------------------------------------- */

static const struct {
    const char *sign;
    kx_op op;
} signs[] = {
    {"==", KX_EQ}, {"=", KX_EQ}, {"!=", KX_NE}, {"<=", KX_LE}, {">=", KX_GE}, {"<", KX_LT}, {">", KX_GT},
};

static bool take_operator(reader *r, kx_op *op)
{
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        *op = signs[i].op;
        if (take_sign(r, signs[i].sign))
            return true;
    }
    *op = KX_LIKE;
    if (take_word(r, "like"))
        return true;
    *op = KX_CONTAINS;
    return take_word(r, "contains");
}

static int take_is_null(reader *r, kx_condition *condition)
{
    bool negated = take_word(r, "not");
    if (!take_word(r, "null"))
        return wrong(r, r->at, negated ? "expected 'null'" : "expected 'null' or 'not null'");
    condition->op = KX_IS_NULL;
    condition->value = (kx_value){.type = KX_TYPE_BOOL, .integer = !negated};
    return KX_OK;
}

static int take_condition(reader *r, kx_condition *condition, unsigned *column)
{
    *condition = (kx_condition){0};
    *column = column_of(r, r->at);
    int rc = take_path(r, &condition->path);
    if (rc != KX_OK)
        return rc;
    if (take_word(r, "is"))
        return take_is_null(r, condition);
    if (take_word(r, "in")) {
        condition->op = KX_IN;
        *column = column_of(r, r->at);
        return take_list(r, &condition->value);
    }
    if (!take_operator(r, &condition->op))
        return wrong_word(r, "expected an operator");
    *column = column_of(r, r->at);
    return take_value(r, &condition->value);
}

/* Room for one more condition; what was there moves. */
static int make_room(reader *r)
{
    kx_query_filter *out = r->out;
    if (out->count < r->room)
        return KX_OK;
    size_t room = r->room > 0 ? 4 * r->room : 2;
    kx_condition *conditions = kx_query__alloc(r->memory, kx_base__times(room, sizeof *conditions));
    unsigned *columns = kx_query__alloc(r->memory, kx_base__times(room, sizeof *columns));
    if (conditions == NULL || columns == NULL)
        return KX_NOMEM;
    if (out->count > 0) {
        memcpy(conditions, out->conditions, out->count * sizeof *conditions);
        memcpy(columns, out->columns, out->count * sizeof *columns);
    }
    out->conditions = conditions;
    out->columns = columns;
    r->room = room;
    return KX_OK;
}

static int read_filter(reader *r)
{
    skip_blanks(r);
    for (;;) {
        int rc = make_room(r);
        if (rc == KX_OK)
            rc = take_condition(r, &r->out->conditions[r->out->count], &r->out->columns[r->out->count]);
        if (rc != KX_OK)
            return rc;
        r->out->count++;
        if (r->at == r->end)
            return KX_OK;
        if (!take_word(r, "and"))
            return wrong_word(r, "expected 'and' or the end");
    }
}

int kx_query__parse_filter(kx_query_memory *memory, const char *text, const kx_value *args, kx_query_filter *filter)
{
    size_t size = strnlen(text, FILTER_SIZE + 1);
    *filter = (kx_query_filter){0};
    if (size > FILTER_SIZE)
        return kx_base__fail(KX_INVALID, "filter: longer than %d bytes", FILTER_SIZE);
    if (!kx_base__utf8(text, size))
        return kx_base__fail(KX_INVALID, "filter: not UTF-8");
    reader r = {.memory = memory,
                .text = text,
                .at = text,
                .end = text + size,
                .args = args,
                .out = filter,
                .counted = text,
                .column = 1};
    while (args != NULL && args[r.arg_count].type != KX_TYPE_NONE)
        r.arg_count++;
    int rc = read_filter(&r);
    if (rc == KX_OK && r.args_used < r.arg_count)
        rc = kx_base__fail(KX_INVALID, "filter: %zu ? for %zu arguments", r.args_used, r.arg_count);
    return rc;
}
