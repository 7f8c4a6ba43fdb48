/*
 * test_inspect.c -- kx-inspect: its commands, formats and output.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/tools.h"

#define USERS "{\"_id\":1,\"name\":\"Ada\",\"age\":36,\"tags\":[\"a\",\"b\"]}\n"                              \
              "{\"_id\":2,\"name\":\"Bob\",\"age\":20,\"address\":{\"city\":\"Zürich\"}}\n"                     \
              "{\"_id\":3,\"name\":null,\"when\":{\"$date\":\"2026-01-02T03:04:05Z\"}}\n"

static void make_store(void)
{
    kxt_write_file(kxt_path("users.jsonl"), USERS);
    kxt_write_file(kxt_path("schema"),
                   "{\"collection\":\"users\",\"indexes\":[{\"paths\":\"name\",\"unique\":true}],\"relations\":[{\"name\":\"orders\","
                   "\"kind\":\"related_set\",\"target\":\"orders\",\"foreign_key\":\"user_id\",\"local_field\":\"name\"}]}\n"
                   "{\"collection\":\"orders\",\"fields\":[{\"path\":\"status\",\"type\":\"text\",\"optional\":true,\"initial\":\"new\"}]}\n");
    expect(0, NULL, NULL, "kx-load s.kx --schema schema users.jsonl");
}

/* ---- commands ------------------------------------------------------------------------------- */

START_TEST(info_is_one_object_with_stable_names)
{
    char *out;

    make_store();
    out = run(NULL, "kx-inspect s.kx").out;
    expect_line(out, "{\"path\":\"");
    expect_line(out, "/s.kx\",\"format\":1,\"bytes\":");
    expect_line(out, "\"collections\":[{\"name\":\"users\",\"documents\":3,");
    expect_line(out, "\"indexes\":[{\"paths\":\"name\",\"unique\":true,\"entries\":");
    expect_line(out, "\"relations\":[{\"name\":\"orders\",\"kind\":\"related_set\",\"target\":\"orders\",\"foreign_key\":\"user_id\"}]}");
    ck_assert_str_eq(run(NULL, "kx-inspect --json info s.kx").out, out);
    ck_assert_str_eq(run(NULL, "kx-inspect info s.kx --format json").out, kxt_print("[%.*s]\n", (int)strlen(out) - 1, out));
    expect(0, "users: 3 documents", NULL, "kx-inspect info s.kx --format table");
}
END_TEST

START_TEST(schema_tells_people_what_is_declared)
{
    make_store();
    expect(0, "orders: related_set of orders whose user_id is this name", NULL, "kx-inspect schema s.kx --format table");
    expect(0, "status: text, optional, initially new", NULL, "kx-inspect schema s.kx orders --format table");
    expect(0, "{\"collection\":\"orders\",", NULL, "kx-inspect schema s.kx orders");
    expect(0, "[{\"collection\":\"users\",", NULL, "kx-inspect schema s.kx --format json");
    expect(2, NULL, "no collection 'order'; did you mean 'orders'?", "kx-inspect schema s.kx order");
}
END_TEST

START_TEST(find_takes_a_filter_an_order_and_a_page)
{
    make_store();
    expect_all(USERS, "kx-inspect find s.kx users");
    expect_all("{\"_id\":1,\"name\":\"Ada\",\"age\":36,\"tags\":[\"a\",\"b\"]}\n", "kx-inspect find s.kx users 'age > 20'");
    expect_all("{\"name\":\"Bob\"}\n", "kx-inspect find s.kx users --limit 1 'age <= ?' --order-by age --arg 36 --fields name");
    expect_all("{\"age\":36,\"_id\":1}\n", "kx-inspect find --fields age,_id,none s.kx users 'name == ?' --arg Ada");
    expect_all("{\"address.city\":\"Zürich\"}\n{\"tags[1]\":\"b\"}\n",
               "kx-inspect find s.kx users --fields 'address.city,tags[1]' --order-by -_id --offset 1");
    expect_all("[{\"_id\":2},\n {\"_id\":3}]\n", "kx-inspect find s.kx users --fields _id --offset 1 --format json");
    expect_all("[]\n", "kx-inspect find s.kx users 'age > 99' --format json");
    expect_all("", "kx-inspect find s.kx users 'age > 99'");
}
END_TEST

