/*
 * test_declare.c -- collections, fields and indexes: what may be declared, what is refused and how that reads, which
 * steps follow.
 */
#include "catalog_support.h"

#include <stdio.h>
#include <string.h>

#include <lmdbkenobix/schema.h>

/* ---- steps ------------------------------------------------------------------------- */

START_TEST(a_first_declaration_makes_collections_then_fields_then_indexes)
{
    kx_cat_plan plan;
    const kx_catalog *empty = kxt_empty();
    ck_assert_uint_eq(empty->epoch, 0);
    const kx_model *users = MODEL("users", .fields = FIELDS({.path = "name", .type = KX_TYPE_TEXT}),
                                  .indexes = INDEXES({.paths = "email", .unique = true}, {.paths = "age"}));
    ck_assert_int_eq(kx_catalog__declare(empty, MODELS(users), &plan), KX_OK);
    ck_assert_uint_eq(plan.count, 4);
    ck_assert_int_eq(plan.steps[0].kind, KX_STEP_MAKE_COLLECTION);
    ck_assert_uint_eq(plan.steps[0].table.number, 2);
    ck_assert_int_eq(plan.steps[0].table.shape, KX_STORE_ROWS);
    ck_assert(plan.steps[0].table_is_new);
    ck_assert_int_eq(plan.steps[1].kind, KX_STEP_CHECK_FIELD);
    ck_assert_uint_eq(plan.steps[1].item, 0);
    ck_assert_int_eq(plan.steps[2].kind, KX_STEP_MAKE_INDEX);
    ck_assert_uint_eq(plan.steps[2].table.number, 3);
    ck_assert_int_eq(plan.steps[2].table.shape, KX_STORE_UNIQUE);
    ck_assert_int_eq(plan.steps[3].table.shape, KX_STORE_POSTINGS);
    ck_assert_uint_eq(plan.changed_count, 1);
    ck_assert_uint_eq(plan.changed[0], 2);
    ck_assert_uint_eq(plan.next->epoch, 1);
    ck_assert_uint_eq(plan.next->next_table, 5);
    kx_catalog__plan_free(&plan);
    ck_assert_uint_eq(empty->count, 0);
}
END_TEST

START_TEST(declaring_again_is_no_change_and_takes_no_memory)
{
    const kx_model *const *models =
        MODELS(MODEL("users",
                     .fields = FIELDS({.path = "name", .type = KX_TYPE_TEXT, .optional = true},
                                      {.path = "status", .type = KX_TYPE_TEXT, .initial = "new"}),
                     .indexes = INDEXES({.paths = "user_id", .primary = true}, {.paths = " status , -amount "},
                                        {.paths = "tags", .multi = true})),
               MODEL("orders", .relations = RELATIONS({.name = "user",
                                                       .kind = KX_FOREIGN_KEY,
                                                       .target = "users",
                                                       .foreign_key = "user_id",
                                                       .reverse = "orders",
                                                       .on_delete = KX_DO_NOTHING})));
    const kx_catalog *catalog = kxt_declared(kxt_empty(), models);
    kx_cat_plan plan;
    kx_base__fail_alloc_after(0);
    ck_assert_int_eq(kx_catalog__declare(catalog, models, &plan), KX_OK);
    ck_assert_int_ge(kx_base__fail_alloc_after(-1), 0);
    ck_assert_ptr_null(plan.next);
    ck_assert_uint_eq(plan.count, 0);
    ck_assert_ptr_eq(kxt_declared(catalog, MODELS(models[0])), catalog);
}
END_TEST

START_TEST(another_spelling_of_a_path_is_the_same_index)
{
    const kx_catalog *catalog = kxt_declared(kxt_empty(), MODELS(MODEL("a", .indexes = INDEXES({.paths = "x,-y.z"}))));
    ck_assert_ptr_eq(kxt_declared(catalog, MODELS(MODEL("a", .indexes = INDEXES({.paths = "x ,\t-y.z "})))), catalog);
    ck_assert_ptr_eq(kxt_declared(catalog, MODELS(MODEL("a", .indexes = INDEXES({.paths = "`x`,-y.`z`"})))), catalog);
    ck_assert_str_eq(kxt_indexes(catalog, "a"), "x,-y.z");
    catalog = kxt_declared(catalog, MODELS(MODEL("a", .indexes = INDEXES({.paths = "`p,q`,`-r`,`s.t`.u,` v`"}))));
    ck_assert_str_eq(kxt_indexes(catalog, "a"), "x,-y.z `p,q`,`-r`,`s.t`.u,` v`");
    ck_assert_uint_eq(catalog->collections[0].indexes[1].count, 4);
    ck_assert(!catalog->collections[0].indexes[1].parts[1].descending);
    ck_assert_str_eq(kxt_described(kxt_reloaded(catalog)), kxt_described(catalog));
}
END_TEST

