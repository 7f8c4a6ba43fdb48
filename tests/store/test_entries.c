#include "damage.h"
#include "oracle.h"
#include "store_test.h"

/* ---- single calls ---------------------------------------------------------------- */

START_TEST(a_unique_key_has_one_id)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_store_txn *txn = writing(store);
    uint64_t id, count;
    ok(kx_store__entry_add(txn, unique, text("ada"), 7, false));
    ok(kx_store__entry_add(txn, unique, text("ada"), 7, false));
    expect(KX_EXISTS, kx_store__entry_add(txn, unique, text("ada"), 8, false));
    expect(KX_EXISTS, kx_store__entry_add(txn, unique, text("ada"), 8, true));
    ok(kx_store__entry_get(txn, unique, text("ada"), &id));
    ck_assert_uint_eq(id, 7);
    ok(kx_store__entry_count(txn, unique, text("ada"), &count));
    ck_assert_uint_eq(count, 1);
    expect(KX_NOTFOUND, kx_store__entry_get(txn, unique, text("ad"), &id));
    expect(KX_NOTFOUND, kx_store__entry_remove(txn, unique, text("ada"), 8));
    ok(kx_store__entry_remove(txn, unique, text("ada"), 7));
    expect(KX_NOTFOUND, kx_store__entry_remove(txn, unique, text("ada"), 7));
    expect(KX_NOTFOUND, kx_store__entry_get(txn, unique, text("ada"), &id));
    ok(kx_store__commit(txn));
    ok(kx_store__close(store));
}
END_TEST

START_TEST(a_posting_key_has_a_stored_count_and_its_lowest_id_first)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_store_txn *txn = writing(store);
    uint64_t id, count;
    for (uint64_t i = 5000; i >= 1; i--)
        ok(kx_store__entry_add(txn, postings, text("k"), i * 1000, false));
    ok(kx_store__entry_add(txn, postings, text("k"), 3000, false));
    ok(kx_store__commit(txn));
    txn = reading(store);
    ok(kx_store__entry_get(txn, postings, text("k"), &id));
    ck_assert_uint_eq(id, 1000);
    ok(kx_store__entry_count(txn, postings, text("k"), &count));
    ck_assert_uint_eq(count, 5000);
    ok(kx_store__entry_count(txn, postings, text("none"), &count));
    ck_assert_uint_eq(count, 0);
    ok(kx_store__table_count(txn, POSTINGS, &count));
    ck_assert_uint_eq(count, 5000);
    kx_store__abort(txn);
    ok(kx_store__close(store));
}
END_TEST

START_TEST(keys_from_1_to_511_bytes_are_possible)
{
    static const uint8_t bytes[512] = {1};
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_store_txn *txn = writing(store);
    uint64_t id, count;
    ok(kx_store__entry_add(txn, postings, kx_slice_of(bytes, 1), 1, false));
    ok(kx_store__entry_add(txn, postings, kx_slice_of(bytes, 511), 2, false));
    expect(KX_LIMIT, kx_store__entry_add(txn, postings, kx_slice_of(bytes, 512), 3, false));
    said("512 bytes");
    expect(KX_LIMIT, kx_store__entry_add(txn, unique, kx_slice_of(bytes, 0), 3, false));
    expect(KX_LIMIT, kx_store__entry_get(txn, postings, kx_slice_of(bytes, 512), &id));
    expect(KX_LIMIT, kx_store__entry_count(txn, postings, kx_slice_of(bytes, 0), &count));
    expect(KX_LIMIT, kx_store__entry_remove(txn, postings, kx_slice_of(bytes, 512), 3));
    ok(kx_store__entry_get(txn, postings, kx_slice_of(bytes, 511), &id));
    ck_assert_uint_eq(id, 2);
    ok(kx_store__commit(txn));
    ok(kx_store__close(store));
}
END_TEST

typedef struct below { uint64_t ids[16]; size_t prefixes[16], count; } below;