/* The library's own tests hold the language; here: all of it arrives there, and so do the arguments. */
START_TEST(a_filter_is_the_whole_language)
{
    static const char *const cases[][2] = {
        {"'age between ? and ? or name is null' --arg 30 --arg 40", "1 3"},
        {"'not (age > 25 or name == \"Bob\")'", "3"},
        {"'tags contains \"a\" or address.city starts with \"Z\"'", "1 2"},
        {"'len(tags) == 2 and lower(name) like \"a%\"'", "1"},
        {"'name not in [\"Ada\", ?]' --arg nobody", "2"},
        {"'name in ?' --arg '[\"Ada\", \"B\\u006fb\", 5, null]'", "1 2 3"},
        {"'name in ? or age == ?' --arg '[]' --arg 20", "2"},
        {"'not name in ?' --arg '[ \"Ada\" ]'", "2 3"},
        {"'name == ? or age == 20' --arg '[Ada]'", "2"},
        {"'tags == ? or age == 20' --arg '[[1]]'", "2"},
        {"'when < now() - 1h and when exists'", "3"},
    };

    make_store();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *ids = cases[i][1];
        char       *out = kxt_print("%40s", ""), *at = out;

        for (; *ids != '\0'; ids++)
            if (*ids != ' ')
                at += sprintf(at, "{\"_id\":%c}\n", *ids);
        *at = '\0';
        expect_all(out, kxt_print("kx-inspect find s.kx users --fields _id %s", cases[i][0]));
        expect_all(kxt_print("%zu\n", (strlen(cases[i][1]) + 1) / 2), kxt_print("kx-inspect count s.kx users %s", cases[i][0]));
    }
    expect(2, "", "filter:8: age: '==' takes one value, not", "kx-inspect find s.kx users 'age == ? or name' --arg '[1]'");
    expect(2, "", "filter:21: more ? than arguments, of which there are 1",
           "kx-inspect find s.kx users 'name == ? or age == ?' --arg Ada");
    expect(2, "", "filter: 1 ? for 2 arguments", "kx-inspect count s.kx users 'age == ?' --arg 1 --arg 2");
    expect(2, "", "filter:7: expected an operator", "kx-inspect count s.kx users '(name 5'");
}
END_TEST

START_TEST(get_takes_an_id_or_a_value)
{
    make_store();
    expect_all("{\"_id\":2,\"name\":\"Bob\",\"age\":20,\"address\":{\"city\":\"Zürich\"}}\n", "kx-inspect get s.kx users 2");
    expect_all("{\"name\":\"Bob\"}\n", "kx-inspect get s.kx users age=20 --fields name");
    expect_all("{\"_id\":1}\n", "kx-inspect get s.kx users name=Ada --fields _id");
    expect_all("{\"_id\":1}\n", "kx-inspect get s.kx users 'name=\"Ada\"' --fields _id");
    expect_all("{\"_id\":2}\n", "kx-inspect get s.kx users address.city=Zürich --fields _id");
    expect(0, "", "users has no document 9", "kx-inspect get s.kx users 9");
    expect(1, "", "users has no document 9", "kx-inspect get -e s.kx users 9");
    expect(2, "", "get takes a number or PATH=VALUE", "kx-inspect get s.kx users Ada");
}
END_TEST

