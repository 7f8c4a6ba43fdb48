/* validate.h -- the validator with its bounds as parameters. Private to this room. */
#ifndef KX_DOCUMENT_VALIDATE_H
#define KX_DOCUMENT_VALIDATE_H

#include "base/base.h"

/*
 * kx_document__check_value() with at most `depth` levels of containers. `part` (may be NULL) names what is checked, in
 * the errors' texts. Bytes that pass are one whole value: flat walks over its items need no further check.
 */
int kx_document__validate(kx_slice bytes, uint32_t depth, const char *part, bool *canonical);

/* KX_OK when `name` can be a key: well-formed UTF-8 without NUL, 511 bytes at most; else KX_INVALID, recorded. */
int kx_document__check_name(const char *name, size_t size);

#endif
