/*
 * test_walk.c -- along a self relation: order and depth, rings and diamonds, both directions, writes on the way, costs.
 */
#include "relation_test.h"

#include "relation/relation.h"

/* A tree by parent_id; members of a team by "friends"; a queue by one-to-one. */
static const kx_model people = {
    .name = "people",
    .indexes = INDEXES({.paths = "person_id", .primary = true}),
    .relations = RELATIONS({.name = "parent",
                            .kind = KX_FOREIGN_KEY,
                            .target = "people",
                            .foreign_key = "parent_id",
                            .related_field = "person_id",
                            .reverse = "children",
                            .optional = true,
                            .on_delete = KX_SET_NULL},
                           {.name = "follows",
                            .kind = KX_ONE_TO_ONE,
                            .target = "people",
                            .foreign_key = "follows_id",
                            .related_field = "person_id",
                            .reverse = "followed_by",
                            .optional = true},
                           {.name = "friends",
                            .kind = KX_MANY_TO_MANY,
                            .target = "people",
                            .through = "friendships",
                            .local_field = "person_id",
                            .related_field = "person_id",
                            .through_local = "from",
                            .through_related = "to",
                            .reverse = "befriended"}),
};

static shop start(void)
{
    return rt_start_with(MODELS(&people));
}

static kx_doc *person(kx_txn *txn, unsigned id, unsigned parent)
{
    if (parent == 0)
        return rt_save(txn, "people", kxt_print("{\"person_id\":%u}", id));
    return rt_save(txn, "people", kxt_print("{\"person_id\":%u,\"parent_id\":%u}", id, parent));
}

/* "3/1 5/1 4/2": ids and depths. */
static const char *walked(kx_doc *doc, const char *relation, unsigned most)
{
    kx_walk *walk;
    kx_doc *found;
    unsigned depth;
    const char *text = "";
    int rc;
    rt_ok(kx_related_walk(doc, relation, most, &walk));
    while ((rc = kx_walk_next(walk, &found, &depth)) == KX_OK)
        text = kxt_print("%s%s%llu/%u", text, text[0] != '\0' ? " " : "", (unsigned long long)kx_doc_id(found), depth);
    ck_assert_int_eq(rc, KX_NOTFOUND);
    ck_assert_ptr_null(found);
    rt_ok(kx_walk_close(walk));
    return text;
}

/* ---- order and depth ------------------------------------------------------------------------- */

START_TEST(descendants_come_nearest_first_and_ancestors_from_the_parent_up)
{
    shop it = start();
    kx_doc *root = person(it.txn, 10, 0);
    person(it.txn, 3, 10);
    person(it.txn, 5, 10);
    person(it.txn, 9, 3);
    person(it.txn, 4, 5);
    kx_doc *leaf = person(it.txn, 7, 4);
    person(it.txn, 99, 98);
    ck_assert_str_eq(walked(root, "children", 0), "3/1 5/1 4/2 9/2 7/3");
    ck_assert_str_eq(walked(root, "children", 1), "3/1 5/1");
    ck_assert_str_eq(walked(root, "children", 2), "3/1 5/1 4/2 9/2");
    ck_assert_str_eq(walked(root, "children", 1000), "3/1 5/1 4/2 9/2 7/3");
    ck_assert_str_eq(walked(leaf, "parent", 0), "4/1 5/2 10/3");
    ck_assert_str_eq(walked(leaf, "parent", 2), "4/1 5/2");
    ck_assert_str_eq(walked(leaf, "children", 0), "");
    ck_assert_str_eq(walked(root, "parent", 0), "");
    rt_end(&it);
}
END_TEST

