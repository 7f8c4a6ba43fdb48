#include "store_test.h"

enum { IDS = 400 };

static void fill_rows(kx_store *store, uint64_t step, uint64_t count)
{
    kx_store_txn *txn = writing(store);
    for (uint64_t i = 1; i <= count; i++)
        ok(kx_store__row_put(txn, ROWS, i * step, text(""), kx_slice_of(&i, sizeof(i)), false));
    ok(kx_store__commit(txn));
}

static void ids_are(kx_store_scan *scan, uint64_t first, uint64_t last, int64_t step)
{
    kx_store_item item;
    for (uint64_t id = first; step > 0 ? id <= last : id >= last; id += (uint64_t)step) {
        ok(kx_store__scan_next(scan, &item));
        ck_assert_uint_eq(item.id, id);
        ck_assert_ptr_null(item.key.data);
        ck_assert_uint_eq(item.row.size, 8);
    }
    for (int i = 0; i < 2; i++)
        expect(KX_NOTFOUND, kx_store__scan_next(scan, &item));
    kx_store__scan_close(scan);
}

/* ---- rows ------------------------------------------------------------------------- */

START_TEST(rows_come_in_order_within_their_bounds)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_store_scan *scan;
    fill_rows(store, 10, 1000);
    for (int mode = KX_STORE_READ; mode <= KX_STORE_WRITE; mode++) {
        kx_store_txn *txn;
        ok(kx_store__begin(store, mode, 0, &txn));
        ok(kx_store__scan_rows(txn, ROWS, 0, UINT64_MAX, false, &scan));
        ids_are(scan, 10, 10000, 10);
        ok(kx_store__scan_rows(txn, ROWS, 0, UINT64_MAX, true, &scan));
        ids_are(scan, 10000, 10, -10);
        ok(kx_store__scan_rows(txn, ROWS, 95, 205, false, &scan));
        ids_are(scan, 100, 200, 10);
        ok(kx_store__scan_rows(txn, ROWS, 100, 200, true, &scan));
        ids_are(scan, 200, 100, -10);
        ok(kx_store__scan_rows(txn, ROWS, 95, 205, true, &scan));
        ids_are(scan, 200, 100, -10);
        ok(kx_store__scan_rows(txn, ROWS, 10001, UINT64_MAX, false, &scan));
        ids_are(scan, 1, 0, 1);
        ok(kx_store__scan_rows(txn, ROWS, 0, 9, true, &scan));
        ids_are(scan, 1, 2, -1);
        ok(kx_store__scan_rows(txn, ROWS, 7, 3, false, &scan));
        ids_are(scan, 1, 0, 1);
        kx_store__abort(txn);
    }
    ok(kx_store__close(store));
}
END_TEST

START_TEST(a_scan_restarts_behind_an_id)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_store_scan *scan;
    fill_rows(store, 10, 100);
    kx_store_txn *txn = reading(store);
    ok(kx_store__scan_rows(txn, ROWS, 50, 900, false, &scan));
    ok(kx_store__scan_after(scan, text(""), 300));
    ids_are(scan, 310, 900, 10);
    ok(kx_store__scan_rows(txn, ROWS, 50, 900, false, &scan));
    ok(kx_store__scan_after(scan, text(""), 5));
    ids_are(scan, 50, 900, 10);
    ok(kx_store__scan_rows(txn, ROWS, 50, 900, true, &scan));
    ok(kx_store__scan_after(scan, text(""), 305));
    ids_are(scan, 300, 50, -10);
    ok(kx_store__scan_rows(txn, ROWS, 50, 900, true, &scan));
    ok(kx_store__scan_after(scan, text(""), 5000));
    ids_are(scan, 900, 50, -10);
    ok(kx_store__scan_rows(txn, ROWS, 0, UINT64_MAX, false, &scan));
    ok(kx_store__scan_after(scan, text(""), UINT64_MAX));
    ids_are(scan, 1, 0, 1);
    ok(kx_store__scan_rows(txn, ROWS, 0, UINT64_MAX, true, &scan));
    ok(kx_store__scan_after(scan, text(""), 0));
    ids_are(scan, 1, 2, -1);
    kx_store__abort(txn);
    ok(kx_store__close(store));
}
END_TEST

