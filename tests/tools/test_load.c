/*
 * test_load.c -- kx-load: formats, where documents go, all or nothing, batches.
 */
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/tools.h"

static void write_file(const char *name, const char *text)
{
    kxt_write_file(kxt_path(name), text);
}

/* ---- formats ---------------------------------------------------------------------------------- */

START_TEST(a_file_goes_into_the_collection_of_its_name)
{
    write_file("users.jsonl", "{\"name\":\"Ada\"}\n\n  \n{\"name\":\"Bob\"}");
    expect(0, NULL, "created shop.kx\n", "kx-load shop.kx users.jsonl");
    expect(0, "{\"_id\":1,\"name\":\"Ada\"}\n{\"_id\":2,\"name\":\"Bob\"}\n", NULL, "kx-inspect find shop.kx users");
    expect(0, NULL, "loaded 2 documents into 1 collection in ", "kx-load --into people shop.kx users.jsonl");
    expect(0, "2\n", NULL, "kx-inspect count shop.kx people");
    ck_assert_str_eq(run(NULL, "kx-load -q shop.kx users.jsonl").err, "");
    expect(0, "4\n", NULL, "kx-inspect count shop.kx users");
}
END_TEST

START_TEST(standard_input_needs_a_name_unless_it_is_a_dump)
{
    expect(2, NULL, "--into", "echo '{\"a\":1}' | kx-load shop.kx");
    expect(2, NULL, "--into", "echo '{\"a\":1}' | kx-load shop.kx -");
    expect(0, NULL, NULL, "echo '{\"a\":1}' | kx-load shop.kx - --into x");
    expect(0, NULL, NULL, "printf '%%s\\n' '{\"kenobix\":{\"format\":1}}' '{\"collection\":\"y\"}' '{\"_id\":7,\"a\":1}' | kx-load shop.kx");
    expect(0, "{\"_id\":7,\"a\":1}", NULL, "kx-inspect dump shop.kx y");
}
END_TEST

START_TEST(arrays_and_objects_over_many_lines_are_json)
{
    static const char *const same[] = {
        "[{\"a\":1},{\"a\":\"]}\\\"\"},{\"a\":[{}]}]",
        " [ {\"a\":1}\n,\n{\"a\" :\n\"]}\\\"\"}, {\"a\":[{}]}\n]\n\n",
        "{\n\"a\":1\n}\n{\"a\":\"]}\\\"\"}{\"a\":[{}]}",
        "\xef\xbb\xbf[{\"a\":1},{\"a\":\"]}\\\"\"},{\"a\":[{}]}]",
    };

    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        write_file("x.json", same[i]);
        expect(0, NULL, NULL, "rm -f s.kx*; kx-load s.kx x.json");
        ck_assert_str_eq(run(NULL, "kx-inspect find s.kx x").out,
                         "{\"_id\":1,\"a\":1}\n{\"_id\":2,\"a\":\"]}\\\"\"}\n{\"_id\":3,\"a\":[{}]}\n");
    }
    write_file("x.json", "[ ]");
    expect(0, NULL, "loaded 0 documents", "rm -f s.kx*; kx-load s.kx x.json");
}
END_TEST

