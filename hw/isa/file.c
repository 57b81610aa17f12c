// SPDX-License-Identifier: MIT
/* Whole files in and out, read in growing pieces so that pipes work too. */
#include "file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void complain(const char *tool, const char *path)
{
	fprintf(stderr, "%s: %s: %s\n", tool, path, strerror(errno));
}

char *file_read(const char *tool, const char *path, size_t *size)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "rb") : stdin;
	size_t room = 65536, len = 0, n;
	char *text = NULL, *more;

	if (!file) {
		complain(tool, path);
		return NULL;
	}
	do {
		more = realloc(text, room);
		if (!more)
			goto fail;
		text = more;
		n = fread(text + len, 1, room - len, file);
		len += n;
		if (len == room)
			room *= 2;
	} while (n);
	if (ferror(file))
		goto fail;
	if (file != stdin)
		fclose(file);
	*size = len;
	return text;
fail:
	complain(tool, path);
	if (file != stdin)
		fclose(file);
	free(text);
	return NULL;
}

FILE *file_create(const char *tool, const char *path)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "wb") : stdout;

	if (!file)
		complain(tool, path);
	return file;
}

int file_close(const char *tool, const char *path, FILE *file)
{
	int failed = ferror(file);

	if (file == stdout)
		failed |= fflush(file);
	else
		failed |= fclose(file);
	if (!failed)
		return 0;
	complain(tool, path);
	return -1;
}
