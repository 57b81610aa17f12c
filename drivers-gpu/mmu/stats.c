// SPDX-License-Identifier: GPL-2.0
/*
 * Counters of an address space: those of the driver and those of the mirror core.
 *
 * Rejected: per-CPU counters. One work serves a VM's faults, so there is almost no contention, and
 * 34 counters per CPU and VM would waste memory.
 */
#include "mmu/stats.h"

#include <linux/hmm_mirror.h>

#include <hw/pte.h>

#include "device/fault_entry.h"
#include "mmu/vm.h"

/**
 * mirage_stats_add_faults() - count faults by their access
 * @stats: counters
 * @faults: faults
 * @count: their number
 */
void mirage_stats_add_faults(struct mirage_stats *stats, const struct mirage_fault *faults,
			     unsigned int count)
{
	unsigned int i;

	mirage_stats_add(stats, DRM_MIRAGE_STAT_FAULTS, count);
	for (i = 0; i < count; i++) {
		enum drm_mirage_stat stat = DRM_MIRAGE_STAT_FAULTS_READ;

		if (faults[i].access == MIRAGE_ACCESS_WRITE)
			stat = DRM_MIRAGE_STAT_FAULTS_WRITE;
		else if (faults[i].access == MIRAGE_ACCESS_ATOMIC)
			stat = DRM_MIRAGE_STAT_FAULTS_ATOMIC;
		mirage_stats_add(stats, stat, 1);
	}
}

/**
 * mirage_stats_read() - read all counters of an address space
 * @vm: address space
 * @values: filled in, indexed by enum drm_mirage_stat
 */
void mirage_stats_read(struct mirage_vm *vm, u64 values[DRM_MIRAGE_STAT_COUNT])
{
	struct hmm_mirror_stats core = {};
	unsigned int i;

	for (i = 0; i < DRM_MIRAGE_STAT_COUNT; i++)
		values[i] = atomic64_read(&vm->stats.value[i]);

	if (vm->mirror)
		hmm_mirror_read_stats(vm->mirror, &core);
	values[DRM_MIRAGE_STAT_INVALIDATIONS] = core.invalidations;
	values[DRM_MIRAGE_STAT_PAGES_INVALIDATED] = core.pages_invalidated;
	values[DRM_MIRAGE_STAT_NS_NOTIFIER] = core.ns_notifier;
	values[DRM_MIRAGE_STAT_NS_NOTIFIER_MAX] = core.ns_notifier_max;
	values[DRM_MIRAGE_STAT_BLOCKS] = core.blocks;
	values[DRM_MIRAGE_STAT_PAGES_HOME_FAULT] = core.home_fault;
	values[DRM_MIRAGE_STAT_PAGES_HOME_ASKED] = core.home_asked;
	values[DRM_MIRAGE_STAT_PAGES_EVICTED] = core.home_evicted;
	values[DRM_MIRAGE_STAT_PAGES_HOME_SLEEP] = core.home_sleep;
	values[DRM_MIRAGE_STAT_PAGES_IN_VRAM] = core.device_pages;
}

/**
 * mirage_stats_name() - name of a counter
 * @stat: counter
 */
const char *mirage_stats_name(enum drm_mirage_stat stat)
{
	static const char * const names[DRM_MIRAGE_STAT_COUNT] = {
		[DRM_MIRAGE_STAT_FAULTS] = "faults",
		[DRM_MIRAGE_STAT_FAULT_DUPS] = "fault_dups",
		[DRM_MIRAGE_STAT_BATCHES] = "batches",
		[DRM_MIRAGE_STAT_BLOCK_FAULTS] = "block_faults",
		[DRM_MIRAGE_STAT_REPLAYS] = "replays",
		[DRM_MIRAGE_STAT_FAILED] = "failed",
		[DRM_MIRAGE_STAT_RETRIES] = "retries",
		[DRM_MIRAGE_STAT_PAGES_MAPPED] = "pages_mapped",
		[DRM_MIRAGE_STAT_PAGES_PREFETCHED] = "pages_prefetched",
		[DRM_MIRAGE_STAT_LEAVES_4K] = "leaves_4k",
		[DRM_MIRAGE_STAT_LEAVES_64K] = "leaves_64k",
		[DRM_MIRAGE_STAT_LEAVES_2M] = "leaves_2m",
		[DRM_MIRAGE_STAT_INVALIDATIONS] = "invalidations",
		[DRM_MIRAGE_STAT_PAGES_INVALIDATED] = "pages_invalidated",
		[DRM_MIRAGE_STAT_TLB_FLUSHES] = "tlb_flushes",
		[DRM_MIRAGE_STAT_NS_DELIVERY] = "ns_delivery",
		[DRM_MIRAGE_STAT_NS_SERVICE] = "ns_service",
		[DRM_MIRAGE_STAT_NS_MM] = "ns_mm",
		[DRM_MIRAGE_STAT_NS_DMA] = "ns_dma",
		[DRM_MIRAGE_STAT_NS_PT] = "ns_pt",
		[DRM_MIRAGE_STAT_NS_REPLAY] = "ns_replay",
		[DRM_MIRAGE_STAT_NS_NOTIFIER] = "ns_notifier",
		[DRM_MIRAGE_STAT_NS_NOTIFIER_MAX] = "ns_notifier_max",
		[DRM_MIRAGE_STAT_BLOCKS] = "blocks",
		[DRM_MIRAGE_STAT_PAGES_TO_VRAM] = "pages_to_vram",
		[DRM_MIRAGE_STAT_PAGES_BOUNCED] = "pages_bounced",
		[DRM_MIRAGE_STAT_FAULTS_READ] = "faults_read",
		[DRM_MIRAGE_STAT_FAULTS_WRITE] = "faults_write",
		[DRM_MIRAGE_STAT_FAULTS_ATOMIC] = "faults_atomic",
		[DRM_MIRAGE_STAT_PAGES_HOME_FAULT] = "pages_home_fault",
		[DRM_MIRAGE_STAT_PAGES_HOME_ASKED] = "pages_home_asked",
		[DRM_MIRAGE_STAT_PAGES_EVICTED] = "pages_evicted",
		[DRM_MIRAGE_STAT_PAGES_HOME_SLEEP] = "pages_home_sleep",
		[DRM_MIRAGE_STAT_PAGES_IN_VRAM] = "pages_in_vram",
	};

	return names[stat];
}
