/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Private types of userptrs.
 */
#ifndef _HMM_MIRROR_USERPTR_H
#define _HMM_MIRROR_USERPTR_H

#include <linux/completion.h>
#include <linux/hmm-dma.h>
#include <linux/hmm_userptr.h>
#include <linux/mmu_notifier.h>
#include <linux/mutex.h>

/**
 * struct hmm_userptr - a range of an mm, mapped for a device that cannot fault
 */
struct hmm_userptr {
	/** @mm: mm of the range; held by mmgrab(), so it may be without users. Constant. */
	struct mm_struct *mm;
	/** @dev: the device DMA is mapped for; a reference is held. Constant. */
	struct device *dev;
	/** @ops: the driver's callbacks. Constant. */
	const struct hmm_userptr_ops *ops;
	/** @priv: the driver's data. Constant. */
	void *priv;
	/** @id: number from hmm_new_id(), for trace events. Constant. */
	u32 id;
	/** @tgid: process that created it, for trace events; it may have exited. Constant. */
	pid_t tgid;
	/** @start: first address. Constant. */
	unsigned long start;
	/** @npages: number of pages, at least 1. Constant. */
	unsigned long npages;
	/** @write: the device also writes. Constant. */
	bool write;
	/** @notifier: covers exactly the range; until @gone */
	struct mmu_interval_notifier notifier;
	/** @gone: hmm_userptr_close() is complete */
	struct completion gone;

	/**
	 * @lock: protects all fields below, and serialises stop(), unmap() and the end of
	 * populating.
	 *
	 * Order: mmap_lock, then locks held during reclaim (it is taken in mmu notifiers), then
	 * this, then the driver's locks in stop() and unmap(). Never two ranges' at once. While it
	 * is held: no allocation that may reclaim; bounded waits for fences (in stop()) and for the
	 * device. Non-blockable notifiers only try it.
	 */
	struct mutex lock;
	/** @closed: @dma has been freed, and @notifier is about to be removed */
	bool closed;
	/** @valid: see hmm_userptr_is_valid(). Written under @lock, read without. */
	bool valid;
	/** @present: see hmm_userptr_is_present(). Written under @lock, read without. */
	bool present;
	/** @nr_linked: number of pages that @dma maps */
	unsigned long nr_linked;
	/**
	 * @dma: DMA mappings of linked pages; other entries of its pfn_list are 0. A linked page is
	 * still the one that mm has at its address, whether or not all others are linked: the entry
	 * stays until mm names it.
	 */
	struct hmm_dma_map dma;
	/**
	 * @addrs: the driver's array with the device address of each page. Written under @lock when
	 * a page is linked, hence only while not @present; the driver reads it without @lock while
	 * @present.
	 */
	dma_addr_t *addrs;
};

void hmm_userptr_lock_init(struct mutex *lock);

#endif /* _HMM_MIRROR_USERPTR_H */
