/* SPDX-License-Identifier: GPL-2.0 */
/* Reviving a device that hangs. */
#ifndef MIRAGE_RESET_H
#define MIRAGE_RESET_H

#include <linux/atomic.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct mirage_device;

/**
 * struct mirage_reset - what a device needs to be revived
 */
struct mirage_reset {
	/** @wq: runs @work; fences wait for it, so it has a thread even when memory is short */
	struct workqueue_struct *wq;
	/** @work: resets the device, or tells everybody that it is lost */
	struct work_struct work;
	/**
	 * @lock: held for writing by who stops, resets and starts the device, and for reading by who
	 * needs it to be the same device for a while (who makes a channel). Fences wait
	 * for it: nothing is allocated and no dma_resv locked while it is held. Taken outside
	 * mirage_queue.stop_lock.
	 */
	struct rw_semaphore lock;
	/**
	 * @engine_lock: one resets the engine at a time, and sees whether another's reset was enough.
	 * Taken inside mirage_queue.stop_lock; held while waiting for the device (bounded).
	 */
	struct mutex engine_lock;
	/** @why: the last reason to reset the device; a constant text */
	const char *why;
	/** @engine_resets: times a channel had to be taken off the engine */
	atomic_t engine_resets;
	/**
	 * @freed: jiffies when that was last; until then others' jobs stood still, and their time begins
	 * here. Written under @engine_lock, read anywhere.
	 */
	unsigned long freed;
	/**
	 * @asked: jiffies when a job that waited for its turn last had the engine looked at. Changed by
	 * cmpxchg().
	 */
	unsigned long asked;
	/** @device_resets: times the whole device was reset */
	atomic_t device_resets;
};

int mirage_reset_init(struct mirage_device *mdev, work_func_t work);
void mirage_reset_stop(struct mirage_device *mdev);
void mirage_reset_hold(struct mirage_device *mdev);
void mirage_reset_release(struct mirage_device *mdev);
void mirage_reset_request(struct mirage_device *mdev, const char *why);
void mirage_reset_give_up(struct mirage_device *mdev);
void mirage_reset_check(struct mirage_device *mdev);
int mirage_reset_enter(struct mirage_device *mdev);
void mirage_reset_exit(struct mirage_device *mdev);

#endif /* MIRAGE_RESET_H */
