/* SPDX-License-Identifier: MIT */
/* Whole files in and out, for the command line tools. */
#ifndef ISA_FILE_H
#define ISA_FILE_H

#include <stddef.h>
#include <stdio.h>

/**
 * file_read() - read all of a file; "-" is standard input.
 * @size: gets its bytes
 * Returns the contents, to be freed, or NULL after a message on standard error.
 */
char *file_read(const char *tool, const char *path, size_t *size);

/** file_create() - open a file for writing; "-" is standard output. NULL after a message. */
FILE *file_create(const char *tool, const char *path);

/** file_close() - finish a file of file_create(). Returns 0, or -1 after a message. */
int file_close(const char *tool, const char *path, FILE *file);

#endif /* ISA_FILE_H */
