// SPDX-License-Identifier: GPL-2.0
/*
 * Starting a queue's channel: for the first time, after a device reset, and when the kernel's own
 * queue is revived.
 *
 * All three write the channel's descriptor from the queue's state and let the device read it. They
 * ignore older values that the device wrote there: after a reset their age is unknown.
 *
 * Rejected: resuming at the descriptor's get after a reset. A half-executed job would resume in the
 * middle, with its first half executed by a device that was already misbehaving.
 */
#include <drm/drm_drv.h>
#include <drm/drm_print.h>

#include <hw/queues.h>

#include "device/cmdq.h"
#include "device/device.h"
#include "device/names.h"
#include "device/reset.h"
#include "device/shared.h"
#include "device/state.h"
#include "mmu/vm.h"
#include "queue/job.h"
#include "queue/queue.h"
#include "queue/usage.h"

/* Give up on a device that fails each time it is to start a channel. */
#define QUEUE_START_TRIES	3

static struct mirage_chan_desc *queue_desc(const struct mirage_queue *queue)
{
	return &queue->mdev->chans[queue->chan];
}

/* Write the descriptor of a stopped channel, which resumes at the oldest job. */
static void queue_describe(struct mirage_queue *queue)
{
	struct mirage_device *mdev = queue->mdev;
	struct mirage_chan_desc *desc = queue_desc(queue);
	u64 now = mirage_device_time(mdev);
	struct mirage_job *oldest, *job;

	spin_lock(&queue->lock);
	oldest = list_first_entry_or_null(&queue->in_flight, struct mirage_job, node);
	memset(desc, 0, sizeof(*desc));
	desc->ring = cpu_to_le64(mirage_mem_phys(&queue->mem, 0));
	desc->ring_order = cpu_to_le32(queue->ring_order);
	desc->class = cpu_to_le32(queue->queue_class);
	desc->vm = cpu_to_le32(queue->vm ? queue->vm->id : MIRAGE_VM_NONE);
	desc->priority = cpu_to_le32(queue->priority);
	if (!mirage_queue_may_fault(queue))
		desc->flags = cpu_to_le32(MIRAGE_CHAN_NO_FAULT);
	desc->put = cpu_to_le32(queue->put);
	desc->get = cpu_to_le32(oldest ? oldest->start : queue->put);
	queue->accounted_ns = 0;
	WRITE_ONCE(queue->born_ns, now);
	/* Jobs in the ring start over, and so does the time charged. */
	mirage_charge_begin(queue);
	list_for_each_entry(job, &queue->in_flight, node)
		job->starts++;
	spin_unlock(&queue->lock);
}

static int queue_check_started(struct mirage_queue *queue)
{
	struct mirage_chan_desc *desc = queue_desc(queue);
	u32 state = mirage_shared_read32(&desc->state);

	if (state == MIRAGE_CHAN_RUNNING)
		return 0;
	drm_err(&queue->mdev->drm, "channel %u did not start: state %s, error %s\n", queue->chan,
		mirage_chan_state_name(state),
		mirage_chan_error_name(mirage_shared_read32(&desc->error)));
	return -EIO;
}

static int queue_start(struct mirage_queue *queue)
{
	struct mirage_device *mdev = queue->mdev;
	int ret;

	queue_describe(queue);
	ret = mirage_cmdq_wait(mdev, mirage_cmdq_chan(mdev, MIRAGE_CMD_CHAN_START, queue->chan),
			       true);
	return ret ?: queue_check_started(queue);
}

/**
 * mirage_queue_restart() - start the channel of a queue after the device was started
 * @queue: queue
 *
 * Does not wait. A channel that does not start reports an error by itself.
 *
 * Context: process; takes mirage_queue.stop_lock; mirage_reset.lock is held for writing.
 */
