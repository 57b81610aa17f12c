/* SPDX-License-Identifier: GPL-2.0 */
/* The event queue: reports of channels to the kernel. */
#ifndef MIRAGE_EVENT_H
#define MIRAGE_EVENT_H

#include <linux/mutex.h>
#include <linux/types.h>

#include "device/mem.h"

struct mirage_device;

/**
 * struct mirage_events - state of the event queue
 */
struct mirage_events {
	/** @mem: ring of struct mirage_event */
	struct mirage_mem mem;
	/** @order: log2 of the ring's entries */
	unsigned int order;
	/**
	 * @lock: serialises the readers, which are the interrupt thread and the watchdog. Outermost
	 * lock of the submit path: mirage_device_ops.event() is called under it.
	 */
	struct mutex lock;
	/** @get: next entry to read, modulo 2^32. Protected by @lock. */
	u32 get;
};

int mirage_event_init(struct mirage_device *mdev);
void mirage_event_restart(struct mirage_device *mdev);
unsigned int mirage_event_drain(struct mirage_device *mdev);

#endif /* MIRAGE_EVENT_H */
