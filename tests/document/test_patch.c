/* test_patch.c -- changes to bytes, held against the same changes to a tree. */
#include <stdlib.h>
#include <string.h>

#include "samples.h"

#define SET(path, bytes)    {KX_CHANGE_SET, path, hex(bytes)}
#define UNSET(path)         {KX_CHANGE_UNSET, path, {NULL, 0}}
#define APPEND(path, bytes) {KX_CHANGE_APPEND, path, hex(bytes)}
#define ADD(path, bytes)    {KX_CHANGE_ADD, path, hex(bytes)}
#define REMOVE(path, bytes) {KX_CHANGE_REMOVE, path, hex(bytes)}
#define CHANGES(...)                                                                                             \
    (const kx_change[]){__VA_ARGS__}, sizeof((const kx_change[]){__VA_ARGS__}) / sizeof(kx_change)

static void becomes(const char *before, const kx_change *changes, size_t count, const char *after)
{
    kx_buf scratch = {.size = 0};
    kx_slice result;
    int rc = kx_document__patch(hex(before), changes, count, &scratch, &result);
    ck_assert_msg(rc == KX_OK, "%s", text_of(rc));
    ck_bytes_eq(result, hex(after));
    kx_buf__free(&scratch);
}

static void fails(const char *before, const kx_change *changes, size_t count, int code, const char *text)
{
    kx_buf scratch = {.size = 0};
    kx_slice result;
    int rc = kx_document__patch(hex(before), changes, count, &scratch, &result);
    ck_assert_int_eq(rc, code);
    ck_assert_ptr_null(result.data);
    const char *told = text_of(rc);
    ck_assert_msg(strstr(told, text) != NULL, "%s", told);
    kx_buf__free(&scratch);
}

START_TEST(plain_names_are_set_and_unset_in_place)
{
    becomes("83 a1 61 01 a1 62 02 a1 63 03", CHANGES(SET("b", "a1 78")), "83 a1 61 01 a1 62 a1 78 a1 63 03");
    becomes("83 a1 61 01 a1 62 02 a1 63 03", CHANGES(UNSET("b")), "82 a1 61 01 a1 63 03");
    becomes("82 a1 61 01 a1 62 02", CHANGES(SET("c", "03"), UNSET("a"), SET("b", "c0"), UNSET("x")),
            "82 a1 62 c0 a1 63 03");
    becomes("80", CHANGES(SET("a", "01"), SET("b", "02")), "82 a1 61 01 a1 62 02");
    becomes("81 a1 61 01", CHANGES(UNSET("a")), "80");
    becomes("81 a1 61 01", CHANGES(UNSET("b")), "81 a1 61 01");
    becomes("", CHANGES(SET("a", "01")), "81 a1 61 01");
    becomes("81 a1 61 01", NULL, 0, "81 a1 61 01");
}
END_TEST

START_TEST(changes_of_one_name_happen_in_order)
{
    becomes("82 a1 61 01 a1 62 02", CHANGES(UNSET("a"), SET("a", "03")), "82 a1 62 02 a1 61 03");
    becomes("81 a1 61 01", CHANGES(SET("a", "02"), SET("a", "03")), "81 a1 61 03");
    becomes("80", CHANGES(SET("a", "02"), UNSET("a")), "80");
    becomes("80", CHANGES(SET("a.b", "01"), SET("a.c", "02"), UNSET("a.b")), "81 a1 61 81 a1 63 02");
    becomes("80", CHANGES(APPEND("a", "01"), APPEND("a", "02"), SET("a[0]", "05")), "81 a1 61 92 05 02");
}
END_TEST