START_TEST(an_error_names_file_line_and_column)
{
    static const struct { const char *file, *text, *where; } cases[] = {
        {"a.jsonl", "{\"a\":1}\n\n{\"a\" 2}\n", "a.jsonl:3:"},
        {"a.jsonl", "{\"_id\":5,\"a\":1}\n{\"_id\":5,\"b\":1}\n", "a.jsonl:2: "},
        {"a.jsonl", "{\"a\":1}\n{\"a\":1,\"a\":2}\n", "a.jsonl:2:"},
        {"a.jsonl", "{\"a\":1}{\"a\":1}\n", "a.jsonl:1:"},
        {"a.jsonl", "{\"a\":1}\n7\n", "a.jsonl:2:"},
        {"a.jsonl", "{\"a\":\"\xff\"}\n", "a.jsonl:1:"},
        {"a.jsonl", "{\"_id\":\"x\"}\n", "a.jsonl:1:8: _id is no integer"},
        {"a.json", "[{\"a\":1},\n\n {\"a\":\ntru}]", "a.json:4:"},
        {"a.json", "[{\"a\":1},]", "a.json:1:10: expected '{', found ']'"},
        {"a.json", "[{\"a\":1}{}]", "a.json:1:9: expected ',' or ']', found '{'"},
        {"a.json", "[{\"a\":1}", "a.json:1:9: expected ',' or ']', but the file ends"},
        {"a.json", "[{\"a\":1}] x", "a.json:1:11: expected the end of the file"},
        {"a.json", "[", "a.json:1:2: expected '{', but the file ends"},
        {"a.json", "[{\"a\":1", "a.json:1:"},
        {"a.dump", "{\"kenobix\":{\"format\":1}}\n{\"_id\":1}\n", "a.dump:2: a document stands before"},
        {"a.dump", "{\"kenobix\":{\"format\":1}}\n{\"collection\":7}\n", "a.dump:2: "},
        {"a.dump", "{\"kenobix\":{\"format\":1}}\n{\"x\":7}\n", "a.dump:2: "},
        {"a.dump", "{\"kenobix\":{}}\n", "a.dump:1: "},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        write_file(cases[i].file, cases[i].text);
        expect(1, "", cases[i].where, "kx-load s.kx %s", cases[i].file);
        ck_assert_int_ne(access(kxt_path("s.kx"), F_OK), 0);
    }
}
END_TEST

START_TEST(an_id_may_stand_anywhere_in_a_document)
{
    write_file("x.jsonl", "{\"_id\":9}\n{\"a\":1,\"_id\":8}\n{\"a\":1 , \"_id\" : 7 , \"b\":[\"_id\"]}\n{ \"_id\":6 , \"c\":{\"_idx\":1}}\n{}\n");
    expect(0, NULL, NULL, "kx-load s.kx x.jsonl");
    ck_assert_str_eq(run(NULL, "kx-inspect find s.kx x").out,
                     "{\"_id\":6,\"c\":{\"_idx\":1}}\n{\"_id\":7,\"a\":1,\"b\":[\"_id\"]}\n{\"_id\":8,\"a\":1}\n{\"_id\":9}\n{\"_id\":10}\n");
}
END_TEST

START_TEST(a_compressed_file_is_refused_with_a_way_out)
{
    kxt_write_bytes(kxt_path("x.jsonl"), "\x1f\x8b\x08\x00", 4);
    expect(3, NULL, "zcat", "kx-load s.kx x.jsonl");
    ck_assert_uint_eq(files_here(), 1);
}
END_TEST

/* ---- all or nothing -------------------------------------------------------------------------------- */

START_TEST(a_failed_load_leaves_no_new_store_and_no_temporary)
{
    write_file("x.jsonl", "{\"a\":1}\n{\"a\":2}\n{\"a\" 3}\n{\"a\":4}\n{\"a\":5}\n");
    expect(1, NULL, "x.jsonl:3:", "kx-load s.kx x.jsonl");
    ck_assert_uint_eq(files_here(), 1);
}
END_TEST

START_TEST(a_failed_load_leaves_an_old_store_as_it_was)
{
    write_file("x.jsonl", "{\"a\":1}\n");
    write_file("y.jsonl", "{\"b\":1}\n{\"b\" 2}\n");
    expect(0, NULL, NULL, "kx-load s.kx x.jsonl; kx-inspect dump s.kx > before");
    expect(1, NULL, "y.jsonl:2:", "kx-load s.kx x.jsonl y.jsonl");
    expect(0, NULL, NULL, "kx-inspect dump s.kx | cmp - before");
    expect(1, NULL, NULL, "kx-load s.kx x.jsonl y.jsonl < x.jsonl");
}
END_TEST