static int see_below(void *context, size_t prefix, const uint64_t *ids, size_t count)
{
    below *seen = context;
    for (size_t i = 0; i < count; i++) {
        ck_assert_uint_lt(seen->count, 16);
        seen->prefixes[seen->count] = prefix;
        seen->ids[seen->count++] = ids[i];
    }
    return seen->count >= 12 ? 1 : 0;
}

START_TEST(what_is_below_many_prefixes_comes_in_one_pass)
{
    static const char *const keys[] = {"a", "a1", "ab", "b", "b\x01", "b\xff", "ba", "c", "d9", "zz"};
    const kx_slice prefixes[] = {kx_slice_of((const uint8_t *)"aa", 2), kx_slice_of((const uint8_t *)"ab", 2),
                                 kx_slice_of((const uint8_t *)"b", 1), kx_slice_of((const uint8_t *)"c", 1),
                                 kx_slice_of((const uint8_t *)"d", 1), kx_slice_of((const uint8_t *)"zzz", 3)};
    static const uint64_t expected[] = {2, 102, 3, 103, 4, 104, 6, 106, 5, 105, 7};
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_store_txn *txn = writing(store);
    below seen = {.count = 0};
    for (uint64_t i = 0; i < sizeof keys / sizeof *keys; i++)
        for (uint64_t id = i; id < 200; id += 100)
            if (i < 7 || id < 100)
                ok(kx_store__entry_add(txn, postings,
                                       kx_slice_of((const uint8_t *)keys[i], strlen(keys[i])), id, false));
    ck_assert_int_eq(kx_store__entry_ids_below(txn, postings, prefixes, 6, see_below, &seen), 1);
    ck_assert_uint_eq(seen.count, 12);
    for (size_t i = 0; i < 11; i++)
        ck_assert_uint_eq(seen.ids[i], expected[i]);
    ck_assert_uint_eq(seen.prefixes[1], 1);
    ck_assert_uint_eq(seen.prefixes[10], 3);
    seen.count = 0;
    ok(kx_store__entry_ids_below(txn, postings, prefixes + 3, 3, see_below, &seen));
    ck_assert_uint_eq(seen.count, 2);
    ck_assert_uint_eq(seen.ids[1], 8);
    ck_assert_uint_eq(seen.prefixes[1], 1);
    seen.count = 0;
    ok(kx_store__entry_ids_below(txn, unique, prefixes, 6, see_below, &seen));
    ck_assert_uint_eq(seen.count, 0);
    ok(kx_store__commit(txn));
    ok(kx_store__close(store));
}
END_TEST

/* What is left of a key of `all` even ids when some of them are removed together; its neighbours stay. */
static void remove_together(kx_store_txn *txn, uint64_t all, const uint64_t *ids, size_t count, uint64_t left)
{
    uint8_t key[8];
    uint64_t counted, id;
    for (uint64_t i = 0; i < all; i++)
        ok(kx_store__entry_add(txn, postings, number_key(1, key), 2 * i, false));
    ok(kx_store__entry_add(txn, postings, number_key(0, key), 7, false));
    ok(kx_store__entry_add(txn, postings, number_key(2, key), 8, false));
    ok(kx_store__entry_remove_ids(txn, postings, number_key(1, key), ids, count));
    ok(kx_store__entry_count(txn, postings, number_key(1, key), &counted));
    ck_assert_uint_eq(counted, left);
    for (size_t i = 0; i < count; i++)
        expect(KX_NOTFOUND, kx_store__entry_remove(txn, postings, number_key(1, key), ids[i]));
    for (uint64_t i = 0; i < 3; i += 2) {
        ok(kx_store__entry_get(txn, postings, number_key(i, key), &id));
        ck_assert_uint_eq(id, i == 0 ? 7 : 8);
    }
    for (uint64_t i = 0; i < all && left > 0; i++)
        kx_store__entry_remove(txn, postings, number_key(1, key), 2 * i);
}

