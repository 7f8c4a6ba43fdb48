/* test_txn.c -- commit, abort and who may use a transaction. Savepoints are in test_child.c. */
#include "collection_test.h"

#include <pthread.h>
#include <unistd.h>

static const kx_model users = {
    .name = "users",
    .indexes = INDEXES({.paths = "email", .unique = true}, {.paths = "age"}),
};
static const kx_model notes = {.name = "notes", .indexes = INDEXES({.paths = "topic"})};

static kx_db *open_users(void)
{
    return ct_open(MODELS(&users));
}

/* ---- what lasts ------------------------------------------------------------- */

START_TEST(a_commit_lasts_and_an_abort_leaves_nothing)
{
    kx_db *db = open_users();
    kx_txn *txn = ct_begin(db, KX_WRITE);
    uint64_t kept = ct_insert(txn, "users", "{\"email\":\"a\",\"age\":1}");
    ct_ok(kx_txn_commit(txn));
    const char *before = ct_dump_store(db);
    txn = ct_begin(db, KX_WRITE);
    ct_insert(txn, "users", "{\"email\":\"b\",\"age\":2}");
    ct_ok(ct_put(txn, "users", kept, "{\"email\":\"c\"}"));
    ct_ok(kx_remove(txn, "users", kept));
    kx_txn_abort(txn);
    ck_assert_str_eq(ct_dump_store(db), before);
    ct_ok(kx_close(db));
    db = open_users();
    ck_assert_str_eq(ct_dump_store(db), before);
    ct_check_store(db);
    ct_ok(kx_close(db));
}
END_TEST

START_TEST(a_transaction_reads_its_own_writes)
{
    kx_db *db = open_users();
    kx_txn *txn = ct_begin(db, KX_WRITE);
    uint64_t id = ct_insert(txn, "users", "{\"email\":\"a\",\"age\":1}");
    kx_doc *doc;
    ct_ok(kx_get(txn, "users", "email", kx_text("a"), &doc));
    ck_assert_uint_eq(kx_doc_id(doc), id);
    ct_ok(kx_doc_set(doc, "email", kx_text("b")));
    ct_fails(kx_get(txn, "users", "email", kx_text("b"), &doc), KX_NOTFOUND);
    ct_ok(kx_get(txn, "users", "email", kx_text("a"), &doc));
    ct_ok(kx_doc_set(doc, "email", kx_text("b")));
    ct_ok(kx_doc_save(doc));
    ct_ok(kx_get(txn, "users", "email", kx_text("b"), &doc));
    ct_fails(kx_get(txn, "users", "email", kx_text("a"), &doc), KX_NOTFOUND);
    ct_ok(kx_remove(txn, "users", id));
    ct_fails(kx_get(txn, "users", "email", kx_text("b"), &doc), KX_NOTFOUND);
    ct_check(txn);
    kx_txn_abort(txn);
    ct_ok(kx_close(db));
}
END_TEST

START_TEST(a_reader_stays_with_its_snapshot)
{
    kx_db *db = open_users();
    kx_txn *writer = ct_begin(db, KX_WRITE);
    uint64_t id = ct_insert(writer, "users", "{\"email\":\"old\",\"age\":1}");
    ct_ok(kx_txn_commit(writer));
    kx_txn *reader = ct_begin(db, KX_READ);
    kx_doc *doc = ct_get(reader, "users", id);
    for (int i = 0; i < 50; i++) {
        writer = ct_begin(db, KX_WRITE);
        ct_ok(ct_put(writer, "users", id, kxt_print("{\"email\":\"new%d\",\"age\":%d}", i, i)));
        ct_insert(writer, "users", "{\"age\":7}");
        ct_ok(kx_txn_commit(writer));
    }
    ck_assert_str_eq(ct_shows(doc), "{\"email\":\"old\",\"age\":1}");
    ck_assert_uint_eq(ct_count(reader, "users"), 1);
    ct_ok(kx_get(reader, "users", "email", kx_text("old"), &doc));
    ct_check(reader);
    kx_txn_abort(reader);
    reader = ct_begin(db, KX_READ);
    ck_assert_uint_eq(ct_count(reader, "users"), 51);
    kx_txn_abort(reader);
    ct_check_store(db);
    ct_ok(kx_close(db));
}
END_TEST

