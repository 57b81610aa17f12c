/* SPDX-License-Identifier: GPL-2.0 */
/* Queues while the device has no power. */
#ifndef MIRAGE_PARK_H
#define MIRAGE_PARK_H

#include <linux/types.h>

#include "device/mem.h"

struct mirage_device;

/**
 * enum mirage_park_state - where what a channel has begun is kept
 */
enum mirage_park_state {
	/** @MIRAGE_PARK_NONE: the channel was not stopped for a suspend */
	MIRAGE_PARK_NONE = 0,
	/** @MIRAGE_PARK_STOPPED: in the device */
	MIRAGE_PARK_STOPPED,
	/** @MIRAGE_PARK_SAVED: in mirage_queue.park, and the device has forgotten it */
	MIRAGE_PARK_SAVED,
};

/**
 * struct mirage_park - what a channel has begun
 *
 * @state is written under mirage_queue.stop_lock, and read without it by who asks whether the job's time
 * counts. @context and @size belong to whoever suspends or resumes
 * the device, one at a time, and at last to the end of the queue.
 */
struct mirage_park {
	/** @state: where it is */
	enum mirage_park_state state;
	/** @context: as the device wrote it, without the zeroes at its end; NULL while not saved */
	void *context;
	/** @size: bytes of @context */
	size_t size;
};

/**
 * struct mirage_parking - what it takes to park the queues of a device
 *
 * Used by whoever suspends and resumes the device, one at a time.
 */
struct mirage_parking {
	/** @bounce: where the device writes and reads contexts, BUS_MAX_CONTEXT bytes */
	struct mirage_mem bounce;
};

int mirage_queues_park_init(struct mirage_device *mdev);
int mirage_queues_park(struct mirage_device *mdev);
void mirage_queues_unpark(struct mirage_device *mdev, bool restarted);
void mirage_queues_park_fini(struct mirage_device *mdev);

#endif /* MIRAGE_PARK_H */
