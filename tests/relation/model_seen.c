/* model_seen.c -- counts of what happened, and which of them are too low. */
#include "model_seen.h"

#include <stdio.h>

#include "support.h"

mn_counts mn_seen;

void mn_code(int rc)
{
    if (rc <= 0 && rc >= KX_ERROR_LAST)
        mn_seen.codes[-rc]++;
}

static void add(uint64_t *all, const uint64_t *some, size_t count)
{
    for (size_t i = 0; i < count; i++)
        all[i] += some[i];
}

void mn_fired(const mo_fired *fired)
{
    add(mn_seen.fired.on_delete, fired->on_delete, KX_SET_DEFAULT + 1);
    add(mn_seen.fired.on_update, fired->on_update, KX_SET_DEFAULT + 1);
    add(mn_seen.fired.kinds, fired->kinds, KX_MANY_TO_MANY + 1);
}

/* 1: too rarely. In runs of a few cases chance decides. */
static uint64_t report(const char *what, const char *name, uint64_t times)
{
    uint64_t wanted = kxt_scaled(100);
    bool enough = times >= wanted || wanted < 10;
    printf("%s %s %llu%s\n", what, name, (unsigned long long)times, enough ? "" : " -- too few");
    return !enough;
}

uint64_t mn_report(void)
{
    static const int codes[] = {KX_EXISTS,   KX_NOTFOUND,   KX_INVALID,  KX_REQUIRED,
                                KX_DANGLING, KX_RESTRICTED, KX_CONFLICT, KX_BUSY};
    uint64_t rare = 0;
    for (kx_action action = KX_DO_NOTHING; action <= KX_SET_DEFAULT; action++) {
        rare += report("on_delete", kx_action_name(action), mn_seen.fired.on_delete[action]);
        if (action != KX_PROTECT)
            rare += report("on_update", kx_action_name(action), mn_seen.fired.on_update[action]);
    }
    for (kx_relation_kind kind = KX_FOREIGN_KEY; kind <= KX_MANY_TO_MANY; kind++)
        rare += report("kind", kx_kind_name(kind), mn_seen.fired.kinds[kind]);
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        rare += report("code", kx_strerror(codes[i]), mn_seen.codes[-codes[i]]);
    rare += report("plans", "with blockers", mn_seen.blocked_plans);
    rare += report("children", "aborted", mn_seen.children_aborted);
    rare += report("transactions", "aborted", mn_seen.aborted - mn_seen.children_aborted);
    rare += report("transactions", "committed", mn_seen.commits);
    printf("operations %llu, refused %llu\n", (unsigned long long)mn_seen.operations,
           (unsigned long long)mn_seen.refused);
    return rare;
}