START_TEST(one_to_one_leads_both_ways_and_many_to_many_as_sets_do)
{
    shop it = start();
    kx_doc *ids[6];
    for (unsigned i = 1; i < 6; i++)
        ids[i] = person(it.txn, i, 0);
    rt_ok(kx_doc_link(ids[3], "follows", ids[1]));
    rt_ok(kx_doc_save(ids[3]));
    rt_ok(kx_doc_link(ids[5], "follows", ids[3]));
    rt_ok(kx_doc_save(ids[5]));
    ck_assert_str_eq(walked(ids[5], "follows", 0), "3/1 1/2");
    ck_assert_str_eq(walked(ids[1], "followed_by", 0), "3/1 5/2");
    rt_ok(kx_related_add(ids[1], "friends", ids[4]));
    rt_ok(kx_related_add(ids[1], "friends", ids[2]));
    rt_ok(kx_related_add(ids[2], "friends", ids[4]));
    rt_ok(kx_related_add(ids[4], "friends", ids[1]));
    rt_ok(kx_related_add(ids[4], "friends", ids[5]));
    ck_assert_str_eq(walked(ids[1], "friends", 0), "2/1 4/1 5/2");
    ck_assert_str_eq(walked(ids[5], "befriended", 0), "4/1 1/2 2/2");
    rt_end(&it);
}
END_TEST

START_TEST(rings_end_and_diamonds_come_once)
{
    shop it = start();
    kx_doc *first = person(it.txn, 1, 3), *self = person(it.txn, 8, 8);
    person(it.txn, 2, 1);
    kx_doc *last = person(it.txn, 3, 2);
    ck_assert_str_eq(walked(first, "children", 0), "2/1 3/2");
    ck_assert_str_eq(walked(last, "parent", 0), "2/1 1/2");
    ck_assert_str_eq(walked(self, "parent", 0), "");
    ck_assert_str_eq(walked(self, "children", 0), "");
    rt_end(&it);
}
END_TEST

/* Keys that an index keeps whole, ones that it shortens, and both at a time; of one field and of two. */
START_TEST(long_keys_and_keys_of_two_fields_lead_on)
{
    static const kx_relation by_name[] = {{.name = "up",
                                           .kind = KX_FOREIGN_KEY,
                                           .target = "people",
                                           .foreign_key = "parent",
                                           .related_field = "name",
                                           .reverse = "children",
                                           .optional = true},
                                          {.name = NULL}};
    static const kx_relation by_two[] = {{.name = "up",
                                          .kind = KX_FOREIGN_KEY,
                                          .target = "people",
                                          .foreign_key = "tenant,parent",
                                          .related_field = "tenant,name",
                                          .reverse = "children",
                                          .optional = true},
                                         {.name = NULL}};
    const kx_model one = {
        .name = "people", .indexes = INDEXES({.paths = "name", .unique = true}), .relations = by_name};
    const kx_model two = {
        .name = "people", .indexes = INDEXES({.paths = "tenant,name", .unique = true}), .relations = by_two};
    shop it = rt_start_with(_i < 3 ? MODELS(&one) : MODELS(&two));
    int size = _i % 3 == 0 ? 10 : 600;
    kx_doc *root = NULL;
    for (int i = 1; i <= 40; i++) {
        int width = _i % 3 == 2 && i % 3 == 0 ? 10 : size, parent = _i % 3 == 2 && i / 2 % 3 == 0 ? 10 : size;
        kx_doc *doc =
            rt_save(it.txn, "people",
                    kxt_print("{\"tenant\":1,\"name\":\"%0*d\",\"parent\":\"%0*d\"}", width, i, parent, i / 2));
        root = root == NULL ? doc : root;
    }
    rt_save(it.txn, "people",
            kxt_print("{\"tenant\":2,\"name\":\"other\",\"parent\":\"%0*d\"}", size, _i < 3 ? 77 : 1));
    const char *expected = "";
    for (int i = 2, depth = 1; i <= 40; i++) {
        depth += i == 4 || i == 8 || i == 16 || i == 32;
        expected = kxt_print("%s%s%d/%d", expected, i > 2 ? " " : "", i, depth);
    }
    ck_assert_str_eq(walked(root, "children", 0), expected);
    rt_end(&it);
}
END_TEST

START_TEST(an_unsaved_document_begins_where_it_shows)
{
    shop it = start();
    person(it.txn, 1, 0);
    person(it.txn, 2, 1);
    kx_doc *made = rt_make(it.txn, "people", "{\"parent_id\":2}");
    ck_assert_str_eq(walked(made, "parent", 0), "2/1 1/2");
    ck_assert_str_eq(walked(made, "children", 0), "");
    kx_doc *loaded = rt_get(it.txn, "people", 1);
    rt_ok(kx_doc_set(loaded, "parent_id", kx_int(2)));
    ck_assert_str_eq(walked(loaded, "parent", 0), "2/1");
    rt_end(&it);
}
END_TEST

