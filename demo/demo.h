/* SPDX-License-Identifier: MIT */
/* Shared by the parts of the demo. */
#ifndef DEMO_DEMO_H
#define DEMO_DEMO_H

#include <stdbool.h>
#include <stddef.h>

#include "gpu.h"
#include "meter.h"
#include "screen.h"

struct demo {
	struct gpu gpu;
	struct screen screen;
	/* The file, and what read(2) gave of it. */
	const char *path;
	char *text;
	size_t text_size;
	/* A result was wrong. */
	bool wrong;
	/* The cost of all parts so far. */
	struct meter total;
};

/**
 * demo_check() - print a result and its verdict; a wrong one is remembered.
 * Returns @right.
 */
bool demo_check(struct demo *demo, bool right, const char *label, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * The parts. Each returns 0, or a negative errno after a message when it could not be
 * run to its end; wrong results are not errors but demo_check()s.
 */
int demo_list(struct demo *demo);
int demo_digest(struct demo *demo);
int demo_counter(struct demo *demo);
int demo_remap(struct demo *demo);

#endif /* DEMO_DEMO_H */
