// SPDX-License-Identifier: GPL-2.0
/*
 * Queues in a reset of the device, and at its end. recovery/reset.c has the steps of a reset;
 * queue/stop.c and queue/start.c do the work for each queue.
 */
#include <linux/list.h>
#include <linux/xarray.h>

#include <drm/drm_print.h>

#include "device/device.h"
#include "queue/job.h"
#include "queue/queue.h"

/*
 * How many times the device may start a job of the kernel's queue, which continues after a reset.
 */
#define QUEUE_KERNEL_STARTS	3

/**
 * mirage_queue_reset() - end a queue whose running jobs are lost in a device reset
 * @queue: queue; the device does not run, and will be reset
 *
 * A queue without running jobs continues, see mirage_queue_restart(). Jobs written after the device
 * had stopped do not count as running. The kernel's own queue continues in any case, since its jobs
 * may be executed twice and VRAM keeps its content; except if a job was started so often that it
 * may itself be what brings the device down.
 *
 * Context: process; takes mirage_queue.stop_lock; mirage_reset.lock is held for writing.
 */
void mirage_queue_reset(struct mirage_queue *queue)
{
	const struct mirage_queue_error reset = {
		.state = DRM_MIRAGE_QUEUE_RESET,
		.error = -ECANCELED,
	};
	unsigned int starts = queue->vm ? 1 : QUEUE_KERNEL_STARTS;
	const struct mirage_job *oldest;
	bool innocent;

	mirage_queue_poll(queue);
	spin_lock(&queue->lock);
	oldest = list_first_entry_or_null(&queue->in_flight, struct mirage_job, node);
	innocent = queue->error.state == DRM_MIRAGE_QUEUE_READY &&
		   (!oldest || oldest->starts < starts);
	spin_unlock(&queue->lock);
	if (innocent)
		return;
	if (mirage_queue_fail(queue, &reset))
		drm_err_ratelimited(&queue->mdev->drm,
				    "%s[%d]: queue %u: a job was under way when the device was reset; the queue is stopped\n",
				    mirage_queue_comm(queue), mirage_queue_tgid(queue), queue->id);
	mirage_queue_quiesce(queue);
}

/**
 * mirage_queues_reset() - end the queues whose running jobs are lost in a device reset
 * @mdev: device, which does not run and will be reset
 *
 * Context: process; allocates nothing; mirage_reset.lock is held for writing.
 */
void mirage_queues_reset(struct mirage_device *mdev)
{
	struct mirage_queue *queue;

	mirage_for_each_queue(mdev, queue)
		mirage_queue_reset(queue);
}

/**
 * mirage_queues_restart() - start the channels of all queues that have not stopped for good
 * @mdev: device that was started
 *
 * Context: process; waits for the device, a bounded time; mirage_reset.lock is held for writing.
 */
void mirage_queues_restart(struct mirage_device *mdev)
{
	struct mirage_queue *queue;

	mirage_for_each_queue(mdev, queue)
		mirage_queue_restart(queue);
}

/**
 * mirage_queues_wedge() - stop all queues of a wedged device
 * @mdev: device; mirage_device_is_wedged() is true
 *
 * When it returns, every queue is stopped and no job is in flight.
 *
 * Context: process, may sleep; not on mirage_device.submit_wq.
 */
void mirage_queues_wedge(struct mirage_device *mdev)
{
	const struct mirage_queue_error reason = {
		.state = DRM_MIRAGE_QUEUE_LOST,
		.error = -ENODEV,
	};
	struct mirage_queue *queue;
	unsigned long chan;

	xa_lock(&mdev->queues);
	xa_for_each(&mdev->queues, chan, queue)
		mirage_queue_fail(queue, &reason);
	xa_unlock(&mdev->queues);

	mirage_for_each_queue(mdev, queue)
		mirage_queue_quiesce(queue);
}
