/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The mirror core: keeps a device's page tables in step with a process's own.
 *
 * It is the layer between mm and device drivers. A driver says which pages its
 * device asks for; the core alone knows how mm makes them accessible today. A
 * driver never sees a struct page, a folio, a VMA or mmap_lock; mm people never
 * need to look into a driver, only at what is promised here.
 *
 * Objects
 *   struct hmm_mirror   one device address space that mirrors one mm
 *   struct hmm_block    2 MiB of it, HMM_BLOCK_SIZE aligned, with its own lock, its own
 *                       invalidation sequence and the state of each page
 *
 * Promises to the driver
 *   - map() and unmap() of one block are never called at the same time, and are called
 *     in an order that leaves the device with what mm holds: after mm has taken a page
 *     away the device has no mapping of it, before mm goes on.
 *   - unmap() names exactly the pages that mm named and that map() had given.
 *   - Read access never asks mm for write: no COW is broken, the zero page stays.
 *   - Nothing is pinned. Pages the device could write are marked dirty when taken away.
 *   - After hmm_mirror_close() no callback runs and none will.
 *   - Of several blocks with the same start (one being made while another goes away) at
 *     most one has mappings at any time; only for that one map() and unmap() are called.
 *
 * What the driver promises
 *   - map() and unmap() do not sleep for memory: they run under a lock that reclaim
 *     takes. What they need is allocated in block_init().
 *   - flush() waits a bounded time. If the device does not answer, the driver cuts it off
 *     from memory before it returns.
 *   - block_init() and block_fini() leave the device's page tables alone: they may run while
 *     another block with the same start has mappings. What they made is hooked in by
 *     map() and unhooked by the unmap() that takes the last page.
 *
 * Locks, outermost first
 *   mmap_lock -> (reclaim) -> block->lock -> the driver's page-table and command-queue locks
 */
#ifndef _LINUX_HMM_MIRROR_H
#define _LINUX_HMM_MIRROR_H

#include <linux/bitmap.h>
#include <linux/types.h>

#include <asm/page.h>

struct device;
struct hmm_block;
struct hmm_mirror;

#define HMM_BLOCK_SHIFT	21
#define HMM_BLOCK_SIZE	(1UL << HMM_BLOCK_SHIFT)
#define HMM_BLOCK_PAGES	(HMM_BLOCK_SIZE >> PAGE_SHIFT)

/**
 * enum hmm_location - where a page's bytes are
 *
 * Device memory gets its own location with the part of the core that migrates.
 */
enum hmm_location {
	/** @HMM_LOCATION_SYSTEM: host memory; the address is a DMA address for the device */
	HMM_LOCATION_SYSTEM,
};

/**
 * struct hmm_run - pages that map() gives to the device, contiguous on both sides
 */
struct hmm_run {
	/** @index: first page, in pages from the start of the block */
	unsigned int index;
	/** @npages: number of pages, at least 1 */
	unsigned int npages;
	/** @addr: device address of the first page */
	dma_addr_t addr;
	/** @write: the device may write and do atomics too */
	bool write;
	/** @location: where the bytes are */
	enum hmm_location location;
};

/**
 * struct hmm_mirror_ops - what a driver does for its mirrors
 *
 * "Under the block's lock" means: may sleep, may not allocate with __GFP_RECLAIM, may
 * not wait for a fence or for anything that allocates.
 */
struct hmm_mirror_ops {
	/**
	 * @block_init: a block is about to be tracked: allocate all that map() and unmap()
	 * of it will need, and keep it with hmm_block_set_priv(). No lock is held; may
	 * sleep and allocate. Another task may do the same for the same block at the
	 * same time; the loser's block gets block_fini().
	 * Return 0 or a negative errno, which hmm_mirror_fault() returns.
	 */
	int (*block_init)(struct hmm_mirror *mirror, struct hmm_block *block);

	/**
	 * @block_fini: the block is tracked no more and holds no mapping. No lock is
	 * held; may sleep. Called once for each successful block_init().
	 */
	void (*block_fini)(struct hmm_mirror *mirror, struct hmm_block *block);

