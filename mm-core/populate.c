// SPDX-License-Identifier: GPL-2.0
/*
 * Populating a userptr.
 *
 * This proceeds in steps of at most 2 MiB that end at huge-page boundaries: ask mm under mmap_lock
 * alone, take the range's lock, use the answer if no invalidation came in between. Linked pages
 * stay linked, guarded by the notifier, while the rest is populated. So an invalidation voids only
 * one step and the pages that it names, and not the work on a range of gigabytes. At the end, one
 * check under the lock shows whether all pages are still linked.
 *
 * Several tasks may populate one range at once: each finds the pages that the others have linked.
 *
 * A read-only range never asks for write access, and does not use write access that mm happens to
 * have: its pages are neither copied nor marked dirty.
 *
 * Rejected: one sequence for the whole range, as hmm_range_fault() is usually called. Then any
 * invalidation in it, such as reclaim of a single page, voids everything, and a large range under
 * memory pressure is never fully populated.
 */
#include <linux/dma-mapping.h>
#include <linux/hmm.h>
#include <linux/ktime.h>
#include <linux/mmap_lock.h>
#include <linux/pci-p2pdma.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "mirror.h"
#include "trace.h"
#include "userptr.h"

/**
 * struct hmm_step - pages that are requested together
 *
 * Used by one task; no lock.
 */
struct hmm_step {
	/** @first: first page */
	unsigned long first;
	/** @end: end of the pages, exclusive */
	unsigned long end;
	/** @pfns: mm's answers */
	unsigned long pfns[HMM_BLOCK_PAGES];
};

/*
 * Start a step at the next page from @pos that is not linked, up to the end of its 2 MiB. The step
 * is empty if there is none.
 */
static int hmm_step_begin(struct hmm_step *step, struct hmm_userptr *userptr, unsigned long pos)
{
	unsigned long left;

	if (mutex_lock_killable(&userptr->lock))
		return -EINTR;
	if (userptr->closed) {
		mutex_unlock(&userptr->lock);
		return -ENODEV;
	}
	while (pos < userptr->npages && userptr->dma.pfn_list[pos])
		pos++;
	mutex_unlock(&userptr->lock);

	left = HMM_BLOCK_PAGES - ((userptr->start >> PAGE_SHIFT) + pos) % HMM_BLOCK_PAGES;
	step->first = pos;
	step->end = min(pos + left, userptr->npages);
	return 0;
}

static int hmm_step_ask(struct hmm_step *step, struct hmm_userptr *userptr, unsigned long *seq)
{
	unsigned long flags = HMM_PFN_REQ_FAULT;
	int ret;

	if (userptr->write)
		flags |= HMM_PFN_REQ_WRITE;

	*seq = mmu_interval_read_begin(&userptr->notifier);
	ret = mmap_read_lock_killable(userptr->mm);
	if (ret)
		return ret;
	ret = hmm_ask(&userptr->notifier, NULL, *seq,
		      userptr->start + (step->first << PAGE_SHIFT), step->end - step->first, flags,
		      step->pfns);
	mmap_read_unlock(userptr->mm);
	return ret;
}

static int hmm_step_link_page(struct hmm_userptr *userptr, unsigned long index, unsigned long pfn,
			      struct pci_p2pdma_map_state *p2p)
{
	unsigned long old = userptr->dma.pfn_list[index];
	dma_addr_t addr;
	int ret;

	/* mm changes a page only with an invalidation */
	if (old)
		return WARN_ON_ONCE((old ^ pfn) & ~HMM_PFN_FLAGS) ? -EIO : 0;
	if (!userptr->write)
		pfn &= ~HMM_PFN_WRITE;

	ret = hmm_pages_link(userptr->dev, &userptr->dma, index, pfn, p2p, &addr);
	if (ret)
		return ret;
	userptr->addrs[index] = addr;
	userptr->nr_linked++;
	return 0;
}

static int hmm_step_link(struct hmm_step *step, struct hmm_userptr *userptr)
{
	struct pci_p2pdma_map_state p2p = {};
	unsigned long i;
	int ret = 0;

	lockdep_assert_held(&userptr->lock);

	for (i = step->first; i < step->end && !ret; i++)
		ret = hmm_step_link_page(userptr, i, step->pfns[i - step->first], &p2p);
	if (!ret)
		ret = hmm_pages_sync(userptr->dev, &userptr->dma, step->first, step->end);
	/*
	 * This also releases pages linked by others: the range is not present, so the device uses
	 * none
	 */
	if (ret && !WARN_ON_ONCE(userptr->present))
		userptr->nr_linked -= hmm_pages_release(userptr->dev, &userptr->dma, step->first,
							step->end, NULL);
	return ret;
}

