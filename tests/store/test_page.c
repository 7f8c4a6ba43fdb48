#include "store_test.h"

#include "store/store_impl.h"

/* Rows of all sizes, some of which LMDB keeps on pages of their own; every byte of a row is its id's low one. */
enum { TABLE = 3000, SIZES = 6000 };

typedef struct known {
    size_t count;
    uint64_t ids[TABLE];
    size_t sizes[TABLE];
} known;

static void fill_rows(kx_store *store, uint64_t *seed, known *k)
{
    static uint8_t bytes[SIZES];
    kx_store_txn *txn = writing(store);
    uint64_t id = 0;
    for (k->count = 0; k->count < TABLE; k->count++) {
        id += 1 + kxt_random_below(seed, 4);
        size_t size = 1 + kxt_random_below(seed, kxt_random_below(seed, 8) == 0 ? SIZES : 150);
        memset(bytes, (int)(id & 255), size);
        ok(kx_store__row_put(txn, ROWS, id, text(""), kx_slice_of(bytes, size), true));
        k->ids[k->count] = id;
        k->sizes[k->count] = size;
    }
    ok(kx_store__commit(txn));
}

static void row_is_known(const known *k, size_t at, uint64_t id, kx_slice row)
{
    ck_assert_uint_lt(at, k->count);
    ck_assert_uint_eq(id, k->ids[at]);
    ck_assert_uint_eq(row.size, k->sizes[at]);
    ck_assert_uint_eq(row.data[0], id & 255);
    ck_assert_uint_eq(row.data[row.size - 1], id & 255);
}

START_TEST(steps_of_one_and_of_many_meet_each_row_once)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    uint64_t seed = kxt_seed(), ids[100];
    kx_slice got[100];
    known *k = malloc(sizeof(*k));
    fill_rows(store, &seed, k);
    for (int mode = KX_STORE_READ; mode <= KX_STORE_WRITE; mode++)
        for (uint64_t round = 0; round < kxt_scaled(30); round++) {
            kx_store_txn *txn;
            kx_store_scan *scan;
            kx_store_item item;
            size_t at = kxt_random_below(&seed, TABLE), end = at + kxt_random_below(&seed, TABLE - at), count = 1;
            ok(kx_store__begin(store, mode, 0, &txn));
            ok(kx_store__scan_rows(txn, ROWS, k->ids[at], k->ids[end], false, &scan));
            while (count > 0 && kxt_random_below(&seed, 500) != 0) {
                size_t room = 1 + kxt_random_below(&seed, 100);
                ok(kx_store__scan_ahead(scan, ids, got, room, &count));
                ck_assert_uint_eq(count, room < end - at + 1 ? room : end - at + 1);
                for (size_t i = 0; i < count; i++)
                    row_is_known(k, at++, ids[i], got[i]);
                if (kxt_random_below(&seed, 2) == 0 && kx_store__scan_next(scan, &item) == KX_OK)
                    row_is_known(k, at++, item.id, item.row);
            }
            if (count == 0)
                ck_assert_uint_eq(at, end + 1);
            kx_store__scan_close(scan);
            kx_store__abort(txn);
        }
    free(k);
    ok(kx_store__close(store));
}
END_TEST

START_TEST(gets_that_ascend_find_rows_of_every_size)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    uint64_t seed = kxt_seed();
    known *k = malloc(sizeof(*k));
    fill_rows(store, &seed, k);
    for (uint64_t round = 0; round < kxt_scaled(10); round++) {
        kx_store_txn *txn = reading(store);
        uint64_t id = 0;
        for (size_t at = 0; at < TABLE;) {
            kx_slice row;
            while (at < TABLE && k->ids[at] < id)
                at++;
            bool there = at < TABLE && k->ids[at] == id;
            expect(there ? KX_OK : KX_NOTFOUND, kx_store__row_get(txn, ROWS, id, &row));
            if (there)
                row_is_known(k, at, id, row);
            id += 1 + kxt_random_below(&seed, round + 1);
        }
        kx_store__abort(txn);
    }
    free(k);
    ok(kx_store__close(store));
}
END_TEST

/* Keys of 8 to 307 bytes, which sort as their numbers do. */
static kx_slice long_key(uint64_t number, uint8_t *key)
{
    number_key(number, key);
    size_t size = 8 + number % 300;
    memset(key + 8, 'x', size - 8);
    return kx_slice_of(key, size);
}

