// SPDX-License-Identifier: GPL-2.0
/*
 * Whether the device has power: what those do who need it awake.
 *
 * Each open file, address space and exported buffer holds a reference of runtime PM. Those that move
 * objects into video memory, or make a channel, hold the gate besides, which a suspend of the
 * machine closes (recovery/sleep.c).
 */
#include "device/power.h"

#include <linux/pci.h>
#include <linux/pm_runtime.h>

#include <drm/drm_drv.h>

#include "device/device.h"

/* Long enough for a program that opens the device, looks and closes it, and does so again. */
#define POWER_AUTOSUSPEND_MS	500

/**
 * mirage_power_init() - the device is awake
 * @mdev: device
 *
 * Context: probe.
 */
void mirage_power_init(struct mirage_device *mdev)
{
	init_rwsem(&mdev->power.gate);
	init_waitqueue_head(&mdev->power.awake);
}

/**
 * mirage_power_allow() - let the device sleep when nobody uses it
 * @mdev: device, registered
 *
 * Context: the end of probe, which keeps the device awake.
 */
void mirage_power_allow(struct mirage_device *mdev)
{
	struct device *dev = mdev->drm.dev;

	pm_runtime_set_autosuspend_delay(dev, POWER_AUTOSUSPEND_MS);
	pm_runtime_use_autosuspend(dev);
	pm_runtime_mark_last_busy(dev);
	pm_runtime_allow(dev);
	/* The bus keeps it awake while it is probed, and as long as the driver wants. */
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
 * mirage_power_get() - have the device awake, as far as runtime PM goes
 * @mdev: device
 *
 * Context: process, may sleep. Not where fences are on the way.
 * Return: 0, to be followed by mirage_power_put() in time; or a negative errno
 */
int mirage_power_get(struct mirage_device *mdev)
{
	return pm_runtime_resume_and_get(mdev->drm.dev);
}

/**
 * mirage_power_get_noresume() - one more who needs the device awake
 * @mdev: device; the caller knows that somebody else keeps it awake
 */
void mirage_power_get_noresume(struct mirage_device *mdev)
{
	pm_runtime_get_noresume(mdev->drm.dev);
}

/**
 * mirage_power_put() - undo mirage_power_get() or mirage_power_get_noresume()
 * @mdev: device, which may have gone
 *
 * Context: any; the device falls asleep later, by a work.
 */
void mirage_power_put(struct mirage_device *mdev)
{
	pm_runtime_mark_last_busy(mdev->drm.dev);
	pm_runtime_put_autosuspend(mdev->drm.dev);
}

/**
 * mirage_power_is_asleep() - is the device about to sleep, asleep, or about to wake up?
 * @mdev: device
 *
 * Context: any. A hint, unless the caller is between mirage_power_enter() and mirage_power_exit().
 */
bool mirage_power_is_asleep(struct mirage_device *mdev)
{
	return READ_ONCE(mdev->power.asleep);
}

/* True with the gate held, which the caller has taken, if the device is awake; else it is let go. */
static bool power_stay(struct mirage_device *mdev)
{
	if (!mdev->power.asleep)
		return true;
	up_read(&mdev->power.gate);
	return false;
}

/**
 * mirage_power_tryenter() - keep the device from being suspended, unless it is
 * @mdev: device
 *
 * Who cannot enter has to leave what it wanted to do for later: a fault is made again.
 *
 * Context: process, may sleep; no dma_resv is held.
 * Return: true, to be followed by mirage_power_exit(); false if it sleeps
 */
bool mirage_power_tryenter(struct mirage_device *mdev)
{
	down_read(&mdev->power.gate);
	return power_stay(mdev);
}

/**
 * mirage_power_enter() - wait until the device is awake, and keep it from being suspended
 * @mdev: device
 *
 * Context: process, may sleep; no dma_resv is held.
 * Return: 0, to be followed by mirage_power_exit(); or -ERESTARTSYS: a signal is to be handled first
 */
int mirage_power_enter(struct mirage_device *mdev)
{
	int ret;

	do {
		ret = wait_event_interruptible(mdev->power.awake, !READ_ONCE(mdev->power.asleep));
		if (ret)
			return ret;
		/* Who closes the gate waits for those who are inside, and all others wait behind him. */
		if (down_read_interruptible(&mdev->power.gate))
			return -ERESTARTSYS;
	} while (!power_stay(mdev));
	return 0;
}

/**
 * mirage_power_wait() - wait until the device is awake
 * @mdev: device
 *
 * It may fall asleep again at once.
 *
 * Context: process, may sleep; mmap_lock may be held, no dma_resv. Waking up needs neither.
 * Return: 0, at once for who is putting it to sleep; or -ERESTARTSYS when the caller is killed
 */
int mirage_power_wait(struct mirage_device *mdev)
{
	if (READ_ONCE(mdev->power.sleeper) == current)
		return 0;
	return wait_event_killable(mdev->power.awake, !READ_ONCE(mdev->power.asleep));
}

/**
 * mirage_power_give_up() - let nobody wait for the device to wake up
 * @mdev: device, which is lost
 *
 * One that is taken away in its sleep does not: its driver's resume is not called any more.
 *
 * Context: the PCI driver's remove(): nobody puts it to sleep or wakes it up meanwhile.
 */
void mirage_power_give_up(struct mirage_device *mdev)
{
	WRITE_ONCE(mdev->power.asleep, false);
	wake_up_all(&mdev->power.awake);
}

/**
 * mirage_power_exit() - let the device be suspended
 * @mdev: device, after mirage_power_enter() or mirage_power_tryenter()
 */
void mirage_power_exit(struct mirage_device *mdev)
{
	up_read(&mdev->power.gate);
}
