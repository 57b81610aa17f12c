// SPDX-License-Identifier: GPL-2.0
/*
 * A mirror's counters.
 *
 * mmu notifiers update them, so an update costs one unshared cache line: there is one set per CPU,
 * summed when read. A reader may see a sum that never existed at one moment; each counter alone
 * only grows, except for an invalidation that returns without taking the pages
 * (hmm_uncount_invalidation()).
 *
 * Pages are counted before they leave the device's page table, the time when the flush is complete.
 * So an observer who finds a page gone from the page table also finds it counted.
 */
#include <linux/percpu.h>

#include "devmem.h"
#include "mirror.h"

/**
 * hmm_count_invalidation - count an invalidation that is about to take pages away
 * @mirror: the mirror
 * @npages: pages it takes
 *
 * Context: any; before unmap().
 */
void hmm_count_invalidation(struct hmm_mirror *mirror, unsigned int npages)
{
	this_cpu_inc(mirror->counters->invalidations);
	this_cpu_add(mirror->counters->pages_invalidated, npages);
	/* Pairs with the one in hmm_mirror_read_stats() */
	smp_wmb();
}

/**
 * hmm_uncount_invalidation - undo the count of an invalidation that would have to sleep
 * @mirror: the mirror
 * @npages: number of pages that were counted
 *
 * Context: any.
 */
void hmm_uncount_invalidation(struct hmm_mirror *mirror, unsigned int npages)
{
	this_cpu_dec(mirror->counters->invalidations);
	this_cpu_sub(mirror->counters->pages_invalidated, npages);
}

/**
 * hmm_count_notifier - count the time of an invalidation that took pages away
 * @mirror: the mirror
 * @ns: nanoseconds it ran
 *
 * Context: any.
 */
void hmm_count_notifier(struct hmm_mirror *mirror, u64 ns)
{
	s64 max = atomic64_read(&mirror->ns_notifier_max);

	this_cpu_add(mirror->counters->ns_notifier, ns);

	while (max < (s64)ns && !atomic64_try_cmpxchg(&mirror->ns_notifier_max, &max, ns))
		;
}

/**
 * hmm_mirror_read_stats - read the counters
 * @mirror: the mirror
 * @stats: filled in
 *
 * Context: any; also after hmm_mirror_close().
 */
void hmm_mirror_read_stats(struct hmm_mirror *mirror, struct hmm_mirror_stats *stats)
{
	const atomic64_t *home = mirror->account->home;
	int cpu;

	/*
	 * Pairs with the one in hmm_count_invalidation(): pages seen to be gone before are counted
	 */
	smp_rmb();
	*stats = (struct hmm_mirror_stats){
		.ns_notifier_max = atomic64_read(&mirror->ns_notifier_max),
		.blocks = atomic_long_read(&mirror->nr_blocks),
		.device_pages = atomic64_read(&mirror->account->pages),
		.home_fault = atomic64_read(&home[HMM_HOME_FAULT]),
		.home_asked = atomic64_read(&home[HMM_HOME_ASKED]),
		.home_evicted = atomic64_read(&home[HMM_HOME_EVICTED]),
		.home_sleep = atomic64_read(&home[HMM_HOME_SUSPENDED]) +
			      atomic64_read(&home[HMM_HOME_CLOSED]),
	};
	for_each_possible_cpu(cpu) {
		const struct hmm_counters *counters = per_cpu_ptr(mirror->counters, cpu);

		stats->invalidations += READ_ONCE(counters->invalidations);
		stats->pages_invalidated += READ_ONCE(counters->pages_invalidated);
		stats->ns_notifier += READ_ONCE(counters->ns_notifier);
	}
}
EXPORT_SYMBOL_GPL(hmm_mirror_read_stats);
