/* test_declare.c -- declaring over what is there, in savepoints, beside other processes; opening with models. */
#include "collection_test.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static const kx_model bare = {.name = "users"};
static const kx_model users = {
    .name = "users",
    .indexes = INDEXES({.paths = "email", .unique = true}, {.paths = "tags", .multi = true}, {.paths = "age,-email"})};
static const kx_model notes = {.name = "notes", .indexes = INDEXES({.paths = "topic"})};

static const kx_model orders = {
    .name = "orders",
    .relations = (const kx_relation[]){
        {.name = "user", .kind = KX_FOREIGN_KEY, .target = "users", .foreign_key = "email", .reverse = "orders"},
        {.name = NULL},
    },
};

static kx_db *the_db;

static void fill_users(kx_txn *txn, int count)
{
    for (int i = 1; i <= count; i++)
        ct_insert(txn, "users", kxt_print("{\"email\":\"e%d\",\"tags\":[%d,%d],\"age\":%d}", i, i % 3, i % 5, i % 7));
}

static kx_txn *open_filled(int count)
{
    the_db = ct_open(MODELS(&bare));
    kx_txn *txn = ct_begin(the_db, KX_WRITE);
    fill_users(txn, count);
    ct_ok(kx_txn_commit(txn));
    return ct_begin(the_db, KX_WRITE);
}

static void end_and_close(kx_txn *txn)
{
    ct_check(txn);
    ct_ok(kx_txn_commit(txn));
    ct_check_store(the_db);
    ct_ok(kx_close(the_db));
}

static uint64_t count_email(kx_txn *txn, const char *email)
{
    uint64_t count;
    ct_ok(kx_count(txn, "users", &(kx_query){.where = KX_WHERE({"email", KX_EQ, kx_text(email)})}, &count));
    return count;
}

/* ---- filling and refusing -------------------------------------------------------- */

START_TEST(declaring_over_a_filled_collection_fills_the_indexes)
{
    kx_txn *txn = open_filled(5000);
    ct_ok(kx_declare(txn, MODELS(&users)));
    ck_assert_uint_eq(ct_entries(txn, "users", "email"), 5000);
    ck_assert_uint_eq(ct_entries(txn, "users", "age,-email"), 5000);
    ck_assert_uint_eq(count_email(txn, "e77"), 1);
    end_and_close(txn);
}
END_TEST

START_TEST(a_unique_index_over_duplicates_is_refused_and_nothing_remains)
{
    kx_txn *txn = open_filled(50);
    ct_insert(txn, "users", "{\"email\":\"e7\"}");
    const char *before = ct_dump(txn);
    ct_fails(kx_declare(txn, MODELS(&notes, &users)), KX_EXISTS);
    ct_says("users.email = \"e7\" is taken by document");
    ck_assert_str_eq(ct_dump(txn), before);
    ct_ok(kx_txn_commit(txn));
    ck_assert_str_eq(ct_dump_store(the_db), before);
    txn = ct_begin(the_db, KX_WRITE);
    ct_ok(kx_remove(txn, "users", 51));
    ct_ok(kx_declare(txn, MODELS(&notes, &users)));
    end_and_close(txn);
}
END_TEST

START_TEST(a_multi_index_over_what_is_no_array_is_refused)
{
    kx_txn *txn = open_filled(5);
    ct_insert(txn, "users", "{\"tags\":3}");
    const char *before = ct_dump(txn);
    ct_fails(kx_declare(txn, MODELS(&users)), KX_INVALID);
    ct_says("users.tags is no array");
    ck_assert_uint_eq(kx_last_error()->id, 6);
    ck_assert_str_eq(ct_dump(txn), before);
    end_and_close(txn);
}
END_TEST

