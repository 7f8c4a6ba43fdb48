/*
 * token.c -- a page's end as text, and back.
 *
 *   token  =  base64url without padding of MessagePack: [ version, query, id, value, … ]
 *
 *   version  1
 *   query    63 bits of a hash of the collection, the conditions and the order: of another query, it is refused
 *   value    what the document had in each part of the order: the next page begins behind (values, id), whatever has become of the
 *            document, and whichever index is walked
 *
 * So a token is about as long as the values it holds. It is no secret and no proof: who makes one up gets another page.
 */
#include <string.h>

#include "query/query_impl.h"

enum { VERSION = 1, FIXED = 3 };

/* ---- which query ---------------------------------------------------------------------------- */

static uint64_t add_bytes(uint64_t hash, const void *data, size_t size)
{
    return kx_base__hash64(data, size, hash);
}

static uint64_t add_number(uint64_t hash, uint64_t number)
{
    return add_bytes(hash, &number, sizeof number);
}

/* A moment that now() gave is another one at each page. */
static uint64_t add_value(const kx_query_compiled *compiled, uint64_t hash, const kx_value *value)
{
    kx_key key;
    if (value->type == KX_TYPE_TIME && compiled->now.type != KX_TYPE_NONE)
        return add_number(hash, KX_TYPE_TIME);
    kx_key__init(&key);
    kx_key__add(&key, value, false);
    hash = add_bytes(hash, key.data, key.size);
    kx_key__free(&key);
    return hash;
}

static uint64_t add_values(const kx_query_compiled *compiled, uint64_t hash, const kx_value *value)
{
    if (value->type != KX_TYPE_LIST)
        return add_value(compiled, hash, value);
    const kx_value *members = value->data;
    for (size_t i = 0; i < value->size; i++)
        hash = add_value(compiled, hash, &members[i]);
    return add_number(hash, value->size);
}

static uint64_t add_subject(uint64_t hash, const kx_query_subject *subject)
{
    if (subject->kind == SUBJECT_CALL)
        return add_subject(add_number(hash, subject->call->function), &subject->call->of);
    if (subject->kind == SUBJECT_CROSS && subject->cross->leaf.kind == SUBJECT_CALL)
        hash = add_number(hash, subject->cross->leaf.call->function);
    return subject->text != NULL ? add_bytes(hash, subject->text, strlen(subject->text)) : hash;
}

static uint64_t add_tests(const kx_query_compiled *compiled, uint64_t hash, const kx_query_test *tests, size_t count);

/* As deep as filters are nested, which is bounded. A bound of ids is the set of the moment, and may change between two pages. */
static uint64_t add_test(const kx_query_compiled *compiled, uint64_t hash, const kx_query_test *test)
{
    const kx_query_group *group = test->group;
    hash = add_number(hash, (uint64_t)test->op << 1 | test->with_null);
    if (test->op != TEST_GROUP)
        return add_values(compiled, add_subject(hash, &test->subject), &test->value);
    hash = add_number(hash, (uint64_t)group->any << 1 | group->negated);
    for (size_t i = 0; group->cross != NULL && i < group->cross->count; i++) {
        const char *name = group->cross->hops[i]->declared.name;
        hash = add_bytes(hash, name, strlen(name));
    }
    return add_tests(compiled, hash, group->tests, group->count);
}

static uint64_t add_tests(const kx_query_compiled *compiled, uint64_t hash, const kx_query_test *tests, size_t count)
{
    for (size_t i = 0; i < count; i++)
        hash = add_test(compiled, hash, &tests[i]);
    return add_number(hash, count);
}

static uint64_t hash_of(const kx_query_compiled *compiled)
{
    uint64_t hash = add_bytes(VERSION, compiled->collection->name, strlen(compiled->collection->name));
    hash = add_tests(compiled, hash, compiled->tests, compiled->test_count);
    for (size_t i = 0; i < compiled->order_count; i++) {
        const kx_query_order *order = &compiled->orders[i];
        hash = add_number(hash, order->descending);
        hash = add_subject(hash, &order->subject);
    }
    return hash >> 1;
}

/* ---- writing ------------------------------------------------------------------------------------ */

static void add_integer(kx_builder *builder, uint64_t number)
{
    kx_value value = kx_query__id_value(number);
    kx_builder__value(builder, &value);
}

