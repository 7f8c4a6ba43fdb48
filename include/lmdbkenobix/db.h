/**
 * db.h -- opening and closing a store, and declaring what is in it.
 *
 * A store is one file and its lock file (shop.kx and shop.kx-lock). Open it once in a process and share the handle: a kx_db may be
 * used by any thread at any time. Handles from before a fork are refused in the child (KX_FORKED), which may open the
 * store itself.
 */
#ifndef LMDBKENOBIX_DB_H
#define LMDBKENOBIX_DB_H

#include <stdbool.h>
#include <stdint.h>

#include <lmdbkenobix/export.h>
#include <lmdbkenobix/model.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct kx_db  kx_db;
typedef struct kx_txn kx_txn;

/** Durability, named by what a loss of power can take. A crash of the process loses nothing committed in either. */
typedef enum kx_sync {
    KX_SYNC = 0,       /**< a commit that has returned survives power loss                            */
    KX_SYNC_LATER      /**< power loss may take the last commit, never the store's integrity          */
} kx_sync;

/** How to open. NULL or {0} is all defaults; members named `reserved` are zero. */
typedef struct kx_options {
    const kx_model *const *models;    /**< to declare at open, ended by NULL; NULL: none                      */
    const char *schema_json;          /**< the same as text: lines of kx_schema_json(); NULL: none            */
    kx_sync     sync;
    bool        read_only;
    bool        must_exist;           /**< KX_NOTFOUND instead of creating                                    */
    bool        verify;               /**< compare each document with its checksum whenever it is read        */
    unsigned    mode;                 /**< permissions of new files, before the umask; 0: 0600                */
    unsigned    max_readers;          /**< snapshots at a time, in all processes; 0: 1024                     */
    uint64_t    map_limit_bytes;      /**< largest address space to reserve; 0: what the system grants, up to 1 TiB */
    uint64_t    write_timeout_ms;     /**< how long to wait for another writer; 0: for ever                   */

    /** Called inside the declaring transaction when the stored schema number is below this; then it is stored. */
    uint32_t    schema_version;
    int       (*migrate)(kx_txn *txn, uint32_t from, uint32_t to);

    /** A line about something worth knowing, from any thread; NULL: nowhere. */
    void      (*log)(void *context, const char *line);
    /** Called now and then in long work: what is done, how much of how much (0: unknown). */
    void      (*progress)(void *context, const char *what, uint64_t done, uint64_t total);
    void       *context;              /**< for the two above                                                  */
    uint64_t    reserved[8];
} kx_options;

/**
 * Open a store, and create it when it is not there. `path` NULL: a temporary store, gone at close.
 *
 * A file of 0 bytes is an empty store. The path is resolved first, so that a symbolic link and its target are one
 * store. Models are declared in one transaction; when the store holds them already, nothing is written and no lock is
 * waited for. On any error *db is NULL and a store that was there is unchanged.
 *
 *   KX_NOTFOUND  not there, and must_exist or read_only was asked
 *   KX_FORMAT    not a store, or written by a version that this one does not know; the text says which
 *   KX_CORRUPT   a store that is cut short or damaged
 *   KX_INVALID   not a regular file, a file with several hard links, a model that means nothing
 *   KX_CONFLICT  a model contradicts the store (the text names both), or the file is open with other options
 *   KX_EXISTS, KX_REQUIRED, KX_INVALID   documents that are there do not fit a new index or field
 *   KX_READONLY  no right to write; KX_BUSY  another writer held on past write_timeout_ms
 *   KX_REPLACED, KX_REMOTE, KX_LIMIT, KX_FULL, KX_MAP_FULL, KX_NOMEM, KX_IO, KX_READERS, KX_PID
 *
 * Any thread. Close what was opened with kx_close().
 */
KX_API int kx_open(const char *path, const kx_options *options, kx_db **db);

/**
 * Close a store; NULL is fine. The handle is gone on KX_OK.
 *
 *   KX_BUSY  transactions of this handle live: nothing was closed
 *
 * In a child made by fork it only frees memory. No thread may use the handle meanwhile or later.
 */
KX_API int kx_close(kx_db *db);

/** The resolved path; "" for a temporary store. Cannot fail; lives as long as the handle. Any thread. */
KX_API const char *kx_db_path(const kx_db *db);

/** The library's version, "0.1.0". Cannot fail; lives for ever. */
KX_API const char *kx_version(void);

/** The storage engine's name and version, "LMDB 0.9.24: …". Cannot fail; lives for ever. */
KX_API const char *kx_engine(void);

/** What a store measures, in bytes and counts, as of one snapshot. */
typedef struct kx_info {
    uint32_t format;           /**< version of the file's format                     */
    uint32_t schema_version;   /**< the number stored by options.schema_version      */
    uint64_t file_bytes;
    uint64_t used_bytes;       /**< up to the last page in use                       */
    uint64_t free_bytes;       /**< inside that, reusable                            */
    uint64_t map_bytes;        /**< address space reserved, not memory               */
    uint64_t last_txn;         /**< number of the last commit                        */
    uint32_t collections;
    uint32_t readers;          /**< snapshots held now, in all processes             */
    uint32_t max_readers;
    uint64_t reserved[4];
} kx_info;

/**
 * Measure the store.  KX_INVALID: a NULL argument; KX_IO.  The thread of the transaction; see txn.h.
 */
KX_API int kx_db_info(kx_txn *txn, kx_info *info);

/**
 * Declare models in a write transaction: collections, fields, indexes and relations that are new are made, indexes
 * are filled from the documents; what is there already costs nothing. Undone with the transaction. `models` ends in NULL.
 *
 *   KX_CONFLICT  something of that name is there and is different; the text names both
 *   KX_INVALID   a model that means nothing, or documents whose values do not fit a new field
 *   KX_EXISTS    two documents have the same value in a new unique index
 *   KX_REQUIRED  a new required field without .initial, and documents lack it
 *   KX_READONLY, KX_LIMIT, KX_NOMEM, KX_MAP_FULL, KX_TXN_FULL, KX_FULL, KX_IO
 * After an error nothing of this call remains.
 */
KX_API int kx_declare(kx_txn *txn, const kx_model *const *models);

/** The same from text: one JSON object a line, as kx_schema_json() gives them. Errors as kx_declare(); a text that is no such line is KX_INVALID. */
KX_API int kx_declare_json(kx_txn *txn, const char *text);

/**
 * Drop an index by its paths ("status,-amount"), a relation or a field by name, a collection with its documents.
 *
 *   KX_INVALID   there is none of that name
 *   KX_CONFLICT  a relation needs this index or collection; the text names it
 *   KX_READONLY, KX_MAP_FULL, KX_TXN_FULL, KX_FULL, KX_NOMEM, KX_IO
 * After an error nothing has changed.
 */
KX_API int kx_drop_index(kx_txn *txn, const char *collection, const char *paths);
/** Drop a relation; its implied index goes when nothing else needs it. Errors as kx_drop_index(): KX_INVALID, KX_CONFLICT, KX_READONLY, …. */
KX_API int kx_drop_relation(kx_txn *txn, const char *collection, const char *relation);
/** Forget a field's declaration; documents are untouched. Errors as kx_drop_index(): KX_INVALID, KX_CONFLICT, KX_READONLY, …. */
KX_API int kx_drop_field(kx_txn *txn, const char *collection, const char *path);
/** Drop a collection with its documents and indexes. Errors as kx_drop_index(): KX_INVALID, KX_CONFLICT, KX_READONLY, …. */
KX_API int kx_drop_collection(kx_txn *txn, const char *collection);

#ifdef __cplusplus
}
#endif

#endif
