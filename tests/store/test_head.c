#include "damage.h"
#include "store_test.h"

#include <sys/stat.h>
#include <unistd.h>

static int try_open(const char *path)
{
    kx_store *store;
    kx_store_options reader = {.read_only = true};
    int rc = kx_store__open(path, &reader, &store), again;
    if (rc == KX_OK)
        ok(kx_store__close(store));
    again = kx_store__open(path, NULL, &store);
    if (again == KX_OK)
        ok(kx_store__close(store));
    ck_assert_int_eq(rc, again);
    return rc;
}

/* A store with a few hundred pages, so that its trees have depth. */
static char *sound_store(const char *name)
{
    char *path = kxt_path(name);
    uint8_t key[8];
    unlink(path);
    kx_store *store = open_tables(path);
    kx_store_txn *txn = writing(store);
    for (uint64_t i = 0; i < 5000; i++) {
        put_text(txn, ROWS, i, "a row that is as long as rows often are, give or take a few bytes");
        ok(kx_store__entry_add(txn, postings, number_key(i % 50, key), i, false));
    }
    ok(kx_store__commit(txn));
    ok(kx_store__close(store));
    return path;
}

START_TEST(a_file_of_something_else_is_not_a_store)
{
    kxt_write_file(kxt_path("text"), "Dear diary,\n");
    expect(KX_FORMAT, try_open(kxt_path("text")));
    said("not a store");
    char *page = calloc(1, 100000);
    kxt_write_bytes(kxt_path("zeros"), page, 100000);
    expect(KX_FORMAT, try_open(kxt_path("zeros")));
    memset(page, 'x', 100000);
    kxt_write_bytes(kxt_path("letters"), page, 100000);
    expect(KX_FORMAT, try_open(kxt_path("letters")));
    kxt_write_bytes(kxt_path("byte"), page, 1);
    expect(KX_FORMAT, try_open(kxt_path("byte")));
    free(page);
    damage_foreign(kxt_path("foreign"));
    expect(KX_FORMAT, try_open(kxt_path("foreign")));
    said("another program");
}
END_TEST

