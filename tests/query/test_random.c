/*
 * test_random.c -- the same answers with no index, each index and all of them, as an oracle that knows nothing of
 * indexes gives them. The oracle compares values by its own rules, written from the table of doc/query.md.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "query/query_test.h"

/* ---- values ------------------------------------------------------------------------------ */

enum { FIELDS = 4, ELEMENTS = 3 };
static const char *const fields[FIELDS] = {"a", "b", "n.c", "t"};       /* t is an array, null or missing */

/* A value as the oracle sees it. Integers and reals are compared by hand, not as doubles. */
typedef struct value {
    kx_value kx;
    bool     is_array;
    size_t   count;
    kx_value elements[ELEMENTS];
} value;

static char long_text[2000];
static const uint8_t map_bytes[] = {0x81, 0xa1, 'k', 0x01};

static void make_long_text(void)
{
    for (size_t i = 0; i < sizeof long_text; i++)
        long_text[i] = (char)('a' + i % 3);
}

/* Texts live as long as a round. */
typedef struct long_one { struct long_one *next; char bytes[1600]; } long_one;
static long_one *texts;

static char *new_text(void)
{
    long_one *made = malloc(sizeof *made);
    made->next = texts;
    texts = made;
    return made->bytes;
}

static void free_texts(void)
{
    while (texts != NULL) {
        long_one *next = texts->next;
        free(texts);
        texts = next;
    }
}

/* Texts that share hundreds of bytes, so that keys of any index are shortened, and some just not. */
static kx_value random_long_text(uint64_t *state)
{
    static const size_t sizes[] = {470, 480, 487, 488, 493, 494, 495, 496, 500,
                                   502, 503, 504, 509, 510, 511, 512, 600, 1500};
    size_t size = sizes[kxt_random_below(state, sizeof sizes / sizeof *sizes)];
    char *bytes = new_text();
    memcpy(bytes, long_text, size);
    bytes[size - 1] = (char)('a' + kxt_random_below(state, 3));
    if (kxt_random_below(state, 2) == 0 && size > 497)
        bytes[497] = (char)('a' + kxt_random_below(state, 3));
    return kx_text_n(bytes, size);
}

static kx_value random_number(uint64_t *state)
{
    static const double reals[] = {0.0,
                                   -0.0,
                                   1.0,
                                   1.5,
                                   -1.5,
                                   2.0,
                                   1e300,
                                   -1e300,
                                   9007199254740992.0,
                                   9223372036854775808.0,
                                   18446744073709551616.0};
    static const int64_t integers[] = {0, 1, -1, 2, 3, 255, 9007199254740992, 9007199254740993, INT64_MAX, INT64_MIN};
    switch (kxt_random_below(state, 8)) {
    case 0: return kx_real(reals[kxt_random_below(state, 11)]);
    case 1: return kx_int(integers[kxt_random_below(state, 10)]);
    case 2: return kx_uint(UINT64_MAX - kxt_random_below(state, 2));
    case 3: return kx_real(NAN);
    case 4: return kx_real(INFINITY);
    default: return kx_int((int64_t)kxt_random_below(state, 6));
    }
}

static kx_value random_scalar(uint64_t *state)
{
    static const char *const short_texts[] = {"", "a", "ab", "abc", "b", "1", "a%", "\xc3\xa4", "a\xc3\xa4z"};
    switch (kxt_random_below(state, 12)) {
    case 0: return kx_null();
    case 1: return kx_bool(kxt_random_below(state, 2) != 0);
    case 2: case 3: case 4: return random_number(state);
    case 5: case 6: case 7: return kx_text(short_texts[kxt_random_below(state, 9)]);
    case 8: return random_long_text(state);
    case 9: return kx_binary("abc", kxt_random_below(state, 4));
    case 10: return kx_time((int64_t)kxt_random_below(state, 3), (uint32_t)kxt_random_below(state, 2));
    default:
        return kxt_random_below(state, 2) ? kx_ext(5, "xy", 1 + kxt_random_below(state, 2))
                                          : kx_msgpack(map_bytes, sizeof map_bytes);
    }
}

