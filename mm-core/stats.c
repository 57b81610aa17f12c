// SPDX-License-Identifier: GPL-2.0
/*
 * A mirror's counters.
 *
 * They are added to in mmu notifiers, so they cost one unshared cache line: one set per
 * processor, summed when read. A reader may see a sum that no moment had; each counter alone
 * only grows.
 */
#include <linux/percpu.h>

#include "mirror.h"

/**
 * hmm_count_invalidation - count an invalidation that took pages away
 * @mirror: the mirror
 * @npages: pages it took
 * @ns: nanoseconds it ran
 *
 * Context: any.
 */
void hmm_count_invalidation(struct hmm_mirror *mirror, unsigned int npages, u64 ns)
{
	s64 max = atomic64_read(&mirror->ns_notifier_max);

	this_cpu_inc(mirror->counters->invalidations);
	this_cpu_add(mirror->counters->pages_invalidated, npages);
	this_cpu_add(mirror->counters->ns_notifier, ns);

	while (max < (s64)ns && !atomic64_try_cmpxchg(&mirror->ns_notifier_max, &max, ns))
		;
}

/**
 * hmm_mirror_read_stats - read the counters
 * @mirror: the mirror
 * @stats: where to
 *
 * Context: any; also after hmm_mirror_close().
 */
void hmm_mirror_read_stats(struct hmm_mirror *mirror, struct hmm_mirror_stats *stats)
{
	int cpu;

	*stats = (struct hmm_mirror_stats){
		.ns_notifier_max = atomic64_read(&mirror->ns_notifier_max),
		.blocks = atomic_long_read(&mirror->nr_blocks),
	};
	for_each_possible_cpu(cpu) {
		const struct hmm_counters *counters = per_cpu_ptr(mirror->counters, cpu);

		stats->invalidations += READ_ONCE(counters->invalidations);
		stats->pages_invalidated += READ_ONCE(counters->pages_invalidated);
		stats->ns_notifier += READ_ONCE(counters->ns_notifier);
	}
}
EXPORT_SYMBOL_GPL(hmm_mirror_read_stats);
