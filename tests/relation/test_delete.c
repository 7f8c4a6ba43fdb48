/*
 * test_delete.c -- what a delete does to those who refer to the document: every action, what blocks, plans as values, graphs of
 * every shape, and that a delete that fails has done nothing.
 */
#include "relation_test.h"

#include <sys/resource.h>
#include <unistd.h>

#include "relation/relation.h"

#define KEY(title, to, field, action, ...)                                                                             \
    {.name = title, .kind = KX_FOREIGN_KEY, .target = to, .foreign_key = field, .related_field = "id",                 \
     .on_delete = action, __VA_ARGS__}
#define MODEL(title, ...)                                                                                              \
    &(const kx_model){.name = title, .indexes = INDEXES({.paths = "id", .unique = true}), __VA_ARGS__}

static kx_doc *make(kx_txn *txn, const char *collection, int id, const char *more)
{
    return rt_save(txn, collection, kxt_print("{\"id\":%d%s}", id, more));
}

static uint64_t count_of(kx_txn *txn, const char *collection)
{
    uint64_t count;
    rt_ok(kx_count(txn, collection, NULL, &count));
    return count;
}

/* Everything, for comparing before and after. */
static const char *dump(kx_txn *txn)
{
    kx_buf all = {0};
    for (size_t i = 0; i < txn->catalog->count; i++) {
        kx_doc **docs;
        size_t count;
        rt_ok(kx_all(txn, txn->catalog->collections[i].name, NULL, &docs, &count));
        for (size_t d = 0; d < count; d++) {
            kx_buf__print(&all, "%s %llu %s\n", txn->catalog->collections[i].name,
                          (unsigned long long)kx_doc_id(docs[d]), rt_shows(docs[d]));
            kx_doc_release(docs[d]);
        }
    }
    kx_buf__byte(&all, '\0');
    const char *text = kxt_print("%s", (const char *)all.data);
    kx_buf__free(&all);
    return text;
}

/* ---- one action each ------------------------------------------------------------------------- */

START_TEST(a_cascade_takes_those_who_refer)
{
    shop it = rt_start_with(MODELS(MODEL("a"), MODEL("b", .relations = RELATIONS(KEY("a", "a", "a_id", KX_CASCADE))),
                                   MODEL("c", .relations = RELATIONS(KEY("b", "b", "b_id", KX_CASCADE)))));
    kx_doc *first = make(it.txn, "a", 1, "");
    make(it.txn, "a", 2, "");
    for (int i = 1; i <= 6; i++)
        make(it.txn, "b", i, kxt_print(",\"a_id\":%d", i % 2 + 1));
    for (int i = 1; i <= 12; i++)
        make(it.txn, "c", i, kxt_print(",\"b_id\":%d", i % 6 + 1));
    rt_ok(kx_doc_delete(first));
    ck_assert_uint_eq(count_of(it.txn, "a"), 1);
    ck_assert_uint_eq(count_of(it.txn, "b"), 3);
    ck_assert_uint_eq(count_of(it.txn, "c"), 6);
    ck_assert_str_eq(rt_shows(first), "{\"id\":1}");
    ck_assert_int_eq(kx_doc_save(first), KX_NOTFOUND);
    rt_ok(kx_remove(it.txn, "a", 2));
    ck_assert_uint_eq(count_of(it.txn, "b") + count_of(it.txn, "c"), 0);
    rt_end(&it);
}
END_TEST

START_TEST(a_key_is_set_null_or_to_its_default)
{
    const kx_field fields[] = {{.path = "a_id", .type = KX_TYPE_INT, .optional = true, .initial = "9"}, {0}};
    shop it = rt_start_with(MODELS(
        MODEL("a"), MODEL("b", .relations = RELATIONS(KEY("a", "a", "a_id", KX_SET_NULL, .optional = true))),
        MODEL("c", .fields = fields, .relations = RELATIONS(KEY("a", "a", "a_id", KX_SET_DEFAULT)))));
    kx_doc *first = make(it.txn, "a", 1, ""), *b = make(it.txn, "b", 1, ",\"a_id\":1,\"x\":5");
    make(it.txn, "c", 1, ",\"a_id\":1");
    rt_ok(kx_doc_set(b, "y", kx_int(6)));
    rt_ok(kx_doc_delete(first));
    ck_assert_str_eq(rt_stored(it.txn, "b", 1), "{\"id\":1,\"a_id\":null,\"x\":5}");
    ck_assert_str_eq(rt_stored(it.txn, "c", 1), "{\"id\":1,\"a_id\":9}");
    rt_ok(kx_doc_save(b));
    ck_assert_str_eq(rt_stored(it.txn, "b", 1), "{\"id\":1,\"a_id\":null,\"x\":5,\"y\":6}");
    rt_end(&it);
}
END_TEST

