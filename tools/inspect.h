/*
 * inspect.h -- the parts of kx-inspect: its command line as it was asked, its commands, and the writers of documents.
 */
#ifndef KX_TOOLS_INSPECT_H
#define KX_TOOLS_INSPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <lmdbkenobix.h>

typedef enum inspect_format {
    FORMAT_NONE,          /* not said: tables on a terminal, JSON lines elsewhere */
    FORMAT_TABLE,
    FORMAT_JSONL,
    FORMAT_JSON,
    FORMAT_CSV,
    FORMAT_TSV,
    FORMAT_MSGPACK,
    FORMAT_DUMP,
    FORMAT_DOT,           /* drawings, of graph alone */
    FORMAT_MERMAID
} inspect_format;

typedef struct inspect {
    const struct inspect_command *command;
    const char     *store;         /* as it was named */
    const char     *path;          /* resolved */
    const char    **words;         /* all operands; owned */
    const char    **operands;      /* those behind the store */
    size_t          operand_count;
    inspect_format  format;
    const char     *file;          /* -o */
    bool            force, exit_status, quiet, verbose;
    kx_query        query;         /* filter, args, order_by, limit, offset, after, include */
    char          **fields;        /* --fields, ended by NULL; NULL: whole documents */
    kx_value       *args;          /* --arg, ended by "no value" */
    char          **texts;         /* what args point at */
    size_t          arg_count;
    const char     *sum;           /* --sum */
    uint64_t        depth;         /* --depth */
    bool            bare;          /* rows are no stored documents: they have no _id */
    FILE           *out;
    uint64_t        matched;       /* documents found, for -e */
} inspect;

/*
 * A command. `run` works in one snapshot and returns the exit status, having said what is wrong.
 */
typedef struct inspect_command {
    const char *name;
    size_t      least, most;       /* operands behind the store */
    uint32_t    options;           /* bits of those that go with it */
    const char *shape;             /* for messages: "STORE COLLECTION [FILTER]" */
    int       (*run)(kx_txn *txn, inspect *in);
} inspect_command;

int inspect_info(kx_txn *txn, inspect *in);
int inspect_schema(kx_txn *txn, inspect *in);
int inspect_dump(kx_txn *txn, inspect *in);
int inspect_find(kx_txn *txn, inspect *in);
int inspect_get(kx_txn *txn, inspect *in);
int inspect_count(kx_txn *txn, inspect *in);
int inspect_explain(kx_txn *txn, inspect *in);
int inspect_total(kx_txn *txn, inspect *in);       /* sum, min, max, avg */
int inspect_group(kx_txn *txn, inspect *in);
int inspect_plan(kx_txn *txn, inspect *in);
int inspect_tree(kx_txn *txn, inspect *in);
int inspect_graph(kx_txn *txn, inspect *in);

/* Say what the library's last failing call says. What was asked for (a name, a filter, a path) is TOOL_USAGE when it means
   nothing, or too much; everything else is the store's. Returns the exit status. */
int inspect_fail(const inspect *in, int rc);

/* The command's answer is one number: a line, or in formats with names one of the command's name. KX_OK or the library's
   error. */
int inspect_put_number(inspect *in, kx_value value);

/* "name, address.city" in parts without blanks around them, ended by NULL; a comma within backquotes belongs to a name.
   Each and the list are the caller's to free. */
char **inspect_split(const char *text);

/* The second operand, ID: a number or PATH=VALUE, as a condition; of several documents that have it the one with the
   lowest id is meant. kept[] are the caller's to free. TOOL_OK, or TOOL_USAGE, having said why. */
int inspect_which(const inspect *in, kx_condition *where, char *kept[2]);

/* Say that there is no such document. */
void inspect_none(const inspect *in);

/* A relation in words: "foreign_key user_id to users.user_id, optional". */
void inspect_put_relation(FILE *out, const kx_relation *relation);

/* Read VALUE of a command line: a JSON number, true, false, null or quoted text; whatever else is text as it stands. *text
   is what it points at, the caller's to free. */
kx_value inspect_value(const char *text, char **kept);

/* The same for a ? of a filter, which may take a list: a JSON array of such values is one. */
kx_value inspect_argument(const char *text, char **kept);

/* ---- documents put together to be printed: they are of no store ------------------------- */

typedef struct bench {
    kx_db  *db;
    kx_txn *txn;
} bench;

/* Begin, KX_OK or the library's error; end it in both cases. */
int  bench_open(bench *on);
void bench_close(bench *on);

/* A document without members. */
int bench_doc(bench *on, kx_doc **doc);

/* The document with those that its query included, as kx_doc_to_json() has them. Release it. */
int bench_whole(bench *on, kx_doc *doc, kx_doc **whole);

/* These of its fields alone, each as a member of that name, without `_id`. Release it. */
int bench_cut(bench *on, kx_doc *doc, char *const *fields, kx_doc **part);

/* The path of a member of this name, whatever it holds; the caller's to free. */
char *bench_path(const char *name, size_t size);

/* ---- documents ---------------------------------------------------------------------- */

typedef struct rows rows;

/* Begin to write documents in in->format. */
rows *rows_begin(inspect *in);

/* True when every document must be shown to rows_learn() first: CSV's header names all columns. */
bool rows_wants_learning(const rows *all);
int  rows_learn(rows *all, kx_doc *doc);

/* Write one; KX_OK or the library's error. */
int rows_add(rows *all, kx_doc *doc);

/* Behind the last one, before rows_end(): are the fields that were asked for paths? KX_OK or the library's error. */
int rows_check(rows *all);

/* Write what is left and free. Not `whole`, after an error: no array is closed, so that a reader notices. */
void rows_end(rows *all, bool whole);

/* ---- a field of a document as a cell of a table ----------------------------------------- */

typedef struct cell {
    char  *name;          /* of its column */
    char  *text;
    size_t size;
    bool   is_number, is_missing;   /* missing, or null */
} cell;

typedef struct row {
    cell  *cells;
    size_t count;
} row;

/* The document's members, behind `_id` unless `id` is NULL, or the fields that were asked for. */
int  row_of(kx_doc *doc, const uint64_t *id, char *const *fields, row *out);
void row_free(row *out);

/* Write rows as a table fitted to `width` columns, or a field a line where they are too many. */
void table_put(FILE *out, const row *rows_, size_t count, size_t width);

/* Write `text` as a cell of CSV or (with `tabs`) TSV. */
void csv_put(FILE *out, const char *text, size_t size, bool tabs);

/* inspect_info.c: ", unique, folded, where status == 'open'" */
void tool_index_flags(FILE *out, const kx_index *index);

#endif
