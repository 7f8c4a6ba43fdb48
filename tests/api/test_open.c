/*
 * test_open.c -- what comes from outside: paths that are no stores, stores that are other than expected, options, odd sizes.
 */
#include "api_test.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const kx_model users = {.name = "users",
                               .fields = FIELDS({.path = "name", .type = KX_TYPE_TEXT, .optional = true}),
                               .indexes = INDEXES({.paths = "name"})};

static int open_it(const char *name, const kx_options *options, kx_db **db)
{
    *db = (kx_db *)db;
    int rc = kx_open(kxt_path(name), options, db);
    ck_assert_msg((*db == NULL) == (rc != KX_OK), "a handle and %d", rc);
    return rc;
}

static void make_store(const char *name)
{
    kx_db *db;
    at_ok(open_it(name, &(kx_options){.models = MODELS(&users)}, &db));
    at_ok(kx_close(db));
}

/* ---- what is no store ---------------------------------------------------------------- */

START_TEST(a_file_of_something_else_is_left_alone)
{
    kx_db *db;
    char *text = kxt_print("%05000d\n", 7);
    const char *const contents[] = {"hello\n", text};
    for (int i = 0; i < 2; i++) {
        kxt_write_file(kxt_path("letter.txt"), contents[i]);
        at_fails(open_it("letter.txt", NULL, &db), KX_FORMAT);
        at_says("letter.txt");
        at_fails(open_it("letter.txt", &(kx_options){.read_only = true}, &db), KX_FORMAT);
        ck_assert_str_eq(kxt_read_file(kxt_path("letter.txt"), NULL), contents[i]);
    }
}
END_TEST

START_TEST(folders_and_missing_folders_are_named)
{
    kx_db *db;
    ck_assert_int_eq(mkdir(kxt_path("folder"), 0700), 0);
    at_fails(open_it("folder", NULL, &db), KX_INVALID);
    at_says("folder");
    at_fails(open_it("nowhere/store.kx", NULL, &db), KX_IO);
    at_says("nowhere");
    at_fails(kx_open("", NULL, &db), KX_INVALID);
    at_fails(kx_open("/dev/null", NULL, &db), KX_INVALID);
}
END_TEST

START_TEST(what_must_exist_is_not_made)
{
    kx_db *db;
    at_fails(open_it("absent.kx", &(kx_options){.must_exist = true}, &db), KX_NOTFOUND);
    at_fails(open_it("absent.kx", &(kx_options){.read_only = true}, &db), KX_NOTFOUND);
    ck_assert_int_ne(access(kxt_path("absent.kx"), F_OK), 0);
    ck_assert_int_ne(access(kxt_path("absent.kx-lock"), F_OK), 0);
}
END_TEST

START_TEST(a_file_of_no_bytes_is_an_empty_store)
{
    kx_db *db;
    kx_txn *txn;
    kx_info info;
    kxt_write_file(kxt_path("empty.kx"), "");
    at_ok(open_it("empty.kx", &(kx_options){.read_only = true}, &db));
    at_ok(kx_txn_begin(db, KX_READ, &txn));
    at_ok(kx_db_info(txn, &info));
    ck_assert_uint_eq(info.collections, 0);
    kx_txn_abort(txn);
    at_ok(kx_close(db));
    at_ok(open_it("empty.kx", &(kx_options){.models = MODELS(&users), .must_exist = true}, &db));
    at_ok(kx_txn_begin(db, KX_READ, &txn));
    at_ok(kx_db_info(txn, &info));
    ck_assert(info.collections == 1 && info.format >= 1 && info.file_bytes > 0 && info.readers == 1 &&
              info.max_readers == 1024);
    kx_txn_abort(txn);
    at_ok(kx_close(db));
}
END_TEST

START_TEST(a_store_with_several_names_is_refused_but_for_symbolic_links)
{
    kx_db *db, *again;
    make_store("real.kx");
    ck_assert_int_eq(symlink(kxt_path("real.kx"), kxt_path("link.kx")), 0);
    at_ok(open_it("real.kx", NULL, &db));
    at_ok(open_it("link.kx", NULL, &again));
    ck_assert_str_eq(kx_db_path(again), kx_db_path(db));
    ck_assert_int_ne(access(kxt_path("link.kx-lock"), F_OK), 0);
    kx_txn *txn, *other;
    at_ok(kx_txn_begin(db, KX_WRITE, &txn));
    at_fails(kx_txn_begin(again, KX_WRITE, &other), KX_DEADLOCK);
    kx_txn_abort(txn);
    at_fails(kx_open(kxt_path("real.kx"), &(kx_options){.sync = KX_SYNC_LATER}, &(kx_db *){NULL}), KX_CONFLICT);
    at_ok(kx_close(again));
    at_ok(kx_close(db));
    ck_assert_int_eq(link(kxt_path("real.kx"), kxt_path("hard.kx")), 0);
    at_fails(open_it("hard.kx", NULL, &db), KX_INVALID);
}
END_TEST

