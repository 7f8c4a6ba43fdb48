/* test_interrupt.c -- a transaction that is asked to stop. */
#include <pthread.h>
#include <stdatomic.h>

#include "api/api_test.h"

static const kx_model users = {.name = "users",
                               .indexes = (const kx_index[]){{.paths = "user_id", .unique = true}, {0}}};
static const kx_model orders = {.name = "orders",
                                .indexes = (const kx_index[]){{.paths = "amount"}, {0}},
                                .relations = (const kx_relation[]){{.name = "user",
                                                                    .kind = KX_FOREIGN_KEY,
                                                                    .target = "users",
                                                                    .foreign_key = "user_id",
                                                                    .reverse = "orders",
                                                                    .optional = true,
                                                                    .on_delete = KX_CASCADE},
                                                                   {0}}};
static const kx_model by_note = {.name = "orders", .indexes = (const kx_index[]){{.paths = "note"}, {0}}};
static const kx_model *const models[] = {&users, &orders, NULL};
static const kx_model *const more[] = {&by_note, NULL};

#define interrupted(call) ck_assert_int_eq((call), KX_INTERRUPTED)

/* One user, and `count` orders of hers; as many again lead nowhere. */
static kx_db *filled(int count)
{
    kx_db *db;
    kx_txn *txn;
    at_ok(kx_open(NULL, &(kx_options){.models = models, .sync = KX_SYNC_LATER}, &db));
    at_ok(kx_txn_begin(db, KX_WRITE, &txn));
    at_ok(kx_insert(txn, "users", "{\"user_id\":1}", 13, NULL));
    for (int i = 0; i < 2 * count; i++) {
        char json[64];
        int size = snprintf(json, sizeof json, "{\"user_id\":%d,\"amount\":%d}", 1 + i % 2, i);
        at_ok(kx_insert(txn, "orders", json, (size_t)size, NULL));
    }
    at_ok(kx_txn_commit(txn));
    return db;
}

static uint64_t orders_in(kx_db *db)
{
    kx_txn *txn;
    uint64_t count;
    at_ok(kx_txn_begin(db, KX_READ, &txn));
    at_ok(kx_count(txn, "orders", NULL, &count));
    kx_txn_abort(txn);
    return count;
}

START_TEST(every_call_after_it_answers_that_and_nothing_is_committed)
{
    kx_db *db = filled(10);
    kx_txn *txn;
    kx_cursor *cursor;
    kx_doc *doc, *user;
    kx_value sum;
    kx_groups *groups;
    uint64_t count;
    at_ok(kx_txn_begin(db, KX_WRITE, &txn));
    at_ok(kx_get(txn, "users", "user_id", kx_int(1), &user));
    at_ok(kx_find(txn, "orders", &(kx_query){.filter = "amount >= 3"}, &cursor));
    at_ok(kx_cursor_next(cursor, &doc));
    at_ok(kx_insert(txn, "orders", "{\"amount\":1000}", 15, NULL));
    kx_interrupt(txn);
    kx_record record = {.data = "{}", .size = 2};
    interrupted(kx_find(txn, "orders", &(kx_query){.filter = "amount >= 3", .order_by = "note"}, &cursor));
    interrupted(kx_count(txn, "orders", &(kx_query){.filter = "amount > 3 and note is null"}, &count));
    interrupted(kx_sum(txn, "orders", "amount", NULL, &sum));
    interrupted(kx_distinct(txn, "orders", "amount", NULL, &groups));
    interrupted(kx_get_by_id(txn, "orders", 1, &doc));
    interrupted(kx_insert(txn, "orders", "{}", 2, NULL));
    interrupted(kx_insert_many(txn, "orders", &record, 1, NULL));
    interrupted(kx_doc_delete(user));
    interrupted(kx_update_where(txn, "orders", NULL, KX_EDITS({"amount", KX_EDIT_SET, kx_int(0)}), &count));
    interrupted(kx_delete_where(txn, "orders", NULL, &count));
    interrupted(kx_declare(txn, more));
    interrupted(kx_check_relations(txn, NULL, NULL, &count));
    ck_assert_ptr_nonnull(strstr(kx_errmsg(), "kx_interrupt() was called: this transaction can only be rolled back"));
    interrupted(kx_txn_commit(txn));
    ck_assert_uint_eq(orders_in(db), 20);
    at_ok(kx_close(db));
}
END_TEST

