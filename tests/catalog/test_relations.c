/*
 * test_relations.c -- what a relation declares, implies and refuses.
 */
#include "catalog_support.h"

#include <string.h>

#define KEY(title, to, field, ...)                                                             \
    {                                                                                          \
        .name = title, .kind = KX_FOREIGN_KEY, .target = to, .foreign_key = field, __VA_ARGS__ \
    }
#define SET(title, to, field, ...)                                                             \
    {                                                                                          \
        .name = title, .kind = KX_RELATED_SET, .target = to, .foreign_key = field, __VA_ARGS__ \
    }

static const kx_cat_relation *relation_of(const kx_catalog *catalog, const char *collection, const char *name)
{
    const kx_cat_relation *relation = kx_catalog__relation(kx_catalog__find(catalog, collection), name);
    ck_assert_ptr_nonnull(relation);
    return relation;
}

static const kx_catalog *shop(void)
{
    return kxt_declared(
        kxt_empty(),
        MODELS(MODEL("orders", .relations = RELATIONS(KEY("user", "users", "user_id", .reverse = "orders")))));
}

/* ---- implied ----------------------------------------------------------------------- */

START_TEST(a_foreign_key_makes_its_target_and_indexes_both_ends)
{
    const kx_catalog *catalog = shop();
    ck_assert_str_eq(kxt_indexes(catalog, "orders"), "user_id*");
    ck_assert_str_eq(kxt_indexes(catalog, "users"), "user_id*");
    const kx_cat_relation *user = relation_of(catalog, "orders", "user"),
                          *orders = relation_of(catalog, "users", "orders");
    ck_assert_str_eq(user->declared.related_field, "user_id");
    ck_assert_int_eq(user->declared.on_delete, KX_DO_NOTHING);
    ck_assert_int_eq(user->declared.on_update, KX_DO_NOTHING);
    ck_assert_ptr_eq(user->index, kx_catalog__index(kx_catalog__find(catalog, "users"), "user_id"));
    ck_assert_ptr_eq(user->reverse, orders);
    ck_assert_ptr_eq(orders->reverse, user);
    ck_assert(orders->implied && !user->implied);
    ck_assert_int_eq(orders->declared.kind, KX_RELATED_SET);
    ck_assert_str_eq(orders->declared.local_field, "user_id");
    ck_assert_str_eq(orders->local.text, "user_id");
    ck_assert_ptr_eq(orders->index, kx_catalog__index(kx_catalog__find(catalog, "orders"), "user_id"));
    ck_assert_str_eq(kxt_described(kxt_reloaded(catalog)), kxt_described(catalog));
}
END_TEST

START_TEST(a_related_set_implies_the_same_from_the_other_side)
{
    const kx_catalog *catalog = kxt_declared(
        kxt_empty(),
        MODELS(MODEL("users", .relations = RELATIONS(SET("orders", "orders", "owner", .local_field = "id")))));
    ck_assert_str_eq(kxt_indexes(catalog, "orders"), "owner*");
    ck_assert_str_eq(kxt_indexes(catalog, "users"), "id*");
    ck_assert_ptr_null(relation_of(catalog, "users", "orders")->reverse);
}
END_TEST

START_TEST(an_explicit_index_over_the_same_path_serves_in_either_order)
{
    static const kx_index forms[] = {{.paths = "user_id"},
                                     {.paths = "user_id", .unique = true},
                                     {.paths = "user_id", .sparse = true},
                                     {.paths = "user_id", .primary = true}};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        const kx_model *users = MODEL("users", .indexes = INDEXES(forms[i]));
        const kx_model *orders = MODEL("orders", .relations = RELATIONS(KEY("user", "users", "user_id")));
        const kx_catalog *before = kxt_declared(kxt_declared(kxt_empty(), MODELS(users)), MODELS(orders));
        const kx_catalog *after = kxt_declared(kxt_declared(kxt_empty(), MODELS(orders)), MODELS(users));
        const kx_catalog *at_once = kxt_declared(kxt_empty(), MODELS(orders, users));
        ck_assert_str_eq(kxt_indexes(before, "users"), "user_id");
        ck_assert_str_eq(kxt_described(before), kxt_described(after));
        ck_assert_str_eq(kxt_described(before), kxt_described(at_once));
        ck_assert_ptr_eq(relation_of(after, "orders", "user")->index, &kx_catalog__find(after, "users")->indexes[0]);
    }
}
END_TEST

