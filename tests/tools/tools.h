/*
 * tools.h -- what the tests of kx-load and kx-inspect share.
 */
#ifndef KX_TESTS_TOOLS_H
#define KX_TESTS_TOOLS_H

#include <stdbool.h>

#include <lmdbkenobix.h>

#include "support.h"

/* What a command line ended with. */
typedef struct ended {
    int   status;
    char *out, *err;
} ended;

/* Run one line of shell with kx-load and kx-inspect in reach and this test's folder as the current one. */
ended run(const char *stdin_text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same, and the status and the texts must be these; `out` and `err` are parts, NULL: anything. */
void expect(int status, const char *out, const char *err, const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The line succeeds, and this is its output as a whole. */
void expect_all(const char *out, const char *line);

/* `text` is one line that holds `part`. */
void expect_line(const char *text, const char *part);

/* Lines of a text. */
unsigned lines_of(const char *text);

/* Files in this test's folder, hidden ones too. */
unsigned files_here(void);

/* Start a program of ours with a pipe as its standard input; *to is the pipe's other end. */
pid_t start(const char *const *argv, int *to);

/* Everything of one store, read through the API, is in the other. */
void expect_equal_stores(const char *one, const char *other);

#endif