START_TEST(a_primary_index_over_documents_is_refused)
{
    const kx_model primary = {.name = "users", .indexes = INDEXES({.paths = "key", .primary = true})};
    kx_txn *txn = open_filled(1);
    ct_fails(kx_declare(txn, MODELS(&primary)), KX_INVALID);
    ct_ok(kx_remove(txn, "users", 1));
    ct_ok(kx_declare(txn, MODELS(&primary)));
    ck_assert_uint_eq(ct_insert(txn, "users", "{}"), 2);
    end_and_close(txn);
}
END_TEST

START_TEST(declaring_again_costs_nothing)
{
    kx_txn *txn = open_filled(10);
    ct_ok(kx_declare(txn, MODELS(&users)));
    kx_stats before, after;
    ct_ok(kx_txn_stats(txn, &before));
    ct_ok(kx_declare(txn, MODELS(&users)));
    ct_ok(kx_txn_stats(txn, &after));
    ck_assert_uint_eq(after.writes, before.writes);
    ck_assert_uint_eq(after.descents, before.descents);
    kx_txn *reader = ct_begin(the_db, KX_READ);
    ct_fails(kx_declare(reader, MODELS(&users)), KX_READONLY);
    ct_ok(kx_declare(reader, MODELS(&bare)));
    kx_txn_abort(reader);
    end_and_close(txn);
}
END_TEST

/* ---- dropping ------------------------------------------------------------------------ */

START_TEST(a_dropped_index_comes_back_filled)
{
    kx_txn *txn = open_filled(300);
    ct_ok(kx_declare(txn, MODELS(&users)));
    ct_ok(kx_txn_commit(txn));
    const char *whole = ct_dump_store(the_db);
    for (int round = 0; round < 3; round++) {
        txn = ct_begin(the_db, KX_WRITE);
        ct_ok(kx_drop_index(txn, "users", "email"));
        ct_insert(txn, "users", "{\"email\":\"e5\"}");
        ct_check(txn);
        if (round > 0)
            ct_ok(kx_txn_commit(txn));
        if (round > 0)
            txn = ct_begin(the_db, KX_WRITE);
        ct_fails(kx_declare(txn, MODELS(&users)), KX_EXISTS);
        ct_ok(kx_remove(txn, "users", 301 + (uint64_t)round));
        ct_ok(kx_declare(txn, MODELS(&users)));
        ck_assert_uint_eq(ct_entries(txn, "users", "email"), 300);
        ck_assert_uint_eq(count_email(txn, "e5"), 1);
        ct_check(txn);
        ct_ok(kx_txn_commit(txn));
    }
    ct_ok(kx_close(the_db));
    the_db = ct_open(MODELS(&users));
    ck_assert_str_ne(ct_dump_store(the_db), whole);
    end_and_close(ct_begin(the_db, KX_WRITE));
}
END_TEST

START_TEST(a_dropped_collection_is_gone_and_its_name_and_tables_are_free)
{
    kx_txn *txn = open_filled(30);
    ct_ok(kx_declare(txn, MODELS(&users)));
    kx_txn *reader;
    for (int round = 0; round < 4; round++) {
        ct_ok(kx_drop_collection(txn, "users"));
        kx_doc *doc;
        ct_fails(kx_get_by_id(txn, "users", 1, &doc), KX_INVALID);
        if (round % 2 == 0) {
            ct_ok(kx_txn_commit(txn));
            txn = ct_begin(the_db, KX_WRITE);
        }
        ct_ok(kx_declare(txn, MODELS(&notes, &users)));
        ck_assert_uint_eq(ct_count(txn, "users"), 0);
        ck_assert_uint_eq(ct_insert(txn, "users", "{}"), 1);
        ct_ok(kx_remove(txn, "users", 1));
        fill_users(txn, 20);
        ct_insert(txn, "notes", "{\"topic\":1}");
        ct_check(txn);
        ct_ok(kx_txn_commit(txn));
        reader = ct_begin(the_db, KX_READ);
        txn = ct_begin(the_db, KX_WRITE);
        kx_txn_abort(reader);
    }
    ck_assert_uint_lt(txn->catalog->next_table, 16);
    end_and_close(txn);
}
END_TEST

