/*
 * test_draw.c -- kx-inspect tree and graph: what relates to what, drawn.
 */
#include <stdio.h>
#include <string.h>

#include "tools/tools.h"

/* Every kind of relation; the user of order 4 is not there. */
static void make_shop(void)
{
    kxt_write_file(kxt_path("schema"),
                   "{\"collection\":\"users\",\"fields\":[{\"path\":\"user_id\",\"type\":\"int\"}],\"indexes\":[{\"paths\":\"user_id\","
                   "\"unique\":true}]}\n"
                   "{\"collection\":\"orders\",\"indexes\":[{\"paths\":\"order_id\",\"primary\":true}],\"relations\":["
                   "{\"name\":\"user\",\"kind\":\"foreign_key\",\"target\":\"users\",\"foreign_key\":\"user_id\",\"reverse\":\"orders\","
                   "\"optional\":true,\"on_delete\":\"set_null\"},"
                   "{\"name\":\"tags\",\"kind\":\"many_to_many\",\"target\":\"tags\",\"through\":\"taggings\",\"local_field\":\"order_id\","
                   "\"related_field\":\"tag_id\"}]}\n"
                   "{\"collection\":\"cards\",\"relations\":[{\"name\":\"owner\",\"kind\":\"one_to_one\",\"target\":\"users\","
                   "\"foreign_key\":\"user_id\",\"reverse\":\"card\",\"on_delete\":\"cascade\"}]}\n"
                   "{\"collection\":\"tags\",\"indexes\":[{\"paths\":\"tag_id\",\"unique\":true}],\"relations\":["
                   "{\"name\":\"orders\",\"kind\":\"many_to_many\",\"target\":\"orders\",\"through\":\"taggings\",\"local_field\":\"tag_id\","
                   "\"related_field\":\"order_id\"}]}\n"
                   "{\"collection\":\"taggings\"}\n");
    kxt_write_file(kxt_path("users.jsonl"), "{\"user_id\":1,\"name\":\"Ada\"}\n{\"user_id\":2,\"name\":\"\\u001b[2J\"}\n");
    kxt_write_file(kxt_path("orders.jsonl"), "{\"order_id\":1,\"user_id\":1}\n{\"order_id\":2,\"user_id\":1}\n{\"order_id\":3}\n"
                                             "{\"order_id\":4,\"user_id\":9}\n");
    kxt_write_file(kxt_path("cards.jsonl"), "{\"user_id\":1}\n");
    kxt_write_file(kxt_path("tags.jsonl"), "{\"tag_id\":7}\n");
    kxt_write_file(kxt_path("taggings.jsonl"), "{\"order_id\":2,\"tag_id\":7}\n");
    expect(0, NULL, NULL, "kx-load s.kx --schema schema users.jsonl orders.jsonl cards.jsonl tags.jsonl taggings.jsonl");
}

/* ---- tree -------------------------------------------------------------------------------------- */

START_TEST(a_tree_shows_what_each_relation_leads_to)
{
    make_shop();
    expect_all("users 1  {\"user_id\":1,\"name\":\"Ada\"}\n"
               "├─ orders: 2 of orders\n"
               "│  ├─ orders 1  {\"order_id\":1,\"user_id\":1}\n"
               "│  │  └─ tags: 0 of tags\n"
               "│  └─ orders 2  {\"order_id\":2,\"user_id\":1}\n"
               "│     └─ tags: 1 of tags\n"
               "│        └─ tags 1  {\"tag_id\":7}\n"
               "└─ card: cards 1  {\"user_id\":1}\n", "kx-inspect tree s.kx users 1");
    expect_all("orders 2  {\"order_id\":2,\"user_id\":1}\n"
               "├─ user: users 1  {\"user_id\":1,\"name\":\"Ada\"}\n"
               "│  ├─ orders: 2 of orders\n"
               "│  │  ├─ orders 1  {\"order_id\":1,\"user_id\":1}\n"
               "│  │  └─ orders 2, above\n"
               "│  └─ card: cards 1  {\"user_id\":1}\n"
               "└─ tags: 1 of tags\n"
               "   └─ tags 1  {\"tag_id\":7}\n"
               "      └─ orders: 1 of orders\n"
               "         └─ orders 2, above\n", "kx-inspect tree s.kx orders 2");
    expect_all("cards 1  {\"user_id\":1}\n"
               "└─ owner: users 1  {\"user_id\":1,\"name\":\"Ada\"}\n", "kx-inspect tree s.kx cards user_id=1 --depth 1");
    expect_all("cards 1  {\"user_id\":1}\n", "kx-inspect tree s.kx cards 1 --depth 0");
}
END_TEST