	/**
	 * @map: give the device access to @runs (ascending, not overlapping). A page may be
	 * mapped already, with the same address and other permissions. Under the
	 * block's lock. Cannot fail.
	 */
	void (*map)(struct hmm_mirror *mirror, struct hmm_block *block,
		    const struct hmm_run *runs, unsigned int nr_runs);

	/**
	 * @unmap: take pages @index to @index + @npages - 1 away from the device and start to
	 * flush its TLB for them; do not wait. Some of the pages may not be mapped.
	 * Under the block's lock; if @blockable is false it does not sleep (spinlocks only)
	 * and may return false, having changed nothing, if it would have to.
	 * On success returns true and in @token what flush() has to wait for.
	 */
	bool (*unmap)(struct hmm_mirror *mirror, struct hmm_block *block, unsigned int index,
		      unsigned int npages, bool blockable, u64 *token);

	/**
	 * @flush: wait until the device can no longer use what the unmap() that returned
	 * @token took away. Called without the block's lock, or with it; waits a bounded time,
	 * never for memory or a fence. May spin when called in a context that
	 * must not sleep (@blockable false). May be called more than once with the same
	 * @token, by several tasks at a time.
	 */
	void (*flush)(struct hmm_mirror *mirror, u64 token, bool blockable);
};

/**
 * struct hmm_fault - what a device asks of one block, and what became of it
 *
 * A block that mm has in one entry of its page tables (a huge page) is mapped whole, whatever
 * part of it is asked for.
 */
struct hmm_fault {
	/** @start: in: first address of the block, HMM_BLOCK_SIZE aligned */
	unsigned long start;
	/** @read: in: pages that must become readable */
	DECLARE_BITMAP(read, HMM_BLOCK_PAGES);
	/** @write: in: pages that must become writable; need not be in @read too */
	DECLARE_BITMAP(write, HMM_BLOCK_PAGES);
	/**
	 * @prefetch: in: pages to map too, as far as mm has them present, with the permission they
	 * have: nothing is faulted in for them and their absence is no error
	 */
	DECLARE_BITMAP(prefetch, HMM_BLOCK_PAGES);
	/** @failed: out: pages of @read and @write that could not be served */
	DECLARE_BITMAP(failed, HMM_BLOCK_PAGES);
	/** @error: out: errno (negative) of the first page in @failed, else 0 */
	int error;
	/** @mapped: out: pages given to map() that the device did not have with this permission */
	unsigned int mapped;
	/** @retries: out: rounds that an invalidation made void */
	unsigned int retries;
	/** @ns_mm: out: nanoseconds in mm, waiting for mmap_lock included */
	u64 ns_mm;
	/** @ns_dma: out: nanoseconds mapping pages for the device */
	u64 ns_dma;
	/** @ns_map: out: nanoseconds in map() */
	u64 ns_map;
};

/**
 * struct hmm_mirror_stats - counters of a mirror since its creation
 */
struct hmm_mirror_stats {
	/** @invalidations: notifier callbacks that took mapped pages away; counted before unmap() */
	u64 invalidations;
	/** @pages_invalidated: pages they took away */
	u64 pages_invalidated;
	/** @ns_notifier: nanoseconds in those callbacks, flush included; counted when they are over */
	u64 ns_notifier;
	/** @ns_notifier_max: the longest of them */
	u64 ns_notifier_max;
	/** @blocks: blocks tracked now */
	u64 blocks;
};

struct hmm_mirror *hmm_mirror_create(struct device *dev, const struct hmm_mirror_ops *ops,
				     void *priv);
void hmm_mirror_close(struct hmm_mirror *mirror);
void hmm_mirror_put(struct hmm_mirror *mirror);
void *hmm_mirror_priv(struct hmm_mirror *mirror);
bool hmm_mirror_is_current(struct hmm_mirror *mirror);
int hmm_mirror_fault(struct hmm_mirror *mirror, struct hmm_fault *fault);
void hmm_mirror_read_stats(struct hmm_mirror *mirror, struct hmm_mirror_stats *stats);

unsigned long hmm_block_start(const struct hmm_block *block);
void *hmm_block_priv(const struct hmm_block *block);
void hmm_block_set_priv(struct hmm_block *block, void *priv);
void hmm_block_assert_held(const struct hmm_block *block);

#endif /* _LINUX_HMM_MIRROR_H */
