/*
 * test_random.c -- random operations against an oracle in memory: the same documents are there, the same calls fail, and every index
 * says what the documents say, through savepoints, rollbacks and reopening.
 */
#include "random_docs.h"

enum { DEPTH = 3, INSTANCES = 5, ROOM = 400, CHANGES = 64, MANY = 6 };

/* ---- the oracle: documents by id, one list a level of nesting -------------------- */

typedef struct stored {
    uint64_t id;
    kx_slice bytes;          /* lives to the end of the test */
} stored;

typedef struct level {
    stored   docs[ROOM];
    size_t   count;
    uint64_t next_id;
} level;

/* An instance of the program and what was changed through it. A change is flushed at the depth where it was saved; -1: not yet. */
typedef struct instance {
    kx_doc   *doc;
    uint64_t  id;
    bool      is_new;
    int       born, deleted;               /* depth; -1: not here */
    kx_change changes[CHANGES];
    int       flushed[CHANGES];
    size_t    count;
} instance;

typedef struct world {
    kx_db   *db;
    uint64_t random;
    int      depth;                        /* of txns: 0 is the top one */
    kx_txn  *txns[DEPTH];
    level    committed, levels[DEPTH];
    instance instances[INSTANCES];
} world;

static kx_slice keep(kx_slice bytes)
{
    char *kept = kxt_print("%*s", (int)bytes.size, "");
    memcpy(kept, bytes.data, bytes.size);
    return kx_slice_of(kept, bytes.size);
}

static level *now(world *w)
{
    return &w->levels[w->depth];
}

static kx_txn *txn_of(world *w)
{
    return w->txns[w->depth];
}

static stored *find(level *l, uint64_t id)
{
    for (size_t i = 0; i < l->count; i++)
        if (l->docs[i].id == id)
            return &l->docs[i];
    return NULL;
}

/* What storing `document` as `id` should give. */
static int allowed(level *l, uint64_t id, kx_slice document)
{
    int rc = document_fits(document);
    for (size_t i = 0; i < l->count && rc == KX_OK; i++)
        if (l->docs[i].id != id && documents_clash(document, l->docs[i].bytes))
            rc = KX_EXISTS;
    return rc;
}

static void store(level *l, uint64_t id, kx_slice document)
{
    stored *there = find(l, id);
    if (there == NULL) {
        ck_assert_uint_lt(l->count, ROOM);
        there = &l->docs[l->count++];
        there->id = id;
    }
    there->bytes = keep(document);
    if (id >= l->next_id)
        l->next_id = id + 1;
}

static void erase(level *l, uint64_t id)
{
    stored *there = find(l, id);
    *there = l->docs[--l->count];
}

static uint64_t some_id(world *w)
{
    level *l = now(w);
    return l->count != 0 && kxt_random_below(&w->random, 12) != 0 ? l->docs[kxt_random_below(&w->random, l->count)].id
                                                                  : 999999;
}

static void hold(int rc, int expected)
{
    ck_assert_msg(rc == expected, "gave %d (%s) instead of %d", rc, kx_errmsg(), expected);
}

/* ---- operations on bytes ------------------------------------------------------------ */

static void insert_one(world *w)
{
    kx_buf bytes = {0};
    uint64_t id;
    random_document(&w->random, &bytes);
    kx_slice document = kx_buf__slice(&bytes);
    int expected = allowed(now(w), UINT64_MAX, document);
    hold(kx_insert(txn_of(w), "things", document.data, document.size, &id), expected);
    if (expected == KX_OK) {
        ck_assert_uint_eq(id, now(w)->next_id);
        store(now(w), id, document);
    }
    kx_buf__free(&bytes);
}

