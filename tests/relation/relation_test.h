/* relation_test.h -- what the tests of this room share: a shop in a store for one test, documents as JSON, sets as ids, costs. */
#ifndef KX_TESTS_RELATION_TEST_H
#define KX_TESTS_RELATION_TEST_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lmdbkenobix.h>

#include "support.h"

#define rt_ok(call)                                                                             \
    do {                                                                                        \
        int rt_rc_ = (call);                                                                    \
        ck_assert_msg(rt_rc_ == KX_OK, "%s: %d %s", #call, rt_rc_, kx_errmsg());                \
    } while (0)

/* The call fails with this code and exactly this text. */
#define rt_fails(call, wanted, text)                                                            \
    do {                                                                                        \
        int rt_rc_ = (call);                                                                    \
        ck_assert_msg(rt_rc_ == (wanted), "%s: %d (%s) instead of %d", #call, rt_rc_, kx_errmsg(), (int)(wanted)); \
        ck_assert_int_eq(kx_last_error()->code, (wanted));                                      \
        ck_assert_str_eq(kx_errmsg(), text);                                                    \
    } while (0)

#define MODELS(...) ((const kx_model *const[]){__VA_ARGS__, NULL})
#define INDEXES(...) ((const kx_index[]){__VA_ARGS__, {.paths = NULL}})
#define FIELDS(...) ((const kx_field[]){__VA_ARGS__, {.path = NULL}})
#define RELATIONS(...) ((const kx_relation[]){__VA_ARGS__, {.name = NULL}})

/*
 * The shop. users have a unique user_id; orders (code is unique) belong to a user and must; notes may.
 *
 *     users 1 ann, 2 bob      orders 1 of ann, 2 of bob, 3 of ann      notes 1 of ann, 2 of nobody, 3 of user 999
 */
extern const kx_model *const rt_shop[];

typedef struct shop {
    kx_db  *db;
    kx_txn *txn;
} shop;

kx_db *rt_open(const kx_model *const *models);
kx_txn *rt_begin(kx_db *db, kx_txn_mode mode);
shop rt_start(kx_txn_mode mode);                        /* the shop, filled and committed, and a transaction */
shop rt_start_with(const kx_model *const *models);      /* an empty store of these models, and a write transaction */
void rt_end(shop *shop);                                /* every index agrees with every document; abort, close */

/* A new document of JSON, saved or not; a stored one; one followed. They must be there. */
kx_doc *rt_save(kx_txn *txn, const char *collection, const char *json);
kx_doc *rt_make(kx_txn *txn, const char *collection, const char *json);
kx_doc *rt_get(kx_txn *txn, const char *collection, uint64_t id);
kx_doc *rt_follow(kx_doc *doc, const char *relation);

/* Write past every instance. */
void rt_patch(kx_txn *txn, const char *collection, uint64_t id, const char *json);

/* What an instance shows, and what is stored ("none"), as JSON; a set's ids, "1 3", or "code: text" where it fails. */
const char *rt_shows(const kx_doc *doc);
const char *rt_stored(kx_txn *txn, const char *collection, uint64_t id);
const char *rt_set(kx_doc *doc, const char *relation, const kx_query *query);
uint64_t rt_count(kx_doc *doc, const char *relation, const kx_query *query);

kx_stats rt_stats(kx_txn *txn);
bool rt_same_cost(const kx_stats *before, const kx_stats *after);   /* nothing was looked up or read between them */

/* The query finds exactly the documents of which `holds` says so, by id, and counts as many. */
void rt_compare(kx_txn *txn, const char *collection, const kx_query *query, bool (*holds)(kx_doc *doc, const void *context),
                const void *context);

#endif
