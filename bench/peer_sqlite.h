/* peer_sqlite.h -- what the files of the peers `sqlite`, `sqlite-rowid` and `sqlite-json` share. */
#ifndef KX_BENCH_PEER_SQLITE_H
#define KX_BENCH_PEER_SQLITE_H

#include <sqlite3.h>

#include "bench.h"

typedef enum sqlite_statement {
    BEGIN, COMMIT, INSERT_USER, INSERT_ORDER, ORDER_FIELDS, ORDER_USER, USER_NAME, USER_AMOUNTS, USER_COUNT,
    RANGE_AMOUNTS, RANGE_USERS, RANGE_NAMES, COUNT_DONE, SET_AMOUNT, SET_WHERE_NEW, SET_USER, SET_NOTE, DELETE_USER,
    DELETE_ORDERS,
    INSERT_PRODUCT, INSERT_LINK, ORDER_PRICES, USER_STATUS, TWO_USERS, PREMIUM_USERS, DEAREST, DELETE_LINK,
    STATEMENTS
} sqlite_statement;

/* One way to lay out the tables. NULL: the set, or the statement, is not for it. */
typedef struct sqlite_form {
    const char *schemas[SET_COUNT];
    const char *const (*statements)[STATEMENTS];
    bool        json;               /* documents are text */
} sqlite_form;

typedef struct sqlite_store {
    const bench_data  *data;
    const sqlite_form *form;
    bench_set     set;
    char         *path;
    char        **user_texts, **order_texts;        /* JSON, made before the load */
    sqlite3      *db;
    sqlite3_stmt *statements[STATEMENTS];
    struct sqlite_store *views[2];  /* C1, C1w: connections for other threads */
    bench_busy   *writer;           /* C1w: beside the reader */
    uint64_t      random;           /* the writer's */
} sqlite_store;

int sqlite_fail(const sqlite_store *store, const char *what);       /* one line on stderr; returns BENCH_FAILED */
int sqlite_run(const sqlite_store *store, const char *text);
int sqlite_step(const sqlite_store *store, sqlite_statement which); /* a bound statement that gives no rows */

/* peer_sqlite_load.c */
int sqlite_load(void *store);
int sqlite_make_texts(sqlite_store *store);
int sqlite_insert_order(const sqlite_store *store, size_t number);

/* peer_sqlite_rows.c */
bench_row_function sqlite_r1, sqlite_r2, sqlite_r2txn, sqlite_r3, sqlite_r3c, sqlite_r4n, sqlite_r4, sqlite_r5;
bench_row_function sqlite_r5f, sqlite_c1, sqlite_m2m, sqlite_x1, sqlite_x2, sqlite_x3, sqlite_x4;
/* peer_sqlite_write.c */
bench_row_function sqlite_w2, sqlite_u1, sqlite_u1q, sqlite_u2, sqlite_d1, sqlite_m2mw;
int sqlite_keep_writing(void *store);       /* C1w: one transaction of the writer */

#endif
