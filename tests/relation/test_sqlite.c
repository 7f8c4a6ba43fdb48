/*
 * test_sqlite.c -- a second oracle: the same random operations, on a schema that SQL can say, end here and in SQLite in
 * the same rows, and succeed and fail together.
 *
 * Every key is enforced, as in SQL. SQL's NO ACTION asks at the end of a statement whether a key leads nowhere, so it
 * is our RESTRICT, which lets pass what the same delete takes by another path; of a deferred key it asks at commit, as
 * does our DO_NOTHING. SQL's own RESTRICT asks in the midst of a statement: nothing here does, and it is not compared,
 * nor is PROTECT.
 */
#include "relation_test.h"

#ifdef HAVE_SQLITE

#include <sqlite3.h>

#include "relation/relation.h"

/* ---- a schema ------------------------------------------------------------------------------ */

enum { TABLES = 3, KEYS = 2, COLUMNS = 8, FIRST_KEY = 4, IDS = 15, VALUES = 5, NESTED = 3 };

/* Every table: a primary key, a unique one, a unique pair, and two keys of one column or of two. */
static const char *const columns[COLUMNS] = {"tag", "id", "a", "b", "f0", "g0", "f1", "g1"};
static const char *const names[TABLES] = {"t0", "t1", "t2"};

typedef enum target { TO_ID, TO_TAG, TO_PAIR, TO_KEY } target;
static const char *const target_columns[] = {"id", "tag", "a,b", "f0"};

typedef enum action { CASCADE, SET_NULL, SET_DEFAULT, NO_ACTION } action;
static const char *const action_words[] = {"CASCADE", "SET NULL", "SET DEFAULT", "NO ACTION"};

typedef struct key {
    const char *columns; /* "f0", or "f0,g0" */
    size_t to;           /* table */
    target target;
    action on_delete, on_update;
    bool deferred, unique;
} key;

typedef struct schema {
    key keys[TABLES][KEYS];
    int defaults[COLUMNS];
} schema;

typedef struct pair {
    schema schema;
    uint64_t *random;
    int64_t next_tag;
    kx_db *db;
    kx_txn *txns[NESTED];
    size_t depth;
    sqlite3 *sql;
    kx_buf log; /* every statement; shown when the two disagree */
} pair;

static uint64_t below(pair *it, uint64_t bound)
{
    return kxt_random_below(it->random, bound);
}

/* A unique key may be a target itself. It has no default, which two documents would share. */
static key random_key(pair *it, size_t n)
{
    key made = {.to = below(it, TABLES), .target = (target)below(it, 3), .deferred = below(it, 4) == 0};
    made.unique = n == 0 && made.target != TO_PAIR && below(it, 2) == 0;
    made.on_delete = (action)below(it, 4);
    made.on_update = (action)below(it, 4);
    if (made.unique && made.on_delete == SET_DEFAULT)
        made.on_delete = CASCADE;
    if (made.unique && made.on_update == SET_DEFAULT)
        made.on_update = CASCADE;
    made.columns = made.target == TO_PAIR ? (n == 0 ? "f0,g0" : "f1,g1") : columns[FIRST_KEY + 2 * n];
    return made;
}

/*
 * Where a document both goes and, by another key, has a key set null that others refer to, SQL does what it comes to
 * first; here it goes. So one of the two is left out.
 */
static void leave_out_order(key *first, key *second)
{
    if (first->unique && first->on_delete == SET_NULL && second->on_delete == CASCADE)
        second->on_delete = NO_ACTION;
}

static bool loses_a_target(const key *first)
{
    return first->unique && first->on_delete == SET_NULL;
}

static void draw_schema(pair *it)
{
    for (size_t t = 0; t < TABLES; t++) {
        for (size_t n = 0; n < KEYS; n++)
            it->schema.keys[t][n] = random_key(it, n);
    }
    for (size_t t = 0; t < TABLES; t++) {
        key *last = &it->schema.keys[t][1];
        if (last->target != TO_PAIR && it->schema.keys[last->to][0].unique && below(it, 2) == 0)
            last->target = TO_KEY;
        leave_out_order(&it->schema.keys[t][0], last);
    }
    for (size_t c = 0; c < COLUMNS; c++)
        it->schema.defaults[c] = 1 + (int)below(it, VALUES);
}

