// SPDX-License-Identifier: GPL-2.0
/*
 * Policy: the memory that a program prefers for ranges of its address space.
 *
 * A preference belongs to addresses, not to mappings: it stays when the program unmaps the memory
 * and maps other memory there, and does not follow mremap(). That is what programs expect that set
 * it for the arena of an allocator, and it costs no callback of mm. A child after fork() has a
 * mirror of its own, and no preferences.
 *
 * The driver asks for it when it serves a fault, and moves pages with hmm_mirror_migrate() if it
 * agrees. The core only keeps the answer, and sees to it that pages do not bounce: a page that the
 * CPU takes home as often as the device asks for it would move all the time, and neither side would
 * get on. After HMM_BOUNCES such rounds in a row, each within HMM_BOUNCE_WINDOW, the pages of the
 * block stay in system memory for HMM_BOUNCE_PAUSE, where both can use them.
 *
 * Device memory that is too small is the other reason to bounce. If all of it is in use again and again, each
 * page that comes in pushes out one that is needed as much. So a page that comes back soon does not
 * evict others: it moves to the device if there is room, and else the device uses it where it is.
 * "Soon" is a refault distance, as in mm/workingset.c: the device memory has evicted some pages
 * since the page moved there, but no more than HMM_REFAULT_SPAN times its size. The distance is
 * that large because memory that is used in order comes back when all of it has been through.
 *
 * Model of bouncing: the thrashing detection of NVIDIA's UVM driver. Rejected: to keep the page
 * on the device for a while and let the CPU wait (xe): migrate_to_ram() cannot sleep for that under
 * mmap_lock without stopping the whole process.
 */
#include <linux/jiffies.h>
#include <linux/maple_tree.h>

#include "devmem.h"
#include "mirror.h"

#define HMM_BOUNCES		3
#define HMM_BOUNCE_WINDOW	(HZ / 5)
#define HMM_BOUNCE_PAUSE	(HZ / 2)
#define HMM_REFAULT_SPAN	4

/**
 * hmm_mirror_prefer - set the preferred memory of a range
 * @mirror: the mirror
 * @start: first address, page aligned
 * @end: end of the range, exclusive
 * @location: preferred memory; HMM_LOCATION_NONE for no preference, as at first
 *
 * Nothing moves because of it; the next faults of the device follow it.
 *
 * Context: process context. May sleep and allocate.
 * Return: 0 or -ENOMEM
 */
int hmm_mirror_prefer(struct hmm_mirror *mirror, unsigned long start, unsigned long end,
		      enum hmm_location location)
{
	void *entry = location == HMM_LOCATION_NONE ? NULL : xa_mk_value(location);

	return mtree_store_range(&mirror->policy, start, end - 1, entry,
				 GFP_KERNEL_ACCOUNT);
}
EXPORT_SYMBOL_GPL(hmm_mirror_prefer);

/**
 * hmm_mirror_preference - get the preferred memory of an address
 * @mirror: the mirror
 * @addr: the address
 * @end: out: end of the range that has the same preference, exclusive; ULONG_MAX at most
 *
 * Context: any that may take a spinlock.
 * Return: the memory, or HMM_LOCATION_NONE
 */
enum hmm_location hmm_mirror_preference(struct hmm_mirror *mirror, unsigned long addr,
					unsigned long *end)
{
	enum hmm_location location = HMM_LOCATION_NONE;
	void *entry;

	MA_STATE(mas, &mirror->policy, addr, addr);

	rcu_read_lock();
	entry = mas_walk(&mas);
	if (entry)
		location = xa_to_value(entry);
	*end = mas.last == ULONG_MAX ? ULONG_MAX : mas.last + 1;
	rcu_read_unlock();
	return location;
}
EXPORT_SYMBOL_GPL(hmm_mirror_preference);

/**
 * hmm_bounce_check - should pages that a fault asks for stay where they are?
 * @block: the block
 * @wanted: pages that would move to the device
 *
 * Context: takes the block's lock.
 * Return: true if they bounce
 */
bool hmm_bounce_check(struct hmm_block *block, const unsigned long *wanted)
{
	struct hmm_bounce *bounce = &block->bounce;
	bool stay, recent;

	mutex_lock(&block->lock);
	stay = bounce->count >= HMM_BOUNCES &&
	       time_before(jiffies, bounce->moved_at + HMM_BOUNCE_PAUSE);
	recent = time_before(jiffies, bounce->moved_at + HMM_BOUNCE_WINDOW);
	if (!stay && !recent) {
		bounce->count = 0;
	} else if (!stay && bitmap_intersects(wanted, bounce->moved, HMM_BLOCK_PAGES)) {
		bounce->count++;
		stay = bounce->count >= HMM_BOUNCES;
	}
	mutex_unlock(&block->lock);
	return stay;
}

static u64 hmm_block_evicted(const struct hmm_block *block)
{
	return atomic64_read(&block->mirror->devmem->home[HMM_HOME_EVICTED]);
}

/* Has the device memory evicted more since @bounce knows its pages than a working set can explain? */
static bool hmm_refault_is_stale(const struct hmm_block *block)
{
	u64 npages = block->mirror->devmem->size >> PAGE_SHIFT;

	return hmm_block_evicted(block) - block->bounce.evicted > HMM_REFAULT_SPAN * npages;
}

/**
 * hmm_refault_check - should pages that a fault asks for not evict others?
 * @block: the block
 * @wanted: pages that would move to the device
 *
 * Context: takes the block's lock.
 * Return: true if some have been there, and came home since others have been evicted
 */
bool hmm_refault_check(struct hmm_block *block, const unsigned long *wanted)
{
	struct hmm_bounce *bounce = &block->bounce;
	bool refault;

	mutex_lock(&block->lock);
	refault = bitmap_intersects(wanted, bounce->known, HMM_BLOCK_PAGES) &&
		  hmm_block_evicted(block) != bounce->evicted && !hmm_refault_is_stale(block);
	mutex_unlock(&block->lock);
	return refault;
}

/**
 * hmm_bounce_moved - note that pages have moved to the device for a fault
 * @block: the block
 * @moved: the pages
 *
 * Context: takes the block's lock.
 */
void hmm_bounce_moved(struct hmm_block *block, const unsigned long *moved)
{
	struct hmm_bounce *bounce = &block->bounce;

	if (bitmap_empty(moved, HMM_BLOCK_PAGES))
		return;
	mutex_lock(&block->lock);
	if (!time_before(jiffies, bounce->moved_at + HMM_BOUNCE_WINDOW))
		bitmap_zero(bounce->moved, HMM_BLOCK_PAGES);
	bitmap_or(bounce->moved, bounce->moved, moved, HMM_BLOCK_PAGES);
	if (hmm_refault_is_stale(block))
		bitmap_zero(bounce->known, HMM_BLOCK_PAGES);
	bitmap_or(bounce->known, bounce->known, moved, HMM_BLOCK_PAGES);
	bounce->evicted = hmm_block_evicted(block);
	bounce->moved_at = jiffies;
	mutex_unlock(&block->lock);
}
