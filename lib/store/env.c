/*
 * env.c -- the registry of this process's environments, opening and closing.
 *
 * LMDB's locks belong to the process: a second environment of the same file, once closed, takes the locks of the first
 * with it. So every open of a file (by device and inode) is one environment with a count, in a list under one lock.
 * Between processes, opening and closing are put in order by a flock on the store file itself.
 */
#include "store/store_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { OPEN_TRIES = 8, TRY_AGAIN = 1, SPARE_HANDLES = 4 };
#define MAP_MARGIN (UINT64_C(64) << 20)

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static kx_store *registry;
static kx_store *inherited; /* in a child: what its parent had open */
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

/* ---- registry ---------------------------------------------------------------- */

static void before_fork(void)
{
    pthread_mutex_lock(&registry_lock);
}
static void after_fork_parent(void)
{
    pthread_mutex_unlock(&registry_lock);
}

/* The child begins with no environments: those it sees belong to its parent. */
static void after_fork_child(void)
{
    kx_store **end = &registry;
    while (*end)
        end = &(*end)->next;
    *end = inherited;
    inherited = registry;
    registry = NULL;
    pthread_mutex_init(&registry_lock, NULL);
}

static void watch_forks(void)
{
    (void)pthread_atfork(before_fork, after_fork_parent, after_fork_child);
}

static kx_store *find_file(const struct stat *file)
{
    for (kx_store *s = registry; s; s = s->next)
        if (s->device == file->st_dev && s->inode == file->st_ino)
            return s;
    return NULL;
}

static kx_store *find_lock(const struct stat *file)
{
    for (kx_store *s = registry; s; s = s->next)
        if (s->lock_device == file->st_dev && s->lock_inode == file->st_ino && s->lock_inode != 0)
            return s;
    return NULL;
}

static uint64_t maps_total(void)
{
    uint64_t total = 0;
    for (kx_store *s = registry; s; s = s->next)
        total += atomic_load(&s->map_bytes);
    return total;
}

uint64_t kx_store__maps_total(void)
{
    pthread_mutex_lock(&registry_lock);
    uint64_t total = maps_total();
    pthread_mutex_unlock(&registry_lock);
    return total;
}

static void show_options(const kx_store_options *o, char text[160])
{
    snprintf(text, 160, "%s, %s, mode %04o, map limit %llu bytes", o->read_only ? "read only" : "read and write",
             o->sync == 0 ? "KX_SYNC" : "KX_SYNC_LATER", o->mode, (unsigned long long)o->map_limit_bytes);
}

/* One more open of an environment that is there. Limits of readers and timeouts may differ: the first one's readers
   count. */
static int open_again(kx_store *store, const kx_store_options *o)
{
    const kx_store_options *have = &store->options;
    char first[160], second[160];
    if (o->sync == have->sync && o->read_only == have->read_only && o->mode == have->mode &&
        o->map_limit_bytes == have->map_limit_bytes) {
        store->opens++;
        return KX_OK;
    }
    show_options(have, first);
    show_options(o, second);
    return kx_base__fail(KX_CONFLICT, "'%s' is open in this process (%s) and cannot be opened otherwise (%s)",
                         store->path, first, second);
}

/* ---- LMDB's environment --------------------------------------------------------- */

static int make_env(kx_store *store, uint64_t map_bytes, MDB_env **env)
{
    const kx_store_options *o = &store->options;
    unsigned flags = MDB_NOSUBDIR | MDB_NOTLS | (o->read_only ? MDB_RDONLY : 0u) | (o->sync == 0 ? 0u : MDB_NOMETASYNC);
    int mdb = mdb_env_create(env);
    if (mdb != 0)
        return mdb;
    mdb = mdb_env_set_mapsize(*env, map_bytes);
    if (mdb == 0)
        mdb = mdb_env_set_maxdbs(*env, KX_STORE_TABLES + SPARE_HANDLES);
    if (mdb == 0)
        mdb = mdb_env_set_maxreaders(*env, o->max_readers);
    if (mdb == 0)
        mdb = mdb_env_open(*env, store->path, flags, (mdb_mode_t)o->mode);
    if (mdb != 0) {
        mdb_env_close(*env);
        *env = NULL;
    }
    return mdb;
}

