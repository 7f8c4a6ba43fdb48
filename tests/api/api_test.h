/* api_test.h -- what the tests of this room share: a store for one test, its documents as JSON, calls that must work or must fail. */
#ifndef KX_TESTS_API_TEST_H
#define KX_TESTS_API_TEST_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lmdbkenobix.h>

#include "support.h"

#define at_ok(call)                                                                             \
    do {                                                                                        \
        int at_rc_ = (call);                                                                    \
        ck_assert_msg(at_rc_ == KX_OK, "%s: %d %s", #call, at_rc_, kx_errmsg());                \
    } while (0)

/* The call fails with this code, and what is known of the last error says so too: the same code, a text of its own. */
#define at_fails(call, wanted)                                                                  \
    do {                                                                                        \
        int at_rc_ = (call);                                                                    \
        ck_assert_msg(at_rc_ == (wanted), "%s: %d (%s) instead of %d", #call, at_rc_, kx_errmsg(), (int)(wanted)); \
        ck_assert_int_eq(kx_last_error()->code, (wanted));                                      \
        ck_assert_ptr_eq(kx_last_error()->message, kx_errmsg());                                \
        ck_assert_str_ne(kx_errmsg(), kx_strerror(wanted));                                     \
    } while (0)

/* The last error's text is, or holds, these words. */
#define at_text(words) ck_assert_str_eq(kx_errmsg(), words)
#define at_says(words) ck_assert_msg(strstr(kx_errmsg(), words) != NULL, "'%s' is not in '%s'", words, kx_errmsg())

#define MODELS(...) ((const kx_model *const[]){__VA_ARGS__, NULL})
#define INDEXES(...) ((const kx_index[]){__VA_ARGS__, {.paths = NULL}})
#define FIELDS(...) ((const kx_field[]){__VA_ARGS__, {.path = NULL}})
#define RELATIONS(...) ((const kx_relation[]){__VA_ARGS__, {.name = NULL}})

typedef struct box {
    kx_db  *db;
    kx_txn *txn;
} box;

box at_start(const kx_model *const *models);     /* this test's store, and a write transaction */
void at_renew(box *box, kx_txn_mode mode);       /* commit, and begin anew */
void at_end(box *box);                           /* abort, close */

kx_doc *at_make(kx_txn *txn, const char *collection, const char *json);
uint64_t at_insert(kx_txn *txn, const char *collection, const char *json);
kx_doc *at_get(kx_txn *txn, const char *collection, uint64_t id);

/* What an instance shows, and what is stored ("none"), as JSON. */
const char *at_shows(const kx_doc *doc);
const char *at_stored(kx_txn *txn, const char *collection, uint64_t id);
uint64_t at_count(kx_txn *txn, const char *collection);

#endif
