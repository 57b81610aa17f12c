// SPDX-License-Identifier: MIT
/*
 * The kernel's text files.
 */
#include "igt.h"
#include "text.h"

char *text_read(const char *path)
{
	static char text[4 << 20];
	FILE *file = fopen(path, "r");
	size_t n;

	igt_assert_f(file, "cannot open %s\n", path);
	n = fread(text, 1, sizeof(text) - 1, file);
	igt_assert_f(feof(file) && !ferror(file), "cannot read all of %s\n", path);
	fclose(file);
	text[n] = '\0';
	return text;
}

static const char *find(const char *text, size_t length, const char *word)
{
	return memmem(text, length, word, strlen(word));
}

unsigned int text_lines(const char *text, const char *word, const char *word2)
{
	unsigned int count = 0;
	size_t length;

	for (; *text; text += length + !!text[length]) {
		length = strcspn(text, "\n");
		count += find(text, length, word) && find(text, length, word2);
	}
	return count;
}
