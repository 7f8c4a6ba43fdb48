/*
 * buf.c -- bytes that grow, with an error that sticks.
 */
#include "base/base.h"

#include <stdio.h>
#include <string.h>

enum { FIRST_CAPACITY = 64 };

/* Room for `more` bytes behind the present ones, growing by half at least. */
static bool reserve(kx_buf *buf, size_t more)
{
    if (buf->rc != KX_OK)
        return false;
    if (buf->data != NULL && more <= buf->capacity - buf->size)
        return true;

    size_t wanted = more <= SIZE_MAX - buf->size ? buf->size + more : SIZE_MAX;
    size_t grown = buf->capacity <= SIZE_MAX / 2 ? buf->capacity + buf->capacity / 2 : SIZE_MAX;
    size_t capacity = wanted > grown ? wanted : grown;
    capacity = capacity > FIRST_CAPACITY ? capacity : FIRST_CAPACITY;
    uint8_t *data = capacity < SIZE_MAX ? kx_base__realloc(buf->data, capacity) : NULL;
    if (data == NULL) {
        buf->rc = kx_base__nomem();
        return false;
    }
    buf->data = data;
    buf->capacity = capacity;
    return true;
}

uint8_t *kx_buf__space(kx_buf *buf, size_t size)
{
    if (!reserve(buf, size))
        return NULL;
    uint8_t *space = buf->data + buf->size;
    buf->size += size;
    return space;
}

void kx_buf__append(kx_buf *buf, const void *data, size_t size)
{
    if (size == 0 || !reserve(buf, size))
        return;
    memcpy(buf->data + buf->size, data, size);
    buf->size += size;
}

void kx_buf__byte(kx_buf *buf, uint8_t byte)
{
    if (reserve(buf, 1))
        buf->data[buf->size++] = byte;
}

void kx_buf__text(kx_buf *buf, const char *text)
{
    kx_buf__append(buf, text, strlen(text));
}

/* vsnprintf ends with a NUL, which needs room but is not counted. */
void kx_buf__print(kx_buf *buf, const char *format, ...)
{
    if (!reserve(buf, 1))
        return;
    va_list args;
    va_start(args, format);
    size_t room = buf->capacity - buf->size;
    int length = vsnprintf((char *)buf->data + buf->size, room, format, args);
    va_end(args);
    if (length >= 0 && (size_t)length >= room) {
        if (!reserve(buf, (size_t)length + 1))
            return;
        va_start(args, format);
        length = vsnprintf((char *)buf->data + buf->size, (size_t)length + 1, format, args);
        va_end(args);
    }
    if (length < 0)
        buf->rc = kx_base__fail(KX_NOMEM, "a text could not be printed");
    else
        buf->size += (size_t)length;
}

void kx_buf__clear(kx_buf *buf)
{
    buf->size = 0;
    buf->rc = KX_OK;
}

void kx_buf__free(kx_buf *buf)
{
    kx_base__free(buf->data);
    *buf = (kx_buf){0};
}
