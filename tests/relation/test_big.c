/*
 * test_big.c -- deletes and walks of very many documents, with little stack and a bound on what may be allocated:
 * how deep or wide data is must not show in either.
 */
#include "relation_test.h"

#include <sys/resource.h>

#define KEY(title, to, field, action, ...)                                                                \
    {                                                                                                     \
        .name = title, .kind = KX_FOREIGN_KEY, .target = to, .foreign_key = field, .related_field = "id", \
        .on_delete = action, __VA_ARGS__                                                                  \
    }
#define MODEL(title, key, ...) (&(const kx_model){.name = title, .indexes = INDEXES(key), __VA_ARGS__})
#define PRIMARY                        \
    {                                  \
        .paths = "id", .primary = true \
    }
#define UNIQUE                        \
    {                                 \
        .paths = "id", .unique = true \
    }

static uint64_t count_of(kx_txn *txn, const char *collection)
{
    uint64_t count;
    rt_ok(kx_count(txn, collection, NULL, &count));
    return count;
}

/* ---- bounds ---------------------------------------------------------------------------------- */

/* Private memory that may be written, in bytes: what RLIMIT_DATA counts. The store's map is none. */
static uint64_t data_bytes(void)
{
    FILE *status = fopen("/proc/self/status", "r");
    char line[256];
    uint64_t bytes = 0;
    ck_assert_ptr_nonnull(status);
    while (bytes == 0 && fgets(line, sizeof line, status) != NULL) {
        if (strncmp(line, "VmData:", 7) == 0)
            bytes = strtoull(line + 7, NULL, 10) * 1024;
    }
    fclose(status);
    ck_assert_uint_gt(bytes, 0);
    return bytes;
}

/* From here on no more than `more` bytes can be had; beyond it the library is told that there is no memory. */
static void allow(uint64_t more)
{
    struct rlimit limit = {0};
    if (!kxt_plain())
        return;
    ck_assert_int_eq(getrlimit(RLIMIT_DATA, &limit), 0);
    limit.rlim_cur = data_bytes() + more;
    ck_assert_int_eq(setrlimit(RLIMIT_DATA, &limit), 0);
}

static void allow_little_stack(void)
{
    struct rlimit limit = {256 * 1024, 256 * 1024};
    if (kxt_plain())
        ck_assert_int_eq(setrlimit(RLIMIT_STACK, &limit), 0);
}

/* ---- documents by the thousand ------------------------------------------------------------------ */

typedef void make_text(uint64_t n, char *text, size_t size);

static void fill(kx_txn *txn, const char *collection, uint64_t count, make_text *make)
{
    enum { RUN = 1000 };
    static kx_record records[RUN];
    static char texts[RUN][96];
    for (uint64_t n = 0; n < count;) {
        size_t size = 0;
        for (; size < RUN && n < count; size++, n++) {
            make(n + 1, texts[size], sizeof texts[size]);
            records[size] = (kx_record){.data = texts[size], .size = strlen(texts[size])};
        }
        rt_ok(kx_insert_many(txn, collection, records, size, NULL));
    }
}

/* A million where time is no matter. */
static uint64_t many(void)
{
    return !kxt_plain() ? 1000 : kxt_long() ? 1000000 : kxt_scaled(200000);
}

static shop read_on(shop it)
{
    rt_ok(kx_txn_commit(it.txn));
    it.txn = rt_begin(it.db, KX_READ);
    return it;
}

/* ---- a chain, a star ------------------------------------------------------------------------------ */

static void of_chain(uint64_t n, char *text, size_t size)
{
    snprintf(text, size, n == 1 ? "{\"id\":%llu}" : "{\"id\":%llu,\"next_id\":%llu}", (unsigned long long)n,
             (unsigned long long)n - 1);
}

static void of_star(uint64_t n, char *text, size_t size)
{
    snprintf(text, size, n == 1 ? "{\"id\":%llu}" : "{\"id\":%llu,\"next_id\":1}", (unsigned long long)n);
}

/* Each document is known by 24 bytes and found by 8 more, in arrays that double. */
enum { BYTES_A_DOCUMENT = 80, BYTES_APART = 4 << 20 };