/* `third` of a document is set null, and `second`, which leads to the same, is held at commit; in both orders. */
START_TEST(each_key_of_a_document_gets_its_own_action)
{
    const kx_relation loses = KEY("third", "a", "third_id", KX_SET_NULL, .optional = true);
    const kx_relation waits = KEY("second", "a", "second_id", KX_DO_NOTHING, .enforced = true, .deferred = true,
                                  .on_update = KX_DO_NOTHING);
    shop it = rt_start_with(
        MODELS(MODEL("a"), MODEL("b", .relations = _i == 0 ? RELATIONS(loses, waits) : RELATIONS(waits, loses))));
    make(it.txn, "a", 1, "");
    make(it.txn, "b", 1, ",\"second_id\":1,\"third_id\":1");
    rt_ok(kx_remove(it.txn, "a", 1));
    ck_assert_str_eq(rt_stored(it.txn, "b", 1), "{\"id\":1,\"second_id\":1,\"third_id\":null}");
    rt_fails(kx_check_deferred(it.txn), KX_DANGLING, "1 key leads nowhere: b 1 (second: second_id=1)");
    make(it.txn, "a", 1, "");
    rt_ok(kx_check_deferred(it.txn));
    rt_end(&it);
}
END_TEST

/* The key does not change, so that no write would look at it. */
START_TEST(a_default_that_is_the_key_that_goes_leads_nowhere)
{
    const kx_field fields[] = {{.path = "a_id", .type = KX_TYPE_INT, .optional = true, .initial = "1"}, {0}};
    shop it = rt_start_with(
        MODELS(MODEL("a"), MODEL("b", .fields = fields,
                                 .relations = RELATIONS(KEY("a", "a", "a_id", KX_SET_DEFAULT, .enforced = true,
                                                            .deferred = _i == 1, .on_update = KX_SET_DEFAULT)))));
    make(it.txn, "a", 1, "");
    make(it.txn, "a", 2, "");
    make(it.txn, "b", 1, ",\"a_id\":1");
    make(it.txn, "b", 2, ",\"a_id\":2");
    rt_ok(kx_remove(it.txn, "a", 2));
    rt_ok(kx_txn_commit(it.txn));
    it.txn = rt_begin(it.db, KX_WRITE);
    const char *before = dump(it.txn), change[] = "{\"id\":3}";
    if (_i == 0) {
        rt_fails(kx_remove(it.txn, "a", 1), KX_DANGLING,
                 "b.a: document 1 refers to a with id=1, which is not there");
        ck_assert_int_eq(kx_patch(it.txn, "a", 1, change, strlen(change)), KX_DANGLING);
        ck_assert_str_eq(dump(it.txn), before);
    } else {
        rt_patch(it.txn, "a", 1, change);
        ck_assert_int_eq(kx_check_deferred(it.txn), KX_DANGLING);
        kx_txn_abort(it.txn);
        it.txn = rt_begin(it.db, KX_WRITE);
        rt_ok(kx_remove(it.txn, "a", 1));
        ck_assert_int_eq(kx_check_deferred(it.txn), KX_DANGLING);
    }
    rt_end(&it);
}
END_TEST

START_TEST(restrict_and_protect_stand_in_the_way)
{
    static const kx_action actions[] = {KX_RESTRICT, KX_PROTECT};
    for (int i = 0; i < 2; i++) {
        shop it = rt_start_with(
            MODELS(MODEL("a"), MODEL("b", .relations = RELATIONS(KEY("a", "a", "a_id", actions[i])))));
        kx_doc *first = make(it.txn, "a", 1, "");
        make(it.txn, "b", 7, ",\"a_id\":1");
        make(it.txn, "b", 8, ",\"a_id\":1");
        const char *before = dump(it.txn);
        rt_fails(kx_doc_delete(first), KX_RESTRICTED,
                 kxt_print("b.a (%s) stands in the way: a 1 <- b.a 1; 2 documents in all", i == 0 ? "restrict" : "protect"));
        ck_assert_int_eq(kx_remove(it.txn, "a", 1), KX_RESTRICTED);
        ck_assert_str_eq(dump(it.txn), before);
        rt_ok(kx_remove(it.txn, "b", 1));
        rt_ok(kx_remove(it.txn, "b", 2));
        rt_ok(kx_doc_delete(first));
        rt_end(&it);
        unlink(kxt_path("shop.kx"));
    }
}
END_TEST

/* a <- b (cascade) <- c (cascade), and c -> a with another action: c goes by way of b. */
START_TEST(what_another_path_removes_does_not_restrict_but_protects)
{
    static const kx_action actions[] = {KX_RESTRICT, KX_PROTECT, KX_SET_NULL};
    for (int i = 0; i < 6; i++) {
        const kx_relation direct = KEY("a", "a", "a_id", actions[i / 2], .optional = true);
        const kx_relation by_b = KEY("b", "b", "b_id", KX_CASCADE);
        shop it = rt_start_with(
            MODELS(MODEL("a"), MODEL("c", .relations = i % 2 == 0 ? RELATIONS(direct, by_b) : RELATIONS(by_b, direct)),
                   MODEL("b", .relations = RELATIONS(KEY("a", "a", "a_id", KX_CASCADE)))));
        make(it.txn, "a", 1, "");
        make(it.txn, "b", 1, ",\"a_id\":1");
        make(it.txn, "c", 1, ",\"a_id\":1,\"b_id\":1");
        ck_assert_int_eq(kx_remove(it.txn, "a", 1), actions[i / 2] == KX_PROTECT ? KX_RESTRICTED : KX_OK);
        ck_assert_uint_eq(count_of(it.txn, "c"), actions[i / 2] == KX_PROTECT);
        rt_end(&it);
        unlink(kxt_path("shop.kx"));
    }
}
END_TEST

