/*
 * inspect_explain.c -- kx-inspect explain: how a query is answered, and what that costs.
 */
#include <inttypes.h>
#include <string.h>

#include "common.h"
#include "inspect.h"

/* ---- members of a plan ------------------------------------------------------------------ */

/* A member of a map in hand; {0} where it is missing. */
static kx_value member(const kx_value *map, const char *name)
{
    kx_iter  walk;
    kx_value none = {0};

    if (kx_value_iter(map, &walk) != KX_OK)
        return none;
    while (kx_iter_next(&walk))
        if (walk.key.size == strlen(name) && memcmp(walk.key.data, name, walk.key.size) == 0)
            return walk.value;
    return none;
}

static bool is_there(const kx_value *value)
{
    return value->type != KX_TYPE_NONE && value->type != KX_TYPE_NULL;
}

static void put_text(FILE *out, const kx_value *value)
{
    if (value->type == KX_TYPE_TEXT)
        tool_show(out, value->data, value->size, SIZE_MAX);
}

static uint64_t number_at(kx_doc *plan, const char *path)
{
    uint64_t number;

    return kx_doc_get_uint(plan, path, &number) == KX_OK ? number : 0;
}

/* "range of amount", "scan". */
static void put_way(FILE *out, const kx_value *way)
{
    kx_value plan = member(way, "plan"), index = member(way, "index");

    put_text(out, &plan);
    if (is_there(&index)) {
        fputs(" of ", out);
        put_text(out, &index);
    }
}

static void put_count(FILE *out, const kx_value *way)
{
    kx_value count = member(way, "count"), least = member(way, "at_least");

    if (is_there(&count))
        fprintf(out, ", %s%" PRIu64, is_there(&least) ? ">=" : "", (uint64_t)count.integer);
}

/* ---- for people ---------------------------------------------------------------------------- */

static void put_label(FILE *out, const char *label)
{
    fprintf(out, "%-10s", label);
}

/* A line for each element; the label stands before the first. */
static void put_each(FILE *out, kx_doc *plan, const char *path, const char *label,
                     void (*put)(FILE *, const kx_value *))
{
    kx_iter walk;

    if (kx_doc_iter(plan, path, &walk) != KX_OK)
        return;
    for (; kx_iter_next(&walk); label = "") {
        put_label(out, label);
        put(out, &walk.value);
        putc('\n', out);
    }
}

static void put_leg(FILE *out, const kx_value *leg)
{
    put_way(out, leg);
    put_count(out, leg);
}

static void put_rejected(FILE *out, const kx_value *way)
{
    kx_value reason = member(way, "reason");

    put_leg(out, way);
    fputs(": ", out);
    put_text(out, &reason);
}

static void put_crossing(FILE *out, const kx_value *crossing)
{
    kx_value path = member(crossing, "path"), direction = member(crossing, "direction");
    bool     back = is_there(&direction) && direction.size == 4;

    put_text(out, &path);
    fputs(back ? ", from the far end" : ", from each document", out);
    put_count(out, crossing);
}

static void put_people(FILE *out, kx_doc *plan)
{
    kx_value whole[2] = {{0}, {0}};

    put_label(out, "plan");
    kx_doc_get(plan, "plan", &whole[0]);
    put_text(out, &whole[0]);
    if (kx_doc_get(plan, "index", &whole[1]) == KX_OK && is_there(&whole[1])) {
        fputs(" of ", out);
        put_text(out, &whole[1]);
    }
    if (kx_doc_get(plan, "order", &whole[0]) == KX_OK && is_there(&whole[0])) {
        fputs("\norder     ", out);
        put_text(out, &whole[0]);
    }
    fprintf(out, "\nexamined  %" PRIu64 " of %" PRIu64 " documents\nreturned  %" PRIu64 "\n", number_at(plan, "examined"),
            number_at(plan, "documents"), number_at(plan, "returned"));
    fprintf(out, "entries   %" PRIu64 " (%" PRIu64 " for planning), %" PRIu64 " descents\n", number_at(plan, "entries"),
            number_at(plan, "planning.entries"), number_at(plan, "descents"));
    put_each(out, plan, "legs", "legs", put_leg);
    put_each(out, plan, "checked", "checked", put_text);
    put_each(out, plan, "filtered", "filtered", put_text);
    put_each(out, plan, "crossings", "crossing", put_crossing);
    put_each(out, plan, "rejected", "rejected", put_rejected);
}

int inspect_explain(kx_txn *txn, inspect *in)
{
    const char *json = NULL;
    kx_doc     *plan;
    int         rc;

    in->query.filter = in->operand_count > 1 ? in->operands[1] : NULL;
    rc = kx_explain(txn, in->operands[0], &in->query, &plan);
    if (rc == KX_OK && in->format == FORMAT_TABLE)
        put_people(in->out, plan);
    else if (rc == KX_OK && (rc = kx_doc_to_json(plan, &json)) == KX_OK)
        fprintf(in->out, in->format == FORMAT_JSON ? "[%s]\n" : "%s\n", json);
    if (rc != KX_OK)
        return inspect_fail(in, rc);
    in->matched = number_at(plan, "returned");
    return TOOL_OK;
}