static int explain_open(const kx_store *store, int mdb, uint64_t map_bytes)
{
    if (mdb == ENOMEM || mdb == EINVAL)
        return kx_base__fail(KX_NOMEM, "'%s': no address space for a map of %llu MiB", store->path,
                             (unsigned long long)(map_bytes >> 20));
    if (mdb == MDB_INVALID || mdb == MDB_VERSION_MISMATCH)
        return kx_base__fail(KX_FORMAT, "'%s': its lock file '%s' is in use by another version of LMDB", store->path,
                             store->lock_path);
    if (mdb == EACCES || mdb == EPERM || mdb == EROFS)
        return kx_base__fail(KX_READONLY, "'%s': readers, too, need write access to the lock file '%s': %s",
                             store->path, store->lock_path, strerror(mdb));
    return kx_store__error(store, mdb, "open");
}

/* The descriptor is LMDB's, which leaves it open across exec; and it must be of the file that was checked. */
static int settle_env(kx_store *store, MDB_env *env)
{
    struct stat file, lock;
    MDB_stat shape;
    unsigned readers = 0;
    mdb_filehandle_t fd = -1;
    if (mdb_env_get_fd(env, &fd) != 0 || fstat(fd, &file) != 0 || file.st_dev != store->device ||
        file.st_ino != store->inode)
        return kx_base__fail(KX_REPLACED, "'%s' was replaced while it was being opened", store->path);
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (stat(store->lock_path, &lock) == 0) {
        store->lock_device = lock.st_dev;
        store->lock_inode = lock.st_ino;
    }
    mdb_env_stat(env, &shape);
    store->page_bytes = shape.ms_psize;
    store->reads_pages = kx_store__page_format(store->page_bytes);
    mdb_env_get_maxreaders(env, &readers);
    store->shard_count = SHARDS;
    while (store->shard_count > 1 && store->shard_count * 2 * SHARD_IDLE > readers)
        store->shard_count /= 2;
    (void)mdb_reader_check(env, NULL);
    return KX_OK;
}

static int open_env(kx_store *store)
{
    MDB_env *env = NULL;
    uint64_t need, others = maps_total();
    int rc = kx_store__check_head(store->fd, store->path, &need);
    if (rc != KX_OK || (need == 0 && store->options.read_only))
        return rc;
    uint64_t bytes = kx_store__map_first(store, need, others);
    int mdb = make_env(store, bytes, &env);
    while ((mdb == ENOMEM || mdb == EINVAL) && bytes / 2 >= need + MAP_MARGIN) {
        bytes /= 2;
        mdb = make_env(store, bytes, &env);
    }
    if (mdb != 0)
        return explain_open(store, mdb, bytes);
    rc = settle_env(store, env);
    if (rc != KX_OK) {
        mdb_env_close(env);
        return rc;
    }
    store->map_cap = kx_store__map_cap(store, others);
    atomic_store(&store->map_bytes, bytes > need ? bytes : need);
    atomic_store(&store->env, env);
    return KX_OK;
}

int kx_store__open_env_late(kx_store *store)
{
    struct stat file;
    if (fstat(store->fd, &file) == 0 && file.st_size == 0)
        return KX_OK;
    pthread_mutex_lock(&registry_lock);
    int rc = atomic_load(&store->env) ? KX_OK : kx_store__lock_file(store);
    if (rc == KX_OK && !atomic_load(&store->env)) {
        rc = open_env(store);
        kx_store__unlock_file(store);
    }
    pthread_mutex_unlock(&registry_lock);
    return rc;
}

/* ---- a store ----------------------------------------------------------------------- */

static void free_store(kx_store *store)
{
    if (!store)
        return;
    pthread_cond_destroy(&store->writer_free);
    pthread_mutex_destroy(&store->writer_lock);
    pthread_mutex_destroy(&store->resize_lock);
    kx_base__free(store->lock_path);
    kx_base__free(store->path);
    kx_base__free(store);
}

