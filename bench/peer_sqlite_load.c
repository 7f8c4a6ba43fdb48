/* peer_sqlite_load.c -- SQLite's loads: rows bound column by column, or documents as JSON that were written before. */
#include <stdlib.h>

#include "peer_sqlite.h"

/* ---- JSON --------------------------------------------------------------------------------------- */

enum { TEXT_MAX = 224 };            /* bytes of a document as JSON, at most */

/* An array of texts in one block, whose first text begins it. */
static char **make_array(size_t count)
{
    char **texts = calloc(count + 1, sizeof *texts);
    char *block = texts == NULL ? NULL : malloc(TEXT_MAX * (count + 1));

    for (size_t i = 0; i <= count && block != NULL; i++)
        texts[i] = block + TEXT_MAX * i;
    if (block != NULL)
        return texts;
    free(texts);
    return NULL;
}

int sqlite_make_texts(sqlite_store *store)
{
    const bench_data *data = store->data;
    size_t orders = data->order_count + data->new_count;

    store->user_texts = make_array(data->user_count);
    store->order_texts = make_array(orders);
    if (store->user_texts == NULL || store->order_texts == NULL)
        return bench_fail("sqlite: no memory");
    for (size_t i = 0; i < data->user_count; i++) {
        const bench_user *user = &data->users[i];
        snprintf(store->user_texts[i], TEXT_MAX,
                 "{\"user_id\":%lld,\"name\":\"%s\",\"email\":\"%s\",\"status\":\"%s\"}",
                 (long long)user->user_id, user->name, user->email, user->status);
    }
    for (size_t i = 0; i < orders; i++) {
        const bench_order *order = &data->orders[i];
        snprintf(store->order_texts[i], TEXT_MAX,
                 "{\"order_id\":%lld,\"user_id\":%lld,\"amount\":%.2f,\"status\":\"%s\",\"note\":\"%s\"}",
                 (long long)order->order_id, (long long)order->user_id, order->amount, order->status, order->note);
    }
    return 0;
}

/* ---- rows ---------------------------------------------------------------------------------------- */

static void bind_text(sqlite3_stmt *insert, int column, const char *text)
{
    sqlite3_bind_text(insert, column, text, -1, SQLITE_STATIC);
}

static int insert_user(const sqlite_store *store, size_t number)
{
    const bench_user *user = &store->data->users[number];
    sqlite3_stmt *insert = store->statements[INSERT_USER];

    if (store->form->json) {
        bind_text(insert, 1, store->user_texts[number]);
    } else {
        sqlite3_bind_int64(insert, 1, user->user_id);
        bind_text(insert, 2, user->name);
        bind_text(insert, 3, user->email);
        bind_text(insert, 4, user->status);
    }
    return sqlite_step(store, INSERT_USER);
}

int sqlite_insert_order(const sqlite_store *store, size_t number)
{
    const bench_order *order = &store->data->orders[number];
    sqlite3_stmt *insert = store->statements[INSERT_ORDER];

    if (store->form->json) {
        bind_text(insert, 1, store->order_texts[number]);
    } else {
        sqlite3_bind_int64(insert, 1, order->order_id);
        sqlite3_bind_int64(insert, 2, order->user_id);
        sqlite3_bind_double(insert, 3, order->amount);
        bind_text(insert, 4, order->status);
        bind_text(insert, 5, order->note);
    }
    return sqlite_step(store, INSERT_ORDER);
}

static int insert_product(const sqlite_store *store, size_t number)
{
    const bench_product *product = &store->data->products[number];
    sqlite3_stmt *insert = store->statements[INSERT_PRODUCT];

    sqlite3_bind_int64(insert, 1, product->product_id);
    bind_text(insert, 2, product->name);
    sqlite3_bind_double(insert, 3, product->price);
    return sqlite_step(store, INSERT_PRODUCT);
}

static int insert_link(const sqlite_store *store, size_t number)
{
    sqlite3_stmt *insert = store->statements[INSERT_LINK];

    sqlite3_bind_int64(insert, 1, store->data->links[number].order_id);
    sqlite3_bind_int64(insert, 2, store->data->links[number].product_id);
    return sqlite_step(store, INSERT_LINK);
}

static int insert_all(const sqlite_store *store, size_t count, int (*insert)(const sqlite_store *, size_t))
{
    int rc = 0;

    for (size_t i = 0; i < count && rc == 0; i++)
        rc = insert(store, i);
    return rc;
}

int sqlite_load(void *context)
{
    const sqlite_store *store = context;
    const bench_data *data = store->data;

    int rc = sqlite_run(store, "BEGIN IMMEDIATE");
    if (rc == 0)
        rc = insert_all(store, data->user_count, insert_user);
    if (rc == 0)
        rc = insert_all(store, data->order_count, sqlite_insert_order);
    if (rc == 0 && store->set == SET_GRAPH)
        rc = insert_all(store, data->product_count, insert_product);
    if (rc == 0 && store->set == SET_GRAPH)
        rc = insert_all(store, data->link_count, insert_link);
    return rc != 0 ? rc : sqlite_run(store, "COMMIT");
}