/* ---- as SQL ---------------------------------------------------------------------------------- */

static int run_sql(pair *it, const char *text)
{
    int rc = sqlite3_exec(it->sql, text, NULL, NULL, NULL);
    kx_buf__print(&it->log, "%s;%s\n", text, rc == SQLITE_OK ? "" : " -- refused");
    return rc;
}

/*
 * One that changes rows. A savepoint is rolled back when it is refused: else SQLite 3.40 goes on counting the deferred
 * keys of rows that it has taken back, and refuses the next COMMIT although no key leads nowhere.
 */
static int change_sql(pair *it, const char *text)
{
    ck_assert_int_eq(sqlite3_exec(it->sql, "SAVEPOINT change", NULL, NULL, NULL), SQLITE_OK);
    int rc = run_sql(it, text);
    const char *end = rc == SQLITE_OK ? "RELEASE change" : "ROLLBACK TO change; RELEASE change";
    ck_assert_int_eq(sqlite3_exec(it->sql, end, NULL, NULL, NULL), SQLITE_OK);
    return rc;
}

static void create_table(pair *it, size_t t)
{
    kx_buf text = {0};
    kx_buf__print(&text, "CREATE TABLE %s (tag INTEGER PRIMARY KEY, id INTEGER UNIQUE, a INTEGER, b INTEGER", names[t]);
    for (size_t c = FIRST_KEY; c < COLUMNS; c++)
        kx_buf__print(&text, ", %s INTEGER DEFAULT %d", columns[c], it->schema.defaults[c]);
    kx_buf__text(&text, ", UNIQUE (a, b)");
    for (size_t n = 0; n < KEYS; n++) {
        const key *one = &it->schema.keys[t][n];
        if (one->unique)
            kx_buf__print(&text, ", UNIQUE (%s)", one->columns);
        kx_buf__print(&text, ", FOREIGN KEY (%s) REFERENCES %s (%s) ON DELETE %s ON UPDATE %s%s", one->columns,
                      names[one->to], target_columns[one->target], action_words[one->on_delete],
                      action_words[one->on_update], one->deferred ? " DEFERRABLE INITIALLY DEFERRED" : "");
    }
    kx_buf__text(&text, ")");
    kx_buf__byte(&text, '\0');
    ck_assert_int_eq(run_sql(it, (const char *)text.data), SQLITE_OK);
    kx_buf__free(&text);
}

static void open_sql(pair *it)
{
    ck_assert_int_eq(sqlite3_open(":memory:", &it->sql), SQLITE_OK);
    ck_assert_int_eq(run_sql(it, "PRAGMA foreign_keys = ON"), SQLITE_OK);
    for (size_t t = 0; t < TABLES; t++)
        create_table(it, t);
}

/* ---- as models ---------------------------------------------------------------------------------- */

static kx_action action_of(action wanted, bool deferred)
{
    static const kx_action actions[] = {KX_CASCADE, KX_SET_NULL, KX_SET_DEFAULT, KX_RESTRICT};
    return wanted == NO_ACTION && deferred ? KX_DO_NOTHING : actions[wanted];
}

static kx_relation relation_of(const key *one, size_t n, bool is_one)
{
    return (kx_relation){.name = n == 0 ? "first" : "second",
                         .kind = is_one ? KX_ONE_TO_ONE : KX_FOREIGN_KEY,
                         .target = names[one->to],
                         .foreign_key = one->columns,
                         .related_field = target_columns[one->target],
                         .optional = true,
                         .enforced = true,
                         .deferred = one->deferred,
                         .on_delete = action_of(one->on_delete, one->deferred),
                         .on_update = action_of(one->on_update, one->deferred)};
}

