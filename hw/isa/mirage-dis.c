// SPDX-License-Identifier: MIT
/* mirage-dis: a binary of 64-bit words to source text on standard output. */
#include <stdlib.h>
#include <string.h>

#include "dis.h"
#include "file.h"

#define TOOL "mirage-dis"

static void print_usage(FILE *out)
{
	fputs("usage: " TOOL " IN.bin\n"
	      "       " TOOL " --help\n"
	      "Writes IN.bin (- is standard input) as assembler source to standard output.\n",
	      out);
}

int main(int argc, char **argv)
{
	uint64_t *words;
	size_t size, i;
	char *bytes;
	int status;

	if (argc == 2 && !strcmp(argv[1], "--help")) {
		print_usage(stdout);
		return 0;
	}
	if (argc != 2 || (argv[1][0] == '-' && argv[1][1])) {
		print_usage(stderr);
		return 2;
	}
	bytes = file_read(TOOL, argv[1], &size);
	if (!bytes)
		return 1;
	if (size % 8) {
		fprintf(stderr, TOOL ": %s: %zu bytes are no whole number of instructions\n",
			argv[1], size);
		free(bytes);
		return 1;
	}
	words = calloc(size / 8 + 1, sizeof(*words));
	if (!words) {
		fputs(TOOL ": out of memory\n", stderr);
		free(bytes);
		return 1;
	}
	for (i = 0; i < size; i++)
		words[i / 8] |= (uint64_t)(unsigned char)bytes[i] << 8 * (i % 8);
	free(bytes);
	status = mirage_dis_program(words, size / 8, stdout);
	free(words);
	return status || file_close(TOOL, "standard output", stdout) ? 1 : 0;
}
