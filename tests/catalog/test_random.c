/*
 * test_random.c -- what holds for any models: their order and splitting do not matter, nothing is left after a
 * failure, dropping undoes.
 */
#include "catalog_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLLECTIONS = 5, MOST = 24 };

/* One definition, as a model of its own. */
typedef struct piece {
    kx_field field[2];
    kx_index index[2];
    kx_relation relation[2];
    kx_model model;
} piece;

static const char *const collections[COLLECTIONS] = {"a", "b", "c", "d", "e"};
static const char *const fields[] = {"k1", "k2", "k3", "n.k", "m"};
static const char *const names[] = {"r1", "r2", "s1", "s2", "s3"};

#define PICK(random, list) ((list)[kxt_random_below(random, sizeof(list) / sizeof((list)[0]))])

static void make_relation(uint64_t *random, kx_relation *relation)
{
    relation->name = PICK(random, names);
    relation->kind = kxt_random_below(random, 3) == 0 ? KX_RELATED_SET : KX_FOREIGN_KEY;
    relation->target = PICK(random, collections);
    relation->foreign_key = PICK(random, fields);
    if (relation->kind == KX_FOREIGN_KEY) {
        relation->optional = kxt_random_below(random, 2) == 0;
        relation->related_field = kxt_random_below(random, 2) == 0 ? PICK(random, fields) : NULL;
        relation->reverse = kxt_random_below(random, 2) == 0 ? PICK(random, names) : NULL;
    } else {
        relation->local_field = kxt_random_below(random, 2) == 0 ? PICK(random, fields) : NULL;
    }
}

static void make_piece(uint64_t *random, piece *p)
{
    memset(p, 0, sizeof *p);
    p->model = (kx_model){
        .name = PICK(random, collections), .fields = p->field, .indexes = p->index, .relations = p->relation};
    switch (kxt_random_below(random, 6)) {
    case 0:
        p->field[0] = (kx_field){.path = PICK(random, fields),
                                 .type = kxt_random_below(random, 2) == 0 ? KX_TYPE_INT : KX_TYPE_TEXT};
        break;
    case 1:
        p->index[0] = (kx_index){.paths = kxt_random_below(random, 2) == 0 ? "k1,-k2" : "tags",
                                 .multi = kxt_random_below(random, 3) == 0};
        break;
    case 2:
    case 3:
        p->index[0] = (kx_index){.paths = PICK(random, fields),
                                 .unique = kxt_random_below(random, 3) == 0,
                                 .sparse = kxt_random_below(random, 4) == 0,
                                 .multi = kxt_random_below(random, 10) == 0};
        p->index[0].primary = !p->index[0].multi && !p->index[0].sparse && kxt_random_below(random, 8) == 0;
        break;
    default: make_relation(random, &p->relation[0]); break;
    }
}

/* Pieces that can be declared together: each is tried on top of those before. */
static size_t make_pieces(uint64_t *random, piece *pieces, size_t most)
{
    const kx_catalog *catalog = kxt_empty();
    size_t count = 0;
    for (size_t i = 0; i < 3 * most && count < most; i++) {
        kx_cat_plan plan;
        make_piece(random, &pieces[count]);
        int rc = kx_catalog__declare(catalog, MODELS(&pieces[count].model), &plan);
        ck_assert_msg(rc == KX_OK || rc == KX_INVALID || rc == KX_CONFLICT, "%d", rc);
        if (rc == KX_OK) {
            catalog = kxt_taken(rc, catalog, &plan);
            count++;
        } else {
            ck_assert_str_ne(kxt_error(rc), kx_strerror(rc));
            ck_assert_ptr_null(plan.next);
        }
    }
    return count;
}

static void shuffle(uint64_t *random, piece **order, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t j = (size_t)kxt_random_below(random, i);
        piece *kept = order[i - 1];
        order[i - 1] = order[j];
        order[j] = kept;
    }
}

/* Declare in this order, a random number of pieces a call, now and then through documents. */
static kx_catalog *declare_split(uint64_t *random, piece **order, size_t count)
{
    const kx_model *models[MOST + 1];
    kx_catalog *catalog = kxt_empty();
    for (size_t i = 0; i < count;) {
        size_t most = (size_t)(1 + kxt_random_below(random, count - i)), n = 0;
        while (n < most)
            models[n++] = &order[i++]->model;
        models[n] = NULL;
        catalog = kxt_declared(catalog, models);
        if (kxt_random_below(random, 3) == 0)
            catalog = kxt_reloaded(catalog);
        ck_assert_ptr_eq(kxt_declared(catalog, models), catalog);
    }
    return catalog;
}

