/*
 * value.c -- the constructors of values.
 */
#include <lmdbkenobix/value.h>

#include <string.h>

#include "document/document.h"

kx_value kx_null(void)
{
    return (kx_value){.type = KX_TYPE_NULL};
}

kx_value kx_bool(bool value)
{
    return (kx_value){.type = KX_TYPE_BOOL, .integer = value};
}

kx_value kx_int(int64_t value)
{
    return (kx_value){.type = KX_TYPE_INT, .integer = value};
}

kx_value kx_uint(uint64_t value)
{
    return (kx_value){.type = value <= INT64_MAX ? KX_TYPE_INT : KX_TYPE_UINT, .integer = (int64_t)value};
}

kx_value kx_real(double value)
{
    return (kx_value){.type = KX_TYPE_REAL, .real = value};
}

/* Bytes that the caller keeps. None at all may come as NULL; some at NULL is "no value", which every call refuses. */
static kx_value bytes_value(kx_type type, const void *data, size_t size)
{
    if (data == NULL && size > 0)
        return (kx_value){0};
    return (kx_value){.type = type, .data = data != NULL ? data : "", .size = size};
}

kx_value kx_text(const char *text)
{
    return text != NULL ? kx_text_n(text, strlen(text)) : kx_null();
}

kx_value kx_text_n(const char *text, size_t size)
{
    return bytes_value(KX_TYPE_TEXT, text, size);
}

kx_value kx_binary(const void *data, size_t size)
{
    return bytes_value(KX_TYPE_BINARY, data, size);
}

/* More than INT32_MAX nanoseconds become a negative number, which is out of range as well. */
kx_value kx_time(int64_t seconds, uint32_t nanoseconds)
{
    return (kx_value){.type = KX_TYPE_TIME, .integer = seconds, .extra = (int32_t)nanoseconds};
}

static uint64_t big_endian(const uint8_t *bytes, size_t size)
{
    uint64_t number = 0;
    for (size_t i = 0; i < size; i++)
        number = number << 8 | bytes[i];
    return number;
}

/*
 * MessagePack's timestamp, so that it equals the same moment made by kx_time():
 *
 *    4 bytes   seconds                        8 bytes   nanoseconds (30 bits) | seconds (34 bits)
 *   12 bytes   nanoseconds (4 bytes) | seconds (8 bytes, signed)
 */
static bool read_timestamp(const uint8_t *bytes, size_t size, kx_value *time)
{
    uint64_t seconds, nanoseconds = 0;
    if (size == 4) {
        seconds = big_endian(bytes, 4);
    } else if (size == 8) {
        nanoseconds = big_endian(bytes, 8) >> 34;
        seconds = big_endian(bytes, 8) & ((UINT64_C(1) << 34) - 1);
    } else if (size == 12) {
        nanoseconds = big_endian(bytes, 4);
        seconds = big_endian(bytes + 4, 8);
    } else {
        return false;
    }
    *time = kx_time((int64_t)seconds, (uint32_t)nanoseconds);
    return nanoseconds < 1000000000;
}

kx_value kx_ext(int type, const void *data, size_t size)
{
    kx_value value = bytes_value(KX_TYPE_EXT, data, size), time;
    value.extra = value.type == KX_TYPE_EXT ? type : 0;
    if (type == -1 && data != NULL && read_timestamp(data, size, &time))
        return time;
    return value;
}

kx_value kx_msgpack(const void *data, size_t size)
{
    kx_value value = {0};
    size_t length = data != NULL ? kx_document__length(data, size) : 0;
    if (length == 0 || kx_document__value(kx_slice_of(data, length), &value) != KX_OK) {
        kx_base__publish(KX_OK);
        return (kx_value){0};
    }
    return value;
}

kx_value kx_list(const kx_value *values)
{
    size_t count = 0;
    while (values != NULL && values[count].type != KX_TYPE_NONE)
        count++;
    return (kx_value){.type = KX_TYPE_LIST, .data = values, .size = count};
}
