/*
 * peer_lmdb_batch.c -- the limit's rows R4n and R4: from a range of orders to the names of their users.
 *
 * One by one, each order's user is looked up as it comes. In one batch, the keys are collected, sorted, and the tables
 * of the users walked once from left to right: a descent where the next key is far, steps where it is near.
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

static inline int add_name(MDB_val user, uint64_t times, uint64_t *answer)
{
    const char *name;
    size_t size;

    if (!doc_text(FIELD(user, "name"), &name, &size))
        return MDB_CORRUPTED;
    *answer += times * bench_text_answer(name, size);
    return 0;
}

/* ---- one by one ----------------------------------------------------------------------------------- */

typedef struct single { const lmdb_store *store; uint64_t *answer; } single;

static inline int look_up(void *context, int64_t user_id)
{
    const single *mine = context;
    MDB_val user;

    int rc = lmdb_get_by_key(mine->store, USER_IDS, USERS, user_id, &user);
    return rc != 0 ? rc : add_name(user, 1, mine->answer);
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

typedef struct batch { int_entry *keys, *spare; size_t count; } batch;

static inline int collect(void *context, int64_t user_id)
{
    batch *mine = context;
    mine->keys[mine->count++] = (int_entry){(uint64_t)user_id, 1};
    return 0;
}

/* Keys that are the same become one, with their number. Returns how many are left. */
static size_t merge_same(int_entry *keys, size_t count)
{
    size_t last = 0;

    for (size_t i = 1; i < count; i++) {
        if (keys[i].key == keys[last].key)
            keys[last].id++;
        else
            keys[++last] = keys[i];
    }
    return count == 0 ? 0 : last + 1;
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

static int walk_users(const lmdb_store *store, const int_entry *keys, size_t count, uint64_t *answer)
{
    bool in_index = false, in_rows = false;
    int rc = 0;

    for (size_t i = 0; i < count && rc == 0; i++) {
        int64_t id = (int64_t)keys[i].key;
        MDB_val value;
        if (!store->primary) {
            rc = seek_near(store->cursors[USER_IDS], id, &in_index, &value);
            if (rc == 0)
                id = lmdb_id_at(value, 0);
        }
        if (rc == 0)
            rc = seek_near(store->cursors[USERS], id, &in_rows, &value);
        if (rc == 0)
            rc = add_name(value, keys[i].id, answer);
    }
    return rc;
}

static int follow_batch(const lmdb_store *store, int64_t first, int64_t width, batch *mine, uint64_t *answer)
{
    mine->count = 0;
    int rc = visit_range(store, first, width, collect, mine);
    if (rc != 0)
        return rc;
    int_entry *sorted = lmdb_sort(mine->keys, mine->spare, mine->count);
    return walk_users(store, sorted, merge_same(sorted, mine->count), answer);
}

int lmdb_r4(void *context, const bench_work *work, uint64_t *answer)
{
    batch mine = {malloc((size_t)work->width * sizeof(int_entry)), malloc((size_t)work->width * sizeof(int_entry)), 0};
    int rc = mine.keys == NULL || mine.spare == NULL ? ENOMEM : 0;

    for (size_t i = 0; i < work->count && rc == 0; i++)
        rc = follow_batch(context, work->keys[i], work->width, &mine, answer);
    free(mine.keys);
    free(mine.spare);
    return rc == 0 ? 0 : lmdb_fail("R4", rc);
}
