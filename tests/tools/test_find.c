/*
 * test_find.c -- kx-inspect: pages, related documents, every format, and what a delete would do.
 */
#include <stdio.h>
#include <string.h>

#include "tools/tools.h"

#define ORDER_1 "{\"order_id\":1,\"user_id\":1,\"amount\":5}"
#define ORDER_2 "{\"order_id\":2,\"user_id\":1,\"amount\":2.5,\"boss_id\":2}"
#define ORDER_3 "{\"order_id\":3,\"user_id\":2,\"amount\":7,\"at\":{\"$date\":\"2026-01-02T03:04:05.123456789Z\"}}"

/* Items hold orders back, which go with their users; bosses are forgotten. */
static void make_shop(void)
{
    kxt_write_file(kxt_path("schema"),
                   "{\"collection\":\"users\",\"indexes\":[{\"paths\":\"user_id\",\"unique\":true}]}\n"
                   "{\"collection\":\"orders\",\"indexes\":[{\"paths\":\"order_id\",\"primary\":true}],\"relations\":["
                   "{\"name\":\"user\",\"kind\":\"foreign_key\",\"target\":\"users\",\"foreign_key\":\"user_id\",\"reverse\":\"orders\","
                   "\"on_delete\":\"cascade\"},"
                   "{\"name\":\"boss\",\"kind\":\"foreign_key\",\"target\":\"users\",\"foreign_key\":\"boss_id\",\"related_field\":\"user_id\","
                   "\"optional\":true,\"on_delete\":\"set_null\"}]}\n"
                   "{\"collection\":\"items\",\"relations\":[{\"name\":\"order\",\"kind\":\"foreign_key\",\"target\":\"orders\","
                   "\"foreign_key\":\"order_id\",\"on_delete\":\"restrict\"}]}\n");
    kxt_write_file(kxt_path("users.jsonl"), "{\"user_id\":1,\"age\":30}\n{\"user_id\":2,\"age\":40}\n{\"user_id\":3}\n");
    kxt_write_file(kxt_path("orders.jsonl"), ORDER_1 "\n" ORDER_2 "\n" ORDER_3 "\n");
    kxt_write_file(kxt_path("items.jsonl"), "{\"order_id\":2}\n");
    expect(0, NULL, NULL, "kx-load s.kx --schema schema users.jsonl orders.jsonl items.jsonl");
}

/* ---- pages ------------------------------------------------------------------------------------- */

/* What stderr tells to go on with; NULL: nothing. */
static const char *token_in(const char *text)
{
    const char *found = strstr(text, "--after ");

    return found == NULL ? NULL : kxt_print("%.*s", (int)strcspn(found + 8, " ,\n"), found + 8);
}

START_TEST(pages_are_the_whole_answer_once)
{
    static const char *const formats[] = {"jsonl", "csv"};

    expect(0, NULL, NULL, "seq 100 | sed 's/.*/{\"n\":&,\"m\":1}/' | kx-load s.kx --into x");
    for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
        const char *all = "", *after = "", *token;
        unsigned    pages = 0;

        do {
            ended end = run(NULL, "kx-inspect find s.kx x 'n > 9' --order-by m,-n --limit 13 --format %s %s | sed '/^[^0-9{]/d'",
                            formats[i], after);
            ck_assert_int_eq(end.status, 0);
            all = kxt_print("%s%s", all, end.out);
            token = token_in(end.err);
            after = token == NULL ? "" : kxt_print("--after %s", token);
            pages++;
        } while (token != NULL);
        ck_assert_uint_eq(pages, 7);         /* 91 documents: the last page is full, and known to be the last */
        ck_assert_str_eq(run(NULL, "kx-inspect find s.kx x 'n > 9' --order-by m,-n --format %s | sed '/^[^0-9{]/d'", formats[i]).out, all);
    }
}
END_TEST

