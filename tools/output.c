/*
 * output.c -- see output.h.
 */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common.h"

enum { BUFFER = 1 << 16 };

static int fail(const char *path, const char *what)
{
    tool_say("%s: %s: %s", path, what, strerror(errno));
    return TOOL_FAILED;
}

/* ".name.tmp-XXXXXX" in the folder of `path`. */
static char *name_beside(const char *path)
{
    const char *slash = strrchr(path, '/');
    int         folder = slash == NULL ? 0 : (int)(slash - path) + 1;

    return tool_print("%.*s.%s.tmp-XXXXXX", folder, path, path + folder);
}

/* Where a link leads. One that leads to no name, as /dev/stdout does in a pipe, stays what it is. */
static char *resolve(const char *path)
{
    char *real = realpath(path, NULL);

    return real != NULL ? real : tool_copy(path);
}

/* A link is never renamed over, whatever it leads to. */
static bool is_link(const char *path)
{
    struct stat there;

    return lstat(path, &there) == 0 && S_ISLNK(there.st_mode);
}

/* What may be replaced, and the permissions that the new file gets. */
static int look_at(const char *path, const char *store, bool force, bool *in_place, mode_t *mode)
{
    struct stat there, source;
    mode_t      mask = umask(0);

    umask(mask);
    *in_place = is_link(path);
    *mode = 0666 & ~mask;
    if (stat(path, &there) != 0)
        return errno == ENOENT ? TOOL_OK : fail(path, "cannot be looked at");
    if (S_ISDIR(there.st_mode))
        return tool_usage("%s is a folder; name a file to write", path);
    if (stat(store, &source) == 0 && source.st_dev == there.st_dev && source.st_ino == there.st_ino)
        return tool_usage("%s is the store that is read; name another file to write", path);
    *in_place = !S_ISREG(there.st_mode) || is_link(path);
    *mode = there.st_mode & 07777;
    if (!force && access(path, W_OK) != 0) {
        tool_say("%s: may not be written; -f replaces it all the same", path);
        return TOOL_FAILED;
    }
    return TOOL_OK;
}

static int open_beside(output *out, mode_t mode)
{
    int fd;

    out->temporary = name_beside(out->path);
    fd = mkostemp(out->temporary, O_CLOEXEC);
    if (fd >= 0 && fchmod(fd, mode) == 0 && (out->file = fdopen(fd, "w")) != NULL)
        return TOOL_OK;
    fail(out->path, "no file can be made beside it");
    if (fd >= 0) {
        unlink(out->temporary);
        close(fd);
    }
    return TOOL_FAILED;
}

static void forget(output *out)
{
    free(out->path);
    free(out->temporary);
    memset(out, 0, sizeof(*out));
}

int output_begin(output *out, const char *path, const char *store, bool force)
{
    bool   in_place;
    mode_t mode;
    int    status;

    memset(out, 0, sizeof(*out));
    out->file = stdout;
    if (path != NULL) {
        out->path = resolve(path);
        status = look_at(out->path, store, force, &in_place, &mode);
        if (status == TOOL_OK && !in_place)
            status = open_beside(out, mode);
        else if (status == TOOL_OK && (out->file = fopen(out->path, "we")) == NULL)
            status = fail(out->path, "cannot be opened");
        if (status != TOOL_OK) {
            forget(out);
            return status;
        }
    }
    setvbuf(out->file, NULL, _IOFBF, BUFFER);
    return TOOL_OK;
}

int output_end(output *out)
{
    const char *name = out->path != NULL ? out->path : "standard output";
    bool        ok = !ferror(out->file) && fflush(out->file) == 0;
    int         status = TOOL_OK;

    if (ok && out->temporary != NULL)
        ok = fsync(fileno(out->file)) == 0;
    if (fclose(out->file) != 0)
        ok = false;
    if (!ok)
        status = fail(name, "cannot be written");
    else if (out->temporary != NULL && rename(out->temporary, out->path) != 0)
        status = fail(name, "cannot be put in place");
    if (status != TOOL_OK && out->temporary != NULL)
        unlink(out->temporary);
    forget(out);
    return status;
}

void output_drop(output *out)
{
    if (out->temporary != NULL)
        unlink(out->temporary);
    if (out->path != NULL && out->file != NULL)
        fclose(out->file);
    forget(out);
}