/* ---- entries against a sorted array of pairs ----------------------------------------- */

typedef struct pair {
    char key[4];
    uint64_t id;
} pair;
static pair pairs[20000];
static size_t pair_count;

static int by_key_and_id(const void *a, const void *b)
{
    const pair *x = a, *y = b;
    int order = strcmp(x->key, y->key);
    return order ? order : (x->id > y->id) - (x->id < y->id);
}

/* Descending is by key only: ties still ascend by id. */
static int by_falling_key(const void *a, const void *b)
{
    const pair *x = a, *y = b;
    int order = strcmp(y->key, x->key);
    return order ? order : (x->id > y->id) - (x->id < y->id);
}

static void draw_key(uint64_t *seed, char key[4])
{
    size_t size = 1 + kxt_random(seed) % 3;
    for (size_t i = 0; i < 4; i++)
        key[i] = i < size ? (char)('a' + kxt_random(seed) % 6) : '\0';
}

static bool have(const char key[4], uint64_t id)
{
    for (size_t i = 0; i < pair_count; i++)
        if (pairs[i].id == id && strcmp(pairs[i].key, key) == 0)
            return true;
    return false;
}

static void fill_postings(kx_store *store, uint64_t *seed, size_t count)
{
    kx_store_txn *txn = writing(store);
    ok(kx_store__empty_table(txn, POSTINGS));
    pair_count = 0;
    for (size_t i = 0; i < count; i++) {
        pair *p = &pairs[pair_count];
        draw_key(seed, p->key);
        p->id = kxt_random(seed) % (p->key[1] == '\0' ? 3000 : 4);
        if (have(p->key, p->id))
            continue;
        pair_count++;
        ok(kx_store__entry_add(txn, postings, text(p->key), p->id, false));
    }
    ok(kx_store__commit(txn));
}

static bool inside(const pair *p, const char *from, const char *to)
{
    return strcmp(p->key, from) >= 0 && (*to == '\0' || strcmp(p->key, to) < 0);
}

static void is_pair(const kx_store_item *item, const pair *p)
{
    ck_assert_uint_eq(item->key.size, strlen(p->key));
    ck_assert_mem_eq(item->key.data, p->key, item->key.size);
    ck_assert_uint_eq(item->id, p->id);
}

static void walk(kx_store_txn *txn, uint64_t *seed, bool descending)
{
    char from[4], to[4] = "";
    kx_store_scan *scan;
    kx_store_item item;
    uint64_t counted, total = 0;
    size_t resume = kxt_random(seed) % (pair_count + 1), passed = 0;
    draw_key(seed, from);
    if (kxt_random(seed) % 4)
        draw_key(seed, to);
    ok(kx_store__scan_entries(txn, postings, text(from), text(to), descending, &scan));
    for (size_t i = 0; i < pair_count; i++) {
        if (!inside(&pairs[i], from, to))
            continue;
        ok(kx_store__scan_next(scan, &item));
        is_pair(&item, &pairs[i]);
        total++;
        if (passed++ == resume) { /* go on in another scan */
            kx_store__scan_close(scan);
            ok(kx_store__scan_entries(txn, postings, text(from), text(to), descending, &scan));
            ok(kx_store__scan_after(scan, text(pairs[i].key), pairs[i].id));
        }
    }
    expect(KX_NOTFOUND, kx_store__scan_next(scan, &item));
    ok(kx_store__scan_count(scan, UINT64_MAX, &counted));
    ck_assert_uint_eq(counted, total);
    ok(kx_store__scan_count(scan, 5, &counted));
    ck_assert_uint_eq(counted, total < 5 ? total : 5);
    kx_store__scan_close(scan);
}

