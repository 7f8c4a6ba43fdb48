/*
 * json_in.c -- JSON text to canonical MessagePack. jansson parses, here and nowhere else; this walks its tree.
 *
 * The tree holds no positions. What is only found wrong in it (an unknown "$name", bad base64) is known by its number
 * among the text's tokens (keys and values, in order), and looked up by counting tokens in the text, which is known to
 * be well-formed by then. jansson keeps the order of keys, so that both counts agree.
 */
#include "document/document.h"

#include <jansson.h>
#include <locale.h>
#include <stdio.h>

#include "document/bytes.h"
#include "document/extended.h"
#include "document/pack.h"

enum { WHAT_SIZE = 256, TEXT_SIZE = 8 * KX_DOCUMENT_SIZE };

static _Thread_local char last_what[WHAT_SIZE];     /* what kx_document__from_json_at() hands out */

typedef struct level {
    json_t *container;
    void   *key;            /* of an object: the pair to come */
    size_t  index;          /* of an array: the element to come */
} level;

typedef struct parser {
    const char *text;
    size_t      size;
    kx_buf     *out;
    size_t      start;              /* of ours in out */
    size_t      token;              /* the number of the one being packed */
    int         rc;
    char        what[WHAT_SIZE];
    unsigned    line, column;
    uint32_t    depth;
    level       levels[KX_DOCUMENT_DEPTH];
} parser;

/* ---- errors -------------------------------------------------------------------- */

/* Characters from `at` that belong to the token there. */
static size_t token_length(const char *text, size_t at, size_t size)
{
    size_t end = at + 1;
    if (text[at] == '"') {
        for (; end < size && text[end] != '"'; end++)
            end += text[end] == '\\';
        return end + 1 - at;
    }
    if (text[at] == '{' || text[at] == '[')
        return 1;
    while (end < size && strchr(" \t\r\n,:]}", text[end]) == NULL)
        end++;
    return end - at;
}

static void locate(parser *p)
{
    size_t token = 0, at = 0;
    while (at < p->size) {
        if (strchr(" \t\r\n,:]}", p->text[at]) != NULL)
            at++;
        else if (token++ == p->token)
            break;
        else
            at += token_length(p->text, at, p->size);
    }
    p->line = p->column = 1;
    for (size_t i = 0; i < at && i < p->size; i++) {
        p->column += ((uint8_t)p->text[i] & 0xc0) != 0x80;
        if (p->text[i] == '\n') {
            p->line++;
            p->column = 1;
        }
    }
}

static void refuse(parser *p, int code, const char *format, ...) KX_PRINTF(3, 4);

static void refuse(parser *p, int code, const char *format, ...)
{
    va_list args;
    if (p->rc != KX_OK)
        return;
    va_start(args, format);
    vsnprintf(p->what, sizeof p->what, format, args);
    va_end(args);
    p->rc = code;
    locate(p);
}

static void refuse_syntax(parser *p, const json_error_t *error)
{
    enum json_error_code code = json_error_code(error);
    p->rc = code == json_error_out_of_memory ? KX_NOMEM : code == json_error_stack_overflow ? KX_LIMIT : KX_INVALID;
    p->line = error->line > 0 ? (unsigned)error->line : 1;
    p->column = error->column > 0 ? (unsigned)error->column : 1;
    const char *text = error->text;
    if (code == json_error_numeric_overflow)
        text = "a number out of range; integers above 9223372036854775807 are written {\"$numberUnsigned\":\"...\"}";
    snprintf(p->what, sizeof p->what, "%s", text);
}

/* ---- extended JSON: objects that stand for a value ---------------------------------- *
 * Each reader packs what `json` says, or returns what is wrong with it.                  */

typedef const char *(*reader)(const json_t *json, kx_buf *out);

static const char *read_base64(const json_t *json, kx_buf *out, bool is_ext, int8_t type)
{
    static const char wrong[] = "bad base64 (RFC 4648, with padding)";
    msgpack_packer packer = kx_packer(out);
    const char *text = json_string_value(json);
    size_t length = json_string_length(json), size = kx_document__base64_size(text, length);
    if (size == SIZE_MAX)
        return wrong;
    if (is_ext)
        msgpack_pack_ext(&packer, size, type);
    else
        msgpack_pack_bin(&packer, size);
    uint8_t *data = kx_buf__space(out, size);
    return data == NULL || kx_document__from_base64(text, length, data) ? NULL : wrong;
}