START_TEST(nested_names_make_the_maps_on_the_way)
{
    becomes("81 a1 61 81 a1 62 01", CHANGES(SET("a.c", "02")), "81 a1 61 82 a1 62 01 a1 63 02");
    becomes("81 a1 61 81 a1 62 01", CHANGES(SET("a.b", "90")), "81 a1 61 81 a1 62 90");
    becomes("81 a1 61 01", CHANGES(SET("b.c.d", "02")), "82 a1 61 01 a1 62 81 a1 63 81 a1 64 02");
    becomes("82 a1 61 c0 a1 62 01", CHANGES(SET("a.x.y", "02")), "82 a1 61 81 a1 78 81 a1 79 02 a1 62 01");
    becomes("81 a1 61 81 a1 62 01", CHANGES(UNSET("a.b")), "81 a1 61 80");
    becomes("81 a1 61 81 a1 62 01", CHANGES(UNSET("a.x.y")), "81 a1 61 81 a1 62 01");
    becomes("81 a1 61 c0", CHANGES(UNSET("a.x")), "81 a1 61 c0");
    becomes("81 a3 61 2e 62 01", CHANGES(SET("`a.b`", "02")), "81 a3 61 2e 62 02");
    becomes("80", CHANGES(SET("``", "02")), "81 a0 02");
}
END_TEST

START_TEST(arrays_are_set_appended_and_cut)
{
    becomes("81 a1 61 92 01 02", CHANGES(SET("a[1]", "a1 78")), "81 a1 61 92 01 a1 78");
    becomes("81 a1 61 92 01 02", CHANGES(SET("a[2]", "03")), "81 a1 61 93 01 02 03");
    becomes("81 a1 61 92 01 02", CHANGES(UNSET("a[0]")), "81 a1 61 91 02");
    becomes("81 a1 61 92 01 02", CHANGES(UNSET("a[7]")), "81 a1 61 92 01 02");
    becomes("82 a1 61 91 01 a1 62 02", CHANGES(APPEND("a", "03")), "82 a1 61 92 01 03 a1 62 02");
    becomes("80", CHANGES(APPEND("a.b", "03")), "81 a1 61 81 a1 62 91 03");
    becomes("81 a1 61 c0", CHANGES(APPEND("a", "03")), "81 a1 61 91 03");
    becomes("81 a1 61 91 81 a1 73 01", CHANGES(SET("a[0].t", "02"), SET("a[1].s", "03")),
            "81 a1 61 92 82 a1 73 01 a1 74 02 81 a1 73 03");
    becomes("81 a1 61 91 91 01", CHANGES(APPEND("a[0]", "02"), APPEND("a[1]", "03")), "81 a1 61 92 92 01 02 91 03");
}
END_TEST

START_TEST(counts_pass_their_headers_bounds_both_ways)
{
    static const uint32_t bounds[] = {15, 16, 65535, 65536};
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        kx_builder builder;
        kx_slice document, longer, shorter;
        kx_buf up = {.size = 0}, down = {.size = 0};
        bool canonical;
        kx_builder__init(&builder);
        kx_builder__map(&builder);
        kx_builder__key(&builder, "before");
        kx_builder__item(&builder, hex("01"));
        kx_builder__key(&builder, "a");
        kx_builder__array(&builder);
        for (uint32_t n = 0; n < bounds[i]; n++)
            kx_builder__item(&builder, hex("a2 6f 6f"));
        kx_builder__end(&builder);
        kx_builder__key(&builder, "after");
        kx_builder__item(&builder, hex("02"));
        kx_builder__end(&builder);
        ck_assert_int_eq(kx_builder__finish(&builder, &document), KX_OK);
        kx_change append = APPEND("a", "07"), cut = UNSET(kxt_print("a[%u]", bounds[i]));
        ck_assert_int_eq(kx_document__patch(document, &append, 1, &up, &longer), KX_OK);
        ck_assert_int_eq(kx_document__check(longer, &canonical), KX_OK);
        ck_assert(canonical);
        ck_assert_uint_gt(longer.size, document.size);
        ck_assert_int_eq(kx_document__patch(longer, &cut, 1, &down, &shorter), KX_OK);
        ck_bytes_eq(shorter, document);
        kx_builder__free(&builder);
        kx_buf__free(&up);
        kx_buf__free(&down);
    }
}
END_TEST

