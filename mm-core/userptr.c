// SPDX-License-Identifier: GPL-2.0
/*
 * Userptrs: creation, closing and invalidation.
 *
 * They are for queues of a device that must not fault. All pages of a range are made accessible
 * before a job and stay accessible while it runs, because the notifier waits for the job. The
 * mirror never waits like that. So the driver has to bound the wait, and safety does not depend on
 * it: afterwards the pages are cleared in the device's page tables whether or not a job is still
 * running.
 *
 * A linked page is one that mm has not taken away since; this is tracked page by page. So after an
 * invalidation only the pages that it named have to be populated again (populate.c), and an
 * invalidation of pages that are not linked only costs a lock.
 *
 * An invalidation does everything in one pass: with a second pass, the pages taken by the first
 * would have to be kept apart from those taken by another invalidation in between. Waiting again
 * for a fence that has signalled costs nothing, so an munmap() of many ranges waits about as long
 * as for one.
 *
 * A non-blockable invalidation (the OOM reaper) fails if it names linked pages, since it cannot
 * wait for jobs. mm retries, or frees the memory when the process has exited.
 *
 * Rejected: pinning the pages (FOLL_LONGTERM). That keeps memory from being moved, swapped and
 * compacted for as long as the object lives; and after an munmap(), a fork() or a COW the object
 * refers to a different page than the process.
 */
#include <linux/completion.h>
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "mirror.h"
#include "trace.h"
#include "userptr.h"

/**
 * hmm_userptr_lock_init - initialise a userptr's lock
 * @lock: the lock
 *
 * Only this function initialises them, so that all userptrs, and the lock that teaches lockdep at
 * module load, have one lock class.
 */
void hmm_userptr_lock_init(struct mutex *lock)
{
	mutex_init(lock);
}

/* Unmap the range from the device and return pages @first to @end - 1 to mm */
static void hmm_userptr_take(struct hmm_userptr *userptr, unsigned long first, unsigned long end,
			     bool wait)
{
	lockdep_assert_held(&userptr->lock);

	if (userptr->present) {
		/* Pairs with hmm_userptr_is_valid(): stop() waits for any job that saw it valid */
		smp_store_release(&userptr->valid, false);
		if (wait)
			userptr->ops->stop(userptr);
		/*
		 * Pairs with hmm_userptr_is_present(): entries of a caller that saw it present are
		 * cleared by unmap()
		 */
		smp_store_release(&userptr->present, false);
		userptr->ops->unmap(userptr);
	}
	userptr->nr_linked -= hmm_pages_release(userptr->dev, &userptr->dma, first, end);
}

/* Are pages among @first to @end - 1 linked? */
static bool hmm_userptr_has(const struct hmm_userptr *userptr, unsigned long first,
			    unsigned long end)
{
	lockdep_assert_held(&userptr->lock);

	if (userptr->present)
		return true;
	if (!userptr->nr_linked)
		return false;
	for (; first < end; first++)
		if (userptr->dma.pfn_list[first])
			return true;
	return false;
}

static bool hmm_userptr_invalidate(struct mmu_interval_notifier *notifier,
				   const struct mmu_notifier_range *range, unsigned long cur_seq)
{
	struct hmm_userptr *userptr = container_of(notifier, struct hmm_userptr, notifier);
	bool blockable = mmu_notifier_range_blockable(range);
	unsigned long first = 0, end = userptr->npages;
	u64 t0 = ktime_get_ns();
	bool done = true;

	if (range->start > userptr->start)
		first = (range->start - userptr->start) >> PAGE_SHIFT;
	if (range->end < userptr->start + (userptr->npages << PAGE_SHIFT))
		end = PFN_UP(range->end - userptr->start);

	if (blockable)
		mutex_lock(&userptr->lock);
	else if (!mutex_trylock(&userptr->lock))
		return false;

	mmu_interval_set_seq(notifier, cur_seq);
	/* If it was closed meanwhile, no page is linked, and the notifier is about to be removed */
	if (!userptr->closed && hmm_userptr_has(userptr, first, end)) {
		done = blockable;
		if (done)
			hmm_userptr_take(userptr, first, end, range->event != MMU_NOTIFY_RELEASE);
		trace_hmm_userptr_invalidate(userptr, range->event, first, end - first, done,
					     ktime_get_ns() - t0);
	}
	mutex_unlock(&userptr->lock);
	return done;
}

static const struct mmu_interval_notifier_ops hmm_userptr_notifier_ops = {
	.invalidate = hmm_userptr_invalidate,
};

/* The dummy notifier has no pages to take away */
static bool hmm_userptr_ignore(struct mmu_interval_notifier *notifier,
			       const struct mmu_notifier_range *range, unsigned long cur_seq)
{
	mmu_interval_set_seq(notifier, cur_seq);
	return true;
}

static const struct mmu_interval_notifier_ops hmm_userptr_first_ops = {
	.invalidate = hmm_userptr_ignore,
};

/**
 * struct hmm_userptr_first - insertion of an mm's first notifier by a worker
 */