START_TEST(a_page_that_was_cut_says_how_to_go_on)
{
    const char *token;

    make_shop();
    expect(0, "", "there are more; the next page: --after ", "kx-inspect find s.kx orders --limit 1 >/dev/null");
    ck_assert_str_eq(run(NULL, "kx-inspect find s.kx orders --limit 3").err, "");
    ck_assert_str_eq(run(NULL, "kx-inspect find s.kx orders --limit 3 --offset 1").err, "");
    ck_assert_str_eq(run(NULL, "kx-inspect find s.kx orders --limit 1 -q").err, "");
    ck_assert_str_eq(run(NULL, "kx-inspect find s.kx orders --limit 18446744073709551615").err, "");
    ck_assert_str_eq(run(NULL, "kx-inspect get s.kx orders user_id=1").err, "");
    expect(0, NULL, ", without --offset", "kx-inspect find s.kx orders --limit 1 --offset 1");
    token = token_in(run(NULL, "kx-inspect find s.kx orders --limit 1 --order-by -amount --format csv").err);
    ck_assert_ptr_nonnull(token);
    expect_all("2\n", kxt_print("kx-inspect count s.kx orders --order-by -amount --after %s", token));
    expect_all("7.5\n", kxt_print("kx-inspect sum s.kx orders amount --order-by -amount --after %s", token));
    expect(0, "\"returned\":2", NULL, "kx-inspect explain s.kx orders --order-by -amount --after %s", token);
    expect_all("{\"_id\":2}\n", kxt_print("kx-inspect find s.kx orders --order-by -amount --after %s --offset 1 --fields _id", token));
    expect(2, "", "token of another query", "kx-inspect find s.kx orders --after %s", token);
    expect(2, "", "token of another query", "kx-inspect find s.kx orders 'amount > 1' --order-by -amount --after %s", token);
    expect(2, "", "s.kx: ", "kx-inspect find s.kx orders --after 'no token'");
}
END_TEST

/* ---- related documents --------------------------------------------------------------------------- */

START_TEST(prefetched_documents_stand_under_their_relation)
{
    make_shop();
    expect_all("{\"_id\":1,\"user_id\":1,\"age\":30,\"orders\":[" ORDER_1 "," ORDER_2 "]}\n"
               "{\"_id\":2,\"user_id\":2,\"age\":40,\"orders\":[" ORDER_3 "]}\n"
               "{\"_id\":3,\"user_id\":3,\"orders\":[]}\n", "kx-inspect find s.kx users --prefetch orders");
    expect_all("{\"_id\":1,\"order_id\":1,\"user_id\":1,\"amount\":5,\"boss\":null}\n"
               "{\"_id\":2,\"order_id\":2,\"user_id\":1,\"amount\":2.5,\"boss_id\":2,\"boss\":{\"user_id\":2,\"age\":40,\"orders\":["
               ORDER_3 "]}}\n", "kx-inspect find s.kx orders 'user_id == 1' --prefetch boss.orders");
    expect_all("[{\"_id\":3,\"user_id\":3,\"orders\":[]}]\n", "kx-inspect get s.kx users user_id=3 --prefetch orders --format json");
    expect_all("_id,user_id,age,orders\r\n2,2,40,\"[{\"\"order_id\"\":3,\"\"user_id\"\":2,\"\"amount\"\":7,"
               "\"\"at\"\":{\"\"$date\"\":\"\"2026-01-02T03:04:05.123456789Z\"\"}}]\"\r\n3,3,,[]\r\n",
               "kx-inspect find s.kx users 'user_id > 1' --prefetch orders --format csv");
    expect(2, "", "users has no relation 'order'", "kx-inspect find s.kx users --prefetch order");
    expect(2, "", "orders has no relation 'items'", "kx-inspect find s.kx users --prefetch orders.items");
    expect(2, "", "--prefetch does not go with 'count'", "kx-inspect count s.kx users --prefetch orders");
}
END_TEST

START_TEST(fields_reach_into_prefetched_documents)
{
    make_shop();
    expect_all("{\"user.age\":30,\"_id\":1,\"boss\":null}\n"
               "{\"user.age\":30,\"_id\":2,\"boss\":{\"user_id\":2,\"age\":40}}\n"
               "{\"user.age\":40,\"_id\":3,\"boss\":null}\n",
               "kx-inspect find s.kx orders --prefetch user,boss --fields user.age,_id,boss");
    expect_all("orders[1].amount,_id\r\n2.5,1\r\n,2\r\n,3\r\n",
               "kx-inspect find s.kx users --prefetch orders --fields 'orders[1].amount,_id' --format csv");
    expect_all("_id  user.age\n  3        40\n", "kx-inspect get s.kx orders 3 --prefetch user --fields _id,user.age --format table");
    expect_all("{\"_id\":3,\"amount\":7}\n", "kx-inspect get s.kx orders 3 --fields ' _id , amount '");
    expect_all("{}\n", "kx-inspect get s.kx orders 3 --fields user.age,none");
    expect_all("none,user.age\r\n,\r\n", "kx-inspect get s.kx orders 3 --fields none,user.age --format csv");
}
END_TEST