static bool is_subtype(const json_t *json)
{
    return json == NULL || (json_is_string(json) && json_string_length(json) > 0 && json_string_length(json) <= 2 &&
                            strspn(json_string_value(json), "0123456789abcdefABCDEF") == json_string_length(json));
}

static const char *read_binary(const json_t *json, kx_buf *out)
{
    const json_t *base64 = json_object_get(json, "base64"), *subtype = json_object_get(json, "subType");
    if (!json_is_string(base64) || !is_subtype(subtype) || json_object_size(json) != 1u + (subtype != NULL))
        return "$binary takes {\"base64\":\"...\",\"subType\":\"00\"}";
    return read_base64(base64, out, false, 0);
}

static const char *read_ext(const json_t *json, kx_buf *out)
{
    const json_t *base64 = json_object_get(json, "base64"), *type = json_object_get(json, "type");
    json_int_t number = json_integer_value(type);
    if (!json_is_string(base64) || !json_is_integer(type) || json_object_size(json) != 2)
        return "$ext takes {\"type\":...,\"base64\":\"...\"}";
    if (number < INT8_MIN || number > INT8_MAX)
        return "$ext: the type must be -128 to 127";
    if (number == KX_EXT_TIME)
        return "$ext: type -1 is MessagePack's timestamp; write {\"$date\":...}";
    return read_base64(base64, out, true, (int8_t)number);
}

static const char *read_signed(const json_t *json, kx_buf *out, int64_t least, int64_t most, const char *wrong)
{
    int64_t value;
    msgpack_packer packer = kx_packer(out);
    if (!json_is_string(json) ||
        !kx_document__to_signed(json_string_value(json), json_string_length(json), &value))
        return wrong;
    if (value < least || value > most)
        return wrong;
    msgpack_pack_int64(&packer, value);
    return NULL;
}

static const char *read_int(const json_t *json, kx_buf *out)
{
    return read_signed(json, out, INT32_MIN, INT32_MAX, "$numberInt takes a text: an integer of 32 bits");
}

static const char *read_long(const json_t *json, kx_buf *out)
{
    return read_signed(json, out, INT64_MIN, INT64_MAX, "$numberLong takes a text: an integer of 64 bits");
}

static const char *read_unsigned(const json_t *json, kx_buf *out)
{
    uint64_t value;
    msgpack_packer packer = kx_packer(out);
    if (!json_is_string(json) || !kx_document__to_unsigned(json_string_value(json), json_string_length(json), &value))
        return "$numberUnsigned takes a text: an integer from 0 to 18446744073709551615";
    msgpack_pack_uint64(&packer, value);
    return NULL;
}

static const char *read_double(const json_t *json, kx_buf *out)
{
    double real;
    if (!json_is_string(json) || !kx_document__to_real(json_string_value(json), json_string_length(json), &real))
        return "$numberDouble takes a text: a number within a double's range, NaN, Infinity or -Infinity";
    kx_document__pack_real(out, real);
    return NULL;
}

static void pack_time(kx_buf *out, int64_t seconds, uint32_t nanoseconds)
{
    msgpack_packer packer = kx_packer(out);
    msgpack_timestamp time = {seconds, nanoseconds};
    msgpack_pack_timestamp(&packer, &time);
}

/* {"seconds":"...","nanoseconds":...} or {"$numberLong":"..."}, which are milliseconds. */
static bool read_date_object(const json_t *json, int64_t *seconds, uint32_t *nanoseconds)
{
    const json_t *ms = json_object_get(json, "$numberLong"), *s = json_object_get(json, "seconds");
    const json_t *ns = json_object_get(json, "nanoseconds");
    const json_t *number = ms != NULL ? ms : s;
    *nanoseconds = 0;
    if (!json_is_string(number) || json_object_size(json) != 1u + (ns != NULL) ||
        !kx_document__to_signed(json_string_value(number), json_string_length(number), seconds))
        return false;
    if (ms != NULL) {
        int64_t rest = (*seconds % 1000 + 1000) % 1000;
        *nanoseconds = (uint32_t)rest * 1000000;
        *seconds = *seconds / 1000 - (*seconds % 1000 < 0);
        return ns == NULL;
    }
    if (ns != NULL && (!json_is_integer(ns) || json_integer_value(ns) < 0 || json_integer_value(ns) > 999999999))
        return false;
    *nanoseconds = (uint32_t)json_integer_value(ns);
    return true;
}

