/*
 * inspect_plan.c -- kx-inspect plan: what deleting the documents that match would do. See inspect.h.
 */
#include <inttypes.h>
#include <string.h>

#include "common.h"
#include "inspect.h"

static void put_text(FILE *out, const char *text)
{
    tool_show(out, text, strlen(text), SIZE_MAX);
}

static void put_documents(FILE *out, uint64_t count, const char *collection)
{
    fprintf(out, "%" PRIu64 " document%s of ", count, count == 1 ? "" : "s");
    put_text(out, collection);
}

static const char *verb_of(kx_action action)
{
    return action == KX_SET_NULL ? "set null" : action == KX_SET_DEFAULT ? "set default" : "delete";
}

/* What was asked for has no relation; all else is there because of one. */
static void put_step(FILE *out, const kx_deletion_step *step)
{
    fprintf(out, "%-12s", verb_of(step->action));
    put_documents(out, step->documents, step->collection);
    if (step->relation != NULL) {
        fputs(", for ", out);
        put_text(out, step->relation);
    }
    putc('\n', out);
}

/* "blocked by  items 12, for items.order (restrict): users 1 <- orders.user 7 <- items.order 12" */
static void put_blocker(FILE *out, const kx_blocker *blocker)
{
    fputs("blocked by  ", out);
    put_text(out, blocker->collection);
    fprintf(out, " %" PRIu64 ", for ", blocker->id);
    put_text(out, blocker->relation);
    fprintf(out, " (%s): ", kx_action_name(blocker->action));
    put_text(out, blocker->path);
    putc('\n', out);
}

static void put_people(FILE *out, const kx_deletion *plan)
{
    kx_deletion_step step;
    kx_blocker       blocker;
    size_t           steps = 0, blockers = 0;

    for (; kx_deletion_step_at(plan, steps, &step) == KX_OK; steps++)
        put_step(out, &step);
    for (; kx_deletion_blocker_at(plan, blockers, &blocker) == KX_OK; blockers++)
        put_blocker(out, &blocker);
    if (steps == 0)
        fputs("nothing matches: nothing would change\n", out);
    else if (blockers > 0)
        fprintf(out, "refused     %zu document%s in the way: nothing would change\n", blockers,
                blockers == 1 ? " stands" : "s stand");
}

/* Documents that would go, for -e: none where something stands in the way. */
static uint64_t deleted(const kx_deletion *plan)
{
    kx_deletion_step step;
    kx_blocker       blocker;
    uint64_t         count = 0;

    if (kx_deletion_blocker_at(plan, 0, &blocker) == KX_OK)
        return 0;
    for (size_t n = 0; kx_deletion_step_at(plan, n, &step) == KX_OK; n++)
        count += step.action == KX_CASCADE ? step.documents : 0;
    return count;
}

int inspect_plan(kx_txn *txn, inspect *in)
{
    kx_deletion *plan = NULL;
    int          rc;

    in->query.filter = in->operands[1];
    rc = kx_delete_plan_where(txn, in->operands[0], &in->query, &plan);
    if (rc != KX_OK)
        return inspect_fail(in, rc);
    if (in->format == FORMAT_TABLE)
        put_people(in->out, plan);
    else
        fprintf(in->out, in->format == FORMAT_JSON ? "[%s]\n" : "%s\n", kx_deletion_json(plan));
    in->matched = deleted(plan);
    kx_deletion_free(plan);
    return TOOL_OK;
}