/* ---- what is refused -------------------------------------------------------------------------- */

START_TEST(a_relation_to_another_collection_is_refused)
{
    shop it = rt_start(KX_READ);
    kx_walk *walk = (kx_walk *)&it;
    kx_doc *ann = rt_get(it.txn, "users", 1), *copy;
    rt_fails(kx_related_walk(ann, "orders", 0, &walk), KX_INVALID,
             "users.orders leads to orders: only a relation to its own collection is walked");
    ck_assert_ptr_null(walk);
    ck_assert_int_eq(kx_related_walk(ann, "nothing", 0, &walk), KX_INVALID);
    rt_ok(kx_doc_copy(ann, &copy));
    ck_assert_int_eq(kx_related_walk(copy, "orders", 0, &walk), KX_READONLY);
    kx_doc_release(copy);
    ck_assert_int_eq(kx_related_walk(NULL, "orders", 0, &walk), KX_INVALID);
    ck_assert_int_eq(kx_related_walk(ann, NULL, 0, &walk), KX_INVALID);
    ck_assert_int_eq(kx_related_walk(ann, "orders", 0, NULL), KX_INVALID);
    ck_assert_int_eq(kx_walk_next(NULL, &ann, NULL), KX_INVALID);
    ck_assert_ptr_null(ann);
    rt_ok(kx_walk_close(NULL));
    rt_end(&it);
}
END_TEST

START_TEST(a_result_that_allows_no_lazy_loads_is_not_walked_from)
{
    shop it = start();
    kx_walk *walk;
    kx_doc *doc;
    person(it.txn, 1, 0);
    rt_ok(kx_first(it.txn, "people", &(kx_query){.load = KX_LOAD_NONE}, &doc));
    ck_assert_int_eq(kx_related_walk(doc, "children", 0, &walk), KX_INVALID);
    rt_end(&it);
}
END_TEST

/* ---- writes on the way ---------------------------------------------------------------------------- */

START_TEST(deleting_what_comes_does_not_cut_the_way)
{
    shop it = start();
    kx_walk *walk;
    kx_doc *root = person(it.txn, 1, 0), *doc;
    for (unsigned i = 2; i <= 600; i++)
        person(it.txn, i, i / 2);
    unsigned count = 0, depth, last = 1;
    rt_ok(kx_related_walk(root, "children", 0, &walk));
    for (; kx_walk_next(walk, &doc, &depth) == KX_OK; count++) {
        ck_assert_uint_ge(depth, last);
        last = depth;
        rt_ok(kx_doc_delete(doc));
    }
    rt_ok(kx_walk_close(walk));
    ck_assert_uint_eq(count, 599);
    uint64_t left;
    rt_ok(kx_count(it.txn, "people", NULL, &left));
    ck_assert_uint_eq(left, 1);
    rt_end(&it);
}
END_TEST

START_TEST(a_document_comes_as_it_is_then_and_deleted_ones_do_not)
{
    shop it = start();
    kx_walk *walk;
    kx_doc *root = person(it.txn, 1, 0), *doc;
    unsigned depth;
    person(it.txn, 2, 1);
    person(it.txn, 3, 1);
    person(it.txn, 4, 1);
    person(it.txn, 5, 3);
    rt_ok(kx_related_walk(root, "children", 0, &walk));
    rt_ok(kx_walk_next(walk, &doc, &depth));
    ck_assert_uint_eq(kx_doc_id(doc), 2);
    rt_ok(kx_remove(it.txn, "people", 3));
    rt_patch(it.txn, "people", 4, "{\"name\":\"dee\"}");
    rt_ok(kx_walk_next(walk, &doc, &depth));
    ck_assert_str_eq(rt_shows(doc), "{\"person_id\":4,\"parent_id\":1,\"name\":\"dee\"}");
    rt_ok(kx_walk_next(walk, &doc, &depth));
    ck_assert_uint_eq(kx_doc_id(doc), 5);
    ck_assert_uint_eq(depth, 2);
    ck_assert_int_eq(kx_walk_next(walk, &doc, &depth), KX_NOTFOUND);
    ck_assert_int_eq(kx_walk_next(walk, &doc, &depth), KX_NOTFOUND);
    rt_ok(kx_walk_close(walk));
    rt_end(&it);
}
END_TEST