START_TEST(an_index_over_more_or_descending_does_not_serve)
{
    const kx_catalog *catalog = kxt_declared(
        kxt_empty(), MODELS(MODEL("users", .indexes = INDEXES({.paths = "user_id,x"}, {.paths = "-user_id"})),
                            MODEL("orders", .relations = RELATIONS(KEY("user", "users", "user_id")))));
    ck_assert_str_eq(kxt_indexes(catalog, "users"), "user_id,x -user_id user_id*");
}
END_TEST

START_TEST(an_implied_index_yields_by_drop_and_make)
{
    kx_cat_plan plan;
    const kx_catalog *store = shop();
    uint32_t old = kx_catalog__find(store, "users")->indexes[0].table.number;
    ck_assert_int_eq(
        kx_catalog__declare(store, MODELS(MODEL("users", .indexes = INDEXES({.paths = "user_id", .sparse = true}))),
                            &plan),
        KX_OK);
    ck_assert_uint_eq(plan.count, 2);
    ck_assert_int_eq(plan.steps[0].kind, KX_STEP_DROP_INDEX);
    ck_assert_uint_eq(plan.steps[0].table.number, old);
    ck_assert_int_eq(plan.steps[1].kind, KX_STEP_MAKE_INDEX);
    ck_assert_uint_ne(plan.steps[1].table.number, old);
    const kx_catalog *next = kxt_taken(KX_OK, store, &plan);
    const kx_catalog *later = kxt_declared(next, MODELS(MODEL("orders", .indexes = INDEXES({.paths = "at"}))));
    ck_assert_uint_eq(kx_catalog__index(kx_catalog__find(later, "orders"), "at")->table.number, old);
}
END_TEST

START_TEST(declaring_an_implied_index_as_it_is_only_makes_it_explicit)
{
    kx_cat_plan plan;
    const kx_catalog *store = shop();
    ck_assert_int_eq(
        kx_catalog__declare(store, MODELS(MODEL("users", .indexes = INDEXES({.paths = "user_id"}))), &plan), KX_OK);
    ck_assert_uint_eq(plan.count, 0);
    ck_assert_uint_eq(plan.changed_count, 1);
    ck_assert_str_eq(kxt_indexes(kxt_taken(KX_OK, store, &plan), "users"), "user_id");
}
END_TEST

START_TEST(a_multi_index_cannot_stand_where_a_relation_needs_one)
{
    const kx_model *multi = MODEL("users", .indexes = INDEXES({.paths = "user_id", .multi = true}));
    kxt_refused(shop(), MODELS(multi), KX_CONFLICT,
                "index 'user_id' of 'users': declared multi, but relation orders.user needs one that is not");
    kxt_refused(kxt_declared(kxt_empty(), MODELS(multi)),
                MODELS(MODEL("orders", .relations = RELATIONS(KEY("user", "users", "user_id")))), KX_CONFLICT,
                "index 'user_id' of 'users': declared multi, but relation orders.user needs one that is not");
}
END_TEST

/* ---- reverses ------------------------------------------------------------------------- */

START_TEST(a_hand_written_set_that_agrees_is_the_reverse)
{
    const kx_model *users = MODEL("users", .relations = RELATIONS(SET("orders", "orders", "user_id")));
    const kx_model *orders =
        MODEL("orders", .relations = RELATIONS(KEY("user", "users", "user_id", .reverse = "orders")));
    const kx_catalog *before = kxt_declared(kxt_declared(kxt_empty(), MODELS(users)), MODELS(orders));
    const kx_catalog *after = kxt_declared(kxt_declared(kxt_empty(), MODELS(orders)), MODELS(users));
    ck_assert_str_eq(kxt_described(before), kxt_described(after));
    ck_assert_str_eq(kxt_described(before), kxt_described(kxt_declared(kxt_empty(), MODELS(users, orders))));
    ck_assert(!relation_of(after, "users", "orders")->implied);
    ck_assert_ptr_eq(relation_of(after, "users", "orders")->reverse, relation_of(after, "orders", "user"));
}
END_TEST