static value random_value(uint64_t *state, bool array)
{
    value made = {.kx = kx_null()};
    uint64_t kind = kxt_random_below(state, 8);
    if (kind == 0)
        made.kx = (kx_value){0};
    else if (!array && kind > 1)
        made.kx = random_scalar(state);
    else if (array && kind > 1) {
        made.is_array = true;
        made.count = kxt_random_below(state, ELEMENTS + 1);
        for (size_t i = 0; i < made.count; i++)
            made.elements[i] = random_scalar(state);
    }
    return made;
}

/* ---- the oracle's order -------------------------------------------------------------------- */

static int class_of(kx_type type)
{
    switch (type) {
    case KX_TYPE_NONE: case KX_TYPE_NULL: return 0;
    case KX_TYPE_BOOL: return 1;
    case KX_TYPE_INT: case KX_TYPE_UINT: case KX_TYPE_REAL: return 2;
    case KX_TYPE_TEXT: return 3;
    case KX_TYPE_BINARY: return 4;
    case KX_TYPE_TIME: return 5;
    default: return 6;
    }
}

static bool is_nan(const kx_value *v)
{
    return v->type == KX_TYPE_REAL && isnan(v->real);
}

/* Exact as 80-bit reals: they hold every 64-bit integer and every double. */
static int compare_numbers(const kx_value *left, const kx_value *right)
{
    long double numbers[2];
    const kx_value *both[2] = {left, right};
    if (is_nan(left) || is_nan(right))
        return (is_nan(right) ? 1 : 0) - (is_nan(left) ? 1 : 0);
    for (int i = 0; i < 2; i++)
        numbers[i] = both[i]->type == KX_TYPE_REAL   ? (long double)both[i]->real
                     : both[i]->type == KX_TYPE_UINT ? (long double)(uint64_t)both[i]->integer
                                                     : (long double)both[i]->integer;
    return (numbers[0] > numbers[1]) - (numbers[0] < numbers[1]);
}

static int compare_bytes(const void *left, size_t left_size, const void *right, size_t right_size)
{
    int order = memcmp(left, right, left_size < right_size ? left_size : right_size);
    return order != 0 ? order : (left_size > right_size) - (left_size < right_size);
}

/* The canonical bytes of the few values of the last class that are made here. */
static size_t other_bytes(const kx_value *v, uint8_t *out)
{
    size_t size = 0;
    if (v->type == KX_TYPE_EXT) {
        out[size++] = v->size == 1 ? 0xd4 : 0xd5;
        out[size++] = (uint8_t)v->extra;
    }
    memcpy(out + size, v->data, v->size);
    return size + v->size;
}

static int compare(const kx_value *left, const kx_value *right)
{
    uint8_t l[64], r[64];
    int class = class_of(left->type), other = class_of(right->type);
    if (class != other)
        return class - other;
    switch (class) {
    case 0: return 0;
    case 1: return (int)left->integer - (int)right->integer;
    case 2: return compare_numbers(left, right);
    case 3: case 4: return compare_bytes(left->data, left->size, right->data, right->size);
    case 5:
        return left->integer != right->integer ? (left->integer > right->integer ? 1 : -1) : left->extra - right->extra;
    default: {
        size_t left_size = other_bytes(left, l), right_size = other_bytes(right, r);
        return compare_bytes(l, left_size, r, right_size);
    }
    }
}

/* ---- the oracle's operators --------------------------------------------------------------------- */

static bool like(const char *pattern, size_t pattern_size, const char *text, size_t size)
{
    if (pattern_size == 0)
        return size == 0;
    if (*pattern == '%') {
        for (size_t i = 0; i <= size; i++) {
            if (like(pattern + 1, pattern_size - 1, text + i, size - i))
                return true;
        }
        return false;
    }
    if (size == 0)
        return false;
    if (*pattern == '_') {
        size_t step = 1;
        while (step < size && ((uint8_t)text[step] & 0xc0) == 0x80)
            step++;
        return like(pattern + 1, pattern_size - 1, text + step, size - step);
    }
    size_t escape = *pattern == '\\';
    return pattern[escape] == *text && like(pattern + 1 + escape, pattern_size - 1 - escape, text + 1, size - 1);
}

