// SPDX-License-Identifier: GPL-2.0
/*
 * Power references and the rwsem against suspend.
 *
 * Each open file, address space and exported buffer holds a runtime PM reference. Code that moves
 * objects into video memory or creates a channel also holds power.rwsem for reading; a system
 * suspend takes it for writing (recovery/sleep.c).
 */
#include "device/power.h"

#include <linux/pci.h>
#include <linux/pm_runtime.h>

#include <drm/drm_drv.h>

#include "device/device.h"

/* Long enough for a program that repeatedly opens, queries and closes the device. */
#define POWER_AUTOSUSPEND_MS	500

/**
 * mirage_power_init() - set up; the device starts awake
 * @mdev: device
 *
 * Context: probe.
 */
void mirage_power_init(struct mirage_device *mdev)
{
	init_rwsem(&mdev->power.rwsem);
	init_waitqueue_head(&mdev->power.resumed);
}

/**
 * mirage_power_allow() - let the device autosuspend when it is not in use
 * @mdev: device, registered
 *
 * Context: the end of probe, during which the device stays awake.
 */
void mirage_power_allow(struct mirage_device *mdev)
{
	struct device *dev = mdev->drm.dev;

	pm_runtime_set_autosuspend_delay(dev, POWER_AUTOSUSPEND_MS);
	pm_runtime_use_autosuspend(dev);
	pm_runtime_mark_last_busy(dev);
	pm_runtime_allow(dev);
	/*
	 * The PCI core keeps it awake during probe, and afterwards until the driver drops this
	 * reference.
	 */
	pm_runtime_put_autosuspend(dev);
}

/**
 * mirage_power_forbid() - undo mirage_power_allow()
 * @mdev: device, awake
 *
 * Context: the PCI driver's remove().
 */
void mirage_power_forbid(struct mirage_device *mdev)
{
	struct device *dev = mdev->drm.dev;

	pm_runtime_get_noresume(dev);
	pm_runtime_forbid(dev);
	pm_runtime_dont_use_autosuspend(dev);
}

/**
 * mirage_power_get() - wake the device and keep it awake with a runtime PM reference
 * @mdev: device
 *
 * Context: process, may sleep. Not in a fence's signalling path.
 * Return: 0, balance with mirage_power_put(); or a negative errno
 */
int mirage_power_get(struct mirage_device *mdev)
{
	return pm_runtime_resume_and_get(mdev->drm.dev);
}

/**
 * mirage_power_get_noresume() - take one more runtime PM reference
 * @mdev: device; another reference already keeps it awake
 */
void mirage_power_get_noresume(struct mirage_device *mdev)
{
	pm_runtime_get_noresume(mdev->drm.dev);
}

/**
 * mirage_power_put() - undo mirage_power_get() or mirage_power_get_noresume()
 * @mdev: device, which may have gone
 *
 * Context: any; a work suspends the device later.
 */
void mirage_power_put(struct mirage_device *mdev)
{
	pm_runtime_mark_last_busy(mdev->drm.dev);
	pm_runtime_put_autosuspend(mdev->drm.dev);
}

/**
 * mirage_power_is_suspended() - is the device being suspended, suspended, or being resumed?
 * @mdev: device
 *
 * Context: any. A hint, unless the caller is between mirage_power_enter() and mirage_power_exit().
 */
bool mirage_power_is_suspended(struct mirage_device *mdev)
{
	return READ_ONCE(mdev->power.suspended);
}

/*
 * True if the device is awake: the caller keeps power.rwsem. Otherwise this releases it.
 */
static bool power_stay(struct mirage_device *mdev)
{
	if (!mdev->power.suspended)
		return true;
	up_read(&mdev->power.rwsem);
	return false;
}

/**
 * mirage_power_tryenter() - keep the device from being suspended, without waiting
 * @mdev: device
 *
 * A caller that cannot enter must defer its operation: a fault, for example, is raised again.
 *
 * Context: process, may sleep; no dma_resv is held.
 * Return: true, balance with mirage_power_exit(); false if it sleeps
 */
bool mirage_power_tryenter(struct mirage_device *mdev)
{
	down_read(&mdev->power.rwsem);
	return power_stay(mdev);
}

/**
 * mirage_power_enter() - wait until the device is awake, and keep it from being suspended
 * @mdev: device
 *
 * Context: process, may sleep; no dma_resv is held.
 * Return: 0, balance with mirage_power_exit(); or -ERESTARTSYS if a signal is pending
 */
int mirage_power_enter(struct mirage_device *mdev)
{
	int ret;

	do {
		ret = wait_event_interruptible(mdev->power.resumed,
					       !READ_ONCE(mdev->power.suspended));
		if (ret)
			return ret;
		/*
		 * The suspend waits for the current readers, and new ones queue behind
		 * it.
		 */
		if (down_read_interruptible(&mdev->power.rwsem))
			return -ERESTARTSYS;
	} while (!power_stay(mdev));
	return 0;
}

/**
 * mirage_power_wait() - wait until the device is awake
 * @mdev: device
 *
 * The device may be suspended again at once.
 *
 * Context: process, may sleep; mmap_lock may be held, no dma_resv. Resume takes neither.
 * Return: 0, immediately if the caller is the suspending thread; or -ERESTARTSYS when the caller is
 * killed
 */
int mirage_power_wait(struct mirage_device *mdev)
{
	if (READ_ONCE(mdev->power.suspending_task) == current)
		return 0;
	return wait_event_killable(mdev->power.resumed, !READ_ONCE(mdev->power.suspended));
}

/**
 * mirage_power_give_up() - release all waiters for a device that will not wake up
 * @mdev: device, which is wedged
 *
 * A device removed while suspended stays suspended: the PCI core no longer calls its resume.
 *
 * Context: the PCI driver's remove(), which excludes suspend and resume.
 */
void mirage_power_give_up(struct mirage_device *mdev)
{
	WRITE_ONCE(mdev->power.suspended, false);
	wake_up_all(&mdev->power.resumed);
}

/**
 * mirage_power_exit() - let the device be suspended
 * @mdev: device, after mirage_power_enter() or mirage_power_tryenter()
 */
void mirage_power_exit(struct mirage_device *mdev)
{
	up_read(&mdev->power.rwsem);
}
