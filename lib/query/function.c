/* function.c -- one value of a document, and what a function makes of it: null of what it is not for. */
#include <string.h>

#include "query/query_impl.h"

int kx_query__value_of(const kx_query_subject *subject, uint64_t id, kx_slice document, kx_value *value)
{
    kx_slice item = {0};
    if (subject->kind == SUBJECT_ID) {
        *value = kx_query__id_value(id);
        return KX_OK;
    }
    if (subject->kind == SUBJECT_NAME)
        kx_document__find(document, subject->name, subject->size, &item);
    else if (!kx_document__at(document, subject->path, &item))
        item = (kx_slice){0};
    return kx_document__value(item, value);
}

static size_t code_points(const uint8_t *text, size_t size)
{
    size_t count = 0;
    for (size_t i = 0; i < size; i++)
        count += (text[i] & 0xc0) != 0x80;
    return count;
}

static kx_value length(const kx_value *of)
{
    kx_value made = {.type = KX_TYPE_INT};
    switch (of->type) {
    case KX_TYPE_TEXT: made.integer = (int64_t)code_points(of->data, of->size); break;
    case KX_TYPE_BINARY: made.integer = (int64_t)of->size; break;
    case KX_TYPE_ARRAY:
    case KX_TYPE_MAP: made.integer = kx_document__count(kx_slice_of(of->data, of->size)); break;
    default: made.type = KX_TYPE_NULL;
    }
    return made;
}

static int lower(kx_value *value, kx_buf *scratch)
{
    if (value->type != KX_TYPE_TEXT) {
        *value = (kx_value){.type = KX_TYPE_NULL};
        return KX_OK;
    }
    kx_buf__clear(scratch);
    uint8_t *copy = kx_buf__space(scratch, value->size + 1);
    if (copy == NULL)
        return scratch->rc;
    memcpy(copy, value->data, value->size);
    kx_query__fold(copy, value->size);
    value->data = copy;
    return KX_OK;
}

void kx_query__fold(uint8_t *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        text[i] |= (uint8_t)(text[i] - 'A') < 26 ? 0x20 : 0;
}

int kx_query__call_value(const kx_query_call *call, uint64_t id, kx_slice document, kx_value *value)
{
    int rc = kx_query__value_of(&call->of, id, document, value);
    if (rc == KX_OK && call->function == FUNCTION_LOWER)
        return lower(value, call->scratch);
    if (rc == KX_OK)
        *value = length(value);
    return rc;
}