START_TEST(paths_that_cannot_be_are_invalid)
{
    fails("81 a1 61 01", CHANGES(SET("a.b", "02")), KX_INVALID, "path 'a.b': 'a' is not a map");
    fails("81 a1 61 01", CHANGES(UNSET("a.b")), KX_INVALID, "'a' is not a map");
    fails("81 a1 61 91 01", CHANGES(SET("a.b", "02")), KX_INVALID, "'a' is not a map");
    fails("81 a1 61 80", CHANGES(SET("a[0]", "02")), KX_INVALID, "'a' is not an array");
    fails("81 a1 61 c0", CHANGES(SET("a[0]", "02")), KX_INVALID, "'a' is not an array");
    fails("80", CHANGES(SET("a[0]", "02")), KX_INVALID, "'a' is no array yet");
    fails("81 a1 61 91 01", CHANGES(SET("a[2]", "02")), KX_INVALID, "'a' has fewer elements");
    fails("81 a1 61 91 01", CHANGES(APPEND("a[5]", "02")), KX_INVALID, "'a' has fewer elements");
    fails("81 a1 61 91 01", CHANGES(SET("a[1][0]", "02")), KX_INVALID, "is no array yet");
    fails("81 a1 61 01", CHANGES(APPEND("a", "02")), KX_INVALID, "'a' is not an array");
    fails("81 a1 61 91 01", CHANGES(SET("a[]", "02")), KX_INVALID, "cannot be changed through []");
    fails("80", CHANGES(SET("a[].b", "02")), KX_INVALID, "is no array yet");
    fails("80", CHANGES(SET("a..b", "02")), KX_INVALID, "column 3");
    fails("80", CHANGES(SET("", "02")), KX_INVALID, "name is missing");
    fails("80", CHANGES(SET("\xff", "02")), KX_INVALID, "UTF-8");
    fails("81 a1 61", CHANGES(SET("a", "02")), KX_CORRUPT, "damaged");
    fails("81 a1 61", CHANGES(SET("a.b", "02")), KX_CORRUPT, "damaged");
    fails("91 01", CHANGES(SET("a", "02")), KX_CORRUPT, "damaged");
}
END_TEST

START_TEST(depth_64_is_the_last)
{
    char path[256] = "a";
    kx_buf deep = {.size = 0}, scratch = {.size = 0};
    kx_slice result;
    for (int i = 1; i < 64; i++)
        strcat(path, ".a");
    kx_change right = SET(path, "05"), array = SET(path, "90"), append = APPEND(path, "05");
    ck_assert_int_eq(kx_document__patch(hex("80"), &right, 1, &scratch, &result), KX_OK);
    ck_assert_int_eq(kx_document__check(result, NULL), KX_OK);
    ck_assert_int_eq(kx_document__patch(hex("80"), &array, 1, &scratch, &result), KX_LIMIT);
    ck_assert_int_eq(kx_document__patch(hex("80"), &append, 1, &scratch, &result), KX_LIMIT);
    sample_deep(&deep, 63, false);
    kx_change plain = {KX_CHANGE_SET, "x", kx_buf__slice(&deep)}, nested = {KX_CHANGE_SET, "x.y", kx_buf__slice(&deep)};
    ck_assert_int_eq(kx_document__patch(hex("80"), &plain, 1, &scratch, &result), KX_OK);
    ck_assert_int_eq(kx_document__check(result, NULL), KX_OK);
    ck_assert_int_eq(kx_document__patch(hex("80"), &nested, 1, &scratch, &result), KX_LIMIT);
    kx_buf__free(&deep);
    kx_buf__free(&scratch);
}
END_TEST

