/*
 * store_test.h -- what the tests of the store's room share: claims about codes, other processes, small tables.
 */
#ifndef KX_TESTS_STORE_TEST_H
#define KX_TESTS_STORE_TEST_H

#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "store/store.h"
#include "support.h"

/* ---- claims ------------------------------------------------------------------ */

/* The call gives this code; what it says about it can then be looked at with said(). */
#define expect(code, call) expect_at((code), (call), #call, __FILE__, __LINE__)
#define ok(call) expect(KX_OK, call)
void expect_at(int want, int got, const char *call, const char *file, int line);

/* The text of the last failure holds this phrase. */
#define said(phrase) said_at((phrase), __FILE__, __LINE__)
void said_at(const char *phrase, const char *file, int line);

/* ---- tables --------------------------------------------------------------------- */

enum { ROWS = 2, UNIQUE = 3, POSTINGS = 4, MORE = 5 };
extern const kx_store_table rows, unique, postings;

extern kx_store_txn *begun_transactions[256];
kx_store *open_store(const char *path);                         /* with the usual options */
kx_store *open_tables(const char *path);                        /* and the three tables, made */
kx_store_txn *reading(kx_store *store);
kx_store_txn *writing(kx_store *store);
kx_slice text(const char *bytes);                               /* without its NUL */
kx_slice number_key(uint64_t number, uint8_t key[8]);           /* sorts as the number does */
void put_text(kx_store_txn *txn, uint32_t table, uint64_t id, const char *row);
void row_is(kx_store_txn *txn, uint32_t table, uint64_t id, const char *row);       /* NULL: not there */

/* ---- other processes --------------------------------------------------------------- *
 * `run` is called in a forked child that has no store open; it must end with leave().      */

typedef struct other {
    pid_t pid;
    int   to, from;
} other;

other other_process(void (*run)(const char *path), const char *path);
void  await(const other *o);                /* until it calls tell() */
void  go_on(const other *o);                /* let it return from pause_here() */
int   ended(other *o);                      /* its exit status, or 128 + signal */
void  killed(other *o);                     /* SIGKILL, and reaped */

void tell(void);                            /* in the other process */
void pause_here(void);
void leave(int status) __attribute__((noreturn));

#endif
