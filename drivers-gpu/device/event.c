// SPDX-License-Identifier: GPL-2.0
/*
 * The event queue: channels report passed fences and errors to the kernel.
 *
 * The event vector's thread drains the whole queue; so does the watchdog when an interrupt was
 * lost. mirage_device_ops.event() interprets each event.
 */
#include "device/event.h"

#include <drm/drm_managed.h>

#include "device/device.h"
#include "device/reset.h"
#include "device/shared.h"

/* 4096 entries: four fences for each channel the device has. */
#define EVENT_ORDER	12

/**
 * mirage_event_init() - allocate the event queue
 * @mdev: device, not enabled
 *
 * Return: 0 or a negative errno
 */
int mirage_event_init(struct mirage_device *mdev)
{
	struct mirage_events *q = &mdev->events;
	int ret;

	ret = drmm_mutex_init(&mdev->drm, &q->lock);
	if (ret)
		return ret;
	q->order = EVENT_ORDER;
	return mirage_mem_alloc(mdev, &q->mem, sizeof(struct mirage_event) << q->order);
}

/**
 * mirage_event_restart() - accept events from a device that was reset
 * @mdev: device, not enabled; it takes its index from the status page when it is
 *
 * Events from before the reset stay queued and are read: they are only hints where to look.
 *
 * Context: any; concurrent with readers of events.
 */
void mirage_event_restart(struct mirage_device *mdev)
{
	struct mirage_status_page *status = mdev->status;
	u32 get = mirage_shared_read32(&status->event_get);

	/* Such a value may be why it was reset. No reader has gone beyond event_get then. */
	if (mirage_shared_read32(&status->event_put) - get > 1u << mdev->events.order)
		mirage_shared_write32(&status->event_put, get);
	mirage_shared_write32(&status->event_armed, 1);
}

/**
 * mirage_event_drain() - read all events, and arm the interrupt for the next
 * @mdev: device, between drm_dev_enter() and drm_dev_exit()
 *
 * Context: may sleep; takes mirage_events.lock.
 * Return: events read
 */
unsigned int mirage_event_drain(struct mirage_device *mdev)
{
	struct mirage_events *q = &mdev->events;
	struct mirage_status_page *status = mdev->status;
	const struct mirage_event *ring = q->mem.cpu;
	u32 size = 1u << q->order;
	unsigned int count = 0;
	u32 put;

	mutex_lock(&q->lock);
	for (;;) {
		/* Acquire: entries are read after the index that says they are there. */
		put = mirage_shared_read32_acquire(&status->event_put);
		if (put == q->get) {
			/* The device reads armed after moving put; check in the opposite order. */
			mirage_shared_write32_mb(&status->event_armed, 1);
			if (put == mirage_shared_read32(&status->event_put))
				break;
			continue;
		}
		if (put - q->get > size) {
			mirage_reset_request(mdev, "the event queue's put is out of range");
			break;
		}
		while (q->get != put) {
			struct mirage_event event = ring[q->get & (size - 1)];

			q->get++;
			count++;
			mdev->ops->event(mdev, &event);
		}
		/* Release: the entries were read before the device may reuse them. */
		mirage_shared_write32_release(&status->event_get, q->get);
	}
	mutex_unlock(&q->lock);
	return count;
}