START_TEST(a_reader_does_not_see_what_is_declared_later)
{
    kx_db *db = open_users();
    kx_txn *writer = ct_begin(db, KX_WRITE);
    ct_insert(writer, "users", "{\"email\":\"a\",\"city\":\"Ulm\"}");
    ct_ok(kx_txn_commit(writer));
    kx_txn *reader = ct_begin(db, KX_READ);
    const char *before = ct_dump(reader);
    writer = ct_begin(db, KX_WRITE);
    const kx_model more = {.name = "users", .indexes = INDEXES({.paths = "city"})};
    ct_ok(kx_declare(writer, MODELS(&notes, &more)));
    ct_insert(writer, "notes", "{\"topic\":\"x\"}");
    ct_ok(kx_txn_commit(writer));
    kx_doc *doc;
    ct_fails(kx_get_by_id(reader, "notes", 1, &doc), KX_INVALID);
    ck_assert_str_eq(ct_dump(reader), before);
    ct_ok(kx_get(reader, "users", "city", kx_text("Ulm"), &doc));
    ct_check(reader);
    kx_txn *newer = ct_begin(db, KX_READ);
    ct_ok(kx_get(newer, "users", "city", kx_text("Ulm"), &doc));
    ck_assert_uint_eq(ct_entries(newer, "users", "city"), 1);
    ck_assert_uint_eq(ct_count(newer, "notes"), 1);
    ct_check(newer);
    kx_txn_abort(newer);
    kx_txn_abort(reader);
    ct_ok(kx_close(db));
}
END_TEST

START_TEST(committing_a_read_transaction_ends_it)
{
    kx_db *db = open_users();
    kx_txn *txn = ct_begin(db, KX_READ);
    ct_fails(ct_try_insert(txn, "users", "{}"), KX_READONLY);
    kx_doc *doc;
    kx_txn *child;
    ct_fails(kx_doc_new(txn, "users", &doc), KX_READONLY);
    ct_fails(kx_txn_child(txn, &child), KX_INVALID);
    ck_assert_ptr_null(child);
    ct_ok(kx_txn_commit(txn));
    kx_txn_abort(NULL);
    ct_ok(kx_close(db));
}
END_TEST

/* ---- who may use it ------------------------------------------------------------- */

START_TEST(a_second_writer_of_the_thread_is_a_deadlock)
{
    kx_db *db = open_users(), *same = ct_open(NULL);
    kx_txn *txn = ct_begin(db, KX_WRITE), *second;
    ct_fails(kx_txn_begin(db, KX_WRITE, &second), KX_DEADLOCK);
    ck_assert_ptr_null(second);
    ct_fails(kx_txn_begin(same, KX_WRITE, &second), KX_DEADLOCK);
    kx_txn *reader = ct_begin(db, KX_READ);
    kx_txn_abort(reader);
    ct_ok(kx_txn_commit(txn));
    txn = ct_begin(same, KX_WRITE);
    kx_txn_abort(txn);
    ct_ok(kx_close(same));
    ct_ok(kx_close(db));
}
END_TEST

static void *use_elsewhere(void *context)
{
    kx_txn *txn = context, *child;
    kx_doc *doc = txn->docs;
    ct_fails(ct_try_insert(txn, "users", "{}"), KX_THREAD);
    ct_fails(kx_txn_child(txn, &child), KX_THREAD);
    ct_fails(kx_txn_commit(txn), KX_THREAD);
    ct_fails(kx_doc_set(doc, "a", kx_int(1)), KX_THREAD);
    ct_fails(kx_doc_save(doc), KX_THREAD);
    ct_fails(kx_doc_delete(doc), KX_THREAD);
    kx_txn_abort(txn);
    return NULL;
}