/* Takes `path` over, also when it fails. */
static int make_store(char *path, const kx_store_options *options, kx_store **made)
{
    pthread_condattr_t monotonic;
    size_t size = strlen(path) + sizeof("-lock");
    kx_store *store = kx_base__zalloc(sizeof(*store));
    char *lock_path = kx_base__alloc(size);
    *made = NULL;
    if (!store || !lock_path) {
        kx_base__free(store);
        kx_base__free(lock_path);
        kx_base__free(path);
        return kx_base__nomem();
    }
    snprintf(lock_path, size, "%s-lock", path);
    store->path = path;
    store->lock_path = lock_path;
    store->options = *options;
    store->forks = kx_base__fork_count();
    store->fd = -1;
    store->opens = 1;
    store->shard_count = 1;
    pthread_mutex_init(&store->resize_lock, NULL);
    pthread_mutex_init(&store->writer_lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&store->writer_free, &monotonic);
    pthread_condattr_destroy(&monotonic);
    *made = store;
    return KX_OK;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* The file behind store->path, kept open under flock. TRY_AGAIN when the path began to name another one meanwhile. */
static int open_file(kx_store *store, bool exists)
{
    const kx_store_options *o = &store->options;
    bool create = !exists && !o->read_only && !o->must_exist;
    int flags = (o->read_only ? O_RDONLY : O_RDWR) | (create ? O_CREAT : 0) | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    struct stat opened, named;
    store->fd = open(store->path, flags, (mode_t)o->mode);
    if (store->fd < 0)
        return errno == ENOENT && !create
                   ? TRY_AGAIN
                   : kx_store__sys_error(store->path, errno, create ? "create store" : "open store");
    int rc = kx_store__lock_file(store);
    if (rc != KX_OK)
        return rc;
    if (fstat(store->fd, &opened) != 0 || stat(store->path, &named) != 0 || !same_file(&opened, &named) ||
        find_file(&opened))
        return TRY_AGAIN;
    store->device = opened.st_dev;
    store->inode = opened.st_ino;
    rc = kx_store__check_kind(store->path, true);
    return rc == KX_OK && create ? kx_store__sync_folder(store->path) : rc;
}

/* Everything behind an open: needs the registry's lock, takes and gives back the flock. */
static void shut(kx_store *store)
{
    struct stat file;
    if (atomic_load(&store->env)) {
        kx_store__drain(store);
        mdb_env_close(atomic_load(&store->env));
        atomic_store(&store->env, NULL);
    }
    /* A file that another environment has open in the end (it was renamed meanwhile) would lose that one's locks
       here. */
    if (store->fd >= 0 && (fstat(store->fd, &file) != 0 || !find_file(&file)))
        close(store->fd);
    store->fd = -1;
}

static int open_new(kx_store *store, bool exists)
{
    int rc = open_file(store, exists);
    if (rc == KX_OK)
        rc = open_env(store);
    if (rc == KX_OK && atomic_load(&store->env))
        rc = kx_store__open_core(store);
    if (rc != KX_OK) {
        shut(store);
        return rc;
    }
    if (store->temporary) {
        (void)unlink(store->path);
        (void)unlink(store->lock_path);
        store->path[0] = '\0';
        store->lock_inode = 0;
    }
    kx_store__unlock_file(store);
    return KX_OK;
}

/* Merely opening and closing the lock file of another store would drop that one's locks. */
static int check_names(const char *path, const char *lock_path)
{
    struct stat file;
    if (stat(path, &file) == 0 && find_lock(&file))
        return kx_base__fail(KX_INVALID, "'%s' is the lock file of an open store", path);
    if (stat(lock_path, &file) != 0 || !find_lock(&file))
        return KX_OK;
    return kx_base__fail(
        KX_REPLACED,
        "'%s' was replaced while this process has the store open that was there before: close that one "
        "first (lock file '%s')",
        path, lock_path);
}

/* One attempt, under the registry's lock. */
static int open_path(const char *path, const kx_store_options *options, kx_store **opened)
{
    struct stat file;
    kx_store *store = NULL;
    char *resolved = NULL;
    bool exists = true;
    int rc = KX_OK;
    if (path)
        rc = kx_store__resolve(path, !options->read_only && !options->must_exist, &resolved, &exists);
    else if (!(resolved = kx_store__temporary_path()))
        rc = KX_IO;
    if (rc == KX_OK && exists && stat(resolved, &file) == 0 && (*opened = find_file(&file))) {
        kx_base__free(resolved);
        return open_again(*opened, options);
    }
    if (rc == KX_OK)
        rc = kx_store__check_kind(resolved, exists);
    if (rc == KX_OK && exists)
        rc = kx_store__check_system(resolved, options->read_only);
    if (rc != KX_OK) {
        kx_base__free(resolved);
        return rc;
    }
    rc = make_store(resolved, options, &store);
    if (rc == KX_OK) {
        store->temporary = !path;
        rc = check_names(store->path, store->lock_path);
    }
    if (rc == KX_OK)
        rc = open_new(store, exists);
    if (rc != KX_OK) {
        free_store(store);
        return rc;
    }
    store->next = registry;
    registry = *opened = store;
    return KX_OK;
}

static int check_options(const char *path, const kx_store_options *asked, kx_store_options *options)
{
    static const kx_store_options none;
    *options = asked ? *asked : none;
    if (options->mode == 0)
        options->mode = 0600;
    if (options->max_readers == 0)
        options->max_readers = 1024;
    if (path && *path == '\0')
        return kx_base__fail(KX_INVALID, "the path of a store is empty");
    if (options->sync != 0 && options->sync != 1)
        return kx_base__fail(KX_INVALID, "durability %d is not known: a store is opened with KX_SYNC or KX_SYNC_LATER",
                             options->sync);
    if (!path && (options->read_only || options->must_exist))
        return kx_base__fail(KX_INVALID, "a temporary store is always new: it cannot be read_only or must_exist");
    return KX_OK;
}

int kx_store__open(const char *path, const kx_store_options *asked, kx_store **store)
{
    kx_store_options options;
    *store = NULL;
    int rc = check_options(path, asked, &options);
    if (rc != KX_OK)
        return rc;
    pthread_once(&fork_once, watch_forks);
    pthread_mutex_lock(&registry_lock);
    rc = TRY_AGAIN;
    for (int i = 0; i < OPEN_TRIES && rc == TRY_AGAIN; i++)
        rc = open_path(path, &options, store);
    pthread_mutex_unlock(&registry_lock);
    if (rc == TRY_AGAIN)
        rc = kx_base__fail(KX_REPLACED, "'%s' is replaced again and again while it is being opened",
                           path ? path : "temporary store");
    if (rc != KX_OK)
        *store = NULL;
    return rc;
}

static void forget(kx_store *store)
{
    for (kx_store **link = &registry; *link; link = &(*link)->next)
        if (*link == store) {
            *link = store->next;
            return;
        }
}

int kx_store__close(kx_store *store)
{
    int rc = KX_OK;
    if (!store)
        return KX_OK;
    if (store->forks != kx_base__fork_count())
        return kx_base__fail(KX_FORKED, "'%s' was opened before a fork: the parent closes it", store->path);
    pthread_mutex_lock(&registry_lock);
    unsigned live = kx_store__live(store);
    if (store->opens > 1) {
        store->opens--;
    } else if (live > 0) {
        rc = kx_base__fail(KX_BUSY, "'%s' cannot be closed: %u transactions live", store->path, live);
    } else {
        forget(store);
        (void)kx_store__lock_file(store);
        shut(store);
        free_store(store);
    }
    pthread_mutex_unlock(&registry_lock);
    return rc;
}

/*
 * LMDB's memory and descriptors stay, and what points at them: closing them here would free the parent's reader slots
 * and end locks of the child's own environments.
 */
void kx_store__abandon(kx_store *store)
{
    if (!store || --store->opens > 0)
        return;
    kx_base__free(store->lock_path);
    kx_base__free(store->path);
    store->lock_path = store->path = NULL;
}

const char *kx_store__path(const kx_store *store)
{
    return store->path;
}

bool kx_store__was_replaced(const kx_store *store)
{
    struct stat file, lock;
    if (store->temporary)
        return false;
    return stat(store->path, &file) != 0 || file.st_dev != store->device || file.st_ino != store->inode ||
           stat(store->lock_path, &lock) != 0 || lock.st_dev != store->lock_device || lock.st_ino != store->lock_inode;
}
