/*
 * json_text.h -- JSON as text: where its members stand, a string's characters. Nothing is parsed into values.
 *
 * These look at text that the library has written or is about to check: they find their way in what is well-formed, stay
 * within bounds in whatever else, and leave judgement to the library.
 */
#ifndef KX_TOOLS_JSON_TEXT_H
#define KX_TOOLS_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A part of a text. */
typedef struct json_part {
    const char *text;
    size_t      size;
} json_part;

/* A walk over an object's members or an array's elements. */
typedef struct json_walk {
    const char *at, *end;
    char        close;         /* '}', ']', or 0 when the walk is over */
    bool        first;
    json_part   key;           /* a member's name with its quotes; empty in an array */
    json_part   value;
} json_walk;

/* Begin to walk an object ('{') or array ('['). False when the text does not begin one. */
bool json_begin(json_walk *walk, const char *text, size_t size, char open);

/* Step; false at the end and where the text is not well-formed. */
bool json_next(json_walk *walk);

/* The value of an object's member; false when there is none. `name` is compared with what stands between the quotes. */
bool json_member(const char *text, size_t size, const char *name, json_part *value);

/* Is this member's name, without escapes, `name`? */
bool json_is(json_part key, const char *name);

/* A string's characters, escapes resolved; `string` has its quotes. *size may be NULL. NULL when it is no string. The
   result ends in NUL and is the caller's to free. */
char *json_text(json_part string, size_t *size);

/* A number without fraction and sign. */
bool json_count(json_part value, uint64_t *number);

/* Where a JSON number ends; `text` when none begins there. */
const char *json_number_end(const char *text, const char *end);

/* A text as a JSON string, with its quotes. */
void json_put(FILE *out, const char *text, size_t size);

/* White space of JSON from `at` on. */
const char *json_skip(const char *at, const char *end);

#endif
