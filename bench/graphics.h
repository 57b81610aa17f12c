/* SPDX-License-Identifier: MIT */
/* Measurements of bindings, jobs, and memory that moves. */
#ifndef BENCH_GRAPHICS_H
#define BENCH_GRAPHICS_H

#include "../demo/gpu.h"
#include "figure.h"
#include "space.h"

struct graphics {
	/* Where bindings and jobs are measured. */
	struct space space;
	unsigned int repeats;
	struct figures figures;
};

/* Each adds its figures. They return 0, or a negative errno after a message. */
int binds_measure(struct graphics *graphics);
int jobs_measure(struct graphics *graphics);
int evictions_measure(struct graphics *graphics);
int migrations_measure(struct graphics *graphics);

/**
 * engine_rate() - measure the copy engine by itself: into video memory and out of it again, bytes in a second.
 * @first: gets one value
 * @second: gets the same; or NULL
 */
int engine_rate(struct graphics *graphics, struct series *first, struct series *second);

/** graphics_measure() - all of them. */
int graphics_measure(struct graphics *graphics, const struct mirage *gpu, unsigned int repeats);

#endif /* BENCH_GRAPHICS_H */