START_TEST(ids_of_a_key_that_are_removed_together_leave_its_others)
{
    enum { MOST = 3000 };
    static const uint64_t sizes[] = {1, 2, 3, 100, 1000, MOST};
    uint64_t ids[MOST], wrong[3] = {0, 2, 5};
    uint8_t key[8];
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_store_txn *txn = writing(store);
    for (uint64_t i = 0; i < MOST; i++)
        ids[i] = 2 * i;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        remove_together(txn, sizes[i], ids, sizes[i], 0);
        remove_together(txn, sizes[i], ids + 1, sizes[i] - 1, 1);
        remove_together(txn, sizes[i], ids, sizes[i] - 1, 1);
    }
    for (uint64_t i = 0; i < 3; i++)
        ok(kx_store__entry_add(txn, postings, number_key(1, key), ids[i], false));
    expect(KX_NOTFOUND, kx_store__entry_remove_ids(txn, postings, number_key(1, key), wrong, 3));
    expect(KX_NOTFOUND, kx_store__entry_remove_ids(txn, postings, number_key(9, key), ids, 3));
    ok(kx_store__entry_add(txn, unique, number_key(1, key), 4, false));
    expect(KX_NOTFOUND, kx_store__entry_remove_ids(txn, unique, number_key(1, key), ids, 1));
    ok(kx_store__entry_remove_ids(txn, unique, number_key(1, key), ids + 2, 1));
    ok(kx_store__commit(txn));
    ok(kx_store__close(store));
}
END_TEST

/* Keys that are alike: of 1 to 9 bytes, each 00, 01 or ff, so that many begin others. */
static kx_slice alike_key(uint64_t number, uint8_t key[9])
{
    size_t size = number % 9 + 1;
    number /= 9;
    for (size_t i = 0; i < size; i++, number /= 3)
        key[i] = number % 3 == 2 ? 0xff : (uint8_t)(number % 3);
    return kx_slice_of(key, size);
}

static void add_alike(kx_store *store, uint64_t *seed, uint64_t count)
{
    uint8_t key[9];
    kx_store_txn *txn = writing(store);
    for (uint64_t i = 0; i < count; i++)
        ok(kx_store__entry_add(txn, postings, alike_key(kxt_random(seed), key), i, false));
    ok(kx_store__commit(txn));
}

START_TEST(keys_stand_in_the_order_that_other_programs_expect)
{
    const char *path = kxt_path("a.kx");
    uint64_t seed = kxt_seed(), again = seed, count = kxt_scaled(20000), id;
    uint8_t key[9];
    kx_store *store = open_tables(path);
    add_alike(store, &seed, count);
    ok(kx_store__close(store));
    ck_assert_uint_gt(damage_keys_in_plain_order(path, "i/4"), 100);
    store = open_store(path);
    ok(kx_store__open_tables(store, &postings, 1));
    add_alike(store, &seed, count);
    kx_store_txn *txn = reading(store);
    for (uint64_t i = 0; i < 2 * count; i++)
        ok(kx_store__entry_get(txn, postings, alike_key(kxt_random(&again), key), &id));
    kx_store__abort(txn);
    ok(kx_store__close(store));
    ck_assert_uint_gt(damage_keys_in_plain_order(path, "i/4"), 100);
}
END_TEST

START_TEST(appending_gives_the_same_table_as_adding)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_store_txn *txn = writing(store);
    uint64_t seed = kxt_seed(), a[64], b[64];
    uint8_t key[8];
    size_t n, m;
    kx_store_scan *x, *y;
    const kx_store_table more = {MORE, KX_STORE_POSTINGS};
    ok(kx_store__make_table(txn, more));
    for (uint64_t k = 0; k < 2000; k++)
        for (uint64_t i = 0, count = kxt_random(&seed) % 9 ? 1 + k % 3 : 700; i < count; i++) {
            /* in a fifth of the calls the promise is broken, and the entry must still come where it belongs */
            uint64_t which = kxt_random(&seed) % 5 ? k : kxt_random(&seed) % (k + 1),
                     id = kxt_random(&seed) % 5 ? k * 1000 + i : i;
            ok(kx_store__entry_add(txn, postings, number_key(which, key), id, true));
            ok(kx_store__entry_add(txn, more, number_key(which, key), id, false));
        }
    ok(kx_store__commit(txn));
    txn = reading(store);
    ok(kx_store__scan_entries(txn, postings, text(""), text(""), false, &x));
    ok(kx_store__scan_entries(txn, more, text(""), text(""), false, &y));
    do {
        ok(kx_store__scan_ids(x, a, 64, &n));
        ok(kx_store__scan_ids(y, b, 64, &m));
        ck_assert_uint_eq(n, m);
        ck_assert_mem_eq(a, b, n * 8);
    } while (n > 0);
    kx_store__scan_close(x);
    kx_store__scan_close(y);
    kx_store__abort(txn);
    ok(kx_store__close(store));
}
END_TEST

