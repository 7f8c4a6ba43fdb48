/* guard.c -- what relations say to changes before they are written, and to transactions before they are committed. */
#include "relation/relation_impl.h"

const kx_guard kx_relation__guard = {0};
