/*
 * tour.c -- the library on one page: models, writing, relations, queries, savepoints.
 *
 *     cc tour.c -o tour $(pkg-config --cflags --libs lmdbkenobix)
 *     ./tour shop.kx
 *
 * It prints what its comments say, and can run again and again on the same store: at its end the documents are gone, and ids
 * go on.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <lmdbkenobix.h>

#define TRY(call) do { int rc_ = (call); if (rc_ != KX_OK) return rc_; } while (0)

/* ---- models: constant data, kept in the store's catalog -------------------- */

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
    KX_INT (order, user_id, .optional = true),
    KX_REAL(order, amount),
    KX_TEXT(order, status, .initial = "new"),   /* written when an order is inserted without one */
    {0}
};

static const kx_model users = {
    .name    = "users",
    .fields  = user_fields,
    .indexes = (const kx_index[]){ {.paths = "user_id", .unique = true}, {.paths = "email"}, {0} },
};

/* The foreign key needs no index line: declaring the relation makes the index. .reverse gives users the set "orders". */
static const kx_model orders = {
    .name      = "orders",
    .fields    = order_fields,
    .indexes   = (const kx_index[]){ {.paths = "order_id", .unique = true}, {.paths = "status,-amount"}, {0} },
    .relations = (const kx_relation[]){
        {.name = "user", .kind = KX_FOREIGN_KEY, .target = "users", .foreign_key = "user_id", .reverse = "orders", .optional = true},
        {0}
    },
};

static const kx_model *const models[] = {&users, &orders, NULL};

/* ---- writing ------------------------------------------------------------------ */

/* kx_write() commits when this returns KX_OK, and rolls everything back otherwise. */
static int fill(kx_txn *txn, void *context)
{
    (void)context;
    kx_doc *alice, *first, *second;

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

    /* ... or from JSON or MessagePack; adding to a set gives it the key and saves it. */
    TRY(kx_doc_from_json(txn, "orders", "{\"order_id\": 102, \"amount\": 20, \"gift\": {\"from\": \"Bob\"}}", &second));
    TRY(kx_related_add(alice, "orders", second));

    /* a child transaction is a savepoint */
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

/* ---- reading -------------------------------------------------------------------- */

/* A transaction closes every document and cursor that it handed out. */
static int show(kx_txn *txn, void *context)
{
    (void)context;
    kx_doc *first, *owner, *same;
    kx_cursor *cursor;
    uint64_t count;
    order typed;

    TRY(kx_get(txn, "orders", "order_id", kx_int(101), &first));
    TRY(kx_doc_to_struct(first, &typed, sizeof typed));
    printf("order %" PRId64 " is %s: %.2f\n", typed.order_id, typed.status, typed.amount);
    /* order 101 is new: 99.99 */

    TRY(kx_doc_follow(first, "user", &owner));           /* one index lookup, now */
    TRY(kx_doc_follow(first, "user", &same));            /* none: remembered      */
    printf("%s, %s\n", kx_doc_text(owner, "name"), owner == same ? "remembered" : "loaded twice");
    /* Alice, remembered */

    TRY(kx_related_count(owner, "orders", NULL, &count));
    printf("%s has %" PRIu64 " orders\n", kx_doc_text(owner, "name"), count);
    /* Alice has 2 orders */

    /* her orders over 10, newest first */
    TRY(kx_related_find(owner, "orders", &(kx_query){
        .where    = KX_WHERE({"amount", KX_GT, kx_int(10)}, {"status", KX_IN, kx_list(KX_ARGS(kx_text("new"), kx_text("paid")))}),
        .order_by = "-order_id",
        .limit    = 100,
    }, &cursor));
    for (kx_doc *each; kx_cursor_next(cursor, &each) == KX_OK; ) {
        const char *json;
        TRY(kx_doc_to_json(each, &json));
        printf("%s\n", json);
    }
    /* {"order_id":102,"amount":20,"gift":{"from":"Bob"},"user_id":1,"status":"new"} */
    /* {"order_id":101,"amount":99.99,"user_id":1,"status":"new"} */
    TRY(kx_cursor_close(cursor));                         /* reports what ended the loop early */

    /* any field can be asked for, with an index or without */
    TRY(kx_count(txn, "orders", &(kx_query){.where = KX_WHERE({"gift.from", KX_LIKE, kx_text("B%")})}, &count));
    printf("%" PRIu64 " gift from somebody with a B\n", count);
    /* 1 gift from somebody with a B */
    return KX_OK;
}

static int shrink(kx_txn *txn, void *context)
{
    (void)context;
    kx_doc *alice, *each, *gone;
    kx_cursor *cursor;

    TRY(kx_get(txn, "users", "user_id", kx_int(1), &alice));
    TRY(kx_related_clear(alice, "orders"));               /* the orders stay, their key is null */
    TRY(kx_doc_delete(alice));
    TRY(kx_find(txn, "orders", NULL, &cursor));
    while (kx_cursor_next(cursor, &each) == KX_OK)        /* deleting while walking is safe */
        TRY(kx_doc_delete(each));
    TRY(kx_cursor_close(cursor));
    int rc = kx_get(txn, "orders", "order_id", kx_int(101), &gone);
    printf("order 101: %s\n", kx_strerror(rc));
    /* order 101: not found */
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
