/*
 * test_model.c -- random models, random operations, and an oracle that looks at every document.
 *
 * A case is one model and some dozens of operations in transactions and savepoints. The oracle says first what
 * must come of each; then the store does it. KX_SEED=n KX_CASE=m repeats one case; a case that fails shows its
 * model and everything that was done.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "model_random.h"
#include "model_seen.h"
#include "model_store.h"
#include "support.h"

#include "relation/relation.h"

enum { DEPTH = 3, HELD = 3, PLANS = 3 };

typedef struct held {
    kx_doc *doc;
    int table;
} held;

typedef struct kept_plan {
    kx_deletion *deletion;
    mo_plan plan;
} kept_plan;

typedef struct trial {
    uint64_t state, number;
    mr_model model;
    mo_schema schema;
    kx_db *db;
    size_t depth;               /* of transactions; 0: none */
    kx_txn *txns[DEPTH + 1];    /* from 1 */
    mo_world worlds[DEPTH + 1]; /* 0: what is committed; then what each transaction sees */
    mo_world scratch;
    held held[HELD];
    kept_plan plans[PLANS];
    ms_text log, why, before, after;
} trial;

static uint64_t run_seed;

/* ---- reports ----------------------------------------------------------------------------------------- */

static void show_model(const trial *it)
{
    kx_txn *txn = it->depth > 0 ? it->txns[it->depth] : NULL;
    if (txn == NULL && (it->db == NULL || kx_txn_begin(it->db, KX_READ, &txn) != KX_OK))
        return;
    for (size_t t = 0; t < it->schema.tables; t++) {
        const char *json = "";
        kx_schema_json(txn, it->schema.models[t]->name, &json);
        fprintf(stderr, "%s\n", json);
    }
}

static _Noreturn void give_up(trial *it, const char *what)
{
    fprintf(stderr, "\n---- KX_SEED=%llu KX_CASE=%llu: %s\n", (unsigned long long)run_seed,
            (unsigned long long)it->number, what);
    fprintf(stderr, "%s\n", it->why.at);
    show_model(it);
    fprintf(stderr, "%s", it->log.at);
    ck_abort_msg("KX_SEED=%llu KX_CASE=%llu: %s: %s", (unsigned long long)run_seed, (unsigned long long)it->number,
                 what, it->why.at);
    abort();
}

static void expect(trial *it, bool holds, const char *what)
{
    if (!holds)
        give_up(it, what);
}

static void expect_ok(trial *it, int rc, const char *what)
{
    if (rc == KX_OK)
        return;
    ms_print(&it->why, "%d: %s", rc, kx_errmsg());
    give_up(it, what);
}

/* ---- what is looked at after each step ------------------------------------------------------------------- */

static mo_world *world_of(trial *it)
{
    return &it->worlds[it->depth];
}

/* A document that is kept in hand while others write: what it leads to is never stale. One that is deleted may
   come back. */
static void look_at_held(trial *it, held *one)
{
    if (one->doc == NULL)
        return;
    bool there = mo_find(world_of(it), one->table, kx_doc_id(one->doc)) != NULL;
    int rc = kx_doc_reload(one->doc);
    expect(it, rc == (there ? KX_OK : KX_NOTFOUND), "reload of a document in hand");
    if (there)
        expect(it, ms_same_relations(one->doc, &it->schema, world_of(it), one->table, &it->why),
               "a document in hand leads elsewhere");
    if (there || kxt_random_below(&it->state, 4) > 0)
        return;
    kx_doc_release(one->doc);
    one->doc = NULL;
}

static bool random_document(trial *it, int *table, uint64_t *id)
{
    *table = (int)kxt_random_below(&it->state, it->schema.tables);
    const mo_table *from = &world_of(it)->tables[*table];
    *id = from->count > 0 ? from->docs[kxt_random_below(&it->state, from->count)].id : 0;
    return from->count > 0;
}

static void hold_one(trial *it)
{
    held *one = &it->held[kxt_random_below(&it->state, HELD)];
    uint64_t id;
    if (one->doc == NULL && random_document(it, &one->table, &id))
        expect_ok(it, kx_get_by_id(it->txns[it->depth], it->schema.models[one->table]->name, id, &one->doc), "get");
}