START_TEST(a_kept_document_stays_and_the_next_one_is_another)
{
    shop it = start();
    kx_walk *walk;
    kx_doc *root = person(it.txn, 1, 0), *kept, *doc;
    person(it.txn, 2, 1);
    person(it.txn, 3, 1);
    rt_ok(kx_related_walk(root, "children", 0, &walk));
    rt_ok(kx_walk_next(walk, &kept, NULL));
    rt_ok(kx_doc_keep(kept));
    rt_ok(kx_walk_next(walk, &doc, NULL));
    ck_assert_ptr_ne(kept, doc);
    rt_ok(kx_walk_close(walk));
    ck_assert_uint_eq(kx_doc_id(kept), 2);
    rt_end(&it);
}
END_TEST

START_TEST(the_end_of_a_transaction_closes_its_walks)
{
    shop it = start();
    kx_walk *outer, *inner;
    kx_doc *root = person(it.txn, 1, 0), *doc;
    kx_txn *child;
    person(it.txn, 2, 1);
    rt_ok(kx_related_walk(root, "children", 0, &outer));
    rt_ok(kx_txn_child(it.txn, &child));
    rt_ok(kx_related_walk(root, "children", 0, &inner));
    person(child, 3, 2);
    rt_ok(kx_walk_next(inner, &doc, NULL));
    kx_txn_abort(child);
    rt_ok(kx_walk_next(outer, &doc, NULL));
    ck_assert_uint_eq(kx_doc_id(doc), 2);
    ck_assert_int_eq(kx_walk_next(outer, &doc, NULL), KX_NOTFOUND);
    rt_end(&it);
}
END_TEST

/* ---- an oracle, costs, memory -------------------------------------------------------------------------- */

enum { PEOPLE = 60 };

/* By repeated passes over an array of parents. */
static const char *expected(const unsigned *parents, unsigned from, unsigned most)
{
    unsigned depths[PEOPLE + 1] = {0}, depth = 1;
    const char *text = "";
    for (bool found = true; found && (most == 0 || depth <= most); depth++) {
        found = false;
        for (unsigned i = 1; i <= PEOPLE; i++) {
            bool below = parents[i] == from ? depth == 1 : depths[parents[i]] == depth - 1 && depth > 1;
            if (i == from || depths[i] != 0 || parents[i] == 0 || !below)
                continue;
            depths[i] = depth;
            found = true;
            text = kxt_print("%s%s%u/%u", text, text[0] != '\0' ? " " : "", i, depth);
        }
    }
    return text;
}

START_TEST(random_forests_and_rings_agree_with_an_oracle)
{
    uint64_t seed = kxt_seed();
    for (uint64_t trial = 0; trial < kxt_scaled(40); trial++) {
        shop it = start();
        unsigned parents[PEOPLE + 1] = {0};
        for (unsigned i = 1; i <= PEOPLE; i++) {
            parents[i] = (unsigned)kxt_random_below(&seed, 1 + PEOPLE / (1 + trial % 4));
            person(it.txn, i, parents[i]);
        }
        for (unsigned from = 1; from <= PEOPLE; from++) {
            unsigned most = (unsigned)kxt_random_below(&seed, 4);
            ck_assert_str_eq(walked(rt_get(it.txn, "people", from), "children", most), expected(parents, from, most));
        }
        kx_txn_abort(it.txn);
        rt_ok(kx_close(it.db));
        rt_ok(remove(kxt_path("shop.kx")) == 0 ? KX_OK : KX_IO);
    }
}
END_TEST

