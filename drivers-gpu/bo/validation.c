// SPDX-License-Identifier: GPL-2.0
/*
 * Validation: locking objects and making them resident, concurrently with other tasks.
 *
 * Model: xe_validation. A task that makes room locks the objects that it evicts, while other tasks
 * doing the same hold such locks too. When that would be a deadlock, TTM gives up:
 * ttm_lru_walk_ticketlock() turns -EDEADLK into -ENOSPC, and skips the memory behind those locks.
 * So the first -ENOSPC is not final. The task drops all its locks, and validation is retried
 * exclusively across all devices. (xe retries per device only; here an importer of an object holds
 * the lock that keeps the object in its exporter's memory.)
 *
 * Eviction skips objects that jobs use. A job may take as long as its time limit, and a row of jobs
 * as long as its submitter likes; waiting for them under these locks would block every other
 * submitter. So a task that finds only busy objects drops its locks, waits for one job of one of
 * them, and retries. To keep an endless row of short jobs from starving it, the exclusive task
 * waits for VALIDATION_WAIT_LIMIT under the locks for a busy object: no other task submits then,
 * so such jobs end. All tasks together may spend one part in VALIDATION_REST of the time that way.
 *
 *                 success, or an error that no retry changes: done
 *                      ^                          ^
 *                      |         -ENOSPC          |
 *     begin ---> shared attempt ----------> exclusive attempt
 *                    |     ^                     |     ^
 *         -EBUSY and |     |         -EBUSY or   |     |
 *         a job was  |     |         -ENOSPC and |     |
 *         noted      v     |         a job was   v     |
 *                 wait for the job           wait for the job
 *                 without locks              without locks
 *
 * Rejected: ttm_operation_ctx.no_wait_gpu. TTM then also refuses memory from which the device is
 * still copying out the old content, although the new owner's job can wait for that. Rejected:
 * waiting in the move callback under the locks.
 */
#include "bo/validation.h"

#include <linux/dma-fence.h>
#include <linux/dma-resv.h>
#include <linux/jiffies.h>
#include <linux/rwsem.h>
#include <linux/sched/signal.h>

#include <drm/ttm/ttm_bo.h>

/*
 * Wait for busy objects under the locks, and for how many times that duration no task does so
 * again.
 */
#define VALIDATION_WAIT_LIMIT	(HZ / 5)
#define VALIDATION_REST		9

/* Wait for one job, without locks, before looking for another one that may have ended. */
#define VALIDATION_WAIT		HZ

/*
 * Held for reading by tasks that lock objects and make them resident, and for writing by a task
 * that got -ENOSPC and retries exclusively. Taken inside mirage_power.rwsem and mmap_lock, outside
 * resvs.
 */
static DECLARE_RWSEM(validation_lock);

/**
 * struct validation_exclusive - the exclusive task, which holds the lock for writing
 */
static struct validation_exclusive {
	/** @task: that task, or NULL. Written by the task; others only compare it. */
	struct task_struct *task;
	/** @validation: its attempts. Only @task accesses it. */
	struct mirage_validation *validation;
	/** @until: jiffies until which it may wait for busy objects. Only @task accesses it. */
	unsigned long until;
	/**
	 * @next: jiffies from which on such a wait is allowed again. Protected by the lock, held
	 * for writing.
	 */
	unsigned long next;
} validation_exclusive;

/**
 * mirage_validation_begin() - take the validation lock
 * @validation: attempts of the caller
 *
 * Context: may sleep; mmap_lock may be held, no resv is.
 * Return: 0, balance with mirage_validation_end() after dropping the locks; -EINTR
 */
int mirage_validation_begin(struct mirage_validation *validation)
{
	int ret;

	if (!validation->exclusive)
		return down_read_interruptible(&validation_lock);

	ret = down_write_killable(&validation_lock);
	if (ret)
		return ret;
	validation_exclusive.validation = validation;
	validation_exclusive.until = jiffies;
	if (time_after_eq(jiffies, validation_exclusive.next))
		validation_exclusive.until += VALIDATION_WAIT_LIMIT;
	WRITE_ONCE(validation_exclusive.task, current);
	return 0;
}

/**
 * mirage_validation_end() - release the validation lock, after the caller has dropped all its locks
 * @validation: as for mirage_validation_begin()
 */
