/* files.c -- the folder that a run has for itself, and what its peers leave in it. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

char *bench_make_folder(const char *parent)
{
    size_t size = strlen(parent) + sizeof "/kx-bench-XXXXXX";
    char *folder = malloc(size);

    if (folder == NULL) {
        bench_fail("no memory");
        return NULL;
    }
    snprintf(folder, size, "%s/kx-bench-XXXXXX", parent);
    if (mkdtemp(folder) != NULL)
        return folder;
    bench_fail("%s: cannot make a folder there: %s", parent, strerror(errno));
    free(folder);
    return NULL;
}

/* A file, or a folder with files. */
static void remove_entry(const char *path)
{
    char inside[8192];

    if (unlink(path) == 0)
        return;
    DIR *entries = opendir(path);
    for (struct dirent *entry; entries != NULL && (entry = readdir(entries)) != NULL;) {
        snprintf(inside, sizeof inside, "%s/%s", path, entry->d_name);
        unlink(inside);
    }
    if (entries != NULL)
        closedir(entries);
    rmdir(path);
}

static bool is_of_store(const char *name, const char *store)
{
    static const char *const endings[] = {"", "-lock", "-wal", "-shm", "-journal", ".env"};
    size_t size = strlen(store);

    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
        if (strncmp(name, store, size) == 0 && strcmp(name + size, endings[i]) == 0)
            return true;
    return false;
}

void bench_remove_store(const char *folder, const char *name)
{
    DIR *entries = opendir(folder);
    char path[4096];

    for (struct dirent *entry; entries != NULL && (entry = readdir(entries)) != NULL;) {
        if (!is_of_store(entry->d_name, name))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        remove_entry(path);
    }
    if (entries != NULL)
        closedir(entries);
}
