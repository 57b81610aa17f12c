// SPDX-License-Identifier: GPL-2.0
/*
 * Locking objects and making them resident, where others do so at the same time.
 *
 * Model: xe_validation. A task that makes room locks the objects that are to leave, and other
 * tasks that make room hold such locks, too. Where that would be a deadlock, TTM gives up:
 * ttm_lru_walk_ticketlock() turns -EDEADLK into -ENOSPC, and the room behind those locks is never
 * looked at. So the first -ENOSPC is not final. The task drops all its locks and tries again
 * alone, and unlike in xe alone among all devices: an importer of an object holds the lock that
 * keeps the object in its exporter's memory.
 *
 * Eviction passes over objects that jobs use. Jobs may take as long as their time limit, in a row
 * as long as their submitter likes, and a wait for them under these locks would stop every other
 * submitter. So a task that finds nothing but busy objects drops its locks, waits for one job of
 * one of them, and tries again. To keep short jobs in an endless row from starving it, the
 * task that is alone waits for a busy object for VALIDATION_PATIENCE: nobody submits meanwhile, so
 * such jobs come to an end. All tasks together may spend one part in VALIDATION_REST of the
 * time in that way.
 *
 * Rejected: ttm_operation_ctx.no_wait_gpu. TTM then also refuses memory whose last content is still
 * being copied out, which the new owner can wait for in its job. Rejected: waiting in the move
 * callback under the locks.
 */
#include "bo/validation.h"

#include <linux/dma-fence.h>
#include <linux/dma-resv.h>
#include <linux/jiffies.h>
#include <linux/rwsem.h>
#include <linux/sched/signal.h>

#include <drm/ttm/ttm_bo.h>

/* For busy objects, under the locks; and how many times as long nobody does so again. */
#define VALIDATION_PATIENCE	(HZ / 5)
#define VALIDATION_REST		9

/* For a job, without locks, before it is looked for another that may have ended. */
#define VALIDATION_WAIT		HZ

/*
 * Read: by tasks that lock objects and make them resident. Written: by one that found no room that
 * way, and does it once more alone. Taken inside mirage_power.gate and mmap_lock, outside of
 * resvs.
 */
static DECLARE_RWSEM(validation_lock);

/**
 * struct validation_alone - the task that holds the lock for writing
 */
static struct validation_alone {
	/** @task: that task, or NULL. Written by the task; others merely compare it. */
	struct task_struct *task;
	/** @validation: its attempts. Of @task alone. */
	struct mirage_validation *validation;
	/** @until: jiffies until which it may wait for busy objects. Of @task alone. */
	unsigned long until;
	/** @next: jiffies from which on one may do so again. Protected by the lock, written. */
	unsigned long next;
} validation_alone;

/**
 * mirage_validation_begin() - begin to lock objects and to make them resident
 * @validation: attempts of the caller
 *
 * Context: may sleep; mmap_lock may be held, no resv is.
 * Return: 0, to be followed by mirage_validation_end() when the locks are dropped; -EINTR
 */
int mirage_validation_begin(struct mirage_validation *validation)
{
	int ret;

	if (!validation->alone)
		return down_read_interruptible(&validation_lock);

	ret = down_write_killable(&validation_lock);
	if (ret)
		return ret;
	validation_alone.validation = validation;
	validation_alone.until = jiffies;
	if (time_after_eq(jiffies, validation_alone.next))
		validation_alone.until += VALIDATION_PATIENCE;
	WRITE_ONCE(validation_alone.task, current);
	return 0;
}

/**
 * mirage_validation_end() - the caller has dropped all its locks
 * @validation: as for mirage_validation_begin()
 */
void mirage_validation_end(struct mirage_validation *validation)
{
	if (!validation->alone) {
		up_read(&validation_lock);
		return;
	}
	WRITE_ONCE(validation_alone.task, NULL);
	up_write(&validation_lock);
}

/* The first fence of a job that has not signalled; NULL if there is none. */
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
 * Copies that the kernel makes do not count: they are few, and end soon.
 */
bool mirage_validation_is_busy(struct dma_resv *resv)
{
	return validation_job(resv);
}

/**
 * mirage_validation_note() - remember a job that has to end before another attempt makes sense
 * @validation: attempts of the caller
 * @resv: of an object that has to move, held
 */
void mirage_validation_note(struct mirage_validation *validation, struct dma_resv *resv)
{
	struct dma_fence *job;

	if (validation->busy)
		return;
	job = validation_job(resv);
	/* If it has just ended, there is nothing to wait for. */
	validation->busy = job ? dma_fence_get(job) : dma_fence_get_stub();
}

/* Wait for the jobs of one busy object, on behalf of all who submit. */
static bool validation_wait(struct dma_resv *resv)
{
	unsigned long start = jiffies;
	long left = validation_alone.until - start;

	lockdep_assert_held_write(&validation_lock);

	if (left <= 0)
		return false;
	left = dma_resv_wait_timeout(resv, DMA_RESV_USAGE_BOOKKEEP, false, left);
	validation_alone.next = jiffies + (jiffies - start) * VALIDATION_REST;
	return left > 0;
}

/**
 * mirage_validation_may_evict() - TTM's eviction_valuable(): is an object to leave its memory?
 * @tbo: object, or the remains of one; resv held
 * @place: where room is needed
 *
 * Context: may sleep, for VALIDATION_PATIENCE in a task that validates alone.
 */
bool mirage_validation_may_evict(struct ttm_buffer_object *tbo, const struct ttm_place *place)
{
	struct dma_resv *resv = tbo->base.resv;

	if (!ttm_bo_eviction_valuable(tbo, place))
		return false;
	if (!mirage_validation_is_busy(resv))
		return true;
	if (READ_ONCE(validation_alone.task) != current)
		return false;
	if (validation_wait(resv))
		return true;
	mirage_validation_note(validation_alone.validation, resv);
	return false;
}

/**
 * mirage_validation_retry() - find out whether another attempt makes sense, and wait for that
 * @validation: attempts of the caller, after mirage_validation_end()
 * @err: of the last attempt
 *
 * Context: may sleep, at most VALIDATION_WAIT; the caller should hold no lock.
 * Return: 0 try again; @err there is no use; -ERESTARTSYS or -EINTR a signal came
 */
int mirage_validation_retry(struct mirage_validation *validation, int err)
{
	struct dma_fence *busy = validation->busy;
	long left;

	if (err == -ENOSPC && !validation->alone) {
		validation->alone = true;
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
 * mirage_validation_fini() - the caller makes no further attempt
 * @validation: attempts of the caller
 */
void mirage_validation_fini(struct mirage_validation *validation)
{
	dma_fence_put(validation->busy);
	validation->busy = NULL;
}