START_TEST(a_tree_tells_what_is_missing)
{
    make_shop();
    expect_all("orders 3  {\"order_id\":3}\n├─ user: none\n└─ tags: 0 of tags\n", "kx-inspect tree s.kx orders 3");
    expect_all("orders 4  {\"order_id\":4,\"user_id\":9}\n├─ user: none, though user_id is 9\n└─ tags: 0 of tags\n",
               "kx-inspect tree s.kx orders 4");
    expect_all("users 2  {\"user_id\":2,\"name\":\"\\u001b[2J\"}\n├─ orders: 0 of orders\n└─ card: none\n", "kx-inspect tree s.kx users 2");
}
END_TEST

START_TEST(a_tree_fits_the_terminal_and_cuts_long_sets)
{
    make_shop();
    expect(0, NULL, NULL, "seq 10 40 | sed 's/.*/{\"order_id\":&,\"user_id\":2}/' | kx-load s.kx --into orders");
    expect_all("users 2  {\"user_id\":2,\"name\":\"\\u0…\n"
               "├─ orders: 31 of orders\n"
               "│  ├─ orders 10  {\"order_id\":10,\"…\n"
               "│  ├─ orders 11  {\"order_id\":11,\"…\n"
               "│  └─ … and 29 more\n"
               "└─ card: none\n", "COLUMNS=34 kx-inspect tree s.kx users 2 --depth 1 --limit 2");
    ck_assert_uint_eq(lines_of(run(NULL, "kx-inspect tree s.kx users 2 --depth 1").out), 1 + 1 + 20 + 1 + 1);
    ck_assert_uint_eq(lines_of(run(NULL, "kx-inspect tree s.kx users 2 --depth 1 --limit 0").out), 1 + 1 + 31 + 1);
    ck_assert_uint_eq(lines_of(run(NULL, "kx-inspect tree s.kx users 2 --depth 1 --limit 31").out), 1 + 1 + 31 + 1);
}
END_TEST

/* Each points at the one before; the first at the last. */
START_TEST(a_ring_is_drawn_once_and_a_long_chain_to_its_depth)
{
    kxt_write_file(kxt_path("schema"), "{\"collection\":\"x\",\"indexes\":[{\"paths\":\"n\",\"unique\":true}],\"relations\":[{\"name\":\"next\","
                   "\"kind\":\"foreign_key\",\"target\":\"x\",\"foreign_key\":\"to\",\"related_field\":\"n\"}]}\n");
    expect(0, NULL, NULL, "(echo '{\"n\":1,\"to\":200}'; seq 2 200 | awk '{print \"{\\\"n\\\":\" $1 \",\\\"to\\\":\" $1-1 \"}\"}') |"
                          " kx-load s.kx --schema schema --into x");
    ck_assert_uint_eq(lines_of(run(NULL, "kx-inspect tree s.kx x 50 --depth 64").out), 65);
    expect(2, "", "--depth is 64 at most", "kx-inspect tree s.kx x 1 --depth 65");
    expect(0, NULL, NULL, "echo '{\"n\":201,\"to\":202}\n{\"n\":202,\"to\":201}\n{\"n\":203,\"to\":203}' | kx-load s.kx --into x");
    expect_all("x 201  {\"n\":201,\"to\":202}\n└─ next: x 202  {\"n\":202,\"to\":201}\n   └─ next: x 201, above\n",
               "kx-inspect tree s.kx x 201 --depth 64");
    expect_all("x 203  {\"n\":203,\"to\":203}\n└─ next: x 203, above\n", "kx-inspect tree s.kx x 203");
}
END_TEST

/* ---- graph ---------------------------------------------------------------------------------------- */

START_TEST(a_graph_is_text_for_graphviz)
{
    make_shop();
    expect_all("digraph store {\n"
               "    node [shape=box];\n"
               "    \"users\" [label=\"users\\nuser_id: int UK\\l\"];\n"
               "    \"orders\" [label=\"orders\\norder_id: any PK\\luser_id: any FK\\l\"];\n"
               "    \"cards\" [label=\"cards\\nuser_id: any UK, FK\\l\"];\n"
               "    \"tags\" [label=\"tags\\ntag_id: any UK\\l\"];\n"
               "    \"taggings\" [label=\"taggings\\norder_id,tag_id: any UK\\ltag_id,order_id: any UK\\l\"];\n"
               "    \"orders\" -> \"users\" [label=\"user\\nn : 0..1, on delete set_null\"];\n"
               "    \"orders\" -> \"tags\" [label=\"tags\\nn : n through taggings\"];\n"
               "    \"cards\" -> \"users\" [label=\"owner\\n0..1 : 1, on delete cascade\"];\n"
               "}\n", "kx-inspect graph s.kx");
    expect(0, NULL, NULL, "kx-inspect graph s.kx > g.dot; ! command -v dot || dot -Tsvg g.dot");
}
END_TEST

