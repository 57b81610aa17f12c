// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: Sleep
 *
 * A suspended machine takes the power from the device, be it in fact (S3) or as far as the driver knows
 * (s2idle); and with it go registers, channels and the content of video memory. What the
 * device needs to go on afterwards is put into our memory, in this order (mirage_power_sleep()):
 *
 *   1. the gate is closed: nobody moves anything into video memory from here on, nor makes a channel
 *   2. buffer objects leave video memory, by the copy engine, as under memory pressure; this
 *      waits for jobs that hold them there, which have a time limit and never fault. When the
 *      whole machine is suspended that has been done before, in power_prepare()
 *   3. what the kernel keeps there (page tables) is copied, and changes in the copy from now on
 *      (vram/backup.c)
 *   4. all channels are stopped where they are, and what they have begun is kept (recovery/park.c)
 *   5. the device is stopped: it has no access to memory, and gets no commands
 *
 * A failure on the way (no memory) undoes it: the machine stays awake and nobody notices.
 * Waking up puts the page tables back, starts the device as after a reset, gives the channels back
 * what they had begun and opens the gate. Objects come back when a job or a fault wants them.
 *
 * The mirrors of processes stay as they are: their pages stay mapped for DMA, and mm may take them away
 * at any time, even while we sleep. Faults that nobody has served are made again: a context that
 * was restored tries its access again.
 *
 * A device that nobody has open sleeps as well, by itself (runtime PM, D3hot). It keeps what it
 * has, and nobody has anything there; so it is stopped and started, and that is all. Each open
 * file, address space and exported buffer keeps it awake.
 *
 * Rejected: a sleep that keeps video memory powered for s2idle. Nothing tells a driver whether the
 * platform will do so. Rejected: runtime suspend with open files: the processor reaches video
 * memory through mappings that user space has, and each would have to be taken away and given back.
 */
#include "recovery/sleep.h"

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
#include "recovery/park.h"
#include "vram/vram.h"

/* How long jobs may hold objects in video memory, all of them together. */
#define POWER_PATIENCE_MS	15000

static void power_close_gate(struct mirage_device *mdev)
{
	down_write(&mdev->power.gate);
	WRITE_ONCE(mdev->power.sleeper, current);
	WRITE_ONCE(mdev->power.asleep, true);
	up_write(&mdev->power.gate);
}

static void power_open_gate(struct mirage_device *mdev)
{
	down_write(&mdev->power.gate);
	WRITE_ONCE(mdev->power.sleeper, NULL);
	WRITE_ONCE(mdev->power.asleep, false);
	up_write(&mdev->power.gate);
	wake_up_all(&mdev->power.awake);
}

/* Nothing of TTM's is in video memory when it returns 0; nor will be: there is none to be had. */
static int power_evict(struct mirage_device *mdev)
{
	struct ttm_resource_manager *man = &mdev->vram.man;
	int ret;

	ret = mirage_vram_mgr_wait_jobs(mdev, msecs_to_jiffies(POWER_PATIENCE_MS));
	if (!ret)
		ret = ttm_resource_manager_evict_all(&mdev->ttm->bdev, man);
	if (ret)
		drm_err(&mdev->drm, "video memory cannot be emptied, error %d\n", ret);
	return ret;
}

/* Channels go on where they are; the device was not stopped by us. */
static void power_unpark(struct mirage_device *mdev)
{
	down_write(&mdev->reset.lock);
	if (mirage_device_is_running(mdev))
		mirage_queues_unpark(mdev, false);
	up_write(&mdev->reset.lock);
	mirage_queues_park_fini(mdev);
}

static int power_park(struct mirage_device *mdev)
{
	int ret;

	/* A device that stops answering from here on is not revived before it wakes up. */
	mirage_reset_hold(mdev);
	ret = mirage_queues_park(mdev);
	if (ret) {
		power_unpark(mdev);
		mirage_reset_release(mdev);
	}
	return ret;
}

