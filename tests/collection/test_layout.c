/* test_layout.c -- whole C structs in and out of documents. */
#include "collection_test.h"

#include <float.h>
#include <math.h>

typedef struct everything {
    int8_t      i8;
    int16_t     i16;
    int32_t     i32;
    int64_t     i64;
    uint8_t     u8;
    uint16_t    u16;
    uint32_t    u32;
    uint64_t    u64;
    bool        flag, has_maybe;
    int         maybe;
    float       single;
    double      real;
    int64_t     when;
    const char *text, *note, *counted, *photo;
    size_t      counted_bytes, photo_bytes;
} everything;

static const kx_field fields[] = {
    KX_INT(everything, i8, .optional = true),
    KX_INT(everything, i16, .optional = true),
    KX_INT(everything, i32, .optional = true),
    KX_INT(everything, i64, .optional = true),
    KX_INT(everything, u8, .optional = true),
    KX_INT(everything, u16, .optional = true),
    KX_INT(everything, u32, .optional = true),
    KX_INT(everything, u64, .optional = true),
    KX_BOOL(everything, flag, .optional = true),
    KX_INT(everything, maybe, .optional = true, .present = KX_AT(everything, has_maybe)),
    KX_REAL(everything, single, .optional = true),
    KX_REAL(everything, real, .optional = true),
    KX_TIME(everything, when, .optional = true),
    KX_TEXT(everything, text),
    KX_TEXT(everything, note, .optional = true),
    KX_TEXT(everything, counted, .optional = true, .length = KX_AT(everything, counted_bytes)),
    KX_BINARY(everything, photo, .optional = true, .length = KX_AT(everything, photo_bytes)),
    {.path = NULL},
};
static const kx_model things = {.name = "things", .fields = fields, .indexes = INDEXES({.paths = "u64"})};

static kx_txn *open_things(void)
{
    return ct_begin(ct_open(MODELS(&things)), KX_WRITE);
}

static void end_and_close(kx_txn *txn)
{
    kx_db *db = txn->db;
    ct_check(txn);
    ct_ok(kx_txn_commit(txn));
    ct_ok(kx_close(db));
}

static bool same(const everything *a, const everything *b)
{
    return a->i8 == b->i8 && a->i16 == b->i16 && a->i32 == b->i32 && a->i64 == b->i64 && a->u8 == b->u8 &&
           a->u16 == b->u16 && a->u32 == b->u32 && a->u64 == b->u64 && a->flag == b->flag &&
           a->has_maybe == b->has_maybe && a->maybe == b->maybe && memcmp(&a->single, &b->single, 4) == 0 &&
           memcmp(&a->real, &b->real, 8) == 0 && a->when == b->when && strcmp(a->text, b->text) == 0 &&
           a->counted_bytes == b->counted_bytes && a->photo_bytes == b->photo_bytes &&
           memcmp(a->counted, b->counted, a->counted_bytes) == 0 && memcmp(a->photo, b->photo, a->photo_bytes) == 0;
}

/* ---- there and back ------------------------------------------------------------- */

static void round_trip(kx_txn *txn, const everything *row)
{
    kx_doc *doc;
    everything back;
    memset(&back, 0xa5, sizeof back);
    ct_ok(kx_doc_new(txn, "things", &doc));
    ct_ok(kx_doc_from_struct(doc, row, sizeof *row));
    ct_ok(kx_doc_save(doc));
    doc = ct_get(txn, "things", kx_doc_id(doc));
    ct_ok(kx_doc_to_struct(doc, &back, sizeof back));
    ck_assert(same(row, &back));
}

START_TEST(every_member_comes_back_as_it_went_in)
{
    kx_txn *txn = open_things();
    everything smallest = {INT8_MIN,  INT16_MIN, INT32_MIN, INT64_MIN,     0,  0,    0,  0,  false, true,
                           INT32_MIN, -FLT_MAX,  -DBL_MAX,  INT64_MIN / 4, "", NULL, "", "", 0,     0};
    everything largest = {INT8_MAX,   INT16_MAX, INT32_MAX, INT64_MAX,  UINT8_MAX, UINT16_MAX, UINT32_MAX,
                          UINT64_MAX, true,      true,      INT32_MAX,  FLT_MAX,   DBL_MAX,    4000000000,
                          "text",     "note",    "a\0b",    "\0\xff\0", 3,         3};
    everything odd = {-1,  -1,   -1, -1, 200, 40000, 3000000000u, (uint64_t)INT64_MAX + 1, true, true, 0, 0.1f, 0.1, -1,
                      "x", NULL, "", "", 0,   0};
    round_trip(txn, &smallest);
    round_trip(txn, &largest);
    round_trip(txn, &odd);
    odd.single = INFINITY;
    odd.real = NAN;
    round_trip(txn, &odd);
    end_and_close(txn);
}
END_TEST