START_TEST(actions_wait_for_the_last_document_with_a_key)
{
    const kx_model *plain = &(const kx_model){.name = "a"};
    shop it = rt_start_with(MODELS(plain, MODEL("b", .relations = RELATIONS(KEY("a", "a", "a_id", KX_CASCADE))),
                                   MODEL("top"),
                                   &(const kx_model){.name = "a",
                                                     .relations = RELATIONS(KEY("top", "top", "t", KX_CASCADE))}));
    make(it.txn, "top", 5, "");
    make(it.txn, "a", 1, ",\"t\":5");
    make(it.txn, "a", 1, ",\"t\":5");
    make(it.txn, "a", 1, "");
    make(it.txn, "b", 1, ",\"a_id\":1");
    rt_ok(kx_remove(it.txn, "top", 1));
    ck_assert_uint_eq(count_of(it.txn, "a"), 1);
    ck_assert_uint_eq(count_of(it.txn, "b"), 1);
    rt_ok(kx_remove(it.txn, "a", 3));
    ck_assert_uint_eq(count_of(it.txn, "b"), 0);
    make(it.txn, "top", 6, "");
    make(it.txn, "a", 2, ",\"t\":6");
    make(it.txn, "a", 2, ",\"t\":6");
    make(it.txn, "b", 2, ",\"a_id\":2");
    rt_ok(kx_remove(it.txn, "top", 2));
    ck_assert_uint_eq(count_of(it.txn, "a") + count_of(it.txn, "b"), 0);
    rt_end(&it);
}
END_TEST

/* Two with one key go in one delete: what hangs on the key is found once. */
START_TEST(holders_of_a_key_that_several_lose_are_counted_once)
{
    const kx_model shared = {.name = "a", .relations = RELATIONS(KEY("top", "top", "t", KX_CASCADE))};
    shop it = rt_start_with(
        MODELS(&shared, MODEL("top"), MODEL("b", .relations = RELATIONS(KEY("a", "a", "a_id", KX_RESTRICT))),
               MODEL("c", .relations = RELATIONS(KEY("a", "a", "a_id", KX_SET_NULL, .optional = true)))));
    kx_doc *top = make(it.txn, "top", 5, "");
    kx_deletion *plan;
    for (int i = 0; i < 3; i++)
        make(it.txn, "a", 1, ",\"t\":5");
    make(it.txn, "b", 1, ",\"a_id\":1");
    make(it.txn, "c", 1, ",\"a_id\":1");
    rt_ok(kx_delete_plan(top, &plan));
    ck_assert_str_eq(kx_deletion_json(plan),
                     "{\"collection\":\"top\",\"id\":1,\"steps\":["
                     "{\"collection\":\"top\",\"action\":\"cascade\",\"relation\":null,\"documents\":1},"
                     "{\"collection\":\"a\",\"action\":\"cascade\",\"relation\":\"a.top\",\"documents\":3},"
                     "{\"collection\":\"c\",\"action\":\"set_null\",\"relation\":\"c.a\",\"documents\":1}],"
                     "\"blockers\":[{\"collection\":\"b\",\"id\":1,\"relation\":\"b.a\",\"action\":\"restrict\","
                     "\"path\":\"top 1 <- a.top 3 <- b.a 1\"}]}");
    kx_deletion_free(plan);
    rt_fails(kx_doc_delete(top), KX_RESTRICTED, "b.a (restrict) stands in the way: top 1 <- a.top 3 <- b.a 1");
    rt_end(&it);
}
END_TEST

START_TEST(of_two_relations_with_one_key_the_later_one_has_its_say)
{
    const kx_field fields[] = {{.path = "a_id", .type = KX_TYPE_INT, .optional = true, .initial = "9"}, {0}};
    const kx_relation null = KEY("null", "a", "a_id", KX_SET_NULL, .optional = true);
    const kx_relation nine = KEY("nine", "a", "a_id", KX_SET_DEFAULT, .optional = true);
    shop it = rt_start_with(MODELS(
        MODEL("a"), MODEL("b", .fields = fields, .relations = _i == 0 ? RELATIONS(null, nine) : RELATIONS(nine, null))));
    make(it.txn, "a", 1, "");
    make(it.txn, "b", 1, ",\"a_id\":1");
    rt_ok(kx_remove(it.txn, "a", 1));
    ck_assert_str_eq(rt_stored(it.txn, "b", 1), _i == 0 ? "{\"id\":1,\"a_id\":9}" : "{\"id\":1,\"a_id\":null}");
    rt_end(&it);
}
END_TEST