START_TEST(a_write_transaction_is_its_threads)
{
    kx_db *db = open_users();
    kx_txn *txn = ct_begin(db, KX_WRITE);
    ct_insert(txn, "users", "{\"email\":\"a\"}");
    ct_get(txn, "users", 1);
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, use_elsewhere, txn), 0);
    pthread_join(thread, NULL);
    ck_assert_str_eq(ct_json(txn, "users", 1), "{\"email\":\"a\"}");
    ct_ok(kx_txn_commit(txn));
    ct_check_store(db);
    ct_ok(kx_close(db));
}
END_TEST

static void *read_elsewhere(void *context)
{
    ck_assert_str_eq(ct_json(context, "users", 1), "{\"email\":\"a\"}");
    kx_txn_abort(context);
    return NULL;
}

START_TEST(a_read_transaction_may_move_to_another_thread)
{
    kx_db *db = open_users();
    kx_txn *txn = ct_begin(db, KX_WRITE);
    ct_insert(txn, "users", "{\"email\":\"a\"}");
    ct_ok(kx_txn_commit(txn));
    txn = ct_begin(db, KX_READ);
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, read_elsewhere, txn), 0);
    pthread_join(thread, NULL);
    ct_ok(kx_close(db));
}
END_TEST

/* ---- forks ------------------------------------------------------------------------- */

static kx_db *inherited;
static kx_txn *inherited_reader, *inherited_writer;
static kx_doc *inherited_doc;

static void use_inherited(void)
{
    kx_txn *txn;
    ct_fails(kx_txn_begin(inherited, KX_READ, &txn), KX_FORKED);
    ct_fails(kx_txn_begin(inherited, KX_WRITE, &txn), KX_FORKED);
    ct_fails(kx_get_by_id(inherited_reader, "users", 1, &inherited_doc), KX_FORKED);
    ct_fails(ct_try_insert(inherited_writer, "users", "{}"), KX_FORKED);
    ct_fails(kx_txn_commit(inherited_writer), KX_FORKED);
    ct_fails(kx_txn_commit(inherited_reader), KX_FORKED);
    kx_txn_abort(inherited_reader);
    kx_txn_abort(inherited_writer);
    ct_ok(kx_close(inherited));
    kx_db *own = ct_open_with(&(kx_options){.sync = KX_SYNC_LATER, .write_timeout_ms = 1});
    txn = ct_begin(own, KX_READ);
    ck_assert_str_eq(ct_json(txn, "users", 1), "{\"age\":1}");
    ct_check(txn);
    kx_txn_abort(txn);
    ct_fails(kx_txn_begin(own, KX_WRITE, &txn), KX_BUSY);
    ct_says(kxt_print("%d", (int)getppid()));
    ct_ok(kx_close(own));
}

START_TEST(a_forked_process_cannot_use_or_harm_what_it_inherits)
{
    inherited = open_users();
    kx_txn *txn = ct_begin(inherited, KX_WRITE);
    ct_insert(txn, "users", "{\"age\":1}");
    ct_ok(kx_txn_commit(txn));
    inherited_reader = ct_begin(inherited, KX_READ);
    inherited_writer = ct_begin(inherited, KX_WRITE);
    kx_doc *doc = ct_get(inherited_reader, "users", 1);
    ct_insert(inherited_writer, "users", "{\"age\":2}");
    ct_in_process(use_inherited);
    ct_insert(inherited_writer, "users", "{\"age\":3}");
    ct_ok(kx_txn_commit(inherited_writer));
    for (int i = 0; i < 100; i++) {
        txn = ct_begin(inherited, KX_WRITE);
        ct_ok(ct_put(txn, "users", 1, kxt_print("{\"age\":%d}", i + 100)));
        ct_ok(kx_txn_commit(txn));
    }
    ck_assert_str_eq(ct_shows(doc), "{\"age\":1}");
    ck_assert_str_eq(ct_json(inherited_reader, "users", 1), "{\"age\":1}");
    ct_check(inherited_reader);
    kx_txn_abort(inherited_reader);
    ct_check_store(inherited);
    ct_ok(kx_close(inherited));
}
END_TEST

/* ---- ends ---------------------------------------------------------------------------- */

