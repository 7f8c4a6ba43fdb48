/*
 * tools.c -- see tools.h.
 */
#include "tools/tools.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static ended run_list(const char *stdin_text, const char *format, va_list args)
{
    ended end;
    char *line;

    ck_assert_int_ge(vasprintf(&line, format, args), 0);
    end.status = kxt_shell(kxt_print("PATH=%s:$PATH; export PATH; cd %s || exit 99; %s", kxt_built("tools"), kxt_path(""), line),
                           stdin_text, &end.out, &end.err);
    free(line);
    return end;
}

ended run(const char *stdin_text, const char *format, ...)
{
    va_list args;
    ended   end;

    va_start(args, format);
    end = run_list(stdin_text, format, args);
    va_end(args);
    return end;
}

void expect(int status, const char *out, const char *err, const char *format, ...)
{
    va_list args;
    ended   end;

    va_start(args, format);
    end = run_list(NULL, format, args);
    va_end(args);
    ck_assert_msg(end.status == status, "%s: status %d, not %d\n%s%s", format, end.status, status, end.out, end.err);
    ck_assert_msg(out == NULL || strstr(end.out, out) != NULL, "%s: \"%s\" is not in: %s", format, out, end.out);
    ck_assert_msg(err == NULL || strstr(end.err, err) != NULL, "%s: \"%s\" is not in: %s", format, err, end.err);
    if (status != 0)
        ck_assert_msg(lines_of(end.err) == 1, "%s: not one line: %s", format, end.err);
}

void expect_all(const char *out, const char *line)
{
    ended end = run(NULL, "%s", line);

    ck_assert_msg(end.status == 0, "%s: status %d: %s", line, end.status, end.err);
    ck_assert_str_eq(end.out, out);
}

void expect_line(const char *text, const char *part)
{
    ck_assert_msg(lines_of(text) == 1, "not one line: %s", text);
    ck_assert_msg(strstr(text, part) != NULL, "\"%s\" is not in: %s", part, text);
}

unsigned lines_of(const char *text)
{
    unsigned lines = 0;

    for (; *text != '\0'; text++)
        lines += *text == '\n';
    return lines;
}

unsigned files_here(void)
{
    DIR           *all = opendir(kxt_path(""));
    struct dirent *one;
    unsigned       count = 0;

    ck_assert_ptr_nonnull(all);
    while ((one = readdir(all)) != NULL)
        count += strcmp(one->d_name, ".") != 0 && strcmp(one->d_name, "..") != 0;
    closedir(all);
    return count;
}

pid_t start(const char *const *argv, int *to)
{
    const char *folder = kxt_path(""), *program = kxt_built(argv[0]);
    int         ends[2];
    pid_t       pid;

    ck_assert_int_eq(pipe(ends), 0);
    fflush(NULL);
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        dup2(ends[0], 0);
        close(ends[0]);
        close(ends[1]);
        if (chdir(folder) != 0)
            _exit(99);
        execv(program, (char *const *)(uintptr_t)argv);
        _exit(99);
    }
    close(ends[0]);
    *to = ends[1];
    return pid;
}

/* ---- equal stores ------------------------------------------------------------------------- */

static void same_schema(kx_txn *a, kx_txn *b, const char *collection)
{
    kx_index_info  ia, ib;
    const char    *ja, *jb;
    size_t         n = 0;
    int            rc;

    ck_assert_int_eq(kx_schema_json(a, collection, &ja), KX_OK);
    ck_assert_int_eq(kx_schema_json(b, collection, &jb), KX_OK);
    ck_assert_str_eq(ja, jb);
    while ((rc = kx_index_at(a, collection, n, &ia)) == KX_OK) {
        ck_assert_int_eq(kx_index_at(b, collection, n++, &ib), KX_OK);
        ck_assert_uint_eq(ia.entries, ib.entries);
    }
    ck_assert_int_eq(kx_index_at(b, collection, n, &ib), rc);
}

static void same_documents(kx_txn *a, kx_txn *b, const char *collection)
{
    kx_cursor  *ca, *cb;
    kx_doc     *da, *db;
    const void *ma, *mb;
    size_t      sa, sb;
    int         rc;

    ck_assert_int_eq(kx_find(a, collection, NULL, &ca), KX_OK);
    ck_assert_int_eq(kx_find(b, collection, NULL, &cb), KX_OK);
    while ((rc = kx_cursor_next(ca, &da)) == KX_OK) {
        ck_assert_int_eq(kx_cursor_next(cb, &db), KX_OK);
        ck_assert_uint_eq(kx_doc_id(da), kx_doc_id(db));
        ck_assert_int_eq(kx_doc_msgpack(da, &ma, &sa), KX_OK);
        ck_assert_int_eq(kx_doc_msgpack(db, &mb, &sb), KX_OK);
        ck_assert_uint_eq(sa, sb);
        ck_assert_mem_eq(ma, mb, sa);
    }
    ck_assert_int_eq(rc, KX_NOTFOUND);
    ck_assert_int_eq(kx_cursor_next(cb, &db), KX_NOTFOUND);
    ck_assert_int_eq(kx_cursor_close(ca), KX_OK);
    ck_assert_int_eq(kx_cursor_close(cb), KX_OK);
}

void expect_equal_stores(const char *one, const char *other)
{
    kx_options         how = {.read_only = true, .must_exist = true};
    kx_collection_info ia, ib;
    kx_db             *da, *db;
    kx_txn            *a, *b;
    size_t             n = 0;
    int                rc;

    ck_assert_int_eq(kx_open(one, &how, &da), KX_OK);
    ck_assert_int_eq(kx_open(other, &how, &db), KX_OK);
    ck_assert_int_eq(kx_txn_begin(da, KX_READ, &a), KX_OK);
    ck_assert_int_eq(kx_txn_begin(db, KX_READ, &b), KX_OK);
    while ((rc = kx_collection_at(a, n, &ia)) == KX_OK) {
        ck_assert_int_eq(kx_collection_at(b, n++, &ib), KX_OK);
        ck_assert_str_eq(ia.name, ib.name);
        ck_assert_uint_eq(ia.documents, ib.documents);
        ck_assert_uint_eq(ia.next_id, ib.next_id);
        same_schema(a, b, ia.name);
        same_documents(a, b, ia.name);
    }
    ck_assert_int_eq(rc, KX_NOTFOUND);
    ck_assert_int_eq(kx_collection_at(b, n, &ib), KX_NOTFOUND);
    kx_txn_abort(a);
    kx_txn_abort(b);
    ck_assert_int_eq(kx_close(da), KX_OK);
    ck_assert_int_eq(kx_close(db), KX_OK);
}