/* As a user without rights, in a process of its own. */
static int open_as_nobody(const char *path, const kx_options *options)
{
    pid_t pid = fork();
    if (pid == 0) {
        kx_db *db;
        if (setgid(65534) != 0 || setuid(65534) != 0)
            _exit(100);
        int rc = kx_open(path, options, &db);
        _exit(rc == KX_OK && kx_close(db) == KX_OK ? 0 : -rc);
    }
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status));
    return -WEXITSTATUS(status);
}

START_TEST(without_the_right_to_write_nothing_is_made)
{
    char *folder = kxt_folder(), *path = kxt_print("%s/new.kx", folder);
    if (getuid() != 0)
        return;
    chmod(folder, 0755);
    for (char *end = folder + 1; (end = strchr(end, '/')) != NULL; end++)
        chmod(kxt_print("%.*s", (int)(end - folder), folder),
              strncmp(folder, "/tmp", (size_t)(end - folder)) == 0 ? 01777 : 0755);
    int rc = open_as_nobody(path, NULL);
    ck_assert_msg(rc == KX_READONLY || rc == KX_IO, "%d", rc);
    ck_assert_int_ne(access(path, F_OK), 0);
    kx_db *db;
    at_ok(kx_open(path, NULL, &db));
    at_ok(kx_close(db));
    rc = open_as_nobody(path, NULL);
    ck_assert_msg(rc == KX_READONLY || rc == KX_IO, "%d", rc);
}
END_TEST

/* ---- options -------------------------------------------------------------------------- */

START_TEST(a_store_without_a_name_vanishes)
{
    kx_db *db, *other;
    at_ok(kx_open(NULL, &(kx_options){.models = MODELS(&users)}, &db));
    at_ok(kx_open(NULL, NULL, &other));
    ck_assert_str_eq(kx_db_path(db), "");
    kx_txn *txn;
    at_ok(kx_txn_begin(db, KX_WRITE, &txn));
    at_insert(txn, "users", "{}");
    at_ok(kx_txn_commit(txn));
    at_ok(kx_txn_begin(other, KX_READ, &txn));
    at_fails(kx_count(txn, "users", NULL, &(uint64_t){0}), KX_INVALID);
    kx_txn_abort(txn);
    at_ok(kx_close(db));
    at_ok(kx_close(other));
}
END_TEST

START_TEST(models_that_contradict_the_store_name_both)
{
    kx_db *db;
    const kx_model clash = {.name = "users", .fields = FIELDS({.path = "name", .type = KX_TYPE_INT, .optional = true})};
    make_store("s.kx");
    at_fails(open_it("s.kx", &(kx_options){.models = MODELS(&clash)}, &db), KX_CONFLICT);
    at_says("int");
    at_says("text");
    at_says("name");
    at_fails(open_it("s.kx", &(kx_options){.models = MODELS(&(kx_model){.name = "more"}), .read_only = true}, &db),
             KX_READONLY);
    at_fails(open_it("s.kx", &(kx_options){.schema_json = "nonsense"}, &db), KX_INVALID);
    at_ok(open_it("s.kx", &(kx_options){.models = MODELS(&users), .read_only = true}, &db));
    kx_txn *txn;
    at_fails(kx_txn_begin(db, KX_WRITE, &txn), KX_READONLY);
    at_ok(kx_close(db));
}
END_TEST

START_TEST(documents_that_do_not_fit_a_new_declaration_keep_the_store_closed)
{
    kx_db *db;
    box it = at_start(MODELS(&users));
    at_insert(it.txn, "users", "{\"name\":\"a\"}");
    at_insert(it.txn, "users", "{\"name\":\"a\"}");
    at_ok(kx_txn_commit(it.txn));
    at_ok(kx_close(it.db));
    const kx_model unique = {
        .name = "users", .indexes = INDEXES({.paths = "name,_x", .unique = true}, {.paths = "-name", .unique = true})};
    at_fails(open_it("box.kx", &(kx_options){.models = MODELS(&unique)}, &db), KX_EXISTS);
    const kx_model need = {.name = "users", .fields = FIELDS({.path = "age", .type = KX_TYPE_INT})};
    at_fails(open_it("box.kx", &(kx_options){.models = MODELS(&need)}, &db), KX_REQUIRED);
    it = at_start(NULL);
    kx_collection_info info;
    at_ok(kx_collection_named(it.txn, "users", &info));
    ck_assert(info.documents == 2 && info.indexes == 1 && info.fields == 1);
    at_end(&it);
}
END_TEST

static uint32_t migrated_from = 99, migrated_to = 99;