START_TEST(many_keys_at_once_equal_single_lookups)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_store_txn *txn = writing(store);
    uint64_t seed = kxt_seed(), got[400], id;
    uint8_t bytes[400][8];
    kx_slice keys[400];
    for (uint64_t k = 0; k < 4000; k++) {
        ok(kx_store__entry_add(txn, unique, number_key(k * 2, bytes[0]), k, false));
        for (uint64_t i = 0; i <= k % 4; i++)
            ok(kx_store__entry_add(txn, postings, number_key(k * 2, bytes[0]), k + i * 5000, false));
    }
    ok(kx_store__commit(txn));
    for (int mode = KX_STORE_READ; mode <= KX_STORE_WRITE; mode++)
        for (uint64_t round = 1; round <= 60; round++) {
            ok(kx_store__begin(store, mode, 0, &txn));
            uint64_t at = kxt_random(&seed) % 100;
            for (size_t i = 0; i < 400; i++)
                keys[i] = number_key(at += kxt_random(&seed) % round, bytes[i]);
            kx_store_table table = round % 2 ? unique : postings;
            ok(kx_store__entry_get_many(txn, table, keys, 400, got));
            for (size_t i = 0; i < 400; i++) {
                (void)kx_store__entry_get(txn, table, keys[i], &id);
                ck_assert_uint_eq(got[i], id);
            }
            kx_store__abort(txn);
        }
    ok(kx_store__close(store));
}
END_TEST

typedef struct many_ids {
    kx_store_txn *txn;
    kx_store_table table;
    const kx_slice *keys;
    size_t key, at; /* where the last call ended */
    uint64_t count;
} many_ids;

/* The ids of each key, in pieces, are those of a scan of that key alone. */
static int compare_ids(void *context, size_t key, const uint64_t *ids, size_t count)
{
    many_ids *seen = context;
    kx_store_scan *scan;
    kx_store_item item;
    uint8_t end[16];
    kx_slice from = seen->keys[key];
    seen->at = key == seen->key ? seen->at : 0;
    ck_assert(key == seen->key || seen->key == SIZE_MAX || key > seen->key);
    seen->key = key;
    memcpy(end, from.data, from.size);
    end[from.size] = 0;
    ok(kx_store__scan_entries(seen->txn, seen->table, from, kx_slice_of(end, from.size + 1), false, &scan));
    for (size_t i = 0; i < seen->at + count; i++) {
        ok(kx_store__scan_next(scan, &item));
        ck_assert(i < seen->at || item.id == ids[i - seen->at]);
    }
    kx_store__scan_close(scan);
    seen->at += count;
    seen->count += count;
    return KX_OK;
}

static int stop(void *context, size_t key, const uint64_t *ids, size_t count)
{
    (void)key, (void)ids, (void)count;
    return ++*(int *)context == 2 ? 7 : 0;
}

