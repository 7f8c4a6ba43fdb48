/*
 * output.h -- where data goes: standard output, or a file that is written beside its name and renamed when it is whole.
 */
#ifndef KX_TOOLS_OUTPUT_H
#define KX_TOOLS_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

typedef struct output {
    FILE *file;
    char *path;           /* NULL: standard output */
    char *temporary;      /* NULL: written in place, as for a device */
} output;

/*
 * Begin. `path` NULL is standard output. A file that is there is replaced at the end, one that may not be written only with
 * `force`; a symbolic link stays and its target is replaced; a device or pipe is written as it is. `store` is the file
 * that is being read, and is refused. Returns TOOL_OK or, having said why, another exit status.
 */
int output_begin(output *out, const char *path, const char *store, bool force);

/* End with all that was written, or say why not: a full device shows here. Returns the exit status. */
int output_end(output *out);

/* End without a trace of a file. */
void output_drop(output *out);

#endif
