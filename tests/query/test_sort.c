/* test_sort.c -- sorting with more than memory holds: runs in a file, and what comes back. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "query/query_impl.h"
#include "query/query_test.h"

typedef struct record {
    char key[24];
    uint64_t id;
} record;

static int compare_records(const void *left, const void *right)
{
    const record *l = left, *r = right;
    int order = strcmp(l->key, r->key);
    return order != 0 ? order : (l->id > r->id) - (l->id < r->id);
}

static record *random_records(uint64_t *state, size_t count)
{
    record *records = calloc(count, sizeof *records);
    ck_assert_ptr_nonnull(records);
    for (size_t i = 0; i < count; i++) {
        size_t size = kxt_random_below(state, sizeof records[i].key);
        for (size_t j = 0; j < size; j++)
            records[i].key[j] = (char)('a' + kxt_random_below(state, 3));
        records[i].id = i;
    }
    return records;
}

static void sort_all(kx_query_sorter *sorter, const record *records, size_t count, uint64_t wanted)
{
    kx_query__sorter_begin(sorter, wanted);
    for (size_t i = 0; i < count; i++)
        qt_ok(kx_query__sorter_add(sorter, kx_slice_of(records[i].key, strlen(records[i].key)), records[i].id));
    qt_ok(kx_query__sorter_end(sorter));
}

static void assert_sorted(kx_query_sorter *sorter, const record *sorted, size_t count)
{
    uint64_t id;
    for (size_t i = 0; i < count; i++) {
        qt_ok(kx_query__sorter_next(sorter, &id));
        ck_assert_uint_eq(id, sorted[i].id);
    }
}

START_TEST(runs_of_several_levels_come_back_merged_in_order)
{
    static const size_t budgets[] = {300, 1000, 5000, 100000, 4 << 20};
    uint64_t state = kxt_seed();
    for (size_t round = 0; round < sizeof budgets / sizeof *budgets; round++) {
        size_t count = (size_t)kxt_scaled(8000) + kxt_random_below(&state, 50);
        record *records = random_records(&state, count);
        kx_query_sorter sorter = {.budget = budgets[round]};
        uint64_t id;
        sort_all(&sorter, records, count, UINT64_MAX);
        if (count * sizeof(kx_query_entry) > budgets[round])
            ck_assert_ptr_nonnull(sorter.spill);
        if (count * (sizeof(kx_query_entry) + sizeof records->key) < budgets[round])
            ck_assert_ptr_null(sorter.spill);
        qsort(records, count, sizeof *records, compare_records);
        assert_sorted(&sorter, records, count);
        ck_assert_int_eq(kx_query__sorter_next(&sorter, &id), KX_NOTFOUND);
        kx_query__sorter_free(&sorter);
        free(records);
    }
}
END_TEST

START_TEST(a_limit_keeps_the_first_ones_and_goes_on_behind_a_place)
{
    static const size_t budgets[] = {400, 20000, 4 << 20};
    uint64_t state = kxt_seed();
    for (size_t round = 0; round < 30; round++) {
        size_t count = 500 + kxt_random_below(&state, 500), wanted = 1 + kxt_random_below(&state, 100);
        record *records = random_records(&state, count), *sorted = random_records(&state, count);
        kx_query_sorter sorter = {.budget = budgets[round % 3]};
        memcpy(sorted, records, count * sizeof *sorted);
        qsort(sorted, count, sizeof *sorted, compare_records);
        sort_all(&sorter, records, count, wanted);
        assert_sorted(&sorter, sorted, wanted);
        const record *last = &sorted[wanted - 1];
        qt_ok(kx_query__sorter_after(&sorter, kx_slice_of(last->key, strlen(last->key)), last->id));
        sort_all(&sorter, records, count, wanted);
        assert_sorted(&sorter, sorted + wanted, wanted);
        kx_query__sorter_free(&sorter);
        free(records);
        free(sorted);
    }
}
END_TEST

START_TEST(keys_longer_than_a_buffer_survive_the_file)
{
    enum { COUNT = 40, SIZE = 300 * 1024 };
    uint8_t *key = malloc(SIZE);
    kx_query_sorter sorter = {.budget = 1 << 20};
    uint64_t id;
    ck_assert_ptr_nonnull(key);
    kx_query__sorter_begin(&sorter, UINT64_MAX);
    for (size_t i = 0; i < COUNT; i++) {
        memset(key, 'k', SIZE);
        key[SIZE - 1] = (uint8_t)(COUNT - i);
        qt_ok(kx_query__sorter_add(&sorter, kx_slice_of(key, SIZE - i % 2 * 7), i));
    }
    qt_ok(kx_query__sorter_end(&sorter));
    ck_assert_ptr_nonnull(sorter.spill);
    for (size_t i = 0; i < COUNT; i++)
        qt_ok(kx_query__sorter_next(&sorter, &id));
    ck_assert_int_eq(kx_query__sorter_next(&sorter, &id), KX_NOTFOUND);
    kx_query__sorter_free(&sorter);
    free(key);
}
END_TEST

START_TEST(ids_beyond_the_window_come_in_order_and_once)
{
    const size_t count = 5 * KX_QUERY_WINDOW, distinct = 2 * KX_QUERY_WINDOW + 77;
    uint64_t state = kxt_seed(), expected = 0;
    kx_query_ids ids = {0};
    kx_query__ids_begin(&ids, UINT64_MAX);
    for (size_t i = 0; i < count; i++) {
        uint64_t id = i < distinct ? i * 2654435761u % distinct : kxt_random_below(&state, distinct);
        qt_ok(kx_query__ids_add(&ids, &id, 1));
    }
    qt_ok(kx_query__ids_end(&ids));
    ck_assert_ptr_nonnull(ids.spill);
    do {
        for (size_t i = 0; i < ids.count; i++)
            ck_assert_uint_eq(ids.data[i], expected++);
        if (ids.more)
            qt_ok(kx_query__ids_more(&ids));
        else
            ids.count = 0;
    } while (ids.count > 0);
    ck_assert_uint_eq(expected, distinct);
    kx_query__ids_free(&ids);
}
END_TEST

START_TEST(a_sort_leaves_no_file_behind_and_says_where_it_could_not_write)
{
    const char *folder = kxt_folder();
    record *records = random_records(&(uint64_t){1}, 1000);
    kx_query_sorter sorter = {.budget = 1000};
    setenv("TMPDIR", folder, 1);
    sort_all(&sorter, records, 1000, UINT64_MAX);
    ck_assert_ptr_nonnull(sorter.spill);
    DIR *entries = opendir(folder);
    ck_assert_ptr_nonnull(entries);
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;)
        ck_assert_msg(entry->d_name[0] == '.', "%s", entry->d_name);
    closedir(entries);
    kx_query__sorter_free(&sorter);

    setenv("TMPDIR", kxt_print("%s/missing", folder), 1);
    sorter = (kx_query_sorter){.budget = 1000};
    kx_query__sorter_begin(&sorter, UINT64_MAX);
    int rc = KX_OK;
    for (size_t i = 0; i < 1000 && rc == KX_OK; i++)
        rc = kx_query__sorter_add(&sorter, kx_slice_of("key", 3), i);
    ck_assert_int_eq(rc, KX_IO);
    kx_base__done(rc);
    ck_assert_str_eq(kx_errmsg(), "make a temporary file for sorting: No such file or directory");
    kx_query__sorter_free(&sorter);
    free(records);
}
END_TEST

START_TEST(a_walk_over_more_than_memory_holds_is_sorted_whole)
{
    if (!kxt_plain())
        return;
    const kx_model things = {.name = "things", .indexes = (const kx_index[]){{.paths = "n"}, {0}}};
    const kx_model *const models[] = {&things, NULL};
    enum { COUNT = 300000 };
    kx_db *db = qt_open(models);
    kx_txn *txn = qt_begin(db, KX_WRITE);
    kx_record *records = calloc(COUNT, sizeof *records);
    ck_assert_ptr_nonnull(records);
    for (size_t i = 0; i < COUNT; i++) {
        char *json = malloc(32);
        ck_assert_ptr_nonnull(json);
        snprintf(json, 32, "{\"n\":%zu}", i * 7919 % COUNT);
        records[i] = (kx_record){.data = json, .size = strlen(json)};
    }
    qt_ok(kx_insert_many(txn, "things", records, COUNT, NULL));
    qt_ok(kx_txn_commit(txn));
    for (size_t i = 0; i < COUNT; i++)
        free((char *)(uintptr_t)records[i].data);
    free(records);
    txn = qt_begin(db, KX_READ);
    for (int by_id = 0; by_id < 2; by_id++) {
        kx_cursor *cursor;
        kx_doc *doc;
        uint64_t count = 0;
        int64_t last = INT64_MIN;
        qt_ok(kx_find(txn, "things",
                      &(kx_query){.where = KX_WHERE({"n", KX_GE, kx_int(0)}), .order_by = by_id ? NULL : "n,missing"},
                      &cursor));
        while (kx_cursor_next(cursor, &doc) == KX_OK) {
            int64_t now = (int64_t)kx_doc_id(doc);
            if (!by_id)
                qt_ok(kx_doc_get_int(doc, "n", &now));
            ck_assert_int_gt(now, last);
            last = now;
            count++;
        }
        qt_ok(kx_cursor_close(cursor));
        ck_assert_uint_eq(count, COUNT);
    }
    kx_txn_abort(txn);
    qt_ok(kx_close(db));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sort");
    TCase *sort = tcase_create("sort");
    tcase_add_test(sort, runs_of_several_levels_come_back_merged_in_order);
    tcase_add_test(sort, a_limit_keeps_the_first_ones_and_goes_on_behind_a_place);
    tcase_add_test(sort, keys_longer_than_a_buffer_survive_the_file);
    tcase_add_test(sort, ids_beyond_the_window_come_in_order_and_once);
    tcase_add_test(sort, a_sort_leaves_no_file_behind_and_says_where_it_could_not_write);
    tcase_add_test(sort, a_walk_over_more_than_memory_holds_is_sorted_whole);
    suite_add_tcase(suite, sort);
    return kxt_run(suite);
}