START_TEST(all_ids_of_many_keys_equal_scans_of_each)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_store_txn *txn = writing(store);
    uint64_t seed = kxt_seed(), stored;
    uint8_t bytes[200][8];
    kx_slice keys[200];
    for (uint64_t k = 0; k < 400; k++) {
        uint64_t many = k % 50 == 0 ? 3000 : k % 7 == 0 ? 100 : k % 3;
        ok(kx_store__entry_add(txn, unique, number_key(k * 2, bytes[0]), k, false));
        for (uint64_t i = 0; i <= many; i++)
            ok(kx_store__entry_add(txn, postings, number_key(k * 2, bytes[0]), k + i * 5000, false));
    }
    ok(kx_store__commit(txn));
    for (int mode = KX_STORE_READ; mode <= KX_STORE_WRITE; mode++)
        for (uint64_t round = 1; round <= 10; round++) {
            ok(kx_store__begin(store, mode, 0, &txn));
            many_ids seen = {.txn = txn, .table = round % 2 ? unique : postings, .keys = keys, .key = SIZE_MAX};
            uint64_t at = kxt_random(&seed) % 100, expected = 0;
            size_t count = round == 10 ? 0 : 200;
            for (size_t i = 0; i < count; i++) {
                keys[i] = number_key(at += 1 + kxt_random(&seed) % round, bytes[i]);
                ok(kx_store__entry_count(txn, seen.table, keys[i], &stored));
                expected += stored;
            }
            uint64_t entries = kx_store__stats(txn)->entries;
            ok(kx_store__entry_ids_many(txn, seen.table, keys, count, compare_ids, &seen));
            ck_assert_uint_eq(seen.count, expected);
            ck_assert_uint_ge(kx_store__stats(txn)->entries - entries, expected);
            int calls = 0;
            if (count > 0 && expected > 1)
                ck_assert_int_eq(kx_store__entry_ids_many(txn, seen.table, keys, count, stop, &calls), 7);
            kx_store__abort(txn);
        }
    ok(kx_store__close(store));
}
END_TEST

/* ---- the shapes under which cursor deletes lose entries -------------------------------- */

static void expect_shape(kx_store *store, const unsigned counts[3])
{
    kx_store_txn *txn = reading(store);
    kx_store_scan *scan;
    kx_store_item item;
    ok(kx_store__scan_entries(txn, postings, text(""), text(""), false, &scan));
    for (unsigned k = 0; k < 3; k++)
        for (uint64_t i = 1; i <= counts[k]; i++) {
            ok(kx_store__scan_next(scan, &item));
            ck_assert_uint_eq(item.key.data[0], 'a' + k);
            ck_assert_uint_eq(item.id, i);
        }
    expect(KX_NOTFOUND, kx_store__scan_next(scan, &item));
    kx_store__scan_close(scan);
    kx_store__abort(txn);
}

static void plant(kx_store *store, const unsigned counts[3])
{
    static const char *const names[] = {"a", "b", "c"};
    kx_store_txn *txn = writing(store);
    ok(kx_store__empty_table(txn, POSTINGS));
    for (unsigned k = 0; k < 3; k++)
        for (uint64_t i = 1; i <= counts[k]; i++)
            ok(kx_store__entry_add(txn, postings, text(names[k]), i, false));
    ok(kx_store__commit(txn));
}

START_TEST(deleting_the_middle_of_two_one_two_and_two_one_three_loses_nothing)
{
    static const unsigned shapes[2][3] = {{2, 1, 2}, {2, 1, 3}};
    kx_store *store = open_tables(kxt_path("a.kx"));
    for (int s = 0; s < 2; s++) {
        kx_store_scan *scan;
        kx_store_item item;
        plant(store, shapes[s]);
        kx_store_txn *txn = writing(store);
        ok(kx_store__scan_entries(txn, postings, text(""), text(""), false, &scan));
        for (int i = 0; i < 3; i++)
            ok(kx_store__scan_next(scan, &item));
        ck_assert_uint_eq(item.key.data[0], 'b');
        ok(kx_store__entry_remove(txn, postings, text("b"), 1));
        ok(kx_store__scan_next(scan, &item));
        ck_assert_uint_eq(item.key.data[0], 'c');
        ck_assert_uint_eq(item.id, 1);
        ok(kx_store__scan_next(scan, &item));
        ck_assert_uint_eq(item.id, 2);
        kx_store__scan_close(scan);
        ok(kx_store__commit(txn));
        expect_shape(store, (const unsigned[3]){shapes[s][0], 0, shapes[s][2]});
    }
    ok(kx_store__close(store));
}
END_TEST