START_TEST(only_what_is_new_asks_for_steps)
{
    const kx_catalog *first =
        kxt_declared(kxt_empty(), MODELS(MODEL("a", .indexes = INDEXES({.paths = "x"})), MODEL("b")));
    kx_cat_plan plan;
    const kx_model *more =
        MODEL("a", .fields = FIELDS({.path = "n", .type = KX_TYPE_INT}, {.path = "free", .optional = true}),
              .indexes = INDEXES({.paths = "x"}, {.paths = "y"}));
    ck_assert_int_eq(kx_catalog__declare(first, MODELS(more), &plan), KX_OK);
    ck_assert_uint_eq(plan.count, 2);
    ck_assert_int_eq(plan.steps[0].kind, KX_STEP_CHECK_FIELD);
    ck_assert_int_eq(plan.steps[1].kind, KX_STEP_MAKE_INDEX);
    ck_assert_uint_eq(plan.steps[1].item, 1);
    ck_assert_uint_eq(plan.changed_count, 1);
    kx_catalog__plan_free(&plan);
}
END_TEST

START_TEST(what_the_model_no_longer_names_stays)
{
    const kx_catalog *catalog = kxt_declared(
        kxt_empty(),
        MODELS(MODEL("a", .fields = FIELDS({.path = "f", .type = KX_TYPE_INT}), .indexes = INDEXES({.paths = "x"}))));
    catalog = kxt_declared(catalog, MODELS(MODEL("a", .indexes = INDEXES({.paths = "y"}))));
    ck_assert_str_eq(kxt_indexes(catalog, "a"), "x y");
    ck_assert_uint_eq(catalog->collections[0].field_count, 1);
}
END_TEST

START_TEST(the_same_twice_in_one_call_is_once)
{
    const kx_model *model = MODEL("a", .fields = FIELDS({.path = "f", .type = KX_TYPE_INT}),
                                  .indexes = INDEXES({.paths = "x"}, {.paths = "x"}));
    const kx_catalog *catalog = kxt_declared(kxt_empty(), MODELS(model, model));
    ck_assert_str_eq(kxt_indexes(catalog, "a"), "x");
    ck_assert_uint_eq(catalog->count, 1);
}
END_TEST

START_TEST(a_store_has_4096_tables_at_most)
{
    enum { MOST = KX_STORE_TABLES - KX_STORE_FIRST_TABLE };
    static kx_model models[MOST + 1];
    static const kx_model *list[MOST + 2];
    static char names[MOST + 1][8];
    for (size_t i = 0; i <= MOST; i++) {
        snprintf(names[i], sizeof names[i], "c%zu", i);
        models[i].name = names[i];
        list[i] = &models[i];
    }
    kxt_refused(kxt_empty(), list, KX_LIMIT, "a store holds at most 4096 tables: one a collection and one an index");
    list[MOST] = NULL;
    const kx_catalog *full = kxt_declared(kxt_empty(), list);
    ck_assert_uint_eq(full->next_table, KX_STORE_TABLES);
    kx_cat_plan plan;
    full = kxt_taken(kx_catalog__drop_collection(full, "c7", &plan), full, &plan);
    full = kxt_declared(full, MODELS(MODEL("again")));
    ck_assert_uint_eq(kx_catalog__find(full, "again")->number, 9);
    kxt_refused(full, MODELS(MODEL("again", .indexes = INDEXES({.paths = "x"}))), KX_LIMIT,
                "a store holds at most 4096 tables: one a collection and one an index");
}
END_TEST

/* ---- names --------------------------------------------------------------------------- */

