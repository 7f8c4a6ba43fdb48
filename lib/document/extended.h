/*
 * extended.h -- what JSON has no syntax for, as text and back: base64, moments, numbers in strings.
 * Private to this room.
 *
 *   {"$binary":{"base64":"AAEC","subType":"00"}}            binary; any subtype is read, 00 written
 *   {"$date":"2026-11-22T22:45:00Z"}                        time; fraction of 3, 6 or 9 digits where needed
 *   {"$date":{"$numberLong":"1795387500000"}}               time, in milliseconds: read, never written
 *   {"$date":{"seconds":"-62167219201","nanoseconds":5}}    time outside the years 0000 to 9999
 *   {"$numberDouble":"NaN"}                                 NaN, Infinity, -Infinity; other numbers are read
 *   {"$numberUnsigned":"18446744073709551615"}              integers above 2^63-1; others are read
 *   {"$numberInt":"5"}  {"$numberLong":"5"}                 integers of 32 and 64 bits: read, never written
 *   {"$ext":{"type":5,"base64":"AAEC"}}                     MessagePack extensions other than timestamps
 *   {"$$name":1}                                            a key that begins with '$': one '$' more than it has
 */
#ifndef KX_DOCUMENT_EXTENDED_H
#define KX_DOCUMENT_EXTENDED_H

#include "base/base.h"

enum { KX_DATE_SIZE = 40 };

/* 2026-11-22T22:45:00.5Z and its like; false outside the years 0000 to 9999. */
bool kx_document__to_date(int64_t seconds, uint32_t nanoseconds, char text[KX_DATE_SIZE]);

/* The same back; fractions of 1 to 9 digits, and +hh:mm in place of Z. False for anything else. */
bool kx_document__from_date(const char *text, size_t size, int64_t *seconds, uint32_t *nanoseconds);

/* An integer of JSON's grammar; false for other texts and beyond the bounds. */
bool kx_document__to_signed(const char *text, size_t size, int64_t *value);
bool kx_document__to_unsigned(const char *text, size_t size, uint64_t *value);

/* A number of JSON's grammar within a double's range, NaN, Infinity or -Infinity. `text` ends in a NUL that `size`
   does not count; the thread's locale must be the C one. */
bool kx_document__to_real(const char *text, size_t size, double *value);

#endif