/* RFC 4648, section 5: what may stand in an address; the padding says nothing. */
static int to_base64url(kx_slice bytes, kx_buf *token)
{
    size_t from = token->size;
    kx_document__to_base64(bytes.data, bytes.size, token);
    if (token->rc != KX_OK)
        return token->rc;
    for (size_t i = from; i < token->size; i++) {
        uint8_t *byte = &token->data[i];
        *byte = *byte == '+' ? '-' : *byte == '/' ? '_' : *byte;
    }
    while (token->size > from && token->data[token->size - 1] == '=')
        token->size--;
    kx_buf__byte(token, '\0');
    return token->rc;
}

int kx_query__write_token(const kx_query_compiled *compiled, uint64_t id, kx_slice document, kx_buf *token)
{
    kx_builder builder;
    kx_slice bytes;
    kx_value *values = kx_base__alloc(kx_base__times(compiled->order_count, sizeof *values));
    if (values == NULL)
        return kx_base__nomem();
    kx_builder__init(&builder);
    kx_builder__array(&builder);
    add_integer(&builder, VERSION);
    add_integer(&builder, hash_of(compiled));
    add_integer(&builder, id);
    int rc = kx_query__order_values(compiled, id, document, values);
    for (size_t i = 0; i < compiled->order_count && rc == KX_OK; i++) {
        const kx_value null = {.type = KX_TYPE_NULL};
        kx_builder__value(&builder, values[i].type != KX_TYPE_NONE ? &values[i] : &null);
    }
    kx_builder__end(&builder);
    if (rc == KX_OK)
        rc = kx_builder__finish(&builder, &bytes);
    if (rc == KX_OK)
        rc = to_base64url(bytes, token);
    kx_builder__free(&builder);
    kx_base__free(values);
    return rc;
}

/* ---- reading ----------------------------------------------------------------------------------------- */

static int no_token(void)
{
    return kx_base__fail(KX_INVALID, "a query's .after is no token of this library");
}

/* The bytes of a token, in the query's memory. */
static int from_base64url(kx_query_compiled *compiled, const char *token, kx_slice *bytes)
{
    size_t size = strlen(token), padded = (size + 3) / 4 * 4;
    char *text = kx_query__alloc(&compiled->memory, padded + 1);
    if (text == NULL)
        return KX_NOMEM;
    for (size_t i = 0; i < padded; i++) {
        char byte = i < size ? token[i] : '=';
        text[i] = byte == '-' ? '+' : byte == '_' ? '/' : byte;
        if (i < size && (byte == '+' || byte == '/' || byte == '='))
            return no_token();
    }
    size_t decoded = kx_document__base64_size(text, padded);
    if (size == 0 || decoded == SIZE_MAX)
        return no_token();
    uint8_t *data = kx_query__alloc(&compiled->memory, decoded);
    if (data == NULL)
        return KX_NOMEM;
    *bytes = kx_slice_of(data, decoded);
    return kx_document__from_base64(text, padded, data) ? KX_OK : no_token();
}

static bool next_integer(kx_members *members, uint64_t *number)
{
    kx_value value;
    if (!kx_document__next(members) || kx_document__value(members->item, &value) != KX_OK ||
        value.type != KX_TYPE_INT || value.integer < 0)
        return false;
    *number = (uint64_t)value.integer;
    return true;
}

static bool read_values(kx_members *members, kx_query_after *after)
{
    for (size_t i = 0; i < after->count; i++) {
        if (!kx_document__next(members) || kx_document__value(members->item, &after->values[i]) != KX_OK)
            return false;
    }
    return true;
}

int kx_query__read_token(kx_query_compiled *compiled, const char *token)
{
    kx_slice bytes;
    uint64_t version, query, id;
    int rc = from_base64url(compiled, token, &bytes);
    if (rc != KX_OK)
        return rc;
    if (kx_document__type(bytes) != KX_TYPE_ARRAY || kx_document__check_value(bytes, NULL) != KX_OK)
        return no_token();
    kx_members members = kx_document__members(bytes);
    if (!next_integer(&members, &version) || version != VERSION || !next_integer(&members, &query) ||
        !next_integer(&members, &id))
        return no_token();
    if (query != hash_of(compiled) || kx_document__count(bytes) != FIXED + compiled->order_count)
        return kx_base__fail(KX_INVALID, "a query's .after is the token of another query");
    kx_query_after *after = kx_query__alloc(&compiled->memory, sizeof *after);
    kx_value *values = kx_query__alloc(&compiled->memory, kx_base__times(compiled->order_count, sizeof *values));
    if (after == NULL || values == NULL)
        return KX_NOMEM;
    *after = (kx_query_after){id, values, compiled->order_count};
    compiled->after = after;
    return read_values(&members, after) ? KX_OK : no_token();
}
