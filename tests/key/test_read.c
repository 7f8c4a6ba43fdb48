/* test_read.c -- parts of keys and their values: what was added is what is read, forward and descending, alone and
   behind others. */
#include <string.h>

#include "key/samples.h"
#include "support.h"

static bool told_by_its_key(const kx_value *value)
{
    switch (value->type) {
    case KX_TYPE_NONE:
    case KX_TYPE_NULL:
    case KX_TYPE_BOOL:
    case KX_TYPE_TEXT:
    case KX_TYPE_BINARY:
    case KX_TYPE_TIME: return true;
    default: return false;
    }
}

static void check_part(const kx_value *value, kx_slice part, bool descending)
{
    kx_buf bytes = {0};
    kx_value read;
    ck_assert_int_eq(kx_key__read(part, descending, &bytes, &read), KX_OK);
    if (told_by_its_key(value)) {
        ck_assert_int_eq(read.type, value->type == KX_TYPE_NONE ? KX_TYPE_NULL : value->type);
        ck_assert_msg(kx_key__compare(&read, value) == 0, "%s", sample_text(value));
    } else {
        ck_assert_int_eq(read.type, KX_TYPE_NONE);
    }
    kx_buf__free(&bytes);
}

/* Each value before, and behind, a text with odd bytes; no part seems whole while its end is missing. */
static void check_value(const kx_value *value, bool descending)
{
    kx_value other = sample_bytes(KX_TYPE_TEXT, "a\0\1\xff", 4);
    kx_key key;
    kx_key__init(&key);
    kx_key__add(&key, &other, !descending);
    size_t from = key.size;
    kx_key__add(&key, value, descending);
    size_t to = key.size;
    kx_key__add(&key, &other, descending);
    kx_slice whole = kx_key__slice(&key), rest = kx_slice_of(whole.data + from, whole.size - from);
    ck_assert_uint_eq(kx_key__part_size(whole, !descending), from);
    ck_assert_msg(kx_key__part_size(rest, descending) == to - from, "%s", sample_text(value));
    for (size_t cut = 0; cut < to - from; cut += 1 + cut / 16)
        ck_assert_uint_eq(kx_key__part_size(kx_slice_of(rest.data, cut), descending), 0);
    check_part(value, kx_slice_of(rest.data, to - from), descending);
    kx_key__free(&key);
}

START_TEST(every_sample_is_read_as_it_was_added)
{
    const kx_value *values;
    size_t count = sample_table(&values);
    for (size_t i = 0; i < count; i++)
        check_value(&values[i], _i == 1);
}
END_TEST

START_TEST(random_values_are_read_as_they_were_added)
{
    uint64_t seed = kxt_seed();
    for (uint64_t i = 0; i < kxt_scaled(20000); i++) {
        kx_value value = sample_random(&seed);
        check_value(&value, i % 2 == 0);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("read");
    TCase *c = tcase_create("read");
    tcase_add_loop_test(c, every_sample_is_read_as_it_was_added, 0, 2);
    tcase_add_test(c, random_values_are_read_as_they_were_added);
    suite_add_tcase(suite, c);
    return suite;
}

int main(void)
{
    return kxt_run(suite());
}