/**
 * mirage_power_sleep() - get ready for the device to lose all it has
 * @mdev: device; one caller at a time
 *
 * When it returns 0 the device has no access to memory, and nothing of it is needed. A device that is
 * lost has nothing to lose.
 *
 * Context: process, may sleep and allocate; waits for jobs that hold objects in video memory.
 * Return: 0, to be followed by mirage_power_wake(); or a negative errno, with no effect
 */
int mirage_power_sleep(struct mirage_device *mdev)
{
	int ret;

	if (mirage_device_is_lost(mdev))
		return 0;
	power_close_gate(mdev);
	ret = mirage_prime_sleep(mdev);
	if (!ret)
		ret = power_evict(mdev);
	if (ret)
		goto err_open;
	ret = mirage_vram_save(&mdev->vram);
	if (ret)
		goto err_open;
	ret = power_park(mdev);
	if (ret)
		goto err_restore;

	down_write(&mdev->reset.lock);
	mirage_device_stop(mdev);
	mirage_vram_power_off(&mdev->vram);
	up_write(&mdev->reset.lock);
	WRITE_ONCE(mdev->power.sleeper, NULL);
	trace_mirage_power(mdev, false, false, 0);
	return 0;

err_restore:
	mirage_vram_restore(&mdev->vram);
err_open:
	power_open_gate(mdev);
	trace_mirage_power(mdev, false, false, ret);
	return ret;
}

/**
 * mirage_power_wake() - let a device that has lost all it had go on where it was
 * @mdev: device, within reach, after mirage_power_sleep()
 *
 * A device that does not come back is lost: queues are told, and nobody waits for it.
 *
 * Context: process, may sleep.
 * Return: 0 or a negative errno
 */
int mirage_power_wake(struct mirage_device *mdev)
{
	int ret;

	if (!mdev->power.asleep)
		return 0;
	mirage_vram_restore(&mdev->vram);
	down_write(&mdev->reset.lock);
	ret = mirage_device_start(mdev);
	if (!ret)
		mirage_queues_unpark(mdev, true);
	up_write(&mdev->reset.lock);
	if (ret) {
		drm_err(&mdev->drm, "does not wake up, error %d: the device is lost\n", ret);
		mirage_device_lose(mdev);
	}
	mirage_queues_park_fini(mdev);
	mirage_reset_release(mdev);
	power_open_gate(mdev);
	trace_mirage_power(mdev, true, false, ret);
	return ret;
}

static struct mirage_device *power_device(struct device *dev)
{
	return pci_get_drvdata(to_pci_dev(dev));
}

/*
 * Processes are frozen, and no device sleeps yet: what objects need for leaving video memory can still be had by
 * swapping others out. Nobody brings them back; if somebody does, they leave once more in power_suspend(), with
 * the memory that there is.
 */
static int power_prepare(struct device *dev)
{
	struct mirage_device *mdev = power_device(dev);

	return mirage_device_is_running(mdev) ? power_evict(mdev) : 0;
}

/* What is left to do, registers of the bus and its power, the PCI core does. */
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

	/* The kernel's own copies go on after the last user has gone. */
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
	if (!mirage_device_is_lost(mdev))
		ret = mirage_device_start(mdev);
	if (mirage_device_is_running(mdev))
		mirage_queues_restart(mdev);
	up_write(&mdev->reset.lock);
	if (ret) {
		drm_err(&mdev->drm, "does not wake up, error %d: the device is lost\n", ret);
		mirage_device_lose(mdev);
	}
	mirage_reset_release(mdev);
	trace_mirage_power(mdev, true, true, ret);
	/* Who opens a lost device is told so by each ioctl; an error here would stay for good. */
	return 0;
}

const struct dev_pm_ops mirage_power_ops = {
	.prepare = pm_sleep_ptr(power_prepare),
	SYSTEM_SLEEP_PM_OPS(power_suspend, power_resume)
	RUNTIME_PM_OPS(power_runtime_suspend, power_runtime_resume, NULL)
};