/* ---- the differential test ------------------------------------------------------------- */

static uint64_t key_number(kx_slice key)
{
    uint64_t number = 0;
    for (size_t i = 0; i < key.size; i++)
        number = number << 8 | key.data[i];
    return number;
}

static void walk(kx_store_txn *txn, const oracle *o, bool descending)
{
    kx_store_scan *scan;
    kx_store_item item;
    ok(kx_store__scan_entries(txn, postings, text(""), text(""), descending, &scan));
    for (unsigned i = 0; i < ORACLE_KEYS; i++) {
        unsigned k = descending ? ORACLE_KEYS - 1 - i : i;
        for (size_t n = 0; n < o->lists[k].count; n++) {
            ok(kx_store__scan_next(scan, &item));
            ck_assert_uint_eq(key_number(item.key), k);
            ck_assert_uint_eq(item.id, o->lists[k].ids[n]);
        }
    }
    expect(KX_NOTFOUND, kx_store__scan_next(scan, &item));
    expect(KX_NOTFOUND, kx_store__scan_next(scan, &item));
    kx_store__scan_close(scan);
}

/* Pages of ids of a range of keys, resumed now and then by key and id from a fresh scan. */
static void read_pages(kx_store_txn *txn, const oracle *o, uint64_t *seed)
{
    unsigned from = (unsigned)(kxt_random(seed) % ORACLE_KEYS),
             to = from + (unsigned)(kxt_random(seed) % (ORACLE_KEYS - from)) + 1;
    uint64_t ids[97], counted, total = 0;
    uint8_t low[8], high[8];
    size_t got = 0, at = 0;
    kx_store_scan *scan;
    ok(kx_store__scan_entries(txn, postings, number_key(from, low), number_key(to, high), false, &scan));
    for (unsigned k = from; k < to; k++)
        for (size_t n = 0; n < o->lists[k].count; n++, total++) {
            if (at == got) {
                ok(kx_store__scan_ids(scan, ids, 1 + kxt_random(seed) % 97, &got));
                ck_assert_uint_gt(got, 0);
                at = 0;
            }
            ck_assert_uint_eq(ids[at++], o->lists[k].ids[n]);
        }
    ck_assert_uint_eq(at, got);
    ok(kx_store__scan_ids(scan, ids, 97, &got));
    ck_assert_uint_eq(got, 0);
    ok(kx_store__scan_count(scan, UINT64_MAX, &counted));
    ck_assert_uint_eq(counted, total);
    kx_store__scan_close(scan);
}

static void check_counts(kx_store_txn *txn, const oracle *o)
{
    uint64_t count, id;
    uint8_t key[8];
    for (unsigned k = 0; k < ORACLE_KEYS; k++) {
        const oracle_list *list = &o->lists[k];
        ok(kx_store__entry_count(txn, postings, number_key(k, key), &count));
        ck_assert_uint_eq(count, list->count);
        expect(list->count ? KX_OK : KX_NOTFOUND, kx_store__entry_get(txn, postings, number_key(k, key), &id));
        if (list->count)
            ck_assert_uint_eq(id, list->ids[0]);
    }
    ok(kx_store__table_count(txn, POSTINGS, &count));
    ck_assert_uint_eq(count, o->pairs);
}

/* Small keys, medium ones (a page inside a page) and large ones (trees of their own), side by side. */
static uint64_t draw_id(uint64_t *seed, unsigned key)
{
    static const uint64_t spread[] = {3, 5, 40, 300, 5000};
    uint64_t r = kxt_random(seed);
    return r % spread[key % 5] + (r & 0x8000 ? UINT64_C(1) << 40 : 0);
}

