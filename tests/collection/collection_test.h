/* collection_test.h -- what the tests of this room share: stores for one test, documents as JSON, whole stores as text, the check. */
#ifndef KX_TESTS_COLLECTION_TEST_H
#define KX_TESTS_COLLECTION_TEST_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lmdbkenobix.h>

#include "collection/collection_impl.h"
#include "support.h"

#define ct_ok(call)                                                                             \
    do {                                                                                        \
        int ct_rc_ = (call);                                                                    \
        ck_assert_msg(ct_rc_ == KX_OK, "%s: %d %s", #call, ct_rc_, kx_errmsg());                \
    } while (0)

/* The call fails with this code, and what is known of the last error says so too. */
#define ct_fails(call, wanted)                                                                  \
    do {                                                                                        \
        int ct_rc_ = (call);                                                                    \
        ck_assert_msg(ct_rc_ == (wanted), "%s: %d (%s) instead of %d", #call, ct_rc_, kx_errmsg(), (int)(wanted)); \
        ck_assert_int_eq(kx_last_error()->code, (wanted));                                      \
    } while (0)

/* The last error's text holds these words. */
#define ct_says(words) ck_assert_msg(strstr(kx_errmsg(), words) != NULL, "'%s' is not in '%s'", words, kx_errmsg())

#define MODELS(...) ((const kx_model *const[]){__VA_ARGS__, NULL})
#define INDEXES(...) ((const kx_index[]){__VA_ARGS__, {.paths = NULL}})
#define FIELDS(...) ((const kx_field[]){__VA_ARGS__, {.path = NULL}})

/* Open (or open again) this test's store; `models` may be NULL. Failures end the test with the library's text. */
kx_db *ct_open(const kx_model *const *models);
kx_db *ct_open_with(const kx_options *options);

kx_txn *ct_begin(kx_db *db, kx_txn_mode mode);
kx_txn *ct_child(kx_txn *txn);

/* Insert a document of JSON; its id. The _as form asks for an id. ct_try_insert() gives the code instead. */
uint64_t ct_insert(kx_txn *txn, const char *collection, const char *json);
uint64_t ct_insert_as(kx_txn *txn, const char *collection, uint64_t id, const char *json);
int ct_try_insert(kx_txn *txn, const char *collection, const char *json);
int ct_put(kx_txn *txn, const char *collection, uint64_t id, const char *json);
int ct_patch(kx_txn *txn, const char *collection, uint64_t id, const char *json);

kx_doc *ct_get(kx_txn *txn, const char *collection, uint64_t id);

/* The stored document as JSON, or "none". What an instance shows as JSON. Both live to the end of the test. */
const char *ct_json(kx_txn *txn, const char *collection, uint64_t id);
const char *ct_shows(const kx_doc *doc);

uint64_t ct_count(kx_txn *txn, const char *collection);
uint64_t ct_entries(kx_txn *txn, const char *collection, const char *paths);

/* Every index agrees with every document; else the test ends with the first finding. */
void ct_check(kx_txn *txn);
void ct_check_store(kx_db *db);

/* Every table that the catalog names, byte by byte, as text: equal stores give equal texts. */
const char *ct_dump(kx_txn *txn);
const char *ct_dump_store(kx_db *db);

/* Run `work` in a process of its own, which inherits no handle that it uses; the test fails when it does. */
void ct_in_process(void (*work)(void));

/* Wait for a process that the test forked, which has to end with status 0. */
void ct_join(pid_t pid);

#endif