static void declare_table(pair *it, size_t t)
{
    kx_field fields[COLUMNS + 1] = {{0}};
    kx_index indexes[5] = {
        {.paths = "tag", .primary = true}, {.paths = "id", .unique = true}, {.paths = "a,b", .unique = true}};
    kx_relation relations[KEYS + 1] = {{0}};
    for (size_t c = 0; c < COLUMNS; c++)
        fields[c] = (kx_field){.path = columns[c],
                               .type = KX_TYPE_INT,
                               .optional = c > 0,
                               .initial = c >= FIRST_KEY ? kxt_print("%d", it->schema.defaults[c]) : NULL};
    for (size_t n = 0; n < KEYS; n++) {
        const key *one = &it->schema.keys[t][n];
        relations[n] = relation_of(one, n, one->unique && t % 2 == 0);
        if (one->unique && t % 2 != 0)
            indexes[3] = (kx_index){.paths = one->columns, .unique = true};
    }
    const kx_model model = {.name = names[t], .fields = fields, .indexes = indexes, .relations = relations};
    rt_ok(kx_declare(it->txns[0], MODELS(&model)));
}

static void open_store(pair *it)
{
    rt_ok(kx_open(NULL, &(kx_options){.sync = KX_SYNC_LATER}, &it->db));
    it->txns[0] = rt_begin(it->db, KX_WRITE);
    for (size_t t = 0; t < TABLES; t++)
        declare_table(it, t);
    rt_ok(kx_txn_commit(it->txns[0]));
}

/* ---- the same rows ---------------------------------------------------------------------------------- */

static kx_txn *innermost(const pair *it)
{
    return it->txns[it->depth];
}

static void dump_store(pair *it, kx_buf *out)
{
    for (size_t t = 0; t < TABLES; t++) {
        kx_cursor *cursor;
        kx_doc *doc;
        rt_ok(kx_find(innermost(it), names[t], NULL, &cursor));
        while (kx_cursor_next(cursor, &doc) == KX_OK) {
            kx_buf__text(out, names[t]);
            for (size_t c = 0; c < COLUMNS; c++) {
                kx_value value;
                rt_ok(kx_doc_get(doc, columns[c], &value));
                kx_buf__print(out, value.type == KX_TYPE_NULL ? " -" : " %lld", (long long)value.integer);
            }
            kx_buf__byte(out, '\n');
        }
        rt_ok(kx_cursor_close(cursor));
    }
    kx_buf__byte(out, '\0');
}

static void dump_sql(pair *it, kx_buf *out)
{
    for (size_t t = 0; t < TABLES; t++) {
        sqlite3_stmt *rows;
        const char *text = kxt_print("SELECT * FROM %s ORDER BY tag", names[t]);
        ck_assert_int_eq(sqlite3_prepare_v2(it->sql, text, -1, &rows, NULL), SQLITE_OK);
        while (sqlite3_step(rows) == SQLITE_ROW) {
            kx_buf__text(out, names[t]);
            for (int c = 0; c < COLUMNS; c++)
                kx_buf__print(out, sqlite3_column_type(rows, c) == SQLITE_NULL ? " -" : " %lld",
                              (long long)sqlite3_column_int64(rows, c));
            kx_buf__byte(out, '\n');
        }
        sqlite3_finalize(rows);
    }
    kx_buf__byte(out, '\0');
}

/* The statements go to standard error: a message of Check's has a bound. */
static void show_log(const pair *it)
{
    fprintf(stderr, "%.*s", (int)it->log.size, (const char *)it->log.data);
}

/* Both succeeded, or both refused for a reason that the other could have as well; and what is stored is the same. */
static void check_same(pair *it, int rc, int sql_rc)
{
    kx_buf ours = {0}, theirs = {0};
    bool refused = rc == KX_EXISTS || rc == KX_DANGLING || rc == KX_RESTRICTED;
    bool agree = rc == KX_OK ? sql_rc == SQLITE_OK : refused && sql_rc == SQLITE_CONSTRAINT;
    if (!agree)
        show_log(it);
    ck_assert_msg(agree, "here %d %s; SQLite %d %s", rc, rc == KX_OK ? "" : kx_errmsg(), sql_rc,
                  sqlite3_errmsg(it->sql));
    dump_store(it, &ours);
    dump_sql(it, &theirs);
    bool same = ours.size == theirs.size && memcmp(ours.data, theirs.data, ours.size) == 0;
    if (!same) {
        show_log(it);
        fprintf(stderr, "here\n%s\nSQLite\n%s\n", (const char *)ours.data, (const char *)theirs.data);
    }
    ck_assert_msg(same, "other rows after %s", rc == KX_OK ? "a success" : kx_errmsg());
    kx_buf__free(&ours);
    kx_buf__free(&theirs);
}

