/* key.c -- the keys that relations go by: one field, or several; what a document shows, what it is given. */
#include <string.h>

#include "relation/relation_impl.h"

bool kx_relation__values(kx_slice document, const kx_cat_key *key, kx_value *values)
{
    for (size_t i = 0; i < key->count; i++) {
        kx_collection__part_value(document, &key->parts[i], &values[i]);
        if (values[i].type == KX_TYPE_NONE || values[i].type == KX_TYPE_NULL)
            return false;
    }
    return true;
}

bool kx_relation__same_values(const kx_value *left, const kx_value *right, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (kx_key__compare(&left[i], &right[i]) != 0)
            return false;
    }
    return true;
}

bool kx_relation__has_key(kx_slice document, const kx_cat_key *key, const kx_value *values)
{
    kx_value shown[KX_CATALOG_KEY_PARTS];
    return kx_relation__values(document, key, shown) && kx_relation__same_values(shown, values, key->count);
}

void kx_relation__key_text(const kx_cat_key *key, const kx_value *values, kx_buf *out)
{
    for (size_t i = 0; i < key->count; i++) {
        char shown[128];
        kx_buf__print(out, "%s%s=%s", i > 0 ? ", " : "", key->parts[i].text,
                      kx_base__show(&values[i], shown, sizeof shown));
    }
}

/* ---- held apart from the document ------------------------------------------------------ */

/* Items end by themselves, so that they can stand one behind the other; a missing one is no byte, which its size tells. */
int kx_relation__hold_key(kx_slice document, const kx_cat_key *key, kx_held_key *held)
{
    *held = (kx_held_key){.count = key->count};
    for (size_t i = 0; i < key->count; i++) {
        kx_slice item = kx_collection__part_item(document, &key->parts[i]);
        kx_buf__append(&held->bytes, item.data, item.size);
        held->sizes[i] = item.size;
    }
    return held->bytes.rc;
}

void kx_relation__held_values(const kx_held_key *held, kx_value *values)
{
    const uint8_t *at = held->bytes.data;
    for (size_t i = 0; i < held->count; i++) {
        values[i] = (kx_value){0};
        if (held->sizes[i] > 0)
            kx_document__value(kx_slice_of(at, held->sizes[i]), &values[i]);
        at += held->sizes[i];
    }
}

/* ---- given -------------------------------------------------------------------------------- */

static int set_part(kx_doc *doc, const kx_cat_part *part, const kx_value *value)
{
    kx_change_kind kind = value->type == KX_TYPE_NONE ? KX_CHANGE_UNSET : KX_CHANGE_SET;
    return kx_collection__doc_change(doc, kind, part->text, value);
}

void kx_relation__restore_key(kx_doc *doc, const kx_cat_key *key, const kx_held_key *former)
{
    kx_value values[KX_CATALOG_KEY_PARTS];
    kx_relation__held_values(former, values);
    for (size_t i = 0; i < key->count; i++)
        set_part(doc, &key->parts[i], &values[i]);
}

static int set_parts(kx_doc *doc, const kx_cat_key *key, const kx_value *values)
{
    kx_value null = kx_null();
    kx_held_key former;
    int rc = kx_relation__hold_key(doc->bytes, key, &former);
    for (size_t i = 0; i < key->count && rc == KX_OK; i++) {
        rc = set_part(doc, &key->parts[i], values != NULL ? &values[i] : &null);
        if (rc != KX_OK)
            kx_relation__restore_key(doc, key, &former);
    }
    kx_buf__free(&former.bytes);
    return rc;
}

int kx_relation__set_key(kx_doc *doc, const kx_cat_key *key, const kx_value *values)
{
    kx_value null = kx_null();
    if (key->count == 1)
        return set_part(doc, &key->parts[0], values != NULL ? values : &null);
    return set_parts(doc, key, values);
}

int kx_relation__copy_key(kx_doc *doc, const kx_cat_key *key, kx_slice document, const kx_cat_key *from)
{
    kx_value values[KX_CATALOG_KEY_PARTS];
    kx_held_key held;
    int rc = kx_relation__hold_key(document, from, &held);
    if (rc == KX_OK) {
        kx_relation__held_values(&held, values);
        rc = kx_relation__set_key(doc, key, values);
    }
    kx_buf__free(&held.bytes);
    return rc;
}