START_TEST(count_is_a_number)
{
    make_store();
    expect_all("3\n", "kx-inspect count s.kx users");
    expect_all("1\n", "kx-inspect count s.kx users 'age >= 36' --json");
    expect_all("2\n", "kx-inspect count s.kx users --limit 2");
    expect(0, "0\n", "", "kx-inspect count s.kx orders");
    ck_assert_int_eq(run(NULL, "kx-inspect count s.kx orders -e").status, 1);
    ck_assert_int_eq(run(NULL, "kx-inspect find --exit-status s.kx orders").status, 1);
    ck_assert_int_eq(run(NULL, "kx-inspect find --exit-status s.kx users").status, 0);
}
END_TEST

/* ---- explain -------------------------------------------------------------------------------- */

static void make_orders(void)
{
    FILE *file = fopen(kxt_path("orders.jsonl"), "w");

    kxt_write_file(kxt_path("schema"), "{\"collection\":\"users\",\"indexes\":[{\"paths\":\"rank\"}]}\n"
                   "{\"collection\":\"orders\",\"indexes\":[{\"paths\":\"status\"},{\"paths\":\"region\"},{\"paths\":\"number\"}],"
                   "\"relations\":[{\"name\":\"user\",\"kind\":\"foreign_key\",\"target\":\"users\",\"foreign_key\":\"user_id\"}]}\n");
    kxt_write_file(kxt_path("users.jsonl"), "{\"user_id\":1,\"rank\":\"gold\"}\n{\"user_id\":2,\"rank\":\"iron\"}\n");
    ck_assert_ptr_nonnull(file);
    for (unsigned i = 0; i < 2000; i++)
        fprintf(file, "{\"number\":%u,\"status\":%u,\"region\":%u,\"note\":%u,\"user_id\":%u}\n", i, i % 5, i / 5 % 4, i % 7,
                i % 200 == 0 ? 1 : 2);
    fclose(file);
    expect(0, NULL, NULL, "kx-load s.kx --schema schema users.jsonl orders.jsonl");
}

START_TEST(explain_is_one_object_with_stable_names)
{
    char *out;

    make_orders();
    out = run(NULL, "kx-inspect explain s.kx orders 'status == 1 and region == 2 and note == 3'").out;
    expect_line(out, "{\"collection\":\"orders\",\"plan\":\"intersection\",\"index\":\"status\",\"order\":\"index\",\"examined\":100,");
    expect_line(out, "\"returned\":15,");
    expect_line(out, "\"legs\":[{\"plan\":\"index\",\"index\":\"status\",\"count\":400},");
    expect_line(out, "\"checked\":[\"note\"]");
    expect_line(out, "\"rejected\":[{\"plan\":\"scan\",\"index\":null,\"count\":2000,\"reason\":\"reads every document\"}]");
    ck_assert_str_eq(run(NULL, "kx-inspect explain s.kx orders 'status == ? and region == 2 and note == 3' --arg 1 --format json").out,
                     kxt_print("[%.*s]\n", (int)strlen(out) - 1, out));
    expect_line(run(NULL, "kx-inspect explain s.kx orders --order-by -number --limit 3").out,
                "\"plan\":\"index\",\"index\":\"number\",\"order\":\"index\",\"examined\":3,\"returned\":3,");
    expect_line(run(NULL, "kx-inspect explain s.kx orders '_id == 3'").out, "\"plan\":\"primary\",\"index\":null,");
    ck_assert_int_eq(run(NULL, "kx-inspect explain -e s.kx orders 'note > 10'").status, 1);
    expect(2, "", "explain is written as table, jsonl or json", "kx-inspect explain s.kx orders --format csv");
    expect(2, "", "filter:8", "kx-inspect explain s.kx orders 'note > '");
}
END_TEST

START_TEST(explain_tells_people_what_was_read_and_why)
{
    static const char *const parts[] = {"plan      intersection of status\norder     index\nexamined  100 of 2000 documents\nreturned  15\nentries   ",
                                        " (0 for planning), ",
                                        "legs      index of status, 400\n          index of region, 500\nchecked   note\n"
                                        "rejected  scan, 2000: reads every document\n"};

    make_orders();
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
        expect(0, parts[i], "", "kx-inspect explain s.kx orders 'status == 1 and region == 2 and note == 3' --format table");
    expect(0, "rejected  range of number, >=", NULL, "kx-inspect explain s.kx orders 'status == 1 and region == 2 and number >= 0' --format table");
    expect(0, "crossing  user.rank, from the far end, 10\n", NULL,
           "kx-inspect explain s.kx orders \"user.rank == 'gold' and note == 3\" --format table");
}
END_TEST