/* Each of many that have one key would look at all the others, were it not remembered who comes last. */
START_TEST(a_key_of_many_is_not_looked_at_by_each_of_them)
{
    const uint64_t count = 2000;
    const kx_model shared = {.name = "a", .relations = RELATIONS(KEY("top", "top", "t", KX_CASCADE))};
    shop it = rt_start_with(MODELS(&shared, MODEL("top"),
                                   MODEL("b", .relations = RELATIONS(KEY("a", "a", "a_id", KX_CASCADE)))));
    kx_doc *top = make(it.txn, "top", 5, "");
    for (uint64_t i = 0; i < count; i++)
        kx_doc_release(make(it.txn, "a", (int)(i % 2), ",\"t\":5"));
    make(it.txn, "a", 1, "");
    make(it.txn, "b", 1, ",\"a_id\":0");
    make(it.txn, "b", 2, ",\"a_id\":1");
    kx_deletion *plan;
    kx_stats before = rt_stats(it.txn);
    rt_ok(kx_delete_plan(top, &plan));
    ck_assert_uint_lt(rt_stats(it.txn).entries - before.entries, 8 * count);
    rt_ok(kx_deletion_apply(it.txn, plan));
    kx_deletion_free(plan);
    ck_assert_uint_eq(count_of(it.txn, "a"), 1);
    ck_assert_str_eq(rt_stored(it.txn, "b", 1), "none");
    ck_assert_str_ne(rt_stored(it.txn, "b", 2), "none");
    rt_end(&it);
}
END_TEST

START_TEST(links_go_with_either_end)
{
    const kx_relation link = {.name = "tags", .kind = KX_MANY_TO_MANY, .target = "tags", .through = "tagged",
                              .local_field = "id", .related_field = "tag", .through_local = "post"};
    shop it = rt_start_with(MODELS(MODEL("posts", .relations = RELATIONS(link))));
    kx_doc *post = make(it.txn, "posts", 1, ""), *other = make(it.txn, "posts", 2, "");
    kx_doc *tag = rt_save(it.txn, "tags", "{\"tag\":\"x\"}"), *second = rt_save(it.txn, "tags", "{\"tag\":\"y\"}");
    rt_ok(kx_related_add(post, "tags", tag));
    rt_ok(kx_related_add(post, "tags", second));
    rt_ok(kx_related_add(other, "tags", tag));
    rt_ok(kx_doc_delete(tag));
    ck_assert_uint_eq(count_of(it.txn, "tagged"), 1);
    ck_assert_str_eq(rt_set(post, "tags", NULL), "2");
    rt_ok(kx_doc_delete(post));
    ck_assert_uint_eq(count_of(it.txn, "tagged"), 0);
    ck_assert_uint_eq(count_of(it.txn, "tags"), 1);
    rt_end(&it);
}
END_TEST

/* ---- plans ---------------------------------------------------------------------------------------- */

START_TEST(a_plan_shows_steps_and_every_blocker_with_its_path)
{
    shop it = rt_start_with(
        MODELS(MODEL("users"), MODEL("orders", .relations = RELATIONS(KEY("user", "users", "user_id", KX_CASCADE))),
               MODEL("items", .relations = RELATIONS(KEY("order", "orders", "order_id", KX_RESTRICT))),
               MODEL("notes", .relations = RELATIONS(KEY("user", "users", "user_id", KX_SET_NULL, .optional = true)))));
    kx_doc *user = make(it.txn, "users", 1, "");
    kx_deletion *plan;
    kx_deletion_step step;
    kx_blocker blocker;
    for (int i = 1; i <= 3; i++)
        make(it.txn, "orders", i, ",\"user_id\":1");
    make(it.txn, "notes", 1, ",\"user_id\":1");
    make(it.txn, "items", 1, ",\"order_id\":2");
    make(it.txn, "items", 2, ",\"order_id\":3");
    rt_ok(kx_delete_plan(user, &plan));
    rt_ok(kx_deletion_step_at(plan, 0, &step));
    ck_assert(strcmp(step.collection, "users") == 0 && step.relation == NULL && step.documents == 1);
    rt_ok(kx_deletion_blocker_at(plan, 1, &blocker));
    ck_assert_str_eq(blocker.path, "users 1 <- orders.user 3 <- items.order 2");
    ck_assert_int_eq(kx_deletion_blocker_at(plan, 2, &blocker), KX_NOTFOUND);
    ck_assert_str_eq(kx_deletion_json(plan),
                     "{\"collection\":\"users\",\"id\":1,\"steps\":["
                     "{\"collection\":\"users\",\"action\":\"cascade\",\"relation\":null,\"documents\":1},"
                     "{\"collection\":\"orders\",\"action\":\"cascade\",\"relation\":\"orders.user\",\"documents\":3},"
                     "{\"collection\":\"notes\",\"action\":\"set_null\",\"relation\":\"notes.user\",\"documents\":1}],"
                     "\"blockers\":[{\"collection\":\"items\",\"id\":1,\"relation\":\"items.order\",\"action\":\"restrict\","
                     "\"path\":\"users 1 <- orders.user 2 <- items.order 1\"},"
                     "{\"collection\":\"items\",\"id\":2,\"relation\":\"items.order\",\"action\":\"restrict\","
                     "\"path\":\"users 1 <- orders.user 3 <- items.order 2\"}]}");
    ck_assert_int_eq(kx_deletion_apply(it.txn, plan), KX_RESTRICTED);
    rt_ok(kx_remove(it.txn, "items", 1));
    rt_fails(kx_deletion_apply(it.txn, plan), KX_CONFLICT,
             "the plan to delete document 1 of users is not what would happen now; make a new one");
    kx_deletion_free(plan);
    rt_ok(kx_remove(it.txn, "items", 2));
    rt_ok(kx_delete_plan(user, &plan));
    rt_ok(kx_txn_commit(it.txn));
    it.txn = rt_begin(it.db, KX_WRITE);
    rt_ok(kx_deletion_apply(it.txn, plan));
    ck_assert_uint_eq(count_of(it.txn, "orders"), 0);
    ck_assert_int_eq(kx_deletion_apply(it.txn, plan), KX_NOTFOUND);
    kx_deletion_free(plan);
    rt_end(&it);
}
END_TEST

