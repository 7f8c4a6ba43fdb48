#include "store_test.h"

/* Numbers from `at` below `end`, each once; as ids, or as the keys of a few ids each. */
typedef struct numbers {
    uint64_t at, end;
    unsigned ids_a_key;
    uint8_t  key[8];
} numbers;

static bool next_row(void *context, uint64_t *id, kx_slice *head, kx_slice *body)
{
    numbers *n = context;
    if (n->at == n->end)
        return false;
    *id = n->at++;
    *head = text("head");
    *body = *id % 7 == 0 ? (kx_slice){NULL, 0} : text("body");
    return true;
}

static bool next_entry(void *context, kx_slice *key, uint64_t *id)
{
    numbers *n = context;
    if (n->at == n->end)
        return false;
    *key = number_key(n->at / n->ids_a_key, n->key);
    *id = n->at++;
    return true;
}

START_TEST(rows_of_a_run_are_rows)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_store_txn *txn = writing(store);
    uint64_t count = 0, all = kxt_scaled(20000);
    kx_slice row;
    ok(kx_store__append_rows(txn, ROWS, next_row, &(numbers){.at = 1, .end = all + 1}));
    ok(kx_store__append_rows(txn, ROWS, next_row, &(numbers){.at = all + 10, .end = all + 20}));
    ck_assert_uint_eq(kx_store__stats(txn)->writes, all + 10);
    ok(kx_store__commit(txn));
    txn = reading(store);
    ok(kx_store__table_count(txn, ROWS, &count));
    ck_assert_uint_eq(count, all + 10);
    row_is(txn, ROWS, 1, "headbody");
    row_is(txn, ROWS, all + 10, (all + 10) % 7 == 0 ? "head" : "headbody");
    ck_assert_int_eq(kx_store__row_get(txn, ROWS, all + 5, &row), KX_NOTFOUND);
    kx_store__abort(txn);
    ok(kx_store__close(store));
}
END_TEST

static void expect_same_entries(kx_store_txn *txn, kx_store_table left, kx_store_table right)
{
    kx_store_scan *a, *b;
    kx_store_item x, y;
    int rc;
    ok(kx_store__scan_entries(txn, left, (kx_slice){0}, (kx_slice){0}, false, &a));
    ok(kx_store__scan_entries(txn, right, (kx_slice){0}, (kx_slice){0}, false, &b));
    do {
        rc = kx_store__scan_next(a, &x);
        ck_assert_int_eq(kx_store__scan_next(b, &y), rc);
        ck_assert(x.id == y.id && x.key.size == y.key.size && (x.key.size == 0 || memcmp(x.key.data, y.key.data, x.key.size) == 0));
    } while (rc == KX_OK);
    ck_assert_int_eq(rc, KX_NOTFOUND);
    kx_store__scan_close(a);
    kx_store__scan_close(b);
}

START_TEST(entries_of_a_run_are_those_of_single_calls)
{
    static const unsigned ids_a_key[] = {1, 2, 3, 10, 700, 5000};
    kx_store_table second = {MORE, KX_STORE_POSTINGS};
    uint64_t all = kxt_scaled(20000);
    for (size_t i = 0; i < sizeof ids_a_key / sizeof *ids_a_key; i++) {
        kx_store *store = open_tables(kxt_path(kxt_print("%zu.kx", i)));
        kx_store_txn *txn = writing(store);
        numbers one = {.at = 0, .end = all, .ids_a_key = ids_a_key[i]}, run = one, rest = one;
        kx_slice key;
        uint64_t id, count, wanted;
        run.end = rest.at = all / 3; /* in the middle of a key, mostly */
        ok(kx_store__make_table(txn, second));
        while (next_entry(&one, &key, &id))
            ok(kx_store__entry_add(txn, second, key, id, false));
        ok(kx_store__append_entries(txn, postings, next_entry, &run));
        ok(kx_store__append_entries(txn, postings, next_entry, &rest));
        ck_assert_uint_eq(kx_store__stats(txn)->writes, 2 * all);
        expect_same_entries(txn, postings, second);
        ok(kx_store__table_count(txn, POSTINGS, &count));
        ck_assert_uint_eq(count, all);
        for (uint64_t n = 0; n <= all / one.ids_a_key; n += 1 + n / 7) {
            ok(kx_store__entry_count(txn, postings, number_key(n, run.key), &count));
            ok(kx_store__entry_count(txn, second, number_key(n, run.key), &wanted));
            ck_assert_uint_eq(count, wanted);
        }
        ok(kx_store__entry_remove(txn, postings, number_key(0, run.key), 0));
        ok(kx_store__entry_remove(txn, second, number_key(0, run.key), 0));
        expect_same_entries(txn, postings, second);
        ok(kx_store__commit(txn));
        ok(kx_store__close(store));
    }
}
END_TEST

START_TEST(a_run_that_does_not_ascend_is_refused)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_store_txn *txn = writing(store);
    uint64_t count;
    ok(kx_store__append_entries(txn, unique, next_entry, &(numbers){.at = 5, .end = 9, .ids_a_key = 1}));
    expect(KX_EXISTS, kx_store__append_entries(txn, unique, next_entry, &(numbers){.at = 8, .end = 12, .ids_a_key = 1}));
    expect(KX_EXISTS, kx_store__append_entries(txn, unique, next_entry, &(numbers){.at = 2, .end = 3, .ids_a_key = 1}));
    ok(kx_store__table_count(txn, UNIQUE, &count));
    ck_assert_uint_eq(count, 4);
    ok(kx_store__append_rows(txn, ROWS, next_row, &(numbers){.at = 5, .end = 6}));
    expect(KX_EXISTS, kx_store__append_rows(txn, ROWS, next_row, &(numbers){.at = 5, .end = 6}));
    ok(kx_store__commit(txn));
    txn = reading(store);
    expect(KX_READONLY, kx_store__append_rows(txn, ROWS, next_row, &(numbers){.at = 9, .end = 10}));
    kx_store__abort(txn);
    ok(kx_store__close(store));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store/append");
    TCase *tcase = tcase_create("runs");
    tcase_add_test(tcase, rows_of_a_run_are_rows);
    tcase_add_test(tcase, entries_of_a_run_are_those_of_single_calls);
    tcase_add_test(tcase, a_run_that_does_not_ascend_is_refused);
    suite_add_tcase(suite, tcase);
    return kxt_run(suite);
}
