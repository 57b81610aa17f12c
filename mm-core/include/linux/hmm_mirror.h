/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The mirror core: keeps a device's page tables in step with a process's own.
 *
 * It is the layer between mm and device drivers. A driver passes the pages that its device
 * requests; only the core knows how mm currently makes them accessible. A driver never sees a
 * struct page, a folio, a VMA or mmap_lock; mm developers need not read drivers, but only the
 * guarantees given here.
 *
 * Objects
 *   struct hmm_mirror   one device address space that mirrors one mm
 *   struct hmm_block    2 MiB of it, HMM_BLOCK_SIZE aligned, with its own lock, its own
 *                       invalidation sequence and the state of each page
 *
 * Guarantees to the driver
 *   - map() and unmap() of one block are never called at the same time, and their order
 *     leaves the device with what mm has: when mm takes a page away, the device's mapping
 *     of it is gone before mm continues.
 *   - unmap() names exactly the pages that mm named and that map() had given.
 *   - A read never asks mm for write access: no COW is broken, the zero page stays.
 *   - Nothing is pinned, in neither memory. Pages that the device wrote are marked dirty when
 *     taken away: those that written() names, or without it all that the device could write.
 *   - After hmm_mirror_close() no callback is running and none will be called.
 *   - Of several blocks with the same start (one being created while another is removed)
 *     at most one has mappings at any time; map() and unmap() are called only for that one.
 *
 * Requirements on the driver
 *   - map() and unmap() do not allocate: they run under a lock that reclaim takes.
 *     block_init() allocates everything they need.
 *   - flush() waits for a bounded time. If the device does not answer, the driver cuts it
 *     off from memory before flush() returns.
 *   - block_init() and block_fini() do not change the device's page tables: they may run
 *     while another block with the same start has mappings. map() links the tables that
 *     they allocated, and the unmap() that takes the last page unlinks them.
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
struct hmm_devmem;
struct hmm_mirror;

#define HMM_BLOCK_SHIFT	21
#define HMM_BLOCK_SIZE	(1UL << HMM_BLOCK_SHIFT)
#define HMM_BLOCK_PAGES	(HMM_BLOCK_SIZE >> PAGE_SHIFT)

/**
 * enum hmm_location - memory that a page is in
 */
enum hmm_location {
	/** @HMM_LOCATION_SYSTEM: host memory; the address is a DMA address for the device */
	HMM_LOCATION_SYSTEM,
	/** @HMM_LOCATION_DEVICE: the device's own memory; the address is an offset in it */
	HMM_LOCATION_DEVICE,
	/** @HMM_LOCATION_NONE: no preference; no page is there */
	HMM_LOCATION_NONE,
};

/**
 * struct hmm_run - pages for map(), contiguous on both sides
 */
struct hmm_run {
	/** @index: index of the first page in the block */
	unsigned int index;
	/** @npages: number of pages, at least 1 */
	unsigned int npages;
	/** @addr: device address of the first page */
	dma_addr_t addr;
	/** @write: the device may also write and use atomics */
	bool write;
	/** @location: memory that the pages are in */
	enum hmm_location location;
};

/**
 * struct hmm_mirror_ops - a driver's callbacks for its mirrors
 *
 * "Under the block's lock" means: may sleep, must not allocate with __GFP_RECLAIM, must not wait
 * for a fence or for anything that allocates.
 */
struct hmm_mirror_ops {
	/**
	 * @block_init: prepare a new block: allocate everything that map() and unmap() of it will
	 * need, and attach it with hmm_block_set_priv(). Called without locks; may sleep and
	 * allocate. Another task may do the same for the same block at the same time; block_fini()
	 * is called for the loser's block. Returns 0 or a negative errno, which hmm_mirror_fault()
	 * returns.
	 */
	int (*block_init)(struct hmm_mirror *mirror, struct hmm_block *block);

	/**
	 * @block_fini: free a block that is no longer tracked and has no mappings. Called without
	 * locks; may sleep. Called once for each successful block_init().
	 */
	void (*block_fini)(struct hmm_mirror *mirror, struct hmm_block *block);