START_TEST(size_64_mib_is_the_last)
{
    kx_buf item = {.size = 0}, scratch = {.size = 0}, again = {.size = 0};
    kx_slice result;
    uint32_t size = KX_DOCUMENT_SIZE - 8;
    kx_buf__byte(&item, 0xc6);
    for (unsigned i = 4; i > 0; i--)
        kx_buf__byte(&item, (uint8_t)(size >> 8 * (i - 1)));
    memset(kx_buf__space(&item, size), 0, size);
    kx_change whole = {KX_CHANGE_SET, "a", kx_buf__slice(&item)}, nested = {KX_CHANGE_SET, "a.b", kx_buf__slice(&item)};
    ck_assert_int_eq(kx_document__patch(hex("80"), &whole, 1, &scratch, &result), KX_OK);
    ck_assert_uint_eq(result.size, KX_DOCUMENT_SIZE);
    kx_change one = SET("b", "01"), deep = SET("b.c", "01");
    kx_slice large = result;
    ck_assert_int_eq(kx_document__patch(large, &one, 1, &again, &result), KX_LIMIT);
    ck_assert_int_eq(kx_document__patch(large, &deep, 1, &again, &result), KX_LIMIT);
    ck_assert_int_eq(kx_document__patch(hex("80"), &nested, 1, &again, &result), KX_LIMIT);
    kx_buf__free(&item);
    kx_buf__free(&scratch);
    kx_buf__free(&again);
}
END_TEST

/* ---- the slow oracle: a tree, changed as the door says ------------------------------ */

typedef struct node {
    kx_type  type;              /* ARRAY, MAP; NULL (also: just made); anything else is a scalar */
    kx_slice scalar;
    struct node *members;
    kx_slice *keys;
    uint32_t count;
} node;

static void grow(node *n)
{
    n->members = realloc(n->members, (n->count + 1) * sizeof *n->members);
    n->keys = realloc(n->keys, (n->count + 1) * sizeof *n->keys);
    memset(&n->members[n->count], 0, sizeof *n->members);
    n->members[n->count].type = KX_TYPE_NULL;
    n->keys[n->count] = kx_slice_of(NULL, 0);
    n->count++;
}

static void cut(node *n, uint32_t at)
{
    n->count--;
    memmove(n->members + at, n->members + at + 1, (n->count - at) * sizeof *n->members);
    memmove(n->keys + at, n->keys + at + 1, (n->count - at) * sizeof *n->keys);
}

static void clear(node *n)
{
    for (uint32_t i = 0; i < n->count; i++)
        clear(&n->members[i]);
    free(n->members);
    free(n->keys);
    memset(n, 0, sizeof *n);
    n->type = KX_TYPE_NULL;
}

static void read_node(node *n, kx_slice item)
{
    n->type = kx_document__type(item);
    n->scalar = item;
    kx_members members = kx_document__members(item);
    while (kx_document__next(&members)) {
        grow(n);
        n->keys[n->count - 1] = members.key;
        read_node(&n->members[n->count - 1], members.item);
    }
}

static void write_node(const node *n, kx_builder *builder)
{
    if (n->type == KX_TYPE_NULL) {
        kx_builder__item(builder, hex("c0"));
    } else if (n->type != KX_TYPE_ARRAY && n->type != KX_TYPE_MAP) {
        kx_builder__item(builder, n->scalar);
    } else {
        if (n->type == KX_TYPE_MAP)
            kx_builder__map(builder);
        else
            kx_builder__array(builder);
        for (uint32_t i = 0; i < n->count; i++) {
            if (n->type == KX_TYPE_MAP)
                kx_builder__key_n(builder, (const char *)n->keys[i].data, n->keys[i].size);
            write_node(&n->members[i], builder);
        }
        kx_builder__end(builder);
    }
}

enum outcome { DONE, NO_CHANGE, IMPOSSIBLE };

