/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Device memory: pages of processes in the memory of a device.
 *
 * The driver owns its memory and hands out ranges of it; the core keeps pages of processes there,
 * moves them in and out, and tells the driver when it has a range back. The driver never sees a
 * struct page: ranges are offsets, and copies have an offset on one side and a DMA address on the
 * other. Nothing is pinned: the CPU's next access, a pin, fork and eviction all move pages home.
 *
 * Guarantees to the driver
 *   - A range is used until free() is called for it, and no longer.
 *   - copy() is called with pages that neither the CPU nor a mirror can access meanwhile.
 *   - After hmm_devmem_close() no callback is running and none will be called.
 *
 * Requirements on the driver
 *   - alloc() returns ranges that start at a multiple of their size.
 *   - The fence of a copy signals within a bounded time and waits for no job of a user: the core
 *     waits for it with folios locked.
 *   - No callback takes mmap_lock, waits for a mirror or moves memory of processes.
 */
#ifndef _LINUX_HMM_DEVMEM_H
#define _LINUX_HMM_DEVMEM_H

#include <linux/types.h>

struct device;
struct dma_fence;
struct hmm_devmem;

/**
 * struct hmm_devmem_copy - part of a copy, contiguous on both sides
 */
struct hmm_devmem_copy {
	/** @offset: first byte in device memory */
	u64 offset;
	/** @addr: DMA address of the first byte in system memory; ignored if @zero */
	dma_addr_t addr;
	/** @npages: number of pages */
	unsigned int npages;
	/** @zero: copy nothing: fill device memory with zeroes */
	bool zero;
};

/**
 * struct hmm_devmem_ops - a driver's callbacks for its device memory
 */
struct hmm_devmem_ops {
	/**
	 * @alloc: allocate @npages pages (a power of two, at most HMM_BLOCK_PAGES) of device
	 * memory in one range. Sets @offset, and @handle for free(). Called without locks of mm;
	 * may sleep and allocate. Returns 0, -ENOSPC if there is no room (the core evicts pages of
	 * processes and asks again), or another errno.
	 */
	int (*alloc)(struct hmm_devmem *devmem, unsigned int npages, u64 *offset, void **handle);

	/**
	 * @free: take a range back. May sleep; may be called under dma_resv locks and in reclaim.
	 */
	void (*free)(struct hmm_devmem *devmem, void *handle);

	/**
	 * @copy: copy between the two memories, or fill. Called under mmap_lock or dma_resv locks,
	 * with folios locked; may sleep and allocate. Returns a fence with a reference for the
	 * caller, or an ERR_PTR().
	 */
	struct dma_fence *(*copy)(struct hmm_devmem *devmem, const struct hmm_devmem_copy *copies,
				  unsigned int nr_copies, bool to_device);

	/**
	 * @read: read @size bytes (of one page) from @offset by the CPU. The last resort when
	 * copy() fails on the way home: the device may have stopped, but its memory may still be
	 * there. Called as copy(). Returns 0 or a negative errno.
	 */
	int (*read)(struct hmm_devmem *devmem, u64 offset, void *to, size_t size);
};

/**
 * struct hmm_devmem_stats - counters of device memory since its creation
 */
struct hmm_devmem_stats {
	/** @pages: pages of processes in device memory now */
	u64 pages;
	/** @reserved: pages of the ranges that they are in */
	u64 reserved;
	/** @to_device: pages moved to the device */
	u64 to_device;
	/** @cpu_faults: CPU faults that moved pages home */
	u64 cpu_faults;
	/** @home_fault: pages that CPU faults moved home */
	u64 home_fault;
	/** @home_asked: pages that hmm_mirror_migrate() moved home */
	u64 home_asked;
	/** @home_evicted: pages that eviction moved home, also for suspend and close */
	u64 home_evicted;
	/** @failed: pages lost because they could not be copied home */
	u64 failed;
};

/**
 * struct hmm_devmem_range - a range that the driver has handed out, as its users have it
 */
struct hmm_devmem_range {
	/** @offset: first byte in device memory */
	u64 offset;
	/** @npages: number of pages */
	unsigned int npages;
	/** @used: number of these that hold a page of a process, or are reserved for one */
	unsigned int used;
	/** @tgid: process that the range was handed out for; it may have exited */
	pid_t tgid;
	/** @comm: that process's name when it was mirrored */
	const char *comm;
};

struct hmm_devmem *hmm_devmem_create(struct device *dev, u64 size,
				     const struct hmm_devmem_ops *ops, void *priv);
void hmm_devmem_close(struct hmm_devmem *devmem);
void hmm_devmem_put(struct hmm_devmem *devmem);
void *hmm_devmem_priv(struct hmm_devmem *devmem);
int hmm_devmem_evict(struct hmm_devmem *devmem, u64 size);
int hmm_devmem_evict_all(struct hmm_devmem *devmem);
int hmm_devmem_suspend(struct hmm_devmem *devmem);
void hmm_devmem_resume(struct hmm_devmem *devmem);
void hmm_devmem_for_each_range(struct hmm_devmem *devmem,
			       void (*look)(const struct hmm_devmem_range *range, void *arg),
			       void *arg);
void hmm_devmem_read_stats(struct hmm_devmem *devmem, struct hmm_devmem_stats *stats);

#endif /* _LINUX_HMM_DEVMEM_H */
