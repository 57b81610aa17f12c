// SPDX-License-Identifier: GPL-2.0
/*
 * The reaper: removal of blocks without mappings, and of the oldest when there are too many.
 *
 * A block becomes empty in its notifier's callback, where it cannot be removed. So it is queued for
 * a work item, which checks it again after a delay. Immediate removal is nearly always too early,
 * because an allocator that returns memory often takes it back. The delay is shorter for memory
 * that was unmapped than for memory that was swapped out or migrated.
 *
 * The list is lock-free because it is filled under the locks of different blocks. Only the work
 * item removes entries. A block on the list stays alive until then, since only the work item and
 * hmm_mirror_close(), which stops it first, remove blocks.
 */
#include "mirror.h"

/* Blocks that are removed at once */
#define HMM_REAP_BATCH	64l

/**
 * hmm_reap_block - queue an empty block for the reaper
 * @block: the block
 * @delay: jiffies after which to check it
 *
 * Context: under the block's lock; does not sleep.
 */
void hmm_reap_block(struct hmm_block *block, unsigned long delay)
{
	struct hmm_mirror *mirror = block->mirror;

	lockdep_assert_held(&block->lock);

	if (block->reap_queued) {
		block->reap_delay = min(block->reap_delay, delay);
		return;
	}
	block->reap_queued = true;
	block->reap_delay = delay;
	llist_add(&block->reap_node, &mirror->reap_list);
	queue_delayed_work(hmm_mirror_wq, &mirror->reap_work, HMM_REAP_UNMAPPED);
}

enum hmm_verdict {
	HMM_KEEP,	/* in use again */
	HMM_LATER,	/* not empty for long enough */
	HMM_REAP,	/* retired */
};

static enum hmm_verdict hmm_reap_judge(struct hmm_block *block)
{
	enum hmm_verdict verdict;

	mutex_lock(&block->lock);
	if (!bitmap_empty(block->mapped, HMM_BLOCK_PAGES)) {
		verdict = HMM_KEEP;
		block->reap_queued = false;
	} else if (block->pending.busy ||
		   time_before(jiffies, block->empty_since + block->reap_delay)) {
		verdict = HMM_LATER;
	} else {
		verdict = HMM_REAP;
		hmm_block_retire(block);
	}
	mutex_unlock(&block->lock);
	return verdict;
}

/**
 * hmm_reap_oldest - remove the blocks that were mapped longest ago
 * @mirror: the mirror
 *
 * Takes up to half of the blocks from the device, HMM_REAP_BATCH at most. They are gone when this
 * returns, but for those that another fault needs.
 *
 * Context: inside a call that hmm_mirror_close() waits for; no lock held, no block in use but by a
 * reference. Sleeps until no invalidation runs in the mm.
 * Return: false if there were none.
 */
bool hmm_reap_oldest(struct hmm_mirror *mirror)
{
	unsigned long nr = min(atomic_long_read(&mirror->nr_blocks) / 2, HMM_REAP_BATCH);
	struct hmm_block *block;
	unsigned long i;

	for (i = 0; i < nr; i++) {
		block = hmm_block_oldest(mirror);
		if (!block)
			break;
		hmm_block_revoke(block);
		hmm_block_put(block);
	}
	if (!i)
		return false;
	mod_delayed_work(hmm_mirror_wq, &mirror->reap_work, 0);
	flush_delayed_work(&mirror->reap_work);
	return true;
}

/**
 * hmm_reap_work - remove the blocks that stayed empty
 * @work: &struct hmm_mirror.reap_work
 */
void hmm_reap_work(struct work_struct *work)
{
	struct hmm_mirror *mirror =
		container_of(to_delayed_work(work), struct hmm_mirror, reap_work);
	struct hmm_block *block, *next;
	bool later = false;

	llist_for_each_entry_safe(block, next, llist_del_all(&mirror->reap_list), reap_node) {
		switch (hmm_reap_judge(block)) {
		case HMM_KEEP:
			break;
		case HMM_LATER:
			llist_add(&block->reap_node, &mirror->reap_list);
			later = true;
			break;
		case HMM_REAP:
			hmm_block_drop(block);
			break;
		}
	}

	if (later)
		queue_delayed_work(hmm_mirror_wq, &mirror->reap_work, HMM_REAP_UNMAPPED);
}
