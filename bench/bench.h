/* SPDX-License-Identifier: MIT */
/* Shared by the parts of the bench. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include "../demo/gpu.h"
#include "copies.h"
#include "graphics.h"
#include "memory.h"
#include "peer.h"
#include "row.h"

struct bench {
	struct gpu gpu;
	struct peer peer;
	/* Pages of a row. */
	size_t pages;
	unsigned int repeats;
	/* Page numbers in the order of a row's touches; the GPU reads it. */
	uint32_t *order;
	/* Memory that everything is run on once before it is measured. */
	struct memory warm;
	/* Bindings, jobs and evictions. */
	struct graphics graphics;
	/* Sum of the words that the GPU has read. */
	uint32_t sum;
};

/**
 * touch_row() - measure one row, @bench->repeats times.
 *
 * Checks what was read and written, and the driver's counts, exactly. Returns 0, or a
 * negative errno after a message: also when a check failed (-EPROTO).
 */
int touch_row(struct bench *bench, struct row *row);

#endif /* BENCH_BENCH_H */
