/**
 * error.h -- error codes, their texts, and what is known of this thread's last failure.
 *
 * Every function that can fail returns one of these codes as an int. KX_OK is 0 and ours are negative,
 * so that a callback handed to kx_write() may return positive codes of its own.
 */
#ifndef LMDBKENOBIX_ERROR_H
#define LMDBKENOBIX_ERROR_H

#include <stdint.h>

#include <lmdbkenobix/export.h>
#include <lmdbkenobix/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The one list of codes: name, number, text of kx_strerror(). Numbers never change. */
#define KX_ERRORS(X)                                                             \
    X(KX_OK,            0, "ok")                                                 \
    X(KX_NOTFOUND,     -1, "not found")                                          \
    X(KX_EXISTS,       -2, "already exists")                                     \
    X(KX_INVALID,      -3, "invalid")                                            \
    X(KX_REQUIRED,     -4, "required value missing")                             \
    X(KX_DANGLING,     -5, "related document missing")                           \
    X(KX_RESTRICTED,   -6, "other documents refer to it")                        \
    X(KX_CONFLICT,     -7, "declarations contradict each other")                 \
    X(KX_BUSY,         -8, "busy")                                               \
    X(KX_DEADLOCK,     -9, "this thread already holds the write transaction")    \
    X(KX_READONLY,    -10, "read only")                                          \
    X(KX_THREAD,      -11, "belongs to another thread")                          \
    X(KX_FORKED,      -12, "opened before a fork")                               \
    X(KX_INTERRUPTED, -13, "interrupted")                                        \
    X(KX_LIMIT,       -14, "limit reached")                                      \
    X(KX_FULL,        -15, "disk full")                                          \
    X(KX_MAP_FULL,    -16, "map full")                                           \
    X(KX_TXN_FULL,    -17, "transaction too large")                              \
    X(KX_NOMEM,       -18, "out of memory")                                      \
    X(KX_IO,          -19, "input/output error")                                 \
    X(KX_FORMAT,      -20, "not a store of a known format")                      \
    X(KX_CORRUPT,     -21, "store is damaged")                                   \
    X(KX_REPLACED,    -22, "store file was replaced")                            \
    X(KX_READERS,     -23, "too many readers")                                   \
    X(KX_PID,         -24, "process id clashes with another container's")        \
    X(KX_REMOTE,      -25, "remote file system")

#define KX_ERROR_ENUM(name, number, text) name = number,
enum kx_code { KX_ERRORS(KX_ERROR_ENUM) KX_ERROR_LAST = -25 };
#undef KX_ERROR_ENUM

/** What is known about a failing call. Pointers live until this thread's next failing call. */
typedef struct kx_error {
    int         code;        /**< KX_OK when nothing has failed yet                  */
    int         has_id;      /**< 1 when `id` is known                               */
    const char *message;     /**< the text of kx_errmsg()                            */
    const char *collection;  /**< NULL when no collection was concerned              */
    const char *path;        /**< path or relation, NULL when none was concerned     */
    uint64_t    id;          /**< document id                                        */
    kx_value    value;       /**< the offending value; type 0 when there is none     */
} kx_error;

/**
 * The constant text of a code.
 *
 * Never fails: an unknown number gives "unknown error". The text lives for ever. Any thread.
 */
KX_API const char *kx_strerror(int code);

/**
 * The text of this thread's last failing call: what, where, and what to do.
 *
 * Never NULL; "" when nothing has failed in this thread. Valid until this thread's next failing call.
 */
KX_API const char *kx_errmsg(void);

/**
 * The same as a struct: code, collection, path or relation, document id, value.
 *
 * Never NULL. Valid until this thread's next failing call.
 */
KX_API const kx_error *kx_last_error(void);

#ifdef __cplusplus
}
#endif

#endif