START_TEST(a_pair_finds_itself_without_being_told)
{
    const kx_catalog *catalog = kxt_declared(
        kxt_empty(),
        MODELS(MODEL("users", .relations = RELATIONS(SET("orders", "orders", "buyer", .local_field = "id"),
                                                     SET("reviews", "orders", "critic", .local_field = "id"))),
               MODEL("orders", .relations = RELATIONS(KEY("by", "users", "buyer", .related_field = "id")))));
    ck_assert_ptr_eq(relation_of(catalog, "orders", "by")->reverse, relation_of(catalog, "users", "orders"));
    ck_assert_ptr_eq(relation_of(catalog, "users", "orders")->reverse, relation_of(catalog, "orders", "by"));
    ck_assert_ptr_null(relation_of(catalog, "users", "reviews")->reverse);
}
END_TEST

START_TEST(two_keys_to_one_model_have_a_reverse_each)
{
    const kx_catalog *catalog = kxt_declared(
        kxt_empty(),
        MODELS(MODEL("posts", .relations = RELATIONS(
                                  KEY("author", "users", "author_id", .related_field = "id", .reverse = "posts"),
                                  KEY("editor", "users", "editor_id", .related_field = "id", .reverse = "edited")))));
    ck_assert_ptr_eq(relation_of(catalog, "users", "edited")->reverse, relation_of(catalog, "posts", "editor"));
    ck_assert_str_eq(kxt_indexes(catalog, "posts"), "author_id* editor_id*");
    ck_assert_str_eq(kxt_indexes(catalog, "users"), "id*");
}
END_TEST

START_TEST(a_self_relation_and_a_circle_need_no_order)
{
    const kx_catalog *catalog = kxt_declared(
        kxt_empty(),
        MODELS(MODEL("parts", .relations = RELATIONS(KEY("parent", "parts", "parent_code", .related_field = "code",
                                                         .reverse = "children")))));
    ck_assert_str_eq(kxt_indexes(catalog, "parts"), "parent_code* code*");
    ck_assert_ptr_eq(relation_of(catalog, "parts", "children")->reverse, relation_of(catalog, "parts", "parent"));
    catalog = kxt_declared(kxt_empty(), MODELS(MODEL("a", .relations = RELATIONS(KEY("b", "b", "b_id"))),
                                               MODEL("b", .relations = RELATIONS(KEY("a", "a", "a_id")))));
    ck_assert_ptr_eq(relation_of(catalog, "a", "b")->target, relation_of(catalog, "b", "a")->owner);
}
END_TEST

START_TEST(reverses_that_contradict_are_a_conflict)
{
    const kx_model *orders =
        MODEL("orders", .relations = RELATIONS(KEY("user", "users", "user_id", .reverse = "orders")));
    kxt_refused(
        kxt_declared(kxt_empty(), MODELS(MODEL("users", .relations = RELATIONS(SET("orders", "orders", "buyer"))))),
        MODELS(orders), KX_CONFLICT,
        "users.orders: declared with foreign_key 'buyer', but as the reverse of orders.user it is with foreign_key "
        "'user_id'");
    kxt_refused(shop(), MODELS(MODEL("users", .relations = RELATIONS(SET("orders", "orders", "buyer")))), KX_CONFLICT,
                "users.orders: declared with foreign_key 'buyer', but the store has it with foreign_key 'user_id'");
    kxt_refused(
        shop(),
        MODELS(MODEL("orders", .relations = RELATIONS(KEY("editor", "users", "editor_id", .reverse = "orders")))),
        KX_CONFLICT,
        "users.orders: declared with foreign_key 'user_id', but as the reverse of orders.editor it is with foreign_key "
        "'editor_id'");
    kxt_refused(
        shop(), MODELS(MODEL("returns", .relations = RELATIONS(KEY("user", "users", "user_id", .reverse = "orders")))),
        KX_CONFLICT,
        "users.orders: declared with target 'orders', but as the reverse of returns.user it is with target 'returns'");
}
END_TEST

/* ---- refused ---------------------------------------------------------------------------- */

static void refuse(kx_relation relation, const char *text)
{
    kxt_refused(kxt_empty(),
                MODELS(MODEL("orders", .fields = FIELDS({.path = "required", .type = KX_TYPE_INT}),
                             .relations = (const kx_relation[]){relation, {0}})),
                KX_INVALID, text);
}

