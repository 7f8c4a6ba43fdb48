/*
 * test_junction.c -- many-to-many: both ends, links with fields of their own, what a walk costs, sets held against an oracle.
 */
#include "relation_test.h"

static const kx_model orders = {
    .name = "orders",
    .relations = RELATIONS({.name = "products",
                            .kind = KX_MANY_TO_MANY,
                            .target = "products",
                            .through = "items",
                            .local_field = "order_id",
                            .related_field = "product_id",
                            .reverse = "orders"}),
};

static const kx_model products = {.name = "products", .indexes = INDEXES({.paths = "product_id", .primary = true})};
static const kx_model named_products = {.name = "products"};

static const kx_model people = {
    .name = "people",
    .relations = RELATIONS({.name = "friends",
                            .kind = KX_MANY_TO_MANY,
                            .target = "people",
                            .through = "friendships",
                            .local_field = "name",
                            .related_field = "name",
                            .through_local = "from",
                            .through_related = "to",
                            .reverse = "befriended"}),
};

static kx_doc *order(kx_txn *txn, int id)
{
    return rt_save(txn, "orders", kxt_print("{\"order_id\":%d}", id));
}

static kx_doc *product(kx_txn *txn, int id)
{
    return rt_save(txn, "products", kxt_print("{\"product_id\":%d}", id));
}

static uint64_t count_of(kx_txn *txn, const char *collection)
{
    uint64_t count;
    rt_ok(kx_count(txn, collection, NULL, &count));
    return count;
}

/* ---- adding and searching ------------------------------------------------------------------- */

START_TEST(a_link_is_seen_from_both_ends)
{
    shop it = rt_start_with(_i == 0 ? MODELS(&orders, &products) : MODELS(&orders, &named_products));
    kx_doc *first = order(it.txn, 1), *second = order(it.txn, 2);
    kx_doc *lamp = product(it.txn, 1), *desk = product(it.txn, 2);
    rt_ok(kx_related_add(first, "products", lamp));
    rt_ok(kx_related_add(first, "products", desk));
    rt_ok(kx_related_add(lamp, "orders", second));
    ck_assert_str_eq(rt_set(first, "products", NULL), "1 2");
    ck_assert_str_eq(rt_set(second, "products", NULL), "1");
    ck_assert_str_eq(rt_set(lamp, "orders", NULL), "1 2");
    ck_assert_str_eq(rt_set(desk, "orders", NULL), "1");
    ck_assert_uint_eq(rt_count(lamp, "orders", NULL), 2);
    ck_assert_str_eq(rt_set(first, "products", &(kx_query){.where = KX_WHERE({"product_id", KX_GT, kx_int(1)})}), "2");
    ck_assert_str_eq(rt_set(first, "products", &(kx_query){.order_by = "-product_id", .limit = 1}), "2");
    rt_ok(kx_related_add(first, "products", lamp));
    ck_assert_uint_eq(count_of(it.txn, "items"), 3);
    ck_assert_str_eq(rt_stored(it.txn, "items", 3), "{\"product_id\":1,\"order_id\":2}");
    rt_end(&it);
}
END_TEST

START_TEST(new_documents_are_saved_and_lists_are_taken_whole_or_not_at_all)
{
    shop it = rt_start_with(MODELS(&orders, &products));
    kx_doc *first = order(it.txn, 1);
    kx_doc *three[] = {rt_make(it.txn, "products", "{\"product_id\":7}"), product(it.txn, 8),
                       rt_make(it.txn, "products", "{\"product_id\":9}")};
    rt_ok(kx_related_add_many(first, "products", three, 3));
    ck_assert_str_eq(rt_set(first, "products", NULL), "7 8 9");
    kx_doc *bad[] = {rt_make(it.txn, "products", "{\"product_id\":10}"), rt_make(it.txn, "products", "{\"product_id\":7}")};
    ck_assert_int_eq(kx_related_add_many(first, "products", bad, 2), KX_EXISTS);
    ck_assert_str_eq(rt_set(first, "products", NULL), "7 8 9");
    ck_assert(kx_doc_is_new(bad[0]) && kx_doc_is_new(bad[1]));
    ck_assert_str_eq(rt_stored(it.txn, "products", 10), "none");
    rt_end(&it);
}
END_TEST

