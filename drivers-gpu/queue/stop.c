// SPDX-License-Identifier: GPL-2.0
/*
 * The end of jobs and queues: completion, time-outs, and quiescing a failed queue. queue/queue.c
 * describes the two halves of stopping.
 *
 * The code that finds a job finished removes it from mirage_queue.in_flight under
 * mirage_queue.lock, and then signals its fence. So each fence signals once, whichever path is
 * first.
 */
#include <linux/list.h>
#include <linux/wait.h>
#include <linux/xarray.h>

#include <drm/drm_drv.h>

#include <hw/queues.h>

#include "device/device.h"
#include "device/engine.h"
#include "device/shared.h"
#include "queue/job.h"
#include "queue/queue.h"
#include "queue/trace.h"
#include "queue/usage.h"

/* Move jobs up to @seqno from the in-flight list to @done. */
static void queue_take(struct mirage_queue *queue, u64 seqno, struct list_head *done)
{
	struct mirage_job *job, *next;

	lockdep_assert_held(&queue->lock);

	list_for_each_entry_safe(job, next, &queue->in_flight, node) {
		if (job->seqno > seqno)
			break;
		list_move_tail(&job->node, done);
	}
}

/* Signal the fences of @done: the oldest job's with @error, the others' with @behind. */
static void queue_complete(struct list_head *done, int error, int behind)
{
	struct mirage_job *job, *next;

	/* A completed job may be freed at once; the later ones are not complete yet. */
	list_for_each_entry_safe(job, next, done, node) {
		list_del_init(&job->node);
		mirage_job_complete(job, error);
		error = behind;
	}
}

/**
 * mirage_queue_poll() - signal the fences of completed jobs
 * @queue: queue
 *
 * Context: process, a reference held; does not sleep. The device's memory exists: between
 * drm_dev_enter() and drm_dev_exit(), or jobs are in flight and mirage_queues_wedge() has not been
 * called.
 * Return: true if it signalled something
 */
bool mirage_queue_poll(struct mirage_queue *queue)
{
	const __le64 *slot = queue->mem.cpu + mirage_queue_ring_bytes(queue);
	LIST_HEAD(done);
	bool any;

	spin_lock(&queue->lock);
	/* If the list is empty, the slot may already have been freed. */
	if (!list_empty(&queue->in_flight)) {
		/* Acquire: a job's results are read after the number that reports its end. */
		queue_take(queue, mirage_shared_read64_acquire(slot), &done);
		queue->jobs += list_count_nodes(&done);
		if (!list_empty(&done))
			mirage_charge_begin(queue);
	}
	any = !list_empty(&done);
	spin_unlock(&queue->lock);

	queue_complete(&done, 0, 0);
	if (any)
		wake_up_all(&queue->waiters);

	return any;
}

/**
 * mirage_queue_fail_locked() - mirage_queue_fail() where mirage_queue.lock is held
 * @queue: queue
 * @error: reason; its state is not READY
 *
 * Return: true if it was ready before
 */
bool mirage_queue_fail_locked(struct mirage_queue *queue, const struct mirage_queue_error *error)
{
	lockdep_assert_held(&queue->lock);

	if (queue->error.state != DRM_MIRAGE_QUEUE_READY)
		return false;

	queue->error = *error;
	trace_mirage_queue_stop(queue, error);
	queue_work(queue->mdev->submit_wq, &queue->stop_work);

	return true;
}

/**
 * mirage_queue_is_ready() - does a queue take jobs?
 * @queue: queue, a reference held
 *
 * Context: any but hard interrupts; takes mirage_queue.lock.
 */
bool mirage_queue_is_ready(struct mirage_queue *queue)
{
	bool ready;

	spin_lock(&queue->lock);
	ready = queue->error.state == DRM_MIRAGE_QUEUE_READY;
	spin_unlock(&queue->lock);

	return ready;
}

/**
 * mirage_queue_fail() - stop a queue for good
 * @queue: queue; the caller has a reference or holds the xa_lock of mirage_device.queues
 * @error: reason; its state is not READY
 *
 * From here on no job starts. mirage_queue_quiesce() then resets the channel and ends the running
 * jobs; a work calls it unless the caller does.
 *
 * Context: process; does not sleep.
 * Return: true if this stopped it; false if it had stopped before: @error is ignored
 */
bool mirage_queue_fail(struct mirage_queue *queue, const struct mirage_queue_error *error)
{
	bool first;

	spin_lock(&queue->lock);
	first = mirage_queue_fail_locked(queue, error);
	spin_unlock(&queue->lock);

	return first;
}

/**
 * mirage_queue_quiesce() - reset the channel of a failed queue, and end its jobs
 * @queue: queue that mirage_queue_fail() was called for
 *
 * Jobs that the device completed before the reset end without an error. The oldest of the others is
 * the one that was running: its fence gets the reason why the queue stopped. The jobs behind it,
 * like those that the scheduler still has, were not started: -ECANCELED. If the device or the
 * process has gone, all of them get that error.
 *
 * Context: process; waits for the device, a bounded time.
 */
void mirage_queue_quiesce(struct mirage_queue *queue)
{
	struct mirage_device *mdev = queue->mdev;
	LIST_HEAD(cancelled);
	int error, behind;
	bool signalling;
	int idx;

	mutex_lock(&queue->stop_lock);
	/* Ready: the kernel's own queue, which has been stopped and revived meanwhile. */
	if (queue->quiet || mirage_queue_is_ready(queue))
		goto unlock;
	signalling = dma_fence_begin_signalling();

	/* An unplugged device was blocked from DMA before, so no channel runs. */
	if (drm_dev_enter(&mdev->drm, &idx)) {
		mirage_engine_drop(mdev, queue->chan);
		mirage_queue_poll(queue);
		mirage_usage_account(queue);
		drm_dev_exit(idx);
	}

	spin_lock(&queue->lock);
	queue_take(queue, U64_MAX, &cancelled);
	error = queue->error.error;
	behind = queue->error.state == DRM_MIRAGE_QUEUE_LOST ? error : -ECANCELED;
	spin_unlock(&queue->lock);

	queue_complete(&cancelled, error, behind);
	/* Release: a reader that sees it quiet also sees its jobs' writes. */
	smp_store_release(&queue->quiet, true);
	wake_up_all(&queue->waiters);
	dma_fence_end_signalling(signalling);
unlock:
	mutex_unlock(&queue->stop_lock);
}

/**
 * mirage_queue_stop_work() - mirage_queue_quiesce() as a work
 * @work: mirage_queue.stop_work
 */
void mirage_queue_stop_work(struct work_struct *work)
{
	mirage_queue_quiesce(container_of(work, struct mirage_queue, stop_work));
}

/**
 * mirage_queues_stop_vm() - stop the queues of an address space whose process has gone
 * @vm: address space
 * @error: negative errno for the fences of its jobs
 *
 * Context: process; does not sleep. The channels are reset soon after.
 */
void mirage_queues_stop_vm(struct mirage_vm *vm, int error)
{
	struct mirage_device *mdev = vm->mdev;
	const struct mirage_queue_error reason = {
		.state = DRM_MIRAGE_QUEUE_LOST,
		.error = error,
	};
	struct mirage_queue *queue;
	unsigned long chan;

	xa_lock(&mdev->queues);
	xa_for_each(&mdev->queues, chan, queue) {
		if (queue->vm == vm)
			mirage_queue_fail(queue, &reason);
	}
	xa_unlock(&mdev->queues);
}
