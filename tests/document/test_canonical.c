/* test_canonical.c -- one form for each value; and what another reader, msgpack-c, makes of the same bytes. */
#include <msgpack.h>
#include <stdlib.h>
#include <string.h>

#include "samples.h"

START_TEST(canonical_bytes_are_given_back_themselves)
{
    kx_buf scratch = {.size = 0};
    kx_slice given = hex("81 a1 61 05"), document;
    ck_assert_int_eq(kx_document__canonical(given, &scratch, &document), KX_OK);
    ck_assert_ptr_eq(document.data, given.data);
    ck_assert_ptr_null(scratch.data);
    ck_assert_int_eq(kx_document__canonical(hex("81 a1 61"), &scratch, &document), KX_INVALID);
    ck_assert_ptr_null(document.data);
    kx_buf__free(&scratch);
}
END_TEST

static void becomes(const char *bytes, const char *expected)
{
    kx_buf scratch = {.size = 0};
    kx_slice document;
    ck_assert_int_eq(kx_document__canonical(hex(bytes), &scratch, &document), KX_OK);
    ck_bytes_eq(document, hex(expected));
    kx_buf__free(&scratch);
}

START_TEST(other_forms_are_rewritten)
{
    becomes("81 a1 61 cc 05", "81 a1 61 05");
    becomes("81 a1 61 d3 00 00 00 00 00 00 01 00", "81 a1 61 cd 01 00");
    becomes("81 a1 61 d3 ff ff ff ff ff ff ff ff", "81 a1 61 ff");
    becomes("81 a1 61 ca 3f c0 00 00", "81 a1 61 cb 3f f8 00 00 00 00 00 00");
    becomes("81 a1 61 ca ff c0 00 01", "81 a1 61 cb 7f f8 00 00 00 00 00 00");
    becomes("81 a1 61 ca 80 00 00 00", "81 a1 61 cb 80 00 00 00 00 00 00 00");
    becomes("de 00 01 d9 01 61 dc 00 02 da 00 01 62 c6 00 00 00 01 ff", "81 a1 61 92 a1 62 c4 01 ff");
    becomes("81 a1 61 c7 0c ff 00 00 00 00 00 00 00 00 00 00 00 05", "81 a1 61 d6 ff 00 00 00 05");
    becomes("81 a1 61 c9 00 00 00 02 07 01 02", "81 a1 61 d5 07 01 02");
    becomes("82 a1 62 cc 01 a1 61 cc 02", "82 a1 62 01 a1 61 02");         /* order is kept */
}
END_TEST

START_TEST(canonical_form_is_what_it_should_be_and_stays_so)
{
    uint64_t state = kxt_seed();
    kx_buf scratch = {.size = 0}, again = {.size = 0};
    for (uint64_t n = kxt_scaled(5000); n > 0; n--) {
        sample made;
        kx_slice document, same;
        sample_make(&made, &state, n % 20 == 0 ? sample_usual : sample_small, false);
        ck_assert_int_eq(kx_document__canonical(kx_buf__slice(&made.wild), &scratch, &document), KX_OK);
        ck_bytes_eq(document, kx_buf__slice(&made.canonical));
        ck_assert_int_eq(kx_document__canonical(document, &again, &same), KX_OK);
        ck_assert_ptr_eq(same.data, document.data);
        sample_free(&made);
    }
    kx_buf__free(&scratch);
    kx_buf__free(&again);
}
END_TEST

static void lists_its_members(kx_slice bytes, size_t room)
{
    kx_buf scratch = {.size = 0};
    kx_slice document;
    kx_listed listed[64] = {{0}};
    size_t count = room, at = 0;
    ck_assert_int_eq(kx_document__canonical_members(bytes, &scratch, &document, listed, &count), KX_OK);
    kx_members members = kx_document__members(document);
    while (kx_document__next(&members)) {
        if (at < room) {
            const kx_listed *one = &listed[at];
            size_t end = at + 1 == count ? document.size : at + 1 < room ? listed[at + 1].at : 0;
            ck_bytes_eq(kx_slice_of(document.data + one->key, one->size), members.key);
            if (end != 0)
                ck_bytes_eq(kx_document__listed_item(document, one, end), members.item);
        }
        at++;
    }
    ck_assert_uint_eq(at, count);
    ck_assert_uint_eq(kx_document__list_members(document, NULL, 0), count);
    for (; room < 64; room++)
        ck_assert_uint_eq(listed[room].at, 0);
    kx_buf__free(&scratch);
}

START_TEST(the_members_of_the_canonical_form_are_listed)
{
    uint64_t state = kxt_seed();
    for (uint64_t n = kxt_scaled(3000); n > 0; n--) {
        sample made;
        sample_make(&made, &state, n % 20 == 0 ? sample_usual : sample_small, false);
        lists_its_members(kx_buf__slice(n % 2 ? &made.wild : &made.canonical), kxt_random_below(&state, 65));
        sample_free(&made);
    }
    lists_its_members(hex("80"), 64);
    lists_its_members(hex("83 a1 61 93 81 a1 62 01 02 c0 a0 cb 7f f0 00 00 00 00 00 00 d9 01 63 80"), 64);
}
END_TEST