START_TEST(a_relation_that_means_nothing_is_refused)
{
    refuse((kx_relation)KEY("", "users", "user_id"), "the name '' of a relation of 'orders' is empty");
    refuse((kx_relation)KEY("_id", "users", "user_id"),
           "the name '_id' of a relation of 'orders' is _id, which is the id of every document");
    refuse((kx_relation)KEY("a.b", "users", "user_id"),
           "the name 'a.b' of a relation of 'orders' cannot stand in a path: it holds one of . , [ ] `, begins with "
           "'-', or begins or ends with a blank");
    refuse((kx_relation)KEY("user", NULL, "user_id"), "orders.user: it names no .target");
    refuse((kx_relation)KEY("user", "kx/meta", "user_id"),
           "collection 'kx/meta': names that begin with kx/ are the store's own");
    refuse((kx_relation)KEY("user", "users", NULL), "orders.user: it names no .foreign_key");
    refuse((kx_relation){.name = "user", .target = "users", .foreign_key = "x"},
           "orders.user: no such kind of relation: 0");
    refuse((kx_relation){.name = "user", .kind = (kx_relation_kind)77, .target = "users", .foreign_key = "x"},
           "orders.user: no such kind of relation: 77");
    refuse((kx_relation)KEY("user", "users", "tags[]"),
           "relation 'user' of 'orders': orders.tags[]: it takes a path of names, and none into an array");
    refuse((kx_relation)KEY("user", "users", "user_id", .related_field = "_id"),
           "relation 'user' of 'orders': users._id: _id is the id of every document, no field; a primary index makes a "
           "field the id");
    refuse((kx_relation)KEY("user", "users", "user_id", .reverse = "a.b"),
           "the name 'a.b' of a relation of 'users' cannot stand in a path: it holds one of . , [ ] `, begins with "
           "'-', or begins or ends with a blank");
    refuse((kx_relation)KEY("boss", "orders", "boss_id"),
           "orders.boss: it relates every document to itself; .related_field names the field that the key equals");
}
END_TEST

START_TEST(a_kind_takes_its_own_members_only)
{
    refuse((kx_relation)KEY("user", "users", "x", .local_field = "y"),
           "orders.user: a foreign key takes no .local_field");
    refuse((kx_relation)KEY("user", "users", "x", .through = "y"), "orders.user: a foreign key takes no .through");
    refuse((kx_relation)SET("lines", "lines", "x", .related_field = "y"),
           "orders.lines: a related set takes no .related_field");
    refuse((kx_relation)SET("lines", "lines", "x", .reverse = "y"), "orders.lines: a related set takes no .reverse");
    refuse((kx_relation)SET("lines", "lines", "x", .optional = true), "orders.lines: a related set takes no .optional");
    refuse((kx_relation)SET("lines", "lines", "x", .on_delete = KX_CASCADE),
           "orders.lines: a related set takes no .on_delete");
}
END_TEST

START_TEST(an_action_must_be_possible)
{
    refuse((kx_relation)KEY("r", "users", "x", .on_delete = KX_SET_NULL),
           "orders.r: .on_delete cannot set a required relation null");
    refuse((kx_relation)KEY("r", "users", "required", .optional = true, .on_update = KX_SET_NULL),
           "orders.r: .on_update cannot set the required field 'required' null");
    refuse((kx_relation)KEY("r", "users", "required", .on_delete = KX_SET_DEFAULT),
           "orders.r: .on_delete sets the default, but the field 'required' has no .initial");
    refuse((kx_relation)KEY("r", "users", "x", .on_update = KX_PROTECT),
           "orders.r: .on_update cannot protect: that is about deleting");
    refuse((kx_relation)KEY("r", "users", "x", .on_delete = (kx_action)9), "orders.r: no such action: .on_delete = 9");
    refuse((kx_relation)KEY("r", "users", "x", .deferred = true),
           "orders.r: .deferred is about .enforced, which is not set");
}
END_TEST

static kx_relation link(kx_relation given)
{
    given.name = "r";
    given.kind = KX_MANY_TO_MANY;
    given.target = "t";
    return given;
}