/* The member that a step leads to, made when it may be. */
static enum outcome step_into(node **at, const kx_step *step, bool may_make, uint32_t *position)
{
    node *n = *at;
    if (n->type == KX_TYPE_NULL && !may_make)
        return NO_CHANGE;
    if (n->type == KX_TYPE_NULL && step->kind == KX_STEP_NAME)
        n->type = KX_TYPE_MAP;
    if (n->type != (step->kind == KX_STEP_NAME ? KX_TYPE_MAP : KX_TYPE_ARRAY))
        return IMPOSSIBLE;
    *position = step->index < n->count ? step->index : n->count;
    if (step->kind == KX_STEP_NAME) {
        for (*position = 0; *position < n->count; ++*position) {
            if (n->keys[*position].size == step->size && memcmp(n->keys[*position].data, step->name, step->size) == 0)
                break;
        }
    } else if (step->index > n->count && may_make) {
        return IMPOSSIBLE;
    }
    if (*position == n->count) {
        if (!may_make)
            return NO_CHANGE;
        grow(n);
        n->keys[*position] = kx_slice_of(step->name, step->size);
    }
    *at = &n->members[*position];
    return DONE;
}

static enum outcome change_tree(node *root, const kx_change *change, const kx_path *path)
{
    node *at = root, *parent = NULL;
    uint32_t position = 0;
    for (uint32_t i = 0; i < path->count; i++) {
        parent = at;
        enum outcome outcome = step_into(&at, &path->steps[i], change->kind != KX_CHANGE_UNSET, &position);
        if (outcome != DONE)
            return outcome;
    }
    if (change->kind == KX_CHANGE_UNSET) {
        clear(at);
        cut(parent, position);
        return DONE;
    }
    if (change->kind == KX_CHANGE_APPEND) {
        if (at->type == KX_TYPE_NULL)
            at->type = KX_TYPE_ARRAY;
        if (at->type != KX_TYPE_ARRAY)
            return IMPOSSIBLE;
        grow(at);
        at = &at->members[at->count - 1];
    }
    clear(at);
    read_node(at, change->item);
    return DONE;
}

/* ---- random changes ------------------------------------------------------------------- */

static void add_name(kx_buf *text, kx_slice name)
{
    bool quoted = name.size == 0;
    for (size_t i = 0; i < name.size; i++)
        quoted |= strchr(".[`", name.data[i]) != NULL;
    if (quoted)
        kx_buf__byte(text, '`');
    for (size_t i = 0; i < name.size; i++) {
        kx_buf__byte(text, name.data[i]);
        if (name.data[i] == '`')
            kx_buf__byte(text, '`');
    }
    if (quoted)
        kx_buf__byte(text, '`');
}

/* A path along what is there for the most part. */
static char *random_path(kx_slice document, uint64_t *state, bool plain)
{
    kx_buf text = {.size = 0};
    kx_slice item = document;
    do {
        kx_members members = kx_document__members(item);
        uint32_t count = members.left;
        uint64_t chosen = kxt_random_below(state, count + 1);
        bool is_array = members.at != NULL && !members.is_map;
        bool index = is_array ? kxt_random_below(state, 10) > 0 : kxt_random_below(state, 20) == 0;
        for (uint64_t i = 0; i <= chosen && kx_document__next(&members); i++)
            ;
        bool there = chosen < count;
        item = there ? members.item : kx_slice_of(NULL, 0);
        if (index && text.size > 0) {
            kx_buf__print(&text, "[%u]", (unsigned)(chosen + (kxt_random_below(state, 10) == 0)));
        } else {
            if (text.size > 0)
                kx_buf__byte(&text, '.');
            char *fresh = kxt_print("new%u", (unsigned)kxt_random_below(state, 3));
            add_name(&text, there && members.is_map ? members.key : kx_slice_of(fresh, strlen(fresh)));
        }
    } while (!plain && kxt_random_below(state, 3) > 0 && text.size < 200);
    kx_buf__byte(&text, 0);
    char *kept = kxt_print("%s", (char *)text.data);
    kx_buf__free(&text);
    return kept;
}

enum { MOST_CHANGES = 6 };

