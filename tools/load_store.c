/*
 * load_store.c -- the store that a load writes: in place, or made beside its name and renamed when it is whole.
 *
 * A fresh store is built in a folder of its own, which is locked for as long as its load runs:
 *
 *   world.kx                     what it will be
 *   .world.kx.tmp-Xy12ab/        flock()ed
 *       store.kx, store.kx-lock
 *
 * What a load that was killed has left is such a folder without a lock; the next load of that name removes it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common.h"
#include "load.h"

static const char inner[] = "store.kx";

static int fail(const target *to, const char *what)
{
    tool_say("%s: %s: %s", to->name, what, strerror(errno));
    return TOOL_FAILED;
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL)
        return tool_copy(".");
    return tool_print("%.*s", slash == path ? 1 : (int)(slash - path), path);
}

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

/* ---- the name --------------------------------------------------------------------------- */

/* Where a symbolic link points, one step; NULL when it is none. */
static char *link_of(const char *path)
{
    char    text[4096];
    ssize_t size = readlink(path, text, sizeof(text) - 1);
    char   *folder, *to;

    if (size < 0)
        return NULL;
    text[size] = '\0';
    if (text[0] == '/')
        return tool_copy(text);
    folder = folder_of(path);
    to = tool_print("%s/%s", folder, text);
    free(folder);
    return to;
}

/* The path without links, also of a file that is not there yet. NULL with errno. */
static char *resolve(const char *name)
{
    char *path = tool_copy(name), *real, *next, *folder;

    for (int steps = 0; (real = realpath(path, NULL)) == NULL && errno == ENOENT && steps < 40; steps++) {
        next = link_of(path);
        if (next == NULL)
            break;
        free(path);
        path = next;
    }
    if (real == NULL && errno == EINVAL)
        errno = ENOENT;             /* readlink() of what is no link */
    if (real == NULL && errno == ENOENT && *base_of(path) != '\0') {
        folder = folder_of(path);
        next = realpath(folder, NULL);
        if (next != NULL)
            real = tool_print("%s/%s", strcmp(next, "/") == 0 ? "" : next, base_of(path));
        free(folder);
        free(next);
    }
    free(path);
    return real;
}

/* ---- the folder beside it ------------------------------------------------------------------ */

static void remove_folder(const char *folder)
{
    DIR           *all = opendir(folder);
    struct dirent *one;

    while (all != NULL && (one = readdir(all)) != NULL)
        if (strncmp(one->d_name, inner, sizeof(inner) - 1) == 0)
            unlinkat(dirfd(all), one->d_name, 0);
    if (all != NULL)
        closedir(all);
    rmdir(folder);
}

/* The lock, or -1 when another load holds it or it is no folder. */
static int lock_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static void sweep(const char *path)
{
    char          *folder = folder_of(path);
    char          *begin = tool_print(".%s.tmp-", base_of(path));
    DIR           *all = opendir(folder);
    struct dirent *one;

    while (all != NULL && (one = readdir(all)) != NULL) {
        char *left;
        int   lock;

        if (strncmp(one->d_name, begin, strlen(begin)) != 0)
            continue;
        left = tool_print("%s/%s", folder, one->d_name);
        lock = lock_folder(left);
        if (lock >= 0) {
            remove_folder(left);
            close(lock);
        }
        free(left);
    }
    if (all != NULL)
        closedir(all);
    free(begin);
    free(folder);
}

/* Make it and lock it; in between another load may take it for a leftover, and then a new one is made. */
static int make_folder(target *to)
{
    char       *parent = folder_of(to->path);
    struct stat status;
    int         made = TOOL_FAILED;

    sweep(to->path);
    for (int tries = 0; tries < 10 && made != TOOL_OK; tries++) {
        free(to->folder);
        to->folder = tool_print("%s/.%s.tmp-XXXXXX", parent, base_of(to->path));
        if (mkdtemp(to->folder) == NULL)
            break;
        to->lock = lock_folder(to->folder);
        if (to->lock >= 0 && fstat(to->lock, &status) == 0 && status.st_nlink > 0)
            made = TOOL_OK;
        else if (to->lock >= 0)
            close(to->lock);
    }
    free(parent);
    if (made != TOOL_OK) {
        fail(to, "no store can be made in its folder");
        free(to->folder);
        to->folder = NULL;
        to->lock = -1;
    }
    return made;
}

/* ---- open, end -------------------------------------------------------------------------------- */

int target_find(target *to, const load_options *options)
{
    struct stat status;

    *to = (target){.name = options->store, .lock = -1};
    to->path = resolve(options->store);
    if (to->path == NULL)
        return fail(to, "cannot be found or made");
    to->fresh = stat(to->path, &status) != 0;
    return TOOL_OK;
}

int target_open(target *to, const load_options *options, uint32_t schema_version)
{
    kx_options how = {.sync = options->sync};

    if (to->fresh && options->batch == 0) {
        if (make_folder(to) != TOOL_OK)
            return TOOL_FAILED;
        to->file = tool_print("%s/%s", to->folder, inner);
        how.sync = KX_SYNC_LATER;       /* synced whole, at the end */
    } else {
        to->file = tool_copy(to->path);
        how.must_exist = !to->fresh;
    }
    if (to->fresh)
        how.schema_version = schema_version;
    if (kx_open(to->file, &how, &to->db) == KX_OK)
        return TOOL_OK;
    tool_say_error(to->name);
    return TOOL_FAILED;
}

static bool sync_path(const char *path, int flags)
{
    int  fd = open(path, O_RDONLY | O_CLOEXEC | flags);
    bool ok = fd >= 0 && fsync(fd) == 0;

    if (fd >= 0)
        close(fd);
    return ok;
}

/* Give the file its name, unless somebody else has taken it. */
static int put_in_place(const target *to)
{
    if (renameat2(AT_FDCWD, to->file, AT_FDCWD, to->path, RENAME_NOREPLACE) == 0)
        return TOOL_OK;
    if ((errno == EINVAL || errno == ENOSYS) && link(to->file, to->path) == 0) {
        unlink(to->file);
        return TOOL_OK;
    }
    if (errno != EEXIST)
        return fail(to, "cannot be put in place");
    tool_say("%s: was made by somebody else while this load ran; nothing was changed: load again to add to it", to->name);
    return TOOL_FAILED;
}

static void forget(target *to)
{
    if (to->folder != NULL)
        remove_folder(to->folder);
    if (to->lock >= 0)
        close(to->lock);
    free(to->folder);
    free(to->file);
    free(to->path);
    *to = (target){.name = to->name, .lock = -1};
}

int target_commit(target *to, const load_options *options)
{
    char *parent;
    int   status = TOOL_OK;

    if (kx_close(to->db) != KX_OK) {
        tool_say_error(to->name);
        return TOOL_FAILED;
    }
    to->db = NULL;
    if (to->folder != NULL) {
        parent = folder_of(to->path);
        if (options->sync == KX_SYNC && !sync_path(to->file, 0))
            status = fail(to, "cannot be written to the device");
        if (status == TOOL_OK)
            status = put_in_place(to);
        if (status == TOOL_OK && options->sync == KX_SYNC && !sync_path(parent, O_DIRECTORY))
            status = fail(to, "is in place, but its folder cannot be written to the device");
        free(parent);
    }
    if (status == TOOL_OK && to->fresh && !options->quiet)
        tool_say("created %s", to->name);
    forget(to);
    return status;
}

void target_drop(target *to)
{
    if (to->db != NULL)
        kx_close(to->db);
    forget(to);
}