struct hmm_userptr_first {
	/** @work: inserts and removes the notifier */
	struct work_struct work;
	/** @mm: mm with a reference to its users, which the worker drops */
	struct mm_struct *mm;
	/** @done: the worker has written @ret */
	struct completion done;
	/** @refs: held by the worker, and by the caller until it has waited or was killed */
	refcount_t refs;
	/** @ret: 0 or -ENOMEM */
	int ret;
};

static int hmm_userptr_insert_first(struct mm_struct *mm)
{
	struct mmu_interval_notifier first;
	int ret;

	ret = mmu_interval_notifier_insert(&first, mm, 0, PAGE_SIZE, &hmm_userptr_first_ops);
	if (!ret)
		mmu_interval_notifier_remove(&first);
	return ret;
}

static void hmm_userptr_first_put(struct hmm_userptr_first *first)
{
	if (refcount_dec_and_test(&first->refs))
		kfree(first);
}

static void hmm_userptr_first_work(struct work_struct *work)
{
	struct hmm_userptr_first *first = container_of(work, struct hmm_userptr_first, work);

	first->ret = hmm_userptr_insert_first(first->mm);
	mmput(first->mm);
	complete(&first->done);
	hmm_userptr_first_put(first);
}

/* A worker gets no signals. The caller may, but only a fatal one ends its wait */
static int hmm_userptr_first_wait(void)
{
	struct hmm_userptr_first *first;
	int ret;

	first = kzalloc_obj(*first);
	if (!first)
		return -ENOMEM;
	INIT_WORK(&first->work, hmm_userptr_first_work);
	init_completion(&first->done);
	refcount_set(&first->refs, 2);
	mmget(current->mm);
	first->mm = current->mm;
	queue_work(hmm_mirror_wq, &first->work);

	ret = wait_for_completion_killable(&first->done) ? -EINTR : first->ret;
	hmm_userptr_first_put(first);
	return ret;
}

/**
 * hmm_userptr_prepare - make sure that hmm_userptr_create() does not wait for the caller's mm
 *
 * The first notifier of an mm takes mmap_lock for writing and then the locks of all its mappings,
 * which takes an unpredictable time. Once there has been one, further notifiers are inserted
 * quickly; but mm does not tell whether there has been one. So this inserts a dummy notifier.
 *
 * When a signal arrives, mm restarts taking those locks from the beginning. A process with many
 * mappings and a timer would never succeed. So after an interruption by a signal, a worker inserts
 * the notifier.
 *
 * Context: a process with an mm; without locks that mm takes, and without anything else that others
 * may wait for. May sleep for long, and allocate.
 * Return: 0, -EINVAL without an mm, -ENOMEM, -EINTR after a fatal signal
 */
int hmm_userptr_prepare(void)
{
	int ret;

	if (!current->mm)
		return -EINVAL;
	ret = hmm_userptr_insert_first(current->mm);
	return ret == -EINTR ? hmm_userptr_first_wait() : ret;
}
EXPORT_SYMBOL_GPL(hmm_userptr_prepare);

static void hmm_userptr_free(struct hmm_userptr *userptr)
{
	put_device(userptr->dev);
	mmdrop(userptr->mm);
	mutex_destroy(&userptr->lock);
	kfree(userptr);
}

/**
 * hmm_userptr_create - create a userptr over a range of the calling process
 * @dev: the device that memory is mapped for; its DMA mask is set
 * @ops: the driver's callbacks
 * @priv: the driver's data, for hmm_userptr_priv()
 * @start: first address, PAGE_SIZE aligned
 * @npages: number of pages, not 0
 * @write: the device also writes
 * @addrs: array that hmm_userptr_populate() fills with the DMA address of each page; must exist
 * until hmm_userptr_put()
 *
 * Before hmm_userptr_populate() nothing is mapped, and the range need not have memory. The range
 * belongs to this mm: a child of the process has no part in it.
 *
 * Context: a process with an mm; after hmm_userptr_prepare(), if others may wait for the caller.
 * May sleep and allocate: 8 or 16 bytes per page, charged to the caller's memory cgroup.
 * Return: the range, to be ended by hmm_userptr_close() and hmm_userptr_put(), or an ERR_PTR():
 * -EINVAL without an mm or the callbacks or if @start or @npages is invalid, -EFAULT if it is not
 * within the addresses of a process, -EOPNOTSUPP if the device cannot reach all memory or is not
 * cache-coherent, -ENOMEM, -EINTR.
 */
