// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: Queues by channel
 *
 * The device knows channels, not queues. This file finds the queue that currently owns a channel,
 * and walks all queues.
 *
 * Code that only marks a queue as failed does so under the xa_lock of mirage_device.queues, under
 * which a queue that is found cannot be freed. Code that signals fences takes a reference, because
 * callbacks must not run under that lock.
 */
#include <linux/kref.h>
#include <linux/xarray.h>

#include "device/device.h"
#include "queue/queue.h"

/**
 * mirage_queue_by_channel() - find the queue that owns a channel
 * @mdev: device
 * @chan: channel number
 *
 * Context: process; takes the xa_lock of mirage_device.queues.
 * Return: the queue with a reference, or NULL
 */
struct mirage_queue *mirage_queue_by_channel(struct mirage_device *mdev, unsigned long chan)
{
	struct mirage_queue *queue;

	xa_lock(&mdev->queues);
	queue = xa_load(&mdev->queues, chan);
	if (queue && !kref_get_unless_zero(&queue->ref))
		queue = NULL;
	xa_unlock(&mdev->queues);

	return queue;
}

/**
 * mirage_queue_next() - advance to the next queue, see mirage_for_each_queue()
 * @mdev: device
 * @prev: the queue before it, whose reference is dropped; NULL at first
 *
 * Context: process, also in the signalling path of a fence; takes the xa_lock of
 * mirage_device.queues.
 * Return: the queue of the next channel in use, with a reference, or NULL
 */
struct mirage_queue *mirage_queue_next(struct mirage_device *mdev, struct mirage_queue *prev)
{
	unsigned long chan = prev ? prev->chan + 1 : 0;
	struct mirage_queue *queue;

	if (prev)
		mirage_queue_put_later(prev);

	xa_lock(&mdev->queues);
	for (queue = xa_find(&mdev->queues, &chan, ULONG_MAX, XA_PRESENT); queue;
	     queue = xa_find_after(&mdev->queues, &chan, ULONG_MAX, XA_PRESENT)) {
		if (kref_get_unless_zero(&queue->ref))
			break;
	}
	xa_unlock(&mdev->queues);

	return queue;
}