START_TEST(a_collection_needs_a_decent_name)
{
    const kx_catalog *empty = kxt_empty();
    kxt_refused(empty, MODELS(MODEL(NULL)), KX_INVALID, "the name of a collection is empty");
    kxt_refused(empty, MODELS(MODEL("")), KX_INVALID, "the name of a collection is empty");
    kxt_refused(empty, MODELS(MODEL("a\xff")), KX_INVALID, "the name of a collection is no UTF-8");
    kxt_refused(empty, MODELS(MODEL("a\nb")), KX_INVALID, "the name of a collection holds a control character");
    kxt_refused(empty, MODELS(MODEL("a\xc2\x9b")), KX_INVALID, "the name of a collection holds a control character");
    kxt_refused(empty, MODELS(MODEL("kx/meta")), KX_INVALID,
                "collection 'kx/meta': names that begin with kx/ are the store's own");
    char name[KX_CATALOG_NAME + 2];
    memset(name, 'a', sizeof name);
    name[KX_CATALOG_NAME + 1] = '\0';
    kx_cat_plan plan;
    ck_assert_int_eq(kx_catalog__declare(empty, MODELS(MODEL(name)), &plan), KX_LIMIT);
    name[KX_CATALOG_NAME] = '\0';
    ck_assert_ptr_nonnull(kx_catalog__find(kxt_declared(empty, MODELS(MODEL(name), MODEL("Größe ist egal"))), name));
}
END_TEST

START_TEST(lists_end_where_nothing_more_is_said)
{
    const kx_catalog *empty = kxt_empty();
    kxt_refused(empty, MODELS(MODEL("a", .indexes = INDEXES({.unique = true}))), KX_INVALID,
                "model 'a': an index without paths");
    kxt_refused(empty, MODELS(MODEL("a", .indexes = INDEXES({.paths = ""}))), KX_INVALID,
                "an index of 'a' has no paths");
    kxt_refused(empty, MODELS(MODEL("a", .fields = FIELDS({.type = KX_TYPE_INT}))), KX_INVALID,
                "model 'a': a field without a path");
    kxt_refused(empty, MODELS(MODEL("a", .relations = RELATIONS({.kind = KX_FOREIGN_KEY}))), KX_INVALID,
                "model 'a': a relation without a name");
    const kx_catalog *held = kxt_declared(empty, MODELS(MODEL("a")));
    kxt_refused(held, MODELS(MODEL("a", .indexes = INDEXES({.unique = true}))), KX_INVALID,
                "model 'a': an index without paths");
}
END_TEST

START_TEST(reserved_members_are_zero)
{
    const kx_catalog *empty = kxt_empty();
    kxt_refused(empty, MODELS(MODEL("a", .reserved = {0, 0, 0, 7})), KX_INVALID,
                "model 'a': reserved members must be zero");
    kxt_refused(empty, MODELS(MODEL("a", .fields = FIELDS({.path = "f", .reserved = {0, 1}}))), KX_INVALID,
                "a.f: reserved members must be zero");
    kxt_refused(empty, MODELS(MODEL("a", .indexes = INDEXES({.paths = "x", .reserved = {1}}))), KX_INVALID,
                "a.x: reserved members must be zero");
    kxt_refused(empty, MODELS(MODEL("a", .relations = RELATIONS({.name = "r", .target = "b", .reserved = {1}}))),
                KX_INVALID, "a.r: reserved members must be zero");
}
END_TEST

/* ---- fields --------------------------------------------------------------------------- */

static void refuse_field(kx_field field, const char *text)
{
    kxt_refused(kxt_empty(), MODELS(MODEL("a", .fields = (const kx_field[]){field, {0}})), KX_INVALID, text);
}

