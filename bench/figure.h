/* SPDX-License-Identifier: MIT */
/* One line of the tables that have a peer beside: a value, and what it is a ratio to. */
#ifndef BENCH_FIGURE_H
#define BENCH_FIGURE_H

#include <stddef.h>

#include "series.h"

enum figure_unit {
	/* Nanoseconds; smaller is better. */
	FIGURE_NS,
	/* So many in a second; larger is better. */
	FIGURE_PER_SECOND,
	/* Bytes in a second; larger is better. */
	FIGURE_BYTES_PER_SECOND,
};

struct figure {
	/* Table it belongs to: "VM_BIND", ... Figures of a table are next to each other. */
	const char *table;
	char name[48];
	enum figure_unit unit;
	/* Name of @peer. */
	const char *peer_name;
	struct series value;
	struct series peer;
};

#define FIGURES_MAX	32

struct figures {
	size_t count;
	struct figure figure[FIGURES_MAX];
};

/** figure_add() - one more figure without values. The room is for all that the bench has. */
struct figure *figure_add(struct figures *figures, const char *table, const char *name,
			  enum figure_unit unit, const char *peer_name);

/** figure_ratio() - how many times better than the peer: above 1 is faster; 0 without a peer. */
double figure_ratio(const struct figure *figure);

#endif /* BENCH_FIGURE_H */