static bool has_part(const kx_value *text, const kx_value *part)
{
    for (size_t i = 0; i + part->size <= text->size; i++) {
        if (memcmp((const char *)text->data + i, part->data, part->size) == 0)
            return true;
    }
    return false;
}

static bool in_order(kx_op op, int order)
{
    return op == KX_LT ? order < 0 : op == KX_LE ? order <= 0 : op == KX_GT ? order > 0 : order >= 0;
}

static bool matches(const value *v, kx_op op, const kx_value *operand)
{
    bool null = !v->is_array && class_of(v->kx.type) == 0;
    const kx_value *list = operand->data;
    switch (op) {
    case KX_EQ: return class_of(operand->type) == 0 ? null : !v->is_array && !null && compare(&v->kx, operand) == 0;
    case KX_NE: return !null && (class_of(operand->type) == 0 || v->is_array || compare(&v->kx, operand) != 0);
    case KX_LT: case KX_LE: case KX_GT: case KX_GE:
        return !v->is_array && class_of(v->kx.type) == class_of(operand->type) && !is_nan(&v->kx) && !is_nan(operand) &&
               in_order(op, compare(&v->kx, operand));
    case KX_IN:
        for (size_t i = 0; i < operand->size; i++) {
            if (matches(v, KX_EQ, &list[i]))
                return true;
        }
        return false;
    case KX_LIKE:
        return !v->is_array && v->kx.type == KX_TYPE_TEXT && like(operand->data, operand->size, v->kx.data, v->kx.size);
    case KX_IS_NULL: return null == (operand->type == KX_TYPE_NONE || operand->integer != 0);
    default:
        for (size_t i = 0; v->is_array && i < v->count; i++) {
            if (compare(&v->elements[i], operand) == 0)
                return true;
        }
        return !v->is_array && v->kx.type == KX_TYPE_TEXT && operand->type == KX_TYPE_TEXT && has_part(&v->kx, operand);
    }
}

/* ---- documents -------------------------------------------------------------------------------------- */

typedef struct row {
    uint64_t id;
    value    values[FIELDS];
} row;

static void set_value(kx_doc *doc, const char *path, const value *v)
{
    if (!v->is_array) {
        if (v->kx.type != KX_TYPE_NONE)
            qt_ok(kx_doc_set(doc, path, v->kx));
        return;
    }
    static const uint8_t empty[] = {0x90};
    qt_ok(kx_doc_set(doc, path, kx_msgpack(empty, 1)));
    for (size_t i = 0; i < v->count; i++)
        qt_ok(kx_doc_append(doc, path, v->elements[i]));
}

static void insert_row(kx_txn *txn, const char *collection, row *r)
{
    kx_doc *doc;
    qt_ok(kx_doc_new(txn, collection, &doc));
    for (size_t i = 0; i < FIELDS; i++)
        set_value(doc, fields[i], &r->values[i]);
    qt_ok(kx_doc_save(doc));
    r->id = kx_doc_id(doc);
    kx_doc_release(doc);
}

static void fill(kx_txn *txn, const char *const *collections, row *rows, size_t count, uint64_t *state)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t f = 0; f < FIELDS; f++)
            rows[i].values[f] = random_value(state, f == FIELDS - 1);
        for (size_t c = 0; collections[c] != NULL; c++)
            insert_row(txn, collections[c], &rows[i]);
    }
}

/* ---- queries ------------------------------------------------------------------------------------------ */

enum { CONDITIONS = 3, ORDERS = 3 };

typedef struct asked {
    size_t       condition_count, order_count;
    kx_condition where[CONDITIONS + 1];
    int          field[CONDITIONS];             /* FIELDS: the id */
    kx_value     lists[CONDITIONS][6];
    int          order_field[ORDERS];
    bool         descending[ORDERS];
    char         order_by[64];
    kx_query     query;
} asked;

static kx_value random_pattern(uint64_t *state)
{
    static const char *const patterns[] = {"%", "a%",  "%b",  "_",   "a_",   "%a%",     "a\\%",
                                           "",  "_b%", "abc", "%_%", "ab%c", "abcabc%", "%\xc3\xa4%"};
    if (kxt_random_below(state, 4) > 0)
        return kx_text(patterns[kxt_random_below(state, sizeof patterns / sizeof *patterns)]);
    kx_value made = random_long_text(state);
    char *bytes = (char *)(uintptr_t)made.data;
    bytes[made.size - 1] = '%';
    return made;
}