START_TEST(a_dry_run_changes_nothing)
{
    write_file("x.jsonl", "{\"a\":1}\n");
    expect(0, NULL, "would have loaded 1 document into 1 collection", "kx-load -n s.kx x.jsonl");
    ck_assert_uint_eq(files_here(), 1);
    expect(0, NULL, NULL, "kx-load s.kx x.jsonl");
    expect(0, NULL, "would have loaded 1 document", "kx-load s.kx x.jsonl --dry-run");
    expect(0, "1\n", NULL, "kx-inspect count s.kx x");
    expect(2, NULL, "--dry-run", "kx-load -n --batch 5 s.kx x.jsonl");
}
END_TEST

START_TEST(a_batch_stays_when_the_load_fails)
{
    ended end;

    write_file("x.jsonl", "{\"a\":1}\n{\"a\":2}\n\n{\"a\":3}\n{\"a\":4}\n{\"a\" 5}\n");
    end = run(NULL, "kx-load s.kx x.jsonl --batch 2");
    ck_assert_int_eq(end.status, 1);
    ck_assert_ptr_nonnull(strstr(end.err, "x.jsonl:6:6: "));
    ck_assert_ptr_nonnull(strstr(end.err, "committed through line 5\n"));
    expect(0, "4\n", NULL, "kx-inspect count s.kx x");
    expect(0, NULL, "loaded 1 document", "echo '{}' | kx-load --batch 1 --sync later s.kx --into x");
}
END_TEST

START_TEST(many_documents_load_the_same_at_once_and_in_batches)
{
    unsigned count = (unsigned)kxt_scaled(120000);

    expect(0, NULL, NULL, "seq %u | sed 's/.*/{\"n\":&,\"t\":\"text of &\"}/' > x.jsonl", count);
    expect(0, NULL, NULL, "echo '{\"collection\":\"x\",\"indexes\":[{\"paths\":\"n\",\"unique\":true},{\"paths\":\"t\"}]}' > schema");
    expect(0, NULL, NULL, "kx-load a.kx --schema schema x.jsonl && kx-load b.kx --schema schema && kx-load b.kx x.jsonl");
    expect(0, NULL, NULL, "kx-load c.kx --schema schema --batch 9777 x.jsonl && cat x.jsonl | kx-load d.kx --schema schema --into x");
    expect_equal_stores(kxt_path("a.kx"), kxt_path("b.kx"));
    expect_equal_stores(kxt_path("a.kx"), kxt_path("c.kx"));
    expect_equal_stores(kxt_path("a.kx"), kxt_path("d.kx"));
}
END_TEST

/* ---- a schema ---------------------------------------------------------------------------------------- */

START_TEST(a_schema_is_declared_first)
{
    write_file("schema", "{\"collection\":\"users\",\"indexes\":[{\"paths\":\"name\",\"unique\":true}]}\n\n{\"collection\":\"orders\"}\n");
    write_file("users.jsonl", "{\"name\":\"Ada\"}\n{\"name\":\"Ada\"}\n");
    expect(0, NULL, "created s.kx", "kx-load s.kx --schema schema");
    expect(1, NULL, "users.jsonl:2: ", "kx-load s.kx users.jsonl");
    expect(0, NULL, NULL, "kx-inspect schema s.kx --json | kx-load t.kx --schema -");
    expect_equal_stores(kxt_path("s.kx"), kxt_path("t.kx"));
}
END_TEST

START_TEST(a_schema_that_means_nothing_is_refused_at_its_line)
{
    write_file("schema", "{\"collection\":\"users\"}\n\n{\"collection\":\"orders\",}\n");
    expect(1, NULL, "schema:3:", "kx-load s.kx --schema schema");
    ck_assert_uint_eq(files_here(), 1);
}
END_TEST

/* ---- a load that ends early ------------------------------------------------------------------------------- */

/* A load of `store` that has read much and waits for more. */
static pid_t begin_load(const char *store, int *to)
{
    const char *const argv[] = {"tools/kx-load", "-q", store, "--into", "x", NULL};
    pid_t             pid = start(argv, to);
    const char        line[] = "{\"n\":1,\"t\":\"0123456789012345678901234567890123456789\"}\n";

    for (int i = 0; i < 60000; i++)
        ck_assert_int_eq(write(*to, line, sizeof(line) - 1), (int)sizeof(line) - 1);
    return pid;
}

