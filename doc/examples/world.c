/*
 * world.c -- the world in a store: countries, their subdivisions, languages and currencies, from Debian's iso-codes.
 *
 *     cc world.c -o world $(pkg-config --cflags --libs lmdbkenobix)
 *     ./world world.kx
 *
 * It reads four files of JSON, loads them as they are, and finds that most subdivisions name a parent that does not
 * exist: the data leaves out the country's prefix. One write transaction mends them, and what was a list of codes has
 * become a tree. Read it from main() upward.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <lmdbkenobix.h>

#define TRY(call) do { int rc_ = (call); if (rc_ != KX_OK) return rc_; } while (0)

#define ISO_CODES "/usr/share/iso-codes/json"

/* ---- the models ------------------------------------------------------------
 * Fields need not be declared: these documents have more than anybody would list. What is declared are the keys, and how
 * documents hang together. Each .reverse gives the other side a set, and every relation makes the indexes that it needs. */

static const kx_model countries = {
    .name    = "countries",
    .indexes = (const kx_index[]){ {.paths = "alpha_2", .unique = true}, {.paths = "alpha_3", .unique = true}, {0} },
};

static const kx_model subdivisions = {
    .name      = "subdivisions",
    .indexes   = (const kx_index[]){ {.paths = "code", .unique = true}, {0} },
    .relations = (const kx_relation[]){
        {.name = "country", .kind = KX_FOREIGN_KEY, .target = "countries", .foreign_key = "alpha_2", .reverse = "subdivisions"},
        /* to itself, and optional: most subdivisions have no parent, and of those that name one many will point nowhere */
        {.name = "within", .kind = KX_FOREIGN_KEY, .target = "subdivisions", .foreign_key = "parent", .related_field = "code",
         .reverse = "parts", .optional = true},
        {0}
    },
};

static const kx_model languages = {
    .name    = "languages",
    .indexes = (const kx_index[]){ {.paths = "alpha_3", .unique = true}, {.paths = "type"}, {0} },
};

static const kx_model currencies = {
    .name    = "currencies",
    .indexes = (const kx_index[]){ {.paths = "alpha_3", .unique = true}, {0} },
};

static const kx_model *const models[] = {&countries, &subdivisions, &languages, &currencies, NULL};

/* ---- helpers that have nothing to do with the library ------------------------ */

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void took(const char *step, double since)
{
    printf("%-46s %8.1f ms\n", step, (now() - since) * 1e3);
}

/* A whole file as text; NULL, and said why, when it cannot be read. Free it. */
static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct stat status;
    char *text = NULL;
    if (file != NULL && fstat(fileno(file), &status) == 0 && (text = malloc((size_t)status.st_size + 1)) != NULL) {
        size_t size = fread(text, 1, (size_t)status.st_size, file);
        text[size] = '\0';
    }
    if (text == NULL)
        fprintf(stderr, "world: cannot read %s; Debian's package iso-codes has it\n", path);
    if (file != NULL)
        fclose(file);
    return text;
}

/* ---- loading ---------------------------------------------------------------------
 * An ISO file is one object with one array in it. Parsed as a document that is never saved, its members can be walked in place: each
 * is a document in its own right. */

/* Documents that are stored as they come go in with one call, which is the fastest way. */
static int load_array(kx_txn *txn, const char *collection, const kx_value *array, size_t count)
{
    kx_record *records = calloc(count, sizeof *records);
    kx_iter iter;
    size_t n = 0;
    if (records == NULL)
        return KX_NOMEM;
    int rc = kx_value_iter(array, &iter);
    while (rc == KX_OK && kx_iter_next(&iter)) {
        records[n].data = iter.value.data;
        records[n++].size = iter.value.size;
    }
    if (rc == KX_OK)
        rc = kx_insert_many(txn, collection, records, n, NULL);
    free(records);
    return rc;
}

/* A subdivision's country is the part of its code before the dash. */
static int set_country(kx_doc *subdivision)
{
    size_t size;
    const char *code = kx_doc_slice(subdivision, "code", &size);
    if (code == NULL)
        return KX_INVALID;
    const char *dash = memchr(code, '-', size);
    return kx_doc_set(subdivision, "alpha_2", kx_text_n(code, dash != NULL ? (size_t)(dash - code) : size));
}