START_TEST(a_plan_does_not_mind_keys_that_only_the_commit_looks_at)
{
    shop it = rt_start_with(MODELS(MODEL("a"), MODEL("b", .relations = RELATIONS(KEY("a", "a", "a_id", KX_DO_NOTHING,
                                                                                    .enforced = true,
                                                                                    .deferred = true)))));
    kx_doc *first = make(it.txn, "a", 1, "");
    kx_deletion *plan;
    rt_ok(kx_delete_plan(first, &plan));
    make(it.txn, "b", 1, ",\"a_id\":1");
    rt_ok(kx_deletion_apply(it.txn, plan));
    rt_fails(kx_check_deferred(it.txn), KX_DANGLING, "1 key leads nowhere: b 1 (a: a_id=1)");
    kx_deletion_free(plan);
    rt_end(&it);
}
END_TEST

START_TEST(planning_reads_no_document_that_nothing_points_at)
{
    const kx_model *primary = &(const kx_model){.name = "users", .indexes = INDEXES({.paths = "id", .primary = true})};
    shop it = rt_start_with(MODELS(_i == 0 ? primary : MODEL("users"),
                                   MODEL("orders", .relations = RELATIONS(KEY("user", "users", "user_id", KX_CASCADE)))));
    make(it.txn, "users", 1, "");
    for (int i = 1; i <= 100; i++)
        make(it.txn, "orders", i, ",\"user_id\":1");
    kx_doc *user = rt_get(it.txn, "users", 1);
    kx_deletion *plan;
    kx_stats before = rt_stats(it.txn);
    rt_ok(kx_delete_plan(user, &plan));
    kx_stats after = rt_stats(it.txn);
    ck_assert_uint_le(after.rows - before.rows, 2);
    kx_deletion_free(plan);
    rt_end(&it);
}
END_TEST

/* ---- shapes ------------------------------------------------------------------------------------------ */

static const kx_index node_indexes[] = {{.paths = "id", .primary = true}, {0}};
static const kx_relation node_relations[] = {KEY("next", "nodes", "next_id", KX_CASCADE, .optional = true), {0}};
static const kx_model nodes = {.name = "nodes", .indexes = node_indexes, .relations = node_relations};

/* Node i refers to node i + 1; the last one to `last` (0: to nobody). */
static void make_chain(kx_txn *txn, uint64_t count, uint64_t last)
{
    enum { RUN = 1000 };
    kx_record records[RUN];
    char texts[RUN][64];
    for (uint64_t i = 0; i < count;) {
        size_t size = 0;
        for (; size < RUN && i < count; size++, i++) {
            uint64_t next = i + 1 < count ? i + 2 : last;
            int length = snprintf(texts[size], sizeof texts[size], "{\"id\":%llu,\"next_id\":%s}",
                                  (unsigned long long)i + 1, next > 0 ? "" : "null}");
            if (next > 0)
                length = snprintf(texts[size], sizeof texts[size], "{\"id\":%llu,\"next_id\":%llu}",
                                  (unsigned long long)i + 1, (unsigned long long)next);
            else
                length--;
            records[size] = (kx_record){.data = texts[size], .size = (size_t)length};
        }
        rt_ok(kx_insert_many(txn, "nodes", records, size, NULL));
    }
}

START_TEST(cycles_of_any_length_are_taken_once)
{
    static const uint64_t lengths[] = {1, 2, 3, 1000};
    for (int i = 0; i < 4; i++) {
        shop it = rt_start_with(MODELS(&nodes));
        make_chain(it.txn, lengths[i], 1);
        rt_ok(kx_remove(it.txn, "nodes", lengths[i] / 2 + 1));
        ck_assert_uint_eq(count_of(it.txn, "nodes"), 0);
        rt_end(&it);
        unlink(kxt_path("shop.kx"));
    }
}
END_TEST

