// SPDX-License-Identifier: GPL-2.0
/*
 * Userptrs: how they begin and end, and what mm does to them.
 *
 * For queues of a device that may not fault. All pages of a range are made accessible before a job and
 * stay so while it runs, because the notifier waits for the job. That wait is what the mirror never does, and
 * why it is bounded by the driver and not needed for safety: after it the pages are taken from
 * the device's page tables whether or not a job still runs.
 *
 * A page that is linked is one that mm has not taken since; that is known page by page. So what mm
 * takes costs only itself when the range is populated again (populate.c), and an invalidation of pages that are not there
 * costs a lock.
 *
 * All is done in one pass: a second one would have to keep what the first has taken apart from
 * what a third takes. Waiting for a job's fence again costs nothing once it has signalled, so an munmap() of many
 * ranges waits about as long as for one.
 *
 * A non-blockable invalidation (the OOM reaper) is sent away if it names pages that are there: it can wait for
 * no job. mm comes again, or frees the memory when the process has gone.
 *
 * Rejected: pinning the pages (FOLL_LONGTERM). It keeps memory from being moved, swapped and
 * compacted for as long as the object lives, and the object shows another page than the process has after an
 * munmap(), a fork() or a COW.
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
 * The one place that does, so that all, and the lock that teaches lockdep at module load, are
 * of one class.
 */
void hmm_userptr_lock_init(struct mutex *lock)
{
	mutex_init(lock);
}

/* Take the range from the device and give pages @first to @end - 1 back to mm */
static void hmm_userptr_take(struct hmm_userptr *userptr, unsigned long first, unsigned long end,
			     bool wait)
{
	lockdep_assert_held(&userptr->lock);

	if (userptr->present) {
		/* Pairs with hmm_userptr_is_valid(): a job that saw it valid is known to stop() */
		smp_store_release(&userptr->valid, false);
		if (wait)
			userptr->ops->stop(userptr);
		/* Pairs with hmm_userptr_is_present(): who saw it is before unmap() */
		smp_store_release(&userptr->present, false);
		userptr->ops->unmap(userptr);
	}
	userptr->nr_linked -= hmm_pages_release(userptr->dev, &userptr->dma, first, end);
}

/* Are there linked pages among @first to @end - 1? */
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
	/* Closed by another: nothing is there, and the notifier about to go */
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

/* Nothing is there to be taken */
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
 * struct hmm_userptr_first - an mm's first notifier, inserted by a worker
 */
