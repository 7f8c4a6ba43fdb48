/*
 * order.c -- "status,-amount": what to sort by, and the key that sorts a document so.
 *
 * Parts that cannot change the order are left out: a path that a test binds to one value, one that stood before, and
 * everything behind the id. The id itself, ascending, ends every order and is not kept as a part.
 */
#include <string.h>

#include "query/query_impl.h"

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/* To the comma that ends this part, or the end; a comma inside backquotes is a name's. */
static const char *part_end(const char *at)
{
    bool quoted = false;
    for (; *at != '\0' && (quoted || *at != ','); at++)
        quoted ^= *at == '`';
    return at;
}

static size_t count_parts(const char *text)
{
    size_t count = 1;
    for (const char *end = part_end(text); *end != '\0'; end = part_end(end + 1))
        count++;
    return count;
}

static bool is_constant(const kx_query_compiled *compiled, const kx_query_subject *subject)
{
    for (size_t i = 0; i < compiled->test_count; i++) {
        const kx_query_test *test = &compiled->tests[i];
        if ((test->op == TEST_EQ || test->op == TEST_NULL) && kx_query__same_subject(subject, &test->subject))
            return true;
    }
    for (size_t i = 0; i + 1 < compiled->order_count; i++) {
        if (kx_query__same_subject(subject, &compiled->orders[i].subject))
            return true;
    }
    return false;
}

/* One part, from `at` to `end`. */
static int add_part(kx_query_compiled *compiled, const char *at, const char *end, const char *whole)
{
    kx_query_order *order = &compiled->orders[compiled->order_count];
    while (at < end && is_blank(*at))
        at++;
    while (at < end && is_blank(end[-1]))
        end--;
    order->descending = at < end && *at == '-';
    at += order->descending;
    size_t size = (size_t)(end - at);
    char *text = kx_query__alloc(&compiled->memory, size + 1);
    if (text == NULL)
        return KX_NOMEM;
    memcpy(text, at, size);
    text[size] = '\0';
    order->subject = (kx_query_subject){0};
    compiled->order_count++;
    int rc = kx_query__subject(compiled, text, &order->subject);
    if (rc != KX_OK)
        return kx_base__fail_in(rc, "%s '%s'", compiled->all_parts ? "group by" : "order_by", whole);
    const kx_query_cross *cross = order->subject.cross;
    const char *fault = NULL;
    if (order->subject.kind == SUBJECT_SPREAD || (cross != NULL && cross->leaf.kind == SUBJECT_SPREAD))
        fault = "a path with [] is many values, which have no order";
    else if (cross != NULL && cross->many)
        fault = "a set has many members, which have no order";
    else if (cross != NULL && cross->bare)
        fault = "a relation has no order; name a field behind it";
    if (fault == NULL)
        return KX_OK;
    return kx_base__fail_at(KX_INVALID, compiled->collection->name, text, NULL, NULL, "%s '%s': %s",
                            compiled->all_parts ? "group by" : "order_by", whole, fault);
}

/* Every part is checked, also those that are left out. */
int kx_query__order(kx_query_compiled *compiled, const char *order_by)
{
    bool ended = false;
    compiled->orders =
        kx_query__alloc(&compiled->memory, kx_base__times(count_parts(order_by), sizeof *compiled->orders));
    if (compiled->orders == NULL)
        return KX_NOMEM;
    for (const char *at = order_by;; at++) {
        const char *end = part_end(at);
        int rc = add_part(compiled, at, end, order_by);
        if (rc != KX_OK)
            return rc;
        const kx_query_order *order = &compiled->orders[compiled->order_count - 1];
        bool is_id = order->subject.kind == SUBJECT_ID;
        if (compiled->all_parts)
            is_id = false;
        else if (ended || is_constant(compiled, &order->subject) || (is_id && !order->descending))
            compiled->order_count--;
        ended |= is_id;
        if (*end == '\0')
            return KX_OK;
        at = end;
    }
}

/* What one part of the order looks at. */
static int order_value(const kx_query_compiled *compiled, const kx_query_subject *subject, uint64_t id,
                       kx_slice document, kx_value *value)
{
    if (subject->kind == SUBJECT_CROSS)
        return kx_query__cross_value(compiled->txn, subject->cross, document, value);
    return kx_query__value_of(subject, id, document, value);
}

int kx_query__order_values(const kx_query_compiled *compiled, uint64_t id, kx_slice document, kx_value *values)
{
    int rc = KX_OK;
    for (size_t i = 0; i < compiled->order_count && rc == KX_OK; i++)
        rc = order_value(compiled, &compiled->orders[i].subject, id, document, &values[i]);
    return rc;
}

int kx_query__sort_key(kx_query_compiled *compiled, uint64_t id, kx_slice document, kx_key *key)
{
    for (size_t i = 0; i < compiled->order_count; i++) {
        kx_value value;
        int rc = order_value(compiled, &compiled->orders[i].subject, id, document, &value);
        if (rc != KX_OK)
            return rc;
        kx_key__add(key, &value, compiled->orders[i].descending);
    }
    return key->rc;
}