START_TEST(kinds_name_what_they_cannot_do_without)
{
    refuse(link((kx_relation){.local_field = "a", .related_field = "b"}),
           "orders.r: it names no .through, the collection of its links");
    refuse(link((kx_relation){.through = "j", .related_field = "b"}),
           "orders.r: it names no .local_field or no .related_field, the keys of its ends");
    refuse(link((kx_relation){.through = "j", .local_field = "a", .related_field = "b", .foreign_key = "c"}),
           "orders.r: a many-to-many takes no .foreign_key");
    refuse(link((kx_relation){.through = "j", .local_field = "a", .related_field = "b", .enforced = true}),
           "orders.r: a many-to-many takes no .enforced");
    refuse(link((kx_relation){.through = "j", .local_field = "a", .related_field = "a"}),
           "orders.r: one field 'a' of 'j' cannot hold both keys; .through_local and .through_related name two");
    refuse(link((kx_relation){.through = "j", .local_field = "a,b", .related_field = "c,d"}),
           "orders.r: the keys of a many-to-many are of one field each");
    refuse(link((kx_relation){.through = "orders", .local_field = "a", .related_field = "b"}),
           "orders.r: its junction is a collection of its own, and neither of its ends");
    refuse((kx_relation){.name = "r", .kind = KX_ONE_TO_ONE, .target = "t"}, "orders.r: it names no .foreign_key");
    refuse((kx_relation){.name = "r", .kind = KX_RELATED_ONE, .target = "t", .foreign_key = "a", .optional = true},
           "orders.r: a related one takes no .optional");
}
END_TEST

START_TEST(keys_of_several_fields_have_as_many_at_both_ends)
{
    refuse((kx_relation)KEY("r", "users", "x,y", .related_field = "z"),
           "orders.r: 'x,y' of 'orders' and 'z' of 'users' are keys of different numbers of fields");
    refuse((kx_relation)KEY("r", "users", "x,x"),
           "relation 'r' of 'orders': orders.x,x: the same field twice in a key");
    refuse((kx_relation)KEY("r", "orders", "x, y", .related_field = "x,y"),
           "orders.r: it relates every document to itself; .related_field names the field that the key equals");
}
END_TEST

START_TEST(actions_that_cannot_be_carried_out_are_refused)
{
    refuse((kx_relation)KEY("r", "users", "x", .enforced = true, .on_delete = KX_DO_NOTHING),
           "orders.r: .on_delete cannot do nothing about a key that is enforced, unless it is .deferred");
    const kx_field fields[] = {{.path = "x", .optional = true}, {.path = "y", .type = KX_TYPE_INT}, {0}};
    const kx_relation nulls = KEY("r", "users", "x,y", .optional = true, .on_delete = KX_SET_NULL);
    kxt_refused(kxt_empty(), MODELS(MODEL("orders", .fields = fields, .relations = RELATIONS(nulls))), KX_INVALID,
                "orders.r: .on_delete cannot set the required field 'y' null");
    const kx_relation defaults = KEY("r", "users", "x", .on_update = KX_SET_DEFAULT);
    kxt_refused(kxt_empty(), MODELS(MODEL("orders", .fields = fields, .relations = RELATIONS(defaults))), KX_INVALID,
                "orders.r: .on_update sets the default, but the field 'x' has no .initial");
}
END_TEST

/* ---- other kinds -------------------------------------------------------------------------- */

START_TEST(an_enforced_key_needs_a_unique_target)
{
    const kx_relation loose = KEY("user", "users", "user_id");
    const kx_relation strict = KEY("user", "users", "user_id", .enforced = true);
    const kx_relation other = KEY("payer", "users", "payer_id", .related_field = "user_id", .enforced = true);
    const kx_catalog *catalog = kxt_declared(kxt_empty(), MODELS(MODEL("orders", .relations = RELATIONS(loose))));
    ck_assert(!kx_catalog__index(kx_catalog__find(catalog, "users"), "user_id")->unique);
    catalog = kxt_declared(catalog, MODELS(MODEL("orders", .relations = RELATIONS(other))));
    const kx_cat_index *index = kx_catalog__index(kx_catalog__find(catalog, "users"), "user_id");
    ck_assert(index->unique && index->implied);
    kxt_refused(kxt_empty(),
                MODELS(MODEL("users", .indexes = INDEXES({.paths = "user_id"})),
                       MODEL("orders", .relations = RELATIONS(strict))),
                KX_CONFLICT,
                "index 'user_id' of 'users': declared not unique, but relation orders.user needs one that is");
    kxt_refused(catalog, MODELS(MODEL("users", .indexes = INDEXES({.paths = "user_id"}))), KX_CONFLICT,
                "index 'user_id' of 'users': declared not unique, but relation orders.payer needs one that is");
    const kx_cat_collection *orders = kx_catalog__find(kxt_reloaded(catalog), "orders");
    ck_assert(orders->has_enforced && kx_catalog__relation(orders, "payer")->declared.on_delete == KX_RESTRICT);
}
END_TEST