struct hmm_userptr_first {
	/** @work: inserts and removes it */
	struct work_struct work;
	/** @mm: with a reference to its users, which the worker drops */
	struct mm_struct *mm;
	/** @done: the worker has written @ret */
	struct completion done;
	/** @refs: the worker, and the caller unless a fatal signal took it away */
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

/* A worker has no signals. The caller has, and leaves for a fatal one only */
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
 * hmm_userptr_prepare - let hmm_userptr_create() not wait for the calling process's mm
 *
 * The first notifier of an mm takes mmap_lock for writing and then the locks of all its mappings, without an end
 * that the driver could know of. Once there was one, all others are inserted at once; mm does not tell whether
 * there was. So one is inserted here that is for nothing.
 *
 * mm takes those locks from the beginning again after any signal of the task that does it, so a process with many
 * mappings and a timer would never get through. Where a signal came in between, a worker inserts it.
 *
 * Context: a process with an mm; no lock that mm takes, and nothing else that somebody waits for. May sleep for
 * long, and allocate.
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

/*
 * Lists with an entry for each page, as long as the caller wants them: charged, and without room the caller is refused,
 * rather than that somebody is killed.
 */
#define USERPTR_GFP_LIST	(GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

/*
 * hmm_dma_map_alloc(), but charged to the caller's memory cgroup: ranges may lie over each other, so a little memory of
 * a process may be in any number of lists. Nothing is pinned, so RLIMIT_MEMLOCK has no say.
 */
static int hmm_userptr_alloc_dma(struct hmm_userptr *userptr)
{
	struct hmm_dma_map *map = &userptr->dma;
	struct device *dev = userptr->dev;
	int ret;

	/* It alone says for which devices no list is any use. */
	ret = hmm_dma_map_alloc(dev, map, 1, PAGE_SIZE);
	if (ret)
		return ret;
	hmm_dma_map_free(dev, map);

	*map = (struct hmm_dma_map){ .dma_entry_size = PAGE_SIZE };
	map->pfn_list = kvzalloc_objs(*map->pfn_list, userptr->npages,
				      USERPTR_GFP_LIST);
	if (!map->pfn_list)
		return -ENOMEM;
	if (dma_iova_try_alloc(dev, &map->state, 0, userptr->npages << PAGE_SHIFT) ||
	    !dma_need_unmap(dev))
		return 0;
	map->dma_list = kvzalloc_objs(*map->dma_list, userptr->npages,
				      USERPTR_GFP_LIST);
	if (map->dma_list)
		return 0;
	kvfree(map->pfn_list);
	return -ENOMEM;
}

/**
 * hmm_userptr_create - make a range of the calling process one that a device can have
 * @dev: the device that memory is mapped for; its DMA mask is set
 * @ops: the driver
 * @priv: the driver's own, for hmm_userptr_priv()
 * @start: first address, PAGE_SIZE aligned
 * @npages: pages, not 0
 * @write: the device writes too
 * @addrs: where hmm_userptr_populate() puts the DMA address of each page; stays until hmm_userptr_put()
 *
 * Nothing is mapped, and the range need not have memory, before hmm_userptr_populate(). A child of the
 * process has no part in it: the range is of this mm.
 *
 * Context: a process with an mm; after hmm_userptr_prepare(), if somebody may wait for the caller. May sleep and
 * allocate: 8 or 16 bytes for each page, charged to the caller's memory cgroup.
 * Return: the range, to be ended by hmm_userptr_close() and hmm_userptr_put(), or an ERR_PTR(): -EINVAL without an
 * mm or the operations or if @start or @npages is wrong, -EFAULT if it is not within the addresses of a
 * process, -EOPNOTSUPP if the device cannot reach all memory or needs its cache kept coherent by
 * software, -ENOMEM, -EINTR.
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

	ret = hmm_userptr_alloc_dma(userptr);
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
 * hmm_userptr_close - take the range from the device for good
 * @userptr: the range
 *
 * Waits as an invalidation does: stop(), then unmap(), as far as the device has it. When it returns no callback runs
 * and none will, and hmm_userptr_populate() returns -ENODEV. May be called more than once and by several tasks;
 * each returns when all is done.
 *
 * Context: process context, no lock held that callbacks or mm take; not in the way of a fence that stop()
 * may wait for. Sleeps.
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
 * Context: nobody else uses it. May sleep.
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
 * hmm_userptr_priv - the driver's data of a range
 * @userptr: the range
 *
 * Return: what hmm_userptr_create() was given.
 */
void *hmm_userptr_priv(const struct hmm_userptr *userptr)
{
	return userptr->priv;
}
EXPORT_SYMBOL_GPL(hmm_userptr_priv);

/**
 * hmm_userptr_is_current - is this the caller's own memory?
 * @userptr: the range
 *
 * False for a child after fork(), after execve(), and for another process that was given the handle.
 *
 * Return: true if the calling task runs in the mm that the range is of.
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
 * Context: a lock that stop() takes is held until the job's fence is where stop() finds it; without it
 * the answer is a hint.
 */
bool hmm_userptr_is_valid(const struct hmm_userptr *userptr)
{
	/* Pairs with hmm_userptr_take() and hmm_userptr_settle() */
	return smp_load_acquire(&userptr->valid);
}
EXPORT_SYMBOL_GPL(hmm_userptr_is_valid);

/**
 * hmm_userptr_is_present - are the addresses those of the process's pages?
 * @userptr: the range
 *
 * True of a range that mm is about to take, too, as long as stop() waits: a bind that stop() waits
 * for must not leave its job without memory.
 *
 * Context: a lock that unmap() takes is held until the addresses are in page tables that unmap() clears;
 * without it the answer is a hint.
 */
bool hmm_userptr_is_present(const struct hmm_userptr *userptr)
{
	/* Pairs with hmm_userptr_take() and hmm_userptr_settle() */
	return smp_load_acquire(&userptr->present);
}
EXPORT_SYMBOL_GPL(hmm_userptr_is_present);
