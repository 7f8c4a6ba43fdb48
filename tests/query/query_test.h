/* query_test.h -- what the tests of this room share: a store for one test, documents as JSON, answers as ids. */
#ifndef KX_TESTS_QUERY_TEST_H
#define KX_TESTS_QUERY_TEST_H

#include <lmdbkenobix.h>

#include "support.h"

/* Open a store of these models (ended by NULL) in this test's folder; failures end the test with the library's text. */
kx_db *qt_open(const kx_model *const *models);
kx_txn *qt_begin(kx_db *db, kx_txn_mode mode);

/* Insert one document of JSON with this id; 0: the next one. Gives the id. */
uint64_t qt_insert(kx_txn *txn, const char *collection, uint64_t id, const char *json);

/* Ids of what matches, as text: "1 5 9", or "KX code: text" when the query fails. Belongs to support.h's memory. */
const char *qt_find(kx_txn *txn, const char *collection, const kx_query *query);
const char *qt_where(kx_txn *txn, const char *collection, const kx_condition *where);
const char *qt_filter(kx_txn *txn, const char *collection, const char *filter, const kx_value *args);

/* Users and orders, each way related; four orders of no user, with fields of all kinds. */
extern const kx_model *const qt_orders[];
kx_txn *qt_open_orders(kx_db **db);
void qt_end(kx_db *db, kx_txn *txn); /* abort and close */

kx_stats qt_stats(kx_txn *txn);

#define qt_ok(call)                                                        \
    do {                                                                   \
        int rc_ = (call);                                                  \
        ck_assert_msg(rc_ == KX_OK, "%s: %d %s", #call, rc_, kx_errmsg()); \
    } while (0)

#endif