START_TEST(a_field_is_one_place_of_a_known_type)
{
    refuse_field((kx_field){.path = "_id"},
                 "a._id: _id is the id of every document, no field; a primary index makes a field the id");
    refuse_field((kx_field){.path = "tags[]"}, "a.tags[]: it takes a path of names, and none into an array");
    refuse_field((kx_field){.path = "tags[0]"}, "a.tags[0]: it takes a path of names, and none into an array");
    refuse_field((kx_field){.path = "x", .type = KX_TYPE_UINT}, "a.x: no field can be of this type");
    refuse_field((kx_field){.path = "x", .type = KX_TYPE_LIST}, "a.x: no field can be of this type");
    refuse_field((kx_field){.path = "x", .type = (kx_type)99}, "a.x: no field can be of this type");
    kx_cat_plan plan;
    ck_assert_int_eq(kx_catalog__declare(kxt_empty(), MODELS(MODEL("a", .fields = FIELDS({.path = "a..b"}))), &plan),
                     KX_INVALID);
    const kx_catalog *catalog = kxt_declared(
        kxt_empty(),
        MODELS(MODEL("a", .fields = FIELDS({.path = "address.city", .type = KX_TYPE_TEXT}, {.path = "x"}))));
    const kx_cat_field *field = kx_catalog__field(&catalog->collections[0], "address.city");
    ck_assert_uint_eq(field->path.count, 2);
    ck_assert(!field->plain);
    ck_assert(catalog->collections[0].fields[1].plain);
    ck_assert(catalog->collections[0].has_checks);
}
END_TEST

START_TEST(a_field_with_fields_inside_is_a_map)
{
    kx_field inner = {.path = "a.b.c", .type = KX_TYPE_INT};
    kxt_refused(kxt_empty(), MODELS(MODEL("m", .fields = FIELDS(inner, {.path = "a.b", .type = KX_TYPE_TEXT}))),
                KX_INVALID, "m.a.b.c cannot be: 'a.b' is of type text, no map");
    const kx_catalog *catalog =
        kxt_declared(kxt_empty(), MODELS(MODEL("m", .fields = FIELDS(inner, {.path = "a.b", .type = KX_TYPE_MAP}))));
    kxt_refused(catalog, MODELS(MODEL("m", .fields = FIELDS({.path = "a", .type = KX_TYPE_ARRAY}))), KX_INVALID,
                "m.a.b.c cannot be: 'a' is of type array, no map");
    kxt_declared(catalog, MODELS(MODEL("m", .fields = FIELDS({.path = "a.bb", .type = KX_TYPE_ARRAY}))));
}
END_TEST

static kx_value initial_of(kx_type type, const char *text)
{
    const kx_catalog *catalog =
        kxt_declared(kxt_empty(), MODELS(MODEL("a", .fields = FIELDS({.path = "f", .type = type, .initial = text}))));
    kx_value value;
    ck_assert_int_eq(kx_document__value(catalog->collections[0].fields[0].initial_item, &value), KX_OK);
    ck_assert_str_eq(catalog->collections[0].fields[0].initial, text);
    return value;
}

START_TEST(an_initial_is_read_by_the_fields_type)
{
    ck_assert_int_eq(initial_of(KX_TYPE_BOOL, "true").integer, 1);
    ck_assert_int_eq(initial_of(KX_TYPE_INT, "-42").integer, -42);
    ck_assert_double_eq(initial_of(KX_TYPE_REAL, "2.5e3").real, 2500);
    kx_value five = initial_of(KX_TYPE_REAL, "5");
    ck_assert_int_eq(five.type, KX_TYPE_REAL);
    ck_assert_double_eq(five.real, 5);
    kx_value text = initial_of(KX_TYPE_TEXT, "\"quoted\" \\ as it is");
    ck_assert_uint_eq(text.size, 19);
    ck_assert_uint_eq(initial_of(KX_TYPE_TEXT, "").size, 0);
    kx_value time = initial_of(KX_TYPE_TIME, "2026-11-22T03:00:00Z");
    ck_assert_int_eq(time.type, KX_TYPE_TIME);
    ck_assert_int_eq(time.integer, 1795316400);
    ck_assert_int_eq(initial_of(KX_TYPE_TIME, "{\"$date\":\"1970-01-01T00:00:01Z\"}").integer, 1);
    kx_value binary = initial_of(KX_TYPE_BINARY, "AAEC");
    ck_assert_uint_eq(binary.size, 3);
    ck_assert_mem_eq(binary.data, "\0\1\2", 3);
    ck_assert_int_eq(initial_of(KX_TYPE_ARRAY, "[1, {\"a\": null}]").type, KX_TYPE_ARRAY);
    ck_assert_int_eq(initial_of(KX_TYPE_MAP, "{}").type, KX_TYPE_MAP);
    ck_assert_int_eq(initial_of(KX_TYPE_NONE, "17").type, KX_TYPE_INT);
}
END_TEST

