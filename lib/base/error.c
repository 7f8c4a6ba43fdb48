/*
 * error.c -- what failed last in this thread, and why.
 *
 * Each thread has two records. Inside a public call, failures write the pending one, where the cause is known; the api
 * room publishes it with the code that the call returns, or forgets it. Text and code therefore always belong together:
 * a record is published only for its own code, and none outlives its call. No memory is allocated on the way.
 */
#include "base/base.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum {
    MESSAGE_SIZE = 1024,
    PRINT_SIZE = MESSAGE_SIZE + 4,         /* shows whether a character crosses the end of a message */
    NAME_SIZE = 256
};

typedef struct record {
    kx_error about;              /* code is KX_OK while the record is empty */
    char     message[MESSAGE_SIZE];
    char     collection[NAME_SIZE];
    char     path[NAME_SIZE];
    char     value[NAME_SIZE];
} record;

static _Thread_local struct {
    record   records[2];
    unsigned last;               /* the published one; the other is pending */
} errors;

atomic_uint kx_base__records;

static record *pending_record(void)
{
    return &errors.records[errors.last ^ 1u];
}

static void copy_text(char *to, size_t room, const char *from, size_t size)
{
    size = kx_base__utf8_cut(from, size, room - 1);
    memmove(to, from, size);
    to[size] = '\0';
}

static const char *copy_name(char *to, const char *name)
{
    if (name == NULL)
        return NULL;
    copy_text(to, NAME_SIZE, name, strlen(name));
    return to;
}

/* A value whose bytes live in `bytes`; texts and binaries are cut, what a cut would spoil becomes "no value". */
static kx_value copy_value(char *bytes, const kx_value *value)
{
    kx_value copy = {0};
    if (value == NULL || value->type == KX_TYPE_LIST)
        return copy;
    copy = *value;
    switch (value->type) {
    case KX_TYPE_TEXT:
        copy.size = value->size == 0 ? 0 : kx_base__utf8_cut(value->data, value->size, NAME_SIZE - 1);
        break;
    case KX_TYPE_BINARY:
        copy.size = value->size < NAME_SIZE ? value->size : NAME_SIZE - 1;
        break;
    case KX_TYPE_ARRAY: case KX_TYPE_MAP: case KX_TYPE_EXT:
        if (value->size >= NAME_SIZE)
            return (kx_value){0};
        break;
    default:
        copy.data = NULL;
        copy.size = 0;
        return copy;
    }
    if (copy.size > 0)
        memmove(bytes, value->data, copy.size);
    bytes[copy.size] = '\0';
    copy.data = bytes;
    return copy;
}

/* Print a text, cut at MESSAGE_SIZE - 1 bytes; returns its length. A format that fails leaves the code's own text. */
static size_t print_message(int code, char *text, const char *format, va_list args)
{
    int length = vsnprintf(text, PRINT_SIZE, format, args);
    if (length < 0)
        length = snprintf(text, PRINT_SIZE, "%s", kx_strerror(code));
    size_t size = kx_base__utf8_cut(text, (size_t)length, MESSAGE_SIZE - 1);
    text[size] = '\0';
    return size;
}

/* Make the pending record one of `code` that knows nothing yet. */
static record *start_record(int code)
{
    assert(code < 0);
    record *pending = pending_record();
    if (pending->about.code == KX_OK)
        atomic_fetch_add_explicit(&kx_base__records, 1, memory_order_relaxed);
    pending->about = (kx_error){.code = code, .message = pending->message};
    return pending;
}

int kx_base__fail(int code, const char *format, ...)
{
    char text[PRINT_SIZE];
    va_list args;
    va_start(args, format);
    size_t size = print_message(code, text, format, args);
    va_end(args);

    record *pending = start_record(code);
    memcpy(pending->message, text, size + 1);
    return code;
}

int kx_base__fail_at(int code, const char *collection, const char *path, const uint64_t *id, const kx_value *value,
                     const char *format, ...)
{
    char text[PRINT_SIZE];
    va_list args;
    va_start(args, format);
    size_t size = print_message(code, text, format, args);
    va_end(args);

    record *pending = pending_record();
    kx_error about = {.code = code, .message = pending->message};
    about.collection = copy_name(pending->collection, collection);
    about.path = copy_name(pending->path, path);
    about.value = copy_value(pending->value, value);
    about.has_id = id != NULL;
    about.id = id != NULL ? *id : 0;
    start_record(code)->about = about;
    memcpy(pending->message, text, size + 1);
    return code;
}

int kx_base__fail_in(int code, const char *format, ...)
{
    char text[PRINT_SIZE];
    va_list args;
    va_start(args, format);
    size_t size = print_message(code, text, format, args);
    va_end(args);

    record *pending = pending_record();
    if (pending->about.code == code && size + 2 < MESSAGE_SIZE) {
        text[size++] = ':';
        text[size++] = ' ';
        copy_text(text + size, MESSAGE_SIZE - size, pending->message, strlen(pending->message));
        size += strlen(text + size);
    } else if (pending->about.code != code) {
        pending = start_record(code);
    }
    memcpy(pending->message, text, size + 1);
    return code;
}

int kx_base__publish(int code)
{
    record *pending = pending_record();
    int recorded = pending->about.code;
    if (recorded != KX_OK)
        atomic_fetch_sub_explicit(&kx_base__records, 1, memory_order_relaxed);
    if (code < 0) {
        if (recorded != code)
            pending->about = (kx_error){.code = code, .message = kx_strerror(code)};
        errors.last ^= 1u;
        pending = pending_record();
    }
    pending->about.code = KX_OK;
    return code;
}

const char *kx_strerror(int code)
{
    switch (code) {
#define ERROR_TEXT(name, number, text) case number: return text;
    KX_ERRORS(ERROR_TEXT)
#undef ERROR_TEXT
    default: return "unknown error";
    }
}

const kx_error *kx_last_error(void)
{
    kx_error *last = &errors.records[errors.last].about;
    if (last->message == NULL)
        last->message = "";
    return last;
}

const char *kx_errmsg(void)
{
    return kx_last_error()->message;
}
