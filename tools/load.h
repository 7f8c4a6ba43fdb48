/*
 * load.h -- the parts of kx-load: what was asked, what is read, the batch that is filled, the store that is written.
 *
 * Functions that return an exit status have said what is wrong when it is not TOOL_OK. LOAD_AGAIN is none: the store
 * had to grow, and the one transaction begins anew.
 */
#ifndef KX_TOOLS_LOAD_H
#define KX_TOOLS_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <lmdbkenobix.h>

enum { LOAD_AGAIN = -1 };

typedef enum load_format { LOAD_AUTO, LOAD_DUMP, LOAD_JSONL, LOAD_JSON } load_format;

typedef struct load_options {
    const char  *store;
    const char **files;         /* "-": standard input */
    size_t       file_count;
    const char  *schema, *into;
    load_format  format;
    uint64_t     batch;         /* 0: all or nothing */
    kx_sync      sync;
    bool         dry_run, quiet, verbose;
} load_options;

/* ---- input -------------------------------------------------------------------------- *
 * A file or pipe, read in order with one buffer that grows to the longest line or object in it.                       */

typedef struct input {
    const char *name;           /* for messages */
    int         fd;
    long long   origin;         /* where in the file it begins, in bytes */
    int         spool;          /* what a pipe gave is kept here when it may have to be read twice; -1: not */
    bool        replaying, at_end;
    char       *data;
    size_t      start, end, capacity;
    uint64_t    line, column;   /* of data[start], both from 1; columns count characters */
    int         place;          /* in an array: see load_split.c */
} input;

/* A line, or an object. The text may be changed and is gone with the next one; NULL: the input has ended. */
typedef struct piece {
    char    *text;
    size_t   size;
    uint64_t line, column;
} piece;

int  input_open(input *in, const char *path, bool twice);
int  input_rewind(input *in);
void input_close(input *in);

/* Read more behind what is there: 1, or 0 at the end; -1 when that failed, said. */
int  input_more(input *in);

/* The next line that is not blank, without its end. */
int  input_line(input *in, piece *next);

/* The next object of an array, or of a row of objects. */
int  input_object(input *in, piece *next);

/* Looks at the first line, takes nothing. */
int  input_guess(input *in, load_format *format);
bool input_first_line(input *in, const char **text, size_t *size);

/* FILE:LINE:COLUMN: what. `column` 0 leaves it out. */
void input_say(const input *in, uint64_t line, uint64_t column, const char *format, ...) __attribute__((format(printf, 4, 5)));

/* ---- the store ------------------------------------------------------------------------ */

/* A fresh store is written in a folder of its own beside its name and renamed at the end. */
typedef struct target {
    const char *name;           /* as it was given */
    char       *path;           /* resolved */
    char       *folder;         /* the temporary one; NULL: in place */
    int         lock;           /* on that folder, for as long as it is in use; -1: none */
    char       *file;           /* what is opened */
    bool        fresh;          /* was not there */
    kx_db      *db;
} target;

/* Where it is, and whether it is there. */
int  target_find(target *to, const load_options *options);

/* `schema_version` is what a fresh store is marked with. */
int  target_open(target *to, const load_options *options, uint32_t schema_version);
int  target_commit(target *to, const load_options *options);
void target_drop(target *to);

/* ---- a load ------------------------------------------------------------------------------ */

typedef struct place {
    uint64_t line, column;
} place;

/* Documents of one collection that are inserted by one call. */
typedef struct batch {
    char      *text;            /* of all of them, one behind the other */
    size_t     used, capacity;
    kx_record *records;
    place     *places;
    size_t     count, room;
    size_t     failed;
} batch;

typedef struct load {
    const load_options *options;
    target      to;
    input      *inputs;
    input      *in;             /* the one being read */
    bool        exact;          /* the input is a dump: documents are restored as they stood */
    kx_txn     *txn;            /* the one transaction; NULL: a commit a batch */
    batch       batch;
    char       *collection;     /* where documents go now */
    char      **collections;    /* those that were loaded into */
    size_t      collection_count;
    uint64_t    documents, loaded;      /* documents: of this dump, loaded: of all */
    uint64_t    promised;               /* by the dump's header; UINT64_MAX: nothing */
    uint64_t    committed_line;
    input       schema;         /* of --schema, and its text: NULL: none */
    char       *schema_text;
    struct timespec begun;
} load;

/* Read all inputs into the store. */
int load_inputs(load *all);

/* Read --schema's file. */
int load_read_schema(load *all);

/* Declare lines of a schema; `at` says where they stand in the input, NULL: nowhere. */
int load_declare(load *all, const char *text, const place *at);

/* Documents from now on go into `name`, which is made when it is not there. */
int load_into(load *all, const char *name);

/* Put a document into the batch; its `_id` becomes the id. */
int load_document(load *all, piece *one);

/* Insert what is in the batch. */
int load_flush(load *all);

/* What a failure of the library at a place in the input means. */
int load_fail(const load *all, int rc, const place *at);

void load_free(load *all);

#endif