/* The quick look at usual pairs must not let pass what the long one refuses, nor take other forms for canonical. */
START_TEST(pairs_of_every_kind_are_looked_at_alike_after_usual_ones)
{
    static const struct { const char *pair; bool valid, canonical; } pairs[] = {
        {"a1 62 7f", true, true},              {"a1 62 cc 7f", true, false},          {"a1 62 cc 80", true, true},
        {"a1 62 cd 00 ff", true, false},       {"a1 62 cd 01 00", true, true},        {"a1 62 ce 00 00 ff ff", true, false},
        {"a1 62 ce 00 01 00 00", true, true},  {"a1 62 d9 01 61", true, false},       {"a1 62 a1 ff", false, false},
        {"a1 62 cb 7f f8 00 00 00 00 00 00", true, true},  {"a1 62 cb 7f f8 00 00 00 00 00 01", true, false},
        {"a1 62 cb ff f0 00 00 00 00 00 00", true, true},  {"a1 62 cb 7f ef ff ff ff ff ff ff", true, true},
        {"a1 61 01", false, false},            {"a1 00 01", false, false},            {"a1 ff 01", false, false},
        {"a1 62 c1", false, false},            {"a1 62", false, false},               {"a1 62 a5 61", false, false},
        {"d9 01 62 01", true, false},          {"a0 01", true, true},                 {"c0 01", false, false},
        {"a2 c3 a9 01", true, true},           {"a1 62 a2 c3 a9", true, true},        {"a1 62 a2 c3 28", false, false},
        {"a1 62 ca 3f 80 00 00", true, false}, {"a1 62 d0 80", true, true},           {"a1 62 d0 7f", true, false},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        bool canonical;
        int rc = kx_document__check(hex(kxt_print("82 a1 61 01 %s", pairs[i].pair)), &canonical);
        ck_assert_msg((rc == KX_OK) == pairs[i].valid, "%s", pairs[i].pair);
        ck_assert_msg(canonical == pairs[i].canonical, "%s", pairs[i].pair);
    }
}
END_TEST

START_TEST(a_document_that_grows_past_64_mib_is_refused)
{
    kx_buf out = {.size = 0}, scratch = {.size = 0};
    kx_slice document;
    uint32_t count = KX_DOCUMENT_SIZE / 5 - 2;
    add_hex(&out, "81 a1 61 dd");
    for (unsigned i = 4; i > 0; i--)
        kx_buf__byte(&out, (uint8_t)(count >> 8 * (i - 1)));
    uint8_t *reals = kx_buf__space(&out, (size_t)count * 5);
    memset(reals, 0, (size_t)count * 5);
    for (uint32_t i = 0; i < count; i++)
        reals[5 * i] = 0xca;
    ck_assert_int_eq(kx_document__canonical(kx_buf__slice(&out), &scratch, &document), KX_LIMIT);
    ck_assert_ptr_null(document.data);
    kx_buf__free(&out);
    kx_buf__free(&scratch);
}
END_TEST

/* ---- msgpack-c as an oracle ------------------------------------------------------ */

static void same(kx_slice item, const msgpack_object *object);

static bool same_bytes(const kx_value *value, const char *data, uint32_t size)
{
    return value->size == size && (size == 0 || memcmp(value->data, data, size) == 0);
}

static void same_members(kx_slice item, const msgpack_object *object)
{
    kx_members members = kx_document__members(item);
    for (uint32_t i = 0; kx_document__next(&members); i++) {
        if (!members.is_map) {
            same(members.item, &object->via.array.ptr[i]);
            continue;
        }
        const msgpack_object_kv *pair = &object->via.map.ptr[i];
        ck_assert_int_eq(pair->key.type, MSGPACK_OBJECT_STR);
        ck_assert_uint_eq(pair->key.via.str.size, members.key.size);
        ck_assert_int_eq(memcmp(pair->key.via.str.ptr, members.key.data, members.key.size), 0);
        same(members.item, &pair->val);
    }
    ck_assert(!members.malformed);
}