START_TEST(what_is_absent_is_left_unset)
{
    kx_txn *txn = open_things();
    everything row = {.text = "t", .maybe = 5, .has_maybe = false}, back;
    kx_doc *doc;
    ct_ok(kx_doc_from_json(txn, "things", "{\"note\":\"old\",\"maybe\":1,\"extra\":true}", &doc));
    ct_ok(kx_doc_from_struct(doc, &row, sizeof row));
    kx_value value;
    ct_fails(kx_doc_get(doc, "note", &value), KX_NOTFOUND);
    ct_fails(kx_doc_get(doc, "maybe", &value), KX_NOTFOUND);
    ct_fails(kx_doc_get(doc, "photo", &value), KX_NOTFOUND);
    ct_ok(kx_doc_get(doc, "extra", &value));
    memset(&back, 0xa5, sizeof back);
    ct_ok(kx_doc_to_struct(doc, &back, sizeof back));
    ck_assert(!back.has_maybe && back.maybe == 0 && back.note == NULL && back.photo == NULL && back.photo_bytes == 0 &&
              back.counted == NULL);
    ck_assert_str_eq(back.text, "t");
    end_and_close(txn);
}
END_TEST

START_TEST(texts_live_as_long_as_the_document)
{
    kx_txn *txn = open_things();
    everything row;
    ct_insert(txn, "things", kxt_print("{\"text\":\"%0500d\",\"note\":\"short\"}", 7));
    kx_doc *doc = ct_get(txn, "things", 1);
    ct_ok(kx_doc_to_struct(doc, &row, sizeof row));
    ct_ok(kx_doc_set(doc, "text", kx_text("other")));
    ct_ok(kx_doc_save(doc));
    ck_assert_str_eq(row.note, "short");
    ck_assert_uint_eq(strlen(row.text), 500);
    end_and_close(txn);
}
END_TEST

/* ---- what does not fit -------------------------------------------------------------- */

typedef struct misfit {
    const char *json;
    int         code;
} misfit;

START_TEST(values_that_do_not_fit_their_members_are_refused)
{
    static const misfit misfits[] = {
        {"{\"i8\":128}", KX_INVALID},
        {"{\"i8\":-129}", KX_INVALID},
        {"{\"i16\":32768}", KX_INVALID},
        {"{\"i32\":2147483648}", KX_INVALID},
        {"{\"i32\":-2147483649}", KX_INVALID},
        {"{\"i64\":{\"$numberUnsigned\":\"9223372036854775808\"}}", KX_INVALID},
        {"{\"u8\":256}", KX_INVALID},
        {"{\"u8\":-1}", KX_INVALID},
        {"{\"u16\":65536}", KX_INVALID},
        {"{\"u32\":4294967296}", KX_INVALID},
        {"{\"u64\":-1}", KX_INVALID},
        {"{\"u32\":{\"$numberUnsigned\":\"9223372036854775808\"}}", KX_INVALID},
        {"{\"maybe\":2147483648}", KX_INVALID},
        {"{\"real\":9007199254740993}", KX_INVALID},
        {"{\"single\":16777217}", KX_INVALID},
        {"{\"single\":1e39}", KX_INVALID},
        {"{\"single\":-1e300}", KX_INVALID},
        {"{\"note\":\"a\\u0000b\"}", KX_INVALID},
        {"{}", KX_OK},
        {"{\"i8\":-128,\"u8\":255,\"single\":16777216,\"real\":9007199254740992}", KX_OK},
        {"{\"single\":0.1}", KX_OK},
        {"{\"u64\":{\"$numberUnsigned\":\"18446744073709551615\"}}", KX_OK},
        {"{\"i8\":null,\"maybe\":null,\"note\":null}", KX_OK},
    };
    kx_txn *txn = open_things();
    for (size_t i = 0; i < sizeof misfits / sizeof *misfits; i++) {
        kx_doc *doc;
        everything row;
        ct_ok(kx_doc_from_json(txn, "things", misfits[i].json, &doc));
        ct_ok(kx_doc_set(doc, "text", kx_text("t")));
        int rc = kx_doc_to_struct(doc, &row, sizeof row);
        ck_assert_msg(rc == misfits[i].code, "%s: %d %s", misfits[i].json, rc, kx_errmsg());
        ct_ok(kx_doc_save(doc));
    }
    end_and_close(txn);
}
END_TEST

