// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: Reset
 *
 * A device that does not answer, has halted or writes nonsense has its DMA blocked first
 * (mirage_reset_request()). This work then resets and restarts it:
 *
 *   1. queues with running jobs stop for good, and the jobs' fences signal
 *      (mirage_queues_reset()): the state of these jobs is unknown
 *   2. the device is reset and enabled (mirage_device_start()); VRAM stays as it is, page
 *      tables included
 *   3. the channels of all other queues are started from their descriptors
 *      (mirage_queues_restart()); jobs pushed meanwhile are in their rings
 *
 * Only a device that does not come back is wedged, and all its queues with it.
 *
 * All of this is in the signalling path of fences: it allocates nothing, and takes no dma_resv and
 * no lock of mm.
 *
 * Rejected: resetting in the scheduler's time-out handler, as drivers with one scheduler for a
 * shared ring do. Here each queue has its own scheduler, all of them time out at once, and
 * notifiers find a dead device before any of them.
 */
#include "recovery/reset.h"

#include <linux/dma-fence.h>

#include <drm/drm_drv.h>
#include <drm/drm_print.h>

#include "device/device.h"
#include "device/reset.h"
#include "device/state.h"
#include "queue/coredump.h"
#include "queue/queue.h"

/* Reset and restart a device that was stopped. */
static void reset_device(struct mirage_device *mdev)
{
	int ret, number;

	mirage_coredump_take(mdev, NULL, READ_ONCE(mdev->reset.why));
	/* Count first, so that a program notified of the reset then reads the new count. */
	number = atomic_inc_return(&mdev->reset.device_resets);
	mirage_queues_reset(mdev);
	ret = mirage_device_start(mdev);
	if (ret) {
		drm_err(&mdev->drm, "reset failed, error %d: the device is wedged\n", ret);
		mirage_device_wedge(mdev);
		return;
	}
	mirage_queues_restart(mdev);
	drm_info(&mdev->drm, "reset %d is complete\n", number);
}

/**
 * mirage_recovery_work() - reset the device, or stop all queues if it is wedged
 * @work: mirage_reset.work
 *
 * Context: mirage_reset.wq; in the signalling path of fences.
 */
void mirage_recovery_work(struct work_struct *work)
{
	struct mirage_device *mdev = container_of(work, struct mirage_device, reset.work);
	bool signalling;
	int idx;

	/* Unplug stops the queues itself. */
	if (!drm_dev_enter(&mdev->drm, &idx))
		return;
	signalling = dma_fence_begin_signalling();
	down_write(&mdev->reset.lock);
	if (!mirage_device_is_running(mdev) && !mirage_device_is_wedged(mdev))
		reset_device(mdev);
	if (mirage_device_is_wedged(mdev))
		mirage_queues_wedge(mdev);
	up_write(&mdev->reset.lock);
	dma_fence_end_signalling(signalling);
	drm_dev_exit(idx);
}
