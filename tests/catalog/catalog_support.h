/*
 * catalog_support.h -- declare, describe, store and reload catalogs in a line each.
 *
 * Functions fail the test where the library fails. Catalogs that are handed out are released by kxt_catalogs_free(),
 * or with the process: each test is one of its own.
 */
#ifndef KX_TESTS_CATALOG_SUPPORT_H
#define KX_TESTS_CATALOG_SUPPORT_H

#include "catalog/catalog.h"

#include "support.h"

/* Models for a call: MODELS(&users, &orders). */
#define MODELS(...) ((const kx_model *const[]){__VA_ARGS__, NULL})

/* A model in a line: MODEL("users", .indexes = INDEXES({.paths = "email"})). */
#define MODEL(title, ...) (&(const kx_model){.name = title, __VA_ARGS__})
#define FIELDS(...)       ((const kx_field[]){__VA_ARGS__, {0}})
#define INDEXES(...)      ((const kx_index[]){__VA_ARGS__, {0}})
#define RELATIONS(...)    ((const kx_relation[]){__VA_ARGS__, {0}})

kx_catalog *kxt_empty(void);

/* Declare and take the next catalog; `from` itself (retained) when there was nothing to do. Checks what holds for
   every plan. */
kx_catalog *kxt_declared(const kx_catalog *from, const kx_model *const *models);

/* Take `next` of a plan that a drop gave with KX_OK; frees the rest. */
kx_catalog *kxt_taken(int rc, const kx_catalog *from, kx_cat_plan *plan);

/* Everything but numbers, as text in a fixed order, so that two catalogs can be compared whatever the order they
   came about in. */
char *kxt_described(const kx_catalog *catalog);

/* Through documents and back. */
kx_catalog *kxt_reloaded(const kx_catalog *catalog);

/* The same, but with row `number` given as JSON; *rc is what decoding returned. */
kx_catalog *kxt_with_row(const kx_catalog *catalog, uint32_t number, const char *json, int *rc);

/* A collection's row, and row 0 of kx/meta, as JSON. */
char *kxt_row(const kx_catalog *catalog, const char *collection);
char *kxt_meta(const kx_catalog *catalog);

/* Publish what was recorded for `rc` and give the text. */
const char *kxt_error(int rc);

/* Declaring must fail with this code and this text, and leave nothing. */
void kxt_refused(const kx_catalog *from, const kx_model *const *models, int code, const char *text);

/* "users(user_id email*) orders(…)": names of the indexes, a star for implied ones. */
char *kxt_indexes(const kx_catalog *catalog, const char *collection);

/* Release all that was handed out so far but this one, which may be NULL. */
void kxt_catalogs_free(kx_catalog *but);

#endif
