/* SPDX-License-Identifier: GPL-2.0 */
/* Sleep: of the whole machine, and of a device that nobody uses. */
#ifndef MIRAGE_POWER_H
#define MIRAGE_POWER_H

#include <linux/rwsem.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "device/mem.h"

struct mirage_device;
struct task_struct;

/**
 * struct mirage_power - whether the device sleeps with its users
 */
struct mirage_power {
	/**
	 * @gate: held for reading while objects are moved into video memory and while a channel is
	 * made, and for writing for the moment in which @asleep becomes true, so that then nobody is
	 * on the way there. Outermost: taken before any dma_resv.
	 */
	struct rw_semaphore gate;
	/**
	 * @asleep: the device is being suspended, has no power, or is being resumed. Becomes true
	 * under @gate; read anywhere as a hint. While it is true no object gets video memory.
	 */
	bool asleep;
	/**
	 * @sleeper: who is putting the device to sleep, and must not wait for it to wake up: emptying
	 * video memory needs a device that runs. Written by that one, read anywhere.
	 */
	struct task_struct *sleeper;
	/** @awake: woken when @asleep becomes false */
	wait_queue_head_t awake;
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

void mirage_power_init(struct mirage_device *mdev);
void mirage_power_allow(struct mirage_device *mdev);
void mirage_power_forbid(struct mirage_device *mdev);

/* While somebody uses the device. */
int mirage_power_get(struct mirage_device *mdev);
void mirage_power_get_noresume(struct mirage_device *mdev);
void mirage_power_put(struct mirage_device *mdev);

/* While objects are moved into video memory, or a channel is made. */
int mirage_power_enter(struct mirage_device *mdev);
bool mirage_power_tryenter(struct mirage_device *mdev);
void mirage_power_exit(struct mirage_device *mdev);
int mirage_power_wait(struct mirage_device *mdev);
bool mirage_power_is_asleep(struct mirage_device *mdev);
void mirage_power_give_up(struct mirage_device *mdev);

#endif /* MIRAGE_POWER_H */