START_TEST(other_types_and_missing_required_members_are_refused)
{
    kx_txn *txn = open_things();
    kx_doc *doc;
    everything row;
    ct_ok(kx_doc_new(txn, "things", &doc));
    ct_fails(kx_doc_to_struct(doc, &row, sizeof row), KX_REQUIRED);
    ck_assert_str_eq(kx_errmsg(), "things.text is required and is missing or null");
    static const char *const names[] = {"i8", "u64", "flag", "single", "real", "when", "text", "note", "photo"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        ct_ok(kx_doc_from_json(txn, "things", "{\"text\":\"t\"}", &doc));
        ct_ok(kx_doc_set(doc, names[i], kx_msgpack("\x90", 1)));
        ct_fails(kx_doc_to_struct(doc, &row, sizeof row), KX_INVALID);
        ck_assert_str_eq(kx_last_error()->path, names[i]);
    }
    end_and_close(txn);
}
END_TEST

START_TEST(another_size_of_struct_is_refused)
{
    kx_txn *txn = open_things();
    kx_doc *doc;
    everything row = {.text = "t"};
    char large[2 * sizeof row];
    memset(large, 0, sizeof large);
    ct_ok(kx_doc_new(txn, "things", &doc));
    ct_fails(kx_doc_from_struct(doc, &row, sizeof row - 1), KX_INVALID);
    ct_fails(kx_doc_from_struct(doc, large, sizeof large), KX_INVALID);
    ct_fails(kx_doc_to_struct(doc, large, sizeof large), KX_INVALID);
    ct_fails(kx_doc_from_struct(doc, NULL, sizeof row), KX_INVALID);
    ck_assert_str_eq(ct_shows(doc), "{}");
    const kx_model other = {.name = "other"};
    ct_ok(kx_declare(txn, MODELS(&other)));
    ct_ok(kx_doc_new(txn, "other", &doc));
    ct_fails(kx_doc_from_struct(doc, &row, sizeof row), KX_INVALID);
    ck_assert_str_eq(kx_errmsg(), "no C struct was declared for collection 'other'");
    end_and_close(txn);
}
END_TEST

START_TEST(a_struct_that_cannot_be_moved_in_leaves_the_document_as_it_was)
{
    kx_txn *txn = open_things();
    kx_doc *doc;
    everything row = {.text = "t", .note = "\xff bad"};
    ct_ok(kx_doc_from_json(txn, "things", "{\"i8\":9,\"text\":\"old\"}", &doc));
    ct_fails(kx_doc_from_struct(doc, &row, sizeof row), KX_INVALID);
    ct_says("things.note");
    ck_assert_str_eq(ct_shows(doc), "{\"i8\":9,\"text\":\"old\"}");
    ct_ok(kx_doc_save(doc));
    ct_fails(kx_doc_from_struct(doc, &row, sizeof row), KX_INVALID);
    ck_assert(!kx_doc_is_changed(doc));
    end_and_close(txn);
}
END_TEST

START_TEST(read_documents_and_copies_give_structs_but_take_none)
{
    kx_txn *txn = open_things();
    kx_db *first = txn->db;
    everything row;
    ct_insert(txn, "things", "{\"text\":\"t\",\"i8\":3}");
    ct_ok(kx_txn_commit(txn));
    ct_ok(kx_close(first));
    kx_db *db = ct_open(NULL);
    txn = ct_begin(db, KX_READ);
    kx_doc *doc = ct_get(txn, "things", 1), *copy;
    ct_fails(kx_doc_to_struct(doc, &row, sizeof row), KX_INVALID);
    kx_txn_abort(txn);
    ct_ok(kx_close(db));
    db = ct_open(MODELS(&things));
    txn = ct_begin(db, KX_READ);
    doc = ct_get(txn, "things", 1);
    ct_ok(kx_doc_to_struct(doc, &row, sizeof row));
    ct_fails(kx_doc_from_struct(doc, &row, sizeof row), KX_READONLY);
    ct_ok(kx_doc_copy(doc, &copy));
    kx_txn_abort(txn);
    ct_ok(kx_close(db));
    ct_ok(kx_doc_to_struct(copy, &row, sizeof row));
    ck_assert(row.i8 == 3);
    ct_fails(kx_doc_from_struct(copy, &row, sizeof row), KX_READONLY);
    kx_doc_release(copy);
}
END_TEST