START_TEST(closing_with_live_transactions_is_busy)
{
    kx_db *db = open_users();
    kx_txn *reader = ct_begin(db, KX_READ), *writer = ct_begin(db, KX_WRITE);
    ct_fails(kx_close(db), KX_BUSY);
    kx_txn_abort(reader);
    ct_fails(kx_close(db), KX_BUSY);
    ct_insert(writer, "users", "{}");
    kx_txn *child = ct_child(writer);
    ct_fails(kx_close(db), KX_BUSY);
    ct_ok(kx_txn_commit(child));
    ct_ok(kx_txn_commit(writer));
    ct_ok(kx_close(db));
    ct_ok(kx_close(NULL));
}
END_TEST

/* Everything that is open when a transaction ends goes with it; leak checkers watch. */
START_TEST(the_end_of_a_transaction_frees_what_it_handed_out)
{
    kx_db *db = open_users();
    for (int i = 0; i < 6; i++) {
        kx_txn *txn = ct_begin(db, KX_WRITE), *child = ct_child(txn);
        kx_doc *doc, **docs;
        kx_cursor *cursor, *other;
        const char *json;
        size_t count;
        ct_insert(child, "users", kxt_print("{\"email\":\"%d\",\"age\":3,\"long\":\"%0200d\"}", i, i));
        ct_ok(kx_find(child, "users", NULL, &cursor));
        ct_ok(kx_cursor_next(cursor, &doc));
        ct_ok(kx_doc_keep(doc));
        ct_ok(kx_doc_set(doc, "x", kx_int(i)));
        ck_assert_ptr_nonnull(kx_doc_text(doc, "long"));
        ct_ok(kx_schema_json(child, "users", &json));
        ct_ok(kx_doc_save(doc));
        ct_ok(kx_doc_new(child, "users", &doc));
        if (i < 3)
            ct_ok(kx_txn_commit(child));
        ct_ok(kx_find(i < 3 ? txn : child, "users", NULL, &other));
        ct_ok(kx_all(i < 3 ? txn : child, "users", NULL, &docs, &count));
        if (i < 2)
            ct_ok(kx_txn_commit(txn));
        else
            kx_txn_abort(txn);
        txn = ct_begin(db, KX_READ);
        ct_ok(kx_find(txn, "users", NULL, &cursor));
        ct_ok(kx_cursor_next(cursor, &doc));
        ck_assert_ptr_nonnull(kx_doc_text(doc, "long"));
        kx_txn_abort(txn);
    }
    ct_check_store(db);
    ct_ok(kx_close(db));
}
END_TEST

/* ---- counts -------------------------------------------------------------------------- */

START_TEST(stats_count_a_childs_work_and_begin_at_nothing)
{
    kx_db *db = open_users();
    kx_stats stats;
    kx_txn *txn = ct_begin(db, KX_WRITE);
    ct_ok(kx_txn_stats(txn, &stats));
    ck_assert(stats.descents == 0 && stats.rows == 0 && stats.bytes == 0 && stats.entries == 0 && stats.writes == 0 &&
              stats.lazy_loads == 0);
    ct_insert(txn, "users", "{\"email\":\"a\",\"age\":1}");
    ct_ok(kx_txn_stats(txn, &stats));
    ck_assert_uint_eq(stats.writes, 3);
    kx_txn *child = ct_child(txn);
    ct_insert(child, "users", "{\"email\":\"b\",\"age\":1}");
    ct_ok(kx_txn_stats(child, &stats));
    ck_assert_uint_eq(stats.writes, 6);
    ct_ok(kx_txn_stats(txn, &stats));
    ck_assert_uint_eq(stats.writes, 6);
    kx_txn_abort(child);
    ct_ok(kx_txn_stats(txn, &stats));
    ck_assert_uint_eq(stats.writes, 6);
    ct_ok(kx_txn_commit(txn));
    txn = ct_begin(db, KX_READ);
    ct_ok(kx_txn_stats(txn, &stats));
    ck_assert(stats.descents == 0 && stats.rows == 0);
    ct_get(txn, "users", 1);
    ct_ok(kx_txn_stats(txn, &stats));
    ck_assert(stats.descents == 1 && stats.rows == 1 && stats.bytes > 4);
    kx_txn_abort(txn);
    ct_fails(kx_txn_stats(NULL, &stats), KX_INVALID);
    ct_ok(kx_close(db));
}
END_TEST