static int migrate(kx_txn *txn, uint32_t from, uint32_t to)
{
    migrated_from = from;
    migrated_to = to;
    return from < 2 ? kx_declare(txn, MODELS(&users)) : kx_insert(txn, "users", "{}", 2, NULL);
}

static int refuse(kx_txn *txn, uint32_t from, uint32_t to)
{
    (void)from;
    (void)to;
    at_insert(txn, "users", "{}");
    return 42;
}

START_TEST(a_lower_schema_version_is_migrated_once)
{
    kx_db *db;
    kx_txn *txn;
    kx_info info;
    at_ok(open_it("m.kx", &(kx_options){.schema_version = 2, .migrate = migrate}, &db));
    ck_assert(migrated_from == 0 && migrated_to == 2);
    at_ok(kx_close(db));
    ck_assert_int_eq(open_it("m.kx", &(kx_options){.schema_version = 3, .migrate = refuse}, &db), 42);
    migrated_from = 99;
    at_ok(open_it("m.kx", &(kx_options){.schema_version = 2, .migrate = migrate}, &db));
    ck_assert_uint_eq(migrated_from, 99);
    at_ok(kx_close(db));
    at_ok(open_it("m.kx", &(kx_options){.schema_version = 3, .migrate = migrate}, &db));
    ck_assert_uint_eq(migrated_from, 2);
    at_ok(kx_txn_begin(db, KX_READ, &txn));
    at_ok(kx_db_info(txn, &info));
    ck_assert_uint_eq(info.schema_version, 3);
    ck_assert_uint_eq(at_count(txn, "users"), 1);
    kx_txn_abort(txn);
    at_ok(kx_close(db));
    at_fails(open_it("m.kx", &(kx_options){.schema_version = 2}, &db), KX_CONFLICT);
    at_fails(open_it("m.kx", &(kx_options){.migrate = migrate}, &db), KX_INVALID);
}
END_TEST

/* ---- odd sizes -------------------------------------------------------------------------- */

START_TEST(long_texts_in_an_indexed_field_are_found_again)
{
    static const size_t sizes[] = {0, 1, 500, 600, 4096, 70000, 10000000};
    box it = at_start(MODELS(&users));
    kx_doc *doc;
    char *text = malloc(10000001);
    ck_assert_ptr_nonnull(text);
    memset(text, 'x', 10000001);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        at_ok(kx_doc_new(it.txn, "users", &doc));
        at_ok(kx_doc_set(doc, "name", kx_text_n(text, sizes[i])));
        at_ok(kx_doc_save(doc));
        kx_doc_release(doc);
    }
    at_renew(&it, KX_READ);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        at_ok(kx_get(it.txn, "users", "name", kx_text_n(text, sizes[i]), &doc));
        ck_assert_uint_eq(kx_doc_id(doc), i + 1);
        size_t size;
        ck_assert_ptr_nonnull(kx_doc_slice(doc, "name", &size));
        ck_assert_uint_eq(size, sizes[i]);
    }
    at_fails(kx_get(it.txn, "users", "name", kx_text_n(text, 601), &doc), KX_NOTFOUND);
    ck_assert_uint_lt(strlen(kx_errmsg()), 4096);
    at_fails(kx_get(it.txn, "users", "name", kx_text_n(text, 10000001), &doc), KX_NOTFOUND);
    free(text);
    at_end(&it);
}
END_TEST

START_TEST(the_library_tells_its_versions)
{
    ck_assert_str_eq(kx_version(), "0.1.0");
    ck_assert(strncmp(kx_engine(), "LMDB ", 5) == 0);
}
END_TEST

static void add_options(Suite *suite)
{
    TCase *cases = tcase_create("options");
    tcase_add_test(cases, a_store_without_a_name_vanishes);
    tcase_add_test(cases, models_that_contradict_the_store_name_both);
    tcase_add_test(cases, documents_that_do_not_fit_a_new_declaration_keep_the_store_closed);
    tcase_add_test(cases, a_lower_schema_version_is_migrated_once);
    tcase_add_test(cases, long_texts_in_an_indexed_field_are_found_again);
    tcase_add_test(cases, the_library_tells_its_versions);
    suite_add_tcase(suite, cases);
}

static Suite *open_suite(void)
{
    Suite *suite = suite_create("api/open");
    TCase *cases = tcase_create("paths");
    tcase_add_test(cases, a_file_of_something_else_is_left_alone);
    tcase_add_test(cases, folders_and_missing_folders_are_named);
    tcase_add_test(cases, what_must_exist_is_not_made);
    tcase_add_test(cases, a_file_of_no_bytes_is_an_empty_store);
    tcase_add_test(cases, a_store_with_several_names_is_refused_but_for_symbolic_links);
    tcase_add_test(cases, without_the_right_to_write_nothing_is_made);
    suite_add_tcase(suite, cases);
    add_options(suite);
    return suite;
}

int main(void)
{
    return kxt_run(open_suite());
}