static void random_condition(uint64_t *state, asked *q, size_t n)
{
    kx_condition *c = &q->where[n];
    q->field[n] = (int)kxt_random_below(state, FIELDS + 1);
    c->path = q->field[n] == FIELDS ? "_id" : fields[q->field[n]];
    c->op = (kx_op)kxt_random_below(state, KX_CONTAINS + 1);
    c->value = q->field[n] == FIELDS ? kx_int((int64_t)kxt_random_below(state, 100)) : random_scalar(state);
    if (c->op == KX_LIKE)
        c->value = random_pattern(state);
    if (c->op >= KX_LT && c->op <= KX_GE && (class_of(c->value.type) == 0 || class_of(c->value.type) == 6))
        c->value = random_number(state);
    if (c->op == KX_IS_NULL)
        c->value = kxt_random_below(state, 3) == 0 ? (kx_value){0} : kx_bool(kxt_random_below(state, 2) != 0);
    if (c->op == KX_IN) {
        size_t count = kxt_random_below(state, 5);
        for (size_t i = 0; i < count; i++)
            q->lists[n][i] =
                q->field[n] == FIELDS ? kx_int((int64_t)kxt_random_below(state, 100)) : random_scalar(state);
        q->lists[n][count] = (kx_value){0};
        c->value = kx_list(q->lists[n]);
    }
}

static void random_order(uint64_t *state, asked *q)
{
    static const char *const more[] = {"a", "b", "n.c", "t", "_id"};
    size_t used = 0;
    q->order_count = kxt_random_below(state, ORDERS + 1);
    for (size_t i = 0; i < q->order_count; i++) {
        q->order_field[i] = (int)kxt_random_below(state, FIELDS + 1);
        if (q->order_field[i] == FIELDS - 1)
            q->order_field[i] = 0;                      /* arrays are left to their own test */
        q->descending[i] = kxt_random_below(state, 2) != 0;
        used += (size_t)snprintf(q->order_by + used, sizeof q->order_by - used, "%s%s%s", i > 0 ? "," : "",
                                 q->descending[i] ? "-" : "", more[q->order_field[i]]);
    }
    q->query.order_by = q->order_count > 0 ? q->order_by : NULL;
}

static void random_query(uint64_t *state, asked *q)
{
    memset(q, 0, sizeof *q);
    q->condition_count = kxt_random_below(state, CONDITIONS + 1);
    for (size_t i = 0; i < q->condition_count; i++)
        random_condition(state, q, i);
    random_order(state, q);
    q->query.where = q->where;
    if (kxt_random_below(state, 2) == 0)
        q->query.limit = kxt_random_below(state, 12);
    if (kxt_random_below(state, 3) == 0)
        q->query.offset = kxt_random_below(state, 12);
}

static value id_value(uint64_t id)
{
    return (value){.kx = kx_uint(id)};
}

static bool row_matches(const row *r, const asked *q)
{
    for (size_t i = 0; i < q->condition_count; i++) {
        value id = id_value(r->id);
        const value *v = q->field[i] == FIELDS ? &id : &r->values[q->field[i]];
        if (!matches(v, q->where[i].op, &q->where[i].value))
            return false;
    }
    return true;
}

static const asked *sorting;

static int compare_rows(const void *left, const void *right)
{
    const row *l = *(row *const *)left, *r = *(row *const *)right;
    for (size_t i = 0; i < sorting->order_count; i++) {
        int f = sorting->order_field[i], order;
        value lid = id_value(l->id), rid = id_value(r->id);
        order = f == FIELDS ? compare(&lid.kx, &rid.kx) : compare(&l->values[f].kx, &r->values[f].kx);
        if (order != 0)
            return sorting->descending[i] ? -order : order;
    }
    return (l->id > r->id) - (l->id < r->id);
}