static void look_around(trial *it)
{
    kx_txn *txn = it->txns[it->depth];
    int table;
    uint64_t id;
    expect(it, ms_same_documents(txn, &it->schema, world_of(it), &it->why), "documents differ");
    if (random_document(it, &table, &id))
        expect(it, ms_same_answers(txn, &it->schema, world_of(it), table, id, &it->why), "answers differ");
    for (size_t i = 0; i < HELD; i++)
        look_at_held(it, &it->held[i]);
}

/* ---- operations ---------------------------------------------------------------------------------------------- */

/* Not for a link, which is remembered: of several targets with one key the one that was linked, not the first. */
static kx_doc *in_hand(const trial *it, const mo_op *op)
{
    bool never = op->kind == MO_INSERT || op->kind == MO_INSERT_MANY || op->kind >= MO_APPLY || op->kind == MO_LINK;
    for (size_t i = 0; i < HELD && !never; i++) {
        const held *one = &it->held[i];
        if (one->doc != NULL && one->table == op->table && kx_doc_id(one->doc) == op->id)
            return one->doc;
    }
    return NULL;
}

static void run_op(trial *it, const mo_op *op, const kx_deletion *deletion)
{
    mo_fired fired = {{0}, {0}, {0}};
    it->scratch = *world_of(it);
    mo_codes expected = mo_do(&it->schema, &it->scratch, op, &fired);
    if (expected == 0)
        return;
    ms_describe(&it->schema, op, &it->log);
    if (expected != MO(KX_OK))
        ms_dump(it->txns[it->depth], &it->schema, &it->before);
    int rc = ms_run(it->txns[it->depth], &it->schema, op, deletion, in_hand(it, op));
    ms_print(&it->log, ": %d %s (depth %zu)\n", rc, rc == KX_OK ? "" : kx_errmsg(), it->depth);
    if (rc > 0 || rc < KX_ERROR_LAST || (expected & MO(rc)) == 0) {
        ms_print(&it->why, "%d (%s), but expected one of %x", rc, kx_errmsg(), expected);
        give_up(it, "another result");
    }
    mn_code(rc);
    mn_fired(&fired);
    mn_seen.operations++;
    if (rc == KX_OK) {
        *world_of(it) = it->scratch;
        expect(it, mo_is_whole(&it->schema, world_of(it)), "an enforced key leads nowhere");
        return;
    }
    mn_seen.refused++;
    ms_dump(it->txns[it->depth], &it->schema, &it->after);
    expect(it, strcmp(it->before.at, it->after.at) == 0, "a call that failed has left something");
}

static void make_plan(trial *it)
{
    kept_plan *kept = &it->plans[kxt_random_below(&it->state, PLANS)];
    kx_doc *doc;
    int table;
    uint64_t id;
    if (!random_document(it, &table, &id) || !mo_plan_of(&it->schema, world_of(it), table, &id, 1, &kept->plan))
        return;
    kx_deletion_free(kept->deletion);
    kept->deletion = NULL;
    ms_print(&it->log, "plan %s %llu\n", it->schema.models[table]->name, (unsigned long long)id);
    expect_ok(it, kx_get_by_id(it->txns[it->depth], it->schema.models[table]->name, id, &doc), "get");
    expect_ok(it, kx_delete_plan(doc, &kept->deletion), "plan");
    kx_doc_release(doc);
    expect(it, ms_same_plan(kept->deletion, &it->schema, world_of(it), &kept->plan, &it->why), "plans differ");
    kx_blocker blocker;
    mn_seen.blocked_plans += kx_deletion_blocker_at(kept->deletion, 0, &blocker) == KX_OK;
}

static void apply_plan(trial *it)
{
    const kept_plan *kept = &it->plans[kxt_random_below(&it->state, PLANS)];
    mo_op op = {.kind = MO_APPLY, .plan = &kept->plan};
    if (kept->deletion != NULL)
        run_op(it, &op, kept->deletion);
}

/* ---- transactions ------------------------------------------------------------------------------------------------ */