START_TEST(a_walk_ends_within_a_thousand_documents_and_the_next_transaction_is_free)
{
    kx_db *db = filled(3000);
    static const kx_query queries[] = {{0}, {.filter = "amount >= 0"}, {.filter = "amount >= 0", .order_by = "amount"}};
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        kx_txn *txn;
        kx_cursor *cursor;
        kx_doc *doc;
        int steps = 0, rc;
        at_ok(kx_txn_begin(db, KX_READ, &txn));
        at_ok(kx_find(txn, "orders", &queries[i], &cursor));
        for (int n = 0; n < 100; n++)
            at_ok(kx_cursor_next(cursor, &doc));
        kx_interrupt(txn);
        while ((rc = kx_cursor_next(cursor, &doc)) == KX_OK)
            steps++;
        interrupted(rc);
        ck_assert_int_lt(steps, 1000);
        interrupted(kx_cursor_close(cursor));
        kx_txn_abort(txn);
    }
    ck_assert_uint_eq(orders_in(db), 6000);
    at_ok(kx_close(db));
}
END_TEST

typedef struct findings {
    kx_txn *txn;
    uint64_t count;
} findings;

static void stop_at_ten(void *context, const kx_violation *violation)
{
    findings *found = context;
    (void)violation;
    if (++found->count == 10)
        kx_interrupt(found->txn);
}

START_TEST(a_check_that_is_interrupted_by_its_own_report_ends_there)
{
    kx_db *db = filled(3000);
    findings found = {0};
    uint64_t count;
    at_ok(kx_txn_begin(db, KX_READ, &found.txn));
    interrupted(kx_check_relations(found.txn, stop_at_ten, &found, &count));
    ck_assert_uint_lt(found.count, 1010);
    kx_txn_abort(found.txn);
    at_ok(kx_close(db));
}
END_TEST

typedef struct attempt {
    atomic_bool begun;
    kx_txn *txn;
} attempt;

static void *interrupt_when_begun(void *context)
{
    attempt *a = context;
    while (!atomic_load(&a->begun))
        ;
    kx_interrupt(a->txn);
    return NULL;
}

static int delete_all(kx_txn *txn)
{
    kx_doc *user;
    int rc = kx_get(txn, "users", "user_id", kx_int(1), &user);
    return rc == KX_OK ? kx_doc_delete(user) : rc;
}

static int change_all(kx_txn *txn)
{
    return kx_update_where(txn, "orders", NULL, KX_EDITS({"amount", KX_EDIT_INCREMENT, kx_int(1)}), NULL);
}

static int index_all(kx_txn *txn)
{
    return kx_declare(txn, more);
}

START_TEST(another_thread_stops_a_long_call_and_the_store_is_as_it_was)
{
    static int (*const calls[])(kx_txn *) = {delete_all, change_all, index_all};
    kx_db *db = filled(1000);
    for (int round = 0; round < 12; round++) {
        attempt a = {.begun = false};
        pthread_t thread;
        at_ok(kx_txn_begin(db, KX_WRITE, &a.txn));
        ck_assert_int_eq(pthread_create(&thread, NULL, interrupt_when_begun, &a), 0);
        atomic_store(&a.begun, true);
        int rc = calls[round % 3](a.txn);
        pthread_join(thread, NULL);
        ck_assert_msg(rc == KX_OK || rc == KX_INTERRUPTED, "%d %s", rc, kx_errmsg());
        interrupted(kx_txn_commit(a.txn));
        ck_assert_uint_eq(orders_in(db), 2000);
    }
    at_ok(kx_close(db));
}
END_TEST

static int interrupt_itself(kx_txn *txn, void *context)
{
    uint64_t count;
    (void)context;
    at_ok(kx_insert(txn, "orders", "{}", 2, NULL));
    kx_interrupt(txn);
    return kx_count(txn, "orders", &(kx_query){.filter = "note is null"}, &count);
}

START_TEST(kx_write_rolls_back_and_null_is_fine)
{
    kx_db *db = filled(5);
    interrupted(kx_write(db, interrupt_itself, NULL));
    ck_assert_uint_eq(orders_in(db), 10);
    kx_interrupt(NULL);
    at_ok(kx_close(db));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("interrupt");
    TCase *c = tcase_create("interrupt");
    tcase_add_test(c, every_call_after_it_answers_that_and_nothing_is_committed);
    tcase_add_test(c, a_walk_ends_within_a_thousand_documents_and_the_next_transaction_is_free);
    tcase_add_test(c, a_check_that_is_interrupted_by_its_own_report_ends_there);
    tcase_add_test(c, another_thread_stops_a_long_call_and_the_store_is_as_it_was);
    tcase_add_test(c, kx_write_rolls_back_and_null_is_fine);
    suite_add_tcase(suite, c);
    return kxt_run(suite);
}