/* ---- totals and groups -------------------------------------------------------------------------- */

static void make_shop(void)
{
    kxt_write_file(kxt_path("users.jsonl"), "{\"user_id\":1,\"age\":30,\"city\":\"Bern\"}\n{\"user_id\":2,\"age\":40}\n");
    kxt_write_file(kxt_path("orders.jsonl"), "{\"user_id\":1,\"amount\":5}\n{\"user_id\":1,\"amount\":2.5}\n"
                                             "{\"user_id\":2,\"amount\":\"?\"}\n{\"user_id\":2,\"amount\":9223372036854775807}\n");
    kxt_write_file(kxt_path("schema"),
                   "{\"collection\":\"users\",\"indexes\":[{\"paths\":\"user_id\",\"unique\":true}]}\n"
                   "{\"collection\":\"orders\",\"relations\":[{\"name\":\"user\",\"kind\":\"foreign_key\",\"target\":\"users\","
                   "\"foreign_key\":\"user_id\",\"reverse\":\"orders\"}]}\n");
    expect(0, NULL, NULL, "kx-load s.kx --schema schema users.jsonl orders.jsonl");
}

START_TEST(totals_are_numbers)
{
    make_shop();
    expect_all("7.5\n", "kx-inspect sum s.kx orders amount 'user_id == 1'");
    expect_all("2.5\n", "kx-inspect min s.kx orders amount");
    expect_all("9223372036854775807\n", "kx-inspect max s.kx orders amount");
    expect_all("3.75\n", "kx-inspect avg s.kx orders amount --arg 1 'user_id == ?'");
    expect_all("[35.0]\n", "kx-inspect avg s.kx orders user.age --format json");
    expect_all("7.5\n", "kx-inspect sum s.kx users orders.amount 'age < 40'");
    expect_all("5\n", "kx-inspect sum s.kx orders amount --order-by -amount 'amount < 100' --limit 1");
    expect_all("0\n", "kx-inspect sum s.kx orders nothing");
    expect_all("null\n", "kx-inspect max s.kx orders nothing");
    kxt_write_file(kxt_path("big.jsonl"), "{\"n\":9223372036854775807}\n{\"n\":9223372036854775807}\n");
    expect(0, NULL, NULL, "kx-load s.kx big.jsonl");
    expect_all("18446744073709551614\n", "kx-inspect sum s.kx big n");
    ck_assert_int_eq(run(NULL, "kx-inspect sum -e s.kx orders amount 'amount > 5' --limit 1").status, 0);
    ck_assert_int_eq(run(NULL, "kx-inspect sum -e s.kx orders amount 'user_id == 3'").status, 1);
    expect(2, "", "sum takes STORE COLLECTION PATH [FILTER]", "kx-inspect sum s.kx orders");
    expect(2, "", "a relation is no number", "kx-inspect sum s.kx orders user");
    expect(2, "", "no collection 'order'", "kx-inspect avg s.kx order amount");
}
END_TEST

