/*
 * support.c -- see support.h.
 *
 * The runner makes one root folder before Check forks; tests make theirs inside it. A test that ends well removes its own;
 * what a killed or failed test leaves goes with the root. Each process removes only what it made itself.
 */
#include "support.h"

#undef tcase_create

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef KXT_SRCDIR
#define KXT_SRCDIR "."
#endif
#ifndef KXT_BUILDDIR
#define KXT_BUILDDIR "."
#endif

enum { KXT_TIMEOUT_SECONDS = 600 };

/* What was handed out stays reachable from here, so that leak checkers see that it is kept on purpose. */
struct kept {
    struct kept *next;
    char         text[];
};

struct folder {
    struct folder *next;
    pid_t          owner;
    char           path[];
};

static struct kept   *kept;
static struct folder *folders;      /* newest first */
static const char    *root;         /* holds every other folder */
static const char    *own;          /* this test's folder, for kxt_path() */
static bool           registered;   /* the removal at exit, which a forked process inherits */
static uint64_t       seed;
static bool           seeded;

static void die(const char *what, const char *about)
{
    fprintf(stderr, "tests/support.c: %s %s: %s\n", what, about, strerror(errno));
    fflush(NULL);
    abort();
}

static char *keep(size_t size)
{
    struct kept *one = malloc(sizeof(*one) + size + 1);

    if (one == NULL)
        die("cannot allocate for", "a test");
    one->next = kept;
    kept = one;
    one->text[size] = '\0';
    return one->text;
}

char *kxt_print(const char *format, ...)
{
    va_list args, again;
    char   *text;
    int     size;

    va_start(args, format);
    va_copy(again, args);
    size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (size < 0)
        die("cannot print", format);
    text = keep((size_t)size);
    vsnprintf(text, (size_t)size + 1, format, again);
    va_end(again);
    return text;
}

/* ---- folders ------------------------------------------------------------------ */

static int open_up(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)place;
    if (type == FTW_D || type == FTW_DNR)
        (void)chmod(path, 0700);
    return 0;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    (void)remove(path);
    return 0;
}

static void remove_folders(void)
{
    for (struct folder *one = folders; one != NULL; one = one->next) {
        if (one->owner != getpid())
            continue;
        (void)nftw(one->path, open_up, 16, FTW_PHYS);
        (void)nftw(one->path, remove_one, 16, FTW_PHYS | FTW_DEPTH);
    }
}

static char *make_folder(const char *parent)
{
    size_t         size = strlen(parent) + sizeof("/kx-XXXXXX");
    struct folder *one = malloc(sizeof(*one) + size);

    if (one == NULL)
        die("cannot allocate for", parent);
    snprintf(one->path, size, "%s/kx-XXXXXX", parent);
    if (mkdtemp(one->path) == NULL)
        die("cannot make a folder in", parent);
    one->owner = getpid();
    one->next = folders;
    folders = one;
    if (!registered && atexit(remove_folders) != 0)
        die("cannot register the removal of", one->path);
    registered = true;
    return one->path;
}

static void make_root(void)
{
    const char *parent = getenv("TMPDIR");

    if (root == NULL)
        root = make_folder(parent != NULL && *parent != '\0' ? parent : "/tmp");
}

char *kxt_folder(void)
{
    make_root();
    return make_folder(root);
}

char *kxt_path(const char *name)
{
    if (own == NULL)
        own = kxt_folder();
    return kxt_print("%s/%s", own, name);
}

char *kxt_source(const char *name)
{
    return kxt_print("%s/%s", KXT_SRCDIR, name);
}

char *kxt_built(const char *name)
{
    return kxt_print("%s/%s", KXT_BUILDDIR, name);
}

/* ---- files ---------------------------------------------------------------------- */

void kxt_write_bytes(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "wb");

    if (file == NULL)
        die("cannot open", path);
    if (size > 0 && fwrite(data, 1, size, file) != size)
        die("cannot write", path);
    if (fclose(file) != 0)
        die("cannot close", path);
}

void kxt_write_file(const char *path, const char *text)
{
    kxt_write_bytes(path, text, strlen(text));
}

static char *read_all(int fd, const char *path, size_t *size)
{
    struct stat status;
    size_t      done = 0;
    char       *text;

    if (fstat(fd, &status) != 0)
        die("cannot look at", path);
    text = keep((size_t)status.st_size);
    while (done < (size_t)status.st_size) {
        ssize_t got = pread(fd, text + done, (size_t)status.st_size - done, (off_t)done);
        if (got < 0)
            die("cannot read", path);
        if (got == 0)
            break;
        done += (size_t)got;
    }
    text[done] = '\0';
    if (size != NULL)
        *size = done;
    return text;
}