static void change(kx_store_txn *txn, oracle *o, uint64_t *seed)
{
    uint8_t key[8];
    unsigned k = (unsigned)(kxt_random(seed) % ORACLE_KEYS);
    uint64_t phase = *seed >> 60 & 1, id = draw_id(seed, k);
    if (kxt_random(seed) % 16 < 7 + phase * 2) {
        oracle_add(o, k, id);
        ok(kx_store__entry_add(txn, postings, number_key(k, key), id, kxt_random(seed) % 8 == 0));
    } else {
        bool there = oracle_remove(o, k, id);
        expect(there ? KX_OK : KX_NOTFOUND, kx_store__entry_remove(txn, postings, number_key(k, key), id));
    }
}

/* A stretch of changes in `txn`, with savepoints inside it that are kept or not. */
static uint64_t stretch(kx_store_txn *txn, oracle *o, uint64_t *seed, uint64_t most, int depth)
{
    uint64_t done = 0, want = 1 + kxt_random(seed) % most;
    while (done < want) {
        uint64_t r = kxt_random(seed) % 1000;
        if (r < 8 && depth < 4) {
            static oracle saved[4];
            kx_store_txn *child;
            oracle_copy(&saved[depth], o);
            ok(kx_store__child(txn, &child));
            done += stretch(child, o, seed, most / 4 + 1, depth + 1);
            if (kxt_random(seed) % 2) {
                ok(kx_store__commit(child));
            } else {
                kx_store__abort(child);
                oracle_copy(o, &saved[depth]);
            }
        } else if (r == 8) {
            read_pages(txn, o, seed);
        } else if (r == 9 && kxt_random(seed) % 8 == 0) {
            ok(kx_store__empty_table(txn, POSTINGS));
            oracle_clear(o);
        } else {
            change(txn, o, seed);
            done++;
        }
    }
    return done;
}

START_TEST(postings_agree_with_an_oracle)
{
    static oracle committed, mine;
    kx_store_options later = {.sync = 1};
    kx_store *store;
    uint64_t seed = kxt_seed(), left = kxt_scaled(1000000);
    kx_store_txn *txn;
    ok(kx_store__open(NULL, &later, &store));
    txn = writing(store);
    ok(kx_store__make_table(txn, postings));
    ok(kx_store__commit(txn));
    while (left > 0) {
        txn = writing(store);
        oracle_copy(&mine, &committed);
        uint64_t done = stretch(txn, &mine, &seed, 4000, 0);
        left = left > done ? left - done : 0;
        if (kxt_random(&seed) % 4) {
            if (kxt_random(&seed) % 8 == 0)
                check_counts(txn, &mine);
            ok(kx_store__commit(txn));
            oracle_copy(&committed, &mine);
        } else {
            kx_store__abort(txn);
        }
        if (kxt_random(&seed) % 8 == 0 || left == 0) {
            txn = reading(store);
            walk(txn, &committed, false);
            walk(txn, &committed, true);
            check_counts(txn, &committed);
            read_pages(txn, &committed, &seed);
            kx_store__abort(txn);
        }
    }
    oracle_clear(&committed);
    oracle_clear(&mine);
    ok(kx_store__close(store));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("store entries");
    TCase *t = tcase_create("entries");
    tcase_add_test(t, a_unique_key_has_one_id);
    tcase_add_test(t, a_posting_key_has_a_stored_count_and_its_lowest_id_first);
    tcase_add_test(t, keys_from_1_to_511_bytes_are_possible);
    tcase_add_test(t, ids_of_a_key_that_are_removed_together_leave_its_others);
    tcase_add_test(t, what_is_below_many_prefixes_comes_in_one_pass);
    tcase_add_test(t, keys_stand_in_the_order_that_other_programs_expect);
    tcase_add_test(t, appending_gives_the_same_table_as_adding);
    tcase_add_test(t, many_keys_at_once_equal_single_lookups);
    tcase_add_test(t, all_ids_of_many_keys_equal_scans_of_each);
    tcase_add_test(t, deleting_the_middle_of_two_one_two_and_two_one_three_loses_nothing);
    suite_add_tcase(s, t);
    t = tcase_create("oracle");
    tcase_add_test(t, postings_agree_with_an_oracle);
    suite_add_tcase(s, t);
    return kxt_run(s);
}
