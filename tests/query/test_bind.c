/* test_bind.c -- filters beyond relations: conditions on sets, and parentheses that bind one document. */
#include <string.h>

#include "query/query_test.h"

static kx_txn *open_shop(kx_db **db)
{
    *db = qt_open(qt_orders);
    kx_txn *txn = qt_begin(*db, KX_WRITE);
    qt_insert(txn, "users", 1, "{\"user_id\":1,\"plan\":\"premium\",\"name\":\"Ann\",\"tags\":[1,2]}");
    qt_insert(txn, "users", 2, "{\"user_id\":2,\"plan\":\"free\",\"name\":null}");
    qt_insert(txn, "users", 3, "{\"user_id\":3,\"plan\":\"premium\"}");
    qt_insert(txn, "orders", 1, "{\"user_id\":1,\"amount\":10,\"status\":\"paid\"}");
    qt_insert(txn, "orders", 2, "{\"user_id\":1,\"amount\":90,\"status\":\"new\",\"tags\":[\"x\"]}");
    qt_insert(txn, "orders", 3, "{\"user_id\":2,\"amount\":90,\"status\":\"paid\"}");
    qt_insert(txn, "orders", 4, "{\"user_id\":2,\"status\":null}");
    qt_insert(txn, "orders", 5, "{\"amount\":50,\"status\":\"paid\"}");
    qt_insert(txn, "orders", 6, "{\"user_id\":77,\"amount\":90}");
    return txn;
}

static void check_shop(kx_txn *txn)
{
    static const struct {
        const char *collection, *filter, *ids;
    } cases[] = {
        {"users", "orders.amount > 50 and orders.status == 'paid'", "1 2"},
        {"users", "orders(amount > 50 and status == 'paid')", "2"},
        {"users", "not orders(amount > 50 and status == 'paid')", "1 3"},
        {"users", "orders(not (amount > 50) and status == 'paid')", "1"},
        {"users", "orders(amount < 50 or status is null)", "1 2"},
        {"users", "not orders(amount < 50 or status is null)", "3"},
        {"users", "orders(amount is null)", "2"},
        {"users", "not orders(_id >= 0)", "3"},
        {"users", "orders exists", "1 2"},
        {"users", "not orders exists", "3"},
        {"users", "orders is null or orders.amount == 10", "1 3"},
        {"users", "not orders.amount == 90", "3"},
        {"users", "not orders.amount != 90", "2 3"},
        {"users", "not orders.status is null", "1 3"},
        {"users", "orders.status is not null", "1 2"},
        {"users", "orders.status not in ['paid']", "1"},
        {"users", "not orders.status not in ['paid']", "2 3"},
        {"users", "orders.amount between 20 and 80", ""},
        {"users", "orders.amount >= 20 and orders.amount <= 80", "1"},
        {"users", "orders.amount between 80 and 99", "1 2"},
        {"users", "not orders.amount between 80 and 99", "3"},
        {"users", "orders.amount between 20 and 80 or plan == 'free'", "2"},
        {"users", "not (orders.amount between 20 and 80 or plan == 'free')", "1 3"},
        {"users", "orders.tags contains 'x'", "1"},
        {"users", "len(orders.tags) == 1", "1"},
        {"users", "orders(len(tags) == 1 and status ilike 'N%')", "1"},
        {"users", "orders.status ilike 'P%'", "1 2"},
        {"users", "orders.status exists and not orders.tags exists", "2"},
        {"users", "orders(user.plan == 'premium')", "1"},
        {"users", "orders(user(plan == 'premium' and name is not null) and amount == 90)", "1"},
        {"users", "orders(user.orders(amount == 10))", "1"},
        {"users", "orders(user(orders(user(orders(amount is null)))))", "2"},
        {"orders", "user.plan == 'premium'", "1 2"},
        {"orders", "not user.plan == 'premium'", "3 4 5 6"},
        {"orders", "user.plan != 'premium'", "3 4"},
        {"orders", "not user.plan != 'premium'", "1 2 5 6"},
        {"orders", "user(plan == 'premium')", "1 2"},
        {"orders", "user(not plan == 'premium')", "3 4"},
        {"orders", "not user(plan == 'premium')", "3 4 5 6"},
        {"orders", "user(name is null)", "3 4"},
        {"orders", "user.name is null", "3 4 5 6"},
        {"orders", "user.name exists", "1 2 3 4"},
        {"orders", "user exists", "1 2 3 4"},
        {"orders", "user is null", "5 6"},
        {"orders", "not user is null", "1 2 3 4"},
        {"orders", "user._id between 1 and 1", "1 2"},
        {"orders", "not user._id between 1 and 1", "3 4 5 6"},
        {"orders", "lower(user.name) == 'ann' or len(user.tags) == 2", "1 2"},
        {"orders", "lower(user.name) is null", "3 4 5 6"},
        {"orders", "user.orders.amount == 10 and amount > 10", "2"},
        {"orders", "user.orders(amount == 10 or status is null)", "1 2 3 4"},
        {"orders", "user(orders(amount == 10) or orders(status is null))", "1 2 3 4"},
        {"orders", "user(orders(amount == 10) and orders(amount == 90))", "1 2"},
        {"orders", "user(orders(amount == 10 and amount == 90))", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *found = qt_filter(txn, cases[i].collection, cases[i].filter, NULL);
        ck_assert_msg(strcmp(found, cases[i].ids) == 0, "%s: %s instead of %s", cases[i].filter, found, cases[i].ids);
    }
}

START_TEST(parentheses_behind_a_relation_bind_one_document)
{
    kx_db *db;
    kx_txn *txn = open_shop(&db);
    check_shop(txn);
    qt_ok(kx_txn_commit(txn));
    txn = qt_begin(db, KX_READ);
    check_shop(txn);
    qt_end(db, txn);
}
END_TEST

/* A hop is a walk in the stack: those of all parentheses count together. */
START_TEST(parentheses_do_not_lead_beyond_more_relations_than_a_path)
{
    kx_db *db;
    kx_txn *txn = open_shop(&db);
    char text[256] = "", closing[32] = "";
    for (int i = 0; i < 8; i++) {
        strcat(text, "orders(user(");
        strcat(closing, "))");
    }
    ck_assert_str_eq(qt_filter(txn, "users", kxt_print("%splan == 'premium'%s", text, closing), NULL), "1");
    ck_assert_str_eq(qt_filter(txn, "users", kxt_print("%sorders.amount == 90%s", text, closing), NULL),
                     kxt_print("%d: filter:114: 'orders.amount\u2026' crosses more than 16 relations", KX_LIMIT));
    ck_assert_str_eq(qt_filter(txn, "users", kxt_print("%sorders(amount == 90)%s", text, closing), NULL),
                     kxt_print("%d: filter:97: 'orders\u2026' crosses more than 16 relations", KX_LIMIT));
    qt_end(db, txn);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("query/bind");
    TCase *c = tcase_create("relations");
    tcase_add_test(c, parentheses_behind_a_relation_bind_one_document);
    tcase_add_test(c, parentheses_do_not_lead_beyond_more_relations_than_a_path);
    suite_add_tcase(suite, c);
    return kxt_run(suite);
}
