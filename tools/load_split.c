/*
 * load_split.c -- where one object ends and the next begins, in JSON that takes many lines. See load.h.
 *
 * Brackets are counted and strings passed over; the library says what is wrong inside. Between objects stands white space,
 * or what an array asks for:
 *
 *   nothing read yet   '[' -> in the array      '{' -> objects
 *   in the array       '{', or ']' at once      after an object ',' or ']'
 *   objects            '{'
 *   done               nothing more
 */
#include <string.h>

#include "common.h"
#include "load.h"

enum { AT_BEGIN, IN_ARRAY, AFTER_ELEMENT, AMONG_OBJECTS, DONE };

/* Step over one byte; columns count characters, so not the bytes that continue one. */
static void pass(input *in, char byte)
{
    if (byte == '\n') {
        in->line++;
        in->column = 1;
    } else if (((unsigned char)byte & 0xc0) != 0x80) {
        in->column++;
    }
}

/* The next byte that is no white space, not taken: 0 at the end, -1 when reading failed. */
static int look(input *in)
{
    int more = 1;

    for (;;) {
        for (; in->start < in->end; in->start++) {
            char byte = in->data[in->start];
            if (memchr(" \t\r\n", byte, 4) == NULL)
                return byte == '\0' ? 1 : (unsigned char)byte;
            pass(in, byte);
        }
        if (more == 0)
            return 0;
        more = input_more(in);
        if (more < 0)
            return -1;
    }
}

static int refuse(const input *in, const char *expected, int found)
{
    if (found == 0)
        input_say(in, in->line, in->column, "expected %s, but the file ends", expected);
    else if (found > 0x20 && found < 0x7f)
        input_say(in, in->line, in->column, "expected %s, found '%c'", expected, found);
    else
        input_say(in, in->line, in->column, "expected %s", expected);
    return TOOL_NO;
}

/* Where an object stands among brackets and strings. */
typedef struct scan {
    size_t depth;
    bool   in_string, escaped;
} scan;

/* True with the byte that closes the outermost bracket. */
static bool step(scan *state, char byte)
{
    if (state->in_string) {
        if (state->escaped)
            state->escaped = false;
        else if (byte == '\\')
            state->escaped = true;
        else if (byte == '"')
            state->in_string = false;
        return false;
    }
    if (byte == '"')
        state->in_string = true;
    else if (byte == '{' || byte == '[')
        state->depth++;
    else if (byte == '}' || byte == ']')
        return --state->depth == 0;
    return false;
}

/* The object at data[start]. One that does not end goes on to the end of the input: the library finds the place. */
static int take_object(input *in, piece *next)
{
    scan     state = {0, false, false};
    size_t   size = 0;
    uint64_t line = in->line, column = in->column;
    int      more = 1;
    bool     ended = false;

    while (!ended && more > 0) {
        while (!ended && in->start + size < in->end) {
            char byte = in->data[in->start + size++];
            ended = step(&state, byte);
            pass(in, byte);
        }
        if (!ended && (more = input_more(in)) < 0)
            return TOOL_FAILED;
    }
    *next = (piece){in->data + in->start, size, line, column};
    in->start += size;
    return TOOL_OK;
}

/* Past what stands between objects; *found is the byte that comes then, 0 at the end of it all. */
static int next_begin(input *in, int *found)
{
    *found = look(in);
    if (in->place == AT_BEGIN) {
        in->place = *found == '[' ? IN_ARRAY : AMONG_OBJECTS;
        if (*found == '[') {
            pass(in, in->data[in->start++]);
            *found = look(in);
            if (*found != ']')
                return TOOL_OK;
        }
    }
    if (in->place == AFTER_ELEMENT && *found == ',') {
        pass(in, in->data[in->start++]);
        *found = look(in);
        in->place = IN_ARRAY;
        return TOOL_OK;
    }
    if ((in->place == AFTER_ELEMENT || in->place == IN_ARRAY) && *found == ']') {
        pass(in, in->data[in->start++]);
        in->place = DONE;
        *found = look(in);
    } else if (in->place == AFTER_ELEMENT && *found >= 0) {
        return refuse(in, "',' or ']'", *found);
    }
    if (in->place == DONE && *found > 0)
        return refuse(in, "the end of the file behind the array", *found);
    return TOOL_OK;
}

int input_object(input *in, piece *next)
{
    int found, status = next_begin(in, &found);

    *next = (piece){NULL, 0, in->line, in->column};
    if (status != TOOL_OK)
        return status;
    if (found < 0)
        return TOOL_FAILED;
    if (found == 0 && in->place != IN_ARRAY)
        return TOOL_OK;
    if (found != '{')
        return refuse(in, "'{'", found);
    if (in->place == IN_ARRAY)
        in->place = AFTER_ELEMENT;
    return take_object(in, next);
}