START_TEST(an_initial_that_is_no_value_of_the_type_is_refused)
{
    static const struct {
        kx_type type;
        const char *text;
    } cases[] = {
        {KX_TYPE_BOOL, "yes"},
        {KX_TYPE_BOOL, "1"},
        {KX_TYPE_INT, "1.0"},
        {KX_TYPE_INT, "x"},
        {KX_TYPE_INT, ""},
        {KX_TYPE_INT, "007"},
        {KX_TYPE_INT, "9223372036854775808"},
        {KX_TYPE_INT, "1 2"},
        {KX_TYPE_REAL, "true"},
        {KX_TYPE_TIME, "yesterday"},
        {KX_TYPE_TIME, "\"},\"x"},
        {KX_TYPE_BINARY, "*"},
        {KX_TYPE_ARRAY, "{}"},
        {KX_TYPE_MAP, "[]"},
        {KX_TYPE_NONE, "null"},
        {KX_TYPE_NONE, "text"},
        {KX_TYPE_INT, "null"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = kxt_print("a.f: initial '%s' is no value of type %s", cases[i].text, kx_type_name(cases[i].type));
        refuse_field((kx_field){.path = "f", .type = cases[i].type, .initial = cases[i].text}, text);
    }
    kx_cat_plan plan;
    ck_assert_int_eq(kx_catalog__declare(
                         kxt_empty(),
                         MODELS(MODEL("a", .fields = FIELDS({.path = "f", .type = KX_TYPE_TEXT, .initial = "\xff"}))),
                         &plan),
                     KX_INVALID);
}
END_TEST

START_TEST(a_field_that_differs_is_a_conflict_that_names_both)
{
    const kx_catalog *store = kxt_declared(
        kxt_empty(), MODELS(MODEL("orders", .fields = FIELDS({.path = "n", .type = KX_TYPE_REAL},
                                                             {.path = "s", .type = KX_TYPE_TEXT, .initial = "new"}))));
    kxt_refused(store, MODELS(MODEL("orders", .fields = FIELDS({.path = "n", .type = KX_TYPE_INT}))), KX_CONFLICT,
                "orders.n: declared with type 'int', but the store has it with type 'real'");
    kxt_refused(store, MODELS(MODEL("orders", .fields = FIELDS({.path = "n", .type = KX_TYPE_REAL, .optional = true}))),
                KX_CONFLICT, "orders.n: declared optional, but the store has it required");
    kxt_refused(store, MODELS(MODEL("orders", .fields = FIELDS({.path = "s", .type = KX_TYPE_TEXT}))), KX_CONFLICT,
                "orders.s: declared without initial, but the store has it with initial 'new'");
    kxt_refused(store,
                MODELS(MODEL("orders", .fields = FIELDS({.path = "m", .type = KX_TYPE_INT},
                                                        {.path = "m", .type = KX_TYPE_BOOL}))),
                KX_CONFLICT, "orders.m: declared with type 'bool', but another model has it with type 'int'");
    ck_assert_str_eq(kx_last_error()->collection, "orders");
    ck_assert_str_eq(kx_last_error()->path, "m");
}
END_TEST

/* ---- indexes --------------------------------------------------------------------------- */

static void refuse_index(kx_index index, const char *text)
{
    kxt_refused(kxt_empty(), MODELS(MODEL("a", .indexes = (const kx_index[]){index, {0}})), KX_INVALID, text);
}

START_TEST(an_index_that_means_nothing_is_refused)
{
    refuse_index((kx_index){.paths = "tags[]"},
                 "index 'tags[]' of 'a': a path into every element of an array needs .multi");
    refuse_index((kx_index){.paths = "a[].x,b[].y", .multi = true},
                 "index 'a[].x,b[].y' of 'a': a multi index is over one array, and that path comes first");
    refuse_index((kx_index){.paths = "x,b[].y", .multi = true},
                 "index 'x,b[].y' of 'a': a multi index is over one array, and that path comes first");
    refuse_index((kx_index){.paths = "x,-x"}, "index 'x,-x' of 'a': the same path twice");
    refuse_index((kx_index){.paths = "_id"}, "index '_id' of 'a': _id is the id, which needs no index");
    refuse_index((kx_index){.paths = "x,y", .primary = true},
                 "index 'x,y' of 'a': a primary index is over one plain field, ascending");
    refuse_index((kx_index){.paths = "-x", .primary = true},
                 "index '-x' of 'a': a primary index is over one plain field, ascending");
    refuse_index((kx_index){.paths = "x.y", .primary = true},
                 "index 'x.y' of 'a': a primary index is over one plain field, ascending");
    refuse_index((kx_index){.paths = "x", .primary = true, .sparse = true},
                 "index 'x' of 'a': a primary index is neither multi, sparse, folded nor partial");
    refuse_index((kx_index){.paths = "x", .primary = true, .multi = true},
                 "index 'x' of 'a': a primary index is neither multi, sparse, folded nor partial");
    static const char *const bad[] = {",", "x,", ",x", "x,,y", "-", "x.", "[", "`x", "--"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0] - 1; i++) {
        kx_cat_plan plan;
        int rc = kx_catalog__declare(kxt_empty(), MODELS(MODEL("a", .indexes = INDEXES({.paths = bad[i]}))), &plan);
        ck_assert_msg(rc == KX_INVALID, "'%s' gives %d", bad[i], rc);
        ck_assert_ptr_nonnull(strstr(kxt_error(rc), kxt_print("index '%s' of 'a': ", bad[i])));
    }
}
END_TEST