static int load_subdivisions(kx_txn *txn, const kx_value *array)
{
    kx_iter iter;
    TRY(kx_value_iter(array, &iter));
    while (kx_iter_next(&iter)) {
        kx_doc *subdivision;
        TRY(kx_doc_from_msgpack(txn, "subdivisions", iter.value.data, iter.value.size, &subdivision));
        TRY(set_country(subdivision));
        TRY(kx_doc_save(subdivision));
        kx_doc_release(subdivision);        /* not needed: the transaction would do it, at its end */
    }
    return KX_OK;
}

typedef struct iso_file {
    const char *collection, *name, *member;
    char       *text;
} iso_file;

static int load_file(kx_txn *txn, const iso_file *file)
{
    kx_doc *whole;
    kx_value array;
    size_t count;
    TRY(kx_doc_from_json(txn, file->collection, file->text, &whole));
    TRY(kx_doc_get(whole, file->member, &array));
    TRY(kx_doc_count(whole, file->member, &count));
    int rc = strcmp(file->collection, "subdivisions") == 0 ? load_subdivisions(txn, &array)
                                                           : load_array(txn, file->collection, &array, count);
    kx_doc_release(whole);
    return rc;
}

/* kx_write() commits when this returns KX_OK: all four files, or none. */
static int load(kx_txn *txn, void *context)
{
    for (const iso_file *file = context; file->collection != NULL; file++)
        TRY(load_file(txn, file));
    return KX_OK;
}

/* ---- dangling parents ---------------------------------------------------------------- */

typedef struct parents {
    uint64_t named, dangling;
} parents;

/* Those that name a parent, and of them those whose parent does not exist: an optional relation is then followed to NULL. */
static int count_parents(kx_txn *txn, void *context)
{
    parents *result = context;
    kx_cursor *cursor;
    kx_doc *subdivision, *parent;
    *result = (parents){0};
    TRY(kx_find(txn, "subdivisions", &(kx_query){.where = KX_WHERE({"parent", KX_IS_NULL, kx_bool(false)})}, &cursor));
    while (kx_cursor_next(cursor, &subdivision) == KX_OK) {
        TRY(kx_doc_follow(subdivision, "within", &parent));
        result->named++;
        result->dangling += parent == NULL;
    }
    return kx_cursor_close(cursor);
}

/* "VLG" in Belgium is meant to be "BE-VLG". Saving inside a loop over the same collection is safe. */
static int mend_parents(kx_txn *txn, void *context)
{
    uint64_t *mended = context;
    kx_cursor *cursor;
    kx_doc *subdivision, *parent;
    *mended = 0;                             /* this function may run again */
    TRY(kx_find(txn, "subdivisions", &(kx_query){.where = KX_WHERE({"parent", KX_IS_NULL, kx_bool(false)})}, &cursor));
    while (kx_cursor_next(cursor, &subdivision) == KX_OK) {
        char code[64];
        TRY(kx_doc_follow(subdivision, "within", &parent));
        if (parent != NULL)
            continue;
        snprintf(code, sizeof code, "%s-%s", kx_doc_text(subdivision, "alpha_2"), kx_doc_text(subdivision, "parent"));
        TRY(kx_doc_set(subdivision, "parent", kx_text(code)));
        TRY(kx_doc_save(subdivision));
        ++*mended;
    }
    return kx_cursor_close(cursor);
}

/* ---- looking around ---------------------------------------------------------------------- */

static void print_node(const kx_doc *node, const char *branch)
{
    printf("%s%s  %s (%s)\n", branch, kx_doc_text(node, "code"), kx_doc_text(node, "name"), kx_doc_text(node, "type"));
}

/* A country, its subdivisions that lie within no other, and their parts: two related sets. */
static int show_tree(kx_txn *txn, const char *alpha_2)
{
    kx_doc *country, *region, *part;
    kx_cursor *regions, *parts;
    uint64_t count;
    TRY(kx_get(txn, "countries", "alpha_2", kx_text(alpha_2), &country));
    TRY(kx_related_count(country, "subdivisions", NULL, &count));
    printf("\n%s %s, %" PRIu64 " subdivisions\n", kx_doc_text(country, "flag"), kx_doc_text(country, "name"), count);
    kx_query top = {.where = KX_WHERE({"parent", KX_IS_NULL, kx_bool(true)}), .order_by = "name"};
    TRY(kx_related_find(country, "subdivisions", &top, &regions));
    while (kx_cursor_next(regions, &region) == KX_OK) {
        print_node(region, "  ");
        TRY(kx_related_find(region, "parts", &(kx_query){.order_by = "name"}, &parts));
        while (kx_cursor_next(parts, &part) == KX_OK)
            print_node(part, "    ");
        TRY(kx_cursor_close(parts));
    }
    return kx_cursor_close(regions);
}