/* ---- formats ----------------------------------------------------------------------------------------- */

#define HEX " | od -An -v -tx1 | tr -d ' \\n'"

START_TEST(msgpack_is_the_same_documents)
{
    make_shop();
    /* {"_id":3,"at":2026-01-02T03:04:05.123456789Z,"user.age":40}: `_id` first, wherever it was asked for */
    expect_all("83a35f696403a26174d7ff1d6f34546957" "35a5a8757365722e61676528",
               "kx-inspect get s.kx orders 3 --prefetch user --fields at,_id,user.age --format msgpack" HEX);
    expect_all("81a6616d6f756e7405" "80", "kx-inspect find s.kx orders 'order_id != 2' --format msgpack --fields amount"
               " | head -c 9" HEX "; kx-inspect get s.kx orders 3 --fields none --format msgpack" HEX);
    expect_all("83a35f696403a7757365725f696403a66f726465727390", "kx-inspect get s.kx users 3 --prefetch orders --format msgpack" HEX);
}
END_TEST

START_TEST(a_number_has_every_format)
{
    make_shop();
    expect_all("3\n", "kx-inspect count s.kx orders --format table");
    expect_all("[3]\n", "kx-inspect count s.kx orders --format json");
    expect_all("count\r\n3\r\n", "kx-inspect count s.kx orders --format csv");
    expect_all("avg\n3.75\n", "kx-inspect avg s.kx orders amount 'user_id == ?' --arg 1 --format tsv");
    expect_all("max\r\n\r\n", "kx-inspect max s.kx orders none --format csv");
    expect_all("81a5636f756e7403", "kx-inspect count s.kx orders --format msgpack" HEX);
    expect_all("81a36d6178c0", "kx-inspect max s.kx orders none --format msgpack" HEX);
    expect(2, "", "no --format dump", "kx-inspect count s.kx orders --format dump");
}
END_TEST

/* ---- what a delete would do --------------------------------------------------------------------------- */

START_TEST(a_plan_tells_people_what_would_go_and_why_not)
{
    make_shop();
    expect_all("delete      1 document of users\n"
               "delete      1 document of orders, for orders.user\n"
               "set null    1 document of orders, for orders.boss\n", "kx-inspect plan s.kx users 'user_id == 2' --format table");
    expect_all("delete      1 document of users\n"
               "delete      2 documents of orders, for orders.user\n"
               "blocked by  items 1, for items.order (restrict): users 1 <- orders.user 2 <- items.order 1\n"
               "refused     1 document stands in the way: nothing would change\n",
               "kx-inspect plan s.kx users 'age < ?' --arg 40 --format table");
    expect_all("nothing matches: nothing would change\n", "kx-inspect plan s.kx users 'age < 4' --format table");
    expect_all(ORDER_1 "\n" ORDER_2 "\n" ORDER_3 "\n", "kx-inspect find s.kx orders | sed 's/\"_id\":.,//'");
}
END_TEST

START_TEST(a_plan_is_one_object)
{
    static const char blocked[] =
        "{\"collection\":\"users\",\"documents\":1,\"steps\":[{\"collection\":\"users\",\"action\":\"cascade\",\"relation\":null,"
        "\"documents\":1},{\"collection\":\"orders\",\"action\":\"cascade\",\"relation\":\"orders.user\",\"documents\":2}],"
        "\"blockers\":[{\"collection\":\"items\",\"id\":1,\"relation\":\"items.order\",\"action\":\"restrict\","
        "\"path\":\"users 1 <- orders.user 2 <- items.order 1\"}]}";

    make_shop();
    expect_all(kxt_print("%s\n", blocked), "kx-inspect plan s.kx users 'user_id == 1'");
    expect_all(kxt_print("[%s]\n", blocked), "kx-inspect plan s.kx users --order-by user_id --limit 1 'user_id exists' --format json");
    ck_assert_int_eq(run(NULL, "kx-inspect plan -e s.kx users 'user_id == 1'").status, 1);
    ck_assert_int_eq(run(NULL, "kx-inspect plan -e s.kx users 'user_id == 2'").status, 0);
    ck_assert_int_eq(run(NULL, "kx-inspect plan -e s.kx users 'user_id == 9'").status, 1);
    ck_assert_int_eq(run(NULL, "kx-inspect plan s.kx users 'user_id == 9'").status, 0);
    expect(2, "", "plan takes STORE COLLECTION FILTER", "kx-inspect plan s.kx users");
    expect(2, "", "plan is written as table, jsonl or json", "kx-inspect plan s.kx users 'age > 1' --format csv");
    expect(2, "", "did you mean 'users'?", "kx-inspect plan s.kx user 'age > 1'");
    expect(2, "", "filter:7", "kx-inspect plan s.kx users 'age > '");
}
END_TEST

