// SPDX-License-Identifier: GPL-2.0
/*
 * Errors that the device reports: faults that cannot be served, and channels that have stopped by
 * themselves. Each stops the queue that owns the channel.
 *
 * A report may be late, and the channel may have another owner by then. The time of a fault and the
 * state of a channel tell.
 */
#include <linux/xarray.h>

#include <drm/drm_print.h>

#include <hw/queues.h>

#include "device/device.h"
#include "device/fault.h"
#include "device/names.h"
#include "device/shared.h"
#include "device/state.h"
#include "mmu/vm.h"
#include "queue/coredump.h"
#include "queue/queue.h"

/* Did this queue make the access of @fault, and not the channel's previous owner? */
static bool channel_owns(const struct mirage_queue *queue, const struct mirage_fault *fault,
			 const struct mirage_vm *vm)
{
	return queue && queue->vm == vm && fault->time_ns >= queue->born_ns;
}

/**
 * mirage_queue_is_live() - does a fault belong to a queue that still runs?
 * @mdev: device
 * @fault: from the fault buffer
 * @vm: address space of the fault
 * @queue_id: out, if not NULL and the queue runs: its handle
 *
 * Context: process; does not sleep.
 * Return: false if the queue that made the access has stopped or is gone
 */
bool mirage_queue_is_live(struct mirage_device *mdev, const struct mirage_fault *fault,
			  const struct mirage_vm *vm, u32 *queue_id)
{
	struct mirage_queue *queue;
	bool live = false;

	xa_lock(&mdev->queues);
	queue = xa_load(&mdev->queues, fault->chan);
	if (channel_owns(queue, fault, vm)) {
		spin_lock(&queue->lock);
		live = queue->error.state == DRM_MIRAGE_QUEUE_READY;
		spin_unlock(&queue->lock);
		if (live && queue_id)
			*queue_id = queue->id;
	}
	xa_unlock(&mdev->queues);

	return live;
}

/**
 * mirage_queue_stop_on_fault() - stop the queue whose access cannot be served
 * @mdev: device
 * @fault: from the fault buffer
 * @vm: address space of the fault
 * @error: negative errno from serving it; the job's fence gets -EFAULT in any case
 *
 * Context: process; does not sleep. The channel is reset soon after.
 * Return: true if this stopped a queue; false if the fault was stale or the queue had
 * stopped already
 */
bool mirage_queue_stop_on_fault(struct mirage_device *mdev, const struct mirage_fault *fault,
				const struct mirage_vm *vm, int error)
{
	struct mirage_queue_error reason = {
		.state = DRM_MIRAGE_QUEUE_FAULTED,
		.error = -EFAULT,
		.place = fault->place,
	};
	struct mirage_queue *queue;
	bool stopped = false;

	xa_lock(&mdev->queues);
	queue = xa_load(&mdev->queues, fault->chan);
	if (channel_owns(queue, fault, vm)) {
		mirage_fault_read(fault, queue->id, error, &reason.fault);
		stopped = mirage_queue_fail(queue, &reason);
	}
	xa_unlock(&mdev->queues);

	return stopped;
}

/* An access to an unmapped address has stopped a NO_FAULT queue. */
static void channel_report(struct mirage_queue *queue, struct mirage_queue_error *reason)
{
	const struct mirage_fault fault = {
		.addr = reason->hw_addr,
		.time_ns = mirage_device_time(queue->mdev),
		.chan = queue->chan,
		.access = reason->hw_info & 0xff,
		.kind = reason->hw_info >> 8 & 0xff,
		.place = reason->place,
	};
	char place[MIRAGE_PLACE_TEXT];

	drm_err_ratelimited(&queue->mdev->drm,
			    "%s[%d]: queue %u, which may not fault: %s of 0x%llx: %s%s; the queue is stopped\n",
			    mirage_queue_comm(queue), mirage_queue_tgid(queue), queue->id,
			    mirage_access_name(fault.access), fault.addr,
			    mirage_fault_kind_name(fault.kind),
			    mirage_place_text(&fault.place, place));
	mirage_fault_read(&fault, queue->id, -EFAULT, &reason->fault);
	if (queue->vm)
		mirage_vm_report(queue->vm, &fault, queue->id, -EFAULT);
}

/* A channel has stopped by itself: read the reason from its descriptor. */
static void channel_error(struct mirage_queue *queue)
{
	const struct mirage_chan_desc *desc = &queue->mdev->chans[queue->chan];
	struct mirage_queue_error reason = {
		.state = DRM_MIRAGE_QUEUE_ERROR,
		.error = -EIO,
	};
	char place[MIRAGE_PLACE_TEXT];

	/*
	 * If the event belongs to the channel's previous owner, the state differs. Acquire: the
	 * device writes the state last.
	 */
	if (mirage_shared_read32_acquire(&desc->state) != MIRAGE_CHAN_ERROR)
		return;
	reason.hw_error = mirage_shared_read32(&desc->error);
	reason.hw_info = mirage_shared_read32(&desc->error_info);
	reason.hw_addr = mirage_shared_read64(&desc->error_addr);
	reason.place = desc->error_place;
	if (reason.hw_error == MIRAGE_CHAN_FAULT) {
		reason.state = DRM_MIRAGE_QUEUE_FAULTED;
		reason.error = -EFAULT;
		/* Before the fences signal, so that their waiters already see the report. */
		channel_report(queue, &reason);
	}

	/* Before its channel is reset. The queue may already have stopped for another reason. */
	if (READ_ONCE(queue->error.state) == DRM_MIRAGE_QUEUE_READY)
		mirage_coredump_take(queue->mdev, queue, "channel error");
	if (mirage_queue_fail(queue, &reason) && reason.hw_error != MIRAGE_CHAN_FAULT)
		drm_err_ratelimited(&queue->mdev->drm,
				    "%s[%d]: queue %u: channel error %u, %s, at 0x%llx (0x%08x)%s; the queue is stopped\n",
				    mirage_queue_comm(queue), mirage_queue_tgid(queue), queue->id,
				    reason.hw_error, mirage_chan_error_name(reason.hw_error),
				    reason.hw_addr, reason.hw_info,
				    mirage_place_text(&reason.place, place));
}

/**
 * mirage_queue_event() - handle one entry of the event queue
 * @mdev: device
 * @event: a copy of the entry
 *
 * Context: process, may sleep.
 */
void mirage_queue_event(struct mirage_device *mdev, const struct mirage_event *event)
{
	struct mirage_queue *queue = mirage_queue_by_channel(mdev, le32_to_cpu(event->chan));
	bool signalling;

	if (!queue)
		return;

	signalling = dma_fence_begin_signalling();
	mirage_queue_poll(queue);
	if (event->type == MIRAGE_EVENT_ERROR)
		channel_error(queue);
	dma_fence_end_signalling(signalling);
	mirage_queue_put_later(queue);
}