static void put_or_patch(world *w, bool patch)
{
    kx_buf bytes = {0}, patched = {0};
    uint64_t id = some_id(w);
    stored *there = find(now(w), id);
    random_document(&w->random, &bytes);
    kx_slice given = kx_buf__slice(&bytes), after = given;
    if (patch && there != NULL) {
        kx_members members = kx_document__members(given);
        kx_change changes[16];
        size_t count = 0;
        while (kx_document__next(&members))
            changes[count++] =
                (kx_change){.kind = KX_CHANGE_SET,
                            .path = kxt_print("%.*s", (int)members.key.size, (const char *)members.key.data),
                            .item = members.item};
        ck_assert_int_eq(kx_document__patch(there->bytes, changes, count, &patched, &after), KX_OK);
    }
    int expected = there == NULL ? KX_NOTFOUND : allowed(now(w), id, after);
    int rc = patch ? kx_patch(txn_of(w), "things", id, given.data, given.size)
                   : kx_put(txn_of(w), "things", id, given.data, given.size);
    if (there == NULL)
        ck_assert_int_ne(rc, KX_OK);
    else
        hold(rc, expected);
    if (expected == KX_OK)
        store(now(w), id, after);
    kx_buf__free(&bytes);
    kx_buf__free(&patched);
}

static void remove_one(world *w)
{
    uint64_t id = some_id(w);
    bool there = find(now(w), id) != NULL;
    hold(kx_remove(txn_of(w), "things", id), there ? KX_OK : KX_NOTFOUND);
    if (there)
        erase(now(w), id);
}

static void insert_many(world *w)
{
    static level trial;
    kx_buf bytes[MANY] = {{0}};
    kx_record records[MANY];
    size_t count = (size_t)kxt_random_below(&w->random, MANY + 1), failed;
    int expected = KX_OK;
    trial = *now(w);
    for (size_t i = 0; i < count; i++) {
        random_document(&w->random, &bytes[i]);
        kx_slice document = kx_buf__slice(&bytes[i]);
        records[i] =
            (kx_record){.data = document.data, .size = document.size, .has_id = kxt_random_below(&w->random, 4) == 0};
        records[i].id = kxt_random_below(&w->random, trial.next_id + 3);
        uint64_t id = records[i].has_id ? records[i].id : trial.next_id;
        int rc = find(&trial, id) != NULL ? KX_EXISTS : allowed(&trial, UINT64_MAX, document);
        if (rc == KX_OK)
            store(&trial, id, document);
        else
            expected = rc;
    }
    int rc = kx_insert_many(txn_of(w), "things", records, count, &failed);
    ck_assert_msg((rc == KX_OK) == (expected == KX_OK), "insert_many gave %d (%s) instead of %d", rc, kx_errmsg(),
                  expected);
    if (rc == KX_OK)
        *now(w) = trial;
    else
        ck_assert_uint_lt(failed, count);
    for (size_t i = 0; i < MANY; i++)
        kx_buf__free(&bytes[i]);
}

/* ---- operations on instances ------------------------------------------------------------- */

static void drop_instance(instance *in)
{
    kx_doc_release(in->doc);
    *in = (instance){.born = -1, .deleted = -1};
}

static void take_instance(world *w, instance *in)
{
    drop_instance(in);
    uint64_t id = some_id(w);
    if (kxt_random_below(&w->random, 3) == 0) {
        ct_ok(kx_doc_new(txn_of(w), "things", &in->doc));
        in->is_new = true;
    } else if (find(now(w), id) != NULL) {
        in->doc = ct_get(txn_of(w), "things", id);
        in->id = id;
    }
}

static void change_instance(world *w, instance *in)
{
    static const char *const paths[] = {"a", "b", "u", "v", "tags", "keys", "n.x", "n", "other"};
    const char *path = paths[kxt_random_below(&w->random, sizeof paths / sizeof *paths)];
    kx_change_kind kind = (kx_change_kind)kxt_random_below(&w->random, 3);
    if (in->doc == NULL || in->count == CHANGES)
        return;
    kx_value value = kind == KX_CHANGE_APPEND ? random_value(&w->random) : random_field(&w->random, path);
    int rc = kind == KX_CHANGE_SET ? kx_doc_set(in->doc, path, value)
             : kind == KX_CHANGE_UNSET ? kx_doc_unset(in->doc, path) : kx_doc_append(in->doc, path, value);
    if (rc != KX_OK)
        return;
    kx_builder builder;
    kx_slice item;
    kx_builder__init(&builder);
    kx_builder__value(&builder, &value);
    ck_assert_int_eq(kx_builder__finish(&builder, &item), KX_OK);
    in->changes[in->count] = (kx_change){.kind = kind, .path = path, .item = keep(item)};
    in->flushed[in->count++] = -1;
    kx_builder__free(&builder);
}

