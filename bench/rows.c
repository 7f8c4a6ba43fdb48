/* rows.c -- what is measured: the name, the meaning and the default size of each row, and what the rows write. */
#include "bench.h"

enum { MANY = BENCH_SLICES };

/* Rows that change the store end in the checks of what they changed. */
const bench_row_info bench_rows[ROW_COUNT] = {
    [ROW_W1] = {"W1", "bulk insert, a document; one transaction, synced at its end", SET_SHOP, KEY_NONE, UNIT_ALL,
                0, 1, true, {0}},
    [ROW_R1] = {"R1", "get an order by its unique index, read 2 fields", SET_SHOP, KEY_ORDER, UNIT_ONE,
                200000, MANY, false, {0}},
    [ROW_R1TXN] = {"R1txn", "the same, in a snapshot of its own each", SET_SHOP, KEY_ORDER, UNIT_ONE,
                   100000, MANY, true, {0}},
    [ROW_R2] = {"R2", "an order, then its user, read the name", SET_SHOP, KEY_ORDER, UNIT_ONE,
                100000, MANY, false, {0}},
    [ROW_R2TXN] = {"R2txn", "the same, in a snapshot of its own each", SET_SHOP, KEY_ORDER, UNIT_ONE,
                   100000, MANY, true, {0}},
    [ROW_R3] = {"R3", "the orders of a user in hand, sum the amounts; a user", SET_SHOP, KEY_USER, UNIT_ONE,
                20000, MANY, false, {0}},
    [ROW_R3C] = {"R3c", "count a user's orders", SET_SHOP, KEY_USER, UNIT_ONE, 200000, MANY, false, {0}},
    [ROW_R4N] = {"R4n", "orders of a range, each followed to its user's name; an order", SET_SHOP, KEY_RANGE,
                 UNIT_RANGE, 400000, MANY, false, {0}},
    [ROW_R4] = {"R4", "the same in one batch (sorted merge, join)", SET_SHOP, KEY_RANGE, UNIT_RANGE,
                400000, MANY, false, {0}},
    [ROW_R5] = {"R5", "range by order_id, sum the amounts; a document", SET_SHOP, KEY_RANGE, UNIT_RANGE,
                2000000, MANY, false, {0}},
    [ROW_R5F] = {"R5f", "filter by status, without an index; a document scanned", SET_SHOP, KEY_NONE, UNIT_ORDERS,
                 4000000, MANY, false, {0}},
    [ROW_C1] = {"C1", "R2txn by two readers at a time; wall time a read of both", SET_SHOP, KEY_ORDER, UNIT_ONE,
                200000, MANY, true, {0}},
    [ROW_C1W] = {"C1w", "R2txn beside a thread that commits without a pause", SET_SHOP, KEY_ORDER, UNIT_ONE,
                 100000, MANY, true, {0}},
    [ROW_W2] = {"W2", "insert an order in a durable transaction of its own", SET_SHOP, KEY_NEW_ORDER, UNIT_ONE,
                400, MANY, true, {ROW_R1, ROW_R3, ROW_R3C}},
    [ROW_U1] = {"U1", "set the amount of random orders one by one, all in one transaction; an order", SET_SHOP,
                KEY_ORDER_ONCE, UNIT_ONE, 50000, 1, true, {ROW_R3, ROW_R5}},
    [ROW_U1Q] = {"U1q", "set the amount of all new orders by a query, in one transaction; an order changed", SET_SHOP,
                 KEY_NONE, UNIT_STATUS, 50000, 1, true, {ROW_R3, ROW_R5}},
    [ROW_U2] = {"U2", "give random orders another user one by one, all in one transaction; an order", SET_SHOP,
                KEY_ORDER_ONCE, UNIT_ONE, 50000, 1, true, {ROW_R1, ROW_R3, ROW_R3C}},
    [ROW_D1] = {"D1", "delete users with their orders, all in one transaction; a user", SET_SHOP, KEY_USER_ONCE,
                UNIT_ONE, 2000, 1, true, {ROW_R3C, ROW_R5, ROW_R5F}},
    [ROW_M2M] = {"M2M", "the products of an order in hand, sum the prices; an order", SET_GRAPH, KEY_ORDER, UNIT_ONE,
                 40000, MANY, false, {0}},
    [ROW_X1] = {"X1", "orders of a user with a status, sum the amounts; a query", SET_GRAPH, KEY_USER, UNIT_ONE,
                20000, MANY, false, {0}},
    [ROW_X2] = {"X2", "orders of two users, sum the amounts; a query", SET_GRAPH, KEY_USER, UNIT_ONE,
                20000, MANY, false, {0}},
    [ROW_X3] = {"X3", "sum the amounts of orders whose user is premium; an order of all", SET_GRAPH, KEY_NONE,
                UNIT_ORDERS, 800000, 4, false, {0}},
    [ROW_X4] = {"X4", "the 3 dearest orders of a user in hand; a user", SET_GRAPH, KEY_USER, UNIT_ONE,
                40000, MANY, false, {0}},
    [ROW_M2MW] = {"M2Mw", "take a product out of an order and put another in, all in one transaction; an order",
                  SET_GRAPH, KEY_ORDER_ONCE, UNIT_ONE, 10000, 1, true, {ROW_M2M}},
};

double bench_new_amount(const bench_work *work)
{
    return (double)(1 + work->keys[0] % 100000) / 100;
}

static int64_t pick(int64_t key, int64_t first, size_t count)
{
    uint64_t state = (uint64_t)key;
    return first + (int64_t)(bench_random(&state) % count);
}

int64_t bench_new_user(const bench_data *data, int64_t order_id)
{
    return pick(order_id, BENCH_FIRST_USER, data->user_count);
}

/* Far apart, so that no two of an order are the same. */
int64_t bench_product_of(const bench_data *data, int64_t order_id, size_t n)
{
    int64_t count = (int64_t)data->product_count, base = pick(order_id, 0, data->product_count);
    return BENCH_FIRST_PRODUCT + (base + (int64_t)n * (count / (BENCH_LINKS + 1))) % count;
}

const char *bench_status_of(int64_t user_id)
{
    static const char *const statuses[] = {"new", "paid", "shipped", "done"};
    return statuses[user_id % 4];
}

int64_t bench_other_user(const bench_data *data, int64_t user_id)
{
    int64_t count = (int64_t)data->user_count, number = user_id - BENCH_FIRST_USER;
    return BENCH_FIRST_USER + (number + count / 2) % count;
}
