/* SPDX-License-Identifier: MIT */
/* The command line. */
#ifndef MODEL_OPTIONS_H
#define MODEL_OPTIONS_H

#include "util.h"

#define OPTIONS_MAX_KNOBS 64

struct option_knob {
	char name[64];		/* its name */
	u32 value;
};

struct options {
	const char *socket;	/* path */
	const char *log;	/* path or NULL */
	const char *peers;	/* path or NULL */
	bool check;		/* only look at the others */
	u64 vram_size;		/* bytes */
	struct option_knob knobs[OPTIONS_MAX_KNOBS];
	unsigned int nr_knobs;
};

/**
 * options_size() - read a size such as "256M" or "1G".
 * @size: set to bytes
 *
 * Returns whether @text is one.
 */
bool options_size(const char *text, u64 *size);

/**
 * options_parse() - read the command line.
 * Ends the process with a message if it is wrong, or after printing help.
 */
void options_parse(struct options *options, int argc, char **argv);

#endif /* MODEL_OPTIONS_H */
