// SPDX-License-Identifier: MIT
/*
 * An event that finds no room stays with the channel that made it, which holds
 * at most one for a fence and one for an error. So none is lost and no memory
 * but the channels' own is needed to keep them.
 */
#include "device.h"
#include "event.h"

bool event_add(struct device *dev, enum mirage_event_type type, u8 code, u32 chan, u64 value)
{
	struct queues *q = &dev->queues;
	struct mirage_status_page *status = queues_status(dev);
	struct mirage_event *entry;
	u32 get;

	if (!status)
		return false;
	get = __atomic_load_n(&status->event_get, __ATOMIC_ACQUIRE);
	if (!queues_room(dev, q->event_size, q->event_put, get))
		return false;
	entry = phys_ptr(dev, q->event + (q->event_put & (q->event_size - 1)) * sizeof(*entry),
			 sizeof(*entry), true);
	if (!entry) {
		device_halt(dev, MIRAGE_DEV_BUS);
		return false;
	}
	*entry = (struct mirage_event){
		.type = (u8)type,
		.code = code,
		.chan = chan,
		.value = value,
	};
	queues_publish(dev, &status->event_put, ++q->event_put, &status->event_armed,
		       MIRAGE_INTR_PENDING_EVENT__MASK);
	return true;
}