static uint64_t steps_of(const kx_deletion *plan)
{
    kx_deletion_step step;
    uint64_t documents = 0;
    for (size_t n = 0; kx_deletion_step_at(plan, n, &step) == KX_OK; n++)
        documents += step.documents;
    return documents;
}

/* Two on each floor, each refers to both below: 2^30 ways from the top to the ground, 61 documents. */
START_TEST(diamonds_upon_diamonds_are_taken_once)
{
    enum { FLOORS = 30 };
    shop it = rt_start_with(MODELS(MODEL("f", .relations = RELATIONS(KEY("left", "f", "left_id", KX_CASCADE),
                                                                     KEY("right", "f", "right_id", KX_CASCADE)))));
    kx_doc *ground = make(it.txn, "f", 1, "");
    make(it.txn, "f", 2, ",\"left_id\":1,\"right_id\":1");
    make(it.txn, "f", 3, ",\"left_id\":1,\"right_id\":1");
    for (int i = 4; i < 2 * FLOORS + 2; i += 2) {
        make(it.txn, "f", i, kxt_print(",\"left_id\":%d,\"right_id\":%d", i - 2, i - 1));
        make(it.txn, "f", i + 1, kxt_print(",\"left_id\":%d,\"right_id\":%d", i - 1, i - 2));
    }
    kx_deletion *plan;
    rt_ok(kx_delete_plan(ground, &plan));
    ck_assert_uint_eq(steps_of(plan), 2 * FLOORS + 1);
    rt_ok(kx_deletion_apply(it.txn, plan));
    ck_assert_uint_eq(count_of(it.txn, "f"), 0);
    kx_deletion_free(plan);
    rt_end(&it);
}
END_TEST

/* Whoever goes anyway does not restrict, be it the document itself; but it protects. */
START_TEST(a_ring_restricts_nobody_and_protects_itself)
{
    static const kx_action actions[] = {KX_RESTRICT, KX_PROTECT};
    for (int i = 0; i < 2; i++) {
        shop it = rt_start_with(MODELS(MODEL("f", .relations = RELATIONS(KEY("next", "f", "next_id", KX_CASCADE),
                                                                         KEY("guard", "f", "guard_id", actions[i])))));
        kx_doc *own = make(it.txn, "f", 1, ",\"guard_id\":1");
        kx_doc *one = make(it.txn, "f", 2, ",\"next_id\":3,\"guard_id\":3");
        make(it.txn, "f", 3, ",\"next_id\":2");
        if (i == 0) {
            rt_ok(kx_doc_delete(own));
            rt_ok(kx_doc_delete(one));
        } else {
            rt_fails(kx_doc_delete(own), KX_RESTRICTED, "f.guard (protect) stands in the way: f 1 <- f.guard 1");
            rt_fails(kx_doc_delete(one), KX_RESTRICTED,
                     "f.guard (protect) stands in the way: f 2 <- f.next 3 <- f.guard 2");
        }
        ck_assert_uint_eq(count_of(it.txn, "f"), i == 0 ? 0 : 3);
        rt_end(&it);
        unlink(kxt_path("shop.kx"));
    }
}
END_TEST

START_TEST(a_ring_is_planned_once_and_its_plan_is_checked_when_it_is_applied)
{
    enum { RING = 1000 };
    shop it = rt_start_with(MODELS(&nodes));
    make_chain(it.txn, RING, 1);
    kx_doc *some = rt_get(it.txn, "nodes", 500);
    kx_deletion *plan;
    rt_ok(kx_delete_plan(some, &plan));
    ck_assert_uint_eq(steps_of(plan), RING);
    rt_ok(kx_txn_commit(it.txn));
    it.txn = rt_begin(it.db, KX_WRITE);
    rt_patch(it.txn, "nodes", 700, "{\"next_id\":null}");
    rt_fails(kx_deletion_apply(it.txn, plan), KX_CONFLICT,
             "the plan to delete document 500 of nodes is not what would happen now; make a new one");
    ck_assert_uint_eq(count_of(it.txn, "nodes"), RING);
    rt_patch(it.txn, "nodes", 700, "{\"next_id\":701}");
    rt_ok(kx_deletion_apply(it.txn, plan));
    ck_assert_uint_eq(count_of(it.txn, "nodes"), 0);
    kx_deletion_free(plan);
    rt_end(&it);
}
END_TEST