START_TEST(a_reader_keeps_what_is_dropped_beside_it)
{
    kx_txn *txn = open_filled(40);
    ct_ok(kx_declare(txn, MODELS(&users)));
    ct_ok(kx_txn_commit(txn));
    kx_txn *reader = ct_begin(the_db, KX_READ);
    const char *before = ct_dump(reader);
    txn = ct_begin(the_db, KX_WRITE);
    ct_ok(kx_drop_index(txn, "users", "email"));
    ct_ok(kx_txn_commit(txn));
    txn = ct_begin(the_db, KX_WRITE);
    ct_ok(kx_drop_collection(txn, "users"));
    ct_ok(kx_declare(txn, MODELS(&notes)));
    for (int i = 0; i < 50; i++)
        ct_insert(txn, "notes", "{\"topic\":\"over the freed pages\"}");
    ct_ok(kx_txn_commit(txn));
    ck_assert_str_eq(ct_dump(reader), before);
    ck_assert_uint_eq(count_email(reader, "e9"), 1);
    ct_check(reader);
    kx_txn_abort(reader);
    end_and_close(ct_begin(the_db, KX_WRITE));
}
END_TEST

START_TEST(what_a_relation_stands_on_is_not_dropped)
{
    kx_txn *txn = open_filled(3);
    ct_ok(kx_declare(txn, MODELS(&users, &orders)));
    const char *before = ct_dump(txn);
    ct_fails(kx_drop_index(txn, "users", "email"), KX_CONFLICT);
    ct_fails(kx_drop_collection(txn, "users"), KX_CONFLICT);
    ct_fails(kx_drop_index(txn, "users", "nothing"), KX_INVALID);
    ct_fails(kx_drop_relation(txn, "orders", "nothing"), KX_INVALID);
    ck_assert_str_eq(ct_dump(txn), before);
    ct_ok(kx_drop_relation(txn, "orders", "user"));
    ct_ok(kx_drop_index(txn, "users", "email"));
    ct_ok(kx_drop_collection(txn, "users"));
    end_and_close(txn);
}
END_TEST

/* ---- inside transactions ---------------------------------------------------------------- */

START_TEST(a_declaration_is_undone_with_its_transaction)
{
    kx_txn *txn = open_filled(20);
    const char *before = ct_dump(txn);
    for (int round = 0; round < 3; round++) {
        ct_ok(kx_declare(txn, MODELS(&users, &notes)));
        ct_insert(txn, "notes", "{\"topic\":1}");
        ct_check(txn);
        kx_txn_abort(txn);
        ck_assert_str_eq(ct_dump_store(the_db), before);
        txn = ct_begin(the_db, KX_WRITE);
        kx_doc *doc;
        ct_fails(kx_get_by_id(txn, "notes", 1, &doc), KX_INVALID);
    }
    ct_ok(kx_declare(txn, MODELS(&users, &notes)));
    end_and_close(txn);
}
END_TEST

START_TEST(a_declaration_is_undone_with_its_child)
{
    kx_txn *txn = open_filled(20), *child, *inner;
    const char *before = ct_dump(txn);
    child = ct_child(txn);
    ct_ok(kx_declare(child, MODELS(&notes)));
    inner = ct_child(child);
    ct_ok(kx_declare(inner, MODELS(&users)));
    ct_insert(inner, "notes", "{\"topic\":1}");
    ct_ok(kx_txn_commit(inner));
    ck_assert_uint_eq(ct_count(child, "notes"), 1);
    kx_doc *doc = ct_get(child, "notes", 1);
    kx_txn_abort(child);
    ck_assert_str_eq(ct_dump(txn), before);
    ct_ok(kx_doc_set(doc, "a", kx_int(1)));
    ct_fails(kx_doc_save(doc), KX_INVALID);
    ct_insert(txn, "users", "{\"email\":\"e1\"}");
    ct_ok(kx_txn_commit(txn));
    txn = ct_begin(the_db, KX_WRITE);
    ct_ok(kx_remove(txn, "users", 21));
    child = ct_child(txn);
    ct_ok(kx_declare(child, MODELS(&users, &notes)));
    ct_ok(kx_txn_commit(child));
    ct_fails(ct_try_insert(txn, "users", "{\"email\":\"e1\"}"), KX_EXISTS);
    end_and_close(txn);
}
END_TEST

