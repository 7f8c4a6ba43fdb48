/*
 * memory.c -- the anonymous memory of a process that only reads: what it costs beyond the pages of the store's file,
 * which the system shares and takes back. The reader is this program once more, as `kx-bench --reader PEER PATH`, so
 * that nothing of what the measuring process holds is counted.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

/* 0 where the system does not tell. */
static uint64_t anonymous_bytes(void)
{
    unsigned long long kib = 0;
    char line[256];
    FILE *status = fopen("/proc/self/status", "r");

    while (status != NULL && fgets(line, sizeof line, status) != NULL)
        if (sscanf(line, "RssAnon: %llu kB", &kib) == 1)
            break;
    if (status != NULL)
        fclose(status);
    return 1024 * (uint64_t)kib;
}

static int read_all(const bench_peer *peer, void *store)
{
    bench_work work = {.count = 1};
    uint64_t answer = 0;

    int rc = peer->settle == NULL ? 0 : peer->settle(store);
    if (rc == 0 && peer->prepare != NULL)
        rc = peer->prepare(store, ROW_R5F, &work);
    if (rc != 0)
        return rc;
    rc = peer->rows[ROW_R5F](store, &work, &answer);
    if (rc == 0)
        printf("%llu\n", (unsigned long long)anonymous_bytes());
    int ended = peer->finish == NULL ? 0 : peer->finish(store, ROW_R5F);
    return rc != 0 ? rc : ended;
}

int bench_reader(const bench_peer *peer, const char *path)
{
    bench_data none = {0};
    void *store;

    int rc = peer->open(path, &none, SET_SHOP, &store);
    if (rc != 0)
        return BENCH_FAILED;
    rc = read_all(peer, store);
    int closed = peer->close(store);
    return rc != 0 || closed != 0 || fflush(stdout) != 0 ? BENCH_FAILED : BENCH_DONE;
}

static void become_reader(const char *peer, const char *path, const int ends[2])
{
    if (dup2(ends[1], STDOUT_FILENO) >= 0) {
        close(ends[0]);
        close(ends[1]);
        execl("/proc/self/exe", "kx-bench", "--reader", peer, path, (char *)NULL);
    }
    _exit(BENCH_FAILED);
}

/* What the child prints, and how it ends. */
static int hear_reader(pid_t child, int end, uint64_t *bytes)
{
    unsigned long long number = 0;
    FILE *heard = fdopen(end, "r");
    int status = 0;

    if (heard == NULL)
        close(end);
    else if (fscanf(heard, "%llu", &number) != 1)
        number = 0;
    if (heard != NULL)
        fclose(heard);
    *bytes = number;
    return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : BENCH_FAILED;
}

int bench_measure_reader(const bench_peer *peer, const char *path, uint64_t *bytes)
{
    int ends[2];

    *bytes = 0;
    if (access("/proc/self/exe", X_OK) != 0)
        return 0;
    if (pipe(ends) != 0)
        return bench_fail("no pipe for a reader");
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        become_reader(peer->name, path, ends);
    close(ends[1]);
    if (child < 0) {
        close(ends[0]);
        return bench_fail("no process for a reader");
    }
    return hear_reader(child, ends[0], bytes) == BENCH_DONE ? 0 : bench_fail("%s: the reader failed", peer->name);
}