/* ---- wrong inputs --------------------------------------------------------------------------------------- */

START_TEST(a_full_device_is_an_error_of_every_command)
{
    static const char *const lines[] = {
        "find s.kx users --prefetch orders", "find s.kx users --fields _id --format msgpack", "find s.kx users --limit 1 -q",
        "get s.kx users 1 --prefetch orders", "count s.kx users --format csv", "plan s.kx users 'age > 1'",
        "plan s.kx users 'age > 1' --format table",
    };

    make_shop();
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
        expect(3, "", "No space left on device", "kx-inspect %s > /dev/full", lines[i]);
}
END_TEST

START_TEST(a_field_that_is_no_path_is_wrong_usage_whatever_is_found)
{
    make_shop();
    expect(2, "", "'a['", "kx-inspect find s.kx users --fields _id,'a['");
    expect(2, "", "'a['", "kx-inspect find s.kx users 'age > 99' --fields _id,'a['");
    expect(2, "", "'a['", "kx-inspect get s.kx users 9 -q --fields 'a[' --format csv");
    expect(2, "", "--fields '_id,,age': a path is missing", "kx-inspect find s.kx users --fields _id,,age");
    expect(2, "", "a path is missing", "kx-inspect find s.kx users --fields ''");
    ck_assert_str_eq(run(NULL, "kx-inspect find s.kx users 'age > 99' --fields 'a[' --format json").out, "");
    ck_assert_str_eq(run(NULL, "kx-inspect find s.kx users --prefetch none --format json").out, "");
    expect_all("[]\n", "kx-inspect find s.kx users 'age > 99' --fields a --format json");
    expect_all("a,b\r\n", "kx-inspect find s.kx users 'age > 99' --fields a,b --format csv");
}
END_TEST

START_TEST(what_asks_for_too_much_is_wrong_usage)
{
    make_shop();
    expect(2, "", "deeper than 64 relations",
           "kx-inspect find s.kx users --prefetch orders$(for i in $(seq 40); do printf .user.orders; done)");
    expect(2, "", "16", "kx-inspect count s.kx users orders$(for i in $(seq 10); do printf .user.orders; done).amount=1");
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("kx-inspect find");
    TCase *pages = tcase_create("pages"), *related = tcase_create("related"), *formats = tcase_create("formats");
    TCase *plans = tcase_create("plans"), *wrong = tcase_create("wrong inputs");

    tcase_add_test(pages, pages_are_the_whole_answer_once);
    tcase_add_test(pages, a_page_that_was_cut_says_how_to_go_on);
    suite_add_tcase(all, pages);
    tcase_add_test(related, prefetched_documents_stand_under_their_relation);
    tcase_add_test(related, fields_reach_into_prefetched_documents);
    suite_add_tcase(all, related);
    tcase_add_test(formats, msgpack_is_the_same_documents);
    tcase_add_test(formats, a_number_has_every_format);
    suite_add_tcase(all, formats);
    tcase_add_test(plans, a_plan_tells_people_what_would_go_and_why_not);
    tcase_add_test(plans, a_plan_is_one_object);
    suite_add_tcase(all, plans);
    tcase_add_test(wrong, a_full_device_is_an_error_of_every_command);
    tcase_add_test(wrong, a_field_that_is_no_path_is_wrong_usage_whatever_is_found);
    tcase_add_test(wrong, what_asks_for_too_much_is_wrong_usage);
    suite_add_tcase(all, wrong);
    return all;
}

int main(void)
{
    return kxt_run(suite());
}
