/*
 * file.c -- the store as a file: its true path, what kind of file and file system it is on, its folder.
 *
 * LMDB derives the lock file's name from the path it is given, so two paths of one file would mean two lock files and
 * two writers. Hence: links are followed to the end before anything is opened, and a second hard link is refused.
 */
#include "store/store_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { LINKS_MAX = 40 }; /* as the kernel has it */

/* ---- paths ------------------------------------------------------------------- */

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Everything up to the last slash, "." where there is none. */
static void folder_of(const char *path, char folder[PATH_MAX])
{
    const char *name = last_part(path);
    size_t size = (size_t)(name - path);
    if (size == 0) {
        memcpy(folder, ".", 2);
        return;
    }
    memcpy(folder, path, size);
    folder[size > 1 ? size - 1 : size] = '\0';
}

/* The file is not there: its folder's true path and its name; a dangling link is replaced by what it points at. */
static int resolve_missing(const char *path, char resolved[PATH_MAX])
{
    char name[PATH_MAX], folder[PATH_MAX], target[PATH_MAX];
    if (strlen(path) >= sizeof(name))
        return ENAMETOOLONG;
    strcpy(name, path);
    for (int links = 0; links < LINKS_MAX; links++) {
        folder_of(name, folder);
        if (!realpath(folder, resolved))
            return errno;
        if (*last_part(name) == '\0')
            return ENOENT;
        size_t used = strlen(resolved);
        int more = snprintf(resolved + used, PATH_MAX - used, "%s%s", used > 1 ? "/" : "", last_part(name));
        if (more < 0 || (size_t)more >= PATH_MAX - used)
            return ENAMETOOLONG;
        ssize_t size = readlink(resolved, target, sizeof(target) - 1);
        if (size < 0)
            return errno == EINVAL || errno == ENOENT ? 0 : errno;
        target[size] = '\0';
        folder_of(resolved, folder);
        if (snprintf(name, sizeof(name), "%s%s%s", target[0] == '/' ? "" : folder, target[0] == '/' ? "" : "/",
                     target) >= (int)sizeof(name))
            return ENAMETOOLONG;
    }
    return ELOOP;
}

int kx_store__resolve(const char *path, bool may_create, char **resolved, bool *exists)
{
    char full[PATH_MAX];
    int error = 0;
    *resolved = NULL;
    *exists = realpath(path, full) != NULL;
    if (!*exists) {
        error = errno;
        if (error == ENOENT && !may_create)
            return kx_base__fail(KX_NOTFOUND, "store '%s' is not there", path);
        if (error == ENOENT)
            error = resolve_missing(path, full);
    }
    if (error != 0)
        return kx_store__sys_error(path, error, "open store");
    *resolved = kx_base__copy_text(full);
    return *resolved ? KX_OK : kx_base__nomem();
}

char *kx_store__temporary_path(void)
{
    const char *folder = getenv("TMPDIR");
    char path[PATH_MAX];
    if (!folder || *folder != '/')
        folder = "/tmp";
    int fd = snprintf(path, sizeof(path), "%s/kx-XXXXXX", folder) < (int)sizeof(path) ? mkostemp(path, O_CLOEXEC) : -1;
    if (fd < 0) {
        kx_store__sys_error(folder, errno, "make a temporary store in");
        return NULL;
    }
    close(fd);
    return kx_base__copy_text(path);
}

/* ---- kinds of files and of file systems --------------------------------------- */

/* Numbers of statfs(2). The map of a remote file is not kept in step with writes of other machines, or even of this
   one. */
bool kx_store__is_remote(uint64_t type)
{
    static const uint32_t remote[] = {
        0x6969,                             /* NFS */
        0x517B,     0xFF534D42, 0xFE534D42, /* SMB, CIFS, SMB2 */
        0x01021997,                         /* 9p */
        0x65735546,                         /* FUSE */
        0x5346414F, 0x6B414653,             /* AFS */
        0x00C36400                          /* Ceph */
    };
    for (size_t i = 0; i < sizeof(remote) / sizeof(remote[0]); i++)
        if ((uint32_t)type == remote[i])
            return true;
    return false;
}

int kx_store__check_kind(const char *path, bool exists)
{
    struct stat file;
    struct statfs fs;
    char folder[PATH_MAX];
    if (exists) {
        if (stat(path, &file) != 0)
            return kx_store__sys_error(path, errno, "open store");
        if (S_ISDIR(file.st_mode))
            return kx_base__fail(KX_INVALID, "'%s' is a folder; a store is a single file", path);
        if (!S_ISREG(file.st_mode))
            return kx_base__fail(KX_INVALID, "'%s' is not a regular file", path);
        if (file.st_nlink > 1)
            return kx_base__fail(KX_INVALID,
                                 "'%s' has %lu hard links; each name would have locks of its own, so a store has one",
                                 path, (unsigned long)file.st_nlink);
    }
    folder_of(path, folder);
    if (statfs(exists ? path : folder, &fs) == 0 && kx_store__is_remote((uint64_t)fs.f_type))
        return kx_base__fail(
            KX_REMOTE,
            "'%s' is on a network or user-space file system (type 0x%lx), whose maps and locks a store "
            "cannot rely on",
            path, (unsigned long)fs.f_type);
    return KX_OK;
}

/* LMDB goes on without any lock on a read-only file system, and then writers elsewhere do not see the reader. */
int kx_store__check_system(const char *path, bool read_only)
{
    struct statvfs fs;
    if (statvfs(path, &fs) != 0 || !(fs.f_flag & ST_RDONLY))
        return KX_OK;
    if (!read_only)
        return kx_base__fail(KX_READONLY, "'%s' is on a read-only file system", path);
    return kx_base__fail(KX_READONLY,
                         "'%s' is on a read-only file system: a reader needs write access to the lock file '%s-lock'",
                         path, path);
}

/* A new name survives power loss only when its folder was synced. */
int kx_store__sync_folder(const char *path)
{
    char folder[PATH_MAX];
    folder_of(path, folder);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error = fd < 0 || fsync(fd) != 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
    if (error == 0 || error == EINVAL || error == EACCES || error == ENOTSUP)
        return KX_OK;
    return kx_store__sys_error(folder, error, "sync folder");
}

int kx_store__lock_file(const kx_store *store)
{
    while (flock(store->fd, LOCK_EX) != 0)
        if (errno != EINTR)
            return kx_store__sys_error(store->path, errno, "lock store");
    return KX_OK;
}

void kx_store__unlock_file(const kx_store *store)
{
    (void)flock(store->fd, LOCK_UN);
}
