/**
 * value.h -- one value with its type: what a field holds, what a condition compares with.
 *
 * A kx_value never owns memory. Texts, binaries and containers point at bytes of the caller's, which must
 * live as long as the value is used; functions that take a value copy what they keep.
 */
#ifndef LMDBKENOBIX_VALUE_H
#define LMDBKENOBIX_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lmdbkenobix/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Types of values and of declared fields. Numbers never change. */
typedef enum kx_type {
    KX_TYPE_NONE = 0,  /**< no value: ends lists, means "missing"; as a field's type: any */
    KX_TYPE_NULL,
    KX_TYPE_BOOL,
    KX_TYPE_INT,       /**< -2^63 to 2^63-1                                               */
    KX_TYPE_UINT,      /**< 2^63 to 2^64-1: what KX_TYPE_INT cannot hold                  */
    KX_TYPE_REAL,      /**< IEEE 754 binary64                                             */
    KX_TYPE_TEXT,      /**< UTF-8, may hold NUL                                           */
    KX_TYPE_BINARY,
    KX_TYPE_TIME,      /**< UTC: seconds since 1970-01-01 and nanoseconds                 */
    KX_TYPE_ARRAY,
    KX_TYPE_MAP,
    KX_TYPE_EXT,       /**< a MessagePack extension                                       */
    KX_TYPE_LIST       /**< several values for one operator; never stored                 */
} kx_type;

/**
 * A tagged value; no union, so that a foreign function interface can fill it.
 *
 * {0} is "no value", which is not null: it ends lists.
 */
typedef struct kx_value {
    kx_type     type;
    int32_t     extra;     /**< TIME: nanoseconds, 0 to 999999999; EXT: its type, -128 to 127        */
    int64_t     integer;   /**< BOOL: 0 or 1; INT; UINT: the same bits; TIME: seconds since 1970      */
    double      real;      /**< REAL                                                                 */
    const void *data;      /**< TEXT, BINARY, EXT: bytes; ARRAY, MAP: MessagePack; LIST: kx_value[]   */
    size_t      size;      /**< of data, in bytes; LIST: number of values                            */
    uint64_t    reserved;  /**< zero                                                                 */
} kx_value;

/** Null. A missing field compares like it. Cannot fail; no memory is held. */
KX_API kx_value kx_null(void);

/** true or false. Cannot fail. */
KX_API kx_value kx_bool(bool value);

/** A signed integer. Cannot fail. */
KX_API kx_value kx_int(int64_t value);

/** An unsigned integer; up to 2^63-1 it is the same value as kx_int() gives. Cannot fail. */
KX_API kx_value kx_uint(uint64_t value);

/** A real number. Cannot fail. */
KX_API kx_value kx_real(double value);

/** A text that ends at its first NUL; NULL gives kx_null(). Cannot fail; points at `text`. */
KX_API kx_value kx_text(const char *text);

/** A text of `size` bytes of UTF-8, NULs included. Cannot fail here: the bytes are checked where they are used. */
KX_API kx_value kx_text_n(const char *text, size_t size);

/** `size` bytes. Cannot fail; points at `data`. */
KX_API kx_value kx_binary(const void *data, size_t size);

/** A moment in UTC: seconds since 1970 (may be negative) and 0 to 999999999 nanoseconds. Cannot fail here. */
KX_API kx_value kx_time(int64_t seconds, uint32_t nanoseconds);

/** A MessagePack extension: type -128 to 127 (-1 is MessagePack's timestamp), `size` bytes. Cannot fail here. */
KX_API kx_value kx_ext(int type, const void *data, size_t size);

/**
 * Any value as `size` bytes of MessagePack: how arrays and maps are given.
 *
 * Returns "no value" (type 0) when the bytes do not start with a whole MessagePack value; what is inside an
 * array or map is checked where the value is used. Points at `data`.
 */
KX_API kx_value kx_msgpack(const void *data, size_t size);

/** A list of values for KX_IN and KX_BETWEEN, ended by a value of type 0: kx_list(KX_ARGS(…)). Cannot fail. */
KX_API kx_value kx_list(const kx_value *values);

/** Values as an array that ends in "no value". Lives as long as the enclosing block. */
#define KX_ARGS(...) ((const kx_value[]){__VA_ARGS__, {KX_TYPE_NONE, 0, 0, 0, 0, 0, 0}})

#ifdef __cplusplus
}
#endif

#endif