static void begin(trial *it)
{
    kx_txn **txn = &it->txns[it->depth + 1];
    int rc = it->depth == 0 ? kx_txn_begin(it->db, KX_WRITE, txn) : kx_txn_child(it->txns[it->depth], txn);
    ms_print(&it->log, "begin (depth %zu)\n", it->depth + 1);
    it->worlds[it->depth + 1] = it->worlds[it->depth];
    expect_ok(it, rc, "begin");
    it->depth++;
}

static void let_go(trial *it)
{
    for (size_t i = 0; i < HELD && it->depth == 1; i++)
        it->held[i].doc = NULL;
}

static void abort_one(trial *it)
{
    ms_print(&it->log, "abort (depth %zu)\n", it->depth);
    let_go(it);
    kx_txn_abort(it->txns[it->depth--]);
    mn_seen.children_aborted += it->depth > 0;
    mn_seen.aborted++;
}

/* Keys that lead nowhere are mended by what comes next, or everything is rolled back. */
static bool commit_one(trial *it)
{
    size_t dangling = it->depth == 1 ? mo_dangling(&it->schema, world_of(it), true, NULL, 0) : 0;
    held kept[HELD];
    memcpy(kept, it->held, sizeof kept);
    let_go(it);
    int rc = kx_txn_commit(it->txns[it->depth]);
    ms_print(&it->log, "commit (depth %zu): %d\n", it->depth, rc);
    mn_code(rc);
    if (rc == KX_OK) {
        it->worlds[it->depth - 1] = it->worlds[it->depth];
        it->depth--;
        mn_seen.commits++;
        expect(it, dangling == 0, "keys that lead nowhere were committed");
        return true;
    }
    memcpy(it->held, kept, sizeof kept);
    expect(it, rc == KX_DANGLING && dangling > 0, "commit and deferred keys");
    expect(it, ms_same_violations(it->txns[1], &it->schema, world_of(it), &it->why), "violations differ");
    return false;
}

static void check_deferred(trial *it)
{
    size_t dangling = mo_dangling(&it->schema, world_of(it), true, NULL, 0);
    kx_txn *txn = it->txns[it->depth];
    int rc = kx_check_deferred(txn);
    ms_print(&it->log, "check_deferred: %d\n", rc);
    mn_code(rc);
    expect(it, rc == (dangling > 0 ? KX_DANGLING : KX_OK), "deferred keys");
    if (dangling > 0)
        expect(it, ms_same_violations(txn, &it->schema, world_of(it), &it->why), "violations differ");
}

/* While a child lives, a call that names its parent is refused. */
static void name_a_parent(trial *it)
{
    kx_txn *parent = it->txns[1 + kxt_random_below(&it->state, it->depth - 1)];
    const char *name = it->schema.models[0]->name;
    int rc[3] = {kx_insert(parent, name, "{}", 2, NULL), kx_remove(parent, name, 1), kx_txn_commit(parent)};
    for (int i = 0; i < 3; i++) {
        mn_code(rc[i]);
        expect(it, rc[i] == KX_BUSY, "a parent is busy");
    }
}

static void end_one(trial *it)
{
    if (kxt_random_below(&it->state, 100) < (it->depth > 1 ? 50 : 20))
        abort_one(it);
    else if (!commit_one(it) && kxt_random_below(&it->state, 2) == 0)
        abort_one(it);
    if (it->depth == 0)
        begin(it);
}

/* ---- a case ------------------------------------------------------------------------------------- */

static void step(trial *it, bool first)
{
    static mo_op op;
    uint64_t dice = kxt_random_below(&it->state, 100);
    if (first) {
        mr_insert(&it->state, &it->schema, world_of(it), &op);
        run_op(it, &op, NULL);
    } else if (dice < 5 && it->depth < DEPTH) {
        begin(it);
    } else if (dice < 12) {
        end_one(it);
    } else if (dice < 14 && it->depth > 1) {
        name_a_parent(it);
    } else if (dice < 16) {
        check_deferred(it);
    } else if (dice < 21) {
        make_plan(it);
    } else if (dice < 28) {
        apply_plan(it);
    } else if (dice < 32) {
        hold_one(it);
    } else if (mr_op(&it->state, &it->schema, world_of(it), &op)) {
        run_op(it, &op, NULL);
    }
}