START_TEST(groups_are_rows_in_every_format)
{
    make_shop();
    expect_all("{\"user_id\":1,\"count\":2}\n{\"user_id\":2,\"count\":2}\n", "kx-inspect group s.kx orders user_id");
    expect_all("{\"user_id\":2,\"count\":2,\"sum\":9223372036854775807}\n{\"user_id\":1,\"count\":2,\"sum\":7.5}\n",
               "kx-inspect group s.kx orders --sum amount -- -user_id");
    expect_all("{\"user.city\":null,\"user_id\":2,\"count\":1}\n{\"user.city\":\"Bern\",\"user_id\":1,\"count\":2}\n",
               "kx-inspect group s.kx orders user.city,user_id 'amount != ?' --arg '\"?\"'");
    expect_all("city,count,sum\r\n,1,40\r\nBern,1,30\r\n", "kx-inspect group s.kx users city --sum age --format csv");
    expect_all("age  count\n 30      1\n 40      1\n", "kx-inspect group s.kx users age --format table");
    expect_all("[{\"age\":30,\"count\":1},\n {\"age\":40,\"count\":1}]\n", "kx-inspect group s.kx users age --format json");
    expect(0, "82 a3 61 67 65 1e a5 63 6f 75 6e 74 01 82", NULL, "kx-inspect group s.kx users age --format msgpack | od -An -tx1");
    expect_all("", "kx-inspect group s.kx users age 'age > 99'");
    ck_assert_int_eq(run(NULL, "kx-inspect group -e s.kx users age 'age > 99'").status, 1);
    expect(2, "", "'count' cannot be told from the number of that name", "kx-inspect group s.kx users age,count");
    expect(2, "", "a path with [] is many values", "kx-inspect group s.kx users 'tags[]'");
    expect(2, "", "--limit does not go with 'group'", "kx-inspect group s.kx users age --limit 1");
}
END_TEST

/* ---- formats ------------------------------------------------------------------------------------ */

START_TEST(csv_names_every_column_first)
{
    make_store();
    expect_all("_id,name,age,tags,address,when\r\n"
               "1,Ada,36,\"[\"\"a\"\",\"\"b\"\"]\",,\r\n"
               "2,Bob,20,,\"{\"\"city\"\":\"\"Zürich\"\"}\",\r\n"
               "3,,,,,2026-01-02T03:04:05Z\r\n", "kx-inspect find s.kx users --format csv");
    expect_all("name\taddress.city\nAda\t\nBob\tZürich\n\t\n", "kx-inspect find s.kx users --format tsv --fields name,address.city");
    kxt_write_file(kxt_path("odd.jsonl"), "{\"a\":\"x\\ty\\\\z\\n\",\"b\":\"\"}\n{\"a\":\"1,2\",\"b\":null}\n");
    expect(0, NULL, NULL, "kx-load s.kx odd.jsonl");
    expect_all("_id\ta\tb\n1\tx\\ty\\\\z\\n\t\n2\t1,2\t\n", "kx-inspect find s.kx odd --format tsv");
    expect_all("_id,a,b\r\n1,\"x\ty\\z\n\",\"\"\r\n2,\"1,2\",\r\n", "kx-inspect find s.kx odd --format csv");
}
END_TEST

START_TEST(msgpack_is_maps_one_behind_the_other)
{
    make_store();
    kxt_write_file(kxt_path("t.jsonl"), "{\"_id\":1000,\"a\":1}\n");
    expect(0, NULL, NULL, "kx-load s.kx t.jsonl");
    expect(0, "82 a3 5f 69 64 cd 03 e8 a1 61 01\n", NULL, "kx-inspect find s.kx t --format msgpack | od -An -tx1 | sed 's/^ //'");
}
END_TEST

START_TEST(a_table_fits_the_terminal)
{
    make_store();
    expect_all("_id  name  age  tags       address            when\n"
               "  1  Ada    36  [\"a\",\"b\"]\n"
               "  2  Bob    20             {\"city\":\"Zürich\"}\n"
               "  3                                           2026-01-02T03:04:05Z\n",
               "COLUMNS=80 kx-inspect find s.kx users --format table");
    expect_all("_id  name  age  tags      address    when\n"
               "  1  Ada    36  [\"a\",\"b…\n"
               "  2  Bob    20            {\"city\":…\n"
               "  3                                  2026-01-…\n",
               "COLUMNS=46 kx-inspect find s.kx users --format table");
    expect_all("_id   1\nname  Ada\nage   36\ntags  [\"a\",\"b\"]\n\n"
               "_id      2\nname     Bob\nage      20\naddress  {\"city\":\"Z…\n\n"
               "_id   3\nwhen  2026-01-02T03…\n",
               "COLUMNS=20 kx-inspect find s.kx users --format table");
}
END_TEST