START_TEST(the_array_of_a_multi_index_is_its_first_path)
{
    const kx_catalog *catalog = kxt_declared(
        kxt_empty(), MODELS(MODEL("a", .indexes = INDEXES({.paths = "tags,-at", .multi = true},
                                                          {.paths = "items[].sku", .multi = true, .unique = true}))));
    const kx_cat_index *tags = &catalog->collections[0].indexes[0], *items = &catalog->collections[0].indexes[1];
    ck_assert(tags->parts[0].each && tags->parts[0].path.multi && !tags->parts[1].each && tags->parts[1].descending);
    ck_assert_str_eq(tags->parts[1].text, "at");
    ck_assert(items->parts[0].each && items->unique);
    ck_assert_int_eq(items->table.shape, KX_STORE_UNIQUE);
}
END_TEST

START_TEST(an_index_that_differs_is_a_conflict_that_names_both)
{
    const kx_catalog *store =
        kxt_declared(kxt_empty(), MODELS(MODEL("a", .indexes = INDEXES({.paths = "x", .unique = true}))));
    kxt_refused(store, MODELS(MODEL("a", .indexes = INDEXES({.paths = "x"}))), KX_CONFLICT,
                "index 'x' of 'a': declared not unique, but the store has it unique");
    kxt_refused(store, MODELS(MODEL("a", .indexes = INDEXES({.paths = "x", .unique = true, .sparse = true}))),
                KX_CONFLICT, "index 'x' of 'a': declared sparse, but the store has it not sparse");
    kxt_refused(store, MODELS(MODEL("a", .indexes = INDEXES({.paths = "y"}, {.paths = "y", .multi = true}))),
                KX_CONFLICT, "index 'y' of 'a': declared multi, but another model has it not multi");
    kxt_declared(store, MODELS(MODEL("a", .indexes = INDEXES({.paths = "-x"}, {.paths = "x,y"}))));
}
END_TEST