/* ---- kx_write, kx_read ------------------------------------------------------------------ */

typedef struct growth {
    int runs;
    int documents;
    int answer;
} growth;

static int fill(kx_txn *txn, void *context)
{
    growth *g = context;
    char *text = kxt_print("{\"text\":\"%01000d\"}", 5);
    g->runs++;
    for (int i = 0; i < g->documents; i++) {
        int rc = ct_try_insert(txn, "users", text);
        if (rc != KX_OK)
            return rc;
    }
    return g->answer;
}

START_TEST(kx_write_runs_again_when_the_map_was_full)
{
    kx_store__first_map(1 << 20);
    kx_db *db = open_users();
    growth g = {.documents = 5000};
    ct_ok(kx_write(db, fill, &g));
    ck_assert_int_gt(g.runs, 1);
    kx_txn *txn = ct_begin(db, KX_READ);
    ck_assert_uint_eq(ct_count(txn, "users"), 5000);
    ck_assert_uint_eq(kx_doc_id(ct_get(txn, "users", 5000)), 5000);
    kx_txn_abort(txn);
    ct_check_store(db);
    ct_ok(kx_close(db));
}
END_TEST

START_TEST(a_map_at_its_limit_is_map_full_and_changes_nothing)
{
    kx_db *db =
        ct_open_with(&(kx_options){.models = MODELS(&users), .sync = KX_SYNC_LATER, .map_limit_bytes = 1 << 20});
    growth g = {.documents = 100};
    ct_ok(kx_write(db, fill, &g));
    const char *before = ct_dump_store(db);
    g = (growth){.documents = 5000};
    ct_fails(kx_write(db, fill, &g), KX_MAP_FULL);
    ck_assert_str_eq(ct_dump_store(db), before);
    g = (growth){.documents = 1};
    ct_ok(kx_write(db, fill, &g));
    ct_check_store(db);
    ct_ok(kx_close(db));
}
END_TEST

START_TEST(by_hand_a_full_map_leaves_only_the_abort)
{
    kx_db *db =
        ct_open_with(&(kx_options){.models = MODELS(&users), .sync = KX_SYNC_LATER, .map_limit_bytes = 1 << 20});
    kx_txn *txn = ct_begin(db, KX_WRITE), *child;
    growth g = {.documents = 5000};
    ck_assert_int_eq(fill(txn, &g), KX_MAP_FULL);
    kx_doc *doc;
    ct_fails(ct_try_insert(txn, "users", "{}"), KX_MAP_FULL);
    ct_fails(kx_get_by_id(txn, "users", 1, &doc), KX_MAP_FULL);
    ct_fails(kx_txn_child(txn, &child), KX_MAP_FULL);
    ct_fails(kx_txn_commit(txn), KX_MAP_FULL);
    txn = ct_begin(db, KX_WRITE);
    ck_assert_uint_eq(ct_count(txn, "users"), 0);
    ct_insert(txn, "users", "{\"email\":\"fits\"}");
    ct_ok(kx_txn_commit(txn));
    ct_check_store(db);
    ct_ok(kx_close(db));
}
END_TEST

START_TEST(a_child_that_failed_half_way_costs_only_the_child)
{
    kx_db *db =
        ct_open_with(&(kx_options){.models = MODELS(&users), .sync = KX_SYNC_LATER, .map_limit_bytes = 1 << 20});
    kx_txn *txn = ct_begin(db, KX_WRITE);
    ct_insert(txn, "users", "{\"email\":\"kept\"}");
    kx_txn *child = ct_child(txn);
    growth g = {.documents = 5000};
    ck_assert_int_eq(fill(child, &g), KX_MAP_FULL);
    ct_fails(ct_try_insert(child, "users", "{}"), KX_MAP_FULL);
    kx_txn_abort(child);
    ck_assert_uint_eq(ct_count(txn, "users"), 1);
    ct_insert(txn, "users", "{\"email\":\"more\"}");
    ct_ok(kx_txn_commit(txn));
    txn = ct_begin(db, KX_READ);
    ck_assert_uint_eq(ct_count(txn, "users"), 2);
    kx_txn_abort(txn);
    ct_check_store(db);
    ct_ok(kx_close(db));
}
END_TEST