START_TEST(entries_come_by_key_and_ties_by_ascending_id_both_ways)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    uint64_t seed = kxt_seed();
    for (uint64_t round = 0; round < 1 + kxt_scaled(20); round++) {
        fill_postings(store, &seed, 1 + kxt_random(&seed) % 3000);
        for (int mode = KX_STORE_READ; mode <= KX_STORE_WRITE; mode++) {
            kx_store_txn *txn;
            ok(kx_store__begin(store, mode, 0, &txn));
            qsort(pairs, pair_count, sizeof(pair), by_key_and_id);
            for (int i = 0; i < 10; i++)
                walk(txn, &seed, false);
            qsort(pairs, pair_count, sizeof(pair), by_falling_key);
            for (int i = 0; i < 10; i++)
                walk(txn, &seed, true);
            kx_store__abort(txn);
        }
    }
    ok(kx_store__close(store));
}
END_TEST

START_TEST(a_restart_may_name_a_pair_that_is_gone)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_store_txn *txn = writing(store);
    kx_store_scan *scan;
    kx_store_item item;
    uint8_t key[8];
    for (uint64_t k = 10; k <= 30; k += 10)
        for (uint64_t id = 10; id <= 30; id += 10)
            ok(kx_store__entry_add(txn, postings, number_key(k, key), id, false));
    static const struct {
        uint64_t key, id, up_key, up_id, down_key, down_id;
    } cases[] = {
        {20, 15, 20, 20, 20, 20}, {20, 30, 30, 10, 10, 10}, {15, 99, 20, 10, 10, 10},         {5, 0, 10, 10, 0, 0},
        {30, 30, 0, 0, 20, 10},   {99, 0, 0, 0, 30, 10},    {20, UINT64_MAX, 30, 10, 10, 10},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        for (int down = 0; down < 2; down++) {
            uint64_t k = down ? cases[i].down_key : cases[i].up_key, id = down ? cases[i].down_id : cases[i].up_id;
            ok(kx_store__scan_entries(txn, postings, text(""), text(""), down, &scan));
            ok(kx_store__scan_after(scan, number_key(cases[i].key, key), cases[i].id));
            expect(k ? KX_OK : KX_NOTFOUND, kx_store__scan_next(scan, &item));
            if (k) {
                ck_assert_mem_eq(item.key.data, number_key(k, key).data, 8);
                ck_assert_uint_eq(item.id, id);
            }
            kx_store__scan_close(scan);
        }
    kx_store__abort(txn);
    ok(kx_store__close(store));
}
END_TEST

START_TEST(unique_entries_scan_both_ways)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_store_txn *txn = writing(store);
    kx_store_scan *scan;
    kx_store_item item;
    uint8_t key[8], low[8], high[8];
    uint64_t ids[7], count;
    size_t got, total = 0;
    for (uint64_t k = 0; k < 1000; k++)
        ok(kx_store__entry_add(txn, unique, number_key(k, key), k + 5, false));
    ok(kx_store__commit(txn));
    txn = reading(store);
    ok(kx_store__scan_entries(txn, unique, number_key(100, low), number_key(200, high), true, &scan));
    for (uint64_t k = 199; k >= 100; k--) {
        ok(kx_store__scan_next(scan, &item));
        ck_assert_uint_eq(item.id, k + 5);
    }
    expect(KX_NOTFOUND, kx_store__scan_next(scan, &item));
    ok(kx_store__scan_count(scan, 1000, &count));
    ck_assert_uint_eq(count, 100);
    kx_store__scan_close(scan);
    ok(kx_store__scan_entries(txn, unique, number_key(100, low), text(""), false, &scan));
    do {
        ok(kx_store__scan_ids(scan, ids, 7, &got));
        for (size_t i = 0; i < got; i++)
            ck_assert_uint_eq(ids[i], 105 + total++);
    } while (got > 0);
    ck_assert_uint_eq(total, 900);
    kx_store__scan_close(scan);
    kx_store__abort(txn);
    ok(kx_store__close(store));
}
END_TEST

/* ---- across writes ------------------------------------------------------------------------ */

/* Between steps anything may be added or removed on either side: what is ahead must come as it is then, nothing
   twice. */