START_TEST(instances_from_before_a_declaration_save_by_what_was_declared)
{
    kx_txn *txn = open_filled(3);
    kx_doc *doc = ct_get(txn, "users", 1), *made;
    ct_ok(kx_doc_from_json(txn, "users", "{\"email\":\"e2\"}", &made));
    ct_ok(kx_declare(txn, MODELS(&users)));
    ct_ok(kx_doc_set(doc, "email", kx_text("e2")));
    ct_fails(kx_doc_save(doc), KX_EXISTS);
    ct_fails(kx_doc_save(made), KX_EXISTS);
    ct_ok(kx_doc_set(doc, "email", kx_text("z")));
    ct_ok(kx_doc_save(doc));
    ck_assert_uint_eq(count_email(txn, "z"), 1);
    end_and_close(txn);
}
END_TEST

START_TEST(a_cursor_survives_a_declaration)
{
    kx_txn *txn = open_filled(30);
    kx_cursor *cursor;
    kx_doc *doc;
    int seen = 0;
    ct_ok(kx_find(txn, "users", NULL, &cursor));
    while (kx_cursor_next(cursor, &doc) == KX_OK)
        if (++seen == 10)
            ct_ok(kx_declare(txn, MODELS(&users, &notes)));
    ct_ok(kx_cursor_close(cursor));
    ck_assert_int_eq(seen, 30);
    end_and_close(txn);
}
END_TEST

/* ---- other processes --------------------------------------------------------------------------- */

static void add_indexes(void)
{
    kx_db *db = ct_open(MODELS(&users, &notes));
    ct_ok(kx_close(db));
}

START_TEST(an_index_that_another_process_adds_is_maintained_by_the_next_write)
{
    kx_txn *txn = open_filled(20);
    kx_txn_abort(txn);
    kx_txn *reader = ct_begin(the_db, KX_READ);
    ct_in_process(add_indexes);
    ck_assert_uint_eq(count_email(reader, "e7"), 1);
    ck_assert_uint_eq(reader->catalog->count, 1);
    txn = ct_begin(the_db, KX_WRITE);
    ct_fails(ct_try_insert(txn, "users", "{\"email\":\"e7\"}"), KX_EXISTS);
    ct_insert(txn, "users", "{\"email\":\"later\",\"tags\":[9]}");
    ct_insert(txn, "notes", "{\"topic\":2}");
    ck_assert_uint_eq(ct_entries(txn, "users", "email"), 21);
    ct_check(txn);
    kx_txn_abort(reader);
    end_and_close(txn);
}
END_TEST

/* Sits in a write transaction until it is killed; says on `fd` that it does. */
static pid_t hold_the_writer(int *fd)
{
    int ends[2];
    (void)kxt_path("store.kx");
    ck_assert_int_eq(pipe(ends), 0);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        kx_db *db = ct_open(NULL);
        kx_txn *txn = ct_begin(db, KX_WRITE);
        ct_insert(txn, "users", "{}");
        if (write(ends[1], "x", 1) != 1)
            _exit(1);
        raise(SIGSTOP);
        _exit(1);
    }
    close(ends[1]);
    *fd = ends[0];
    char byte;
    ck_assert_int_eq(read(ends[0], &byte, 1), 1);
    int status;
    ck_assert_int_eq(waitpid(pid, &status, WUNTRACED), pid);
    ck_assert(WIFSTOPPED(status));
    return pid;
}