START_TEST(without_keys_nothing_is_linked)
{
    shop it = rt_start_with(MODELS(&orders, &named_products));
    kx_doc *keyless = rt_save(it.txn, "orders", "{}"), *lamp = product(it.txn, 1), *first = order(it.txn, 1);
    kx_doc *unnamed = rt_save(it.txn, "products", "{\"product_id\":null}");
    rt_fails(kx_related_add(keyless, "products", lamp), KX_REQUIRED,
             "orders.products: this document has no order_id to be referred by");
    rt_fails(kx_related_add(first, "products", unnamed), KX_REQUIRED,
             "orders.products: the document of products has no product_id to be linked by");
    ck_assert_str_eq(rt_set(keyless, "products", NULL), "");
    ck_assert_uint_eq(rt_count(keyless, "products", NULL), 0);
    rt_ok(kx_related_clear(keyless, "products"));
    rt_end(&it);
}
END_TEST

START_TEST(members_are_taken_out_and_replaced_by_difference)
{
    shop it = rt_start_with(MODELS(&orders, &products));
    kx_doc *first = order(it.txn, 1), *goods[6];
    for (int i = 0; i < 6; i++)
        goods[i] = product(it.txn, i + 1);
    rt_ok(kx_related_add_many(first, "products", goods, 3));
    rt_ok(kx_link_set(first, "products", goods[1], "quantity", kx_int(5)));
    rt_ok(kx_related_replace(first, "products", goods + 1, 4));
    ck_assert_str_eq(rt_set(first, "products", NULL), "2 3 4 5");
    ck_assert_str_eq(rt_stored(it.txn, "items", 2), "{\"order_id\":1,\"product_id\":2,\"quantity\":5}");
    rt_ok(kx_related_remove(first, "products", goods[2]));
    rt_fails(kx_related_remove(first, "products", goods[2]), KX_NOTFOUND,
             "the document of products is no member of orders.products");
    ck_assert_str_eq(rt_set(first, "products", NULL), "2 4 5");
    rt_ok(kx_related_clear(first, "products"));
    ck_assert_uint_eq(count_of(it.txn, "items"), 0);
    ck_assert_uint_eq(count_of(it.txn, "products"), 6);
    rt_end(&it);
}
END_TEST

START_TEST(a_member_whose_key_changes_as_it_is_replaced_keeps_its_link)
{
    shop it = rt_start_with(MODELS(&orders, &named_products));
    kx_doc *first = order(it.txn, 1), *lamp = product(it.txn, 1);
    rt_ok(kx_related_add(first, "products", lamp));
    rt_ok(kx_link_set(first, "products", lamp, "quantity", kx_int(5)));
    rt_ok(kx_doc_set(lamp, "product_id", kx_int(9)));
    rt_ok(kx_related_replace(first, "products", &lamp, 1));
    ck_assert_str_eq(rt_stored(it.txn, "items", 1), "{\"order_id\":1,\"product_id\":9,\"quantity\":5}");
    ck_assert_uint_eq(count_of(it.txn, "items"), 1);
    rt_end(&it);
}
END_TEST

START_TEST(links_that_go_with_each_other_are_taken_out_together)
{
    const kx_model items = {.name = "items",
                            .relations = RELATIONS({.name = "before",
                                                    .kind = KX_FOREIGN_KEY,
                                                    .target = "items",
                                                    .foreign_key = "before_id",
                                                    .related_field = "item_id",
                                                    .on_delete = KX_CASCADE})};
    shop it = rt_start_with(MODELS(&orders, &products, &items));
    kx_doc *first = order(it.txn, 1), *lamp = product(it.txn, 1), *desk = product(it.txn, 2);
    rt_ok(kx_related_add(first, "products", lamp));
    rt_ok(kx_related_add(first, "products", desk));
    rt_ok(kx_link_set(first, "products", lamp, "item_id", kx_int(7)));
    rt_ok(kx_link_set(first, "products", desk, "before_id", kx_int(7)));
    if (_i == 0)
        rt_ok(kx_related_clear(first, "products"));
    else
        rt_ok(kx_related_replace(first, "products", &desk, 1));
    ck_assert_str_eq(rt_set(first, "products", NULL), _i == 0 ? "" : "2");
    rt_end(&it);
}
END_TEST