START_TEST(a_delete_of_very_many_is_planned_in_bounded_memory_and_carried_out)
{
    uint64_t count = many();
    const kx_model *nodes =
        MODEL("nodes", PRIMARY, .relations = RELATIONS(KEY("next", "nodes", "next_id", KX_CASCADE, .optional = true)));
    shop it = rt_start_with(MODELS(nodes));
    kx_deletion *plan;
    fill(it.txn, "nodes", count, _i == 0 ? of_chain : of_star);
    it = read_on(it);
    allow_little_stack();
    kx_doc *root = rt_get(it.txn, "nodes", 1);
    allow(count * BYTES_A_DOCUMENT + BYTES_APART);
    rt_ok(kx_delete_plan(root, &plan));
    uint64_t steps = 0;
    kx_deletion_step step;
    for (size_t n = 0; kx_deletion_step_at(plan, n, &step) == KX_OK; n++)
        steps += step.documents;
    ck_assert_uint_eq(steps, count);
    kx_deletion_free(plan);
    kx_txn_abort(it.txn);
    it.txn = rt_begin(it.db, KX_WRITE);
    allow(count * 320 + BYTES_APART);
    rt_ok(kx_remove(it.txn, "nodes", 1));
    ck_assert_uint_eq(count_of(it.txn, "nodes"), 0);
    rt_ok(kx_txn_commit(it.txn));
    it.txn = rt_begin(it.db, KX_READ);
    ck_assert_uint_eq(count_of(it.txn, "nodes"), 0);
    rt_end(&it);
}
END_TEST

START_TEST(a_walk_of_very_many_takes_little_stack_and_bounded_memory)
{
    uint64_t count = many(), found = 0;
    const kx_model *nodes = MODEL(
        "nodes", PRIMARY,
        .relations = RELATIONS(KEY("next", "nodes", "next_id", KX_DO_NOTHING, .optional = true, .reverse = "others")));
    shop it = rt_start_with(MODELS(nodes));
    kx_walk *walk;
    kx_doc *doc;
    unsigned depth = 0;
    fill(it.txn, "nodes", count, _i == 0 ? of_chain : of_star);
    it = read_on(it);
    allow_little_stack();
    kx_doc *root = rt_get(it.txn, "nodes", 1);
    allow(count * 48 + BYTES_APART);
    rt_ok(kx_related_walk(root, "others", 0, &walk));
    while (kx_walk_next(walk, &doc, &depth) == KX_OK)
        found++;
    rt_ok(kx_walk_close(walk));
    ck_assert_uint_eq(found, count - 1);
    ck_assert_uint_eq(depth, _i == 0 ? count - 1 : 1);
    rt_end(&it);
}
END_TEST

/* ---- leaves ------------------------------------------------------------------------------------------ */

static void of_first(uint64_t n, char *text, size_t size)
{
    snprintf(text, size, "{\"id\":%llu,\"user_id\":1}", (unsigned long long)n);
}

static void of_tenth(uint64_t n, char *text, size_t size)
{
    snprintf(text, size, "{\"id\":%llu,\"order_id\":%llu}", (unsigned long long)n, (unsigned long long)n / 10 + 1);
}

