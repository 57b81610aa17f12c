// SPDX-License-Identifier: GPL-2.0
/*
 * Mirrors: creation and closing.
 *
 * A mirror belongs only to its creator, who creates, closes and puts it. The running calls of
 * hmm_mirror_fault() have to be counted. A mirror holds the mm's structure, not its contents: the
 * process can exit while its mirror exists, and the mirror can be closed before, during or after
 * that.
 *
 * Closing: no new fault enters; running faults end, and do not go on waiting for I/O; the reaper
 * is stopped; every block is unmapped from the device as by an munmap() of everything, with all
 * flushes started before the first wait; only then are the notifiers removed. In the opposite order
 * mm could free pages that the device still has.
 *
 * A mirror without blocks has no notifier, so mm does not know of it.
 *
 * Rejected: counting the calls per CPU (percpu_ref). Each call takes mmap_lock, whose count is
 * shared anyway, so there was no gain; and each close waited for an RCU grace period, so that a
 * process with thousands of mirrors took minutes to exit.
 */
#include <linux/device.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "devmem.h"
#include "mirror.h"

#define HMM_MIRROR_CLOSING	0

/* Between two attempts to end the waits of running calls */
#define HMM_INTERRUPT_DELAY	(HZ / 20)

/**
 * hmm_mirror_is_closing - should running calls end early?
 * @mirror: the mirror
 *
 * Return: true once hmm_mirror_close() was called.
 */
bool hmm_mirror_is_closing(const struct hmm_mirror *mirror)
{
	return test_bit(HMM_MIRROR_CLOSING, &mirror->closing);
}

/**
 * hmm_mirror_enter - start a call that hmm_mirror_close() has to wait for
 * @mirror: the mirror
 *
 * Return: false if the mirror is closed or being closed.
 */
bool hmm_mirror_enter(struct hmm_mirror *mirror)
{
	if (!refcount_inc_not_zero(&mirror->users))
		return false;
	/*
	 * Other calls may still be inside: without this check a stream of calls could delay closing
	 */
	if (!hmm_mirror_is_closing(mirror))
		return true;
	hmm_mirror_leave(mirror);
	return false;
}

/**
 * hmm_mirror_leave - end a call
 * @mirror: the mirror; may be freed as soon as this was called
 */
void hmm_mirror_leave(struct hmm_mirror *mirror)
{
	if (refcount_dec_and_test(&mirror->users))
		complete(&mirror->idle);
}

/*
 * Check whether DMA mapping would fail for every page. Blocks are created in faults, which is too
 * late to report that mirroring does not work at all.
 */
static int hmm_mirror_try_dma(struct device *dev)
{
	struct hmm_dma_map map = {};
	int ret;

	ret = hmm_dma_map_alloc(dev, &map, 1, PAGE_SIZE);
	if (!ret)
		hmm_dma_map_free(dev, &map);
	return ret;
}

/**
 * hmm_mirror_create - mirror the calling process
 * @dev: the device that memory is mapped for; its DMA mask is set
 * @devmem: the device's memory, for hmm_mirror_migrate(); or NULL
 * @ops: the driver's callbacks; map, unmap and flush are required
 * @priv: the driver's data, for hmm_mirror_priv()
 *
 * Nothing is mirrored, and mm has no callback, before the first fault.
 *
 * Context: a process with an mm. May sleep and allocate.
 * Return: the mirror, to be ended by hmm_mirror_close() and hmm_mirror_put(), or an ERR_PTR():
 * -EINVAL without an mm or without the required callbacks, -EOPNOTSUPP if the device cannot reach
 * all memory or is not cache-coherent, -ENOMEM.
 */