START_TEST(a_graph_is_text_for_mermaid)
{
    make_shop();
    expect_all("erDiagram\n"
               "    \"users\" {\n        int user_id UK \"user_id\"\n    }\n"
               "    \"orders\" {\n        any order_id PK \"order_id\"\n        any user_id FK \"user_id\"\n    }\n"
               "    \"cards\" {\n        any user_id UK, FK \"user_id\"\n    }\n"
               "    \"tags\" {\n        any tag_id UK \"tag_id\"\n    }\n"
               "    \"taggings\" {\n        any order_id_tag_id UK \"order_id,tag_id\"\n"
               "        any tag_id_order_id UK \"tag_id,order_id\"\n    }\n"
               "    \"orders\" }o--o| \"users\" : \"user, on delete set_null\"\n"
               "    \"orders\" }o--o{ \"tags\" : \"tags through taggings\"\n"
               "    \"cards\" |o--|| \"users\" : \"owner, on delete cascade\"\n", "kx-inspect graph s.kx --format mermaid");
}
END_TEST

START_TEST(odd_names_stay_within_their_quotes)
{
    kxt_write_file(kxt_path("schema"), "{\"collection\":\"a\\\"b\\\\c\",\"indexes\":[{\"paths\":\"1st.é\",\"unique\":true}],\"relations\":[{\"name\":\"x y\","
                   "\"kind\":\"related_set\",\"target\":\"a\\\"b\\\\c\",\"foreign_key\":\"k\",\"local_field\":\"1st.é\"}]}\n");
    expect(0, NULL, NULL, "kx-load s.kx --schema schema --into x </dev/null");
    expect(0, "    \"a\\\"b\\\\c\" [label=\"a\\\"b\\\\c\\n1st.é: any UK\\l\"];\n", NULL, "kx-inspect graph s.kx");
    expect(0, "    \"a\\\"b\\\\c\" -> \"a\\\"b\\\\c\" [label=\"x y\\n1 : n\"];\n", NULL, "kx-inspect graph s.kx --format dot");
    expect(0, "    \"a'b\\\\c\" {\n        any _1st___ UK \"1st.é\"\n    }\n", NULL, "kx-inspect graph s.kx --format mermaid");
    expect(0, "    \"a'b\\\\c\" ||--o{ \"a'b\\\\c\" : \"x y\"\n", NULL, "kx-inspect graph s.kx --format mermaid");
    expect_all("digraph store {\n    node [shape=box];\n}\n", ": > empty.kx; kx-inspect graph empty.kx");
}
END_TEST

/* ---- wrong inputs ------------------------------------------------------------------------------------ */

START_TEST(wrong_usage_is_one_line_and_status_2)
{
    static const char *const cases[][2] = {
        {"tree s.kx users", "tree takes STORE COLLECTION ID"},
        {"tree s.kx users Ada", "tree takes a number or PATH=VALUE"},
        {"tree s.kx user 1", "did you mean 'users'?"},
        {"tree s.kx users 1 --depth x", "--depth takes a number"},
        {"tree s.kx users 1 --json", "get --prefetch"},
        {"tree s.kx users 1 --format dot", "get --prefetch"},
        {"find s.kx users --depth 1", "--depth does not go with 'find'"},
        {"find s.kx users --format mermaid", "dot and mermaid are formats of graph"},
        {"graph s.kx users", "graph takes STORE"},
        {"graph s.kx --json", "graph is written as dot or mermaid"},
        {"graph s.kx --format table", "graph is written as dot or mermaid"},
    };

    make_shop();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect(2, "", cases[i][1], "kx-inspect %s", cases[i][0]);
    expect(0, "", "users has no document 9", "kx-inspect tree s.kx users 9");
    expect(1, "", "users has no document 9", "kx-inspect tree -e s.kx users 9");
    expect(0, "users 1", "", "kx-inspect tree -e s.kx users 1");
    expect(3, "", "No space left on device", "kx-inspect tree s.kx users 1 > /dev/full");
    expect(3, "", "No space left on device", "kx-inspect graph s.kx > /dev/full");
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("kx-inspect tree and graph");
    TCase *trees = tcase_create("tree"), *graphs = tcase_create("graph"), *wrong = tcase_create("wrong inputs");

    tcase_add_test(trees, a_tree_shows_what_each_relation_leads_to);
    tcase_add_test(trees, a_tree_tells_what_is_missing);
    tcase_add_test(trees, a_tree_fits_the_terminal_and_cuts_long_sets);
    tcase_add_test(trees, a_ring_is_drawn_once_and_a_long_chain_to_its_depth);
    suite_add_tcase(all, trees);
    tcase_add_test(graphs, a_graph_is_text_for_graphviz);
    tcase_add_test(graphs, a_graph_is_text_for_mermaid);
    tcase_add_test(graphs, odd_names_stay_within_their_quotes);
    suite_add_tcase(all, graphs);
    tcase_add_test(wrong, wrong_usage_is_one_line_and_status_2);
    suite_add_tcase(all, wrong);
    return all;
}

int main(void)
{
    return kxt_run(suite());
}