START_TEST(a_scan_goes_on_across_writes_to_its_table)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    uint64_t seed = kxt_seed();
    kx_store_txn *txn = writing(store);
    static bool there[40][IDS];
    uint8_t key[8];
    for (uint64_t round = 0; round < 1 + kxt_scaled(60); round++) {
        bool down = round % 2;
        kx_store_scan *scan;
        kx_store_item item;
        for (unsigned k = 0; k < 40; k++)
            for (uint64_t id = 0; id < IDS; id++)
                if (!there[k][id] && kxt_random(&seed) % (k % 5 == 0 ? 2 : 90) == 0) {
                    there[k][id] = true;
                    ok(kx_store__entry_add(txn, postings, number_key(k, key), id, false));
                }
        ok(kx_store__scan_entries(txn, postings, text(""), text(""), down, &scan));
        unsigned k = 0;
        uint64_t id = 0;
        for (unsigned i = 0; i < 40 * IDS; i++) {
            k = down ? 39 - i / IDS : i / IDS;
            id = i % IDS;
            if (!there[k][id])
                continue;
            ok(kx_store__scan_next(scan, &item));
            ck_assert_uint_eq(item.key.data[7], k);
            ck_assert_uint_eq(item.id, id);
            for (uint64_t n = kxt_random(&seed) % 4; n > 0; n--) {
                unsigned k2 = (unsigned)(kxt_random(&seed) % 40);
                uint64_t id2 = kxt_random(&seed) % IDS;
                if (there[k2][id2])
                    ok(kx_store__entry_remove(txn, postings, number_key(k2, key), id2));
                else
                    ok(kx_store__entry_add(txn, postings, number_key(k2, key), id2, false));
                there[k2][id2] = !there[k2][id2];
            }
            if (kxt_random(&seed) % 50 == 0) { /* a savepoint ends all cursors, too */
                kx_store_txn *child;
                ok(kx_store__child(txn, &child));
                ok(kx_store__entry_add(child, postings, number_key(k, key), IDS, false));
                kx_store__abort(child);
            }
        }
        expect(KX_NOTFOUND, kx_store__scan_next(scan, &item));
        kx_store__scan_close(scan);
    }
    kx_store__abort(txn);
    ok(kx_store__close(store));
}
END_TEST

START_TEST(rows_deleted_while_they_are_scanned_are_all_met_once)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_store_scan *scan, *second;
    kx_store_item item;
    uint64_t count;
    fill_rows(store, 1, 3000);
    kx_store_txn *txn = writing(store);
    ok(kx_store__scan_rows(txn, ROWS, 0, UINT64_MAX, false, &scan));
    ok(kx_store__scan_rows(txn, ROWS, 0, UINT64_MAX, true, &second));
    for (uint64_t id = 1; id <= 1500; id++) {
        ok(kx_store__scan_next(scan, &item));
        ck_assert_uint_eq(item.id, id);
        ok(kx_store__scan_next(second, &item));
        ck_assert_uint_eq(item.id, 3001 - id);
        ok(kx_store__row_delete(txn, ROWS, id));
        ok(kx_store__row_delete(txn, ROWS, 3001 - id));
    }
    expect(KX_NOTFOUND, kx_store__scan_next(scan, &item));
    expect(KX_NOTFOUND, kx_store__scan_next(second, &item));
    kx_store__scan_close(scan);
    kx_store__scan_close(second);
    ok(kx_store__table_count(txn, ROWS, &count));
    ck_assert_uint_eq(count, 0);
    ok(kx_store__commit(txn));
    ok(kx_store__close(store));
}
END_TEST

START_TEST(writes_to_another_table_leave_a_scan_attached)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_store_scan *scan;
    kx_store_item item;
    fill_rows(store, 1, 100);
    kx_store_txn *txn = writing(store);
    ok(kx_store__scan_rows(txn, ROWS, 0, UINT64_MAX, false, &scan));
    while (kx_store__scan_next(scan, &item) == KX_OK)
        ok(kx_store__entry_add(txn, unique, kx_slice_of(&item.id, 8), item.id, false));
    ck_assert_uint_eq(kx_store__stats(txn)->descents, 1);
    kx_store__scan_close(scan);
    kx_store__abort(txn);
    ok(kx_store__close(store));
}
END_TEST

