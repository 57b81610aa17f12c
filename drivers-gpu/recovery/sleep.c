// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: Sleep
 *
 * System suspend takes the power from the device, in fact (S3) or as far as the driver knows
 * (s2idle). Registers, channels and the content of video memory are lost. The driver saves the
 * needed state to system memory, in this order (mirage_power_sleep()):
 *
 *   1. power.suspended is set: no object moves into video memory any more, no channel is created
 *   2. the copy engine moves memory of processes and buffer objects out of video memory, as under memory pressure; this
 *      waits for jobs that hold them there, which have a time limit and never fault. For a system
 *      suspend, power_prepare() has done that before
 *   3. the kernel's own part of it (page tables) is copied, and later changes go to the copy
 *      (vram/backup.c)
 *   4. all channels are stopped where they are, and their contexts saved (recovery/context.c)
 *   5. the device is stopped: it has no access to memory, and gets no commands
 *
 * A failure on the way (no memory) undoes all steps: the machine stays awake, without visible
 * effect. Waking up restores the page tables, starts the device as after a reset, restores the
 * contexts of the channels and clears power.suspended. Objects come back when a job or a fault
 * needs them.
 *
 * Mirrors of processes are unchanged: their pages stay mapped for DMA, and mm may take them away at
 * any time, even during sleep. Unserved faults are raised again: a restored context retries its
 * access.
 *
 * A device that no file has open also sleeps by itself (runtime PM, D3hot). It keeps its state and
 * holds no user's objects, so it is only stopped and started. Each open file, address space and
 * exported buffer keeps it awake.
 *
 * Rejected: a sleep that keeps video memory powered for s2idle. A driver cannot find out whether
 * the platform will do so. Rejected: runtime suspend with open files: user space maps video memory
 * for the CPU, and each mapping would have to be revoked and restored.
 */
#include "recovery/sleep.h"

#include <linux/hmm_devmem.h>
#include <linux/pci.h>
#include <linux/pm_runtime.h>

#include <drm/drm_print.h>

#include "bo/prime.h"
#include "bo/ttm.h"
#include "bo/vram_mgr.h"
#include "device/device.h"
#include "device/power.h"
#include "device/reset.h"
#include "device/state.h"
#include "device/trace.h"
#include "queue/queue.h"
#include "recovery/context.h"
#include "vram/vram.h"

/* How long jobs may hold objects in video memory, all jobs together. */
#define POWER_EVICT_LIMIT_MS	15000

static void power_begin_suspend(struct mirage_device *mdev)
{
	down_write(&mdev->power.rwsem);
	WRITE_ONCE(mdev->power.suspending_task, current);
	WRITE_ONCE(mdev->power.suspended, true);
	up_write(&mdev->power.rwsem);
}

static void power_end_suspend(struct mirage_device *mdev)
{
	down_write(&mdev->power.rwsem);
	WRITE_ONCE(mdev->power.suspending_task, NULL);
	WRITE_ONCE(mdev->power.suspended, false);
	up_write(&mdev->power.rwsem);
	wake_up_all(&mdev->power.resumed);
}

/* On 0, TTM has nothing in video memory; nothing can move there while power.suspended is set. */
static int power_evict(struct mirage_device *mdev)
{
	struct ttm_resource_manager *man = &mdev->vram.man;
	int ret;

	ret = mirage_vram_mgr_wait_jobs(mdev, msecs_to_jiffies(POWER_EVICT_LIMIT_MS));
	if (!ret)
		ret = ttm_resource_manager_evict_all(&mdev->ttm->bdev, man);
	if (ret)
		drm_err(&mdev->drm, "video memory cannot be emptied, error %d\n", ret);
	return ret;
}

/* Let channels continue where they are; the driver has not stopped the device. */
static void power_restore_contexts(struct mirage_device *mdev)
{
	down_write(&mdev->reset.lock);
	if (mirage_device_is_running(mdev))
		mirage_contexts_restore(mdev, false);
	up_write(&mdev->reset.lock);
	mirage_contexts_fini(mdev);
}

static int power_save_contexts(struct mirage_device *mdev)
{
	int ret;

	/* A device that stops answering from here on is reset only after it wakes up. */
	mirage_reset_hold(mdev);
	ret = mirage_contexts_save(mdev);
	if (ret) {
		power_restore_contexts(mdev);
		mirage_reset_release(mdev);
	}
	return ret;
}

/**
 * mirage_power_sleep() - prepare the device for losing all its state
 * @mdev: device; one caller at a time
 *
 * On 0 the device has no access to memory, and the driver needs nothing that is on it. For a wedged
 * device this is trivially so.
 *
 * Context: process, may sleep and allocate; waits for jobs that hold objects in video memory.
 * Return: 0, balance with mirage_power_wake(); or a negative errno, with no effect
 */