/* ---- operations ------------------------------------------------------------------------------------ */

/* Some row of a table; false: it has none. */
static bool draw_row(pair *it, size_t t, kx_doc **doc)
{
    uint64_t count;
    rt_ok(kx_count(innermost(it), names[t], NULL, &count));
    if (count == 0)
        return false;
    rt_ok(kx_first(innermost(it), names[t], &(kx_query){.offset = below(it, count)}, doc));
    return true;
}

static const char *draw_value(pair *it, uint64_t nulls, uint64_t bound)
{
    return below(it, 4) < nulls ? "null" : kxt_print("%llu", 1 + (unsigned long long)below(it, bound));
}

/* Mostly a key that leads somewhere. */
static void draw_key(pair *it, const key *one, const char **values)
{
    static const size_t first_column[] = {1, 0, 2, FIRST_KEY};
    kx_doc *doc;
    if (below(it, 5) == 0 || !draw_row(it, one->to, &doc))
        return;
    for (size_t c = 0; c < (one->target == TO_PAIR ? 2u : 1u); c++) {
        const char *json;
        rt_ok(kx_doc_get_json(doc, columns[first_column[one->target] + c], &json));
        values[c] = kxt_print("%s", json);
    }
    kx_doc_release(doc);
}

/* Values for every column, as SQL and as JSON; tags are never given twice. */
static void draw_values(pair *it, size_t t, const char **values)
{
    values[0] = kxt_print("%lld", (long long)it->next_tag++);
    for (size_t c = 1; c < COLUMNS; c++)
        values[c] = draw_value(it, c < FIRST_KEY ? 1 : 3, c == 1 ? IDS : VALUES);
    for (size_t n = 0; n < KEYS; n++)
        draw_key(it, &it->schema.keys[t][n], values + FIRST_KEY + 2 * n);
}

enum { MOST_ROWS = 3 };

static void insert(pair *it, size_t t)
{
    size_t count = 1 + below(it, MOST_ROWS);
    kx_buf sql = {0}, json[MOST_ROWS] = {{0}};
    kx_record records[MOST_ROWS] = {{0}};
    for (size_t i = 0; i < count; i++) {
        const char *values[COLUMNS];
        draw_values(it, t, values);
        kx_buf__text(&sql, i == 0 ? kxt_print("INSERT INTO %s VALUES (", names[t]) : ", (");
        for (size_t c = 0; c < COLUMNS; c++) {
            kx_buf__print(&sql, "%s%s", c == 0 ? "" : ", ", values[c]);
            kx_buf__print(&json[i], "%c\"%s\":%s", c == 0 ? '{' : ',', columns[c], values[c]);
        }
        kx_buf__text(&sql, ")");
        kx_buf__text(&json[i], "}");
        records[i] = (kx_record){.data = json[i].data, .size = json[i].size};
    }
    kx_buf__byte(&sql, '\0');
    int rc = count == 1 ? kx_insert(innermost(it), names[t], json[0].data, json[0].size, NULL)
                        : kx_insert_many(innermost(it), names[t], records, count, NULL);
    check_same(it, rc, change_sql(it, (const char *)sql.data));
    kx_buf__free(&sql);
    for (size_t i = 0; i < count; i++)
        kx_buf__free(&json[i]);
}

static int save_changes(pair *it, kx_doc *doc, const char *json)
{
    kx_doc *changes;
    kx_iter iter;
    rt_ok(kx_doc_from_json(innermost(it), kx_doc_collection(doc), json, &changes));
    rt_ok(kx_doc_iter(changes, "", &iter));
    while (kx_iter_next(&iter))
        rt_ok(kx_doc_set(doc, kxt_print("%.*s", (int)iter.key.size, (const char *)iter.key.data), iter.value));
    kx_doc_release(changes);
    return kx_doc_save(doc);
}