/* Upward: a subdivision, what it lies within, and its country, each one index lookup away. */
static int show_path(kx_txn *txn, const char *code)
{
    kx_doc *place, *around, *country;
    TRY(kx_get(txn, "subdivisions", "code", kx_text(code), &place));
    TRY(kx_doc_follow(place, "within", &around));
    TRY(kx_doc_follow(place, "country", &country));
    printf("\n%s lies in %s, in %s\n", kx_doc_text(place, "name"), around != NULL ? kx_doc_text(around, "name") : "nothing",
           kx_doc_text(country, "name"));
    return KX_OK;
}

static int show_counts(kx_txn *txn)
{
    kx_collection_info info;
    uint64_t extinct;
    printf("\n");
    for (size_t n = 0; kx_collection_at(txn, n, &info) == KX_OK; n++)
        printf("%6" PRIu64 " %s\n", info.documents, info.name);
    TRY(kx_count(txn, "languages", &(kx_query){.where = KX_WHERE({"type", KX_EQ, kx_text("E")})}, &extinct));
    printf("%6" PRIu64 " of the languages are extinct\n", extinct);
    return KX_OK;
}

static int show(kx_txn *txn, void *context)
{
    (void)context;
    TRY(show_tree(txn, "BE"));
    TRY(show_path(txn, "IT-MI"));
    return show_counts(txn);
}

/* ---- the whole of it ------------------------------------------------------------------------ */

static int is_loaded(kx_txn *txn, void *context)
{
    uint64_t *count = context;
    return kx_count(txn, "countries", NULL, count);
}

static int run(kx_db *db, iso_file *files)
{
    uint64_t already = 0, mended = 0;
    parents found;
    TRY(kx_read(db, is_loaded, &already));
    if (already == 0) {
        double since = now();
        TRY(kx_write(db, load, files));
        took("loaded, as the files are", since);
    } else {
        printf("the store is loaded already; looking at what is there\n");
    }
    double since = now();
    TRY(kx_read(db, count_parents, &found));
    took("followed every subdivision's parent", since);
    printf("%" PRIu64 " of %" PRIu64 " parents dangle\n", found.dangling, found.named);
    if (found.dangling != 0) {
        since = now();
        TRY(kx_write(db, mend_parents, &mended));
        took("mended them, in one write transaction", since);
        since = now();
        TRY(kx_read(db, count_parents, &found));
        took("followed every subdivision's parent again", since);
        printf("%" PRIu64 " mended, %" PRIu64 " of %" PRIu64 " parents dangle\n", mended, found.dangling, found.named);
    }
    since = now();
    TRY(kx_read(db, show, NULL));
    took("\nshown from one snapshot", since);
    return KX_OK;
}

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "world.kx";
    iso_file files[] = {
        {"countries", ISO_CODES "/iso_3166-1.json", "3166-1", NULL},
        {"subdivisions", ISO_CODES "/iso_3166-2.json", "3166-2", NULL},
        {"languages", ISO_CODES "/iso_639-3.json", "639-3", NULL},
        {"currencies", ISO_CODES "/iso_4217.json", "4217", NULL},
        {NULL, NULL, NULL, NULL},
    };
    kx_db *db;
    int rc = KX_OK;
    for (iso_file *file = files; file->collection != NULL && rc == KX_OK; file++)
        rc = (file->text = read_file(file->name)) != NULL ? KX_OK : KX_IO;
    if (rc == KX_OK) {
        double since = now();
        rc = kx_open(path, &(kx_options){.models = models}, &db);
        if (rc == KX_OK) {
            took("opened, and declared four models", since);
            rc = run(db, files);
        }
        if (rc != KX_OK)
            fprintf(stderr, "world: %s: %s: %s\n", path, kx_strerror(rc), kx_errmsg());
        if (kx_close(db) != KX_OK)
            rc = KX_BUSY;
    }
    for (iso_file *file = files; file->collection != NULL; file++)
        free(file->text);
    return rc == KX_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
