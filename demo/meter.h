/* SPDX-License-Identifier: MIT */
/* Counters of driver and device: what a piece of work took. */
#ifndef DEMO_METER_H
#define DEMO_METER_H

#include <stdint.h>

#include "gpu.h"
#include "screen.h"

struct meter {
	/* enum drm_mirage_stat of the address space. */
	uint64_t stat[DRM_MIRAGE_STAT_COUNT];
	/* Nanoseconds in which the device executed. */
	uint64_t busy_ns;
	/* Nanoseconds from submission to completion. */
	uint64_t elapsed_ns;
};

/** meter_read() - the counters as they are now. Returns 0, or a negative errno after a message. */
int meter_read(struct gpu *gpu, struct meter *meter);

/** meter_since() - what was counted since @before: @meter -= @before. */
void meter_since(struct meter *meter, const struct meter *before);

/** meter_add() - @sum += @meter. */
void meter_add(struct meter *sum, const struct meter *meter);

/**
 * meter_delivery_ns() - time that faults waited before they were served.
 *
 * The driver sums it over faults; those of one batch wait side by side, so this is the
 * mean times the number of batches.
 */
uint64_t meter_delivery_ns(const struct meter *meter);

/** meter_print() - counts in two lines. */
void meter_print(const struct meter *meter, struct screen *screen);

/** meter_chart() - where the time went, as bars. */
void meter_chart(const struct meter *meter, struct screen *screen);

#endif /* DEMO_METER_H */
