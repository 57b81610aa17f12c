// SPDX-License-Identifier: MIT
/*
 * mirage-as: source text to instructions, as a binary or as a C array.
 *
 * The C array exists so that programs carry their kernels inside them; it comes
 * with the two numbers of a dispatch that follow from the code.
 */
#include <ctype.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "asm.h"
#include "file.h"

#define TOOL "mirage-as"

static void print_usage(FILE *out)
{
	fputs("usage: " TOOL " [--c-array NAME] -o OUT IN.s\n"
	      "       " TOOL " --help\n"
	      "Assembles IN.s (- is standard input) to OUT (- is standard output): little-endian\n"
	      "64-bit words, or with --c-array a C header that defines NAME[], NAME_nr_regs and\n"
	      "NAME_shared_size.\n",
	      out);
}

static void report(void *ctx, unsigned int line, unsigned int column, const char *message)
{
	fprintf(stderr, "%s:%u:%u: error: %s\n", (const char *)ctx, line, column, message);
}

static int is_identifier(const char *name)
{
	const char *c;

	if (!*name || isdigit((unsigned char)*name))
		return 0;
	for (c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && *c != '_')
			return 0;
	return 1;
}

static void write_binary(const struct mirage_program *program, FILE *out)
{
	size_t i;
	int byte;

	for (i = 0; i < program->nr_words; i++)
		for (byte = 0; byte < 8; byte++)
			fputc((int)(program->words[i] >> 8 * byte & 0xff), out);
}

static void write_c_array(const struct mirage_program *program, const char *name, FILE *out)
{
	size_t i;

	fprintf(out, "/* SPDX-License-Identifier: MIT */\n/* Made by " TOOL ". */\n");
	fprintf(out, "enum { %s_nr_regs = %u, %s_shared_size = %u };\n", name, program->nr_regs,
		name, program->shared_size);
	fprintf(out, "static const unsigned long long %s[%zu] = {\n", name, program->nr_words);
	for (i = 0; i < program->nr_words; i++)
		fprintf(out, "\t0x%016llxull,\n", (unsigned long long)program->words[i]);
	fprintf(out, "};\n");
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "c-array", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	const char *array = NULL, *path = NULL;
	struct mirage_program program;
	unsigned int errors;
	size_t size;
	char *text;
	FILE *out;
	int opt;

	while ((opt = getopt_long(argc, argv, "o:h", options, NULL)) != -1) {
		switch (opt) {
		case 'c':
			array = optarg;
			break;
		case 'o':
			path = optarg;
			break;
		case 'h':
			print_usage(stdout);
			return 0;
		default:
			print_usage(stderr);
			return 2;
		}
	}
	if (!path || optind + 1 != argc) {
		print_usage(stderr);
		return 2;
	}
	if (array && !is_identifier(array)) {
		fprintf(stderr, TOOL ": '%s' is not a C identifier\n", array);
		return 2;
	}

	text = file_read(TOOL, argv[optind], &size);
	if (!text)
		return 1;
	errors = mirage_assemble(text, size, &program, report, argv[optind]);
	free(text);
	if (errors)
		return 1;
	out = file_create(TOOL, path);
	if (out) {
		if (array)
			write_c_array(&program, array, out);
		else
			write_binary(&program, out);
	}
	mirage_program_free(&program);
	return !out || file_close(TOOL, path, out) ? 1 : 0;
}