static size_t answer(row *rows, size_t count, const asked *q, uint64_t *ids)
{
    const row **found = malloc((count + 1) * sizeof *found);
    size_t used = 0, out = 0;
    for (size_t i = 0; i < count; i++) {
        if (row_matches(&rows[i], q))
            found[used++] = &rows[i];
    }
    sorting = q;
    qsort(found, used, sizeof *found, compare_rows);
    for (size_t i = q->query.offset; i < used && (q->query.limit == 0 || out < q->query.limit); i++)
        ids[out++] = found[i]->id;
    free(found);
    return out;
}

/* ---- comparing ------------------------------------------------------------------------------------------- */

static void describe(const asked *q, const char *collection)
{
    static const char *const ops[] = {"==", "!=", "<", "<=", ">", ">=", "in", "like", "is null", "contains"};
    printf("in %s, order_by %s, limit %llu, offset %llu\n", collection, q->order_by, (unsigned long long)q->query.limit,
           (unsigned long long)q->query.offset);
    for (size_t i = 0; i < q->condition_count; i++)
        printf("  %s %s type %d integer %lld real %g size %zu\n", q->where[i].path, ops[q->where[i].op],
               (int)q->where[i].value.type, (long long)q->where[i].value.integer, q->where[i].value.real,
               q->where[i].value.size);
    fflush(stdout);
}

static void check_answer(kx_txn *txn, const char *collection, const asked *q, const uint64_t *ids, size_t count,
                         uint64_t *state)
{
    kx_cursor *cursor;
    kx_doc *doc, **docs;
    size_t at = 0, all;
    uint64_t counted;
    int rc = kx_find(txn, collection, &q->query, &cursor);
    ck_assert_msg(rc == KX_OK, "%s", kx_errmsg());
    while ((rc = kx_cursor_next(cursor, &doc)) == KX_OK) {
        if (at >= count || kx_doc_id(doc) != ids[at]) {
            describe(q, collection);
            ck_abort_msg("number %zu of %zu is %llu instead of %llu", at, count, (unsigned long long)kx_doc_id(doc),
                         at < count ? (unsigned long long)ids[at] : 0);
        }
        at++;
    }
    ck_assert_int_eq(rc, KX_NOTFOUND);
    qt_ok(kx_cursor_close(cursor));
    if (at != count)
        describe(q, collection);
    ck_assert_uint_eq(at, count);
    qt_ok(kx_count(txn, collection, &q->query, &counted));
    if (counted != count)
        describe(q, collection);
    ck_assert_uint_eq(counted, count);
    if (kxt_random_below(state, 4) != 0)
        return;
    rc = kx_first(txn, collection, &q->query, &doc);
    ck_assert(count > 0 ? rc == KX_OK && kx_doc_id(doc) == ids[0] : rc == KX_NOTFOUND);
    kx_doc_release(doc);
    qt_ok(kx_all(txn, collection, &q->query, &docs, &all));
    ck_assert_uint_eq(all, count);
    for (size_t i = 0; i < all; i++) {
        ck_assert_uint_eq(kx_doc_id(docs[i]), ids[i]);
        kx_doc_release(docs[i]);
    }
}

static void check_queries(kx_db *db, const char *const *collections, row *rows, size_t count, uint64_t *state,
                          uint64_t queries, kx_txn_mode mode)
{
    kx_txn *txn = qt_begin(db, mode);
    uint64_t *ids = malloc((count + 1) * sizeof *ids);
    asked q;
    for (uint64_t i = 0; i < queries; i++) {
        random_query(state, &q);
        size_t found = answer(rows, count, &q, ids);
        for (size_t c = 0; collections[c] != NULL; c++)
            check_answer(txn, collections[c], &q, ids, found, state);
    }
    free(ids);
    kx_txn_abort(txn);
}