START_TEST(what_an_aborted_child_linked_is_gone)
{
    shop it = rt_start_with(MODELS(&orders, &products));
    kx_doc *first = order(it.txn, 1), *lamp = product(it.txn, 1), *fresh = rt_make(it.txn, "products", "{\"product_id\":2}");
    kx_txn *inner;
    rt_ok(kx_related_add(first, "products", lamp));
    rt_ok(kx_txn_child(it.txn, &inner));
    rt_ok(kx_related_add(first, "products", fresh));
    rt_ok(kx_related_remove(first, "products", lamp));
    ck_assert_str_eq(rt_set(first, "products", NULL), "2");
    kx_txn_abort(inner);
    ck_assert_str_eq(rt_set(first, "products", NULL), "1");
    ck_assert(kx_doc_is_new(fresh));
    rt_end(&it);
}
END_TEST

START_TEST(members_are_linked_by_the_key_that_they_have_stored)
{
    shop it = rt_start_with(MODELS(&orders, &named_products));
    kx_doc *first = order(it.txn, 1), *lamp = product(it.txn, 1), *desk = product(it.txn, 2), *link;
    rt_patch(it.txn, "products", 1, "{\"product_id\":7}");
    rt_ok(kx_related_add(first, "products", lamp));
    ck_assert_str_eq(rt_stored(it.txn, "items", 1), "{\"order_id\":1,\"product_id\":7}");
    rt_patch(it.txn, "products", 1, "{\"product_id\":8}");
    rt_ok(kx_link_get(first, "products", lamp, &link));
    rt_patch(it.txn, "products", 1, "{\"product_id\":9}");
    rt_ok(kx_related_replace(first, "products", &lamp, 1));
    ck_assert_uint_eq(rt_count(first, "products", NULL), 1);
    rt_patch(it.txn, "products", 1, "{\"product_id\":10}");
    rt_ok(kx_related_remove(first, "products", lamp));
    rt_ok(kx_remove(it.txn, "products", 2));
    ck_assert_int_eq(kx_related_add(first, "products", desk), KX_NOTFOUND);
    ck_assert_int_eq(kx_related_remove(first, "products", desk), KX_NOTFOUND);
    ck_assert_uint_eq(count_of(it.txn, "items"), 0);
    rt_end(&it);
}
END_TEST

/* ---- links ---------------------------------------------------------------------------------------- */

START_TEST(links_bear_fields_of_their_own)
{
    shop it = rt_start_with(MODELS(&orders, &products));
    kx_doc *first = order(it.txn, 1), *goods[3], *item, *link;
    for (int i = 0; i < 3; i++)
        goods[i] = product(it.txn, i + 1);
    rt_ok(kx_related_add_many(first, "products", goods, 3));
    kx_cursor *cursor;
    rt_ok(kx_related_find(first, "products", NULL, &cursor));
    for (int i = 0; kx_cursor_next(cursor, &item) == KX_OK; i++) {
        rt_ok(kx_link_get(first, "products", item, &link));
        rt_ok(kx_doc_set(link, "quantity", kx_int(10 + i)));
        rt_ok(kx_doc_save(link));
    }
    rt_ok(kx_cursor_close(cursor));
    int64_t quantity;
    rt_ok(kx_link_get(goods[2], "orders", first, &link));
    rt_ok(kx_doc_get_int(link, "quantity", &quantity));
    ck_assert_int_eq(quantity, 12);
    ck_assert_str_eq(kx_doc_collection(link), "items");
    rt_fails(kx_link_set(first, "products", goods[0], "order_id", kx_int(2)), KX_INVALID,
             "orders.products: 'order_id' holds the key of one end; remove the link and add another");
    rt_fails(kx_link_get(first, "products", product(it.txn, 9), &link), KX_NOTFOUND,
             "the document of products is no member of orders.products");
    ck_assert_ptr_null(link);
    rt_end(&it);
}
END_TEST

