// SPDX-License-Identifier: MIT
/*
 * mirage-decode: a core dump of the mirage driver (/sys/class/devcoredump) with names.
 *
 * The dump is text in sections; its words are as they were in memory. Their names come
 * from the headers of the hardware: registers and their fields from regs/, packets from
 * packets.h. A line that is not understood is printed as it is, so nothing of a dump gets lost.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hw/packets.h>
#include <hw/queues.h>
#include <hw/regs.h>
#include <mirage.h>

#include "decode.h"

#define FORMAT		1
#define MAX_WORDS	4096

/* The part of a section that has to wait for its end. */
struct section {
	char name[32];
	unsigned int put, get;		/* of a queue's entries */
	struct mirage_chan_desc desc;	/* of a channel */
	bool has_desc;
	uint32_t words[MAX_WORDS];	/* of a ring or a buffer */
	size_t nr_words;
	uint64_t first;			/* ring index or address of words[0] */
};

/* Where the first channel, which is to blame, met its error. */
static uint64_t guilty_addr;

static size_t parse_words(const char *text, uint32_t *words, size_t max)
{
	size_t n = 0;
	char *end;

	while (n < max) {
		unsigned long word = strtoul(text, &end, 16);

		if (end == text)
			break;
		words[n++] = word;
		text = end;
	}
	return n;
}

static void add_words(struct section *section, uint64_t first, const char *text)
{
	if (!section->nr_words)
		section->first = first;
	section->nr_words += parse_words(text, section->words + section->nr_words,
					 MAX_WORDS - section->nr_words);
}

static bool all_zero(const uint32_t *words, size_t n)
{
	while (n && !words[n - 1])
		n--;
	return !n;
}

/* Entries of the command queue, the event queue, the fault buffer or the places of its entries. */
static void decode_entry(const struct section *section, unsigned int index, const char *text)
{
	uint32_t words[8] = { 0 };
	size_t n = parse_words(text, words, 8);

	if (all_zero(words, n))
		return;
	printf("%c %u: ", (int)(index - section->get) >= 0 ? '>' : ' ', index);
	if (!strcmp(section->name, "commands"))
		decode_command(words);
	else if (!strcmp(section->name, "events"))
		decode_event(words);
	else if (!strcmp(section->name, "places"))
		decode_place(words);
	else
		decode_fault(words);
}

static void end_ring(const struct section *section)
{
	uint32_t get = section->desc.get, put = section->desc.put, skip;

	skip = get - (uint32_t)section->first;
	if (skip > section->nr_words)
		return;
	if (get == put) {
		printf("ring: empty at %u\n", get);
		return;
	}
	printf("ring: %u to %u\n", get, put);
	if (put - get < section->nr_words - skip)
		decode_packets(section->words + skip, put - get, get, 1);
	else
		decode_packets(section->words + skip, section->nr_words - skip, get, 1);
}

static void end_buffer(const struct section *section)
{
	size_t skip = 0;

	/* A window in the middle of a buffer may begin in the middle of a packet. */
	if (guilty_addr >= section->first &&
	    guilty_addr < section->first + section->nr_words * sizeof(uint32_t))
		skip = (guilty_addr - section->first) / sizeof(uint32_t);
	decode_packets(section->words + skip, section->nr_words - skip,
		       section->first + skip * sizeof(uint32_t), sizeof(uint32_t));
}

static void end_section(const struct section *section)
{
	if (!strncmp(section->name, "channel ", 8) && section->has_desc)
		end_ring(section);
	else if (!strcmp(section->name, "buffer"))
		end_buffer(section);
}

static bool is_queue(const struct section *section)
{
	return !strcmp(section->name, "commands") || !strcmp(section->name, "events") ||
	       !strcmp(section->name, "faults") || !strcmp(section->name, "places");
}

static bool decode_channel_line(struct section *section, const char *line)
{
	static bool first = true;
	unsigned int index;
	int length = 0;

	if (!strncmp(line, "descriptor:", 11)) {
		if (parse_words(line + 11, (uint32_t *)&section->desc,
				sizeof(section->desc) / sizeof(uint32_t)) !=
		    sizeof(section->desc) / sizeof(uint32_t))
			return false;
		section->has_desc = true;
		if (first)
			guilty_addr = section->desc.error_addr;
		first = false;
		decode_descriptor(&section->desc);
		return true;
	}
	if (sscanf(line, "ring %u:%n", &index, &length) == 1 && length) {
		add_words(section, index, line + length);
		return true;
	}
	return false;
}

/* True if the line was understood, and need not be printed as it is. */
static bool decode_line(struct section *section, const char *line)
{
	unsigned long long number;
	unsigned int index;
	char name[64];
	int length = 0;

	if (!strcmp(section->name, "registers")) {
		if (sscanf(line, "%x %63s %llx", &index, name, &number) != 3)
			return false;
		decode_register(index, name, number);
		return true;
	}
	if (is_queue(section)) {
		if (sscanf(line, "put: %u", &section->put) == 1 ||
		    sscanf(line, "get: %u", &section->get) == 1)
			return false;
		if (sscanf(line, "%u:%n", &index, &length) != 1 || !length)
			return false;
		decode_entry(section, index, line + length);
		return true;
	}
	if (!strncmp(section->name, "channel ", 8))
		return decode_channel_line(section, line);
	if (!strcmp(section->name, "buffer")) {
		if (sscanf(line, "0x%llx:%n", &number, &length) != 1 || !length)
			return false;
		add_words(section, number, line + length);
		return true;
	}
	if (!strcmp(section->name, "history"))
		return decode_history(line);
	return false;
}

static int decode(FILE *in)
{
	static struct section section;
	unsigned int format = 0;
	bool ended = false;
	char *line = NULL;
	size_t room = 0;
	ssize_t length;

	while ((length = getline(&line, &room, in)) > 0) {
		char name[32];

		if (line[length - 1] == '\n')
			line[length - 1] = 0;
		if (!format) {
			if (sscanf(line, "mirage core dump, format %u", &format) != 1 ||
			    format != FORMAT) {
				fprintf(stderr,
					"mirage-decode: the first line is not 'mirage core dump, format %u'\n",
					FORMAT);
				free(line);
				return 1;
			}
		}
		if (sscanf(line, "[%31[^]]]", name) == 1) {
			end_section(&section);
			memset(&section, 0, sizeof(section));
			memcpy(section.name, name, sizeof(name));
			ended = !strcmp(name, "end");
		}
		if (!decode_line(&section, line))
			puts(line);
	}
	free(line);
	if (!ended) {
		fprintf(stderr, "mirage-decode: the dump is cut off: it has no section [end]\n");
		return 1;
	}
	return 0;
}

static void print_usage(FILE *out)
{
	fputs("usage: mirage-decode [FILE]\n"
	      "       mirage-decode --help\n"
	      "Names what is in FILE, a core dump of the mirage driver; without it, or with -, in\n"
	      "standard input.\n",
	      out);
}

int main(int argc, char **argv)
{
	FILE *in = stdin;
	int ret;

	if (argc == 2 && !strcmp(argv[1], "--help")) {
		print_usage(stdout);
		return 0;
	}
	if (argc > 2 || (argc == 2 && argv[1][0] == '-' && argv[1][1])) {
		print_usage(stderr);
		return 2;
	}
	if (argc == 2 && strcmp(argv[1], "-")) {
		in = fopen(argv[1], "r");
		if (!in) {
			fprintf(stderr, "mirage-decode: %s: %s\n", argv[1], strerror(errno));
			return 1;
		}
	}
	ret = decode(in);
	if (in != stdin)
		fclose(in);
	return ret;
}
