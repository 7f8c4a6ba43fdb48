/*
 * tour.c -- the whole library on one page.
 *
 * The public API is right when this program compiles, runs clean under
 * valgrind and prints what its comments say.  It is the contract for names and
 * shapes: a name may still get better, if every use below stays as short.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <lmdbkenobix.h>

#define TRY(call) do { int rc_ = (call); if (rc_ != KX_OK) return rc_; } while (0)

/* ---- models: plain const data, persisted in the store's catalog -------- */

typedef struct {
    int64_t     user_id;
    const char *name;
    const char *email;              /* NULL when absent */
} user;

typedef struct {
    int64_t     order_id;
    int64_t     user_id;
    double      amount;
    const char *status;
} order;

static const kx_field user_fields[] = {
    KX_INT (user, user_id),
    KX_TEXT(user, name),
    KX_TEXT(user, email, .optional = true),
    {0}
};

static const kx_field order_fields[] = {
    KX_INT (order, order_id),
    KX_INT (order, user_id),
    KX_REAL(order, amount),
    KX_TEXT(order, status, .initial = "new"),   /* written at insert when not set */
    {0}
};

static const kx_model users = {
    .name    = "users",
    .fields  = user_fields,
    .indexes = (const kx_index[]){ {.paths = "user_id", .unique = true}, {.paths = "email"}, {0} },
};

/* The foreign key needs no index line: declaring the relation indexes it.
   .reverse gives users the related set "orders". */
static const kx_model orders = {
    .name      = "orders",
    .fields    = order_fields,
    .indexes   = (const kx_index[]){ {.paths = "order_id", .unique = true}, {.paths = "status,-amount"}, {0} },
    .relations = (const kx_relation[]){
        {.name = "user", .kind = KX_FOREIGN_KEY, .target = "users", .foreign_key = "user_id",
         .reverse = "orders", .on_delete = KX_CASCADE},
        {.name = "products", .kind = KX_MANY_TO_MANY, .target = "products", .through = "order_items",
         .local_field = "order_id", .related_field = "product_id"},
        {0}
    },
};

static const kx_model products = {
    .name    = "products",
    .indexes = (const kx_index[]){ {.paths = "product_id", .primary = true}, {0} },
};

static const kx_model *const models[] = {&users, &orders, &products, NULL};

/* ---- writing ----------------------------------------------------------- */

/* kx_write() commits when this returns KX_OK, else rolls everything back. */
static int fill(kx_txn *txn, void *context)
{
    (void)context;
    kx_doc *alice, *lamp, *first;

    /* a document from a struct ... */
    user row = {.user_id = 1, .name = "Alice", .email = "alice@example.com"};
    TRY(kx_doc_new(txn, "users", &alice));
    TRY(kx_doc_from_struct(alice, &row, sizeof row));
    TRY(kx_doc_save(alice));

    /* ... field by field ... */
    TRY(kx_doc_new(txn, "orders", &first));
    TRY(kx_doc_set(first, "order_id", kx_int(101)));
    TRY(kx_doc_set(first, "amount", kx_real(99.99)));
    TRY(kx_doc_link(first, "user", alice));             /* sets user_id = 1 */
    TRY(kx_doc_save(first));

    /* ... or from JSON or MessagePack. */
    TRY(kx_doc_from_json(txn, "products",
        "{\"product_id\": 7, \"name\": \"Lamp\", \"price\": 20.5, \"tags\": [\"home\", \"light\"]}", &lamp));
    TRY(kx_doc_save(lamp));
    TRY(kx_related_add(first, "products", lamp));        /* writes the junction document */

    /* a nested transaction is a savepoint */
    kx_txn *inner;
    kx_doc *again;
    TRY(kx_txn_child(txn, &inner));
    TRY(kx_doc_from_json(inner, "users", "{\"user_id\": 1, \"name\": \"Impostor\"}", &again));
    int rc = kx_doc_save(again);
    printf("%s: %s\n", kx_strerror(rc), kx_errmsg());
    /* already exists: users.user_id = 1 is taken by document 1 */
    kx_txn_abort(inner);
    return KX_OK;
}

/* ---- reading ----------------------------------------------------------- */

/* A transaction closes every document and cursor that it handed out. */
static int show(kx_txn *txn, void *context)
{
    (void)context;
    kx_doc *first, *owner, *same, *item;
    kx_cursor *cursor;
    uint64_t count;
    order typed;

    TRY(kx_get(txn, "orders", "order_id", kx_int(101), &first));
    TRY(kx_doc_to_struct(first, &typed, sizeof typed));
    printf("order %" PRId64 " is %s: %.2f\n", typed.order_id, typed.status, typed.amount);

    TRY(kx_doc_follow(first, "user", &owner));           /* one index lookup, now */
    TRY(kx_doc_follow(first, "user", &same));            /* none: cached          */
    printf("%s, %s\n", kx_doc_text(owner, "name"), owner == same ? "cached" : "loaded twice");

    TRY(kx_related_count(owner, "orders", NULL, &count));
    printf("%s has %" PRIu64 " order(s)\n", kx_doc_text(owner, "name"), count);

    /* every order over 50 of a user at example.com, newest first; users and products load in batches */
    TRY(kx_find(txn, "orders", &(kx_query){
        .where    = KX_WHERE({"amount", KX_GT, kx_real(50)}, {"user.email", KX_LIKE, kx_text("%@example.com")}),
        .order_by = "-order_id",
        .limit    = 100,
        .prefetch = "user, products",
    }, &cursor));
    for (kx_doc *each; kx_cursor_next(cursor, &each) == KX_OK; ) {
        kx_cursor *items;
        TRY(kx_doc_follow(each, "user", &owner));        /* already here */
        TRY(kx_related_find(each, "products", NULL, &items));
        while (kx_cursor_next(items, &item) == KX_OK)
            printf("%s bought %s\n", kx_doc_text(owner, "name"), kx_doc_text(item, "name"));
        TRY(kx_cursor_close(items));                      /* reports what ended the loop early */
    }
    TRY(kx_cursor_close(cursor));

    /* the same language as the command line's, with parameters */
    TRY(kx_count(txn, "orders", &(kx_query){
        .filter = "amount >= ? and amount <= ? and status == 'new'",
        .args   = KX_ARGS(kx_int(90), kx_int(110)),
    }, &count));
    printf("%" PRIu64 " new order(s) near 100\n", count);
    return KX_OK;
}

static int shrink(kx_txn *txn, void *context)
{
    (void)context;
    kx_doc *alice, *lamp, *gone;

    TRY(kx_get(txn, "products", "product_id", kx_int(7), &lamp));
    TRY(kx_doc_delete(lamp));                             /* its links go with it   */
    TRY(kx_get(txn, "users", "user_id", kx_int(1), &alice));
    TRY(kx_doc_delete(alice));                            /* her orders go with her */
    int rc = kx_get(txn, "orders", "order_id", kx_int(101), &gone);
    printf("order 101: %s\n", kx_strerror(rc));           /* order 101: not found */
    return KX_OK;
}

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "shop.kx";
    kx_db *db;                                            /* NULL when opening failed */
    int rc = kx_open(path, &(kx_options){.models = models}, &db);
    if (rc == KX_OK) rc = kx_write(db, fill, NULL);
    if (rc == KX_OK) rc = kx_read(db, show, NULL);
    if (rc == KX_OK) rc = kx_write(db, shrink, NULL);
    if (rc != KX_OK) fprintf(stderr, "%s: %s: %s\n", path, kx_strerror(rc), kx_errmsg());
    if (kx_close(db) != KX_OK) rc = 1;
    return rc == KX_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
