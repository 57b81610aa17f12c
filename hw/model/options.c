// SPDX-License-Identifier: MIT
/* Every mistake on the command line is told with what would be right. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "options.h"
#include "regs.h"
#include "vram.h"

#define DEFAULT_VRAM MiB(256)

static const char usage[] =
	"Usage: mirage-gpu --socket PATH [--vram SIZE] [--knob NAME=VALUE]... [--log FILE]\n"
	"                  [--peers DIR]\n"
	"       mirage-gpu --check [--vram SIZE] [--knob NAME=VALUE]...\n"
	"\n"
	"Serves a mirage GPU over vfio-user at a Unix socket, to one client, until it\n"
	"disconnects.\n"
	"\n"
	"  --socket PATH      where to listen; the path must not exist\n"
	"  --vram SIZE        video memory, with suffix K, M or G (default 256M);\n"
	"                     a multiple of 2 MiB from 16 MiB to 64 GiB\n"
	"  --knob NAME=VALUE  value of a TEST register after reset, see below\n"
	"  --log FILE         write messages there, not to standard error\n"
	"  --peers DIR        a directory that all GPUs of a machine share: they reach\n"
	"                     each other's video memory then, without an IOMMU\n"
	"  --check            only look at the other options: exit with 1 and a message\n"
	"                     where one is wrong, else with 0\n"
	"  --help             print this\n"
	"\n"
	"Knobs:";

bool options_size(const char *text, u64 *size)
{
	unsigned int shift = 0;
	char *end;
	u64 value;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	value = strtoull(text, &end, 0);
	if (errno)
		return false;
	switch (*end) {
	case 'k':
	case 'K':
		shift = 10;
		break;
	case 'm':
	case 'M':
		shift = 20;
		break;
	case 'g':
	case 'G':
		shift = 30;
		break;
	}
	if (shift)
		end++;
	if (*end || value > UINT64_MAX >> shift)
		return false;
	*size = value << shift;
	return true;
}

static void print_knobs(FILE *file)
{
	const char *name;

	for (unsigned int i = 0; (name = regs_knob_name(i)); i++) {
		fputc(' ', file);
		for (; *name; name++)
			fputc(*name == '_' ? '-' : *name | 0x20, file);
	}
	fputc('\n', file);
}

static void parse_knob(struct options *options, const char *text)
{
	struct option_knob *knob = &options->knobs[options->nr_knobs];
	const char *equals = strchr(text, '=');
	unsigned long long value;
	char *end;

	if (options->nr_knobs == OPTIONS_MAX_KNOBS)
		log_fatal("--knob %s: one more than the limit of %d knobs", text,
			  OPTIONS_MAX_KNOBS);
	if (!equals || equals == text || (size_t)(equals - text) >= sizeof(knob->name) ||
	    equals[1] < '0' || equals[1] > '9')
		log_fatal("--knob %s: want NAME=VALUE, for example fault-dup=3", text);
	errno = 0;
	value = strtoull(equals + 1, &end, 0);
	if (errno || *end || value > UINT32_MAX)
		log_fatal("--knob %s: the value must be a number from 0 to 2^32 - 1", text);
	memcpy(knob->name, text, (size_t)(equals - text));
	knob->value = (u32)value;
	options->nr_knobs++;
}

static void parse_vram(struct options *options, const char *text)
{
	const char *error;

	if (!options_size(text, &options->vram_size))
		log_fatal("--vram %s: want a size such as 256M or 1G", text);
	error = vram_size_error(options->vram_size);
	if (error)
		log_fatal("--vram %s: %s", text, error);
}

void options_parse(struct options *options, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "socket", required_argument, NULL, 's' },
		{ "vram", required_argument, NULL, 'v' },
		{ "knob", required_argument, NULL, 'k' },
		{ "log", required_argument, NULL, 'l' },
		{ "peers", required_argument, NULL, 'p' },
		{ "check", no_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	int opt;

	*options = (struct options){ .vram_size = DEFAULT_VRAM };
	while ((opt = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (opt) {
		case 's':
			options->socket = optarg;
			break;
		case 'v':
			parse_vram(options, optarg);
			break;
		case 'k':
			parse_knob(options, optarg);
			break;
		case 'l':
			options->log = optarg;
			break;
		case 'p':
			options->peers = optarg;
			break;
		case 'c':
			options->check = true;
			break;
		case 'h':
			fputs(usage, stdout);
			print_knobs(stdout);
			exit(0);
		default:
			fputs("Try mirage-gpu --help.\n", stderr);
			exit(1);
		}
	}
	if (optind != argc)
		log_fatal("%s: unexpected argument", argv[optind]);
	if (!options->socket && !options->check)
		log_fatal("--socket PATH is missing; try --help");
}
