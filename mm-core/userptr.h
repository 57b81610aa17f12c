/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The inside of a userptr, for this module alone.
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
	/** @mm: whose range it is; held by mmgrab(), so it may be without users. Constant. */
	struct mm_struct *mm;
	/** @dev: the device DMA is mapped for; a reference is held. Constant. */
	struct device *dev;
	/** @ops: the driver. Constant. */
	const struct hmm_userptr_ops *ops;
	/** @priv: the driver's own. Constant. */
	void *priv;
	/** @id: of hmm_new_id(), for trace events. Constant. */
	u32 id;
	/** @tgid: process that made it, for trace events; it may have gone. Constant. */
	pid_t tgid;
	/** @start: first address. Constant. */
	unsigned long start;
	/** @npages: pages, at least 1. Constant. */
	unsigned long npages;
	/** @write: the device writes too. Constant. */
	bool write;
	/** @notifier: exactly the range; until @gone */
	struct mmu_interval_notifier notifier;
	/** @gone: hmm_userptr_close() is done */
	struct completion gone;

	/**
	 * @lock: protects all below, and keeps stop(), unmap() and the end of a populating apart.
	 *
	 * Order: mmap_lock, then whatever reclaim holds (it is taken in mmu notifiers), then this, then the
	 * driver's locks in stop() and unmap(). Never two ranges' at once. While it is held: no
	 * allocation that may reclaim; bounded waits for fences (in stop()) and for the device. Non-blockable
	 * notifiers only try it.
	 */
	struct mutex lock;
	/** @closed: there is no @dma any more, and soon no @notifier */
	bool closed;
	/** @valid: see hmm_userptr_is_valid(). Written under @lock, read without. */
	bool valid;
	/** @present: see hmm_userptr_is_present(). Written under @lock, read without. */
	bool present;
	/** @nr_linked: pages that @dma maps */
	unsigned long nr_linked;
	/**
	 * @dma: the pages mapped for DMA; other entries of its pfn_list are 0. An entry is that of a page mm still
	 * has at its address, whether or not all others are there: it stays until mm names it.
	 */
	struct hmm_dma_map dma;
	/**
	 * @addrs: the driver's: device address of each page. Written under @lock for a page that is being linked, and
	 * so only while not @present; the driver reads it without @lock while @present.
	 */
	dma_addr_t *addrs;
};

void hmm_userptr_lock_init(struct mutex *lock);

#endif /* _HMM_MIRROR_USERPTR_H */
