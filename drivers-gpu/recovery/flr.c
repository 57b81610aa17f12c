// SPDX-License-Identifier: GPL-2.0
/*
 * Resets from outside: user space writes to the device's sysfs file "reset", and the PCI core
 * resets the function (FLR, or its bus).
 *
 * Unlike the driver's own reset (device/reset.c), this one clears video memory. But the PCI core
 * announces it, so it is handled as a sleep and a wake-up (device/power.c): objects leave video
 * memory, page tables and the contexts of channels are saved, and everything continues afterwards.
 * If saving fails for lack of memory, or because jobs hold objects in video memory for longer than
 * a minute, the device is marked as wedged, with a message.
 *
 * Rejected: ending all queues and clearing all objects. It would be correct, but resetting a device
 * that hangs would lose the work of all users.
 */
#include "recovery/flr.h"

#include <linux/jiffies.h>

#include <drm/drm_drv.h>
#include <drm/drm_print.h>

#include "device/device.h"
#include "device/power.h"
#include "recovery/sleep.h"
#include "device/reset.h"

/* How long consecutive jobs may hold objects in video memory. Each takes at most 10 s. */
#define FLR_WAIT_LIMIT_MS	60000

/* A suspend can fail while jobs are running; a reset cannot, so wait for them. */
static int flr_sleep(struct mirage_device *mdev)
{
	unsigned long until = jiffies + msecs_to_jiffies(FLR_WAIT_LIMIT_MS);
	int ret;

	/* Each attempt gives up after 15 s. */
	do
		ret = mirage_power_sleep(mdev);
	while (ret == -EBUSY && time_before(jiffies, until));
	return ret;
}

/* Both run under the device lock, which excludes remove(), suspend and other resets. */
static void flr_prepare(struct pci_dev *pdev)
{
	struct mirage_device *mdev = pci_get_drvdata(pdev);
	int ret;

	/*
	 * Stay awake until it is done. A device that does not wake up is wedged, and has nothing to
	 * save.
	 */
	if (mirage_power_get(mdev))
		mirage_power_get_noresume(mdev);
	ret = flr_sleep(mdev);
	if (ret) {
		drm_err(&mdev->drm,
			"lost: it is reset from outside, and what it has cannot be kept, error %d\n",
			ret);
		mirage_reset_give_up(mdev);
	}
}

static void flr_done(struct pci_dev *pdev)
{
	struct mirage_device *mdev = pci_get_drvdata(pdev);

	if (!mirage_power_wake(mdev))
		drm_info(&mdev->drm, "reset from outside\n");
	mirage_power_put(mdev);
}

const struct pci_error_handlers mirage_flr_handlers = {
	.reset_prepare = flr_prepare,
	.reset_done = flr_done,
};