/* A document from its changes alone. Where some were made to what others had stored, those that fit it alone remain. */
static int replay(const kx_change *changes, size_t count, kx_buf *out, kx_slice *after)
{
    static const uint8_t nothing[] = {0x80};
    kx_buf next = {0};
    kx_buf__append(out, nothing, sizeof nothing);
    for (size_t i = 0; i < count; i++) {
        kx_buf__clear(&next);
        if (kx_document__patch(kx_buf__slice(out), &changes[i], 1, &next, after) != KX_OK)
            continue;
        kx_buf swap = *out;
        *out = next;
        next = swap;
    }
    kx_buf__free(&next);
    *after = kx_buf__slice(out);
    return KX_OK;
}

/* The changes that a save has to write. A new document is all of its changes. */
static int expect_save(world *w, const instance *in, kx_buf *out, kx_slice *after)
{
    kx_change changes[CHANGES];
    size_t count = 0;
    stored *there = in->is_new ? NULL : find(now(w), in->id);
    for (size_t i = 0; i < in->count; i++)
        if (in->is_new || in->flushed[i] < 0)
            changes[count++] = in->changes[i];
    if (!in->is_new && (there == NULL || in->deleted >= 0))
        return KX_NOTFOUND;
    int rc =
        in->is_new ? replay(changes, count, out, after) : kx_document__patch(there->bytes, changes, count, out, after);
    kx_base__publish(KX_OK);
    return rc == KX_OK && count != 0 ? allowed(now(w), in->is_new ? UINT64_MAX : in->id, *after) : rc;
}

static void save_instance(world *w, instance *in)
{
    kx_buf patched = {0};
    kx_slice after;
    if (in->doc == NULL)
        return;
    int expected = expect_save(w, in, &patched, &after);
    if (in->is_new && expected == KX_OK)
        expected = allowed(now(w), UINT64_MAX, after);
    hold(kx_doc_save(in->doc), expected);
    if (expected == KX_OK) {
        if (in->is_new) {
            in->id = now(w)->next_id;
            in->born = w->depth;
            in->is_new = false;
        }
        bool changed = false;
        for (size_t i = 0; i < in->count; i++) {
            changed = changed || in->flushed[i] < 0;
            in->flushed[i] = in->flushed[i] < 0 ? w->depth : in->flushed[i];
        }
        ck_assert_uint_eq(kx_doc_id(in->doc), in->id);
        store(now(w), in->id, after);
        if (changed)
            ck_assert_mem_eq(in->doc->bytes.data, after.data, after.size);
    }
    kx_buf__free(&patched);
}

static void delete_instance(world *w, instance *in)
{
    if (in->doc == NULL)
        return;
    bool there = !in->is_new && in->deleted < 0 && find(now(w), in->id) != NULL;
    hold(kx_doc_delete(in->doc), there ? KX_OK : KX_NOTFOUND);
    if (!there)
        return;
    erase(now(w), in->id);
    in->deleted = w->depth;
    for (size_t i = 0; i < in->count; i++)
        in->flushed[i] = in->flushed[i] < 0 ? w->depth : in->flushed[i];
}

/* ---- levels ---------------------------------------------------------------------------------- */

static void begin(world *w)
{
    w->depth = 0;
    w->txns[0] = ct_begin(w->db, KX_WRITE);
    w->levels[0] = w->committed;
    for (size_t i = 0; i < INSTANCES; i++)
        w->instances[i] = (instance){.born = -1, .deleted = -1};
}

static void begin_child(world *w)
{
    if (w->depth + 1 == DEPTH)
        return;
    w->levels[w->depth + 1] = w->levels[w->depth];
    w->txns[w->depth + 1] = ct_child(txn_of(w));
    w->depth++;
}