	/**
	 * @map: give the device access to @runs (ascending, not overlapping). A page may be mapped
	 * already, with the same address and other permissions. Under the block's lock. Cannot
	 * fail.
	 */
	void (*map)(struct hmm_mirror *mirror, struct hmm_block *block,
		    const struct hmm_run *runs, unsigned int nr_runs);

	/**
	 * @unmap: unmap pages @index to @index + @npages - 1 from the device and start to flush its
	 * TLB for them; do not wait. Some of the pages may not be mapped. Under the block's lock.
	 * If @blockable is false it must not sleep (spinlocks only), and if it would have to, it
	 * may return false without having changed anything. On success it returns true, and in
	 * @token the token for flush().
	 */
	bool (*unmap)(struct hmm_mirror *mirror, struct hmm_block *block, unsigned int index,
		      unsigned int npages, bool blockable, u64 *token);

	/**
	 * @flush: wait until the device can no longer use the pages that the unmap() with this
	 * @token unmapped. Called with or without the block's lock; waits for a bounded time, never
	 * for memory or a fence. May spin in a context that must not sleep (@blockable false). May
	 * be called more than once with the same @token, by several tasks at a time.
	 */
	void (*flush)(struct hmm_mirror *mirror, u64 token, bool blockable);

	/**
	 * @written: set the bits in @written of those pages of @pages that the device has written
	 * since map() gave them, and clear all others. unmap() has named all of @pages and its
	 * flush() has returned, or they were never given to map(). Called once for each such page;
	 * what a page had before has no meaning after the next map(). Pages that a driver cannot
	 * tell apart count as written together. Under the block's lock; must not sleep. NULL: the
	 * driver cannot tell, and all pages that the device could write count as written.
	 */
	void (*written)(struct hmm_mirror *mirror, struct hmm_block *block,
			const unsigned long *pages, unsigned long *written);
};

/**
 * struct hmm_fault - a request for pages of one block, and its results
 *
 * If mm maps the block with a single page-table entry (a huge page), the whole block is mapped,
 * whatever part of it is requested.
 */
struct hmm_fault {
	/** @start: in: first address of the block, HMM_BLOCK_SIZE aligned */
	unsigned long start;
	/** @read: in: pages that must become readable */
	DECLARE_BITMAP(read, HMM_BLOCK_PAGES);
	/** @write: in: pages that must become writable; need not be in @read too */
	DECLARE_BITMAP(write, HMM_BLOCK_PAGES);
	/**
	 * @prefetch: in: pages to map as well, if mm has them present, with their current
	 * permission: nothing is faulted in for them, and missing pages are no error
	 */
	DECLARE_BITMAP(prefetch, HMM_BLOCK_PAGES);
	/**
	 * @populate: in: pages that the device will probably write to. They are made writable too,
	 * if a page in @write is missing, up to the ends of the mapping that it is in. Nothing
	 * waits for I/O or for userfaultfd because of them, and missing pages are no error
	 */
	DECLARE_BITMAP(populate, HMM_BLOCK_PAGES);
	/** @failed: out: pages of @read and @write that could not be served */
	DECLARE_BITMAP(failed, HMM_BLOCK_PAGES);
	/** @error: out: negative errno of the first page in @failed, else 0 */
	int error;
	/** @errors: out: errno of each page in @failed, positive; undefined for other pages */
	u8 errors[HMM_BLOCK_PAGES];
	/**
	 * @mapped: out: number of pages given to map() that the device did not have with this
	 * permission
	 */
	unsigned int mapped;
	/** @retries: out: number of rounds that invalidations made void */
	unsigned int retries;
	/** @ns_mm: out: nanoseconds in mm, including the wait for mmap_lock */
	u64 ns_mm;
	/** @ns_dma: out: nanoseconds for mapping pages for DMA */
	u64 ns_dma;
	/** @ns_map: out: nanoseconds in map() */
	u64 ns_map;
};

/**
 * hmm_fault_error - get the reason why a page could not be served
 * @fault: the request, after hmm_mirror_fault()
 * @index: index of the page in the block
 *
 * Return: a negative errno, or 0 if the page did not fail.
 */
static inline int hmm_fault_error(const struct hmm_fault *fault, unsigned int index)
{
	return test_bit(index, fault->failed) ? -fault->errors[index] : 0;
}