START_TEST(every_blocker_of_a_long_chain_is_listed_with_its_way)
{
    enum { LINKS = 40 };
    const kx_model holders = {.name = "holders",
                              .relations = RELATIONS(KEY("node", "nodes", "node_id", KX_RESTRICT))};
    shop it = rt_start_with(MODELS(&nodes, &holders));
    make_chain(it.txn, LINKS, 0);
    for (int i = 1; i <= LINKS; i++)
        rt_save(it.txn, "holders", kxt_print("{\"node_id\":%d}", i));
    kx_doc *end = rt_get(it.txn, "nodes", LINKS);
    kx_deletion *plan;
    kx_blocker blocker;
    bool listed[LINKS + 1] = {false};
    rt_ok(kx_delete_plan(end, &plan));
    for (size_t n = 0; n < LINKS; n++) {
        rt_ok(kx_deletion_blocker_at(plan, n, &blocker));
        ck_assert(blocker.id <= LINKS && !listed[blocker.id]);
        listed[blocker.id] = true;
        ck_assert(strncmp(blocker.path, "nodes 40 <- ", 12) == 0);
        const char *last = kxt_print(" <- holders.node %llu", (unsigned long long)blocker.id);
        ck_assert_str_eq(blocker.path + strlen(blocker.path) - strlen(last), last);
        ck_assert_int_eq(strstr(blocker.path, "<- ... <-") != NULL, blocker.id < LINKS - 32);
    }
    ck_assert_int_eq(kx_deletion_blocker_at(plan, LINKS, &blocker), KX_NOTFOUND);
    rt_fails(kx_deletion_apply(it.txn, plan), KX_RESTRICTED,
             "holders.node (restrict) stands in the way: nodes 40 <- holders.node 40; 40 documents in all");
    kx_deletion_free(plan);
    rt_end(&it);
}
END_TEST

START_TEST(a_long_chain_and_a_wide_star_take_little_stack)
{
    uint64_t count = kxt_plain() ? kxt_scaled(1000000) : 1000;
    struct rlimit limit = {256 * 1024, 256 * 1024};
    if (kxt_plain())
        setrlimit(RLIMIT_STACK, &limit);
    shop it = rt_start_with(MODELS(&nodes));
    if (_i == 0) {
        make_chain(it.txn, count, 0);
    } else {
        for (uint64_t i = 0; i < count; i++) {
            uint64_t id;
            char text[64];
            int size = snprintf(text, sizeof text, "{\"id\":%llu,\"next_id\":%llu}", (unsigned long long)i + 1,
                                (unsigned long long)count);
            rt_ok(kx_insert(it.txn, "nodes", text, (size_t)size, &id));
        }
    }
    rt_ok(kx_remove(it.txn, "nodes", count));
    ck_assert_uint_eq(count_of(it.txn, "nodes"), 0);
    rt_end(&it);
}
END_TEST

/* ---- failures -------------------------------------------------------------------------------------------- */

START_TEST(a_delete_that_fails_has_done_nothing)
{
    const kx_field fields[] = {{.path = "a_id", .type = KX_TYPE_INT, .optional = true, .initial = "9"}, {0}};
    shop it = rt_start_with(
        MODELS(MODEL("a"), MODEL("b", .relations = RELATIONS(KEY("a", "a", "a_id", KX_CASCADE))),
               &(const kx_model){.name = "c", .fields = fields, .indexes = INDEXES({.paths = "a_id", .unique = true}),
                                 .relations = RELATIONS(KEY("a", "a", "a_id", KX_SET_DEFAULT))}));
    kx_doc *first = make(it.txn, "a", 1, "");
    for (int i = 1; i <= 5; i++)
        make(it.txn, "b", i, ",\"a_id\":1");
    make(it.txn, "c", 1, ",\"a_id\":1");
    make(it.txn, "c", 2, ",\"a_id\":9");
    const char *before = dump(it.txn);
    ck_assert_int_eq(kx_doc_delete(first), KX_EXISTS);
    ck_assert_str_eq(dump(it.txn), before);
    rt_ok(kx_remove(it.txn, "c", 2));
    before = dump(it.txn);
    for (int64_t n = 1;; n++) {
        kx_txn *inner;
        rt_ok(kx_txn_child(it.txn, &inner));
        kx_store__fail_after(n, KX_MAP_FULL);
        int rc = kx_doc_delete(first);
        bool armed = kx_store__fault_is_armed();
        kx_store__fail_after(0, 0);
        ck_assert(armed == (rc == KX_OK));
        kx_txn_abort(inner);
        ck_assert_str_eq(dump(it.txn), before);
        if (armed)
            break;
    }
    rt_ok(kx_doc_delete(first));
    rt_end(&it);
}
END_TEST

/* A cascade is carried out in the transaction itself: a failure of the device leaves one that commits nothing. */
START_TEST(a_cascade_that_fails_is_not_committed_in_part)
{
    for (int64_t n = 1;; n++) {
        shop it = rt_start_with(
            MODELS(MODEL("a"), &(const kx_model){.name = "b", .indexes = INDEXES({.paths = "id", .unique = true}),
                                                 .relations = RELATIONS(KEY("a", "a", "a_id", KX_CASCADE))}));
        kx_doc *first = make(it.txn, "a", 1, "");
        for (int i = 1; i <= 5; i++)
            make(it.txn, "b", i, ",\"a_id\":1");
        kx_store__fail_after(n, KX_IO);
        int rc = kx_doc_delete(first);
        bool armed = kx_store__fault_is_armed();
        kx_store__fail_after(0, 0);
        ck_assert(armed == (rc == KX_OK));
        int ended = kx_txn_commit(it.txn);
        it.txn = NULL;
        ck_assert(ended == KX_OK || rc != KX_OK);
        rt_ok(kx_txn_begin(it.db, KX_READ, &it.txn));
        uint64_t last = count_of(it.txn, "a");
        ck_assert_uint_eq(last, ended == KX_OK && rc != KX_OK);
        ck_assert_uint_eq(count_of(it.txn, "b"), 5 * last);
        rt_end(&it);
        if (armed)
            break;
    }
}
END_TEST