START_TEST(a_table_counts_wide_characters_and_obeys_nothing)
{
    kxt_write_file(kxt_path("x.jsonl"),
                   "{\"a\":\"漢字\",\"b\":1}\n{\"a\":\"e\xcc\x81\",\"b\":2}\n{\"a\":\"\\u001b[2J\\u202e\\u009b\",\"b\":3}\n");
    expect(0, NULL, NULL, "kx-load s.kx x.jsonl");
    expect_all("_id  a                  b\n"
               "  1  漢字               1\n"
               "  2  e\xcc\x81                  2\n"
               "  3  \\x1b[2J\\u202e\\x9b  3\n", "COLUMNS=60 kx-inspect find s.kx x --format table");
    expect(2, NULL, "\\x1b[2J", "kx-inspect find s.kx \"$(printf '\\033[2J')\"");
}
END_TEST

START_TEST(a_long_table_is_printed_in_parts)
{
    expect(0, NULL, NULL, "seq 250 | sed 's/.*/{\"n\":&}/' | kx-load s.kx --into x");
    ck_assert_uint_eq(lines_of(run(NULL, "kx-inspect find s.kx x --format table").out), 250 + 3 + 2);
}
END_TEST

/* ---- output ---------------------------------------------------------------------------------------- */

START_TEST(a_file_is_written_beside_and_renamed)
{
    struct stat before, after;

    make_store();
    expect(0, "", "", "echo old > out; ln -s out link; kx-inspect find s.kx users -o link");
    ck_assert_str_eq(kxt_read_file(kxt_path("out"), NULL), USERS);
    ck_assert_int_eq(lstat(kxt_path("link"), &before), 0);
    ck_assert(S_ISLNK(before.st_mode));
    ck_assert_int_eq(stat(kxt_path("out"), &before), 0);
    expect(2, "", "no collection", "kx-inspect find s.kx nothing -o out");
    ck_assert_int_eq(stat(kxt_path("out"), &after), 0);
    ck_assert_uint_eq(before.st_ino, after.st_ino);
    ck_assert_ptr_null(strstr(run(NULL, "ls -A").out, ".tmp-"));
    expect(2, "", "is the store that is read", "kx-inspect dump s.kx -o s.kx");
    expect(2, "", "is a folder", "kx-inspect dump s.kx -o .");
    expect(3, "", "no file can be made beside it", "kx-inspect dump s.kx -o none/out");
    expect(0, "3\n", "", "ln -s /proc/self/fd/1 mine; kx-inspect count s.kx users -o mine");
    expect(0, "3\n", "", "kx-inspect count s.kx users -o mine | cat; test -h mine");
    expect(0, "3\n", "", "ln -s new away; kx-inspect count s.kx users -o away; test -h away && cat new");
}
END_TEST

START_TEST(a_full_device_is_an_error)
{
    static const char *const lines[] = {
        "kx-inspect dump s.kx > /dev/full", "kx-inspect count s.kx users > /dev/full", "kx-inspect s.kx > /dev/full",
        "kx-inspect find s.kx users --format csv -o /dev/full", "kx-inspect --help > /dev/full", "kx-load -V > /dev/full",
        "kx-inspect count s.kx users >&-",
    };

    make_store();
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        expect(3, "", lines[i][strlen(lines[i]) - 1] == '-' ? "Bad file descriptor" : "No space left on device", "%s", lines[i]);
}
END_TEST

START_TEST(a_reader_that_leaves_early_is_no_error_message)
{
    expect(0, NULL, NULL, "seq 30000 | sed 's/.*/{\"n\":&}/' | kx-load s.kx --into x");
    expect(0, "{\"_id\":1,\"n\":1}\n", "", "kx-inspect find s.kx x | head -n 1");
    expect(0, "30000\n", "", "kx-inspect count s.kx x");
}
END_TEST