START_TEST(other_formats_are_named)
{
    static const struct {
        uint64_t at;
        uint32_t bytes;
        const char *phrase;
    } cases[] = {
        {20, 2, "LMDB 1.0"},
        {20, 3, "LMDB 1.0"},
        {20, 999, "file format 999"},
        {16, 0xDEC0EFBE, "byte order"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char *path = sound_store("a.kx");
        damage_bytes(path, cases[i].at, &cases[i].bytes, 4);
        damage_bytes(path, 4096 + cases[i].at, &cases[i].bytes, 4);
        expect(KX_FORMAT, try_open(path));
        said(cases[i].phrase);
    }
    uint8_t narrow[4096] = {0};
    memcpy(narrow + 12, &(uint32_t){0xBEEFC0DE}, 4);
    kxt_write_bytes(kxt_path("b.kx"), narrow, sizeof(narrow));
    expect(KX_FORMAT, try_open(kxt_path("b.kx")));
    said("32-bit");
}
END_TEST

START_TEST(a_damaged_head_is_refused_before_it_is_mapped)
{
    static const struct {
        uint64_t at;
        uint64_t bytes;
        size_t size;
    } cases[] = {
        {40, 0, 4}, {40, 1, 4}, {40, 4097, 4},     {40, UINT32_C(1) << 31, 4}, {4096 + 40, 8192, 4},
        {10, 2, 2}, {16, 0, 4}, {4096 + 16, 0, 4}, {4096 + 10, 0, 2},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char *path = sound_store("a.kx");
        damage_bytes(path, cases[i].at, &cases[i].bytes, cases[i].size);
        expect(KX_CORRUPT, try_open(path));
    }
}
END_TEST

START_TEST(roots_and_sizes_out_of_range_are_refused)
{
    static const struct {
        uint64_t at;
        uint64_t bytes;
    } cases[] = {
        {80, 0},
        {80, 1},
        {80, 1 << 20},
        {128, 0},
        {128, 1},
        {128, UINT64_MAX - 1},
        {136, 0},
        {136, UINT64_C(1) << 40},
        {136, UINT64_C(1) << 52},
        {136, UINT64_MAX},
        {136, UINT64_C(1) << 20},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char *path = sound_store("a.kx");
        damage_bytes(path, cases[i].at, &cases[i].bytes, 8);
        damage_bytes(path, 4096 + cases[i].at, &cases[i].bytes, 8);
        expect(KX_CORRUPT, try_open(path));
    }
}
END_TEST

START_TEST(a_store_cut_anywhere_is_refused_or_whole)
{
    struct stat file;
    ck_assert_int_eq(stat(sound_store("a.kx"), &file), 0);
    uint64_t whole = damage_last_page_bytes(kxt_path("a.kx")), seed = kxt_seed();
    for (uint64_t i = 0; i < 8 + kxt_scaled(60); i++) {
        uint64_t cut = i == 0   ? 4096
                       : i == 1 ? 8191
                       : i == 2 ? 8192
                       : i == 3 ? 100
                       : i == 4 ? whole - 4096
                                : 1 + kxt_random(&seed) % (whole - 4096);
        damage_length(sound_store("a.kx"), cut);
        expect(cut < 20 ? KX_FORMAT : KX_CORRUPT, try_open(kxt_path("a.kx")));
    }
}
END_TEST

static void read_all(kx_store *store)
{
    kx_store_scan *scan;
    kx_store_item item;
    size_t sum = 0;
    ok(kx_store__open_tables(store, &rows, 1));
    kx_store_txn *txn = reading(store);
    ok(kx_store__scan_rows(txn, ROWS, 0, UINT64_MAX, false, &scan));
    while (kx_store__scan_next(scan, &item) == KX_OK)
        for (size_t i = 0; i < item.row.size; i += 512)
            sum += item.row.data[i];
    ck_assert_uint_eq(sum, 0);
    kx_store__abort(txn);
    kx_store__scan_close(scan);
}

/*
 * LMDB leaves pages at the end unwritten when a transaction took them and gave them back: a quarter of such files is
 * shorter than they say. They are sound and must open; cut further, they must be refused or still whole.
 */
START_TEST(a_file_that_lacks_only_free_pages_is_sound)
{
    uint64_t seed = kxt_seed(), short_files = 0, refused = 0;
    kx_store_options later = {.sync = 1};
    struct stat file;
    for (uint64_t run = 0; run < 2 + kxt_scaled(40); run++) {
        char *path = kxt_path("short.kx");
        unlink(path);
        kx_store *store;
        ok(kx_store__open(path, &later, &store));
        kx_store_txn *txn = writing(store);
        ok(kx_store__make_table(txn, rows));
        ok(kx_store__commit(txn));
        for (int round = 0; round < 5; round++) {
            uint64_t n = 1 + kxt_random(&seed) % 500;
            static const uint8_t bytes[6000];
            txn = writing(store);
            for (uint64_t i = 0; i < n; i++)
                ok(kx_store__row_put(txn, ROWS, i, text(""),
                                     kx_slice_of(bytes, kxt_random(&seed) % (i % 40 ? 200 : 6000)), false));
            for (uint64_t i = kxt_random(&seed) % n; i > 0; i--)
                ok(kx_store__row_delete(txn, ROWS, n - i));
            ok(kx_store__commit(txn));
        }
        ok(kx_store__close(store));
        ck_assert_int_eq(stat(path, &file), 0);
        uint64_t said_bytes = damage_last_page_bytes(path);
        ok(kx_store__open(path, &later, &store));
        ok(kx_store__close(store));
        if ((uint64_t)file.st_size >= said_bytes)
            continue;
        short_files++;
        damage_length(path, (uint64_t)file.st_size - 4096 * (1 + kxt_random(&seed) % 3));
        int rc = kx_store__open(path, &later, &store);
        refused += rc != KX_OK;
        if (rc != KX_OK) {
            expect(KX_CORRUPT, rc);
            continue;
        }
        read_all(store);
        ok(kx_store__close(store));
    }
    ck_assert_msg(kxt_scaled(100) < 50 || (short_files > 0 && refused > 0),
                  "%d short, %d refused: the test tests nothing", (int)short_files, (int)refused);
}
END_TEST

START_TEST(a_table_of_another_shape_is_corrupt)
{
    char *path = sound_store("a.kx");
    kx_store *store;
    damage_wrong_shape(path, "d/2");
    store = open_store(path);
    expect(KX_CORRUPT, kx_store__open_tables(store, &rows, 1));
    said("d/2");
    expect(KX_CORRUPT, kx_store__open_tables(store, &(kx_store_table){77, KX_STORE_ROWS}, 1));
    said("d/77 is not there");
    ok(kx_store__open_tables(store, &postings, 1));
    ok(kx_store__close(store));
    damage_wrong_shape(path, "kx/meta");
    expect(KX_CORRUPT, kx_store__open(path, NULL, &store));
}
END_TEST

/* Random bytes in the two meta pages: any code, never a signal, and never a wrong answer about the map. */
START_TEST(noise_in_the_head_never_kills)
{
    uint64_t seed = kxt_seed();
    size_t size;
    char *whole = kxt_read_file(sound_store("a.kx"), &size);
    char *path = kxt_path("noise.kx");
    for (uint64_t i = 0; i < 10 + kxt_scaled(300); i++) {
        kx_store *store;
        kxt_write_bytes(path, whole, size);
        for (uint64_t n = 1 + kxt_random(&seed) % 6; n > 0; n--) {
            uint64_t bytes = kxt_random(&seed);
            /* of the table records only the roots are checked here: page counts and depths are the checker's */
            static const uint64_t spots[] = {0, 8, 10, 16, 20, 40, 80, 128, 136, 144};
            damage_bytes(path, spots[kxt_random(&seed) % 10] + 4096 * (kxt_random(&seed) % 2), &bytes, 1 + bytes % 2);
        }
        if (kx_store__open(path, NULL, &store) == KX_OK)
            ok(kx_store__close(store));
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("store head");
    TCase *t = tcase_create("head");
    tcase_add_test(t, a_file_of_something_else_is_not_a_store);
    tcase_add_test(t, other_formats_are_named);
    tcase_add_test(t, a_damaged_head_is_refused_before_it_is_mapped);
    tcase_add_test(t, roots_and_sizes_out_of_range_are_refused);
    tcase_add_test(t, a_store_cut_anywhere_is_refused_or_whole);
    tcase_add_test(t, a_file_that_lacks_only_free_pages_is_sound);
    tcase_add_test(t, a_table_of_another_shape_is_corrupt);
    tcase_add_test(t, noise_in_the_head_never_kills);
    suite_add_tcase(s, t);
    return kxt_run(s);
}