START_TEST(opening_with_known_models_works_beside_a_stopped_writer)
{
    kx_txn *txn = open_filled(20);
    ct_ok(kx_declare(txn, MODELS(&users)));
    ct_ok(kx_txn_commit(txn));
    ct_ok(kx_close(the_db));
    int fd;
    pid_t pid = hold_the_writer(&fd);
    kx_options options = {.models = MODELS(&users), .sync = KX_SYNC_LATER, .write_timeout_ms = 30};
    the_db = ct_open_with(&options);
    txn = ct_begin(the_db, KX_READ);
    ck_assert_uint_eq(ct_count(txn, "users"), 20);
    const char *schema;
    ct_ok(kx_schema_json(txn, "users", &schema));
    schema = kxt_print("%s", schema);
    kx_txn_abort(txn);
    ct_fails(kx_txn_begin(the_db, KX_WRITE, &txn), KX_BUSY);
    ct_ok(kx_close(the_db));
    options.models = NULL;
    options.schema_json = schema;
    the_db = ct_open_with(&options);
    ct_ok(kx_close(the_db));
    options.models = MODELS(&users, &notes);
    ct_fails(kx_open(kxt_path("store.kx"), &options, &the_db), KX_BUSY);
    ck_assert_ptr_null(the_db);
    kill(pid, SIGKILL);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    close(fd);
    the_db = ct_open_with(&options);
    txn = ct_begin(the_db, KX_WRITE);
    ck_assert_uint_eq(ct_count(txn, "users"), 20);
    end_and_close(txn);
}
END_TEST

/* ---- readers in other threads ----------------------------------------------------------------------- */

static atomic_bool enough;

static int read_all_over(kx_txn *txn, void *context)
{
    uint64_t count;
    (void)context;
    ct_check(txn);
    for (size_t i = 0; i < txn->catalog->count; i++) {
        kx_doc *doc;
        const char *name = txn->catalog->collections[i].name;
        ct_ok(kx_count(txn, name, NULL, &count));
        ct_ok(kx_get(txn, name, "where", kx_text(name), &doc));
        kx_doc_release(doc);
    }
    return KX_OK;
}

static void *keep_reading(void *context)
{
    while (!atomic_load(&enough))
        ct_ok(kx_read(the_db, read_all_over, context));
    return NULL;
}

/* Each collection says in its documents what it is: a handle that got the wrong table would be seen. */
static void come_and_go(int round, bool keep)
{
    const char *name = kxt_print("c%d", round % 6);
    const kx_model model = {
        .name = name,
        .indexes = INDEXES({.paths = "where"}, {.paths = kxt_print("n%d", round % 2), .unique = round % 3 == 0})};
    kx_txn *txn = ct_begin(the_db, KX_WRITE), *child = ct_child(txn);
    if (kx_catalog__find(txn->catalog, name) != NULL)
        ct_ok(kx_drop_collection(child, name));
    ct_ok(kx_declare(child, MODELS(&model)));
    for (int i = 0; i < 10; i++)
        ct_insert(child, name, kxt_print("{\"where\":\"%s\",\"n0\":%d}", name, i));
    if (keep)
        ct_ok(kx_txn_commit(child));
    else
        kx_txn_abort(child);
    ct_ok(kx_txn_commit(txn));
}

START_TEST(readers_in_other_threads_are_right_while_tables_come_and_go)
{
    pthread_t threads[2];
    the_db = ct_open(NULL);
    come_and_go(0, true);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, keep_reading, NULL), 0);
    for (int round = 1; round < (int)kxt_scaled(150); round++)
        come_and_go(round, round % 4 != 3);
    atomic_store(&enough, true);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    ct_check_store(the_db);
    ct_ok(kx_close(the_db));
}
END_TEST

/* ---- opening with a schema version -------------------------------------------------------------- */

static int migrations;
static uint32_t migrated_from, migrated_to;

static int migrate(kx_txn *txn, uint32_t from, uint32_t to)
{
    migrations++;
    migrated_from = from;
    migrated_to = to;
    if (from == 0)
        return kx_declare(txn, MODELS(&bare));
    ct_insert(txn, "users", kxt_print("{\"email\":\"from%u\"}", from));
    return KX_OK;
}

