// SPDX-License-Identifier: GPL-2.0
/*
 * Invalidation: mm takes pages away.
 *
 * All events are handled alike: pages that mm names and the device has are unmapped from the device
 * before mm continues; no other pages are touched. No event is filtered out: protection changes,
 * soft-dirty and NUMA balancing rely on the fault that follows.
 *
 * There are two passes. In the first, mm visits all blocks of the range, and each starts its TLB
 * flush; the second waits for the flushes. So an munmap() of 1 GiB waits about once, not 512 times:
 *
 *   start    lock; set_seq; mapped &= ~named; unmap() -> token; pending = taken pages; unlock
 *   finish   flush(token); lock; release the pending pages that are still there; unlock
 *
 * Between the passes no fault can map anything in the block. If a fault called
 * mmu_interval_read_begin() before set_seq, it collides. If it calls it later, it waits until mm
 * ends the invalidation, which happens after the second pass.
 *
 * But another invalidation can come in between, for example reclaim in the middle of an munmap().
 * Pages that it names may be pending: no longer mapped, but still in the TLB. It must not treat
 * them as gone. So it also waits for the pending token, releases those pages itself and removes
 * them from the pending set. And since there is only one pending set, it flushes its own pages in
 * its first pass, under the lock.
 *
 * A non-blockable invalidation (the OOM reaper) only tries the lock and does everything in one
 * pass.
 *
 * Rejected: allocating a pending set per invalidation (nothing here may fail); always waiting for
 * the flush in the first pass (the cost above).
 */
#include <linux/ktime.h>

#include "mirror.h"
#include "trace.h"

/**
 * struct hmm_shot - one invalidation of one block, during its first pass
 */
struct hmm_shot {
	/** @first: first page that mm named */
	unsigned int first;
	/** @end: end of the range, exclusive */
	unsigned int end;
	/** @blockable: may sleep */
	bool blockable;
	/** @counted: requested by mm, not by hmm_mirror_close() */
	bool counted;
	/** @token: token from unmap(), if pages were taken */
	u64 token;
	/** @npages: pages in @taken */
	unsigned int npages;
	/** @taken: pages taken from the device */
	DECLARE_BITMAP(taken, HMM_BLOCK_PAGES);
};

/* Unmap the mapped pages from the device. False: it would have to sleep; nothing changed. */
static bool hmm_shot_take(struct hmm_shot *shot, struct hmm_block *block)
{
	const struct hmm_mirror_ops *ops = block->mirror->ops;
	unsigned int first, last, npages;

	lockdep_assert_held(&block->lock);

	bitmap_zero(shot->taken, HMM_BLOCK_PAGES);
	bitmap_set(shot->taken, shot->first, shot->end - shot->first);
	if (!bitmap_and(shot->taken, shot->taken, block->mapped, HMM_BLOCK_PAGES))
		return true;

	first = find_first_bit(shot->taken, HMM_BLOCK_PAGES);
	last = find_last_bit(shot->taken, HMM_BLOCK_PAGES);
	npages = bitmap_weight(shot->taken, HMM_BLOCK_PAGES);
	/* Counted first, so that an observer who finds the pages gone also finds the new count */
	if (shot->counted)
		hmm_count_invalidation(block->mirror, npages);
	if (!ops->unmap(block->mirror, block, first, last - first + 1, shot->blockable,
			&shot->token)) {
		if (shot->counted)
			hmm_uncount_invalidation(block->mirror, npages);
		return false;
	}

	shot->npages = npages;
	bitmap_clear(block->mapped, first, last - first + 1);
	bitmap_clear(block->writable, first, last - first + 1);
	return true;
}

/* Finish in the first pass: this invalidation's own pages and pending ones that mm names */
static void hmm_shot_finish_now(struct hmm_shot *shot, struct hmm_block *block)
{
	const struct hmm_mirror_ops *ops = block->mirror->ops;
	struct hmm_pending *pending = &block->pending;

	lockdep_assert_held(&block->lock);

	if (shot->npages) {
		ops->flush(block->mirror, shot->token, shot->blockable);
		hmm_block_release_pages(block, shot->taken);
	}

	bitmap_zero(shot->taken, HMM_BLOCK_PAGES);
	bitmap_set(shot->taken, shot->first, shot->end - shot->first);
	if (bitmap_and(shot->taken, shot->taken, pending->pages, HMM_BLOCK_PAGES)) {
		ops->flush(block->mirror, pending->token, shot->blockable);
		hmm_block_release_pages(block, shot->taken);
		bitmap_andnot(pending->pages, pending->pages, shot->taken, HMM_BLOCK_PAGES);
	}
}

/* Defer the flush to the second pass, if possible */
static struct mmu_interval_notifier_finish *hmm_shot_defer(struct hmm_shot *shot,
							   struct hmm_block *block)
{
	struct hmm_pending *pending = &block->pending;

	lockdep_assert_held(&block->lock);

	if (!shot->blockable || !shot->npages || pending->busy)
		return NULL;

	pending->busy = true;
	pending->token = shot->token;
	bitmap_copy(pending->pages, shot->taken, HMM_BLOCK_PAGES);
	return &pending->finish;
}

/* First pass over pages @first to @end - 1 of a block; under its lock */
static bool hmm_shot_start(struct hmm_shot *shot, struct hmm_block *block,
			   struct mmu_interval_notifier_finish **finish)
{
	lockdep_assert_held(&block->lock);