/**
 * struct hmm_migrate - a request to move pages of one block, and its results
 *
 * Each page of @pages ends in @moved, in @there, or in one of the counts of pages that stayed. A
 * page that stayed is still mapped for the device where it is, as soon as the device accesses it.
 */
struct hmm_migrate {
	/** @start: in: first address of the block, HMM_BLOCK_SIZE aligned */
	unsigned long start;
	/** @location: in: memory to move them to */
	enum hmm_location location;
	/**
	 * @by_fault: in: because of a fault of the device, not because the program asked. Pages
	 * that bounce stay then.
	 */
	bool by_fault;
	/** @pages: in: pages to move */
	DECLARE_BITMAP(pages, HMM_BLOCK_PAGES);
	/** @moved: out: pages that were moved; those to the device are mapped for it, too */
	DECLARE_BITMAP(moved, HMM_BLOCK_PAGES);
	/** @there: out: pages that were in @location already */
	DECLARE_BITMAP(there, HMM_BLOCK_PAGES);
	/** @unmapped: out: number of pages without memory: no mapping, or not populated */
	unsigned int unmapped;
	/** @fixed: out: number of pages that mm cannot move: not anonymous */
	unsigned int fixed;
	/** @no_room: out: number of pages without room in @location */
	unsigned int no_room;
	/** @busy: out: number of pages that were pinned or locked */
	unsigned int busy;
	/** @failed: out: number of pages that could not be copied */
	unsigned int failed;
	/**
	 * @bounced: out: number of pages that stayed because they bounce, or would have evicted
	 * others that are needed as much; with @by_fault only
	 */
	unsigned int bounced;
};

/**
 * struct hmm_mirror_stats - counters of a mirror since its creation
 */
struct hmm_mirror_stats {
	/**
	 * @invalidations: notifier callbacks that took mapped pages away; counted before unmap()
	 */
	u64 invalidations;
	/** @pages_invalidated: pages that they took away */
	u64 pages_invalidated;
	/**
	 * @ns_notifier: nanoseconds in those callbacks, including the flush; counted when they end
	 */
	u64 ns_notifier;
	/** @ns_notifier_max: duration of the longest callback */
	u64 ns_notifier_max;
	/** @blocks: blocks tracked now */
	u64 blocks;
	/**
	 * @device_pages: pages that are in device memory because this mirror moved them there,
	 * and those being moved
	 */
	u64 device_pages;
	/** @home_fault: pages that were there, and that CPU faults moved home */
	u64 home_fault;
	/** @home_asked: of these, pages that hmm_mirror_migrate() moved home */
	u64 home_asked;
	/** @home_evicted: of these, pages that eviction moved home */
	u64 home_evicted;
	/** @home_sleep: of these, pages that hmm_devmem_suspend() or hmm_devmem_close() moved home */
	u64 home_sleep;
};

struct hmm_mirror *hmm_mirror_create(struct device *dev, struct hmm_devmem *devmem,
				     const struct hmm_mirror_ops *ops, void *priv);
void hmm_mirror_close(struct hmm_mirror *mirror);
void hmm_mirror_put(struct hmm_mirror *mirror);
void *hmm_mirror_priv(struct hmm_mirror *mirror);
bool hmm_mirror_is_current(struct hmm_mirror *mirror);
int hmm_mirror_fault(struct hmm_mirror *mirror, struct hmm_fault *fault);
int hmm_mirror_migrate(struct hmm_mirror *mirror, struct hmm_migrate *request);
int hmm_mirror_prefer(struct hmm_mirror *mirror, unsigned long start, unsigned long end,
		      enum hmm_location location);
enum hmm_location hmm_mirror_preference(struct hmm_mirror *mirror, unsigned long addr,
					unsigned long *end);
void hmm_mirror_read_stats(struct hmm_mirror *mirror, struct hmm_mirror_stats *stats);

unsigned long hmm_block_start(const struct hmm_block *block);
void *hmm_block_priv(const struct hmm_block *block);
void hmm_block_set_priv(struct hmm_block *block, void *priv);
void hmm_block_assert_held(const struct hmm_block *block);

#endif /* _LINUX_HMM_MIRROR_H */