char *kxt_read_file(const char *path, size_t *size)
{
    int   fd = open(path, O_RDONLY | O_CLOEXEC);
    char *text;

    if (fd < 0)
        die("cannot open", path);
    text = read_all(fd, path, size);
    close(fd);
    return text;
}

/* ---- commands --------------------------------------------------------------------- */

/* An unnamed file: a pipe would need somebody at its other end. */
static int scratch_file(const char *text)
{
    char *path;
    int   fd;

    make_root();
    path = kxt_print("%s/io-XXXXXX", root);
    fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0 || unlink(path) != 0)
        die("cannot make", path);
    if (text != NULL) {
        size_t size = strlen(text);
        if (pwrite(fd, text, size, 0) != (ssize_t)size)
            die("cannot write", path);
    }
    return fd;
}

static void run_child(char *const argv[], const int fds[3])
{
    for (int i = 0; i < 3; i++)
        if (dup2(fds[i], i) < 0)
            _exit(126);
    execvp(argv[0], argv);
    dprintf(2, "cannot run %s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

int kxt_command(char *const argv[], const char *stdin_text, char **out, char **err)
{
    int   fds[3] = {scratch_file(stdin_text), scratch_file(NULL), scratch_file(NULL)};
    int   status;
    pid_t pid;

    fflush(NULL);
    pid = fork();
    if (pid < 0)
        die("cannot fork for", argv[0]);
    if (pid == 0)
        run_child(argv, fds);
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            die("cannot wait for", argv[0]);
    if (out != NULL)
        *out = read_all(fds[1], argv[0], NULL);
    if (err != NULL)
        *err = read_all(fds[2], argv[0], NULL);
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int kxt_shell(const char *line, const char *stdin_text, char **out, char **err)
{
    char *argv[] = {kxt_print("sh"), kxt_print("-c"), kxt_print("%s", line), NULL};

    setenv("KX_SRCDIR", KXT_SRCDIR, 1);
    setenv("KX_BUILDDIR", KXT_BUILDDIR, 1);
    return kxt_command(argv, stdin_text, out, err);
}

/* ---- random and scale ------------------------------------------------------------- */

uint64_t kxt_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint64_t kxt_random_below(uint64_t *state, uint64_t bound)
{
    uint64_t uneven = bound == 0 ? 0 : (UINT64_MAX - bound + 1) % bound;    /* 2^64 mod bound numbers are too many */
    uint64_t drawn;

    if (bound == 0)
        return 0;
    do
        drawn = kxt_random(state);
    while (drawn < uneven);
    return drawn % bound;
}

static void choose_seed(void)
{
    const char     *given = getenv("KX_SEED");
    struct timespec now;

    if (seeded)
        return;
    seeded = true;
    if (given != NULL && *given != '\0') {
        seed = strtoull(given, NULL, 0);
        return;
    }
    clock_gettime(CLOCK_REALTIME, &now);
    seed = ((uint64_t)now.tv_sec << 30) ^ (uint64_t)now.tv_nsec ^ ((uint64_t)getpid() << 44);
    seed = kxt_random(&seed);
}

uint64_t kxt_seed(void)
{
    choose_seed();
    printf("KX_SEED=%llu repeats this run\n", (unsigned long long)seed);
    fflush(stdout);
    return seed;
}

uint64_t kxt_scaled(uint64_t n)
{
    const char *given = getenv("KX_SCALE");
    double      scale = given != NULL && *given != '\0' ? strtod(given, NULL) : 1.0;
    double      count = (double)n * scale;

    if (scale == 1.0)
        return n > 0 ? n : 1;
    return count >= 1.0 ? (uint64_t)count : 1;
}

bool kxt_long(void)
{
    const char *given = getenv("KX_LONG");

    return given != NULL && strcmp(given, "1") == 0;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define KXT_SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define KXT_SANITIZED true
#endif
#endif
#ifndef KXT_SANITIZED
#define KXT_SANITIZED false
#endif

bool kxt_plain(void)
{
    const char *preload = getenv("LD_PRELOAD");

    return !KXT_SANITIZED && (preload == NULL || strstr(preload, "vgpreload") == NULL);
}

/* ---- run --------------------------------------------------------------------------- */

static void begin_test(void)
{
    own = NULL;
}

TCase *kxt_case(const char *name)
{
    TCase *tcase = tcase_create(name);

    tcase_add_checked_fixture(tcase, begin_test, NULL);
    if (getenv("CK_DEFAULT_TIMEOUT") == NULL)
        tcase_set_timeout(tcase, KXT_TIMEOUT_SECONDS);
    return tcase;
}

int kxt_run(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    int      failed;

    choose_seed();
    make_root();
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
