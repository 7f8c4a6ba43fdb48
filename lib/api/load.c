/* load.c -- what was loaded with documents. The promises are in <lmdbkenobix/load.h>. */
#include <lmdbkenobix/load.h>

#include "api/api.h"

int kx_related_loaded(kx_doc *doc, const char *relation, kx_doc *const **docs, size_t *count)
{
    kx_txn *acting;
    if (docs != NULL)
        *docs = NULL;
    if (count != NULL)
        *count = 0;
    if (doc == NULL || relation == NULL || docs == NULL || count == NULL)
        return kx_base__done(kx_api__null("kx_related_loaded", doc == NULL ? "doc" : "the result"));
    int rc = kx_collection__enter_doc(doc, &acting);
    return kx_base__done(rc == KX_OK ? kx_relation__loaded(doc, relation, docs, count) : rc);
}

int kx_lazy_loads_at(kx_txn *txn, size_t n, kx_lazy_loads *loads)
{
    if (txn == NULL || loads == NULL)
        return kx_base__done(kx_api__null("kx_lazy_loads_at", txn == NULL ? "txn" : "loads"));
    const kx_lazy_tally *tally = txn->top->lazy;
    while (tally != NULL && n-- > 0)
        tally = tally->next;
    *loads = (kx_lazy_loads){0};
    if (tally == NULL)
        return KX_NOTFOUND;
    loads->collection = tally->relation->owner->name;
    loads->relation = tally->relation->declared.name;
    loads->loads = tally->loads;
    loads->batches = tally->results;
    return KX_OK;
}
