// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: Reset
 *
 * A device that does not answer, has halted or writes nonsense is cut off from memory first
 * (mirage_reset_request()). This work then resets it and lets it go on:
 *
 *   1. queues that had jobs under way stop for good, and the jobs' fences signal
 *      (mirage_queues_reset()): nothing is known of what the jobs have done
 *   2. the device is reset and enabled (mirage_device_start()); VRAM stays as it is, page
 *      tables included
 *   3. the channels of all other queues are started from their descriptors
 *      (mirage_queues_restart()); jobs that came meanwhile are in their rings
 *
 * Only when the device does not come back is it lost, and with it every queue.
 *
 * All of that is on the way to fences that others wait for: nothing is allocated, no dma_resv
 * and no lock of mm is taken.
 *
 * Rejected: doing it in the scheduler's time-out handler, as drivers do that have one scheduler for a
 * ring that all share. Here each queue has its own, they time out at once, and
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

/* Revive a device that was stopped. */
static void reset_device(struct mirage_device *mdev)
{
	int ret, number;

	mirage_coredump_take(mdev, NULL, READ_ONCE(mdev->reset.why));
	/* Who is told of the reset and then asks how many there were finds it counted. */
	number = atomic_inc_return(&mdev->reset.device_resets);
	mirage_queues_reset(mdev);
	ret = mirage_device_start(mdev);
	if (ret) {
		drm_err(&mdev->drm, "reset failed, error %d: the device is lost\n", ret);
		mirage_device_lose(mdev);
		return;
	}
	mirage_queues_restart(mdev);
	drm_info(&mdev->drm, "reset %d is complete\n", number);
}

/**
 * mirage_recovery_work() - reset the device, or tell queues that it is lost
 * @work: mirage_reset.work
 *
 * Context: mirage_reset.wq; on the way to fences.
 */
void mirage_recovery_work(struct work_struct *work)
{
	struct mirage_device *mdev = container_of(work, struct mirage_device, reset.work);
	bool signalling;
	int idx;

	/* Who unplugs it tells the queues. */
	if (!drm_dev_enter(&mdev->drm, &idx))
		return;
	signalling = dma_fence_begin_signalling();
	down_write(&mdev->reset.lock);
	if (!mirage_device_is_running(mdev) && !mirage_device_is_lost(mdev))
		reset_device(mdev);
	if (mirage_device_is_lost(mdev))
		mirage_queues_lost(mdev);
	up_write(&mdev->reset.lock);
	dma_fence_end_signalling(signalling);
	drm_dev_exit(idx);
}