START_TEST(order_and_splitting_of_a_declaration_do_not_matter)
{
    uint64_t random = kxt_seed();
    static piece pieces[MOST + 1];
    piece *order[MOST];
    for (uint64_t trial = 0; trial < kxt_scaled(1000); trial++) {
        size_t count = make_pieces(&random, pieces, (size_t)(2 + kxt_random_below(&random, MOST - 2)));
        for (size_t i = 0; i < count; i++)
            order[i] = &pieces[i];
        char *first = kxt_described(declare_split(&random, order, count));
        for (int again = 0; again < 3; again++) {
            shuffle(&random, order, count);
            ck_assert_str_eq(kxt_described(declare_split(&random, order, count)), first);
        }
        kxt_catalogs_free(NULL);
    }
}
END_TEST

START_TEST(lines_carry_any_catalog)
{
    uint64_t random = kxt_seed();
    static piece pieces[MOST + 1];
    piece *order[MOST];
    for (uint64_t trial = 0; trial < kxt_scaled(500); trial++) {
        size_t count = make_pieces(&random, pieces, MOST - 1);
        for (size_t i = 0; i < count; i++)
            order[i] = &pieces[i];
        const kx_catalog *catalog = declare_split(&random, order, count), *again = kxt_empty();
        kx_arena arena = {0};
        kx_model models[COLLECTIONS];
        const kx_model *list[COLLECTIONS + 1] = {NULL};
        for (size_t i = 0; i < catalog->count; i++) {
            kx_buf json = {0};
            uint64_t next_id;
            ck_assert_int_eq(kx_catalog__to_json(&catalog->collections[i], 0, &json), KX_OK);
            ck_assert_int_eq(kx_catalog__from_json((const char *)json.data, json.size, &arena, &models[i], &next_id),
                             KX_OK);
            list[i] = &models[i];
            kx_buf__free(&json);
        }
        ck_assert_str_eq(kxt_described(kxt_declared(again, list)), kxt_described(catalog));
        kx_arena__free(&arena);
        kxt_catalogs_free(NULL);
    }
}
END_TEST

/* One random drop; false when it was refused, with a text. */
static bool drop_one(uint64_t *random, const kx_catalog *catalog, kx_cat_plan *plan, int *rc)
{
    const kx_cat_collection *collection = &catalog->collections[kxt_random_below(random, catalog->count)];
    *rc = KX_INVALID;
    switch (kxt_random_below(random, 5)) {
    case 0: *rc = kx_catalog__drop_collection(catalog, collection->name, plan); break;
    case 1:
        if (collection->index_count > 0)
            *rc = kx_catalog__drop_index(catalog, collection->name,
                                         collection->indexes[kxt_random_below(random, collection->index_count)].paths,
                                         plan);
        break;
    case 2:
        if (collection->field_count > 0)
            *rc = kx_catalog__drop_field(catalog, collection->name, collection->fields[0].path_text, plan);
        break;
    default:
        if (collection->relation_count > 0)
            *rc = kx_catalog__drop_relation(
                catalog, collection->name,
                collection->relations[kxt_random_below(random, collection->relation_count)].declared.name, plan);
        break;
    }
    return *rc == KX_OK;
}

START_TEST(declaring_and_dropping_for_ever_loses_no_table)
{
    uint64_t random = kxt_seed();
    kx_catalog *catalog = kxt_empty();
    uint64_t drops = 0;
    for (uint64_t step = 0; step < kxt_scaled(10000); step++) {
        kx_cat_plan plan = {0};
        piece p;
        int rc;
        make_piece(&random, &p);
        if (catalog->count > 0 && kxt_random_below(&random, 2) == 0) {
            if (drop_one(&random, catalog, &plan, &rc)) {
                catalog = kxt_taken(rc, catalog, &plan);
                drops++;
            }
        } else if (kx_catalog__declare(catalog, MODELS(&p.model), &plan) == KX_OK) {
            catalog = kxt_taken(KX_OK, catalog, &plan);
        }
        if (step % 64 == 0) {
            kx_catalog *again = kxt_reloaded(catalog);
            ck_assert_str_eq(kxt_described(again), kxt_described(catalog));
            kxt_catalogs_free(again);
            catalog = again;
        }
        ck_assert_uint_lt(catalog->next_table, 400);
    }
    ck_assert(drops > 0 || kxt_scaled(10000) < 100);
}
END_TEST

/* ---- no memory ---------------------------------------------------------------------- */

static const kx_model *const everything[] = {
    &(const kx_model){
        .name = "orders",
        .fields = (const kx_field[]){{.path = "order_id", .type = KX_TYPE_INT},
                                     {.path = "at.time", .type = KX_TYPE_TIME, .initial = "2026-01-01T00:00:00Z"},
                                     {.path = "tags", .type = KX_TYPE_ARRAY, .initial = "[1,2]"},
                                     {.path = "x", .type = KX_TYPE_REAL, .initial = "4"},
                                     {0}},
        .indexes = (const kx_index[]){{.paths = "order_id", .unique = true},
                                      {.paths = "status,-amount"},
                                      {.paths = "`p.q`,r.s"},
                                      {.paths = "tags", .multi = true},
                                      {.paths = "y"},
                                      {0}},
        .relations = (const kx_relation[]){{.name = "user",
                                            .kind = KX_FOREIGN_KEY,
                                            .target = "users",
                                            .foreign_key = "user_id",
                                            .reverse = "orders"},
                                           {0}}},
    &(const kx_model){.name = "users", .indexes = (const kx_index[]){{.paths = "user_id", .sparse = true}, {0}}},
    NULL,
};

