/* golden.h -- a store of format 1 as text: what the golden file was made with is what every later version must read from it. */
#ifndef KX_TESTS_GOLDEN_GOLDEN_H
#define KX_TESTS_GOLDEN_GOLDEN_H

#include <lmdbkenobix.h>

/*
 * Every collection of the store as lines of JSON, ended by newlines: its schema, then its documents in id order with `_id` in front.
 * Memory of malloc(); NULL, after a line on stderr, when something fails.
 */
char *golden_dump(kx_txn *txn);

#endif