static int migrate_badly(kx_txn *txn, uint32_t from, uint32_t to)
{
    ct_ok(migrate(txn, from, to));
    ct_ok(kx_drop_collection(txn, "users"));
    return 77;
}

static int forget_a_child(kx_txn *txn, uint32_t from, uint32_t to)
{
    (void)from;
    (void)to;
    (void)ct_child(txn);
    return KX_OK;
}

static uint32_t stored_version(kx_db *db)
{
    kx_info info;
    kx_txn *txn = ct_begin(db, KX_READ);
    ct_ok(kx_db_info(txn, &info));
    kx_txn_abort(txn);
    return info.schema_version;
}

START_TEST(migrate_is_called_when_the_stored_version_is_below)
{
    kx_options options = {.models = MODELS(&users), .sync = KX_SYNC_LATER, .schema_version = 2, .migrate = migrate};
    the_db = ct_open_with(&options);
    ck_assert(migrations == 1 && migrated_from == 0 && migrated_to == 2);
    ck_assert_uint_eq(stored_version(the_db), 2);
    ct_ok(kx_close(the_db));
    the_db = ct_open_with(&options);
    ck_assert_int_eq(migrations, 1);
    ct_ok(kx_close(the_db));
    options.schema_version = 5;
    the_db = ct_open_with(&options);
    ck_assert(migrations == 2 && migrated_from == 2 && migrated_to == 5);
    kx_txn *txn = ct_begin(the_db, KX_WRITE);
    ck_assert_uint_eq(count_email(txn, "from2"), 1);
    ck_assert_uint_eq(ct_entries(txn, "users", "email"), 1);
    end_and_close(txn);
    options.schema_version = 4;
    ct_fails(kx_open(kxt_path("store.kx"), &options, &the_db), KX_CONFLICT);
    ck_assert_ptr_null(the_db);
    options.read_only = true;
    options.schema_version = 6;
    ct_fails(kx_open(kxt_path("store.kx"), &options, &the_db), KX_READONLY);
    options.schema_version = 5;
    the_db = ct_open_with(&options);
    ck_assert_int_eq(migrations, 2);
    ct_ok(kx_close(the_db));
    the_db = ct_open(NULL);
    ck_assert_uint_eq(stored_version(the_db), 5);
    ct_ok(kx_close(the_db));
}
END_TEST

START_TEST(a_migration_that_fails_leaves_the_store_untouched)
{
    kx_options options = {.models = MODELS(&users), .sync = KX_SYNC_LATER, .schema_version = 1, .migrate = migrate};
    the_db = ct_open_with(&options);
    const char *before = ct_dump_store(the_db);
    ct_ok(kx_close(the_db));
    options.models = MODELS(&users, &notes);
    options.schema_version = 2;
    options.migrate = migrate_badly;
    ck_assert_int_eq(kx_open(kxt_path("store.kx"), &options, &the_db), 77);
    ck_assert_ptr_null(the_db);
    options.migrate = forget_a_child;
    ck_assert_int_ne(kx_open(kxt_path("store.kx"), &options, &the_db), KX_OK);
    ck_assert_ptr_null(the_db);
    options.schema_version = 0;
    ct_fails(kx_open(kxt_path("store.kx"), &options, &the_db), KX_INVALID);
    the_db = ct_open(MODELS(&users));
    ck_assert_str_eq(ct_dump_store(the_db), before);
    ct_ok(kx_close(the_db));
}
END_TEST

START_TEST(a_model_that_contradicts_the_store_does_not_open_it)
{
    const kx_model other = {.name = "users", .indexes = INDEXES({.paths = "email"})};
    kx_txn *txn = open_filled(2);
    ct_ok(kx_declare(txn, MODELS(&users)));
    ct_ok(kx_txn_commit(txn));
    const char *before = ct_dump_store(the_db);
    ct_ok(kx_close(the_db));
    ct_fails(kx_open(kxt_path("store.kx"), &(kx_options){.models = MODELS(&other, &notes)}, &the_db), KX_CONFLICT);
    ck_assert_ptr_null(the_db);
    the_db = ct_open(NULL);
    ck_assert_str_eq(ct_dump_store(the_db), before);
    ct_ok(kx_close(the_db));
}
END_TEST