/* Returns 0, -EBUSY if an invalidation made the step void, or an errno that ends populating */
static int hmm_step_do(struct hmm_step *step, struct hmm_userptr *userptr)
{
	unsigned long seq;
	int ret;

	ret = hmm_step_ask(step, userptr, &seq);
	if (ret)
		return ret;

	if (mutex_lock_killable(&userptr->lock))
		return -EINTR;
	if (userptr->closed)
		ret = -ENODEV;
	else if (mmu_interval_read_retry(&userptr->notifier, seq))
		ret = -EBUSY;
	else if (!userptr->present)
		ret = hmm_step_link(step, userptr);
	mutex_unlock(&userptr->lock);
	return ret;
}

/* One pass over the range */
static int hmm_userptr_pass(struct hmm_userptr *userptr, struct hmm_step *step)
{
	struct hmm_retry_budget budget;
	unsigned long pos = 0;
	int ret;

	hmm_retry_budget_init(&budget);
	for (;;) {
		ret = hmm_step_begin(step, userptr, pos);
		if (ret || step->first >= userptr->npages)
			return ret;

		ret = hmm_step_do(step, userptr);
		if (!ret) {
			pos = step->end;
			hmm_retry_budget_init(&budget);
		} else if (ret == -EBUSY) {
			ret = hmm_retry_budget_spend(&budget);
			if (ret)
				return ret;
		} else {
			return ret;
		}
	}
}

/* Mark the range as present and valid, if all its pages are linked */
static int hmm_userptr_set_valid(struct hmm_userptr *userptr)
{
	int ret = 0;

	if (mutex_lock_killable(&userptr->lock))
		return -EINTR;
	if (userptr->closed) {
		ret = -ENODEV;
	} else if (userptr->nr_linked < userptr->npages) {
		ret = -EBUSY;
	} else {
		/*
		 * Pairs with hmm_userptr_is_present() and _is_valid(): the addresses have been
		 * written
		 */
		smp_store_release(&userptr->present, true);
		/* As above */
		smp_store_release(&userptr->valid, true);
	}
	mutex_unlock(&userptr->lock);
	return ret;
}

static int hmm_userptr_passes(struct hmm_userptr *userptr, struct hmm_step *step,
			      unsigned int *passes)
{
	struct hmm_retry_budget budget;
	int ret;

	hmm_retry_budget_init(&budget);
	do {
		++*passes;
		ret = hmm_userptr_pass(userptr, step);
		if (ret)
			return ret;
		ret = hmm_userptr_set_valid(userptr);
		if (ret != -EBUSY)
			return ret;
		ret = hmm_retry_budget_spend(&budget);
	} while (!ret);
	return ret;
}

/**
 * hmm_userptr_populate - populate a range, which makes it valid
 * @userptr: the range
 *
 * Missing pages are faulted in, as by an access of the process. Only the memory of the range's own
 * process is used, whichever task calls. Pages that are linked already cost little.
 *
 * Context: process context, without locks that mm, reclaim or stop() may take, no dma_resv. Sleeps
 * and allocates; waits for I/O like a CPU fault, uninterruptibly.
 * Return: 0, and the range was valid at that moment; -EFAULT if a page is not available (no
 * mapping, no read permission, secret memory, SIGBUS, poison, a guard region, userfaultfd); -EPERM
 * if a page is not writable; -EIO if a page cannot be mapped for the device; -EBUSY if
 * invalidations voided every try for more than a second; -ESRCH if the process is gone; -ENODEV
 * after hmm_userptr_close(); -EINTR if the task is being killed; -ENOMEM, also if the IOMMU had no
 * memory for a page (before Linux 7.3 -EFAULT, if mm had none).
 */
int hmm_userptr_populate(struct hmm_userptr *userptr)
{
	struct hmm_step *step;
	unsigned int passes = 0;
	u64 t0 = ktime_get_ns();
	int ret;

	if (hmm_userptr_is_valid(userptr))
		return 0;

	step = kmalloc_obj(*step);
	if (!step)
		return -ENOMEM;

	if (mmget_not_zero(userptr->mm)) {
		ret = hmm_userptr_passes(userptr, step, &passes);
		/* If this is the last user, the job must not wait for the mm's teardown */
		mmput_async(userptr->mm);
	} else {
		ret = -ESRCH;
	}
	kfree(step);
	trace_hmm_userptr_populate(userptr, passes, ret, ktime_get_ns() - t0);
	return ret;
}
EXPORT_SYMBOL_GPL(hmm_userptr_populate);