START_TEST(closed_streams_never_get_into_the_store)
{
    make_store();
    run(NULL, "kx-load s.kx users.jsonl <&- >&- 2>&-");
    run(NULL, "kx-inspect dump s.kx <&- >&- 2>&-");
    expect_all(USERS, "kx-inspect find s.kx users");
    expect(0, NULL, NULL, "kx-load t.kx users.jsonl <&- >&- 2>&-; kx-inspect find t.kx users | cmp - users.jsonl");
}
END_TEST

/* ---- the command line ----------------------------------------------------------------------------------- */

START_TEST(wrong_usage_is_one_line_and_status_2)
{
    static const char *const cases[][2] = {
        {"kx-inspect", "missing"},
        {"kx-inspect info", "info: the store is missing"},
        {"kx-inspect infp s.kx", "did you mean 'info'?"},
        {"kx-inspect inspect s.kx", "unknown command 'inspect'"},
        {"kx-inspect explain s.kx users --fields a", "--fields does not go with 'explain'"},
        {"kx-inspect explain s.kx users --format csv", "explain is written as"},
        {"kx-inspect check s.kx", "'check' is not in this version"},
        {"kx-inspect find s.kx", "find takes STORE COLLECTION"},
        {"kx-inspect info s.kx users", "info takes STORE"},
        {"kx-inspect count s.kx users 'a == 1' x", "count takes"},
        {"kx-inspect find s.kx users --limit x", "--limit takes a number"},
        {"kx-inspect find s.kx users --limit -1", "--limit takes a number"},
        {"kx-inspect find s.kx users --limit", "--limit needs an argument"},
        {"kx-inspect find s.kx users --limt 5", "did you mean --limit?"},
        {"kx-inspect find s.kx users --snapshot", "--snapshot is not in this version"},
        {"kx-inspect find s.kx users --prefetch", "--prefetch needs an argument"},
        {"kx-inspect info s.kx --after x", "--after does not go with 'info'"},
        {"kx-inspect find s.kx users --json=1", "--json takes no argument"},
        {"kx-inspect find s.kx users -x", "unknown option -x"},
        {"kx-inspect find s.kx users --format xml", "'xml' is not known"},
        {"kx-inspect find s.kx users --format dump", "no --format dump"},
        {"kx-inspect info s.kx --format csv", "table, jsonl or json"},
        {"kx-inspect info s.kx --limit 1", "--limit does not go with 'info'"},
        {"kx-inspect dump s.kx -e", "--exit-status does not go with 'dump'"},
        {"kx-inspect dump s.kx --color=always", "not in this version"},
        {"kx-inspect dump s.kx -f", "-o FILE"},
        {"kx-inspect find s.kx users 'age >'", "filter:6: "},
        {"kx-inspect find s.kx users 'age > ?'", "filter:"},
        {"kx-inspect find s.kx users --order-by '['", "'['"},
        {"kx-inspect find s.kx users --fields 'a['", "'a['"},
        {"kx-load", "the store is missing"},
        {"kx-load s.kx --upsert a", "--upsert is not in this version"},
        {"kx-load s.kx --on-conflict=skip", "--on-conflict is not in this version"},
        {"kx-load s.kx --skip-errors x users.jsonl", "--skip-errors is not in this version"},
        {"kx-load s.kx --format csv x", "--format csv is not in this version"},
        {"kx-load s.kx --format jsn x", "did you mean json?"},
        {"kx-load s.kx --sync never users.jsonl", "--sync never is not in this version"},
        {"kx-load s.kx --sync soon users.jsonl", "--sync takes sync or later"},
        {"kx-load s.kx --batch 0 users.jsonl", "--batch takes a number"},
        {"kx-load s.kx --format dump --into x users.jsonl", "--into"},
        {"kx-load s.kx - -", "only once"},
        {"kx-load s.kx -e users.jsonl", "unknown option -e"},
    };

    make_store();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect(2, "", cases[i][1], "%s", cases[i][0]);
    expect_all("3\n", "kx-inspect count s.kx users");
}
END_TEST