	shot->npages = 0;
	if (!hmm_shot_take(shot, block))
		return false;

	*finish = hmm_shot_defer(shot, block);
	if (!*finish)
		hmm_shot_finish_now(shot, block);

	if (shot->npages && bitmap_empty(block->mapped, HMM_BLOCK_PAGES))
		block->empty_since = jiffies;
	return true;
}

static bool hmm_block_invalidate_start(struct mmu_interval_notifier *notifier,
				       const struct mmu_notifier_range *range,
				       unsigned long cur_seq,
				       struct mmu_interval_notifier_finish **finish)
{
	struct hmm_block *block = container_of(notifier, struct hmm_block, notifier);
	struct hmm_shot shot = {
		.blockable = mmu_notifier_range_blockable(range), .counted = true,
	};
	unsigned long start = max(range->start, block->start);
	unsigned long last = min(range->end - 1, block->start + HMM_BLOCK_SIZE - 1);
	u64 t0 = ktime_get_ns();
	bool done;
	u64 ns;

	shot.first = (start - block->start) >> PAGE_SHIFT;
	shot.end = ((last - block->start) >> PAGE_SHIFT) + 1;

	if (shot.blockable)
		mutex_lock(&block->lock);
	else if (!mutex_trylock(&block->lock))
		return false;

	mmu_interval_set_seq(notifier, cur_seq);
	done = hmm_shot_start(&shot, block, finish);
	if (done && shot.npages && bitmap_empty(block->mapped, HMM_BLOCK_PAGES) &&
	    range->event != MMU_NOTIFY_RELEASE)
		hmm_reap_block(block, range->event == MMU_NOTIFY_UNMAP ? HMM_REAP_UNMAPPED :
									 HMM_REAP_IDLE);

	ns = ktime_get_ns() - t0;
	if (*finish)
		block->pending.ns = ns;
	else if (shot.npages)
		hmm_count_notifier(block->mirror, ns);
	trace_hmm_mirror_invalidate(block, range->event, shot.first, shot.end - shot.first,
				    shot.npages, *finish, done, ns);
	mutex_unlock(&block->lock);
	return done;
}

/* Second pass of a block whose pending set belongs to the caller */
static void hmm_block_flush_pending(struct hmm_block *block)
{
	struct hmm_pending *pending = &block->pending;

	block->mirror->ops->flush(block->mirror, pending->token, true);

	mutex_lock(&block->lock);
	hmm_block_release_pages(block, pending->pages);
	bitmap_zero(pending->pages, HMM_BLOCK_PAGES);
	pending->busy = false;
	mutex_unlock(&block->lock);
}

static void hmm_block_invalidate_finish(struct mmu_interval_notifier_finish *finish)
{
	struct hmm_block *block = container_of(finish, struct hmm_block, pending.finish);
	u64 ns = block->pending.ns;
	u64 t0 = ktime_get_ns();

	hmm_block_flush_pending(block);
	hmm_count_notifier(block->mirror, ns + ktime_get_ns() - t0);
}

const struct mmu_interval_notifier_ops hmm_block_notifier_ops = {
	.invalidate_start = hmm_block_invalidate_start,
	.invalidate_finish = hmm_block_invalidate_finish,
};

/**
 * hmm_block_revoke - unmap a whole block from the device, and let the reaper remove it
 * @block: the block; may be dead
 *
 * The flush is complete when it returns: no invalidation keeps faults from mapping pages meanwhile,
 * so pages cannot be left pending without the lock.
 *
 * Context: the caller has a reference; no lock held. Sleeps.
 */
void hmm_block_revoke(struct hmm_block *block)
{
	struct hmm_shot shot = { .end = HMM_BLOCK_PAGES, .blockable = true };

	mutex_lock(&block->lock);
	if (!block->dead) {
		WARN_ON_ONCE(!hmm_shot_take(&shot, block));
		hmm_shot_finish_now(&shot, block);
		block->empty_since = jiffies;
		hmm_reap_block(block, 0);
	}
	mutex_unlock(&block->lock);
}

/**
 * hmm_block_take_all - start to unmap a whole block from the device for good
 * @block: the block
 * @finish: list for hmm_block_finish_all()
 *
 * Context: hmm_mirror_close(), after the last fault; no lock held. Sleeps.
 */
void hmm_block_take_all(struct hmm_block *block, struct llist_head *finish)
{
	struct hmm_shot shot = { .end = HMM_BLOCK_PAGES, .blockable = true };
	struct mmu_interval_notifier_finish *left = NULL;

	mutex_lock(&block->lock);
	WARN_ON_ONCE(!hmm_shot_start(&shot, block, &left));
	mutex_unlock(&block->lock);

	if (left)
		llist_add(&left->link, finish);
}

/**
 * hmm_block_finish_all - wait for the flushes that hmm_block_take_all() started
 * @finish: list of blocks
 *
 * Context: as hmm_block_take_all(). Sleeps.
 */
void hmm_block_finish_all(struct llist_head *finish)
{
	struct mmu_interval_notifier_finish *left, *next;

	llist_for_each_entry_safe(left, next, llist_del_all(finish), link)
		hmm_block_flush_pending(container_of(left, struct hmm_block, pending.finish));
}