START_TEST(a_failed_child_cannot_be_committed_and_its_parent_goes_on)
{
    kx_db *db =
        ct_open_with(&(kx_options){.models = MODELS(&users), .sync = KX_SYNC_LATER, .map_limit_bytes = 1 << 20});
    kx_txn *txn = ct_begin(db, KX_WRITE), *child = ct_child(txn);
    growth g = {.documents = 5000};
    ck_assert_int_eq(fill(child, &g), KX_MAP_FULL);
    ct_fails(kx_txn_commit(txn), KX_BUSY);
    ct_fails(kx_txn_commit(child), KX_MAP_FULL);
    ck_assert_uint_eq(ct_count(txn, "users"), 0);
    ct_insert(txn, "users", "{\"email\":\"more\"}");
    ct_ok(kx_txn_commit(txn));
    ct_check_store(db);
    ct_ok(kx_close(db));
}
END_TEST

static int answer(kx_txn *txn, void *context)
{
    growth *g = context;
    g->runs++;
    if (txn->writes)
        ct_insert(txn, "users", "{\"email\":\"x\"}");
    return g->answer;
}

START_TEST(kx_write_returns_what_its_function_returned_and_rolls_back)
{
    kx_db *db = open_users();
    const char *before = ct_dump_store(db);
    growth g = {.answer = 42};
    ck_assert_int_eq(kx_write(db, answer, &g), 42);
    g.answer = KX_RESTRICTED;
    ck_assert_int_eq(kx_write(db, answer, &g), KX_RESTRICTED);
    ck_assert_int_eq(kx_read(db, answer, &g), KX_RESTRICTED);
    ck_assert_int_eq(g.runs, 3);
    ck_assert_str_eq(ct_dump_store(db), before);
    ct_fails(kx_write(db, NULL, NULL), KX_INVALID);
    ct_fails(kx_read(NULL, answer, &g), KX_INVALID);
    ct_ok(kx_close(db));
}
END_TEST

static int clash(kx_txn *txn, void *context)
{
    (void)context;
    int rc = ct_try_insert(txn, "users", "{\"email\":\"x\"}");
    return rc == KX_OK ? ct_try_insert(txn, "users", "{\"email\":\"x\"}") : rc;
}

START_TEST(the_text_of_the_inner_failure_survives_kx_write)
{
    kx_db *db = open_users();
    ck_assert_int_eq(kx_write(db, clash, NULL), KX_EXISTS);
    ck_assert_str_eq(kx_errmsg(), "users.email = \"x\" is taken by document 1");
    ct_ok(kx_close(db));
}
END_TEST

static int leave_a_child(kx_txn *txn, void *context)
{
    kx_txn *child = ct_child(txn);
    ct_insert(child, "users", "{\"email\":\"x\"}");
    return *(int *)context;
}

START_TEST(a_child_left_open_in_kx_write_commits_nothing)
{
    kx_db *db = open_users();
    const char *before = ct_dump_store(db);
    int code = KX_OK;
    ct_fails(kx_write(db, leave_a_child, &code), KX_BUSY);
    ck_assert_str_eq(ct_dump_store(db), before);
    code = 5;
    ck_assert_int_eq(kx_write(db, leave_a_child, &code), 5);
    ck_assert_str_eq(ct_dump_store(db), before);
    ct_ok(kx_close(db));
}
END_TEST

static int write_again(kx_txn *txn, void *context)
{
    (void)txn;
    growth g = {0};
    return kx_write(context, answer, &g);
}

START_TEST(kx_write_inside_kx_write_is_a_deadlock_and_inside_kx_read_is_fine)
{
    kx_db *db = open_users();
    ct_fails(kx_write(db, write_again, db), KX_DEADLOCK);
    ct_ok(kx_read(db, write_again, db));
    ct_check_store(db);
    ct_ok(kx_close(db));
}
END_TEST

