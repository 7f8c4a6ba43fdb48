/* rows.c -- what is measured: the name, the meaning and the default size of each row. */
#include "bench.h"

const bench_row_info bench_rows[ROW_COUNT] = {
    [ROW_W1]    = {"W1", "bulk insert, a document; one transaction, synced at its end", KEY_NONE, 0},
    [ROW_R1]    = {"R1", "get an order by its unique index, read 2 fields", KEY_ORDER, 200000},
    [ROW_R1TXN] = {"R1txn", "the same, in a snapshot of its own each", KEY_ORDER, 100000},
    [ROW_R2]    = {"R2", "an order, then its user, read the name", KEY_ORDER, 100000},
    [ROW_R3]    = {"R3", "the orders of a user in hand, sum the amounts; a user", KEY_USER, 20000},
    [ROW_R3C]   = {"R3c", "count a user's orders", KEY_USER, 200000},
    [ROW_R5]    = {"R5", "range by order_id, sum the amounts; a document", KEY_RANGE, 2000000},
    [ROW_R5F]   = {"R5f", "filter by status, without an index; a document scanned", KEY_NONE, 4000000},
};