START_TEST(a_primary_index_has_no_table_and_one_demand)
{
    kx_cat_plan plan;
    const kx_catalog *store = kxt_declared(kxt_empty(), MODELS(MODEL("a")));
    ck_assert_int_eq(
        kx_catalog__declare(store, MODELS(MODEL("a", .indexes = INDEXES({.paths = "id", .primary = true}))), &plan),
        KX_OK);
    ck_assert_uint_eq(plan.count, 1);
    ck_assert_int_eq(plan.steps[0].kind, KX_STEP_MAKE_INDEX);
    ck_assert_uint_eq(plan.steps[0].table.number, 0);
    ck_assert(!plan.steps[0].table_is_new);
    const kx_catalog *next = kxt_taken(KX_OK, store, &plan);
    ck_assert_ptr_eq(next->collections[0].primary, &next->collections[0].indexes[0]);
    ck_assert(next->collections[0].primary->unique);
    ck_assert_ptr_eq(
        kxt_declared(next, MODELS(MODEL("a", .indexes = INDEXES({.paths = "id", .primary = true, .unique = true})))),
        next);
    kxt_refused(next, MODELS(MODEL("a", .indexes = INDEXES({.paths = "id", .unique = true}))), KX_CONFLICT,
                "index 'id' of 'a': declared not primary, but the store has it primary");
    kxt_refused(next, MODELS(MODEL("a", .indexes = INDEXES({.paths = "other", .primary = true}))), KX_CONFLICT,
                "'a' has two primary indexes: 'id' and 'other'");
    ck_assert_str_eq(kxt_described(kxt_reloaded(next)), kxt_described(next));
}
END_TEST

START_TEST(a_primary_field_is_an_integer_of_its_own)
{
    const kx_catalog *store =
        kxt_declared(kxt_empty(), MODELS(MODEL("a", .indexes = INDEXES({.paths = "id", .primary = true}))));
    kxt_refused(store, MODELS(MODEL("a", .fields = FIELDS({.path = "id", .type = KX_TYPE_TEXT}))), KX_INVALID,
                "a.id: the field of a primary index is of type int, not text");
    kxt_refused(store, MODELS(MODEL("a", .fields = FIELDS({.path = "id", .type = KX_TYPE_INT, .initial = "1"}))),
                KX_INVALID, "a.id: the field of a primary index takes no .initial, since every document has its own");
    kxt_declared(store, MODELS(MODEL("a", .fields = FIELDS({.path = "id", .type = KX_TYPE_INT, .optional = true}))));
    kxt_refused(kxt_declared(kxt_empty(), MODELS(MODEL("a", .fields = FIELDS({.path = "id", .type = KX_TYPE_REAL})))),
                MODELS(MODEL("a", .indexes = INDEXES({.paths = "id", .primary = true}))), KX_INVALID,
                "a.id: the field of a primary index is of type int, not real");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("catalog/declare");
    TCase *steps = tcase_create("steps");
    tcase_add_test(steps, a_first_declaration_makes_collections_then_fields_then_indexes);
    tcase_add_test(steps, declaring_again_is_no_change_and_takes_no_memory);
    tcase_add_test(steps, another_spelling_of_a_path_is_the_same_index);
    tcase_add_test(steps, only_what_is_new_asks_for_steps);
    tcase_add_test(steps, what_the_model_no_longer_names_stays);
    tcase_add_test(steps, the_same_twice_in_one_call_is_once);
    tcase_add_test(steps, a_store_has_4096_tables_at_most);
    suite_add_tcase(suite, steps);

    TCase *names = tcase_create("names");
    tcase_add_test(names, a_collection_needs_a_decent_name);
    tcase_add_test(names, lists_end_where_nothing_more_is_said);
    tcase_add_test(names, reserved_members_are_zero);
    suite_add_tcase(suite, names);

    TCase *fields = tcase_create("fields");
    tcase_add_test(fields, a_field_is_one_place_of_a_known_type);
    tcase_add_test(fields, a_field_with_fields_inside_is_a_map);
    tcase_add_test(fields, an_initial_is_read_by_the_fields_type);
    tcase_add_test(fields, an_initial_that_is_no_value_of_the_type_is_refused);
    tcase_add_test(fields, a_field_that_differs_is_a_conflict_that_names_both);
    suite_add_tcase(suite, fields);

    TCase *indexes = tcase_create("indexes");
    tcase_add_test(indexes, an_index_that_means_nothing_is_refused);
    tcase_add_test(indexes, the_array_of_a_multi_index_is_its_first_path);
    tcase_add_test(indexes, an_index_that_differs_is_a_conflict_that_names_both);
    tcase_add_test(indexes, a_primary_index_has_no_table_and_one_demand);
    tcase_add_test(indexes, a_primary_field_is_an_integer_of_its_own);
    suite_add_tcase(suite, indexes);
    return kxt_run(suite);
}
