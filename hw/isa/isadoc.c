// SPDX-License-Identifier: MIT
/*
 * isadoc: the instruction table of hw/doc/isa.md, from isa.def.
 *
 *   isadoc            writes the table to standard output
 *   isadoc --check F  succeeds if the part of F between the two marks is the table
 *   isadoc --update F makes it so
 */
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "insn.h"

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#define TOOL	"isadoc"
#define BEGIN	"<!-- isadoc: begin -->\n"
#define END	"<!-- isadoc: end -->\n"

/* Where the parts of the table begin. */
static const struct {
	unsigned int op;
	const char *title;
} parts[] = {
	{ 0x000, "Control" },
	{ 0x010, "Moves and special values" },
	{ 0x020, "32-bit arithmetic" },
	{ 0x030, "Bits" },
	{ 0x040, "Comparisons: all ones if true, else 0" },
	{ 0x050, "64-bit integers" },
	{ 0x080, "Global memory at A + imm" },
	{ 0x090, "Shared memory at a + imm" },
	{ 0x0a0, "Atomics on global memory at A: the old value goes to d or D" },
	{ 0x0c0, "Atomics on shared memory at a: the old value goes to d" },
	{ 0x100, "32-bit floating point" },
	{ 0x110, "Comparisons of 32-bit floating point: all ones if true, else 0" },
	{ 0x118, "Roundings and conversions of 32-bit floating point" },
};

static void write_register(FILE *out, char letter, unsigned int width)
{
	fputc(width == 2 ? letter - 'a' + 'A' : letter, out);
}

static void write_operands(FILE *out, const struct mirage_format_info *format)
{
	const char *letter;

	for (letter = format->syntax; *letter; letter++) {
		fputs(letter == format->syntax ? " " : ", ", out);
		switch (*letter) {
		case 'd':
			write_register(out, 'd', format->d);
			break;
		case 'a':
			write_register(out, 'a', format->a);
			break;
		case 'b':
			write_register(out, 'b', format->b);
			if (format->imm)
				fputs("/imm", out);
			break;
		case 'c':
			write_register(out, 'c', format->c);
			break;
		case 'i':
			fputs("imm", out);
			break;
		case 's':
			fputs("special", out);
			break;
		case 'r':
			fputs("mode", out);
			break;
		case 't':
			fputs("target", out);
			break;
		case 'm':
		case 'n':
			fputc('[', out);
			write_register(out, 'a', format->a);
			fputs(*letter == 'm' ? " + imm]" : "]", out);
			break;
		}
	}
}

/* A bar would end the cell. */
static void write_cell(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '|')
			fputc('\\', out);
		fputc(*text, out);
	}
}

/* Bit I of the instructions of a format, by its imm. */
static const char * const bit_i[] = { "0", "0 or 1", "1" };

static void write_table(FILE *out)
{
	char mnemonic[MIRAGE_MNEMONIC_SIZE];
	unsigned int op, part = 0;

	for (op = 0; op < MIRAGE_NR_OPCODES; op++) {
		const struct mirage_insn_info *info = mirage_insn_info(op);
		const struct mirage_format_info *format;

		if (!info)
			continue;
		format = mirage_format_info(info->format);
		if (part < ARRAY_SIZE(parts) && op >= parts[part].op)
			fprintf(out, "%s**%s**\n\n| Opcode | Instruction | I | Does |\n|---|---|---|---|\n",
				part ? "\n" : "", parts[part].title);
		while (part < ARRAY_SIZE(parts) && op >= parts[part].op)
			part++;
		mirage_insn_mnemonic(info->name, mnemonic);
		fprintf(out, "| 0x%03x | `%s", op, mnemonic);
		write_operands(out, format);
		fprintf(out, "` | %s | ", bit_i[format->imm]);
		write_cell(out, info->doc);
		fputs(" |\n", out);
	}
}

/* The table as a string; NULL without memory. */
static char *make_table(void)
{
	char *table = NULL;
	size_t size;
	FILE *out = open_memstream(&table, &size);

	if (!out)
		return NULL;
	write_table(out);
	return fclose(out) ? NULL : table;
}

/* Terminated contents of @path, or NULL after a message. */
static char *read_text(const char *path)
{
	size_t size;
	char *text = file_read(TOOL, path, &size), *more;

	if (!text)
		return NULL;
	more = realloc(text, size + 1);
	if (!more) {
		free(text);
		return NULL;
	}
	more[size] = '\0';
	return more;
}

static int update(const char *path, const char *text, const char *begin, const char *table,
		  const char *end)
{
	FILE *out = file_create(TOOL, path);

	if (!out)
		return 1;
	fwrite(text, 1, (size_t)(begin - text), out);
	fputs(table, out);
	fputs(end, out);
	return file_close(TOOL, path, out) ? 1 : 0;
}

int main(int argc, char **argv)
{
	char *table, *text, *begin, *end;
	int status = 1;

	if (argc == 1) {
		write_table(stdout);
		return file_close(TOOL, "standard output", stdout) ? 1 : 0;
	}
	if (argc != 3 || (strcmp(argv[1], "--check") && strcmp(argv[1], "--update"))) {
		fputs("usage: " TOOL " [--check FILE | --update FILE]\n", stderr);
		return 2;
	}
	table = make_table();
	text = read_text(argv[2]);
	begin = text ? strstr(text, BEGIN) : NULL;
	end = begin ? strstr(begin, END) : NULL;
	if (!table || !text)
		goto out;
	if (!end) {
		fprintf(stderr, TOOL ": %s has no marks for the table\n", argv[2]);
		goto out;
	}
	begin += strlen(BEGIN);
	if ((size_t)(end - begin) == strlen(table) && !memcmp(begin, table, strlen(table))) {
		status = 0;
	} else if (!strcmp(argv[1], "--update")) {
		status = update(argv[2], text, begin, table, end);
	} else {
		fprintf(stderr, TOOL ": %s: the table is not what isa.def says; run " TOOL
				" --update on it\n", argv[2]);
	}
out:
	free(table);
	free(text);
	return status;
}