START_TEST(a_one_to_one_is_unique_and_its_reverse_is_one)
{
    const kx_relation one = {.name = "user", .kind = KX_ONE_TO_ONE, .target = "users", .foreign_key = "user_id",
                             .reverse = "profile"};
    const kx_catalog *catalog = kxt_declared(kxt_empty(), MODELS(MODEL("profiles", .relations = RELATIONS(one))));
    catalog = kxt_reloaded(catalog);
    const kx_cat_collection *profiles = kx_catalog__find(catalog, "profiles"), *users = kx_catalog__find(catalog, "users");
    const kx_cat_relation *profile = kx_catalog__relation(users, "profile");
    ck_assert_int_eq(profile->declared.kind, KX_RELATED_ONE);
    ck_assert(profile->index == kx_catalog__index(profiles, "user_id") && profile->index->unique);
    ck_assert_ptr_eq(profile->reverse, kx_catalog__relation(profiles, "user"));
    ck_assert(users->incoming_count == 1 && users->incoming[0]->from == profiles && users->outgoing_count == 0);
    ck_assert(profiles->outgoing_count == 1 && profiles->outgoing[0] == users->incoming[0]);
}
END_TEST

START_TEST(a_many_to_many_has_a_junction_with_both_indexes)
{
    const kx_relation products = {.name = "products", .kind = KX_MANY_TO_MANY, .target = "products",
                                  .through = "items", .local_field = "order_id", .related_field = "product_id",
                                  .reverse = "orders"};
    const kx_relation back = {.name = "orders", .kind = KX_MANY_TO_MANY, .target = "orders", .through = "items",
                              .local_field = "product_id", .related_field = "order_id"};
    const kx_catalog *catalog =
        kxt_declared(kxt_empty(), MODELS(MODEL("orders", .relations = RELATIONS(products)),
                                         MODEL("products", .indexes = INDEXES({.paths = "product_id", .primary = true}))));
    catalog = kxt_reloaded(kxt_declared(catalog, MODELS(MODEL("products", .relations = RELATIONS(back)))));
    const kx_cat_collection *orders = kx_catalog__find(catalog, "orders"), *goods = kx_catalog__find(catalog, "products");
    const kx_cat_collection *items = kx_catalog__find(catalog, "items");
    const kx_cat_relation *there = kx_catalog__relation(orders, "products"), *here = kx_catalog__relation(goods, "orders");
    ck_assert(there->reverse == here && here->reverse == there);
    ck_assert_str_eq(kxt_indexes(catalog, "orders"), "order_id*");
    ck_assert(kx_catalog__index(orders, "order_id")->unique);
    ck_assert_str_eq(there->junction.onward->paths, "order_id,product_id");
    ck_assert_str_eq(there->junction.back->paths, "product_id,order_id");
    ck_assert(there->junction.onward->unique && there->junction.back->unique && there->junction.onward == here->junction.back);
    ck_assert_uint_eq(items->outgoing_count, 2);
    ck_assert(orders->incoming_count == 1 && goods->incoming_count == 1);
    ck_assert(goods->incoming[0]->link && goods->incoming[0]->index == there->junction.back &&
              goods->incoming[0]->on_delete == KX_CASCADE);
}
END_TEST