struct hmm_mirror *hmm_mirror_create(struct device *dev, struct hmm_devmem *devmem,
				     const struct hmm_mirror_ops *ops, void *priv)
{
	struct hmm_mirror *mirror;
	int ret;

	if (!current->mm || !ops->map || !ops->unmap || !ops->flush)
		return ERR_PTR(-EINVAL);

	ret = hmm_mirror_try_dma(dev);
	if (ret)
		return ERR_PTR(ret);

	mirror = kzalloc_obj(*mirror);
	if (!mirror)
		return ERR_PTR(-ENOMEM);

	mirror->counters = alloc_percpu(struct hmm_counters);
	if (!mirror->counters) {
		kfree(mirror);
		return ERR_PTR(-ENOMEM);
	}

	mmgrab(current->mm);
	mirror->mm = current->mm;
	mirror->dev = get_device(dev);
	mirror->devmem = hmm_devmem_get(devmem);
	mirror->ops = ops;
	mirror->priv = priv;
	mirror->id = hmm_new_id();
	mirror->tgid = task_tgid_nr(current);
	xa_init(&mirror->blocks);
	mt_init_flags(&mirror->policy, MT_FLAGS_USE_RCU);
	refcount_set(&mirror->users, 1);
	init_completion(&mirror->idle);
	spin_lock_init(&mirror->calls_lock);
	INIT_LIST_HEAD(&mirror->calls);
	init_completion(&mirror->closed);
	init_llist_head(&mirror->reap_list);
	spin_lock_init(&mirror->lru_lock);
	INIT_LIST_HEAD(&mirror->lru);
	INIT_DELAYED_WORK(&mirror->reap_work, hmm_reap_work);
	return mirror;
}
EXPORT_SYMBOL_GPL(hmm_mirror_create);

/**
 * hmm_mirror_close - stop mirroring
 * @mirror: the mirror
 *
 * When it returns, the device has no page of the mm, no callback of the driver is running and none
 * will be called; hmm_mirror_fault() returns -ENODEV. It may be called more than once and by
 * several tasks; each call returns only when closing is complete.
 *
 * Context: process context; not in a callback or inside hmm_mirror_fault(), without locks that
 * callbacks or mm take. Sleeps until the running faults have ended, and ends their waits: see
 * fault.c.
 */
void hmm_mirror_close(struct hmm_mirror *mirror)
{
	LLIST_HEAD(finish);
	struct hmm_block *block;
	unsigned long index;

	if (test_and_set_bit(HMM_MIRROR_CLOSING, &mirror->closing)) {
		wait_for_completion(&mirror->closed);
		return;
	}

	hmm_mirror_leave(mirror);
	do
		hmm_calls_interrupt(mirror);
	while (!wait_for_completion_timeout(&mirror->idle, HMM_INTERRUPT_DELAY));
	disable_delayed_work_sync(&mirror->reap_work);

	/* From here on only mm's callbacks run concurrently */
	xa_for_each(&mirror->blocks, index, block)
		hmm_block_take_all(block, &finish);
	hmm_block_finish_all(&finish);
	xa_for_each(&mirror->blocks, index, block) {
		mutex_lock(&block->lock);
		hmm_block_retire(block);
		mutex_unlock(&block->lock);
		hmm_block_drop(block);
	}

	complete_all(&mirror->closed);
}
EXPORT_SYMBOL_GPL(hmm_mirror_close);

/**
 * hmm_mirror_put - free a mirror
 * @mirror: the mirror, closed; NULL is allowed
 *
 * Context: process context; the mirror has no other user. May sleep.
 */
void hmm_mirror_put(struct hmm_mirror *mirror)
{
	if (!mirror)
		return;

	WARN_ON_ONCE(!completion_done(&mirror->closed));
	hmm_mirror_close(mirror);

	xa_destroy(&mirror->blocks);
	mtree_destroy(&mirror->policy);
	free_percpu(mirror->counters);
	put_device(mirror->dev);
	hmm_devmem_put(mirror->devmem);
	mmdrop(mirror->mm);
	kfree(mirror);
}
EXPORT_SYMBOL_GPL(hmm_mirror_put);

/**
 * hmm_mirror_priv - get the driver's data of a mirror
 * @mirror: the mirror
 *
 * Return: the pointer passed to hmm_mirror_create().
 */
void *hmm_mirror_priv(struct hmm_mirror *mirror)
{
	return mirror->priv;
}
EXPORT_SYMBOL_GPL(hmm_mirror_priv);

/**
 * hmm_mirror_is_current - does the mirror belong to the caller's mm?
 * @mirror: the mirror
 *
 * False in a child after fork(), after execve(), and in another process that was given the file.
 *
 * Return: true if the calling task runs in the mirrored mm.
 */
bool hmm_mirror_is_current(struct hmm_mirror *mirror)
{
	return current->mm == mirror->mm;
}
EXPORT_SYMBOL_GPL(hmm_mirror_is_current);
