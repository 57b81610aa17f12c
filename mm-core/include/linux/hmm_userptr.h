/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Userptrs, process memory for devices that cannot fault: a range of an mm, mapped for the device
 * page by page, until mm takes a page of it away. Nothing is pinned. The driver populates it again
 * before the device's next job.
 *
 * A range is
 *   present  all its pages are mapped for DMA, and the addresses belong to the process's
 *            pages: they may be written to the device's page tables
 *   valid    present, and no invalidation has begun: a new job may rely on it
 *
 * The steps of an invalidation: clear valid; stop(); clear present; unmap(); unmap the pages that
 * mm named for DMA; mm continues. Invalidations of one range are serialised.
 *
 * Guarantees to the driver
 *   - stop() and unmap() of a range are never called at the same time, nor concurrently with
 *     the end of a hmm_userptr_populate() that makes it present.
 *   - A lock that the driver takes and drops in stop() suffices to keep a job from relying on
 *     a stale range: a job that saw it valid under that lock has its fence where stop() looks.
 *   - A lock that unmap() takes suffices to keep stale addresses out of page tables: entries
 *     that are written under that lock, while the range is present, are removed by unmap().
 *   - Pages that the device could write are marked dirty when mm takes them.
 *   - A read-only range never writes memory, and never breaks COW.
 *   - After hmm_userptr_close() no callback is running and none will be called; the device
 *     has none of the pages.
 *
 * Requirements on the driver
 *   - stop() waits for a bounded time, for fences that need no memory to signal.
 *   - When unmap() returns, the device makes no further access to the range, whether or not
 *     jobs are still running. It waits for a bounded time, and only for the device.
 *   - Neither allocates, nor takes a lock under which other code allocates: reclaim calls them.
 *
 * Locks, outermost first
 *   mmap_lock -> dma_resv -> (reclaim) -> the range's lock -> the driver's in stop() and unmap()
 *   hmm_userptr_populate() takes mmap_lock: no dma_resv may be held.
 */
#ifndef _LINUX_HMM_USERPTR_H
#define _LINUX_HMM_USERPTR_H

#include <linux/types.h>

struct device;
struct hmm_userptr;

/**
 * struct hmm_userptr_ops - a driver's callbacks for its ranges
 *
 * Both are called under the range's own lock, may sleep, and cannot fail.
 */
struct hmm_userptr_ops {
	/**
	 * @stop: the range is not valid any more: wait until the jobs that rely on it are done. Not
	 * called when the process has exited, because the results of its jobs are not needed then.
	 */
	void (*stop)(struct hmm_userptr *userptr);

	/** @unmap: the range is not present any more: clear it in the device's page tables. */
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