void mirage_validation_end(struct mirage_validation *validation)
{
	if (!validation->exclusive) {
		up_read(&validation_lock);
		return;
	}
	WRITE_ONCE(validation_exclusive.task, NULL);
	up_write(&validation_lock);
}

/* Get the first unsignalled fence of a job; NULL if there is none. */
static struct dma_fence *validation_job(struct dma_resv *resv)
{
	struct dma_resv_iter cursor;
	struct dma_fence *fence;

	dma_resv_assert_held(resv);

	dma_resv_for_each_fence(&cursor, resv, DMA_RESV_USAGE_BOOKKEEP, fence) {
		if (dma_resv_iter_usage(&cursor) != DMA_RESV_USAGE_KERNEL &&
		    !dma_fence_is_signaled(fence))
			return fence;
	}
	return NULL;
}

/**
 * mirage_validation_is_busy() - do jobs use an object?
 * @resv: of the object, held
 *
 * Copies by the kernel do not count: they are few, and end soon.
 */
bool mirage_validation_is_busy(struct dma_resv *resv)
{
	return validation_job(resv);
}

/**
 * mirage_validation_note() - record a job to wait for before the next attempt
 * @validation: attempts of the caller
 * @resv: reservation, held, of an object that has to move
 */
void mirage_validation_note(struct mirage_validation *validation, struct dma_resv *resv)
{
	struct dma_fence *job;

	if (validation->busy)
		return;
	job = validation_job(resv);
	/* If the job has just ended, there is nothing to wait for. */
	validation->busy = job ? dma_fence_get(job) : dma_fence_get_stub();
}

/* Wait for the jobs of one busy object, while all other submitters are blocked. */
static bool validation_wait(struct dma_resv *resv)
{
	unsigned long start = jiffies;
	long left = validation_exclusive.until - start;

	lockdep_assert_held_write(&validation_lock);

	if (left <= 0)
		return false;
	left = dma_resv_wait_timeout(resv, DMA_RESV_USAGE_BOOKKEEP, false, left);
	validation_exclusive.next = jiffies + (jiffies - start) * VALIDATION_REST;
	return left > 0;
}

/**
 * mirage_validation_may_evict() - TTM's eviction_valuable(): should an object be evicted?
 * @tbo: object, or the remains of one; resv held
 * @place: placement that needs room
 *
 * Context: may sleep, up to VALIDATION_WAIT_LIMIT in the exclusive task.
 */
bool mirage_validation_may_evict(struct ttm_buffer_object *tbo, const struct ttm_place *place)
{
	struct dma_resv *resv = tbo->base.resv;

	if (!ttm_bo_eviction_valuable(tbo, place))
		return false;
	if (!mirage_validation_is_busy(resv))
		return true;
	if (READ_ONCE(validation_exclusive.task) != current)
		return false;
	if (validation_wait(resv))
		return true;
	mirage_validation_note(validation_exclusive.validation, resv);
	return false;
}

/**
 * mirage_validation_retry() - decide whether to retry, and wait until that makes sense
 * @validation: attempts of the caller, after mirage_validation_end()
 * @err: of the last attempt
 *
 * Context: may sleep, at most VALIDATION_WAIT; the caller should hold no lock.
 * Return: 0 retry; @err there is no point; -ERESTARTSYS or -EINTR a signal came
 */
int mirage_validation_retry(struct mirage_validation *validation, int err)
{
	struct dma_fence *busy = validation->busy;
	long left;

	if (err == -ENOSPC && !validation->exclusive) {
		validation->exclusive = true;
		return 0;
	}
	if (!busy || (err != -ENOSPC && err != -EBUSY))
		return err;

	validation->busy = NULL;
	left = dma_fence_wait_timeout(busy, validation->interruptible, VALIDATION_WAIT);
	dma_fence_put(busy);
	if (left < 0)
		return left;
	return fatal_signal_pending(current) ? -EINTR : 0;
}

/**
 * mirage_validation_fini() - clean up after the last attempt
 * @validation: attempts of the caller
 */
void mirage_validation_fini(struct mirage_validation *validation)
{
	dma_fence_put(validation->busy);
	validation->busy = NULL;
}
