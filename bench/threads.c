/* threads.c -- two readers at a time, and a writer that does not pause. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "bench.h"

typedef struct part { int (*work)(void *context); void *context; int rc; } part;

static void *run_part(void *context)
{
    part *mine = context;
    mine->rc = mine->work(mine->context);
    return NULL;
}

int bench_two_threads(int (*work)(void *context), void *first, void *second)
{
    part here = {work, first, 0}, there = {work, second, 0};
    pthread_t thread;

    if (pthread_create(&thread, NULL, run_part, &there) != 0)
        return bench_fail("no thread");
    run_part(&here);
    pthread_join(thread, NULL);
    return here.rc != 0 ? here.rc : there.rc;
}

struct bench_busy {
    pthread_t   thread;
    atomic_bool stop;
    int       (*work)(void *context);
    void       *context;
    int         rc;
};

static void *keep_busy(void *context)
{
    bench_busy *busy = context;

    while (!atomic_load(&busy->stop) && busy->rc == 0)
        busy->rc = busy->work(busy->context);
    return NULL;
}

int bench_busy_start(bench_busy **busy, int (*work)(void *context), void *context)
{
    *busy = calloc(1, sizeof **busy);
    if (*busy == NULL)
        return bench_fail("no memory");
    (*busy)->work = work;
    (*busy)->context = context;
    if (pthread_create(&(*busy)->thread, NULL, keep_busy, *busy) == 0)
        return 0;
    free(*busy);
    *busy = NULL;
    return bench_fail("no thread");
}

int bench_busy_stop(bench_busy *busy)
{
    if (busy == NULL)
        return 0;
    atomic_store(&busy->stop, true);
    pthread_join(busy->thread, NULL);
    int rc = busy->rc;
    free(busy);
    return rc;
}