START_TEST(options_stand_anywhere_and_two_dashes_end_them)
{
    make_store();
    expect_all("1\n", "kx-inspect --json count --arg 36 s.kx users 'age == ?'");
    expect_all("1\n", "POSIXLY_CORRECT=1 kx-inspect count s.kx users 'age == ?' --arg 36");
    expect(2, "", "no collection '--json'", "kx-inspect count s.kx -- --json");
    expect(0, "usage: kx-inspect", "", "kx-inspect count --help");
    expect(0, "kx-inspect 0.", "", "kx-inspect -V");
    expect(0, "usage: kx-load", "", "kx-load -h");
}
END_TEST

/* ---- beside a writer ---------------------------------------------------------------------------------------- */

START_TEST(a_writer_that_hangs_does_not_matter)
{
    kx_db  *db;
    kx_txn *txn;
    int     ready[2], status;
    pid_t   pid;
    char    byte;

    make_store();
    ck_assert_int_eq(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        if (kx_open(kxt_path("s.kx"), NULL, &db) != KX_OK || kx_txn_begin(db, KX_WRITE, &txn) != KX_OK ||
            kx_insert(txn, "users", "{\"name\":\"Cy\"}", 13, NULL) != KX_OK || write(ready[1], "!", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    ck_assert_int_eq(kill(pid, SIGSTOP), 0);
    expect_all("3\n", "kx-inspect count s.kx users");
    expect_all(USERS, "kx-inspect find s.kx users");
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    expect(0, NULL, NULL, "echo '{\"name\":\"Dan\"}' | kx-load s.kx --into users");
    expect_all("4\n", "kx-inspect count s.kx users");
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("kx-inspect");
    TCase *commands = tcase_create("commands"), *formats = tcase_create("formats"), *output = tcase_create("output");
    TCase *line = tcase_create("command line");

    tcase_add_test(commands, info_is_one_object_with_stable_names);
    tcase_add_test(commands, schema_tells_people_what_is_declared);
    tcase_add_test(commands, find_takes_a_filter_an_order_and_a_page);
    tcase_add_test(commands, a_filter_is_the_whole_language);
    tcase_add_test(commands, get_takes_an_id_or_a_value);
    tcase_add_test(commands, count_is_a_number);
    tcase_add_test(commands, explain_is_one_object_with_stable_names);
    tcase_add_test(commands, explain_tells_people_what_was_read_and_why);
    tcase_add_test(commands, totals_are_numbers);
    tcase_add_test(commands, groups_are_rows_in_every_format);
    tcase_add_test(commands, a_writer_that_hangs_does_not_matter);
    suite_add_tcase(all, commands);
    tcase_add_test(formats, csv_names_every_column_first);
    tcase_add_test(formats, msgpack_is_maps_one_behind_the_other);
    tcase_add_test(formats, a_table_fits_the_terminal);
    tcase_add_test(formats, a_table_counts_wide_characters_and_obeys_nothing);
    tcase_add_test(formats, a_long_table_is_printed_in_parts);
    suite_add_tcase(all, formats);
    tcase_add_test(output, a_file_is_written_beside_and_renamed);
    tcase_add_test(output, a_full_device_is_an_error);
    tcase_add_test(output, a_reader_that_leaves_early_is_no_error_message);
    tcase_add_test(output, closed_streams_never_get_into_the_store);
    suite_add_tcase(all, output);
    tcase_add_test(line, wrong_usage_is_one_line_and_status_2);
    tcase_add_test(line, options_stand_anywhere_and_two_dashes_end_them);
    suite_add_tcase(all, line);
    return all;
}

int main(void)
{
    return kxt_run(suite());
}