START_TEST(unique_keys_of_every_length_are_met_once_up_to_the_bound)
{
    enum { KEYS = 4000 };
    kx_store *store = open_tables(kxt_path("a.kx"));
    uint64_t seed = kxt_seed(), ids[700];
    uint8_t key[512], end[512];
    kx_store_txn *txn = writing(store);
    for (uint64_t i = 0; i < KEYS; i++)
        ok(kx_store__entry_add(txn, unique, long_key(i, key), i * 7, false));
    ok(kx_store__commit(txn));
    for (uint64_t round = 0; round < kxt_scaled(100); round++) {
        txn = reading(store);
        kx_store_scan *scan;
        kx_store_item item;
        uint64_t at = kxt_random_below(&seed, KEYS), to = kxt_random_below(&seed, KEYS + 1);
        size_t count = 1;
        ok(kx_store__scan_entries(txn, unique, long_key(at, key), to < KEYS ? long_key(to, end) : (kx_slice){0}, false,
                                  &scan));
        while (count > 0) {
            ok(kx_store__scan_ids(scan, ids, 1 + kxt_random_below(&seed, 700), &count));
            for (size_t i = 0; i < count; i++, at++)
                ck_assert_uint_eq(ids[i], at * 7);
            if (kx_store__scan_next(scan, &item) == KX_OK) {
                kx_slice wanted = long_key(at, key);
                ck_assert_uint_eq(item.id, at++ * 7);
                ck_assert_uint_eq(item.key.size, wanted.size);
                ck_assert_mem_eq(item.key.data, wanted.data, wanted.size);
            }
        }
        ck_assert_uint_ge(at, to);
        kx_store__scan_close(scan);
        kx_store__abort(txn);
    }
    ok(kx_store__close(store));
}
END_TEST

/* ---- what a page may say -------------------------------------------------------- */

static void put16(uint8_t *at, unsigned word)
{
    memcpy(at, &(uint16_t){(uint16_t)word}, 2);
}

/* A page of one node at `node`. */
static kx_page made_page(uint8_t bytes[512], unsigned node, uint32_t size, unsigned flags, unsigned key)
{
    memset(bytes, 0, 512);
    put16(bytes + 10, 2);
    put16(bytes + 12, KX_PAGE_HEAD + 2);
    put16(bytes + KX_PAGE_HEAD, node);
    if (node <= 512 - KX_PAGE_NODE) {
        memcpy(bytes + node, &size, 4);
        put16(bytes + node + 4, flags);
        put16(bytes + node + 6, key);
    }
    return (kx_page){.start = bytes, .bytes = 512, .count = 1};
}

START_TEST(a_pair_that_does_not_lie_inside_its_page_is_not_given)
{
    static const struct { unsigned node; uint32_t size; unsigned flags, key; bool whole; } cases[] = {
        {400, 96, 0, 8, true},     {400, 97, 0, 8, false},           {400, 96, 0, 9, false},
        {400, 0, 0, 104, true},    {400, 0, 0, 105, false},          {400, UINT32_MAX, 0, 8, false},
        {400, 8, 1, 8, false},     {400, 8, 2, 8, false},            {400, 8, 4, 8, false},
        {400, 8, 0, 65535, false}, {504, 0, 0, 0, true},             {505, 0, 0, 0, false},
        {511, 0, 0, 0, false},     {65535, 0, 0, 0, false},          {400, 65536 + 96, 0, 8, false},
    };
    uint8_t *bytes = malloc(512);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        MDB_val key, value;
        kx_page page = made_page(bytes, cases[i].node, cases[i].size, cases[i].flags, cases[i].key);
        ck_assert_int_eq(kx_store__page_pair(&page, &key, &value), cases[i].whole);
        if (cases[i].whole)
            ck_assert_ptr_eq((uint8_t *)value.mv_data, bytes + cases[i].node + 8 + cases[i].key);
        page.at = 1;
        ck_assert(!kx_store__page_pair(&page, &key, &value));
    }
    free(bytes);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("store page");
    TCase *t = tcase_create("page");
    tcase_add_test(t, steps_of_one_and_of_many_meet_each_row_once);
    tcase_add_test(t, gets_that_ascend_find_rows_of_every_size);
    tcase_add_test(t, unique_keys_of_every_length_are_met_once_up_to_the_bound);
    tcase_add_test(t, a_pair_that_does_not_lie_inside_its_page_is_not_given);
    suite_add_tcase(s, t);
    return kxt_run(s);
}
