/*
 * peer_lmdb_batch.c -- the limit's rows R4n and R4: from a range of orders to the names of their users.
 *
 * One by one, each order's user is looked up as it comes. In one batch, the keys are collected, sorted, and the tables
 * of the users walked once from left to right: a descent where the next key is far, steps where it is near. Then every
 * order has its name, in the order of the orders.
 */
#include <errno.h>
#include <stdlib.h>

#include "peer_lmdb.h"

typedef int order_visit(void *context, int64_t user_id);

/* ---- a range of orders, in the order of order_id ------------------------------------------------ */

static inline int visit_document(MDB_val document, order_visit *visit, void *context)
{
    int64_t user_id;

    if (!doc_int(FIELD(document, "user_id"), &user_id))
        return MDB_CORRUPTED;
    return visit(context, user_id);
}

__attribute__((always_inline))
static inline int visit_range(const lmdb_store *store, int64_t first, int64_t width, order_visit *visit, void *context)
{
    lmdb_table table = store->primary ? ORDERS : ORDER_IDS;
    MDB_val key = lmdb_key(&first), value;
    int64_t at = INT64_MIN;

    int rc = mdb_cursor_get(store->cursors[table], &key, &value, MDB_SET_RANGE);
    while (rc == 0 && lmdb_id_at(key, 0) < first + width) {
        MDB_val document = value;
        if (!store->primary)
            rc = lmdb_get_near(store, lmdb_id_at(value, 0), &at, &document);
        if (rc == 0)
            rc = visit_document(document, visit, context);
        if (rc == 0)
            rc = mdb_cursor_get(store->cursors[table], &key, &value, MDB_NEXT);
    }
    return rc == MDB_NOTFOUND ? 0 : rc;
}

static inline int name_of(MDB_val user, MDB_val *name)
{
    const char *text;

    if (!doc_text(FIELD(user, "name"), &text, &name->mv_size))
        return MDB_CORRUPTED;
    name->mv_data = (void *)(uintptr_t)text;
    return 0;
}

/* ---- one by one ----------------------------------------------------------------------------------- */

typedef struct single { const lmdb_store *store; uint64_t *answer; } single;

static inline int look_up(void *context, int64_t user_id)
{
    const single *mine = context;
    MDB_val user, name;

    int rc = lmdb_get_by_key(mine->store, USER_IDS, USERS, user_id, &user);
    if (rc == 0)
        rc = name_of(user, &name);
    if (rc == 0)
        *mine->answer += bench_text_answer(name.mv_data, name.mv_size);
    return rc;
}

int lmdb_r4n(void *context, const bench_work *work, uint64_t *answer)
{
    single mine = {context, answer};
    int rc = 0;

    for (size_t i = 0; i < work->count && rc == 0; i++)
        rc = visit_range(context, work->keys[i], work->width, look_up, &mine);
    return rc == 0 ? 0 : lmdb_fail("R4n", rc);
}

/* ---- in one batch ------------------------------------------------------------------------------------ */

typedef struct batch {
    int_entry *keys, *spare;        /* the id is the order's place */
    MDB_val   *names;
    size_t     count;
} batch;

static inline int collect(void *context, int64_t user_id)
{
    batch *mine = context;
    mine->keys[mine->count] = (int_entry){(uint64_t)user_id, mine->count};
    mine->count++;
    return 0;
}

/* Some steps forward, then a descent: most keys of a batch are on the page of the one before. */
static inline int seek_near(MDB_cursor *cursor, int64_t wanted, bool *started, MDB_val *value)
{
    enum { STEPS = 4 };
    MDB_val key;

    for (int i = 0; i < STEPS && *started; i++) {
        int rc = mdb_cursor_get(cursor, &key, value, MDB_NEXT);
        if (rc != 0)
            break;
        int64_t at = lmdb_id_at(key, 0);
        if (at == wanted)
            return 0;
        if (at > wanted)
            break;
    }
    *started = true;
    key = lmdb_key(&wanted);
    return mdb_cursor_get(cursor, &key, value, MDB_SET);
}

static inline int seek_user(const lmdb_store *store, int64_t user_id, bool *started, MDB_val *user)
{
    bool in_rows = *started;

    if (!store->primary) {
        int rc = seek_near(store->cursors[USER_IDS], user_id, started, user);
        if (rc != 0)
            return rc;
        user_id = lmdb_id_at(*user, 0);
    }
    *started = true;
    return seek_near(store->cursors[USERS], user_id, &in_rows, user);
}

static int walk_users(const lmdb_store *store, const int_entry *keys, size_t count, MDB_val *names)
{
    bool started = false;
    MDB_val user, name;
    int rc = 0;

    for (size_t i = 0; i < count && rc == 0; i++) {
        if (i == 0 || keys[i].key != keys[i - 1].key) {
            rc = seek_user(store, (int64_t)keys[i].key, &started, &user);
            if (rc == 0)
                rc = name_of(user, &name);
        }
        if (rc == 0)
            names[keys[i].id] = name;
    }
    return rc;
}

static int follow_batch(const lmdb_store *store, int64_t first, int64_t width, batch *mine, uint64_t *answer)
{
    mine->count = 0;
    int rc = visit_range(store, first, width, collect, mine);
    if (rc == 0)
        rc = walk_users(store, lmdb_sort(mine->keys, mine->spare, mine->count), mine->count, mine->names);
    for (size_t i = 0; i < mine->count && rc == 0; i++)
        *answer += bench_text_answer(mine->names[i].mv_data, mine->names[i].mv_size);
    return rc;
}

int lmdb_r4(void *context, const bench_work *work, uint64_t *answer)
{
    size_t width = (size_t)work->width;
    batch mine = {.keys = malloc(width * sizeof(int_entry)), .spare = malloc(width * sizeof(int_entry)),
                  .names = malloc(width * sizeof(MDB_val))};
    int rc = mine.keys == NULL || mine.spare == NULL || mine.names == NULL ? ENOMEM : 0;

    for (size_t i = 0; i < work->count && rc == 0; i++)
        rc = follow_batch(context, work->keys[i], work->width, &mine, answer);
    free(mine.keys);
    free(mine.spare);
    free(mine.names);
    return rc == 0 ? 0 : lmdb_fail("R4", rc);
}