typedef struct outcome {
    int rc;
    char *described;
} outcome;

static outcome declare_again(const kx_catalog *from)
{
    kx_cat_plan plan;
    int rc = kx_catalog__declare(from, everything, &plan);
    kx_base__fail_alloc_after(-1);
    outcome out = {rc, rc == KX_OK ? kxt_described(plan.next) : NULL};
    if (rc != KX_OK)
        ck_assert(plan.next == NULL && plan.steps == NULL && plan.changed == NULL);
    kx_catalog__plan_free(&plan);
    return out;
}

static outcome reload_again(const kx_catalog *from)
{
    kx_buf meta = {0}, rows[4] = {{0}, {0}, {0}, {0}};
    uint64_t numbers[4];
    kx_slice documents[4];
    int rc = KX_OK;
    for (size_t i = 0; i < from->count; i++) {
        kx_catalog__encode(&from->collections[i], &rows[i]);
        rc = rc == KX_OK ? rows[i].rc : rc;
        numbers[i] = from->collections[i].number;
        documents[i] = kx_buf__slice(&rows[i]);
    }
    kx_catalog__encode_meta(from, &meta);
    rc = rc == KX_OK ? meta.rc : rc;
    kx_catalog *decoded = NULL;
    if (rc == KX_OK)
        rc = kx_catalog__decode(NULL, kx_buf__slice(&meta), numbers, documents, from->count, &decoded);
    kx_base__fail_alloc_after(-1);
    outcome out = {rc, rc == KX_OK ? kxt_described(decoded) : NULL};
    kx_catalog__release(decoded);
    kx_buf__free(&meta);
    for (size_t i = 0; i < 4; i++)
        kx_buf__free(&rows[i]);
    return out;
}

static outcome json_again(const kx_catalog *from)
{
    kx_buf json = {0};
    kx_arena arena = {0};
    kx_model model;
    uint64_t next_id;
    int rc = kx_catalog__to_json(&from->collections[0], 3, &json);
    if (rc == KX_OK)
        rc = kx_catalog__from_json((const char *)json.data, json.size, &arena, &model, &next_id);
    kx_base__fail_alloc_after(-1);
    outcome out = {rc, rc == KX_OK ? kxt_print("%s %u", model.name, (unsigned)next_id) : NULL};
    kx_arena__free(&arena);
    kx_buf__free(&json);
    return out;
}

static outcome drop_again(const kx_catalog *from)
{
    kx_cat_plan plan;
    int rc = kx_catalog__drop_collection(from, "orders", &plan);
    kx_base__fail_alloc_after(-1);
    outcome out = {rc, rc == KX_OK ? kxt_described(plan.next) : NULL};
    kx_catalog__plan_free(&plan);
    return out;
}

/* The n-th allocation fails, for every n until none is left: KX_NOMEM each time, nothing leaked (a sanitizer
   looks), then all is well. */
static void without_memory(outcome (*scenario)(const kx_catalog *), const kx_catalog *from)
{
    char *expected = scenario(from).described;
    int64_t n = 0;
    for (;; n++) {
        kx_base__fail_alloc_after(n);
        outcome out = scenario(from);
        if (out.rc == KX_OK) {
            ck_assert_str_eq(out.described, expected);
            break;
        }
        ck_assert_int_eq(out.rc, KX_NOMEM);
        const char *text = kxt_error(out.rc);
        ck_assert_msg(strstr(text, kx_strerror(KX_NOMEM)) != NULL, "%s", text);
    }
    ck_assert_int_gt(n, 3);
}

START_TEST(a_failing_allocation_leaves_nothing)
{
    const kx_catalog *empty = kxt_empty(), *full = kxt_declared(empty, everything);
    without_memory(declare_again, empty);
    without_memory(declare_again,
                   kxt_declared(empty, MODELS(MODEL("users", .relations = RELATIONS({.name = "orders",
                                                                                     .kind = KX_RELATED_SET,
                                                                                     .target = "orders",
                                                                                     .foreign_key = "user_id"})))));
    without_memory(reload_again, full);
    without_memory(json_again, full);
    without_memory(drop_again, full);
    kxt_catalogs_free(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("catalog/random");
    TCase *random = tcase_create("random");
    tcase_add_test(random, order_and_splitting_of_a_declaration_do_not_matter);
    tcase_add_test(random, lines_carry_any_catalog);
    tcase_add_test(random, declaring_and_dropping_for_ever_loses_no_table);
    tcase_add_test(random, a_failing_allocation_leaves_nothing);
    suite_add_tcase(suite, random);
    return kxt_run(suite);
}
