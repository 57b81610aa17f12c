/* SPDX-License-Identifier: GPL-2.0 */
/* Counters of an address space. */
#ifndef MIRAGE_STATS_H
#define MIRAGE_STATS_H

#include <linux/atomic.h>
#include <linux/types.h>

#include <drm/mirage_drm.h>

struct mirage_fault;
struct mirage_vm;

/**
 * struct mirage_stats - counters, indexed by enum drm_mirage_stat
 *
 * Counters that the mirror core keeps stay 0 here; mirage_stats_read() adds them.
 */
struct mirage_stats {
	/** @value: counters, which only grow; reads are not ordered between them */
	atomic64_t value[DRM_MIRAGE_STAT_COUNT];
};

static inline void mirage_stats_add(struct mirage_stats *stats, enum drm_mirage_stat stat, u64 n)
{
	atomic64_add(n, &stats->value[stat]);
}

void mirage_stats_add_faults(struct mirage_stats *stats, const struct mirage_fault *faults,
			     unsigned int count);
void mirage_stats_read(struct mirage_vm *vm, u64 values[DRM_MIRAGE_STAT_COUNT]);
const char *mirage_stats_name(enum drm_mirage_stat stat);

#endif /* MIRAGE_STATS_H */