/* ---- seeking and passing ------------------------------------------------------------------------ */

enum { MANY = 6000 };
static bool under[3][MANY]; /* ids of three keys: many, a page of them, one */

static uint64_t next_under(unsigned key, uint64_t id)
{
    while (id < MANY && !under[key][id])
        id++;
    return id;
}

static void toggle(kx_store_txn *txn, unsigned k, uint64_t id)
{
    uint8_t key[8];
    if (under[k][id])
        ok(kx_store__entry_remove(txn, postings, number_key(10 + k, key), id));
    else
        ok(kx_store__entry_add(txn, postings, number_key(10 + k, key), id, false));
    under[k][id] = !under[k][id];
}

static void fill_under(kx_store_txn *txn, uint64_t *seed)
{
    uint8_t key[8];
    memset(under, 0, sizeof under);
    for (uint64_t id = 0; id < MANY; id++) {
        if (kxt_random(seed) % 3)
            toggle(txn, 0, id);
        if (kxt_random(seed) % 100 == 0)
            toggle(txn, 1, id);
    }
    toggle(txn, 2, kxt_random(seed) % MANY);
    ok(kx_store__entry_add(txn, postings, number_key(9, key), 3, false));
    ok(kx_store__entry_add(txn, postings, number_key(13, key), 3, false));
}

/* `disturb`: writes and savepoints come between the steps. */
static void seek_along(kx_store_txn *txn, uint64_t *seed, unsigned k, bool disturb)
{
    kx_store_scan *scan;
    uint8_t from[8], to[8];
    uint64_t found, next = 0, reach = 1 + kxt_random(seed) % 1500;
    ok(kx_store__scan_entries(txn, postings, number_key(10 + k, from), number_key(11 + k, to), false, &scan));
    for (;;) {
        uint64_t want = next + kxt_random(seed) % reach;
        want -= want > 0 && kxt_random(seed) % 8 == 0 ? kxt_random(seed) % want : 0;
        uint64_t expected = next_under(k, want > next ? want : next);
        if (expected >= MANY)
            break;
        ok(kx_store__scan_seek(scan, want, &found));
        ck_assert_uint_eq(found, expected);
        next = found + 1;
        if (disturb && kxt_random(seed) % 3 == 0)
            toggle(txn, k, kxt_random(seed) % MANY);
        if (disturb && kxt_random(seed) % 20 == 0) {
            kx_store_txn *child;
            ok(kx_store__child(txn, &child));
            kx_store__abort(child);
        }
    }
    expect(KX_NOTFOUND, kx_store__scan_seek(scan, MANY, &found));
    expect(KX_NOTFOUND, kx_store__scan_seek(scan, 0, &found));
    kx_store__scan_close(scan);
}

START_TEST(a_seek_gives_the_next_id_of_its_key)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    uint64_t seed = kxt_seed();
    for (uint64_t round = 0; round < 1 + kxt_scaled(20); round++) {
        kx_store_txn *txn = writing(store);
        ok(kx_store__empty_table(txn, POSTINGS));
        fill_under(txn, &seed);
        for (unsigned i = 0; i < 9; i++)
            seek_along(txn, &seed, i % 3, i > 5);
        ok(kx_store__commit(txn));
        txn = reading(store);
        for (unsigned i = 0; i < 30; i++)
            seek_along(txn, &seed, i % 3, false);
        kx_store__abort(txn);
    }
    ok(kx_store__close(store));
}
END_TEST