int mirage_power_sleep(struct mirage_device *mdev)
{
	int ret;

	/* Nothing moves to a wedged device any more; the CPU reads what is there. */
	if (mirage_device_is_wedged(mdev))
		return hmm_devmem_evict_all(mdev->vram.devmem);
	power_begin_suspend(mdev);
	ret = hmm_devmem_suspend(mdev->vram.devmem);
	if (ret) {
		drm_err(&mdev->drm, "memory of processes stays in video memory, error %d\n", ret);
		goto err_open;
	}
	ret = mirage_prime_sleep(mdev);
	if (!ret)
		ret = power_evict(mdev);
	if (ret)
		goto err_devmem;
	ret = mirage_vram_save(&mdev->vram);
	if (ret)
		goto err_devmem;
	ret = power_save_contexts(mdev);
	if (ret)
		goto err_restore;

	down_write(&mdev->reset.lock);
	mirage_device_stop(mdev);
	mirage_vram_power_off(&mdev->vram);
	up_write(&mdev->reset.lock);
	WRITE_ONCE(mdev->power.suspending_task, NULL);
	trace_mirage_power(mdev, false, false, 0);
	return 0;

err_restore:
	mirage_vram_restore(&mdev->vram);
err_devmem:
	hmm_devmem_resume(mdev->vram.devmem);
err_open:
	power_end_suspend(mdev);
	trace_mirage_power(mdev, false, false, ret);
	return ret;
}

/**
 * mirage_power_wake() - restore a device that has lost all its state
 * @mdev: device, accessible, after mirage_power_sleep()
 *
 * A device that does not come back is wedged: its queues are stopped, and all waiters are woken.
 *
 * Context: process, may sleep.
 * Return: 0 or a negative errno
 */
int mirage_power_wake(struct mirage_device *mdev)
{
	int ret;

	if (!mdev->power.suspended)
		return 0;
	mirage_vram_restore(&mdev->vram);
	down_write(&mdev->reset.lock);
	ret = mirage_device_start(mdev);
	if (!ret)
		mirage_contexts_restore(mdev, true);
	up_write(&mdev->reset.lock);
	if (ret) {
		drm_err(&mdev->drm, "does not wake up, error %d: the device is wedged\n", ret);
		mirage_device_wedge(mdev);
	}
	mirage_contexts_fini(mdev);
	mirage_reset_release(mdev);
	power_end_suspend(mdev);
	hmm_devmem_resume(mdev->vram.devmem);
	trace_mirage_power(mdev, true, false, ret);
	return ret;
}

static struct mirage_device *power_device(struct device *dev)
{
	return pci_get_drvdata(to_pci_dev(dev));
}

/*
 * Processes are frozen, and no device sleeps yet, so memory for evicted objects can still be had by
 * swapping. Frozen processes do not bring objects back; any that return leave again in
 * power_suspend(), with the memory available then.
 */
static int power_prepare(struct device *dev)
{
	struct mirage_device *mdev = power_device(dev);

	if (!mirage_device_is_running(mdev))
		return 0;
	return hmm_devmem_evict_all(mdev->vram.devmem) ?: power_evict(mdev);
}

/* The PCI core does the rest: config registers and the power state. */
static int power_suspend(struct device *dev)
{
	return mirage_power_sleep(power_device(dev));
}

static int power_resume(struct device *dev)
{
	return mirage_power_wake(power_device(dev));
}

static int power_runtime_suspend(struct device *dev)
{
	struct mirage_device *mdev = power_device(dev);

	/* The kernel's own copies may still run after the last user has gone. */
	if (atomic_read(&mdev->watchdog.jobs)) {
		pm_runtime_mark_last_busy(dev);
		return -EBUSY;
	}
	mirage_reset_hold(mdev);
	down_write(&mdev->reset.lock);
	mirage_device_stop(mdev);
	up_write(&mdev->reset.lock);
	trace_mirage_power(mdev, false, true, 0);
	return 0;
}

static int power_runtime_resume(struct device *dev)
{
	struct mirage_device *mdev = power_device(dev);
	int ret = 0;

	down_write(&mdev->reset.lock);
	if (!mirage_device_is_wedged(mdev))
		ret = mirage_device_start(mdev);
	if (mirage_device_is_running(mdev))
		mirage_queues_restart(mdev);
	up_write(&mdev->reset.lock);
	if (ret) {
		drm_err(&mdev->drm, "does not wake up, error %d: the device is wedged\n", ret);
		mirage_device_wedge(mdev);
	}
	mirage_reset_release(mdev);
	trace_mirage_power(mdev, true, true, ret);
	/*
	 * Each ioctl on a wedged device returns an error anyway; an error from here would be
	 * permanent.
	 */
	return 0;
}

const struct dev_pm_ops mirage_power_ops = {
	.prepare = pm_sleep_ptr(power_prepare),
	SYSTEM_SLEEP_PM_OPS(power_suspend, power_resume)
	RUNTIME_PM_OPS(power_runtime_suspend, power_runtime_resume, NULL)
};