/* ---- many writers ------------------------------------------------------------------------ */

static int count_up(kx_txn *txn, void *context)
{
    (void)context;
    kx_doc *doc;
    int64_t n;
    ct_ok(kx_get_by_id(txn, "users", 1, &doc));
    ct_ok(kx_doc_get_int(doc, "age", &n));
    ct_ok(kx_doc_set(doc, "age", kx_int(n + 1)));
    ct_ok(kx_doc_set(doc, "email", kx_text(kxt_print("%d", (int)n))));
    ct_ok(kx_doc_save(doc));
    return kx_insert(txn, "users", "{}", 2, NULL);
}

static kx_db *counted;

static void *count_often(void *context)
{
    (void)context;
    for (uint64_t i = 0; i < kxt_scaled(100); i++)
        ct_ok(kx_write(counted, count_up, NULL));
    return NULL;
}

static void count_in_process(void)
{
    counted = open_users();
    count_often(NULL);
    ct_ok(kx_close(counted));
}

START_TEST(writers_in_threads_and_processes_lose_no_update)
{
    pthread_t threads[3];
    kx_db *db = open_users();
    kx_txn *txn = ct_begin(db, KX_WRITE);
    ct_insert(txn, "users", "{\"age\":0}");
    ct_ok(kx_txn_commit(txn));
    ct_ok(kx_close(db));
    fflush(NULL);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        count_in_process();
        _exit(0);
    }
    counted = db = open_users();
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, count_often, NULL), 0);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    ct_join(pid);
    txn = ct_begin(db, KX_READ);
    ck_assert_uint_eq(ct_count(txn, "users"), 1 + 4 * kxt_scaled(100));
    int64_t n;
    ct_ok(kx_doc_get_int(ct_get(txn, "users", 1), "age", &n));
    ck_assert_int_eq(n, (int64_t)(4 * kxt_scaled(100)));
    kx_txn_abort(txn);
    ct_check_store(db);
    ct_ok(kx_close(db));
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("collection/txn");
    TCase *tests = tcase_create("txn");
    tcase_add_test(tests, a_commit_lasts_and_an_abort_leaves_nothing);
    tcase_add_test(tests, a_transaction_reads_its_own_writes);
    tcase_add_test(tests, a_reader_stays_with_its_snapshot);
    tcase_add_test(tests, a_reader_does_not_see_what_is_declared_later);
    tcase_add_test(tests, committing_a_read_transaction_ends_it);
    tcase_add_test(tests, a_second_writer_of_the_thread_is_a_deadlock);
    tcase_add_test(tests, a_write_transaction_is_its_threads);
    tcase_add_test(tests, a_read_transaction_may_move_to_another_thread);
    tcase_add_test(tests, a_forked_process_cannot_use_or_harm_what_it_inherits);
    tcase_add_test(tests, closing_with_live_transactions_is_busy);
    tcase_add_test(tests, the_end_of_a_transaction_frees_what_it_handed_out);
    tcase_add_test(tests, stats_count_a_childs_work_and_begin_at_nothing);
    tcase_add_test(tests, kx_write_runs_again_when_the_map_was_full);
    tcase_add_test(tests, a_map_at_its_limit_is_map_full_and_changes_nothing);
    tcase_add_test(tests, by_hand_a_full_map_leaves_only_the_abort);
    tcase_add_test(tests, a_child_that_failed_half_way_costs_only_the_child);
    tcase_add_test(tests, a_failed_child_cannot_be_committed_and_its_parent_goes_on);
    tcase_add_test(tests, kx_write_returns_what_its_function_returned_and_rolls_back);
    tcase_add_test(tests, the_text_of_the_inner_failure_survives_kx_write);
    tcase_add_test(tests, a_child_left_open_in_kx_write_commits_nothing);
    tcase_add_test(tests, kx_write_inside_kx_write_is_a_deadlock_and_inside_kx_read_is_fine);
    tcase_add_test(tests, writers_in_threads_and_processes_lose_no_update);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return kxt_run(suite());
}
