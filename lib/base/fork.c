/*
 * fork.c -- tells a child made by fork() from its parent, at the price of a load.
 */
#include "base/base.h"

#include <pthread.h>

atomic_uint kx_base__forks;
static atomic_bool registered;

static void count_fork(void)
{
    atomic_fetch_add_explicit(&kx_base__forks, 1, memory_order_relaxed);
}

/* Tried again at the next call where the system had no memory for it. */
static void register_handler(void)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&lock);
    if (!atomic_load(&registered) && pthread_atfork(NULL, NULL, count_fork) == 0)
        atomic_store(&registered, true);
    pthread_mutex_unlock(&lock);
}

unsigned kx_base__fork_count(void)
{
    if (!atomic_load_explicit(&registered, memory_order_relaxed))
        register_handler();
    return atomic_load_explicit(&kx_base__forks, memory_order_relaxed);
}