/* ---- schemas as text ------------------------------------------------------------------------------- */

START_TEST(a_schema_travels_as_text_with_its_next_id)
{
    kx_txn *txn = open_filled(9);
    const char *first, *second, *again;
    ct_ok(kx_declare(txn, MODELS(&users, &orders)));
    ct_ok(kx_schema_json(txn, "users", &first));
    ct_ok(kx_schema_json(txn, "orders", &second));
    const char *lines = kxt_print("\n%s\n  \n%s", first, second);
    kx_txn_abort(txn);
    ct_ok(kx_close(the_db));
    kx_db *copy;
    ct_ok(kx_open(NULL, &(kx_options){.schema_json = lines}, &copy));
    txn = ct_begin(copy, KX_WRITE);
    ct_ok(kx_schema_json(txn, "users", &again));
    ck_assert_str_eq(kxt_print("%s", again), kxt_print("%.*s", (int)strcspn(lines + 1, "\n"), lines + 1));
    ck_assert_uint_eq(ct_insert(txn, "users", "{\"email\":\"x\"}"), 10);
    ct_ok(kx_declare_json(txn, lines));
    ck_assert_uint_eq(ct_insert(txn, "users", "{\"email\":\"y\"}"), 11);
    ct_fails(kx_declare_json(txn, "{\"collection\":\"a\"}\n{\"collection\":"), KX_INVALID);
    ct_says("schema line 2");
    ct_fails(kx_declare_json(txn, "{\"collection\":\"a\",\"next_id\":{\"$numberUnsigned\":\"18446744073709551615\"}}"),
             KX_INVALID);
    kx_collection_info info;
    ct_fails(kx_collection_named(txn, "a", &info), KX_INVALID);
    ct_check(txn);
    ct_ok(kx_txn_commit(txn));
    ct_ok(kx_close(copy));
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("collection/declare");
    TCase *tests = tcase_create("declare");
    tcase_add_test(tests, declaring_over_a_filled_collection_fills_the_indexes);
    tcase_add_test(tests, a_unique_index_over_duplicates_is_refused_and_nothing_remains);
    tcase_add_test(tests, a_multi_index_over_what_is_no_array_is_refused);
    tcase_add_test(tests, a_primary_index_over_documents_is_refused);
    tcase_add_test(tests, declaring_again_costs_nothing);
    tcase_add_test(tests, a_dropped_index_comes_back_filled);
    tcase_add_test(tests, a_dropped_collection_is_gone_and_its_name_and_tables_are_free);
    tcase_add_test(tests, a_reader_keeps_what_is_dropped_beside_it);
    tcase_add_test(tests, what_a_relation_stands_on_is_not_dropped);
    tcase_add_test(tests, a_declaration_is_undone_with_its_transaction);
    tcase_add_test(tests, a_declaration_is_undone_with_its_child);
    tcase_add_test(tests, instances_from_before_a_declaration_save_by_what_was_declared);
    tcase_add_test(tests, a_cursor_survives_a_declaration);
    tcase_add_test(tests, an_index_that_another_process_adds_is_maintained_by_the_next_write);
    tcase_add_test(tests, opening_with_known_models_works_beside_a_stopped_writer);
    tcase_add_test(tests, migrate_is_called_when_the_stored_version_is_below);
    tcase_add_test(tests, a_migration_that_fails_leaves_the_store_untouched);
    tcase_add_test(tests, a_model_that_contradicts_the_store_does_not_open_it);
    tcase_add_test(tests, a_schema_travels_as_text_with_its_next_id);
    tcase_add_test(tests, readers_in_other_threads_are_right_while_tables_come_and_go);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return kxt_run(suite());
}