static void same(kx_slice item, const msgpack_object *object)
{
    kx_value value;
    msgpack_timestamp time;
    ck_assert_int_eq(kx_document__value(item, &value), KX_OK);
    switch (object->type) {
    case MSGPACK_OBJECT_NIL:
        ck_assert_int_eq(value.type, KX_TYPE_NULL);
        break;
    case MSGPACK_OBJECT_BOOLEAN:
        ck_assert_int_eq(value.type, KX_TYPE_BOOL);
        ck_assert_int_eq(value.integer, object->via.boolean);
        break;
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
        ck_assert_int_eq(value.type, object->via.u64 > INT64_MAX ? KX_TYPE_UINT : KX_TYPE_INT);
        ck_assert_uint_eq((uint64_t)value.integer, object->via.u64);
        break;
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        ck_assert_int_eq(value.type, KX_TYPE_INT);
        ck_assert_int_eq(value.integer, object->via.i64);
        break;
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64:
        ck_assert_int_eq(value.type, KX_TYPE_REAL);
        ck_assert_mem_eq(&value.real, &object->via.f64, sizeof value.real);
        break;
    case MSGPACK_OBJECT_STR:
        ck_assert_int_eq(value.type, KX_TYPE_TEXT);
        ck_assert(same_bytes(&value, object->via.str.ptr, object->via.str.size));
        break;
    case MSGPACK_OBJECT_BIN:
        ck_assert_int_eq(value.type, KX_TYPE_BINARY);
        ck_assert(same_bytes(&value, object->via.bin.ptr, object->via.bin.size));
        break;
    case MSGPACK_OBJECT_EXT:
        if (value.type == KX_TYPE_TIME) {
            ck_assert(msgpack_object_to_timestamp(object, &time));
            ck_assert_int_eq(value.integer, time.tv_sec);
            ck_assert_int_eq(value.extra, (int32_t)time.tv_nsec);
            break;
        }
        ck_assert_int_eq(value.type, KX_TYPE_EXT);
        ck_assert_int_eq(value.extra, object->via.ext.type);
        ck_assert(same_bytes(&value, object->via.ext.ptr, object->via.ext.size));
        break;
    default:
        ck_assert_int_eq(value.type, object->type == MSGPACK_OBJECT_MAP ? KX_TYPE_MAP : KX_TYPE_ARRAY);
        ck_assert_uint_eq(kx_document__count(item), object->via.array.size);
        same_members(item, object);
        break;
    }
}

static void msgpack_reads_the_same(kx_slice document)
{
    msgpack_unpacked unpacked;
    size_t offset = 0;
    if (document.size > 4096)
        return;
    msgpack_unpacked_init(&unpacked);
    ck_assert_int_eq(msgpack_unpack_next(&unpacked, (const char *)document.data, document.size, &offset),
                     MSGPACK_UNPACK_SUCCESS);
    ck_assert_uint_eq(offset, document.size);
    same(document, &unpacked.data);
    msgpack_unpacked_destroy(&unpacked);
}

START_TEST(msgpack_c_reads_the_same_values)
{
    sample_shape shape = {12, 8, 60, true};
    uint64_t state = kxt_seed();
    for (uint64_t n = kxt_scaled(5000); n > 0; n--) {
        sample made;
        sample_make(&made, &state, shape, false);
        msgpack_reads_the_same(kx_buf__slice(&made.canonical));
        msgpack_reads_the_same(kx_buf__slice(&made.wild));
        sample_free(&made);
    }
}
END_TEST

static bool claims_little(kx_slice bytes)       /* else msgpack-c would allocate what is claimed */
{
    for (size_t i = 0; i < bytes.size; i++) {
        if (bytes.data[i] == 0xdd || bytes.data[i] == 0xdf)
            return false;
    }
    return true;
}

START_TEST(msgpack_c_refuses_no_structure_that_passes)
{
    sample_shape shape = {6, 6, 20, true};
    uint64_t state = kxt_seed();
    for (uint64_t n = kxt_scaled(20000); n > 0; n--) {
        sample made;
        sample_make(&made, &state, shape, false);
        kx_slice bytes = kx_buf__slice(&made.wild);
        made.wild.data[kxt_random_below(&state, bytes.size)] = (uint8_t)kxt_random(&state);
        if (claims_little(bytes)) {
            msgpack_unpacked unpacked;
            size_t offset = 0;
            msgpack_unpacked_init(&unpacked);
            bool whole = msgpack_unpack_next(&unpacked, (const char *)bytes.data, bytes.size, &offset) ==
                         MSGPACK_UNPACK_SUCCESS;
            size_t length = kx_document__length(bytes.data, bytes.size);
            ck_assert_uint_eq(length, whole ? offset : 0);
            if (kx_document__check(bytes, NULL) == KX_OK)
                same(bytes, &unpacked.data);
            msgpack_unpacked_destroy(&unpacked);
        }
        sample_free(&made);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("document/canonical");
    TCase *c = tcase_create("canonical");
    tcase_add_test(c, canonical_bytes_are_given_back_themselves);
    tcase_add_test(c, other_forms_are_rewritten);
    tcase_add_test(c, the_members_of_the_canonical_form_are_listed);
    tcase_add_test(c, pairs_of_every_kind_are_looked_at_alike_after_usual_ones);
    tcase_add_test(c, canonical_form_is_what_it_should_be_and_stays_so);
    tcase_add_test(c, a_document_that_grows_past_64_mib_is_refused);
    tcase_add_test(c, msgpack_c_reads_the_same_values);
    tcase_add_test(c, msgpack_c_refuses_no_structure_that_passes);
    suite_add_tcase(s, c);
    return s;
}

int main(void)
{
    return kxt_run(suite());
}
