// SPDX-License-Identifier: MIT
/*
 * The cost of a piece of work, from the counters of the address space and the device.
 *
 * The chart splits the time from submission to completion. The device may execute one
 * wave while the driver serves another, so bars can overlap; what no bar has is
 * "other": submission, scheduling, waking up.
 */
#include "meter.h"

#include <err.h>
#include <string.h>

#include <hw/regs.h>

int meter_read(struct gpu *gpu, struct meter *meter)
{
	int err;

	memset(meter, 0, sizeof(*meter));
	err = mirage_vm_stats(&gpu->device, gpu->vm, meter->stat);
	if (!err)
		err = mirage_counter(&gpu->device, MIRAGE_PERF_BUSY_NS, &meter->busy_ns);
	if (err)
		warnx("cannot read the counters: %s", strerror(-err));
	meter->elapsed_ns = gpu->elapsed_ns;
	return err;
}

void meter_since(struct meter *meter, const struct meter *before)
{
	unsigned int i;

	/* The last two are no sums: they stay what they are. */
	for (i = 0; i < DRM_MIRAGE_STAT_COUNT; i++)
		if (i != DRM_MIRAGE_STAT_NS_NOTIFIER_MAX && i != DRM_MIRAGE_STAT_BLOCKS)
			meter->stat[i] -= before->stat[i];
	meter->busy_ns -= before->busy_ns;
	meter->elapsed_ns -= before->elapsed_ns;
}

void meter_add(struct meter *sum, const struct meter *meter)
{
	unsigned int i;

	for (i = 0; i < DRM_MIRAGE_STAT_COUNT; i++) {
		if (i != DRM_MIRAGE_STAT_NS_NOTIFIER_MAX && i != DRM_MIRAGE_STAT_BLOCKS)
			sum->stat[i] += meter->stat[i];
		else if (meter->stat[i] > sum->stat[i])
			sum->stat[i] = meter->stat[i];
	}
	sum->busy_ns += meter->busy_ns;
	sum->elapsed_ns += meter->elapsed_ns;
}

uint64_t meter_delivery_ns(const struct meter *meter)
{
	uint64_t faults = meter->stat[DRM_MIRAGE_STAT_FAULTS];

	if (!faults)
		return 0;
	return meter->stat[DRM_MIRAGE_STAT_NS_DELIVERY] / faults *
	       meter->stat[DRM_MIRAGE_STAT_BATCHES];
}

static unsigned long long count(const struct meter *meter, enum drm_mirage_stat stat)
{
	return meter->stat[stat];
}

void meter_print(const struct meter *meter, struct screen *screen)
{
	screen_note(screen,
		    "faults %llu (%llu duplicates), pages %llu (%llu prefetched), "
		    "leaves %llu x 4K, %llu x 64K, %llu x 2M",
		    count(meter, DRM_MIRAGE_STAT_FAULTS), count(meter, DRM_MIRAGE_STAT_FAULT_DUPS),
		    count(meter, DRM_MIRAGE_STAT_PAGES_MAPPED),
		    count(meter, DRM_MIRAGE_STAT_PAGES_PREFETCHED),
		    count(meter, DRM_MIRAGE_STAT_LEAVES_4K),
		    count(meter, DRM_MIRAGE_STAT_LEAVES_64K),
		    count(meter, DRM_MIRAGE_STAT_LEAVES_2M));
	screen_note(screen, "invalidations %llu (%llu pages), replays %llu, time %.3f ms",
		    count(meter, DRM_MIRAGE_STAT_INVALIDATIONS),
		    count(meter, DRM_MIRAGE_STAT_PAGES_INVALIDATED),
		    count(meter, DRM_MIRAGE_STAT_REPLAYS), meter->elapsed_ns / 1e6);
}

void meter_chart(const struct meter *meter, struct screen *screen)
{
	const uint64_t *stat = meter->stat;
	uint64_t parts = stat[DRM_MIRAGE_STAT_NS_MM] + stat[DRM_MIRAGE_STAT_NS_DMA] +
			 stat[DRM_MIRAGE_STAT_NS_PT] + stat[DRM_MIRAGE_STAT_NS_REPLAY];
	struct {
		const char *label;
		uint64_t ns;
	} bars[] = {
		{ "device", meter->busy_ns },
		{ "delivery", meter_delivery_ns(meter) },
		{ "mm", stat[DRM_MIRAGE_STAT_NS_MM] },
		{ "dma", stat[DRM_MIRAGE_STAT_NS_DMA] },
		{ "page tables", stat[DRM_MIRAGE_STAT_NS_PT] },
		{ "replay", stat[DRM_MIRAGE_STAT_NS_REPLAY] },
		{ "rest of service", stat[DRM_MIRAGE_STAT_NS_SERVICE] > parts ?
					     stat[DRM_MIRAGE_STAT_NS_SERVICE] - parts :
					     0 },
		{ "invalidation", stat[DRM_MIRAGE_STAT_NS_NOTIFIER] },
		{ "other", 0 },
	};
	const unsigned int nr_bars = sizeof(bars) / sizeof(bars[0]);
	uint64_t sum = 0, longest = 0;
	unsigned int i;

	for (i = 0; i < nr_bars; i++)
		sum += bars[i].ns;
	if (meter->elapsed_ns > sum)
		bars[nr_bars - 1].ns = meter->elapsed_ns - sum;
	for (i = 0; i < nr_bars; i++)
		if (bars[i].ns > longest)
			longest = bars[i].ns;

	screen_heading(screen,
		       "Where the time went: %.3f ms from submission to completion, all parts",
		       meter->elapsed_ns / 1e6);
	screen_note(screen, "Bars overlap where the device works on while the driver serves faults.");
	for (i = 0; i < nr_bars; i++)
		screen_bar(screen, bars[i].label, bars[i].ns, longest, meter->elapsed_ns);
}