static const char *read_date(const json_t *json, kx_buf *out)
{
    int64_t seconds;
    uint32_t nanoseconds;
    bool right = json_is_string(json) ? kx_document__from_date(json_string_value(json), json_string_length(json),
                                                               &seconds, &nanoseconds)
                                      : read_date_object(json, &seconds, &nanoseconds);
    if (!right)
        return "$date takes \"2026-11-22T22:45:00.123456789Z\", {\"$numberLong\":\"...\"} (milliseconds) or "
               "{\"seconds\":\"...\",\"nanoseconds\":...}";
    pack_time(out, seconds, nanoseconds);
    return NULL;
}

static const struct {
    const char *name;
    reader      read;
} extended[] = {
    {"$binary", read_binary},
    {"$date", read_date},
    {"$ext", read_ext},
    {"$numberDouble", read_double},
    {"$numberInt", read_int},
    {"$numberLong", read_long},
    {"$numberUnsigned", read_unsigned}
};

/* The first key that begins with one '$', which is never a user's. *token: from the object's to the one to point at. */
static const char *extended_key(json_t *object, size_t *token)
{
    *token = 1;
    for (void *key = json_object_iter(object); key != NULL; key = json_object_iter_next(object, key)) {
        const char *name = json_object_iter_key(key);
        if (name[0] == '$' && name[1] != '$')
            return name;
        *token = 0;         /* not the first key: the object itself */
    }
    return NULL;
}

/* Tokens of a well-formed extended object, which nests two levels at most. */
static size_t extended_tokens(json_t *object)
{
    const json_t *value = json_object_iter_value(json_object_iter(object));
    return 3 + (json_is_object(value) ? 2 * json_object_size(value) : 0);
}

static void pack_extended(parser *p, json_t *object, const char *name, size_t token)
{
    p->token += token;
    if (json_object_size(object) != 1) {
        refuse(p, KX_INVALID, "'%.100s' must be alone in its object; a key that begins with '$' is written '$%.100s'",
               name, name);
        return;
    }
    for (size_t i = 0; i < sizeof extended / sizeof *extended; i++) {
        if (strcmp(extended[i].name, name) != 0)
            continue;
        const char *wrong = extended[i].read(json_object_iter_value(json_object_iter(object)), p->out);
        if (wrong != NULL)
            refuse(p, KX_INVALID, "%s", wrong);
        p->token += extended_tokens(object) - token;
        return;
    }
    refuse(p, KX_INVALID, "unknown '%.100s'; a key that begins with '$' is written '$%.100s'", name, name);
}

/* ---- the tree ------------------------------------------------------------------------- */

static void open_container(parser *p, json_t *json)
{
    msgpack_packer packer = kx_packer(p->out);
    if (p->depth == KX_DOCUMENT_DEPTH) {
        refuse(p, KX_LIMIT, "deeper than %d levels", KX_DOCUMENT_DEPTH);
        return;
    }
    level *top = &p->levels[p->depth++];
    top->container = json;
    top->key = json_is_object(json) ? json_object_iter(json) : NULL;
    top->index = 0;
    if (json_is_object(json))
        msgpack_pack_map(&packer, json_object_size(json));
    else
        msgpack_pack_array(&packer, json_array_size(json));
    p->token++;
}

static void pack_object(parser *p, json_t *object)
{
    size_t token;
    const char *name = extended_key(object, &token);
    if (name != NULL)
        pack_extended(p, object, name, token);
    else
        open_container(p, object);
}

static void pack_value(parser *p, json_t *json)
{
    msgpack_packer packer = kx_packer(p->out);
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        pack_object(p, json);
        return;
    case JSON_ARRAY:
        open_container(p, json);
        return;
    case JSON_STRING:
        msgpack_pack_str_with_body(&packer, json_string_value(json), json_string_length(json));
        break;
    case JSON_INTEGER:
        msgpack_pack_int64(&packer, json_integer_value(json));
        break;
    case JSON_REAL:
        kx_document__pack_real(p->out, json_real_value(json));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        kx_buf__byte(p->out, json_is_true(json) ? 0xc3 : 0xc2);
        break;
    default:
        kx_buf__byte(p->out, 0xc0);
        break;
    }
    p->token++;
}

