// SPDX-License-Identifier: GPL-2.0
/*
 * Making a userptr whole.
 *
 * Piece by piece, in steps of at most 2 MiB that end where a huge page would: ask mm under mmap_lock alone, take the
 * range's lock, use the answer if no invalidation came between. What is linked stays, guarded by
 * the notifier, while the rest is asked for; so an invalidation voids one step and what it names, and not the work
 * on a range of gigabytes. At the end it is looked whether all is still there.
 *
 * Several tasks may populate one range at once: each finds what the others have linked.
 *
 * A range for reading never asks for write access, and takes none that mm happens to have: its pages are
 * neither copied nor made dirty.
 *
 * Rejected: one sequence for the whole range, as hmm_range_fault() is usually called. Any invalidation anywhere in it,
 * reclaim's of a single page say, then voids everything, and a large range under memory pressure
 * is never whole.
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
 * struct hmm_step - pages that are asked for together
 *
 * Used by one task; no lock.
 */
struct hmm_step {
	/** @first: first page */
	unsigned long first;
	/** @end: behind the last */
	unsigned long end;
	/** @pfns: what mm answered */
	unsigned long pfns[HMM_BLOCK_PAGES];
};

/*
 * Where to go on from @pos: the next page that is not linked, up to the end of its 2 MiB. The step is empty if there
 * is none.
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
	ret = hmm_ask(&userptr->notifier, *seq, userptr->start + (step->first << PAGE_SHIFT),
		      step->end - step->first, flags, step->pfns);
	mmap_read_unlock(userptr->mm);
	return ret;
}

static int hmm_step_link_page(struct hmm_userptr *userptr, unsigned long index, unsigned long pfn,
			      struct pci_p2pdma_map_state *p2p)
{
	unsigned long old = userptr->dma.pfn_list[index];
	dma_addr_t addr;

	/* mm must not change a page without an invalidation */
	if (old)
		return WARN_ON_ONCE((old ^ pfn) & ~HMM_PFN_FLAGS) ? -EIO : 0;
	if (!userptr->write)
		pfn &= ~HMM_PFN_WRITE;

	addr = hmm_pages_link(userptr->dev, &userptr->dma, index, pfn, p2p);
	if (addr == DMA_MAPPING_ERROR)
		return -EIO;
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
	/* Those others linked go too: the range is not whole, so the device has none of them */
	if (ret && !WARN_ON_ONCE(userptr->present))
		userptr->nr_linked -= hmm_pages_release(userptr->dev, &userptr->dma, step->first,
							step->end);
	return ret;
}

/* Returns 0, -EBUSY if an invalidation made the step void, or what ends the populating */
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

/* Go over the range once */
static int hmm_userptr_pass(struct hmm_userptr *userptr, struct hmm_step *step)
{
	struct hmm_patience patience;
	unsigned long pos = 0;
	int ret;

	hmm_patience_init(&patience);
	for (;;) {
		ret = hmm_step_begin(step, userptr, pos);
		if (ret || step->first >= userptr->npages)
			return ret;

		ret = hmm_step_do(step, userptr);
		if (!ret) {
			pos = step->end;
			hmm_patience_init(&patience);
		} else if (ret == -EBUSY) {
			ret = hmm_patience_spend(&patience);
			if (ret)
				return ret;
		} else {
			return ret;
		}
	}
}

/* Is all there that was, one page after the other? */
static int hmm_userptr_settle(struct hmm_userptr *userptr)
{
	int ret = 0;

	if (mutex_lock_killable(&userptr->lock))
		return -EINTR;
	if (userptr->closed) {
		ret = -ENODEV;
	} else if (userptr->nr_linked < userptr->npages) {
		ret = -EBUSY;
	} else {
		/* Pair with hmm_userptr_is_present() and _is_valid(): the addresses are there */
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
	struct hmm_patience patience;
	int ret;

	hmm_patience_init(&patience);
	do {
		++*passes;
		ret = hmm_userptr_pass(userptr, step);
		if (ret)
			return ret;
		ret = hmm_userptr_settle(userptr);
		if (ret != -EBUSY)
			return ret;
		ret = hmm_patience_spend(&patience);
	} while (!ret);
	return ret;
}

/**
 * hmm_userptr_populate - make a range valid
 * @userptr: the range
 *
 * Pages that are not there are faulted in, as an access of the process would; only the range's own process's
 * memory is looked at, whoever calls. Costs little for what is there already.
 *
 * Context: process context, no lock held that mm, reclaim or stop() may take, no dma_resv. Sleeps, allocates; waits
 * for I/O as a CPU's fault would, which cannot be interrupted.
 * Return: 0, and the range was valid at that moment; -EFAULT if a page cannot be had (nothing mapped there, may not be
 * read, secret memory, SIGBUS, poison, a guard region, userfaultfd); -EPERM if a page may not be written; -EIO if a page
 * cannot be mapped for the device; -EBUSY if for more than a second invalidations voided every try; -ESRCH if the process
 * is gone; -ENODEV after hmm_userptr_close(); -EINTR if the task is being killed; -ENOMEM (before Linux 7.3 -EFAULT,
 * where mm had none for a page).
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
		/* If we are the last, taking the mm down is not the job's to wait for */
		mmput_async(userptr->mm);
	} else {
		ret = -ESRCH;
	}
	kfree(step);
	trace_hmm_userptr_populate(userptr, passes, ret, ktime_get_ns() - t0);
	return ret;
}
EXPORT_SYMBOL_GPL(hmm_userptr_populate);
