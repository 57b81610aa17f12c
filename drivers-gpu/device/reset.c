// SPDX-License-Identifier: GPL-2.0
/*
 * Blocking the DMA of a device that hangs, and requesting its reset.
 *
 * Code that finds that the device does not answer, has halted or writes nonsense blocks its DMA
 * (mirage_reset_request()), in any context, and need not wait any longer. The work of
 * recovery/reset.c then resets and restarts the device.
 */
#include "device/reset.h"

#include <linux/jiffies.h>

#include <drm/drm_drv.h>
#include <drm/drm_managed.h>
#include <drm/drm_print.h>

#include "device/names.h"
#include "device/power.h"
#include "device/regs.h"
#include "device/state.h"
#include "device/trace.h"

/* Give up on a device that stops again after each of this many restarts. */
#define RESET_ENTER_TRIES	3

static void reset_destroy_wq(struct drm_device *drm, void *wq)
{
	destroy_workqueue(wq);
}

/**
 * mirage_reset_init() - set up, before the device is started for the first time
 * @mdev: device
 * @work: resets a device that was blocked from DMA; stops its queues when it is wedged
 *
 * Context: probe.
 * Return: 0 or -ENOMEM
 */
int mirage_reset_init(struct mirage_device *mdev, work_func_t work)
{
	struct mirage_reset *reset = &mdev->reset;
	int ret;

	ret = drmm_mutex_init(&mdev->drm, &reset->engine_lock);
	if (ret)
		return ret;
	reset->freed = jiffies;
	reset->asked = jiffies;
	INIT_WORK(&reset->work, work);
	init_rwsem(&reset->lock);
	reset->wq = alloc_ordered_workqueue("mirage-reset-%s", WQ_MEM_RECLAIM,
					    dev_name(mdev->drm.dev));
	if (!reset->wq)
		return -ENOMEM;
	return drmm_add_action_or_reset(&mdev->drm, reset_destroy_wq, reset->wq);
}

/**
 * mirage_reset_stop() - wait for a reset in progress, and prevent further ones
 * @mdev: device, which is wedged
 *
 * Context: may sleep.
 */
void mirage_reset_stop(struct mirage_device *mdev)
{
	disable_work_sync(&mdev->reset.work);
}

/**
 * mirage_reset_hold() - postpone resets
 * @mdev: device
 *
 * A device that stops answering still has its DMA blocked.
 *
 * Context: process; waits for a reset in progress.
 */
void mirage_reset_hold(struct mirage_device *mdev)
{
	disable_work_sync(&mdev->reset.work);
}

/**
 * mirage_reset_release() - allow resets again
 * @mdev: device, after mirage_reset_hold()
 *
 * A device that does not run is reset now. If it is wedged, its queues are stopped.
 *
 * Context: any.
 */
void mirage_reset_release(struct mirage_device *mdev)
{
	enable_work(&mdev->reset.work);
	if (!mirage_device_is_running(mdev))
		queue_work(mdev->reset.wq, &mdev->reset.work);
}

/**
 * mirage_reset_request() - block the device's DMA and schedule its reset
 * @mdev: device, between drm_dev_enter() and drm_dev_exit()
 * @why: for the log and the core dump; a constant
 *
 * When it returns the device has no access to memory. A work resets it soon after.
 *
 * Context: any but hard interrupts; takes mirage_device.state_lock.
 */
void mirage_reset_request(struct mirage_device *mdev, const char *why)
{
	if (!mirage_device_stop(mdev))
		return;
	WRITE_ONCE(mdev->reset.why, why);
	trace_mirage_reset(mdev, false, why);
	drm_err(&mdev->drm, "device hangs: %s; blocked from DMA, and reset\n", why);
	queue_work(mdev->reset.wq, &mdev->reset.work);
}

/**
 * mirage_reset_give_up() - mark the device as wedged
 * @mdev: device, between drm_dev_enter() and drm_dev_exit()
 *
 * When it returns the device has no access to memory. A work stops its queues soon after.
 *
 * Context: any but hard interrupts; takes mirage_device.state_lock.
 */
void mirage_reset_give_up(struct mirage_device *mdev)
{
	mirage_device_wedge(mdev);
	queue_work(mdev->reset.wq, &mdev->reset.work);
}

/**
 * mirage_reset_check() - request a reset if the device has halted by itself, or has gone
 * @mdev: device, between drm_dev_enter() and drm_dev_exit()
 *
 * Context: process; does not sleep.
 */
void mirage_reset_check(struct mirage_device *mdev)
{
	u32 status;

	/* During a reset the registers are meaningless. */
	if (!down_read_trylock(&mdev->reset.lock))
		return;
	if (mirage_device_is_running(mdev)) {
		status = mirage_reg_read(mdev, MIRAGE_REG32(BUS_STATUS));
		if (status == ~0u) {
			drm_err(&mdev->drm, "device wedged: it has left the bus\n");
			mirage_reset_give_up(mdev);
		} else if (MIRAGE_REG_GET(BUS_STATUS_HALTED, status)) {
			u32 error = mirage_reg_read(mdev, MIRAGE_REG32(BUS_ERROR));

			drm_err(&mdev->drm, "device halted: error %u, %s\n", error,
				mirage_dev_error_name(error));
			mirage_reset_request(mdev, "it halted");
		}
	}
	up_read(&mdev->reset.lock);
}

/**
 * mirage_reset_enter() - wait until the device runs, and postpone resets
 * @mdev: device, between drm_dev_enter() and drm_dev_exit()
 *
 * Until mirage_reset_exit() the device may be stopped but is not started again. So commands that it
 * has answered still hold if mirage_device_is_running() is true at the end; otherwise the next
 * start finds what the caller has published.
 *
 * Context: process, may sleep; on success mirage_reset.lock is held for reading: nothing may be
 * allocated before mirage_reset_exit().
 * Return: 0; -EINTR killed; -ENODEV the device is wedged; -EIO it does not come back
 */
int mirage_reset_enter(struct mirage_device *mdev)
{
	unsigned int i;
	int ret;

	for (i = 0; i < RESET_ENTER_TRIES; i++) {
		ret = down_read_killable(&mdev->reset.lock);
		if (ret)
			return ret;
		if (mirage_device_is_running(mdev))
			return 0;
		up_read(&mdev->reset.lock);
		if (mirage_device_is_wedged(mdev))
			return -ENODEV;
		/* The thread that stopped it may not have queued the work yet. */
		queue_work(mdev->reset.wq, &mdev->reset.work);
		flush_work(&mdev->reset.work);
		if (mirage_device_is_running(mdev))
			continue;
		if (mirage_device_is_wedged(mdev))
			return -ENODEV;
		/* While it sleeps it is not reset, and after waking up it runs. */
		ret = mirage_power_wait(mdev);
		if (ret)
			return ret;
	}
	return -EIO;
}

/**
 * mirage_reset_exit() - allow resets again
 * @mdev: device, after mirage_reset_enter()
 */
void mirage_reset_exit(struct mirage_device *mdev)
{
	up_read(&mdev->reset.lock);
}