START_TEST(a_seek_in_the_page_at_hand_does_not_descend)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_store_scan *scan;
    uint64_t found, id;
    uint8_t key[8];
    kx_store_txn *txn = writing(store);
    for (id = 0; id < 2000; id++)
        ok(kx_store__entry_add(txn, postings, number_key(1, key), 2 * id, false));
    ok(kx_store__entry_add(txn, unique, number_key(1, key), 7, false));
    ok(kx_store__commit(txn));
    txn = reading(store);
    ok(kx_store__scan_entries(txn, postings, number_key(1, key), text(""), false, &scan));
    for (id = 0; id < 2000; id += 5) {
        ok(kx_store__scan_seek(scan, 2 * id - (id > 0), &found));
        ck_assert_uint_eq(found, 2 * id);
    }
    ck_assert_uint_le(kx_store__stats(txn)->descents, 20);
    ck_assert_uint_eq(kx_store__stats(txn)->entries, 400);
    kx_store__scan_close(scan);
    ok(kx_store__scan_entries(txn, unique, text(""), text(""), false, &scan));
    ok(kx_store__scan_seek(scan, 7, &found));
    ck_assert_uint_eq(found, 7);
    expect(KX_NOTFOUND, kx_store__scan_seek(scan, 8, &found));
    kx_store__scan_close(scan);
    kx_store__abort(txn);
    ok(kx_store__close(store));
}
END_TEST

/* In portions, over keys with many ids and with one, the sum is the number of entries. */
START_TEST(passing_counts_every_entry_once_by_few_steps)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_store_scan *scan;
    uint64_t seed = kxt_seed(), count, total, all;
    uint8_t key[8];
    kx_store_txn *txn = writing(store);
    fill_under(txn, &seed);
    for (uint64_t id = 1; id <= 100; id++)
        ok(kx_store__entry_add(txn, unique, number_key(id, key), id, false));
    for (uint64_t id = 1; id <= 100; id++)
        put_text(txn, ROWS, id, "row");
    ok(kx_store__table_count(txn, POSTINGS, &all));
    for (uint64_t least = 1; least < 2 * MANY; least = least * 3 + 1) {
        for (int down = 0; down < 2; down++) {
            total = 0;
            ok(kx_store__scan_entries(txn, postings, text(""), text(""), down, &scan));
            do {
                ok(kx_store__scan_pass(scan, least, &count));
                total += count;
            } while (count >= least);
            ck_assert_uint_eq(total, all);
            ok(kx_store__scan_pass(scan, least, &count));
            ck_assert_uint_eq(count, 0);
            kx_store__scan_close(scan);
        }
    }
    uint64_t before = kx_store__stats(txn)->entries;
    ok(kx_store__scan_entries(txn, postings, text(""), text(""), false, &scan));
    ok(kx_store__scan_pass(scan, 2 * MANY, &count));
    kx_store__scan_close(scan);
    ck_assert_uint_eq(kx_store__stats(txn)->entries - before, 5);
    ok(kx_store__scan_entries(txn, unique, number_key(11, key), text(""), false, &scan));
    ok(kx_store__scan_pass(scan, 40, &count));
    ck_assert_uint_eq(count, 40);
    ok(kx_store__scan_pass(scan, 100, &count));
    ck_assert_uint_eq(count, 50);
    kx_store__scan_close(scan);
    ok(kx_store__scan_rows(txn, ROWS, 31, 90, false, &scan));
    ok(kx_store__scan_pass(scan, 100, &count));
    ck_assert_uint_eq(count, 60);
    kx_store__scan_close(scan);
    kx_store__abort(txn);
    ok(kx_store__close(store));
}
END_TEST

/* ---- life ------------------------------------------------------------------------------------ */

START_TEST(a_scan_outlives_its_transaction_only_to_be_closed)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_store_scan *scan[4];
    kx_store_item item;
    uint64_t count, ids[4];
    size_t got;
    fill_rows(store, 1, 10);
    for (int end = 0; end < 4; end++) {
        kx_store_txn *txn = end < 2 ? reading(store) : writing(store);
        ok(kx_store__scan_rows(txn, ROWS, 0, UINT64_MAX, false, &scan[end]));
        ok(kx_store__scan_next(scan[end], &item));
        if (end % 2)
            kx_store__abort(txn);
        else
            ok(kx_store__commit(txn));
        expect(KX_INVALID, kx_store__scan_next(scan[end], &item));
        expect(KX_INVALID, kx_store__scan_ids(scan[end], ids, 4, &got));
        expect(KX_INVALID, kx_store__scan_count(scan[end], 10, &count));
        expect(KX_INVALID, kx_store__scan_after(scan[end], text(""), 1));
    }
    for (int end = 0; end < 4; end++)
        kx_store__scan_close(scan[end]);
    kx_store__scan_close(NULL);
    ok(kx_store__close(store));
}
END_TEST

