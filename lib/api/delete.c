/* delete.c -- plans of deletes. The promises are in <lmdbkenobix/delete.h>. */
#include <lmdbkenobix/delete.h>

#include "api/api.h"

int kx_delete_plan(kx_doc *doc, kx_deletion **plan)
{
    kx_txn *acting;
    if (plan != NULL)
        *plan = NULL;
    if (doc == NULL || plan == NULL)
        return kx_base__done(kx_api__null("kx_delete_plan", doc == NULL ? "doc" : "plan"));
    int rc = kx_collection__enter_doc(doc, &acting);
    return kx_base__done(rc == KX_OK ? kx_relation__deletion(doc, plan) : rc);
}

int kx_deletion_apply(kx_txn *txn, const kx_deletion *plan)
{
    if (txn == NULL || plan == NULL)
        return kx_base__done(kx_api__null("kx_deletion_apply", txn == NULL ? "txn" : "plan"));
    int rc = kx_collection__enter(txn);
    return kx_base__done(rc == KX_OK ? kx_relation__apply_deletion(txn, plan) : rc);
}

/* These look at memory alone. */

int kx_deletion_step_at(const kx_deletion *plan, size_t n, kx_deletion_step *step)
{
    if (plan == NULL || step == NULL)
        return kx_base__done(kx_api__null("kx_deletion_step_at", plan == NULL ? "plan" : "step"));
    bool there = n < plan->step_count;
    *step = there ? plan->steps[n] : (kx_deletion_step){0};
    return there ? KX_OK : KX_NOTFOUND;
}

int kx_deletion_blocker_at(const kx_deletion *plan, size_t n, kx_blocker *blocker)
{
    if (plan == NULL || blocker == NULL)
        return kx_base__done(kx_api__null("kx_deletion_blocker_at", plan == NULL ? "plan" : "blocker"));
    bool there = n < plan->blocker_count;
    *blocker = there ? plan->blockers[n] : (kx_blocker){0};
    return there ? KX_OK : KX_NOTFOUND;
}

const char *kx_deletion_json(const kx_deletion *plan)
{
    return plan != NULL ? plan->json : "";
}

void kx_deletion_free(kx_deletion *plan)
{
    kx_relation__free_deletion(plan);
}
