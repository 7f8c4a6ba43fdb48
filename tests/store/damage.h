/*
 * damage.h -- damage and foreign files. The only test helper that includes <lmdb.h>: what it makes, no store would.
 */
#ifndef KX_TESTS_STORE_DAMAGE_H
#define KX_TESTS_STORE_DAMAGE_H

#include <stddef.h>
#include <stdint.h>

void damage_bytes(const char *path, uint64_t offset, const void *bytes, size_t size);
void damage_length(const char *path, uint64_t bytes);             /* cut or extend a file */
void damage_foreign(const char *path);                            /* a sound LMDB file of another program */
void damage_wrong_shape(const char *path, const char *table);     /* replace a table by one of other flags */
/* Every key of a table ascends, and is found, by LMDB's own order of bytes; returns how many there are. */
size_t damage_keys_in_plain_order(const char *path, const char *table);
uint64_t damage_last_page_bytes(const char *path);                /* where LMDB thinks that the file ends */

#endif