static const kx_model *const models[] = {
    &(kx_model){.name = "bare"},
    &(kx_model){.name = "a", .indexes = (const kx_index[]){{.paths = "a"}, {0}}},
    &(kx_model){.name = "-a", .indexes = (const kx_index[]){{.paths = "-a"}, {0}}},
    &(kx_model){.name = "sparse",
                .indexes = (const kx_index[]){{.paths = "a", .sparse = true}, {.paths = "b,a", .sparse = true}, {0}}},
    &(kx_model){.name = "b,-a", .indexes = (const kx_index[]){{.paths = "b,-a"}, {.paths = "n.c"}, {0}}},
    &(kx_model){
        .name = "tags",
        .indexes =
            (const kx_index[]){{.paths = "t", .multi = true}, {.paths = "t,b", .multi = true, .sparse = true}, {0}}},
    &(kx_model){.name = "all",
                .indexes = (const kx_index[]){{.paths = "a"},
                                              {.paths = "-a,b"},
                                              {.paths = "b"},
                                              {.paths = "n.c,-a,b"},
                                              {.paths = "t", .multi = true},
                                              {.paths = "-b,n.c", .sparse = true},
                                              {.paths = "t,-a", .multi = true},
                                              {0}}},
    NULL};

static const char *const collections[] = {"bare", "a", "-a", "sparse", "b,-a", "tags", "all", NULL};

START_TEST(indexes_change_no_answer)
{
    uint64_t state = kxt_seed();
    uint64_t rounds = kxt_scaled(40);
    row *rows = malloc(400 * sizeof *rows);
    make_long_text();
    for (uint64_t i = 0; i < rounds; i++) {
        size_t count = i == 0 ? 0 : 1 + kxt_random_below(&state, i % 4 == 1 ? 300 : 60);
        kx_db *db = qt_open(models);
        kx_txn *txn = qt_begin(db, KX_WRITE);
        fill(txn, collections, rows, count, &state);
        qt_ok(kx_txn_commit(txn));
        check_queries(db, collections, rows, count, &state, 150, i % 3 == 0 ? KX_WRITE : KX_READ);
        qt_ok(kx_close(db));
        free_texts();
    }
    free(rows);
}
END_TEST

/* ---- unique indexes: values that are all different, or null ---------------------------------------------- */

static const kx_model *const unique_models[] = {
    &(kx_model){.name = "bare"},
    &(kx_model){.name = "a", .indexes = (const kx_index[]){{.paths = "a", .unique = true}, {0}}},
    &(kx_model){.name = "-a", .indexes = (const kx_index[]){{.paths = "-a", .unique = true}, {0}}},
    &(kx_model){.name = "a,b",
                .indexes =
                    (const kx_index[]){{.paths = "a,b", .unique = true}, {.paths = "b,-a", .unique = true}, {0}}},
    NULL};

static const char *const unique_collections[] = {"bare", "a", "-a", "a,b", NULL};

static bool is_taken(const row *rows, size_t count, const value *v)
{
    for (size_t i = 0; i < count; i++) {
        if (class_of(v->kx.type) != 0 && compare(&rows[i].values[0].kx, &v->kx) == 0)
            return true;
    }
    return false;
}

START_TEST(unique_indexes_neither)
{
    uint64_t state = kxt_seed() + 1;
    uint64_t rounds = kxt_scaled(20);
    row *rows = malloc(200 * sizeof *rows);
    make_long_text();
    for (uint64_t i = 0; i < rounds; i++) {
        size_t count = 1 + kxt_random_below(&state, 80);
        kx_db *db = qt_open(unique_models);
        kx_txn *txn = qt_begin(db, KX_WRITE);
        for (size_t r = 0; r < count; r++) {
            for (size_t f = 0; f < FIELDS; f++)
                rows[r].values[f] = random_value(&state, f == FIELDS - 1);
            if (is_taken(rows, r, &rows[r].values[0]))
                rows[r].values[0] =
                    (value){.kx = kxt_random_below(&state, 2) ? random_long_text(&state) : kx_int(1000 + (int64_t)r)};
            if (is_taken(rows, r, &rows[r].values[0]))
                rows[r].values[0] = (value){.kx = kx_null()};
            for (size_t c = 0; unique_collections[c] != NULL; c++)
                insert_row(txn, unique_collections[c], &rows[r]);
        }
        qt_ok(kx_txn_commit(txn));
        check_queries(db, unique_collections, rows, count, &state, 150, KX_READ);
        qt_ok(kx_close(db));
        free_texts();
    }
    free(rows);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("query/random");
    TCase *c = tcase_create("indexes");
    tcase_add_test(c, indexes_change_no_answer);
    tcase_add_test(c, unique_indexes_neither);
    suite_add_tcase(suite, c);
    return kxt_run(suite);
}
