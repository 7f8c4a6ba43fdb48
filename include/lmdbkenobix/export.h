/** export.h -- marks what the shared library exports; everything else in it is hidden. */
#ifndef LMDBKENOBIX_EXPORT_H
#define LMDBKENOBIX_EXPORT_H

#if defined(__GNUC__)
#define KX_API __attribute__((visibility("default")))
#define KX_PRINTF(text, first) __attribute__((__format__(__printf__, text, first)))
#else
#define KX_API
#define KX_PRINTF(text, first)
#endif

#endif