START_TEST(a_link_made_by_hand_counts_and_a_second_one_is_refused)
{
    shop it = rt_start_with(MODELS(&orders, &products));
    kx_doc *first = order(it.txn, 1);
    product(it.txn, 1);
    rt_save(it.txn, "items", "{\"order_id\":1,\"product_id\":1}");
    rt_save(it.txn, "items", "{\"order_id\":1,\"product_id\":99}");
    rt_save(it.txn, "items", "{\"order_id\":1,\"product_id\":null}");
    kx_doc *again = rt_make(it.txn, "items", "{\"order_id\":1,\"product_id\":1}");
    ck_assert_int_eq(kx_doc_save(again), KX_EXISTS);
    ck_assert_str_eq(rt_set(first, "products", NULL), "1");
    ck_assert_uint_eq(rt_count(first, "products", NULL), 1);
    rt_end(&it);
}
END_TEST

START_TEST(a_walk_reads_no_link)
{
    shop it = rt_start_with(_i == 0 ? MODELS(&orders, &products) : MODELS(&orders, &named_products));
    kx_doc *first = order(it.txn, 1), *item;
    for (int i = 1; i <= 50; i++)
        rt_ok(kx_related_add(first, "products", product(it.txn, i)));
    rt_ok(kx_txn_commit(it.txn));
    it.txn = rt_begin(it.db, KX_READ);
    first = rt_get(it.txn, "orders", 1);
    kx_stats before = rt_stats(it.txn);
    kx_cursor *cursor;
    int seen = 0;
    rt_ok(kx_related_find(first, "products", NULL, &cursor));
    while (kx_cursor_next(cursor, &item) == KX_OK)
        seen++;
    rt_ok(kx_cursor_close(cursor));
    kx_stats after = rt_stats(it.txn);
    ck_assert_int_eq(seen, 50);
    ck_assert_uint_eq(after.rows - before.rows, 50);
    rt_end(&it);
}
END_TEST

/* ---- one collection with itself -------------------------------------------------------------------- */

START_TEST(a_collection_is_linked_with_itself_in_two_directions)
{
    shop it = rt_start_with(MODELS(&people));
    kx_doc *ann = rt_save(it.txn, "people", "{\"name\":\"ann\"}"), *bob = rt_save(it.txn, "people", "{\"name\":\"bob\"}");
    rt_ok(kx_related_add(ann, "friends", bob));
    rt_ok(kx_related_add(bob, "friends", bob));
    ck_assert_str_eq(rt_set(ann, "friends", NULL), "2");
    ck_assert_str_eq(rt_set(bob, "befriended", NULL), "1 2");
    ck_assert_str_eq(rt_set(bob, "friends", NULL), "2");
    ck_assert_str_eq(rt_set(ann, "befriended", NULL), "");
    rt_end(&it);
}
END_TEST

START_TEST(long_keys_are_told_apart)
{
    shop it = rt_start_with(MODELS(&people));
    kx_doc *long_ones[4];
    for (int i = 0; i < 4; i++)
        long_ones[i] = rt_save(it.txn, "people", kxt_print("{\"name\":\"%0600d\"}", i));
    rt_ok(kx_related_add(long_ones[0], "friends", long_ones[1]));
    rt_ok(kx_related_add(long_ones[0], "friends", long_ones[2]));
    rt_ok(kx_related_add(long_ones[3], "friends", long_ones[0]));
    rt_ok(kx_related_add(long_ones[0], "friends", long_ones[1]));
    ck_assert_str_eq(rt_set(long_ones[0], "friends", NULL), "2 3");
    ck_assert_str_eq(rt_set(long_ones[0], "befriended", NULL), "4");
    ck_assert_str_eq(rt_set(long_ones[1], "friends", NULL), "");
    rt_ok(kx_related_remove(long_ones[0], "friends", long_ones[1]));
    ck_assert_str_eq(rt_set(long_ones[0], "friends", NULL), "3");
    rt_end(&it);
}
END_TEST

/* ---- against an oracle -------------------------------------------------------------------------------- */

enum { ENDS = 12 };

