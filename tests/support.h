/*
 * support.h -- what every test program shares: the runner, random numbers, scaling, folders, files and commands.
 *
 * Check forks each test unless CK_FORK=no is set; everything here works both ways. Every pointer that a function
 * here returns belongs to it and lives until the process ends: never free one. A failure inside a helper (no disk, no
 * such file) ends the test with a text; none of them returns an error.
 *
 *   KX_SEED=n    repeats a randomized run        KX_SCALE=x   scales counts: 1 in make check, 0.1 under sanitizers
 *   KX_LONG=1    make check-long: no size is too large          CK_RUN_CASE=name   runs one case (Check's own)
 */
#ifndef KX_TESTS_SUPPORT_H
#define KX_TESTS_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <check.h>

/* ---- run ------------------------------------------------------------------ */

/*
 * Run a suite and free it: int main(void) { return kxt_run(suite()); }. Prints Check's summary, for example
 * "100%: Checks: 5, Failures: 0, Errors: 0". Returns the program's exit status.
 */
int kxt_run(Suite *suite);

/*
 * tcase_create() with what all our cases need: kxt_path() starts anew with each test, and a test may take 10 minutes
 * before it counts as hanging (Check's own bound, 4 seconds, measures the machine). tcase_set_timeout() still works.
 */
TCase *kxt_case(const char *name);
#define tcase_create(name) kxt_case(name)

/* ---- random and scale ------------------------------------------------------- */

/* This run's seed: KX_SEED, else one drawn at start; the same in all tests of a run. Prints it. */
uint64_t kxt_seed(void);

/* The next number of splitmix64; *state is a seed to begin with. */
uint64_t kxt_random(uint64_t *state);

/* 0 to bound - 1, evenly; 0 when bound is 0. */
uint64_t kxt_random_below(uint64_t *state, uint64_t bound);

/* n * KX_SCALE, at least 1. For counts of random trials and of documents. */
uint64_t kxt_scaled(uint64_t n);

/* True in make check-long: cases over 10^6 documents ask for it. */
bool kxt_long(void);

/* False under a sanitizer or valgrind: cases over 10^5 documents, and those that limit the stack, ask for it. */
bool kxt_plain(void);

/* ---- folders and files -------------------------------------------------------- *
 * All under one folder in ${TMPDIR:-/tmp}, removed when the process that made them ends, also after a failed test.  */

/* A fresh, empty folder. */
char *kxt_folder(void);

/* `name` in this test's folder; the same name gives the same path within a test and what it forks. Makes no file. */
char *kxt_path(const char *name);

/* A file of the sources, or of the build: kxt_source("tests/golden/v1.kx"), kxt_built("tools/kx-load"). Absolute. */
char *kxt_source(const char *name);
char *kxt_built(const char *name);

/* Replace a file's content. */
void kxt_write_file(const char *path, const char *text);
void kxt_write_bytes(const char *path, const void *data, size_t size);

/* A file whole, with a NUL behind it; *size (may be NULL) is in bytes, without that NUL. */
char *kxt_read_file(const char *path, size_t *size);

/* Text as printf makes it. */
char *kxt_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- commands ------------------------------------------------------------------ */

/*
 * Run argv[0] (found as the shell finds it), wait, and return its exit status, or 128 + the signal that killed it. It
 * reads `stdin_text` (NULL: nothing). What it printed, each with a NUL behind it: *out and *err, either may be NULL.
 */
int kxt_command(char *const argv[], const char *stdin_text, char **out, char **err);

/* The same for one line of shell; $KX_SRCDIR and $KX_BUILDDIR are set in it. */
int kxt_shell(const char *line, const char *stdin_text, char **out, char **err);

#endif
