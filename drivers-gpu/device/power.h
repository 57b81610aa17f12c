/* SPDX-License-Identifier: GPL-2.0 */
/* System suspend, and runtime suspend of a device that is not in use. */
#ifndef MIRAGE_POWER_H
#define MIRAGE_POWER_H

#include <linux/rwsem.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "device/mem.h"

struct mirage_device;
struct task_struct;

/**
 * struct mirage_power - sleep state of the device
 */
struct mirage_power {
	/**
	 * @rwsem: held for reading while objects move into video memory and while a channel is
	 * created. Suspend holds it for writing while it sets @suspended, so that none of these is in
	 * progress then. Outermost: taken before any dma_resv.
	 */
	struct rw_semaphore rwsem;
	/**
	 * @suspended: the device is being suspended, has no power, or is being resumed. Becomes true
	 * under @rwsem; read anywhere as a hint. While it is true no object gets video memory.
	 */
	bool suspended;
	/**
	 * @suspending_task: thread that suspends the device. It must not wait for the wake-up, because
	 * evicting video memory needs a running device. Written by that thread, read anywhere.
	 */
	struct task_struct *suspending_task;
	/** @resumed: woken when @suspended becomes false */
	wait_queue_head_t resumed;
};

/**
 * struct mirage_context_save - memory through which a suspend saves contexts
 *
 * Used by suspend and resume, one at a time.
 */
struct mirage_context_save {
	/**
	 * @bounce: buffer that the device writes contexts to and reads them from, BUS_MAX_CONTEXT
	 * bytes
	 */
	struct mirage_mem bounce;
};

void mirage_power_init(struct mirage_device *mdev);
void mirage_power_allow(struct mirage_device *mdev);
void mirage_power_forbid(struct mirage_device *mdev);

/* Runtime PM: held while the device is in use. */
int mirage_power_get(struct mirage_device *mdev);
void mirage_power_get_noresume(struct mirage_device *mdev);
void mirage_power_put(struct mirage_device *mdev);

/* power.rwsem: held while objects move into video memory, or while a channel is created. */
int mirage_power_enter(struct mirage_device *mdev);
bool mirage_power_tryenter(struct mirage_device *mdev);
void mirage_power_exit(struct mirage_device *mdev);
int mirage_power_wait(struct mirage_device *mdev);
bool mirage_power_is_suspended(struct mirage_device *mdev);
void mirage_power_give_up(struct mirage_device *mdev);

#endif /* MIRAGE_POWER_H */