static void pack_key(parser *p, const char *name)
{
    msgpack_packer packer = kx_packer(p->out);
    name += name[0] == '$';                             /* "$$x" is the key "$x" */
    size_t size = strlen(name);
    if (size > KX_KEY_NAME_SIZE)
        refuse(p, KX_INVALID, "a key longer than %d bytes", KX_KEY_NAME_SIZE);
    else
        msgpack_pack_str_with_body(&packer, name, size);
    p->token++;
}

/* The next member of the innermost container; without one, the container is done. */
static void pack_member(parser *p)
{
    level *top = &p->levels[p->depth - 1];
    if (json_is_object(top->container) && top->key != NULL) {
        void *pair = top->key;
        top->key = json_object_iter_next(top->container, pair);
        pack_key(p, json_object_iter_key(pair));
        if (p->rc == KX_OK)
            pack_value(p, json_object_iter_value(pair));
    } else if (json_is_array(top->container) && top->index < json_array_size(top->container)) {
        pack_value(p, json_array_get(top->container, top->index++));
    } else {
        p->depth--;
    }
}

static void pack_tree(parser *p, json_t *tree, bool any)
{
    pack_value(p, tree);
    while (p->depth > 0 && p->rc == KX_OK && p->out->rc == KX_OK) {
        pack_member(p);
        if (p->out->size - p->start > KX_DOCUMENT_SIZE)
            refuse(p, KX_LIMIT, "longer than %d bytes as MessagePack", KX_DOCUMENT_SIZE);
    }
    if (p->rc == KX_OK && p->out->rc == KX_OK && !any &&
        kx_document__type(kx_slice_of(p->out->data + p->start, p->out->size - p->start)) != KX_TYPE_MAP) {
        p->token = 0;
        refuse(p, KX_INVALID, "a document must be a JSON object");
    }
}

/* jansson reads numbers by the thread's locale, so it is the C one meanwhile. */
static int parse(parser *p, bool any)
{
    json_error_t error;
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (plain == (locale_t)0)
        return kx_base__nomem();
    locale_t users = uselocale(plain);
    json_t *tree = json_loadb(p->text, p->size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY, &error);
    if (tree == NULL)
        refuse_syntax(p, &error);
    else
        pack_tree(p, tree, any);
    json_decref(tree);
    uselocale(users);
    freelocale(plain);
    return p->rc != KX_OK ? p->rc : p->out->rc;
}

static int record(const parser *p)
{
    if (p->rc == KX_NOMEM)
        return kx_base__nomem();
    return kx_base__fail(p->rc, "line %u, column %u: %s", p->line, p->column, p->what);
}

static int finish(parser *p, int rc)
{
    if (rc == KX_OK)
        rc = kx_document__check_value(kx_slice_of(p->out->data + p->start, p->out->size - p->start), NULL);
    else if (p->rc != KX_OK)
        rc = record(p);
    if (rc != KX_OK)
        p->out->size = p->start;
    return rc;
}

int kx_document__from_json_at(const char *text, size_t size, bool any, kx_buf *out, unsigned *line, unsigned *column,
                              const char **what)
{
    parser p;
    *line = *column = 0;
    *what = "";
    if (out->rc != KX_OK)
        return out->rc;
    if (size > TEXT_SIZE)
        return kx_base__fail(KX_LIMIT, "a JSON text longer than %d bytes", TEXT_SIZE);
    p.text = text != NULL ? text : "";
    p.size = size;
    p.out = out;
    p.start = out->size;
    p.token = 0;
    p.rc = KX_OK;
    p.what[0] = '\0';
    p.line = p.column = 0;
    p.depth = 0;
    int rc = finish(&p, parse(&p, any));
    if (rc != KX_OK) {
        snprintf(last_what, sizeof last_what, "%s", p.what);
        *what = last_what;
        *line = p.line;
        *column = p.column;
    }
    return rc;
}

int kx_document__from_json(const char *text, size_t size, bool any, kx_buf *out)
{
    unsigned line, column;
    const char *what;
    return kx_document__from_json_at(text, size, any, out, &line, &column, &what);
}