/* A long chain and a wide star: rows are read once each, and one instance shows them all. */
START_TEST(each_document_is_read_once_and_by_one_instance)
{
    shop it = start();
    unsigned many = kxt_plain() ? 20000 : 2000;
    for (unsigned i = 1; i <= many; i++)
        person(it.txn, i, _i == 0 ? i - 1 : i > 1);
    rt_ok(kx_txn_commit(it.txn));
    it.txn = rt_begin(it.db, KX_READ);
    kx_doc *root = rt_get(it.txn, "people", 1), *doc, *first = NULL;
    kx_stats before = rt_stats(it.txn);
    kx_walk *walk;
    unsigned count = 0, depth = 0;
    rt_ok(kx_related_walk(root, "children", 0, &walk));
    for (; kx_walk_next(walk, &doc, &depth) == KX_OK; count++) {
        first = first != NULL ? first : doc;
        ck_assert_ptr_eq(doc, first);
    }
    rt_ok(kx_walk_close(walk));
    kx_stats after = rt_stats(it.txn);
    ck_assert_uint_eq(count, many - 1);
    ck_assert_uint_eq(depth, _i == 0 ? many - 1 : 1);
    ck_assert_uint_eq(after.rows - before.rows, many - 1);
    kx_txn_abort(it.txn);
    rt_ok(kx_close(it.db));
}
END_TEST

START_TEST(a_depth_that_is_the_last_one_is_not_looked_beyond)
{
    shop it = start();
    kx_doc *root = person(it.txn, 1, 0);
    for (unsigned i = 2; i <= 100; i++)
        person(it.txn, i, 1);
    kx_stats before = rt_stats(it.txn);
    walked(root, "children", 1);
    kx_stats middle = rt_stats(it.txn);
    walked(root, "children", 2);
    kx_stats after = rt_stats(it.txn);
    ck_assert_uint_ge((after.descents - middle.descents) - (middle.descents - before.descents), 99);
    rt_end(&it);
}
END_TEST

START_TEST(no_memory_at_any_place_leaves_a_walk_that_closes)
{
    shop it = start();
    kx_doc *root = person(it.txn, 1, 0);
    for (unsigned i = 2; i <= 300; i++)
        person(it.txn, i, i / 3);
    int rc = KX_NOMEM;
    for (int64_t n = 0; rc == KX_NOMEM; n++) {
        kx_walk *walk;
        kx_doc *doc;
        kx_base__fail_alloc_after(n);
        rc = kx_related_walk(root, "children", 0, &walk);
        while (rc == KX_OK)
            rc = kx_walk_next(walk, &doc, NULL);
        kx_base__fail_alloc_after(-1);
        ck_assert_msg(rc == KX_NOMEM || rc == KX_NOTFOUND, "%d %s", rc, kx_errmsg());
        ck_assert_int_eq(kx_walk_close(walk), walk != NULL && rc == KX_NOMEM ? KX_NOMEM : KX_OK);
    }
    rt_end(&it);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("walk");
    TCase *c = tcase_create("walk");
    tcase_add_test(c, descendants_come_nearest_first_and_ancestors_from_the_parent_up);
    tcase_add_test(c, one_to_one_leads_both_ways_and_many_to_many_as_sets_do);
    tcase_add_test(c, rings_end_and_diamonds_come_once);
    tcase_add_loop_test(c, long_keys_and_keys_of_two_fields_lead_on, 0, 6);
    tcase_add_test(c, an_unsaved_document_begins_where_it_shows);
    tcase_add_test(c, a_relation_to_another_collection_is_refused);
    tcase_add_test(c, a_result_that_allows_no_lazy_loads_is_not_walked_from);
    tcase_add_test(c, deleting_what_comes_does_not_cut_the_way);
    tcase_add_test(c, a_document_comes_as_it_is_then_and_deleted_ones_do_not);
    tcase_add_test(c, a_kept_document_stays_and_the_next_one_is_another);
    tcase_add_test(c, the_end_of_a_transaction_closes_its_walks);
    tcase_add_test(c, random_forests_and_rings_agree_with_an_oracle);
    tcase_add_loop_test(c, each_document_is_read_once_and_by_one_instance, 0, 2);
    tcase_add_test(c, a_depth_that_is_the_last_one_is_not_looked_beyond);
    tcase_add_test(c, no_memory_at_any_place_leaves_a_walk_that_closes);
    suite_add_tcase(suite, c);
    return suite;
}

int main(void)
{
    return kxt_run(suite());
}