struct hmm_userptr *hmm_userptr_create(struct device *dev, const struct hmm_userptr_ops *ops,
				       void *priv, unsigned long start, unsigned long npages,
				       bool write, dma_addr_t *addrs)
{
	struct mm_struct *mm = current->mm;
	struct hmm_userptr *userptr;
	unsigned long size;
	int ret;

	if (!mm || !ops->stop || !ops->unmap || !npages || !PAGE_ALIGNED(start))
		return ERR_PTR(-EINVAL);
	if (check_mul_overflow(npages, PAGE_SIZE, &size) || size > mm->task_size ||
	    start > mm->task_size - size)
		return ERR_PTR(-EFAULT);

	userptr = kzalloc_obj(*userptr, GFP_KERNEL_ACCOUNT);
	if (!userptr)
		return ERR_PTR(-ENOMEM);

	mmgrab(mm);
	userptr->mm = mm;
	userptr->dev = get_device(dev);
	userptr->ops = ops;
	userptr->priv = priv;
	userptr->id = hmm_new_id();
	userptr->tgid = task_tgid_nr(current);
	userptr->start = start;
	userptr->npages = npages;
	userptr->write = write;
	userptr->addrs = addrs;
	init_completion(&userptr->gone);
	hmm_userptr_lock_init(&userptr->lock);

	ret = hmm_pages_alloc(dev, &userptr->dma, npages);
	if (ret)
		goto err_free;
	ret = mmu_interval_notifier_insert(&userptr->notifier, mm, start, size,
					   &hmm_userptr_notifier_ops);
	if (ret)
		goto err_dma;
	return userptr;

err_dma:
	hmm_dma_map_free(dev, &userptr->dma);
err_free:
	hmm_userptr_free(userptr);
	return ERR_PTR(ret);
}
EXPORT_SYMBOL_GPL(hmm_userptr_create);

/**
 * hmm_userptr_close - unmap the range from the device for good
 * @userptr: the range
 *
 * Waits as an invalidation does: stop(), then unmap(), if the device has it. When it returns no
 * callback is running and none will be called, and hmm_userptr_populate() returns -ENODEV. It may
 * be called more than once and by several tasks; each call returns only when closing is complete.
 *
 * Context: process context, without locks that callbacks or mm take; not in the signalling path of
 * a fence that stop() may wait for. Sleeps.
 */
void hmm_userptr_close(struct hmm_userptr *userptr)
{
	bool closed;

	mutex_lock(&userptr->lock);
	closed = userptr->closed;
	if (!closed) {
		hmm_userptr_take(userptr, 0, userptr->npages, true);
		userptr->closed = true;
		hmm_dma_map_free(userptr->dev, &userptr->dma);
	}
	mutex_unlock(&userptr->lock);

	if (closed) {
		wait_for_completion(&userptr->gone);
		return;
	}
	mmu_interval_notifier_remove(&userptr->notifier);
	complete_all(&userptr->gone);
}
EXPORT_SYMBOL_GPL(hmm_userptr_close);

/**
 * hmm_userptr_put - free a range
 * @userptr: the range, closed; NULL is allowed
 *
 * Context: the range has no other user. May sleep.
 */
void hmm_userptr_put(struct hmm_userptr *userptr)
{
	if (!userptr)
		return;
	WARN_ON_ONCE(!completion_done(&userptr->gone));
	hmm_userptr_close(userptr);
	hmm_userptr_free(userptr);
}
EXPORT_SYMBOL_GPL(hmm_userptr_put);

/**
 * hmm_userptr_priv - get the driver's data of a range
 * @userptr: the range
 *
 * Return: the pointer passed to hmm_userptr_create().
 */
void *hmm_userptr_priv(const struct hmm_userptr *userptr)
{
	return userptr->priv;
}
EXPORT_SYMBOL_GPL(hmm_userptr_priv);

/**
 * hmm_userptr_is_current - does the range belong to the caller's mm?
 * @userptr: the range
 *
 * False in a child after fork(), after execve(), and in another process that was given the handle.
 *
 * Return: true if the calling task runs in the range's mm.
 */
bool hmm_userptr_is_current(const struct hmm_userptr *userptr)
{
	return current->mm == userptr->mm;
}
EXPORT_SYMBOL_GPL(hmm_userptr_is_current);

/**
 * hmm_userptr_is_valid - may a new job rely on the range?
 * @userptr: the range
 *
 * Context: holds a lock that stop() takes, until the job's fence is where stop() finds it;
 * otherwise the answer is a hint.
 */
bool hmm_userptr_is_valid(const struct hmm_userptr *userptr)
{
	/* Pairs with hmm_userptr_take() and hmm_userptr_set_valid() */
	return smp_load_acquire(&userptr->valid);
}
EXPORT_SYMBOL_GPL(hmm_userptr_is_valid);

/**
 * hmm_userptr_is_present - do the addresses belong to the process's current pages?
 * @userptr: the range
 *
 * Still true while an invalidation waits in stop(): a bind that stop() waits for must not leave its
 * job without memory.
 *
 * Context: holds a lock that unmap() takes, until the addresses are in page tables that unmap()
 * clears; otherwise the answer is a hint.
 */
bool hmm_userptr_is_present(const struct hmm_userptr *userptr)
{
	/* Pairs with hmm_userptr_take() and hmm_userptr_set_valid() */
	return smp_load_acquire(&userptr->present);
}
EXPORT_SYMBOL_GPL(hmm_userptr_is_present);