static void update(pair *it, size_t t, kx_doc *doc)
{
    kx_buf sql = {0}, json = {0};
    const char *values[COLUMNS];
    bool first = true;
    draw_values(it, t, values);
    for (size_t c = 1 + below(it, FIRST_KEY); c < COLUMNS; c += 1 + below(it, 4), first = false) {
        kx_buf__print(&sql, "%s %s = %s", first ? kxt_print("UPDATE %s SET", names[t]) : ",", columns[c], values[c]);
        kx_buf__print(&json, "%c\"%s\":%s", first ? '{' : ',', columns[c], values[c]);
    }
    kx_buf__print(&sql, " WHERE tag = %llu", (unsigned long long)kx_doc_id(doc));
    kx_buf__byte(&sql, '\0');
    kx_buf__text(&json, "}");
    kx_buf__byte(&json, '\0');
    int rc = below(it, 2) == 0 ? kx_patch(innermost(it), names[t], kx_doc_id(doc), json.data, json.size - 1)
                               : save_changes(it, doc, (const char *)json.data);
    check_same(it, rc, change_sql(it, (const char *)sql.data));
    kx_buf__free(&sql);
    kx_buf__free(&json);
}

static int delete_here(pair *it, kx_doc *doc)
{
    kx_deletion *plan;
    uint64_t way = below(it, 3);
    if (way == 0)
        return kx_remove(innermost(it), kx_doc_collection(doc), kx_doc_id(doc));
    if (way == 1)
        return kx_doc_delete(doc);
    rt_ok(kx_delete_plan(doc, &plan));
    int rc = kx_deletion_apply(innermost(it), plan);
    kx_deletion_free(plan);
    return rc;
}

static void delete(pair *it, size_t t, kx_doc *doc)
{
    unsigned long long tag = kx_doc_id(doc);
    int rc = delete_here(it, doc);
    check_same(it, rc, change_sql(it, kxt_print("DELETE FROM %s WHERE tag = %llu", names[t], tag)));
}

/* ---- many documents in one statement ------------------------------------------------------------------ */

static void delete_many(pair *it, size_t t)
{
    uint64_t most = 1 + below(it, IDS);
    const char *filter = kxt_print("id <= %llu", (unsigned long long)most);
    int rc = kx_delete_where(innermost(it), names[t], &(kx_query){.filter = filter}, NULL);
    check_same(it, rc, change_sql(it, kxt_print("DELETE FROM %s WHERE %s", names[t], filter)));
}

/* One key of many documents: not a unique one, which SQL holds row by row. */
static void update_many(pair *it, size_t t)
{
    size_t n = it->schema.keys[t][0].unique ? 1 : below(it, KEYS), c = FIRST_KEY + 2 * n;
    const char *values[COLUMNS], *filter = kxt_print("id > %llu", (unsigned long long)below(it, IDS));
    kx_buf sql = {0};
    kx_edit edits[3] = {{0}};
    draw_values(it, t, values);
    for (size_t i = 0; i < 2; i++) {
        bool is_null = strcmp(values[c + i], "null") == 0;
        edits[i] = (kx_edit){.path = columns[c + i],
                             .value = is_null ? kx_null() : kx_int(strtoll(values[c + i], NULL, 10))};
    }
    int rc = kx_update_where(innermost(it), names[t], &(kx_query){.filter = filter}, edits, NULL);
    kx_buf__print(&sql, "UPDATE %s SET %s = %s, %s = %s WHERE %s", names[t], columns[c], values[c], columns[c + 1],
                  values[c + 1], filter);
    kx_buf__byte(&sql, '\0');
    check_same(it, rc, change_sql(it, (const char *)sql.data));
    kx_buf__free(&sql);
}

/* ---- transactions -------------------------------------------------------------------------------------- */

static void begin(pair *it)
{
    it->txns[0] = rt_begin(it->db, KX_WRITE);
    ck_assert_int_eq(run_sql(it, "BEGIN"), SQLITE_OK);
}

static void begin_child(pair *it)
{
    rt_ok(kx_txn_child(innermost(it), &it->txns[it->depth + 1]));
    it->depth++;
    ck_assert_int_eq(run_sql(it, kxt_print("SAVEPOINT s%zu", it->depth)), SQLITE_OK);
}

