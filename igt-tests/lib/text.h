/* SPDX-License-Identifier: MIT */
/* The kernel's text files. */
#ifndef TEXT_H
#define TEXT_H

/* The whole of a file, until the next call. */
char *text_read(const char *path);

/* How many lines of a text have both words. */
unsigned int text_lines(const char *text, const char *word, const char *word2);

#endif /* TEXT_H */