void mirage_queue_restart(struct mirage_queue *queue)
{
	/*
	 * Stopping for good resets the channel under this lock: after us, or it is quiet already.
	 */
	mutex_lock(&queue->stop_lock);
	if (mirage_queue_is_ready(queue) && !queue->quiet) {
		mirage_usage_account(queue);
		queue_describe(queue);
		mirage_cmdq_chan(queue->mdev, MIRAGE_CMD_CHAN_START, queue->chan);
	}
	mutex_unlock(&queue->stop_lock);
}

/**
 * mirage_queue_start_new() - start the channel of a queue for the first time
 * @queue: queue whose channel number is reserved
 *
 * Once the channel runs, the queue can be found by its number.
 *
 * Context: process, between drm_dev_enter() and drm_dev_exit(); waits for the device, a bounded time.
 * Return: 0; -ENODEV the device is wedged; -EIO it does not start the channel. On failure nothing
 * runs
 */
int mirage_queue_start_new(struct mirage_queue *queue)
{
	struct mirage_device *mdev = queue->mdev;
	unsigned int i;
	int ret;

	for (i = 0; i < QUEUE_START_TRIES; i++) {
		ret = mirage_reset_enter(mdev);
		if (ret)
			return ret;
		ret = queue_start(queue);
		/* Cannot fail: the slot is reserved. */
		if (!ret)
			xa_store(&mdev->queues, queue->chan, queue, GFP_KERNEL);
		else
			mirage_cmdq_wait(mdev, mirage_cmdq_chan(mdev, MIRAGE_CMD_CHAN_RESET,
								queue->chan), true);
		mirage_reset_exit(mdev);
		/*
		 * The device was stopped meanwhile. It will be restarted, or the next round fails.
		 */
		if (ret != -ENODEV)
			return ret;
	}
	drm_err(&mdev->drm, "channel %u did not start: the device stopped in each of %u tries\n",
		queue->chan, QUEUE_START_TRIES);

	return -EIO;
}

static int queue_start_again(struct mirage_queue *queue)
{
	int ret = 0;

	mutex_lock(&queue->stop_lock);
	if (!queue->quiet)
		goto unlock;	/* another caller has restarted it */
	queue->put = 0;
	ret = queue_start(queue);
	if (ret)
		goto unlock;
	spin_lock(&queue->lock);
	queue->epoch++;
	queue->error = (struct mirage_queue_error){ .state = DRM_MIRAGE_QUEUE_READY };
	spin_unlock(&queue->lock);
	WRITE_ONCE(queue->quiet, false);
unlock:
	mutex_unlock(&queue->stop_lock);

	return ret;
}

/**
 * mirage_queue_revive() - restart the kernel's own queue after it has stopped
 * @queue: queue without an address space, a reference held
 *
 * Its channel is started anew, with an empty ring. Jobs created before are cancelled when their
 * turn comes. The queue is revived instead of replaced so that its fences stay on one timeline: TTM
 * remembers one fence per fence context, for a few contexts only.
 *
 * Context: process, may sleep; waits for the device, a bounded time. Takes mirage_queue.stop_lock.
 * Return: 0, also if it had not stopped; -ENODEV the device is gone or wedged, -EIO it does not
 * start the channel
 */
int mirage_queue_revive(struct mirage_queue *queue)
{
	unsigned int i;
	int ret = 0;
	int idx;

	if (WARN_ON_ONCE(queue->vm))
		return -EINVAL;
	if (!drm_dev_enter(&queue->mdev->drm, &idx))
		return -ENODEV;

	if (mirage_queue_is_ready(queue))
		goto exit;

	mirage_queue_quiesce(queue);
	for (i = 0; i < QUEUE_START_TRIES; i++) {
		ret = mirage_reset_enter(queue->mdev);
		if (ret)
			goto exit;
		ret = queue_start_again(queue);
		mirage_reset_exit(queue->mdev);
		/* As in mirage_queue_start_new(). */
		if (ret != -ENODEV)
			goto exit;
	}
	ret = -EIO;
exit:
	drm_dev_exit(idx);

	return ret;
}