START_TEST(dropping_a_many_to_many_leaves_its_junction_without_implied_indexes)
{
    const kx_relation products = {.name = "products", .kind = KX_MANY_TO_MANY, .target = "products",
                                  .through = "items", .local_field = "order_id", .related_field = "product_id"};
    kx_cat_plan plan;
    const kx_catalog *catalog = kxt_declared(kxt_empty(), MODELS(MODEL("orders", .relations = RELATIONS(products))));
    ck_assert_int_eq(kx_catalog__drop_collection(catalog, "items", &plan), KX_CONFLICT);
    ck_assert_int_eq(kx_catalog__drop_index(catalog, "items", "order_id,product_id", &plan), KX_CONFLICT);
    catalog = kxt_taken(kx_catalog__drop_relation(catalog, "orders", "products", &plan), catalog, &plan);
    ck_assert_str_eq(kxt_indexes(catalog, "items"), "");
    ck_assert_str_eq(kxt_indexes(catalog, "orders"), "");
    catalog = kxt_taken(kx_catalog__drop_collection(catalog, "items", &plan), catalog, &plan);
    ck_assert_ptr_null(kx_catalog__find(catalog, "items"));
}
END_TEST

START_TEST(keys_of_several_fields_stand_on_compound_indexes)
{
    const kx_relation user = KEY("user", "users", "tenant, user_id", .enforced = true, .reverse = "orders");
    const kx_catalog *catalog =
        kxt_reloaded(kxt_declared(kxt_empty(), MODELS(MODEL("orders", .relations = RELATIONS(user)))));
    const kx_cat_relation *relation = kx_catalog__relation(kx_catalog__find(catalog, "orders"), "user");
    ck_assert_str_eq(relation->local.text, "tenant,user_id");
    ck_assert_uint_eq(relation->remote.count, 2);
    ck_assert(relation->index->unique && relation->index->count == 2);
    ck_assert_str_eq(kxt_indexes(catalog, "orders"), "tenant,user_id*");
    ck_assert_str_eq(relation->reverse->declared.name, "orders");
}
END_TEST

START_TEST(enforcing_a_key_of_a_collection_that_was_there_asks_for_a_check)
{
    const kx_relation strict = KEY("user", "users", "user_id", .enforced = true);
    kx_cat_plan plan;
    kx_catalog *store = (kx_catalog *)(uintptr_t)kxt_declared(kxt_empty(), MODELS(MODEL("orders")));
    const kx_model model = *MODEL("orders", .relations = RELATIONS(strict));
    ck_assert_int_eq(kx_catalog__declare(store, (const kx_model *const[]){&model, NULL}, &plan), KX_OK);
    ck_assert_int_eq(plan.steps[plan.count - 1].kind, KX_STEP_CHECK_RELATION);
    kx_catalog__plan_free(&plan);
    ck_assert_int_eq(kx_catalog__declare(kxt_empty(), (const kx_model *const[]){&model, NULL}, &plan), KX_OK);
    for (size_t i = 0; i < plan.count; i++)
        ck_assert_int_ne(plan.steps[i].kind, KX_STEP_CHECK_RELATION);
    kx_catalog__plan_free(&plan);
}
END_TEST

START_TEST(nothing_else_begins_with_a_relations_name)
{
    const kx_relation user = KEY("user", "users", "user_id");
    kxt_refused(kxt_empty(),
                MODELS(MODEL("orders", .fields = FIELDS({.path = "user.x"}), .relations = RELATIONS(user))), KX_INVALID,
                "orders.user is a relation, so no field can be called 'user.x'");
    kxt_refused(kxt_empty(),
                MODELS(MODEL("orders", .indexes = INDEXES({.paths = "a,-user.x"}), .relations = RELATIONS(user))),
                KX_INVALID, "orders.user is a relation, so no index can be over 'user.x'");
    kxt_refused(kxt_empty(), MODELS(MODEL("orders", .relations = RELATIONS(KEY("user", "users", "user")))), KX_INVALID,
                "orders.user is a relation, so no key can be over 'user'");
    kxt_refused(kxt_declared(kxt_empty(), MODELS(MODEL("users", .fields = FIELDS({.path = "orders"})))),
                MODELS(MODEL("orders", .relations = RELATIONS(KEY("user", "users", "user_id", .reverse = "orders")))),
                KX_INVALID, "users.orders is a relation, so no field can be called 'orders'");
    kxt_refused(shop(), MODELS(MODEL("users", .fields = FIELDS({.path = "orders"}))), KX_INVALID,
                "users.orders is a relation, so no field can be called 'orders'");
}
END_TEST