static void count_one(void *context, const kx_violation *violation)
{
    (void)violation;
    ++*(uint64_t *)context;
}

static void index_fault(void *context, const char *collection, uint64_t id, const char *finding)
{
    ms_print(&((trial *)context)->why, "%s %llu: %s\n", collection, (unsigned long long)id, finding);
}

/* Everything, as another transaction sees it; every index against every document. */
static void look_at_all(trial *it)
{
    uint64_t count, reported = 0, faults;
    expect_ok(it, kx_txn_begin(it->db, KX_READ, &it->txns[1]), "begin");
    it->depth = 1;
    it->worlds[1] = it->worlds[0];
    kx_txn *txn = it->txns[1];
    expect(it, ms_same_documents(txn, &it->schema, world_of(it), &it->why), "committed documents differ");
    for (size_t t = 0; t < it->schema.tables; t++) {
        const mo_table *table = &world_of(it)->tables[t];
        for (size_t i = 0; i < table->count; i++)
            expect(it, ms_same_answers(txn, &it->schema, world_of(it), (int)t, table->docs[i].id, &it->why),
                   "committed answers differ");
    }
    expect_ok(it, kx_check_relations(txn, count_one, &reported, &count), "check_relations");
    expect(it, count == reported && count == mo_dangling(&it->schema, world_of(it), false, NULL, 0),
           "keys that lead nowhere");
    expect_ok(it, kx_collection__check(txn, index_fault, it, &faults), "check of indexes");
    expect(it, faults == 0, "indexes disagree with documents");
    kx_txn_abort(txn);
    it->depth = 0;
}

static void finish(trial *it)
{
    while (it->depth > 1)
        if (!commit_one(it))
            give_up(it, "a child is committed");
    if (!commit_one(it))
        abort_one(it);
    look_at_all(it);
    for (size_t i = 0; i < PLANS; i++)
        kx_deletion_free(it->plans[i].deletion);
    expect_ok(it, kx_close(it->db), "close");
}

static void run_case(uint64_t number)
{
    static trial it;
    memset(&it, 0, offsetof(trial, log));
    it.log.size = it.why.size = 0;
    it.log.at[0] = it.why.at[0] = '\0';
    it.number = number;
    it.state = run_seed + number * 0x9e3779b97f4a7c15u;
    mr_model_make(&it.state, &it.model);
    mo_schema_of(it.model.list, &it.schema);
    for (size_t t = 0; t < it.schema.tables; t++)
        it.worlds[0].tables[t].next_id = 1;
    expect_ok(&it, kx_open(NULL, &(kx_options){.models = it.model.list, .sync = KX_SYNC_LATER}, &it.db), "open");
    begin(&it);
    uint64_t inserts = 3 + 2 * it.schema.tables, steps = inserts + 5 + kxt_random_below(&it.state, 35);
    for (uint64_t i = 0; i < steps; i++) {
        step(&it, i < inserts);
        look_around(&it);
    }
    finish(&it);
}

/* ---- all cases ---------------------------------------------------------------------------------- */

/*
 * Temporary stores are many and short-lived: their files lie in memory, unless somebody says where. The list of 2
 * MiB that LMDB allocates, zeroed, for each of them comes from the system, which zeroes only what is used.
 */
static void make_stores_cheap(void)
{
    if (getenv("TMPDIR") == NULL && access("/dev/shm", W_OK) == 0)
        setenv("TMPDIR", "/dev/shm", 0);
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
}

START_TEST(every_operation_does_what_an_oracle_says)
{
    const char *only = getenv("KX_CASE");
    run_seed = kxt_seed();
    make_stores_cheap();
    if (only != NULL) {
        run_case(strtoull(only, NULL, 10));
        return;
    }
    for (uint64_t i = 0, count = kxt_scaled(20000); i < count; i++)
        run_case(i);
    uint64_t rare = mn_report();
    ck_assert_msg(rare == 0, "%llu of these fired too rarely", (unsigned long long)rare);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("model");
    TCase *t = tcase_create("model");
    tcase_add_test(t, every_operation_does_what_an_oracle_says);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return kxt_run(suite());
}