static int end_load(pid_t pid, int to, int signal)
{
    int status;

    ck_assert_int_eq(kill(pid, signal), 0);
    close(to);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return status;
}

START_TEST(a_killed_load_leaves_no_store_and_the_next_one_cleans_up)
{
    int   to, status;
    pid_t pid = begin_load("s.kx", &to);

    status = end_load(pid, to, SIGKILL);
    ck_assert(WIFSIGNALED(status));
    ck_assert_int_ne(access(kxt_path("s.kx"), F_OK), 0);
    expect(0, ".s.kx.tmp-", NULL, "ls -A");
    expect(0, NULL, "created s.kx", "echo '{\"a\":1}' | kx-load s.kx --into x");
    ck_assert_ptr_null(strstr(run(NULL, "ls -A").out, "tmp-"));
    expect(0, "1\n", NULL, "kx-inspect count s.kx x");
}
END_TEST

START_TEST(a_killed_load_leaves_an_old_store_as_it_was)
{
    pid_t pid;
    int   to;

    expect(0, NULL, NULL, "echo '{\"a\":1}' | kx-load s.kx --into x");
    pid = begin_load("s.kx", &to);
    end_load(pid, to, SIGKILL);
    expect(0, "1\n", NULL, "kx-inspect count s.kx x");
    expect(0, NULL, NULL, "echo '{\"a\":1}' | kx-load s.kx --into x");
    expect(0, "2\n", NULL, "kx-inspect count s.kx x");
}
END_TEST

START_TEST(an_interrupted_load_rolls_back)
{
    int   to, status;
    pid_t pid = begin_load("s.kx", &to);

    status = end_load(pid, to, SIGINT);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 130);
    ck_assert_uint_eq(files_here(), 0);
}
END_TEST

START_TEST(a_load_under_way_is_not_swept_by_another)
{
    int   to, status;
    pid_t pid = begin_load("s.kx", &to);

    expect(0, NULL, NULL, "echo '{\"a\":1}' | kx-load s.kx --into x");
    close(to);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 3);       /* the name is taken now */
    expect(0, "1\n", NULL, "kx-inspect count s.kx x");
    ck_assert_ptr_null(strstr(run(NULL, "ls -A").out, "tmp-"));
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("kx-load");
    TCase *formats = tcase_create("formats"), *whole = tcase_create("all or nothing"), *early = tcase_create("ends early");

    tcase_add_test(formats, a_file_goes_into_the_collection_of_its_name);
    tcase_add_test(formats, standard_input_needs_a_name_unless_it_is_a_dump);
    tcase_add_test(formats, arrays_and_objects_over_many_lines_are_json);
    tcase_add_test(formats, an_error_names_file_line_and_column);
    tcase_add_test(formats, an_id_may_stand_anywhere_in_a_document);
    tcase_add_test(formats, a_compressed_file_is_refused_with_a_way_out);
    tcase_add_test(formats, a_schema_is_declared_first);
    tcase_add_test(formats, a_schema_that_means_nothing_is_refused_at_its_line);
    suite_add_tcase(all, formats);
    tcase_add_test(whole, a_failed_load_leaves_no_new_store_and_no_temporary);
    tcase_add_test(whole, a_failed_load_leaves_an_old_store_as_it_was);
    tcase_add_test(whole, a_dry_run_changes_nothing);
    tcase_add_test(whole, a_batch_stays_when_the_load_fails);
    tcase_add_test(whole, many_documents_load_the_same_at_once_and_in_batches);
    suite_add_tcase(all, whole);
    tcase_add_test(early, a_killed_load_leaves_no_store_and_the_next_one_cleans_up);
    tcase_add_test(early, a_killed_load_leaves_an_old_store_as_it_was);
    tcase_add_test(early, an_interrupted_load_rolls_back);
    tcase_add_test(early, a_load_under_way_is_not_swept_by_another);
    suite_add_tcase(all, early);
    return all;
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    return kxt_run(suite());
}