START_TEST(a_cascade_over_many_documents_takes_all_of_them_and_no_others)
{
    shop it = rt_start_with(
        MODELS(MODEL("a"),
               &(const kx_model){.name = "b", .indexes = INDEXES({.paths = "x"}, {.paths = "tags[]", .multi = true}),
                                 .relations = RELATIONS(KEY("a", "a", "a_id", KX_CASCADE))}));
    uint64_t seed = kxt_seed(), kept = 0;
    char more[96];
    for (int i = 1; i <= 3; i++)
        make(it.txn, "a", i, "");
    for (int i = 1; i <= 3000; i++) {
        int owner = kxt_random(&seed) % 8 == 0 ? 2 : kxt_random(&seed) % 8 == 0 ? 3 : 1;
        int x = (int)(kxt_random(&seed) % 5);
        snprintf(more, sizeof more, ",\"a_id\":%d,\"x\":%d,\"tags\":[%d,%d]", owner, x, owner, x);
        make(it.txn, "b", i, more);
        kept += owner == 2;
    }
    rt_ok(kx_remove(it.txn, "a", 1));
    rt_ok(kx_remove(it.txn, "a", 3));
    ck_assert_uint_eq(count_of(it.txn, "b"), kept);
    rt_ok(kx_remove(it.txn, "a", 2));
    ck_assert_uint_eq(count_of(it.txn, "b"), 0);
    rt_end(&it);
}
END_TEST

START_TEST(an_aborted_child_brings_everything_back)
{
    shop it = rt_start_with(MODELS(MODEL("a"), MODEL("b", .relations = RELATIONS(KEY("a", "a", "a_id", KX_CASCADE)))));
    kx_doc *first = make(it.txn, "a", 1, ""), *b = make(it.txn, "b", 1, ",\"a_id\":1");
    kx_txn *inner;
    rt_ok(kx_txn_child(it.txn, &inner));
    rt_ok(kx_doc_delete(first));
    ck_assert_uint_eq(count_of(inner, "b"), 0);
    kx_txn_abort(inner);
    rt_ok(kx_doc_set(b, "x", kx_int(1)));
    rt_ok(kx_doc_save(b));
    rt_ok(kx_doc_delete(first));
    ck_assert_uint_eq(count_of(it.txn, "b"), 0);
    rt_end(&it);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("delete");
    TCase *t = tcase_create("delete");
    tcase_add_test(t, a_cascade_takes_those_who_refer);
    tcase_add_test(t, a_key_is_set_null_or_to_its_default);
    tcase_add_loop_test(t, each_key_of_a_document_gets_its_own_action, 0, 2);
    tcase_add_loop_test(t, a_default_that_is_the_key_that_goes_leads_nowhere, 0, 2);
    tcase_add_test(t, restrict_and_protect_stand_in_the_way);
    tcase_add_test(t, what_another_path_removes_does_not_restrict_but_protects);
    tcase_add_test(t, actions_wait_for_the_last_document_with_a_key);
    tcase_add_test(t, holders_of_a_key_that_several_lose_are_counted_once);
    tcase_add_loop_test(t, of_two_relations_with_one_key_the_later_one_has_its_say, 0, 2);
    tcase_add_test(t, a_key_of_many_is_not_looked_at_by_each_of_them);
    tcase_add_test(t, links_go_with_either_end);
    tcase_add_test(t, a_plan_shows_steps_and_every_blocker_with_its_path);
    tcase_add_test(t, a_plan_does_not_mind_keys_that_only_the_commit_looks_at);
    tcase_add_loop_test(t, planning_reads_no_document_that_nothing_points_at, 0, 2);
    tcase_add_test(t, cycles_of_any_length_are_taken_once);
    tcase_add_test(t, diamonds_upon_diamonds_are_taken_once);
    tcase_add_test(t, a_ring_restricts_nobody_and_protects_itself);
    tcase_add_test(t, a_ring_is_planned_once_and_its_plan_is_checked_when_it_is_applied);
    tcase_add_test(t, every_blocker_of_a_long_chain_is_listed_with_its_way);
    tcase_add_loop_test(t, a_long_chain_and_a_wide_star_take_little_stack, 0, 2);
    tcase_add_test(t, a_delete_that_fails_has_done_nothing);
    tcase_add_test(t, a_cascade_that_fails_is_not_committed_in_part);
    tcase_add_test(t, a_cascade_over_many_documents_takes_all_of_them_and_no_others);
    tcase_add_test(t, an_aborted_child_brings_everything_back);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return kxt_run(suite());
}
