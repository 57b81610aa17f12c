// SPDX-License-Identifier: GPL-2.0
/*
 * One question to mm, and how often to ask it.
 *
 * What a fault of a mirror and the populating of a userptr share. Both ask without the lock that
 * invalidations take, take it, and look whether the answer still holds. Where invalidations never stop, that
 * could go on for ever; so they give up, after a time and a number of rounds: a round alone may
 * take longer, if it waits for swap.
 */
#include <linux/hmm.h>
#include <linux/jiffies.h>
#include <linux/sched/signal.h>
#include <linux/string.h>

#include "mirror.h"

#define HMM_PATIENCE_MS		HMM_RANGE_DEFAULT_TIMEOUT
#define HMM_PATIENCE_ROUNDS	16

/**
 * hmm_patience_init - begin to count void rounds
 * @patience: the count
 */
void hmm_patience_init(struct hmm_patience *patience)
{
	patience->deadline = jiffies + msecs_to_jiffies(HMM_PATIENCE_MS);
	patience->rounds = 0;
}

/**
 * hmm_patience_spend - a round was void
 * @patience: the count
 *
 * Return: 0 if there should be another; -EINTR if the task is being killed; -EBUSY if there have been
 * enough.
 */
int hmm_patience_spend(struct hmm_patience *patience)
{
	patience->rounds++;
	if (fatal_signal_pending(current))
		return -EINTR;
	if (patience->rounds >= HMM_PATIENCE_ROUNDS && time_after(jiffies, patience->deadline))
		return -EBUSY;
	return 0;
}

/**
 * hmm_ask - what mm has of some pages
 * @notifier: covers them
 * @seq: of mmu_interval_read_begin()
 * @start: address of the first
 * @npages: how many
 * @flags: HMM_PFN_REQ_* that all of them need; 0 to look only
 * @pfns: out: one answer for each
 *
 * Context: under mmap_lock for reading, with a user of the mm held. With flags it sleeps, allocates, waits
 * for I/O.
 * Return: as hmm_range_fault(): 0; -EBUSY an invalidation came between; -EFAULT, -EPERM a page cannot be
 * had as asked.
 */
int hmm_ask(struct mmu_interval_notifier *notifier, unsigned long seq, unsigned long start,
	    unsigned long npages, unsigned long flags, unsigned long *pfns)
{
	struct hmm_range range = {
		.notifier = notifier,
		.notifier_seq = seq,
		.start = start,
		.end = start + (npages << PAGE_SHIFT),
		.hmm_pfns = pfns,
		.default_flags = flags,
	};

	/* Input too: sticky flags in it would come out again */
	memset(pfns, 0, npages * sizeof(*pfns));
	return hmm_range_fault(&range);
}