START_TEST(many_scans_of_one_table_do_not_disturb_each_other)
{
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_store_scan *scan[20];
    kx_store_item item;
    kx_slice row;
    fill_rows(store, 1, 1000);
    kx_store_txn *txn = reading(store);
    for (uint64_t i = 0; i < 20; i++)
        ok(kx_store__scan_rows(txn, ROWS, i * 10, UINT64_MAX, i % 2, &scan[i]));
    for (uint64_t step = 0; step < 500; step++)
        for (uint64_t i = 0; i < 20; i++) {
            ok(kx_store__scan_next(scan[i], &item));
            ck_assert_uint_eq(item.id, i % 2 ? 1000 - step : (i ? i * 10 : 1) + step);
            ok(kx_store__row_get(txn, ROWS, 1 + (step * 7 + i) % 1000, &row));
        }
    for (int i = 0; i < 20; i += 3)
        kx_store__scan_close(scan[i]);
    kx_store__abort(txn);
    for (int i = 0; i < 20; i++)
        if (i % 3)
            kx_store__scan_close(scan[i]);
    ok(kx_store__close(store));
}
END_TEST

START_TEST(bounds_longer_than_keys_are_fine_up_to_1024_bytes)
{
    static uint8_t bound[1025];
    kx_store *store = open_tables(kxt_path("a.kx"));
    kx_store_txn *txn = writing(store);
    kx_store_scan *scan;
    kx_store_item item;
    memset(bound, 'k', sizeof(bound));
    ok(kx_store__entry_add(txn, postings, kx_slice_of(bound, 511), 1, false));
    ok(kx_store__scan_entries(txn, postings, text(""), kx_slice_of(bound, 1024), false, &scan));
    ok(kx_store__scan_next(scan, &item));
    kx_store__scan_close(scan);
    ok(kx_store__scan_entries(txn, postings, kx_slice_of(bound, 512), text(""), false, &scan));
    expect(KX_NOTFOUND, kx_store__scan_next(scan, &item));
    kx_store__scan_close(scan);
    expect(KX_LIMIT, kx_store__scan_entries(txn, postings, text(""), kx_slice_of(bound, 1025), false, &scan));
    ck_assert_ptr_null(scan);
    kx_store__abort(txn);
    ok(kx_store__close(store));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("store scans");
    TCase *t = tcase_create("rows");
    tcase_add_test(t, rows_come_in_order_within_their_bounds);
    tcase_add_test(t, a_scan_restarts_behind_an_id);
    suite_add_tcase(s, t);
    t = tcase_create("entries");
    tcase_add_test(t, entries_come_by_key_and_ties_by_ascending_id_both_ways);
    tcase_add_test(t, a_restart_may_name_a_pair_that_is_gone);
    tcase_add_test(t, unique_entries_scan_both_ways);
    tcase_add_test(t, bounds_longer_than_keys_are_fine_up_to_1024_bytes);
    suite_add_tcase(s, t);
    t = tcase_create("writes");
    tcase_add_test(t, a_scan_goes_on_across_writes_to_its_table);
    tcase_add_test(t, rows_deleted_while_they_are_scanned_are_all_met_once);
    tcase_add_test(t, writes_to_another_table_leave_a_scan_attached);
    suite_add_tcase(s, t);
    t = tcase_create("seek");
    tcase_add_test(t, a_seek_gives_the_next_id_of_its_key);
    tcase_add_test(t, a_seek_in_the_page_at_hand_does_not_descend);
    tcase_add_test(t, passing_counts_every_entry_once_by_few_steps);
    suite_add_tcase(s, t);
    t = tcase_create("life");
    tcase_add_test(t, a_scan_outlives_its_transaction_only_to_be_closed);
    tcase_add_test(t, many_scans_of_one_table_do_not_disturb_each_other);
    suite_add_tcase(s, t);
    return kxt_run(s);
}