static void end_child(pair *it)
{
    const char *name = kxt_print("s%zu", it->depth);
    int rc = KX_OK;
    if (below(it, 2) == 0) {
        rc = kx_txn_commit(innermost(it));
    } else {
        kx_txn_abort(innermost(it));
        ck_assert_int_eq(run_sql(it, kxt_print("ROLLBACK TO %s", name)), SQLITE_OK);
    }
    it->depth--;
    check_same(it, rc, run_sql(it, kxt_print("RELEASE %s", name)));
}

static void abort_both(pair *it)
{
    kx_txn_abort(it->txns[0]);
    ck_assert_int_eq(run_sql(it, "ROLLBACK"), SQLITE_OK);
}

/* A commit that is refused leaves the transaction open, here and there. */
static void commit(pair *it)
{
    int rc = kx_txn_commit(it->txns[0]), sql_rc = run_sql(it, "COMMIT");
    if (rc == KX_OK)
        it->txns[0] = rt_begin(it->db, KX_WRITE);
    check_same(it, rc, sql_rc);
    if (rc == KX_OK)
        ck_assert_int_eq(run_sql(it, "BEGIN"), SQLITE_OK);
    else if (below(it, 2) == 0) {
        abort_both(it);
        begin(it);
    }
}

static void step(pair *it)
{
    size_t t = below(it, TABLES);
    uint64_t what = below(it, 20);
    kx_doc *doc = NULL;
    if (what == 0 && it->depth == 0)
        commit(it);
    else if (what == 1 && it->depth + 1 < NESTED)
        begin_child(it);
    else if (what == 2 && it->depth > 0)
        end_child(it);
    else if (what == 3 && !loses_a_target(&it->schema.keys[t][0]))
        delete_many(it, t);
    else if (what == 4)
        update_many(it, t);
    else if (what < 11 || !draw_row(it, t, &doc))
        insert(it, t);
    else if (what < 18)
        update(it, t, doc);
    else
        delete(it, t, doc);
    kx_doc_release(doc);
}

/* ---- a run ------------------------------------------------------------------------------------------------ */

static void fail_with(void *context, const char *collection, uint64_t id, const char *finding)
{
    show_log(context);
    ck_abort_msg("%s %llu: %s", collection, (unsigned long long)id, finding);
}

/* All that is committed leads somewhere, and every index agrees with every document. */
static void finish(pair *it)
{
    uint64_t findings;
    while (it->depth > 0)
        end_child(it);
    int rc = kx_txn_commit(it->txns[0]), sql_rc = run_sql(it, "COMMIT");
    if (rc != KX_OK)
        abort_both(it);
    it->txns[0] = rt_begin(it->db, KX_READ);
    check_same(it, rc, sql_rc);
    rt_ok(kx_check_relations(it->txns[0], NULL, NULL, &findings));
    if (findings > 0)
        show_log(it);
    ck_assert_uint_eq(findings, 0);
    rt_ok(kx_collection__check(it->txns[0], fail_with, it, &findings));
    kx_txn_abort(it->txns[0]);
    rt_ok(kx_close(it->db));
    ck_assert_int_eq(sqlite3_close(it->sql), SQLITE_OK);
    kx_buf__free(&it->log);
}

START_TEST(random_operations_end_in_the_same_rows_and_refusals_as_in_sqlite)
{
    uint64_t random = kxt_seed() + (uint64_t)_i;
    for (uint64_t schemas = kxt_scaled(10); schemas > 0; schemas--) {
        pair it = {.random = &random, .next_tag = 1};
        draw_schema(&it);
        open_sql(&it);
        open_store(&it);
        begin(&it);
        for (int i = 0; i < 60; i++)
            step(&it);
        finish(&it);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("sqlite");
    TCase *t = tcase_create("sqlite");
    tcase_add_loop_test(t, random_operations_end_in_the_same_rows_and_refusals_as_in_sqlite, 0, 8);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return kxt_run(suite());
}

#else

/* Automake's exit status for a test that was skipped. */
enum { SKIPPED = 77 };

int main(void)
{
    puts("SQLite is missing: nothing was compared with it");
    int status = kxt_run(suite_create("sqlite"));
    return status == 0 ? SKIPPED : status;
}

#endif
