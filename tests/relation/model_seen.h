/* model_seen.h -- what happened in all cases: a test that no longer tries something fails. */
#ifndef KX_TESTS_MODEL_SEEN_H
#define KX_TESTS_MODEL_SEEN_H

#include "model_oracle.h"

typedef struct mn_counts {
    uint64_t codes[1 - KX_ERROR_LAST];
    uint64_t operations, refused, children_aborted, aborted, commits, blocked_plans;
    mo_fired fired;
} mn_counts;

extern mn_counts mn_seen;

void mn_code(int rc);
void mn_fired(const mo_fired *fired);
uint64_t mn_report(void); /* printed; how many happened too rarely */

#endif
