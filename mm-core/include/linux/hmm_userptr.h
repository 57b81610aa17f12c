/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Process memory for devices that cannot fault: a range of an mm, mapped for the device
 * page by page, valid until mm takes a page of it away. Nothing is pinned. The driver
 * makes it valid again before the device's next job.
 *
 * Promises to the driver
 *   - After a successful hmm_userptr_populate() and as long as hmm_userptr_is_valid() says so under
 *     the driver's own lock, which its invalidate() takes too, the addresses are those of the process's pages.
 *   - When invalidate() returns true mm goes on and takes pages; the addresses are of no
 *     use from then on. Pages the device could write are marked dirty.
 *   - After hmm_userptr_destroy() no callback runs and none will.
 *
 * What the driver promises
 *   - invalidate() returns when the device makes no access to the range any more: it waits a bounded time, for
 *     fences that need no memory to signal. If @blockable is false it does not wait and
 *     may return false, having changed nothing.
 *
 * Locks, outermost first
 *   mmap_lock -> dma_resv -> (reclaim) -> the driver's lock in invalidate()
 *   hmm_userptr_populate() takes mmap_lock: no dma_resv may be held.
 */
#ifndef _LINUX_HMM_USERPTR_H
#define _LINUX_HMM_USERPTR_H

#include <linux/types.h>

struct device;
struct hmm_userptr;

/**
 * struct hmm_userptr_ops - what a driver does for its ranges
 */
struct hmm_userptr_ops {
	/**
	 * @invalidate: mm is about to take pages of the range: mark it invalid under the driver's lock and stop the
	 * device from using it. Return false only if @blockable is false.
	 */
	bool (*invalidate)(struct hmm_userptr *userptr, bool blockable);
};

struct hmm_userptr *hmm_userptr_create(struct device *dev, const struct hmm_userptr_ops *ops,
				       void *priv, unsigned long start, unsigned long npages,
				       bool write);
void hmm_userptr_destroy(struct hmm_userptr *userptr);
void *hmm_userptr_priv(const struct hmm_userptr *userptr);
int hmm_userptr_populate(struct hmm_userptr *userptr, dma_addr_t *addrs);
bool hmm_userptr_is_valid(struct hmm_userptr *userptr);
bool hmm_userptr_is_current(const struct hmm_userptr *userptr);

#endif /* _LINUX_HMM_USERPTR_H */
