/* SPDX-License-Identifier: GPL-2.0 */
/* Reset of a device that hangs. */
#ifndef MIRAGE_RESET_H
#define MIRAGE_RESET_H

#include <linux/atomic.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct mirage_device;

/**
 * struct mirage_reset - state of a device's resets
 */
struct mirage_reset {
	/** @wq: runs @work; fences wait for it, so it has a rescuer thread for memory pressure */
	struct workqueue_struct *wq;
	/** @work: resets the device, or stops all queues if it is wedged */
	struct work_struct work;
	/**
	 * @lock: held for writing to stop, reset and start the device, and for reading by code that
	 * needs no restart to happen meanwhile (creation of a channel). Fences wait for it: its
	 * holder allocates nothing and locks no dma_resv. Taken outside mirage_queue.stop_lock.
	 */
	struct rw_semaphore lock;
	/**
	 * @engine_lock: serialises engine resets; its holder checks whether a previous reset was
	 * enough. Taken inside mirage_queue.stop_lock; held while waiting for the device (bounded).
	 */
	struct mutex engine_lock;
	/** @why: the last reason to reset the device; a constant text */
	const char *why;
	/** @engine_resets: number of engine resets */
	atomic_t engine_resets;
	/**
	 * @freed: jiffies of the last engine reset. Other channels' jobs stood still until then, so
	 * their time limits start here. Written under @engine_lock, read anywhere.
	 */
	unsigned long freed;
	/**
	 * @asked: jiffies when a job that waited for its turn last had the engine checked. Changed
	 * by cmpxchg().
	 */
	unsigned long asked;
	/** @device_resets: number of resets of the whole device */
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