static void patch_like_the_oracle(kx_slice document, uint64_t *state, unsigned *impossible)
{
    kx_change changes[MOST_CHANGES];
    kx_path paths[MOST_CHANGES];
    sample items[MOST_CHANGES];
    size_t count = 1 + kxt_random_below(state, MOST_CHANGES - 1);
    bool plain = kxt_random_below(state, 2) == 0;
    node root = {.type = KX_TYPE_NULL};
    enum outcome outcome = DONE;
    read_node(&root, document);
    for (size_t i = 0; i < count; i++) {
        sample_make(&items[i], state, sample_small, true);
        changes[i].kind = (kx_change_kind)kxt_random_below(state, plain ? 2 : 3);
        changes[i].path = random_path(document, state, plain);
        changes[i].item = kx_buf__slice(&items[i].canonical);
        ck_assert_int_eq(kx_path__parse(changes[i].path, &paths[i]), KX_OK);
        if (outcome != IMPOSSIBLE)
            outcome = change_tree(&root, &changes[i], &paths[i]);
    }
    kx_buf scratch = {.size = 0};
    kx_slice result, expected;
    int rc = kx_document__patch(document, changes, count, &scratch, &result);
    if (outcome == IMPOSSIBLE) {
        ck_assert_int_eq(rc, KX_INVALID);
        ++*impossible;
    } else {
        kx_builder builder;
        kx_builder__init(&builder);
        write_node(&root, &builder);
        ck_assert_int_eq(kx_builder__finish(&builder, &expected), KX_OK);
        ck_assert_msg(rc == KX_OK, "%s: %s", changes[0].path, text_of(rc));
        ck_bytes_eq(result, expected);
        kx_builder__free(&builder);
    }
    clear(&root);
    kx_buf__free(&scratch);
    for (size_t i = 0; i < count; i++) {
        kx_path__free(&paths[i]);
        sample_free(&items[i]);
    }
}

START_TEST(random_changes_do_what_they_do_to_a_tree)
{
    uint64_t state = kxt_seed(), trials = kxt_scaled(10000);
    unsigned impossible = 0;
    for (uint64_t n = trials; n > 0; n--) {
        sample made;
        sample_shape shape = {5, n % 50 == 0 ? 60 : 6, 40, false};
        sample_make(&made, &state, shape, false);
        patch_like_the_oracle(kx_buf__slice(&made.canonical), &state, &impossible);
        sample_free(&made);
    }
    ck_assert_uint_lt(impossible, trials * 3 / 4 + 10);
}
END_TEST

START_TEST(numbers_are_added_exactly_and_sums_beyond_64_bits_are_refused)
{
    becomes("81 a1 6e 05", CHANGES(ADD("n", "03")), "81 a1 6e 08");
    becomes("81 a1 6e 05", CHANGES(ADD("n", "e0")), "81 a1 6e e5");
    becomes("81 a1 6e 7f", CHANGES(ADD("n", "01"), ADD("n", "01")), "81 a1 6e cc 81");
    becomes("80", CHANGES(ADD("a.n", "03")), "81 a1 61 81 a1 6e 03");
    becomes("81 a1 6e c0", CHANGES(ADD("n", "03")), "81 a1 6e 03");
    becomes("81 a1 6e 01", CHANGES(ADD("n", "cb 3f e0 00 00 00 00 00 00")), "81 a1 6e cb 3f f8 00 00 00 00 00 00");
    becomes("81 a1 6e cf 7f ff ff ff ff ff ff ff", CHANGES(ADD("n", "01")), "81 a1 6e cf 80 00 00 00 00 00 00 00");
    becomes("81 a1 6e cf ff ff ff ff ff ff ff ff", CHANGES(ADD("n", "d3 80 00 00 00 00 00 00 00")),
            "81 a1 6e cf 7f ff ff ff ff ff ff ff");
    fails("81 a1 6e cf ff ff ff ff ff ff ff ff", CHANGES(ADD("n", "01")), KX_LIMIT, "path 'n': the sum takes more");
    fails("81 a1 6e d3 80 00 00 00 00 00 00 00", CHANGES(ADD("n", "ff")), KX_LIMIT, "more than 64 bits");
    fails("81 a1 6e a1 78", CHANGES(ADD("n", "01")), KX_INVALID, "'n' is not a number");
    fails("81 a1 6e 01", CHANGES(ADD("n", "a1 78")), KX_INVALID, "only a number can be added");
    fails("80", CHANGES(ADD("n", "c0")), KX_INVALID, "only a number can be added");
}
END_TEST