/* A depth that has ended: kept, it is the one above; otherwise what was saved in it is unsaved again. */
static int settle(int depth, int ended, bool kept)
{
    return depth < ended ? depth : kept ? ended - 1 : -1;
}

static void end_child(world *w, bool kept)
{
    int ended = w->depth--;
    if (kept) {
        ct_ok(kx_txn_commit(w->txns[ended]));
        w->levels[w->depth] = w->levels[ended];
    } else {
        kx_txn_abort(w->txns[ended]);
    }
    for (size_t n = 0; n < INSTANCES; n++) {
        instance *in = &w->instances[n];
        for (size_t i = 0; i < in->count; i++)
            in->flushed[i] = settle(in->flushed[i], ended, kept);
        in->deleted = settle(in->deleted, ended, kept);
        if (in->born >= ended && !kept)
            in->is_new = true;
        in->born = settle(in->born, ended, kept);
        if (in->doc != NULL)
            ck_assert_msg(kx_doc_is_new(in->doc) == in->is_new, "is_new is %d", kx_doc_is_new(in->doc));
    }
}

static void end(world *w, bool kept)
{
    if (w->depth > 0) {
        end_child(w, kept);
        return;
    }
    if (kept) {
        ct_ok(kx_txn_commit(w->txns[0]));
        w->committed = w->levels[0];
    } else {
        kx_txn_abort(w->txns[0]);
    }
    if (kxt_random_below(&w->random, 4) == 0) {
        ct_ok(kx_close(w->db));
        w->db = ct_open(MODELS(&random_model));
    }
    begin(w);
}

/* ---- comparing --------------------------------------------------------------------------------- */

static void compare(world *w)
{
    kx_txn *txn = txn_of(w);
    level *l = now(w);
    ck_assert_uint_eq(ct_count(txn, "things"), l->count);
    for (size_t i = 0; i < l->count; i++) {
        kx_doc *doc = ct_get(txn, "things", l->docs[i].id);
        ck_assert_uint_eq(doc->bytes.size, l->docs[i].bytes.size);
        ck_assert_mem_eq(doc->bytes.data, l->docs[i].bytes.data, doc->bytes.size);
        kx_doc_release(doc);
    }
    ct_check(txn);
}

static void act(world *w)
{
    instance *in = &w->instances[kxt_random_below(&w->random, INSTANCES)];
    bool full = now(w)->count > ROOM - 2 * MANY;
    switch (kxt_random_below(&w->random, 20)) {
    case 0: case 1: case 2:
        full ? remove_one(w) : insert_one(w);
        break;
    case 3: case 4:
        put_or_patch(w, false);
        break;
    case 5: case 6:
        put_or_patch(w, true);
        break;
    case 7: case 8:
        remove_one(w);
        break;
    case 9:
        full ? remove_one(w) : insert_many(w);
        break;
    case 10: case 11:
        take_instance(w, in);
        break;
    case 12: case 13: case 14: case 15:
        change_instance(w, in);
        break;
    case 16: case 17:
        if (!full)
            save_instance(w, in);
        break;
    case 18:
        delete_instance(w, in);
        break;
    default:
        if (kxt_random_below(&w->random, 2) == 0)
            begin_child(w);
        else
            end(w, kxt_random_below(&w->random, 3) != 0);
    }
}

START_TEST(random_operations_agree_with_the_oracle)
{
    static world w;
    uint64_t operations = kxt_scaled(40000);
    w.random = kxt_seed();
    w.db = ct_open(MODELS(&random_model));
    w.committed.next_id = 1;
    begin(&w);
    for (uint64_t i = 0; i < operations; i++) {
        act(&w);
        if (i % 40 == 0)
            compare(&w);
    }
    while (w.depth > 0)
        end(&w, true);
    compare(&w);
    ct_ok(kx_txn_commit(w.txns[0]));
    ct_check_store(w.db);
    ct_ok(kx_close(w.db));
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("collection/random");
    TCase *tests = tcase_create("random");
    tcase_add_test(tests, random_operations_agree_with_the_oracle);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return kxt_run(suite());
}