START_TEST(a_relation_that_differs_is_a_conflict_that_names_both)
{
    const kx_catalog *store = shop();
    kxt_refused(store,
                MODELS(MODEL("orders", .relations = RELATIONS(
                                           KEY("user", "users", "user_id", .reverse = "orders", .optional = true)))),
                KX_CONFLICT, "orders.user: declared optional, but the store has it required");
    kxt_refused(store,
                MODELS(MODEL("orders", .relations = RELATIONS(KEY("user", "people", "user_id", .reverse = "orders")))),
                KX_CONFLICT, "orders.user: declared with target 'people', but the store has it with target 'users'");
    kxt_refused(store, MODELS(MODEL("orders", .relations = RELATIONS(KEY("user", "users", "user_id")))), KX_CONFLICT,
                "orders.user: declared without reverse, but the store has it with reverse 'orders'");
    kxt_refused(store, MODELS(MODEL("orders", .relations = RELATIONS(SET("user", "users", "user_id")))), KX_CONFLICT,
                "orders.user: declared with kind 'related_set', but the store has it with kind 'foreign_key'");
    kxt_refused(store,
                MODELS(MODEL("orders", .relations = RELATIONS(KEY("x", "users", "a"))),
                       MODEL("orders", .relations = RELATIONS(KEY("x", "users", "b")))),
                KX_CONFLICT, "orders.x: declared with foreign_key 'b', but another model has it with foreign_key 'a'");
    ck_assert_ptr_eq(
        kxt_declared(store, MODELS(MODEL("orders", .relations = RELATIONS(
                                                       KEY("user", "users", "`user_id`", .related_field = "user_id",
                                                           .reverse = "orders", .on_delete = KX_DO_NOTHING))))),
        store);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("catalog/relations");
    TCase *implied = tcase_create("implied");
    tcase_add_test(implied, a_foreign_key_makes_its_target_and_indexes_both_ends);
    tcase_add_test(implied, a_related_set_implies_the_same_from_the_other_side);
    tcase_add_test(implied, an_explicit_index_over_the_same_path_serves_in_either_order);
    tcase_add_test(implied, an_index_over_more_or_descending_does_not_serve);
    tcase_add_test(implied, an_implied_index_yields_by_drop_and_make);
    tcase_add_test(implied, declaring_an_implied_index_as_it_is_only_makes_it_explicit);
    tcase_add_test(implied, a_multi_index_cannot_stand_where_a_relation_needs_one);
    suite_add_tcase(suite, implied);

    TCase *reverses = tcase_create("reverses");
    tcase_add_test(reverses, a_hand_written_set_that_agrees_is_the_reverse);
    tcase_add_test(reverses, a_pair_finds_itself_without_being_told);
    tcase_add_test(reverses, two_keys_to_one_model_have_a_reverse_each);
    tcase_add_test(reverses, a_self_relation_and_a_circle_need_no_order);
    tcase_add_test(reverses, reverses_that_contradict_are_a_conflict);
    suite_add_tcase(suite, reverses);

    TCase *refused = tcase_create("refused");
    tcase_add_test(refused, a_relation_that_means_nothing_is_refused);
    tcase_add_test(refused, a_kind_takes_its_own_members_only);
    tcase_add_test(refused, an_action_must_be_possible);
    tcase_add_test(refused, kinds_name_what_they_cannot_do_without);
    tcase_add_test(refused, keys_of_several_fields_have_as_many_at_both_ends);
    tcase_add_test(refused, actions_that_cannot_be_carried_out_are_refused);
    tcase_add_test(refused, an_enforced_key_needs_a_unique_target);
    tcase_add_test(refused, a_one_to_one_is_unique_and_its_reverse_is_one);
    tcase_add_test(refused, a_many_to_many_has_a_junction_with_both_indexes);
    tcase_add_test(refused, dropping_a_many_to_many_leaves_its_junction_without_implied_indexes);
    tcase_add_test(refused, keys_of_several_fields_stand_on_compound_indexes);
    tcase_add_test(refused, enforcing_a_key_of_a_collection_that_was_there_asks_for_a_check);
    tcase_add_test(refused, nothing_else_begins_with_a_relations_name);
    tcase_add_test(refused, a_relation_that_differs_is_a_conflict_that_names_both);
    suite_add_tcase(suite, refused);
    return kxt_run(suite);
}