/* ---- declaring ------------------------------------------------------------------------- */

START_TEST(a_second_layout_of_a_collection_contradicts)
{
    typedef struct smaller {
        int32_t i8;
    } smaller;
    const kx_field other_fields[] = {KX_INT(smaller, i8, .optional = true), {.path = NULL}};
    const kx_model other = {.name = "things", .fields = other_fields}, bare = {.name = "things"};
    kx_txn *txn = open_things();
    ct_fails(kx_declare(txn, MODELS(&other)), KX_CONFLICT);
    ct_ok(kx_declare(txn, MODELS(&things, &bare)));
    end_and_close(txn);
}
END_TEST

START_TEST(a_declaration_that_fails_keeps_no_layout)
{
    typedef struct pair {
        int64_t a, b;
    } pair;
    const kx_field one[] = {KX_INT(pair, a), {.path = NULL}},
                   two[] = {KX_INT(pair, a, .optional = true), KX_INT(pair, b, .optional = true), {.path = NULL}};
    const kx_model wrong = {.name = "pairs", .fields = one}, right = {.name = "pairs", .fields = two},
                   bare = {.name = "pairs"};
    kx_db *db = ct_open(MODELS(&bare));
    kx_txn *txn = ct_begin(db, KX_WRITE);
    ct_insert(txn, "pairs", "{\"b\":4}");
    ct_fails(kx_declare(txn, MODELS(&wrong)), KX_REQUIRED);
    ct_ok(kx_declare(txn, MODELS(&right)));
    pair row;
    ct_ok(kx_doc_to_struct(ct_get(txn, "pairs", 1), &row, sizeof row));
    ck_assert(row.a == 0 && row.b == 4);
    end_and_close(txn);
}
END_TEST

START_TEST(members_that_cannot_hold_their_type_are_refused)
{
    const kx_field wrong[] = {
        {.path = "a", .type = KX_TYPE_INT, .size = 3},
        {.path = "a", .type = KX_TYPE_REAL, .size = 2},
        {.path = "a", .type = KX_TYPE_BINARY, .size = sizeof(char *)},
        {.path = "a", .type = KX_TYPE_ARRAY, .size = 8},
        {.path = "a", .type = KX_TYPE_NONE, .size = 8},
        {.path = "a", .type = KX_TYPE_TIME, .size = 4},
    };
    kx_db *db = ct_open(NULL);
    kx_txn *txn = ct_begin(db, KX_WRITE);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const kx_model model = {.name = "a", .fields = FIELDS(wrong[i])};
        ct_fails(kx_declare(txn, MODELS(&model)), KX_INVALID);
    }
    end_and_close(txn);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("collection/layout");
    TCase *tests = tcase_create("layout");
    tcase_add_test(tests, every_member_comes_back_as_it_went_in);
    tcase_add_test(tests, what_is_absent_is_left_unset);
    tcase_add_test(tests, texts_live_as_long_as_the_document);
    tcase_add_test(tests, values_that_do_not_fit_their_members_are_refused);
    tcase_add_test(tests, other_types_and_missing_required_members_are_refused);
    tcase_add_test(tests, another_size_of_struct_is_refused);
    tcase_add_test(tests, a_struct_that_cannot_be_moved_in_leaves_the_document_as_it_was);
    tcase_add_test(tests, read_documents_and_copies_give_structs_but_take_none);
    tcase_add_test(tests, a_second_layout_of_a_collection_contradicts);
    tcase_add_test(tests, a_declaration_that_fails_keeps_no_layout);
    tcase_add_test(tests, members_that_cannot_hold_their_type_are_refused);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return kxt_run(suite());
}