static const char *expected_row(const bool *linked)
{
    char *text = kxt_print("%s", "");
    for (int i = 0; i < ENDS; i++) {
        if (linked[i])
            text = kxt_print("%s%s%d", text, text[0] == '\0' ? "" : " ", i + 1);
    }
    return text;
}

START_TEST(random_sets_are_those_of_a_table)
{
    uint64_t state = kxt_seed() + (uint64_t)_i;
    bool linked[ENDS][ENDS] = {{false}}, before[ENDS][ENDS];
    shop it = rt_start_with(_i == 0 ? MODELS(&orders, &products) : MODELS(&orders, &named_products));
    kx_doc *ones[ENDS], *others[ENDS];
    kx_txn *inner = NULL;
    for (int i = 0; i < ENDS; i++) {
        ones[i] = order(it.txn, i + 1);
        others[i] = product(it.txn, i + 1);
    }
    for (uint64_t round = kxt_scaled(20000); round-- > 0;) {
        size_t a = kxt_random_below(&state, ENDS), b = kxt_random_below(&state, ENDS);
        kx_doc *list[3] = {others[b], others[(b + 3) % ENDS], others[b]};
        int rc;
        switch (kxt_random_below(&state, 12)) {
        case 0:
        case 1:
        case 2:
            rt_ok(kx_related_add(ones[a], "products", others[b]));
            linked[a][b] = true;
            break;
        case 3:
        case 4:
            rt_ok(kx_related_add(others[b], "orders", ones[a]));
            linked[a][b] = true;
            break;
        case 5:
        case 6:
            rc = kx_related_remove(ones[a], "products", others[b]);
            ck_assert_int_eq(rc, linked[a][b] ? KX_OK : KX_NOTFOUND);
            linked[a][b] = false;
            break;
        case 7:
            rt_ok(kx_related_replace(ones[a], "products", list, 3));
            memset(linked[a], 0, sizeof linked[a]);
            linked[a][b] = linked[a][(b + 3) % ENDS] = true;
            break;
        case 8:
            rt_ok(kx_related_clear(others[b], "orders"));
            for (int i = 0; i < ENDS; i++)
                linked[i][b] = false;
            break;
        case 9:
            if (inner == NULL) {
                rt_ok(kx_txn_child(it.txn, &inner));
                memcpy(before, linked, sizeof linked);
            } else {
                kx_txn_abort(inner);
                memcpy(linked, before, sizeof linked);
                inner = NULL;
            }
            break;
        case 10:
            if (inner != NULL)
                rt_ok(kx_txn_commit(inner));
            inner = NULL;
            break;
        default:
            ck_assert_str_eq(rt_set(ones[a], "products", NULL), expected_row(linked[a]));
            ck_assert_uint_eq(rt_count(ones[a], "products", NULL), strlen(expected_row(linked[a])) > 0
                                                                       ? rt_count(ones[a], "products", &(kx_query){0})
                                                                       : 0);
        }
    }
    kx_txn_abort(inner);
    rt_end(&it);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("junction");
    TCase *t = tcase_create("junction");
    tcase_add_loop_test(t, a_link_is_seen_from_both_ends, 0, 2);
    tcase_add_test(t, new_documents_are_saved_and_lists_are_taken_whole_or_not_at_all);
    tcase_add_test(t, without_keys_nothing_is_linked);
    tcase_add_test(t, members_are_taken_out_and_replaced_by_difference);
    tcase_add_test(t, a_member_whose_key_changes_as_it_is_replaced_keeps_its_link);
    tcase_add_loop_test(t, links_that_go_with_each_other_are_taken_out_together, 0, 2);
    tcase_add_test(t, what_an_aborted_child_linked_is_gone);
    tcase_add_test(t, members_are_linked_by_the_key_that_they_have_stored);
    tcase_add_test(t, links_bear_fields_of_their_own);
    tcase_add_test(t, a_link_made_by_hand_counts_and_a_second_one_is_refused);
    tcase_add_loop_test(t, a_walk_reads_no_link, 0, 2);
    tcase_add_test(t, a_collection_is_linked_with_itself_in_two_directions);
    tcase_add_test(t, long_keys_are_told_apart);
    tcase_add_loop_test(t, random_sets_are_those_of_a_table, 0, 2);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return kxt_run(suite());
}
