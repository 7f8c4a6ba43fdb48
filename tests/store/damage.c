#include "damage.h"

#include <check.h>
#include <fcntl.h>
#include <lmdb.h>
#include <string.h>
#include <unistd.h>

void damage_bytes(const char *path, uint64_t offset, const void *bytes, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pwrite(fd, bytes, size, (off_t)offset), (ssize_t)size);
    close(fd);
}

void damage_length(const char *path, uint64_t bytes)
{
    ck_assert_int_eq(truncate(path, (off_t)bytes), 0);
}

static MDB_env *open_raw(const char *path)
{
    MDB_env *env;
    ck_assert_int_eq(mdb_env_create(&env), 0);
    ck_assert_int_eq(mdb_env_set_maxdbs(env, 8), 0);
    ck_assert_int_eq(mdb_env_set_mapsize(env, 64 << 20), 0);
    ck_assert_int_eq(mdb_env_open(env, path, MDB_NOSUBDIR, 0600), 0);
    return env;
}

void damage_foreign(const char *path)
{
    MDB_env *env = open_raw(path);
    MDB_txn *txn;
    MDB_dbi dbi;
    MDB_val key = {5, (void *)"hello"}, value = {5, (void *)"world"};
    ck_assert_int_eq(mdb_txn_begin(env, NULL, 0, &txn), 0);
    ck_assert_int_eq(mdb_dbi_open(txn, NULL, 0, &dbi), 0);
    ck_assert_int_eq(mdb_put(txn, dbi, &key, &value, 0), 0);
    ck_assert_int_eq(mdb_dbi_open(txn, "mail", MDB_CREATE, &dbi), 0);
    ck_assert_int_eq(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

void damage_wrong_shape(const char *path, const char *table)
{
    MDB_env *env = open_raw(path);
    MDB_txn *txn;
    MDB_dbi dbi;
    ck_assert_int_eq(mdb_txn_begin(env, NULL, 0, &txn), 0);
    ck_assert_int_eq(mdb_dbi_open(txn, table, 0, &dbi), 0);
    ck_assert_int_eq(mdb_drop(txn, dbi, 1), 0);
    ck_assert_int_eq(mdb_txn_commit(txn), 0);
    ck_assert_int_eq(mdb_txn_begin(env, NULL, 0, &txn), 0);
    ck_assert_int_eq(mdb_dbi_open(txn, table, MDB_CREATE | MDB_DUPSORT, &dbi), 0);
    ck_assert_int_eq(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

size_t damage_keys_in_plain_order(const char *path, const char *table)
{
    MDB_env *env = open_raw(path);
    MDB_txn *txn;
    MDB_dbi dbi;
    MDB_cursor *cursor;
    MDB_val key, value, before = {0, NULL};
    size_t count = 0;
    ck_assert_int_eq(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), 0);
    ck_assert_int_eq(mdb_dbi_open(txn, table, 0, &dbi), 0);
    ck_assert_int_eq(mdb_cursor_open(txn, dbi, &cursor), 0);
    for (; mdb_cursor_get(cursor, &key, &value, MDB_NEXT_NODUP) == 0; before = key, count++) {
        ck_assert(count == 0 || mdb_cmp(txn, dbi, &before, &key) < 0);
        MDB_val wanted = key;
        ck_assert_int_eq(mdb_get(txn, dbi, &wanted, &value), 0);
    }
    mdb_cursor_close(cursor);
    mdb_txn_abort(txn);
    mdb_env_close(env);
    return count;
}

uint64_t damage_last_page_bytes(const char *path)
{
    MDB_env *env = open_raw(path);
    MDB_envinfo info;
    MDB_stat shape;
    mdb_env_info(env, &info);
    mdb_env_stat(env, &shape);
    mdb_env_close(env);
    return ((uint64_t)info.me_last_pgno + 1) * shape.ms_psize;
}