/* Of users, orders and items only orders have to be read for their keys, and not even these where the key is the id. */
START_TEST(leaves_are_planned_without_being_read)
{
    enum { ORDERS = 100, ITEMS = 990 };
    bool primary = _i == 1;
    const kx_model *users = MODEL("users", UNIQUE);
    const kx_model *orders =
        primary ? MODEL("orders", PRIMARY, .relations = RELATIONS(KEY("user", "users", "user_id", KX_CASCADE)))
                : MODEL("orders", UNIQUE, .relations = RELATIONS(KEY("user", "users", "user_id", KX_CASCADE)));
    const kx_model *items =
        MODEL("items", UNIQUE, .relations = RELATIONS(KEY("order", "orders", "order_id", KX_CASCADE)));
    shop it = rt_start_with(MODELS(users, orders, items));
    kx_deletion *plan;
    kx_deletion_step step;
    uint64_t gone = 0;
    rt_save(it.txn, "users", "{\"id\":1}");
    fill(it.txn, "orders", ORDERS, of_first);
    fill(it.txn, "items", ITEMS, of_tenth);
    it = read_on(it);
    kx_doc *user = rt_get(it.txn, "users", 1);
    uint64_t before = rt_stats(it.txn).rows;
    rt_ok(kx_delete_plan(user, &plan));
    ck_assert_uint_le(rt_stats(it.txn).rows - before, primary ? 2 : ORDERS + 2);
    for (size_t n = 0; kx_deletion_step_at(plan, n, &step) == KX_OK; n++)
        gone += step.documents;
    ck_assert_uint_eq(gone, 1 + ORDERS + ITEMS);
    kx_deletion_free(plan);
    kx_doc *order = rt_get(it.txn, "orders", 5);
    before = rt_stats(it.txn).rows;
    rt_ok(kx_delete_plan(order, &plan));
    ck_assert_uint_le(rt_stats(it.txn).rows - before, 2);
    kx_deletion_free(plan);
    rt_end(&it);
}
END_TEST

/* ---- a cursor ----------------------------------------------------------------------------------------- */

enum { USERS = 20000, EACH = 10 };

static void of_user(uint64_t n, char *text, size_t size)
{
    snprintf(text, size, "{\"id\":%llu,\"name\":\"user %llu\"}", (unsigned long long)n, (unsigned long long)n);
}

static void of_order(uint64_t n, char *text, size_t size)
{
    snprintf(text, size, "{\"id\":%llu,\"user_id\":%llu,\"amount\":%llu}", (unsigned long long)n,
             (unsigned long long)n % USERS + 1, (unsigned long long)n % 97);
}

START_TEST(a_long_cursor_prefetches_in_constant_memory)
{
    uint64_t count = kxt_plain() ? USERS * EACH : 2000, found = 0;
    const kx_model *users = MODEL("users", UNIQUE);
    const kx_model *orders = MODEL(
        "orders", UNIQUE, .relations = RELATIONS(KEY("user", "users", "user_id", KX_CASCADE, .reverse = "orders")));
    static const kx_query few = {.order_by = "-amount", .limit = 3};
    shop it = rt_start_with(MODELS(users, orders));
    kx_cursor *cursor;
    kx_doc *doc, *user;
    fill(it.txn, "users", USERS, of_user);
    fill(it.txn, "orders", count, of_order);
    it = read_on(it);
    allow(8 << 20);
    rt_ok(kx_find(it.txn, "orders", &(kx_query){.prefetch = "user.orders", .load = KX_LOAD_NONE}, &cursor));
    for (; kx_cursor_next(cursor, &doc) == KX_OK; found++)
        rt_ok(kx_doc_follow(doc, "user", &user));
    rt_ok(kx_cursor_close(cursor));
    ck_assert_uint_eq(found, count);
    rt_ok(kx_find(it.txn, "users", &(kx_query){.sets = KX_PREFETCH({"orders", &few, {0}})}, &cursor));
    for (found = 0; kx_cursor_next(cursor, &doc) == KX_OK; found++) {
        kx_doc *const *docs;
        size_t size;
        rt_ok(kx_related_loaded(doc, "orders", &docs, &size));
        ck_assert_uint_le(size, 3);
    }
    rt_ok(kx_cursor_close(cursor));
    ck_assert_uint_eq(found, USERS);
    rt_end(&it);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("big");
    TCase *c = tcase_create("big");
    tcase_add_loop_test(c, a_delete_of_very_many_is_planned_in_bounded_memory_and_carried_out, 0, 2);
    tcase_add_loop_test(c, a_walk_of_very_many_takes_little_stack_and_bounded_memory, 0, 2);
    tcase_add_loop_test(c, leaves_are_planned_without_being_read, 0, 2);
    tcase_add_test(c, a_long_cursor_prefetches_in_constant_memory);
    suite_add_tcase(suite, c);
    return suite;
}

int main(void)
{
    return kxt_run(suite());
}
