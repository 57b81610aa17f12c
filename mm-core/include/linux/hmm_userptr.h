/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Process memory for devices that cannot fault: a range of an mm, mapped for the device
 * page by page, until mm takes a page of it away. Nothing is pinned. The driver makes it whole
 * again before the device's next job.
 *
 * A range is
 *   present  all its pages are mapped for DMA, and the addresses are those of the process's
 *            pages: they may be written to the device's page tables
 *   valid    present, and no invalidation has begun: a new job may rely on it
 *
 * An invalidation: not valid any more; stop(); not present any more; unmap(); the pages that mm named
 * are unmapped for DMA; mm goes on. Several of one range come one after the other.
 *
 * Promises to the driver
 *   - stop() and unmap() of a range are never called at the same time, nor beside the end of a
 *     hmm_userptr_populate() that makes it present.
 *   - A lock that the driver takes and drops in stop() is enough to keep a job from relying on the
 *     range: who saw it valid under that lock has its job's fence where stop() looks for it.
 *   - A lock that unmap() takes is enough to keep addresses that are gone out of page tables: who sees the range
 *     present under that lock writes entries which unmap() will remove.
 *   - Pages the device could write are marked dirty when mm takes them.
 *   - Nothing is written, and no COW broken, through a range for reading.
 *   - After hmm_userptr_close() no callback runs and none will; the device has none of the pages.
 *
 * What the driver promises
 *   - stop() waits a bounded time, for fences that need no memory to signal.
 *   - When unmap() returns the device makes no access to the range any more, whether or not jobs still run.
 *     It waits a bounded time, for the device alone.
 *   - Neither allocates, nor takes a lock under which somebody allocates: reclaim calls them.
 *
 * Locks, outermost first
 *   mmap_lock -> dma_resv -> (reclaim) -> the range's own -> the driver's in stop() and unmap()
 *   hmm_userptr_populate() takes mmap_lock: no dma_resv may be held.
 */
#ifndef _LINUX_HMM_USERPTR_H
#define _LINUX_HMM_USERPTR_H

#include <linux/types.h>

struct device;
struct hmm_userptr;

/**
 * struct hmm_userptr_ops - what a driver does for its ranges
 *
 * Both are called under the range's own lock, may sleep, and cannot fail.
 */
struct hmm_userptr_ops {
	/**
	 * @stop: the range is not valid any more: wait until the jobs that rely on it are done. Not called when
	 * the process is gone: who would want the result of a job on its memory is gone with it.
	 */
	void (*stop)(struct hmm_userptr *userptr);

	/** @unmap: the range is not present any more: take it out of the device's page tables. */
	void (*unmap)(struct hmm_userptr *userptr);
};

int hmm_userptr_prepare(void);
struct hmm_userptr *hmm_userptr_create(struct device *dev, const struct hmm_userptr_ops *ops,
				       void *priv, unsigned long start, unsigned long npages,
				       bool write, dma_addr_t *addrs);
void hmm_userptr_close(struct hmm_userptr *userptr);
void hmm_userptr_put(struct hmm_userptr *userptr);
void *hmm_userptr_priv(const struct hmm_userptr *userptr);
int hmm_userptr_populate(struct hmm_userptr *userptr);
bool hmm_userptr_is_current(const struct hmm_userptr *userptr);
bool hmm_userptr_is_valid(const struct hmm_userptr *userptr);
bool hmm_userptr_is_present(const struct hmm_userptr *userptr);

#endif /* _LINUX_HMM_USERPTR_H */
