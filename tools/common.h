/*
 * common.h -- what the command-line programs share: their errors, their options, text that is safe to show.
 *
 * Exit statuses and options are a contract that scripts depend on: see kx-load(1) and kx-inspect(1).
 */
#ifndef KX_TOOLS_COMMON_H
#define KX_TOOLS_COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <lmdbkenobix.h>

enum {
    TOOL_OK = 0,
    TOOL_NO = 1,               /* -e and nothing matched; documents that were refused */
    TOOL_USAGE = 2,            /* the command line, a filter or a name in it */
    TOOL_FAILED = 3,           /* a store or file that cannot be read or written, or is damaged */
    TOOL_INTERRUPTED = 130
};

/* ---- the program -------------------------------------------------------------- */

/* First thing in main(): keeps the name for messages, takes the character set of the environment, makes a broken pipe
   end the program quietly and SIGINT and SIGTERM be noticed by tool_interrupted(). */
void tool_begin(const char *name);

/* True once SIGINT or SIGTERM has come. */
bool tool_interrupted(void);

/* One line on stderr, "NAME: text"; control characters in it are shown as escapes. */
void tool_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A line on a terminal's stderr that the next one, or a message, overwrites. Nothing when stderr is no terminal. */
void tool_progress(const char *format, ...) __attribute__((format(printf, 1, 2)));
void tool_progress_end(void);

/* The same as tool_say() with where to read on; returns TOOL_USAGE. */
int tool_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Say the text of the library's last failing call, about the file `name`, which is put in front where the text does not
   name it itself. */
void tool_say_error(const char *name);

/* The exit status that an error of the library means when it came from a store (not from what was asked of it). */
int tool_status(int rc);

/* For no memory, where nothing can be saved any more: says so and exits with TOOL_FAILED. */
void *tool_alloc(size_t size);
void *tool_realloc(void *memory, size_t size);
char *tool_copy(const char *text);
char *tool_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* -V: name, version and engine, on stdout; returns the exit status. */
int tool_version(void);

/* Text for -h, on stdout; returns the exit status. */
int tool_help(const char *text);

/* ---- the command line ------------------------------------------------------------ */

typedef enum tool_argument { TOOL_NO_ARGUMENT, TOOL_ARGUMENT, TOOL_LATER } tool_argument;

/* An option. TOOL_LATER: of the contract, not built yet; it is refused by name. The list ends with name NULL. */
typedef struct tool_option {
    const char   *name;        /* without the dashes */
    char          letter;      /* 0: none */
    tool_argument argument;
    uint32_t      bit;         /* for the caller: told apart, collected in a set */
} tool_option;

/* One thing found on the command line: an option with its argument, or an operand (option NULL). */
typedef struct tool_word {
    const tool_option *option;
    const char        *text;   /* the argument or operand; NULL for an option without */
} tool_word;

/*
 * Take the command line apart; options may stand before or after operands, "--" ends them. *words ends with both members
 * NULL and is the caller's to free. Returns TOOL_OK or, having said why, TOOL_USAGE.
 */
int tool_parse(int argc, char **argv, const tool_option *options, tool_word **words);

/* A count from 0 on. False when the text is none. */
bool tool_number(const char *text, uint64_t *number);

/* The one of `names` (ended by NULL) that is nearest to `name`, or NULL when none is near. */
const char *tool_nearest(const char *name, const char *const *names);

/* ---- text on a terminal ------------------------------------------------------------ */

/* Append text to `out` so that a terminal shows it and obeys nothing: control, direction and malformed characters become
   escapes. Stops before more than `columns` are used and then ends with an ellipsis. Returns the columns used. */
size_t tool_show(FILE *out, const char *text, size_t size, size_t columns);

/* Columns that tool_show() would use without a limit. */
size_t tool_columns(const char *text, size_t size);

/* Width of the terminal: COLUMNS, else what it says itself, else 80. */
size_t tool_width(void);

#endif