START_TEST(equal_elements_are_removed_and_others_stay)
{
    becomes("81 a1 74 94 01 02 01 03", CHANGES(REMOVE("t", "01")), "81 a1 74 92 02 03");
    becomes("81 a1 74 92 01 cb 3f f0 00 00 00 00 00 00", CHANGES(REMOVE("t", "01")), "81 a1 74 90");
    becomes("81 a1 74 92 01 02", CHANGES(REMOVE("t", "cb 3f f0 00 00 00 00 00 00")), "81 a1 74 91 02");
    becomes("81 a1 74 92 cf 00 20 00 00 00 00 00 01 05", CHANGES(REMOVE("t", "cb 43 40 00 00 00 00 00 00")),
            "81 a1 74 92 cf 00 20 00 00 00 00 00 01 05");
    becomes("81 a1 74 93 c0 91 01 a1 78", CHANGES(REMOVE("t", "91 01"), REMOVE("t", "c0")), "81 a1 74 91 a1 78");
    becomes("81 a1 74 91 02", CHANGES(REMOVE("t", "01")), "81 a1 74 91 02");
    becomes("81 a1 74 c0", CHANGES(REMOVE("t", "01")), "81 a1 74 c0");
    becomes("81 a1 61 01", CHANGES(REMOVE("t", "01"), REMOVE("b.c", "01"), REMOVE("t[0]", "01")), "81 a1 61 01");
    becomes("81 a1 74 dc 00 10 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 05", CHANGES(REMOVE("t", "01")),
            "81 a1 74 91 05");
    fails("81 a1 74 01", CHANGES(REMOVE("t", "01")), KX_INVALID, "'t' is not an array");
}
END_TEST

START_TEST(more_names_than_the_fast_way_takes)
{
    kx_change changes[100];
    kx_buf scratch = {.size = 0};
    kx_slice result, item;
    for (int i = 0; i < 100; i++)
        changes[i] = (kx_change)SET(kxt_print("name%d", i), "05");
    for (size_t count = 60; count <= 100; count += 4) {
        bool canonical;
        ck_assert_int_eq(kx_document__patch(hex("80"), changes, count, &scratch, &result), KX_OK);
        ck_assert_int_eq(kx_document__check(result, &canonical), KX_OK);
        ck_assert(canonical);
        ck_assert_uint_eq(kx_document__count(result), count);
        ck_assert(kx_document__find(result, "name59", 6, &item));
    }
    kx_buf__free(&scratch);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("document/patch");
    TCase *c = tcase_create("patch");
    tcase_add_test(c, plain_names_are_set_and_unset_in_place);
    tcase_add_test(c, changes_of_one_name_happen_in_order);
    tcase_add_test(c, nested_names_make_the_maps_on_the_way);
    tcase_add_test(c, arrays_are_set_appended_and_cut);
    tcase_add_test(c, counts_pass_their_headers_bounds_both_ways);
    tcase_add_test(c, paths_that_cannot_be_are_invalid);
    tcase_add_test(c, depth_64_is_the_last);
    tcase_add_test(c, size_64_mib_is_the_last);
    tcase_add_test(c, random_changes_do_what_they_do_to_a_tree);
    tcase_add_test(c, numbers_are_added_exactly_and_sums_beyond_64_bits_are_refused);
    tcase_add_test(c, equal_elements_are_removed_and_others_stay);
    tcase_add_test(c, more_names_than_the_fast_way_takes);
    suite_add_tcase(s, c);
    return s;
}

int main(void)
{
    return kxt_run(suite());
}
